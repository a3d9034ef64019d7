"""What ordinary programs do in hot loops: properties that are set, wrappers with keywords, classes with metaclasses,
attributes that are deleted, with statements, heaps and sorting of tuples; each with the exceptions to the rule."""
import abc
import enum
import functools
import heapq
from contextlib import contextmanager
from operator import itemgetter

N = 3000


class Box:
    def __init__(self):
        self._v = 0

    @property
    def v(self):
        return self._v

    @v.setter
    def v(self, x):
        if x == 2500:
            raise ValueError(x)
        self._v = x


def setters(box):
    total = 0
    for i in range(N):
        try:
            box.v = i
        except ValueError as e:
            total += e.args[0] * 1000
        total += box.v
        if i == 2700:
            Box.v = Box.v.setter(lambda self, x: setattr(self, "_v", -x))
        if i == 2900:
            del Box.v
            box.v = 7
    return total


print(setters(Box()))


def wrapper(f):
    @functools.wraps(f)
    def inner(*args, **kw):
        return f(*args, **kw)
    return inner


@wrapper
def mix(a, b=1, *rest, c=2, **more):
    return a + b * 2 + c * 3 + sum(rest) + sum(more.values()) * 5 + len(more)


def keywords():
    total = 0
    for i in range(N):
        total += mix(i, b=2) + mix(i, 1, 2, 3, c=i, x=4, y=i)
        more = {"b": i} if i % 3 else {"c": 1, "z": 2}
        total += mix(1, **more)
        if i == 2000:
            try:
                mix(1, 2, b=3)
            except TypeError as e:
                print(e)
        if i == 2500:
            try:
                mix(1, **{1: 2})
            except TypeError as e:
                print(e)
    return total


print(keywords())


class Shape(abc.ABC):
    def __init__(self, n):
        self.n = n

    @abc.abstractmethod
    def area(self): ...


class Square(Shape):
    def area(self):
        return self.n * self.n


class Counting(type):
    made = 0

    def __call__(cls, *args):
        Counting.made += 1
        return super().__call__(*args)


class Counted(metaclass=Counting):
    def __init__(self, n):
        self.n = n


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


def classes():
    total = 0
    for i in range(N):
        total += Square(i).area() + Counted(i).n + Colour(1 + i % 2).value
        if i % 1000 == 999:
            try:
                Shape(1)
            except TypeError as e:
                print(e)
            try:
                Colour(3)
            except ValueError as e:
                print(e)
    return total, Counting.made


print(classes())


class Plain:
    pass


def deleting():
    total = 0
    for i in range(N):
        o = Plain()
        o.a, o.b, o.c = i, i + 1, i + 2
        del o.a
        total += o.b + o.c + len(o.__dict__)
        o.a = 3
        del o.b, o.c
        total += o.a
        try:
            del o.b
        except AttributeError as e:
            if i == 5:
                print(e)
    return total, vars(o)


print(deleting())


@contextmanager
def changed(d, **kw):
    old = dict(d)
    d.update(kw)
    try:
        yield d
    finally:
        d.clear()
        d.update(old)


class Guard:
    def __init__(self):
        self.log = []

    def __enter__(self):
        self.log.append(1)
        return self

    def __exit__(self, *exc):
        self.log.pop()
        return exc[0] is KeyError


def withs():
    d, g, total = {"a": 1}, Guard(), 0
    for i in range(N):
        with changed(d, b=i) as e, g as h:
            total += e["b"] + len(h.log)
            if i % 100 == 1:
                total += d["missing"]
        if i % 500 == 7:
            try:
                with changed(d, b=1):
                    raise ValueError(i)
            except ValueError as e:
                total += e.args[0]
    return total, d, g.log


print(withs())


class Odd:
    def __init__(self, n):
        self.n = n

    def __lt__(self, other):
        return self.n < other.n

    def __eq__(self, other):
        return self.n == other.n


def heaps():
    out = 0
    kinds = [
        lambda i: i * 7919 % 1009,
        lambda i: (i * 7919 % 101, f"n{i % 50}", i),
        lambda i: (float(i * 31 % 97), i),
        lambda i: (i % 5, Odd(i * 17 % 23)),
        lambda i: (i % 3, float("nan"), i) if i % 2 else (i % 3, 1),
        lambda i: Odd(i * 7919 % 1009),
    ]
    for make in kinds:
        h, order = [], []
        for i in range(N // 3):
            heapq.heappush(h, make(i))
            if len(h) > 40:
                order.append(heapq.heappop(h))
            if i % 7 == 0:
                order.append(heapq.heappushpop(h, make(i + 1)))
            if i % 11 == 0:
                order.append(heapq.heapreplace(h, make(i + 2)))
        while h:
            order.append(heapq.heappop(h))
        show = [(x.n if isinstance(x, Odd) else tuple(y.n if isinstance(y, Odd) else y for y in x) if isinstance(x, tuple) else x) for x in order]
        out = (out * 31 + sum(map(hash, map(str, [])))) % 1000007
        print(len(show), str(show[:6]), str(show[-3:]))
    h = []
    try:
        for i in range(1000):
            heapq.heappush(h, i if i < 900 else str(i))
    except TypeError as e:
        print(e, len(h))
    try:
        heapq.heappop([])
    except IndexError as e:
        print(e)


heaps()

rows = [(i * 7919 % 50 - 25, str(i % 13), i / 3) for i in range(400)]
print(sorted(rows)[:3], sorted(rows, reverse=True)[:3])
print(sorted(rows, key=itemgetter(1, 0))[:3], sorted(rows, key=itemgetter(1), reverse=True)[:3])
print(sorted(rows, key=lambda r: (-r[0], r[1]))[:3])
mixed = [(), ("",), ("", "a"), ("aaaaaaaab",), ("aaaaaaaaa",), ("aaaaaaaa",), ("a\0",), ("a",), ("é",), ("z",)]
print(sorted(mixed), sorted(mixed, reverse=True))
signs = [(-1, 1), (0, 0), (1, 0), (-(2**40), 5), (2**40, 6), (-1, 0), ()]
print(sorted(signs), sorted(signs, reverse=True))
floats = [(-1.5, 1), (0.5, 0), (1e300, 0), (-1e300, 2), (0.25, 9)]
print(sorted(floats), sorted(floats, reverse=True))
d = {(i, str(i)): i for i in range(50)}
print(sum(d.get((i % 70, str(i % 70)), -1) for i in range(N)), (1.0, "1") in d, (True, "1") in d, (1, "x") in d)
