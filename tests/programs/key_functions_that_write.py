# Native functions that hot code calls call others: key functions, factories, comparisons. What these write is seen behind the
# call, and is written once, also where the call then fails or meets Python code; and a failed call leaves what it was given
# as it was.
import bisect
import collections
import itertools
import operator


def hot(name, call, l):
    # Each with code of its own.
    exec("def f(l):\n    out = []\n    for k in range(60):\n        a = len(l)\n        try: " + call +
         "\n        except TypeError: pass\n        out.append(len(l) - a)\n    return out", names := dict(globals()))
    print(name, collections.Counter(names["f"](l)))


hot("max", "max((k,), key=l.append)", [])
hot("min", "min((k,), key=l.append)", [])
hot("sorted", "sorted((k,), key=l.append)", [])
hot("compared", "sorted((k, 2), key=l.append)", [])
hot("setdefault", "max((k,), key=l.setdefault)", {})
hot("add", "min((k,), key=l.add)", set())
hot("bisect", "bisect.bisect_left([1], None, key=l.append)", [])
hot("insort", "bisect.insort([1, 2], 1, key=l.append)", [])
hot("methodcaller", "max((l,), key=operator.methodcaller('append', 1))", [])


def factories():
    d = collections.defaultdict(map(lambda k: k, itertools.count()).__next__)
    e = collections.defaultdict(list(range(100)).pop)
    return [d[k] for k in range(40)], [e[k % 30] for k in range(40)]


print(factories())


def keys_of_iterators():
    out = []
    for k in range(40):
        its = [iter((k, 1)), iter((k, "x" if k > 20 else 2))]
        try:
            out.append(list(max(its, key=list)))
        except TypeError:
            out.append([list(i) for i in its])
        except ValueError as e:
            out.append(str(e))
    return out


print(keys_of_iterators())


def pairs():
    out = []
    d = {}
    for k in range(40):
        p = [iter("ab"), "cd" if k < 20 else (1, 2, 3)]
        for f in dict, d.update:
            try:
                out.append(f([iter("ab"), *p[1:]]))
            except ValueError as e:
                out.append(str(e))
    return collections.Counter(map(str, out))


print(pairs())


class Item:
    def __init__(self, n):
        self.n = n

    def __lt__(self, other):
        compared.append(self.n)
        return self.n < other

    def __gt__(self, other):
        compared.append(self.n)
        return self.n > other


compared = []


def sort(l):
    del compared[:]
    try:
        l.sort()
    except TypeError:
        pass
    return str([x.n if type(x) is Item else x for x in l]) + str(compared)


def same(make):
    # The first rounds are interpreted.
    return len({sort(make(k)) for k in range(60)})


print(same(lambda k: [5, 3, 9, 7, 1]), same(lambda k: [3, 9, 5, Item(4), 2, 1, 8]), same(lambda k: [5, 3, 9, "a", 2]))


def rounds():
    seen = set()
    for k in range(60):
        l = [5, 9, 3, 1, "a", 2, 8] if k % 2 else [5, 9, 3, 1, Item(4), 2, 8]
        del compared[:]
        try:
            l.sort()
        except TypeError:
            pass
        seen.add((k % 2, str([x.n if type(x) is Item else x for x in l]), str(compared)))
    return len(seen)


print(rounds())
