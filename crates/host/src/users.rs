//! The databases of users and groups.
//!
//! # Safety
//! The strings of an entry lie in the buffer of the call, or, of the enumerations, in static storage that is read under the
//! lock: they are copied at once.

use crate::net::list;
use crate::{CheckRet, Errno, Outside, Res, bytes};
use std::ffi::{CStr, c_char};
use std::sync::Mutex;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub name: Vec<u8>,
    pub password: Vec<u8>,
    pub uid: u32,
    pub gid: u32,
    pub gecos: Vec<u8>,
    pub home: Vec<u8>,
    pub shell: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub name: Vec<u8>,
    pub password: Vec<u8>,
    pub gid: u32,
    pub members: Vec<Vec<u8>>,
}

/// The enumerations have one position for the process.
pub(crate) static ENUMERATING: Mutex<()> = Mutex::new(());

door! {
    /// See the module. `Ok(None)`: there is no such entry.
    pub trait Users {
        fn user_by_name(&self, _out: Outside, name: &CStr) -> Res<Option<User>> {
            lookup(user, |e, b, n, r| unsafe { libc::getpwnam_r(name.as_ptr(), e, b, n, r) })
        }
        fn user_by_id(&self, _out: Outside, uid: u32) -> Res<Option<User>> {
            lookup(user, |e, b, n, r| unsafe { libc::getpwuid_r(uid, e, b, n, r) })
        }
        fn users(&self, _out: Outside) -> Vec<User> {
            let _guard = ENUMERATING.lock();
            let mut all = Vec::new();
            // SAFETY: static storage, copied under the lock.
            unsafe {
                libc::setpwent();
                while let Some(e) = libc::getpwent().as_ref() { all.push(user(e)) }
                libc::endpwent();
            }
            all
        }
        fn group_by_name(&self, _out: Outside, name: &CStr) -> Res<Option<Group>> {
            lookup(group, |e, b, n, r| unsafe { libc::getgrnam_r(name.as_ptr(), e, b, n, r) })
        }
        fn group_by_id(&self, _out: Outside, gid: u32) -> Res<Option<Group>> {
            lookup(group, |e, b, n, r| unsafe { libc::getgrgid_r(gid, e, b, n, r) })
        }
        fn groups(&self, _out: Outside) -> Vec<Group> {
            let _guard = ENUMERATING.lock();
            let mut all = Vec::new();
            // SAFETY: static storage, copied under the lock.
            unsafe {
                libc::setgrent();
                while let Some(e) = libc::getgrent().as_ref() { all.push(group(e)) }
                libc::endgrent();
            }
            all
        }
        /// The groups of a user, `base` among them.
        fn getgrouplist(&self, _out: Outside, user: &CStr, base: u32) -> Res<Vec<u32>> {
            let mut groups = vec![0; 64];
            loop {
                let mut n = groups.len() as i32;
                let r = unsafe { libc::getgrouplist(user.as_ptr(), base, groups.as_mut_ptr(), &raw mut n) };
                if r.ok().is_ok() {
                    groups.truncate(n as usize);
                    return Ok(groups)
                }
                if groups.len() > 1 << 16 { return Err(Errno::EINVAL) }
                groups.resize((n as usize).max(groups.len() * 2), 0);
            }
        }
    }
}

fn user(e: &libc::passwd) -> User {
    // SAFETY: the strings of a filled entry.
    unsafe {
        User {
            name: bytes(e.pw_name),
            password: bytes(e.pw_passwd),
            uid: e.pw_uid,
            gid: e.pw_gid,
            gecos: bytes(e.pw_gecos),
            home: bytes(e.pw_dir),
            shell: bytes(e.pw_shell),
        }
    }
}

fn group(e: &libc::group) -> Group {
    // SAFETY: the strings of a filled entry.
    unsafe {
        Group {
            name: bytes(e.gr_name),
            password: bytes(e.gr_passwd),
            gid: e.gr_gid,
            members: list(e.gr_mem, |p| bytes(p)),
        }
    }
}

/// The reentrant calls: entry, buffer, its length, where the result's address goes.
fn lookup<C, T>(
    read: fn(&C) -> T,
    call: impl Fn(*mut C, *mut c_char, usize, *mut *mut C) -> i32,
) -> Res<Option<T>> {
    let mut buf = vec![0 as c_char; 1024];
    loop {
        let mut entry = std::mem::MaybeUninit::uninit();
        let mut result: *mut C = std::ptr::null_mut();
        match call(entry.as_mut_ptr(), buf.as_mut_ptr(), buf.len(), &raw mut result) {
            // SAFETY: null or `entry`.
            0 => return Ok(unsafe { result.as_ref() }.map(read)),
            libc::ERANGE if buf.len() < 1 << 20 => buf.resize(buf.len() * 2, 0),
            // Some systems say so when there is no entry.
            libc::ENOENT | libc::ESRCH => return Ok(None),
            n => return Err(Errno(n)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NativeHost;

    const H: NativeHost = NativeHost;

    #[test]
    fn root_is_a_user_and_a_group() {
        Outside::region(|o| {
            let root = H.user_by_id(o, 0).unwrap().unwrap();
            assert_eq!(root.name, b"root");
            assert_eq!(H.user_by_name(o, c"root").unwrap(), Some(root.clone()));
            assert!(H.users(o).contains(&root));
            let group = H.group_by_id(o, 0).unwrap().unwrap();
            assert_eq!(H.group_by_name(o, c"root").unwrap(), Some(group.clone()));
            assert!(H.groups(o).contains(&group));
            assert_eq!(H.user_by_name(o, c"no such user").unwrap(), None);
            assert!(H.getgrouplist(o, c"root", 0).unwrap().contains(&0));
        });
    }
}
