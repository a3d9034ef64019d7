//! The process's surroundings: arguments, environment variables, the machine, limits of the system, libraries.
//!
//! # Invariants
//! The environment is read and written under one lock; C strings that the system hands out are copied before it is given
//! back.

use crate::sys::{self, zeroed};
use crate::{CheckRet, Errno, Outside, Res, bytes, text};
use std::ffi::{CStr, c_char};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::sync::Mutex;

/// `uname`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uname {
    pub sysname: String,
    pub nodename: String,
    pub release: String,
    pub version: String,
    pub machine: String,
}

/// A loaded library or a symbol in it.
pub type Address = usize;

/// `setenv` moves the array that others read. Ours go one at a time; the C library's own readers (`TZ`,
/// the resolver) take the risk that they take in every program.
pub(crate) static CHANGING: Mutex<()> = Mutex::new(());

door! {
    /// See the module.
    pub trait Environment {
        fn args(&self) -> Vec<Vec<u8>> {
            std::env::args_os().map(OsStringExt::into_vec).collect()
        }
        /// `(name, value)` of all variables.
        fn environ(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
            let _guard = CHANGING.lock();
            std::env::vars_os().map(|(n, v)| (n.into_vec(), v.into_vec())).collect()
        }
        fn getenv(&self, name: &[u8]) -> Option<Vec<u8>> {
            let _guard = CHANGING.lock();
            std::env::var_os(std::ffi::OsStr::from_bytes(name)).map(OsStringExt::into_vec)
        }
        fn setenv(&self, name: &CStr, value: &CStr) -> Res<()> {
            let _guard = CHANGING.lock();
            unsafe { libc::setenv(name.as_ptr(), value.as_ptr(), 1) }.done()
        }
        fn unsetenv(&self, name: &CStr) -> Res<()> {
            let _guard = CHANGING.lock();
            unsafe { libc::unsetenv(name.as_ptr()) }.done()
        }
        /// The path of the running executable, links resolved.
        fn executable(&self, _out: Outside) -> Res<Vec<u8>> {
            std::env::current_exe().map(|p| p.into_os_string().into_vec())
                .map_err(|e| e.raw_os_error().map_or(Errno::ENOENT, Errno))
        }
        fn uname(&self) -> Res<Uname> {
            let mut u: libc::utsname = zeroed();
            sys::uname(&mut u).ok()?;
            Ok(Uname {
                sysname: text(&u.sysname), nodename: text(&u.nodename), release: text(&u.release),
                version: text(&u.version), machine: text(&u.machine),
            })
        }
        /// -1: no limit.
        fn sysconf(&self, name: i32) -> Res<i64> {
            Errno(0).set();
            let v = sys::sysconf(name);
            if v == -1 && Errno::last() != Errno(0) { Err(Errno::last()) } else { Ok(v) }
        }
        /// `None`: not defined here.
        fn confstr(&self, name: i32) -> Res<Option<Vec<u8>>> {
            Errno(0).set();
            let n = unsafe { libc::confstr(name, std::ptr::null_mut(), 0) };
            if n == 0 { return if Errno::last() == Errno(0) { Ok(None) } else { Err(Errno::last()) } }
            let mut buf = vec![0u8; n];
            unsafe { libc::confstr(name, buf.as_mut_ptr().cast(), n) };
            buf.pop();
            Ok(Some(buf))
        }
        /// Name of the controlling terminal.
        fn ctermid(&self) -> Vec<u8> {
            let mut buf = [0 as c_char; 64];
            // SAFETY: L_ctermid is 9.
            unsafe { ctermid(buf.as_mut_ptr()); bytes(buf.as_ptr()) }
        }
        fn getlogin(&self) -> Res<Vec<u8>> {
            let mut buf = [0 as c_char; 256];
            crate::number(unsafe { getlogin_r(buf.as_mut_ptr(), buf.len()) })?;
            // SAFETY: filled, NUL-terminated.
            Ok(unsafe { bytes(buf.as_ptr()) })
        }

        // ---- system log ----

        /// `ident` is kept for the life of the process: the C library keeps the pointer.
        fn openlog(&self, ident: Option<&CStr>, options: i32, facility: i32) -> () {
            let ident = ident.map_or(std::ptr::null(), |s| Box::leak(s.to_owned().into_boxed_c_str()).as_ptr());
            unsafe { libc::openlog(ident, options, facility) }
        }
        fn syslog(&self, _out: Outside, priority: i32, message: &CStr) -> () {
            unsafe { libc::syslog(priority, c"%s".as_ptr(), message.as_ptr()) }
        }
        fn closelog(&self) -> () { unsafe { libc::closelog() } }
        fn setlogmask(&self, mask: i32) -> i32 { unsafe { libc::setlogmask(mask) } }

        // ---- dynamic libraries ----

        /// `None`: the program itself. The error is the loader's text.
        fn dlopen(&self, _out: Outside, path: Option<&CStr>, flags: i32) -> Result<Address, Vec<u8>> {
            let p = path.map_or(std::ptr::null(), CStr::as_ptr);
            let h = unsafe { libc::dlopen(p, flags) };
            if h.is_null() { Err(loader_error()) } else { Ok(h as Address) }
        }
        fn dlsym(&self, library: Address, name: &CStr) -> Result<Address, Vec<u8>> {
            unsafe {
                libc::dlerror();
                let s = libc::dlsym(library as *mut _, name.as_ptr());
                if s.is_null() { Err(loader_error()) } else { Ok(s as Address) }
            }
        }
        fn dlclose(&self, library: Address) -> Result<(), Vec<u8>> {
            if unsafe { libc::dlclose(library as *mut _) } == 0 { Ok(()) } else { Err(loader_error()) }
        }
    }
}

impl crate::Refusal for Vec<u8> {
    fn refusal() -> Self {
        b"dynamic libraries are not available".to_vec()
    }
}

fn loader_error() -> Vec<u8> {
    // SAFETY: the loader's string of this thread, copied at once.
    unsafe { bytes(libc::dlerror()) }
}

unsafe extern "C" {
    fn ctermid(buf: *mut c_char) -> *mut c_char;
    fn getlogin_r(buf: *mut c_char, len: usize) -> i32;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NativeHost;

    const H: NativeHost = NativeHost;

    #[test]
    fn variables_are_set_and_unset() {
        H.setenv(c"ADDER_HOST_TEST", c"a=b").unwrap();
        assert_eq!(H.getenv(b"ADDER_HOST_TEST").unwrap(), b"a=b");
        assert!(H.environ().contains(&(b"ADDER_HOST_TEST".to_vec(), b"a=b".to_vec())));
        H.unsetenv(c"ADDER_HOST_TEST").unwrap();
        assert_eq!(H.getenv(b"ADDER_HOST_TEST"), None);
        assert_eq!(H.setenv(c"with=sign", c""), Err(Errno::EINVAL));
    }

    #[test]
    fn the_machine_is_described() {
        assert_eq!(H.uname().unwrap().sysname, "Linux");
        assert!(H.sysconf(libc::_SC_PAGESIZE).unwrap() >= 4096);
        assert_eq!(H.sysconf(-1), Err(Errno::EINVAL));
        assert!(H.confstr(libc::_CS_PATH).unwrap().unwrap().starts_with(b"/"));
        assert!(Outside::region(|o| H.executable(o)).unwrap().starts_with(b"/"));
        assert_eq!(H.ctermid(), b"/dev/tty");
    }

    #[test]
    fn libraries_are_loaded() {
        Outside::region(|o| {
            let me = H.dlopen(o, None, libc::RTLD_NOW).unwrap();
            assert_ne!(H.dlsym(me, c"getpid").unwrap(), 0);
            assert!(H.dlsym(me, c"no_such_symbol_here").is_err());
            H.dlclose(me).unwrap();
            assert!(
                H.dlopen(o, Some(c"/no/such.so"), libc::RTLD_NOW).unwrap_err().starts_with(b"/no/such.so")
            );
        });
    }
}
