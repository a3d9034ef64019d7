//! `pyexpat`: the parser object, its handlers and its errors.
//!
//! # Invariants
//! - The kernel's state is used by the thread that parses (`busy`, `owner`); what handlers may ask meanwhile
//!   (position, context) is kept in the object. What has memory of its own is reached by [`with_state`] from
//!   elsewhere: under the object's lock, and not while another thread parses. Of a flag or a number any value
//!   will do.
//! - `st` is set before anybody else has the object, and freed with it. `of` is given receivers of the
//!   parser's methods and what `make` made. Handlers are the slots `h0 .. h21` in the order of [`Event`].

use super::parser::{Arg, Event, Model, Parser, Sink, Stop, code};
use adder_text::room;
use adder_vm::builtins::exceptions as exc;
use adder_vm::builtins::{buffer::Buffer, bytes, codecs, int, list, module, object};
use adder_vm::err::{R, Raised};
use adder_vm::n;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::Slots;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicPtr, AtomicU64, AtomicUsize, Ordering::*};

const HANDLERS: usize = 22;
const NAMES: [&str; HANDLERS] = [
    "StartElementHandler",
    "EndElementHandler",
    "ProcessingInstructionHandler",
    "CharacterDataHandler",
    "UnparsedEntityDeclHandler",
    "NotationDeclHandler",
    "StartNamespaceDeclHandler",
    "EndNamespaceDeclHandler",
    "CommentHandler",
    "StartCdataSectionHandler",
    "EndCdataSectionHandler",
    "DefaultHandler",
    "DefaultHandlerExpand",
    "NotStandaloneHandler",
    "ExternalEntityRefHandler",
    "StartDoctypeDeclHandler",
    "EndDoctypeDeclHandler",
    "EntityDeclHandler",
    "XmlDeclHandler",
    "ElementDeclHandler",
    "AttlistDeclHandler",
    "SkippedEntityHandler",
];

#[repr(C)]
pub struct XmlParser {
    h: adder_vm::heap::Header,
    handlers: [Slot; HANDLERS],
    intern: Slot,
    st: AtomicPtr<PState>,
    busy: AtomicBool,
    /// The thread that parses, while `busy`.
    owner: AtomicU64,
    in_callback: AtomicBool,
    buffer_text: AtomicBool,
    ordered: AtomicBool,
    specified: AtomicBool,
    prefixes: AtomicBool,
    line: AtomicU64,
    column: AtomicU64,
    byte: AtomicI64,
    rest: AtomicUsize,
    rest_len: AtomicUsize,
    buffer_size: AtomicI64,
}
struct PState {
    parser: Parser,
    text: Vec<u8>,
}
impl XmlParser {
    const SIZE: u32 = size_of::<XmlParser>() as u32;
    fn of(v: Value) -> Gc<XmlParser> {
        unsafe { v.cast_unchecked() }
    }
    unsafe fn trace(o: adder_vm::heap::Obj, t: &mut adder_vm::heap::Tracer) {
        let x = unsafe { &*(o.as_ptr() as *const XmlParser) };
        for s in &x.handlers {
            t.slot(s.as_ptr());
        }
        t.slot(x.intern.as_ptr());
    }
}
#[allow(clippy::mut_from_ref)]
fn state<'a>(p: Gc<XmlParser>) -> &'a mut PState {
    // SAFETY: see the module's invariants.
    unsafe { &mut *p.st.load(Acquire) }
}
/// For changes of what has memory of its own. No Python code and no allocation in the heap in `f`.
fn with_state<T>(th: Th, p: Gc<XmlParser>, f: impl FnOnce(&mut PState) -> T) -> R<T> {
    {
        let _g = th.lock(p);
        if !p.busy.load(Acquire) || p.owner.load(Relaxed) == th.ident {
            return Ok(f(state(p)));
        }
    }
    Err(parsing(th))
}
#[cold]
fn parsing(th: Th) -> Raised {
    th.runtime_error("the parser is already parsing")
}

pub static MODULE: NativeModule = NativeModule {
    name: "pyexpat",
    doc: "Python wrapper for Expat parser.",
    functions: &[
        function(
            "ParserCreate",
            "($module, /, encoding=None, namespace_separator=None,\n             intern=<unrepresentable>)",
            "Return a new XML parser object.",
            parser_create,
        ),
        function("ErrorString", "($module, code, /)", "Returns string error for given number.", |th, a| {
            let c = int_arg(th, a[0].unwrap())?;
            Ok(match message(c) {
                Some(m) => th.str(m),
                None => NONE(),
            })
        }),
    ],
    types: &[&PARSER],
    init: Some(init),
};

static EXPAT_ERROR: TypeCell = TypeCell::new({
    const T: &NativeType = &NativeType {
        name: "xml.parsers.expat.ExpatError",
        kind: Kind::BaseException,
        size: size_of::<BaseException>() as u32,
        flags: exc::BASE_EXCEPTION_TYPE.flags & !tflags::IMMUTABLE | tflags::WEAKREF | tflags::SHOWN_AS_HEAP,
        base: Some(&exc::EXCEPTION),
        ..NativeType::DEFAULT
    };
    T
});

const ERRORS: [(&str, &str); 44] = [
    ("NO_MEMORY", "out of memory"),
    ("SYNTAX", "syntax error"),
    ("NO_ELEMENTS", "no element found"),
    ("INVALID_TOKEN", "not well-formed (invalid token)"),
    ("UNCLOSED_TOKEN", "unclosed token"),
    ("PARTIAL_CHAR", "partial character"),
    ("TAG_MISMATCH", "mismatched tag"),
    ("DUPLICATE_ATTRIBUTE", "duplicate attribute"),
    ("JUNK_AFTER_DOC_ELEMENT", "junk after document element"),
    ("PARAM_ENTITY_REF", "illegal parameter entity reference"),
    ("UNDEFINED_ENTITY", "undefined entity"),
    ("RECURSIVE_ENTITY_REF", "recursive entity reference"),
    ("ASYNC_ENTITY", "asynchronous entity"),
    ("BAD_CHAR_REF", "reference to invalid character number"),
    ("BINARY_ENTITY_REF", "reference to binary entity"),
    ("ATTRIBUTE_EXTERNAL_ENTITY_REF", "reference to external entity in attribute"),
    ("MISPLACED_XML_PI", "XML or text declaration not at start of entity"),
    ("UNKNOWN_ENCODING", "unknown encoding"),
    ("INCORRECT_ENCODING", "encoding specified in XML declaration is incorrect"),
    ("UNCLOSED_CDATA_SECTION", "unclosed CDATA section"),
    ("EXTERNAL_ENTITY_HANDLING", "error in processing external entity reference"),
    ("NOT_STANDALONE", "document is not standalone"),
    ("UNEXPECTED_STATE", "unexpected parser state - please send a bug report"),
    ("ENTITY_DECLARED_IN_PE", "entity declared in parameter entity"),
    ("FEATURE_REQUIRES_XML_DTD", "requested feature requires XML_DTD support in Expat"),
    ("CANT_CHANGE_FEATURE_ONCE_PARSING", "cannot change setting once parsing has begun"),
    ("UNBOUND_PREFIX", "unbound prefix"),
    ("UNDECLARING_PREFIX", "must not undeclare prefix"),
    ("INCOMPLETE_PE", "incomplete markup in parameter entity"),
    ("XML_DECL", "XML declaration not well-formed"),
    ("TEXT_DECL", "text declaration not well-formed"),
    ("PUBLICID", "illegal character(s) in public id"),
    ("SUSPENDED", "parser suspended"),
    ("NOT_SUSPENDED", "parser not suspended"),
    ("ABORTED", "parsing aborted"),
    ("FINISHED", "parsing finished"),
    ("SUSPEND_PE", "cannot suspend in external parameter entity"),
    (
        "RESERVED_PREFIX_XML",
        "reserved prefix (xml) must not be undeclared or bound to another namespace name",
    ),
    ("RESERVED_PREFIX_XMLNS", "reserved prefix (xmlns) must not be declared or undeclared"),
    ("RESERVED_NAMESPACE_URI", "prefix must not be bound to one of the reserved namespace names"),
    ("INVALID_ARGUMENT", "invalid argument"),
    ("NO_BUFFER", "a successful prior call to function XML_GetBuffer is required"),
    ("AMPLIFICATION_LIMIT_BREACH", "limit on input amplification factor (from DTD and entities) breached"),
    ("NOT_STARTED", "parser not started"),
];
pub(crate) fn message(c: i64) -> Option<&'static str> {
    ERRORS.get(usize::try_from(c - 1).ok()?).map(|e| e.1)
}

fn init(th: Th, m: Gc<Module>) -> R<()> {
    let e = th.make_type(&EXPAT_ERROR).value();
    m.put(th, "ExpatError", e)?;
    m.put(th, "error", e)?;
    m.put(th, "XMLParserType", PARSER.get().value())?;
    m.ns().remove(th, th.intern("xmlparser"))?;
    m.put(th, "EXPAT_VERSION", th.str("expat_2.9.0"))?;
    m.put(th, "version_info", th.tuple(&[Value::fix(2), Value::fix(9), Value::fix(0)]))?;
    m.put(th, "native_encoding", th.str("UTF-8"))?;
    let features = [
        ("sizeof(XML_Char)", 1),
        ("sizeof(XML_LChar)", 1),
        ("XML_DTD", 0),
        ("XML_CONTEXT_BYTES", 1024),
        ("XML_NS", 0),
        ("XML_BLAP_MAX_AMP", 100),
        ("XML_BLAP_ACT_THRES", 8388608),
        ("XML_GE", 0),
        ("XML_AT_MAX_AMP", 100),
        ("XML_AT_ACT_THRES", 67108864),
    ];
    let l = list::new(th, &[])?;
    for (k, v) in features {
        let t = th.tuple(&[th.str(k), Value::fix(v)]);
        list::append(th, l, t)?;
    }
    m.put(th, "features", l.value())?;
    let errors =
        module::new(th, th.intern("pyexpat.errors"), th.str("Constants used to describe error conditions."))?;
    let (codes, messages) = (Gc::<Dict>::new(th), Gc::<Dict>::new(th));
    for (i, (name, text)) in ERRORS.iter().enumerate() {
        let (t, c) = (th.str(text), Value::fix(i as i64 + 1));
        errors.put(th, &format!("XML_ERROR_{name}"), t)?;
        codes.set(th, t, c)?;
        messages.set(th, c, t)?;
    }
    errors.put(th, "codes", codes.value())?;
    errors.put(th, "messages", messages.value())?;
    m.put(th, "errors", errors.value())?;
    let model = module::new(
        th,
        th.intern("pyexpat.model"),
        th.str("Constants used to interpret content model information."),
    )?;
    for (k, v) in [
        ("XML_CTYPE_EMPTY", 1),
        ("XML_CTYPE_ANY", 2),
        ("XML_CTYPE_MIXED", 3),
        ("XML_CTYPE_NAME", 4),
        ("XML_CTYPE_CHOICE", 5),
        ("XML_CTYPE_SEQ", 6),
        ("XML_CQUANT_NONE", 0),
        ("XML_CQUANT_OPT", 1),
        ("XML_CQUANT_REP", 2),
        ("XML_CQUANT_PLUS", 3),
    ] {
        model.put(th, k, Value::fix(v))?;
    }
    m.put(th, "model", model.value())?;
    if let Some(mods) = adder_vm::thread::Root::modules.get().and_then(|m| m.cast::<Dict>()) {
        mods.set(th, th.intern("pyexpat.errors"), errors.value())?;
        mods.set(th, th.intern("pyexpat.model"), model.value())?;
    }
    for (i, k) in [
        "XML_PARAM_ENTITY_PARSING_NEVER",
        "XML_PARAM_ENTITY_PARSING_UNLESS_STANDALONE",
        "XML_PARAM_ENTITY_PARSING_ALWAYS",
    ]
    .iter()
    .enumerate()
    {
        m.put(th, k, Value::fix(i as i64))?;
    }
    Ok(())
}

fn int_arg(th: Th, v: Value) -> R<i64> {
    th.index_i64(v)
}
use adder_vm::declare::none;

macro_rules! handler {
    ($i:literal) => {
        getset(
            NAMES[$i],
            "",
            |_, o| Ok(Value::opt_or_none(XmlParser::of(o).handlers[$i].get())),
            |th, o, v| set_handler(th, XmlParser::of(o), $i, v),
        )
    };
}
fn set_handler(th: Th, p: Gc<XmlParser>, i: usize, v: Option<Value>) -> R<()> {
    let Some(v) = v else { return Err(th.runtime_error("Cannot delete attribute")) };
    if i == Event::CharacterData as usize {
        // Text that waits belongs to the old handler.
        flush(th, p)?;
    }
    th.store_opt(p, &p.handlers[i], v.some());
    Ok(())
}
macro_rules! flag_attr {
    ($name:literal $f:ident) => {
        getset(
            $name,
            "",
            |_, o| Ok(Value::bool(XmlParser::of(o).$f.load(Relaxed))),
            |th, o, v| {
                let Some(v) = v else { return Err(th.runtime_error("Cannot delete attribute")) };
                let b = th.truth(v)?;
                XmlParser::of(o).$f.store(b, Relaxed);
                Ok(())
            },
        )
    };
}
fn line(th: Th, o: Value) -> R<Value> {
    Ok(th.int(XmlParser::of(o).line.load(Relaxed) as i64))
}
fn column(th: Th, o: Value) -> R<Value> {
    Ok(th.int(XmlParser::of(o).column.load(Relaxed) as i64))
}
fn byte_index(th: Th, o: Value) -> R<Value> {
    Ok(th.int(XmlParser::of(o).byte.load(Relaxed)))
}

pub static PARSER: TypeCell = TypeCell::new(&NativeType {
    name: "pyexpat.xmlparser",
    kind: Kind::Native,
    size: XmlParser::SIZE,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION | tflags::SHOWN_AS_HEAP,
    doc: "XML parser",
    slots: Slots::NONE,
    methods: &[
        method(
            "Parse",
            "($self, data, isfinal=False, /)",
            "Parse XML data.\n\n'data' can be a bytes-like object or a string.  If it is a string,\nthe encoding declaration in the XML data is ignored.\n'isfinal' should be true at end of input.",
            |th, a| {
                let last = match a[2] {
                    Some(v) => th.truth(v)?,
                    None => false,
                };
                let p = XmlParser::of(a[0].unwrap());
                not_inside(th, p, "Parse")?;
                parse(th, p, a[1].unwrap(), last)
            },
        ),
        method(
            "ParseFile",
            "($self, file, /)",
            "Parse XML data from a binary file-like object.\n\nIts read() method should return bytes.",
            |th, a| {
                let p = XmlParser::of(a[0].unwrap());
                not_inside(th, p, "ParseFile")?;
                let Some(read) = th.getattr_opt(a[1].unwrap(), n!(read))? else {
                    return Err(th.type_error("argument must have 'read' attribute"));
                };
                loop {
                    let v = th.call(read, &[Value::fix(2048)])?;
                    let ok = v.is_kind(Kind::Bytes) || v.is_kind(Kind::ByteArray);
                    if !ok {
                        return Err(th.type_error(format!(
                            "read() did not return a bytes object (type={})",
                            th.type_name_of(v)
                        )));
                    }
                    let n = th.len(v)?;
                    if n > 2048 {
                        return Err(th.value_error(format!(
                            "read() returned too much data: 2048 bytes requested, {n} returned"
                        )));
                    }
                    let r = parse(th, p, v, n == 0)?;
                    if n == 0 {
                        return Ok(r);
                    }
                }
            },
        ),
        method("SetBase", "($self, base, /)", "Set the base URL for the parser.", |th, a| {
            let v = a[1].unwrap();
            let Some(s) = v.cast::<Str>() else {
                return Err(
                    th.type_error(format!("SetBase() argument must be str, not {}", th.arg_type_name(v)))
                );
            };
            let base = Some(s.bytes().to_vec());
            with_state(th, XmlParser::of(a[0].unwrap()), |st| st.parser.base = base)?;
            none()
        }),
        method("GetBase", "($self, /)", "Return base URL string for the parser.", |th, a| match with_state(
            th,
            XmlParser::of(a[0].unwrap()),
            |st| st.parser.base.clone(),
        )? {
            Some(b) => th.try_str(&b),
            None => none(),
        }),
        method(
            "GetInputContext",
            "($self, /)",
            "Return the input which generated the current event as bytes.\n\nThe data is in the encoding of the entity which contains the text.\nIt extends to the end of the currently buffered input, therefore it\ncan contain also the data of the following events, and if the event\nwas generated by a large amount of text, not all of it may be\navailable.",
            |th, a| {
                let p = XmlParser::of(a[0].unwrap());
                if !p.in_callback.load(Acquire) || p.owner.load(Relaxed) != th.ident {
                    return none();
                }
                let (ptr, len) = (p.rest.load(Relaxed), p.rest_len.load(Relaxed));
                // SAFETY: the input buffer lives while a handler runs, which is in this thread.
                let b = if len == 0 {
                    &[][..]
                } else {
                    unsafe { std::slice::from_raw_parts(ptr as *const u8, len) }
                };
                Ok(bytes::new(th, b)?.value())
            },
        ),
        method(
            "ExternalEntityParserCreate",
            "($self, context, encoding=<unrepresentable>,\n                           /)",
            "Create a parser for parsing an external entity based on the information passed to the ExternalEntityRefHandler.",
            external_create,
        ),
        method(
            "SetParamEntityParsing",
            "($self, flag, /)",
            "Controls parsing of parameter entities (including the external DTD subset).\n\nPossible flag values are XML_PARAM_ENTITY_PARSING_NEVER,\nXML_PARAM_ENTITY_PARSING_UNLESS_STANDALONE and\nXML_PARAM_ENTITY_PARSING_ALWAYS. Returns true if setting the flag\nwas successful.",
            |th, a| {
                let n = int_arg(th, a[1].unwrap())?;
                let st = state(XmlParser::of(a[0].unwrap()));
                if st.parser.started {
                    return Ok(Value::fix(0));
                }
                st.parser.param_parsing = n as u32;
                Ok(Value::fix(1))
            },
        ),
        method(
            "UseForeignDTD",
            "($self, flag=True, /)",
            "Allows the application to provide an artificial external subset if one is not specified as part of the document instance.\n\nThis readily allows the use of a 'default' document type controlled\nby the application, while still getting the advantage of providing\ndocument type information to the parser.  'flag' defaults to True if\nnot provided.",
            |th, a| {
                let on = match a[1] {
                    Some(v) => th.truth(v)?,
                    None => true,
                };
                let p = XmlParser::of(a[0].unwrap());
                let st = state(p);
                if st.parser.started {
                    return Err(raise(th, p, 26));
                }
                st.parser.foreign_dtd = on;
                none()
            },
        ),
        method(
            "SetReparseDeferralEnabled",
            "($self, enabled, /)",
            "Enable/Disable reparse deferral; enabled by default with Expat >=2.6.0.",
            |th, a| {
                let on = th.truth(a[1].unwrap())?;
                state(XmlParser::of(a[0].unwrap())).parser.deferral = on;
                none()
            },
        ),
        method(
            "GetReparseDeferralEnabled",
            "($self, /)",
            "Retrieve reparse deferral enabled status; always returns false with Expat <2.6.0.",
            |_, a| Ok(Value::bool(state(XmlParser::of(a[0].unwrap())).parser.deferral)),
        ),
        method(
            "SetBillionLaughsAttackProtectionActivationThreshold",
            "($self, threshold, /)",
            "Sets the number of output bytes needed to activate protection against billion laughs attacks.\n\nThe number of output bytes includes amplification from entity expansion\nand reading DTD files.\n\nParser objects usually have a protection activation threshold of 8 MiB,\nbut the actual default value depends on the underlying Expat library.\n\nActivation thresholds below 4 MiB are known to break support for DITA 1.3\npayload and are hence not recommended.",
            |th, a| {
                let n = unsigned(th, a[1].unwrap())?;
                let p = XmlParser::of(a[0].unwrap());
                root_only(th, p)?;
                state(p).parser.amp_threshold = n;
                none()
            },
        ),
        method(
            "SetBillionLaughsAttackProtectionMaximumAmplification",
            "($self, max_factor,\n                                                     /)",
            "Sets the maximum tolerated amplification factor for protection against billion laughs attacks.\n\nThe amplification factor is calculated as \"(direct + indirect) / direct\"\nwhile parsing, where \"direct\" is the number of bytes read from the primary\ndocument in parsing and \"indirect\" is the number of bytes added by expanding\nentities and reading external DTD files, combined.\n\nThe 'max_factor' value must be a non-NaN floating point value greater than\nor equal to 1.0. Amplification factors greater than 30,000 can be observed\nin the middle of parsing even with benign files in practice. In particular,\nthe activation threshold should be carefully chosen to avoid false positives.\n\nParser objects usually have a maximum amplification factor of 100,\nbut the actual default value depends on the underlying Expat library.",
            |th, a| {
                let p = XmlParser::of(a[0].unwrap());
                let f = factor(th, p, a[1].unwrap())?;
                state(p).parser.max_amp = f;
                none()
            },
        ),
        method(
            "SetAllocTrackerActivationThreshold",
            "($self, threshold, /)",
            "Sets the number of allocated bytes of dynamic memory needed to activate protection against disproportionate use of RAM.\n\nParser objects usually have an allocation activation threshold of 64 MiB,\nbut the actual default value depends on the underlying Expat library.",
            |th, a| {
                unsigned(th, a[1].unwrap())?;
                root_only(th, XmlParser::of(a[0].unwrap()))?;
                none()
            },
        ),
        method(
            "SetAllocTrackerMaximumAmplification",
            "($self, max_factor, /)",
            "Sets the maximum amplification factor between direct input and bytes of dynamic memory allocated.\n\nThe amplification factor is calculated as \"allocated / direct\" while\nparsing, where \"direct\" is the number of bytes read from the primary\ndocument in parsing and \"allocated\" is the number of bytes of\ndynamic memory allocated in the parser hierarchy.\n\nThe 'max_factor' value must be a non-NaN floating point value\ngreater than or equal to 1.0.  Amplification factors greater than\n100.0 can be observed near the start of parsing even with benign\nfiles in practice.  In particular, the activation threshold should\nbe carefully chosen to avoid false positives.\n\nParser objects usually have a maximum amplification factor of 100,\nbut the actual default value depends on the underlying Expat library.",
            |th, a| {
                factor(th, XmlParser::of(a[0].unwrap()), a[1].unwrap())?;
                none()
            },
        ),
    ],
    getset: &[
        handler!(0),
        handler!(1),
        handler!(2),
        handler!(3),
        handler!(4),
        handler!(5),
        handler!(6),
        handler!(7),
        handler!(8),
        handler!(9),
        handler!(10),
        handler!(11),
        handler!(12),
        handler!(13),
        handler!(14),
        handler!(15),
        handler!(16),
        handler!(17),
        handler!(18),
        handler!(19),
        handler!(20),
        handler!(21),
        getter("ErrorCode", "", |th, o| {
            let e = state(XmlParser::of(o)).parser.error;
            Ok(th.int(if e >= 1 << 16 { 0 } else { e as i64 }))
        }),
        getter("ErrorLineNumber", "", line),
        getter("ErrorColumnNumber", "", column),
        getter("ErrorByteIndex", "", byte_index),
        getter("CurrentLineNumber", "", line),
        getter("CurrentColumnNumber", "", column),
        getter("CurrentByteIndex", "", byte_index),
        flag_attr!("ordered_attributes" ordered),
        flag_attr!("specified_attributes" specified),
        getset(
            "namespace_prefixes",
            "",
            |_, o| Ok(Value::bool(XmlParser::of(o).prefixes.load(Relaxed))),
            |th, o, v| {
                let Some(v) = v else { return Err(th.runtime_error("Cannot delete attribute")) };
                let b = th.truth(v)?;
                let p = XmlParser::of(o);
                p.prefixes.store(b, Relaxed);
                state(p).parser.triplets = b;
                Ok(())
            },
        ),
        getset(
            "buffer_text",
            "",
            |_, o| Ok(Value::bool(XmlParser::of(o).buffer_text.load(Relaxed))),
            |th, o, v| {
                let Some(v) = v else { return Err(th.runtime_error("Cannot delete attribute")) };
                let b = th.truth(v)?;
                let p = XmlParser::of(o);
                if !b {
                    flush(th, p)?;
                }
                p.buffer_text.store(b, Relaxed);
                Ok(())
            },
        ),
        getset(
            "buffer_size",
            "",
            |th, o| Ok(th.int(XmlParser::of(o).buffer_size.load(Relaxed))),
            |th, o, v| {
                let Some(v) = v else { return Err(th.runtime_error("Cannot delete attribute")) };
                if !int::is_int(v) {
                    return Err(th.type_error("buffer_size must be an integer"));
                }
                let n = int::to_i64(v).unwrap_or(i64::MAX);
                if n <= 0 {
                    return Err(th.value_error("buffer_size must be greater than zero"));
                }
                if n > i32::MAX as i64 {
                    return Err(th.value_error(format!("buffer_size must not be greater than {}", i32::MAX)));
                }
                let p = XmlParser::of(o);
                if n != p.buffer_size.load(Relaxed) {
                    flush(th, p)?;
                }
                p.buffer_size.store(n, Relaxed);
                Ok(())
            },
        ),
        getter("buffer_used", "", |th, o| Ok(th.int(state(XmlParser::of(o)).text.len() as i64))),
        getter("intern", "", |_, o| Ok(Value::opt_or_none(XmlParser::of(o).intern.get()))),
    ],
    trace: Some(XmlParser::trace),
    drop: Some(|o| unsafe {
        let p = (*(o.as_ptr() as *const XmlParser)).st.swap(std::ptr::null_mut(), AcqRel);
        if !p.is_null() {
            drop(Box::from_raw(p));
        }
    }),
    ..NativeType::DEFAULT
});

fn unsigned(th: Th, v: Value) -> R<u64> {
    let i = th.index(v)?;
    int::to_u64(i).ok_or_else(|| {
        if int::is_negative(i) {
            th.value_error("Cannot convert negative int")
        } else {
            th.overflow_error("Python int too large to convert to C unsigned long long")
        }
    })
}
/// Limits are set on the parser of the document.
fn root_only(th: Th, p: Gc<XmlParser>) -> R<()> {
    if state(p).parser.is_external() {
        return Err(raise_message(th, p, 0, "parser must be a root parser".into()));
    }
    Ok(())
}
fn factor(th: Th, p: Gc<XmlParser>, v: Value) -> R<f64> {
    let f = adder_vm::builtins::float::to_f64(th, v)?;
    root_only(th, p)?;
    // Above 1.0 and a number.
    if f.is_nan() || f < 1.0 {
        let _ = p;
        return Err(raise_message(th, p, 0, "'max_factor' must be at least 1.0".into()));
    }
    Ok(f)
}

fn make(th: Th, parser: Parser, intern: Option<Value>) -> R<Gc<XmlParser>> {
    let o = object::new_instance(th, PARSER.get())?;
    let p = XmlParser::of(o);
    let text = Vec::new();
    p.st.store(Box::into_raw(Box::new(PState { parser, text })), Release);
    p.line.store(1, Relaxed);
    p.buffer_size.store(8192, Relaxed);
    th.store_opt(p, &p.intern, intern);
    Ok(p)
}
fn text_arg(th: Th, func: &str, name: &str, v: Option<Value>) -> R<Option<String>> {
    match v.and_then(|v| v.some()) {
        None => Ok(None),
        Some(v) if v.is_kind(Kind::Str) => Ok(Some(th.text(v))),
        Some(v) => Err(th.type_error(format!(
            "{func}() argument '{name}' must be str or None, not {}",
            th.type_name_of(v)
        ))),
    }
}
fn parser_create(th: Th, a: &[Option<Value>]) -> R<Value> {
    let enc = text_arg(th, "ParserCreate", "encoding", a[0])?;
    let sep = text_arg(th, "ParserCreate", "namespace_separator", a[1])?;
    if sep.as_ref().is_some_and(|s| s.len() > 1) {
        return Err(th.value_error("namespace_separator must be at most one character, omitted, or None"));
    }
    let intern = match a[2] {
        None => Some(Gc::<Dict>::new(th).value()),
        Some(v) if v.is_none() => None,
        Some(v) if v.is_kind(Kind::Dict) => Some(v),
        Some(_) => return Err(th.type_error("intern must be a dictionary")),
    };
    let ns = sep.map(|s| s.bytes().next().unwrap_or(0));
    Ok(make(th, Parser::new(enc, ns), intern)?.value())
}
fn external_create(th: Th, a: &[Option<Value>]) -> R<Value> {
    let p = XmlParser::of(a[0].unwrap());
    let ctx = text_arg(th, "ExternalEntityParserCreate", "context", a[1])?;
    let enc = text_arg(th, "ExternalEntityParserCreate", "encoding", a[2])?;
    let child = with_state(th, p, |st| st.parser.child(ctx.as_deref().map(str::as_bytes), enc))?;
    let q = make(th, child, p.intern.get())?;
    for i in 0..HANDLERS {
        th.store_opt(q, &q.handlers[i], p.handlers[i].get());
    }
    q.buffer_text.store(p.buffer_text.load(Relaxed), Relaxed);
    q.buffer_size.store(p.buffer_size.load(Relaxed), Relaxed);
    q.ordered.store(p.ordered.load(Relaxed), Relaxed);
    q.specified.store(p.specified.load(Relaxed), Relaxed);
    q.prefixes.store(p.prefixes.load(Relaxed), Relaxed);
    Ok(q.value())
}

#[cold]
fn raise_message(th: Th, p: Gc<XmlParser>, c: i64, text: String) -> Raised {
    let (line, col) = (p.line.load(Relaxed) as i64, p.column.load(Relaxed) as i64);
    let r = (|| -> R<()> {
        let e = th.call(th.make_type(&EXPAT_ERROR).value(), &[th.str(&text)])?;
        th.setattr(e, th.intern("code"), Some(th.int(c)))?;
        th.setattr(e, n!(offset), Some(th.int(col)))?;
        th.setattr(e, n!(lineno), Some(th.int(line)))?;
        th.raise(e);
        Ok(())
    })();
    match r {
        Ok(()) => Raised,
        Err(e) => e,
    }
}
#[cold]
fn raise(th: Th, p: Gc<XmlParser>, c: u32) -> Raised {
    let (line, col) = (p.line.load(Relaxed), p.column.load(Relaxed));
    let m = message(c as i64).unwrap_or("unknown error");
    raise_message(th, p, c as i64, format!("{m}: line {line}, column {col}"))
}

fn not_inside(th: Th, p: Gc<XmlParser>, name: &str) -> R<()> {
    if p.in_callback.load(Acquire) || p.busy.load(Acquire) {
        return Err(th.runtime_error(format!("cannot call {name}() from within a handler")));
    }
    Ok(())
}
fn parse(th: Th, p: Gc<XmlParser>, data: Value, last: bool) -> R<Value> {
    let was = {
        let _g = th.lock(p);
        let was = p.busy.swap(true, AcqRel);
        if !was {
            p.owner.store(th.ident, Relaxed);
        }
        was
    };
    if was {
        return Err(parsing(th));
    }
    struct Busy(Gc<XmlParser>);
    impl Drop for Busy {
        fn drop(&mut self) {
            // The input goes.
            self.0.rest_len.store(0, Relaxed);
            self.0.busy.store(false, Release);
        }
    }
    let _busy = Busy(p);
    let st = state(p);
    let owned: Vec<u8> = match data.cast::<Str>() {
        Some(s) => {
            if s.as_str().is_none() {
                codecs::encode(th, data, Some(th.str("utf-8")), None)?;
            }
            if !st.parser.started {
                st.parser.force_utf8();
            }
            room::copy(s.bytes())
        }
        None => room::copy(Buffer::simple(th, data)?.bytes()),
    };
    let mut sink = PySink { th, p };
    let r = st.parser.feed(&owned, last, &mut sink);
    match r {
        Ok(()) => {
            flush(th, p)?;
            Ok(Value::fix(1))
        }
        Err(Stop::Raised) => Err(Raised),
        Err(Stop::Code(super::parser::DEEP)) => {
            Err(th.recursion_error("maximum recursion depth exceeded in a content model"))
        }
        Err(Stop::Code(c)) => {
            flush(th, p)?;
            if c >= 1 << 16 {
                return Err(raise(th, p, code::FINISHED));
            }
            Err(raise(th, p, c))
        }
    }
}

/// Gives the handler the text that waits.
fn flush(th: Th, p: Gc<XmlParser>) -> R<()> {
    if state(p).text.is_empty() {
        return Ok(());
    }
    let t = with_state(th, p, |st| std::mem::take(&mut st.text))?;
    let Some(h) = p.handlers[Event::CharacterData as usize].get() else { return Ok(()) };
    let s = th.try_str(&t)?;
    let was = p.in_callback.swap(true, AcqRel);
    let r = th.call(h, &[s]);
    p.in_callback.store(was, Release);
    r.map(|_| ())
}

struct PySink {
    th: Th,
    p: Gc<XmlParser>,
}
impl PySink {
    fn intern(&self, b: &[u8]) -> R<Value> {
        let th = self.th;
        let s = th.try_str(b)?;
        let Some(d) = self.p.intern.get().and_then(|d| d.cast::<Dict>()) else { return Ok(s) };
        match d.get(th, s)? {
            Some(v) => Ok(v),
            None => {
                d.set(th, s, s)?;
                Ok(s)
            }
        }
    }
    fn model(&self, m: &Model) -> R<Value> {
        let th = self.th;
        th.check_stack(" in content model")?;
        let l = list::new(th, &[])?;
        for c in &m.children {
            list::append(th, l, self.model(c)?)?;
        }
        let children = adder_vm::builtins::tuple::from_iterable(th, l.value())?;
        let name = match &m.name {
            Some(n) => self.intern(n)?,
            None => NONE(),
        };
        Ok(th.tuple(&[th.int(m.kind), th.int(m.quant), name, children]))
    }
    fn arg(&self, a: &Arg) -> R<Value> {
        let th = self.th;
        Ok(match a {
            Arg::Name(b) => self.intern(b)?,
            Arg::Text(b) => th.try_str(b)?,
            Arg::None | Arg::Opt(None) => NONE(),
            Arg::Opt(Some(b)) => self.intern(b)?,
            Arg::Int(n) => th.int(*n),
            Arg::Model(m) => self.model(m)?,
        })
    }
    fn run(&self, e: Event, args: &[Value]) -> R<Value> {
        let th = self.th;
        flush(th, self.p)?;
        let Some(h) = self.p.handlers[e as usize].get() else { return Ok(Value::fix(1)) };
        let was = self.p.in_callback.swap(true, AcqRel);
        let r = th.call(h, args);
        self.p.in_callback.store(was, Release);
        r
    }
}
impl Sink for PySink {
    fn wants(&self, e: Event) -> bool {
        self.p.handlers[e as usize].get().is_some()
    }
    fn at(&mut self, line: u64, column: u64, byte: i64, rest: &[u8]) {
        self.p.line.store(line, Relaxed);
        self.p.column.store(column, Relaxed);
        self.p.byte.store(byte, Relaxed);
        self.p.rest.store(rest.as_ptr() as usize, Relaxed);
        self.p.rest_len.store(rest.len(), Relaxed);
    }
    fn call(&mut self, e: Event, args: &[Arg]) -> Result<i64, ()> {
        let mut vals = [NONE(); 8];
        for (d, a) in vals.iter_mut().zip(args) {
            *d = self.arg(a).map_err(|_| ())?;
        }
        let r = self.run(e, &vals[..args.len()]).map_err(|_| ())?;
        if matches!(e, Event::ExternalEntityRef | Event::NotStandalone) {
            return self.th.index_i64(r).map_err(|_| ());
        }
        Ok(1)
    }
    fn start_element(
        &mut self,
        name: &[u8],
        attrs: &[(Cow<[u8]>, Cow<[u8]>)],
        specified: usize,
    ) -> Result<(), ()> {
        let th = self.th;
        let n = if self.p.specified.load(Relaxed) { specified } else { attrs.len() };
        let r = (|| -> R<()> {
            flush(th, self.p)?;
            let name = self.intern(name)?;
            let container = if self.p.ordered.load(Relaxed) {
                let l = list::new(th, &[])?;
                for (k, v) in &attrs[..n] {
                    list::append(th, l, self.intern(k)?)?;
                    list::append(th, l, th.try_str(v)?)?;
                }
                l.value()
            } else {
                let d = Gc::<Dict>::new(th);
                for (k, v) in &attrs[..n] {
                    let k = self.intern(k)?;
                    d.set(th, k, th.try_str(v)?)?;
                }
                d.value()
            };
            self.run(Event::StartElement, &[name, container])?;
            Ok(())
        })();
        r.map_err(|_| ())
    }
    fn text(&mut self, t: &[u8]) -> Result<(), ()> {
        let th = self.th;
        // Text comes in pieces of at most this size.
        const PIECE: usize = 1024;
        if t.len() > PIECE {
            let mut n = PIECE;
            while t[n] & 0xc0 == 0x80 {
                n -= 1;
            }
            self.text(&t[..n])?;
            return self.text(&t[n..]);
        }
        let r = (|| -> R<()> {
            if self.p.buffer_text.load(Relaxed) {
                let size = self.p.buffer_size.load(Relaxed) as usize;
                if state(self.p).text.len() + t.len() > size {
                    flush(th, self.p)?;
                    if t.len() > size {
                        let s = th.try_str(t)?;
                        self.run(Event::CharacterData, &[s])?;
                        return Ok(());
                    }
                }
                state(self.p).text.extend_from_slice(t);
                return Ok(());
            }
            let s = th.try_str(t)?;
            self.run(Event::CharacterData, &[s])?;
            Ok(())
        })();
        r.map_err(|_| ())
    }
    fn encoding(&mut self, name: &str) -> Result<Option<Box<[u32; 256]>>, ()> {
        table_of(self.th, name).map_err(|_| ())
    }
}
/// Code points of all bytes in an encoding that Python knows; None if XML cannot be read in it.
pub(crate) fn table_of(th: Th, name: &str) -> R<Option<Box<[u32; 256]>>> {
    let all: Vec<u8> = (0..=255).collect();
    let b = bytes::new(th, &all)?.value();
    let s = codecs::decode(th, b, Some(th.str(name)), Some(th.str("replace")))?;
    let text = th.text(s);
    let chars: Vec<char> = text.chars().collect();
    if chars.len() != 256 {
        return Err(th.value_error("multi-byte encodings are not supported"));
    }
    let mut t = Box::new([u32::MAX; 256]);
    // XML itself must be readable.
    let ascii = chars.iter().enumerate().all(|(i, c)| {
        let known = (' '..='~').contains(c) || matches!(c, '\t' | '\n' | '\r');
        !known || *c as usize == i
    }) && chars[b'<' as usize] == '<';
    if !ascii {
        return Ok(None);
    }
    for (d, c) in t.iter_mut().zip(chars) {
        *d = if c == '\u{fffd}' { u32::MAX } else { c as u32 };
    }
    Ok(Some(t))
}
