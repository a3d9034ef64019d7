"""Tuples of numbers and strings in order: by the first items that differ, whatever they are."""
import heapq

nan = float("nan")
values = [0, 1, -1, 1.0, 0.0, -0.0, 2.5, 1e300, 1e-320, float("inf"), nan, "", "a", "b", "\u00e9", "\U0001f600", True, None, 2**70, (1,), (1.0, "a")]
ops = {"<": lambda a, b: a < b, "<=": lambda a, b: a <= b, "==": lambda a, b: a == b, "!=": lambda a, b: a != b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b}


def result(f, a, b):
    try:
        return {True: "T", False: "F"}[f(a, b)]
    except TypeError:
        return "E"


for x in values:
    print(repr(x), *("".join(result(f, (x, 1), (y, 2)) for y in values) for f in ops.values()))
    print("same", *("".join(result(f, (7, x), (7, y)) for y in values) for f in ops.values()))
print((nan,) == (nan,), (nan,) < (nan,), (nan, 1) < (nan, 2), (float("nan"), 1) < (nan, 2), (1, 2) < (1, 2, 3), () < (1,))


class Event:
    def __init__(self, time, order):
        self.time, self.order = time, order

    def __lt__(self, other):
        return (self.time, self.order) < (other.time, other.order)


heap = []
for i in range(300):
    heapq.heappush(heap, Event((i * 7919 % 101) / 4, i))
    heapq.heappush(heap, Event(i * 31 % 17, -i))
out = [heapq.heappop(heap) for _ in range(len(heap))]
print([(e.time, e.order) for e in out[::40]], sorted([(b, a) for a, b in enumerate("hello wörld")])[:4])
