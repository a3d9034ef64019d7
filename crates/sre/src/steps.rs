//! Pieces of the engine that look at the subject only: characters, runs of them, places, groups.

use crate::charset::Fold;
use crate::codes::{MAXREPEAT, at};
use crate::ir::*;
use crate::subject::{Encoding, find_byte};
use crate::unicode::{Locale, ascii_is_word, unicode_is_word};

/// `count` characters before `ptr`, if there are so many.
pub(crate) fn step_back<E: Encoding>(s: &[u8], ptr: usize, count: u32) -> Option<usize> {
    let count = count as usize;
    if count > ptr {
        return None;
    }
    if !E::MULTI {
        return Some(ptr - count);
    }
    let mut place = ptr;
    for _ in 0..count {
        if place == 0 {
            return None;
        }
        place = E::before(s, place);
    }
    Some(place)
}

/// Whether `text` stands at `ptr`. Texts are short and mostly differ early on: not worth a call.
#[inline(always)]
pub(crate) fn has_text(s: &[u8], ptr: usize, text: &[u8]) -> bool {
    let Some(here) = s.get(ptr..ptr + text.len()) else { return false };
    here.iter().zip(text).all(|(one, two)| one == two)
}

/// The same for up to eight bytes in a word.
#[inline(always)]
pub(crate) fn has_short_text(s: &[u8], ptr: usize, len: u8, text: u64) -> bool {
    match s.get(ptr..).and_then(|rest| rest.first_chunk()) {
        Some(&here) => (u64::from_le_bytes(here) ^ text) << (64 - 8 * len as u32) == 0,
        None => (0..len as usize).all(|i| s.get(ptr + i) == Some(&((text >> (8 * i)) as u8))),
    }
}

/// The first of the viable ways of an alternation that the literals allow, and the ways left.
#[inline(always)]
pub(crate) fn choose<'a>(
    branch: &'a Branch,
    s: &[u8],
    ptr: usize,
    viable: usize,
) -> Option<(&'a Way, usize)> {
    let here = s.get(ptr..).and_then(|rest| rest.first_chunk());
    let mut viable = viable;
    while viable != 0 {
        let mut number = 0;
        if branch.direct {
            // With few ways, a predicted loop lets the processor run ahead of the table.
            while viable >> number & 1 == 0 {
                number += 1;
            }
        } else {
            number = viable.trailing_zeros() as usize;
        }
        let way = &branch.ways[number];
        viable &= viable - 1;
        let fits = match here {
            Some(&here) => (u64::from_le_bytes(here) ^ way.text) & way.mask == 0,
            None => fits_near_end(way, s, ptr),
        };
        if fits {
            return Some((way, viable));
        }
    }
    None
}

#[cold]
fn fits_near_end(way: &Way, s: &[u8], ptr: usize) -> bool {
    let len = way.mask.count_ones() as u8 / 8;
    len == 0 || has_short_text(s, ptr, len, way.text)
}

/// A program and a subject: what can be asked without matching.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub ir: &'a Ir,
    /// Ends where the subject does for this call.
    pub s: &'a [u8],
    pub locale: &'a Locale,
}

impl View<'_> {
    /// The position behind the character at `ptr`, if it fits.
    #[inline(always)]
    pub fn step<E: Encoding>(&self, item: Item, ptr: usize) -> Option<usize> {
        let &byte = self.s.get(ptr)?;
        match item {
            Item::Byte(wanted) => (byte == wanted).then_some(ptr + 1),
            Item::NotByte(unwanted) => (byte != unwanted).then(|| ptr + E::len(byte)),
            Item::AnyAll => Some(ptr + E::len(byte)),
            Item::Set { mask, table, above } => {
                if self.ir.tables[table as usize][byte as usize] & mask != 0 {
                    return Some(ptr + E::len(byte));
                }
                if !E::MULTI || byte < 0x80 || above >= ABOVE_ALL {
                    return None;
                }
                self.ask::<E>(above, ptr)
            }
            Item::Test(test) => self.ask::<E>(test, ptr),
            Item::Never => None,
        }
    }

    #[inline(never)]
    pub fn ask<E: Encoding>(&self, test: u32, ptr: usize) -> Option<usize> {
        let (ch, len) = E::decode(self.s, ptr);
        self.ir.tests[test as usize].eval(ch, self.locale).then_some(ptr + len)
    }

    #[inline(always)]
    pub fn step_times<E: Encoding>(&self, item: Item, ptr: usize, count: u32) -> Option<usize> {
        let mut ptr = ptr;
        for _ in 0..count {
            ptr = self.step::<E>(item, ptr)?;
        }
        Some(ptr)
    }

    /// A greedy run: where the least number of characters ends and where the most do.
    #[inline(always)]
    pub fn run_greedy<E: Encoding>(&self, info: &Loop, ptr: usize) -> Option<(usize, usize)> {
        let low = self.step_times::<E>(info.item, ptr, info.min)?;
        let high = if info.max == MAXREPEAT {
            self.scan::<E>(info.item, low, self.s.len())
        } else if !E::MULTI {
            let most = (info.max - info.min) as usize;
            self.scan::<E>(info.item, low, self.s.len().min(low.saturating_add(most)))
        } else {
            let mut high = low;
            for _ in info.min..info.max {
                let Some(after) = self.step::<E>(info.item, high) else { break };
                high = after;
            }
            high
        };
        Some((low, high))
    }

    /// The end of the run of fitting characters from `ptr`, at most `end`.
    #[inline(always)]
    pub fn scan<E: Encoding>(&self, item: Item, ptr: usize, end: usize) -> usize {
        let s = &self.s[..end];
        let mut ptr = ptr;
        match item {
            Item::Set { mask, table, above } => {
                let table = &self.ir.tables[table as usize];
                loop {
                    while ptr < s.len() && table[s[ptr] as usize] & mask != 0 {
                        ptr += 1;
                    }
                    if !E::MULTI || ptr >= s.len() || s[ptr] < 0x80 || above >= ABOVE_ALL {
                        return ptr;
                    }
                    let Some(after) = self.ask::<E>(above, ptr) else { return ptr };
                    ptr = after;
                }
            }
            Item::NotByte(byte) => find_byte(s, ptr, byte),
            Item::AnyAll => s.len(),
            Item::Byte(byte) => {
                while ptr < s.len() && s[ptr] == byte {
                    ptr += 1;
                }
                ptr
            }
            Item::Test(test) => {
                while ptr < s.len()
                    && let Some(after) = self.ask::<E>(test, ptr)
                {
                    ptr = after;
                }
                ptr
            }
            Item::Never => ptr,
        }
    }

    /// Whether what follows a repeat can match at `ptr`.
    #[inline(always)]
    fn passes(&self, filter: Filter, ptr: usize) -> bool {
        match filter {
            Filter::None => true,
            Filter::Byte(byte) => self.s.get(ptr) == Some(&byte),
            Filter::Set { table, mask, at_end } => match self.s.get(ptr) {
                Some(&byte) => self.ir.tables[table as usize][byte as usize] & mask != 0,
                None => at_end,
            },
        }
    }

    /// The last place from `high` down to `low` where it can go on.
    #[inline(always)]
    pub fn back_off<E: Encoding>(&self, info: &Loop, low: usize, high: usize) -> Option<usize> {
        let mut place = high;
        loop {
            if self.passes(info.filter, place) {
                return Some(place);
            }
            if place <= low {
                return None;
            }
            place = E::before(self.s, place);
        }
    }

    /// From `ptr`, with `count` characters taken: the first place where it can go on.
    #[inline(always)]
    pub fn run_lazy<E: Encoding>(&self, info: &Loop, ptr: usize, count: usize) -> Option<(usize, usize)> {
        let (mut ptr, mut count) = (ptr, count);
        loop {
            if let Some((table, mask)) = info.skip {
                let table = &self.ir.tables[table as usize];
                while ptr < self.s.len() && table[self.s[ptr] as usize] & mask == 0 {
                    ptr += 1;
                }
            }
            if self.passes(info.filter, ptr) {
                return Some((ptr, count));
            }
            if info.max != MAXREPEAT && count >= info.max as usize {
                return None;
            }
            ptr = self.step::<E>(info.item, ptr)?;
            count += 1;
        }
    }

    /// The end of what equals the group.
    #[inline(always)]
    pub fn group_ref<E: Encoding>(
        &self,
        (start, end): (usize, usize),
        fold: Fold,
        ptr: usize,
    ) -> Option<usize> {
        let s = self.s;
        if fold == Fold::None {
            let text = &s[start..end];
            return has_text(s, ptr, text).then(|| ptr + text.len());
        }
        self.same_folded::<E>((start, end), fold, ptr)
    }

    fn same_folded<E: Encoding>(
        &self,
        (start, end): (usize, usize),
        fold: Fold,
        ptr: usize,
    ) -> Option<usize> {
        let s = self.s;
        let (mut from, mut ptr) = (start, ptr);
        while from < end {
            if ptr >= s.len() {
                return None;
            }
            let (one, one_len) = E::decode(s, from);
            let (two, two_len) = E::decode(s, ptr);
            if fold.lower(one, self.locale) != fold.lower(two, self.locale) {
                return None;
            }
            from += one_len;
            ptr += two_len;
        }
        Some(ptr)
    }

    #[inline(always)]
    pub fn at<E: Encoding>(&self, code: u32, ptr: usize) -> bool {
        let s = self.s;
        match code {
            at::BEGINNING | at::BEGINNING_STRING => ptr == 0,
            at::BEGINNING_LINE => ptr == 0 || s[ptr - 1] == b'\n',
            at::END => ptr == s.len() || (ptr + 1 == s.len() && s[ptr] == b'\n'),
            at::END_LINE => ptr == s.len() || s[ptr] == b'\n',
            at::END_STRING => ptr == s.len(),
            at::BOUNDARY => self.boundary::<E>(ptr, ascii_is_word),
            at::NON_BOUNDARY => !self.boundary::<E>(ptr, ascii_is_word),
            at::LOC_BOUNDARY => self.boundary::<E>(ptr, |ch| self.locale.is_word(ch)),
            at::LOC_NON_BOUNDARY => !self.boundary::<E>(ptr, |ch| self.locale.is_word(ch)),
            at::UNI_BOUNDARY => self.boundary::<E>(ptr, unicode_is_word),
            _ => !self.boundary::<E>(ptr, unicode_is_word),
        }
    }

    /// Exactly one of the two characters around `ptr` is of a word.
    #[inline]
    fn boundary<E: Encoding>(&self, ptr: usize, is_word: impl Fn(u32) -> bool) -> bool {
        let word_at = |place: usize| is_word(E::decode(self.s, place).0);
        let before = ptr > 0 && word_at(E::before(self.s, ptr));
        let after = ptr < self.s.len() && word_at(ptr);
        before != after
    }
}
