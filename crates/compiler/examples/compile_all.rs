//! Compiles every file given (directories are searched), verifies the code, reports failures and speed:
//! `cargo run --profile quick -p adder-compiler --example compile_all -- DIR...`

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

fn collect(p: &Path, out: &mut Vec<PathBuf>) {
    if p.is_dir() {
        let mut entries: Vec<_> =
            std::fs::read_dir(p).into_iter().flatten().flatten().map(|e| e.path()).collect();
        entries.sort();
        for e in entries {
            collect(&e, out);
        }
    } else if p.extension().is_some_and(|e| e == "py") {
        out.push(p.to_path_buf());
    }
}

fn main() {
    let mut files = Vec::new();
    let mut verify = true;
    for a in std::env::args().skip(1) {
        if a == "--no-verify" {
            verify = false;
        } else {
            collect(Path::new(&a), &mut files);
        }
    }
    let (mut lines, mut bytes, mut ins, mut ok, mut failed) = (0, 0, 0usize, 0, 0);
    let mut spent = Duration::ZERO;
    for f in &files {
        let Ok(source) = std::fs::read_to_string(f) else {
            continue;
        };
        let opts = adder_compiler::Options::new(f.display().to_string(), adder_compiler::Mode::Exec);
        let start = Instant::now();
        let out = adder_compiler::compile(&source, &opts);
        spent += start.elapsed();
        lines += source.lines().count();
        bytes += source.len();
        match out {
            Ok(code) => {
                ins += count(&code);
                if verify && let Err(e) = adder_bytecode::verify(&code) {
                    println!("{}: VERIFY {e}", f.display());
                    failed += 1;
                } else {
                    ok += 1;
                }
            }
            Err(e) => {
                println!("{}: {e}", f.display());
                failed += 1;
            }
        }
    }
    println!("{ok} ok, {failed} failed; {lines} lines, {bytes} bytes, {ins} instructions in {spent:?}");
    println!("{:.0} lines/s", lines as f64 / spent.as_secs_f64());
}

fn count(c: &adder_bytecode::CodeData) -> usize {
    let inner: usize = c
        .consts
        .iter()
        .map(|k| match k {
            adder_bytecode::Const::Code(c) => count(c),
            _ => 0,
        })
        .sum();
    c.code.len() + inner
}
