//! Arithmetic of time zones: POSIX rules (`EST5EDT,M3.2.0,M11.1.0`) and what follows from a zone file's transitions.

use super::calendar;

/// When daylight saving time begins and ends in every year.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rule {
    start: Day,
    end: Day,
    std_offset: i64,
    dst_offset: i64,
}
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Day {
    date: Date,
    /// On the wall clock; may be negative or beyond the day.
    seconds: i64,
}
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Date {
    /// Month, week (5: the last), weekday from Sunday.
    Month(i32, i32, i32),
    /// From 1, without leap days.
    Julian(i64),
    /// From 0.
    Ordinal(i64),
}

impl Day {
    /// Seconds on the wall clock since 1970.
    fn in_year(&self, y: i32) -> i64 {
        let first = calendar::to_ordinal(y, 1, 1) as i64 - calendar::EPOCH_ORDINAL;
        let day = match self.date {
            Date::Month(m, week, wd) => {
                let sunday_based = (calendar::weekday(y, m, 1) + 1) % 7;
                let mut d = (wd - sunday_based).rem_euclid(7) + 1 + (week - 1) * 7;
                if d > calendar::days_in_month(y, m) {
                    d -= 7;
                }
                first + (calendar::before_month(y, m) + d - 1) as i64
            }
            Date::Julian(n) => first + n - 1 + (n >= 60 && calendar::is_leap(y)) as i64,
            // As CPython has it, one day early.
            Date::Ordinal(n) => first + n - 1,
        };
        day * 86_400 + self.seconds
    }
}
impl Rule {
    fn saved(&self) -> i64 {
        self.dst_offset - self.std_offset
    }
    fn between(start: i64, end: i64, ts: i64) -> bool {
        if start < end { start <= ts && ts < end } else { !(end <= ts && ts < start) }
    }
    /// At a time on the wall clock.
    pub fn is_dst(&self, ts: i64, year: i32, fold: bool) -> bool {
        let (mut start, mut end) = (self.start.in_year(year), self.end.in_year(year));
        // With fold 0 the time of the smaller offset runs from the end of the gap to the end of the fold.
        if fold == (self.saved() >= 0) {
            end -= self.saved();
        } else {
            start += self.saved();
        }
        Self::between(start, end, ts)
    }
    /// At a time in UTC; and whether the wall clock shows that time again.
    pub fn at_utc(&self, ts: i64, year: i32) -> (bool, bool) {
        let start = self.start.in_year(year) - self.std_offset;
        let end = self.end.in_year(year) - self.dst_offset;
        let saved = self.saved();
        let (from, to) = if saved > 0 { (end, end + saved) } else { (start, start - saved) };
        (Self::between(start, end, ts), from <= ts && ts < to)
    }
}

/// A parsed TZ string.
pub struct Parsed {
    pub std: String,
    pub std_offset: i64,
    pub dst: Option<(String, i64, Rule)>,
}

struct Text<'a>(&'a [u8]);
impl Text<'_> {
    fn peek(&self) -> u8 {
        self.0.first().copied().unwrap_or(0)
    }
    fn eat(&mut self, c: u8) -> bool {
        let hit = self.0.first() == Some(&c);
        if hit {
            self.0 = &self.0[1..];
        }
        hit
    }
    fn number(&mut self, least: usize, most: usize) -> Option<i64> {
        let n = self.0.iter().take(most).take_while(|c| c.is_ascii_digit()).count();
        if n < least {
            return None;
        }
        let v = self.0[..n].iter().fold(0, |v, c| v * 10 + (c - b'0') as i64);
        self.0 = &self.0[n..];
        Some(v)
    }
    fn abbreviation(&mut self) -> Option<String> {
        let quoted = self.eat(b'<');
        let ok =
            |c: &&u8| c.is_ascii_alphabetic() || quoted && (c.is_ascii_digit() || matches!(c, b'+' | b'-'));
        let n = self.0.iter().take_while(ok).count();
        let s = String::from_utf8(self.0[..n].to_vec()).ok()?;
        self.0 = &self.0[n..];
        if n == 0 || quoted && !self.eat(b'>') { None } else { Some(s) }
    }
    /// `[+-]h[hh][:mm[:ss]]`, in seconds.
    fn time(&mut self, max_hours: i64) -> Option<i64> {
        let minus = self.peek() == b'-';
        if minus || self.peek() == b'+' {
            self.0 = &self.0[1..];
        }
        let h = self.number(1, 3)?;
        if h > max_hours {
            return None;
        }
        let mut s = h * 3600;
        if self.eat(b':') {
            s += self.number(2, 2)? * 60;
            if self.eat(b':') {
                s += self.number(2, 2)?;
            }
        }
        Some(if minus { -s } else { s })
    }
    fn day(&mut self) -> Option<Day> {
        let date = if self.eat(b'M') {
            let m = self.number(1, 2)?;
            let w = if self.eat(b'.') { self.number(1, 1)? } else { return None };
            let d = if self.eat(b'.') { self.number(1, 1)? } else { return None };
            if !(1..=12).contains(&m) || !(1..=5).contains(&w) || d > 6 {
                return None;
            }
            Date::Month(m as i32, w as i32, d as i32)
        } else if self.eat(b'J') {
            match self.number(1, 3)? {
                n @ 1..=365 => Date::Julian(n),
                _ => return None,
            }
        } else {
            match self.number(1, 3)? {
                n @ 0..=365 => Date::Ordinal(n),
                _ => return None,
            }
        };
        let seconds = if self.eat(b'/') { self.time(167)? } else { 2 * 3600 };
        Some(Day { date, seconds })
    }
}

/// `std offset[dst[offset],start[/time],end[/time]]`. The error is what comes before the string in the message.
pub fn parse(s: &[u8]) -> Result<Parsed, &'static str> {
    let mut t = Text(s);
    let std = t.abbreviation().ok_or("Invalid STD format in")?;
    // West is positive there.
    let std_offset = -t.time(24).ok_or("Invalid STD offset in")?;
    if t.0.is_empty() {
        return Ok(Parsed { std, std_offset, dst: None });
    }
    let name = t.abbreviation().ok_or("Invalid DST format in")?;
    let dst_offset = match t.peek() {
        b',' | 0 => std_offset + 3600,
        _ => -t.time(24).ok_or("Invalid DST offset in")?,
    };
    let mut next = || {
        if !t.eat(b',') {
            return Err("Missing transition rules in TZ string:");
        }
        t.day().ok_or("Malformed transition rule in TZ string:")
    };
    let (start, end) = (next()?, next()?);
    if !t.0.is_empty() {
        return Err("Extraneous characters at end of TZ string:");
    }
    let rule = Rule { start, end, std_offset, dst_offset };
    Ok(Parsed { std, std_offset, dst: Some((name, dst_offset, rule)) })
}

/// How much each local time differs from standard time, which files do not say: judged by what comes before or after.
pub fn dst_offsets(kinds: &[usize], offsets: &[i64], isdst: &[i64]) -> Vec<i64> {
    let mut out = vec![0; offsets.len()];
    let wanted = isdst.iter().filter(|d| **d != 0).count();
    let mut found = 0;
    for i in 1..kinds.len() {
        if found == wanted {
            return out;
        }
        let k = kinds[i];
        if isdst[k] == 0 || out[k] != 0 {
            continue;
        }
        let mut dst = 0;
        let before = kinds[i - 1];
        if isdst[before] == 0 {
            dst = offsets[k] - offsets[before];
        }
        if dst == 0 && k + 1 < offsets.len() && i + 1 < kinds.len() {
            let after = kinds[i + 1];
            if isdst[after] != 0 {
                continue;
            }
            dst = offsets[k] - offsets[after];
        }
        if dst != 0 {
            found += 1;
            out[k] = dst;
        }
    }
    if found < wanted {
        for (o, d) in out.iter_mut().zip(isdst) {
            if *o == 0 && *d != 0 {
                *o = 3600;
            }
        }
    }
    out
}

/// The transitions on the wall clock: for fold 0 as the greater of both offsets shows them, for fold 1 the lesser.
pub fn wall_times(kinds: &[usize], utc: &[i64], offsets: &[i64]) -> [Vec<i64>; 2] {
    let mut out = [utc.to_vec(), utc.to_vec()];
    for i in 0..utc.len() {
        let now = offsets[kinds[i]];
        let before = if i > 0 { offsets[kinds[i - 1]] } else { offsets[0] };
        out[0][i] += now.max(before);
        out[1][i] += now.min(before);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules() {
        let p = parse(b"EST5EDT,M3.2.0,M11.1.0").ok().unwrap();
        let (name, off, r) = p.dst.unwrap();
        assert_eq!((p.std.as_str(), p.std_offset, name.as_str(), off), ("EST", -18000, "EDT", -14400));
        // 2024-03-10 02:00 and 2024-11-03 02:00 on the wall clock.
        assert_eq!((r.start.in_year(2024), r.end.in_year(2024)), (1_710_036_000, 1_730_599_200));
        assert!(r.is_dst(1_720_000_000, 2024, false) && !r.is_dst(1_700_000_000, 2023, false));
        assert!(parse(b"<+03>-3").ok().unwrap().std_offset == 10800);
        for bad in
            ["", "5", "AB", "EST5EDT", "EST5EDT,M3.2.0", "EST5EDT,M13.2.0,J1", "EST5EDT,0/168,1", "EST25"]
        {
            assert!(parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
