//! Throughput of the kernels, in GB/s of input: `cargo run --profile quick -p adder-text --example text_bench`.

use adder_text::codecs::handlers::{Handler, Standard};
use adder_text::codecs::wide::{Order, Utf16Decoder, Utf16Encoder};
use adder_text::codecs::{decode, encode, single, utf8};
use adder_text::search::{self, Bytes, Str};
use adder_text::unicode::database::Ucd;
use adder_text::unicode::normalize::{Form, normalize};
use adder_text::{case, json, repr, split, wtf8};
use std::hint::black_box;
use std::time::Instant;

fn bench(name: &str, bytes: usize, mut f: impl FnMut(&mut Vec<u8>)) {
    let mut out = Vec::with_capacity(bytes * 4);
    let mut best = f64::MAX;
    for _ in 0..7 {
        out.clear();
        let t = Instant::now();
        f(black_box(&mut out));
        black_box(&out);
        best = best.min(t.elapsed().as_secs_f64());
    }
    println!("{name:32} {:8.2} GB/s", bytes as f64 / best / 1e9);
}

fn main() {
    let texts = [
        ("ascii", "The quick brown fox jumps over the lazy dog.\tAnd then some more words, 12345 of them.\n"),
        (
            "latin",
            "Füchse jagen schnell über träge Hunde, daß es kracht und scheppert; und ähnliches mehr.\n",
        ),
        ("cjk", "敏捷的棕色狐狸跳过了懒狗。然后还有更多的词语，共有一万二千三百四十五个。\n"),
    ];
    for (name, line) in texts {
        let text = line.repeat((4 << 20) / line.len());
        let s = text.as_bytes();
        let n = s.len();
        let ascii = s.is_ascii();
        println!("--- {name}");
        bench("memcpy", n, |o| o.extend_from_slice(s));
        bench("measure", n, |_| _ = black_box(wtf8::measure(s)));
        bench("utf-8 decode", n, |o| _ = decode(&mut utf8::Utf8, s, true, &mut Standard(Handler::Strict), o));
        bench("utf-8 encode", n, |o| _ = encode(&mut utf8::Utf8, s, &mut Standard(Handler::Strict), o));
        bench("latin-1 decode", n, |o| single::latin1_decode(s, o));
        bench("utf-16 encode", n, |o| {
            _ = encode(&mut Utf16Encoder(Order::Little), s, &mut Standard(Handler::Strict), o)
        });
        let mut wide = Vec::new();
        _ = encode(&mut Utf16Encoder(Order::Little), s, &mut Standard(Handler::Strict), &mut wide);
        bench("utf-16 decode", wide.len(), |o| {
            _ = decode(&mut Utf16Decoder::new(Order::Little), &wide, true, &mut Standard(Handler::Strict), o)
        });
        let chars = wtf8::count(s);
        bench("offset of the middle", n / 2, |_| _ = black_box(wtf8::offset(s, chars, chars / 2)));
        bench("breadcrumbs", n, |_| _ = black_box(wtf8::Breadcrumbs::new(s)));
        bench("reverse", n, |o| wtf8::reverse(s, o));
        bench("lower", n, |o| case::lower(s, ascii, o));
        bench("upper", n, |o| case::upper(s, ascii, o));
        bench("title", n, |o| case::title(s, ascii, o));
        bench("casefold", n, |o| case::casefold(s, ascii, o));
        bench("repr", n, |o| repr::str_repr(s, o));
        bench("bytes repr", n, |o| repr::bytes_repr(s, o));
        bench("json", n, |o| json::encode(s, o));
        bench("json ascii", n, |o| json::encode_ascii(s, o));
        let mut quoted = Vec::new();
        json::encode(s, &mut quoted);
        bench("json scan", n, |o| _ = json::scan_string(&quoted, 1, true, o));
        let mut k = 0;
        bench("split()", n, |_| split::split_space::<Str>(s, usize::MAX, |r| k += r.len()));
        bench("bytes.split()", n, |_| split::split_space::<Bytes>(s, usize::MAX, |r| k += r.len()));
        bench("split(',')", n, |_| split::split(s, b",", usize::MAX, |r| k += r.len()));
        bench("splitlines", n, |_| split::split_lines::<Str>(s, false, |r| k += r.len()));
        black_box(k);
        bench("count('e')", n, |_| _ = black_box(search::count::<Str>(s, b"e")));
        bench("find missing", n, |_| _ = black_box(search::find(s, b"missing needle")));
        bench("replace e->E", n, |o| _ = search::replace::<Str>(s, b"e", b"E", usize::MAX, o));
        bench("replace the->one", n, |o| _ = search::replace::<Str>(s, b"the", b"one", usize::MAX, o));
        bench("isalpha-like", n, |_| _ = black_box(case::is_printable(s)));
        bench("NFC", n, |o| _ = normalize(s, Form::Nfc, Ucd::Current, o));
        bench("NFD", n, |o| _ = normalize(s, Form::Nfd, Ucd::Current, o));
    }
}
