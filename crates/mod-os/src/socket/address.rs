//! Socket addresses between Python's forms and the system's.
//!
//! # Invariants
//! The items of an address tuple are borrowed while the caller has the tuple in its arguments.

use crate::util::*;
use adder_host::net::Address;

use adder_vm::builtins::exceptions as exc;
use adder_vm::builtins::int;
use adder_vm::err::{R, Raised};
use adder_vm::object::*;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::ffi::CString;
use std::net::{Ipv4Addr, Ipv6Addr};

const BTPROTO_L2CAP: i32 = 0;
const BTPROTO_HCI: i32 = 1;
const BTPROTO_SCO: i32 = 2;
const BTPROTO_RFCOMM: i32 = 3;
const AF_QIPCRTR: i32 = 42;
const AF_TIPC: i32 = 30;
const CAN_RAW: i32 = 1;
const CAN_BCM: i32 = 2;
const CAN_ISOTP: i32 = 6;
const CAN_J1939: i32 = 7;

pub fn os_message(th: Th, msg: &str) -> Raised {
    th.raise_msg(&exc::OS_ERROR, msg)
}

// -- to Python

pub fn ip4(ip: [u8; 4]) -> String {
    Ipv4Addr::from(ip).to_string()
}
/// As `inet_ntop`.
pub fn ip6(ip: [u8; 16]) -> String {
    let a = Ipv6Addr::from(ip);
    // The C library writes addresses of the old "IPv4-compatible" form with dots, too.
    let s = a.segments();
    if s[..6] == [0; 6] && s[6] != 0 {
        return format!("::{}", Ipv4Addr::new(ip[12], ip[13], ip[14], ip[15]));
    }
    a.to_string()
}

fn u16_at(b: &[u8], i: usize) -> u16 {
    b.get(i..i + 2).map_or(0, |x| u16::from_ne_bytes([x[0], x[1]]))
}
fn u32_at(b: &[u8], i: usize) -> u32 {
    b.get(i..i + 4).map_or(0, |x| u32::from_ne_bytes([x[0], x[1], x[2], x[3]]))
}
fn bluetooth_text(b: &[u8]) -> String {
    let mut a = [0u8; 6];
    let n = b.len().min(6);
    a[..n].copy_from_slice(&b[..n]);
    format!("{:02X}:{:02X}:{:02X}:{:02X}:{:02X}:{:02X}", a[5], a[4], a[3], a[2], a[1], a[0])
}
fn interface_name(index: u32) -> Vec<u8> {
    if index == 0 { Vec::new() } else { host().if_indextoname(index).unwrap_or_default() }
}

/// What Python sees of an address.
pub fn to_python(th: Th, a: &Address, protocol: i32) -> R<Value> {
    let n = |x: u32| th.int(x as i64);
    match a {
        Address::Inet { ip, port } => {
            let h = th.str(&ip4(*ip));
            th.try_tuple(&[h, n(*port as u32)])
        }
        Address::Inet6 { ip, port, flow, scope } => {
            let h = th.str(&ip6(*ip));
            th.try_tuple(&[h, n(*port as u32), n(*flow), n(*scope)])
        }
        Address::Unix(p) if p.first() == Some(&0) => new_bytes(th, p),
        Address::Unix(p) => fs_decode(th, p),
        Address::Netlink { pid, groups } => th.try_tuple(&[n(*pid), n(*groups)]),
        Address::Vsock { cid, port } => th.try_tuple(&[n(*cid), n(*port)]),
        Address::Packet { protocol, interface, hardware, kind, address } => {
            let name = fs_decode(th, &interface_name(*interface as u32))?;
            let hw = new_bytes(th, address)?;
            th.try_tuple(&[name, n(*protocol as u32), n(*kind as u32), n(*hardware as u32), hw])
        }
        Address::Can { interface, rx, tx, pgn, address } => {
            let name = fs_decode(th, &interface_name(*interface as u32))?;
            match protocol {
                CAN_ISOTP => th.try_tuple(&[name, n(*rx), n(*tx)]),
                CAN_J1939 => {
                    let full = th.uint((*tx as u64) << 32 | *rx as u64);
                    th.try_tuple(&[name, full, n(*pgn), n(*address as u32)])
                }
                _ => th.try_tuple(&[name]),
            }
        }
        Address::Alg { kind, name, feature, mask } => {
            let (k, m) = (fs_decode(th, kind)?, fs_decode(th, name)?);
            th.try_tuple(&[k, m, n(*feature), n(*mask)])
        }
        // `data` begins after the family.
        Address::Other { family, data } => match *family as i32 {
            0 if data.is_empty() => none(),
            AF_QIPCRTR => th.try_tuple(&[n(u32_at(data, 2)), n(u32_at(data, 6))]),
            AF_TIPC => {
                let kind = data.first().copied().unwrap_or(0) as u32;
                let scope = th.int(data.get(1).map_or(0, |s| *s as i8 as i64));
                let (x, y, z) = (u32_at(data, 2), u32_at(data, 6), u32_at(data, 10));
                match kind {
                    1 => th.try_tuple(&[n(kind), n(x), n(y), n(z), scope]),
                    2 => th.try_tuple(&[n(kind), n(x), n(y), n(y), scope]),
                    3 => th.try_tuple(&[n(kind), n(x), n(y), n(0), scope]),
                    _ => Err(th.value_error("Invalid address type")),
                }
            }
            c::AF_BLUETOOTH => match protocol {
                BTPROTO_L2CAP => {
                    let text = th.str(&bluetooth_text(data.get(2..).unwrap_or(&[])));
                    let (psm, cid) = (u16_at(data, 0) as u32, u16_at(data, 8) as u32);
                    let kind = data.get(10).copied().unwrap_or(0) as u32;
                    match (kind, cid) {
                        (0, 0) => th.try_tuple(&[text, n(psm)]),
                        (0, _) => th.try_tuple(&[text, n(psm), n(cid)]),
                        _ => th.try_tuple(&[text, n(psm), n(cid), n(kind)]),
                    }
                }
                BTPROTO_RFCOMM => {
                    let text = th.str(&bluetooth_text(data));
                    th.try_tuple(&[text, n(data.get(6).copied().unwrap_or(0) as u32)])
                }
                BTPROTO_HCI => {
                    let (dev, channel) = (u16_at(data, 0) as u32, u16_at(data, 2) as u32);
                    if channel == 0 { Ok(n(dev)) } else { th.try_tuple(&[n(dev), n(channel)]) }
                }
                BTPROTO_SCO => Ok(th.str(&bluetooth_text(data))),
                _ => Err(th.value_error("Unknown Bluetooth protocol")),
            },
            f => {
                let mut d = data.clone();
                d.resize(14, 0);
                let b = new_bytes(th, &d)?;
                th.try_tuple(&[n(f as u32), b])
            }
        },
    }
}

// -- from Python

/// The name of a host: ASCII text or bytes as they are, other text by IDNA.
pub fn host_name(th: Th, v: Value) -> R<CString> {
    let b = if let Some(b) = adder_vm::builtins::buffer::bytes_of(v) {
        b.to_vec()
    } else if let Some(s) = v.cast::<Str>() {
        if s.is_ascii() {
            s.bytes().to_vec()
        } else {
            let idna = th.str("idna");
            match th.call_method(v, adder_vm::n!(encode), &[idna]) {
                Ok(b) => adder_vm::builtins::buffer::bytes_of(b).unwrap_or(&[]).to_vec(),
                Err(_) => {
                    th.take_exc();
                    return Err(th.type_error("encoding of hostname failed"));
                }
            }
        }
    } else {
        return Err(th.type_error(format!("str, bytes or bytearray expected, not {}", th.type_name_of(v))));
    };
    CString::new(b).map_err(|_| th.type_error("host name must not contain null character"))
}

#[cold]
pub fn gai_error(th: Th, e: adder_host::net::ResolveError) -> Raised {
    if e.code == c::EAI_SYSTEM {
        return os_error(th, e.errno);
    }
    let msg = th.str(&host().gai_message(e.code));
    th.raise_args(&super::GAI_ERROR, &[th.int(e.code as i64), msg])
}

/// The address of a host (port 0): the empty name is the wildcard, `<broadcast>` is everybody, numbers are not looked up.
pub fn resolve(th: Th, name: &CString, family: i32) -> R<Address> {
    let text = name.to_bytes();
    if text.is_empty() {
        let r =
            outside(th, |h, o| h.getaddrinfo(o, None, Some(c"0"), family, c::SOCK_DGRAM, 0, c::AI_PASSIVE));
        let all = r.map_err(|e| gai_error(th, e))?;
        return match (&all[0].address, all.len()) {
            (a @ (Address::Inet { .. } | Address::Inet6 { .. }), 1) => Ok(a.clone()),
            (Address::Inet { .. } | Address::Inet6 { .. }, _) => {
                Err(os_message(th, "wildcard resolved to multiple address"))
            }
            _ => Err(os_message(th, "unsupported address family")),
        };
    }
    if text == b"255.255.255.255" || text == b"<broadcast>" {
        if family != c::AF_INET && family != c::AF_UNSPEC {
            return Err(os_message(th, "address family mismatched"));
        }
        return Ok(Address::Inet { ip: [255; 4], port: 0 });
    }
    if let Ok(t) = std::str::from_utf8(text) {
        if (family == c::AF_UNSPEC || family == c::AF_INET)
            && let Ok(ip) = t.parse::<Ipv4Addr>()
        {
            return Ok(Address::Inet { ip: ip.octets(), port: 0 });
        }
        if (family == c::AF_UNSPEC || family == c::AF_INET6)
            && let Ok(ip) = t.parse::<Ipv6Addr>()
        {
            return Ok(Address::Inet6 { ip: ip.octets(), port: 0, flow: 0, scope: 0 });
        }
    }
    let r = outside(th, |h, o| h.getaddrinfo(o, Some(name), None, family, 0, 0, 0));
    let all = r.map_err(|e| gai_error(th, e))?;
    match all.into_iter().next().map(|a| a.address) {
        Some(a @ (Address::Inet { .. } | Address::Inet6 { .. })) => Ok(a),
        _ => Err(os_message(th, "unknown address family")),
    }
}

fn tuple_of(th: Th, caller: &str, family: &str, v: Value) -> R<Gc<Tuple>> {
    v.cast::<Tuple>().ok_or_else(|| {
        th.type_error(format!("{caller}(): {family} address must be tuple, not {}", th.type_name_of(v)))
    })
}
/// A port as a C int, whatever its range.
fn port_number(th: Th, caller: &str, v: Value) -> R<i64> {
    let i = th.index(v)?;
    match int::to_i64(i).filter(|n| i32::try_from(*n).is_ok()) {
        Some(n) => Ok(n),
        None => Err(port_error(th, caller)),
    }
}
#[cold]
fn port_error(th: Th, caller: &str) -> Raised {
    th.overflow_error(format!("{caller}(): port must be 0-65535."))
}
fn port_range(th: Th, caller: &str, n: i64) -> R<u16> {
    u16::try_from(n).map_err(|_| port_error(th, caller))
}
fn interface(th: Th, name: &CString) -> R<i32> {
    if name.is_empty() {
        return Ok(0);
    }
    ok(th, host().if_nametoindex(name)).map(|n| n as i32)
}
fn bluetooth(th: Th, v: Value) -> R<[u8; 6]> {
    let text = match v.cast::<Str>() {
        Some(s) => s.lossy().to_string(),
        None => String::from_utf8_lossy(adder_vm::builtins::buffer::bytes_of(v).unwrap_or(&[])).into_owned(),
    };
    let mut out = [0; 6];
    let parts: Vec<&str> = text.split(':').collect();
    if parts.len() != 6 {
        return Err(os_message(th, "bad bluetooth address"));
    }
    for (i, p) in parts.iter().enumerate() {
        match u8::from_str_radix(p, 16) {
            Ok(n) => out[5 - i] = n,
            Err(_) => return Err(os_message(th, "bad bluetooth address")),
        }
    }
    Ok(out)
}

/// Reads an address for a socket of this family; `caller` is for messages.
pub fn from_python(th: Th, caller: &str, family: i32, protocol: i32, v: Value) -> R<Address> {
    match family {
        c::AF_UNIX => {
            let v = if v.is_kind(Kind::Str) {
                let b = fs_encode(th, v)?;
                new_bytes(th, &b)?
            } else {
                v
            };
            let b = Buf::read(th, v)?.bytes().to_vec();
            // Names with a NUL first, and none at all, are Linux's abstract ones and may fill all.
            let room = if b.first().is_none_or(|x| *x == 0) { 108 } else { 107 };
            if b.len() > room {
                return Err(os_message(th, "AF_UNIX path too long"));
            }
            Ok(Address::Unix(b))
        }
        c::AF_INET | c::AF_RDS => {
            let t = tuple_of(th, caller, "AF_INET", v)?;
            let [h, p] = t.items() else {
                return Err(th.type_error("AF_INET address must be a pair (host, port)"));
            };
            let name = host_name(th, *h)?;
            let port = port_number(th, caller, *p)?;
            match resolve(th, &name, c::AF_INET)? {
                Address::Inet { ip, .. } => Ok(Address::Inet { ip, port: port_range(th, caller, port)? }),
                _ => Err(os_message(th, "unknown address family")),
            }
        }
        c::AF_INET6 => {
            let t = tuple_of(th, caller, "AF_INET6", v)?;
            let i = t.items();
            if !(2..=4).contains(&i.len()) {
                return Err(
                    th.type_error("AF_INET6 address must be a tuple (host, port[, flowinfo[, scopeid]])")
                );
            }
            let name = host_name(th, i[0])?;
            let port = port_number(th, caller, i[1])?;
            let flow = i.get(2).map_or(Ok(0), |v| mask_arg(th, *v))?;
            let scope = i.get(3).map_or(Ok(0), |v| mask_arg(th, *v))?;
            let Address::Inet6 { ip, .. } = resolve(th, &name, c::AF_INET6)? else {
                return Err(os_message(th, "unknown address family"));
            };
            let port = port_range(th, caller, port)?;
            if flow > 0xfffff {
                return Err(th.overflow_error(format!("{caller}(): flowinfo must be 0-1048575.")));
            }
            Ok(Address::Inet6 { ip, port, flow, scope })
        }
        c::AF_NETLINK => {
            let t = tuple_of(th, caller, "AF_NETLINK", v)?;
            let [p, g] = t.items() else {
                return Err(th.type_error("AF_NETLINK address must be a pair (pid, groups)"));
            };
            Ok(Address::Netlink { pid: mask_arg(th, *p)?, groups: mask_arg(th, *g)? })
        }
        AF_QIPCRTR | c::AF_VSOCK => {
            let name = if family == c::AF_VSOCK { "AF_VSOCK" } else { "AF_QIPCRTR" };
            let t = tuple_of(th, "getsockaddrarg", name, v).map_err(|_| {
                th.take_exc();
                th.type_error(format!(
                    "getsockaddrarg: {name} address must be tuple, not {}",
                    th.type_name_of(v)
                ))
            })?;
            let [a, b] = t.items() else {
                return Err(
                    th.type_error(format!("getsockaddrarg() takes exactly 2 arguments ({} given)", t.len))
                );
            };
            let (a, b) = (mask_arg(th, *a)?, mask_arg(th, *b)?);
            if family == c::AF_VSOCK {
                return Ok(Address::Vsock { cid: a, port: b });
            }
            let mut data = vec![0; 2];
            data.extend_from_slice(&a.to_ne_bytes());
            data.extend_from_slice(&b.to_ne_bytes());
            Ok(Address::Other { family: AF_QIPCRTR as u16, data })
        }
        c::AF_PACKET => {
            let t = tuple_of(th, caller, "AF_PACKET", v)?;
            let i = t.items();
            if !(2..=5).contains(&i.len()) {
                return Err(th.type_error("AF_PACKET address must be a tuple of two to five elements"));
            }
            let name = fs_path(th, i[0])?;
            let number = |k: usize, default: i32| -> R<i32> {
                let Some(v) = i.get(k) else { return Ok(default) };
                let n = th.index(*v)?;
                int::to_i64(n)
                    .and_then(|n| i32::try_from(n).ok())
                    .ok_or_else(|| th.overflow_error(format!("{caller}(): address argument out of range")))
            };
            let proto = number(1, 0)?;
            let (kind, hardware) = (number(2, 0)?, number(3, 0)?);
            let address = match i.get(4) {
                Some(v) => Buf::read(th, *v)?.bytes().to_vec(),
                None => Vec::new(),
            };
            let index = ok(th, host().if_nametoindex(&name))? as i32;
            if address.len() > 8 {
                return Err(th.value_error("Hardware address must be 8 bytes or less"));
            }
            let Ok(protocol) = u16::try_from(proto) else {
                return Err(th.overflow_error(format!("{caller}(): proto must be 0-65535.")));
            };
            let (hardware, kind) = (hardware as u16, kind as u8);
            Ok(Address::Packet { protocol, interface: index, hardware, kind, address })
        }
        c::AF_CAN => can(th, caller, protocol, v),
        c::AF_ALG => {
            let t = tuple_of(th, caller, "AF_ALG", v)?;
            let i = t.items();
            if !(2..=4).contains(&i.len()) {
                return Err(th.type_error("AF_ALG address must be a tuple (type, name[, feat[, mask]])"));
            }
            let (kind, name) = (fs_path(th, i[0])?.into_bytes(), fs_path(th, i[1])?.into_bytes());
            let feature = i.get(2).map_or(Ok(0), |v| mask_arg(th, *v))? & 0xffff;
            let mask = i.get(3).map_or(Ok(0), |v| mask_arg(th, *v))? & 0xffff;
            if kind.len() >= 14 {
                return Err(th.value_error("AF_ALG type too long."));
            }
            if name.len() >= 64 {
                return Err(th.value_error("AF_ALG name too long."));
            }
            Ok(Address::Alg { kind, name, feature, mask })
        }
        AF_TIPC => {
            let t = tuple_of(th, caller, "AF_TIPC", v)?;
            let i = t.items();
            if !(4..=5).contains(&i.len()) {
                return Err(th.type_error("AF_TIPC address must be a tuple (addr_type, v1, v2, v3[, scope])"));
            }
            let kind = mask_arg(th, i[0])?;
            let scope = i.get(4).map_or(Ok(2), |v| mask_arg(th, *v))?;
            let mut data = vec![kind as u8, scope as u8];
            let used = match kind {
                1 => 3,
                2 | 3 => 2,
                _ => return Err(th.type_error("Invalid address type")),
            };
            for k in 1..4 {
                let n = mask_arg(th, i[k])?;
                data.extend_from_slice(&(if k <= used { n } else { 0 }).to_ne_bytes());
            }
            Ok(Address::Other { family: AF_TIPC as u16, data })
        }
        c::AF_BLUETOOTH => bluetooth_address(th, caller, protocol, v),
        _ => Err(os_message(th, &format!("{caller}(): bad family"))),
    }
}

fn can(th: Th, caller: &str, protocol: i32, v: Value) -> R<Address> {
    let name = |v: Value| -> R<i32> {
        let n = fs_path(th, v)?;
        if n.as_bytes().len() >= 16 {
            return Err(os_message(th, "AF_CAN interface name too long"));
        }
        interface(th, &n)
    };
    match protocol {
        CAN_RAW | CAN_BCM => {
            let t = tuple_of(th, caller, "AF_CAN", v)?;
            let [i] = t.items() else {
                return Err(th.type_error("AF_CAN address must be a tuple (interface, )"));
            };
            Ok(Address::Can { interface: name(*i)?, rx: 0, tx: 0, pgn: 0, address: 0 })
        }
        CAN_ISOTP => match tuple_of(th, caller, "AF_CAN", v)?.items() {
            [i, rx, tx] => {
                let (rx, tx) = (mask_arg(th, *rx)?, mask_arg(th, *tx)?);
                Ok(Address::Can { interface: name(*i)?, rx, tx, pgn: 0, address: 0 })
            }
            t => Err(th.type_error(format!("function takes exactly 3 arguments ({} given)", t.len()))),
        },
        CAN_J1939 => match tuple_of(th, caller, "AF_CAN", v)?.items() {
            [i, full, pgn, a] => {
                let full = crate::posix::files::u64_arg(th, *full)?;
                let (pgn, address) = (mask_arg(th, *pgn)?, mask_arg(th, *a)? as u8);
                let (rx, tx) = (full as u32, (full >> 32) as u32);
                Ok(Address::Can { interface: name(*i)?, rx, tx, pgn, address })
            }
            t => Err(th.type_error(format!("function takes exactly 4 arguments ({} given)", t.len()))),
        },
        _ => Err(os_message(th, &format!("{caller}(): unsupported CAN protocol"))),
    }
}

fn bluetooth_address(th: Th, caller: &str, protocol: i32, v: Value) -> R<Address> {
    let wrong = || os_message(th, &format!("{caller}(): wrong format"));
    let items: &[Value] = v.cast::<Tuple>().map_or(&[], |t| unsafe { &*(t.items() as *const [Value]) });
    let mut data = Vec::new();
    match protocol {
        BTPROTO_L2CAP => {
            if !(2..=4).contains(&items.len()) {
                return Err(wrong());
            }
            let number = |k: usize| items.get(k).map_or(Ok(0), |v| mask_arg(th, *v));
            let (psm, cid, kind) = (number(1)?, number(2)?, number(3)?);
            data.extend_from_slice(&(psm as u16).to_ne_bytes());
            data.extend_from_slice(&bluetooth(th, items[0])?);
            data.extend_from_slice(&(cid as u16).to_ne_bytes());
            data.extend_from_slice(&[kind as u8, 0]);
        }
        BTPROTO_RFCOMM => {
            let [a, channel] = items else { return Err(wrong()) };
            data.extend_from_slice(&bluetooth(th, *a)?);
            data.extend_from_slice(&[mask_arg(th, *channel)? as u8, 0]);
        }
        BTPROTO_HCI => {
            let (dev, channel) = match items {
                [d] => (mask_arg(th, *d)?, 0),
                [d, ch] => (mask_arg(th, *d)?, mask_arg(th, *ch)?),
                _ if th.type_of(v).slots.index.is_some() => (mask_arg(th, v)?, 0),
                _ => return Err(wrong()),
            };
            data.extend_from_slice(&(dev as u16).to_ne_bytes());
            data.extend_from_slice(&(channel as u16).to_ne_bytes());
        }
        BTPROTO_SCO => {
            if !v.is_kind(Kind::Str) && !v.is_kind(Kind::Bytes) {
                return Err(wrong());
            }
            data.extend_from_slice(&bluetooth(th, v)?);
        }
        _ => return Err(os_message(th, &format!("{caller}(): unknown Bluetooth protocol"))),
    }
    Ok(Address::Other { family: c::AF_BLUETOOTH as u16, data })
}
