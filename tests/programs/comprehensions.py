# Comprehensions: nesting, scopes (PEP 709), conditions, walrus, dict/set/generator forms, evaluation order.

print([x * y for x in range(1, 4) for y in range(x)], {x: y for x, y in zip("abc", range(3))}, {x % 3 for x in range(9)})
print([[row[i] for row in [[1, 2], [3, 4], [5, 6]]] for i in range(2)])
print([x for x in range(30) if x % 2 if x % 3 if x % 5], [x if x % 2 else -x for x in range(6)])
x = "outer"
print([x for x in range(3)], x, [x for _ in "ab"])
print([(a, b, c) for a, (b, *c) in [(1, (2, 3, 4)), (5, [6])]])
print({k: v for d in ({"a": 1}, {"b": 2}, {"a": 3}) for k, v in d.items()})
print(sum(x for x in range(10)), list(x for x in [1, 2, 3] if x > 1), dict((k, k * 2) for k in "ab"))
print([y := 1, y ** 2], [last := i for i in range(5)], last)
print([total := total + v for v in range(5)] if (total := 0) == 0 else None, total)
print(any((hit := w).startswith("c") for w in ["a", "bc", "cd", "ce"]), hit)

def closures():
    fs = [lambda: i for i in range(3)]
    gs = [lambda i=i: i for i in range(3)]
    return [f() for f in fs], [g() for g in gs]
print(closures())

def local_names():
    a = 1
    [a for a in range(3)]
    b = [c for c in range(2)]
    return sorted(locals()), a
print(local_names())
def sees_locals():
    q = 5
    return [sorted(locals()) for z in [1]], [q for _ in [0]]
print(sees_locals())

class C:
    n = 3
    made = [i for i in range(n)]
    pairs = [(i, j) for i in range(n) for j in range(2)]
    try:
        bad = [n for _ in range(1)]
    except NameError as e:
        bad = str(e)
    def m(self): return [self.n for _ in range(2)]
print(C.made, C.pairs, C.bad, C().m())

order = []
def note(v):
    order.append(v)
    return v
print({note(f"k{i}"): note(f"v{i}") for i in note(range(2)) if note(i) or True}, order)
print([i for i in range(5) if [j for j in range(i) if j == 2]])
print([[j for j in range(i)] for i in range(4)], {(i, j): i * j for i in range(2) for j in range(2)})

# Errors and outermost iterable evaluated eagerly.
try:
    (x for x in undefined)
except NameError as e:
    print(e)
g = (undefined for _ in [1])
try:
    next(g)
except NameError as e:
    print(e)
try:
    [1 // x for x in (1, 0)]
except ZeroDivisionError as e:
    print(e, x)
for source in ("[x for x in 1, 2]", "[(yield 1) for x in y]", "[x := 1 for x in y]", "[y for x in (y := 1)]", "[*a for a in b]",
               "{**a for a in b}", "[for x in y]", "(x for x in y, 1)", "f(x for x in y, 1)", "class D: [(z := i) for i in y]"):
    try:
        compile(source, "s", "exec")
        print("fine", source)
    except SyntaxError as e:
        print(e.msg)

async def asynchronous():
    async def items():
        for i in range(4):
            yield i
    return [i async for i in items() if i], {i: j async for i in items() for j in "z"}, [x async for x in (y async for y in items())]
try:
    asynchronous().send(None)
except StopIteration as e:
    print(e.value)
matrix = [[(i * 7 + j * 3) % 10 for j in range(5)] for i in range(4)]
print([max(col) for col in zip(*matrix)], [list(r) for r in zip(*matrix)][0], sum(v for r in matrix for v in r))
words = "the quick brown fox jumps over the lazy dog the end".split()
print({w: sum(1 for v in words if v == w) for w in dict.fromkeys(words)}, sorted({len(w) for w in words}))
print([a + b for a in "xy" for b in "12" if (a, b) != ("x", "2")], [i for i in [0] for i in [1, 2] for i in [i, i * 10]])
