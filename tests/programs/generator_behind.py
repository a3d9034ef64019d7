# Iterators whose class has the bound `__next__` of a generator as its own, as `ElementTree.iterparse` makes them.
import traceback


def over(gen):
    class Over:
        __next__ = gen.__next__

        def __iter__(self):
            return self

    return Over()


def count(n):
    for i in range(n):
        yield i


def delegating(n):
    yield -1
    got = yield from count(n)
    yield got
    yield from count(n)


def total(it):
    t = 0
    for x in it:
        t += x or 0
    return t


for n in (0, 1, 3, 1000):
    print(total(over(count(n))), total(over(delegating(n))))
# Hot, with a class for each iterator, and with one class.
print(sum(total(over(count(50))) for _ in range(200)))
print([a * b for a, b in zip(over(count(2)), over(delegating(2)))])
print(sorted(over(count(4)), reverse=True), list(over(delegating(2))), max(over(count(9))))

# Left and entered again; by hand between.
it = over(count(10))
for x in it:
    if x == 3:
        break
print(next(it), it.__next__())
for x in it:
    print(x, end=" ")
print()
for x in it:
    print("not again")
print(next(it, "over"))

# Each instance has the class's generator; an instance's own attribute is not asked.
a = over(count(4))
b = type(a)()
b.__next__ = lambda: 1 / 0
print(next(a), next(b), [x for x in a], [x for x in b])


# Errors on the way.
def fails():
    yield 1
    raise ValueError("in the generator")


def loop(it):
    for x in it:
        print("item", x)


try:
    loop(over(fails()))
except ValueError as e:
    print([f.name for f in traceback.extract_tb(e.__traceback__)], e)


def itself():
    yield 1
    for x in this:
        yield x


this = over(itself())
try:
    loop(this)
except ValueError as e:
    print(e)


def stops():
    yield 1
    raise StopIteration(2)


try:
    loop(over(stops()))
except RuntimeError as e:
    print(e, repr(e.__cause__))

g = count(5)
c = over(g)
for x in c:
    print("closing", x)
    g.close()


# While an exception is being handled.
def handled():
    import sys

    yield repr(sys.exception())
    try:
        raise KeyError("own")
    except KeyError:
        yield repr(sys.exception())
    yield repr(sys.exception())


try:
    1 / 0
except ZeroDivisionError:
    print([x for x in over(handled())])
print([x for x in over(handled())])


# The class changes.
class Changing:
    __next__ = count(3).__next__

    def __iter__(self):
        return self


def mixed():
    c = Changing()
    out = []
    for x in c:
        out.append(x)
        if x == 1:
            Changing.__next__ = iter("ab").__next__
        elif x == "b":
            Changing.__next__ = delegating(1).__next__
        elif x is None and len(out) < 9:
            Changing.__next__ = lambda self: next(left)
    return out


left = iter([7, 8])
print(mixed())
