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

use crate::frames::below;
use crate::ir::*;
use crate::state::*;
use crate::steps::{View, choose, has_short_text, has_text, step_back};
use crate::subject::Encoding;

/// One call's worth of matching: a program, a subject, and the state to use.
pub(crate) struct Engine<'a, 'b> {
    pub view: View<'a>,
    pub env: &'a mut Env<'b>,
    pub marks: &'a mut [usize],
    pub slots: &'a mut [Slot],
    /// Marks kept by `Save`.
    pub saved: &'a mut Vec<usize>,
    /// Frames from `top` on are garbage.
    pub stack: Vec<Frame>,
    pub top: usize,
    /// The place of the innermost barrier.
    pub cut: usize,
    pub fuel: u32,
    pub max_frames: usize,
    /// Marks were set that no frame will restore.
    pub dirty: bool,
    pub match_all: bool,
    pub must_advance: bool,
    /// Keeps on trying at later places, up to this one.
    pub last: Option<usize>,
    pub spans: Spans,
}

impl Engine<'_, '_> {
    /// Runs the program at `start`, and in a search, at places behind it until it succeeds.
    pub fn run<E: Encoding>(&mut self, start: usize) -> Result<bool, Error> {
        let view = self.view;
        let View { ir, s, .. } = view;
        let ops = &ir.ops[..];
        let mut pc = 0usize;
        let mut ptr = start;
        let mut start = start;
        loop {
            match ops[pc] {
                Op::Byte(byte) => {
                    if s.get(ptr) == Some(&byte) {
                        ptr += 1;
                        pc += 1;
                        continue;
                    }
                }
                Op::Set { mask, table, above } => {
                    if let Some(after) = view.step::<E>(Item::Set { mask, table, above }, ptr) {
                        ptr = after;
                        pc += 1;
                        continue;
                    }
                }
                Op::Item(item) => {
                    if let Some(after) = view.step::<E>(item, ptr) {
                        ptr = after;
                        pc += 1;
                        continue;
                    }
                }
                Op::Text { len, text } => {
                    if has_short_text(s, ptr, len, text) {
                        ptr += len as usize;
                        pc += 1;
                        continue;
                    }
                }
                Op::Literal { at, len } => {
                    if has_text(s, ptr, ir.literal(at, len)) {
                        ptr += len as usize;
                        pc += 1;
                        continue;
                    }
                }
                Op::Run(index) => {
                    let info = &ir.loops[index as usize];
                    if let Some((low, high)) = view.run_greedy::<E>(info, ptr) {
                        let scanned = ((high - ptr) >> 8) as u32;
                        self.fuel = self.fuel.saturating_sub(scanned).max(1);
                        pc += 1;
                        if info.possessive || low == high {
                            ptr = high;
                            continue;
                        }
                        if let Some(place) = view.back_off::<E>(info, low, high) {
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
                    if let Some(low) = view.step_times::<E>(info.item, ptr, info.min)
                        && let Some((place, count)) = view.run_lazy::<E>(info, low, info.min as usize)
                    {
                        self.push(Kind::RunLazy, pc, place, count)?;
                        ptr = place;
                        pc += 1;
                        continue;
                    }
                }
                Op::Split { at_end, first_mask, second_mask, table, first, second } => {
                    self.burn()?;
                    let (one, two) = if let Some(&byte) = s.get(ptr) {
                        let bits = ir.tables[table as usize][byte as usize];
                        (bits & first_mask != 0, bits & second_mask != 0)
                    } else {
                        (at_end & 1 != 0, at_end & 2 != 0)
                    };
                    if one {
                        if two {
                            if at_end & (SURE | SURE_END) != 0
                                && (at_end & SURE != 0 || !(self.match_all || self.must_advance))
                            {
                                self.forget();
                            }
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
                        Some(&byte) if branch.direct => branch.kinds[byte as usize] as usize,
                        Some(&byte) => branch.viable[branch.kinds[byte as usize] as usize],
                        None => branch.viable_at_end,
                    };
                    if let Some((way, rest)) = choose(branch, s, ptr, viable) {
                        if rest != 0 {
                            self.push(Kind::Branch, index as usize, ptr, rest)?;
                        }
                        pc = way.pc as usize;
                        ptr += way.len as usize;
                        continue;
                    }
                }
                Op::Mark(index) => {
                    let old = std::mem::replace(&mut self.marks[index as usize], ptr);
                    if self.top == 0 {
                        self.dirty = true;
                    } else {
                        self.push(Kind::Mark, index as usize, old, self.spans.lastindex as usize)?;
                    }
                    if index & 1 != 0 {
                        self.spans.lastindex = index / 2 + 1;
                    }
                    pc += 1;
                    continue;
                }
                Op::Jump(to) => {
                    pc = to as usize;
                    continue;
                }
                Op::At(code) => {
                    if view.at::<E>(code as u32, ptr) {
                        pc += 1;
                        continue;
                    }
                }
                Op::Success => {
                    if !(self.match_all && ptr != s.len() || self.must_advance && ptr == start) {
                        self.spans.start = start;
                        self.spans.end = ptr;
                        return Ok(true);
                    }
                }
                Op::Nop => {
                    pc += 1;
                    continue;
                }
                Op::RepeatEnter(index) => {
                    let slot = &mut self.slots[index as usize];
                    let Slot { count, last } = std::mem::replace(slot, Slot { count: -1, last: NONE });
                    self.push(Kind::Slot, index as usize, last, count as usize)?;
                    pc = ir.repeats[index as usize].tail as usize - 1;
                    continue;
                }
                Op::RepeatMax(index) => {
                    self.burn()?;
                    let info = &ir.repeats[index as usize];
                    let Slot { count, last } = self.slots[index as usize];
                    let count = count + 1;
                    if count < info.min as isize {
                        self.push(Kind::Slot, index as usize, last, (count - 1) as usize)?;
                        self.slots[index as usize].count = count;
                        pc = info.body as usize;
                    } else if below(count, info.max) && ptr != last {
                        self.push(Kind::Max, index as usize, ptr, last)?;
                        if info.exact {
                            self.save(true)?;
                        }
                        self.slots[index as usize] = Slot { count, last: ptr };
                        pc = info.body as usize;
                    } else {
                        pc = info.tail as usize;
                    }
                    continue;
                }
                Op::RepeatMin(index) => {
                    self.burn()?;
                    let info = &ir.repeats[index as usize];
                    let Slot { count, last } = self.slots[index as usize];
                    let count = count + 1;
                    if count < info.min as isize {
                        self.push(Kind::Slot, index as usize, last, (count - 1) as usize)?;
                        self.slots[index as usize].count = count;
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
                    self.slots[index as usize].count = 0;
                    pc = self.possessive(index, ptr, NONE)?;
                    continue;
                }
                Op::PossessiveEnd(index) => {
                    self.burn()?;
                    let info = &ir.repeats[index as usize];
                    let frame = self.leave(info.marks);
                    self.slots[index as usize].count += 1;
                    let last = if frame.kind == Kind::PossessiveMin { NONE } else { frame.a };
                    pc = self.possessive(index, ptr, last)?;
                    continue;
                }
                Op::Look(index) => {
                    let look = &ir.looks[index as usize];
                    let there = match step_back::<E>(s, ptr, look.back) {
                        None => false,
                        Some(place) => match look.what {
                            Looked::Item(item) => view.step::<E>(item, place).is_some(),
                            Looked::Literal { at, len } => has_text(s, place, ir.literal(at, len)),
                        },
                    };
                    if there != look.negated {
                        pc += 3;
                        continue;
                    }
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
                    if let Some(span) = self.group(group)
                        && let Some(after) = view.group_ref::<E>(span, fold, ptr)
                    {
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
            self.burn()?;
            loop {
                let Some(frame) = self.pop() else {
                    let Some(next) = self.next_place::<E>(start) else { return Ok(false) };
                    start = next;
                    ptr = next;
                    pc = 0;
                    break;
                };
                let index = frame.pc as usize;
                match frame.kind {
                    Kind::Mark => {
                        self.marks[index] = frame.a;
                        self.spans.lastindex = frame.b as u32;
                    }
                    Kind::Way => {
                        pc = index;
                        ptr = frame.a;
                        break;
                    }
                    Kind::Branch => {
                        let branch = &ir.branches[index];
                        if let Some((way, rest)) = choose(branch, s, frame.a, frame.b) {
                            if rest != 0 {
                                self.repush(Frame { b: rest, ..frame });
                            }
                            pc = way.pc as usize;
                            ptr = frame.a + way.len as usize;
                            break;
                        }
                    }
                    Kind::Run => {
                        let Op::Run(number) = ops[index] else { unreachable!() };
                        let info = &ir.loops[number as usize];
                        let place = E::before(s, frame.b);
                        if let Some(place) = view.back_off::<E>(info, frame.a, place) {
                            if place > frame.a {
                                self.repush(Frame { b: place, ..frame });
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
                            && let Some(after) = view.step::<E>(info.item, frame.a)
                            && let Some((place, count)) = view.run_lazy::<E>(info, after, frame.b + 1)
                        {
                            self.repush(Frame { a: place, b: count, ..frame });
                            pc = index + 1;
                            ptr = place;
                            break;
                        }
                    }
                    Kind::Slot => {
                        self.slots[index] = Slot { count: frame.b as isize, last: frame.a };
                    }
                    Kind::Max => {
                        let slot = &mut self.slots[index];
                        slot.count -= 1;
                        slot.last = frame.b;
                        pc = ir.repeats[index].tail as usize;
                        ptr = frame.a;
                        break;
                    }
                    Kind::Min => {
                        let Slot { count, last } = self.slots[index];
                        let count = count + 1;
                        ptr = frame.a;
                        let info = &ir.repeats[index];
                        if below(count, info.max) && ptr != last {
                            self.push(Kind::Slot, index, last, (count - 1) as usize)?;
                            self.slots[index] = Slot { count, last: ptr };
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
}
