//! Hash objects: the types of `_md5`, `_sha1`, `_sha2`, `_sha3`, `_blake2` and `_hashlib`, which differ in little more
//! than their names.
//!
//! # Invariants
//! All types here have the layout [`HashObj`] and only they use `of`; the state is behind [`Owned`]'s lock and freed
//! with the object, which has no references to trace.

use crate::state::{Algo, MAX, State};
use crate::util::*;
use adder_vm::builtins::{bytes, int, object};
use adder_vm::err::R;
use adder_vm::heap::{Obj, Tracer};
use adder_vm::native::*;
use adder_vm::slots::Slots;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::cell::Cell;

/// A hash in progress.
#[repr(C)]
pub struct HashObj {
    h: adder_vm::heap::Header,
    pub state: Owned<State>,
    pub algo: Cell<Algo>,
}

impl HashObj {
    pub const SIZE: u32 = size_of::<HashObj>() as u32;
    pub fn of(v: Value) -> Gc<HashObj> {
        unsafe { v.cast_unchecked() }
    }
}
pub unsafe fn trace(_: Obj, _: &mut Tracer) {}
pub unsafe fn free(o: Obj) {
    unsafe { (*(o.as_ptr() as *const HashObj)).state.free() }
}

/// A hash object of a type, after the data of its constructor.
pub fn start(th: Th, t: Value, algo: Algo, mut s: State, input: Option<Value>) -> R<Value> {
    if let Some(v) = input {
        let b = data(th, v)?;
        outside(th, b.len(), || s.update(b.bytes()));
    }
    let o = make(th, t)?;
    let h = HashObj::of(o);
    h.algo.set(algo);
    h.state.set(s);
    Ok(o)
}

pub fn update(th: Th, a: Args) -> R<Value> {
    let h = HashObj::of(a[0].unwrap());
    let b = data(th, a[1].unwrap())?;
    h.state.with(th, |s| outside(th, b.len(), || s.update(b.bytes())));
    Ok(NONE())
}
pub fn copy(th: Th, a: Args) -> R<Value> {
    let o = a[0].unwrap();
    let h = HashObj::of(o);
    let s = h.state.with(th, |s| s.clone());
    start(th, th.type_of(o).value(), h.algo.get(), s, None)
}
fn with_digest<T>(th: Th, o: Value, f: impl FnOnce(&[u8]) -> T) -> T {
    let mut d = [0; MAX];
    let n = HashObj::of(o).state.with(th, |s| s.digest(&mut d));
    f(&d[..n])
}
pub fn digest(th: Th, a: Args) -> R<Value> {
    with_digest(th, a[0].unwrap(), |d| new_bytes(th, d))
}
pub fn hexdigest(th: Th, a: Args) -> R<Value> {
    with_digest(th, a[0].unwrap(), |d| new_hex(th, d))
}
fn squeeze(th: Th, o: Value, n: usize) -> R<Gc<adder_vm::object::Bytes>> {
    let b = bytes::uninit(th, n)?;
    let out = bytes::fill(b);
    HashObj::of(o).state.with(th, |s| s.squeeze(out));
    Ok(b)
}
/// Length of an extendable output; the two libraries differ in what they say.
fn length(th: Th, v: Value, openssl: bool) -> R<usize> {
    if openssl {
        let n = th.index_i64(v).inspect_err(|_| {
            if th.exc_is(&adder_vm::builtins::exceptions::INDEX_ERROR) {
                th.take_exc();
                th.overflow_error("Python int too large to convert to C ssize_t");
            }
        })?;
        return match n {
            n if n < 0 => Err(th.system_error("Negative size passed to PyBytes_FromStringAndSize")),
            n => Ok(n as usize),
        };
    }
    let i = th.index(v)?;
    if int::is_negative(i) {
        return Err(th.value_error("Cannot convert negative int"));
    }
    match int::to_u64(i) {
        Some(n) if n < 1 << 29 => Ok(n as usize),
        _ => Err(th.value_error("length is too large")),
    }
}

pub const DIGEST_DOC: &str = "Return the digest value as a bytes object.";
pub const HEX_DOC: &str = "Return the digest value as a string of hexadecimal digits.";
pub const COPY_DOC: &str = "Return a copy of the hash object.";
pub const UPDATE_DOC: &str = "Update this hash object's state with the provided string.";
pub const UPDATE_BYTES_DOC: &str = "Update this hash object's state with the provided bytes-like object.";

pub const COPY: NativeDef = method("copy", "($self, /)", COPY_DOC, copy);
pub const DIGEST: NativeDef = method("digest", "($self, /)", DIGEST_DOC, digest);
pub const HEXDIGEST: NativeDef = method("hexdigest", "($self, /)", HEX_DOC, hexdigest);
const LENGTH: &str = "($self, /, length)";
pub const XOF_OPENSSL: &[NativeDef] = &[
    method("digest", LENGTH, DIGEST_DOC, |th, a| {
        let n = length(th, a[1].unwrap(), true)?;
        Ok(squeeze(th, a[0].unwrap(), n)?.value())
    }),
    method("hexdigest", LENGTH, HEX_DOC, |th, a| {
        let n = length(th, a[1].unwrap(), true)?;
        new_hex(th, squeeze(th, a[0].unwrap(), n)?.bytes())
    }),
];
pub const UPDATE: NativeDef = method("update", "($self, obj, /)", UPDATE_DOC, update);
pub const UPDATE_BYTES: NativeDef = method("update", "($self, data, /)", UPDATE_BYTES_DOC, update);
const METHODS: &[NativeDef] = &[COPY, DIGEST, HEXDIGEST, UPDATE];
const SHA3_METHODS: &[NativeDef] = &[COPY, DIGEST, HEXDIGEST, UPDATE_BYTES];
const SHAKE_METHODS: &[NativeDef] = &[
    COPY,
    method("digest", LENGTH, DIGEST_DOC, |th, a| {
        let n = length(th, a[1].unwrap(), false)?;
        Ok(squeeze(th, a[0].unwrap(), n)?.value())
    }),
    method("hexdigest", LENGTH, HEX_DOC, |th, a| {
        let n = length(th, a[1].unwrap(), false)?;
        new_hex(th, squeeze(th, a[0].unwrap(), n)?.bytes())
    }),
    UPDATE_BYTES,
];

pub const BLOCK_SIZE: GetSetDef =
    getter("block_size", "", |th, o| Ok(th.int(HashObj::of(o).algo.get().block() as i64)));
pub const NAME: GetSetDef = getter("name", "", |th, o| Ok(th.str(HashObj::of(o).algo.get().name())));
pub const DIGEST_SIZE: GetSetDef =
    getter("digest_size", "", |th, o| Ok(th.int(HashObj::of(o).state.with(th, |s| s.size()) as i64)));
pub const GETSET: &[GetSetDef] = &[BLOCK_SIZE, DIGEST_SIZE, NAME];
const SHA3_GETSET: &[GetSetDef] = &[
    BLOCK_SIZE,
    DIGEST_SIZE,
    NAME,
    getter("_capacity_bits", "", |th, o| Ok(th.int(1600 - 8 * HashObj::of(o).algo.get().block() as i64))),
    getter("_rate_bits", "", |th, o| Ok(th.int(8 * HashObj::of(o).algo.get().block() as i64))),
    getter("_suffix", "", |th, o| {
        new_bytes(th, if HashObj::of(o).algo.get().is_xof() { b"\x1f" } else { b"\x06" })
    }),
];

const CONSTRUCTOR: &str = "($module, /, data=b'', *, usedforsecurity=True, string=None)";

/// `_GIL_MINSIZE`: from how many bytes on CPython lets other threads run.
pub fn put_minsize(th: Th, m: Gc<adder_vm::object::Module>) -> R<()> {
    m.put(th, "_GIL_MINSIZE", Value::fix(2048))
}

macro_rules! plain {
    ($($def:ident $cell:ident $name:literal $f:ident $algo:ident;)*) => { $(
        static $def: NativeType = NativeType {
            name: $name,
            kind: Kind::Native,
            size: HashObj::SIZE,
            flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION | tflags::SHOWN_AS_HEAP,
            methods: METHODS,
            getset: GETSET,
            trace: Some(trace),
            drop: Some(free),
            ..NativeType::DEFAULT
        };
        static $cell: TypeCell = TypeCell::new(&$def);
        fn $f(th: Th, a: Args) -> R<Value> {
            let v = data_or_string(th, a[0], a[2])?;
            start(th, th.make_type(&$cell).value(), Algo::$algo, State::new(Algo::$algo), v)
        }
    )* };
}
plain! {
    MD5_TYPE MD5 "_md5.md5" md5 Md5;
    SHA1_TYPE SHA1 "_sha1.sha1" sha1 Sha1;
    SHA224_TYPE SHA224 "_sha2.SHA224Type" sha224 Sha224;
    SHA256_TYPE SHA256 "_sha2.SHA256Type" sha256 Sha256;
    SHA384_TYPE SHA384 "_sha2.SHA384Type" sha384 Sha384;
    SHA512_TYPE SHA512 "_sha2.SHA512Type" sha512 Sha512;
}

pub static MD5_MODULE: NativeModule = NativeModule {
    name: "_md5",
    doc: "",
    functions: &[function(
        "md5",
        CONSTRUCTOR,
        "Return a new MD5 hash object; optionally initialized with a string.",
        md5,
    )],
    types: &[],
    init: Some(|th, m| {
        m.put(th, "MD5Type", th.make_type(&MD5).value())?;
        put_minsize(th, m)
    }),
};
pub static SHA1_MODULE: NativeModule = NativeModule {
    name: "_sha1",
    doc: "",
    functions: &[function(
        "sha1",
        CONSTRUCTOR,
        "Return a new SHA1 hash object; optionally initialized with a string.",
        sha1,
    )],
    types: &[],
    init: Some(|th, m| {
        m.put(th, "SHA1Type", th.make_type(&SHA1).value())?;
        put_minsize(th, m)
    }),
};
pub static SHA2_MODULE: NativeModule = NativeModule {
    name: "_sha2",
    doc: "",
    functions: &[
        function(
            "sha224",
            CONSTRUCTOR,
            "Return a new SHA-224 hash object; optionally initialized with a string.",
            sha224,
        ),
        function(
            "sha256",
            CONSTRUCTOR,
            "Return a new SHA-256 hash object; optionally initialized with a string.",
            sha256,
        ),
        function(
            "sha384",
            CONSTRUCTOR,
            "Return a new SHA-384 hash object; optionally initialized with a string.",
            sha384,
        ),
        function(
            "sha512",
            CONSTRUCTOR,
            "Return a new SHA-512 hash object; optionally initialized with a string.",
            sha512,
        ),
    ],
    types: &[&SHA224, &SHA256, &SHA384, &SHA512],
    init: Some(put_minsize),
};

/// CPython names the first of these functions in the messages of all.
static SHA3_SIG: NativeDef = signature("sha3_224", "(data=b'', *, usedforsecurity=True, string=None)");

macro_rules! sha3 {
    ($($def:ident $cell:ident $name:literal $algo:ident $methods:ident $doc:expr;)*) => { $(
        static $def: NativeType = NativeType {
            name: $name,
            kind: Kind::Native,
            size: HashObj::SIZE,
            flags: tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP,
            doc: $doc,
            slots: Slots {
                new: Some(|th, t, a| {
                    let [d, _, s] = bind::<3>(th, &SHA3_SIG, a)?;
                    let v = data_or_string(th, d, s)?;
                    start(th, t, Algo::$algo, State::new(Algo::$algo), v)
                }),
                ..Slots::NONE
            },
            methods: $methods,
            getset: SHA3_GETSET,
            trace: Some(trace),
            drop: Some(free),
            ..NativeType::DEFAULT
        };
        static $cell: TypeCell = TypeCell::new(&$def);
    )* };
}
sha3! {
    SHA3_224_TYPE SHA3_224 "_sha3.sha3_224" Sha3_224 SHA3_METHODS "sha3_224([data], *, usedforsecurity=True) -> SHA3 object\n\nReturn a new SHA3 hash object with a hashbit length of 28 bytes.";
    SHA3_256_TYPE SHA3_256 "_sha3.sha3_256" Sha3_256 SHA3_METHODS "sha3_256([data], *, usedforsecurity=True) -> SHA3 object\n\nReturn a new SHA3 hash object with a hashbit length of 32 bytes.";
    SHA3_384_TYPE SHA3_384 "_sha3.sha3_384" Sha3_384 SHA3_METHODS "sha3_384([data], *, usedforsecurity=True) -> SHA3 object\n\nReturn a new SHA3 hash object with a hashbit length of 48 bytes.";
    SHA3_512_TYPE SHA3_512 "_sha3.sha3_512" Sha3_512 SHA3_METHODS "sha3_512([data], *, usedforsecurity=True) -> SHA3 object\n\nReturn a new SHA3 hash object with a hashbit length of 64 bytes.";
    SHAKE_128_TYPE SHAKE_128 "_sha3.shake_128" Shake128 SHAKE_METHODS "shake_128([data], *, usedforsecurity=True) -> SHAKE object\n\nReturn a new SHAKE hash object.";
    SHAKE_256_TYPE SHAKE_256 "_sha3.shake_256" Shake256 SHAKE_METHODS "shake_256([data], *, usedforsecurity=True) -> SHAKE object\n\nReturn a new SHAKE hash object.";
}
pub static SHA3_MODULE: NativeModule = NativeModule {
    name: "_sha3",
    doc: "",
    functions: &[],
    types: &[&SHA3_224, &SHA3_256, &SHA3_384, &SHA3_512, &SHAKE_128, &SHAKE_256],
    init: Some(|th, m| {
        m.put(th, "implementation", th.str("HACL"))?;
        put_minsize(th, m)
    }),
};

/// `<NAME TYPE object @ ADDRESS>`.
pub fn repr(th: Th, o: Value) -> R<Value> {
    let (name, id) = (HashObj::of(o).algo.get().name(), object::id(th, o));
    let t = object::full_type_name(th, th.type_of(o));
    Ok(th.str(&format!("<{name} {t} object @ {id:#x}>")))
}
