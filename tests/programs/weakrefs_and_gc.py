# Weak references, finalizers, cycles, resurrection, gc: what does not depend on when memory is freed.
import gc, weakref

class Thing:
    def __init__(self, name): self.name = name
    def __repr__(self): return f"Thing({self.name})"
    def method(self): return self.name
def collect():
    for _ in range(3): gc.collect()

t = Thing("a")
r = weakref.ref(t)
calls = []
r2 = weakref.ref(t, lambda ref: calls.append(ref is r2))
print(r() is t, r is weakref.ref(t), r == weakref.ref(t), hash(r) == hash(t), weakref.getweakrefcount(t), type(r).__name__)
del t
collect()
print(r(), calls, r == r, r != weakref.ref(Thing))

d, k = weakref.WeakValueDictionary(), weakref.WeakKeyDictionary()
one, two = Thing("one"), Thing("two")
d["one"], d["two"] = one, two
k[one], k[two] = 1, [two.name]
s = weakref.WeakSet([one, two])
print(sorted(d), len(k), len(s), d["one"], k[two])
del two
collect()
print(sorted(d), len(k), list(s), "two" in d, d.get("two", "gone"))

fin = weakref.finalize(one, print, "finalized", end="!\n")
wm = weakref.WeakMethod(one.method)
p = weakref.proxy(one)
print(fin.alive, wm()(), p.name, p == one, isinstance(p, Thing), str(p))
p.extra = 5
print(one.extra)
del one
collect()
print(fin.alive, wm())
try:
    p.name
except ReferenceError as e:
    print(e)
for bad in (lambda: weakref.ref(5), lambda: weakref.ref("s"), lambda: hash(weakref.ref(Thing("x"))) if collect() else weakref.ref([])):
    try:
        bad()
    except TypeError as e:
        print(e)
class Slots:
    __slots__ = ("a",)
class WithWeak:
    __slots__ = ("a", "__weakref__")
try:
    weakref.ref(Slots())
except TypeError as e:
    print(e)
w = WithWeak()
print(weakref.ref(w)() is w)

# Cycles are collected; finalizers run once, may resurrect.
class Node:
    alive = 0
    def __init__(self): Node.alive += 1; self.other = None
    def __del__(self): Node.alive -= 1
for _ in range(50):
    a, b = Node(), Node()
    a.other, b.other = b, a
del a, b
collect()
print(Node.alive)
class Phoenix:
    saved, deaths = [], 0
    def __del__(self):
        Phoenix.deaths += 1
        Phoenix.saved.append(self)
x = Phoenix()
x.me = x
del x
collect()
print(Phoenix.deaths, len(Phoenix.saved), Phoenix.saved[0].me is Phoenix.saved[0])
Phoenix.saved.clear()
collect()
print(Phoenix.deaths)
class Outer:
    def __init__(self): self.ref = weakref.ref(self, calls.append)
calls.clear()
o = Outer()
del o
collect()
print(len(calls))

# An ephemeron: the value refers to its own key.
k2 = weakref.WeakKeyDictionary()
key = Thing("key")
k2[key] = {"back": key} if False else [1]
probe = weakref.ref(key)
del key
collect()
print(len(k2), probe())
ids = {id(o) for o in [Thing(str(i)) for i in range(3)]}
objs = [Thing("i") for _ in range(100)]
before = [id(o) for o in objs]
junk = [[j] * 10 for j in range(20000)]
collect()
print(before == [id(o) for o in objs], len(set(before)), gc.isenabled())
gc.disable(); print(gc.isenabled()); gc.enable()
seen = []
gc.callbacks.append(lambda phase, info: seen.append(phase))
gc.collect()
gc.callbacks.clear()
print(seen[:2], gc.get_threshold()[0] >= 0, len(gc.get_count()), gc.is_tracked([]), gc.is_tracked(1), isinstance(gc.get_stats(), list))
holder = [Thing("held")]
print(any(o is holder for o in gc.get_referrers(holder[0])), holder[0] in gc.get_referents(holder), any(o is holder for o in gc.get_objects()))
class Loud:
    def __del__(self): raise ValueError("ignored")
import sys
hook = []
sys.unraisablehook = lambda args: hook.append((type(args.exc_value).__name__, str(args.exc_value)))
l = Loud()
del l
collect()
print(hook)
