# object.__new__ in hot loops, called in all ways; classes that come and go while a loop runs.
import abc
import copyreg


class Plain:
    pass


class Slots:
    __slots__ = ("a", "b")


class Own:
    made = 0

    def __new__(cls, *args):
        self = object.__new__(cls)
        self.n = len(args)
        return self


class Super(Own):
    def __new__(cls, x=0):
        self = super().__new__(cls, x, x)
        self.x = x
        return self


class Abstract(abc.ABC):
    @abc.abstractmethod
    def f(self): ...


gone = 0


class Dies:
    def __del__(self):
        global gone
        gone += 1


def direct(cls, n):
    new = object.__new__
    out = None
    for i in range(n):
        out = new(cls)
        if i % 1000 == 0:
            out.a = i
    return type(out).__name__, hasattr(out, "a")


def starred(cls, n):
    args = (cls,)
    for i in range(n):
        out = object.__new__(*args)
        other = copyreg.__newobj__(cls)
        out.a = other.a = i
    return out.a + other.a


def wrong(cls, n, *more):
    said = set()
    for i in range(n):
        try:
            object.__new__(cls, *more)
        except TypeError as e:
            said.add(str(e))
    return sorted(said)


def some(n):
    total = 0
    for i in range(n):
        c = Plain if i % 3 else Slots
        o = object.__new__(c)
        o.a = i
        total += o.a
    return total


for c in Plain, Slots, Own, Super:
    print(direct(c, 3000), starred(c, 3000))
print(some(5000))
print(sum(Super(i).x + Super(i).n for i in range(4000)), sum(Own(*range(i % 5)).n for i in range(4000)))
print(wrong(Abstract, 2000))
print(wrong(int, 2000))
print(wrong(Plain, 2000, 1))
print(wrong(Own, 2000, 1))
print(wrong(3, 2000))
print(direct(Dies, 2000)[0])


def later(n):
    x = []
    for i in range(n):
        if i == n - 5:
            Plain.__init__ = lambda self: x.append(1)
        o = object.__new__(Plain)
        x.append(o.__class__ is Plain)
    return len(x), all(x)


print(later(3000))


def fresh(k):
    class Counter:
        def __init__(self, n):
            self.n = n

        def __iter__(self):
            return self

        def __next__(self):
            if self.n == 0:
                raise StopIteration
            self.n -= 1
            return self.n + k

    return Counter(700)


def classes(n):
    total = 0
    for k in range(n):
        total += sum([x for x in fresh(k)])
        for x in fresh(k):
            total += x
    return total


print(classes(40))
