# Deques that a comparison changes; comparisons of deques; repeating them very often.
import sys
from collections import deque


class Changes:
    def __init__(self, d, act, result):
        self.d, self.act, self.result = d, act, result

    def __eq__(self, other):
        self.act(self.d)
        return self.result

    __lt__ = __eq__

    def __repr__(self):
        return "C"


def shift(d):
    d.append(9)
    d.popleft()


acts = [shift, lambda d: d.append(5), lambda d: d.clear(), lambda d: d.rotate(1), lambda d: d.reverse()]
for name in ["remove", "index", "count", "__contains__"]:
    for act in acts:
        for result in (True, False):
            d = deque([1, 2, 3])
            try:
                r = getattr(d, name)(Changes(d, act, result))
            except Exception as e:
                r = f"{type(e).__name__}: {e}"
            print(name, r, list(d))
for name in ["__eq__", "__ne__", "__lt__", "__ge__"]:
    for act in acts:
        a, b = deque([1, 2, 3]), deque([1, 2, 3])
        b[0] = Changes(b, act, True)
        try:
            print(name, getattr(b, name)(a))
        except Exception as e:
            print(name, type(e).__name__, e)


class Never:
    def __eq__(self, other):
        return False


class Items(deque):
    def __iter__(self):
        return iter([1, 2])


d = deque([Never()])
print(d == d, d != d, d == deque(d))
nan = deque([float("nan")])
print(nan == nan, nan == deque(nan), nan < nan, nan <= nan)
print(Items([5, 6]) == deque([1, 2]), Items([5, 6]) == deque([1, 2, 3]), Items([5]) < deque([1, 2, 3]))
for a, b in [([1, 2], [1, 3]), ([1, 2], [1, 2, 3]), ([], [1]), ([2], [1, 5])]:
    a, b = deque(a), deque(b)
    print(a < b, a <= b, a > b, a >= b, a == b, a != b)

i = iter(d := deque([1, 2, 3]))
print(next(i))
d.reverse()
print(next(i), d)

print(deque() * sys.maxsize, deque([], 0) * 10**15, deque([1], 2) * sys.maxsize)
print(deque([1, 2, 3], 5) * 10**15, deque([1, 2, 3], 3) * 2, deque([1, 2], 5) * 2, deque([1, 2], 5) * 0)
d = deque([1, 2, 3], 7)
d *= 10**16
print(d)
try:
    deque([1, 2, 3], 5) * sys.maxsize
except MemoryError:
    print("MemoryError")
print(deque([1], sys.maxsize) * 3, deque([1, 2], sys.maxsize) * 2)
