//! `zlib`, on zlib-rs: the module, `Compress` and `Decompress`. [`decompressor`] has `_ZlibDecompressor`.
//!
//! # Safety
//! [`stream`] has what belongs to the library. What is unsafe here are layouts: `compress_of` and `decompress_of` are
//! given receivers, see [`adder_vm::declare`].

mod decompressor;
mod stream;

use crate::util::*;
use adder_vm::builtins::buffer::{self, Buffer, bytes_of};
use adder_vm::builtins::exceptions as exc;
use adder_vm::err::{R, Raised};
use adder_vm::heap::{Header, Obj, Tracer};
use adder_vm::native::*;
use adder_vm::thread::Th;
use adder_vm::value::*;
use libz_rs_sys as z;
use std::sync::atomic::{AtomicBool, Ordering::*};
use stream::{DEF_MEM_LEVEL, Deflate, Inflate};

const DEF_BUF_SIZE: usize = 16 * 1024;

pub static MODULE: NativeModule = NativeModule {
    name: "zlib",
    doc: "The functions in this module allow compression and decompression using the\nzlib library, which is based on GNU zip.\n\nadler32(string[, start]) -- Compute an Adler-32 checksum.\ncompress(data[, level]) -- Compress data, with compression level 0-9 or -1.\ncompressobj([level[, ...]]) -- Return a compressor object.\ncrc32(string[, start]) -- Compute a CRC-32 checksum.\ndecompress(string,[wbits],[bufsize]) -- Decompresses a compressed string.\ndecompressobj([wbits[, zdict]]) -- Return a decompressor object.\n\n'wbits' is window buffer size and container format.\nCompressor objects support compress() and flush() methods; decompressor\nobjects support decompress() and flush().",
    functions: &[
        function(
            "adler32",
            "($module, data, value=1, /)",
            "Compute an Adler-32 checksum of data.\n\n  value\n    Starting value of the checksum.\n\nThe returned checksum is an integer.",
            |th, a| {
                let b = Buffer::simple(th, a[0].unwrap())?;
                let start = a[1].map_or(Ok(1), |v| mask_arg(th, v))?;
                let (p, n) = (b.bytes().as_ptr(), b.len());
                // SAFETY: the buffer is in use.
                let sum = outside(th, n / 8, || unsafe { z::adler32_z(start as _, p, n) });
                Ok(Value::fix(if n == 0 { start as i64 } else { sum as i64 }))
            },
        ),
        function(
            "compress",
            "($module, data, /, level=Z_DEFAULT_COMPRESSION, wbits=MAX_WBITS)",
            "Returns a bytes object containing compressed data.\n\n  data\n    Binary data to be compressed.\n  level\n    Compression level, in 0-9 or -1.\n  wbits\n    The window buffer size and container format.",
            compress,
        ),
        function(
            "compressobj",
            "($module, /, level=Z_DEFAULT_COMPRESSION, method=DEFLATED,\n            wbits=MAX_WBITS, memLevel=DEF_MEM_LEVEL,\n            strategy=Z_DEFAULT_STRATEGY, zdict=<unrepresentable>)",
            "Return a compressor object.\n\n  level\n    The compression level (an integer in the range 0-9 or -1; default is\n    currently equivalent to 6).  Higher compression levels are slower,\n    but produce smaller results.\n  method\n    The compression algorithm.  If given, this must be DEFLATED.\n  wbits\n    +9 to +15: The base-two logarithm of the window size.  Include a zlib\n        container.\n    -9 to -15: Generate a raw stream.\n    +25 to +31: Include a gzip container.\n  memLevel\n    Controls the amount of memory used for internal compression state.\n    Valid values range from 1 to 9.  Higher values result in higher memory\n    usage, faster compression, and smaller output.\n  strategy\n    Used to tune the compression algorithm.  Possible values are\n    Z_DEFAULT_STRATEGY, Z_FILTERED, and Z_HUFFMAN_ONLY.\n  zdict\n    The predefined compression dictionary - a sequence of bytes\n    containing subsequences that are likely to occur in the input data.",
            compressobj,
        ),
        function(
            "crc32",
            "($module, data, value=0, /)",
            "Compute a CRC-32 checksum of data.\n\n  value\n    Starting value of the checksum.\n\nThe returned checksum is an integer.",
            crate::binascii::crc32,
        ),
        function(
            "decompress",
            "($module, data, /, wbits=MAX_WBITS, bufsize=DEF_BUF_SIZE)",
            "Returns a bytes object containing the uncompressed data.\n\n  data\n    Compressed data.\n  wbits\n    The window buffer size and container format.\n  bufsize\n    The initial output buffer size.",
            decompress,
        ),
        function(
            "decompressobj",
            "($module, /, wbits=MAX_WBITS, zdict=b'')",
            "Return a decompressor object.\n\n  wbits\n    The window buffer size and container format.\n  zdict\n    The predefined compression dictionary.  This must be the same\n    dictionary as used by the compressor that produced the input data.",
            decompressobj,
        ),
    ],
    types: &[&ERROR, &decompressor::TYPE],
    init: Some(|th, m| {
        for (name, n) in CONSTANTS {
            m.put(th, name, Value::fix(*n))?;
        }
        m.put(th, "__version__", th.str("1.0"))?;
        // The interface is that of this version.
        m.put(th, "ZLIB_VERSION", th.str("1.3.1"))?;
        m.put(th, "ZLIB_RUNTIME_VERSION", th.str("1.3.1"))
    }),
};

const CONSTANTS: &[(&str, i64)] = &[
    ("DEFLATED", 8),
    ("DEF_BUF_SIZE", DEF_BUF_SIZE as i64),
    ("DEF_MEM_LEVEL", DEF_MEM_LEVEL as i64),
    ("MAX_WBITS", 15),
    ("Z_BEST_COMPRESSION", 9),
    ("Z_BEST_SPEED", 1),
    ("Z_BLOCK", 5),
    ("Z_DEFAULT_COMPRESSION", -1),
    ("Z_DEFAULT_STRATEGY", 0),
    ("Z_FILTERED", 1),
    ("Z_FINISH", 4),
    ("Z_FIXED", 4),
    ("Z_FULL_FLUSH", 3),
    ("Z_HUFFMAN_ONLY", 2),
    ("Z_NO_COMPRESSION", 0),
    ("Z_NO_FLUSH", 0),
    ("Z_PARTIAL_FLUSH", 1),
    ("Z_RLE", 3),
    ("Z_SYNC_FLUSH", 2),
    ("Z_TREES", 6),
];

static ERROR_TYPE: NativeType = exception("zlib.error", "", &exc::EXCEPTION);
static ERROR: TypeCell = TypeCell::new(&ERROR_TYPE);

/// `zlib.error` for what a call returned.
#[cold]
fn zlib_error(th: Th, code: i32, msg: Option<&str>, what: &str) -> Raised {
    let text = msg.or(match code {
        z::Z_BUF_ERROR => Some("incomplete or truncated stream"),
        z::Z_STREAM_ERROR => Some("inconsistent stream state"),
        z::Z_DATA_ERROR => Some("invalid input data"),
        _ => None,
    });
    let s = match text {
        Some(t) => format!("Error {code} {what}: {t}"),
        None => format!("Error {code} {what}"),
    };
    th.raise_msg(&ERROR, &s)
}

fn compress(th: Th, a: Args) -> R<Value> {
    let b = Buffer::simple(th, a[0].unwrap())?;
    let (level, wbits) = (int_or(th, a[1], -1)?, int_or(th, a[2], 15)?);
    let mut s = match Deflate::take(level, wbits) {
        Ok(s) => s,
        Err(z::Z_MEM_ERROR) => return Err(th.memory_error_msg("Out of memory while compressing data")),
        Err(z::Z_STREAM_ERROR) => return Err(th.raise_msg(&ERROR, "Bad compression level")),
        Err(e) => return Err(zlib_error(th, e, None, "while compressing data")),
    };
    let mut out = Sink::new(s.bound(b.len()), -1);
    let e = outside(th, b.len(), || s.run(b.bytes(), &mut out, z::Z_FINISH));
    if e != z::Z_STREAM_END {
        return Err(zlib_error(th, e, s.message(), "while compressing data"));
    }
    s.keep(level, wbits);
    new_bytes(th, &out.bytes)
}

fn decompress(th: Th, a: Args) -> R<Value> {
    let b = Buffer::simple(th, a[0].unwrap())?;
    let wbits = int_or(th, a[1], 15)?;
    let size = size_or(th, a[2], DEF_BUF_SIZE as i64)?;
    if size < 0 {
        return Err(th.value_error("bufsize must be non-negative"));
    }
    let mut s = match Inflate::take(wbits) {
        Ok(s) => s,
        Err(z::Z_MEM_ERROR) => return Err(th.memory_error_msg("Out of memory while decompressing data")),
        Err(e) => return Err(zlib_error(th, e, None, "while preparing to decompress data")),
    };
    let mut out = Sink::new((size as usize).clamp(1, 1 << 30), -1);
    let mut rest = b.bytes();
    let e = outside(th, b.len(), || s.run(&mut rest, &mut out, z::Z_SYNC_FLUSH, None).0);
    match e {
        z::Z_STREAM_END => {
            s.keep(wbits);
            new_bytes(th, &out.bytes)
        }
        z::Z_OK | z::Z_BUF_ERROR => {
            Err(zlib_error(th, z::Z_BUF_ERROR, s.message(), "while decompressing data"))
        }
        e => Err(zlib_error(th, e, s.message(), "while decompressing data")),
    }
}

// -- compression objects

#[repr(C)]
struct Compress {
    h: Header,
    state: Owned<Deflate>,
}
fn compress_of(v: Value) -> Gc<Compress> {
    unsafe { v.cast_unchecked() }
}
unsafe fn no_slots(_: Obj, _: &mut Tracer) {}
static COMPRESS_TYPE: NativeType = NativeType {
    name: "zlib.Compress",
    kind: Kind::Native,
    size: size_of::<Compress>() as u32,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION,
    methods: &[
        method("__copy__", "($self, /)", "", |th, a| compress_copy(th, a[0].unwrap())),
        method("__deepcopy__", "($self, memo, /)", "", |th, a| compress_copy(th, a[0].unwrap())),
        method(
            "compress",
            "($self, data, /)",
            "Returns a bytes object containing compressed data.\n\n  data\n    Binary data to be compressed.\n\nAfter calling this function, some of the input data may still\nbe stored in internal buffers for later processing.\nCall the flush() method to clear these buffers.",
            |th, a| {
                let b = Buffer::simple(th, a[1].unwrap())?;
                compress_of(a[0].unwrap()).state.with(th, |s| {
                    let mut out = Sink::new(b.len() / 4 + 64, -1);
                    let e = outside(th, b.len(), || s.run(b.bytes(), &mut out, z::Z_NO_FLUSH));
                    if e == z::Z_STREAM_ERROR {
                        return Err(zlib_error(th, e, s.message(), "while compressing data"));
                    }
                    new_bytes(th, &out.bytes)
                })
            },
        ),
        method("copy", "($self, /)", "Return a copy of the compression object.", |th, a| {
            compress_copy(th, a[0].unwrap())
        }),
        method(
            "flush",
            "($self, mode=zlib.Z_FINISH, /)",
            "Return a bytes object containing any remaining compressed data.\n\n  mode\n    One of the constants Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_FINISH.\n    If mode == Z_FINISH, the compressor object can no longer be\n    used after calling the flush() method.  Otherwise, more data\n    can still be compressed.",
            |th, a| {
                let mode = int_or(th, a[1], z::Z_FINISH)?;
                if mode == z::Z_NO_FLUSH {
                    return new_bytes(th, b"");
                }
                compress_of(a[0].unwrap()).state.with(th, |s| {
                    let mut out = Sink::new(256, -1);
                    let e = th.m.blocking(|| s.run(&[], &mut out, mode));
                    match e {
                        z::Z_STREAM_END if mode == z::Z_FINISH => s.end(),
                        z::Z_OK | z::Z_BUF_ERROR | z::Z_STREAM_END => {}
                        e => return Err(zlib_error(th, e, s.message(), "while flushing")),
                    }
                    new_bytes(th, &out.bytes)
                })
            },
        ),
    ],
    trace: Some(no_slots),
    drop: Some(|o| unsafe { (*(o.as_ptr() as *const Compress)).state.free() }),
    ..NativeType::DEFAULT
};
static COMPRESS: TypeCell = TypeCell::new(&COMPRESS_TYPE);

fn compressobj(th: Th, a: Args) -> R<Value> {
    let (level, method) = (int_or(th, a[0], -1)?, int_or(th, a[1], 8)?);
    let (wbits, mem) = (int_or(th, a[2], 15)?, int_or(th, a[3], DEF_MEM_LEVEL)?);
    let strategy = int_or(th, a[4], 0)?;
    let zdict = a[5].map(|v| Buffer::simple(th, v)).transpose()?;
    let mut s = match Deflate::new(level, method, wbits, mem, strategy) {
        Ok(s) => s,
        Err(z::Z_MEM_ERROR) => {
            return Err(th.memory_error_msg("Can't allocate memory for compression object"));
        }
        Err(z::Z_STREAM_ERROR) => return Err(th.value_error("Invalid initialization option")),
        Err(e) => return Err(zlib_error(th, e, None, "while creating compression object")),
    };
    if let Some(d) = zdict {
        if d.len() > u32::MAX as usize {
            return Err(th.overflow_error("zdict length does not fit in an unsigned int"));
        }
        match s.set_dictionary(d.bytes()) {
            z::Z_OK => {}
            z::Z_STREAM_ERROR => return Err(th.value_error("Invalid dictionary")),
            _ => return Err(th.value_error("deflateSetDictionary()")),
        }
    }
    let o = make(th, th.make_type(&COMPRESS).value())?;
    compress_of(o).state.set(s);
    Ok(o)
}
fn compress_copy(th: Th, o: Value) -> R<Value> {
    let s = match compress_of(o).state.with(th, |s| s.copy()) {
        Ok(s) => s,
        Err(e) => return Err(copy_error(th, e, "compression")),
    };
    let c = make(th, th.make_type(&COMPRESS).value())?;
    compress_of(c).state.set(s);
    Ok(c)
}
#[cold]
fn copy_error(th: Th, e: i32, what: &str) -> Raised {
    match e {
        z::Z_STREAM_ERROR => th.value_error("Inconsistent stream state"),
        z::Z_MEM_ERROR => th.memory_error_msg(format!("Can't allocate memory for {what} object")),
        e => zlib_error(th, e, None, &format!("while copying {what} object")),
    }
}

// -- decompression objects

#[repr(C)]
struct Decompress {
    h: Header,
    unused: Slot,
    tail: Slot,
    zdict: Slot,
    eof: AtomicBool,
    state: Owned<Inflate>,
}
fn decompress_of(v: Value) -> Gc<Decompress> {
    unsafe { v.cast_unchecked() }
}
unsafe fn decompress_trace(o: Obj, t: &mut Tracer) {
    let d = unsafe { &*(o.as_ptr() as *const Decompress) };
    t.slot(d.unused.as_ptr());
    t.slot(d.tail.as_ptr());
    t.slot(d.zdict.as_ptr());
}
static DECOMPRESS_TYPE: NativeType = NativeType {
    name: "zlib.Decompress",
    kind: Kind::Native,
    size: size_of::<Decompress>() as u32,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION,
    methods: &[
        method("__copy__", "($self, /)", "", |th, a| decompress_copy(th, a[0].unwrap())),
        method("__deepcopy__", "($self, memo, /)", "", |th, a| decompress_copy(th, a[0].unwrap())),
        method("copy", "($self, /)", "Return a copy of the decompression object.", |th, a| {
            decompress_copy(th, a[0].unwrap())
        }),
        method(
            "decompress",
            "($self, data, /, max_length=0)",
            "Return a bytes object containing the decompressed version of the data.\n\n  data\n    The binary data to decompress.\n  max_length\n    The maximum allowable length of the decompressed data.\n    Unconsumed input data will be stored in\n    the unconsumed_tail attribute.\n\nAfter calling this function, some of the input data may still be\nstored in internal buffers for later processing.\nCall the flush() method to clear these buffers.",
            decompress_data,
        ),
        method(
            "flush",
            "($self, length=zlib.DEF_BUF_SIZE, /)",
            "Return a bytes object containing any remaining decompressed data.\n\n  length\n    the initial size of the output buffer.",
            decompress_flush,
        ),
    ],
    getset: &[
        getter("unused_data", "", |_, o| Ok(decompress_of(o).unused.value())),
        getter("unconsumed_tail", "", |_, o| Ok(decompress_of(o).tail.value())),
        getter("eof", "", |_, o| Ok(Value::bool(decompress_of(o).eof.load(Acquire)))),
    ],
    trace: Some(decompress_trace),
    drop: Some(|o| unsafe { (*(o.as_ptr() as *const Decompress)).state.free() }),
    ..NativeType::DEFAULT
};
static DECOMPRESS: TypeCell = TypeCell::new(&DECOMPRESS_TYPE);

fn decompressobj(th: Th, a: Args) -> R<Value> {
    let wbits = int_or(th, a[0], 15)?;
    if let Some(d) = a[1]
        && !buffer::is_buffer(th, d)
        && bytes_of(d).is_none()
    {
        return Err(th.type_error("zdict argument must support the buffer protocol"));
    }
    let s = inflate(th, wbits, a[1])?;
    let empty = new_bytes(th, b"")?;
    let o = make(th, th.make_type(&DECOMPRESS).value())?;
    let d = decompress_of(o);
    th.store(d, &d.unused, empty);
    th.store(d, &d.tail, empty);
    th.store_opt(d, &d.zdict, a[1]);
    d.state.set(s);
    Ok(o)
}
/// A stream for a decompressor; with a raw one the dictionary is set at once.
fn inflate(th: Th, wbits: i32, zdict: Option<Value>) -> R<Inflate> {
    let mut s = match Inflate::new(wbits) {
        Ok(s) => s,
        Err(z::Z_MEM_ERROR) => {
            return Err(th.memory_error_msg("Can't allocate memory for decompression object"));
        }
        Err(z::Z_STREAM_ERROR) => return Err(th.value_error("Invalid initialization option")),
        Err(e) => return Err(zlib_error(th, e, None, "while creating decompression object")),
    };
    if let Some(d) = zdict
        && wbits < 0
    {
        let b = Buffer::simple(th, d)?;
        let e = s.set_dictionary(b.bytes());
        if e != z::Z_OK {
            return Err(zlib_error(th, e, s.message(), "while setting zdict"));
        }
    }
    Ok(s)
}
fn decompress_copy(th: Th, o: Value) -> R<Value> {
    let d = decompress_of(o);
    let s = match d.state.with(th, |s| s.copy()) {
        Ok(s) => s,
        Err(e) => return Err(copy_error(th, e, "decompression")),
    };
    let c = make(th, th.make_type(&DECOMPRESS).value())?;
    let x = decompress_of(c);
    th.store(x, &x.unused, d.unused.value());
    th.store(x, &x.tail, d.tail.value());
    th.store_opt(x, &x.zdict, d.zdict.get());
    x.eof.store(d.eof.load(Acquire), Release);
    x.state.set(s);
    Ok(c)
}

/// Keeps the input that was not used: after the end of the stream, or because the output is full.
fn save_rest(th: Th, d: Gc<Decompress>, e: i32, mut rest: &[u8]) -> R<()> {
    if e == z::Z_STREAM_END && !rest.is_empty() {
        let old = bytes_of(d.unused.value()).unwrap_or(&[]);
        let all = new_bytes(th, &[old, rest].concat())?;
        th.store(d, &d.unused, all);
        rest = &[];
    }
    if !rest.is_empty() || bytes_of(d.tail.value()).is_some_and(|t| !t.is_empty()) {
        let t = new_bytes(th, rest)?;
        th.store(d, &d.tail, t);
    }
    Ok(())
}
/// Runs the stream; the last value says that a dictionary was refused.
fn run(
    th: Th,
    zdict: Option<Value>,
    s: &mut Inflate,
    rest: &mut &[u8],
    out: &mut Sink,
    flush: i32,
) -> R<i32> {
    let dict = zdict.map(|d| Buffer::simple(th, d)).transpose()?;
    let (e, refused) = outside(th, rest.len(), || s.run(rest, out, flush, dict.as_ref().map(|d| d.bytes())));
    if refused {
        return Err(zlib_error(th, e, s.message(), "while setting zdict"));
    }
    Ok(e)
}

fn decompress_data(th: Th, a: Args) -> R<Value> {
    let d = decompress_of(a[0].unwrap());
    let b = Buffer::simple(th, a[1].unwrap())?;
    let max = size_or(th, a[2], 0)?;
    if max < 0 {
        return Err(th.value_error("max_length must be non-negative"));
    }
    d.state.with(th, |s| {
        let mut out = Sink::new(DEF_BUF_SIZE.min(64 + 4 * b.len()), if max == 0 { -1 } else { max });
        let mut rest = b.bytes();
        let e = run(th, d.zdict.get(), s, &mut rest, &mut out, z::Z_SYNC_FLUSH)?;
        save_rest(th, d, e, rest)?;
        match e {
            z::Z_STREAM_END => d.eof.store(true, Release),
            z::Z_OK | z::Z_BUF_ERROR => {}
            e => return Err(zlib_error(th, e, s.message(), "while decompressing data")),
        }
        new_bytes(th, &out.bytes)
    })
}
fn decompress_flush(th: Th, a: Args) -> R<Value> {
    let d = decompress_of(a[0].unwrap());
    let size = size_or(th, a[1], DEF_BUF_SIZE as i64)?;
    if size <= 0 {
        return Err(th.value_error("length must be greater than zero"));
    }
    d.state.with(th, |s| {
        let tail = d.tail.value();
        let b = Buffer::simple(th, tail)?;
        let mut out = Sink::new((size as usize).min(DEF_BUF_SIZE), -1);
        let mut rest = b.bytes();
        let e = run(th, d.zdict.get(), s, &mut rest, &mut out, z::Z_FINISH)?;
        save_rest(th, d, e, rest)?;
        match e {
            z::Z_STREAM_END => {
                d.eof.store(true, Release);
                s.end();
            }
            z::Z_OK | z::Z_BUF_ERROR => {}
            // A stream that has ended already has nothing more.
            z::Z_STREAM_ERROR if d.eof.load(Acquire) => {}
            e => return Err(zlib_error(th, e, s.message(), "while decompressing data")),
        }
        new_bytes(th, &out.bytes)
    })
}
