//! `grp`: the database of groups.

use crate::posix::files::id_arg;
use crate::util::*;
use adder_host::users::Group;
use adder_vm::err::{R, Raised};
use adder_vm::native::*;
use adder_vm::structseq;
use adder_vm::thread::Th;
use adder_vm::value::*;

structseq! {
    pub STRUCT_GROUP "grp.struct_group" 4
    "grp.struct_group: Results from getgr*() routines.\n\nThis object may be accessed either as a tuple of\n  (gr_name,gr_passwd,gr_gid,gr_mem)\nor via the object attributes as named in the above tuple.\n" tflags::SHOWN_AS_HEAP; [("gr_name", "group name"), ("gr_passwd", "password"), ("gr_gid", "group id"), ("gr_mem", "group members")]
}

pub static MODULE: NativeModule = NativeModule {
    name: "grp",
    doc: "Access to the Unix group database.\n\nGroup entries are reported as 4-tuples containing the following fields\nfrom the group database, in order:\n\n  gr_name   - name of the group\n  gr_passwd - group password (encrypted); often empty\n  gr_gid    - numeric ID of the group\n  gr_mem    - list of members\n\nThe gid is an integer, name and password are strings.  (Note that most\nusers are not explicitly listed as members of the groups they are in\naccording to the password database.  Check both databases to get\ncomplete membership information.)",
    functions: &[
        function(
            "getgrgid",
            "($module, /, id)",
            "Return the group database entry for the given numeric group ID.\n\nIf id is not valid, raise KeyError.",
            |th, a| {
                let gid = id_arg(th, a[0].unwrap(), "gid")?;
                match call(th, |h, o| h.group_by_id(o, gid))? {
                    Some(g) => group(th, &g),
                    None => {
                        Err(not_found(th, &format!("getgrgid(): gid not found: {}", crate::pwd::number(gid))))
                    }
                }
            },
        ),
        function(
            "getgrnam",
            "($module, /, name)",
            "Return the group database entry for the given group name.\n\nIf name is not valid, raise KeyError.",
            |th, a| {
                let v = a[0].unwrap();
                if !v.is_kind(Kind::Str) {
                    return Err(th.type_error(format!(
                        "getgrnam() argument 'name' must be str, not {}",
                        th.arg_type_name(v)
                    )));
                }
                let name = c_string(th, fs_encode(th, v)?)?;
                match call(th, |h, o| h.group_by_name(o, &name))? {
                    Some(g) => group(th, &g),
                    None => {
                        let r = th.text(th.repr(v)?);
                        Err(not_found(th, &format!("getgrnam(): name not found: {r}")))
                    }
                }
            },
        ),
        function(
            "getgrall",
            "($module, /)",
            "Return a list of all available group entries, in arbitrary order.\n\nAn entry whose name starts with '+' or '-' represents an instruction\nto use YP/NIS and may not be accessible via getgrnam or getgrgid.",
            |th, _| {
                let all = outside(th, |h, o| h.groups(o));
                list_of(th, all.iter().map(|g| group(th, g)))
            },
        ),
    ],
    types: &[&STRUCT_GROUP.cell],
    init: None,
};

#[cold]
fn not_found(th: Th, msg: &str) -> Raised {
    let m = th.str(msg);
    th.key_error(m)
}
fn group(th: Th, g: &Group) -> R<Value> {
    let (name, password) = (fs_decode(th, &g.name)?, fs_decode(th, &g.password)?);
    let members = list_of(th, g.members.iter().map(|m| fs_decode(th, m)))?;
    STRUCT_GROUP.make(th, &[name, password, th.int(crate::pwd::number(g.gid)), members])
}
