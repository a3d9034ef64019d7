//! `malloc` under a limit of address space (`ulimit -v`): what the program's Rust structures are in.
//!
//! Rust ends the process when it gets no memory. So something is kept back: when `malloc` fails for the first time, that is
//! given away, and the embedder learns of it as of the use of the heap's own reserve
//! ([`Mutator::take_memory_error`](crate::Mutator::take_memory_error)). Collections, which have to be finished, have a reserve
//! of their own. Who asks for much memory still has to ask whether there is that much (`try_reserve`).
//!
//! # Invariants
//! - `KEPT` and `FOR_COLLECTIONS` are addresses of mappings of `SIZE` bytes that nobody uses, or 0; who takes the address
//!   out unmaps it.
//! - Nothing here allocates or takes a lock.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};

/// The allocator of programs with a heap.
pub struct Malloc;

/// What is kept back, and the largest request that gets it.
const SIZE: usize = 16 << 20;
const LARGEST: usize = SIZE / 4;

static KEPT: AtomicUsize = AtomicUsize::new(0);
/// The same for collections alone, which have to be finished.
static FOR_COLLECTIONS: AtomicUsize = AtomicUsize::new(0);
static COLLECTING: AtomicBool = AtomicBool::new(false);
static CARES: AtomicBool = AtomicBool::new(false);
static LOW: AtomicBool = AtomicBool::new(false);

/// Keeps something back from now on. False: there is not that much.
pub(crate) fn keep() -> bool {
    let Some(p) = map_anonymous(SIZE) else { return false };
    LOW.store(false, Relaxed);
    give_away(KEPT.swap(p, AcqRel));
    true
}
/// Whether a collection is under way. It gets what is kept for it, which is kept again when it is over.
pub(crate) fn collecting(is: bool) {
    COLLECTING.store(is, Relaxed);
    if CARES.load(Relaxed) && FOR_COLLECTIONS.load(Relaxed) == 0 {
        FOR_COLLECTIONS.store(map_anonymous(SIZE).unwrap_or(0), Relaxed);
    }
}
/// So many bytes of new memory, zeroed, which the system gives as they are touched.
pub fn map_anonymous(size: usize) -> Option<usize> {
    // SAFETY: a mapping where nothing was.
    let p = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            size,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
            -1,
            0,
        )
    };
    if p == libc::MAP_FAILED { None } else { Some(p as usize) }
}
/// Whether there is so much memory: for work that takes it in many pieces, none of which can be refused. Where nothing is
/// limited there always is.
pub fn would_fit(size: usize) -> bool {
    if !CARES.load(Relaxed) {
        return true;
    }
    let Some(p) = map_anonymous(size.max(1)) else { return false };
    // SAFETY: nobody uses it.
    unsafe { libc::munmap(p as _, size.max(1)) == 0 }
}
/// Whether there is a limit.
pub(crate) fn cares() -> bool {
    CARES.load(Relaxed)
}
/// There is a limit: from now on.
pub(crate) fn care() {
    keep();
    CARES.store(true, Relaxed);
    FOR_COLLECTIONS.store(map_anonymous(SIZE).unwrap_or(0), Relaxed);
}
/// To be called before there is a second thread. glibc would give nearly every thread an arena of its own, which keeps
/// what was free in it once; as many as can run at a time are enough.
pub fn share_arenas() {
    #[cfg(target_env = "gnu")]
    {
        let n = std::thread::available_parallelism().map_or(2, |n| n.get().max(2));
        // SAFETY: plain call.
        unsafe { libc::mallopt(libc::M_ARENA_MAX, n as libc::c_int) };
    }
}
/// Set when work is done that needed much memory for a moment.
static TRIM: AtomicBool = AtomicBool::new(false);

/// Work is done that needed memory for a moment: the next major collection gives that back, if it is still free then.
pub fn trim_later() {
    TRIM.store(true, Relaxed);
}
/// A major collection is over.
pub(crate) fn trim_if_due() {
    if TRIM.load(Relaxed) && TRIM.swap(false, Relaxed) {
        trim();
    }
}
/// Gives the system back what is free. That takes a system call for each piece of it.
pub fn trim() {
    // SAFETY: plain call.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::malloc_trim(0)
    };
}
fn give_away(p: usize) -> bool {
    // SAFETY: see `KEPT`.
    p != 0 && unsafe { libc::munmap(p as _, SIZE) } == 0
}
/// Whether what was kept back has been given away.
#[inline(always)]
pub(crate) fn low() -> bool {
    LOW.load(Relaxed)
}

#[cold]
#[inline(never)]
fn again(size: usize, f: impl Fn() -> *mut u8) -> *mut u8 {
    if COLLECTING.load(Relaxed) && give_away(FOR_COLLECTIONS.swap(0, AcqRel)) {
        let p = f();
        if !p.is_null() {
            return p;
        }
    }
    if size > LARGEST && !COLLECTING.load(Relaxed) || !give_away(KEPT.swap(0, AcqRel)) {
        return std::ptr::null_mut();
    }
    LOW.store(true, Relaxed);
    f()
}

fn tell(parts: &[&str]) {
    for s in parts {
        // SAFETY: plain system call.
        unsafe { libc::write(2, s.as_ptr().cast(), s.len()) };
    }
}
/// Ends the process with a message, without any memory.
pub fn fatal(what: &str) -> ! {
    tell(&["Fatal Python error: ", what, "\n"]);
    std::process::abort()
}
/// As [`fatal`], where the program has not begun.
pub fn fatal_at_start(what: &str) -> ! {
    tell(&[
        "Fatal Python error: ",
        what,
        ": memory allocation failed\nPython runtime state: preinitialized\n",
    ]);
    std::process::exit(1)
}

// SAFETY: all memory comes from `System`.
unsafe impl GlobalAlloc for Malloc {
    #[inline(always)]
    unsafe fn alloc(&self, l: Layout) -> *mut u8 {
        unsafe {
            let p = System.alloc(l);
            if p.is_null() { again(l.size(), || System.alloc(l)) } else { p }
        }
    }
    #[inline(always)]
    unsafe fn alloc_zeroed(&self, l: Layout) -> *mut u8 {
        unsafe {
            let p = System.alloc_zeroed(l);
            if p.is_null() { again(l.size(), || System.alloc_zeroed(l)) } else { p }
        }
    }
    #[inline(always)]
    unsafe fn realloc(&self, p: *mut u8, l: Layout, size: usize) -> *mut u8 {
        unsafe {
            let n = System.realloc(p, l, size);
            if n.is_null() { again(size, || System.realloc(p, l, size)) } else { n }
        }
    }
    #[inline(always)]
    unsafe fn dealloc(&self, p: *mut u8, l: Layout) {
        unsafe { System.dealloc(p, l) }
    }
}
