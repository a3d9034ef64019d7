# Special methods that are set, replaced and deleted on classes one by one: each fills its slot (which it may share with
# others) in the class and its subclasses, and only that.
import gc


class Base:
    def __add__(self, o):
        return "base add"

    def __eq__(self, o):
        return "base eq"

    def __repr__(self):
        return "R"


class Mixin:
    def __len__(self):
        return 7


class Sub(Base):
    pass


class Both(Mixin, Sub):
    pass


def tell(note):
    out = []
    for c in Base, Sub, Both:
        o = c.__new__(c)
        for f in (
            lambda: o + 1, lambda: 1 + o, lambda: o - 1, lambda: o == 1, lambda: o < 1, lambda: len(o), lambda: bool(o),
            lambda: hash(o) == 5, lambda: o.missing, lambda: o(), lambda: o[0], lambda: list(o), lambda: str(o),
            lambda: o.__class__.__name__, lambda: setattr(o, "x", 1), lambda: delattr(o, "x"), lambda: 3 in o,
        ):
            try:
                out.append(str(f()))
            except Exception as e:
                out.append(type(e).__name__)
    print(note, *out)


tell("start")
for c in Base, Sub, Mixin:
    name = c.__name__
    steps = {
        "__radd__": lambda s, o: "radd", "__sub__": lambda s, o: "sub", "__lt__": lambda s, o: "lt",
        "__hash__": lambda s: 5, "__getattr__": lambda s, n: "ga", "__call__": lambda s: "call",
        "__getitem__": lambda s, i: [1, 2][i], "__iter__": lambda s: iter("it"), "__bool__": lambda s: False,
        "__str__": lambda s: "S", "__setattr__": lambda s, n, v: print("set", n), "__delattr__": lambda s, n: print("del", n),
        "__contains__": lambda s, i: i == 3, "__len__": lambda s: 3, "__doc__": "text", "__module__": "m",
        "__getattribute__": lambda s, n: object.__getattribute__(s, n) if n != "missing" else "gab",
    }
    for k, v in steps.items():
        setattr(c, k, v)
        if k in ("__radd__", "__lt__", "__hash__", "__getattr__", "__getitem__", "__setattr__", "__getattribute__"):
            tell(name + " " + k)
    c.__add__ = lambda s, o: "new add"
    c.__eq__ = lambda s, o: "new eq"
    tell(name + " all")
    for k in list(steps)[::-1]:
        if k not in ("__doc__", "__module__"):
            delattr(c, k)
    tell(name + " deleted")
    c.__hash__ = None
    c.__iter__ = None
    tell(name + " none")
    del c.__hash__, c.__iter__

# Descriptors that become data descriptors, seen by classes that have one.
class D:
    def __get__(self, o, t):
        return "got"


class Has:
    d = D()


h = Has()
h.d = 1
print(h.d, h.__dict__)
D.__set__ = lambda s, o, v: print("set to", v)
h.d = 2
print(h.d)
del D.__set__
print(h.d)
del D.__get__
print(Has.__dict__["d"] is Has.d)

# A finalizer given to a class later.
class F:
    pass


F.__del__ = lambda s: print("finalized")
F()
gc.collect()
del F.__del__
F()
gc.collect()
# int's own slots under other names.
class I(int):
    pass


I.__add__ = int.__mul__
print(I(3) + 4, I(3) - 1)
I.__sub__ = int.__add__
print(I(3) - 1)
del I.__add__, I.__sub__
print(I(3) + 4, I(3) - 1)
