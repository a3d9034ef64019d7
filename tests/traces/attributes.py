# Attributes, methods, properties: what remains is the arithmetic. Shapes and classes are tested before the loop.
class Limited:
    def __get__(self, o, owner):
        return o._limited

    def __set__(self, o, v):
        o._limited = v & 0xffff


class Account:
    rate = 3
    limited = Limited()

    def __init__(self, x):
        self.x = x
        self.total = 0

    def add(self, n):
        self.total = self.total + n

    def scaled(self, k):
        return self.x * k

    @property
    def double(self):
        return self.x + self.x

    @staticmethod
    def half(n):
        return n >> 1

    @classmethod
    def rated(cls, n):
        return n * cls.rate


def reads(a, n):
    s = 0
    for i in range(n):  # no: call new box get shape_is raw_set rebase unbox store_reg
        s += a.x * i
    return s


def writes(a, n):
    for i in range(n):  # no: call new box get shape_is raw_set unbox store_reg
        a.total = i
    return a.total


def methods(a, n):
    s = 0
    for i in range(n):  # no: call new box get shape_is raw_set unbox store_reg
        s += a.scaled(i)
    return s


def changes(a, n):
    for i in range(n):  # no: call new box get shape_is raw_set unbox store_reg
        a.add(i)
    return a.total


def properties(a, n):
    s = 0
    for i in range(n):  # no: call new box get shape_is raw_set unbox store_reg
        s += a.double
    return s


def descriptors(a, n):
    for i in range(n):  # no: call new box raw_set unbox store_reg
        a.limited = a.limited + i
    return a.limited


def static(a, n):
    s = 0
    for i in range(n):
        s += a.half(i)
    return s


def of_class(a, n):
    s = 0
    for i in range(n):  # no: call new box get shape_is raw_set unbox store_reg
        s += Account.rated(i)
    return s


a = Account(7)
print(reads(a, 5000), writes(a, 5000), methods(a, 5000), changes(a, 5000))
a.limited = 1
print(properties(a, 5000), static(a, 5000), of_class(a, 5000), descriptors(a, 5000))
