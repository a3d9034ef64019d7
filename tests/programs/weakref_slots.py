"""Which classes can have weak references, and where `__slots__` may ask for them."""
import weakref
import collections


class Error(Exception):
    __slots__ = ("__weakref__",)


class Plain(Exception):
    pass


def weak(make):
    try:
        o = make()
        return weakref.ref(o)() is o
    except TypeError as e:
        return str(e)


def slots(base, names):
    try:
        return type(base)("S", (base,), {"__slots__": names}).__weakrefoffset__ != 0
    except TypeError as e:
        return str(e)


print(weak(Error), weak(Plain), weak(ValueError), weak(lambda: ExceptionGroup("", [ValueError()])))
for base in (object, int, tuple, bytes, str, float, list, dict, set, frozenset, type, Exception, Plain,
             collections.deque, collections.defaultdict, bytearray, complex):
    class Sub(base):
        pass
    print(base.__name__, base.__weakrefoffset__ != 0, Sub.__weakrefoffset__ != 0,
          *(slots(base, n) for n in ("__weakref__", "__dict__", "x", ())), sep=" | ")


class Mixed(int):
    pass


class Other:
    pass


class Both(tuple, Other):
    pass


print(weak(lambda: Mixed(1)), weak(Both), weak(Other))
for t in (type, classmethod, staticmethod, type(weak), type(weakref), Exception, int, Mixed):
    print(t.__name__, t.__dictoffset__ != 0)
