//! The table of interned strings: one object for each text, so that names are compared by address.
//!
//! # Invariants
//! - Interned strings are old from birth: they never move.
//! - The table does not keep them alive. What compares addresses of names (code objects, dicts, the caches of types)
//!   refers to the strings in memory that the collector traces; shapes are traced with their type, the VM's own names
//!   are roots. A full collection takes those it did not reach out of the table, so of two live interned strings with one
//!   text there is never more than one.
//! - Nothing is allocated while the table is locked: a collection looks at it. Who found a string there has it on its
//!   native stack before the lock is free, and before the next safepoint.

use crate::builtins::str_::{INTERNED, hash_bytes, new_interned};
use crate::object::Str;
use crate::sync;
use crate::thread::Th;
use crate::value::*;

/// Cells of an empty table.
const LEAST: usize = 4096;

static TABLE: sync::Table<Table> = sync::Table::new(Table { cells: Vec::new(), used: 0 });

struct Table {
    /// Addresses, with the top bits of the hash where addresses have none ([`TAG`]): strings that are not looked for are
    /// mostly passed over without being read. Open addressing with a power of two of cells, 0: empty. At most half of
    /// them are used.
    cells: Vec<u64>,
    used: usize,
}

const TAG: u64 = 0xffff << 48;

/// The string in a cell.
fn at(cell: u64) -> Gc<Str> {
    unsafe { Value::from_bits(cell & !TAG).cast_unchecked() }
}
fn cell(s: Gc<Str>) -> u64 {
    debug_assert_eq!(s.value().bits() & TAG, 0);
    s.value().bits() | s.hash() as u64 & TAG
}

impl Table {
    /// The string, or the cell where it belongs.
    fn find(&self, hash: usize, b: &[u8]) -> Result<Value, usize> {
        let mask = self.cells.len().wrapping_sub(1);
        let mut i = hash & mask;
        while let Some(&c) = self.cells.get(i)
            && c != 0
        {
            if (c ^ hash as u64) & TAG == 0 {
                let s = at(c);
                if s.hash() as usize == hash && s.bytes() == b {
                    return Ok(s.value());
                }
            }
            i = (i + 1) & mask;
        }
        Err(i)
    }
    /// Reads what looking for texts with these hashes will read first: the processor waits for memory once, not for each.
    fn touch(&self, hashes: &[usize]) {
        let mask = self.cells.len().wrapping_sub(1);
        let home = |h: &usize| self.cells.get(h & mask).copied().unwrap_or(0);
        std::hint::black_box(hashes.iter().fold(0, |all, h| all ^ home(h)));
        let likely =
            hashes.iter().map(|h| (home(h), *h as u64)).filter(|(c, h)| *c != 0 && (c ^ h) & TAG == 0);
        std::hint::black_box(likely.fold(0, |all, (c, _)| all ^ at(c).hash()));
    }
    fn resize(&mut self, n: usize) {
        let mut cells = Vec::new();
        adder_text::room::reserve(&mut cells, n);
        cells.resize(n, 0);
        let old = std::mem::replace(&mut self.cells, cells);
        for c in old.into_iter().filter(|c| *c != 0) {
            let mut i = at(c).hash() as usize & (n - 1);
            while self.cells[i] != 0 {
                i = (i + 1) & (n - 1);
            }
            self.cells[i] = c;
        }
    }
    /// Empties cell `i`: what would not be found any more moves up.
    fn remove(&mut self, mut i: usize) {
        let mask = self.cells.len() - 1;
        let mut j = i;
        loop {
            j = (j + 1) & mask;
            let c = self.cells[j];
            if c == 0 {
                break;
            }
            // How far it lies from where it belongs, and how far the hole is from it.
            let home = at(c).hash() as usize & mask;
            if j.wrapping_sub(home) & mask >= j.wrapping_sub(i) & mask {
                self.cells[i] = c;
                i = j;
            }
        }
        self.cells[i] = 0;
        self.used -= 1;
    }
}

/// How many strings are interned.
pub fn count() -> usize {
    TABLE.with(|t| t.used)
}

/// At the end of a full collection, with all memory still as it was: strings that were not reached leave the table.
///
/// # Safety
/// To be called by the collector with the world stopped.
pub unsafe fn sweep(tracer: &adder_heap::Tracer) {
    TABLE.with(|t| sweep_table(t, tracer))
}
fn sweep_table(t: &mut Table, tracer: &adder_heap::Tracer) {
    let live = |c: u64| tracer.reached(c & !TAG); // An empty cell is no reference.
    const PART: usize = 16;
    for part in (0..t.cells.len()).step_by(PART) {
        if t.cells[part..part + PART].iter().fold(true, |all, c| all & live(*c)) {
            continue;
        }
        for i in part..part + PART {
            // Another string may have moved here.
            while !live(t.cells[i]) {
                t.remove(i);
            }
        }
    }
    let n = (t.used * 4).next_power_of_two().max(LEAST);
    if n * 2 < t.cells.len() {
        t.resize(n);
    }
}

impl Th {
    /// Interned string of these bytes (valid WTF-8).
    pub fn intern_bytes(self, b: &[u8]) -> Value {
        let h = hash_bytes(b) as usize;
        if let Ok(s) = TABLE.look(self, |t| t.find(h, b)) {
            return s;
        }
        let s = new_interned(self, b);
        TABLE.with(|t| {
            if t.used * 2 >= t.cells.len() {
                let n = (t.cells.len() * 2).max(LEAST);
                t.resize(n);
            }
            match t.find(h, b) {
                // Another thread was faster.
                Ok(other) => other,
                Err(i) => {
                    t.cells[i] = cell(s);
                    t.used += 1;
                    s.value()
                }
            }
        })
    }
    /// `f` of the interned string of each of the texts, as of [`Self::intern_bytes`].
    pub fn intern_each<'a, E>(
        self,
        mut texts: impl Iterator<Item = &'a [u8]>,
        mut f: impl FnMut(Value) -> Result<(), E>,
    ) -> Result<(), E> {
        // Most functions have no more names.
        const AT_ONCE: usize = 8;
        loop {
            let (mut part, mut hashes, mut n) = ([&b""[..]; AT_ONCE], [0; AT_ONCE], 0);
            for b in texts.by_ref().take(AT_ONCE) {
                (part[n], hashes[n]) = (b, hash_bytes(b) as usize);
                n += 1;
            }
            if n == 0 {
                return Ok(());
            }
            // On the native stack, where the collector sees them.
            let mut found = [None; AT_ONCE];
            TABLE.look(self, |t| {
                t.touch(&hashes[..n]);
                for ((s, h), b) in found.iter_mut().zip(hashes).zip(part).take(n) {
                    *s = t.find(h, b).ok();
                }
            });
            for (s, b) in found.into_iter().zip(part).take(n) {
                f(s.unwrap_or_else(|| self.intern_bytes(b)))?;
            }
        }
    }
    /// The interned string of these bytes, which have this hash, if there is one.
    pub fn interned(self, b: &[u8], hash: i64) -> Option<Value> {
        TABLE.look(self, |t| t.find(hash as usize, b).ok())
    }
    pub fn intern(self, s: &str) -> Value {
        self.intern_bytes(s.as_bytes())
    }
    /// The interned string equal to an exact str.
    #[inline]
    pub fn intern_value(self, s: Gc<Str>) -> Value {
        if s.flag(INTERNED) { s.value() } else { self.intern_bytes(s.bytes()) }
    }
}
