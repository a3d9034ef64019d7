//! The matching engine behind Python's `_sre` module.
//!
//! Runs the opcode programs that the standard library's `re/_compiler.py` writes (CPython 3.14,
//! `MAGIC` 20230612), with CPython's results in every detail: which way an ambiguous pattern
//! matches, what groups hold afterwards, `lastindex`, empty matches. Knows nothing of Python
//! objects: subjects are byte slices, positions are byte offsets, and a program, once made, can be
//! shared between threads.
//!
//! ```text
//! codes ──validate──▶ Program ──lower (once for each encoding), analyze──▶ Ir ──exec──▶ State
//! ```
//!
//! | file | subject |
//! |---|---|
//! | `codes` | the numbers of operations, positions and categories |
//! | `validate` | are these codes a program? |
//! | `charset`, `unicode` | sets of characters, case, classes |
//! | `ir`, `lower`, `analyze` | the program as it is run |
//! | `prefilter` | skipping to where a match can start |
//! | `search` | trying one position after the other |
//! | `exec`, `frames`, `steps`, `state` | matching at one position |
//!
//! **Invariants.** No function recurses to a depth that codes or subjects decide. Matching
//! allocates nothing once the stacks of the `State` have grown. No `unsafe`.

mod analyze;
mod charset;
pub mod codes;
mod exec;
mod frames;
mod ir;
mod lower;
mod prefilter;
mod program;
mod scanner;
mod search;
mod state;
mod steps;
mod subject;
mod unicode;
mod unicode_tables;
mod validate;

pub use program::{Hint, Program};
pub use scanner::Scanner;
pub use state::{Env, Error, State};
pub use subject::{Subject, count_chars};
pub use unicode::{
    C_LOCALE, Locale, ascii_iscased, ascii_tolower, unicode_is_digit, unicode_is_linebreak, unicode_is_space,
    unicode_is_word, unicode_iscased, unicode_tolower, unicode_toupper,
};
pub use validate::InvalidCode;
