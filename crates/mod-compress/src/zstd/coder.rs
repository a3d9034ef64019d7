//! `ZstdCompressor` and `ZstdDecompressor`.
//!
//! # Safety
//! A context is freed once, by the coder that made it. What it refers to (a digested dictionary, a prefix) is shared in
//! the field beside it and so outlives it, also in threads that compress for it; an undigested dictionary it copies. A
//! buffer outlives the call that it is for: only the content of input is kept, as a copy.

use super::dict::{CDict, DDict, Use};
use super::*;
use crate::incremental::{self, Engine, Failure, Outcome};
use adder_vm::heap::{Header, Obj, Tracer};
use adder_vm::slots::Slots;
use std::sync::Arc;

const CONTINUE: i32 = 0;
const FLUSH_BLOCK: i32 = 1;
const FLUSH_FRAME: i32 = 2;

fn given(v: Option<Value>) -> Option<Value> {
    v.and_then(|v| v.some())
}

// -- compression

struct Compressor {
    c: *mut z::ZSTD_CCtx,
    last: i32,
    /// Other threads may be compressing.
    workers: bool,
    /// What the context refers to.
    digest: Option<Arc<CDict>>,
    prefix: Option<Arc<Vec<u8>>>,
}
// SAFETY: the context owns or shares all it refers to.
unsafe impl Send for Compressor {}
impl Drop for Compressor {
    fn drop(&mut self) {
        // zstd frees a loaded dictionary before its workers are done with it: they finish first.
        if self.workers && self.last != FLUSH_FRAME {
            let mut scratch = vec![0u8; 1 << 16];
            let mut i = z::ZSTD_inBuffer { src: std::ptr::null(), size: 0, pos: 0 };
            loop {
                let mut o =
                    z::ZSTD_outBuffer { dst: scratch.as_mut_ptr().cast(), size: scratch.len(), pos: 0 };
                let end = z::ZSTD_EndDirective::ZSTD_e_end;
                // SAFETY: no input; the output is as long as it says.
                let r = unsafe { z::ZSTD_compressStream2(self.c, &mut o, &mut i, end) };
                if r == 0 || is_error(r) {
                    break;
                }
            }
        }
        unsafe { z::ZSTD_freeCCtx(self.c) };
    }
}
impl Compressor {
    fn run(&mut self, input: &[u8], out: &mut Sink, mode: i32) -> usize {
        let op = match mode {
            CONTINUE => z::ZSTD_EndDirective::ZSTD_e_continue,
            FLUSH_BLOCK => z::ZSTD_EndDirective::ZSTD_e_flush,
            _ => z::ZSTD_EndDirective::ZSTD_e_end,
        };
        let mut i = z::ZSTD_inBuffer { src: input.as_ptr().cast(), size: input.len(), pos: 0 };
        loop {
            let (p, room) = out.room();
            let mut o = z::ZSTD_outBuffer { dst: p.cast(), size: room, pos: 0 };
            // SAFETY: the buffers are as long as they say.
            let r = unsafe { z::ZSTD_compressStream2(self.c, &mut o, &mut i, op) };
            unsafe { out.wrote(o.pos) };
            let done = if mode == CONTINUE { i.pos == i.size } else { r == 0 };
            if is_error(r) || done {
                return r;
            }
        }
    }
    fn finish(&mut self, th: Th, r: usize, mode: i32, out: Sink) -> R<Value> {
        if is_error(r) {
            self.last = FLUSH_FRAME;
            unsafe { z::ZSTD_CCtx_reset(self.c, z::ZSTD_ResetDirective::ZSTD_reset_session_only) };
            return Err(zstd_error(th, "Unable to compress Zstandard data", r));
        }
        self.last = mode;
        new_bytes(th, &out.bytes)
    }
}

#[repr(C)]
struct CompressorObj {
    h: Header,
    state: Owned<Compressor>,
}
fn of(v: Value) -> Gc<CompressorObj> {
    unsafe { v.cast_unchecked() }
}
unsafe fn no_slots(_: Obj, _: &mut Tracer) {}

static COMPRESSOR_SIG: NativeDef = signature("ZstdCompressor", "(level=None, options=None, zstd_dict=None)");
static COMPRESSOR_TYPE: NativeType = NativeType {
    name: "compression.zstd.ZstdCompressor",
    kind: Kind::Native,
    size: size_of::<CompressorObj>() as u32,
    flags: tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP,
    doc: "Create a compressor object for compressing data incrementally.\n\n  level\n    The compression level to use. Defaults to COMPRESSION_LEVEL_DEFAULT.\n  options\n    A dict object that contains advanced compression parameters.\n  zstd_dict\n    A ZstdDict object, a pre-trained Zstandard dictionary.\n\nThread-safe at method level.  For one-shot compression, use the\ncompress() function instead.",
    text_signature: Some("(level=None, options=None, zstd_dict=None)"),
    slots: Slots {
        new: Some(|th, t, a| {
            let [level, options, dict] = bind::<3>(th, &COMPRESSOR_SIG, a)?;
            let (level, options) = (given(level), given(options));
            if level.is_some() && options.is_some() {
                return Err(th.type_error("Only one of level or options should be used."));
            }
            let c = unsafe { z::ZSTD_createCCtx() };
            if c.is_null() {
                return Err(th.memory_error());
            }
            let mut s = Compressor { c, last: FLUSH_FRAME, workers: false, digest: None, prefix: None };
            let options = match (level, options) {
                (Some(l), _) => vec![(100, params::level(th, l)?)],
                (_, Some(o)) => params::entries(th, o, true)?,
                _ => Vec::new(),
            };
            s.workers = options.iter().any(|o| o.0 == 400 && o.1 > 0);
            let chosen = params::apply_c(th, c, &options)?;
            if let Some(d) = given(dict) {
                load_c(th, &mut s, d, chosen.unwrap_or(0))?;
            }
            let o = make(th, t)?;
            of(o).state.set(s);
            Ok(o)
        }),
        ..Slots::NONE
    },
    methods: &[
        method(
            "compress",
            "($self, /, data, mode=ZstdCompressor.CONTINUE)",
            "Provide data to the compressor object.\n\n  mode\n    Can be these 3 values ZstdCompressor.CONTINUE,\n    ZstdCompressor.FLUSH_BLOCK, ZstdCompressor.FLUSH_FRAME\n\nReturn a chunk of compressed data if possible, or b'' otherwise.\nWhen you have finished providing data to the compressor, call the\nflush() method to finish the compression process.",
            |th, a| {
                let b = Buffer::simple(th, a[1].unwrap())?;
                let mode = int_or(th, a[2], CONTINUE)?;
                if !(CONTINUE..=FLUSH_FRAME).contains(&mode) {
                    return Err(th.value_error("mode argument wrong value, it should be one of ZstdCompressor.CONTINUE, ZstdCompressor.FLUSH_BLOCK, ZstdCompressor.FLUSH_FRAME."));
                }
                of(a[0].unwrap()).state.with(th, |s| {
                    let first = if mode == CONTINUE { 64 } else { b.len() / 2 + 64 };
                    let mut out = Sink::new(first, -1);
                    let r = th.m.blocking(|| s.run(b.bytes(), &mut out, mode));
                    s.finish(th, r, mode, out)
                })
            },
        ),
        method(
            "flush",
            "($self, /, mode=ZstdCompressor.FLUSH_FRAME)",
            "Finish the compression process.\n\n  mode\n    Can be these 2 values ZstdCompressor.FLUSH_FRAME,\n    ZstdCompressor.FLUSH_BLOCK\n\nFlush any remaining data left in internal buffers.  Since Zstandard\ndata consists of one or more independent frames, the compressor\nobject can still be used after this method is called.",
            |th, a| {
                let mode = int_or(th, a[1], FLUSH_FRAME)?;
                if mode != FLUSH_BLOCK && mode != FLUSH_FRAME {
                    return Err(th.value_error("mode argument wrong value, it should be ZstdCompressor.FLUSH_FRAME or ZstdCompressor.FLUSH_BLOCK."));
                }
                of(a[0].unwrap()).state.with(th, |s| {
                    let mut out = Sink::new(256, -1);
                    let r = th.m.blocking(|| s.run(&[], &mut out, mode));
                    s.finish(th, r, mode, out)
                })
            },
        ),
        method(
            "set_pledged_input_size",
            "($self, size, /)",
            "Set the uncompressed content size to be written into the frame header.\n\n  size\n    The size of the uncompressed data to be provided to the compressor.\n\nThis method can be used to ensure the header of the frame about to\nbe written includes the size of the data, unless the\nCompressionParameter.content_size_flag is set to False.\nIf last_mode != FLUSH_FRAME, then a RuntimeError is raised.\n\nIt is important to ensure that the pledged data size matches the\nactual data size.  If they do not match the compressed output data\nmay be corrupted and the final chunk written may be lost.",
            |th, a| {
                // All ones: unknown. The value below is zstd's error.
                const ERROR: u64 = u64::MAX - 1;
                let v = a[1].unwrap();
                let size = if v.is_none() {
                    u64::MAX
                } else if !int::is_int(v) {
                    return Err(th.type_error("an integer is required"));
                } else {
                    match int::to_u64(v) {
                        Some(n) if n < ERROR => n,
                        _ => {
                            return Err(th.value_error(format!(
                                "size argument should be a positive int less than {ERROR}"
                            )));
                        }
                    }
                };
                of(a[0].unwrap()).state.with(th, |s| {
                    if s.last != FLUSH_FRAME {
                        return Err(th.value_error(
                            "set_pledged_input_size() method must be called when last_mode == FLUSH_FRAME",
                        ));
                    }
                    let r = unsafe { z::ZSTD_CCtx_setPledgedSrcSize(s.c, size) };
                    check(th, "Unable to set pledged uncompressed content size", r)?;
                    Ok(NONE())
                })
            },
        ),
    ],
    getset: &[getter(
        "last_mode",
        "The last mode used to this compressor object, its value can be .CONTINUE,\n.FLUSH_BLOCK, .FLUSH_FRAME. Initialized to .FLUSH_FRAME.\n\nIt can be used to get the current state of a compressor, such as, data\nflushed, or a frame ended.",
        |th, o| Ok(th.int(of(o).state.with(th, |s| s.last) as i64)),
    )],
    trace: Some(no_slots),
    drop: Some(|o| unsafe { (*(o.as_ptr() as *const CompressorObj)).state.free() }),
    init: Some(|th, t| {
        for (name, n) in [("CONTINUE", CONTINUE), ("FLUSH_BLOCK", FLUSH_BLOCK), ("FLUSH_FRAME", FLUSH_FRAME)]
        {
            t.dict_().set(th, th.intern(name), Value::fix(n as i64))?;
        }
        Ok(())
    }),
    ..NativeType::DEFAULT
};
pub static COMPRESSOR: TypeCell = TypeCell::new(&COMPRESSOR_TYPE);

fn load_c(th: Th, s: &mut Compressor, v: Value, level: i32) -> R<()> {
    let (d, how) = dict::argument(th, v, Use::Undigested)?;
    let r = dict::of(d).state.with(th, |x| match how {
        Use::Digested => {
            s.digest = x.for_level(level);
            s.digest.as_ref().map(|d| unsafe { z::ZSTD_CCtx_refCDict(s.c, d.0) })
        }
        Use::Undigested => {
            Some(unsafe { z::ZSTD_CCtx_loadDictionary(s.c, x.content.as_ptr().cast(), x.content.len()) })
        }
        Use::Prefix => {
            s.prefix = Some(x.content.clone());
            Some(unsafe { z::ZSTD_CCtx_refPrefix(s.c, x.content.as_ptr().cast(), x.content.len()) })
        }
    });
    match r {
        None => Err(
            th.raise_msg(&ERROR, "Failed to create a ZSTD_CDict instance from Zstandard dictionary content.")
        ),
        Some(r) => {
            check(th, "Unable to load Zstandard dictionary or prefix for compression", r)?;
            Ok(())
        }
    }
}

// -- decompression

struct Decompressor {
    d: *mut z::ZSTD_DCtx,
    digest: Option<Arc<DDict>>,
    prefix: Option<Arc<Vec<u8>>>,
}
// SAFETY: as above.
unsafe impl Send for Decompressor {}
impl Drop for Decompressor {
    fn drop(&mut self) {
        unsafe { z::ZSTD_freeDCtx(self.d) };
    }
}
impl Engine for Decompressor {
    const END: &'static str = "Already at the end of a Zstandard frame.";
    fn run(&mut self, input: &mut &[u8], out: &mut Sink) -> Result<Outcome, Failure> {
        loop {
            let (p, room) = out.room();
            let mut i = z::ZSTD_inBuffer { src: input.as_ptr().cast(), size: input.len(), pos: 0 };
            let mut o = z::ZSTD_outBuffer { dst: p.cast(), size: room, pos: 0 };
            // SAFETY: the buffers are as long as they say.
            let r = unsafe { z::ZSTD_decompressStream(self.d, &mut o, &mut i) };
            unsafe { out.wrote(o.pos) };
            *input = &input[i.pos..];
            if is_error(r) {
                return Err(Box::new(move |th| zstd_error(th, "Unable to decompress Zstandard data", r)));
            }
            if r == 0 {
                return Ok(Outcome::End);
            }
            if out.is_full() || input.is_empty() && o.pos < o.size {
                return Ok(Outcome::More);
            }
        }
    }
    fn reset(&mut self) -> bool {
        unsafe { z::ZSTD_DCtx_reset(self.d, z::ZSTD_ResetDirective::ZSTD_reset_session_only) };
        true
    }
}

static DECOMPRESSOR_SIG: NativeDef = signature("ZstdDecompressor", "(zstd_dict=None, options=None)");
static DECOMPRESSOR_TYPE: NativeType = NativeType {
    name: "compression.zstd.ZstdDecompressor",
    doc: "Create a decompressor object for decompressing data incrementally.\n\n  zstd_dict\n    A ZstdDict object, a pre-trained Zstandard dictionary.\n  options\n    A dict object that contains advanced decompression parameters.\n\nThread-safe at method level.  For one-shot decompression, use the\ndecompress() function instead.",
    text_signature: Some("(zstd_dict=None, options=None)"),
    slots: Slots {
        new: Some(|th, t, a| {
            let [dict, options] = bind::<2>(th, &DECOMPRESSOR_SIG, a)?;
            let d = unsafe { z::ZSTD_createDCtx() };
            if d.is_null() {
                return Err(th.memory_error());
            }
            let mut s = Decompressor { d, digest: None, prefix: None };
            if let Some(v) = given(dict) {
                load_d(th, &mut s, v)?;
            }
            if let Some(o) = given(options) {
                let o = params::entries(th, o, false)?;
                params::apply_d(th, d, &o)?;
            }
            incremental::new(th, t, s)
        }),
        ..Slots::NONE
    },
    methods: &[method(
        "decompress",
        "($self, /, data, max_length=-1)",
        "Decompress *data*, returning uncompressed bytes if possible, or b'' otherwise.\n\n  data\n    A bytes-like object, Zstandard data to be decompressed.\n  max_length\n    Maximum size of returned data. When it is negative, the size of\n    output buffer is unlimited. When it is nonnegative, returns at\n    most max_length bytes of decompressed data.\n\nIf *max_length* is nonnegative, returns at most *max_length* bytes\nof decompressed data.  If this limit is reached and further output\ncan be produced, *self.needs_input* will be set to ``False``.  In\nthis case, the next call to *decompress()* may provide *data* as b''\nto obtain more of the output.\n\nIf all of the input data was decompressed and returned (either\nbecause this was less than *max_length* bytes, or because\n*max_length* was negative), *self.needs_input* will be set to True.\n\nAttempting to decompress data after the end of a frame is reached\nraises an EOFError.  Any data found after the end of the frame is\nignored and saved in the self.unused_data attribute.",
        incremental::decompress::<Decompressor>,
    )],
    getset: incremental::GETSET,
    ..incremental::type_of::<Decompressor>()
};
pub static DECOMPRESSOR: TypeCell = TypeCell::new(&DECOMPRESSOR_TYPE);

fn load_d(th: Th, s: &mut Decompressor, v: Value) -> R<()> {
    let (d, how) = dict::argument(th, v, Use::Digested)?;
    let r = dict::of(d).state.with(th, |x| match how {
        Use::Digested => {
            s.digest = x.for_decompression();
            s.digest.as_ref().map(|d| unsafe { z::ZSTD_DCtx_refDDict(s.d, d.0) })
        }
        Use::Undigested => {
            Some(unsafe { z::ZSTD_DCtx_loadDictionary(s.d, x.content.as_ptr().cast(), x.content.len()) })
        }
        Use::Prefix => {
            s.prefix = Some(x.content.clone());
            Some(unsafe { z::ZSTD_DCtx_refPrefix(s.d, x.content.as_ptr().cast(), x.content.len()) })
        }
    });
    match r {
        None => Err(
            th.raise_msg(&ERROR, "Failed to create a ZSTD_DDict instance from Zstandard dictionary content.")
        ),
        Some(r) => {
            check(th, "Unable to load Zstandard dictionary or prefix for decompression", r)?;
            Ok(())
        }
    }
}
