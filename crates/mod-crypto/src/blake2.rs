//! `_blake2` (RFC 7693), with the parameters of tree hashing.
//!
//! # Invariants
//! The bytes of key, salt and person are those of buffers that [`Params`] holds while they are read.

use crate::hash::{self, HashObj};
use crate::state::{Algo, State};
use crate::util::*;
use adder_vm::builtins::buffer::Buffer;
use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::Slots;
use adder_vm::thread::Th;
use adder_vm::value::*;

pub static MODULE: NativeModule = NativeModule {
    name: "_blake2",
    doc: "_blake2b provides BLAKE2b for hashlib\n",
    functions: &[],
    types: &[&BLAKE2B, &BLAKE2S],
    init: Some(|th, m| {
        for (name, l) in [("BLAKE2B", &B), ("BLAKE2S", &S)] {
            for (what, n) in l.constants() {
                m.put(th, &format!("{name}_{what}"), Value::fix(n as i64))?;
            }
        }
        hash::put_minsize(th, m)
    }),
};

/// What the two variants allow.
struct Limits {
    name: &'static str,
    digest: usize,
    key: usize,
    salt: usize,
    person: usize,
    offset: u64,
}
static B: Limits = Limits { name: "Blake2b", digest: 64, key: 64, salt: 16, person: 16, offset: u64::MAX };
static S: Limits = Limits { name: "Blake2s", digest: 32, key: 32, salt: 8, person: 8, offset: (1 << 48) - 1 };
impl Limits {
    fn constants(&self) -> [(&'static str, usize); 4] {
        [
            ("MAX_DIGEST_SIZE", self.digest),
            ("MAX_KEY_SIZE", self.key),
            ("PERSON_SIZE", self.person),
            ("SALT_SIZE", self.salt),
        ]
    }
}

const SIG: &str = "(data=b'', *, digest_size=64, key=b'', salt=b'', person=b'', fanout=1, depth=1, leaf_size=0, node_offset=0, node_depth=0, inner_size=0, last_node=False, usedforsecurity=True, string=None)";
static B_SIG: NativeDef = signature("blake2b", SIG);
static S_SIG: NativeDef = signature("blake2s", SIG);

const METHODS: &[NativeDef] = &[hash::COPY, hash::DIGEST, hash::HEXDIGEST, hash::UPDATE_BYTES];

fn put_constants(th: Th, t: Gc<Type>, l: &Limits) -> R<()> {
    for (what, n) in l.constants() {
        t.dict_().set(th, th.intern(what), Value::fix(n as i64))?;
    }
    Ok(())
}

static BLAKE2B_TYPE: NativeType = NativeType {
    name: "_blake2.blake2b",
    kind: Kind::Native,
    size: HashObj::SIZE,
    flags: tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP,
    doc: "Return a new BLAKE2b hash object.",
    text_signature: Some(
        "(data=b'', *, digest_size=_blake2.blake2b.MAX_DIGEST_SIZE,\n        key=b'', salt=b'', person=b'', fanout=1, depth=1, leaf_size=0,\n        node_offset=0, node_depth=0, inner_size=0, last_node=False,\n        usedforsecurity=True, string=None)",
    ),
    slots: Slots {
        new: Some(|th, t, a| {
            let a = bind::<14>(th, &B_SIG, a)?;
            let input = data_or_string(th, a[0], a[13])?;
            let p = Params::get(th, &a, &B)?;
            let mut x = blake2b_simd::Params::new();
            x.hash_length(p.size).fanout(p.fanout).max_depth(p.depth).max_leaf_length(p.leaf);
            x.node_offset(p.offset).node_depth(p.node_depth).inner_hash_length(p.inner).last_node(p.last);
            let s = p.bytes(|key, salt, person| x.key(key).salt(salt).personal(person).to_state());
            hash::start(th, t, Algo::Blake2b, State::Blake2b(s, p.size as u8), input)
        }),
        ..Slots::NONE
    },
    methods: METHODS,
    getset: hash::GETSET,
    trace: Some(hash::trace),
    drop: Some(hash::free),
    init: Some(|th, t| put_constants(th, t, &B)),
    ..NativeType::DEFAULT
};
static BLAKE2B: TypeCell = TypeCell::new(&BLAKE2B_TYPE);

static BLAKE2S_TYPE: NativeType = NativeType {
    name: "_blake2.blake2s",
    kind: Kind::Native,
    size: HashObj::SIZE,
    flags: tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP,
    doc: "Return a new BLAKE2s hash object.",
    text_signature: Some(
        "(data=b'', *, digest_size=_blake2.blake2s.MAX_DIGEST_SIZE,\n        key=b'', salt=b'', person=b'', fanout=1, depth=1, leaf_size=0,\n        node_offset=0, node_depth=0, inner_size=0, last_node=False,\n        usedforsecurity=True, string=None)",
    ),
    slots: Slots {
        new: Some(|th, t, a| {
            let a = bind::<14>(th, &S_SIG, a)?;
            let input = data_or_string(th, a[0], a[13])?;
            let p = Params::get(th, &a, &S)?;
            let mut x = blake2s_simd::Params::new();
            x.hash_length(p.size).fanout(p.fanout).max_depth(p.depth).max_leaf_length(p.leaf);
            x.node_offset(p.offset).node_depth(p.node_depth).inner_hash_length(p.inner).last_node(p.last);
            let s = p.bytes(|key, salt, person| x.key(key).salt(salt).personal(person).to_state());
            hash::start(th, t, Algo::Blake2s, State::Blake2s(s, p.size as u8), input)
        }),
        ..Slots::NONE
    },
    methods: METHODS,
    getset: hash::GETSET,
    trace: Some(hash::trace),
    drop: Some(hash::free),
    init: Some(|th, t| put_constants(th, t, &S)),
    ..NativeType::DEFAULT
};
static BLAKE2S: TypeCell = TypeCell::new(&BLAKE2S_TYPE);

struct Params {
    size: usize,
    key: Option<Buffer>,
    salt: Option<Buffer>,
    person: Option<Buffer>,
    fanout: u8,
    depth: u8,
    leaf: u32,
    offset: u64,
    node_depth: u8,
    inner: usize,
    last: bool,
}

impl Params {
    fn get(th: Th, a: &[Option<Value>; 14], l: &Limits) -> R<Params> {
        let number = |v: Option<Value>, default: i32| v.map_or(Ok(default), |v| int_arg(th, v));
        let buffer = |v: Option<Value>| v.map(|v| Buffer::simple(th, v)).transpose();
        let size = number(a[1], l.digest as i32)?;
        let (key, salt, person) = (buffer(a[2])?, buffer(a[3])?, buffer(a[4])?);
        let (fanout, depth) = (number(a[5], 1)?, number(a[6], 1)?);
        let leaf = a[7].map_or(Ok(0), |v| unsigned(th, v, "unsigned long"))?;
        let offset = a[8].map_or(Ok(0), |v| unsigned(th, v, "unsigned long long"))?;
        let (node_depth, inner) = (number(a[9], 0)?, number(a[10], 0)?);
        let last = a[11].map_or(Ok(false), |v| th.truth(v))?;
        if size < 1 || size as usize > l.digest {
            return Err(th.value_error(format!(
                "digest_size for {} must be between 1 and {} bytes, here it is {size}",
                l.name, l.digest
            )));
        }
        let too_long = |b: &Option<Buffer>, n: usize| b.as_ref().is_some_and(|b| b.len() > n);
        if too_long(&salt, l.salt) {
            return Err(th.value_error(format!("maximum salt length is {} bytes", l.salt)));
        }
        if too_long(&person, l.person) {
            return Err(th.value_error(format!("maximum person length is {} bytes", l.person)));
        }
        let byte = |n: i32, min: u8, what: &str| match u8::try_from(n) {
            Ok(n) if n >= min => Ok(n),
            _ => Err(th.value_error(format!("{what} must be between {min} and 255"))),
        };
        let (fanout, depth) = (byte(fanout, 0, "fanout")?, byte(depth, 1, "depth")?);
        let Ok(leaf) = u32::try_from(leaf) else { return Err(th.overflow_error("leaf_size is too large")) };
        if offset > l.offset {
            return Err(th.overflow_error("node_offset is too large"));
        }
        let node_depth = byte(node_depth, 0, "node_depth")?;
        if inner < 0 || inner as usize > l.digest {
            return Err(th.value_error(format!("inner_size must be between 0 and is {}", l.digest)));
        }
        if too_long(&key, l.key) {
            return Err(th.value_error(format!("maximum key length is {} bytes", l.key)));
        }
        let (size, inner) = (size as usize, inner as usize);
        Ok(Params { size, key, salt, person, fanout, depth, leaf, offset, node_depth, inner, last })
    }
    /// Calls `f` with key, salt and person.
    fn bytes<T>(&self, f: impl FnOnce(&[u8], &[u8], &[u8]) -> T) -> T {
        let get =
            |b: &'_ Option<Buffer>| b.as_ref().map_or(&[][..], |b| unsafe { &*(b.bytes() as *const [u8]) });
        f(get(&self.key), get(&self.salt), get(&self.person))
    }
}
