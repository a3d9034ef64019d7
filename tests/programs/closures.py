# Closures: cells, nonlocal, late binding, cells shared by siblings and by generators.

def counter(start=0):
    n = start
    def inc(by=1):
        nonlocal n
        n += by
        return n
    def get():
        return n
    return inc, get

inc, get = counter(10)
print(inc(), inc(5), get())
inc2, get2 = counter()
inc2()
print(get(), get2())

# Late binding and the default-argument idiom.
late = [lambda: i for i in range(3)]
early = [lambda i=i: i for i in range(3)]
print([f() for f in late], [f() for f in early])

def outer():
    x = "outer"
    def middle():
        def inner():
            return x
        return inner
    f = middle()
    x = "changed"
    return f()
print(outer())

# Free variables that are not set yet or not any more.
def unset(assign):
    def read():
        return value
    if assign:
        value = 1
    return read
print(unset(True)())
try:
    unset(False)()
except NameError as e:
    print(type(e).__name__, e)

def deleted():
    v = 1
    def read():
        return v
    del v
    try:
        read()
    except NameError as e:
        print(e)
    try:
        print(v)
    except UnboundLocalError as e:
        print(e)
deleted()

# Introspection.
def make(a, b):
    c = a + b
    def f(d):
        return a, c, d
    return f
f = make(1, 2)
print(f.__code__.co_freevars, [cell.cell_contents for cell in f.__closure__])
print(make.__code__.co_cellvars, f(9))
f.__closure__[0].cell_contents = 100
print(f(9))

# A generator closes over variables that its siblings change.
def shared():
    n = 0
    def gen():
        while n < 3:
            yield n
    def bump():
        nonlocal n
        n += 1
    return gen(), bump
g, bump = shared()
for value in g:
    print("gen", value)
    bump()

# Class bodies do not make scopes for their methods; comprehensions see the function's.
x = "global"
class C:
    x = "class"
    def method(self):
        return x
    copies = [x for _ in range(1)]
    y = (lambda: x)()
print(C().method(), C.copies, C.y)

def class_in_function():
    x = "function"
    class D:
        print(x)
        x = "body"
        print(x)
        def m(self):
            return x, __class__.__name__
    return D().m()
print(class_in_function())

# global inside nested functions; exec with its own namespace.
def set_global():
    global made
    def inner():
        global made
        made = "inner"
    made = "outer"
    inner()
set_global()
print(made)
space = {}
exec("def f(): return lambda: y\ny = 5", space)
print(space["f"]()())

# Accumulating decorators by closure.
def memo(fn):
    seen = {}
    def wrapper(n):
        if n not in seen:
            seen[n] = fn(n)
        return seen[n]
    wrapper.seen = seen
    return wrapper

@memo
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)
print(fib(60), len(fib.seen))
