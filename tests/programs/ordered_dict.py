# OrderedDict against a list of pairs, with many moves at both ends; comparison, text, pickles, iterators.
import copy, pickle, random
from collections import OrderedDict

rand = random.Random(3)
for tuples in (False, True):
    for _ in range(60):
        od, ref = OrderedDict(), []
        for i in range(rand.randrange(300)):
            n = rand.randrange(rand.choice([5, 50, 200]))
            k = (n, "x") if tuples else n
            keys = [a for a, _ in ref]
            op = rand.randrange(9)
            if op < 3:
                od[k] = i
                if k in keys:
                    ref[keys.index(k)] = (k, i)
                else:
                    ref.append((k, i))
            elif op < 6:
                last = rand.random() < 0.4
                try:
                    od.move_to_end(k, last)
                    x = ref.pop(keys.index(k))
                    ref.insert(len(ref) if last else 0, x)
                except KeyError:
                    assert k not in keys
            elif op == 6 and ref:
                last = rand.random() < 0.5
                assert od.popitem(last) == ref.pop(-1 if last else 0)
            elif op == 7:
                assert od.pop(k, None) == dict(ref).get(k)
                ref = [x for x in ref if x[0] != k]
            assert list(od.items()) == ref
            assert list(reversed(od.items())) == ref[::-1]
            assert all(od[a] == b for a, b in ref)
        assert od.copy() == od and list(dict(od).items()) == ref

class Sub(OrderedDict):
    def __setitem__(self, key, value):
        print("set", key)
        super().__setitem__(key, value)

def show(f):
    try:
        print(repr(f()))
    except Exception as e:
        print(type(e).__name__, e)

s = Sub([("a", 1)], b=2)
s.attr = [1]
for f in (
    lambda: s,
    lambda: s | {"c": 3},
    lambda: {"c": 3} | s,
    lambda: (pickle.loads(pickle.dumps(s)), pickle.loads(pickle.dumps(s, 2)).attr, copy.deepcopy(s).attr, copy.copy(s)),
    lambda: OrderedDict(a=1, b=2) == OrderedDict(b=2, a=1),
    lambda: OrderedDict(a=1, b=2) == {"b": 2, "a": 1},
    lambda: OrderedDict([(1,)]),
    lambda: OrderedDict([(1, 2, 3)]),
    lambda: OrderedDict(1, 2),
    lambda: OrderedDict().popitem(),
    lambda: OrderedDict().move_to_end("x"),
    lambda: [od.move_to_end(k) for od in [OrderedDict(a=1, b=2)] for k in od],
    lambda: [od.update(c=1) for od in [OrderedDict(a=1, b=2)] for k in od],
    lambda: [od.update(a=3) for od in [OrderedDict(a=1, b=2)] for k in od],
    lambda: (OrderedDict(a=1).keys(), OrderedDict(a=1).items(), OrderedDict(a=1).values()),
    lambda: iter(OrderedDict(a=1, b=2).items()).__reduce__()[1],
    lambda: OrderedDict.fromkeys("abc").keys() & {"b"},
    lambda: Sub.fromkeys("xy", 0),
    lambda: s.setdefault("z", 5),
    lambda: (s.pop("z"), s.pop(key="z", default=6)),
):
    show(f)
od = OrderedDict(a=1)
od["self"] = od
print(od)
