//! Collects the library's files and writes them as one compressed blob with an index.
//!
//! base (`rustpython_pylib::LIB_PATH`) − `EXCLUDED` + `TEST_PACKAGE` + `overlay/` + `edits/`  →  `lib.blob`, `index.rs`

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Paths (or folders, with a trailing slash) of the base that CPython's `Lib` does not have, or that
/// need a display. Reasons stand in DIFFERENCES.md.
const EXCLUDED: &[&str] = &[
    "README.md",
    "PSF-LICENSE",
    "_dummy_os.py",
    "_dummy_thread.py",
    "dummy_threading.py",
    "_pycodecs.py",
    "idlelib/",
    "turtledemo/",
    "ctypes/macholib/fetch_macholib",
];

/// What is taken of CPython's package `test` where the building machine has it (`tools/oracles`; its folder can be
/// named by `ADDER_TEST_PACKAGE`): what tests of programs use of it, and the children that such tests start with `-I`.
const TEST_PACKAGE: &[&str] = &["__init__.py", "lock_tests.py", "support/"];

fn main() {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap());
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap());
    for watched in ["build.rs", "overlay", "edits"] {
        println!("cargo:rerun-if-changed={watched}");
    }

    let mut files = BTreeMap::new();
    let base = Path::new(rustpython_pylib::LIB_PATH);
    collect(base, base, &mut files);
    let licence = files.remove("PSF-LICENSE").expect("the base names its licence");
    files.retain(|path, _| !EXCLUDED.iter().any(|e| path == e || (e.ends_with('/') && path.starts_with(e))));
    files.insert("LICENSE.txt".into(), licence); // where `license()` of `site` looks for it
    add_test_package(&mut files);
    collect(&here.join("overlay"), &here.join("overlay"), &mut files);
    let mut edits: Vec<_> = fs::read_dir(here.join("edits")).unwrap().map(|e| e.unwrap().path()).collect();
    edits.sort();
    for edit in edits.iter().filter(|p| p.extension().is_some_and(|e| e == "edit")) {
        apply(edit, &mut files);
    }
    write_out(&files, &out);
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().expect("library paths are UTF-8");
        if path.is_dir() {
            if name != "__pycache__" {
                collect(root, &path, files);
            }
        } else if !name.ends_with(".pyc") {
            let key = path.strip_prefix(root).unwrap().components();
            let key: Vec<_> = key.map(|c| c.as_os_str().to_str().unwrap()).collect();
            files.insert(key.join("/"), fs::read(&path).unwrap());
        }
    }
}

/// The suite is CPython's and not in this repository. A machine that never installed it builds a library without it.
fn add_test_package(files: &mut BTreeMap<String, Vec<u8>>) {
    for name in ["ADDER_TEST_PACKAGE", "ORACLES"] {
        println!("cargo:rerun-if-env-changed={name}");
    }
    let folder = env::var_os("ADDER_TEST_PACKAGE").map(PathBuf::from).or_else(|| {
        let oracles = env::var_os("ORACLES").map(PathBuf::from);
        let oracles =
            oracles.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache/py-oracles")))?;
        Some(oracles.join("suite/test"))
    });
    // A file that does not exist would run this script at every build: then `tools/oracles` sees to it.
    let Some(folder) = folder.filter(|f| f.join("support/__init__.py").exists()) else { return };
    println!("cargo:rerun-if-changed={}", folder.join("support/__init__.py").display());
    for part in TEST_PACKAGE {
        let path = folder.join(part);
        let mut found = BTreeMap::new();
        match part.strip_suffix('/') {
            Some(_) => collect(&folder, &path, &mut found),
            None => drop(fs::read(&path).map(|data| found.insert(part.to_string(), data))),
        }
        files.extend(found.into_iter().map(|(name, data)| (format!("test/{name}"), data)));
    }
}

/// An edit file: `file: PATH`, `why: …`, then blocks `<<<<` old `====` new `>>>>`. The old text must occur
/// exactly once, so that a new base that has changed there stops the build instead of passing silently.
fn apply(edit: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    let text = fs::read_to_string(edit).unwrap();
    let shown = edit.display();
    let target = text
        .lines()
        .find_map(|l| l.strip_prefix("file: "))
        .unwrap_or_else(|| panic!("{shown}: no `file:` line"));
    let file = files.get_mut(target).unwrap_or_else(|| panic!("{shown}: no file {target}"));
    let mut source = String::from_utf8(std::mem::take(file)).expect("edited files are UTF-8");
    let mut rest = text.as_str();
    let mut blocks = 0;
    while let Some(start) = rest.find("<<<<\n") {
        let body = &rest[start + 5..];
        let middle = body.find("====\n").unwrap_or_else(|| panic!("{shown}: no ===="));
        let end = body[middle..].find(">>>>").unwrap_or_else(|| panic!("{shown}: no >>>>")) + middle;
        let (old, new) = (&body[..middle], &body[middle + 5..end]);
        assert_eq!(
            source.matches(old).count(),
            1,
            "{shown}: the old text must occur once in {target}:\n{old}"
        );
        source = source.replacen(old, new, 1);
        rest = &body[end..];
        blocks += 1;
    }
    assert!(blocks > 0, "{shown}: no block");
    *file = source.into_bytes();
}

fn write_out(files: &BTreeMap<String, Vec<u8>>, out: &Path) {
    let (mut blob, mut names, mut records) = (Vec::new(), String::new(), String::new());
    let mut hash = Fnv::new();
    for (path, data) in files {
        hash.add(path.as_bytes());
        hash.add(data);
        let packed = lz4_flex::block::compress(data);
        // A wheel or an image gains nothing: kept as it is, marked by equal lengths.
        let stored = if packed.len() < data.len() { &packed } else { data };
        writeln!(
            records,
            "    Record {{ name: {}, name_len: {}, data: {}, packed: {}, len: {} }},",
            names.len(),
            path.len(),
            blob.len(),
            stored.len(),
            data.len()
        )
        .unwrap();
        names.push_str(path);
        blob.extend_from_slice(stored);
    }
    fs::write(out.join("lib.blob"), blob).unwrap();
    fs::write(out.join("lib.names"), names).unwrap();
    let count = files.len();
    let index = format!(
        "pub(crate) const FINGERPRINT: u64 = {:#018x};\n\
         pub(crate) static RECORDS: [Record; {count}] = [\n{records}];\n",
        hash.0
    );
    fs::write(out.join("index.rs"), index).unwrap();
}

/// FNV-1a: names the content, nothing depends on its strength.
struct Fnv(u64);

impl Fnv {
    fn new() -> Fnv {
        Fnv(0xcbf2_9ce4_8422_2325)
    }

    fn add(&mut self, bytes: &[u8]) {
        for b in (bytes.len() as u64).to_le_bytes().iter().chain(bytes) {
            self.0 = (self.0 ^ u64::from(*b)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}
