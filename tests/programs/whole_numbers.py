# int() of numbers, operator.index and int.bit_length in hot loops, also where the values change.
from operator import index


class F(float):
    def __int__(self):
        return 7


class I(int):
    def __index__(self):
        return 11

    def bit_length(self):
        return 13


def whole(xs):
    out = []
    for x in xs:
        try:
            out.append(int(x))
        except (ValueError, OverflowError) as e:
            out.append(type(e).__name__)
    return out


def bits(xs):
    s = []
    for x in xs:
        s.append(x.bit_length())
    return s


def indices(xs):
    s = []
    for x in xs:
        try:
            s.append(index(x))
        except TypeError as e:
            s.append(str(e))
    return s


def tally(l):
    d = {}
    for x in l:
        d[x] = d.get(x, 0) + 1
    return list(d.items())


floats = [0.5, -0.5, -0.0, 1.99, -1.99, 2.0**59, -(2.0**59), 1.5e15]
odd = [2.0**60, -(2.0**60), 2.0**62, 2.0**63, -(2.0**63), 1e300, float("nan"), float("inf"), -float("inf"), F(2.5), True,
       "12", b"3", I(5), 2**70, -3]
print(tally(whole(floats * 400)))
print(tally(whole(floats * 400 + odd)))
for x in odd:
    print(tally(whole(floats * 200 + [x] * 200 + floats)))
ints = [0, 1, -1, 2, 3, -4, 255, 256, 2**40, -(2**40), 2**61, -(2**61)]
print(tally(bits(ints * 300)))
print(tally(bits(ints * 300 + [2**62, -(2**62), 2**63, 2**200, True, I(3)] * 300)))
print(tally(indices(ints * 300)))
print(tally(indices(ints * 300 + [True, I(3), 2**99, 1.5, "a"] * 300)))
print(sum(int(i / 7) for i in range(5000)), sum(int(-i / 7) for i in range(5000)))
