# Forms of everyday operations that the interpreter has a shorter way for, and what lies just beside each of them.
from collections import Counter


# -- functions that bind their arguments themselves, called without keywords
def calls():
    assert min(3, 1, 2) == 1 and max("b", "c", "a") == "c"
    assert min(2, 2.0) is not None and repr(min(2, 2.0)) == "2" and repr(min(2.0, 2)) == "2.0"
    assert repr(max(2, 2.0)) == "2" and repr(max(True, 1)) == "True"
    nan = float("nan")
    assert repr(max(nan, 1.0)) == "nan" and repr(max(1.0, nan)) == "1.0"
    assert repr(min(1, nan)) == "1" and repr(min(nan, 1)) == "nan"
    assert max((1, "a"), (1, "b")) == (1, "b")
    assert min(10**30, 5) == 5 and max(10**30, 5) == 10**30
    for f in min, max:
        for bad in (), (1, "a"), (1j, 2), (5,):
            try:
                f(*bad)
            except TypeError as e:
                print(e)
        try:
            f(1, 2, default=3)
        except TypeError as e:
            print(e)
    # In the caller's registers, too.
    try:
        min()
    except TypeError as e:
        print(e)
    try:
        max(1, None)
    except TypeError as e:
        print(e)

    class Less:
        def __init__(self, n):
            self.n = n

        def __lt__(self, other):
            return self.n < other.n

        def __gt__(self, other):
            raise KeyError(self.n)

    assert min(Less(3), Less(1), Less(2)).n == 1
    try:
        max(Less(1), Less(7))
    except KeyError as e:
        print("KeyError", e)
    d = {}
    d.update([("a", 1)])
    d.update({"b": 2}, c=3)
    dict.update(d, d=4)
    try:
        dict.update()
    except TypeError as e:
        print(e)
    try:
        dict.update(5)
    except TypeError as e:
        print(e)
    assert d == {"a": 1, "b": 2, "c": 3, "d": 4}
    print(sorted("bca"), sorted({3, 1, 2}), *map(min, [1, 5], [2, 4]))

    class Own(int):
        pass

    assert type(Own.__new__(Own, 3)) is Own and Own.__new__(Own) == 0


# -- tuples as keys
class Same:
    def __init__(self, text):
        self.text = text

    def __hash__(self):
        return hash(self.text)

    def __eq__(self, other):
        return other == self.text


class Pair(tuple):
    def __eq__(self, other):
        return True

    __hash__ = tuple.__hash__


def keys():
    for make in (dict.fromkeys, set, frozenset, lambda it: Counter(list(it))):
        c = make([(1, 2), ("a", 1), (), ((1, 2), 3), (1.0, 5), (Same("x"), 1), (True, 9), ("y", 1)])
        assert (1, 2) in c and ("a", 1) in c and () in c and ((1, 2), 3) in c
        assert (1.0, 2) in c and (1, 5) in c and (True, 2) in c and (1, 9) in c
        assert ("x", 1) in c and (Same("y"), 1) in c and ("x", 2) not in c
        assert (2, 1) not in c and (1,) not in c and 1 not in c and "a" not in c
        assert Pair((1, 2)) in c and Pair((7, 7)) not in c
        for bad in ([],), (1, []), ({}, 2):
            try:
                bad in c
            except TypeError as e:
                print(e)
    d = {}
    for x in range(6):
        for y in "abc":
            d[x, y] = d.get((x, y - 1 if False else y), 0) + x
    assert sum(d[x, y] for x in range(6) for y in "abc") == 45
    assert (0, "a") in d and (6, "a") not in d and d.pop((1, "b")) == 1 and (1, "b") not in d
    # Tables of strings and small ints have no tuples.
    e = {"a": 1, 2: 3}
    assert (1, 2) not in e and ("a",) not in e and e.get((2,)) is None
    try:
        e[(1, "q")]
    except KeyError as err:
        print("KeyError", err)

    class Named:
        def __init__(self):
            self.a = 1

    assert (1, 2) not in Named().__dict__ and ("a",) not in vars(Named())


# -- bools in arithmetic
def bools():
    t, f, n, big = True, False, 5, 10**30
    out = []
    for a in (t, f, n, big, 1.5):
        for b in (t, f, n):
            out += [a + b, a - b, a * b, b - a]
            if b:
                out += [a / b, a // b, a % b]
    print(out)
    print([(a & b, a | b, a ^ b) for a in (t, f, n) for b in (t, f, n)])
    print(t << n, n >> t, t << t, t**n, n**t, t**f, f**t, -t, ~t if False else -1)
    x = t
    x += t
    y = n
    y -= t
    z = f
    z |= t
    print(x, y, z)
    for g in (lambda: t // f, lambda: t % f, lambda: t @ n, lambda: n @ t, lambda: t << -1, lambda: t + "a", lambda: t @ f):
        try:
            g()
        except (TypeError, ZeroDivisionError, ValueError) as e:
            print(type(e).__name__, e)


# -- texts of integers
def radix():
    for n in (0, 1, -1, 255, -255, 2**62, -(2**62), 2**63 - 1, -(2**63), 2**64, -(2**70), True):
        print(bin(n), oct(n), hex(n))

    class Index:
        def __index__(self):
            return -10

    print(bin(Index()), oct(Index()), hex(Index()))
    for f in bin, oct, hex:
        try:
            f(1.5)
        except TypeError as e:
            print(e)


# -- enumerate and zip over strings, dicts and sets
def iterators():
    print(list(enumerate("abc", 5)), list(enumerate("aéb")), list(enumerate("")))
    print([x for x in enumerate({"a": 1, "b": 2}.items())], [x for x in enumerate({"a": 1}.values())])
    print([x for x in enumerate(b"ab")], [x for x in enumerate(reversed([1, 2]))], [x for x in enumerate(frozenset([3]))])
    print([x for x in enumerate(enumerate("xy"))], [x for x in enumerate(zip("xy", [1, 2]))])
    for s, l in ("abc", [1, 2]), ("ab", [1, 2, 3]), ("", [1]), ("éa", [1, 2]):
        a, b = iter(s), iter(l)
        print([p for p in zip(a, b)], list(a), list(b))
        a, b = iter(l), iter(s)
        print([p for p in zip(a, b)], list(a), list(b))
    it = iter("abcd")
    print([p for p in zip(it, it)])
    total = 0
    for i, c in enumerate("abracadabra" * 200):
        if c == "a":
            total += i
    print(total)
    d = {1: 2, 3: 4}
    try:
        for i, k in enumerate(d):
            d[i + 10] = k
    except RuntimeError as e:
        print(e)
    e = enumerate("ab", 2**62 - 1)
    print(next(e), [x for x in e])
    kept = [p for p in enumerate({i: str(i) for i in range(3000)}.items())]
    print(kept[-1], sum(i for i, (k, v) in kept), len({id(p) for p in kept}))


# -- prefixes
def affixes():
    s = "prefix"
    assert s.startswith("pre") and not s.startswith("x") and s.startswith("") and s.endswith("fix") and "".endswith("")
    assert s.startswith(("a", "p")) and not s.startswith(()) and s.startswith("fix", 3) and not s.endswith("x", 0, 5)
    assert s.startswith("pre", None) and not s.startswith("", 7)

    class Text(str):
        pass

    assert Text("abc").startswith(Text("ab")) and Text("abc").endswith("bc")
    for bad in 1, None, (1,), [""]:
        try:
            s.startswith(bad)
        except TypeError as e:
            print(e)


# -- counting
def counting():
    c = Counter("abracadabra")
    c.update(["a", (1, 2), (1, 2), 1.0, 1, True])
    print(c.most_common(3), c[1], c[1, 2])
    c = Counter(a=2**62 - 1, b=2**59)
    c.update("abab")
    print(c["a"] - 2**62, c["b"] - 2**59)
    try:
        c.update([[]])
    except TypeError as e:
        print(e)

    class Ours(Counter):
        def __setitem__(self, k, v):
            Counter.__setitem__(self, k, v + 10)

    print(Ours("ab")["a"])

    class Plain:
        pass

    o = Plain()
    o.a = 5
    o.b = None
    from collections import _count_elements

    _count_elements(o.__dict__, "ca")
    print(o.a, o.c)


# -- dicts of keywords
def keywords():
    def all_of(*args, **kw):
        return args, kw

    def some(a, b=2, **kw):
        kw[f"n{len(kw)}"] = a
        return b, kw

    names = {f"k{i}": i for i in range(20)}
    print(all_of(*"ab", **names) == (("a", "b"), names), some(1), some(b=1, a=2), some(3, c=4), len(some(0, **names)[1]))
    a, b = all_of(x=1)[1], all_of(x=1)[1]
    a["y"] = 2
    print(a, b)


# -- fields of format, whose values are the arguments as they lie
def fields():
    class Shown:
        def __init__(self, n):
            self.n = n

        def __format__(self, spec):
            return "<{}:{s}>".format(self.n, s=spec or "-")

        def __getitem__(self, k):
            return [k] * self.n

    class Name(str):
        pass

    print("{} {x} {}".format(1, 2, x=3), "{1}{0}{1}".format("a", "b"), "{0.n} {0[k]} {0:>3}".format(Shown(2)))
    print("{a}{b:{w}}{c!r}".format(a=Shown(1), b=7, w=4, c="q"), "{x}".format(**{Name("x"): 5}), "{{}}".format(1))
    print("{self} {0}".format("z", self=1), str.format("{}", 3), "{:5}|".format("é"), Name("{k}").format(k=None))
    print("{a} {b}".format_map({"a": 1, "b": 2}), "{:{}}".format(3, "05"))
    for text, args, names in (
        ("{}", (), {}),
        ("{2}", (1,), {}),
        ("{x}", (), {"y": 1}),
        ("{0}{}", (1, 2), {}),
        ("{}{0}", (1, 2), {}),
        ("{é}", (), {}),
        ("{!z}", (1,), {}),
        ("{", (), {}),
    ):
        try:
            text.format(*args, **names)
        except (IndexError, KeyError, ValueError) as e:
            print(type(e).__name__, e)
    try:
        "{}".format_map({})
    except ValueError as e:
        print(e)
    try:
        str.format()
    except TypeError as e:
        print(e)
    n = 0
    for i in range(300):
        n += len("{}-{name}-{:03}".format(i, i * 2, name="n" if i % 2 else Shown(i)))
    print(n)
    many = {f"name{i}": i for i in range(40)}
    print("".join("{%s:x}" % k for k in many).format(**many), "{} {name7} {name39!r}".format(0, **many))
    try:
        "{name40}".format(**many)
    except KeyError as e:
        print(e)


# -- classes made again and again
def classes():
    def one(k):
        class Event:
            def __init__(self, t, k):
                self.t = t
                self.k = k

            def __lt__(self, other):
                return self.t < other.t

            if k % 3 == 0:

                @property
                def late(self):
                    return self.t > 3

            else:
                late = k

        events = [Event(i * 7 % 11, i) for i in range(60)]
        events.sort()
        return sum(e.k * n + e.late for n, e in enumerate(events))

    print([one(k) for k in range(40)])


for _ in range(3):
    calls()
keys()
bools()
radix()
iterators()
affixes()
counting()
keywords()
fields()
classes()
