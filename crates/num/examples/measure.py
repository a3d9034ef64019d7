"""The counterpart of measure.rs: nanoseconds an operation, the loop's own cost taken off."""
import random
import sys
import time

sys.set_int_max_str_digits(0)
random.seed(1)


def timed(f):
    n = 1
    while True:
        best = 1e9
        for _ in range(3):
            start = time.perf_counter()
            for _ in range(n):
                f()
            best = min(best, time.perf_counter() - start)
            if best > 0.5:
                break
        if best > 0.02:
            return best / n * 1e9
        n *= 4


a = 1
empty = timed(lambda: a)
for n in map(int, sys.argv[1:] or (1, 2, 10, 60, 1000, 10000, 100000)):
    a, b = (random.getrandbits(64 * n) | 1 << (64 * n - 1) for _ in range(2))
    c, s = a * b, str(a)
    ops = {"mul": lambda: a * b, "sqr": lambda: a * a, "add": lambda: a + b, "div": lambda: c // b, "div1": lambda: a // 12345,
           "mul1": lambda: a * 12345, "str": lambda: str(a), "parse": lambda: int(s)}
    print(f"{n:6} limbs:", *(f" {k} {timed(f) - empty:.0f}" for k, f in ops.items()), flush=True)
