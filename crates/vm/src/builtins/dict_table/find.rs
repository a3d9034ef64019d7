//! Looking for a key in a table.
//!
//! # Invariants
//! - Needs no lock. A concurrent change shows as a key with its own value or none; whoever must know looks whether the
//!   dict still has this table.
//! - Only [`DictTable::find`] runs Python code (`__eq__`); the others answer `None` where that would be necessary.
//!
//! # Safety
//! What an index cell holds is below `nentries` or one of `EMPTY`, `DUMMY`. Words of keys in a table that is not general are
//! null, small ints or exact strings.

use super::*;
use crate::builtins::{object, quick};

impl DictTable {
    /// Looks for an exact string by identity or contents. No Python code runs; `None` if that would be necessary: the
    /// table has another kind of key with the same hash.
    #[inline]
    pub fn find_str(&self, key: Gc<Str>) -> Option<Found> {
        let hash = key.hash();
        if !self.general {
            return Some(by_width!(self.find_str_compact(key, hash)));
        }
        self.find_str_general(key, hash)
    }
    #[inline(never)]
    fn find_str_general(&self, key: Gc<Str>, hash: i64) -> Option<Found> {
        self.probe_general(key.value(), hash, |k| match k.exact::<Str>() {
            Some(s) => Some(s.bytes() == key.bytes()),
            None => k.is_fix().then_some(false),
        })
    }
    #[inline(always)]
    fn find_str_compact<W: Ix>(&self, key: Gc<Str>, hash: i64) -> Found {
        self.probe_compact::<W>(key.value(), hash, |k| {
            if k == 0 || k & 1 != 0 {
                return false;
            }
            // SAFETY: keys of a table that is not general are small ints and strings.
            let s: Gc<Str> = unsafe { Value::from_bits(k).cast_unchecked() };
            s.hash() == hash && s.bytes() == key.bytes()
        })
    }
    /// Looks for a string, a small int or a class; `None` as for strings, and for all others.
    #[inline]
    pub fn find_simple(&self, key: Value) -> Option<Found> {
        if key.is_fix() {
            return self.find_fix(key);
        }
        if let Some(s) = key.exact::<Str>() {
            return self.find_str(s);
        }
        if !quick::is_class(key) {
            return self.find_tuple(key.exact()?);
        }
        if self.general { self.find_class(key) } else { Some(Found::No) }
    }
    /// Looks for a tuple of strings and small ints; `None` as for strings, and for other tuples.
    #[inline(never)]
    pub fn find_tuple(&self, key: Gc<Tuple>) -> Option<Found> {
        let hash = super::super::tuple::plain_hash(key)?;
        if !self.general {
            return Some(Found::No);
        }
        self.probe_general(key.value(), hash, |k| match k.exact() {
            Some(k) => quick::tuples_equal(k, key),
            None => is_compact(k).then_some(false),
        })
    }
    #[inline(never)]
    fn find_class(&self, key: Value) -> Option<Found> {
        let hash = object::identity_hash(key);
        self.probe_general(key, hash, |k| quick::is_simple(k).then_some(false))
    }
    /// Looks for a small int; `None` as for strings.
    #[inline]
    pub fn find_fix(&self, key: Value) -> Option<Found> {
        // SAFETY: a small int, as the caller has tested.
        let hash = hash_fix(unsafe { key.as_fix().unwrap_unchecked() });
        if !self.general {
            return Some(by_width!(self.find_word_compact(key, hash)));
        }
        self.find_fix_general(key, hash)
    }
    #[inline(never)]
    fn find_fix_general(&self, key: Value, hash: i64) -> Option<Found> {
        // Others may be equal: a float, a bool, an object.
        self.probe_general(key, hash, |k| is_compact(k).then_some(false))
    }
    /// Looks for a key in a general table by identity; `same` says whether another one with its hash is equal (None:
    /// that would take Python code).
    #[inline(always)]
    fn probe_general(&self, key: Value, hash: i64, same: impl Fn(Value) -> Option<bool>) -> Option<Found> {
        let mut p = Probe::new(hash, self.bits);
        loop {
            let e = self.index(p.i);
            if e == EMPTY {
                return Some(Found::No);
            }
            if e != DUMMY
                && let Some(k) = self.key(e).get()
                && (k.is(key) || self.hash_at(e) == hash && same(k)?)
            {
                return Some(Found::At(e));
            }
            p.next();
        }
    }
    /// In a compact table an int is equal to itself alone.
    #[inline(always)]
    fn find_word_compact<W: Ix>(&self, key: Value, hash: i64) -> Found {
        self.probe_compact::<W>(key, hash, |_| false)
    }
    /// Looks for a key in a table that is not general by identity; `same` says whether another key's word is equal.
    #[inline(always)]
    fn probe_compact<W: Ix>(&self, key: Value, hash: i64, same: impl Fn(u64) -> bool) -> Found {
        let mut p = Probe::new(hash, self.bits);
        let (index, entries) = (self.index_ptr(), self.entries());
        loop {
            // SAFETY: the probe stays within the index.
            let e = unsafe { W::load(index, p.i) };
            if e >= DUMMY {
                if e == EMPTY {
                    return Found::No;
                }
            } else {
                // SAFETY: an entry's number is less than the table's capacity.
                let k = unsafe { (*(entries.add(2 * e as usize) as *const Slot)).raw().load(Relaxed) };
                if k == key.bits() || same(k) {
                    return Found::At(e);
                }
            }
            p.next();
        }
    }
    /// The value of a small int or a string that is found by identity, without any call; None: look properly.
    #[inline(always)]
    pub fn peek(&self, key: Value) -> Option<Value> {
        if self.general || self.cells || self.bits > 16 {
            return None;
        }
        let hash = if let Some(n) = key.as_fix() {
            // Greater ones wrap around at 2**61 - 1.
            if n.unsigned_abs() >= 1 << 60 || n == -1 {
                return None;
            }
            n
        } else if key.is_exact(Kind::Str) {
            // SAFETY: which was tested.
            match unsafe { key.cast_unchecked::<Str>() }.hash.load(Relaxed) {
                0 => return None,
                h => h as i64,
            }
        } else {
            return None;
        };
        let text = !key.is_fix();
        if self.bits <= 8 {
            self.peek_width::<u8>(key, hash, text)
        } else {
            self.peek_width::<u16>(key, hash, text)
        }
    }
    #[inline(always)]
    fn peek_width<W: Ix>(&self, key: Value, hash: i64, text: bool) -> Option<Value> {
        let mut p = Probe::new(hash, self.bits);
        let (index, entries) = (self.index_ptr(), self.entries());
        loop {
            // SAFETY: the probe stays within the index, whose width the caller has looked at.
            let e = unsafe { W::load(index, p.i) };
            if e == EMPTY {
                return None;
            }
            if e != DUMMY {
                // SAFETY: an entry of the table, here and below.
                let entry = unsafe { entries.add(2 * e as usize) as *const Slot };
                let k = unsafe { (*entry).raw().load(Relaxed) };
                if k == key.bits() {
                    return unsafe { (*entry.add(1)).get() };
                }
                // Another string with the same hash is mostly equal.
                if text && k != 0 && k & 1 == 0 {
                    // SAFETY: keys of a table that is not general are small ints and strings.
                    let (s, key): (Gc<Str>, Gc<Str>) =
                        unsafe { (Value::from_bits(k).cast_unchecked(), key.cast_unchecked()) };
                    if s.hash.load(Relaxed) as i64 == hash {
                        return if s.same_short(&key) { unsafe { (*entry.add(1)).get() } } else { None };
                    }
                }
            }
            p.next();
        }
    }
    /// Looks for any key; compares with `==`. The result is of this table even if it was replaced meanwhile.
    #[inline]
    pub fn find(&self, th: Th, key: Value, hash: i64) -> R<Found> {
        let quick = if let Some(s) = key.exact::<Str>() {
            self.find_str(s)
        } else if key.is_fix() {
            self.find_fix(key)
        } else {
            None
        };
        match quick {
            Some(f) => Ok(f),
            None => self.find_general(th, key, hash),
        }
    }
    #[inline(never)]
    fn find_general(&self, th: Th, key: Value, hash: i64) -> R<Found> {
        let tuple = key.exact::<Tuple>();
        'restart: loop {
            let mut p = Probe::new(hash, self.bits);
            loop {
                let e = self.index(p.i);
                if e == EMPTY {
                    return Ok(Found::No);
                }
                if e != DUMMY
                    && let Some(k) = self.key(e).get()
                {
                    if k.is(key) {
                        return Ok(Found::At(e));
                    }
                    // Of a table that is not general, too: its keys have their hashes, and the entry may be gone by now.
                    if self.hash_of(e, k) == hash {
                        // Most tuples are compared without running Python code.
                        let quick = match (tuple, k.exact::<Tuple>()) {
                            (Some(t), Some(k)) => quick::tuples_equal(k, t),
                            _ => None,
                        };
                        if quick == Some(true) {
                            return Ok(Found::At(e));
                        }
                        let n = self.nentries.load(Relaxed);
                        if quick.is_none() && th.eq(k, key)? {
                            // Gone while it was compared?
                            if self.key(e).get() != Some(k) {
                                continue 'restart;
                            }
                            return Ok(Found::At(e));
                        }
                        if self.nentries.load(Relaxed) != n {
                            continue 'restart;
                        }
                    }
                }
                p.next();
            }
        }
    }
}
