//! Reading the rows that `generate.py` wrote.
#![allow(dead_code)]

use adder_num::{BigInt, NumError, bigint};
use std::collections::BTreeMap;

/// Calls `f` with the fields of each row; it returns what should equal the last field. All differences are
/// collected, so that one run shows them all.
pub fn run(rows: &str, f: impl Fn(&[&str]) -> String) {
    run_close(rows, |_| 0, f);
}

/// Whether results are the same, or doubles that differ by no more than `ulps` units in the last place.
fn close(a: &str, b: &str, ulps: i64) -> bool {
    if a == b || ulps == 0 || a.starts_with('!') || b.starts_with('!') {
        return a == b;
    }
    let ordered = |x: f64| {
        let bits = x.to_bits() as i64;
        if bits < 0 { i64::MIN - bits } else { bits }
    };
    let near = |(x, y)| {
        let (x, y): (f64, f64) = (double(x), double(y));
        (x.is_nan() && y.is_nan())
            || (x.is_sign_negative() == y.is_sign_negative() && (ordered(x) - ordered(y)).abs() <= ulps)
    };
    a.split(' ').count() == b.split(' ').count() && a.split(' ').zip(b.split(' ')).all(near)
}

/// As [`run`]; `ulps` tells how far a function's results may be off, by its name: the C library beneath
/// CPython rounds in its own way.
pub fn run_close(rows: &str, ulps: impl Fn(&str) -> i64, f: impl Fn(&[&str]) -> String) {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for row in rows.lines() {
        let fields: Vec<&str> = row.split('\t').collect();
        let (expected, given) = fields.split_last().unwrap();
        *seen.entry(fields[0]).or_default() += 1;
        let got = f(given);
        if !close(&got, expected, ulps(fields[0])) {
            wrong.push(format!("{}\n   expected {expected}\n        got {got}", given.join("  ")));
        }
    }
    let shown = wrong.iter().take(60).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} of {seen:?} differ:\n{shown}", wrong.len());
}

pub fn int(s: &str) -> BigInt {
    match bigint::parse(s.as_bytes(), 16, 0) {
        bigint::IntParse::Ok(v) => v,
        other => panic!("{s}: {other:?}"),
    }
}

pub fn hex(v: &BigInt) -> String {
    bigint::to_base(v.view(), 16)
}

/// The inverse of `float.hex`.
pub fn double(s: &str) -> f64 {
    let (neg, t) = s.strip_prefix('-').map_or((false, s), |t| (true, t));
    let x = match t {
        "nan" => f64::NAN,
        "inf" => f64::INFINITY,
        _ => {
            let (m, e) = t.strip_prefix("0x").unwrap().split_once('p').unwrap();
            let (whole, fraction) = m.split_once('.').unwrap_or((m, ""));
            let digits = u64::from_str_radix(&format!("{whole}{fraction}"), 16).unwrap();
            let e = e.parse::<i32>().unwrap() - 4 * fraction.len() as i32;
            // Two steps, so that neither factor overflows; all is exact.
            digits as f64 * 2f64.powi(e / 2) * 2f64.powi(e - e / 2)
        }
    };
    if neg { -x } else { x }
}

pub fn show_double(x: f64) -> String {
    if x.is_nan() {
        return "nan".into();
    }
    let sign = if x.is_sign_negative() { "-" } else { "" };
    if x.is_infinite() {
        return format!("{sign}inf");
    }
    let bits = x.to_bits();
    let (e, m) = ((bits >> 52 & 0x7ff) as i32, bits & ((1 << 52) - 1));
    match (e, m) {
        (0, 0) => format!("{sign}0x0.0p+0"),
        (0, _) => format!("{sign}0x0.{m:013x}p-1022"),
        _ => format!("{sign}0x1.{m:013x}p{:+}", e - 1023),
    }
}

/// Python's `unicode_escape` of WTF-8.
pub fn escape(s: &[u8]) -> String {
    let mut out = String::new();
    for c in code_points(s) {
        match c {
            0x09 => out.push_str("\\t"),
            0x0a => out.push_str("\\n"),
            0x0d => out.push_str("\\r"),
            0x5c => out.push_str("\\\\"),
            0x20..=0x7e => out.push(c as u8 as char),
            0..0x100 => out.push_str(&format!("\\x{c:02x}")),
            0x100..0x10000 => out.push_str(&format!("\\u{c:04x}")),
            _ => out.push_str(&format!("\\U{c:08x}")),
        }
    }
    out
}

fn code_points(s: &[u8]) -> Vec<u32> {
    let mut out = Vec::new();
    let mut i = 0;
    while i < s.len() {
        let (n, first) = match s[i] {
            b if b < 0x80 => (1, b as u32),
            b if b < 0xe0 => (2, (b & 0x1f) as u32),
            b if b < 0xf0 => (3, (b & 0x0f) as u32),
            b => (4, (b & 7) as u32),
        };
        out.push(s[i + 1..i + n].iter().fold(first, |acc, b| acc << 6 | (b & 0x3f) as u32));
        i += n;
    }
    out
}

/// The inverse of [`escape`], to WTF-8.
pub fn unescape(s: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = s;
    while let Some(c) = rest.chars().next() {
        rest = &rest[1..];
        if c != '\\' {
            out.push(c as u8);
            continue;
        }
        let kind = rest.as_bytes()[0];
        rest = &rest[1..];
        let n = match kind {
            b't' | b'n' | b'r' | b'\\' => {
                out.push(match kind {
                    b't' => 9,
                    b'n' => 10,
                    b'r' => 13,
                    _ => b'\\',
                });
                continue;
            }
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            other => panic!("escape {other}"),
        };
        let c = u32::from_str_radix(&rest[..n], 16).unwrap();
        rest = &rest[n..];
        match c {
            0..0x80 => out.push(c as u8),
            0x80..0x800 => out.extend([0xc0 | (c >> 6) as u8, 0x80 | (c & 0x3f) as u8]),
            0x800..0x10000 => {
                out.extend([0xe0 | (c >> 12) as u8, 0x80 | (c >> 6 & 0x3f) as u8, 0x80 | (c & 0x3f) as u8])
            }
            _ => out.extend([
                0xf0 | (c >> 18) as u8,
                0x80 | (c >> 12 & 0x3f) as u8,
                0x80 | (c >> 6 & 0x3f) as u8,
                0x80 | (c & 0x3f) as u8,
            ]),
        }
    }
    out
}

/// An error as the fixtures show it.
pub fn show_error(e: &NumError) -> String {
    format!("!{}: {}", e.kind().class_name(), escape(e.text()))
}

pub fn outcome<T>(r: Result<T, NumError>, show: impl Fn(T) -> String) -> String {
    match r {
        Ok(v) => show(v),
        Err(e) => show_error(&e),
    }
}
