# The text of tracebacks: carets, chains, groups, notes, suggestions, SyntaxErrors, repeated frames.
import traceback

def show(source, name="prog.py"):
    """Runs source as a file of its own and prints the traceback without our frames."""
    lines = source.splitlines(keepends=True)
    import linecache
    linecache.cache[name] = (len(source), None, lines, name)
    try:
        exec(compile(source, name, "exec"), {"__name__": "prog"})
    except BaseException as e:
        e.__traceback__ = e.__traceback__.tb_next
        print("".join(traceback.format_exception(e, colorize=False)).replace(__file__, "FILE"), end="")
    print("-" * 20)

show('''\
def f(x):
    return g(x) + 1

def g(x):
    return {"a": [x, (1 / x)]}["a"][1]

f(0)
''')
show('''\
d = {"k": {"n": None}}
value = d["k"]["n"].attribute.more
''', "attr.py")
show('''\
try:
    int("abc")
except ValueError as e:
    try:
        [][3]
    except IndexError:
        raise RuntimeError("while handling") from e
''', "chain.py")
show('''\
def recurse(n):
    return recurse(n - 1) if n else 1 / 0
recurse(10)
''', "deep.py")
show('''\
e = ValueError("noted")
e.add_note("a note")
e.add_note("two\\nlines")
raise e
''', "notes.py")
show('''\
def raiser(n):
    raise KeyError(n)
errors = []
for i in range(2):
    try:
        raiser(i)
    except KeyError as e:
        errors.append(e)
raise ExceptionGroup("both", errors + [ExceptionGroup("inner", [TypeError("t")])])
''', "group.py")
show('''\
class Thing:
    colour = 1
    def method(self):
        return self.color
Thing().method()
''', "suggest.py")
show('''\
counter = 1
print(countr)
''', "name.py")
show('''\
import mathh
''', "import.py")
show('''\
x = (1 +
     2 * "a"
     + 3) + "b"
long_call = print(
    1,
    undefined,
)
''', "multi.py")
show('''\
def f(a, b, *, c): pass
f(1, 2,
  3, c=4)
''', "call.py")
show('''\
with open("/no/such/file") as f:
    pass
''', "file.py")
show('''\
raise SystemExit(3)
''', "exit.py")
show('''\
assert 1 == 2, ("a", "tuple")
''', "assert.py")
show('''\
x = [i for i in range(3) if 1 // (2 - i)]
''', "comp.py")

for bad in ("x = = 1", "def f(:\n  pass", "if x\n  pass", "for", "a b", "print 'x'", "x = 'abc", "(1,", "1 = x", "f() = 1",
            "return 5", "break", "  indented", "if 1:\nx", "def f(a, a): pass", "x = 5 +", "lambda: (yield)=1",
            "f'{a b}'", "from __future__ import nothing", "nonlocal q", "a, *b, *c = 1", "f(a=1, 2)", "{1: 2, 3}",
            "import a.b as", "x: int: 5", "while True print()", "try:\n  pass", "class C\n  pass", "0777", "1__0", "@", "?"):
    try:
        compile(bad, "bad.py", "exec")
    except SyntaxError as e:
        print(type(e).__name__, e.msg, (e.lineno, e.offset, e.end_lineno, e.end_offset), e.text and e.text.rstrip())
    else:
        print("compiles:", bad)
try:
    compile("def f():\n    return (1 +\n", "shown.py", "exec")
except SyntaxError as e:
    print("".join(traceback.format_exception_only(e)), end="")

def frames():
    return [(f.name, f.lineno - frames.__code__.co_firstlineno) for f in traceback.extract_stack()][-2:]
def caller():
    return frames()
print(caller())
