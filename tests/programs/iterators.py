# The iterator protocol, builtin iterators, itertools.
import itertools as it

class Count:
    def __init__(self, n): self.i, self.n = 0, n
    def __iter__(self): return self
    def __next__(self):
        if self.i >= self.n: raise StopIteration("done")
        self.i += 1
        return self.i
class Reiterable:
    def __iter__(self): return Count(3)
print(list(Count(3)), list(Reiterable()), [*Reiterable(), *Reiterable()], tuple(Count(2)), dict(enumerate(Count(2))), sum(Count(4)), max(Count(5)), "".join(map(str, Count(3))), 2 in Count(3), list(zip(Reiterable(), Reiterable())))
c = Count(5)
for x in c:
    if x == 2: break
print(list(c), list(c), next(c, "default"))
a, *b = Reiterable()
print(a, b, sorted(Reiterable(), reverse=True), set(Count(3)) == {1, 2, 3}, any(x > 2 for x in Reiterable()), all(Reiterable()))
print(list(iter(lambda s=[3, 2, 1]: s.pop(), 3)), next(iter([]), None), list(map(pow, [2, 3], [3, 2])), list(filter(lambda x: x % 2, range(6))), list(zip()), list(zip("abc", it.count())), list(reversed({"a": 1, "b": 2})))
e = enumerate("ab", start=5)
print(next(e), list(e), list(enumerate([], 3)), list(enumerate("x", 2 ** 70))[0][0] == 2 ** 70)
for bad in (lambda: next(iter([])), lambda: iter(5), lambda: next([]), lambda: iter(len, 1)() if 0 else iter(5, 1), lambda: list(Broken()), lambda: reversed({1}), lambda: list(NotIter()), lambda: zip([1], 5), lambda: map(len), lambda: list(map(len, [1])), lambda: enumerate(5), lambda: list(zip([1], [], strict=True)), lambda: dict([(1,)]), lambda: dict(5)):
    try:
        print(bad())
    except Exception as x:
        print(type(x).__name__, x)
class Broken:
    def __iter__(self): return [1]
class NotIter:
    __iter__ = None
for bad in (lambda: list(Broken()), lambda: list(NotIter()), lambda: 1 in NotIter()):
    try:
        print(bad())
    except TypeError as x:
        print(x)

print(list(it.chain("ab", [1])), list(it.chain.from_iterable(["ab", "c"])), list(it.islice(it.count(5, 2), 3)), list(it.islice("abcdef", 1, None, 2)), list(it.repeat("x", 2)), list(it.islice(it.cycle("ab"), 5)))
print(list(it.accumulate([1, 2, 3, 4])), list(it.accumulate([3, 1, 2], max, initial=2)), list(it.compress("abcd", [1, 0, 1, 0])), list(it.dropwhile(lambda x: x < 3, [1, 3, 2])), list(it.takewhile(lambda x: x < 3, [1, 3, 2])), list(it.filterfalse(None, [0, 1, ""])))
print([(k, list(g)) for k, g in it.groupby("aabbbc")], [(k, len(list(g))) for k, g in it.groupby(sorted([3, 1, 4, 1, 5], key=lambda x: x % 2), lambda x: x % 2)], list(it.starmap(pow, [(2, 3), (3, 2)])), list(it.pairwise("abcd")), list(it.batched("abcde", 2)), list(it.zip_longest("ab", [1], fillvalue="-")))
print(list(it.product("ab", [0, 1])), list(it.product([0, 1], repeat=3))[5], list(it.permutations("abc", 2)), list(it.combinations("abcd", 2)), list(it.combinations_with_replacement("ab", 2)), len(list(it.permutations(range(6)))))
x, y = it.tee(Count(4))
print(next(x), next(x), list(y), list(x))
g = it.groupby("aab")
first = next(g)
second = next(g)
print(first[0], list(first[1]), second[0], list(second[1]))
counter = it.count(10, -0.5)
print([next(counter) for _ in range(3)], counter, it.repeat(5), it.repeat(1, 2), it.count(2 ** 63 - 1).__next__() + 1, repr(it.count(1)))
for bad in (lambda: it.islice([], -1), lambda: it.combinations("ab", -1), lambda: list(it.batched("abc", 2, strict=True)), lambda: it.batched("a", 0), lambda: it.repeat(), lambda: it.chain(5).__next__(), lambda: it.accumulate(), lambda: it.count("a"), lambda: it.product(repeat=-1)):
    try:
        print(bad())
    except Exception as x:
        print(type(x).__name__, x)
def take(n, i): return list(it.islice(i, n))
def sieve():
    yield 2
    found = []
    for n in it.count(3, 2):
        if all(n % p for p in it.takewhile(lambda p: p * p <= n, found)):
            found.append(n)
            yield n
print(take(15, sieve()), take(5, (n for n in it.count(1) if str(n) == str(n)[::-1] and n > 9)), sum(take(1000, sieve())))
print(sum(map(lambda p: p[0] * p[1], zip(range(1000), it.count(1)))), len(set(it.chain.from_iterable(it.combinations(range(6), r) for r in range(7)))), dict(zip("abc", it.accumulate(range(1, 4), lambda a, b: a * b))))
data = [1, 2, 3, 4]
i = iter(data)
print(list(zip(i, i)), i.__length_hint__(), [x for x in iter(data) if data.append(x) or len(data) > 8 and data.clear() or True][:3] if False else data)
