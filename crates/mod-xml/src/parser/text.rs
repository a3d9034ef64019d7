//! Texts without context: names, spaces, references to characters, what declarations consist of.

use super::*;

pub(super) fn name_len(s: &[u8]) -> Result<usize, (usize, bool)> {
    let mut i = match s.first() {
        Some(c) if c.is_ascii_alphabetic() || *c == b'_' => skip(s, 1, NAME),
        _ => 0,
    };
    loop {
        if s.get(i).is_some_and(|c| matches!(c, b' ' | b'=' | b'>' | b'/')) && i > 0 {
            return Ok(i);
        }
        match next_char(&s[i..]) {
            Ok((c, n)) if if i == 0 { is_name_start(c) } else { is_name_char(c) } => i += n,
            Ok(_) => return if i == 0 { Err((0, false)) } else { Ok(i) },
            Err(true) => return Err((i, true)),
            Err(false) => return if i == 0 { Err((0, false)) } else { Ok(i) },
        }
    }
}
pub(super) fn skip_space(s: &[u8], mut i: usize) -> usize {
    while i < s.len() && is_space(s[i]) {
        i += 1;
    }
    i
}
pub(super) fn find(s: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    s.get(from..)?.windows(what.len()).position(|w| w == what).map(|i| i + from)
}
/// Line ends are a newline each.
pub(super) fn normalize(s: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(s.len());
    let mut i = 0;
    while i < s.len() {
        if s[i] == b'\r' {
            out.push(b'\n');
            if s.get(i + 1) == Some(&b'\n') {
                i += 1;
            }
        } else {
            out.push(s[i]);
        }
        i += 1;
    }
    out
}
pub(super) fn predefined(n: &[u8]) -> Option<u8> {
    Some(match n {
        b"lt" => b'<',
        b"gt" => b'>',
        b"amp" => b'&',
        b"quot" => b'"',
        b"apos" => b'\'',
        _ => return None,
    })
}

/// Parameters are `name="value"` pairs of a declaration.
pub(super) fn pseudo_attributes(s: &[u8]) -> Option<Vec<(Vec<u8>, Vec<u8>, usize)>> {
    let mut out = Vec::new();
    let mut i = 0;
    loop {
        let j = skip_space(s, i);
        if j == s.len() {
            return Some(out);
        }
        if j == i {
            return None;
        }
        let n = name_len(&s[j..]).ok()?;
        let name = s[j..j + n].to_vec();
        let mut k = skip_space(s, j + n);
        if s.get(k) != Some(&b'=') {
            return None;
        }
        k = skip_space(s, k + 1);
        let q = *s.get(k)?;
        if q != b'"' && q != b'\'' {
            return None;
        }
        let end = s[k + 1..].iter().position(|c| *c == q)? + k + 1;
        out.push((name, s[k + 1..end].to_vec(), k + 1));
        i = end + 1;
    }
}
/// Spaces, quoted texts and words, as the default handler gets them in a document type declaration.
pub(super) fn tokens(s: &[u8]) -> Vec<&[u8]> {
    let mut out = Vec::new();
    let mut i = 0;
    while i < s.len() {
        let from = i;
        match s[i] {
            c if is_space(c) => i = skip_space(s, i),
            q @ (b'"' | b'\'') => {
                i += 1;
                while i < s.len() && s[i] != q {
                    i += 1;
                }
                i = (i + 1).min(s.len());
            }
            b'[' => i += 1,
            _ => {
                while i < s.len() && !is_space(s[i]) && !matches!(s[i], b'"' | b'\'' | b'[') {
                    i += 1;
                }
            }
        }
        out.push(&s[from..i]);
    }
    out
}
pub(super) fn is_uri_char(c: u8) -> bool {
    c.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&c)
}
/// Where a character is that XML does not have.
pub(super) fn invalid_char(s: &[u8]) -> Option<usize> {
    let mut i = 0;
    while i < s.len() {
        match next_char(&s[i..]) {
            Ok((_, n)) => i += n,
            Err(true) => return None,
            Err(false) => return Some(i),
        }
    }
    None
}
/// `&#...;`: the character and the length. `Err(None)`: syntax or cut off.
pub(super) fn char_ref(s: &[u8]) -> Result<(char, usize), Option<u32>> {
    let end = s.iter().position(|c| *c == b';').ok_or(None)?;
    let d = &s[2..end];
    let (d, base) = match d.first() {
        Some(b'x') => (&d[1..], 16),
        _ => (d, 10),
    };
    if d.is_empty() || !d.iter().all(|c| (*c as char).is_digit(base)) {
        return Err(None);
    }
    let mut n = 0u32;
    for c in d {
        n = n * base + (*c as char).to_digit(base).unwrap();
        if n > 0x10ffff {
            return Err(Some(BAD_CHAR_REF));
        }
    }
    let c = char::from_u32(n).ok_or(Some(BAD_CHAR_REF))?;
    if n == 0xfffe || n == 0xffff || (n < 0x20 && !matches!(n, 9 | 10 | 13)) {
        return Err(Some(BAD_CHAR_REF));
    }
    Ok((c, end + 1))
}
/// Runs of spaces become one, none at the ends.
pub(super) fn collapse(s: &[u8]) -> Vec<u8> {
    let words: Vec<&[u8]> = s.split(|c| *c == b' ').filter(|w| !w.is_empty()).collect();
    words.join(&b' ')
}
