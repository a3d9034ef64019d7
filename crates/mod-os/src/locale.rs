//! `_locale`.

use crate::util::*;
use adder_vm::builtins::list;
use adder_vm::err::{R, Raised};
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::ffi::CString;

crate::exception_type!(pub ERROR "locale.Error" EXCEPTION "");

pub static MODULE: NativeModule = NativeModule {
    name: "_locale",
    doc: "Support for POSIX locales.",
    functions: &[
        function(
            "setlocale",
            "($module, category, locale=None, /)",
            "Activates/queries locale processing.",
            |th, a| {
                let cat = int_arg(th, a[0].unwrap())?;
                let name = match given(a[1]) {
                    Some(v) => Some(c_text(th, "setlocale", "2", v, " or None")?),
                    None => None,
                };
                match host().setlocale(cat, name.as_deref()) {
                    Some(s) => fs_decode(th, &s),
                    None if name.is_some() => Err(error(th, "unsupported locale setting")),
                    None => Err(error(th, "locale query failed")),
                }
            },
        ),
        function(
            "localeconv",
            "($module, /)",
            "Returns numeric and monetary locale-specific parameters.",
            |th, _| conventions(th),
        ),
        function(
            "strcoll",
            "($module, os1, os2, /)",
            "Compares two strings according to the locale.",
            |th, a| {
                let x = c_text(th, "strcoll", "1", a[0].unwrap(), "")?;
                let y = c_text(th, "strcoll", "2", a[1].unwrap(), "")?;
                Ok(th.int(host().strcoll(&x, &y) as i64))
            },
        ),
        function(
            "strxfrm",
            "($module, string, /)",
            "Return a string that can be used as a key for locale-aware comparisons.",
            |th, a| {
                let v = a[0].unwrap();
                let Some(s) = v.cast::<Str>() else {
                    return Err(
                        th.type_error(format!("strxfrm() argument must be str, not {}", th.arg_type_name(v)))
                    );
                };
                let s = c_string(th, if s.is_ascii() { s.bytes().to_vec() } else { fs_encode(th, v)? })?;
                let b = host().strxfrm(&s);
                fs_decode(th, &b)
            },
        ),
        function(
            "nl_langinfo",
            "($module, key, /)",
            "Return the value for the locale information associated with key.",
            |th, a| {
                let key = int_arg(th, a[0].unwrap())?;
                if !adder_host::consts::locale()
                    .iter()
                    .any(|(n, v)| v == key as i64 && !n.starts_with("LC_") && n != "CHAR_MAX")
                {
                    return Err(th.value_error("unsupported langinfo constant"));
                }
                let b = host().nl_langinfo(key);
                fs_decode(th, &b)
            },
        ),
        function(
            "gettext",
            "($module, msg, /)",
            "gettext(msg) -> string\n\nReturn translation of msg.",
            |th, a| {
                let m = c_text(th, "gettext", "", a[0].unwrap(), "")?;
                let b = host().gettext(None, &m, c::LC_MESSAGES);
                fs_decode(th, &b)
            },
        ),
        function(
            "dgettext",
            "($module, domain, msg, /)",
            "dgettext(domain, msg) -> string\n\nReturn translation of msg in domain.",
            |th, a| {
                let d = domain(th, "dgettext", a[0].unwrap())?;
                let m = c_text(th, "dgettext", "2", a[1].unwrap(), "")?;
                let b = host().gettext(d.as_deref(), &m, c::LC_MESSAGES);
                fs_decode(th, &b)
            },
        ),
        function(
            "dcgettext",
            "($module, domain, msg, category, /)",
            "Return translation of msg in domain and category.",
            |th, a| {
                let d = domain(th, "dcgettext", a[0].unwrap())?;
                let m = c_text(th, "dcgettext", "2", a[1].unwrap(), "")?;
                let cat = int_arg(th, a[2].unwrap())?;
                let b = host().gettext(d.as_deref(), &m, cat);
                fs_decode(th, &b)
            },
        ),
        function(
            "textdomain",
            "($module, domain, /)",
            "Set the C library's textdmain to domain, returning the new domain.",
            |th, a| {
                let v = a[0].unwrap();
                let d = match v.some() {
                    Some(v) => Some(c_text(th, "textdomain", "", v, " or None")?),
                    None => None,
                };
                let b = ok(th, host().textdomain(d.as_deref()))?;
                fs_decode(th, &b)
            },
        ),
        function(
            "bindtextdomain",
            "($module, domain, dir, /)",
            "Bind the C library's domain to dir.",
            |th, a| {
                let d = c_text(th, "bindtextdomain", "1", a[0].unwrap(), "")?;
                if d.is_empty() {
                    return Err(error(th, "domain must be a non-empty string"));
                }
                let dir = match a[1].unwrap().some() {
                    Some(v) => Some(fs_path(th, v)?),
                    None => None,
                };
                match ok(th, host().bindtextdomain(&d, dir.as_deref()))? {
                    Some(b) => fs_decode(th, &b),
                    None => none(),
                }
            },
        ),
        function(
            "bind_textdomain_codeset",
            "($module, domain, codeset, /)",
            "Bind the C library's domain to codeset.",
            |th, a| {
                let d = c_text(th, "bind_textdomain_codeset", "1", a[0].unwrap(), "")?;
                let s = match a[1].unwrap().some() {
                    Some(v) => Some(c_text(th, "bind_textdomain_codeset", "2", v, " or None")?),
                    None => None,
                };
                match host().bind_textdomain_codeset(&d, s.as_deref()) {
                    Some(b) => fs_decode(th, &b),
                    None => none(),
                }
            },
        ),
        function("getencoding", "($module, /)", "Get the current locale encoding.", |th, _| {
            let utf8 = adder_vm::config::get().utf8_mode;
            let b = if utf8 { Vec::new() } else { host().nl_langinfo(c::CODESET) };
            if b.is_empty() { Ok(th.str("utf-8")) } else { fs_decode(th, &b) }
        }),
    ],
    types: &[],
    init: Some(|th, m| {
        user_classification();
        put_table(th, m, adder_host::consts::locale())?;
        let e = th.make_type(&ERROR);
        m.put(th, "Error", e.value())
    }),
};

/// The classification of characters is the user's, as in CPython, which sets it at its start; `C` becomes UTF-8 (PEP 538).
fn user_classification() {
    let name = host().setlocale(c::LC_CTYPE, Some(c""));
    if name.as_deref().is_none_or(|n| n == b"C" || n == b"POSIX") {
        host().setlocale(c::LC_CTYPE, Some(c"C.UTF-8"));
    }
}

#[cold]
fn error(th: Th, msg: &str) -> Raised {
    th.raise_msg(&ERROR, msg)
}
fn domain(th: Th, func: &str, v: Value) -> R<Option<CString>> {
    v.some().map(|v| c_text(th, func, "1", v, " or None")).transpose()
}
/// A str without NUL.
fn c_text(th: Th, func: &str, n: &str, v: Value, or: &str) -> R<CString> {
    if !v.is_kind(Kind::Str) {
        let n = if n.is_empty() { String::new() } else { format!(" {n}") };
        return Err(
            th.type_error(format!("{func}() argument{n} must be str{or}, not {}", th.arg_type_name(v)))
        );
    }
    match CString::new(fs_encode(th, v)?) {
        Ok(s) => Ok(s),
        Err(_) => Err(th.value_error("embedded null character")),
    }
}

fn conventions(th: Th) -> R<Value> {
    let k = ok(th, host().localeconv())?;
    let d = Gc::<Dict>::new(th);
    let text = |name: &str, b: &[u8]| -> R<()> {
        let v = fs_decode(th, b)?;
        d.set(th, th.intern(name), v)
    };
    let number = |name: &str, n: i8| d.set(th, th.intern(name), Value::fix(n as i64));
    // Group sizes; the last one repeats, or `CHAR_MAX` ends.
    let grouping = |name: &str, b: &[u8]| -> R<()> {
        let l = list::new(th, &[])?;
        if !b.is_empty() {
            let mut ended = false;
            for n in b {
                list::append(th, l, Value::fix(*n as i64))?;
                if *n == i8::MAX as u8 {
                    ended = true;
                    break;
                }
            }
            if !ended {
                list::append(th, l, Value::fix(0))?;
            }
        }
        d.set(th, th.intern(name), l.value())
    };
    text("int_curr_symbol", &k.int_curr_symbol)?;
    text("currency_symbol", &k.currency_symbol)?;
    text("mon_decimal_point", &k.mon_decimal_point)?;
    text("mon_thousands_sep", &k.mon_thousands_sep)?;
    grouping("mon_grouping", &k.mon_grouping)?;
    text("positive_sign", &k.positive_sign)?;
    text("negative_sign", &k.negative_sign)?;
    number("int_frac_digits", k.int_frac_digits)?;
    number("frac_digits", k.frac_digits)?;
    number("p_cs_precedes", k.p_cs_precedes)?;
    number("p_sep_by_space", k.p_sep_by_space)?;
    number("n_cs_precedes", k.n_cs_precedes)?;
    number("n_sep_by_space", k.n_sep_by_space)?;
    number("p_sign_posn", k.p_sign_posn)?;
    number("n_sign_posn", k.n_sign_posn)?;
    text("decimal_point", &k.decimal_point)?;
    text("thousands_sep", &k.thousands_sep)?;
    grouping("grouping", &k.grouping)?;
    Ok(d.value())
}
