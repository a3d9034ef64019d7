# Special methods in Python behind conditions, builtin functions, loops and attributes are part of the loop.
class Range:
    def __init__(self, low, high):
        self.low, self.high = low, high

    def __contains__(self, x):
        return self.low <= x < self.high

    def __len__(self):
        return self.high - self.low

    def __abs__(self):
        return self.low


class Switch:
    def __init__(self, on):
        self.on = on

    def __bool__(self):
        return self.on

    def __next__(self):
        return 3


class Proxy:
    def __init__(self, of):
        self._of = of

    def __getattr__(self, name):
        return self._of.low


def inside(r, n):
    s = 0
    for i in range(n):  # no: call new box get shape_is raw_set unbox store_reg
        if i in r:
            s += 1
    return s


def outside(r, n):
    s = 0
    for i in range(n):  # no: call new box get shape_is raw_set unbox store_reg
        if i not in r:
            s += 1
    return s


def lengths(r, n):
    s = 0
    for i in range(n):  # no: call new box get shape_is raw_set unbox store_reg
        s += len(r)
        if r:
            s += abs(r)
        if not r:
            s += 1
    return s


def switches(a, n):
    s = 0
    for i in range(n):  # no: call new box get shape_is raw_set unbox store_reg
        if a:
            s += next(a)
        if bool(a):
            s += 1
    return s


def hooks(p, n):
    s = 0
    for i in range(n):  # no: new box raw_set unbox store_reg
        s += p.missing
    return s


r = Range(10, 10**9)
assert inside(r, 20000) == 19990
assert outside(r, 20000) == 10
assert lengths(r, 20000) == 20000 * (10**9)
assert switches(Switch(True), 20000) == 80000
assert hooks(Proxy(r), 20000) == 200000
