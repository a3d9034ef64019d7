# Strings, dicts, ids and attributes in loops.
class A:
    z = 5
    def __init__(self): self.x = 1
    def meth(self): return 3
    @property
    def prop(self): return 9
class B(A):
    def __getattr__(self, n): return n
class S:
    __slots__ = ('u', 'v')
class K(dict): pass
def att(objs):
    r = []
    for k, o in enumerate(objs):
        r.append((getattr(o, 'x', None), getattr(o, 'y', k), getattr(o, 'z', 0), getattr(o, 'prop', 2),
                  getattr(o, 'u', 7), hasattr(o, 'x'), hasattr(o, 'y'), hasattr(o, 'meth'), getattr(o, 'meth', None) is None,
                  getattr(o, '__class__', None).__name__))
    return r
a = A(); b = B(); s = S(); s.v = 1
c = A(); c.y = 2
print(len(att([a] * 60 + [b] * 20 + [s] * 20 + [c] * 30 + [1, 'a', None, A])), att([a, b, s, c, 1]))
def changes(n):
    a = A(); out = []
    for k in range(n):
        out.append(getattr(a, 'q', -1))
        if k == n // 2: A.q = 4
        if k == n - 5: a.q = 6
    del A.q
    return out
print(changes(80))
def strs(t, keys):
    n = 0
    for k in range(len(t)):
        ch = t[k]
        if ch == 'a': n += 1
        elif ch != 'b': n += 10
        elif ch in 'bcd': n += 100
        if ch in keys: n += 1000
        if t[-k - 1] == 'é': n += 5
        n += len(t[k:k + 3]) + len(ch)
    try:
        for k in range(1000000): t[k]
    except IndexError as e: return n, k, str(e)
print(strs('abcabcabd' * 20, frozenset('ac')), strs('aéb\u4e00c' * 30, {'a': 1}), strs('aéb\u4e00c' * 3000, ['a', 1]))
def dicts(n):
    d = {1: 'a', 'k': 'b', (1, 2): 't', 2.0: 'f', None: 0}
    e = K(x=1); r = []
    for k in range(n):
        r.append((d.get(1), d.get('k'), d.get((1, 2)), d.get(2), d.get(None, 5), d.get(k), d.get('nope', k), e.get('x'), e.get('q', 1)))
        if k == n // 2: d[1] = 'c'; d[7] = 1
        if k == n - 9: del d['k']
        try: d.get([])
        except TypeError as x: r.append(str(x))
    return r
import zlib
print(zlib.crc32(repr(dicts(70)).encode()))
def glob(n):
    g = globals(); t = 0
    for k in range(n):
        t += g.get('GG', 0) + ('GG' in g)
        if k == 40: g['GG'] = 5
    return t
print(glob(90))
def ids(n):
    m = {}; l = [[] for k in range(n)]
    for o in l: m[id(o)] = o
    t = 0
    for o in l: t += m.get(id(o)) is o; t += id(o) in m
    for k in range(n): t += id(object()) != id(l[k])
    return t, len(m)
print(ids(100))
