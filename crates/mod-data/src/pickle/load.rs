//! The pickle machine.
//!
//! # Invariants
//! A [`Machine`] lives on the native stack of the thread that loads; its object stack is a registered root vector.
//! Below `fence` (the topmost mark) nothing is popped but by opcodes that pop marks.

use super::unpickler::{Unpickler, memo_get, memo_put, no_persistent, state};
use super::{HIGHEST, State, op, unpickler, unpickling_error};
use adder_vm::builtins::exceptions as exc;
use adder_vm::builtins::memoryview::{self, MemoryView};
use adder_vm::builtins::{bytearray, bytes, codecs, list, set};
use adder_vm::err::{R, Raised};
use adder_vm::heap::RootedVec;
use adder_vm::interp::call::Gather;
use adder_vm::n;
use adder_vm::native::{RawArgs, tflags};
use adder_vm::object::*;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::sync::atomic::Ordering::*;

/// How much is looked at ahead in files that can be peeked into.
const PREFETCH: usize = 128 * 1024;

pub struct Machine<'a> {
    th: Th,
    u: Gc<Unpickler>,
    /// `find_class` of a subclass.
    find_class: Option<Value>,
    stack: RootedVec,
    marks: Vec<usize>,
    fence: usize,
    /// The whole input of `loads`, or what was read of a file.
    data: &'a [u8],
    own: Vec<u8>,
    from_file: bool,
    pos: usize,
    /// Where the current frame ends in `data`; its length outside of frames.
    limit: usize,
    in_frame: bool,
    /// How much of `own` was only peeked at.
    peeked: usize,
}

impl<'a> Machine<'a> {
    pub fn new(th: Th, u: Gc<Unpickler>, data: Option<&'a [u8]>, find_class: Option<Value>) -> Machine<'a> {
        Machine {
            th,
            u,
            find_class,
            stack: RootedVec::with_capacity(&th.m, 16),
            marks: Vec::new(),
            fence: 0,
            data: data.unwrap_or(&[]),
            own: Vec::new(),
            from_file: data.is_none(),
            pos: 0,
            limit: data.map_or(0, |d| d.len()),
            in_frame: false,
            peeked: 0,
        }
    }

    // -- input

    /// The next `n` bytes. The slice is valid until the next read.
    #[inline(always)]
    fn read(&mut self, n: usize) -> R<&'a [u8]> {
        if n <= self.limit - self.pos {
            let s = &self.data[self.pos..self.pos + n];
            self.pos += n;
            return Ok(s);
        }
        if self.in_frame {
            self.leave_frame()?;
            return self.read(n);
        }
        self.read_more(n)
    }
    #[cold]
    fn truncated(&self) -> Raised {
        unpickling_error(self.th, "pickle data was truncated")
    }
    /// At the end of a frame reading goes on after it.
    #[cold]
    fn leave_frame(&mut self) -> R<()> {
        if self.pos != self.limit {
            return Err(unpickling_error(self.th, "pickle exhausted before end of frame"));
        }
        self.in_frame = false;
        self.limit = self.data.len();
        Ok(())
    }
    /// Makes `own` the current input.
    fn set_input(&mut self, v: Vec<u8>) {
        self.own = v;
        // SAFETY: `data` is replaced whenever `own` is; slices given out are used before the next read.
        self.data = unsafe { std::slice::from_raw_parts(self.own.as_ptr(), self.own.len()) };
        self.pos = 0;
        self.limit = self.own.len();
    }
    /// What was peeked at and used is read for good.
    fn skip_consumed(&mut self) -> R<()> {
        if self.peeked > 0 {
            let used = self.pos;
            self.peeked = 0;
            if used > 0 {
                self.th.call(self.u.read.value(), &[self.th.int(used as i64)])?;
            }
        }
        Ok(())
    }
    fn call_bytes(&mut self, f: Value, args: &[Value]) -> R<Vec<u8>> {
        let r = self.th.call(f, args)?;
        let b = adder_vm::builtins::buffer::Buffer::simple(self.th, r)?;
        Ok(b.bytes().to_vec())
    }
    #[inline(never)]
    fn read_more(&mut self, n: usize) -> R<&'a [u8]> {
        if !self.from_file {
            return Err(self.truncated());
        }
        if n > isize::MAX as usize - self.pos {
            return Err(unpickling_error(self.th, "read would overflow (invalid bytecode)"));
        }
        let rest = if self.peeked > 0 { Vec::new() } else { self.data[self.pos..].to_vec() };
        self.skip_consumed()?;
        if rest.is_empty()
            && n < PREFETCH
            && let Some(peek) = self.u.peek.get()
        {
            match self.call_bytes(peek, &[self.th.int(PREFETCH as i64)]) {
                Ok(b) if b.len() >= n => {
                    self.peeked = b.len();
                    self.set_input(b);
                    return self.read(n);
                }
                Ok(_) => {}
                Err(e) => {
                    if !self.th.exc_is(&exc::NOT_IMPLEMENTED_ERROR) {
                        return Err(e);
                    }
                    self.th.take_exc();
                    self.u.peek.init(None);
                }
            }
        }
        let want = n - rest.len();
        let b = self.call_bytes(self.u.read.value(), &[self.th.int(want as i64)])?;
        let all = if rest.is_empty() { b } else { [rest, b].concat() };
        let short = all.len() < n;
        self.set_input(all);
        if short {
            return Err(self.truncated());
        }
        self.read(n)
    }
    /// A line with its end.
    fn readline(&mut self) -> R<&'a [u8]> {
        if self.in_frame && self.pos == self.limit {
            self.leave_frame()?;
        }
        let rest = &self.data[self.pos..self.limit];
        if let Some(i) = rest.iter().position(|c| *c == b'\n') {
            self.pos += i + 1;
            return Ok(&rest[..i + 1]);
        }
        if self.in_frame {
            return Err(unpickling_error(self.th, "pickle exhausted before end of frame"));
        }
        if !self.from_file {
            return Err(self.truncated());
        }
        let rest = if self.peeked > 0 { Vec::new() } else { rest.to_vec() };
        self.skip_consumed()?;
        let b = self.call_bytes(self.u.readline.value(), &[])?;
        let all = [rest, b].concat();
        if all.last() != Some(&b'\n') {
            return Err(self.truncated());
        }
        let n = all.len();
        self.set_input(all);
        self.read(n)
    }
    /// A line that is not empty.
    fn full_line(&mut self) -> R<&'a [u8]> {
        let l = self.readline()?;
        if l.len() < 2 { Err(self.truncated()) } else { Ok(l) }
    }
    #[inline(always)]
    fn u8(&mut self) -> R<usize> {
        Ok(self.read(1)?[0] as usize)
    }
    #[inline(always)]
    fn u16(&mut self) -> R<usize> {
        let b = self.read(2)?;
        Ok(u16::from_le_bytes([b[0], b[1]]) as usize)
    }
    #[inline(always)]
    fn i32(&mut self) -> R<i32> {
        let b = self.read(4)?;
        Ok(i32::from_le_bytes([b[0], b[1], b[2], b[3]]))
    }
    /// A length of eight bytes.
    fn size8(&mut self, what: &str) -> R<usize> {
        let n = u64::from_le_bytes(self.read(8)?.try_into().unwrap());
        if n > i64::MAX as u64 {
            return Err(self
                .th
                .overflow_error(format!("{what} exceeds system's maximum size of {} bytes", i64::MAX)));
        }
        Ok(n as usize)
    }

    // -- stack

    #[inline(always)]
    fn push(&mut self, v: Value) {
        self.stack.push(v.bits())
    }
    #[cold]
    fn underflow(&self) -> Raised {
        unpickling_error(
            self.th,
            if self.marks.is_empty() { "unpickling stack underflow" } else { "unexpected MARK found" },
        )
    }
    #[inline(always)]
    fn pop(&mut self) -> R<Value> {
        if self.stack.len() <= self.fence {
            return Err(self.underflow());
        }
        // SAFETY: only values are pushed.
        Ok(unsafe { Value::from_bits(self.stack.pop().unwrap_unchecked()) })
    }
    #[inline(always)]
    fn top(&self) -> R<Value> {
        if self.stack.len() <= self.fence {
            return Err(self.underflow());
        }
        Ok(unsafe { Value::from_bits(*self.stack.as_slice().last().unwrap_unchecked()) })
    }
    fn set_fence(&mut self) {
        self.fence = self.marks.last().copied().unwrap_or(0);
    }
    /// Removes the topmost mark: where its items begin.
    fn mark(&mut self) -> R<usize> {
        let Some(m) = self.marks.pop() else { return Err(unpickling_error(self.th, "could not find MARK")) };
        self.set_fence();
        Ok(m)
    }
    /// The values from `i` on. Valid until the stack changes; the words are roots but may be updated by a collection, so
    /// no Python code and no allocation comes between this and their use.
    #[inline(always)]
    fn items(&self, i: usize) -> &[Value] {
        let s = &self.stack.as_slice()[i..];
        unsafe { std::slice::from_raw_parts(s.as_ptr() as *const Value, s.len()) }
    }
    #[inline(always)]
    fn item(&self, i: usize) -> Value {
        unsafe { Value::from_bits(self.stack.as_slice()[i]) }
    }
    /// The values from `i` on as a tuple, popped.
    fn pop_tuple(&mut self, i: usize) -> R<Value> {
        let n = self.stack.len() - i;
        let t = if n == 0 {
            self.th.tuple(&[])
        } else {
            // Allocated first: a collection moves what the words refer to.
            unsafe {
                let t = adder_vm::builtins::tuple::alloc(self.th, n)?;
                let p = adder_vm::builtins::tuple::items_ptr(t);
                std::ptr::copy_nonoverlapping(self.items(i).as_ptr(), p, n);
                self.th.m.barrier_all(t.obj());
                t.value()
            }
        };
        self.stack.truncate(i);
        Ok(t)
    }
    /// The values from `i` on as a list, popped.
    fn pop_list(&mut self, i: usize) -> R<Gc<List>> {
        let n = self.stack.len() - i;
        let a = self.th.array(n.max(4))?;
        for (k, v) in self.items(i).iter().enumerate() {
            a.slot(k).init(Some(*v));
        }
        self.th.m.barrier_all(a.obj());
        self.stack.truncate(i);
        Ok(list::from_array(self.th, a, n))
    }

    // -- the machine

    pub fn run(mut self) -> R<Value> {
        let th = self.th;
        loop {
            let code = match self.read(1) {
                Ok(b) => b[0],
                Err(e) => {
                    if th.exc_is(&super::UNPICKLING_ERROR) {
                        th.take_exc();
                        return Err(th.eof_error("Ran out of input"));
                    }
                    return Err(e);
                }
            };
            match code {
                op::NONE => self.push(NONE()),
                op::BININT => {
                    let n = self.i32()?;
                    self.push(Value::fix(n as i64))
                }
                op::BININT1 => {
                    let n = self.u8()?;
                    self.push(Value::fix(n as i64))
                }
                op::BININT2 => {
                    let n = self.u16()?;
                    self.push(Value::fix(n as i64))
                }
                op::BINFLOAT => {
                    let b: [u8; 8] = self.read(8)?.try_into().unwrap();
                    self.push(th.float(f64::from_be_bytes(b)))
                }
                op::SHORT_BINUNICODE => {
                    let n = self.u8()?;
                    self.unicode(n)?
                }
                op::BINUNICODE => {
                    let n = self.i32()? as u32 as usize;
                    self.unicode(n)?
                }
                op::BINUNICODE8 => {
                    let n = self.size8("BINUNICODE")?;
                    self.unicode(n)?
                }
                op::SHORT_BINBYTES => {
                    let n = self.u8()?;
                    self.bytes(n)?
                }
                op::BINBYTES => {
                    let n = self.i32()? as u32 as usize;
                    self.bytes(n)?
                }
                op::BINBYTES8 => {
                    let n = self.size8("BINBYTES")?;
                    self.bytes(n)?
                }
                op::BYTEARRAY8 => {
                    let n = self.size8("BYTEARRAY8")?;
                    let b = self.read(n)?;
                    let v = bytearray::new(th, b)?;
                    self.push(v)
                }
                op::MEMOIZE => {
                    let v = self.top()?;
                    let i = self.u.count.load(Relaxed);
                    memo_put(th, self.u, i, v)?
                }
                op::BINGET => {
                    let i = self.u8()?;
                    self.get(i)?
                }
                op::LONG_BINGET => {
                    let i = self.i32()? as u32 as usize;
                    self.get(i)?
                }
                op::GET => {
                    let i = self.number_line()?;
                    let i = th.index_i64(i)?;
                    if i < 0 {
                        return Err(unpickling_error(th, format!("Memo value not found at index {i}")));
                    }
                    self.get(i as usize)?
                }
                op::BINPUT => {
                    let i = self.u8()?;
                    let v = self.top()?;
                    memo_put(th, self.u, i, v)?
                }
                op::LONG_BINPUT => {
                    let i = self.i32()? as u32 as usize;
                    let v = self.top()?;
                    memo_put(th, self.u, i, v)?
                }
                op::PUT => {
                    let line = self.full_line()?;
                    let v = self.top()?;
                    let i = self.parse_int(line, 10)?;
                    let i = th.index_i64(i)?;
                    if i < 0 {
                        return Err(th.value_error("negative PUT argument"));
                    }
                    memo_put(th, self.u, i as usize, v)?
                }
                op::MARK => {
                    self.fence = self.stack.len();
                    self.marks.push(self.fence);
                }
                op::EMPTY_TUPLE => self.push(th.tuple(&[])),
                op::TUPLE1 => self.counted(1)?,
                op::TUPLE2 => self.counted(2)?,
                op::TUPLE3 => self.counted(3)?,
                op::TUPLE => {
                    let i = self.mark()?;
                    let t = self.pop_tuple(i)?;
                    self.push(t)
                }
                op::EMPTY_LIST => {
                    let l = list::new(th, &[])?;
                    self.push(l.value())
                }
                op::EMPTY_DICT => self.push(Gc::<Dict>::new(th).value()),
                op::EMPTY_SET => {
                    let s = set::new(th)?;
                    self.push(s.value())
                }
                op::LIST => {
                    let i = self.mark()?;
                    let l = self.pop_list(i)?;
                    self.push(l.value())
                }
                op::DICT => self.dict()?,
                op::FROZENSET => {
                    let i = self.mark()?;
                    let t = self.pop_tuple(i)?;
                    let s = set::frozen_from_slice(th, unsafe { t.cast_unchecked::<Tuple>() }.items())?;
                    self.push(s)
                }
                op::APPEND => {
                    if self.stack.len() <= self.fence {
                        return Err(self.underflow());
                    }
                    let i = self.stack.len() - 1;
                    self.appends(i)?
                }
                op::APPENDS => {
                    let i = self.mark()?;
                    self.appends(i)?
                }
                op::SETITEM => {
                    if self.stack.len() < 2 {
                        return Err(self.underflow());
                    }
                    let i = self.stack.len() - 2;
                    self.setitems(i)?
                }
                op::SETITEMS => {
                    let i = self.mark()?;
                    self.setitems(i)?
                }
                op::ADDITEMS => self.additems()?,
                op::NEWTRUE => self.push(TRUE()),
                op::NEWFALSE => self.push(FALSE()),
                op::LONG1 => {
                    let n = self.u8()?;
                    self.long(n)?
                }
                op::LONG4 => {
                    let n = self.i32()?;
                    if n < 0 {
                        return Err(unpickling_error(th, "LONG pickle has negative byte count"));
                    }
                    self.long(n as usize)?
                }
                op::INT => self.int_line()?,
                op::LONG => {
                    let line = self.full_line()?;
                    let line = line.strip_suffix(b"L\n").unwrap_or(line);
                    let v = self.parse_int(line, 10)?;
                    self.push(v)
                }
                op::FLOAT => {
                    let line = self.full_line()?;
                    let text = &line[..line.len() - 1];
                    let v = match std::str::from_utf8(text).ok().and_then(|_| adder_num::float::parse(text)) {
                        Some(f) => th.float(f),
                        None => {
                            let shown = th.repr(self.latin1(line)?)?;
                            let shown = th.text(shown).replace("\\n", "\n");
                            return Err(th.value_error(format!("could not convert string to float: {shown}")));
                        }
                    };
                    self.push(v)
                }
                op::STRING => self.string_line()?,
                op::BINSTRING => {
                    let n = self.i32()?;
                    if n < 0 {
                        return Err(unpickling_error(th, "BINSTRING pickle has negative byte count"));
                    }
                    self.old_string(n as usize)?
                }
                op::SHORT_BINSTRING => {
                    let n = self.u8()?;
                    self.old_string(n)?
                }
                op::UNICODE => {
                    let line = self.readline()?;
                    let b = bytes::new(th, &line[..line.len() - 1])?.value();
                    let v = self.codec("raw_unicode_escape_decode", &[b])?;
                    self.push(v)
                }
                op::REDUCE => {
                    let args = self.pop()?;
                    let f = self.pop()?;
                    let Some(t) = args.cast::<Tuple>() else {
                        return Err(th.type_error("argument list must be a tuple"));
                    };
                    let v = th.call_raw(f, RawArgs::positional(t.items()))?;
                    self.push(v)
                }
                op::BUILD => self.build()?,
                op::NEWOBJ => self.newobj(false)?,
                op::NEWOBJ_EX => self.newobj(true)?,
                op::GLOBAL => {
                    let m = self.utf8_line()?;
                    let n = self.utf8_line()?;
                    let v = self.find(m, n)?;
                    self.push(v)
                }
                op::STACK_GLOBAL => {
                    let n = self.pop()?;
                    let m = self.pop()?;
                    if !n.is_exact(Kind::Str) || !m.is_exact(Kind::Str) {
                        return Err(unpickling_error(th, "STACK_GLOBAL requires str"));
                    }
                    let v = self.find(m, n)?;
                    self.push(v)
                }
                op::INST => {
                    let i = self.mark()?;
                    let m = self.utf8_line()?;
                    let n = self.utf8_line()?;
                    let c = self.find(m, n)?;
                    let args = self.pop_tuple(i)?;
                    self.instantiate(c, args)?
                }
                op::OBJ => {
                    let i = self.mark()?;
                    if self.stack.len() <= i {
                        return Err(self.underflow());
                    }
                    let args = self.pop_tuple(i + 1)?;
                    let c = Value::from_word(self.stack.pop().unwrap()).unwrap();
                    self.instantiate(c, args)?
                }
                op::PERSID => {
                    let Some(f) = self.u.persistent.get() else { return Err(no_persistent_line(&mut self)) };
                    let line = self.readline()?;
                    let text = &line[..line.len() - 1];
                    if !text.is_ascii() {
                        return Err(ascii_ids(th));
                    }
                    let pid = th.try_str(text)?;
                    let v = th.call(f, &[pid])?;
                    self.push(v)
                }
                op::BINPERSID => {
                    let pid = self.pop()?;
                    let Some(f) = self.u.persistent.get() else { return Err(no_persistent(th)) };
                    let v = th.call(f, &[pid])?;
                    self.push(v)
                }
                op::POP => {
                    if self.marks.last() == Some(&self.stack.len()) {
                        self.marks.pop();
                        self.set_fence();
                    } else {
                        self.pop()?;
                    }
                }
                op::POP_MARK => {
                    let i = self.mark()?;
                    self.stack.truncate(i)
                }
                op::DUP => {
                    let v = self.top()?;
                    self.push(v)
                }
                op::EXT1 => {
                    let c = self.u8()?;
                    self.extension(c as i64)?
                }
                op::EXT2 => {
                    let c = self.u16()?;
                    self.extension(c as i64)?
                }
                op::EXT4 => {
                    let c = self.i32()?;
                    self.extension(c as i64)?
                }
                op::PROTO => {
                    let n = self.u8()? as i64;
                    if n > HIGHEST {
                        return Err(th.value_error(format!("unsupported pickle protocol: {n}")));
                    }
                    state(self.u).proto = n;
                }
                op::FRAME => {
                    let n = u64::from_le_bytes(self.read(8)?.try_into().unwrap());
                    if n > i64::MAX as u64 {
                        return Err(th.overflow_error(format!(
                            "FRAME length exceeds system's maximum of {} bytes",
                            i64::MAX
                        )));
                    }
                    if self.in_frame && self.pos != self.limit {
                        return Err(unpickling_error(
                            th,
                            "beginning of a new frame before end of current frame",
                        ));
                    }
                    // All of the frame is here after this.
                    self.in_frame = false;
                    self.limit = self.data.len();
                    self.read(n as usize)?;
                    self.limit = self.pos;
                    self.pos -= n as usize;
                    self.in_frame = true;
                }
                op::NEXT_BUFFER => {
                    let Some(b) = self.u.buffers.get() else {
                        return Err(unpickling_error(
                            th,
                            "pickle stream refers to out-of-band data but no *buffers* argument was given",
                        ));
                    };
                    match th.next(b)? {
                        Some(v) => self.push(v),
                        None => return Err(unpickling_error(th, "not enough out-of-band buffers")),
                    }
                }
                op::READONLY_BUFFER => {
                    let v = self.top()?;
                    let m: Gc<MemoryView> =
                        memoryview::from_object(th, v, adder_vm::builtins::buffer::flag::FULL_RO)?;
                    if !m.readonly() {
                        let r = th.call_method(m.value(), th.intern("toreadonly"), &[])?;
                        self.pop()?;
                        self.push(r);
                    }
                    memoryview::release_quietly(th, m);
                }
                op::STOP => break,
                c => {
                    return Err(if (0x20..=0x7e).contains(&c) && c != b'\'' && c != b'\\' {
                        unpickling_error(th, format!("invalid load key, '{}'.", c as char))
                    } else {
                        unpickling_error(th, format!("invalid load key, '\\x{c:02x}'."))
                    });
                }
            }
        }
        self.skip_consumed()?;
        self.pop()
    }

    #[inline(always)]
    fn unicode(&mut self, n: usize) -> R<()> {
        let th = self.th;
        let b = self.read(n)?;
        let v = if b.is_ascii() {
            if n <= 1 { th.try_str(b)? } else { th.str_counted(b, n, true)? }
        } else if std::str::from_utf8(b).is_ok() {
            th.try_str(b)?
        } else {
            let o = bytes::new(th, b)?.value();
            codecs::decode(th, o, Some(th.str("utf-8")), Some(th.str("surrogatepass")))?
        };
        self.push(v);
        Ok(())
    }
    fn bytes(&mut self, n: usize) -> R<()> {
        let b = self.read(n)?;
        let v = bytes::new(self.th, b)?.value();
        self.push(v);
        Ok(())
    }
    #[inline(always)]
    fn get(&mut self, i: usize) -> R<()> {
        match memo_get(self.th, self.u, i)? {
            Some(v) => {
                self.push(v);
                Ok(())
            }
            None => Err(unpickling_error(self.th, format!("Memo value not found at index {i}"))),
        }
    }
    fn counted(&mut self, n: usize) -> R<()> {
        if self.stack.len() < self.fence + n {
            return Err(self.underflow());
        }
        let t = self.pop_tuple(self.stack.len() - n)?;
        self.push(t);
        Ok(())
    }
    fn dict(&mut self) -> R<()> {
        let i = self.mark()?;
        let n = self.stack.len() - i;
        if n % 2 != 0 {
            return Err(unpickling_error(self.th, "odd number of items for DICT"));
        }
        let d = Gc::<Dict>::with_capacity(self.th, n / 2);
        let mut k = i;
        while k < i + n {
            d.set(self.th, self.item(k), self.item(k + 1))?;
            k += 2;
        }
        self.stack.truncate(i);
        self.push(d.value());
        Ok(())
    }
    fn appends(&mut self, i: usize) -> R<()> {
        let th = self.th;
        let n = self.stack.len();
        if i > n || i <= self.fence {
            return Err(self.underflow());
        }
        if i == n {
            return Ok(());
        }
        let target = self.item(i - 1);
        if let Some(l) = target.exact::<List>() {
            if n - i == 1 {
                list::append(th, l, self.item(i))?;
            } else {
                // Room is made by allocating: the items are taken after that.
                let a = th.array(n - i)?;
                for (k, v) in self.items(i).iter().enumerate() {
                    a.slot(k).init(Some(*v));
                }
                th.m.barrier_all(a.obj());
                list::append_all(th, l, unsafe { list::values(a, n - i) })?;
            }
            self.stack.truncate(i);
            return Ok(());
        }
        match th.getattr_opt(target, n!(extend))? {
            Some(f) => {
                let l = self.pop_list(i)?;
                th.call(f, &[l.value()])?;
            }
            None => {
                let f = th.getattr(target, n!(append))?;
                for k in i..n {
                    th.call(f, &[self.item(k)])?;
                }
                self.stack.truncate(i);
            }
        }
        Ok(())
    }
    fn setitems(&mut self, i: usize) -> R<()> {
        let th = self.th;
        let n = self.stack.len();
        if i > n || i <= self.fence {
            return Err(self.underflow());
        }
        if i == n {
            return Ok(());
        }
        if (n - i) % 2 != 0 {
            return Err(unpickling_error(th, "odd number of items for SETITEMS"));
        }
        let target = self.item(i - 1);
        let mut k = i;
        if let Some(d) = target.exact::<Dict>() {
            while k < n {
                d.set(th, self.item(k), self.item(k + 1))?;
                k += 2;
            }
        } else {
            while k < n {
                th.setitem(target, self.item(k), Some(self.item(k + 1)))?;
                k += 2;
            }
        }
        self.stack.truncate(i);
        Ok(())
    }
    fn additems(&mut self) -> R<()> {
        let th = self.th;
        let i = self.mark()?;
        let n = self.stack.len();
        if i > n || i <= self.fence {
            return Err(self.underflow());
        }
        if i == n {
            return Ok(());
        }
        let target = self.item(i - 1);
        if let Some(s) = target.cast::<Set>() {
            let t = self.pop_tuple(i)?;
            return set::update(th, s, t);
        }
        let f = th.getattr(target, n!(add))?;
        for k in i..n {
            th.call(f, &[self.item(k)])?;
        }
        self.stack.truncate(i);
        Ok(())
    }

    // -- numbers and old strings

    fn long(&mut self, n: usize) -> R<()> {
        let th = self.th;
        let b = self.read(n)?;
        let v = if n == 0 {
            Value::fix(0)
        } else if n <= 8 {
            let fill = if b[n - 1] >= 0x80 { 0xff } else { 0 };
            let mut x = [fill; 8];
            x[..n].copy_from_slice(b);
            th.int(i64::from_le_bytes(x))
        } else {
            th.big(adder_num::bigint::from_bytes(b, true, true))?
        };
        self.push(v);
        Ok(())
    }
    fn latin1(&self, b: &[u8]) -> R<Value> {
        let s: String = b.iter().map(|c| *c as char).collect();
        self.th.try_str(s.as_bytes())
    }
    fn parse_int(&mut self, line: &[u8], base: i64) -> R<Value> {
        let text = self.latin1(line)?;
        let f = adder_vm::builtins::int::INT.get().value();
        self.th.call(f, &[text, Value::fix(base)])
    }
    fn number_line(&mut self) -> R<Value> {
        let line = self.full_line()?;
        self.parse_int(line, 10)
    }
    fn int_line(&mut self) -> R<()> {
        let th = self.th;
        let line = self.full_line()?;
        let v = match line {
            b"00\n" => FALSE(),
            b"01\n" => TRUE(),
            _ => {
                let r = match std::str::from_utf8(line).ok().and_then(|s| s.trim().parse::<i64>().ok()) {
                    Some(n) => Ok(th.int(n)),
                    None => self.parse_int(line, 10),
                };
                match r {
                    Ok(v) => v,
                    Err(e) => {
                        if th.exc_is(&exc::VALUE_ERROR) {
                            th.take_exc();
                            return Err(th.value_error("could not convert string to int"));
                        }
                        return Err(e);
                    }
                }
            }
        };
        self.push(v);
        Ok(())
    }
    fn codec(&self, name: &str, args: &[Value]) -> R<Value> {
        let f = adder_vm::import::import_attr(self.th, "_codecs", name)?;
        let r = self.th.call(f, args)?;
        match r.cast::<Tuple>() {
            Some(t) if t.len > 0 => Ok(t.items()[0]),
            _ => Err(self.th.type_error("decoder must return a tuple")),
        }
    }
    /// A `str` of Python 2.
    fn decode_old(&self, b: Value) -> R<Value> {
        let st = state(self.u);
        if st.encoding == "bytes" {
            return Ok(b);
        }
        let (enc, err) = (self.th.str(&st.encoding), self.th.str(&st.errors));
        codecs::decode(self.th, b, Some(enc), Some(err))
    }
    fn old_string(&mut self, n: usize) -> R<()> {
        let b = self.read(n)?;
        let b = bytes::new(self.th, b)?.value();
        let v = self.decode_old(b)?;
        self.push(v);
        Ok(())
    }
    fn string_line(&mut self) -> R<()> {
        let line = self.readline()?;
        let s = &line[..line.len() - 1];
        let n = s.len();
        if n < 2 || s[0] != s[n - 1] || (s[0] != b'\'' && s[0] != b'"') {
            return Err(unpickling_error(self.th, "the STRING opcode argument must be quoted"));
        }
        let raw = bytes::new(self.th, &s[1..n - 1])?.value();
        let b = self.codec("escape_decode", &[raw])?;
        let v = self.decode_old(b)?;
        self.push(v);
        Ok(())
    }

    // -- classes and instances

    fn utf8_line(&mut self) -> R<Value> {
        let line = self.full_line()?;
        let text = &line[..line.len() - 1];
        if std::str::from_utf8(text).is_ok() {
            return self.th.try_str(text);
        }
        let o = bytes::new(self.th, text)?.value();
        codecs::decode(self.th, o, Some(self.th.str("utf-8")), None)
    }
    fn find(&mut self, module: Value, name: Value) -> R<Value> {
        match self.find_class {
            Some(f) => self.th.call(f, &[module, name]),
            None => unpickler::find_class(self.th, self.u, module, name),
        }
    }
    fn extension(&mut self, code: i64) -> R<()> {
        let th = self.th;
        if code <= 0 {
            return Err(unpickling_error(th, "EXT specifies code <= 0"));
        }
        let key = th.int(code);
        if let Some(v) = State::ExtensionCache.dict().get(th, key)? {
            self.push(v);
            return Ok(());
        }
        let Some(pair) = State::InvertedRegistry.dict().get(th, key)? else {
            return Err(th.value_error(format!("unregistered extension code {code}")));
        };
        let t = pair.cast::<Tuple>().filter(|t| t.len == 2 && t.items().iter().all(|v| v.is_kind(Kind::Str)));
        let Some(t) = t else {
            return Err(th.value_error(format!("_inverted_registry[{code}] isn't a 2-tuple of strings")));
        };
        let v = self.find(t.items()[0], t.items()[1])?;
        State::ExtensionCache.dict().set(th, key, v)?;
        self.push(v);
        Ok(())
    }
    fn instantiate(&mut self, c: Value, args: Value) -> R<()> {
        let th = self.th;
        let t: Gc<Tuple> = unsafe { args.cast_unchecked() };
        let v = if t.len == 0
            && c.is_kind(Kind::Type)
            && th.getattr_opt(c, th.intern("__getinitargs__"))?.is_none()
        {
            th.call_method(c, n!(__new__), &[c])?
        } else {
            th.call_raw(c, RawArgs::positional(t.items()))?
        };
        self.push(v);
        Ok(())
    }
    fn newobj(&mut self, ex: bool) -> R<()> {
        let th = self.th;
        let name = if ex { "NEWOBJ_EX" } else { "NEWOBJ" };
        let kw = if ex { Some(self.pop()?) } else { None };
        let args = self.pop()?;
        let c = self.pop()?;
        let wrong = |what: &str, want: &str, v: Value| {
            unpickling_error(th, format!("{name} {what} argument must be {want}, not {}", th.type_name_of(v)))
        };
        let Some(t) = c.cast::<Type>() else { return Err(wrong("class", "a type", c)) };
        let Some(new) = t.slots.new else {
            return Err(unpickling_error(
                th,
                format!("{name} class argument '{}' doesn't have __new__", th.type_name(t)),
            ));
        };
        if t.has(tflags::DISALLOW_INSTANTIATION) {
            return Err(th.type_error(format!("cannot create '{}' instances", th.type_name(t))));
        }
        let Some(a) = args.cast::<Tuple>() else { return Err(wrong("args", "a tuple", args)) };
        let v = match kw {
            None => new(th, c, RawArgs::positional(a.items()))?,
            Some(k) => {
                let Some(d) = k.cast::<Dict>() else { return Err(wrong("kwargs", "a dict", k)) };
                let mut g = Gather::new();
                g.extend(th, a.items())?;
                let mut names = Gather::new();
                let mut i = 0;
                while let Some((ni, k, v)) = d.next_entry(i) {
                    i = ni;
                    if !k.is_kind(Kind::Str) {
                        return Err(th.type_error("keywords must be strings"));
                    }
                    g.push(th, v)?;
                    names.push(th, k)?;
                }
                let kn = if names.len() > 0 {
                    Some(unsafe { th.try_tuple(names.as_slice())?.cast_unchecked() })
                } else {
                    None
                };
                new(th, c, RawArgs::with_kw(g.as_slice(), kn))?
            }
        };
        self.push(v);
        Ok(())
    }

    fn build(&mut self) -> R<()> {
        let th = self.th;
        let mut s = self.pop()?;
        let inst = self.top()?;
        if let Some(f) = th.getattr_opt(inst, n!(__setstate__))? {
            th.call(f, &[s])?;
            return Ok(());
        }
        let mut slots = None;
        if let Some(t) = s.cast::<Tuple>().filter(|t| t.len == 2) {
            s = t.items()[0];
            slots = Some(t.items()[1]);
        }
        if !s.is_none() {
            let Some(d) = s.cast::<Dict>() else {
                return Err(unpickling_error(th, "state is not a dictionary"));
            };
            if self.plain_dict(inst) && keys_are_str(d) {
                let mut i = 0;
                while let Some((ni, k, v)) = d.next_entry(i) {
                    i = ni;
                    let k = th.intern_value(unsafe { k.cast_unchecked() });
                    th.set_instance_attr(inst, k, Some(v))?;
                }
            } else {
                let target = th.getattr(inst, n!(__dict__))?;
                let mut i = 0;
                while let Some((ni, k, v)) = d.next_entry(i) {
                    i = ni;
                    let k = match k.exact::<Str>() {
                        Some(s) => th.intern_value(s),
                        None => k,
                    };
                    th.setitem(target, k, Some(v))?;
                }
            }
        }
        if let Some(s) = slots.and_then(|s| s.some()) {
            let Some(d) = s.cast::<Dict>() else {
                return Err(unpickling_error(th, "slot state is not a dictionary"));
            };
            let mut i = 0;
            while let Some((ni, k, v)) = d.next_entry(i) {
                i = ni;
                th.setattr(inst, k, Some(v))?;
            }
        }
        Ok(())
    }
    /// Whether storing in the shape is what storing in `__dict__` is.
    fn plain_dict(&self, o: Value) -> bool {
        if !o.is_kind(Kind::Object) {
            return false;
        }
        let t = self.th.type_of(o);
        let s = adder_vm::shape::shape(o.shape_id());
        t.has(tflags::PLAIN_GETATTR)
            && s.ext_at != 0
            && !s.dict_mode
            && self.th.lookup(t, n!(__dict__)).is_some_and(|d| d.is_exact(Kind::GetSetDescriptor))
    }
}

fn keys_are_str(d: Gc<Dict>) -> bool {
    let mut i = 0;
    while let Some((ni, k, _)) = d.next_entry(i) {
        i = ni;
        if !k.is_exact(Kind::Str) {
            return false;
        }
    }
    true
}
#[cold]
fn ascii_ids(th: Th) -> Raised {
    unpickling_error(th, "persistent IDs in protocol 0 must be ASCII strings")
}
#[cold]
fn no_persistent_line(m: &mut Machine) -> Raised {
    match m.readline() {
        Ok(l) if !l.is_ascii() => ascii_ids(m.th),
        Ok(_) => no_persistent(m.th),
        Err(e) => e,
    }
}
