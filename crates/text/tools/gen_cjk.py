#!/usr/bin/env python3
"""Generate the tables of `src/codecs/cjk` from a reference CPython 3.14.

    python3.14 crates/text/tools/gen_cjk.py

Every map is asked of that interpreter's codecs. A map has 65536 cells, one per code (two bytes, or a row and a cell of
a character set, with bit 15 for a second plane); it is stored as its differences from a parent map. For encoding, the
maps are inverted at run time (the lowest code of a character wins) and a list of exceptions is applied.

Output: `data/cjk.bin` and `src/codecs/cjk/tables.rs`.
"""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sections = []
blob = bytearray()


def varint(out, n):
    assert n >= 0
    while n >= 128:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)


def zigzag(n):
    return n << 1 if n >= 0 else (-n << 1) - 1


def dec(codec, *b):
    """The text of a byte sequence, or None. Sequences that begin with a shorter one are not wanted."""
    try:
        s = bytes(b).decode(codec)
    except UnicodeDecodeError:
        return None
    if len(b) > 1:
        try:
            bytes(b[:1]).decode(codec)
            return None
        except UnicodeDecodeError:
            pass
    return s


class Map:
    """Cells of text; `specials` numbers those that are not one character of the basic plane."""

    def __init__(self, cells):
        self.cells = {k: v for k, v in cells.items() if v is not None}
        self.specials = []

    def values(self, parent):
        """Numbers for the cells; specials continue those of the parent."""
        self.specials = list(parent.specials) if parent else []
        out = {}
        for k, v in sorted(self.cells.items()):
            if len(v) == 1 and v < "\U00010000":
                assert not "\ud800" <= v <= "\udfff"
                out[k] = ord(v)
            else:
                if v not in self.specials:
                    self.specials.append(v)
                out[k] = 0xD800 + self.specials.index(v)
        assert len(self.specials) <= 2048
        return out


def emit(name, m, parent=None, transform=None):
    """Store map `m` as differences from `parent`, whose codes go through `transform` (None: the cell is not copied)."""
    base = {}
    if parent:
        base = {k2: v for k, v in parent.numbers.items() if (k2 := transform(k) if transform else k) is not None}
    m.numbers = m.values(parent)
    changed = {k: m.numbers.get(k, 0) for k in set(base) | set(m.numbers) if base.get(k) != m.numbers.get(k)}
    keys = sorted(changed)
    out = bytearray()
    # Runs of neighbouring cells; in them stretches of consecutive values apart from the others.
    runs = []
    for k in keys:
        v = changed[k]
        if runs and runs[-1][0] + len(runs[-1][1]) == k:
            run = runs[-1][1]
            step = v == run[-1] + 1
            if len(run) == 1 or step == (run[1] == run[0] + 1):
                run.append(v)
                continue
            if not step:
                runs.append((k, [v]))
                continue
            # A stretch begins with the last of the others, if it gets long enough to pay.
            ahead = 1
            while changed.get(k + ahead) == v + ahead:
                ahead += 1
            if ahead < 3:
                run.append(v)
                continue
        runs.append((k, [v]))
    merged = []
    for k, vs in runs:
        seq = len(vs) >= 3 and all(b == a + 1 for a, b in zip(vs, vs[1:]))
        if merged and not seq and not merged[-1][2] and merged[-1][0] + len(merged[-1][1]) == k:
            merged[-1][1].extend(vs)
        else:
            merged.append((k, list(vs), seq))
    at, last = 0, 0
    varint(out, len(merged))
    for k, vs, seq in merged:
        varint(out, k - at)
        varint(out, len(vs) << 1 | seq)
        for v in vs[:1] if seq else vs:
            varint(out, zigzag(v - last))
            last = v
        if seq:
            last = vs[-1]
        at = k + len(vs)
    news = m.specials[len(parent.specials) if parent else 0:]
    varint(out, len(news))
    for s in news:
        varint(out, len(s))
        for c in s:
            varint(out, ord(c))
    add(name, out, "%d cells, %d stored in %d runs, %d specials" % (len(m.numbers), len(keys), len(merged), len(news)))
    return m


def add(name, out, what):
    sections.append((name, len(blob), len(out)))
    blob.extend(out)
    print("%-22s %6d bytes  %s" % (name, len(out), what))


def exceptions(name, m, encode, before=()):
    """Characters whose code is not the lowest one in the map. `encode` gives the code, or 0; `before` is another such
    list that is applied before this one."""
    inverse = {}
    for k, v in sorted(m.cells.items()):
        if len(v) == 1:
            inverse.setdefault(ord(v), k)
    inverse.update(before)
    out = bytearray()
    found = []
    for cp in range(0x80, 0x110000):
        if 0xD800 <= cp < 0xE000:
            continue
        code = encode(chr(cp))
        if code != inverse.get(cp, 0):
            found.append((cp, code))
    varint(out, len(found))
    last = 0
    for cp, code in found:
        varint(out, cp - last)
        varint(out, code)
        last = cp
    add(name + "_ENC", out, "%d exceptions" % len(found))
    return dict(found)


def double(codec):
    """Map of a codec of one and two bytes, by its bytes."""
    cells = {b: dec(codec, b) for b in range(0x80, 0x100)}
    for lead in range(0x80, 0x100):
        if cells[lead] is None:
            for trail in range(0x100):
                cells[lead << 8 | trail] = dec(codec, lead, trail)
    return Map(cells)


def enc_plain(codec):
    def f(c):
        try:
            b = c.encode(codec)
        except UnicodeEncodeError:
            return 0
        return int.from_bytes(b) if len(b) <= 2 else 0
    return f


def euc_planes(codec):
    """Map of rows and cells of a EUC codec: plane 1, and plane 2 (three bytes) with bit 15."""
    cells = {}
    for r in range(0x21, 0x7F):
        for c in range(0x21, 0x7F):
            cells[r << 8 | c] = dec(codec, r | 0x80, c | 0x80)
            cells[0x8000 | r << 8 | c] = dec(codec, 0x8F, r | 0x80, c | 0x80)
    return Map(cells)


def enc_euc(codec):
    def f(c):
        try:
            b = c.encode(codec)
        except UnicodeEncodeError:
            return 0
        if len(b) == 2 and b[0] != 0x8E:
            return int.from_bytes(b) & 0x7F7F
        if len(b) == 3:
            return int.from_bytes(b[1:]) & 0x7F7F | 0x8000
        return 0
    return f


def sjis_code(k):
    """Shift JIS code of a cell of plane 1."""
    if k & 0x8000:
        return None
    r, c = (k >> 8) - 0x21, (k & 255) - 0x21
    lead = r // 2 + 0x81
    trail = c + r % 2 * 94 + 0x40
    return (lead if lead < 0xA0 else lead + 0x40) << 8 | (trail if trail < 0x7F else trail + 1)


gbk = emit("GBK", double("gbk"))
exceptions("GBK", gbk, enc_plain("gbk"))
gb2312 = emit("GB2312", double("gb2312"), gbk)
exceptions("GB2312", gb2312, enc_plain("gb2312"))
gb18030 = emit("GB18030", double("gb18030"), gbk)
exceptions("GB18030", gb18030, enc_plain("gb18030"))
ranges = []
prev = None
for n in range(39420):
    m, d = divmod(n, 10)
    m, c = divmod(m, 126)
    a, b = divmod(m, 10)
    s = dec("gb18030", a + 0x81, b + 0x30, c + 0x81, d + 0x30)
    if s is not None:
        assert len(s) == 1 and s.encode("gb18030") == bytes((a + 0x81, b + 0x30, c + 0x81, d + 0x30)), s
        if ranges and ranges[-1][0] + ranges[-1][2] == n and ranges[-1][1] + ranges[-1][2] == ord(s):
            ranges[-1][2] += 1
        else:
            ranges.append([n, ord(s), 1])
out = bytearray()
varint(out, len(ranges))
at = last = 0
for n, cp, count in ranges:
    varint(out, n - at)
    varint(out, zigzag(cp - last))
    varint(out, count)
    at, last = n + count, cp + count
add("GB18030_RANGES", out, "%d ranges" % len(ranges))

big5 = emit("BIG5", double("big5"))
exceptions("BIG5", big5, enc_plain("big5"))
cp950 = emit("CP950", double("cp950"), big5)
exceptions("CP950", cp950, enc_plain("cp950"))
hkscs = emit("BIG5HKSCS", double("big5hkscs"), big5)
exceptions("BIG5HKSCS", hkscs, enc_plain("big5hkscs"))

jis = emit("JIS", euc_planes("euc_jp"))
exceptions("JIS", jis, enc_euc("euc_jp"))
sjis = emit("SHIFT_JIS", double("shift_jis"), jis, sjis_code)
exceptions("SHIFT_JIS", sjis, enc_plain("shift_jis"))
cp932 = emit("CP932", double("cp932"), sjis)
exceptions("CP932", cp932, enc_plain("cp932"))
x0213 = emit("JISX0213_2004", euc_planes("euc_jis_2004"), jis)
before = exceptions("JISX0213_2004", x0213, enc_euc("euc_jis_2004"))
x0213_2000 = emit("JISX0213_2000", euc_planes("euc_jisx0213"), x0213)
exceptions("JISX0213_2000", x0213_2000, enc_euc("euc_jisx0213"), before)


ksx = euc_planes("euc_kr")
# In EUC the filler begins a made-up syllable and does not decode alone.
ksx.cells[0x2454] = "\u3164"
emit("KSX1001", ksx)
exceptions("KSX1001", ksx, enc_euc("euc_kr"))
cp949 = emit("CP949", double("cp949"), ksx, lambda k: k | 0x8080)
exceptions("CP949", cp949, enc_plain("cp949"))
johab = emit("JOHAB", double("johab"))
exceptions("JOHAB", johab, enc_plain("johab"))

(ROOT / "data/cjk.bin").write_bytes(blob)
print("total", len(blob))
text = "//! Generated by `tools/gen_cjk.py` from CPython 3.14. Do not edit.\n\nuse std::ops::Range;\n\n"
text += "/// All sections.\npub static CJK: [u8; %d] = table!(u8, %d, \"cjk.bin\");\n" % (len(blob), len(blob))
for name, at, n in sections:
    text += "\npub const %s: Range<usize> = %d..%d;\n" % (name, at, at + n)
(ROOT / "src/codecs/cjk").mkdir(exist_ok=True)
(ROOT / "src/codecs/cjk/tables.rs").write_text(text)
