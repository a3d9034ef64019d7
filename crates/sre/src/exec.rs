//! The engine: runs a program at one position.
//!
//! A loop over operations with an explicit backtrack stack. An operation that fails leaves the
//! big `match`; behind it, frames are taken off the stack until one says where to go on. Nothing
//! recurses, so depth costs memory only. What CPython does by saving and restoring around nested
//! calls, frames do here:
//!
//! * A change that must be undone on the way back pushes its old value (`Mark`, `Slot`, `Save`).
//! * A *barrier* stands where an assertion, an atomic group or a possessive turn began; when that
//!   succeeds, everything above the barrier is dropped, but for the marks to undo.
//! * Repeats of groups keep their counter in a static slot: repeats nest as the code does, and a
//!   repeat that is entered again while frames of an earlier entry wait undoes itself on the way
//!   back to them.

use crate::codes::MAXREPEAT;
use crate::ir::*;
use crate::state::*;
use crate::steps::step_back;
use crate::subject::Encoding;
use crate::unicode::Locale;

/// Whether the character at `ptr` fits.
pub(crate) fn fits<E: Encoding>(
    ir: &Ir,
    state: &mut State,
    s: &[u8],
    item: Item,
    ptr: usize,
    env: &Env,
) -> bool {
    let (stack, saved) = (Vec::new(), Vec::new());
    let engine = Engine { ir, s, locale: env.locale, stack, saved, cut: NONE, fuel: FUEL, state };
    engine.step::<E>(item, ptr).is_some()
}

/// Runs the program at `start`; `s` ends where the subject does for this match.
pub(crate) fn run<E: Encoding>(
    ir: &Ir,
    state: &mut State,
    s: &[u8],
    start: usize,
    env: &mut Env,
) -> Result<bool, Error> {
    state.start = start;
    let stack = std::mem::take(&mut state.stack);
    let saved = std::mem::take(&mut state.saved);
    let mut engine = Engine { ir, s, locale: env.locale, stack, saved, cut: NONE, fuel: state.fuel, state };
    let result = engine.run::<E>(start, env);
    let Engine { mut stack, mut saved, fuel, .. } = engine;
    stack.clear();
    saved.clear();
    state.stack = stack;
    state.saved = saved;
    state.fuel = fuel;
    result
}

pub(crate) struct Engine<'a> {
    pub ir: &'a Ir,
    pub s: &'a [u8],
    pub locale: &'a Locale,
    stack: Vec<Frame>,
    saved: Vec<usize>,
    /// The place of the innermost barrier.
    cut: usize,
    fuel: u32,
    pub state: &'a mut State,
}

impl Engine<'_> {
    fn run<E: Encoding>(&mut self, start: usize, env: &mut Env) -> Result<bool, Error> {
        let ir = self.ir;
        let s = self.s;
        let ops = &ir.ops[..];
        let mut pc = 0usize;
        let mut ptr = start;
        loop {
            match ops[pc] {
                Op::Item(item) => {
                    if let Some(after) = self.step::<E>(item, ptr) {
                        ptr = after;
                        pc += 1;
                        continue;
                    }
                }
                Op::Literal { at, len } => {
                    if s[ptr..].starts_with(ir.literal(at, len)) {
                        ptr += len as usize;
                        pc += 1;
                        continue;
                    }
                }
                Op::Run(index) => {
                    let info = &ir.loops[index as usize];
                    if let Some((low, high)) = self.run_greedy::<E>(info, ptr) {
                        let scanned = ((high - ptr) >> 8) as u32;
                        self.fuel = self.fuel.saturating_sub(scanned).max(1);
                        pc += 1;
                        if info.possessive || low == high {
                            ptr = high;
                            continue;
                        }
                        if let Some(place) = self.back_off::<E>(info, low, high) {
                            if place > low {
                                self.push(Kind::Run, pc - 1, low, place)?;
                            }
                            ptr = place;
                            continue;
                        }
                    }
                }
                Op::RunLazy(index) => {
                    let info = &ir.loops[index as usize];
                    if let Some(low) = self.step_times::<E>(info.item, ptr, info.min)
                        && let Some((place, count)) = self.run_lazy::<E>(info, low, info.min as usize)
                    {
                        self.push(Kind::RunLazy, pc, place, count)?;
                        ptr = place;
                        pc += 1;
                        continue;
                    }
                }
                Op::Split { at_end, first_mask, second_mask, table, first, second } => {
                    self.burn(env)?;
                    let (one, two) = if at_end & 4 != 0 {
                        (true, true)
                    } else if let Some(&byte) = s.get(ptr) {
                        let bits = ir.tables[table as usize][byte as usize];
                        (bits & first_mask != 0, bits & second_mask != 0)
                    } else {
                        (at_end & 1 != 0, at_end & 2 != 0)
                    };
                    if one {
                        if two {
                            self.push(Kind::Way, second as usize, ptr, 0)?;
                        }
                        pc = first as usize;
                        continue;
                    }
                    if two {
                        pc = second as usize;
                        continue;
                    }
                }
                Op::Branch(index) => {
                    let branch = &ir.branches[index as usize];
                    let viable = match s.get(ptr) {
                        Some(&byte) => branch.viable[branch.kinds[byte as usize] as usize],
                        None => branch.viable_at_end,
                    };
                    if viable != 0 {
                        let rest = viable & (viable - 1);
                        if rest != 0 {
                            self.push(Kind::Branch, index as usize, ptr, rest)?;
                        }
                        pc = branch.ways[viable.trailing_zeros() as usize] as usize;
                        continue;
                    }
                }
                Op::Mark(index) => {
                    let old = std::mem::replace(&mut self.state.marks[index as usize], ptr);
                    self.push(Kind::Mark, index as usize, old, self.state.lastindex as usize)?;
                    if index & 1 != 0 {
                        self.state.lastindex = index / 2 + 1;
                    }
                    pc += 1;
                    continue;
                }
                Op::Jump(to) => {
                    pc = to as usize;
                    continue;
                }
                Op::At(code) => {
                    if self.at::<E>(code as u32, ptr) {
                        pc += 1;
                        continue;
                    }
                }
                Op::Success => {
                    if !(self.state.match_all && ptr != s.len() || self.state.must_advance && ptr == start) {
                        self.state.end = ptr;
                        return Ok(true);
                    }
                }
                Op::Nop => {
                    pc += 1;
                    continue;
                }
                Op::RepeatEnter(index) => {
                    let slot = &mut self.state.slots[index as usize];
                    let Slot { count, last } = std::mem::replace(slot, Slot { count: -1, last: NONE });
                    self.push(Kind::Slot, index as usize, last, count as usize)?;
                    pc = ir.repeats[index as usize].tail as usize - 1;
                    continue;
                }
                Op::RepeatMax(index) => {
                    self.burn(env)?;
                    let info = &ir.repeats[index as usize];
                    let Slot { count, last } = self.state.slots[index as usize];
                    let count = count + 1;
                    if count < info.min as isize {
                        self.push(Kind::Slot, index as usize, last, (count - 1) as usize)?;
                        self.state.slots[index as usize].count = count;
                        pc = info.body as usize;
                    } else if below(count, info.max) && ptr != last {
                        self.push(Kind::Max, index as usize, ptr, last)?;
                        if info.exact {
                            self.save(true)?;
                        }
                        self.state.slots[index as usize] = Slot { count, last: ptr };
                        pc = info.body as usize;
                    } else {
                        pc = info.tail as usize;
                    }
                    continue;
                }
                Op::RepeatMin(index) => {
                    self.burn(env)?;
                    let info = &ir.repeats[index as usize];
                    let Slot { count, last } = self.state.slots[index as usize];
                    let count = count + 1;
                    if count < info.min as isize {
                        self.push(Kind::Slot, index as usize, last, (count - 1) as usize)?;
                        self.state.slots[index as usize].count = count;
                        pc = info.body as usize;
                    } else {
                        self.push(Kind::Min, index as usize, ptr, 0)?;
                        if info.exact {
                            self.save(info.exact_tail)?;
                        }
                        pc = info.tail as usize;
                    }
                    continue;
                }
                Op::PossessiveEnter(index) => {
                    self.state.slots[index as usize].count = 0;
                    pc = self.possessive(index, ptr, NONE)?;
                    continue;
                }
                Op::PossessiveEnd(index) => {
                    self.burn(env)?;
                    let info = &ir.repeats[index as usize];
                    let frame = self.leave(info.marks);
                    self.state.slots[index as usize].count += 1;
                    let last = if frame.kind == Kind::PossessiveMin { NONE } else { frame.a };
                    pc = self.possessive(index, ptr, last)?;
                    continue;
                }
                Op::Assert { back, after } => {
                    if let Some(place) = step_back::<E>(s, ptr, back) {
                        self.enter(Kind::Inside, after as usize, ptr)?;
                        ptr = place;
                        pc += 1;
                        continue;
                    }
                }
                Op::AssertEnd { marks } => {
                    let frame = self.leave(marks);
                    ptr = frame.a;
                    pc = frame.pc as usize;
                    continue;
                }
                Op::AssertNot { back, after } => {
                    let Some(place) = step_back::<E>(s, ptr, back) else {
                        pc = after as usize;
                        continue;
                    };
                    self.enter(Kind::InsideNot, after as usize, ptr)?;
                    ptr = place;
                    pc += 1;
                    continue;
                }
                Op::AssertNotEnd => self.undo_to_barrier(),
                Op::Atomic { after } => {
                    self.enter(Kind::Inside, after as usize, ptr)?;
                    pc += 1;
                    continue;
                }
                Op::AtomicEnd { marks, .. } => {
                    pc = self.leave(marks).pc as usize;
                    continue;
                }
                Op::GroupRef { group, fold } => {
                    if let Some(after) = self.group_ref::<E>(group, fold, ptr) {
                        ptr = after;
                        pc += 1;
                        continue;
                    }
                }
                Op::GroupExists { group, no } => {
                    pc = if self.group(group).is_some() { pc + 1 } else { no as usize };
                    continue;
                }
                Op::MarkExact(index) => {
                    self.mark_exact(index, ptr);
                    pc += 1;
                    continue;
                }
                Op::Save { marks } => {
                    self.save(marks)?;
                    pc += 1;
                    continue;
                }
                Op::Fail => {}
            }
            // It failed: go back.
            self.burn(env)?;
            loop {
                let Some(frame) = self.stack.pop() else { return Ok(false) };
                let index = frame.pc as usize;
                match frame.kind {
                    Kind::Mark => {
                        self.state.marks[index] = frame.a;
                        self.state.lastindex = frame.b as u32;
                    }
                    Kind::Way => {
                        pc = index;
                        ptr = frame.a;
                        break;
                    }
                    Kind::Branch => {
                        let rest = frame.b & (frame.b - 1);
                        if rest != 0 {
                            self.stack.push(Frame { b: rest, ..frame });
                        }
                        pc = ir.branches[index].ways[frame.b.trailing_zeros() as usize] as usize;
                        ptr = frame.a;
                        break;
                    }
                    Kind::Run => {
                        let Op::Run(number) = ops[index] else { unreachable!() };
                        let info = &ir.loops[number as usize];
                        let place = E::before(s, frame.b);
                        if let Some(place) = self.back_off::<E>(info, frame.a, place) {
                            if place > frame.a {
                                self.stack.push(Frame { b: place, ..frame });
                            }
                            pc = index + 1;
                            ptr = place;
                            break;
                        }
                    }
                    Kind::RunLazy => {
                        let Op::RunLazy(number) = ops[index] else { unreachable!() };
                        let info = &ir.loops[number as usize];
                        if below(frame.b as isize, info.max)
                            && let Some(after) = self.step::<E>(info.item, frame.a)
                            && let Some((place, count)) = self.run_lazy::<E>(info, after, frame.b + 1)
                        {
                            self.stack.push(Frame { a: place, b: count, ..frame });
                            pc = index + 1;
                            ptr = place;
                            break;
                        }
                    }
                    Kind::Slot => {
                        self.state.slots[index] = Slot { count: frame.b as isize, last: frame.a };
                    }
                    Kind::Max => {
                        let slot = &mut self.state.slots[index];
                        slot.count -= 1;
                        slot.last = frame.b;
                        pc = ir.repeats[index].tail as usize;
                        ptr = frame.a;
                        break;
                    }
                    Kind::Min => {
                        let Slot { count, last } = self.state.slots[index];
                        let count = count + 1;
                        ptr = frame.a;
                        let info = &ir.repeats[index];
                        if below(count, info.max) && ptr != last {
                            self.push(Kind::Slot, index, last, (count - 1) as usize)?;
                            self.state.slots[index] = Slot { count, last: ptr };
                            pc = info.body as usize;
                            break;
                        }
                    }
                    Kind::Save => self.restore(&frame),
                    Kind::Inside | Kind::PossessiveMin => self.cut = frame.b,
                    Kind::InsideNot => {
                        self.cut = frame.b;
                        pc = index;
                        ptr = frame.a;
                        break;
                    }
                    Kind::PossessiveMore => {
                        self.cut = frame.b;
                        pc = ir.repeats[index].tail as usize;
                        ptr = frame.a;
                        break;
                    }
                }
            }
        }
    }

    /// Pays for a step, and polls when enough have been made.
    #[inline(always)]
    fn burn(&mut self, env: &mut Env) -> Result<(), Error> {
        self.fuel -= 1;
        if self.fuel == 0 { self.poll(env) } else { Ok(()) }
    }

    #[cold]
    fn poll(&mut self, env: &mut Env) -> Result<(), Error> {
        self.fuel = FUEL;
        if (env.poll)().is_break() { Err(Error::Interrupted) } else { Ok(()) }
    }

    #[inline(always)]
    fn push(&mut self, kind: Kind, pc: usize, a: usize, b: usize) -> Result<(), Error> {
        if self.stack.len() == self.stack.capacity() {
            self.grow()?;
        }
        self.stack.push(Frame { kind, pc: pc as u32, a, b });
        Ok(())
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) -> Result<(), Error> {
        let len = self.stack.len();
        if len >= self.state.max_frames {
            return Err(Error::Memory);
        }
        let more = (len / 2 + 64).min(self.state.max_frames - len);
        self.stack.try_reserve_exact(more).map_err(|_| Error::Memory)
    }

    /// Puts a barrier up.
    fn enter(&mut self, kind: Kind, pc: usize, ptr: usize) -> Result<(), Error> {
        let outer = self.cut;
        self.cut = self.stack.len();
        self.push(kind, pc, ptr, outer)
    }

    /// What the innermost barrier guards has succeeded: drops it and all above, but keeps what
    /// undoes marks, if there are any.
    fn leave(&mut self, marks: bool) -> Frame {
        let barrier = self.cut;
        let frame = self.stack[barrier];
        self.cut = frame.b;
        if !marks && !self.ir.exact {
            self.stack.truncate(barrier);
            return frame;
        }
        let mut kept = barrier;
        for at in barrier + 1..self.stack.len() {
            let frame = self.stack[at];
            match frame.kind {
                Kind::Mark => {
                    self.stack[kept] = frame;
                    kept += 1;
                }
                Kind::Save => self.saved.truncate(self.saved.len() - frame.pc as usize),
                _ => {}
            }
        }
        self.stack.truncate(kept);
        frame
    }

    /// What a negative assertion denies has succeeded: drops everything up to its barrier.
    fn undo_to_barrier(&mut self) {
        while self.stack.len() > self.cut + 1 {
            let frame = self.stack.pop().expect("the barrier is below");
            match frame.kind {
                Kind::Mark => {
                    self.state.marks[frame.pc as usize] = frame.a;
                    self.state.lastindex = frame.b as u32;
                }
                Kind::Save => self.saved.truncate(self.saved.len() - frame.pc as usize),
                _ => {}
            }
        }
        self.cut = self.stack.pop().expect("the barrier").b;
    }

    /// The next turn of a possessive repeat, or what follows it. `last` is where the turn before
    /// began, if that counts.
    fn possessive(&mut self, index: u32, ptr: usize, last: usize) -> Result<usize, Error> {
        let info = &self.ir.repeats[index as usize];
        let count = self.state.slots[index as usize].count;
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

    fn mark_exact(&mut self, index: u32, ptr: usize) {
        let state = &mut *self.state;
        if index & 1 != 0 {
            state.lastindex = index / 2 + 1;
        }
        if index as isize > state.lastmark {
            state.marks[(state.lastmark + 1) as usize..index as usize].fill(NONE);
            state.lastmark = index as isize;
        }
        state.marks[index as usize] = ptr;
    }

    fn save(&mut self, marks: bool) -> Result<(), Error> {
        let State { lastmark, lastindex, .. } = *self.state;
        let count = if marks { (lastmark + 1) as usize } else { 0 };
        self.saved.try_reserve(count).map_err(|_| Error::Memory)?;
        if self.saved.len() + count > self.state.max_frames {
            return Err(Error::Memory);
        }
        self.saved.extend_from_slice(&self.state.marks[..count]);
        self.push(Kind::Save, count, lastmark as usize, lastindex as usize)
    }

    fn restore(&mut self, frame: &Frame) {
        let count = frame.pc as usize;
        let from = self.saved.len() - count;
        self.state.marks[..count].copy_from_slice(&self.saved[from..]);
        self.saved.truncate(from);
        self.state.lastmark = frame.a as isize;
        self.state.lastindex = frame.b as u32;
    }
}

#[inline(always)]
fn below(count: isize, max: u32) -> bool {
    max == MAXREPEAT || count < max as isize
}
