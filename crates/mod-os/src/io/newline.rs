//! `IncrementalNewlineDecoder`, and universal newlines for the text layers. CPython's `Modules/_io/textio.c`.

use super::*;
use adder_text::room;
use adder_text::search::{find_byte, find_either};

pub const SEEN_CR: u8 = 1;
pub const SEEN_LF: u8 = 2;
pub const SEEN_CRLF: u8 = 4;
const SEEN_ALL: u8 = 7;

/// The state of newline decoding.
#[derive(Clone, Copy, Default)]
pub struct Newlines {
    pub translate: bool,
    pub pending_cr: bool,
    pub seen: u8,
}

impl Newlines {
    /// Whether this text passes as it is; notes its newlines. The usual case: no carriage returns.
    pub fn passes(&mut self, text: &[u8]) -> bool {
        if self.pending_cr || find_byte(text, b'\r').is_some() {
            return false;
        }
        if self.seen & SEEN_LF == 0 && find_byte(text, b'\n').is_some() {
            self.seen |= SEEN_LF;
        }
        true
    }
    /// Text of which `passes` said no: appends what comes of it. A carriage return at the end waits for what follows.
    pub fn decode(&mut self, text: &[u8], is_final: bool, out: &mut Vec<u8>) {
        let mut rest = text;
        let mut held = self.pending_cr && (is_final || !rest.is_empty());
        if held {
            self.pending_cr = false;
        }
        if !is_final {
            if let Some(head) = rest.strip_suffix(b"\r") {
                rest = head;
                self.pending_cr = true;
            }
        }
        loop {
            if held {
                held = false;
                let crlf = rest.first() == Some(&b'\n');
                if crlf {
                    rest = &rest[1..];
                }
                self.seen |= if crlf { SEEN_CRLF } else { SEEN_CR };
                room::append(
                    out,
                    match (self.translate, crlf) {
                        (true, _) => b"\n",
                        (false, true) => b"\r\n",
                        (false, false) => b"\r",
                    },
                );
                continue;
            }
            if self.seen == SEEN_ALL && !self.translate {
                room::append(out, rest);
                return;
            }
            match find_either(rest, b'\r', b'\n') {
                None => {
                    room::append(out, rest);
                    return;
                }
                Some(i) => {
                    if rest[i] == b'\n' {
                        self.seen |= SEEN_LF;
                        room::append(out, &rest[..=i]);
                    } else {
                        room::append(out, &rest[..i]);
                        held = true;
                    }
                    rest = &rest[i + 1..];
                }
            }
        }
    }
    /// The attribute `newlines`.
    pub fn names(&self, th: Th) -> Value {
        let all = [(SEEN_CR, "\r"), (SEEN_LF, "\n"), (SEEN_CRLF, "\r\n")];
        let mut v = [NONE(); 3];
        let mut n = 0;
        for (bit, name) in all {
            if self.seen & bit != 0 {
                v[n] = th.intern(name);
                n += 1;
            }
        }
        if n <= 1 { v[0] } else { th.tuple(&v[..n]) }
    }
}

crate::native_layout! { pub(crate) NewlineDecoder { decoder, errors; state: Plain<Newlines>, ready: Plain<bool> } }

pub static DECODER_TYPE: NativeType = NativeType {
    name: "_io.IncrementalNewlineDecoder",
    kind: Kind::Native,
    size: NewlineDecoder::SIZE,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP,
    doc: "Codec used when reading a file in universal newlines mode.\n\nIt wraps another incremental decoder, translating \\r\\n and \\r into \\n.\nIt also records the types of newlines encountered.  When used with\ntranslate=False, it ensures that the newline sequence is returned in\none piece. When used with decoder=None, it expects unicode strings as\ndecode input and translates newlines without first invoking an external\ndecoder.",
    text_signature: Some("(decoder, translate, errors='strict')"),
    slots: Slots { init: Some(init), ..Slots::NONE },
    methods: &[
        method("decode", "($self, /, input, final=False)", "", decode_method),
        method("getstate", "($self, /)", "", getstate),
        method("setstate", "($self, state, /)", "", setstate),
        method("reset", "($self, /)", "", reset),
    ],
    getset: &[getter("newlines", "", |th, o| {
        let d = ready(th, o)?;
        Ok(d.state.get().names(th))
    })],
    trace: Some(NewlineDecoder::trace),
    ..NativeType::DEFAULT
};
pub static DECODER: TypeCell = TypeCell::new(&DECODER_TYPE);

static SIG: NativeDef = signature("IncrementalNewlineDecoder", "(decoder, translate, errors='strict')");

fn init(th: Th, o: Value, a: RawArgs) -> R<()> {
    let [decoder, translate, errors] = bind::<3>(th, &SIG, a)?;
    let translate = th.truth(translate.unwrap())?;
    set_up(th, o, decoder.unwrap(), translate, errors);
    Ok(())
}
fn set_up(th: Th, o: Value, decoder: Value, translate: bool, errors: Option<Value>) {
    let d = NewlineDecoder::of(o);
    th.store(d, &d.decoder, decoder);
    th.store(d, &d.errors, errors.unwrap_or_else(|| n!(strict)));
    d.state.set(Newlines { translate, ..Newlines::default() });
    d.ready.set(true);
}
/// A newline decoder around another decoder.
pub fn new(th: Th, decoder: Value, translate: bool) -> R<Value> {
    let o = adder_vm::builtins::object::new_instance(th, DECODER.get())?;
    set_up(th, o, decoder, translate, None);
    Ok(o)
}
fn ready(th: Th, o: Value) -> R<Gc<NewlineDecoder>> {
    let d = NewlineDecoder::of(o);
    if d.ready.get() { Ok(d) } else { Err(th.value_error("IncrementalNewlineDecoder.__init__() not called")) }
}

fn decode_method(th: Th, a: Args) -> R<Value> {
    let is_final = bool_or(th, a[2], false)?;
    decode(th, a[0].unwrap(), a[1].unwrap(), is_final)
}
pub fn decode(th: Th, o: Value, input: Value, is_final: bool) -> R<Value> {
    let d = ready(th, o)?;
    let inner = d.decoder.value();
    let text = if inner.is_none() {
        input
    } else {
        th.call_method(inner, n!(decode), &[input, Value::bool(is_final)])?
    };
    let Some(s) = text.cast::<Str>() else {
        return Err(
            th.type_error(format!("decoder should return a string result, not '{}'", th.type_name_of(text)))
        );
    };
    let mut st = d.state.get();
    if st.passes(s.bytes()) {
        d.state.set(st);
        return Ok(text);
    }
    adder_vm::builtins::scratch::with(|out| {
        st.decode(s.bytes(), is_final, out);
        d.state.set(st);
        th.try_str(out)
    })
}
fn getstate(th: Th, a: Args) -> R<Value> {
    let d = ready(th, a[0].unwrap())?;
    let inner = d.decoder.value();
    let (buffer, mut flag) = if inner.is_none() {
        (new_bytes(th, &[])?, 0u64)
    } else {
        let s = th.call_method(inner, n!(getstate), &[])?;
        let Some(t) = s.cast::<Tuple>() else { return Err(th.type_error("illegal decoder state")) };
        if t.len != 2 {
            return Err(th.type_error("illegal decoder state"));
        }
        let i = th.index(t.items()[1])?;
        (t.items()[0], int::to_u64(i).unwrap_or(0))
    };
    flag <<= 1;
    if d.state.get().pending_cr {
        flag |= 1;
    }
    Ok(th.tuple(&[buffer, wide(th, flag as i128)?]))
}
fn setstate(th: Th, a: Args) -> R<Value> {
    let d = ready(th, a[0].unwrap())?;
    let Some(t) = a[1].unwrap().cast::<Tuple>() else {
        return Err(th.type_error("state argument must be a tuple"));
    };
    if t.len != 2 {
        return Err(th.type_error("setstate(): illegal state argument"));
    }
    let i = th.index(t.items()[1])?;
    let flag = int::to_u64(i).unwrap_or(0);
    let mut st = d.state.get();
    st.pending_cr = flag & 1 != 0;
    d.state.set(st);
    let inner = d.decoder.value();
    if !inner.is_none() {
        let s = th.tuple(&[t.items()[0], wide(th, (flag >> 1) as i128)?]);
        return th.call_method(inner, n!(setstate), &[s]);
    }
    none()
}
fn reset(th: Th, a: Args) -> R<Value> {
    let d = ready(th, a[0].unwrap())?;
    let mut st = d.state.get();
    st.pending_cr = false;
    st.seen = 0;
    d.state.set(st);
    let inner = d.decoder.value();
    if inner.is_none() { none() } else { th.call_method(inner, n!(reset), &[]) }
}

/// What `newline` arguments say.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(u8)]
pub enum Mode {
    /// None: all kinds of line ends, translated to LF.
    #[default]
    Universal,
    /// '': all kinds, as they are.
    Keep,
    Lf,
    Cr,
    CrLf,
}

impl Mode {
    /// `quoted`: how the message shows a value that is not one.
    pub fn parse(th: Th, v: Option<Value>, quoted: bool) -> R<Mode> {
        let Some(v) = v else { return Ok(Mode::Universal) };
        let s: Gc<Str> = v.cast().expect("a str");
        Ok(match s.bytes() {
            b"" => Mode::Keep,
            b"\n" => Mode::Lf,
            b"\r" => Mode::Cr,
            b"\r\n" => Mode::CrLf,
            _ => {
                let shown = if quoted { th.text(th.repr(v)?) } else { s.lossy().into_owned() };
                return Err(th.value_error(format!("illegal newline value: {shown}")));
            }
        })
    }
    pub fn is_universal(self) -> bool {
        matches!(self, Mode::Universal | Mode::Keep)
    }
    /// What LF becomes in output.
    pub fn output(self) -> Option<&'static [u8]> {
        match self {
            Mode::Cr => Some(b"\r"),
            Mode::CrLf => Some(b"\r\n"),
            _ => None,
        }
    }
    pub fn text(self) -> Option<&'static str> {
        match self {
            Mode::Universal => None,
            Mode::Keep => Some(""),
            Mode::Lf => Some("\n"),
            Mode::Cr => Some("\r"),
            Mode::CrLf => Some("\r\n"),
        }
    }
    /// Where the first line ends (behind its end). Err: there is no end; so many bytes cannot be part of one.
    #[inline]
    pub fn line_end(self, text: &[u8]) -> Result<usize, usize> {
        match self {
            // Translated already.
            Mode::Universal | Mode::Lf => find_byte(text, b'\n').map(|i| i + 1).ok_or(text.len()),
            Mode::Cr => find_byte(text, b'\r').map(|i| i + 1).ok_or(text.len()),
            Mode::Keep => match find_either(text, b'\n', b'\r') {
                None => Err(text.len()),
                Some(i) if text[i] == b'\r' && text.get(i + 1) == Some(&b'\n') => Ok(i + 2),
                Some(i) => Ok(i + 1),
            },
            Mode::CrLf => {
                let mut at = 0;
                while let Some(i) = find_byte(&text[at..], b'\r') {
                    match text.get(at + i + 1) {
                        Some(b'\n') => return Ok(at + i + 2),
                        None => return Err(at + i),
                        _ => at += i + 1,
                    }
                }
                Err(text.len())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(translate: bool, parts: &[&str]) -> (String, u8) {
        let mut n = Newlines { translate, ..Newlines::default() };
        let mut out = Vec::new();
        for (i, p) in parts.iter().enumerate() {
            if n.passes(p.as_bytes()) && i + 1 < parts.len() {
                out.extend_from_slice(p.as_bytes());
            } else {
                n.decode(p.as_bytes(), i + 1 == parts.len(), &mut out);
            }
        }
        (String::from_utf8(out).unwrap(), n.seen)
    }

    #[test]
    fn universal() {
        assert_eq!(run(true, &["a\r", "\nb\r", "c\n"]), ("a\nb\nc\n".into(), SEEN_ALL));
        assert_eq!(run(false, &["a\r", "\nb\r", "c\n"]), ("a\r\nb\rc\n".into(), SEEN_ALL));
        assert_eq!(run(true, &["a\r\r\n", ""]), ("a\n\n".into(), SEEN_CR | SEEN_CRLF));
        assert_eq!(run(true, &["a\r"]), ("a\n".into(), SEEN_CR));
        assert_eq!(run(false, &["a\r", ""]), ("a\r".into(), SEEN_CR));
    }
    #[test]
    fn ends() {
        assert_eq!(Mode::Keep.line_end(b"ab\r\nc"), Ok(4));
        assert_eq!(Mode::Keep.line_end(b"ab\rc"), Ok(3));
        assert_eq!(Mode::CrLf.line_end(b"a\rb\r\n"), Ok(5));
        assert_eq!(Mode::CrLf.line_end(b"a\rb\r"), Err(3));
        assert_eq!(Mode::Lf.line_end(b"ab"), Err(2));
    }
}
