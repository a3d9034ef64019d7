//! Arguments that are integers of C in CPython, with its texts for those that are too large.

use crate::builtins::int;
use crate::err::R;
use crate::thread::Th;
use crate::value::Value;

/// A C `int`.
pub fn int_arg(th: Th, v: Value) -> R<i32> {
    let i = th.index(v)?;
    match int::to_i64(i).and_then(|n| i32::try_from(n).ok()) {
        Some(n) => Ok(n),
        None => Err(th.overflow_error("Python int too large to convert to C int")),
    }
}
/// A C `long`, `off_t`...
pub fn long_arg(th: Th, v: Value) -> R<i64> {
    let i = th.index(v)?;
    int::to_i64(i).ok_or_else(|| th.overflow_error("Python int too large to convert to C long"))
}
/// An unsigned argument of 64 bits; `c`: its type in C, for the message.
pub fn unsigned(th: Th, v: Value, c: &str) -> R<u64> {
    let i = th.index(v)?;
    if int::is_negative(i) {
        return Err(th.value_error("Cannot convert negative int"));
    }
    int::to_u64(i).ok_or_else(|| th.overflow_error(format!("Python int too large for C {c}")))
}
/// A C `unsigned int` of which only the low bits count.
pub fn mask_arg(th: Th, v: Value) -> R<u32> {
    let i = th.index(v)?;
    match int::to_i64(i) {
        Some(n) => Ok(n as u32),
        None => {
            let low = int::and(th, i, th.int(u32::MAX as i64))?;
            Ok(int::to_i64(low).unwrap_or(0) as u32)
        }
    }
}
