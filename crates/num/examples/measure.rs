//! Times the integer kernels by size: compare with `examples/measure.py` under CPython.
//! An argument of 0 times other kernels.
//! `cargo run --profile quick -p adder-num --example measure`

use adder_num::bigint::{self, BigInt, Int, SmallInt};
use adder_num::float;
use adder_num::format::{self, Locale};
use adder_num::random::MersenneTwister;
use std::hint::black_box;
use std::time::Instant;

/// Nanoseconds a call: the best of many short runs, since other programs disturb long ones.
fn time<R>(mut f: impl FnMut() -> R) -> f64 {
    let mut run = |n: u64| {
        let start = Instant::now();
        for _ in 0..n {
            black_box(f());
        }
        start.elapsed().as_secs_f64()
    };
    let mut n = 1;
    let mut best = run(n);
    while best < 1e-3 {
        n *= 2;
        best = run(n);
    }
    let rounds = ((0.1 / best) as usize).clamp(1, 40);
    for _ in 0..rounds {
        best = best.min(run(n));
    }
    best / n as f64 * 1e9
}

fn limbs(n: usize, mut s: u64) -> Vec<u64> {
    let mut v: Vec<u64> = (0..n)
        .map(|_| {
            s ^= s << 13;
            s ^= s >> 7;
            s ^= s << 17;
            s
        })
        .collect();
    v[n - 1] |= 1 << 63;
    v
}

/// The digits of pi by Gosper's spigot: numbers grow to hundreds of limbs, most operands are words.
fn pi_digits(n: usize) -> u64 {
    let word = |v: i64| SmallInt::from(v);
    let mul = |a: &BigInt, b: i64| bigint::mul(a.view(), word(b).view());
    let add = |a: &BigInt, b: &BigInt| bigint::add(a.view(), b.view());
    let digit = |k: i64, q: &BigInt, r: &BigInt, t: &BigInt| {
        let numerator = add(&mul(q, k), r);
        bigint::floor_div(numerator.view(), t.view()).unwrap().to_i64().unwrap()
    };
    let (mut q, mut r, mut t) = (BigInt::from(1i64), BigInt::from(0i64), BigInt::from(1i64));
    let (mut i, mut k, mut checksum) = (0, 0i64, 0u64);
    while i < n {
        k += 1;
        let k2 = 2 * k + 1;
        r = mul(&add(&mul(&q, 2), &r), k2);
        t = mul(&t, k2);
        q = mul(&q, k);
        if q.view() > r.view() {
            continue;
        }
        let d = digit(3, &q, &r, &t);
        if d != digit(4, &q, &r, &t) {
            continue;
        }
        checksum = checksum.wrapping_mul(31).wrapping_add(d as u64);
        i += 1;
        r = mul(&bigint::sub(r.view(), mul(&t, d).view()), 10);
        q = mul(&q, 10);
    }
    checksum
}

fn others() {
    let (a, e, m) = (limbs(32, 5), limbs(32, 6), {
        let mut m = limbs(32, 7);
        m[0] |= 1;
        m
    });
    let view = |mag| Int { neg: false, mag };
    let small = |v: u64| SmallInt::from(v);
    let (b61, e61, m61) =
        (small(0x1234_5678_9abc_def1), small(0x1fff_ffff_ffff_fff1), small(0x1fff_ffff_ffff_ffff));
    let (g1, g2) = (limbs(20, 8), limbs(20, 9));
    let mut out = Vec::new();
    let mut twister = MersenneTwister::from_key(&[1]);
    let mut text = |f: &mut dyn FnMut(&mut Vec<u8>)| {
        time(|| {
            out.clear();
            f(&mut out);
        })
    };
    for (name, t) in [
        ("repr", text(&mut |out| float::write_repr(out, black_box(1.618033988749895)))),
        ("repr 1e300", text(&mut |out| float::write_repr(out, black_box(1.2345e300)))),
        ("repr 0.5", text(&mut |out| float::write_repr(out, black_box(0.5)))),
        (
            ".2f",
            text(&mut |out| {
                format::format_float(out, black_box(1234.5678), b".2f", b"float", &Locale::C).unwrap()
            }),
        ),
        (
            ",d",
            text(&mut |out| {
                format::format_int(out, black_box(view(&[123456789])), b",d", b"int", &Locale::C, 4300)
                    .unwrap()
            }),
        ),
        (
            "5d",
            text(&mut |out| {
                format::format_int(out, black_box(view(&[12345])), b"5d", b"int", &Locale::C, 4300).unwrap()
            }),
        ),
        ("float()", time(|| float::parse(black_box(b"1.618033988749895")))),
        ("int()", time(|| bigint::parse(black_box(b"12345"), 10, 4300))),
        ("round 2", time(|| float::round_digits(black_box(2.675), 2))),
        ("pow 61 bit", time(|| bigint::mod_pow(b61.view(), e61.view(), m61.view()))),
        ("pow 2048 bit", time(|| bigint::mod_pow(view(&a), view(&e), view(&m)))),
        ("3**1000", time(|| bigint::pow(small(3).view(), 1000))),
        ("gcd 20", time(|| bigint::gcd(view(&g1), view(&g2)))),
        ("isqrt 32", time(|| bigint::isqrt(view(&a)))),
        ("a/b", time(|| bigint::true_div(view(&g1), view(&a)))),
        ("1000!", time(|| adder_num::math::factorial(small(1000).view()))),
        ("random", time(|| twister.random())),
        ("pi 1000", time(|| pi_digits(black_box(1000)))),
    ] {
        println!("{name:14} {t:.0}");
    }
}

fn main() {
    let sizes: Vec<usize> = std::env::args().skip(1).map(|a| a.parse().expect("a number of limbs")).collect();
    if sizes == [0] {
        return others();
    }
    let sizes = if sizes.is_empty() { vec![1, 2, 10, 60, 1000, 10000, 100000] } else { sizes };
    for n in sizes {
        let (x, y) = (limbs(n, 12345), limbs(n, 999));
        let (a, b) = (Int { neg: false, mag: &x }, Int { neg: false, mag: &y });
        let product = bigint::mul(a, b);
        let c = product.view();
        let word = Int { neg: false, mag: &[12345] };
        let text = bigint::to_decimal(a);
        print!("{n:6} limbs:");
        for (name, t) in [
            ("mul", time(|| bigint::mul(black_box(a), b))),
            ("sqr", time(|| bigint::mul(black_box(a), a))),
            ("add", time(|| bigint::add(black_box(a), b))),
            ("div", time(|| bigint::floor_div(black_box(c), b))),
            ("div1", time(|| bigint::floor_div(black_box(a), word))),
            ("mul1", time(|| bigint::mul(black_box(a), word))),
            ("str", time(|| bigint::to_decimal(black_box(a)))),
            ("parse", time(|| bigint::parse(black_box(text.as_bytes()), 10, 0))),
        ] {
            print!("  {name} {t:.0}");
        }
        println!();
    }
}
