# Native functions that call Python code hold on to views that nothing else refers to.
import functools


def blocked(b):
    try:
        b.append(1)
    except BufferError:
        return 1
    return 0


def by_key(b):
    return max(memoryview(b), key=lambda x: -blocked(b))


def by_reduce(b):
    return functools.reduce(lambda a, x: a + blocked(b), memoryview(b), 0)


def by_map(b):
    return sum(map(lambda x: blocked(b), memoryview(b)[1:]))


def by_list(b):
    return sum([*map(lambda x: blocked(b), iter(memoryview(b)))])


class Eq:
    def __init__(self, b):
        self.b = b
        self.n = 0

    def __eq__(self, other):
        self.n += blocked(self.b)
        return False


def by_contains(b):
    e = Eq(b)
    e in memoryview(b)
    return e.n


def by_generator(b):
    return sum(blocked(b) for x in memoryview(b)[::2])


for f in by_key, by_reduce, by_map, by_list, by_contains, by_generator:
    seen = {}
    for i in range(200):
        b = bytearray(range(8))
        r = str(f(b)), len(b)
        seen[r] = seen.get(r, 0) + 1
    print(f.__name__, seen)
