//! The one error type of the crate: which Python exception to raise, and its exact text.

use std::borrow::Cow;
use std::fmt;

/// Which Python exception an error stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    Value,
    Overflow,
    /// `OverflowError` whose arguments are `(34, text)`, as from C's `errno`.
    Range,
    ZeroDivision,
    Type,
    Memory,
}

impl ErrorKind {
    /// The name of the Python exception class.
    pub fn class_name(self) -> &'static str {
        match self {
            ErrorKind::Value => "ValueError",
            ErrorKind::Overflow | ErrorKind::Range => "OverflowError",
            ErrorKind::ZeroDivision => "ZeroDivisionError",
            ErrorKind::Type => "TypeError",
            ErrorKind::Memory => "MemoryError",
        }
    }
}

/// A Python exception to be raised. One pointer wide, so that results stay in registers.
#[derive(Clone, PartialEq, Eq)]
pub struct NumError(Box<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    kind: ErrorKind,
    text: Cow<'static, [u8]>,
}

pub type NumResult<T> = Result<T, NumError>;

impl NumError {
    /// `text` is WTF-8.
    #[cold]
    pub fn new(kind: ErrorKind, text: impl Into<Cow<'static, [u8]>>) -> Self {
        NumError(Box::new(Inner { kind, text: text.into() }))
    }

    #[cold]
    pub fn value(text: &'static str) -> Self {
        Self::new(ErrorKind::Value, text.as_bytes())
    }

    #[cold]
    pub fn overflow(text: &'static str) -> Self {
        Self::new(ErrorKind::Overflow, text.as_bytes())
    }

    #[cold]
    pub fn type_error(text: &'static str) -> Self {
        Self::new(ErrorKind::Type, text.as_bytes())
    }

    #[cold]
    pub fn zero_division(text: &'static str) -> Self {
        Self::new(ErrorKind::ZeroDivision, text.as_bytes())
    }

    /// `OverflowError(34, 'Numerical result out of range')`
    #[cold]
    pub fn out_of_range() -> Self {
        Self::new(ErrorKind::Range, &b"Numerical result out of range"[..])
    }

    #[cold]
    pub fn memory() -> Self {
        Self::new(ErrorKind::Memory, &b""[..])
    }

    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The exception's text, in WTF-8.
    pub fn text(&self) -> &[u8] {
        &self.0.text
    }

    /// The exception's text; lone surrogates are replaced.
    pub fn text_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0.text)
    }
}

impl fmt::Display for NumError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.kind.class_name(), self.text_lossy())
    }
}

impl fmt::Debug for NumError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for NumError {}
