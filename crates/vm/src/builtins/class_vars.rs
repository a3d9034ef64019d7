//! Class variables that change: counters, registries, flags (`A.count += 1`).
//!
//! A change of a class empties all caches that rely on it and drops the traces that do, which is right for methods and
//! wrong for a counter. So a class whose variable is assigned to again keeps its variables in cells, as modules do
//! ([`make_cells`](crate::value::Gc::make_cells)): caches hold the cell, and an assignment changes nothing but what is in it.
//!
//! # Invariants
//! - That goes for what is found as it is: the old and the new value are no descriptors, and the name is no special one.
//!   Whatever makes it something else (a descriptor, deleting it, a new name) is a change of the class
//!   ([`Th::type_modified`]).
//! - An assignment is checked and done under `TYPE_LOCK`, so no cache is filled with a descriptor in between.
//! - A cell that had such a value never gets a descriptor: who knows only the cell would take it for the value. So from the
//!   second assignment on (`CELL_CHANGED`) caches and traces assign without a lock. Who empties such a cell waits for
//!   those that have just found it full ([`Th::stopping_others`]).

use crate::err::R;
use crate::jit::watch::cell_changes;
use crate::object::*;
use crate::thread::Th;
use crate::types::TYPE_LOCK;
use crate::value::*;

/// A class with such a value has it as it is, whether it is asked or an instance.
#[inline(always)]
pub fn plain(th: Th, v: Value) -> bool {
    let s = &th.type_of(v).slots;
    s.descr_get.is_none() && s.descr_set.is_none()
}
fn special(name: Value) -> bool {
    name.cast::<Str>().is_none_or(|s| s.bytes().starts_with(b"__"))
}

/// The cell of a variable of this very class that has the value `v`, if it is in one.
pub fn cell_in(th: Th, t: Gc<Type>, name: Value, v: Value) -> Option<Gc<DictCell>> {
    if !t.heap_type() || !t.dict_().is_cells() || special(name) || !plain(th, v) {
        return None;
    }
    match t.dict_().cell_for(th, name.cast::<Str>()?) {
        Ok(c) => Some(c),
        // Out of memory: then without.
        Err(_) => {
            th.exc.init(None);
            None
        }
    }
}
/// The same of a class or what it inherits from.
pub fn cell(th: Th, t: Gc<Type>, name: Value) -> Option<Gc<DictCell>> {
    let (owner, v) = th.lookup_with_owner(t, name)?;
    cell_in(th, owner, name, v)
}

/// Assigns to an attribute of a class. True: to a variable that it had, so this was no change of the class.
pub fn set(th: Th, t: Gc<Type>, name: Value, v: Value) -> R<bool> {
    if assign(th, t, name, v)? {
        return Ok(true);
    }
    if plain(th, v) || !t.dict_().renew_cell(th, name.known(), v)? {
        t.dict_().set(th, name, v)?;
    }
    Ok(false)
}
/// Assigns to a variable that the class has. False: that would be a change of the class, and is not done.
fn assign(th: Th, t: Gc<Type>, name: Value, v: Value) -> R<bool> {
    let d = t.dict_();
    let Ok(Some(old)) = d.get_str(th, name) else { return Ok(false) };
    if special(name) || !plain(th, old) || !plain(th, v) {
        return Ok(false);
    }
    if !d.is_cells() {
        // From the next time on.
        d.make_cells(th)?;
        if let Some(c) = cell_in(th, t, name, old) {
            cell_changes(c);
        }
        return Ok(false);
    }
    let Some(c) = cell_in(th, t, name, old) else { return Ok(false) };
    let _g = crate::sync::lock(&TYPE_LOCK);
    // Traces shall not take it for a constant; the next assignment may be done by who knows the cell alone.
    cell_changes(c);
    // No safepoint from here on.
    if !c.v.get().is_some_and(|old| plain(th, old)) {
        return Ok(false);
    }
    th.store(c, &c.v, v);
    Ok(true)
}
