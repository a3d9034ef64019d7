# `next(g)` and `g.send(v)` run the generator's frame where a `for` loop would, and native functions that use up a chain
# of generators resume the innermost one: what can be seen of it is as if each frame had been entered natively.
import sys
import threading
import traceback


def stack():
    f, names = sys._getframe(1), []
    while f is not None:
        names.append(f'{f.f_code.co_name}:{f.f_lineno - f.f_code.co_firstlineno}')
        f = f.f_back
    return names[:-1]


def looker():
    got = []
    while True:
        got.append((yield stack()))
        if len(got) > 2:
            return got


def user(call):
    g = looker()
    print(next(g))
    print(g.send('a'), g.gi_running)
    print(call(g, 'b'))
    try:
        g.send('c')
    except StopIteration as e:
        print('end', e.value, g.gi_frame)
    print(next(g, 'default'))
    try:
        next(g)
    except StopIteration as e:
        print('end', e.value)


user(lambda g, v: g.send(v))


def fails(n):
    for i in range(n):
        yield i
    raise KeyError(n)


def report(f, *args):
    try:
        print(f(*args))
    except BaseException as e:
        print(type(e).__name__, e, [(s.name, s.lineno - s._code.co_firstlineno if hasattr(s, '_code') else s.line)
                                    for s in traceback.extract_tb(e.__traceback__)][1:])


def all_of(g):
    r = []
    while True:
        r.append(next(g))


report(all_of, fails(2))
report(all_of, iter(lambda: next(fails(0)), 1))


def stops():
    yield 1
    raise StopIteration(5)


def with_default(g):
    return [next(g, None), next(g, None)]


report(with_default, stops())
report(with_default, fails(1))


def itself():
    g = yield
    yield next(g, 'never')


def runs_itself():
    g = itself()
    next(g)
    return g.send(g)


report(runs_itself)


def too_early():
    return looker().send(1)


report(too_early)


def wrong(g, *args):
    return g.send(*args)


report(wrong, looker())
report(wrong, looker(), 1, 2)
report(next, 5)


async def coro():
    return 7


def of_coroutine(c):
    return next(c)


c = coro()
report(of_coroutine, c)


def send_to(c):
    return c.send(None)


report(send_to, c)
report(send_to, c)


# Exceptions that are handled outside and inside.
def handling():
    try:
        1 / 0
    except ZeroDivisionError:
        yield repr(sys.exception())
        yield repr(sys.exception())
        yield repr(sys.exception())
        yield repr(sys.exception())


def handler():
    g = handling()
    r = [next(g), repr(sys.exception())]
    try:
        raise ValueError('outside')
    except ValueError:
        r += [next(g), repr(sys.exception()), g.send(None), repr(sys.exception())]
    return r + [next(g), repr(sys.exception())]


report(handler)


# Depth: a `RecursionError`, not a crash.
def deep(n):
    yield next(deep(n + 1))


def caught(f):
    try:
        f()
    except Exception as e:
        return e


report(lambda: [type(caught(lambda: next(deep(0)))).__name__])


# Many rounds, so that machine code takes over, with each kind of resumer in between.
def numbers(n):
    t = 0
    for i in range(n):
        t += (yield i + t) or 0
    return t


def mixed(n):
    g, s = numbers(n), 0
    s += next(g)
    try:
        while True:
            s += g.send(1)
            s += next(g)
            for x in g:
                s += x
                break
    except StopIteration as e:
        return s, e.value


print([mixed(n) for n in (1, 2, 3, 10, 3000)])


def pairs(it):
    for a in it:
        yield a, next(it, None)


print(sum(a * (b or 1) for a, b in pairs(numbers(5001))))


# Chains that native functions use up.
def leaf(n, look):
    for i in range(n):
        if i == look:
            print(stack())
        yield i


def nest(k, n, look=-1):
    if k:
        r = yield from nest(k - 1, n, look)
        yield k
        return r
    yield from leaf(n, look)
    return 'end'


print(sum(nest(5, 10)), list(nest(5, 3)), sum(nest(3, 2000)), len(list(nest(40, 500))))
print(list(nest(3, 5, 3)), max(nest(2, 4, 2)), sorted(nest(2, 3), reverse=True), set(nest(1, 3)))


class Thrown(Exception):
    pass


def inner(log):
    while True:
        try:
            yield 'item'
        except Thrown as e:
            log.append(str(e))
            yield 'thrown'
        finally:
            log.append('finally')


def around(k, log):
    if k:
        try:
            yield from around(k - 1, log)
        except KeyError as e:
            log.append((k, str(e)))
            yield 'rescued'
            yield from around(k - 1, log)
    else:
        yield from inner(log)


def throwing(k):
    log = []
    g = around(k, log)
    a = [next(g), next(g), next(g), g.throw(Thrown('one')), next(g), next(g), g.gi_yieldfrom.__name__]
    a += [g.throw(KeyError('two')), next(g), next(g), next(g)]
    d = g
    while d.gi_yieldfrom is not None:
        d = d.gi_yieldfrom
    a += [next(d), next(g), d.gi_running, g.gi_suspended]
    g.close()
    return a, log, g.gi_frame is None


print(throwing(1))
print(throwing(3))


class Stop(Exception):
    pass


def watched(k, at):
    if k:
        yield from watched(k - 1, at)
    else:
        for i in range(100):
            if i == at:
                raise Stop(i)
            yield i


def consumers(at):
    r = []
    for f in (sum, list, tuple, set, sorted, max, any, all, ','.join):
        try:
            f(watched(4, at))
        except (Stop, TypeError) as e:
            r.append((f.__name__, type(e).__name__, len(traceback.extract_tb(e.__traceback__))))
    return r


print(consumers(1))
print(consumers(50))


# Threads that resume the same generator: each item comes once.
def shared(n):
    for i in range(n):
        yield i


def take(g, out):
    while True:
        try:
            out.append(next(g))
        except StopIteration:
            return
        except ValueError as e:
            assert str(e) == 'generator already executing', e


g, outs = shared(20000), [[] for _ in range(4)]
ts = [threading.Thread(target=take, args=(g, o)) for o in outs]
for t in ts:
    t.start()
for t in ts:
    t.join()
print(sorted(sum(outs, [])) == list(range(20000)))
