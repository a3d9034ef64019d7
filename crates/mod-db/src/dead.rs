//! What dead objects leave to be given back to SQLite.
//!
//! Objects die during a collection, while all other threads stand still. One of them may stand in a callback of SQLite,
//! which holds the database's mutex meanwhile: whoever asks SQLite for anything then waits for ever. So what dies is only
//! put on a list here, and a thread that is in no callback works it off afterwards, outside the running state.
//!
//! # Invariants
//! - `LIST` is held for pushing and taking only, never over a safepoint.
//! - No Python code runs while the list is worked off: resetting a statement may finish its aggregates, whose connection
//!   may be dead too ([`burying`]). So SQLite's mutex is held shortly, and running threads may wait for it.

use super::blob::Handle;
use super::connection::{Left, Stmt};
use adder_vm::err::R;
use adder_vm::sync::lock;
use adder_vm::thread::{Th, poll};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering::*};
use std::sync::{Arc, Mutex};

pub enum Dead {
    /// A cursor's, which is used by nobody from then on.
    Running(Arc<Stmt>),
    Statement(Arc<Stmt>),
    Blob(Arc<Handle>),
    Connection(Left),
}

static LIST: Mutex<Vec<Dead>> = Mutex::new(Vec::new());
static ANY: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// Callbacks that this thread is in.
    static CALLBACKS: Cell<u32> = const { Cell::new(0) };
    static BURYING: Cell<bool> = const { Cell::new(false) };
}

/// Runs `f`, which is a callback of SQLite.
pub fn in_callback<T>(f: impl FnOnce() -> T) -> T {
    CALLBACKS.with(|c| c.set(c.get() + 1));
    let r = f();
    CALLBACKS.with(|c| c.set(c.get() - 1));
    r
}
pub fn burying() -> bool {
    BURYING.with(|b| b.get())
}

/// In a collection.
pub fn later(d: Dead) {
    lock(&LIST).push(d);
    ANY.store(true, Release);
    // Soon, on the thread that collects; at the latest when a connection is used.
    if let Some(th) = Th::current() {
        th.m.poll.fetch_or(poll::PENDING, Relaxed);
    }
}

/// Gives back what is on the list.
#[inline]
pub fn bury(th: Th) {
    if ANY.load(Relaxed) {
        bury_all(th);
    }
}
#[cold]
fn bury_all(th: Th) {
    if CALLBACKS.with(|c| c.get()) != 0 || BURYING.with(|b| b.replace(true)) {
        return;
    }
    ANY.store(false, Relaxed);
    let all = std::mem::take(&mut *lock(&LIST));
    th.m.blocking(|| {
        for d in all {
            match d {
                Dead::Running(s) => {
                    s.reset();
                    s.in_use.store(false, Release);
                }
                Dead::Statement(s) => drop(s),
                Dead::Blob(h) => h.close(),
                Dead::Connection(c) => c.close(),
            }
        }
    });
    BURYING.with(|b| b.set(false));
}
/// At a safepoint.
pub fn attend(th: Th) -> R<()> {
    bury(th);
    Ok(())
}
