//! The tree is the architecture: which crate may use which (ARCHITECTURE.md has the table with its reasons).

use adder_testing::{array, packages, string};

/// Crate (a trailing `*` stands for any ending) and what it may use of this workspace.
const MAY_USE: &[(&str, &[&str])] = &[
    // Knows nothing of Python.
    ("heap", &[]),
    ("metatrace", &[]),
    ("backend-*", &["metatrace"]),
    ("bytecode", &[]),
    // Language data and kernels, without objects.
    ("num", &[]),
    ("text", &[]),
    ("sre", &["text"]),
    ("pylib", &[]),
    ("host", &[]),
    ("compiler", &["bytecode", "num", "text"]),
    // Knows neither the parser nor a code generator.
    ("vm", &["heap", "metatrace", "bytecode", "host", "num", "text"]),
    // The module that gives Python the compiler's trees.
    ("mod-ast", &["vm", "compiler", "bytecode", "text"]),
    // It tells what the JIT does.
    ("mod-jit", &["vm", "metatrace", "host"]),
    ("mod-core", &["vm", "bytecode", "host", "num", "text", "sre"]),
    ("mod-*", &["vm", "host", "num", "text", "sre"]),
    (
        "adder",
        &[
            "heap",
            "metatrace",
            "backend-*",
            "bytecode",
            "num",
            "text",
            "sre",
            "pylib",
            "host",
            "compiler",
            "vm",
            "mod-*",
        ],
    ),
    ("cli", &["adder"]),
    // A second language on the JIT, in `examples/`.
    ("scheme-example", &["heap", "metatrace", "backend-*"]),
    ("testing", &[]),
];

/// Packages from outside that only some crates may use.
const ONLY_IN: &[(&str, &[&str])] = &[
    // One door to the operating system. `heap` maps its memory, `vm` asks for stack bounds and parks threads.
    ("libc", &["host", "heap", "vm", "backend-*"]),
    ("rustix", &["host"]),
    ("nix", &["host"]),
    // One user of the parser.
    ("ruff_python_parser", &["compiler"]),
    ("ruff_python_ast", &["compiler"]),
    ("cranelift-codegen", &["backend-cranelift"]),
    ("cranelift-frontend", &["backend-cranelift"]),
    ("cranelift-jit", &["backend-cranelift"]),
    ("cranelift-module", &["backend-cranelift"]),
    ("cranelift-native", &["backend-cranelift"]),
    ("dynasmrt", &["backend-native"]),
    ("dynasm", &["backend-native"]),
    ("libsqlite3-sys", &["mod-db"]),
    ("serde_json", &["testing"]),
    ("iced-x86", &["mod-jit"]),
    // Compression, in Rust or from C sources that build with nothing but a compiler.
    ("libz-rs-sys", &["mod-compress"]),
    ("libbz2-rs-sys", &["mod-compress"]),
    ("liblzma-sys", &["mod-compress"]),
    ("zstd-sys", &["mod-compress"]),
    ("crc32fast", &["mod-compress"]),
    // Hashes.
    ("digest", &["mod-crypto"]),
    ("md-5", &["mod-crypto"]),
    ("sha1", &["mod-crypto"]),
    ("sha2", &["mod-crypto"]),
    ("keccak", &["mod-crypto"]),
    ("ripemd", &["mod-crypto"]),
    ("sm3", &["mod-crypto"]),
    ("blake2b_simd", &["mod-crypto"]),
    ("blake2s_simd", &["mod-crypto"]),
    ("scrypt", &["mod-crypto"]),
    // Data only, at build time.
    ("rustpython-pylib", &["pylib"]),
];

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => pattern == name,
    }
}

#[test]
fn crates_use_only_what_the_architecture_allows() {
    let mut wrong = Vec::new();
    for package in packages() {
        let full = string(&package["name"]);
        let name = full.strip_prefix("adder-").unwrap_or(full);
        let Some((_, allowed)) = MAY_USE.iter().find(|(p, _)| matches(p, name)) else {
            wrong.push(format!("{full} is not in the table: add it with what it may use"));
            continue;
        };
        let folder = string(&package["manifest_path"]).rsplit('/').nth(1).unwrap_or("");
        if folder != name {
            wrong.push(format!("{full} lies in the folder {folder}"));
        }
        for dependency in array(&package["dependencies"]) {
            let (used, kind) = (string(&dependency["name"]), dependency["kind"].as_str());
            if kind == Some("dev") {
                continue;
            }
            match used.strip_prefix("adder-").or((used == "adder").then_some(used)) {
                Some(own) => {
                    if !allowed.iter().any(|p| matches(p, own)) {
                        wrong.push(format!("{full} may not use {used}"));
                    }
                }
                None => {
                    let rule = ONLY_IN.iter().find(|(p, _)| *p == used);
                    if rule.is_some_and(|(_, users)| !users.iter().any(|p| matches(p, name))) {
                        wrong.push(format!("{full} may not use {used}: it belongs to {:?}", rule.unwrap().1));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn unsafe_free_crates_stay_so() {
    // Data and front end: no reason for `unsafe`.
    let must = ["bytecode", "compiler", "pylib"];
    for package in packages() {
        let full = string(&package["name"]);
        if must.contains(&full.strip_prefix("adder-").unwrap_or(full)) {
            let lib =
                std::path::Path::new(string(&package["manifest_path"])).with_file_name("src").join("lib.rs");
            let text = std::fs::read_to_string(&lib).unwrap();
            assert!(text.contains("#![forbid(unsafe_code)]"), "{full} must forbid unsafe code");
        }
    }
}

#[test]
fn modules_with_unsafe_code_say_on_what_it_relies() {
    let silent = sources(|_| true, |text| has_unsafe_code(text) && !header_says_why(text));
    assert!(silent.is_empty(), "say in the header what the unsafe code relies on:\n{}", silent.join("\n"));
}

#[test]
fn the_way_outside_leads_through_the_host() {
    let around = ["std::fs::", "env::current_dir", "env::var", "process::Command", "TcpStream"];
    // What the JIT writes is for who works on it, not for the program.
    let subject = |name: &str| name == "vm" || name.starts_with("mod-") && name != "mod-jit";
    let found = sources(subject, |text| {
        let code = text.split("#[cfg(test)]").next().unwrap_or("");
        around.iter().any(|w| code.contains(w))
    });
    assert!(found.is_empty(), "calls of the system that do not go through `Host`:\n{}", found.join("\n"));
}

/// The source files of the packages, tests aside, that `wanted` is true of.
fn sources(package: impl Fn(&str) -> bool, wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for p in packages() {
        let full = string(&p["name"]);
        if !package(full.strip_prefix("adder-").unwrap_or(full)) {
            continue;
        }
        let mut folders = vec![std::path::Path::new(string(&p["manifest_path"])).with_file_name("src")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()) {
                if entry.is_dir() {
                    folders.push(entry);
                } else if entry.extension().is_some_and(|e| e == "rs")
                    && !is_test(&entry)
                    && wanted(&std::fs::read_to_string(&entry).unwrap())
                {
                    found.push(entry.display().to_string());
                }
            }
        }
    }
    found
}

/// A file of tests that lies beside what it tests.
fn is_test(file: &std::path::Path) -> bool {
    file.file_stem().is_some_and(|s| s.to_string_lossy().ends_with("tests"))
}

fn has_unsafe_code(text: &str) -> bool {
    let words = ["{", "fn", "impl", "extern", "trait"].map(|w| format!("unsafe {w}"));
    let code = text.lines().map(|l| l.split("//").next().unwrap_or(""));
    code.into_iter().any(|l| words.iter().any(|w| l.contains(w)))
}

/// The comment at the beginning has a part `Safety` or `Invariants`, or speaks of unsafe code in other words.
fn header_says_why(text: &str) -> bool {
    let header: String = text.lines().take_while(|l| l.starts_with("//!")).collect::<String>().to_lowercase();
    ["safety", "invariant", "unsafe"].iter().any(|w| header.contains(w))
}
