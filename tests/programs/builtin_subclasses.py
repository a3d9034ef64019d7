# Subclasses of builtin types, and the builtin functions over them; copying and pickling; repr recursion.
import copy, pickle

class MyInt(int):
    def __new__(cls, v, note=None):
        self = super().__new__(cls, v)
        self.note = note
        return self
class MyStr(str):
    def __len__(self): return 99
    def __getitem__(self, i): return "?"
class MyList(list):
    def append(self, x): super().append(x * 2)
    def __iter__(self): return iter(["overridden"])
class MyDict(dict):
    def __getitem__(self, k): return f"got {k}"
    def keys(self): return ["fake"]
class MyTuple(tuple):
    def __new__(cls, *a): return super().__new__(cls, a)
class MySet(set): pass
class PlainList(list): pass
class MyBytes(bytes): pass
class MyFloat(float): pass
class MyError(ValueError):
    def __init__(self, a, b): super().__init__(a); self.b = b
i = MyInt(5, note="n")
print(i, i + 1, type(i + 1).__name__, i.note, i == 5, hash(i) == hash(5), {5: "x"}[i], isinstance(i, int), i.__dict__, MyInt("7", note=1), [10, 20, 30, 40, 50, 60][i], f"{i:03d}", i.bit_length(), bool(MyInt(0)))
s = MyStr("abc")
print(len(s), s[0], s[:2], "".join(s), list(s), s.upper(), s + "d", "%s" % s, s == "abc", {"abc": 1}[s], s.__len__(), str.__len__(s), "b" in s, s * 2)
l = MyList([1, 2])
l.append(3); l.extend([4]); l += [5]
print(l, list(l), len(l), l[2], sorted(l), [*l], l == [1, 2, 6, 4, 5], l[1:], type(l[1:]).__name__, l.copy(), sum([1] + list.__iter__(l).__reduce__()[1][0]))
d = MyDict(a=1)
print(d["zzz"], d.get("a"), d, {**d}, dict(d), list(d), d | {"b": 2}, "%(x)s" % d, "{a}".format_map(d), d == {"a": 1}, (lambda **k: k)(**d), d.setdefault("q", 5), len(d))
t = MyTuple(1, 2)
print(t, t + (3,), type(t + (3,)).__name__, t[0], hash(t) == hash((1, 2)), t == (1, 2), "%d %d" % t, tuple(t) is t, type(tuple(t)).__name__)
print(MySet([1]) | {2}, type(MySet([1]) | {2}).__name__, MyBytes(b"ab")[0], MyBytes(b"x") + b"y", MyFloat(1.5) * 2, repr(MyFloat(0.5)), type(MyFloat(1) + 1).__name__, MyFloat("2.5").is_integer())
e = MyError(1, 2)
print(repr(e), e.args, e.b, str(e))

class Ext:
    def __init__(self, v): self.v, self.parts = v, [v]
    def __eq__(self, o): return self.__dict__ == o.__dict__
class Slotted:
    __slots__ = ("a", "b")
class Reduced:
    def __init__(self, n): self.n = n
    def __reduce__(self): return Reduced, (self.n + 1,)
class State:
    def __getstate__(self): return {"saved": 1}
    def __setstate__(self, s): self.restored = s
class WithArgs(int):
    def __new__(cls, a, b): self = super().__new__(cls, a); self.b = b; return self
    def __getnewargs__(self): return int(self), self.b
class Copies:
    def __copy__(self): return "copied"
    def __deepcopy__(self, memo): return "deep copied"
x = Ext(1)
x.me = x.parts
y, z = copy.copy(x), copy.deepcopy(x)
print(y == x, y.parts is x.parts, z.parts is x.parts, z.me is z.parts, copy.copy(Copies()), copy.deepcopy([Copies()]), copy.replace(__import__("collections").namedtuple("N", "a b")(1, 2), b=3))
sl = Slotted()
sl.a = [1]
c = copy.deepcopy(sl)
print(c.a, c.a is sl.a, hasattr(c, "b"))
loop = [1, {"k": None}]
loop[1]["k"] = loop
dup = copy.deepcopy(loop)
print(dup, dup[1]["k"] is dup, dup is not loop)
for proto in range(pickle.HIGHEST_PROTOCOL + 1):
    for obj in (None, True, 5, -(10 ** 50), 1.5, "é\ud800"[:1], b"b", (1, (2,)), [1, [2]], {"a": {1}}, frozenset([3]), 1j, range(3), slice(1, 2) if proto > 1 else 0, Ext(2), PlainList([1]) if proto > 1 else 0, MyDict(k=1) if proto > 1 else 0, WithArgs(1, 2) if proto > 1 else 0, bytearray(b"x"), len, Ext, ...):
        back = pickle.loads(pickle.dumps(obj, proto))
        assert back == obj and type(back) is type(obj), (proto, obj)
    r = pickle.loads(pickle.dumps(Reduced(1), proto))
    st = pickle.loads(pickle.dumps(State(), proto))
    shared = pickle.loads(pickle.dumps([x, x.parts, loop], proto))
    print(proto, r.n, st.restored, shared[0].parts is shared[1], shared[2][1]["k"] is shared[2])
err = pickle.loads(pickle.dumps(ValueError("a", 2)))
print(repr(err), pickle.dumps([1, "a"], 0), pickle.loads(b"\x80\x04\x95\x06\x00\x00\x00\x00\x00\x00\x00]\x94(K\x01e."))
for bad in (lambda: pickle.dumps(lambda: 0), lambda: pickle.loads(b""), lambda: pickle.loads(b"x"), lambda: pickle.dumps(i for i in []), lambda: copy.deepcopy((i for i in [])), lambda: pickle.loads(b"cno_module\nx\n.")):
    try:
        print(bad())
    except Exception as x2:
        print(type(x2).__name__, str(x2).split(" at 0x")[0].split("<function")[0])
class Rec:
    def __repr__(self): return f"<{self.items!r}>"
r = Rec()
r.items = [1, [r.__class__.__name__]]
print(r, [[...]], {"a": ...}, (lst := [1], lst.append(lst))[0])
