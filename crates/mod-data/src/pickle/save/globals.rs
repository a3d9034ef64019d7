//! How classes and functions are pickled: by the names under which they are found again.
//!
//! # Invariants
//! Texts of names are slices of strings that are on the stack while they are written.

use super::*;

pub(super) fn save_type(th: Th, p: Gc<Pickler>, o: Value) -> R<()> {
    for v in [NONE(), ELLIPSIS(), NOT_IMPLEMENTED()] {
        if o.is(th.type_of(v).value()) {
            let args = th.tuple(&[v]);
            return save_reduce(th, p, Some(o), th.tuple(&[type_::TYPE.get().value(), args]));
        }
    }
    save_global(th, p, o, None)
}

/// Follows a dotted path from an object.
pub fn get_path(th: Th, o: Value, path: &[&[u8]]) -> R<Value> {
    let mut o = o;
    for name in path {
        o = th.getattr(o, th.intern_bytes(name))?;
    }
    Ok(o)
}
/// A PicklingError whose context is the pending exception.
fn pickling_error_from(th: Th, msg: String) -> Raised {
    let Some(cause) = th.pending() else { return pickling_error(th, msg) };
    th.take_exc();
    let r = pickling_error(th, msg);
    if let Some(e) = th.pending().and_then(|e| e.cast::<BaseException>()) {
        th.store(e, &e.context, cause);
    }
    r
}
fn find_module_of(th: Th, o: Value, path: &[&[u8]]) -> R<Value> {
    if let Some(m) = th.getattr_opt(o, n!(__module__))?.and_then(|m| m.some()) {
        return Ok(m);
    }
    let Some(mods) = Root::modules.get().and_then(|m| m.cast::<Dict>()) else {
        return Err(th.runtime_error("unable to get sys.modules"));
    };
    let mods = mods.copy(th)?;
    let mut i = 0;
    while let Some((ni, k, m)) = mods.next_entry(i) {
        i = ni;
        if m.is_none() || k.cast::<Str>().is_some_and(|k| matches!(k.bytes(), b"__main__" | b"__mp_main__")) {
            continue;
        }
        match get_path(th, m, path) {
            Ok(v) if v.is(o) => return Ok(k),
            Ok(_) => {}
            Err(e) => {
                if !th.exc_is(&adder_vm::builtins::exceptions::ATTRIBUTE_ERROR) {
                    return Err(e);
                }
                th.take_exc();
            }
        }
    }
    Ok(n!(__main__))
}

pub(super) fn save_global(th: Th, p: Gc<Pickler>, o: Value, name: Option<Value>) -> R<()> {
    let st = state(p);
    let global = match name {
        Some(n) => n,
        None => match th.getattr_opt(o, n!(__qualname__))? {
            Some(n) => n,
            None => th.getattr(o, n!(__name__))?,
        },
    };
    let Some(gs) = global.cast::<Str>() else {
        return Err(th.type_error(format!("__qualname__ must be a string, not {}", full_name(th, global))));
    };
    let path: Vec<&[u8]> = gs.bytes().split(|c| *c == b'.').collect();
    if path.contains(&&b"<locals>"[..]) {
        // As in whichmodule(), the module is asked for first.
        th.getattr_opt(o, n!(__module__))?;
        return Err(pickling_error(th, format!("Can't pickle local object {}", repr(th, o))));
    }
    let module_name = find_module_of(th, o, &path)?;
    let Some(ms) = module_name.cast::<Str>() else {
        return Err(pickling_error(
            th,
            format!(
                "Can't pickle {}: module name must be a string, not {}",
                repr(th, o),
                full_name(th, module_name)
            ),
        ));
    };
    let module = match import(th, module_name) {
        Ok(m) => m,
        Err(e) => {
            use adder_vm::builtins::exceptions as exc;
            if !(th.exc_is(&exc::IMPORT_ERROR) || th.exc_is(&exc::VALUE_ERROR) || th.exc_is(&exc::KEY_ERROR))
            {
                return Err(e);
            }
            let cause = th.take_exc();
            let text = th.to_str(cause).map(|s| th.text(s)).unwrap_or_default();
            let shown = repr(th, o);
            th.set_exc(cause);
            return Err(pickling_error_from(th, format!("Can't pickle {shown}: {text}")));
        }
    };
    let shown_name = || format!("{}.{}", th.text(module_name), th.text(global));
    let found = match get_path(th, module, &path) {
        Ok(v) => v,
        Err(e) => {
            if !th.exc_is(&adder_vm::builtins::exceptions::ATTRIBUTE_ERROR) {
                return Err(e);
            }
            let cause = th.take_exc();
            let shown = repr(th, o);
            th.set_exc(cause);
            return Err(pickling_error_from(
                th,
                format!("Can't pickle {shown}: it's not found as {}", shown_name()),
            ));
        }
    };
    if !found.is(o) {
        return Err(pickling_error(
            th,
            format!("Can't pickle {}: it's not the same object as {}", repr(th, o), shown_name()),
        ));
    }
    if st.proto >= 2 {
        let key = th.tuple(&[module_name, global]);
        if let Some(code) = State::ExtensionRegistry.dict().get(th, key)? {
            let Some(c) = int::is_int(code).then(|| int::to_i64(code)).flatten() else {
                return Err(pickling_error(
                    th,
                    format!(
                        "Can't pickle {}: extension code {} isn't an integer",
                        repr(th, o),
                        repr(th, code)
                    ),
                ));
            };
            if c <= 0 || c > 0x7fff_ffff {
                return Err(th.runtime_error(format!("extension code {c} is out of range")));
            }
            let b = (c as u32).to_le_bytes();
            if c <= 0xff {
                st.put(&[op::EXT1, b[0]]);
            } else if c <= 0xffff {
                st.put(&[op::EXT2, b[0], b[1]]);
            } else {
                st.put(&[op::EXT4, b[0], b[1], b[2], b[3]]);
            }
            return Ok(());
        }
    }
    if st.proto >= 4 {
        let m = th.exact_str(ms)?;
        let n = th.exact_str(gs)?;
        save(th, p, m, false)?;
        save(th, p, n, false)?;
        st.byte(op::STACK_GLOBAL);
    } else if path.len() > 1 {
        // `getattr(getattr(..., name), name)`.
        for _ in 1..path.len() {
            save(th, p, State::Getattr.get(), false)?;
            if st.proto < 2 {
                st.byte(op::MARK);
            }
        }
        put_toplevel(th, p, module_name, th.try_str(path[0])?)?;
        for part in &path[1..] {
            let v = th.try_str(part)?;
            save(th, p, v, false)?;
            st.byte(if st.proto < 2 { op::TUPLE } else { op::TUPLE2 });
            st.byte(op::REDUCE);
        }
    } else {
        put_toplevel(th, p, module_name, global)?;
    }
    memoize(th, p, o)
}
/// `__import__(name)` and its entry of `sys.modules`.
pub fn import(th: Th, name: Value) -> R<Value> {
    adder_vm::import::import_level(th, name, None, NONE(), 0)?;
    match adder_vm::import::modules_get(th, name)? {
        Some(m) => Ok(m),
        None => Err(th.key_error(name)),
    }
}

/// `GLOBAL module name`, with the names that Python 2 knows.
fn put_toplevel(th: Th, p: Gc<Pickler>, module: Value, name: Value) -> R<()> {
    let st = state(p);
    let (mut m, mut n) = (module, name);
    if st.proto < 3 && st.fix_imports {
        let key = th.tuple(&[m, n]);
        if let Some(v) = State::ReverseNameMapping.dict().get(th, key)? {
            let Some(t) = v.cast::<Tuple>().filter(|t| t.len == 2) else {
                return Err(th.runtime_error(format!(
                    "_compat_pickle.REVERSE_NAME_MAPPING values should be 2-tuples, not {}",
                    th.type_name_of(v)
                )));
            };
            (m, n) = (t.items()[0], t.items()[1]);
        } else if let Some(v) = State::ReverseImportMapping.dict().get(th, m)? {
            m = v;
        }
        if !m.is_kind(Kind::Str) || !n.is_kind(Kind::Str) {
            return Err(th.runtime_error("_compat_pickle mappings should hold strings"));
        }
    }
    let proto = st.proto;
    let text = move |v: Value, what: &str| -> R<&'static [u8]> {
        let s: Gc<Str> = v.known();
        let b = unsafe { &*(s.bytes() as *const [u8]) };
        let ok = if proto >= 3 { std::str::from_utf8(b).is_ok() } else { b.is_ascii() };
        if ok {
            return Ok(b);
        }
        // The context is the failure to encode.
        let enc = th.str(if proto >= 3 { "utf-8" } else { "ascii" });
        let _ = adder_vm::builtins::codecs::encode(th, v, Some(enc), None);
        Err(pickling_error_from(
            th,
            format!(
                "can't pickle {what} identifier {} using pickle protocol {}",
                {
                    let e = th.pending();
                    if e.is_some() {
                        th.take_exc();
                    }
                    let s = repr(th, v);
                    if let Some(e) = e {
                        th.set_exc(e);
                    }
                    s
                },
                proto
            ),
        ))
    };
    st.byte(op::GLOBAL);
    st.put(text(m, "module")?);
    st.byte(b'\n');
    st.put(text(n, "global")?);
    st.byte(b'\n');
    Ok(())
}
