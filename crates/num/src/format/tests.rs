//! Type `n`, which needs a locale that no oracle may have installed.

use super::*;
use crate::SmallInt;

fn int(v: i64, spec: &str, locale: &Locale) -> String {
    let mut out = Vec::new();
    format_int(&mut out, SmallInt::from(v).view(), spec.as_bytes(), b"int", locale, 0).unwrap();
    String::from_utf8(out).unwrap()
}

fn float(x: f64, spec: &str, locale: &Locale) -> String {
    let mut out = Vec::new();
    format_float(&mut out, x, spec.as_bytes(), b"float", locale).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn locale_groups_and_points() {
    let german = Locale { decimal_point: b",", thousands_sep: b".", grouping: &[3, 3] };
    assert_eq!(int(-1234567, "n", &german), "-1.234.567");
    assert_eq!(int(1234567, "012n", &german), "0.001.234.567");
    assert_eq!(float(1234567.5, ".9n", &german), "1.234.567,5");
    assert_eq!(float(1e20, "n", &german), "1e+20");
    assert_eq!(float(0.5, "010n", &german), "0.000.000,5");
    assert_eq!(float(f64::INFINITY, "010n", &german), "0000000inf");
    let mut out = Vec::new();
    format_complex(&mut out, 1234.5, -0.25, b"n", b"complex", &german).unwrap();
    assert_eq!(out, b"1.234,5-0,25j");
}

#[test]
fn groups_of_different_sizes() {
    let indian = Locale { decimal_point: b".", thousands_sep: b",", grouping: &[3, 2] };
    assert_eq!(int(1234567890, "n", &indian), "1,23,45,67,890");
    let once = Locale { decimal_point: b".", thousands_sep: b",", grouping: &[3, 127] };
    assert_eq!(int(1234567890, "n", &once), "1234567,890");
    // A narrow no-break space is one character wide.
    let french = Locale { decimal_point: b",", thousands_sep: "\u{202f}".as_bytes(), grouping: &[3] };
    assert_eq!(int(1234567, "*>11n", &french), "**1\u{202f}234\u{202f}567");
    assert_eq!(int(1234567, "n", &Locale::C), "1234567");
}
