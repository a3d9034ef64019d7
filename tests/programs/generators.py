# Generators: send, throw, close, return values, yield from, finalisation, expressions, introspection.

def echo():
    got = None
    while True:
        try:
            got = yield got
        except ValueError as e:
            got = f"caught {e}"
        except GeneratorExit:
            print("closing")
            raise
g = echo()
print(next(g), g.send(1), g.send("two"), g.throw(ValueError("v")), g.send(None))
g.close()
g.close()
try:
    next(g)
except StopIteration as e:
    print("stopped", e.value)

def averager():
    total = count = 0
    while (x := (yield total / count if count else None)) is not None:
        total += x
        count += 1
    return count, total

def delegating(results):
    while True:
        results.append((yield from averager()))
results = []
d = delegating(results)
next(d)
for x in (10, 20, 30):
    print(d.send(x), end=" ")
d.send(None)
print(results)

def inner():
    try:
        yield 1
        yield 2
    except KeyError:
        yield "inner handled"
    finally:
        print("inner done")
    return "inner value"
def outer():
    value = yield from inner()
    yield value
o = outer()
print(next(o), o.throw(KeyError), list(o))

def tree(t):
    if t:
        left, key, right = t
        yield from tree(left)
        yield key
        yield from tree(right)
print(list(tree((((), 1, ()), 2, (((), 3, ()), 4, ())))))

def chain(*its):
    for it in its:
        yield from it
print(list(chain("ab", [1, 2], range(2), {"k": 0}, (i for i in "z"))))

# Errors.
try:
    echo().send(5)
except TypeError as e:
    print(e)
def reentrant():
    yield next(me)
me = reentrant()
try:
    next(me)
except ValueError as e:
    print(e)
def raises_stop():
    yield 1
    raise StopIteration("inside")
try:
    list(raises_stop())
except RuntimeError as e:
    print(e, repr(e.__cause__))
def ignores_exit():
    try:
        yield
    except GeneratorExit:
        yield "no"
i = ignores_exit()
next(i)
try:
    i.close()
except RuntimeError as e:
    print(e)
def returns_on_close():
    try:
        yield
    except GeneratorExit:
        return "returned"
r = returns_on_close()
next(r)
print(r.close())

def with_finally():
    try:
        yield "value"
    finally:
        print("finalised")
w = with_finally()
next(w)
del w
import gc; gc.collect()

# Introspection and laziness.
def states():
    yield
s = states()
print(s.gi_frame is not None, s.gi_running, s.__name__, s.gi_yieldfrom, s.gi_code.co_name)
list(s)
print(s.gi_frame)
def lazy():
    print("started")
    yield
l = lazy()
print("made")
next(l)
source = iter(range(10))
squares = (x * x for x in source if x % 2)
print(next(squares), next(source), next(squares), sum(squares))
try:
    gen = (x for x in 5)
except TypeError as e:
    print(e)
print([*(lambda: (yield 1))()], sum(i for i in range(1000)), max((len(w), w) for w in "a bcd ef".split()))

def primes():
    sieve, n = {}, 2
    while True:
        if n not in sieve:
            yield n
            sieve[n * n] = [n]
        else:
            for p in sieve.pop(n):
                sieve.setdefault(n + p, []).append(p)
        n += 1
ps = primes()
print([next(ps) for _ in range(12)])
def deep(n):
    if n:
        yield from deep(n - 1)
    yield n
print(sum(deep(200)))
print(type(g).__name__, isinstance(g, __import__("collections.abc").abc.Generator))
