//! The pickle machine.
//!
//! # Invariants
//! A [`Machine`] lives on the native stack of the thread that loads; its object stack is a registered root
//! vector, the words of which are values.
//! Below `fence` (the topmost mark) nothing is popped but by opcodes that pop marks.

mod containers;
mod input;
mod objects;
mod texts;

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
        // SAFETY: it is longer than `fence`.
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
            // SAFETY: the tuple has `n` items and is nobody else's; no safepoint until they are written.
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
                    let s = set::frozen_from_slice(th, t.known::<Tuple>().items())?;
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
