//! Tests of the passes on textual IR: what a pass makes of a trace, and what the verifier and the parser say of wrong ones.
//!
//!     cargo test -p adder-metatrace --test ir
//!     BLESS=1 cargo test -p adder-metatrace --test ir      (writes what comes out as the expectation)
//!
//! `tests/ir/NAME.ir` holds cases:
//!
//! ```text
//! == WHAT: what it shows
//! the trace
//! --
//! what becomes of it
//! ```
//! WHAT is the name of a pass or several joined by `+` (in that order; `dce` last), `all` (a straight line through all
//! passes), `loop` (a recorded loop through all passes, with its preamble), `text` (reading and printing), `verify`.
//! Descriptors below 100 are objects' for good, 2 is that of boxed floats, constant objects have 1000.

use adder_metatrace::ir::Trace;
use adder_metatrace::opt::{Objects, Opt, dce, peel};
use adder_metatrace::{text, verify};
use std::path::Path;

struct Descriptors;
impl Objects for Descriptors {
    fn fixed(&self, desc: u32) -> bool {
        desc < 100
    }
    fn is_float(&self, desc: u32) -> bool {
        desc == 2
    }
    fn desc_of(&self, _: u64) -> u32 {
        1000
    }
}

fn optimised(what: &str, t: &Trace) -> Result<Trace, String> {
    match what {
        "loop" => return Ok(peel::optimize(t, &Descriptors, true)?),
        "all" => return Ok(peel::optimize(t, &Descriptors, false)?),
        "dce" => {
            let mut t = t.clone();
            dce::run(&mut t);
            return Ok(t);
        }
        _ => {}
    }
    let mut names: Vec<&str> = what.split('+').collect();
    let clean = names.last() == Some(&"dce");
    if clean {
        names.pop();
    }
    let mut o = Opt::new(t, &Descriptors).only(&names).ok_or_else(|| format!("no pass {what}"))?;
    o.run()?;
    let mut t = std::mem::take(&mut o.out);
    if clean {
        dce::run(&mut t);
    }
    Ok(t)
}

/// What comes out, errors included.
fn outcome(what: &str, input: &str) -> String {
    let t = match text::parse(input) {
        Ok(t) => t,
        Err(e) => return format!("error: {e}\n"),
    };
    if what == "text" {
        let s = text::print(&t);
        let again = text::parse(&s).expect("what is printed can be read");
        assert_eq!(text::print(&again), s, "printing and reading differ");
        return s;
    }
    let checked = verify::verify(&t);
    if what == "verify" || checked.is_err() {
        return checked.map_or_else(|e| format!("error: {e}\n"), |()| "correct\n".into());
    }
    match optimised(what, &t) {
        Err(e) => format!("error: {e}\n"),
        Ok(o) => {
            if let Err(e) = verify::verify(&o) {
                return format!("{}wrong: {e}\n", text::print(&o));
            }
            text::print(&o)
        }
    }
}

fn file(path: &Path, bless: bool) -> Vec<String> {
    let all = std::fs::read_to_string(path).expect("a readable file");
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let mut parts = all.split("\n== ");
    let mut out = parts.next().unwrap_or("").to_string();
    let mut wrong = Vec::new();
    for case in parts {
        let (head, rest) = case.split_once('\n').expect("a case");
        let (what, _) = head.split_once(':').unwrap_or_else(|| panic!("{name}: == WHAT: text, not {head:?}"));
        let (input, want) = rest.split_once("--\n").unwrap_or((rest, ""));
        let got = outcome(what.trim(), input);
        if got.trim_end() != want.trim_end() {
            wrong.push(format!("{name}: {head}\n  wanted:\n{}\n  got:\n{got}", want.trim_end()));
        }
        out.push_str(&format!("\n== {head}\n{}\n--\n{got}", input.trim_end()));
    }
    if bless && !wrong.is_empty() {
        std::fs::write(path, out).expect("a file that can be written");
        return Vec::new();
    }
    wrong
}

#[test]
fn passes_on_textual_ir() {
    let bless = std::env::var_os("BLESS").is_some();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ir");
    let mut files: Vec<_> =
        std::fs::read_dir(&folder).expect("tests/ir").map(|e| e.expect("an entry").path()).collect();
    files.sort();
    assert!(files.len() > 8);
    let wrong: Vec<String> = files.iter().flat_map(|f| file(f, bless)).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
