# Places of elements that were removed are used again: it decides about the order, and about what many additions and
# removals cost.
import time

M = 1024


def order(s):
    return [x // M if x >= M else -x for x in s]


s = set()
for i in range(3):
    s.add(i * M)
s.discard(0)
s.discard(M)
s.add(7 * M)
s.add(1)
print(order(s))
s = set(i * M for i in range(4))
s.discard(0)
s.discard(2 * M)
s.add(9 * M)
print(order(s))
s = set(i * M for i in range(4))
s -= {0, M, 2 * M}
s.add(9 * M)
s.add(8 * M)
print(order(s))
for x in list(s):
    s.remove(x)
s.add(5 * M)
s.add(3)
s.add(6 * M)
print(order(s), len(s))
s.pop()
s.update([11 * M, 12 * M])
print(order(s))


class Key:
    # Compared by Python code.
    def __init__(self, n):
        self.n = n

    def __hash__(self):
        return 5

    def __eq__(self, other):
        return self.n == other.n

    def __repr__(self):
        return str(self.n)


s = {Key(i) for i in range(6)}
s.discard(Key(1))
s.discard(Key(3))
s.add(Key(10))
s.add(Key(5))
print(s, len(s), Key(10) in s, Key(3) in s)
s.add(Key(11))
s.add(Key(12))
print(s, len(s))

s = {str(i) for i in range(40)}
for k in range(2000):
    s.add("x")
    s.remove("x")
    s.add(("t", k % 7))
    s.discard(("t", (k + 3) % 7))
print(len(s), sorted(map(str, s))[:3], "x" in s)


# As many elements again do not make it slower by as much.
def cost(n):
    s = set(range(n))
    best = 1e9
    for _ in range(5):
        t = time.perf_counter()
        for _ in range(2000):
            s.add(-5)
            s.discard(-5)
        best = min(best, time.perf_counter() - t)
    return best


print(cost(20000) < 30 * cost(20))
