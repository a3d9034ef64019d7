//! The tables of methods of `bytes` and `bytearray`: most are the same functions (in `bytes_methods`) under different
//! documentation.

use super::{bytearray as ba, bytes_methods as m};
use crate::native::*;

// What both have to the letter.

const CAPITALIZE: NativeDef = method(
    "capitalize",
    "($self, /)",
    "B.capitalize() -> copy of B\n\nReturn a copy of B with only its first character capitalized (ASCII)\nand the rest lower-cased.",
    m::capitalize,
);
const CENTER: NativeDef = method(
    "center",
    "($self, width, fillchar=b' ', /)",
    "Return a centered string of length width.\n\nPadding is done using the specified fill character.",
    m::center,
);
const COUNT: NativeDef = method(
    "count",
    "($self, sub[, start[, end]], /)",
    "Return the number of non-overlapping occurrences of subsection 'sub' in bytes B[start:end].\n\n  start\n    Optional start position. Default: start of the bytes.\n  end\n    Optional stop position. Default: end of the bytes.",
    m::count,
);
const EXPANDTABS: NativeDef = method(
    "expandtabs",
    "($self, /, tabsize=8)",
    "Return a copy where all tab characters are expanded using spaces.\n\nIf tabsize is not given, a tab size of 8 characters is assumed.",
    m::expandtabs,
);
const ISALNUM: NativeDef = method(
    "isalnum",
    "($self, /)",
    "B.isalnum() -> bool\n\nReturn True if all characters in B are alphanumeric\nand there is at least one character in B, False otherwise.",
    m::isalnum,
);
const ISALPHA: NativeDef = method(
    "isalpha",
    "($self, /)",
    "B.isalpha() -> bool\n\nReturn True if all characters in B are alphabetic\nand there is at least one character in B, False otherwise.",
    m::isalpha,
);
const ISASCII: NativeDef = method(
    "isascii",
    "($self, /)",
    "B.isascii() -> bool\n\nReturn True if B is empty or all characters in B are ASCII,\nFalse otherwise.",
    m::isascii,
);
const ISDIGIT: NativeDef = method(
    "isdigit",
    "($self, /)",
    "B.isdigit() -> bool\n\nReturn True if all characters in B are digits\nand there is at least one character in B, False otherwise.",
    m::isdigit,
);
const ISLOWER: NativeDef = method(
    "islower",
    "($self, /)",
    "B.islower() -> bool\n\nReturn True if all cased characters in B are lowercase and there is\nat least one cased character in B, False otherwise.",
    m::islower,
);
const ISSPACE: NativeDef = method(
    "isspace",
    "($self, /)",
    "B.isspace() -> bool\n\nReturn True if all characters in B are whitespace\nand there is at least one character in B, False otherwise.",
    m::isspace,
);
const ISTITLE: NativeDef = method(
    "istitle",
    "($self, /)",
    "B.istitle() -> bool\n\nReturn True if B is a titlecased string and there is at least one\ncharacter in B, i.e. uppercase characters may only follow uncased\ncharacters and lowercase characters only cased ones. Return False\notherwise.",
    m::istitle,
);
const ISUPPER: NativeDef = method(
    "isupper",
    "($self, /)",
    "B.isupper() -> bool\n\nReturn True if all cased characters in B are uppercase and there is\nat least one cased character in B, False otherwise.",
    m::isupper,
);
const LJUST: NativeDef = method(
    "ljust",
    "($self, width, fillchar=b' ', /)",
    "Return a left-justified string of length width.\n\nPadding is done using the specified fill character.",
    m::ljust,
);
const LOWER: NativeDef = method(
    "lower",
    "($self, /)",
    "B.lower() -> copy of B\n\nReturn a copy of B with all ASCII characters converted to lowercase.",
    m::lower,
);
const MAKETRANS: NativeDef = staticmethod(
    "maketrans",
    "(frm, to, /)",
    "Return a translation table usable for the bytes or bytearray translate method.\n\nThe returned table will be one where each byte in frm is mapped to\nthe byte at the same position in to.\n\nThe bytes objects frm and to must be of the same length.",
    m::maketrans,
);
const REPLACE: NativeDef = method(
    "replace",
    "($self, old, new, count=-1, /)",
    "Return a copy with all occurrences of substring old replaced by new.\n\n  count\n    Maximum number of occurrences to replace.\n    -1 (the default value) means replace all occurrences.\n\nIf the optional argument count is given, only the first count occurrences are\nreplaced.",
    m::replace,
);
const RJUST: NativeDef = method(
    "rjust",
    "($self, width, fillchar=b' ', /)",
    "Return a right-justified string of length width.\n\nPadding is done using the specified fill character.",
    m::rjust,
);
const RSTRIP: NativeDef = method(
    "rstrip",
    "($self, bytes=None, /)",
    "Strip trailing bytes contained in the argument.\n\nIf the argument is omitted or None, strip trailing ASCII whitespace.",
    m::rstrip,
);
const STRIP: NativeDef = method(
    "strip",
    "($self, bytes=None, /)",
    "Strip leading and trailing bytes contained in the argument.\n\nIf the argument is omitted or None, strip leading and trailing ASCII\nwhitespace.",
    m::strip,
);
const SWAPCASE: NativeDef = method(
    "swapcase",
    "($self, /)",
    "B.swapcase() -> copy of B\n\nReturn a copy of B with uppercase ASCII characters converted\nto lowercase ASCII and vice versa.",
    m::swapcase,
);
const TITLE: NativeDef = method(
    "title",
    "($self, /)",
    "B.title() -> copy of B\n\nReturn a titlecased version of B, i.e. ASCII words start with\nuppercase characters, all remaining cased characters have lowercase.",
    m::title,
);
const TRANSLATE: NativeDef = method(
    "translate",
    "($self, table, /, delete=b'')",
    "Return a copy with each character mapped by the given translation table.\n\n  table\n    Translation table, which must be a bytes object of length 256.\n\nAll characters occurring in the optional argument delete are\nremoved.  The remaining characters are mapped through the given\ntranslation table.",
    m::translate,
);
const UPPER: NativeDef = method(
    "upper",
    "($self, /)",
    "B.upper() -> copy of B\n\nReturn a copy of B with all ASCII characters converted to uppercase.",
    m::upper,
);
const ZFILL: NativeDef = method(
    "zfill",
    "($self, width, /)",
    "Pad a numeric string with zeros on the left, to fill a field of the given width.\n\nThe original string is never truncated.",
    m::zfill,
);

pub const BYTES: &[NativeDef] = &[
    method("__getnewargs__", "($self, /)", "", m::getnewargs),
    method("__bytes__", "($self, /)", "Convert this value to exact type bytes.", m::dunder_bytes),
    CAPITALIZE,
    CENTER,
    COUNT,
    method(
        "decode",
        "($self, /, encoding='utf-8', errors='strict')",
        "Decode the bytes using the codec registered for encoding.\n\n  encoding\n    The encoding with which to decode the bytes.\n  errors\n    The error handling scheme to use for the handling of decoding\n    errors.  The default is 'strict' meaning that decoding errors\n    raise a UnicodeDecodeError.  Other possible values are 'ignore'\n    and 'replace' as well as any other name registered with\n    codecs.register_error that can handle UnicodeDecodeErrors.",
        m::decode,
    ),
    method(
        "endswith",
        "($self, suffix[, start[, end]], /)",
        "Return True if the bytes ends with the specified suffix, False otherwise.\n\n  suffix\n    A bytes or a tuple of bytes to try.\n  start\n    Optional start position. Default: start of the bytes.\n  end\n    Optional stop position. Default: end of the bytes.",
        m::endswith,
    ),
    EXPANDTABS,
    method(
        "find",
        "($self, sub[, start[, end]], /)",
        "Return the lowest index in B where subsection 'sub' is found, such that 'sub' is contained within B[start,end].\n\n  start\n    Optional start position. Default: start of the bytes.\n  end\n    Optional stop position. Default: end of the bytes.\n\nReturn -1 on failure.",
        m::find,
    ),
    classmethod(
        "fromhex",
        "($type, string, /)",
        "Create a bytes object from a string of hexadecimal numbers.\n\nSpaces between two numbers are accepted.\nExample: bytes.fromhex('B9 01EF') -> b'\\\\xb9\\\\x01\\\\xef'.",
        m::fromhex,
    ),
    method(
        "hex",
        "($self, /, sep=<unrepresentable>, bytes_per_sep=1)",
        "Create a string of hexadecimal numbers from a bytes object.\n\n  sep\n    An optional single character or byte to separate hex bytes.\n  bytes_per_sep\n    How many bytes between separators.  Positive values count from\n    the right, negative values count from the left.\n\nExample:\n>>> value = b'\\xb9\\x01\\xef'\n>>> value.hex()\n'b901ef'\n>>> value.hex(':')\n'b9:01:ef'\n>>> value.hex(':', 2)\n'b9:01ef'\n>>> value.hex(':', -2)\n'b901:ef'",
        m::hex,
    ),
    method(
        "index",
        "($self, sub[, start[, end]], /)",
        "Return the lowest index in B where subsection 'sub' is found, such that 'sub' is contained within B[start,end].\n\n  start\n    Optional start position. Default: start of the bytes.\n  end\n    Optional stop position. Default: end of the bytes.\n\nRaise ValueError if the subsection is not found.",
        m::index,
    ),
    ISALNUM,
    ISALPHA,
    ISASCII,
    ISDIGIT,
    ISLOWER,
    ISSPACE,
    ISTITLE,
    ISUPPER,
    method(
        "join",
        "($self, iterable_of_bytes, /)",
        "Concatenate any number of bytes objects.\n\nThe bytes whose method is called is inserted in between each pair.\n\nThe result is returned as a new bytes object.\n\nExample: b'.'.join([b'ab', b'pq', b'rs']) -> b'ab.pq.rs'.",
        m::join,
    ),
    LJUST,
    LOWER,
    method(
        "lstrip",
        "($self, bytes=None, /)",
        "Strip leading bytes contained in the argument.\n\nIf the argument is omitted or None, strip leading  ASCII whitespace.",
        m::lstrip,
    ),
    MAKETRANS,
    method(
        "partition",
        "($self, sep, /)",
        "Partition the bytes into three parts using the given separator.\n\nThis will search for the separator sep in the bytes.  If the\nseparator is found, returns a 3-tuple containing the part before the\nseparator, the separator itself, and the part after it.\n\nIf the separator is not found, returns a 3-tuple containing the\noriginal bytes object and two empty bytes objects.",
        m::partition,
    ),
    REPLACE,
    method(
        "removeprefix",
        "($self, prefix, /)",
        "Return a bytes object with the given prefix string removed if present.\n\nIf the bytes starts with the prefix string, return\nbytes[len(prefix):].  Otherwise, return a copy of the original\nbytes.",
        m::removeprefix,
    ),
    method(
        "removesuffix",
        "($self, suffix, /)",
        "Return a bytes object with the given suffix string removed if present.\n\nIf the bytes ends with the suffix string and that suffix is not\nempty, return bytes[:-len(prefix)].  Otherwise, return a copy of the\noriginal bytes.",
        m::removesuffix,
    ),
    method(
        "rfind",
        "($self, sub[, start[, end]], /)",
        "Return the highest index in B where subsection 'sub' is found, such that 'sub' is contained within B[start,end].\n\n  start\n    Optional start position. Default: start of the bytes.\n  end\n    Optional stop position. Default: end of the bytes.\n\nReturn -1 on failure.",
        m::rfind,
    ),
    method(
        "rindex",
        "($self, sub[, start[, end]], /)",
        "Return the highest index in B where subsection 'sub' is found, such that 'sub' is contained within B[start,end].\n\n  start\n    Optional start position. Default: start of the bytes.\n  end\n    Optional stop position. Default: end of the bytes.\n\nRaise ValueError if the subsection is not found.",
        m::rindex,
    ),
    RJUST,
    method(
        "rpartition",
        "($self, sep, /)",
        "Partition the bytes into three parts using the given separator.\n\nThis will search for the separator sep in the bytes, starting at the\nend.  If the separator is found, returns a 3-tuple containing the\npart before the separator, the separator itself, and the part after\nit.\n\nIf the separator is not found, returns a 3-tuple containing two\nempty bytes objects and the original bytes object.",
        m::rpartition,
    ),
    method(
        "rsplit",
        "($self, /, sep=None, maxsplit=-1)",
        "Return a list of the sections in the bytes, using sep as the delimiter.\n\n  sep\n    The delimiter according which to split the bytes.\n    None (the default value) means split on ASCII whitespace\n    characters (space, tab, return, newline, formfeed, vertical tab).\n  maxsplit\n    Maximum number of splits to do.\n    -1 (the default value) means no limit.\n\nSplitting is done starting at the end of the bytes and working to\nthe front.",
        m::rsplit,
    ),
    RSTRIP,
    method(
        "split",
        "($self, /, sep=None, maxsplit=-1)",
        "Return a list of the sections in the bytes, using sep as the delimiter.\n\n  sep\n    The delimiter according which to split the bytes.\n    None (the default value) means split on ASCII whitespace\n    characters (space, tab, return, newline, formfeed, vertical tab).\n  maxsplit\n    Maximum number of splits to do.\n    -1 (the default value) means no limit.",
        m::split,
    ),
    method(
        "splitlines",
        "($self, /, keepends=False)",
        "Return a list of the lines in the bytes, breaking at line boundaries.\n\nLine breaks are not included in the resulting list unless keepends\nis given and true.",
        m::splitlines,
    ),
    method(
        "startswith",
        "($self, prefix[, start[, end]], /)",
        "Return True if the bytes starts with the specified prefix, False otherwise.\n\n  prefix\n    A bytes or a tuple of bytes to try.\n  start\n    Optional start position. Default: start of the bytes.\n  end\n    Optional stop position. Default: end of the bytes.",
        m::startswith,
    ),
    STRIP,
    SWAPCASE,
    TITLE,
    TRANSLATE,
    UPPER,
    ZFILL,
];

pub const BYTEARRAY: &[NativeDef] = &[
    method(
        "__alloc__",
        "($self, /)",
        "B.__alloc__() -> int\n\nReturn the number of bytes actually allocated.",
        ba::alloc,
    ),
    method("__reduce__", "($self, /)", "Return state information for pickling.", ba::reduce),
    method("__reduce_ex__", "($self, proto=0, /)", "Return state information for pickling.", ba::reduce_ex),
    method(
        "__sizeof__",
        "($self, /)",
        "Returns the size of the bytearray object in memory, in bytes.",
        ba::sizeof,
    ),
    method(
        "append",
        "($self, item, /)",
        "Append a single item to the end of the bytearray.\n\n  item\n    The item to be appended.",
        ba::append,
    ),
    CAPITALIZE,
    CENTER,
    method("clear", "($self, /)", "Remove all items from the bytearray.", ba::clear),
    method("copy", "($self, /)", "Return a copy of B.", ba::copy),
    COUNT,
    method(
        "decode",
        "($self, /, encoding='utf-8', errors='strict')",
        "Decode the bytearray using the codec registered for encoding.\n\n  encoding\n    The encoding with which to decode the bytearray.\n  errors\n    The error handling scheme to use for the handling of decoding\n    errors.  The default is 'strict' meaning that decoding errors\n    raise a UnicodeDecodeError.  Other possible values are 'ignore'\n    and 'replace' as well as any other name registered with\n    codecs.register_error that can handle UnicodeDecodeErrors.",
        m::decode,
    ),
    method(
        "endswith",
        "($self, suffix[, start[, end]], /)",
        "Return True if the bytearray ends with the specified suffix, False otherwise.\n\n  suffix\n    A bytes or a tuple of bytes to try.\n  start\n    Optional start position. Default: start of the bytearray.\n  end\n    Optional stop position. Default: end of the bytearray.",
        m::endswith,
    ),
    EXPANDTABS,
    method(
        "extend",
        "($self, iterable_of_ints, /)",
        "Append all the items from the iterator or sequence to the end of the bytearray.\n\n  iterable_of_ints\n    The iterable of items to append.",
        ba::extend_method,
    ),
    method(
        "find",
        "($self, sub[, start[, end]], /)",
        "Return the lowest index in B where subsection 'sub' is found, such that 'sub' is contained within B[start:end].\n\n  start\n    Optional start position. Default: start of the bytes.\n  end\n    Optional stop position. Default: end of the bytes.\n\nReturn -1 on failure.",
        m::find,
    ),
    classmethod(
        "fromhex",
        "($type, string, /)",
        "Create a bytearray object from a string of hexadecimal numbers.\n\nSpaces between two numbers are accepted.\nExample:\n    bytearray.fromhex('B9 01EF') -> bytearray(b'\\\\xb9\\\\x01\\\\xef')",
        m::fromhex,
    ),
    method(
        "hex",
        "($self, /, sep=<unrepresentable>, bytes_per_sep=1)",
        "Create a string of hexadecimal numbers from a bytearray object.\n\n  sep\n    An optional single character or byte to separate hex bytes.\n  bytes_per_sep\n    How many bytes between separators.  Positive values count from\n    the right, negative values count from the left.\n\nExample:\n>>> value = bytearray([0xb9, 0x01, 0xef])\n>>> value.hex()\n'b901ef'\n>>> value.hex(':')\n'b9:01:ef'\n>>> value.hex(':', 2)\n'b9:01ef'\n>>> value.hex(':', -2)\n'b901:ef'",
        m::hex,
    ),
    method(
        "index",
        "($self, sub[, start[, end]], /)",
        "Return the lowest index in B where subsection 'sub' is found, such that 'sub' is contained within B[start:end].\n\n  start\n    Optional start position. Default: start of the bytes.\n  end\n    Optional stop position. Default: end of the bytes.\n\nRaise ValueError if the subsection is not found.",
        m::index,
    ),
    method(
        "insert",
        "($self, index, item, /)",
        "Insert a single item into the bytearray before the given index.\n\n  index\n    The index where the value is to be inserted.\n  item\n    The item to be inserted.",
        ba::insert,
    ),
    ISALNUM,
    ISALPHA,
    ISASCII,
    ISDIGIT,
    ISLOWER,
    ISSPACE,
    ISTITLE,
    ISUPPER,
    method(
        "join",
        "($self, iterable_of_bytes, /)",
        "Concatenate any number of bytes/bytearray objects.\n\nThe bytearray whose method is called is inserted in between each\npair.\n\nThe result is returned as a new bytearray object.",
        m::join,
    ),
    LJUST,
    LOWER,
    method(
        "lstrip",
        "($self, bytes=None, /)",
        "Strip leading bytes contained in the argument.\n\nIf the argument is omitted or None, strip leading ASCII whitespace.",
        m::lstrip,
    ),
    MAKETRANS,
    method(
        "partition",
        "($self, sep, /)",
        "Partition the bytearray into three parts using the given separator.\n\nThis will search for the separator sep in the bytearray.  If the\nseparator is found, returns a 3-tuple containing the part before the\nseparator, the separator itself, and the part after it as new\nbytearray objects.\n\nIf the separator is not found, returns a 3-tuple containing the copy\nof the original bytearray object and two empty bytearray objects.",
        m::partition,
    ),
    method(
        "pop",
        "($self, index=-1, /)",
        "Remove and return a single item from B.\n\n  index\n    The index from where to remove the item.\n    -1 (the default value) means remove the last item.\n\nIf no index argument is given, will pop the last item.",
        ba::pop,
    ),
    method(
        "remove",
        "($self, value, /)",
        "Remove the first occurrence of a value in the bytearray.\n\n  value\n    The value to remove.",
        ba::remove,
    ),
    REPLACE,
    method(
        "removeprefix",
        "($self, prefix, /)",
        "Return a bytearray with the given prefix string removed if present.\n\nIf the bytearray starts with the prefix string, return\nbytearray[len(prefix):].  Otherwise, return a copy of the original\nbytearray.",
        m::removeprefix,
    ),
    method(
        "removesuffix",
        "($self, suffix, /)",
        "Return a bytearray with the given suffix string removed if present.\n\nIf the bytearray ends with the suffix string and that suffix is not\nempty, return bytearray[:-len(suffix)].  Otherwise, return a copy of\nthe original bytearray.",
        m::removesuffix,
    ),
    method(
        "resize",
        "($self, size, /)",
        "Resize the internal buffer of bytearray to len.\n\n  size\n    New size to resize to.",
        ba::resize,
    ),
    method("reverse", "($self, /)", "Reverse the order of the values in B in place.", ba::reverse),
    method(
        "rfind",
        "($self, sub[, start[, end]], /)",
        "Return the highest index in B where subsection 'sub' is found, such that 'sub' is contained within B[start:end].\n\n  start\n    Optional start position. Default: start of the bytes.\n  end\n    Optional stop position. Default: end of the bytes.\n\nReturn -1 on failure.",
        m::rfind,
    ),
    method(
        "rindex",
        "($self, sub[, start[, end]], /)",
        "Return the highest index in B where subsection 'sub' is found, such that 'sub' is contained within B[start:end].\n\n  start\n    Optional start position. Default: start of the bytes.\n  end\n    Optional stop position. Default: end of the bytes.\n\nRaise ValueError if the subsection is not found.",
        m::rindex,
    ),
    RJUST,
    method(
        "rpartition",
        "($self, sep, /)",
        "Partition the bytearray into three parts using the given separator.\n\nThis will search for the separator sep in the bytearray, starting at\nthe end.  If the separator is found, returns a 3-tuple containing\nthe part before the separator, the separator itself, and the part\nafter it as new bytearray objects.\n\nIf the separator is not found, returns a 3-tuple containing two\nempty bytearray objects and the copy of the original bytearray\nobject.",
        m::rpartition,
    ),
    method(
        "rsplit",
        "($self, /, sep=None, maxsplit=-1)",
        "Return a list of the sections in the bytearray, using sep as the delimiter.\n\n  sep\n    The delimiter according which to split the bytearray.\n    None (the default value) means split on ASCII whitespace\n    characters (space, tab, return, newline, formfeed, vertical tab).\n  maxsplit\n    Maximum number of splits to do.\n    -1 (the default value) means no limit.\n\nSplitting is done starting at the end of the bytearray and working\nto the front.",
        m::rsplit,
    ),
    RSTRIP,
    method(
        "split",
        "($self, /, sep=None, maxsplit=-1)",
        "Return a list of the sections in the bytearray, using sep as the delimiter.\n\n  sep\n    The delimiter according which to split the bytearray.\n    None (the default value) means split on ASCII whitespace\n    characters (space, tab, return, newline, formfeed, vertical tab).\n  maxsplit\n    Maximum number of splits to do.\n    -1 (the default value) means no limit.",
        m::split,
    ),
    method(
        "splitlines",
        "($self, /, keepends=False)",
        "Return a list of the lines in the bytearray, breaking at line boundaries.\n\nLine breaks are not included in the resulting list unless keepends\nis given and true.",
        m::splitlines,
    ),
    method(
        "startswith",
        "($self, prefix[, start[, end]], /)",
        "Return True if the bytearray starts with the specified prefix, False otherwise.\n\n  prefix\n    A bytes or a tuple of bytes to try.\n  start\n    Optional start position. Default: start of the bytearray.\n  end\n    Optional stop position. Default: end of the bytearray.",
        m::startswith,
    ),
    STRIP,
    SWAPCASE,
    TITLE,
    TRANSLATE,
    UPPER,
    ZFILL,
];
