# The exception that a generator's user handles is not the generator's affair after it has yielded.
import sys


def one():
    yield 1


def two():
    yield 1
    yield sys.exception()


def ended(n):
    try:
        raise RuntimeError(n)
    except RuntimeError:
        it = one()
        next(it)
    try:
        next(it)
    except StopIteration:
        inside = repr(sys.exception())
    return inside, sys.exception()


def resumed(n):
    try:
        raise RuntimeError(n)
    except RuntimeError:
        it = two()
        next(it)
    a = next(it)
    try:
        raise KeyError(n)
    except KeyError:
        it = two()
        next(it)
        b = next(it)
    return a, repr(b), sys.exception()


def thrown(n):
    try:
        raise RuntimeError(n)
    except RuntimeError:
        it = two()
        next(it)
    try:
        it.throw(ValueError(n))
    except ValueError as e:
        context = e.__context__
    return context, sys.exception()


def looped(n):
    try:
        raise RuntimeError(n)
    except RuntimeError:
        it = two()
        for x in it:
            break
    last = [x for x in it]
    return last, sys.exception()


for f in ended, resumed, thrown, looped:
    for n in range(30):
        got = f(n)
        if n in (0, 5, 29):
            print(f.__name__, got)


def all_in_one():
    for n in range(30):
        try:
            raise RuntimeError(n)
        except RuntimeError:
            it = one()
            next(it)
        try:
            next(it)
        except StopIteration:
            pass
        assert sys.exception() is None, n


all_in_one()
