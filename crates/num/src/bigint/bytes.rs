//! `int.to_bytes` and `int.from_bytes`.

use super::{BigInt, Int, mag};
use crate::error::{NumError, NumResult};
use crate::limbs::Limbs;

/// Fills `out` with `a` in two's complement (if `signed`).
pub fn to_bytes(a: Int, out: &mut [u8], little: bool, signed: bool) -> NumResult<()> {
    if a.neg && !signed {
        return Err(NumError::overflow("can't convert negative int to unsigned"));
    }
    let bits = mag::bit_length(a.mag);
    let room = out.len() as u64 * 8;
    let fits = if !signed || a.is_zero() {
        bits <= room
    } else {
        // A power of two is its own negative: -2^(room-1) has one bit more to use than 2^(room-1).
        bits < room || (a.neg && bits == room && mag::trailing_zeros(a.mag) == Some(bits - 1))
    };
    if !fits {
        return Err(NumError::overflow("int too big to convert"));
    }
    let mut words = a.mag.iter();
    for chunk in out.chunks_mut(8) {
        let bytes = words.next().copied().unwrap_or(0).to_le_bytes();
        chunk.copy_from_slice(&bytes[..chunk.len()]);
    }
    if a.neg {
        let mut carry = true;
        for b in out.iter_mut() {
            (*b, carry) = (!*b).overflowing_add(carry as u8);
        }
    }
    if !little {
        out.reverse();
    }
    Ok(())
}

pub fn from_bytes(bytes: &[u8], little: bool, signed: bool) -> BigInt {
    let mut out = Limbs::zeros(bytes.len().div_ceil(8));
    if little {
        for (o, chunk) in out.iter_mut().zip(bytes.chunks(8)) {
            let mut w = [0; 8];
            w[..chunk.len()].copy_from_slice(chunk);
            *o = u64::from_le_bytes(w);
        }
    } else {
        for (o, chunk) in out.iter_mut().zip(bytes.rchunks(8)) {
            let mut w = [0; 8];
            w[8 - chunk.len()..].copy_from_slice(chunk);
            *o = u64::from_be_bytes(w);
        }
    }
    let top = if little { bytes.last() } else { bytes.first() };
    let neg = signed && top.is_some_and(|b| b & 0x80 != 0);
    if neg {
        // Extend the sign through the last limb, then negate.
        let part = bytes.len() % 8;
        let last = out.len() - 1;
        if part != 0 {
            out[last] |= u64::MAX << (part * 8);
        }
        for o in out.iter_mut() {
            *o = !*o;
        }
        mag::increment(&mut out);
    }
    BigInt::new(neg, out)
}
