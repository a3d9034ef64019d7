//! Slow functions of iteration, unpacking and displays.
//!
//! # Invariants
//! The registers of displays hold the list, set or dict that the same display made: the compiler gives them to nobody
//! else. Copies and tuples are borrowed while they are on the stack.

use super::*;

// -- iteration

pub fn get_iter(th: Th, i: Ins) -> Res {
    let o = reg(th, i.b());
    if o.is_exact(Kind::Generator) {
        return ret_a(th, i, o);
    }
    // What is not of a program's class asks no Python code.
    if th.type_of(o).heap_type() && special::ask(th, i)? {
        return NEXT;
    }
    let v = th.iter(o)?;
    ret_a(th, i, v)
}
pub fn for_iter(th: Th, i: Ins) -> Res {
    let it = reg(th, i.a());
    if it.is_exact(Kind::Generator) {
        return super::super::generator::for_iter(th, i, it);
    }
    let t = th.type_of(it);
    if let Some(f) = t.slots.iternext {
        if !super::super::events::observed(th)
            && let Some(g) = super::super::generator::behind(th, it)
        {
            return super::super::generator::for_iter(th, i, g.value());
        }
        super::super::events::forget_swallowed(th);
        if let Some(v) = th.or_ended(f(th, it))? {
            set(th, i.b(), v);
            skip(th, 1);
        } else {
            super::super::events::swallowed(th, it)?;
        }
        return NEXT;
    }
    Err(th.type_error(format!("'{}' object is not an iterator", th.type_name(t))))
}
pub fn unpack_seq(th: Th, i: Ins) -> Res {
    let (base, o, n) = (i.a(), reg(th, i.b()), i.c());
    let too_many = |th: Th, len: Option<usize>| match len {
        Some(k) => th.value_error(format!("too many values to unpack (expected {n}, got {k})")),
        None => th.value_error(format!("too many values to unpack (expected {n})")),
    };
    let few =
        |th: Th, k: usize| th.value_error(format!("not enough values to unpack (expected {n}, got {k})"));
    if let Some(l) = o.exact::<List>()
        && l.len() == n
    {
        // Straight from the list, unless another thread is changing it.
        let mut k = 0;
        while let Some(v) = if k < n { l.get(k) } else { None } {
            set(th, base + k, v);
            k += 1;
        }
        if k == n && l.len() == n {
            return NEXT;
        }
    }
    if o.is_exact(Kind::Tuple) || o.is_exact(Kind::List) {
        let copy;
        let items: &[Value] = match o.exact::<Tuple>() {
            Some(t) => unsafe { &*(t.items() as *const [Value]) },
            None => {
                // SAFETY: a list, for it is no tuple.
                copy = builtins::list::snapshot(th, unsafe { o.cast_unchecked() })?;
                unsafe { &*(copy.cast_unchecked::<Tuple>().items() as *const [Value]) }
            }
        };
        if items.len() != n {
            return Err(if items.len() > n { too_many(th, Some(items.len())) } else { few(th, items.len()) });
        }
        for (k, v) in items.iter().enumerate() {
            set(th, base + k, *v);
        }
        return NEXT;
    }
    let it = match th.type_of(o).slots.iter {
        None if th.lookup_special(o, n!(__getitem__)).is_none() => {
            return Err(th.type_error(format!("cannot unpack non-iterable {} object", th.type_name_of(o))));
        }
        _ => th.iter(o)?,
    };
    // Values go to an array first: registers above the base are not live yet.
    let a = th.array(n.max(1))?;
    for k in 0..n {
        match th.next(it)? {
            Some(v) => th.store(a, a.slot(k), v),
            None => return Err(few(th, k)),
        }
    }
    if th.next(it)?.is_some() {
        let len = if o.is_exact(Kind::Dict) { Some(th.len(o)?) } else { None };
        return Err(too_many(th, len));
    }
    for k in 0..n {
        set(th, base + k, a.slot(k).value());
    }
    NEXT
}
pub fn unpack_ex(th: Th, i: Ins) -> Res {
    let (base, o, before, after) = (i.a(), reg(th, i.b()), i.c(), i.x() as usize);
    if th.type_of(o).slots.iter.is_none() && th.lookup_special(o, n!(__getitem__)).is_none() {
        return Err(th.type_error(format!("cannot unpack non-iterable {} object", th.type_name_of(o))));
    }
    let all = builtins::list::from_iterable(th, o)?;
    let t: Gc<Tuple> = unsafe { builtins::list::snapshot(th, all)?.cast_unchecked() };
    let items = unsafe { &*(t.items() as *const [Value]) };
    if items.len() < before + after {
        return Err(th.value_error(format!(
            "not enough values to unpack (expected at least {}, got {})",
            before + after,
            items.len()
        )));
    }
    let mid = items.len() - after;
    let rest = builtins::list::new(th, &items[before..mid])?;
    for (k, v) in items[..before].iter().enumerate() {
        set(th, base + k, *v);
    }
    set(th, base + before, rest.value());
    for (k, v) in items[mid..].iter().enumerate() {
        set(th, base + before + 1 + k, *v);
    }
    NEXT
}

// -- containers

pub fn build_tuple(th: Th, i: Ins) -> Res {
    let v = th.try_tuple(regs(th, i.b(), i.c()))?;
    ret_a(th, i, v)
}
pub fn build_list(th: Th, i: Ins) -> Res {
    let v = builtins::list::new(th, regs(th, i.b(), i.c()))?;
    ret_a(th, i, v.value())
}
pub fn build_set(th: Th, i: Ins) -> Res {
    let v = builtins::set::from_slice(th, regs(th, i.b(), i.c()))?;
    ret_a(th, i, v)
}
pub fn build_dict(th: Th, i: Ins) -> Res {
    let d = Gc::<Dict>::with_capacity(th, i.c());
    for p in regs(th, i.b(), 2 * i.c()).chunks(2) {
        d.set(th, p[0], p[1])?;
    }
    ret_a(th, i, d.value())
}
pub fn build_string(th: Th, i: Ins) -> Res {
    let v = builtins::str_methods::concat_all(th, regs(th, i.b(), i.c()))?;
    ret_a(th, i, v)
}
pub fn list_append(th: Th, i: Ins) -> Res {
    builtins::list::append(th, unsafe { reg(th, i.a()).cast_unchecked() }, reg(th, i.b()))?;
    NEXT
}
pub fn list_extend(th: Th, i: Ins) -> Res {
    let v = reg(th, i.b());
    let l = unsafe { reg(th, i.a()).cast_unchecked() };
    if th.type_of(v).slots.iter.is_none() && th.lookup_special(v, n!(__getitem__)).is_none() {
        return Err(th.type_error(format!("Value after * must be an iterable, not {}", th.type_name_of(v))));
    }
    builtins::list::extend(th, l, v)?;
    NEXT
}
pub fn list_to_tuple(th: Th, i: Ins) -> Res {
    let v = builtins::list::snapshot(th, unsafe { reg(th, i.b()).cast_unchecked() })?;
    ret_a(th, i, v)
}
pub fn set_add(th: Th, i: Ins) -> Res {
    // A comprehension's set is one; the name `__conditional_annotations__` may have been bound to anything.
    let s = reg(th, i.a());
    if !s.is_kind(Kind::Set) {
        return Err(th.type_error(format!("'{}' object is not a set", th.type_name_of(s))));
    }
    // SAFETY: a set, which was tested.
    builtins::set::add(th, unsafe { s.cast_unchecked() }, reg(th, i.b()))?;
    NEXT
}
pub fn set_update(th: Th, i: Ins) -> Res {
    builtins::set::update(th, unsafe { reg(th, i.a()).cast_unchecked() }, reg(th, i.b()))?;
    NEXT
}
pub fn dict_set(th: Th, i: Ins) -> Res {
    let d = unsafe { reg(th, i.a()).cast_unchecked::<Dict>() };
    d.set(th, reg(th, i.b()), reg(th, i.c()))?;
    NEXT
}
pub fn dict_update(th: Th, i: Ins) -> Res {
    let v = reg(th, i.b());
    if !v.is_kind(Kind::Dict) && th.getattr_opt(v, n!(keys))?.is_none() {
        return Err(th.type_error(format!("'{}' object is not a mapping", th.type_name_of(v))));
    }
    builtins::dict::update_from(th, unsafe { reg(th, i.a()).cast_unchecked() }, v)?;
    NEXT
}
pub fn dict_merge(th: Th, i: Ins) -> Res {
    builtins::dict::merge_keywords(
        th,
        unsafe { reg(th, i.a()).cast_unchecked() },
        reg(th, i.b()),
        reg(th, i.c()),
    )?;
    NEXT
}
