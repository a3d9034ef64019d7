//! Terminals.
//!
//! # Safety
//! The structures of `termios` and of window sizes lie in the calling frame and are read only after the system has filled
//! them.

use crate::sys::{self, zeroed};
use crate::{CheckRet, Errno, Fd, Outside, Pid, Res, bytes, number};

/// `termios`: the four flag words, control characters and line speeds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    pub iflag: u32,
    pub oflag: u32,
    pub cflag: u32,
    pub lflag: u32,
    pub ispeed: u32,
    pub ospeed: u32,
    pub line: u8,
    /// `NCCS` of them.
    pub chars: Vec<u8>,
}

door! {
    /// See the module.
    pub trait Terminals {
        fn isatty(&self, fd: Fd) -> bool { sys::isatty(fd) == 1 }
        fn ttyname(&self, _out: Outside, fd: Fd) -> Res<Vec<u8>> {
            let mut buf = [0; 4096];
            number(unsafe { libc::ttyname_r(fd, buf.as_mut_ptr(), buf.len()) })?;
            // SAFETY: filled, NUL-terminated.
            Ok(unsafe { bytes(buf.as_ptr()) })
        }
        fn tcgetattr(&self, _out: Outside, fd: Fd) -> Res<Attributes> {
            let mut t: libc::termios = zeroed();
            sys::tcgetattr(fd, &mut t).ok()?;
            let (ispeed, ospeed) = (sys::cfgetispeed(&t), sys::cfgetospeed(&t));
            Ok(Attributes {
                iflag: t.c_iflag, oflag: t.c_oflag, cflag: t.c_cflag, lflag: t.c_lflag,
                ispeed, ospeed, line: t.c_line, chars: t.c_cc.to_vec(),
            })
        }
        fn tcsetattr(&self, _out: Outside, fd: Fd, when: i32, a: &Attributes) -> Res<()> {
            let mut t: libc::termios = zeroed();
            // What the caller does not show (`c_line`) comes from the terminal.
            sys::tcgetattr(fd, &mut t).ok()?;
            (t.c_iflag, t.c_oflag, t.c_cflag, t.c_lflag) = (a.iflag, a.oflag, a.cflag, a.lflag);
            if a.chars.len() != t.c_cc.len() { return Err(Errno::EINVAL) }
            t.c_cc.copy_from_slice(&a.chars);
            sys::cfsetispeed(&mut t, a.ispeed).ok()?;
            sys::cfsetospeed(&mut t, a.ospeed).ok()?;
            sys::tcsetattr(fd, when, &t).done()
        }
        fn tcsendbreak(&self, _out: Outside, fd: Fd, duration: i32) -> Res<()> {
            sys::tcsendbreak(fd, duration).done()
        }
        fn tcdrain(&self, _out: Outside, fd: Fd) -> Res<()> { sys::tcdrain(fd).done() }
        fn tcflush(&self, _out: Outside, fd: Fd, queue: i32) -> Res<()> {
            sys::tcflush(fd, queue).done()
        }
        fn tcflow(&self, _out: Outside, fd: Fd, action: i32) -> Res<()> {
            sys::tcflow(fd, action).done()
        }
        /// Rows, columns.
        fn winsize(&self, fd: Fd) -> Res<(u16, u16)> {
            let mut w: libc::winsize = zeroed();
            unsafe { libc::ioctl(fd, libc::TIOCGWINSZ, &raw mut w) }.ok()?;
            Ok((w.ws_row, w.ws_col))
        }
        fn set_winsize(&self, fd: Fd, rows: u16, columns: u16) -> Res<()> {
            let mut w: libc::winsize = zeroed();
            unsafe { libc::ioctl(fd, libc::TIOCGWINSZ, &raw mut w) }.ok()?;
            (w.ws_row, w.ws_col) = (rows, columns);
            unsafe { libc::ioctl(fd, libc::TIOCSWINSZ, &raw const w) }.done()
        }
        fn tcgetpgrp(&self, fd: Fd) -> Res<Pid> { sys::tcgetpgrp(fd).ok() }
        fn tcsetpgrp(&self, fd: Fd, group: Pid) -> Res<()> { sys::tcsetpgrp(fd, group).done() }
        /// Master and slave side, neither inheritable.
        fn openpty(&self) -> Res<(Fd, Fd)> {
            let (mut master, mut slave) = (-1, -1);
            let null = std::ptr::null_mut();
            unsafe { libc::openpty(&raw mut master, &raw mut slave, null, null.cast(), null.cast()) }.ok()?;
            for fd in [master, slave] {
                unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) };
            }
            Ok((master, slave))
        }
        fn posix_openpt(&self, flags: i32) -> Res<Fd> {
            sys::posix_openpt(flags | libc::O_CLOEXEC).ok()
        }
        fn grantpt(&self, fd: Fd) -> Res<()> { sys::grantpt(fd).done() }
        fn unlockpt(&self, fd: Fd) -> Res<()> { sys::unlockpt(fd).done() }
        fn ptsname(&self, fd: Fd) -> Res<Vec<u8>> {
            let mut buf = [0; 256];
            number(unsafe { libc::ptsname_r(fd, buf.as_mut_ptr(), buf.len()) })?;
            // SAFETY: filled, NUL-terminated.
            Ok(unsafe { bytes(buf.as_ptr()) })
        }
        /// Makes `fd` the controlling terminal and 0, 1, 2 of a new session.
        fn login_tty(&self, fd: Fd) -> Res<()> { sys::login_tty(fd).done() }
    }
}

// ---- standard descriptors that were closed ----

/// Bit of each of the descriptors 0 to 2 that was closed when the process began.
static CLOSED: std::sync::atomic::AtomicU8 = std::sync::atomic::AtomicU8::new(0);

/// Runs before Rust's runtime, which opens closed standard descriptors on `/dev/null`.
extern "C" fn note_closed() {
    for fd in 0..3 {
        if unsafe { libc::fcntl(fd, libc::F_GETFD) } == -1 {
            CLOSED.fetch_or(1 << fd, std::sync::atomic::Ordering::Relaxed);
        }
    }
}
#[used]
#[unsafe(link_section = ".init_array")]
static NOTE_CLOSED: extern "C" fn() = note_closed;

/// Standard descriptors are closed again if they were at the beginning: Python shows that as None in `sys`.
pub fn close_unopened() {
    let bits = CLOSED.swap(0, std::sync::atomic::Ordering::Relaxed);
    for fd in 0..3 {
        if bits & 1 << fd != 0 {
            sys::close(fd);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Files, NativeHost};

    #[test]
    fn a_pseudo_terminal() {
        let h = NativeHost;
        Outside::region(|o| {
            let (master, slave) = h.openpty().unwrap();
            assert!(h.isatty(slave));
            h.set_winsize(slave, 30, 100).unwrap();
            assert_eq!(h.winsize(master).unwrap(), (30, 100));
            let mut a = h.tcgetattr(o, slave).unwrap();
            a.lflag &= !libc::ECHO;
            a.chars[libc::VMIN] = 1;
            h.tcsetattr(o, slave, libc::TCSANOW, &a).unwrap();
            assert_eq!(h.tcgetattr(o, slave).unwrap().lflag & libc::ECHO, 0);
            assert_eq!(h.ttyname(o, slave).unwrap(), h.ptsname(master).unwrap());
            let (r, w) = h.pipe(libc::O_CLOEXEC).unwrap();
            assert!(!h.isatty(r));
            assert_eq!(h.tcgetattr(o, r), Err(Errno::ENOTTY));
            for fd in [master, slave, r, w] {
                h.close(o, fd).unwrap();
            }
        });
    }
}
