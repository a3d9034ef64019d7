//! Character sets of the multibyte codecs, expanded from their compact form on first use.
//!
//! A map has 65536 cells, one per code: two bytes (or one, below 0x100) in codecs such as GBK; row and cell of a
//! character set, with bit 15 for plane 2, in the EUC and ISO 2022 families. `tools/gen_cjk.py` describes the form.

use super::tables::*;
use std::ops::Range;
use std::sync::OnceLock;

/// Bit of a code in plane 2.
pub const PLANE2: u16 = 0x8000;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MapId {
    Gbk,
    Gb2312,
    Gb18030,
    Big5,
    Cp950,
    Big5Hkscs,
    Jis,
    ShiftJis,
    Cp932,
    Jisx0213,
    Jisx0213Of2000,
    Ksx1001,
    Cp949,
    Johab,
}

use MapId::*;

impl MapId {
    fn section(self) -> Range<usize> {
        match self {
            Gbk => GBK,
            Gb2312 => GB2312,
            Gb18030 => GB18030,
            Big5 => BIG5,
            Cp950 => CP950,
            Big5Hkscs => BIG5HKSCS,
            Jis => JIS,
            ShiftJis => SHIFT_JIS,
            Cp932 => CP932,
            Jisx0213 => JISX0213_2004,
            Jisx0213Of2000 => JISX0213_2000,
            Ksx1001 => KSX1001,
            Cp949 => CP949,
            Johab => JOHAB,
        }
    }

    fn exceptions(self) -> Range<usize> {
        match self {
            Gbk => GBK_ENC,
            Gb2312 => GB2312_ENC,
            Gb18030 => GB18030_ENC,
            Big5 => BIG5_ENC,
            Cp950 => CP950_ENC,
            Big5Hkscs => BIG5HKSCS_ENC,
            Jis => JIS_ENC,
            ShiftJis => SHIFT_JIS_ENC,
            Cp932 => CP932_ENC,
            Jisx0213 => JISX0213_2004_ENC,
            Jisx0213Of2000 => JISX0213_2000_ENC,
            Ksx1001 => KSX1001_ENC,
            Cp949 => CP949_ENC,
            Johab => JOHAB_ENC,
        }
    }

    /// The map this one is stored as a change of, and where its cells go.
    fn parent(self) -> Option<(MapId, fn(u16) -> Option<u16>)> {
        match self {
            Gb2312 | Gb18030 => Some((Gbk, Some)),
            Cp950 | Big5Hkscs => Some((Big5, Some)),
            ShiftJis => Some((Jis, |k| (k < PLANE2).then(|| shift_jis_code((k >> 8) as u32 - 0x21, k)))),
            Cp932 => Some((ShiftJis, Some)),
            Jisx0213 => Some((Jis, Some)),
            Jisx0213Of2000 => Some((Jisx0213, Some)),
            Cp949 => Some((Ksx1001, |k| Some(k | 0x8080))),
            Gbk | Big5 | Jis | Ksx1001 | Johab => None,
        }
    }
}

/// Shift JIS code of the cell `code & 0xFF` of the row with number `row` from 0 (above 93: plane 2, rearranged).
pub fn shift_jis_code(row: u32, code: u16) -> u16 {
    let lead = row / 2 + 0x81;
    let trail = (code & 0xFF) as u32 - 0x21 + row % 2 * 94 + 0x40;
    ((lead + if lead < 0xA0 { 0 } else { 0x40 }) << 8 | (trail + (trail >= 0x7F) as u32)) as u16
}

/// Inverse of [`shift_jis_code`]: row from 0 and cell from 0x21. The bytes must be in range.
pub fn shift_jis_cell(lead: u8, trail: u8) -> (u32, u16) {
    let lead = lead as u32 - if lead < 0xE0 { 0x81 } else { 0xC1 };
    let trail = trail as u32 - if trail < 0x80 { 0x40 } else { 0x41 };
    (lead * 2 + (trail >= 94) as u32, (trail % 94 + 0x21) as u16)
}

/// Reader of the compact form.
struct Reader {
    at: usize,
}

impl Reader {
    fn number(&mut self) -> usize {
        let mut value = 0;
        for shift in (0..).step_by(7) {
            let b = CJK[self.at];
            self.at += 1;
            value |= ((b & 127) as usize) << shift;
            if b < 128 {
                break;
            }
        }
        value
    }

    fn signed(&mut self) -> i32 {
        let n = self.number() as i32;
        (n >> 1) ^ -(n & 1)
    }
}

/// Cells by code. Values from 0xD800 to 0xDFFF number the specials.
pub struct Map {
    cells: Box<[u16]>,
    /// Characters outside the basic plane, and pairs; the second is 0 if there is one.
    specials: Vec<[u32; 2]>,
}

impl Map {
    fn load(id: MapId) -> Map {
        let mut map = Map { cells: vec![0; 65536].into_boxed_slice(), specials: Vec::new() };
        if let Some((parent, transform)) = id.parent() {
            let parent = decode_map(parent);
            map.specials = parent.specials.clone();
            for (k, &v) in parent.cells.iter().enumerate().filter(|c| *c.1 != 0) {
                if let Some(k) = transform(k as u16) {
                    map.cells[k as usize] = v;
                }
            }
        }
        let mut r = Reader { at: id.section().start };
        let (mut at, mut last) = (0, 0i32);
        for _ in 0..r.number() {
            at += r.number();
            let n = r.number();
            for i in 0..n >> 1 {
                last += if n & 1 == 0 || i == 0 { r.signed() } else { 1 };
                map.cells[at] = last as u16;
                at += 1;
            }
        }
        for _ in 0..r.number() {
            let n = r.number();
            let mut s = [0; 2];
            s[..n].iter_mut().for_each(|c| *c = r.number() as u32);
            map.specials.push(s);
        }
        debug_assert_eq!(r.at, id.section().end);
        map
    }

    /// The one or two characters of a code; `None` if it has none. The second is 0 if there is one.
    #[inline]
    pub fn get(&self, code: u16) -> Option<[u32; 2]> {
        match self.cells[code as usize] {
            0 => None,
            v @ 0xD800..=0xDFFF => Some(self.specials[(v - 0xD800) as usize]),
            v => Some([v as u32, 0]),
        }
    }
}

/// Codes by character, up to U+2FFFF.
pub struct EncodeMap {
    /// Page of each 64 code points.
    index: Vec<u16>,
    pages: Vec<[u16; 64]>,
    /// First character, second, code; sorted.
    pairs: Vec<(u32, u32, u16)>,
}

impl EncodeMap {
    fn load(id: MapId) -> EncodeMap {
        let map = decode_map(id);
        let mut enc = EncodeMap { index: vec![0; 0x30000 / 64], pages: vec![[0; 64]], pairs: Vec::new() };
        for code in 0..=0xFFFF {
            match map.get(code) {
                Some([cp, 0]) => {
                    let cell = enc.cell(cp);
                    if *cell == 0 {
                        *cell = code;
                    }
                }
                Some([first, second]) => enc.pairs.push((first, second, code)),
                None => {}
            }
        }
        enc.pairs.sort_unstable();
        if id == Jisx0213Of2000 {
            enc.apply(Jisx0213.exceptions());
        }
        enc.apply(id.exceptions());
        enc
    }

    fn cell(&mut self, cp: u32) -> &mut u16 {
        let page = &mut self.index[(cp >> 6) as usize];
        if *page == 0 {
            *page = self.pages.len() as u16;
            self.pages.push([0; 64]);
        }
        &mut self.pages[*page as usize][(cp & 63) as usize]
    }

    fn apply(&mut self, section: Range<usize>) {
        let mut r = Reader { at: section.start };
        let mut cp = 0;
        for _ in 0..r.number() {
            cp += r.number() as u32;
            let code = r.number() as u16;
            *self.cell(cp) = code;
        }
    }

    /// The code of a character.
    #[inline]
    pub fn get(&self, cp: u32) -> Option<u16> {
        let page = *self.index.get((cp >> 6) as usize)?;
        match self.pages[page as usize][(cp & 63) as usize] {
            0 => None,
            code => Some(code),
        }
    }

    /// Whether a pair with a code of its own begins with the character.
    #[inline]
    pub fn begins_pair(&self, cp: u32) -> bool {
        !self.pairs.is_empty() && {
            let i = self.pairs.partition_point(|p| p.0 < cp);
            self.pairs.get(i).is_some_and(|p| p.0 == cp)
        }
    }

    /// The code of a pair.
    pub fn pair(&self, first: u32, second: u32) -> Option<u16> {
        let i = self.pairs.binary_search_by_key(&(first, second), |p| (p.0, p.1)).ok()?;
        Some(self.pairs[i].2)
    }
}

/// The map for decoding.
pub fn decode_map(id: MapId) -> &'static Map {
    static MAPS: [OnceLock<Map>; 14] = [const { OnceLock::new() }; 14];
    MAPS[id as usize].get_or_init(|| Map::load(id))
}

/// The map for encoding.
pub fn encode_map(id: MapId) -> &'static EncodeMap {
    static MAPS: [OnceLock<EncodeMap>; 14] = [const { OnceLock::new() }; 14];
    MAPS[id as usize].get_or_init(|| EncodeMap::load(id))
}

/// Ranges of the four-byte codes of GB 18030 in the basic plane: first number, first code point, length.
pub fn gb18030_ranges() -> &'static [(u32, u32, u32)] {
    static RANGES: OnceLock<Vec<(u32, u32, u32)>> = OnceLock::new();
    RANGES.get_or_init(|| {
        let mut r = Reader { at: GB18030_RANGES.start };
        let (mut at, mut last) = (0u32, 0u32);
        (0..r.number())
            .map(|_| {
                let first = at + r.number() as u32;
                let cp = last.wrapping_add_signed(r.signed());
                let n = r.number() as u32;
                (at, last) = (first + n, cp + n);
                (first, cp, n)
            })
            .collect()
    })
}
