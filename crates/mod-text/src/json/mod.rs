//! `_json`: what `json` does in C. Reading is in `decode`, writing in `encode`.

mod decode;
mod encode;

use crate::common::{arg, bind, signature};
use adder_text::json;
use adder_vm::builtins::{scratch, str_};
use adder_vm::err::{R, Raised};
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::thread::Th;
use adder_vm::value::*;

pub static MODULE: NativeModule = NativeModule {
    name: "_json",
    doc: "json speedups\n",
    functions: &[
        function(
            "encode_basestring_ascii",
            "!($module, object, /)",
            "encode_basestring_ascii(string) -> string\n\nReturn an ASCII-only JSON representation of a Python string",
            |th, a| {
                let s = text_arg(th, arg(a, 0))?;
                scratch::with(|out| {
                    json::encode_ascii(s.bytes(), out);
                    th.str_counted(out, out.len(), true)
                })
            },
        ),
        function(
            "encode_basestring",
            "!($module, object, /)",
            "encode_basestring(string) -> string\n\nReturn a JSON representation of a Python string",
            |th, a| {
                let s = text_arg(th, arg(a, 0))?;
                scratch::with(|out| {
                    json::encode(s.bytes(), out);
                    th.try_str(out)
                })
            },
        ),
        raw_function(
            "scanstring",
            "!($module, *args)",
            "scanstring(string, end, strict=True) -> (string, end)\n\nScan the string s for a JSON string. End is the index of the\ncharacter in s after the quote that started the JSON string.\nUnescapes all valid JSON string escape sequences and raises ValueError\non attempt to decode an invalid string. If strict is False then literal\ncontrol characters are allowed in the string.\n\nReturns a tuple of the decoded string and the index of the character in s\nafter the end quote.",
            scanstring,
        ),
    ],
    types: &[],
    init: Some(|th, m| {
        m.put(th, "make_scanner", th.make_type(&decode::SCANNER).value())?;
        m.put(th, "make_encoder", th.make_type(&encode::ENCODER).value())
    }),
};

fn text_arg(th: Th, v: Value) -> R<Gc<Str>> {
    match v.cast::<Str>() {
        Some(s) => Ok(s),
        None => Err(th.type_error(format!("first argument must be a string, not {}", th.type_name_of(v)))),
    }
}

/// Raises JSONDecodeError; `at` is a byte offset.
#[cold]
fn error(th: Th, msg: &str, s: Gc<Str>, at: usize) -> Raised {
    let make = || -> R<Value> {
        let m = adder_vm::import::import_module(th, "json.decoder")?;
        let t = th.getattr(m, th.intern("JSONDecodeError"))?;
        th.call(t, &[th.str(msg), s.value(), Value::fix(str_::index_of(th, s, at) as i64)])
    };
    match make() {
        Ok(e) => th.raise(e),
        Err(e) => e,
    }
}

static SCANSTRING: NativeDef = signature("scanstring", "(s, end, strict=True, /)");
fn scanstring(th: Th, a: RawArgs) -> R<Value> {
    if a.len() < 2 || a.len() > 3 {
        let (how, n) = if a.len() < 2 { ("least", 2) } else { ("most", 3) };
        return Err(th.type_error(format!("scanstring() takes at {how} {n} arguments ({} given)", a.len())));
    }
    let [s, end, strict] = bind::<3>(th, &SCANSTRING, a)?;
    let end = th.index_i64(end.unwrap())?;
    let strict = strict.map_or(Ok(true), |v| th.truth(v))?;
    let s = text_arg(th, s.unwrap())?;
    if end < 0 || end as usize > s.len() {
        return Err(th.value_error("end is out of bounds"));
    }
    let start = str_::offset(th, s, end as usize);
    scratch::with(|out| match json::scan_string(s.bytes(), start, strict, out) {
        Err(e) => Err(error(th, e.message, s, e.offset)),
        Ok(r) => {
            let text = if r.verbatim { th.substr(s, start..r.end - 1)? } else { th.try_str(out)? };
            th.try_tuple(&[text, Value::fix(str_::index_of(th, s, r.end) as i64)])
        }
    })
}
