# Methods looked up by names that are made of class names; classes, names and instances that change afterwards.


class Node:
    def __init__(self, *kids):
        self.kids = kids


class Leaf(Node):
    pass


class Pair(Node):
    pass


class Odd(Node):
    pass


class Visitor:
    seen = 0

    def visit(self, node):
        method = "visit_" + type(node).__name__
        return getattr(self, method, self.other)(node)

    def visit_Leaf(self, node):
        return 1

    def visit_Pair(self, node):
        return self.visit(node.kids[0]) + self.visit(node.kids[1])

    def other(self, node):
        return 100


class Formats(Visitor):
    def visit(self, node):
        return getattr(self, f"visit_{node.__class__.__name__}")(node)


tree = Pair(Pair(Leaf(), Leaf()), Pair(Leaf(), Odd()))


def run(v, tree, n=2000):
    total = 0
    for _ in range(n):
        total += v.visit(tree)
    return total


v = Visitor()
print(run(v, tree))
# The class gets a method, then another name; the instance an attribute of its own.
Visitor.visit_Odd = lambda self, node: 7
print(run(v, tree))
Odd.__name__ = "Even"
print(run(v, tree))
Odd.__name__ = "Odd"
v.visit_Leaf = lambda node: 3
print(run(v, tree))
del v.visit_Leaf
print(run(v, tree))

f = Formats()
print(run(f, Pair(Leaf(), Leaf())))
del Visitor.visit_Odd
for n in range(2001):
    try:
        f.visit(Odd() if n == 2000 else Leaf())
    except AttributeError as e:
        print(n, e)


class Computed:
    calls = 0

    @property
    def size(self):
        Computed.calls += 1
        return 5

    def __getattr__(self, name):
        return len(name)


def names(o, n=1500):
    total = 0
    for k in range(n):
        total += getattr(o, "size") + getattr(o, "x" * (k % 3 + 1))
    return total


print(names(Computed()), Computed.calls)


class Own:
    def size(self):
        return 1


def bound(o, n=1500):
    methods = set()
    for _ in range(n):
        m = getattr(o, "size")
        methods.add(m)
    return len(methods), m.__self__ is o, m(), hasattr(o, "size"), hasattr(o, "none")


print(bound(Own()))
o = Own()
o.size = len
try:
    bound(o)
except (TypeError, AttributeError) as e:
    print(type(e).__name__)


def keep(n):
    """Elements that are removed and come back, among others of the same cells."""
    s = set(range(6))
    out = []
    for k in range(n):
        for x in (1, 9, 17, -1, "a", 2.0):
            if x in s:
                s.remove(x)
            else:
                s.add(x)
        s.discard(k % 5)
        if k % 97 == 0:
            out.append(sorted(map(str, s)))
    return out, list(map(str, s)) if False else len(s)


print(keep(1000))


class Key:
    def __init__(self, n):
        self.n = n

    def __hash__(self):
        return self.n & 1

    def __eq__(self, other):
        return isinstance(other, Key) and self.n == other.n


s = set()
for k in range(60):
    s.add(Key(k))
for k in range(0, 60, 3):
    s.remove(Key(k))
print(len(s), all((Key(k) in s) == (k % 3 != 0) for k in range(60)), Key(100) in s, 0 in s, 1 in s)
t = s.copy()
t |= {Key(3), 0, True, -1, -2}
print(len(t), len(t - s), -1 in t, -2 in t, hash(-1))
