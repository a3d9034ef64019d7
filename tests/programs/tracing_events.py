# What trace functions and monitoring tools hear, and what dis makes of code.
import dis
import sys


def events(f, *args):
    out = []

    def trace(frame, event, arg):
        if frame.f_code.co_filename != f.__code__.co_filename:
            return None
        if frame.f_lineno is None:
            return trace
        line = frame.f_lineno - f.__code__.co_firstlineno
        out.append((line, event))
        return trace

    sys.settrace(trace)
    try:
        f(*args)
    finally:
        sys.settrace(None)
    print(f.__name__, *(f"{line}:{event}" for line, event in out))


def finally_constant():
    try:
        return 2
    finally:
        4


def loop_leaves():
    for i in (1, 2):
        try:
            if i:
                continue
        finally:
            i
    else:
        pass
    return i


def matching(x):
    match x:
        case 1:
            pass
        case _:
            "default"


class Countdown:
    n = 2

    def __iter__(self):
        return self

    def __next__(self):
        if not self.n:
            raise StopIteration
        self.n -= 1
        return self.n


def stops():
    for _ in Countdown():
        pass


for f, args in [(finally_constant, ()), (loop_leaves, ()), (matching, (1,)), (matching, (5,)), (stops, ())]:
    events(f, *args)


def inner():
    try:
        yield 1
    except ZeroDivisionError:
        frame = sys._getframe()
        names = []
        while frame and len(names) < 3:
            names.append(frame.f_code.co_name)
            frame = frame.f_back
        yield names


def outer():
    yield from inner()


g = outer()
next(g)
print(g.throw(ZeroDivisionError))


def keeps():
    try:
        yield
    except ValueError:
        yield
        yield sys.exception()


g = keeps()
next(g)
try:
    raise ValueError("kept")
except ValueError as e:
    g.throw(e)
print(repr(next(g)))


def f(a, *, b=2):
    for i in range(a):
        try:
            print(i, b)
        except ValueError as e:
            raise


instructions = list(dis.get_instructions(f))
print(instructions[0].opname, instructions[0].arg)
print([i.argval for i in instructions if i.opname == "LOAD_GLOBAL"])
targets = {i.offset for i in instructions}
print(all(i.jump_target in targets for i in instructions if i.opcode in dis.hasjump))
print(all(e.start in targets and e.target in targets for e in dis.Bytecode(f).exception_entries))
print(f.__code__.replace(co_code=f.__code__.co_code) == f.__code__)


# The end of a generator that returns something is an exception to those who iterate over it.
def returning():
    yield 0
    return 7


def not_returning():
    yield 0


def delegating():
    return (yield from returning())


def loops():
    for i in returning():
        pass
    for i in delegating():
        pass
    for i in not_returning():
        pass
    return [i for i in returning()], list(returning())


raised = []
# Not dead generators, which are closed when a collection finds them.
HEARD = {f.__code__ for f in (returning, not_returning, delegating, loops)}


def trace(frame, event, arg):
    if event == "exception" and frame.f_code in HEARD:
        raised.append((frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno, repr(arg[1])))
    return trace


sys.settrace(trace)
loops()
sys.settrace(None)
print(*raised, sep="\n")
