//! Own kernels against `dashu-int` over sizes and bit patterns, and the digit limit.

use super::*;
use dashu_int::UBig;
use dashu_int::ops::DivRem;

/// Runs of ones and zeros find the carries that random bits do not.
struct Patterns(u64);

impl Patterns {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn limbs(&mut self, n: usize) -> Vec<u64> {
        let mut v: Vec<u64> = (0..n)
            .map(|_| match self.next() % 6 {
                0 => 0,
                1 => u64::MAX,
                2 => 1 << (self.next() % 64),
                3 => u64::MAX << (self.next() % 64),
                _ => self.next(),
            })
            .collect();
        if v.last() == Some(&0) {
            *v.last_mut().unwrap() = self.next() >> (self.next() % 64) | 1;
        }
        v
    }
}

fn view(mag: &[u64]) -> Int<'_> {
    Int { neg: false, mag }
}

#[test]
fn multiplication_and_division_agree_with_dashu() {
    let mut p = Patterns(314);
    for round in 0..2500 {
        let most = [3, 6, 12, 30, 180][round % 5];
        let (n, m) = (1 + p.next() as usize % most, 1 + p.next() as usize % most);
        let (a, b) = (p.limbs(n), p.limbs(m));
        let (ua, ub) = (UBig::from_words(&a), UBig::from_words(&b));
        assert_eq!(&*mul(view(&a), view(&b)).mag, (&ua * &ub).as_words());
        assert_eq!(&*mul(view(&a), view(&a)).mag, ua.sqr().as_words());
        let (q, r) = divmod(view(&a), view(&b)).unwrap();
        let (uq, ur) = (&ua).div_rem(&ub);
        assert_eq!((&*q.mag, &*r.mag), (uq.as_words(), ur.as_words()), "{a:x?} / {b:x?}");
        assert_eq!(&*floor_mod(view(&a), view(&b)).unwrap().mag, ur.as_words());
        // A product that is divided again: quotient digits at their limits.
        let c = mul(view(&a), view(&b));
        let less = sub(c.view(), Int::ONE);
        assert_eq!(floor_div(c.view(), view(&b)).unwrap().mag, Limbs::from_slice(&a));
        let (q, r) = divmod(less.view(), view(&b)).unwrap();
        assert_eq!(add(mul(q.view(), view(&b)).view(), r.view()), less);
    }
}

#[test]
fn word_division_by_all_kinds_of_words() {
    let mut p = Patterns(7);
    for _ in 0..3000 {
        let n = 1 + p.next() as usize % 4;
        let (a, d) = (p.limbs(n), p.limbs(1)[0]);
        let by = mag::WordDivisor::new(d);
        let mut q = vec![0; a.len()];
        let r = by.div_rem(&mut q, &a);
        assert_eq!(r as u128, &UBig::from_words(&a) % d as u128, "{a:x?} {d:x}");
        assert_eq!(by.rem(&a), r);
        let mut in_place = a.clone();
        assert_eq!(by.div_rem_in_place(&mut in_place), r);
        assert_eq!(in_place, q);
        assert_eq!(UBig::from_words(&q), UBig::from_words(&a) / d);
        let v = (r as u128) << 64 | p.next() as u128;
        assert_eq!(by.rem_wide(v) as u128, v % d as u128);
    }
}

#[test]
fn text_round_trips_across_the_thresholds() {
    let mut p = Patterns(99);
    for n in (1..130).chain([199, 400]) {
        let a = p.limbs(n);
        for base in [2, 3, 7, 8, 10, 16, 32, 36] {
            let text = to_base(view(&a), base);
            assert_eq!(text, UBig::from_words(&a).in_radix(base as u8).to_string());
            assert_eq!(parse(text.as_bytes(), base, 0), IntParse::Ok(view(&a).to_owned()));
        }
    }
}

#[test]
fn digit_limit() {
    let ones = |n: usize| "1".repeat(n);
    let parsed = |s: &str, base| parse(s.as_bytes(), base, 4300);
    assert!(matches!(parsed(&ones(4300), 10), IntParse::Ok(_)));
    assert_eq!(parsed(&ones(4301), 10), IntParse::TooManyDigits(4301));
    assert_eq!(parsed(&"0".repeat(4301), 10), IntParse::TooManyDigits(4301));
    assert_eq!(parsed(&(ones(4301) + "x"), 10), IntParse::Invalid);
    assert!(matches!(parsed(&("1_".repeat(4299) + "1"), 10), IntParse::Ok(_)));
    assert_eq!(parsed(&("1_".repeat(4300) + "1"), 10), IntParse::TooManyDigits(4301));
    assert!(matches!(parsed(&ones(9000), 32), IntParse::Ok(_)));
    let limit = pow(SmallInt::from(10i64).view(), 4300).unwrap();
    let below = sub(limit.view(), Int::ONE);
    let mut out = Vec::new();
    assert!(write_decimal(&mut out, below.negate().view(), 4300).is_ok());
    assert_eq!(out.len(), 4301);
    let text = "ValueError: Exceeds the limit (4300 digits) for integer string conversion; \
                use sys.set_int_max_str_digits() to increase the limit";
    assert_eq!(write_decimal(&mut out, limit.view(), 4300).unwrap_err().to_string(), text);
    let huge = shl(Int::ONE, 1 << 20).unwrap();
    assert_eq!(write_decimal(&mut out, huge.view(), 4300).unwrap_err().to_string(), text);
    assert!(
        too_many_digits(640, 641)
            .to_string()
            .contains("(640 digits) for integer string conversion: value has 641")
    );
}

#[test]
fn powers_and_shifts_that_cannot_be() {
    assert_eq!(shl(Int::ZERO, u64::MAX).unwrap(), BigInt::zero());
    assert_eq!(shl(Int::ONE, 1 << 62).unwrap_err().kind(), crate::ErrorKind::Memory);
    assert_eq!(shl(Int::ONE, 1 << 63).unwrap_err().to_string(), "OverflowError: too many digits in integer");
    assert_eq!(pow(SmallInt::from(7i64).view(), 1 << 63).unwrap_err().kind(), crate::ErrorKind::Memory);
    assert_eq!(pow(SmallInt::from(-1i64).view(), u64::MAX).unwrap().to_i64(), Some(-1));
    assert_eq!(shr(SmallInt::from(-5i64).view(), u64::MAX).to_i64(), Some(-1));
}

#[test]
fn halves_round_to_even() {
    for (a, b, q, r) in
        [(5, 2, 2, 1), (7, 2, 4, -1), (-5, 2, -2, -1), (5, -2, -2, 1), (25, 10, 2, 5), (26, 10, 3, -4)]
    {
        let (a, b) = (SmallInt::from(a as i64), SmallInt::from(b as i64));
        let got = divmod_near(a.view(), b.view()).unwrap();
        assert_eq!((got.0.to_i64(), got.1.to_i64()), (Some(q), Some(r)), "{a:?} {b:?}");
    }
}

#[test]
fn machine_integers() {
    for v in [0, 1, -1, i64::MAX, i64::MIN, i64::MIN + 1] {
        assert_eq!(SmallInt::from(v).view().to_i64(), Some(v));
        assert_eq!(SmallInt::from(v as i128).view().to_i128(), Some(v as i128));
        let mut out = Vec::new();
        write_i64(&mut out, v);
        assert_eq!(out, v.to_string().as_bytes());
    }
    for v in [i128::MAX, i128::MIN, 1 << 64, -(1 << 64)] {
        assert_eq!(SmallInt::from(v).view().to_i128(), Some(v));
        assert_eq!(SmallInt::from(v).view().to_i64(), None);
        assert_eq!(BigInt::from(v).to_string(), v.to_string());
    }
    assert_eq!(SmallInt::from(1u64 << 63).view().to_i64(), None);
    assert_eq!(sub(SmallInt::from(i64::MIN).view(), Int::ONE).to_i64(), None);
    assert_eq!(shl(Int::ONE, 127).unwrap().view().to_i128(), None);
    assert_eq!(shl(Int::ONE, 127).unwrap().negate().view().to_i128(), Some(i128::MIN));
    let mut out = Vec::new();
    write_prefixed(&mut out, SmallInt::from(-255i64).view(), 16);
    assert_eq!(out, b"-0xff");
}
