//! Character encodings of XML input: what comes in becomes UTF-8.

/// How bytes are decoded.
pub enum Encoding {
    /// Not known yet: bytes wait.
    Unknown,
    Utf8,
    Utf16 {
        big: bool,
    },
    Latin1,
    Ascii,
    /// A code point for each byte; 0xffff_ffff: invalid.
    Table(Box<[u32; 256]>),
}

impl Encoding {
    /// By the names that need no help.
    pub fn by_name(name: &str) -> Option<Encoding> {
        Some(match name.to_ascii_uppercase().as_str() {
            "UTF-8" => Encoding::Utf8,
            "UTF-16" => Encoding::Utf16 { big: true },
            "UTF-16BE" => Encoding::Utf16 { big: true },
            "UTF-16LE" => Encoding::Utf16 { big: false },
            "ISO-8859-1" => Encoding::Latin1,
            "US-ASCII" => Encoding::Ascii,
            _ => return None,
        })
    }
    /// Decodes what is whole of `raw` to the end of `out`, in UTF-8; an invalid byte comes out as the byte 0xff.
    pub fn decode(&self, raw: &mut Vec<u8>, out: &mut Vec<u8>) {
        let mut put = |c: Option<char>| match c {
            Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            None => out.push(0xff),
        };
        match self {
            Encoding::Unknown => {}
            Encoding::Utf8 => out.append(raw),
            Encoding::Latin1 => raw.drain(..).for_each(|b| put(Some(b as char))),
            Encoding::Ascii => raw.drain(..).for_each(|b| put(b.is_ascii().then_some(b as char))),
            Encoding::Table(t) => raw.drain(..).for_each(|b| put(char::from_u32(t[b as usize]))),
            Encoding::Utf16 { big } => {
                let unit = |i: usize| {
                    let b = [raw[i], raw[i + 1]];
                    if *big { u16::from_be_bytes(b) } else { u16::from_le_bytes(b) }
                };
                let mut i = 0;
                while i + 2 <= raw.len() {
                    let u = unit(i);
                    if (0xd800..0xdc00).contains(&u) {
                        if i + 4 > raw.len() {
                            break;
                        }
                        let v = unit(i + 2);
                        if (0xdc00..0xe000).contains(&v) {
                            put(char::from_u32(0x10000 + (((u as u32 & 0x3ff) << 10) | (v as u32 & 0x3ff))));
                        } else {
                            put(None);
                        }
                        i += 4;
                        continue;
                    }
                    put(char::from_u32(u as u32));
                    i += 2;
                }
                raw.drain(..i);
            }
        }
    }
}

/// The character at the start of UTF-8 text: its code point and length. `Err(true)`: cut off; `Err(false)`: invalid in XML.
#[inline]
pub fn next_char(s: &[u8]) -> Result<(u32, usize), bool> {
    let Some(&b) = s.first() else { return Err(true) };
    if b < 0x80 {
        return if b >= 0x20 || matches!(b, 9 | 10 | 13) { Ok((b as u32, 1)) } else { Err(false) };
    }
    let (n, lead, min) = match b {
        0xc2..=0xdf => (2, b as u32 & 0x1f, 0x80),
        0xe0..=0xef => (3, b as u32 & 0xf, 0x800),
        0xf0..=0xf4 => (4, b as u32 & 7, 0x10000),
        _ => return Err(false),
    };
    let mut c = lead;
    for i in 1..n {
        match s.get(i) {
            None => return Err(true),
            Some(x) if x & 0xc0 == 0x80 => c = c << 6 | (*x as u32 & 0x3f),
            Some(_) => return Err(false),
        }
    }
    if c < min || (0xd800..0xe000).contains(&c) || c == 0xfffe || c == 0xffff || c > 0x10ffff {
        return Err(false);
    }
    Ok((c, n))
}
/// What a byte of ASCII may be part of.
pub const NAME: u8 = 1;
/// Of a value of an attribute, without quotes and markup.
pub const VALUE: u8 = 2;
/// Of text, without markup.
pub const TEXT: u8 = 4;
pub static CLASS: [u8; 256] = {
    let mut t = [0; 256];
    let mut c = 0x20;
    while c < 0x80u8 {
        if c.is_ascii_alphanumeric() || matches!(c, b':' | b'_' | b'-' | b'.') {
            t[c as usize] |= NAME;
        }
        if !matches!(c, b'"' | b'\'' | b'<' | b'&') {
            t[c as usize] |= VALUE;
        }
        if !matches!(c, b'<' | b'&' | b']') {
            t[c as usize] |= TEXT;
        }
        c += 1;
    }
    t[b'\n' as usize] |= TEXT;
    t[b'\t' as usize] |= TEXT;
    t
};
/// The first place from `i` on with a byte of another class.
#[inline(always)]
pub fn skip(s: &[u8], mut i: usize, class: u8) -> usize {
    while i < s.len() && CLASS[s[i] as usize] & class != 0 {
        i += 1;
    }
    i
}
pub fn is_name_start(c: u32) -> bool {
    matches!(c, 0x3a | 0x41..=0x5a | 0x5f | 0x61..=0x7a | 0xc0..=0xd6 | 0xd8..=0xf6 | 0xf8..=0x2ff | 0x370..=0x37d
        | 0x37f..=0x1fff | 0x200c..=0x200d | 0x2070..=0x218f | 0x2c00..=0x2fef | 0x3001..=0xd7ff | 0xf900..=0xfdcf
        | 0xfdf0..=0xfffd | 0x10000..=0xeffff)
}
pub fn is_name_char(c: u32) -> bool {
    is_name_start(c) || matches!(c, 0x2d | 0x2e | 0x30..=0x39 | 0xb7 | 0x300..=0x36f | 0x203f..=0x2040)
}
#[inline(always)]
pub fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\n' | b'\r')
}
