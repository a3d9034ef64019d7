# Frames that somebody holds in some rounds and not in others: their variables are what they were when the frame ended.
import functools
import sys

get = functools.partial(sys._getframe, 1)
own = functools.partial(sys._getframe, 0)
no = functools.partial(len, "x")


def asks(fn):
    f = fn()
    return f


def inner(fn, k):
    a = k * 10
    f = asks(fn)
    b = 1
    if k & 1:
        b = 2
    c = a + b
    return f


def itself(fn, k):
    a = k * 10
    f = fn()
    b = 1
    if k & 1:
        b = 2
    c = a + b
    return f


def rounds(hold, k):
    f = sys._getframe() if hold else None
    a = 0
    b = k
    for i in range(30):
        a += 1
    c = a + b
    return f


def values(fn, k):
    a = k * 10
    f = asks(fn)
    b = 1
    if k & 1:
        b = 2
    yield f
    c = a + b
    yield f


def show(frames):
    return [sorted((n, v) for n, v in f.f_locals.items() if type(v) is int) for f in frames if type(f) not in (int, type(None))]


def hot(g, fns):
    out = []
    k = 0
    for fn in fns:
        out.append(g(fn, k))
        k += 1
    return out


def loop(g, fns):
    out = []
    k = 0
    for fn in fns:
        for f in g(fn, k):
            out.append(f)
        k += 1
    return out


def pattern(with_, without):
    # Where the trace begins, held; on the other way at first not.
    return [with_ if k % 2 == 0 else without for k in range(60)] + [with_] * 60


for g, fn in (inner, get), (itself, own):
    print(g.__name__, show(hot(g, pattern(fn, no)))[-4:], show(hot(g, pattern(no, fn)))[-2:])
    print(show(list(map(g, pattern(fn, no), range(120))))[-4:])
print("rounds", show(hot(rounds, [False] * 60 + [True] * 6))[-3:])
print(show(list(map(rounds, [False] * 60 + [True] * 6 + [False, True], range(68))))[-3:])
print("values", show(loop(values, pattern(get, no)))[-4:])


def started(code, at):
    held.append(sys._getframe(1))
    return sys.monitoring.DISABLE


def small(k):
    a = k + 1
    b = a * 2
    return b


held = []
m = sys.monitoring
m.use_tool_id(3, "t")
m.register_callback(3, m.events.PY_START, started)
for n in range(200):
    if n > 100 and n % 10 == 0:
        m.set_local_events(3, small.__code__, m.events.PY_START)
        m.restart_events()
    list(map(small, (n, n)))
m.free_tool_id(3)
print("small", show(held))
