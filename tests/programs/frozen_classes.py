"""Frozen dataclasses and object.__setattr__ in loops: where attributes go, and when classes change meanwhile."""
from dataclasses import dataclass, FrozenInstanceError, replace


@dataclass(frozen=True)
class P:
    x: int
    y: int = 2


@dataclass(frozen=True, slots=True)
class S:
    x: int
    y: int = 3


def make(cls, n):
    total = 0
    last = None
    for i in range(n):
        p = cls(i)
        total += p.x + p.y
        last = p
    return total, last


print(make(P, 3000), make(S, 3000))
try:
    make(P, 1)[1].x = 5
except FrozenInstanceError as e:
    print(repr(e))


class Plain:
    pass


def build(o, n):
    for i in range(n):
        object.__setattr__(o, "a", i)
        object.__setattr__(o, "b", i * 2)
    return o.a, o.b


print(build(Plain(), 2000))


class Watched:
    @property
    def a(self):
        return self._a

    @a.setter
    def a(self, v):
        self._a = v + 1


print(build(Watched(), 2000))


def build_many(cls, n, change=None):
    out = []
    for i in range(n):
        o = cls.__new__(cls)
        object.__setattr__(o, "a", i)
        out.append(o)
        if change and i == n // 2:
            change()
    return [getattr(o, "a", None) for o in out[::n // 4]], out[-1].__dict__


class Late:
    pass


def now_property():
    Late.a = property(lambda self: "property", lambda self, v: self.__dict__.__setitem__("hidden", v))


print(build_many(Late, 4000, now_property))


class Meta(type):
    pass


class WithMeta(metaclass=Meta):
    def f(self):
        return "f"


def read(n, change=None):
    seen = []
    for i in range(n):
        v = WithMeta.f
        if i % (n // 4) == 0:
            seen.append(v if isinstance(v, str) else v(None))
        if change and i == n // 2:
            change()
    return seen


print(read(4000))
Meta.f = lambda cls: "meta"
print(read(4000))
print(read(4000, lambda: setattr(Meta, "f", property(lambda cls: "data"))))


def native(n):
    bad = 0
    for i in range(n):
        for o in (1, "s", [], {}):
            try:
                object.__setattr__(o, "a", 1)
            except AttributeError:
                bad += 1
        try:
            object.__setattr__(Plain, "a", 1)
        except TypeError as e:
            text = str(e)
    return bad, text


print(native(1000))


def many_names(n):
    o = Plain()
    for i in range(n):
        object.__setattr__(o, f"n{i % 300}", i)
    return len(o.__dict__), o.n7


print(many_names(3000))
P.z = 1


def copies(n):
    p = P(0)
    for i in range(n):
        p = replace(p, x=p.x + 1)
    return p


print(copies(2000), hash(P(1)) == hash((1, 2)))
