//! The XML parser: incremental, without objects. It checks what expat checks, with expat's error codes, and tells a
//! [`Sink`] what it finds.
//!
//! Input accumulates in `buf` as UTF-8. A step consumes one whole token (or a run of text) or says that more is needed.
//! Entities are parsed from their text by the same steps.

mod content;
mod dtd;
mod prolog;
mod text;

use super::input::*;
use adder_vm::sync::lock;
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
use dtd::Decl;
use text::*;

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
        lock(&self.dtd)
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
}
