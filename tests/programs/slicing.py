# Slices and ranges: index arithmetic on every sequence type, slice objects, range's behaviour.

bounds = [None, 0, 1, 3, 7, 99, -1, -3, -7, -99]
steps = [None, 1, 2, 3, -1, -2, 50, -50]
base = list(range(7))
total = 0
for start in bounds:
    for stop in bounds:
        for step in steps:
            s = slice(start, stop, step)
            expected = [base[i] for i in range(*s.indices(7))]
            got = [base[s], list(tuple(base)[s]), [int(c) for c in "0123456"[s]], list(bytes(base)[s]), list(bytearray(base)[s]), list(range(7)[s]), memoryview(bytes(base))[s].tolist()]
            assert all(g == expected for g in got), (start, stop, step)
            copy = base[:]
            del copy[s]
            assert copy == [x for x in base if x not in expected], (start, stop, step)
            copy = base[:]
            copy[s] = [x * 10 for x in expected]
            assert copy == [x * 10 if x in expected else x for x in base], (start, stop, step)
            total += len(expected)
print(total)

s = slice(1, "b", [3])
print(s, s.start, s.stop, s.step, slice(5), slice(None), slice(1, 2) == slice(1, 2, None), slice(1) < slice(2), hash(slice(1, 2)) == hash(slice(1, 2)), slice(10, None, -3).indices(7), slice(2 ** 70).indices(5))
class Show:
    def __getitem__(self, k): return k
x = Show()
print(x[1], x[1:2], x[::], x[1, 2], x[1:2, ...], x[()], x[*[1, 2]], x[1:, *(3,)], x[-1:"a":None], x[lambda: 0 if 0 else 1].__name__)
class Idx:
    def __init__(self, n): self.n = n
    def __index__(self): return self.n
print(base[Idx(1):Idx(5):Idx(2)], "hello"[Idx(-1)], base[True:], base[2 ** 80:], base[:-(2 ** 80)], [base[i] for i in (Idx(0), -1, True)])
for bad in (lambda: base["a":], lambda: base[1.0:], lambda: base[::0], lambda: base[1:2, 3], lambda: "abc"[::"x"], lambda: slice(), lambda: slice(1, 2).indices(-1), lambda: range(5)[::0], lambda: base[2 ** 80], lambda: setattr(s, "start", 1),
            lambda: {}[1:2], lambda: base.__setitem__(slice(None, None, 2), [1]), lambda: b"abc"[9], lambda: (1, 2)[2], lambda: range(3)[3], lambda: "abc".__setitem__(0, "x")):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__, e)

r = range(10, -10, -3)
print(r, list(r), len(r), r[0], r[-1], r[1:3], r[::-1], 7 in r, 8 in r, 7.0 in r, "x" in r, r.index(1), r.count(4), r.start, r.stop, r.step, bool(range(0)), reversed(r)[0] if 0 else list(reversed(r))[:2])
print(range(5) == range(0, 5, 1), range(0) == range(2, 1), range(1, 6, 2) == range(1, 7, 2), hash(range(0)) == hash(range(3, 1)), {range(3): 1}[range(0, 3)], range(3) != [0, 1, 2], repr(range(1, 2)), repr(range(0, 5, 2)))
big = range(2 ** 65, 2 ** 65 + 10, 3)
print(list(big)[-1] - 2 ** 65, big[2] - 2 ** 65, 2 ** 65 + 3 in big, big.index(2 ** 65 + 9), len(big), range(2 ** 63, 2 ** 63 + 2)[-1], max(range(-5, 5)), sum(range(101)))
it = iter(range(3))
print(next(it), it.__length_hint__(), list(it), next(it, "end"), type(it).__name__, type(iter(big)).__name__)
for bad in (lambda: range(1.5), lambda: range(1, 2, 0), lambda: range("a"), lambda: range(5).index(9), lambda: len(range(2 ** 64)), lambda: range(1, 2, 3, 4), lambda: hash(range(5)[1:]) and range(3) < range(4)):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__, e)
m = list(range(10))
m[2:8:2] = "abc"
m[1:1] = [True]
m[-2:] = ()
m[5:3] = [None]
del m[::3]
print(m)
nested = [[1, 2], [3, 4]]
shallow = nested[:]
shallow[0].append(9); shallow.append(5)
print(nested, shallow, [row[::-1] for row in nested][::-1])
class Seq:
    def __len__(self): return 4
    def __getitem__(self, i):
        if isinstance(i, slice):
            return [self[k] for k in range(*i.indices(len(self)))]
        if i < 0: i += len(self)
        if not 0 <= i < len(self): raise IndexError(i)
        return i * i
print(Seq()[1:], Seq()[-1], Seq()[::-2], list(Seq()), 9 in Seq(), list(reversed(Seq())))
