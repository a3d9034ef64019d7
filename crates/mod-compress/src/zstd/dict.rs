//! `ZstdDict`, and making dictionaries.
//!
//! The content is also in Rust memory, shared with the coders that refer to it; digested forms are made once for each
//! compression level.
//!
//! # Invariants
//! - Digested dictionaries are the library's, freed once, when the last coder that refers to them is gone
//!   ([`std::sync::Arc`]). The library only reads them, so threads may share them.
//! - They are made of `content`, which lives in the same [`Digests`]; the library has copied what it needs of it.
//! - Functions of the library get a pointer with the length of the buffer behind it, which stays for the call.

use super::*;
use adder_text::room;
use adder_vm::heap::{Header, Obj, Tracer};
use adder_vm::slots::Slots;
use std::collections::HashMap;
use std::sync::Arc;

/// A digested dictionary for compression.
pub struct CDict(pub *mut z::ZSTD_CDict);
// SAFETY: never changed once it is made, and zstd lets any number of contexts use it at a time.
unsafe impl Send for CDict {}
unsafe impl Sync for CDict {}
impl Drop for CDict {
    fn drop(&mut self) {
        unsafe { z::ZSTD_freeCDict(self.0) };
    }
}
/// A digested dictionary for decompression.
pub struct DDict(pub *mut z::ZSTD_DDict);
// SAFETY: as of `CDict`.
unsafe impl Send for DDict {}
unsafe impl Sync for DDict {}
impl Drop for DDict {
    fn drop(&mut self) {
        unsafe { z::ZSTD_freeDDict(self.0) };
    }
}

pub struct Digests {
    pub content: Arc<Vec<u8>>,
    c: HashMap<i32, Arc<CDict>>,
    d: Option<Arc<DDict>>,
}
impl Digests {
    pub fn for_level(&mut self, level: i32) -> Option<Arc<CDict>> {
        if let Some(d) = self.c.get(&level) {
            return Some(d.clone());
        }
        let p = unsafe { z::ZSTD_createCDict(self.content.as_ptr().cast(), self.content.len(), level) };
        if p.is_null() {
            return None;
        }
        let d = Arc::new(CDict(p));
        self.c.insert(level, d.clone());
        Some(d)
    }
    pub fn for_decompression(&mut self) -> Option<Arc<DDict>> {
        if self.d.is_none() {
            let p = unsafe { z::ZSTD_createDDict(self.content.as_ptr().cast(), self.content.len()) };
            if !p.is_null() {
                self.d = Some(Arc::new(DDict(p)));
            }
        }
        self.d.clone()
    }
}

#[repr(C)]
pub struct DictObj {
    h: Header,
    content: Slot,
    id: Slot,
    pub state: Owned<Digests>,
}
pub fn of(v: Value) -> Gc<DictObj> {
    unsafe { v.cast_unchecked() }
}
unsafe fn trace(o: Obj, t: &mut Tracer) {
    let d = unsafe { &*(o.as_ptr() as *const DictObj) };
    t.slot(d.content.as_ptr());
    t.slot(d.id.as_ptr());
}

/// How a dictionary is to be used.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Use {
    Digested,
    Undigested,
    Prefix,
}

fn pair(th: Th, o: Value, n: i64) -> R<Value> {
    Ok(th.tuple(&[o, Value::fix(n)]))
}
/// The dictionary of an argument and how to use it: a ZstdDict, or a pair that its `as_…` attributes give.
pub fn argument(th: Th, v: Value, default: Use) -> R<(Value, Use)> {
    let is = |v: Value| DICT.try_get().is_some_and(|t| th.isinstance_exact(v, t));
    if is(v) {
        return Ok((v, default));
    }
    if let Some(t) = v.exact::<Tuple>()
        && let [d, n] = t.items()
        && is(*d)
    {
        match n.as_fix() {
            Some(0) => return Ok((*d, Use::Digested)),
            Some(1) => return Ok((*d, Use::Undigested)),
            Some(2) => return Ok((*d, Use::Prefix)),
            _ if int::is_int(*n) => {
                int_arg(th, *n)?;
            }
            _ => {}
        }
    }
    Err(th.type_error("zstd_dict argument should be a ZstdDict object."))
}

static DICT_SIG: NativeDef = signature("ZstdDict", "(dict_content, /, *, is_raw=False)");
static DICT_TYPE: NativeType = NativeType {
    name: "compression.zstd.ZstdDict",
    kind: Kind::Native,
    size: size_of::<DictObj>() as u32,
    flags: tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP,
    doc: "Represents a Zstandard dictionary.\n\n  dict_content\n    The content of a Zstandard dictionary as a bytes-like object.\n  is_raw\n    If true, perform no checks on *dict_content*, useful for some\n    advanced cases. Otherwise, check that the content represents\n    a Zstandard dictionary created by the zstd library or CLI.\n\nThe dictionary can be used for compression or decompression, and can be\nshared by multiple ZstdCompressor or ZstdDecompressor objects.",
    text_signature: Some("(dict_content, /, *, is_raw=False)"),
    slots: Slots {
        new: Some(|th, t, a| {
            let [content, raw] = bind::<2>(th, &DICT_SIG, a)?;
            let b = Buffer::simple(th, content.unwrap())?;
            let raw = bool_or(th, raw, false)?;
            if b.len() < 8 {
                return Err(
                    th.value_error("Zstandard dictionary content too short (must have at least eight bytes)")
                );
            }
            let id = unsafe { z::ZSTD_getDictID_fromDict(b.bytes().as_ptr().cast(), b.len()) };
            if !raw && id == 0 {
                return Err(th.value_error("invalid Zstandard dictionary"));
            }
            let bytes = new_bytes(th, b.bytes())?;
            let o = make(th, t)?;
            let d = of(o);
            th.store(d, &d.content, bytes);
            d.id.init(Some(th.int(id as i64)));
            let content = Arc::new(room::copy(b.bytes()));
            d.state.set(Digests { content, c: HashMap::new(), d: None });
            Ok(o)
        }),
        repr: Some(|th, o| {
            let d = of(o);
            let id = d.id.value().as_fix().unwrap_or(0);
            Ok(th.str(&format!("<ZstdDict dict_id={id} dict_size={}>", th.len(d.content.value())?)))
        }),
        len: Some(|th, o| th.len(of(o).content.value())),
        ..Slots::NONE
    },
    getset: &[
        getter("dict_content", "The content of a Zstandard dictionary, as a bytes object.", |_, o| {
            Ok(of(o).content.value())
        }),
        getter(
            "dict_id",
            "The Zstandard dictionary, an int between 0 and 2**32.\n\nA non-zero value represents an ordinary Zstandard dictionary,\nconforming to the standardised format.\n\nA value of zero indicates a 'raw content' dictionary,\nwithout any restrictions on format or content.",
            |_, o| Ok(of(o).id.value()),
        ),
        getter(
            "as_digested_dict",
            "Load as a digested dictionary to compressor.\n\nPass this attribute as zstd_dict argument:\ncompress(dat, zstd_dict=zd.as_digested_dict)\n\n1. Some advanced compression parameters of compressor may be\n   overridden by parameters of digested dictionary.\n2. ZstdDict has a digested dictionaries cache for each compression\n   level.  It's faster when loading again a digested dictionary with\n   the same compression level.\n3. No need to use this for decompression.",
            |th, o| pair(th, o, 0),
        ),
        getter(
            "as_undigested_dict",
            "Load as an undigested dictionary to compressor.\n\nPass this attribute as zstd_dict argument:\ncompress(dat, zstd_dict=zd.as_undigested_dict)\n\n1. The advanced compression parameters of compressor will not be\n   overridden.\n2. Loading an undigested dictionary is costly. If load an undigested\n   dictionary multiple times, consider reusing a compressor object.\n3. No need to use this for decompression.",
            |th, o| pair(th, o, 1),
        ),
        getter(
            "as_prefix",
            "Load as a prefix to compressor/decompressor.\n\nPass this attribute as zstd_dict argument:\ncompress(dat, zstd_dict=zd.as_prefix)\n\n1. Prefix is compatible with long distance matching, while\n   dictionary is not.\n2. It only works for the first frame, then the\n   compressor/decompressor will return to no prefix state.\n3. When decompressing, must use the same prefix as when compressing.",
            |th, o| pair(th, o, 2),
        ),
    ],
    trace: Some(trace),
    drop: Some(|o| unsafe { (*(o.as_ptr() as *const DictObj)).state.free() }),
    ..NativeType::DEFAULT
};
pub static DICT: TypeCell = TypeCell::new(&DICT_TYPE);

// -- making dictionaries

fn bytes_arg(th: Th, func: &str, n: usize, v: Value) -> R<Gc<Bytes>> {
    v.cast::<Bytes>().ok_or_else(|| {
        th.type_error(format!("{func}() argument {n} must be bytes, not {}", th.arg_type_name(v)))
    })
}
fn sizes(th: Th, func: &str, n: usize, v: Value, total: usize) -> R<Vec<usize>> {
    let Some(t) = v.cast::<Tuple>() else {
        return Err(
            th.type_error(format!("{func}() argument {n} must be tuple, not {}", th.arg_type_name(v)))
        );
    };
    let wrong = || th.value_error("The samples size tuple doesn't match the concatenation's size.");
    let (mut out, mut sum) = (Vec::new(), 0usize);
    for v in t.items() {
        if !int::is_int(*v) {
            return Err(th.type_error("an integer is required"));
        }
        let Some(n) = int::to_u64(*v) else { return Err(wrong()) };
        let Some(s) = sum.checked_add(n as usize) else { return Err(wrong()) };
        sum = s;
        out.push(n as usize);
    }
    if sum != total {
        return Err(wrong());
    }
    Ok(out)
}
fn dict_size(th: Th, v: Value) -> R<usize> {
    match th.index_i64(v)? {
        n if n <= 0 => Err(th.value_error("dict_size argument should be positive number.")),
        n if n > 1 << 40 => Err(th.memory_error()),
        n => Ok(n as usize),
    }
}

pub fn train(th: Th, a: Args) -> R<Value> {
    let samples = bytes_arg(th, "train_dict", 1, a[0].unwrap())?;
    if !a[1].unwrap().is_kind(Kind::Tuple) {
        return sizes(th, "train_dict", 2, a[1].unwrap(), 0).map(|_| NONE());
    }
    let n = dict_size(th, a[2].unwrap())?;
    let sizes = sizes(th, "train_dict", 2, a[1].unwrap(), samples.len)?;
    let data = room::copy(samples.bytes());
    let mut out = room::zeros(n);
    let r = th.m.blocking(|| unsafe {
        z::ZDICT_trainFromBuffer(
            out.as_mut_ptr().cast(),
            n,
            data.as_ptr().cast(),
            sizes.as_ptr(),
            sizes.len() as u32,
        )
    });
    let used = check(th, "Unable to train the Zstandard dictionary", r)?;
    new_bytes(th, &out[..used])
}

pub fn finalize(th: Th, a: Args) -> R<Value> {
    let custom = bytes_arg(th, "finalize_dict", 1, a[0].unwrap())?;
    let samples = bytes_arg(th, "finalize_dict", 2, a[1].unwrap())?;
    if !a[2].unwrap().is_kind(Kind::Tuple) {
        return sizes(th, "finalize_dict", 3, a[2].unwrap(), 0).map(|_| NONE());
    }
    let n = dict_size(th, a[3].unwrap())?;
    let level = int_arg(th, a[4].unwrap())?;
    let sizes = sizes(th, "finalize_dict", 3, a[2].unwrap(), samples.len)?;
    let (custom, data) = (room::copy(custom.bytes()), room::copy(samples.bytes()));
    let mut out = room::zeros(n);
    let params = z::ZDICT_params_t { compressionLevel: level, notificationLevel: 0, dictID: 0 };
    let r = th.m.blocking(|| unsafe {
        z::ZDICT_finalizeDictionary(
            out.as_mut_ptr().cast(),
            n,
            custom.as_ptr().cast(),
            custom.len(),
            data.as_ptr().cast(),
            sizes.as_ptr(),
            sizes.len() as u32,
            params,
        )
    });
    let used = check(th, "Unable to finalize the Zstandard dictionary", r)?;
    new_bytes(th, &out[..used])
}
