//! Checks lines of `tools/fixture.py` from standard input: the other half of `tools/fuzz.py`.

#[path = "../tests/common/mod.rs"]
mod common;

fn main() {
    let report = common::check(std::io::stdin().lock());
    for wrong in &report.wrong {
        println!("{wrong}");
    }
    println!("{} checked, {} wrong", report.checked, report.wrong.len());
    std::process::exit(!report.wrong.is_empty() as i32);
}
