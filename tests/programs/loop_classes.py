# Classes as elements and keys, attributes of classes.
import enum, copy, types
class M(type): pass
class C(metaclass=M): pass
class D: pass
class E(D):
    r = 3
    def f(self): return 1
    @classmethod
    def c(cls): return 2
    @staticmethod
    def s(): return 3
S = {int, str, C, D, 'a', 5, (1, 2), None, float}
F = frozenset(S); T = (int, C, 'a', D); L = [int, C, 'b']
X = {int: 1, 'q': 2, C: 3, 7: 4, D: 5}
Y = {'only': 1, 'str': 2}
def ins(objs):
    r = []
    for o in objs:
        t = type(o)
        r.append((t in S, t in F, t in T, t in L, t in X, t in Y, X.get(t), Y.get(t, 9), o.__class__ in F))
    return r
import zlib
objs = ([1] * 40 + ['s'] * 20 + [C()] * 30 + [D()] * 20 + [2.0, None, [], D, C, M, enum.Enum]) * 2
print(zlib.crc32(repr(ins(objs)).encode()), ins([1, C(), D(), []]))
class W:
    def __init__(self, o): self.o = o
    def __eq__(self, o): return True
    def __hash__(self): return hash(self.o)
def weird():
    n = 0
    s = {W(D), W(int)}; d = {W(D): 4}; l = [W(3)]
    for k in range(80):
        n += (D in s) + (int in s) + (str in s) + (D in d) + d.get(D, 0) + d.get(E, 0) + (D in l)
    return n
print(weird())
def cls(n):
    r = []
    for k in range(n):
        t = type(E())
        r.append((getattr(t, 'f', None) is E.f, getattr(t, 'r', 0), getattr(t, 'nope', k), hasattr(t, 's'), getattr(t, 's', 0)(),
                  getattr(t, 'c', 0)(), getattr(t, '__repr__', None) is object.__repr__, getattr(t, '__name__', ''),
                  getattr(t, 'mro', None) is not None, getattr(int, '__repr__', None) is int.__repr__, getattr(dict, 'fromkeys', None) is not None))
        if k == n // 2: E.r = 4; E.nope = 1
        if k == n - 6: del E.nope
    return r
print(zlib.crc32(repr(cls(70)).encode()))
def cp():
    o = [1, 'a', (2, 3), {'k': [D(), 5]}, {4, 5}, types.SimpleNamespace(a=[1])]
    for k in range(60): c = copy.deepcopy(o)
    return str(c[:3]), c[4], c[5], type(c[3]['k'][0]).__name__
print(cp())
def late(n):
    out = 0
    s = set()
    for k in range(n):
        t = type('X%d' % k, (), {})
        out += t in s
        s.add(t)
        out += t in s
        out += hash(t) == hash(t)
    return out
print(late(60))
