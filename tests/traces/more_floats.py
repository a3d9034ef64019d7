# Floats stay in registers of doubles, through attributes, calls and mixed arithmetic.
import math
from operator import index


class Vector:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def dot(self, other):
        return self.x * other.x + self.y * other.y


def mixed(n):
    s = 0.0
    for i in range(n):  # no: call new box get shape_is raw_set unbox store_reg
        s += i * 0.5 - 1
    return s


def dots(v, w, n):
    s = 0.0
    for i in range(n):  # no: call new box get shape_is raw_set unbox store_reg
        s = s + v.dot(w)
    return s


def newton(x, n):
    g = 1.0
    for i in range(n):  # no: call new box get shape_is raw_set unbox store_reg
        g = (g + x / g) * 0.5
    return g


def roots(n):
    s = 0.0
    for i in range(n):  # no: call new box raw_set unbox store_reg
        s += math.sqrt(i)
    return s


def compares(n):
    x = 0.5
    k = 0
    while k < n:  # no: call new box get shape_is raw_set unbox store_reg
        x = 3.7 * x * (1.0 - x)
        if x > 2.0:
            break
        k = k + 1
    return x


def whole(n):
    s = 0
    for i in range(n):  # no: call_ref new box get shape_is raw_set unbox store_reg
        s += int(i * 0.75) + index(i).bit_length() + int(i)
    return s


v, w = Vector(1.5, 2.0), Vector(0.25, 4.0)
print(mixed(5000), dots(v, w, 5000), newton(2.0, 5000), roots(5000), compares(5000), whole(5000))
