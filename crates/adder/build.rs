//! Compiles the Python part of the standard library to bytecode and packs it: `code.blob`, `code.names`, `code_index.rs`.
//!
//! Each module is one block, LZ4 compressed but for those that every start of the program needs, which are read in
//! place. Source that does not compile (the library holds files for other versions' syntax) is left out: importing it
//! compiles it then, and reports the error as CPython does.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, thread};

/// Modules that are imported at every start: stored without compression.
const PLAIN: &[&str] = &[
    "importlib/_bootstrap.py",
    "importlib/_bootstrap_external.py",
    "zipimport.py",
    "codecs.py",
    "encodings/__init__.py",
    "encodings/aliases.py",
    "encodings/utf_8.py",
    "abc.py",
    "io.py",
    "stat.py",
    "_collections_abc.py",
    "genericpath.py",
    "posixpath.py",
    "os.py",
    "_sitebuiltins.py",
    "site.py",
    "runpy.py",
];

/// Modules by how many programs import them, made by `tools/library-order`.
const ORDER: &str = include_str!("library.order");

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=library.order");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap());
    let files: Vec<_> = adder_pylib::files().filter(|f| f.path().ends_with(".py")).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            let Some(f) = files.get(i) else { return done };
            if let Some(code) = compile(f.path(), &f.bytes()) {
                done.push((i, pack(f.path(), code)));
            }
        }
    };
    let mut packed: Vec<(usize, (usize, Vec<u8>))> = thread::scope(|s| {
        let n = thread::available_parallelism().map_or(1, |n| n.get()).min(8);
        let threads: Vec<_> = (0..n)
            // Deeply nested source needs a deep stack.
            .map(|_| thread::Builder::new().stack_size(64 << 20).spawn_scoped(s, work).unwrap())
            .collect();
        threads.into_iter().flat_map(|t| t.join().unwrap()).collect()
    });
    packed.sort_by_key(|p| p.0); // `files` are sorted by path

    // What every start reads lies together, then what many programs import: fewer pages of the file are touched.
    let order: Vec<&str> = PLAIN.iter().copied().chain(ORDER.lines()).collect();
    let rank = |i: usize| order.iter().position(|p| *p == files[i].path()).unwrap_or(order.len());
    let (mut blob, mut at) = (Vec::new(), vec![0; files.len()]);
    let mut in_order: Vec<_> = packed.iter().collect();
    in_order.sort_by_key(|p| rank(p.0));
    for (i, (_, data)) in in_order {
        at[*i] = blob.len();
        blob.extend_from_slice(data);
    }
    let (mut names, mut records) = (String::new(), String::new());
    for (i, (len, data)) in &packed {
        let path = files[*i].path();
        writeln!(
            records,
            "    Record {{ name: {}, name_len: {}, data: {}, packed: {}, len: {len} }},",
            names.len(),
            path.len(),
            at[*i],
            data.len()
        )
        .unwrap();
        names.push_str(path);
    }
    fs::write(out.join("code.blob"), blob).unwrap();
    fs::write(out.join("code.names"), names).unwrap();
    let index = format!("static RECORDS: [Record; {}] = [\n{records}];\n", packed.len());
    fs::write(out.join("code_index.rs"), index).unwrap();
}

fn compile(path: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    let (text, _) = adder_compiler::decode_source(bytes).ok()?;
    let options = adder_compiler::Options::new(path, adder_compiler::Mode::Exec);
    let code = adder_compiler::compile(&text, &options).ok()?;
    Some(adder_bytecode::serialize(&code))
}

/// Length before, and what is stored: equal lengths mean that it is not compressed.
fn pack(path: &str, code: Vec<u8>) -> (usize, Vec<u8>) {
    let n = code.len();
    if PLAIN.contains(&path) {
        return (n, code);
    }
    let small = lz4_flex::block::compress(&code);
    if small.len() < n { (n, small) } else { (n, code) }
}
