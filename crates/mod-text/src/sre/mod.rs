//! `_sre`: patterns, matches, scanners, replacement templates over the engine of `adder-sre`.
//!
//! - `text` the subject and its positions · `pattern` Pattern and its methods · `matched` Match · `scanner` Scanner ·
//!   `replace` `sub`, `expand`, templates.
//!
//! Compiled programs live in Rust memory, owned by their Pattern. What a match needs while it runs (the engine's
//! `State`) is kept for each thread and taken out while in use, so that code called from within a match (signal
//! handlers, replacement functions) may match as well.

mod matched;
mod pattern;
mod replace;
mod scanner;
mod text;

use crate::common::arg;
use adder_sre::codes::{CODESIZE, MAGIC, MAXGROUPS, MAXREPEAT};
use adder_sre::{Env, Error, State};
use adder_vm::err::{R, Raised};
use adder_vm::native::*;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::cell::Cell;
use std::ops::ControlFlow;
use std::sync::atomic::Ordering::Relaxed;

pub static MODULE: NativeModule = NativeModule {
    name: "_sre",
    doc: "",
    functions: &[
        function(
            "compile",
            "($module, /, pattern, flags, code, groups, groupindex,\n        indexgroup)",
            "",
            pattern::compile,
        ),
        function(
            "template",
            "($module, pattern, template, /)",
            "\n\n  template\n    A list containing interleaved literal strings (str or bytes) and group\n    indices (int), as returned by re._parser.parse_template():\n        [literal1, group1, ..., literalN, groupN]",
            replace::template,
        ),
        function("getcodesize", "($module, /)", "", |_, _| Ok(Value::fix(CODESIZE as i64))),
        function("ascii_iscased", "($module, character, /)", "", |th, a| {
            Ok(Value::bool(adder_sre::ascii_iscased(character(th, arg(a, 0))?)))
        }),
        function("ascii_tolower", "($module, character, /)", "", |th, a| {
            lower(th, arg(a, 0), adder_sre::ascii_tolower)
        }),
        function("unicode_iscased", "($module, character, /)", "", |th, a| {
            Ok(Value::bool(adder_sre::unicode_iscased(character(th, arg(a, 0))?)))
        }),
        function("unicode_tolower", "($module, character, /)", "", |th, a| {
            lower(th, arg(a, 0), adder_sre::unicode_tolower)
        }),
    ],
    types: &[],
    init: Some(|th, m| {
        for t in [&pattern::PATTERN, &matched::MATCH, &scanner::SCANNER, &replace::TEMPLATE] {
            th.make_type(t);
        }
        m.put(th, "MAGIC", Value::fix(MAGIC as i64))?;
        m.put(th, "CODESIZE", Value::fix(CODESIZE as i64))?;
        m.put(th, "MAXREPEAT", Value::fix(MAXREPEAT as i64))?;
        m.put(th, "MAXGROUPS", Value::fix(MAXGROUPS as i64))?;
        m.put(th, "copyright", th.str(" SRE 2.2.2 Copyright (c) 1997-2002 by Secret Labs AB "))
    }),
};

/// A C `int` taken for a code point.
fn character(th: Th, v: Value) -> R<u32> {
    Ok(adder_vm::cint::int_arg(th, v)? as u32)
}
fn lower(th: Th, v: Value, f: fn(u32) -> u32) -> R<Value> {
    let c = character(th, v)?;
    let c = if c > 0x10FFFF { c } else { f(c) };
    Ok(Value::fix(c as i32 as i64))
}

thread_local! {
    static STATE: Cell<Option<Box<State>>> = const { Cell::new(None) };
}

/// The thread's matching state, in use until it is dropped.
pub struct Lent(Option<Box<State>>);

impl Lent {
    #[inline]
    pub fn get() -> Lent {
        let s = STATE.try_with(Cell::take).ok().flatten();
        Lent(Some(s.unwrap_or_else(|| Box::new(State::new()))))
    }
}
impl std::ops::Deref for Lent {
    type Target = State;
    #[inline]
    fn deref(&self) -> &State {
        self.0.as_ref().unwrap()
    }
}
impl std::ops::DerefMut for Lent {
    #[inline]
    fn deref_mut(&mut self) -> &mut State {
        self.0.as_mut().unwrap()
    }
}
impl Drop for Lent {
    #[inline]
    fn drop(&mut self) {
        let _ = STATE.try_with(|c| c.set(self.0.take()));
    }
}

/// Runs the engine; signals and safepoints are attended to meanwhile.
#[inline]
pub fn run(th: Th, f: impl FnOnce(&mut Env) -> Result<bool, Error>) -> R<bool> {
    let mut poll = || {
        if th.m.poll.load(Relaxed) != 0 && th.attend().is_err() {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    };
    f(&mut Env::new(&mut poll)).map_err(|e| match e {
        Error::Interrupted => Raised,
        Error::Memory => th.memory_error(),
    })
}
