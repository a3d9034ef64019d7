//! `_hashlib`: what CPython takes from OpenSSL.

use crate::hash::{self, HashObj};
use crate::hmac;
use crate::state::{Algo, State};
use crate::util::*;
use adder_text::room;
use adder_vm::builtins::buffer::{self, Buffer};
use adder_vm::builtins::{bytes, dict, exceptions as exc, set};
use adder_vm::err::{R, Raised};
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::Slots;
use adder_vm::thread::Th;
use adder_vm::value::*;

static HASH_TYPE: NativeType = NativeType {
    name: "_hashlib.HASH",
    kind: Kind::Native,
    size: HashObj::SIZE,
    flags: tflags::IMMUTABLE | tflags::BASETYPE | tflags::DISALLOW_INSTANTIATION | tflags::SHOWN_AS_HEAP,
    doc: "A hash is an object used to calculate a checksum of a string of information.\n\nMethods:\n\nupdate() -- updates the current digest with an additional string\ndigest() -- return the current digest value\nhexdigest() -- return the current digest as a string of hexadecimal digits\ncopy() -- return a copy of the current hash object\n\nAttributes:\n\nname -- the hash algorithm being used by this object\ndigest_size -- number of bytes in this hashes output",
    text_signature: Some("(name, string=b'')"),
    slots: Slots { repr: Some(hash::repr), ..Slots::NONE },
    methods: &[hash::COPY, hash::DIGEST, hash::HEXDIGEST, hash::UPDATE],
    getset: hash::GETSET,
    trace: Some(hash::trace),
    drop: Some(hash::free),
    ..NativeType::DEFAULT
};
static HASH: TypeCell = TypeCell::new(&HASH_TYPE);
static HASHXOF_TYPE: NativeType = NativeType {
    name: "_hashlib.HASHXOF",
    kind: Kind::Native,
    size: HashObj::SIZE,
    flags: tflags::IMMUTABLE | tflags::BASETYPE | tflags::DISALLOW_INSTANTIATION | tflags::SHOWN_AS_HEAP,
    doc: "A hash is an object used to calculate a checksum of a string of information.\n\nMethods:\n\nupdate() -- updates the current digest with an additional string\ndigest(length) -- return the current digest value\nhexdigest(length) -- return the current digest as a string of hexadecimal digits\ncopy() -- return a copy of the current hash object\n\nAttributes:\n\nname -- the hash algorithm being used by this object\ndigest_size -- number of bytes in this hashes output",
    text_signature: Some("(name, string=b'')"),
    base: Some(&HASH),
    slots: Slots { repr: Some(hash::repr), ..Slots::NONE },
    methods: hash::XOF_OPENSSL,
    getset: &[hash::DIGEST_SIZE],
    trace: Some(hash::trace),
    drop: Some(hash::free),
    ..NativeType::DEFAULT
};
static HASHXOF: TypeCell = TypeCell::new(&HASHXOF_TYPE);

static UNSUPPORTED_TYPE: NativeType = exception("_hashlib.UnsupportedDigestmodError", &exc::VALUE_ERROR);
static UNSUPPORTED: TypeCell = TypeCell::new(&UNSUPPORTED_TYPE);

#[cold]
fn unsupported(th: Th) -> Raised {
    th.raise_msg(&UNSUPPORTED, "[digital envelope routines] unsupported")
}

fn new(th: Th, algo: Algo, input: Option<Value>) -> R<Value> {
    let t = if algo.is_xof() { &HASHXOF } else { &HASH };
    hash::start(th, t.get().value(), algo, State::new(algo), input)
}

macro_rules! openssl {
    ($($name:literal $algo:ident $sig:literal $doc:literal;)*) => {
        &[
            $( function($name, $sig, $doc, |th, a| new(th, Algo::$algo, data_or_string(th, a[0], a[2])?)), )*
            function("new", "($module, /, name, data=b'', *, usedforsecurity=True, string=None)", "Return a new hash object using the named algorithm.\n\nAn optional string argument may be provided and will be\nautomatically hashed.\n\nThe MD5 and SHA1 algorithms are always supported.", |th, a| {
                let input = data_or_string(th, a[1], a[3])?;
                let name = str_arg(th, "new", "name", a[0].unwrap())?;
                match Algo::find(&name) {
                    Some(algo) => new(th, algo, input),
                    None => Err(unsupported(th)),
                }
            }),
            function("pbkdf2_hmac", "($module, /, hash_name, password, salt, iterations,\n            dklen=None)", "Password based key derivation function 2 (PKCS #5 v2.0) with HMAC as pseudorandom function.", pbkdf2),
            function("scrypt", "($module, /, password, *, salt, n, r, p, maxmem=0, dklen=64)", "scrypt password-based key derivation function.", scrypt),
            function("hmac_digest", "($module, /, key, msg, digest)", "Single-shot HMAC.", |th, a| {
                let key = Buffer::simple(th, a[0].unwrap())?;
                let msg = Buffer::simple(th, a[1].unwrap())?;
                let algo = mac_algo(th, a[2].unwrap())?;
                hmac::once(th, algo, key.bytes(), msg.bytes())
            }),
            function("hmac_new", "($module, /, key, msg=b'', digestmod=None)", "Return a new hmac object.", |th, a| {
                let key = Buffer::simple(th, a[0].unwrap())?;
                let Some(d) = a[2] else {
                    return Err(th.type_error("Missing required parameter 'digestmod'."));
                };
                let algo = mac_algo(th, d)?;
                hmac::new_openssl(th, algo, key.bytes(), a[1])
            }),
            function("get_fips_mode", "($module, /)", "Determine the OpenSSL FIPS mode of operation.\n\nFor OpenSSL 3.0.0 and newer it returns the state of the default provider\nin the default OSSL context. It's not quite the same as FIPS_mode() but\ngood enough for unittests.\n\nEffectively any non-zero return value indicates FIPS mode;\nvalues other than 1 may have additional significance.", |_, _| Ok(Value::fix(0))),
            function("compare_digest", "($module, a, b, /)", "Return 'a == b'.\n\nThis function uses an approach designed to prevent\ntiming analysis, making it appropriate for cryptography.\n\na and b must both be of the same type: either str (ASCII only),\nor any bytes-like object.\n\nNote: If a and b are of different lengths, or if an error occurs,\na timing attack could theoretically reveal information about the\ntypes and lengths of a and b--but not their values.", compare_digest),
        ]
    };
}

const NAMED: &[(&str, Algo)] = &[
    ("openssl_md5", Algo::Md5),
    ("openssl_sha1", Algo::Sha1),
    ("openssl_sha224", Algo::Sha224),
    ("openssl_sha256", Algo::Sha256),
    ("openssl_sha384", Algo::Sha384),
    ("openssl_sha512", Algo::Sha512),
    ("openssl_sha3_224", Algo::Sha3_224),
    ("openssl_sha3_256", Algo::Sha3_256),
    ("openssl_sha3_384", Algo::Sha3_384),
    ("openssl_sha3_512", Algo::Sha3_512),
    ("openssl_shake_128", Algo::Shake128),
    ("openssl_shake_256", Algo::Shake256),
];

pub static MODULE: NativeModule = NativeModule {
    name: "_hashlib",
    doc: "OpenSSL interface for hashlib module",
    functions: openssl! {
        "openssl_md5" Md5 "($module, /, data=b'', *, usedforsecurity=True, string=None)" "Returns a md5 hash object; optionally initialized with a string";
        "openssl_sha1" Sha1 "($module, /, data=b'', *, usedforsecurity=True, string=None)" "Returns a sha1 hash object; optionally initialized with a string";
        "openssl_sha224" Sha224 "($module, /, data=b'', *, usedforsecurity=True,\n               string=None)" "Returns a sha224 hash object; optionally initialized with a string";
        "openssl_sha256" Sha256 "($module, /, data=b'', *, usedforsecurity=True,\n               string=None)" "Returns a sha256 hash object; optionally initialized with a string";
        "openssl_sha384" Sha384 "($module, /, data=b'', *, usedforsecurity=True,\n               string=None)" "Returns a sha384 hash object; optionally initialized with a string";
        "openssl_sha512" Sha512 "($module, /, data=b'', *, usedforsecurity=True,\n               string=None)" "Returns a sha512 hash object; optionally initialized with a string";
        "openssl_sha3_224" Sha3_224 "($module, /, data=b'', *, usedforsecurity=True,\n                 string=None)" "Returns a sha3-224 hash object; optionally initialized with a string";
        "openssl_sha3_256" Sha3_256 "($module, /, data=b'', *, usedforsecurity=True,\n                 string=None)" "Returns a sha3-256 hash object; optionally initialized with a string";
        "openssl_sha3_384" Sha3_384 "($module, /, data=b'', *, usedforsecurity=True,\n                 string=None)" "Returns a sha3-384 hash object; optionally initialized with a string";
        "openssl_sha3_512" Sha3_512 "($module, /, data=b'', *, usedforsecurity=True,\n                 string=None)" "Returns a sha3-512 hash object; optionally initialized with a string";
        "openssl_shake_128" Shake128 "($module, /, data=b'', *, usedforsecurity=True,\n                  string=None)" "Returns a shake-128 variable hash object; optionally initialized with a string";
        "openssl_shake_256" Shake256 "($module, /, data=b'', *, usedforsecurity=True,\n                  string=None)" "Returns a shake-256 variable hash object; optionally initialized with a string";
    },
    types: &[&HASH, &HASHXOF, &hmac::OPENSSL, &UNSUPPORTED],
    init: Some(|th, m| {
        let constructors = Gc::<Dict>::new(th);
        for (name, algo) in NAMED {
            let f = th.getattr(m.value(), th.intern(name))?;
            constructors.set(th, f, th.str(algo.name()))?;
        }
        m.put(th, "_constructors", dict::mapping_proxy(th, constructors.value()))?;
        let names = set::new(th)?;
        for a in Algo::all() {
            set::add(th, names, th.str(a.name()))?;
        }
        let frozen = th.call(set::FROZENSET.get().value(), &[names.value()])?;
        m.put(th, "openssl_md_meth_names", frozen)?;
        hash::put_minsize(th, m)
    }),
};

/// What `digestmod` means: a name or one of the constructors above.
fn mac_algo(th: Th, v: Value) -> R<Algo> {
    let found = if v.is_kind(Kind::Str) {
        match Algo::find(&th.text(v)) {
            None => return Err(unsupported(th)),
            a => a,
        }
    } else {
        v.cast::<NativeFunction>().and_then(|f| {
            MODULE
                .functions
                .iter()
                .any(|d| std::ptr::eq(d, f.def))
                .then(|| NAMED.iter().find(|n| n.0 == f.def.name).map(|n| n.1))
                .flatten()
        })
    };
    match found {
        Some(a) if a.is_xof() => Err(th.value_error("no reason supplied")),
        Some(a) => Ok(a),
        None => {
            let r = th.repr(v)?;
            Err(th.raise_msg(&UNSUPPORTED, &format!("Unsupported digestmod {}", th.text(r))))
        }
    }
}

fn pbkdf2(th: Th, a: Args) -> R<Value> {
    let name = str_arg(th, "pbkdf2_hmac", "hash_name", a[0].unwrap())?;
    let password = Buffer::simple(th, a[1].unwrap())?;
    let salt = Buffer::simple(th, a[2].unwrap())?;
    let iterations = long(th, a[3].unwrap())?;
    let Some(algo) = Algo::find(&name) else { return Err(unsupported(th)) };
    if iterations < 1 {
        return Err(th.value_error("iteration value must be greater than 0."));
    }
    if iterations > i32::MAX as i64 {
        return Err(th.overflow_error("iteration value is too great."));
    }
    let n = match a[4].and_then(|v| v.some()) {
        Some(v) => long(th, v)?,
        None => algo.size() as i64,
    };
    if n < 1 {
        return Err(th.value_error("key length must be greater than 0."));
    }
    if n > i32::MAX as i64 {
        return Err(th.overflow_error("key length is too great."));
    }
    if algo.is_xof() {
        return Err(th.value_error("no reason supplied"));
    }
    let mut out = room::zeros(n as usize);
    th.m.blocking(|| crate::state::pbkdf2(algo, password.bytes(), salt.bytes(), iterations as u64, &mut out));
    new_bytes(th, &out)
}

fn scrypt(th: Th, a: Args) -> R<Value> {
    let password = Buffer::simple(th, a[0].unwrap())?;
    let salt = Buffer::simple(th, a[1].unwrap())?;
    let number = |i: usize| unsigned(th, a[i].unwrap(), "unsigned long");
    let (n, r, p) = (number(2)?, number(3)?, number(4)?);
    let maxmem = a[5].map_or(Ok(0), |v| long(th, v))?;
    let dklen = a[6].map_or(Ok(64), |v| long(th, v))?;
    if n < 2 || !n.is_power_of_two() {
        return Err(th.value_error("n must be a power of 2."));
    }
    let max = i32::MAX as i64;
    if !(0..=max).contains(&maxmem) {
        return Err(th.value_error(format!("maxmem must be positive and smaller than {max}")));
    }
    if !(1..=max).contains(&dklen) {
        return Err(th.value_error(format!("dklen must be greater than 0 and smaller than {max}")));
    }
    if r == 0 || p == 0 {
        return Err(th.value_error("Invalid parameter combination for n, r, p, maxmem."));
    }
    if r > u32::MAX as u64 || p > u32::MAX as u64 {
        return Err(th.value_error("[digital envelope routines] parameter too large"));
    }
    // OpenSSL's reckoning of the memory in use.
    let limit = if maxmem == 0 { 32 << 20 } else { maxmem as u128 };
    let need = p as u128 * 128 * r as u128 + 128 * r as u128 * (n as u128 + 2);
    let params = scrypt::Params::new(n.trailing_zeros() as u8, r as u32, p as u32);
    let (true, Ok(params)) = (need <= limit, params) else {
        return Err(th.value_error("[digital envelope routines] memory limit exceeded"));
    };
    let mut out = room::zeros(dklen as usize);
    let ok = th.m.blocking(|| scrypt::scrypt(password.bytes(), salt.bytes(), &params, &mut out));
    if ok.is_err() {
        return Err(th.value_error("Invalid parameter combination for n, r, p, maxmem."));
    }
    Ok(bytes::new(th, &out)?.value())
}

fn compare_digest(th: Th, a: Args) -> R<Value> {
    let (x, y) = (a[0].unwrap(), a[1].unwrap());
    if let (Some(s), Some(t)) = (x.cast::<Str>(), y.cast::<Str>()) {
        if !s.is_ascii() || !t.is_ascii() {
            return Err(th.type_error("comparing strings with non-ASCII characters is not supported"));
        }
        return Ok(Value::bool(same(s.bytes(), t.bytes())));
    }
    if !buffer::is_buffer(th, x) && !buffer::is_buffer(th, y) {
        return Err(th.type_error(format!(
            "unsupported operand types(s) or combination of types: '{}' and '{}'",
            th.type_name_of(x),
            th.type_name_of(y)
        )));
    }
    let (p, q) = (Buffer::simple(th, x)?, Buffer::simple(th, y)?);
    Ok(Value::bool(same(p.bytes(), q.bytes())))
}
/// Takes the same time whatever the bytes are.
fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut diff = 0;
    for (x, y) in a.iter().zip(b) {
        diff |= std::hint::black_box(x ^ y);
    }
    diff == 0
}
