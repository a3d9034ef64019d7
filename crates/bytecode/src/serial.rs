//! Code objects as bytes, for caches (`__pycache__`) and for embedding the library in the program.
//!
//! Numbers are LEB128; strings stand once, in a table at the front; instructions are the words they are, depths bytes
//! where none is larger; positions are run-length encoded, relative to those before. The header holds a hash of the op table: bytes
//! written for another table are refused, never misread. Reading never panics, whatever the bytes.
//!
//! Nested code objects stand with their length in front, so that [`read_lazily`] can pass over them: most functions of
//! a module are never called, and reading them then costs only what their function objects need.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use crate::unit::{Stored, Text, Unit};

use crate::parts::{Names, Positions};
use crate::{CodeData, CodeFlags, Const, Handler, Ins, Op, Position};

const MAGIC: &[u8; 4] = b"ADRC";
const FORMAT: u64 = 5;

/// Identifies format and op table: also usable as the magic number of cached files.
pub fn table_hash() -> u64 {
    let mut h: u64 = 0xcbf2_9ce4_8422_2325 ^ FORMAT;
    let mut add = |b: u8| h = (h ^ b as u64).wrapping_mul(0x100_0000_01b3);
    for op in Op::all() {
        let i = op.info();
        i.name.bytes().for_each(&mut add);
        [i.x, i.a, i.b, i.c].iter().for_each(|o| add(*o as u8));
    }
    h
}

/// A code object with all that is nested in it as bytes, preceded by [`table_hash`]: only the same version reads it.
pub fn serialize(code: &CodeData) -> Vec<u8> {
    let mut w = Writer::default();
    w.code(code);
    let body = w.out;
    let mut head = Writer::default();
    head.out.extend_from_slice(MAGIC);
    head.out.extend_from_slice(&table_hash().to_le_bytes());
    head.num(w.strings.len() as u64);
    let mut list = vec![&[][..]; w.strings.len()];
    for (s, i) in &w.strings {
        list[*i as usize] = s;
    }
    for s in list {
        head.bytes(s);
    }
    head.out.extend_from_slice(&body);
    head.out
}

/// What [`serialize`] made. Fails with what is wrong: another version, or damaged bytes. What is read is
/// well-formed, but only [`crate::verify`] says whether it may be run.
pub fn deserialize(bytes: &[u8]) -> Result<CodeData, &'static str> {
    deserialize_as(bytes, None)
}

/// As [`deserialize`]; with `filename`, all code objects get that one: embedded code does not know where the library
/// will seem to be.
pub fn deserialize_as(bytes: &[u8], filename: Option<&str>) -> Result<CodeData, &'static str> {
    let text = Text::new(Cow::Borrowed(bytes))?;
    Reader::new(&text, text.body, bytes.len(), filename, None).whole_code()
}

/// As [`deserialize_as`], but nested code objects are left as [`Const::Lazy`].
pub fn read_lazily(stored: Stored, filename: Option<&str>) -> Result<CodeData, &'static str> {
    let unit = Unit::new(stored, filename)?;
    let text = unit.text();
    let mut code = Reader::new(&text, text.body, text.len(), filename, Some(&unit)).whole_code()?;
    code.unit = Whole(Some(unit));
    Ok(code)
}

/// Compiled code that is worth it as what [`read_lazily`] makes of it: most functions of a large module are not called,
/// and lie more densely as bytes. `pack` makes those smaller that were not needed for a while.
pub fn made_lazy(code: CodeData, pack: Option<&'static crate::Pack>) -> CodeData {
    // Less than that of code in functions is not worth the pains.
    const LEAST: usize = 512;
    fn more(code: &CodeData, mut n: usize, nested: bool) -> usize {
        n += if nested { code.code.len() } else { 0 };
        for k in &code.consts {
            if n >= LEAST {
                break;
            }
            if let Const::Code(c) = k {
                n = more(c, n, true);
            }
        }
        n
    }
    if more(&code, 0, false) < LEAST {
        return code;
    }
    match read_lazily(Stored { bytes: serialize(&code).into(), packed: None, pack }, None) {
        Ok(lazy) => lazy,
        // Nested too deeply.
        Err(_) => code,
    }
}

/// In the outermost code of what was read lazily: where it was read from.
#[derive(Clone, Default, Debug)]
pub struct Whole(Option<Arc<Unit>>);

impl Whole {
    /// What [`serialize`] would write of the code as it was read.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        // It has the names of files that the code has.
        let unit = self.0.as_ref().filter(|u| u.filename.is_none())?;
        Some(unit.text().bytes().to_vec())
    }
}

/// Where code was read from says nothing about it.
impl PartialEq for Whole {
    fn eq(&self, _: &Whole) -> bool {
        true
    }
}

/// Whether the position number `i` of those at `from..to` has a line.
pub(crate) fn has_line(text: &Text, from: usize, to: usize, i: usize) -> Read<bool> {
    let mut r = Reader::new(text, from, to, None, None);
    let mut left = i;
    loop {
        let n = r.num()? as usize;
        let lined = r.num()? != 0;
        if left < n || n == 0 {
            return Ok(lined);
        }
        left -= n;
        if lined {
            r.num()?;
            r.num()?;
            r.num()?;
        }
    }
}

/// Which of the `count` positions at `from..to` have a line: a bit each.
pub(crate) fn lines(text: &Text, from: usize, to: usize, count: usize) -> Read<Box<[u64]>> {
    let mut r = Reader::new(text, from, to, None, None);
    let mut bits = vec![0; count.div_ceil(64)];
    let mut at = 0;
    while at < count {
        let n = r.num()? as usize;
        let lined = r.num()? != 0;
        let end = if n == 0 { count } else { at.saturating_add(n).min(count) };
        if lined {
            (at..end).for_each(|i| bits[i / 64] |= 1 << (i % 64));
            for _ in 0..3 {
                r.num()?;
            }
        }
        at = end;
    }
    Ok(bits.into())
}

pub(crate) fn positions(text: &Text, from: usize, to: usize, count: usize, line: u32) -> Read<Vec<Position>> {
    let mut line = line as i64;
    Reader::new(text, from, to, None, None).runs(count, |r| r.position(&mut line))
}

/// What stands in front of the code: where each string is, and where the outermost code begins.
#[allow(clippy::type_complexity)]
pub(crate) fn front(bytes: &[u8]) -> Read<(Box<[(u32, u32)]>, usize)> {
    let mut r = Reader {
        data: bytes,
        all: bytes,
        strings: &[],
        depth: 0,
        filename: None,
        nameless: false,
        lazy: None,
    };
    u32::try_from(bytes.len()).map_err(|_| "too long")?;
    if r.take(4)? != MAGIC || r.take(8)? != table_hash().to_le_bytes() {
        return Err("not code of this version");
    }
    let n = r.count(1)?;
    let mut strings = Vec::with_capacity(n);
    for _ in 0..n {
        let len = r.bytes()?.len();
        let end = bytes.len() - r.data.len();
        strings.push(((end - len) as u32, end as u32));
    }
    Ok((strings.into(), bytes.len() - r.data.len()))
}

/// A code object that was passed over: what a function object needs, and where the rest is.
#[derive(Clone, PartialEq, Debug)]
pub struct LazyCode {
    name: u32,
    qualname: u32,
    filename: u32,
    /// As in [`CodeData`], like the next four.
    pub flags: CodeFlags,
    /// See `flags`.
    pub argcount: u32,
    /// See `flags`.
    pub kwonly: u32,
    /// See `flags`.
    pub nlocals: u32,
    /// See `flags`.
    pub nregs: u32,
    /// Locals and free variables.
    pub nvarnames: u32,
    unit: Arc<Unit>,
    from: u32,
    to: u32,
}

impl LazyCode {
    /// Calls `f` with `co_name`, `co_qualname` and `co_filename`: what the unit was read as, if that was said.
    pub fn with_names<R>(&self, f: impl FnOnce(&str, &str, &str) -> R) -> R {
        let text = self.unit.text();
        let filename = std::str::from_utf8(self.filename_in(&text)).unwrap_or_default();
        f(text.str(self.name), text.str(self.qualname), filename)
    }
    fn filename_in<'t>(&'t self, text: &'t Text) -> &'t [u8] {
        self.unit.filename.as_deref().map_or_else(|| text.string(self.filename), str::as_bytes)
    }
    /// Whether this is `co_filename`.
    pub fn is_from(&self, filename: &[u8]) -> bool {
        self.filename_in(&self.unit.text()) == filename
    }
    /// Reads it, but for its names, which the object has that asks. Code nested in it stays lazy.
    pub fn load(&self) -> Result<CodeData, &'static str> {
        let text = self.unit.text();
        let (from, to) = (self.from as usize, self.to as usize);
        let r = Reader::new(&text, from, to, None, Some(&self.unit));
        Reader { nameless: true, ..r }.whole_code()
    }
}

#[derive(Default)]
struct Writer<'c> {
    out: Vec<u8>,
    strings: HashMap<&'c [u8], u64>,
}

impl<'c> Writer<'c> {
    fn num(&mut self, mut v: u64) {
        while v >= 0x80 {
            self.out.push(v as u8 | 0x80);
            v >>= 7;
        }
        self.out.push(v as u8);
    }

    fn signed(&mut self, v: i64) {
        self.num((v << 1 ^ v >> 63) as u64);
    }

    fn bytes(&mut self, b: &[u8]) {
        self.num(b.len() as u64);
        self.out.extend_from_slice(b);
    }

    fn string(&mut self, s: &'c [u8]) {
        let n = self.strings.len() as u64;
        let i = *self.strings.entry(s).or_insert(n);
        self.num(i);
    }

    fn strs(&mut self, list: &'c Names) {
        self.num(list.len() as u64);
        for s in list.iter() {
            self.string(s.as_bytes());
        }
    }

    fn nums(&mut self, list: &[u32]) {
        self.num(list.len() as u64);
        for n in list {
            self.num(*n as u64);
        }
    }

    fn code(&mut self, c: &'c CodeData) {
        self.string(c.name.as_bytes());
        self.string(c.qualname.as_bytes());
        self.string(c.filename.as_bytes());
        for n in [c.first_line, c.flags.0, c.argcount, c.posonly, c.kwonly, c.nlocals, c.nregs, c.loops] {
            self.num(n as u64);
        }
        self.strs(&c.varnames);
        self.nums(&c.cells);
        self.strs(&c.names);
        self.nums(&c.ics);
        self.num(c.consts.len() as u64);
        for k in &c.consts {
            self.constant(k);
        }
        self.num(c.code.len() as u64);
        for ins in &c.code {
            self.out.extend_from_slice(&ins.0.to_le_bytes());
        }
        let width = 1 + c.depths.iter().any(|d| *d > 0xFF) as usize;
        self.num(width as u64);
        for d in &c.depths {
            self.out.extend_from_slice(&d.to_le_bytes()[..width]);
        }
        self.measured(|w| {
            let mut line = c.first_line as i64;
            w.runs(&c.positions, |w, p, _| w.position(p, &mut line));
        });
        self.num(c.handlers.len() as u64);
        for h in &c.handlers {
            self.num(h.start as u64);
            self.num((h.end - h.start) as u64);
            self.num(h.target as u64);
            self.num(h.reg as u64);
        }
    }

    /// What `write` writes, with its length in front.
    fn measured(&mut self, write: impl FnOnce(&mut Self)) {
        let at = self.out.len();
        self.out.extend_from_slice(&[0; 4]);
        write(self);
        let len = (self.out.len() - at - 4) as u32;
        self.out[at..at + 4].copy_from_slice(&len.to_le_bytes());
    }

    /// Equal neighbours once, with their number.
    fn runs<T: PartialEq>(&mut self, list: &[T], mut item: impl FnMut(&mut Self, &T, usize)) {
        let mut i = 0;
        while i < list.len() {
            let n = list[i..].iter().take_while(|x| **x == list[i]).count();
            self.num(n as u64);
            item(self, &list[i], n);
            i += n;
        }
    }

    fn position(&mut self, p: &Position, line: &mut i64) {
        // First a number with the number of lines covered; 0: no position.
        if p.line == 0 {
            self.num(0);
            return;
        }
        self.num(p.end_line.saturating_sub(p.line) as u64 + 1);
        self.signed(p.line as i64 - *line);
        *line = p.line as i64;
        self.num(p.col as u64);
        self.signed(p.end_col as i64 - p.col as i64);
    }

    fn constant(&mut self, k: &'c Const) {
        let tag = |w: &mut Self, t: u8| w.out.push(t);
        match k {
            Const::None => tag(self, 0),
            Const::True => tag(self, 1),
            Const::False => tag(self, 2),
            Const::Ellipsis => tag(self, 3),
            Const::Int(v) => {
                tag(self, 4);
                self.signed(*v);
            }
            Const::BigInt(neg, limbs) => {
                tag(self, 5);
                self.num(*neg as u64);
                self.num(limbs.len() as u64);
                for l in limbs {
                    self.out.extend_from_slice(&l.to_le_bytes());
                }
            }
            Const::Float(v) => {
                tag(self, 6);
                self.out.extend_from_slice(&v.to_bits().to_le_bytes());
            }
            Const::Complex(r, i) => {
                tag(self, 7);
                self.out.extend_from_slice(&r.to_bits().to_le_bytes());
                self.out.extend_from_slice(&i.to_bits().to_le_bytes());
            }
            Const::Str(s) => {
                tag(self, 8);
                self.string(s);
            }
            Const::Bytes(s) => {
                tag(self, 9);
                self.string(s);
            }
            Const::Tuple(t) => {
                tag(self, 10);
                self.constants(t);
            }
            Const::FrozenSet(t) => {
                tag(self, 11);
                self.constants(t);
            }
            Const::Slice(t) => {
                tag(self, 12);
                t.iter().for_each(|k| self.constant(k));
            }
            Const::Code(c) => {
                tag(self, 13);
                self.measured(|w| w.code(c));
            }
            // Only code just read is lazy; what is written comes from the compiler or was loaded.
            Const::Lazy(_) => unreachable!("lazy code is loaded before it is written"),
        }
    }

    fn constants(&mut self, t: &'c [Const]) {
        self.num(t.len() as u64);
        t.iter().for_each(|k| self.constant(k));
    }
}

struct Reader<'d> {
    data: &'d [u8],
    /// The whole unit, which `strings` are ranges of.
    all: &'d [u8],
    strings: &'d [(u32, u32)],
    depth: u32,
    filename: Option<&'d str>,
    /// What code is called and where it comes from is known already.
    nameless: bool,
    /// Nested code is left where it is, in this unit.
    lazy: Option<&'d Arc<Unit>>,
}

pub(crate) type Read<T> = Result<T, &'static str>;

impl<'d> Reader<'d> {
    fn new(
        text: &'d Text<'_>,
        from: usize,
        to: usize,
        filename: Option<&'d str>,
        lazy: Option<&'d Arc<Unit>>,
    ) -> Reader<'d> {
        let all = text.bytes();
        Reader {
            data: all.get(from..to).unwrap_or_default(),
            all,
            strings: text.strings(),
            depth: 0,
            filename,
            nameless: false,
            lazy,
        }
    }

    fn take(&mut self, n: usize) -> Read<&'d [u8]> {
        if n > self.data.len() {
            return Err("truncated");
        }
        let (a, b) = self.data.split_at(n);
        self.data = b;
        Ok(a)
    }

    fn byte(&mut self) -> Read<u8> {
        Ok(self.take(1)?[0])
    }

    #[inline(always)]
    fn num(&mut self) -> Read<u64> {
        // Nearly all are below 128, most others below 16384.
        match self.data {
            [a, rest @ ..] if *a < 0x80 => {
                self.data = rest;
                Ok(*a as u64)
            }
            [a, b, rest @ ..] if *b < 0x80 => {
                self.data = rest;
                Ok((*a & 0x7F) as u64 | (*b as u64) << 7)
            }
            _ => self.large_num(),
        }
    }

    #[inline(never)]
    fn large_num(&mut self) -> Read<u64> {
        let mut v = 0;
        for shift in (0..64).step_by(7) {
            let b = self.byte()?;
            v |= ((b & 0x7F) as u64) << shift;
            if b < 0x80 {
                return Ok(v);
            }
        }
        Err("number too long")
    }

    fn signed(&mut self) -> Read<i64> {
        let v = self.num()?;
        Ok((v >> 1) as i64 ^ -((v & 1) as i64))
    }

    fn u32(&mut self) -> Read<u32> {
        u32::try_from(self.num()?).map_err(|_| "number too large")
    }

    fn u16(&mut self) -> Read<u16> {
        u16::try_from(self.num()?).map_err(|_| "number too large")
    }

    /// A number of things of at least `size` bytes each.
    fn count(&mut self, size: usize) -> Read<usize> {
        let n = self.num()? as usize;
        if n.checked_mul(size).is_none_or(|t| t > self.data.len()) { Err("truncated") } else { Ok(n) }
    }

    fn bytes(&mut self) -> Read<&'d [u8]> {
        let n = self.count(1)?;
        self.take(n)
    }

    fn string(&mut self) -> Read<&'d [u8]> {
        let i = self.num()? as usize;
        let &(from, to) = self.strings.get(i).ok_or("no such string")?;
        Ok(&self.all[from as usize..to as usize])
    }

    fn str(&mut self) -> Read<Box<str>> {
        Ok(std::str::from_utf8(self.string()?).map_err(|_| "not UTF-8")?.into())
    }

    fn strs(&mut self) -> Read<Names> {
        let n = self.count(1)?;
        let Some(unit) = self.lazy else { return (0..n).map(|_| self.str()).collect() };
        let mut ids = Vec::with_capacity(n);
        for _ in 0..n {
            ids.push(self.string_id()?);
        }
        Ok(Names::shared(unit.clone(), ids))
    }

    fn string_id(&mut self) -> Read<u32> {
        let i = self.u32()?;
        if (i as usize) < self.strings.len() { Ok(i) } else { Err("no such string") }
    }

    /// The length of what follows, in bytes.
    fn length(&mut self) -> Read<usize> {
        let len = u32::from_le_bytes(self.take(4)?.try_into().map_err(|_| "truncated")?) as usize;
        if len > self.data.len() { Err("truncated") } else { Ok(len) }
    }

    /// Passes over `len` bytes; yields where in the unit they are.
    fn pass(&mut self, len: usize) -> Read<(usize, usize)> {
        self.take(len)?;
        let to = self.data.as_ptr() as usize - self.all.as_ptr() as usize;
        Ok((to - len, to))
    }

    /// So many things, each of at least a byte. (`collect` does not know how many there will be.)
    #[inline(always)]
    fn list<T>(&mut self, item: impl Fn(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let n = self.count(1)?;
        let mut all = Vec::with_capacity(n);
        for _ in 0..n {
            all.push(item(self)?);
        }
        Ok(all)
    }

    fn nums(&mut self) -> Read<Vec<u32>> {
        self.list(Self::u32)
    }

    fn f64(&mut self) -> Read<f64> {
        let b = self.take(8)?;
        Ok(f64::from_bits(u64::from_le_bytes(b.try_into().map_err(|_| "truncated")?)))
    }

    fn whole_code(mut self) -> Read<CodeData> {
        let c = self.code()?;
        if self.data.is_empty() { Ok(c) } else { Err("bytes left over") }
    }

    /// The head of code that lies at `from..to` of `unit`.
    fn lazy_code(&mut self, unit: &Arc<Unit>, from: usize, to: usize) -> Read<LazyCode> {
        let (name, qualname, filename) = (self.string_id()?, self.string_id()?, self.string_id()?);
        let c = self.numbers(CodeData::default())?;
        let nvarnames = self.count(1)? as u32;
        Ok(LazyCode {
            name,
            qualname,
            filename,
            flags: c.flags,
            argcount: c.argcount,
            kwonly: c.kwonly,
            nlocals: c.nlocals,
            nregs: c.nregs,
            nvarnames,
            unit: unit.clone(),
            from: from as u32,
            to: to as u32,
        })
    }

    /// What stands in front of the names.
    fn head(&mut self) -> Read<CodeData> {
        if self.nameless {
            for _ in 0..3 {
                self.num()?;
            }
            return self.numbers(CodeData::default());
        }
        let name = self.str()?;
        let qualname = self.str()?;
        let filename = match self.filename {
            Some(f) => {
                self.num()?;
                f.into()
            }
            None => self.str()?,
        };
        self.numbers(CodeData { name, qualname, filename, ..CodeData::default() })
    }

    fn numbers(&mut self, mut c: CodeData) -> Read<CodeData> {
        c.first_line = self.u32()?;
        c.flags = CodeFlags(self.u32()?);
        c.argcount = self.u32()?;
        c.posonly = self.u32()?;
        c.kwonly = self.u32()?;
        c.nlocals = self.u32()?;
        c.nregs = self.u32()?;
        c.loops = self.u32()?;
        Ok(c)
    }

    fn code(&mut self) -> Read<CodeData> {
        self.depth += 1;
        if self.depth > 500 {
            return Err("nested too deeply");
        }
        let mut c = self.head()?;
        c.varnames = self.strs()?;
        c.cells = self.nums()?;
        c.names = self.strs()?;
        c.ics = self.nums()?;
        c.consts = self.constants()?;
        let n = self.count(1)?;
        c.code = self.instructions(n)?;
        c.depths = match self.num()? {
            1 => self.take(n)?.iter().map(|b| *b as u16).collect(),
            2 => self.take(n * 2)?.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]])).collect(),
            _ => return Err("bad width"),
        };
        let len = self.length()?;
        c.positions = match self.lazy {
            Some(unit) => {
                let (from, to) = self.pass(len)?;
                Positions::later(unit.clone(), from, to, n, c.first_line)
            }
            None => {
                let left = self.data.len();
                let mut line = c.first_line as i64;
                let list = self.runs(n, |r| r.position(&mut line))?;
                if left - self.data.len() != len {
                    return Err("bad length of positions");
                }
                list.into()
            }
        };
        let handlers = self.count(4)?;
        c.handlers.reserve_exact(handlers);
        for _ in 0..handlers {
            let start = self.u32()?;
            let end = start.checked_add(self.u32()?).ok_or("bad handler")?;
            c.handlers.push(Handler { start, end, target: self.u32()?, reg: self.u16()? });
        }
        self.depth -= 1;
        Ok(c)
    }

    fn instructions(&mut self, n: usize) -> Read<Vec<Ins>> {
        let words = self.take(n.checked_mul(8).ok_or("truncated")?)?.chunks_exact(8);
        let code: Vec<Ins> =
            words.map(|w| Ins(u64::from_le_bytes(w.try_into().expect("eight bytes")))).collect();
        if code.iter().any(|i| i.op_byte() as usize >= Op::COUNT) {
            return Err("no such op");
        }
        Ok(code)
    }

    fn runs<T: Clone>(&mut self, total: usize, mut item: impl FnMut(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let mut out = Vec::with_capacity(total);
        while out.len() < total {
            let n = self.num()? as usize;
            if n == 0 || n > total - out.len() {
                return Err("bad run");
            }
            let v = item(self)?;
            // Within the capacity.
            for _ in 1..n {
                out.push(v.clone());
            }
            out.push(v);
        }
        Ok(out)
    }

    fn position(&mut self, line: &mut i64) -> Read<Position> {
        let lines = self.u32()?;
        if lines == 0 {
            return Ok(Position::default());
        }
        *line = line.checked_add(self.signed()?).ok_or("bad line")?;
        let line = u32::try_from(*line).map_err(|_| "bad line")?;
        let col = self.u32()?;
        let end_col = col as i64 + self.signed()?;
        Ok(Position {
            line,
            end_line: line.checked_add(lines - 1).ok_or("bad line")?,
            col,
            end_col: u32::try_from(end_col).map_err(|_| "bad column")?,
        })
    }

    fn constants(&mut self) -> Read<Vec<Const>> {
        self.list(Self::constant)
    }

    fn constant(&mut self) -> Read<Const> {
        self.depth += 1;
        if self.depth > 500 {
            return Err("nested too deeply");
        }
        let k = match self.byte()? {
            0 => Const::None,
            1 => Const::True,
            2 => Const::False,
            3 => Const::Ellipsis,
            4 => Const::Int(self.signed()?),
            5 => {
                let neg = self.num()? != 0;
                let n = self.count(8)?;
                let limbs = self.take(n * 8)?.chunks_exact(8);
                let limbs = limbs.map(|b| b.iter().rev().fold(0, |v, b| v << 8 | *b as u64));
                Const::BigInt(neg, limbs.collect())
            }
            6 => Const::Float(self.f64()?),
            7 => Const::Complex(self.f64()?, self.f64()?),
            8 => Const::Str(self.string()?.into()),
            9 => Const::Bytes(self.string()?.into()),
            10 => Const::Tuple(self.constants()?.into()),
            11 => Const::FrozenSet(self.constants()?.into()),
            12 => Const::Slice(Box::new([self.constant()?, self.constant()?, self.constant()?])),
            13 => {
                let len = self.length()?;
                match self.lazy {
                    None => {
                        let left = self.data.len();
                        let c = self.code()?;
                        if left - self.data.len() != len {
                            return Err("bad length of code");
                        }
                        Const::Code(Box::new(c))
                    }
                    Some(unit) => {
                        let (from, to) = self.pass(len)?;
                        let mut head = Reader { data: &self.all[from..to], lazy: None, ..*self };
                        Const::Lazy(Box::new(head.lazy_code(unit, from, to)?))
                    }
                }
            }
            _ => return Err("no such constant"),
        };
        self.depth -= 1;
        Ok(k)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> CodeData {
        let inner = CodeData { name: "g".into(), ..CodeData::default() };
        CodeData {
            name: "f".into(),
            qualname: "m.f".into(),
            first_line: 7,
            varnames: vec!["a".into(), "b".into()].into(),
            nlocals: 2,
            nregs: 300,
            names: vec!["a".into()].into(),
            ics: vec![0],
            consts: vec![
                Const::Int(-5),
                Const::BigInt(true, [1, 2].into()),
                Const::Str((*b"\xed\xa0\x80").into()),
                Const::Tuple([Const::Float(-0.0), Const::None].into()),
                Const::Code(Box::new(inner)),
            ],
            code: vec![
                Ins::ai(Op::LoadInt, 0, 0, -70_000),
                Ins::abc(Op::AddI, 1, 299, 0, -3i16 as u16),
                Ins::abc(Op::JLtI, 1, 0, -1i16 as u16, -9i16 as u16),
                Ins::abc(Op::ReturnNone, 0, 0, 0, 0),
            ],
            depths: vec![2, 2, 3, 3],
            positions: vec![
                Position { line: 3, end_line: 5, col: 4, end_col: 1 },
                Position::default(),
                Position::default(),
                Position { line: 9, end_line: 9, col: 0, end_col: 8 },
            ]
            .into(),
            handlers: vec![Handler { start: 1, end: 2, target: 3, reg: 2 }],
            ..CodeData::default()
        }
    }

    #[test]
    fn round_trip() {
        let c = sample();
        assert_eq!(deserialize(&serialize(&c)), Ok(c));
    }

    #[test]
    fn nested_code_is_read_when_asked_for() {
        let c = sample();
        let lazy = read_lazily(Stored::from(serialize(&c)), Some("x.py")).unwrap();
        assert_eq!(&*lazy.filename, "x.py");
        let (Const::Lazy(l), Const::Code(inner)) = (&lazy.consts[4], &c.consts[4]) else {
            panic!("not lazy")
        };
        l.with_names(|name, _, filename| assert_eq!((name, filename), ("g", "x.py")));
        // Asked for the first time, and again.
        for _ in 0..2 {
            assert_eq!(
                [0, 1, 2, 3, 4].map(|i| lazy.positions.has_line(i)),
                [true, false, false, true, false]
            );
        }
        // The parts that are read when they are asked for.
        assert_eq!((&lazy.names, &lazy.varnames, &lazy.positions), (&c.names, &c.varnames, &c.positions));
        let no = || Box::from("");
        let nameless = CodeData { name: no(), qualname: no(), filename: no(), ..(**inner).clone() };
        assert_eq!(l.load().unwrap(), nameless);
    }

    #[test]
    fn compiled_code_may_lie_as_bytes() {
        let mut c = sample();
        assert_eq!(made_lazy(c.clone(), None), c);
        let Const::Code(inner) = &mut c.consts[4] else { panic!() };
        inner.filename = "z.py".into();
        inner.code = vec![Ins::abc(Op::ReturnNone, 0, 0, 0, 0); 600];
        inner.depths = vec![0; 600];
        inner.positions = vec![Position::default(); 600].into();
        let lazy = made_lazy(c.clone(), None);
        assert_eq!(lazy.unit.bytes().unwrap(), serialize(&c));
        let (Const::Lazy(l), Const::Code(inner)) = (&lazy.consts[4], &c.consts[4]) else {
            panic!("not lazy")
        };
        l.with_names(|name, _, filename| assert_eq!((name, filename), ("g", "z.py")));
        let no = || Box::from("");
        let nameless = CodeData { name: no(), qualname: no(), filename: no(), ..(**inner).clone() };
        assert_eq!(l.load().unwrap(), nameless);
    }

    #[test]
    fn damage_is_an_error_not_a_panic() {
        let good = serialize(&sample());
        for i in 0..good.len() {
            let _ = deserialize(&good[..i]).expect_err("truncated");
            for b in [0, 0x7F, 0xFF] {
                let mut bad = good.clone();
                bad[i] = b;
                let _ = deserialize(&bad);
                if let Ok(c) = read_lazily(Stored::from(bad), None) {
                    let _ = (c.positions.len(), c.names.iter().count());
                    for k in &c.consts {
                        if let Const::Lazy(l) = k {
                            let _ = l.load();
                        }
                    }
                }
            }
        }
    }
}
