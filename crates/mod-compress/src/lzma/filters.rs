//! Specifications of filters (mappings) as liblzma's filter chains, and filter properties.
//!
//! # Safety
//! The options that a filter points at are the structure that liblzma wants for its id; they lie in boxes, so that a
//! [`Chain`] may be moved. Options that liblzma made are read as that structure and freed by it.

use super::*;
use adder_vm::builtins::list;
use adder_vm::object::*;
use std::ffi::c_void;

/// `lzma_options_delta`, which the crate does not declare.
#[repr(C)]
struct DeltaOptions {
    type_: u32,
    dist: u32,
    reserved_ints: [u32; 4],
    reserved_ptrs: [usize; 2],
}

enum Options {
    Lzma(Box<xz::lzma_options_lzma>),
    Delta(Box<DeltaOptions>),
    Bcj(Box<xz::lzma_options_bcj>),
}
struct Filter {
    id: u64,
    options: Options,
}
impl Filter {
    fn raw(&self) -> xz::lzma_filter {
        let options = match &self.options {
            Options::Lzma(o) => &raw const **o as *mut c_void,
            Options::Delta(o) => &raw const **o as *mut c_void,
            Options::Bcj(o) => &raw const **o as *mut c_void,
        };
        xz::lzma_filter { id: self.id, options }
    }
}

/// A chain of filters, as liblzma wants it.
pub struct Chain {
    filters: Vec<Filter>,
    raw: Vec<xz::lzma_filter>,
}

const MAX: usize = 4;

impl Chain {
    pub fn parse(th: Th, v: Value) -> R<Chain> {
        if v.is_kind(Kind::Dict) {
            return Err(th.type_error("dict is not a sequence"));
        }
        let n = th.len(v)?;
        if n > MAX {
            return Err(th.value_error(format!("Too many filters - liblzma supports a maximum of {MAX}")));
        }
        let mut filters = Vec::new();
        for i in 0..n {
            let spec = th.getitem(v, th.int(i as i64))?;
            filters.push(filter(th, spec)?);
        }
        let mut raw: Vec<_> = filters.iter().map(Filter::raw).collect();
        raw.push(xz::lzma_filter { id: xz::LZMA_VLI_UNKNOWN, options: std::ptr::null_mut() });
        Ok(Chain { filters, raw })
    }
    pub fn as_ptr(&self) -> *const xz::lzma_filter {
        self.raw.as_ptr()
    }
    pub fn single_lzma1(&self) -> Option<&xz::lzma_options_lzma> {
        match &self.filters[..] {
            [Filter { id: xz::LZMA_FILTER_LZMA1, options: Options::Lzma(o) }] => Some(o),
            _ => None,
        }
    }
}

pub fn preset(th: Th, preset: u32) -> R<Box<xz::lzma_options_lzma>> {
    // SAFETY: all zeros is a value; the call fills it in.
    let mut o: Box<xz::lzma_options_lzma> = Box::new(unsafe { std::mem::zeroed() });
    if unsafe { xz::lzma_lzma_preset(&mut *o, preset) } != 0 {
        return Err(th.raise_msg(&ERROR, &format!("Invalid compression preset: {preset}")));
    }
    Ok(o)
}

/// The entry of a specification, or none.
fn entry(th: Th, spec: Value, key: &str) -> R<Option<Value>> {
    match th.getitem(spec, th.intern(key)) {
        Ok(v) => Ok(Some(v)),
        Err(e) if th.exc_is(&exc::KEY_ERROR) => {
            th.take_exc();
            let _ = e;
            Ok(None)
        }
        Err(e) => Err(e),
    }
}
/// Options by name; a wrong one is a ValueError that names the filter.
fn options(th: Th, spec: Value, what: &str, names: &[&str], mut set: impl FnMut(usize, u32)) -> R<()> {
    let bad = || Err(th.value_error(format!("Invalid filter specifier for {what} filter")));
    let r = (|| -> R<bool> {
        let keys = th.call_method(spec, th.intern("keys"), &[])?;
        let keys = list::from_iterable(th, keys)?;
        let mut i = 0;
        while let Some(k) = keys.get(i) {
            i += 1;
            let name = if k.is_kind(Kind::Str) { th.text(k) } else { return Ok(false) };
            if name == "id" || name == "preset" && what == "LZMA" {
                continue;
            }
            let Some(at) = names.iter().position(|n| *n == name) else { return Ok(false) };
            let v = th.getitem(spec, k)?;
            set(at, u32_arg(th, v)?);
        }
        Ok(true)
    })();
    match r {
        Ok(true) => Ok(()),
        Ok(false) => bad(),
        Err(_) => {
            th.take_exc();
            bad()
        }
    }
}

fn filter(th: Th, spec: Value) -> R<Filter> {
    let t = th.type_of(spec);
    if t.slots.getitem.is_none() || matches!(spec.kind(), Kind::Str | Kind::Bytes | Kind::Tuple | Kind::List)
    {
        return Err(th.type_error("Filter specifier must be a dict or dict-like object"));
    }
    let Some(id) = entry(th, spec, "id")? else {
        return Err(th.value_error("Filter specifier must have an \"id\" entry"));
    };
    let id = unsigned(th, id, "lzma_vli")?;
    let options = match id {
        xz::LZMA_FILTER_LZMA1 | xz::LZMA_FILTER_LZMA2 => {
            let p = entry(th, spec, "preset")?.map_or(Ok(xz::LZMA_PRESET_DEFAULT), |v| u32_arg(th, v))?;
            let mut o = preset(th, p)?;
            let names = ["dict_size", "lc", "lp", "pb", "mode", "nice_len", "mf", "depth"];
            options(th, spec, "LZMA", &names, |i, n| match i {
                0 => o.dict_size = n,
                1 => o.lc = n,
                2 => o.lp = n,
                3 => o.pb = n,
                4 => o.mode = n as _,
                5 => o.nice_len = n,
                6 => o.mf = n as _,
                _ => o.depth = n,
            })?;
            Options::Lzma(o)
        }
        xz::LZMA_FILTER_DELTA => {
            let mut o =
                Box::new(DeltaOptions { type_: 0, dist: 1, reserved_ints: [0; 4], reserved_ptrs: [0; 2] });
            options(th, spec, "delta", &["dist"], |_, n| o.dist = n)?;
            Options::Delta(o)
        }
        xz::LZMA_FILTER_X86
        | xz::LZMA_FILTER_POWERPC
        | xz::LZMA_FILTER_IA64
        | xz::LZMA_FILTER_ARM
        | xz::LZMA_FILTER_ARMTHUMB
        | xz::LZMA_FILTER_SPARC => {
            let mut o = Box::new(xz::lzma_options_bcj { start_offset: 0 });
            options(th, spec, "BCJ", &["start_offset"], |_, n| o.start_offset = n)?;
            Options::Bcj(o)
        }
        _ => return Err(th.value_error(format!("Invalid filter ID: {id}"))),
    };
    Ok(Filter { id, options })
}

pub fn encode_properties(th: Th, a: Args) -> R<Value> {
    let f = filter(th, a[0].unwrap())?;
    let raw = f.raw();
    let mut size = 0;
    // SAFETY: the options of `raw` are those of `f`, which lives.
    check(th, unsafe { xz::lzma_properties_size(&mut size, &raw) })?;
    let mut out = vec![0u8; size as usize];
    // SAFETY: writes as much as it said.
    check(th, unsafe { xz::lzma_properties_encode(&raw, out.as_mut_ptr()) })?;
    new_bytes(th, &out)
}

pub fn decode_properties(th: Th, a: Args) -> R<Value> {
    let id = unsigned(th, a[0].unwrap(), "lzma_vli")?;
    let b = Buffer::simple(th, a[1].unwrap())?;
    let end = xz::lzma_filter { id: xz::LZMA_VLI_UNKNOWN, options: std::ptr::null_mut() };
    let mut f = [xz::lzma_filter { id, options: std::ptr::null_mut() }, end];
    // SAFETY: the properties are as long as it is told; without an allocator that of C is taken.
    check(th, unsafe {
        xz::lzma_properties_decode(f.as_mut_ptr(), std::ptr::null(), b.bytes().as_ptr(), b.len())
    })?;
    let mut pairs: Vec<(&str, u64)> = vec![("id", id)];
    let known = if f[0].options.is_null() {
        true
    } else {
        // SAFETY: liblzma made the options that belong to the filter.
        match id {
            xz::LZMA_FILTER_LZMA1 => {
                let o = unsafe { &*(f[0].options as *const xz::lzma_options_lzma) };
                pairs.push(("lc", o.lc as u64));
                pairs.push(("lp", o.lp as u64));
                pairs.push(("pb", o.pb as u64));
                pairs.push(("dict_size", o.dict_size as u64));
                true
            }
            xz::LZMA_FILTER_LZMA2 => {
                let o = unsafe { &*(f[0].options as *const xz::lzma_options_lzma) };
                pairs.push(("dict_size", o.dict_size as u64));
                true
            }
            xz::LZMA_FILTER_DELTA => {
                pairs.push(("dist", unsafe { (*(f[0].options as *const DeltaOptions)).dist } as u64));
                true
            }
            xz::LZMA_FILTER_X86
            | xz::LZMA_FILTER_POWERPC
            | xz::LZMA_FILTER_IA64
            | xz::LZMA_FILTER_ARM
            | xz::LZMA_FILTER_ARMTHUMB
            | xz::LZMA_FILTER_SPARC => {
                let o = unsafe { &*(f[0].options as *const xz::lzma_options_bcj) };
                pairs.push(("start_offset", o.start_offset as u64));
                true
            }
            _ => false,
        }
    };
    // SAFETY: what `lzma_properties_decode` made, with the same allocator, and used no more.
    unsafe { xz::lzma_filters_free(f.as_mut_ptr(), std::ptr::null()) };
    if !known {
        return Err(th.value_error(format!("Invalid filter ID: {id}")));
    }
    let d = Gc::<Dict>::new(th);
    for (name, n) in pairs {
        d.set(th, th.intern(name), th.uint(n))?;
    }
    Ok(d.value())
}
