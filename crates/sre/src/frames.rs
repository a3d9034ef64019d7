//! The backtrack stack: pushing, barriers, and what goes back.
//!
//! The stack is a slice of frames that are all initialised, with a mark up to where they count:
//! so a push is one comparison and one store.

use crate::codes::MAXREPEAT;
use crate::exec::Engine;
use crate::state::*;
use crate::steps::View;

impl<'a, 'b> Engine<'a, 'b> {
    #[inline(always)]
    pub fn new(view: View<'a>, state: &'a mut State, env: &'a mut Env<'b>) -> Self {
        let State { stack, saved, slots, marks, fuel, max_frames, .. } = state;
        let lastmark = if view.ir.exact { -1 } else { isize::MAX };
        Engine {
            view,
            env,
            marks,
            slots,
            saved,
            stack: std::mem::take(stack),
            top: 0,
            cut: NONE,
            fuel: *fuel,
            max_frames: *max_frames,
            dirty: false,
            match_all: false,
            must_advance: false,
            last: None,
            spans: Spans { lastmark, lastindex: 0, start: 0, end: 0 },
        }
    }

    /// Makes it ready for another attempt.
    #[inline(always)]
    pub fn reset(&mut self) {
        if self.dirty || self.view.ir.exact {
            self.dirty = false;
            match &mut *self.marks {
                // Most programs with groups that fail often have one: no call for that.
                [start, end] => (*start, *end) = (NONE, NONE),
                marks => marks.fill(NONE),
            }
            self.spans.lastindex = 0;
            if self.view.ir.exact {
                self.spans.lastmark = -1;
            }
        }
    }

    /// The span of a group (numbered from 0) that a reference may use.
    #[inline(always)]
    pub fn group(&self, group: u32) -> Option<(usize, usize)> {
        let low = 2 * group as usize;
        let &[start, end] = self.marks.get(low..low + 2)? else { return None };
        ((low as isize) < self.spans.lastmark && start != NONE && end != NONE && start <= end)
            .then_some((start, end))
    }

    /// Pays for a step, and polls when enough have been made.
    #[inline(always)]
    pub fn burn(&mut self) -> Result<(), Error> {
        self.fuel -= 1;
        if self.fuel == 0 { self.poll() } else { Ok(()) }
    }

    #[cold]
    fn poll(&mut self) -> Result<(), Error> {
        self.fuel = FUEL;
        if (self.env.poll)().is_break() { Err(Error::Interrupted) } else { Ok(()) }
    }

    #[inline(always)]
    pub fn push(&mut self, kind: Kind, pc: usize, a: usize, b: usize) -> Result<(), Error> {
        if self.top >= self.stack.len() {
            self.grow()?;
        }
        self.stack[self.top] = Frame { kind, pc: pc as u32, a, b };
        self.top += 1;
        Ok(())
    }

    #[inline(always)]
    pub fn pop(&mut self) -> Option<Frame> {
        self.top = self.top.checked_sub(1)?;
        Some(self.stack[self.top])
    }

    /// Puts a changed frame back where it was taken from.
    #[inline(always)]
    pub fn repush(&mut self, frame: Frame) {
        self.stack[self.top] = frame;
        self.top += 1;
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) -> Result<(), Error> {
        let len = self.stack.len();
        let more = (len / 2 + 64).min(self.max_frames.saturating_sub(len));
        if more == 0 {
            return Err(Error::Memory);
        }
        self.stack.try_reserve_exact(more).map_err(|_| Error::Memory)?;
        self.stack.resize(len + more, Frame { kind: Kind::Way, pc: 0, a: 0, b: 0 });
        Ok(())
    }

    /// Drops all frames down to the innermost barrier: the one pushed next cannot fail.
    #[inline(always)]
    pub fn forget(&mut self) {
        self.top = if self.cut == NONE { 0 } else { self.cut + 1 };
    }

    /// Puts a barrier up.
    #[inline]
    pub fn enter(&mut self, kind: Kind, pc: usize, ptr: usize) -> Result<(), Error> {
        let outer = self.cut;
        self.cut = self.top;
        self.push(kind, pc, ptr, outer)
    }

    /// What the innermost barrier guards has succeeded: drops it and all above, but keeps what
    /// undoes marks, if there are any.
    #[inline]
    pub fn leave(&mut self, marks: bool) -> Frame {
        let barrier = self.cut;
        let frame = self.stack[barrier];
        self.cut = frame.b;
        if !marks && !self.view.ir.exact {
            self.top = barrier;
            return frame;
        }
        let mut kept = barrier;
        for at in barrier + 1..self.top {
            let frame = self.stack[at];
            match frame.kind {
                Kind::Mark => {
                    self.stack[kept] = frame;
                    kept += 1;
                }
                Kind::Save => self.unsave(frame.pc as usize),
                _ => {}
            }
        }
        self.top = kept;
        frame
    }

    /// What a negative assertion denies has succeeded: drops everything up to its barrier.
    pub fn undo_to_barrier(&mut self) {
        while self.top > self.cut + 1
            && let Some(frame) = self.pop()
        {
            match frame.kind {
                Kind::Mark => {
                    self.marks[frame.pc as usize] = frame.a;
                    self.spans.lastindex = frame.b as u32;
                }
                Kind::Save => self.unsave(frame.pc as usize),
                _ => {}
            }
        }
        self.top = self.cut;
        self.cut = self.stack[self.top].b;
    }

    /// The next turn of a possessive repeat, or what follows it. `last` is where the turn before
    /// began, if that counts.
    pub fn possessive(&mut self, index: u32, ptr: usize, last: usize) -> Result<usize, Error> {
        let info = self.view.ir.repeats[index as usize];
        let count = self.slots[index as usize].count;
        if count < info.min as isize {
            self.enter(Kind::PossessiveMin, index as usize, ptr)?;
        } else if below(count, info.max) && ptr != last {
            self.enter(Kind::PossessiveMore, index as usize, ptr)?;
            if info.exact {
                self.save(true)?;
            }
        } else {
            return Ok(info.tail as usize);
        }
        Ok(info.body as usize)
    }

    pub fn mark_exact(&mut self, index: u32, ptr: usize) {
        let Spans { lastmark, lastindex, .. } = &mut self.spans;
        if index & 1 != 0 {
            *lastindex = index / 2 + 1;
        }
        if index as isize > *lastmark {
            self.marks[(*lastmark + 1) as usize..index as usize].fill(NONE);
            *lastmark = index as isize;
        }
        self.marks[index as usize] = ptr;
    }

    pub fn save(&mut self, marks: bool) -> Result<(), Error> {
        let Spans { lastmark, lastindex, .. } = self.spans;
        let count = if marks { (lastmark + 1) as usize } else { 0 };
        if self.saved.try_reserve(count).is_err() || self.saved.len() + count > self.max_frames {
            return Err(Error::Memory);
        }
        self.saved.extend_from_slice(&self.marks[..count]);
        self.push(Kind::Save, count, lastmark as usize, lastindex as usize)
    }

    pub fn restore(&mut self, frame: &Frame) {
        let count = frame.pc as usize;
        self.marks[..count].copy_from_slice(&self.saved[self.saved.len() - count..]);
        self.unsave(count);
        self.spans.lastmark = frame.a as isize;
        self.spans.lastindex = frame.b as u32;
    }

    fn unsave(&mut self, count: usize) {
        self.saved.truncate(self.saved.len() - count);
    }
}

#[inline(always)]
pub(crate) fn below(count: isize, max: u32) -> bool {
    max == MAXREPEAT || count < max as isize
}
