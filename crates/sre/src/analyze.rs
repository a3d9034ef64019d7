//! What each operation can start with, and what follows from it.
//!
//! For every operation: a set of bytes that contains the next byte of any way to succeed from
//! there, and whether it can succeed at the end of the subject. With it
//!
//! * alternatives that cannot match the next byte are not tried, and nothing is left on the
//!   backtrack stack for them;
//! * a greedy repeat whose characters cannot start what follows (`\w+\s`) never goes back: it
//!   becomes possessive; others go back only to places where what follows can start;
//! * a lazy repeat steps over the places where what follows cannot start;
//! * the search skips starts that cannot match (`prefilter.rs`).
//!
//! All this only leaves out attempts that fail, so it cannot change results: failing leaves no
//! trace, except in exact programs, which therefore are left alone.

use crate::charset::{Above, ByteSet, CharTest};
use crate::codes::{MAXREPEAT, at, category};
use crate::ir::*;
use crate::prefilter::{Prefilter, WINDOW};
use crate::subject::Encoding;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct First {
    pub set: ByteSet,
    pub at_end: bool,
}

impl First {
    const NOTHING: First = First { set: ByteSet::EMPTY, at_end: false };
    const ANYTHING: First = First { set: ByteSet::ALL, at_end: true };

    fn of(set: ByteSet) -> First {
        First { set, at_end: false }
    }

    fn or(self, other: First) -> First {
        First { set: self.set.union(other.set), at_end: self.at_end || other.at_end }
    }

    fn and(self, other: First) -> First {
        First { set: self.set.intersect(other.set), at_end: self.at_end && other.at_end }
    }
}

/// Sharpens a freshly lowered program.
pub(crate) fn analyze<E: Encoding>(ir: &mut Ir) {
    let firsts = firsts::<E>(ir);
    ir.prefilter = Prefilter::choose::<E>(ir, &firsts);
    if !ir.exact {
        for pc in 0..ir.ops.len() {
            match ir.ops[pc] {
                Op::Run(index) => run::<E>(ir, index, &firsts[pc + 1], false),
                Op::RunLazy(index) => run::<E>(ir, index, &firsts[pc + 1], true),
                Op::Branch(index) => branch(&mut ir.branches[index as usize], &firsts),
                Op::Split { first, second, .. } => split(ir, pc, first, second, &firsts),
                _ => {}
            }
        }
        ir.leading = leading::<E>(ir, &firsts);
    }
    finish(ir);
    ir.shape = shape(ir);
}

/// Operations that say the same as others, but faster.
fn finish(ir: &mut Ir) {
    for pc in 0..ir.ops.len() {
        let faster = match ir.ops[pc] {
            Op::Assert { back, after } => look(ir, pc, back, after, false),
            Op::AssertNot { back, after } => look(ir, pc, back, after, true),
            _ => None,
        };
        if let Some(op) = faster {
            ir.ops[pc] = op;
        }
    }
    for pc in 0..ir.ops.len() {
        ir.ops[pc] = match ir.ops[pc] {
            Op::Item(Item::Byte(byte)) => Op::Byte(byte),
            Op::Item(Item::Set { mask, table, above }) => Op::Set { mask, table, above },
            Op::Literal { at, len: len @ 0..=8 } => {
                Op::Text { len: len as u8, text: word(ir.literal(at, len)) }
            }
            Op::Jump(to) => match ir.ops[land(ir, to) as usize] {
                // These do not depend on where they stand.
                op @ (Op::Split { .. }
                | Op::Branch(_)
                | Op::RepeatMax(_)
                | Op::RepeatMin(_)
                | Op::PossessiveEnd(_)
                | Op::AtomicEnd { .. }
                | Op::AssertEnd { .. }
                | Op::AssertNotEnd
                | Op::Success
                | Op::Fail) => op,
                _ => Op::Jump(land(ir, to)),
            },
            Op::Split { at_end, first_mask, second_mask, table, first, second } => {
                let (first, second) = (land(ir, first), land(ir, second));
                Op::Split { at_end, first_mask, second_mask, table, first, second }
            }
            op => op,
        };
    }
    for number in 0..ir.branches.len() {
        for way in 0..ir.branches[number].ways.len() {
            let start = land(ir, ir.branches[number].ways[way].pc);
            ir.branches[number].ways[way] = look_at_way(ir, start);
        }
    }
}

/// Up to eight bytes, the first lowest.
fn word(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, &byte| word << 8 | byte as u64)
}

/// A way of an alternation, with the literal that it starts with.
fn look_at_way(ir: &Ir, pc: Pc) -> Way {
    let (text, known, len) = match ir.ops[pc as usize] {
        Op::Byte(byte) => (byte as u64, 1, 1),
        Op::Text { len, text } => (text, len as u32, len as u32),
        // Longer than a word: it is compared once more.
        Op::Literal { at, .. } => (word(ir.literal(at, 8)), 8, 0),
        _ => return Way { pc, text: 0, mask: 0, len: 0 },
    };
    let pc = if len > 0 { land(ir, pc + 1) } else { pc };
    Way { pc, text, mask: u64::MAX >> (64 - 8 * known), len }
}

/// Where one gets to from `pc` by jumps alone. They lead forward.
fn land(ir: &Ir, pc: Pc) -> Pc {
    let mut pc = pc;
    loop {
        match ir.ops[pc as usize] {
            Op::Nop => pc += 1,
            Op::Jump(to) => pc = to,
            _ => return pc,
        }
    }
}

/// An assertion about one item.
fn look(ir: &mut Ir, pc: usize, back: u32, after: Pc, negated: bool) -> Option<Op> {
    let what = match ir.ops[pc + 1] {
        Op::Item(item) => Looked::Item(item),
        Op::Literal { at, len } => Looked::Literal { at, len },
        _ => return None,
    };
    (after as usize == pc + 3).then(|| {
        ir.looks.push(Look { back, what, negated });
        Op::Look(ir.looks.len() as u32 - 1)
    })
}

fn shape(ir: &mut Ir) -> Shape {
    let [op, Op::Success] = ir.ops[..] else { return Shape::General };
    if ir.start.is_some() {
        return Shape::General;
    }
    match op {
        Op::Byte(byte) => {
            // It may have come from a set. `Program::hint` shows the literals.
            ir.literals = vec![byte];
            Shape::Literal(1)
        }
        Op::Text { len, .. } => Shape::Literal(len as usize),
        Op::Literal { len, .. } if len as usize <= WINDOW => Shape::Literal(len as usize),
        Op::Set { mask, table, above } => Shape::Item(Item::Set { mask, table, above }),
        Op::Item(item) => Shape::Item(item),
        Op::Run(index) if ir.loops[index as usize].min > 0 => Shape::Run(index),
        _ => Shape::General,
    }
}

/// Characters to step over after a failed attempt, if the place behind the first of them is as bad.
///
/// Once an attempt at the start of a run of characters has failed, it has tried what follows behind
/// every character of the run, so that later starts in the run have nothing new to offer. Unless
/// what follows knows where the run began. And if a word must start, none starts inside of one.
fn leading<E: Encoding>(ir: &mut Ir, firsts: &[First]) -> Option<Item> {
    if ir.start.is_some() || ir.ops.iter().any(|op| matches!(op, Op::GroupRef { .. })) {
        return None;
    }
    let pc = ir.ops.iter().position(|op| !matches!(op, Op::Nop | Op::Mark(_)))?;
    match ir.ops[pc] {
        Op::Run(index) | Op::RunLazy(index) => {
            let info = &ir.loops[index as usize];
            (info.max == MAXREPEAT).then_some(info.item)
        }
        Op::At(code) => {
            let category = match code as u32 {
                at::BOUNDARY => category::WORD,
                at::UNI_BOUNDARY => category::UNI_WORD,
                _ => return None,
            };
            let next = firsts[pc + 1];
            let mut word = CharTest::Category(category).latin1();
            if E::MULTI {
                word = word.intersect(ByteSet::HIGH.complement());
            }
            if next.at_end || next.set.union(word) != word && !is_word(ir, pc + 1, category) {
                return None;
            }
            word_item::<E>(ir, category)
        }
        _ => None,
    }
}

/// Whether the operation asks for a character of a word.
fn is_word(ir: &Ir, pc: usize, category: u32) -> bool {
    let item = match ir.ops[pc] {
        Op::Item(item) => item,
        Op::Run(index) if ir.loops[index as usize].min > 0 => ir.loops[index as usize].item,
        _ => return false,
    };
    match item {
        Item::Set { above: test @ 0..ABOVE_ALL, .. } => {
            matches!(ir.tests[test as usize], CharTest::Category(number) if number == category)
        }
        _ => false,
    }
}

/// A character of a word.
fn word_item<E: Encoding>(ir: &mut Ir, category: u32) -> Option<Item> {
    let test = CharTest::Category(category);
    let mut set = test.latin1();
    let mut above = ABOVE_NONE;
    if E::MULTI {
        set = set.intersect(ByteSet::HIGH.complement());
        if test.above_ascii() == Above::Some {
            above = ir.tests.len() as u32;
            ir.tests.push(test);
        }
    }
    let (table, mask) = ir.table(set)?;
    Some(Item::Set { mask, table, above })
}

/// The bytes that a character which fits can start with.
pub(crate) fn item_first<E: Encoding>(ir: &Ir, item: Item) -> ByteSet {
    let whole = if E::MULTI { ByteSet::HIGH.complement().union(ByteSet::LEADS) } else { ByteSet::ALL };
    match item {
        Item::Never => ByteSet::EMPTY,
        Item::Byte(byte) => ByteSet::one(byte),
        Item::NotByte(byte) => whole.intersect(ByteSet::one(byte).complement()),
        Item::AnyAll | Item::Test(_) => whole,
        Item::Set { mask, table, above } => {
            let set = ir.set(table, mask).intersect(whole);
            match above {
                ABOVE_NONE | ABOVE_ALL => set,
                test => set.union(ir.tests[test as usize].leads()),
            }
        }
    }
}

fn firsts<E: Encoding>(ir: &Ir) -> Vec<First> {
    let mut firsts = vec![First::ANYTHING; ir.ops.len()];
    // Operations lead forward but for the ends of repeats: with a second round, those see what the
    // first one found. A first round that takes them for "anything" errs on the safe side.
    let rounds =
        1 + ir.ops.iter().any(|op| matches!(op, Op::Split { .. } | Op::RepeatMax(_) | Op::RepeatMin(_)))
            as usize;
    for _ in 0..rounds {
        for pc in (0..ir.ops.len()).rev() {
            firsts[pc] = first_of::<E>(ir, pc, &firsts);
        }
    }
    firsts
}

fn first_of<E: Encoding>(ir: &Ir, pc: usize, firsts: &[First]) -> First {
    let get = |pc: Pc| firsts[pc as usize];
    match ir.ops[pc] {
        Op::Fail => First::NOTHING,
        // What is inside must choose without a look at what follows the group: it cannot go back.
        Op::Success
        | Op::AssertEnd { .. }
        | Op::AssertNotEnd
        | Op::AtomicEnd { .. }
        | Op::PossessiveEnd(_)
        | Op::GroupRef { .. } => First::ANYTHING,
        Op::Nop | Op::Mark(_) | Op::MarkExact(_) | Op::Save { .. } | Op::Atomic { .. } => firsts[pc + 1],
        Op::Item(item) => First::of(item_first::<E>(ir, item)),
        Op::Literal { at, .. } => First::of(ByteSet::one(ir.literals[at as usize])),
        Op::At(code) => {
            let here = match code as u32 {
                at::END | at::END_LINE => First { set: ByteSet::one(b'\n'), at_end: true },
                at::END_STRING => First { set: ByteSet::EMPTY, at_end: true },
                _ => First::ANYTHING,
            };
            here.and(firsts[pc + 1])
        }
        Op::Jump(to) => get(to),
        Op::Branch(index) => {
            ir.branches[index as usize].ways.iter().fold(First::NOTHING, |all, way| all.or(get(way.pc)))
        }
        Op::Split { first, second, .. } => get(first).or(get(second)),
        Op::Run(index) | Op::RunLazy(index) => {
            let info = &ir.loops[index as usize];
            let own = First::of(item_first::<E>(ir, info.item));
            if info.min > 0 { own } else { own.or(firsts[pc + 1]) }
        }
        Op::RepeatEnter(index) | Op::PossessiveEnter(index) => {
            let info = &ir.repeats[index as usize];
            if info.min > 0 { get(info.body) } else { get(info.body).or(get(info.tail)) }
        }
        Op::RepeatMax(index) | Op::RepeatMin(index) => {
            let info = &ir.repeats[index as usize];
            get(info.body).or(get(info.tail))
        }
        Op::Assert { back, after } => {
            let ahead = if back == 0 { firsts[pc + 1] } else { First::ANYTHING };
            ahead.and(get(after))
        }
        Op::AssertNot { after, .. } => get(after),
        Op::GroupExists { no, .. } => firsts[pc + 1].or(get(no)),
        Op::Byte(_) | Op::Text { .. } | Op::Set { .. } | Op::Look(_) => {
            unreachable!("made at the end")
        }
    }
}

/// A repeat of one character, before `next`.
fn run<E: Encoding>(ir: &mut Ir, index: u32, next: &First, lazy: bool) {
    let Loop { item, max, possessive, .. } = ir.loops[index as usize];
    if possessive {
        return;
    }
    let own = item_first::<E>(ir, item);
    if !lazy && own.intersect(next.set).is_empty() {
        ir.loops[index as usize].possessive = true;
        return;
    }
    let mut set = next.set;
    if E::MULTI {
        // Places inside of a character are no places.
        set = set.intersect(ByteSet::HIGH.complement().union(ByteSet::LEADS));
    }
    let covers_all = own.intersect(set) == own && next.at_end;
    if (covers_all && !lazy) || next.set == ByteSet::ALL {
        return;
    }
    ir.loops[index as usize].filter = match (set.len(), next.at_end, set.iter().next()) {
        (1, false, Some(byte)) => Filter::Byte(byte),
        _ => match ir.table(set) {
            Some((table, mask)) => Filter::Set { table, mask, at_end: next.at_end },
            None => Filter::None,
        },
    };
    if lazy && max == MAXREPEAT {
        ir.loops[index as usize].skip = skip::<E>(ir, item, set);
    }
}

/// A set of the bytes at which an unlimited lazy repeat has to look closer.
fn skip<E: Encoding>(ir: &mut Ir, item: Item, next: ByteSet) -> Option<(u16, u8)> {
    let passes = match item {
        Item::Set { mask, table, above } => match above {
            // The bytes of such characters pass one by one.
            ABOVE_ALL => ir.set(table, mask),
            _ if E::MULTI => ir.set(table, mask).intersect(ByteSet::HIGH.complement()),
            _ => ir.set(table, mask),
        },
        Item::NotByte(byte) => ByteSet::one(byte).complement(),
        Item::AnyAll => ByteSet::ALL,
        Item::Byte(byte) => ByteSet::one(byte),
        Item::Never | Item::Test(_) => return None,
    };
    ir.table(passes.complement().union(next))
}

fn branch(branch: &mut Branch, firsts: &[First]) {
    let ways: Vec<First> = branch.ways.iter().map(|way| firsts[way.pc as usize]).collect();
    let mut masks = [0usize; 256];
    branch.viable_at_end = 0;
    for (number, way) in ways.iter().enumerate() {
        for byte in way.set.iter() {
            masks[byte as usize] |= 1 << number;
        }
        branch.viable_at_end |= (way.at_end as usize) << number;
    }
    branch.viable.clear();
    let mut last = (usize::MAX, 0);
    for (byte, &mask) in masks.iter().enumerate() {
        if byte == 0 || mask != last.0 {
            let known = branch.viable.iter().position(|&viable| viable == mask);
            last = (mask, known.unwrap_or(branch.viable.len()) as u8);
            if known.is_none() {
                branch.viable.push(mask);
            }
        }
        branch.kinds[byte] = last.1;
    }
    if ways.len() <= 8 {
        branch.direct = true;
        for (kind, mask) in branch.kinds.iter_mut().zip(masks) {
            *kind = mask as u8;
        }
    }
}

fn split(ir: &mut Ir, pc: usize, first: Pc, second: Pc, firsts: &[First]) {
    let (one, two) = (firsts[first as usize], firsts[second as usize]);
    if let Some((table, first_mask, second_mask)) = ir.table_pair(one.set, two.set) {
        let at_end = one.at_end as u8 | (two.at_end as u8) << 1 | sure(ir, pc, second);
        ir.ops[pc] = Op::Split { at_end, first_mask, second_mask, table, first, second };
    } else {
        // Too many sets: the same without looking ahead.
        ir.ops[pc] = Op::Branch(ir.branches.len() as u32);
        ir.branches.push(Branch::new(vec![first, second]));
    }
}

/// Whether the second way of a split just ends what is around it.
fn sure(ir: &Ir, pc: usize, second: Pc) -> u8 {
    match ir.ops[second as usize] {
        Op::Success => SURE_END,
        Op::AssertEnd { marks: false } | Op::AtomicEnd { marks: false, .. } if pc < second as usize => SURE,
        _ => 0,
    }
}
