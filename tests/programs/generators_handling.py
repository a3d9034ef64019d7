# What is handled in a generator after its own `except` block is what its resumer of then handles, whoever resumed it when
# the block was entered.
import contextlib
import sys


def now():
    e = sys.exception()
    return e if e is None else f"{type(e).__name__}({e})"


def simple():
    try:
        1 / 0
    except ZeroDivisionError:
        yield now()
    yield now()
    yield now()


def nested():
    try:
        1 / 0
    except ZeroDivisionError:
        yield now()
        try:
            [][1]
        except IndexError:
            yield now()
            try:
                {}[1]
            finally:
                yield now()


def finishing():
    try:
        try:
            1 / 0
        except ZeroDivisionError:
            yield now()
        finally:
            yield now()
    finally:
        yield now()
    yield now()


@contextlib.contextmanager
def suppressing():
    try:
        yield now()
    except ValueError:
        yield now()


def within():
    try:
        int("x")
    except ValueError as e:
        with contextlib.nullcontext():
            yield now()
            try:
                yield now()
            except KeyError:
                yield now()
        yield now()
    yield now()


def delegating(of):
    try:
        raise TypeError("delegating")
    except TypeError:
        yield from of
        yield now()
    yield now()


async def coroutine():
    try:
        raise OSError("coroutine")
    except OSError:
        await Suspend()
        seen = now()
    return seen, now()


class Suspend:
    def __await__(self):
        yield now()


def handled(g, *others):
    """The next item while an exception is handled."""
    try:
        raise ValueError("outside", *others)
    except ValueError:
        try:
            return g.send(None)
        except StopIteration as e:
            return "end", e.value
        except (LookupError, RuntimeError) as e:
            return "raised", repr(e), repr(e.__context__), repr(e.__context__ and e.__context__.__context__)


def plain(g):
    try:
        return g.send(None)
    except StopIteration as e:
        return "end", e.value
    except (LookupError, RuntimeError) as e:
        return "raised", repr(e), repr(e.__context__), repr(e.__context__ and e.__context__.__context__)


makers = [simple, nested, finishing, within, coroutine, lambda: delegating(simple()), lambda: delegating(within())]
for rounds in range(3 if len(sys.argv) < 2 else int(sys.argv[1])):
    for make in makers:
        for pattern in range(16):
            g = make()
            print(make.__name__, pattern, [(handled if pattern >> k & 1 else plain)(g) for k in range(4)], now())
            g.close()

# Thrown in from elsewhere, and closed there.
for start, go in (plain, handled), (handled, plain):
    g = within()
    start(g), start(g)
    try:
        raise RuntimeError("thrower")
    except RuntimeError:
        print(g.throw(KeyError("k")), now())
    print(go(g), go(g), now())


# In a hot loop: compiled code resumes such generators, too.
def hot(n):
    seen = {}
    for i in range(n):
        g = simple()
        next(g)
        if i % 3:
            try:
                raise ValueError(i % 3)
            except ValueError:
                x = next(g)
        else:
            x = next(g)
        x = x, next(g)
        seen[x] = seen.get(x, 0) + 1
    return sorted(seen.items(), key=repr)


print(hot(3000))
