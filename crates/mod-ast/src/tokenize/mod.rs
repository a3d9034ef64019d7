//! `_tokenize`: the lexer as an iterator, which `tokenize` builds on.
//!
//! The lexer's state is Rust data beside the object. While `next` works, the object does not hold it, so that a
//! `readline` that comes back to the same iterator finds it busy.
//!
//! # Invariants
//! - `Iter::state` is null (busy or finished) or a box that the object owns: whoever works takes it out with a swap,
//!   so two threads never have it at once, and puts it back or leaves null.
//! - `Iter::of` is given receivers of `Iter`'s own methods and what `new` made; the heap calls `trace` and
//!   `drop` for such, `drop` once, when nobody else has the object.

mod lexer;

use adder_vm::builtins::bytes;
use adder_vm::builtins::exceptions as exc;
use adder_vm::builtins::object::new_instance;
use adder_vm::err::{R, Raised};
use adder_vm::heap::{Header, Obj, Tracer};
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::Slots;
use adder_vm::thread::Th;
use adder_vm::value::*;
use lexer::{Class, Fail, Lexer, Lines, Token, chars, kind};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering::*};

pub static MODULE: NativeModule =
    NativeModule { name: "_tokenize", doc: "", functions: &[], types: &[&TOKENIZER_ITER], init: None };

#[repr(C)]
struct Iter {
    h: Header,
    readline: Slot,
    /// Encoding of the lines; None: they are text.
    encoding: Slot,
    /// Text of the line that the last token began in.
    line: Slot,
    state: AtomicPtr<State>,
}

impl Iter {
    unsafe fn trace(o: Obj, t: &mut Tracer) {
        let x = unsafe { &*(o.as_ptr() as *const Iter) };
        t.slot(x.readline.as_ptr());
        t.slot(x.encoding.as_ptr());
        t.slot(x.line.as_ptr());
    }
    fn of(v: Value) -> Gc<Iter> {
        unsafe { v.cast_unchecked() }
    }
}

struct State {
    lexer: Lexer,
    done: bool,
    /// First line of the last token.
    last_line: u32,
    /// A column that is known: line, byte, character.
    known: (u32, usize, usize),
}

static TOKENIZER_ITER: TypeCell = TypeCell::new(&NativeType {
    name: "_tokenize.TokenizerIter",
    kind: Kind::Native,
    size: size_of::<Iter>() as u32,
    flags: tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP,
    slots: Slots { new: Some(new), iter: Some(|_, o| Ok(o)), iternext: Some(next), ..Slots::NONE },
    trace: Some(Iter::trace),
    drop: Some(|o| unsafe {
        let p = (*(o.as_ptr() as *const Iter)).state.load(Acquire);
        if !p.is_null() {
            drop(Box::from_raw(p));
        }
    }),
    ..NativeType::DEFAULT
});

fn new(th: Th, t: Value, a: RawArgs) -> R<Value> {
    let name = "tokenizeriter()";
    if a.len() != 1 {
        return Err(th.type_error(format!(
            "{name} takes exactly 1 positional argument ({} given)",
            a.len() + a.nkw()
        )));
    }
    let (mut extra, mut encoding) = (None, NONE());
    for (k, v) in a.keywords() {
        match th.text(k).as_str() {
            "extra_tokens" => extra = Some(th.truth(v)?),
            "encoding" => {
                if !v.is_kind(Kind::Str) {
                    let got = th.type_name_of(v);
                    return Err(th.type_error(format!("{name} argument 'encoding' must be str, not {got}")));
                }
                if th.text(v).contains('\0') {
                    return Err(th.value_error("embedded null character"));
                }
                encoding = v;
            }
            k => {
                return Err(th.type_error(format!("{name} got an unexpected keyword argument '{k}'")));
            }
        }
    }
    let Some(extra) = extra else {
        return Err(th.type_error(format!("{name} missing required argument 'extra_tokens' (pos 2)")));
    };
    let o = new_instance(th, t.known())?;
    let it = Iter::of(o);
    it.readline.init(Some(a.pos()[0]));
    it.encoding.init(Some(encoding));
    let state = State { lexer: Lexer::new(extra), done: false, last_line: 0, known: (0, 0, 0) };
    it.state.store(Box::into_raw(Box::new(state)), Release);
    Ok(o)
}

/// Lines by calling `readline`.
struct Readline {
    th: Th,
    readline: Value,
    encoding: Option<Value>,
}

impl Lines for Readline {
    type Error = Raised;
    fn read(&mut self, buf: &mut Vec<u8>) -> R<()> {
        let th = self.th;
        let r = th.call(self.readline, &[]);
        let Some(raw) = th.catch(r, &exc::STOP_ITERATION)? else { return Ok(()) };
        let line = match self.encoding {
            Some(enc) => {
                if !th.is_subtype(th.type_of(raw), bytes::BYTES.get()) {
                    return Err(th.type_error("readline() returned a non-bytes object"));
                }
                th.call_method(raw, th.intern("decode"), &[enc, th.str("replace")])?
            }
            None => raw,
        };
        let Some(s) = line.cast::<Str>() else {
            return Err(th.type_error("readline() returned a non-string object"));
        };
        if std::str::from_utf8(s.bytes()).is_err() {
            // Surrogates: raises what encoding raises.
            th.call_method(line, th.intern("encode"), &[])?;
        }
        buf.extend_from_slice(s.bytes());
        Ok(())
    }
    fn warn(&mut self, msg: String, deprecated: bool, line: u32) -> R<()> {
        let cat = if deprecated { &exc::DEPRECATION_WARNING } else { &exc::SYNTAX_WARNING };
        adder_vm::warn::warn_explicit(self.th, cat, &msg, "<string>", line)
    }
}

fn next(th: Th, o: Value) -> R<Option<Value>> {
    let it = Iter::of(o);
    let p = it.state.swap(ptr::null_mut(), AcqRel);
    if p.is_null() {
        return Err(th.value_error("tokenizer already executing"));
    }
    // Given back also when something panics.
    struct Back(Gc<Iter>, Box<State>);
    impl Drop for Back {
        fn drop(&mut self) {
            let s = State { lexer: Lexer::new(false), done: true, last_line: 0, known: (0, 0, 0) };
            self.0.state.store(Box::into_raw(std::mem::replace(&mut self.1, Box::new(s))), Release);
        }
    }
    let mut b = Back(it, unsafe { Box::from_raw(p) });
    step(th, it, &mut b.1)
}

fn step(th: Th, it: Gc<Iter>, st: &mut State) -> R<Option<Value>> {
    let mut src = Readline { th, readline: it.readline.value(), encoding: it.encoding.value().some() };
    let t = match st.lexer.token(&mut src) {
        Ok(t) => t,
        Err(f) => return Err(raise(th, f)),
    };
    if st.done {
        return Ok(None);
    }
    st.done = t.kind == kind::ENDMARKER;
    give(th, it, st, t).map(Some)
}

fn raise(th: Th, f: Fail<Raised>) -> Raised {
    let file = || th.str("<string>");
    let num = |n: usize| Value::fix(n as i64);
    let lossy = |b: &[u8]| th.str(&String::from_utf8_lossy(b));
    match f {
        Fail::Source(r) => r,
        Fail::Eof { line, offset } => {
            let e = th.raise_msg(&exc::SYNTAX_ERROR, "unexpected EOF in multi-line statement");
            let v = th.take_exc();
            let set = || -> R<()> {
                th.setattr(v, th.intern("filename"), Some(file()))?;
                th.setattr(v, th.intern("lineno"), Some(num(line as usize)))?;
                th.setattr(v, th.intern("offset"), Some(num(offset)))?;
                th.setattr(v, th.intern("end_lineno"), Some(num(line as usize)))
            };
            if set().is_err() { e } else { th.set_exc(v) }
        }
        Fail::At { msg, line, col, end, text } => {
            let line = num(line as usize);
            let place = th.tuple(&[file(), line, num(col), lossy(&text), line, num(end)]);
            th.raise_args(&exc::SYNTAX_ERROR, &[th.str(&msg), place])
        }
        Fail::Line { class, msg, line, text } => {
            let cell = match class {
                Class::Syntax => &exc::SYNTAX_ERROR,
                Class::Indentation => &exc::INDENTATION_ERROR,
                Class::Tab => &exc::TAB_ERROR,
            };
            let shown = text.strip_suffix(b"\n").unwrap_or(&text);
            let place =
                th.tuple(&[file(), num(line as usize), num(chars(&text)), lossy(shown), NONE(), NONE()]);
            th.raise_args(cell, &[th.str(msg), place])
        }
    }
}

/// The tuple of a token.
fn give(th: Th, it: Gc<Iter>, st: &mut State, t: Token) -> R<Value> {
    let lx = &st.lexer;
    let mut kind = t.kind;
    let is_string = kind == kind::STRING || (kind::FSTRING_START..=kind::TSTRING_END).contains(&kind);
    let trailing = kind == kind::ENDMARKER || (kind == kind::DEDENT && lx.eof);
    let (line_start, mut first) =
        if is_string { (lx.multi_line_start, lx.first_line) } else { (lx.line_start, lx.line) };
    let mut last = lx.line;
    let mut text = match t.span {
        Some((from, to)) => th.try_str(&lx.buf[from..to])?,
        None => th.str(""),
    };
    let line = if lx.extra && trailing {
        th.str("")
    } else if last != st.last_line || it.line.get().is_none() {
        let mut b = &lx.buf[line_start.min(lx.buf.len())..];
        if lx.implicit_newline {
            b = b.strip_suffix(b"\n").unwrap_or(b);
        }
        let s = th.try_str(b)?;
        th.store(it, &it.line, s);
        s
    } else {
        it.line.value()
    };
    st.last_line = first;
    let known = &mut st.known;
    // Column of a place in the line that begins at `base`.
    let mut column = |base: usize, at: usize, line: u32| -> i64 {
        let byte = at - base;
        let (l, b, c) = *known;
        let (b, c) = if l == line && b <= byte { (b, c) } else { (0, 0) };
        let col = c + chars(&lx.buf[base + b..at]);
        *known = (line, byte, col);
        col as i64
    };
    let (mut col, mut end_col) = (-1, -1);
    if let Some((from, to)) = t.span {
        if from >= line_start {
            col = column(line_start, from, first);
        }
        if to >= lx.line_start {
            end_col = column(lx.line_start, to, last);
        }
    }
    if lx.extra {
        if trailing {
            first += 1;
            last = first;
            (col, end_col) = (0, 0);
        }
        if kind > kind::DEDENT && kind < kind::OP {
            kind = kind::OP;
        } else if kind == kind::NEWLINE {
            if !lx.implicit_newline {
                text = th.str(if lx.crlf() { "\r\n" } else { "\n" });
            }
            end_col += 1;
        } else if kind == kind::NL && lx.implicit_newline {
            text = th.str("");
        }
    }
    let n = |n: i64| Value::fix(n);
    let from = th.try_tuple(&[n(first as i64), n(col)])?;
    let to = th.try_tuple(&[n(last as i64), n(end_col)])?;
    th.try_tuple(&[n(kind as i64), text, from, to, line])
}
