//! Every program of `tests/programs` prints what stands in its `.out`, whichever way it is run. What a program ends with, if
//! it is an error, is the last line.

use scheme_example::{Jit, run};
use std::path::Path;

const MODES: &[(&str, Jit)] = &[
    ("off", Jit::Off),
    ("on", Jit::On { threshold: scheme_example::THRESHOLD, reference: false }),
    ("threshold 20", Jit::On { threshold: 20, reference: false }),
    ("threshold 2", Jit::On { threshold: 2, reference: false }),
    ("reference executor, threshold 20", Jit::On { threshold: 20, reference: true }),
    ("reference executor, threshold 2", Jit::On { threshold: 2, reference: true }),
];

#[test]
fn programs_print_what_they_should() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs");
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).expect("tests/programs") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|e| e != "scm") {
            continue;
        }
        count += 1;
        let source = std::fs::read_to_string(&path).expect("a program");
        let want = std::fs::read_to_string(path.with_extension("out")).unwrap_or_default();
        for (name, jit) in MODES {
            let (mut got, error) = run(&source, *jit);
            if let Some(e) = error {
                got.push_str(&format!("error: {e}\n"));
            }
            if got != want {
                wrong.push(format!("{}, {name}:\n{got}", path.display()));
            }
        }
    }
    assert!(count >= 5);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn errors_say_what_is_wrong() {
    for (program, want) in [
        ("(car 5)", "not a pair: 5"),
        ("(+ 1 'a)", "not a number: a"),
        ("(f)", "unbound variable: f"),
        ("(set! q 1)", "unbound variable: q"),
        ("((lambda (x) x))", "takes 1 arguments, not 0"),
        ("(5 5)", "not a procedure: 5"),
        ("(vector-ref (vector 1 2) 2)", "no index of the vector: 2"),
        ("(quotient 1 0)", "division by zero"),
        ("(error \"bad thing:\" 'x 5)", "bad thing: x 5"),
        ("(define (f n) (+ 1 (f n))) (f 1)", "the recursion is too deep"),
        ("(letrec ((a b) (b 1)) a)", "a variable is used before it has a value"),
        ("(if", "the text ends within a list"),
        (")", "a ) too many"),
    ] {
        for threshold in [2, 1000] {
            let e = run(program, Jit::On { threshold, reference: false }).1.unwrap_or_default();
            assert!(e.contains(want), "{program}: {e}");
        }
    }
}
