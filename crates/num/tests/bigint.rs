//! Integers against CPython's answers.

mod common;

use adder_num::bigint::{self, Int};
use common::*;

#[test]
fn as_cpython() {
    run(include_str!("fixtures/bigint.txt"), |f| {
        if f[0] == "parse" {
            return parse(f);
        }
        if f[0] == "trunc" {
            return hex(&bigint::from_f64(double(f[1])));
        }
        if f[0] == "frombytes" {
            let raw: Vec<u8> = f[1]
                .as_bytes()
                .chunks(2)
                .map(|c| u8::from_str_radix(str::from_utf8(c).unwrap(), 16).unwrap())
                .collect();
            return hex(&bigint::from_bytes(&raw, f[2] == "little", f[3] == "1"));
        }
        let a = int(f[1]);
        let a = a.view();
        match f[0] {
            "bits" => format!("{} {}", bigint::bit_length(a), bigint::bit_count(a)),
            "hash" => {
                if let Some(v) = a.to_i64() {
                    assert_eq!(bigint::hash_i64(v), bigint::hash(a));
                }
                bigint::hash(a).to_string()
            }
            "dec" => bigint::to_decimal(a),
            "invert" => hex(&bigint::invert(a)),
            "isqrt" => outcome(bigint::isqrt(a), |v| hex(&v)),
            "float" => outcome(bigint::to_f64(a), show_double),
            "base" => bigint::to_base(a, f[2].parse().unwrap()),
            "tobytes" => {
                let mut out = vec![0; f[2].parse().unwrap()];
                let r = bigint::to_bytes(a, &mut out, f[3] == "little", f[4] == "1");
                outcome(r, |()| out.iter().map(|b| format!("{b:02x}")).collect())
            }
            "cmpf" => (bigint::cmp_f64(a, double(f[2])).unwrap() as i32).to_string(),
            _ => binary(f, a, int(f[2]).view()),
        }
    });
}

fn binary(f: &[&str], a: Int, b: Int) -> String {
    match f[0] {
        "add" => hex(&bigint::add(a, b)),
        "sub" => hex(&bigint::sub(a, b)),
        "mul" => hex(&bigint::mul(a, b)),
        "divmod" => outcome(bigint::divmod(a, b), |(q, r)| {
            let (tq, tr) = bigint::trunc_div_rem(a, b).unwrap();
            assert_eq!(bigint::add(bigint::mul(tq.view(), b).view(), tr.view()).view(), a);
            assert!(tr.is_zero() || tr.neg == a.neg);
            format!("{} {}", hex(&q), hex(&r))
        }),
        "mod" => outcome(bigint::floor_mod(a, b), |v| hex(&v)),
        "and" => hex(&bigint::and(a, b)),
        "or" => hex(&bigint::or(a, b)),
        "xor" => hex(&bigint::xor(a, b)),
        "gcd" => hex(&bigint::gcd(a, b)),
        "truediv" => outcome(bigint::true_div(a, b), show_double),
        "cmp" => (a.cmp(&b) as i32).to_string(),
        "shl" => hex(&bigint::shl(a, b.to_u64().unwrap()).unwrap()),
        "shr" => hex(&bigint::shr(a, b.to_u64().unwrap())),
        "pow" => hex(&bigint::pow(a, b.to_u64().unwrap()).unwrap()),
        "powmod" => outcome(bigint::mod_pow(a, b, int(f[3]).view()), |v| hex(&v)),
        other => panic!("no case for {other}"),
    }
}

fn parse(f: &[&str]) -> String {
    let (text, base) = (unescape(f[1]), f[2].parse().unwrap());
    match bigint::parse(&text, base, 4300) {
        bigint::IntParse::Ok(v) => hex(&v),
        bigint::IntParse::TooManyDigits(n) => show_error(&bigint::too_many_digits(4300, n)),
        bigint::IntParse::Invalid => {
            // The quotes and escapes of `repr` are the caller's.
            let shown = if text.is_ascii() { f[1].as_bytes() } else { &text };
            let quoted = [b"'", shown, b"'"].concat();
            show_error(&bigint::invalid_literal(base, &quoted))
        }
    }
}
