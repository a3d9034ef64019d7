# Variables of a frame are read and set through its `f_locals` by another thread than the one that runs it, which leaves
# the frame meanwhile and runs others where it was.
import sys
import threading
import time

end = time.monotonic() + 0.7
shown = [None]
wrong, ended = [], []


def seen(a, b):
    x = a
    shown[0] = sys._getframe()
    return lambda: x + b


def numbers(n):
    for i in range(n):
        yield i


def closures(p, q):
    z = 4

    def inner():
        return z, p, q

    return inner


def run():
    while time.monotonic() < end:
        seen(1, 2)()
        for i in range(20):
            if closures(i, 2)() != (4, i, 2):
                wrong.append("a variable of another function")
        if sum(numbers(3)) != 3:
            wrong.append("a generator's")
    ended.append(1)


def write():
    while time.monotonic() < end:
        f = shown[0]
        if f is None:
            continue
        names = f.f_locals
        names["x"] = 7
        names["a"] = 8
        names["b"] = 9
        if names.get("x") not in (None, 1, 7, 8):
            wrong.append(names["x"])
        if not 10 <= f.f_lineno < 30:
            wrong.append(f.f_lineno)
    ended.append(1)


threads = [threading.Thread(target=f) for f in (run, write, run)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(wrong[:3], len(ended))
