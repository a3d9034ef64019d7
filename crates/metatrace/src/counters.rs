//! Numbers by name: what was compiled, why recordings were given up, why traces were left or invalidated.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

macro_rules! counters {
    ($($name:ident $text:literal;)*) => {
        /// What is counted.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(usize)]
        pub enum Counter { $($name),* }
        const NAMES: &[&str] = &[$($text),*];
        static COUNTS: [AtomicU64; NAMES.len()] = [const { AtomicU64::new(0) }; NAMES.len()];
    };
}
counters! {
    Recordings "recordings begun";
    Bridges "bridges begun";
    LoopsCompiled "loops compiled";
    BridgesCompiled "bridges compiled";
    Entries "entries into compiled code";
    Exits "exits";
    Blacklisted "loops given up";
    BridgesBlacklisted "exits without bridges";
    Dropped "loops dropped: left too soon";
    Bytes "bytes of machine code";
    Insts "instructions compiled";
    CompileNanos "nanoseconds of compiling";
    AbortLength "abort: too long";
    AbortDepth "abort: calls too deep";
    AbortInner "abort: inner loop";
    AbortLeft "abort: left the loop";
    AbortReturn "abort: returned from the root frame";
    AbortOp "abort: operation that cannot be recorded";
    AbortException "abort: exception";
    AbortGenerator "abort: generator";
    AbortEffect "abort: guard after an effect";
    AbortOptimizer "abort: the optimiser";
    AbortBackend "abort: the backend";
    AbortFrame "abort: frame with an object or namespace of its own";
    AbortInvalid "abort: an assumption failed meanwhile";
    AbortSafepoint "abort: safepoint";
    InvalidCache "invalidated: inline cache";
    InvalidGlobal "invalidated: global variable";
    InvalidThreads "invalidated: second thread";
    InvalidAll "invalidated: function or frame changed";
}

impl Counter {
    pub fn add(self, n: u64) {
        COUNTS[self as usize].fetch_add(n, Relaxed);
    }
    pub fn inc(self) {
        self.add(1);
    }
    pub fn get(self) -> u64 {
        COUNTS[self as usize].load(Relaxed)
    }
    pub fn name(self) -> &'static str {
        NAMES[self as usize]
    }
}

/// All counters that are not zero.
pub fn report() -> String {
    let mut s = String::new();
    for (n, c) in NAMES.iter().zip(&COUNTS) {
        let c = c.load(Relaxed);
        if c > 0 {
            s.push_str(&format!("{c:>12} {n}\n"));
        }
    }
    s
}
