# Set algebra keeps the order that insertion one by one would give; deques and dicts that lose items near an end.
from collections import deque


def shown(s):
    return list(s)


def small():
    out = []
    for n in (0, 1, 4, 5, 9, 30, 100):
        a = set(range(n)) | {i * 37 % 211 for i in range(n // 2)}
        b = {i * 5 % 83 for i in range(n)}
        out.append((shown(a - b), shown(a & b), shown(b - a), shown(frozenset(b) & a), shown(a | b)))
    return out


def kinds():
    a = {(1, 2), (3, "x"), (1.5, 2), (4, (5, 6)), "s", 7}
    b = {(1, 2), (1.5, 2.0), (4, (5, 6)), "s", 7.0, True}
    key = lambda v: str(v)
    return sorted(a & b, key=key), sorted(a - b, key=key), sorted(b - a, key=key), len(a | b), len(a ^ b)


class Eq:
    def __init__(self, n, other=None):
        self.n, self.other = n, other

    def __hash__(self):
        return 5

    def __eq__(self, o):
        if self.other is not None:
            self.other.discard(self)
        return isinstance(o, Eq) and self.n == o.n


def asking():
    a = {Eq(i) for i in range(6)}
    b = {Eq(i) for i in range(3, 9)}
    s = set()
    s.update([Eq(1), Eq(2)])
    return sorted(x.n for x in a & b), sorted(x.n for x in a - b), Eq(2) in s, Eq(3) in s


def zeros():
    return len({0.0} & {-0.0}), len({0.0, 1} - {-0.0, True}), len({float("nan")} & {float("nan")})


def grown():
    s, seen = set(), []
    for i in range(2000):
        s.add((i % 50, str(i % 7)))
        if i % 3 == 0:
            s.discard((i % 40, str(i % 5)))
        if i % 400 == 0:
            seen.append(len(s))
    return seen, len(s)


def queue():
    d = deque(range(20))
    for i in (0, 1, 5, 9, 10, 15, 18, 19):
        e = d.copy()
        e.rotate(7)
        x = e[i]
        e.remove(x)
        del e[-3]
        e.insert(i, "new")
        e.insert(-i, "back")
        print(list(e))
    d = deque(range(6), maxlen=6)
    d.remove(1)
    d.insert(1, "a")
    d.insert(0, "b") if len(d) < 6 else None
    return list(d)


def waiting():
    # The first of many waits, is removed, another comes: each in constant time.
    d = deque(range(100000))
    for i in range(50000):
        d.remove(i)
        d.append(i)
    return len(d), d[0], d[-1]


def coming_and_going():
    d = {i: i for i in range(1000)}
    for i in range(200000):
        k, v = d.popitem()
        d[k] = v
    for i in range(200000):
        d["x"] = i
        del d["x"]
    return len(d), list(d)[-1]


print(small())
print(kinds())
print(asking())
print(zeros())
print(grown())
print(queue())
print(waiting())
print(coming_and_going())


def elements():
    # Loops over add, discard and remove of all kinds of elements.
    s, n = set(), 0
    for i in range(3000):
        for k in (i % 7, str(i % 5), (i % 3, "x"), (i % 2, (1,)), 2.5, None, frozenset([i % 3])):
            s.add(k)
            n += k in s
            n += (i, k) in s
        s.discard((i % 3, "x"))
        s.discard("none")
        s.discard(("no", i))
        s.remove(i % 7)
        try:
            s.remove((i % 3, "x"))
        except KeyError as e:
            n += e.args[0][0]
    return n, len(s)


def orders():
    l = [((i * 7 % 5, (i % 3, str(i % 4))), i) for i in range(50)]
    nan = float("nan")
    return (
        sorted(l)[:4],
        min(l),
        ((1, (2, nan)),) < ((1, (2, 5)),),
        ((nan,), 1) < ((nan,), 2),
        ((1, [2]), 3) < ((1, [2]), 4),
        (((((1,),),),),) < (((((2,),),),),),
        sorted([(1, ("a", 2)), (1, ("a", 1.5)), (1, ("a",))]),
    )


print(elements())
print(orders())
