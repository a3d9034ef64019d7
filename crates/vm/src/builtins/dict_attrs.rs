//! `obj.__dict__` as a view: a dict whose items are the attributes of an object that goes on keeping them by its shape.
//!
//! Such a dict has the flag [`ATTRS`], the table of all empty dicts, and the object in `owner`; the operations of
//! `dict_table` come here when they find nothing in that table. Attributes are read and set as everywhere, so the
//! object's inline caches and traces stay as they are. What a shape cannot express (keys that are no strings, an
//! attribute removed before later ones, very many attributes) turns the view into an ordinary dict and the object into
//! one in dict mode, whose attributes that dict holds.
//!
//! # Invariants
//! - `AttrExt::dict` of the object is the view as long as it is one; `owner` and `AttrExt::dict` refer to each other.
//! - A dict turns from a view into an ordinary one once, under the object's lock: first the table is published, then the
//!   flag goes, then the object's shape changes. Who finds the empty table without the flag looks again.
//! - The dict's lock is not held while the object's is taken.

use super::dict_table::{DictTable, hash_key};
use crate::err::R;
use crate::object::*;
use crate::shape::{Shape, shape};
use crate::thread::Th;
use crate::value::*;
use adder_heap::Header;
use std::sync::atomic::Ordering::*;

/// `Dict` flag: the items are the attributes of `owner`.
pub const ATTRS: u8 = flags::K2;

/// A view of the attributes of `o`, which the caller stores in the object.
pub fn new(th: Th, o: Value) -> Gc<Dict> {
    let d = Gc::<Dict>::new(th);
    d.owner.init(Some(o));
    th.m.barrier(d.obj(), d.owner.as_ptr());
    d.set_flag(ATTRS);
    d
}

impl Gc<Dict> {
    /// The object whose attributes these are, with its shape; None: an ordinary dict.
    #[cold]
    #[inline(never)]
    pub fn attrs(self) -> Option<(Value, &'static Shape)> {
        if !self.flag(ATTRS) {
            return None;
        }
        let o = self.owner.get()?;
        let s = shape(o.shape_id());
        if s.dict_mode { None } else { Some((o, s)) }
    }
    /// Makes the view an ordinary dict.
    pub fn detach_attrs(self, th: Th) -> R<()> {
        if let Some((o, _)) = self.attrs() {
            let _g = th.lock(unsafe { o.cast_unchecked::<Header>() });
            th.to_dict_mode(o)?;
        }
        Ok(())
    }
    #[cold]
    pub(super) fn attrs_len(self) -> usize {
        match self.attrs() {
            Some((o, s)) => {
                s.attributes().filter(|(i, _)| crate::attr::place_value(o, s, s.place(*i)).is_some()).count()
            }
            None => self.used.load(Relaxed) as usize,
        }
    }
    /// A key was not found in the empty table.
    #[cold]
    pub(super) fn attrs_get(self, th: Th, key: Value) -> R<Option<Value>> {
        match self.attrs() {
            Some((o, _)) if key.is_exact(Kind::Str) => th.instance_attr(o, key),
            Some(_) if never_str(key) => Ok(None),
            Some(_) => {
                self.detach_attrs(th)?;
                self.get(th, key)
            }
            // It may have become an ordinary dict meanwhile.
            None if self.tab() != DictTable::empty() => self.get(th, key),
            None => Ok(None),
        }
    }
    /// As `insert` for a view; None: it is none (any more).
    #[cold]
    pub(super) fn attrs_insert(
        self,
        th: Th,
        key: Value,
        val: Value,
        replace: bool,
    ) -> R<Option<Option<Value>>> {
        let Some((o, _)) = self.attrs() else { return Ok(None) };
        if !key.is_exact(Kind::Str) {
            self.detach_attrs(th)?;
            return Ok(None);
        }
        let old = th.instance_attr(o, key)?;
        if old.is_none() || replace {
            th.set_instance_attr(o, key, Some(val))?;
        }
        Ok(Some(old))
    }
    /// As `remove` for a view; None: it is none (any more).
    #[cold]
    pub(super) fn attrs_remove(self, th: Th, key: Value) -> R<Option<Option<Value>>> {
        let Some((o, _)) = self.attrs() else { return Ok(None) };
        if !key.is_exact(Kind::Str) {
            if never_str(key) {
                return Ok(Some(None));
            }
            self.detach_attrs(th)?;
            return Ok(None);
        }
        let old = th.instance_attr(o, key)?;
        if old.is_some() && !th.set_instance_attr(o, key, None)? {
            return Ok(Some(None)); // somebody else was faster
        }
        Ok(Some(old))
    }
    /// The first attribute at or after `i`.
    #[cold]
    pub(super) fn attrs_next(self, i: usize) -> Option<(usize, Value, Value)> {
        let (o, s) = self.attrs()?;
        (i..s.places()).find_map(|i| Some((i + 1, s.key(i)?, crate::attr::place_value(o, s, s.place(i))?)))
    }
    /// The first attribute at or after `i` of two objects of one shape: the next `i`, both values. None: there is none, they
    /// have another shape each, or it is not among the attributes of both.
    pub(super) fn attrs_alike(self, other: Gc<Dict>, i: usize) -> Option<(usize, Value, Value)> {
        let ((a, s), (b, t)) = (self.attrs()?, other.attrs()?);
        if !std::ptr::eq(s, t) {
            return None;
        }
        let value = |o: Value, i: usize| crate::attr::place_value(o, s, s.place(i));
        let (k, v) = (i..s.places()).find_map(|i| s.key(i).and(Some((i, value(a, i)?))))?;
        Some((k + 1, v, value(b, k)?))
    }
    /// The last attribute before `i`.
    #[cold]
    pub(super) fn attrs_prev(self, i: usize) -> Option<(usize, Value, Value)> {
        let (o, s) = self.attrs()?;
        (0..i.min(s.places()))
            .rev()
            .find_map(|i| Some((i, s.key(i)?, crate::attr::place_value(o, s, s.place(i))?)))
    }
    /// Removes all attributes; false: not a view.
    #[cold]
    pub(super) fn attrs_clear(self, th: Th) -> bool {
        let Some((o, _)) = self.attrs() else { return false };
        let _g = th.lock(unsafe { o.cast_unchecked::<Header>() });
        let Some((o, s)) = self.attrs() else { return false };
        unsafe { o.header_unchecked() }.desc.store(s.root, Release);
        crate::attr::clear_places(o, s);
        true
    }
    /// The first item at or after entry `i`, with the hash of its key.
    pub fn next_hashed(self, th: Th, i: usize) -> R<Option<(usize, Value, i64, Value)>> {
        let t = self.tab();
        if let Some((ni, k, v)) = t.next_entry(i) {
            return Ok(Some((ni, k, t.hash_of(ni as u32 - 1, k), v)));
        }
        match self.next_entry(i) {
            Some((ni, k, v)) => Ok(Some((ni, k, hash_key(th, k)?, v))),
            None => Ok(None),
        }
    }
    /// A table with the attributes that an object of this shape has.
    pub(super) fn attrs_table(th: Th, o: Value, s: &Shape) -> R<Gc<DictTable>> {
        let n = s.places();
        if n == 0 {
            return Ok(DictTable::empty());
        }
        let t = DictTable::new(th, DictTable::bits_for(n), false)?;
        for (i, k) in s.attributes() {
            if let Some(v) = crate::attr::place_value(o, s, s.place(i)) {
                t.append_str(th, k, v);
            }
        }
        Ok(t)
    }
    /// Makes an ordinary dict of the view. Under the object's lock.
    pub(crate) fn fill_from_attrs(self, th: Th, o: Value, s: &Shape) -> R<()> {
        let t = Self::attrs_table(th, o, s)?;
        let _g = th.lock(self);
        self.used.store(t.nentries.load(Relaxed) as u64, Release);
        th.store(self, &self.table, t);
        self.clear_flag(ATTRS);
        self.owner.init(None);
        Ok(())
    }
}

/// Keys that never equal a string.
fn never_str(key: Value) -> bool {
    !key.is_obj()
        || matches!(key.kind(), Kind::Int | Kind::Float | Kind::NoneType | Kind::Bool)
            && key.kind() as u32 == key.shape_id()
}
