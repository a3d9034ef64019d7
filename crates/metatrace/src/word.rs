//! The tagged word: fixnums, immediate floats, pointers.
//!
//! - low bit 1: *fixnum*, 63-bit signed, `word = n << 1 | 1`
//! - low bits 10: *flonum*, a double whose exponent is near 1.0: the top three bits of its exponent are 011 or 100. One
//!   more makes 100 and 101 of them ([`FLO_BIAS`]); rotating left by three brings the bits 10, which both begin with, to
//!   the bottom, where they are the tag. So decoding is a rotation and a subtraction. Other doubles are boxed by the
//!   client.
//! - low bits 000: pointer to an object, or 0 (null)

/// Least and greatest small integer (63 bits).
pub const FIX_MIN: i64 = -(1 << 62);
pub const FIX_MAX: i64 = (1 << 62) - 1;

#[inline(always)]
pub const fn is_fix(w: u64) -> bool {
    w & 1 != 0
}
#[inline(always)]
pub const fn both_fix(a: u64, b: u64) -> bool {
    a & b & 1 != 0
}
#[inline(always)]
pub const fn is_flo(w: u64) -> bool {
    w & 3 == 2
}
#[inline(always)]
pub const fn is_ptr(w: u64) -> bool {
    w & 7 == 0
}
#[inline(always)]
pub const fn fix(n: i64) -> u64 {
    (n << 1 | 1) as u64
}
#[inline(always)]
pub const fn unfix(w: u64) -> i64 {
    w as i64 >> 1
}
#[inline(always)]
pub const fn fits_fix(n: i64) -> bool {
    n >= FIX_MIN && n <= FIX_MAX
}

/// What is added to the bits of a double before they are rotated.
pub const FLO_BIAS: u64 = 1 << 60;
/// Word of +0.0, which has no rotated form of its own. It would be that of [`NOT_ZERO`], which is boxed.
pub const FLO_ZERO: u64 = 2;
/// Bits of the double that the decoder would make of [`FLO_ZERO`].
pub const NOT_ZERO: u64 = 0x3000_0000_0000_0000;

/// The immediate form of a double, if it has one: +0.0 and magnitudes from about 1e-77 to 1e77.
#[inline(always)]
pub const fn flo_encode(f: f64) -> Option<u64> {
    let b = f.to_bits();
    let w = b.wrapping_add(FLO_BIAS).rotate_left(3);
    if is_flo(w) && w != FLO_ZERO {
        Some(w)
    } else if b == 0 {
        Some(FLO_ZERO)
    } else {
        None
    }
}

/// The double of a flonum word.
#[inline(always)]
pub const fn flo_decode(w: u64) -> f64 {
    if w == FLO_ZERO {
        return 0.0;
    }
    f64::from_bits(w.rotate_right(3).wrapping_sub(FLO_BIAS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_round_trip() {
        let mut n = 0;
        for e in 0..2048u64 {
            for m in [0, 1, 0xf_ffff_ffff_ffff, 0x8_0000_0000_0000] {
                for s in [0, 1u64 << 63] {
                    let f = f64::from_bits(s | e << 52 | m);
                    if let Some(w) = flo_encode(f) {
                        assert!(is_flo(w) && !is_fix(w));
                        assert_eq!(flo_decode(w).to_bits(), f.to_bits());
                        n += 1;
                    }
                }
            }
        }
        assert!(n > 4000);
        for f in [0.0, 1.0, -1.0, 0.1, 1e-70, 1e70, 123456.789] {
            assert!(flo_encode(f).is_some());
        }
        assert!(flo_encode(-0.0).is_none() && flo_encode(f64::INFINITY).is_none());
        assert!(flo_encode(f64::from_bits(NOT_ZERO)).is_none() && flo_encode(0.0) == Some(FLO_ZERO));
        assert_eq!((FLO_ZERO.rotate_right(3)).wrapping_sub(FLO_BIAS), NOT_ZERO);
    }
}
