//! `_socket`: network connections between processes; names of hosts and services. See [`object`] for the sockets,
//! [`address`] for addresses, [`names`] for look-ups.

mod address;
mod names;
mod object;

use crate::time::Round;
use crate::util::*;
use adder_vm::builtins::exceptions as exc;
use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::sync::atomic::AtomicI64;

crate::exception_type!(pub HERROR "socket.herror" OS_ERROR "");
crate::exception_type!(pub GAI_ERROR "socket.gaierror" OS_ERROR "");

/// Nanoseconds; negative: none. That of new sockets.
static DEFAULT_TIMEOUT: AtomicI64 = AtomicI64::new(-1);

pub static MODULE: NativeModule = NativeModule {
    name: "_socket",
    doc: "Implementation module for socket operations.\n\nSee the socket module for documentation.",
    functions: names::FUNCTIONS,
    types: &[&object::SOCKET, &HERROR, &GAI_ERROR],
    init: Some(|th, m| {
        put_table(th, m, adder_host::consts::socket())?;
        m.put(th, "error", exc::OS_ERROR.get().value())?;
        m.put(th, "timeout", exc::TIMEOUT_ERROR.get().value())?;
        m.put(th, "SocketType", object::SOCKET.get().value())?;
        m.put(th, "has_ipv6", TRUE())?;
        m.put(th, "BDADDR_ANY", th.str("00:00:00:00:00:00"))?;
        m.put(th, "BDADDR_LOCAL", th.str("00:00:00:FF:FF:FF"))
    }),
};

/// A timeout in seconds or None.
fn parse_timeout(th: Th, v: Value) -> R<i64> {
    if v.is_none() {
        return Ok(-1);
    }
    let n = crate::time::duration(th, v, Round::Timeout)?;
    if n < 0 {
        return Err(th.value_error("Timeout value out of range"));
    }
    Ok(n)
}
fn timeout_value(th: Th, n: i64) -> Value {
    if n < 0 { NONE() } else { th.float(n as f64 / 1e9) }
}
