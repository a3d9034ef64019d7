//! From codes to operations (`ir.rs`): one walk over valid codes, without recursion.
//!
//! Two ways to keep groups right when the engine goes back:
//!
//! * Usually every mark that is set leaves the old value on the backtrack stack. This *restores all
//!   marks*, which is what CPython amounts to for any program its compiler writes, apart from:
//! * programs in which one can look at a group that is still open, `((a)x*(?(1)b|c))`, or whose
//!   marks are not in the usual order. There CPython restores only `lastmark` outside of repeats,
//!   and stale marks can be seen. For these (`Facts::exact`) every choice is followed by `Save`
//!   operations in the places where CPython saves, and nothing is optimised.

use std::marker::PhantomData;

use crate::charset::{Above, ByteSet, CharTest, Fold, SetItem, next_item};
use crate::codes::{INFO_CHARSET, MAXREPEAT, op};
use crate::ir::*;
use crate::subject::Encoding;
use crate::validate::Facts;

/// Translates codes that `validate` has accepted.
pub(crate) fn lower<E: Encoding>(codes: &[u32], facts: &Facts) -> Ir {
    let mut l = Lower::<E> {
        codes,
        at: 0,
        ir: Ir::new(facts.exact),
        exact: facts.exact,
        regions: vec![Region { end: codes.len() - 1, width: 0, kind: Kind::Program }],
        width: 0,
        depth: 0,
        marks: 0,
        early_end: false,
        encoding: PhantomData,
    };
    while l.step() {}
    if !l.early_end {
        // A character is at least one byte.
        l.ir.min_len = usize::try_from(l.width).unwrap_or(usize::MAX);
    }
    l.ir
}

struct Region {
    end: usize,
    /// Least width of what came before it in the enclosing sequence.
    width: u64,
    kind: Kind,
}

enum Kind {
    Program,
    Alternative {
        /// The `Branch` operation, the starts of the alternatives, and the jumps to their end.
        head: Pc,
        ways: Vec<Pc>,
        jumps: Vec<Pc>,
        width: u64,
    },
    Repeat {
        head: Pc,
        min: u32,
        max: u32,
    },
    Possessive {
        index: u32,
        marks: u32,
    },
    Assert {
        head: Pc,
        marks: u32,
    },
    AssertNot {
        head: Pc,
    },
    Atomic {
        head: Pc,
        marks: u32,
    },
    Yes {
        head: Pc,
    },
    No {
        jump: Pc,
        yes: u64,
    },
}

struct Lower<'a, E> {
    codes: &'a [u32],
    at: usize,
    ir: Ir,
    exact: bool,
    regions: Vec<Region>,
    /// Least width, in characters, of the sequence so far.
    width: u64,
    /// Repeats around this place: CPython's `state->repeat` is not null.
    depth: u32,
    /// Marks emitted.
    marks: u32,
    /// There was a `SUCCESS` in the middle: widths mean nothing.
    early_end: bool,
    encoding: PhantomData<E>,
}

impl<E: Encoding> Lower<'_, E> {
    fn arg(&mut self) -> u32 {
        self.at += 1;
        self.codes[self.at - 1]
    }

    /// Reads a skip and gives its target.
    fn target(&mut self) -> usize {
        self.at + self.arg() as usize
    }

    fn pc(&self) -> Pc {
        self.ir.ops.len() as Pc
    }

    fn emit(&mut self, op: Op) -> Pc {
        self.ir.ops.push(op);
        self.pc() - 1
    }

    fn patch(&mut self, pc: Pc, op: Op) {
        self.ir.ops[pc as usize] = op;
    }

    fn enter(&mut self, end: usize, kind: Kind) {
        self.regions.push(Region { end, width: self.width, kind });
        self.width = 0;
    }

    fn save(&mut self) {
        if self.exact {
            self.emit(Op::Save { marks: self.depth > 0 });
        }
    }

    /// One operation, or the end of a region. False at the end of the program.
    fn step(&mut self) -> bool {
        let end = self.regions.last().expect("ends with the program").end;
        if self.at < end {
            self.operation();
            return true;
        }
        let region = self.regions.pop().expect("looked at above");
        self.leave(region)
    }

    fn leave(&mut self, region: Region) -> bool {
        let body = self.width;
        self.width = region.width;
        let mut add = 0;
        match region.kind {
            Kind::Program => {
                self.width = body;
                self.emit(Op::Success);
                return false;
            }
            Kind::Alternative { head, ways, mut jumps, width } => {
                self.at += 2;
                let width = width.min(body);
                if self.codes[self.at] == 0 {
                    self.at += 1;
                    self.branch(head, ways, jumps);
                    add = width;
                } else {
                    jumps.push(self.emit(Op::Fail));
                    self.alternative(head, ways, jumps, width);
                }
            }
            Kind::Repeat { head, min, max } => {
                self.depth -= 1;
                let lazy = self.arg() == op::MIN_UNTIL;
                self.repeat(head, min, max, lazy, body > 0 && !self.early_end);
                add = body.saturating_mul(min as u64);
            }
            Kind::Possessive { index, marks } => {
                self.depth -= 1;
                self.at += 1;
                self.possessive(index, self.marks != marks, body > 0 && !self.early_end);
                let min = self.ir.repeats[index as usize].min;
                add = body.saturating_mul(min as u64);
            }
            Kind::Assert { head, marks } => {
                self.at += 1;
                let marks = self.marks != marks;
                self.emit(Op::AssertEnd { marks });
                let Op::Assert { back, .. } = self.ir.ops[head as usize] else { unreachable!() };
                self.patch(head, Op::Assert { back, after: self.pc() });
            }
            Kind::AssertNot { head } => {
                self.at += 1;
                self.emit(Op::AssertNotEnd);
                let Op::AssertNot { back, .. } = self.ir.ops[head as usize] else { unreachable!() };
                self.patch(head, Op::AssertNot { back, after: self.pc() });
            }
            Kind::Atomic { head, marks } => {
                self.at += 1;
                let marks = self.marks != marks;
                self.emit(Op::AtomicEnd { marks, early: false });
                self.patch(head, Op::Atomic { after: self.pc() });
                add = body;
            }
            Kind::Yes { head } => self.set_no(head),
            Kind::No { jump, yes } => {
                self.patch(jump, Op::Jump(self.pc()));
                add = body.min(yes);
            }
        }
        self.width = self.width.saturating_add(add);
        true
    }

    fn set_no(&mut self, head: Pc) {
        let Op::GroupExists { group, .. } = self.ir.ops[head as usize] else { unreachable!() };
        self.patch(head, Op::GroupExists { group, no: self.pc() });
    }

    /// At the skip of an alternative.
    fn alternative(&mut self, head: Pc, mut ways: Vec<Pc>, jumps: Vec<Pc>, width: u64) {
        let next = self.target();
        ways.push(self.pc());
        self.enter(next - 2, Kind::Alternative { head, ways, jumps, width });
        self.save();
    }

    /// All alternatives are there.
    fn branch(&mut self, head: Pc, ways: Vec<Pc>, mut jumps: Vec<Pc>) {
        // More ways than a `Branch` has bits: its last way leads to another `Branch`.
        let mut parts = Vec::new();
        let mut rest = &ways[..];
        while rest.len() > WAYS {
            let (part, others) = rest.split_at(WAYS - 1);
            parts.push(part.to_vec());
            rest = others;
        }
        parts.push(rest.to_vec());
        if parts.len() > 1 {
            jumps.push(self.emit(Op::Fail));
        }
        let links: Vec<Pc> = (1..parts.len()).map(|_| self.emit(Op::Fail)).collect();
        for (number, mut ways) in parts.into_iter().enumerate() {
            let place = if number == 0 { head } else { links[number - 1] };
            ways.extend(links.get(number));
            let index = self.ir.branches.len() as u32;
            self.ir.branches.push(Branch::new(ways));
            self.patch(place, Op::Branch(index));
        }
        let end = self.pc();
        for jump in jumps {
            self.patch(jump, Op::Jump(end));
        }
    }

    fn repeat(&mut self, head: Pc, min: u32, max: u32, lazy: bool, nonempty: bool) {
        let body = head + 1;
        let split = |tail: Pc| if lazy { split(tail, body) } else { split(body, tail) };
        match (min, max) {
            _ if self.exact => {}
            (0, 1) => return self.patch(head, split(self.pc())),
            (1, 1) => return,
            // Each turn takes at least one character, so there is nothing to count or watch.
            (0 | 1, MAXREPEAT) if nonempty => {
                let tail = self.pc() + 1;
                self.emit(split(tail));
                if min == 0 {
                    self.patch(head, split(tail));
                }
                return;
            }
            _ => {}
        }
        let index = self.ir.repeats.len() as u32;
        self.emit(if lazy { Op::RepeatMin(index) } else { Op::RepeatMax(index) });
        self.patch(head, Op::RepeatEnter(index));
        self.ir.repeats.push(Repeat {
            min,
            max,
            body,
            tail: self.pc(),
            exact: self.exact,
            exact_tail: self.exact && self.depth > 0,
            marks: false,
        });
    }

    /// The end of a possessive repeat.
    fn possessive(&mut self, index: u32, marks: bool, nonempty: bool) {
        let Repeat { min, max, body, .. } = self.ir.repeats[index as usize];
        if self.exact || min > 1 || max != MAXREPEAT || !nonempty {
            self.emit(Op::PossessiveEnd(index));
        } else {
            // The same as a greedy repeat in an atomic group: behind the first turn, failing means
            // to stop, and stopping cannot fail.
            let end = self.emit(Op::Fail) + 1;
            self.patch(end - 1, split(body, end));
            if min == 0 {
                self.patch(body - 1, split(body, end));
            }
            self.emit(Op::AtomicEnd { marks, early: false });
            self.patch(body - 2, Op::Atomic { after: end + 1 });
        }
        let tail = self.pc();
        let repeat = &mut self.ir.repeats[index as usize];
        (repeat.tail, repeat.marks) = (tail, marks);
    }

    fn operation(&mut self) {
        if let Some(item) = self.item() {
            self.width = self.width.saturating_add(1);
            self.emit(Op::Item(item));
            return;
        }
        match self.arg() {
            op::LITERAL => self.literal(),
            op::SUCCESS => {
                let inner = self.regions.iter().rev().find_map(|region| match region.kind {
                    Kind::Possessive { index, .. } => Some(Op::PossessiveEnd(index)),
                    Kind::Assert { .. } => Some(Op::AssertEnd { marks: true }),
                    Kind::AssertNot { .. } => Some(Op::AssertNotEnd),
                    Kind::Atomic { .. } => Some(Op::AtomicEnd { marks: true, early: true }),
                    _ => None,
                });
                self.early_end(inner);
            }
            op::FAILURE => {
                self.emit(Op::Fail);
            }
            op::MARK => {
                let mark = self.arg();
                self.marks += 1;
                self.emit(if self.exact { Op::MarkExact(mark) } else { Op::Mark(mark) });
            }
            op::AT => {
                let at = self.arg() as u8;
                self.emit(Op::At(at));
            }
            op::INFO => {
                let end = self.target();
                if self.at == 2 && self.codes[self.at] & INFO_CHARSET != 0 {
                    self.first_charset(end);
                }
                self.at = end;
            }
            op::BRANCH => {
                let head = self.emit(Op::Fail);
                self.alternative(head, vec![], vec![], u64::MAX);
            }
            op::REPEAT_ONE => self.run(false, false),
            op::MIN_REPEAT_ONE => self.run(true, false),
            op::POSSESSIVE_REPEAT_ONE => self.run(false, true),
            op::REPEAT => {
                let end = self.target();
                let (min, max) = (self.arg(), self.arg());
                let head = self.emit(Op::Nop);
                self.enter(end, Kind::Repeat { head, min, max });
                self.depth += 1;
            }
            op::POSSESSIVE_REPEAT => {
                let end = self.target();
                let (min, max) = (self.arg(), self.arg());
                let index = self.ir.repeats.len() as u32;
                self.emit(Op::PossessiveEnter(index));
                let head = self.emit(Op::Nop);
                self.ir.repeats.push(Repeat {
                    min,
                    max,
                    body: head + 1,
                    tail: 0,
                    exact: self.exact,
                    exact_tail: false,
                    marks: false,
                });
                self.enter(end, Kind::Possessive { index, marks: self.marks });
                self.depth += 1;
            }
            op::ATOMIC_GROUP => {
                let end = self.target() - 1;
                let head = self.emit(Op::Atomic { after: 0 });
                self.enter(end, Kind::Atomic { head, marks: self.marks });
            }
            op::GROUPREF => self.group_ref(Fold::None),
            op::GROUPREF_IGNORE => self.group_ref(Fold::Ascii),
            op::GROUPREF_UNI_IGNORE => self.group_ref(Fold::Unicode),
            op::GROUPREF_LOC_IGNORE => self.group_ref(Fold::Locale),
            op::GROUPREF_EXISTS => {
                let group = self.arg();
                let end = self.target() - 1;
                let head = self.emit(Op::GroupExists { group, no: 0 });
                self.enter(end, Kind::Yes { head });
            }
            op::ASSERT => {
                let end = self.target() - 1;
                let back = self.arg();
                let head = self.emit(Op::Assert { back, after: 0 });
                self.enter(end, Kind::Assert { head, marks: self.marks });
            }
            op::ASSERT_NOT => {
                let end = self.target() - 1;
                let back = self.arg();
                let head = self.emit(Op::AssertNot { back, after: 0 });
                self.enter(end, Kind::AssertNot { head });
                self.save();
            }
            op::JUMP => {
                // The end of a "yes": validation allows it nowhere else.
                let region = self.regions.pop().expect("inside of a conditional");
                let Kind::Yes { head } = region.kind else { unreachable!("checked by validation") };
                let end = self.target();
                let jump = self.emit(Op::Fail);
                self.set_no(head);
                let kind = Kind::No { jump, yes: self.width };
                self.width = region.width;
                self.enter(end, kind);
            }
            code => unreachable!("validation let operation {code} through"),
        }
    }

    /// The set that a search looks for, if it is not the one the program starts with anyway.
    ///
    /// Usually it says nothing that the program does not, but CPython's compiler takes the outer
    /// flags for its categories: `(?a:\W)` finds no letters that are not ASCII, though it matches
    /// them.
    fn first_charset(&mut self, end: usize) {
        let charset = &self.codes[self.at + 3..end];
        let mut start = end;
        while self.codes[start] == op::MARK {
            start += 2;
        }
        if self.codes[start] == op::REPEAT_ONE {
            start += 4;
        }
        let same = self.codes[start] == op::IN && self.codes[start + 2..].starts_with(charset);
        let mut rest = charset;
        while let Some((item, after)) = next_item(rest) {
            rest = after;
            if let SetItem::Category(_) = item
                && !same
            {
                self.ir.start = Some(self.test(CharTest::set(charset, Fold::None)));
                return;
            }
        }
    }

    /// A `SUCCESS` before the end: what follows it here is never reached, which the least width
    /// must not count on. Only hand-made codes have this.
    fn early_end(&mut self, inner: Option<Op>) {
        self.emit(inner.unwrap_or(Op::Success));
        self.early_end = true;
    }

    fn group_ref(&mut self, fold: Fold) {
        let group = self.arg();
        self.emit(Op::GroupRef { group, fold });
    }

    /// Consecutive literals become one operation.
    fn literal(&mut self) {
        let start = self.ir.literals.len();
        let end = self.regions.last().expect("inside of the program").end;
        let mut possible = true;
        loop {
            let ch = self.arg();
            possible &= E::encode(ch, &mut self.ir.literals);
            self.width = self.width.saturating_add(1);
            if self.at >= end || self.codes[self.at] != op::LITERAL {
                break;
            }
            self.at += 1;
        }
        let len = self.ir.literals.len() - start;
        self.emit(if !possible {
            Op::Fail
        } else if len == 1 {
            Op::Item(Item::Byte(self.ir.literals[start]))
        } else {
            Op::Literal { at: start as u32, len: len as u32 }
        });
    }

    /// A repeat of one character.
    fn run(&mut self, lazy: bool, possessive: bool) {
        let end = self.target();
        let (min, max) = (self.arg(), self.arg());
        let item = match self.codes[self.at] {
            op::FAILURE => Item::Never,
            op::LITERAL => {
                let ch = self.codes[self.at + 1];
                self.test(CharTest::Literal { ch, fold: Fold::None, negated: false })
            }
            _ => self.item().expect("validation allows single characters only"),
        };
        self.at = end;
        let index = self.ir.loops.len() as u32;
        self.ir.loops.push(Loop { item, min, max, possessive, filter: Filter::None, skip: None });
        self.emit(if lazy { Op::RunLazy(index) } else { Op::Run(index) });
        self.width = self.width.saturating_add(min as u64);
        if !possessive {
            self.save();
        }
    }

    /// Reads an operation that matches one character, other than `LITERAL`.
    fn item(&mut self) -> Option<Item> {
        let code = self.codes[self.at];
        let literal = |fold, negated| Some((fold, negated));
        let (fold, negated) = match code {
            op::ANY => {
                self.at += 1;
                return Some(Item::NotByte(b'\n'));
            }
            op::ANY_ALL => {
                self.at += 1;
                return Some(Item::AnyAll);
            }
            op::IN => return Some(self.set(Fold::None)),
            op::IN_IGNORE => return Some(self.set(Fold::Ascii)),
            op::IN_UNI_IGNORE => return Some(self.set(Fold::Unicode)),
            op::IN_LOC_IGNORE => return Some(self.set(Fold::Locale)),
            op::NOT_LITERAL => literal(Fold::None, true),
            op::LITERAL_IGNORE => literal(Fold::Ascii, false),
            op::NOT_LITERAL_IGNORE => literal(Fold::Ascii, true),
            op::LITERAL_UNI_IGNORE => literal(Fold::Unicode, false),
            op::NOT_LITERAL_UNI_IGNORE => literal(Fold::Unicode, true),
            op::LITERAL_LOC_IGNORE => literal(Fold::Locale, false),
            op::NOT_LITERAL_LOC_IGNORE => literal(Fold::Locale, true),
            _ => None,
        }?;
        let ch = self.codes[self.at + 1];
        self.at += 2;
        Some(self.test(CharTest::Literal { ch, fold, negated }))
    }

    fn set(&mut self, fold: Fold) -> Item {
        self.at += 1;
        let start = self.at + 1;
        self.at = self.target();
        self.test(CharTest::set(&self.codes[start..self.at], fold))
    }

    /// The fastest form of a test.
    fn test(&mut self, test: CharTest) -> Item {
        if test.is_dynamic() {
            return self.ask(test);
        }
        let latin1 = test.latin1();
        let test = if E::MULTI { test.simplified() } else { test };
        let (set, above) = if !E::MULTI {
            match (latin1.len(), latin1.complement().iter().next()) {
                (256, _) => return Item::AnyAll,
                (255, Some(byte)) => return Item::NotByte(byte),
                _ => (latin1, ABOVE_NONE),
            }
        } else {
            let low = latin1.intersect(ByteSet::HIGH.complement());
            match test.above_ascii() {
                Above::None => (low, ABOVE_NONE),
                Above::All => {
                    let set = low.union(ByteSet::HIGH);
                    match (set.len(), set.complement().iter().next()) {
                        (256, _) => return Item::AnyAll,
                        (255, Some(byte)) => return Item::NotByte(byte),
                        _ => (set, ABOVE_ALL),
                    }
                }
                Above::Some => (low, self.ir.tests.len() as u32),
            }
        };
        if above == ABOVE_NONE {
            match (set.len(), set.iter().next()) {
                (0, _) => return Item::Never,
                (1, Some(byte)) => return Item::Byte(byte),
                _ => {}
            }
        }
        let Some((table, mask)) = self.ir.table(set) else { return self.ask(test) };
        if above != ABOVE_NONE && above != ABOVE_ALL {
            self.ir.tests.push(test);
        }
        Item::Set { mask, table, above }
    }

    fn ask(&mut self, test: CharTest) -> Item {
        self.ir.tests.push(test);
        Item::Test(self.ir.tests.len() as u32 - 1)
    }
}

/// Which way can match where is found out later.
fn split(first: Pc, second: Pc) -> Op {
    Op::Split { at_end: 3, first_mask: 0, second_mask: 0, table: 0, first, second }
}
