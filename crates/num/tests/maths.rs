//! The `math` and `random` parts against CPython's answers.

mod common;

use adder_num::bigint::to_base;
use adder_num::math;
use adder_num::random::MersenneTwister;
use common::*;

#[test]
fn math_as_cpython() {
    // Exact where nothing but arithmetic happens; gamma rests on the C library's exponential and power.
    let ulps = |name: &str| match name {
        "hypot" | "sumprod" | "fsum" | "fma" | "ldexp" | "modf" | "fmod" | "remainder" | "nextafter"
        | "steps" | "ulp" | "sqrt" | "degrees" | "radians" | "frexp" => 0,
        "gamma" | "lgamma" => 1,
        _ => 2,
    };
    run_close(include_str!("fixtures/maths.txt"), ulps, |f| {
        if matches!(f[0], "factorial" | "comb" | "perm" | "lcm" | "logi" | "log2i" | "log10i") {
            return integers(f);
        }
        let v: Vec<f64> = if f[0] == "ldexp" || f[0] == "steps" {
            f[1..f.len() - 1].iter().map(|s| double(s)).collect()
        } else {
            f[1..].iter().map(|s| double(s)).collect()
        };
        let x = v.first().copied().unwrap_or(0.0);
        let checked = match f[0] {
            "acos" => math::acos(x),
            "acosh" => math::acosh(x),
            "asin" => math::asin(x),
            "asinh" => Ok(math::asinh(x)),
            "atan" => Ok(math::atan(x)),
            "atanh" => math::atanh(x),
            "cbrt" => Ok(math::cbrt(x)),
            "cos" => math::cos(x),
            "cosh" => math::cosh(x),
            "degrees" => Ok(math::degrees(x)),
            "erf" => Ok(math::erf(x)),
            "erfc" => Ok(math::erfc(x)),
            "exp" => math::exp(x),
            "exp2" => math::exp2(x),
            "expm1" => math::expm1(x),
            "gamma" => math::gamma(x),
            "lgamma" => math::lgamma(x),
            "log" => math::log(x),
            "log10" => math::log10(x),
            "log1p" => math::log1p(x),
            "log2" => math::log2(x),
            "radians" => Ok(math::radians(x)),
            "sin" => math::sin(x),
            "sinh" => math::sinh(x),
            "sqrt" => math::sqrt(x),
            "tan" => math::tan(x),
            "tanh" => Ok(math::tanh(x)),
            "ulp" => Ok(math::ulp(x)),
            "pow" => math::pow(x, v[1]),
            "fmod" => math::fmod(x, v[1]),
            "remainder" => math::remainder(x, v[1]),
            "nextafter" => Ok(math::next_after(x, v[1])),
            "steps" => Ok(math::next_after_steps(x, v[1], int(f[3]).view().to_u64().unwrap())),
            "fma" => math::fma(x, v[1], v[2]),
            "ldexp" => math::ldexp(x, int(f[2]).view()),
            "hypot" => Ok(math::hypot(&v)),
            "sumprod" => {
                let (p, q) = v.split_at(v.len() / 2);
                let mut sum = math::SumProduct::new();
                if p.iter().zip(q).any(|(x, y)| !sum.add(*x, *y)) {
                    // The caller goes on with ordinary arithmetic.
                    return show_double(p.iter().zip(q).fold(0.0, |s, (x, y)| s + x * y));
                }
                Ok(sum.value())
            }
            "fsum" => {
                let mut sum = math::Fsum::new();
                v.iter().try_for_each(|x| sum.add(*x)).and_then(|()| sum.finish())
            }
            "frexp" => {
                let (m, e) = math::frexp(x);
                return format!("{} {e}", show_double(m));
            }
            "modf" => {
                let (fraction, whole) = math::modf(x);
                return format!("{} {}", show_double(fraction), show_double(whole));
            }
            other => panic!("no case for {other}"),
        };
        outcome(checked, show_double)
    });
}

fn integers(f: &[&str]) -> String {
    let a = int(f[1]);
    let a = a.view();
    let b = || int(f[2]);
    match f[0] {
        "factorial" => outcome(math::factorial(a), |v| hex(&v)),
        "comb" => outcome(math::comb(a, b().view()), |v| hex(&v)),
        "perm" => outcome(math::perm(a, Some(b().view())), |v| hex(&v)),
        "lcm" => hex(&math::lcm(a, b().view())),
        "logi" => outcome(math::log_int(a), show_double),
        "log2i" => outcome(math::log2_int(a), show_double),
        _ => outcome(math::log10_int(a), show_double),
    }
}

#[test]
fn random_as_cpython() {
    // The rows of a seed go on where the one before stopped.
    let twister = std::cell::RefCell::new(MersenneTwister::from_key(&[0]));
    run(include_str!("fixtures/randoms.txt"), |f| {
        let mut r = twister.borrow_mut();
        match f[0] {
            "random" => {
                *r = MersenneTwister::from_int(int(f[1]).view());
                for expected in &f[2..] {
                    assert_eq!(show_double(r.random()), *expected);
                }
                String::new()
            }
            "bits" => {
                let sizes = [0, 1, 5, 31, 32, 33, 63, 64, 65, 128, 1000];
                sizes.map(|k| to_base(r.bits(k).view(), 16)).join(" ")
            }
            "bytes" => {
                let mut out = [0; 11];
                r.fill_bytes(&mut out);
                out.iter().map(|b| format!("{b:02x}")).collect()
            }
            "later" => {
                for _ in 0..2000 {
                    r.next_u32();
                }
                format!("{:x}", r.bits_u64(64))
            }
            "state" => {
                let (state, index) = r.state();
                let mut copy = MersenneTwister::from_state(*state, index).unwrap();
                assert_eq!(copy.next_u32(), r.clone().next_u32());
                format!("{index} {} {}", state[0], state[623])
            }
            other => panic!("no case for {other}"),
        }
    });
}
