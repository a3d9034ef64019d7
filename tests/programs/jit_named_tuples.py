# Tuples of derived classes in loops: fields, items, unpacking.
import collections
import time

P = collections.namedtuple("P", "x y z")


class Q(P):
    def total(self):
        return self.x + self.y + self.z


class Backwards(tuple):
    def __iter__(self):
        return iter([*tuple.__iter__(self)][::-1])


class Squares(tuple):
    def __getitem__(self, i):
        return tuple.__getitem__(self, i) ** 2


def use(n, items):
    s = 0
    for i in range(n):
        t = items[i % len(items)]
        a, b, c = t
        s += a * 100 + b * 10 + c + t[i % 3] + t[0] + len(t)
        if i % 50 == 0:
            try:
                t[3]
            except IndexError as e:
                s += len(str(e))
            try:
                a, b = t
            except ValueError as e:
                s += len(str(e))
    return s


print(use(2000, [P(1, 2, 3)]))
print(use(2000, [P(1, 2, 3), Q(4, 5, 6)]))
print(use(2000, [P(1, 2, 3), (7, 8, 9), Q(4, 5, 6)]))
print(use(2000, [Backwards((1, 2, 3)), P(1, 2, 3)]))
print(use(2000, [Squares((1, 2, 3)), P(1, 2, 3)]))


def changing(n):
    s = 0
    q = Q(1, 2, 3)
    for i in range(n):
        a, b, c = q
        s += a * 10 + c + q[2] + q.total()
        if i == n // 2:
            Q.__iter__ = lambda self: iter((5, 6, 7))
        if i == 3 * n // 4:
            Q.__getitem__ = lambda self, k: 1000
    return s


print(changing(2000))
del Q.__iter__, Q.__getitem__
print(changing(200))
del Q.__iter__, Q.__getitem__


def times(n):
    s = 0
    t = time.gmtime(0)
    for i in range(n):
        y, mo, d, h, mi, se, wd, yd, dst = t
        s += y + mo + t[2] + t.tm_hour
    return s


print(times(1000))
