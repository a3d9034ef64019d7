# Descriptors written in Python, read, assigned and called in loops, while their classes and their objects change.


class Typed:
    def __init__(self, kind, default):
        self.kind = kind
        self.default = default

    def __set_name__(self, owner, name):
        self.name = name
        self.slot = "_" + name

    def __get__(self, o, owner=None):
        if o is None:
            return self
        return getattr(o, self.slot, self.default)

    def __set__(self, o, value):
        if not isinstance(value, self.kind):
            raise TypeError(f"{self.name}: {value!r}")
        setattr(o, self.slot, value)

    def __delete__(self, o):
        delattr(o, self.slot)


class Point:
    x = Typed(int, 0)
    y = Typed(float, 0.5)

    def __init__(self, x):
        self.x = x


def fields(n):
    p, bad = Point(3), 0
    for i in range(n):
        p.x += 1
        p.y = p.x / 2
        if i % 50 == 0:
            try:
                p.x = "no"
            except TypeError as e:
                bad += len(str(e))
        if i % 70 == 0:
            del p.y
    return p.x, p.y, bad, sorted(p.__dict__)


print(fields(2000))
print(Point.x is Point.__dict__["x"], Point.y.name)


class NonData:
    def __get__(self, o, owner=None):
        return 1 if o is None else o.base + 1


class Shadowed:
    base = 10
    v = NonData()


def non_data(n, objects):
    s = 0
    for i in range(n):
        s += objects[i % len(objects)].v
    return s


a, b = Shadowed(), Shadowed()
print(non_data(1000, [a]), Shadowed.v)
b.v = 1000
print(non_data(1000, [a, b]))
a.base = 20
print(non_data(1000, [a, b]))
del b.v
print(non_data(1000, [a, b]))
NonData.__get__ = lambda self, o, owner=None: -1
print(non_data(1000, [a, b]))
# It becomes a data descriptor, and is none any more.
a.v = 7
print(non_data(1000, [a, b]))
NonData.__set__ = lambda self, o, v: o.__dict__.__setitem__("stored", v)
print(non_data(1000, [a, b]))
a.v = 8
print(a.stored, a.__dict__["v"])
del NonData.__set__
print(non_data(1000, [a, b]))
del NonData.__get__
print(a.v, type(b.v).__name__)


class Other:
    def __get__(self, o, owner):
        return 5

    def __set__(self, o, v):
        pass


class One(Other):
    def __get__(self, o, owner):
        return owner.__name__, o.n


class Holder:
    d = One()
    n = 0


def held(h, n):
    out = []
    for i in range(n):
        h.n = i
        r = h.d
        h.d = i
        if i % 300 == 299:
            out.append(r)
    return out


h = Holder()
h.__dict__["d"] = "in the instance"
print(held(h, 900))
Holder.__dict__["d"].__class__ = Other
print(held(h, 900))


class Plain:
    pass


Holder.__dict__["d"].__class__ = Plain
print(h.d, held(h, 3), h.d)


class Missing:
    def __get__(self, o, owner):
        raise AttributeError("not now")


class Asks:
    m = Missing()

    def __getattr__(self, name):
        return name * 2


class Refuses:
    m = Missing()


def missing(o, n):
    c = 0
    for _ in range(n):
        try:
            c += len(o.m)
        except AttributeError as e:
            c += len(str(e)) * 100
    return c


print(missing(Asks(), 500), missing(Refuses(), 500))


class Method:
    def __init__(self, f):
        self.f = f

    def __get__(self, o, owner):
        return lambda *a: self.f(o, owner, *a)


class Calls:
    k = 3

    @Method
    def m(self, owner, x, y=1):
        return self.k * x + y + len(owner.__name__)


class Lower(Calls):
    __slots__ = ("t",)
    k = 4


def calls(objects, n):
    s = 0
    for i in range(n):
        o = objects[i & 1]
        s += o.m(i) + o.m(i, 2)
    return s


print(calls([Calls(), Lower()], 2000))


class TooFew:
    def __get__(self, o):
        return 1

    def __set__(self, o):
        pass


class Wrong:
    w = TooFew()


def wrong(n):
    texts = set()
    for _ in range(n):
        for f in (lambda o: o.w, lambda o: setattr(o, "w", 1), lambda o: exec("o.w = 1", {"o": o})):
            try:
                f(Wrong())
            except TypeError as e:
                texts.add(str(e))
    return sorted(texts)


print(wrong(100))


class OnlySet:
    def __set__(self, o, v):
        o.__dict__["s"] = v * 2


class Sets:
    s = OnlySet()


def only_set(n):
    o, t = Sets(), 0
    for i in range(n):
        o.s = i
        t += o.s
    try:
        del o.s
    except AttributeError as e:
        return t, str(e)


print(only_set(1000), type(Sets().s).__name__)
