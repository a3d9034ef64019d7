# Sorting: stability, keys, reverse, errors, comparison counts, partial orders, heapq and bisect.
import bisect, heapq

data = [("b", 2), ("a", 2), ("c", 1), ("a", 1), ("b", 1)]
print(sorted(data), sorted(data, key=lambda p: p[1]), sorted(data, key=lambda p: p[1], reverse=True), sorted(data, reverse=True))
print(sorted("banana split"), sorted([3, 1.5, True, 2]), sorted({"z": 1, "y": 2}), sorted((3, 1, 2), key=lambda x: -x), sorted([[2], [1, 5], []]), sorted(["B", "a", "C"], key=str.lower))

def lcg(seed):
    while True:
        seed = (seed * 1103515245 + 12345) % 2 ** 31
        yield seed
def take(n, seed, mod):
    gen = lcg(seed)
    return [(next(gen) >> 8) % mod for _ in range(n)]

for n in (0, 1, 2, 31, 32, 33, 63, 64, 65, 127, 500, 2048):
    for mod in (2, 10, 10 ** 6):
        values = take(n, n + mod, mod)
        tagged = [(v, i) for i, v in enumerate(values)]
        by_value = sorted(tagged, key=lambda t: t[0])
        assert by_value == sorted(tagged), (n, mod)
        back = sorted(tagged, key=lambda t: t[0], reverse=True)
        assert back == sorted(tagged, key=lambda t: (-t[0], t[1])), (n, mod)
        copy = list(values); copy.sort(); copy.sort()
        assert copy == sorted(copy[::-1]) and all(a <= b for a, b in zip(copy, copy[1:]))
        strings = sorted(map(str, values))
        assert strings == sorted(strings, key=lambda s: [ord(c) for c in s])
        floats = sorted([v / 7 for v in values], reverse=True)
        assert all(a >= b for a, b in zip(floats, floats[1:]))
print("random lists sorted")

class Counting:
    calls = 0
    def __init__(self, v): self.v = v
    def __lt__(self, o): Counting.calls += 1; return self.v < o.v
def calls(values):
    Counting.calls = 0
    sorted(map(Counting, values))
    return Counting.calls
print(calls(range(1000)), calls(range(1000, 0, -1)), calls([1] * 1000), calls(take(1000, 1, 10 ** 6)) < 9500)

xs = [3, 1, 2]
def key(x):
    try:
        return len(xs)
    finally:
        pass
xs.sort(key=key)
print(xs)
def grow(x):
    xs.append(x)
    return x
try:
    xs.sort(key=grow)
except ValueError as e:
    print(e, xs)
for bad in (lambda: sorted([1, "a"]), lambda: sorted([None, None]), lambda: [1j, 2j].sort(), lambda: sorted([1], key=5), lambda: sorted([1], 5), lambda: sorted(5), lambda: [1].sort(reverse="x"), lambda: sorted([(1, {}), (1, {})]), lambda: sorted([3, 1], key=lambda x: 1 / 0)):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__, e)
partly = [3, 2, "x", 1]
try:
    partly.sort()
except TypeError:
    print(sorted(map(str, partly)))
nan = float("nan")
print(len(sorted([3, nan, 1, 2])), max([nan, 1]), max([1, nan]), min(3, 1, 2), max("apple", "fig", key=len), min([], default="none"), max([[1, 2], [1, 3]]))
rows = [{"name": n, "age": a} for n, a in zip("dcba", (30, 25, 30, 25))]
print([r["name"] for r in sorted(rows, key=lambda r: (r["age"], r["name"]))], [r["name"] for r in sorted(rows, key=lambda r: r["age"])])
heap = []
for v in take(20, 5, 100):
    heapq.heappush(heap, v)
print([heapq.heappop(heap) for _ in range(5)], heapq.nsmallest(3, take(50, 6, 1000)), heapq.nlargest(3, take(50, 6, 1000)), list(heapq.merge([1, 4], [2, 3], [0, 9])), heapq.heappushpop([5, 9], 1), heapq.heapreplace([1, 2], 7))
ordered = [1, 3, 3, 5]
print(bisect.bisect(ordered, 3), bisect.bisect_left(ordered, 3), bisect.insort(ordered, 4), ordered, bisect.bisect([(1, "a"), (2, "b")], 1, key=lambda t: t[0]), bisect.bisect_left(ordered, 9, 1, 3))
