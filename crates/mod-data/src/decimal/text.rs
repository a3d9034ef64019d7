//! Decimal numbers as text: parsing, scientific and engineering notation, format specifications.

use super::limbs::{self, Coef};
use super::num::*;

/// Parses a number by the specification's grammar; None: a syntax error. Exponents that no context has are kept, far out.
pub fn parse(s: &[u8]) -> Option<Dec> {
    let (neg, s) = match s.first()? {
        b'-' => (true, &s[1..]),
        b'+' => (false, &s[1..]),
        _ => (false, s),
    };
    let is = |t: &[u8], w: &str| t.eq_ignore_ascii_case(w.as_bytes());
    if is(s, "inf") || is(s, "infinity") {
        return Some(Dec::inf(neg));
    }
    for (word, flag) in [("nan", NAN), ("snan", SNAN)] {
        if s.len() >= word.len() && is(&s[..word.len()], word) {
            let d = &s[word.len()..];
            if !d.iter().all(u8::is_ascii_digit) {
                return None;
            }
            let d = &d[d.iter().take_while(|c| **c == b'0').count()..];
            let mut r = Dec { flags: flag | neg as u8, exp: 0, digits: 0, coef: Coef::ZERO };
            if !d.is_empty() {
                r.coef = limbs::parse(d);
                r.digits = d.len() as i64;
            }
            return Some(r);
        }
    }
    let (mant, exp) = match s.iter().position(|c| matches!(c, b'e' | b'E')) {
        Some(i) => {
            let e = &s[i + 1..];
            let (eneg, d) = match e.first()? {
                b'-' => (true, &e[1..]),
                b'+' => (false, &e[1..]),
                _ => (false, e),
            };
            if d.is_empty() || !d.iter().all(u8::is_ascii_digit) {
                return None;
            }
            let n = d.iter().fold(0i64, |a, c| (a.saturating_mul(10)).saturating_add((c - b'0') as i64));
            let n = n.min(4_000_000_000_000_000_000);
            (&s[..i], if eneg { -n } else { n })
        }
        None => (s, 0),
    };
    // At most 38 digits without a copy.
    let mut buf = [0u8; 40];
    let mut big;
    let mut point = 0i64;
    let digits: &[u8] = match mant.iter().position(|c| *c == b'.') {
        None => mant,
        Some(i) => {
            point = (mant.len() - i - 1) as i64;
            if mant.len() <= 40 {
                buf[..i].copy_from_slice(&mant[..i]);
                buf[i..mant.len() - 1].copy_from_slice(&mant[i + 1..]);
                &buf[..mant.len() - 1]
            } else {
                big = mant[..i].to_vec();
                big.extend_from_slice(&mant[i + 1..]);
                &big
            }
        }
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let lead = digits.iter().take_while(|c| **c == b'0').count().min(digits.len() - 1);
    Some(Dec::new(neg, limbs::parse(&digits[lead..]), exp - point))
}

/// Scientific (or engineering) notation.
pub fn to_string(d: View, eng: bool, capitals: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(d.digits.max(8) as usize + 8);
    if d.neg() {
        out.push(b'-');
    }
    if d.inf() {
        out.extend_from_slice(b"Infinity");
        return out;
    }
    if d.nan() {
        out.extend_from_slice(if d.snan() { b"sNaN" } else { b"NaN" });
        if d.digits > 0 {
            limbs::write(&mut out, d.coef);
        }
        return out;
    }
    let start = out.len();
    limbs::write(&mut out, d.coef);
    let adj = d.adjusted();
    // Number of digits before the point.
    let place;
    let mut exp = 0;
    if d.exp <= 0 && adj >= -6 {
        place = d.digits + d.exp;
        if d.exp == 0 {
            return out;
        }
    } else if !eng {
        place = 1;
        exp = adj;
    } else {
        let zero = d.zero();
        let p = if zero { (adj + 2).rem_euclid(3) - 1 } else { adj.rem_euclid(3) + 1 };
        place = p;
        exp = adj - (p - 1);
    }
    let n = out.len() as i64 - start as i64;
    if place <= 0 {
        let mut z = b"0.".to_vec();
        z.resize(2 + (-place) as usize, b'0');
        out.splice(start..start, z);
    } else if place < n {
        out.insert(start + place as usize, b'.');
    } else {
        out.resize(start + place as usize, b'0');
    }
    if exp != 0 {
        out.push(if capitals { b'E' } else { b'e' });
        out.extend_from_slice(format!("{exp:+}").as_bytes());
    }
    out
}

/// What a format asks for.
pub struct Spec {
    /// UTF-8.
    pub fill: Vec<u8>,
    pub align: u8,
    pub sign: u8,
    pub no_neg_zero: bool,
    pub alternate: bool,
    pub width: usize,
    pub sep: Vec<u8>,
    pub frac_sep: Vec<u8>,
    pub point: Vec<u8>,
    pub grouping: Vec<u8>,
    pub prec: Option<usize>,
    /// 0: none.
    pub kind: u8,
}

/// Parses a format specification (UTF-8); None: invalid.
pub fn parse_spec(s: &[u8]) -> Option<Spec> {
    let mut p = Spec {
        fill: vec![b' '],
        align: 0,
        sign: b'-',
        no_neg_zero: false,
        alternate: false,
        width: 0,
        sep: vec![],
        frac_sep: vec![],
        point: vec![b'.'],
        grouping: vec![3],
        prec: None,
        kind: 0,
    };
    let is_align = |c: Option<&u8>| c.is_some_and(|c| matches!(c, b'<' | b'>' | b'=' | b'^'));
    let mut i = 0;
    if !s.is_empty() {
        let w = match s[0] {
            0..=0x7f => 1,
            0x80..=0xdf => 2,
            0xe0..=0xef => 3,
            _ => 4,
        };
        if is_align(s.get(w)) {
            p.fill = s[..w].to_vec();
            p.align = s[w];
            i = w + 1;
        } else if is_align(s.first()) {
            p.align = s[0];
            i = 1;
        }
    }
    if let Some(c @ (b'+' | b'-' | b' ')) = s.get(i) {
        p.sign = *c;
        i += 1;
    }
    if s.get(i) == Some(&b'z') {
        p.no_neg_zero = true;
        i += 1;
    }
    if s.get(i) == Some(&b'#') {
        p.alternate = true;
        i += 1;
    }
    if s.get(i) == Some(&b'0') {
        if p.align == 0 {
            p.align = b'=';
            p.fill = vec![b'0'];
        } else if p.align == b'=' && p.fill == b" " {
            p.fill = vec![b'0'];
        }
        i += 1;
    }
    let number = |i: &mut usize| -> Option<usize> {
        let mut n = 0usize;
        let from = *i;
        while let Some(d) = s.get(*i).filter(|c| c.is_ascii_digit()) {
            n = n.checked_mul(10)?.checked_add((d - b'0') as usize)?;
            *i += 1;
        }
        if *i == from || n > isize::MAX as usize / 4 { None } else { Some(n) }
    };
    if s.get(i).is_some_and(u8::is_ascii_digit) {
        p.width = number(&mut i)?;
    }
    if let Some(c @ (b',' | b'_')) = s.get(i) {
        p.sep = vec![*c];
        i += 1;
    }
    if s.get(i) == Some(&b'.') {
        i += 1;
        if s.get(i).is_some_and(u8::is_ascii_digit) {
            p.prec = Some(number(&mut i)?);
            if let Some(c @ (b',' | b'_')) = s.get(i) {
                p.frac_sep = vec![*c];
                i += 1;
            }
        } else if let Some(c @ (b',' | b'_')) = s.get(i) {
            p.frac_sep = vec![*c];
            i += 1;
        } else {
            return None;
        }
        if p.frac_sep == b"," && p.sep == b"_" || p.frac_sep == b"_" && p.sep == b"," {
            // Different separators are allowed.
        }
    }
    if let Some(c @ (b'e' | b'E' | b'f' | b'F' | b'g' | b'G' | b'n' | b'%')) = s.get(i) {
        p.kind = *c;
        i += 1;
        if *c == b'n' && !p.sep.is_empty() {
            return None;
        }
    }
    if i != s.len() {
        return None;
    }
    if p.align == 0 {
        p.align = b'>';
    }
    Some(p)
}

fn chars(s: &[u8]) -> usize {
    s.iter().filter(|c| **c & 0xc0 != 0x80).count()
}
fn group(digits: &[u8], sep: &[u8], grouping: &[u8], min: usize) -> Vec<u8> {
    if sep.is_empty() {
        let mut v = vec![b'0'; min.saturating_sub(digits.len())];
        v.extend_from_slice(digits);
        return v;
    }
    let sw = chars(sep);
    // Groups from the right.
    let mut parts: Vec<Vec<u8>> = Vec::new();
    let mut rest = digits.to_vec();
    let mut left = min as i64;
    let mut gi = 0;
    loop {
        let g = *grouping.get(gi.min(grouping.len().saturating_sub(1))).unwrap_or(&3) as usize;
        gi += 1;
        if g == 127 || g == 0 {
            let mut v = vec![b'0'; (left.max(1) as usize).saturating_sub(rest.len())];
            v.extend_from_slice(&rest);
            parts.push(v);
            break;
        }
        let take = g.min((rest.len() as i64).max(left).max(1) as usize);
        let at = rest.len().saturating_sub(take);
        let mut v = vec![b'0'; take.saturating_sub(rest.len())];
        v.extend_from_slice(&rest[at..]);
        rest.truncate(at);
        parts.push(v);
        left -= take as i64;
        if rest.is_empty() && left <= 0 {
            break;
        }
        left -= sw as i64;
    }
    parts.reverse();
    parts.join(sep)
}

/// Pads to the width.
fn pad(sign: &[u8], body: &[u8], p: &Spec, align: u8, fill: &[u8]) -> Vec<u8> {
    let n = p.width.saturating_sub(chars(sign) + chars(body));
    let (a, b) = match align {
        b'<' => (0, n),
        b'^' => (n / 2, n - n / 2),
        _ => (n, 0),
    };
    let mut out = Vec::new();
    let put = |out: &mut Vec<u8>, k: usize| (0..k).for_each(|_| out.extend_from_slice(fill));
    if align == b'=' {
        out.extend_from_slice(sign);
        put(&mut out, n);
        out.extend_from_slice(body);
        return out;
    }
    put(&mut out, a);
    out.extend_from_slice(sign);
    out.extend_from_slice(body);
    put(&mut out, b);
    out
}

fn sign_of(neg: bool, p: &Spec) -> &'static [u8] {
    match (neg, p.sign) {
        (true, _) => b"-",
        (false, b'+') => b"+",
        (false, b' ') => b" ",
        _ => b"",
    }
}

/// The number in a format, rounded as the context rounds. None: too large.
pub fn format(d: View, p: &Spec, c: &Ctx, capitals: bool) -> Option<Vec<u8>> {
    if d.special() {
        let mut body = to_string(d.abs(), false, true);
        if p.kind == b'%' {
            body.push(b'%');
        }
        let zero = p.fill == b"0" && p.align == b'=';
        let (align, fill): (u8, &[u8]) = if zero { (b'>', b" ") } else { (p.align, &p.fill) };
        return Some(pad(sign_of(d.neg(), p), &body, p, align, fill));
    }
    let kind = if p.kind == 0 { if capitals { b'G' } else { b'g' } } else { p.kind };
    let mut v = d.own();
    if kind == b'%' {
        v.exp += 2;
    }
    let mut st = 0;
    let round_to = |v: &Dec, digits: i64| -> Dec {
        let w = Ctx { round: c.round, ..Ctx::work(digits) };
        let mut s = 0;
        v.clone().finalize(&w, &mut s)
    };
    let quantum = |v: &Dec, exp: i64| -> Option<Dec> {
        if v.digits + v.exp - exp > 1 << 32 {
            return None;
        }
        let w = Ctx { round: c.round, ..Ctx::work(MAX_PREC) };
        let q = Dec::word(false, 1, exp);
        let mut s = 0;
        Some(quantize(v.view(), q.view(), &w, &mut s))
    };
    if let Some(n) = p.prec {
        let n = n as i64;
        match kind {
            b'e' | b'E' => {
                if !v.view().zero() && v.digits > n + 1 {
                    v = round_to(&v, n + 1);
                }
            }
            b'f' | b'F' | b'%' => v = quantum(&v, -n)?,
            _ => {
                let n = n.max(1);
                if v.digits > n {
                    v = round_to(&v, n);
                }
            }
        }
    }
    if v.view().zero() && v.exp > 0 && matches!(kind, b'f' | b'F' | b'%') {
        v = quantum(&v, 0)?;
    }
    if p.no_neg_zero && v.view().zero() {
        v.flags &= !NEG;
    }
    let _ = &mut st;
    let left = v.exp + v.digits;
    let place = match kind {
        b'e' | b'E' => match p.prec {
            Some(n) if v.view().zero() => 1 - n as i64,
            _ => 1,
        },
        b'f' | b'F' | b'%' => left,
        _ => {
            if v.exp <= 0 && left > -6 {
                left
            } else {
                1
            }
        }
    };
    let mut digits = Vec::new();
    limbs::write(&mut digits, v.coef.slice());
    if place.unsigned_abs() > 1 << 33 {
        return None;
    }
    let (int, mut frac): (Vec<u8>, Vec<u8>) = if place < 0 {
        let mut f = vec![b'0'; (-place) as usize];
        f.extend_from_slice(&digits);
        (b"0".to_vec(), f)
    } else if place > digits.len() as i64 {
        let mut i = digits.clone();
        i.resize(place as usize, b'0');
        (i, vec![])
    } else {
        let (i, f) = digits.split_at(place as usize);
        (if i.is_empty() { b"0".to_vec() } else { i.to_vec() }, f.to_vec())
    };
    if matches!(kind, b'e' | b'E')
        && let Some(n) = p.prec
        && (frac.len() < n)
    {
        frac.resize(n, b'0');
    }
    let exp = left - place;
    let mut tail = Vec::new();
    if !frac.is_empty() || p.alternate {
        tail.extend_from_slice(&p.point);
        if p.frac_sep.is_empty() {
            tail.extend_from_slice(&frac);
        } else {
            tail.extend_from_slice(&frac.chunks(3).collect::<Vec<_>>().join(&p.frac_sep[..]));
        }
    }
    if exp != 0 || matches!(kind, b'e' | b'E') {
        let e = if matches!(kind, b'E' | b'G') || kind == b'F' { 'E' } else { 'e' };
        tail.extend_from_slice(format!("{e}{exp:+}").as_bytes());
    }
    if kind == b'%' {
        tail.push(b'%');
    }
    let neg = v.flags & NEG != 0;
    let sign = sign_of(neg, p);
    let min =
        if p.fill == b"0" && p.align == b'=' { p.width.saturating_sub(chars(&tail) + sign.len()) } else { 0 };
    let mut body = group(&int, &p.sep, &p.grouping, min);
    body.extend_from_slice(&tail);
    Some(pad(sign, &body, p, p.align, &p.fill))
}
