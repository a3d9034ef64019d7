//! The functions of `builtins`: the table, and those that are small. Signatures and docstrings are CPython's, being part
//! of the interface. The rest: [`super::fold`], [`super::eval_`], [`super::print`], [`super::class_build`].

use super::{eval_, print};
use crate::builtins::exceptions as exc;
use crate::err::R;
use crate::interp::drain::Use;
use crate::n;
use crate::native::*;
use crate::object::*;
use crate::thread::Th;
use crate::value::*;

pub static MODULE: NativeModule = NativeModule {
    name: "builtins",
    doc: "Built-in functions, types, exceptions, and other objects.\n\nThis module provides direct access to all 'built-in'\nidentifiers of Python; for example, builtins.len is\nthe full name for the built-in function len().\n\nThis module is not normally accessed explicitly by most\napplications, but can be useful in modules that provide\nobjects with the same name as a built-in value, but in\nwhich the built-in of that name is also needed.",
    functions: &[
        raw_function(
            "__build_class__",
            "!!()",
            "__build_class__(func, name, /, *bases, [metaclass], **kwds) -> class\n\nInternal helper function used by the class statement.",
            super::class_build::build_class,
        ),
        function(
            "__import__",
            "($module, /, name, globals=None, locals=None, fromlist=(),\n           level=0)",
            "Import a module.\n\nBecause this function is meant for use by the Python\ninterpreter and not for general use, it is better to use\nimportlib.import_module() to programmatically import a module.\n\nThe globals argument is only used to determine the context;\nthey are not modified.  The locals argument is unused.  The fromlist\nshould be a list of names to emulate ``from name import ...``, or an\nempty list to emulate ``import name``.\nWhen importing a module from a package, note that __import__('A.B', ...)\nreturns package A when fromlist is empty, but its submodule B when\nfromlist is not empty.  The level argument is used to determine whether\nto perform absolute or relative imports: 0 is absolute, while a positive\nnumber is the number of parent directories to search relative to the\ncurrent module.",
            import_,
        ),
        function("abs", "($module, x, /)", "Return the absolute value of the argument.", abs)
            .inlined(Inline::Abs),
        function(
            "all",
            "($module, iterable, /)",
            "Return True if bool(x) is True for all values x in the iterable.\n\nIf the iterable is empty, return True.",
            super::fold::all,
        )
        .inlined(Inline::Drain(Use::All)),
        function(
            "any",
            "($module, iterable, /)",
            "Return True if bool(x) is True for any x in the iterable.\n\nIf the iterable is empty, return False.",
            super::fold::any,
        )
        .inlined(Inline::Drain(Use::Any)),
        function(
            "ascii",
            "($module, obj, /)",
            "Return an ASCII-only representation of an object.\n\nAs repr(), return a string containing a printable representation of an\nobject, but escape the non-ASCII characters in the string returned by\nrepr() using \\\\x, \\\\u or \\\\U escapes. This generates a string similar\nto that returned by repr() in Python 2.",
            ascii,
        ),
        function(
            "bin",
            "($module, number, /)",
            "Return the binary representation of an integer.\n\n   >>> bin(2796202)\n   '0b1010101010101010101010'",
            bin,
        ),
        raw_function(
            "breakpoint",
            "($module, /, *args, **kws)",
            "Call sys.breakpointhook(*args, **kws).  sys.breakpointhook() must accept\nwhatever arguments are passed.\n\nBy default, this drops you into the pdb debugger.",
            breakpoint,
        ),
        function(
            "callable",
            "($module, obj, /)",
            "Return whether the object is callable (i.e., some kind of function).\n\nNote that classes are callable, as are instances of classes with a\n__call__() method.",
            callable,
        ),
        function(
            "chr",
            "($module, i, /)",
            "Return a Unicode string of one character with ordinal i; 0 <= i <= 0x10ffff.",
            chr,
        ),
        function(
            "compile",
            "($module, /, source, filename, mode, flags=0,\n        dont_inherit=False, optimize=-1, *, _feature_version=-1)",
            "Compile source into a code object that can be executed by exec() or eval().\n\nThe source code may represent a Python module, statement or\nexpression.\nThe filename will be used for run-time error messages.\nThe mode must be 'exec' to compile a module, 'single' to compile a\nsingle (interactive) statement, or 'eval' to compile an expression.\nThe flags argument, if present, controls which future statements\ninfluence the compilation of the code.\nThe dont_inherit argument, if true, stops the compilation inheriting\nthe effects of any future statements in effect in the code calling\ncompile; if absent or false these statements do influence the\ncompilation, in addition to any features explicitly specified.",
            eval_::compile,
        ),
        function(
            "delattr",
            "($module, obj, name, /)",
            "Deletes the named attribute from the given object.\n\ndelattr(x, 'y') is equivalent to ``del x.y``",
            delattr,
        ),
        function(
            "dir",
            "!($module, object=None, /)",
            "dir([object]) -> list of strings\n\nIf called without an argument, return the names in the current scope.\nElse, return an alphabetized list of names comprising (some of) the\nattributes of the given object, and of attributes reachable from it.\nIf the object supplies a method named __dir__, it will be used;\notherwise the default dir() logic is used and returns:\n  for a module object: the module's attributes.\n  for a class object:  its attributes, and recursively the attributes\n    of its bases.\n  for any other object: its attributes, its class's attributes, and\n    recursively the attributes of its class's base classes.",
            eval_::dir,
        ),
        function(
            "divmod",
            "($module, x, y, /)",
            "Return the tuple (x//y, x%y).  Invariant: div*y + mod == x.",
            divmod,
        ),
        function(
            "eval",
            "($module, source, /, globals=None, locals=None)",
            "Evaluate the given source in the context of globals and locals.\n\nThe source may be a string representing a Python expression\nor a code object as returned by compile().\nThe globals must be a dictionary and locals can be any mapping,\ndefaulting to the current globals and locals.\nIf only globals is given, locals defaults to it.",
            eval_::eval,
        ),
        function(
            "exec",
            "($module, source, /, globals=None, locals=None, *, closure=None)",
            "Execute the given source in the context of globals and locals.\n\nThe source may be a string representing one or more Python statements\nor a code object as returned by compile().\nThe globals must be a dictionary and locals can be any mapping,\ndefaulting to the current globals and locals.\nIf only globals is given, locals defaults to it.\nThe closure must be a tuple of cellvars, and can only be used\nwhen source is a code object requiring exactly that many cellvars.",
            eval_::exec,
        ),
        function(
            "format",
            "($module, value, format_spec='', /)",
            "Return type(value).__format__(value, format_spec)\n\nMany built-in types implement format_spec according to the\nFormat Specification Mini-language. See help('FORMATTING').\n\nIf type(value) does not supply a method named __format__\nand format_spec is empty, then str(value) is returned.\nSee also help('SPECIALMETHODS').",
            format,
        ),
        function(
            "getattr",
            "!($module, object, name, default=None, /)",
            "getattr(object, name[, default]) -> value\n\nGet a named attribute from an object.\n\ngetattr(x, 'y') is equivalent to x.y.\nWhen a default argument is given, it is returned when the attribute\ndoesn't exist; without it, an exception is raised in that case.",
            getattr,
        ),
        function(
            "globals",
            "($module, /)",
            "Return the dictionary containing the current scope's global variables.\n\nNOTE: Updates to this dictionary *will* affect name lookups in the\ncurrent global scope and vice-versa.",
            eval_::globals,
        ),
        function(
            "hasattr",
            "($module, obj, name, /)",
            "Return whether the object has an attribute with the given name.\n\nThis is done by calling getattr(obj, name) and catching AttributeError.",
            hasattr,
        ),
        function(
            "hash",
            "($module, obj, /)",
            "Return the integer hash value for the given object.\n\nTwo objects that compare equal must also have the same hash value, but\nthe reverse is not necessarily true.  Hash values may differ between\nPython processes.  Not all objects are hashable; calling hash() on an\nunhashable object raises TypeError.",
            hash,
        ),
        function(
            "hex",
            "($module, number, /)",
            "Return the hexadecimal representation of an integer.\n\n   >>> hex(12648430)\n   '0xc0ffee'",
            hex,
        ),
        function(
            "id",
            "($module, obj, /)",
            "Return the identity of an object.\n\nThis is guaranteed to be unique among simultaneously existing objects.\n(CPython uses the object's memory address.)",
            id,
        ),
        function(
            "input",
            "($module, prompt='', /)",
            "Read a string from standard input.  The trailing newline is stripped.\n\nThe prompt string, if given, is printed to standard output without a\ntrailing newline before reading input.\n\nIf the user hits EOF (*nix: Ctrl-D, Windows: Ctrl-Z+Return), raise\nEOFError.\nOn *nix systems, readline is used if available.",
            print::input,
        ),
        function(
            "isinstance",
            "($module, obj, class_or_tuple, /)",
            "Return whether an object is an instance of a class or of a subclass thereof.\n\nA tuple, as in ``isinstance(x, (A, B, ...))``, may be given as the\ntarget to check against.  This is equivalent to ``isinstance(x, A) or\nisinstance(x, B) or ...`` etc.",
            isinstance,
        )
        .inlined(Inline::IsInstance),
        function(
            "issubclass",
            "($module, cls, class_or_tuple, /)",
            "Return whether 'cls' is derived from another class or is the same class.\n\nA tuple, as in ``issubclass(x, (A, B, ...))``, may be given as the\ntarget to check against.  This is equivalent to ``issubclass(x, A) or\nissubclass(x, B) or ...``.",
            issubclass,
        )
        .inlined(Inline::IsSubclass),
        function(
            "iter",
            "!($module, object, sentinel=None, /)",
            "iter(iterable) -> iterator\niter(callable, sentinel) -> iterator\n\nGet an iterator from an object.  In the first form, the argument must\nsupply its own iterator, or be a sequence.\nIn the second form, the callable is called until it returns the\nsentinel.",
            iter,
        ),
        function(
            "aiter",
            "($module, async_iterable, /)",
            "Return an AsyncIterator for an AsyncIterable object.",
            aiter,
        ),
        function("len", "($module, obj, /)", "Return the number of items in a container.", len)
            .inlined(Inline::Len),
        function(
            "locals",
            "($module, /)",
            "Return a dictionary containing the current scope's local variables.\n\nNOTE: Whether or not updates to this dictionary will affect name\nlookups in the local scope and vice-versa is *implementation\ndependent* and not covered by any backwards compatibility\nguarantees.",
            eval_::locals,
        ),
        raw_function(
            "max",
            "!!()",
            "max(iterable, *[, default=obj, key=func]) -> value\nmax(arg1, arg2, *args, *[, key=func]) -> value\n\nWith a single iterable argument, return its biggest item. The\ndefault keyword-only argument specifies an object to return if\nthe provided iterable is empty.\nWith two or more positional arguments, return the largest argument.",
            super::fold::max,
        )
        .inlined(Inline::Drain(Use::Max)),
        raw_function(
            "min",
            "!!()",
            "min(iterable, *[, default=obj, key=func]) -> value\nmin(arg1, arg2, *args, *[, key=func]) -> value\n\nWith a single iterable argument, return its smallest item. The\ndefault keyword-only argument specifies an object to return if\nthe provided iterable is empty.\nWith two or more positional arguments, return the smallest argument.",
            super::fold::min,
        )
        .inlined(Inline::Drain(Use::Min)),
        function(
            "next",
            "!($module, iterator, default=None, /)",
            "next(iterator[, default])\n\nReturn the next item from the iterator.  If default is given and the\niterator is exhausted, it is returned instead of raising StopIteration.",
            next,
        )
        .inlined(Inline::Resume),
        function(
            "anext",
            "($module, aiterator, default=<unrepresentable>, /)",
            "Return the next item from the async iterator.\n\nIf default is given and the async iterator is exhausted,\nit is returned instead of raising StopAsyncIteration.",
            anext,
        ),
        function(
            "oct",
            "($module, number, /)",
            "Return the octal representation of an integer.\n\n   >>> oct(342391)\n   '0o1234567'",
            oct,
        ),
        function(
            "ord",
            "($module, character, /)",
            "Return the ordinal value of a character.\n\nIf the argument is a one-character string, return the Unicode code\npoint of that character.\n\nIf the argument is a bytes or bytearray object of length 1, return its\nsingle byte value.",
            ord,
        ),
        function(
            "pow",
            "($module, /, base, exp, mod=None)",
            "Equivalent to base**exp with 2 arguments or base**exp % mod with 3 arguments\n\nSome types, such as ints, are able to use a more efficient algorithm\nwhen invoked using the three argument form.",
            pow,
        ),
        raw_function(
            "print",
            "($module, /, *args, sep=' ', end='\\n', file=None, flush=False)",
            "Prints the values to a stream, or to sys.stdout by default.\n\n  sep\n    string inserted between values, default a space.\n  end\n    string appended after the last value, default a newline.\n  file\n    a file-like object (stream); defaults to the current sys.stdout.\n  flush\n    whether to forcibly flush the stream.",
            print::print,
        ),
        function(
            "repr",
            "($module, obj, /)",
            "Return the canonical string representation of the object.\n\nFor many object types, including most builtins, eval(repr(obj)) == obj.",
            |th, a| th.repr(a[0].unwrap()),
        )
        .inlined(Inline::Repr),
        function(
            "round",
            "($module, /, number, ndigits=None)",
            "Round a number to a given precision in decimal digits.\n\nThe return value is an integer if ndigits is omitted or None.\nOtherwise the return value has the same type as the number.  ndigits\nmay be negative.",
            round,
        ),
        function(
            "setattr",
            "($module, obj, name, value, /)",
            "Sets the named attribute on the given object to the specified value.\n\nsetattr(x, 'y', v) is equivalent to ``x.y = v``",
            setattr,
        ),
        raw_function(
            "sorted",
            "($module, iterable, /, *, key=None, reverse=False)",
            "Return a new list containing all items from the iterable in ascending order.\n\nA custom key function can be supplied to customize the sort order, and the\nreverse flag can be set to request the result in descending order.",
            super::fold::sorted,
        )
        .inlined(Inline::Drain(Use::Sorted)),
        function(
            "sum",
            "($module, iterable, /, start=0)",
            "Return the sum of a 'start' value (default: 0) plus an iterable of numbers\n\nWhen the iterable is empty, return the start value.\nThis function is intended specifically for use with numeric values and\nmay reject non-numeric types.",
            super::fold::sum,
        )
        .inlined(Inline::Drain(Use::Sum)),
        function(
            "vars",
            "!($module, object=None, /)",
            "vars([object]) -> dictionary\n\nWithout arguments, equivalent to locals().\nWith an argument, equivalent to object.__dict__.",
            eval_::vars,
        ),
        raw_function(
            "open",
            "($module, /, file, mode='r', buffering=-1, encoding=None,\n     errors=None, newline=None, closefd=True, opener=None)",
            "Open file and return a stream.  Raise OSError upon failure.\n\nfile is either a text or byte string giving the name (and the path\nif the file isn't in the current working directory) of the file to\nbe opened or an integer file descriptor of the file to be\nwrapped.  (If a file descriptor is given, it is closed when the\nreturned I/O object is closed, unless closefd is set to False.)\n\nmode is an optional string that specifies the mode in which the file\nis opened.  It defaults to 'r' which means open for reading in text\nmode.  Other common values are 'w' for writing (truncating the file if\nit already exists), 'x' for creating and writing to a new file, and\n'a' for appending (which on some Unix systems, means that all writes\nappend to the end of the file regardless of the current seek position).\nIn text mode, if encoding is not specified the encoding used is platform\ndependent: locale.getencoding() is called to get the current locale\nencoding.  (For reading and writing raw bytes use binary mode and leave\nencoding unspecified.)  The available modes are:\n\n========= ==========================================================\nCharacter Meaning\n--------- ----------------------------------------------------------\n'r'       open for reading (default)\n'w'       open for writing, truncating the file first\n'x'       create a new file and open it for writing\n'a'       open for writing, appending to the end of the file if it\n          exists\n'b'       binary mode\n't'       text mode (default)\n'+'       open a disk file for updating (reading and writing)\n========= ==========================================================\n\nThe default mode is 'rt' (open for reading text).  For binary random\naccess, the mode 'w+b' opens and truncates the file to 0 bytes, while\n'r+b' opens the file without truncation.  The 'x' mode implies 'w' and\nraises an `FileExistsError` if the file already exists.\n\nPython distinguishes between files opened in binary and text modes,\neven when the underlying operating system doesn't.  Files opened in\nbinary mode (appending 'b' to the mode argument) return contents as\nbytes objects without any decoding.  In text mode (the default, or when\n't' is appended to the mode argument), the contents of the file are\nreturned as strings, the bytes having been first decoded using a\nplatform-dependent encoding or using the specified encoding if given.\n\nbuffering is an optional integer used to set the buffering policy.\nPass 0 to switch buffering off (only allowed in binary mode), 1 to\nselect line buffering (only usable in text mode), and an integer > 1 to\nindicate the size of a fixed-size chunk buffer.   When no buffering\nargument is given, the default buffering policy works as follows:\n\n* Binary files are buffered in fixed-size chunks; the size of the buffer\n  is max(min(blocksize, 8 MiB), DEFAULT_BUFFER_SIZE) when the device\n  block size is available.\n  On most systems, the buffer will typically be 128 kilobytes long.\n\n* \"Interactive\" text files (files for which isatty() returns True)\n  use line buffering.  Other text files use the policy described above\n  for binary files.\n\nencoding is the name of the encoding used to decode or encode the\nfile.  This should only be used in text mode.  The default encoding is\nplatform dependent, but any encoding supported by Python can be\npassed.  See the codecs module for the list of supported encodings.\n\nerrors is an optional string that specifies how encoding errors are to\nbe handled---this argument should not be used in binary mode.  Pass\n'strict' to raise a ValueError exception if there is an encoding error\n(the default of None has the same effect), or pass 'ignore' to ignore\nerrors.  (Note that ignoring encoding errors can lead to data loss.)\nSee the documentation for codecs.register or run 'help(codecs.Codec)'\nfor a list of the permitted encoding error strings.\n\nnewline controls how universal newlines works (it only applies to text\nmode).  It can be None, '', '\\n', '\\r', and '\\r\\n'.  It works as\nfollows:\n\n* On input, if newline is None, universal newlines mode is enabled.\n  Lines in the input can end in '\\n', '\\r', or '\\r\\n', and these are\n  translated into '\\n' before being returned to the caller.  If it is\n  '', universal newline mode is enabled, but line endings are returned\n  to the caller untranslated.  If it has any of the other legal values,\n  input lines are only terminated by the given string, and the line\n  ending is returned to the caller untranslated.\n\n* On output, if newline is None, any '\\n' characters written are\n  translated to the system default line separator, os.linesep.  If\n  newline is '' or '\\n', no translation takes place.  If newline is any\n  of the other legal values, any '\\n' characters written are translated\n  to the given string.\n\nIf closefd is False, the underlying file descriptor will be kept open\nwhen the file is closed.  This does not work when a file name is given\nand must be True in that case.\n\nA custom opener can be used by passing a callable as *opener*.  The\nunderlying file descriptor for the file object is then obtained by\ncalling *opener* with (*file*, *flags*).  *opener* must return an open\nfile descriptor (passing os.open as *opener* results in functionality\nsimilar to passing None).\n\nopen() returns a file object whose type depends on the mode, and\nthrough which the standard file operations such as reading and writing\nare performed.  When open() is used to open a file in a text mode ('w',\n'r', 'wt', 'rt', etc.), it returns a TextIOWrapper.  When used to open\na file in a binary mode, the returned class varies: in read binary\nmode, it returns a BufferedReader; in write binary and append binary\nmodes, it returns a BufferedWriter, and in read/write mode, it returns\na BufferedRandom.\n\nIt is also possible to use a string or bytearray as a file for both\nreading and writing.  For strings StringIO can be used like a file\nopened in a text mode, and for bytes a BytesIO can be used like a file\nopened in a binary mode.",
            open,
        ),
    ],
    types: &[],
    init: None,
};

fn import_(th: Th, a: &[Option<Value>]) -> R<Value> {
    let name = a[0].unwrap();
    let level = match a[4] {
        Some(l) => th.index_i64(l)?,
        None => 0,
    };
    if !name.is_kind(Kind::Str) {
        return Err(th.type_error("module name must be a string"));
    }
    if level < 0 {
        return Err(th.value_error("level must be >= 0"));
    }
    if level == 0 && name.known::<Str>().is_empty() {
        return Err(th.value_error("Empty module name"));
    }
    crate::import::import_function(th, name, a[1], a[2], a[3], level)
}

fn abs(th: Th, a: &[Option<Value>]) -> R<Value> {
    let x = a[0].unwrap();
    match x.as_fix() {
        Some(n) => Ok(th.int(n.abs())),
        None => super::ops::abs(th, x),
    }
}

fn aiter(th: Th, a: &[Option<Value>]) -> R<Value> {
    let o = a[0].unwrap();
    let Some(f) = th.type_of(o).slots.aiter else {
        return Err(th.type_error(format!("'{}' object is not an async iterable", th.type_name_of(o))));
    };
    let it = f(th, o)?;
    if th.type_of(it).slots.anext.is_none() {
        return Err(th.type_error(format!(
            "aiter() returned not an async iterator of type '{}'",
            th.type_name_of(it)
        )));
    }
    Ok(it)
}
fn anext(th: Th, a: &[Option<Value>]) -> R<Value> {
    let o = a[0].unwrap();
    let Some(f) = th.type_of(o).slots.anext else {
        return Err(th.type_error(format!("'{}' object is not an async iterator", th.type_name_of(o))));
    };
    let w = f(th, o)?;
    match a[1] {
        Some(d) => super::async_gen::anext_awaitable(th, w, d),
        None => Ok(w),
    }
}

fn ascii(th: Th, a: &[Option<Value>]) -> R<Value> {
    super::str_methods::ascii(th, a[0].unwrap())
}

/// `bin`, `oct`, `hex`, as `int.__format__` with an alternate form writes them: digits of `bits` bits each behind `0` and
/// `letter`.
fn radix(th: Th, v: Value, bits: u32, letter: u8) -> R<Value> {
    let i = th.index(v)?;
    let Some(n) = super::int::to_i64(i) else {
        let f = th.lookup(super::int::INT.get(), n!(__format__)).expect("int has __format__");
        return th.call_unbound(f, i, &[th.str_bytes(&[b'#', letter])]);
    };
    let mut text = [0; 67];
    let (mut at, mut rest) = (text.len(), n.unsigned_abs());
    let mut put = |b: u8| {
        at -= 1;
        text[at] = b;
    };
    loop {
        put(b"0123456789abcdef"[(rest & ((1 << bits) - 1)) as usize]);
        rest >>= bits;
        if rest == 0 {
            break;
        }
    }
    put(letter);
    put(b'0');
    if n < 0 {
        put(b'-');
    }
    let text = &text[at..];
    th.str_counted(text, text.len(), true)
}
fn bin(th: Th, a: &[Option<Value>]) -> R<Value> {
    radix(th, a[0].unwrap(), 1, b'b')
}
fn oct(th: Th, a: &[Option<Value>]) -> R<Value> {
    radix(th, a[0].unwrap(), 3, b'o')
}
fn hex(th: Th, a: &[Option<Value>]) -> R<Value> {
    radix(th, a[0].unwrap(), 4, b'x')
}

fn breakpoint(th: Th, a: RawArgs) -> R<Value> {
    match super::sys_attr(th, th.intern("breakpointhook"))? {
        Some(h) => th.call_raw(h, a),
        None => Err(th.runtime_error("lost sys.breakpointhook")),
    }
}

fn callable(th: Th, a: &[Option<Value>]) -> R<Value> {
    Ok(Value::bool(th.type_of(a[0].unwrap()).slots.call.is_some()))
}

fn chr(th: Th, a: &[Option<Value>]) -> R<Value> {
    let i = match a[0].unwrap().as_fix() {
        Some(n) => n,
        None => {
            let i = th.index(a[0].unwrap())?;
            super::int::to_i64(i).unwrap_or(-1)
        }
    };
    if !(0..0x11_0000).contains(&i) {
        return Err(th.value_error("chr() arg not in range(0x110000)"));
    }
    char_str(th, i as u32)
}
/// The str of one code point, lone surrogates included.
pub fn char_str(th: Th, c: u32) -> R<Value> {
    let mut b = [0u8; 4];
    let n = match char::from_u32(c) {
        Some(c) => c.encode_utf8(&mut b).len(),
        None => {
            b[..3].copy_from_slice(&[
                0xe0 | (c >> 12) as u8,
                0x80 | (c >> 6 & 0x3f) as u8,
                0x80 | (c & 0x3f) as u8,
            ]);
            3
        }
    };
    th.str_counted(&b[..n], 1, c < 0x80)
}
fn ord(th: Th, a: &[Option<Value>]) -> R<Value> {
    let v = a[0].unwrap();
    if let Some(s) = v.cast::<Str>() {
        if s.len() == 1 {
            let b = s.bytes();
            let c = match b.len() {
                1 => b[0] as u32,
                2 => (b[0] as u32 & 0x1f) << 6 | (b[1] as u32 & 0x3f),
                3 => (b[0] as u32 & 0xf) << 12 | (b[1] as u32 & 0x3f) << 6 | (b[2] as u32 & 0x3f),
                _ => {
                    (b[0] as u32 & 7) << 18
                        | (b[1] as u32 & 0x3f) << 12
                        | (b[2] as u32 & 0x3f) << 6
                        | (b[3] as u32 & 0x3f)
                }
            };
            return Ok(Value::fix(c as i64));
        }
        return Err(
            th.type_error(format!("ord() expected a character, but string of length {} found", s.len()))
        );
    }
    if matches!(v.kind(), Kind::Bytes | Kind::ByteArray)
        && let Some(b) = super::buffer::bytes_of(v)
    {
        return match b {
            [c] => Ok(Value::fix(*c as i64)),
            _ => Err(
                th.type_error(format!("ord() expected a character, but string of length {} found", b.len()))
            ),
        };
    }
    Err(th.type_error(format!("ord() expected string of length 1, but {} found", th.type_name_of(v))))
}

fn divmod(th: Th, a: &[Option<Value>]) -> R<Value> {
    super::ops::divmod(th, a[0].unwrap(), a[1].unwrap())
}
fn format(th: Th, a: &[Option<Value>]) -> R<Value> {
    let spec = match a[1] {
        Some(s) if !s.is_kind(Kind::Str) => {
            return Err(
                th.type_error(format!("format() argument 2 must be str, not {}", th.arg_type_name(s)))
            );
        }
        Some(s) => s,
        None => crate::thread::Root::empty_str.value(),
    };
    super::ops::format(th, a[0].unwrap(), spec)
}

fn attr_name(th: Th, v: Value) -> R<()> {
    if v.is_kind(Kind::Str) {
        return Ok(());
    }
    Err(th.type_error(format!("attribute name must be string, not '{}'", th.type_name_of(v))))
}
fn getattr(th: Th, a: &[Option<Value>]) -> R<Value> {
    let (o, name) = (a[0].unwrap(), a[1].unwrap());
    match a[2] {
        None => {
            attr_name(th, name)?;
            th.getattr(o, name)
        }
        Some(d) => {
            attr_name(th, name)?;
            Ok(th.getattr_opt(o, name)?.unwrap_or(d))
        }
    }
}
fn hasattr(th: Th, a: &[Option<Value>]) -> R<Value> {
    attr_name(th, a[1].unwrap())?;
    Ok(Value::bool(th.has_attr(a[0].unwrap(), a[1].unwrap())?))
}
fn setattr(th: Th, a: &[Option<Value>]) -> R<Value> {
    attr_name(th, a[1].unwrap())?;
    th.setattr(a[0].unwrap(), a[1].unwrap(), a[2])?;
    Ok(NONE())
}
fn delattr(th: Th, a: &[Option<Value>]) -> R<Value> {
    attr_name(th, a[1].unwrap())?;
    th.setattr(a[0].unwrap(), a[1].unwrap(), None)?;
    Ok(NONE())
}

fn hash(th: Th, a: &[Option<Value>]) -> R<Value> {
    Ok(th.int(th.hash(a[0].unwrap())?))
}
fn id(th: Th, a: &[Option<Value>]) -> R<Value> {
    Ok(th.int(super::object::id(th, a[0].unwrap()) as i64))
}
fn isinstance(th: Th, a: &[Option<Value>]) -> R<Value> {
    Ok(Value::bool(super::isinstance::isinstance(th, a[0].unwrap(), a[1].unwrap())?))
}
fn issubclass(th: Th, a: &[Option<Value>]) -> R<Value> {
    Ok(Value::bool(super::isinstance::issubclass(th, a[0].unwrap(), a[1].unwrap())?))
}
fn len(th: Th, a: &[Option<Value>]) -> R<Value> {
    Ok(th.int(th.len(a[0].unwrap())? as i64))
}

fn iter(th: Th, a: &[Option<Value>]) -> R<Value> {
    let o = a[0].unwrap();
    match a[1] {
        None => th.iter(o),
        Some(_) if th.type_of(o).slots.call.is_none() => Err(th.type_error("iter(v, w): v must be callable")),
        Some(s) => Ok(super::call_iter::new(th, o, s)),
    }
}
fn next(th: Th, a: &[Option<Value>]) -> R<Value> {
    let it = a[0].unwrap();
    let t = th.type_of(it);
    let Some(f) = t.slots.iternext else {
        return Err(th.type_error(format!("'{}' object is not an iterator", th.type_name(t))));
    };
    // A Python `__next__` is called as a method, so that its very StopIteration gets to the caller.
    if t.heap_type()
        && let Some(m) = th.lookup(t, n!(__next__))
        && !m.is_exact(Kind::WrapperDescriptor)
    {
        let r = th.call_unbound(m, it, &[]);
        return match a[1] {
            Some(d) => Ok(th.catch(r, &exc::STOP_ITERATION)?.unwrap_or(d)),
            None => r,
        };
    }
    th.set_stop_value(NONE());
    match (f(th, it), a[1]) {
        (Ok(Some(v)), _) => Ok(v),
        (Ok(None), Some(d)) => Ok(d),
        (Ok(None), None) => {
            let v = th.pending_stop_value();
            Err(th.stop_iteration(v.some()))
        }
        (Err(e), Some(d)) => Ok(th.catch(Err(e), &exc::STOP_ITERATION)?.unwrap_or(d)),
        (Err(e), None) => Err(e),
    }
}

fn pow(th: Th, a: &[Option<Value>]) -> R<Value> {
    super::ops::pow3(th, a[0].unwrap(), a[1].unwrap(), a[2].unwrap_or(NONE()))
}
fn round(th: Th, a: &[Option<Value>]) -> R<Value> {
    let x = a[0].unwrap();
    let Some(f) = th.lookup_special(x, n!(__round__)) else {
        return Err(th.type_error(format!("type {} doesn't define __round__ method", th.type_name_of(x))));
    };
    match a[1].and_then(|n| n.some()) {
        Some(n) => th.call_unbound(f, x, &[n]),
        None => th.call_unbound(f, x, &[]),
    }
}

fn open(th: Th, a: RawArgs) -> R<Value> {
    let io = crate::import::import_module(th, "_io")?;
    let f = th.getattr(io, th.intern("open"))?;
    th.call_raw(f, a)
}
