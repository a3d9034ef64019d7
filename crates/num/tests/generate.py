"""Writes tests/fixtures/*.txt by asking CPython 3.14: python3.14 generate.py [part ...]

One case to a line, fields separated by tabs; an exception is written as its class name, a colon and its text.
Integers are hexadecimal, doubles are given by `float.hex`, text by `ascii()` without its quotes.
"""
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
        return text(f"!{type(e).__name__}: {args[0] if len(args) == 1 else args}")


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
        for i in range(70):
            limbs = 3 if i < 40 else 9
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
    for i in range(60):
        a, n = random_int(r, 5), r.choice([0, 1, 63, 64, 65, 128, r.randrange(400)])
        yield "shl", h(a), h(n), h(a << n)
        yield "shr", h(a), h(n), h(a >> n)
    for i in range(40):
        a, n = random_int(r, 2), r.choice([0, 1, 2, 3, 5, 10, r.randrange(40)])
        yield "pow", h(a), h(n), h(a**n)
    for i in range(120):
        limbs = 1 if i < 40 else 4
        a, e, m = random_int(r, limbs), random_int(r, 2), random_int(r, limbs)
        if i % 3 == 0:
            e = r.randrange(-3, 20)
        yield "powmod", h(a), h(e), h(m), outcome(lambda: pow(a, e, m), h)
    for a, e, m in [(2, -1, 4), (3, -1, 1), (3, -1, -7), (0, 0, 1), (0, 0, -1), (0, -1, 5), (5, 0, 7), (5, 0, -7), (2, 3, 0)]:
        yield "powmod", h(a), h(e), h(m), outcome(lambda: pow(a, e, m), h)
    for i in range(60):
        a = random_int(r, 6)
        yield "invert", h(a), h(~a)
        yield "bits", h(a), f"{a.bit_length()} {a.bit_count()}"
        yield "hash", h(a), str(hash(a))
        yield "isqrt", h(a), outcome(lambda: math.isqrt(a), h)
        yield "dec", h(a), str(a)
    for i in range(60):
        a = random_int(r, 3) << r.choice([0, 0, 700, 850, 1000])
        yield "float", h(a), outcome(lambda: float(a), show_float)
    for a in [0, 1, -1, -2, 2**61 - 1, 2**61, -(2**61), 2**122 - 1, 2**63, -(2**63)]:
        yield "hash", h(a), str(hash(a))
    for i in range(60):
        a, n = random_int(r, 2), r.randrange(0, 20)
        n = r.choice([n, (abs(a).bit_length() + 7) // 8])
        order, signed = r.choice(["little", "big"]), r.random() < 0.6
        yield "tobytes", h(a), str(n), order, str(int(signed)), outcome(
            lambda: a.to_bytes(n, order, signed=signed), lambda b: b.hex())
        raw = r.choice([r.randbytes(n), b"\xff" * n, b"\x80" + bytes(n)])
        yield "frombytes", raw.hex(), order, str(int(signed)), h(int.from_bytes(raw, order, signed=signed))
    for x in [0.0, -0.0, 0.5, -0.5, 1.5, -1.5, 1e15, 2.0**53, 2.0**63, -(2.0**64), 1e22, 1.7976931348623157e308, 5e-324]:
        yield "trunc", x.hex(), h(int(x))
    for i in range(60):
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
    for i in range(60):
        a, base = random_int(r, 4), r.randrange(2, 37)
        s, v = "", abs(a)
        while v:
            s = "0123456789abcdefghijklmnopqrstuvwxyz"[v % base] + s
            v //= base
        yield "base", h(a), str(base), ("-" if a < 0 else "") + (s or "0")


def main():
    for name in sys.argv[1:] or PARTS:
        rows = list(dict.fromkeys("\t".join(row) for row in PARTS[name]()))
        with open(os.path.join(HERE, name + ".txt"), "w", encoding="ascii", newline="\n") as f:
            f.writelines(row + "\n" for row in rows)
        print(name, len(rows))


main()
