//! What the tests of the whole share: the workspace's description, the program under test, CPython.
//!
//! Nothing of Adder uses this crate.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The folder that holds `crates/`.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("two folders up")
}

fn cargo() -> Command {
    let mut c = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    c.current_dir(root());
    c
}

pub type Packages = Vec<Value>; // gc-safe: JSON

/// The members of the workspace, as `cargo metadata` describes them.
pub fn packages() -> Packages {
    let out =
        cargo().args(["metadata", "--no-deps", "--format-version", "1"]).output().expect("cargo metadata");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let mut all: Value = serde_json::from_slice(&out.stdout).expect("JSON");
    match all["packages"].take() {
        Value::Array(packages) => packages,
        _ => panic!("cargo metadata names no packages"),
    }
}

/// The `adder` program: `$ADDER`, or the one that `cargo build` makes now, in the profile of this test (so it
/// is never an old one). `Err`: why there is none.
pub fn adder() -> Result<PathBuf, String> {
    if let Some(path) = std::env::var_os("ADDER") {
        return Ok(root().join(path));
    }
    let has_program = |p: &Value| {
        array(&p["targets"]).iter().any(|t| t["name"] == "adder" && array(&t["kind"]).contains(&"bin".into()))
    };
    let packages = packages();
    let package = packages.iter().find(|p| has_program(p)).ok_or("no crate makes a program `adder`")?;
    let mut build = cargo();
    build.args(["build", "--message-format", "json", "--bin", "adder", "-p"]).arg(string(&package["name"]));
    // With all code generators.
    build.args(["--features", "cranelift"]);
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    let out = build.stderr(Stdio::inherit()).output().expect("cargo build");
    assert!(out.status.success(), "cargo build failed");
    let lines = String::from_utf8_lossy(&out.stdout);
    let made = lines.lines().filter_map(|l| serde_json::from_str::<Value>(l).ok());
    let path = made.filter_map(|m| m["executable"].as_str().map(PathBuf::from)).next_back();
    path.ok_or("cargo build made no program".into())
}

/// CPython 3.14: `$PY314`, or `py314` (tools/oracles), or `python3.14`.
pub fn cpython() -> Result<String, String> {
    let given = std::env::var("PY314").ok();
    let names: Vec<&str> = given.iter().map(String::as_str).chain(["py314", "python3.14"]).collect();
    let check =
        "import sys; sys.exit(sys.implementation.name != 'cpython' or sys.version_info[:2] != (3, 14))";
    let works = |name: &&&str| {
        let status = Command::new(name).args(["-c", check]).stderr(Stdio::null()).status();
        status.is_ok_and(|s| s.success())
    };
    names
        .iter()
        .find(works)
        .map(|n| n.to_string())
        .ok_or("CPython 3.14 is not installed (tools/oracles)".into())
}

/// What a program did.
pub struct Ran {
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    /// `None`: it ran past the limit and was stopped.
    pub status: Option<ExitStatus>,
}

/// Runs a command to its end, or to the limit.
pub fn run(command: &mut Command, limit: Duration) -> std::io::Result<Ran> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let out = std::thread::spawn(move || read(out));
    let err = std::thread::spawn(move || read(err));
    let start = Instant::now();
    let mut nap = Duration::from_millis(1);
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break Some(status);
        }
        if start.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            break None;
        }
        std::thread::sleep(nap);
        nap = (nap * 2).min(Duration::from_millis(20));
    };
    Ok(Ran { stdout: out.join().expect("reader"), stderr: err.join().expect("reader"), status })
}

fn read(pipe: Option<impl std::io::Read>) -> Vec<u8> {
    let mut all = Vec::new();
    if let Some(mut pipe) = pipe {
        // A failed read ends the text; the comparison shows it.
        let _ = pipe.read_to_end(&mut all);
    }
    all
}

pub fn array(v: &Value) -> &[Value] {
    v.as_array().map_or(&[], Vec::as_slice)
}

pub fn string(v: &Value) -> &str {
    v.as_str().expect("a string")
}
