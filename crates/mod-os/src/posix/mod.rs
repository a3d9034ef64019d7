//! `posix`: what `os` is made of.

pub mod dirs;
pub mod files;
pub mod misc;
pub mod paths;
pub mod process;
pub mod stat;

use crate::util::*;
use adder_vm::native::*;

pub static MODULE: NativeModule = NativeModule {
    name: "posix",
    doc: "This module provides access to operating system functionality that is\nstandardized by the C Standard and the POSIX standard (a thinly\ndisguised Unix interface).  Refer to the library manual and\ncorresponding Unix manual entries for more information on calls.",
    functions: stat::FUNCTIONS,
    types: &[
        &dirs::DIR_ENTRY,
        &stat::STAT_RESULT.cell,
        &stat::STATVFS_RESULT.cell,
        &misc::UNAME_RESULT.cell,
        &misc::TERMINAL_SIZE.cell,
        &misc::SCHED_PARAM.cell,
        &process::WAITID_RESULT.cell,
        &process::TIMES_RESULT.cell,
    ],
    init: Some(|th, m| {
        for f in [files::FUNCTIONS, paths::FUNCTIONS, dirs::FUNCTIONS, misc::FUNCTIONS, process::FUNCTIONS] {
            put_functions(th, m, f)?;
        }
        put_table(th, m, adder_host::consts::files())?;
        let env = misc::environ(th)?;
        m.put(th, "environ", env)?;
        m.put(th, "error", adder_vm::builtins::exceptions::OS_ERROR.get().value())?;
        for (name, t) in [
            ("sysconf_names", adder_host::consts::sysconf()),
            ("pathconf_names", adder_host::consts::pathconf()),
            ("confstr_names", adder_host::consts::confstr()),
        ] {
            let d = misc::conf_names(th, t)?;
            m.put(th, name, d)?;
        }
        let have = list_of(th, HAVE.split_ascii_whitespace().map(|s| Ok(th.str(&format!("HAVE_{s}")))))?;
        m.put(th, "_have_functions", have)
    }),
};

const HAVE: &str = "EVENTFD TIMERFD_CREATE FACCESSAT FCHDIR FCHMOD FCHMODAT FCHOWN FCHOWNAT FEXECVE FDOPENDIR
    FPATHCONF FSTATAT FSTATVFS FTRUNCATE FUTIMENS FUTIMES FUTIMESAT LINKAT LCHOWN LSTAT LUTIMES MEMFD_CREATE MKDIRAT
    MKFIFOAT MKNODAT OPENAT READLINKAT RENAMEAT SYMLINKAT UNLINKAT UTIMENSAT PTSNAME_R";
