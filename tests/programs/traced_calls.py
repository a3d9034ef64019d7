# Calls, operators and classes that traces go into: the same with and without the JIT.
class V:
    def __init__(self, x, y=2.0, *rest, k=5, **kw):
        self.x = x; self.y = y; self.k = k; self.rest = rest; self.kw = kw
    def __add__(self, o):
        if not isinstance(o, V): return NotImplemented
        return V(self.x + o.x, self.y + o.y)
    def __mul__(self, s): return V(self.x * s, self.y * s)
    def __rmul__(self, s):
        if isinstance(s, float): return NotImplemented
        return V(self.x * s, self.y * s, k=s)
    def __iadd__(self, o):
        if not isinstance(o, V): return NotImplemented
        self.x += o.x; return self
    def __eq__(self, o): return isinstance(o, V) and self.x == o.x
    def __lt__(self, o): return self.x < o.x
    __hash__ = None
class W(V):
    def __radd__(self, o): return "radd"
class P: pass
def f(a, b=1, *c, d=3, **e): return a + b + len(c) + d + len(e)
def deco(g):
    def w(*a, **k): return g(*a, **k)
    return w
@deco
def h(a, b, c=9): return a * 100 + b * 10 + c
class S:
    @staticmethod
    def st(a, b=2): return a + b
    @classmethod
    def cl(cls, a, b=3): return (cls.__name__, a + b)
    @property
    def pr(self): return 7
def run(n):
    acc = V(0.0, 0.0); s = 0; ps = [P() for _ in range(5)]
    out = []
    so = S()
    for i in range(n):
        v = V(i, 1.0)
        w = V(x=i, y=3.0, k=i)
        acc = acc + v * 2 + 3 * w
        acc += v
        if acc == w: s += 1
        if v < acc: s += 2
        if v != w: s += 4
        p = ps[i % 5]
        if p == ps[2]: s += 8
        if p != ps[1]: s += 16
        s += f(i) + f(i, 2) + f(i, b=3, d=4) + f(i, 2, 3, 4, d=1) + f(a=1, d=2)
        s += h(1, 2) + h(1, 2, c=3) + h(*(1, 2))
        s += so.st(i) + S.st(i, b=5) + so.cl(i)[1] + S.cl(a=i)[1] + so.pr
        q = P(); q.z = i; s += q.z
        if i % 97 == 96:
            try: acc + 1
            except TypeError as e: out.append(str(e))
            try: 1.5 * acc
            except TypeError as e: out.append(str(e))
            try: acc += 1
            except TypeError as e: out.append(str(e))
            try: f()
            except TypeError as e: out.append(str(e))
            try: f(1, a=2)
            except TypeError as e: out.append(str(e))
            try: h(1)
            except TypeError as e: out.append(str(e))
            out.append(acc + W(1)); out.append(V(1, 2, 3, 4, z=3).rest)
    return acc.x, acc.y, s, v.k, w.k, out
r = run(3000); print(r[:5]); print(r[5][:9], len(r[5]), r[5][-8:])

class L(list):
    def first(self): return self[0]
class T(tuple): pass
class A:
    def __init__(self): super().__init__(); self.a = 1
class B(A):
    def __init__(self, x): super().__init__(); self.x = x
class C(B):
    def __init__(self, x): super(C, self).__init__(x); self.c = self.__class__.__name__
def grow(n):
    out = 0
    for i in range(n):
        l = L([1, 2, 3])
        for x in l:
            if len(l) < 9: l.append(x * 2)
            if x == 12 and len(l) > 8: l.pop()
            out += x + len(l)
        out += l[0] + l[-1] + l.first() + T((i, 2))[0] + len(l[1:3])
        c = C(i); out += c.a + c.x + len(c.c)
        if c.__class__ is C: out += 1
        if type(c) == C: out += 2
    return out
print(grow(3000))
def grow2(l, n):
    t = 0
    for x in l:
        t += x
        if t < n: l.append(x + 1)
    return t, len(l)
for i in range(50): r = grow2(L([1, 2]), 20000)
print(r)
class C:
    def __init__(self, k): self.k = k
    def __call__(self, a, b=2, *, c=1): return self.k + a + b * c
def run(n):
    cs = [C(1), C(2)]; s = 0
    for i in range(n):
        c = cs[i & 1]
        s += c(i) + c(i, 3) + c(a=i, c=4) + c(*(1, 2))
    return s
print(run(3000))
class D:
    def __call__(self): return 1/0
def g(n):
    d = D()
    for i in range(n):
        try: d()
        except ZeroDivisionError as e: r = e
        try: d(1)
        except TypeError as e: q = e
    print(q, type(r).__name__)
g(2000)
def rec(d, k): return d.f(k)
class R:
    def __call__(self, n): return self(n+1)
try: R()(0)
except RecursionError as e: print("RecursionError", e)
def compared(n):
    s = 0; out = []
    nan = float('nan'); inf = float('inf')
    for i in range(n):
        f = i / 2 - 100.0; k = i % 7 - 3
        if f < k: s += 1
        if k < f: s += 2
        if f == k: s += 4
        if f != k: s += 8
        if f >= k: s += 16
        b = (k <= f, k > f, f == k, k != f, f <= k)
        s += sum(b)
        s += (f ** 2) + (f ** 3) + (abs(f) ** 0.5)
        if nan < k or nan == k or k >= nan: s += 1000000
        if not (nan != k): s += 1000000
        if inf > k: s += 32
        big = (1 << 53) + 1 + (i & 1)
        if big > 9007199254740992.0: s += 64
        if big == 9007199254740992.0: s += 128
        if big == 9007199254740994.0: s += 256
    return s
print(compared(3000))
def o(n):
    c = 0
    for i in range(n):
        try: (1e200 if i % 50 == 49 else -3.0) ** 3; c += 1
        except OverflowError as e: m = str(e)
    return c, m
print(o(3000))
