//! Decimal numbers and contexts without objects: representation, rounding, the basic operations of the General Decimal
//! Arithmetic Specification. The rules are those of libmpdec, on which CPython's `_decimal` rests.

use super::limbs::{self, Coef};
use std::cmp::Ordering;

pub const MAX_PREC: i64 = 999_999_999_999_999_999;
pub const MAX_EMAX: i64 = 999_999_999_999_999_999;
pub const MIN_EMIN: i64 = -999_999_999_999_999_999;
pub const MIN_ETINY: i64 = MIN_EMIN - (MAX_PREC - 1);
/// An exponent beyond all contexts.
const EXP_INF: i64 = 2_000_000_000_000_000_001;

/// Conditions, which are also the bits of signals.
pub mod status {
    pub const CLAMPED: u32 = 1;
    pub const CONVERSION_SYNTAX: u32 = 2;
    pub const DIVISION_BY_ZERO: u32 = 4;
    pub const DIVISION_IMPOSSIBLE: u32 = 8;
    pub const DIVISION_UNDEFINED: u32 = 16;
    pub const INEXACT: u32 = 64;
    pub const INVALID_CONTEXT: u32 = 128;
    pub const INVALID_OPERATION: u32 = 256;
    pub const MALLOC_ERROR: u32 = 512;
    pub const FLOAT_OPERATION: u32 = 1024;
    pub const OVERFLOW: u32 = 2048;
    pub const ROUNDED: u32 = 4096;
    pub const SUBNORMAL: u32 = 8192;
    pub const UNDERFLOW: u32 = 16384;
    /// All that InvalidOperation stands for.
    pub const IEEE_INVALID: u32 = CONVERSION_SYNTAX
        | DIVISION_IMPOSSIBLE
        | DIVISION_UNDEFINED
        | INVALID_CONTEXT
        | INVALID_OPERATION
        | MALLOC_ERROR;
}
use status::*;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Round {
    Up,
    Down,
    Ceiling,
    Floor,
    HalfUp,
    HalfDown,
    HalfEven,
    O5Up,
}
impl Round {
    pub const ALL: [Round; 8] = [
        Round::Up,
        Round::Down,
        Round::Ceiling,
        Round::Floor,
        Round::HalfUp,
        Round::HalfDown,
        Round::HalfEven,
        Round::O5Up,
    ];
    pub const NAMES: [&'static str; 8] = [
        "ROUND_UP",
        "ROUND_DOWN",
        "ROUND_CEILING",
        "ROUND_FLOOR",
        "ROUND_HALF_UP",
        "ROUND_HALF_DOWN",
        "ROUND_HALF_EVEN",
        "ROUND_05UP",
    ];
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ctx {
    pub prec: i64,
    pub emax: i64,
    pub emin: i64,
    pub round: Round,
    pub clamp: bool,
}
impl Ctx {
    pub const MAX: Ctx =
        Ctx { prec: MAX_PREC, emax: MAX_EMAX, emin: MIN_EMIN, round: Round::HalfEven, clamp: false };
    #[inline(always)]
    pub fn etiny(&self) -> i64 {
        self.emin - (self.prec - 1)
    }
    #[inline(always)]
    pub fn etop(&self) -> i64 {
        self.emax - (self.prec - 1)
    }
    /// For intermediate results: so many digits, all exponents.
    pub fn work(prec: i64) -> Ctx {
        Ctx { prec, ..Ctx::MAX }
    }
}

pub const NEG: u8 = 1;
pub const INF: u8 = 2;
pub const NAN: u8 = 4;
pub const SNAN: u8 = 8;
const SPECIAL: u8 = INF | NAN | SNAN;

/// An operand: flags, exponent, number of digits and limbs. A NaN without payload has no digits.
#[derive(Clone, Copy)]
pub struct View<'a> {
    pub flags: u8,
    pub exp: i64,
    pub digits: i64,
    pub coef: &'a [u64],
}

#[derive(Clone, Debug)]
pub struct Dec {
    pub flags: u8,
    pub exp: i64,
    pub digits: i64,
    pub coef: Coef,
}

impl<'a> View<'a> {
    #[inline(always)]
    pub fn neg(&self) -> bool {
        self.flags & NEG != 0
    }
    #[inline(always)]
    pub fn special(&self) -> bool {
        self.flags & SPECIAL != 0
    }
    #[inline(always)]
    pub fn inf(&self) -> bool {
        self.flags & INF != 0
    }
    #[inline(always)]
    pub fn nan(&self) -> bool {
        self.flags & (NAN | SNAN) != 0
    }
    #[inline(always)]
    pub fn qnan(&self) -> bool {
        self.flags & NAN != 0
    }
    #[inline(always)]
    pub fn snan(&self) -> bool {
        self.flags & SNAN != 0
    }
    /// A finite zero.
    #[inline(always)]
    pub fn zero(&self) -> bool {
        !self.special() && self.coef[self.coef.len() - 1] == 0
    }
    #[inline(always)]
    pub fn adjusted(&self) -> i64 {
        self.exp + self.digits - 1
    }
    pub fn own(&self) -> Dec {
        Dec { flags: self.flags, exp: self.exp, digits: self.digits, coef: Coef::from_slice(self.coef) }
    }
    #[inline(always)]
    fn sign(&self) -> u8 {
        self.flags & NEG
    }
    /// The same number without sign.
    pub fn abs(&self) -> View<'a> {
        View { flags: self.flags & !NEG, ..*self }
    }
    pub fn negated(&self) -> View<'a> {
        View { flags: self.flags ^ NEG, ..*self }
    }
    pub fn is_integer(&self) -> bool {
        if self.special() {
            return false;
        }
        self.exp >= 0 || self.zero() || limbs::trailing_zeros(self.coef) >= -self.exp
    }
    /// An odd integer.
    pub fn is_odd(&self) -> bool {
        if !self.is_integer() || self.exp > 0 || self.zero() {
            return false;
        }
        limbs::digit(self.coef, -self.exp) & 1 == 1
    }
    /// The value as a machine integer, if it is one.
    #[allow(clippy::wrong_self_convention)]
    pub fn to_i64(&self) -> Option<i64> {
        if !self.is_integer() {
            return None;
        }
        if self.zero() {
            return Some(0);
        }
        if self.adjusted() > 18 {
            return None;
        }
        let c =
            if self.exp >= 0 { limbs::shl(self.coef, self.exp) } else { limbs::shr(self.coef, -self.exp).0 };
        let s = c.slice();
        if s.len() > 1 {
            return None;
        }
        let n = i64::try_from(s[0]).ok()?;
        Some(if self.neg() { -n } else { n })
    }
    /// Normal in the context: finite, not zero, not subnormal.
    pub fn is_normal(&self, c: &Ctx) -> bool {
        !self.special() && !self.zero() && self.adjusted() >= c.emin
    }
    pub fn is_subnormal(&self, c: &Ctx) -> bool {
        !self.special() && !self.zero() && self.adjusted() < c.emin
    }
}

impl Dec {
    #[inline(always)]
    pub fn view(&self) -> View<'_> {
        View { flags: self.flags, exp: self.exp, digits: self.digits, coef: self.coef.slice() }
    }
    #[inline(always)]
    pub fn new(neg: bool, coef: Coef, exp: i64) -> Dec {
        let digits = limbs::digits(coef.slice());
        Dec { flags: neg as u8, exp, digits, coef }
    }
    #[inline(always)]
    pub fn word(neg: bool, w: u64, exp: i64) -> Dec {
        Dec { flags: neg as u8, exp, digits: limbs::word_digits(w), coef: Coef::word(w) }
    }
    #[inline(always)]
    pub fn from_i64(n: i64) -> Dec {
        Dec::new(n < 0, Coef::word(n.unsigned_abs()), 0)
    }
    pub fn inf(neg: bool) -> Dec {
        Dec { flags: INF | neg as u8, exp: 0, digits: 0, coef: Coef::ZERO }
    }
    pub fn nan() -> Dec {
        Dec { flags: NAN, exp: 0, digits: 0, coef: Coef::ZERO }
    }
    /// NaN, with the condition that made it.
    pub fn error(what: u32, st: &mut u32) -> Dec {
        *st |= what;
        Dec::nan()
    }
    fn set_coef(&mut self, c: Coef) {
        self.digits = limbs::digits(c.slice());
        self.coef = c;
    }
    /// `10^n` as coefficient.
    fn power_of_ten(n: i64) -> Coef {
        limbs::shl(&[1], n)
    }
    /// All nines.
    fn nines(n: i64) -> Coef {
        let p = Dec::power_of_ten(n);
        if limbs::is_zero(p.slice()) { p } else { limbs::sub(p.slice(), &[1]) }
    }

    // -- rounding

    /// Whether a discarded part makes the coefficient one larger.
    #[inline]
    fn rounds_up(&self, rnd: u8, round: Round) -> bool {
        if rnd == 0 {
            return false;
        }
        let lsd = || limbs::digit(self.coef.slice(), 0);
        match round {
            Round::Down => false,
            Round::HalfUp => rnd >= 5,
            Round::HalfEven => rnd > 5 || (rnd == 5 && lsd() & 1 == 1),
            Round::HalfDown => rnd > 5,
            Round::Ceiling => self.flags & NEG == 0,
            Round::Floor => self.flags & NEG != 0,
            Round::Up => true,
            Round::O5Up => lsd() % 5 == 0,
        }
    }
    fn increment(&mut self) {
        if limbs::increment(self.coef.mut_slice()) {
            self.coef.push(1);
        }
        self.digits = limbs::digits(self.coef.slice());
    }
    /// Rounds away `n` digits; true if they were not all zero.
    fn round_off(&mut self, n: i64, round: Round) -> bool {
        let rnd = if n > 0 && n < self.digits {
            self.digits -= n;
            self.coef.shr_in_place(n)
        } else {
            let (c, rnd) = limbs::shr(self.coef.slice(), n);
            self.set_coef(c);
            rnd
        };
        self.exp += n;
        if self.rounds_up(rnd, round) {
            self.increment();
        }
        rnd != 0
    }
    fn check_exp(&mut self, c: &Ctx, st: &mut u32) {
        let adj = self.exp + self.digits - 1;
        let zero = self.view().zero();
        if adj > c.emax {
            if zero {
                self.exp = if c.clamp { c.etop() } else { c.emax };
                *st |= CLAMPED;
                return;
            }
            let neg = self.flags & NEG != 0;
            let infinite = match c.round {
                Round::HalfUp | Round::HalfEven | Round::HalfDown | Round::Up => true,
                Round::Down | Round::O5Up => false,
                Round::Ceiling => !neg,
                Round::Floor => neg,
            };
            if infinite {
                *self = Dec::inf(neg);
            } else {
                self.set_coef(Dec::nines(c.prec));
                self.exp = c.etop();
            }
            *st |= OVERFLOW | INEXACT | ROUNDED;
        } else if c.clamp && self.exp > c.etop() {
            let shift = self.exp - c.etop();
            let z = limbs::shl(self.coef.slice(), shift);
            self.set_coef(z);
            self.exp -= shift;
            *st |= CLAMPED;
            if !zero && adj < c.emin {
                *st |= SUBNORMAL;
            }
        } else if adj < c.emin {
            let etiny = c.etiny();
            if zero {
                if self.exp < etiny {
                    self.exp = etiny;
                    *st |= CLAMPED;
                }
                return;
            }
            *st |= SUBNORMAL;
            if self.exp < etiny {
                let shift = etiny - self.exp;
                let inexact = self.round_off(shift, c.round);
                self.exp = etiny;
                *st |= ROUNDED;
                if inexact {
                    *st |= INEXACT | UNDERFLOW;
                    if self.view().zero() {
                        *st |= CLAMPED;
                    }
                }
            }
        }
    }
    /// A NaN's payload must fit.
    fn fix_nan(&mut self, c: &Ctx) {
        let max = c.prec - c.clamp as i64;
        if self.digits > max {
            if max <= 0 {
                self.coef = Coef::ZERO;
                self.digits = 0;
            } else {
                let p = limbs::low_digits(self.coef.slice(), max);
                if limbs::is_zero(p.slice()) {
                    self.digits = 0;
                    self.coef = Coef::ZERO;
                } else {
                    self.set_coef(p);
                }
            }
        }
    }
    /// Makes the number one of the context.
    #[inline]
    pub fn finalize(mut self, c: &Ctx, st: &mut u32) -> Dec {
        if self.flags & SPECIAL == 0 {
            let adj = self.exp + self.digits - 1;
            if self.digits <= c.prec && adj <= c.emax && adj >= c.emin && !c.clamp {
                return self;
            }
        }
        self.finalize_slow(c, st);
        self
    }
    #[inline(never)]
    fn finalize_slow(&mut self, c: &Ctx, st: &mut u32) {
        if self.flags & SPECIAL != 0 {
            if self.flags & INF == 0 {
                self.fix_nan(c);
            }
            return;
        }
        self.check_exp(c, st);
        if self.flags & SPECIAL == 0 && self.digits > c.prec {
            let shift = self.digits - c.prec;
            let inexact = self.round_off(shift, c.round);
            if self.digits > c.prec {
                // 999 became 1000.
                let (z, _) = limbs::shr(self.coef.slice(), 1);
                self.set_coef(z);
                self.exp += 1;
                self.check_exp(c, st);
            } else {
                let adj = self.exp + self.digits - 1;
                if adj > c.emax {
                    self.check_exp(c, st);
                }
            }
            *st |= ROUNDED;
            if inexact {
                *st |= INEXACT;
            }
        }
    }
}

/// The NaN that an operation with NaNs gives; None: there are none. Signalling ones come first.
#[inline(always)]
pub fn nans(ops: &[View], c: &Ctx, st: &mut u32) -> Option<Dec> {
    if ops.iter().all(|o| !o.nan()) {
        return None;
    }
    Some(nans_slow(ops, c, st))
}
#[inline(never)]
fn nans_slow(ops: &[View], c: &Ctx, st: &mut u32) -> Dec {
    let o = match ops.iter().find(|o| o.snan()) {
        Some(o) => {
            *st |= INVALID_OPERATION;
            o
        }
        None => ops.iter().find(|o| o.qnan()).expect("a NaN"),
    };
    let mut d = o.own();
    d.flags = (d.flags & NEG) | NAN;
    d.fix_nan(c);
    d
}

// -- comparison

/// By value of the absolute values; finite ones.
fn cmp_abs(a: &View, b: &View) -> Ordering {
    match (a.zero(), b.zero()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Less,
        (false, true) => return Ordering::Greater,
        _ => {}
    }
    let (x, y) = (a.adjusted(), b.adjusted());
    if x != y {
        return x.cmp(&y);
    }
    if a.exp == b.exp {
        return limbs::cmp(a.coef, b.coef);
    }
    // The same magnitude: the one with fewer digits is filled up.
    if a.exp > b.exp {
        limbs::cmp(limbs::shl(a.coef, a.exp - b.exp).slice(), b.coef)
    } else {
        limbs::cmp(a.coef, limbs::shl(b.coef, b.exp - a.exp).slice())
    }
}
/// By value; no NaNs.
pub fn cmp(a: &View, b: &View) -> Ordering {
    if a.inf() || b.inf() {
        let v = |x: &View| {
            if !x.inf() {
                0
            } else if x.neg() {
                -1
            } else {
                1
            }
        };
        return v(a).cmp(&v(b));
    }
    let (za, zb) = (a.zero(), b.zero());
    if za && zb {
        return Ordering::Equal;
    }
    if za {
        return if b.neg() { Ordering::Greater } else { Ordering::Less };
    }
    if zb || a.neg() != b.neg() {
        return if a.neg() { Ordering::Less } else { Ordering::Greater };
    }
    let o = cmp_abs(a, b);
    if a.neg() { o.reverse() } else { o }
}
fn cmp_abs_inf(a: &View, b: &View) -> Ordering {
    cmp(&a.abs(), &b.abs())
}
/// `compare-total`.
pub fn cmp_total(a: &View, b: &View) -> Ordering {
    if a.neg() != b.neg() {
        return if a.neg() { Ordering::Less } else { Ordering::Greater };
    }
    let class = |x: &View| {
        if x.qnan() {
            2
        } else if x.snan() {
            1
        } else {
            0
        }
    };
    let o = if a.nan() || b.nan() {
        class(a).cmp(&class(b)).then_with(|| limbs::cmp(payload(a), payload(b)))
    } else {
        let o = cmp_abs_inf(a, b);
        if o.is_eq() && !a.inf() { a.exp.cmp(&b.exp) } else { o }
    };
    if a.neg() { o.reverse() } else { o }
}
fn payload<'a>(x: &View<'a>) -> &'a [u64] {
    if x.digits == 0 { &[0] } else { x.coef }
}
pub fn cmp_total_mag(a: &View, b: &View) -> Ordering {
    cmp_total(&a.abs(), &b.abs())
}

// -- addition

/// Exact if it fits; what is far below the last digit becomes a sticky digit.
#[inline]
pub fn add(a: View, b: View, c: &Ctx, st: &mut u32) -> Dec {
    if (a.flags | b.flags) & SPECIAL == 0 && a.exp == b.exp && a.coef.len() == 1 && b.coef.len() == 1 {
        let (x, y) = (a.coef[0], b.coef[0]);
        if a.sign() == b.sign() {
            let s = x as u128 + y as u128;
            let d = if s >= limbs::BASE as u128 {
                Dec::new(a.neg(), Coef::two((s - limbs::BASE as u128) as u64, 1), a.exp)
            } else {
                Dec::word(a.neg(), s as u64, a.exp)
            };
            return d.finalize(c, st);
        }
        if x != y {
            let (neg, d) = if x > y { (a.neg(), x - y) } else { (b.neg(), y - x) };
            return Dec::word(neg, d, a.exp).finalize(c, st);
        }
    }
    if (a.flags | b.flags) & SPECIAL == 0 && a.coef.len() <= 2 && b.coef.len() <= 2 {
        // In 128 bits, if both fit at the smaller exponent.
        let (hi, lo) = if a.exp >= b.exp { (&a, &b) } else { (&b, &a) };
        let shift = hi.exp - lo.exp;
        if hi.digits + shift <= 37 && lo.digits <= 37 {
            let (x, y) = (word2(hi.coef) * pow10(shift), word2(lo.coef));
            if x != 0 && y != 0 && (x != y || hi.sign() == lo.sign()) {
                let (neg, v) = if hi.sign() == lo.sign() {
                    (hi.neg(), x + y)
                } else if x > y {
                    (hi.neg(), x - y)
                } else {
                    (lo.neg(), y - x)
                };
                return Dec::new(neg, Coef::small(v), lo.exp).finalize(c, st);
            }
        }
    }
    add_slow(a, b, c, st)
}
#[inline(always)]
fn word2(c: &[u64]) -> u128 {
    if c.len() == 1 { c[0] as u128 } else { c[1] as u128 * limbs::BASE as u128 + c[0] as u128 }
}
#[inline(always)]
fn pow10(n: i64) -> u128 {
    if n <= 19 {
        limbs::POW10[n as usize] as u128
    } else {
        limbs::POW10[19] as u128 * limbs::POW10[n as usize - 19] as u128
    }
}
#[inline(never)]
fn add_slow(a: View, b: View, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(n) = nans(&[a, b], c, st) {
        return n;
    }
    if a.inf() || b.inf() {
        if a.inf() && b.inf() && a.sign() != b.sign() {
            return Dec::error(INVALID_OPERATION, st);
        }
        return Dec::inf(if a.inf() { a.neg() } else { b.neg() });
    }
    let (mut big, mut small) = (a, b);
    if big.exp < small.exp {
        std::mem::swap(&mut big, &mut small);
    }
    // big.exp >= small.exp. A number beyond the precision only shows in the rounding.
    let tiny;
    let mut shift = big.exp - small.exp;
    if shift > 0 && !big.zero() {
        let lowest = (big.exp).min(big.adjusted() - c.prec - 1) - 1;
        if small.adjusted() < lowest && !small.zero() {
            tiny = Dec::word(small.neg(), 1, lowest);
            small = tiny.view();
            shift = big.exp - small.exp;
        }
    }
    if big.zero() {
        // The exponent of the sum is the smaller one.
        if small.zero() {
            let neg = if big.sign() == small.sign() { big.neg() } else { c.round == Round::Floor };
            return Dec::word(neg, 0, small.exp).finalize(c, st);
        }
        return small.own().finalize(c, st);
    }
    if small.zero() && shift > 0 {
        // Down to the exponent of the zero as far as the precision allows.
        let keep = (c.prec - big.digits).max(0).min(shift);
        let r = Dec::new(big.neg(), limbs::shl(big.coef, keep), big.exp - keep);
        let mut s = 0;
        let r = r.finalize(c, &mut s);
        *st |= s;
        if keep < shift {
            *st |= ROUNDED;
        }
        return r;
    }
    let shifted;
    let x: &[u64] = if shift > 0 {
        shifted = limbs::shl(big.coef, shift);
        shifted.slice()
    } else {
        big.coef
    };
    let y = small.coef;
    let exp = small.exp;
    if big.sign() == small.sign() {
        return Dec::new(big.neg(), limbs::add(x, y), exp).finalize(c, st);
    }
    match limbs::cmp(x, y) {
        Ordering::Equal => Dec::word(c.round == Round::Floor, 0, exp),
        Ordering::Greater => Dec::new(big.neg(), limbs::sub(x, y), exp),
        Ordering::Less => Dec::new(small.neg(), limbs::sub(y, x), exp),
    }
    .finalize(c, st)
}
#[inline]
pub fn sub(a: View, b: View, c: &Ctx, st: &mut u32) -> Dec {
    if b.nan() {
        // A NaN keeps its sign.
        return add(a, b, c, st);
    }
    add(a, b.negated(), c, st)
}
/// `plus`: rounded, and no negative zero unless rounding to the floor.
pub fn plus(a: View, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(n) = nans(&[a], c, st) {
        return n;
    }
    let mut d = a.own();
    if a.zero() && c.round != Round::Floor {
        d.flags &= !NEG;
    }
    d.finalize(c, st)
}
pub fn minus(a: View, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(n) = nans(&[a], c, st) {
        return n;
    }
    let mut d = a.own();
    d.flags ^= NEG;
    if a.zero() && c.round != Round::Floor {
        d.flags &= !NEG;
    }
    d.finalize(c, st)
}
pub fn abs(a: View, c: &Ctx, st: &mut u32) -> Dec {
    if a.neg() { minus(a, c, st) } else { plus(a, c, st) }
}

// -- multiplication and division

#[inline]
pub fn mul(a: View, b: View, c: &Ctx, st: &mut u32) -> Dec {
    let neg = a.sign() != b.sign();
    if (a.flags | b.flags) & SPECIAL != 0 {
        if let Some(n) = nans(&[a, b], c, st) {
            return n;
        }
        if a.zero() || b.zero() {
            return Dec::error(INVALID_OPERATION, st);
        }
        return Dec::inf(neg);
    }
    Dec::new(neg, limbs::mul(a.coef, b.coef), a.exp + b.exp).finalize(c, st)
}

#[inline]
pub fn div(a: View, b: View, c: &Ctx, st: &mut u32) -> Dec {
    let neg = a.sign() != b.sign();
    if (a.flags | b.flags) & SPECIAL != 0 {
        if let Some(n) = nans(&[a, b], c, st) {
            return n;
        }
        if a.inf() {
            return if b.inf() { Dec::error(INVALID_OPERATION, st) } else { Dec::inf(neg) };
        }
        // A finite number by infinity.
        *st |= CLAMPED;
        return Dec::word(neg, 0, c.etiny());
    }
    if b.zero() {
        if a.zero() {
            return Dec::error(DIVISION_UNDEFINED, st);
        }
        *st |= DIVISION_BY_ZERO;
        return Dec::inf(neg);
    }
    let ideal = a.exp - b.exp;
    if a.zero() {
        return Dec::word(neg, 0, ideal).finalize(c, st);
    }
    // So that the quotient has a digit more than needed.
    let shift = b.digits - a.digits + c.prec + 1;
    let exp = ideal - shift;
    let (mut q, exact) = if a.coef.len() == 1 && b.coef.len() == 1 && shift > 0 && a.digits + shift <= 38 {
        div_words(a.coef[0], b.coef[0], shift)
    } else {
        let t;
        let (x, y): (&[u64], &[u64]) = if shift > 0 {
            t = limbs::shl(a.coef, shift);
            (t.slice(), b.coef)
        } else if shift < 0 {
            t = limbs::shl(b.coef, -shift);
            if limbs::is_zero(t.slice()) {
                return Dec::nan();
            }
            (a.coef, t.slice())
        } else {
            (a.coef, b.coef)
        };
        if limbs::is_zero(x) {
            return Dec::nan();
        }
        let (q, r) = limbs::divmod(x, y);
        (q, limbs::is_zero(r.slice()))
    };
    if !exact {
        // A sticky digit.
        if limbs::digit(q.slice(), 0) % 5 == 0 {
            if limbs::increment(q.mut_slice()) {
                q.push(1);
            }
        }
        return Dec::new(neg, q, exp).finalize(c, st);
    }
    let mut r = Dec::new(neg, q, exp);
    if shift > 0 {
        // Towards the ideal exponent.
        let n = limbs::trailing_zeros(r.coef.slice()).min(ideal - exp);
        if n > 0 {
            let (z, _) = limbs::shr(r.coef.slice(), n);
            r.set_coef(z);
            r.exp += n;
        }
    }
    r.finalize(c, st)
}
/// `x * 10^shift / y`, below 10^38.
#[inline]
fn div_words(x: u64, y: u64, shift: i64) -> (Coef, bool) {
    let d = limbs::Recip::new(y);
    if shift <= 19 {
        let n = x as u128 * limbs::POW10[shift as usize] as u128;
        let (h, r) = d.div_word((n >> 64) as u64);
        let (l, r) = d.div((r as u128) << 64 | (n as u64) as u128);
        let (q1, q0) = limbs::div_base((h as u128) << 64 | l as u128);
        return (Coef::two(q0, q1), r == 0);
    }
    // Limb by limb: x * 10^(shift - 19) has two limbs.
    let (h, l) = limbs::div_base(x as u128 * limbs::POW10[shift as usize - 19] as u128);
    let (q2, r) = d.div_word(h);
    let (q1, r) = d.div(r as u128 * limbs::BASE as u128 + l as u128);
    let (q0, r) = d.div(r as u128 * limbs::BASE as u128);
    let mut c = Coef::two(q0, q1);
    if q2 != 0 {
        c = Coef::from_slice(&[q0, q1, q2]);
    }
    (c, r == 0)
}

/// With zeros down to an exponent, as far as the precision goes.
fn filled(a: View, exp: i64, c: &Ctx, st: &mut u32) -> Dec {
    let want = a.exp - exp;
    if want <= 0 {
        return a.own();
    }
    let n = want.min((c.prec - a.digits).max(0));
    if n < want {
        *st |= ROUNDED;
    }
    Dec::new(a.neg(), limbs::shl(a.coef, n), a.exp - n)
}

/// Quotient and remainder of integer division.
fn divmod_int(a: View, b: View, c: &Ctx, st: &mut u32) -> (Dec, Dec) {
    let neg = a.sign() != b.sign();
    let exp = if a.zero() { a.exp.min(b.exp) } else { b.exp.min(a.exp) };
    if cmp_abs(&a, &b).is_lt() {
        // The remainder is the dividend.
        if a.zero() {
            return (Dec::word(neg, 0, 0), Dec::word(a.neg(), 0, exp));
        }
        return (Dec::word(neg, 0, 0), filled(a, b.exp, c, st));
    }
    let impossible = |st: &mut u32| {
        *st |= DIVISION_IMPOSSIBLE;
        (Dec::nan(), Dec::nan())
    };
    // The quotient must have no more digits than the precision.
    if a.adjusted() - b.adjusted() > c.prec {
        return impossible(st);
    }
    let t;
    let (x, y): (&[u64], &[u64]) = if a.exp > b.exp {
        t = limbs::shl(a.coef, a.exp - b.exp);
        (t.slice(), b.coef)
    } else if a.exp < b.exp {
        t = limbs::shl(b.coef, b.exp - a.exp);
        (a.coef, t.slice())
    } else {
        (a.coef, b.coef)
    };
    if limbs::is_zero(y) {
        return (Dec::nan(), Dec::nan());
    }
    let (q, r) = limbs::divmod(x, y);
    let q = Dec::new(neg, q, 0);
    if q.digits > c.prec {
        return impossible(st);
    }
    (q, Dec::new(a.neg(), r, exp))
}

pub fn divint(a: View, b: View, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(n) = nans(&[a, b], c, st) {
        return n;
    }
    let neg = a.sign() != b.sign();
    if a.inf() {
        return if b.inf() { Dec::error(INVALID_OPERATION, st) } else { Dec::inf(neg) };
    }
    if b.inf() {
        return Dec::word(neg, 0, 0);
    }
    if b.zero() {
        if a.zero() {
            return Dec::error(DIVISION_UNDEFINED, st);
        }
        *st |= DIVISION_BY_ZERO;
        return Dec::inf(neg);
    }
    let mut s = 0;
    let q = divmod_int(a, b, c, &mut s).0;
    *st |= s & DIVISION_IMPOSSIBLE;
    q.finalize(c, st)
}
pub fn rem(a: View, b: View, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(n) = nans(&[a, b], c, st) {
        return n;
    }
    if a.inf() {
        return Dec::error(INVALID_OPERATION, st);
    }
    if b.inf() {
        return a.own().finalize(c, st);
    }
    if b.zero() {
        return Dec::error(if a.zero() { DIVISION_UNDEFINED } else { INVALID_OPERATION }, st);
    }
    divmod_int(a, b, c, st).1.finalize(c, st)
}
pub fn divmod(a: View, b: View, c: &Ctx, st: &mut u32) -> (Dec, Dec) {
    if let Some(n) = nans(&[a, b], c, st) {
        return (n.clone(), n);
    }
    let neg = a.sign() != b.sign();
    if a.inf() {
        if b.inf() {
            *st |= INVALID_OPERATION;
            return (Dec::nan(), Dec::nan());
        }
        *st |= INVALID_OPERATION;
        return (Dec::inf(neg), Dec::nan());
    }
    if b.inf() {
        let r = a.own().finalize(c, st);
        return (Dec::word(neg, 0, 0), r);
    }
    if b.zero() {
        if a.zero() {
            *st |= DIVISION_UNDEFINED;
            return (Dec::nan(), Dec::nan());
        }
        *st |= DIVISION_BY_ZERO | INVALID_OPERATION;
        return (Dec::inf(neg), Dec::nan());
    }
    let (q, r) = divmod_int(a, b, c, st);
    (q.finalize(c, st), r.finalize(c, st))
}
pub fn rem_near(a: View, b: View, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(n) = nans(&[a, b], c, st) {
        return n;
    }
    if a.inf() {
        return Dec::error(INVALID_OPERATION, st);
    }
    if b.inf() {
        return a.own().finalize(c, st);
    }
    if b.zero() {
        return Dec::error(if a.zero() { DIVISION_UNDEFINED } else { INVALID_OPERATION }, st);
    }
    let exp = a.exp.min(b.exp);
    if a.zero() {
        return Dec::word(a.neg(), 0, exp).finalize(c, st);
    }
    if a.adjusted() < b.adjusted() - 1 {
        return filled(a, b.exp, c, st).finalize(c, st);
    }
    if a.adjusted() - b.adjusted() > c.prec {
        return Dec::error(DIVISION_IMPOSSIBLE, st);
    }
    let x = limbs::shl(a.coef, a.exp - exp);
    let y = limbs::shl(b.coef, b.exp - exp);
    if limbs::is_zero(y.slice()) {
        return Dec::nan();
    }
    let (mut q, r) = limbs::divmod(x.slice(), y.slice());
    let twice = limbs::add(r.slice(), r.slice());
    let o = limbs::cmp(twice.slice(), y.slice());
    let up = o.is_gt() || (o.is_eq() && limbs::digit(q.slice(), 0) & 1 == 1);
    let d = if up {
        if limbs::increment(q.mut_slice()) {
            q.push(1);
        }
        Dec::new(!a.neg(), limbs::sub(y.slice(), r.slice()), exp)
    } else {
        Dec::new(a.neg(), r, exp)
    };
    if limbs::digits(q.slice()) > c.prec {
        return Dec::error(DIVISION_IMPOSSIBLE, st);
    }
    d.finalize(c, st)
}
pub fn fma(a: View, b: View, d: View, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(n) = nans(&[a, b, d], c, st) {
        return n;
    }
    if a.special() || b.special() {
        if a.zero() || b.zero() {
            return Dec::error(INVALID_OPERATION, st);
        }
        let p = Dec::inf(a.sign() != b.sign());
        return add(p.view(), d, c, st);
    }
    let p = Dec::new(a.sign() != b.sign(), limbs::mul(a.coef, b.coef), a.exp + b.exp);
    add(p.view(), d, c, st)
}

// -- changing the exponent

pub fn quantize(a: View, b: View, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(n) = nans(&[a, b], c, st) {
        return n;
    }
    if a.inf() || b.inf() {
        return if a.inf() && b.inf() { a.own() } else { Dec::error(INVALID_OPERATION, st) };
    }
    if b.exp > c.emax || b.exp < c.etiny() {
        return Dec::error(INVALID_OPERATION, st);
    }
    if a.zero() {
        return Dec::word(a.neg(), 0, b.exp).finalize(c, st);
    }
    let up = a.exp - b.exp;
    if a.digits + up > c.prec {
        return Dec::error(INVALID_OPERATION, st);
    }
    let mut w = 0;
    let mut r;
    if up >= 0 {
        r = Dec::new(a.neg(), limbs::shl(a.coef, up), b.exp);
    } else {
        r = a.own();
        if r.round_off(-up, c.round) {
            w |= INEXACT;
        }
        r.exp = b.exp;
        w |= ROUNDED;
    }
    if r.view().adjusted() > c.emax || r.digits > c.prec {
        return Dec::error(INVALID_OPERATION, st);
    }
    *st |= w;
    r.finalize(c, st)
}
/// `normalize`: without zeros at the end.
pub fn reduce(a: View, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(n) = nans(&[a], c, st) {
        return n;
    }
    let mut d = a.own().finalize(c, st);
    if d.flags & SPECIAL != 0 {
        return d;
    }
    if d.view().zero() {
        return Dec::word(d.flags & NEG != 0, 0, 0);
    }
    let max = if c.clamp { c.etop() } else { c.emax };
    let n = limbs::trailing_zeros(d.coef.slice()).min((max - d.exp).max(0));
    if n > 0 {
        let (z, _) = limbs::shr(d.coef.slice(), n);
        d.set_coef(z);
        d.exp += n;
    }
    d.finalize(c, st)
}
/// To an integer; `exact` says whether Inexact and Rounded are signalled.
pub fn to_integral(a: View, exact: bool, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(n) = nans(&[a], c, st) {
        return n;
    }
    if a.inf() || a.exp >= 0 {
        return a.own();
    }
    if a.zero() {
        return Dec::word(a.neg(), 0, 0);
    }
    let mut d = a.own();
    let inexact = d.round_off(-a.exp, c.round);
    d.exp = 0;
    if exact {
        *st |= ROUNDED;
        if inexact {
            *st |= INEXACT;
        }
    }
    d
}

// -- comparison operations

pub fn compare(a: View, b: View, signal: bool, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(n) = nans(&[a, b], c, st) {
        if signal {
            *st |= INVALID_OPERATION;
        }
        return n;
    }
    Dec::from_i64(cmp(&a, &b) as i64)
}
/// `max` and `min`, by value or by magnitude.
pub fn extreme(a: View, b: View, max: bool, magnitude: bool, c: &Ctx, st: &mut u32) -> Dec {
    // A quiet NaN gives way to a number.
    if a.qnan() && !b.nan() {
        return b.own().finalize(c, st);
    }
    if b.qnan() && !a.nan() {
        return a.own().finalize(c, st);
    }
    if let Some(n) = nans(&[a, b], c, st) {
        return n;
    }
    let mut o = if magnitude { cmp_abs_inf(&a, &b) } else { cmp(&a, &b) };
    if o.is_eq() && magnitude {
        o = cmp(&a, &b);
    }
    if o.is_eq() {
        o = cmp_total(&a, &b);
    }
    let first = if max { o.is_ge() } else { o.is_lt() || o.is_eq() };
    (if first { a } else { b }).own().finalize(c, st)
}

// -- neighbours

pub fn next_plus(a: View, c: &Ctx, st: &mut u32) -> Dec {
    next(a, false, c, st)
}
pub fn next_minus(a: View, c: &Ctx, st: &mut u32) -> Dec {
    next(a, true, c, st)
}
fn next(a: View, down: bool, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(n) = nans(&[a], c, st) {
        return n;
    }
    if a.inf() {
        if a.neg() == down {
            return a.own();
        }
        return Dec::new(a.neg(), Dec::nines(c.prec), c.etop());
    }
    let w = Ctx { round: if down { Round::Floor } else { Round::Ceiling }, ..*c };
    let mut s = 0;
    let r = a.own().finalize(&w, &mut s);
    if s & (INEXACT | INVALID_OPERATION) != 0 {
        return r;
    }
    let tiny = Dec::word(down, 1, c.etiny() - 1);
    let mut s = 0;
    add(a, tiny.view(), &w, &mut s)
}
pub fn next_toward(a: View, b: View, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(n) = nans(&[a, b], c, st) {
        return n;
    }
    let o = cmp(&a, &b);
    if o.is_eq() {
        let mut d = a.own();
        d.flags = (d.flags & !NEG) | (b.flags & NEG);
        return d.finalize(c, st);
    }
    let mut s = 0;
    let r = if o.is_lt() { next_plus(a, c, &mut s) } else { next_minus(a, c, &mut s) };
    *st |= s & INVALID_OPERATION;
    if r.flags & INF != 0 {
        *st |= OVERFLOW | ROUNDED | INEXACT;
    } else if r.view().adjusted() < c.emin {
        *st |= UNDERFLOW | SUBNORMAL | ROUNDED | INEXACT;
        if r.view().zero() {
            *st |= CLAMPED;
        }
    }
    r
}

// -- digits

pub fn logb(a: View, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(n) = nans(&[a], c, st) {
        return n;
    }
    if a.inf() {
        return Dec::inf(false);
    }
    if a.zero() {
        *st |= DIVISION_BY_ZERO;
        return Dec::inf(true);
    }
    Dec::from_i64(a.adjusted()).finalize(c, st)
}
pub fn scaleb(a: View, b: View, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(n) = nans(&[a, b], c, st) {
        return n;
    }
    let n = match b.to_i64() {
        Some(n) if b.exp == 0 => n,
        _ => return Dec::error(INVALID_OPERATION, st),
    };
    let max = 2 * (c.emax + c.prec);
    if n.abs() > max {
        return Dec::error(INVALID_OPERATION, st);
    }
    if a.inf() {
        return a.own();
    }
    let mut d = a.own();
    d.exp = (d.exp + n).clamp(-EXP_INF, EXP_INF);
    d.finalize(c, st)
}
/// Number of digits to move, for `shift` and `rotate`.
fn places(b: View, c: &Ctx) -> Option<i64> {
    match b.to_i64() {
        Some(n) if b.exp == 0 && n.abs() <= c.prec => Some(n),
        _ => None,
    }
}
pub fn shift(a: View, b: View, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(n) = nans(&[a, b], c, st) {
        return n;
    }
    let Some(n) = places(b, c) else { return Dec::error(INVALID_OPERATION, st) };
    if a.inf() {
        return a.own();
    }
    let coef = if n >= 0 {
        limbs::low_digits(limbs::shl(limbs::low_digits(a.coef, c.prec).slice(), n).slice(), c.prec)
    } else {
        limbs::shr(limbs::low_digits(a.coef, c.prec).slice(), -n).0
    };
    Dec::new(a.neg(), coef, a.exp)
}
pub fn rotate(a: View, b: View, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(n) = nans(&[a, b], c, st) {
        return n;
    }
    let Some(n) = places(b, c) else { return Dec::error(INVALID_OPERATION, st) };
    if a.inf() {
        return a.own();
    }
    let x = limbs::low_digits(a.coef, c.prec);
    let n = if n < 0 { n + c.prec } else { n };
    let high = limbs::low_digits(limbs::shl(x.slice(), n).slice(), c.prec);
    let low = limbs::shr(x.slice(), c.prec - n).0;
    Dec::new(a.neg(), limbs::add(high.slice(), low.slice()), a.exp)
}

/// The digits of a logical operand: only zeros and ones, from the right.
fn bits(a: View) -> Option<Vec<u8>> {
    if a.special() || a.neg() || a.exp != 0 {
        return None;
    }
    let mut v = Vec::new();
    limbs::write(&mut v, a.coef);
    v.reverse();
    v.iter().all(|d| *d <= b'1').then_some(v)
}
fn from_bits(v: Vec<u8>, c: &Ctx) -> Dec {
    let mut v = v;
    v.truncate(c.prec.clamp(0, v.len() as i64) as usize);
    v.reverse();
    let lead = v.iter().take_while(|c| **c == b'0').count().min(v.len() - 1);
    Dec::new(false, limbs::parse(&v[lead..]), 0)
}
pub fn logical(a: View, b: View, f: fn(u8, u8) -> u8, c: &Ctx, st: &mut u32) -> Dec {
    let (Some(x), Some(y)) = (bits(a), bits(b)) else { return Dec::error(INVALID_OPERATION, st) };
    let n = x.len().max(y.len());
    let at = |v: &[u8], i: usize| v.get(i).map_or(0, |d| d & 1);
    from_bits((0..n).map(|i| b'0' + f(at(&x, i), at(&y, i))).collect(), c)
}
pub fn logical_invert(a: View, c: &Ctx, st: &mut u32) -> Dec {
    let Some(x) = bits(a) else { return Dec::error(INVALID_OPERATION, st) };
    // All digits of the precision.
    if c.prec > 1 << 32 {
        return Dec::error(MALLOC_ERROR, st);
    }
    let v = (0..c.prec as usize).map(|i| b'1' - x.get(i).map_or(0, |d| d & 1)).collect();
    from_bits(v, c)
}

/// `number-class`.
pub fn class(a: View, c: &Ctx) -> &'static str {
    if a.snan() {
        return "sNaN";
    }
    if a.qnan() {
        return "NaN";
    }
    match (a.inf(), a.zero(), a.is_normal(c), a.neg()) {
        (true, _, _, true) => "-Infinity",
        (true, _, _, false) => "+Infinity",
        (_, true, _, true) => "-Zero",
        (_, true, _, false) => "+Zero",
        (_, _, true, true) => "-Normal",
        (_, _, true, false) => "+Normal",
        (_, _, _, true) => "-Subnormal",
        (_, _, _, false) => "+Subnormal",
    }
}
