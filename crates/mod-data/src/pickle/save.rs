//! How each kind of object is pickled: the choice, the memo, numbers and reduced values here; [`texts`], [`containers`],
//! [`globals`].
//!
//! # Invariants
//! The one cast is of a tuple made in the same line.

mod containers;
mod globals;
mod texts;

use super::memo;
use super::pickler::{Pickler, boundary, put_bytes, state};
use super::{State, add_note, buffer, full_name, op, pickling_error};
use adder_vm::builtins::buffer::{bytes_of, flag, view_of};
use adder_vm::builtins::iters::Items;
use adder_vm::builtins::memoryview::{MemoryView, release_quietly};
use adder_vm::builtins::{bytearray, bytes, float, int, list, set, type_};
use adder_vm::err::{R, Raised};
use adder_vm::interp::call::Gather;
use adder_vm::n;
use adder_vm::object::*;
use adder_vm::thread::{Root, Th};
use adder_vm::value::*;

use containers::*;
use globals::*;
pub use globals::{get_path, import};
use texts::*;

const BATCHSIZE: usize = 1000;
const FAST_NESTING_LIMIT: i64 = 50;

/// Pickles an object. `no_persistent`: it is itself a persistent id.
pub fn save(th: Th, p: Gc<Pickler>, o: Value, no_persistent: bool) -> R<()> {
    if !no_persistent && let Some(f) = p.persistent.get() {
        let pid = th.call(f, &[o])?;
        if !pid.is_none() {
            return save_persistent(th, p, pid);
        }
    }
    // Never in the memo.
    if let Some(n) = o.as_fix() {
        save_small(p, n);
        return boundary(th, p);
    }
    if o.is_flo() || o.is_exact(Kind::Float) {
        save_float(th, p, o)?;
        return boundary(th, p);
    }
    if o.is_none() {
        state(p).byte(op::NONE);
        return boundary(th, p);
    }
    if o.is_exact(Kind::Str) {
        match memo::get(th, p, o) {
            Some(n) => put_get(p, n),
            None => save_str(th, p, o)?,
        }
        return boundary(th, p);
    }
    save_object(th, p, o)?;
    boundary(th, p)
}

fn save_object(th: Th, p: Gc<Pickler>, o: Value) -> R<()> {
    th.check_stack(" while pickling an object")?;
    if o.is_exact(Kind::Bool) {
        let (st, yes) = (state(p), o.is(TRUE()));
        if st.proto >= 2 {
            st.byte(if yes { op::NEWTRUE } else { op::NEWFALSE });
        } else {
            st.put(if yes { b"I01\n" } else { b"I00\n" });
        }
        return Ok(());
    }
    if o.is_exact(Kind::Int) {
        return save_big(th, p, o);
    }
    if let Some(n) = memo::get(th, p, o) {
        put_get(p, n);
        return Ok(());
    }
    if o.is_exact(o.kind()) {
        match o.kind() {
            Kind::Bytes => return save_bytes(th, p, o),
            Kind::Dict => return save_dict(th, p, o),
            Kind::Set => return save_set(th, p, o),
            Kind::FrozenSet => return save_frozenset(th, p, o),
            Kind::List => return save_list(th, p, o),
            Kind::Tuple => return save_tuple(th, p, o),
            Kind::ByteArray => return save_bytearray(th, p, o),
            _ => {}
        }
    }
    let t = th.type_of(o);
    if t == buffer::PICKLE_BUFFER.get() {
        return save_picklebuffer(th, p, o);
    }
    if let Some(f) = p.reducer.get() {
        let r = th.call(f, &[o])?;
        if !r.is(NOT_IMPLEMENTED()) {
            return save_reduced(th, p, o, r);
        }
    }
    if o.is_exact(Kind::Type) {
        return save_type(th, p, o);
    }
    if o.is_exact(Kind::Function) {
        return save_global(th, p, o, None);
    }
    let f = match p.dispatch_table.get() {
        None => State::DispatchTable.dict().get(th, t.value())?,
        Some(d) => {
            if let Some(d) = d.exact::<Dict>() {
                d.get(th, t.value())?
            } else {
                let r = th.getitem(d, t.value());
                th.catch(r, &adder_vm::builtins::exceptions::KEY_ERROR)?
            }
        }
    };
    let reduced = if let Some(f) = f {
        th.call(f, &[o])?
    } else if th.is_subtype(t, type_::TYPE.get()) {
        return save_global(th, p, o, None);
    } else if let Some(s) = plain_state(th, p, o, t)? {
        // What `object.__reduce_ex__` would give, without making the instance irregular.
        let args = th.tuple(&[t.value()]);
        let st = if s.len() == 0 { NONE() } else { s.value() };
        th.tuple(&[State::Newobj.get(), args, st, NONE(), NONE()])
    } else {
        match th.getattr_opt(o, n!(__reduce_ex__))? {
            Some(f) => th.call(f, &[Value::fix(state(p).proto)])?,
            None => match th.getattr_opt(o, n!(__reduce__))? {
                Some(f) => th.call(f, &[])?,
                None => {
                    return Err(pickling_error(
                        th,
                        format!("can't pickle '{}' object: {}", th.type_name(t), repr(th, o)),
                    ));
                }
            },
        }
    };
    save_reduced(th, p, o, reduced)
}

/// The attributes of an instance whose class has all of its pickling from `object` and no slots; None: go the long way.
fn plain_state(th: Th, p: Gc<Pickler>, o: Value, t: Gc<Type>) -> R<Option<Gc<Dict>>> {
    if state(p).proto < 2 || o.kind() != Kind::Object || !t.has(adder_vm::native::tflags::PLAIN_GETATTR) {
        return Ok(None);
    }
    let s = adder_vm::shape::shape(o.shape_id());
    if s.ext_at == 0 || s.dict_mode || t.native.size > 8 {
        return Ok(None);
    }
    let base = adder_vm::builtins::object::OBJECT.get();
    for name in [n!(__reduce_ex__), n!(__reduce__), n!(__getstate__)] {
        if th.lookup(t, name) != th.lookup(base, name) {
            return Ok(None);
        }
    }
    if th.lookup(t, n!(__getnewargs_ex__)).is_some() || th.lookup(t, n!(__getnewargs__)).is_some() {
        return Ok(None);
    }
    // Slots, and instance attributes that hide methods.
    if t.mro_items().iter().any(|c| {
        let c: Gc<Type> = c.known();
        c.heap_type() && c.dict_().get_str(th, n!(__slots__)).ok().flatten().is_some()
    }) {
        return Ok(None);
    }
    let d = Gc::<Dict>::with_capacity(th, s.places());
    for (i, k) in s.attributes() {
        if k.is(n!(__reduce_ex__)) || k.is(n!(__reduce__)) || k.is(n!(__getstate__)) || k.is(n!(__class__)) {
            return Ok(None);
        }
        if let Some(v) = th.read_place(o, s, s.place(i)) {
            d.set(th, k, v)?;
        }
    }
    Ok(Some(d))
}

fn repr(th: Th, v: Value) -> String {
    match th.repr(v) {
        Ok(s) => th.text(s),
        Err(_) => {
            th.take_exc();
            format!("<{} object>", th.type_name_of(v))
        }
    }
}

fn save_persistent(th: Th, p: Gc<Pickler>, pid: Value) -> R<()> {
    if state(p).bin != 0 {
        save(th, p, pid, true)?;
        state(p).byte(op::BINPERSID);
        return Ok(());
    }
    let s = th.to_str(pid)?;
    let s: Gc<Str> = s.known();
    if !s.is_ascii() {
        return Err(pickling_error(th, "persistent IDs in protocol 0 must be ASCII strings"));
    }
    let st = state(p);
    st.byte(op::PERSID);
    st.put(s.bytes());
    st.byte(b'\n');
    Ok(())
}

// -- memo

fn put_get(p: Gc<Pickler>, n: u64) {
    let st = state(p);
    if st.bin == 0 {
        st.put(format!("g{n}\n").as_bytes());
    } else if n < 256 {
        st.put(&[op::BINGET, n as u8]);
    } else {
        let b = (n as u32).to_le_bytes();
        st.put(&[op::LONG_BINGET, b[0], b[1], b[2], b[3]]);
    }
}
/// Gives the object the next number.
fn memoize(th: Th, p: Gc<Pickler>, o: Value) -> R<()> {
    let st = state(p);
    if st.fast != 0 {
        return Ok(());
    }
    let n = st.memo.used as u64;
    memo::put(th, p, o, n)?;
    if st.proto >= 4 {
        st.byte(op::MEMOIZE);
    } else if st.bin == 0 {
        st.put(format!("p{n}\n").as_bytes());
    } else if n < 256 {
        st.put(&[op::BINPUT, n as u8]);
    } else if n <= u32::MAX as u64 {
        let b = (n as u32).to_le_bytes();
        st.put(&[op::LONG_BINPUT, b[0], b[1], b[2], b[3]]);
    } else {
        return Err(pickling_error(th, "memo id too large for LONG_BINPUT"));
    }
    Ok(())
}

// -- numbers

#[inline]
fn save_small(p: Gc<Pickler>, n: i64) {
    let st = state(p);
    if st.bin != 0 {
        if (0..=0xff).contains(&n) {
            return st.put(&[op::BININT1, n as u8]);
        }
        if (0..=0xffff).contains(&n) {
            return st.put(&[op::BININT2, n as u8, (n >> 8) as u8]);
        }
        if n as i32 as i64 == n {
            let b = (n as i32).to_le_bytes();
            return st.put(&[op::BININT, b[0], b[1], b[2], b[3]]);
        }
        if st.proto >= 2 {
            let b = n.to_le_bytes();
            let mut k = 8;
            // The sign bit must stay.
            while k > 1 && ((b[k - 1] == 0 && b[k - 2] < 0x80) || (b[k - 1] == 0xff && b[k - 2] >= 0x80)) {
                k -= 1;
            }
            st.put(&[op::LONG1, k as u8]);
            return st.out.extend_from_slice(&b[..k]);
        }
    }
    if n as i32 as i64 == n {
        st.put(format!("I{n}\n").as_bytes());
    } else {
        st.put(format!("L{n}L\n").as_bytes());
    }
}
fn save_big(th: Th, p: Gc<Pickler>, o: Value) -> R<()> {
    if let Some(n) = int::to_i64(o) {
        save_small(p, n);
        return Ok(());
    }
    let st = state(p);
    if st.proto < 2 {
        let s = th.repr(o)?;
        let s: Gc<Str> = s.known();
        st.byte(op::LONG);
        st.put(s.bytes());
        st.put(b"L\n");
        return Ok(());
    }
    let i = int::IntRef::new(o).expect("an int");
    let bits = adder_num::bigint::bit_length(i.view());
    let mut b = vec![0u8; (bits / 8 + 1) as usize];
    th.num(adder_num::bigint::to_bytes(i.view(), &mut b, true, true))?;
    let k = b.len();
    // A negative power of 256 over two needs a byte less.
    if k > 1 && b[k - 1] == 0xff && b[k - 2] >= 0x80 {
        b.pop();
    }
    if b.len() < 256 {
        st.put(&[op::LONG1, b.len() as u8]);
    } else if b.len() <= i32::MAX as usize {
        st.byte(op::LONG4);
        st.put(&(b.len() as u32).to_le_bytes());
    } else {
        return Err(th.overflow_error("int too large to pickle"));
    }
    st.put(&b);
    Ok(())
}
fn save_float(th: Th, p: Gc<Pickler>, o: Value) -> R<()> {
    let st = state(p);
    if st.bin != 0 {
        let b = float::get(o).to_be_bytes();
        st.put(&[op::BINFLOAT, b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]);
        return Ok(());
    }
    let s = th.repr(o)?;
    st.byte(op::FLOAT);
    st.put(s.known::<Str>().bytes());
    st.byte(b'\n');
    Ok(())
}

// -- reduced values

fn save_reduced(th: Th, p: Gc<Pickler>, o: Value, r: Value) -> R<()> {
    if r.is_kind(Kind::Str) {
        return save_global(th, p, o, Some(r));
    }
    let result = if r.is_kind(Kind::Tuple) {
        save_reduce_checked(th, p, Some(o), r)
    } else {
        Err(pickling_error(th, format!("__reduce__ must return a string or tuple, not {}", full_name(th, r))))
    };
    result.inspect_err(|_| add_note(th, format!("when serializing {} object", full_name(th, o))))
}

fn save_reduce_checked(th: Th, p: Gc<Pickler>, o: Option<Value>, r: Value) -> R<()> {
    let t: Gc<Tuple> = r.known();
    if t.len < 2 || t.len > 6 {
        return Err(pickling_error(th, "tuple returned by __reduce__ must contain 2 through 6 elements"));
    }
    save_reduce(th, p, o, r)
}

fn save_reduce(th: Th, p: Gc<Pickler>, o: Option<Value>, r: Value) -> R<()> {
    let t: Gc<Tuple> = r.known();
    let it = t.items();
    let (func, args) = (it[0], it[1]);
    let opt = |i: usize| it.get(i).and_then(|v| v.some());
    let (stat, list_items, dict_items, setter) = (opt(2), opt(3), opt(4), opt(5));
    let st = state(p);
    let callable = |v: Value| th.type_of(v).slots.call.is_some();
    let wrong = |what: &str, want: &str, v: Value| {
        pickling_error(
            th,
            format!(
                "{what} item of the tuple returned by __reduce__ must be {want}, not {}",
                full_name(th, v)
            ),
        )
    };
    if !callable(func) {
        return Err(wrong("first", "callable", func));
    }
    let Some(argt) = args.cast::<Tuple>() else { return Err(wrong("second", "a tuple", args)) };
    if let Some(v) = list_items
        && th.type_of(v).slots.iternext.is_none()
    {
        return Err(wrong("fourth", "an iterator", v));
    }
    if let Some(v) = dict_items
        && th.type_of(v).slots.iternext.is_none()
    {
        return Err(wrong("fifth", "an iterator", v));
    }
    if let Some(v) = setter
        && !callable(v)
    {
        return Err(wrong("sixth", "callable", v));
    }
    let note = |what: &str| {
        if let Some(o) = o {
            add_note(th, format!("when serializing {} {what}", full_name(th, o)));
        }
    };
    let (mut newobj, mut newobj_ex) = (false, false);
    if st.proto >= 2 {
        if func.is(State::Newobj.get()) {
            newobj = true;
        } else if let Some(n) = th.getattr_opt(func, n!(__name__))?.and_then(|n| n.cast::<Str>()) {
            newobj_ex = n.bytes() == b"__newobj_ex__";
            newobj = n.bytes() == b"__newobj__";
        }
    }
    if newobj_ex {
        if argt.len != 3 {
            return Err(pickling_error(th, format!("__newobj_ex__ expected 3 arguments, got {}", argt.len)));
        }
        let (cls, a, kw) = (argt.items()[0], argt.items()[1], argt.items()[2]);
        if !cls.is_kind(Kind::Type) {
            return Err(pickling_error(
                th,
                format!("first argument to __newobj_ex__() must be a class, not {}", full_name(th, cls)),
            ));
        }
        let Some(at) = a.cast::<Tuple>() else {
            return Err(pickling_error(
                th,
                format!("second argument to __newobj_ex__() must be a tuple, not {}", full_name(th, a)),
            ));
        };
        let Some(kd) = kw.cast::<Dict>() else {
            return Err(pickling_error(
                th,
                format!("third argument to __newobj_ex__() must be a dict, not {}", full_name(th, kw)),
            ));
        };
        if st.proto >= 4 {
            save(th, p, cls, false).inspect_err(|_| note("class"))?;
            save(th, p, a, false)
                .and_then(|_| save(th, p, kw, false))
                .inspect_err(|_| note("__new__ arguments"))?;
            st.byte(op::NEWOBJ_EX);
        } else {
            // `partial(cls.__new__, cls, *args, **kwargs)()`.
            let mut g = Gather::new();
            g.push(th, th.getattr(cls, n!(__new__))?)?;
            g.push(th, cls)?;
            g.extend(th, at.items())?;
            let pa: Gc<Tuple> = th.try_tuple(g.as_slice())?.known();
            let f = th.call_ex(State::Partial.get(), pa, Some(kd))?;
            save(th, p, f, false).inspect_err(|_| note("reconstructor"))?;
            save(th, p, th.tuple(&[]), false)?;
            st.byte(op::REDUCE);
        }
    } else if newobj {
        if argt.len < 1 {
            return Err(pickling_error(th, "__newobj__ expected at least 1 argument, got 0"));
        }
        let cls = argt.items()[0];
        if !cls.is_kind(Kind::Type) {
            return Err(pickling_error(
                th,
                format!("first argument to __newobj__() must be a class, not {}", full_name(th, cls)),
            ));
        }
        if let Some(o) = o {
            let oc = if th.type_of(o).value().is(cls) { cls } else { th.getattr(o, n!(__class__))? };
            if !oc.is(cls) {
                return Err(pickling_error(
                    th,
                    format!("first argument to __newobj__() must be {}, not {}", repr(th, oc), repr(th, cls)),
                ));
            }
        }
        save(th, p, cls, false).inspect_err(|_| note("class"))?;
        let rest = th.try_tuple(&argt.items()[1..])?;
        save(th, p, rest, false).inspect_err(|_| note("__new__ arguments"))?;
        st.byte(op::NEWOBJ);
    } else {
        save(th, p, func, false).inspect_err(|_| note("reconstructor"))?;
        save(th, p, args, false).inspect_err(|_| note("reconstructor arguments"))?;
        st.byte(op::REDUCE);
    }
    if let Some(o) = o {
        match memo::get(th, p, o) {
            // It is recursive and was pickled meanwhile.
            Some(g) => {
                st.byte(op::POP);
                put_get(p, g);
            }
            None => memoize(th, p, o)?,
        }
    }
    let shown = o.unwrap_or(r);
    if let Some(v) = list_items {
        batch_items(th, p, v, shown)?;
    }
    if let Some(v) = dict_items {
        batch_pairs(th, p, v, shown)?;
    }
    if let Some(s) = stat {
        match setter {
            None => {
                save(th, p, s, false).inspect_err(|_| note("state"))?;
                st.byte(op::BUILD);
            }
            Some(f) => {
                save(th, p, f, false).inspect_err(|_| note("state setter"))?;
                save(th, p, shown, false)?;
                save(th, p, s, false).inspect_err(|_| note("state"))?;
                st.put(&[op::TUPLE2, op::REDUCE, op::POP]);
            }
        }
    }
    Ok(())
}
