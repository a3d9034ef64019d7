# set and frozenset: methods, operators, relations, hashing, mutation during iteration, subclasses.

def show(*sets):
    print(*(f"{type(s).__name__}{sorted(s, key=repr)}" if isinstance(s, (set, frozenset)) else s for s in sets))

s = {3, 1, 2}
s.add(5); s.add(3); s.discard(1); s.discard(99); s.update([7, 8], (9,), "")
show(s, len(s), 7 in s, "7" in s, s == {9, 8, 7, 5, 3, 2}, set() == frozenset())
a, b = set(range(6)), {4, 5, 6}
show(a & b, a | b, a - b, a ^ b, b - a)
show(a.union(b, [10]), a.intersection(b, [5]), a.difference([0], {1}), a.symmetric_difference("ab"))
show(a.issubset(range(9)), a.issuperset([1]), a.isdisjoint([7]), {1} < {1, 2}, {1, 2} <= {1, 2}, {1} > {2}, {1, 3} >= {3})
c = a.copy()
c &= {1, 2, 3}; c |= {9}; c -= {1}; c ^= {2, 100}
show(c)
c.intersection_update([9, 100]); c.difference_update([9]); c.symmetric_difference_update({5})
show(c, c.pop() in (100, 5), len(c))
f = frozenset("abc")
show(f | {"d"}, {"d"} | f, f & {"a"}, type(f - f).__name__, hash(f) == hash(frozenset("cba")), f.copy() is f, frozenset(f) is f)
print({frozenset([1]): "key"}[frozenset([1])], {1} in {frozenset([1])}, {1, True, 1.0}, {(), ""} == {"", ()})
show({x for x in [1, 1, 2]}, set("hello"), {*[1], *(2,)}, set({1: 2}), set(range(0)))
print(repr(set()), repr({1}), repr(frozenset()), repr(frozenset([2])), str({(1, 2)}))

for bad in (lambda: {[]}, lambda: set().pop(), lambda: {1}.remove(2), lambda: {1} + {2}, lambda: {1} | [2], lambda: set(5), lambda: f.add(1),
            lambda: {1} < [1], lambda: hash(set()), lambda: set().add(), lambda: {1}[0], lambda: {{}}, lambda: frozenset([[]])):
    try:
        bad()
    except Exception as e:
        print(type(e).__name__, e)
try:
    grow = {1}
    for x in grow:
        grow.add(x + 1)
except RuntimeError as e:
    print(e)

class S(set):
    def __repr__(self): return "S" + super().__repr__()
sub = S([1])
print(sub, type(sub | {2}).__name__, type(sub.copy()).__name__, sub | {1}, S() == set(), type(sub & sub).__name__)
class Collide:
    def __init__(self, n): self.n = n
    def __hash__(self): return self.n % 2
    def __eq__(self, o): return self.n == o.n
    def __repr__(self): return f"C{self.n}"
many = {Collide(i) for i in range(30)}
many -= {Collide(i) for i in range(10)}
print(len(many), Collide(15) in many, Collide(5) in many, sorted(m.n for m in many)[:3])
big = set(range(1000))
for i in range(0, 1000, 2):
    big.remove(i)
print(len(big), sum(big), 501 in big, 500 in big, max(big))
print(set(map(frozenset, [[1, 2], [2, 1], [3]])) == {frozenset({1, 2}), frozenset({3})})
words = "to be or not to be".split()
print(sorted(set(words)), len(set(words)), sorted(set(words) & set("be or".split())), set(words).issubset(words))
print(set().union(*[{1}, {2}]) == {1, 2}, set.intersection({1, 2}, {2}), bool(set()), bool({0}))
empty, x = set(), {1, 2}
x.clear()
print(x == empty, x is empty, {1, 2} == frozenset({2, 1}), {1} != {1.0}, {1} == [1])
