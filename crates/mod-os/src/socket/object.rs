//! `_socket.socket`.
//!
//! As in CPython a socket with a timeout has a non-blocking descriptor, and every operation waits with `poll` first.
//! The numbers of a socket object may be read by several threads while one closes it: they are atomic, and whoever takes
//! the descriptor out (`close`, `detach`, the finalizer) has it alone.
//!
//! # Safety
//! The system writes to memory that nobody else uses, and only as much of it as it said is looked at.

use super::address::{from_python, os_message, to_python};
use super::{DEFAULT_TIMEOUT, parse_timeout};
use crate::util::*;
use adder_host::net::Address;
use adder_host::poll::PollFd;
use adder_host::{Errno, Fd, Host, Outside, Res};
use adder_vm::builtins::exceptions as exc;
use adder_vm::builtins::object::new_instance;
use adder_vm::builtins::{int, list};
use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::Slots;
use adder_vm::sync::monotonic;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, Ordering::*};

crate::native_layout! {
    pub(crate) Sock { ; fd: AtomicI32, family: AtomicI32, kind: AtomicI32, proto: AtomicI32, timeout: AtomicI64, made: AtomicBool }
}

pub static SOCKET: TypeCell = TypeCell::new(&NativeType {
    name: "_socket.socket",
    kind: Kind::Native,
    size: Sock::SIZE,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP,
    doc: "socket(family=AF_INET, type=SOCK_STREAM, proto=0) -> socket object\nsocket(family=-1, type=-1, proto=-1, fileno=None) -> socket object\n\nOpen a socket of the given type.  The family argument specifies the\naddress family; it defaults to AF_INET.  The type argument specifies\nwhether this is a stream (SOCK_STREAM, this is the default)\nor datagram (SOCK_DGRAM) socket.  The protocol argument defaults to 0,\nspecifying the default protocol.  Keyword arguments are accepted.\nThe socket is created as non-inheritable.\n\nWhen a fileno is passed in, family, type and proto are auto-detected,\nunless they are explicitly set.\n\nA socket object represents one endpoint of a network connection.\n\nMethods of socket objects (keyword arguments not allowed):\n\n_accept() -- accept connection, returning new socket fd and client address\nbind(addr) -- bind the socket to a local address\nclose() -- close the socket\nconnect(addr) -- connect the socket to a remote address\nconnect_ex(addr) -- connect, return an error code instead of an exception\ndup() -- return a new socket fd duplicated from fileno()\nfileno() -- return underlying file descriptor\ngetpeername() -- return remote address [*]\ngetsockname() -- return local address\ngetsockopt(level, optname[, buflen]) -- get socket options\ngettimeout() -- return timeout or None\nlisten([n]) -- start listening for incoming connections\nrecv(buflen[, flags]) -- receive data\nrecv_into(buffer[, nbytes[, flags]]) -- receive data (into a buffer)\nrecvfrom(buflen[, flags]) -- receive data and sender's address\nrecvfrom_into(buffer[, nbytes, [, flags]])\n  -- receive data and sender's address (into a buffer)\nsendall(data[, flags]) -- send all data\nsend(data[, flags]) -- send data, may not send all of it\nsendto(data[, flags], addr) -- send data to a given address\nsetblocking(bool) -- set or clear the blocking I/O flag\ngetblocking() -- return True if socket is blocking, False if non-blocking\nsetsockopt(level, optname, value[, optlen]) -- set socket options\nsettimeout(None | float) -- set or clear the timeout\nshutdown(how) -- shut down traffic in one or both directions\n\n [*] not available on all platforms!",
    text_signature: None,
    slots: Slots {
        new: Some(|th, t, _| {
            let o = new_instance(th, t.cast().unwrap())?;
            let s = Sock::of(o);
            s.fd.store(-1, Relaxed);
            s.timeout.store(-1, Relaxed);
            s.made.store(true, Release);
            Ok(o)
        }),
        init: Some(init),
        repr: Some(|th, o| {
            let s = Sock::of(o);
            Ok(th.str(&format!(
                "<socket object, fd={}, family={}, type={}, proto={}>",
                s.fd.load(Relaxed),
                s.family.load(Relaxed),
                s.kind.load(Relaxed),
                s.proto.load(Relaxed)
            )))
        }),
        del: Some(finalize),
        ..Slots::NONE
    },
    methods: METHODS,
    getset: &[
        getter("family", "the socket family", |th, o| Ok(th.int(Sock::of(o).family.load(Relaxed) as i64))),
        getter("type", "the socket type", |th, o| Ok(th.int(Sock::of(o).kind.load(Relaxed) as i64))),
        getter("proto", "the socket protocol", |th, o| Ok(th.int(Sock::of(o).proto.load(Relaxed) as i64))),
        getter("timeout", "the socket timeout", |th, o| Ok(timeout_value(th, Sock::of(o)))),
    ],
    trace: Some(Sock::trace),
    drop: Some(drop_socket),
    ..NativeType::DEFAULT
});

const METHODS: &[NativeDef] = &[
    method(
        "_accept",
        "($self, /)",
        "_accept() -> (integer, address info)\n\nWait for an incoming connection.  Return a new socket file descriptor\nrepresenting the connection, and the address of the client.\nFor IP sockets, the address info is a pair (hostaddr, port).",
        |th, a| {
            let s = me(a);
            let (fd, from) = finish(th, io(th, s, false, |h, o, fd| h.accept(o, fd))?)?;
            let address = match to_python(th, &from, s.proto.load(Relaxed)) {
                Ok(v) => v,
                Err(e) => {
                    let _ = outside(th, |h, o| h.close(o, fd));
                    return Err(e);
                }
            };
            th.try_tuple(&[th.int(fd as i64), address])
        },
    ),
    method(
        "bind",
        "($self, object, /)",
        "bind(address)\n\nBind the socket to a local address.  For IP sockets, the address is a\npair (host, port); the host must refer to the local host. For raw packet\nsockets the address is a tuple (ifname, proto [,pkttype [,hatype [,addr]]])",
        |th, a| {
            let s = me(a);
            let address = address_arg(th, "bind", s, a[1].unwrap())?;
            crate::audit(th, "socket.bind", &[a[0].unwrap(), a[1].unwrap()])?;
            let r = outside(th, |h, o| h.bind(o, s.fd.load(Relaxed), &address));
            ok(th, r)?;
            none()
        },
    ),
    method(
        "close",
        "($self, /)",
        "close()\n\nClose the socket.  It cannot be used after this call.",
        |th, a| {
            close(th, me(a))?;
            none()
        },
    ),
    method(
        "connect",
        "($self, object, /)",
        "connect(address)\n\nConnect the socket to a remote address.  For IP sockets, the address\nis a pair (host, port).",
        |th, a| {
            let s = me(a);
            let address = address_arg(th, "connect", s, a[1].unwrap())?;
            crate::audit(th, "socket.connect", &[a[0].unwrap(), a[1].unwrap()])?;
            finish(th, connect(th, s, &address)?)?;
            none()
        },
    ),
    method(
        "connect_ex",
        "($self, object, /)",
        "connect_ex(address) -> errno\n\nThis is like connect(address), but returns an error code (the errno value)\ninstead of raising an exception when an error occurs.",
        |th, a| {
            let s = me(a);
            let address = address_arg(th, "connect_ex", s, a[1].unwrap())?;
            crate::audit(th, "socket.connect", &[a[0].unwrap(), a[1].unwrap()])?;
            Ok(Value::fix(match connect(th, s, &address)? {
                Ok(()) => 0,
                Err(Failure::Timeout) => c::EWOULDBLOCK as i64,
                Err(Failure::System(e)) => e.0 as i64,
            }))
        },
    ),
    method(
        "detach",
        "($self, /)",
        "detach()\n\nClose the socket object without closing the underlying file descriptor.\nThe object cannot be used after this call, but the file descriptor\ncan be reused for other purposes.  The file descriptor is returned.",
        |th, a| Ok(th.int(me(a).fd.swap(-1, AcqRel) as i64)),
    ),
    method(
        "fileno",
        "($self, /)",
        "fileno() -> integer\n\nReturn the integer file descriptor of the socket.",
        |th, a| Ok(th.int(me(a).fd.load(Relaxed) as i64)),
    ),
    method(
        "getpeername",
        "($self, /)",
        "getpeername() -> address info\n\nReturn the address of the remote endpoint.  For IP sockets, the address\ninfo is a pair (hostaddr, port).",
        |th, a| {
            let s = me(a);
            let address = ok(th, host().getpeername(s.fd.load(Relaxed)))?;
            to_python(th, &address, s.proto.load(Relaxed))
        },
    ),
    method(
        "getsockname",
        "($self, /)",
        "getsockname() -> address info\n\nReturn the address of the local endpoint. The format depends on the\naddress family. For IPv4 sockets, the address info is a pair\n(hostaddr, port). For IPv6 sockets, the address info is a 4-tuple\n(hostaddr, port, flowinfo, scope_id).",
        |th, a| {
            let s = me(a);
            let address = ok(th, host().getsockname(s.fd.load(Relaxed)))?;
            to_python(th, &address, s.proto.load(Relaxed))
        },
    ),
    method(
        "getsockopt",
        "!($self, level, option, buflen=0, /)",
        "getsockopt(level, option[, buffersize]) -> value\n\nGet a socket option.  See the Unix manual for level and option.\nIf a nonzero buffersize argument is given, the return value is a\nstring of that length; otherwise it is an integer.",
        getsockopt,
    ),
    method(
        "listen",
        "!($self, backlog=128, /)",
        "listen([backlog])\n\nEnable a server to accept connections.  If backlog is specified, it must be\nat least 0 (if it is lower, it is set to 0); it specifies the number of\nunaccepted connections that the system will allow before refusing new\nconnections. If not specified, a default reasonable value is chosen.",
        |th, a| {
            let backlog = int_or(th, a[1], 128)?.max(0);
            let r = outside(th, |h, o| h.listen(o, me(a).fd.load(Relaxed), backlog));
            ok(th, r)?;
            none()
        },
    ),
    method(
        "recv",
        "!($self, bufsize, flags=0, /)",
        "recv(buffersize[, flags]) -> data\n\nReceive up to buffersize bytes from the socket.  For the optional flags\nargument, see the Unix manual.  When no data is available, block until\nat least one byte is available or until the remote end is closed.  When\nthe remote end is closed and all data is read, return the empty string.",
        |th, a| {
            let (n, flags) = (size_arg(th, a[1].unwrap())?, int_or(th, a[2], 0)?);
            if n < 0 {
                return Err(th.value_error("negative buffersize in recv"));
            }
            receive(th, n as usize, |room| {
                finish(th, io(th, me(a), false, |h, o, fd| h.recv(o, fd, room, flags))?).map(|n| (n, ()))
            })
            .map(|r| r.0)
        },
    ),
    method(
        "recv_into",
        "!($self, /, buffer, nbytes=0, flags=0)",
        "recv_into(buffer, [nbytes[, flags]]) -> nbytes_read\n\nA version of recv() that stores its data into a buffer rather than creating\na new string.  Receive up to buffersize bytes from the socket.  If buffersize\nis not specified (or 0), receive up to the size available in the given buffer.\n\nSee recv() for documentation about the flags.",
        |th, a| {
            let b = WBuf::argument(th, "recv_into", a[1].unwrap())?;
            let n = a[2].map_or(Ok(0), |v| size_arg(th, v))?;
            let flags = int_or(th, a[3], 0)?;
            let n = into_size(th, "recv_into", n, b.bytes_mut().len())?;
            let room = &mut b.bytes_mut()[..n];
            let n = finish(th, io(th, me(a), false, |h, o, fd| h.recv(o, fd, room, flags))?)?;
            Ok(th.int(n as i64))
        },
    ),
    method(
        "recvfrom",
        "!($self, bufsize, flags=0, /)",
        "recvfrom(buffersize[, flags]) -> (data, address info)\n\nLike recv(buffersize, flags) but also return the sender's address info.",
        |th, a| {
            let (n, flags) = (size_arg(th, a[1].unwrap())?, int_or(th, a[2], 0)?);
            if n < 0 {
                return Err(th.value_error("negative buffersize in recvfrom"));
            }
            let s = me(a);
            let (data, from) = receive(th, n as usize, |room| {
                finish(th, io(th, s, false, |h, o, fd| h.recvfrom(o, fd, room, flags))?)
            })?;
            let from = sender(th, s, &from)?;
            th.try_tuple(&[data, from])
        },
    ),
    method(
        "recvfrom_into",
        "!($self, /, buffer, nbytes=0, flags=0)",
        "recvfrom_into(buffer[, nbytes[, flags]]) -> (nbytes, address info)\n\nLike recv_into(buffer[, nbytes[, flags]]) but also return the sender's address info.",
        |th, a| {
            let b = WBuf::argument(th, "recvfrom_into", a[1].unwrap())?;
            let n = a[2].map_or(Ok(0), |v| size_arg(th, v))?;
            let flags = int_or(th, a[3], 0)?;
            if n < 0 {
                return Err(th.value_error("negative buffersize in recvfrom_into"));
            }
            let len = b.bytes_mut().len();
            if n as usize > len {
                return Err(th.value_error("nbytes is greater than the length of the buffer"));
            }
            let n = if n == 0 { len } else { n as usize };
            let s = me(a);
            let room = &mut b.bytes_mut()[..n];
            let (n, from) = finish(th, io(th, s, false, |h, o, fd| h.recvfrom(o, fd, room, flags))?)?;
            let from = sender(th, s, &from)?;
            th.try_tuple(&[th.int(n as i64), from])
        },
    ),
    method(
        "send",
        "!($self, data, flags=0, /)",
        "send(data[, flags]) -> count\n\nSend a data string to the socket.  For the optional flags\nargument, see the Unix manual.  Return the number of bytes\nsent; this may be less than len(data) if the network is busy.",
        |th, a| {
            let b = Buf::read(th, a[1].unwrap())?;
            let flags = int_or(th, a[2], 0)?;
            let n = finish(th, io(th, me(a), true, |h, o, fd| h.send(o, fd, b.bytes(), flags))?)?;
            Ok(th.int(n as i64))
        },
    ),
    method(
        "sendall",
        "!($self, data, flags=0, /)",
        "sendall(data[, flags])\n\nSend a data string to the socket.  For the optional flags\nargument, see the Unix manual.  This calls send() repeatedly\nuntil all data is sent.  If an error occurs, it's impossible\nto tell how much data has been sent.",
        sendall,
    ),
    method(
        "sendto",
        "!($self, /, *args)",
        "sendto(data[, flags], address) -> count\n\nLike send(data, flags) but allows specifying the destination address.\nFor IP sockets, the address is a pair (hostaddr, port).",
        sendto,
    ),
    method(
        "setblocking",
        "($self, object, /)",
        "setblocking(flag)\n\nSet the socket to blocking (flag is true) or non-blocking (false).\nsetblocking(True) is equivalent to settimeout(None);\nsetblocking(False) is equivalent to settimeout(0.0).",
        |th, a| {
            let blocking = th.truth(a[1].unwrap())?;
            let s = me(a);
            s.timeout.store(if blocking { -1 } else { 0 }, Relaxed);
            set_blocking(th, s, blocking)?;
            none()
        },
    ),
    method(
        "getblocking",
        "($self, /)",
        "getblocking()\n\nReturns True if socket is in blocking mode, or False if it\nis in non-blocking mode.",
        |_, a| Ok(Value::bool(me(a).timeout.load(Relaxed) != 0)),
    ),
    method(
        "settimeout",
        "($self, object, /)",
        "settimeout(timeout)\n\nSet a timeout on socket operations.  'timeout' can be a float,\ngiving in seconds, or None.  Setting a timeout of None disables\nthe timeout feature and is equivalent to setblocking(1).\nSetting a timeout of zero is the same as setblocking(0).",
        |th, a| {
            let t = parse_timeout(th, a[1].unwrap())?;
            let s = me(a);
            s.timeout.store(t, Relaxed);
            set_blocking(th, s, t < 0)?;
            none()
        },
    ),
    method(
        "gettimeout",
        "($self, /)",
        "gettimeout() -> timeout\n\nReturns the timeout in seconds (float) associated with socket\noperations. A timeout of None indicates that timeouts on socket\noperations are disabled.",
        |th, a| Ok(timeout_value(th, me(a))),
    ),
    method(
        "setsockopt",
        "!($self, /, *args)",
        "setsockopt(level, option, value: int)\nsetsockopt(level, option, value: buffer)\nsetsockopt(level, option, None, optlen: int)\n\nSet a socket option.  See the Unix manual for level and option.\nThe value argument can either be an integer, a string buffer, or\nNone, optlen.",
        setsockopt,
    ),
    method(
        "shutdown",
        "($self, object, /)",
        "shutdown(flag)\n\nShut down the reading side of the socket (flag == SHUT_RD), the writing side\nof the socket (flag == SHUT_WR), or both ends (flag == SHUT_RDWR).",
        |th, a| {
            let how = int_arg(th, a[1].unwrap())?;
            let r = outside(th, |h, o| h.shutdown(o, me(a).fd.load(Relaxed), how));
            ok(th, r)?;
            none()
        },
    ),
    method(
        "recvmsg",
        "!($self, bufsize, ancbufsize=0, flags=0, /)",
        "recvmsg(bufsize[, ancbufsize[, flags]]) -> (data, ancdata, msg_flags, address)\n\nReceive normal data (up to bufsize bytes) and ancillary data from the\nsocket.  The ancbufsize argument sets the size in bytes of the\ninternal buffer used to receive the ancillary data; it defaults to 0,\nmeaning that no ancillary data will be received.  Appropriate buffer\nsizes for ancillary data can be calculated using CMSG_SPACE() or\nCMSG_LEN(), and items which do not fit into the buffer might be\ntruncated or discarded.  The flags argument defaults to 0 and has the\nsame meaning as for recv().\n\nThe return value is a 4-tuple: (data, ancdata, msg_flags, address).\nThe data item is a bytes object holding the non-ancillary data\nreceived.  The ancdata item is a list of zero or more tuples\n(cmsg_level, cmsg_type, cmsg_data) representing the ancillary data\n(control messages) received: cmsg_level and cmsg_type are integers\nspecifying the protocol level and protocol-specific type respectively,\nand cmsg_data is a bytes object holding the associated data.  The\nmsg_flags item is the bitwise OR of various flags indicating\nconditions on the received message; see your system documentation for\ndetails.  If the receiving socket is unconnected, address is the\naddress of the sending socket, if available; otherwise, its value is\nunspecified.\n\nIf recvmsg() raises an exception after the system call returns, it\nwill first attempt to close any file descriptors received via the\nSCM_RIGHTS mechanism.",
        |th, a| {
            let n = size_arg(th, a[1].unwrap())?;
            if n < 0 {
                return Err(th.value_error("negative buffer size in recvmsg()"));
            }
            let (anc, flags) = (a[2].map_or(Ok(0), |v| size_arg(th, v))?, int_or(th, a[3], 0)?);
            let anc = ancillary_size(th, anc)?;
            let s = me(a);
            let (data, m) = receive(th, n as usize, |room| {
                let m = finish(
                    th,
                    io(th, s, false, |h, o, fd| h.recvmsg(o, fd, &mut [&mut *room], anc, flags))?,
                )?;
                Ok((m.data, m))
            })?;
            message(th, s, data, &m)
        },
    ),
    method(
        "recvmsg_into",
        "!($self, buffers, ancbufsize=0, flags=0, /)",
        "recvmsg_into(buffers[, ancbufsize[, flags]]) -> (nbytes, ancdata, msg_flags, address)\n\nReceive normal data and ancillary data from the socket, scattering the\nnon-ancillary data into a series of buffers.  The buffers argument\nmust be an iterable of objects that export writable buffers\n(e.g. bytearray objects); these will be filled with successive chunks\nof the non-ancillary data until it has all been written or there are\nno more buffers.  The ancbufsize argument sets the size in bytes of\nthe internal buffer used to receive the ancillary data; it defaults to\n0, meaning that no ancillary data will be received.  Appropriate\nbuffer sizes for ancillary data can be calculated using CMSG_SPACE()\nor CMSG_LEN(), and items which do not fit into the buffer might be\ntruncated or discarded.  The flags argument defaults to 0 and has the\nsame meaning as for recv().\n\nThe return value is a 4-tuple: (nbytes, ancdata, msg_flags, address).\nThe nbytes item is the total number of bytes of non-ancillary data\nwritten into the buffers.  The ancdata item is a list of zero or more\ntuples (cmsg_level, cmsg_type, cmsg_data) representing the ancillary\ndata (control messages) received: cmsg_level and cmsg_type are\nintegers specifying the protocol level and protocol-specific type\nrespectively, and cmsg_data is a bytes object holding the associated\ndata.  The msg_flags item is the bitwise OR of various flags\nindicating conditions on the received message; see your system\ndocumentation for details.  If the receiving socket is unconnected,\naddress is the address of the sending socket, if available; otherwise,\nits value is unspecified.\n\nIf recvmsg_into() raises an exception after the system call returns,\nit will first attempt to close any file descriptors received via the\nSCM_RIGHTS mechanism.",
        recvmsg_into,
    ),
    method(
        "sendmsg",
        "!($self, buffers, ancdata=(), flags=0, address=None, /)",
        "sendmsg(buffers[, ancdata[, flags[, address]]]) -> count\n\nSend normal and ancillary data to the socket, gathering the\nnon-ancillary data from a series of buffers and concatenating it into\na single message.  The buffers argument specifies the non-ancillary\ndata as an iterable of bytes-like objects (e.g. bytes objects).\nThe ancdata argument specifies the ancillary data (control messages)\nas an iterable of zero or more tuples (cmsg_level, cmsg_type,\ncmsg_data), where cmsg_level and cmsg_type are integers specifying the\nprotocol level and protocol-specific type respectively, and cmsg_data\nis a bytes-like object holding the associated data.  The flags\nargument defaults to 0 and has the same meaning as for send().  If\naddress is supplied and not None, it sets a destination address for\nthe message.  The return value is the number of bytes of non-ancillary\ndata sent.",
        sendmsg,
    ),
    method(
        "sendmsg_afalg",
        "!($self, /, msg=(), *, op, iv=None, assoclen=-1, flags=0)",
        "sendmsg_afalg([msg], *, op[, iv[, assoclen[, flags=MSG_MORE]]])\n\nSet operation mode, IV and length of associated data for an AF_ALG\noperation socket.",
        sendmsg_afalg,
    ),
];

fn me(a: Args) -> Gc<Sock> {
    Sock::of(a[0].unwrap())
}

// -- life

static INIT: NativeDef =
    function("socket", "($module, family=-1, type=-1, proto=-1, fileno=None)", "", |_, _| none());

fn init(th: Th, o: Value, a: RawArgs) -> R<()> {
    let mut b = [None; 4];
    adder_vm::bind::bind(th, &INIT, a, &mut b)?;
    let (mut family, mut kind, mut proto) =
        (int_or(th, b[0], -1)?, int_or(th, b[1], -1)?, int_or(th, b[2], -1)?);
    let s = Sock::of(o);
    let n = |x: i32| Value::fix(x as i64);
    crate::audit(th, "socket.__new__", &[o, n(family), n(kind), n(proto)])?;
    let fd = match given(b[3]) {
        Some(v) => {
            if th.type_of(v).slots.index.is_none() {
                return Err(th.type_error(format!(
                    "'{}' object cannot be interpreted as an integer",
                    th.type_name_of(v)
                )));
            }
            let fd = int_arg(th, v)?;
            if fd < 0 {
                return Err(th.value_error("negative file descriptor"));
            }
            match host().getsockname(fd) {
                Ok(x) if family == -1 => family = family_of(&x),
                Ok(_) => {}
                // Something of which the family can be told, though it has no name.
                Err(e) if family == -1 || e == Errno::EBADF || e.0 == c::ENOTSOCK => {
                    return Err(os_error(th, e));
                }
                Err(_) => {}
            }
            if kind == -1 {
                kind = int_option(th, fd, c::SO_TYPE)?;
            }
            if proto == -1 {
                proto = int_option(th, fd, c::SO_PROTOCOL)?;
            }
            fd
        }
        None => {
            if family == -1 {
                family = c::AF_INET;
            }
            if kind == -1 {
                kind = c::SOCK_STREAM;
            }
            if proto == -1 {
                proto = 0;
            }
            let r = outside(th, |h, _| h.socket(family, kind, proto));
            ok(th, r)?
        }
    };
    if let Err(e) = set_up(th, s, fd, family, kind, proto) {
        let _ = outside(th, |h, o| h.close(o, fd));
        return Err(e);
    }
    Ok(())
}
fn set_up(th: Th, s: Gc<Sock>, fd: Fd, family: i32, kind: i32, proto: i32) -> R<()> {
    s.family.store(family, Relaxed);
    s.kind.store(kind & !(c::SOCK_NONBLOCK | c::SOCK_CLOEXEC), Relaxed);
    s.proto.store(proto, Relaxed);
    let timeout = if kind & c::SOCK_NONBLOCK != 0 { 0 } else { DEFAULT_TIMEOUT.load(Relaxed) };
    s.timeout.store(timeout, Relaxed);
    if timeout >= 0 && kind & c::SOCK_NONBLOCK == 0 {
        ok(th, host().set_blocking(fd, false))?;
    }
    s.fd.store(fd, Release);
    Ok(())
}
/// A `_socket.socket` of a new descriptor, which is closed if that fails.
pub fn adopt(th: Th, fd: Fd, family: i32, kind: i32, proto: i32) -> R<Value> {
    let r = new_instance(th, type_of(th, &SOCKET)).and_then(|o| {
        let s = Sock::of(o);
        s.fd.store(-1, Relaxed);
        s.made.store(true, Release);
        set_up(th, s, fd, family, kind, proto)?;
        Ok(o)
    });
    if r.is_err() {
        let _ = outside(th, |h, o| h.close(o, fd));
    }
    r
}
fn family_of(x: &Address) -> i32 {
    match x {
        Address::Inet { .. } => c::AF_INET,
        Address::Inet6 { .. } => c::AF_INET6,
        Address::Unix(_) => c::AF_UNIX,
        Address::Netlink { .. } => c::AF_NETLINK,
        Address::Packet { .. } => c::AF_PACKET,
        Address::Vsock { .. } => c::AF_VSOCK,
        Address::Can { .. } => c::AF_CAN,
        Address::Alg { .. } => c::AF_ALG,
        Address::Other { family, .. } => *family as i32,
    }
}
fn int_option(th: Th, fd: Fd, option: i32) -> R<i32> {
    let mut b = [0u8; 4];
    ok(th, host().getsockopt(fd, c::SOL_SOCKET, option, &mut b))?;
    Ok(i32::from_ne_bytes(b))
}
fn close(th: Th, s: Gc<Sock>) -> R<()> {
    let fd = s.fd.swap(-1, AcqRel);
    if fd != -1 {
        match outside(th, |h, o| h.close(o, fd)) {
            Err(e) if e.0 != c::ECONNRESET => return Err(os_error(th, e)),
            _ => {}
        }
    }
    Ok(())
}
fn finalize(th: Th, o: Value) -> R<()> {
    let s = Sock::of(o);
    if s.made.load(Acquire) && s.fd.load(Relaxed) != -1 {
        let text = format!("unclosed {}", th.text(th.repr(o)?));
        let text = th.str(&text);
        if adder_vm::warn::warn_value(th, exc::RESOURCE_WARNING.get(), text, 1, Some(o)).is_err() {
            adder_vm::unraisable::report(th, None, o);
        }
        let fd = s.fd.swap(-1, AcqRel);
        if fd != -1 {
            let _ = outside(th, |h, o| h.close(o, fd));
        }
    }
    Ok(())
}
unsafe fn drop_socket(o: adder_vm::heap::Obj) {
    let s = unsafe { &*(o.as_ptr() as *const Sock) };
    let fd = s.fd.swap(-1, AcqRel);
    if s.made.load(Acquire) && fd >= 0 {
        let _ = Outside::region(|o| host().close(o, fd));
    }
}

fn set_blocking(th: Th, s: Gc<Sock>, blocking: bool) -> R<()> {
    ok(th, host().set_blocking(s.fd.load(Relaxed), blocking))
}
fn timeout_value(th: Th, s: Gc<Sock>) -> Value {
    super::timeout_value(th, s.timeout.load(Relaxed))
}
fn address_arg(th: Th, caller: &str, s: Gc<Sock>, v: Value) -> R<Address> {
    from_python(th, caller, s.family.load(Relaxed), s.proto.load(Relaxed), v)
}

// -- waiting

pub enum Failure {
    Timeout,
    System(Errno),
}
type Done<T> = Result<T, Failure>;

/// Failure as an exception.
fn finish<T>(th: Th, r: Done<T>) -> R<T> {
    r.map_err(|f| match f {
        Failure::Timeout => th.raise_msg(&exc::TIMEOUT_ERROR, "timed out"),
        Failure::System(e) => os_error(th, e),
    })
}
/// Waits until the descriptor is ready; false if the time is over first.
fn wait(th: Th, s: Gc<Sock>, events: i16, until: Option<i64>) -> R<Done<()>> {
    let fd = s.fd.load(Relaxed);
    if fd == -1 {
        return Ok(Ok(()));
    }
    if until.is_some_and(|t| t < monotonic()) {
        return Ok(Err(Failure::Timeout));
    }
    let mut p = [PollFd { fd, events, revents: 0 }];
    Ok(match wait_in_naps(th, until, |h, o, left| h.poll(o, &mut p, left), |n| *n == 0)? {
        Ok(0) => Err(Failure::Timeout),
        Ok(_) => Ok(()),
        Err(e) => Err(Failure::System(e)),
    })
}
/// One operation, with the socket's timeout.
fn io<T>(
    th: Th,
    s: Gc<Sock>,
    writing: bool,
    f: impl FnMut(&'static dyn Host, Outside, Fd) -> Res<T>,
) -> R<Done<T>> {
    let timeout = s.timeout.load(Relaxed);
    let until = if timeout > 0 { monotonic().checked_add(timeout) } else { None };
    io_until(th, s, writing, timeout > 0, until, f)
}
fn io_until<T>(
    th: Th,
    s: Gc<Sock>,
    writing: bool,
    timed: bool,
    until: Option<i64>,
    mut f: impl FnMut(&'static dyn Host, Outside, Fd) -> Res<T>,
) -> R<Done<T>> {
    loop {
        if timed && let Err(e) = wait(th, s, if writing { c::POLLOUT } else { c::POLLIN }, until)? {
            return Ok(Err(e));
        }
        let e = loop {
            match outside(th, |h, o| f(h, o, s.fd.load(Relaxed))) {
                Ok(v) => return Ok(Ok(v)),
                Err(Errno::EINTR) => check_signals(th)?,
                Err(e) => break e,
            }
        };
        // It looked ready and was not.
        if !(timed && e == Errno::EAGAIN && s.timeout.load(Relaxed) > 0) {
            return Ok(Err(Failure::System(e)));
        }
    }
}

fn connect(th: Th, s: Gc<Sock>, address: &Address) -> R<Done<()>> {
    let r = outside(th, |h, o| h.connect(o, s.fd.load(Relaxed), address));
    let Err(e) = r else { return Ok(Ok(())) };
    let timeout = s.timeout.load(Relaxed);
    let wait_for_it = if e == Errno::EINTR {
        check_signals(th)?;
        timeout != 0
    } else {
        timeout > 0 && e.0 == c::EINPROGRESS
    };
    if !wait_for_it {
        return Ok(Err(Failure::System(e)));
    }
    let until = if timeout > 0 { monotonic().checked_add(timeout) } else { None };
    if let Err(e) = wait(th, s, c::POLLOUT | c::POLLERR, until)? {
        return Ok(Err(e));
    }
    let mut b = [0u8; 4];
    match host().getsockopt(s.fd.load(Relaxed), c::SOL_SOCKET, c::SO_ERROR, &mut b) {
        Err(e) => Ok(Err(Failure::System(e))),
        Ok(_) => match i32::from_ne_bytes(b) {
            0 | c::EISCONN => Ok(Ok(())),
            n => Ok(Err(Failure::System(Errno(n)))),
        },
    }
}

// -- receiving

/// A bytes object of what `f` puts into at most `n` bytes of room, and the rest of its answer.
fn receive<T>(th: Th, n: usize, f: impl FnOnce(&mut [u8]) -> R<(usize, T)>) -> R<(Value, T)> {
    if n <= 4096 {
        let mut b = [0u8; 4096];
        let (n, x) = f(&mut b[..n])?;
        return Ok((new_bytes(th, &b[..n])?, x));
    }
    let mut b: Vec<u8> = Vec::new();
    if b.try_reserve_exact(n).is_err() {
        return Err(th.memory_error());
    }
    // SAFETY: only what the system has written is looked at.
    let room = unsafe { std::slice::from_raw_parts_mut(b.as_mut_ptr(), n) };
    let (n, x) = f(room)?;
    let n = n.min(room.len());
    Ok((new_bytes(th, &room[..n])?, x))
}
fn into_size(th: Th, func: &str, n: i64, len: usize) -> R<usize> {
    if n < 0 {
        return Err(th.value_error(format!("negative buffersize in {func}")));
    }
    match n as usize {
        0 => Ok(len),
        n if n > len => Err(th.value_error("buffer too small for requested bytes")),
        n => Ok(n),
    }
}
/// Where data came from; None on connected sockets.
fn sender(th: Th, s: Gc<Sock>, from: &Address) -> R<Value> {
    to_python(th, from, s.proto.load(Relaxed))
}
fn ancillary_size(th: Th, n: i64) -> R<usize> {
    match usize::try_from(n) {
        Ok(n) if n <= i32::MAX as usize => Ok(n),
        _ => Err(th.value_error("invalid ancillary data buffer length")),
    }
}
/// What `recvmsg` answers; descriptors are closed if it cannot.
fn message(th: Th, s: Gc<Sock>, data: Value, m: &adder_host::net::Received) -> R<Value> {
    let l = list::new(th, &[])?;
    for (level, kind, bytes) in &m.ancillary {
        let b = new_bytes(th, bytes)?;
        let t = th.try_tuple(&[th.int(*level as i64), th.int(*kind as i64), b])?;
        list::append(th, l, t)?;
    }
    let from = match &m.from {
        Some(a) => sender(th, s, a)?,
        None => NONE(),
    };
    th.try_tuple(&[data, l.value(), th.int(m.flags as i64), from])
}
fn recvmsg_into(th: Th, a: Args) -> R<Value> {
    let s = me(a);
    let (anc, flags) = (a[2].map_or(Ok(0), |v| size_arg(th, v))?, int_or(th, a[3], 0)?);
    let items = iterable(th, a[1].unwrap(), "recvmsg_into() argument 1 must be an iterable")?;
    if items.len > 1024 {
        return Err(os_message(th, "recvmsg_into() argument 1 is too long"));
    }
    let mut bufs: Vec<WBuf> = Vec::new(); // gc-safe: `items` keeps the objects
    for x in items.items() {
        match WBuf::get(th, *x) {
            Ok(b) => bufs.push(b),
            Err(_) => {
                th.take_exc();
                return Err(th.type_error(
                    "recvmsg_into() argument 1 must be an iterable of single-segment read-write buffers",
                ));
            }
        }
    }
    let anc = ancillary_size(th, anc)?;
    let m = finish(
        th,
        io(th, s, false, |h, o, fd| {
            let mut parts: Vec<&mut [u8]> = bufs.iter().map(|b| b.bytes_mut()).collect();
            h.recvmsg(o, fd, &mut parts, anc, flags)
        })?,
    )?;
    std::hint::black_box(items);
    message(th, s, th.int(m.data as i64), &m)
}

// -- sending

fn sendall(th: Th, a: Args) -> R<Value> {
    let s = me(a);
    let b = Buf::read(th, a[1].unwrap())?;
    let flags = int_or(th, a[2], 0)?;
    let timeout = s.timeout.load(Relaxed);
    // The timeout is for all of it.
    let until = if timeout > 0 { monotonic().checked_add(timeout) } else { None };
    let mut rest = b.bytes();
    loop {
        if timeout > 0 && until.is_some_and(|t| t < monotonic()) {
            return finish(th, Err(Failure::Timeout));
        }
        let n =
            finish(th, io_until(th, s, true, timeout > 0, until, |h, o, fd| h.send(o, fd, rest, flags))?)?;
        rest = &rest[n.min(rest.len())..];
        check_signals_cheaply(th)?;
        if rest.is_empty() {
            return none();
        }
    }
}
fn check_signals_cheaply(th: Th) -> R<()> {
    if host().signals_came() { check_signals(th) } else { Ok(()) }
}
fn sendto(th: Th, a: Args) -> R<Value> {
    let s = me(a);
    let args: Gc<Tuple> = a[1].unwrap().cast().unwrap();
    let (data, flags, to) = match args.items() {
        [d, t] => (*d, 0, *t),
        [d, f, t] => (*d, int_arg(th, *f)?, *t),
        x => {
            return Err(th.type_error(format!("sendto() takes 2 or 3 arguments ({} given)", x.len())));
        }
    };
    let b = Buf::read(th, data)?;
    let address = address_arg(th, "sendto", s, to)?;
    crate::audit(th, "socket.sendto", &[a[0].unwrap(), to])?;
    let n = finish(th, io(th, s, true, |h, o, fd| h.sendto(o, fd, b.bytes(), flags, &address))?)?;
    Ok(th.int(n as i64))
}

fn iterable(th: Th, v: Value, error: &str) -> R<Gc<Tuple>> {
    match adder_vm::builtins::tuple::from_iterable(th, v) {
        Ok(t) => Ok(t.cast().unwrap()),
        Err(_) if th.exc_is(&exc::TYPE_ERROR) => {
            th.take_exc();
            Err(th.type_error(error))
        }
        Err(e) => Err(e),
    }
}
/// The most that goes into one message's control buffer.
const MOST: usize = i32::MAX as usize;

fn sendmsg(th: Th, a: Args) -> R<Value> {
    let s = me(a);
    let items = iterable(th, a[1].unwrap(), "sendmsg() argument 1 must be an iterable")?;
    if items.len > 1024 {
        return Err(os_message(th, "sendmsg() argument 1 is too long"));
    }
    let mut bufs: Vec<Buf> = Vec::new(); // gc-safe: `items` keeps the objects
    for x in items.items() {
        bufs.push(Buf::read(th, *x)?);
    }
    let mut control: Vec<(i32, i32, Vec<u8>)> = Vec::new();
    if let Some(v) = a[2] {
        let l = iterable(th, v, "sendmsg() argument 2 must be an iterable")?;
        let mut room = 0usize;
        for x in l.items() {
            const WHAT: &str = "[sendmsg() ancillary data items]()";
            let Some(t) = x.cast::<Tuple>() else {
                return Err(th.type_error(format!(
                    "{WHAT} argument must be 3-item tuple, not {}",
                    th.type_name_of(*x)
                )));
            };
            let [level, kind, data] = t.items() else {
                return Err(
                    th.type_error(format!("{WHAT} argument must be tuple of length 3, not {}", t.len))
                );
            };
            let (level, kind) = (int_arg(th, *level)?, int_arg(th, *kind)?);
            let data = Buf::read(th, *data)?.bytes().to_vec();
            if data.len() > MOST - 64 {
                return Err(os_message(th, "ancillary data item too large"));
            }
            room += data.len() + 32;
            if room > MOST {
                return Err(os_message(th, "too much ancillary data"));
            }
            control.push((level, kind, data));
        }
    }
    let flags = int_or(th, a[3], 0)?;
    let to = match given(a[4]) {
        Some(v) => {
            let x = address_arg(th, "sendmsg", s, v)?;
            crate::audit(th, "socket.sendmsg", &[a[0].unwrap(), v])?;
            Some(x)
        }
        None => {
            crate::audit(th, "socket.sendmsg", &[a[0].unwrap(), NONE()])?;
            None
        }
    };
    let parts: Vec<&[u8]> = bufs.iter().map(|b| b.bytes()).collect();
    let control: Vec<(i32, i32, &[u8])> = control.iter().map(|(l, k, d)| (*l, *k, d.as_slice())).collect();
    let n = finish(th, io(th, s, true, |h, o, fd| h.sendmsg(o, fd, &parts, &control, flags, to.as_ref()))?)?;
    std::hint::black_box(items);
    Ok(th.int(n as i64))
}

fn sendmsg_afalg(th: Th, a: Args) -> R<Value> {
    let s = me(a);
    if s.family.load(Relaxed) != c::AF_ALG {
        return Err(os_message(th, "algset is only supported for AF_ALG"));
    }
    let op = int_arg(th, a[2].unwrap())?;
    if op < 0 {
        return Err(th.value_error("Invalid or missing argument 'op'"));
    }
    let assoclen = match given(a[4]) {
        Some(v) => {
            let n = int_arg(th, v)?;
            if n < -1 {
                return Err(th.value_error("assoclen must be positive"));
            }
            n
        }
        None => -1,
    };
    let flags = int_or(th, a[5], 0)?;
    let mut control: Vec<(i32, i32, Vec<u8>)> =
        vec![(c::SOL_ALG, c::ALG_SET_OP, (op as u32).to_ne_bytes().to_vec())];
    if let Some(v) = given(a[3]) {
        let iv = Buf::read(th, v)?.bytes().to_vec();
        let mut d = (iv.len() as u32).to_ne_bytes().to_vec();
        d.extend_from_slice(&iv);
        control.push((c::SOL_ALG, c::ALG_SET_IV, d));
    }
    if assoclen >= 0 {
        control.push((c::SOL_ALG, c::ALG_SET_AEAD_ASSOCLEN, (assoclen as u32).to_ne_bytes().to_vec()));
    }
    let items = match a[1] {
        Some(v) => iterable(th, v, "sendmsg() argument 1 must be an iterable")?,
        None => th.tuple(&[]).cast().unwrap(),
    };
    let mut bufs: Vec<Buf> = Vec::new(); // gc-safe: `items` keeps the objects
    for x in items.items() {
        bufs.push(Buf::read(th, *x)?);
    }
    let parts: Vec<&[u8]> = bufs.iter().map(|b| b.bytes()).collect();
    let control: Vec<(i32, i32, &[u8])> = control.iter().map(|(l, k, d)| (*l, *k, d.as_slice())).collect();
    let n = finish(th, io(th, s, true, |h, o, fd| h.sendmsg(o, fd, &parts, &control, flags, None))?)?;
    std::hint::black_box(items);
    Ok(th.int(n as i64))
}

// -- options

fn getsockopt(th: Th, a: Args) -> R<Value> {
    let (level, option) = (int_arg(th, a[1].unwrap())?, int_arg(th, a[2].unwrap())?);
    let len = a[3].map_or(Ok(0), |v| size_arg(th, v))?;
    let s = me(a);
    let fd = s.fd.load(Relaxed);
    if len == 0 {
        if s.family.load(Relaxed) == c::AF_VSOCK {
            let mut b = [0u8; 8];
            ok(th, host().getsockopt(fd, level, option, &mut b))?;
            return Ok(th.uint(u64::from_ne_bytes(b)));
        }
        let mut b = [0u8; 4];
        ok(th, host().getsockopt(fd, level, option, &mut b))?;
        return Ok(th.int(i32::from_ne_bytes(b) as i64));
    }
    if s.family.load(Relaxed) == c::AF_VSOCK {
        return Err(os_message(th, "getsockopt string buffer not allowed"));
    }
    if !(0..=1024).contains(&len) {
        return Err(os_message(th, "getsockopt buflen out of range"));
    }
    let mut b = [0u8; 1024];
    let n = ok(th, host().getsockopt(fd, level, option, &mut b[..len as usize]))?;
    new_bytes(th, &b[..n.min(len as usize)])
}
fn setsockopt(th: Th, a: Args) -> R<Value> {
    let s = me(a);
    let args: Gc<Tuple> = a[1].unwrap().cast().unwrap();
    let fd = s.fd.load(Relaxed);
    let (level, option, value, len) = match args.items() {
        [l, o, v] => (*l, *o, *v, None),
        [l, o, v, n] if v.is_none() => (*l, *o, *v, Some(*n)),
        x => {
            return Err(th.type_error(format!("setsockopt() takes exactly 3 arguments ({} given)", x.len())));
        }
    };
    let (level, option) = (int_arg(th, level)?, int_arg(th, option)?);
    if let Some(n) = len {
        let n = match th.index(n) {
            Ok(i) => int::to_i64(i).unwrap_or(0) as u32,
            Err(_) => {
                th.take_exc();
                return Err(th.type_error("setsockopt() takes exactly 3 arguments (4 given)"));
            }
        };
        ok(th, host().setsockopt_null(fd, level, option, n))?;
    } else if s.family.load(Relaxed) == c::AF_VSOCK {
        let n = crate::posix::files::u64_arg(th, value)?;
        ok(th, host().setsockopt(fd, level, option, &n.to_ne_bytes()))?;
    } else if th.type_of(value).slots.index.is_some() {
        let n = int_arg(th, value)?;
        ok(th, host().setsockopt(fd, level, option, &n.to_ne_bytes()))?;
    } else {
        let b = Buf::read(th, value)?;
        ok(th, host().setsockopt(fd, level, option, b.bytes()))?;
    }
    none()
}
