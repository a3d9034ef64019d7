//! Functions of `_socket`: names of hosts, services and interfaces, byte order, texts of addresses.

use super::address::{gai_error, ip4, ip6, os_message, resolve, to_python};
use super::{DEFAULT_TIMEOUT, object};
use crate::util::*;
use adder_host::Errno;
use adder_host::net::{Address, HostEntry, ResolveError};
use adder_vm::builtins::{int, list};
use adder_vm::err::{R, Raised};
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::ffi::CString;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::atomic::Ordering::*;

pub const FUNCTIONS: &[NativeDef] = &[
    function(
        "gethostbyname",
        "!!($module, host, /)",
        "gethostbyname(host) -> address\n\nReturn the IP address (a string of the form '255.255.255.255') for a host.",
        |th, a| {
            let name = encoded(th, "gethostbyname", a[0].unwrap())?;
            crate::audit(th, "socket.gethostbyname", &[a[0].unwrap()])?;
            match resolve(th, &name, c::AF_INET)? {
                Address::Inet { ip, .. } => Ok(th.str(&ip4(ip))),
                _ => Err(os_message(th, "unknown address family")),
            }
        },
    ),
    function(
        "gethostbyname_ex",
        "!!($module, host, /)",
        "gethostbyname_ex(host) -> (name, aliaslist, addresslist)\n\nReturn the true host name, a list of aliases, and a list of IP addresses,\nfor a host.  The host argument is a string giving a host name or IP number.",
        |th, a| {
            let name = encoded(th, "gethostbyname_ex", a[0].unwrap())?;
            crate::audit(th, "socket.gethostbyname", &[a[0].unwrap()])?;
            resolve(th, &name, c::AF_INET)?;
            let r = outside(th, |h, o| h.gethostbyname(o, &name, c::AF_INET));
            entry(th, r)
        },
    ),
    function(
        "gethostbyaddr",
        "!!($module, host, /)",
        "gethostbyaddr(host) -> (name, aliaslist, addresslist)\n\nReturn the true host name, a list of aliases, and a list of IP addresses,\nfor a host.  The host argument is a string giving a host name or IP number.",
        |th, a| {
            let name = encoded(th, "gethostbyaddr", a[0].unwrap())?;
            crate::audit(th, "socket.gethostbyaddr", &[a[0].unwrap()])?;
            let (bytes, family) = match resolve(th, &name, c::AF_UNSPEC)? {
                Address::Inet { ip, .. } => (ip.to_vec(), c::AF_INET),
                Address::Inet6 { ip, .. } => (ip.to_vec(), c::AF_INET6),
                _ => return Err(os_message(th, "unsupported address family")),
            };
            let r = outside(th, |h, o| h.gethostbyaddr(o, &bytes, family));
            entry(th, r)
        },
    ),
    function(
        "gethostname",
        "!($module, /)",
        "gethostname() -> string\n\nReturn the current host name.",
        |th, _| {
            crate::audit(th, "socket.gethostname", &[])?;
            let b = ok(th, host().gethostname())?;
            fs_decode(th, &b)
        },
    ),
    function(
        "sethostname",
        "!!($module, name, /)",
        "sethostname(name)\n\nSets the hostname to name.",
        |th, a| {
            let v = a[0].unwrap();
            crate::audit(th, "socket.sethostname", &[v])?;
            let name = match v.cast::<Bytes>() {
                Some(b) => b.bytes().to_vec(),
                None => fs_path(th, v)?.into_bytes(),
            };
            ok(th, host().sethostname(&name))?;
            none()
        },
    ),
    function(
        "getservbyname",
        "!($module, servicename, protocolname=None, /)",
        "getservbyname(servicename[, protocolname]) -> integer\n\nReturn a port number from a service name and protocol name.\nThe optional protocol name, if given, should be 'tcp' or 'udp',\notherwise any protocol will match.",
        |th, a| {
            let name = text(th, "getservbyname", 1, a[0].unwrap())?;
            let proto = a[1].map(|v| text(th, "getservbyname", 2, v)).transpose()?;
            let p = match a[1] {
                Some(v) => v,
                None => th.str(""),
            };
            crate::audit(th, "socket.getservbyname", &[a[0].unwrap(), p])?;
            match outside(th, |h, o| h.getservbyname(o, &name, proto.as_deref())) {
                Some(n) => Ok(th.int(n as i64)),
                None => Err(os_message(th, "service/proto not found")),
            }
        },
    ),
    function(
        "getservbyport",
        "!($module, port, protocolname=None, /)",
        "getservbyport(port[, protocolname]) -> string\n\nReturn the service name from a port number and protocol name.\nThe optional protocol name, if given, should be 'tcp' or 'udp',\notherwise any protocol will match.",
        |th, a| {
            let port = int_arg(th, a[0].unwrap())?;
            let proto = a[1].map(|v| text(th, "getservbyport", 2, v)).transpose()?;
            let Ok(port) = u16::try_from(port) else {
                return Err(th.overflow_error("getservbyport: port must be 0-65535."));
            };
            let p = match a[1] {
                Some(v) => v,
                None => th.str(""),
            };
            crate::audit(th, "socket.getservbyport", &[Value::fix(port as i64), p])?;
            match outside(th, |h, o| h.getservbyport(o, port, proto.as_deref())) {
                Some(b) => fs_decode(th, &b),
                None => Err(os_message(th, "port/proto not found")),
            }
        },
    ),
    function(
        "getprotobyname",
        "!!($module, name, /)",
        "getprotobyname(name) -> integer\n\nReturn the protocol number for the named protocol.  (Rarely used.)",
        |th, a| {
            let name = text(th, "getprotobyname", 1, a[0].unwrap())?;
            match outside(th, |h, o| h.getprotobyname(o, &name)) {
                Some(n) => Ok(th.int(n as i64)),
                None => Err(os_message(th, "protocol not found")),
            }
        },
    ),
    function(
        "close",
        "!($module, object, /)",
        "close(integer) -> None\n\nClose an integer socket file descriptor.  This is like os.close(), but for\nsockets; on some platforms os.close() won't work for socket file descriptors.",
        |th, a| {
            let fd = int_arg(th, a[0].unwrap())?;
            match outside(th, |h, o| h.close(o, fd)) {
                Err(e) if e.0 != c::ECONNRESET => Err(os_error(th, e)),
                _ => none(),
            }
        },
    ),
    function(
        "dup",
        "!($module, object, /)",
        "dup(integer) -> integer\n\nDuplicate an integer socket file descriptor.  This is like os.dup(), but for\nsockets; on some platforms os.dup() won't work for socket file descriptors.",
        |th, a| {
            let fd = int_arg(th, a[0].unwrap())?;
            let r = outside(th, |h, _| h.dup(fd));
            Ok(th.int(ok(th, r)? as i64))
        },
    ),
    function(
        "socketpair",
        "!($module, family=AF_UNIX, type=SOCK_STREAM, proto=0, /)",
        "socketpair([family[, type [, proto]]]) -> (socket object, socket object)\n\nCreate a pair of socket objects from the sockets returned by the platform\nsocketpair() function.\nThe arguments are the same as for socket() except the default family is\nAF_UNIX if defined on the platform; otherwise, the default is AF_INET.",
        |th, a| {
            let family = int_or(th, a[0], c::AF_UNIX)?;
            let kind = int_or(th, a[1], c::SOCK_STREAM)?;
            let proto = int_or(th, a[2], 0)?;
            let (x, y) = ok(th, host().socketpair(family, kind, proto))?;
            let first = match object::adopt(th, x, family, kind, proto) {
                Ok(v) => v,
                Err(e) => {
                    let _ = outside(th, |h, o| h.close(o, y));
                    return Err(e);
                }
            };
            let second = object::adopt(th, y, family, kind, proto)?;
            th.try_tuple(&[first, second])
        },
    ),
    function(
        "ntohs",
        "($module, integer, /)",
        "Convert a 16-bit unsigned integer from network to host byte order.",
        |th, a| Ok(th.int(u16::from_be(word16(th, a)?) as i64)),
    ),
    function(
        "ntohl",
        "($module, integer, /)",
        "Convert a 32-bit unsigned integer from network to host byte order.",
        |th, a| Ok(th.int(u32::from_be(word32(th, a)?) as i64)),
    ),
    function(
        "htons",
        "($module, integer, /)",
        "Convert a 16-bit unsigned integer from host to network byte order.",
        |th, a| Ok(th.int(word16(th, a)?.to_be() as i64)),
    ),
    function(
        "htonl",
        "($module, integer, /)",
        "Convert a 32-bit unsigned integer from host to network byte order.",
        |th, a| Ok(th.int(word32(th, a)?.to_be() as i64)),
    ),
    function(
        "inet_aton",
        "($module, ip_addr, /)",
        "Convert an IP address in string format (123.45.67.89) to the 32-bit packed binary format used in low-level network functions.",
        |th, a| {
            let name = text(th, "inet_aton", 0, a[0].unwrap())?;
            match host().inet_aton(&name) {
                Some(ip) => new_bytes(th, &ip),
                None => Err(os_message(th, "illegal IP address string passed to inet_aton")),
            }
        },
    ),
    function(
        "inet_ntoa",
        "($module, packed_ip, /)",
        "Convert an IP address from 32-bit packed binary format to string format.",
        |th, a| {
            let b = Buf::read(th, a[0].unwrap())?;
            match <[u8; 4]>::try_from(b.bytes()) {
                Ok(ip) => Ok(th.str(&ip4(ip))),
                Err(_) => Err(os_message(th, "packed IP wrong length for inet_ntoa")),
            }
        },
    ),
    function(
        "inet_pton",
        "!($module, family, ip, /)",
        "inet_pton(af, ip) -> packed IP address string\n\nConvert an IP address from string format to a packed string suitable\nfor use with low-level network functions.",
        |th, a| {
            let family = int_arg(th, a[0].unwrap())?;
            let name = text(th, "inet_pton", 2, a[1].unwrap())?;
            let t = name.to_str().unwrap_or("");
            let wrong = || os_message(th, "illegal IP address string passed to inet_pton");
            match family {
                c::AF_INET => match t.parse::<Ipv4Addr>() {
                    Ok(ip) => new_bytes(th, &ip.octets()),
                    Err(_) => Err(wrong()),
                },
                c::AF_INET6 => match t.parse::<Ipv6Addr>() {
                    Ok(ip) => new_bytes(th, &ip.octets()),
                    Err(_) => Err(wrong()),
                },
                _ => Err(os_error(th, Errno(c::EAFNOSUPPORT))),
            }
        },
    ),
    function(
        "inet_ntop",
        "!($module, family, packed_ip, /)",
        "inet_ntop(af, packed_ip) -> string formatted IP address\n\nConvert a packed IP address of the given family to string format.",
        |th, a| {
            let family = int_arg(th, a[0].unwrap())?;
            let b = Buf::read(th, a[1].unwrap())?;
            let wrong = || th.value_error("invalid length of packed IP address string");
            match family {
                c::AF_INET => Ok(th.str(&ip4(b.bytes().try_into().map_err(|_| wrong())?))),
                c::AF_INET6 => Ok(th.str(&ip6(b.bytes().try_into().map_err(|_| wrong())?))),
                _ => Err(th.value_error(format!("unknown address family {family}"))),
            }
        },
    ),
    function(
        "getaddrinfo",
        "!($module, /, host, port, family=0, type=0, proto=0, flags=0)",
        "getaddrinfo(host, port [, family, type, proto, flags])\n    -> list of (family, type, proto, canonname, sockaddr)\n\nResolve host and port into addrinfo struct.",
        getaddrinfo,
    ),
    function(
        "getnameinfo",
        "!($module, sockaddr, flags, /)",
        "getnameinfo(sockaddr, flags) --> (host, port)\n\nGet host and port for a sockaddr.",
        getnameinfo,
    ),
    function(
        "getdefaulttimeout",
        "!($module, /)",
        "getdefaulttimeout() -> timeout\n\nReturns the default timeout in seconds (float) for new socket objects.\nA value of None indicates that new socket objects have no timeout.\nWhen the socket module is first imported, the default is None.",
        |th, _| Ok(super::timeout_value(th, DEFAULT_TIMEOUT.load(Relaxed))),
    ),
    function(
        "setdefaulttimeout",
        "!($module, object, /)",
        "setdefaulttimeout(timeout)\n\nSet the default timeout in seconds (float) for new socket objects.\nA value of None indicates that new socket objects have no timeout.\nWhen the socket module is first imported, the default is None.",
        |th, a| {
            DEFAULT_TIMEOUT.store(super::parse_timeout(th, a[0].unwrap())?, Relaxed);
            none()
        },
    ),
    function(
        "if_nameindex",
        "!($module, /)",
        "if_nameindex()\n\nReturns a list of network interface information (index, name) tuples.",
        |th, _| {
            let all = ok(th, host().if_nameindex())?;
            list_of(
                th,
                all.iter().map(|(i, n)| {
                    let name = fs_decode(th, n)?;
                    th.try_tuple(&[th.int(*i as i64), name])
                }),
            )
        },
    ),
    function(
        "if_nametoindex",
        "($module, oname, /)",
        "Returns the interface index corresponding to the interface name if_name.",
        |th, a| {
            let name = fs_path(th, a[0].unwrap())?;
            Ok(th.int(ok(th, host().if_nametoindex(&name))? as i64))
        },
    ),
    function(
        "if_indextoname",
        "($module, if_index, /)",
        "Returns the interface name corresponding to the interface index if_index.",
        |th, a| {
            let i = th.index(a[0].unwrap())?;
            if int::is_negative(i) {
                return Err(th.value_error("Cannot convert negative int"));
            }
            let Some(n) = int::to_i64(i).and_then(|n| u32::try_from(n).ok()) else {
                return Err(th.overflow_error("Python int too large for C unsigned int"));
            };
            let b = ok(th, host().if_indextoname(n))?;
            fs_decode(th, &b)
        },
    ),
    function(
        "CMSG_LEN",
        "!!($module, length, /)",
        "CMSG_LEN(length) -> control message length\n\nReturn the total length, without trailing padding, of an ancillary\ndata item with associated data of the given length.  This value can\noften be used as the buffer size for recvmsg() to receive a single\nitem of ancillary data, but RFC 3542 requires portable applications to\nuse CMSG_SPACE() and thus include space for padding, even when the\nitem will be the last in the buffer.  Raises OverflowError if length\nis outside the permissible range of values.",
        |th, a| {
            let n = size_arg(th, a[0].unwrap())?;
            match usize::try_from(n) {
                Ok(n) if n <= i32::MAX as usize - HEADER => Ok(th.int((n + HEADER) as i64)),
                _ => Err(th.overflow_error("CMSG_LEN() argument out of range")),
            }
        },
    ),
    function(
        "CMSG_SPACE",
        "!!($module, length, /)",
        "CMSG_SPACE(length) -> buffer size\n\nReturn the buffer size needed for recvmsg() to receive an ancillary\ndata item with associated data of the given length, along with any\ntrailing padding.  The buffer space needed to receive multiple items\nis the sum of the CMSG_SPACE() values for their associated data\nlengths.  Raises OverflowError if length is outside the permissible\nrange of values.",
        |th, a| {
            let n = size_arg(th, a[0].unwrap())?;
            match usize::try_from(n) {
                Ok(n) if n <= i32::MAX as usize - HEADER - ALIGN => {
                    Ok(th.int((n.next_multiple_of(ALIGN) + HEADER) as i64))
                }
                _ => Err(th.overflow_error("CMSG_SPACE() argument out of range")),
            }
        },
    ),
];

/// Size of a header of ancillary data, and what items are aligned to.
const HEADER: usize = 16;
const ALIGN: usize = 8;

// -- arguments

/// A name by IDNA (`et` with that encoding).
fn encoded(th: Th, func: &str, v: Value) -> R<CString> {
    let b = if let Some(b) = adder_vm::builtins::buffer::bytes_of(v) {
        b.to_vec()
    } else if let Some(s) = v.cast::<Str>() {
        if s.is_ascii() && s.len() < 64 && !s.bytes().is_empty() {
            s.bytes().to_vec()
        } else {
            let idna = th.str("idna");
            let b = th.call_method(v, adder_vm::n!(encode), &[idna])?;
            adder_vm::builtins::buffer::bytes_of(b).unwrap_or(&[]).to_vec()
        }
    } else {
        return Err(th.type_error(format!(
            "{func}() argument 1 must be str, bytes or bytearray, not {}",
            th.arg_type_name(v)
        )));
    };
    let what = th.type_name_of(v);
    CString::new(b).map_err(|_| {
        th.type_error(format!("{func}() argument 1 must be encoded string without null bytes, not {what}"))
    })
}
/// A C string of a str.
fn text(th: Th, func: &str, n: usize, v: Value) -> R<CString> {
    if !v.is_kind(Kind::Str) {
        let n = if n == 0 { String::new() } else { format!(" {n}") };
        return Err(th.type_error(format!("{func}() argument{n} must be str, not {}", th.arg_type_name(v))));
    }
    CString::new(fs_encode(th, v)?).map_err(|_| th.value_error("embedded null character"))
}
fn unsigned(th: Th, a: Args, limit: u64, name: &str) -> R<u64> {
    let i = th.index(a[0].unwrap())?;
    if int::is_negative(i) {
        return Err(th.value_error("Cannot convert negative int"));
    }
    match int::to_u64(i) {
        Some(n) if n <= limit => Ok(n),
        _ => Err(th.overflow_error(format!("Python int too large for C {name}"))),
    }
}
fn word16(th: Th, a: Args) -> R<u16> {
    unsigned(th, a, u16::MAX as u64, "uint16_t").map(|n| n as u16)
}
fn word32(th: Th, a: Args) -> R<u32> {
    unsigned(th, a, u32::MAX as u64, "uint32_t").map(|n| n as u32)
}

// -- look-ups

#[cold]
fn h_error(th: Th, e: ResolveError) -> Raised {
    let msg = th.str(&host().resolver_message(e.code));
    th.raise_args(&super::HERROR, &[th.int(e.code as i64), msg])
}
/// Name, aliases, addresses.
fn entry(th: Th, r: Result<HostEntry, ResolveError>) -> R<Value> {
    let e = r.map_err(|e| h_error(th, e))?;
    let name = fs_decode(th, &e.name)?;
    let aliases = list_of(th, e.aliases.iter().map(|a| fs_decode(th, a)))?;
    let addresses = list::new(th, &[])?;
    for a in &e.addresses {
        let v = match (<[u8; 4]>::try_from(a.as_slice()), <[u8; 16]>::try_from(a.as_slice())) {
            (Ok(ip), _) => th.str(&ip4(ip)),
            (_, Ok(ip)) => th.str(&ip6(ip)),
            _ => return Err(os_message(th, "unsupported address family")),
        };
        list::append(th, addresses, v)?;
    }
    th.try_tuple(&[name, aliases, addresses.value()])
}

fn getaddrinfo(th: Th, a: Args) -> R<Value> {
    let (h, p) = (a[0].unwrap(), a[1].unwrap());
    let (family, kind) = (int_or(th, a[2], 0)?, int_or(th, a[3], 0)?);
    let (proto, flags) = (int_or(th, a[4], 0)?, int_or(th, a[5], 0)?);
    let nul = || th.value_error("embedded null character");
    let name = if h.is_none() {
        None
    } else if let Some(s) = h.cast::<Str>() {
        let b = if s.is_ascii() && s.len() < 64 && !s.bytes().is_empty() && !s.bytes().contains(&0) {
            s.bytes().to_vec()
        } else {
            let idna = th.str("idna");
            let b = th.call_method(h, adder_vm::n!(encode), &[idna])?;
            adder_vm::builtins::buffer::bytes_of(b).unwrap_or(&[]).to_vec()
        };
        Some(CString::new(b).map_err(|_| nul())?)
    } else if let Some(b) = h.cast::<Bytes>() {
        let b = b.bytes().to_vec();
        Some(CString::new(b).map_err(|_| th.value_error("embedded null byte"))?)
    } else {
        return Err(th.type_error("getaddrinfo() argument 1 must be string or None"));
    };
    let service = if p.is_none() {
        None
    } else if int::is_int(p) {
        let s = th.to_str(p)?;
        Some(CString::new(th.text(s)).unwrap())
    } else if let Some(s) = p.cast::<Str>() {
        if s.bytes().contains(&0) {
            return Err(nul());
        }
        Some(CString::new(fs_encode(th, p)?).map_err(|_| nul())?)
    } else if let Some(b) = p.cast::<Bytes>() {
        let b = b.bytes().to_vec();
        Some(CString::new(b).map_err(|_| th.value_error("embedded null byte"))?)
    } else {
        return Err(os_message(th, "Int or String expected"));
    };
    let n = |x: i32| Value::fix(x as i64);
    crate::audit(th, "socket.getaddrinfo", &[h, p, n(family), n(kind), n(proto)])?;
    let r = outside(th, |host, o| {
        host.getaddrinfo(o, name.as_deref(), service.as_deref(), family, kind, proto, flags)
    });
    let all = r.map_err(|e| gai_error(th, e))?;
    list_of(
        th,
        all.iter().map(|x| {
            let canonical = fs_decode(th, &x.canonical)?;
            let address = to_python(th, &x.address, proto)?;
            th.try_tuple(&[n(x.family), n(x.kind), n(x.protocol), canonical, address])
        }),
    )
}

fn getnameinfo(th: Th, a: Args) -> R<Value> {
    let v = a[0].unwrap();
    let flags = int_arg(th, a[1].unwrap())?;
    let Some(t) = v.cast::<Tuple>() else {
        return Err(th.type_error("getnameinfo() argument 1 must be a tuple"));
    };
    let i = t.items();
    if !(2..=4).contains(&i.len()) {
        return Err(th.type_error("getnameinfo(): illegal sockaddr argument"));
    }
    let name = text(th, "getnameinfo", 1, i[0])?;
    let port = int_arg(th, i[1])?;
    let number = |k: usize| -> R<u32> {
        let Some(v) = i.get(k) else { return Ok(0) };
        Ok(int::to_i64(th.index(*v)?).unwrap_or(-1) as u32)
    };
    let (flow, scope) = (number(2)?, number(3)?);
    if flow > 0xfffff {
        return Err(th.overflow_error("getnameinfo(): flowinfo must be 0-1048575."));
    }
    crate::audit(th, "socket.getnameinfo", &[v])?;
    let service = CString::new(port.to_string()).unwrap();
    let r = outside(th, |h, o| {
        h.getaddrinfo(o, Some(&name), Some(&service), c::AF_UNSPEC, c::SOCK_DGRAM, 0, c::AI_NUMERICHOST)
    });
    let all = r.map_err(|e| gai_error(th, e))?;
    if all.len() > 1 {
        return Err(os_message(th, "sockaddr resolved to multiple addresses"));
    }
    let address = match all.into_iter().next().map(|x| x.address) {
        Some(x @ Address::Inet { .. }) => {
            if i.len() != 2 {
                return Err(os_message(th, "IPv4 sockaddr must be 2 tuple"));
            }
            x
        }
        Some(Address::Inet6 { ip, port, .. }) => Address::Inet6 { ip, port, flow, scope },
        _ => return Err(os_message(th, "unknown address family")),
    };
    let r = outside(th, |h, o| h.getnameinfo(o, &address, flags));
    let (h, s) = r.map_err(|e| gai_error(th, e))?;
    let (h, s) = (fs_decode(th, &h)?, fs_decode(th, &s)?);
    th.try_tuple(&[h, s])
}
