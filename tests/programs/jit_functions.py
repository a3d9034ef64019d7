"""Hot functions without loops: recursion, calls from native code, exceptions and exits on the way, deep recursion."""
import sys


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


print(fib(18))


class Num:
    def __init__(self, v):
        self.v = v

    def eval(self, env):
        return self.v


class Var:
    def __init__(self, name):
        self.name = name

    def eval(self, env):
        return env[self.name]


class Bin:
    def __init__(self, op, left, right):
        self.op = op
        self.left = left
        self.right = right

    def eval(self, env):
        a = self.left.eval(env)
        b = self.right.eval(env)
        if self.op == "+":
            return a + b
        if self.op == "-":
            return a - b
        if self.op == "/":
            return a / b
        return a * b


def tree(depth, k=0):
    if depth == 0:
        return Num(k) if k % 2 else Var("x")
    return Bin("+-*"[k % 3], tree(depth - 1, k + 1), tree(depth - 1, k + 2))


t = tree(7)
print(sum(t.eval({"x": 3}) % 7 for _ in range(40)))
for i in range(3):
    try:
        t.eval({"y": 1})
    except KeyError as e:
        n = 0
        tb = e.__traceback__
        while tb is not None:
            n += 1
            tb = tb.tb_next
        print("KeyError", e, n)
print(t.eval({"x": 2.5}) != 0, t.eval({"x": 10**30}) % 1000007)


def flat(x):
    if isinstance(x, list):
        out = []
        for y in x:
            out += flat(y)
        return out
    return [x]


nested = [1, [2, [3, [4, 5], 6], [7]], [[8], 9], 10]
for _ in range(300):
    r = flat(nested)
print(r)


def key(x):
    y = x * 3 % 17
    z = y + x * 2 % 5
    if z > 10:
        z -= 3
    w = z * 2 + y
    if w % 3 == 1:
        w = w * 5 - x % 7
    elif w % 3 == 2:
        w = w * 3 + x % 11
    return w + z - y


print(sorted(range(3000), key=key)[:12])
print(sum(map(key, range(5000))))


# Results of all kinds of callers: comparisons, constructors, properties, item access.
class Money:
    def __init__(self, n, cents=0):
        self.n = n + cents // 100
        self.cents = cents % 100
        if self.n < 0:
            raise ValueError(self.n)

    def __lt__(self, other):
        if self.n == other.n:
            return self.cents < other.cents
        return self.n < other.n

    def __add__(self, other):
        total = (self.n + other.n) * 100 + self.cents + other.cents
        return Money(total // 100, total % 100)

    @property
    def text(self):
        s = str(self.n) + "."
        if self.cents < 10:
            s += "0"
        return s + str(self.cents)

    def __getitem__(self, i):
        if i == 0:
            return self.n
        if i == 1:
            return self.cents
        raise IndexError(i)


coins = [Money(i * 7 % 50, i * 13 % 250) for i in range(700)]
total = Money(0)
for c in sorted(coins):
    total = total + c
print(total.text, max(coins).text, [c[0] + c[1] for c in coins[:8]])
bad = 0
for i in range(400):
    try:
        Money(i % 5 - 1)
    except ValueError:
        bad += 1
print(bad)


# Frames on the way, looked at from within.
def depth(n):
    if n == 0:
        f = sys._getframe()
        k = 0
        while f is not None and f.f_code is depth.__code__:
            k += 1
            assert f.f_locals["n"] == k - 1
            f = f.f_back
        return k
    return depth(n - 1)


print([depth(20) for _ in range(200)][-1])


def count(n):
    return 0 if n == 0 else 1 + count(n - 1)


for _ in range(200):
    count(30)
try:
    count(10**6)
except RecursionError as e:
    print("RecursionError:", e)
sys.setrecursionlimit(60_000)
print(count(50_000))


# A class and a global that change while functions rely on them.
def scale(x):
    return helper(x) * 2 + helper(x + 1) * 3 + helper(x + 2) * 4 + helper(x - 1) * 5


def helper(x):
    return x + 1


print(sum(scale(i) for i in range(3000)))


def helper(x):
    return x - 1


print(sum(scale(i) for i in range(3000)))


def even(n):
    return True if n == 0 else odd(n - 1)


def odd(n):
    return False if n == 0 else even(n - 1)


print(sum(even(i % 50) for i in range(3000)))


def boom(n):
    if n == 0:
        raise LookupError("bottom")
    return boom(n - 1) + 1


def caught(n):
    try:
        return boom(n)
    except LookupError as e:
        return len(str(e))


print(sum(caught(i % 9) for i in range(2000)))


def hanoi(n, a, b, c, moves):
    if n:
        hanoi(n - 1, a, c, b, moves)
        moves.append((a, c))
        hanoi(n - 1, b, a, c, moves)


moves = []
hanoi(10, "a", "b", "c", moves)
print(len(moves), moves[:4], moves[-1])
