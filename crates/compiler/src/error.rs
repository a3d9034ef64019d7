//! Errors and warnings of compilation, as CPython's `SyntaxError` carries them.

use crate::ast::Span;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorKind {
    SyntaxError,
    IndentationError,
    TabError,
    /// `_IncompleteInputError`: the source may go on (PyCF_ALLOW_INCOMPLETE_INPUT).
    IncompleteInput,
    /// Nesting beyond what the compiler bears.
    RecursionError,
    MemoryError,
    ValueError,
    TypeError,
    OverflowError,
    UnicodeDecodeError,
    SystemError,
}

/// What went wrong and where. Lines and columns count from 1, columns in characters; `line == 0`: no position.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyntaxError {
    pub kind: ErrorKind,
    pub msg: String,
    pub line: u32,
    pub col: i32,
    /// As CPython: the column is 0 or -1 where no end is known.
    pub end_line: u32,
    pub end_col: i32,
    /// The source line.
    pub text: Option<String>,
    /// What the parser had understood when it found the error.
    pub parsed: Option<Box<Parsed>>,
    pub warnings: Vec<Warning>,
}

/// `SyntaxError._metadata`: from it `traceback` finds keywords that are misspelt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parsed {
    /// Where the last compound statement that was right begins: line from 1 and column in bytes from 0; 0 and 0: none was.
    pub line: u32,
    pub col: u32,
    pub source: String,
}

impl std::fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}: {} (line {}, column {})", self.kind, self.msg, self.line, self.col)
    }
}

impl std::error::Error for SyntaxError {}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WarningCategory {
    SyntaxWarning,
    DeprecationWarning,
}

/// A warning to be issued for the compiled file; if a filter makes it an error, it becomes a `SyntaxError` there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Warning {
    pub category: WarningCategory,
    pub msg: String,
    pub line: u32,
    pub col: u32,
    pub end_line: u32,
    pub end_col: u32,
}

/// An error while compiling, before positions are worked out.
#[derive(Clone, Debug)]
pub(crate) struct Error {
    pub kind: ErrorKind,
    pub msg: String,
    pub span: Span,
}

impl Error {
    pub fn new(msg: impl Into<String>, span: Span) -> Error {
        Error { kind: ErrorKind::SyntaxError, msg: msg.into(), span }
    }
    pub fn of(kind: ErrorKind, msg: impl Into<String>, span: Span) -> Error {
        Error { kind, msg: msg.into(), span }
    }
    pub fn recursion() -> Error {
        Error::of(
            ErrorKind::RecursionError,
            "maximum recursion depth exceeded during compilation",
            Span::NONE,
        )
    }
}

pub(crate) type Res<T = ()> = Result<T, Error>;
