//! A program and the three ways to run it: search, match, fullmatch.

use std::sync::OnceLock;

use crate::analyze::analyze;
use crate::ir::{Ir, Item, Op};
use crate::lower::lower;
use crate::search::{attempt, search};
use crate::state::{Env, Error, NONE, Slot, State};
use crate::subject::{Bytes, Encoding, Subject, Wtf8};
use crate::validate::{Facts, InvalidCode, validate};

/// A validated program. Immutable and cheap to make; the form that runs is made when the program
/// first meets a subject of its kind.
pub struct Program {
    codes: Box<[u32]>,
    facts: Facts,
    groups: u32,
    bytes: OnceLock<Box<Ir>>,
    wtf8: OnceLock<Box<Ir>>,
}

/// Programs simple enough that callers may have a faster way (`str.find`, `str.split`…).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint<'a> {
    /// Matches exactly this text (in the encoding of the subject) and sets no groups.
    Literal(&'a [u8]),
    /// Matches exactly one character, or one and then as many as there are (`many`), of those for
    /// which the table has a one: only if the subject is `Subject::Bytes`.
    Set { table: &'a [u8; 256], mask: u8, many: bool },
    /// Nothing special.
    None,
}

impl Program {
    /// Checks the codes; `groups` is the number of groups, without group 0.
    pub fn new(codes: impl Into<Box<[u32]>>, groups: u32) -> Result<Program, InvalidCode> {
        let codes = codes.into();
        let facts = validate(&codes, groups)?;
        Ok(Program { codes, facts, groups, bytes: OnceLock::new(), wtf8: OnceLock::new() })
    }

    pub fn codes(&self) -> &[u32] {
        &self.codes
    }

    /// The number of groups, without group 0.
    pub fn groups(&self) -> usize {
        self.groups as usize
    }

    #[inline(always)]
    fn ir<E: Encoding>(&self) -> &Ir {
        let cell = if E::MULTI { &self.wtf8 } else { &self.bytes };
        match cell.get() {
            Some(ir) => ir,
            None => self.make_ir::<E>(cell),
        }
    }

    #[cold]
    fn make_ir<'a, E: Encoding>(&self, cell: &'a OnceLock<Box<Ir>>) -> &'a Ir {
        cell.get_or_init(|| {
            let mut ir = lower::<E>(&self.codes, &self.facts);
            analyze::<E>(&mut ir);
            Box::new(ir)
        })
    }

    /// What a caller with many subjects or matches may want to know.
    pub fn hint(&self, subject: Subject) -> Hint<'_> {
        let ir = match subject {
            Subject::Bytes(_) => self.ir::<Bytes>(),
            Subject::Wtf8(_) => self.ir::<Wtf8>(),
        };
        match ir.ops[..] {
            [Op::Byte(_) | Op::Text { .. } | Op::Literal { .. }, Op::Success] => Hint::Literal(&ir.literals),
            [Op::Set { mask, table, .. }, Op::Success] if matches!(subject, Subject::Bytes(_)) => {
                let table = &ir.tables[table as usize];
                Hint::Set { table, mask, many: false }
            }
            [Op::Run(0), Op::Success] if matches!(subject, Subject::Bytes(_)) => {
                match (ir.loops[0].item, ir.loops[0].min, ir.loops[0].max) {
                    (Item::Set { mask, table, .. }, 1, crate::codes::MAXREPEAT) => {
                        let table = &ir.tables[table as usize];
                        Hint::Set { table, mask, many: true }
                    }
                    _ => Hint::None,
                }
            }
            _ => Hint::None,
        }
    }

    /// `Pattern.search`: the first match that starts at or after `pos`. The subject ends at
    /// `endpos`; with `must_advance`, an empty match at `pos` does not count.
    pub fn search(
        &self,
        state: &mut State,
        subject: Subject,
        pos: usize,
        endpos: usize,
        must_advance: bool,
        env: &mut Env,
    ) -> Result<bool, Error> {
        let s = &subject.bytes()[..endpos];
        match subject {
            Subject::Bytes(_) => {
                search::<Bytes>(self.start::<Bytes>(state), state, s, pos, must_advance, env)
            }
            Subject::Wtf8(_) => search::<Wtf8>(self.start::<Wtf8>(state), state, s, pos, must_advance, env),
        }
    }

    /// `Pattern.match`, or with `all`, `Pattern.fullmatch`: a match that starts at `pos`.
    pub fn match_at(
        &self,
        state: &mut State,
        subject: Subject,
        pos: usize,
        endpos: usize,
        all: bool,
        must_advance: bool,
        env: &mut Env,
    ) -> Result<bool, Error> {
        if pos > endpos {
            return Ok(!all && self.trivial(state, pos));
        }
        let s = &subject.bytes()[..endpos];
        match subject {
            Subject::Bytes(_) => {
                let ir = self.start::<Bytes>(state);
                attempt::<Bytes>(ir, state, s, pos, all, must_advance, env)
            }
            Subject::Wtf8(_) => {
                let ir = self.start::<Wtf8>(state);
                attempt::<Wtf8>(ir, state, s, pos, all, must_advance, env)
            }
        }
    }

    /// A match that starts behind its end: a pattern that looks at nothing succeeds there.
    fn trivial(&self, state: &mut State, pos: usize) -> bool {
        let ir = self.start::<Bytes>(state);
        (state.spans.start, state.spans.end) = (pos, pos);
        for op in &ir.ops {
            match *op {
                Op::Mark(index) => {
                    state.marks[index as usize] = pos;
                    state.spans.lastindex = index / 2 + 1;
                }
                Op::Nop => {}
                Op::Success => return true,
                _ => return false,
            }
        }
        false
    }

    /// Gets the state ready.
    #[inline(always)]
    fn start<E: Encoding>(&self, state: &mut State) -> &Ir {
        let ir = self.ir::<E>();
        if state.marks.len() != self.facts.marks as usize {
            state.marks.resize(self.facts.marks as usize, NONE);
        }
        for mark in &mut state.marks {
            *mark = NONE;
        }
        // They are set before they are looked at.
        if state.slots.len() < ir.repeats.len() {
            state.slots.resize(ir.repeats.len(), Slot { count: 0, last: NONE });
        }
        state.saved.clear();
        state.spans.lastmark = if ir.exact { -1 } else { isize::MAX };
        state.spans.lastindex = 0;
        ir
    }
}
