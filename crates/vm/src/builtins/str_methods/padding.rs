//! Methods of `str` that fill up to a width.
//!
//! # Invariants
//! What is written is exactly the bytes that `str_uninit` was asked for: the string's and the fill character's times
//! its width.

use super::*;

fn pad(th: Th, s: Gc<Str>, left: usize, right: usize, fill: u32) -> R<Value> {
    let pads = left + right;
    let (enc, w) = wtf8::encode(fill);
    let Some(total) = pads.checked_mul(w).and_then(|n| n.checked_add(s.nbytes as usize)) else {
        return Err(th.overflow_error("padded string is too long"));
    };
    if total > str_::MAX_BYTES {
        return Err(th.memory_error());
    }
    if total <= 1 {
        return Ok(str_::ascii_char((total == 1).then(|| if pads == 1 { fill as u8 } else { s.bytes()[0] })));
    }
    let (r, mut d) = th.str_uninit(total, s.len() + pads, s.is_ascii() && fill < 128)?;
    unsafe {
        let put = |d: &mut *mut u8, n: usize| {
            if w == 1 {
                std::ptr::write_bytes(*d, fill as u8, n);
            } else {
                for i in 0..n {
                    std::ptr::copy_nonoverlapping(enc.as_ptr(), d.add(i * w), w);
                }
            }
            *d = d.add(n * w);
        };
        put(&mut d, left);
        std::ptr::copy_nonoverlapping(s.data(), d, s.nbytes as usize);
        d = d.add(s.nbytes as usize);
        put(&mut d, right);
    }
    Ok(r.value())
}

fn width_and_fill(th: Th, a: Args) -> R<(usize, u32)> {
    let width = th.index_i64(a[1].unwrap())?;
    let fill = match a[2] {
        None => b' ' as u32,
        Some(v) => match v.cast::<Str>() {
            Some(s) if s.len() == 1 => char_at(s, 0),
            Some(_) => return Err(th.type_error("The fill character must be exactly one character long")),
            None => {
                return Err(th.type_error(format!(
                    "The fill character must be a unicode character, not {}",
                    th.type_name_of(v)
                )));
            }
        },
    };
    Ok((width.max(0) as usize, fill))
}

pub(super) fn ljust(th: Th, a: Args) -> R<Value> {
    let (w, fill) = width_and_fill(th, a)?;
    let s = this(a);
    if w <= s.len() { th.exact_str(s) } else { pad(th, s, 0, w - s.len(), fill) }
}

pub(super) fn rjust(th: Th, a: Args) -> R<Value> {
    let (w, fill) = width_and_fill(th, a)?;
    let s = this(a);
    if w <= s.len() { th.exact_str(s) } else { pad(th, s, w - s.len(), 0, fill) }
}

pub(super) fn center(th: Th, a: Args) -> R<Value> {
    let (w, fill) = width_and_fill(th, a)?;
    let s = this(a);
    if w <= s.len() {
        return th.exact_str(s);
    }
    let (l, r) = kernel::center_pads(s.len(), w);
    pad(th, s, l, r, fill)
}

pub(super) fn zfill(th: Th, a: Args) -> R<Value> {
    let w = th.index_i64(a[1].unwrap())?.max(0) as usize;
    let s = this(a);
    if w <= s.len() {
        return th.exact_str(s);
    }
    if w > str_::MAX_BYTES {
        return Err(th.memory_error());
    }
    scratch::with(|out| {
        kernel::zfill(s.bytes(), w - s.len(), out);
        th.try_str(out)
    })
}

pub(super) fn expandtabs(th: Th, a: Args) -> R<Value> {
    let tab = a[1].map_or(Ok(8), |v| c_int(th, v))?.max(0) as usize;
    let s = this(a);
    if !s.bytes().contains(&b'\t') {
        return th.exact_str(s);
    }
    scratch::with(|out| {
        kernel::expand_tabs::<Chars>(s.bytes(), tab, out);
        th.try_str(out)
    })
}
