//! The library folder as a read-only part of the file system: what the program embeds is there for programs that list,
//! stat and open the library's files, whether or not an installation has written them to disk.
//!
//! Asked only after the system has said "no such file", so what is on disk comes first and other paths pay nothing. An
//! open file is an anonymous file of the system with the content. A folder has no descriptor.

use crate::util::c;
use adder_host::fs::{DirEntry, DirStream, FileStat, PathOrFd};
use adder_host::{CWD, Errno, Fd, Host, Outside, Res};
use adder_vm::hooks::{self, Library};
use adder_vm::import::frozen;
use std::ffi::CStr;

enum Found {
    /// Its path below the library folder, with a slash at the end unless empty.
    Folder(String),
    File(String),
}

fn library() -> Option<&'static dyn Library> {
    hooks::library()
}

fn find(path: &CStr) -> Option<Found> {
    let rel = frozen::relative(path.to_bytes())?;
    let mut clean = String::new();
    for part in rel.split('/').filter(|p| !p.is_empty() && *p != ".") {
        if !clean.is_empty() {
            clean.push('/');
        }
        clean.push_str(part);
    }
    let l = library()?;
    if l.size(&clean).is_some() {
        return (!rel.ends_with('/')).then_some(Found::File(clean));
    }
    if !clean.is_empty() {
        clean.push('/');
    }
    l.has_folder(&clean).then_some(Found::Folder(clean))
}

fn number(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3))
        >> 1
}

pub fn stat(h: &dyn Host, o: Outside, dir: Fd, path: &CStr, flags: i32) -> Res<FileStat> {
    let r = h.stat(o, dir, path, flags);
    if r != Err(Errno::ENOENT) || (dir != CWD && !path.to_bytes().starts_with(b"/")) {
        return r;
    }
    let Some(found) = find(path) else { return r };
    // The files are as old as the program.
    let program = h.stat(o, CWD, c"/proc/self/exe", 0).unwrap_or_default();
    let (name, mode, size) = match &found {
        Found::Folder(p) => (p, c::S_IFDIR | 0o555, 0),
        Found::File(p) => (p, c::S_IFREG | 0o444, library().and_then(|l| l.size(p)).unwrap_or(0)),
    };
    Ok(FileStat {
        ino: number(name),
        mode,
        nlink: 1,
        size: size as i64,
        blksize: 4096,
        blocks: size.div_ceil(512) as i64,
        ..program
    })
}

pub fn open(h: &dyn Host, o: Outside, dir: Fd, path: &CStr, flags: i32, mode: u32) -> Res<Fd> {
    let r = h.open(o, dir, path, flags, mode);
    if r != Err(Errno::ENOENT) || (dir != CWD && !path.to_bytes().starts_with(b"/")) {
        return r;
    }
    let file = match find(path) {
        None => return r,
        Some(_) if flags & (c::O_WRONLY | c::O_RDWR | c::O_CREAT) != 0 => return Err(Errno(c::EROFS)),
        Some(Found::Folder(_)) => return if flags & c::O_DIRECTORY != 0 { r } else { Err(Errno::EISDIR) },
        Some(Found::File(f)) => f,
    };
    let Some(bytes) = library().and_then(|l| l.file(&file)) else { return r };
    let fd = h.memfd_create(c"library", c::MFD_CLOEXEC)?;
    let fill = || {
        let mut rest: &[u8] = &bytes;
        while !rest.is_empty() {
            match h.write(o, fd, rest) {
                Ok(n) => rest = &rest[n..],
                Err(Errno::EINTR) => {}
                Err(e) => return Err(e),
            }
        }
        h.lseek(o, fd, 0, 0)
    };
    if let Err(e) = fill() {
        let _ = h.close(o, fd);
        return Err(e);
    }
    // Once more for reading alone, where the system offers that.
    let again = std::ffi::CString::new(format!("/proc/self/fd/{fd}")).expect("no NUL");
    match h.open(o, CWD, &again, c::O_RDONLY, 0) {
        Ok(read_only) => {
            let _ = h.close(o, fd);
            Ok(read_only)
        }
        Err(_) => Ok(fd),
    }
}

pub fn access(h: &dyn Host, o: Outside, dir: Fd, path: &CStr, mode: i32, flags: i32) -> Res<()> {
    let r = h.access(o, dir, path, mode, flags);
    if r != Err(Errno::ENOENT) || (dir != CWD && !path.to_bytes().starts_with(b"/")) {
        return r;
    }
    match find(path) {
        None => r,
        Some(_) if mode & c::W_OK != 0 => Err(Errno(c::EROFS)),
        Some(Found::File(_)) if mode & c::X_OK != 0 => Err(Errno::EACCES),
        Some(_) => Ok(()),
    }
}

/// What another call says of `path`: `r`, unless the system has no such file and the program has it.
pub fn or<T>(r: Res<T>, dir: Fd, path: &CStr, of_library: impl FnOnce() -> Res<T>) -> Res<T> {
    match r {
        Err(Errno::ENOENT) if (dir == CWD || path.to_bytes().starts_with(b"/")) && find(path).is_some() => {
            of_library()
        }
        r => r,
    }
}

/// The library's files have no extended attributes and take none.
pub fn xattr<T>(r: Res<T>, what: &PathOrFd, of_library: Res<T>) -> Res<T> {
    match what {
        PathOrFd::Path(p) | PathOrFd::Link(p) => or(r, CWD, p, || of_library),
        PathOrFd::Fd(_) => r,
    }
}

pub fn open_dir(h: &dyn Host, o: Outside, path: &CStr) -> Res<Box<dyn DirStream>> {
    let r = h.open_dir(o, path);
    if frozen::relative(path.to_bytes()).is_none() || !matches!(&r, Ok(_) | Err(Errno::ENOENT)) {
        return r;
    }
    match find(path) {
        None => r,
        Some(Found::File(_)) => r.map_or(Err(Errno::ENOTDIR), Ok),
        Some(Found::Folder(folder)) => {
            let names = library().map(|l| l.list(&folder)).unwrap_or_default();
            Ok(Box::new(Listing { disk: r.ok(), folder, names, at: 0 }))
        }
    }
}

/// What is on disk in a folder of the library, then what only the program has.
struct Listing {
    disk: Option<Box<dyn DirStream>>,
    folder: String,
    names: Vec<&'static str>,
    at: usize,
}

impl DirStream for Listing {
    fn next(&mut self, out: Outside) -> Res<Option<DirEntry>> {
        if self.at == 0
            && let Some(d) = &mut self.disk
            && let Some(e) = d.next(out)?
        {
            self.names.retain(|n| n.as_bytes() != e.name);
            return Ok(Some(e));
        }
        let Some(name) = self.names.get(self.at) else { return Ok(None) };
        self.at += 1;
        let path = format!("{}{name}", self.folder);
        let kind = if library().is_some_and(|l| l.size(&path).is_some()) { c::DT_REG } else { c::DT_DIR };
        Ok(Some(DirEntry { name: name.as_bytes().to_vec(), ino: number(&path), kind: kind as _ }))
    }
    fn rewind(&mut self) {
        self.at = 0;
        if let Some(d) = &mut self.disk {
            d.rewind();
        }
    }
}
