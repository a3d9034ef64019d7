//! Methods of `str`.
//!
//! # Invariants
//! - What is written to a string under construction is exactly the bytes that `str_uninit` was asked for: they are
//!   counted in a first pass over the same items. With several threads a list is copied before.
//! - `items_of` cuts a list's items to the array that it reads.

mod finding;
mod padding;
mod translation;

use finding::*;
use padding::*;
use translation::*;

use super::var_sized::ListBuilder;
use super::{codecs, scratch, slicing, str_, str_format};
use crate::builtins::exceptions as exc;
use crate::err::{R, Raised};
use crate::interp::drain::Use;
use crate::native::*;
use crate::object::*;
use crate::thread::{Root, Th};
use crate::value::*;
use adder_text::search::{self, Str as Chars, Translated};
use adder_text::{case, split as kernel, unicode, wtf8};
use std::ops::Range;

type Args<'a> = &'a [Option<Value>];

pub const METHODS: &[NativeDef] = &[
    method(
        "encode",
        "($self, /, encoding='utf-8', errors='strict')",
        "Encode the string using the codec registered for encoding.\n\n  encoding\n    The encoding in which to encode the string.\n  errors\n    The error handling scheme to use for encoding errors.\n    The default is 'strict' meaning that encoding errors raise a\n    UnicodeEncodeError.  Other possible values are 'ignore', 'replace'\n    and 'xmlcharrefreplace' as well as any other name registered with\n    codecs.register_error that can handle UnicodeEncodeErrors.",
        encode,
    ),
    method(
        "replace",
        "($self, old, new, /, count=-1)",
        "Return a copy with all occurrences of substring old replaced by new.\n\n  count\n    Maximum number of occurrences to replace.\n    -1 (the default value) means replace all occurrences.\n\nIf the optional argument count is given, only the first count occurrences are\nreplaced.",
        replace,
    ),
    method(
        "split",
        "($self, /, sep=None, maxsplit=-1)",
        "Return a list of the substrings in the string, using sep as the separator string.\n\n  sep\n    The separator used to split the string.\n\n    When set to None (the default value), will split on any\n    whitespace character (including \\n \\r \\t \\f and spaces) and\n    will discard empty strings from the result.\n  maxsplit\n    Maximum number of splits.\n    -1 (the default value) means no limit.\n\nSplitting starts at the front of the string and works to the end.\n\nNote, str.split() is mainly useful for data that has been\nintentionally delimited.  With natural text that includes\npunctuation, consider using the regular expression module.",
        split,
    ),
    method(
        "rsplit",
        "($self, /, sep=None, maxsplit=-1)",
        "Return a list of the substrings in the string, using sep as the separator string.\n\n  sep\n    The separator used to split the string.\n\n    When set to None (the default value), will split on any\n    whitespace character (including \\n \\r \\t \\f and spaces) and\n    will discard empty strings from the result.\n  maxsplit\n    Maximum number of splits.\n    -1 (the default value) means no limit.\n\nSplitting starts at the end of the string and works to the front.",
        rsplit,
    ),
    method(
        "join",
        "($self, iterable, /)",
        "Concatenate any number of strings.\n\nThe string whose method is called is inserted in between each given\nstring.  The result is returned as a new string.\n\nExample: '.'.join(['ab', 'pq', 'rs']) -> 'ab.pq.rs'",
        join,
    )
    .inlined(Inline::Drain(Use::Join)),
    method(
        "capitalize",
        "($self, /)",
        "Return a capitalized version of the string.\n\nMore specifically, make the first character have upper case and the\nrest lower case.",
        capitalize,
    ),
    method(
        "casefold",
        "($self, /)",
        "Return a version of the string suitable for caseless comparisons.",
        casefold,
    ),
    method(
        "title",
        "($self, /)",
        "Return a version of the string where each word is titlecased.\n\nMore specifically, words start with uppercased characters and all\nremaining cased characters have lower case.",
        title,
    ),
    method(
        "center",
        "($self, width, fillchar=' ', /)",
        "Return a centered string of length width.\n\nPadding is done using the specified fill character (default is\na space).",
        center,
    ),
    method(
        "count",
        "($self, sub[, start[, end]], /)",
        "Return the number of non-overlapping occurrences of substring sub in string S[start:end].\n\nOptional arguments start and end are interpreted as in slice\nnotation.",
        count,
    ),
    method(
        "expandtabs",
        "($self, /, tabsize=8)",
        "Return a copy where all tab characters are expanded using spaces.\n\nIf tabsize is not given, a tab size of 8 characters is assumed.",
        expandtabs,
    ),
    method(
        "find",
        "($self, sub[, start[, end]], /)",
        "Return the lowest index in S where substring sub is found, such that sub is contained within S[start:end].\n\nOptional arguments start and end are interpreted as in slice\nnotation.  Return -1 on failure.",
        find,
    ),
    method(
        "partition",
        "($self, sep, /)",
        "Partition the string into three parts using the given separator.\n\nThis will search for the separator in the string.  If the separator\nis found, returns a 3-tuple containing the part before the\nseparator, the separator itself, and the part after it.\n\nIf the separator is not found, returns a 3-tuple containing\nthe original string and two empty strings.",
        partition,
    ),
    method(
        "index",
        "($self, sub[, start[, end]], /)",
        "Return the lowest index in S where substring sub is found, such that sub is contained within S[start:end].\n\nOptional arguments start and end are interpreted as in slice\nnotation.  Raises ValueError when the substring is not found.",
        index,
    ),
    method(
        "ljust",
        "($self, width, fillchar=' ', /)",
        "Return a left-justified string of length width.\n\nPadding is done using the specified fill character (default is\na space).",
        ljust,
    ),
    method("lower", "($self, /)", "Return a copy of the string converted to lowercase.", lower),
    method(
        "lstrip",
        "($self, chars=None, /)",
        "Return a copy of the string with leading whitespace removed.\n\nIf chars is given and not None, remove characters in chars instead.",
        lstrip,
    ),
    method(
        "rfind",
        "($self, sub[, start[, end]], /)",
        "Return the highest index in S where substring sub is found, such that sub is contained within S[start:end].\n\nOptional arguments start and end are interpreted as in slice\nnotation.  Return -1 on failure.",
        rfind,
    ),
    method(
        "rindex",
        "($self, sub[, start[, end]], /)",
        "Return the highest index in S where substring sub is found, such that sub is contained within S[start:end].\n\nOptional arguments start and end are interpreted as in slice\nnotation.  Raises ValueError when the substring is not found.",
        rindex,
    ),
    method(
        "rjust",
        "($self, width, fillchar=' ', /)",
        "Return a right-justified string of length width.\n\nPadding is done using the specified fill character (default is\na space).",
        rjust,
    ),
    method(
        "rstrip",
        "($self, chars=None, /)",
        "Return a copy of the string with trailing whitespace removed.\n\nIf chars is given and not None, remove characters in chars instead.",
        rstrip,
    ),
    method(
        "rpartition",
        "($self, sep, /)",
        "Partition the string into three parts using the given separator.\n\nThis will search for the separator in the string, starting at the\nend.  If the separator is found, returns a 3-tuple containing the\npart before the separator, the separator itself, and the part after\nit.\n\nIf the separator is not found, returns a 3-tuple containing two\nempty strings and the original string.",
        rpartition,
    ),
    method(
        "splitlines",
        "($self, /, keepends=False)",
        "Return a list of the lines in the string, breaking at line boundaries.\n\nLine breaks are not included in the resulting list unless keepends\nis given and true.",
        splitlines,
    ),
    method(
        "strip",
        "($self, chars=None, /)",
        "Return a copy of the string with leading and trailing whitespace removed.\n\nIf chars is given and not None, remove characters in chars instead.",
        strip,
    ),
    method(
        "swapcase",
        "($self, /)",
        "Convert uppercase characters to lowercase and lowercase characters to uppercase.",
        swapcase,
    ),
    method(
        "translate",
        "($self, table, /)",
        "Replace each character in the string using the given translation table.\n\n  table\n    Translation table, which must be a mapping of Unicode ordinals\n    to Unicode ordinals, strings, or None.\n\nThe table must implement lookup/indexing via __getitem__, for\ninstance a dictionary or list.  If this operation raises\nLookupError, the character is left untouched.  Characters mapped to\nNone are deleted.",
        translate,
    ),
    method("upper", "($self, /)", "Return a copy of the string converted to uppercase.", upper),
    method(
        "startswith",
        "($self, prefix[, start[, end]], /)",
        "Return True if the string starts with the specified prefix, False otherwise.\n\n  prefix\n    A string or a tuple of strings to try.\n  start\n    Optional start position. Default: start of the string.\n  end\n    Optional stop position. Default: end of the string.",
        startswith,
    ),
    method(
        "endswith",
        "($self, suffix[, start[, end]], /)",
        "Return True if the string ends with the specified suffix, False otherwise.\n\n  suffix\n    A string or a tuple of strings to try.\n  start\n    Optional start position. Default: start of the string.\n  end\n    Optional stop position. Default: end of the string.",
        endswith,
    ),
    method(
        "removeprefix",
        "($self, prefix, /)",
        "Return a str with the given prefix string removed if present.\n\nIf the string starts with the prefix string, return\nstring[len(prefix):].  Otherwise, return a copy of the original\nstring.",
        removeprefix,
    ),
    method(
        "removesuffix",
        "($self, suffix, /)",
        "Return a str with the given suffix string removed if present.\n\nIf the string ends with the suffix string and that suffix is not\nempty, return string[:-len(suffix)].  Otherwise, return a copy of\nthe original string.",
        removesuffix,
    ),
    method(
        "isascii",
        "($self, /)",
        "Return True if all characters in the string are ASCII, False otherwise.\n\nASCII characters have code points in the range U+0000-U+007F.\nEmpty string is ASCII too.",
        isascii,
    ),
    method(
        "islower",
        "($self, /)",
        "Return True if the string is a lowercase string, False otherwise.\n\nA string is lowercase if all cased characters in the string are\nlowercase and there is at least one cased character in the string.",
        islower,
    ),
    method(
        "isupper",
        "($self, /)",
        "Return True if the string is an uppercase string, False otherwise.\n\nA string is uppercase if all cased characters in the string are\nuppercase and there is at least one cased character in the string.",
        isupper,
    ),
    method(
        "istitle",
        "($self, /)",
        "Return True if the string is a title-cased string, False otherwise.\n\nIn a title-cased string, upper- and title-case characters may only\nfollow uncased characters and lowercase characters only cased ones.",
        istitle,
    ),
    method(
        "isspace",
        "($self, /)",
        "Return True if the string is a whitespace string, False otherwise.\n\nA string is whitespace if all characters in the string are\nwhitespace and there is at least one character in the string.",
        isspace,
    ),
    method(
        "isdecimal",
        "($self, /)",
        "Return True if the string is a decimal string, False otherwise.\n\nA string is a decimal string if all characters in the string are\ndecimal and there is at least one character in the string.",
        isdecimal,
    ),
    method(
        "isdigit",
        "($self, /)",
        "Return True if the string is a digit string, False otherwise.\n\nA string is a digit string if all characters in the string are\ndigits and there is at least one character in the string.",
        isdigit,
    ),
    method(
        "isnumeric",
        "($self, /)",
        "Return True if the string is a numeric string, False otherwise.\n\nA string is numeric if all characters in the string are numeric and\nthere is at least one character in the string.",
        isnumeric,
    ),
    method(
        "isalpha",
        "($self, /)",
        "Return True if the string is an alphabetic string, False otherwise.\n\nA string is alphabetic if all characters in the string are\nalphabetic and there is at least one character in the string.",
        isalpha,
    ),
    method(
        "isalnum",
        "($self, /)",
        "Return True if the string is an alpha-numeric string, False otherwise.\n\nA string is alpha-numeric if all characters in the string are\nalpha-numeric and there is at least one character in the string.",
        isalnum,
    ),
    method(
        "isidentifier",
        "($self, /)",
        "Return True if the string is a valid Python identifier, False otherwise.\n\nCall keyword.iskeyword(s) to test whether string s is a reserved\nidentifier, such as \"def\" or \"class\".",
        isidentifier,
    ),
    method(
        "isprintable",
        "($self, /)",
        "Return True if all characters in the string are printable, False otherwise.\n\nA character is printable if repr() may use it in its output.",
        isprintable,
    ),
    method(
        "zfill",
        "($self, width, /)",
        "Pad a numeric string with zeros on the left, to fill a field of the given width.\n\nThe string is never truncated.",
        zfill,
    ),
    raw_method(
        "format",
        "($self, /, *args, **kwargs)",
        "Return a formatted version of the string, using substitutions from args and kwargs.\nThe substitutions are identified by braces ('{' and '}').",
        format,
    ),
    method(
        "format_map",
        "($self, mapping, /)",
        "Return a formatted version of the string, using substitutions from mapping.\nThe substitutions are identified by braces ('{' and '}').",
        format_map,
    ),
    method(
        "__format__",
        "($self, format_spec, /)",
        "Return a formatted version of the string as described by format_spec.",
        dunder_format,
    ),
    staticmethod(
        "maketrans",
        "(x, y=<unrepresentable>, z=<unrepresentable>, /)",
        "Return a translation table usable for str.translate().\n\nIf there is only one argument, it must be a dictionary mapping\nUnicode ordinals (integers) or characters to Unicode ordinals,\nstrings or None.  Character keys will be then converted to ordinals.\nIf there are two arguments, they must be strings of equal length,\nand in the resulting dictionary, each character in x will be mapped\nto the character at the same position in y.  If there is a third\nargument, it must be a string, whose characters will be mapped to\nNone in the result.",
        maketrans,
    ),
    method("__sizeof__", "($self, /)", "Return the size of the string in memory, in bytes.", sizeof),
    method("__getnewargs__", "($self, /)", "", getnewargs),
];

fn this(a: Args) -> Gc<Str> {
    a[0].unwrap().cast().expect("a str")
}
/// A str argument; the message is `{what} must be str, not {type}`.
#[inline]
fn str_arg(th: Th, v: Option<Value>, what: &str) -> R<Gc<Str>> {
    match v.unwrap().cast() {
        Some(s) => Ok(s),
        None => Err(not_str(th, v.unwrap(), what)),
    }
}
#[cold]
fn not_str(th: Th, v: Value, what: &str) -> Raised {
    let sep = if what.is_empty() { "" } else { " " };
    let got = if what.is_empty() { th.type_name_of(v) } else { th.arg_type_name(v) };
    th.type_error(format!("{what}{sep}must be str, not {got}"))
}
fn empty() -> Value {
    Root::empty_str.value()
}

/// `str.isidentifier`.
pub fn is_identifier(s: Gc<Str>) -> bool {
    case::is_identifier(s.bytes())
}

/// Code point of character `i`, which exists.
pub fn char_at(s: Gc<Str>, i: usize) -> u32 {
    wtf8::decode(s.bytes(), wtf8::offset(s.bytes(), s.len(), i)).0
}

// -- joining

/// All of these strings in a row: what an f-string makes of its parts.
pub fn concat_all(th: Th, parts: &[Value]) -> R<Value> {
    let (mut bytes, mut chars, mut ascii) = (0usize, 0usize, true);
    for p in parts {
        let s: Gc<Str> = p.cast().expect("a str");
        bytes += s.nbytes as usize;
        chars += s.len();
        ascii &= s.is_ascii();
    }
    if bytes <= 1 {
        return match parts.iter().find_map(|p| p.cast::<Str>().filter(|s| !s.is_empty())) {
            Some(s) => Ok(str_::ascii_char(Some(s.bytes()[0]))),
            None => Ok(empty()),
        };
    }
    let (r, mut d) = th.str_uninit(bytes, chars, ascii)?;
    for p in parts {
        let s: Gc<Str> = p.known();
        unsafe {
            str_::copy(s.data(), d, s.nbytes as usize);
            d = d.add(s.nbytes as usize);
        }
    }
    Ok(r.value())
}

/// The values of a sequence to be joined, in an object that nobody else changes (unless only one thread runs).
pub fn fast_sequence(th: Th, v: Value) -> R<Value> {
    if v.is_exact(Kind::Tuple) {
        return Ok(v);
    }
    if v.is_exact(Kind::List) {
        if !th.multi() {
            return Ok(v);
        }
        return super::list::snapshot(th, unsafe { v.cast_unchecked() });
    }
    let it = th.iter_or(v, || "can only join an iterable".into())?;
    super::tuple::from_iterable(th, it)
}
/// The items of what [`fast_sequence`] gave, as they are now.
pub fn items_of(v: &Value) -> &[Value] {
    match v.cast::<List>() {
        Some(l) => unsafe {
            let a: Gc<Array> = l.items.gc();
            let n = (l.len.load(std::sync::atomic::Ordering::Relaxed) as usize).min(a.cap);
            std::slice::from_raw_parts(a.after::<Value>(), n)
        },
        None => unsafe { &*(v.cast_unchecked::<Tuple>().items() as *const [Value]) },
    }
}

fn join(th: Th, a: Args) -> R<Value> {
    let sep = this(a);
    let seq = fast_sequence(th, a[1].unwrap())?;
    join_seq(th, sep, seq)
}
fn join_seq(th: Th, sep: Gc<Str>, seq: Value) -> R<Value> {
    let items = items_of(&seq);
    let n = items.len();
    if n == 0 {
        return Ok(empty());
    }
    if n == 1 && items[0].is_exact(Kind::Str) {
        return Ok(items[0]);
    }
    let (mut bytes, mut chars) = (sep.nbytes as usize * (n - 1), sep.len() * (n - 1));
    let mut ascii = n == 1 || sep.is_ascii();
    for (i, v) in items.iter().enumerate() {
        let Some(s) = v.cast::<Str>() else {
            return Err(th.type_error(format!(
                "sequence item {i}: expected str instance, {} found",
                th.type_name_of(*v)
            )));
        };
        bytes += s.nbytes as usize;
        chars += s.len();
        ascii &= s.is_ascii();
    }
    if bytes > str_::MAX_BYTES {
        return Err(th.memory_error());
    }
    if bytes <= 1 && ascii {
        let c = items.iter().chain([&sep.value()]).find_map(|v| v.cast::<Str>().filter(|s| !s.is_empty()));
        return Ok(c.filter(|_| bytes == 1).map_or(empty(), |s| str_::ascii_char(Some(s.bytes()[0]))));
    }
    let (r, mut d) = th.str_uninit(bytes, chars, ascii)?;
    let (sp, sn) = (sep.data(), sep.nbytes as usize);
    for (i, v) in items_of(&seq).iter().enumerate() {
        let s: Gc<Str> = v.known();
        let m = s.nbytes as usize;
        unsafe {
            if i > 0 {
                str_::copy(sp, d, sn);
                d = d.add(sn);
            }
            str_::copy(s.data(), d, m);
            d = d.add(m);
        }
    }
    Ok(r.value())
}

// -- case and classes

/// A result of a conversion that keeps ASCII text ASCII and its length.
#[inline]
fn map_ascii(th: Th, s: Gc<Str>, f: impl Fn(u8) -> u8) -> R<Value> {
    let b = s.bytes();
    if let [c] = *b {
        return Ok(str_::ascii_char(Some(f(c))));
    }
    if b.is_empty() {
        return Ok(empty());
    }
    let (r, d) = th.str_uninit(b.len(), b.len(), true)?;
    let out = unsafe { std::slice::from_raw_parts_mut(d, b.len()) };
    for (o, c) in out.iter_mut().zip(b) {
        *o = f(*c);
    }
    Ok(r.value())
}
fn lower(th: Th, a: Args) -> R<Value> {
    let s = this(a);
    if s.is_ascii() { map_ascii(th, s, |c| c.to_ascii_lowercase()) } else { converted(th, s, case::lower) }
}
fn upper(th: Th, a: Args) -> R<Value> {
    let s = this(a);
    if s.is_ascii() { map_ascii(th, s, |c| c.to_ascii_uppercase()) } else { converted(th, s, case::upper) }
}
fn casefold(th: Th, a: Args) -> R<Value> {
    let s = this(a);
    if s.is_ascii() { map_ascii(th, s, |c| c.to_ascii_lowercase()) } else { converted(th, s, case::casefold) }
}
fn converted(th: Th, s: Gc<Str>, f: fn(&[u8], bool, &mut Vec<u8>)) -> R<Value> {
    scratch::with(|out| {
        f(s.bytes(), s.is_ascii(), out);
        if s.is_ascii() { th.str_counted(out, out.len(), true) } else { th.try_str(out) }
    })
}
fn swapcase(th: Th, a: Args) -> R<Value> {
    converted(th, this(a), case::swapcase)
}
fn title(th: Th, a: Args) -> R<Value> {
    converted(th, this(a), case::title)
}
fn capitalize(th: Th, a: Args) -> R<Value> {
    converted(th, this(a), case::capitalize)
}

macro_rules! tests {
    ($($f:ident |$s:ident| $e:expr;)*) => { $(
        fn $f(_: Th, a: Args) -> R<Value> {
            let $s = this(a);
            Ok(Value::bool($e))
        }
    )* };
}
tests! {
    isascii |s| s.is_ascii();
    islower |s| case::is_lower(s.bytes());
    isupper |s| case::is_upper(s.bytes());
    istitle |s| case::is_title(s.bytes());
    isspace |s| case::all(s.bytes(), unicode::is_space);
    isdecimal |s| case::all(s.bytes(), unicode::is_decimal);
    isdigit |s| case::all(s.bytes(), unicode::is_digit);
    isnumeric |s| case::all(s.bytes(), unicode::is_numeric);
    isalpha |s| case::all(s.bytes(), unicode::is_alpha);
    isalnum |s| case::all(s.bytes(), unicode::is_alnum);
    isidentifier |s| case::is_identifier(s.bytes());
    isprintable |s| case::is_printable(s.bytes());
}

/// An argument that C keeps in an `int`.
pub fn c_int(th: Th, v: Value) -> R<i32> {
    let n = th.index(v)?;
    match super::int::to_i64(n) {
        Some(n) => i32::try_from(n).map_err(|_| {
            th.overflow_error(if n > 0 {
                "Python int too large to convert to C int"
            } else {
                "Python int too large to convert to C int"
            })
        }),
        None => Err(th.overflow_error("Python int too large to convert to C int")),
    }
}

// -- text of objects

/// `ascii(v)`.
pub fn ascii(th: Th, v: Value) -> R<Value> {
    let r: Gc<Str> = th.repr(v)?.cast().expect("a str");
    if r.is_ascii() {
        return Ok(r.value());
    }
    scratch::with(|out| {
        adder_text::repr::ascii(r.bytes(), out);
        th.str_counted(out, out.len(), true)
    })
}
fn encode(th: Th, a: Args) -> R<Value> {
    codecs::encode_method(th, a[0].unwrap(), a[1], a[2])
}
fn format(th: Th, a: RawArgs) -> R<Value> {
    // SAFETY: a method's receiver is a string and comes first.
    str_format::format(th, unsafe { a.pos()[0].cast_unchecked() }, a.skip(1))
}
fn format_map(th: Th, a: Args) -> R<Value> {
    str_format::format_map(th, this(a), a[1].unwrap())
}
fn dunder_format(th: Th, a: Args) -> R<Value> {
    let s = this(a);
    let spec = super::int_methods::spec(th, a[1].unwrap())?;
    if spec.is_empty() {
        return th.to_str(s.value());
    }
    format_spec(th, s, spec.bytes())
}
/// `format(str, spec)` with a spec that is not empty.
pub fn format_spec(th: Th, s: Gc<Str>, spec: &[u8]) -> R<Value> {
    let tn = th.type_name_borrowed(s.value());
    scratch::with(|out| {
        th.num(adder_num::format::format_str(out, s.bytes(), spec, tn.as_bytes()))?;
        th.try_str(out)
    })
}
fn getnewargs(th: Th, a: Args) -> R<Value> {
    let s = th.exact_str(this(a))?;
    th.try_tuple(&[s])
}
fn sizeof(_: Th, a: Args) -> R<Value> {
    Ok(Value::fix(unsafe { str_::size(this(a).obj()) } as i64))
}
