"""Interned strings die like others; names that something still uses stay what they were."""
import gc
import sys
import threading
import types

COUNT = 3000


def size():
    gc.collect()
    return sys.getunicodeinternedsize()


class Plain:
    pass


class Slots:
    __slots__ = ("first", "second")


def fresh(k, i):
    return "".join(["dynamic", "_", str(k), "_", str(i)])


def attributes(k):
    """Attributes with names made up at run time, of objects that die."""
    for i in range(COUNT):
        o = types.SimpleNamespace() if i % 2 else Plain()
        setattr(o, fresh(k, i), i)
        assert getattr(o, fresh(k, i)) == i
        assert not hasattr(o, fresh(k, -1 - i))


def interning(k):
    for i in range(COUNT):
        assert sys.intern(fresh(k, i)) is sys.intern(fresh(k, i))


def namespaces(k):
    for i in range(COUNT // 30):
        space = {}
        exec(f"{fresh(k, i)} = {i}\ndef f(): return {fresh(k, i)}", space)
        assert space["f"]() == i


for work in attributes, interning, namespaces:
    work("warm")
    before = size()
    for n in range(4):
        work(n)
    # The types keep some: 4096 shapes at most, and their caches.
    print(work.__name__, size() - before < 4500)

# What is referred to stays interned, and is found again after the rest is gone.
kept = [sys.intern(fresh("kept", i)) for i in range(500)]
attributes("between")
interning("between")
gc.collect()
print(all(sys.intern(fresh("kept", i)) is kept[i] for i in range(500)))

# Attributes outlive the strings that their names came from.
objects = []
for i in range(300):
    o = Plain()
    for j in range(i % 5 + 1):
        setattr(o, fresh("attr", i * 10 + j), (i, j))
    objects.append(o)
for n in range(3):
    interning(n)
    gc.collect()
print(all(getattr(o, fresh("attr", i * 10 + j)) == (i, j) for i, o in enumerate(objects) for j in range(i % 5 + 1)))
print(all(list(vars(o)) == [fresh("attr", i * 10 + j) for j in range(i % 5 + 1)] for i, o in enumerate(objects)))

# Shapes without objects: the type still knows them.
for n in range(5):
    o = Plain()
    for name in "one", "two", "three":
        setattr(o, fresh("chain", name), name)
    print(list(vars(o).values()), end=" ")
    o = None
    interning(n)
    gc.collect()
print()

# The class of an object changes again and again.
Classes = [type(f"Class{i}", (), {"number": i}) for i in range(3)]
o = Classes[0]()
for i in range(200):
    setattr(o, fresh("class", i), i)
for i in range(3000):
    o.__class__ = Classes[i % 3]
    assert o.number == i % 3
    if i % 500 == 0:
        gc.collect()
print(type(o).__name__, sum(vars(o).values()), len(vars(o)))
few = Classes[0]()
few.a, few.b = 1, 2
for i in range(30000):
    few.__class__ = Classes[i % 3]
print(type(few).__name__, vars(few))

# Threads make, look up and forget the same names.
failures = []


def racer(number):
    try:
        for i in range(2000):
            name = fresh("race", i % 97)
            o = Plain()
            setattr(o, name, i)
            a, b = sys.intern(name), sys.intern(fresh("race", i % 97))
            if a is not b or getattr(o, b) != i or list(vars(o)) != [a]:
                failures.append((number, i))
            if i % 100 == number:
                gc.collect()
    except BaseException as e:
        failures.append((number, repr(e)))


threads = [threading.Thread(target=racer, args=(i,)) for i in range(4)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(failures)
