//! Complex numbers against CPython's answers.

mod common;

use adder_num::complexnum::{self, Complex, ComplexParse, cmath};
use common::*;

fn pair(z: Complex) -> String {
    format!("{} {}", show_double(z.re), show_double(z.im))
}

#[test]
fn as_cpython() {
    // Exact is all that does not call the C library.
    let ulps = |name: &str| match name {
        "repr" | "parse" | "hash" | "sqrt" | "abs" => 0,
        _ if name.starts_with(['r'])
            || name.ends_with(['r'])
            || matches!(name, "add" | "sub" | "mul" | "div") =>
        {
            0
        }
        _ => 2,
    };
    run_close(include_str!("fixtures/complexes.txt"), ulps, |f| {
        if f[0] == "parse" {
            let text = unescape(f[1]);
            let shown = if text.is_ascii() { f[1].as_bytes() } else { &text };
            return match complexnum::parse(&text) {
                ComplexParse::Ok(z) => pair(z),
                ComplexParse::Malformed => show_error(&complexnum::malformed()),
                ComplexParse::Invalid => {
                    show_error(&complexnum::invalid_literal(&[b"'", shown, b"'"].concat()))
                }
            };
        }
        let x: Vec<f64> = f[1..].iter().map(|s| double(s)).collect();
        let a = Complex::new(x[0], x[1]);
        let b = || Complex::new(x[2], x[3]);
        let swapped = || Complex::new(x[1], x[2]);
        let function = match f[0] {
            "acos" => cmath::acos,
            "acosh" => cmath::acosh,
            "asin" => cmath::asin,
            "asinh" => cmath::asinh,
            "atan" => cmath::atan,
            "atanh" => cmath::atanh,
            "cos" => cmath::cos,
            "cosh" => cmath::cosh,
            "exp" => cmath::exp,
            "log" => cmath::log,
            "log10" => cmath::log10,
            "sin" => cmath::sin,
            "sinh" => cmath::sinh,
            "sqrt" => cmath::sqrt,
            "tan" => cmath::tan,
            "tanh" => cmath::tanh,
            "rect" => |z: Complex| cmath::rect(z.re, z.im),
            "polar" => |z: Complex| cmath::polar(z).map(|(r, phi)| Complex::new(r, phi)),
            "add" => return pair(complexnum::add(a, b())),
            "sub" => return pair(complexnum::sub(a, b())),
            "mul" => return pair(complexnum::mul(a, b())),
            "div" => return outcome(complexnum::div(a, b()), pair),
            "pow" => return outcome(complexnum::pow(a, b()), pair),
            "addr" => return pair(complexnum::add_real(a, x[2])),
            "subr" => return pair(complexnum::sub_real(a, x[2])),
            "mulr" => return pair(complexnum::mul_real(a, x[2])),
            "divr" => return outcome(complexnum::div_real(a, x[2]), pair),
            "radd" => return pair(complexnum::add_real(swapped(), x[0])),
            "rsub" => return pair(complexnum::real_sub(x[0], swapped())),
            "rmul" => return pair(complexnum::mul_real(swapped(), x[0])),
            "rdiv" => return outcome(complexnum::real_div(x[0], swapped()), pair),
            "abs" => return outcome(complexnum::abs(a), show_double),
            "hash" => return complexnum::hash(a).unwrap().to_string(),
            "repr" => {
                let mut out = Vec::new();
                complexnum::write_repr(&mut out, a);
                return String::from_utf8(out).unwrap();
            }
            other => panic!("no case for {other}"),
        };
        outcome(function(a), pair)
    });
}
