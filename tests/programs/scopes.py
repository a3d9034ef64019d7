# Namespaces: global, nonlocal, builtins, locals(), exec/eval/compile, class scopes, del, name mangling, frames.
import builtins, sys

x = "module"
def reads(): return x
def shadows():
    x = "local"
    return x, globals()["x"]
def writes():
    global x, brand_new
    x, brand_new = "written", 1
print(reads(), shadows(), writes(), x, brand_new)
def unbound():
    try:
        print(x)
        x = 1
    except UnboundLocalError as e:
        return str(e)
print(unbound())
def layers():
    a = 1
    def mid():
        nonlocal a
        a += 1
        def low():
            nonlocal a
            a *= 10
            return a
        return low
    return mid()(), a
print(layers())

len_before = len
def len(s): return "shadowed"
print(len("abc"), builtins.len("abc"))
del len
print(len("abc"))
builtins.invented = "a new builtin"
print(invented)
del builtins.invented
try:
    invented
except NameError as e:
    print(e)

def loc(a, *args, k=1, **kw):
    b = 2
    def inner(): return b
    snapshot = locals()
    c = 3
    return sorted(snapshot), sorted(locals()), snapshot is locals()
print(loc(1, 2, z=3))
def proxies():
    v = 1
    f = sys._getframe()
    f.f_locals["v"] = 99
    f.f_locals["extra"] = 5
    return v, f.f_locals["extra"], "extra" in locals(), type(f.f_locals).__name__
print(proxies())

ns = {"y": 5}
print(eval("y * 2", ns), exec("z = y + 1\ndef f(): return z * 10", ns), ns["z"], ns["f"](), "__builtins__" in ns)
print(eval("a + b", {"a": 1}, {"b": 2}), eval(compile("1 + 1", "s", "eval")), eval("[v for v in range(n)]", {"n": 3}), eval("(lambda: q)()", {"q": 7}))
code = compile("result = [i * k for i in range(3)]\nk2 = k", "file.py", "exec")
space = {"k": 4}
exec(code, space)
print(space["result"], space["k2"], code.co_filename, code.co_names)
def exec_locals():
    v = 1
    exec("v = 2; w = 3")
    d = {}
    exec("v = 5; w = v", globals(), d)
    return v, "w" in locals(), d
print(exec_locals())
exec(compile("print('single'); 5", "s", "single"))
for bad in (lambda: eval("1 +"), lambda: eval("x = 1"), lambda: exec(5), lambda: eval("__import__('os')", {"__builtins__": {}}), lambda: compile("1", "f", "wrong"), lambda: eval("undefined"), lambda: exec("return 1"), lambda: exec("a", 5), lambda: eval("a\0b")):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__, e if not isinstance(e, SyntaxError) else e.msg)
for source in ("def f():\n  x = 1\n  global x", "def f():\n  nonlocal x", "nonlocal x", "def f(x):\n  global x", "def f():\n  global a\n  nonlocal a", "def f():\n  print(a)\n  global a", "class C:\n  nonlocal z", "def f():\n  x: int\n  nonlocal x", "import a\nfrom b import *\ndef f():\n  from c import *"):
    try:
        compile(source, "s", "exec")
        print("fine")
    except SyntaxError as e:
        print(e.msg)

class Scope:
    x = "class"
    inner = [x for _ in range(1)]
    def method(self): return x
    class Nested:
        y = x
    try:
        nothing
    except NameError as e:
        error = str(e)
    print(sorted(k for k in locals() if not k.startswith("__")))
    x += "!"
    del inner
print(Scope.x, Scope().method(), Scope.Nested.y, Scope.error, hasattr(Scope, "inner"))
class Mangle:
    __a = 1
    def __m(self): return self.__a
    def get(self, __p=3): return self.__m(), sorted(locals())
    __dunder__ = 2
    def glob(self):
        try: return __undefined
        except NameError as e: return str(e)
print(Mangle().get(), Mangle().glob(), [n for n in vars(Mangle) if "a" in n and "Mangle" in n])
def star():
    ns = {}
    exec("from math import *", ns)
    return "sqrt" in ns, "_private" in ns
print(star())
def frame_names(): return sys._getframe(0).f_code.co_name, sys._getframe(1).f_code.co_name, sys._getframe().f_back.f_globals is globals()
print(frame_names(), sys._getframe().f_lineno > 0, __name__)
for i in range(3): pass
print(i, [i for i in range(9)][-1], i)
try:
    del undefined_thing
except NameError as e:
    print(e)
def deleted():
    v = 1
    del v
    try:
        del v
    except UnboundLocalError as e:
        return str(e)
print(deleted(), type(globals()).__name__, vars() is globals(), "reads" in dir())
