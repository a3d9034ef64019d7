# Bridges from a loop's way in go to the loop's header: what its first round has not done yet must not be missed there.
class Box:
    def __init__(self, n):
        self.n = n
        self.flag = False
        self.items = [0.5] * 4


def lcg(s):
    return (s * 1103515245 + 12345) & 0x7FFFFFFF


# The branch comes before the variable is written that does not change afterwards.
def invariant(n):
    s, mark, seen = 1, 5, 0
    for i in range(n):
        s = lcg(s)
        if s & 4096:
            seen += mark
            continue
        mark = 7
        seen += mark & 3
    return seen, mark


# Fields are read before the branch and after it; the rare way changes one.
def fields(b, n):
    s, t = 1, 0.0
    for i in range(n):
        s = lcg(s)
        x = b.items[i & 3]
        if s & 4096:
            b.items[i & 3] = x + 1.0
            if s & 0x7F000 == 0x1000:
                b.flag = not b.flag
        else:
            b.items[i & 3] = x - 1.0
        if b.flag:
            t += b.items[0] * 2.0
        else:
            t -= b.items[1]
        b.n = b.n + 1
    return t, b.n, b.flag, b.items


# What is tested of an argument comes after the branch.
def later(n, k, y):
    s, a = 1, 0
    for i in range(n):
        s = lcg(s)
        if s & 4096:
            a += s & 3
            continue
        if k < 10:
            a += 1
        if k < 20:
            a += y
    return a


# The kind of a variable differs from way to way.
def kinds(n):
    s, x, out = 1, 0, 0
    for i in range(n):
        s = lcg(s)
        if s & 4096:
            x = i * 0.5 if s & 8192 else i
        else:
            x = x + 1
        out += int(x)
    return out, x


class Sub(Box):
    pass


# The class of an object is tested behind the branch.
def classes(objs, n):
    s, a = 1, 0
    o = objs[0]
    for i in range(n):
        s = lcg(s)
        if s & 4096:
            if s & 0xFE000 == 0:
                o = objs[s & 1]
            a += 1
            continue
        a += o.n
        o.n = a & 0xFF
    return a, [x.n for x in objs]


for n in 50, 3000, 20000:
    print(invariant(n))
    print(fields(Box(3), n))
    print(later(n, 5, 2), later(n, 15, 2.5), later(n, 25, "no"), later(n, 5, 2**70))
    print(kinds(n))
    print(classes([Box(1), Sub(2)], n))
