//! `errno`.

use adder_vm::native::*;
use adder_vm::object::Dict;
use adder_vm::value::Gc;

pub static MODULE: NativeModule = NativeModule {
    name: "errno",
    doc: "This module makes available standard errno system symbols.\n\nThe value of each symbol is the corresponding integer value,\ne.g., on most systems, errno.ENOENT equals the integer 2.\n\nThe dictionary errno.errorcode maps numeric codes to symbol names,\ne.g., errno.errorcode[2] could be the string 'ENOENT'.\n\nSymbols that are not relevant to the underlying system are not defined.\n\nTo map error codes to error messages, use the function os.strerror(),\ne.g. os.strerror(2) could return 'No such file or directory'.",
    functions: &[],
    types: &[],
    init: Some(|th, m| {
        let codes = Gc::<Dict>::new(th);
        // Where two names share a number, `errorcode` has the other one.
        const SECOND: &[&str] = &["EWOULDBLOCK", "EDEADLK", "EOPNOTSUPP"];
        for (name, v) in adder_host::consts::errno().iter() {
            let (k, n) = (th.intern(name), th.int(v));
            m.ns().set(th, k, n)?;
            if !SECOND.contains(&name) {
                codes.set(th, n, k)?;
            }
        }
        m.put(th, "errorcode", codes.value())
    }),
};
