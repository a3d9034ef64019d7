"""What exceptions tell of lookups, what locals() shows in comprehensions, changes of classes reach those that rely on them,
type comments, lengths and widths at the limits."""
import ast, bisect, codecs, gc, operator, os, sqlite3, sys, tempfile, time, types, warnings


def attempt(f):
    try:
        return f()
    except Exception as e:
        return type(e).__name__, str(e)


# -- AttributeErrors that Python code raises get name and obj
class Hook:
    def __getattr__(self, name):
        raise AttributeError
    @property
    def prop(self):
        raise AttributeError("mine")
class Named:
    def __getattr__(self, name):
        raise AttributeError(name="n", obj=None)
class Setter:
    def __setattr__(self, name, value):
        raise AttributeError("set")
class Outer:
    def __getattr__(self, name):
        return Hook().inner
class Meta(type):
    def __getattr__(self, name):
        raise AttributeError
class Class(metaclass=Meta):
    pass
def set_it():
    Setter().x = 1
module = types.ModuleType("m")
def module_getattr(name):
    raise AttributeError
module.__getattr__ = module_getattr
looked = [lambda: Hook().a, lambda: Hook().b(), lambda: getattr(Hook(), "c"), lambda: Hook().prop, lambda: Hook().__getattr__("d"),
          lambda: Named().e, set_it, lambda: Outer().g, lambda: Class.h, lambda: module.i,
          lambda: operator.attrgetter("j")(Hook()), lambda: operator.methodcaller("k")(Hook())]
for _ in range(3):
    for f in looked:
        try:
            f()
        except AttributeError as e:
            print(e.name, type(e.obj).__name__, e, end="; ")
    print()

def unbound():
    x
    x = 1
def free():
    def inner():
        return y
    inner()
    y = 1
for f in unbound, free:
    try:
        f()
    except NameError as e:
        print(type(e).__name__, e.name)

# -- SyntaxErrors know what was parsed
for s in ["fur a in b:\n  pass", "x = 1\nfor a in b:\n  pass\nelso:\n  pass", "if a:\n  pass\nx = 1\ny = 2\nz = 3\nw = 4\na b", "a b"]:
    try:
        compile(s, "<s>", "exec")
    except SyntaxError as e:
        print(e._metadata)
print(SyntaxError()._metadata)

# -- comprehensions show their variables, and only while they run
print([sorted(k for k in locals() if k != "Class") for xx in [1]], "xx" in globals())
print([eval("xx + 1") for xx in [1, 2]], [vars()["xx"] for xx in [3]], [sys._getframe().f_locals["xx"] for xx in [4]])
[exec("module = None") for xx in [1]]
print(module is not None)
class Body:
    y = 2
    r = [eval("xx") for xx in [5]]
    s = [sorted(k for k in locals() if k[:2] != "__") for xx in [5]]
print(Body.r, Body.s)
def failing(x=5):
    try:
        [1 / 0 for x in [1]]
    except ZeroDivisionError:
        pass
    try:
        {(lambda: z)(): 1 / 0 for z in [1]}
    except ZeroDivisionError:
        pass
    return locals()
print(failing())
try:
    [1 / 0 for xx in [1]]
except ZeroDivisionError as e:
    print("xx" in e.__traceback__.tb_frame.f_locals, "xx" in locals())

# -- classes that are no bases but stand in the MRO
class Base:
    value = 1
class Mro(type):
    def mro(cls):
        return (cls, Base, object)
class Weird(metaclass=Mro):
    pass
seen = []
for i in range(2, 5):
    seen.append(Weird.value)
    Base.value = i
print(seen, Weird.value)

# -- classes whose bases were assigned die, their new bases live on
class A: pass
class B: pass
def moved():
    class C(A): pass
    C.__bases__ = (B,)
for i in range(30):
    moved()
gc.collect(); gc.collect()
junk = [bytes(1000) for i in range(10000)]
B.x = 1
B.__init__ = lambda self: None
print(A.__subclasses__(), B.__subclasses__(), B().x)

# -- one warning for a literal
def warned(source):
    with warnings.catch_warnings(record=True) as w:
        warnings.simplefilter("always")
        eval(source)
    return [str(x.message)[:5] for x in w]
print([warned(s) for s in [r"'\g\h'", r"f'\g{1}\h'", r"f'\{6*7}'", r"rf'\{6*7}'", r"b'\q\400'", r"'\400\q'", r"'\\g'"]])

# -- type comments
sources = ['''
x = 1 # type: int
y = [ # type: ignore
 2] # type: List[int]
for a in b: # type: int
    pass
async def f(a, # type: int
      b=(1), # type: str
      *args, # type: Any
      c, # type: q
      d=((2)) # type: z
      ):
    # type: (...) -> None
    async for x in y:   # type:   foo bar
        pass
    async with a as b, c: # type: zz
        pass
@deco
def g(x): # type: (int) -> int
    pass # type: ignore[abc]
''', 'def f(a): # type: x\n  # type: y\n  pass\n', 'def f(*, # type: int\n a): pass', 'pass # type: int', 'x = ( # type: int\n1)',
    'x = 1 # type: ignoreX', '# type: ignore\nx=1\n# type:ignore[a, b]\n', 'f(x, # type: int\n y)', 'x = y = z # type: int',
    'def f(\n  # type: int\n  a,\n  b # type: str\n ): pass', 'def f(a, /, b # type: int\n): pass', 'with (a as b, c as d): # type: int\n pass',
    'def f():\n   # there\n   # type: () -> int\n   # more\n   pass', 'def f(\n*, b # type: int\n): pass', 'x: int = 1 # type: int',
    "def f(a = {1:(2)}, # type: int\n b=(2)): pass", 'x = 1 # type : int']
for s in sources:
    print(attempt(lambda: ast.dump(ast.parse(s, type_comments=True), indent=1)))
    print(attempt(lambda: ast.parse(s).type_ignores))

# -- numbers at the limits
n = sys.maxsize
class Range:
    def __init__(self, start, stop):
        self.start, self.stop = start, stop
    def __len__(self):
        return self.stop - self.start
    def __getitem__(self, i):
        return self.start + i
print(bisect.bisect_left(Range(0, n - 1), n - 3), len(Range(0, n)), attempt(lambda: len(Range(0, n + 1))))
print(attempt(lambda: "%*d" % (-n - 1, 1)), attempt(lambda: b"%*d" % (-n - 1, 1)), attempt(lambda: "%*d" % (n + 1, 1)))
print(attempt(lambda: b"no" % bytearray(b"1")), b"no" % {}, "no" % [])
class Bytes:
    def __init__(self, v):
        self.v = v
    def __bytes__(self):
        return self.v
print(int.from_bytes(Bytes(b"\1\2")), attempt(lambda: int.from_bytes(Bytes(1))), attempt(lambda: int.from_bytes(1)))
print(attempt(lambda: codecs.lookup("\udcfe"))[0], attempt(lambda: time.struct_time("123456789", dict=None)))
c = (lambda x, y, *, z=1, w=1: 1).__code__
print(hash(c) == hash(c.replace(co_posonlyargcount=2, co_kwonlyargcount=0)))
if hasattr(os, "sched_param"):
    p = os.sched_param(3)
    print(p, p.__reduce__()[1], os.sched_param(sched_priority=4).sched_priority)
print(os.major(-1), os.makedev(-1, -1))

# -- what a PRAGMA answers need not be read
with tempfile.TemporaryDirectory() as d:
    path = os.path.join(d, "x.db")
    one = sqlite3.connect(path, timeout=0, autocommit=True)
    one.execute("PRAGMA journal_mode = wal")
    kept = one.execute("PRAGMA journal_mode")
    print(kept.fetchone())
    kept = one.execute("PRAGMA journal_mode")
    print(list(kept), list(kept), one.execute("PRAGMA foreign_keys = on").fetchall())
    one.execute("CREATE TABLE t(a)")
    one.execute("INSERT INTO t VALUES (1)")
    two = sqlite3.connect(path, timeout=0, autocommit=True)
    print(kept.fetchall(), kept.fetchone(), two.execute("SELECT a FROM t").fetchall(), one.execute("PRAGMA table_info(t)").fetchall())
    two.execute("INSERT INTO t VALUES (2)")
    print(one.execute("SELECT a FROM t").fetchall())
    one.close(); two.close()
