# dict: methods, order, views, merging, subclassing, mutation errors, equality, hashing rules, mappingproxy.

d = {"b": 1, "a": 2}
d["c"] = 3
d["b"] = 10
del d["a"]
d["a"] = 4
print(d, list(d), list(d.values()), list(d.items()), len(d), "a" in d, 5 in d)
print(d.get("x"), d.get("x", 0), d.setdefault("n", []), d.setdefault("b", 0), d.pop("n"), d.pop("zz", "default"))
print(d.popitem(), d, dict(reversed(d.items())), list(reversed(d)))
d.update({"x": 1}, y=2)
d.update([("z", 3), "kv"])
print(d, d | {"x": 9}, {"x": 0} | d, dict.fromkeys("ab", 0), dict([(1, 2)], a=3), dict(zip("ab", [1, 2])))
d |= [("q", 1)]
print(d.copy() == d, d.copy() is d, d == dict(sorted(d.items())), {1: 2} == {1.0: 2.0}, {} == [])

# Equal keys keep the first object; True, 1 and 1.0 are one key; -1 and -2 hash alike.
k = {1: "int"}
k[True] = "bool"
k[1.0] = "float"
print(k, {-1: "a", -2: "b"}, {0.0: 1, -0.0: 2}, {(1, 2): 3}[1, 2])
nan = float("nan")
print({nan: 1}[nan], len({float("nan"): 1, float("nan"): 2}))

keys, items, values = d.keys(), d.items(), d.values()
print(keys & {"x", "nope"}, sorted(keys | ["new"]), sorted(keys - {"b", "c"}), ("x", 1) in items, keys.isdisjoint("ab"))
print({1: 2}.items() == {1: 2}.items(), {1: 2}.keys() == {1}, {1: 2}.values() == {1: 2}.values(), type(keys.mapping).__name__)
before = len(keys)
d["later"] = 0
print(len(keys) - before, repr({1: 2}.keys()), repr({1: 2}.items()), repr({1: 2}.values()))

for change in ("d[5] = 1", "del d[0]", "d.clear()", "d.pop(0)"):
    d2 = {i: i for i in range(3)}
    try:
        for _ in d2:
            exec(change, {"d": d2})
        print("ended", change)
    except RuntimeError as e:
        print(change, "->", e)
for bad in (lambda: {}["missing"], lambda: {[]: 1}, lambda: {}.popitem(), lambda: {}.pop("x"), lambda: dict([1]), lambda: dict([(1, 2, 3)]),
            lambda: {} | [], lambda: {} < {}, lambda: dict(1), lambda: {}.update(1), lambda: {**1}, lambda: hash({}), lambda: {}.get()):
    try:
        bad()
    except Exception as e:
        print(type(e).__name__, e)

class Default(dict):
    def __missing__(self, key):
        self[key] = value = f"made {key}"
        return value
m = Default(a=1)
print(m["a"], m["b"], m, m.get("c"), type(m | {}).__name__, type(m.copy()).__name__)

class Key:
    def __init__(self, v): self.v = v
    def __hash__(self): return 1
    def __eq__(self, other): return isinstance(other, Key) and self.v == other.v
    def __repr__(self): return f"K{self.v}"
many = {Key(i): i for i in range(20)}
print(many[Key(13)], Key(99) in many, len(many), list(many)[:3])
for i in range(0, 20, 2):
    del many[Key(i)]
print(list(many), many.pop(Key(1)))

class BadEq:
    def __hash__(self): return 7
    def __eq__(self, other): raise ValueError("no comparing")
try:
    {BadEq(): 1, BadEq(): 2}
except ValueError as e:
    print(e)

self_ref = {}
self_ref["me"] = self_ref
print(self_ref, str({"a": [1, {"b": (2,)}]}))
big = {}
for i in range(1000):
    big[i] = i
for i in range(0, 1000, 3):
    del big[i]
for i in range(2000, 2100):
    big[i] = i
print(len(big), sum(big), next(iter(big)), list(big)[-1])
vars_proxy = type("T", (), {"x": 1}).__dict__
try:
    vars_proxy["y"] = 1
except TypeError as e:
    print(e)
from types import MappingProxyType
p = MappingProxyType({"a": 1})
print(p, p["a"], p | {"b": 2}, p.copy())
from collections import OrderedDict, defaultdict, Counter, ChainMap
o = OrderedDict.fromkeys("abc")
o.move_to_end("a"); o.move_to_end("c", last=False)
print(o, o.popitem(last=False), o == OrderedDict.fromkeys("ab"), o == {"a": None, "b": None})
dd = defaultdict(list)
for word in "one two three four".split():
    dd[len(word)].append(word)
print(dd, Counter("mississippi").most_common(2), Counter("aab") - Counter("ab") + Counter("z"))
c = ChainMap({"a": 1}, {"a": 2, "b": 3})
print(c["a"], c["b"], sorted(c), c.parents, c.new_child({"b": 0})["b"])
def kw(**k): return k
print(kw(**{"a": 1}, b=2, **Default(c=3)), {**{"a": 1, "b": 2}, "a": 3, **{"b": 4}})
