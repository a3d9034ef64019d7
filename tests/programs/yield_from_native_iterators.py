# `yield from` and `await` of iterators that are no generators: items, the value at the end, what is sent, what is raised.
import types


class Counting:
    def __init__(self, n, value=None, error=None):
        self.n, self.value, self.error = n, value, error

    def __iter__(self):
        return self

    def __next__(self):
        if self.n == 0:
            if self.error:
                raise self.error
            raise StopIteration(self.value)
        self.n -= 1
        return self.n


class Sent(Counting):
    def send(self, x):
        if x == "stop":
            raise StopIteration("stopped")
        return ("sent", x)

    def throw(self, e):
        return ("thrown", type(e).__name__)


def delegate(it):
    try:
        got = yield from it
    except ValueError as e:
        got = f"raised {e}"
    return got


def outer(it):
    return (yield from delegate(it))


def all_of(make):
    for through in (delegate, outer):
        total = []
        for _ in range(40):
            g = through(make())
            items = []
            while True:
                try:
                    items.append(next(g))
                except StopIteration as e:
                    total.append((items, e.value))
                    break
        print(len(total), total[-1], all(x == total[0] for x in total))
        print(sum(len(list(through(make()))) for _ in range(40)))


d = {"a": 1, "b": 2}
for make in (
    lambda: range(3),
    lambda: range(10**20, 10**20 + 2),
    lambda: [1, 2.5, "x"],
    lambda: (4, 5),
    lambda: (),
    lambda: d,
    lambda: d.items(),
    lambda: "añ",
    lambda: "abc",
    lambda: b"ab",
    lambda: zip([1, 2], "ab"),
    lambda: enumerate("ab"),
    lambda: map(str, [1, 2]),
    lambda: filter(None, [0, 1, 2]),
    lambda: reversed([1, 2]),
    lambda: iter([7]),
    lambda: {5},
    lambda: Counting(2),
    lambda: Counting(2, "the end"),
    lambda: Counting(1, error=ValueError("v")),
):
    all_of(make)

# An iterator that was used up before, and one that others take items from.
it = iter([1, 2, 3])
print(list(delegate(it)), list(delegate(it)))
it = iter(range(10))
print([(x, next(it)) for x in delegate(it)])

# What is sent to an iterator without `send`, and with one.
for k in range(30):
    g = delegate(range(5))
    next(g)
    try:
        g.send(k)
    except AttributeError as e:
        last = str(e)
print(last)
for k in range(30):
    g = outer(Sent(5))
    out = [next(g), g.send(k), g.throw(KeyError()), next(g)]
    try:
        g.send("stop")
    except StopIteration as e:
        out.append(e.value)
print(out)

# A list that changes while its items are handed on.
for k in range(30):
    l = [1, 2, 3]
    out = []
    for x in outer(l):
        out.append(x)
        if x == 2 and len(l) < 6:
            l.append(9)
        if x == 9:
            l.clear()
print(out, l)
d2 = {1: 1, 2: 2}
try:
    for x in outer(d2):
        d2[x + 10] = 0
except RuntimeError as e:
    print(e)


# Left in the middle, closed, and awaited.
@types.coroutine
def suspend(it):
    return (yield from it)


async def awaiting(make):
    return [await suspend(make()), await suspend(make())]


closed = 0


def closing(it):
    global closed
    try:
        yield from it
    finally:
        closed += 1


for k in range(60):
    g = closing(range(5))
    next(g), next(g)
    g.close()
print(closed)
for k in range(40):
    c = awaiting(lambda: Counting(2, k))
    seen = []
    try:
        while True:
            seen.append(c.send(None))
    except StopIteration as e:
        result = e.value
print(seen, result)
