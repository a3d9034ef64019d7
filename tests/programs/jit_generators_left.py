"""Generators and coroutines that hot loops make and leave behind: what they would do at their end is done."""
import gc
import warnings

N = 400


def left_in_the_middle():
    done = []

    def g(k):
        try:
            yield k
            yield k + 1
        finally:
            done.append(k)

    for k in range(N):
        for x in g(k):
            if k % 2:
                break
    gc.collect()
    return len(done), sum(done)


def left_by_next():
    done = []

    def g(k):
        try:
            yield k
        finally:
            done.append(k)

    s = 0
    for k in range(N):
        s += next(g(k))
    gc.collect()
    return s, len(done), sum(done)


def delegating():
    done = []

    def inner(k):
        try:
            yield k
            yield k
        finally:
            done.append(-k)

    def outer(k):
        try:
            yield from inner(k)
        finally:
            done.append(k)

    for k in range(N):
        for x in outer(k):
            break
    gc.collect()
    return len(done), sum(done)


def never_begun():
    done = []

    def g():
        try:
            yield
        finally:
            done.append(1)

    for k in range(N):
        g()
    gc.collect()
    return done


def never_awaited():
    async def f(k):
        return k

    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        for k in range(N):
            f(k)
        gc.collect()
    return len(seen), str(seen[0].message)


def left_while_awaiting():
    done = []

    class Wait:
        def __await__(self):
            yield 1

    async def inner(k):
        try:
            await Wait()
        finally:
            done.append(-k)

    async def outer(k):
        try:
            await inner(k)
        finally:
            done.append(k)

    for k in range(N):
        outer(k).send(None)
    gc.collect()
    return len(done), sum(done)


for f in (left_in_the_middle, left_by_next, delegating, never_begun, never_awaited, left_while_awaiting):
    print(f.__name__, f())
