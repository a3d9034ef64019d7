//! The module `marshal`: CPython's format, version 5, but for code objects, whose payload is Adder's own
//! (`adder_bytecode::serialize`), preceded by its length.
//!
//! Reading never trusts the data: whatever the bytes, it ends in a value or an exception.
//!
//! # Invariants
//! Values are cast after their kind was looked at. References that a reader has made lie in a list on the heap.

use crate::address::AddressMap;
use crate::builtins::{self, bytes, code, code_data, list, tuple};
use crate::err::{R, Raised};
use crate::native::*;
use crate::object::*;
use crate::thread::{Root, Th};
use crate::value::*;
use adder_text::room;

pub const VERSION: i64 = 5;
const MAX_DEPTH: u32 = 2000;
const FLAG_REF: u8 = 0x80;
/// Room that what is written begins with.
const FIRST: usize = 128;
/// Code of so many bytes is read when it is called.
const LARGE: usize = 8 << 10;

pub static MODULE: NativeModule = NativeModule {
    name: "marshal",
    doc: "This module contains functions that can read and write Python values in\na binary format. The format is specific to Python, but independent of\nmachine architecture issues.\n\nNot all Python object types are supported; in general, only objects\nwhose value is independent from a particular invocation of Python can be\nwritten and read by this module. The following types are supported:\nNone, integers, floating-point numbers, strings, bytes, bytearrays,\ntuples, lists, sets, dictionaries, and code objects, where it\nshould be understood that tuples, lists and dictionaries are only\nsupported as long as the values contained therein are themselves\nsupported; and recursive lists and dictionaries should not be written\n(they will cause infinite loops).\n\nVariables:\n\nversion -- indicates the format that the module uses. Version 0 is the\n    historical format, version 1 shares interned strings and version 2\n    uses a binary format for floating-point numbers.\n    Version 3 shares common object references (New in version 3.4).\n\nFunctions:\n\ndump() -- write value to a file\nload() -- read value from a file\ndumps() -- marshal value as a bytes object\nloads() -- read value from a bytes-like object",
    functions: &[
        function(
            "dump",
            "($module, value, file, version=version, /, *, allow_code=True)",
            "Write the value on the open file.\n\n  value\n    Must be a supported type.\n  file\n    Must be a writeable binary file.\n  version\n    Indicates the data format that dump should use.\n  allow_code\n    Allow to write code objects.\n\nIf the value has (or contains an object that has) an unsupported type, a\nValueError exception is raised - but garbage data will also be written\nto the file. The object will not be properly read back by load().",
            |th, a| {
                let b = dump_args(th, a[0].unwrap(), a[2], a[3])?;
                th.call_method(a[1].unwrap(), crate::n!(write), &[b])
            },
        ),
        function(
            "load",
            "($module, file, /, *, allow_code=True)",
            "Read one value from the open file and return it.\n\n  file\n    Must be readable binary file.\n  allow_code\n    Allow to load code objects.\n\nIf no valid value is read (e.g. because the data has a different Python\nversion's incompatible marshal format), raise EOFError, ValueError or\nTypeError.\n\nNote: If an object containing an unsupported type was marshalled with\ndump(), load() will substitute None for the unmarshallable type.",
            load,
        ),
        function(
            "dumps",
            "($module, value, version=version, /, *, allow_code=True)",
            "Return the bytes object that would be written to a file by dump(value, file).\n\n  value\n    Must be a supported type.\n  version\n    Indicates the data format that dumps should use.\n  allow_code\n    Allow to write code objects.\n\nRaise a ValueError exception if value has (or contains an object that\nhas) an unsupported type.",
            |th, a| dump_args(th, a[0].unwrap(), a[1], a[2]),
        ),
        function(
            "loads",
            "($module, bytes, /, *, allow_code=True)",
            "Convert the bytes-like object to a value.\n\n  allow_code\n    Allow to load code objects.\n\nIf no valid value is found, raise EOFError, ValueError or TypeError.\nExtra bytes in the input are ignored.",
            |th, a| {
                let allow = allow_code(th, a[1])?;
                with_bytes(th, a[0].unwrap(), |th, b| Reader::new(th, Input::Bytes(b), allow)?.top())
            },
        ),
    ],
    types: &[],
    init: Some(|th, m| m.put(th, "version", Value::fix(VERSION))),
};

fn allow_code(th: Th, v: Option<Value>) -> R<bool> {
    v.map_or(Ok(true), |v| th.truth(v))
}
fn dump_args(th: Th, v: Value, version: Option<Value>, allow: Option<Value>) -> R<Value> {
    let version = version.map_or(Ok(VERSION), |v| th.index_i64(v))?;
    let allow = allow_code(th, allow)?;
    crate::sys::audit::audit(th, "marshal.dumps", &[v, Value::fix(version)])?;
    let out = Writer::run(th, v, version, allow)?;
    bytes::new(th, &out).map(Into::into)
}
/// The bytes object of a value.
pub fn dumps(th: Th, v: Value, version: i64) -> R<Value> {
    let out = Writer::run(th, v, version, true)?;
    bytes::new(th, &out).map(Into::into)
}
/// The value of marshalled bytes.
pub fn loads(th: Th, b: &[u8]) -> R<Value> {
    Reader::new(th, Input::Bytes(b), true)?.top()
}

/// Calls `f` with the bytes of a bytes-like object.
fn with_bytes<T>(th: Th, v: Value, f: impl FnOnce(Th, &[u8]) -> R<T>) -> R<T> {
    if let Some(b) = builtins::buffer::bytes_of(v) {
        // A buffer that Python code could resize meanwhile is copied.
        if v.is_kind(Kind::Bytes) {
            return f(th, b);
        }
        let copy = b.to_vec();
        return f(th, &copy);
    }
    let m = builtins::builtin(th, "memoryview")?;
    let view = th.call(m, &[v])?;
    let b = th.call_method(view, th.intern("tobytes"), &[])?;
    f(th, builtins::buffer::bytes_of(b).unwrap_or(&[]))
}

struct Writer {
    th: Th,
    out: Vec<u8>,
    version: i64,
    allow_code: bool,
    depth: u32,
    /// Address → number of the reference; the addresses are fixed by `id`.
    refs: AddressMap<u64, u32>,
}

impl Writer {
    fn run(th: Th, v: Value, version: i64, allow_code: bool) -> R<Vec<u8>> {
        let mut w = Writer {
            th,
            out: Vec::with_capacity(FIRST),
            version,
            allow_code,
            depth: 0,
            refs: AddressMap::default(),
        };
        w.object(v)?;
        Ok(w.out)
    }
    fn byte(&mut self, b: u8) {
        room::append(&mut self.out, &[b]);
    }
    fn long(&mut self, n: i64) {
        room::append(&mut self.out, &(n as i32).to_le_bytes());
    }
    fn size(&mut self, n: usize) -> R<()> {
        if n > i32::MAX as usize {
            return Err(self.bad());
        }
        self.long(n as i64);
        Ok(())
    }
    fn bad(&self) -> Raised {
        self.th.value_error("unmarshallable object")
    }

    fn object(&mut self, v: Value) -> R<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.th.value_error("object too deeply nested to marshal"));
        }
        self.th.check_stack(" while marshalling")?;
        self.inner(v)?;
        self.depth -= 1;
        Ok(())
    }

    fn inner(&mut self, v: Value) -> R<()> {
        let th = self.th;
        let single = [
            (NONE(), b'N'),
            (TRUE(), b'T'),
            (FALSE(), b'F'),
            (ELLIPSIS(), b'.'),
            (builtins::exceptions::STOP_ITERATION.get().value(), b'S'),
        ];
        if let Some((_, c)) = single.iter().find(|s| s.0.is(v)) {
            self.byte(*c);
            return Ok(());
        }
        let mut flag = 0;
        if self.version >= 3 && v.is_obj() {
            let id = builtins::object::id(th, v);
            if let Some(&n) = self.refs.get(&id) {
                self.byte(b'r');
                self.long(n as i64);
                return Ok(());
            }
            let n = self.refs.len() as u32;
            self.refs.insert(id, n);
            flag = FLAG_REF;
        }
        if let Some(n) = v.as_fix() {
            if i32::try_from(n).is_ok() {
                self.byte(b'i');
                self.long(n);
            } else {
                self.digits(n < 0, &[n.unsigned_abs()], 0);
            }
            return Ok(());
        }
        if v.is_flo() || v.is_exact(Kind::Float) {
            let f = code_data::float_of(v);
            if self.version > 1 {
                self.byte(b'g' | flag);
                self.out.extend_from_slice(&f.to_le_bytes());
            } else {
                self.byte(b'f' | flag);
                self.float_text(v)?;
            }
            return Ok(());
        }
        let t = th.type_of(v);
        let exact = |c: &TypeCell| c.get() == t;
        match v.kind() {
            Kind::Int if exact(&builtins::int::INT) => {
                let (neg, limbs) = code_data::limbs(v);
                self.digits(neg, &limbs, flag);
            }
            Kind::Complex if v.is_exact(Kind::Complex) => {
                let z: Gc<Complex> = v.known();
                let (re, im) = (z.re, z.im);
                if self.version > 1 {
                    self.byte(b'y' | flag);
                    self.out.extend_from_slice(&re.to_le_bytes());
                    self.out.extend_from_slice(&im.to_le_bytes());
                } else {
                    self.byte(b'x' | flag);
                    self.float_text(th.float(re))?;
                    self.float_text(th.float(im))?;
                }
            }
            Kind::Bytes if v.is_exact(Kind::Bytes) => {
                self.byte(b's' | flag);
                let b = builtins::buffer::bytes_of(v).unwrap_or(&[]);
                self.size(b.len())?;
                room::append(&mut self.out, b);
            }
            Kind::Str if v.is_exact(Kind::Str) => self.text(unsafe { v.cast_unchecked() }, flag)?,
            Kind::Tuple if v.is_exact(Kind::Tuple) => {
                let t: Gc<Tuple> = v.known();
                if self.version >= 4 && t.len < 256 {
                    self.byte(b')' | flag);
                    self.byte(t.len as u8);
                } else {
                    self.byte(b'(' | flag);
                    self.size(t.len)?;
                }
                for x in t.items() {
                    self.object(*x)?;
                }
            }
            Kind::List if v.is_exact(Kind::List) => {
                self.byte(b'[' | flag);
                let l = list::snapshot(th, unsafe { v.cast_unchecked() })?;
                let l: Gc<Tuple> = l.known();
                self.size(l.len)?;
                for x in l.items() {
                    self.object(*x)?;
                }
            }
            Kind::Dict if v.is_exact(Kind::Dict) => {
                self.byte(b'{' | flag);
                let d: Gc<Dict> = v.known();
                let mut i = 0;
                while let Some((ni, k, x)) = d.next_entry(i) {
                    self.object(k)?;
                    self.object(x)?;
                    i = ni;
                }
                self.byte(b'0');
            }
            Kind::Set | Kind::FrozenSet if v.is_exact(Kind::Set) || v.is_exact(Kind::FrozenSet) => {
                self.byte(if v.is_exact(Kind::Set) { b'<' } else { b'>' } | flag);
                let items = tuple::from_iterable(th, v)?;
                let items: Gc<Tuple> = items.known();
                self.size(items.len)?;
                // In the order of their marshalled forms, so that equal sets give equal bytes.
                let mut order = Vec::with_capacity(items.len);
                for (i, x) in items.items().iter().enumerate() {
                    order.push((Writer::run(th, *x, self.version, self.allow_code)?, i));
                }
                order.sort();
                for (_, i) in order {
                    self.object(items.items()[i])?;
                }
            }
            Kind::Slice if self.version >= 5 => {
                let s: Gc<Slice> = v.known();
                self.byte(b':' | flag);
                for x in [&s.start, &s.stop, &s.step] {
                    self.object(x.value())?;
                }
            }
            Kind::Code => {
                if !self.allow_code {
                    return Err(th.value_error("marshalling code objects is disallowed"));
                }
                self.byte(b'c' | flag);
                let c: Gc<Code> = v.known();
                code::load(th, c)?;
                let own = unsafe { &*c.data };
                let b = match own.unit.bytes().filter(|_| *own.filename == *th.text(c.filename.value())) {
                    Some(b) => b,
                    None => adder_bytecode::serialize(&code_data::to_data(th, c)?),
                };
                self.size(b.len())?;
                room::append(&mut self.out, &b);
            }
            _ => {
                if flag != 0
                    && th.lookup_special(v, crate::n!(__buffer__)).is_none()
                    && builtins::buffer::bytes_of(v).is_none()
                {
                    self.byte(b'?');
                    return Err(self.bad());
                }
                let b = with_bytes(th, v, |_, b| Ok(b.to_vec()));
                let Some(b) = th.catch(b, &builtins::exceptions::TYPE_ERROR)? else { return Err(self.bad()) };
                self.byte(b's' | flag);
                self.size(b.len())?;
                room::append(&mut self.out, &b);
            }
        }
        Ok(())
    }

    fn float_text(&mut self, v: Value) -> R<()> {
        let f = crate::import::import_attr(self.th, "builtins", "format")?;
        let spec = self.th.str(".17g");
        let s = self.th.call(f, &[v, spec])?;
        let s: Gc<Str> = s.known();
        self.byte(s.bytes().len() as u8);
        room::append(&mut self.out, s.bytes());
        Ok(())
    }

    /// Digits of 15 bits.
    fn digits(&mut self, neg: bool, limbs: &[u64], flag: u8) {
        let mut d = Vec::new();
        let (mut acc, mut bits) = (0u128, 0);
        for l in limbs {
            acc |= (*l as u128) << bits;
            bits += 64;
            while bits >= 15 {
                d.push(acc as u16 & 0x7fff);
                acc >>= 15;
                bits -= 15;
            }
        }
        while bits > 0 {
            d.push(acc as u16 & 0x7fff);
            acc >>= 15;
            bits -= 15;
        }
        while d.last() == Some(&0) {
            d.pop();
        }
        self.byte(b'l' | flag);
        self.long(if neg { -(d.len() as i64) } else { d.len() as i64 });
        for x in d {
            self.out.extend_from_slice(&x.to_le_bytes());
        }
    }

    fn text(&mut self, s: Gc<Str>, flag: u8) -> R<()> {
        let interned = s.flag(builtins::str_::INTERNED);
        if self.version >= 4 && s.is_ascii() {
            if s.bytes().len() < 256 {
                self.byte(if interned { b'Z' } else { b'z' } | flag);
                self.byte(s.bytes().len() as u8);
            } else {
                self.byte(if interned { b'A' } else { b'a' } | flag);
                self.size(s.bytes().len())?;
            }
        } else {
            self.byte(if self.version >= 3 && interned { b't' } else { b'u' } | flag);
            self.size(s.bytes().len())?;
        }
        room::append(&mut self.out, s.bytes());
        Ok(())
    }
}

enum Input<'b> {
    Bytes(&'b [u8]),
    /// A file object with `readinto` or `read`.
    File(Value),
}

struct Reader<'b> {
    th: Th,
    input: Input<'b>,
    refs: Gc<List>,
    depth: u32,
    allow_code: bool,
    buf: Vec<u8>,
}

/// `load(file)`.
fn load(th: Th, a: &[Option<Value>]) -> R<Value> {
    let f = a[0].unwrap();
    let allow = allow_code(th, a[1])?;
    // Is it a binary file at all?
    let data = th.call_method(f, crate::n!(read), &[Value::fix(0)])?;
    if !data.is_kind(Kind::Bytes) {
        return Err(th.type_error(format!("file.read() returned not bytes but {}", th.type_name_of(data))));
    }
    Reader::new(th, Input::File(f), allow)?.top()
}

impl<'b> Reader<'b> {
    fn new(th: Th, input: Input<'b>, allow_code: bool) -> R<Reader<'b>> {
        Ok(Reader { th, input, refs: list::new(th, &[])?, depth: 0, allow_code, buf: Vec::new() })
    }
    fn top(mut self) -> R<Value> {
        use crate::sys::audit::{audit, enabled};
        match self.input {
            Input::File(_) => audit(self.th, "marshal.load", &[])?,
            Input::Bytes(b) if enabled() => {
                audit(self.th, "marshal.loads", &[builtins::bytes::new(self.th, b)?.value()])?
            }
            Input::Bytes(_) => {}
        }
        match self.object()? {
            Some(v) => Ok(v),
            None => Err(self.th.type_error("NULL object in marshal data for object")),
        }
    }
    fn bad(&self, what: &str) -> Raised {
        self.th.value_error(format!("bad marshal data ({what})"))
    }
    /// The next `n` bytes, in `self.buf`.
    fn take(&mut self, n: usize) -> R<()> {
        let th = self.th;
        match &mut self.input {
            Input::Bytes(b) => {
                if n > b.len() {
                    return Err(th.eof_error("marshal data too short"));
                }
                self.buf.clear();
                self.buf.extend_from_slice(&b[..n]);
                *b = &b[n..];
            }
            Input::File(f) => {
                let f = *f;
                self.buf.clear();
                while self.buf.len() < n {
                    let want = Value::fix((n - self.buf.len()) as i64);
                    let r = th.call_method(f, crate::n!(read), &[want])?;
                    let Some(b) = builtins::buffer::bytes_of(r) else {
                        return Err(th.type_error(format!(
                            "file.read() returned not bytes but {}",
                            th.type_name_of(r)
                        )));
                    };
                    if b.is_empty() {
                        break;
                    }
                    if b.len() > n - self.buf.len() {
                        return Err(th.value_error(format!(
                            "read() returned too much data: {} bytes requested, {} returned",
                            n - self.buf.len(),
                            b.len()
                        )));
                    }
                    self.buf.extend_from_slice(b);
                }
                if self.buf.len() < n {
                    return Err(th.eof_error("EOF read where not expected"));
                }
            }
        }
        Ok(())
    }
    fn byte(&mut self) -> R<u8> {
        self.take(1)?;
        Ok(self.buf[0])
    }
    fn long(&mut self) -> R<i64> {
        self.take(4)?;
        Ok(i32::from_le_bytes(self.buf[..4].try_into().unwrap()) as i64)
    }
    fn size(&mut self, what: &str) -> R<usize> {
        let n = self.long()?;
        if n < 0 {
            return Err(self.bad(&format!("{what} size out of range")));
        }
        Ok(n as usize)
    }
    fn double(&mut self) -> R<f64> {
        self.take(8)?;
        Ok(f64::from_le_bytes(self.buf[..8].try_into().unwrap()))
    }
    fn float_text(&mut self) -> R<f64> {
        let n = self.byte()? as usize;
        self.take(n)?;
        let s = self.th.str(&String::from_utf8_lossy(&self.buf));
        let f = self.th.call(builtins::builtin(self.th, "float")?, &[s])?;
        Ok(code_data::float_of(f))
    }

    fn some(&mut self, container: &str) -> R<Value> {
        match self.object()? {
            Some(v) => Ok(v),
            None => Err(self.th.type_error(format!("NULL object in marshal data for {container}"))),
        }
    }

    /// None: the NULL that ends a dict.
    fn object(&mut self) -> R<Option<Value>> {
        let th = self.th;
        let c = match &self.input {
            Input::Bytes([]) => return Err(th.eof_error("EOF read where object expected")),
            _ => self.byte()?,
        };
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(th.value_error("recursion limit exceeded"));
        }
        th.check_stack(" while unmarshalling")?;
        let flag = c & FLAG_REF != 0;
        let r = self.inner(c & !FLAG_REF, flag);
        self.depth -= 1;
        r
    }
    fn keep(&mut self, flag: bool, v: Value) -> R<Option<Value>> {
        if flag {
            list::append(self.th, self.refs, v)?;
        }
        Ok(Some(v))
    }
    /// A place for an object that is complete only after its parts.
    fn reserve(&mut self, flag: bool) -> R<usize> {
        let n = self.refs.len.load(std::sync::atomic::Ordering::Relaxed) as usize;
        if flag {
            // `Root::modules` stands for "not yet": a reference to it is an error.
            list::append(self.th, self.refs, Root::modules.value())?;
        }
        Ok(n)
    }
    fn fill(&mut self, flag: bool, i: usize, v: Value) -> R<Option<Value>> {
        if flag {
            list::set_at(self.th, self.refs, i as i64, v)?;
        }
        Ok(Some(v))
    }

    fn inner(&mut self, c: u8, flag: bool) -> R<Option<Value>> {
        let th = self.th;
        let v = match c {
            b'0' => return Ok(None),
            b'N' => NONE(),
            b'T' => TRUE(),
            b'F' => FALSE(),
            b'.' => ELLIPSIS(),
            b'S' => builtins::exceptions::STOP_ITERATION.get().value(),
            b'i' => {
                let v = Value::fix(self.long()?);
                return self.keep(flag, v);
            }
            b'I' => {
                self.take(8)?;
                let v = th.int(i64::from_le_bytes(self.buf[..8].try_into().unwrap()));
                return self.keep(flag, v);
            }
            b'l' => {
                let v = self.digits()?;
                return self.keep(flag, v);
            }
            b'g' => {
                let f = self.double()?;
                return self.keep(flag, th.float(f));
            }
            b'f' => {
                let f = self.float_text()?;
                return self.keep(flag, th.float(f));
            }
            b'y' => {
                let (re, im) = (self.double()?, self.double()?);
                return self.keep(flag, builtins::complex::new(th, re, im));
            }
            b'x' => {
                let (re, im) = (self.float_text()?, self.float_text()?);
                return self.keep(flag, builtins::complex::new(th, re, im));
            }
            b's' => {
                let n = self.size("bytes object")?;
                self.take(n)?;
                let v = bytes::new(th, &self.buf)?;
                return self.keep(flag, v.into());
            }
            b'a' | b'A' | b'z' | b'Z' => {
                let n = if matches!(c, b'z' | b'Z') { self.byte()? as usize } else { self.size("string")? };
                self.take(n)?;
                let v = if self.buf.is_ascii() {
                    if c == b'A' || c == b'Z' { th.intern_bytes(&self.buf) } else { th.try_str(&self.buf)? }
                } else {
                    // Latin-1, as a one-byte string of CPython would be.
                    let s: String = self.buf.iter().map(|b| *b as char).collect();
                    th.str(&s)
                };
                return self.keep(flag, v);
            }
            b'u' | b't' => {
                let n = self.size("string")?;
                self.take(n)?;
                if !valid_wtf8(&self.buf) {
                    let b: Value = bytes::new(th, &self.buf)?.into();
                    let (enc, errors) = (th.str("utf-8"), th.str("surrogatepass"));
                    let v = th.call_method(b, crate::n!(decode), &[enc, errors])?;
                    return self.keep(flag, v);
                }
                let v = if c == b't' { th.intern_bytes(&self.buf) } else { th.try_str(&self.buf)? };
                return self.keep(flag, v);
            }
            b')' | b'(' => {
                let n = if c == b')' { self.byte()? as usize } else { self.size("tuple")? };
                let i = self.reserve(flag)?;
                let l = list::new(th, &[])?;
                for _ in 0..n {
                    let x = self.some("tuple")?;
                    list::append(th, l, x)?;
                }
                let t = list::snapshot(th, l)?;
                return self.fill(flag, i, t);
            }
            b'[' => {
                let n = self.size("list")?;
                let l = list::new(th, &[])?;
                self.keep(flag, l.value())?;
                for _ in 0..n {
                    let x = self.some("list")?;
                    list::append(th, l, x)?;
                }
                l.value()
            }
            b'{' => {
                let d = Gc::<Dict>::new(th);
                self.keep(flag, d.value())?;
                while let Some(k) = self.object()? {
                    let Some(v) = self.object()? else { break };
                    d.set(th, k, v)?;
                }
                d.value()
            }
            b'<' | b'>' => {
                let n = self.size("set")?;
                let frozen = c == b'>';
                let s = builtins::set::new(th)?;
                let i = if frozen {
                    self.reserve(flag)?
                } else {
                    self.keep(flag, s.value())?;
                    0
                };
                for _ in 0..n {
                    let x = self.some("set")?;
                    builtins::set::add(th, s, x)?;
                }
                if frozen {
                    let t = tuple::from_iterable(th, s.value())?;
                    let t: Gc<Tuple> = t.known();
                    let f = builtins::set::frozen_from_slice(th, t.items())?;
                    return self.fill(flag, i, f);
                }
                s.value()
            }
            b':' => {
                let i = self.reserve(flag)?;
                let (a, b, c) = (self.some("slice")?, self.some("slice")?, self.some("slice")?);
                let s = builtins::slice::new(th, a, b, c);
                return self.fill(flag, i, s);
            }
            b'r' => {
                let n = self.long()?;
                let len = self.refs.len.load(std::sync::atomic::Ordering::Relaxed) as i64;
                if n < 0 || n >= len {
                    return Err(self.bad("invalid reference"));
                }
                let v = th.getitem(self.refs.value(), Value::fix(n))?;
                if v.is(Root::modules.value()) {
                    return Err(self.bad("invalid reference"));
                }
                v
            }
            b'c' => {
                if !self.allow_code {
                    return Err(th.value_error("unmarshalling code objects is disallowed"));
                }
                let i = self.reserve(flag)?;
                let n = self.size("code")?;
                self.take(n)?;
                let d = adder_bytecode::deserialize(&self.buf).map_err(|e| self.bad(e))?;
                if let Err(e) = adder_bytecode::verify(&d) {
                    return Err(self.bad(&format!("invalid code: {e}")));
                }
                // Functions of a large module are read when they are called.
                let d = if n < LARGE {
                    d
                } else {
                    let bytes = self.buf.clone().into();
                    let stored = adder_bytecode::Stored { bytes, packed: None, pack: crate::hooks::pack() };
                    adder_bytecode::read_lazily(stored, None).map_err(|e| self.bad(e))?
                };
                let c = code::new(th, d)?;
                return self.fill(flag, i, c.value());
            }
            _ => return Err(self.bad("unknown type code")),
        };
        Ok(Some(v))
    }

    fn digits(&mut self) -> R<Value> {
        let n = self.long()?;
        if n == i32::MIN as i64 {
            return Err(self.bad("long size out of range"));
        }
        let neg = n < 0;
        let n = n.unsigned_abs() as usize;
        self.take(2 * n)?;
        let mut limbs = Vec::with_capacity(n / 4 + 1);
        let (mut acc, mut bits) = (0u128, 0);
        for (i, c) in self.buf.chunks_exact(2).enumerate() {
            let d = u16::from_le_bytes([c[0], c[1]]);
            if d > 0x7fff {
                return Err(self.bad("digit out of range in long"));
            }
            if i + 1 == n && d == 0 {
                return Err(self.bad("unnormalized long data"));
            }
            acc |= (d as u128) << bits;
            bits += 15;
            if bits >= 64 {
                limbs.push(acc as u64);
                acc >>= 64;
                bits -= 64;
            }
        }
        if acc != 0 {
            limbs.push(acc as u64);
        }
        Ok(match limbs[..] {
            [] => Value::fix(0),
            [x] if x < 1 << 62 => Value::fix(if neg { -(x as i64) } else { x as i64 }),
            _ => builtins::int::from_limbs(self.th, neg, &limbs),
        })
    }
}

/// UTF-8 that may hold surrogates.
fn valid_wtf8(b: &[u8]) -> bool {
    let mut rest = b;
    loop {
        match std::str::from_utf8(rest) {
            Ok(_) => return true,
            Err(e) => {
                let at = e.valid_up_to();
                match rest.get(at..at + 3) {
                    Some([0xed, 0xa0..=0xbf, 0x80..=0xbf]) => rest = &rest[at + 3..],
                    _ => return false,
                }
            }
        }
    }
}
