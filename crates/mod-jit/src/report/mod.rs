//! `-X jitreport=FILE`: one page, written when the program ends, that shows each hot function's source with its traces,
//! what leaves them, why recordings were given up, and where the time went. `page` writes it; this file gathers.

mod page;
mod source;

use crate::sampler;
use crate::words;
use adder_metatrace::counters::Counter;
use adder_metatrace::sight::*;
use adder_vm::sync::lock;
use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

pub struct Report {
    path: String,
    begun: Instant,
    /// Why traces became invalid.
    invalid: Mutex<HashMap<u32, Counter>>,
}

pub fn start(path: &str) -> std::io::Result<()> {
    // A path that cannot be written is told of now, not after hours.
    std::fs::File::create(path)?;
    sampler::start();
    add_observer(Box::leak(Box::new(Report {
        path: path.into(),
        begun: Instant::now(),
        invalid: Mutex::default(),
    })));
    Ok(())
}

impl Observer for Report {
    fn compiled(&self, t: &'static TraceInfo) {
        if t.arch.is_some() {
            sampler::add_code(t.entry, t.bytes);
        }
    }
    fn invalidated(&self, t: &'static TraceInfo, why: Counter) {
        lock(&self.invalid).insert(t.id, why);
    }
    fn end(&self) {
        let d = Data::gather(self);
        if let Err(e) = std::fs::write(&self.path, page::page(&d)) {
            eprintln!("adder: -X jitreport: {}: {e}", self.path);
        }
    }
}

/// Samples by where they fell.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Time {
    /// In machine code.
    pub machine: u64,
    /// In the runtime, called from machine code.
    pub called: u64,
    pub interpreted: u64,
}
impl Time {
    pub fn all(self) -> u64 {
        self.machine + self.called + self.interpreted
    }
    fn add(&mut self, o: Time) {
        self.machine += o.machine;
        self.called += o.called;
        self.interpreted += o.interpreted;
    }
}

/// An exit that was taken.
pub struct Left {
    pub trace: usize,
    pub exit: usize,
    /// For the interpreter, and into the bridge that begins here.
    pub times: u64,
    pub bridged: u64,
    pub bridge: Option<u32>,
    pub expects: String,
    pub otherwise: String,
}

#[derive(Default)]
pub struct LineData {
    pub time: Time,
    /// Traces that begin here.
    pub begins: Vec<usize>,
    pub left: Vec<Left>,
    pub aborts: Vec<usize>,
    /// Some trace goes through it.
    pub traced: bool,
}

pub struct Function {
    pub file: String,
    pub name: String,
    pub first: u32,
    pub time: Time,
    pub lines: BTreeMap<u32, LineData>,
    pub traces: Vec<usize>,
    pub exits: u64,
    pub aborts: u64,
}

/// A trace with its samples.
pub struct Traced {
    pub info: &'static TraceInfo,
    pub time: Time,
    /// By offset in its code.
    pub at: BTreeMap<u32, Time>,
    pub invalid: Option<Counter>,
}

pub struct Data {
    pub seconds: f64,
    /// Seconds of the processor's time.
    pub cpu: f64,
    pub total: u64,
    pub time: Time,
    pub recording: u64,
    pub elsewhere: u64,
    pub traces: Vec<Traced>,
    pub aborts: Vec<Abort>,
    pub functions: Vec<Function>,
    pub backend: Option<&'static str>,
}

impl Data {
    fn gather(r: &Report) -> Data {
        let times = sampler::times();
        let invalid = lock(&r.invalid).clone();
        let mut d = Data {
            seconds: r.begun.elapsed().as_secs_f64(),
            // The process's clock.
            cpu: adder_vm::the_host().clock_gettime(2).unwrap_or(0) as f64 / 1e9,
            total: times.total(),
            time: Time::default(),
            recording: times.recording,
            elsewhere: times.elsewhere,
            traces: traces()
                .into_iter()
                .map(|t| Traced {
                    info: t,
                    time: Time::default(),
                    at: BTreeMap::new(),
                    invalid: invalid.get(&t.id).copied(),
                })
                .collect(),
            aborts: aborts(),
            functions: Vec::new(),
            backend: adder_vm::jit::get().map(|j| j.backend.name()),
        };
        let mut by_entry: Vec<usize> = (0..d.traces.len()).collect();
        by_entry.sort_by_key(|&k| d.traces[k].info.entry);
        // A call's address is that of the instruction after it.
        for &(at, call, n) in &times.code {
            let pc = at - call as usize;
            let k = by_entry.partition_point(|&k| d.traces[k].info.entry <= pc);
            let here = k.checked_sub(1).map(|k| by_entry[k]);
            let t = match here {
                Some(k) if pc < d.traces[k].info.entry + d.traces[k].info.bytes => &mut d.traces[k],
                // The way in or out.
                _ => {
                    d.time.machine += n;
                    continue;
                }
            };
            let s =
                Time { machine: if call { 0 } else { n }, called: if call { n } else { 0 }, interpreted: 0 };
            t.time.add(s);
            t.at.entry((pc - t.info.entry) as u32).or_default().add(s);
            d.time.add(s);
        }
        d.functions(&times.interpreted);
        d
    }

    fn function(&mut self, index: &mut HashMap<(String, String, u32), usize>, l: &Line) -> usize {
        let key = (l.file.to_string(), l.function.to_string(), l.first);
        *index.entry(key).or_insert_with(|| {
            self.functions.push(Function {
                file: l.file.to_string(),
                name: l.function.to_string(),
                first: l.first,
                time: Time::default(),
                lines: BTreeMap::new(),
                traces: Vec::new(),
                exits: 0,
                aborts: 0,
            });
            self.functions.len() - 1
        })
    }

    fn functions(&mut self, interpreted: &[(Line, u64)]) {
        let mut index = HashMap::new();
        for (l, n) in interpreted {
            self.time.interpreted += n;
            let t = Time { interpreted: *n, ..Time::default() };
            let f = self.function(&mut index, l);
            self.functions[f].time.add(t);
            self.functions[f].lines.entry(l.line).or_default().time.add(t);
        }
        let bridges: HashMap<*const adder_metatrace::backend::Exit, (u32, u64)> = self
            .traces
            .iter()
            .filter_map(|t| t.info.parent.map(|p| (p.1 as *const _, (t.info.id, t.info.runs.load(Relaxed)))))
            .collect();
        for k in 0..self.traces.len() {
            let info = self.traces[k].info;
            let f = self.function(&mut index, &info.begins);
            self.functions[f].traces.push(k);
            self.functions[f].lines.entry(info.begins.line).or_default().begins.push(k);
            let Some(detail) = &info.detail else { continue };
            let mut home = Vec::new();
            for l in &detail.lines {
                let f = self.function(&mut index, l);
                home.push(f);
                self.functions[f].lines.entry(l.line).or_default().traced = true;
            }
            let at: Vec<(u32, Time)> = self.traces[k].at.iter().map(|(a, t)| (*a, *t)).collect();
            for (a, t) in at {
                let l = detail.inst_at(a).and_then(|i| detail.line_of(i)).unwrap_or(&info.begins);
                let f = self.function(&mut index, l);
                self.functions[f].time.add(t);
                self.functions[f].lines.entry(l.line).or_default().time.add(t);
            }
            for (n, e) in info.exits.iter().enumerate() {
                let bridge = bridges.get(&(e as *const _)).copied();
                let (times, bridged) = (e.times(), bridge.map_or(0, |b| b.1));
                if times + bridged == 0 {
                    continue;
                }
                let l = words::exit_line(info, n).unwrap_or(&info.begins).clone();
                let (expects, otherwise) = words::exit(info, n)
                    .unwrap_or_else(|| ("what was recorded".into(), "something else".into()));
                let f = self.function(&mut index, &l);
                self.functions[f].exits += times;
                self.functions[f].lines.entry(l.line).or_default().left.push(Left {
                    trace: k,
                    exit: n,
                    times,
                    bridged,
                    bridge: bridge.map(|b| b.0),
                    expects,
                    otherwise,
                });
            }
        }
        for k in 0..self.aborts.len() {
            let at = self.aborts[k].at.clone();
            let f = self.function(&mut index, &at);
            self.functions[f].aborts += self.aborts[k].times;
            self.functions[f].lines.entry(at.line).or_default().aborts.push(k);
        }
        for f in &mut self.functions {
            for l in f.lines.values_mut() {
                l.left.sort_by_key(|x| std::cmp::Reverse(x.times * 16 + x.bridged));
            }
        }
        self.functions.sort_by_key(|f| std::cmp::Reverse((f.time.all(), f.exits, f.aborts)));
    }

    /// What keeps a function from being fast, in words; and how bad that is: 0 to 3.
    pub fn verdict(&self, f: &Function) -> (u8, String) {
        let all = f.time.all().max(1) as f64;
        let share = f.time.all() as f64 / self.total.max(1) as f64;
        let (interp, called) = (f.time.interpreted as f64 / all, f.time.called as f64 / all);
        let bad = |n: u8| if share < 0.01 { 0 } else { n };
        let worst = f
            .lines
            .iter()
            .flat_map(|(n, l)| l.left.iter().map(move |x| (x.times, *n, x)))
            .max_by_key(|x| x.0)
            .filter(|x| x.0 > 0);
        let loops: Vec<&Traced> =
            f.traces.iter().map(|k| &self.traces[*k]).filter(|t| t.info.parent.is_none()).collect();
        if f.time.all() > 0 && interp > 0.5 {
            if let Some((n, k)) = f
                .lines
                .iter()
                .flat_map(|(n, l)| l.aborts.iter().map(move |k| (*n, *k)))
                .max_by_key(|x| self.aborts[x.1].times)
                && !loops.iter().any(|t| t.invalid.is_none())
            {
                let a = &self.aborts[k];
                return (bad(3), format!("Interpreted: recording stopped at line {n} ({}).", a.why));
            }
            if let Some(t) = loops.iter().find(|t| t.invalid.is_some()) {
                let why = t.invalid.unwrap().name().trim_start_matches("invalidated: ").to_string();
                return (
                    bad(3),
                    format!(
                        "Mostly interpreted: the loop at line {} was dropped ({why}).",
                        t.info.begins.line
                    ),
                );
            }
            if let Some((times, n, x)) = worst.filter(|w| w.0 > 1000) {
                return (
                    bad(3),
                    format!(
                        "Mostly interpreted: compiled code is left at line {n}, {} times: {}.",
                        page::count(times),
                        x.otherwise
                    ),
                );
            }
            if loops.is_empty() {
                return (
                    bad(2),
                    "Interpreted: no loop here was hot, or it is called by no compiled loop.".into(),
                );
            }
            let line = f.lines.iter().max_by_key(|(_, l)| l.time.interpreted).map_or(0, |l| *l.0);
            return (
                bad(2),
                format!(
                    "Mostly in the interpreter, or in what it calls as a whole, at or before line {line}."
                ),
            );
        }
        if called > 0.5 {
            let line = f.lines.iter().max_by_key(|(_, l)| l.time.called).map_or(0, |l| *l.0);
            return (
                bad(1),
                format!(
                    "Compiled, but {:.0}% of its time is in the runtime that it calls, most at line {line}.",
                    called * 100.0
                ),
            );
        }
        if let Some((times, n, x)) = worst.filter(|w| w.0 > 10_000) {
            return (
                bad(2),
                format!("Compiled, but left at line {n}, {} times: {}.", page::count(times), x.otherwise),
            );
        }
        if f.time.all() == 0 {
            return (0, String::new());
        }
        (0, "Runs as machine code.".into())
    }
}
