//! Runs every program of `tests/programs`, and those of `bench/programs` at their small sizes, under Adder in each mode, and under CPython to keep the
//! expectations honest.
//!
//!     cargo test -p adder-testing --test programs [-- NAME…]
//!
//! `NAME.py` must end with status 0 and print what stands in `NAME.out`; without that file its own assertions
//! judge. `ADDER=path` tests another program, `ADDER_MODES=plain,gc-stress` only these modes.
//!
//! `tests/programs/not-yet.txt` lists what Adder does not pass yet (`MODE NAME` a line): such a failure is printed but
//! does not fail the run; a listed program that passes is named, to be taken off the list.

use adder_testing::{Ran, adder, cpython, root, run};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A way to run every program.
struct Mode {
    name: &'static str,
    args: &'static [&'static str],
}

/// All modes. With a threshold of 2 nearly every loop is compiled.
const MODES: &[Mode] = &[
    Mode { name: "plain", args: &[] },
    Mode { name: "jit", args: &["-X", "jit=threshold=2"] },
    // Traces are run by the reference executor, which checks what machine code takes for granted.
    Mode { name: "jit-reference", args: &["-X", "jit=threshold=2", "-X", "jit-backend=reference"] },
    // A second code generator, if the program has it.
    Mode { name: "jit-cranelift", args: &["-X", "jit=threshold=2", "-X", "jit-backend=cranelift"] },
    Mode { name: "jit-off", args: &["-X", "jit=off"] },
    Mode { name: "gc-stress", args: &["-X", "gc=stress", "-X", "jit=off"] },
    Mode { name: "gc-stress-jit", args: &["-X", "gc=stress", "-X", "jit=threshold=50"] },
];

const LIMIT: Duration = Duration::from_secs(120);

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let programs = programs(&wanted);
    let mut failures = 0;
    let not_yet = std::fs::read_to_string(root().join("tests/programs/not-yet.txt")).unwrap_or_default();
    let not_yet: Vec<&str> = not_yet.lines().filter(|l| !l.is_empty() && !l.starts_with('#')).collect();
    match cpython() {
        Ok(python) => failures += run_all("CPython 3.14", Path::new(&python), &[], &programs, &|_| false),
        Err(why) => println!("SKIPPED programs under CPython 3.14: {why}"),
    }
    let chosen = std::env::var("ADDER_MODES").ok();
    match adder() {
        Ok(adder) => {
            for mode in MODES {
                if chosen.as_ref().is_none_or(|c| c.split(',').any(|m| m == mode.name)) {
                    if let Some(why) = unable(&adder, mode) {
                        println!("SKIPPED programs under adder {}: {why}", mode.name);
                        continue;
                    }
                    let known = |name: &str| not_yet.contains(&format!("{} {name}", mode.name).as_str());
                    failures +=
                        run_all(&format!("adder {}", mode.name), &adder, mode.args, &programs, &known);
                }
            }
        }
        Err(why) => println!("SKIPPED programs under adder: {why}"),
    }
    if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Why the program cannot run in that mode, if it was built so.
fn unable(adder: &Path, mode: &Mode) -> Option<String> {
    let out = Command::new(adder).args(mode.args).args(["-c", "pass"]).output().expect("the program");
    let said = String::from_utf8_lossy(&out.stderr);
    said.lines().find(|l| l.contains("was built without")).map(str::to_string)
}

fn programs(wanted: &[String]) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = ["tests/programs", "bench/programs"]
        .iter()
        .flat_map(|folder| std::fs::read_dir(root().join(folder)).expect("a folder of programs"))
        .map(|e| e.expect("entry").path())
        .filter(|p| p.extension().is_some_and(|e| e == "py"))
        .filter(|p| wanted.is_empty() || wanted.iter().any(|w| p.to_string_lossy().contains(w.as_str())))
        .collect();
    found.sort();
    found
}

/// The number of programs that failed but for the `known` ones.
fn run_all(
    title: &str,
    program: &Path,
    args: &[&str],
    programs: &[PathBuf],
    known: &(dyn Fn(&str) -> bool + Sync),
) -> usize {
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Vec::new());
    let expected = Mutex::new(Vec::new());
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(path) = programs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let name = path.file_stem().unwrap_or_default().to_string_lossy();
                    match (check(program, args, path), known(&name)) {
                        (Err(why), false) => {
                            failed.lock().unwrap().push(format!("FAILED {title}: {name}: {why}"))
                        }
                        (Err(why), true) => {
                            expected.lock().unwrap().push(format!("not yet {title}: {name}: {why}"))
                        }
                        (Ok(()), true) => {
                            expected.lock().unwrap().push(format!("PASSES NOW {title}: {name}"))
                        }
                        (Ok(()), false) => {}
                    }
                }
            });
        }
    });
    let mut failed = failed.into_inner().unwrap();
    let mut expected = expected.into_inner().unwrap();
    failed.sort();
    expected.sort();
    for line in expected.iter().chain(&failed) {
        println!("{line}");
    }
    let missing = failed.len() + expected.iter().filter(|l| l.starts_with("not yet")).count();
    println!("{title}: {} of {} programs", programs.len() - missing, programs.len());
    failed.len()
}

fn check(program: &Path, args: &[&str], path: &Path) -> Result<(), String> {
    let mut command = Command::new(program);
    command
        .args(args)
        .arg(path)
        .current_dir(path.parent().expect("a folder"))
        .env("PYTHONDONTWRITEBYTECODE", "1");
    // Colours and the hash seed of the caller must not matter.
    command.env("NO_COLOR", "1").env_remove("FORCE_COLOR").env_remove("PYTHONHASHSEED");
    let ran = run(&mut command, LIMIT).map_err(|e| format!("cannot be run: {e}"))?;
    let expected = path.with_extension("out");
    if expected.exists() {
        let expected = std::fs::read(&expected).map_err(|e| e.to_string())?;
        compare(&String::from_utf8_lossy(&expected), &String::from_utf8_lossy(&ran.stdout))
            .map_err(|d| d + &end(&ran))?;
    }
    if ran.status.is_some_and(|s| s.success()) { Ok(()) } else { Err(end(&ran)) }
}

/// How it ended, with the last line of its errors.
fn end(ran: &Ran) -> String {
    let errors = String::from_utf8_lossy(&ran.stderr);
    let last = errors.trim_end().lines().next_back().unwrap_or("").to_string();
    match ran.status {
        None => format!(" (stopped after {LIMIT:?}; {last})"),
        Some(status) if status.success() => String::new(),
        Some(status) => format!(" ({status}; {last})"),
    }
}

fn compare(expected: &str, got: &str) -> Result<(), String> {
    let mut lines = expected.lines();
    for (i, line) in got.lines().enumerate() {
        match lines.next() {
            Some(want) if want == line => {}
            Some(want) => return Err(format!("line {}: expected {want:?}, got {line:?}", i + 1)),
            None => return Err(format!("line {}: more than expected: {line:?}", i + 1)),
        }
    }
    match lines.next() {
        None => Ok(()),
        Some(want) => Err(format!("ends before {want:?}")),
    }
}
