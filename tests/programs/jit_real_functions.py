# Functions of real numbers in hot loops: results, special values and errors are those of single calls.
import math

ONE = "acos acosh asin asinh atan atanh cbrt cos cosh degrees erf erfc exp exp2 expm1 fabs gamma lgamma log log10 log1p log2 radians sin sinh sqrt tan tanh ulp".split()
TWO = "atan2 copysign fmod hypot pow remainder nextafter".split()
TO_INT = "floor ceil trunc".split()
TESTS = "isnan isinf isfinite".split()
VALUES = [0.5, 0.25, 1, 0.75, -0.5, 2.5, 3, 0, -0.0, 1.0, 1e308, -1e308, math.inf, -math.inf, math.nan, 710.0, -2, 1 << 62, True, 5e-324]


def shown(r):
    # C libraries differ in the last digits.
    if isinstance(r, (list, tuple)):
        return [shown(x) for x in r]
    return f"{r:.12g}" if type(r) is float else r


def one(name, values):
    out = []
    exec(f"""
from math import {name} as f
def loop(values, n):
    last = None
    for k in range(n):
        for v in values:
            last = f(v)
    return last
def each(values):
    r = []
    for v in values:
        try:
            r.append(f(v))
        except (ValueError, OverflowError) as e:
            r.append(type(e).__name__ + str(e))
    return r
""", space := {})
    loop, each = space["loop"], space["each"]
    out.append(loop([0.5, 0.25, 0.75], 300) if name != "acosh" else loop([1.5, 2.5], 300))
    for k in range(40):
        r = each(values)
    out.append(r)
    return out


def two(name, values):
    exec(f"""
import math
def each(values):
    r = []
    for v in values:
        for w in values:
            try:
                r.append(math.{name}(v, w))
            except (ValueError, OverflowError) as e:
                r.append(str(e))
    return r
def loop(n):
    s = 0.0
    x = 1.5
    for k in range(n):
        s += math.{name}(x, 2) + math.{name}(k, 1.25)
    return s
""", space := {})
    for k in range(15):
        r = space["each"](values)
    return space["loop"](500), r


for name in ONE + TO_INT + TESTS:
    print(name, shown(one(name, VALUES)))
for name in TWO:
    print(name, shown(two(name, VALUES)))
print(max(len(str(math.floor(x * 1e17))) for x in range(300)), math.floor(-0.5), math.ceil(2.0000001))


class Real:
    def __float__(self):
        return 0.25

    def __floor__(self):
        return "floor"


def mixed(values):
    r = []
    for k in range(100):
        for v in values:
            r.append(math.sin(v))
            r.append(math.floor(v) if not isinstance(v, str) else None)
    return r[-6:]


print(shown(mixed([1, 0.5, Real()])))
try:
    mixed([0.5, "x"])
except TypeError as e:
    print(e)
