//! Code objects by value: `code.replace`, the constructor, comparison and hash, and the tables as bytes.
//!
//! `co_code` shows the instructions in the form of [`adder_bytecode::public`], 8 bytes each: four of CPython's code
//! units. So offsets (`tb_lasti`,
//! `co_lines`) count 8 for an instruction and `co_positions` gives every entry four times. Before the first instruction
//! stands one that does not exist, of the code's first line: what CPython has its `RESUME` for, the place where a call
//! has happened and nothing has run. `co_linetable` has the format of
//! CPython's `Objects/locations.md`. `co_exceptiontable` has CPython's format too; behind its entries, as an incomplete
//! one, follow the bytes of all that the other attributes do not show.
//!
//! # Safety
//! Data of a code object is looked at when it has been loaded (`code::load`), and stays then. `consts` is an array,
//! items of a tuple of the program are kept by it, or by a word of the caller's that points into it. What the program
//! gives as instructions is verified before there is an object with them.

use super::code;
use crate::err::{R, Raised};
use crate::interp::call::Gather;
use crate::interp::instrument::originals;
use crate::native::*;
use crate::object::*;
use crate::slots::CmpOp;
use crate::thread::Th;
use crate::value::*;
use adder_bytecode::{CodeData, CodeFlags, Const, ConstKind, Handler, Ins, Position, public};
use std::collections::HashMap;

/// Bytes of an instruction in `co_code`.
pub const BYTES: usize = 8;
/// Offset of an instruction.
pub const fn offset(i: usize) -> i64 {
    ((i + 1) * BYTES) as i64
}
/// The instruction at an offset.
pub const fn index(offset: i64) -> usize {
    (offset as usize / BYTES).saturating_sub(1)
}
/// The line of the place before the first instruction.
pub fn start_line(d: &CodeData) -> u32 {
    let module =
        !d.flags.has(CodeFlags::OPTIMIZED) && !d.flags.has(CodeFlags::NEWLOCALS) && &*d.name == "<module>";
    if module { 0 } else { d.first_line }
}
/// Code of a module without a statement: all of it belongs to line 0, as in CPython.
pub fn is_empty_module(d: &CodeData) -> bool {
    start_line(d) == 0 && d.positions.iter().all(|p| p.line == 0)
}
/// Code units of an instruction: entries in `co_positions`.
pub const UNITS: usize = BYTES / 2;
/// `Position::col` where only lines are known.
pub const NO_COLUMN: u32 = u32::MAX;

/// The parameters of `replace` and, in this order, of the constructor.
const FIELDS: [&str; 18] = [
    "co_argcount",
    "co_posonlyargcount",
    "co_kwonlyargcount",
    "co_nlocals",
    "co_stacksize",
    "co_flags",
    "co_code",
    "co_consts",
    "co_names",
    "co_varnames",
    "co_filename",
    "co_name",
    "co_qualname",
    "co_firstlineno",
    "co_linetable",
    "co_exceptiontable",
    "co_freevars",
    "co_cellvars",
];
const CODE: usize = 6;
const CONSTS: usize = 7;
const NAMES: usize = 8;
const VARNAMES: usize = 9;
const FILENAME: usize = 10;
const FIRST_LINE: usize = 13;
const LINES: usize = 14;
const REST: usize = 15;
const FREES: usize = 16;
const CELLS: usize = 17;

/// What `FIELDS[i]` must be.
fn wanted(i: usize) -> Option<(Kind, &'static str)> {
    match i {
        CODE | LINES | REST => Some((Kind::Bytes, "bytes")),
        CONSTS | NAMES | VARNAMES | FREES | CELLS => Some((Kind::Tuple, "tuple")),
        FILENAME..=12 => Some((Kind::Str, "str")),
        _ => None,
    }
}
fn items(v: Value) -> &'static [Value] {
    unsafe { &*(v.cast_unchecked::<Tuple>().items() as *const [Value]) }
}
fn bytes(v: Value) -> &'static [u8] {
    super::buffer::bytes_of(v).unwrap_or(&[])
}
/// A C `int`, as the parser of arguments takes it.
fn c_int(th: Th, v: Value) -> R<i64> {
    let v = th.index(v)?;
    match super::int::to_i64(v) {
        Some(n) if i32::try_from(n).is_ok() => Ok(n),
        _ => Err(th.overflow_error("Python int too large to convert to C int")),
    }
}
/// Names as texts. SystemError if one is no str, as CPython has it.
fn texts(th: Th, t: Value) -> R<Vec<Box<str>>> {
    items(t)
        .iter()
        .map(|v| {
            if v.is_kind(Kind::Str) {
                Ok(th.text(*v).into())
            } else {
                Err(th.system_error("non-string found in code slot"))
            }
        })
        .collect()
}

pub fn replace(th: Th, a: RawArgs) -> R<Value> {
    let c: Gc<Code> = a.pos()[0].known();
    if a.len() > 1 {
        return Err(th.type_error("replace() takes no positional arguments"));
    }
    let mut changes = [None; FIELDS.len()];
    for (k, v) in a.keywords() {
        let name = th.text(k);
        let Some(i) = FIELDS.iter().position(|f| *f == name) else {
            return Err(th.type_error(format!("replace() got an unexpected keyword argument '{name}'")));
        };
        if let Some((kind, want)) = wanted(i)
            && !v.is_kind(kind)
        {
            return Err(th.type_error(format!(
                "replace() argument '{name}' must be {want}, not {}",
                th.arg_type_name(v)
            )));
        }
        changes[i] = Some(v);
    }
    for i in [0, 1, 2, 3, 4, 5, FIRST_LINE] {
        if let Some(v) = changes[i]
            && c_int(th, v)? < 0
        {
            return Err(th.value_error(format!("{} must be a positive integer", FIELDS[i])));
        }
    }
    super::code::load(th, c)?;
    let consts = c.consts.gc();
    // Nobody observes the new one yet.
    build(th, super::code_data::without_consts(th, c), &changes, consts.slots())
}

pub fn code_new(th: Th, _t: Value, a: RawArgs) -> R<Value> {
    if a.nkw() != 0 {
        return Err(th.type_error("code() takes no keyword arguments"));
    }
    if a.len() < 16 || a.len() > 18 {
        let (word, n) = if a.len() < 16 { ("least", 16) } else { ("most", 18) };
        return Err(th.type_error(format!("code expected at {word} {n} arguments, got {}", a.len())));
    }
    let mut fields = [None; FIELDS.len()];
    for (i, v) in a.pos().iter().enumerate() {
        match wanted(i) {
            Some((kind, want)) => {
                if !v.is_kind(kind) {
                    return Err(th.type_error(format!(
                        "code() argument {} must be {want}, not {}",
                        i + 1,
                        th.arg_type_name(*v)
                    )));
                }
            }
            None => {
                c_int(th, *v)?;
            }
        }
        fields[i] = Some(*v);
    }
    for i in [0, 1, 2, 3, 5] {
        if c_int(th, a.pos()[i])? < 0 {
            return Err(th.value_error(format!("code: {} must not be negative", &FIELDS[i][3..])));
        }
    }
    let base = hidden(bytes(a.pos()[REST]))
        .and_then(|b| adder_bytecode::deserialize(&b).ok())
        .ok_or_else(|| malformed(th, "co_exceptiontable"))?;
    build(th, base, &fields, &[])
}

#[cold]
fn malformed(th: Th, what: &str) -> Raised {
    th.value_error(format!("code: {what} is malformed"))
}

/// Registers (indices into `varnames`) of the locals, the cells and the free variables as Python sees them.
fn registers(d: &CodeData) -> [Vec<usize>; 3] {
    let n = d.nlocals as usize;
    let locals = (0..n).filter(|i| !code::only_cell(d, *i as u32)).collect();
    let cells = d.cells.iter().map(|i| *i as usize).collect();
    [locals, cells, (n..d.varnames.len()).collect()]
}

fn const_kind(v: Value) -> ConstKind {
    match v.kind() {
        Kind::Str => ConstKind::Str,
        Kind::Tuple if v.is_exact(Kind::Tuple) && items(v).iter().all(|v| v.is_exact(Kind::Str)) => {
            ConstKind::Names(items(v).len())
        }
        Kind::Tuple => ConstKind::Tuple,
        Kind::Code => ConstKind::Code,
        _ => ConstKind::Other,
    }
}

/// The code of `d` with the changes. `consts`: unless they are among the changes.
fn build(th: Th, mut d: CodeData, changes: &[Option<Value>; FIELDS.len()], consts: &[Slot]) -> R<Value> {
    if let Some(v) = changes[REST] {
        d.handlers = decode_handlers(bytes(v)).ok_or_else(|| malformed(th, "co_exceptiontable"))?;
    }
    let int = |i: usize| changes[i].map(|v| c_int(th, v)).transpose();
    let table = match changes[LINES] {
        Some(v) => Some(bytes(v).to_vec()),
        None if changes[FIRST_LINE].is_some() => Some(encode_lines(&d)),
        None => None,
    };
    if let Some(n) = int(0)? {
        d.argcount = n as u32;
    }
    if let Some(n) = int(1)? {
        d.posonly = n as u32;
    }
    if let Some(n) = int(2)? {
        d.kwonly = n as u32;
    }
    if let Some(n) = int(5)? {
        d.flags = CodeFlags(n as u32);
    }
    if let Some(n) = int(FIRST_LINE)? {
        d.first_line = n as u32;
    }
    if d.posonly > d.argcount {
        return Err(th.value_error("code: posonlyargcount must not be larger than argcount"));
    }
    for (i, f) in [(10, &mut d.filename), (11, &mut d.name), (12, &mut d.qualname)] {
        if let Some(v) = changes[i] {
            *f = th.text(v).into();
        }
    }
    let regs = registers(&d);
    let nlocals = match changes[VARNAMES] {
        Some(v) => items(v).len(),
        None => regs[0].len(),
    };
    let params = d.argcount as u64
        + d.kwonly as u64
        + d.flags.has(CodeFlags::VARARGS) as u64
        + d.flags.has(CodeFlags::VARKEYWORDS) as u64;
    if params > nlocals as u64 {
        return Err(th.value_error("code: co_varnames is too small"));
    }
    if int(3)?.is_some_and(|n| n as usize != nlocals) {
        return Err(th.value_error("code: co_nlocals != len(co_varnames)"));
    }
    for (which, field) in [(0, VARNAMES), (1, CELLS), (2, FREES)] {
        let Some(v) = changes[field] else { continue };
        let names = texts(th, v)?;
        if names.len() != regs[which].len() {
            // Variables are registers, which the instructions name.
            return Err(th.value_error(format!(
                "code: {} must have {} names for this co_code",
                FIELDS[field],
                regs[which].len()
            )));
        }
        for (r, n) in regs[which].iter().zip(names) {
            d.varnames.set(*r, n);
        }
    }
    if let Some(v) = changes[NAMES] {
        d.names = texts(th, v)?.into();
    }
    if let Some(v) = changes[CODE] {
        let b = bytes(v);
        if b.len() % BYTES != 0 {
            return Err(malformed(th, "co_code"));
        }
        let (mut ics, mut shared) = (Vec::new(), HashMap::new());
        let code: Option<Vec<Ins>> = b
            .chunks_exact(BYTES)
            .skip(1)
            .map(|w| {
                public::read(w.try_into().unwrap(), |op, name| {
                    let next = ics.len().min(u16::MAX as usize) as u16;
                    // Beyond what an instruction can name, caches are shared by those that do the same.
                    let i = if ics.len() > 40_000 { *shared.entry((op, name)).or_insert(next) } else { next };
                    if i == next {
                        ics.push(name as u32);
                    }
                    i
                })
            })
            .collect();
        // As many as an instruction can name.
        let code = code.filter(|_| ics.len() <= 1 << 16);
        d.code = code.ok_or_else(|| malformed(th, "co_code"))?;
        d.ics = ics;
    }
    if let Some(t) = table {
        d.positions = decode_lines(&t, d.first_line, d.code.len()).into();
    }
    let nconsts = changes[CONSTS].map_or(consts.len(), |v| items(v).len());
    d.consts = vec![Const::None; nconsts];
    // Names and lines are all that instructions do not depend on.
    const FREE: [usize; 8] = [VARNAMES, FILENAME, 11, 12, FIRST_LINE, LINES, FREES, CELLS];
    if changes.iter().enumerate().any(|(i, c)| c.is_some() && !FREE.contains(&i)) {
        let value = |i: usize| match changes[CONSTS] {
            Some(t) => items(t)[i],
            None => consts[i].value(),
        };
        adder_bytecode::verify_with(&d, &|i| const_kind(value(i))).map_err(|_| malformed(th, "co_code"))?;
    }
    let c = code::new(th, d)?;
    let array = c.consts.gc();
    for i in 0..nconsts {
        let v = match changes[CONSTS] {
            Some(t) => items(t)[i],
            None => consts[i].value(),
        };
        th.store(array, array.slot(i), v);
    }
    Ok(c.value())
}

// -- tables as bytes

pub fn co_code(th: Th, c: Gc<Code>) -> R<Value> {
    let ics = unsafe { &(*c.data).ics };
    let mut b = vec![0; BYTES];
    b[0] = public::RESUME;
    b.extend(originals(c).iter().flat_map(|i| public::show(*i, ics)));
    Ok(super::bytes::new(th, &b)?.value())
}
pub fn co_exceptiontable(th: Th, c: Gc<Code>) -> R<Value> {
    let d = unsafe { &*c.data };
    let mut t = encode_handlers(d);
    hide(&mut t, &adder_bytecode::serialize(&super::code_data::without_consts(th, c)));
    Ok(super::bytes::new(th, &t)?.value())
}
pub fn co_linetable(th: Th, c: Gc<Code>) -> R<Value> {
    let d = unsafe { &*c.data };
    Ok(super::bytes::new(th, &encode_lines(d))?.value())
}

/// The table of handlers: start, length and target in code units, twice the register.
fn encode_handlers(d: &CodeData) -> Vec<u8> {
    let mut out = Vec::new();
    let mut number = |n: u64, first: bool| {
        let mut shift = (0..).map(|k| k * 6).find(|s| n >> s < 64).unwrap_or(0);
        let mut mark = if first { 0x80 } else { 0 };
        loop {
            let more = if shift > 0 { 0x40 } else { 0 };
            out.push(mark | more | (n >> shift & 63) as u8);
            if shift == 0 {
                break;
            }
            (shift, mark) = (shift - 6, 0);
        }
    };
    let at = |i: u32| (i as u64 + 1) * UNITS as u64;
    for h in &d.handlers {
        number(at(h.start), true);
        number((h.end - h.start) as u64 * UNITS as u64, false);
        number(at(h.target), false);
        number((h.reg as u64) << 1, false);
    }
    out
}
fn decode_handlers(table: &[u8]) -> Option<Vec<Handler>> {
    let mut bytes = table.iter();
    let mut number = || {
        let mut b = *bytes.next()?;
        let mut n = (b & 63) as u64;
        while b & 0x40 != 0 {
            b = *bytes.next()?;
            n = n << 6 & u32::MAX as u64 | (b & 63) as u64;
        }
        Some(n)
    };
    let index = |n: u64| u32::try_from(n / UNITS as u64).ok()?.checked_sub(1);
    let mut out = Vec::new();
    while let Some(start) = number() {
        let (length, target, reg) = (number()?, number()?, number()?);
        out.push(Handler {
            start: index(start)?,
            end: index(start + length)?,
            target: index(target)?,
            reg: u16::try_from(reg >> 1).ok()?,
        });
    }
    Some(out)
}

/// Appends `what` to a table of handlers: as a number that never ends, where whoever reads the table stops.
fn hide(table: &mut Vec<u8>, what: &[u8]) {
    let mut first = 0x80;
    for c in what.chunks(3) {
        let n = c.iter().fold(0u32, |n, b| n << 8 | *b as u32) << (8 * (3 - c.len()));
        // One digit more than there are bytes.
        for k in 0..=c.len() {
            table.push(first | 0x40 | (n >> (18 - 6 * k) & 63) as u8);
            first = 0;
        }
    }
}
/// What is hidden in a table of handlers.
fn hidden(table: &[u8]) -> Option<Vec<u8>> {
    let start = table.iter().rposition(|b| b & 0x80 != 0)?;
    let digits = &table[start..];
    if digits.iter().any(|b| b & 0x40 == 0) {
        return None;
    }
    let mut out = Vec::with_capacity(digits.len());
    for c in digits.chunks(4) {
        let n = c.iter().fold(0u32, |n, b| n << 6 | (b & 63) as u32) << (6 * (4 - c.len()));
        out.extend(&n.to_be_bytes()[1..c.len()]);
    }
    Some(out)
}

fn varint(out: &mut Vec<u8>, mut n: u64) {
    while n >= 64 {
        out.push(0x40 | (n & 63) as u8);
        n >>= 6;
    }
    out.push(n as u8);
}
fn signed_varint(out: &mut Vec<u8>, n: i64) {
    varint(out, if n < 0 { (n.unsigned_abs() << 1) | 1 } else { (n as u64) << 1 });
}
fn encode_lines(d: &CodeData) -> Vec<u8> {
    let mut out = Vec::new();
    let start = start_line(d) as i64;
    out.push(0x80 | 14 << 3 | (UNITS as u8 - 1));
    signed_varint(&mut out, start - d.first_line as i64);
    [(start == 0) as u64, 1, 1].into_iter().for_each(|n| varint(&mut out, n));
    let mut line = start;
    let mut i = 0;
    while i < d.positions.len() {
        let p = d.positions[i];
        let mut n = 1;
        while i + n < d.positions.len() && d.positions[i + n] == p {
            n += 1;
        }
        i += n;
        let mut units = n * UNITS;
        while units > 0 {
            let len = units.min(8);
            units -= len;
            let kind = if p.line == 0 {
                15
            } else if p.col == NO_COLUMN {
                13
            } else {
                14
            };
            out.push(0x80 | kind << 3 | (len as u8 - 1));
            if kind == 15 {
                continue;
            }
            signed_varint(&mut out, p.line as i64 - line);
            line = p.line as i64;
            if kind == 14 {
                varint(&mut out, p.end_line.saturating_sub(p.line) as u64);
                varint(&mut out, p.col as u64 + 1);
                varint(&mut out, p.end_col as u64 + 1);
            }
        }
    }
    out
}
/// Positions of `n` instructions; those that the table does not reach have none.
fn decode_lines(table: &[u8], first_line: u32, n: usize) -> Vec<Position> {
    let mut out = Vec::with_capacity(n * UNITS);
    let mut at = table.iter().copied().peekable();
    let mut line = first_line as i64;
    while let Some(head) = at.next() {
        let (kind, len) = (head >> 3 & 15, (head & 7) as usize + 1);
        let mut var = || {
            let (mut n, mut shift) = (0u64, 0);
            loop {
                let b = at.next().unwrap_or(0) as u64;
                n |= (b & 63) << shift;
                shift += 6;
                if b & 0x40 == 0 || shift > 60 {
                    return n;
                }
            }
        };
        let signed = |n: u64| if n & 1 != 0 { -((n >> 1) as i64) } else { (n >> 1) as i64 };
        let column = |n: u64| (n as u32).wrapping_sub(1);
        let mut p = Position::default();
        match kind {
            15 => {}
            14 => {
                line += signed(var());
                let end = line + var() as i64;
                (p.col, p.end_col) = (column(var()), column(var()));
                (p.line, p.end_line) = (line.max(0) as u32, end.max(0) as u32);
            }
            13 => {
                line += signed(var());
                (p.line, p.end_line) = (line.max(0) as u32, line.max(0) as u32);
                (p.col, p.end_col) = (NO_COLUMN, NO_COLUMN);
            }
            10..=12 => {
                line += kind as i64 - 10;
                (p.line, p.end_line) = (line.max(0) as u32, line.max(0) as u32);
                p.col = at.next().unwrap_or(0) as u32;
                p.end_col = at.next().unwrap_or(0) as u32;
            }
            _ => {
                let b = at.next().unwrap_or(0) as u32;
                (p.line, p.end_line) = (line.max(0) as u32, line.max(0) as u32);
                p.col = (kind as u32) << 3 | b >> 4;
                p.end_col = p.col + (b & 15);
            }
        }
        out.extend(std::iter::repeat_n(p, len));
    }
    (0..n).map(|i| out.get((i + 1) * UNITS).copied().unwrap_or_default()).collect()
}

/// CPython's old table of (bytes, lines) increments.
pub fn co_lnotab(th: Th, c: Gc<Code>) -> R<Value> {
    crate::warn::warn(
        th,
        &super::exceptions::DEPRECATION_WARNING,
        "co_lnotab is deprecated, use co_lines instead.",
        1,
    )?;
    let d = unsafe { &*c.data };
    let mut out = Vec::new();
    let (mut line, mut from) = (d.first_line as i64, 0);
    if start_line(d) == 0 {
        out.extend([0, -1i8 as u8]);
        line = 0;
    }
    for (i, p) in d.positions.iter().enumerate() {
        if p.line == 0 || p.line as i64 == line {
            continue;
        }
        let (mut bytes, mut lines) = ((i + 1 - from) * BYTES, p.line as i64 - line);
        (from, line) = (i + 1, p.line as i64);
        while bytes > 255 {
            out.extend([255, 0]);
            bytes -= 255;
        }
        while !(-128..=127).contains(&lines) {
            let step = lines.clamp(-128, 127);
            out.extend([bytes as u8, step as u8]);
            bytes = 0;
            lines -= step;
        }
        out.extend([bytes as u8, lines as u8]);
    }
    Ok(super::bytes::new(th, &out)?.value())
}

/// (offset of a conditional jump, offset if it does not jump, offset if it does) for each.
pub fn co_branches(th: Th, a: &[Option<Value>]) -> R<Value> {
    use adder_bytecode::{Op, Operand};
    let c: Gc<Code> = a[0].unwrap().known();
    super::code::load(th, c)?;
    let l = super::list::new(th, &[])?;
    let all = originals(c);
    for (i, ins) in all.iter().enumerate() {
        let info = ins.op().info();
        let (next, to) = match ins.op() {
            // The jump behind it is taken when the iterator is exhausted.
            Op::ForIter => (i + 2, (i + 2) as i64 + all[i + 1].imm() as i64),
            Op::Jump | Op::JumpBack => continue,
            _ => match (info.b, info.c) {
                (Operand::Jump32, _) => (i + 1, (i + 1) as i64 + ins.imm() as i64),
                (_, Operand::Jump) => (i + 1, (i + 1) as i64 + ins.ci() as i64),
                _ => continue,
            },
        };
        let at = |n: i64| Value::fix(offset(n as usize));
        let t = th.tuple(&[at(i as i64), at(next as i64), at(to)]);
        super::list::append(th, l, t)?;
    }
    th.iter(l.value())
}

// -- by value

/// The same constant, of the same type all the way down.
fn same_constant(th: Th, a: Value, b: Value) -> R<bool> {
    if a.is(b) {
        return Ok(true);
    }
    th.check_stack(" in comparison")?;
    if th.type_of(a) != th.type_of(b) {
        return Ok(false);
    }
    Ok(match a.kind() {
        Kind::Float => super::code_data::float_of(a).to_bits() == super::code_data::float_of(b).to_bits(),
        Kind::Complex => {
            let (x, y): (Gc<Complex>, Gc<Complex>) = unsafe { (a.cast_unchecked(), b.cast_unchecked()) };
            x.re.to_bits() == y.re.to_bits() && x.im.to_bits() == y.im.to_bits()
        }
        Kind::Tuple => {
            let (x, y) = (items(a), items(b));
            if x.len() != y.len() {
                return Ok(false);
            }
            for (x, y) in x.iter().zip(y) {
                if !same_constant(th, *x, *y)? {
                    return Ok(false);
                }
            }
            true
        }
        Kind::Slice => {
            let (x, y): (Gc<Slice>, Gc<Slice>) = unsafe { (a.cast_unchecked(), b.cast_unchecked()) };
            same_constant(th, x.start.value(), y.start.value())?
                && same_constant(th, x.stop.value(), y.stop.value())?
                && same_constant(th, x.step.value(), y.step.value())?
        }
        _ => th.eq(a, b)?,
    })
}

pub fn richcompare(th: Th, a: Value, b: Value, op: CmpOp) -> R<Value> {
    let (Some(x), Some(y)) = (a.cast::<Code>(), b.cast::<Code>()) else { return Ok(NOT_IMPLEMENTED()) };
    if !matches!(op, CmpOp::Eq | CmpOp::Ne) {
        return Ok(NOT_IMPLEMENTED());
    }
    let same = x == y || {
        super::code::load(th, x)?;
        super::code::load(th, y)?;
        same_code(th, x, y)?
    };
    Ok(Value::bool(same == (op == CmpOp::Eq)))
}
fn same_code(th: Th, x: Gc<Code>, y: Gc<Code>) -> R<bool> {
    let (d, e) = unsafe { (&*x.data, &*y.data) };
    // All but the constants, which the data does not have, and what a file is called. Names are interned.
    let same = x.name.value().is(y.name.value())
        && d.argcount == e.argcount
        && d.posonly == e.posonly
        && d.kwonly == e.kwonly
        && d.flags == e.flags
        && d.first_line == e.first_line
        && originals(x) == originals(y)
        && d.names == e.names
        && d.varnames == e.varnames
        && d.nlocals == e.nlocals
        && d.cells == e.cells
        && d.positions == e.positions
        && d.handlers == e.handlers;
    if !same {
        return Ok(false);
    }
    let (a, b) = (x.consts.gc(), y.consts.gc());
    if a.cap != b.cap {
        return Ok(false);
    }
    for i in 0..a.cap {
        if !same_constant(th, a.slot(i).value(), b.slot(i).value())? {
            return Ok(false);
        }
    }
    Ok(true)
}
pub fn hash(th: Th, o: Value) -> R<i64> {
    let c: Gc<Code> = o.known();
    super::code::load(th, c)?;
    let d = unsafe { &*c.data };
    let mut g = Gather::new();
    g.push(th, c.name.value())?;
    g.push(th, c.names.value())?;
    g.push(th, c.varnames.value())?;
    let code =
        originals(c).iter().fold(0u64, |h, i| (h.rotate_left(5) ^ i.0).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let lines = d
        .positions
        .iter()
        .fold(d.first_line as u64, |h, p| h.rotate_left(7) ^ (p.line as u64) << 20 ^ p.col as u64);
    g.push(th, Value::fix((code ^ lines) as i64 >> 2))?;
    for n in [c.argcount, d.posonly, c.kwonly, c.flags] {
        g.push(th, Value::fix(n as i64))?;
    }
    let t = th.try_tuple(g.as_slice())?;
    th.hash(t)
}
