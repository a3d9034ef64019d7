//! What the engine works with while it matches, kept between matches so that nothing is allocated.

use std::ops::ControlFlow;

use crate::unicode::{C_LOCALE, Locale};

/// No position.
pub(crate) const NONE: usize = usize::MAX;

/// Why a match was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The poll function asked to stop.
    Interrupted,
    /// The backtrack stack reached its limit: `MemoryError`.
    Memory,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Error::Interrupted => "interrupted",
            Error::Memory => "out of memory",
        })
    }
}

impl std::error::Error for Error {}

/// What a match asks of its surroundings.
pub struct Env<'a> {
    /// Called every few thousand steps; to stop, it answers `Break`.
    pub poll: &'a mut dyn FnMut() -> ControlFlow<()>,
    /// For patterns with `re.LOCALE`.
    pub locale: &'a Locale,
}

impl<'a> Env<'a> {
    /// In the "C" locale.
    pub fn new(poll: &'a mut dyn FnMut() -> ControlFlow<()>) -> Env<'a> {
        Env { poll, locale: &C_LOCALE }
    }
}

/// What to do when the engine has to go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Kind {
    /// Go on at operation `pc` from position `a`.
    Way,
    /// Branch `pc`, position `a`: try the ways in `b`.
    Branch,
    /// The repeat at operation `pc` had got to `b`: less, but not less than `a`.
    Run,
    /// The lazy repeat at operation `pc` had got to `a` with `b` characters: more.
    RunLazy,
    /// Mark `pc` was `a`, and `lastindex` was `b`.
    Mark,
    /// `lastmark` was `a` and `lastindex` `b`; `pc` marks have been saved.
    Save,
    /// Repeat `pc` had last been at `a` and counted `b`.
    Slot,
    /// Greedy repeat `pc` at `a`, before that at `b`: what follows it instead of one more.
    Max,
    /// Lazy repeat `pc` at `a`: one more instead of what follows.
    Min,
    // Barriers: `b` is the place of the barrier outside of this one.
    /// An assertion or atomic group that was entered at `a`: it failed.
    Inside,
    /// A negative assertion entered at `a`: it holds, go on at operation `pc`.
    InsideNot,
    /// Possessive repeat `pc` at `a`, not yet often enough: it failed.
    PossessiveMin,
    /// The same with enough: go on with what follows.
    PossessiveMore,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub kind: Kind,
    pub pc: u32,
    pub a: usize,
    pub b: usize,
}

/// The counter of a repeat and where its last turn began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    /// −1 before the first turn.
    pub count: isize,
    pub last: usize,
}

/// The result of a match, next to the marks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spans {
    /// The highest valid mark; in programs that are not exact, unset marks are `NONE` instead.
    pub lastmark: isize,
    /// 0: none.
    pub lastindex: u32,
    pub start: usize,
    pub end: usize,
}

/// Scratch memory for matching, and the result of the last match that succeeded.
///
/// One state serves any number of programs and subjects, one after the other. All positions are
/// byte offsets in the subject.
pub struct State {
    pub(crate) stack: Vec<Frame>,
    /// Marks kept by `Save`.
    pub(crate) saved: Vec<usize>,
    pub(crate) slots: Vec<Slot>,
    pub(crate) marks: Vec<usize>,
    pub(crate) spans: Spans,
    /// Steps until the next poll.
    pub(crate) fuel: u32,
    pub(crate) max_frames: usize,
}

/// Steps between two polls.
pub(crate) const FUEL: u32 = 4096;

impl Default for State {
    fn default() -> State {
        State::new()
    }
}

impl State {
    pub fn new() -> State {
        State {
            stack: Vec::new(),
            saved: Vec::new(),
            slots: Vec::new(),
            marks: Vec::new(),
            spans: Spans { lastmark: -1, lastindex: 0, start: 0, end: 0 },
            fuel: FUEL,
            max_frames: usize::MAX,
        }
    }

    /// Limits the backtrack stack to about this many bytes; without it, memory is the limit.
    pub fn set_memory_limit(&mut self, bytes: usize) {
        self.max_frames = bytes / size_of::<Frame>();
    }

    /// The span of the whole match.
    #[inline]
    pub fn span(&self) -> (usize, usize) {
        (self.spans.start, self.spans.end)
    }

    /// The span of a group, numbered from 1; `None` if it took no part.
    ///
    /// In programs that look at open groups, or that no compiler made, the start can lie behind
    /// the end: CPython then raises `SystemError("The span of capturing group is wrong, please
    /// report a bug for the re module.")`.
    #[inline]
    pub fn group(&self, number: usize) -> Option<(usize, usize)> {
        let low = 2 * (number - 1);
        let (&start, &end) = (self.marks.get(low)?, self.marks.get(low + 1)?);
        ((low as isize) < self.spans.lastmark && start != NONE && end != NONE).then_some((start, end))
    }

    /// The group that was closed last, numbered from 1.
    #[inline]
    pub fn lastindex(&self) -> Option<usize> {
        (self.spans.lastindex != 0).then_some(self.spans.lastindex as usize)
    }

    /// Gives back memory that a deep match has taken.
    #[cold]
    pub(crate) fn shrink(&mut self) {
        self.stack = Vec::new();
        self.saved = Vec::new();
    }
}
