//! The engine against CPython's answers, written by `tools/gen_fixture.py`.

mod common;

#[test]
fn as_cpython() {
    let report = common::check(&include_bytes!("fixture.txt")[..]);
    assert!(report.wrong.is_empty(), "{}", report.wrong.join("\n"));
    assert!(report.checked > 50_000, "only {}", report.checked);
}
