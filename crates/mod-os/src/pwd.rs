//! `pwd`: the database of users.

use crate::posix::files::id_arg;
use crate::util::*;
use adder_host::users::User;
use adder_vm::builtins::exceptions as exc;
use adder_vm::err::{R, Raised};
use adder_vm::native::*;
use adder_vm::structseq;
use adder_vm::thread::Th;
use adder_vm::value::*;

structseq! {
    pub STRUCT_PASSWD "pwd.struct_passwd" 7
    "pwd.struct_passwd: Results from getpw*() routines.\n\nThis object may be accessed either as a tuple of\n  (pw_name,pw_passwd,pw_uid,pw_gid,pw_gecos,pw_dir,pw_shell)\nor via the object attributes as named in the above tuple." tflags::SHOWN_AS_HEAP; [
        ("pw_name", "user name"), ("pw_passwd", "password"), ("pw_uid", "user id"), ("pw_gid", "group id"),
        ("pw_gecos", "real name"), ("pw_dir", "home directory"), ("pw_shell", "shell program"),
    ]
}

pub static MODULE: NativeModule = NativeModule {
    name: "pwd",
    doc: "This module provides access to the Unix password database.\nIt is available on all Unix versions.\n\nPassword database entries are reported as 7-tuples containing the following\nitems from the password database (see `<pwd.h>'), in order:\npw_name, pw_passwd, pw_uid, pw_gid, pw_gecos, pw_dir, pw_shell.\nThe uid and gid items are integers, all others are strings. An\nexception is raised if the entry asked for cannot be found.",
    functions: &[
        function(
            "getpwuid",
            "($module, uidobj, /)",
            "Return the password database entry for the given numeric user ID.\n\nSee `help(pwd)` for more on password database entries.",
            |th, a| {
                let v = a[0].unwrap();
                let uid = match id_arg(th, v, "uid") {
                    Ok(n) => n,
                    Err(_) if th.exc_is(&exc::OVERFLOW_ERROR) => {
                        th.take_exc();
                        return Err(not_found(th, "getpwuid(): uid not found"));
                    }
                    Err(e) => return Err(e),
                };
                match call(th, |h, o| h.user_by_id(o, uid))? {
                    Some(u) => user(th, &u),
                    None => Err(not_found(th, &format!("getpwuid(): uid not found: {}", number(uid)))),
                }
            },
        ),
        function(
            "getpwnam",
            "($module, name, /)",
            "Return the password database entry for the given user name.\n\nSee `help(pwd)` for more on password database entries.",
            |th, a| {
                let v = a[0].unwrap();
                if !v.is_kind(Kind::Str) {
                    return Err(th.type_error(format!(
                        "getpwnam() argument must be str, not {}",
                        th.arg_type_name(v)
                    )));
                }
                let name = c_string(th, fs_encode(th, v)?)?;
                match call(th, |h, o| h.user_by_name(o, &name))? {
                    Some(u) => user(th, &u),
                    None => {
                        let r = th.text(th.repr(v)?);
                        Err(not_found(th, &format!("getpwnam(): name not found: {r}")))
                    }
                }
            },
        ),
        function(
            "getpwall",
            "($module, /)",
            "Return a list of all available password database entries, in arbitrary order.\n\nSee help(pwd) for more on password database entries.",
            |th, _| {
                let all = outside(th, |h, o| h.users(o));
                list_of(th, all.iter().map(|u| user(th, u)))
            },
        ),
    ],
    types: &[&STRUCT_PASSWD.cell],
    init: None,
};

#[cold]
fn not_found(th: Th, msg: &str) -> Raised {
    let m = th.str(msg);
    th.key_error(m)
}
fn user(th: Th, u: &User) -> R<Value> {
    let (name, password) = (fs_decode(th, &u.name)?, fs_decode(th, &u.password)?);
    let (gecos, home, shell) = (fs_decode(th, &u.gecos)?, fs_decode(th, &u.home)?, fs_decode(th, &u.shell)?);
    let id = |n: u32| th.int(number(n));
    STRUCT_PASSWD.make(th, &[name, password, id(u.uid), id(u.gid), gecos, home, shell])
}
/// The largest id stands for -1.
pub fn number(id: u32) -> i64 {
    if id == u32::MAX { -1 } else { id as i64 }
}
