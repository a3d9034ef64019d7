//! `str`: layout and access. Methods are in `str_methods`.
//!
//! WTF-8 bytes inline in the object (`nbytes`, `nchars` in the header part). Three forms by flag:
//! - ASCII: the bytes follow the structure;
//! - not ASCII: one word for the breadcrumbs (built on first indexing), then the bytes;
//! - VIEW: the bytes are the first `nbytes` of a growing buffer that a chain of `a += b` shares: one word for the buffer,
//!   one for the breadcrumbs. Appending to the string that ends where the buffer's used part ends extends it in place.

use crate::err::R;
use crate::object::*;
use crate::thread::{Root, Th};
use crate::value::*;
use adder_heap::Header;
use std::sync::atomic::{AtomicU64, Ordering::*};

pub const ASCII: u16 = flags::K0;
pub const INTERNED: u16 = flags::K1;
pub const VIEW: u16 = flags::K2;

/// The growing buffer of VIEW strings: `used` bytes of `cap` belong to strings.
#[repr(C)]
pub struct StrBuf {
    pub h: Header,
    pub used: AtomicU64,
    pub cap: u64,
}
unsafe impl Layout for StrBuf {
    const KIND: Kind = Kind::StrBuf;
}

/// A fast seeded hash of bytes (multiply-fold); never -1.
pub fn hash_bytes(b: &[u8]) -> i64 {
    const K0: u64 = 0xa076_1d64_78bd_642f;
    const K1: u64 = 0xe703_7ed1_a0b4_28db;
    #[inline(always)]
    fn fold(a: u64, b: u64) -> u64 {
        let r = a as u128 * b as u128;
        r as u64 ^ (r >> 64) as u64
    }
    if b.is_empty() {
        return 0;
    }
    let seed = SEED.load(Relaxed);
    let mut h = seed ^ fold(b.len() as u64 ^ K0, K1);
    let n = b.len();
    let rd8 = |i: usize| u64::from_le_bytes(b[i..i + 8].try_into().unwrap());
    let mut i = 0;
    while i + 16 <= n {
        h = fold(rd8(i) ^ K0, rd8(i + 8) ^ h);
        i += 16;
    }
    let (x, y) = if n - i >= 8 {
        (rd8(i), rd8(n - 8))
    } else if n >= 8 {
        (rd8(n - 8), 0)
    } else if n >= 4 {
        (
            u32::from_le_bytes(b[0..4].try_into().unwrap()) as u64,
            u32::from_le_bytes(b[n - 4..].try_into().unwrap()) as u64,
        )
    } else {
        ((b[0] as u64) << 16 | (b[n >> 1] as u64) << 8 | b[n - 1] as u64, 0)
    };
    let r = fold(x ^ K1, y ^ h) as i64;
    if r == -1 { -2 } else { r }
}

/// From PYTHONHASHSEED or random; set before the first string is made.
pub static SEED: AtomicU64 = AtomicU64::new(0);

impl Str {
    #[inline(always)]
    fn flags(&self) -> u16 {
        self.h.flags.load(Relaxed)
    }
    #[inline(always)]
    pub fn is_ascii(&self) -> bool {
        self.flags() & ASCII != 0
    }
    #[inline(always)]
    pub fn data(&self) -> *const u8 {
        let f = self.flags();
        let p = unsafe { (self as *const Str).add(1) as *const u8 };
        if f & (ASCII | VIEW) == ASCII {
            p
        } else if f & VIEW == 0 {
            unsafe { p.add(8) }
        } else {
            unsafe { (*(p as *const *const StrBuf)).add(1) as *const u8 }
        }
    }
    /// The WTF-8 bytes.
    #[inline(always)]
    pub fn bytes(&self) -> &[u8] {
        unsafe { std::slice::from_raw_parts(self.data(), self.nbytes as usize) }
    }
    /// As `&str` if there are no lone surrogates.
    pub fn as_str(&self) -> Option<&str> {
        if self.is_ascii() {
            Some(unsafe { std::str::from_utf8_unchecked(self.bytes()) })
        } else {
            std::str::from_utf8(self.bytes()).ok()
        }
    }
    /// For messages: lone surrogates become U+FFFD.
    pub fn lossy(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(self.bytes())
    }
    /// Length in characters.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.nchars as usize
    }
    pub fn is_empty(&self) -> bool {
        self.nbytes == 0
    }
    #[inline(always)]
    pub fn hash(&self) -> i64 {
        let h = self.hash.load(Relaxed);
        if h != 0 { h as i64 } else { self.hash_slow() }
    }
    /// The hash of a string that was hashed before (dict keys).
    #[inline(always)]
    pub fn hash_cached(&self) -> i64 {
        self.hash()
    }
    #[inline(never)]
    fn hash_slow(&self) -> i64 {
        let h = hash_bytes(self.bytes());
        self.hash.store(h as u64, Relaxed);
        h
    }
}

/// Collector's view.
pub unsafe fn size(o: adder_heap::Obj) -> usize {
    let s = unsafe { &*(o.as_ptr() as *const Str) };
    let f = s.h.flags.load(Relaxed);
    let n = if f & VIEW != 0 {
        24 + 16
    } else if f & ASCII != 0 {
        24 + s.nbytes as usize
    } else {
        32 + s.nbytes as usize
    };
    ((n + 7) & !7) + if f & flags::TAIL_EXT != 0 { 8 } else { 0 }
}
pub unsafe fn trace(o: adder_heap::Obj, t: &mut adder_heap::Tracer) {
    unsafe {
        let s = &*(o.as_ptr() as *const Str);
        let p = (s as *const Str).add(1) as *mut u64;
        let f = s.flags();
        if f & VIEW != 0 {
            t.slot(p);
            t.slot(p.add(1));
        } else if f & ASCII == 0 {
            t.slot(p);
        }
        if f & flags::TAIL_EXT != 0 {
            t.slot((o.as_ptr() as *mut u8).add(size(o) - 8) as *mut u64);
        }
    }
}

fn init(s: Gc<Str>, b: &[u8], nchars: usize, ascii: bool, extra: u16) {
    unsafe {
        let p = s.as_ptr();
        (*p).hash = AtomicU64::new(0);
        (*p).nbytes = b.len() as u32;
        (*p).nchars = nchars as u32;
        (*p).h.flags.store(extra | if ascii { ASCII } else { 0 }, Relaxed);
        let mut d = p.add(1) as *mut u8;
        if !ascii {
            *(d as *mut u64) = 0;
            d = d.add(8);
        }
        std::ptr::copy_nonoverlapping(b.as_ptr(), d, b.len());
    }
}

/// Number of characters of WTF-8 bytes.
pub fn count_chars(b: &[u8]) -> usize {
    b.iter().filter(|&&c| c & 0xc0 != 0x80).count()
}

/// A string that lives forever at a fixed address. For the intern table only.
pub fn new_interned(th: Th, b: &[u8]) -> Gc<Str> {
    let ascii = b.is_ascii();
    unsafe {
        let s = th.alloc_old::<Str>(24 + if ascii { 0 } else { 8 } + b.len());
        init(s, b, count_chars(b), ascii, INTERNED);
        s.hash();
        s
    }
}

/// More bytes than a string can have.
pub const MAX_BYTES: usize = u32::MAX as usize - 64;

impl Th {
    /// A new str of Rust text.
    pub fn str(self, s: &str) -> Value {
        self.str_bytes(s.as_bytes())
    }
    /// A new str of valid WTF-8. Panics when out of memory: for short texts.
    pub fn str_bytes(self, b: &[u8]) -> Value {
        self.try_str(b).expect("out of memory for a string")
    }
    pub fn try_str(self, b: &[u8]) -> R<Value> {
        let ascii = b.is_ascii();
        let n = if ascii { b.len() } else { count_chars(b) };
        self.str_counted(b, n, ascii)
    }
    /// With the number of characters known.
    pub fn str_counted(self, b: &[u8], nchars: usize, ascii: bool) -> R<Value> {
        if b.len() <= 1 && ascii {
            if let Some(t) = Root::small_strs.get() {
                let t: Gc<Array> = unsafe { t.cast_unchecked() };
                return Ok(t.slot(if b.is_empty() { 128 } else { b[0] as usize }).value());
            }
        }
        if b.len() > MAX_BYTES {
            return Err(self.memory_error());
        }
        unsafe {
            let s = self.alloc_var::<Str>(24 + if ascii { 0 } else { 8 } + b.len())?;
            init(s, b, nchars, ascii, 0);
            Ok(s.value())
        }
    }
    /// Text of an exact or derived str for a message.
    pub fn text(self, v: Value) -> String {
        match v.cast::<Str>() {
            Some(s) => s.lossy().into_owned(),
            None => format!("{v:?}"),
        }
    }
}

/// Makes the one-character strings and the empty one.
pub fn init_statics(th: Th) {
    let a = th.array(129).expect("memory at start");
    for i in 0..128u8 {
        let s = th.intern_bytes(&[i]);
        th.store(a, a.slot(i as usize), s);
    }
    let e = th.intern_bytes(b"");
    th.store(a, a.slot(128), e);
    Root::small_strs.set(Some(a.value()));
    Root::empty_str.set(Some(e));
}
