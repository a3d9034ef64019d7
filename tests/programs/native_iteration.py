# What native iterators and functions do with each item: functions with one argument of every kind behind map, filter and
# keys; iterators over several others; dicts compared and merged; bools as numbers; `__dict__` in hot loops.
import itertools
from collections import OrderedDict


def shown(f, *args, **kw):
    try:
        return f(*args, **kw)
    except Exception as e:
        return type(e).__name__, str(e)


# -- functions of one argument
seen = []
for f in (ord, len, abs, str, int, float, bool, list, type, repr, seen.append, {"a": 1}.get, "abc".count, print, isinstance,
          str.upper, dict.fromkeys, int.from_bytes, object, divmod, max, lambda x: x * 2):
    print(shown(lambda: list(map(f, ["a", "bc"]))), shown(lambda: list(map(f, [3, -4]))), shown(lambda: list(filter(f, ["a"]))),
          shown(lambda: sorted(["b", "a"], key=f)), shown(lambda: max([1, 2], key=f)))
print(seen, sum(map(ord, "aé\u20ac" * 100)), sum(map(len, ["ab", "c"] * 100)))

# -- several iterators
class Failing:
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return self

    def __next__(self):
        self.n -= 1
        if self.n < 0:
            raise ValueError("no more")
        return self.n


def longest(*its):
    out = []
    try:
        for t in itertools.zip_longest(*its, fillvalue="-"):
            out.append(t)
    except (ValueError, RuntimeError) as e:
        out.append(str(e))
    return len(out), out[-1:], [shown(next, i, None) for i in its if hasattr(i, "__next__")]


def changing(d):
    for k in d:
        yield k
        if k == 1500:
            d["new"] = 1


for _ in range(3):
    print(longest(iter(range(3000)), iter([1, 2] * 700)), longest("abc", range(2000), (), [1]), longest(), longest(iter(())))
    print(longest(iter(range(3000)), Failing(1500)), longest(Failing(1500), iter(range(3000))))
    d = dict.fromkeys(range(3000))
    print(longest(iter(range(5000)), changing(d)), longest(iter(range(5000)), iter({1: 2, 3: 4})))
    print(longest(*(iter(range(n)) for n in (5, 2000, 7, 3, 1))))
    total = 0
    for x in itertools.chain(range(1000), [1.5] * 1000, itertools.islice(itertools.cycle((1, 2)), 1000), iter("")):
        total += x
    for x in itertools.chain.from_iterable([[1, 2], (3,)] * 1000):
        total += x
    for x, y in itertools.pairwise(range(2000)):
        total += x * y
    print(total)

# -- dicts
class Key:
    def __init__(self, n):
        self.n = n

    def __hash__(self):
        return 1

    def __eq__(self, other):
        return isinstance(other, Key) and self.n == other.n


nan = float("nan")
a = {i: str(i) for i in range(100)}
b = dict(reversed(a.items()))
print(a == b, a == dict(a), a == {**a, 5: 5}, a == {**a, 500: 5}, {1: nan} == {1: nan}, {1: nan} == {1: float("nan")}, {1: 1} == {1.0: True})
print({Key(1): 2, Key(2): 3} == {Key(2): 3, Key(1): 2}, {Key(1): 2} == {Key(3): 2}, OrderedDict(a) == OrderedDict(b), OrderedDict(a) == b)


class Shrinks:
    def __init__(self, d):
        self.d = d

    def __eq__(self, other):
        self.d.clear()
        return True


x = {}
x.update({1: Shrinks(x), 2: 3})
print(shown(lambda: x == {1: 1, 2: 3}), x)
for first in ({}, {"b": 1}, {"c": 1, "a": 0}, {1: 2}, {Key(1): 1}):
    for second in ({}, {"a": 1}, {"a": 1, "b": 2, 3: 4}, {Key(1): 5}, {i: i for i in range(20)}):
        d = dict(first)
        d.update(second)
        e = dict(first)
        e |= second
        print(len(d), d == e, list(d.values())[-3:], list({**second, **first}.values())[-3:])


class Thing:
    def __init__(self, a, b):
        self.a = a
        self.b = b

    def __eq__(self, other):
        return self.__dict__ == other.__dict__


class Slotted(Thing):
    __slots__ = ("c",)


def alike(p, q, n):
    return sum(p == q for _ in range(n))


p, q, r = Thing(1, 2), Thing(1, 2), Thing(1, 3)
print(alike(p, q, 2000), alike(p, r, 2000), alike(p, Slotted(1, 2), 2000))
s = Thing(1, 2)
del s.a
print(alike(p, s, 2000))
s.a = 1
print(alike(p, s, 2000), alike(s, p, 10))
s.extra = 1
print(alike(p, s, 2000))


def through(o, n):
    total = 0
    for i in range(n):
        total += o.a
        o.__dict__["a"] = i
        total += o.a
        o.a = i + 1
        total += o.__dict__["a"]
    return total, sorted(o.__dict__)


print(through(Thing(0, 0), 3000), through(Slotted(5, 0), 3000))


def fresh(n):
    total = 0
    for i in range(n):
        o = Thing(i, 2)
        d = o.__dict__
        d["c"] = 3
        total += o.c + len(d) + d["a"]
    return total


print(fresh(3000))


class Own:
    __dict__ = property(lambda self: {"a": 7})


def own(o, n):
    return sum(o.__dict__["a"] for _ in range(n))


print(own(Own(), 2000), own(Thing(3, 4), 2000))
Thing.__dict__ and setattr(Thing, "z", 1)
print(own(Thing(4, 4), 2000))

# -- bools are numbers
def flags(n):
    total = 0
    for i in range(n):
        total += i % 3 == 1
        total = total - (i > 5) + (i < 7) * 2
        total += (i & 1 == 0) + (i & 2 == 0)
    return total


def kinds(n):
    out = []
    t, f = True, False
    for i in range(n):
        out = [t + t, t - f, t * t, t & f, t | 1, t ^ t, -t, +t, ~0, t << 2, t == 1, f < t, t + 1.5, t // 1, f % 2, t >= True]
        t, f = (i & 3) != 2, (i & 1) == 0
    return out, [type(x).__name__ for x in out]


print(flags(5000), kinds(3000), sum(x > 3 for x in range(3000)), sum([True, False, True], 5))


class Odd:
    def __add__(self, other):
        return 1000

    __radd__ = __add__
    __eq__ = lambda self, other: True


def turns(values):
    """What was a bool until now is something else."""
    total = equal = 0
    for v in values:
        try:
            total = total + v
            equal += v == 0
        except TypeError as e:
            total += len(str(e))
    return total, equal


for first in (False, True):
    for last in (None, 7, 2.5, Odd(), "x", 10**20, not first):
        print(turns([first] * 3000 + [last] * 10 + [first] * 10))
