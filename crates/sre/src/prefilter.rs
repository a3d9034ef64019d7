//! Where a match can start: skips through the subject to the next place worth a try.
//!
//! From the program comes a list of sets: what the first bytes of any match are. The way to search
//! for it is chosen by how rare those bytes are in ordinary text.

use memchr::memmem::Finder;
use memchr::{memchr, memchr2, memchr3};

use crate::analyze::{First, item_first};
use crate::charset::ByteSet;
use crate::codes::at;
use crate::ir::*;
use crate::subject::Encoding;

/// Bytes looked at from the start of a match.
pub(crate) const WINDOW: usize = 16;
/// Bytes in the window of `Prefilter::Shift`: bits of a byte.
const SHIFTS: usize = 8;

pub(crate) enum Prefilter {
    /// Any place.
    None,
    /// The start of the subject only.
    Start,
    /// The start of a line.
    Line,
    /// A match starts with this text.
    Text(Box<Finder<'static>>),
    /// A match has one of up to three bytes at this distance from its start.
    Bytes { at: usize, bytes: [u8; 3], count: u8, window: Window },
    /// The first bytes all fit, found by shifting bits along.
    Shift { len: usize, table: Box<[u8; 256]> },
    /// The first byte is a member.
    Set(Box<[bool; 256]>),
    /// The first character is such, which shows in its first byte or must be asked.
    Item(Item, Box<[bool; 256]>),
}

/// The sets for the bytes around the one searched for.
pub(crate) struct Window {
    len: usize,
    /// Bit `i % 8` of table `i / 8`: the byte may be at distance `i`.
    tables: Box<[[u8; 256]]>,
}

impl Window {
    fn new(sets: &[ByteSet]) -> Window {
        let mut tables = vec![[0u8; 256]; sets.len().div_ceil(8)].into_boxed_slice();
        for (i, set) in sets.iter().enumerate() {
            for byte in set.iter() {
                tables[i / 8][byte as usize] |= 1 << (i % 8);
            }
        }
        Window { len: sets.len(), tables }
    }

    fn fits(&self, s: &[u8]) -> bool {
        s.len() >= self.len && (0..self.len).all(|i| self.tables[i / 8][s[i] as usize] >> (i % 8) & 1 != 0)
    }
}

impl Prefilter {
    pub fn choose<E: Encoding>(ir: &Ir, firsts: &[First]) -> Prefilter {
        match leading_position(ir) {
            Some(at::BEGINNING | at::BEGINNING_STRING) => return Prefilter::Start,
            Some(at::BEGINNING_LINE) => return Prefilter::Line,
            _ => {}
        }
        let mut sequence = Sequence { ir, firsts, fuel: 256 };
        let mut sets = sequence.from::<E>(0, WINDOW, 0);
        // A set that nearly everything is in helps nobody.
        while sets.last().is_some_and(|set| set.len() > 200) {
            sets.pop();
        }
        let Some(&first) = sets.first() else { return Prefilter::None };
        let fixed = sets.iter().take_while(|set| set.len() == 1).count();
        if fixed >= 2 {
            let text: Vec<u8> = sets[..fixed].iter().filter_map(|set| set.iter().next()).collect();
            return Prefilter::Text(Box::new(Finder::new(&text).into_owned()));
        }
        let rarest = (0..sets.len())
            .filter(|&at| (1..=3).contains(&sets[at].len()))
            .min_by_key(|&at| commonness(&sets[at]));
        if let Some(at) = rarest
            && (sets.len() == 1 || commonness(&sets[at]) <= RARE)
        {
            let mut bytes = [0; 3];
            for (place, byte) in bytes.iter_mut().zip(sets[at].iter()) {
                *place = byte;
            }
            let count = sets[at].len() as u8;
            return Prefilter::Bytes { at, bytes, count, window: Window::new(&sets) };
        }
        if sets.len() >= 2 {
            sets.truncate(SHIFTS);
            // A tail of wide sets costs nothing but says nothing.
            let mut table = Box::new([0; 256]);
            for (i, set) in sets.iter().enumerate() {
                for byte in set.iter() {
                    table[byte as usize] |= 1 << i;
                }
            }
            return Prefilter::Shift { len: sets.len(), table };
        }
        let table = Box::new(std::array::from_fn(|byte| first.contains(byte as u8)));
        if E::MULTI
            && sets.len() == 1
            && let Some(item @ Item::Set { above: 0..ABOVE_ALL, .. }) = leading_item(ir)
        {
            return Prefilter::Item(item, table);
        }
        Prefilter::Set(table)
    }

    /// The first place from `from` on where a match can start; for the ways that need not be inlined.
    pub fn find(&self, s: &[u8], from: usize) -> Option<usize> {
        match self {
            Prefilter::Start => (from == 0).then_some(0),
            Prefilter::Line if from == 0 || s[from - 1] == b'\n' => Some(from),
            Prefilter::Line => memchr(b'\n', &s[from..]).map(|found| from + found + 1),
            Prefilter::Text(finder) => finder.find(&s[from..]).map(|found| from + found),
            Prefilter::Bytes { at, bytes, count, window } => {
                let mut from = from;
                loop {
                    let rest = s.get(from + at..)?;
                    from += match count {
                        1 => memchr(bytes[0], rest),
                        2 => memchr2(bytes[0], bytes[1], rest),
                        _ => memchr3(bytes[0], bytes[1], bytes[2], rest),
                    }?;
                    if window.len == 1 || window.fits(&s[from..]) {
                        return Some(from);
                    }
                    from += 1;
                }
            }
            Prefilter::Shift { len, table } => {
                let last = 1u8 << (len - 1);
                let mut bits = 0u8;
                for (i, &byte) in s[from..].iter().enumerate() {
                    bits = (bits << 1 | 1) & table[byte as usize];
                    if bits & last != 0 {
                        return Some(from + i + 1 - len);
                    }
                }
                None
            }
            Prefilter::None | Prefilter::Set(_) | Prefilter::Item(..) => {
                unreachable!("done by View::find")
            }
        }
    }
}

/// The position that the program asks for before all else.
fn leading_position(ir: &Ir) -> Option<u32> {
    for op in &ir.ops {
        match op {
            Op::Nop | Op::Mark(_) | Op::MarkExact(_) | Op::Save { .. } => {}
            Op::At(code) => return Some(*code as u32),
            _ => return None,
        }
    }
    None
}

/// The item that every match starts with.
fn leading_item(ir: &Ir) -> Option<Item> {
    let plain = |op: &&Op| !matches!(op, Op::Nop | Op::Mark(_) | Op::MarkExact(_) | Op::At(_));
    match *ir.ops.iter().find(plain)? {
        Op::Item(item) => Some(item),
        Op::Run(index) | Op::RunLazy(index) if ir.loops[index as usize].min > 0 => {
            Some(ir.loops[index as usize].item)
        }
        _ => None,
    }
}

/// Up to here a byte is rare enough that stopping at each costs less than looking at all.
const RARE: u32 = 40;

/// How often the bytes of a set turn up in text and source code, roughly, per thousand.
fn commonness(set: &ByteSet) -> u32 {
    set.iter()
        .map(|byte| match byte {
            b' ' => 150,
            b'e' | b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' => 60,
            b'h' | b'l' | b'd' | b'c' | b'u' | b'm' | b'p' | b'f' => 30,
            b'a'..=b'z' => 15,
            b'\n' => 30,
            b'0'..=b'9' | b'.' | b',' | b'-' | b'_' | b'(' | b')' => 13,
            0x80..=0xBF => 15,
            0xC0..=0xFF => 200,
            _ => 5,
        })
        .sum()
}

/// Finds what the first bytes of a match can be.
struct Sequence<'a> {
    ir: &'a Ir,
    firsts: &'a [First],
    /// Operations left to look at: alternatives multiply.
    fuel: u32,
}

impl Sequence<'_> {
    /// Sets for the bytes from `pc` on; every match has at least as many bytes.
    fn from<E: Encoding>(&mut self, pc: Pc, most: usize, depth: u32) -> Vec<ByteSet> {
        let ir = self.ir;
        let mut sets = Vec::new();
        let mut pc = pc as usize;
        while sets.len() < most && self.fuel > 0 {
            self.fuel -= 1;
            match ir.ops[pc] {
                Op::Nop
                | Op::Mark(_)
                | Op::MarkExact(_)
                | Op::Save { .. }
                | Op::At(_)
                | Op::Atomic { .. }
                | Op::AtomicEnd { early: false, .. } => pc += 1,
                Op::Jump(to) => pc = to as usize,
                Op::Assert { after, .. } | Op::AssertNot { after, .. } => pc = after as usize,
                Op::Literal { at, len } => {
                    sets.extend(ir.literal(at, len).iter().map(|&byte| ByteSet::one(byte)));
                    pc += 1;
                }
                Op::Item(item) => {
                    if !self.character::<E>(item, &mut sets) {
                        break;
                    }
                    pc += 1;
                }
                Op::Run(index) | Op::RunLazy(index) => {
                    let info = &ir.loops[index as usize];
                    let own = item_first::<E>(ir, info.item);
                    let after = &self.firsts[pc + 1];
                    let times = (info.min as usize).min(most - sets.len());
                    if multi::<E>(own) {
                        if times > 0 {
                            self.character::<E>(info.item, &mut sets);
                        } else if !after.at_end {
                            sets.push(own.union(after.set));
                        }
                        break;
                    }
                    sets.extend(std::iter::repeat_n(own, times));
                    if info.min != info.max {
                        if !after.at_end {
                            sets.push(own.union(after.set));
                        }
                        break;
                    }
                    pc += 1;
                }
                Op::RepeatEnter(index) | Op::PossessiveEnter(index) if ir.repeats[index as usize].min > 0 => {
                    pc = ir.repeats[index as usize].body as usize;
                }
                Op::Branch(index) if depth < 4 => {
                    let ways = &ir.branches[index as usize].ways;
                    let ways: Vec<Pc> = ways.iter().map(|way| way.pc).collect();
                    sets.extend(self.either::<E>(&ways, most - sets.len(), depth));
                    break;
                }
                Op::Split { first, second, .. } if depth < 4 => {
                    let ways = [first, second];
                    sets.extend(self.either::<E>(&ways, most - sets.len(), depth));
                    break;
                }
                Op::GroupExists { no, .. } if depth < 4 => {
                    let ways = [pc as Pc + 1, no];
                    sets.extend(self.either::<E>(&ways, most - sets.len(), depth));
                    break;
                }
                _ => {
                    let first = &self.firsts[pc];
                    if !first.at_end {
                        sets.push(first.set);
                    }
                    break;
                }
            }
        }
        sets.truncate(most);
        sets
    }

    /// The bytes of one character. False if it is not known how many there are.
    fn character<E: Encoding>(&self, item: Item, sets: &mut Vec<ByteSet>) -> bool {
        let set = item_first::<E>(self.ir, item);
        if !multi::<E>(set) {
            sets.push(set);
            return true;
        }
        if let Item::Set { above, .. } = item
            && let Some(test) = self.ir.tests.get(above as usize)
            && let Some(members) = test.members()
        {
            let texts: Vec<Vec<u8>> = members
                .iter()
                .map(|&ch| {
                    let mut text = Vec::new();
                    E::encode(ch, &mut text);
                    text
                })
                .collect();
            // As far as the shortest goes, each byte is one of theirs.
            let least = texts.iter().map(Vec::len).min().unwrap_or(0);
            if least > 0 {
                sets.extend((0..least).map(|at| {
                    let mut set = ByteSet::EMPTY;
                    texts.iter().for_each(|text| set.insert(text[at]));
                    set
                }));
                return texts.iter().all(|text| text.len() == least);
            }
        }
        sets.push(set);
        false
    }

    fn either<E: Encoding>(&mut self, ways: &[Pc], most: usize, depth: u32) -> Vec<ByteSet> {
        let mut all: Option<Vec<ByteSet>> = None;
        for &way in ways {
            let sets = self.from::<E>(way, most, depth + 1);
            all = Some(match all {
                None => sets,
                Some(all) => all.iter().zip(&sets).map(|(one, two)| one.union(*two)).collect(),
            });
        }
        all.unwrap_or_default()
    }
}

/// A character of this set may have more than one byte.
fn multi<E: Encoding>(set: ByteSet) -> bool {
    E::MULTI && !set.intersect(ByteSet::HIGH).is_empty()
}
