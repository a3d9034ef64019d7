//! How each kind of object is pickled.

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
        let c: Gc<Type> = unsafe { c.cast_unchecked() };
        c.heap_type() && c.dict_().get_str(th, n!(__slots__)).ok().flatten().is_some()
    }) {
        return Ok(None);
    }
    let d = Gc::<Dict>::with_capacity(th, s.keys().len());
    for (i, k) in s.keys().iter().enumerate() {
        if k.is(n!(__reduce_ex__)) || k.is(n!(__reduce__)) || k.is(n!(__getstate__)) || k.is(n!(__class__)) {
            return Ok(None);
        }
        if let Some(v) = th.read_place(o, s, s.place(i)) {
            d.set(th, *k, v)?;
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
    let s: Gc<Str> = unsafe { s.cast_unchecked() };
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
        let s: Gc<Str> = unsafe { s.cast_unchecked() };
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
    st.put(unsafe { s.cast_unchecked::<Str>() }.bytes());
    st.byte(b'\n');
    Ok(())
}

// -- strings and bytes

fn save_str(th: Th, p: Gc<Pickler>, o: Value) -> R<()> {
    let s: Gc<Str> = unsafe { o.cast_unchecked() };
    let st = state(p);
    let b = s.bytes();
    if st.bin != 0 {
        let n = b.len();
        if n <= 0xff && st.proto >= 4 {
            st.put(&[op::SHORT_BINUNICODE, n as u8]);
            st.out.extend_from_slice(b);
        } else if n <= u32::MAX as usize {
            let l = (n as u32).to_le_bytes();
            put_bytes(th, p, &[op::BINUNICODE, l[0], l[1], l[2], l[3]], b, None)?;
        } else if st.proto >= 4 {
            let mut h = vec![op::BINUNICODE8];
            h.extend_from_slice(&(n as u64).to_le_bytes());
            put_bytes(th, p, &h, b, None)?;
        } else {
            return Err(th.overflow_error(
                "serializing a string larger than 4 GiB requires pickle protocol 4 or higher",
            ));
        }
    } else {
        // raw-unicode-escape, and escapes for what would end or spoil the line.
        let mut line = Vec::with_capacity(b.len() + 8);
        let mut i = 0;
        while i < b.len() {
            let c = b[i];
            let (w, lead) = match c {
                0..=0x7f => (1, c as u32),
                0x80..=0xdf => (2, c as u32 & 0x1f),
                0xe0..=0xef => (3, c as u32 & 0xf),
                _ => (4, c as u32 & 7),
            };
            let cp = b[i + 1..i + w].iter().fold(lead, |a, x| a << 6 | (*x as u32 & 0x3f));
            #[allow(clippy::match_overlapping_arm)]
            match cp {
                0 | 0x0a | 0x0d | 0x1a | 0x5c => line.extend_from_slice(format!("\\u{cp:04x}").as_bytes()),
                1..=0xff => line.push(cp as u8),
                0x100..=0xffff => line.extend_from_slice(format!("\\u{cp:04x}").as_bytes()),
                _ => line.extend_from_slice(format!("\\U{cp:08x}").as_bytes()),
            }
            i += w;
        }
        st.byte(op::UNICODE);
        st.put(&line);
        st.byte(b'\n');
    }
    memoize(th, p, o)
}

fn put_bytes_data(th: Th, p: Gc<Pickler>, b: &[u8], payload: Option<Value>) -> R<()> {
    let n = b.len();
    if n <= 0xff {
        put_bytes(th, p, &[op::SHORT_BINBYTES, n as u8], b, payload)
    } else if n <= u32::MAX as usize {
        let l = (n as u32).to_le_bytes();
        put_bytes(th, p, &[op::BINBYTES, l[0], l[1], l[2], l[3]], b, payload)
    } else if state(p).proto >= 4 {
        let mut h = vec![op::BINBYTES8];
        h.extend_from_slice(&(n as u64).to_le_bytes());
        put_bytes(th, p, &h, b, payload)
    } else {
        Err(th.overflow_error(
            "serializing a bytes object larger than 4 GiB requires pickle protocol 4 or higher",
        ))
    }
}
fn save_bytes(th: Th, p: Gc<Pickler>, o: Value) -> R<()> {
    let b = bytes_of(o).expect("bytes");
    if state(p).proto < 3 {
        // Python 2 has no bytes: `codecs.encode(text, 'latin1')`.
        let r = if b.is_empty() {
            th.tuple(&[bytes::BYTES.get().value(), th.tuple(&[])])
        } else {
            let text = latin1_str(th, b)?;
            let args = th.tuple(&[text, th.intern("latin1")]);
            th.tuple(&[State::CodecsEncode.get(), args])
        };
        return save_reduce(th, p, Some(o), r);
    }
    put_bytes_data(th, p, b, Some(o))?;
    memoize(th, p, o)
}
fn latin1_str(th: Th, b: &[u8]) -> R<Value> {
    let s: String = b.iter().map(|c| *c as char).collect();
    th.try_str(s.as_bytes())
}
fn put_bytearray_data(th: Th, p: Gc<Pickler>, b: &[u8], payload: Option<Value>) -> R<()> {
    let mut h = [op::BYTEARRAY8; 9];
    h[1..].copy_from_slice(&(b.len() as u64).to_le_bytes());
    put_bytes(th, p, &h, b, payload)
}
fn save_bytearray(th: Th, p: Gc<Pickler>, o: Value) -> R<()> {
    if state(p).proto < 5 {
        let b = bytes_of(o).expect("a bytearray");
        let args = if b.is_empty() { th.tuple(&[]) } else { th.tuple(&[bytes::new(th, b)?.value()]) };
        return save_reduce(th, p, Some(o), th.tuple(&[bytearray::BYTEARRAY.get().value(), args]));
    }
    let buf = adder_vm::builtins::buffer::Buffer::simple(th, o)?;
    put_bytearray_data(th, p, buf.bytes(), Some(o))?;
    memoize(th, p, o)
}
fn save_picklebuffer(th: Th, p: Gc<Pickler>, o: Value) -> R<()> {
    if state(p).proto < 5 {
        return Err(pickling_error(th, "PickleBuffer can only be pickled with protocol >= 5"));
    }
    // A view of its own: the callback may release the buffer.
    buffer::view(th, o)?;
    let v = view_of(th, buffer::PickleBuffer::of(o).object.value(), flag::FULL_RO)?;
    let r = save_picklebuffer_view(th, p, o, v);
    release_quietly(th, v);
    r
}
fn save_picklebuffer_view(th: Th, p: Gc<Pickler>, o: Value, v: Gc<MemoryView>) -> R<()> {
    if !v.is_c_contiguous() && !v.is_f_contiguous() {
        return Err(pickling_error(
            th,
            "PickleBuffer can not be pickled when pointing to a non-contiguous buffer",
        ));
    }
    let in_band = match p.buffer_callback.get() {
        None => true,
        Some(f) => {
            let r = th.call(f, &[o])?;
            th.truth(r)?
        }
    };
    if !in_band {
        let st = state(p);
        st.byte(op::NEXT_BUFFER);
        if v.readonly() {
            st.byte(op::READONLY_BUFFER);
        }
        return Ok(());
    }
    let b: &[u8] = if v.nbytes == 0 { &[] } else { unsafe { std::slice::from_raw_parts(v.ptr, v.nbytes) } };
    if v.readonly() {
        put_bytes_data(th, p, b, None)?;
    } else {
        put_bytearray_data(th, p, b, None)?;
    }
    memoize(th, p, o)
}

// -- containers

#[cold]
fn item_note(th: Th, o: Value, i: usize) {
    add_note(th, format!("when serializing {} item {i}", full_name(th, o)));
}
#[cold]
fn key_note(th: Th, o: Value, k: Value) {
    if let Some(e) = th.pending() {
        th.take_exc();
        let k = repr(th, k);
        th.set_exc(e);
        add_note(th, format!("when serializing {} item {k}", full_name(th, o)));
    }
}

fn save_tuple(th: Th, p: Gc<Pickler>, o: Value) -> R<()> {
    let t: Gc<Tuple> = unsafe { o.cast_unchecked() };
    let st = state(p);
    let n = t.len;
    if n == 0 {
        st.put(if st.bin != 0 { &[op::EMPTY_TUPLE] } else { &[op::MARK, op::TUPLE] });
        return Ok(());
    }
    let short = n <= 3 && st.proto >= 2;
    if !short {
        st.byte(op::MARK);
    }
    for i in 0..n {
        save(th, p, t.items()[i], false).inspect_err(|_| item_note(th, o, i))?;
    }
    if let Some(g) = memo::get(th, p, o) {
        // A recursive tuple was pickled meanwhile: what is on the stack is not wanted.
        if short {
            st.put(&[op::POP; 3][..n]);
        } else if st.bin != 0 {
            st.byte(op::POP_MARK);
        } else {
            st.put(&vec![op::POP; n + 1]);
        }
        put_get(p, g);
        return Ok(());
    }
    st.byte(if short { [op::TUPLE1, op::TUPLE2, op::TUPLE3][n - 1] } else { op::TUPLE });
    memoize(th, p, o)
}

/// In fast mode without a memo deep nesting is looked at for cycles.
fn in_fast_mode(th: Th, p: Gc<Pickler>, o: Value, f: fn(Th, Gc<Pickler>, Value) -> R<()>) -> R<()> {
    let st = state(p);
    st.fast_nesting += 1;
    let deep = st.fast_nesting >= FAST_NESTING_LIMIT;
    let r = if deep {
        let key = adder_vm::builtins::object::id(th, o);
        if st.fast_open.contains(&key) {
            Err(th.value_error(format!(
                "fast mode: can't pickle cyclic objects including object type {} at {key:#x}",
                th.type_name_of(o)
            )))
        } else {
            st.fast_open.push(key);
            let r = f(th, p, o);
            st.fast_open.pop();
            r
        }
    } else {
        f(th, p, o)
    };
    st.fast_nesting -= 1;
    r
}

fn save_list(th: Th, p: Gc<Pickler>, o: Value) -> R<()> {
    let st = state(p);
    if st.fast != 0 {
        return in_fast_mode(th, p, o, save_list_items);
    }
    save_list_items(th, p, o)
}
fn save_list_items(th: Th, p: Gc<Pickler>, o: Value) -> R<()> {
    let st = state(p);
    st.put(if st.bin != 0 { &[op::EMPTY_LIST] } else { &[op::MARK, op::LIST] });
    memoize(th, p, o)?;
    let l: Gc<List> = unsafe { o.cast_unchecked() };
    if st.bin != 0 {
        batch_list(th, p, l)?;
    } else {
        let it = th.iter(o)?;
        batch_items(th, p, it, o)?;
    }
    Ok(())
}
fn batch_list(th: Th, p: Gc<Pickler>, l: Gc<List>) -> R<()> {
    let (st, o) = (state(p), l.value());
    match l.len() {
        0 => return Ok(()),
        1 => {
            let Some(v) = l.get(0) else { return Ok(()) };
            save(th, p, v, false).inspect_err(|_| item_note(th, o, 0))?;
            st.byte(op::APPEND);
            return Ok(());
        }
        _ => {}
    }
    let mut i = 0;
    loop {
        st.byte(op::MARK);
        let mut batch = 0;
        while let Some(v) = l.get(i) {
            save(th, p, v, false).inspect_err(|_| item_note(th, o, i))?;
            i += 1;
            batch += 1;
            if batch == BATCHSIZE {
                break;
            }
        }
        st.byte(op::APPENDS);
        if i >= l.len() {
            return Ok(());
        }
    }
}
/// The items of an iterator, appended to the object on the stack.
fn batch_items(th: Th, p: Gc<Pickler>, it: Value, o: Value) -> R<()> {
    let st = state(p);
    let mut total = 0;
    if st.bin == 0 {
        while let Some(v) = th.next(it)? {
            save(th, p, v, false).inspect_err(|_| item_note(th, o, total))?;
            total += 1;
            st.byte(op::APPEND);
        }
        return Ok(());
    }
    loop {
        let Some(first) = th.next(it)? else { return Ok(()) };
        let Some(mut v) = th.next(it)? else {
            save(th, p, first, false).inspect_err(|_| item_note(th, o, total))?;
            st.byte(op::APPEND);
            return Ok(());
        };
        st.byte(op::MARK);
        save(th, p, first, false).inspect_err(|_| item_note(th, o, total))?;
        total += 1;
        let mut n = 1;
        loop {
            save(th, p, v, false).inspect_err(|_| item_note(th, o, total))?;
            total += 1;
            n += 1;
            if n == BATCHSIZE {
                break;
            }
            match th.next(it)? {
                Some(x) => v = x,
                None => break,
            }
        }
        st.byte(op::APPENDS);
        if n != BATCHSIZE {
            return Ok(());
        }
    }
}

fn save_dict(th: Th, p: Gc<Pickler>, o: Value) -> R<()> {
    let st = state(p);
    if st.fast != 0 {
        return in_fast_mode(th, p, o, save_dict_items);
    }
    save_dict_items(th, p, o)
}
fn save_dict_items(th: Th, p: Gc<Pickler>, o: Value) -> R<()> {
    let st = state(p);
    st.put(if st.bin != 0 { &[op::EMPTY_DICT] } else { &[op::MARK, op::DICT] });
    memoize(th, p, o)?;
    let d: Gc<Dict> = unsafe { o.cast_unchecked() };
    if d.len() > 0 {
        if st.bin != 0 {
            batch_dict(th, p, d)?;
        } else {
            let items = th.call_method(o, n!(items), &[])?;
            let it = th.iter(items)?;
            batch_pairs(th, p, it, o)?;
        }
    }
    Ok(())
}
fn batch_dict(th: Th, p: Gc<Pickler>, d: Gc<Dict>) -> R<()> {
    let (st, o) = (state(p), d.value());
    let size = d.len();
    let pair = |k: Value, v: Value| -> R<()> {
        save(th, p, k, false)?;
        save(th, p, v, false).inspect_err(|_| key_note(th, o, k))
    };
    let mut i = 0;
    if size == 1 {
        if let Some((_, k, v)) = d.next_entry(0) {
            pair(k, v)?;
            st.byte(op::SETITEM);
        }
        return Ok(());
    }
    loop {
        let mut n = 0;
        st.byte(op::MARK);
        while let Some((ni, k, v)) = d.next_entry(i) {
            i = ni;
            pair(k, v)?;
            n += 1;
            if n == BATCHSIZE {
                break;
            }
        }
        st.byte(op::SETITEMS);
        if d.len() != size {
            return Err(th.runtime_error("dictionary changed size during iteration"));
        }
        if n != BATCHSIZE {
            return Ok(());
        }
    }
}
/// The pairs that an iterator gives, set in the object on the stack.
fn batch_pairs(th: Th, p: Gc<Pickler>, it: Value, o: Value) -> R<()> {
    let st = state(p);
    let next = || -> R<Option<(Value, Value)>> {
        let Some(v) = th.next(it)? else { return Ok(None) };
        match v.cast::<Tuple>().filter(|t| t.len == 2) {
            Some(t) => Ok(Some((t.items()[0], t.items()[1]))),
            None => Err(th.type_error("dict items iterator must return 2-tuples")),
        }
    };
    let pair = |k: Value, v: Value| -> R<()> {
        save(th, p, k, false)?;
        save(th, p, v, false).inspect_err(|_| key_note(th, o, k))
    };
    if st.bin == 0 {
        while let Some((k, v)) = next()? {
            pair(k, v)?;
            st.byte(op::SETITEM);
        }
        return Ok(());
    }
    loop {
        let Some((k, v)) = next()? else { return Ok(()) };
        let Some(mut second) = next()? else {
            pair(k, v)?;
            st.byte(op::SETITEM);
            return Ok(());
        };
        st.byte(op::MARK);
        pair(k, v)?;
        let mut n = 1;
        loop {
            pair(second.0, second.1)?;
            n += 1;
            if n == BATCHSIZE {
                break;
            }
            match next()? {
                Some(x) => second = x,
                None => break,
            }
        }
        st.byte(op::SETITEMS);
        if n != BATCHSIZE {
            return Ok(());
        }
    }
}

/// `(type, ([items],))`, for protocols without opcodes for sets.
fn set_as_reduced(th: Th, p: Gc<Pickler>, o: Value) -> R<()> {
    let items = list::from_iterable(th, o)?.value();
    let args = th.tuple(&[items]);
    save_reduce(th, p, Some(o), th.tuple(&[th.type_of(o).value(), args]))
}
fn element_note(th: Th, o: Value) {
    add_note(th, format!("when serializing {} element", full_name(th, o)));
}
fn save_set(th: Th, p: Gc<Pickler>, o: Value) -> R<()> {
    let st = state(p);
    if st.proto < 4 {
        return set_as_reduced(th, p, o);
    }
    st.byte(op::EMPTY_SET);
    memoize(th, p, o)?;
    let s: Gc<Set> = unsafe { o.cast_unchecked() };
    let (items, n) = set::bulk(th, s)?;
    let mut i = 0;
    while i < n {
        st.byte(op::MARK);
        let end = (i + BATCHSIZE).min(n);
        while i < end {
            let Some(v) = items.slot(i).get() else { break };
            save(th, p, v, false).inspect_err(|_| element_note(th, o))?;
            i += 1;
        }
        st.byte(op::ADDITEMS);
        if th.len(o)? != n {
            return Err(th.runtime_error("set changed size during iteration"));
        }
    }
    Ok(())
}
fn save_frozenset(th: Th, p: Gc<Pickler>, o: Value) -> R<()> {
    let st = state(p);
    if st.proto < 4 {
        return set_as_reduced(th, p, o);
    }
    st.byte(op::MARK);
    let mut items = Items::new(th, o)?;
    while let Some(v) = items.next(th)? {
        save(th, p, v, false).inspect_err(|_| element_note(th, o))?;
    }
    if let Some(g) = memo::get(th, p, o) {
        st.byte(op::POP_MARK);
        put_get(p, g);
        return Ok(());
    }
    st.byte(op::FROZENSET);
    memoize(th, p, o)
}

// -- globals

fn save_type(th: Th, p: Gc<Pickler>, o: Value) -> R<()> {
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

fn save_global(th: Th, p: Gc<Pickler>, o: Value, name: Option<Value>) -> R<()> {
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
        let s: Gc<Str> = unsafe { v.cast_unchecked() };
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
    let t: Gc<Tuple> = unsafe { r.cast_unchecked() };
    if t.len < 2 || t.len > 6 {
        return Err(pickling_error(th, "tuple returned by __reduce__ must contain 2 through 6 elements"));
    }
    save_reduce(th, p, o, r)
}

fn save_reduce(th: Th, p: Gc<Pickler>, o: Option<Value>, r: Value) -> R<()> {
    let t: Gc<Tuple> = unsafe { r.cast_unchecked() };
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
            let pa: Gc<Tuple> = unsafe { th.try_tuple(g.as_slice())?.cast_unchecked() };
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
