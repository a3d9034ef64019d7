//! Times the integer kernels by size: compare with `examples/measure.py` under CPython.
//! `cargo run --profile quick -p adder-num --example measure`

use adder_num::bigint::{self, Int};
use std::hint::black_box;
use std::time::Instant;

/// Nanoseconds a call, best of three runs.
fn time<R>(mut f: impl FnMut() -> R) -> f64 {
    let mut n = 1u64;
    loop {
        let mut best = f64::INFINITY;
        for _ in 0..3 {
            let start = Instant::now();
            for _ in 0..n {
                black_box(f());
            }
            best = best.min(start.elapsed().as_secs_f64());
            if best > 0.5 {
                break;
            }
        }
        if best > 0.02 || n >= 1 << 22 {
            return best / n as f64 * 1e9;
        }
        n *= 4;
    }
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

fn main() {
    let sizes: Vec<usize> = std::env::args().skip(1).map(|a| a.parse().expect("a number of limbs")).collect();
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
