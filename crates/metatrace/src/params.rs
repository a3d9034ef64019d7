//! The JIT's limits and thresholds: one table with names, defaults and what they mean. Settable at start and at run time;
//! read where they are needed, never in machine code and never by a handler of the interpreter.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

/// A row of the table.
pub struct Info {
    pub name: &'static str,
    pub default: u32,
    pub min: u32,
    pub max: u32,
    pub doc: &'static str,
}

macro_rules! params {
    ($($name:ident $text:literal $default:literal $min:literal..=$max:literal $doc:literal;)*) => {
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(usize)]
        pub enum Param { $($name),* }
        /// In the order of [`Param`].
        pub const TABLE: &[Info] = &[
            $(Info { name: $text, default: $default, min: $min, max: $max, doc: $doc }),*
        ];
        pub const ALL: &[Param] = &[$(Param::$name),*];
        static VALUES: [AtomicU32; TABLE.len()] = [$(AtomicU32::new($default)),*];
        static GIVEN: [AtomicBool; TABLE.len()] = [const { AtomicBool::new(false) }; TABLE.len()];
    };
}
params! {
    Threshold "threshold" 700 2..=1_000_000_000
        "iterations of a loop before it is recorded";
    FunctionThreshold "function_threshold" 1600 2..=1_000_000_000
        "calls of a function before it is recorded by itself; unless set, it is never more than threshold";
    FunctionMin "function_min" 24 0..=1_000_000
        "operations that the recording of a function must have for the interpreter to call its machine code";
    BridgeThreshold "bridge_threshold" 150 1..=1_000_000_000
        "times that an exit is taken before a bridge is recorded there; unless set, it is never more than threshold";
    MaxAborts "max_aborts" 6 1..=1000
        "recordings of a loop that may fail before the loop is left to the interpreter for good";
    MaxBridgeFailures "max_bridge_failures" 3 1..=1000
        "recordings of a bridge that may fail before its exit is left as it is for good";
    TraceLimit "trace_limit" 4000 10..=1_000_000
        "instructions of trace IR that a recording may have before optimising";
    MaxDepth "max_depth" 12 0..=48
        "calls within calls that a trace goes into";
    MaxRecursion "max_recursion" 2 0..=48
        "activations of one function on top of the first that a trace goes into";
    InlineLimit "inline_limit" 1000 0..=1_000_000
        "instructions of a function's own trace above which traces of its callers call its machine code";
    InlineBridge "inline_bridge" 250 0..=1_000_000
        "the same where the caller's trace is a bridge";
    MergeAfter "merge_after" 12 0..=1_000_000
        "bridges of a tree above which further ones end where ways through the function meet";
    MaxInner "max_inner" 4 0..=1000
        "times that a recording may pass the end of another loop, unrolling it";
    MaxLeft "max_left" 8 0..=1000
        "returns from its first frame to the caller that a bridge may follow";
    MaxSame "max_same" 8 1..=1000
        "bridges on one way through a tree that may begin at the same instruction";
    MaxChain "max_chain" 60 1..=10_000
        "bridges on one way through a tree";
    MaxBridges "max_bridges" 400 0..=1_000_000
        "bridges of a tree";
    JudgeEntries "judge_entries" 4096 16..=1_000_000_000
        "entries into a loop's machine code between two judgements whether it is worth entering";
    WorthCycles "worth_cycles" 2500 0..=1_000_000_000
        "processor cycles that an entry must last on average for a loop to keep its machine code; 0: it always does";
    WholeCost "whole_cost" 4 0..=1000
        "what an operation that a trace has the interpreter carry out loses, in operations that it gains; a trace that loses more than it gains is not compiled";
    GeneratorCost "generator_cost" 12 0..=1000
        "the same of entering and leaving a generator";
    Budget "budget" 9 0..=100
        "percent of the running time that recording and compiling may take, from 8 to 96 milliseconds four times as much; 0: as much as it takes";
    KeepIr "keep_ir" 0 0..=1
        "keep each trace's IR and the lines it came from: for adderjit.traces(), on with -X jitlog and -X jitreport";
}

impl Param {
    #[inline(always)]
    pub fn get(self) -> u32 {
        VALUES[self as usize].load(Relaxed)
    }
    #[inline(always)]
    pub fn size(self) -> usize {
        self.get() as usize
    }
    pub fn info(self) -> &'static Info {
        &TABLE[self as usize]
    }
    /// Whether somebody has set it.
    pub fn given(self) -> bool {
        GIVEN[self as usize].load(Relaxed)
    }
    pub fn find(name: &str) -> Option<Param> {
        ALL.iter().copied().find(|p| p.info().name == name)
    }
    /// Err: out of its range; a text for the user.
    pub fn set(self, n: i64) -> Result<(), String> {
        let i = self.info();
        if n < i.min as i64 || n > i.max as i64 {
            return Err(format!("{}={n} is not within {}..{}", i.name, i.min, i.max));
        }
        VALUES[self as usize].store(n as u32, Relaxed);
        GIVEN[self as usize].store(true, Relaxed);
        if self == Param::Threshold {
            // Who wants loops early wants the rest early.
            for p in [Param::BridgeThreshold, Param::FunctionThreshold] {
                if !p.given() {
                    VALUES[p as usize].store((n as u32).min(p.info().default), Relaxed);
                }
            }
        }
        Ok(())
    }
    fn reset(self) {
        VALUES[self as usize].store(self.info().default, Relaxed);
        GIVEN[self as usize].store(false, Relaxed);
    }
}

/// All parameters have their defaults again.
pub fn reset() {
    ALL.iter().for_each(|p| p.reset());
}

/// What `-X jit=...` or `ADDER_JIT` asks for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// None: not said.
    pub on: Option<bool>,
    pub help: bool,
    pub gdb: bool,
    pub params: Vec<(usize, u32)>,
}

impl Options {
    /// Adds a list `on|off|help|gdb|NAME=VALUE,...`. Err: what is wrong with it.
    pub fn parse(&mut self, text: &str) -> Result<(), String> {
        for word in text.split(',').map(str::trim).filter(|w| !w.is_empty()) {
            match word {
                "on" | "1" => self.on = Some(true),
                "off" | "0" => self.on = Some(false),
                "help" => self.help = true,
                "gdb" => self.gdb = true,
                w => {
                    let Some((name, value)) = w.split_once('=') else {
                        return Err(unknown(w));
                    };
                    let (name, value) = (name.trim().replace('-', "_"), value.trim());
                    let p = Param::find(&name).ok_or_else(|| unknown(&name))?;
                    let i = p.info();
                    let n: i64 =
                        value.parse().map_err(|_| format!("{name}={value}: {value:?} is not a number"))?;
                    if n < i.min as i64 || n > i.max as i64 {
                        return Err(format!("{name}={n} is not within {}..{}", i.min, i.max));
                    }
                    self.params.push((p as usize, n as u32));
                }
            }
        }
        Ok(())
    }
    /// Sets the parameters.
    pub fn apply(&self) {
        for &(p, n) in &self.params {
            let _ = ALL[p].set(n as i64);
        }
    }
}

fn unknown(name: &str) -> String {
    let near = TABLE.iter().map(|i| i.name).find(|n| n.contains(name) || name.contains(n));
    let hint = near.map_or(String::new(), |n| format!(" (is it {n:?}?)"));
    format!("there is no parameter {name:?}{hint}; -X jit=help lists them")
}

/// The table for `-X jit=help`.
pub fn help() -> String {
    let mut s = String::from(
        "-X jit=WORD[,WORD]... (also ADDER_JIT) says whether the just-in-time compiler runs, and how:\n\n\
         on      traces of hot loops are compiled\n\
         off     everything is interpreted\n\
         gdb     compiled code is announced to gdb (its JIT interface)\n\
         help    this text\n\
         NAME=N  sets a parameter; the JIT is on unless \"off\" is said too\n\nParameters:\n",
    );
    for i in TABLE {
        s.push_str(&format!("\n{} = {}  ({}..{})\n    {}\n", i.name, i.default, i.min, i.max, i.doc));
    }
    s
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_in_range() {
        for (i, p) in TABLE.iter().zip(ALL) {
            assert!(i.min <= i.default && i.default <= i.max, "{}", i.name);
            assert_eq!(Param::find(i.name), Some(*p));
            assert!(!i.doc.is_empty() && i.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
        }
    }
    #[test]
    fn options() {
        let mut o = Options::default();
        o.parse("on, threshold=10,max-depth=3").unwrap();
        assert_eq!(o.on, Some(true));
        assert_eq!(o.params, [(Param::Threshold as usize, 10), (Param::MaxDepth as usize, 3)]);
        for (bad, text) in [
            ("thresold=1", "no parameter"),
            ("depth=1", "is it \"max_depth\"?"),
            ("threshold=x", "not a number"),
            ("threshold=1", "not within"),
            ("maybe", "no parameter"),
        ] {
            let e = Options::default().parse(bad).unwrap_err();
            assert!(e.contains(text), "{e}");
        }
    }
}
