#!/usr/bin/env python3
"""Generate the tables of `src/unicode` from a reference CPython 3.14.

    python3.14 crates/text/tools/gen_unicode.py

Every value is asked of the interpreter that runs this script (`str` methods, `unicodedata`, and the exported
simple case mappings through ctypes), code point by code point, so that the tables agree with CPython by
construction.  Output: `data/*.bin` (little-endian arrays) and `src/unicode/tables.rs` (their types and lengths).
"""

import ctypes
import pathlib
import re
import struct
import sys
import unicodedata
from collections import Counter

assert unicodedata.unidata_version == "16.0.0", unicodedata.unidata_version
ROOT = pathlib.Path(__file__).resolve().parent.parent
DATA = ROOT / "data"
MAX = 0x110000
OLD = unicodedata.ucd_3_2_0

decls = []
total = 0


def emit(name, ty, values, doc):
    """Write one array and remember its declaration."""
    global total
    code = {"u8": "B", "u16": "H", "u32": "I", "u64": "Q", "f64": "d", "i32": "i"}[ty]
    values = list(values)
    blob = struct.pack("<%d%s" % (len(values), code), *values)
    (DATA / (name.lower() + ".bin")).write_bytes(blob)
    total += len(blob)
    decls.append("/// %s\npub static %s: [%s; %d] = table!(%s, %d, \"%s.bin\");\n"
                 % (doc, name, ty, len(values), ty, len(values), name.lower()))
    print("%-22s %-4s %7d bytes" % (name, ty, len(blob)))


def const(name, ty, value, doc):
    decls.append("/// %s\npub const %s: %s = %s;\n" % (doc, name, ty, value))


def two_stage(name, values, doc):
    """values: one small integer per code point. Emits NAME_1 (blocks), NAME_2 (values) and NAME_SHIFT."""
    best = None
    for shift in range(4, 10):
        size = 1 << shift
        blocks, first = {}, []
        for i in range(0, MAX, size):
            block = tuple(values[i:i + size])
            first.append(blocks.setdefault(block, len(blocks)))
        second = [v for block in blocks for v in block]
        w1 = 1 if max(first) < 256 else 2
        w2 = 1 if max(second) < 256 else 2
        cost = len(first) * w1 + len(second) * w2
        if best is None or cost < best[0]:
            best = cost, shift, first, second, w1, w2
    _, shift, first, second, w1, w2 = best
    const(name + "_SHIFT", "u32", shift, doc + ": bits of the position in a block")
    emit(name + "_1", "u%d" % (8 * w1), first, doc + ": block of each group of code points")
    emit(name + "_2", "u%d" % (8 * w2), second, doc + ": values, block by block")


def records(name, rows, doc):
    """Index the distinct rows; the most common row first is not needed, row 0 is the unassigned one."""
    index = {rows[0x378]: 0}
    values = [index.setdefault(r, len(index)) for r in rows]
    two_stage(name, values, doc)
    return list(index)


# --- types: what the methods of `str` need -------------------------------------------------------------------

capi = ctypes.pythonapi
simple = {}
for what in "Lower", "Upper", "Title":
    f = getattr(capi, "_PyUnicode_To%scase" % what)
    f.restype = f.argtypes = None
    f.restype, f.argtypes = ctypes.c_uint32, [ctypes.c_uint32]
    simple[what] = f

FLAGS = ["alpha", "decimal", "digit", "numeric", "lower", "upper", "title", "space", "printable",
         "xid_start", "xid_continue", "case_ignorable", "cased", "special"]
special = [((0, 0, 0),) * 4]
special_index = {}
rows = []
for cp in range(MAX):
    c = chr(cp)
    # Word-final sigma looks back over case-ignorable characters for a cased one.
    after_cased = ("A" + c + "Σ").lower()[-1] == "ς"
    after_other = ("." + c + "Σ").lower()[-1] == "ς"
    ignorable = after_cased and not after_other
    cased = (c + "a").title()[-1] == "a"
    lo, up, ti = (simple[w](cp) for w in ("Lower", "Upper", "Title"))
    full = c.lower(), c.upper(), c.title(), c.casefold()
    fold = ord(full[3]) if len(full[3]) == 1 else lo
    sp = 0
    if [len(x) for x in full] != [1] * 4 or list(map(ord, full)) != [lo, up, ti, fold]:
        row = tuple(tuple(map(ord, x)) + (0,) * (3 - len(x)) for x in full)
        sp = special_index.setdefault(row, len(special))
        if sp == len(special):
            special.append(row)
    # A titlecase letter is neither lower nor upper; `istitle` of one letter is true for both upper and title.
    bits = [c.isalpha(), c.isdecimal(), c.isdigit(), c.isnumeric(), c.islower(), c.isupper(),
            c.istitle() and not c.isupper(), c.isspace(), c.isprintable(), c.isidentifier() and c != "_",
            ("a" + c).isidentifier(), ignorable, cased, sp != 0]
    flags = sum(b << i for i, b in enumerate(bits))
    rows.append((flags, unicodedata.decimal(c, 255), unicodedata.digit(c, 255), lo - cp, up - cp, ti - cp, fold - cp, sp))
table = records("TYPE", rows, "Record of `TYPE_RECORDS` for a code point")
for i, f in enumerate(FLAGS):
    const("F_" + f.upper(), "u16", "1 << %d" % i, "Flag `%s` of a type record" % f)
emit("TYPE_RECORDS", "i32", [x for r in table for x in
     (r[0] | r[1] << 16 | r[2] << 24 if r[2] < 128 else (r[0] | r[1] << 16 | r[2] << 24) - (1 << 32),
      r[3], r[4], r[5], r[6], r[7])],
     "Six words each: flags | decimal << 16 | digit << 24; deltas to lower, upper, title, fold; row of `SPECIAL`")
emit("SPECIAL", "u32", [x for r in special for m in r for x in m],
     "Full mappings where the simple ones do not do: lower, upper, title, fold, three code points each")

numeric = [(cp, unicodedata.numeric(chr(cp))) for cp in range(MAX) if unicodedata.numeric(chr(cp), None) is not None]
distinct = sorted({v for _, v in numeric})
assert len(distinct) < 256
emit("NUMERIC", "u32", [cp << 8 | distinct.index(v) for cp, v in numeric], "Code point << 8 | position in `NUMERIC_VALUES`, sorted")
emit("NUMERIC_VALUES", "f64", distinct, "Distinct numeric values")

# --- the character database ------------------------------------------------------------------------------------


def names_of(module, method):
    return sorted({getattr(module, method)(chr(cp)) for cp in range(MAX)})


def strings(name, values, doc):
    decls.append("/// %s\npub static %s: [&str; %d] = [%s];\n" % (doc, name, len(values), ", ".join('"%s"' % v for v in values)))


cats, bidis, eaws = (sorted(set(names_of(unicodedata, m)) | set(names_of(OLD, m)))
                     for m in ("category", "bidirectional", "east_asian_width"))
strings("CATEGORIES", cats, "Names of general categories")
strings("BIDIS", bidis, "Names of bidirectional classes")
strings("EAWS", eaws, "Names of east asian widths")

decomposition = {cp: d for cp in range(MAX) if not 0xAC00 <= cp < 0xD7A4 and (d := unicodedata.decomposition(chr(cp)))}
assert all(OLD.decomposition(chr(cp)) in ("", d) for cp, d in decomposition.items())
pairs = {}
for cp, d in decomposition.items():
    parts = d.split()
    if len(parts) == 2 and d[0] != "<" and unicodedata.normalize("NFC", chr(cp)) == chr(cp):
        pairs[int(parts[0], 16), int(parts[1], 16)] = cp
seconds = {b for _, b in pairs} | set(range(0x1161, 0x1176)) | set(range(0x11A8, 0x11C3))

QC = "NFC", "NFD", "NFKC", "NFKD"
rows = []
for cp in range(MAX):
    c = chr(cp)
    qc = sum((unicodedata.normalize(f, c) != c) << i for i, f in enumerate(QC)) | (cp in seconds) << 4
    rows.append((cats.index(unicodedata.category(c)), bidis.index(unicodedata.bidirectional(c)), unicodedata.combining(c),
                 eaws.index(unicodedata.east_asian_width(c)) | unicodedata.mirrored(c) << 7, qc))
table = records("UCD", rows, "Record of `UCD_RECORDS` for a code point")
emit("UCD_RECORDS", "u8", [x for r in table for x in r],
     "Five bytes each: category, bidirectional, combining, width | mirrored << 7, normalization")
const("Q_SECOND", "u8", 16, "May combine with a character before it; the bits below are \"no\" in NFC, NFD, NFKC, NFKD")

rows = []
for cp in range(MAX):
    c = chr(cp)
    cat = OLD.category(c)
    rows.append((cats.index(cat), bidis.index(OLD.bidirectional(c)), OLD.combining(c),
                 eaws.index(OLD.east_asian_width(c)) | OLD.mirrored(c) << 7))
table = records("OLD", rows, "Record of `OLD_RECORDS` (Unicode 3.2.0) for a code point")
emit("OLD_RECORDS", "u8", [x for r in table for x in r], "Four bytes each, as `UCD_RECORDS`, for Unicode 3.2.0")
cn = cats.index("Cn")
assigned_old = [r[0] != cn for r in rows]


def old_diff(method):
    """Assigned code points of 3.2.0 whose value differs from today's."""
    out = []
    for cp in range(MAX):
        c = chr(cp)
        new, old = getattr(unicodedata, method)(c, None), getattr(OLD, method)(c, None)
        if not assigned_old[cp]:
            # Private use and the like never have values; unassigned ones have none in 3.2.0.
            assert old is None or old == new, (hex(cp), method)
            assert old is None, (hex(cp), method, old)
        elif new != old:
            out.append((cp, -1.0 if old is None else float(old)))
    return out


diffs = old_diff("decimal")
emit("OLD_DECIMAL", "i32", [int(x) for d in diffs for x in d], "Pairs (code point, decimal value or -1) where 3.2.0 differs")
diffs = old_diff("numeric")
emit("OLD_NUMERIC", "f64", [x for d in diffs for x in d], "Pairs (code point, numeric value or -1) where 3.2.0 differs")
assert all(OLD.digit(chr(cp), None) == unicodedata.digit(chr(cp), None) for cp in range(MAX))
fixes = []
for cp in range(MAX):
    c = chr(cp)
    if assigned_old[cp] and (n := OLD.normalize("NFD", c)) != unicodedata.normalize("NFD", c):
        assert len(n) == 1
        fixes.append((cp, ord(n)))
emit("OLD_NORMALIZATION", "u32", [x for f in fixes for x in f], "Pairs (code point, its decomposition in 3.2.0)")

tags = sorted({d.split()[0] for d in decomposition.values() if d[0] == "<"})
strings("TAGS", [""] + tags, "Tags of compatibility decompositions")
data, index, starts = [0], {}, [0] * MAX
for cp, d in sorted(decomposition.items()):
    parts = d.split()
    tag = 0
    if d[0] == "<":
        tag = 1 + tags.index(parts.pop(0))
    text = "".join(chr(int(p, 16)) for p in parts)
    units = struct.unpack("<%dH" % (len(text.encode("utf-16-le")) // 2), text.encode("utf-16-le"))
    row = (tag << 8 | len(units),) + units
    if row not in index:
        index[row] = len(data)
        data.extend(row)
    starts[cp] = index[row]
assert len(data) < 65536
two_stage("DECOMP", starts, "Start in `DECOMP_DATA` of the decomposition, 0 if none")
emit("DECOMP_DATA", "u16", data, "tag << 8 | units, then the decomposition in UTF-16")
emit("COMPOSE", "u64", [a << 42 | b << 21 | c for (a, b), c in sorted(pairs.items())],
     "first << 42 | second << 21 | composed, sorted")

# --- names -----------------------------------------------------------------------------------------------------

names = {cp: n for cp in range(MAX) if (n := unicodedata.name(chr(cp), None))}


def lookup(name):
    try:
        return unicodedata.lookup(name)
    except KeyError:
        return None


# Names made of a prefix and the code point, both those that `name` gives and those only `lookup` knows.
derived = []
prefixes = sorted({m[1] for n in names.values() if (m := re.fullmatch(r"(.*-)[0-9A-F]{4,6}", n))} | {"TANGUT IDEOGRAPH-"})
for prefix in prefixes:
    for cp in range(MAX):
        n = "%s%04X" % (prefix, cp)
        if lookup(n) != chr(cp):
            continue
        named = names.get(cp) == n
        if derived and derived[-1][1] == cp - 1 and derived[-1][2:] == [prefix, named]:
            derived[-1][1] = cp
        else:
            derived.append([cp, cp, prefix, named])
derived = [d for d in derived if d[1] - d[0] >= 3]
derived.sort()
decls.append("/// First and last code point, prefix before the code point in hexadecimal, whether `name` knows it\n"
             "pub static DERIVED: [(u32, u32, &str, bool); %d] = [%s];\n"
             % (len(derived), ", ".join('(0x%X, 0x%X, "%s", %s)' % (a, b, p, str(n).lower()) for a, b, p, n in derived)))
for a, b, p, n in derived:
    for cp in range(a, b + 1):
        if n:
            del names[cp]
for cp in range(0xAC00, 0xD7A4):
    assert names.pop(cp).startswith("HANGUL SYLLABLE ")

order = sorted(names)
tokens = {cp: re.findall(r"[^ -]+-?|-", names[cp]) for cp in order}


def join(toks):
    out = ""
    for t in toks:
        out += t if not out or out.endswith("-") else " " + t
    return out


# A hyphen followed by a space ("TIBETAN MARK TSA -PHRU") does not round-trip through the simple rule: such words
# are kept whole, spaces included.
for cp in order:
    if join(tokens[cp]) != names[cp]:
        tokens[cp] = re.findall(r"[^ ]+", names[cp])
        if join(tokens[cp]) != names[cp]:
            tokens[cp] = [re.sub(r"- ", "- ", names[cp])]
    assert join(tokens[cp]) == names[cp], names[cp]

BLOCK = 16


def front(prev, cur):
    k = 0
    while k < min(len(prev), len(cur)) - 1 and prev[k] == cur[k]:
        k += 1
    return min(k, 14)


used = Counter()
for pos, cp in enumerate(order):
    prev = tokens[order[pos - 1]] if pos % BLOCK else []
    used.update(tokens[cp][front(prev, tokens[cp]):])
words = [w for w, _ in used.most_common()]
ONE = 160
assert len(words) <= ONE + (256 - ONE) * 256, len(words)
number = {w: i for i, w in enumerate(words)}
blob, blocks = bytearray(), []
for pos, cp in enumerate(order):
    if pos % BLOCK == 0:
        blocks.append(len(blob))
        prev = []
    k = front(prev, tokens[cp])
    rest = tokens[cp][k:]
    assert len(rest) < 16
    blob.append(k << 4 | len(rest))
    for t in rest:
        i = number[t]
        if i < ONE:
            blob.append(i)
        else:
            i -= ONE
            blob += bytes((ONE + (i >> 8), i & 255))
    prev = tokens[cp]
const("NAME_BLOCK", "usize", BLOCK, "Names between two restarts of front coding")
const("WORD_ONE", "usize", ONE, "Words below this have numbers of one byte")
emit("NAME_DATA", "u8", blob, "For each name: shared words << 4 | new words, then the numbers of the new words")
emit("NAME_BLOCKS", "u32", blocks, "Start in `NAME_DATA` of each block")
lexicon, starts = bytearray(), []
for i, w in enumerate(words):
    if i % 16 == 0:
        starts.append(len(lexicon))
    b = w.encode("ascii")
    lexicon += b[:-1] + bytes((b[-1] | 128,))
emit("WORDS", "u8", lexicon, "Words of names, the last byte of each with its high bit set")
emit("WORD_BLOCKS", "u32", starts, "Start in `WORDS` of every 16th word")
runs = []
for pos, cp in enumerate(order):
    if not runs or runs[-1][0] + pos - runs[-1][1] != cp:
        runs.append((cp, pos))
emit("NAME_RUNS", "u32", [x for r in runs for x in r], "Pairs (code point, number of its name) at the start of each run")
const("NAME_COUNT", "u32", len(order), "Number of names")


def fnv(name):
    h = 0x811C9DC5
    for b in name.encode("ascii"):
        h = ((h ^ b) * 0x01000193) & 0xFFFFFFFF
    return h ^ h >> 15


SLOTS = 42701
table = [0xFFFF] * SLOTS
for pos, cp in enumerate(order):
    i = fnv(names[cp]) % SLOTS
    while table[i] != 0xFFFF:
        i = (i + 1) % SLOTS
    table[i] = pos
emit("NAME_HASH", "u16", table, "Open-addressed table: numbers of names by FNV-1a of the name, 0xFFFF empty")

# Aliases and named sequences: the database's C interface lists them under private code points.
capi.PyCapsule_GetPointer.restype = ctypes.c_void_p
capi.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
ptr = capi.PyCapsule_GetPointer(unicodedata._ucnhash_CAPI, b"unicodedata._ucnhash_CAPI")
getname = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_uint32, ctypes.c_char_p, ctypes.c_int, ctypes.c_int)(
    ctypes.cast(ptr, ctypes.POINTER(ctypes.c_void_p))[0])
buf = ctypes.create_string_buffer(256)
extra = {}
for cp in range(0xF0000, 0xF2000):
    if getname(cp, buf, 256, 1):
        extra[buf.value.decode("ascii")] = unicodedata.lookup(buf.value.decode("ascii"))
entries = sorted(extra.items())
text = "".join(n + "\n" for n, _ in entries)
emit("EXTRA_NAMES", "u8", text.encode("ascii"), "Aliases and named sequences, sorted, one a line")
pool, offsets = [], []
for _, v in entries:
    offsets.append(len(pool))
    pool.extend(map(ord, v))
offsets.append(len(pool))
emit("EXTRA_OFFSETS", "u16", offsets, "Start in `EXTRA_POOL` of each; those of one code point are aliases")
emit("EXTRA_POOL", "u32", pool, "Code points of aliases and sequences")

header = '''//! Generated by `tools/gen_unicode.py` from CPython 3.14 (Unicode %s). Do not edit.

''' % unicodedata.unidata_version
(ROOT / "src/unicode/tables.rs").write_text(header + "\n".join(decls))
print("total", total, "bytes")
