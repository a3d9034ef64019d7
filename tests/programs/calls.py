# Calling: positional, keyword, defaults, *args, **kwargs, positional-only, keyword-only, and the errors' texts.
import functools

def f(a, b=2, /, c=3, *args, d, e=5, **kw): return a, b, c, args, d, e, kw
print(f(1, d=4), f(1, 20, 30, 40, 50, d=4, e=6, x=7), f(1, d=0, a=9, b=8), f(*[1, 2], *(3, 4), **{"d": 5}, **{"z": 6}))
def g(*, k): return k
def h(*args, **kwargs): return args, kwargs
def one(x): return x
def none(): pass
def two(x, y=1): return x, y
print(g(k=1), h(), h(*"ab", **{"a b": 1, "self": 2}), h(1, *[], 2, **{}, k=3), none())
class C:
    def method(self, x, *, k=0): return x, k
    @classmethod
    def cm(cls, x): return cls.__name__, x
    @staticmethod
    def sm(x): return x
    def __call__(self, *a, **k): return "called", a, k
c = C()
print(c.method(1), C.method(c, 2, k=3), c.cm(1), C.sm(2), c(1, z=2), (lambda x, *y, z=3: (x, y, z))(1, 2, z=4))

errors = [
    lambda: f(), lambda: f(1), lambda: f(a=1, d=2), lambda: f(1, d=1, c=1, **{"c": 2}), lambda: f(1, 2, 3, c=4, d=5), lambda: one(), lambda: one(1, 2), lambda: one(1, x=2), lambda: one(y=1), lambda: one(1, y=2, z=3),
    lambda: two(), lambda: two(1, 2, 3), lambda: none(1), lambda: g(), lambda: g(1), lambda: g(1, k=2), lambda: g(j=1, k=2), lambda: c.method(), lambda: c.method(1, 2), lambda: c.method(1, j=2), lambda: C.method(), lambda: c.cm(),
    lambda: C.sm(), lambda: len(), lambda: len(1, 2), lambda: len(obj=[]), lambda: int(1, 2, 3), lambda: print(1, foo=2), lambda: [].append(), lambda: [].append(1, 2), lambda: "a".join(), lambda: dict(1, 2), lambda: isinstance(1), lambda: range(),
    lambda: h(**{1: 2}), lambda: h(*5), lambda: h(**5), lambda: h(**{"a": 1}, **{"a": 2}), lambda: h(a=1, **{"a": 2}), lambda: None(), lambda: (5)(), lambda: C.missing(), lambda: object().x(), lambda: sorted([1], key=len), lambda: max(),
    lambda: sorted(), lambda: str.upper(5), lambda: list.append(5, 6), lambda: type(), lambda: C(1, 2), lambda: int.__add__(1), lambda: int.__add__(), lambda: (lambda a, b, c, d: 0)(1), lambda: (lambda *, a, b, c: 0)(), lambda: (lambda a, /: 0)(a=1),
    lambda: (lambda a, /, b: 0)(a=1, b=2), lambda: functools.partial(one)(1, 2), lambda: functools.partial(5), lambda: setattr(1, "x", 2), lambda: getattr(1), lambda: zip(1), lambda: enumerate(), lambda: pow(1), lambda: divmod(1), lambda: sum(5), lambda: hasattr(1, 2),
]
for e in errors:
    try:
        print("no error", e())
    except Exception as x:
        print(type(x).__name__, x)

# Defaults are evaluated once; order of evaluation; mutation of kwargs does not leak.
def acc(x, seen=[]):
    seen.append(x)
    return seen
print(acc(1), acc(2), acc.__defaults__, f.__kwdefaults__, f.__code__.co_varnames, f.__code__.co_argcount, f.__code__.co_posonlyargcount, f.__code__.co_kwonlyargcount)
order = []
def note(x):
    order.append(x)
    return x
h(note(1), *[note(2)], note(3), a=note(4), **{"b": note(5)}, c=note(6))
print(order)
d = {"k": 1}
def change(**kw):
    kw["k"] = 2
change(**d)
print(d)
add = functools.partial(lambda *a, **k: (a, k), 1, z=2)
print(add(3, y=4), functools.partial(add, 5)(), add.args, add.keywords)
f2 = one
f2.__defaults__ = (42,)
print(f2(), one.__name__, two.__qualname__, (lambda: 0).__name__, C.method.__qualname__)
def many(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10=10, a11=11): return a0 + a9 * a11
print(many(*range(10)), many(*range(9), a9=1, a11=0), sum(i for i in range(5)), h(*(i for i in range(3)))[0])
def recursive(n, acc=()): return acc if not n else recursive(n - 1, (*acc, n))
print(recursive(5), (lambda f: f(f, 10))(lambda self, n: n and n + self(self, n - 1)))
def few(a, b): return a, b
few.__defaults__ = (1, 2, 3)
print(few(), few(7), few(b=5), few(a=5))
