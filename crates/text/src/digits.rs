//! Digits: hexadecimal forms of bytes, and digits of other scripts for `int` and `float`.

use crate::search::is_byte_space;
use crate::{unicode, wtf8};

/// Why `bytes.fromhex` fails (a `ValueError`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HexError {
    /// "non-hexadecimal number found in fromhex() arg at position …" (an index of characters).
    Position(usize),
    /// "fromhex() arg must contain an even number of hexadecimal digits".
    Odd,
}

/// Value of a hexadecimal digit, 255 for others.
static HEX_VALUE: [u8; 256] = {
    let mut t = [255; 256];
    let mut i = 0;
    while i < 16 {
        t[b"0123456789abcdef"[i] as usize] = i as u8;
        t[b"0123456789ABCDEF"[i] as usize] = i as u8;
        i += 1;
    }
    t
};

/// `bytes.fromhex` of bytes: append the bytes of the pairs of digits, which whitespace may separate.
pub fn from_hex(s: &[u8], out: &mut Vec<u8>) -> Result<(), HexError> {
    out.reserve(s.len() / 2);
    let mut at = 0;
    while at < s.len() {
        if is_byte_space(s[at]) {
            at += 1;
            continue;
        }
        let high = HEX_VALUE[s[at] as usize];
        if high == 255 {
            return Err(HexError::Position(at));
        }
        let Some(&b) = s.get(at + 1) else { return Err(HexError::Odd) };
        let low = HEX_VALUE[b as usize];
        if low == 255 {
            return Err(HexError::Position(at + 1));
        }
        out.push(high << 4 | low);
        at += 2;
    }
    Ok(())
}

/// `bytes.fromhex` of text: a character beyond ASCII is what gets reported.
pub fn from_hex_text(s: &[u8], out: &mut Vec<u8>) -> Result<(), HexError> {
    let n = crate::scan::ascii_prefix(s);
    if n < s.len() {
        return Err(HexError::Position(n));
    }
    from_hex(s, out)
}

/// `bytes.hex()`: append two digits a byte.
pub fn to_hex(s: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.reserve(s.len() * 2);
    out.extend(s.iter().flat_map(|&b| [DIGITS[(b >> 4) as usize], DIGITS[(b & 15) as usize]]));
}

/// `bytes.hex(sep, group)`: with a separator between groups of bytes, counted from the right, or from the left if
/// `group` is negative.
pub fn to_hex_groups(s: &[u8], sep: u8, group: isize, out: &mut Vec<u8>) {
    let n = group.unsigned_abs();
    if n == 0 || s.len() <= n {
        return to_hex(s, out);
    }
    let first = if group < 0 || s.len().is_multiple_of(n) { n } else { s.len() % n };
    out.reserve(s.len() * 2 + s.len() / n);
    to_hex(&s[..first], out);
    for g in s[first..].chunks(n) {
        out.push(sep);
        to_hex(g, out);
    }
}

/// Text for number parsers: decimal digits of all scripts become those of ASCII, whitespace becomes spaces. From the
/// first other character beyond ASCII on it ends in a question mark, which no number contains.
pub fn ascii_number(s: &[u8], out: &mut Vec<u8>) {
    for cp in wtf8::chars(s) {
        out.push(match cp {
            0..=126 => cp as u8,
            _ if unicode::is_space(cp) => b' ',
            _ => match unicode::decimal(cp) {
                Some(d) => b'0' + d,
                None => return out.push(b'?'),
            },
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(s: &str) -> Result<Vec<u8>, HexError> {
        let mut out = Vec::new();
        from_hex_text(s.as_bytes(), &mut out).map(|_| out)
    }

    #[test]
    fn reading_hex() {
        assert_eq!(hex(" ab\tCD\n").unwrap(), [0xAB, 0xCD]);
        assert_eq!(hex("ab c"), Err(HexError::Odd));
        assert_eq!(hex("a b"), Err(HexError::Position(1)));
        assert_eq!(hex("abg0"), Err(HexError::Position(2)));
        assert_eq!(hex("abc é"), Err(HexError::Position(4)));
    }

    #[test]
    fn writing_hex() {
        let b: Vec<u8> = (1..=11).collect();
        let show = |group| {
            let mut out = Vec::new();
            to_hex_groups(&b, b'-', group, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(show(4), "010203-04050607-08090a0b");
        assert_eq!(show(-4), "01020304-05060708-090a0b");
        assert_eq!(show(0), "0102030405060708090a0b");
        assert_eq!(show(20), "0102030405060708090a0b");
        assert_eq!(show(1), "01-02-03-04-05-06-07-08-09-0a-0b");
    }

    #[test]
    fn numbers() {
        let mut out = Vec::new();
        ascii_number("\u{2003}١٢\u{a0}é9".as_bytes(), &mut out);
        assert_eq!(out, b" 12 ?");
    }
}
