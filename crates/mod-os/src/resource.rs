//! `resource`.

use crate::util::*;
use adder_host::Errno;
use adder_vm::builtins::int;
use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::structseq;
use adder_vm::thread::Th;
use adder_vm::value::*;

structseq! {
    pub STRUCT_RUSAGE "resource.struct_rusage" 16
    "struct_rusage: Result from getrusage.\n\nThis object may be accessed either as a tuple of\n    (utime,stime,maxrss,ixrss,idrss,isrss,minflt,majflt,\n    nswap,inblock,oublock,msgsnd,msgrcv,nsignals,nvcsw,nivcsw)\nor via the attributes ru_utime, ru_stime, ru_maxrss, and so on." tflags::SHOWN_AS_HEAP; [
        ("ru_utime", "user time used"), ("ru_stime", "system time used"), ("ru_maxrss", "max. resident set size"),
        ("ru_ixrss", "shared memory size"), ("ru_idrss", "unshared data size"), ("ru_isrss", "unshared stack size"),
        ("ru_minflt", "page faults not requiring I/O"), ("ru_majflt", "page faults requiring I/O"),
        ("ru_nswap", "number of swap outs"), ("ru_inblock", "block input operations"), ("ru_oublock", "block output operations"),
        ("ru_msgsnd", "IPC messages sent"), ("ru_msgrcv", "IPC messages received"), ("ru_nsignals", "signals received"),
        ("ru_nvcsw", "voluntary context switches"), ("ru_nivcsw", "involuntary context switches"),
    ]
}

pub static MODULE: NativeModule = NativeModule {
    name: "resource",
    doc: "",
    functions: &[
        function("getrusage", "($module, who, /)", "", |th, a| {
            let u = match host().getrusage(int_arg(th, a[0].unwrap())?) {
                Ok(u) => u,
                Err(Errno::EINVAL) => return Err(th.value_error("invalid who parameter")),
                Err(e) => return Err(os_error(th, e)),
            };
            crate::posix::process::rusage(th, &u)
        }),
        function("getrlimit", "($module, resource, /)", "", |th, a| {
            let l = ok(th, host().getrlimit(which(th, a[0])?))?;
            limits(th, l)
        }),
        function("setrlimit", "($module, resource, limits, /)", "", |th, a| {
            let r = which(th, a[0])?;
            crate::audit(th, "resource.setrlimit", &[a[0].unwrap(), a[1].unwrap()])?;
            let (soft, hard) = pair(th, a[1].unwrap())?;
            limit_error(th, host().setrlimit(r, soft, hard))?;
            none()
        }),
        function("prlimit", "($module, pid, resource, limits=None, /)", "", |th, a| {
            let pid = int_arg(th, a[0].unwrap())?;
            let r = which(th, a[1])?;
            let what = [a[0].unwrap(), a[1].unwrap(), a[2].unwrap_or(NONE())];
            crate::audit(th, "resource.prlimit", &what)?;
            let new = given(a[2]).map(|v| pair(th, v)).transpose()?;
            let l = limit_error(th, host().prlimit(pid, r, new))?;
            limits(th, l)
        }),
        function("getpagesize", "($module, /)", "", |th, _| Ok(th.int(host().page_size() as i64))),
    ],
    types: &[&STRUCT_RUSAGE.cell],
    init: Some(|th, m| {
        for (name, v) in adder_host::consts::resource().iter() {
            // RLIM_INFINITY is an unsigned number of all ones.
            m.put(th, name, th.int(v))?;
        }
        m.put(th, "error", adder_vm::builtins::exceptions::OS_ERROR.get().value())
    }),
};

fn which(th: Th, v: Option<Value>) -> R<u32> {
    let n = int_arg(th, v.unwrap())?;
    if !(0..16).contains(&n) {
        return Err(th.value_error("invalid resource specified"));
    }
    Ok(n as u32)
}
fn limit_error<T>(th: Th, r: adder_host::Res<T>) -> R<T> {
    r.map_err(|e| match e {
        Errno::EINVAL => th.value_error("current limit exceeds maximum limit"),
        Errno::EPERM => th.value_error("not allowed to raise maximum limit"),
        e => os_error(th, e),
    })
}
fn limits(th: Th, l: (u64, u64)) -> R<Value> {
    let n = |x: u64| if x == u64::MAX { Value::fix(-1) } else { th.uint(x) };
    let (soft, hard) = (n(l.0), n(l.1));
    th.try_tuple(&[soft, hard])
}
fn pair(th: Th, v: Value) -> R<(u64, u64)> {
    let t: Gc<Tuple> = adder_vm::builtins::tuple::from_iterable(th, v)?.cast().unwrap();
    if t.len != 2 {
        return Err(th.value_error("expected a tuple of 2 integers"));
    }
    let n = |v: Value| -> R<u64> {
        let i = th.index(v)?;
        if int::to_i64(i) == Some(-1) {
            return Ok(u64::MAX);
        }
        if int::is_negative(i) {
            return Err(th.value_error("Cannot convert negative int"));
        }
        int::to_u64(i).ok_or_else(|| th.overflow_error("Python int too large to convert to C rlim_t"))
    };
    Ok((n(t.items()[0])?, n(t.items()[1])?))
}
