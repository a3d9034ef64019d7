//! Dicts of a few known names, as keyword arguments and records are: made in the trace, word by word, and read without a
//! lookup. So those that nobody else sees are never made.
//!
//! What such a dict looks like is taken from one that was made when the trace was recorded: names are constants, which
//! have the same hashes again.
//!
//! # Invariants
//! - The word that is tested of a table ([`SHAPE`]) says its size, its kind, and how many entries were ever used. With it,
//!   an entry whose key is the one that was seen has that key's value, or null where it is being deleted (`dict_table`).

use super::containers::{Few, empty_dict, made_here, new};
use crate::builtins::dict_table::DictTable;
use crate::builtins::str_::INTERNED;
use crate::jit::machine::{Recorder, T};
use crate::object::*;
use crate::value::*;
use adder_metatrace::ir::Op;
use adder_metatrace::{Cmp, Field, Machine};
use std::mem::offset_of;

/// Bits of the index of the smallest tables, and how many items they have room for.
const BITS: u8 = 3;
pub(super) const MOST: usize = (1 << BITS) * 2 / 3;
/// Where a table says how large it is and how many entries are in use, as one word; where its entries begin.
const SHAPE: u32 = offset_of!(DictTable, bits) as u32;
const ENTRIES: u32 = (size_of::<DictTable>() + (1 << BITS)) as u32;
const _: () = assert!(SHAPE == 8 && offset_of!(DictTable, nentries) == 12 && ENTRIES.is_multiple_of(8));

fn key(k: usize) -> Field {
    Field(ENTRIES + 16 * k as u32)
}
fn value(k: usize) -> Field {
    Field(ENTRIES + 16 * k as u32 + 8)
}
fn word(t: Gc<DictTable>, at: u32) -> i64 {
    // SAFETY: tables of this size have words at all multiples of 8 up to their end; before the entries there are numbers.
    unsafe { *(t.as_ptr() as *const u8).add(at as usize).cast::<i64>() }
}
/// The table of a dict that can be read here, with so many items.
fn table(d: Gc<Dict>, n: usize) -> Option<Gc<DictTable>> {
    let t = d.tab();
    let plain = t.bits == BITS
        && !t.general
        && !t.cells
        && t.nentries.load(std::sync::atomic::Ordering::Relaxed) as usize == n;
    (plain && d.len() == n).then_some(t)
}

/// A new dict of these keys, which are constant strings, and values. None: they are too many, or one comes twice.
pub fn make(m: Recorder, keys: &Few, values: &Few) -> Option<T<Value>> {
    let n = keys.items().len();
    if n == 0 {
        return Some(empty_dict(m));
    }
    if n > MOST || keys.items().iter().any(|k| !k.v.is_exact(Kind::Str)) {
        return None;
    }
    let th = m.i.th;
    let d = Gc::<Dict>::with_capacity(th, n);
    for (k, v) in keys.items().iter().zip(values.items()) {
        d.set(th, k.v, v.v).ok()?;
    }
    let t = table(d, n)?;
    let mut fields: Vec<_> =
        (SHAPE..ENTRIES).step_by(8).map(|at| (at, m.rec().core.int(word(t, at)))).collect();
    for (k, (name, v)) in keys.items().iter().zip(values.items()).enumerate() {
        fields.push((key(k).0, name.r));
        fields.push((value(k).0, v.r));
    }
    let t = new(m, Kind::DictTable, t.value(), DictTable::bytes_for(BITS, false), &fields);
    let used = m.rec().core.int(n as i64);
    let fields = [(offset_of!(Dict, table) as u32, t.r), (offset_of!(Dict, used) as u32, used)];
    Some(new(m, Kind::Dict, d.value(), size_of::<Dict>(), &fields))
}

/// The keys of a dict whose items can be read here. They will be the same objects again, the dict being made in the trace
/// or the names being what a program calls things.
pub fn keys(m: Recorder, d: T<Value>) -> Option<Few> {
    let o = d.v.exact::<Dict>()?;
    let n = o.len();
    if n == 0 || n > MOST {
        return None;
    }
    let (t, here) = (table(o, n)?, made_here(m, d));
    let mut keys = Few::new();
    for k in 0..n as u32 {
        let name = t.key(k).get()?;
        name.exact::<Str>().filter(|s| here || s.flag(INTERNED))?;
        keys.push(m.constant(name))?;
    }
    Some(keys)
}
/// The table of a dict with these keys, which is tested. The dict is one exactly, which was tested.
fn open(m: Recorder, d: T<Value>, n: usize) -> T<Value> {
    let t = m.get(d, Field(offset_of!(Dict, table) as u32));
    let shape = m.int_const(word(t.v.known(), SHAPE));
    m.test(m.int_cmp(Cmp::Eq, m.get_int(t, Field(SHAPE)), shape));
    debug_assert!(n <= MOST);
    t
}
/// The value of the `k`-th key, which is tested to be this one.
fn item(m: Recorder, t: T<Value>, k: usize, name: T<Value>) -> T<Value> {
    let found = m.get(t, key(k));
    let same = m.op(Op::Eq, found.r, name.r);
    m.guard(same, true);
    let v: Gc<DictTable> = t.v.known();
    m.known_of(t, value(k), v.val(k as u32).value())
}
/// The values of a dict that has these [`keys`].
pub fn values(m: Recorder, d: T<Value>, keys: &Few) -> Option<Few> {
    let t = open(m, d, keys.items().len());
    let mut all = Few::new();
    for (k, name) in keys.items().iter().enumerate() {
        all.push(item(m, t, k, *name))?;
    }
    Some(all)
}
/// `d[name]` of a dict that was made by the trace.
pub fn get(m: Recorder, d: T<Value>, name: T<Value>) -> Option<T<Value>> {
    if !made_here(m, d) || name.r.as_const().is_none() {
        return None;
    }
    let keys = keys(m, d)?;
    let k = keys.items().iter().position(|k| k.v.is(name.v))?;
    Some(item(m, open(m, d, keys.items().len()), k, name))
}
