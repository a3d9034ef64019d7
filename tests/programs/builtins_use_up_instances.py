# Builtin functions that use up an instance whose class has a generator function for __iter__, often enough to be
# compiled; then the class changes.
class Chain:
    def __init__(self, n):
        self.items = list(range(n))

    def __iter__(self):
        for x in self.items:
            yield x


class Sized(Chain):
    asked = 0

    def __len__(self):
        Sized.asked += 1
        return len(self.items)


class Hinted(Chain):
    asked = 0

    def __length_hint__(self):
        Hinted.asked += 1
        return 3


class Words(Chain):
    def __iter__(self):
        for x in self.items:
            yield str(x)


class Failing(Chain):
    def __iter__(self):
        yield 1
        yield 2
        raise LookupError("no more")


def use(c):
    return (
        sum(c),
        sum(c, 10),
        any(c),
        all(c),
        min(c),
        max(c),
        min(c, key=lambda x: -x),
        max(c, default=5),
        list(c),
        tuple(c),
        sorted(set(c)),
        sorted(frozenset(c)),
        sorted(c, reverse=True),
    )


def repeat(c, rounds=300):
    first = use(c)
    for i in range(rounds):
        assert use(c) == first, i
    return first


for kind in (Chain, Sized, Hinted):
    print(kind.__name__, repeat(kind(6)))
print(Sized.asked, Hinted.asked)

w = Words(5)
for i in range(400):
    text = "-".join(w)
print(text, sorted(w), max(w))

for i in range(400):
    try:
        sum(Failing(1))
    except LookupError as e:
        why = e.args, e.__traceback__.tb_next.tb_lineno, e.__traceback__.tb_next.tb_frame.f_code.co_name
print(why)

empty = Chain(0)
for f in (min, max):
    for i in range(300):
        try:
            f(empty)
        except ValueError as e:
            text = str(e)
    print(text, sum(empty), list(empty), any(empty), all(empty))


# One of its own does not count, and a class may be given another.
c = Chain(4)
c.__iter__ = lambda: iter([100])
print(sum(c), list(c))
total = 0
for i in range(600):
    if i == 500:
        Chain.__iter__ = lambda self: iter(self.items[:2])
    if i == 550:
        del Chain.__iter__
        Chain.__getitem__ = lambda self, k: self.items[k]
    total += sum(c) * (i + 1)
print(total)
try:
    del Chain.__getitem__
    sum(c)
except TypeError as e:
    print(e)


class Both:
    """Iterators of itself, by a generator that is stepped by hand, too."""

    def __init__(self):
        self.n = 0

    def __iter__(self):
        while self.n < 20:
            self.n += 1
            yield self.n


b = Both()
it = iter(b)
print(next(it), next(it), sum(b), next(it, "done"))
for i in range(300):
    b = Both()
    it = iter(b)
    r = next(it), max(b), sum(it), sum(b)
print(r)


# Who asks how many there are.
class Asked:
    def __init__(self, answer):
        self.answer = answer

    def __iter__(self):
        return iter((1, 2))

    def __length_hint__(self):
        return self.answer()


for make in (list, tuple, set, sorted, bytes, bytearray, lambda x: max(*x)):
    for answer in (lambda: 2, lambda: 1 / 0):
        try:
            print(make(Asked(answer)), end=" ")
        except ZeroDivisionError as e:
            print(e, end=" ")
    print()
try:
    bytes(Asked(lambda: (1 << 63) - 1))
except OverflowError as e:
    print(e)
