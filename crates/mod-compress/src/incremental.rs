//! Incremental decompressors: what `_ZlibDecompressor`, `BZ2Decompressor`, `LZMADecompressor` and `ZstdDecompressor` share.
//!
//! Input that could not be used yet, because the output was limited, is kept and comes before the next.
//!
//! # Invariants
//! Where `unused` lies does not depend on the engine's type, as everything before `state` is of a fixed size
//! (`repr(C)`): one trace function serves all. `of::<E>` is given receivers of the type that was declared with `E`.

use crate::util::*;
use adder_text::room;
use adder_vm::builtins::buffer::Buffer;
use adder_vm::err::{R, Raised};
use adder_vm::heap::{Header, Obj, Tracer};
use adder_vm::native::*;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::sync::atomic::{AtomicBool, Ordering::*};

/// Raises the exception of a failed call.
pub type Failure = Box<dyn FnOnce(Th) -> Raised>;

pub enum Outcome {
    /// Input used up or output full.
    More,
    End,
}

pub trait Engine: Sized + 'static {
    /// Decompresses until the input is used up, the output is full or the stream ends; `input` is then what is left.
    fn run(&mut self, input: &mut &[u8], out: &mut Sink) -> Result<Outcome, Failure>;
    /// Nothing will come without input although the output was filled to its limit.
    fn drained(&self) -> bool {
        false
    }
    /// What a call after the end of the stream says.
    const END: &'static str = "End of stream already reached";
    /// After a failure nothing more can be done.
    const FAILURE_IS_FINAL: bool = false;
    /// A failure puts the engine back to its start.
    fn reset(&mut self) -> bool {
        false
    }
}

pub struct State<E> {
    pub engine: E,
    pending: Vec<u8>,
    failed: bool,
}

#[repr(C)]
pub struct Decompressor<E> {
    h: Header,
    unused: Slot,
    eof: AtomicBool,
    hungry: AtomicBool,
    pub state: Owned<State<E>>,
}
pub fn of<E>(v: Value) -> Gc<Decompressor<E>> {
    unsafe { v.cast_unchecked() }
}
unsafe fn trace(o: Obj, t: &mut Tracer) {
    // The slots are in the same place whatever the engine.
    unsafe { t.slot((*(o.as_ptr() as *const Decompressor<()>)).unused.as_ptr()) };
}
unsafe fn free<E>(o: Obj) {
    unsafe { (*(o.as_ptr() as *const Decompressor<E>)).state.free() }
}

/// What the types have in common.
pub const fn type_of<E>() -> NativeType {
    NativeType {
        kind: Kind::Native,
        size: size_of::<Decompressor<E>>() as u32,
        flags: tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP,
        trace: Some(trace),
        drop: Some(free::<E>),
        ..NativeType::DEFAULT
    }
}
pub const UNUSED_DATA: GetSetDef =
    getter("unused_data", "Data found after the end of the compressed stream.", |_, o| {
        Ok(of::<()>(o).unused.value())
    });
pub const EOF: GetSetDef = getter("eof", "True if the end-of-stream marker has been reached.", |_, o| {
    Ok(Value::bool(of::<()>(o).eof.load(Acquire)))
});
pub const NEEDS_INPUT: GetSetDef = getter(
    "needs_input",
    "True if more input is needed before more decompressed data can be produced.",
    |_, o| Ok(Value::bool(of::<()>(o).hungry.load(Acquire))),
);
pub const GETSET: &[GetSetDef] = &[EOF, NEEDS_INPUT, UNUSED_DATA];

pub fn new<E: Engine>(th: Th, t: Value, engine: E) -> R<Value> {
    let empty = new_bytes(th, b"")?;
    let o = make(th, t)?;
    let d = of::<E>(o);
    th.store(d, &d.unused, empty);
    d.hungry.store(true, Release);
    d.state.set(State { engine, pending: Vec::new(), failed: false });
    Ok(o)
}

/// `decompress(data, max_length=-1)`.
pub fn decompress<E: Engine>(th: Th, a: Args) -> R<Value> {
    let d = of::<E>(a[0].unwrap());
    let b = Buffer::simple(th, a[1].unwrap())?;
    let max = size_or(th, a[2], -1)?;
    d.state.with(th, |s| {
        if d.eof.load(Acquire) {
            return Err(th.eof_error(E::END));
        }
        if s.failed {
            return Err(th.value_error("Decompressor is unusable after a previous error"));
        }
        let mut joined = std::mem::take(&mut s.pending);
        if !joined.is_empty() {
            room::append(&mut joined, b.bytes());
        }
        let all: &[u8] = if joined.is_empty() { b.bytes() } else { &joined };
        let mut rest = all;
        let mut out = Sink::new((16 << 10).min(64 + 4 * all.len()), max);
        let outcome = match outside(th, all.len(), || s.engine.run(&mut rest, &mut out)) {
            Ok(o) => o,
            Err(f) => {
                if E::FAILURE_IS_FINAL {
                    s.failed = true;
                    d.hungry.store(false, Release);
                } else if s.engine.reset() {
                    d.hungry.store(true, Release);
                }
                return Err(f(th));
            }
        };
        match outcome {
            Outcome::End => {
                d.eof.store(true, Release);
                d.hungry.store(false, Release);
                if !rest.is_empty() {
                    let u = new_bytes(th, rest)?;
                    th.store(d, &d.unused, u);
                }
            }
            Outcome::More if rest.is_empty() => {
                // Output may be left in the stream although its input is used up.
                d.hungry.store(!out.is_full() || s.engine.drained(), Release);
            }
            Outcome::More => {
                d.hungry.store(false, Release);
                s.pending = room::copy(rest);
            }
        }
        new_bytes(th, &out.bytes)
    })
}

pub const DECOMPRESS_DOC: &str = "Decompress *data*, returning uncompressed data as bytes.\n\nIf *max_length* is nonnegative, returns at most *max_length* bytes\nof decompressed data.  If this limit is reached and further output\ncan be produced, *self.needs_input* will be set to ``False``.  In\nthis case, the next call to *decompress()* may provide *data* as b''\nto obtain more of the output.\n\nIf all of the input data was decompressed and returned (either\nbecause this was less than *max_length* bytes, or because\n*max_length* was negative), *self.needs_input* will be set to True.\n\nAttempting to decompress data after the end of stream is reached\nraises an EOFError.  Any data found after the end of the stream is\nignored and saved in the unused_data attribute.";
