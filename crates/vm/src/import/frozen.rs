//! The modules that count as frozen (CPython's list), and the embedded library seen as files below the library folder.
//!
//! Frozen modules are found by name, before `sys.path` is looked at; their code carries `<frozen NAME>` as its file. All
//! other modules of the library are found where `sys.path` has the library folder, and look like ordinary source files:
//! `FileFinder` and `SourceFileLoader` ask here before they ask the disk (see `pylib/edits/bootstrap_external.edit`).

use crate::err::R;
use crate::hooks::{self, Mode};
use crate::object::*;
use crate::thread::Th;
use crate::value::*;
use std::borrow::Cow;
use std::sync::atomic::{AtomicI8, AtomicU8, Ordering::Relaxed};

pub struct Frozen {
    pub name: &'static str,
    pub is_package: bool,
    /// The library module it was made from; None: it has none.
    pub orig: Option<&'static str>,
    /// File in the library.
    path: &'static str,
}

const fn f(name: &'static str, path: &'static str) -> Frozen {
    Frozen { name, is_package: false, orig: Some(name), path }
}
const fn as_(name: &'static str, is_package: bool, orig: &'static str, path: &'static str) -> Frozen {
    Frozen { name, is_package, orig: Some(orig), path }
}

/// The first three are needed to import anything: they are there also when frozen modules are switched off.
pub static FROZEN: &[Frozen] = &[
    as_("_frozen_importlib", false, "importlib._bootstrap", "importlib/_bootstrap.py"),
    as_(
        "_frozen_importlib_external",
        false,
        "importlib._bootstrap_external",
        "importlib/_bootstrap_external.py",
    ),
    f("zipimport", "zipimport.py"),
    f("abc", "abc.py"),
    f("codecs", "codecs.py"),
    f("io", "io.py"),
    f("_collections_abc", "_collections_abc.py"),
    f("_sitebuiltins", "_sitebuiltins.py"),
    f("genericpath", "genericpath.py"),
    f("ntpath", "ntpath.py"),
    f("posixpath", "posixpath.py"),
    f("os", "os.py"),
    f("site", "site.py"),
    f("stat", "stat.py"),
    f("importlib.util", "importlib/util.py"),
    f("importlib.machinery", "importlib/machinery.py"),
    f("runpy", "runpy.py"),
    f("__hello__", "__hello__.py"),
    as_("__hello_alias__", false, "__hello__", "__hello__.py"),
    as_("__phello_alias__", true, "__hello__", "__hello__.py"),
    as_("__phello_alias__.spam", false, "__hello__", "__hello__.py"),
    as_("__phello__", true, "__phello__", "__phello__/__init__.py"),
    as_("__phello__.__init__", false, "<__phello__", "__phello__/__init__.py"),
    as_("__phello__.ham", true, "__phello__.ham", "__phello__/ham/__init__.py"),
    as_("__phello__.ham.__init__", false, "<__phello__.ham", "__phello__/ham/__init__.py"),
    as_("__phello__.ham.eggs", false, "__phello__.ham.eggs", "__phello__/ham/eggs.py"),
    as_("__phello__.spam", false, "__phello__.spam", "__phello__/spam.py"),
    Frozen { name: "__hello_only__", is_package: false, orig: None, path: "" },
];
const BOOTSTRAP: usize = 3;

/// `_imp._override_frozen_modules_for_tests`.
pub static OVERRIDE: AtomicI8 = AtomicI8::new(0);

fn enabled() -> bool {
    match OVERRIDE.load(Relaxed) {
        0 => crate::config::get().frozen_modules,
        n => n > 0,
    }
}

pub fn find(name: &str) -> Option<&'static Frozen> {
    // Nearly all names asked for are not frozen: a look at the length and the first letter would not be faster.
    let i = FROZEN.iter().position(|f| f.name == name)?;
    if i < BOOTSTRAP || enabled() { Some(&FROZEN[i]) } else { None }
}

/// The code of a frozen module.
pub fn code(th: Th, f: &Frozen) -> R<Gc<Code>> {
    let name = f.orig.unwrap_or(f.name).trim_start_matches('<');
    let file = format!("<frozen {name}>");
    if f.path.is_empty() {
        return hooks::compile(th, "initialized = True\nprint(\"Hello world!\")\n", &file, Mode::Exec, 0, 0);
    }
    let Some(bytes) = hooks::library().and_then(|l| l.code(f.path)) else {
        return Err(th.import_error_msg(format!("No such frozen object named {}", f.name)));
    };
    decode(th, bytes, &file)
}

fn decode(th: Th, bytes: adder_bytecode::Stored, file: &str) -> R<Gc<Code>> {
    match adder_bytecode::read_lazily(bytes, Some(file)) {
        Ok(d) => crate::builtins::code::new(th, d),
        Err(e) => Err(th.system_error(format!("embedded code of {file}: {e}"))),
    }
}

// -- the library as files

/// Whether the embedded library answers for its folder. Not if frozen modules are switched off and the folder has a
/// library on disk: then that one is used.
fn serves() -> bool {
    static STATE: AtomicU8 = AtomicU8::new(0);
    match STATE.load(Relaxed) {
        0 => {
            let c = crate::config::get();
            let on = hooks::library().is_some()
                && (c.frozen_modules || !std::path::Path::new(&c.stdlib_dir).join("os.py").exists());
            STATE.store(if on { 1 } else { 2 }, Relaxed);
            on
        }
        n => n == 1,
    }
}

/// Path below the library folder of a path (bytes of a str), if it is below.
pub fn relative(path: &[u8]) -> Option<&str> {
    let dir = crate::config::get().stdlib_dir.as_bytes();
    let rest = path.strip_prefix(dir)?;
    if dir.is_empty() || !serves() {
        return None;
    }
    match rest.first() {
        None => Some(""),
        Some(b'/') => std::str::from_utf8(&rest[1..]).ok(),
        _ => None,
    }
}

/// A folder of the library: its path below the library folder with a slash at the end (nothing for the top).
pub fn folder(path: &[u8]) -> Option<String> {
    let rel = relative(path)?.trim_end_matches('/');
    if rel.is_empty() {
        return Some(String::new());
    }
    let mut s = rel.to_string();
    s.push('/');
    hooks::library()?.has_folder(&s).then_some(s)
}

/// File name (below the folder) of module `tail` in `folder`, and whether it is a package.
pub fn find_in(folder: &str, tail: &str) -> Option<(String, bool)> {
    let l = hooks::library()?;
    let mut p = format!("{folder}{tail}/__init__.py");
    if l.size(&p).is_some() {
        return Some((p.split_off(folder.len()), true));
    }
    p.truncate(folder.len() + tail.len());
    p.push_str(".py");
    l.size(&p)?;
    Some((p.split_off(folder.len()), false))
}

pub fn data(path: &[u8]) -> Option<Cow<'static, [u8]>> {
    hooks::library()?.file(relative(path)?)
}

/// Code of a library file, with its absolute path as `co_filename`. With `-O` it is compiled from its source.
pub fn library_code(th: Th, path: &[u8]) -> R<Option<Gc<Code>>> {
    let Some(rel) = relative(path) else { return Ok(None) };
    let Some(l) = hooks::library() else { return Ok(None) };
    let file = String::from_utf8_lossy(path);
    if hooks::OPTIMIZE.load(Relaxed) == 0
        && let Some(bytes) = l.code(rel)
    {
        return decode(th, bytes, &file).map(Some);
    }
    if !rel.ends_with(".py") {
        return Ok(None);
    }
    let Some(source) = l.file(rel) else { return Ok(None) };
    let text = match std::str::from_utf8(&source) {
        Ok(t) => t.strip_prefix('\u{feff}').unwrap_or(t).to_string(),
        Err(_) => source.iter().map(|b| *b as char).collect(),
    };
    hooks::compile(th, &text, &file, Mode::Exec, 0, -1).map(Some)
}
