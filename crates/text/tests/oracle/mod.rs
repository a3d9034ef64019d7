//! The operations of this crate by name, for comparison with a reference Python: `tools/check.py` asks them through the
//! example `text_oracle`, and `replay.rs` repeats a selection of what it asked.

use adder_text::codecs::charmap::{DecodeTable, EncodeTable};
use adder_text::codecs::cjk::{Codec, MultibyteDecoder, MultibyteEncoder};
use adder_text::codecs::handlers::{Failure, Handler, Standard};
use adder_text::codecs::wide::{Order, Utf16Decoder, Utf16Encoder, Utf32Decoder, Utf32Encoder};
use adder_text::codecs::{self, Decoder, Encoder, single, utf7, utf8};
use adder_text::search::{self, Bytes, Str};
use adder_text::unicode::database::{self as db, Ucd};
use adder_text::unicode::normalize::{Form, is_normalized, normalize};
use adder_text::unicode::{self, Case, names};
use adder_text::{case, digits, escape, json, repr, split, wtf8};
use std::io::Write;
use std::ops::Range;

fn number(b: &[u8]) -> i64 {
    std::str::from_utf8(b).unwrap().parse().unwrap()
}

fn limit(b: &[u8]) -> usize {
    usize::try_from(number(b)).unwrap_or(usize::MAX)
}

fn ucd(b: &[u8]) -> Ucd {
    if b == b"old" { Ucd::Old } else { Ucd::Current }
}

fn all_code_points(mut f: impl FnMut(u32, &mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    for cp in 0..0x110000 {
        f(cp, &mut out);
        out.push(0xFF);
    }
    out
}

fn decoder(name: &[u8]) -> Box<dyn Decoder> {
    match name {
        b"utf-8" => Box::new(utf8::Utf8),
        b"ascii" => Box::new(single::Ascii),
        b"latin-1" => Box::new(single::Latin1),
        b"utf-16" => Box::new(Utf16Decoder::new(Order::Native)),
        b"utf-16-le" => Box::new(Utf16Decoder::new(Order::Little)),
        b"utf-16-be" => Box::new(Utf16Decoder::new(Order::Big)),
        b"utf-32" => Box::new(Utf32Decoder::new(Order::Native)),
        b"utf-32-le" => Box::new(Utf32Decoder::new(Order::Little)),
        b"utf-32-be" => Box::new(Utf32Decoder::new(Order::Big)),
        b"utf-7" => Box::<utf7::Utf7Decoder>::default(),
        b"unicode_escape" => Box::new(escape::UnicodeEscape::default()),
        b"raw_unicode_escape" => Box::new(escape::RawUnicodeEscape),
        _ => match Codec::from_name(name) {
            Some(c) => Box::new(MultibyteDecoder::new(c)),
            None => panic!("no decoder {}", String::from_utf8_lossy(name)),
        },
    }
}

fn encoder(name: &[u8]) -> Box<dyn Encoder> {
    match name {
        b"utf-8" => Box::new(utf8::Utf8),
        b"ascii" => Box::new(single::Ascii),
        b"latin-1" => Box::new(single::Latin1),
        b"utf-16" => Box::new(Utf16Encoder(Order::Native)),
        b"utf-16-le" => Box::new(Utf16Encoder(Order::Little)),
        b"utf-16-be" => Box::new(Utf16Encoder(Order::Big)),
        b"utf-32" => Box::new(Utf32Encoder(Order::Native)),
        b"utf-32-le" => Box::new(Utf32Encoder(Order::Little)),
        b"utf-32-be" => Box::new(Utf32Encoder(Order::Big)),
        _ => match Codec::from_name(name) {
            Some(c) => Box::new(MultibyteEncoder::new(c, true)),
            None => panic!("no encoder {}", String::from_utf8_lossy(name)),
        },
    }
}

fn failure(e: Failure) -> Vec<u8> {
    format!("E{}\n{}\n{}\n{}", e.encoding, e.start, e.end, e.reason).into_bytes()
}

fn handler(b: &[u8]) -> Standard {
    Standard(Handler::from_name(b).unwrap())
}

fn pieces(s: &[u8], f: impl FnOnce(&mut dyn FnMut(Range<usize>))) -> Vec<u8> {
    let mut out = Vec::new();
    f(&mut |r| {
        out.extend_from_slice(&(s[r.clone()].len() as u32).to_le_bytes());
        out.extend_from_slice(&s[r]);
    });
    out
}

fn decoded(d: &mut dyn Decoder, a: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    match codecs::decode(d, &a[1], a[4] == b"1", &mut handler(&a[3]), &mut out) {
        Ok(n) => {
            assert!(wtf8::is_valid(&out));
            let mut r = format!("+{n}\n").into_bytes();
            r.extend_from_slice(&out);
            r
        }
        Err(e) => failure(e),
    }
}

fn encoded(c: &mut dyn Encoder, a: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    match codecs::encode(c, &a[1], &mut handler(&a[3]), &mut out) {
        Ok(()) => {
            out.insert(0, b'+');
            out
        }
        Err(e) => failure(e),
    }
}

/// The answer to a request.
pub fn answer(a: &[Vec<u8>]) -> Vec<u8> {
    let op = std::str::from_utf8(&a[0]).unwrap();
    let mut out = Vec::new();
    let s = a.get(1).map_or(&[][..], |v| v);
    let ascii = s.is_ascii();
    match op {
        "flags" => {
            for cp in 0..0x110000 {
                let f = [
                    unicode::is_alpha(cp),
                    unicode::is_decimal(cp),
                    unicode::is_digit(cp),
                    unicode::is_numeric(cp),
                    unicode::is_lower(cp),
                    unicode::is_upper(cp),
                    unicode::is_space(cp),
                    unicode::is_printable(cp),
                    unicode::is_xid_start(cp) || cp == 0x5F,
                    unicode::is_xid_continue(cp),
                    unicode::is_alnum(cp),
                    unicode::is_cased(cp),
                ];
                let bits = f.iter().enumerate().fold(0u32, |n, (i, &b)| n | (b as u32) << i);
                out.extend_from_slice(&bits.to_le_bytes());
            }
        }
        "simple" => {
            for cp in 0..0x110000 {
                for x in [unicode::simple_lower(cp), unicode::simple_upper(cp), unicode::simple_title(cp)] {
                    out.extend_from_slice(&x.to_le_bytes());
                }
            }
        }
        "full" => {
            return all_code_points(|cp, out| {
                for k in [Case::Lower, Case::Upper, Case::Title, Case::Fold] {
                    let (m, n) = unicode::full_case(cp, k);
                    m[..n].iter().for_each(|&c| wtf8::push(out, c));
                    out.push(0xFE);
                }
            });
        }
        "database" => {
            let v = ucd(s);
            return all_code_points(|cp, out| {
                let show = |v: Option<f64>| v.map_or("None".into(), |x| format!("{x:?}"));
                let _ = write!(
                    out,
                    "{} {} {} {} {} {} {} {} {}|{}|",
                    db::category(cp, v),
                    db::bidirectional(cp, v),
                    db::combining(cp, v),
                    db::east_asian_width(cp, v),
                    db::mirrored(cp, v) as u8,
                    show(db::decimal(cp, v).map(f64::from)),
                    show(db::digit(cp, v).map(f64::from)),
                    show(db::numeric(cp, v).filter(|&x| x < 1e15)),
                    db::decomposition(cp, v),
                    names::name(cp, v).unwrap_or_default()
                );
            });
        }
        "lookup" => {
            if let Some(cps) = names::lookup(s, ucd(&a[2]), true) {
                out = wtf8::from_code_points(cps);
                out.push(0xFF);
            }
        }
        "normalize" => {
            let form = Form::from_name(&a[2]).unwrap();
            if !normalize(s, form, ucd(&a[3]), &mut out) {
                out.extend_from_slice(s);
            }
            assert_eq!(is_normalized(s, form, ucd(&a[3])), out == s);
        }
        "normalize_all" => {
            let form = Form::from_name(&a[2]).unwrap();
            return all_code_points(|cp, out| {
                let s = wtf8::from_code_points([cp]);
                if !normalize(&s, form, ucd(&a[3]), out) {
                    out.extend_from_slice(&s);
                }
            });
        }
        "lower" => case::lower(s, ascii, &mut out),
        "upper" => case::upper(s, ascii, &mut out),
        "title" => case::title(s, ascii, &mut out),
        "capitalize" => case::capitalize(s, ascii, &mut out),
        "swapcase" => case::swapcase(s, ascii, &mut out),
        "casefold" => case::casefold(s, ascii, &mut out),
        "blower" => case::ascii_lower(s, &mut out),
        "bupper" => case::ascii_upper(s, &mut out),
        "btitle" => case::ascii_title(s, &mut out),
        "bcapitalize" => case::ascii_capitalize(s, &mut out),
        "bswapcase" => case::ascii_swapcase(s, &mut out),
        "islower" => out.push(case::is_lower(s) as u8),
        "isupper" => out.push(case::is_upper(s) as u8),
        "istitle" => out.push(case::is_title(s) as u8),
        "isidentifier" => out.push(case::is_identifier(s) as u8),
        "isprintable" => out.push(case::is_printable(s) as u8),
        "bislower" => out.push(case::is_lower_bytes(s) as u8),
        "bisupper" => out.push(case::is_upper_bytes(s) as u8),
        "bistitle" => out.push(case::is_title_bytes(s) as u8),
        "repr" => repr::str_repr(s, &mut out),
        "ascii" => repr::str_ascii(s, &mut out),
        "brepr" => repr::bytes_repr(s, &mut out),
        "unicode_escape" => escape::unicode_escape(s, &mut out),
        "raw_unicode_escape" => escape::raw_unicode_escape(s, &mut out),
        "escape_decode" => match escape::bytes_unescape(s, &a[2], &mut out) {
            Ok(_) => out.insert(0, b'+'),
            Err(e) => return format!("-{e:?}").into_bytes(),
        },
        "split" => return pieces(s, |f| split::split(s, &a[2], limit(&a[3]), f)),
        "rsplit" => return pieces(s, |f| split::rsplit(s, &a[2], limit(&a[3]), f)),
        "split_space" => return pieces(s, |f| split::split_space::<Str>(s, limit(&a[2]), f)),
        "rsplit_space" => return pieces(s, |f| split::rsplit_space::<Str>(s, limit(&a[2]), f)),
        "bsplit_space" => return pieces(s, |f| split::split_space::<Bytes>(s, limit(&a[2]), f)),
        "brsplit_space" => return pieces(s, |f| split::rsplit_space::<Bytes>(s, limit(&a[2]), f)),
        "splitlines" => return pieces(s, |f| split::split_lines::<Str>(s, a[2] == b"1", f)),
        "bsplitlines" => return pieces(s, |f| split::split_lines::<Bytes>(s, a[2] == b"1", f)),
        "strip" => out.extend_from_slice(&s[split::strip_space::<Str>(s, a[2] == b"1", a[3] == b"1")]),
        "bstrip" => out.extend_from_slice(&s[split::strip_space::<Bytes>(s, a[2] == b"1", a[3] == b"1")]),
        "strip_chars" => {
            out.extend_from_slice(&s[split::strip_chars::<Str>(s, &a[4], a[2] == b"1", a[3] == b"1")])
        }
        "bstrip_chars" => {
            out.extend_from_slice(&s[split::strip_chars::<Bytes>(s, &a[4], a[2] == b"1", a[3] == b"1")])
        }
        "expandtabs" => split::expand_tabs::<Str>(s, limit(&a[2]), &mut out),
        "bexpandtabs" => split::expand_tabs::<Bytes>(s, limit(&a[2]), &mut out),
        "center" => {
            let (l, r) = split::center_pads(wtf8::count(s), limit(&a[2]));
            split::pad(s, l, r, 0x20AC, &mut out);
        }
        "zfill" => split::zfill(s, limit(&a[2]).saturating_sub(wtf8::count(s)), &mut out),
        "replace" | "breplace" => {
            let f = if op == "replace" { search::replace::<Str> } else { search::replace::<Bytes> };
            if f(s, &a[2], &a[3], limit(&a[4]), &mut out) == 0 {
                assert!(out.is_empty());
                out.extend_from_slice(s);
            }
        }
        "find" => {
            let find = search::find(s, &a[2]).map_or(-1, |i| wtf8::count(&s[..i]) as i64);
            let rfind = search::rfind(s, &a[2]).map_or(-1, |i| wtf8::count(&s[..i]) as i64);
            let _ = write!(out, "{find} {rfind} {}", search::count::<Str>(s, &a[2]));
        }
        "utf7_encode" => utf7::encode(s, &mut out),
        "json" => json::encode(s, &mut out),
        "json_ascii" => json::encode_ascii(s, &mut out),
        "json_scan" => {
            return match json::scan_string(s, 1, &a[2] == b"1", &mut out) {
                Ok(r) => {
                    let text = if r.verbatim { &s[1..r.end - 1] } else { &out };
                    let mut v = format!("+{}\n", wtf8::count(&s[..r.end])).into_bytes();
                    v.extend_from_slice(text);
                    v
                }
                Err(e) => format!("-{} {}", e.message, wtf8::count(&s[..e.offset])).into_bytes(),
            };
        }
        "encode_all" => {
            // Every code point of the first three planes on its own; nothing for those that do not encode.
            let mut one = Vec::new();
            for cp in 0..0x30000 {
                one.clear();
                let s = wtf8::from_code_points([cp]);
                if codecs::encode(&mut *encoder(&a[2]), &s, &mut handler(b"strict"), &mut one).is_ok() {
                    out.extend(one.iter().flat_map(|b| [b & 15, b >> 4]));
                }
                out.push(0xFF);
            }
        }
        "decode_all" => {
            // Every two bytes after a prefix.
            for x in 0..=255 {
                for y in 0..=255 {
                    let mut s = s.to_vec();
                    s.extend_from_slice(&[x, y]);
                    match codecs::decode(&mut *decoder(&a[2]), &s, true, &mut handler(b"strict"), &mut out) {
                        Ok(_) => out.push(0xFF),
                        Err(e) => {
                            out.extend_from_slice(&[0xFE, e.start as u8, e.end as u8, e.reason.as_bytes()[1]])
                        }
                    }
                }
            }
        }
        "fromhex" => match digits::from_hex_text(s, &mut out) {
            Ok(()) => out.insert(0, b'+'),
            Err(e) => return format!("-{e:?}").into_bytes(),
        },
        "bfromhex" => match digits::from_hex(s, &mut out) {
            Ok(()) => out.insert(0, b'+'),
            Err(e) => return format!("-{e:?}").into_bytes(),
        },
        "hex" => digits::to_hex_groups(s, b'-', number(&a[2]) as isize, &mut out),
        "decode_parts" => {
            // An incremental decoder: what is left of each part precedes the next; the state after each.
            let mut d = MultibyteDecoder::new(Codec::from_name(&a[2]).unwrap());
            let mut pending = Vec::new();
            let cut = limit(&a[3]);
            for (i, part) in [&s[..cut], &s[cut..]].into_iter().enumerate() {
                pending.extend_from_slice(part);
                match codecs::decode(&mut d, &pending, i == 1, &mut handler(b"replace"), &mut out) {
                    Ok(n) => pending.drain(..n),
                    Err(e) => return failure(e),
                };
                out.push(0xFF);
                out.extend_from_slice(&d.state.0);
                out.extend_from_slice(&pending);
                out.push(0xFF);
            }
        }
        "encode_parts" => {
            let mut c = MultibyteEncoder::new(Codec::from_name(&a[2]).unwrap(), false);
            let mut pending = Vec::new();
            let cut = limit(&a[3]);
            for (i, part) in [&s[..cut], &s[cut..]].into_iter().enumerate() {
                pending.extend_from_slice(part);
                c.is_final = i == 1;
                match codecs::encode(&mut c, &pending, &mut handler(b"replace"), &mut out) {
                    Ok(()) => pending.drain(..c.used),
                    Err(e) => return failure(e),
                };
                out.push(0xFF);
                out.extend_from_slice(&c.state.0);
                out.extend_from_slice(&pending);
                out.push(0xFF);
            }
        }
        "decode" => return decoded(&mut *decoder(&a[2]), a),
        "charmap_decode" => return decoded(&mut &DecodeTable::new(&a[2]), a),
        "encode" => return encoded(&mut *encoder(&a[2]), a),
        "charmap_encode" => return encoded(&mut &EncodeTable::new(&a[2]), a),
        _ => panic!("unknown operation {op}"),
    }
    out
}
