//! Splitting, stripping, padding. Pieces are given as ranges of bytes to a function of the caller; the functions that
//! split from the right give them from the right.

use crate::room;
use crate::search::{Units, find_near, occurrences, occurrences_back};
use crate::wtf8;
use std::ops::Range;

/// `split()`: at runs of whitespace, at most `max` times.
pub fn split_space<U: Units>(s: &[u8], max: usize, mut f: impl FnMut(Range<usize>)) {
    let mut at = 0;
    let mut done = 0;
    loop {
        while at < s.len() && U::is_space(s, at) {
            at += U::next_len(s, at);
        }
        if at == s.len() {
            return;
        }
        if done == max {
            return f(at..s.len());
        }
        let start = at;
        at = U::find_space(s, at);
        f(start..at);
        done += 1;
    }
}

/// `rsplit()`.
pub fn rsplit_space<U: Units>(s: &[u8], max: usize, mut f: impl FnMut(Range<usize>)) {
    let mut end = s.len();
    let mut done = 0;
    loop {
        end = skip_space_back::<U>(s, 0, end);
        if end == 0 {
            return;
        }
        if done == max {
            return f(0..end);
        }
        let stop = end;
        while end > 0 {
            let n = U::prev_len(s, end);
            if U::is_space(s, end - n) {
                break;
            }
            end -= n;
        }
        f(end..stop);
        done += 1;
    }
}

/// `split(sep)`; the separator must not be empty.
pub fn split(s: &[u8], sep: &[u8], max: usize, mut f: impl FnMut(Range<usize>)) {
    let mut at = 0;
    if let &[b] = sep {
        for _ in 0..max {
            let Some(i) = find_near(b, &s[at..]) else { break };
            f(at..at + i);
            at += i + 1;
        }
        return f(at..s.len());
    }
    for i in occurrences(s, sep).take(max) {
        f(at..i);
        at = i + sep.len();
    }
    f(at..s.len());
}

/// `rsplit(sep)`; the separator must not be empty.
pub fn rsplit(s: &[u8], sep: &[u8], max: usize, mut f: impl FnMut(Range<usize>)) {
    let mut end = s.len();
    for i in occurrences_back(s, sep).take(max) {
        f(i + sep.len()..end);
        end = i;
    }
    f(0..end);
}

/// `splitlines(keepends)`.
pub fn split_lines<U: Units>(s: &[u8], keep: bool, mut f: impl FnMut(Range<usize>)) {
    let mut start = 0;
    let mut from = 0;
    while let Some(at) = U::find_break(s, from) {
        let n = U::line_break(s, at);
        if n == 0 {
            from = at + 1;
            continue;
        }
        f(start..at + if keep { n } else { 0 });
        start = at + n;
        from = start;
    }
    if start < s.len() {
        f(start..s.len());
    }
}

fn skip_space<U: Units>(s: &[u8]) -> usize {
    let mut at = 0;
    while at < s.len() && U::is_space(s, at) {
        at += U::next_len(s, at);
    }
    at
}

fn skip_space_back<U: Units>(s: &[u8], start: usize, mut end: usize) -> usize {
    while end > start {
        let n = U::prev_len(s, end);
        if !U::is_space(s, end - n) {
            break;
        }
        end -= n;
    }
    end
}

/// The range that `strip()` keeps; `left` and `right` say at which ends.
pub fn strip_space<U: Units>(s: &[u8], left: bool, right: bool) -> Range<usize> {
    let start = if left { skip_space::<U>(s) } else { 0 };
    let end = if right { skip_space_back::<U>(s, start, s.len()) } else { s.len() };
    start..end
}

fn strip_by<U: Units>(s: &[u8], left: bool, right: bool, test: impl Fn(&[u8]) -> bool) -> Range<usize> {
    let mut start = 0;
    let mut end = s.len();
    while left && start < end {
        let n = U::next_len(s, start);
        if !test(&s[start..start + n]) {
            break;
        }
        start += n;
    }
    while right && end > start {
        let n = U::prev_len(s, end);
        if !test(&s[end - n..end]) {
            break;
        }
        end -= n;
    }
    start..end
}

/// The range that `strip(chars)` keeps.
pub fn strip_chars<U: Units>(s: &[u8], chars: &[u8], left: bool, right: bool) -> Range<usize> {
    if let [b] = chars {
        return strip_by::<U>(s, left, right, |u| u == [*b]);
    }
    let mut small = [0u64; 4];
    let mut at = 0;
    let mut large = Vec::new();
    while at < chars.len() {
        let n = U::next_len(chars, at);
        if n == 1 {
            small[chars[at] as usize / 64] |= 1 << (chars[at] % 64);
        } else {
            large.push(&chars[at..at + n]);
        }
        at += n;
    }
    strip_by::<U>(s, left, right, |u| match u {
        [b] => small[*b as usize / 64] >> (b % 64) & 1 != 0,
        _ => large.contains(&u),
    })
}

/// How many fill characters `center` puts left and right of `chars` characters.
pub fn center_pads(chars: usize, width: usize) -> (usize, usize) {
    let pad = width.saturating_sub(chars);
    // The odd one goes left if the width is odd.
    let left = pad / 2 + (pad & width & 1);
    (left, pad - left)
}

/// Append `left` fill characters, the text, `right` fill characters.
pub fn pad(s: &[u8], left: usize, right: usize, fill: u32, out: &mut Vec<u8>) {
    room::reserve(out, s.len() + (left + right) * wtf8::len(fill));
    repeat(fill, left, out);
    out.extend_from_slice(s);
    repeat(fill, right, out);
}

/// As [`pad`] for bytes.
pub fn pad_bytes(s: &[u8], left: usize, right: usize, fill: u8, out: &mut Vec<u8>) {
    room::reserve(out, s.len() + left + right);
    out.resize(out.len() + left, fill);
    out.extend_from_slice(s);
    out.resize(out.len() + right, fill);
}

fn repeat(cp: u32, n: usize, out: &mut Vec<u8>) {
    let (b, len) = wtf8::encode(cp);
    if len == 1 {
        out.resize(out.len() + n, b[0]);
    } else {
        (0..n).for_each(|_| out.extend_from_slice(&b[..len]));
    }
}

/// `zfill`: append the text with `zeros` zeros put after its sign.
pub fn zfill(s: &[u8], zeros: usize, out: &mut Vec<u8>) {
    let sign = matches!(s.first(), Some(b'+' | b'-')) as usize;
    out.extend_from_slice(&s[..sign]);
    room::fill(out, zeros, b'0');
    out.extend_from_slice(&s[sign..]);
}

/// `expandtabs`: append the text with tabs replaced by spaces up to the next column that is a multiple of `tab_size`.
pub fn expand_tabs<U: Units>(s: &[u8], tab_size: usize, out: &mut Vec<u8>) {
    let mut column = 0;
    let mut at = 0;
    while at < s.len() {
        match s[at] {
            b'\t' => {
                if tab_size > 0 {
                    let n = tab_size - column % tab_size;
                    column += n;
                    room::fill(out, n, b' ');
                }
                at += 1;
            }
            b @ (b'\n' | b'\r') => {
                column = 0;
                out.push(b);
                at += 1;
            }
            _ => {
                let n = U::next_len(s, at);
                out.extend_from_slice(&s[at..at + n]);
                at += n;
                column += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::{Bytes, Str};

    fn show(s: &str, f: impl FnOnce(&[u8], &mut dyn FnMut(Range<usize>))) -> String {
        let mut v = Vec::new();
        f(s.as_bytes(), &mut |r| v.push(s[r].to_string()));
        v.join("|")
    }

    #[test]
    fn splitting() {
        let all = usize::MAX;
        assert_eq!(show("  a \u{3000}b  c ", |s, f| split_space::<Str>(s, all, f)), "a|b|c");
        assert_eq!(show("  a  b  c ", |s, f| split_space::<Str>(s, 1, f)), "a|b  c ");
        assert_eq!(show("  a  b  c ", |s, f| rsplit_space::<Str>(s, 1, f)), "c|  a  b");
        assert_eq!(show("   ", |s, f| split_space::<Bytes>(s, all, f)), "");
        assert_eq!(show("a,b,,c", |s, f| split(s, b",", all, f)), "a|b||c");
        assert_eq!(show("a,b,,c", |s, f| split(s, b",", 2, f)), "a|b|,c");
        assert_eq!(show("a,b,,c", |s, f| rsplit(s, b",", 1, f)), "c|a,b,");
        assert_eq!(show("a\r\nb\rc\u{2028}d\x1ce\n", |s, f| split_lines::<Str>(s, false, f)), "a|b|c|d|e");
        assert_eq!(
            show("a\r\nb\rc\x0bd\n\n", |s, f| split_lines::<Bytes>(s, true, f)),
            "a\r\n|b\r|c\x0bd\n|\n"
        );
    }

    #[test]
    fn stripping() {
        let s = "\u{a0} xyx \u{2003}";
        assert_eq!(&s[strip_space::<Str>(s.as_bytes(), true, true)], "xyx");
        assert_eq!(&s[strip_space::<Str>(s.as_bytes(), true, false)], "xyx \u{2003}");
        assert_eq!(strip_chars::<Str>("äxyä".as_bytes(), "äx".as_bytes(), true, true), 3..4);
        assert_eq!(strip_chars::<Bytes>(b"xxx", b"x", true, true), 3..3);
        assert_eq!(strip_chars::<Bytes>(b"xxx", b"", true, true), 0..3);
    }

    #[test]
    fn padding() {
        assert_eq!(center_pads(3, 6), (1, 2));
        assert_eq!(center_pads(2, 5), (2, 1));
        let mut out = Vec::new();
        zfill(b"-5", 3, &mut out);
        assert_eq!(out, b"-0005");
        out.clear();
        expand_tabs::<Str>("ä\tb\n\tc".as_bytes(), 4, &mut out);
        assert_eq!(out, "ä   b\n    c".as_bytes());
    }
}
