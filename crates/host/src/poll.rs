//! Waiting for descriptors: `poll`, `select`, `epoll`.
//!
//! # Safety
//! The system gets arrays with their length. A set has a bit for each descriptor below [`FdSet::LIMIT`] and no more:
//! `insert` refuses others, and `select` cuts its limit. Zeros are an empty set.

use crate::fs::from_nanos;
use crate::sys::{self, zeroed};
use crate::{CheckRet, Fd, Outside, Res};

/// One entry of a `poll`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct PollFd {
    pub fd: Fd,
    pub events: i16,
    pub revents: i16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpollEvent {
    pub events: u32,
    pub data: u64,
}

/// A set of descriptors below [`FdSet::LIMIT`], for `select`.
#[derive(Clone)]
pub struct FdSet(libc::fd_set);

impl Default for FdSet {
    fn default() -> FdSet {
        FdSet(zeroed())
    }
}

impl FdSet {
    /// `FD_SETSIZE`: larger descriptors cannot be waited for so.
    pub const LIMIT: Fd = libc::FD_SETSIZE as Fd;

    pub fn insert(&mut self, fd: Fd) {
        assert!((0..Self::LIMIT).contains(&fd));
        unsafe { libc::FD_SET(fd, &raw mut self.0) }
    }

    pub fn contains(&self, fd: Fd) -> bool {
        (0..Self::LIMIT).contains(&fd) && unsafe { libc::FD_ISSET(fd, &raw const self.0) }
    }
}

door! {
    /// See the module. `None` waits without end; times are nanoseconds.
    pub trait Polling {
        /// How many are ready.
        fn poll(&self, _out: Outside, fds: &mut [PollFd], timeout: Option<i64>) -> Res<usize> {
            let t = timeout.map(|t| from_nanos(t.max(0)));
            let t = t.as_ref().map_or(std::ptr::null(), |t| t as *const _);
            // SAFETY: PollFd has pollfd's layout (checked below).
            let fds_ptr = fds.as_mut_ptr().cast();
            Ok(unsafe { libc::ppoll(fds_ptr, fds.len() as u64, t, std::ptr::null()) }.ok()? as usize)
        }
        /// Readable, writable, exceptional, all below `limit`. The sets hold the ready ones afterwards.
        fn select(&self, _out: Outside, limit: Fd, sets: &mut [FdSet; 3], timeout: Option<i64>) -> Res<usize> {
            let t = timeout.map(|t| from_nanos(t.max(0)));
            let t = t.as_ref().map_or(std::ptr::null(), |t| t as *const _);
            let [r, w, x] = sets;
            let limit = limit.min(FdSet::LIMIT);
            let n = unsafe { libc::pselect(limit, &raw mut r.0, &raw mut w.0, &raw mut x.0, t, std::ptr::null()) };
            Ok(n.ok()? as usize)
        }
        fn epoll_create(&self, flags: i32) -> Res<Fd> {
            sys::epoll_create1(flags).ok()
        }
        fn epoll_ctl(&self, epoll: Fd, operation: i32, fd: Fd, event: EpollEvent) -> Res<()> {
            let mut e = libc::epoll_event { events: event.events, u64: event.data };
            unsafe { libc::epoll_ctl(epoll, operation, fd, &raw mut e) }.done()
        }
        /// At most `most` events, for which there must be room (`ENOMEM`).
        fn epoll_wait(&self, _out: Outside, epoll: Fd, most: usize, timeout: Option<i64>) -> Res<Vec<EpollEvent>> {
            // Milliseconds, rounded up so that a short wait is not a busy one.
            let ms = timeout.map_or(-1, |t| (t.max(0).saturating_add(999_999) / 1_000_000).min(i64::from(i32::MAX)) as i32);
            let most = most.clamp(1, i32::MAX as usize);
            let mut events: Vec<libc::epoll_event> = Vec::new();
            if events.try_reserve_exact(most).is_err() { return Err(crate::Errno::ENOMEM) }
            let n = unsafe { libc::epoll_wait(epoll, events.as_mut_ptr(), most as i32, ms) }.ok()?;
            // SAFETY: the system wrote so many.
            unsafe { events.set_len(n as usize) };
            Ok(events.iter().map(|e| EpollEvent { events: e.events, data: e.u64 }).collect())
        }
    }
}

const _: () = {
    assert!(size_of::<PollFd>() == size_of::<libc::pollfd>());
    assert!(std::mem::offset_of!(PollFd, revents) == std::mem::offset_of!(libc::pollfd, revents));
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Files, NativeHost};

    #[test]
    fn a_pipe_becomes_readable() {
        let h = NativeHost;
        Outside::region(|o| {
            let (r, w) = h.pipe(libc::O_CLOEXEC).unwrap();
            let mut fds = [PollFd { fd: r, events: libc::POLLIN, revents: 0 }];
            assert_eq!(h.poll(o, &mut fds, Some(0)), Ok(0));
            let e = h.epoll_create(libc::EPOLL_CLOEXEC).unwrap();
            let event = EpollEvent { events: libc::EPOLLIN as u32, data: 42 };
            h.epoll_ctl(e, libc::EPOLL_CTL_ADD, r, event).unwrap();
            assert_eq!(h.epoll_wait(o, e, 4, Some(1)), Ok(vec![]));
            h.write(o, w, b"x").unwrap();
            assert_eq!(h.poll(o, &mut fds, None), Ok(1));
            assert_eq!(fds[0].revents, libc::POLLIN);
            assert_eq!(h.epoll_wait(o, e, 4, None), Ok(vec![event]));
            let mut sets = [FdSet::default(), FdSet::default(), FdSet::default()];
            sets[0].insert(r);
            sets[1].insert(w);
            assert_eq!(h.select(o, r.max(w) + 1, &mut sets, None), Ok(2));
            assert!(sets[0].contains(r) && sets[1].contains(w) && !sets[2].contains(r));
            for fd in [r, w, e] {
                h.close(o, fd).unwrap();
            }
        });
    }
}
