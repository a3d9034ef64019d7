# Many references to one object: their order, their number, and that one more costs no more.
import gc
import time
import weakref


class A:
    pass


def names(o):
    return [getattr(r, "name", type(r).__name__) for r in weakref.getweakrefs(o)]


class Named(weakref.ref):
    def __new__(cls, o, name, callback=None):
        r = super().__new__(cls, o, callback)
        r.name = name
        return r

    def __init__(self, o, name, callback=None):
        super().__init__(o, callback)


a = A()
kept = [Named(a, f"n{i}") for i in range(5)]
plain = weakref.ref(a)
proxy = weakref.proxy(a)
kept += [Named(a, f"c{i}", print) for i in range(3)]
print(names(a), weakref.getweakrefcount(a))
print(weakref.ref(a) is plain, weakref.proxy(a) is proxy, weakref.ref(a, None) is plain)
for k in (6, 3, 1, 0):
    del kept[k]
gc.collect()
print(names(a), weakref.getweakrefcount(a))
kept.append(Named(a, "new"))
del kept[1]
gc.collect()
print(names(a))
del plain, proxy
gc.collect()
print(names(a))
plain = weakref.ref(a)
print(names(a), plain() is a)

called = []


def short_lived():
    b = A()
    refs = [weakref.ref(b, lambda r, i=i: called.append(i)) for i in range(5)]
    del refs[2]
    return weakref.ref(b), refs


plain, refs = short_lived()
gc.collect()
print(sorted(called), plain() is None, [r() for r in refs])


# A finalizer that brings the object back: it has lost its references and gets new ones.
class Back:
    def __del__(self):
        back.append(self)


back = []


def brought_back():
    b = Back()
    return weakref.ref(b)


old = brought_back()
gc.collect()
b = back.pop()
new = weakref.ref(b)
print(new() is b, weakref.getweakrefcount(b), weakref.getweakrefs(b) == [new])


def cost(n):
    a = A()
    kept = [weakref.ref(a, print) for _ in range(n)]
    best = 1e9
    for _ in range(5):
        t = time.perf_counter()
        for _ in range(500):
            weakref.ref(a, print)
        best = min(best, time.perf_counter() - t)
    return best


print(cost(20000) < 30 * cost(20))
