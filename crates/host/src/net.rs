//! Sockets and name resolution.
//!
//! Addresses cross as [`Address`]; the C structures stay in here. Timeouts are the caller's: as CPython does,
//! `_socket` makes the descriptor non-blocking and waits with [`Polling::poll`](crate::Polling::poll).
//!
//! # Safety
//! An address goes to the system with the length of its variant, and one that comes back is read by its family and no
//! further than the length that the system reported. Lists of `getaddrinfo` are freed by whoever asked for them.

use crate::sys::{self, cstr, zeroed};
use crate::{CheckRet, Errno, Fd, Outside, Res, bytes, text};
use std::ffi::{CStr, c_char, c_int};
use std::mem::size_of;

/// A socket address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    Inet {
        ip: [u8; 4],
        port: u16,
    },
    Inet6 {
        ip: [u8; 16],
        port: u16,
        flow: u32,
        scope: u32,
    },
    /// A path, a name in Linux's abstract space (starts with NUL) or nothing.
    Unix(Vec<u8>),
    Netlink {
        pid: u32,
        groups: u32,
    },
    Packet {
        protocol: u16,
        interface: i32,
        hardware: u16,
        kind: u8,
        address: Vec<u8>,
    },
    Vsock {
        cid: u32,
        port: u32,
    },
    /// For J1939 the name's halves are `rx` and `tx`.
    Can {
        interface: i32,
        rx: u32,
        tx: u32,
        pgn: u32,
        address: u8,
    },
    /// A kernel crypto socket: only to bind.
    Alg {
        kind: Vec<u8>,
        name: Vec<u8>,
        feature: u32,
        mask: u32,
    },
    /// Another family: the bytes after the family number. Also what an unnamed peer has (family 0, empty).
    Other {
        family: u16,
        data: Vec<u8>,
    },
}

/// One answer of `getaddrinfo`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddrInfo {
    pub family: i32,
    pub kind: i32,
    pub protocol: i32,
    pub canonical: Vec<u8>,
    pub address: Address,
}

/// A failure of the resolver: `EAI_*` (with `errno` for `EAI_SYSTEM`) or, from the older calls, `h_errno`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResolveError {
    pub code: i32,
    pub errno: Errno,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostEntry {
    pub name: Vec<u8>,
    pub aliases: Vec<Vec<u8>>,
    pub family: i32,
    pub addresses: Vec<Vec<u8>>,
}

/// What `recvmsg` received. `data` bytes lie in the caller's buffers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    pub data: usize,
    /// `(level, type, data)`.
    pub ancillary: Vec<(i32, i32, Vec<u8>)>,
    pub flags: i32,
    pub from: Option<Address>,
}

door! {
    /// See the module.
    pub trait Sockets {
        /// Not inheritable.
        fn socket(&self, family: i32, kind: i32, protocol: i32) -> Res<Fd> {
            sys::socket(family, kind | libc::SOCK_CLOEXEC, protocol).ok()
        }
        fn socketpair(&self, family: i32, kind: i32, protocol: i32) -> Res<(Fd, Fd)> {
            let mut p = [0; 2];
            sys::socketpair(family, kind | libc::SOCK_CLOEXEC, protocol, &mut p).ok()?;
            Ok((p[0], p[1]))
        }
        fn bind(&self, _out: Outside, fd: Fd, address: &Address) -> Res<()> {
            let a = Raw::from(address)?;
            unsafe { libc::bind(fd, a.pointer(), a.len) }.done()
        }
        fn listen(&self, _out: Outside, fd: Fd, backlog: i32) -> Res<()> {
            sys::listen(fd, backlog).done()
        }
        fn accept(&self, _out: Outside, fd: Fd) -> Res<(Fd, Address)> {
            let mut a = Raw::room();
            let new = unsafe { libc::accept4(fd, a.pointer_mut(), &raw mut a.len, libc::SOCK_CLOEXEC) }.ok()?;
            Ok((new, a.address()))
        }
        fn connect(&self, _out: Outside, fd: Fd, address: &Address) -> Res<()> {
            let a = Raw::from(address)?;
            unsafe { libc::connect(fd, a.pointer(), a.len) }.done()
        }
        fn getsockname(&self, fd: Fd) -> Res<Address> {
            let mut a = Raw::room();
            unsafe { libc::getsockname(fd, a.pointer_mut(), &raw mut a.len) }.ok()?;
            Ok(a.address())
        }
        fn getpeername(&self, fd: Fd) -> Res<Address> {
            let mut a = Raw::room();
            unsafe { libc::getpeername(fd, a.pointer_mut(), &raw mut a.len) }.ok()?;
            Ok(a.address())
        }
        fn shutdown(&self, _out: Outside, fd: Fd, how: i32) -> Res<()> {
            sys::shutdown(fd, how).done()
        }
        /// At most `buf.len()` bytes; how many.
        fn getsockopt(&self, fd: Fd, level: i32, option: i32, buf: &mut [u8]) -> Res<usize> {
            let mut len = buf.len() as u32;
            unsafe { libc::getsockopt(fd, level, option, buf.as_mut_ptr().cast(), &raw mut len) }.ok()?;
            Ok(len as usize)
        }
        fn setsockopt(&self, fd: Fd, level: i32, option: i32, value: &[u8]) -> Res<()> {
            unsafe { libc::setsockopt(fd, level, option, value.as_ptr().cast(), value.len() as u32) }.done()
        }
        /// `setsockopt` with a null pointer and a length (`AF_ALG`).
        fn setsockopt_null(&self, fd: Fd, level: i32, option: i32, len: u32) -> Res<()> {
            unsafe { libc::setsockopt(fd, level, option, std::ptr::null(), len) }.done()
        }
        fn recv(&self, _out: Outside, fd: Fd, buf: &mut [u8], flags: i32) -> Res<usize> {
            Ok(unsafe { libc::recv(fd, buf.as_mut_ptr().cast(), buf.len(), flags) }.ok()? as usize)
        }
        fn recvfrom(&self, _out: Outside, fd: Fd, buf: &mut [u8], flags: i32) -> Res<(usize, Address)> {
            let mut a = Raw::room();
            let (p, n) = (buf.as_mut_ptr().cast(), buf.len());
            let n = unsafe { libc::recvfrom(fd, p, n, flags, a.pointer_mut(), &raw mut a.len) }.ok()?;
            Ok((n as usize, a.address()))
        }
        fn send(&self, _out: Outside, fd: Fd, buf: &[u8], flags: i32) -> Res<usize> {
            Ok(unsafe { libc::send(fd, buf.as_ptr().cast(), buf.len(), flags) }.ok()? as usize)
        }
        fn sendto(&self, _out: Outside, fd: Fd, buf: &[u8], flags: i32, to: &Address) -> Res<usize> {
            let a = Raw::from(to)?;
            let (p, n) = (buf.as_ptr().cast(), buf.len());
            Ok(unsafe { libc::sendto(fd, p, n, flags, a.pointer(), a.len) }.ok()? as usize)
        }
        fn recvmsg(&self, _out: Outside, fd: Fd, parts: crate::fs::Parts, ancillary: usize, flags: i32) -> Res<Received> {
            let mut v: Vec<libc::iovec> = parts.iter_mut()
                .map(|b| libc::iovec { iov_base: b.as_mut_ptr().cast(), iov_len: b.len() }).collect();
            recvmsg(fd, &mut v, ancillary, flags)
        }
        /// `ancillary`: `(level, type, data)`.
        fn sendmsg(&self, _out: Outside, fd: Fd, parts: &[&[u8]], ancillary: &[(i32, i32, &[u8])], flags: i32,
                   to: Option<&Address>) -> Res<usize> {
            sendmsg(fd, parts, ancillary, flags, to)
        }

        // ---- names ----

        fn getaddrinfo(&self, _out: Outside, host: Option<&CStr>, service: Option<&CStr>, family: i32, kind: i32,
                       protocol: i32, flags: i32) -> Result<Vec<AddrInfo>, ResolveError> {
            getaddrinfo(host, service, family, kind, protocol, flags)
        }
        /// Host, service.
        fn getnameinfo(&self, _out: Outside, address: &Address, flags: i32)
                -> Result<(Vec<u8>, Vec<u8>), ResolveError> {
            let a = Raw::from(address).map_err(|errno| ResolveError { code: libc::EAI_FAMILY, errno })?;
            let (mut host, mut service) = ([0 as c_char; 1025], [0 as c_char; 64]);
            let (h, hn) = (host.as_mut_ptr(), host.len() as u32);
            let (s, sn) = (service.as_mut_ptr(), service.len() as u32);
            resolved(unsafe { libc::getnameinfo(a.pointer(), a.len, h, hn, s, sn, flags) })?;
            // SAFETY: filled, NUL-terminated.
            Ok(unsafe { (bytes(host.as_ptr()), bytes(service.as_ptr())) })
        }
        /// The text of an `EAI_*` code.
        fn gai_message(&self, code: i32) -> String {
            // SAFETY: a static string.
            String::from_utf8_lossy(&unsafe { bytes(libc::gai_strerror(code)) }).into_owned()
        }
        /// The text of an `h_errno` code.
        fn resolver_message(&self, code: i32) -> String {
            // SAFETY: a static string.
            String::from_utf8_lossy(&unsafe { bytes(hstrerror(code)) }).into_owned()
        }
        /// The error's `code` is an `h_errno`.
        fn gethostbyname(&self, _out: Outside, name: &CStr, family: i32) -> Result<HostEntry, ResolveError> {
            host_entry(|entry, buf, len, result, herr| unsafe {
                gethostbyname2_r(name.as_ptr(), family, entry, buf, len, result, herr)
            })
        }
        fn gethostbyaddr(&self, _out: Outside, address: &[u8], family: i32) -> Result<HostEntry, ResolveError> {
            host_entry(|entry, buf, len, result, herr| unsafe {
                gethostbyaddr_r(address.as_ptr().cast(), address.len() as u32, family, entry, buf, len, result, herr)
            })
        }
        fn gethostname(&self) -> Res<Vec<u8>> {
            let mut buf = [0 as c_char; 1024];
            unsafe { libc::gethostname(buf.as_mut_ptr(), buf.len() - 1) }.ok()?;
            // SAFETY: the last byte is still 0.
            Ok(unsafe { bytes(buf.as_ptr()) })
        }
        fn sethostname(&self, name: &[u8]) -> Res<()> {
            unsafe { libc::sethostname(name.as_ptr().cast(), name.len()) }.done()
        }
        /// Port in host order.
        fn getservbyname(&self, _out: Outside, name: &CStr, protocol: Option<&CStr>) -> Option<u16> {
            let _guard = NAMES.lock();
            // SAFETY: the answer is static storage, read under the lock.
            let s = unsafe { libc::getservbyname(name.as_ptr(), pointer(protocol)).as_ref() }?;
            Some(u16::from_be(s.s_port as u16))
        }
        fn getservbyport(&self, _out: Outside, port: u16, protocol: Option<&CStr>) -> Option<Vec<u8>> {
            let _guard = NAMES.lock();
            // SAFETY: as above.
            let s = unsafe { getservbyport(c_int::from(port.to_be()), pointer(protocol)).as_ref() }?;
            Some(unsafe { bytes(s.s_name) })
        }
        fn getprotobyname(&self, _out: Outside, name: &CStr) -> Option<i32> {
            let _guard = NAMES.lock();
            // SAFETY: as above.
            Some(unsafe { libc::getprotobyname(name.as_ptr()).as_ref() }?.p_proto)
        }
        fn if_nameindex(&self) -> Res<Vec<(u32, Vec<u8>)>> {
            let list = unsafe { libc::if_nameindex() };
            if list.is_null() { return Err(Errno::last()) }
            let mut found = Vec::new();
            // SAFETY: ends with an entry whose index is 0.
            unsafe {
                let mut at = list;
                while (*at).if_index != 0 {
                    found.push(((*at).if_index, bytes((*at).if_name)));
                    at = at.add(1);
                }
                libc::if_freenameindex(list);
            }
            Ok(found)
        }
        fn if_nametoindex(&self, name: &CStr) -> Res<u32> {
            match sys::if_nametoindex(cstr(name)) { 0 => Err(Errno::last()), n => Ok(n) }
        }
        fn if_indextoname(&self, index: u32) -> Res<Vec<u8>> {
            let mut buf = [0 as c_char; libc::IF_NAMESIZE];
            if unsafe { libc::if_indextoname(index, buf.as_mut_ptr()) }.is_null() { return Err(Errno::last()) }
            Ok(text(&buf).into_bytes())
        }
        /// The C library's lenient reading of IPv4 addresses (`1.2`, `0x7f.1`).
        fn inet_aton(&self, name: &CStr) -> Option<[u8; 4]> {
            let mut a = libc::in_addr { s_addr: 0 };
            (unsafe { inet_aton(name.as_ptr(), &raw mut a) } != 0).then(|| a.s_addr.to_ne_bytes())
        }
    }
}

/// The services and protocols databases answer in static storage.
pub(crate) static NAMES: std::sync::Mutex<()> = std::sync::Mutex::new(());

unsafe extern "C" {
    fn getservbyport(port: c_int, protocol: *const c_char) -> *mut libc::servent;
    fn inet_aton(name: *const c_char, out: *mut libc::in_addr) -> c_int;
    fn hstrerror(code: c_int) -> *const c_char;
    fn gethostbyname2_r(
        name: *const c_char,
        family: c_int,
        entry: *mut libc::hostent,
        buf: *mut c_char,
        len: usize,
        result: *mut *mut libc::hostent,
        herr: *mut c_int,
    ) -> c_int;
    fn gethostbyaddr_r(
        address: *const libc::c_void,
        address_len: libc::socklen_t,
        family: c_int,
        entry: *mut libc::hostent,
        buf: *mut c_char,
        len: usize,
        result: *mut *mut libc::hostent,
        herr: *mut c_int,
    ) -> c_int;
}

fn pointer(s: Option<&CStr>) -> *const c_char {
    s.map_or(std::ptr::null(), CStr::as_ptr)
}

impl crate::Refusal for ResolveError {
    fn refusal() -> ResolveError {
        ResolveError { code: libc::EAI_FAIL, errno: Errno::ENOSYS }
    }
}

fn resolved(code: i32) -> Result<(), ResolveError> {
    if code == 0 { Ok(()) } else { Err(ResolveError { code, errno: Errno::last() }) }
}

/// A C address with its length.
struct Raw {
    storage: libc::sockaddr_storage,
    len: u32,
}

impl Raw {
    fn room() -> Raw {
        Raw { storage: zeroed(), len: size_of::<libc::sockaddr_storage>() as u32 }
    }

    fn pointer(&self) -> *const libc::sockaddr {
        (&raw const self.storage).cast()
    }

    fn pointer_mut(&mut self) -> *mut libc::sockaddr {
        (&raw mut self.storage).cast()
    }

    /// SAFETY: `T` is one of the `sockaddr_*`, all of which fit into the storage.
    unsafe fn set<T>(value: T, len: usize) -> Raw {
        let mut r = Raw::room();
        unsafe { (&raw mut r.storage).cast::<T>().write(value) };
        r.len = len as u32;
        r
    }

    fn from(a: &Address) -> Res<Raw> {
        // SAFETY: every structure below is a sockaddr of its family.
        unsafe {
            Ok(match a {
                Address::Inet { ip, port } => {
                    let mut s: libc::sockaddr_in = zeroed();
                    s.sin_family = libc::AF_INET as u16;
                    s.sin_port = port.to_be();
                    s.sin_addr.s_addr = u32::from_ne_bytes(*ip);
                    Raw::set(s, size_of::<libc::sockaddr_in>())
                }
                Address::Inet6 { ip, port, flow, scope } => {
                    let mut s: libc::sockaddr_in6 = zeroed();
                    s.sin6_family = libc::AF_INET6 as u16;
                    s.sin6_port = port.to_be();
                    s.sin6_flowinfo = flow.to_be();
                    s.sin6_scope_id = *scope;
                    s.sin6_addr.s6_addr = *ip;
                    Raw::set(s, size_of::<libc::sockaddr_in6>())
                }
                Address::Unix(path) => {
                    let mut s: libc::sockaddr_un = zeroed();
                    s.sun_family = libc::AF_UNIX as u16;
                    // A path keeps its NUL; an abstract name may fill all.
                    let abstract_name = path.first() == Some(&0);
                    if path.len() + usize::from(!abstract_name) > s.sun_path.len() {
                        return Err(Errno::ENAMETOOLONG);
                    }
                    for (to, from) in s.sun_path.iter_mut().zip(path) {
                        *to = *from as c_char;
                    }
                    let head = std::mem::offset_of!(libc::sockaddr_un, sun_path);
                    let tail = usize::from(!abstract_name && !path.is_empty());
                    Raw::set(s, head + path.len() + tail)
                }
                Address::Netlink { pid, groups } => {
                    let mut s: libc::sockaddr_nl = zeroed();
                    s.nl_family = libc::AF_NETLINK as u16;
                    s.nl_pid = *pid;
                    s.nl_groups = *groups;
                    Raw::set(s, size_of::<libc::sockaddr_nl>())
                }
                Address::Packet { protocol, interface, hardware, kind, address } => {
                    let mut s: libc::sockaddr_ll = zeroed();
                    s.sll_family = libc::AF_PACKET as u16;
                    s.sll_protocol = protocol.to_be();
                    s.sll_ifindex = *interface;
                    s.sll_hatype = *hardware;
                    s.sll_pkttype = *kind;
                    if address.len() > s.sll_addr.len() {
                        return Err(Errno::EINVAL);
                    }
                    s.sll_halen = address.len() as u8;
                    s.sll_addr[..address.len()].copy_from_slice(address);
                    Raw::set(s, size_of::<libc::sockaddr_ll>())
                }
                Address::Vsock { cid, port } => {
                    let mut s: libc::sockaddr_vm = zeroed();
                    s.svm_family = libc::AF_VSOCK as u16;
                    s.svm_cid = *cid;
                    s.svm_port = *port;
                    Raw::set(s, size_of::<libc::sockaddr_vm>())
                }
                Address::Can { interface, rx, tx, pgn, address } => {
                    let mut s: libc::sockaddr_can = zeroed();
                    s.can_family = libc::AF_CAN as u16;
                    s.can_ifindex = *interface;
                    // The other protocols' numbers lie where the name does.
                    s.can_addr.j1939.name = u64::from(*tx) << 32 | u64::from(*rx);
                    s.can_addr.j1939.pgn = *pgn;
                    s.can_addr.j1939.addr = *address;
                    Raw::set(s, size_of::<libc::sockaddr_can>())
                }
                Address::Alg { kind, name, feature, mask } => {
                    let mut s: libc::sockaddr_alg = zeroed();
                    s.salg_family = libc::AF_ALG as u16;
                    if kind.len() >= s.salg_type.len() || name.len() >= s.salg_name.len() {
                        return Err(Errno::EINVAL);
                    }
                    s.salg_type[..kind.len()].copy_from_slice(kind);
                    s.salg_name[..name.len()].copy_from_slice(name);
                    (s.salg_feat, s.salg_mask) = (*feature, *mask);
                    Raw::set(s, size_of::<libc::sockaddr_alg>())
                }
                Address::Other { family, data } => {
                    let mut r = Raw::room();
                    let room = size_of::<libc::sockaddr_storage>() - 2;
                    if data.len() > room {
                        return Err(Errno::EINVAL);
                    }
                    r.storage.ss_family = *family;
                    let to = (&raw mut r.storage).cast::<u8>().add(2);
                    to.copy_from_nonoverlapping(data.as_ptr(), data.len());
                    r.len = (data.len() + 2) as u32;
                    r
                }
            })
        }
    }

    fn address(&self) -> Address {
        let len = (self.len as usize).min(size_of::<libc::sockaddr_storage>());
        if len < 2 {
            return Address::Other { family: 0, data: Vec::new() };
        }
        let p = &raw const self.storage;
        // SAFETY: the family says which structure the storage holds.
        unsafe {
            match i32::from(self.storage.ss_family) {
                libc::AF_INET => {
                    let s = &*p.cast::<libc::sockaddr_in>();
                    Address::Inet { ip: s.sin_addr.s_addr.to_ne_bytes(), port: u16::from_be(s.sin_port) }
                }
                libc::AF_INET6 => {
                    let s = &*p.cast::<libc::sockaddr_in6>();
                    Address::Inet6 {
                        ip: s.sin6_addr.s6_addr,
                        port: u16::from_be(s.sin6_port),
                        flow: u32::from_be(s.sin6_flowinfo),
                        scope: s.sin6_scope_id,
                    }
                }
                libc::AF_UNIX => {
                    let s = &*p.cast::<libc::sockaddr_un>();
                    let head = std::mem::offset_of!(libc::sockaddr_un, sun_path);
                    let path: Vec<u8> = s.sun_path[..len.saturating_sub(head).min(s.sun_path.len())]
                        .iter()
                        .map(|c| *c as u8)
                        .collect();
                    let end = if path.first() == Some(&0) { None } else { path.iter().position(|b| *b == 0) };
                    Address::Unix(path[..end.unwrap_or(path.len())].to_vec())
                }
                libc::AF_NETLINK => {
                    let s = &*p.cast::<libc::sockaddr_nl>();
                    Address::Netlink { pid: s.nl_pid, groups: s.nl_groups }
                }
                libc::AF_PACKET => {
                    let s = &*p.cast::<libc::sockaddr_ll>();
                    Address::Packet {
                        protocol: u16::from_be(s.sll_protocol),
                        interface: s.sll_ifindex,
                        hardware: s.sll_hatype,
                        kind: s.sll_pkttype,
                        address: s.sll_addr[..usize::from(s.sll_halen).min(8)].to_vec(),
                    }
                }
                libc::AF_VSOCK => {
                    let s = &*p.cast::<libc::sockaddr_vm>();
                    Address::Vsock { cid: s.svm_cid, port: s.svm_port }
                }
                libc::AF_CAN => {
                    let s = &*p.cast::<libc::sockaddr_can>();
                    Address::Can {
                        interface: s.can_ifindex,
                        rx: s.can_addr.tp.rx_id,
                        tx: s.can_addr.tp.tx_id,
                        pgn: s.can_addr.j1939.pgn,
                        address: s.can_addr.j1939.addr,
                    }
                }
                family => Address::Other {
                    family: family as u16,
                    data: std::slice::from_raw_parts(p.cast::<u8>().add(2), len - 2).to_vec(),
                },
            }
        }
    }
}

fn recvmsg(fd: Fd, parts: &mut [libc::iovec], ancillary: usize, flags: i32) -> Res<Received> {
    let mut from = Raw::room();
    from.storage.ss_family = 0;
    // u64s, for the alignment of the headers.
    let mut control = vec![0u64; ancillary.div_ceil(8)];
    unsafe {
        let mut m: libc::msghdr = zeroed();
        m.msg_name = from.pointer_mut().cast();
        m.msg_namelen = from.len;
        m.msg_iov = parts.as_mut_ptr();
        m.msg_iovlen = parts.len() as _;
        m.msg_control = if ancillary > 0 { control.as_mut_ptr().cast() } else { std::ptr::null_mut() };
        m.msg_controllen = ancillary as _;
        let data = libc::recvmsg(fd, &raw mut m, flags).ok()? as usize;
        from.len = m.msg_namelen;
        let mut found = Vec::new();
        let mut c = libc::CMSG_FIRSTHDR(&raw const m);
        // SAFETY: the kernel wrote the headers; a truncated last one is cut at the end of the buffer.
        let end = control.as_ptr().cast::<u8>().add(m.msg_controllen);
        while !c.is_null() {
            let start = libc::CMSG_DATA(c).cast_const();
            let want = ((*c).cmsg_len as usize).saturating_sub(start.offset_from_unsigned(c.cast::<u8>()));
            let there = if start > end { 0 } else { end.offset_from_unsigned(start) };
            let data = std::slice::from_raw_parts(start, want.min(there)).to_vec();
            found.push(((*c).cmsg_level, (*c).cmsg_type, data));
            c = libc::CMSG_NXTHDR(&raw const m, c);
        }
        let from = (m.msg_namelen > 0).then(|| from.address());
        Ok(Received { data, ancillary: found, flags: m.msg_flags, from })
    }
}

fn sendmsg(
    fd: Fd,
    parts: &[&[u8]],
    ancillary: &[(i32, i32, &[u8])],
    flags: i32,
    to: Option<&Address>,
) -> Res<usize> {
    let mut v = crate::fs::const_iovecs(parts);
    let to = to.map(Raw::from).transpose()?;
    let room: usize = ancillary.iter().map(|a| unsafe { libc::CMSG_SPACE(a.2.len() as u32) } as usize).sum();
    let mut control = vec![0u64; room.div_ceil(8)];
    unsafe {
        let mut m: libc::msghdr = zeroed();
        if let Some(a) = &to {
            m.msg_name = a.pointer().cast_mut().cast();
            m.msg_namelen = a.len;
        }
        m.msg_iov = v.as_mut_ptr();
        m.msg_iovlen = v.len() as _;
        if room > 0 {
            m.msg_control = control.as_mut_ptr().cast();
            m.msg_controllen = room as _;
            let mut c = libc::CMSG_FIRSTHDR(&raw const m);
            for (level, kind, data) in ancillary {
                // SAFETY: there is room for each, by the sum above.
                (*c).cmsg_level = *level;
                (*c).cmsg_type = *kind;
                (*c).cmsg_len = libc::CMSG_LEN(data.len() as u32) as _;
                libc::CMSG_DATA(c).copy_from_nonoverlapping(data.as_ptr(), data.len());
                c = libc::CMSG_NXTHDR(&raw const m, c);
            }
        }
        Ok(libc::sendmsg(fd, &raw const m, flags).ok()? as usize)
    }
}

fn getaddrinfo(
    host: Option<&CStr>,
    service: Option<&CStr>,
    family: i32,
    kind: i32,
    protocol: i32,
    flags: i32,
) -> Result<Vec<AddrInfo>, ResolveError> {
    let mut list = std::ptr::null_mut();
    let mut found = Vec::new();
    unsafe {
        let mut hints: libc::addrinfo = zeroed();
        (hints.ai_family, hints.ai_socktype) = (family, kind);
        (hints.ai_protocol, hints.ai_flags) = (protocol, flags);
        resolved(libc::getaddrinfo(pointer(host), pointer(service), &raw const hints, &raw mut list))?;
        let mut at = list;
        while let Some(a) = at.as_ref() {
            let mut raw = Raw::room();
            raw.len = raw.len.min(a.ai_addrlen);
            let to = (&raw mut raw.storage).cast::<u8>();
            to.copy_from_nonoverlapping(a.ai_addr.cast(), raw.len as usize);
            found.push(AddrInfo {
                family: a.ai_family,
                kind: a.ai_socktype,
                protocol: a.ai_protocol,
                canonical: bytes(a.ai_canonname),
                address: raw.address(),
            });
            at = a.ai_next;
        }
        libc::freeaddrinfo(list);
    }
    Ok(found)
}

type EntryCall<'a> =
    &'a dyn Fn(*mut libc::hostent, *mut c_char, usize, *mut *mut libc::hostent, *mut c_int) -> c_int;

fn host_entry(
    call: impl Fn(*mut libc::hostent, *mut c_char, usize, *mut *mut libc::hostent, *mut c_int) -> c_int,
) -> Result<HostEntry, ResolveError> {
    host_entry_of(&call)
}

fn host_entry_of(call: EntryCall) -> Result<HostEntry, ResolveError> {
    let mut buf = vec![0u64; 1024];
    loop {
        let mut entry: libc::hostent = zeroed();
        let (mut result, mut herr) = (std::ptr::null_mut(), 0);
        let r = call(&raw mut entry, buf.as_mut_ptr().cast(), buf.len() * 8, &raw mut result, &raw mut herr);
        if r == libc::ERANGE && buf.len() < 1 << 20 {
            buf.resize(buf.len() * 2, 0);
            continue;
        }
        // SAFETY: points to `entry`, whose strings lie in `buf`.
        let Some(e) = (unsafe { result.as_ref() }) else {
            return Err(ResolveError { code: herr, errno: Errno(r) });
        };
        let length = e.h_length as usize;
        return Ok(HostEntry {
            name: unsafe { bytes(e.h_name) },
            aliases: list(e.h_aliases, |p| unsafe { bytes(p) }),
            family: e.h_addrtype,
            addresses: list(e.h_addr_list, |p| {
                unsafe { std::slice::from_raw_parts(p.cast(), length) }.to_vec()
            }),
        });
    }
}

/// The entries of a NULL-terminated array.
pub(crate) fn list<T>(mut at: *mut *mut c_char, read: impl Fn(*const c_char) -> T) -> Vec<T> {
    let mut found = Vec::new();
    // SAFETY: the C library ends its arrays with NULL.
    unsafe {
        while !at.is_null() && !(*at).is_null() {
            found.push(read(*at));
            at = at.add(1);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Files, NativeHost};

    const H: NativeHost = NativeHost;

    #[test]
    fn a_connection_over_tcp() {
        Outside::region(|o| {
            let server = H.socket(libc::AF_INET, libc::SOCK_STREAM, 0).unwrap();
            H.bind(o, server, &Address::Inet { ip: [127, 0, 0, 1], port: 0 }).unwrap();
            H.listen(o, server, 1).unwrap();
            let at = H.getsockname(server).unwrap();
            let client = H.socket(libc::AF_INET, libc::SOCK_STREAM, 0).unwrap();
            H.connect(o, client, &at).unwrap();
            let (peer, from) = H.accept(o, server).unwrap();
            assert_eq!(from, H.getsockname(client).unwrap());
            assert_eq!(H.getpeername(client).unwrap(), at);
            H.send(o, client, b"hello", 0).unwrap();
            let mut buf = [0; 9];
            assert_eq!(H.recv(o, peer, &mut buf, 0), Ok(5));
            H.shutdown(o, client, libc::SHUT_WR).unwrap();
            assert_eq!(H.recv(o, peer, &mut buf, 0), Ok(0));
            let mut kind = [0; 4];
            assert_eq!(H.getsockopt(peer, libc::SOL_SOCKET, libc::SO_TYPE, &mut kind), Ok(4));
            assert_eq!(i32::from_ne_bytes(kind), libc::SOCK_STREAM);
            for fd in [server, client, peer] {
                H.close(o, fd).unwrap();
            }
        });
    }

    #[test]
    fn descriptors_travel_through_a_unix_socket() {
        Outside::region(|o| {
            let (a, b) = H.socketpair(libc::AF_UNIX, libc::SOCK_STREAM, 0).unwrap();
            assert_eq!(H.getsockname(a).unwrap(), Address::Unix(Vec::new()));
            let (r, w) = H.pipe(libc::O_CLOEXEC).unwrap();
            let fds = w.to_ne_bytes();
            H.sendmsg(o, a, &[b"take", b" it"], &[(libc::SOL_SOCKET, libc::SCM_RIGHTS, &fds)], 0, None)
                .unwrap();
            let mut buf = [0; 16];
            let got = H.recvmsg(o, b, &mut [&mut buf], 64, 0).unwrap();
            assert_eq!(&buf[..got.data], b"take it");
            assert_eq!(got.ancillary.len(), 1);
            let fd = Fd::from_ne_bytes(got.ancillary[0].2[..4].try_into().unwrap());
            H.write(o, fd, b"x").unwrap();
            assert_eq!(H.read(o, r, &mut buf), Ok(1));
            for fd in [a, b, r, w, fd] {
                H.close(o, fd).unwrap();
            }
        });
    }

    #[test]
    fn addresses_survive_the_way_through_c() {
        let unix = |p: &[u8]| Address::Unix(p.to_vec());
        for a in [
            Address::Inet { ip: [1, 2, 3, 4], port: 80 },
            Address::Inet6 { ip: [7; 16], port: 443, flow: 5, scope: 6 },
            unix(b"/tmp/x"),
            unix(b"\0abstract"),
            unix(b""),
            Address::Netlink { pid: 1, groups: 2 },
            Address::Vsock { cid: 3, port: 4 },
            Address::Packet { protocol: 3, interface: 1, hardware: 2, kind: 4, address: vec![1; 6] },
            Address::Other { family: 99, data: vec![1, 2, 3] },
        ] {
            assert_eq!(Raw::from(&a).unwrap().address(), a);
        }
        assert!(Raw::from(&unix(&[b'x'; 108])).is_err());
    }

    #[test]
    fn names_are_resolved() {
        Outside::region(|o| {
            let found =
                H.getaddrinfo(o, Some(c"127.0.0.1"), Some(c"80"), 0, libc::SOCK_STREAM, 0, 0).unwrap();
            assert_eq!(found[0].address, Address::Inet { ip: [127, 0, 0, 1], port: 80 });
            let numeric = libc::NI_NUMERICHOST | libc::NI_NUMERICSERV;
            let name = H.getnameinfo(o, &found[0].address, numeric).unwrap();
            assert_eq!(name, (b"127.0.0.1".to_vec(), b"80".to_vec()));
            let e = H.getaddrinfo(o, Some(c"1.2.3.4.5"), None, 0, 0, 0, libc::AI_NUMERICHOST).unwrap_err();
            assert_eq!(e.code, libc::EAI_NONAME);
            assert_eq!(H.gai_message(e.code), "Name or service not known");
            assert_eq!(H.gethostbyname(o, c"127.0.0.1", libc::AF_INET).unwrap().addresses, [[127, 0, 0, 1]]);
        });
        assert_eq!(H.inet_aton(c"127.1"), Some([127, 0, 0, 1]));
        assert_eq!(H.inet_aton(c"nothing"), None);
        assert!(!H.gethostname().unwrap().is_empty());
        let (index, name) = H.if_nameindex().unwrap()[0].clone();
        assert_eq!(H.if_indextoname(index).unwrap(), name);
    }
}
