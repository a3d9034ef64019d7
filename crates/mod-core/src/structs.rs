//! `_struct`: packing values into bytes by format strings.
//!
//! # Invariants
//! `Struct::layout` is null or owns its layout. Layouts that `__init__` replaces hang behind the new one until the object
//! dies, because a call that is packing with them may be what calls `__init__`; and whoever uses one keeps the object on
//! its stack ([`Held`]).

use crate::itertools::{bind, make, signature};
use crate::native_layout;

use adder_vm::builtins::buffer::{self, Buffer};
use adder_vm::builtins::exceptions as exc;
use adder_vm::builtins::int;
use adder_vm::builtins::{bytes, float};
use adder_vm::err::{R, Raised};
use adder_vm::interp::call::Gather;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::Slots;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::cell::Cell as Plain;
use std::ops::Deref;
use std::sync::atomic::{AtomicPtr, Ordering::*};

/// One field: code, size of an item, alignment, repeat count (bytes for `s` and `p`).
#[derive(Clone, Copy)]
struct Field {
    code: u8,
    size: usize,
    count: usize,
    offset: usize,
}

struct Layout {
    little: bool,
    native: bool,
    fields: Vec<Field>,
    size: usize,
    /// Values that packing takes.
    values: usize,
    /// The one that this has replaced, or null.
    before: *mut Layout,
}

native_layout! { Struct { format, weak; layout: AtomicPtr<Layout> } }

static STRUCT_ERROR_TYPE: NativeType = NativeType {
    name: "struct.error",
    kind: Kind::BaseException,
    size: size_of::<BaseException>() as u32,
    flags: exc::BASE_EXCEPTION_TYPE.flags & !tflags::IMMUTABLE | tflags::WEAKREF | tflags::SHOWN_AS_HEAP,
    base: Some(&exc::EXCEPTION),
    ..NativeType::DEFAULT
};
static STRUCT_ERROR: TypeCell = TypeCell::new(&STRUCT_ERROR_TYPE);

fn err(th: Th, msg: impl AsRef<str>) -> Raised {
    th.make_type(&STRUCT_ERROR);
    th.raise_msg(&STRUCT_ERROR, msg.as_ref())
}

/// Size and alignment of a code in native mode.
fn native_size(c: u8) -> Option<(usize, usize)> {
    Some(match c {
        b'x' | b'b' | b'B' | b'c' | b's' | b'p' | b'?' => (1, 1),
        b'h' | b'H' | b'e' => (2, 2),
        b'i' | b'I' | b'f' => (4, 4),
        b'l' | b'L' | b'q' | b'Q' | b'n' | b'N' | b'P' | b'd' => (8, 8),
        b'F' => (8, 4),
        b'D' => (16, 8),
        _ => return None,
    })
}
fn standard_size(c: u8) -> Option<(usize, usize)> {
    Some(match c {
        b'l' | b'L' => (4, 1),
        b'n' | b'N' | b'P' => return None,
        c => (native_size(c)?.0, 1),
    })
}

fn parse(th: Th, f: &[u8]) -> R<Layout> {
    let (mut i, mut native, mut little) = (0, true, cfg!(target_endian = "little"));
    if let Some(c) = f.first() {
        match c {
            b'@' => i = 1,
            b'=' => (native, i) = (false, 1),
            b'<' => (native, little, i) = (false, true, 1),
            b'>' | b'!' => (native, little, i) = (false, false, 1),
            _ => {}
        }
    }
    let mut l =
        Layout { little, native, fields: Vec::new(), size: 0, values: 0, before: std::ptr::null_mut() };
    let too_long = |th: Th| err(th, "total struct size too long");
    while i < f.len() {
        let c = f[i];
        i += 1;
        if c.is_ascii_whitespace() {
            continue;
        }
        let mut count = 1usize;
        let mut code = c;
        if c.is_ascii_digit() {
            count = (c - b'0') as usize;
            loop {
                match f.get(i) {
                    Some(d) if d.is_ascii_digit() => {
                        count = count
                            .checked_mul(10)
                            .and_then(|n| n.checked_add((d - b'0') as usize))
                            .filter(|n| *n <= i64::MAX as usize)
                            .ok_or_else(|| too_long(th))?;
                        i += 1;
                    }
                    Some(d) => {
                        code = *d;
                        i += 1;
                        break;
                    }
                    None => return Err(err(th, "repeat count given without format specifier")),
                }
            }
        }
        let sized = if native { native_size(code) } else { standard_size(code) };
        let Some((size, align)) = sized else { return Err(err(th, "bad char in struct format")) };
        if native {
            l.size = l.size.checked_add(align - 1).ok_or_else(|| too_long(th))? / align * align;
        }
        let offset = l.size;
        l.size = size
            .checked_mul(count)
            .and_then(|n| n.checked_add(l.size))
            .filter(|n| *n <= i64::MAX as usize)
            .ok_or_else(|| too_long(th))?;
        match code {
            b'x' => {}
            b's' | b'p' => {
                l.values += 1;
                l.fields.push(Field { code, size: 1, count, offset });
            }
            _ if count > 0 => {
                l.values += count;
                l.fields.push(Field { code, size, count, offset });
            }
            _ => {}
        }
    }
    Ok(l)
}

/// The layout of a Struct, which is kept meanwhile.
struct Held {
    of: Value,
    layout: *const Layout,
}
impl Deref for Held {
    type Target = Layout;
    #[inline(always)]
    fn deref(&self) -> &Layout {
        // SAFETY: layouts live as long as their object.
        unsafe { &*self.layout }
    }
}
impl Drop for Held {
    #[inline(always)]
    fn drop(&mut self) {
        // Until here it is in a register or on the stack, where the collector sees it.
        std::hint::black_box(self.of);
    }
}

fn layout(th: Th, o: Value) -> R<Held> {
    let p = Struct::of(o).layout.load(Acquire);
    if p.is_null() {
        return Err(th.runtime_error("Struct object is not initialized"));
    }
    Ok(Held { of: o, layout: p })
}

fn format_bytes(th: Th, v: Value) -> R<Vec<u8>> {
    let b = format_text(th, v)?;
    if b.contains(&0) {
        return Err(err(th, "embedded null character"));
    }
    Ok(b)
}
fn format_text(th: Th, v: Value) -> R<Vec<u8>> {
    if let Some(s) = v.cast::<Str>() {
        if !s.is_ascii() {
            let b = th.call_method(v, adder_vm::n!(encode), &[th.str("ascii")])?;
            let _ = b;
        }
        return Ok(s.bytes().to_vec());
    }
    match v.cast::<Bytes>() {
        Some(b) => Ok(b.bytes().to_vec()),
        None => Err(th.type_error(format!(
            "Struct() argument 1 must be a str or bytes object, not {}",
            th.type_name_of(v)
        ))),
    }
}

/// A Struct of a format; recent ones are kept, as the library expects of the module's functions.
fn cached(th: Th, fmt: Value) -> R<Value> {
    let root = adder_vm::thread::Root::struct_cache;
    let d: Gc<Dict> = match root.get() {
        Some(d) => d.known(),
        None => {
            let d = Gc::<Dict>::new(th);
            root.set(Some(d.value()));
            d
        }
    };
    if fmt.is_exact(Kind::Str) || fmt.is_exact(Kind::Bytes) {
        let known = if fmt.is_exact(Kind::Str) { d.get_str(th, fmt)? } else { d.get(th, fmt)? };
        if let Some(s) = known {
            return Ok(s);
        }
    }
    let s = th.call(STRUCT.get().value(), &[fmt])?;
    if d.len() > 100 {
        d.clear(th)?;
    }
    if fmt.is_exact(Kind::Str) || fmt.is_exact(Kind::Bytes) {
        d.set(th, fmt, s)?;
    }
    Ok(s)
}

pub static MODULE: NativeModule = NativeModule {
    name: "_struct",
    doc: "Functions to convert between Python values and C structs.\nPython bytes objects are used to hold the data representing the C struct.\nThe format string (explained below) describes the layout of data\nin the C struct.\n\nThe optional first format char indicates byte order, size and alignment:\n  @: native order, size & alignment (default)\n  =: native order, std. size & alignment\n  <: little-endian, std. size & alignment\n  >: big-endian, std. size & alignment\n  !: same as >\n\nThe remaining characters indicate types of args and must match exactly;\nthese can be preceded by a decimal repeat count:\n  x: pad byte (no data); c: char; b: signed byte; B: unsigned byte;\n  ?: _Bool; h: short; H: unsigned short; i: int; I: unsigned int;\n  l: long; L: unsigned long; q: long long; Q: unsigned long long;\n  f: float; d: double; e: half-float;\n  F: float complex; D: double complex.\nSpecial cases (preceding decimal count indicates length):\n  s: byte string (array of char); p: Pascal string (with count byte).\nSpecial cases (only available in native format):\n  n: ssize_t; N: size_t;\n  P: an integer type that is wide enough to hold a pointer.\nWhitespace between formats is ignored.\n\nThe variable struct.error is an exception raised on errors.\n",
    functions: &[
        function("_clearcache", "($module, /)", "Clear the internal cache.", |th, _| {
            adder_vm::thread::Root::struct_cache.set(None);
            let _ = th;
            Ok(NONE())
        }),
        function(
            "calcsize",
            "($module, format, /)",
            "Return size in bytes of the struct described by the format string.",
            |th, a| {
                let s = cached(th, a[0].unwrap())?;
                Ok(th.int(layout(th, s)?.size as i64))
            },
        ),
        raw_function(
            "pack",
            "!($module, format, /, *values)",
            "pack(format, v1, v2, ...) -> bytes\n\nReturn a bytes object containing the values v1, v2, ... packed according\nto the format string.  See help(struct) for more on format strings.",
            |th, a| {
                let Some(&f) = a.pos().first() else {
                    return Err(th.type_error("pack expected at least 1 argument, got 0"));
                };
                let s = cached(th, f)?;
                pack(th, &*layout(th, s)?, a.skip(1).pos())
            },
        ),
        raw_function(
            "pack_into",
            "!($module, format, buffer, offset, /, *values)",
            "pack_into(format, buffer, offset, v1, v2, ...)\n\nPack the values v1, v2, ... according to the format string and write\nthe packed bytes into the writable buffer buf starting at offset.  Note\nthat the offset is a required argument.  A negative offset counts from\nthe end of the buffer.  See help(struct) for more on format strings.",
            |th, a| {
                let Some(&f) = a.pos().first() else {
                    return Err(th.type_error("pack_into expected at least 3 arguments, got 0"));
                };
                let s = cached(th, f)?;
                pack_into(th, &*layout(th, s)?, a.skip(1).pos())
            },
        ),
        function(
            "unpack",
            "($module, format, buffer, /)",
            "Return a tuple containing values unpacked according to the format string.\n\nThe buffer's size in bytes must be calcsize(format).\n\nSee help(struct) for more on format strings.",
            |th, a| {
                let s = cached(th, a[0].unwrap())?;
                unpack(th, &*layout(th, s)?, a[1].unwrap())
            },
        ),
        function(
            "unpack_from",
            "($module, format, /, buffer, offset=0)",
            "Return a tuple containing values unpacked according to the format string.\n\nThe buffer's size, minus offset, must be at least calcsize(format).\nA negative offset counts from the end of the buffer.\n\nSee help(struct) for more on format strings.",
            |th, a| {
                let s = cached(th, a[0].unwrap())?;
                unpack_from(th, &*layout(th, s)?, a[1].unwrap(), a[2])
            },
        ),
        function(
            "iter_unpack",
            "($module, format, buffer, /)",
            "Return an iterator yielding tuples unpacked from the given bytes.\n\nThe bytes are unpacked according to the format string, like\na repeated invocation of unpack_from().\n\nRequires that the bytes length be a multiple of the format struct size.",
            |th, a| {
                let s = cached(th, a[0].unwrap())?;
                iter_unpack(th, s, a[1].unwrap())
            },
        ),
    ],
    types: &[&STRUCT],
    init: Some(|th, m| {
        let t = th.make_type(&STRUCT_ERROR);
        m.put(th, "error", t.value())
    }),
};

static STRUCT_TYPE: NativeType = NativeType {
    name: "_struct.Struct",
    kind: Kind::Native,
    size: Struct::SIZE,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::WEAKREF | tflags::SHOWN_AS_HEAP,
    doc: "Struct(fmt) --> compiled struct object\n\n",
    slots: Slots {
        new: Some(|th, t, _| make(th, t)),
        init: Some(|th, o, a| {
            static SIG: NativeDef = signature("Struct", "(format)");
            let [f] = bind::<1>(th, &SIG, a)?;
            let text = format_bytes(th, f.unwrap())?;
            let mut l = Box::new(parse(th, &text)?);
            let s = Struct::of(o);
            th.store(s, &s.format, th.str_bytes(&text));
            let _g = th.lock(s);
            l.before = s.layout.load(Relaxed);
            s.layout.store(Box::into_raw(l), Release);
            Ok(())
        }),
        repr: Some(|th, o| {
            layout(th, o)?;
            let f = th.text(th.repr(Struct::of(o).format.value())?);
            Ok(th.str(&format!("{}({f})", th.type_of(o).name_str())))
        }),
        ..Slots::NONE
    },
    methods: &[
        raw_method(
            "pack",
            "!($self, /, *values)",
            "S.pack(v1, v2, ...) -> bytes\n\nReturn a bytes object containing values v1, v2, ... packed according\nto the format string S.format.  See help(struct) for more on format\nstrings.",
            |th, a| pack(th, &*layout(th, a.pos()[0])?, &a.pos()[1..]),
        ),
        raw_method(
            "pack_into",
            "!($self, buffer, offset, /, *values)",
            "S.pack_into(buffer, offset, v1, v2, ...)\n\nPack the values v1, v2, ... according to the format string S.format\nand write the packed bytes into the writable buffer buf starting at\noffset.  Note that the offset is a required argument.  A negative\noffset counts from the end of the buffer.  See help(struct) for more\non format strings.",
            |th, a| pack_into(th, &*layout(th, a.pos()[0])?, &a.pos()[1..]),
        ),
        method(
            "unpack",
            "($self, buffer, /)",
            "Return a tuple containing unpacked values.\n\nUnpack according to the format string Struct.format. The buffer's size\nin bytes must be Struct.size.\n\nSee help(struct) for more on format strings.",
            |th, a| unpack(th, &*layout(th, a[0].unwrap())?, a[1].unwrap()),
        ),
        method(
            "unpack_from",
            "($self, /, buffer, offset=0)",
            "Return a tuple containing unpacked values.\n\nValues are unpacked according to the format string Struct.format.\n\nThe buffer's size in bytes, starting at position offset, must be\nat least Struct.size.  A negative offset counts from the end of the\nbuffer.\n\nSee help(struct) for more on format strings.",
            |th, a| unpack_from(th, &*layout(th, a[0].unwrap())?, a[1].unwrap(), a[2]),
        ),
        method(
            "iter_unpack",
            "($self, buffer, /)",
            "Return an iterator yielding tuples.\n\nTuples are unpacked from the given bytes source, like a repeated\ninvocation of unpack_from().\n\nRequires that the bytes length be a multiple of the struct size.",
            |th, a| iter_unpack(th, a[0].unwrap(), a[1].unwrap()),
        ),
        method("__sizeof__", "!($self, /)", "S.__sizeof__() -> size of S in memory, in bytes", |th, a| {
            let n = layout(th, a[0].unwrap())?.fields.len();
            Ok(th.int((size_of::<Struct>() + size_of::<Layout>() + n * size_of::<Field>()) as i64))
        }),
    ],
    getset: &[
        getter("format", "struct format string", |th, o| {
            layout(th, o)?;
            Ok(Struct::of(o).format.value())
        }),
        getter("size", "struct size in bytes", |th, o| {
            Ok(layout(th, o).map_or_else(
                |_| {
                    th.take_exc();
                    Value::fix(-1)
                },
                |l| th.int(l.size as i64),
            ))
        }),
    ],
    trace: Some(Struct::trace),
    // SAFETY: nobody has the object any more; each layout is owned by the one that replaced it.
    drop: Some(|o| unsafe {
        let mut p = (*(o.as_ptr() as *const Struct)).layout.load(Acquire);
        while !p.is_null() {
            p = Box::from_raw(p).before;
        }
    }),
    ..NativeType::DEFAULT
};
static STRUCT: TypeCell = TypeCell::new(&STRUCT_TYPE);

// -- packing

fn pack(th: Th, l: &Layout, v: &[Value]) -> R<Value> {
    count(th, l, v, "pack")?;
    let b = bytes::uninit(th, l.size)?;
    let out = bytes::fill(b);
    out.fill(0);
    write(th, l, v, out)?;
    Ok(b.value())
}
fn count(th: Th, l: &Layout, v: &[Value], what: &str) -> R<()> {
    if v.len() != l.values {
        return Err(err(th, format!("{what} expected {} items for packing (got {})", l.values, v.len())));
    }
    Ok(())
}
fn pack_into(th: Th, l: &Layout, a: &[Value]) -> R<Value> {
    if a.len() < 2 {
        return Err(th.type_error(if a.is_empty() {
            "pack_into expected buffer argument"
        } else {
            "pack_into expected offset argument"
        }));
    }
    count(th, l, &a[2..], "pack_into")?;
    let b = match Buffer::writable(th, a[0]) {
        Ok(b) => b,
        Err(_) => {
            th.take_exc();
            return Err(th.type_error(format!(
                "argument must be read-write bytes-like object, not {}",
                th.type_name_of(a[0])
            )));
        }
    };
    let mut off = th.index_i64(a[1])?;
    let n = b.len() as i64;
    if off < 0 {
        if off + l.size as i64 > 0 {
            return Err(err(th, format!("no space to pack {} bytes at offset {off}", l.size)));
        }
        if off + n < 0 {
            return Err(err(th, format!("offset {off} out of range for {n}-byte buffer")));
        }
        off += n;
    }
    if n - off < l.size as i64 {
        return Err(err(
            th,
            format!(
                "pack_into requires a buffer of at least {} bytes for packing {} bytes at offset {off} (actual buffer size is {n})",
                off as usize + l.size,
                l.size
            ),
        ));
    }
    // Not before it is known to fit: a format's size may be anything. Pad bytes become zero, too.
    let tmp = bytes::uninit(th, l.size)?;
    let out = bytes::fill(tmp);
    out.fill(0);
    write(th, l, &a[2..], out)?;
    b.bytes_mut()[off as usize..off as usize + l.size].copy_from_slice(out);
    Ok(NONE())
}

fn put(out: &mut [u8], little: bool, b: &[u8]) {
    // `b` is little-endian.
    if little {
        out.copy_from_slice(b);
    } else {
        for (o, x) in out.iter_mut().zip(b.iter().rev()) {
            *o = *x;
        }
    }
}

fn write(th: Th, l: &Layout, v: &[Value], out: &mut [u8]) -> R<()> {
    let mut vi = v.iter();
    for f in &l.fields {
        if f.code == b's' || f.code == b'p' {
            let x = *vi.next().unwrap();
            let is_bytes = x.is_kind(Kind::Bytes) || x.is_kind(Kind::ByteArray);
            let Some(b) = buffer::bytes_of(x).filter(|_| is_bytes) else {
                return Err(err(th, format!("argument for '{}' must be a bytes object", f.code as char)));
            };
            let dst = &mut out[f.offset..f.offset + f.count];
            if f.code == b's' {
                let n = b.len().min(f.count);
                dst[..n].copy_from_slice(&b[..n]);
            } else if f.count > 0 {
                let n = b.len().min(f.count - 1);
                dst[1..1 + n].copy_from_slice(&b[..n]);
                dst[0] = n.min(255) as u8;
            }
            continue;
        }
        for k in 0..f.count {
            let at = f.offset + k * f.size;
            let x = *vi.next().unwrap();
            write_item(th, l, f, x, &mut out[at..at + f.size])?;
        }
    }
    Ok(())
}

fn real(th: Th, x: Value) -> R<f64> {
    let r = float::to_f64(th, x);
    match r {
        Ok(x) => Ok(x),
        // Whatever went wrong.
        Err(_) => {
            th.take_exc();
            Err(err(th, "required argument is not a float"))
        }
    }
}

fn write_item(th: Th, l: &Layout, f: &Field, x: Value, out: &mut [u8]) -> R<()> {
    match f.code {
        b'c' => match x.cast::<Bytes>().filter(|b| b.bytes().len() == 1) {
            Some(b) => out[0] = b.bytes()[0],
            None => return Err(err(th, "char format requires a bytes object of length 1")),
        },
        b'?' => out[0] = th.truth(x)? as u8,
        b'd' => put(out, l.little, &real(th, x)?.to_le_bytes()),
        b'f' => {
            let d = real(th, x)?;
            let s = d as f32;
            if s.is_infinite() && d.is_finite() {
                return Err(th.overflow_error("float too large to pack with f format"));
            }
            put(out, l.little, &s.to_le_bytes());
        }
        b'e' => {
            let d = real(th, x)?;
            match half_from(d) {
                Some(h) => put(out, l.little, &h.to_le_bytes()),
                None => return Err(th.overflow_error("float too large to pack with e format")),
            }
        }
        b'F' | b'D' => {
            let c = match adder_vm::builtins::complex::to_complex(th, x) {
                Ok(c) => c,
                Err(e) => {
                    if th.exc_is(&exc::TYPE_ERROR) {
                        th.take_exc();
                        return Err(err(th, "required argument is not a complex"));
                    }
                    return Err(e);
                }
            };
            let h = f.size / 2;
            if f.code == b'D' {
                put(&mut out[..h], l.little, &c.re.to_le_bytes());
                put(&mut out[h..], l.little, &c.im.to_le_bytes());
            } else {
                put(&mut out[..h], l.little, &(c.re as f32).to_le_bytes());
                put(&mut out[h..], l.little, &(c.im as f32).to_le_bytes());
            }
        }
        code => {
            let i = if int::is_int(x) {
                x
            } else if th.type_of(x).slots.index.is_some() {
                th.index(x)?
            } else {
                return Err(err(th, "required argument is not an integer"));
            };
            let bits = 8 * f.size as u32;
            let signed = code.is_ascii_lowercase();
            let n: Option<u64> = if code == b'P' {
                int::to_i64(i).map(|n| n as u64).or_else(|| int::to_u64(i))
            } else if signed {
                int::to_i64(i)
                    .filter(|n| bits == 64 || (*n >= -(1 << (bits - 1)) && *n < 1 << (bits - 1)))
                    .map(|n| n as u64)
            } else {
                int::to_u64(i).filter(|n| bits == 64 || *n >> bits == 0)
            };
            let Some(n) = n else {
                let c = code as char;
                let msg = match (code, l.native, bits) {
                    (b'q' | b'Q' | b'l' | b'L' | b'n' | b'N' | b'P', true, 64)
                        if code == b'q' || code == b'l' || code == b'n' =>
                    {
                        if code == b'q' || code == b'l' || code == b'n' {
                            format!("'{c}' format requires {} <= number <= {}", i64::MIN, i64::MAX)
                        } else {
                            "int too large to convert".to_string()
                        }
                    }
                    (_, _, 64) if signed => {
                        format!("'{c}' format requires {} <= number <= {}", i64::MIN, i64::MAX)
                    }
                    (_, _, 64) => format!("'{c}' format requires 0 <= number <= {}", u64::MAX),
                    _ if signed => format!(
                        "'{c}' format requires {} <= number <= {}",
                        -(1i64 << (bits - 1)),
                        (1i64 << (bits - 1)) - 1
                    ),
                    _ => format!("'{c}' format requires 0 <= number <= {}", (1u64 << bits) - 1),
                };
                return Err(err(th, msg));
            };
            put(out, l.little, &n.to_le_bytes()[..f.size]);
        }
    }
    Ok(())
}

// -- unpacking

fn unpack(th: Th, l: &Layout, src: Value) -> R<Value> {
    let b = Buffer::simple(th, src)?;
    if b.len() != l.size {
        return Err(err(th, format!("unpack requires a buffer of {} bytes", l.size)));
    }
    read(th, l, b.bytes())
}
fn unpack_from(th: Th, l: &Layout, src: Value, offset: Option<Value>) -> R<Value> {
    let b = Buffer::simple(th, src)?;
    let mut off = match offset {
        Some(o) => th.index_i64(o)?,
        None => 0,
    };
    let n = b.len() as i64;
    if off < 0 {
        if off + l.size as i64 > 0 {
            return Err(err(th, format!("not enough data to unpack {} bytes at offset {off}", l.size)));
        }
        if off + n < 0 {
            return Err(err(th, format!("offset {off} out of range for {n}-byte buffer")));
        }
        off += n;
    }
    if n - off < l.size as i64 {
        return Err(err(
            th,
            format!(
                "unpack_from requires a buffer of at least {} bytes for unpacking {} bytes at offset {off} (actual buffer size is {n})",
                off as usize + l.size,
                l.size
            ),
        ));
    }
    read(th, l, &b.bytes()[off as usize..off as usize + l.size])
}
fn le(src: &[u8], little: bool) -> [u8; 8] {
    let mut b = [0u8; 8];
    for (i, x) in src.iter().enumerate() {
        b[if little { i } else { src.len() - 1 - i }] = *x;
    }
    b
}
fn read(th: Th, l: &Layout, src: &[u8]) -> R<Value> {
    let mut g = Gather::new();
    for f in &l.fields {
        if f.code == b's' || f.code == b'p' {
            let s = &src[f.offset..f.offset + f.count];
            let s = if f.code == b's' {
                s
            } else if s.is_empty() {
                s
            } else {
                &s[1..1 + (s[0] as usize).min(f.count - 1)]
            };
            g.push(th, bytes::new(th, s)?.value())?;
            continue;
        }
        for k in 0..f.count {
            let at = f.offset + k * f.size;
            let v = read_item(th, l, f, &src[at..at + f.size])?;
            g.push(th, v)?;
        }
    }
    th.try_tuple(g.as_slice())
}
fn read_item(th: Th, l: &Layout, f: &Field, s: &[u8]) -> R<Value> {
    Ok(match f.code {
        b'c' => bytes::new(th, s)?.value(),
        b'?' => Value::bool(s[0] != 0),
        b'd' => th.float(f64::from_le_bytes(le(s, l.little))),
        b'f' => th.float(f32::from_bits(u64::from_le_bytes(le(s, l.little)) as u32) as f64),
        b'e' => th.float(half_to(u64::from_le_bytes(le(s, l.little)) as u16)),
        b'F' | b'D' => {
            let h = f.size / 2;
            let part = |p: &[u8]| {
                let w = u64::from_le_bytes(le(p, l.little));
                if h == 8 { f64::from_bits(w) } else { f32::from_bits(w as u32) as f64 }
            };
            adder_vm::builtins::complex::new(th, part(&s[..h]), part(&s[h..]))
        }
        code => {
            let n = u64::from_le_bytes(le(s, l.little));
            if code.is_ascii_lowercase() {
                let sh = 64 - 8 * f.size as u32;
                th.int(((n << sh) as i64) >> sh)
            } else {
                th.uint(n)
            }
        }
    })
}

/// IEEE 754 binary16, round half to even; None: too large.
fn half_from(x: f64) -> Option<u16> {
    let sign = ((x.to_bits() >> 48) & 0x8000) as u16;
    if x.is_nan() {
        return Some(sign | 0x7e00);
    }
    let a = x.abs();
    if a.is_infinite() {
        return Some(sign | 0x7c00);
    }
    if a >= 65520.0 {
        return None;
    }
    if a < 6.103515625e-05 {
        // Subnormal: units of 2^-24.
        let q = a * 16777216.0;
        let r = q.round_ties_even();
        return Some(sign | r as u16);
    }
    let e = ((a.to_bits() >> 52) as i32) - 1023;
    let unit = 2f64.powi(e - 10);
    let m = (a / unit).round_ties_even() as u32; // 1024..=2048
    let bits = (((e + 15) as u32) << 10) + (m - 1024);
    Some(sign | bits as u16)
}
fn half_to(h: u16) -> f64 {
    let s = if h & 0x8000 != 0 { -1.0 } else { 1.0 };
    let (e, m) = ((h >> 10 & 31) as i32, (h & 1023) as f64);
    match e {
        0 => s * m * 2f64.powi(-24),
        31 if m == 0.0 => s * f64::INFINITY,
        31 => f64::NAN.copysign(s),
        _ => s * (1.0 + m / 1024.0) * 2f64.powi(e - 15),
    }
}

// -- iter_unpack

native_layout! { UnpackIter { st, src; at: Plain<usize> } }
static UNPACK_ITER_TYPE: NativeType = NativeType {
    name: "_struct.unpack_iterator",
    kind: Kind::Native,
    size: UnpackIter::SIZE,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION,
    slots: Slots {
        iter: Some(crate::itertools::itself),
        iternext: Some(|th, o| {
            let u = UnpackIter::of(o);
            let Some(src) = u.src.get() else { return Ok(None) };
            let l = layout(th, u.st.value())?;
            let b = Buffer::simple(th, src)?;
            let at = u.at.get();
            if at + l.size > b.len() {
                u.src.init(None);
                return Ok(None);
            }
            u.at.set(at + l.size);
            read(th, &l, &b.bytes()[at..at + l.size]).map(Some)
        }),
        ..Slots::NONE
    },
    methods: &[method("__length_hint__", "!($self, /)", "", |th, a| {
        let u = UnpackIter::of(a[0].unwrap());
        let Some(src) = u.src.get() else { return Ok(Value::fix(0)) };
        let l = layout(th, u.st.value())?;
        let n = Buffer::simple(th, src)?.len();
        Ok(th.int((n.saturating_sub(u.at.get()) / l.size.max(1)) as i64))
    })],
    trace: Some(UnpackIter::trace),
    ..NativeType::DEFAULT
};
static UNPACK_ITER: TypeCell = TypeCell::new(&UNPACK_ITER_TYPE);
fn iter_unpack(th: Th, s: Value, src: Value) -> R<Value> {
    let l = layout(th, s)?;
    if l.size == 0 {
        return Err(err(th, "cannot iteratively unpack with a struct of length 0"));
    }
    let n = Buffer::simple(th, src)?.len();
    if n % l.size != 0 {
        return Err(err(
            th,
            format!("iterative unpacking requires a buffer of a multiple of {} bytes", l.size),
        ));
    }
    let o = make(th, th.make_type(&UNPACK_ITER).value())?;
    let u = UnpackIter::of(o);
    th.store(u, &u.st, s);
    th.store(u, &u.src, src);
    Ok(o)
}
