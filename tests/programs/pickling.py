# Pickle in all protocols: containers, recursion, reduce values, buffers, memo, errors.
import pickle, pickletools, io, copyreg, collections, sys

class Plain:
    def __init__(self, **kw):
        self.__dict__.update(kw)

class Attrs:
    def __init__(self):
        self.a, self.b = 1, [2, 3]

class Slots:
    __slots__ = ("x", "y")

class State:
    def __init__(self, v):
        self.v = v
    def __getstate__(self):
        return {"w": self.v}
    def __setstate__(self, s):
        self.v = s["w"] + 1

class NewArgs(int):
    def __new__(cls, v, w=0):
        o = int.__new__(cls, v)
        o.w = w
        return o
    def __getnewargs_ex__(self):
        return (int(self),), {"w": self.w}

class MyList(list):
    pass

class MyDict(dict):
    pass

values = [
    None, True, False, 0, 1, -1, 255, 256, 65535, 65536, -2**31, 2**31, 2**63, -2**63, 2**64, -2**100, 2**2100,
    0.0, -0.0, 1.5, 1e300, float("inf"), "", "abc", "é\u20ac\U0001f600\ud800", "a\\b\n\r\0\x1a", b"", b"abc\xff", b"x" * 300,
    bytearray(b""), bytearray(b"ab"), (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [], [1], [1, 2], list(range(1001)), {}, {1: 2},
    {"a": 1, "b": [1]}, set(), {1}, frozenset(), frozenset({1}), len, dict, type(None), type(...), type(NotImplemented),
    Ellipsis, NotImplemented, collections.OrderedDict(a=1), collections.Counter("aab"), collections.deque([1, 2], 5),
    range(3), slice(1, 2), complex(1, 2), ValueError("x", 1), str.upper,
]
for proto in range(6):
    for v in values:
        d = pickle.dumps(v, proto)
        w = pickle.loads(d)
        assert type(v) is type(w) and (v == w or repr(v) == repr(w)), (proto, v, w)
        assert pickle.loads(pickletools.optimize(d)) == w or repr(v) == repr(w)
    o = Attrs()
    o2 = pickle.loads(pickle.dumps(o, proto))
    print(proto, o2.a, o2.b, vars(o2), end=" ")
    print(pickle.loads(pickle.dumps(State(4), proto)).v, end=" ")
    l = MyList([1, 2]); l.z = 3
    l2 = pickle.loads(pickle.dumps(l, proto)); print(l2, l2.z, type(l2).__name__, end=" ")
    m = MyDict(a=1)
    if proto >= 2:
        m["me"] = m
    m2 = pickle.loads(pickle.dumps(m, proto)); print(m2.get("me") is m2, end=" ")
    if proto >= 2:
        s = Slots(); s.x = 5
        s2 = pickle.loads(pickle.dumps(s, proto)); print(s2.x, hasattr(s2, "y"), end=" ")
        n = pickle.loads(pickle.dumps(NewArgs(7, 8), proto)); print(n, n.w, end=" ")
    r = []; r.append(r); r2 = pickle.loads(pickle.dumps(r, proto)); print(r2[0] is r2, end=" ")
    t = ([],); t[0].append(t); t2 = pickle.loads(pickle.dumps(t, proto)); print(t2[0][0] is t2)
    print(pickle.dumps({"a": [1, (2, 3), "x"], "b": b"y"}, proto))

class Persistent(pickle.Pickler):
    def persistent_id(self, o):
        return ("id", o.key) if isinstance(o, Plain) else None
class Loader(pickle.Unpickler):
    def persistent_load(self, pid):
        return Plain(key=pid[1])
    def find_class(self, m, n):
        print("find", m, n)
        return super().find_class(m, n)
f = io.BytesIO(); Persistent(f).dump([Plain(key=3), Attrs]); f.seek(0)
x = Loader(f).load(); print(x[0].key, x[1])

class Override(pickle.Pickler):
    dispatch_table = copyreg.dispatch_table.copy()
    def reducer_override(self, o):
        return (int, (41,)) if o is Plain else NotImplemented
Override.dispatch_table[Attrs] = lambda o: (Plain, (), {"seen": True})
f = io.BytesIO(); Override(f).dump([Plain, Attrs()])
try:
    print(pickle.loads(f.getvalue()))
except TypeError as e:
    print(e)
bufs = []
d = pickle.dumps([pickle.PickleBuffer(bytearray(b"abc")), pickle.PickleBuffer(b"de")], 5, buffer_callback=bufs.append)
print(d, [bytes(b) for b in bufs], [bytes(x) for x in pickle.loads(d, buffers=bufs)])
p = pickle.Pickler(io.BytesIO()); a = ["x"]; p.dump(a); print(len(p.memo.copy())); p.clear_memo(); print(p.memo.copy())
def attempt(f, *a, **k):
    try:
        print(f(*a, **k))
    except Exception as e:
        print(type(e).__name__, e, getattr(e, "__notes__", ""))
attempt(pickle.dumps, [1, {"k": (2, lambda: 0)}][:1]); attempt(pickle.dumps, [1, {"k": (2, sys._getframe())}])
attempt(pickle.loads, b""); attempt(pickle.loads, b"."); attempt(pickle.loads, b"\x80\x09N."); attempt(pickle.loads, b"h\x05.")
attempt(pickle.loads, b"cos\nnothere\n."); attempt(pickle.dumps, 1, 9); attempt(pickle.dumps, 1, 4, buffer_callback=print)
deep = []
for _ in range(200000):
    deep = [deep]
try:
    pickle.dumps(deep)
except RecursionError as e:
    print("RecursionError")
while deep:
    deep = deep[0]
