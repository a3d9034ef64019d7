# Decorators: plain, with arguments, stacked, on classes and methods; functools' helpers.
import functools

def trace(fn):
    @functools.wraps(fn)
    def wrapper(*args, **kwargs):
        result = fn(*args, **kwargs)
        print(f"{fn.__name__}{args}{kwargs or ''} -> {result}")
        return result
    return wrapper

def repeat(n):
    def deco(fn):
        return lambda *a: [fn(*a) for _ in range(n)]
    return deco

@trace
def add(a, b=1):
    "Adds."
    return a + b
add(1); add(1, b=2)
print(add.__name__, add.__doc__, add.__wrapped__(5, 5), add.__qualname__)

@repeat(2)
@repeat(3)
def hi(x): return x
print(hi("a"))

order = []
def named(name):
    order.append(f"made {name}")
    def deco(obj):
        order.append(f"applied {name}")
        return obj
    return deco
@named("outer")
@named("inner")
def target(default=order.append("default")): pass
print(order)

class CountCalls:
    def __init__(self, fn): functools.update_wrapper(self, fn); self.fn, self.calls = fn, 0
    def __call__(self, *a): self.calls += 1; return self.fn(*a)
    def __get__(self, obj, owner): return self if obj is None else functools.partial(self, obj)
class Service:
    @CountCalls
    def ping(self, x): return x
    @property
    @functools.cache
    def slow(self): print("computed"); return 1
    @staticmethod
    @trace
    def util(x): return x
    @classmethod
    @trace
    def make(cls): return cls.__name__
s = Service()
print(s.ping(1), s.ping(2), Service.ping.calls, s.slow, s.slow, s.util(3), s.make())

def register(registry):
    def deco(cls):
        registry[cls.__name__.lower()] = cls
        cls.registered = True
        return cls
    return deco
plugins = {}
@register(plugins)
class Plugin: pass
print(sorted(plugins), Plugin.registered)

@functools.lru_cache(maxsize=2)
def square(x): return x * x
print([square(i) for i in (1, 2, 1, 3, 2)], square.cache_info(), square.cache_parameters())
square.cache_clear()
print(square.cache_info().currsize)

@functools.singledispatch
def kind(x): return "object"
@kind.register
def _(x: int): return "int"
@kind.register(list)
@kind.register(tuple)
def _(x): return "sequence"
@kind.register
def _(x: float | complex): return "number"
print(kind(1), kind(True), kind([]), kind(()), kind(2.5), kind("s"), kind.dispatch(bool)(1))
class Shape:
    @functools.singledispatchmethod
    def scale(self, by): raise NotImplementedError(type(by).__name__)
    @scale.register
    def _(self, by: int): return f"int {by}"
    @scale.register
    def _(self, by: str): return f"str {by}"
print(Shape().scale(2), Shape().scale("x"))
try:
    Shape().scale(1.5)
except NotImplementedError as e:
    print(repr(e))

@functools.total_ordering
class Version:
    def __init__(self, n): self.n = n
    def __eq__(self, o): return self.n == o.n
    def __lt__(self, o): return self.n < o.n
print(Version(1) <= Version(2), Version(2) > Version(1), Version(3) >= Version(4))
class Lazy:
    @functools.cached_property
    def value(self): print("once"); return 42
l = Lazy()
print(l.value, l.value, vars(l))
del l.value
print(l.value)
print(functools.reduce(lambda a, b: a * b, range(1, 6)), functools.reduce(max, [3, 9, 2], 5), sorted("bAc", key=functools.cmp_to_key(lambda a, b: (a.lower() > b.lower()) - (a.lower() < b.lower()))))
class M:
    hello = functools.partialmethod(lambda self, greeting, name: f"{greeting} {name}", "hi")
print(M().hello("Ann"), (lambda f: f)(len)("abc"))
@(lambda f: f() + 1)
def number(): return 41
print(number)
@trace
async def coro(): return 1
coro.__wrapped__().close()
def deco_none(cls): return None
@deco_none
class Gone: pass
print(Gone)
