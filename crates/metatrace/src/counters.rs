//! Numbers by name: what was compiled, why recordings were given up, why traces were left or invalidated.
//!
//! A reason for giving up has an identifier for logs and programs, and a word of advice for who reads a report.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

macro_rules! counters {
    ($($name:ident $text:literal $($id:literal $advice:literal)?;)*) => {
        /// What is counted.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(usize)]
        pub enum Counter { $($name),* }
        const NAMES: &[&str] = &[$($text),*];
        pub const ALL: &[Counter] = &[$(Counter::$name),*];
        const REASONS: &[&[(&str, &str)]] = &[$(&[$(($id, $advice))?]),*];
        static COUNTS: [AtomicU64; NAMES.len()] = [const { AtomicU64::new(0) }; NAMES.len()];
    };
}
counters! {
    Recordings "recordings begun";
    Bridges "bridges begun";
    LoopsCompiled "loops compiled";
    BridgesCompiled "bridges compiled";
    FunctionsCompiled "functions compiled";
    JoinsCompiled "meetings of ways compiled";
    Entries "entries into compiled code";
    Exits "exits";
    Blacklisted "loops given up";
    BridgesBlacklisted "exits without bridges";
    Dropped "loops dropped: left too soon";
    Postponed "recordings postponed: compiling has had its share of the time";
    Bytes "bytes of machine code";
    Insts "instructions compiled";
    CompileNanos "nanoseconds of compiling";
    AbortLength "abort: too long" "too-long"
        "The path through the loop is very long. Move parts that run seldom out of it, or raise trace_limit.";
    AbortDepth "abort: calls too deep" "too-deep"
        "Calls within calls go deeper than a trace follows, often by recursion. An iterative form is faster, or raise max_depth or max_recursion.";
    AbortInner "abort: inner loop" "inner-loop"
        "Another loop runs within the path. It is recorded first; then the path is tried again.";
    AbortLeft "abort: left the loop" "left-loop"
        "The loop ended while it was recorded, or the path led out of it. Loops that run only a few rounds at a time are best written so that an outer loop is the hot one.";
    AbortReturn "abort: returned from the root frame" "returned"
        "The function with the loop returned, or yielded, before the loop came round. Loops that mostly end in their first round are no loops to the JIT.";
    AbortOp "abort: operation that cannot be recorded" "operation"
        "An operation on the path cannot be part of a trace. Move it out of the hot loop.";
    AbortWhole "abort: the interpreter is faster" "slow"
        "Most of the path is operations that a trace leaves to the interpreter, and entering and leaving generators. Nothing is wrong; a plain loop over lists would gain more.";
    AbortShort "abort: short function" "short"
        "The function is so short that entering machine code costs more than it saves. It becomes part of the traces of who calls it.";
    AbortException "abort: exception" "exception"
        "An exception was raised while the path was recorded. Exceptions as ordinary control flow in a hot loop are slow: test before instead.";
    AbortGenerator "abort: generator" "generator"
        "Asynchronous iteration or a generator of an unusual kind is on the path. Use a plain loop in the hot part.";
    AbortEffect "abort: guard after an effect" "effect"
        "A handler tested something after it had changed something: a limit of the JIT, not of the program. Please report it.";
    AbortOptimizer "abort: the optimiser" "optimiser"
        "The optimiser could not make a consistent loop of what was recorded, for example because a variable changes its type in every round. Keep the types of variables the same.";
    AbortBackend "abort: the backend" "backend"
        "The code generator could not compile the trace: too many values alive at once, or no memory for code. Shorter loop bodies help.";
    AbortFrame "abort: frame with an object or namespace of its own" "frame"
        "Somebody holds a frame object of the function, or it runs in a namespace of its own (exec, class bodies, locals(), debuggers). Put hot code in plain functions.";
    AbortInvalid "abort: an assumption failed meanwhile" "invalid"
        "Something the trace relied on changed while it was recorded: a global variable, a class, a function. Do not rebind these in hot code.";
    AbortExcluded "abort: excluded by the program" "excluded"
        "The path calls a function that adderjit.never excludes. Use adderjit.dont_look_inside to call it from traces.";
    AbortSafepoint "abort: safepoint" "safepoint"
        "A signal, another thread or the collector asked for attention during recording. It is tried again.";
    InvalidCache "invalidated: inline cache";
    InvalidGlobal "invalidated: global variable";
    InvalidThreads "invalidated: second thread";
    InvalidObserved "invalidated: somebody observes";
    InvalidAll "invalidated: function or frame changed";
}

impl Counter {
    pub fn add(self, n: u64) {
        COUNTS[self as usize].fetch_add(n, Relaxed);
    }
    /// Racing threads may lose counts: these are in the way of entering and leaving machine code.
    #[inline]
    pub fn inc(self) {
        let c = &COUNTS[self as usize];
        c.store(c.load(Relaxed) + 1, Relaxed);
    }
    pub fn get(self) -> u64 {
        COUNTS[self as usize].load(Relaxed)
    }
    pub fn name(self) -> &'static str {
        NAMES[self as usize]
    }
    /// Of a reason for giving up: its identifier and advice.
    pub fn reason(self) -> Option<(&'static str, &'static str)> {
        REASONS[self as usize].first().copied()
    }
}

/// All numbers are zero again.
pub fn reset() {
    COUNTS.iter().for_each(|c| c.store(0, Relaxed));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_abort_has_a_reason() {
        let mut ids = Vec::new();
        for c in ALL {
            assert_eq!(c.name().starts_with("abort: "), c.reason().is_some(), "{}", c.name());
            if let Some((id, advice)) = c.reason() {
                assert!(
                    !ids.contains(&id) && id.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'),
                    "{id}"
                );
                assert!(advice.len() > 20);
                ids.push(id);
            }
        }
    }
}
