//! Where a program's time goes: a sample for each thousandth of a second of the processor's time.
//!
//! A sample falls in machine code (its address is kept), in the runtime called from machine code (the address of the
//! call is kept), in the JIT itself, or in the interpreter: then the thread is asked to say where it is at its next
//! safepoint, the end of a loop or a call, where all it has can be looked at.
//!
//! # Invariants
//! - [`sample`] runs in a signal handler: it allocates nothing, takes no lock, writes only to what was made before.
//! - A thread that records or runs machine code is not asked for attention: that would change what is measured.

use adder_metatrace::sight::Line;
use adder_vm::err::R;
use adder_vm::sync::lock;
use adder_vm::thread::{Th, poll};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering::*};
use std::sync::{Mutex, OnceLock};

pub const HZ: u32 = 1000;
const MOST: usize = 1 << 20;

/// Addresses of machine code, with [`CALL`] for the runtime called from there. Filled from the beginning.
static SAMPLES: OnceLock<Box<[AtomicU64]>> = OnceLock::new();
static USED: AtomicUsize = AtomicUsize::new(0);
/// All machine code lies between these.
static LOW: AtomicUsize = AtomicUsize::new(usize::MAX);
static HIGH: AtomicUsize = AtomicUsize::new(0);
static RECORDING: AtomicU64 = AtomicU64::new(0);
/// Samples in the interpreter that are still to be placed, and those that could not be.
static WAITING: AtomicU32 = AtomicU32::new(0);
static ELSEWHERE: AtomicU64 = AtomicU64::new(0);
static INTERPRETED: Mutex<Option<HashMap<(usize, u32), (Line, u64)>>> = Mutex::new(None);

const CALL: u64 = 1 << 63;

pub fn start() {
    let zeros: Vec<AtomicU64> = std::iter::repeat_with(|| AtomicU64::new(0)).take(MOST).collect();
    if SAMPLES.set(zeros.into_boxed_slice()).is_ok() {
        adder_vm::pending::add_call_hook(place);
        let _ = adder_vm::the_host().sample_cpu(HZ, sample);
    }
}
/// There is machine code here.
pub fn add_code(at: usize, bytes: usize) {
    LOW.fetch_min(at, Relaxed);
    HIGH.fetch_max(at + bytes, Relaxed);
}

fn is_code(a: usize) -> bool {
    a >= LOW.load(Relaxed) && a < HIGH.load(Relaxed)
}
fn keep(w: u64) {
    let k = USED.fetch_add(1, Relaxed);
    if let Some(s) = SAMPLES.get().and_then(|s| s.get(k)) {
        s.store(w, Relaxed);
    }
}

/// In a signal handler.
fn sample(pc: usize, sp: usize) {
    if is_code(pc) {
        return keep(pc as u64);
    }
    let Some(th) = Th::current() else {
        ELSEWHERE.fetch_add(1, Relaxed);
        return;
    };
    if adder_vm::jit::recording() {
        RECORDING.fetch_add(1, Relaxed);
        return;
    }
    // Machine code that called the runtime: its return address is the first of machine code above. An operation that was
    // called as a whole has noted where its frame is; interpreters do that too, and have none near.
    let base = th.native_base.get();
    let (from, words) = if base == 0 { (sp, 1024) } else { (base, 96) };
    if HIGH.load(Relaxed) != 0 && !th.fp.get().is_null() && from >= sp {
        let from = from & !7;
        let words = words.min(th.stack_base.saturating_sub(from) / 8);
        for k in 0..words {
            // SAFETY: within the stack.
            let w = unsafe { std::ptr::read_volatile((from as *const usize).add(k)) };
            if is_code(w) {
                return keep(w as u64 | CALL);
            }
        }
    }
    WAITING.fetch_add(1, Relaxed);
    th.m.poll.fetch_or(poll::PENDING, Relaxed);
}

/// At a safepoint: the interpreter's samples were about here.
fn place(th: Th) -> R<()> {
    let n = WAITING.swap(0, Relaxed) as u64;
    if n == 0 {
        return Ok(());
    }
    // At the start no frame runs yet.
    let Some(fp) = th.frame() else {
        ELSEWHERE.fetch_add(n, Relaxed);
        return Ok(());
    };
    let (code, pc) = (fp.code, fp.pc);
    let l = adder_vm::jit::sight::line(th, code, pc, 0);
    let mut all = lock(&INTERPRETED);
    let map = all.get_or_insert_with(HashMap::new);
    // By text: the names are made anew each time.
    let hash =
        l.file.bytes().chain(l.function.bytes()).fold(5381usize, |h, b| h.wrapping_mul(33) ^ b as usize);
    map.entry((hash, l.line)).or_insert((l, 0)).1 += n;
    Ok(())
}

#[derive(Default)]
pub struct Times {
    /// Address of machine code, whether it is the runtime called from there, samples.
    pub code: Vec<(usize, bool, u64)>,
    pub interpreted: Vec<(Line, u64)>,
    /// In the JIT itself.
    pub recording: u64,
    pub elsewhere: u64,
}

impl Times {
    pub fn total(&self) -> u64 {
        self.code.iter().map(|c| c.2).sum::<u64>()
            + self.interpreted.iter().map(|c| c.1).sum::<u64>()
            + self.recording
            + self.elsewhere
    }
}

/// All samples so far.
pub fn times() -> Times {
    let mut code: HashMap<u64, u64> = HashMap::new();
    if let Some(s) = SAMPLES.get() {
        for w in s.iter().take(USED.load(Relaxed)) {
            *code.entry(w.load(Relaxed)).or_default() += 1;
        }
    }
    let mut code: Vec<(usize, bool, u64)> =
        code.into_iter().map(|(w, n)| ((w & !CALL) as usize, w & CALL != 0, n)).collect();
    code.sort();
    let all = lock(&INTERPRETED);
    let mut interpreted: Vec<(Line, u64)> = all.iter().flatten().map(|(_, v)| v.clone()).collect();
    interpreted.sort_by(|a, b| (&a.0.file, a.0.line).cmp(&(&b.0.file, b.0.line)));
    Times {
        code,
        interpreted,
        recording: RECORDING.load(Relaxed),
        elsewhere: ELSEWHERE.load(Relaxed) + WAITING.load(Relaxed) as u64,
    }
}
