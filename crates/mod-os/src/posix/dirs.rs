//! `listdir`, `scandir` and `DirEntry`.
//!
//! # Invariants
//! `Scandir::state` is null until the iterator is complete and then owns a locked state until the object dies; closing
//! empties the state and leaves the pointer.

use super::stat::stat_result;
use crate::util::*;
use adder_host::fs::{DirStream, FileStat};
use adder_host::{Errno, Fd};
use adder_vm::err::R;
use adder_vm::n;
use adder_vm::native::*;
use adder_vm::slots::Slots;
use adder_vm::sync::lock;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::cell::Cell;
use std::ffi::CString;
use std::sync::Mutex;

pub static FUNCTIONS: &[NativeDef] = &[
    function(
        "listdir",
        "($module, /, path=None)",
        "Return a list containing the names of the files in the directory.\n\npath can be specified as either str, bytes, or a path-like object.  If\npath is bytes, the filenames returned will also be bytes; in all other\ncircumstances the filenames returned will be str.\nIf path is None, uses the path='.'.\nOn some platforms, path may also be specified as an open file\ndescriptor; the file descriptor must refer to a directory.  If this\nfunctionality is unavailable, using it raises NotImplementedError.\n\nThe list is in arbitrary order.  It does not include the special\nentries '.' and '..' even if they are present in the directory.",
        |th, a| {
            let p = Path::new(th, "listdir", "path", a[0], PathKind { fd: true, nullable: true })?;
            crate::audit(th, "os.listdir", &[p.object])?;
            // All names first: nothing of Python is touched while the system is asked.
            let names = p.call(th, |h, o| {
                let mut dir = match p.fd {
                    Some(fd) => {
                        let copy = h.dup(fd)?;
                        h.open_dir_fd(o, copy).inspect_err(|_| {
                            let _ = h.close(o, copy);
                        })?
                    }
                    None => crate::library::open_dir(h, o, &p.c)?,
                };
                let mut all: Vec<Vec<u8>> = Vec::new();
                let r = loop {
                    match dir.next(o) {
                        Ok(Some(e)) => all.push(e.name),
                        Ok(None) => break Ok(()),
                        Err(e) => break Err(e),
                    }
                };
                if p.fd.is_some() {
                    dir.rewind();
                }
                r.map(|_| all)
            })?;
            list_of(th, names.iter().map(|b| p.name(th, b)))
        },
    ),
    function(
        "scandir",
        "($module, /, path=None)",
        "Return an iterator of DirEntry objects for given path.\n\npath can be specified as either str, bytes, or a path-like object.  If\npath is bytes, the names of yielded DirEntry objects will also be bytes;\nin all other circumstances they will be str.\n\nIf path is None, uses the path='.'.",
        |th, a| {
            let p = Path::new(th, "scandir", "path", a[0], PathKind { fd: true, nullable: true })?;
            crate::audit(th, "os.scandir", &[p.object])?;
            let dir = p.call(th, |h, o| match p.fd {
                Some(fd) => {
                    let copy = h.dup(fd)?;
                    h.open_dir_fd(o, copy).inspect_err(|_| {
                        let _ = h.close(o, copy);
                    })
                }
                None => crate::library::open_dir(h, o, &p.c),
            })?;
            let prefix = if p.fd.is_some() {
                NONE()
            } else {
                let mut b = p.c.as_bytes().to_vec();
                if a[0].is_none_or(|v| v.is_none()) {
                    b = b".".to_vec();
                }
                if b.last() != Some(&b'/') {
                    b.push(b'/');
                }
                p.name(th, &b)?
            };
            let o = adder_vm::builtins::object::new_instance(th, type_of(th, &SCANDIR))?;
            let s = Scandir::of(o);
            let state = State { dir: Some(dir), is_bytes: p.is_bytes, fd: p.fd };
            unsafe { (*s.as_ptr()).state = Box::into_raw(Box::new(Mutex::new(state))) };
            th.store(s, &s.prefix, prefix);
            th.store(s, &s.path, p.object);
            Ok(o)
        },
    ),
];

pub(crate) struct State {
    dir: Option<Box<dyn DirStream>>,
    is_bytes: bool,
    fd: Option<Fd>,
}

crate::native_layout! { pub(crate) Scandir { prefix, path; state: *mut Mutex<State> } }

unsafe fn scandir_drop(o: adder_vm::heap::Obj) {
    let s = o.as_ptr() as *mut Scandir;
    unsafe {
        if !(*s).state.is_null() {
            drop(Box::from_raw((*s).state));
        }
    }
}

fn state(o: Value) -> Option<&'static Mutex<State>> {
    unsafe { Scandir::of(o).state.as_ref() }
}
/// Closes the folder; whether it was open.
fn close(th: Th, o: Value) -> bool {
    let Some(s) = state(o) else { return false };
    th.m.blocking(|| {
        // Another thread may be reading.
        let dir = lock(s).dir.take();
        dir.is_some()
    })
}

pub static SCANDIR: TypeCell = TypeCell::new(&NativeType {
    name: "posix.ScandirIterator",
    kind: Kind::Native,
    size: Scandir::SIZE,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION,
    slots: Slots {
        iter: Some(|_, o| Ok(o)),
        iternext: Some(scandir_next),
        del: Some(|th, o| {
            if state(o).is_some_and(|s| lock(s).dir.is_some()) {
                let r = th.repr(o)?;
                let msg = format!("unclosed scandir iterator {}", th.text(r));
                let w = adder_vm::warn::warn(th, &adder_vm::builtins::exceptions::RESOURCE_WARNING, &msg, 1);
                close(th, o);
                w?;
            }
            Ok(())
        }),
        ..Slots::NONE
    },
    methods: &[
        method("close", "!($self, /)", "", |th, a| {
            close(th, a[0].unwrap());
            none()
        }),
        method("__enter__", "!($self, /)", "", |_, a| Ok(a[0].unwrap())),
        method("__exit__", "!($self, /, *args)", "", |th, a| {
            close(th, a[0].unwrap());
            none()
        }),
    ],
    trace: Some(Scandir::trace),
    drop: Some(scandir_drop),
    ..NativeType::DEFAULT
});

fn scandir_next(th: Th, o: Value) -> R<Option<Value>> {
    let Some(st) = state(o) else { return Ok(None) };
    let (mut is_bytes, mut fd) = (false, None);
    let r = outside(th, |_, out| {
        let mut g = lock(st);
        (is_bytes, fd) = (g.is_bytes, g.fd);
        let Some(d) = g.dir.as_mut() else { return Ok(None) };
        let r = d.next(out);
        if !matches!(r, Ok(Some(_))) {
            if g.fd.is_some() {
                g.dir.as_mut().unwrap().rewind();
            }
            g.dir = None;
        }
        r
    });
    let s = Scandir::of(o);
    let e = match r {
        Ok(Some(e)) => e,
        Ok(None) => return Ok(None),
        Err(e) => {
            let p = s.path.value();
            return Err(if p.is_none() { os_error(th, e) } else { os_error_file(th, e, p) });
        }
    };
    let make = |b: &[u8]| if is_bytes { new_bytes(th, b) } else { fs_decode(th, b) };
    let name = make(&e.name)?;
    let prefix = s.prefix.value();
    let path = if prefix.is_none() { name } else { adder_vm::builtins::ops::add(th, prefix, name)? };
    let x = adder_vm::builtins::object::new_instance(th, type_of(th, &DIR_ENTRY))?;
    let d = Entry::of(x);
    th.store(d, &d.name, name);
    th.store(d, &d.path, path);
    d.kind.set(e.kind);
    d.ino.set(e.ino);
    d.fd.set(fd.unwrap_or(-1));
    Ok(Some(x))
}

crate::native_layout! {
    pub(crate) Entry { name, path, stat, lstat; ino: Cell<u64>, fd: Cell<i32>, kind: Cell<u8> }
}

pub static DIR_ENTRY: TypeCell = TypeCell::new(&NativeType {
    name: "posix.DirEntry",
    kind: Kind::Native,
    size: Entry::SIZE,
    flags: tflags::DISALLOW_INSTANTIATION | tflags::SHOWN_AS_HEAP,
    slots: Slots {
        repr: Some(|th, o| {
            let r = th.repr(Entry::of(o).name.value())?;
            Ok(th.str(&format!("<DirEntry {}>", th.text(r))))
        }),
        ..Slots::NONE
    },
    members: &[
        MemberDef {
            name: "name",
            doc: "",
            offset: std::mem::offset_of!(Entry, name) as u32,
            flags: member::READONLY,
        },
        MemberDef {
            name: "path",
            doc: "the entry's full path name; equivalent to\nos.path.join(scandir_path, entry.name)",
            offset: std::mem::offset_of!(Entry, path) as u32,
            flags: member::READONLY,
        },
    ],
    methods: &[
        method(
            "is_dir",
            "($self, /, *, follow_symlinks=True)",
            "Return True if the entry is a directory; cached per entry.",
            |th, a| is_mode(th, a, c::S_IFDIR, c::DT_DIR),
        ),
        method(
            "is_file",
            "($self, /, *, follow_symlinks=True)",
            "Return True if the entry is a file; cached per entry.",
            |th, a| is_mode(th, a, c::S_IFREG, c::DT_REG),
        ),
        method(
            "is_symlink",
            "($self, /)",
            "Return True if the entry is a symbolic link; cached per entry.",
            |th, a| Ok(Value::bool(is_symlink(th, a[0].unwrap())?)),
        ),
        method(
            "is_junction",
            "($self, /)",
            "Return True if the entry is a junction; cached per entry.",
            |_, _| Ok(FALSE()),
        ),
        method(
            "stat",
            "($self, /, *, follow_symlinks=True)",
            "Return stat_result object for the entry; cached per entry.",
            |th, a| {
                let follow = bool_or(th, a[1], true)?;
                entry_stat(th, a[0].unwrap(), follow)
            },
        ),
        method("inode", "($self, /)", "Return inode of the entry; cached per entry.", |th, a| {
            wide(th, Entry::of(a[0].unwrap()).ino.get() as i128)
        }),
        method("__fspath__", "($self, /)", "Returns the path for the entry.", |_, a| {
            Ok(Entry::of(a[0].unwrap()).path.value())
        }),
        classmethod(
            "__class_getitem__",
            "($type, object, /)",
            "DirEntry is generic over the type of the path (str or bytes)",
            |th, a| adder_vm::builtins::typing::generic_alias(th, a[0].unwrap(), a[1].unwrap()),
        ),
    ],
    trace: Some(Entry::trace),
    ..NativeType::DEFAULT
});

fn fetch(th: Th, e: Gc<Entry>, follow: bool) -> R<Result<FileStat, Errno>> {
    let (fd, v) =
        if e.fd.get() >= 0 { (e.fd.get(), e.name.value()) } else { (adder_host::CWD, e.path.value()) };
    let p: CString = fs_path(th, v)?;
    let flags = if follow { 0 } else { c::AT_SYMLINK_NOFOLLOW };
    retry(th, |h, o| crate::library::stat(h, o, fd, &p, flags))
}
fn is_symlink(th: Th, o: Value) -> R<bool> {
    let e = Entry::of(o);
    if e.kind.get() != c::DT_UNKNOWN {
        return Ok(e.kind.get() == c::DT_LNK);
    }
    mode_is(th, o, false, c::S_IFLNK)
}
fn entry_stat(th: Th, o: Value, follow: bool) -> R<Value> {
    let e = Entry::of(o);
    let follow = follow && is_symlink(th, o)?;
    let slot = if follow { &e.stat } else { &e.lstat };
    if let Some(v) = slot.get() {
        return Ok(v);
    }
    let st = fetch(th, e, follow)?.map_err(|x| os_error_file(th, x, e.path.value()))?;
    let v = stat_result(th, &st)?;
    th.store(e, slot, v);
    Ok(v)
}
fn mode_is(th: Th, o: Value, follow: bool, mode: u32) -> R<bool> {
    let r = entry_stat(th, o, follow);
    match th.catch(r, &adder_vm::builtins::exceptions::FILE_NOT_FOUND_ERROR)? {
        Some(st) => {
            let m = th.getattr(st, th.intern("st_mode"))?;
            Ok(m.as_fix().unwrap_or(0) as u32 & c::S_IFMT == mode)
        }
        None => Ok(false),
    }
}
fn is_mode(th: Th, a: Args, mode: u32, kind: u8) -> R<Value> {
    let o = a[0].unwrap();
    let follow = bool_or(th, a[1], true)?;
    let k = Entry::of(o).kind.get();
    if k == c::DT_UNKNOWN || (follow && k == c::DT_LNK) {
        return Ok(Value::bool(mode_is(th, o, follow, mode)?));
    }
    Ok(Value::bool(k == kind))
}

#[allow(unused)]
fn _n() -> Value {
    n!(__dict__)
}
