//! How containers are pickled: item by item, in batches.

use super::*;

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

pub(super) fn save_tuple(th: Th, p: Gc<Pickler>, o: Value) -> R<()> {
    let t: Gc<Tuple> = o.known();
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

pub(super) fn save_list(th: Th, p: Gc<Pickler>, o: Value) -> R<()> {
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
    let l: Gc<List> = o.known();
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
pub(super) fn batch_items(th: Th, p: Gc<Pickler>, it: Value, o: Value) -> R<()> {
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

pub(super) fn save_dict(th: Th, p: Gc<Pickler>, o: Value) -> R<()> {
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
    let d: Gc<Dict> = o.known();
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
pub(super) fn batch_pairs(th: Th, p: Gc<Pickler>, it: Value, o: Value) -> R<()> {
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
pub(super) fn save_set(th: Th, p: Gc<Pickler>, o: Value) -> R<()> {
    let st = state(p);
    if st.proto < 4 {
        return set_as_reduced(th, p, o);
    }
    st.byte(op::EMPTY_SET);
    memoize(th, p, o)?;
    let s: Gc<Set> = o.known();
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
pub(super) fn save_frozenset(th: Th, p: Gc<Pickler>, o: Value) -> R<()> {
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
