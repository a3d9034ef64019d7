//! `format` and `%` against CPython's answers.

mod common;

use adder_num::format::{self, Conversion, Locale, PercentParser, Piece};
use adder_num::{BigInt, NumError};
use common::*;

#[test]
fn format_as_cpython() {
    run(include_str!("fixtures/formats.txt"), |f| {
        let mut out = Vec::new();
        let spec = unescape(f[f.len() - 1]);
        let r = match f[0] {
            "int" => format::format_int(&mut out, int(f[1]).view(), &spec, b"int", &Locale::C, 4300),
            "float" | "long" => format::format_float(&mut out, double(f[1]), &spec, b"float", &Locale::C),
            "complex" => {
                format::format_complex(&mut out, double(f[1]), double(f[2]), &spec, b"complex", &Locale::C)
            }
            "str" => format::format_str(&mut out, &unescape(f[1]), &spec, b"str"),
            other => panic!("no case for {other}"),
        };
        if f[0] == "long" {
            let text = str::from_utf8(&out).unwrap().trim_end_matches('0');
            return text[text.len().saturating_sub(40)..].to_string();
        }
        outcome(r, |()| escape(&out))
    });
}

#[derive(Clone)]
enum Arg {
    Int(BigInt),
    Float(f64),
    Str(Vec<u8>),
}

fn arg(s: &str) -> Arg {
    match s.split_at(1) {
        ("i", v) => Arg::Int(int(v)),
        ("f", v) => Arg::Float(double(v)),
        (_, v) => Arg::Str(unescape(v)),
    }
}

/// The `%` operator as a caller would write it.
fn percent(
    text: &[u8],
    bytes: bool,
    args: &[Arg],
    map: Option<&[(Vec<u8>, Arg)]>,
) -> Result<Vec<u8>, NumError> {
    let mut parser = if bytes { PercentParser::of_bytes(text) } else { PercentParser::new(text) };
    let mut out = Vec::new();
    let mut next = 0;
    let missing = || NumError::type_error("not enough arguments for format string");
    loop {
        let piece = parser.next(map.is_some(), |_| {
            next += 1;
            match args.get(next - 1) {
                None => Err(missing()),
                Some(Arg::Int(v)) => Ok(v.to_i64().unwrap()),
                Some(_) => Err(NumError::type_error("* wants int")),
            }
        })?;
        let d = match piece {
            None => break,
            Some(Piece::Literal(s)) => {
                out.extend_from_slice(s);
                continue;
            }
            Some(Piece::Directive(d)) => d,
        };
        let value = match (d.key, map) {
            (Some(key), Some(map)) => &map.iter().find(|(k, _)| k == key).unwrap().1,
            _ => {
                next += 1;
                args.get(next - 1).ok_or_else(missing)?
            }
        };
        match (d.conversion, value) {
            (Conversion::Unknown(_), _) => return Err(d.unsupported()),
            (Conversion::Float(_), Arg::Float(x)) => format::percent_float(&mut out, *x, &d)?,
            (Conversion::Char, Arg::Int(v)) => {
                format::percent_char(&mut out, v.to_i64().unwrap() as u32, &d)?
            }
            (Conversion::Decimal(_) | Conversion::Octal | Conversion::Hex(_), Arg::Int(v)) => {
                format::percent_int(&mut out, v.view(), &d, 4300)?
            }
            (Conversion::Str, Arg::Str(s)) => format::percent_text(&mut out, s, &d)?,
            (Conversion::Str, Arg::Int(v)) => format::percent_text(&mut out, v.to_string().as_bytes(), &d)?,
            (Conversion::Float(_), Arg::Int(v)) => {
                format::percent_float(&mut out, adder_num::bigint::to_f64(v.view())?, &d)?
            }
            other => panic!("{:?}", other.0),
        }
    }
    if map.is_none() && next < args.len() {
        return Err(NumError::type_error("not all arguments converted during string formatting"));
    }
    Ok(out)
}

#[test]
fn percent_as_cpython() {
    run(include_str!("fixtures/percents.txt"), |f| {
        let text = unescape(f[1]);
        match f[0] {
            "args" => {
                let args: Vec<Arg> = f[2..].iter().map(|s| arg(s)).collect();
                outcome(percent(&text, false, &args, None), |t| escape(&t))
            }
            "bytes" => {
                let args: Vec<Arg> = f[2..].iter().map(|s| arg(s)).collect();
                let latin1: Vec<u8> = str::from_utf8(&text).unwrap().chars().map(|c| c as u8).collect();
                outcome(percent(&latin1, true, &args, None), |t| {
                    escape(t.iter().map(|&b| b as char).collect::<String>().as_bytes())
                })
            }
            "map" => {
                let pair = |s: &str| s.split_once('=').map(|(k, v)| (unescape(k), arg(v))).unwrap();
                let map: Vec<_> = f[2..].iter().map(|s| pair(s)).collect();
                outcome(percent(&text, false, &[], Some(&map)), |t| escape(&t))
            }
            other => panic!("no case for {other}"),
        }
    });
}
