//! Where the program, its library and the script are: `sys.executable`, `sys.prefix`, `sys.path`. The rules of CPython's
//! `Modules/getpath.py`, without its search for landmarks: the library is embedded, so that the folder above the
//! executable's is the prefix whatever it holds.

use adder_lang::vm::config::Config;
use adder_lang::vm::run::Program;
use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

fn text(p: &Path) -> String {
    p.to_string_lossy().into_owned()
}

/// Fills in the paths. `env` gives environment variables (none with `-E`).
pub fn fill(c: &mut Config, program: &Program, env: &dyn Fn(&str) -> Option<Vec<u8>>) {
    let get = |n: &str| if c.ignore_environment { None } else { env(n).filter(|v| !v.is_empty()) };
    let lossy = |v: Vec<u8>| String::from_utf8_lossy(&v).into_owned();

    let argv0 = c.orig_argv.first().cloned().unwrap_or_default();
    let executable = find_executable(&argv0, env("PATH").as_deref());
    c.executable = executable.as_deref().map(text).unwrap_or_default();
    c.base_executable = c.executable.clone();
    if let Some(d) = get("PYTHONPLATLIBDIR") {
        c.platlibdir = lossy(d);
    }
    let real = executable.as_deref().and_then(|e| std::fs::canonicalize(e).ok());
    let above = |p: &Path| p.parent().and_then(Path::parent).map(Path::to_path_buf);
    let mut prefix = real.as_deref().and_then(above).unwrap_or_else(|| PathBuf::from("/usr/local"));
    let mut exec_prefix = prefix.clone();
    let mut venv = None;
    let home = get("PYTHONHOME").map(lossy);
    if let Some(h) = &home {
        let (a, b) = h.split_once(':').unwrap_or((h, h));
        (prefix, exec_prefix) = (a.into(), b.into());
    } else if let Some((folder, base)) = executable.as_deref().and_then(pyvenv) {
        // `home` is the folder of the base's executable.
        if let Some(p) = base.parent() {
            prefix = p.to_path_buf();
            exec_prefix = prefix.clone();
        }
        let name = executable.as_deref().and_then(Path::file_name).unwrap_or(OsStr::new("adder"));
        let found = [name, OsStr::new("adder")].iter().map(|n| base.join(n)).find(|p| p.exists());
        c.base_executable = text(&found.unwrap_or_else(|| base.join(name)));
        venv = Some(folder);
    }
    c.home = home;
    c.base_prefix = text(&prefix);
    c.base_exec_prefix = text(&exec_prefix);
    c.prefix = venv.as_deref().map_or(c.base_prefix.clone(), text);
    c.exec_prefix = venv.as_deref().map_or(c.base_exec_prefix.clone(), text);
    let lib = format!("{}/{}", c.base_prefix.trim_end_matches('/'), c.platlibdir);
    c.stdlib_dir = format!("{lib}/python3.14");

    if let Some(p) = get("PYTHONPATH") {
        c.search_paths.extend(p.split(|b| *b == b':').map(<[u8]>::to_vec));
    }
    let exec_lib = format!("{}/{}", c.base_exec_prefix.trim_end_matches('/'), c.platlibdir);
    for p in
        [format!("{lib}/python314.zip"), c.stdlib_dir.clone(), format!("{exec_lib}/python3.14/lib-dynload")]
    {
        c.search_paths.push(p.into_bytes());
    }
    c.sys_path_0 = match program {
        Program::Command(_) | Program::Stdin => Some(Vec::new()),
        Program::Module(_) => std::env::current_dir().ok().map(|d| d.into_os_string().into_vec()),
        Program::File(f) => Some(script_folder(f)),
    };
}

/// `__file__` of a script is an absolute path; `sys.argv[0]` is as given. Unchanged if there is no current folder.
pub fn make_absolute(file: &mut Vec<u8>) {
    if file.starts_with(b"/") {
        return;
    }
    if let Ok(d) = std::env::current_dir() {
        let mut path = d.into_os_string().into_vec();
        path.push(b'/');
        path.extend_from_slice(file);
        *file = path;
    }
}

/// The folder of the script, links followed.
fn script_folder(file: &[u8]) -> Vec<u8> {
    let p = Path::new(OsStr::from_bytes(file));
    let p = std::fs::canonicalize(p).unwrap_or_else(|_| p.to_path_buf());
    match p.parent() {
        Some(d) => d.as_os_str().as_bytes().to_vec(),
        None => b"/".to_vec(),
    }
}

/// The path by which the program was started, absolute, links not followed.
fn find_executable(argv0: &[u8], path: Option<&[u8]>) -> Option<PathBuf> {
    let name = Path::new(OsStr::from_bytes(argv0));
    if argv0.contains(&b'/') {
        let p = if name.is_absolute() {
            name.to_path_buf()
        } else {
            std::env::current_dir().ok()?.join(name.strip_prefix("./").unwrap_or(name))
        };
        return Some(p);
    }
    let found = path.into_iter().flat_map(|p| p.split(|b| *b == b':')).find_map(|dir| {
        let p = Path::new(OsStr::from_bytes(dir)).join(name);
        p.is_file().then_some(p)
    });
    let found = found.or_else(|| std::env::current_exe().ok())?;
    if found.is_absolute() { Some(found) } else { std::env::current_dir().ok().map(|d| d.join(found)) }
}

/// The virtual environment that the executable belongs to, and what its `pyvenv.cfg` names as home.
fn pyvenv(executable: &Path) -> Option<(PathBuf, PathBuf)> {
    let dir = executable.parent()?;
    [Some(dir), dir.parent()].into_iter().flatten().find_map(|d| {
        let cfg = std::fs::read_to_string(d.join("pyvenv.cfg")).ok()?;
        let home = cfg.lines().find_map(|l| {
            let (k, v) = l.split_once('=')?;
            (k.trim().eq_ignore_ascii_case("home")).then(|| v.trim().to_string())
        })?;
        // A configuration beside the executable belongs to the folder above it.
        let folder = if d == dir { dir.parent().unwrap_or(dir) } else { d };
        Some((folder.to_path_buf(), PathBuf::from(home)))
    })
}
