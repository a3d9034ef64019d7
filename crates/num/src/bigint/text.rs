//! Integers to and from text, and the limit on the number of digits that guards the quadratic conversions.

use super::{BigInt, Int, mag};
use crate::error::{ErrorKind, NumError, NumResult};
use crate::limbs::Limbs;
use dashu_int::UBig;

/// `sys.int_info.default_max_str_digits`
pub const DEFAULT_MAX_STR_DIGITS: usize = 4300;
/// `sys.int_info.str_digits_check_threshold`: no lower limit than this can be set.
pub const MIN_MAX_STR_DIGITS: usize = 640;

/// Decimal digits in a limb.
const WORD_DIGITS: usize = 19;
const TEN_19: u64 = 10_000_000_000_000_000_000;
const BY_TEN_19: mag::WordDivisor = mag::WordDivisor::new(TEN_19);

/// From this many limbs on, subquadratic conversion to decimal pays.
const TO_DECIMAL_THRESHOLD: usize = 64;
/// Digits from which on subquadratic parsing pays.
const PARSE_THRESHOLD: usize = 1500;

/// What became of parsing an integer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IntParse {
    Ok(BigInt),
    /// No integer: see [`invalid_literal`].
    Invalid,
    /// More digits than the limit allows; see [`too_many_digits`].
    TooManyDigits(usize),
}

/// "invalid literal for int() with base …"; `repr` is the text's `repr`, cut off at 200 characters.
#[cold]
pub fn invalid_literal(base: u32, repr: &[u8]) -> NumError {
    let mut text = format!("invalid literal for int() with base {base}: ").into_bytes();
    let cut =
        repr.iter().enumerate().filter(|(_, b)| **b & 0xc0 != 0x80).nth(200).map_or(repr.len(), |p| p.0);
    text.extend_from_slice(&repr[..cut]);
    NumError::new(ErrorKind::Value, text)
}

#[cold]
pub fn too_many_digits(limit: usize, digits: usize) -> NumError {
    NumError::new(
        ErrorKind::Value,
        format!(
            "Exceeds the limit ({limit} digits) for integer string conversion: value has {digits} digits; \
             use sys.set_int_max_str_digits() to increase the limit"
        )
        .into_bytes(),
    )
}

#[cold]
fn too_long_to_print(limit: usize) -> NumError {
    NumError::new(
        ErrorKind::Value,
        format!(
            "Exceeds the limit ({limit} digits) for integer string conversion; \
             use sys.set_int_max_str_digits() to increase the limit"
        )
        .into_bytes(),
    )
}

const fn digit_values() -> [u8; 256] {
    let mut t = [0xff; 256];
    let mut i = 0;
    while i < 10 {
        t[b'0' as usize + i] = i as u8;
        i += 1;
    }
    i = 0;
    while i < 26 {
        t[b'a' as usize + i] = 10 + i as u8;
        t[b'A' as usize + i] = 10 + i as u8;
        i += 1;
    }
    t
}
static DIGIT: [u8; 256] = digit_values();

/// C's `isspace` in the "C" locale.
pub(crate) fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t'..=b'\r')
}

pub(crate) fn strip(mut s: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = s
        && is_space(*first)
    {
        s = rest;
    }
    while let [rest @ .., last] = s
        && is_space(*last)
    {
        s = rest;
    }
    s
}

/// `int(text, base)` for base 0 or 2 to 36. Whitespace around is accepted; other digits and spaces of
/// Unicode are for the caller to replace by ASCII ones. `max_digits` is the digit limit, 0 for none: it
/// holds for bases that are not powers of two.
pub fn parse(text: &[u8], base: u32, max_digits: usize) -> IntParse {
    debug_assert!(base == 0 || (2..=36).contains(&base));
    if base == 10
        && let Some(v) = parse_short(text)
    {
        return IntParse::Ok(BigInt::from(v));
    }
    let mut s = strip(text);
    let mut neg = false;
    if let [sign @ (b'+' | b'-'), rest @ ..] = s {
        neg = *sign == b'-';
        s = rest;
    }
    let mut radix = base;
    let mut only_zero = false;
    if let [b'0', letter, rest @ ..] = s
        && let Some(prefix) = prefix_base(*letter)
        && (base == 0 || base == prefix)
    {
        radix = prefix;
        // One underscore may follow the prefix.
        s = rest.strip_prefix(b"_").unwrap_or(rest);
    } else if base == 0 {
        radix = 10;
        // "010" would be octal in C: nothing but zeros may follow a leading zero.
        only_zero = s.first() == Some(&b'0');
    }
    let mut plain = Vec::new();
    let digits = match s.contains(&b'_') {
        false => s,
        true => {
            if s.starts_with(b"_") || s.ends_with(b"_") || s.windows(2).any(|w| w == b"__") {
                return IntParse::Invalid;
            }
            plain.extend(s.iter().filter(|b| **b != b'_'));
            &plain
        }
    };
    if digits.is_empty() || digits.iter().any(|&b| DIGIT[b as usize] as u32 >= radix) {
        return IntParse::Invalid;
    }
    if only_zero && digits.iter().any(|&b| b != b'0') {
        return IntParse::Invalid;
    }
    let mag = if radix.is_power_of_two() {
        parse_binary(digits, radix.trailing_zeros())
    } else {
        if max_digits != 0 && digits.len() > max_digits {
            return IntParse::TooManyDigits(digits.len());
        }
        parse_general(digits, radix)
    };
    IntParse::Ok(BigInt::new(neg, mag))
}

/// Nothing but up to 18 decimal digits, perhaps with a sign.
#[inline]
fn parse_short(text: &[u8]) -> Option<i64> {
    let (neg, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let mut v = 0i64;
    for &b in digits {
        let d = b.wrapping_sub(b'0');
        if d > 9 {
            return None;
        }
        v = v * 10 + d as i64;
    }
    Some(if neg { -v } else { v })
}

fn prefix_base(letter: u8) -> Option<u32> {
    match letter | 0x20 {
        b'x' => Some(16),
        b'o' => Some(8),
        b'b' => Some(2),
        _ => None,
    }
}

fn parse_binary(digits: &[u8], bits: u32) -> Limbs {
    let mut out = Limbs::zeros((digits.len() * bits as usize).div_ceil(64));
    let (mut acc, mut filled, mut at) = (0u64, 0, 0);
    for &d in digits.iter().rev() {
        let v = DIGIT[d as usize] as u64;
        acc |= v << filled;
        filled += bits;
        if filled >= 64 {
            out[at] = acc;
            at += 1;
            filled -= 64;
            acc = v >> (bits - filled);
        }
    }
    if filled != 0 {
        out[at] = acc;
    }
    out
}

/// How many digits of a base always fit a limb, and the base to that power.
fn chunk(radix: u32) -> (usize, u64) {
    if radix == 10 {
        return (WORD_DIGITS, TEN_19);
    }
    let (mut n, mut power) = (1, radix as u64);
    while let Some(next) = power.checked_mul(radix as u64) {
        power = next;
        n += 1;
    }
    (n, power)
}

fn parse_general(digits: &[u8], radix: u32) -> Limbs {
    let (per_word, power) = chunk(radix);
    if digits.len() > PARSE_THRESHOLD {
        let text = str::from_utf8(digits).expect("digits are ASCII");
        let v = UBig::from_str_radix(text, radix).expect("digits are valid");
        return Limbs::from_slice(v.as_words());
    }
    let value = |s: &[u8]| s.iter().fold(0, |acc, &d| acc * radix as u64 + DIGIT[d as usize] as u64);
    let (head, rest) = digits.split_at(digits.len() % per_word);
    let mut out = Limbs::zeros(digits.len() / per_word + 1);
    out[0] = value(head);
    let mut len = 1;
    for word in rest.chunks_exact(per_word) {
        let carry = mag::mul_word_in_place(&mut out[..len], power, value(word));
        out[len] = carry;
        len += (carry != 0) as usize;
    }
    out
}

static DIGIT_PAIRS: [[u8; 2]; 100] = {
    let mut t = [[b'0'; 2]; 100];
    let mut i = 0;
    while i < 100 {
        t[i] = [b'0' + (i / 10) as u8, b'0' + (i % 10) as u8];
        i += 1;
    }
    t
};

/// Writes exactly `out.len()` decimal digits of `v`.
#[inline]
pub(crate) fn fixed_decimal(mut v: u64, out: &mut [u8]) {
    let mut at = out.len();
    while at >= 2 {
        at -= 2;
        out[at..at + 2].copy_from_slice(&DIGIT_PAIRS[(v % 100) as usize]);
        v /= 100;
    }
    if at == 1 {
        out[0] = b'0' + (v % 10) as u8;
    }
}

#[inline]
pub(crate) fn decimal_len(v: u64) -> usize {
    v.checked_ilog10().map_or(1, |n| n as usize + 1)
}

/// Appends the decimal digits of a machine word.
#[inline]
pub fn write_u64(out: &mut Vec<u8>, v: u64) {
    let start = out.len();
    out.resize(start + decimal_len(v), b'0');
    fixed_decimal(v, &mut out[start..]);
}

/// Appends a machine integer in decimal.
#[inline]
pub fn write_i64(out: &mut Vec<u8>, v: i64) {
    if v < 0 {
        out.push(b'-');
    }
    write_u64(out, v.unsigned_abs());
}

/// Appends `a` as `bin`, `oct` and `hex` show it: with `0b`, `0o` or `0x` after the sign.
pub fn write_prefixed(out: &mut Vec<u8>, a: Int, base: u32) {
    if a.neg {
        out.push(b'-');
    }
    out.extend_from_slice(match base {
        2 => b"0b",
        8 => b"0o",
        _ => b"0x",
    });
    write_base(out, a.abs(), base);
}

/// Appends `a` in decimal. `max_digits` is the digit limit, 0 for none.
pub fn write_decimal(out: &mut Vec<u8>, a: Int, max_digits: usize) -> NumResult<()> {
    if a.neg {
        out.push(b'-');
    }
    let start = out.len();
    match *a.mag {
        [] => out.push(b'0'),
        [w] => write_u64(out, w),
        _ => {
            // Each digit takes more than 3.32 bits: do not convert what cannot fit.
            if max_digits != 0 && mag::bit_length(a.mag) > max_digits as u64 * 10 / 3 + 64 {
                return Err(too_long_to_print(max_digits));
            }
            write_decimal_mag(out, a.mag);
            if max_digits != 0 && out.len() - start > max_digits {
                return Err(too_long_to_print(max_digits));
            }
        }
    }
    Ok(())
}

fn write_decimal_mag(out: &mut Vec<u8>, mag: &[u64]) {
    if mag.len() >= TO_DECIMAL_THRESHOLD {
        let text = UBig::from_words(mag).to_string();
        out.extend_from_slice(text.as_bytes());
        return;
    }
    let mut rest = [0; TO_DECIMAL_THRESHOLD];
    let mut rest = &mut rest[..mag.len()];
    rest.copy_from_slice(mag);
    // Each limb has 19.27 digits, so that 64 limbs become at most 65 words of 19.
    let mut words = [0; TO_DECIMAL_THRESHOLD + 1];
    let mut n = 0;
    while !rest.is_empty() {
        words[n] = BY_TEN_19.div_rem_in_place(rest);
        n += 1;
        if let [low @ .., 0] = rest {
            rest = low;
        }
    }
    let (first, others) = words[..n].split_last().expect("not zero");
    write_u64(out, *first);
    let mut at = out.len();
    out.resize(at + others.len() * WORD_DIGITS, 0);
    for &w in others.iter().rev() {
        fixed_decimal(w, &mut out[at..at + WORD_DIGITS]);
        at += WORD_DIGITS;
    }
}

/// Appends `a` in a base from 2 to 36, with lower-case digits and no prefix.
pub fn write_base(out: &mut Vec<u8>, a: Int, base: u32) {
    debug_assert!((2..=36).contains(&base));
    if a.neg {
        out.push(b'-');
    }
    if a.is_zero() {
        out.push(b'0');
    } else if base.is_power_of_two() {
        write_binary(out, a.mag, base.trailing_zeros());
    } else if base == 10 {
        write_decimal_mag(out, a.mag);
    } else {
        write_general(out, a.mag, base);
    }
}

fn digit_char(v: u64) -> u8 {
    b"0123456789abcdefghijklmnopqrstuvwxyz"[v as usize]
}

fn write_binary(out: &mut Vec<u8>, mag: &[u64], bits: u32) {
    let n = mag::bit_length(mag).div_ceil(bits as u64) as usize;
    let start = out.len();
    out.resize(start + n, b'0');
    let mask = (1 << bits) - 1;
    let (mut acc, mut have) = (0u64, 0);
    let mut words = mag.iter();
    for o in out[start..].iter_mut().rev() {
        *o = if have >= bits {
            have -= bits;
            let v = acc & mask;
            acc >>= bits;
            digit_char(v)
        } else {
            let w = words.next().copied().unwrap_or(0);
            let v = (acc | w << have) & mask;
            acc = w >> (bits - have);
            have += 64 - bits;
            digit_char(v)
        };
    }
}

fn write_general(out: &mut Vec<u8>, mag: &[u64], base: u32) {
    if mag.len() >= TO_DECIMAL_THRESHOLD {
        let text = UBig::from_words(mag).in_radix(base as u8).to_string();
        out.extend_from_slice(text.as_bytes());
        return;
    }
    let (per_word, power) = chunk(base);
    let by = mag::WordDivisor::new(power);
    let mut rest = mag.to_vec();
    let start = out.len();
    while !rest.is_empty() {
        let mut w = by.div_rem_in_place(&mut rest);
        while rest.last() == Some(&0) {
            rest.pop();
        }
        for _ in 0..per_word {
            out.push(digit_char(w % base as u64));
            w /= base as u64;
        }
    }
    while out.last() == Some(&b'0') {
        out.pop();
    }
    out[start..].reverse();
}

/// `str(a)` without a digit limit.
pub fn to_decimal(a: Int) -> String {
    to_base(a, 10)
}

/// `a` in a base from 2 to 36, with lower-case digits and no prefix.
pub fn to_base(a: Int, base: u32) -> String {
    let mut out = Vec::new();
    write_base(&mut out, a, base);
    String::from_utf8(out).expect("digits are ASCII")
}
