//! `_json.make_encoder`: objects to JSON text.
//!
//! The text is built in one buffer. Containers being written are nodes on the native stack, linked to the outer ones;
//! that is where circular references are looked for.
//!
//! # Invariants
//! The separators were found to be `str` when the encoder was made, and its attributes are read-only. Values and keys
//! are cast after their kind was looked at. Nodes on the native stack outlive the calls below them.

use super::MODULE;
use crate::common::{arg, bad_argument, bind, make, signature};
use crate::native_layout;
use adder_text::json;
use adder_vm::builtins::{float, int, list, scratch};
use adder_vm::err::{R, Raised};
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::Slots;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::mem::offset_of;

native_layout! { Encoder {
    markers, default, encoder, indent, key_separator: Str, item_separator: Str, sort_keys, skipkeys, allow_nan;
} }

const fn field(name: &'static str, offset: usize) -> MemberDef {
    MemberDef { name, doc: name, offset: offset as u32, flags: member::READONLY }
}
static ENCODER_TYPE: NativeType = NativeType {
    name: "_json.Encoder",
    kind: Kind::Native,
    size: Encoder::SIZE,
    doc: "Encoder(markers, default, encoder, indent, key_separator, item_separator, sort_keys, skipkeys, allow_nan)",
    slots: Slots { new: Some(new), call: Some(call), ..Slots::NONE },
    members: &[
        field("markers", offset_of!(Encoder, markers)),
        field("default", offset_of!(Encoder, default)),
        field("encoder", offset_of!(Encoder, encoder)),
        field("indent", offset_of!(Encoder, indent)),
        field("key_separator", offset_of!(Encoder, key_separator)),
        field("item_separator", offset_of!(Encoder, item_separator)),
        field("sort_keys", offset_of!(Encoder, sort_keys)),
        field("skipkeys", offset_of!(Encoder, skipkeys)),
    ],
    trace: Some(Encoder::trace),
    flags: tflags::SHOWN_AS_HEAP,
    ..NativeType::DEFAULT
};
pub static ENCODER: TypeCell = TypeCell::new(&ENCODER_TYPE);

static NEW: NativeDef = signature(
    "make_encoder",
    "(markers, default, encoder, indent, key_separator, item_separator, sort_keys, skipkeys, allow_nan)",
);
fn new(th: Th, t: Value, a: RawArgs) -> R<Value> {
    let args = bind::<9>(th, &NEW, a)?;
    let [markers, default, encoder, indent, key_sep, item_sep, sort, skip, nan] =
        [0, 1, 2, 3, 4, 5, 6, 7, 8].map(|i| arg(&args, i));
    if !markers.is_none() && !markers.is_kind(Kind::Dict) {
        return Err(bad_argument(th, "make_encoder", "1", "dict or None", markers));
    }
    let text = |v: Value, i| v.cast::<Str>().ok_or_else(|| bad_argument(th, "make_encoder", i, "str", v));
    let (key_sep, item_sep) = (text(key_sep, "5")?, text(item_sep, "6")?);
    let flag = |v: Value| th.truth(v).map(Value::bool);
    let (sort, skip, nan) = (flag(sort)?, flag(skip)?, flag(nan)?);
    let o = make(th, t)?;
    let e = Encoder::of(o);
    for (slot, v) in [
        (&e.markers, markers),
        (&e.default, default),
        (&e.encoder, encoder),
        (&e.indent, indent),
        (&e.sort_keys, sort),
        (&e.skipkeys, skip),
        (&e.allow_nan, nan),
    ] {
        slot.init(Some(v));
    }
    e.key_separator.init(Some(key_sep));
    e.item_separator.init(Some(item_sep));
    Ok(o)
}

/// How strings are written.
#[derive(Clone, Copy)]
enum Strings {
    Ascii,
    Text,
    /// By a function of the program.
    Call(Value),
}

static CALL: NativeDef = signature("_iterencode", "(obj, _current_indent_level)");
fn call(th: Th, o: Value, a: RawArgs) -> R<Value> {
    let [obj, level] = bind::<2>(th, &CALL, a)?;
    let level = th.index_i64(level.unwrap())?.max(0) as usize;
    let e = Encoder::of(o);
    let f = e.encoder.value();
    let strings = match f.exact::<NativeFunction>() {
        Some(f) if std::ptr::eq(f.def, &MODULE.functions[0]) => Strings::Ascii,
        Some(f) if std::ptr::eq(f.def, &MODULE.functions[1]) => Strings::Text,
        _ => Strings::Call(f),
    };
    let indent = match e.indent.value().some() {
        None => None,
        Some(v) => match v.cast::<Str>() {
            Some(s) => Some(s),
            None => {
                return Err(th.type_error(format!("indent must be str or None, not {}", th.type_name_of(v))));
            }
        },
    };
    scratch::with(|out| {
        let mut w = Writer {
            th,
            out,
            strings,
            indent,
            key_sep: e.key_separator.gc(),
            item_sep: e.item_separator.gc(),
            default: e.default.value(),
            sort: e.sort_keys.value().is(TRUE()),
            skip: e.skipkeys.value().is(TRUE()),
            nan: e.allow_nan.value().is(TRUE()),
            check: !e.markers.value().is_none(),
        };
        w.value(obj.unwrap(), level, None)?;
        let s = th.try_str(w.out)?;
        th.try_tuple(&[s])
    })
}

/// A container that is being written.
struct Open<'a> {
    obj: Value,
    outer: Option<&'a Open<'a>>,
}

/// On the native stack: it holds values.
struct Writer<'a> {
    th: Th,
    out: &'a mut Vec<u8>,
    strings: Strings,
    indent: Option<Gc<Str>>,
    key_sep: Gc<Str>,
    item_sep: Gc<Str>,
    default: Value,
    sort: bool,
    skip: bool,
    nan: bool,
    check: bool,
}

impl Writer<'_> {
    fn value(&mut self, v: Value, level: usize, outer: Option<&Open>) -> R<()> {
        let th = self.th;
        if v.is_fix() {
            return self.int(v);
        }
        match v.kind() {
            Kind::Str => self.string(unsafe { v.cast_unchecked() }),
            Kind::Int => self.int(v),
            Kind::Float => self.float(v),
            Kind::Bool => {
                self.out.extend_from_slice(if v.is(TRUE()) { b"true" } else { b"false" });
                Ok(())
            }
            Kind::NoneType => {
                self.out.extend_from_slice(b"null");
                Ok(())
            }
            Kind::List | Kind::Tuple => {
                th.check_stack(" while encoding a JSON object")?;
                self.list(v, level, outer)
            }
            Kind::Dict => {
                th.check_stack(" while encoding a JSON object")?;
                self.dict(unsafe { v.cast_unchecked() }, level, outer)
            }
            _ => self.other(v, level, outer),
        }
    }

    #[inline]
    fn int(&mut self, v: Value) -> R<()> {
        if let Some(n) = v.as_fix() {
            let mut buf = [0; 20];
            let i = int::digits_of(n, &mut buf);
            self.out.extend_from_slice(&buf[i..]);
            return Ok(());
        }
        let s = int::repr(self.th, v)?;
        adder_text::room::append(self.out, s.known::<Str>().bytes());
        Ok(())
    }
    fn float(&mut self, v: Value) -> R<()> {
        let x = float::get(v);
        if x.is_finite() {
            adder_num::float::write_repr(self.out, x);
            return Ok(());
        }
        if !self.nan {
            let r = self.th.text(self.th.repr(v)?);
            return Err(self
                .th
                .value_error(format!("Out of range float values are not JSON compliant: {r}")));
        }
        let text = match x {
            f64::INFINITY => "Infinity",
            f64::NEG_INFINITY => "-Infinity",
            _ => "NaN",
        };
        adder_text::room::append(self.out, text.as_bytes());
        Ok(())
    }
    #[inline]
    fn string(&mut self, s: Gc<Str>) -> R<()> {
        match self.strings {
            Strings::Ascii => json::encode_ascii(s.bytes(), self.out),
            Strings::Text => json::encode(s.bytes(), self.out),
            Strings::Call(f) => {
                let r = self.th.call(f, &[s.value()])?;
                let Some(r) = r.cast::<Str>() else {
                    return Err(self.th.type_error(format!(
                        "encoder() must return a string, not {}",
                        self.th.type_name_of(r)
                    )));
                };
                adder_text::room::append(self.out, r.bytes());
            }
        }
        Ok(())
    }

    /// A new line with the indentation of `level`.
    fn newline(&mut self, level: usize) {
        if let Some(i) = self.indent {
            adder_text::room::append(self.out, b"\n");
            for _ in 0..level {
                adder_text::room::append(self.out, i.bytes());
            }
        }
    }
    fn enter<'a>(&self, obj: Value, outer: Option<&'a Open<'a>>) -> R<Open<'a>> {
        if self.check {
            let mut p = outer;
            while let Some(o) = p {
                if o.obj.is(obj) {
                    return Err(self.th.value_error("Circular reference detected"));
                }
                p = o.outer;
            }
        }
        Ok(Open { obj, outer })
    }
    /// Says in the exception where it happened.
    #[cold]
    fn note(&self, text: impl FnOnce() -> R<String>) -> Raised {
        let th = self.th;
        let e = th.take_exc();
        let add = || -> R<()> {
            let t = th.str(&text()?);
            th.call_method(e, th.intern("add_note"), &[t]).map(|_| ())
        };
        match add() {
            Ok(()) => th.set_exc(e),
            Err(r) => r,
        }
    }

    fn list(&mut self, v: Value, level: usize, outer: Option<&Open>) -> R<()> {
        let th = self.th;
        // A subclass may iterate over something else.
        let seq = match v.is_exact(Kind::List) || v.is_exact(Kind::Tuple) {
            true => v,
            false => list::from_iterable(th, v)?.value(),
        };
        let item = |i: usize| match seq.cast::<List>() {
            Some(l) => l.get(i),
            None => seq.known::<Tuple>().items().get(i).copied(),
        };
        let Some(mut x) = item(0) else {
            self.out.extend_from_slice(b"[]");
            return Ok(());
        };
        let open = self.enter(v, outer)?;
        self.out.push(b'[');
        self.newline(level + 1);
        let mut i = 0;
        loop {
            if self.value(x, level + 1, Some(&open)).is_err() {
                let t = adder_vm::builtins::object::message_type_name(th, v);
                return Err(self.note(|| Ok(format!("when serializing {t} item {i}"))));
            }
            i += 1;
            match item(i) {
                Some(n) => x = n,
                None => break,
            }
            adder_text::room::append(self.out, self.item_sep.bytes());
            self.newline(level + 1);
        }
        self.newline(level);
        self.out.push(b']');
        Ok(())
    }

    fn dict(&mut self, d: Gc<Dict>, level: usize, outer: Option<&Open>) -> R<()> {
        let th = self.th;
        if d.is_empty() {
            self.out.extend_from_slice(b"{}");
            return Ok(());
        }
        let open = self.enter(d.value(), outer)?;
        self.out.push(b'{');
        let mut first = true;
        if self.sort || !d.value().is_exact(Kind::Dict) {
            let items = self.items(d.value())?;
            if self.sort {
                list::sort(th, items, None, false)?;
            }
            let mut i = 0;
            while let Some(p) = items.get(i) {
                i += 1;
                let Some(p) = p.cast::<Tuple>().filter(|t| t.len == 2) else {
                    return Err(th.value_error("items must return 2-tuples"));
                };
                self.member(d, p.items()[0], p.items()[1], level, &open, &mut first)?;
            }
        } else {
            let mut i = 0;
            while let Some((next, k, v)) = d.next_entry(i) {
                i = next;
                self.member(d, k, v, level, &open, &mut first)?;
            }
        }
        if !first {
            self.newline(level);
        }
        self.out.push(b'}');
        Ok(())
    }
    /// `PyMapping_Items`.
    fn items(&self, d: Value) -> R<Gc<List>> {
        let th = self.th;
        let items = th.call_method(d, th.intern("items"), &[])?;
        let it = th.iter(items);
        if let Err(e) = it {
            if !th.exc_is(&adder_vm::builtins::exceptions::TYPE_ERROR) {
                return Err(e);
            }
            th.take_exc();
            let (t, got) = (th.type_name_of(d), th.type_name_of(items));
            return Err(th.type_error(format!("{t}.items() returned a non-iterable (type {got})")));
        }
        list::from_iterable(th, it?)
    }
    #[inline]
    fn member(
        &mut self,
        d: Gc<Dict>,
        k: Value,
        v: Value,
        level: usize,
        open: &Open,
        first: &mut bool,
    ) -> R<()> {
        let th = self.th;
        let key = match k.kind() {
            Kind::Str => unsafe { k.cast_unchecked() },
            Kind::Float | Kind::Int | Kind::Bool | Kind::NoneType => {
                // Written as a string: by way of a buffer, for the encoder may be the program's.
                let at = self.out.len();
                self.value(k, level, None)?;
                let s = th.try_str(&self.out[at..])?;
                self.out.truncate(at);
                s.known()
            }
            _ if self.skip => return Ok(()),
            _ => {
                return Err(th.type_error(format!(
                    "keys must be str, int, float, bool or None, not {}",
                    th.type_name_of(k)
                )));
            }
        };
        if *first {
            *first = false;
        } else {
            adder_text::room::append(self.out, self.item_sep.bytes());
        }
        self.newline(level + 1);
        self.string(key)?;
        adder_text::room::append(self.out, self.key_sep.bytes());
        if self.value(v, level + 1, Some(open)).is_err() {
            let t = adder_vm::builtins::object::message_type_name(th, d.value());
            return Err(self.note(|| Ok(format!("when serializing {t} item {}", th.text(th.repr(k)?)))));
        }
        Ok(())
    }

    /// What only `default` knows.
    fn other(&mut self, v: Value, level: usize, outer: Option<&Open>) -> R<()> {
        let th = self.th;
        let open = self.enter(v, outer)?;
        let r = th.call(self.default, &[v])?;
        th.check_stack(" while encoding a JSON object")?;
        if self.value(r, level, Some(&open)).is_err() {
            let t = adder_vm::builtins::object::message_type_name(th, v);
            return Err(self.note(|| Ok(format!("when serializing {t} object"))));
        }
        Ok(())
    }
}
