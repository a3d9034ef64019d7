//! Trying one position after the other.

use crate::exec::Engine;
use crate::ir::{Ir, Shape};
use crate::prefilter::Prefilter;
use crate::state::{Env, Error, State};
use crate::steps::View;
use crate::subject::Encoding;

/// A match at `pos`, and if `all`, of everything.
#[inline(always)]
pub(crate) fn attempt<E: Encoding>(
    ir: &Ir,
    state: &mut State,
    s: &[u8],
    pos: usize,
    all: bool,
    must_advance: bool,
    env: &mut Env,
) -> Result<bool, Error> {
    if s.len() - pos < ir.min_len {
        return Ok(false);
    }
    let view = View { ir, s, locale: env.locale };
    run::<E>(view, state, env, pos, None, all, must_advance)
}

/// A stack of more frames than this is given back after the match.
const KEEP: usize = 1 << 17;

/// Runs the program from `pos` on, as a search up to `last`.
#[inline(always)]
fn run<E: Encoding>(
    view: View,
    state: &mut State,
    env: &mut Env,
    pos: usize,
    last: Option<usize>,
    match_all: bool,
    must_advance: bool,
) -> Result<bool, Error> {
    let mut engine = Engine::new(view, state, env);
    (engine.last, engine.match_all, engine.must_advance) = (last, match_all, must_advance);
    let result = engine.run::<E>(pos);
    let Engine { stack, fuel, spans, .. } = engine;
    (state.stack, state.fuel, state.spans) = (stack, fuel, spans);
    if state.stack.len() > KEEP {
        state.shrink();
    }
    result
}

/// The first match that starts at or after `pos`.
#[inline(always)]
pub(crate) fn search<E: Encoding>(
    ir: &Ir,
    state: &mut State,
    s: &[u8],
    pos: usize,
    must_advance: bool,
    env: &mut Env,
) -> Result<bool, Error> {
    let Some(last) = s.len().checked_sub(ir.min_len).filter(|&last| pos <= last) else {
        return Ok(false);
    };
    let view = View { ir, s, locale: env.locale };
    if ir.shape == Shape::General {
        let Some(place) = view.first_place::<E>(pos).filter(|&place| place <= last) else {
            return Ok(false);
        };
        return run::<E>(view, state, env, place, Some(last), false, must_advance && place == pos);
    }
    let Some((start, end)) = view.simple::<E>(pos) else { return Ok(false) };
    (state.spans.start, state.spans.end) = (start, end);
    Ok(true)
}

impl Engine<'_, '_> {
    /// Where to try after a failed attempt at `place`.
    #[inline(always)]
    pub fn next_place<E: Encoding>(&mut self, place: usize) -> Option<usize> {
        let last = self.last?;
        let View { ir, s, .. } = self.view;
        self.reset();
        self.must_advance = false;
        let mut from = place;
        if let Some(item) = ir.leading {
            from = self.view.scan::<E>(item, place, s.len());
        }
        if from >= last || matches!(ir.prefilter, Prefilter::Start) {
            return None;
        }
        from += E::len(s[from]);
        self.view.first_place::<E>(from).filter(|&place| place <= last)
    }
}

impl View<'_> {
    /// The first match of a program of one operation.
    #[inline(never)]
    fn simple<E: Encoding>(&self, from: usize) -> Option<(usize, usize)> {
        let place = self.find::<E>(from)?;
        match self.simple_end::<E>(place) {
            Some(end) => Some((place, end)),
            None => self.simple_behind::<E>(place),
        }
    }

    /// The same when the prefilter had let something else through.
    #[cold]
    fn simple_behind<E: Encoding>(&self, place: usize) -> Option<(usize, usize)> {
        let mut place = place;
        loop {
            place = self.find::<E>(place + E::len(*self.s.get(place)?))?;
            if let Some(end) = self.simple_end::<E>(place) {
                return Some((place, end));
            }
        }
    }

    #[inline(always)]
    fn simple_end<E: Encoding>(&self, place: usize) -> Option<usize> {
        match self.ir.shape {
            Shape::Literal(len) => Some(place + len),
            Shape::Item(item) => self.step::<E>(item, place),
            Shape::Run(index) => Some(self.run_greedy::<E>(&self.ir.loops[index as usize], place)?.1),
            Shape::General => None,
        }
    }

    /// The first place from `from` on that is worth an attempt.
    #[inline(always)]
    fn first_place<E: Encoding>(&self, from: usize) -> Option<usize> {
        let Some(item) = self.ir.start else { return self.find::<E>(from) };
        let mut from = from;
        loop {
            let place = self.find::<E>(from)?;
            if self.step::<E>(item, place).is_some() {
                return Some(place);
            }
            from = place + E::len(*self.s.get(place)?);
        }
    }

    /// The first place from `from` on where a match can start.
    #[inline(always)]
    fn find<E: Encoding>(&self, from: usize) -> Option<usize> {
        let s = self.s;
        match &self.ir.prefilter {
            Prefilter::None => Some(from),
            Prefilter::Set(table) => find_in(table, s, from),
            Prefilter::Item(item, table) => {
                let mut at = from;
                loop {
                    at = find_in(table, s, at)?;
                    if self.step::<E>(*item, at).is_some() {
                        return Some(at);
                    }
                    at += 1;
                }
            }
            prefilter => prefilter.find(s, from),
        }
    }
}

#[inline(always)]
fn find_in(table: &[bool; 256], s: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while at < s.len() {
        if table[s[at] as usize] {
            return Some(at);
        }
        at += 1;
    }
    None
}
