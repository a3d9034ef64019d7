//! Deep nesting ends in an error, never in an overflow of the native stack.

use adder_compiler::{ErrorKind, Mode, Options, compile};

fn outcome(source: &str) -> Result<(), ErrorKind> {
    compile(source, &Options::new("f.py", Mode::Exec)).map(|_| ()).map_err(|e| e.kind)
}

/// On a thread with the stack that threads usually have.
fn check(source: impl Fn() -> String + Send + 'static, expect: &'static [ErrorKind]) {
    let run = move || {
        let got = outcome(&source()).expect_err("too deep");
        assert!(expect.contains(&got), "{got:?}");
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(run).expect("thread").join().expect("no overflow");
}

use ErrorKind::{IndentationError, MemoryError, RecursionError, SyntaxError};

#[test]
fn chains() {
    for (prefix, repeated) in [("a", "()"), ("a", ".b"), ("a", "[0]"), ("a", "*a"), ("a", "+a"), ("a", "(b)")]
    {
        assert_eq!(outcome(&format!("{prefix}{}", repeated.repeat(100))), Ok(()));
        check(move || format!("{prefix}{}", repeated.repeat(100_000)), &[RecursionError]);
    }
}

#[test]
fn prefixes() {
    for p in ["-", "not ", "lambda: ", "await "] {
        check(move || format!("{}x", p.repeat(100_000)), &[RecursionError, MemoryError, SyntaxError]);
    }
    check(|| format!("x{}", "**x".repeat(100_000)), &[RecursionError, MemoryError]);
    check(|| format!("x{}", " if x else x".repeat(100_000)), &[RecursionError, MemoryError]);
}

#[test]
fn brackets() {
    for (open, close) in [("(", ")"), ("[", "]"), ("{", "}"), ("f(", ")")] {
        let of = |n: usize| format!("{}{}", open.repeat(n), close.repeat(n));
        assert_eq!(outcome(&of(100)), Ok(()), "{open}");
        check(move || format!("{}{}", open.repeat(100_000), close.repeat(100_000)), &[SyntaxError]);
        check(move || open.repeat(100_000), &[SyntaxError]);
    }
}

#[test]
fn blocks() {
    let nested = |n: usize| {
        (0..n).map(|i| format!("{}if x:\n", " ".repeat(i))).collect::<String>() + &" ".repeat(n) + "pass"
    };
    assert_eq!(outcome(&nested(99)), Ok(()));
    assert_eq!(outcome(&nested(100)), Err(IndentationError));
    check(move || nested(3_000), &[IndentationError]);
    let chain = |n: usize| "if x: pass\n".to_string() + &"elif x: pass\n".repeat(n);
    assert_eq!(outcome(&chain(1_000)), Ok(()));
    check(move || chain(60_000), &[RecursionError]);
}

#[test]
fn patterns_and_strings() {
    let pattern = |n: usize| format!("match x:\n case {}y{}: pass", "[".repeat(n), "]".repeat(n));
    assert_eq!(outcome(&pattern(50)), Ok(()));
    check(move || pattern(50_000), &[SyntaxError]);
    check(|| format!("match x:\n case {}y: pass", "a|".repeat(0) + &"(".repeat(50_000)), &[SyntaxError]);
}
