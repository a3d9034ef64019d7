//! `_posixsubprocess`: starting programs. The child's side is in `adder_host`; here the arguments are turned into what it
//! needs, since nothing can be allocated there.

use crate::posix::files::id_arg;
use crate::posix::process;
use crate::util::*;
use adder_host::process::ForkExec;
use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::ffi::CString;

pub static MODULE: NativeModule = NativeModule {
    name: "_posixsubprocess",
    doc: "A POSIX helper for the subprocess module.",
    functions: &[function(
        "fork_exec",
        "($module, args, executable_list, close_fds, pass_fds, cwd,\n          env, p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite,\n          errpipe_read, errpipe_write, restore_signals, call_setsid,\n          pgid_to_set, gid, extra_groups, uid, child_umask, preexec_fn,\n          /)",
        "Spawn a fresh new child process.\n\nFork a child process, close parent file descriptors as appropriate in\nthe child and duplicate the few that are needed before calling exec() in\nthe child process.\n\nIf close_fds is True, close file descriptors 3 and higher, except those\nlisted in the sorted tuple pass_fds.\n\nThe preexec_fn, if supplied, will be called immediately before closing\nfile descriptors and exec.\n\nWARNING: preexec_fn is NOT SAFE if your application uses threads.\n         It may trigger infrequent, difficult to debug deadlocks.\n\nIf an error occurs in the child process before the exec, it is\nserialized and written to the errpipe_write fd per subprocess.py.\n\nReturns: the child process's PID.\n\nRaises: Only on an error in the parent process.",
        fork_exec,
    )],
    types: &[],
    init: None,
};

/// bytes objects of a sequence.
fn byte_strings(th: Th, v: Value) -> R<Vec<CString>> {
    let t = adder_vm::builtins::tuple::from_iterable(th, v)?;
    let mut out = Vec::new();
    for x in t.cast::<Tuple>().unwrap().items() {
        let Some(b) = x.cast::<Bytes>() else {
            return Err(th.type_error(format!("expected bytes, {} found", th.type_name_of(*x))));
        };
        let b = b.bytes().to_vec();
        out.push(c_string(th, b)?);
    }
    Ok(out)
}

/// Ascending descriptors.
fn kept(th: Th, v: Value) -> R<Option<Vec<i32>>> {
    let mut out: Vec<i32> = Vec::new();
    let Some(t) = v.cast::<Tuple>() else {
        return Err(
            th.type_error(format!("fork_exec() argument 4 must be tuple, not {}", th.arg_type_name(v)))
        );
    };
    for x in t.items() {
        let n = adder_vm::builtins::int::to_i64(*x).and_then(|n| i32::try_from(n).ok());
        match n {
            Some(n) if n >= 0 && out.last().is_none_or(|last| n > *last) => out.push(n),
            _ => return Ok(None),
        }
    }
    Ok(Some(out))
}

fn fork_exec(th: Th, a: Args) -> R<Value> {
    let v = |i: usize| a[i].unwrap();
    let fd = |i: usize| int_arg(th, v(i));
    let close_fds = th.truth(v(2))?;
    let keep = kept(th, v(3))?;
    let (p2cread, p2cwrite, c2pread, c2pwrite) = (fd(6)?, fd(7)?, fd(8)?, fd(9)?);
    let (errread, errwrite, errpipe_read, errpipe_write) = (fd(10)?, fd(11)?, fd(12)?, fd(13)?);
    let (restore_signals, start_new_session) = (th.truth(v(14))?, th.truth(v(15))?);
    let process_group = int_arg(th, v(16))?;
    let umask = int_arg(th, v(20))?;
    if close_fds && errpipe_write < 3 {
        return Err(th.value_error("errpipe_write must be >= 3"));
    }
    let Some(fds_to_keep) = keep else {
        return Err(th.value_error("bad value(s) in fds_to_keep"));
    };
    let executables = byte_strings(th, v(1))?;
    let mut argv = Vec::new();
    if let Some(args) = v(0).some() {
        let list = args.cast::<List>();
        if list.is_none() && !args.is_kind(Kind::Tuple) {
            return Err(th.type_error("argv must be a tuple"));
        }
        let n = list.map(|l| l.len());
        let t = adder_vm::builtins::tuple::from_iterable(th, args)?;
        for x in t.cast::<Tuple>().unwrap().items() {
            if n.is_some() && list.map(|l| l.len()) != n {
                return Err(th.runtime_error("args changed during iteration"));
            }
            argv.push(fs_path(th, *x)?);
        }
    }
    let env = v(5).some().map(|e| byte_strings(th, e)).transpose()?;
    crate::audit(th, "_posixsubprocess.fork_exec", &[v(1), v(0), v(5)])?;
    let cwd = v(4).some().map(|d| fs_path(th, d)).transpose()?;
    let extra_groups = match v(18).some() {
        None => None,
        Some(g) => {
            let Some(l) = g.cast::<List>() else {
                return Err(th.type_error("setgroups argument must be a list"));
            };
            if l.len() > 65536 {
                return Err(th.value_error("too many extra_groups"));
            }
            let mut ids = Vec::new();
            let mut i = 0;
            while let Some(x) = l.get(i) {
                if !adder_vm::builtins::int::is_int(x) {
                    return Err(th.type_error("extra_groups must be integers"));
                }
                match id_arg(th, x, "gid") {
                    Ok(n) => ids.push(n),
                    Err(_) => {
                        th.take_exc();
                        return Err(th.value_error("invalid group id"));
                    }
                }
                i += 1;
            }
            Some(ids)
        }
    };
    let gid = v(17).some().map(|x| id_arg(th, x, "gid")).transpose()?;
    let uid = v(19).some().map(|x| id_arg(th, x, "uid")).transpose()?;
    let spec = ForkExec {
        executables,
        argv,
        env,
        cwd,
        close_fds,
        fds_to_keep,
        p2cread,
        p2cwrite,
        c2pread,
        c2pwrite,
        errread,
        errwrite,
        errpipe_read,
        errpipe_write,
        restore_signals,
        start_new_session,
        process_group,
        gid,
        extra_groups,
        uid,
        umask,
    };
    let pid = match v(21).some() {
        None => {
            let r = th.m.blocking(|| host().fork_exec(&spec));
            ok(th, r)?
        }
        Some(_) if adder_vm::sys::FINALIZING.load(std::sync::atomic::Ordering::Acquire) => {
            return Err(th.raise_msg(
                &adder_vm::builtins::exceptions::PYTHON_FINALIZATION_ERROR,
                "preexec_fn not supported at interpreter shutdown",
            ));
        }
        Some(f) => {
            let pid = process::fork_quietly(th, |h| h.fork())?;
            if pid == 0 {
                host().exec_in_child(&spec, &mut || th.call(f, &[]).is_ok());
                host().exit_now(255);
            }
            pid
        }
    };
    Ok(th.int(pid as i64))
}
