# Loops that meet values of other kinds later, inner loops that are always left in the same round, slices of lists.


class P:
    def __init__(self, x):
        self.x = x

    def __add__(self, o):
        return P(self.x + (o.x if isinstance(o, P) else o))

    __radd__ = __add__

    def __mul__(self, o):
        return P(self.x * o)

    def __repr__(self):
        return f"P({self.x})"


class Q(P):
    pass


def dot(u, k):
    s = 0
    for j, x in enumerate(u):
        s = s + x * (j + k)
    return s


def scaled(u, out):
    for x in u:
        if x:
            out.append(x)
    return len(out)


def kinds(n):
    res = []
    made = [
        [1] * 40,
        [0.5] * 40,
        [1, 2.5] * 20,
        [P(1)] * 40,
        [Q(2), P(1)] * 20,
        [10**30] * 40,
        [True] * 40,
        [0.0, 0, 1] * 14,
    ]
    for i in range(n):
        u = made[i // 11 % len(made)]
        res.append(dot(u, i))
        res.append(scaled(u, []))
        if len(res) > 300:
            del res[:298]
    return res


def inner(n, m):
    t = 0
    data = [(i, float(i)) for i in range(m)]
    for i in range(n):
        for a, b in data:
            t += a
        for a, b in data:
            t += b
        k = 0
        while True:
            k += 1
            if k == m:
                break
            t -= 1
    return t


def broken(n):
    out = 0
    for i in range(n):
        try:
            for x in (1, 2, 3, 4, 5 if i % 7 else None):
                out += x
        except TypeError as e:
            out += len(str(e))
    return out


def slices(n):
    out = []
    src, other, pair = list(range(10)), ["a", "b", 3.5, None, 7], (1, 2)
    for i in range(n):
        k = i % 7
        a = src[:]
        a[: k + 1] = a[k::-1]
        a[1:3] = pair
        a[k:] = other[::-2]
        out.append(a[-3:])
        out.append(a[::3])
        out.append(a[5:2:-1])
        out.append(a[10:20])
        a[2:2] = a
        a[i % 3 : i % 5] = ()
        out.append(a[None:k:None])
        b = a[1:]
        b[-2:] = [k, k]
        b[5:3] = [0]
        out.append(b)
        try:
            b[::2] = [1]
        except ValueError as e:
            out.append(str(e))
        try:
            b[:: k - 3]
        except ValueError as e:
            out.append(str(e))
        del out[:-12]
    return out


def powers(n):
    out = []
    for i in range(n):
        x = (i % 9 + 1) * 0.75
        out.append(x**-1.5 + x**2 + x**0.5 + (-x) ** 3)
        del out[:-4]
    for base, e in [(0.0, -1.0), (1e300, 2), (-1e300, 3), (-2.0, 0.5), (float("inf"), 0.5), (float("nan"), 2)]:
        try:
            out.append(repr(base**e))
        except (OverflowError, ZeroDivisionError) as x:
            out.append(str(x))
    return out


print(kinds(600)[-40:])
for m in range(1, 12):
    print(inner(400, m), end=" ")
print()
print(broken(2000))
print(slices(1500))
print(powers(1500))
