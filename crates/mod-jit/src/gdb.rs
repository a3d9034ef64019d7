//! gdb's JIT interface (`-X jit=gdb`): each trace is announced as an ELF image with its name, its lines of Python and
//! how to unwind through it, so that `bt` shows Python functions and `break FILE:LINE` works in compiled code.
//!
//! Interface: "JIT Compilation Interface" in gdb's manual. Formats: ELF-64, DWARF 4.
//!
//! # Invariants
//! - The images are never freed: the code is not either.
//! - The list is changed under a lock, and complete when gdb is told (by a breakpoint in the function below).

use crate::perf;
use adder_metatrace::sight::*;
use adder_vm::sync::lock;
use std::sync::Mutex;

#[repr(C)]
struct Entry {
    next: *mut Entry,
    prev: *mut Entry,
    image: *const u8,
    size: u64,
}

#[repr(C)]
pub struct Descriptor {
    version: u32,
    action: u32,
    relevant: *mut Entry,
    first: *mut Entry,
}
// SAFETY: changed under `LOCK` only; read by the debugger while the process stands.
unsafe impl Sync for Descriptor {}

const REGISTER: u32 = 1;

/// gdb puts a breakpoint here.
#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn __jit_debug_register_code() {
    // Something that is not optimised away: identical empty functions are folded into one.
    std::hint::black_box(&raw const __jit_debug_descriptor);
}

#[unsafe(no_mangle)]
#[used]
pub static mut __jit_debug_descriptor: Descriptor =
    Descriptor { version: 1, action: 0, relevant: std::ptr::null_mut(), first: std::ptr::null_mut() };

static LOCK: Mutex<()> = Mutex::new(());

struct Gdb;

/// Announces traces from now on.
pub fn start() {
    add_observer(&Gdb);
}

impl Observer for Gdb {
    fn compiled(&self, t: &'static TraceInfo) {
        if t.arch.is_none() {
            return;
        }
        let image: &'static [u8] = Box::leak(image(t).into_boxed_slice());
        if let Ok(dir) = std::env::var("ADDER_JIT_ELF") {
            let _ = std::fs::write(format!("{dir}/trace-{}.elf", t.id), image);
        }
        let _l = lock(&LOCK);
        // SAFETY: under the lock.
        unsafe {
            let d = &raw mut __jit_debug_descriptor;
            let e = Box::into_raw(Box::new(Entry {
                next: (*d).first,
                prev: std::ptr::null_mut(),
                image: image.as_ptr(),
                size: image.len() as u64,
            }));
            if !(*d).first.is_null() {
                (*(*d).first).prev = e;
            }
            (*d).first = e;
            (*d).relevant = e;
            (*d).action = REGISTER;
        }
        __jit_debug_register_code();
    }
}

fn uleb(v: &mut Vec<u8>, mut n: u64) {
    loop {
        let b = (n & 0x7f) as u8;
        n >>= 7;
        v.push(if n > 0 { b | 0x80 } else { b });
        if n == 0 {
            return;
        }
    }
}
fn sleb(v: &mut Vec<u8>, mut n: i64) {
    loop {
        let b = (n & 0x7f) as u8;
        n >>= 7;
        let done = (n == 0 && b & 0x40 == 0) || (n == -1 && b & 0x40 != 0);
        v.push(if done { b } else { b | 0x80 });
        if done {
            return;
        }
    }
}
fn text0(v: &mut Vec<u8>, s: &str) {
    v.extend(s.bytes().filter(|b| *b != 0));
    v.push(0);
}
fn w16(v: &mut Vec<u8>, n: u16) {
    v.extend_from_slice(&n.to_le_bytes());
}
fn w32(v: &mut Vec<u8>, n: u32) {
    v.extend_from_slice(&n.to_le_bytes());
}
fn w64(v: &mut Vec<u8>, n: u64) {
    v.extend_from_slice(&n.to_le_bytes());
}
/// A unit with its length before it.
fn unit(body: Vec<u8>) -> Vec<u8> {
    let mut v = Vec::with_capacity(body.len() + 4);
    w32(&mut v, body.len() as u32);
    v.extend(body);
    v
}

/// How to unwind: compiled code never moves the stack pointer; the entry has saved the registers that calls preserve.
fn eh_frame(t: &TraceInfo) -> Vec<u8> {
    if t.arch != Some("x86_64") {
        return Vec::new();
    }
    // A word that keeps the stack aligned, the registers, the return address.
    const FRAME: u64 = 8 + 6 * 8 + 8;
    let mut cie = Vec::new();
    w32(&mut cie, 0);
    cie.push(1);
    text0(&mut cie, "");
    uleb(&mut cie, 1);
    sleb(&mut cie, -8);
    cie.push(16);
    // CFA = rsp + FRAME; the return address, rbx, rbp, r12 to r15 below it.
    cie.push(0x0c);
    uleb(&mut cie, 7);
    uleb(&mut cie, FRAME);
    for (k, reg) in [16u8, 3, 6, 12, 13, 14, 15].into_iter().enumerate() {
        cie.push(0x80 | reg);
        uleb(&mut cie, k as u64 + 1);
    }
    while (cie.len() + 4) % 8 != 0 {
        cie.push(0);
    }
    let mut all = unit(cie);
    let mut fde = Vec::new();
    w32(&mut fde, all.len() as u32 + 4);
    w64(&mut fde, t.entry as u64);
    w64(&mut fde, t.bytes as u64);
    while (fde.len() + 4) % 8 != 0 {
        fde.push(0);
    }
    all.extend(unit(fde));
    w32(&mut all, 0);
    all
}

fn debug_line(t: &TraceInfo) -> Vec<u8> {
    let rows = perf::lines(t);
    let mut files: Vec<&str> = Vec::new();
    for (_, l) in &rows {
        if !files.contains(&&*l.file) {
            files.push(&l.file);
        }
    }
    let mut head = vec![
        1,          // shortest instruction
        1,          // operations of an instruction
        1,          // is_stmt
        -5i8 as u8, // line base
        14,         // line range
        10,         // first special opcode
    ];
    head.extend_from_slice(&[0, 1, 1, 1, 1, 0, 0, 0, 1]);
    head.push(0); // no folders
    for f in &files {
        text0(&mut head, f);
        head.extend_from_slice(&[0, 0, 0]);
    }
    head.push(0);
    let mut p = Vec::new();
    p.extend_from_slice(&[0, 9, 2]);
    w64(&mut p, t.entry as u64);
    let (mut at, mut line, mut file) = (0, 1i64, 1usize);
    for (offset, l) in &rows {
        let f = files.iter().position(|x| *x == &*l.file).unwrap_or(0) + 1;
        if f != file {
            p.push(4);
            uleb(&mut p, f as u64);
            file = f;
        }
        if *offset != at {
            p.push(2);
            uleb(&mut p, (*offset - at) as u64);
            at = *offset;
        }
        if l.line as i64 != line {
            p.push(3);
            sleb(&mut p, l.line as i64 - line);
            line = l.line as i64;
        }
        p.push(1);
    }
    p.push(2);
    uleb(&mut p, (t.bytes as u32 - at) as u64);
    p.extend_from_slice(&[0, 1, 1]);
    let mut v = Vec::new();
    w16(&mut v, 4);
    w32(&mut v, head.len() as u32);
    v.extend(head);
    v.extend(p);
    unit(v)
}

/// The function's name as gdb shows it.
fn symbol(t: &TraceInfo) -> String {
    format!("{}.{}{}", t.begins.function, t.kind(), t.id)
}

fn debug_info(t: &TraceInfo) -> (Vec<u8>, Vec<u8>) {
    let mut abbrev = Vec::new();
    // 1: compile_unit with name, low_pc, high_pc, stmt_list; 2: subprogram with name, low_pc, high_pc, file, line
    abbrev.extend_from_slice(&[1, 0x11, 1, 0x03, 0x08, 0x11, 0x01, 0x12, 0x07, 0x10, 0x17, 0, 0]);
    abbrev.extend_from_slice(&[
        2, 0x2e, 0, 0x03, 0x08, 0x11, 0x01, 0x12, 0x07, 0x3a, 0x0b, 0x3b, 0x06, 0, 0, 0,
    ]);
    let mut v = Vec::new();
    w16(&mut v, 4);
    w32(&mut v, 0);
    v.push(8);
    v.push(1);
    text0(&mut v, &t.begins.file);
    w64(&mut v, t.entry as u64);
    w64(&mut v, t.bytes as u64);
    w32(&mut v, 0);
    v.push(2);
    text0(&mut v, &symbol(t));
    w64(&mut v, t.entry as u64);
    w64(&mut v, t.bytes as u64);
    v.push(1);
    w32(&mut v, t.begins.first);
    v.push(0);
    (unit(v), abbrev)
}

/// An ELF image that describes the trace; its code stays where it is.
pub fn image(t: &TraceInfo) -> Vec<u8> {
    const NOBITS: u32 = 8;
    const PROGBITS: u32 = 1;
    let mut strtab = vec![0u8];
    let mut symtab = vec![0u8; 24];
    let file_name = strtab.len() as u32;
    text0(&mut strtab, &t.begins.file);
    // A FILE symbol, then the function.
    w32(&mut symtab, file_name);
    symtab.extend_from_slice(&[4, 0]);
    w16(&mut symtab, 0xfff1);
    w64(&mut symtab, 0);
    w64(&mut symtab, 0);
    let func = strtab.len() as u32;
    text0(&mut strtab, &symbol(t));
    w32(&mut symtab, func);
    symtab.extend_from_slice(&[1 << 4 | 2, 0]);
    w16(&mut symtab, 1);
    w64(&mut symtab, 0);
    w64(&mut symtab, t.bytes as u64);
    let (info, abbrev) = debug_info(t);
    // Name, type, flags, address, content, link, info, entry size.
    let sections: Vec<(&str, u32, u64, u64, Vec<u8>, u32, u32, u64)> = vec![
        ("", 0, 0, 0, Vec::new(), 0, 0, 0),
        (".text", NOBITS, 2 | 4, t.entry as u64, Vec::new(), 0, 0, 0),
        (".eh_frame", PROGBITS, 2, 0, eh_frame(t), 0, 0, 0),
        (".debug_info", PROGBITS, 0, 0, info, 0, 0, 0),
        (".debug_abbrev", PROGBITS, 0, 0, abbrev, 0, 0, 0),
        (".debug_line", PROGBITS, 0, 0, debug_line(t), 0, 0, 0),
        (".symtab", 2, 0, 0, symtab, 7, 2, 24),
        (".strtab", 3, 0, 0, strtab, 0, 0, 0),
        (".shstrtab", 3, 0, 0, Vec::new(), 0, 0, 0),
    ];
    let mut names = Vec::new();
    let at_names: Vec<u32> = sections
        .iter()
        .map(|s| {
            let n = names.len() as u32;
            text0(&mut names, s.0);
            n
        })
        .collect();
    let mut body = vec![0u8; 64];
    let mut headers = Vec::new();
    let count = sections.len();
    for (k, (_, kind, flags, addr, content, link, info, entsize)) in sections.into_iter().enumerate() {
        let content = if k + 1 == count { names.clone() } else { content };
        while body.len() % 8 != 0 {
            body.push(0);
        }
        let size = if kind == NOBITS { t.bytes as u64 } else { content.len() as u64 };
        w32(&mut headers, at_names[k]);
        w32(&mut headers, kind);
        w64(&mut headers, flags);
        w64(&mut headers, addr);
        w64(&mut headers, if k == 0 { 0 } else { body.len() as u64 });
        w64(&mut headers, size);
        w32(&mut headers, link);
        w32(&mut headers, info);
        w64(&mut headers, if k == 0 { 0 } else { 8 });
        w64(&mut headers, entsize);
        body.extend(content);
    }
    while body.len() % 8 != 0 {
        body.push(0);
    }
    let mut h = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    w16(&mut h, 1); // relocatable: symbols are relative to their sections
    w16(&mut h, perf::elf_machine());
    w32(&mut h, 1);
    w64(&mut h, 0);
    w64(&mut h, 0);
    w64(&mut h, body.len() as u64);
    w32(&mut h, 0);
    w16(&mut h, 64);
    w16(&mut h, 0);
    w16(&mut h, 0);
    w16(&mut h, 64);
    w16(&mut h, count as u16);
    w16(&mut h, count as u16 - 1);
    body[..64].copy_from_slice(&h);
    body.extend(headers);
    body
}
