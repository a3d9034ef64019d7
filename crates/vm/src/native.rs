//! How native types, functions and modules are declared: tables of plain constants.
//!
//! A native function states its signature as text, in the form of CPython's `__text_signature__`; the same text drives
//! argument binding, its error messages and introspection. For example
//!
//! ```text
//! method("pop", "($self, index=-1, /)", "Remove and return item at index (default last).", list_pop)
//! ```
//! is called with `args[0]` = self and `args[1]` = index or `None` when it was left out. Order of bound arguments: the
//! parameters as written, then the tuple of `*args` and the dict of `**kwargs` if the signature has them. A leading `!`
//! says that CPython declares no text: of functions without arguments, or with one, `__text_signature__` then shows what
//! follows from that (unless there is a second `!`), of others nothing. After a `#` stands what is shown instead.
//!
//! # Safety
//! Arguments lie in registers or on a native stack for as long as the call lasts, whose receiver may copy [`RawArgs`]
//! but not keep them: the slices that it gives have no lifetime of their own. There are as many words behind the
//! positional ones as `kwnames` has items. A [`TypeCell`] holds a type object or 0; types of cells are never freed.

use crate::err::R;
use crate::object::{Tuple, Type};
use crate::slots::Slots;
use crate::thread::Th;
use crate::value::{Gc, Kind, Value};
use std::sync::atomic::{AtomicU64, Ordering::Acquire, Ordering::Release};

/// A native function after argument binding.
pub type NativeFn = fn(Th, &[Option<Value>]) -> R<Value>;
/// A native function that takes its arguments as they came.
pub type RawFn = fn(Th, RawArgs) -> R<Value>;

/// Arguments as a caller gave them: positional values, then the values of the keywords that `kwnames` names.
/// Points into the caller's registers or native stack, which the collector scans.
#[derive(Clone, Copy)]
pub struct RawArgs {
    ptr: *const Value,
    npos: u32,
    kwnames: Option<Gc<Tuple>>,
}

impl RawArgs {
    pub const EMPTY: RawArgs = RawArgs { ptr: std::ptr::dangling(), npos: 0, kwnames: None };
    /// # Safety
    /// The words stay valid and visible to the collector during the call.
    #[inline(always)]
    pub unsafe fn from_raw(ptr: *const Value, npos: usize, kwnames: Option<Gc<Tuple>>) -> RawArgs {
        RawArgs { ptr, npos: npos as u32, kwnames }
    }
    #[inline(always)]
    pub fn positional(a: &[Value]) -> RawArgs {
        RawArgs { ptr: a.as_ptr(), npos: a.len() as u32, kwnames: None }
    }
    pub fn with_kw(all: &[Value], kwnames: Option<Gc<Tuple>>) -> RawArgs {
        let n = kwnames.map_or(0, |k| k.len);
        RawArgs { ptr: all.as_ptr(), npos: (all.len() - n) as u32, kwnames }
    }
    #[inline(always)]
    pub fn pos<'a>(self) -> &'a [Value] {
        unsafe { std::slice::from_raw_parts(self.ptr, self.npos as usize) }
    }
    /// Positional and keyword values.
    pub fn all<'a>(self) -> &'a [Value] {
        unsafe { std::slice::from_raw_parts(self.ptr, self.npos as usize + self.nkw()) }
    }
    #[inline(always)]
    pub fn kwnames(self) -> Option<Gc<Tuple>> {
        self.kwnames
    }
    #[inline(always)]
    pub fn nkw(self) -> usize {
        self.kwnames.map_or(0, |k| k.len)
    }
    pub fn len(self) -> usize {
        self.npos as usize
    }
    pub fn is_empty(self) -> bool {
        self.npos == 0
    }
    /// (name, value) of the keyword arguments.
    pub fn keywords(self) -> impl Iterator<Item = (Value, Value)> {
        let names: &[Value] = self.kwnames.map_or(&[], |k| unsafe { &*(k.items() as *const [Value]) });
        let vals = &self.all()[self.npos as usize..];
        names.iter().copied().zip(vals.iter().copied())
    }
    /// Without the first `n` positional arguments.
    #[inline(always)]
    pub fn skip(self, n: usize) -> RawArgs {
        debug_assert!(n <= self.npos as usize);
        RawArgs { ptr: unsafe { self.ptr.add(n) }, npos: self.npos - n as u32, kwnames: self.kwnames }
    }
}

/// Parsed signature. Positions count parameters without `$self`/`$module`/`$type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sig {
    pub text: &'static str,
    /// The receiver is the first bound argument.
    pub receiver: bool,
    /// Positional parameters, of which the first `posonly` cannot be given by keyword and the first `required` must be given.
    pub npos: u8,
    pub posonly: u8,
    pub required: u8,
    pub kwonly: u8,
    /// The first of those that must be given.
    pub kwrequired: u8,
    pub varargs: bool,
    pub varkw: bool,
    /// Nothing but positional parameters: arguments can be passed as they lie in the caller's registers.
    pub plain: bool,
    /// Where in the text the names of the first parameters are: start and length; a length of 0: too far away to be told.
    places: [(u8, u8); PLACES],
}
/// As many as fit into whole words: there are thousands of declarations.
const PLACES: usize = 7;
const _: () = assert!(size_of::<Sig>() == 40 && size_of::<NativeDef>() == 120);

impl Sig {
    pub const fn parse(text: &'static str) -> Sig {
        let b = text.as_bytes();
        let mut s = Sig {
            text,
            receiver: false,
            npos: 0,
            posonly: 0,
            required: 0,
            kwonly: 0,
            kwrequired: 0,
            varargs: false,
            varkw: false,
            plain: false,
            places: [(0, 0); PLACES],
        };
        let mut i = 0;
        let mut depth = 0;
        let mut star = false;
        let mut quote = 0u8;
        // State of the current parameter: its first character, whether it has a default.
        let mut first = 0u8;
        let mut second = 0u8;
        let mut default = false;
        let (mut start, mut end) = (0, 0);
        // Within `sub[, start[, end]]`: 1 for the parameter before the bracket, then 2.
        let mut optional = 0;
        while i < b.len() {
            let c = b[i];
            if depth == 0 && c == b'#' {
                break;
            }
            if quote != 0 {
                if c == b'\\' {
                    i += 1;
                } else if c == quote {
                    quote = 0;
                }
            } else if c == b'\'' || c == b'"' {
                quote = c;
            } else if depth == 1 && (c == b',' || c == b')') {
                if first == b'$' {
                    // `$module` is not passed to functions; everything else is the receiver.
                    s.receiver = second != b'm';
                } else if first == b'/' {
                    s.posonly = s.npos;
                } else if first == b'*' {
                    if second == b'*' {
                        s.varkw = true;
                    } else {
                        if second != 0 {
                            s.varargs = true;
                        }
                        star = true;
                    }
                } else if first != 0 {
                    let k = s.npos as usize + s.kwonly as usize;
                    if k < PLACES && start < 256 && end - start < 256 {
                        s.places[k] = (start as u8, (end - start) as u8);
                    }
                    if star {
                        s.kwonly += 1;
                        if !default {
                            s.kwrequired = s.kwonly;
                        }
                    } else {
                        s.npos += 1;
                        if !default && optional < 2 {
                            s.required = s.npos;
                        }
                        if optional == 1 {
                            optional = 2;
                        }
                    }
                }
                first = 0;
                second = 0;
                default = false;
                if c == b')' {
                    depth -= 1;
                }
            } else if depth == 1 && !default && (c == b'[' || c == b']') {
                if optional == 0 && c == b'[' {
                    optional = 1;
                }
            } else if c == b'(' || c == b'[' || c == b'{' {
                depth += 1;
            } else if c == b')' || c == b']' || c == b'}' {
                depth -= 1;
            } else if c == b'=' {
                default = true;
            } else if depth == 1 && c != b' ' && c != b'\n' && !default {
                if first == 0 {
                    first = c;
                    start = i;
                } else if second == 0 {
                    second = c;
                }
                end = i + 1;
            }
            i += 1;
        }
        s.plain = s.kwonly == 0 && !s.varargs && !s.varkw;
        s
    }
    /// Names of the parameters, without the receiver, `*args` and `**kwargs`: positional, then keyword-only.
    pub fn names(&self) -> Vec<&'static str> {
        let mut out = Vec::new();
        let (mut depth, mut start, mut quote) = (0, 0, 0u8);
        let b = self.text.as_bytes();
        for (i, &c) in b.iter().enumerate() {
            match c {
                b'#' if depth == 0 => break,
                _ if quote != 0 => {
                    if c == quote && b[i - 1] != b'\\' {
                        quote = 0
                    }
                }
                b'\'' | b'"' => quote = c,
                b'[' | b']' if depth == 1 && !self.text[start..i].contains('=') => {}
                b'(' | b'[' | b'{' => {
                    depth += 1;
                    if depth == 1 {
                        start = i + 1
                    }
                }
                b',' | b')' if depth == 1 => {
                    let p = self.text[start..i].trim_matches([' ', '[', ']']);
                    let name = p.split('=').next().unwrap_or("").trim();
                    if !name.is_empty() && !name.starts_with(['$', '/', '*']) {
                        out.push(name);
                    }
                    start = i + 1;
                    if c == b')' {
                        depth -= 1
                    }
                }
                b')' | b']' | b'}' => depth -= 1,
                _ => {}
            }
        }
        out
    }
    /// Which parameter has that name.
    pub fn position(&self, name: &[u8]) -> Option<usize> {
        let n = self.npos as usize + self.kwonly as usize;
        let mut all = n <= PLACES;
        for (k, (at, len)) in self.places.iter().take(n).enumerate() {
            all &= *len != 0;
            if *len as usize == name.len() && self.text.as_bytes()[*at as usize..][..name.len()] == *name {
                return Some(k);
            }
        }
        if all { None } else { self.names().iter().position(|x| x.as_bytes() == name) }
    }
    /// Number of bound arguments.
    pub const fn bound(&self) -> usize {
        self.receiver as usize
            + self.npos as usize
            + self.kwonly as usize
            + self.varargs as usize
            + self.varkw as usize
    }
}

#[derive(Clone, Copy)]
pub enum Imp {
    Bound(NativeFn),
    Raw(RawFn),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DefKind {
    Function,
    Method,
    ClassMethod,
    StaticMethod,
}

pub struct NativeDef {
    pub name: &'static str,
    pub sig: Sig,
    pub doc: &'static str,
    pub imp: Imp,
    pub kind: DefKind,
    /// How the interpreter may call it without looking any further.
    pub direct: Direct,
    /// What the JIT may do instead of calling it.
    pub inline: Inline,
    /// What machine code may call instead, with real numbers.
    pub real: Option<&'static Real>,
}

/// A function whose usual case the JIT knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Inline {
    No,
    /// Number of items of a builtin container.
    Len,
    /// Absolute value.
    Abs,
    /// Square root of a float or int.
    FloatSqrt,
    /// A small int itself.
    Index,
    /// Bits of a small int.
    BitLength,
    ListAppend,
    /// Whether an object is an instance of a class.
    IsInstance,
    /// Whether a class is a subclass of another.
    IsSubclass,
    Repr,
    /// Resumes a generator: `next`, `send`.
    Resume,
    /// Uses up an iterable: of a generator by code of its own, see `interp::drain`.
    Drain(crate::interp::drain::Use),
}

/// How machine code calls a function of real numbers: doubles and the result as bits. No number as the result means that
/// the function itself is to be called: it may be an error.
#[derive(Clone, Copy, Debug)]
pub enum Real {
    One(extern "C" fn(u64) -> u64),
    Two(extern "C" fn(u64, u64) -> u64),
    /// The result is a whole number, and becomes an int.
    Whole(extern "C" fn(u64) -> u64),
    /// The result is 0 or 1 as an integer, and becomes a bool.
    Test(extern "C" fn(u64) -> u64),
}
impl Real {
    pub fn address(&self) -> usize {
        match *self {
            Real::One(f) | Real::Whole(f) | Real::Test(f) => f as usize,
            Real::Two(f) => f as usize,
        }
    }
}
impl Inline {
    /// It asks the class of its argument: see `interp::slow::special`.
    #[inline(always)]
    pub fn asks(self) -> bool {
        matches!(self, Inline::Len | Inline::Abs | Inline::Repr | Inline::Resume)
    }
}

/// A function that takes its arguments just as they lie in the caller's registers (the receiver of a method is the
/// first), if there are `least` to `most` of them. `least` is 255 for those that need binding.
#[derive(Clone, Copy)]
pub struct Direct {
    pub f: NativeFn,
    pub least: u8,
    pub most: u8,
    /// It takes any arguments ([`Imp::Raw`]), and its receiver, if it has one, among them.
    pub raw: bool,
}

impl NativeDef {
    pub const fn new(
        name: &'static str,
        sig: &'static str,
        doc: &'static str,
        imp: Imp,
        kind: DefKind,
    ) -> NativeDef {
        let sig = Sig::parse(sig);
        let mut direct = Direct { f: |_, _| unreachable!("not direct"), least: 255, most: 0, raw: false };
        let side_by_side = match kind {
            DefKind::Method => sig.receiver,
            DefKind::Function | DefKind::StaticMethod => !sig.receiver,
            DefKind::ClassMethod => false,
        };
        match imp {
            Imp::Bound(f) if sig.plain && side_by_side => {
                let n = sig.receiver as u8;
                direct = Direct { f, least: sig.required + n, most: sig.npos + n, raw: false };
            }
            Imp::Raw(_) => direct.raw = side_by_side,
            _ => {}
        }
        NativeDef { name, sig, doc, imp, kind, direct, inline: Inline::No, real: None }
    }
    /// Calls of it are to take the whole way through `call_any`.
    pub const fn indirect(mut self) -> NativeDef {
        self.direct.least = 255;
        self.direct.raw = false;
        self
    }
    /// What `__text_signature__` shows; empty: None.
    pub fn shown_signature(&self) -> &'static str {
        let s = &self.sig;
        if let Some((_, shown)) = s.text.split_once(")#") {
            return shown;
        }
        match s.text.strip_prefix('!') {
            None => s.text,
            Some(rest) if rest.starts_with('!') || !s.plain || s.required != s.npos => "",
            Some(_) => match (self.kind == DefKind::ClassMethod, s.npos, s.posonly) {
                (false, 0, _) => "($self, /)",
                (false, 1, 1) => "($self, object, /)",
                (true, 0, _) => "($type, /)",
                (true, 1, 1) => "($type, object, /)",
                _ => "",
            },
        }
    }
    /// Declares what the JIT may make of calls.
    pub const fn inlined(mut self, i: Inline) -> NativeDef {
        self.inline = i;
        self
    }
    /// Declares what machine code may call instead.
    pub const fn real(mut self, r: &'static Real) -> NativeDef {
        self.real = Some(r);
        self
    }
}

pub const fn method(name: &'static str, sig: &'static str, doc: &'static str, f: NativeFn) -> NativeDef {
    NativeDef::new(name, sig, doc, Imp::Bound(f), DefKind::Method)
}
/// The receiver and arguments arrive as they came; `args.pos()[0]` is the receiver.
pub const fn raw_method(name: &'static str, sig: &'static str, doc: &'static str, f: RawFn) -> NativeDef {
    NativeDef::new(name, sig, doc, Imp::Raw(f), DefKind::Method)
}
/// `args[0]` is the class.
pub const fn classmethod(name: &'static str, sig: &'static str, doc: &'static str, f: NativeFn) -> NativeDef {
    NativeDef::new(name, sig, doc, Imp::Bound(f), DefKind::ClassMethod)
}
pub const fn staticmethod(
    name: &'static str,
    sig: &'static str,
    doc: &'static str,
    f: NativeFn,
) -> NativeDef {
    NativeDef::new(name, sig, doc, Imp::Bound(f), DefKind::StaticMethod)
}
pub const fn function(name: &'static str, sig: &'static str, doc: &'static str, f: NativeFn) -> NativeDef {
    NativeDef::new(name, sig, doc, Imp::Bound(f), DefKind::Function)
}
pub const fn raw_function(name: &'static str, sig: &'static str, doc: &'static str, f: RawFn) -> NativeDef {
    NativeDef::new(name, sig, doc, Imp::Raw(f), DefKind::Function)
}

/// A computed attribute. `set` with None deletes.
pub struct GetSetDef {
    pub name: &'static str,
    pub doc: &'static str,
    pub get: fn(Th, Value) -> R<Value>,
    pub set: Option<fn(Th, Value, Option<Value>) -> R<()>>,
}

pub const fn getter(name: &'static str, doc: &'static str, get: fn(Th, Value) -> R<Value>) -> GetSetDef {
    GetSetDef { name, doc, get, set: None }
}
pub const fn getset(
    name: &'static str,
    doc: &'static str,
    get: fn(Th, Value) -> R<Value>,
    set: fn(Th, Value, Option<Value>) -> R<()>,
) -> GetSetDef {
    GetSetDef { name, doc, get, set: Some(set) }
}

/// A traced field of the native layout seen as an attribute.
pub struct MemberDef {
    pub name: &'static str,
    pub doc: &'static str,
    /// Byte offset of the slot in the object.
    pub offset: u32,
    pub flags: u32,
}

/// `MemberDef::flags` and `MemberDescriptor::flags`.
pub mod member {
    /// `MemberDescriptor::offset` of a slot that has no place of its own (in variable-sized objects): the value is kept
    /// like an attribute.
    pub const AS_ATTR: u32 = u32::MAX;
    pub const READONLY: u32 = 1;
    /// Null reads as None (CPython's T_OBJECT); without it null raises AttributeError (T_OBJECT_EX).
    pub const NONE_IF_NULL: u32 = 2;
}

/// `NativeType::flags` and `Type::flags`, CPython's `Py_TPFLAGS_*` values where Python code can see them.
pub mod tflags {
    pub const DISALLOW_INSTANTIATION: u64 = 1 << 7;
    pub const IMMUTABLE: u64 = 1 << 8;
    pub const HEAPTYPE: u64 = 1 << 9;
    pub const BASETYPE: u64 = 1 << 10;
    pub const READY: u64 = 1 << 12;
    pub const HAVE_GC: u64 = 1 << 14;
    pub const METHOD_DESCRIPTOR: u64 = 1 << 17;
    pub const SEQUENCE: u64 = 1 << 5;
    pub const MAPPING: u64 = 1 << 6;
    pub const MATCH_SELF: u64 = 1 << 22;
    pub const IS_ABSTRACT: u64 = 1 << 20;
    pub const BASE_EXC_SUBCLASS: u64 = 1 << 30;
    pub const TYPE_SUBCLASS: u64 = 1 << 31;
    // Adder's own, above CPython's 32 bits.
    /// Instances have `__dict__` though the type is native.
    pub const HAS_DICT: u64 = 1 << 32;
    /// `__del__` is defined along the MRO.
    pub const HAS_DEL: u64 = 1 << 33;
    /// Attribute access is `object`'s own (no `__getattribute__`, no `__getattr__`).
    pub const PLAIN_GETATTR: u64 = 1 << 34;
    pub const PLAIN_SETATTR: u64 = 1 << 35;
    /// Instances can be weakly referenced.
    pub const WEAKREF: u64 = 1 << 36;
    /// `__new__` is object's and `__init__` a Python function: instances can be made without a native call.
    pub const PLAIN_NEW: u64 = 1 << 37;
    /// `__class__` of instances is their type.
    pub const PLAIN_CLASS: u64 = 1 << 45;
    /// Instances have attributes only to keep their `__slots__`: there is no `__dict__`, no other attribute can be set.
    pub const HIDDEN_ATTRS: u64 = 1 << 46;
    /// `__flags__` has the bit of heap types, which most of CPython's types in modules are, and `__module__` is in the
    /// type's dict. (Pickling of subclasses depends on the bit.)
    pub const SHOWN_AS_HEAP: u64 = 1 << 40;
    /// An iterator whose next item takes no Python code, whatever it was made of.
    pub const STEPS_ALONE: u64 = 1 << 47;
    /// The native layout has a variable size: attributes are in a word at the end.
    pub const VAR_SIZED: u64 = 1 << 38;
}

pub struct NativeType {
    /// Dotted name: the last part is `__name__`, the rest `__module__` (none: builtins).
    pub name: &'static str,
    pub kind: Kind,
    /// Size of the native layout in bytes (for variable-sized ones the fixed part).
    pub size: u32,
    pub flags: u64,
    pub doc: &'static str,
    /// None: `object`.
    pub base: Option<&'static TypeCell>,
    pub slots: Slots,
    pub methods: &'static [NativeDef],
    pub getset: &'static [GetSetDef],
    pub members: &'static [MemberDef],
    /// Signature text of the constructor, shown as `__text_signature__`.
    pub text_signature: Option<&'static str>,
    /// The constructor called with just one positional argument, for the type itself, in a form that needs no binding
    /// of arguments and no `__init__`. Does what the slots `new` and `init` do.
    pub new1: Option<fn(Th, Value) -> R<Value>>,
    /// Visits the layout's slots: for `Kind::Native` all, for another kind those that the type adds to the kind's.
    pub trace: Option<unsafe fn(adder_heap::Obj, &mut adder_heap::Tracer)>,
    /// For `Kind::Native`: frees what the object owns outside the heap; objects are given to `register_drop`.
    pub drop: Option<unsafe fn(adder_heap::Obj)>,
    /// For iterators over another one: that one, if the next item takes nothing but asking it. Over several: an array of them.
    pub inner: Option<fn(Value) -> Option<Value>>,
    /// For objects whose items are numbers in memory: how machine code finds them.
    pub numbers: Option<&'static Numbers>,
    /// More to do once the type object exists (constants in its dict...).
    pub init: Option<fn(Th, Gc<Type>) -> R<()>>,
}

/// Where the numbers of an object are, in a form that stays as it is for a type code: they begin at the data of the
/// [`crate::object::RawBuf`] that the slot `buf` holds. There are `len` of them, and never more than the storage has
/// room for while there is one thread.
pub struct Numbers {
    /// Byte offsets of the words in the object.
    pub buf: u32,
    pub len: u32,
    pub code: u32,
    /// What an item is by the type code; None: no number.
    pub form: fn(u64) -> Option<Number>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Number {
    Int { width: u8, signed: bool },
    Double,
}

impl NativeType {
    pub const DEFAULT: NativeType = NativeType {
        name: "",
        kind: Kind::Object,
        size: 8,
        flags: tflags::BASETYPE | tflags::IMMUTABLE,
        doc: "",
        base: None,
        slots: Slots::NONE,
        methods: &[],
        getset: &[],
        members: &[],
        text_signature: None,
        new1: None,
        trace: None,
        drop: None,
        inner: None,
        numbers: None,
        init: None,
    };
    pub fn short_name(&self) -> &'static str {
        self.name.rsplit('.').next().unwrap()
    }
    /// Whether a method or attribute of this name is declared.
    pub fn declares(&self, name: &[u8]) -> bool {
        let methods = self.methods.iter().map(|m| m.name);
        let attributes = self.getset.iter().map(|g| g.name).chain(self.members.iter().map(|m| m.name));
        methods.chain(attributes).any(|n| n.as_bytes() == name)
    }
}

/// Where a native type's type object is kept; made on first use.
pub struct TypeCell {
    pub def: &'static NativeType,
    ptr: AtomicU64,
}

impl TypeCell {
    pub const fn new(def: &'static NativeType) -> TypeCell {
        TypeCell { def, ptr: AtomicU64::new(0) }
    }
    /// The type object; `crate::types::init` or `th.make_type` has made it.
    #[inline(always)]
    pub fn get(&self) -> Gc<Type> {
        let w = self.ptr.load(Acquire);
        debug_assert!(w != 0, "type {} not made yet", self.def.name);
        unsafe { Value::from_bits(w).cast_unchecked() }
    }
    pub fn try_get(&self) -> Option<Gc<Type>> {
        Value::from_word(self.ptr.load(Acquire)).map(|v| unsafe { v.cast_unchecked() })
    }
    pub fn set(&self, t: Gc<Type>) {
        self.ptr.store(t.value().bits(), Release);
    }
}

/// A native module: made when it is first imported.
pub struct NativeModule {
    pub name: &'static str,
    pub doc: &'static str,
    pub functions: &'static [NativeDef],
    /// Types put into the module under their short names.
    pub types: &'static [&'static TypeCell],
    /// The rest: constants and so on.
    pub init: Option<fn(Th, Gc<crate::object::Module>) -> R<()>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures() {
        const S: Sig = Sig::parse("($self, index=-1, /)");
        assert_eq!((S.receiver, S.npos, S.posonly, S.required, S.bound()), (true, 1, 1, 0, 2));
        let s = Sig::parse("($module, obj, /, *, skipkeys=False, sep=', (', **kw)");
        assert_eq!((s.receiver, s.npos, s.posonly, s.required, s.kwonly, s.varkw), (false, 1, 1, 1, 2, true));
        assert_eq!(s.names(), ["obj", "skipkeys", "sep"]);
        assert_eq!(
            s.names().iter().map(|n| s.position(n.as_bytes())).collect::<Vec<_>>(),
            [Some(0), Some(1), Some(2)]
        );
        assert_eq!((s.position(b"kw"), s.position(b"se")), (None, None));
        let s = Sig::parse("($self, sub[, start[, end]], /)");
        assert_eq!((s.npos, s.posonly, s.required), (3, 3, 1));
        assert_eq!(s.names(), ["sub", "start", "end"]);
        let s = Sig::parse("($self, x, y=[1, 2], /)");
        assert_eq!((s.npos, s.posonly, s.required), (2, 2, 1));
        assert_eq!(s.names(), ["x", "y"]);
        let s = Sig::parse("(*args)");
        assert!(s.varargs && s.npos == 0);
    }
}
