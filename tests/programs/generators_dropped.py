# Suspended generators that are dropped: what closing them does happens at once.
import weakref


class D:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("gone", self.name)


def plain(n):
    yield n
    yield n + 1


def after_try(n):
    try:
        yield n
    finally:
        print("finally", n)
    yield n + 1


def holds(o):
    yield 1
    print(o)


def delegates(g):
    yield from g


def loops(g):
    for x in g:
        yield x


def in_with(n):
    with Manager(n):
        yield n


class Manager:
    def __init__(self, n):
        self.n = n

    def __enter__(self):
        return self

    def __exit__(self, *a):
        print("exit", self.n, a[0])


def drop(make, steps=1):
    g = make()
    for _ in range(steps):
        next(g)
    print("dropping")
    del g
    print("dropped")


for _ in range(3):
    drop(lambda: plain(1))
    drop(lambda: after_try(1))
    drop(lambda: after_try(2), 2)
    drop(lambda: holds(D("held")))
    drop(lambda: delegates(plain(2)))
    drop(lambda: delegates(after_try(3)))
    drop(lambda: delegates(delegates(in_with(4))))
    drop(lambda: delegates(holds(D("inner"))))
    drop(lambda: loops(after_try(5)))
    drop(lambda: (x for x in loops(in_with(6))))

r = []
g = plain(0)
next(g)
w = weakref.ref(g, lambda _: r.append("callback"))
del g
print(r, w())
