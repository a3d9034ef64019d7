//! `repr()` of constants, for messages and for annotations turned into text.

use crate::ast::Lit;

pub fn lit(l: &Lit) -> String {
    let mut s = String::new();
    push_lit(&mut s, l);
    s
}

pub fn push_lit(out: &mut String, l: &Lit) {
    match l {
        Lit::None => out.push_str("None"),
        Lit::True => out.push_str("True"),
        Lit::False => out.push_str("False"),
        Lit::Ellipsis => out.push_str("Ellipsis"),
        Lit::Int(v) => out.push_str(&v.to_string()),
        Lit::Big(neg, limbs) => {
            if *neg {
                out.push('-');
            }
            out.push_str(&decimal(limbs));
        }
        Lit::Float(v) => out.push_str(&float(*v)),
        Lit::Complex(r, i) => {
            if *r == 0.0 && !r.is_sign_negative() {
                out.push_str(&short(*i));
                out.push('j');
            } else {
                let imag = short(*i);
                let sign = if imag.starts_with('-') { "" } else { "+" };
                out.push_str(&format!("({}{sign}{imag}j)", short(*r)));
            }
        }
        Lit::Str(s) => string(out, s),
        Lit::Bytes(s) => bytes(out, s),
        Lit::Tuple(t) => {
            out.push('(');
            for (i, x) in t.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                push_lit(out, x);
            }
            out.push_str(if t.len() == 1 { ",)" } else { ")" });
        }
        Lit::FrozenSet(t) => {
            out.push_str("frozenset({");
            for (i, x) in t.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                push_lit(out, x);
            }
            out.push_str("})");
        }
        Lit::Slice([a, b, c]) => out.push_str(&format!("slice({}, {}, {})", lit(a), lit(b), lit(c))),
    }
}

fn decimal(limbs: &[u64]) -> String {
    let mut limbs = limbs.to_vec();
    let mut parts = Vec::new();
    while limbs.iter().any(|l| *l != 0) {
        let mut rem: u128 = 0;
        for l in limbs.iter_mut().rev() {
            let v = rem << 64 | *l as u128;
            *l = (v / 10_000_000_000_000_000_000) as u64;
            rem = v % 10_000_000_000_000_000_000;
        }
        parts.push(rem as u64);
    }
    let mut s = parts.pop().unwrap_or(0).to_string();
    for p in parts.iter().rev() {
        s.push_str(&format!("{p:019}"));
    }
    s
}

/// Shortest text that reads back as the same double, as Python writes it.
pub fn float(v: f64) -> String {
    let s = short(v);
    if v.is_finite() && !s.contains(['.', 'e']) { s + ".0" } else { s }
}

fn short(v: f64) -> String {
    if v.is_nan() {
        return "nan".into();
    }
    if v.is_infinite() {
        return if v > 0.0 { "inf" } else { "-inf" }.into();
    }
    let e = format!("{v:e}");
    let (digits, exp) = e.split_once('e').unwrap_or((&e, "0"));
    let exp: i32 = exp.parse().unwrap_or(0);
    if (-4..16).contains(&exp) {
        return format!("{v}");
    }
    let sign = if exp < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exp.abs())
}

pub fn string(out: &mut String, s: &[u8]) {
    let quote = if s.contains(&b'\'') && !s.contains(&b'"') { '"' } else { '\'' };
    out.push(quote);
    for (c, ch) in code_points(s) {
        match c {
            0x5C => out.push_str("\\\\"),
            0x0A => out.push_str("\\n"),
            0x0D => out.push_str("\\r"),
            0x09 => out.push_str("\\t"),
            _ if c == quote as u32 => {
                out.push('\\');
                out.push(quote);
            }
            0..0x20 | 0x7F => out.push_str(&format!("\\x{c:02x}")),
            0x20..0x7F => out.push(c as u8 as char),
            _ => match ch {
                Some(ch) if printable(ch) => out.push(ch),
                _ if c <= 0xFF => out.push_str(&format!("\\x{c:02x}")),
                _ if c <= 0xFFFF => out.push_str(&format!("\\u{c:04x}")),
                _ => out.push_str(&format!("\\U{c:08x}")),
            },
        }
    }
    out.push(quote);
}

/// Near enough to `str.isprintable` for messages: no controls, separators, or private and unassigned planes.
fn printable(c: char) -> bool {
    let v = c as u32;
    !(c.is_control()
        || c.is_whitespace()
        || matches!(v, 0xAD | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0xFEFF | 0xFFF0..=0xFFFB)
        || (0xE000..=0xF8FF).contains(&v)
        || v & 0xFFFE == 0xFFFE
        || v >= 0xE0000)
}

pub fn bytes(out: &mut String, s: &[u8]) {
    let quote = if s.contains(&b'\'') && !s.contains(&b'"') { b'"' } else { b'\'' };
    out.push('b');
    out.push(quote as char);
    for &b in s {
        match b {
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            _ if b == quote => {
                out.push('\\');
                out.push(quote as char);
            }
            0x20..0x7F => out.push(b as char),
            _ => out.push_str(&format!("\\x{b:02x}")),
        }
    }
    out.push(quote as char);
}

/// Code points of WTF-8; surrogates have no `char`.
pub fn code_points(s: &[u8]) -> impl Iterator<Item = (u32, Option<char>)> + '_ {
    let mut i = 0;
    std::iter::from_fn(move || {
        let b = *s.get(i)? as u32;
        let (n, mut c) = match b {
            0..0x80 => (1, b),
            0x80..0xE0 => (2, b & 0x1F),
            0xE0..0xF0 => (3, b & 0x0F),
            _ => (4, b & 0x07),
        };
        for k in 1..n {
            c = c << 6 | (*s.get(i + k)? as u32 & 0x3F);
        }
        i += n;
        Some((c, char::from_u32(c)))
    })
}
