"""Generators in hot loops: every way in and out of their frames."""
import gc
import inspect
import sys
import threading

N = 400


def count(n):
    i = 0
    while i < n:
        yield i
        i += 1


def squares(it):
    for x in it:
        yield x * x


def odd(it):
    for x in it:
        if x & 1:
            yield x


def chain(n):
    s = 0
    for x in squares(odd(count(n))):
        s += x
    return s


print("chain", chain(N), chain(N))


# -- exceptions raised inside, at each of several places


def failing(n, at):
    for i in range(n):
        if i == at:
            raise KeyError(i)
        yield 1.5 * i


def catches(n, at):
    s = 0
    try:
        for x in failing(n, at):
            s += x
    except KeyError as e:
        tb = e.__traceback__
        names = []
        while tb:
            names.append((tb.tb_frame.f_code.co_name, tb.tb_lineno))
            tb = tb.tb_next
        return s, e.args, names
    return s


print("raise", catches(N, 300), catches(N, N + 1), catches(N, 7))


def handles(n):
    for i in range(n):
        try:
            yield 10 // (i % 7)
        except ZeroDivisionError as e:
            yield repr(e)


def mixed(n):
    out = {}
    for x in handles(n):
        out[x] = out.get(x, 0) + 1
    return sorted(out.items(), key=str)


print("handled", mixed(N))


def raises_often(n):
    for i in range(n):
        if i % 50 == 49:
            raise ValueError(i)
        yield i


def restart(n):
    s = c = 0
    for k in range(n):
        try:
            for x in raises_often(k):
                s += x
        except ValueError as e:
            c += e.args[0]
    return s, c


print("restart", restart(120))


# -- in a handler: what is handled is seen inside and restored outside


def looks(n):
    for i in range(n):
        yield type(sys.exception()).__name__


def in_handler(n):
    seen = {}
    try:
        raise OSError("x")
    except OSError:
        for name in looks(n):
            seen[name] = seen.get(name, 0) + 1
        inner = type(sys.exception()).__name__
    return seen, inner, sys.exception()


print("in handler", in_handler(N))


def own_handler(n):
    try:
        raise LookupError("own")
    except LookupError:
        for i in range(n):
            yield type(sys.exception()).__name__


def outside(n):
    seen = set()
    for name in own_handler(n):
        seen.add((name, type(sys.exception()).__name__))
    return sorted(seen)


print("own handler", outside(N))


# -- close and throw in the middle

log = []


def cleanup(n):
    try:
        for i in range(n):
            yield i
    except GeneratorExit:
        log.append("exit")
        raise
    finally:
        log.append(f"finally {i}")


def breaks(n, at):
    g = cleanup(n)
    for x in g:
        if x == at:
            break
    state = inspect.getgeneratorstate(g), g.gi_frame.f_locals["i"], g.gi_running
    g.close()
    return state, inspect.getgeneratorstate(g), g.gi_frame


print("close", breaks(N, 300), breaks(N, 350), log)


def throws(n):
    def g():
        k = 0
        while True:
            try:
                yield k
            except RuntimeError as e:
                k += e.args[0]
            k += 1

    it = g()
    s = 0
    for x in it:
        s += x
        if x % 97 == 96:
            s += it.throw(RuntimeError(5))
        if x > n:
            break
    return s


print("throw", throws(N))


# -- kept, and resumed elsewhere; by two loops in turn; by itself


def shared(n):
    g = count(n)
    a = b = 0
    for x in g:
        a += x
        if x % 50 == 10:
            for y in g:
                b += y
                if y % 50 == 40:
                    break
    return a, b, list(g)


print("shared", shared(N))


def two(n):
    g, h = count(n), count(n)
    out = []
    for x in g:
        for y in h:
            if y > x:
                break
        g, h = h, g
        out.append((x, y))
    return len(out), out[-3:]


print("two", two(N))


def itself(n):
    def g():
        for i in range(n):
            if i == n - 5:
                try:
                    next(it)
                except ValueError as e:
                    yield str(e)
            yield i

    it = g()
    last = None
    for x in it:
        if isinstance(x, str):
            last = x
    return last


print("itself", itself(N))


def feeds_itself(n):
    """The generator that a loop in a generator runs is now and then the running one."""

    def g(box):
        for i in range(n):
            try:
                for y in box[i % 50 == 49]:
                    yield y
                    break
            except ValueError as e:
                yield str(e)

    box = [count(10**6), None]
    it = box[1] = g(box)
    out = {}
    for x in it:
        k = x if isinstance(x, str) else "n"
        out[k] = out.get(k, 0) + 1
    return out


print("feeds itself", feeds_itself(N))


# -- frames and variables looked at, inside and from outside


def peeks(n):
    total = 0
    for i in range(n):
        if i % 100 == 99:
            f = sys._getframe()
            total += f.f_locals["i"] + f.f_back.f_locals["n"]
        yield total


def peek(n):
    s = 0
    for x in peeks(n):
        s += x
    return s


print("peek", peek(N))


def watched(n):
    g = count(n)
    s = 0
    for x in g:
        s += x
        if x % 60 == 59:
            s += g.gi_frame.f_locals["i"] * 1000 + g.gi_frame.f_lineno
    return s


print("watched", watched(N))


def state_inside(n):
    def g():
        for i in range(n):
            yield (it.gi_running, it.gi_suspended, it.gi_frame is None) if i % 40 == 39 else None

    it = g()
    seen = set()
    for x in it:
        seen.add(x)
    return sorted(map(str, seen)), it.gi_running, it.gi_frame


print("state", state_inside(N))


def writes(n):
    def g():
        k = 0
        for i in range(n):
            k += 1
            yield k

    it = g()
    last = 0
    for x in it:
        last = x
        if x == 300:
            it.gi_frame.f_locals["k"] = 10_000
    return last


print("written", writes(N))


# -- sys.settrace started inside


def traced(n):
    events = []

    def tracer(frame, event, arg):
        # Not those of dead generators, which are closed when a collection finds them.
        if frame.f_code in (g.__code__, run.__code__):
            events.append((frame.f_code.co_name, event, frame.f_lineno - frame.f_code.co_firstlineno))
        return tracer

    def g():
        for i in range(n):
            if i == n - 3:
                sys.settrace(tracer)
            yield i

    def run():
        s = 0
        for x in g():
            s += x
        return s

    r = run()
    sys.settrace(None)
    return r, events


print("traced", traced(N))


# -- yield from: recursion, values sent and returned


class Node:
    def __init__(self, v, left, right):
        self.v, self.left, self.right = v, left, right


def build(lo, hi):
    if lo >= hi:
        return None
    m = (lo + hi) // 2
    return Node(m, build(lo, m), build(m + 1, hi))


def walk(t):
    if t is not None:
        yield from walk(t.left)
        yield t.v
        yield from walk(t.right)


def tree(n):
    t = build(0, n)
    s = 0
    for k in range(5):
        for i, v in enumerate(walk(t)):
            s += i * v
        for v in walk(t):
            s -= v
    return s


print("tree", tree(300))


def permutations(a):
    if len(a) <= 1:
        yield a
        return
    for i in range(len(a)):
        for p in permutations(a[:i] + a[i + 1 :]):
            yield (a[i],) + p


def perms(n):
    c = last = 0
    for p in permutations(tuple(range(n))):
        c += 1
        last = p
    return c, last


print("permutations", perms(5))


def returns(n):
    r = 0
    for i in range(n):
        yield i
        r += i
    return r


def outer(n, times):
    total = 0
    for k in range(times):
        total += yield from returns(n)
    return total


def drive(n, times):
    g = outer(n, times)
    s = 0
    while True:
        try:
            s += next(g)
        except StopIteration as e:
            return s, e.value


print("returned", drive(5, 80))


def averager():
    total = n = 0
    avg = None
    while True:
        x = yield avg
        total += x
        n += 1
        avg = total / n


def delegating():
    yield from averager()


def sends(make, n):
    g = make()
    next(g)
    r = None
    for i in range(n):
        r = g.send(i)
    return r


print("sent", sends(averager, N), sends(delegating, N))


def deep(n):
    if n:
        yield from deep(n - 1)
    yield n


def depth(n):
    s = 0
    for k in range(6):
        for x in deep(n):
            s += x
    return s


print("deep", depth(60))


def too_deep(n):
    yield from too_deep(n + 1)


def recursion():
    hits = 0
    for k in range(4):
        try:
            for x in too_deep(0):
                pass
        except RecursionError:
            hits += 1
    return hits


print("recursion", recursion())


# -- coroutines


class Pause:
    def __await__(self):
        r = yield self
        return r


async def leaf(x):
    return x + 1


async def middle(x):
    return await leaf(x) + await leaf(x + 1)


async def many(n):
    s = 0
    for i in range(n):
        s += await middle(i)
        if i % 40 == 39:
            s += await Pause()
    return s


def run(coro):
    steps = 0
    v = None
    while True:
        try:
            coro.send(v)
            v = 3
            steps += 1
        except StopIteration as e:
            return steps, e.value


print("coroutines", run(many(N)))


async def awaits_twice(n):
    c = leaf(1)
    s = 0
    for i in range(n):
        try:
            s += await c
        except RuntimeError as e:
            last = str(e)
    return s, last


print("twice", run(awaits_twice(N)))


async def bad(i):
    if i % 30 == 29:
        raise KeyError(i)
    return i


async def survives(n):
    s = 0
    for i in range(n):
        try:
            s += await bad(i)
        except KeyError as e:
            s -= e.args[0]
    return s


print("survives", run(survives(N)))


async def agen(n):
    for i in range(n):
        if i % 25 == 24:
            await Pause()
        yield i


async def consume(n):
    s = 0
    async for x in agen(n):
        s += x
    return s + sum([x async for x in agen(n)])


print("async for", run(consume(N)))


# -- generator expressions in native functions


def natives(n):
    data = list(range(n))
    out = 0
    for k in range(n // 8):
        out += sum(x * k for x in data[:9])
        out += any(x == k for x in data[:20]) + all(x < 5 for x in data[k:])
        out += max((x ^ k for x in data[:7]), default=0) + min(x + k for x in data[:3])
        out += len(set(x % 3 for x in data[:k])) + len(list(x for x in data[:k])) + len(tuple(x for x in data[:5]))
        out += len("".join(str(x) for x in data[:4])) + sorted(-x for x in data[:5])[0]
        out += len({x: k for x in data[:6]}) + sum(dict((x, x) for x in data[:3]).values())
    return out


print("natives", natives(N))


def stops(n):
    def g(k):
        for i in range(10):
            if i == k:
                raise StopIteration(i)
            yield i

    texts = {}
    for k in range(n):
        try:
            for x in g(k % 13):
                pass
        except RuntimeError as e:
            t = f"{e} {e.__cause__!r}"
            texts[t] = texts.get(t, 0) + 1
    return sorted(texts.items())


print("stop", stops(N))


# -- by another thread, and while threads run


def handed_on(n):
    g = count(n)
    got = []

    def part():
        for x in g:
            got.append(x)
            if len(got) % 100 == 0:
                break

    for k in range(4):
        t = threading.Thread(target=part)
        t.start()
        t.join()
    for x in g:
        got.append(x)
    return got == list(range(n))


print("threads", handed_on(N))


# -- collected while suspended; nothing but the generator keeps its values


class Noisy:
    live = 0

    def __init__(self):
        Noisy.live += 1

    def __del__(self):
        Noisy.live -= 1


def holds(n):
    for i in range(n):
        x = Noisy()
        yield i
        del x


def collected(n):
    s = 0
    for k in range(4):
        g = holds(n)
        for x in g:
            s += x
            if x == n - 10:
                break
        del g
    gc.collect()
    return s


print("collected", collected(N), Noisy.live <= 1)


def finals(n):
    done = []

    def g(k):
        try:
            yield k
            yield k + 1
        finally:
            done.append(k)

    for k in range(n):
        for x in g(k):
            if k % 2:
                break
    gc.collect()
    return len(done), sum(done)


print("finals", finals(N))
