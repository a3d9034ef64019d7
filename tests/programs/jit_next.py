"""`next` and `send` with generators in hot loops."""
import contextlib
import sys

N = 300


def count(n):
    for i in range(n):
        yield i
    return "end"


def nexts(n):
    it = count(n)
    s = 0
    while True:
        try:
            s += next(it)
        except StopIteration as e:
            return s, e.value, e.__context__, [t.tb_lineno for t in tbs(e)]


def tbs(e):
    t = e.__traceback__
    while t:
        yield t
        t = t.tb_next


print(nexts(N))


def defaults(n):
    s = 0
    for k in range(n):
        it = count(k % 4)
        s += next(it, 100) + next(it, 1000)
        s += next(count(0), -1)
    return s


print(defaults(N))


def restarts(n):
    it = count(3)
    ends = 0
    for k in range(n):
        try:
            next(it)
        except StopIteration as e:
            ends += 1
            assert e.value == "end"
            it = count(3)
    try:
        while True:
            next(it)
    except StopIteration as e:
        pass
    try:
        next(it)
    except StopIteration as e:
        return ends, e.value


print(restarts(N))


def echo():
    got = None
    while True:
        try:
            got = yield got
        except ValueError as e:
            got = e.args


def sends(n):
    g = echo()
    out = []
    try:
        g.send(1)
    except TypeError as e:
        out.append(str(e))
    next(g)
    s = 0
    for i in range(n):
        s += g.send(i)
        if i % 50 == 49:
            out.append(g.throw(ValueError(i)))
    g.close()
    try:
        g.send(2)
    except StopIteration as e:
        out.append(e.value)
    return s, out


print(sends(N))


def delegates():
    r = yield from echo()
    return r


def through(n):
    g = delegates()
    next(g)
    s = 0
    for i in range(n):
        s += g.send(i)
    return s


print(through(N))


def raises(n):
    for i in range(n):
        if i % 5 == 4:
            raise KeyError(i)
        yield i


def catches(n):
    c = s = 0
    g = raises(n)
    for k in range(n):
        try:
            s += next(g)
        except KeyError as e:
            c += e.args[0]
            g = raises(n)
        except StopIteration:
            c += 1
    return s, c


print(catches(N))


def looked_at(n):
    def g():
        for i in range(n):
            f = sys._getframe()
            yield f.f_back.f_code.co_name if i % 60 == 59 else f.f_lineno and None

    it = g()
    seen = set()
    for k in range(n):
        seen.add(next(it))
    return sorted(map(str, seen))


print(looked_at(N))


@contextlib.contextmanager
def managed(log):
    log.append(1)
    try:
        yield len(log)
    except ValueError:
        log.append(10)
    finally:
        log.append(2)


def managers(n):
    log = []
    s = 0
    for k in range(n):
        with managed(log) as x:
            s += x
            if k % 7 == 6:
                raise ValueError
    return s, sum(log)


print(managers(N))


def zipped(n):
    a, b = count(n), count(2 * n)
    s = 0
    try:
        while True:
            s += next(a) * next(b)
    except StopIteration:
        return s


print(zipped(N))


def nested(n):
    """A generator that is driven by hand from another one."""

    def pairs(it):
        while True:
            try:
                a = next(it)
            except StopIteration:
                return
            yield a, next(it, None)

    s = 0
    for a, b in pairs(count(n)):
        s += a * (b or 0)
    return s


print(nested(N), nested(N + 1))


def running(n):
    def g():
        for i in range(n):
            if i == n - 2:
                try:
                    next(it)
                except ValueError as e:
                    yield str(e)
                try:
                    it.send(None)
                except ValueError as e:
                    yield str(e)
            yield None

    it = g()
    out = set()
    for x in range(n):
        out.add(next(it))
    return sorted(map(str, out))


print(running(N))


async def plain(n):
    return n


def coros(n):
    s = 0
    for i in range(n):
        c = plain(i)
        try:
            c.send(None)
        except StopIteration as e:
            s += e.value
        try:
            c.send(None)
        except RuntimeError as e:
            s += len(str(e))
    return s


print(coros(N))


def traced(n):
    events = []

    def tracer(frame, event, arg):
        events.append((frame.f_code.co_name, event))
        return tracer

    def g():
        for i in range(n):
            if i == n - 2:
                sys.settrace(tracer)
            yield i

    def run():
        it = g()
        s = 0
        try:
            while True:
                s += next(it)
        except StopIteration:
            return s

    r = run()
    sys.settrace(None)
    return r, events


print(traced(N))
