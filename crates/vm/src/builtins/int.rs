//! `int`: representation, conversions, number slots. The constructor is in `int_new`, methods are in `int_methods`.
//!
//! Exact ints in the fixnum range are always immediates; [`BigInt`] objects are ints beyond it, and all instances of
//! Python subclasses whatever their value. `True` and `False` count as ints here.
//!
//! # Safety
//! `size` says how many limbs follow, and never changes: an object is made with as many as were asked memory for, and
//! all are written before anything else is allocated. Slices of limbs are used while a word on the stack keeps the
//! object.

use super::int_methods;
use super::var_sized::alloc_instance;
use crate::builtins::exceptions as exc;
use crate::err::{R, Raised};
use crate::native::*;
use crate::object::*;
use crate::slots::{CmpOp, Slots};
use crate::thread::Th;
use crate::value::*;
use adder_metatrace::word;
use adder_num::bigint::{self, Int, SmallInt, mag};
use adder_num::{ErrorKind, NumError, NumResult};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

pub const INT_SLOTS: Slots = Slots {
    new: Some(super::int_new::int_new),
    repr: Some(repr),
    hash: Some(hash),
    richcompare: Some(richcompare),
    add: Some(add),
    sub: Some(sub),
    mul: Some(mul),
    rem: Some(rem),
    divmod: Some(divmod),
    pow: Some(pow),
    neg: Some(neg),
    pos: Some(pos),
    abs: Some(abs),
    bool: Some(|_, v| Ok(is_true(v))),
    invert: Some(invert),
    lshift: Some(lshift),
    rshift: Some(rshift),
    and: Some(and),
    or: Some(or),
    xor: Some(xor),
    int: Some(pos),
    float: Some(|th, v| Ok(th.float(to_f64(th, v)?))),
    index: Some(pos),
    floordiv: Some(floordiv),
    truediv: Some(truediv),
    ..Slots::NONE
};
pub static INT_TYPE: NativeType = NativeType {
    name: "int",
    kind: Kind::Int,
    size: size_of::<BigInt>() as u32,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::MATCH_SELF,
    doc: "int([x]) -> integer\nint(x, base=10) -> integer\n\nConvert a number or string to an integer, or return 0 if no arguments\nare given.  If x is a number, return x.__int__().  For floating-point\nnumbers, this truncates towards zero.\n\nIf x is not a number or if base is given, then x must be a string,\nbytes, or bytearray instance representing an integer literal in the\ngiven base.  The literal can be preceded by '+' or '-' and be surrounded\nby whitespace.  The base defaults to 10.  Valid bases are 0 and 2-36.\nBase 0 means to interpret the base from the string as an integer\niteral.\n>>> int('0b100', base=0)\n4",
    new1: Some(super::int_new::from_object),
    slots: INT_SLOTS,
    methods: int_methods::METHODS,
    getset: int_methods::GETSET,
    ..NativeType::DEFAULT
};
pub static INT: TypeCell = TypeCell::new(&INT_TYPE);

/// The limit on digits of conversions between decimal text and ints: `sys.set_int_max_str_digits`, 0 for none.
static MAX_STR_DIGITS: AtomicUsize = AtomicUsize::new(bigint::DEFAULT_MAX_STR_DIGITS);

pub fn max_str_digits() -> usize {
    MAX_STR_DIGITS.load(Relaxed)
}
/// The caller has checked the number: 0 or at least [`bigint::MIN_MAX_STR_DIGITS`].
pub fn set_max_str_digits(n: usize) {
    MAX_STR_DIGITS.store(n, Relaxed)
}

impl BigInt {
    #[inline(always)]
    pub fn view(&self) -> Int<'_> {
        unsafe {
            let p = (self as *const BigInt).add(1) as *const u64;
            Int { neg: self.size < 0, mag: std::slice::from_raw_parts(p, self.size.unsigned_abs() as usize) }
        }
    }
}

/// The number of any int (of `bool` and subclasses too), as the kernels of `adder-num` take it. To be kept on the
/// native stack, where it keeps the object alive and in place.
pub struct IntRef {
    small: SmallInt,
    big: Option<Gc<BigInt>>,
}

impl IntRef {
    /// None: not an int.
    #[inline]
    pub fn new(v: Value) -> Option<IntRef> {
        if let Some(n) = v.as_fix() {
            return Some(IntRef { small: SmallInt::from(n), big: None });
        }
        match v.kind() {
            Kind::Int => {
                Some(IntRef { small: SmallInt::from(0i64), big: Some(unsafe { v.cast_unchecked() }) })
            }
            Kind::Bool => Some(IntRef { small: SmallInt::from(v.is(TRUE()) as i64), big: None }),
            _ => None,
        }
    }
    #[inline]
    pub fn view(&self) -> Int<'_> {
        match &self.big {
            Some(b) => b.view(),
            None => self.small.view(),
        }
    }
}

/// An `int`, `bool` or instance of a subclass.
#[inline(always)]
pub fn is_int(v: Value) -> bool {
    v.is_fix() || matches!(v.kind(), Kind::Int | Kind::Bool)
}
/// Exactly `int`.
#[inline(always)]
pub fn is_exact(v: Value) -> bool {
    v.is_fix() || v.is_exact(Kind::Int)
}
/// The value of an int of any kind that fits.
#[inline]
pub fn to_i64(v: Value) -> Option<i64> {
    if let Some(n) = v.as_fix() {
        return Some(n);
    }
    IntRef::new(v)?.view().to_i64()
}
pub fn to_u64(v: Value) -> Option<u64> {
    if let Some(n) = v.as_fix() {
        return u64::try_from(n).ok();
    }
    IntRef::new(v)?.view().to_u64()
}
pub fn is_negative(v: Value) -> bool {
    match v.as_fix() {
        Some(n) => n < 0,
        None => IntRef::new(v).is_some_and(|r| r.view().neg),
    }
}
pub fn is_zero(v: Value) -> bool {
    !is_true(v)
}
fn is_true(v: Value) -> bool {
    match v.as_fix() {
        Some(n) => n != 0,
        None => IntRef::new(v).is_some_and(|r| !r.view().is_zero()),
    }
}
/// As a double, correctly rounded; OverflowError beyond the range.
pub fn to_f64(th: Th, v: Value) -> R<f64> {
    match v.as_fix() {
        Some(n) => Ok(n as f64),
        None => match IntRef::new(v) {
            Some(r) => th.num(bigint::to_f64(r.view())),
            None => Err(th.type_error("int expected")),
        },
    }
}
/// An instance of exactly `int` with the same value.
pub fn to_exact(th: Th, v: Value) -> R<Value> {
    if is_exact(v) {
        return Ok(v);
    }
    match IntRef::new(v) {
        Some(r) => th.int_of(r.view()),
        None => Err(th.type_error("int expected")),
    }
}

impl Th {
    /// A Python int.
    #[inline(always)]
    pub fn int(self, n: i64) -> Value {
        if word::fits_fix(n) { Value::fix(n) } else { self.int_wide(n < 0, n.unsigned_abs()) }
    }
    #[inline]
    pub fn uint(self, n: u64) -> Value {
        if n <= word::FIX_MAX as u64 { Value::fix(n as i64) } else { self.int_wide(false, n) }
    }
    #[inline]
    fn minus(self, mag: u64) -> Value {
        let small = mag <= word::FIX_MIN.unsigned_abs();
        if small { Value::fix((mag as i64).wrapping_neg()) } else { self.int_wide(true, mag) }
    }
    #[cold]
    fn int_wide(self, neg: bool, mag: u64) -> Value {
        unsafe {
            let o: Gc<BigInt> = Gc::from_obj(self.m.alloc(24, Kind::Int as u8, Kind::Int as u32));
            (*o.as_ptr()).size = if neg { -1 } else { 1 };
            *o.after::<u64>() = mag;
            o.value()
        }
    }
    pub fn int128(self, n: i128) -> R<Value> {
        match i64::try_from(n) {
            Ok(n) => Ok(self.int(n)),
            Err(_) => Middle { neg: n < 0, mag: n.unsigned_abs() }.int(self),
        }
    }
    /// A Python int, immediate if it fits.
    pub fn int_of(self, n: Int) -> R<Value> {
        if n.mag.len() <= 1
            && let Some(i) = n.to_i64()
        {
            return Ok(self.int(i));
        }
        unsafe {
            let o = self.alloc_var::<BigInt>(16 + 8 * n.mag.len())?;
            fill(o, n);
            Ok(o.value())
        }
    }
    #[inline]
    pub fn big(self, n: adder_num::BigInt) -> R<Value> {
        self.int_of(n.view())
    }
    /// Raises the exception that a number kernel asks for.
    #[cold]
    pub fn num_error(self, e: NumError) -> Raised {
        let cell = match e.kind() {
            ErrorKind::Value => &exc::VALUE_ERROR,
            ErrorKind::Overflow | ErrorKind::Range => &exc::OVERFLOW_ERROR,
            ErrorKind::ZeroDivision => &exc::ZERO_DIVISION_ERROR,
            ErrorKind::Type => &exc::TYPE_ERROR,
            ErrorKind::Memory => return self.memory_error(),
        };
        let text = self.str_bytes(e.text());
        if e.kind() == ErrorKind::Range {
            return self.raise_args(cell, &[Value::fix(libc::ERANGE as i64), text]);
        }
        self.raise_args(cell, &[text])
    }
    #[inline]
    pub fn num<T>(self, r: NumResult<T>) -> R<T> {
        r.map_err(|e| self.num_error(e))
    }
}

unsafe fn fill(o: Gc<BigInt>, n: Int) {
    unsafe {
        let len = n.mag.len() as i64;
        (*o.as_ptr()).size = if n.neg { -len } else { len };
        std::ptr::copy_nonoverlapping(n.mag.as_ptr(), o.after::<u64>(), n.mag.len());
    }
}

/// An instance of a subclass of int (or int itself) with the value of an int.
pub fn new_of_type(th: Th, t: Gc<Type>, v: Value) -> R<Value> {
    if t == INT.get() {
        return to_exact(th, v);
    }
    let r = IntRef::new(v).expect("an int");
    unsafe {
        let o = Gc::from_obj(alloc_instance(th, t, 16 + 8 * r.view().mag.len(), 0)?);
        fill(o, r.view());
        Ok(o.value())
    }
}

/// Decimal digits of `n`, right-aligned in the buffer; gives where they begin.
#[inline]
pub fn digits_of(n: i64, buf: &mut [u8; 20]) -> usize {
    const PAIRS: &[u8; 200] = b"00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";
    let mut u = n.unsigned_abs();
    let mut i = 20;
    while u >= 100 {
        let r = (u % 100) as usize;
        u /= 100;
        i -= 2;
        buf[i..i + 2].copy_from_slice(&PAIRS[2 * r..2 * r + 2]);
    }
    if u >= 10 {
        i -= 2;
        buf[i..i + 2].copy_from_slice(&PAIRS[2 * u as usize..2 * u as usize + 2]);
    } else {
        i -= 1;
        buf[i] = b'0' + u as u8;
    }
    if n < 0 {
        i -= 1;
        buf[i] = b'-';
    }
    i
}

pub fn repr(th: Th, v: Value) -> R<Value> {
    if let Some(n) = v.as_fix() {
        let mut buf = [0; 20];
        let i = digits_of(n, &mut buf);
        return th.str_counted(&buf[i..], 20 - i, true);
    }
    let r = IntRef::new(v).expect("an int");
    let mut out = Vec::new();
    th.num(bigint::write_decimal(&mut out, r.view(), max_str_digits()))?;
    th.str_counted(&out, out.len(), true)
}

pub fn hash(th: Th, v: Value) -> R<i64> {
    if let Some(n) = v.as_fix() {
        return Ok(bigint::hash_i64(n));
    }
    match IntRef::new(v) {
        Some(r) => Ok(bigint::hash(r.view())),
        None => Err(th.type_error("int expected")),
    }
}

fn richcompare(_: Th, a: Value, b: Value, op: CmpOp) -> R<Value> {
    if let (Some(x), Some(y)) = (a.as_fix(), b.as_fix()) {
        return Ok(Value::bool(op.holds(x.cmp(&y))));
    }
    match (IntRef::new(a), IntRef::new(b)) {
        (Some(x), Some(y)) => Ok(Value::bool(op.holds(x.view().cmp(&y.view())))),
        _ => Ok(NOT_IMPLEMENTED()),
    }
}

/// `a op b` of any ints through the kernel of arbitrary size.
/// Sign and magnitude of what most ints beyond a word are: hashes of 64 bits and their products.
#[derive(Clone, Copy)]
struct Middle {
    neg: bool,
    mag: u128,
}

impl Middle {
    /// None: not exactly an int, or longer.
    #[inline(always)]
    fn new(v: Value) -> Option<Middle> {
        if let Some(n) = v.as_fix() {
            return Some(Middle { neg: n < 0, mag: n.unsigned_abs() as u128 });
        }
        let b = v.exact::<BigInt>()?;
        let x = b.view();
        let mag = match *x.mag {
            [low] => low as u128,
            [low, high] => (high as u128) << 64 | low as u128,
            _ => return None,
        };
        Some(Middle { neg: x.neg, mag })
    }
    fn int(self, th: Th) -> R<Value> {
        let Middle { neg, mag } = self;
        let (low, high) = (mag as u64, (mag >> 64) as u64);
        if high == 0 {
            return Ok(if neg && low != 0 { th.minus(low) } else { th.uint(low) });
        }
        th.int_of(Int { neg, mag: &[low, high] })
    }
    /// None: too long.
    fn sum(self, y: Middle) -> Option<Middle> {
        if self.neg == y.neg {
            return Some(Middle { neg: self.neg, mag: self.mag.checked_add(y.mag)? });
        }
        let (x, y) = if self.mag >= y.mag { (self, y) } else { (y, self) };
        Some(Middle { neg: x.neg, mag: x.mag - y.mag })
    }
    fn product(self, y: Middle) -> Option<Middle> {
        let (x, y, neg) = (self.mag, y.mag, self.neg != y.neg);
        if (x | y) >> 64 == 0 {
            return Some(Middle { neg, mag: x * y });
        }
        // One of them is a word.
        let (x, y) = if x >> 64 == 0 { (y, x) } else { (x, y) };
        if y >> 64 != 0 {
            return None;
        }
        let high = (x >> 64) * y;
        let low = (x as u64 as u128) * y;
        if high >> 64 != 0 {
            return None;
        }
        Some(Middle { neg, mag: low.checked_add(high << 64)? })
    }
    /// Rounded down; `y` is not zero.
    fn quotient_and_rest(self, y: Middle) -> (Middle, Middle) {
        let (q, r) = if y.mag.is_power_of_two() {
            (self.mag >> y.mag.trailing_zeros(), self.mag & (y.mag - 1))
        } else if let (Ok(a), Ok(b)) = (u64::try_from(self.mag), u64::try_from(y.mag)) {
            ((a / b) as u128, (a % b) as u128)
        } else {
            (self.mag / y.mag, self.mag % y.mag)
        };
        let neg = self.neg != y.neg;
        if r != 0 && neg {
            return (Middle { neg, mag: q + 1 }, Middle { neg: y.neg, mag: y.mag - r });
        }
        (Middle { neg, mag: q }, Middle { neg: y.neg, mag: r })
    }
}

/// Both, if they are no longer than two words; `f` of them.
#[inline(always)]
fn middle(th: Th, a: Value, b: Value, f: impl FnOnce(Middle, Middle) -> Option<Middle>) -> Option<R<Value>> {
    let r = f(Middle::new(a)?, Middle::new(b)?)?;
    Some(r.int(th))
}
/// The same of numbers that are not negative, with their bits.
#[inline(always)]
fn middle_bits(th: Th, a: Value, b: Value, f: impl FnOnce(u128, u128) -> Option<u128>) -> Option<R<Value>> {
    middle(th, a, b, |x, y| {
        if x.neg || y.neg {
            return None;
        }
        Some(Middle { neg: false, mag: f(x.mag, y.mag)? })
    })
}

macro_rules! slow {
    ($th:ident, $a:ident, $b:ident, |$x:ident, $y:ident| $e:expr) => {{ slow!($th, $a, $b, |_t, _a, _b| None, |$x, $y| $e) }};
    // `$m`: of those that are not long.
    ($th:ident, $a:ident, $b:ident, |$t:ident, $p:ident, $q:ident| $m:expr, |$x:ident, $y:ident| $e:expr) => {{
        #[inline(never)]
        fn run($th: Th, a: Value, b: Value) -> R<Value> {
            let ($t, $p, $q) = ($th, a, b);
            let m: Option<R<Value>> = $m;
            if let Some(r) = m {
                return r;
            }
            let (Some(x), Some(y)) = (IntRef::new(a), IntRef::new(b)) else { return Ok(NOT_IMPLEMENTED()) };
            let ($x, $y) = (x.view(), y.view());
            $e
        }
        run($th, $a, $b)
    }};
}

/// Results of so many limbs are computed where they stay, if their length is known before.
const LONG: usize = 24;

/// A new int of so many limbs. `f` writes them all, and says how many there are, leading zeros left out.
fn long(th: Th, neg: bool, n: usize, f: impl FnOnce(&mut [u64]) -> usize) -> R<Value> {
    // SAFETY: what follows before the next safepoint makes it an int.
    unsafe {
        let o = th.alloc_var::<BigInt>(16 + 8 * n)?;
        (*o.as_ptr()).size = if neg { -(n as i64) } else { n as i64 };
        let mag = std::slice::from_raw_parts_mut(o.after::<u64>(), n);
        match f(mag) {
            len if len == n => Ok(o.value()),
            // An object keeps its size.
            len => th.int_of(Int { neg, mag: &mag[..len] }),
        }
    }
}
/// The sum of long ints. (Their owners are on the stack of the caller: new objects do not move them.)
fn long_sum(th: Th, x: Int, y: Int) -> Option<R<Value>> {
    let (x, y) = if x.mag.len() >= y.mag.len() { (x, y) } else { (y, x) };
    if x.mag.len() < LONG {
        return None;
    }
    if x.neg == y.neg || y.mag.is_empty() {
        let mut carry = false;
        let r = long(th, x.neg, x.mag.len(), |out| {
            carry = mag::add_fitting(out, x.mag, y.mag);
            out.len()
        });
        // Seldom; then it is done again.
        return if carry { None } else { Some(r) };
    }
    let (x, y) = match mag::cmp(x.mag, y.mag) {
        std::cmp::Ordering::Equal => return None,
        std::cmp::Ordering::Greater => (x, y),
        std::cmp::Ordering::Less => (y, x),
    };
    Some(long(th, x.neg, x.mag.len(), |out| mag::sub(out, x.mag, y.mag)))
}
/// The product of a long int and another.
fn long_product(th: Th, x: Int, y: Int) -> Option<R<Value>> {
    let (x, y) = if x.mag.len() >= y.mag.len() { (x, y) } else { (y, x) };
    let (&top, &other) = (x.mag.last()?, y.mag.last()?);
    if x.mag.len() < LONG {
        return None;
    }
    let (neg, n) = (x.neg != y.neg, x.mag.len() + y.mag.len());
    if (top as u128 * other as u128) >> 64 != 0 {
        return Some(long(th, neg, n, |out| mag::mul(out, x.mag, y.mag)));
    }
    let &[w] = y.mag else { return None };
    let mut carry = 0;
    let r = long(th, neg, n - 1, |out| {
        carry = mag::mul_word(out, x.mag, w);
        out.len()
    });
    if carry == 0 { Some(r) } else { None }
}

/// The value of a small int or a bool.
#[inline(always)]
fn small(v: Value) -> Option<i64> {
    match v.as_fix() {
        None if v.is(TRUE()) => Some(1),
        None if v.is(FALSE()) => Some(0),
        n => n,
    }
}
pub fn add(th: Th, a: Value, b: Value) -> R<Value> {
    if let (Some(x), Some(y)) = (small(a), small(b)) {
        return Ok(th.int(x + y));
    }
    slow!(th, a, b, |t, p, q| middle(t, p, q, Middle::sum), |x, y| match long_sum(th, x, y) {
        Some(r) => r,
        None => th.big(bigint::add(x, y)),
    })
}
pub fn sub(th: Th, a: Value, b: Value) -> R<Value> {
    if let (Some(x), Some(y)) = (small(a), small(b)) {
        return Ok(th.int(x - y));
    }
    slow!(th, a, b, |t, p, q| middle(t, p, q, |x, y| x.sum(Middle { neg: !y.neg, ..y })), |x, y| {
        match long_sum(th, x, Int { neg: !y.neg, mag: y.mag }) {
            Some(r) => r,
            None => th.big(bigint::sub(x, y)),
        }
    })
}
pub fn mul(th: Th, a: Value, b: Value) -> R<Value> {
    if let (Some(x), Some(y)) = (small(a), small(b)) {
        return match x.checked_mul(y) {
            Some(n) => Ok(th.int(n)),
            None => th.int128(x as i128 * y as i128),
        };
    }
    slow!(th, a, b, |t, p, q| middle(t, p, q, Middle::product), |x, y| match long_product(th, x, y) {
        Some(r) => r,
        None => th.big(bigint::mul(x, y)),
    })
}

#[cold]
fn zero_division(th: Th) -> Raised {
    th.zero_division("division by zero")
}
/// Quotient rounded down and remainder with the sign of the divisor. Fixnums: no overflow.
#[inline]
fn floor_parts(x: i64, y: i64) -> (i64, i64) {
    let (q, r) = (x / y, x % y);
    if r != 0 && (r ^ y) < 0 { (q - 1, r + y) } else { (q, r) }
}

pub fn floordiv(th: Th, a: Value, b: Value) -> R<Value> {
    if let (Some(x), Some(y)) = (a.as_fix(), b.as_fix()) {
        return if y == 0 { Err(zero_division(th)) } else { Ok(th.int(floor_parts(x, y).0)) };
    }
    slow!(
        th,
        a,
        b,
        |t, p, q| middle(t, p, q, |x, y| (y.mag != 0).then(|| x.quotient_and_rest(y).0)),
        |x, y| th.big(th.num(bigint::floor_div(x, y))?)
    )
}
pub fn rem(th: Th, a: Value, b: Value) -> R<Value> {
    if let (Some(x), Some(y)) = (a.as_fix(), b.as_fix()) {
        return if y == 0 { Err(zero_division(th)) } else { Ok(Value::fix(floor_parts(x, y).1)) };
    }
    slow!(
        th,
        a,
        b,
        |t, p, q| middle(t, p, q, |x, y| (y.mag != 0).then(|| x.quotient_and_rest(y).1)),
        |x, y| th.big(th.num(bigint::floor_mod(x, y))?)
    )
}
pub fn divmod(th: Th, a: Value, b: Value) -> R<Value> {
    if let (Some(x), Some(y)) = (a.as_fix(), b.as_fix()) {
        if y == 0 {
            return Err(zero_division(th));
        }
        let (q, r) = floor_parts(x, y);
        return th.try_tuple(&[th.int(q), Value::fix(r)]);
    }
    slow!(th, a, b, |x, y| {
        let (q, r) = th.num(bigint::divmod(x, y))?;
        let (q, r) = (th.big(q)?, th.big(r)?);
        th.try_tuple(&[q, r])
    })
}
pub fn truediv(th: Th, a: Value, b: Value) -> R<Value> {
    const EXACT: u64 = 1 << 53;
    if let (Some(x), Some(y)) = (a.as_fix(), b.as_fix())
        && x.unsigned_abs() <= EXACT
        && y.unsigned_abs() <= EXACT
    {
        return if y == 0 { Err(zero_division(th)) } else { Ok(th.float(x as f64 / y as f64)) };
    }
    slow!(th, a, b, |x, y| Ok(th.float(th.num(bigint::true_div(x, y))?)))
}

/// `x ** e` in machine words, if it fits.
fn small_pow(mut x: i64, mut e: u64) -> Option<i64> {
    let mut r = 1i64;
    loop {
        if e & 1 != 0 {
            r = r.checked_mul(x)?;
        }
        e >>= 1;
        if e == 0 {
            return Some(r);
        }
        x = x.checked_mul(x)?;
    }
}

pub fn pow(th: Th, a: Value, b: Value, m: Value) -> R<Value> {
    if let (Some(x), Some(e)) = (a.as_fix(), b.as_fix())
        && m.is_none()
        && e >= 0
        && let Some(n) = small_pow(x, e as u64)
    {
        return Ok(th.int(n));
    }
    let (Some(x), Some(e)) = (IntRef::new(a), IntRef::new(b)) else { return Ok(NOT_IMPLEMENTED()) };
    if !m.is_none() {
        let Some(m) = IntRef::new(m) else { return Ok(NOT_IMPLEMENTED()) };
        return th.big(th.num(bigint::mod_pow(x.view(), e.view(), m.view()))?);
    }
    if e.view().neg {
        let (x, e) = (to_f64(th, a)?, to_f64(th, b)?);
        return super::float::pow_f64(th, x, e);
    }
    let (v, odd) = (x.view(), e.view().is_odd());
    match e.view().to_u64() {
        Some(e) => th.big(th.num(bigint::pow(v, e))?),
        None if v.is_zero() => Ok(Value::fix(0)),
        None if v.mag == [1] => Ok(Value::fix(if v.neg && odd { -1 } else { 1 })),
        None => Err(th.memory_error()),
    }
}

pub fn neg(th: Th, a: Value) -> R<Value> {
    match a.as_fix() {
        Some(n) => Ok(th.int(-n)),
        None => th.int_of(IntRef::new(a).expect("an int").view().negated()),
    }
}
pub fn pos(th: Th, a: Value) -> R<Value> {
    to_exact(th, a)
}
pub fn abs(th: Th, a: Value) -> R<Value> {
    match a.as_fix() {
        Some(n) => Ok(th.int(n.abs())),
        None => th.int_of(IntRef::new(a).expect("an int").view().abs()),
    }
}
pub fn invert(th: Th, a: Value) -> R<Value> {
    match a.as_fix() {
        Some(n) => Ok(Value::fix(!n)),
        None => th.big(bigint::invert(IntRef::new(a).expect("an int").view())),
    }
}

/// A shift count; None: beyond all machine words.
fn shift_count(th: Th, n: Int) -> R<Option<u64>> {
    if n.neg {
        return Err(th.value_error("negative shift count"));
    }
    Ok(n.to_u64())
}
pub fn lshift(th: Th, a: Value, b: Value) -> R<Value> {
    if let (Some(x), Some(n)) = (a.as_fix(), b.as_fix())
        && (0..63).contains(&n)
    {
        return th.int128((x as i128) << n);
    }
    slow!(
        th,
        a,
        b,
        |t, p, q| middle_bits(t, p, q, |x, n| (n <= x.leading_zeros() as u128)
            .then(|| x.checked_shl(n as u32).unwrap_or(0))),
        |x, y| {
            let n = shift_count(th, y)?;
            if x.is_zero() {
                return Ok(Value::fix(0));
            }
            match n {
                Some(n) => th.big(th.num(bigint::shl(x, n))?),
                None => Err(th.overflow_error("too many digits in integer")),
            }
        }
    )
}
pub fn rshift(th: Th, a: Value, b: Value) -> R<Value> {
    if let (Some(x), Some(n)) = (a.as_fix(), b.as_fix())
        && n >= 0
    {
        return Ok(Value::fix(x >> n.min(63)));
    }
    slow!(th, a, b, |t, p, q| middle_bits(t, p, q, |x, n| Some(if n < 128 { x >> n } else { 0 })), |x, y| {
        let n = shift_count(th, y)?;
        th.big(bigint::shr(x, n.unwrap_or(u64::MAX)))
    })
}
pub fn and(th: Th, a: Value, b: Value) -> R<Value> {
    if let (Some(x), Some(y)) = (a.as_fix(), b.as_fix()) {
        return Ok(Value::fix(x & y));
    }
    slow!(th, a, b, |t, p, q| middle_bits(t, p, q, |x, y| Some(x & y)), |x, y| th.big(bigint::and(x, y)))
}
pub fn or(th: Th, a: Value, b: Value) -> R<Value> {
    if let (Some(x), Some(y)) = (a.as_fix(), b.as_fix()) {
        return Ok(Value::fix(x | y));
    }
    slow!(th, a, b, |t, p, q| middle_bits(t, p, q, |x, y| Some(x | y)), |x, y| th.big(bigint::or(x, y)))
}
pub fn xor(th: Th, a: Value, b: Value) -> R<Value> {
    if let (Some(x), Some(y)) = (a.as_fix(), b.as_fix()) {
        return Ok(Value::fix(x ^ y));
    }
    slow!(th, a, b, |t, p, q| middle_bits(t, p, q, |x, y| Some(x ^ y)), |x, y| th.big(bigint::xor(x, y)))
}

/// From limbs, the least significant first.
pub fn from_limbs(th: Th, neg: bool, limbs: &[u64]) -> Value {
    th.int_of(Int::new(neg, limbs)).expect("memory for an int")
}
