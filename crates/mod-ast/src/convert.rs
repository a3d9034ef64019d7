//! Options, errors and warnings: the compiler's own ↔ the VM's.

use adder_compiler as c;
use adder_vm::hooks::{self, CompileError, ErrorClass, Mode};
use std::sync::atomic::Ordering::Relaxed;

pub fn mode(m: Mode) -> c::Mode {
    match m {
        Mode::Exec => c::Mode::Exec,
        Mode::Eval => c::Mode::Eval,
        Mode::Single => c::Mode::Single,
        Mode::FuncType => c::Mode::FuncType,
    }
}

/// `optimize` -1: the process's level.
pub fn options(filename: &str, m: Mode, flags: u32, optimize: i32) -> c::Options {
    let mut o = c::Options::new(filename, mode(m));
    o.optimize = if optimize < 0 { hooks::OPTIMIZE.load(Relaxed) } else { optimize as u8 };
    o.flags = flags;
    o.int_max_str_digits = adder_vm::builtins::int::max_str_digits() as u32;
    o
}

pub fn warnings(list: Vec<c::Warning>) -> Vec<CompileError> {
    list.into_iter()
        .map(|w| CompileError {
            class: match w.category {
                c::WarningCategory::SyntaxWarning => ErrorClass::SyntaxWarning,
                c::WarningCategory::DeprecationWarning => ErrorClass::DeprecationWarning,
            },
            msg: w.msg,
            line: w.line,
            col: w.col as i32,
            end_line: w.end_line,
            end_col: w.end_col as i32,
            text: None,
            parsed: None,
        })
        .collect()
}

pub fn error(e: c::SyntaxError) -> CompileError {
    CompileError {
        class: match e.kind {
            c::ErrorKind::SyntaxError => ErrorClass::Syntax,
            c::ErrorKind::IndentationError => ErrorClass::Indentation,
            c::ErrorKind::TabError => ErrorClass::Tab,
            c::ErrorKind::IncompleteInput => ErrorClass::IncompleteInput,
            c::ErrorKind::RecursionError => ErrorClass::Recursion,
            c::ErrorKind::MemoryError => ErrorClass::Memory,
            c::ErrorKind::ValueError => ErrorClass::Value,
            c::ErrorKind::TypeError => ErrorClass::Type,
            c::ErrorKind::OverflowError => ErrorClass::Overflow,
            c::ErrorKind::UnicodeDecodeError | c::ErrorKind::SystemError => ErrorClass::System,
        },
        msg: e.msg,
        line: e.line,
        col: e.col,
        end_line: e.end_line,
        end_col: e.end_col,
        text: e.text,
        parsed: e.parsed.map(|p| (p.line, p.col, p.source)),
    }
}
