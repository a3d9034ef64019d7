//! `-X jitlog=FILE`: what the JIT does, as text. docs/jit.md documents the format; tools rely on it: a line begins with a
//! fixed word, then come `name=value` fields without spaces in them, then, for some, a free text after `: `.

use crate::words;
use adder_metatrace::counters::{self, Counter};
use adder_metatrace::ir::*;
use adder_metatrace::sight::*;
use adder_metatrace::{params, text};
use adder_vm::sync::lock;
use std::fmt::Write as _;
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::Ordering::Relaxed;

pub struct Log(Mutex<std::io::BufWriter<std::fs::File>>);

/// Begins a log. Err: the file cannot be made.
pub fn start(path: &str) -> std::io::Result<()> {
    let mut head = String::from("adderjitlog 1\n");
    for p in params::ALL {
        let _ = writeln!(head, "param {}={}", p.info().name, p.get());
    }
    let file = std::fs::File::create(path)?;
    let log: &'static Log = Box::leak(Box::new(Log(Mutex::new(std::io::BufWriter::new(file)))));
    log.write(&head);
    add_observer(log);
    Ok(())
}

/// `file:line function`, the parts without spaces.
fn place(l: &Line) -> String {
    let bare = |s: &str| s.replace(char::is_whitespace, "_");
    format!("at={}:{} in={}", bare(&l.file), l.line, bare(&l.function))
}
fn of_bridge(b: Option<u32>) -> String {
    b.map_or("kind=loop".into(), |t| format!("kind=bridge from={t}"))
}

/// The instructions with the lines they come from between them.
pub fn annotated(t: &TraceInfo) -> Vec<(Option<&Line>, Option<usize>, String)> {
    let Some(d) = &t.detail else { return Vec::new() };
    let mut out = Vec::new();
    let mut last: Option<(&str, u32, u32)> = None;
    for (i, x) in d.trace.insts.iter().enumerate() {
        if x.op == Op::Nop {
            continue;
        }
        if counts(t, d, i) {
            // Only because somebody watches.
            if x.op == Op::RawGet {
                out.push((None, Some(i), "(counts the rounds)".into()));
            }
            last = None;
            continue;
        }
        let line = d.line_of(i);
        let key = line.map(|l| (&*l.file, l.line, l.depth));
        out.push((line.filter(|_| key != last), Some(i), text::inst(&d.trace, i)));
        last = key;
    }
    out.push((None, None, text::end(&d.trace)));
    out
}

/// The instruction belongs to the counter of rounds.
fn counts(t: &TraceInfo, d: &Detail, i: usize) -> bool {
    let word = t.runs as *const std::sync::atomic::AtomicU64 as u64;
    let is = |r: R| d.trace.const_of(r).is_some_and(|c| c.bits == word);
    let x = &d.trace.insts[i];
    match x.op {
        Op::RawGet | Op::RawSet => is(x.a),
        Op::Add => x.a.as_ins().is_some_and(|g| d.trace.insts[g].op == Op::RawGet && is(d.trace.insts[g].a)),
        _ => false,
    }
}

impl Log {
    fn write(&self, s: &str) {
        let mut f = lock(&self.0);
        let _ = f.write_all(s.as_bytes());
        // What was done last is what one wants to know after a crash.
        let _ = f.flush();
    }
}

impl Observer for Log {
    fn recording(&self, begins: &Line, bridge: Option<u32>) {
        self.write(&format!("record {} {}\n", of_bridge(bridge), place(begins)));
    }
    fn compiled(&self, t: &'static TraceInfo) {
        let mut s = String::new();
        let _ = write!(s, "trace id={} kind={}", t.id, t.kind());
        if let Some((from, e)) = t.parent {
            let _ = write!(s, " from={from} exit={}", e.id());
        }
        let _ = writeln!(
            s,
            " {} recorded={} optimised={} bytes={} entry={:#x} us={}",
            place(&t.begins),
            t.recorded,
            t.optimised,
            t.bytes,
            t.entry,
            t.nanos / 1000
        );
        if let Some(d) = &t.detail {
            for l in d.recorded.lines() {
                let _ = writeln!(s, "before {l}");
            }
            for (line, _, x) in annotated(t) {
                if let Some(l) = line {
                    let _ = writeln!(s, "line {} depth={} op={}", place(l), l.depth, l.op);
                }
                x.lines().for_each(|x| {
                    let _ = writeln!(s, "after {x}");
                });
            }
            for l in text::snaps(&d.trace).lines() {
                let _ = writeln!(s, "after {l}");
            }
        }
        for (n, e) in t.exits.iter().enumerate() {
            let _ = write!(s, "exit id={} trace={}", e.id(), t.id);
            if let Some(l) = words::exit_line(t, n) {
                let _ = write!(s, " inst=%{} {}", t.exit_inst(n).unwrap_or(0), place(l));
            }
            if let Some((expects, _)) = words::exit(t, n) {
                let _ = write!(s, " : {expects}");
            }
            s.push('\n');
        }
        self.write(&s);
    }
    fn aborted(&self, a: &Abort) {
        let id = a.reason.reason().map_or("?", |r| r.0);
        self.write(&format!(
            "abort reason={id} {} {} op={} began={}:{} : {}\n",
            of_bridge(a.bridge),
            place(&a.at),
            a.at.op,
            a.begins.file.replace(char::is_whitespace, "_"),
            a.begins.line,
            a.why
        ));
    }
    fn invalidated(&self, t: &'static TraceInfo, why: Counter) {
        self.write(&format!("invalid id={} {} : {}\n", t.id, place(&t.begins), why.name()));
    }
    fn end(&self) {
        let mut s = String::new();
        for t in traces() {
            let _ = writeln!(s, "ran id={} runs={} left={}", t.id, t.runs.load(Relaxed), t.left());
            for (n, e) in t.exits.iter().enumerate() {
                let k = e.times();
                if k > 0 {
                    let _ =
                        write!(s, "taken exit={} trace={} times={k} failures={}", e.id(), t.id, e.failures());
                    if let Some((_, was)) = words::exit(t, n) {
                        let _ = write!(s, " : {was}");
                    }
                    s.push('\n');
                }
            }
        }
        for l in counters::report().lines() {
            if let Some((n, name)) = l.trim().split_once(' ') {
                let _ = writeln!(s, "count n={n} : {name}");
            }
        }
        self.write(&s);
    }
}
