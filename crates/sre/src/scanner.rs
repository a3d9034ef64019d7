//! One match after the other: what `findall`, `finditer`, `split`, `sub` and scanners do.

use crate::program::Program;
use crate::state::{Env, Error, State};
use crate::subject::Subject;

/// Walks through a subject. After a match the next one starts where it ended, and if it was empty
/// the next one must not be empty at the same place.
#[derive(Clone, Copy, Debug)]
pub struct Scanner {
    /// Where the next match may start; `None` at the end.
    pos: Option<usize>,
    endpos: usize,
    must_advance: bool,
}

impl Scanner {
    /// Positions are byte offsets, `pos` at most `endpos`.
    pub fn new(pos: usize, endpos: usize) -> Scanner {
        Scanner { pos: (pos <= endpos).then_some(pos), endpos, must_advance: false }
    }

    /// The next match anywhere; its spans are in the state.
    pub fn search(
        &mut self,
        program: &Program,
        state: &mut State,
        subject: Subject,
        env: &mut Env,
    ) -> Result<bool, Error> {
        let Some(pos) = self.pos else { return Ok(false) };
        let found = program.search(state, subject, pos, self.endpos, self.must_advance, env)?;
        Ok(self.advance(found, state))
    }

    /// A match right here, as the undocumented `scanner.match()` has it.
    pub fn match_here(
        &mut self,
        program: &Program,
        state: &mut State,
        subject: Subject,
        env: &mut Env,
    ) -> Result<bool, Error> {
        let Some(pos) = self.pos else { return Ok(false) };
        let must_advance = self.must_advance;
        let found = program.match_at(state, subject, pos, self.endpos, false, must_advance, env)?;
        Ok(self.advance(found, state))
    }

    fn advance(&mut self, found: bool, state: &State) -> bool {
        let (start, end) = state.span();
        self.pos = found.then_some(end);
        self.must_advance = start == end;
        found
    }
}
