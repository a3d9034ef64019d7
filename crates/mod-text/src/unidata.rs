//! `unicodedata`: the database of characters, for Unicode 16.0.0 (functions of the module) and 3.2.0 (methods of
//! `ucd_3_2_0`).

use crate::common::arg;
use crate::native_layout;
use adder_text::unicode::database::{self as db, Ucd};
use adder_text::unicode::normalize::{self, Form};
use adder_text::unicode::{UNIDATA_VERSION, names};
use adder_text::wtf8;
use adder_vm::builtins::buffer::Buffer;
use adder_vm::builtins::codecs::{Errors, Native, encode_native};
use adder_vm::builtins::{object::new_instance, scratch};
use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::mem::offset_of;

// `version` is the attribute `unidata_version`.
native_layout! { UcdObject { version; } }

/// Both lists: functions and methods with the same names and documentation.
macro_rules! both {
    ($($name:literal $params:literal $doc:literal $f:expr;)*) => {
        pub static MODULE: NativeModule = NativeModule {
            name: "unicodedata",
            doc: "This module provides access to the Unicode Character Database which\ndefines character properties for all Unicode characters. The data in\nthis database is based on the UnicodeData.txt file version\n16.0.0 which is publicly available from ftp://ftp.unicode.org/.\n\nThe module uses the same names and symbols as defined by the\nUnicodeData File Format 16.0.0.",
            functions: &[
                $(function($name, concat!("($module, ", $params, ", /)"), $doc, |th, a| $f(th, a, Ucd::Current)),)*
            ],
            types: &[&UCD],
            init: Some(init),
        };
        static UCD_TYPE: NativeType = NativeType {
            name: "unicodedata.UCD",
            kind: Kind::Native,
            size: UcdObject::SIZE,
            flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION | tflags::SHOWN_AS_HEAP,
            methods: &[
                $(method($name, concat!("($self, ", $params, ", /)"), $doc, |th, a| $f(th, &a[1..], Ucd::Old)),)*
            ],
            members: &[MemberDef {
                name: "unidata_version",
                doc: "",
                offset: offset_of!(UcdObject, version) as u32,
                flags: member::READONLY,
            }],
            trace: Some(UcdObject::trace),
            ..NativeType::DEFAULT
        };
    };
}
static UCD: TypeCell = TypeCell::new(&UCD_TYPE);

fn init(th: Th, m: Gc<Module>) -> R<()> {
    let o = new_instance(th, UCD.get())?;
    let old = UcdObject::of(o);
    th.store(old, &old.version, th.str("3.2.0"));
    m.put(th, "ucd_3_2_0", o)?;
    m.put(th, "unidata_version", th.str(UNIDATA_VERSION))
}

type Args<'a> = &'a [Option<Value>];

/// A function of one character.
macro_rules! of_char {
    ($name:literal |$th:ident, $c:ident, $u:ident| $e:expr) => {
        |$th: Th, a: Args, $u: Ucd| {
            let $c = character($th, $name, " argument", a)?;
            $e
        }
    };
}
/// A number of a character, or the default.
macro_rules! number_of {
    ($name:literal $what:literal |$th:ident, $c:ident, $u:ident| $e:expr) => {
        |$th: Th, a: Args, $u: Ucd| {
            let $c = character($th, $name, " argument 1", a)?;
            match ($e, a[1]) {
                (Some(v), _) | (None, Some(v)) => Ok(v),
                (None, None) => Err($th.value_error($what)),
            }
        }
    };
}

both! {
    "decimal" "chr, default=<unrepresentable>" "Converts a Unicode character into its equivalent decimal value.\n\nReturns the decimal value assigned to the character chr as integer.\nIf no such value is defined, default is returned, or, if not given,\nValueError is raised."
        number_of!("decimal" "not a decimal" |th, c, u| db::decimal(c, u).map(|n| Value::fix(n as i64)));
    "digit" "chr, default=<unrepresentable>" "Converts a Unicode character into its equivalent digit value.\n\nReturns the digit value assigned to the character chr as integer.\nIf no such value is defined, default is returned, or, if not given,\nValueError is raised."
        number_of!("digit" "not a digit" |th, c, u| db::digit(c, u).map(|n| Value::fix(n as i64)));
    "numeric" "chr, default=<unrepresentable>" "Converts a Unicode character into its equivalent numeric value.\n\nReturns the numeric value assigned to the character chr as float.\nIf no such value is defined, default is returned, or, if not given,\nValueError is raised."
        number_of!("numeric" "not a numeric character" |th, c, u| db::numeric(c, u).map(|x| th.float(x)));
    "category" "chr" "Returns the general category assigned to the character chr as string."
        of_char!("category" |th, c, u| Ok(th.str(db::category(c, u))));
    "bidirectional" "chr" "Returns the bidirectional class assigned to the character chr as string.\n\nIf no such value is defined, an empty string is returned."
        of_char!("bidirectional" |th, c, u| Ok(th.str(db::bidirectional(c, u))));
    "combining" "chr" "Returns the canonical combining class assigned to the character chr as integer.\n\nReturns 0 if no combining class is defined."
        of_char!("combining" |th, c, u| Ok(Value::fix(db::combining(c, u) as i64)));
    "mirrored" "chr" "Returns the mirrored property assigned to the character chr as integer.\n\nReturns 1 if the character has been identified as a \"mirrored\"\ncharacter in bidirectional text, 0 otherwise."
        of_char!("mirrored" |th, c, u| Ok(Value::fix(db::mirrored(c, u) as i64)));
    "east_asian_width" "chr" "Returns the east asian width assigned to the character chr as string."
        of_char!("east_asian_width" |th, c, u| Ok(th.str(db::east_asian_width(c, u))));
    "decomposition" "chr" "Returns the character decomposition mapping assigned to the character chr as string.\n\nAn empty string is returned in case no such mapping is defined."
        of_char!("decomposition" |th, c, u| Ok(th.str(&db::decomposition(c, u))));
    "name" "chr, default=<unrepresentable>" "Returns the name assigned to the character chr as a string.\n\nIf no name is defined, default is returned, or, if not given,\nValueError is raised."
        number_of!("name" "no such name" |th, c, u| names::name(c, u).map(|n| th.str(&n)));
    "lookup" "name" "Look up character by name.\n\nIf a character with the given name is found, return the\ncorresponding character.  If not found, KeyError is raised."
        lookup;
    "is_normalized" "form, unistr" "Return whether the Unicode string unistr is in the normal form 'form'.\n\nValid values for form are 'NFC', 'NFKC', 'NFD', and 'NFKD'."
        |th: Th, a: Args, u| {
            let (form, s) = form_and_text(th, "is_normalized", a)?;
            Ok(Value::bool(s.is_empty() || normalize::is_normalized(s.bytes(), form(th)?, u)))
        };
    "normalize" "form, unistr" "Return the normal form 'form' for the Unicode string unistr.\n\nValid values for form are 'NFC', 'NFKC', 'NFD', and 'NFKD'."
        |th: Th, a: Args, u| {
            let (form, s) = form_and_text(th, "normalize", a)?;
            if s.is_empty() {
                return th.exact_str(s);
            }
            let form = form(th)?;
            scratch::with(|out| {
                if normalize::normalize(s.bytes(), form, u, out) {
                    th.try_str(out)
                } else {
                    th.exact_str(s)
                }
            })
        };
}

/// The code point of a string of one character.
fn character(th: Th, func: &str, which: &str, a: Args) -> R<u32> {
    let v = arg(a, 0);
    match v.cast::<Str>() {
        Some(s) if s.len() == 1 => Ok(wtf8::decode(s.bytes(), 0).0),
        Some(s) => Err(th.type_error(format!(
            "{func}():{which} must be a unicode character, not a string of length {}",
            s.len()
        ))),
        None => {
            let got = if v.is_none() { "None".into() } else { th.type_name_of(v) };
            Err(th.type_error(format!("{func}(){which} must be a unicode character, not {got}")))
        }
    }
}

/// The arguments of the normalization functions; the form is looked at only for texts that are not empty.
fn form_and_text(th: Th, func: &str, a: Args) -> R<(impl FnOnce(Th) -> R<Form> + use<>, Gc<Str>)> {
    let text = |i: usize| {
        let v = arg(a, i);
        v.cast::<Str>().ok_or_else(|| crate::common::bad_argument(th, func, &(i + 1).to_string(), "str", v))
    };
    let (f, s) = (text(0)?, text(1)?);
    let form = move |th: Th| match Form::from_name(f.bytes()) {
        Some(f) => Ok(f),
        None => Err(th.value_error("invalid normalization form")),
    };
    Ok((form, s))
}

fn lookup(th: Th, a: Args, u: Ucd) -> R<Value> {
    let v = arg(a, 0);
    let find = |name: &[u8]| {
        if name.len() > 256 {
            let e = th.str("name too long");
            return Err(th.key_error(e));
        }
        match names::lookup(name, u, u == Ucd::Current) {
            Some(cps) => th.try_str(&wtf8::from_code_points(cps)),
            None => {
                let e = th.str(&format!("undefined character name '{}'", String::from_utf8_lossy(name)));
                Err(th.key_error(e))
            }
        }
    };
    match v.cast::<Str>() {
        Some(s) => {
            if wtf8::find_surrogate(s.bytes()).is_some() {
                encode_native(th, s, Native::Utf8, &Errors::new(None))?;
            }
            find(s.bytes())
        }
        None => find(Buffer::simple(th, v)?.bytes()),
    }
}
