# Class variables that several threads assign to, delete and make properties of.
import threading


class Counter:
    first = 0
    second = 0
    third = 0


def count_first(n):
    for _ in range(n):
        Counter.first += 1


def count_second(n):
    for i in range(n):
        Counter.second += i & 1


# Warm, with one thread.
count_first(3000)
count_second(3000)

N = 20000
threads = [threading.Thread(target=f, args=(N,)) for f in (count_first, count_second)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(Counter.first, Counter.second)


# A variable that goes and comes while another thread assigns to it.
class Base:
    x = "base"


class Derived(Base):
    x = "own"


stop = False


def assign():
    while not stop:
        Derived.x = "own"


def read():
    seen = set()
    while not stop:
        seen.add(Derived.x)
    found.append(seen)


found = []
threads = [threading.Thread(target=f) for f in (assign, assign, read)]
for t in threads:
    t.start()
for _ in range(200):
    try:
        del Derived.x
    except AttributeError:
        pass
    Derived.x = property(lambda self: "property")
    Derived().x
stop = True
for t in threads:
    t.join()
print(all(isinstance(x, (str, property)) for x in found[0]), len(vars(Derived)) == len(list(vars(Derived))))
Derived.x = 1
print(Derived.x, Derived().x)
del Derived.x
print(Derived.x, Derived().x, "x" in vars(Derived), len(vars(Derived)) == len(list(vars(Derived))))


# Globals as well.
value = 0


def bump(n):
    global value
    for _ in range(n):
        value = 1


def come_and_go():
    global value
    for _ in range(300):
        try:
            del value
        except NameError:
            pass
        value = 2


threads = [threading.Thread(target=bump, args=(N,)), threading.Thread(target=come_and_go)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(value in (1, 2), len(globals()) == len(list(globals())))
del value
print("value" in globals(), len(globals()) == len(list(globals())))
