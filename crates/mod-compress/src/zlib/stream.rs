//! Safe handles of zlib's streams.
//!
//! # Invariants
//! A `z_stream` is in a box, since its state may refer to it. It is initialised from construction until `end`; afterwards
//! every call says `Z_STREAM_ERROR`, as zlib does.

use crate::util::Sink;
use libz_rs_sys as z;
use std::ffi::CStr;
use std::sync::Mutex;

pub const DEF_MEM_LEVEL: i32 = 8;

fn version() -> *const std::ffi::c_char {
    z::zlibVersion()
}
const SIZE: i32 = size_of::<z::z_stream>() as i32;

fn message(s: &z::z_stream) -> Option<&str> {
    if s.msg.is_null() {
        return None;
    }
    // SAFETY: zlib's messages are static.
    unsafe { CStr::from_ptr(s.msg) }.to_str().ok()
}

/// Gives the stream the next part of the input.
fn feed(s: &mut z::z_stream, input: &[u8]) {
    s.next_in = input.as_ptr() as *mut u8;
    s.avail_in = input.len().min(u32::MAX as usize) as u32;
}
/// Gives it room for output; how much.
fn make_room(s: &mut z::z_stream, out: &mut Sink) -> u32 {
    let (p, n) = out.room();
    s.next_out = p;
    s.avail_out = n.min(u32::MAX as usize) as u32;
    s.avail_out
}

/// The streams of the last calls of `compress` and `decompress`: making one costs more than small data.
static SPARE_DEFLATE: Mutex<Option<((i32, i32), Deflate)>> = Mutex::new(None);
static SPARE_INFLATE: Mutex<Option<(i32, Inflate)>> = Mutex::new(None);

pub struct Deflate {
    z: Box<z::z_stream>,
    live: bool,
}
// SAFETY: the stream owns all it refers to.
unsafe impl Send for Deflate {}

impl Deflate {
    pub fn new(level: i32, method: i32, wbits: i32, mem: i32, strategy: i32) -> Result<Deflate, i32> {
        let mut z = Box::new(z::z_stream::default());
        // SAFETY: the stream is fresh and stays where it is.
        match unsafe { z::deflateInit2_(&mut *z, level, method, wbits, mem, strategy, version(), SIZE) } {
            z::Z_OK => Ok(Deflate { z, live: true }),
            e => Err(e),
        }
    }
    /// For one use: a stream kept from before with the same parameters, or a new one.
    pub fn take(level: i32, wbits: i32) -> Result<Deflate, i32> {
        if let Ok(mut spare) = SPARE_DEFLATE.try_lock()
            && let Some((_, s)) = spare.take_if(|(k, _)| *k == (level, wbits))
        {
            return Ok(s);
        }
        Deflate::new(level, 8, wbits, DEF_MEM_LEVEL, 0)
    }
    /// Gives it back after use.
    pub fn keep(mut self, level: i32, wbits: i32) {
        if unsafe { z::deflateReset(&mut *self.z) } == z::Z_OK
            && let Ok(mut spare) = SPARE_DEFLATE.try_lock()
        {
            *spare = Some(((level, wbits), self));
        }
    }
    /// How long the compressed form of so many bytes may get.
    pub fn bound(&mut self, n: usize) -> usize {
        if !self.live {
            return n;
        }
        unsafe { z::deflateBound(&mut *self.z, n as _) as usize }
    }
    pub fn message(&self) -> Option<&str> {
        if self.live { message(&self.z) } else { None }
    }
    pub fn set_dictionary(&mut self, d: &[u8]) -> i32 {
        unsafe { z::deflateSetDictionary(&mut *self.z, d.as_ptr(), d.len() as u32) }
    }
    pub fn copy(&mut self) -> Result<Deflate, i32> {
        if !self.live {
            return Err(z::Z_STREAM_ERROR);
        }
        let mut z = Box::new(z::z_stream::default());
        match unsafe { z::deflateCopy(&mut *z, &mut *self.z) } {
            z::Z_OK => Ok(Deflate { z, live: true }),
            e => Err(e),
        }
    }
    /// Compresses all of the input, then flushes. The last result.
    pub fn run(&mut self, mut input: &[u8], out: &mut Sink, flush: i32) -> i32 {
        if !self.live {
            return z::Z_STREAM_ERROR;
        }
        loop {
            feed(&mut self.z, input);
            let part = self.z.avail_in as usize;
            let mode = if part < input.len() { z::Z_NO_FLUSH } else { flush };
            let e = loop {
                let room = make_room(&mut self.z, out);
                // SAFETY: input and output are as long as the stream was told.
                let e = unsafe { z::deflate(&mut *self.z, mode) };
                unsafe { out.wrote((room - self.z.avail_out) as usize) };
                if e == z::Z_STREAM_ERROR || self.z.avail_out != 0 || e == z::Z_STREAM_END {
                    break e;
                }
            };
            input = &input[part - self.z.avail_in as usize..];
            if e == z::Z_STREAM_ERROR || input.is_empty() {
                return e;
            }
        }
    }
    pub fn end(&mut self) {
        if std::mem::take(&mut self.live) {
            unsafe { z::deflateEnd(&mut *self.z) };
        }
    }
}
impl Drop for Deflate {
    fn drop(&mut self) {
        self.end();
    }
}

pub struct Inflate {
    z: Box<z::z_stream>,
    live: bool,
}
// SAFETY: as above.
unsafe impl Send for Inflate {}

impl Inflate {
    pub fn new(wbits: i32) -> Result<Inflate, i32> {
        let mut z = Box::new(z::z_stream::default());
        match unsafe { z::inflateInit2_(&mut *z, wbits, version(), SIZE) } {
            z::Z_OK => Ok(Inflate { z, live: true }),
            e => Err(e),
        }
    }
    /// For one use: a stream kept from before with the same parameters, or a new one.
    pub fn take(wbits: i32) -> Result<Inflate, i32> {
        if let Ok(mut spare) = SPARE_INFLATE.try_lock()
            && let Some((_, s)) = spare.take_if(|(k, _)| *k == wbits)
        {
            return Ok(s);
        }
        Inflate::new(wbits)
    }
    /// Gives it back after use.
    pub fn keep(mut self, wbits: i32) {
        if unsafe { z::inflateReset(&mut *self.z) } == z::Z_OK
            && let Ok(mut spare) = SPARE_INFLATE.try_lock()
        {
            *spare = Some((wbits, self));
        }
    }
    pub fn message(&self) -> Option<&str> {
        if self.live { message(&self.z) } else { None }
    }
    pub fn set_dictionary(&mut self, d: &[u8]) -> i32 {
        unsafe { z::inflateSetDictionary(&mut *self.z, d.as_ptr(), d.len() as u32) }
    }
    pub fn copy(&mut self) -> Result<Inflate, i32> {
        if !self.live {
            return Err(z::Z_STREAM_ERROR);
        }
        let mut z = Box::new(z::z_stream::default());
        match unsafe { z::inflateCopy(&mut *z, &*self.z) } {
            z::Z_OK => Ok(Inflate { z, live: true }),
            e => Err(e),
        }
    }
    /// Decompresses until the input is used up, the output is full or the stream ends; `input` is then what is left.
    /// The last result, and whether it is about the dictionary.
    pub fn run(&mut self, input: &mut &[u8], out: &mut Sink, flush: i32, dict: Option<&[u8]>) -> (i32, bool) {
        if !self.live {
            return (z::Z_STREAM_ERROR, false);
        }
        let mut last = z::Z_OK;
        loop {
            feed(&mut self.z, input);
            let part = self.z.avail_in as usize;
            let used = |s: &Inflate, input: &mut &[u8]| *input = &input[part - s.z.avail_in as usize..];
            loop {
                if out.is_full() {
                    used(self, input);
                    return (last, false);
                }
                let room = make_room(&mut self.z, out);
                let mode = if flush == z::Z_FINISH && part < input.len() { z::Z_SYNC_FLUSH } else { flush };
                // SAFETY: input and output are as long as the stream was told.
                last = unsafe { z::inflate(&mut *self.z, mode) };
                unsafe { out.wrote((room - self.z.avail_out) as usize) };
                match last {
                    z::Z_OK | z::Z_BUF_ERROR | z::Z_STREAM_END => {}
                    z::Z_NEED_DICT if dict.is_some() => {
                        let e = self.set_dictionary(dict.unwrap_or(&[]));
                        if e != z::Z_OK {
                            used(self, input);
                            return (e, true);
                        }
                        continue;
                    }
                    e => {
                        used(self, input);
                        return (e, false);
                    }
                }
                if self.z.avail_out != 0 || last == z::Z_STREAM_END {
                    break;
                }
            }
            used(self, input);
            if last == z::Z_STREAM_END || input.is_empty() {
                return (last, false);
            }
        }
    }
    pub fn end(&mut self) {
        if std::mem::take(&mut self.live) {
            unsafe { z::inflateEnd(&mut *self.z) };
        }
    }
}
impl Drop for Inflate {
    fn drop(&mut self) {
        self.end();
    }
}
