//! Names of compiled code for Linux' `perf`: the map (`-X perf`, `/tmp/perf-PID.map`) and the jitdump (`-X perf_jit`,
//! `/tmp/jit-PID.dump`, with code and lines, for `perf inject --jit`).
//!
//! Formats: tools/perf/Documentation/jit-interface.txt and jitdump-specification.txt of Linux.

use adder_host::Outside;
use adder_metatrace::sight::*;
use adder_vm::sync::lock;
use std::fs::File;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::sync::Mutex;

/// `py::function:file:line loop 3`, as CPython's trampolines are named, and which trace it is.
pub fn name(t: &TraceInfo) -> String {
    let b = &t.begins;
    format!("py::{}:{}:{} {} {}", b.function, b.file, b.line, t.kind(), t.id)
}

pub struct Map(Mutex<File>);

pub fn start_map() -> std::io::Result<()> {
    let f = File::create(format!("/tmp/perf-{}.map", std::process::id()))?;
    add_observer(Box::leak(Box::new(Map(Mutex::new(f)))));
    Ok(())
}

impl Observer for Map {
    fn compiled(&self, t: &'static TraceInfo) {
        if t.arch.is_some() {
            let line = format!("{:x} {:x} {}\n", t.entry, t.bytes, name(t));
            let _ = lock(&self.0).write_all(line.as_bytes());
        }
    }
}

pub struct Dump(Mutex<File>);

const MAGIC: u32 = 0x4A69_5444;
const LOAD: u32 = 0;
const CLOSE: u32 = 3;
const DEBUG_INFO: u32 = 2;

/// Nanoseconds of the clock that `perf record -k mono` uses.
fn now() -> u64 {
    adder_vm::the_host().clock_gettime(1).unwrap_or(0) as u64
}

/// Number of the machine in ELF files.
pub fn elf_machine() -> u16 {
    match std::env::consts::ARCH {
        "aarch64" => 183,
        _ => 62,
    }
}

pub fn start_dump() -> std::io::Result<()> {
    let f = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(format!("/tmp/jit-{}.dump", std::process::id()))?;
    let mut head = Vec::new();
    for w in [MAGIC, 1, 40, elf_machine() as u32, 0, std::process::id()] {
        head.extend_from_slice(&w.to_ne_bytes());
    }
    head.extend_from_slice(&now().to_ne_bytes());
    head.extend_from_slice(&0u64.to_ne_bytes());
    (&f).write_all(&head)?;
    // `perf record` learns of the file by seeing it mapped to be executed.
    let page = adder_vm::the_host().page_size();
    let (read_exec, private) = (1 | 4, 2);
    let _ = Outside::region(|o| adder_vm::the_host().mmap(o, page, read_exec, private, f.as_raw_fd(), 0));
    let dump: &'static Dump = Box::leak(Box::new(Dump(Mutex::new(f))));
    add_observer(dump);
    Ok(())
}

fn record(id: u32, body: &[u8]) -> Vec<u8> {
    let mut r = Vec::with_capacity(16 + body.len());
    r.extend_from_slice(&id.to_ne_bytes());
    r.extend_from_slice(&(16 + body.len() as u32).to_ne_bytes());
    r.extend_from_slice(&now().to_ne_bytes());
    r.extend_from_slice(body);
    r
}

/// The lines of a trace's code: offset, file, line; only where it changes.
pub fn lines(t: &TraceInfo) -> Vec<(u32, &Line)> {
    let Some(d) = &t.detail else { return vec![(0, &t.begins)] };
    let mut out: Vec<(u32, &Line)> = vec![(0, &t.begins)];
    for &(at, inst) in &d.marks.insts {
        let Some(l) = d.line_of(inst as usize).filter(|l| l.line != 0) else { continue };
        let last = out.last_mut().unwrap();
        if last.1.line != l.line || last.1.file != l.file {
            if last.0 == at { *last = (at, l) } else { out.push((at, l)) }
        }
    }
    out
}

impl Observer for Dump {
    fn compiled(&self, t: &'static TraceInfo) {
        if t.arch.is_none() {
            return;
        }
        let rows = lines(t);
        let mut info = Vec::new();
        info.extend_from_slice(&(t.entry as u64).to_ne_bytes());
        info.extend_from_slice(&(rows.len() as u64).to_ne_bytes());
        for (at, l) in rows {
            info.extend_from_slice(&(t.entry as u64 + at as u64).to_ne_bytes());
            info.extend_from_slice(&l.line.to_ne_bytes());
            info.extend_from_slice(&0u32.to_ne_bytes());
            info.extend_from_slice(l.file.as_bytes());
            info.push(0);
        }
        let mut load = Vec::new();
        load.extend_from_slice(&std::process::id().to_ne_bytes());
        load.extend_from_slice(&(adder_vm::the_host().thread_id() as u32).to_ne_bytes());
        for w in [t.entry as u64, t.entry as u64, t.bytes as u64, t.id as u64] {
            load.extend_from_slice(&w.to_ne_bytes());
        }
        load.extend_from_slice(name(t).as_bytes());
        load.push(0);
        load.extend_from_slice(t.code());
        let mut all = record(DEBUG_INFO, &info);
        all.extend(record(LOAD, &load));
        let _ = lock(&self.0).write_all(&all);
    }
    fn end(&self) {
        let _ = lock(&self.0).write_all(&record(CLOSE, &[]));
    }
}
