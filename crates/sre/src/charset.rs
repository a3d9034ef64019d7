//! Sets of characters: tests of one code point, and the same as bitmaps over bytes.
//!
//! A `CharTest` is the slow, exact form (CPython's `SRE(charset)` with its case folding). At
//! translation it is turned into a bitmap of the first 256 code points wherever its answer does
//! not depend on the locale, so that the slow form runs for non-ASCII text only.

use std::sync::LazyLock;

use crate::codes::{category, op};
use crate::unicode::*;

/// A set of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub(crate) struct ByteSet(pub [u64; 4]);

impl ByteSet {
    pub const EMPTY: ByteSet = ByteSet([0; 4]);
    pub const ALL: ByteSet = ByteSet([u64::MAX; 4]);
    /// 0x80 and above.
    pub const HIGH: ByteSet = ByteSet([0, 0, u64::MAX, u64::MAX]);
    /// What a character of more than one byte can start with.
    pub const LEADS: ByteSet = ByteSet([0, 0, 0, u64::MAX]);

    pub fn one(byte: u8) -> ByteSet {
        let mut set = ByteSet::EMPTY;
        set.insert(byte);
        set
    }

    pub fn filter(mut test: impl FnMut(u8) -> bool) -> ByteSet {
        let mut set = ByteSet::EMPTY;
        for byte in 0..=255 {
            if test(byte) {
                set.insert(byte);
            }
        }
        set
    }

    pub fn insert(&mut self, byte: u8) {
        self.0[byte as usize >> 6] |= 1 << (byte & 63);
    }

    pub fn contains(&self, byte: u8) -> bool {
        self.0[byte as usize >> 6] >> (byte & 63) & 1 != 0
    }

    /// Both ends inclusive; what lies above 255 is cut off.
    pub fn insert_range(&mut self, low: u32, high: u32) {
        for byte in low..=high.min(255) {
            self.insert(byte as u8);
        }
    }

    pub fn union(self, other: ByteSet) -> ByteSet {
        ByteSet(std::array::from_fn(|i| self.0[i] | other.0[i]))
    }

    pub fn intersect(self, other: ByteSet) -> ByteSet {
        ByteSet(std::array::from_fn(|i| self.0[i] & other.0[i]))
    }

    pub fn complement(self) -> ByteSet {
        ByteSet(self.0.map(|word| !word))
    }

    pub fn is_empty(&self) -> bool {
        self.0 == [0; 4]
    }

    pub fn len(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    pub fn iter(&self) -> impl Iterator<Item = u8> + '_ {
        (0..4u8).flat_map(|i| {
            let mut word = self.0[i as usize];
            std::iter::from_fn(move || {
                let bit = word.trailing_zeros();
                (word != 0).then(|| {
                    word &= word - 1;
                    i * 64 + bit as u8
                })
            })
        })
    }
}

/// How a character is changed before it is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fold {
    None,
    Ascii,
    Unicode,
    Locale,
}

impl Fold {
    #[inline]
    pub fn lower(self, ch: u32, locale: &Locale) -> u32 {
        match self {
            Fold::None => ch,
            Fold::Ascii => ascii_tolower(ch),
            Fold::Unicode => unicode_tolower(ch),
            Fold::Locale => locale.tolower(ch),
        }
    }
}

/// A question about one character.
#[derive(Clone, Debug)]
pub(crate) enum CharTest {
    Literal {
        ch: u32,
        fold: Fold,
        negated: bool,
    },
    /// The operations of a set, up to and with its `FAILURE`.
    Set {
        codes: Box<[u32]>,
        fold: Fold,
    },
    /// A set of one category, without folding.
    Category(u32),
    /// These few, sorted.
    Few(Box<[u32]>),
}

/// What a test says to all the characters from 0x80 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Above {
    None,
    All,
    Some,
}

impl CharTest {
    /// A set in its simplest form.
    pub fn set(codes: &[u32], fold: Fold) -> CharTest {
        match (codes, fold) {
            ([op::CATEGORY, number, op::FAILURE], Fold::None) => CharTest::Category(*number),
            // Each category is followed by its opposite.
            ([op::NEGATE, op::CATEGORY, number, op::FAILURE], Fold::None) => CharTest::Category(number ^ 1),
            _ => CharTest::Set { codes: codes.into(), fold },
        }
    }

    #[inline]
    pub fn eval(&self, ch: u32, locale: &Locale) -> bool {
        match *self {
            CharTest::Literal { ch: literal, fold, negated } => {
                let same = match fold {
                    Fold::Locale => {
                        ch == literal || locale.tolower(ch) == literal || locale.toupper(ch) == literal
                    }
                    _ => fold.lower(ch, locale) == literal,
                };
                same != negated
            }
            CharTest::Set { ref codes, fold: Fold::Locale } => {
                let lower = locale.tolower(ch);
                let upper = locale.toupper(ch);
                first_hit(codes, |item| hits(item, lower, locale) || hits(item, upper, locale))
            }
            CharTest::Set { ref codes, fold } => in_charset(codes, fold.lower(ch, locale), locale),
            CharTest::Category(number) => in_category(number, ch, locale),
            CharTest::Few(ref members) => members.contains(&ch),
        }
    }

    /// The answer may change with the locale.
    pub fn is_dynamic(&self) -> bool {
        match self {
            CharTest::Few(_) => false,
            CharTest::Category(number) => {
                matches!(*number, category::LOC_WORD | category::LOC_NOT_WORD)
            }
            CharTest::Literal { fold, .. } => *fold == Fold::Locale,
            CharTest::Set { codes, fold } => {
                *fold == Fold::Locale
                    || items(codes).any(|item| {
                        matches!(item, SetItem::Category(category::LOC_WORD | category::LOC_NOT_WORD))
                    })
            }
        }
    }

    /// Which of the first 256 characters pass. Not for dynamic tests.
    pub fn latin1(&self) -> ByteSet {
        let by_eval = |test: &CharTest| ByteSet::filter(|byte| test.eval(byte as u32, &C_LOCALE));
        match self {
            CharTest::Literal { ch, fold: Fold::None, negated } => {
                let set = u8::try_from(*ch).map_or(ByteSet::EMPTY, ByteSet::one);
                if *negated { set.complement() } else { set }
            }
            CharTest::Literal { .. } | CharTest::Few(_) => by_eval(self),
            CharTest::Category(number) => CATEGORIES[*number as usize],
            CharTest::Set { codes, fold } => {
                let Some(plain) = charset_latin1(codes) else { return by_eval(self) };
                if *fold == Fold::None {
                    return plain;
                }
                ByteSet::filter(|byte| match fold.lower(byte as u32, &C_LOCALE) {
                    ch @ 0..256 => plain.contains(ch as u8),
                    ch => in_charset(codes, ch, &C_LOCALE),
                })
            }
        }
    }

    /// What is known of the characters from 0x80 on without asking for each.
    pub fn above_ascii(&self) -> Above {
        match self {
            CharTest::Literal { fold: Fold::Unicode | Fold::Locale, .. } => Above::Some,
            CharTest::Literal { ch, negated, .. } => match (ch, negated) {
                (0x80.., _) => Above::Some,
                (_, true) => Above::All,
                (_, false) => Above::None,
            },
            CharTest::Set { fold: Fold::Unicode | Fold::Locale, .. } => Above::Some,
            CharTest::Set { codes, .. } => charset_above_ascii(codes),
            CharTest::Category(number) => category_above_ascii(*number),
            CharTest::Few(members) => match members.last() {
                Some(0x80..) => Above::Some,
                _ => Above::None,
            },
        }
    }

    /// The same in the form that is fastest to ask.
    pub fn simplified(self) -> CharTest {
        match self.members() {
            Some(mut members) if members.len() <= 16 => {
                members.sort_unstable();
                CharTest::Few(members.into())
            }
            _ => self,
        }
    }

    /// All characters that pass, unless they are many.
    pub fn members(&self) -> Option<Vec<u32>> {
        const MOST: usize = 48;
        let mut plain = Vec::new();
        let fold = match self {
            CharTest::Literal { ch, fold, negated: false } => {
                plain.push(*ch);
                *fold
            }
            CharTest::Set { codes, fold } => {
                for item in items(codes) {
                    match item {
                        SetItem::Literal(ch) => plain.push(ch),
                        SetItem::Range(low, high) if high.checked_sub(low)? < MOST as u32 => {
                            plain.extend(low..=high);
                        }
                        SetItem::Charset(bits) => {
                            plain.extend(bitmap(bits).iter().map(|byte| byte as u32));
                        }
                        SetItem::BigCharset(blocks, bits) => {
                            for (high, block) in blocks.iter().flat_map(|w| w.to_ne_bytes()).enumerate() {
                                let low = bitmap(&bits[block as usize * 8..]);
                                if plain.len() + low.len() as usize > MOST {
                                    return None;
                                }
                                plain.extend(low.iter().map(|low| (high as u32) << 8 | low as u32));
                            }
                        }
                        _ => return None,
                    }
                    if plain.len() > MOST {
                        return None;
                    }
                }
                *fold
            }
            CharTest::Few(members) => return Some(members.to_vec()),
            _ => return None,
        };
        match fold {
            Fold::None => Some(plain),
            Fold::Unicode => Some(plain.into_iter().flat_map(unicode_with_lower).collect()),
            _ => None,
        }
    }

    /// The bytes with which a multi-byte character that passes can start, or more.
    pub fn leads(&self) -> ByteSet {
        let lead = |ch: u32| match ch {
            0..0x80 => 0xC2,
            0x80..0x800 => 0xC0 | ch >> 6,
            0x800..0x1_0000 => 0xE0 | ch >> 12,
            _ => 0xF0 | (ch >> 18 & 7),
        };
        let range = |low: u32, high: u32| {
            let mut set = ByteSet::EMPTY;
            if high >= 0x80 && low <= 0x10FFFF {
                set.insert_range(lead(low), lead(high.min(0x10FFFF)));
            }
            set
        };
        match self {
            CharTest::Literal { ch, fold: Fold::None | Fold::Ascii, negated: false } => range(*ch, *ch),
            CharTest::Set { codes, fold: Fold::None | Fold::Ascii } => {
                let mut set = ByteSet::EMPTY;
                for item in items(codes) {
                    set = set.union(match item {
                        SetItem::Literal(ch) => range(ch, ch),
                        SetItem::Range(low, high) => range(low, high),
                        SetItem::Charset(bits) if bits[4..].iter().all(|word| *word == 0) => ByteSet::EMPTY,
                        SetItem::Charset(_) => range(0x80, 0xFF),
                        SetItem::Category(number) => category_leads(number),
                        _ => ByteSet::LEADS,
                    });
                }
                set
            }
            CharTest::Category(number) => category_leads(*number),
            CharTest::Few(members) => {
                members.iter().fold(ByteSet::EMPTY, |set, &ch| set.union(range(ch, ch)))
            }
            _ => ByteSet::LEADS,
        }
    }
}

/// One operation of a set.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SetItem<'a> {
    Negate,
    Literal(u32),
    Range(u32, u32),
    RangeIgnore,
    Category(u32),
    /// 256 bits.
    Charset(&'a [u32]),
    /// 256 bytes of block numbers, then the blocks, 256 bits each.
    BigCharset(&'a [u32], &'a [u32]),
}

/// Splits the first operation off; `None` at `FAILURE` and at anything that is not valid.
#[inline]
pub(crate) fn next_item(codes: &[u32]) -> Option<(SetItem<'_>, &[u32])> {
    let (&first, rest) = codes.split_first()?;
    Some(match first {
        op::NEGATE => (SetItem::Negate, rest),
        op::LITERAL => (SetItem::Literal(*rest.first()?), &rest[1..]),
        op::RANGE => (SetItem::Range(*rest.first()?, *rest.get(1)?), &rest[2..]),
        op::RANGE_UNI_IGNORE => (SetItem::RangeIgnore, rest.get(2..)?),
        op::CATEGORY if *rest.first()? <= category::UNI_NOT_LINEBREAK => {
            (SetItem::Category(rest[0]), &rest[1..])
        }
        op::CHARSET => {
            let (bits, rest) = rest.split_at_checked(8)?;
            (SetItem::Charset(bits), rest)
        }
        op::BIGCHARSET => {
            let (&count, rest) = rest.split_first()?;
            let (blocks, rest) = rest.split_at_checked(64)?;
            let (bits, rest) = rest.split_at_checked(8 * count as usize)?;
            if blocks.iter().flat_map(|w| w.to_ne_bytes()).any(|block| block as u32 >= count) {
                return None;
            }
            (SetItem::BigCharset(blocks, bits), rest)
        }
        _ => return None,
    })
}

fn items(codes: &[u32]) -> impl Iterator<Item = SetItem<'_>> {
    let mut rest = codes;
    std::iter::from_fn(move || {
        let (item, after) = next_item(rest)?;
        rest = after;
        Some(item)
    })
}

/// Membership, operation by operation; the first that hits decides.
fn in_charset(codes: &[u32], ch: u32, locale: &Locale) -> bool {
    first_hit(codes, |item| hits(item, ch, locale))
}

#[inline(always)]
fn first_hit(mut codes: &[u32], hit: impl Fn(&[u32]) -> bool) -> bool {
    let mut ok = true;
    loop {
        let len = match codes[0] {
            op::LITERAL | op::CATEGORY => 2,
            op::RANGE | op::RANGE_UNI_IGNORE => 3,
            op::CHARSET => 9,
            op::BIGCHARSET => 66 + 8 * codes[1] as usize,
            op::NEGATE => {
                ok = !ok;
                codes = &codes[1..];
                continue;
            }
            _ => return !ok,
        };
        let (item, rest) = codes.split_at(len);
        if hit(item) {
            return ok;
        }
        codes = rest;
    }
}

#[inline]
fn hits(item: &[u32], ch: u32, locale: &Locale) -> bool {
    match item[0] {
        op::LITERAL => item[1] == ch,
        op::RANGE => item[1] <= ch && ch <= item[2],
        op::CATEGORY => in_category(item[1], ch, locale),
        op::CHARSET => ch < 256 && item[1 + (ch >> 5) as usize] >> (ch & 31) & 1 != 0,
        op::BIGCHARSET => {
            ch < 0x10000 && {
                let block = item[2 + (ch >> 10) as usize].to_ne_bytes()[(ch >> 8 & 3) as usize];
                let word = block as usize * 8 + (ch as usize >> 5 & 7);
                item[66 + word] >> (ch & 31) & 1 != 0
            }
        }
        _ => {
            // RANGE_UNI_IGNORE: `ch` is in lower case already.
            let upper = unicode_toupper(ch);
            (item[1] <= ch && ch <= item[2]) || (item[1] <= upper && upper <= item[2])
        }
    }
}

pub(crate) fn in_category(number: u32, ch: u32, locale: &Locale) -> bool {
    match number {
        category::DIGIT => ascii_is_digit(ch),
        category::NOT_DIGIT => !ascii_is_digit(ch),
        category::SPACE => ascii_is_space(ch),
        category::NOT_SPACE => !ascii_is_space(ch),
        category::WORD => ascii_is_word(ch),
        category::NOT_WORD => !ascii_is_word(ch),
        category::LINEBREAK => ch == '\n' as u32,
        category::NOT_LINEBREAK => ch != '\n' as u32,
        category::LOC_WORD => locale.is_word(ch),
        category::LOC_NOT_WORD => !locale.is_word(ch),
        category::UNI_DIGIT => unicode_is_digit(ch),
        category::UNI_NOT_DIGIT => !unicode_is_digit(ch),
        category::UNI_SPACE => unicode_is_space(ch),
        category::UNI_NOT_SPACE => !unicode_is_space(ch),
        category::UNI_WORD => unicode_is_word(ch),
        category::UNI_NOT_WORD => !unicode_is_word(ch),
        category::UNI_LINEBREAK => unicode_is_linebreak(ch),
        category::UNI_NOT_LINEBREAK => !unicode_is_linebreak(ch),
        _ => false,
    }
}

/// Every category as a bitmap of the first 256 characters.
static CATEGORIES: LazyLock<[ByteSet; category::NAMES.len()]> = LazyLock::new(|| {
    std::array::from_fn(|number| ByteSet::filter(|byte| in_category(number as u32, byte as u32, &C_LOCALE)))
});

/// The bitmap of a set, computed operation by operation; `None` if it has an operation that must
/// be asked for each character.
fn charset_latin1(codes: &[u32]) -> Option<ByteSet> {
    let (mut members, mut open, mut ok) = (ByteSet::EMPTY, ByteSet::ALL, true);
    for item in items(codes) {
        let mut hits = ByteSet::EMPTY;
        match item {
            SetItem::Negate => ok = !ok,
            SetItem::Literal(ch) => hits.insert_range(ch, ch),
            SetItem::Range(low, high) => hits.insert_range(low, high),
            SetItem::RangeIgnore => return None,
            SetItem::Category(number) => hits = CATEGORIES[number as usize],
            SetItem::Charset(bits) => hits = bitmap(bits),
            SetItem::BigCharset(blocks, bits) => {
                let block = blocks[0].to_ne_bytes()[0] as usize;
                hits = bitmap(&bits[block * 8..]);
            }
        }
        if ok {
            members = members.union(hits.intersect(open));
        }
        open = open.intersect(hits.complement());
    }
    Some(if ok { members } else { members.union(open) })
}

fn bitmap(bits: &[u32]) -> ByteSet {
    ByteSet(std::array::from_fn(|i| bits[2 * i] as u64 | (bits[2 * i + 1] as u64) << 32))
}

fn charset_above_ascii(codes: &[u32]) -> Above {
    let mut ok = true;
    for item in items(codes) {
        match item {
            SetItem::Negate => ok = !ok,
            SetItem::Literal(0..0x80) | SetItem::Range(_, 0..0x80) => {}
            SetItem::Charset(bits) if bits[4..].iter().all(|word| *word == 0) => {}
            SetItem::Category(number) => match category_above_ascii(number) {
                Above::None => {}
                // What follows is not asked any more.
                Above::All => return if ok { Above::All } else { Above::None },
                Above::Some => return Above::Some,
            },
            _ => return Above::Some,
        }
    }
    if ok { Above::None } else { Above::All }
}

/// The bytes with which a multi-byte character of the category can start.
fn category_leads(number: u32) -> ByteSet {
    use category::*;
    let property = match number & !1 {
        UNI_WORD => 0,
        UNI_DIGIT => 1,
        UNI_SPACE => 2,
        UNI_LINEBREAK => 3,
        _ => return ByteSet::LEADS,
    };
    ByteSet([0, 0, 0, property_leads(property, number & 1 == 0)])
}

fn category_above_ascii(number: u32) -> Above {
    use category::*;
    match number {
        DIGIT | SPACE | WORD | LINEBREAK => Above::None,
        NOT_DIGIT | NOT_SPACE | NOT_WORD | NOT_LINEBREAK => Above::All,
        _ => Above::Some,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(codes: &[u32], fold: Fold) -> CharTest {
        CharTest::set(codes, fold)
    }

    /// The shortcuts say the same as asking for each character.
    fn check(test: &CharTest) {
        check_one(test);
        check_one(&test.clone().simplified());
    }

    fn check_one(test: &CharTest) {
        let latin1 = test.latin1();
        for byte in 0..=255u8 {
            assert_eq!(latin1.contains(byte), test.eval(byte as u32, &C_LOCALE), "{test:?} {byte}");
        }
        let above = test.above_ascii();
        let leads = test.leads();
        let members = test.members();
        for ch in (0x80..0x3000).chain((0x3000..0x11_0000).step_by(61)) {
            let member = test.eval(ch, &C_LOCALE);
            assert!(above == Above::Some || (above == Above::All) == member, "{test:?} {ch:x}");
            assert!(members.as_ref().is_none_or(|all| all.contains(&ch) == member), "{test:?} {ch:x}");
            if member {
                let mut text = vec![];
                use crate::subject::Encoding;
                crate::subject::Wtf8::encode(ch, &mut text);
                assert!(leads.contains(text[0]), "{test:?} {ch:x}");
            }
        }
    }

    #[test]
    fn shortcuts_agree() {
        use category::*;
        use op::{CATEGORY, CHARSET, FAILURE, LITERAL, NEGATE, RANGE, RANGE_UNI_IGNORE};
        for fold in [Fold::None, Fold::Ascii, Fold::Unicode] {
            for negated in [false, true] {
                for ch in ['k' as u32, 'K' as u32, 0xE9, 0xFF, 0x3B1, 0x1_0400, 0x10_FFFF] {
                    check(&CharTest::Literal { ch, fold, negated });
                }
            }
            for number in 0..NAMES.len() as u32 {
                check(&set(&[CATEGORY, number, FAILURE], fold));
                check(&set(&[NEGATE, CATEGORY, number, FAILURE], fold));
            }
            check(&set(&[RANGE, 0x430, 0x440, LITERAL, 0xDF, LITERAL, 0x4E2D, FAILURE], fold));
            check(&set(&[LITERAL, 107, RANGE, 48, 57, FAILURE], fold));
            check(&set(&[NEGATE, LITERAL, 10, FAILURE], fold));
            check(&set(&[NEGATE, RANGE, 100, 300, FAILURE], fold));
            check(&set(&[CATEGORY, WORD, NEGATE, LITERAL, 33, CATEGORY, SPACE, FAILURE], fold));
            check(&set(&[NEGATE, CATEGORY, NOT_SPACE, CATEGORY, UNI_WORD, FAILURE], fold));
            check(&set(&[CATEGORY, UNI_DIGIT, CATEGORY, UNI_SPACE, FAILURE], fold));
            check(&set(&[RANGE_UNI_IGNORE, 0x1_0400, 0x1_0410, FAILURE], fold));
            check(&set(&[CHARSET, 0, 5, 9, 0, 0, 0, 0, 0, FAILURE], fold));
            check(&set(&[NEGATE, CHARSET, 0, 5, 9, 0, 0, 7, 0, 1, FAILURE], fold));
            let mut big = vec![op::BIGCHARSET, 2];
            big.extend([0x0100_0001u32; 64]);
            big.extend([0xF0F0_1234u32; 8]);
            big.extend([0u32; 8]);
            big.push(FAILURE);
            check(&set(&big, fold));
            let mut few = vec![op::BIGCHARSET, 2, 0x0001_0000];
            few.extend([0; 63]);
            few.extend([0; 8]);
            few.extend([0x11, 0, 0, 1 << 31, 0, 0, 0x40, 0, LITERAL, 0x1_0410, FAILURE]);
            check(&set(&few, fold));
        }
    }

    #[test]
    fn locale_is_dynamic() {
        let mut locale = Locale::c();
        locale.lower[0xC4] = 0xE4;
        locale.upper[0xE4] = 0xC4;
        let test = CharTest::Literal { ch: 0xC4, fold: Fold::Locale, negated: false };
        assert!(test.is_dynamic());
        assert!(test.eval(0xE4, &locale) && !test.eval(0xE4, &C_LOCALE));
        let range = [op::RANGE, 0xC0, 0xC8, op::FAILURE];
        assert!(set(&range, Fold::Locale).eval(0xE4, &locale));
        assert!(!set(&range, Fold::Locale).eval(0xE5, &locale));
        let not_k = [op::NEGATE, op::LITERAL, 'k' as u32, op::FAILURE];
        assert!(!set(&not_k, Fold::Locale).eval('K' as u32, &locale));
        assert!(set(&[op::CATEGORY, category::LOC_WORD, op::FAILURE], Fold::None).is_dynamic());
    }

    #[test]
    fn iterating() {
        let mut set = ByteSet::EMPTY;
        for byte in [0, 63, 64, 127, 200, 255] {
            set.insert(byte);
        }
        assert_eq!(set.iter().collect::<Vec<_>>(), [0, 63, 64, 127, 200, 255]);
        assert_eq!(set.len(), 6);
    }
}
