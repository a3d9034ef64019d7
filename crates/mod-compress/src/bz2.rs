//! `_bz2`, on libbz2-rs.
//!
//! # Safety
//! A `bz_stream` lies in a box from its initialisation to its end: its state keeps the address. Before each call it gets
//! input and output that outlive the call, with their lengths. It is given back once,
//! when its owner is dropped. `of` is given receivers, see [`adder_vm::declare`].

use crate::incremental::{self, Engine, Failure, Outcome};
use crate::util::*;
use adder_vm::builtins::buffer::Buffer;
use adder_vm::builtins::exceptions as exc;
use adder_vm::err::Raised;
use adder_vm::heap::{Header, Obj, Tracer};
use adder_vm::native::*;
use adder_vm::slots::Slots;
use adder_vm::thread::Th;
use adder_vm::value::*;
use libbz2_rs_sys as bz;

pub static MODULE: NativeModule =
    NativeModule { name: "_bz2", doc: "", functions: &[], types: &[&COMPRESSOR, &DECOMPRESSOR], init: None };

#[cold]
fn bz2_error(th: Th, e: i32) -> Raised {
    match e {
        bz::BZ_PARAM_ERROR => th.value_error("Internal error - invalid parameters passed to libbzip2"),
        bz::BZ_MEM_ERROR => th.memory_error(),
        bz::BZ_DATA_ERROR | bz::BZ_DATA_ERROR_MAGIC => th.raise_msg(&exc::OS_ERROR, "Invalid data stream"),
        bz::BZ_IO_ERROR => th.raise_msg(&exc::OS_ERROR, "Unknown I/O error"),
        bz::BZ_UNEXPECTED_EOF => {
            th.eof_error("Compressed file ended before the logical end-of-stream was detected")
        }
        bz::BZ_SEQUENCE_ERROR => {
            th.runtime_error("Internal error - Invalid sequence of commands sent to libbzip2")
        }
        e => th.raise_msg(&exc::OS_ERROR, &format!("Unrecognized error from libbzip2: {e}")),
    }
}

fn empty_stream() -> Box<bz::bz_stream> {
    // SAFETY: all fields are integers and pointers that may be null.
    Box::new(unsafe { std::mem::zeroed() })
}
fn feed(s: &mut bz::bz_stream, input: &[u8]) -> usize {
    let n = input.len().min(u32::MAX as usize);
    s.next_in = input.as_ptr().cast();
    s.avail_in = n as u32;
    n
}
fn make_room(s: &mut bz::bz_stream, out: &mut Sink) -> u32 {
    let (p, n) = out.room();
    s.next_out = p.cast();
    s.avail_out = n.min(u32::MAX as usize) as u32;
    s.avail_out
}

// -- compression

struct Compressor {
    s: Box<bz::bz_stream>,
    flushed: bool,
}
// SAFETY: the stream owns all it refers to.
unsafe impl Send for Compressor {}
impl Compressor {
    fn new(level: i32) -> Result<Compressor, i32> {
        let mut s = empty_stream();
        match unsafe { bz::BZ2_bzCompressInit(&mut *s, level, 0, 0) } {
            bz::BZ_OK => Ok(Compressor { s, flushed: false }),
            e => Err(e),
        }
    }
    fn run(&mut self, mut input: &[u8], out: &mut Sink, action: i32) -> Result<(), i32> {
        loop {
            let part = feed(&mut self.s, input);
            let whole = part == input.len();
            if action == bz::BZ_RUN && part == 0 {
                return Ok(());
            }
            loop {
                let room = make_room(&mut self.s, out);
                // SAFETY: input and output are as long as the stream was told.
                let e = unsafe { bz::BZ2_bzCompress(&mut *self.s, if whole { action } else { bz::BZ_RUN }) };
                unsafe { out.wrote((room - self.s.avail_out) as usize) };
                match e {
                    bz::BZ_STREAM_END => return Ok(()),
                    bz::BZ_RUN_OK | bz::BZ_FLUSH_OK | bz::BZ_FINISH_OK => {}
                    e => return Err(e),
                }
                if (action == bz::BZ_RUN || !whole) && self.s.avail_in == 0 {
                    break;
                }
            }
            input = &input[part..];
        }
    }
}
impl Drop for Compressor {
    fn drop(&mut self) {
        unsafe { bz::BZ2_bzCompressEnd(&mut *self.s) };
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

static COMPRESSOR_SIG: NativeDef = signature("BZ2Compressor", "(compresslevel=9, /)");
static COMPRESSOR_TYPE: NativeType = NativeType {
    name: "_bz2.BZ2Compressor",
    kind: Kind::Native,
    size: size_of::<CompressorObj>() as u32,
    flags: tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP,
    doc: "Create a compressor object for compressing data incrementally.\n\n  compresslevel\n    Compression level, as a number between 1 and 9.\n\nFor one-shot compression, use the compress() function instead.",
    text_signature: Some("(compresslevel=9, /)"),
    slots: Slots {
        new: Some(|th, t, a| {
            let [level] = bind::<1>(th, &COMPRESSOR_SIG, a)?;
            let level = int_or(th, level, 9)?;
            if !(1..=9).contains(&level) {
                return Err(th.value_error("compresslevel must be between 1 and 9"));
            }
            let s = Compressor::new(level).map_err(|e| bz2_error(th, e))?;
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
                    outside(th, b.len(), || s.run(b.bytes(), &mut out, bz::BZ_RUN))
                        .map_err(|e| bz2_error(th, e))?;
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
                    th.m.blocking(|| s.run(&[], &mut out, bz::BZ_FINISH)).map_err(|e| bz2_error(th, e))?;
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

// -- decompression

struct Decompressor {
    s: Box<bz::bz_stream>,
}
// SAFETY: the stream owns all it refers to.
unsafe impl Send for Decompressor {}
impl Engine for Decompressor {
    const FAILURE_IS_FINAL: bool = true;
    fn run(&mut self, input: &mut &[u8], out: &mut Sink) -> Result<Outcome, Failure> {
        loop {
            let part = feed(&mut self.s, input);
            let room = make_room(&mut self.s, out);
            // SAFETY: input and output are as long as the stream was told.
            let e = unsafe { bz::BZ2_bzDecompress(&mut *self.s) };
            unsafe { out.wrote((room - self.s.avail_out) as usize) };
            *input = &input[part - self.s.avail_in as usize..];
            match e {
                bz::BZ_STREAM_END => return Ok(Outcome::End),
                bz::BZ_OK => {}
                e => return Err(Box::new(move |th| bz2_error(th, e))),
            }
            if out.is_full() || input.is_empty() && self.s.avail_out != 0 {
                return Ok(Outcome::More);
            }
        }
    }
    fn drained(&self) -> bool {
        true
    }
}
impl Drop for Decompressor {
    fn drop(&mut self) {
        unsafe { bz::BZ2_bzDecompressEnd(&mut *self.s) };
    }
}

static DECOMPRESSOR_SIG: NativeDef = signature("BZ2Decompressor", "()");
static DECOMPRESSOR_TYPE: NativeType = NativeType {
    name: "_bz2.BZ2Decompressor",
    doc: "Create a decompressor object for decompressing data incrementally.\n\nFor one-shot decompression, use the decompress() function instead.",
    text_signature: Some("()"),
    slots: Slots {
        new: Some(|th, t, a| {
            bind::<0>(th, &DECOMPRESSOR_SIG, a)?;
            let mut s = empty_stream();
            match unsafe { bz::BZ2_bzDecompressInit(&mut *s, 0, 0) } {
                bz::BZ_OK => incremental::new(th, t, Decompressor { s }),
                e => Err(bz2_error(th, e)),
            }
        }),
        ..Slots::NONE
    },
    methods: &[method(
        "decompress",
        "($self, /, data, max_length=-1)",
        incremental::DECOMPRESS_DOC,
        incremental::decompress::<Decompressor>,
    )],
    getset: incremental::GETSET,
    ..incremental::type_of::<Decompressor>()
};
static DECOMPRESSOR: TypeCell = TypeCell::new(&DECOMPRESSOR_TYPE);
