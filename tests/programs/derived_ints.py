# Instances of classes derived from int in hot loops: IntEnum members are compared and computed with by their values.
from enum import IntEnum, IntFlag, StrEnum
from collections import namedtuple
import operator


class Op(IntEnum):
    PUSH = 0
    ADD = 1
    NEG = -1
    BIG = 1 << 70
    WIDE = (1 << 61) + 3
    HALT = 7


class Perm(IntFlag):
    R = 4
    W = 2
    X = 1


class Odd(int):
    def __add__(self, other):
        return "added"

    def __eq__(self, other):
        return other == 5

    __hash__ = int.__hash__


class Color(StrEnum):
    RED = "r"
    BLUE = "b"


Point = namedtuple("Point", "x y")


def machine(code):
    stack, seen = [], []
    for op in code:
        match op:
            case Op.PUSH:
                stack.append(len(stack))
            case Op.ADD:
                stack.append(stack.pop() + op)
            case Op.NEG:
                stack.append(-stack.pop())
            case Op.BIG | Op.WIDE:
                seen.append(op % 1000)
            case _:
                break
    return sum(stack), len(seen), seen[:2]


def numbers():
    total = 0
    for i in range(3000):
        for m in (Op.ADD, Op.NEG, Op.PUSH, Op.HALT):
            total += m * 2 - i
            if m < i % 9:
                total += 1
            if m:
                total += m << 3
            if m == i:
                total -= m & 5 | 2
    return total, type(Op.ADD + Op.HALT), type(Op.ADD * 1)


def flags():
    n = 0
    for i in range(3000):
        p = Perm.R if i & 1 else Perm.W
        n += (p | Perm.X) == 5
        n += bool(p & Perm.R)
        n += p > 2
    return n


def odd():
    r = []
    for i in range(2000):
        x = Odd(i)
        r.append((x + 1, x == 5, x < 7, x - 1 == i - 1))
    return len(set(map(str, r))), r[3], r[1000]


def others():
    n = 0
    for i in range(3000):
        c = Color.RED if i & 1 else Color.BLUE
        n += c == "r"
        n += c != Color.BLUE
        n += Point(i, 2) == Point(i, i % 3)
        n += Point(1, 2) < (i, 0)
    return n


def changed():
    class M(int):
        pass

    r, x = [], M(3)
    for i in range(4000):
        if i == 3000:
            M.__eq__ = lambda self, other: "yes"
            M.__hash__ = int.__hash__
        r.append(x == 3)
    return r.count(True), r.count("yes")


class Env(dict):
    pass


class Asked(dict):
    def __contains__(self, key):
        return key == "asked"


def lookups():
    e, a, none, n = Env(a=1), Asked(a=1), {}, 0
    for i in range(3000):
        n += "a" in e
        n += "b" in e
        n += i % 3 in e
        n += "a" in a
        n += "asked" in a
        n += i in none
        n += "x" not in none
    return n


def operators():
    table = {"+": operator.add, "-": operator.sub, "*": operator.mul, "<": operator.lt, "==": operator.eq, "%": operator.mod}
    out = []
    for x, y in ((3, 4), (2.5, 4), (1.5, 0.25), (1 << 60, 1 << 60), ("a", "b"), ([1], [2]), (7, -2)):
        for name, f in table.items():
            r = None
            for _ in range(600):
                try:
                    r = f(x, y) if _ & 1 else f(*(x, y))
                except TypeError:
                    r = "no"
            out.append(r)
    return out


print(machine([Op.PUSH, Op.PUSH, Op.ADD, Op.NEG, Op.BIG, Op.WIDE] * 600 + [Op.HALT]))
print(numbers())
print(flags())
print(odd())
print(others())
print(changed())
print(lookups())
print(operators())
