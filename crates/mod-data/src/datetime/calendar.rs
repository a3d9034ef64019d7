//! The proleptic Gregorian calendar: ordinals (1 January of year 1 is 1), months, ISO weeks.

const BEFORE_MONTH: [i32; 13] = [0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
const DAYS: [i32; 13] = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
/// 31 December 9999.
pub const MAX_ORDINAL: i32 = 3_652_059;
/// 1 January 1970.
pub const EPOCH_ORDINAL: i64 = 719_163;

pub fn is_leap(y: i32) -> bool {
    y % 4 == 0 && (y % 100 != 0 || y % 400 == 0)
}
pub fn days_in_month(y: i32, m: i32) -> i32 {
    if m == 2 && is_leap(y) { 29 } else { DAYS[m as usize] }
}
/// Days of the year before a month.
pub fn before_month(y: i32, m: i32) -> i32 {
    BEFORE_MONTH[m as usize] + (m > 2 && is_leap(y)) as i32
}
fn before_year(y: i32) -> i32 {
    let y = y - 1;
    y * 365 + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400)
}
pub fn to_ordinal(y: i32, m: i32, d: i32) -> i32 {
    before_year(y) + before_month(y, m) + d
}
/// Year, month, day of a positive ordinal.
pub fn from_ordinal(n: i32) -> (i32, i32, i32) {
    let n = n - 1;
    let (n400, n) = (n / 146_097, n % 146_097);
    let (n100, n) = (n / 36_524, n % 36_524);
    let (n4, n) = (n / 1461, n % 1461);
    let (n1, n) = (n / 365, n % 365);
    let y = n400 * 400 + n100 * 100 + n4 * 4 + n1 + 1;
    if n1 == 4 || n100 == 4 {
        return (y - 1, 12, 31);
    }
    let mut m = (n + 50) >> 5;
    if before_month(y, m) > n {
        m -= 1;
    }
    (y, m, n - before_month(y, m) + 1)
}
/// Monday is 0.
pub fn weekday(y: i32, m: i32, d: i32) -> i32 {
    (to_ordinal(y, m, d) + 6).rem_euclid(7)
}
/// The Monday that starts week 1.
pub fn iso_week1(y: i32) -> i32 {
    let first = to_ordinal(y, 1, 1);
    let wd = (first + 6).rem_euclid(7);
    first - wd + if wd > 3 { 7 } else { 0 }
}
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IsoError {
    Year,
    Week,
    Day,
}
pub fn from_iso(y: i32, week: i32, day: i32) -> Result<(i32, i32, i32), IsoError> {
    if !(1..=9999).contains(&y) {
        return Err(IsoError::Year);
    }
    if !(1..53).contains(&week) {
        // 53 weeks: the year begins with a Thursday, or is a leap year that begins with a Wednesday.
        let first = weekday(y, 1, 1);
        if week != 53 || !(first == 3 || first == 2 && is_leap(y)) {
            return Err(IsoError::Week);
        }
    }
    if !(1..8).contains(&day) {
        return Err(IsoError::Day);
    }
    Ok(from_ordinal(iso_week1(y) + (week - 1) * 7 + day - 1))
}
/// ISO year, week, day.
pub fn to_iso(y: i32, m: i32, d: i32) -> (i32, i32, i32) {
    let today = to_ordinal(y, m, d);
    let since = |y: i32| today - iso_week1(y);
    let (y, days) = if since(y) < 0 {
        (y - 1, since(y - 1))
    } else if since(y) >= 52 * 7 && since(y + 1) >= 0 {
        (y + 1, since(y + 1))
    } else {
        (y, since(y))
    };
    (y, days / 7 + 1, days % 7 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals_and_weeks() {
        for n in (1..=MAX_ORDINAL).step_by(97).chain([1, 365, 366, 1461, 146_097, MAX_ORDINAL]) {
            let (y, m, d) = from_ordinal(n);
            assert_eq!(to_ordinal(y, m, d), n);
            let (iy, w, wd) = to_iso(y, m, d);
            assert_eq!(wd - 1, weekday(y, m, d));
            if (1..=9999).contains(&iy) {
                assert_eq!(from_iso(iy, w, wd), Ok((y, m, d)));
            }
        }
        assert_eq!(to_ordinal(1970, 1, 1) as i64, EPOCH_ORDINAL);
        assert_eq!(to_iso(2021, 1, 3), (2020, 53, 7));
        assert_eq!(from_iso(2021, 53, 1), Err(IsoError::Week));
    }
}
