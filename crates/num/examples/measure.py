"""The counterpart of measure.rs: nanoseconds an operation, the loop's own cost taken off."""
import random
import sys
import time

sys.set_int_max_str_digits(0)
random.seed(1)


def timed(f):
    """Nanoseconds a call: the best of many short runs."""

    def run(n):
        start = time.perf_counter()
        for _ in range(n):
            f()
        return time.perf_counter() - start

    n, best = 1, run(1)
    while best < 1e-3:
        n *= 2
        best = run(n)
    for _ in range(min(max(int(0.1 / best), 1), 40)):
        best = min(best, run(n))
    return best / n * 1e9


a = 1
empty = timed(lambda: a)


def pi_digits(n):
    q, r, t, i, k, checksum = 1, 0, 1, 0, 0, 0
    while i < n:
        k += 1
        k2 = 2 * k + 1
        r = (q * 2 + r) * k2
        t = t * k2
        q = q * k
        if q > r:
            continue
        d = (q * 3 + r) // t
        if d != (q * 4 + r) // t:
            continue
        checksum = (checksum * 31 + d) & (1 << 64) - 1
        i += 1
        r = (r - t * d) * 10
        q = q * 10
    return checksum


def others():
    import math
    a, e, m = (random.getrandbits(2048) | 1 << 2047 | 1 for _ in range(3))
    g1, g2 = (random.getrandbits(1280) | 1 << 1279 for _ in range(2))
    x, y, z, n, i = 1.618033988749895, 1.2345e300, 0.5, 123456789, 12345
    b61, e61, m61, three = 0x123456789abcdef1, 0x1ffffffffffffff1, 2**61 - 1, 3
    for name, f in {"repr": lambda: repr(x), "repr 1e300": lambda: repr(y), "repr 0.5": lambda: repr(z), ".2f": lambda: format(1234.5678, ".2f"),
                    ",d": lambda: format(n, ",d"), "5d": lambda: format(i, "5d"), "float()": lambda: float("1.618033988749895"), "int()": lambda: int("12345"),
                    "round 2": lambda: round(2.675, 2), "pow 61 bit": lambda: pow(b61, e61, m61), "pow 2048 bit": lambda: pow(a, e, m), "3**1000": lambda: three**1000,
                    "gcd 20": lambda: math.gcd(g1, g2), "isqrt 32": lambda: math.isqrt(a), "a/b": lambda: g1 / a, "1000!": lambda: math.factorial(1000),
                    "random": random.random, "pi 1000": lambda: pi_digits(1000)}.items():
        print(f"{name:14} {timed(f) - empty:.0f}")


if sys.argv[1:] == ["0"]:
    others()
    sys.exit()
for n in map(int, sys.argv[1:] or (1, 2, 10, 60, 1000, 10000, 100000)):
    a, b = (random.getrandbits(64 * n) | 1 << (64 * n - 1) for _ in range(2))
    c, s = a * b, str(a)
    ops = {"mul": lambda: a * b, "sqr": lambda: a * a, "add": lambda: a + b, "div": lambda: c // b, "div1": lambda: a // 12345,
           "mul1": lambda: a * 12345, "str": lambda: str(a), "parse": lambda: int(s)}
    print(f"{n:6} limbs:", *(f" {k} {timed(f) - empty:.0f}" for k, f in ops.items()), flush=True)
