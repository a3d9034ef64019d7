//! `_sre.SRE_Scanner`: one match after the other; what `finditer` iterates over.
//!
//! # Invariants
//! `pattern` and `string` are set when the scanner is made; one thread at a time steps it (`busy`).

use super::matched::new_match;
use super::pattern::{Pattern, bounds, is_buffer};
use super::text::Text;
use super::{Lent, run};
use crate::common::arg;
use crate::native_layout;
use adder_sre::Scanner as Walk;
use adder_vm::builtins::{buffer, object::new_instance};
use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::cell::Cell;
use std::mem::offset_of;
use std::sync::atomic::{AtomicBool, Ordering::*};

native_layout! { pub Scanner {
    pattern: Pattern, string,
    // For subjects that are neither str nor bytes: a memoryview that keeps them from being resized.
    view, pos, endpos;
    walk: Cell<Option<Walk>>, busy: AtomicBool
} }

static SCANNER_TYPE: NativeType = NativeType {
    name: "_sre.SRE_Scanner",
    kind: Kind::Native,
    size: Scanner::SIZE,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION | tflags::SHOWN_AS_HEAP,
    methods: &[
        method("match", "($self, /)", "", |th, a| step(th, Scanner::of(arg(a, 0)), false)),
        method("search", "($self, /)", "", |th, a| step(th, Scanner::of(arg(a, 0)), true)),
    ],
    members: &[MemberDef {
        name: "pattern",
        doc: "",
        offset: offset_of!(Scanner, pattern) as u32,
        flags: member::READONLY,
    }],
    trace: Some(Scanner::trace),
    ..NativeType::DEFAULT
};
pub static SCANNER: TypeCell = TypeCell::new(&SCANNER_TYPE);

pub fn new(th: Th, p: Gc<Pattern>, string: Value, pos: Option<Value>, endpos: Option<Value>) -> R<Value> {
    let t = p.subject(th, string)?;
    let b = bounds(th, &t, pos, endpos)?;
    let view = if is_buffer(th, string) && !string.is_kind(Kind::Bytes) {
        Some(buffer::view_of(th, string, buffer::flag::SIMPLE)?.value())
    } else {
        None
    };
    let o = new_instance(th, SCANNER.get())?;
    let s = Scanner::of(o);
    s.pattern.init(Some(p));
    s.string.init(Some(string));
    s.view.init(view);
    s.pos.init(Some(Value::fix(b.pos as i64)));
    s.endpos.init(Some(Value::fix(b.endpos as i64)));
    s.walk.set(Some(Walk::new(b.from, b.to)));
    Ok(o)
}

fn step(th: Th, s: Gc<Scanner>, search: bool) -> R<Value> {
    if s.busy.swap(true, AcqRel) {
        return Err(th.value_error("regular expression scanner already executing"));
    }
    let r = step_alone(th, s, search);
    s.busy.store(false, Release);
    r
}
fn step_alone(th: Th, s: Gc<Scanner>, search: bool) -> R<Value> {
    let p: Gc<Pattern> = s.pattern.gc();
    let Some(mut walk) = s.walk.get() else { return Ok(NONE()) };
    let string = s.string.value();
    let t = Text::new(th, s.view.get().unwrap_or(string))?;
    let mut state = Lent::get();
    let prog = p.program();
    let found = run(th, |env| {
        if search {
            walk.search(prog, &mut state, t.subject(), env)
        } else {
            walk.match_here(prog, &mut state, t.subject(), env)
        }
    })?;
    s.walk.set(found.then_some(walk));
    if !found {
        return Ok(NONE());
    }
    let fix = |v: &Slot| v.value().as_fix().unwrap_or(0) as usize;
    new_match(th, p, string, &state, fix(&s.pos), fix(&s.endpos))
}
