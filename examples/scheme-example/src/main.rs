//! `scheme-example [--jit=on|off|threshold=N] [--reference] FILE`, `scheme-example --bench`.

use scheme_example::{Jit, THRESHOLD, run};
use std::process::ExitCode;
use std::time::Instant;

/// Programs to measure, each with what it prints.
const BENCH: &[(&str, &str)] = &[
    (
        "integer loop",
        "(define (f n) (do ((i 0 (+ i 1)) (s 0 (+ s (remainder (* i 3) 7)))) ((= i n) s))) (display (f 20000000))",
    ),
    (
        "float loop",
        "(define (f n) (do ((i 0 (+ i 1)) (x 0.0 (+ (* x 0.5) (/ i 3.0)))) ((= i n) x))) (display (f 20000000))",
    ),
    (
        "tail calls",
        "(define (count n) (let loop ((i 0) (s 0)) (if (< i n) (loop (+ i 1) (+ s i)) s))) (display (count 20000000))",
    ),
    (
        "closures",
        "(define (adder k) (lambda (x) (+ x k))) (define (f n) (do ((i 0 (+ i 1)) (s 0 ((adder i) s))) ((= i n) s))) (display (f 5000000))",
    ),
    (
        "vectors",
        "(define (sieve n) (let ((v (make-vector n #t))) (do ((i 2 (+ i 1))) ((> (* i i) n)) (if (vector-ref v i) (do ((j (* i i) (+ j i))) ((>= j n)) (vector-set! v j #f)))) (do ((i 2 (+ i 1)) (c 0 (if (vector-ref v i) (+ c 1) c))) ((= i n) c)))) (define (rep k) (do ((i 0 (+ i 1)) (r 0 (+ r (sieve 100000)))) ((= i k) r))) (display (rep 20))",
    ),
    ("fib", "(define (fib n) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2))))) (display (fib 30))"),
];

fn bench() {
    println!("{:<14}{:>14}{:>10}{:>8}  result", "", "interpreter", "JIT", "times");
    for (name, program) in BENCH {
        let time = |jit: Jit| {
            let start = Instant::now();
            let (out, e) = run(program, jit);
            (start.elapsed().as_secs_f64(), e.map_or(out, |e| format!("error: {e}")))
        };
        let (plain, a) = time(Jit::Off);
        let (jit, b) = time(Jit::On { threshold: THRESHOLD, reference: false });
        let result = if a == b { a } else { format!("{a} but {b}") };
        println!("{name:<14}{:>11.1} ms{:>7.1} ms{:>7.1}x  {result}", plain * 1e3, jit * 1e3, plain / jit);
    }
}

fn main() -> ExitCode {
    if let Ok(s) = std::env::var("ADDER_LOG") {
        adder_metatrace::log::set(&s);
    }
    let (mut on, mut threshold, mut reference, mut file) = (true, THRESHOLD, false, None);
    for a in std::env::args().skip(1) {
        match a.as_str() {
            "--bench" => {
                bench();
                return ExitCode::SUCCESS;
            }
            "--jit=on" => on = true,
            "--jit=off" => on = false,
            "--reference" => reference = true,
            a => match a.strip_prefix("--jit=threshold=").map(str::parse) {
                Some(Ok(n)) => threshold = n,
                Some(Err(_)) => {
                    eprintln!("{a}: threshold=N");
                    return ExitCode::FAILURE;
                }
                None => file = Some(a.to_string()),
            },
        }
    }
    let Some(file) = file else {
        eprintln!("scheme-example [--jit=on|off|threshold=N] [--reference] FILE, or --bench");
        return ExitCode::FAILURE;
    };
    let source = match std::fs::read_to_string(&file) {
        Ok(s) => s,
        Err(e) => {
            eprintln!("{file}: {e}");
            return ExitCode::FAILURE;
        }
    };
    let jit = if on { Jit::On { threshold, reference } } else { Jit::Off };
    let (out, error) = run(&source, jit);
    print!("{out}");
    if adder_metatrace::log::on() {
        eprint!("{}", adder_metatrace::counters::report());
    }
    match error {
        Some(e) => {
            eprintln!("error: {e}");
            ExitCode::FAILURE
        }
        None => ExitCode::SUCCESS,
    }
}
