"""Queues, ordered and defaulting dictionaries, starred unpacking, patterns and next() in loops that are compiled."""
import re
from collections import OrderedDict, Counter, defaultdict, deque
from dataclasses import dataclass


def queues(n):
    q, out = deque(), 0
    for i in range(n):
        q.append(i)
        if len(q) > 5:
            q.popleft()
        if not q:
            out -= 1
        for x in q:
            out += x
        for x in reversed(q):
            out ^= x
        if i % 7 == 0:
            q.insert(1, -i)
            q.reverse()
            q.extendleft([1, 2])
        out += q.count(1) + len(q.copy())
        if i % 11 == 0 and 2 in q:
            q.remove(2)
    while q:
        out += q.pop()
    return out


def changed(n):
    q, caught = deque(range(3)), 0
    for i in range(n):
        try:
            for x in q:
                if i % 50 == 49:
                    q.append(q.popleft())
        except RuntimeError as e:
            caught, text = caught + 1, str(e)
    return caught, text


def lru(n):
    d, hits = OrderedDict(), 0
    for i in range(n):
        k = i * i % 37
        if k in d:
            d.move_to_end(k)
            hits += d[k]
        else:
            d[k] = i
            if len(d) > 10:
                d.popitem(last=False)
        if i % 100 == 3:
            d.move_to_end(k, last=False)
            hits += next(iter(d))
        if i % 100 == 4:
            try:
                d.move_to_end("absent")
            except KeyError as e:
                hits += len(e.args)
    return hits, list(d), d.popitem()


def groups(n):
    by, sets, count, deep = defaultdict(list), defaultdict(set), Counter(), defaultdict(lambda: defaultdict(int))
    for i in range(n):
        by[i % 13].append(i)
        sets[f"k{i % 17}"].add(i % 3)
        count[i % 5] += 1
        deep[i % 3][i % 4] += 1
    for i in range(n):
        by[-i].append(i)
    none = defaultdict(None)
    missing = 0
    for i in range(n):
        try:
            none[i]
        except KeyError as e:
            missing += e.args[0] == i
    return len(by), by[3][:3], sorted(sets["k1"]), count.most_common(2), {k: dict(v) for k, v in deep.items()}, missing


def star(n):
    total, short = 0, 0
    rows = [(1, 2, 3), (4, 5), [6, 7, 8, 9], (10,), "ab", range(4), ()]
    for i in range(n):
        row = rows[i % 6]
        try:
            a, *b = row
            *c, d = row
            e, *f, g = row
            total += len(b) * 3 + len(c) + len(f)
        except ValueError as e:
            short, text = short + 1, str(e)
    return total, short, text, b, c


@dataclass
class Num:
    value: int


@dataclass
class Add:
    left: object
    right: object


class Slots:
    __slots__ = ("a", "b")
    __match_args__ = ("a", "b")

    def __init__(self, a):
        self.a = a


class Prop:
    __match_args__ = ("p",)
    p = property(lambda self: 42)


def evaluate(e):
    match e:
        case Num(v):
            return v
        case Add(Num(0), x) | Add(x, Num(0)):
            return evaluate(x)
        case Add(left=l, right=r):
            return evaluate(l) + evaluate(r)
        case [first, *rest]:
            return evaluate(first) + sum(map(evaluate, rest))
        case {"x": x, **other}:
            return x + len(other)
        case Slots(a, b):
            return a + b
        case Slots(a):
            return -a
        case Prop(p):
            return p
        case int(x) | float(x):
            return x
        case str():
            return len(e)
        case None:
            return 0


def patterns(n):
    full = Slots(5)
    full.b = 6
    e = [Add(Num(1), Add(Num(0), Num(2))), Num(3), 4, 2.5, "abc", {"x": 1, "y": 2}, [1, 2, Num(3)], full, Slots(7), Prop(), None, (1,)]
    return sum(evaluate(e[i % len(e)]) or 0 for i in range(n)), evaluate(object())


def nexts(n):
    out = 0
    it = iter(range(n))
    for i in range(n // 2):
        out += next(it)
        out -= next(it, 1000)
    d = {}
    for i in range(n):
        d[i] = i
        if len(d) > 4:
            del d[next(iter(d))]
        out += next(iter(d.values()), 0) + next(iter(()), 3)
    try:
        while True:
            out += next(it)
    except StopIteration:
        out += 1
    return out


def scans(n):
    out = 0
    for i in range(n):
        for m in re.finditer(r"(\w)(\d+)", "a1 b22 c333" if i % 9 else "none"):
            out += len(m[2]) + m.start()
        for line in iter(lambda: i % 3, 1):
            out += 1
            break
    return out


for _ in range(2):
    print(queues(2000), changed(2000), lru(3000))
    print(groups(2000))
    print(star(3000))
    print(patterns(5000), nexts(3000), scans(1500))
Num.__match_args__ = ()
try:
    patterns(100)
except TypeError as e:
    print(e)
