"""Details that programs and tools see: annotate functions, frames' attributes, hints of length, decimals at the edge."""
from __future__ import annotations

import decimal
import gc
import io
import sys
import tokenize


def attempt(f, *args):
    try:
        print(f(*args))
    except BaseException as e:
        print(type(e).__name__, e)


# -- annotations as text keep the prefix
x: u"text" = 1
y: u"a" "b"
z: b"c"
print(__annotations__)

# -- annotate functions (not in this module: their annotations are text)
space = {}
exec(compile("""
class A:
    def m(self, a: int) -> int:
        def inner(b: str): ...
        return inner
def g[T](a: T): ...
def outer():
    global shown
    def shown(a: int): ...
    class C:
        def d(self, x: int): ...
    return C
C = outer()
renamed = A.m
class Own:
    a: int
    def __annotate__(format):
        return {'a': str}
""", "annotated", "exec", dont_inherit=True), space)
A, C = space["A"], space["C"]
for f in (A.m, A().m(1), space["g"], space["shown"], C.d):
    print(f.__annotate__.__qualname__, f.__annotate__.__code__.co_qualname)
print(space["Own"].__annotations__)

# -- frames
frame = sys._getframe()
attempt(delattr, frame, "f_trace_lines")
attempt(delattr, frame, "f_trace_opcodes")
attempt(delattr, frame, "f_lineno")
attempt(setattr, frame, "f_trace_lines", 1)
attempt(setattr, frame, "f_trace_opcodes", None)


# -- hints of length
class BadLen:
    def __iter__(self):
        return iter(range(10))

    def __len__(self):
        raise RuntimeError("len")


class BadHint:
    def __iter__(self):
        return iter(range(10))

    def __length_hint__(self):
        raise RuntimeError("hint")


class NoHint:
    def __iter__(self):
        return iter(range(3))

    def __length_hint__(self):
        return NotImplemented


for kind in (BadLen, BadHint, NoHint):
    attempt(bytearray().extend, kind())
    attempt([].extend, kind())
    attempt(list, kind())


# -- a generator is closed whose delegate cannot say whether it can be
class Delegate:
    def __iter__(self):
        return self

    def __next__(self):
        return 1

    def __getattr__(self, name):
        raise ZeroDivisionError(name)


def delegating():
    yield from Delegate()


reported = []
sys.unraisablehook = lambda u: reported.append((u.err_msg.split(" <")[0], u.exc_type.__name__, str(u.exc_value)))
g = delegating()
next(g)
attempt(g.close)
print(reported[0])
sys.unraisablehook = sys.__unraisablehook__
g = delegating()
next(g)
attempt(g.throw, ValueError)

# -- tokens
print([t.string for t in tokenize.generate_tokens(io.StringIO("1 <> 2\n").readline)][:4])


# -- what is called the first time makes nothing that is counted
class Compared:
    def __eq__(self, other):
        return False


c = Compared()
gc.collect()
before = len(gc.get_objects())
for i in range(10):
    c == c
print(len(gc.get_objects()) - before)

# -- decimals
D, Context = decimal.Decimal, decimal.Context
for rounding in (decimal.ROUND_FLOOR, decimal.ROUND_CEILING, decimal.ROUND_UP, decimal.ROUND_05UP, decimal.ROUND_HALF_EVEN):
    c = Context(prec=7, Emax=384, Emin=-383, rounding=rounding)
    print(rounding, *(c.power(D(a), D(b)) for a, b in [("0.9999999", "1e-10"), ("1.000001", "1e-10"), ("4", "0.5"),
                                                       ("2", "0.5"), ("0.9999999", "1e-101"), ("10", "-0.3")]))
small = Context(prec=16, Emax=384, Emin=-383)
for a in ("1E-398", "-1E-398"):
    small.clear_flags()
    print(small.next_toward(D(a), D(a)), [s.__name__ for s, on in small.flags.items() if on])
for three in [("0", "Inf", "sNaN123"), ("-Inf", "0E-456", "NaN148"), ("NaN1", "2", "sNaN3"), ("1", "2", "NaN5")]:
    c = Context(prec=9, traps=[])
    print(c.fma(*map(D, three)), [s.__name__ for s, on in c.flags.items() if on])
attempt(D("1.23").__round__, -2**63)
attempt(D("1.23").__round__, -2**63 - 1)
