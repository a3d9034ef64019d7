//! Machine code does what the recorded trace does: random traces, optimised, compiled, run from several beginnings.
//! `SEEDS=n` and `FROM=n` choose others.

use adder_metatrace::random::compare_many;

#[test]
fn machine_code_does_what_the_trace_says() {
    let Some(cranelift) = adder_backend_cranelift::cranelift() else { return };
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse().ok());
    let (n, from) = (number("SEEDS").unwrap_or(300), number("FROM").unwrap_or(0));
    let (compared, left) = compare_many(cranelift, from..from + n);
    println!("{compared} runs compared, {left} of them left at a guard");
    assert!(compared as u64 > 2 * n);
}
