//! Clocks, sleeping, and the C library's local time.
//!
//! # Safety
//! Structures lie in the calling frame; the C library fills them before they are read. A zone's name is static storage of the
//! C library, or outlives the call. Its functions take the fields of a `tm` as they are, in range or not. A `pthread_t` must
//! be that of a thread that is there: the caller knows which are.

use crate::fs::{from_nanos, to_nanos};
use crate::sys::{self, zeroed};
use crate::{CheckRet, Errno, Outside, Res, bytes, number};
use std::ffi::CStr;

/// Broken-down time, with C's conventions: `year` since 1900, `mon` from 0, `wday` from Sunday, `yday` from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tm {
    pub sec: i32,
    pub min: i32,
    pub hour: i32,
    pub mday: i32,
    pub mon: i32,
    pub year: i32,
    pub wday: i32,
    pub yday: i32,
    pub isdst: i32,
    pub gmtoff: i64,
    /// Abbreviation in the locale's encoding.
    pub zone: Vec<u8>,
}

door! {
    /// See the module. Times are nanoseconds.
    pub trait Clocks {
        fn clock_gettime(&self, clock: i32) -> Res<i64> {
            let mut t: libc::timespec = zeroed();
            sys::clock_gettime(clock, &mut t).ok()?;
            Ok(to_nanos(t))
        }
        fn clock_getres(&self, clock: i32) -> Res<i64> {
            let mut t: libc::timespec = zeroed();
            sys::clock_getres(clock, &mut t).ok()?;
            Ok(to_nanos(t))
        }
        fn clock_settime(&self, clock: i32, nanos: i64) -> Res<()> {
            let t = from_nanos(nanos);
            sys::clock_settime(clock, &t).done()
        }
        /// The CPU clock of a thread, named by its `pthread_t`.
        fn thread_clock(&self, thread: u64) -> Res<i32> {
            let mut id = 0;
            number(unsafe { libc::pthread_getcpuclockid(thread as libc::pthread_t, &raw mut id) })?;
            Ok(id)
        }
        /// Sleeps until the monotonic clock shows `deadline`. `EINTR` when a signal came: sleep again.
        fn sleep_until(&self, _out: Outside, deadline: i64) -> Res<()> {
            let t = from_nanos(deadline);
            let (clock, flag) = (libc::CLOCK_MONOTONIC, libc::TIMER_ABSTIME);
            number(sys::clock_nanosleep(clock, flag, &t, None))
        }
        /// Reads `TZ` anew.
        fn tzset(&self) -> () {
            unsafe { tzset() }
        }
        fn localtime(&self, secs: i64) -> Res<Tm> {
            let mut t: libc::tm = zeroed();
            if unsafe { libc::localtime_r(&raw const secs, &raw mut t) }.is_null() { return Err(Errno::last()) }
            Ok(from_c(&t))
        }
        fn gmtime(&self, secs: i64) -> Res<Tm> {
            let mut t: libc::tm = zeroed();
            if unsafe { libc::gmtime_r(&raw const secs, &raw mut t) }.is_null() { return Err(Errno::last()) }
            Ok(from_c(&t))
        }
        /// `None`: not representable.
        fn mktime(&self, tm: &Tm) -> Option<i64> {
            let mut t = to_c(tm, std::ptr::null());
            t.tm_wday = -1; // stays so only on failure: -1 is a time, too
            let secs = unsafe { libc::mktime(&raw mut t) };
            (secs != -1 || t.tm_wday != -1).then_some(secs)
        }
        /// In the locale's encoding.
        fn strftime(&self, format: &CStr, tm: &Tm) -> Vec<u8> {
            let mut zone = tm.zone.clone();
            zone.push(0);
            let t = to_c(tm, zone.as_ptr().cast());
            if format.is_empty() { return Vec::new() }
            // Names of days and months are the locale's.
            let _guard = crate::locale::LOCK.read();
            let mut buf = vec![0u8; 1024];
            loop {
                // SAFETY: writes no more than it is told.
                let n = unsafe { libc::strftime(buf.as_mut_ptr().cast(), buf.len(), format.as_ptr(), &raw const t) };
                // 0 may also be an honest empty result (`%p` in some locales): trust it once there was room.
                if n > 0 || buf.len() >= 256 * format.count_bytes().max(4) {
                    buf.truncate(n);
                    return buf
                }
                buf.resize(buf.len() * 2, 0);
            }
        }
    }
}

unsafe extern "C" {
    fn tzset();
}

fn from_c(t: &libc::tm) -> Tm {
    Tm {
        sec: t.tm_sec,
        min: t.tm_min,
        hour: t.tm_hour,
        mday: t.tm_mday,
        mon: t.tm_mon,
        year: t.tm_year,
        wday: t.tm_wday,
        yday: t.tm_yday,
        isdst: t.tm_isdst,
        gmtoff: t.tm_gmtoff,
        // SAFETY: the C library's own string.
        zone: unsafe { bytes(t.tm_zone) },
    }
}

fn to_c(t: &Tm, zone: *const libc::c_char) -> libc::tm {
    libc::tm {
        tm_sec: t.sec,
        tm_min: t.min,
        tm_hour: t.hour,
        tm_mday: t.mday,
        tm_mon: t.mon,
        tm_year: t.year,
        tm_wday: t.wday,
        tm_yday: t.yday,
        tm_isdst: t.isdst,
        tm_gmtoff: t.gmtoff,
        tm_zone: zone,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NativeHost;

    const H: NativeHost = NativeHost;

    #[test]
    fn clocks_go_forward_and_sleep_waits() {
        let start = H.clock_gettime(libc::CLOCK_MONOTONIC).unwrap();
        let until = start + 2_000_000;
        while Outside::region(|o| H.sleep_until(o, until)) == Err(Errno::EINTR) {}
        assert!(H.clock_gettime(libc::CLOCK_MONOTONIC).unwrap() >= until);
        assert_eq!(H.clock_gettime(12345), Err(Errno::EINVAL));
        assert!(H.clock_getres(libc::CLOCK_REALTIME).unwrap() > 0);
    }

    #[test]
    fn broken_down_time() {
        let t = H.gmtime(951_782_400).unwrap(); // 2000-02-29
        assert_eq!((t.year, t.mon, t.mday, t.wday, t.yday), (100, 1, 29, 2, 59));
        assert_eq!(H.strftime(c"%Y-%m-%d %H:%M:%S", &t), b"2000-02-29 00:00:00");
        assert_eq!(H.strftime(c"", &t), b"");
        assert!(H.gmtime(i64::MAX).is_err());
        let local = H.localtime(951_782_400).unwrap();
        assert_eq!(H.mktime(&local), Some(951_782_400));
    }
}
