# Operator overloading: forward, reflected, in-place, NotImplemented, comparisons, containers, conversions.

class V:
    def __init__(self, n, log=None): self.n, self.log = n, log
    def __repr__(self): return f"V({self.n})"
    def __add__(self, o): return V(self.n + (o.n if isinstance(o, V) else o)) if isinstance(o, (V, int)) else NotImplemented
    def __radd__(self, o): return V(o * 1000 + self.n)
    def __iadd__(self, o): self.n += o; return self
    def __sub__(self, o): return "sub"
    def __rsub__(self, o): return "rsub"
    def __mul__(self, o): return NotImplemented
    def __rmul__(self, o): return f"rmul {o!r}"
    def __matmul__(self, o): return "matmul"
    def __truediv__(self, o): return "div"
    def __floordiv__(self, o): return "floordiv"
    def __mod__(self, o): return "mod"
    def __divmod__(self, o): return "divmod"
    def __pow__(self, o, m=None): return f"pow {o} {m}"
    def __rpow__(self, o): return f"rpow {o}"
    def __lshift__(self, o): return "lshift"
    def __rrshift__(self, o): return "rrshift"
    def __and__(self, o): return "and"
    def __ror__(self, o): return "ror"
    def __xor__(self, o): return "xor"
    def __neg__(self): return "neg"
    def __pos__(self): return "pos"
    def __invert__(self): return "invert"
    def __abs__(self): return "abs"
    def __round__(self, n=None): return f"round {n}"
    def __trunc__(self): return 7
    def __floor__(self): return "floor"
    def __ceil__(self): return "ceil"
    def __int__(self): return 11
    def __float__(self): return 1.5
    def __complex__(self): return 2j
    def __index__(self): return 2
    def __bool__(self): return self.n > 0
    def __len__(self): return 3
    def __hash__(self): return 99
    def __eq__(self, o): return self.n == getattr(o, "n", None)
    def __lt__(self, o): return self.n < o.n if isinstance(o, V) else NotImplemented
    def __contains__(self, x): return x == self.n
    def __getitem__(self, k): return k
    def __setitem__(self, k, v): print("set", k, v)
    def __delitem__(self, k): print("del", k)
    def __reversed__(self): return iter("reversed")
v = V(5)
print(v + 1, 1 + v, v + v, v - 1, 1 - v, 3 * v, v @ 1, v / 1, v // 1, v % 1, divmod(v, 1), v ** 2, pow(v, 2, 3), 2 ** v, v << 1, 1 >> v, v & 1, 1 | v, v ^ 1)
import math
print(-v, +v, ~v, abs(v), round(v), round(v, 2), math.trunc(v), math.floor(v), math.ceil(v), int(v), float(v), complex(v), hex(v), [0, 1, 2, 3][v], bool(V(0)), len(v), hash(v))
print(v == V(5), v != V(6), v == 5, v < V(6), v > V(4), V(5) in [v], 5 in v, v[1], v[1:2, ...], v[::2], list(reversed(v))[:2], {v: 1}[V(5)])
v[1], v[2:3] = "a", "b"
del v[0]
w = v
w += 10
print(w is v, v)
w -= 1
print(w)
for bad in (lambda: v * 1 if 0 else V(1) * 1, lambda: V(1) + "x", lambda: V(1) < 5, lambda: V(1) <= V(2), lambda: {} + V(1) if 0 else V(1) * V(2), lambda: ~"x", lambda: object() + 1, lambda: [] - [], lambda: "a" % V(1) if 0 else None + None):
    try:
        print(bad())
    except TypeError as e:
        print(e)

# A subclass's reflected method goes first; equal types try once.
class A:
    def __add__(self, o): return "A.add"
    def __radd__(self, o): return "A.radd"
    def __lt__(self, o): return "A.lt"
    def __gt__(self, o): return "A.gt"
class B(A):
    def __radd__(self, o): return "B.radd"
    def __gt__(self, o): return "B.gt"
class D(A): pass
print(A() + B(), B() + A(), A() + D(), A() < B(), A() < D(), 1 + A(), A() < 1, 1 < A())
class Rich:
    def __init__(self, v): self.v = v
    def __eq__(self, o): return NotImplemented
    def __ne__(self, o): return "ne"
print(Rich(1) == Rich(1), Rich(1) != 1, (r := Rich(1)) == r, r in [r])
class NoHash:
    def __eq__(self, o): return True
for bad in (lambda: hash(NoHash()), lambda: {NoHash()}):
    try:
        bad()
    except TypeError as e:
        print(e)
class BadBool:
    def __bool__(self): return "yes"
class BadLen:
    def __len__(self): return -1
class BadIndex:
    def __index__(self): return 1.5
class BadStr:
    def __str__(self): return 5
    def __repr__(self): return None
    def __hash__(self): return "h"
    def __iter__(self): return 5
    def __int__(self): return "1"
    def __float__(self): return 1
    def __format__(self, s): return 1
    def __contains__(self, x): raise KeyError("contains")
for bad in (lambda: bool(BadBool()), lambda: not BadBool(), lambda: len(BadLen()), lambda: bool(BadLen()), lambda: [1][BadIndex()], lambda: str(BadStr()), lambda: repr(BadStr()), lambda: hash(BadStr()), lambda: list(BadStr()),
            lambda: int(BadStr()), lambda: float(BadStr()), lambda: f"{BadStr()}", lambda: 1 in BadStr(), lambda: len(5), lambda: [] in 5, lambda: 5[0], lambda: None[0], lambda: (1).x, lambda: del_item(5), lambda: iter(BadLen())):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__, e)
class Old:
    def __getitem__(self, i):
        if i > 3:
            raise IndexError
        return i * i
print(list(Old()), 4 in Old(), 5 in Old(), max(Old()), [*Old()], dict(zip("ab", Old())), list(reversed([1, 2])), sum(Old()))
import operator
print(operator.attrgetter("n", "__class__.__name__")(v), operator.itemgetter(1, 0)("ab"), operator.methodcaller("upper")("x"), operator.index(V(1)), operator.concat([1], [2]), operator.length_hint(V(1)))
