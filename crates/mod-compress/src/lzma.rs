//! `_lzma`, on liblzma. [`filters`] turns specifications of filters into liblzma's.
//!
//! # Safety
//! A stream of zeros is one that nothing was done with, which `lzma_end` takes, too. Before each call it gets input and
//! output that outlive the call, with their lengths. Functions that make a coder copy what they need of filters and
//! options. `of` is given receivers, see [`adder_vm::declare`].

mod filters;

use crate::incremental::{self, Engine, Failure, Outcome};
use crate::util::*;
use adder_vm::builtins::buffer::Buffer;
use adder_vm::builtins::exceptions as exc;
use adder_vm::err::{R, Raised};
use adder_vm::heap::{Header, Obj, Tracer};
use adder_vm::native::*;
use adder_vm::slots::Slots;
use adder_vm::thread::Th;
use adder_vm::value::*;
use filters::Chain;
use liblzma_sys as xz;

const FORMAT_AUTO: i32 = 0;
const FORMAT_XZ: i32 = 1;
const FORMAT_ALONE: i32 = 2;
const FORMAT_RAW: i32 = 3;
const CHECK_ID_MAX: u32 = 15;
const CHECK_UNKNOWN: u32 = CHECK_ID_MAX + 1;

pub static MODULE: NativeModule = NativeModule {
    name: "_lzma",
    doc: "",
    functions: &[
        function(
            "is_check_supported",
            "($module, check_id, /)",
            "Test whether the given integrity check is supported.\n\nAlways returns True for CHECK_NONE and CHECK_CRC32.",
            |th, a| {
                let id = int_arg(th, a[0].unwrap())?;
                // SAFETY: it takes any number.
                Ok(Value::bool(unsafe { xz::lzma_check_is_supported(id as u32) } != 0))
            },
        ),
        function(
            "_encode_filter_properties",
            "($module, filter, /)",
            "Return a bytes object encoding the options (properties) of the filter specified by *filter* (a dict).\n\nThe result does not include the filter ID itself, only the options.",
            filters::encode_properties,
        ),
        function(
            "_decode_filter_properties",
            "($module, filter_id, encoded_props, /)",
            "Return a bytes object encoding the options (properties) of the filter specified by *filter* (a dict).\n\nThe result does not include the filter ID itself, only the options.",
            filters::decode_properties,
        ),
    ],
    types: &[&ERROR, &COMPRESSOR, &DECOMPRESSOR],
    init: Some(|th, m| {
        for (name, n) in [
            ("FORMAT_AUTO", FORMAT_AUTO as u64),
            ("FORMAT_XZ", FORMAT_XZ as u64),
            ("FORMAT_ALONE", FORMAT_ALONE as u64),
            ("FORMAT_RAW", FORMAT_RAW as u64),
            ("CHECK_NONE", xz::LZMA_CHECK_NONE as u64),
            ("CHECK_CRC32", xz::LZMA_CHECK_CRC32 as u64),
            ("CHECK_CRC64", xz::LZMA_CHECK_CRC64 as u64),
            ("CHECK_SHA256", xz::LZMA_CHECK_SHA256 as u64),
            ("CHECK_ID_MAX", CHECK_ID_MAX as u64),
            ("CHECK_UNKNOWN", CHECK_UNKNOWN as u64),
            ("FILTER_LZMA1", xz::LZMA_FILTER_LZMA1),
            ("FILTER_LZMA2", xz::LZMA_FILTER_LZMA2),
            ("FILTER_DELTA", xz::LZMA_FILTER_DELTA),
            ("FILTER_X86", xz::LZMA_FILTER_X86),
            ("FILTER_IA64", xz::LZMA_FILTER_IA64),
            ("FILTER_ARM", xz::LZMA_FILTER_ARM),
            ("FILTER_ARMTHUMB", xz::LZMA_FILTER_ARMTHUMB),
            ("FILTER_SPARC", xz::LZMA_FILTER_SPARC),
            ("FILTER_POWERPC", xz::LZMA_FILTER_POWERPC),
            ("MF_HC3", xz::LZMA_MF_HC3 as u64),
            ("MF_HC4", xz::LZMA_MF_HC4 as u64),
            ("MF_BT2", xz::LZMA_MF_BT2 as u64),
            ("MF_BT3", xz::LZMA_MF_BT3 as u64),
            ("MF_BT4", xz::LZMA_MF_BT4 as u64),
            ("MODE_FAST", xz::LZMA_MODE_FAST as u64),
            ("MODE_NORMAL", xz::LZMA_MODE_NORMAL as u64),
            ("PRESET_DEFAULT", xz::LZMA_PRESET_DEFAULT as u64),
            ("PRESET_EXTREME", xz::LZMA_PRESET_EXTREME as u64),
        ] {
            m.put(th, name, th.uint(n))?;
        }
        Ok(())
    }),
};

static ERROR_TYPE: NativeType = exception("_lzma.LZMAError", "Call to liblzma failed.", &exc::EXCEPTION);
static ERROR: TypeCell = TypeCell::new(&ERROR_TYPE);

/// The exception for a result, if it is an error.
fn check(th: Th, e: xz::lzma_ret) -> R<()> {
    match e {
        xz::LZMA_OK | xz::LZMA_GET_CHECK | xz::LZMA_NO_CHECK | xz::LZMA_STREAM_END => Ok(()),
        e => Err(lzma_error(th, e)),
    }
}
#[cold]
fn lzma_error(th: Th, e: xz::lzma_ret) -> Raised {
    let m = match e {
        xz::LZMA_UNSUPPORTED_CHECK => "Unsupported integrity check",
        xz::LZMA_MEM_ERROR => return th.memory_error(),
        xz::LZMA_MEMLIMIT_ERROR => "Memory usage limit exceeded",
        xz::LZMA_FORMAT_ERROR => "Input format not supported by decoder",
        xz::LZMA_OPTIONS_ERROR => "Invalid or unsupported options",
        xz::LZMA_DATA_ERROR => "Corrupt input data",
        xz::LZMA_BUF_ERROR => "Insufficient buffer space",
        xz::LZMA_PROG_ERROR => "Internal error",
        e => return th.raise_msg(&ERROR, &format!("Unrecognized error from liblzma: {e}")),
    };
    th.raise_msg(&ERROR, m)
}

/// A coder of either direction.
struct Stream {
    s: Box<xz::lzma_stream>,
    flushed: bool,
    check: u32,
}
// SAFETY: the stream owns all it refers to.
unsafe impl Send for Stream {}
impl Stream {
    fn new() -> Stream {
        // SAFETY: LZMA_STREAM_INIT is all zeros.
        Stream { s: Box::new(unsafe { std::mem::zeroed() }), flushed: false, check: CHECK_UNKNOWN }
    }
    /// One call with this input and what room there is. Bytes of input used, and the result; having nothing to do is no
    /// error.
    fn step(&mut self, input: &[u8], out: &mut Sink, action: xz::lzma_action) -> (usize, xz::lzma_ret) {
        let (p, room) = out.room();
        self.s.next_in = input.as_ptr();
        self.s.avail_in = input.len();
        self.s.next_out = p;
        self.s.avail_out = room;
        // SAFETY: input and output are as long as the stream was told.
        let e = unsafe { xz::lzma_code(&mut *self.s, action) };
        unsafe { out.wrote(room - self.s.avail_out) };
        let idle = e == xz::LZMA_BUF_ERROR && self.s.avail_in == 0 && self.s.avail_out > 0;
        (input.len() - self.s.avail_in, if idle { xz::LZMA_OK } else { e })
    }
}
impl Drop for Stream {
    fn drop(&mut self) {
        unsafe { xz::lzma_end(&mut *self.s) };
    }
}

/// A number of 32 bits.
fn u32_arg(th: Th, v: Value) -> R<u32> {
    let n = unsigned(th, v, "uint32_t")?;
    u32::try_from(n).map_err(|_| th.overflow_error("Python int too large for C uint32_t"))
}
fn given(v: Option<Value>) -> Option<Value> {
    v.and_then(|v| v.some())
}

// -- compression

#[repr(C)]
struct CompressorObj {
    h: Header,
    state: Owned<Stream>,
}
fn of(v: Value) -> Gc<CompressorObj> {
    unsafe { v.cast_unchecked() }
}
unsafe fn no_slots(_: Obj, _: &mut Tracer) {}

static COMPRESSOR_SIG: NativeDef =
    signature("LZMACompressor", "(format=FORMAT_XZ, check=-1, preset=None, filters=None)");
static COMPRESSOR_TYPE: NativeType = NativeType {
    name: "_lzma.LZMACompressor",
    kind: Kind::Native,
    size: size_of::<CompressorObj>() as u32,
    flags: tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP,
    doc: "LZMACompressor(format=FORMAT_XZ, check=-1, preset=None, filters=None)\n\nCreate a compressor object for compressing data incrementally.\n\nformat specifies the container format to use for the output. This can\nbe FORMAT_XZ (default), FORMAT_ALONE, or FORMAT_RAW.\n\ncheck specifies the integrity check to use. For FORMAT_XZ, the default\nis CHECK_CRC64. FORMAT_ALONE and FORMAT_RAW do not support integrity\nchecks; for these formats, check must be omitted, or be CHECK_NONE.\n\nThe settings used by the compressor can be specified either as a\npreset compression level (with the 'preset' argument), or in detail\nas a custom filter chain (with the 'filters' argument). For FORMAT_XZ\nand FORMAT_ALONE, the default is to use the PRESET_DEFAULT preset\nlevel. For FORMAT_RAW, the caller must always specify a filter chain;\nthe raw compressor does not support preset compression levels.\n\npreset (if provided) should be an integer in the range 0-9, optionally\nOR-ed with the constant PRESET_EXTREME.\n\nfilters (if provided) should be a sequence of dicts. Each dict should\nhave an entry for \"id\" indicating the ID of the filter, plus\nadditional entries for options to the filter.\n\nFor one-shot compression, use the compress() function instead.\n",
    slots: Slots {
        new: Some(|th, t, a| {
            let [format, check_id, preset, chain] = bind::<4>(th, &COMPRESSOR_SIG, a)?;
            let (format, check_id) = (int_or(th, format, FORMAT_XZ)?, int_or(th, check_id, -1)?);
            let (preset, chain) = (given(preset), given(chain));
            if preset.is_some() && chain.is_some() {
                return Err(th.value_error("Cannot specify both preset and filter chain"));
            }
            let preset = preset.map_or(Ok(xz::LZMA_PRESET_DEFAULT), |v| u32_arg(th, v))?;
            if format != FORMAT_XZ && check_id != -1 && check_id != xz::LZMA_CHECK_NONE as i32 {
                return Err(th.value_error("Integrity checks are only supported by FORMAT_XZ"));
            }
            let mut s = Stream::new();
            encoder(th, &mut s, format, check_id, preset, chain)?;
            let o = make(th, t)?;
            of(o).state.set(s);
            Ok(o)
        }),
        ..Slots::NONE
    },
    methods: &[
        method(
            "compress",
            "($self, data, /)",
            "Provide data to the compressor object.\n\nReturns a chunk of compressed data if possible, or b'' otherwise.\n\nWhen you have finished providing data to the compressor, call the\nflush() method to finish the compression process.",
            |th, a| {
                let b = Buffer::simple(th, a[1].unwrap())?;
                of(a[0].unwrap()).state.with(th, |s| {
                    if s.flushed {
                        return Err(th.value_error("Compressor has been flushed"));
                    }
                    let mut out = Sink::new(64, -1);
                    let e = th.m.blocking(|| encode(s, b.bytes(), &mut out, xz::LZMA_RUN));
                    check(th, e)?;
                    new_bytes(th, &out.bytes)
                })
            },
        ),
        method(
            "flush",
            "($self, /)",
            "Finish the compression process.\n\nReturns the compressed data left in internal buffers.\n\nThe compressor object may not be used after this method is called.",
            |th, a| {
                of(a[0].unwrap()).state.with(th, |s| {
                    if s.flushed {
                        return Err(th.value_error("Repeated call to flush()"));
                    }
                    s.flushed = true;
                    let mut out = Sink::new(4096, -1);
                    let e = th.m.blocking(|| encode(s, &[], &mut out, xz::LZMA_FINISH));
                    check(th, e)?;
                    new_bytes(th, &out.bytes)
                })
            },
        ),
    ],
    trace: Some(no_slots),
    drop: Some(|o| unsafe { (*(o.as_ptr() as *const CompressorObj)).state.free() }),
    ..NativeType::DEFAULT
};
static COMPRESSOR: TypeCell = TypeCell::new(&COMPRESSOR_TYPE);

fn encoder(th: Th, s: &mut Stream, format: i32, id: i32, preset: u32, chain: Option<Value>) -> R<()> {
    let s = &mut *s.s;
    let e = match (format, chain) {
        (FORMAT_XZ, chain) => {
            let id = if id == -1 { xz::LZMA_CHECK_CRC64 } else { id as u32 };
            match chain {
                None => unsafe { xz::lzma_easy_encoder(s, preset, id) },
                Some(c) => {
                    let c = Chain::parse(th, c)?;
                    unsafe { xz::lzma_stream_encoder(s, c.as_ptr(), id) }
                }
            }
        }
        (FORMAT_ALONE, None) => {
            let o = filters::preset(th, preset)?;
            unsafe { xz::lzma_alone_encoder(s, &*o) }
        }
        (FORMAT_ALONE, Some(c)) => {
            let c = Chain::parse(th, c)?;
            let Some(o) = c.single_lzma1() else {
                return Err(
                    th.value_error("Invalid filter chain for FORMAT_ALONE - must be a single LZMA1 filter")
                );
            };
            unsafe { xz::lzma_alone_encoder(s, o) }
        }
        (FORMAT_RAW, None) => return Err(th.value_error("Must specify filters for FORMAT_RAW")),
        (FORMAT_RAW, Some(c)) => {
            let c = Chain::parse(th, c)?;
            unsafe { xz::lzma_raw_encoder(s, c.as_ptr()) }
        }
        (f, _) => return Err(th.value_error(format!("Invalid container format: {f}"))),
    };
    check(th, e)
}
fn encode(s: &mut Stream, mut input: &[u8], out: &mut Sink, action: xz::lzma_action) -> xz::lzma_ret {
    loop {
        let (used, e) = s.step(input, out, action);
        input = &input[used..];
        let done = match e {
            xz::LZMA_OK | xz::LZMA_GET_CHECK | xz::LZMA_NO_CHECK => {
                action == xz::LZMA_RUN && input.is_empty()
            }
            _ => true,
        };
        if done {
            return e;
        }
    }
}

// -- decompression

impl Engine for Stream {
    const END: &'static str = "Already at end of stream";
    fn run(&mut self, input: &mut &[u8], out: &mut Sink) -> Result<Outcome, Failure> {
        loop {
            let (used, e) = self.step(input, out, xz::LZMA_RUN);
            *input = &input[used..];
            match e {
                xz::LZMA_OK => {}
                // SAFETY: the stream is a decoder that has seen the header.
                xz::LZMA_GET_CHECK | xz::LZMA_NO_CHECK => {
                    self.check = unsafe { xz::lzma_get_check(&*self.s) };
                }
                xz::LZMA_STREAM_END => return Ok(Outcome::End),
                e => return Err(Box::new(move |th| lzma_error(th, e))),
            }
            if out.is_full() || input.is_empty() && self.s.avail_out != 0 {
                return Ok(Outcome::More);
            }
        }
    }
}

static DECOMPRESSOR_SIG: NativeDef =
    signature("LZMADecompressor", "(format=FORMAT_AUTO, memlimit=None, filters=None)");
static DECOMPRESSOR_TYPE: NativeType = NativeType {
    name: "_lzma.LZMADecompressor",
    doc: "Create a decompressor object for decompressing data incrementally.\n\n  format\n    Specifies the container format of the input stream.  If this is\n    FORMAT_AUTO (the default), the decompressor will automatically detect\n    whether the input is FORMAT_XZ or FORMAT_ALONE.  Streams created with\n    FORMAT_RAW cannot be autodetected.\n  memlimit\n    Limit the amount of memory used by the decompressor.  This will cause\n    decompression to fail if the input cannot be decompressed within the\n    given limit.\n  filters\n    A custom filter chain.  This argument is required for FORMAT_RAW, and\n    not accepted with any other format.  When provided, this should be a\n    sequence of dicts, each indicating the ID and options for a single\n    filter.\n\nFor one-shot decompression, use the decompress() function instead.",
    text_signature: Some("(format=FORMAT_AUTO, memlimit=None, filters=None)"),
    slots: Slots {
        new: Some(|th, t, a| {
            let [format, memlimit, chain] = bind::<3>(th, &DECOMPRESSOR_SIG, a)?;
            let format = int_or(th, format, FORMAT_AUTO)?;
            let (memlimit, chain) = (given(memlimit), given(chain));
            if memlimit.is_some() && format == FORMAT_RAW {
                return Err(th.value_error("Cannot specify memory limit with FORMAT_RAW"));
            }
            let limit = memlimit.map_or(Ok(u64::MAX), |v| unsigned(th, v, "uint64_t"))?;
            if format == FORMAT_RAW && chain.is_none() {
                return Err(th.value_error("Must specify filters for FORMAT_RAW"));
            }
            if format != FORMAT_RAW && chain.is_some() {
                return Err(th.value_error("Cannot specify filters except with FORMAT_RAW"));
            }
            let mut s = Stream::new();
            let flags = xz::LZMA_TELL_ANY_CHECK | xz::LZMA_TELL_NO_CHECK;
            let e = match (format, chain) {
                (FORMAT_AUTO, _) => unsafe { xz::lzma_auto_decoder(&mut *s.s, limit, flags) },
                (FORMAT_XZ, _) => unsafe { xz::lzma_stream_decoder(&mut *s.s, limit, flags) },
                (FORMAT_ALONE, _) => {
                    s.check = xz::LZMA_CHECK_NONE;
                    unsafe { xz::lzma_alone_decoder(&mut *s.s, limit) }
                }
                (FORMAT_RAW, Some(c)) => {
                    s.check = xz::LZMA_CHECK_NONE;
                    let c = Chain::parse(th, c)?;
                    unsafe { xz::lzma_raw_decoder(&mut *s.s, c.as_ptr()) }
                }
                (f, _) => return Err(th.value_error(format!("Invalid container format: {f}"))),
            };
            check(th, e)?;
            incremental::new(th, t, s)
        }),
        ..Slots::NONE
    },
    methods: &[method(
        "decompress",
        "($self, /, data, max_length=-1)",
        "Decompress *data*, returning uncompressed data as bytes.\n\nIf *max_length* is nonnegative, returns at most *max_length* bytes\nof decompressed data. If this limit is reached and further output\ncan be produced, *self.needs_input* will be set to ``False``.  In\nthis case, the next call to *decompress()* may provide *data* as b''\nto obtain more of the output.\n\nIf all of the input data was decompressed and returned (either\nbecause this was less than *max_length* bytes, or because\n*max_length* was negative), *self.needs_input* will be set to True.\n\nAttempting to decompress data after the end of stream is reached\nraises an EOFError.  Any data found after the end of the stream is\nignored and saved in the unused_data attribute.",
        incremental::decompress::<Stream>,
    )],
    getset: &[
        getter("check", "ID of the integrity check used by the input stream.", |th, o| {
            let c = incremental::of::<Stream>(o).state.with(th, |s| s.engine.check);
            Ok(th.int(c as i64))
        }),
        incremental::EOF,
        incremental::NEEDS_INPUT,
        incremental::UNUSED_DATA,
    ],
    ..incremental::type_of::<Stream>()
};
static DECOMPRESSOR: TypeCell = TypeCell::new(&DECOMPRESSOR_TYPE);
