# Special methods in Python behind conditions and builtin functions: results, what is refused, exceptions, recursion,
# in plain code and in loops that become hot.
import sys
import traceback


class Bag:
    def __init__(self, items):
        self.items = items

    def __contains__(self, x):
        return self.items.get(x, "")

    def __len__(self):
        return len(self.items)

    def __iter__(self):
        return iter(self.items)

    def __abs__(self):
        return self

    def __repr__(self):
        return f"Bag({list(self)})"


class Flag:
    def __init__(self, on):
        self.on = on

    def __bool__(self):
        return self.on

    def __str__(self):
        return f"<{self.on!r}>"

    def __next__(self):
        self.on += 1
        if self.on > 1000:
            raise StopIteration("done")
        return self.on


class Text(str):
    pass


def hot(n):
    bag = Bag({i: i % 3 for i in range(10)})
    empty, yes, no = Bag({}), Flag(True), Flag(False)
    counts = [0] * 10
    for i in range(n):
        if i % 12 in bag:
            counts[0] += 1
        if i % 12 not in bag:
            counts[1] += 1
        counts[2] += (i % 12 in bag) + (i % 12 not in bag)
        if bag and not empty:
            counts[3] += 1
        if yes:
            counts[4] += len(bag)
        if not yes or no:
            counts[5] += 1
        while not no:
            counts[6] += bool(yes) - bool(no) + bool(empty)
            break
        counts[7] += len(str(yes)) + len(repr(empty)) + len(f"{bag!r}")
        for k in bag:
            counts[8] += k
        counts[9] += abs(bag) is bag
    return counts


print(hot(5))
print(hot(3000))


def steps(n):
    f = Flag(0)
    s = 0
    for i in range(n):
        s += next(f)
    return s


print(steps(900))
try:
    steps(2000)
except StopIteration as e:
    print("StopIteration", e.value, len(traceback.extract_tb(e.__traceback__)))


def answers(name, *values):
    # One class for each, so that each question is asked for the first time.
    for v in values:
        class C:
            pass

        setattr(C, name, lambda self, *a: v)
        yield C(), v


def show(what, f, *a):
    try:
        print(what, f(*a))
    except Exception as e:
        print(what, type(e).__name__, e)


class Index:
    def __index__(self):
        return 7


class Untrue:
    def __bool__(self):
        raise ZeroDivisionError("no truth")


def condition(x):
    if x:
        return "yes"
    return "no"


def several(f, x, n=60):
    for i in range(n):
        r = f(x)
    return r


for x, v in answers("__len__", 3, 0, -1, 1 << 80, -(1 << 80), True, "three", None, 2.0, Index()):
    show("len", several, len, x)
    show("len as condition", several, condition, x)
    show("not", several, lambda x: not x, x)
    show("bool", several, bool, x)
for x, v in answers("__bool__", True, False, 1, None, "", Index()):
    show("bool", several, bool, x)
    show("condition", several, condition, x)
    show("not", several, lambda x: not x, x)
    show("and", several, lambda x: (x and 1) is x, x)
for x, v in answers("__contains__", True, False, 1, None, "", [], [0], Untrue()):
    show("in", several, lambda x: 1 in x, x)
    show("not in", several, lambda x: 1 not in x, x)
    show("in as condition", several, lambda x: "yes" if 1 in x else "no", x)
for x, v in answers("__repr__", "text", Text("derived"), 5, None):
    show("repr", several, repr, x)
    show("str", several, str, x)
    show("!r", several, lambda x: f"{x!r}", x)
    show("!s", several, lambda x: f"{x!s}", x)
    print(type(repr(x)).__name__ if isinstance(v, str) else "-")
for x, v in answers("__str__", "text", Text("derived"), 5, None):
    show("str", several, str, x)
    show("!s", several, lambda x: f"{x!s}", x)
for x, v in answers("__iter__", [].__iter__(), [], 5, None):
    show("iter", several, lambda x: [k for k in x], x)
for x, v in answers("__abs__", 1, "x", None):
    show("abs", several, abs, x)
for x, v in answers("__next__", 1, "x", None):
    show("next", several, next, x)


# Errors come from the method's frame, seen from the caller's line.
class Bad:
    def __len__(self):
        raise KeyError("len")

    def __contains__(self, x):
        raise KeyError("in")

    def __repr__(self):
        return self.missing

    def __call__(self):
        return sys._getframe(1).f_code.co_name


def asks(x):
    try:
        return len(x)
    except KeyError as e:
        return [f.name for f in traceback.extract_tb(e.__traceback__)]


def asks_in(x):
    try:
        return 1 in x
    except KeyError as e:
        return [f.name for f in traceback.extract_tb(e.__traceback__)]


print(several(asks, Bad()), several(asks_in, Bad()))
show("repr", several, repr, Bad())


class Caller:
    def __len__(self):
        return len(sys._getframe(1).f_code.co_name)


def who():
    return len(Caller())


print(several(lambda _: who(), None))


class Endless:
    def __len__(self):
        return len(self)

    def __contains__(self, x):
        return x in self

    def __bool__(self):
        return not self

    def __repr__(self):
        return repr(self)

    def __str__(self):
        return str(self)


for f in (len, bool, repr, str, lambda x: 1 in x, lambda x: not x, condition):
    try:
        f(Endless())
    except RecursionError as e:
        print("RecursionError")


# The method changes while it is used.
class Changing:
    def __len__(self):
        return 1

    def __contains__(self, x):
        return True


def changing(n):
    x = Changing()
    total = 0
    for i in range(n):
        if i == n // 2:
            Changing.__len__ = lambda self: 10
            Changing.__contains__ = lambda self, x: False
        total += len(x) + (i in x)
    return total


print(changing(1000))


# A metaclass answers for its classes.
class Meta(type):
    def __len__(cls):
        return 4

    def __contains__(cls, x):
        return x == 3

    def __iter__(cls):
        yield from "abc"

    def __bool__(cls):
        return False


class Class(metaclass=Meta):
    pass


print(several(len, Class), several(lambda c: 3 in c, Class), several(list, Class), several(condition, Class))
print(several(lambda c: [x for x in c], Class))


# Positional-only, keyword-only and defaults in a special method.
class Odd:
    def __len__(self, extra=5, *rest, key=1):
        return extra + key

    def __contains__(*args):
        return len(args) == 2

    def __bool__(self, needed):
        return True


print(several(len, Odd()), several(lambda x: 1 in x, Odd()))
show("bool", several, bool, Odd())
show("condition", several, condition, Odd())


# Trace functions see what they see without it.
def traced():
    seen = []

    def trace(frame, event, arg):
        if event == "call":
            seen.append(frame.f_code.co_name)
        return None

    bag = Bag({1: 1})
    sys.settrace(trace)
    if bag and 1 in bag:
        len(bag)
        repr(bag)
    sys.settrace(None)
    return seen


print(traced())
