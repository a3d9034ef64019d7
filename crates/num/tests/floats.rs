//! Doubles against CPython's answers.

mod common;

use adder_num::{ErrorKind, float};
use common::*;

fn pair((a, b): (f64, f64)) -> String {
    format!("{} {}", show_double(a), show_double(b))
}

#[test]
fn as_cpython() {
    run(include_str!("fixtures/floats.txt"), |f| {
        match f[0] {
            "parse" => {
                let text = unescape(f[1]);
                let shown = if text.is_ascii() { f[1].as_bytes() } else { &text };
                let quoted = [b"'", shown, b"'"].concat();
                return outcome(
                    float::parse(&text).ok_or_else(|| float::invalid_literal(&quoted)),
                    show_double,
                );
            }
            "fromhex" => return outcome(float::from_hex(&unescape(f[1])), show_double),
            _ => {}
        }
        let x = double(f[1]);
        match f[0] {
            "repr" => {
                assert!(
                    x.is_nan() || float::parse(float::repr(x).as_bytes()).unwrap().to_bits() == x.to_bits()
                );
                float::repr(x)
            }
            "hex" => {
                let mut out = Vec::new();
                float::write_hex(&mut out, x);
                assert!(x.is_nan() || float::from_hex(&out).unwrap().to_bits() == x.to_bits());
                String::from_utf8(out).unwrap()
            }
            "ratio" => outcome(float::as_integer_ratio(x), |(n, d)| format!("{} {}", hex(&n), hex(&d))),
            "round" => outcome(float::round_int(x), |v| hex(&v)),
            "floor" => outcome(float::floor(x), |v| hex(&v)),
            "ceil" => outcome(float::ceil(x), |v| hex(&v)),
            "trunc" => {
                assert_eq!(float::is_integer(x), x.fract() == 0.0);
                outcome(float::to_int(x), |v| hex(&v))
            }
            "hash" => float::hash(x).unwrap().to_string(),
            "roundn" => outcome(float::round_digits(x, f[2].parse().unwrap()), show_double),
            "divmod" => {
                let y = double(f[2]);
                if let Ok((q, r)) = float::div_mod(x, y) {
                    assert_eq!(show_double(q), show_double(float::floor_div(x, y).unwrap()));
                    assert_eq!(show_double(r), show_double(float::modulo(x, y).unwrap()));
                }
                outcome(float::div_mod(x, y), pair)
            }
            "pow" => match float::pow(x, double(f[2])) {
                Err(e) if e.kind() == ErrorKind::Range => {
                    format!("!OverflowError: (34, '{}')", e.text_lossy())
                }
                other => outcome(other, |r| r.map_or("complex".into(), show_double)),
            },
            other => panic!("no case for {other}"),
        }
    });
}
