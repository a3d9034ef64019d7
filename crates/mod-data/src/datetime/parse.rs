//! ISO 8601 as `fromisoformat` reads it. Texts are read as CPython reads C strings: a NUL follows the last byte.

use super::calendar;

/// What a time text gave.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Clock {
    pub hh: i32,
    pub mm: i32,
    pub ss: i32,
    pub us: i32,
    /// Seconds and microseconds of the UTC offset.
    pub offset: Option<(i32, i32)>,
}

fn at(b: &[u8], i: usize) -> u8 {
    b.get(i).copied().unwrap_or(0)
}
fn digits(b: &[u8], i: &mut usize, n: usize) -> Option<i32> {
    let mut v = 0;
    for _ in 0..n {
        let c = at(b, *i);
        if !c.is_ascii_digit() {
            return None;
        }
        v = v * 10 + (c - b'0') as i32;
        *i += 1;
    }
    Some(v)
}

/// The date that the first `len` bytes are.
pub fn date(b: &[u8], len: usize) -> Option<(i32, i32, i32)> {
    let mut i = 0;
    let y = digits(b, &mut i, 4)?;
    let sep = at(b, i) == b'-';
    i += sep as usize;
    if at(b, i) == b'W' {
        i += 1;
        let week = digits(b, &mut i, 2)?;
        let mut day = 1;
        if i < len {
            if sep {
                if at(b, i) != b'-' {
                    return None;
                }
                i += 1;
            }
            day = digits(b, &mut i, 1)?;
        }
        return calendar::from_iso(y, week, day).ok();
    }
    let m = digits(b, &mut i, 2)?;
    if sep {
        if at(b, i) != b'-' {
            return None;
        }
        i += 1;
    }
    Some((y, m, digits(b, &mut i, 2)?))
}

/// `HH[:?MM[:?SS[.ffffff]]]` in `b[i..end]`: the numbers, and whether something is left.
fn clock(b: &[u8], mut i: usize, end: usize) -> Option<([i32; 4], bool)> {
    let mut v = [0; 4];
    let mut sep = true;
    for (k, x) in v.iter_mut().take(3).enumerate() {
        *x = digits(b, &mut i, 2)?;
        let c = at(b, i);
        i += 1;
        if k == 0 {
            sep = c == b':';
        }
        if i >= end {
            return if c == b'.' || c == b',' { None } else { Some((v, c != 0)) };
        } else if sep && c == b':' {
            if k == 2 {
                return None;
            }
        } else if c == b'.' || c == b',' {
            if k < 2 {
                return None;
            }
            break;
        } else if !sep {
            i -= 1;
        } else {
            return None;
        }
    }
    let n = (end - i).min(6);
    v[3] = digits(b, &mut i, n)?;
    for _ in n..6 {
        v[3] *= 10;
    }
    while at(b, i).is_ascii_digit() {
        i += 1;
    }
    Some((v, at(b, i) != 0))
}

pub fn time(b: &[u8]) -> Option<Clock> {
    let end = b.len();
    let mut z = 0;
    loop {
        if matches!(at(b, z), b'Z' | b'+' | b'-') {
            break;
        }
        z += 1;
        if z >= end {
            break;
        }
    }
    let ([hh, mm, ss, us], left) = clock(b, 0, z)?;
    let mut t = Clock { hh, mm, ss, us, offset: None };
    if z >= end {
        return if left { None } else { Some(t) };
    }
    if b[z] == b'Z' {
        t.offset = Some((0, 0));
        return if at(b, z + 1) != 0 { None } else { Some(t) };
    }
    let sign = if b[z] == b'-' { -1 } else { 1 };
    let ([h, m, s, us], left) = clock(b, z + 1, end)?;
    t.offset = Some((sign * (h * 3600 + m * 60 + s), sign * us));
    if left { None } else { Some(t) }
}

/// Where the date of a date and time ends.
pub fn separator(b: &[u8]) -> Option<usize> {
    let digit = |i: usize| at(b, i).is_ascii_digit();
    let len = b.len();
    if len == 7 {
        return Some(7);
    }
    if at(b, 4) == b'-' {
        if at(b, 5) != b'W' {
            return Some(10);
        }
        if len < 8 {
            return None;
        }
        if len > 8 && b[8] == b'-' {
            // `YYYY-Www-D`, or `YYYY-Www-HH`: two digits make it the latter.
            if len == 9 {
                return None;
            }
            return Some(if len > 10 && digit(10) { 8 } else { 10 });
        }
        return Some(8);
    }
    if at(b, 4) == b'W' {
        // `YYYYWww` or `YYYYWwwd`: the digits of the time come in pairs.
        let mut i = 7;
        while i < len && digit(i) {
            i += 1;
        }
        return Some(if i < 9 { i } else { 7 + i % 2 });
    }
    Some(8)
}

/// Date and time of a text; a missing time is midnight.
pub fn datetime(b: &[u8]) -> Option<((i32, i32, i32), Clock)> {
    let sep = separator(b)?;
    let d = date(b, sep)?;
    if b.len() <= sep {
        return Some((d, Clock::default()));
    }
    let width = match b[sep] {
        c if c & 0x80 == 0 => 1,
        c if c & 0xf0 == 0xe0 => 3,
        c if c & 0xf0 == 0xf0 => 4,
        _ => 2,
    };
    Some((d, time(b.get(sep + width..).unwrap_or(&[]))?))
}
