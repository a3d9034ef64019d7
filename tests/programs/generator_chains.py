# Generators that delegate to generators, several deep, looked at and disturbed while the innermost one runs.
import gc
import sys
import threading
import traceback


class Tree:
    def __init__(self, left, value, right):
        self.left, self.value, self.right = left, value, right

    def __iter__(self):
        if self.left:
            yield from self.left
        yield self.value
        if self.right:
            yield from self.right


def tree(r):
    n = len(r)
    if n == 0:
        return None
    i = n // 2
    return Tree(tree(r[:i]), r[i], tree(r[i + 1:]))


t = tree(range(3000))
for _ in range(3):
    assert list(t) == list(range(3000))
    s = 0
    for x in t:
        s += x
    assert s == sum(range(3000))
print("walked")


def nest(n, inner):
    if n == 0:
        return (yield from inner())
    r = yield from nest(n - 1, inner)
    return (n, r)


def names():
    f = sys._getframe(1)
    out = []
    while f is not None:
        out.append(f"{f.f_code.co_name}:{f.f_lineno - f.f_code.co_firstlineno}")
        f = f.f_back
    return out


def looker():
    for i in range(3):
        yield i
    for i in range(4):
        got = yield (names() if i != 2 else i)
        if got is not None:
            yield ("got", got)
    return "end"


def consume(g):
    for x in g:
        print(x)


consume(nest(3, looker))
g = nest(3, looker)
print([next(g) for _ in range(4)][-1])
print(g.send(None))
print(g.send("value"))
print(next(g))
try:
    while True:
        print(next(g))
except StopIteration as e:
    print(e.value)


# What the generators in between say of themselves.
def outer(a):
    return (yield from middle(a))


def middle(a):
    a.append(inner_of(a))
    return (yield from a[-1])


def inner_of(a):
    return inner(a)


def inner(a):
    for i in range(6):
        yield i
    for what in ("running", "next", "send", "throw", "close", "frame", "from", "state"):
        m = a[0]
        try:
            if what == "running":
                r = [m.gi_running, m.gi_suspended, a[1].gi_running]
            elif what == "next":
                r = next(m)
            elif what == "send":
                r = m.send(None)
            elif what == "throw":
                r = m.throw(KeyError)
            elif what == "close":
                r = m.close()
            elif what == "frame":
                f = m.gi_frame
                r = [f.f_code.co_name, f.f_back.f_code.co_name, f.f_lineno - f.f_code.co_firstlineno]
            elif what == "from":
                r = m.gi_yieldfrom
            else:
                f = sys._getframe()
                r = [f.f_back.f_code.co_name, f.f_back is m.gi_frame, f.f_generator is a[1]]
        except ValueError as e:
            r = repr(e)
        yield what, r


def wrapper(a):
    m = middle(a)
    a.append(m)
    yield from m


def chain(a):
    yield from wrapper(a)


for x in chain([]):
    print(x)


# Exceptions: raised inside, thrown in, caught on the way.
def thrower(n):
    for i in range(n):
        yield i
    raise ValueError("inside")


def catcher(n):
    try:
        yield from thrower(n)
    except ValueError as e:
        print("caught", e, [f.name for f in traceback.extract_tb(e.__traceback__)])
        yield "after"
    yield "more"


def two(n):
    yield from catcher(n)
    yield from catcher(n + 1)


def three(n):
    yield from two(n)
    yield from thrower(2)


try:
    for x in three(3):
        print(x)
except ValueError as e:
    print([(f.name, f.lineno - three.__code__.co_firstlineno) for f in traceback.extract_tb(e.__traceback__)][1:])


def cleaning(name, it):
    try:
        yield from it
    except GeneratorExit:
        print("exit", name)
        raise
    finally:
        print("finally", name)


def count():
    i = 0
    while True:
        i += 1
        yield i


g = cleaning("a", cleaning("b", cleaning("c", count())))
for x in g:
    if x == 5:
        break
print(g.gi_frame is not None)
g.close()
print(g.gi_frame)

inner_gen = count()
b = cleaning("b", inner_gen)
g = cleaning("a", b)
print([next(g) for _ in range(4)])
print(next(inner_gen), next(b), next(g))
inner_gen.close()
try:
    print(next(g))
except StopIteration:
    print("stopped")


# Two that share a delegate.
def share(it, tag):
    r = yield from it
    return tag, r


def three_items():
    for i in range(8):
        yield i
    return "done"


it = three_items()
p = share(it, "p")
q = share(share(it, "q1"), "q2")
print([next(p), next(q), next(p), next(p), next(q), next(q), next(p)])
for who in (q, q, p, q):
    try:
        print(next(who))
    except StopIteration as e:
        print("stop", e.value)


# A delegate that ignores its end.
def stubborn():
    for i in range(5):
        try:
            yield i
        except GeneratorExit:
            yield "no"


def above(d):
    try:
        yield from d
    except RuntimeError as e:
        print(e)
        yield "left"
    yield "last"


d = stubborn()
m = above(d)
g = share(m, 1)
print(next(g), next(g), next(g))
try:
    m.close()
except RuntimeError as e:
    print(e)
print(list(g), list(d))


# Throwing into the middle while the root waits.
def handles(it):
    while True:
        try:
            yield from it
            return "over"
        except KeyError:
            yield "key"


src = three_items()
m = handles(src)
g = share(share(m, 1), 2)
print(next(g), next(g), next(g))
print(m.throw(KeyError))
try:
    print(next(g))
except StopIteration as e:
    print(e.value)


# The exception that is being handled.
def handling():
    yield 0
    yield 1
    try:
        raise KeyError("k")
    except KeyError:
        yield sys.exception()
        yield sys.exception()
    yield sys.exception()


def run():
    for x in nest(2, handling):
        print(repr(x), repr(sys.exception()))
    try:
        1 / 0
    except ZeroDivisionError:
        for x in nest(2, handling):
            print(repr(x), repr(sys.exception()))


run()


# Coroutines.
class Wait:
    def __await__(self):
        return (yield self)


async def leaf(n):
    r = []
    for i in range(n):
        r.append(await Wait())
    return r


async def up(k, n):
    if k == 0:
        return await leaf(n)
    r = await up(k - 1, n)
    return r + [k]


def drive(c, n):
    c.send(None)
    for i in range(n):
        try:
            c.send(i)
        except StopIteration as e:
            return e.value


print(drive(up(4, 6), 6))
print(drive(up(0, 3), 3))
c = up(3, 10)
for i in range(5):
    c.send(None)
try:
    c.throw(ValueError("thrown"))
except ValueError as e:
    print(e, [f.name for f in traceback.extract_tb(e.__traceback__)])


# Deep chains.
def down(n):
    if n:
        yield from down(n - 1)
    else:
        for i in range(5):
            yield i


print(list(down(400)))
sys.setrecursionlimit(300)
try:
    print(list(down(400)))
except RecursionError as e:
    print("RecursionError")
sys.setrecursionlimit(1000)


# A thread begins inside; a trace function is set inside; collections inside.
def starts():
    for i in range(3):
        yield i
    t = threading.Thread(target=lambda: seen.append(1))
    t.start()
    t.join()
    yield "thread"
    yield names()[:4]


def traces():
    yield 0
    yield 1
    yield 2
    events = []

    def tracer(frame, event, arg):
        events.append((frame.f_code.co_name, event))
        return tracer

    sys.settrace(tracer)
    yield "traced"
    sys.settrace(None)
    yield events


def collects():
    for i in range(3):
        yield i
    for i in range(3):
        gc.collect()
        x = [object() for _ in range(1000)]
        yield names()[:3]


seen = []
for x in nest(2, traces):
    print(x)
for x in nest(2, collects):
    print(x)


# Many one-item delegates.
def one(x):
    yield x


def many():
    for i in range(6):
        yield from one(i)
        yield from nest(1, lambda: one(-i))


print(list(many()))


# A return value through levels that end at once.
def levels(n):
    if n == 0:
        yield "a"
        yield "b"
        return "r"
    return (yield from levels(n - 1))


def top():
    print((yield from levels(5)))
    print((yield from levels(3)))


print(list(top()))
for x in nest(2, starts):
    print(x)
print(seen)
for x in nest(3, looker):
    print(x)
