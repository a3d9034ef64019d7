//! The memo of a pickler: which number an object got; and the proxies through which Python sees the memos.
//!
//! # Invariants
//! An object in the table is pinned and has its `HAS_ID` flag (its address is its key), and the pickler's `objects`
//! array keeps it alive. Table and array change under the pickler's lock.

use super::pickler::{self, Pickler};
use super::unpickler::{self, Unpickler};
use super::{docs, pickler::state};
use crate::common::*;
use crate::native_layout;
use adder_vm::builtins::object;
use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::Slots;
use adder_vm::thread::Th;
use adder_vm::value::*;

/// Open addressing by address; 0 is empty.
#[derive(Default)]
pub struct Memo {
    cells: Vec<(u64, u64)>,
    pub used: usize,
}

impl Memo {
    #[inline(always)]
    fn place(&self, key: u64) -> usize {
        ((key >> 3).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20) as usize & (self.cells.len() - 1)
    }
    #[inline]
    pub fn get(&self, key: u64) -> Option<u64> {
        if self.cells.is_empty() {
            return None;
        }
        let mut i = self.place(key);
        loop {
            let (k, v) = self.cells[i];
            if k == key {
                return Some(v);
            }
            if k == 0 {
                return None;
            }
            i = (i + 1) & (self.cells.len() - 1);
        }
    }
    pub fn set(&mut self, key: u64, val: u64) {
        if self.used * 2 >= self.cells.len() {
            // Most objects that are pickled have few parts; so much memory is there at once.
            let n = (self.cells.len() * 4).max(16);
            let mut cells = Vec::new();
            adder_text::room::reserve(&mut cells, n);
            cells.resize(n, (0, 0));
            let old = std::mem::replace(&mut self.cells, cells);
            for (k, v) in old {
                if k != 0 {
                    let mut i = self.place(k);
                    while self.cells[i].0 != 0 {
                        i = (i + 1) & (self.cells.len() - 1);
                    }
                    self.cells[i] = (k, v);
                }
            }
        }
        let mut i = self.place(key);
        loop {
            let k = self.cells[i].0;
            if k == key {
                self.cells[i].1 = val;
                return;
            }
            if k == 0 {
                self.cells[i] = (key, val);
                self.used += 1;
                return;
            }
            i = (i + 1) & (self.cells.len() - 1);
        }
    }
    pub fn clear(&mut self) {
        if self.cells.len() > 4096 {
            self.cells = Vec::new();
        } else {
            self.cells.fill((0, 0));
        }
        self.used = 0;
    }
    pub fn entries(&self) -> Vec<(u64, u64)> {
        self.cells.iter().copied().filter(|c| c.0 != 0).collect()
    }
    pub fn bytes(&self) -> usize {
        self.cells.len() * 16
    }
}

/// The number of an object in the memo.
#[inline]
pub fn get(th: Th, p: Gc<Pickler>, v: Value) -> Option<u64> {
    let _g = th.lock(p);
    state(p).memo.get(v.bits())
}
/// Gives an object its number.
#[inline]
pub fn put(th: Th, p: Gc<Pickler>, v: Value, n: u64) -> R<()> {
    let key = object::id(th, v);
    let mut spare: Option<Gc<Array>> = None;
    loop {
        let used = {
            let _g = th.lock(p);
            let st = state(p);
            let mut a = p.objects.get();
            if a.is_none_or(|a| st.objects >= a.cap)
                && let Some(b) = spare.filter(|b| b.cap > st.objects)
            {
                // What the memo knows stays alive. The old array is not written to any more.
                if let Some(a) = a {
                    for i in 0..st.objects {
                        b.slot(i).init(a.slot(i).get());
                    }
                    th.m.barrier_all(b.obj());
                }
                th.store(p, &p.objects, b);
                a = Some(b);
            }
            if let Some(a) = a.filter(|a| st.objects < a.cap) {
                th.store(a, a.slot(st.objects), v);
                st.objects += 1;
                st.memo.set(key, n);
                return Ok(());
            }
            st.objects
        };
        spare = Some(th.array((used * 2).max(32))?);
    }
}
pub fn clear(th: Th, p: Gc<Pickler>) {
    let _g = th.lock(p);
    let st = state(p);
    st.memo.clear();
    st.objects = 0;
    p.objects.init(None);
}

/// `{id: (number, object)}`.
fn pickler_copy(th: Th, p: Gc<Pickler>) -> R<Value> {
    let (entries, objects) = {
        let _g = th.lock(p);
        (state(p).memo.entries(), p.objects.get())
    };
    let d = Gc::<Dict>::new(th);
    for (k, n) in entries {
        // SAFETY: `objects` keeps the object, which does not move.
        let o = unsafe { Value::from_bits(k) };
        d.set(th, th.uint(k), th.tuple(&[th.int(n as i64), o]))?;
    }
    std::hint::black_box(objects);
    Ok(d.value())
}

native_layout! { pub Proxy { owner; } }

macro_rules! proxy_type {
    ($cell:ident $name:literal $clear:expr, $copy:expr) => {
        pub static $cell: TypeCell = TypeCell::new(&NativeType {
            name: concat!("_pickle.", $name),
            kind: Kind::Native,
            size: Proxy::SIZE,
            flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP,
            slots: Slots { hash: Some(adder_vm::slot_defs::hash_not_implemented), ..Slots::NONE },
            methods: &[
                method("clear", "($self, /)", docs::MEMO_CLEAR, |th, a| {
                    let f: fn(Th, Value) -> R<()> = $clear;
                    f(th, owner(th, arg(a, 0))?)?;
                    none()
                }),
                method("copy", "($self, /)", docs::MEMO_COPY, |th, a| {
                    let f: fn(Th, Value) -> R<Value> = $copy;
                    f(th, owner(th, arg(a, 0))?)
                }),
                method("__reduce__", "($self, /)", docs::MEMO_REDUCE, |th, a| {
                    let f: fn(Th, Value) -> R<Value> = $copy;
                    let d = f(th, owner(th, arg(a, 0))?)?;
                    Ok(th.tuple(&[adder_vm::builtins::dict::DICT.get().value(), th.tuple(&[d])]))
                }),
            ],
            trace: Some(Proxy::trace),
            ..NativeType::DEFAULT
        });
    };
}
proxy_type!(PICKLER_MEMO "PicklerMemoProxy" |th, o| {
    clear(th, Pickler::of(o));
    Ok(())
}, |th, o| pickler_copy(th, Pickler::of(o)));
proxy_type!(UNPICKLER_MEMO "UnpicklerMemoProxy" |th, o| {
    unpickler::memo_clear(th, Unpickler::of(o));
    Ok(())
}, |th, o| unpickler::memo_copy(th, Unpickler::of(o)));

pub fn new_proxy(th: Th, cell: &'static TypeCell, owner: Value) -> R<Value> {
    let o = make(th, th.make_type(cell).value())?;
    let p = Proxy::of(o);
    th.store(p, &p.owner, owner);
    Ok(o)
}
/// The type may be called: then there is nobody behind it.
fn owner(th: Th, proxy: Value) -> R<Value> {
    Proxy::of(proxy).owner.get().ok_or_else(|| th.runtime_error("the memo of nobody"))
}
/// The object behind a proxy of that type.
pub fn owner_of(th: Th, cell: &'static TypeCell, v: Value) -> Option<Value> {
    let t = cell.try_get()?;
    th.type_of(v).eq(&t).then(|| Proxy::of(v).owner.get()).flatten()
}

/// `pickler.memo = value`.
pub fn set_pickler_memo(th: Th, o: Value, v: Option<Value>) -> R<()> {
    let Some(v) = v else { return Err(th.type_error("attribute deletion is not supported")) };
    let p = Pickler::of(o);
    pickler::initialized(th, p)?;
    let d = match owner_of(th, &PICKLER_MEMO, v) {
        Some(other) => pickler_copy(th, Pickler::of(other))?,
        None => v,
    };
    let Some(d) = d.cast::<Dict>() else {
        return Err(th.type_error(format!(
            "'memo' attribute must be a PicklerMemoProxy object or dict, not {}",
            th.type_name_of(v)
        )));
    };
    // All is checked before anything is changed.
    let mut i = 0;
    while let Some((ni, _, v)) = d.next_entry(i) {
        i = ni;
        let Some(t) = v.cast::<Tuple>().filter(|t| t.len == 2) else {
            return Err(th.type_error("'memo' values must be 2-item tuples"));
        };
        th.index_i64(t.items()[0])?;
    }
    clear(th, p);
    i = 0;
    while let Some((ni, _, v)) = d.next_entry(i) {
        i = ni;
        if let Some(t) = v.cast::<Tuple>().filter(|t| t.len == 2) {
            put(th, p, t.items()[1], th.index_i64(t.items()[0])? as u64)?;
        }
    }
    Ok(())
}
