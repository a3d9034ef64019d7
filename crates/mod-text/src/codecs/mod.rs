//! `_codecs`: the registry's functions, and encoders and decoders of all codecs that are native.
//!
//! The registry itself and the way from kernels to error handlers are in the VM (`builtins::codecs`,
//! `builtins::codecs_registry`), for `str.encode` needs them.

mod charmap;

use crate::common::{arg, bad_argument};
use adder_text::codecs::Decoder;
use adder_text::codecs::single::{Ascii, Latin1};
use adder_text::codecs::utf7::{self, Utf7Decoder};
use adder_text::codecs::utf8::Utf8;
use adder_text::codecs::wide::{Order, Utf16Decoder, Utf16Encoder, Utf32Decoder, Utf32Encoder};
use adder_text::escape::{self, BytesEscapeError, InvalidEscape, RawUnicodeEscape, UnicodeEscape};
use adder_vm::builtins::buffer::Buffer;
use adder_vm::builtins::codecs::{Errors, Native, encode_native, run_decoder, run_encoder, still_bytes};
use adder_vm::builtins::exceptions as exc;
use adder_vm::builtins::{bytes, codecs_registry as registry, scratch};
use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::thread::Th;
use adder_vm::value::*;

type Args<'a> = &'a [Option<Value>];

/// A function between text and bytes.
macro_rules! codec {
    ($name:literal enc $f:expr) => {
        function($name, "($module, str, errors=None, /)", "", |th, a| $f(th, a, $name))
    };
    ($name:literal dec $sig:literal $f:expr) => {
        function($name, $sig, "", |th, a| $f(th, a, $name))
    };
}
const STATELESS: &str = "($module, data, errors=None, /)";

pub static MODULE: NativeModule = NativeModule {
    name: "_codecs",
    doc: "",
    functions: &[
        function(
            "register",
            "($module, search_function, /)",
            "Register a codec search function.\n\nSearch functions are expected to take one argument, the encoding\nname in all lower case letters, and either return None, or a tuple\nof functions (encoder, decoder, stream_reader, stream_writer) (or\na CodecInfo object).",
            |th, a| {
                registry::register(th, arg(a, 0))?;
                Ok(NONE())
            },
        ),
        function(
            "unregister",
            "($module, search_function, /)",
            "Unregister a codec search function and clear the registry's cache.\n\nIf the search function is not registered, do nothing.",
            |th, a| {
                registry::unregister(th, arg(a, 0))?;
                Ok(NONE())
            },
        ),
        function(
            "lookup",
            "($module, encoding, /)",
            "Looks up a codec tuple in the Python codec registry and returns a CodecInfo object.",
            |th, a| registry::lookup(th, name_arg(th, "lookup", "", arg(a, 0))?),
        ),
        function(
            "register_error",
            "($module, errors, handler, /)",
            "Register the specified error handler under the name errors.\n\nhandler must be a callable object, that will be called with an exception\ninstance containing information about the location of the\nencoding/decoding error and must return a (replacement, new position)\ntuple.",
            |th, a| {
                let name = name_arg(th, "register_error", "1 ", arg(a, 0))?;
                registry::register_error(th, name, arg(a, 1))?;
                Ok(NONE())
            },
        ),
        function(
            "_unregister_error",
            "($module, errors, /)",
            "Un-register the specified error handler for the error handling `errors'.\n\nOnly custom error handlers can be un-registered. An exception is raised\nif the error handling is a built-in one (e.g., 'strict'), or if an error\noccurs.\n\nOtherwise, this returns True if a custom handler has been successfully\nun-registered, and False if no custom handler for the specified error\nhandling exists.",
            |th, a| {
                let name = name_arg(th, "_unregister_error", "", arg(a, 0))?;
                registry::unregister_error(th, name).map(Value::bool)
            },
        ),
        function(
            "lookup_error",
            "($module, name, /)",
            "lookup_error(errors) -> handler\n\nReturn the error handler for the specified error handling name or raise\na LookupError, if no handler exists under this name.",
            |th, a| registry::lookup_error(th, name_arg(th, "lookup_error", "", arg(a, 0))?),
        ),
        function(
            "encode",
            "($module, /, obj, encoding='utf-8', errors='strict')",
            "Encodes obj using the codec registered for encoding.\n\nThe default encoding is 'utf-8'.  errors may be given to set a\ndifferent error handling scheme.  Default is 'strict' meaning that\nencoding errors raise a ValueError.  Other possible values are 'ignore',\n'replace' and 'backslashreplace' as well as any other name registered\nwith codecs.register_error that can handle ValueErrors.",
            |th, a| {
                let (name, errors) = named(th, "encode", a)?;
                registry::encode(th, arg(a, 0), name, errors)
            },
        ),
        function(
            "decode",
            "($module, /, obj, encoding='utf-8', errors='strict')",
            "Decodes obj using the codec registered for encoding.\n\nDefault encoding is 'utf-8'.  errors may be given to set a\ndifferent error handling scheme.  Default is 'strict' meaning that\nencoding errors raise a ValueError.  Other possible values are 'ignore',\n'replace' and 'backslashreplace' as well as any other name registered\nwith codecs.register_error that can handle ValueErrors.",
            |th, a| {
                let (name, errors) = named(th, "decode", a)?;
                registry::decode(th, arg(a, 0), name, errors)
            },
        ),
        function("escape_decode", STATELESS, "", escape_decode),
        function("escape_encode", STATELESS, "", escape_encode),
        codec!("utf_8_encode" enc |th, a, n| encode(th, a, n, Native::Utf8)),
        codec!("ascii_encode" enc |th, a, n| encode(th, a, n, Native::Ascii)),
        codec!("latin_1_encode" enc |th, a, n| encode(th, a, n, Native::Latin1)),
        codec!("utf_16_le_encode" enc |th, a, n| encode(th, a, n, Native::Utf16(Order::Little))),
        codec!("utf_16_be_encode" enc |th, a, n| encode(th, a, n, Native::Utf16(Order::Big))),
        codec!("utf_32_le_encode" enc |th, a, n| encode(th, a, n, Native::Utf32(Order::Little))),
        codec!("utf_32_be_encode" enc |th, a, n| encode(th, a, n, Native::Utf32(Order::Big))),
        function("utf_16_encode", "($module, str, errors=None, byteorder=0, /)", "", |th, a| {
            encode_wide(th, a, "utf_16_encode")
        }),
        function("utf_32_encode", "($module, str, errors=None, byteorder=0, /)", "", |th, a| {
            encode_wide(th, a, "utf_32_encode")
        }),
        codec!("utf_7_encode" enc |th, a, n| encode_all(th, a, n, utf7::encode)),
        codec!("unicode_escape_encode" enc |th, a, n| encode_all(th, a, n, escape::unicode_escape)),
        codec!("raw_unicode_escape_encode" enc |th, a, n| encode_all(th, a, n, escape::raw_unicode_escape)),
        codec!("utf_8_decode" dec "($module, data, errors=None, final=False, /)" utf_8_decode),
        codec!("utf_7_decode" dec "($module, data, errors=None, final=False, /)" |th, a, n| decode(th, a, n, false, &mut Utf7Decoder::default())),
        codec!("utf_16_decode" dec "($module, data, errors=None, final=False, /)" |th, a, n| decode(th, a, n, false, &mut Utf16Decoder::new(Order::Native))),
        codec!("utf_16_le_decode" dec "($module, data, errors=None, final=False, /)" |th, a, n| decode(th, a, n, false, &mut Utf16Decoder::new(Order::Little))),
        codec!("utf_16_be_decode" dec "($module, data, errors=None, final=False, /)" |th, a, n| decode(th, a, n, false, &mut Utf16Decoder::new(Order::Big))),
        codec!("utf_32_decode" dec "($module, data, errors=None, final=False, /)" |th, a, n| decode(th, a, n, false, &mut Utf32Decoder::new(Order::Native))),
        codec!("utf_32_le_decode" dec "($module, data, errors=None, final=False, /)" |th, a, n| decode(th, a, n, false, &mut Utf32Decoder::new(Order::Little))),
        codec!("utf_32_be_decode" dec "($module, data, errors=None, final=False, /)" |th, a, n| decode(th, a, n, false, &mut Utf32Decoder::new(Order::Big))),
        codec!("utf_16_ex_decode" dec "($module, data, errors=None, byteorder=0, final=False,\n                 /)" utf_16_ex_decode),
        codec!("utf_32_ex_decode" dec "($module, data, errors=None, byteorder=0, final=False,\n                 /)" utf_32_ex_decode),
        codec!("ascii_decode" dec "($module, data, errors=None, /)" |th, a, n| decode(th, a, n, true, &mut Ascii)),
        codec!("latin_1_decode" dec "($module, data, errors=None, /)" |th, a, n| decode(th, a, n, true, &mut Latin1)),
        codec!("unicode_escape_decode" dec "($module, data, errors=None, final=True, /)" unicode_escape_decode),
        codec!("raw_unicode_escape_decode" dec "($module, data, errors=None, final=True, /)" |th, a, n| {
            let data = text_or_buffer(th, arg(a, 0))?;
            decode_data(th, &data, errors_arg(th, n, a[1])?, final_arg(th, a[2], true)?, &mut RawUnicodeEscape)
        }),
        function("charmap_build", "($module, map, /)", "", charmap::build),
        function("charmap_encode", "($module, str, errors=None, mapping=None, /)", "", charmap::encode),
        function("charmap_decode", "($module, data, errors=None, mapping=None, /)", "", charmap::decode),
        function("readbuffer_encode", STATELESS, "", |th, a| {
            errors_arg(th, "readbuffer_encode", a[1])?;
            let data = text_or_buffer(th, arg(a, 0))?;
            let n = data.bytes().len();
            let b = bytes::new(th, data.bytes())?.value();
            th.try_tuple(&[b, Value::fix(n as i64)])
        }),
    ],
    types: &[],
    init: Some(|th, _| {
        th.make_type(&charmap::ENCODING_MAP);
        Ok(())
    }),
};

// -- arguments

/// A str without null characters. `which`: `'x' ` or `2 ` or nothing.
fn name_arg(th: Th, func: &str, which: &str, v: Value) -> R<Value> {
    match v.cast::<Str>() {
        None => {
            let got = if v.is_none() { "None".into() } else { th.type_name_of(v) };
            Err(th.type_error(format!("{func}() argument {which}must be str, not {got}")))
        }
        Some(s) if s.bytes().contains(&0) => Err(th.value_error("embedded null character")),
        Some(_) => Ok(v),
    }
}
/// Encoding and errors of `encode` and `decode`.
fn named(th: Th, func: &str, a: Args) -> R<(Value, Option<Value>)> {
    let name = match a[1] {
        Some(e) => name_arg(th, func, "'encoding' ", e)?,
        None => th.intern("utf-8"),
    };
    let errors = a[2].map(|e| name_arg(th, func, "'errors' ", e)).transpose()?;
    Ok((name, errors))
}
/// The second argument of codec functions: a str or None.
fn errors_arg(th: Th, func: &str, v: Option<Value>) -> R<Errors> {
    let v = v.and_then(Value::some);
    if let Some(e) = v {
        match e.cast::<Str>() {
            None => return Err(bad_argument(th, func, "2", "str or None", e)),
            Some(s) if s.bytes().contains(&0) => return Err(th.value_error("embedded null character")),
            Some(_) => {}
        }
    }
    Ok(Errors::new(v))
}
fn final_arg(th: Th, v: Option<Value>, default: bool) -> R<bool> {
    v.map_or(Ok(default), |v| th.truth(v))
}
fn str_arg(th: Th, func: &str, v: Value) -> R<Gc<Str>> {
    match v.cast::<Str>() {
        Some(s) => Ok(s),
        None => Err(bad_argument(th, func, "1", "str", v)),
    }
}
/// A C `int`.
fn int_arg(th: Th, v: Option<Value>) -> R<i32> {
    v.map_or(Ok(0), |v| adder_vm::cint::int_arg(th, v))
}
fn order(n: i32) -> Order {
    match n {
        0 => Order::Native,
        n if n < 0 => Order::Little,
        _ => Order::Big,
    }
}

/// A str as UTF-8 or any buffer.
enum Data {
    Text(Gc<Str>),
    Buffer(Buffer),
}
impl Data {
    fn bytes(&self) -> &[u8] {
        match self {
            Data::Text(s) => s.bytes(),
            Data::Buffer(b) => b.bytes(),
        }
    }
}
fn text_or_buffer(th: Th, v: Value) -> R<Data> {
    match v.cast::<Str>() {
        Some(s) => {
            if adder_text::wtf8::find_surrogate(s.bytes()).is_some() {
                // Raises UnicodeEncodeError.
                encode_native(th, s, Native::Utf8, &Errors::new(None))?;
            }
            Ok(Data::Text(s))
        }
        None => Buffer::simple(th, v).map(Data::Buffer),
    }
}

// -- encoding

/// `(bytes, number of characters)`.
fn encoded(th: Th, b: Value, s: Gc<Str>) -> R<Value> {
    th.try_tuple(&[b, Value::fix(s.len() as i64)])
}
fn encode(th: Th, a: Args, func: &str, codec: Native) -> R<Value> {
    let s = str_arg(th, func, arg(a, 0))?;
    let b = encode_native(th, s, codec, &errors_arg(th, func, a[1])?)?;
    encoded(th, b, s)
}
fn encode_wide(th: Th, a: Args, func: &str) -> R<Value> {
    let s = str_arg(th, func, arg(a, 0))?;
    let errors = errors_arg(th, func, a[1])?;
    let order = order(int_arg(th, a[2])?);
    let b = scratch::with(|out| {
        if func == "utf_16_encode" {
            run_encoder(th, &mut Utf16Encoder(order), s, &errors, out)?;
        } else {
            run_encoder(th, &mut Utf32Encoder(order), s, &errors, out)?;
        }
        bytes::new(th, out)
    })?;
    encoded(th, b.value(), s)
}
/// A codec in which everything can be encoded.
fn encode_all(th: Th, a: Args, func: &str, f: fn(&[u8], &mut Vec<u8>)) -> R<Value> {
    let s = str_arg(th, func, arg(a, 0))?;
    errors_arg(th, func, a[1])?;
    let b = scratch::with(|out| {
        f(s.bytes(), out);
        bytes::new(th, out)
    })?;
    encoded(th, b.value(), s)
}
fn escape_encode(th: Th, a: Args) -> R<Value> {
    let v = arg(a, 0);
    let Some(b) = v.cast::<Bytes>() else { return Err(bad_argument(th, "escape_encode", "1", "bytes", v)) };
    errors_arg(th, "escape_encode", a[1])?;
    let r = scratch::with(|out| {
        adder_text::repr::bytes_escape(b.bytes(), b'\'', out);
        bytes::new(th, out)
    })?;
    th.try_tuple(&[r.value(), Value::fix(b.len as i64)])
}

// -- decoding

fn decode<D: Decoder>(th: Th, a: Args, func: &str, whole: bool, d: &mut D) -> R<Value> {
    let b = Buffer::simple(th, arg(a, 0))?;
    let errors = errors_arg(th, func, a[1])?;
    let is_final = whole || final_arg(th, a[2], false)?;
    let object = arg(a, 0);
    decode_bytes(th, b.bytes(), object.is_exact(Kind::Bytes).then_some(object), errors, is_final, d)
}
fn decode_data<D: Decoder>(th: Th, data: &Data, errors: Errors, is_final: bool, d: &mut D) -> R<Value> {
    let object = match data {
        Data::Text(_) => None,
        Data::Buffer(b) => b.object().is_exact(Kind::Bytes).then(|| b.object()),
    };
    decode_bytes(th, data.bytes(), object, errors, is_final, d)
}
fn decode_bytes<D: Decoder>(
    th: Th,
    b: &[u8],
    object: Option<Value>,
    errors: Errors,
    is_final: bool,
    d: &mut D,
) -> R<Value> {
    scratch::with(|out| {
        let used = run_decoder(th, d, b, object, is_final, &errors, out)?;
        th.try_tuple(&[th.try_str(out)?, Value::fix(used as i64)])
    })
}
fn utf_8_decode(th: Th, a: Args, func: &str) -> R<Value> {
    let held = Buffer::simple(th, arg(a, 0))?;
    let mut copy = Vec::new();
    let b = still_bytes(th, &held, &mut copy);
    let ascii = b.is_ascii();
    if !ascii && std::str::from_utf8(b).is_err() {
        return decode(th, a, func, false, &mut Utf8);
    }
    errors_arg(th, func, a[1])?;
    final_arg(th, a[2], false)?;
    let s = if ascii { th.str_counted(b, b.len(), true)? } else { th.try_str(b)? };
    th.try_tuple(&[s, Value::fix(b.len() as i64)])
}
/// A decoder that tells which byte order it found.
macro_rules! ex_decode {
    ($f:ident $d:ident) => {
        fn $f(th: Th, a: Args, func: &str) -> R<Value> {
            let b = Buffer::simple(th, arg(a, 0))?;
            let errors = errors_arg(th, func, a[1])?;
            let given = int_arg(th, a[2])?;
            let is_final = final_arg(th, a[3], false)?;
            let object = arg(a, 0);
            let object = object.is_exact(Kind::Bytes).then_some(object);
            let mut d = $d::new(order(given));
            scratch::with(|out| {
                let used = run_decoder(th, &mut d, b.bytes(), object, is_final, &errors, out)?;
                let found = if given == 0 { d.order as i64 } else { given as i64 };
                th.try_tuple(&[th.try_str(out)?, Value::fix(used as i64), Value::fix(found)])
            })
        }
    };
}
ex_decode!(utf_16_ex_decode Utf16Decoder);
ex_decode!(utf_32_ex_decode Utf32Decoder);

/// Warns of the first escape that is not one.
fn warn_invalid(th: Th, e: InvalidEscape, prefix: &str) -> R<()> {
    let text = if e.code > 255 {
        format!(
            "{prefix}\"\\{:o}\" is an invalid octal escape sequence. Such sequences will not work in the future. ",
            e.code
        )
    } else {
        format!(
            "{prefix}\"\\{}\" is an invalid escape sequence. Such sequences will not work in the future. ",
            char::from(e.code as u8)
        )
    };
    adder_vm::warn::warn(th, &exc::DEPRECATION_WARNING, &text, 1)
}
fn unicode_escape_decode(th: Th, a: Args, func: &str) -> R<Value> {
    let data = text_or_buffer(th, arg(a, 0))?;
    let errors = errors_arg(th, func, a[1])?;
    let is_final = final_arg(th, a[2], true)?;
    let mut d = UnicodeEscape::default();
    let r = decode_data(th, &data, errors, is_final, &mut d)?;
    if let Some(e) = d.invalid {
        warn_invalid(th, e, "")?;
    }
    Ok(r)
}
fn escape_decode(th: Th, a: Args) -> R<Value> {
    let data = text_or_buffer(th, arg(a, 0))?;
    let errors = a[1].and_then(Value::some);
    errors_arg(th, "escape_decode", errors)?;
    let errors = errors.map_or(String::new(), |e| th.text(e));
    scratch::with(|out| {
        let r = escape::bytes_unescape(data.bytes(), errors.as_bytes(), out);
        let invalid = r.map_err(|e| match e {
            BytesEscapeError::InvalidHex(at) => {
                th.value_error(format!("invalid \\x escape at position {at}"))
            }
            BytesEscapeError::Trailing => th.value_error("Trailing \\ in string"),
            BytesEscapeError::UnknownHandler => {
                th.value_error(format!("decoding error; unknown error handling code: {errors}"))
            }
        })?;
        if let Some(e) = invalid {
            warn_invalid(th, e, "b")?;
        }
        th.try_tuple(&[bytes::new(th, out)?.value(), Value::fix(data.bytes().len() as i64)])
    })
}
