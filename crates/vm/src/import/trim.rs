//! Tracebacks of failed imports without the frames of `importlib`.
//!
//! # Invariants
//! A traceback's `next` is null or one, its `frame` a frame object with a code object, whose names are strings.

use crate::builtins::exceptions as exc;
use crate::object::*;
use crate::thread::Th;
use crate::value::*;

/// Removes chunks of `importlib` frames from the pending exception's traceback: all of them if it is an ImportError,
/// else those that end with the call into the module's code (CPython's `remove_importlib_frames`).
pub fn remove_importlib_frames(th: Th) {
    if crate::config::get().verbose > 0 {
        return;
    }
    let always = th.exc_is(&exc::IMPORT_ERROR);
    let Some(e) = th.pending().and_then(|e| e.cast::<BaseException>()) else { return };
    // Where the link to the chunk that is being looked at is stored: in the exception or in a traceback.
    let mut outer: Option<Gc<Traceback>> = None;
    let mut prev: Option<Gc<Traceback>> = None;
    let mut in_lib = false;
    let mut tb = e.traceback.get();
    while let Some(t) = tb {
        let next = t.next.get();
        let code: Gc<Code> = t.frame.gc().code.gc();
        let file = code.filename.gc();
        let now = matches!(
            file.bytes(),
            b"<frozen importlib._bootstrap>" | b"<frozen importlib._bootstrap_external>"
        );
        if now && !in_lib {
            outer = prev;
        }
        in_lib = now;
        if now && (always || code.name.gc().bytes() == b"_call_with_frames_removed") {
            match outer {
                Some(o) => th.store_opt(o, &o.next, next),
                None => th.store_opt(e, &e.traceback, next),
            }
            prev = outer;
        } else {
            prev = Some(t);
        }
        tb = next;
    }
}
