"""Loops that end in functions whose callers' frames have objects; classes that come while code is hot."""
import sys


def find_caller(level):
    f = sys._getframe()
    while level > 0:
        f = f.f_back
        level -= 1
    return f.f_code.co_name, f.f_lineno - f.f_code.co_firstlineno, f


class Log:
    def __init__(self):
        self.lines = []
        self.frames = []

    def info(self, x):
        return self._log(1, x)

    def _log(self, level, x):
        name, line, f = find_caller(level + 1)
        made = x * 2
        self.lines.append((name, line, made))
        if x % 500 == 0:
            self.frames.append(f)
            self.frames.append(sys._getframe())
        made += 1
        return made


def work(log, n):
    total = 0
    for i in range(n):
        total += log.info(i)
    return total


log = Log()
print(work(log, 3000))
print(len(log.lines), set(l[:2] for l in log.lines), log.lines[-1])
print([(f.f_code.co_name, f.f_locals.get("x"), f.f_locals.get("made")) for f in log.frames[:6]])
print([sorted(f.f_locals) for f in log.frames[-2:]])


def get(o):
    return o.a + 1 if hasattr(o, "a") else -1


def one_class(k):
    class C:
        def __init__(self):
            self.a = k
            if k % 3 == 0:
                self.b = k
    return C


def many(n):
    t = 0
    for k in range(n):
        c = one_class(k)
        for _ in range(30):
            t += get(c())
    return t


print(many(400))


class Stays:
    a = 5


def later(n):
    o, t = Stays(), 0
    for _ in range(n):
        t += get(o)
    return t


print(later(5000))
