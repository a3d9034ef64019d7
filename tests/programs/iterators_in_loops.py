# Iterators over others in loops that become hot: what they give, where they end, and what is left when one fails.
from collections import deque, OrderedDict
from itertools import chain, combinations, combinations_with_replacement, count, islice, pairwise, permutations, product


class Items:
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        for k in range(self.n):
            yield k


def total(make, n=300):
    s = k = 0
    for _ in range(n):
        for x in make():
            k += 1
            s += x if isinstance(x, int) else sum(x)
    return k, s


l, t, e = list(range(7)), (1, 2, 3), []
print(total(lambda: chain(l, t, e, range(4), [5])))
print(total(lambda: chain(e, l, Items(3), t)))
print(total(lambda: chain.from_iterable([l, t, [], l])))
print(total(lambda: chain(deque(l), {1: 2, 3: 4}, {5, 6})))
print(total(lambda: islice(l, 5)), total(lambda: islice(count(3), 2, 20, 3)), total(lambda: islice(l, 1, None, 2)))
print(total(lambda: islice(chain(l, l), 3, 12)), total(lambda: pairwise(l)), total(lambda: pairwise(chain(t, t))))
print(total(lambda: pairwise(Items(4))), total(lambda: islice(Items(9), 2, 5)))
print(total(lambda: combinations(l, 2)), total(lambda: product(t, t)), total(lambda: permutations(t)))
print(total(lambda: combinations_with_replacement(t, 2)), total(lambda: deque(l)), total(lambda: reversed(deque(l))))
print(total(lambda: OrderedDict.fromkeys(l)))


def left(make, stop):
    # The loop is left early many times: the next item is where it was left.
    out = []
    for _ in range(200):
        inner = iter(l)
        outer = make(inner)
        for x in outer:
            if x == stop:
                break
        out.append((next(outer, None), next(inner, None)))
    return set(out)


print(left(lambda i: chain(i, [9]), 3), left(lambda i: islice(i, 0, None, 2), 4), left(lambda i: pairwise(i), (2, 3)))


def changed(n):
    seen = 0
    for k in range(n):
        d = deque(range(10))
        try:
            for x in d:
                seen += 1
                if k % 50 == 49 and x == 5:
                    d.append(1)
        except RuntimeError as e:
            seen += 1000
            last = str(e)
    return seen, last


print(changed(1000))


def text(n):
    # Characters of both kinds.
    s = "a\u00e9b\u20acc\U0001f600d" * 3 + "plain"
    out = 0
    for _ in range(n):
        for c in s:
            out += ord(c)
        it = iter(s)
        next(it)
        out += len(list(it))
    return out


print(text(500), max("h\u00e9llo"), sum(map(ord, "h\u00e9llo")), sorted("\u00e9a\u20ac"), all("\u00e9a"))
d = {i: i * i for i in range(50)}
print(sum(d.values()), max(d.values()), min(d), sum(k + v for k, v in d.items()), any(d.values()), sorted(d.items())[3])
print(sum(reversed(l)), max(zip(l, l)), min(enumerate(l)), sum({1, 2, 3}))
