//! The Python part of the standard library: its sources and data files, embedded compressed.
//!
//! **Where they come from.** The crate `rustpython-pylib` is CPython 3.14's `Lib/` (PSF licence) with some
//! patches for another implementation; it is read at build time, as data. `build.rs` leaves out what CPython
//! does not have, puts the files of `overlay/` over it and applies the replacements in `edits/`.
//! The base of CPython's package `test` is added if the building machine has CPython's suite (`tools/oracles`).
//! `DIFFERENCES.md` lists how the result relates to CPython 3.14's own library and why.
//!
//! **What is stored.** One LZ4 block per file in one blob, and a sorted index of plain numbers, so that an
//! executable that embeds it needs no relocations for it and touches only the pages that are read. Unpacking
//! all 12 MB of Python takes 5 ms (zstd: 10 ms and 2.2 MB less in the executable), one module some 10 µs.
//!
//! **How an interpreter is meant to use it**, so that paths look as users expect and start-up reads no files:
//!
//! * The *library folder* is `<prefix>/lib/python3.14`, `<prefix>` found as CPython does (`PYTHONHOME`,
//!   `pyvenv.cfg`, the parent of the executable's folder). It stands in `sys.path`, `sys._stdlib_dir` is it,
//!   and `__file__`, `co_filename` of a library module are `<library folder>/<Entry::path>`, whether or not
//!   the folder exists. Code objects hold the relative path; the folder is put in front when they are loaded.
//! * Modules come from the embedded bytecode, made from these sources when the program is built, by the finder
//!   that stands before the path finder (CPython's frozen modules work so, with the same option
//!   `-X frozen_modules=off` for people who edit the library on disk: then the path finder serves it).
//! * Its loader answers `get_source` and `get_data` (for paths below the library folder) and offers a resource
//!   reader from this crate, so `traceback`, `inspect`, `linecache`, `pkgutil.get_data` and
//!   `importlib.resources` work when the folder does not exist.
//! * What looks at the disk itself (`venv`'s scripts, CPython's tests that list `os.path.dirname(os.__file__)`)
//!   needs the folder: an installation ships it, [`extract_to`] writes it.
//!
//! Invariants: no state, no locks; every function may be called from any thread at any time. This crate knows
//! nothing of the rest of Adder.

#![forbid(unsafe_code)]

use std::borrow::Cow;
use std::path::Path;
use std::{fs, io};

/// Where one file lies in [`BLOB`]; `packed == len` means stored without compression.
#[derive(Clone, Copy)]
struct Record {
    name: u32,
    name_len: u16,
    data: u32,
    packed: u32,
    len: u32,
}

impl Record {
    fn path(&self) -> &'static str {
        let start = self.name as usize;
        &NAMES[start..start + self.name_len as usize]
    }
}

include!(concat!(env!("OUT_DIR"), "/index.rs"));
static NAMES: &str = include_str!(concat!(env!("OUT_DIR"), "/lib.names"));
static BLOB: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/lib.blob"));

/// The folder below `<prefix>` that the library stands for.
pub const FOLDER: &str = "lib/python3.14";

/// A file of the library.
#[derive(Clone, Copy)]
pub struct File(&'static Record);

impl File {
    /// Path below the library folder, with forward slashes.
    pub fn path(self) -> &'static str {
        self.0.path()
    }

    pub fn len(self) -> usize {
        self.0.len as usize
    }

    pub fn is_empty(self) -> bool {
        self.0.len == 0
    }

    /// The content: unpacked on every call (callers such as `linecache` keep it).
    pub fn bytes(self) -> Cow<'static, [u8]> {
        let Record { data, packed, len, .. } = *self.0;
        let stored = &BLOB[data as usize..(data + packed) as usize];
        if packed == len {
            return Cow::Borrowed(stored);
        }
        Cow::Owned(lz4_flex::block::decompress(stored, len as usize).expect("written by build.rs"))
    }
}

/// A module of the library.
#[derive(Clone, Copy)]
pub struct Entry {
    pub file: File,
    pub is_package: bool,
}

impl Entry {
    /// Path below the library folder: `json/__init__.py`.
    pub fn path(self) -> &'static str {
        self.file.path()
    }

    /// The module's source as it stands in the file (a few declare another encoding than UTF-8).
    pub fn source(self) -> Cow<'static, [u8]> {
        self.file.bytes()
    }
}

/// The module with this dotted name.
pub fn find(module: &str) -> Option<Entry> {
    if module.is_empty() || module.contains('/') {
        return None;
    }
    let mut path = module.replace('.', "/");
    let stem = path.len();
    path.push_str("/__init__.py");
    if let Some(file) = file(&path) {
        return Some(Entry { file, is_package: true });
    }
    path.truncate(stem);
    path.push_str(".py");
    file(&path).map(|file| Entry { file, is_package: false })
}

/// The file with this path below the library folder, module or data.
pub fn file(path: &str) -> Option<File> {
    RECORDS.binary_search_by(|r| r.path().cmp(path)).ok().map(|i| File(&RECORDS[i]))
}

/// All files, sorted by path.
pub fn files() -> impl ExactSizeIterator<Item = File> {
    RECORDS.iter().map(File)
}

/// The files below a folder (`"ensurepip/_bundled/"`, `""` for all), sorted by path.
pub fn files_below(folder: &str) -> impl Iterator<Item = File> + '_ {
    let start = RECORDS.partition_point(|r| r.path() < folder);
    RECORDS[start..].iter().map(File).take_while(move |f| f.path().starts_with(folder))
}

/// Names of the files and folders in a folder (`"json/"`, `""` for the top), sorted as the files are.
pub fn names_in(folder: &str) -> Vec<&'static str> {
    let mut rest = &RECORDS[RECORDS.partition_point(|r| r.path() < folder)..];
    let mut names = Vec::new();
    while let Some(below) = rest.first().and_then(|r| r.path().strip_prefix(folder)) {
        let end = below.find('/');
        names.push(&below[..end.unwrap_or(below.len())]);
        rest = match end {
            None => &rest[1..],
            // The whole folder is one name.
            Some(n) => {
                let inner = &rest[0].path()[..folder.len() + n + 1];
                &rest[rest.partition_point(|r| r.path().starts_with(inner))..]
            }
        };
    }
    names
}

/// All modules with their dotted names.
pub fn modules() -> impl Iterator<Item = (String, Entry)> {
    files().filter_map(|file| {
        let stem = file.path().strip_suffix(".py")?;
        let package = stem.strip_suffix("/__init__");
        let name = package.unwrap_or(stem).replace('/', ".");
        Some((name, Entry { file, is_package: package.is_some() }))
    })
}

/// Names the content: two builds with the same library have the same number. For keys of caches.
pub fn fingerprint() -> u64 {
    FINGERPRINT
}

/// Gives every file to `write`, sorted by path. For callers that have another way to the outside.
pub fn extract<E>(mut write: impl FnMut(&'static str, &[u8]) -> Result<(), E>) -> Result<(), E> {
    files().try_for_each(|f| write(f.path(), &f.bytes()))
}

/// Writes the tree to a folder of the native file system: the step of an installation that makes
/// `<prefix>/lib/python3.14`. Existing files of the same names are replaced, others stay.
pub fn extract_to(folder: &Path) -> io::Result<()> {
    extract(|path, bytes| {
        let target = folder.join(path);
        fs::create_dir_all(target.parent().expect("below `folder`"))?;
        fs::write(target, bytes)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(path: &str) -> String {
        String::from_utf8(file(path).unwrap_or_else(|| panic!("{path}")).bytes().into_owned()).unwrap()
    }

    #[test]
    fn modules_and_packages_are_found_by_name() {
        let json = find("json").unwrap();
        assert!(json.is_package);
        assert_eq!(json.path(), "json/__init__.py");
        let decoder = find("json.decoder").unwrap();
        assert!(!decoder.is_package);
        assert_eq!(decoder.path(), "json/decoder.py");
        assert!(decoder.source().starts_with(b"\"\"\"Implementation of JSONDecoder"));
        for absent in
            ["", "nothing_of_that_name", "json.nothing", "json/decoder", "test.test_os", "_pycodecs"]
        {
            assert!(find(absent).is_none(), "{absent}");
        }
    }

    #[test]
    fn every_file_unpacks_and_every_module_is_found_again() {
        let mut total = 0;
        for f in files() {
            let bytes = f.bytes();
            assert_eq!(bytes.len(), f.len(), "{}", f.path());
            total += bytes.len();
        }
        assert!(total > 10_000_000);
        for (name, entry) in modules() {
            assert_eq!(find(&name).map(Entry::path), Some(entry.path()), "{name}");
        }
    }

    #[test]
    fn the_index_is_sorted_and_folders_are_ranges() {
        assert!(files().zip(files().skip(1)).all(|(a, b)| a.path() < b.path()));
        let wheels: Vec<_> = files_below("ensurepip/_bundled/").map(File::path).collect();
        assert_eq!(wheels.len(), 1);
        assert!(wheels[0].ends_with("-py3-none-any.whl"));
        assert_eq!(files_below("").count(), files().len());
        assert_eq!(files_below("json/").count(), 6);
    }

    #[test]
    fn no_patch_of_the_other_implementation_is_left() {
        for f in files().filter(|f| f.path().ends_with(".py")) {
            let bytes = f.bytes();
            let found = bytes.windows(10).any(|w| w.eq_ignore_ascii_case(b"rustpython"));
            assert!(!found, "{}", f.path());
        }
    }

    #[test]
    fn the_licence_and_pip_are_there() {
        assert!(text("LICENSE.txt").contains("PYTHON SOFTWARE FOUNDATION LICENSE VERSION 2"));
        let version = text("ensurepip/__init__.py");
        let version = version.split("_PIP_VERSION = \"").nth(1).unwrap().split('"').next().unwrap();
        assert!(file(&format!("ensurepip/_bundled/pip-{version}-py3-none-any.whl")).is_some());
    }

    #[test]
    fn the_tree_can_be_written_out() {
        let folder = std::env::temp_dir().join(format!("adder-pylib-{}", std::process::id()));
        extract_to(&folder).unwrap();
        for path in ["os.py", "json/__init__.py", "venv/scripts/common/activate"] {
            assert_eq!(fs::read(folder.join(path)).unwrap(), &*file(path).unwrap().bytes());
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}
