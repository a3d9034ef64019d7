# Keyword arguments, displays of names and of starred items in loops: what a trace leaves out must be there when it is seen.
import functools


def plain(a, b=1, *, c=2):
    return a * 100 + b * 10 + c


def forward(f):
    @functools.wraps(f)
    def w(*a, **k):
        return f(*a, **k)
    return w


def keep(f):
    kept = []

    def w(*a, **k):
        if len(kept) < 3:
            kept.append((a, k))
        return f(*a, **k)
    w.kept = kept
    return w


def change(f):
    def w(self, *a, **k):
        k["c"] = k.get("c", 0) + 1
        if "b" in k and self % 7 == 0:
            del k["b"]
        return f(self, *a, **k)
    return w


one = forward(plain)
two = forward(forward(plain))
three = keep(forward(plain))
four = change(forward(plain))


def calls(n):
    s = 0
    for i in range(n):
        s += one(i, b=2) + two(i, c=3, b=i & 3) + two(i, 4, c=1) + two(a=i)
        s += three(i, b=i % 3, c=7)
        s += four(i, b=5) + four(i, c=i & 7)
    return s


print(calls(3000), three.kept)


def wrong(n):
    texts = {}
    for i in range(n):
        for f in (
            lambda: one(1, d=2),
            lambda: one(1, a=2),
            lambda: one(b=2),
            lambda: one(1, **{"b": 1}, **{"b": 2}),
            lambda: one(1, **{3: 1}),
            lambda: two(1, 2, 3),
        ):
            try:
                f()
            except TypeError as e:
                texts[str(e)] = texts.get(str(e), 0) + 1
    return texts


for text, times in wrong(300).items():
    print(times, text)


def sees(**k):
    return sorted(locals()["k"].items()), list(k), k.pop("x"), len(k), k


def seen(n):
    for i in range(n):
        r = sees(z=i, x=2 * i, y="y")
    return r


print(seen(500))


def many(**k):
    return sum(k.values())


def number(n):
    s = 0
    for i in range(n):
        s += many(a=i, b=1, c=2, d=3, e=4) + many(a=i, b=1, c=2, d=3, e=4, f=5) + many()
    return s


print(number(1000))


def records(n):
    out = []
    for i in range(n):
        r = {"id": i, "name": str(i), "tags": [i]}
        q = {**r, "id": -i}
        if i % 3 == 0:
            r["more"] = i
        if i % 5 == 0:
            del r["name"]
        if i % 400 == 0:
            out.append((r, q))
        t = r["id"] + q["id"] + len(r)
        if t < 2:
            out.append(t)
    return out


print(records(1201))


def twice(n):
    s = 0
    for i in range(n):
        d = {"a": i, "b": i + 1, "a": 5}
        s += d["a"] + d["b"] + len(d)
        try:
            d["c"]
        except KeyError as e:
            s += len(str(e))
    return s, d


print(twice(800))


def later(n):
    """A dict that is found to be used only when something rare happens."""
    found = []
    for i in range(n):
        k = {"i": i, "sq": i * i}
        a = (i, *(k["i"], k["sq"]))
        b = [0, *a, -1]
        if i % 333 == 332:
            found += [k, a, b]
    return found


print(later(1000))


class Base:
    def __init__(self, a=1, **k):
        self.a = a
        self.rest = k


class Derived(Base):
    def __init__(self, x, *args, **k):
        super().__init__(*args, **k)
        self.x = x


def made(n):
    s = 0
    for i in range(n):
        d = Derived(i, i + 1, p=2, q=3)
        e = Derived(i, a=4)
        s += d.x + d.a + d.rest["p"] + d.rest["q"] + e.a + len(e.rest)
    return s, d.rest, e.rest


print(made(1500))


def starred(n):
    def f(*a):
        return len(a), a

    def g(x, *a):
        return f(x, *a, x)
    s = 0
    for i in range(n):
        m, a = g(i, 1, 2)
        k, b = g(i)
        l = [*a, *b]
        l.append(3)
        l[0] = 0
        s += m + k + sum(l) + sum(a) + (a is not b)
    return s, a, b, l


print(starred(1500))

opts = {"b": 3, "c": 4}


def from_outside(n):
    s = 0
    for i in range(n):
        s += plain(i, **opts)
        if i == n // 2:
            opts["b"] = 9
        if i == n // 2 + 100:
            del opts["c"]
        if i == n // 2 + 200:
            opts["c"] = 8
        if i == n // 2 + 300:
            opts.clear()
    return s


print(from_outside(2000))
