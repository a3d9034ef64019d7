//! Machine code does what the recorded trace does: random traces, optimised, compiled, run from several beginnings.
//! `SEEDS=n` and `FROM=n` choose others.

#![cfg(all(unix, any(target_arch = "x86_64", target_arch = "aarch64")))]

use adder_metatrace::random::compare_many;

#[test]
fn machine_code_does_what_the_trace_says() {
    let Some(native) = adder_backend_native::native() else { return };
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse().ok());
    let (n, from) = (number("SEEDS").unwrap_or(3000), number("FROM").unwrap_or(0));
    let (compared, left) = compare_many(native, from..from + n);
    println!("{compared} runs compared, {left} of them left at a guard");
    assert!(compared as u64 > 2 * n);
}
