#!/usr/bin/env python3
"""Compare crate `adder-text` with the Python that runs this script (CPython 3.14).

    cargo build -p adder-text --example text_oracle
    python3.14 crates/text/tools/check.py [--record crates/text/tests/fixtures/answers.bin] \\
        target/debug/examples/text_oracle [section…]

`--record` writes a selection of the requests, once all answers were right, for the test `replay`.

Properties of characters are compared for every code point; operations on strings on random strings from alphabets
that make the interesting cases likely. `SEED` in the environment gives others; `ONLY` limits the multibyte codecs.
"""

import codecs
import os
import random
import struct
import subprocess
import sys
import unicodedata
import warnings
import zlib

warnings.simplefilter("ignore")
record = None
if "--record" in sys.argv:
    at = sys.argv.index("--record")
    record = sys.argv[at + 1]
    del sys.argv[at:at + 2]
PER_KEY = 24
ALWAYS = (b"flags", b"simple", b"full", b"database", b"normalize_all", b"encode_all", b"decode_all")
kept, seen, sampler = {}, {}, random.Random(1)
oracle = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
rnd = random.Random(int(os.environ.get("SEED", 20240614)))
OLD = unicodedata.ucd_3_2_0
failures = 0


def w(s):
    return s.encode("utf-8", "surrogatepass")


def ask(*args):
    args = [a if isinstance(a, bytes) else w(str(a)) for a in args]
    oracle.stdin.write(struct.pack("<I", len(args)) + b"".join(struct.pack("<I", len(a)) + a for a in args))
    oracle.stdin.flush()
    n, = struct.unpack("<I", oracle.stdout.read(4))
    answer = oracle.stdout.read(n)
    if record:
        keep(args, answer)
    return answer


def keep(args, answer):
    """Remember a request for the fixtures: a few of each operation (and codec)."""
    if len(answer) > 300:
        if args[0] not in ALWAYS or args[0] == b"decode_all" and args[1]:
            return
        answer = zlib.crc32(answer)
    elif sum(map(len, args)) > 80:
        return
    key = args[0] + b" " + (args[2] if args[0] in (b"decode", b"encode", b"normalize") else b"")
    some = kept.setdefault(key, [])
    seen[key] = seen.get(key, 0) + 1
    # Reservoir sampling keeps the choice fair without keeping everything.
    if args[0] in ALWAYS or len(some) < PER_KEY:
        some.append((args, answer))
    elif (k := sampler.randrange(seen[key])) < PER_KEY:
        some[k] = args, answer


def write_record(path):
    out = bytearray()
    records = [r for some in kept.values() for r in some]
    out += struct.pack("<I", len(records))
    for args, answer in records:
        out.append(len(args))
        for a in args:
            out += struct.pack("<H", len(a)) + a
        if isinstance(answer, int):
            out += struct.pack("<HI", 0x8000, answer)
        else:
            out += struct.pack("<H", len(answer)) + answer
    open(path, "wb").write(out)
    print(len(records), "requests recorded,", len(out), "bytes")


def same(what, got, want):
    global failures
    if got != want:
        failures += 1
        if failures < 25:
            print("DIFFERENT", ascii(what)[:200], "\n  got ", ascii(got)[:200], "\n  want", ascii(want)[:200])


def section_types():
    got = struct.unpack("<%dI" % 0x110000, ask("flags"))
    tests = [str.isalpha, str.isdecimal, str.isdigit, str.isnumeric, str.islower, str.isupper, str.isspace,
             str.isprintable, str.isidentifier, lambda c: ("a" + c).isidentifier(), str.isalnum,
             lambda c: (c + "a").title()[-1] == "a"]
    for cp in range(0x110000):
        c = chr(cp)
        same(("flags", hex(cp)), got[cp], sum(bool(t(c)) << i for i, t in enumerate(tests)))
    rows = ask("full").split(b"\xff")
    for cp in range(0x110000):
        c = chr(cp)
        same(("full", hex(cp)), rows[cp].split(b"\xfe")[:-1], [w(x) for x in (c.lower(), c.upper(), c.title(), c.casefold())])
    import _sre
    got = struct.unpack("<%dI" % (3 * 0x110000), ask("simple"))
    for cp in range(0x110000):
        same(("simple lower", hex(cp)), got[3 * cp], _sre.unicode_tolower(cp))


def section_database():
    for ucd, name in (unicodedata, "new"), (OLD, "old"):
        rows = ask("database", name).split(b"\xff")
        for cp in range(0x110000):
            c = chr(cp)
            f = lambda v: str(v if v is None or v < 1e15 else None)
            num = [v if v is None else float(v) for v in (ucd.decimal(c, None), ucd.digit(c, None), ucd.numeric(c, None))]
            want = "%s %s %s %s %s %s %s %s %s|%s|" % (
                ucd.category(c), ucd.bidirectional(c), ucd.combining(c), ucd.east_asian_width(c), ucd.mirrored(c),
                *map(f, num), ucd.decomposition(c), ucd.name(c, ""))
            same((name, hex(cp)), rows[cp].decode(), want)


def section_names():
    def want(ucd, n):
        try:
            return w(ucd.lookup(n)) + b"\xff"
        except KeyError:
            return b""
    names = {unicodedata.name(chr(cp), "") for cp in range(0x110000)} - {""}
    names |= set(open(__file__.replace("tools/check.py", "data/extra_names.bin")).read().split("\n"))
    bad = {n[:-1] for n in names} | {n + "A" for n in names} | {n.replace(" ", "-", 1) for n in names}
    odd = {"CJK UNIFIED IDEOGRAPH-%s" % x for x in ("4E0", "04E00", "4e00", "20000", "020000", "G000", "+4E00", "110000", "")}
    odd |= {"HANGUL SYLLABLE " + x for x in ("", "A", "GAGG", "GAGGG", "H", "ga", "GYAEX")}
    odd |= {"TANGUT IDEOGRAPH-17000", "TANGUT IDEOGRAPH-18D08", "TANGUT IDEOGRAPH-18D09", "A" * 300, "\xe9", "\u0130"}
    for n in sorted(names) + sorted(rnd.sample(sorted(bad), 20000)) + sorted(odd):
        same(("lookup", n), ask("lookup", n, "new"), want(unicodedata, n))
    for n in rnd.sample(sorted(names), 10000) + sorted(odd):
        n = n.lower()
        same(("lookup old", n), ask("lookup", n, "old"), want(OLD, n))


def section_normalize():
    forms = "NFC", "NFD", "NFKC", "NFKD"
    for ucd, name in (unicodedata, "new"), (OLD, "old"):
        for form in forms:
            rows = ask("normalize_all", "", form, name).split(b"\xff")
            for cp in range(0x110000):
                same((form, name, hex(cp)), rows[cp], w(ucd.normalize(form, chr(cp))))
    marks = [chr(cp) for cp in range(0x110000) if unicodedata.combining(chr(cp)) or unicodedata.decomposition(chr(cp))]
    bases = [chr(cp) for cp in range(0x110000) if unicodedata.normalize("NFD", chr(cp)) != chr(cp)]
    parts = sorted({c for b in bases for c in unicodedata.normalize("NFD", b)})
    jamo = [chr(cp) for cp in range(0x1100, 0x1200)] + ["가", "각", "갂"]
    for i in range(60000):
        pool = rnd.choice([marks, bases, parts, jamo, marks + parts, list("aeiou") + ["\u0301", "\u0323", "\u0308", "\u0327", "\u1161"]])
        s = "".join(rnd.choice(pool) for _ in range(rnd.randrange(8)))
        form = rnd.choice(forms)
        ucd, name = rnd.choice([(unicodedata, "new"), (OLD, "old")])
        same((form, name, s), ask("normalize", s, form, name), w(ucd.normalize(form, s)))


ALPHABETS = [
    "ab", "abc ", "a\t\n\r\x0b\x0c\x1c\x1d\x1e\x1f \x85\xa0\u2028\u2029\u3000é", "aAbB'", "aβσΣςİıßŉǅǆǄﬁﬀ\u0345\u0301.'A\xadʰ",
    "äöü€😀x", "\ud800\udc00\udcff\udfffa\ud83d\ude00", "\\'\"\x00\x7f\x80\xff\u0378é\u200b😀\n\t", "+-0123",
    "".join(map(chr, range(256))), "₀²①१٣Ⅷa_",
]


def text(n=12):
    a = rnd.choice(ALPHABETS)
    if rnd.random() < 0.1:
        return "".join(chr(rnd.randrange(0x110000)) for _ in range(rnd.randrange(n)))
    return "".join(rnd.choice(a) for _ in range(rnd.randrange(n) * rnd.choice((1, 1, 5))))


def data(n=12):
    if rnd.random() < 0.3:
        return bytes(rnd.randrange(256) for _ in range(rnd.randrange(n)))
    return w(text(n))


def pieces(b):
    out = []
    while b:
        n, = struct.unpack("<I", b[:4])
        out.append(b[4:4 + n])
        b = b[4 + n:]
    return out


def section_strings():
    for i in range(8000):
        s = text()
        for op in "lower upper title capitalize swapcase casefold".split():
            same((op, s), ask(op, s), w(getattr(s, op)()))
        for op in "islower isupper istitle isidentifier isprintable".split():
            same((op, s), ask(op, s), bytes([getattr(s, op)()]))
        same(("repr", s), ask("repr", s), w(repr(s)))
        same(("ascii", s), ask("ascii", s), w(ascii(s)))
        same(("unicode_escape", s), ask("unicode_escape", s), codecs.unicode_escape_encode(s)[0])
        same(("raw_unicode_escape", s), ask("raw_unicode_escape", s), codecs.raw_unicode_escape_encode(s)[0])
        m = rnd.randrange(-1, 4)
        same(("split", s, m), pieces(ask("split_space", s, m)), [w(x) for x in s.split(None, m)])
        same(("rsplit", s, m), pieces(ask("rsplit_space", s, m))[::-1], [w(x) for x in s.rsplit(None, m)])
        for keep in 0, 1:
            same(("splitlines", s), pieces(ask("splitlines", s, keep)), [w(x) for x in s.splitlines(keep)])
        t = s[:rnd.randrange(4)][rnd.randrange(2):] or rnd.choice(ALPHABETS)[:1]
        same(("split", s, t), pieces(ask("split", s, t, m)), [w(x) for x in s.split(t, m)])
        same(("rsplit", s, t), pieces(ask("rsplit", s, t, m))[::-1], [w(x) for x in s.rsplit(t, m)])
        t = t if i % 3 else ""
        same(("find", s, t), ask("find", s, t), w("%d %d %d" % (s.find(t), s.rfind(t), s.count(t))))
        r = text(4)
        same(("replace", s, t, r, m), ask("replace", s, t, r, m), w(s.replace(t, r, m)))
        for op, l, r in (("strip", 1, 1), ("lstrip", 1, 0), ("rstrip", 0, 1)):
            same((op, s), ask("strip", s, l, r), w(getattr(s, op)()))
            same((op, s, t), ask("strip_chars", s, l, r, t), w(getattr(s, op)(t)))
        n = rnd.randrange(20)
        same(("expandtabs", s, n), ask("expandtabs", s, n), w(s.expandtabs(n)))
        same(("center", s, n), ask("center", s, n), w(s.center(n, "€")))
        same(("zfill", s, n), ask("zfill", s, n), w(s.zfill(n)))


def section_bytes():
    for i in range(8000):
        s = data()
        for op in "lower upper title capitalize swapcase".split():
            same((op, s), ask("b" + op, s), getattr(s, op)())
        for op in "islower isupper istitle".split():
            same((op, s), ask("b" + op, s), bytes([getattr(s, op)()]))
        same(("repr", s), ask("brepr", s), w(repr(s)))
        m = rnd.randrange(-1, 4)
        same(("split", s, m), pieces(ask("bsplit_space", s, m)), s.split(None, m))
        same(("rsplit", s, m), pieces(ask("brsplit_space", s, m))[::-1], s.rsplit(None, m))
        for keep in 0, 1:
            same(("splitlines", s), pieces(ask("bsplitlines", s, keep)), s.splitlines(keep))
        t = s[:rnd.randrange(4)][rnd.randrange(2):]
        r = data(4)
        same(("replace", s, t, r, m), ask("breplace", s, t, r, m), s.replace(t, r, m))
        for op, l, r in (("strip", 1, 1), ("lstrip", 1, 0), ("rstrip", 0, 1)):
            same((op, s), ask("bstrip", s, l, r), getattr(s, op)())
            same((op, s, t), ask("bstrip_chars", s, l, r, t), getattr(s, op)(t))
        n = rnd.randrange(20)
        same(("expandtabs", s, n), ask("bexpandtabs", s, n), s.expandtabs(n))
        b = "".join(rnd.choice(["\\", "x", "4", "g", "0", "7", "n", "q", "\n", "\xff"]) for _ in range(rnd.randrange(9))).encode("latin-1")
        for errors in "strict", "replace", "ignore", "other":
            try:
                want = b"+" + codecs.escape_decode(b, errors)[0]
            except ValueError as e:
                e = str(e)
                want = (b"-InvalidHex(%d)" % int(e.split()[-1]) if "invalid" in e else
                        b"-Trailing" if "Trailing" in e else b"-UnknownHandler")
            same(("escape_decode", b, errors), ask("escape_decode", b, errors), want)


HANDLERS = "strict ignore replace backslashreplace surrogateescape surrogatepass".split()
CODECS = ["utf-8", "ascii", "latin-1", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]
DECODE_ONLY = ["utf-7", "unicode_escape", "raw_unicode_escape"]


def decode_case(enc, b, errors, final):
    import _codecs
    try:
        s, n = getattr(_codecs, enc.replace("-", "_") + "_decode")(b, errors, *([final] if enc not in ("ascii", "latin-1") else []))
        want = b"+%d\n" % n + w(s)
    except UnicodeDecodeError as e:
        want = w("E%s\n%d\n%d\n%s" % (e.encoding, e.start, e.end, e.reason))
    same((enc, b, errors, final), ask("decode", b, enc, errors, int(final)), want)


def encode_case(enc, s, errors):
    import _codecs
    if errors == "namereplace":
        # CPython gives the private code points under which it keeps aliases their names.
        s = "".join(c for c in s if not 0xF0000 <= ord(c) < 0xF2000)
    try:
        want = b"+" + getattr(_codecs, enc.replace("-", "_") + "_encode")(s, errors)[0]
    except UnicodeEncodeError as e:
        want = w("E%s\n%d\n%d\n%s" % (e.encoding, e.start, e.end, e.reason))
    same((enc, s, errors), ask("encode", s, enc, errors), want)


def section_codecs():
    pieces = [b"a", b"\\", b"x", b"u", b"U", b"N", b"{", b"}", b"SPACE", b"0", b"1f", b"\n", b"\xed", b"\xa0", b"\x80", b"\xf0\x9f",
              b"\x98", b"\xe2", b"\xc0", b"\xf5", b"\xf4\x90", b"\xff\xfe", b"\0", b"\0\0", b"\xd8", b"\xdc", b"+", b"-", b"/"]
    for i in range(30000):
        if i % 3 == 0:
            b = data(20)
        elif i % 3 == 1:
            b = b"".join(rnd.choice(pieces) for _ in range(rnd.randrange(12)))
        else:
            b = bytes(rnd.choice((0, 0x61, 0xD8, 0xDC, 0xFF, 0xFE, 0xED, 0xA0, 0x80, 0x10)) for _ in range(rnd.randrange(12)))
        for enc in CODECS + DECODE_ONLY:
            decode_case(enc, b, rnd.choice(HANDLERS), rnd.random() < 0.5)
        s = text() if i % 2 else "".join(rnd.choice("a+-/&!\ud800\udc80\udcff\udc7f\xe9\u20ac\U0001f600\x80\0~\\") for _ in range(rnd.randrange(9)))
        same(("utf7", s), ask("utf7_encode", s), codecs.utf_7_encode(s)[0])
        if i % 2:
            b = bytes(rnd.choice(b"+-AGE/2D!a\x80") for _ in range(rnd.randrange(12)))
            decode_case("utf-7", b, rnd.choice(HANDLERS), rnd.random() < 0.5)
        for enc in CODECS:
            encode_case(enc, s, rnd.choice(HANDLERS + ["xmlcharrefreplace", "namereplace"]))


def section_charmap():
    import _codecs
    tables = [codecs.charmap_build, "".join(map(chr, range(128))) + "\ufffe€é\ud800\U0001f600",
              bytes(range(256)).decode("cp1252", "replace").replace("\ufffd", "\ufffe"), bytes(range(256)).decode("cp037"),
              "abcabc"][1:]
    for i in range(20000):
        t = rnd.choice(tables)
        b = data()
        errors = rnd.choice(HANDLERS)
        try:
            s, n = _codecs.charmap_decode(b, errors, t)
            want = b"+%d\n" % n + w(s)
        except UnicodeDecodeError as e:
            want = w("E%s\n%d\n%d\n%s" % (e.encoding, e.start, e.end, e.reason))
        same(("charmap", b, errors), ask("charmap_decode", b, t, errors, 1), want)
        s = text()
        errors = rnd.choice(HANDLERS + ["xmlcharrefreplace"])
        try:
            want = b"+" + _codecs.charmap_encode(s, errors, codecs.charmap_build(t))[0]
        except UnicodeEncodeError as e:
            want = w("E%s\n%d\n%d\n%s" % (e.encoding, e.start, e.end, e.reason))
        same(("charmap", s, t, errors), ask("charmap_encode", s, t, errors), want)


def section_json():
    import _json
    import json
    parts = ["\\", "u", "d83d", "ude00", "\\u", "n", "b", "\"", "\n", "é", "😀", "0041", "\ud83d", "/", "q", "1", "\x7f", "abcdefghij"]
    for i in range(40000):
        s = text() if i % 2 else "".join(rnd.choice(parts) for _ in range(rnd.randrange(10)))
        same(("json", s), ask("json", s), w(_json.encode_basestring(s)))
        same(("json ascii", s), ask("json_ascii", s), w(_json.encode_basestring_ascii(s)))
        s = '"' + s + ('"' if rnd.random() < 0.8 else "")
        strict = rnd.random() < 0.7
        try:
            t, n = _json.scanstring(s, 1, strict)
            want = b"+%d\n" % n + w(t)
        except json.JSONDecodeError as e:
            want = w("-%s %d" % (e.msg, e.pos))
        same(("json_scan", s), ask("json_scan", s, int(strict)), want)


MULTIBYTE = """gb2312 gbk gb18030 hz big5 cp950 big5hkscs shift_jis cp932 euc_jp shift_jis_2004 shift_jisx0213 euc_jis_2004
    euc_jisx0213 euc_kr cp949 johab iso2022_kr iso2022_jp iso2022_jp_1 iso2022_jp_2 iso2022_jp_2004 iso2022_jp_3
    iso2022_jp_ext""".split()
ESCAPES = [b"\x1b" + e for e in (b"$B", b"$@", b"(J", b"(B", b"(I", b"$A", b"$(C", b"$)C", b"$(D", b"$(O", b"$(P", b"$(Q", b".A",
           b".F", b"N", b"&@\x1b$B", b"(Z", b"xyz", b"")] + [b"\x0e", b"\x0f", b"\n", b"~{", b"~}", b"~~", b"~\n"]


def section_cjk():
    for enc in os.environ.get("ONLY", " ".join(MULTIBYTE)).split():
        got = ask("encode_all", "", enc).split(b"\xff")
        for cp in range(0x30000):
            try:
                want = chr(cp).encode(enc)
            except UnicodeEncodeError:
                want = b""
            same((enc, "encode", hex(cp)), got[cp], bytes(x for b in want for x in (b & 15, b >> 4)))
        prefixes = {"euc_jp": [b"", b"\x8f"], "euc_jis_2004": [b"", b"\x8f"], "euc_jisx0213": [b"", b"\x8f"], "hz": [b"", b"~{"],
                    "gb18030": [b"", b"\x81\x30", b"\x84\x31", b"\xe3\x32", b"\x90\x30"]}
        for prefix in ESCAPES + [b"\x1b$)C\x0e"] if "2022" in enc else prefixes.get(enc, [b""]):
            want = bytearray()
            for x in range(256):
                for y in range(256):
                    try:
                        want += w((prefix + bytes((x, y))).decode(enc)) + b"\xff"
                    except UnicodeDecodeError as e:
                        want += w(prefix[:0].decode()) + bytes((0xFE, e.start, e.end, ord(e.reason[1])))
            got = ask("decode_all", prefix, enc)
            # The text before an error is not part of the comparison.
            import re
            clean = lambda b: re.sub(rb"(?s)(?:^|(?<=\xff)|(?<=\xfe...))[^\xff\xfe]*(?=\xfe)", b"", b)
            same((enc, "decode", prefix), clean(got) == clean(bytes(want)), True)
        handlers = HANDLERS + ["xmlcharrefreplace", "namereplace"]
        chars = [bytes(c).decode(enc, "ignore") for c in [[a, b] for a in range(128, 256) for b in range(64, 256, 7)]]
        chars = "".join(chars) + "か゚セ゚˩˥æ̀Ê̄\u20ac\xa5\u203e\\~ab\n\ud800\U0001f600각갂ｱé一龥\x1b\x0e"
        special = [c for c in "か゚セ゚˩˥æ̀Ê̄ê̌\xa5\u203e\\~ab각갂ｱé一龥Аж漢字"]
        for i in range(6000):
            n = rnd.randrange(8)
            if i % 3 == 0:
                b = bytes(rnd.choice((rnd.randrange(256), rnd.randrange(0xA1, 0xFF), 0x8E, 0x8F, 0x30, 0x81)) for _ in range(n))
            elif i % 3 == 1:
                b = b"".join(rnd.choice(ESCAPES + [bytes((rnd.randrange(33, 127), rnd.randrange(33, 127)))] * 20) for _ in range(n))
            else:
                b = "".join(rnd.choice(chars) for _ in range(n)).encode(enc, "ignore")
                k = rnd.randrange(len(b) + 1)
                b = b[:k] + b[k + 1:]
            errors = rnd.choice(handlers[:-2])
            try:
                s = b.decode(enc, errors)
                want = b"+%d\n" % len(b) + w(s)
            except UnicodeDecodeError as e:
                want = w("E%s\n%d\n%d\n%s" % (e.encoding, e.start, e.end, e.reason))
            same((enc, b, errors), ask("decode", b, enc, errors, 1), want)
            d = codecs.getincrementaldecoder(enc)("strict")
            try:
                s = d.decode(b)
                want = b"+%d\n" % (len(b) - len(d.getstate()[0])) + w(s)
            except UnicodeDecodeError as e:
                want = w("E%s\n%d\n%d\n%s" % (e.encoding, e.start, e.end, e.reason))
            # The limit of pending bytes is the caller's business.
            if b"pending buffer" not in want:
                same((enc, b, "incremental"), ask("decode", b, enc, "strict", 0), want)
            s = "".join(rnd.choice(special if rnd.random() < 0.5 else chars) for _ in range(n))
            errors = rnd.choice(handlers)
            if enc == "hz" and len(errors) > 7:
                # CPython loses the second byte of "~~" when its buffer is just full, as after long replacements.
                s = s.replace("~", "")
            try:
                want = b"+" + s.encode(enc, errors)
            except UnicodeEncodeError as e:
                want = w("E%s\n%d\n%d\n%s" % (e.encoding, e.start, e.end, e.reason))
            same((enc, s, errors), ask("encode", s, enc, errors), want)
        print("  ", enc, failures, flush=True)


def section_hex():
    for i in range(20000):
        s = "".join(rnd.choice("0123456789abcdefABCDEF0a  \t\x0b\x1cgé\u3000" if i % 3 else "0a1b ") for _ in range(rnd.randrange(9)))
        for op, arg in ("fromhex", s), ("bfromhex", w(s)):
            try:
                want = b"+" + bytes.fromhex(arg)
            except ValueError as e:
                e = str(e)
                want = b"-Odd" if "even" in e else b"-Position(%d)" % int(e.split()[-1])
            same((op, arg), ask(op, arg), want)
        b = rnd.randbytes(rnd.randrange(12))
        n = rnd.randrange(-12, 13)
        same(("hex", b, n), ask("hex", b, n), w(b.hex("-", n)))


def section_incremental():
    chars = "か゚セ゚˩˥æ̀Ê̄ê̌\xa5\u203e\\~ab각갂ｱé一龥Аж漢字\n"
    for enc in MULTIBYTE:
        for i in range(1500):
            s = "".join(rnd.choice(chars) for _ in range(rnd.randrange(8)))
            b = s.encode(enc, "ignore") if i % 2 else b"".join(rnd.choice(ESCAPES + [b"$\"", b"\xb0\xa1", b"\x8f", b"\x81"] * 5) for _ in range(5))
            cut = rnd.randrange(len(b) + 1)
            d = codecs.getincrementaldecoder(enc)("replace")
            want = bytearray()
            try:
                for part, final in (b[:cut], False), (b[cut:], True):
                    want += w(d.decode(part, final)) + b"\xff"
                    pending, state = d.getstate()
                    want += state.to_bytes(8, "little") + pending + b"\xff"
            except UnicodeDecodeError as e:
                assert "pending buffer" in e.reason
                continue
            same((enc, "parts", b, cut), ask("decode_parts", b, enc, cut), bytes(want))
            cut = rnd.randrange(len(s) + 1)
            c = codecs.getincrementalencoder(enc)("replace")
            want = bytearray()
            for part, final in (s[:cut], False), (s[cut:], True):
                want += c.encode(part, final) + b"\xff"
                # One byte with the length of what is pending, that, the state.
                state = c.getstate()
                state = state.to_bytes(17, "little") if state < 1 << 136 else b"?" * 17
                want += state[1 + state[0]:9 + state[0]] + state[1:1 + state[0]] + b"\xff"
            same((enc, "parts", s, cut), ask("encode_parts", s, enc, len(w(s[:cut]))), bytes(want))


sections = {k[8:]: v for k, v in globals().items() if k.startswith("section_")}
for name in sys.argv[2:] or sections:
    before = failures
    sections[name]()
    print(name, "ok" if failures == before else "%d differences" % (failures - before), flush=True)
if record and not failures:
    write_record(record)
sys.exit(failures > 0)
