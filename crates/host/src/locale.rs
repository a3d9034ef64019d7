//! The C library's locale. It belongs to the process; nothing else in Adder depends on it.
//!
//! # Safety
//! Answers of the C library are static storage that later calls change: they are copied under the lock. Setting the locale
//! frees what the previous one was: functions that only look at it share the lock. Strings are C strings that outlive
//! the call.

use crate::sys::{self, cstr};
use crate::{Errno, Res, bytes};
use std::ffi::CStr;
use std::sync::RwLock;

/// `localeconv`: strings in the locale's encoding; `i8::MAX` means "not given".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conventions {
    pub decimal_point: Vec<u8>,
    pub thousands_sep: Vec<u8>,
    pub grouping: Vec<u8>,
    pub int_curr_symbol: Vec<u8>,
    pub currency_symbol: Vec<u8>,
    pub mon_decimal_point: Vec<u8>,
    pub mon_thousands_sep: Vec<u8>,
    pub mon_grouping: Vec<u8>,
    pub positive_sign: Vec<u8>,
    pub negative_sign: Vec<u8>,
    pub int_frac_digits: i8,
    pub frac_digits: i8,
    pub p_cs_precedes: i8,
    pub p_sep_by_space: i8,
    pub n_cs_precedes: i8,
    pub n_sep_by_space: i8,
    pub p_sign_posn: i8,
    pub n_sign_posn: i8,
}

/// Answers are static storage, and setting replaces what they are read from.
pub(crate) static LOCK: RwLock<()> = RwLock::new(());

unsafe extern "C" {
    fn dcgettext(
        domain: *const libc::c_char,
        message: *const libc::c_char,
        category: i32,
    ) -> *mut libc::c_char;
    fn textdomain(domain: *const libc::c_char) -> *mut libc::c_char;
    fn bindtextdomain(domain: *const libc::c_char, folder: *const libc::c_char) -> *mut libc::c_char;
    fn bind_textdomain_codeset(
        domain: *const libc::c_char,
        codeset: *const libc::c_char,
    ) -> *mut libc::c_char;
}

door! {
    /// See the module.
    pub trait Locale {
        /// `None` asks only. The answer is `None` if there is no such locale.
        fn setlocale(&self, category: i32, name: Option<&CStr>) -> Option<Vec<u8>> {
            let _guard = LOCK.write();
            let name = name.map_or(std::ptr::null(), CStr::as_ptr);
            let p = unsafe { libc::setlocale(category, name) };
            // SAFETY: copied under the lock.
            (!p.is_null()).then(|| unsafe { bytes(p) })
        }
        fn localeconv(&self) -> Res<Conventions> {
            let _guard = LOCK.write();
            // SAFETY: static storage, copied under the lock.
            let c = unsafe { libc::localeconv().as_ref() }.ok_or(Errno::ENOSYS)?;
            Ok(conventions(c))
        }
        fn nl_langinfo(&self, item: i32) -> Vec<u8> {
            let _guard = LOCK.write();
            // SAFETY: static storage, copied under the lock.
            unsafe { bytes(libc::nl_langinfo(item)) }
        }
        /// The translation, or the message itself.
        fn gettext(&self, domain: Option<&CStr>, message: &CStr, category: i32) -> Vec<u8> {
            let _guard = LOCK.write();
            let domain = domain.map_or(std::ptr::null(), CStr::as_ptr);
            // SAFETY: the message or static storage, copied under the lock.
            unsafe { bytes(dcgettext(domain, message.as_ptr(), category)) }
        }
        /// The current domain; sets it if one is given.
        fn textdomain(&self, domain: Option<&CStr>) -> Res<Vec<u8>> {
            let _guard = LOCK.write();
            let p = unsafe { textdomain(domain.map_or(std::ptr::null(), CStr::as_ptr)) };
            // SAFETY: as above.
            if p.is_null() { Err(Errno::last()) } else { Ok(unsafe { bytes(p) }) }
        }
        /// Where a domain's translations are; sets it if a folder is given.
        fn bindtextdomain(&self, domain: &CStr, folder: Option<&CStr>) -> Res<Option<Vec<u8>>> {
            let _guard = LOCK.write();
            Errno(0).set();
            let p = unsafe { bindtextdomain(domain.as_ptr(), folder.map_or(std::ptr::null(), CStr::as_ptr)) };
            if p.is_null() {
                return if Errno::last().0 == 0 { Ok(None) } else { Err(Errno::last()) }
            }
            // SAFETY: as above.
            Ok(Some(unsafe { bytes(p) }))
        }
        fn bind_textdomain_codeset(&self, domain: &CStr, codeset: Option<&CStr>) -> Option<Vec<u8>> {
            let _guard = LOCK.write();
            let p = unsafe { bind_textdomain_codeset(domain.as_ptr(), codeset.map_or(std::ptr::null(), CStr::as_ptr)) };
            // SAFETY: as above.
            (!p.is_null()).then(|| unsafe { bytes(p) })
        }
        /// Negative, zero, positive.
        fn strcoll(&self, a: &CStr, b: &CStr) -> i32 {
            let _guard = LOCK.read();
            sys::strcoll(cstr(a), cstr(b))
        }
        fn strxfrm(&self, s: &CStr) -> Vec<u8> {
            let _guard = LOCK.read();
            let mut buf = vec![0u8; s.count_bytes() * 4 + 16];
            loop {
                // SAFETY: writes no more than it is told, and says what it would have needed.
                let n = unsafe { libc::strxfrm(buf.as_mut_ptr().cast(), s.as_ptr(), buf.len()) };
                if n < buf.len() {
                    buf.truncate(n);
                    return buf
                }
                buf.resize(n + 1, 0);
            }
        }
    }
}

fn conventions(c: &libc::lconv) -> Conventions {
    // `char` is signed on some machines.
    #[allow(clippy::unnecessary_cast)]
    // SAFETY: strings of a filled structure.
    unsafe {
        Conventions {
            decimal_point: bytes(c.decimal_point),
            thousands_sep: bytes(c.thousands_sep),
            grouping: bytes(c.grouping),
            int_curr_symbol: bytes(c.int_curr_symbol),
            currency_symbol: bytes(c.currency_symbol),
            mon_decimal_point: bytes(c.mon_decimal_point),
            mon_thousands_sep: bytes(c.mon_thousands_sep),
            mon_grouping: bytes(c.mon_grouping),
            positive_sign: bytes(c.positive_sign),
            negative_sign: bytes(c.negative_sign),
            int_frac_digits: c.int_frac_digits as i8,
            frac_digits: c.frac_digits as i8,
            p_cs_precedes: c.p_cs_precedes as i8,
            p_sep_by_space: c.p_sep_by_space as i8,
            n_cs_precedes: c.n_cs_precedes as i8,
            n_sep_by_space: c.n_sep_by_space as i8,
            p_sign_posn: c.p_sign_posn as i8,
            n_sign_posn: c.n_sign_posn as i8,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NativeHost;

    #[test]
    fn the_c_locale() {
        let h = NativeHost;
        assert_eq!(h.setlocale(libc::LC_ALL, Some(c"C")).unwrap(), b"C");
        assert_eq!(h.setlocale(libc::LC_ALL, Some(c"no such locale")), None);
        let c = h.localeconv().unwrap();
        assert_eq!((c.decimal_point.as_slice(), c.frac_digits), (&b"."[..], i8::MAX));
        assert_eq!(h.nl_langinfo(libc::RADIXCHAR), b".");
        assert!(h.strcoll(c"a", c"b") < 0);
        assert_eq!(h.strxfrm(c"abc"), b"abc");
    }
}
