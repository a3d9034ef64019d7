# What the collector shows of a cache's insides is changed by the program.
import functools
import gc
import sys


@functools.lru_cache(maxsize=4)
def f(x):
    return x * 10


for x in 1, 2, 3:
    f(x)

if sys.implementation.name != "cpython":  # which takes it for entries of its own
    insides = [d for d in gc.get_referents(f) if type(d) is dict]
    for d in insides:
        for k, other in zip(list(d), (12, ("a",) * 6, None)):
            d[k] = other
for x in range(1, 10):
    f(x)
print([f(x) for x in range(6, 10)], f(5))
print(f.cache_info().maxsize, f.cache_info().currsize)
f.cache_clear()
print([f(x) for x in (1, 2, 1, 3, 1, 4, 5, 6, 1)], f.cache_info())


# Links of one cache in the other.
@functools.lru_cache(maxsize=2)
def g(x):
    return -x


for x in 1, 2:
    g(x)
if sys.implementation.name != "cpython":
    of = lambda h: next(d for d in gc.get_referents(h) if type(d) is dict and set(d) & {1, 2, 5, 6})
    of(g).update(of(f))
    of(f).clear()
for x in range(1, 200):
    assert g(x) in (-x, x * 10) and f(x) == x * 10
gc.collect()
print(g(1000), f(1000))
