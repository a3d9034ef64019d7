# with: protocol order, suppression, nesting, exceptions in enter and exit, contextlib.
import contextlib

class CM:
    def __init__(self, name, swallow=False, fail=None): self.name, self.swallow, self.fail = name, swallow, fail
    def __enter__(self):
        print("enter", self.name)
        if self.fail == "enter": raise OSError("enter failed")
        return self
    def __exit__(self, kind, value, tb):
        print("exit", self.name, kind and kind.__name__, value, tb is not None)
        if self.fail == "exit": raise LookupError("exit failed")
        return self.swallow

with CM("a") as a, CM("b") as b:
    print("body", a.name, b.name)
with (CM("c", swallow=True) as c,
      CM("d")):
    raise ValueError("swallowed by c")
try:
    with CM("e"), CM("f", fail="enter"):
        print("never")
except OSError as x:
    print(x)
try:
    with CM("g", fail="exit"):
        raise ValueError("first")
except LookupError as x:
    print(x, repr(x.__context__))

def returns():
    for i in range(3):
        with CM(f"r{i}"):
            if i == 0: continue
            return i
print(returns())
def breaks():
    while True:
        with CM("w"):
            break
    return "after break"
print(breaks())
with CM("t") as (x := CM("target")).attr:
    pass
print(x.attr.name)

@contextlib.contextmanager
def tag(name):
    print(f"<{name}>")
    try:
        yield name.upper()
    except KeyError as e:
        print("handled", e)
    finally:
        print(f"</{name}>")
with tag("p") as p:
    print(p)
with tag("q"):
    raise KeyError("k")
try:
    with tag("r"):
        raise StopIteration("s")
except StopIteration as e:
    print("through", e)
@tag("decorated")
def inside(): print("in function")
inside(); inside()
@contextlib.contextmanager
def twice():
    yield 1
    yield 2
try:
    with twice(): pass
except RuntimeError as e:
    print(e)

with contextlib.suppress(ZeroDivisionError, KeyError):
    1 / 0
with contextlib.ExitStack() as stack:
    names = [stack.enter_context(CM(f"s{i}")).name for i in range(2)]
    stack.callback(print, "callback", end="!\n")
    stack.push(lambda *exc: print("push", exc[0]))
    print(names)
with contextlib.ExitStack() as stack:
    stack.enter_context(CM("kept"))
    moved = stack.pop_all()
print("moved on")
moved.close()
import io
with contextlib.redirect_stdout(io.StringIO()) as out:
    print("captured")
print(repr(out.getvalue()))
with contextlib.closing(io.StringIO("x")) as f:
    pass
print(f.closed)
with contextlib.nullcontext(5) as five:
    print(five)
class Both(contextlib.ContextDecorator):
    def __enter__(self): print("[", end=""); return self
    def __exit__(self, *e): print("]")
@Both()
def f(): print("f", end="")
f()

for source in ("with 5: pass", "with object(): pass", "with CM: pass"):
    try:
        exec(source, {"CM": CM})
    except (TypeError, AttributeError) as e:
        print(type(e).__name__, e)
class Weird:
    __enter__ = lambda self: "instance dict does not count"
    def __exit__(self, *a): return "truthy"
w = Weird()
w.__enter__ = lambda: "no"
with w as value:
    raise SystemExit
print(value)
def gen():
    with CM("in generator"):
        yield 1
        yield 2
g = gen()
next(g)
g.close()
@contextlib.asynccontextmanager
async def atag():
    print("async in")
    yield "v"
    print("async out")
async def main():
    async with atag() as v:
        print(v)
try:
    main().send(None)
except StopIteration:
    pass
