//! Issuing warnings from native code (first cut).
use crate::err::R;
use crate::native::TypeCell;
use crate::thread::Th;
pub fn warn(_th: Th, _category: &'static TypeCell, _msg: &str, _level: i64) -> R<()> {
    Ok(())
}
/// A warning about a place in a source file.
pub fn warn_explicit(_th: Th, _category: &'static TypeCell, _msg: &str, _file: &str, _line: u32) -> R<()> {
    Ok(())
}
