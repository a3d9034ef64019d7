# list and tuple: methods, slices, aliasing, growth while iterating, comparison, multiplication, errors.

a = [3, 1, 2]
a.append(5); a.extend("xy"); a.insert(1, "ins"); a.insert(-100, "first"); a.insert(100, "last")
print(a, a.index(5), a.count("x"), a.pop(), a.pop(0), a.pop(-2), len(a))
a.remove("ins"); a.reverse()
print(a, a[0], a[-1], a[1:3], a[::-1], a[10:], a[-100:2], a[::2])
b = a.copy(); b += (1,); b *= 2
print(a, b, a + [0], [0] * 3, 2 * [1, 2], [] * 5, [1] * -1)
print([1, 2] < [1, 3], [1, 2] < [1, 2, 0], [] < [0], [1, "a"] == [1, "a"], (1, 2) == [1, 2], [float("nan")] == [float("nan")])
nan = float("nan")
print([nan] == [nan], nan in [nan], [1, True, 1.0].index(True), [0.0].count(False))

# Slice assignment and deletion.
s = list(range(10))
s[2:5] = "ab"
s[:0] = [-1]
s[len(s):] = ["end"]
print(s)
s[::3] = [None] * len(s[::3])
del s[1:3], s[-1]
print(s)
s[1:1] = s
print(s, len(s))
s[::-1] = range(len(s))
print(s)
del s[::2]
print(s)
for bad in (lambda: s.__setitem__(slice(0, 4, 2), [1]), lambda: s[99], lambda: s.__setitem__(99, 0), lambda: s.index("no"), lambda: s.remove("no"),
            lambda: [].pop(), lambda: s.pop(99), lambda: s["a"], lambda: s + (1,), lambda: s * 1.5, lambda: s.__setitem__(slice(0, 1), 5),
            lambda: s[::0], lambda: list(5), lambda: [1] < ["a"], lambda: s.insert(0), lambda: (1,)[1], lambda: hash([1]), lambda: hash(([],)),
            lambda: s.index(1, 2, 3, 4), lambda: [].sort(1), lambda: (1).append, lambda: [1, 2].sort(key=1)):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__, e)

# Aliasing, nesting, iteration while growing or shrinking.
row = [0] * 2
grid = [row] * 2
grid[0][0] = 1
print(grid, [[0] * 2 for _ in range(2)])
grow = [1, 2, 3]
for x in grow:
    if len(grow) < 8:
        grow.append(x * 10)
print(grow)
shrink = list(range(8))
for x in shrink:
    shrink.remove(x)
print(shrink)
me = [1]
me.append(me)
print(me, me[1][1][0], repr((me,)))
it = iter(x := [1, 2])
print(next(it), x.append(3), list(it), list(it))
x.append(4)
print(list(it), it.__length_hint__())

# Unpacking and star.
first, *rest = [1, 2, 3]
*init, last = "abc"
(p, q), [r, *t] = (1, 2), [3]
print(first, rest, init, last, p, q, r, t, [*rest, *"z", *{9: 0}], (*init,), {*rest, 2})
for bad in ("a, b = 1,", "a, b = 1, 2, 3", "a, *b, c = 1,", "a, b = 5"):
    try:
        exec(bad)
    except (ValueError, TypeError) as e:
        print(e)

t = (1, [2], "three")
t[1].append(4)
print(t, t + (5,), t * 2, t[::-1], t.index("three"), t.count(1), (), (1,), tuple("ab"))
try:
    t[1] += [6]
except TypeError as e:
    print(e, t)
class L(list):
    def __getitem__(self, i): return f"item {i}"
    def __repr__(self): return f"L({super().__repr__()})"
l = L([1, 2])
print(l, l[0], l[1:], list(l), l + [3], type(l + [3]).__name__, type(l.copy()).__name__, type(l[:]).__name__)
from collections import deque, namedtuple
q = deque([1, 2, 3], maxlen=4)
q.append(4); q.append(5); q.appendleft(0); q.rotate(1)
print(q, q[0], q.pop(), q.popleft(), list(reversed(q)), q.index(2), q == deque([1, 2]))
P = namedtuple("P", "x y z", defaults=[9])
pt = P(1, y=2)
print(pt, pt.y, pt[2], pt._replace(x=5), pt._asdict(), P._make("abc"), pt == (1, 2, 9), P._fields)
print(sorted([3, 1, 2], reverse=True), list(reversed([1, 2])), sum([[1], [2]], []), min([4, 2]), max("ab", "b", key=len), all([]), any([]))
print(list(map(lambda a, b: a * b, [1, 2], [3, 4, 5])), list(filter(None, [0, 1, "", "a"])), list(zip([1, 2], "ab")), list(enumerate("ab", 1)))
try:
    list(zip([1], [1, 2], strict=True))
except ValueError as e:
    print(e)

# A list that is its own source is not asked for its iterator; sorting an empty list changes nothing.
class Own(list):
    def __iter__(self):
        self.clear()
        return iter([7])
own = Own([1, 2])
own.extend(own)
print(list.__repr__(own))
own += own
print(list.__repr__(own))
own.extend(Own([3]))
print(list.__repr__(own))
empty = []
empty.sort(key=lambda x: 1 / 0)
print(empty)
inner = [3, 1, 2]
def key(x):
    inner.sort()
    return x
inner.sort(key=key)
print(inner)
