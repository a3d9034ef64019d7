"""Writes tests/fixtures/*.txt by asking CPython 3.14: python3.14 generate.py [part ...]

One case to a line, fields separated by tabs; an exception is written as its class name, a colon and its text.
Integers are hexadecimal, doubles are given by `float.hex`, text by `ascii()` without its quotes.
"""
import cmath
import math
import os
import random
import struct
import sys

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures")
PARTS = {}


def part(f):
    PARTS[f.__name__] = f
    return f


def outcome(f, show):
    try:
        return show(f())
    except Exception as e:
        args = e.args
        return text(f"!{type(e).__name__}: {args[0] if len(args) == 1 else args or ''}")


def text(s):
    """Escapes as Python would, but quotes stay bare."""
    return s.encode("unicode_escape").decode("ascii")


def show_float(x):
    return x.hex() if x == x else "nan"


def random_int(r, limbs):
    """All kinds of bit patterns: long runs of ones and zeros find carries."""
    bits = r.randrange(limbs * 64 + 1)
    kind = r.randrange(4)
    if kind == 0:
        v = r.getrandbits(bits) if bits else 0
    elif kind == 1:
        v = (1 << bits) - 1
    elif kind == 2:
        v = 1 << bits
    else:
        v, left = 0, bits
        while left > 0:
            n = min(left, r.randrange(1, 100))
            v = v << n | (((1 << n) - 1) if r.random() < 0.5 else 0)
            left -= n
    return -v if r.random() < 0.4 else v


@part
def bigint():
    r = random.Random(314)
    h = lambda v: f"{v:x}"
    pair = lambda t: f"{t[0]:x} {t[1]:x}"
    binary = {
        "add": (lambda a, b: a + b, h),
        "sub": (lambda a, b: a - b, h),
        "mul": (lambda a, b: a * b, h),
        "divmod": (divmod, pair),
        "mod": (lambda a, b: a % b, h),
        "and": (lambda a, b: a & b, h),
        "or": (lambda a, b: a | b, h),
        "xor": (lambda a, b: a ^ b, h),
        "gcd": (math.gcd, h),
        "truediv": (lambda a, b: a / b, show_float),
        "cmp": (lambda a, b: (a > b) - (a < b), str),
    }
    for name, (f, show) in binary.items():
        for i in range(36):
            limbs = 3 if i < 22 else 9
            a, b = random_int(r, limbs), random_int(r, limbs)
            if i % 7 == 0:
                b = random_int(r, 1)
            if name == "truediv" and i % 2:
                a, b = r.getrandbits(r.randrange(1, 1200)), r.getrandbits(r.randrange(1, 1200)) | 1
            yield name, h(a), h(b), outcome(lambda: f(a, b), show)
    for a, b in [(1 << 53, 1), ((1 << 54) - 1, 1), ((1 << 1024) - (1 << 970), 1), ((1 << 1024) - (1 << 970) - 1, 1),
                 (1, 1 << 1074), (1, 1 << 1075), (3, 1 << 1075), (3, 1 << 1076), (2**53 - 1, 1 << 1075),
                 (2**53 + 1, 1 << 1075), (1 << 1024, 1), (1 << 1024, 3), ((1 << 2000) + 1, 1 << 1947), (0, -5)]:
        yield "truediv", h(a), h(b), outcome(lambda: a / b, show_float)
    for i in range(30):
        a, n = random_int(r, 5), r.choice([0, 1, 63, 64, 65, 128, r.randrange(400)])
        yield "shl", h(a), h(n), h(a << n)
        yield "shr", h(a), h(n), h(a >> n)
    for i in range(20):
        a, n = random_int(r, 2), r.choice([0, 1, 2, 3, 5, 10, r.randrange(20)])
        yield "pow", h(a), h(n), h(a**n)
    for i in range(60):
        limbs = 1 if i < 20 else 4
        a, e, m = random_int(r, limbs), random_int(r, 2), random_int(r, limbs)
        if i % 3 == 0:
            e = r.randrange(-3, 20)
        yield "powmod", h(a), h(e), h(m), outcome(lambda: pow(a, e, m), h)
    for a, e, m in [(2, -1, 4), (3, -1, 1), (3, -1, -7), (0, 0, 1), (0, 0, -1), (0, -1, 5), (5, 0, 7), (5, 0, -7), (2, 3, 0)]:
        yield "powmod", h(a), h(e), h(m), outcome(lambda: pow(a, e, m), h)
    for i in range(30):
        a = random_int(r, 6)
        yield "invert", h(a), h(~a)
        yield "bits", h(a), f"{a.bit_length()} {a.bit_count()}"
        yield "hash", h(a), str(hash(a))
        yield "isqrt", h(a), outcome(lambda: math.isqrt(a), h)
        yield "dec", h(a), str(a)
    for i in range(30):
        a = random_int(r, 3) << r.choice([0, 0, 700, 850, 1000])
        yield "float", h(a), outcome(lambda: float(a), show_float)
    for a in [0, 1, -1, -2, 2**61 - 1, 2**61, -(2**61), 2**122 - 1, 2**63, -(2**63)]:
        yield "hash", h(a), str(hash(a))
    for i in range(30):
        a, n = random_int(r, 2), r.randrange(0, 20)
        n = r.choice([n, (abs(a).bit_length() + 7) // 8])
        order, signed = r.choice(["little", "big"]), r.random() < 0.6
        yield "tobytes", h(a), str(n), order, str(int(signed)), outcome(
            lambda: a.to_bytes(n, order, signed=signed), lambda b: b.hex())
        raw = r.choice([r.randbytes(n), b"\xff" * n, b"\x80" + bytes(n)])
        yield "frombytes", raw.hex(), order, str(int(signed)), h(int.from_bytes(raw, order, signed=signed))
    for x in [0.0, -0.0, 0.5, -0.5, 1.5, -1.5, 1e15, 2.0**53, 2.0**63, -(2.0**64), 1e22, 1.7976931348623157e308, 5e-324]:
        yield "trunc", x.hex(), h(int(x))
    for i in range(30):
        a = random_int(r, r.choice([1, 1, 2, 17]))
        try:
            x = float(a)
        except OverflowError:
            x = math.inf
        x = r.choice([x, math.nextafter(x, math.inf), math.nextafter(x, -math.inf), -x, r.uniform(-2, 2), math.inf, -math.inf])
        yield "cmpf", h(a), x.hex(), str((a > x) - (a < x))
    words = ["", "0", "00", "0_0", "-0", "+7", "--7", "1_000", "1__0", "_1", "1_", "0x1f", "0X_1F", "0x", "0x_", "0b101", "0b12",
             "0o17", "0o8", "010", "08", "0_7", "0b", "b1", "zz", "Zz_9", " 12 ", "\t-12\n", "- 1", "1 2", "\x00", "1\x00",
             "9" * 19, "9" * 20, "1" + "0" * 38, "123456789" * 20, "f" * 17, "7" * 43, "0x_f__f", "-0b1", "z" * 60, "\x1c1", "1\x0b", "0z", "é"]
    for s in words:
        for base in (10, 0, 16, 2, 8, 36, 12, 3):
            yield "parse", text(s), str(base), outcome(lambda: int(s, base), h)
    for i in range(30):
        a, base = random_int(r, 4), r.randrange(2, 37)
        s, v = "", abs(a)
        while v:
            s = "0123456789abcdefghijklmnopqrstuvwxyz"[v % base] + s
            v //= base
        yield "base", h(a), str(base), ("-" if a < 0 else "") + (s or "0")


def random_double(r):
    kind = r.randrange(8)
    if kind == 0:
        return struct.unpack("<d", r.randbytes(8))[0]
    if kind == 1:
        return r.uniform(-10, 10)
    if kind == 2:
        return float(r.randrange(-(10**r.randrange(1, 20)), 10**r.randrange(1, 20)))
    if kind == 3:
        return r.randrange(10**6) / 10**r.randrange(8)
    if kind == 4:
        return math.ldexp(r.choice([1, -1, 3]), r.randrange(-1074, 1020))
    if kind == 5:
        return float(f"{r.randrange(1, 10**4)}e{r.randrange(-320, 300)}")
    if kind == 6:
        return r.choice([0.0, -0.0, math.inf, -math.inf, math.nan, 5e-324, 1.7976931348623157e308, 2.2250738585072014e-308, 1.0, -1.0])
    return r.randrange(-2000, 2000) / 8


BIG = 1.7976931348623157e308


@part
def floats():
    r = random.Random(2718)
    fixed = [0.0, -0.0, 1e16, 9999999999999998.0, 1e15, 123456789012345680.0, 1e-4, 9.999e-5, 1e-5, 1e22, 1e23, 5e-324, BIG, 2.0**-44, 9007199254740993.0,
             2.5, 0.1, 1 / 3, 1e100, 4.35, 2.0**1023, 2.2250738585072011e-308, 1e-323, 4.4501477170144023e-308, 3e300]
    for x in fixed + [math.ldexp(1, e) for e in range(-1074, 1024, 40)] + [random_double(r) for _ in range(80)]:
        yield "repr", show_float(x), repr(x)
    for x in fixed + [random_double(r) for _ in range(25)]:
        yield "hex", show_float(x), x.hex()
        yield "ratio", show_float(x), outcome(x.as_integer_ratio, lambda t: f"{t[0]:x} {t[1]:x}")
        yield "round", show_float(x), outcome(lambda: round(x), lambda v: f"{v:x}")
        yield "floor", show_float(x), outcome(lambda: math.floor(x), lambda v: f"{v:x}")
        yield "ceil", show_float(x), outcome(lambda: math.ceil(x), lambda v: f"{v:x}")
        yield "trunc", show_float(x), outcome(lambda: int(x), lambda v: f"{v:x}")
        if x == x:
            yield "hash", show_float(x), str(hash(x))
    for s in ["", " ", "1", "1.", ".5", ".", "+.5e-3", "1e5", "1E+05", "1e", "1e+", "e5", "1_0.0_1e1_0", "1__0", "_1", "1_", "1_.0", "1._0", "1e_1", "1_e1",
              "inf", "-iNf", "infinity", "INFINITY", "infinit", "in_f", "nan", "+NaN", "-nan", "nan(1)", "0x1p3", "- 1", "+-1", "1 2", " 3.5\t\n", "\x1c1", "1\x00",
              "1e400", "-1e400", "1e-400", "1e99999999999999999999", "0e99999999999999999999", "-0", "2.2250738585072012e-308", "2.4703282292062327e-324",
              "2.4703282292062328e-324", "9007199254740993", "9007199254740992.99999999999999999999999", "1" * 40 + "e-20", "0." + "0" * 40 + "1", "é", "1d5", "1f",
              "179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587207096330286416692887910946555547851940402630657488671505820681908902000708383676273854845817711531764475730270069855571366959622842914819860834936475292719074168444365510704342711559699508093042880",
              "1.7976931348623159e308", "1.797693134862315807e308", "8.5e-1", "00012", "1e0001", "1.5e+_3"]:
        yield "parse", text(s), outcome(lambda: float(s), show_float)
    for s in ["", "0x", "0x.", ".", "1", "1p", "1p+", "0x1p1_0", "  0x1p3  ", "inf", "-Infinity", "nan", "+NAN", "infi", "0x1.8p-1074", "0x0.8p-1074", "0x0.80001p-1074",
              "0x1.fffffffffffff8p1023", "0x1.fffffffffffff7fp1023", "0x1p1024", "0x1p-2000", "0x1p99999999999999999999", "0x0p99999999999999999999", "0x1p-99999999999999999999",
              "1.0.0", "0X1P3", "x1", "-0x1", "- 1", "0x1 p3", "ABC.DEF", "1\x00", "é", "0x" + "0" * 60 + "1p0", "0x0." + "0" * 60 + "1p244", "0x1" + "0" * 60 + "p-240",
              "0x1.00000000000008p0", "0x1.000000000000080000001p0", "0x1.00000000000018p0", "0x1.00000000000017ffffffp0", "0x1p2147483648", "0x1.8p-1075", "-0x0.4p-1074",
              "0x3p-1075", "0x123456789abcdef123456789p-50", "0x.1p0", "1.", "0x1.8p"]:
        yield "fromhex", text(s), outcome(lambda: float.fromhex(s), show_float)
    for _ in range(60):
        x, n = random_double(r), r.choice([0, 1, 2, 3, 5, -1, -2, -3, 10, 17, 20, 300, 324, -17, -18, -300, -308, -309, r.randrange(-20, 20)])
        yield "roundn", show_float(x), str(n), outcome(lambda: round(x, n), show_float)
    for x, n in [(2.675, 2), (0.5, 0), (1.5, 0), (2.5, 0), (0.125, 2), (0.375, 2), (5.0, -1), (15.0, -1), (25.0, -1), (500.0, -3), (500.0000001, -3), (-0.4, 0), (1.7e308, -308), (1e308, -308),
                 (5e15, -16), (5e16, -17), (5.1e16, -17), (4.9e15, -16), (6e15, -16), (1.5e17, -17), (2.5e17, -17), (1e22, 22), (1e-320, 322), (5e-324, 323), (0.0, -400), (-1.5, -400)]:
        yield "roundn", show_float(x), str(n), outcome(lambda: round(x, n), show_float)
    special = [0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, BIG, -BIG, 5e-324, -5e-324]
    both = lambda t: f"{show_float(t[0])} {show_float(t[1])}"
    for x in special:
        for y in special:
            if r.random() < 0.45:
                yield "divmod", show_float(x), show_float(y), outcome(lambda: divmod(x, y), both)
            yield "pow", show_float(x), show_float(y), outcome(lambda: x**y, lambda v: "complex" if isinstance(v, complex) else show_float(v))
    for _ in range(60):
        x, y = random_double(r), random_double(r)
        if r.random() < 0.5:
            x = y * r.randrange(-30, 30)
        yield "divmod", show_float(x), show_float(y), outcome(lambda: divmod(x, y), both)
        x, y = r.uniform(-20, 20), r.choice([r.uniform(-20, 20), float(r.randrange(-9, 9))])
        yield "pow", show_float(x), show_float(y), outcome(lambda: x**y, lambda v: "complex" if isinstance(v, complex) else show_float(v))


def random_spec(r, types, wild):
    """A format specification; a wild one has things that do not belong together."""
    pick = lambda *options: r.choice(options)
    likely = lambda p, s: s if r.random() < p else ""
    s = likely(0.4, likely(0.6, pick("*", " ", "0", "é", "\u1234", "\ud800", "x")) + pick("<", ">", "^", "=", ">"))
    s += likely(0.3, pick("+", "-", " ")) + likely(0.15, "z") + likely(0.2, "#") + likely(0.3, "0")
    s += likely(0.6, str(r.randrange(1, 25))) + likely(0.3, pick(",", "_"))
    s += likely(0.4, "." + likely(0.9, str(r.randrange(0, 20))) + likely(0.2, pick(",", "_")))
    s += likely(0.8, r.choice(types))
    if wild:
        at = r.randrange(len(s) + 1)
        s = s[:at] + pick(",", "_", ".", "z", "#", "5", "d", "q", "\x01", "é", "=", " ", "99999999999999999999", ".2147483647", "\U0001f600", "%") + s[at:]
    return s


FORMAT_FLOATS = [0.0, -0.0, 1.0, -1.5, 2.5, 0.5, 1e16, 1e15, 123456789.0, 1234567.891, -1234567.891, 1e-5, 0.0001, 999999.5, 9.9999e9, math.inf, -math.inf,
                 math.nan, 5e-324, BIG, -0.04, 1e22, 1 / 3, 100.0, 0.045, 12345.678901234567]


@part
def formats():
    r = random.Random(1618)
    shown = lambda f: outcome(f, text)
    ints = [0, 1, -1, 66, -66, 255, 1234, -1234567, 10**15, 2**64, -(2**100), 0x10FFFF, 0xD800, 0x110000, 10**25]
    for spec in ["", "d", "5", "05", "<5", "^5", "=5", ",", "_", "x", "#x", "#X", "#o", "#b", "_x", "#_b", "#012_x", "020,d", "021,d", "022,d", "023,d", "024,d", "c", "5c", "05c",
                 "+c", "#c", "zc", ",c", ".3", "z", "s", ",n", ".,n", "._n", "n", "010n", "\x01", "é", ", ", ",_", "_,", ",,", ".,", ".,_", ".3,3", "dd", "e", "g", "%", ".2%", "f", ",.2f", ">>>", "9223372036854775807"]:
        for v in r.sample(ints, 1) + [66]:
            yield "int", f"{v:x}", text(spec), shown(lambda: format(v, spec))
    for _ in range(250):
        spec = random_spec(r, "dbcoxXndddeEfFgG%s", r.random() < 0.3)
        v = r.choice(ints + [random_int(r, 2)])
        yield "int", f"{v:x}", text(spec), shown(lambda: format(v, spec))
    yield "int", f"{10**400:x}", "f", shown(lambda: format(10**400, "f"))
    for x in FORMAT_FLOATS:
        for spec in r.sample(["", "+", "010", "010,", "F", "E", "G", "z.1f", "#", "#.0f", "#.0e", "#g", ".0", ".1", ".3", ".0g", "%", ".0%", "_f", "n", "#n", ".17g", ".20g", "*^12", "=12",
                              " ", "08.1f", ".60f", "#.3", ".,f", ".12_e", ",.9,f"], 7):
            yield "float", show_float(x), text(spec), shown(lambda: format(x, spec))
    for _ in range(130):
        spec = random_spec(r, "eEfFgGn%ffg", r.random() < 0.25)
        x = r.choice(FORMAT_FLOATS + [random_double(r)])
        yield "float", show_float(x), text(spec), shown(lambda: format(x, spec))
    for x in FORMAT_FLOATS[:12:3]:
        for n in (300, 700, 1100):
            yield "long", show_float(x), f".{n}e", shown(lambda: format(x, f".{n}e").rstrip("0")[-40:])
    for _ in range(130):
        spec = random_spec(r, "eEfFgGngf", r.random() < 0.25).replace("0", "", r.random() < 0.7).replace("=", ">", r.random() < 0.8)
        re, im = r.choice(FORMAT_FLOATS), r.choice(FORMAT_FLOATS)
        if spec:
            yield "complex", show_float(re), show_float(im), text(spec), shown(lambda: format(complex(re, im), spec))
    for _ in range(130):
        spec = random_spec(r, "ssss", r.random() < 0.3).replace("=", "<", r.random() < 0.8).replace(",", "", r.random() < 0.8)
        if r.random() < 0.7:
            spec = "".join(c for c in spec if c not in "+- #z_")
        v = r.choice(["", "abc", "é\u1234\U0001f600x", "\ud800\udfff", "long text here"])
        yield "str", text(v), text(spec), shown(lambda: format(v, spec))


def percent_values(r):
    return r.choice([0, 5, -5, 255, -255, 10**20, 1114111, r.randrange(-10**6, 10**6)] + [r.choice(FORMAT_FLOATS)] * 6 + ["", "abc", "é\u1234\U0001f600x"] * 2)


def show_value(v):
    if isinstance(v, bool) or isinstance(v, int):
        return f"i{v:x}"
    return "f" + show_float(v) if isinstance(v, float) else "s" + text(v)


@part
def percents():
    r = random.Random(577)
    shown = lambda f: outcome(f, text)
    fixed = [("%d", (5,)), ("%5%", ()), ("%%", ()), ("a%%b%%", ()), ("%5%", (5,)), ("%y", (5,)), ("%", (5,)), ("%5", (5,)), ("%(a)d", (5,)), ("%(a", (5,)), ("%*d", (5, 1)), ("%*d|", (-5, 1)),
             ("%*d", (5,)), ("%*d", ("x", 5)), ("%.*d", (3, 1)), ("%.*d", (-3, 1)), ("%.*f", (2, 1.5)), ("%*", (5,)), ("%*", ()), ("%*.*d", (7, 3, 1)), ("%.d", (5,)), ("%.f", (1.5,)), ("%.x", (5,)),
             ("%99999999999999999999d", (5,)), ("%.99999999999999999999d", (5,)), ("%.2147483648d", (5,)), ("%.2147483647d", (5,)), ("%.2147483645x", (5,)), ("%9223372036854775808d", (5,)),
             ("%9223372036854775807d", (5,)), ("%.2147483647s", ("abc",)), ("%.2147483648s", ("abc",)), ("%.2147482624f", (1.5,)), ("%d", ()), ("%d %d", (1,)), ("%d", (1, 2)), ("abc", ()),
             ("%s %y", ()), ("é%y", (5,)), ("\U0001f600%\x01", (5,)), ("%é", (5,)), ("%\ud800", (5,)), ("%lé", (5,)), ("%+", (5,)), ("%l", (5,)), ("%.", (5,)), ("%.5", (5,)), ("%h", ()),
             ("%lld", (5,)), ("%lhd", (5,)), ("%ld%hd%Ld", (1, 2, 3)), ("%010f", (math.inf,)), ("%c", (65,)), ("%5c|", (0x1234,)), ("%-5c|", (65,)), ("%05c", (65,)), ("%.0c", (65,)),
             ("x%sy%dz", ("é", 5)), ("%5%|", ()), ("%0-5d|", (3,)), ("%0*d|", (-5, 3)), ("%##x", (3,)), ("% %", ()), ("%\x7f", (1,)), ("%\x1f", (1,)), ("%b", (5,)), ("%,d", (5,)), ("%zd", (5,))]
    for f, args in fixed:
        yield "args", text(f), *map(show_value, args), shown(lambda: f % args)
    for f, args in [("%(a)d", {"a": 1}), ("%(a", {}), ("%((a)b)s", {"(a)b": 2}), ("%(a)*d", {"a": 1}), ("%(a)s %s", {"a": 1}), ("%(a)%", {"a": 1}), ("%(a)5.2f|%(b)-4d|", {"a": 1.5, "b": 2}),
                    ("%(a)y", {"a": 1}), ("%(a)s%(b)", {"a": 1, "b": 2}), ("%(é)s", {"é": 1})]:
        yield "map", text(f), *(text(k) + "=" + show_value(v) for k, v in args.items()), shown(lambda: f % args)
    for f, args in [("%5%", (5,)), ("%%", ()), ("%y", (5,)), ("\xff%y", (5,)), ("%\xff", (5,)), ("%.99999999999999999999d", (5,)), ("%99999999999999999999d", (5,)), ("%.2147483647d", (5,)), ("%#x", (255,)),
                    ("%05d", (-3,)), ("%d %d", (1,)), ("%g", (1.5,)), ("%l%", (1,)), ("%\x1f", (1,)), ("%5d\xff", (3,))]:
        yield "bytes", text(f), *map(show_value, args), shown(lambda: (f.encode("latin-1") % args).decode("latin-1"))
    for _ in range(250):
        v = percent_values(r)
        f = "%" + "".join(r.sample("-+ #0", r.choice([0, 0, 1, 1, 2, 3]))) + r.choice(["", "", str(r.randrange(1, 20))]) + r.choice(["", "", ".", f".{r.randrange(15)}"])
        f += r.choice("sra" if isinstance(v, str) else "eEfFgG" if isinstance(v, float) else "diuxXo")
        if f[-1] in "ra":
            continue
        yield "args", text(f), show_value(v), shown(lambda: f % (v,))


CMATH = "acos acosh asin asinh atan atanh cos cosh exp log log10 sin sinh sqrt tan tanh".split()


@part
def complexes():
    r = random.Random(1732)
    pair = lambda z: f"{show_float(z.real)} {show_float(z.imag)}" if isinstance(z, complex) else f"{show_float(z[0])} {show_float(z[1])}"
    special = [-math.inf, -2.3, -0.0, 0.0, 2.3, math.inf, math.nan]
    for name in CMATH + ["polar", "rect"]:
        f = getattr(cmath, name)
        call = (lambda z: f(z.real, z.imag)) if name == "rect" else f
        values = [complex(x, y) for x in special for y in special]
        values += [complex(x, y) for x in (1.0, -1e-310, -BIG, 709.8) for y in (-0.0, 1e-320, -3.0)]
        values += [complex(r.uniform(-3, 3), r.uniform(-3, 3)) for _ in range(8)] + [complex(r.gauss(0, 1) * 10**r.randrange(-20, 20), r.gauss(0, 1) * 10**r.randrange(-20, 20)) for _ in range(5)]
        for z in values:
            yield name, show_float(z.real), show_float(z.imag), outcome(lambda: call(z), pair)
    values = [complex(x, y) for x in special for y in special]
    operations = {"add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b, "div": lambda a, b: a / b, "pow": lambda a, b: a**b}
    for name, f in operations.items():
        for i in range(60):
            a, b = r.choice(values), r.choice(values)
            if i % 3 == 0:
                a, b = complex(r.uniform(-3, 3), r.uniform(-3, 3)), complex(r.uniform(-3, 3), r.uniform(-3, 3))
            if name == "pow" and i % 2:
                b = complex(r.choice([0, 1, 2, 3, -1, -2, 5, 17, 100, 101, -100, 0.5]))
            kind = r.randrange(3) if name != "pow" else 0
            if kind == 1:
                yield name + "r", show_float(a.real), show_float(a.imag), show_float(b.real), outcome(lambda: f(a, b.real), pair)
            elif kind == 2:
                yield "r" + name, show_float(b.real), show_float(a.real), show_float(a.imag), outcome(lambda: f(b.real, a), pair)
            else:
                yield name, show_float(a.real), show_float(a.imag), show_float(b.real), show_float(b.imag), outcome(lambda: f(a, b), pair)
    for z in values + [complex(random_double(r), random_double(r)) for _ in range(20)]:
        yield "repr", show_float(z.real), show_float(z.imag), repr(z)
        yield "abs", show_float(z.real), show_float(z.imag), outcome(lambda: abs(z), show_float)
        if z == z:
            yield "hash", show_float(z.real), show_float(z.imag), str(hash(z))
    for s in ["", " ", "1", "1j", "1+2j", "(1+2j)", " ( 1+2j ) ", "( 1+2j", "1 + 2j", "j", "+j", "-j", "1+j", "1-j", "nan+infj", "infj", "nanj", "-infinity-nanj", "1e5+1e-5J", "1_0+2_0j", "1__0j", "1_+2j", "(1)",
              "()", "((1))", "1+2", "1j+2", "1+2j3", "1+2jj", "1.j", ".j", "1e+j", "1+-2j", "1+ 2j", "\x001", "1\x00", "é", "1+2i", "infinityj", "in", "-0-0j", "-0j", "0x1", "1e400j", "+1+2j", "--1", "(j)", "1j)", "(1j",
              "\t1+2j\n", "1+(2j)", "_1j", "1_j", "1+_j", "ji", "+1e5j", "1e5", "1e5+", "+", "-", "1+", "1e-", "((1+2j))", "1j1j", "1 j", "( )"]:
        yield "parse", text(s), outcome(lambda: complex(s), pair)


MATH = "acos acosh asin asinh atan atanh cbrt cos cosh degrees erf erfc exp exp2 expm1 gamma lgamma log log10 log1p log2 radians sin sinh sqrt tan tanh ulp".split()


@part
def maths():
    r = random.Random(1414)
    h = lambda v: f"{v:x}"
    values = [math.inf, -math.inf, math.nan, 0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, 10.0, 23.0, 24.0, 1e308, -1e308, 710.0, -710.0, 1e-310, -1e-310, 171.5, 171.7, -171.5, -180.5, 1e-20, BIG, 5e-324, 0.1, 1e300, 1024.0, 709.0, 1e16]
    for name in MATH:
        f = getattr(math, name)
        for x in values + [r.uniform(-1, 1) for _ in range(3)] + [r.gauss(0, 1) * 10**r.randrange(-3, 3) for _ in range(4)]:
            yield name, show_float(x), outcome(lambda: f(x), show_float)
    both = lambda t: f"{show_float(t[0])} {show_float(t[1])}"
    special = [math.inf, -math.inf, math.nan, 0.0, -0.0, 1.0, -1.5, 0.5, 2.0, 5e-324, BIG]
    for name in ["pow", "fmod", "remainder", "nextafter"]:
        f = getattr(math, name)
        for x in special:
            for y in special:
                if name == "pow" or r.random() < 0.5:
                    yield name, show_float(x), show_float(y), outcome(lambda: f(x, y), show_float)
        for _ in range(20):
            x, y = random_double(r), random_double(r)
            if name != "pow":
                yield name, show_float(x), show_float(y), outcome(lambda: f(x, y), show_float)
    for x, y, n in [(1.0, 2.0, 5), (0.0, 1.0, 0), (0.0, 1.0, 2**62), (-1e-323, 1.0, 1), (-1e-323, 1.0, 2), (-1e-323, 1.0, 3), (1.0, -math.inf, 2**63), (math.inf, 0.0, 1), (BIG, math.inf, 1), (5e-324, -1.0, 1)]:
        yield "steps", show_float(x), show_float(y), h(n), show_float(math.nextafter(x, y, steps=n))
    for _ in range(30):
        x, y, z = (r.choice(special + [r.uniform(-2, 2)] * 8) for _ in range(3))
        yield "fma", show_float(x), show_float(y), show_float(z), outcome(lambda: math.fma(x, y, z), show_float)
        x, e = random_double(r), r.choice([0, 1, -1, 60, -60, 1074, -1074, 2000, -2000, 10**30, -(10**30), r.randrange(-1100, 1100)])
        yield "ldexp", show_float(x), h(e), outcome(lambda: math.ldexp(x, e), show_float)
        yield "frexp", show_float(x), outcome(lambda: math.frexp(x), lambda t: f"{show_float(t[0])} {t[1]}")
        yield "modf", show_float(x), outcome(lambda: math.modf(x), both)
    for _ in range(20):
        n = r.randrange(0, 7)
        scale = r.choice([0, 0, 300, -310, -323])
        v = [r.uniform(-1, 1) * float(f"1e{scale + r.randrange(-3, 4)}") if r.random() < 0.97 else r.choice(special) for _ in range(n)]
        w = [r.uniform(-1, 1) for _ in range(n)]
        yield "hypot", *map(show_float, v), outcome(lambda: math.hypot(*v), show_float)
        if not any(map(math.isnan, v)):
            yield "sumprod", *map(show_float, v), *map(show_float, w), outcome(lambda: float(math.sumprod(v, w)), show_float)
        v = [r.choice([1, -1]) * r.random() * 2.0**r.randrange(-60, 60) for _ in range(n)] + [r.choice([0.5, 1e16, -1e16, 1.0, 2.0**53])]
        v += [-x for x in v[:3]] if r.random() < 0.5 else []
        if r.random() < 0.2:
            v += r.choice([[math.inf], [math.inf, -math.inf], [math.nan], [BIG, BIG], [BIG, BIG, -BIG], [-math.inf, 1.0], [math.nan, math.inf]])
        yield "fsum", *map(show_float, v), outcome(lambda: math.fsum(v), show_float)
    for n in list(range(0, 30)) + [63, 64, 65, 100, 101, 127, 128, 129, 170, -1, 2**63, 10**30]:
        yield "factorial", h(n), outcome(lambda: math.factorial(n), h)
    for n, k in [(5, 2), (5, 6), (-1, 2), (5, -1), (100, 50), (10**30, 2), (10**30, 10**30 - 1), (10**30, 10**20), (2**64, 3), (2**64 - 1, 3), (200, 100), (300, 150), (1000, 20), (0, 0), (67, 33), (130, 65), (-1, -1), (2**70, 0)]:
        yield "comb", h(n), h(k), outcome(lambda: math.comb(n, k), h)
        yield "perm", h(n), h(k), outcome(lambda: math.perm(n, k), h)
    for _ in range(20):
        n = r.randrange(0, 150)
        k = r.randrange(0, n + 2)
        yield "comb", h(n), h(k), h(math.comb(n, k))
        yield "perm", h(n), h(k), h(math.perm(n, k))
        a, b = random_int(r, 3), random_int(r, 2)
        yield "lcm", h(a), h(b), h(math.lcm(a, b))
    for n in [0, -5, 1, 2, 10, 2**53, 10**22, 10**400, 2**2000, 3**1000, 2**1024 - 1, 2**1024]:
        for name in ["log", "log2", "log10"]:
            yield name + "i", h(n), outcome(lambda: getattr(math, name)(n), show_float)


@part
def randoms():
    for seed in [0, 1, 42, 2**32 - 1, 2**32, 2**64 + 5, -(2**100) + 1, 10**3000]:
        r = random.Random(seed)
        yield "random", f"{seed:x}", *(show_float(r.random()) for _ in range(3)), ""
        words = [r.getrandbits(k) for k in (0, 1, 5, 31, 32, 33, 63, 64, 65, 128, 1000)]
        yield "bits", f"{seed:x}", " ".join(f"{w:x}" for w in words)
        yield "bytes", f"{seed:x}", r.randbytes(11).hex()
        for _ in range(2000):
            r.getrandbits(32)
        yield "later", f"{seed:x}", f"{r.getrandbits(64):x}"
        yield "state", f"{seed:x}", f"{r.getstate()[1][-1]} {r.getstate()[1][0]} {r.getstate()[1][623]}"


def main():
    for name in sys.argv[1:] or PARTS:
        rows = list(dict.fromkeys("\t".join(row) for row in PARTS[name]()))
        with open(os.path.join(HERE, name + ".txt"), "w", encoding="ascii", newline="\n") as f:
            f.writelines(row + "\n" for row in rows)
        print(name, len(rows))


main()
