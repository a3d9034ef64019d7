//! `binascii`: base64, hexadecimal, quoted-printable, uuencode, CRCs.

use crate::util::*;
use adder_text::room;
use adder_vm::builtins::buffer::{Buffer, bytes_of};
use adder_vm::builtins::{bytes, exceptions as exc, str_};
use adder_vm::err::{R, Raised};
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::thread::Th;
use adder_vm::value::*;

const HEX_DOC: &str = "Hexadecimal representation of binary data.\n\n  sep\n    An optional single character or byte to separate hex bytes.\n  bytes_per_sep\n    How many bytes between separators.  Positive values count from the\n    right, negative values count from the left.\n\nThe return value is a bytes object.  This function is also\navailable as \"hexlify()\".\n\nExample:\n>>> binascii.b2a_hex(b'\\xb9\\x01\\xef')\nb'b901ef'\n>>> binascii.hexlify(b'\\xb9\\x01\\xef', ':')\nb'b9:01:ef'\n>>> binascii.b2a_hex(b'\\xb9\\x01\\xef', b'_', 2)\nb'b9_01ef'";
const HEX: &str = "($module, /, data, sep=<unrepresentable>, bytes_per_sep=1)";

pub static MODULE: NativeModule = NativeModule {
    name: "binascii",
    doc: "Conversion between binary data and ASCII",
    functions: &[
        function(
            "a2b_base64",
            "($module, data, /, *, strict_mode=False)",
            "Decode a line of base64 data.\n\n  strict_mode\n    When set to True, bytes that are not part of the base64 standard are not allowed.\n    The same applies to excess data after padding (= / ==).",
            |th, a| {
                let t = Text::get(th, a[0].unwrap())?;
                let strict = bool_or(th, a[1], false)?;
                let b = t.bytes();
                let mut out = room::with_capacity(b.len() / 4 * 3 + 3);
                match outside(th, b.len(), || decode_base64(b, strict, &mut out)) {
                    Ok(()) => new_bytes(th, &out),
                    Err(m) => Err(err(th, &m)),
                }
            },
        ),
        function(
            "a2b_hex",
            "($module, hexstr, /)",
            "Binary data of hexadecimal representation.\n\nhexstr must contain an even number of hex digits (upper or lower case).\nThis function is also available as \"unhexlify()\".",
            from_hex,
        ),
        function(
            "a2b_qp",
            "($module, /, data, header=False)",
            "Decode a string of qp-encoded data.",
            |th, a| {
                let t = Text::get(th, a[0].unwrap())?;
                let header = bool_or(th, a[1], false)?;
                new_bytes(th, &decode_qp(t.bytes(), header))
            },
        ),
        function("a2b_uu", "($module, data, /)", "Decode a line of uuencoded data.", |th, a| {
            let t = Text::get(th, a[0].unwrap())?;
            match decode_uu(t.bytes()) {
                Ok(b) => new_bytes(th, &b),
                Err(m) => Err(err(th, m)),
            }
        }),
        function(
            "b2a_base64",
            "($module, data, /, *, newline=True)",
            "Base64-code line of data.",
            |th, a| {
                let b = Buffer::simple(th, a[0].unwrap())?;
                let newline = bool_or(th, a[1], true)?;
                let out = bytes::uninit(th, b.len().div_ceil(3) * 4 + newline as usize)?;
                let to = bytes::fill(out);
                encode_base64(b.bytes(), to);
                if newline {
                    to[b.len().div_ceil(3) * 4] = b'\n';
                }
                Ok(out.value())
            },
        ),
        function("b2a_hex", HEX, HEX_DOC, to_hex),
        function(
            "b2a_qp",
            "($module, /, data, quotetabs=False, istext=True, header=False)",
            "Encode a string using quoted-printable encoding.\n\nOn encoding, when istext is set, newlines are not encoded, and white\nspace at end of lines is.  When istext is not set, \\r and \\n (CR/LF)\nare both encoded.  When quotetabs is set, space and tabs are encoded.",
            |th, a| {
                let b = Buffer::simple(th, a[0].unwrap())?;
                let (tabs, text) = (bool_or(th, a[1], false)?, bool_or(th, a[2], true)?);
                let header = bool_or(th, a[3], false)?;
                new_bytes(th, &encode_qp(b.bytes(), tabs, text, header))
            },
        ),
        function("b2a_uu", "($module, data, /, *, backtick=False)", "Uuencode line of data.", |th, a| {
            let b = Buffer::simple(th, a[0].unwrap())?;
            let tick = bool_or(th, a[1], false)?;
            if b.len() > 45 {
                return Err(err(th, "At most 45 bytes at once"));
            }
            new_bytes(th, &encode_uu(b.bytes(), tick))
        }),
        function("crc32", "($module, data, crc=0, /)", "Compute CRC-32 incrementally.", crc32),
        function("crc_hqx", "($module, data, crc, /)", "Compute CRC-CCITT incrementally.", |th, a| {
            let b = Buffer::simple(th, a[0].unwrap())?;
            let crc = mask_arg(th, a[1].unwrap())? as u16;
            Ok(Value::fix(
                b.bytes().iter().fold(crc, |c, x| c << 8 ^ HQX[(c >> 8) as usize ^ *x as usize]) as i64
            ))
        }),
        function(
            "hexlify",
            HEX,
            "Hexadecimal representation of binary data.\n\n  sep\n    An optional single character or byte to separate hex bytes.\n  bytes_per_sep\n    How many bytes between separators.  Positive values count from the\n    right, negative values count from the left.\n\nThe return value is a bytes object.  This function is also\navailable as \"b2a_hex()\".",
            to_hex,
        ),
        function(
            "unhexlify",
            "($module, hexstr, /)",
            "Binary data of hexadecimal representation.\n\nhexstr must contain an even number of hex digits (upper or lower case).",
            from_hex,
        ),
    ],
    types: &[&ERROR, &INCOMPLETE],
    init: None,
};

static ERROR_TYPE: NativeType = exception("binascii.Error", "", &exc::VALUE_ERROR);
static ERROR: TypeCell = TypeCell::new(&ERROR_TYPE);
static INCOMPLETE_TYPE: NativeType = exception("binascii.Incomplete", "", &exc::EXCEPTION);
static INCOMPLETE: TypeCell = TypeCell::new(&INCOMPLETE_TYPE);

#[cold]
fn err(th: Th, m: &str) -> Raised {
    th.raise_msg(&ERROR, m)
}

/// Also `zlib.crc32`.
pub fn crc32(th: Th, a: Args) -> R<Value> {
    let b = Buffer::simple(th, a[0].unwrap())?;
    let start = a[1].map_or(Ok(0), |v| mask_arg(th, v))?;
    Ok(Value::fix(outside(th, b.len() / 8, || {
        let mut h = crc32fast::Hasher::new_with_initial(start);
        h.update(b.bytes());
        h.finalize() as i64
    })))
}

// -- hexadecimal

fn to_hex(th: Th, a: Args) -> R<Value> {
    let b = Buffer::simple(th, a[0].unwrap())?;
    if a[1].is_none() && a[2].is_none() {
        let out = bytes::uninit(th, b.len().checked_mul(2).ok_or_else(|| th.memory_error())?)?;
        bytes::fill(out)
            .as_chunks_mut()
            .0
            .iter_mut()
            .zip(b.bytes())
            .for_each(|(o, c)| *o = HEX_PAIRS[*c as usize]);
        return Ok(out.value());
    }
    // As in CPython: a separator of a result in bytes may be any byte.
    let sep = match a[1] {
        None => None,
        Some(v) => {
            if th.len(v)? != 1 {
                return Err(th.value_error("sep must be length 1."));
            }
            match (v.cast::<Str>(), bytes_of(v)) {
                (Some(s), _) => match u8::try_from(str_::char_at(th, s, 0)) {
                    Ok(c) => Some(c),
                    Err(_) => return Err(th.value_error("sep must be ASCII.")),
                },
                (_, Some(b)) if v.is_kind(Kind::Bytes) => Some(b[0]),
                _ => return Err(th.type_error("sep must be str or bytes.")),
            }
        }
    };
    let per = a[2].map_or(Ok(1), |v| int_arg(th, v))?;
    let b = b.bytes();
    let group = match per.unsigned_abs() as usize {
        0 => b.len().max(1),
        n => n,
    };
    // Groups count from the right, negative ones from the left.
    let first = if per > 0 { b.len() % group } else { 0 };
    let mut out = room::with_capacity(3 * b.len());
    for (i, c) in b.iter().enumerate() {
        if let Some(s) = sep.filter(|_| i > 0 && (i + group - first) % group == 0) {
            out.push(s);
        }
        out.extend_from_slice(&HEX_PAIRS[*c as usize]);
    }
    new_bytes(th, &out)
}

const fn hex_digits() -> [u8; 256] {
    let mut t = [255; 256];
    let mut i = 0;
    while i < 10 {
        t[b'0' as usize + i] = i as u8;
        if i < 6 {
            t[b'a' as usize + i] = 10 + i as u8;
            t[b'A' as usize + i] = 10 + i as u8;
        }
        i += 1;
    }
    t
}
static HEX_PAIRS: [[u8; 2]; 256] = {
    let mut t = [[0; 2]; 256];
    let mut i = 0;
    while i < 256 {
        t[i] = [b"0123456789abcdef"[i >> 4], b"0123456789abcdef"[i & 15]];
        i += 1;
    }
    t
};
static HEX_DIGITS: [u8; 256] = hex_digits();
fn digit(c: u8) -> u8 {
    HEX_DIGITS[c as usize]
}

fn from_hex(th: Th, a: Args) -> R<Value> {
    let t = Text::get(th, a[0].unwrap())?;
    let s = t.bytes();
    if s.len() % 2 != 0 {
        return Err(err(th, "Odd-length string"));
    }
    let out = bytes::uninit(th, s.len() / 2)?;
    let mut all = 0;
    for (o, c) in bytes::fill(out).iter_mut().zip(s.chunks_exact(2)) {
        let (x, y) = (digit(c[0]), digit(c[1]));
        all |= x | y;
        *o = x << 4 | y & 15;
    }
    if all > 15 {
        return Err(err(th, "Non-hexadecimal digit found"));
    }
    Ok(out.value())
}

// -- base64

static ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// Two characters for each twelve bits.
static PAIRS: [[u8; 2]; 4096] = {
    let mut t = [[0; 2]; 4096];
    let mut i = 0;
    while i < 4096 {
        t[i] = [ALPHABET[i >> 6], ALPHABET[i & 63]];
        i += 1;
    }
    t
};
/// Value of a character; 64: not of the alphabet.
static VALUES: [u8; 256] = {
    let mut t = [64; 256];
    let mut i = 0;
    while i < 64 {
        t[ALPHABET[i] as usize] = i as u8;
        i += 1;
    }
    t
};

/// Characters of `b`, padded.
fn encode_base64(b: &[u8], out: &mut [u8]) {
    let mut chunks = b.chunks_exact(3);
    let mut o = out.chunks_exact_mut(4);
    for (c, d) in chunks.by_ref().zip(o.by_ref()) {
        let w = (c[0] as usize) << 16 | (c[1] as usize) << 8 | c[2] as usize;
        d[..2].copy_from_slice(&PAIRS[w >> 12]);
        d[2..].copy_from_slice(&PAIRS[w & 4095]);
    }
    if let Some(d) = o.next() {
        match chunks.remainder() {
            [x] => {
                d[..2].copy_from_slice(&PAIRS[(*x as usize) << 4]);
                d[2..].copy_from_slice(b"==");
            }
            [x, y] => {
                let w = (*x as usize) << 10 | (*y as usize) << 2;
                d[..2].copy_from_slice(&PAIRS[w >> 6]);
                d[2] = ALPHABET[w & 63];
                d[3] = b'=';
            }
            _ => {}
        }
    }
}

fn decode_base64(b: &[u8], strict: bool, out: &mut Vec<u8>) -> Result<(), String> {
    let mut at = 0;
    // Whole quads; anything else is left to the loop below.
    for c in b.chunks_exact(4) {
        let v = [c[0], c[1], c[2], c[3]].map(|x| VALUES[x as usize] as u32);
        if (v[0] | v[1] | v[2] | v[3]) & 64 != 0 {
            break;
        }
        let w = v[0] << 18 | v[1] << 12 | v[2] << 6 | v[3];
        out.extend_from_slice(&[(w >> 16) as u8, (w >> 8) as u8, w as u8]);
        at += 4;
    }
    // Place in the quad, bits left of the last character, `=` since the last character.
    let (mut place, mut left, mut pads) = (0, 0u8, 0);
    while at < b.len() {
        let c = b[at];
        at += 1;
        if c == b'=' {
            pads += 1;
            if place >= 2 && place + pads <= 4 || !strict {
                continue;
            }
            if place == 1 {
                break;
            }
            let first = place == 0 && at == 1;
            return Err(
                if first { "Leading padding not allowed" } else { "Excess padding not allowed" }.into()
            );
        }
        let v = VALUES[c as usize];
        if v == 64 {
            if strict {
                return Err("Only base64 data is allowed".to_string());
            }
            continue;
        }
        if strict && pads != 0 {
            let whole = place + pads == 4;
            return Err(if whole {
                "Excess data after padding"
            } else {
                "Discontinuous padding not allowed"
            }
            .into());
        }
        pads = 0;
        match place {
            0 => {
                place = 1;
                left = v;
            }
            1 => {
                place = 2;
                out.push(left << 2 | v >> 4);
                left = v & 15;
            }
            2 => {
                place = 3;
                out.push(left << 4 | v >> 2);
                left = v & 3;
            }
            _ => {
                place = 0;
                out.push(left << 6 | v);
                left = 0;
            }
        }
    }
    match place {
        0 => Ok(()),
        1 => Err(format!(
            "Invalid base64-encoded string: number of data characters ({}) cannot be 1 more than a multiple of 4",
            out.len() / 3 * 4 + 1
        )),
        _ if place + pads >= 4 => Ok(()),
        _ => Err("Incorrect padding".to_string()),
    }
}

// -- uuencode

fn encode_uu(b: &[u8], tick: bool) -> Vec<u8> {
    let char = |v: u8| if tick && v == 0 { b'`' } else { b' ' + v };
    let mut out = vec![char(b.len() as u8)];
    for c in b.chunks(3) {
        let w = c.iter().enumerate().fold(0u32, |w, (i, x)| w | (*x as u32) << (16 - 8 * i));
        out.extend((0..4).map(|i| char((w >> (18 - 6 * i) & 63) as u8)));
    }
    out.push(b'\n');
    out
}
fn decode_uu(b: &[u8]) -> Result<Vec<u8>, &'static str> {
    let Some(len) = b.first() else { return Err("Missing length byte") };
    let len = (len.wrapping_sub(b' ') & 63) as usize;
    let mut rest = b.get(1..).unwrap_or(&[]).iter();
    let mut out = Vec::with_capacity(len);
    let (mut bits, mut acc) = (0, 0u32);
    while out.len() < len {
        let v = match rest.next() {
            // White space at the end of the line may have been lost.
            None | Some(b'\n' | b'\r') => 0,
            Some(c @ b' '..=b'`') => (c - b' ') & 63,
            Some(_) => return Err("Illegal char"),
        };
        acc = acc << 6 | v as u32;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((acc >> bits) as u8);
            acc &= (1 << bits) - 1;
        }
    }
    if rest.any(|c| !matches!(c, b' ' | b'`' | b'\n' | b'\r')) {
        return Err("Trailing garbage");
    }
    Ok(out)
}

// -- quoted-printable (RFC 1521)

const LINE: usize = 76;

fn decode_qp(b: &[u8], header: bool) -> Vec<u8> {
    let mut out = room::with_capacity(b.len());
    let mut i = 0;
    while i < b.len() {
        match b[i] {
            b'=' => {
                i += 1;
                match b.get(i..).unwrap_or(&[]) {
                    [] => break,
                    // A soft line break.
                    [b'\n' | b'\r', ..] => {
                        while i < b.len() && b[i] != b'\n' {
                            i += 1;
                        }
                        i += 1;
                    }
                    [b'=', ..] => {
                        out.push(b'=');
                        i += 1;
                    }
                    [x, y, ..] if digit(*x) < 16 && digit(*y) < 16 => {
                        out.push(digit(*x) << 4 | digit(*y));
                        i += 2;
                    }
                    _ => out.push(b'='),
                }
            }
            b'_' if header => {
                out.push(b' ');
                i += 1;
            }
            c => {
                out.push(c);
                i += 1;
            }
        }
    }
    out
}

fn encode_qp(b: &[u8], tabs: bool, text: bool, header: bool) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    // The first line end decides for all.
    let crlf = b.iter().position(|c| *c == b'\n').is_some_and(|i| i > 0 && b[i - 1] == b'\r');
    let newline: &[u8] = if crlf { b"\r\n" } else { b"\n" };
    let mut out = room::with_capacity(b.len() + b.len() / 8);
    let quote = |out: &mut Vec<u8>, c: u8| {
        out.extend_from_slice(&[b'=', DIGITS[c as usize >> 4], DIGITS[c as usize & 15]])
    };
    let soft_break = |out: &mut Vec<u8>| {
        out.push(b'=');
        out.extend_from_slice(newline);
    };
    let (mut i, mut column) = (0, 0);
    while i < b.len() {
        // A soft line break and a quoted character.
        room::reserve(&mut out, 6);
        let c = b[i];
        let next = b.get(i + 1).copied();
        let must = c > 126
            || c == b'='
            || header && c == b'_'
            || c == b'.' && column == 0 && matches!(next, None | Some(b'\n' | b'\r' | 0))
            || !text && matches!(c, b'\r' | b'\n')
            || matches!(c, b'\t' | b' ') && next.is_none()
            || c < 33 && !matches!(c, b'\r' | b'\n') && (tabs || !matches!(c, b'\t' | b' '));
        if must {
            if column + 3 >= LINE {
                soft_break(&mut out);
                column = 0;
            }
            quote(&mut out, c);
            i += 1;
            column += 3;
        } else if text && (c == b'\n' || c == b'\r' && next == Some(b'\n')) {
            column = 0;
            // White space must not end a line.
            if let Some(last @ (b' ' | b'\t')) = out.last().copied() {
                out.pop();
                quote(&mut out, last);
            }
            out.extend_from_slice(newline);
            i += if c == b'\r' { 2 } else { 1 };
        } else {
            if next.is_some_and(|n| n != b'\n') && column + 1 >= LINE {
                soft_break(&mut out);
                column = 0;
            }
            column += 1;
            out.push(if header && c == b' ' { b'_' } else { c });
            i += 1;
        }
    }
    out
}

/// CRC-CCITT, polynomial 0x1021.
static HQX: [u16; 256] = {
    let mut t = [0; 256];
    let mut i = 0;
    while i < 256 {
        let mut c = (i as u16) << 8;
        let mut k = 0;
        while k < 8 {
            c = if c & 0x8000 != 0 { c << 1 ^ 0x1021 } else { c << 1 };
            k += 1;
        }
        t[i] = c;
        i += 1;
    }
    t
};
