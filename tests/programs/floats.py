# float and complex: repr, rounding, special values, parsing, formatting, math, hashing, comparison.
import math, cmath

inf, nan = float("inf"), float("nan")
print(0.1, 0.1 + 0.2, 1e16, 1e15, 123456789012345678.0, 1e-4, 1e-5, 5e-324, 1.7976931348623157e308, -0.0, 1e22, 1e23, 0.5e-10, 100.0, 2.0 ** 70)
print(repr(1 / 3), str(2 / 3), 1e300 * 1e10, -1e300 * 1e10, inf - inf, inf * 0, nan == nan, nan != nan, nan < 1, inf > 10 ** 400, 0.0 == -0.0, 3.0 == 3)
print(7.5 // 2, -7.5 // 2, 7.5 % 2, -7.5 % 2, 7.5 % -2, divmod(7.5, -2), 2.0 ** 0.5, (-8.0) ** (1 / 3), 2 ** 0.5, 0.0 ** 0, inf % 2 if False else 5 % inf, -5 % inf, 1e308 * 10 // 1)
print(round(2.5), round(3.5), round(-2.5), round(2.675, 2), round(1234.567, -2), round(0.5), round(1e300), round(2.5, 0), round(5e-324, 400), round(-0.4), round(1.15, 1))
print(int(1e20), int(-2.7), float(" 1_000.5e-3 "), float("-Infinity"), float("nan"), float("1e-400"), float("1e400"), float(".5"), float("5."), float(b"2.5") if False else 2.5, float(True), float("١.٥"))
print((0.1).hex(), float.fromhex("0x1.999999999999ap-4"), float.fromhex("-inf"), (1.5).as_integer_ratio(), (0.1).as_integer_ratio(), (2.0).is_integer(), (-2.5).is_integer(), (1e308).hex(), float.fromhex("0x.8p1"))
print(f"{3.14159:.2f} {1e10:g} {1e-10:g} {1234567.0:g} {0.00001234:.3g} {1.5:e} {1e100:.1f} {0.1:.20f} {12345.6789:,.1f} {0.25:%} {3.0:.0f} {2.5:.0f} {-0.0:.1f} {-0.001:z.2f} {1e9:n} {123.456:10.3} {5.0!r} {1e5:#g} {inf:F} {nan:010}")
print("%.3f %g %e %5.1f|%-8.2f|%+.1f %G" % (math.pi, 1e-7, 12345.678, 2.25, 1.5, 2, 1e20), hash(0.5), hash(inf), hash(-inf), hash(1e300), hash(2.0 ** 61), hash(-1.0))
print(sorted([3.5, -inf, 0.0, inf, -2, 1e-300]), max(1, 1.0), min(1.0, 1), sum([0.1] * 10), math.fsum([0.1] * 10), sum([1e100, 1, -1e100]))
print(math.sqrt(2), math.floor(-2.5), math.ceil(2.1), math.trunc(-2.9), math.gcd(12, 18, 8), math.lcm(4, 6), math.factorial(25), math.comb(50, 20), math.perm(5, 2), math.isqrt(10 ** 40), math.hypot(3, 4), math.dist((0, 0), (1, 1)))
print(math.log(10), math.log2(2 ** 100), math.log10(10 ** 300), math.log(10 ** 400), math.log1p(1e-10), math.exp(1), math.expm1(1e-10), math.pow(2, 0.5), math.cbrt(1000), math.exp2(10), math.log(8, 2))
print(math.sin(1), math.cos(1), math.tan(1), math.atan2(1, -1), math.degrees(math.pi), math.radians(180), math.sinh(1), math.erf(0.5), math.gamma(5.5), math.lgamma(100))
print(math.frexp(10.5), math.ldexp(0.75, 4), math.modf(-2.25), math.fmod(-7, 3), math.remainder(7, 4), math.copysign(1, -0.0), math.nextafter(1, 2), math.ulp(1.0), math.isclose(0.1 + 0.2, 0.3), math.prod([1.5, 2, 3]), math.fma(2, 3, 4), math.sumprod([1, 2], [3, 4]))
print(math.isnan(nan), math.isinf(-inf), math.isfinite(1e308), nan in [nan], {nan: 1}.get(nan), [nan].index(nan), math.inf, math.tau)
z = 3 + 4j
print(z, abs(z), z.real, z.imag, z.conjugate(), z * (1 - 2j), z / (1 + 1j), z ** 2, z ** 0.5, -z, z == 3 + 4j, 1j * 1j, complex("1-2j"), complex(1), complex("  -1.5e3J "), complex(1, -0.0), hash(3 + 0j))
print(repr(1e20 + 1e-7j), complex(nan, inf), complex(-0.0, -0.0), (0 + 0j) ** 0, f"{z:.2f}", f"{z:>12}|", cmath.sqrt(-1), cmath.phase(-1), cmath.polar(1j), cmath.exp(1j * math.pi).real, cmath.isclose(1j, 1j), bool(0j), 2 + 1j != 2)
for bad in (lambda: 1.0 / 0, lambda: 1.0 % 0, lambda: 0.0 ** -1, lambda: float("abc"), lambda: float(""), lambda: float("1_"), lambda: float([]), lambda: round(nan), lambda: round(inf), lambda: int(nan), lambda: math.sqrt(-1), lambda: math.log(0),
            lambda: 2.0 ** 5000, lambda: math.exp(1000), lambda: float(10 ** 400), lambda: 1.5 & 1, lambda: 1j < 2j, lambda: 1j // 1, lambda: complex("1+"), lambda: 1j / 0, lambda: int(1j), lambda: float(1j), lambda: math.factorial(-1),
            lambda: math.factorial(1.5), lambda: "%d" % nan, lambda: [1][1.0], lambda: range(1.0), lambda: float.fromhex("0xz"), lambda: (1.5).as_integer_ratio(1), lambda: inf.as_integer_ratio(), lambda: f"{1.5:d}", lambda: f"{1.5:x}",
            lambda: round(1.5, "a"), lambda: math.gcd(1.5), lambda: math.acos(2), lambda: math.fsum([1e308, 1e308, 1e308]), lambda: complex("1", 2), lambda: 0j ** -1, lambda: math.comb(-1, 2), lambda: math.nextafter(1, 2, steps=-1)):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__, e)
# Shortest repr survives the way back.
seed, wrong = 12345, 0
for _ in range(2000):
    seed = (seed * 6364136223846793005 + 1442695040888963407) % 2 ** 64
    x = math.ldexp(seed, (seed >> 50) % 2000 - 1060)
    wrong += float(repr(x)) != x or float(f"{x:.17g}") != x
print(wrong)
class F(float):
    def __repr__(self): return f"F({float(self)})"
print(F(1.5), F(2) + 1, type(F(1) * 2).__name__, [F(0.1)], str(F(2.5)), F("3.5") == 3.5, F.fromhex("0x1p4"))
n, total = 100000, 0.0
for i in range(1, n):
    total += 1.0 / (i * i) if i % 3 else -1.0 / i
print(f"{total:.12f}")
