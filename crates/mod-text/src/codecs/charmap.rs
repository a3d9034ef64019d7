//! Character maps: `charmap_build`, `charmap_encode`, `charmap_decode` and the type `EncodingMap`.
//!
//! A mapping that is not a string or an `EncodingMap` is Python code. When it raises, the exception is kept aside, the
//! codec is fed harmless answers until it comes to its end, and then the exception is raised: so no error handler sees
//! it.
//!
//! # Invariants
//! `EncodingMap::table` is a box that the object owns; it is set before anybody has the object, never changed, and
//! freed with it.

use super::{Args, encoded, errors_arg, str_arg};
use crate::common::arg;
use crate::native_layout;
use adder_text::codecs::charmap::{
    DecodeMapped, DecodeMapping, DecodeTable, EncodeMapped, EncodeMapping, EncodeTable,
};
use adder_text::wtf8;
use adder_vm::builtins::buffer::Buffer;
use adder_vm::builtins::codecs::{Native, encode_native, run_decoder, run_encoder};
use adder_vm::builtins::exceptions as exc;
use adder_vm::builtins::{bytes, int, object::new_instance, scratch};
use adder_vm::err::{R, Raised};
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::thread::Th;
use adder_vm::value::*;

native_layout! { EncodingMap { ; table: *const EncodeTable } }

static ENCODING_MAP_TYPE: NativeType = NativeType {
    name: "EncodingMap",
    kind: Kind::Native,
    size: EncodingMap::SIZE,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION,
    methods: &[method("size", "($self, /)", "Return the size (in bytes) of this object.", |_, a| {
        let m = EncodingMap::of(arg(a, 0));
        Ok(Value::fix(EncodingMap::SIZE as i64 + unsafe { (*m.table).heap_size() } as i64))
    })],
    trace: Some(EncodingMap::trace),
    drop: Some(|o| unsafe {
        let p = (*(o.as_ptr() as *const EncodingMap)).table;
        if !p.is_null() {
            drop(Box::from_raw(p as *mut EncodeTable));
        }
    }),
    ..NativeType::DEFAULT
};
pub static ENCODING_MAP: TypeCell = TypeCell::new(&ENCODING_MAP_TYPE);

/// `charmap_build(table)`: an `EncodingMap` if the table is an ordinary one, else a dict.
pub fn build(th: Th, a: Args) -> R<Value> {
    let v = arg(a, 0);
    let Some(s) = v.cast::<Str>() else {
        return Err(
            th.type_error(format!("charmap_build() argument must be str, not {}", th.arg_type_name(v)))
        );
    };
    let mut chars = wtf8::chars(s.bytes()).take(256).enumerate();
    let ordinary = s.len() > 0 && chars.all(|(i, c)| (c == 0) == (i == 0) && c <= 0xFFFF);
    if !ordinary {
        let d = Gc::<Dict>::new(th);
        for (i, c) in wtf8::chars(s.bytes()).take(256).enumerate() {
            d.set(th, Value::fix(c as i64), Value::fix(i as i64))?;
        }
        return Ok(d.value());
    }
    let o = new_instance(th, ENCODING_MAP.get())?;
    let table = Box::new(EncodeTable::new(s.bytes()));
    unsafe { (*EncodingMap::of(o).as_ptr()).table = Box::into_raw(table) };
    Ok(o)
}

/// What the mapping says of a number: None if it does not know.
fn ask(th: Th, mapping: Value, key: u32) -> R<Option<Value>> {
    let key = Value::fix(key as i64);
    let r = match mapping.exact::<Dict>() {
        Some(d) => return Ok(d.get(th, key)?.and_then(Value::some)),
        None => th.getitem(mapping, key),
    };
    Ok(th.catch(r, &exc::LOOKUP_ERROR)?.and_then(Value::some))
}

/// An exception that is waiting; on the native stack.
struct Kept(Option<Value>);
impl Kept {
    /// The answer, or `harmless` once something was raised.
    fn guard<T>(&mut self, th: Th, harmless: T, f: impl FnOnce() -> R<T>) -> T {
        if self.0.is_some() {
            return harmless;
        }
        f().unwrap_or_else(|Raised| {
            self.0 = Some(th.take_exc());
            harmless
        })
    }
    fn finish(&self, th: Th) -> R<()> {
        self.0.map_or(Ok(()), |e| Err(th.set_exc(e)))
    }
}

pub fn decode(th: Th, a: Args) -> R<Value> {
    let b = Buffer::simple(th, arg(a, 0))?;
    let errors = errors_arg(th, "charmap_decode", a[1])?;
    let object = arg(a, 0);
    let object = object.is_exact(Kind::Bytes).then_some(object);
    scratch::with(|out| {
        match a[2].and_then(Value::some) {
            None => adder_text::codecs::single::latin1_decode(b.bytes(), out),
            Some(m) if m.is_kind(Kind::Str) => {
                let table = DecodeTable::new(m.known::<Str>().bytes());
                run_decoder(th, &mut &table, b.bytes(), object, true, &errors, out)?;
            }
            Some(m) => {
                let mut kept = Kept(None);
                let mut d =
                    DecodeMapping(|byte| kept.guard(th, DecodeMapped::Char(0), || decode_one(th, m, byte)));
                let r = run_decoder(th, &mut d, b.bytes(), object, true, &errors, out);
                kept.finish(th)?;
                r?;
            }
        }
        th.try_tuple(&[th.try_str(out)?, Value::fix(b.len() as i64)])
    })
}
fn decode_one(th: Th, m: Value, byte: u8) -> R<DecodeMapped> {
    let Some(v) = ask(th, m, byte as u32)? else { return Ok(DecodeMapped::Undefined) };
    if int::is_int(v) {
        return match int::to_i64(v) {
            Some(0xFFFE) => Ok(DecodeMapped::Undefined),
            Some(c @ 0..=0x10FFFF) => Ok(DecodeMapped::Char(c as u32)),
            _ => Err(th.type_error("character mapping must be in range(0x110000)")),
        };
    }
    match v.cast::<Str>() {
        Some(s) if s.bytes() == "\u{FFFE}".as_bytes() => Ok(DecodeMapped::Undefined),
        Some(s) => Ok(DecodeMapped::Text(s.bytes().to_vec())),
        None => Err(th.type_error("character mapping must return integer, None or str")),
    }
}

pub fn encode(th: Th, a: Args) -> R<Value> {
    let s = str_arg(th, "charmap_encode", arg(a, 0))?;
    let errors = errors_arg(th, "charmap_encode", a[1])?;
    let Some(m) = a[2].and_then(Value::some) else {
        let b = encode_native(th, s, Native::Latin1, &errors)?;
        return encoded(th, b, s);
    };
    let b = scratch::with(|out| {
        if th.type_of(m) == ENCODING_MAP.get() {
            let table = unsafe { &*EncodingMap::of(m).table };
            run_encoder(th, &mut &*table, s, &errors, out)?;
        } else {
            let mut kept = Kept(None);
            let mut c = EncodeMapping(|cp| kept.guard(th, EncodeMapped::Byte(0), || encode_one(th, m, cp)));
            let r = run_encoder(th, &mut c, s, &errors, out);
            kept.finish(th)?;
            r?;
        }
        bytes::new(th, out)
    })?;
    // The table is the map's.
    std::hint::black_box(m);
    encoded(th, b.value(), s)
}
fn encode_one(th: Th, m: Value, cp: u32) -> R<EncodeMapped> {
    let Some(v) = ask(th, m, cp)? else { return Ok(EncodeMapped::Undefined) };
    if int::is_int(v) {
        return match int::to_i64(v) {
            Some(b @ 0..=255) => Ok(EncodeMapped::Byte(b as u8)),
            _ => Err(th.type_error("character mapping must be in range(256)")),
        };
    }
    match v.cast::<Bytes>() {
        Some(b) => Ok(EncodeMapped::Bytes(b.bytes().to_vec())),
        None => Err(th.type_error(format!(
            "character mapping must return integer, bytes or None, not {}",
            th.type_name_of(v)
        ))),
    }
}
