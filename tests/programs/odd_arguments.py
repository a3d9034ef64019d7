# Which of several wrong arguments is told first, and how.
import math
import operator


class Text(str):
    pass


def t(f):
    try:
        r = f()
        print(r if not hasattr(r, "__next__") else type(r).__name__)
    except Exception as e:
        print(type(e).__name__, e)


for i in range(4):
    t(lambda: b"a" % b"b")
    t(lambda: b"a" % bytearray(b"b"))
    t(lambda: b"a" % "b")
    t(lambda: b"a" % memoryview(b"b"))
    t(lambda: b"a" % [1])
    t(lambda: "a" % b"b")
    t(lambda: "a" % [])
    t(lambda: b"%b" % b"b")
    t(lambda: iter("a"))
    t(lambda: iter("\xe9"))
    t(lambda: iter(Text("a")))
    t(lambda: math.dist(("a",), ("a", 2)))
    t(lambda: math.dist(("a",), ("a",)))
    t(lambda: math.dist(iter([1, 2]), [4, 6]))
    t(lambda: operator.countOf(5, 1))
    t(lambda: operator.indexOf(5, 1))
    t(lambda: operator.contains(5, 1))
    t(lambda: b"abc".find("a", "b"))
    t(lambda: b"abc".count(b"a", None, "b"))
    t(lambda: b"abc".find(300, 5))
    t(lambda: b"abc".rindex("a", 9))
    t(lambda: float(bytearray(b"abc")))
    t(lambda: float(b"abc"))
    t(lambda: float("a'\xe9"))
    t(lambda: float(Text("abc")))
    t(lambda: float(bytearray(b" 12 ")))


# How messages about arguments of the wrong type call None, and which wrappers tell their names.
import itertools


def told(f, *args):
    try:
        print(f(*args))
    except Exception as e:
        print(type(e).__name__, e)


for f in (format, "".find, "".encode, b"".decode, (1).__format__, int.from_bytes, "".removeprefix, memoryview(b"a").cast):
    told(f, *([1, None] if f is format else [b"", None] if f == int.from_bytes else [None]))
told(type, None, (), {})
told("".partition, None)
told([].__setitem__, 1)
told(object().__setattr__, 1)
told(property().__set__)
told(property().__get__)
told(object().__eq__)
told(bytearray(b"a").__setitem__, 5, "x")
told(bytearray(b"a").__setitem__, 5, 1)
told(bytearray().extend, "")
told(bytearray().extend, "x")
told(sum, 0, "")
told(sum, [], "")
for args in ([1], -1), ([1], 1, -1), ([1], -1, 1), ([1], 0, 1, 0):
    told(itertools.islice, *args)
