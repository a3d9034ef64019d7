# `__getattr__` in Python for methods and attributes: what is found, what is not, in loops that become hot, and while
# classes and instances change.
import sys
import traceback


class Proxy:
    def __init__(self, of):
        self._of = of

    def __getattr__(self, name):
        return getattr(self._of, name)


def use(p, n):
    for i in range(n):
        p.append(i)
        p.append(-i)
        p.pop()
    return len(p._of), p.index(5)


print(use(Proxy([]), 5000))


class Record:
    def __getattr__(self, name):
        if name.startswith("no"):
            raise AttributeError(f"none: {name}", name=name, obj=self)
        return lambda *a: (name, a)

    here = 1


def record(n):
    r = Record()
    out = []
    for i in range(n):
        try:
            x = r.call(i)
            y = r.plain
            z = r.nothing()
        except AttributeError as e:
            out.append((x, callable(y), str(e), e.name, len(traceback.extract_tb(e.__traceback__))))
        if i == n // 2:
            r.plain = len
        if i == n - 20:
            Record.call = lambda self, k: k
    return out[0], out[n // 2], out[-1], len(out)


print(record(10))
print(record(4000))
del Record.call


class Deep:
    # Each asks the next.
    def __init__(self, inner):
        self.inner = inner

    def __getattr__(self, name):
        return getattr(self.__dict__["inner"], name)


def deep(n):
    d = Deep(Deep(Deep([1, 2])))
    s = 0
    for i in range(n):
        s += d.count(1) + d.__len__()
    return s


print(deep(2000))


class Endless:
    def __getattr__(self, name):
        return self.other


for f in (lambda e: e.x, lambda e: e.x()):
    try:
        f(Endless())
    except RecursionError:
        print("RecursionError")


class Lower:
    def upper(self):
        return "upper"


class Upper(Lower):
    def __getattr__(self, name):
        return sys._getframe(1).f_code.co_name + "." + name

    @property
    def broken(self):
        raise AttributeError("from the property")


def upper(n):
    u = Upper()
    for i in range(n):
        r = u.upper(), u.lower, u.broken, u.x.y if i < 0 else u.x.upper()
    return r


print(upper(3000))


class Static:
    @staticmethod
    def __getattr__(name):
        return lambda: name


class Odd:
    __getattr__ = [].append


def several(f, x, n=100):
    for i in range(n):
        r = f(x)
    return r


try:
    print(several(lambda s: s.name(), Static()))
except TypeError as e:
    print(e)
print(several(lambda s: s.name, Odd()))


class Slots:
    __slots__ = ("a",)

    def __getattr__(self, name):
        return ("asked", name)


s = Slots()
print(several(lambda s: s.a, s), several(lambda s: s.b, s))
s.a = 5
print(several(lambda s: s.a, s), several(lambda s: s.b, s))
