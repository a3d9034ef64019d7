//! HMAC objects: `_hashlib.HMAC`, and the module `_hmac`.
//!
//! # Invariants
//! `of` is given receivers of the two `HMAC` types' methods, which have this layout; the state is behind [`Owned`]'s
//! lock and freed with the object, which has no references to trace.

use crate::state::{Algo, Hmac, MAX};
use crate::util::*;
use adder_vm::builtins::{exceptions as exc, object};
use adder_vm::err::{R, Raised};
use adder_vm::heap::{Header, Obj, Tracer};
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::Slots;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::cell::Cell;

#[repr(C)]
struct HmacObj {
    h: Header,
    state: Owned<Hmac>,
    algo: Cell<Algo>,
}
fn of(v: Value) -> Gc<HmacObj> {
    unsafe { v.cast_unchecked() }
}
unsafe fn trace(_: Obj, _: &mut Tracer) {}
unsafe fn free(o: Obj) {
    unsafe { (*(o.as_ptr() as *const HmacObj)).state.free() }
}

fn object(th: Th, t: Value, algo: Algo, s: Hmac) -> R<Value> {
    let o = make(th, t)?;
    of(o).algo.set(algo);
    of(o).state.set(s);
    Ok(o)
}
fn start(th: Th, t: &'static TypeCell, algo: Algo, key: &[u8], msg: Option<Value>) -> R<Value> {
    let mut s = Hmac::new(algo, key);
    if let Some(v) = msg.and_then(|m| m.some()) {
        let b = data(th, v)?;
        outside(th, b.len(), || s.update(b.bytes()));
    }
    object(th, th.make_type(t).value(), algo, s)
}
fn update(th: Th, a: Args) -> R<Value> {
    let b = data(th, a[1].unwrap())?;
    of(a[0].unwrap()).state.with(th, |s| outside(th, b.len(), || s.update(b.bytes())));
    Ok(NONE())
}
fn copy(th: Th, a: Args) -> R<Value> {
    let o = a[0].unwrap();
    let s = of(o).state.with(th, |s| s.clone());
    object(th, th.type_of(o).value(), of(o).algo.get(), s)
}
fn digest(th: Th, a: Args) -> R<Value> {
    let mut d = [0; MAX];
    let n = of(a[0].unwrap()).state.with(th, |s| s.digest(&mut d));
    new_bytes(th, &d[..n])
}
fn hexdigest(th: Th, a: Args) -> R<Value> {
    let mut d = [0; MAX];
    let n = of(a[0].unwrap()).state.with(th, |s| s.digest(&mut d));
    new_hex(th, &d[..n])
}
fn repr(th: Th, o: Value) -> R<Value> {
    let id = object::id(th, o);
    Ok(th.str(&format!("<{} HMAC object @ {id:#x}>", of(o).algo.get().name())))
}
const GETSET: &[GetSetDef] = &[
    getter("block_size", "", |th, o| Ok(th.int(of(o).algo.get().block() as i64))),
    getter("digest_size", "", |th, o| Ok(th.int(of(o).algo.get().size() as i64))),
    getter("name", "", |th, o| Ok(th.str(&format!("hmac-{}", of(o).algo.get().name())))),
];
const COPY_DOC: &str = "Return a copy (\"clone\") of the HMAC object.";

macro_rules! hmac_type {
    ($def:ident $cell:ident $name:literal $doc:expr, $update:expr, $digest:expr, $hex:expr) => {
        static $def: NativeType = NativeType {
            name: $name,
            kind: Kind::Native,
            size: size_of::<HmacObj>() as u32,
            flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION | tflags::SHOWN_AS_HEAP,
            doc: $doc,
            slots: Slots { repr: Some(repr), ..Slots::NONE },
            methods: &[
                method("copy", "($self, /)", COPY_DOC, copy),
                method("digest", "($self, /)", $digest, digest),
                method("hexdigest", "($self, /)", $hex, hexdigest),
                method("update", "($self, /, msg)", $update, update),
            ],
            getset: GETSET,
            trace: Some(trace),
            drop: Some(free),
            ..NativeType::DEFAULT
        };
        pub static $cell: TypeCell = TypeCell::new(&$def);
    };
}
hmac_type! {
    OPENSSL_TYPE OPENSSL "_hashlib.HMAC"
    "The object used to calculate HMAC of a message.\n\nMethods:\n\nupdate() -- updates the current digest with an additional string\ndigest() -- return the current digest value\nhexdigest() -- return the current digest as a string of hexadecimal digits\ncopy() -- return a copy of the current hash object\n\nAttributes:\n\nname -- the name, including the hash algorithm used by this object\ndigest_size -- number of bytes in digest() output\n",
    "Update the HMAC object with msg.",
    "Return the digest of the bytes passed to the update() method so far.",
    "Return hexadecimal digest of the bytes passed to the update() method so far.\n\nThis may be used to exchange the value safely in email or other\nnon-binary environments."
}
hmac_type! {
    HMAC_TYPE HMAC "_hmac.HMAC"
    "",
    "Update the HMAC object with the given message.",
    "Return the digest of the bytes passed to the update() method so far.\n\nThis method may raise a MemoryError.",
    "Return hexadecimal digest of the bytes passed to the update() method so far.\n\nThis may be used to exchange the value safely in email or other\nnon-binary environments.\n\nThis method may raise a MemoryError."
}

/// `_hashlib.hmac_new` once its arguments are known.
pub fn new_openssl(th: Th, algo: Algo, key: &[u8], msg: Option<Value>) -> R<Value> {
    start(th, &OPENSSL, algo, key, msg)
}
/// HMAC in one go.
pub fn once(th: Th, algo: Algo, key: &[u8], msg: &[u8]) -> R<Value> {
    let mut d = [0; MAX];
    let n = outside(th, msg.len(), || {
        let mut s = Hmac::new(algo, key);
        s.update(msg);
        s.digest(&mut d)
    });
    new_bytes(th, &d[..n])
}

static UNKNOWN_TYPE: NativeType = exception("_hmac.UnknownHashError", &exc::VALUE_ERROR);
static UNKNOWN: TypeCell = TypeCell::new(&UNKNOWN_TYPE);

/// The algorithm that `_hmac` means by a name.
fn by_name(th: Th, v: Value) -> R<Algo> {
    let known = v.cast::<Str>().and_then(|_| {
        let name = th.text(v);
        let a = Algo::all().find(|a| a.name() == name || a.name().to_uppercase() == name)?;
        let ours = matches!(a, Algo::Blake2b | Algo::Blake2s)
            || !a.is_xof()
                && (a as u8) <= Algo::Sha3_512 as u8
                && !matches!(a, Algo::Sha512_224 | Algo::Sha512_256);
        ours.then_some(a)
    });
    match known {
        Some(a) => Ok(a),
        None => Err(unknown(th, v)),
    }
}
#[cold]
fn unknown(th: Th, v: Value) -> Raised {
    match th.repr(v) {
        Ok(r) => {
            th.make_type(&UNKNOWN);
            th.raise_msg(&UNKNOWN, &format!("unsupported hash type: {}", th.text(r)))
        }
        Err(e) => e,
    }
}
fn compute(th: Th, algo: Algo, a: Args) -> R<Value> {
    let key = data(th, a[0].unwrap())?;
    let msg = data(th, a[1].unwrap())?;
    once(th, algo, key.bytes(), msg.bytes())
}

const KEY_MSG: &str = "($module, key, msg, /)";
pub static MODULE: NativeModule = NativeModule {
    name: "_hmac",
    doc: "",
    functions: &[
        function(
            "new",
            "($module, /, key, msg=None, digestmod=None)",
            "Return a new HMAC object.",
            |th, a| {
                let Some(d) = a[2] else {
                    return Err(th.type_error("new() missing 1 required argument 'digestmod'"));
                };
                let algo = by_name(th, d)?;
                let key = data(th, a[0].unwrap())?;
                start(th, &HMAC, algo, key.bytes(), a[1])
            },
        ),
        function("compute_digest", "($module, /, key, msg, digest)", "", |th, a| {
            let algo = by_name(th, a[2].unwrap())?;
            compute(th, algo, a)
        }),
        function("compute_md5", KEY_MSG, "", |th, a| compute(th, Algo::Md5, a)),
        function("compute_sha1", KEY_MSG, "", |th, a| compute(th, Algo::Sha1, a)),
        function("compute_sha224", KEY_MSG, "", |th, a| compute(th, Algo::Sha224, a)),
        function("compute_sha256", KEY_MSG, "", |th, a| compute(th, Algo::Sha256, a)),
        function("compute_sha384", KEY_MSG, "", |th, a| compute(th, Algo::Sha384, a)),
        function("compute_sha512", KEY_MSG, "", |th, a| compute(th, Algo::Sha512, a)),
        function("compute_sha3_224", KEY_MSG, "", |th, a| compute(th, Algo::Sha3_224, a)),
        function("compute_sha3_256", KEY_MSG, "", |th, a| compute(th, Algo::Sha3_256, a)),
        function("compute_sha3_384", KEY_MSG, "", |th, a| compute(th, Algo::Sha3_384, a)),
        function("compute_sha3_512", KEY_MSG, "", |th, a| compute(th, Algo::Sha3_512, a)),
        function("compute_blake2b_32", KEY_MSG, "", |th, a| compute(th, Algo::Blake2b, a)),
        function("compute_blake2s_32", KEY_MSG, "", |th, a| compute(th, Algo::Blake2s, a)),
    ],
    types: &[&HMAC, &UNKNOWN],
    init: Some(crate::hash::put_minsize),
};
