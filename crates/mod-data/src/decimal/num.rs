//! Decimal numbers and contexts without objects: representation and rounding here, the basic operations of the General
//! Decimal Arithmetic Specification in [`arith`], [`mod@compare`] and [`digits`]. The rules are those of libmpdec, on which
//! CPython's `_decimal` rests.
//!
//! # Invariants
//! - What an operation gives is finalized: rounded and bounded by the context, its conditions added to `st`.

mod arith;
mod compare;
mod digits;

use super::limbs::{self, Coef};
use std::cmp::Ordering;

pub use arith::*;
pub use compare::*;
pub use digits::*;

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
