//! `posix_spawn`.
//!
//! # Safety
//! Actions and attributes are initialised before anything is done with them and destroyed on every way out. Arrays of C
//! strings end with null and outlive the call, which returns when the child does not need them any more.

use crate::signal::SignalSet;
use crate::{Fd, Outside, Pid, Res, number};
use std::ffi::{CStr, CString};

/// What the child does to its descriptors before it executes the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpawnAction {
    Open { fd: Fd, path: CString, flags: i32, mode: u32 },
    Close(Fd),
    Dup2(Fd, Fd),
    CloseFrom(Fd),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpawnAttr {
    pub group: Option<Pid>,
    pub reset_ids: bool,
    pub new_session: bool,
    pub mask: Option<SignalSet>,
    pub defaults: Option<SignalSet>,
    /// Policy (or the parent's) and priority.
    pub scheduler: Option<(Option<i32>, i32)>,
}

door! {
    /// See the module.
    pub trait Spawning {
        /// `search`: along `PATH`. `env` is a list of `NAME=value`.
        fn posix_spawn(&self, _out: Outside, path: &CStr, search: bool, argv: &[CString], env: &[CString],
                       actions: &[SpawnAction], attr: &SpawnAttr) -> Res<Pid> {
            spawn(path, search, argv, env, actions, attr)
        }
    }
}

unsafe extern "C" {
    fn posix_spawn_file_actions_addclosefrom_np(
        actions: *mut libc::posix_spawn_file_actions_t,
        from: i32,
    ) -> i32;
}

fn spawn(
    path: &CStr,
    search: bool,
    argv: &[CString],
    env: &[CString],
    actions: &[SpawnAction],
    attr: &SpawnAttr,
) -> Res<Pid> {
    let (argv, env) = (crate::exec::pointers(argv), crate::exec::pointers(env));
    // SAFETY: both objects are initialised before and destroyed after use; the arrays end with NULL.
    unsafe {
        let mut fa: libc::posix_spawn_file_actions_t = std::mem::zeroed();
        number(libc::posix_spawn_file_actions_init(&raw mut fa))?;
        let mut at: libc::posix_spawnattr_t = std::mem::zeroed();
        if let Err(e) = number(libc::posix_spawnattr_init(&raw mut at)) {
            libc::posix_spawn_file_actions_destroy(&raw mut fa);
            return Err(e);
        }
        let result = (|| {
            for a in actions {
                number(match a {
                    SpawnAction::Open { fd, path, flags, mode } => {
                        libc::posix_spawn_file_actions_addopen(&raw mut fa, *fd, path.as_ptr(), *flags, *mode)
                    }
                    SpawnAction::Close(fd) => libc::posix_spawn_file_actions_addclose(&raw mut fa, *fd),
                    SpawnAction::Dup2(from, to) => {
                        libc::posix_spawn_file_actions_adddup2(&raw mut fa, *from, *to)
                    }
                    SpawnAction::CloseFrom(fd) => posix_spawn_file_actions_addclosefrom_np(&raw mut fa, *fd),
                })?;
            }
            let mut flags = 0;
            if let Some(g) = attr.group {
                number(libc::posix_spawnattr_setpgroup(&raw mut at, g))?;
                flags |= libc::POSIX_SPAWN_SETPGROUP;
            }
            if attr.reset_ids {
                flags |= libc::POSIX_SPAWN_RESETIDS;
            }
            if attr.new_session {
                flags |= 0x80; // POSIX_SPAWN_SETSID
            }
            if let Some(m) = attr.mask {
                number(libc::posix_spawnattr_setsigmask(&raw mut at, &m.to_c()))?;
                flags |= libc::POSIX_SPAWN_SETSIGMASK;
            }
            if let Some(m) = attr.defaults {
                number(libc::posix_spawnattr_setsigdefault(&raw mut at, &m.to_c()))?;
                flags |= libc::POSIX_SPAWN_SETSIGDEF;
            }
            if let Some((policy, priority)) = attr.scheduler {
                if let Some(p) = policy {
                    number(libc::posix_spawnattr_setschedpolicy(&raw mut at, p))?;
                    flags |= libc::POSIX_SPAWN_SETSCHEDULER;
                }
                let p = libc::sched_param { sched_priority: priority };
                number(libc::posix_spawnattr_setschedparam(&raw mut at, &raw const p))?;
                flags |= libc::POSIX_SPAWN_SETSCHEDPARAM;
            }
            number(libc::posix_spawnattr_setflags(&raw mut at, flags as libc::c_short))?;
            let mut pid = 0;
            let f = if search { libc::posix_spawnp } else { libc::posix_spawn };
            number(f(
                &raw mut pid,
                path.as_ptr(),
                &raw const fa,
                &raw const at,
                argv.as_ptr().cast(),
                env.as_ptr().cast(),
            ))?;
            Ok(pid)
        })();
        libc::posix_spawnattr_destroy(&raw mut at);
        libc::posix_spawn_file_actions_destroy(&raw mut fa);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Errno, Files, NativeHost, Processes};

    #[test]
    fn a_program_is_spawned() {
        let h = NativeHost;
        Outside::region(|o| {
            let (r, w) = h.pipe(libc::O_CLOEXEC).unwrap();
            let argv = ["sh", "-c", "echo $X"].map(|s| CString::new(s).unwrap());
            let env = [CString::new("X=spawned").unwrap()];
            let attr = SpawnAttr { new_session: true, mask: Some(SignalSet(0)), ..Default::default() };
            let pid = h.posix_spawn(o, c"sh", true, &argv, &env, &[SpawnAction::Dup2(w, 1)], &attr).unwrap();
            h.close(o, w).unwrap();
            let mut b = [0; 32];
            let n = h.read(o, r, &mut b).unwrap();
            assert_eq!(&b[..n], b"spawned\n");
            assert_eq!(h.waitpid(o, pid, 0).unwrap(), (pid, 0));
            h.close(o, r).unwrap();
            let r = h.posix_spawn(o, c"/no/such", false, &argv, &env, &[], &SpawnAttr::default());
            assert_eq!(r, Err(Errno::ENOENT));
        });
    }
}
