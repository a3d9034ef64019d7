//! The XML parser: incremental, without objects. It checks what expat checks, with expat's error codes, and tells a
//! [`Sink`] what it finds.
//!
//! Input accumulates in `buf` as UTF-8. A step consumes one whole token (or a run of text) or says that more is needed.
//! Entities are parsed from their text by the same steps.

use super::input::*;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

pub mod code {
    pub const SYNTAX: u32 = 2;
    pub const NO_ELEMENTS: u32 = 3;
    pub const INVALID_TOKEN: u32 = 4;
    pub const UNCLOSED_TOKEN: u32 = 5;
    pub const PARTIAL_CHAR: u32 = 6;
    pub const TAG_MISMATCH: u32 = 7;
    pub const DUPLICATE_ATTRIBUTE: u32 = 8;
    pub const JUNK: u32 = 9;
    pub const PARAM_ENTITY_REF: u32 = 10;
    pub const UNDEFINED_ENTITY: u32 = 11;
    pub const RECURSIVE_ENTITY: u32 = 12;
    pub const ASYNC_ENTITY: u32 = 13;
    pub const BAD_CHAR_REF: u32 = 14;
    pub const BINARY_ENTITY: u32 = 15;
    pub const ATTRIBUTE_EXTERNAL: u32 = 16;
    pub const MISPLACED_PI: u32 = 17;
    pub const UNKNOWN_ENCODING: u32 = 18;
    pub const INCORRECT_ENCODING: u32 = 19;
    pub const UNCLOSED_CDATA: u32 = 20;
    pub const EXTERNAL_HANDLING: u32 = 21;
    pub const NOT_STANDALONE: u32 = 22;
    pub const UNBOUND_PREFIX: u32 = 27;
    pub const UNDECLARING_PREFIX: u32 = 28;
    pub const INCOMPLETE_PE: u32 = 29;
    pub const XML_DECL: u32 = 30;
    pub const TEXT_DECL: u32 = 31;
    pub const PUBLICID: u32 = 32;
    pub const FINISHED: u32 = 36;
    pub const RESERVED_XML: u32 = 38;
    pub const RESERVED_XMLNS: u32 = 39;
    pub const RESERVED_URI: u32 = 40;
    pub const AMPLIFICATION: u32 = 43;
}
use code::*;

/// A content model is nested too deeply.
pub const DEEP: u32 = 1 << 17;

/// Why parsing stopped.
pub enum Stop {
    /// An exception is pending.
    Raised,
    Code(u32),
}
type Res<T> = Result<T, Stop>;
fn err<T>(c: u32) -> Res<T> {
    Err(Stop::Code(c))
}

/// Handlers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub enum Event {
    StartElement,
    EndElement,
    ProcessingInstruction,
    CharacterData,
    UnparsedEntityDecl,
    NotationDecl,
    StartNamespaceDecl,
    EndNamespaceDecl,
    Comment,
    StartCdataSection,
    EndCdataSection,
    Default,
    DefaultExpand,
    NotStandalone,
    ExternalEntityRef,
    StartDoctypeDecl,
    EndDoctypeDecl,
    EntityDecl,
    XmlDecl,
    ElementDecl,
    AttlistDecl,
    SkippedEntity,
}

/// An argument of a handler.
pub enum Arg<'a> {
    /// Text, interned or not.
    Name(&'a [u8]),
    Text(&'a [u8]),
    None,
    Int(i64),
    Opt(Option<&'a [u8]>),
    Model(&'a Model),
}

/// A content model.
#[derive(Clone, Debug)]
pub struct Model {
    pub kind: i64,
    pub quant: i64,
    pub name: Option<Vec<u8>>,
    pub children: Vec<Model>,
}

/// Names and values.
type Attrs<'a> = Vec<(Cow<'a, [u8]>, Cow<'a, [u8]>)>;

pub trait Sink {
    fn wants(&self, e: Event) -> bool;
    /// Where the event is: line, column, byte index, and the input from there on.
    fn at(&mut self, line: u64, column: u64, byte: i64, rest: &[u8]);
    fn call(&mut self, e: Event, args: &[Arg]) -> Result<i64, ()>;
    fn start_element(
        &mut self,
        name: &[u8],
        attrs: &[(Cow<[u8]>, Cow<[u8]>)],
        specified: usize,
    ) -> Result<(), ()>;
    fn text(&mut self, t: &[u8]) -> Result<(), ()>;
    /// Code points of all bytes in an encoding that is not built in. `Ok(None)`: unknown.
    fn encoding(&mut self, name: &str) -> Result<Option<Box<[u32; 256]>>, ()>;
}

#[derive(Clone, Default)]
struct Entity {
    value: Option<Vec<u8>>,
    system: Option<Vec<u8>>,
    public: Option<Vec<u8>>,
    notation: Option<Vec<u8>>,
    open: bool,
}
#[derive(Clone)]
struct AttDef {
    name: Vec<u8>,
    cdata: bool,
    default: Option<Vec<u8>>,
}
/// Declarations, shared with the parsers of external entities.
#[derive(Clone, Default)]
pub struct Dtd {
    general: HashMap<Vec<u8>, Entity>,
    param: HashMap<Vec<u8>, Entity>,
    attlists: HashMap<Vec<u8>, Vec<AttDef>>,
    standalone: bool,
    has_pe_refs: bool,
    /// Declarations are processed: no parameter entity was left out.
    keep: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Start,
    Prolog,
    /// Within `<!DOCTYPE ... [`.
    Subset,
    Content,
    Cdata,
    Epilog,
    /// The external subset, or an external parameter entity.
    External,
    Done,
}

struct Open {
    /// Where its name as written begins in [`Parser::names`].
    at: usize,
    /// Its name, if that is another one.
    name: Option<Vec<u8>>,
    bindings: usize,
}

pub struct Parser {
    buf: Vec<u8>,
    raw: Vec<u8>,
    encoding: Encoding,
    /// From outside: no declaration changes it.
    forced: Option<String>,
    phase: Phase,
    seen_doctype: bool,
    stack: Vec<Open>,
    /// The names of the open elements as written, one after the other.
    names: Vec<u8>,
    /// Element depth below which an entity may not go.
    floor: usize,
    bindings: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    pub ns: Option<u8>,
    pub triplets: bool,
    pub base: Option<Vec<u8>>,
    dtd: Arc<Mutex<Dtd>>,
    /// This parser is for an external entity.
    external: bool,
    line: u64,
    column: u64,
    byte: i64,
    /// Positions do not move within entities.
    in_entity: u32,
    pub finished: bool,
    pub started: bool,
    pub error: u32,
    pub param_parsing: u32,
    pub foreign_dtd: bool,
    doctype_system: Option<(Option<Vec<u8>>, Option<Vec<u8>>)>,
    pub deferral: bool,
    partial_before: usize,
    direct: u64,
    indirect: u64,
    pub max_amp: f64,
    pub amp_threshold: u64,
}

enum Step {
    /// Consumed up to here.
    To(usize),
    /// The token is not whole.
    More,
}

fn name_len(s: &[u8]) -> Result<usize, (usize, bool)> {
    let mut i = match s.first() {
        Some(c) if c.is_ascii_alphabetic() || *c == b'_' => skip(s, 1, NAME),
        _ => 0,
    };
    loop {
        if s.get(i).is_some_and(|c| matches!(c, b' ' | b'=' | b'>' | b'/')) && i > 0 {
            return Ok(i);
        }
        match next_char(&s[i..]) {
            Ok((c, n)) if if i == 0 { is_name_start(c) } else { is_name_char(c) } => i += n,
            Ok(_) => return if i == 0 { Err((0, false)) } else { Ok(i) },
            Err(true) => return Err((i, true)),
            Err(false) => return if i == 0 { Err((0, false)) } else { Ok(i) },
        }
    }
}
fn skip_space(s: &[u8], mut i: usize) -> usize {
    while i < s.len() && is_space(s[i]) {
        i += 1;
    }
    i
}
fn find(s: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    s.get(from..)?.windows(what.len()).position(|w| w == what).map(|i| i + from)
}
/// Line ends are a newline each.
fn normalize(s: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(s.len());
    let mut i = 0;
    while i < s.len() {
        if s[i] == b'\r' {
            out.push(b'\n');
            if s.get(i + 1) == Some(&b'\n') {
                i += 1;
            }
        } else {
            out.push(s[i]);
        }
        i += 1;
    }
    out
}
fn predefined(n: &[u8]) -> Option<u8> {
    Some(match n {
        b"lt" => b'<',
        b"gt" => b'>',
        b"amp" => b'&',
        b"quot" => b'"',
        b"apos" => b'\'',
        _ => return None,
    })
}

/// Parameters are `name="value"` pairs of a declaration.
fn pseudo_attributes(s: &[u8]) -> Option<Vec<(Vec<u8>, Vec<u8>, usize)>> {
    let mut out = Vec::new();
    let mut i = 0;
    loop {
        let j = skip_space(s, i);
        if j == s.len() {
            return Some(out);
        }
        if j == i {
            return None;
        }
        let n = name_len(&s[j..]).ok()?;
        let name = s[j..j + n].to_vec();
        let mut k = skip_space(s, j + n);
        if s.get(k) != Some(&b'=') {
            return None;
        }
        k = skip_space(s, k + 1);
        let q = *s.get(k)?;
        if q != b'"' && q != b'\'' {
            return None;
        }
        let end = s[k + 1..].iter().position(|c| *c == q)? + k + 1;
        out.push((name, s[k + 1..end].to_vec(), k + 1));
        i = end + 1;
    }
}

impl Parser {
    pub fn new(encoding: Option<String>, ns: Option<u8>) -> Parser {
        let dtd = Dtd { keep: true, ..Dtd::default() };
        Parser {
            buf: vec![],
            raw: vec![],
            encoding: Encoding::Unknown,
            forced: encoding,
            phase: Phase::Start,
            seen_doctype: false,
            stack: vec![],
            names: vec![],
            floor: 0,
            bindings: vec![(b"xml".to_vec(), Some(b"http://www.w3.org/XML/1998/namespace".to_vec()))],
            ns,
            triplets: false,
            base: None,
            dtd: Arc::new(Mutex::new(dtd)),
            external: false,
            line: 1,
            column: 0,
            byte: 0,
            in_entity: 0,
            finished: false,
            started: false,
            error: 0,
            param_parsing: 0,
            foreign_dtd: false,
            doctype_system: None,
            deferral: true,
            partial_before: 0,
            direct: 0,
            indirect: 0,
            max_amp: 100.0,
            amp_threshold: 8 << 20,
        }
    }
    /// For an external entity that this parser came upon; without context for the external subset.
    pub fn child(&self, context: Option<&[u8]>, encoding: Option<String>) -> Parser {
        let mut p = Parser::new(encoding, self.ns);
        p.dtd = self.dtd.clone();
        p.bindings = self.bindings.clone();
        p.external = true;
        p.triplets = self.triplets;
        p.base = self.base.clone();
        p.param_parsing = self.param_parsing;
        p.deferral = self.deferral;
        p.max_amp = self.max_amp;
        p.amp_threshold = self.amp_threshold;
        p.phase = if context.is_some() { Phase::Content } else { Phase::External };
        p.started = false;
        p
    }
    pub fn is_external(&self) -> bool {
        self.external
    }
    pub fn force_utf8(&mut self) {
        self.forced = Some("utf-8".into());
    }
    fn dtd(&self) -> std::sync::MutexGuard<'_, Dtd> {
        self.dtd.lock().unwrap_or_else(|e| e.into_inner())
    }

    // -- feeding

    pub fn feed(&mut self, data: &[u8], last: bool, sink: &mut dyn Sink) -> Res<()> {
        if self.finished {
            self.error = FINISHED;
            return err(FINISHED);
        }
        if self.error != 0 {
            return err(self.error);
        }
        self.started = true;
        self.direct += data.len() as u64;
        self.raw.extend_from_slice(data);
        let r = self.feed_inner(last, sink);
        match &r {
            Err(Stop::Code(c)) => self.error = *c,
            Err(Stop::Raised) => self.error = 1 << 16,
            Ok(()) if last => self.finished = true,
            Ok(()) => {}
        }
        r
    }
    fn feed_inner(&mut self, last: bool, sink: &mut dyn Sink) -> Res<()> {
        if matches!(self.encoding, Encoding::Unknown) && !self.detect(last, sink)? {
            return Ok(());
        }
        let mut raw = std::mem::take(&mut self.raw);
        self.encoding.decode(&mut raw, &mut self.buf);
        self.raw = raw;
        if self.deferral && !last {
            let have = self.buf.len();
            if self.partial_before > 0 && have < 2 * self.partial_before {
                return Ok(());
            }
        }
        let buf = std::mem::take(&mut self.buf);
        let mut i = 0;
        let r = loop {
            if self.phase == Phase::Done {
                break Ok(());
            }
            match self.step(&buf, i, last, sink) {
                Ok(Step::To(j)) => {
                    if j == i && i == buf.len() {
                        break self.end(&buf, i, last, sink);
                    }
                    self.advance(&buf[i..j]);
                    i = j;
                }
                Ok(Step::More) => break self.end(&buf, i, last, sink),
                Err(e) => break Err(e),
            }
        };
        self.partial_before = if i == 0 { buf.len() } else { 0 };
        self.buf = buf[i..].to_vec();
        if self.buf.is_empty() {
            self.partial_before = 0;
        }
        r
    }
    /// Nothing more can be done with what is there.
    fn end(&mut self, buf: &[u8], i: usize, last: bool, sink: &mut dyn Sink) -> Res<()> {
        if !last {
            return Ok(());
        }
        self.place(sink, buf, i, i);
        if !self.raw.is_empty() {
            return err(PARTIAL_CHAR);
        }
        if i < buf.len() {
            if self.phase == Phase::Cdata {
                return err(UNCLOSED_CDATA);
            }
            let rest = &buf[i..];
            if rest.len() < 4 && rest[0] >= 0x80 {
                return err(PARTIAL_CHAR);
            }
            return err(UNCLOSED_TOKEN);
        }
        match self.phase {
            Phase::Epilog | Phase::External | Phase::Done => Ok(()),
            Phase::Cdata => err(UNCLOSED_CDATA),
            Phase::Content if self.external => {
                if self.stack.is_empty() {
                    Ok(())
                } else {
                    err(ASYNC_ENTITY)
                }
            }
            _ => err(NO_ELEMENTS),
        }
    }
    /// Decides the encoding. False: not enough input yet.
    fn detect(&mut self, last: bool, sink: &mut dyn Sink) -> Res<bool> {
        let mut raw = std::mem::take(&mut self.raw);
        let put_back = |s: &mut Parser, raw: Vec<u8>| s.raw = raw;
        if raw.len() < 2 && !last {
            put_back(self, raw);
            return Ok(false);
        }
        let bom = |r: &mut Vec<u8>, n: usize| {
            r.drain(..n);
        };
        let forced = self.forced.clone();
        if let Some(f) = &forced {
            self.encoding = match Encoding::by_name(f) {
                Some(Encoding::Utf16 { big }) => {
                    let big = match raw.get(..2) {
                        Some([0xfe, 0xff]) => true,
                        Some([0xff, 0xfe]) => false,
                        _ => big,
                    };
                    Encoding::Utf16 { big }
                }
                Some(e) => e,
                None => match sink.encoding(f) {
                    Ok(Some(t)) => Encoding::Table(t),
                    Ok(None) => return err(UNKNOWN_ENCODING),
                    Err(()) => return Err(Stop::Raised),
                },
            };
        } else {
            match (raw.first().copied().unwrap_or(0), raw.get(1).copied().unwrap_or(0)) {
                (0xfe, 0xff) => self.encoding = Encoding::Utf16 { big: true },
                (0xff, 0xfe) => self.encoding = Encoding::Utf16 { big: false },
                (b'<', 0) if raw.len() >= 2 => self.encoding = Encoding::Utf16 { big: false },
                (0, b'<') => self.encoding = Encoding::Utf16 { big: true },
                (0xef, 0xbb) => {
                    if raw.len() < 3 && !last {
                        put_back(self, raw);
                        return Ok(false);
                    }
                    self.encoding = Encoding::Utf8;
                }
                _ => {
                    if b"<?xml".starts_with(&raw[..raw.len().min(5)]) && raw.len() <= 5 && !last {
                        put_back(self, raw);
                        return Ok(false);
                    }
                    let mut found = None;
                    if raw.starts_with(b"<?xml") && raw.get(5).is_some_and(|c| is_space(*c)) {
                        match find(&raw, 0, b"?>") {
                            None if !last => {
                                put_back(self, raw);
                                return Ok(false);
                            }
                            Some(e) => {
                                found = pseudo_attributes(&raw[5..e])
                                    .and_then(|a| a.into_iter().find(|x| x.0 == b"encoding"))
                                    .map(|x| String::from_utf8_lossy(&x.1).into_owned());
                            }
                            None => {}
                        }
                    }
                    self.encoding = match found {
                        None => Encoding::Utf8,
                        Some(n) => match Encoding::by_name(&n) {
                            Some(Encoding::Utf16 { .. }) => {
                                let at = find(&raw, 0, n.as_bytes()).unwrap_or(0);
                                self.advance(&raw[..at]);
                                self.place(sink, &raw, at, at);
                                return err(INCORRECT_ENCODING);
                            }
                            Some(e) => e,
                            None => match sink.encoding(&n) {
                                Ok(Some(t)) => Encoding::Table(t),
                                Ok(None) => {
                                    let at = find(&raw, 0, n.as_bytes()).unwrap_or(0);
                                    self.advance(&raw[..at]);
                                    self.place(sink, &raw, at, at);
                                    return err(UNKNOWN_ENCODING);
                                }
                                Err(()) => return Err(Stop::Raised),
                            },
                        },
                    };
                }
            }
        }
        match &self.encoding {
            Encoding::Utf16 { .. } if matches!(raw.get(..2), Some([0xfe, 0xff] | [0xff, 0xfe])) => {
                bom(&mut raw, 2);
                self.byte += 2;
            }
            Encoding::Utf8 if raw.starts_with(&[0xef, 0xbb, 0xbf]) => {
                bom(&mut raw, 3);
                self.byte += 3;
            }
            _ => {}
        }
        self.raw = raw;
        Ok(true)
    }

    // -- positions

    fn advance(&mut self, s: &[u8]) {
        if self.in_entity > 0 {
            return;
        }
        let (mut l, mut c) = (self.line, self.column);
        if s.iter().filter(|b| matches!(b, b'\n' | b'\r')).count() == 0 {
            let n = s.iter().filter(|b| **b & 0xc0 != 0x80).count();
            self.column += n as u64;
            self.byte += match self.encoding {
                Encoding::Utf16 { .. } => 2 * n,
                Encoding::Utf8 => s.len(),
                _ => n,
            } as i64;
            return;
        }
        let mut i = 0;
        while i < s.len() {
            match s[i] {
                b'\n' => {
                    l += 1;
                    c = 0;
                }
                b'\r' => {
                    if s.get(i + 1) == Some(&b'\n') {
                        i += 1;
                    }
                    l += 1;
                    c = 0;
                }
                b if b & 0xc0 != 0x80 => c += 1,
                _ => {}
            }
            i += 1;
        }
        (self.line, self.column) = (l, c);
        let w = match self.encoding {
            Encoding::Utf16 { .. } => s.iter().filter(|b| **b & 0xc0 != 0x80).count() * 2,
            Encoding::Utf8 => s.len(),
            _ => s.iter().filter(|b| **b & 0xc0 != 0x80).count(),
        };
        self.byte += w as i64;
    }
    /// Tells the sink that what comes is at `at` of the buffer, whose position is known at `from`.
    fn place(&mut self, sink: &mut dyn Sink, buf: &[u8], from: usize, at: usize) {
        if self.in_entity > 0 {
            return;
        }
        if from == at {
            sink.at(self.line, self.column, self.byte, &buf[at.min(buf.len())..]);
            return;
        }
        let save = (self.line, self.column, self.byte);
        self.advance(&buf[from..at]);
        sink.at(self.line, self.column, self.byte, &buf[at.min(buf.len())..]);
        (self.line, self.column, self.byte) = save;
    }
    /// An invalid token at `at`.
    fn bad<T>(&mut self, sink: &mut dyn Sink, buf: &[u8], from: usize, at: usize, c: u32) -> Res<T> {
        self.place(sink, buf, from, at.min(buf.len()));
        err(c)
    }
    /// What nobody else wants.
    fn default(&mut self, sink: &mut dyn Sink, s: &[u8]) -> Res<()> {
        for e in [Event::DefaultExpand, Event::Default] {
            if sink.wants(e) {
                return sink.call(e, &[Arg::Text(s)]).map(|_| ()).map_err(|_| Stop::Raised);
            }
        }
        Ok(())
    }
    fn call(&mut self, sink: &mut dyn Sink, e: Event, args: &[Arg], raw: &[u8]) -> Res<i64> {
        if sink.wants(e) {
            return sink.call(e, args).map_err(|_| Stop::Raised);
        }
        self.default(sink, raw)?;
        Ok(1)
    }

    // -- steps

    fn step(&mut self, b: &[u8], i: usize, last: bool, sink: &mut dyn Sink) -> Res<Step> {
        self.place(sink, b, i, i);
        match self.phase {
            Phase::Start => self.start(b, i, last, sink),
            Phase::Prolog | Phase::Epilog => self.misc(b, i, last, sink),
            Phase::Subset | Phase::External => self.declaration(b, i, last, sink),
            Phase::Content => self.content(b, i, last, sink),
            Phase::Cdata => self.cdata(b, i, last, sink),
            Phase::Done => Ok(Step::To(i)),
        }
    }
    fn start(&mut self, b: &[u8], i: usize, last: bool, sink: &mut dyn Sink) -> Res<Step> {
        let s = &b[i..];
        if s.is_empty() || (s.len() < 6 && b"<?xml ".starts_with(&s[..s.len().min(6)]) && !last) {
            return Ok(Step::More);
        }
        self.phase = Phase::Prolog;
        if s.starts_with(b"<?xml") && s.get(5).is_none_or(|c| is_space(*c) || *c == b'?') {
            return self.xml_decl(b, i, false, sink);
        }
        self.misc(b, i, last, sink)
    }
    /// `<?xml ...?>`
    fn xml_decl(&mut self, b: &[u8], i: usize, text: bool, sink: &mut dyn Sink) -> Res<Step> {
        let wrong = if text { TEXT_DECL } else { XML_DECL };
        let Some(e) = find(b, i, b"?>") else {
            self.phase = if text { self.phase } else { Phase::Start };
            return Ok(Step::More);
        };
        let body = &b[i + 5..e];
        let Some(attrs) = pseudo_attributes(body) else {
            return self.bad(
                sink,
                b,
                i,
                if body.is_empty() { e } else { i + 5 + skip_space(body, 0) },
                wrong,
            );
        };
        let (mut version, mut enc, mut alone) = (None, None, -1i64);
        let mut stage = 0;
        for (n, v, at) in &attrs {
            match (&n[..], stage) {
                (b"version", 0) => {
                    let ok = v.starts_with(b"1.") || v == b"1.0";
                    if !ok {
                        return self.bad(sink, b, i, i + 5 + at, wrong);
                    }
                    version = Some(v.clone());
                    stage = 1;
                }
                (b"encoding", 0 | 1) if text || stage == 1 => {
                    if !v.first().is_some_and(u8::is_ascii_alphabetic) {
                        return self.bad(sink, b, i, i + 5 + at, wrong);
                    }
                    enc = Some(v.clone());
                    stage = 2;
                }
                (b"standalone", 1 | 2) if !text => {
                    alone = match &v[..] {
                        b"yes" => 1,
                        b"no" => 0,
                        _ => return self.bad(sink, b, i, i + 5 + at, wrong),
                    };
                    stage = 3;
                }
                _ => return self.bad(sink, b, i, i + 5 + at - 1, wrong),
            }
        }
        if (!text && version.is_none()) || (text && enc.is_none()) {
            return self.bad(sink, b, i, e, wrong);
        }
        if alone == 1 {
            self.dtd().standalone = true;
        }
        let raw = &b[i..e + 2];
        if sink.wants(Event::XmlDecl) {
            let args = [Arg::Opt(version.as_deref()), Arg::Opt(enc.as_deref()), Arg::Int(alone)];
            sink.call(Event::XmlDecl, &args).map_err(|_| Stop::Raised)?;
        } else {
            self.default(sink, raw)?;
        }
        Ok(Step::To(e + 2))
    }
    /// Comment or processing instruction at `i`; None: it is neither.
    fn comment_or_pi(&mut self, b: &[u8], i: usize, sink: &mut dyn Sink) -> Res<Option<Step>> {
        let s = &b[i..];
        if s.starts_with(b"<!--") {
            let mut j = i + 4;
            let Some(e) = find(b, j, b"--") else {
                if let Some(at) = invalid_char(&b[i + 4..]) {
                    return self.bad(sink, b, i, i + 4 + at, INVALID_TOKEN);
                }
                return Ok(Some(Step::More));
            };
            if let Some(at) = invalid_char(&b[j..e]) {
                return self.bad(sink, b, i, j + at, INVALID_TOKEN);
            }
            match b.get(e + 2) {
                None => return Ok(Some(Step::More)),
                Some(b'>') => j = e,
                Some(_) => return self.bad(sink, b, i, e + 2, INVALID_TOKEN),
            }
            let text = normalize(&b[i + 4..j]);
            self.call(sink, Event::Comment, &[Arg::Text(&text)], &b[i..j + 3])?;
            return Ok(Some(Step::To(j + 3)));
        }
        if s.starts_with(b"<?") {
            let n = match name_len(&s[2..]) {
                Ok(n) => n,
                Err((_, true)) => return Ok(Some(Step::More)),
                Err((at, false)) => return self.bad(sink, b, i, i + 2 + at, INVALID_TOKEN),
            };
            let name = &s[2..2 + n];
            if n == s.len() - 2 {
                return Ok(Some(Step::More));
            }
            if name.eq_ignore_ascii_case(b"xml") {
                if name == b"xml" {
                    return err(MISPLACED_PI);
                }
                return self.bad(sink, b, i, i + 2 + n, INVALID_TOKEN);
            }
            let after = s[2 + n];
            if !is_space(after) && after != b'?' {
                return self.bad(sink, b, i, i + 2 + n, INVALID_TOKEN);
            }
            let Some(e) = find(b, i + 2 + n, b"?>") else { return Ok(Some(Step::More)) };
            if after == b'?' && e != i + 2 + n {
                return self.bad(sink, b, i, i + 3 + n, INVALID_TOKEN);
            }
            if let Some(at) = invalid_char(&b[i..e]) {
                return self.bad(sink, b, i, i + at, INVALID_TOKEN);
            }
            let d = skip_space(&b[..e], i + 2 + n);
            let data = normalize(&b[d.min(e)..e]);
            let name = name.to_vec();
            self.call(
                sink,
                Event::ProcessingInstruction,
                &[Arg::Name(&name), Arg::Text(&data)],
                &b[i..e + 2],
            )?;
            return Ok(Some(Step::To(e + 2)));
        }
        Ok(None)
    }
    /// Prolog and epilog.
    fn misc(&mut self, b: &[u8], i: usize, last: bool, sink: &mut dyn Sink) -> Res<Step> {
        let s = &b[i..];
        if s.is_empty() {
            return Ok(Step::To(i));
        }
        let prolog = self.phase == Phase::Prolog;
        if is_space(s[0]) {
            let j = skip_space(b, i);
            self.default(sink, &b[i..j])?;
            return Ok(Step::To(j));
        }
        if s[0] != b'<' {
            return match next_char(s) {
                Err(true) if !last => Ok(Step::More),
                Err(_) => err(INVALID_TOKEN),
                Ok(_) => err(if prolog { SYNTAX } else { JUNK }),
            };
        }
        if s.len() < 2 || (s.len() < 4 && s.starts_with(b"<!-")) {
            return Ok(Step::More);
        }
        if let Some(r) = self.comment_or_pi(b, i, sink)? {
            return Ok(r);
        }
        if s[1] == b'!' {
            if s.len() < 9 && b"<!DOCTYPE".starts_with(s) {
                return Ok(Step::More);
            }
            if s.starts_with(b"<!DOCTYPE") {
                if !prolog {
                    return err(JUNK);
                }
                if self.seen_doctype {
                    return err(SYNTAX);
                }
                return self.doctype(b, i, sink);
            }
            if s.starts_with(b"<![") {
                return err(SYNTAX);
            }
            return self.bad(sink, b, i, i + 2, INVALID_TOKEN);
        }
        if !prolog {
            return match next_char(&s[1..]) {
                Ok((c, _)) if is_name_start(c) => err(JUNK),
                _ => self.bad(sink, b, i, i + 1, INVALID_TOKEN),
            };
        }
        if s[1] == b'/' {
            return self.bad(sink, b, i, i + 1, INVALID_TOKEN);
        }
        if let Some((system, public)) = self.doctype_system.take() {
            self.external_subset(system, public, sink)?;
        } else if self.foreign_dtd && !self.seen_doctype {
            self.external_subset(None, None, sink)?;
        }
        self.phase = Phase::Content;
        self.content(b, i, last, sink)
    }

    // -- document type

    fn doctype(&mut self, b: &[u8], i: usize, sink: &mut dyn Sink) -> Res<Step> {
        // Up to `[` or `>` outside of quotes.
        let mut j = i + 9;
        let mut quote = 0u8;
        let end = loop {
            let Some(&c) = b.get(j) else { return Ok(Step::More) };
            match c {
                _ if quote != 0 => {
                    if c == quote {
                        quote = 0
                    }
                }
                b'"' | b'\'' => quote = c,
                b'[' | b'>' => break j,
                b'<' => return self.bad(sink, b, i, j, INVALID_TOKEN),
                _ => {}
            }
            j += 1;
        };
        let s = &b[i + 9..end];
        let at = skip_space(s, 0);
        if at == 0 {
            return self.bad(sink, b, i, i + 9, INVALID_TOKEN);
        }
        let n = match name_len(&b[i + 9 + at..]) {
            Ok(n) => n,
            Err((k, _)) => return self.bad(sink, b, i, i + 9 + at + k, SYNTAX),
        };
        let name = s[at..at + n].to_vec();
        let mut d = Decl { s, at: at + n };
        let (public, system) = match d.external_id(true) {
            Ok(x) => x,
            Err((k, c)) => return self.bad(sink, b, i, i + 9 + k, c),
        };
        d.space();
        if d.at != s.len() {
            return self.bad(sink, b, i, i + 9 + d.at, SYNTAX);
        }
        self.seen_doctype = true;
        let internal = b[end] == b'[';
        let has_ext = system.is_some();
        let args = [
            Arg::Name(&name),
            Arg::Opt(system.as_deref()),
            Arg::Opt(public.as_deref()),
            Arg::Int(internal as i64),
        ];
        if has_ext && self.param_parsing == 0 {
            self.not_standalone(sink)?;
        }
        if sink.wants(Event::StartDoctypeDecl) {
            sink.call(Event::StartDoctypeDecl, &args).map_err(|_| Stop::Raised)?;
        } else {
            // Token by token.
            let stop = if internal { end + 1 } else { end };
            for t in tokens(&b[i..stop]) {
                self.default(sink, t)?;
            }
        }
        if has_ext {
            self.dtd().has_pe_refs = true;
        }
        self.doctype_system = if has_ext || self.foreign_dtd { Some((system, public)) } else { None };
        if internal {
            self.phase = Phase::Subset;
            return Ok(Step::To(end + 1));
        }
        self.end_doctype(&b[end..end + 1], sink)?;
        Ok(Step::To(end + 1))
    }
    fn end_doctype(&mut self, raw: &[u8], sink: &mut dyn Sink) -> Res<()> {
        self.phase = Phase::Prolog;
        if let Some((system, public)) = self.doctype_system.take() {
            self.external_subset(system, public, sink)?;
        }
        self.call(sink, Event::EndDoctypeDecl, &[], raw)?;
        Ok(())
    }
    fn external_subset(
        &mut self,
        system: Option<Vec<u8>>,
        public: Option<Vec<u8>>,
        sink: &mut dyn Sink,
    ) -> Res<()> {
        self.dtd().has_pe_refs = true;
        let standalone = self.dtd().standalone;
        let read = self.param_parsing == 2 || (self.param_parsing == 1 && !standalone);
        if read && sink.wants(Event::ExternalEntityRef) {
            let base = self.base.clone();
            let args = [
                Arg::None,
                Arg::Opt(base.as_deref()),
                Arg::Opt(system.as_deref()),
                Arg::Opt(public.as_deref()),
            ];
            if sink.call(Event::ExternalEntityRef, &args).map_err(|_| Stop::Raised)? == 0 {
                return err(EXTERNAL_HANDLING);
            }
        } else if system.is_some() && !standalone {
            self.dtd().keep = standalone;
        }
        if read { self.not_standalone(sink) } else { Ok(()) }
    }
    fn not_standalone(&mut self, sink: &mut dyn Sink) -> Res<()> {
        let standalone = self.dtd().standalone;
        if !standalone
            && sink.wants(Event::NotStandalone)
            && sink.call(Event::NotStandalone, &[]).map_err(|_| Stop::Raised)? == 0
        {
            return err(NOT_STANDALONE);
        }
        Ok(())
    }
    /// One declaration of a DTD.
    fn declaration(&mut self, b: &[u8], i: usize, last: bool, sink: &mut dyn Sink) -> Res<Step> {
        let s = &b[i..];
        let subset = self.phase == Phase::Subset && self.in_entity == 0;
        if s.is_empty() {
            return Ok(Step::To(i));
        }
        if self.phase == Phase::External
            && s.starts_with(b"<?xml")
            && s.get(5).is_none_or(|c| is_space(*c))
            && i == 0
            && self.in_entity == 0
        {
            return self.xml_decl(b, i, true, sink);
        }
        match s[0] {
            c if is_space(c) => {
                let j = skip_space(b, i);
                self.default(sink, &b[i..j])?;
                return Ok(Step::To(j));
            }
            b']' if subset => {
                let j = skip_space(b, i + 1);
                return match b.get(j) {
                    None => Ok(Step::More),
                    Some(b'>') => {
                        self.default(sink, &b[i..j])?;
                        self.place(sink, b, i, j);
                        self.end_doctype(&b[j..j + 1], sink)?;
                        Ok(Step::To(j + 1))
                    }
                    Some(_) => self.bad(sink, b, i, j, SYNTAX),
                };
            }
            b'%' => {
                let n = match name_len(&s[1..]) {
                    Ok(n) => n,
                    Err((_, true)) => return Ok(Step::More),
                    Err(_) => return self.bad(sink, b, i, i + 1, INVALID_TOKEN),
                };
                return match s.get(1 + n) {
                    None => Ok(Step::More),
                    Some(b';') => {
                        let name = s[1..1 + n].to_vec();
                        self.param_entity(&name, &s[..n + 2], sink)?;
                        Ok(Step::To(i + n + 2))
                    }
                    Some(_) => self.bad(sink, b, i, i + 1 + n, INVALID_TOKEN),
                };
            }
            b'<' => {}
            _ => return err(if next_char(s).is_err() { INVALID_TOKEN } else { SYNTAX }),
        }
        if s.len() < 4 && !last {
            return Ok(Step::More);
        }
        if let Some(r) = self.comment_or_pi(b, i, sink)? {
            return Ok(r);
        }
        if s.get(1) != Some(&b'!') {
            return if s.len() < 2 { Ok(Step::More) } else { self.bad(sink, b, i, i + 1, INVALID_TOKEN) };
        }
        if s.starts_with(b"<![") && !subset {
            return self.conditional(b, i, sink);
        }
        // To the end of the declaration.
        let mut j = i + 2;
        let mut quote = 0u8;
        let end = loop {
            let Some(&c) = b.get(j) else { return Ok(Step::More) };
            match c {
                _ if quote != 0 => {
                    if c == quote {
                        quote = 0
                    }
                }
                b'"' | b'\'' => quote = c,
                b'>' => break j,
                b'<' => return self.bad(sink, b, i, j, INVALID_TOKEN),
                _ => {}
            }
            j += 1;
        };
        if let Some(at) = invalid_char(&b[i..end]) {
            return self.bad(sink, b, i, i + at, INVALID_TOKEN);
        }
        let raw = &b[i..end + 1];
        // Parameter entities within declarations (not in the internal subset itself).
        let body = b[i + 2..end].to_vec();
        let body = if subset { body } else { self.expand_params(&body)? };
        let kw = body.iter().position(|c| !c.is_ascii_alphabetic()).unwrap_or(body.len());
        let rest = &body[kw..];
        let r = match &body[..kw] {
            b"ENTITY" => self.entity_decl(rest, raw, subset, sink),
            b"NOTATION" => self.notation_decl(rest, raw, sink),
            b"ELEMENT" => self.element_decl(rest, raw, sink),
            b"ATTLIST" => self.attlist_decl(rest, raw, sink),
            _ => return self.bad(sink, b, i, i + 2 + kw, INVALID_TOKEN),
        };
        match r {
            Ok(()) => Ok(Step::To(end + 1)),
            Err((Stop::Raised, _)) => Err(Stop::Raised),
            Err((Stop::Code(c), at)) => self.bad(sink, b, i, i + 2 + kw + at, c),
        }
    }
    fn expand_params(&self, s: &[u8]) -> Res<Vec<u8>> {
        let mut out = Vec::new();
        let mut i = 0;
        let mut quote = 0u8;
        while i < s.len() {
            let c = s[i];
            if quote != 0 {
                if c == quote {
                    quote = 0;
                }
            } else if c == b'"' || c == b'\'' {
                quote = c;
            } else if c == b'%'
                && let Ok(n) = name_len(&s[i + 1..])
                && s.get(i + 1 + n) == Some(&b';')
            {
                let v = self.dtd().param.get(&s[i + 1..i + 1 + n]).and_then(|e| e.value.clone());
                if let Some(v) = v {
                    out.push(b' ');
                    out.extend_from_slice(&self.expand_params(&v)?);
                    out.push(b' ');
                }
                i += n + 2;
                continue;
            }
            out.push(c);
            i += 1;
        }
        Ok(out)
    }
    /// `<![INCLUDE[ ... ]]>` and `<![IGNORE[ ... ]]>`
    fn conditional(&mut self, b: &[u8], i: usize, sink: &mut dyn Sink) -> Res<Step> {
        let Some(open) = find(b, i + 3, b"[") else { return Ok(Step::More) };
        // Nested sections are counted.
        let (mut depth, mut j) = (1, open + 1);
        let end = loop {
            if b[j.min(b.len())..].starts_with(b"<![") {
                depth += 1;
                j += 3;
            } else if b[j.min(b.len())..].starts_with(b"]]>") {
                depth -= 1;
                if depth == 0 {
                    break j;
                }
                j += 3;
            } else if j >= b.len() {
                return Ok(Step::More);
            } else {
                j += 1;
            }
        };
        let kw = self.expand_params(&b[i + 3..open])?;
        match kw.trim_ascii() {
            b"INCLUDE" => {
                let text = b[open + 1..end].to_vec();
                self.entity_text(&text, Phase::External, sink)?;
            }
            b"IGNORE" => {}
            _ => return self.bad(sink, b, i, i + 3, SYNTAX),
        }
        Ok(Step::To(end + 3))
    }
    fn param_entity(&mut self, name: &[u8], raw: &[u8], sink: &mut dyn Sink) -> Res<()> {
        let (e, standalone) = {
            let mut d = self.dtd();
            d.has_pe_refs = true;
            (d.param.get(name).cloned(), d.standalone)
        };
        if self.param_parsing == 0 && !self.external {
            self.dtd().keep = standalone;
            self.not_standalone(sink)?;
            return self.default(sink, raw);
        }
        let Some(e) = e else {
            self.dtd().keep = standalone;
            if sink.wants(Event::SkippedEntity) {
                let args = [Arg::Name(name), Arg::Int(1)];
                sink.call(Event::SkippedEntity, &args).map_err(|_| Stop::Raised)?;
            } else {
                self.default(sink, raw)?;
            }
            return Ok(());
        };
        if e.open {
            return err(RECURSIVE_ENTITY);
        }
        match e.value {
            Some(v) => {
                self.open_entity(name, true, true);
                let r = self.entity_text(&v, self.phase, sink);
                self.open_entity(name, true, false);
                r
            }
            None => {
                let read = self.param_parsing == 2 || (self.param_parsing == 1 && !standalone);
                if read && sink.wants(Event::ExternalEntityRef) {
                    let base = self.base.clone();
                    let args = [
                        Arg::None,
                        Arg::Opt(base.as_deref()),
                        Arg::Opt(e.system.as_deref()),
                        Arg::Opt(e.public.as_deref()),
                    ];
                    self.open_entity(name, true, true);
                    let r = sink.call(Event::ExternalEntityRef, &args);
                    self.open_entity(name, true, false);
                    if r.map_err(|_| Stop::Raised)? == 0 {
                        return err(EXTERNAL_HANDLING);
                    }
                } else {
                    self.dtd().keep = standalone;
                    self.default(sink, raw)?;
                }
                Ok(())
            }
        }
    }
    fn open_entity(&self, name: &[u8], param: bool, open: bool) {
        let mut d = self.dtd();
        let t = if param { &mut d.param } else { &mut d.general };
        if let Some(e) = t.get_mut(name) {
            e.open = open;
        }
    }
    /// Parses the text of an entity by the steps of a phase.
    fn entity_text(&mut self, v: &[u8], phase: Phase, sink: &mut dyn Sink) -> Res<()> {
        self.indirect += v.len() as u64;
        let total = self.direct + self.indirect;
        if total > self.amp_threshold && total as f64 > self.max_amp * self.direct as f64 {
            return err(AMPLIFICATION);
        }
        if self.in_entity > 200 {
            return err(RECURSIVE_ENTITY);
        }
        let (old, floor) = (self.phase, self.floor);
        self.phase = phase;
        self.in_entity += 1;
        self.floor = self.stack.len();
        let mut i = 0;
        let r = loop {
            if i >= v.len() {
                break Ok(());
            }
            match self.step(v, i, true, sink) {
                Ok(Step::To(j)) => i = j,
                Ok(Step::More) => {
                    break err(if phase == Phase::Content { ASYNC_ENTITY } else { INCOMPLETE_PE });
                }
                Err(e) => break Err(e),
            }
        };
        let balanced = self.stack.len() == self.floor;
        self.in_entity -= 1;
        self.floor = floor;
        if r.is_ok() && (!balanced || self.phase == Phase::Cdata) {
            return err(ASYNC_ENTITY);
        }
        self.phase = if self.phase == Phase::Done { Phase::Done } else { old };
        r
    }
    fn entity_decl(
        &mut self,
        s: &[u8],
        raw: &[u8],
        subset: bool,
        sink: &mut dyn Sink,
    ) -> Result<(), (Stop, usize)> {
        let mut d = Decl { s, at: 0 };
        let code = |(at, c): (usize, u32)| (Stop::Code(c), at);
        d.need_space().map_err(code)?;
        let mut param = false;
        if s.get(d.at) == Some(&b'%') {
            param = true;
            d.at += 1;
            d.need_space().map_err(code)?;
        }
        let name = d.name().map_err(code)?;
        d.need_space().map_err(code)?;
        let mut e = Entity::default();
        if matches!(s.get(d.at), Some(b'"' | b'\'')) {
            let at = d.at + 1;
            let v = d.quoted().map_err(code)?;
            e.value = Some(self.entity_value(&v, subset).map_err(|c| (Stop::Code(c), at))?);
        } else {
            let (public, system) = d.external_id(true).map_err(code)?;
            if system.is_none() {
                return Err((Stop::Code(SYNTAX), d.at));
            }
            (e.system, e.public) = (system, public);
            let before = d.at;
            d.space();
            if s[d.at..].starts_with(b"NDATA") && !param && d.at > before {
                d.at += 5;
                d.need_space().map_err(code)?;
                e.notation = Some(d.name().map_err(code)?);
            }
        }
        d.space();
        if d.at != s.len() {
            return Err((Stop::Code(SYNTAX), d.at));
        }
        let base = self.base.clone();
        let keep = {
            let mut t = self.dtd();
            let keep = t.keep || !t.has_pe_refs || t.standalone;
            let table = if param { &mut t.param } else { &mut t.general };
            let new = !table.contains_key(&name);
            if keep && new && (param || predefined(&name).is_none()) {
                table.insert(name.clone(), e.clone());
            }
            new && (param || predefined(&name).is_none())
        };
        if !keep {
            return self.default(sink, raw).map_err(|e| (e, 0));
        }
        let r = if e.notation.is_some() && sink.wants(Event::UnparsedEntityDecl) {
            sink.call(
                Event::UnparsedEntityDecl,
                &[
                    Arg::Name(&name),
                    Arg::Opt(base.as_deref()),
                    Arg::Opt(e.system.as_deref()),
                    Arg::Opt(e.public.as_deref()),
                    Arg::Opt(e.notation.as_deref()),
                ],
            )
            .map(|_| ())
            .map_err(|_| Stop::Raised)
        } else if sink.wants(Event::EntityDecl) {
            sink.call(
                Event::EntityDecl,
                &[
                    Arg::Name(&name),
                    Arg::Int(param as i64),
                    Arg::Opt(e.value.as_deref()),
                    Arg::Opt(base.as_deref()),
                    Arg::Opt(e.system.as_deref()),
                    Arg::Opt(e.public.as_deref()),
                    Arg::Opt(e.notation.as_deref()),
                ],
            )
            .map(|_| ())
            .map_err(|_| Stop::Raised)
        } else {
            self.default(sink, raw)
        };
        r.map_err(|e| (e, 0))
    }
    /// The replacement text: character and parameter entity references are resolved.
    fn entity_value(&self, v: &[u8], subset: bool) -> Result<Vec<u8>, u32> {
        let v = normalize(v);
        let mut out = Vec::new();
        let mut i = 0;
        while i < v.len() {
            match v[i] {
                b'&' if v.get(i + 1) == Some(&b'#') => {
                    let (c, n) = char_ref(&v[i..]).map_err(|e| e.unwrap_or(INVALID_TOKEN))?;
                    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                    i += n;
                }
                b'&' => {
                    let n = name_len(&v[i + 1..]).map_err(|_| INVALID_TOKEN)?;
                    if v.get(i + 1 + n) != Some(&b';') {
                        return Err(INVALID_TOKEN);
                    }
                    out.extend_from_slice(&v[i..i + n + 2]);
                    i += n + 2;
                }
                b'%' => {
                    let n = name_len(&v[i + 1..]).map_err(|_| INVALID_TOKEN)?;
                    if v.get(i + 1 + n) != Some(&b';') {
                        return Err(INVALID_TOKEN);
                    }
                    if subset {
                        return Err(PARAM_ENTITY_REF);
                    }
                    let x = self.dtd().param.get(&v[i + 1..i + 1 + n]).and_then(|e| e.value.clone());
                    out.extend_from_slice(&x.unwrap_or_default());
                    i += n + 2;
                }
                c => {
                    out.push(c);
                    i += 1;
                }
            }
        }
        Ok(out)
    }
    fn notation_decl(&mut self, s: &[u8], raw: &[u8], sink: &mut dyn Sink) -> Result<(), (Stop, usize)> {
        let mut d = Decl { s, at: 0 };
        let code = |(at, c): (usize, u32)| (Stop::Code(c), at);
        d.need_space().map_err(code)?;
        let name = d.name().map_err(code)?;
        let (public, system) = d.external_id(false).map_err(code)?;
        d.space();
        if d.at != s.len() || (public.is_none() && system.is_none()) {
            return Err((Stop::Code(SYNTAX), d.at));
        }
        let base = self.base.clone();
        let args = [
            Arg::Name(&name),
            Arg::Opt(base.as_deref()),
            Arg::Opt(system.as_deref()),
            Arg::Opt(public.as_deref()),
        ];
        self.call(sink, Event::NotationDecl, &args, raw).map(|_| ()).map_err(|e| (e, 0))
    }
    fn element_decl(&mut self, s: &[u8], raw: &[u8], sink: &mut dyn Sink) -> Result<(), (Stop, usize)> {
        let mut d = Decl { s, at: 0 };
        let code = |(at, c): (usize, u32)| (Stop::Code(c), at);
        d.need_space().map_err(code)?;
        let name = d.name().map_err(code)?;
        d.need_space().map_err(code)?;
        let leaf = |kind| Model { kind, quant: 0, name: None, children: vec![] };
        let model = if s[d.at..].starts_with(b"EMPTY") {
            d.at += 5;
            leaf(1)
        } else if s[d.at..].starts_with(b"ANY") {
            d.at += 3;
            leaf(2)
        } else {
            d.group(0).map_err(code)?
        };
        d.space();
        if d.at != s.len() {
            return Err((Stop::Code(SYNTAX), d.at));
        }
        self.call(sink, Event::ElementDecl, &[Arg::Name(&name), Arg::Model(&model)], raw)
            .map(|_| ())
            .map_err(|e| (e, 0))
    }
    fn attlist_decl(&mut self, s: &[u8], raw: &[u8], sink: &mut dyn Sink) -> Result<(), (Stop, usize)> {
        let mut d = Decl { s, at: 0 };
        let code = |(at, c): (usize, u32)| (Stop::Code(c), at);
        d.need_space().map_err(code)?;
        let element = d.name().map_err(code)?;
        let mut called = false;
        loop {
            d.space();
            if d.at == s.len() {
                break;
            }
            let name = d.name().map_err(code)?;
            d.need_space().map_err(code)?;
            let from = d.at;
            let mut kind: Vec<u8>;
            if s.get(d.at) == Some(&b'(') {
                kind = d.enumeration().map_err(code)?;
            } else {
                kind = d.name().map_err(code)?;
                if kind == b"NOTATION" {
                    d.need_space().map_err(code)?;
                    kind.extend_from_slice(&d.enumeration().map_err(code)?);
                } else if !matches!(
                    &kind[..],
                    b"CDATA"
                        | b"ID"
                        | b"IDREF"
                        | b"IDREFS"
                        | b"ENTITY"
                        | b"ENTITIES"
                        | b"NMTOKEN"
                        | b"NMTOKENS"
                ) {
                    return Err((Stop::Code(SYNTAX), from));
                }
            }
            d.need_space().map_err(code)?;
            let mut required = false;
            let mut default = None;
            if s.get(d.at) == Some(&b'#') {
                let k =
                    s[d.at + 1..].iter().position(|c| !c.is_ascii_alphabetic()).unwrap_or(s.len() - d.at - 1);
                let kw = &s[d.at + 1..d.at + 1 + k];
                match kw {
                    b"REQUIRED" => required = true,
                    b"IMPLIED" => {}
                    b"FIXED" => {
                        d.at += 1 + k;
                        d.need_space().map_err(code)?;
                        required = true;
                        default = Some(d.quoted().map_err(code)?);
                    }
                    _ => return Err((Stop::Code(SYNTAX), d.at)),
                }
                if default.is_none() {
                    d.at += 1 + k;
                }
            } else {
                default = Some(d.quoted().map_err(code)?);
            }
            let cdata = kind == b"CDATA";
            let value = match &default {
                None => None,
                Some(v) => {
                    let at = d.at;
                    let mut out = Vec::new();
                    self.attribute_value(v, &mut out, 0).map_err(|e| (e, at))?;
                    Some(if cdata { out } else { collapse(&out) })
                }
            };
            {
                let mut t = self.dtd();
                if t.keep || !t.has_pe_refs || t.standalone {
                    let list = t.attlists.entry(element.clone()).or_default();
                    if !list.iter().any(|a| a.name == name) {
                        list.push(AttDef { name: name.clone(), cdata, default: value.clone() });
                    }
                }
            }
            if sink.wants(Event::AttlistDecl) {
                called = true;
                sink.call(
                    Event::AttlistDecl,
                    &[
                        Arg::Name(&element),
                        Arg::Name(&name),
                        Arg::Name(&kind),
                        Arg::Opt(value.as_deref()),
                        Arg::Int(required as i64),
                    ],
                )
                .map_err(|_| (Stop::Raised, 0))?;
            }
        }
        if !called {
            self.default(sink, raw).map_err(|e| (e, 0))?;
        }
        Ok(())
    }

    // -- content

    /// A run of text, by lines.
    fn characters(&mut self, b: &[u8], i: usize, end: usize, sink: &mut dyn Sink) -> Res<()> {
        if !sink.wants(Event::CharacterData) {
            return self.default(sink, &b[i..end]);
        }
        let mut from = i;
        let mut base = i;
        let mut k = i;
        while k < end {
            if b[k] == b'\n' || b[k] == b'\r' {
                if k > from {
                    sink.text(&b[from..k]).map_err(|_| Stop::Raised)?;
                }
                let w = if b[k] == b'\r' && b.get(k + 1) == Some(&b'\n') && k + 1 < end { 2 } else { 1 };
                self.place(sink, b, i, k);
                sink.text(b"\n").map_err(|_| Stop::Raised)?;
                k += w;
                from = k;
                base = k;
                if k < end {
                    self.place(sink, b, i, k);
                }
            } else {
                k += 1;
            }
        }
        let _ = base;
        if end > from {
            sink.text(&b[from..end]).map_err(|_| Stop::Raised)?;
        }
        Ok(())
    }
    fn content(&mut self, b: &[u8], i: usize, last: bool, sink: &mut dyn Sink) -> Res<Step> {
        let s = &b[i..];
        if s.is_empty() {
            return Ok(Step::To(i));
        }
        if self.external
            && self.in_entity == 0
            && i == 0
            && self.byte == 0
            && s.starts_with(b"<?xml")
            && s.get(5).is_none_or(|c| is_space(*c))
        {
            return self.xml_decl(b, i, true, sink);
        }
        match s[0] {
            b'<' => {}
            b'&' => return self.reference(b, i, sink),
            _ => {
                // Text up to markup.
                let mut k = 0;
                loop {
                    k = skip(s, k, TEXT);
                    let Some(&c) = s.get(k) else { break };
                    if c == b'<' || c == b'&' {
                        break;
                    }
                    if c == b']' {
                        if s[k..].starts_with(b"]]>") {
                            if k > 0 {
                                break;
                            }
                            return self.bad(sink, b, i, i + 2, INVALID_TOKEN);
                        }
                        if !last && k + 3 > s.len() && s[k..].iter().all(|c| *c == b']') {
                            break;
                        }
                    }
                    if c == b']' {
                        k += 1;
                        continue;
                    }
                    if c == b'\r' && k + 1 == s.len() && !last {
                        break;
                    }
                    match next_char(&s[k..]) {
                        Ok((_, n)) => k += n,
                        Err(true) if !last => break,
                        Err(true) => break,
                        Err(false) => {
                            if k > 0 {
                                break;
                            }
                            return self.bad(sink, b, i, i + k, INVALID_TOKEN);
                        }
                    }
                }
                if k == 0 {
                    return Ok(Step::More);
                }
                self.characters(b, i, i + k, sink)?;
                return Ok(Step::To(i + k));
            }
        }
        if s.len() < 2 {
            return Ok(Step::More);
        }
        match s[1] {
            b'/' => return self.end_tag(b, i, sink),
            b'?' => {
                return match self.comment_or_pi(b, i, sink)? {
                    Some(r) => Ok(r),
                    None => Ok(Step::More),
                };
            }
            b'!' => {
                if s.starts_with(b"<!--") {
                    return Ok(self.comment_or_pi(b, i, sink)?.unwrap_or(Step::More));
                }
                if s.starts_with(b"<![CDATA[") {
                    self.phase = Phase::Cdata;
                    self.call(sink, Event::StartCdataSection, &[], &s[..9])?;
                    return Ok(Step::To(i + 9));
                }
                if s.len() < 9 && (b"<![CDATA[".starts_with(s) || b"<!--".starts_with(s)) {
                    return Ok(Step::More);
                }
                let k = if s.get(2) == Some(&b'-') {
                    3
                } else if s.get(2) == Some(&b'[') {
                    3
                } else {
                    2
                };
                return self.bad(sink, b, i, i + k, INVALID_TOKEN);
            }
            _ => {}
        }
        self.start_tag(b, i, sink)
    }
    fn cdata(&mut self, b: &[u8], i: usize, last: bool, sink: &mut dyn Sink) -> Res<Step> {
        let s = &b[i..];
        if s.starts_with(b"]]>") {
            self.phase = Phase::Content;
            self.call(sink, Event::EndCdataSection, &[], &s[..3])?;
            return Ok(Step::To(i + 3));
        }
        let mut k = 0;
        while k < s.len() {
            if s[k] == b']' {
                if s[k..].starts_with(b"]]>") || (k + 3 > s.len() && s[k..].iter().all(|c| *c == b']')) {
                    break;
                }
                k += 1;
                continue;
            }
            if s[k] == b'\r' && k + 1 == s.len() && !last {
                break;
            }
            match next_char(&s[k..]) {
                Ok((_, n)) => k += n,
                Err(true) => break,
                Err(false) => {
                    if k > 0 {
                        break;
                    }
                    return err(INVALID_TOKEN);
                }
            }
        }
        if k == 0 {
            return Ok(Step::More);
        }
        self.characters(b, i, i + k, sink)?;
        Ok(Step::To(i + k))
    }
    fn reference(&mut self, b: &[u8], i: usize, sink: &mut dyn Sink) -> Res<Step> {
        let s = &b[i..];
        if s.len() < 2 {
            return Ok(Step::More);
        }
        if s[1] == b'#' {
            let end = s.iter().position(|c| *c == b';');
            return match char_ref(s) {
                Ok((c, n)) => {
                    let t = c.to_string();
                    if sink.wants(Event::CharacterData) {
                        sink.text(t.as_bytes()).map_err(|_| Stop::Raised)?;
                    } else {
                        self.default(sink, &s[..n])?;
                    }
                    Ok(Step::To(i + n))
                }
                Err(Some(c)) => {
                    let _ = end;
                    err(c)
                }
                Err(None) => {
                    let k = 2 + s[2..].iter().position(|c| !c.is_ascii_alphanumeric()).unwrap_or(s.len() - 2);
                    if k >= s.len() { Ok(Step::More) } else { self.bad(sink, b, i, i + k, INVALID_TOKEN) }
                }
            };
        }
        let n = match name_len(&s[1..]) {
            Ok(n) => n,
            Err((_, true)) => return Ok(Step::More),
            Err((_, false)) => return self.bad(sink, b, i, i + 1, INVALID_TOKEN),
        };
        match s.get(1 + n) {
            None => return Ok(Step::More),
            Some(b';') => {}
            Some(_) => return self.bad(sink, b, i, i + 1 + n, INVALID_TOKEN),
        }
        let name = s[1..1 + n].to_vec();
        let raw = s[..n + 2].to_vec();
        let next = Step::To(i + n + 2);
        if let Some(c) = predefined(&name) {
            if sink.wants(Event::CharacterData) {
                sink.text(&[c]).map_err(|_| Stop::Raised)?;
            } else {
                self.default(sink, &raw)?;
            }
            return Ok(next);
        }
        let (e, strict) = {
            let d = self.dtd();
            (d.general.get(&name).cloned(), !d.has_pe_refs || d.standalone)
        };
        let Some(e) = e else {
            if strict {
                return err(UNDEFINED_ENTITY);
            }
            if sink.wants(Event::SkippedEntity) {
                sink.call(Event::SkippedEntity, &[Arg::Name(&name), Arg::Int(0)])
                    .map_err(|_| Stop::Raised)?;
            } else {
                self.default(sink, &raw)?;
            }
            return Ok(next);
        };
        if e.open {
            return err(RECURSIVE_ENTITY);
        }
        if e.notation.is_some() {
            return err(BINARY_ENTITY);
        }
        if let Some(v) = &e.value {
            // With a plain default handler internal entities are not expanded.
            if sink.wants(Event::Default) {
                if sink.wants(Event::SkippedEntity) {
                    sink.call(Event::SkippedEntity, &[Arg::Name(&name), Arg::Int(0)])
                        .map_err(|_| Stop::Raised)?;
                } else {
                    self.default(sink, &raw)?;
                }
                return Ok(next);
            }
            self.open_entity(&name, false, true);
            let r = self.entity_text(v, Phase::Content, sink);
            self.open_entity(&name, false, false);
            r?;
            return Ok(next);
        }
        if sink.wants(Event::ExternalEntityRef) {
            let context = self.context(&name);
            let base = self.base.clone();
            let args = [
                Arg::Text(&context),
                Arg::Opt(base.as_deref()),
                Arg::Opt(e.system.as_deref()),
                Arg::Opt(e.public.as_deref()),
            ];
            self.open_entity(&name, false, true);
            let r = sink.call(Event::ExternalEntityRef, &args);
            self.open_entity(&name, false, false);
            if r.map_err(|_| Stop::Raised)? == 0 {
                return err(EXTERNAL_HANDLING);
            }
        } else {
            self.default(sink, &raw)?;
        }
        Ok(next)
    }
    /// What an external entity parser is told: namespace bindings and open entities.
    fn context(&self, name: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        if self.ns.is_some() {
            for (p, u) in &self.bindings {
                if let Some(u) = u {
                    if !out.is_empty() {
                        out.push(b'\x0c');
                    }
                    out.extend_from_slice(p);
                    out.push(b'=');
                    out.extend_from_slice(u);
                }
            }
        }
        if !out.is_empty() {
            out.push(b'\x0c');
        }
        out.extend_from_slice(name);
        out
    }
    /// Resolves references and normalises whitespace.
    fn attribute_value(&mut self, v: &[u8], out: &mut Vec<u8>, depth: u32) -> Res<()> {
        let mut i = 0;
        while i < v.len() {
            match v[i] {
                b'&' if v.get(i + 1) == Some(&b'#') => match char_ref(&v[i..]) {
                    Ok((c, n)) => {
                        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                        i += n;
                    }
                    Err(e) => return err(e.unwrap_or(INVALID_TOKEN)),
                },
                b'&' => {
                    let Ok(n) = name_len(&v[i + 1..]) else { return err(INVALID_TOKEN) };
                    if v.get(i + 1 + n) != Some(&b';') {
                        return err(INVALID_TOKEN);
                    }
                    let name = v[i + 1..i + 1 + n].to_vec();
                    i += n + 2;
                    if let Some(c) = predefined(&name) {
                        out.push(c);
                        continue;
                    }
                    let (e, strict) = {
                        let d = self.dtd();
                        (d.general.get(&name).cloned(), !d.has_pe_refs || d.standalone)
                    };
                    let Some(e) = e else {
                        if strict {
                            return err(UNDEFINED_ENTITY);
                        }
                        continue;
                    };
                    if e.open || depth > 200 {
                        return err(RECURSIVE_ENTITY);
                    }
                    if e.notation.is_some() {
                        return err(BINARY_ENTITY);
                    }
                    let Some(t) = e.value else { return err(ATTRIBUTE_EXTERNAL) };
                    if t.contains(&b'<') {
                        return err(INVALID_TOKEN);
                    }
                    self.indirect += t.len() as u64;
                    let total = self.direct + self.indirect;
                    if total > self.amp_threshold && total as f64 > self.max_amp * self.direct as f64 {
                        return err(AMPLIFICATION);
                    }
                    self.open_entity(&name, false, true);
                    let r = self.attribute_value(&t, out, depth + 1);
                    self.open_entity(&name, false, false);
                    r?;
                }
                b'\r' => {
                    out.push(b' ');
                    i += if v.get(i + 1) == Some(&b'\n') { 2 } else { 1 };
                }
                b'\n' | b'\t' => {
                    out.push(b' ');
                    i += 1;
                }
                c => {
                    out.push(c);
                    i += 1;
                }
            }
        }
        Ok(())
    }

    fn start_tag(&mut self, b: &[u8], i: usize, sink: &mut dyn Sink) -> Res<Step> {
        let s = &b[i..];
        let n = match name_len(&s[1..]) {
            Ok(n) => n,
            Err((_, true)) => return Ok(Step::More),
            Err((k, false)) => return self.bad(sink, b, i, i + 1 + k, INVALID_TOKEN),
        };
        if self.ns.is_some() && s[1..1 + n].iter().filter(|c| **c == b':').count() > 1 {
            let first = s[1..1 + n].iter().position(|c| *c == b':').unwrap();
            let second = s[1..1 + n].iter().skip(first + 1).position(|c| *c == b':').unwrap();
            return self.bad(sink, b, i, i + 1 + first + 1 + second, INVALID_TOKEN);
        }
        // Name and value ranges.
        let mut attrs: Vec<(usize, usize, usize, usize)> = Vec::new();
        let mut k = 1 + n;
        let empty;
        loop {
            let j = skip_space(s, k);
            match s.get(j) {
                None => return Ok(Step::More),
                Some(b'>') => {
                    empty = false;
                    k = j + 1;
                    break;
                }
                Some(b'/') => match s.get(j + 1) {
                    None => return Ok(Step::More),
                    Some(b'>') => {
                        empty = true;
                        k = j + 2;
                        break;
                    }
                    Some(_) => return self.bad(sink, b, i, i + j + 1, INVALID_TOKEN),
                },
                Some(_) if j == k => return self.bad(sink, b, i, i + j, INVALID_TOKEN),
                Some(_) => {}
            }
            let m = match name_len(&s[j..]) {
                Ok(m) => m,
                Err((_, true)) => return Ok(Step::More),
                Err((x, false)) => return self.bad(sink, b, i, i + j + x, INVALID_TOKEN),
            };
            let eq = skip_space(s, j + m);
            match s.get(eq) {
                None => return Ok(Step::More),
                Some(b'=') => {}
                Some(_) => return self.bad(sink, b, i, i + eq, INVALID_TOKEN),
            }
            let q = skip_space(s, eq + 1);
            let quote = match s.get(q) {
                None => return Ok(Step::More),
                Some(c @ (b'"' | b'\'')) => *c,
                Some(_) => return self.bad(sink, b, i, i + q, INVALID_TOKEN),
            };
            let mut e = q + 1;
            loop {
                e = skip(s, e, VALUE);
                match s.get(e) {
                    None => return Ok(Step::More),
                    Some(c) if *c == quote => break,
                    Some(b'<') => return self.bad(sink, b, i, i + e, INVALID_TOKEN),
                    Some(b'&') => {
                        // References must be whole.
                        let mut x = e + 1;
                        if s.get(x) == Some(&b'#') {
                            x += 1;
                        }
                        while s
                            .get(x)
                            .is_some_and(|c| c.is_ascii_alphanumeric() || *c >= 0x80 || b"_:.-".contains(c))
                        {
                            x += 1;
                        }
                        match s.get(x) {
                            None => return Ok(Step::More),
                            Some(b';') if x > e + 1 => e = x + 1,
                            Some(_) => return self.bad(sink, b, i, i + x, INVALID_TOKEN),
                        }
                    }
                    Some(c) if (0x20..0x80).contains(c) => e += 1,
                    Some(_) => match next_char(&s[e..]) {
                        Ok((_, w)) => e += w,
                        Err(true) => return Ok(Step::More),
                        Err(false) => return self.bad(sink, b, i, i + e, INVALID_TOKEN),
                    },
                }
            }
            attrs.push((j, j + m, q + 1, e));
            k = e + 1;
        }
        let raw_name = &s[1..1 + n];
        let defs = {
            let d = self.dtd();
            if d.attlists.is_empty() { None } else { d.attlists.get(raw_name).cloned() }
        };
        let mut list: Attrs = Vec::with_capacity(attrs.len());
        for (x, (a, z, v, e)) in attrs.iter().enumerate() {
            let name = &s[*a..*z];
            if attrs[..x].iter().any(|(a2, z2, _, _)| &s[*a2..*z2] == name) {
                return self.bad(sink, b, i, i + a, DUPLICATE_ATTRIBUTE);
            }
            let val = &s[*v..*e];
            let simple = !val.iter().any(|c| matches!(c, b'&' | b'\n' | b'\r' | b'\t'));
            let mut out = Cow::Borrowed(val);
            if !simple {
                let mut v = Vec::new();
                self.attribute_value(val, &mut v, 0)?;
                out = Cow::Owned(v);
            }
            if let Some(d) = defs.as_ref().and_then(|d| d.iter().find(|d| d.name == name))
                && !d.cdata
            {
                out = Cow::Owned(collapse(&out));
            }
            list.push((Cow::Borrowed(name), out));
        }
        let specified = list.len();
        if let Some(d) = &defs {
            for d in d {
                if let Some(v) = &d.default
                    && !list.iter().any(|a| a.0 == d.name)
                {
                    list.push((Cow::Owned(d.name.clone()), Cow::Owned(v.clone())));
                }
            }
        }
        let mut bound = 0;
        let mut name = Cow::Borrowed(raw_name);
        let mut specified = specified;
        let plain =
            self.bindings.len() == 1 && !list.iter().any(|a| a.0.contains(&b':') || *a.0 == *b"xmlns");
        if plain && self.ns.is_some() && !raw_name.contains(&b':') {
            // No prefix, no declaration.
        } else if let Some(sep) = self.ns {
            // Declarations first.
            let mut kept = Vec::with_capacity(list.len());
            let mut spec = 0;
            for (x, (an, av)) in list.into_iter().enumerate() {
                let prefix = if *an == *b"xmlns" {
                    Some(vec![])
                } else {
                    an.strip_prefix(b"xmlns:").map(|p| p.to_vec())
                };
                match prefix {
                    Some(p) => {
                        self.bind(p, av.into_owned(), sink)?;
                        bound += 1;
                    }
                    None => {
                        if x < specified {
                            spec += 1;
                        }
                        kept.push((an, av));
                    }
                }
            }
            specified = spec;
            let mut out: Attrs = Vec::with_capacity(kept.len());
            for (an, av) in kept {
                let full = if an.contains(&b':') { Cow::Owned(self.expand(&an, sep, false)?) } else { an };
                if out.iter().any(|o| o.0 == full) {
                    return err(DUPLICATE_ATTRIBUTE);
                }
                out.push((full, av));
            }
            list = out;
            name = Cow::Owned(self.expand(raw_name, sep, true)?);
        }
        if sink.wants(Event::StartElement) {
            sink.start_element(&name, &list, specified).map_err(|_| Stop::Raised)?;
        } else {
            self.default(sink, &s[..k])?;
        }
        let name = match name {
            Cow::Owned(n) if n != raw_name => Some(n),
            _ => None,
        };
        self.stack.push(Open { at: self.names.len(), name, bindings: bound });
        self.names.extend_from_slice(raw_name);
        if empty {
            self.place(sink, b, i, i + k);
            self.close(&[], sink)?;
        }
        Ok(Step::To(i + k))
    }
    fn bind(&mut self, prefix: Vec<u8>, uri: Vec<u8>, sink: &mut dyn Sink) -> Res<()> {
        const XML: &[u8] = b"http://www.w3.org/XML/1998/namespace";
        const XMLNS: &[u8] = b"http://www.w3.org/2000/xmlns/";
        if prefix == b"xmlns" {
            return err(RESERVED_XMLNS);
        }
        if prefix == b"xml" && uri != XML {
            return err(RESERVED_XML);
        }
        if uri.is_empty() && !prefix.is_empty() {
            return err(UNDECLARING_PREFIX);
        }
        if uri == XMLNS || (uri == XML && prefix != b"xml") {
            return err(RESERVED_URI);
        }
        if self.ns.is_some_and(|c| c != 0 && uri.contains(&c) && !is_uri_char(c)) {
            return err(SYNTAX);
        }
        if sink.wants(Event::StartNamespaceDecl) {
            let p = if prefix.is_empty() { None } else { Some(&prefix[..]) };
            let u = if uri.is_empty() { None } else { Some(&uri[..]) };
            sink.call(Event::StartNamespaceDecl, &[Arg::Opt(p), Arg::Opt(u)]).map_err(|_| Stop::Raised)?;
        }
        self.bindings.push((prefix, if uri.is_empty() { None } else { Some(uri) }));
        Ok(())
    }
    /// `uri sep local (sep prefix)`
    fn expand(&self, name: &[u8], sep: u8, element: bool) -> Res<Vec<u8>> {
        let (prefix, local) = match name.iter().position(|c| *c == b':') {
            Some(i) => (&name[..i], &name[i + 1..]),
            None => (&b""[..], name),
        };
        if prefix.is_empty() && !element {
            return Ok(name.to_vec());
        }
        let uri = self.bindings.iter().rev().find(|b| b.0 == prefix).map(|b| b.1.clone());
        match uri {
            Some(Some(u)) => {
                let mut out = u;
                if sep != 0 {
                    out.push(sep);
                }
                out.extend_from_slice(local);
                if self.triplets && !prefix.is_empty() && sep != 0 {
                    out.push(sep);
                    out.extend_from_slice(prefix);
                }
                Ok(out)
            }
            _ if prefix.is_empty() => Ok(name.to_vec()),
            _ => err(UNBOUND_PREFIX),
        }
    }
    fn close(&mut self, raw: &[u8], sink: &mut dyn Sink) -> Res<()> {
        let Some(o) = self.stack.pop() else { return err(TAG_MISMATCH) };
        let at = o.at;
        if sink.wants(Event::EndElement) {
            let name = o.name.as_deref().unwrap_or(&self.names[at..]);
            let r = sink.call(Event::EndElement, &[Arg::Name(name)]);
            self.names.truncate(at);
            r.map_err(|_| Stop::Raised)?;
        } else {
            self.names.truncate(at);
            if !raw.is_empty() {
                self.default(sink, raw)?;
            }
        }
        for _ in 0..o.bindings {
            let (p, _) = self.bindings.pop().expect("bound by this element");
            if sink.wants(Event::EndNamespaceDecl) {
                let p = if p.is_empty() { None } else { Some(&p[..]) };
                sink.call(Event::EndNamespaceDecl, &[Arg::Opt(p)]).map_err(|_| Stop::Raised)?;
            }
        }
        if self.stack.is_empty() && !self.external && self.in_entity == 0 {
            self.phase = Phase::Epilog;
        }
        Ok(())
    }
    fn end_tag(&mut self, b: &[u8], i: usize, sink: &mut dyn Sink) -> Res<Step> {
        let s = &b[i..];
        let n = match name_len(&s[2..]) {
            Ok(n) => n,
            Err((_, true)) => return Ok(Step::More),
            Err((k, false)) => return self.bad(sink, b, i, i + 2 + k, INVALID_TOKEN),
        };
        let e = skip_space(s, 2 + n);
        match s.get(e) {
            None => return Ok(Step::More),
            Some(b'>') => {}
            Some(_) => return self.bad(sink, b, i, i + e, INVALID_TOKEN),
        }
        if self.stack.len() <= self.floor {
            return err(ASYNC_ENTITY);
        }
        match self.stack.last() {
            Some(o) if self.names[o.at..] == s[2..2 + n] => {}
            _ => return self.bad(sink, b, i, i + 2, TAG_MISMATCH),
        }
        self.close(&s[..e + 1], sink)?;
        Ok(Step::To(i + e + 1))
    }
}

/// Spaces, quoted texts and words, as the default handler gets them in a document type declaration.
fn tokens(s: &[u8]) -> Vec<&[u8]> {
    let mut out = Vec::new();
    let mut i = 0;
    while i < s.len() {
        let from = i;
        match s[i] {
            c if is_space(c) => i = skip_space(s, i),
            q @ (b'"' | b'\'') => {
                i += 1;
                while i < s.len() && s[i] != q {
                    i += 1;
                }
                i = (i + 1).min(s.len());
            }
            b'[' => i += 1,
            _ => {
                while i < s.len() && !is_space(s[i]) && !matches!(s[i], b'"' | b'\'' | b'[') {
                    i += 1;
                }
            }
        }
        out.push(&s[from..i]);
    }
    out
}
fn is_uri_char(c: u8) -> bool {
    c.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&c)
}
/// Where a character is that XML does not have.
fn invalid_char(s: &[u8]) -> Option<usize> {
    let mut i = 0;
    while i < s.len() {
        match next_char(&s[i..]) {
            Ok((_, n)) => i += n,
            Err(true) => return None,
            Err(false) => return Some(i),
        }
    }
    None
}
/// `&#...;`: the character and the length. `Err(None)`: syntax or cut off.
fn char_ref(s: &[u8]) -> Result<(char, usize), Option<u32>> {
    let end = s.iter().position(|c| *c == b';').ok_or(None)?;
    let d = &s[2..end];
    let (d, base) = match d.first() {
        Some(b'x') => (&d[1..], 16),
        _ => (d, 10),
    };
    if d.is_empty() || !d.iter().all(|c| (*c as char).is_digit(base)) {
        return Err(None);
    }
    let mut n = 0u32;
    for c in d {
        n = n * base + (*c as char).to_digit(base).unwrap();
        if n > 0x10ffff {
            return Err(Some(BAD_CHAR_REF));
        }
    }
    let c = char::from_u32(n).ok_or(Some(BAD_CHAR_REF))?;
    if n == 0xfffe || n == 0xffff || (n < 0x20 && !matches!(n, 9 | 10 | 13)) {
        return Err(Some(BAD_CHAR_REF));
    }
    Ok((c, end + 1))
}
/// Runs of spaces become one, none at the ends.
fn collapse(s: &[u8]) -> Vec<u8> {
    let words: Vec<&[u8]> = s.split(|c| *c == b' ').filter(|w| !w.is_empty()).collect();
    words.join(&b' ')
}

/// The text of a declaration, being read.
struct Decl<'a> {
    s: &'a [u8],
    at: usize,
}
type DRes<T> = Result<T, (usize, u32)>;

impl Decl<'_> {
    fn space(&mut self) -> bool {
        let j = skip_space(self.s, self.at);
        let moved = j > self.at;
        self.at = j;
        moved
    }
    fn need_space(&mut self) -> DRes<()> {
        if self.space() {
            Ok(())
        } else {
            Err((self.at, if self.at < self.s.len() { INVALID_TOKEN } else { SYNTAX }))
        }
    }
    fn name(&mut self) -> DRes<Vec<u8>> {
        match name_len(&self.s[self.at..]) {
            Ok(n) => {
                let v = self.s[self.at..self.at + n].to_vec();
                self.at += n;
                Ok(v)
            }
            Err((n, true)) if n > 0 => {
                let v = self.s[self.at..self.at + n].to_vec();
                self.at += n;
                Ok(v)
            }
            Err((n, _)) => Err((self.at + n, SYNTAX)),
        }
    }
    fn quoted(&mut self) -> DRes<Vec<u8>> {
        let q = match self.s.get(self.at) {
            Some(c @ (b'"' | b'\'')) => *c,
            _ => return Err((self.at, SYNTAX)),
        };
        let Some(e) = self.s[self.at + 1..].iter().position(|c| *c == q) else {
            return Err((self.at, SYNTAX));
        };
        let v = self.s[self.at + 1..self.at + 1 + e].to_vec();
        self.at += e + 2;
        Ok(v)
    }
    /// `SYSTEM "s"`, `PUBLIC "p" "s"`, or nothing: (public, system). For notations the system part may be missing.
    fn external_id(&mut self, need_system: bool) -> DRes<(Option<Vec<u8>>, Option<Vec<u8>>)> {
        let from = self.at;
        self.space();
        let s = &self.s[self.at..];
        if s.starts_with(b"SYSTEM") {
            self.at += 6;
            self.need_space()?;
            return Ok((None, Some(self.quoted()?)));
        }
        if s.starts_with(b"PUBLIC") {
            self.at += 6;
            self.need_space()?;
            let at = self.at;
            let p = self.quoted()?;
            if let Some(k) =
                p.iter().position(|c| !(c.is_ascii_alphanumeric() || b" \r\n-'()+,./:=?;!*#@$_%".contains(c)))
            {
                return Err((at + 1 + k, PUBLICID));
            }
            let p = collapse(&p.iter().map(|c| if is_space(*c) { b' ' } else { *c }).collect::<Vec<u8>>());
            let spaced = self.space();
            if matches!(self.s.get(self.at), Some(b'"' | b'\'')) {
                if !spaced {
                    return Err((self.at, SYNTAX));
                }
                return Ok((Some(p), Some(self.quoted()?)));
            }
            return if need_system { Err((self.at, SYNTAX)) } else { Ok((Some(p), None)) };
        }
        self.at = from;
        Ok((None, None))
    }
    fn quantifier(&mut self) -> i64 {
        let q = match self.s.get(self.at) {
            Some(b'?') => 1,
            Some(b'*') => 2,
            Some(b'+') => 3,
            _ => return 0,
        };
        self.at += 1;
        q
    }
    fn group(&mut self, depth: u32) -> DRes<Model> {
        if depth > 2000 {
            return Err((self.at, DEEP));
        }
        if self.s.get(self.at) != Some(&b'(') {
            return Err((self.at, SYNTAX));
        }
        self.at += 1;
        self.space();
        if self.s[self.at..].starts_with(b"#PCDATA") {
            self.at += 7;
            let mut m = Model { kind: 3, quant: 0, name: None, children: vec![] };
            loop {
                self.space();
                match self.s.get(self.at) {
                    Some(b'|') => {
                        self.at += 1;
                        self.space();
                        let n = self.name()?;
                        m.children.push(Model { kind: 4, quant: 0, name: Some(n), children: vec![] });
                    }
                    Some(b')') => {
                        self.at += 1;
                        break;
                    }
                    _ => return Err((self.at, SYNTAX)),
                }
            }
            m.quant = self.quantifier();
            return Ok(m);
        }
        let mut m = Model { kind: 6, quant: 0, name: None, children: vec![] };
        let mut sep = 0u8;
        loop {
            self.space();
            if self.s.get(self.at) == Some(&b'(') {
                m.children.push(self.group(depth + 1)?);
            } else {
                let n = self.name()?;
                let q = self.quantifier();
                m.children.push(Model { kind: 4, quant: q, name: Some(n), children: vec![] });
            }
            self.space();
            match self.s.get(self.at) {
                Some(c @ (b',' | b'|')) if sep == 0 || sep == *c => {
                    sep = *c;
                    self.at += 1;
                }
                Some(b')') => {
                    self.at += 1;
                    break;
                }
                _ => return Err((self.at, SYNTAX)),
            }
        }
        if sep == b'|' {
            m.kind = 5;
        }
        m.quant = self.quantifier();
        Ok(m)
    }
    fn enumeration(&mut self) -> DRes<Vec<u8>> {
        if self.s.get(self.at) != Some(&b'(') {
            return Err((self.at, SYNTAX));
        }
        let mut out = b"(".to_vec();
        self.at += 1;
        loop {
            self.space();
            let from = self.at;
            while self.at < self.s.len() {
                match next_char(&self.s[self.at..]) {
                    Ok((c, n)) if is_name_char(c) => self.at += n,
                    _ => break,
                }
            }
            if self.at == from {
                return Err((self.at, SYNTAX));
            }
            out.extend_from_slice(&self.s[from..self.at]);
            self.space();
            match self.s.get(self.at) {
                Some(b'|') => {
                    out.push(b'|');
                    self.at += 1;
                }
                Some(b')') => {
                    out.push(b')');
                    self.at += 1;
                    return Ok(out);
                }
                _ => return Err((self.at, SYNTAX)),
            }
        }
    }
}
