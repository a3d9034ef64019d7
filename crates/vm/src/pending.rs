//! What a thread does at a safepoint when somebody wants its attention (first cut).
use crate::err::R;
use crate::thread::Th;
/// Signals, asynchronous exceptions, finalizers, weakref callbacks.
pub fn run(_th: Th) -> R<()> {
    Ok(())
}
