//! Classes and instances: finding globals, making objects, giving them their state.
//!
//! # Invariants
//! Names of keyword arguments are a tuple made here. A key is interned only after it was found to be a `str`: the
//! state is the program's dict, which other threads may change.

use super::*;

impl Machine<'_> {
    pub(super) fn utf8_line(&mut self) -> R<Value> {
        let line = self.full_line()?;
        let text = &line[..line.len() - 1];
        if std::str::from_utf8(text).is_ok() {
            return self.th.try_str(text);
        }
        let o = bytes::new(self.th, text)?.value();
        codecs::decode(self.th, o, Some(self.th.str("utf-8")), None)
    }
    pub(super) fn find(&mut self, module: Value, name: Value) -> R<Value> {
        match self.find_class {
            Some(f) => self.th.call(f, &[module, name]),
            None => unpickler::find_class(self.th, self.u, module, name),
        }
    }
    pub(super) fn extension(&mut self, code: i64) -> R<()> {
        let th = self.th;
        if code <= 0 {
            return Err(unpickling_error(th, "EXT specifies code <= 0"));
        }
        let key = th.int(code);
        if let Some(v) = State::ExtensionCache.dict().get(th, key)? {
            self.push(v);
            return Ok(());
        }
        let Some(pair) = State::InvertedRegistry.dict().get(th, key)? else {
            return Err(th.value_error(format!("unregistered extension code {code}")));
        };
        let t = pair.cast::<Tuple>().filter(|t| t.len == 2 && t.items().iter().all(|v| v.is_kind(Kind::Str)));
        let Some(t) = t else {
            return Err(th.value_error(format!("_inverted_registry[{code}] isn't a 2-tuple of strings")));
        };
        let v = self.find(t.items()[0], t.items()[1])?;
        State::ExtensionCache.dict().set(th, key, v)?;
        self.push(v);
        Ok(())
    }
    pub(super) fn instantiate(&mut self, c: Value, args: Value) -> R<()> {
        let th = self.th;
        let t: Gc<Tuple> = args.known();
        let v = if t.len == 0
            && c.is_kind(Kind::Type)
            && th.getattr_opt(c, th.intern("__getinitargs__"))?.is_none()
        {
            th.call_method(c, n!(__new__), &[c])?
        } else {
            th.call_raw(c, RawArgs::positional(t.items()))?
        };
        self.push(v);
        Ok(())
    }
    pub(super) fn newobj(&mut self, ex: bool) -> R<()> {
        let th = self.th;
        let name = if ex { "NEWOBJ_EX" } else { "NEWOBJ" };
        let kw = if ex { Some(self.pop()?) } else { None };
        let args = self.pop()?;
        let c = self.pop()?;
        let wrong = |what: &str, want: &str, v: Value| {
            unpickling_error(th, format!("{name} {what} argument must be {want}, not {}", th.type_name_of(v)))
        };
        let Some(t) = c.cast::<Type>() else { return Err(wrong("class", "a type", c)) };
        let Some(new) = t.slots.new else {
            return Err(unpickling_error(
                th,
                format!("{name} class argument '{}' doesn't have __new__", th.type_name(t)),
            ));
        };
        if t.has(tflags::DISALLOW_INSTANTIATION) {
            return Err(th.type_error(format!("cannot create '{}' instances", th.type_name(t))));
        }
        let Some(a) = args.cast::<Tuple>() else { return Err(wrong("args", "a tuple", args)) };
        let v = match kw {
            None => new(th, c, RawArgs::positional(a.items()))?,
            Some(k) => {
                let Some(d) = k.cast::<Dict>() else { return Err(wrong("kwargs", "a dict", k)) };
                let mut g = Gather::new();
                g.extend(th, a.items())?;
                let mut names = Gather::new();
                let mut i = 0;
                while let Some((ni, k, v)) = d.next_entry(i) {
                    i = ni;
                    if !k.is_kind(Kind::Str) {
                        return Err(th.type_error("keywords must be strings"));
                    }
                    g.push(th, v)?;
                    names.push(th, k)?;
                }
                let kn = if names.len() > 0 { Some(th.try_tuple(names.as_slice())?.known()) } else { None };
                new(th, c, RawArgs::with_kw(g.as_slice(), kn))?
            }
        };
        self.push(v);
        Ok(())
    }
    pub(super) fn build(&mut self) -> R<()> {
        let th = self.th;
        let mut s = self.pop()?;
        let inst = self.top()?;
        if let Some(f) = th.getattr_opt(inst, n!(__setstate__))? {
            th.call(f, &[s])?;
            return Ok(());
        }
        let mut slots = None;
        if let Some(t) = s.cast::<Tuple>().filter(|t| t.len == 2) {
            s = t.items()[0];
            slots = Some(t.items()[1]);
        }
        if !s.is_none() {
            let Some(d) = s.cast::<Dict>() else {
                return Err(unpickling_error(th, "state is not a dictionary"));
            };
            if self.plain_dict(inst) && keys_are_str(d) {
                let mut i = 0;
                while let Some((ni, k, v)) = d.next_entry(i) {
                    i = ni;
                    // Another thread may have put in something else.
                    let Some(k) = k.cast::<Str>().map(|k| th.intern_value(k)) else { continue };
                    th.set_instance_attr(inst, k, Some(v))?;
                }
            } else {
                let target = th.getattr(inst, n!(__dict__))?;
                let mut i = 0;
                while let Some((ni, k, v)) = d.next_entry(i) {
                    i = ni;
                    let k = match k.exact::<Str>() {
                        Some(s) => th.intern_value(s),
                        None => k,
                    };
                    th.setitem(target, k, Some(v))?;
                }
            }
        }
        if let Some(s) = slots.and_then(|s| s.some()) {
            let Some(d) = s.cast::<Dict>() else {
                return Err(unpickling_error(th, "slot state is not a dictionary"));
            };
            let mut i = 0;
            while let Some((ni, k, v)) = d.next_entry(i) {
                i = ni;
                th.setattr(inst, k, Some(v))?;
            }
        }
        Ok(())
    }
    /// Whether storing in the shape is what storing in `__dict__` is.
    fn plain_dict(&self, o: Value) -> bool {
        if !o.is_kind(Kind::Object) {
            return false;
        }
        let t = self.th.type_of(o);
        let s = adder_vm::shape::shape(o.shape_id());
        t.has(tflags::PLAIN_GETATTR)
            && s.ext_at != 0
            && !s.dict_mode
            && self.th.lookup(t, n!(__dict__)).is_some_and(|d| d.is_exact(Kind::GetSetDescriptor))
    }
}

fn keys_are_str(d: Gc<Dict>) -> bool {
    let mut i = 0;
    while let Some((ni, k, _)) = d.next_entry(i) {
        i = ni;
        if !k.is_exact(Kind::Str) {
            return false;
        }
    }
    true
}
