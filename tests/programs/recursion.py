# Deep recursion: errors instead of crashes; deep data structures; the recursion limit; mutual recursion.
import sys

def depth(n): return 0 if n == 0 else 1 + depth(n - 1)
print(depth(900))
def forever(n): return forever(n + 1)
try:
    forever(0)
except RecursionError as e:
    print(e)
def even(n): return n == 0 or odd(n - 1)
def odd(n): return n != 0 and even(n - 1)
print(even(400), odd(301))
old = sys.getrecursionlimit()
sys.setrecursionlimit(20000)
print(depth(15000))
sys.setrecursionlimit(old)
for bad in (0, -5, "x"):
    try:
        sys.setrecursionlimit(bad)
    except (ValueError, TypeError) as e:
        print(type(e).__name__, e)

class Loop:
    def __getattr__(self, name): return getattr(self, name + "x")
    def __eq__(self, o): return self == o
    def __repr__(self): return repr(self)
    def __str__(self): return str(self)
    def __len__(self): return len(self)
    def __iter__(self): return iter(self)
    def __add__(self, o): return self + o
    def __call__(self): return self()
    def __getitem__(self, k): return self[k]
    def __bool__(self): return bool(self)
    def __hash__(self): return hash(self)
    def __contains__(self, x): return x in self
    def __enter__(self):
        with self: pass
    __exit__ = None
l = Loop()
for name, action in [("getattr", lambda: l.a), ("eq", lambda: l == 1), ("repr", lambda: repr(l)), ("str", lambda: str(l)), ("len", lambda: len(l)), ("iter", lambda: list(l)), ("add", lambda: l + 1), ("call", lambda: l()),
                     ("getitem", lambda: l[0]), ("bool", lambda: not l), ("hash", lambda: {l}), ("contains", lambda: 1 in l), ("format", lambda: f"{l}"), ("in list", lambda: l in [Loop()]), ("sort", lambda: sorted([Loop(), Loop()], key=lambda x: x()))]:
    try:
        action()
        print(name, "no error")
    except RecursionError as e:
        print(name, "RecursionError")

deep_list = []
for _ in range(100000):
    deep_list = [deep_list]
deep_tuple = ()
for _ in range(100000):
    deep_tuple = (deep_tuple,)
deep_dict = {}
for _ in range(100000):
    deep_dict = {"k": deep_dict}
other = []
for _ in range(100000):
    other = [other]
import json, copy, pickle
for name, action in [("repr", lambda: repr(deep_list)), ("eq", lambda: deep_list == other), ("tuple repr", lambda: repr(deep_tuple)), ("tuple hash", lambda: hash(deep_tuple)), ("dict repr", lambda: repr(deep_dict)),
                     ("json", lambda: json.dumps(deep_list)), ("json loads", lambda: json.loads("[" * 100000 + "]" * 100000)), ("copy", lambda: copy.deepcopy(deep_list)), ("pickle", lambda: pickle.dumps(deep_list)),
                     ("isinstance", lambda: isinstance(1, deep_tuple)), ("list lt", lambda: deep_list < other)]:
    # Done or refused: how deep is too deep is up to the implementation.
    try:
        action()
    except RecursionError as e:
        pass
    print(name, "survived")
del deep_list, deep_tuple, deep_dict, other
import gc; gc.collect()
print("freed")
chain = None
for _ in range(100000):
    chain = (lambda c: (lambda: c))(chain)
del chain
def gen(n):
    if n: yield from gen(n - 1)
    yield n
try:
    assert sum(gen(5000)) == 12502500
except RecursionError:
    pass
for source in ("(" * 5000 + ")" * 5000, "-" * 100000 + "1", "[" * 1000 + "]" * 1000, "a" + ".b" * 100000, "x = " + "+".join(["1"] * 50000)):
    try:
        compile(source, "s", "exec")
    except (RecursionError, SyntaxError, MemoryError) as e:
        pass
    print("survived", source[:8])
def except_deep(n):
    try:
        return except_deep(n + 1)
    except RecursionError:
        return "caught deep inside"
print(except_deep(0))
def ack(m, n): return n + 1 if m == 0 else ack(m - 1, 1) if n == 0 else ack(m - 1, ack(m, n - 1))
print(ack(2, 20))
def hanoi(n, a="a", b="b", c="c"): return 0 if n == 0 else hanoi(n - 1, a, c, b) + 1 + hanoi(n - 1, c, b, a)
print(hanoi(12))
import types
proxy, alias = {1: 2}, list
for _ in range(100000):
    proxy, alias = types.MappingProxyType(proxy), types.GenericAlias(alias, int)
for f in (len, list, hash, reversed, lambda p: p[1], lambda p: 1 in p, lambda p: p | {}, lambda p: p == p,
          lambda p: p.get(1), lambda p: p.keys(), lambda p: p.copy(), lambda p: dir(alias)):
    try:
        f(proxy)
    except (RecursionError, TypeError):
        pass
print("proxies of proxies")
