//! `str`: layout and access. Methods are in `str_methods`.
//!
//! WTF-8 bytes inline in the object (`nbytes`, `nchars` in the header part). Three forms by flag:
//! - ASCII: the bytes follow the structure;
//! - not ASCII: one word for the breadcrumbs (built on first indexing), then the bytes;
//! - VIEW: the bytes are the first `nbytes` of a growing buffer that a chain of `a += b` shares: one word for the buffer,
//!   one for the breadcrumbs. Appending to the string that ends where the buffer's used part ends extends it in place.
//!
//! # Safety
//! The bytes of a string are valid WTF-8 and never change once the object is published; only `hash` and the breadcrumbs are
//! filled in later, with atomic stores of the same result by whoever comes first. A view keeps its buffer alive.

use super::var_sized::alloc_instance;
use crate::err::R;
use crate::object::*;
use crate::thread::{Root, Th};
use crate::value::*;
use adder_heap::Header;
use adder_text::wtf8;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering::*};

pub const ASCII: u8 = flags::K0;
pub const INTERNED: u8 = flags::K1;
pub const VIEW: u8 = flags::K2;

/// The growing buffer of VIEW strings: `used` bytes of `cap` belong to strings.
#[repr(C)]
pub struct StrBuf {
    pub h: Header,
    pub used: AtomicU64,
    pub cap: u64,
}
// SAFETY: made as that kind by `StrBuf::new` alone.
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
    fn flags(&self) -> u8 {
        self.h.flags.load(Relaxed)
    }
    #[inline(always)]
    pub fn is_ascii(&self) -> bool {
        self.flags() & ASCII != 0
    }
    #[inline(always)]
    pub fn data(&self) -> *const u8 {
        let f = self.flags();
        // SAFETY of all: what follows the structure is as the flags say; of a view that is the address of its buffer.
        let p = unsafe { (self as *const Str).add(1) as *const u8 };
        if f & (ASCII | VIEW) == ASCII {
            p
        } else if f & VIEW == 0 {
            unsafe { p.add(8) }
        } else {
            unsafe { (*(p as *const *const StrBuf)).add(1) as *const u8 }
        }
    }
    /// Equal ASCII strings of at most 16 bytes: compared without a call. False: equal or not.
    #[inline(always)]
    pub fn same_short(&self, o: &Str) -> bool {
        let n = self.nbytes as usize;
        let inline = |s: &Str| s.flags() & (ASCII | VIEW) == ASCII;
        if o.nbytes != self.nbytes || n > 16 || n == 0 || !inline(self) || !inline(o) {
            return false;
        }
        // SAFETY: the bytes follow the structure, and objects consist of whole words.
        let word = |s: &Str, i: usize| unsafe { *((s as *const Str).add(1) as *const u64).add(i) };
        let differ = |i: usize, bytes: usize| (word(self, i) ^ word(o, i)) << (64 - 8 * bytes) != 0;
        if n <= 8 { !differ(0, n) } else { word(self, 0) == word(o, 0) && !differ(1, n - 8) }
    }
    /// Whether a byte is among those of a short ASCII string; None: not such a string.
    #[inline(always)]
    pub fn has_byte_short(&self, b: u8) -> Option<bool> {
        let n = self.nbytes as usize;
        if n > 16 || self.flags() & (ASCII | VIEW) != ASCII {
            return None;
        }
        const ONES: u64 = 0x0101_0101_0101_0101;
        // Some byte is zero. (Which one is not said: a borrow comes only from a zero byte.)
        let zero = |x: u64| x.wrapping_sub(ONES) & !x & ONES << 7 != 0;
        // SAFETY: the bytes follow the structure, and objects consist of whole words.
        let word = |i: usize| unsafe { *((self as *const Str).add(1) as *const u64).add(i) };
        let (all, rest) = (b as u64 * ONES, n & 7);
        let last = |i: usize| zero((word(i) ^ all) | u64::MAX << (8 * rest));
        Some(match n {
            16 => zero(word(0) ^ all) || zero(word(1) ^ all),
            8.. => zero(word(0) ^ all) || (rest > 0 && last(1)),
            _ => rest > 0 && last(0),
        })
    }
    /// The WTF-8 bytes.
    #[inline(always)]
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: there are so many, and they do not change.
        unsafe { std::slice::from_raw_parts(self.data(), self.nbytes as usize) }
    }
    /// As `&str` if there are no lone surrogates.
    pub fn as_str(&self) -> Option<&str> {
        if self.is_ascii() {
            // SAFETY: ASCII.
            Some(unsafe { std::str::from_utf8_unchecked(self.bytes()) })
        } else {
            std::str::from_utf8(self.bytes()).ok()
        }
    }
    /// For messages: lone surrogates become U+FFFD.
    pub fn lossy(&self) -> std::borrow::Cow<'_, str> {
        match self.as_str() {
            Some(s) => s.into(),
            None => String::from_utf8_lossy(self.bytes()),
        }
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
    #[inline(never)]
    fn hash_slow(&self) -> i64 {
        let h = hash_bytes(self.bytes());
        self.hash.store(h as u64, Relaxed);
        h
    }
}

/// Collector's view.
pub unsafe fn size(o: adder_heap::Obj) -> usize {
    // SAFETY: the collector calls it with strings, dead ones included: their heads are written when they are made.
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
/// Visits the slots; the size.
pub unsafe fn trace(o: adder_heap::Obj, t: &mut adder_heap::Tracer) -> usize {
    // SAFETY: the collector calls it with strings; their slots are where the flags say.
    unsafe {
        let s = &*(o.as_ptr() as *const Str);
        let f = s.flags();
        if f & (VIEW | ASCII | flags::TAIL_EXT) == ASCII {
            return (24 + s.nbytes as usize + 7) & !7;
        }
        let p = (s as *const Str).add(1) as *mut u64;
        let n = size(o);
        if f & VIEW != 0 {
            t.slot(p);
            t.slot(p.add(1));
        } else if f & ASCII == 0 {
            t.slot(p);
        }
        if f & flags::TAIL_EXT != 0 {
            t.slot((o.as_ptr() as *mut u8).add(n - 8) as *mut u64);
        }
        n
    }
}

unsafe fn head(s: Gc<Str>, nbytes: usize, nchars: usize, f: u8) {
    // SAFETY: a new object, which nobody else has.
    unsafe {
        let p = s.as_ptr();
        (*p).hash = AtomicU64::new(0);
        (*p).nbytes = nbytes as u32;
        (*p).nchars = nchars as u32;
        (*p).h.flags.store(f, Relaxed);
    }
}

/// Writes all fields of an inline string; gives where its bytes go.
#[inline(always)]
unsafe fn init_inline(s: Gc<Str>, nbytes: usize, nchars: usize, ascii: bool, extra: u8) -> *mut u8 {
    // SAFETY: as of `head`; where it is not ASCII the word before the bytes was allocated with them.
    unsafe {
        head(s, nbytes, nchars, extra | if ascii { ASCII } else { 0 });
        let d = s.after::<u8>();
        if ascii {
            return d;
        }
        *(d as *mut u64) = 0;
        d.add(8)
    }
}

fn init(s: Gc<Str>, b: &[u8], nchars: usize, ascii: bool, extra: u8) {
    // SAFETY: the callers have allocated for so many bytes, and `b` lies elsewhere.
    unsafe {
        let d = init_inline(s, b.len(), nchars, ascii, extra);
        std::ptr::copy_nonoverlapping(b.as_ptr(), d, b.len());
    }
}

/// A string at a fixed address. For the intern table only.
pub fn new_interned(th: Th, b: &[u8]) -> Gc<Str> {
    let m = wtf8::measure(b);
    // SAFETY: the size of what `init` writes.
    unsafe {
        let s = th.alloc_old::<Str>(24 + if m.ascii { 0 } else { 8 } + b.len());
        init(s, b, m.chars, m.ascii, INTERNED);
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
    /// A new str of valid WTF-8, for short texts: see [`Th::alloc_any`].
    pub fn str_bytes(self, b: &[u8]) -> Value {
        let m = wtf8::measure(b);
        if b.len() <= 1 && m.ascii {
            return ascii_char(b.first().copied());
        }
        if b.len() > MAX_BYTES {
            adder_heap::out_of_memory()
        }
        // SAFETY: all of the new object is written.
        let s = unsafe { self.alloc_any(24 + if m.ascii { 0 } else { 8 } + b.len()) };
        init(s, b, m.chars, m.ascii, 0);
        s.value()
    }
    pub fn try_str(self, b: &[u8]) -> R<Value> {
        let m = wtf8::measure(b);
        self.str_counted(b, m.chars, m.ascii)
    }
    /// With the number of characters known.
    #[inline]
    pub fn str_counted(self, b: &[u8], nchars: usize, ascii: bool) -> R<Value> {
        if b.len() <= 1 && ascii {
            return Ok(ascii_char(b.first().copied()));
        }
        let (s, d) = self.str_uninit(b.len(), nchars, ascii)?;
        // SAFETY: `d` has room for so many bytes.
        unsafe { copy(b.as_ptr(), d, b.len()) };
        Ok(s.value())
    }
    /// A str whose bytes the caller writes before anything else happens. Not for what [`ascii_char`] has.
    #[inline]
    pub fn str_uninit(self, nbytes: usize, nchars: usize, ascii: bool) -> R<(Gc<Str>, *mut u8)> {
        if nbytes > MAX_BYTES {
            return Err(self.memory_error());
        }
        // SAFETY: the size that the head says; the bytes are no slots.
        unsafe {
            let s = self.alloc_var::<Str>(24 + if ascii { 0 } else { 8 } + nbytes)?;
            Ok((s, init_inline(s, nbytes, nchars, ascii, 0)))
        }
    }
    /// A str of one character.
    pub fn char(self, c: u32) -> R<Value> {
        if c < 128 {
            return Ok(ascii_char(Some(c as u8)));
        }
        let (b, n) = wtf8::encode(c);
        self.str_counted(&b[..n], 1, false)
    }
    /// Text of an exact or derived str for a message.
    pub fn text(self, v: Value) -> String {
        match v.cast::<Str>() {
            Some(s) => s.lossy().into_owned(),
            None => format!("{v:?}"),
        }
    }
    /// A part of a string by bytes (on character boundaries).
    #[inline]
    pub fn substr(self, s: Gc<Str>, r: Range<usize>) -> R<Value> {
        if r.len() == s.nbytes as usize && s.value().is_exact(Kind::Str) {
            return Ok(s.value());
        }
        let b = &s.bytes()[r];
        if s.is_ascii() { self.str_counted(b, b.len(), true) } else { self.try_str(b) }
    }
    /// An instance of exactly `str` with the same text.
    pub fn exact_str(self, s: Gc<Str>) -> R<Value> {
        if s.value().is_exact(Kind::Str) {
            return Ok(s.value());
        }
        self.str_counted(s.bytes(), s.len(), s.is_ascii())
    }
    /// An instance of a subclass of str.
    pub fn str_of_type(self, t: Gc<Type>, s: Gc<Str>) -> R<Value> {
        let ascii = s.is_ascii();
        // SAFETY: the size of what `init` writes, which keeps the flag of the word behind it.
        unsafe {
            let size = 24 + if ascii { 0 } else { 8 } + s.nbytes as usize;
            let o: Gc<Str> = Gc::from_obj(alloc_instance(self, t, size, 0)?);
            let tail = o.header().flags.load(Relaxed) & flags::TAIL_EXT;
            init(o, s.bytes(), s.len(), ascii, tail);
            Ok(o.value())
        }
    }
}

/// Copies `n` bytes. Most strings are short, and for those a call of `memcpy` is most of the cost.
///
/// # Safety
/// As for `copy_nonoverlapping`.
#[inline(always)]
pub unsafe fn copy(src: *const u8, dst: *mut u8, n: usize) {
    macro_rules! ends {
        ($t:ty) => {{
            // SAFETY: `n` is one to two widths, so both pieces lie within the `n` bytes.
            let last = n - size_of::<$t>();
            let (a, b) = ((src as *const $t).read_unaligned(), (src.add(last) as *const $t).read_unaligned());
            (dst as *mut $t).write_unaligned(a);
            (dst.add(last) as *mut $t).write_unaligned(b);
        }};
    }
    unsafe {
        if n >= 8 {
            if n > 32 {
                std::ptr::copy_nonoverlapping(src, dst, n);
            } else if n > 16 {
                ends!(u128)
            } else {
                ends!(u64)
            }
        } else if n >= 4 {
            ends!(u32)
        } else if n >= 2 {
            ends!(u16)
        } else if n == 1 {
            *dst = *src;
        }
    }
}

/// The string of one ASCII character, or the empty one.
#[inline(always)]
pub fn ascii_char(c: Option<u8>) -> Value {
    // SAFETY: `init_statics` has put an array there.
    let t: Gc<Array> = unsafe { Root::small_strs.value().cast_unchecked() };
    t.slot(c.map_or(128, usize::from)).value()
}

// -- growing strings

/// From this length on, concatenation leaves room for more.
const VIEW_MIN: u32 = 256;

impl StrBuf {
    fn data(&self) -> *mut u8 {
        // SAFETY: its bytes follow the structure.
        unsafe { (self as *const StrBuf).add(1) as *mut u8 }
    }
    /// A buffer with a beginning.
    fn new(th: Th, start: Gc<Str>, used: usize, cap: usize) -> R<Gc<StrBuf>> {
        // SAFETY: the size that `cap` says, which is at least that of `start`; the bytes are no slots.
        unsafe {
            let b = th.alloc_var::<StrBuf>(24 + cap)?;
            (*b.as_ptr()).used = AtomicU64::new(used as u64);
            (*b.as_ptr()).cap = cap as u64;
            std::ptr::copy_nonoverlapping(start.data(), b.data(), start.nbytes as usize);
            Ok(b)
        }
    }
}

unsafe fn new_view(th: Th, buf: Gc<StrBuf>, nbytes: usize, nchars: usize, ascii: bool) -> R<Gc<Str>> {
    // SAFETY: head and two words, all written here; the new object needs no barrier.
    unsafe {
        let s = th.alloc_var::<Str>(24 + 16)?;
        head(s, nbytes, nchars, VIEW | if ascii { ASCII } else { 0 });
        let p = s.after::<u64>();
        *p = buf.value().bits();
        *p.add(1) = 0;
        Ok(s)
    }
}

/// `x + y`. If `x` is long the result shares its bytes with it where that is possible: it is a view of a buffer that
/// has room behind, and whoever appends to the string that ends where the used part of the buffer ends takes that room.
pub fn concat(th: Th, x: Gc<Str>, y: Gc<Str>) -> R<Value> {
    if y.is_empty() {
        return th.exact_str(x);
    }
    if x.is_empty() {
        return th.exact_str(y);
    }
    let (nx, ny) = (x.nbytes as usize, y.nbytes as usize);
    let (total, nchars) = (nx + ny, x.len() + y.len());
    let ascii = x.is_ascii() && y.is_ascii();
    if x.nbytes < VIEW_MIN {
        let (s, d) = th.str_uninit(total, nchars, ascii)?;
        // SAFETY: `d` has room for both.
        unsafe {
            copy(x.data(), d, nx);
            copy(y.data(), d.add(nx), ny);
        }
        return Ok(s.value());
    }
    if total > MAX_BYTES {
        return Err(th.memory_error());
    }
    let is_view = x.flags() & VIEW != 0;
    if is_view {
        // SAFETY: the first word of a view is its buffer.
        let buf: Gc<StrBuf> = unsafe { Value::from_bits(*x.after::<u64>()).cast_unchecked() };
        if buf.used.load(Relaxed) == nx as u64 && total as u64 <= buf.cap {
            let s = unsafe { new_view(th, buf, total, nchars, ascii)? };
            // Allocating may have let another thread run.
            if buf.used.compare_exchange(nx as u64, total as u64, AcqRel, Relaxed).is_ok() {
                // SAFETY: within `cap`, and this thread's alone: it has moved `used`. What `y` has of it lies below.
                unsafe { copy(y.data(), buf.data().add(nx), ny) };
                return Ok(s.value());
            }
        }
    }
    // The second time a string grows it is probably going to grow for long.
    let cap = if is_view { total * 2 } else { total + total / 8 + 64 };
    let cap = (cap.min(MAX_BYTES) + 7) & !7;
    let buf = StrBuf::new(th, x, total, cap)?;
    // SAFETY: a new buffer, of at least `total`.
    unsafe {
        std::ptr::copy_nonoverlapping(y.data(), buf.data().add(nx), ny);
        Ok(new_view(th, buf, total, nchars, ascii)?.value())
    }
}

// -- characters by index

/// Characters between two breadcrumbs.
const STEP: usize = 16;
/// Shorter strings are scanned.
const CRUMBS_MIN: usize = 48;

impl Str {
    /// The word that holds the breadcrumbs of a string that is not ASCII: a [`RawBuf`] with the byte offset of every
    /// 16th character, or null.
    fn crumbs_slot(&self) -> &Slot {
        let i = (self.flags() & VIEW != 0) as usize;
        // SAFETY: views have two words, other strings that are not ASCII have one.
        unsafe { &*((self as *const Str).add(1) as *const Slot).add(i) }
    }
}

fn crumbs(th: Th, s: Gc<Str>) -> Option<&'static [u32]> {
    let slot = s.crumbs_slot();
    let buf: Gc<RawBuf> = match slot.get() {
        // SAFETY: the word holds nothing else.
        Some(b) => unsafe { b.cast_unchecked() },
        None => {
            let n = s.len().div_ceil(STEP);
            // SAFETY: the size that `len` says; all is written before anything is allocated.
            let b = unsafe {
                let b = th.alloc_var::<RawBuf>(16 + 4 * n).ok()?;
                (*b.as_ptr()).len = 4 * n;
                b
            };
            let text = s.bytes();
            let p = b.after::<u32>();
            let mut at = 0;
            for i in 0..n {
                // SAFETY: there is room for `n`.
                unsafe { *p.add(i) = at as u32 };
                at = walk(text, at, STEP);
            }
            th.store(s, slot, b.value());
            b
        }
    };
    // SAFETY: written once; the pointer keeps the buffer where it is.
    unsafe { Some(std::slice::from_raw_parts(buf.after::<u32>(), buf.len / 4)) }
}

/// Byte offset of character `i` (at most the length).
#[inline]
pub fn offset(th: Th, s: Gc<Str>, i: usize) -> usize {
    if s.is_ascii() { i } else { wide_offset(th, s, i) }
}
fn wide_offset(th: Th, s: Gc<Str>, i: usize) -> usize {
    let n = s.len();
    if i >= n {
        return s.nbytes as usize;
    }
    if n < CRUMBS_MIN || i < STEP || n - i < STEP {
        return wtf8::offset(s.bytes(), n, i);
    }
    match crumbs(th, s) {
        Some(c) => walk(s.bytes(), c[i / STEP] as usize, i % STEP),
        None => wtf8::offset(s.bytes(), n, i),
    }
}
/// `n` characters further, at most the end.
#[inline]
fn walk(b: &[u8], mut at: usize, mut n: usize) -> usize {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // Eight bytes at a time: the high bit of each byte that begins a character.
    while let Some(w) = b.get(at..at + 8) {
        let w = u64::from_le_bytes(w.try_into().expect("eight bytes"));
        let mut starts = !(w & !(w << 1)) & HIGH;
        let count = ((starts >> 7).wrapping_mul(0x0101_0101_0101_0101) >> 56) as usize;
        if n < count {
            for _ in 0..n {
                starts &= starts - 1;
            }
            return at + starts.trailing_zeros() as usize / 8;
        }
        n -= count;
        at += 8;
    }
    while at < b.len() {
        if wtf8::is_start(b[at]) {
            if n == 0 {
                return at;
            }
            n -= 1;
        }
        at += 1;
    }
    at
}
/// Bytes of the characters `r`.
#[inline]
pub fn byte_range(th: Th, s: Gc<Str>, r: Range<usize>) -> Range<usize> {
    if s.is_ascii() {
        return r;
    }
    let a = wide_offset(th, s, r.start);
    // The end of a short piece is found from its beginning.
    let b = if r.end < s.len() && r.len() < STEP {
        walk(s.bytes(), a, r.len())
    } else {
        wide_offset(th, s, r.end)
    };
    a..b
}
/// Index of the character at a byte offset.
pub fn index_of(th: Th, s: Gc<Str>, at: usize) -> usize {
    if s.is_ascii() {
        return at;
    }
    let from = if s.len() < CRUMBS_MIN || at < 4096 { None } else { crumbs(th, s) };
    match from {
        Some(c) => {
            let k = c.partition_point(|&o| o as usize <= at) - 1;
            k * STEP + wtf8::count(&s.bytes()[c[k] as usize..at])
        }
        None => wtf8::count(&s.bytes()[..at]),
    }
}
/// Code point of character `i`, which exists.
#[inline]
pub fn char_at(th: Th, s: Gc<Str>, i: usize) -> u32 {
    if s.is_ascii() {
        return s.bytes()[i] as u32;
    }
    wtf8::decode(s.bytes(), wide_offset(th, s, i)).0
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walking() {
        let s = "aé€😀".repeat(5);
        let offsets: Vec<usize> = s.char_indices().map(|(i, _)| i).chain([s.len(), s.len()]).collect();
        for (from, &at) in offsets.iter().enumerate().take(19) {
            for n in 0..offsets.len() - from {
                assert_eq!(walk(s.as_bytes(), at, n), offsets[from + n], "{from} {n}");
            }
        }
    }
    #[test]
    fn copies() {
        let src: Vec<u8> = (0..100).collect();
        for n in 0..100 {
            let mut dst = [255u8; 101];
            unsafe { copy(src.as_ptr(), dst.as_mut_ptr(), n) };
            assert!(dst[..n] == src[..n] && dst[n..].iter().all(|b| *b == 255), "{n}");
        }
    }
}
