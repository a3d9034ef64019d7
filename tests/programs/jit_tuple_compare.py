"""Comparisons of tuples in hot code: as keys of orderings, with floats that are not numbers, with items of all kinds."""
import heapq


class Event:
    def __init__(self, time, order):
        self.time = time
        self.order = order

    def __lt__(self, other):
        return (self.time, self.order) < (other.time, other.order)


events = []
for i in range(2000):
    heapq.heappush(events, Event((i * 7919 % 101) / 4, i))
print([(e.time, e.order) for e in (heapq.heappop(events) for _ in range(6))])
print(sum(heapq.heappop(events).order * k for k in range(1500)))

nan = float("nan")
items = [0, 1, 2.5, nan, float("nan"), "a", "b", -1, 2**70, 0.0, -0.0, "ab", True]


def count(pairs):
    n = [0] * 6
    bad = 0
    for x, y in pairs:
        try:
            n[0] += (x, 1) < (y, 2)
            n[1] += (x, 1) <= (y, 1)
            n[2] += (1, x) > (1, y)
            n[3] += (1, x) >= (1, y)
            if (x, y) == (y, x):
                n[4] += 1
            if (x, 1) != (y, 1):
                n[5] += 1
        except TypeError as e:
            bad += len(str(e))
    return n, bad


pairs = [(x, y) for x in items for y in items]
for _ in range(30):
    r = count(pairs)
print(r)
numbers = [(x, y) for x in range(-8, 8) for y in range(-8, 8)]
floats = [(x / 2, y / 2) for x, y in numbers] + [(nan, nan), (nan, 1.0), (1.0, nan)]
words = [(chr(97 + x % 5) * (y % 3), chr(97 + y % 5)) for x, y in numbers]
for p in numbers, floats, words:
    for _ in range(10):
        r = count(p)
    print(r)


def versions(l):
    best = (0, 0, 0)
    for a, b, c in l:
        if (a, b, c) > best:
            best = (a, b, c)
        elif (a, b) == best[:2] and c < 0:
            best = best + ()
    return best


print(versions([(i % 3, i * 7 % 11, i * 5 % 13) for i in range(3000)]))
print(sorted(((i * 37 % 10) / 2, str(i % 7), i) for i in range(500))[::97])
