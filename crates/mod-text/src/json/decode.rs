//! `_json.make_scanner`: JSON text to objects.
//!
//! A recursive descent over the bytes of the string; positions become character indices only for errors and for the
//! end. Keys come again and again, so a small table of the last ones saves making and hashing them.
//!
//! # Invariants
//! A number's text is digits, signs, a point and an exponent: ASCII, hence UTF-8. The string that is scanned stays on
//! the stack.

use super::{error, text_arg};
use crate::common::{arg, bind, make, signature};
use crate::native_layout;
use adder_text::json;
use adder_vm::builtins::{float, int, int_new, list, str_};
use adder_vm::err::{R, Raised};
use adder_vm::interp::call::Gather;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::Slots;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::mem::offset_of;
use std::sync::atomic::Ordering::Relaxed;

native_layout! { Scanner { strict, object_hook, object_pairs_hook, parse_float, parse_int, parse_constant; } }

const fn field(name: &'static str, doc: &'static str, offset: usize) -> MemberDef {
    MemberDef { name, doc, offset: offset as u32, flags: member::READONLY }
}
static SCANNER_TYPE: NativeType = NativeType {
    name: "_json.Scanner",
    kind: Kind::Native,
    size: Scanner::SIZE,
    doc: "JSON scanner object",
    slots: Slots { new: Some(new), call: Some(call), ..Slots::NONE },
    members: &[
        field("strict", "strict", offset_of!(Scanner, strict)),
        field("object_hook", "object_hook", offset_of!(Scanner, object_hook)),
        field("object_pairs_hook", "", offset_of!(Scanner, object_pairs_hook)),
        field("parse_float", "parse_float", offset_of!(Scanner, parse_float)),
        field("parse_int", "parse_int", offset_of!(Scanner, parse_int)),
        field("parse_constant", "parse_constant", offset_of!(Scanner, parse_constant)),
    ],
    trace: Some(Scanner::trace),
    flags: tflags::SHOWN_AS_HEAP,
    ..NativeType::DEFAULT
};
pub static SCANNER: TypeCell = TypeCell::new(&SCANNER_TYPE);

static NEW: NativeDef = signature("make_scanner", "(context)");
fn new(th: Th, t: Value, a: RawArgs) -> R<Value> {
    let [c] = bind::<1>(th, &NEW, a)?;
    let c = c.unwrap();
    let o = make(th, t)?;
    let s = Scanner::of(o);
    let strict = th.getattr(c, th.intern("strict"))?;
    let strict = Value::bool(th.truth(strict)?);
    th.store(s, &s.strict, strict);
    for (slot, name) in [
        (&s.object_hook, "object_hook"),
        (&s.object_pairs_hook, "object_pairs_hook"),
        (&s.parse_float, "parse_float"),
        (&s.parse_int, "parse_int"),
        (&s.parse_constant, "parse_constant"),
    ] {
        th.store(s, slot, th.getattr(c, th.intern(name))?);
    }
    Ok(o)
}

static CALL: NativeDef = signature("scan_once", "(string, idx)");
fn call(th: Th, o: Value, a: RawArgs) -> R<Value> {
    let [s, idx] = bind::<2>(th, &CALL, a)?;
    let idx = th.index_i64(arg(&[idx], 0))?;
    let text = text_arg(th, s.unwrap())?;
    if idx < 0 {
        return Err(th.value_error("idx cannot be negative"));
    }
    if idx as usize >= text.len() {
        return Err(th.stop_iteration(Some(th.int(idx))));
    }
    let s = Scanner::of(o);
    let hook = |v: &Slot| v.value().some();
    let custom = |v: &Slot, t: Gc<Type>| Some(v.value()).filter(|v| !v.is(t.value()));
    let n = text.bytes().len();
    let mut p = Parser {
        th,
        text,
        s: text.bytes(),
        at: str_::offset(th, text, idx as usize),
        strict: s.strict.value().is(TRUE()),
        hook: hook(&s.object_hook),
        pairs_hook: hook(&s.object_pairs_hook),
        parse_float: custom(&s.parse_float, float::FLOAT.get()),
        parse_int: custom(&s.parse_int, int::INT.get()),
        parse_constant: s.parse_constant.value(),
        keys: th.array(if n < 512 { 16 } else { 256 })?,
        buf: Vec::new(),
    };
    let v = p.value()?;
    th.try_tuple(&[v, Value::fix(str_::index_of(th, text, p.at) as i64)])
}

/// On the native stack: it holds values.
struct Parser<'a> {
    th: Th,
    text: Gc<Str>,
    s: &'a [u8],
    at: usize,
    strict: bool,
    hook: Option<Value>,
    pairs_hook: Option<Value>,
    parse_float: Option<Value>,
    parse_int: Option<Value>,
    parse_constant: Value,
    /// The last keys, by hash.
    keys: Gc<Array>,
    buf: Vec<u8>,
}

impl Parser<'_> {
    #[inline]
    fn peek(&self) -> Option<u8> {
        self.s.get(self.at).copied()
    }
    #[inline]
    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
    }
    #[cold]
    fn error(&self, msg: &str, at: usize) -> Raised {
        error(self.th, msg, self.text, at)
    }
    /// "Here is no value": StopIteration with the index, which `json.decoder` turns into an error.
    #[cold]
    fn no_value(&self, at: usize) -> Raised {
        self.th.stop_iteration(Some(Value::fix(str_::index_of(self.th, self.text, at) as i64)))
    }

    fn value(&mut self) -> R<Value> {
        let th = self.th;
        let start = self.at;
        match self.peek() {
            Some(b'"') => {
                self.at += 1;
                self.string()
            }
            Some(b'{') => {
                th.check_stack(" while decoding a JSON object from a unicode string")?;
                self.at += 1;
                self.object()
            }
            Some(b'[') => {
                th.check_stack(" while decoding a JSON array from a unicode string")?;
                self.at += 1;
                self.array()
            }
            Some(b'n') if self.word(b"null") => Ok(NONE()),
            Some(b't') if self.word(b"true") => Ok(TRUE()),
            Some(b'f') if self.word(b"false") => Ok(FALSE()),
            Some(b'N') if self.word(b"NaN") => self.constant("NaN"),
            Some(b'I') if self.word(b"Infinity") => self.constant("Infinity"),
            Some(b'-') if self.word(b"-Infinity") => self.constant("-Infinity"),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.no_value(start)),
        }
    }
    #[inline]
    fn word(&mut self, w: &[u8]) -> bool {
        let hit = self.s[self.at..].starts_with(w);
        if hit {
            self.at += w.len();
        }
        hit
    }
    #[cold]
    fn constant(&mut self, name: &str) -> R<Value> {
        self.th.call(self.parse_constant, &[self.th.str(name)])
    }

    fn string(&mut self) -> R<Value> {
        let start = self.at;
        self.buf.clear();
        match json::scan_string(self.s, start, self.strict, &mut self.buf) {
            Err(e) => Err(self.error(e.message, e.offset)),
            Ok(r) => {
                self.at = r.end;
                let b = if r.verbatim { &self.s[start..r.end - 1] } else { &self.buf[..] };
                if r.verbatim && self.text.is_ascii() {
                    return self.th.str_counted(b, b.len(), true);
                }
                self.th.try_str(b)
            }
        }
    }
    fn key(&mut self) -> R<Value> {
        let start = self.at;
        self.buf.clear();
        let r = match json::scan_string(self.s, start, self.strict, &mut self.buf) {
            Err(e) => return Err(self.error(e.message, e.offset)),
            Ok(r) => r,
        };
        self.at = r.end;
        let b = if r.verbatim { &self.s[start..r.end - 1] } else { &self.buf[..] };
        let h = str_::hash_bytes(b);
        let slot = self.keys.slot(h as usize & (self.keys.cap - 1));
        if let Some(k) = slot.get()
            && k.known::<Str>().bytes() == b
        {
            return Ok(k);
        }
        // The program's own names are found faster in the result if they are the same objects.
        let k = match self.th.interned(b, h) {
            Some(k) => k,
            None => {
                let k = self.th.try_str(b)?;
                k.known::<Str>().hash.store(h as u64, Relaxed);
                k
            }
        };
        self.th.store(self.keys, slot, k);
        Ok(k)
    }

    fn number(&mut self) -> R<Value> {
        let (s, start) = (self.s, self.at);
        let digit = |i: usize| s.get(i).is_some_and(u8::is_ascii_digit);
        let mut i = start + (s[start] == b'-') as usize;
        let first = i;
        match s.get(i) {
            Some(b'0') => i += 1,
            Some(b'1'..=b'9') => {
                while digit(i) {
                    i += 1
                }
            }
            _ => return Err(self.no_value(start)),
        }
        let end_of_int = i;
        let mut is_float = false;
        if s.get(i) == Some(&b'.') && digit(i + 1) {
            is_float = true;
            i += 2;
            while digit(i) {
                i += 1
            }
        }
        if let Some(b'e' | b'E') = s.get(i) {
            let mut j = i + 1;
            if let Some(b'+' | b'-') = s.get(j) {
                j += 1;
            }
            if digit(j) {
                is_float = true;
                while digit(j) {
                    j += 1
                }
                i = j;
            }
        }
        self.at = i;
        let th = self.th;
        let text = &s[start..i];
        if is_float {
            return match self.parse_float {
                Some(f) => th.call(f, &[th.str_bytes(text)]),
                // Digits, point and exponent: always a number.
                None => {
                    let n = std::str::from_utf8(text).ok().and_then(|t| t.parse().ok());
                    Ok(th.float(n.unwrap_or(f64::NAN)))
                }
            };
        }
        if let Some(f) = self.parse_int {
            return th.call(f, &[th.try_str(text)?]);
        }
        if end_of_int - first > 18 {
            let t = th.try_str(text)?;
            return int_new::from_str(th, t.known(), 10);
        }
        let n = s[first..end_of_int].iter().fold(0i64, |n, d| n * 10 + (d - b'0') as i64);
        Ok(Value::fix(if first > start { -n } else { n }))
    }

    fn array(&mut self) -> R<Value> {
        let th = self.th;
        let mut items = Gather::new();
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(list::new(th, &[])?.value());
        }
        loop {
            let v = self.value()?;
            items.push(th, v)?;
            self.skip_space();
            match self.peek() {
                Some(b']') => break,
                Some(b',') => {}
                _ => return Err(self.error("Expecting ',' delimiter", self.at)),
            }
            let comma = self.at;
            self.at += 1;
            self.skip_space();
            if self.peek() == Some(b']') {
                return Err(self.error("Illegal trailing comma before end of array", comma));
            }
        }
        self.at += 1;
        Ok(list::new(th, items.as_slice())?.value())
    }

    fn object(&mut self) -> R<Value> {
        let th = self.th;
        if let Some(f) = self.pairs_hook {
            let l = list::new(th, &[])?;
            self.members(|k, v| {
                let pair = th.try_tuple(&[k, v])?;
                list::append(th, l, pair)
            })?;
            return th.call(f, &[l.value()]);
        }
        let d = Gc::<Dict>::new(th);
        self.members(|k, v| d.set(th, k, v))?;
        match self.hook {
            Some(f) => th.call(f, &[d.value()]),
            None => Ok(d.value()),
        }
    }
    #[inline(always)]
    fn members(&mut self, mut put: impl FnMut(Value, Value) -> R<()>) -> R<()> {
        self.skip_space();
        if self.peek() != Some(b'}') {
            loop {
                if self.peek() != Some(b'"') {
                    return Err(self.error("Expecting property name enclosed in double quotes", self.at));
                }
                self.at += 1;
                let k = self.key()?;
                self.skip_space();
                if self.peek() != Some(b':') {
                    return Err(self.error("Expecting ':' delimiter", self.at));
                }
                self.at += 1;
                self.skip_space();
                let v = self.value()?;
                put(k, v)?;
                self.skip_space();
                match self.peek() {
                    Some(b'}') => break,
                    Some(b',') => {}
                    _ => return Err(self.error("Expecting ',' delimiter", self.at)),
                }
                let comma = self.at;
                self.at += 1;
                self.skip_space();
                if self.peek() == Some(b'}') {
                    return Err(self.error("Illegal trailing comma before end of object", comma));
                }
            }
        }
        self.at += 1;
        Ok(())
    }
}
