//! Constructor, methods and pickling of arrays.
//!
//! # Invariants
//! What is copied from an array is the storage that it had when the copy began: it is not freed, moved or reused while
//! a word on the stack points at it, and `bytes()` clamps to what it holds.

use super::items::{self, Format, FormatKind};
use super::*;
use adder_vm::builtins::buffer::Buffer;
use adder_vm::builtins::{exceptions as exc, int, list, memoryview};
use adder_vm::n;

pub const DOC: &str = "array(typecode [, initializer]) -> array\n\nReturn a new array whose items are restricted by typecode, and\ninitialized from the optional initializer value, which must be a list,\nstring or iterable over elements of the appropriate type.\n\nArrays represent basic values and behave very much like lists, except\nthe type of objects stored in them is constrained. The type is specified\nat object creation time by using a type code, which is a single character.\nThe following type codes are defined:\n\n    Type code   C Type             Minimum size in bytes\n    'b'         signed integer     1\n    'B'         unsigned integer   1\n    'u'         Unicode character  2 (see note)\n    'w'         Py_UCS4            4\n    'h'         signed integer     2\n    'H'         unsigned integer   2\n    'i'         signed integer     2\n    'I'         unsigned integer   2\n    'l'         signed integer     4\n    'L'         unsigned integer   4\n    'q'         signed integer     8 (see note)\n    'Q'         unsigned integer   8 (see note)\n    'f'         floating-point     4\n    'd'         floating-point     8\n\nNOTE: The 'u' typecode corresponds to Python's unicode character. On\nnarrow builds this is 2-bytes on wide builds this is 4-bytes.\n\nNOTE: The 'q' and 'Q' type codes are only available if the platform\nC compiler used to build Python supports 'long long', or, on Windows,\n'__int64'.\n\nMethods:\n\nappend() -- append a new item to the end of the array\nbuffer_info() -- return information giving the current memory info\nbyteswap() -- byteswap all the items of the array\ncount() -- return number of occurrences of an object\nextend() -- extend array by appending multiple elements from an iterable\nfromfile() -- read items from a file object\nfromlist() -- append items from the list\nfrombytes() -- append items from the string\nindex() -- return index of first occurrence of an object\ninsert() -- insert a new item into the array at a provided position\npop() -- remove and return item (default last)\nremove() -- remove first occurrence of an object\nreverse() -- reverse the order of the items in the array\ntofile() -- write all items to a file object\ntolist() -- return the array converted to an ordinary list\ntobytes() -- return the array converted to a string\n\nAttributes:\n\ntypecode -- the typecode character used to create the array\nitemsize -- the length in bytes of one array item\n";

fn me(a: &[Option<Value>]) -> Gc<ArrayObj> {
    ArrayObj::of(a[0].unwrap())
}

pub static METHODS: &[NativeDef] = &[
    method("__copy__", "($self, /)", "Return a copy of the array.", |th, a| copy(th, me(a))),
    method("__deepcopy__", "($self, unused, /)", "Return a copy of the array.", |th, a| copy(th, me(a))),
    method("__reduce_ex__", "($self, value, /)", "Return state information for pickling.", reduce_ex),
    method("__sizeof__", "($self, /)", "Size of the array in memory, in bytes.", |th, a| {
        let cap = me(a).buf.get().map_or(0, |b| b.len);
        Ok(th.int(64 + cap as i64))
    }),
    method("append", "($self, v, /)", "Append new value v to the end of the array.", |th, a| {
        let x = me(a);
        let w = items::encode(th, x.code(), a[1].unwrap())?;
        x.push(th, w)?;
        Ok(NONE())
    }),
    method(
        "buffer_info",
        "($self, /)",
        "Return a tuple (address, length) giving the current memory address and the length in items of the buffer used to hold array's contents.\n\nThe length should be multiplied by the itemsize attribute to\ncalculate the buffer length in bytes.",
        |th, a| Ok(th.tuple(&[th.uint(address(th, me(a))), th.int(me(a).len() as i64)])),
    ),
    method(
        "byteswap",
        "($self, /)",
        "Byteswap all items of the array.\n\nIf the items in the array are not 1, 2, 4, or 8 bytes in size,\nRuntimeError is raised.",
        |_, a| {
            let x = me(a);
            x.bytes_mut().chunks_exact_mut(x.size()).for_each(|c| c.reverse());
            Ok(NONE())
        },
    ),
    method("clear", "($self, /)", "Remove all items from the array.", |th, a| {
        let x = me(a);
        x.splice(th, 0, x.bytes().len(), 0)?;
        Ok(NONE())
    }),
    method("count", "($self, v, /)", "Return number of occurrences of v in the array.", |th, a| {
        let (x, v) = (me(a), a[1].unwrap());
        let (mut n, mut i) = (0, 0);
        while let Some(w) = x.word(i) {
            i += 1;
            n += th.eq(items::decode(th, x.code(), w)?, v)? as i64;
        }
        Ok(th.int(n))
    }),
    method("extend", "($self, bb, /)", "Append items to the end of the array.", |th, a| {
        extend(th, me(a), a[1].unwrap())?;
        Ok(NONE())
    }),
    method(
        "frombytes",
        "($self, buffer, /)",
        "Appends items from the string, interpreting it as an array of machine values, as if it had been read from a file using the fromfile() method.",
        |th, a| {
            from_bytes(th, me(a), a[1].unwrap())?;
            Ok(NONE())
        },
    ),
    method(
        "fromfile",
        "($self, f, n, /)",
        "Read n objects from the file object f and append them to the end of the array.",
        |th, a| {
            let x = me(a);
            let n = th.index_i64(a[2].unwrap())?;
            if n < 0 {
                return Err(th.value_error("negative count"));
            }
            let Some(nbytes) = n.checked_mul(x.size() as i64) else { return Err(th.memory_error()) };
            let b = th.call_method(a[1].unwrap(), n!(read), &[th.int(nbytes)])?;
            let Some(got) = b.cast::<Bytes>() else {
                return Err(th.type_error("read() didn't return bytes"));
            };
            let got = got.len;
            from_bytes(th, x, b)?;
            if got as i64 != nbytes {
                return Err(th.eof_error("read() didn't return enough bytes"));
            }
            Ok(NONE())
        },
    ),
    method("fromlist", "($self, list, /)", "Append items to array from list.", |th, a| {
        let (x, l) = (me(a), a[1].unwrap());
        let Some(l) = l.cast::<List>() else { return Err(th.type_error("arg must be list")) };
        if l.is_empty() {
            return Ok(NONE());
        }
        x.check_exports(th)?;
        let (had, n) = (x.bytes().len(), l.len());
        for i in 0..n {
            let r = match l.get(i) {
                Some(v) => items::encode(th, x.code(), v).and_then(|w| x.push(th, w)),
                None => Ok(()),
            };
            let r = match r {
                Ok(()) if l.len() != n => Err(th.runtime_error("list changed size during iteration")),
                r => r,
            };
            if let Err(e) = r {
                let err = th.take_exc();
                let len = x.bytes().len();
                if len > had {
                    x.splice(th, had, len - had, 0)?;
                }
                th.set_exc(err);
                return Err(e);
            }
        }
        Ok(NONE())
    }),
    method(
        "fromunicode",
        "($self, ustr, /)",
        "Extends this array with data from the unicode string ustr.\n\nThe array must be a unicode type array; otherwise a ValueError is\nraised.  Use array.frombytes(ustr.encode(...)) to append Unicode\ndata to an array of some other type.",
        |th, a| {
            let (x, s) = (me(a), a[1].unwrap());
            let Some(s) = s.cast::<Str>() else {
                return Err(
                    th.type_error(format!("fromunicode() argument must be str, not {}", th.arg_type_name(s)))
                );
            };
            if !items::is_unicode(x.code()) {
                return Err(
                    th.value_error("fromunicode() may only be called on unicode type arrays ('u' or 'w')")
                );
            }
            extend_by_str(th, x, s)?;
            Ok(NONE())
        },
    ),
    method(
        "index",
        "($self, v, start=0, stop=sys.maxsize, /)",
        "Return index of first occurrence of v in the array.\n\nRaise ValueError if the value is not present.",
        |th, a| {
            let x = me(a);
            let bound = |v: Option<Value>, default: i64| -> R<usize> {
                let i = match v {
                    Some(v) => slicing::bound(th, v)?,
                    None => default,
                };
                Ok((if i < 0 { i.saturating_add(x.len() as i64).max(0) } else { i }) as usize)
            };
            let (from, to) = (bound(a[2], 0)?, bound(a[3], i64::MAX)?);
            match find(th, x, a[1].unwrap(), from, to)? {
                Some(i) => Ok(th.int(i as i64)),
                None => Err(th.value_error("array.index(x): x not in array")),
            }
        },
    ),
    method("insert", "($self, i, v, /)", "Insert a new item v into the array before position i.", |th, a| {
        let x = me(a);
        let i = th.index_i64(a[1].unwrap())?;
        let w = items::encode(th, x.code(), a[2].unwrap())?;
        let n = x.len() as i64;
        let i = (if i < 0 { i.saturating_add(n) } else { i }).clamp(0, n) as usize;
        x.splice(th, i * x.size(), 0, x.size())?;
        x.set_word(i, w);
        Ok(NONE())
    }),
    method(
        "pop",
        "($self, i=-1, /)",
        "Return the i-th element and delete it from the array.\n\ni defaults to -1.",
        |th, a| {
            let x = me(a);
            let i = match a[1] {
                Some(v) => th.index_i64(v)?,
                None => -1,
            };
            if x.len() == 0 {
                return Err(th.index_error("pop from empty array"));
            }
            let Some((i, w)) = slicing::index(i, x.len()).and_then(|i| Some((i, x.word(i)?))) else {
                return Err(th.index_error("pop index out of range"));
            };
            let v = items::decode(th, x.code(), w)?;
            x.splice(th, i * x.size(), x.size(), 0)?;
            Ok(v)
        },
    ),
    method("remove", "($self, v, /)", "Remove the first occurrence of v in the array.", |th, a| {
        let x = me(a);
        match find(th, x, a[1].unwrap(), 0, usize::MAX)? {
            Some(i) => {
                x.splice(th, i * x.size(), x.size(), 0)?;
                Ok(NONE())
            }
            None => Err(th.value_error("array.remove(x): x not in array")),
        }
    }),
    method("reverse", "($self, /)", "Reverse the order of the items in the array.", |_, a| {
        let x = me(a);
        let (b, size) = (x.bytes_mut(), x.size());
        let n = b.len() / size;
        for i in 0..n / 2 {
            for k in 0..size {
                b.swap(i * size + k, (n - 1 - i) * size + k);
            }
        }
        Ok(NONE())
    }),
    method(
        "tobytes",
        "($self, /)",
        "Convert the array to an array of machine values and return the bytes representation.",
        |th, a| to_bytes(th, me(a)),
    ),
    method(
        "tofile",
        "($self, f, /)",
        "Write all items (as machine values) to the file object f.",
        |th, a| {
            const BLOCK: usize = 64 * 1024;
            let (x, f) = (me(a), a[1].unwrap());
            if x.len() == 0 {
                return Ok(NONE());
            }
            let mut at = 0;
            while at < x.bytes().len() {
                let b = x.bytes();
                let block = bytes::new(th, &b[at..b.len().min(at + BLOCK)])?;
                th.call_method(f, n!(write), &[block.value()])?;
                at += BLOCK;
            }
            Ok(NONE())
        },
    ),
    method("tolist", "($self, /)", "Convert array to an ordinary list with the same items.", |th, a| {
        Ok(to_list(th, me(a))?.value())
    }),
    method(
        "tounicode",
        "($self, /)",
        "Extends this array with data from the unicode string ustr.\n\nConvert the array to a unicode string.  The array must be a unicode\ntype array; otherwise a ValueError is raised.  Use\narray.tobytes().decode() to obtain a unicode string from an array of\nsome other type.",
        |th, a| {
            if !items::is_unicode(me(a).code()) {
                return Err(
                    th.value_error("tounicode() may only be called on unicode type arrays ('u' or 'w')")
                );
            }
            to_str(th, me(a))
        },
    ),
    classmethod(
        "__class_getitem__",
        "($type, object, /)",
        "Arrays are generic over the type of their elements",
        |th, a| adder_vm::builtins::typing::generic_alias(th, a[0].unwrap(), a[1].unwrap()),
    ),
];

fn copy(th: Th, a: Gc<ArrayObj>) -> R<Value> {
    let (c, out) = sized(th, a.code(), a.bytes().len())?;
    let b = a.bytes();
    let n = b.len().min(out.len());
    out[..n].copy_from_slice(&b[..n]);
    Ok(c)
}
fn to_list(th: Th, a: Gc<ArrayObj>) -> R<Gc<List>> {
    let l = list::with_capacity(th, a.len())?;
    let mut i = 0;
    while let Some(w) = a.word(i) {
        list::append(th, l, items::decode(th, a.code(), w)?)?;
        i += 1;
    }
    Ok(l)
}
fn to_str(th: Th, a: Gc<ArrayObj>) -> R<Value> {
    let codec = th.str(if cfg!(target_endian = "big") { "utf-32-be" } else { "utf-32-le" });
    th.call_method(to_bytes(th, a)?, n!(decode), &[codec])
}
fn extend_by_str(th: Th, a: Gc<ArrayObj>, s: Gc<Str>) -> R<()> {
    let at = a.bytes().len();
    a.splice(th, at, 0, 4 * s.nchars as usize)?;
    let Some(out) = a.bytes_mut().get_mut(at..) else { return Ok(()) };
    for (d, i) in out.chunks_exact_mut(4).zip(0..s.nchars as usize) {
        let c = if s.is_ascii() { s.bytes()[i] as u32 } else { str_::char_at(th, s, i) };
        d.copy_from_slice(&c.to_ne_bytes());
    }
    Ok(())
}
/// Appends machine values.
fn append_bytes(th: Th, a: Gc<ArrayObj>, b: &[u8]) -> R<()> {
    let at = a.bytes().len();
    a.splice(th, at, 0, b.len())?;
    if let Some(out) = a.bytes_mut().get_mut(at..at + b.len()) {
        out.copy_from_slice(b);
    }
    Ok(())
}
fn from_bytes(th: Th, a: Gc<ArrayObj>, v: Value) -> R<()> {
    if buffer::bytes_of(v).is_none() && buffer::is_buffer(th, v) {
        let view = buffer::view_of(th, v, flag::SIMPLE)?;
        let size = view.itemsize;
        memoryview::release_quietly(th, view);
        if size != 1 {
            return Err(th.type_error("a bytes-like object is required"));
        }
    }
    let b = Buffer::simple(th, v)?;
    if b.len() % a.size() != 0 {
        return Err(th.value_error("bytes length not a multiple of item size"));
    }
    if b.is_empty() {
        return Ok(());
    }
    append_bytes(th, a, b.bytes())
}
pub fn extend_by_array(th: Th, a: Gc<ArrayObj>, v: Value) -> R<()> {
    let b = ArrayObj::of(v);
    if a.code() != b.code() {
        return Err(th.type_error("can only extend with array of same kind"));
    }
    // The array may be `a` itself: what is copied is taken before and stays.
    let bytes = unsafe { &*(b.bytes() as *const [u8]) };
    if bytes.is_empty() {
        return Ok(());
    }
    append_bytes(th, a, bytes)?;
    std::hint::black_box(v);
    Ok(())
}
fn extend(th: Th, a: Gc<ArrayObj>, v: Value) -> R<()> {
    if as_array(th, v).is_some() {
        return extend_by_array(th, a, v);
    }
    th.for_each(v, |x| {
        let w = items::encode(th, a.code(), x)?;
        a.push(th, w)
    })
}

pub fn new(th: Th, t: Value, a: RawArgs) -> R<Value> {
    let ty: Gc<Type> = t.known();
    let exact = ARRAY.get();
    let same_init = ty.slots.init.map(|f| f as usize) == exact.slots.init.map(|f| f as usize);
    if a.nkw() != 0 && (ty == exact || same_init) {
        return Err(th.type_error("array.array() takes no keyword arguments"));
    }
    let p = a.pos();
    if p.is_empty() {
        return Err(th.type_error("array() takes at least 1 argument (0 given)"));
    }
    if p.len() > 2 {
        return Err(th.type_error(format!("array() takes at most 2 arguments ({} given)", p.len())));
    }
    let Some(c) = p[0].cast::<Str>() else {
        return Err(th.type_error(format!(
            "array() argument 1 must be a unicode character, not {}",
            th.type_name_of(p[0])
        )));
    };
    if c.nchars != 1 {
        return Err(th.type_error(format!(
            "array() argument 1 must be a unicode character, not a string of length {}",
            c.nchars
        )));
    }
    let code = if c.is_ascii() { c.bytes()[0] } else { 0 };
    let initial = p.get(1).copied();
    adder_vm::sys::audit::audit(th, "array.__new__", &[p[0], Value::opt_or_none(initial)])?;
    if code == b'u' {
        let m = "The 'u' type code is deprecated and will be removed in Python 3.16";
        adder_vm::warn::warn(th, &exc::DEPRECATION_WARNING, m, 1)?;
    }
    if let Some(v) = initial
        && !items::is_unicode(code)
    {
        if v.is_kind(Kind::Str) {
            return Err(th.type_error(format!(
                "cannot use a str to initialize an array with typecode '{}'",
                code as char
            )));
        }
        if as_array(th, v).is_some_and(|x| items::is_unicode(x.code())) {
            return Err(th.type_error(format!(
                "cannot use a unicode array to initialize an array with typecode '{}'",
                code as char
            )));
        }
    }
    // What is neither of these must be iterable, before the code is looked at.
    let direct = |v: Value| {
        matches!(v.kind(), Kind::List | Kind::Tuple | Kind::Bytes | Kind::ByteArray)
            || v.is_kind(Kind::Str) && items::is_unicode(code)
            || as_array(th, v).is_some()
    };
    let source = match initial {
        Some(v) if !direct(v) => Some(th.iter(v)?),
        v => v,
    };
    if items::size(code) == 0 {
        return Err(items::bad_code(th));
    }
    let (o, _) = sized_of_type(th, t, code, 0)?;
    let x = ArrayObj::of(o);
    let Some(v) = source else { return Ok(o) };
    match v.kind() {
        Kind::Bytes | Kind::ByteArray => from_bytes(th, x, v)?,
        Kind::Str if items::is_unicode(code) => extend_by_str(th, x, unsafe { v.cast_unchecked() })?,
        // Of a subclass, `__getitem__` is asked, for as many items as there really are.
        Kind::List | Kind::Tuple if !v.is_exact(Kind::List) && !v.is_exact(Kind::Tuple) => {
            let len = || v.cast::<List>().map_or_else(|| v.known::<Tuple>().len, |l| l.len());
            let mut i = 0;
            while i < len() {
                let w = items::encode(th, code, th.getitem(v, Value::fix(i as i64))?)?;
                x.push(th, w)?;
                i += 1;
            }
        }
        Kind::List => {
            let l: Gc<List> = v.known();
            x.splice(th, 0, 0, l.len() * x.size())?;
            let mut i = 0;
            while let Some(e) = l.get(i) {
                let w = items::encode(th, code, e)?;
                if !x.set_word(i, w) {
                    x.push(th, w)?;
                }
                i += 1;
            }
            let (n, size) = (x.bytes().len(), x.size());
            if n > i * size {
                x.splice(th, i * size, n - i * size, 0)?;
            }
        }
        _ => match as_array(th, v) {
            Some(y) if y.code() == code => extend_by_array(th, x, v)?,
            Some(y) => {
                let mut i = 0;
                while let Some(w) = y.word(i) {
                    let e = items::decode(th, y.code(), w)?;
                    let w = items::encode(th, code, e)?;
                    x.push(th, w)?;
                    i += 1;
                }
            }
            None => extend(th, x, v)?,
        },
    }
    Ok(o)
}

pub fn repr(th: Th, o: Value) -> R<Value> {
    let a = ArrayObj::of(o);
    let name = th.type_of(o).name_str().to_string();
    let code = a.code() as char;
    if a.len() == 0 {
        return Ok(th.str(&format!("{name}('{code}')")));
    }
    let v = if items::is_unicode(a.code()) { to_str(th, a)? } else { to_list(th, a)?.value() };
    let s = th.repr(v)?;
    let s: Gc<Str> = s.known();
    let mut out = format!("{name}('{code}', ").into_bytes();
    out.extend_from_slice(s.bytes());
    out.push(b')');
    th.try_str(&out)
}

fn reduce_ex(th: Th, a: &[Option<Value>]) -> R<Value> {
    let o = a[0].unwrap();
    let (x, p) = (me(a), a[1].unwrap());
    if !int::is_int(p) {
        return Err(
            th.type_error(format!("__reduce_ex__ argument should be an integer, not {}", th.type_name_of(p)))
        );
    }
    let protocol = th.index_i64(p)?;
    let dict = Value::opt_or_none(th.getattr_opt(o, n!(__dict__))?);
    let code = str_::ascii_char(Some(x.code()));
    let class = th.type_of(o).value();
    if protocol < 3 {
        let l = to_list(th, x)?.value();
        return Ok(th.tuple(&[class, th.tuple(&[code, l]), dict]));
    }
    let f = adder_vm::import::import_attr(th, "array", "_array_reconstructor")?;
    let args = th.tuple(&[class, code, th.int(Format::native(x.code())), to_bytes(th, x)?]);
    Ok(th.tuple(&[f, args, dict]))
}

pub fn reconstruct(th: Th, a: &[Option<Value>]) -> R<Value> {
    let (class, code, format, data) = (a[0].unwrap(), a[1].unwrap(), a[2].unwrap(), a[3].unwrap());
    let bad = |n: &str, what: &str, v: Value| {
        Err(th.type_error(format!(
            "_array_reconstructor() argument {n} must be {what}, not {}",
            th.arg_type_name(v)
        )))
    };
    if !class.is_kind(Kind::Type) {
        return bad("1", "type", class);
    }
    let code = match code.cast::<Str>() {
        Some(s) if s.nchars == 1 => {
            if s.is_ascii() {
                s.bytes()[0]
            } else {
                0
            }
        }
        Some(s) => {
            return Err(th.type_error(format!(
                "_array_reconstructor() argument 2 must be a unicode character, not a string of length {}",
                s.nchars
            )));
        }
        None => return bad("2", "a unicode character", code),
    };
    let format = th.index_i64(format)?;
    let t: Gc<Type> = class.known();
    if !th.is_subtype(t, ARRAY.get()) {
        return Err(th.type_error(format!("{} is not a subtype of array.array", th.type_name(t))));
    }
    if items::size(code) == 0 {
        return Err(th.value_error("second argument must be a valid type code"));
    }
    let Some(f) = Format::of_code(format) else {
        return Err(th.value_error("third argument must be a valid machine format code."));
    };
    let Some(b) = data.cast::<Bytes>() else {
        return Err(th.type_error(format!("fourth argument should be bytes, not {}", th.type_name_of(data))));
    };
    if format == Format::native(code) {
        let (o, _) = sized_of_type(th, class, code, 0)?;
        from_bytes(th, ArrayObj::of(o), data)?;
        return Ok(o);
    }
    if b.len % f.size != 0 {
        return Err(th.value_error("string length not a multiple of item size"));
    }
    let (o, _) = sized_of_type(th, class, f.best_code(code), 0)?;
    let x = ArrayObj::of(o);
    match f.kind {
        FormatKind::Utf16 | FormatKind::Utf32 => {
            let codec = match (f.kind, f.big) {
                (FormatKind::Utf16, false) => "utf-16-le",
                (FormatKind::Utf16, true) => "utf-16-be",
                (_, false) => "utf-32-le",
                (_, true) => "utf-32-be",
            };
            let s = th.call_method(data, n!(decode), &[th.str(codec)])?;
            if !items::is_unicode(code) {
                return Err(th.type_error(format!(
                    "cannot use a str to initialize an array with typecode '{}'",
                    code as char
                )));
            }
            extend_by_str(th, x, s.cast().expect("decoding gives a str"))?;
        }
        _ => {
            for c in b.bytes().chunks_exact(f.size) {
                let v = f.read(th, c);
                let w = items::encode(th, x.code(), v)?;
                x.push(th, w)?;
            }
        }
    }
    Ok(o)
}
