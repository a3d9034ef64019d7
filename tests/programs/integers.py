# int and bool: arithmetic, big values, division rules, bits, conversions, formatting, limits, pow, rounding.
import sys

a, b = 2 ** 100, 3 ** 70
print(a + b, a - b, a * b, b // 12345, b % 12345, -b // 12345, -b % 12345, divmod(-7, 2), divmod(7, -2), 7 // -2, -7 % -2)
print(2 ** 63 - 1 + 1, -(2 ** 63) - 1, 2 ** 62 * 2, 4611686018427387903 + 1, -4611686018427387904 - 1, 3037000500 ** 2, (2 ** 62) // -1)
print(a & b, a | b, a ^ b, ~a, -a & 0xFFFF, a >> 90, -a >> 99, 1 << 70, -1 << 65, 5 & -2, -6 | 3, ~0, 0 ^ -1, -1 >> 1000)
print(10 / 4, 7 / 7, 2 ** 1000 / 2 ** 999, 1 / 3, (10 ** 30) / (10 ** 29), 10 ** 400 // 10 ** 399, -5 / 2)
print(2 ** 10, 2 ** -1, 0 ** 0, (-2) ** 3, (-8) ** (1 / 3), pow(3, 100, 7), pow(3, -1, 7), pow(2, 0, 1), pow(-3, 3, 5), pow(10 ** 20, 10 ** 3, 10 ** 9 + 7))
print(int("  -42_000 "), int("ff", 16), int("0b101", 0), int("z", 36), int(3.99), int(-3.99), int(True), int(b"12"), int("٣"), int("1" * 50), int(1e20))
print(bin(10), hex(-255), oct(8), bin(2 ** 70), hex(b), 0x_ff, 0b1_0, 0o17, 1_000_000, f"{b:,}", f"{b:_x}", f"{-b:e}", f"{a:.3g}")
print((255).bit_length(), (-256).bit_length(), (0).bit_length(), (0b1011).bit_count(), (-7).bit_count(), a.bit_length(), (6).as_integer_ratio(), (5).is_integer(), (5).conjugate(), (5).real, (5).imag, (5).numerator)
print(round(12345, -2), round(15, -1), round(25, -1), round(-15, -1), round(5), round(10 ** 30 + 5, -1), abs(-a) == a, -(-5), +5, abs(True))
print(hash(2 ** 61 - 1), hash(2 ** 61), hash(-1), hash(-2), hash(2 ** 100), hash(-(2 ** 100)), hash(1.0) == hash(1) == hash(True))
print(True + True, True * 5, isinstance(True, int), True & False, True | 2, ~True if False else -2, bool(a), bool(0), int.__add__(1, 2), (5).__rsub__(8), (1).__add__("x"), True.__repr__(), str(True))
print(1 < 2 ** 100, 2 ** 100 == 2.0 ** 100, 2 ** 53 + 1 == float(2 ** 53 + 1), 2 ** 53 + 1 > float(2 ** 53), 10 ** 400 > float("inf"), 10 ** 400 < float("inf"), 1 == 1.0 == 1 + 0j, a == b)
factorial = 1
for i in range(1, 60):
    factorial *= i
print(factorial, factorial // 2 ** 54 % 1000003, sum(map(int, str(factorial))))
x, y = 0, 1
for _ in range(500):
    x, y = y, x + y
print(x, x % 997, x.bit_length())
def isqrt(n):
    r = 1 << (n.bit_length() + 1) // 2
    while (s := (r + n // r) // 2) < r:
        r = s
    return r
print(isqrt(2 * 10 ** 80))
def gcd(p, q):
    while q:
        p, q = q, p % q
    return p
print(gcd(factorial, x), gcd(2 ** 120 * 3 ** 40, 6 ** 60))
digits = str(7 ** 1500)
print(len(digits), digits[:20], digits[-20:], int(digits) == 7 ** 1500, int(digits[::-1]) % 9)
print((10 ** 50).to_bytes(21, "big").hex(), int.from_bytes(bytes(range(20)), "little"), (-(10 ** 20)).to_bytes(10, "little", signed=True).hex())
for v in (0, 1, -1, 2 ** 31, -(2 ** 63), 10 ** 25):
    print(v.__format__("+,d"), f"{v:>30}", f"{v:#b}"[:20], f"{v:012d}", str(v) == repr(v))
for bad in (lambda: 1 // 0, lambda: 1 % 0, lambda: 1 / 0, lambda: 0 ** -1, lambda: divmod(1, 0), lambda: 1 << -1, lambda: int("12a"), lambda: int(""), lambda: int("1__0"), lambda: int("9", 8), lambda: int(1, 2),
            lambda: int("1", 99), lambda: int(None), lambda: int(float("nan")), lambda: int(float("inf")), lambda: pow(2, -1, 4), lambda: pow(1, 1, 0), lambda: pow(2.0, 1, 3), lambda: 10 ** 400 / 3, lambda: float(10 ** 400),
            lambda: (300).to_bytes(1), lambda: (-1).to_bytes(1), lambda: 1 + "1", lambda: 1 & 1.0, lambda: ~1.5, lambda: range(2 ** 70)[2 ** 71], lambda: len(range(2 ** 70)), lambda: [0] * 2 ** 70, lambda: int("0x1f"),
            lambda: "%c" % 2 ** 40, lambda: chr(2 ** 70), lambda: int([]), lambda: int("\ud800"), lambda: 1 << 2 ** 70, lambda: int.from_bytes("x")):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__, e)
print(sys.get_int_max_str_digits())
for big in (lambda: str(10 ** 5000), lambda: int("1" * 5000), lambda: f"{10 ** 5000}"):
    try:
        big()
    except ValueError as e:
        print(e)
print(len(hex(10 ** 5000)), int("f" * 5000, 16).bit_length())
class I(int):
    def __add__(self, other): return I(int(self) * 100 + int(other))
    def __repr__(self): return f"I({int(self)})"
print(I(5) + 3, 3 + I(5), I(7), I("ff", 16) * 2, type(I(5) + 1).__name__, type(-I(5)).__name__, [I(3)], str(I(4)), range(10)[I(3)], "abc"[I(1)])
class Idx:
    def __index__(self): return 3
print(hex(Idx()), [1, 2, 3, 4][Idx()], range(Idx()), int(Idx()), "x" * Idx() if False else operator_index if (operator_index := 3) else 0, bytes(Idx()), float(Idx()))
