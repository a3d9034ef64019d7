# Frames that come and go inside compiled loops: generators driven by `for`, returns out of a function whose own loop is
# compiled, special methods, recursion through loops, bound native methods made anew each time.
import sys


class Items:
    def __init__(self, n):
        self.items = list(range(n))

    def index_of(self, x):
        for i in range(len(self.items)):
            if self.items[i] == x:
                return i
        return -1

    def __call__(self, k):
        for x in self.items:
            if x > k:
                return x
        return None


class Number:
    def __init__(self, n):
        self.n = n

    def __add__(self, other):
        return Number(self.n + other.n)

    def __radd__(self, other):
        return Number(self.n + other)

    def __eq__(self, other):
        return NotImplemented if isinstance(other, str) else self.n == other.n

    def __lt__(self, other):
        return self.n < other.n


def sums(items, n):
    total = 0
    for i in range(n):
        num = i % 3
        total += sum(1 for x in items.items if x != num)
        for y in (z * 2 for z in items.items if z > num):
            total += y
    return total


def closures(n):
    total = 0
    for i in range(n):
        cell = [i]

        def inner(a, b=i):
            return a + b + cell[0]

        total += inner(1)
    return total


def searches(items, n):
    found = 0
    for i in range(n):
        found += items.index_of(i % 9)
        found += items(i % 6) or 100
    return found


def numbers(n):
    s, equal, less = Number(0), 0, 0
    for i in range(n):
        s = s + Number(i)
        s = 1 + s
        if s == Number(i):
            equal += 1
        if Number(i) == "x":
            equal += 1000
        if Number(i % 7) < Number(3):
            less += 1
    return s.n, equal, less


def appends(n):
    out = []
    for i in range(n):
        part = []
        add = part.append
        add(i)
        add(-i)
        out.extend(part)
    return sum(out), len(out)


def deep(n):
    for i in range(3):
        if i == 1:
            deep(n + 1)


def ping(n):
    for i in range(4):
        if i == 2 and n:
            pong(n - 1)
    return n


def pong(n):
    for i in range(4):
        if i == 2 and n:
            ping(n - 1)


items = Items(7)
print([sums(items, 100) for _ in range(3)])
print([closures(60) for _ in range(3)])
print([searches(items, 300) for _ in range(3)])
print([numbers(300) for _ in range(3)])
print([appends(200) for _ in range(3)])
for k in range(12):
    try:
        deep(0)
    except RecursionError as e:
        last = e
print(last)
for k in range(40):
    ping(k)
sys.setrecursionlimit(150)
for k in range(12):
    try:
        ping(10**6)
    except RecursionError as e:
        last = e
print(last)
