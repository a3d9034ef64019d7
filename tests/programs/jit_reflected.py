# Comparisons and operators whose first method answers NotImplemented: the other's method runs where the first one's
# registers were.
import functools


@functools.total_ordering
class Largest:
    def __eq__(self, other): return isinstance(other, Largest)
    def __lt__(self, other): return False


@functools.total_ordering
class Smallest:
    def __eq__(self, other): return isinstance(other, Smallest)
    def __gt__(self, other): return False


@functools.total_ordering
class A:
    def __init__(self, x): self.x = x

    def __eq__(self, other):
        try:
            return self.x == other.x
        except AttributeError:
            return NotImplemented

    def __lt__(self, other):
        if not isinstance(other, A):
            return NotImplemented
        return self.x < other.x

    def __add__(self, other):
        a, b, c = self.x, other, NotImplemented
        return c


class B(A):
    def __lt__(self, other):
        r = super().__lt__(other)
        return r

    def __add__(self, other):
        r = super().__add__(other)
        if r is NotImplemented:
            return r
        return r


class Right:
    def __init__(self): self.n = 0

    def __radd__(self, other):
        a = self.add(1)
        b = self.add(2)
        return other.x, a, b

    def add(self, n):
        self.n += n
        return self.n


class Truth:
    def __bool__(self):
        a, b, c = 1, 2, 3
        return a + b == c


class Odd:
    def __lt__(self, other):
        a, b, c = 7, 8, Truth()
        return c

    def __eq__(self, other):
        a, b, c = 7, 8, Truth()
        return c


largest, smallest, other = Largest(), Smallest(), object()


def test():
    right = Right()
    seen = []
    for obj in [A(1), B(2), A(3), B(4), A(4), A(5), B(6)] * 3:
        for op in (lambda: obj < other), (lambda: obj > other), (lambda: obj <= other), (lambda: obj >= other):
            try:
                op()
                print("no error")
            except TypeError:
                pass
        try:
            obj < other
            print("no error")
        except TypeError:
            pass
        assert (obj < largest) is True
        assert (obj > largest) is False
        assert (obj <= largest) is True
        assert (obj >= largest) is False
        assert (obj < smallest) is False
        assert (obj > smallest) is True
        assert (obj <= smallest) is False
        assert (obj >= smallest) is True
        seen.append(obj + right)
    return seen


def truths():
    n = 0
    for o in [Odd()] * 20:
        if o < 1:
            n += 1
        if o == 1:
            n += 1
        if not (o < 2):
            n = -1000
    return n


for _ in range(4):
    print(test()[-3:], truths())
