"""Code of modules with much in functions is read when the functions are called: nothing of that shows."""
import _imp
import marshal
import sys
import traceback

LINES = ["import functools", ""]
for i in range(120):
    LINES += [
        f"def f{i}(a, b={i}, *rest, key=None, **more):",
        f"    'doc of f{i}'",
        "    def inner(x):",
        "        'doc of inner'",
        "        return [x + a for a in range(b % 3)], a, key",
        "    if key == 'fail':",
        f"        raise ValueError('from f{i}', a / b)",
        f"    return inner(a), rest, sorted(more), ({i}, 'constant', b'bytes', 2.5, {i}j)",
        "",
        f"class C{i}:",
        f"    value = {i}",
        "    def method(self, n):",
        "        def step(k):",
        "            return k + self.value + n",
        "        return step",
        "    async def waits(self): return await self",
        "    def gives(self):",
        "        yield from range(self.value)",
        "",
    ]
SOURCE = "\n".join(LINES)


def walk(code, path=()):
    yield path, code
    for i, k in enumerate(c for c in code.co_consts if hasattr(c, "co_code")):
        yield from walk(k, path + (k.co_name,))


def show(space):
    print(space["f7"](1, 2, 3, key=4, z=5), space["f100"].__doc__, space["C5"]().method(2)(10))
    print(list(space["C3"]().gives()), space["C3"].waits.__code__.co_flags & 0x80 != 0)
    try:
        space["f9"](1, 0, key="fail")
    except ZeroDivisionError:
        print(traceback.format_exc().splitlines()[-1], sys.exc_info()[2].tb_next.tb_lineno)
    c = space["f11"].__code__
    print(c.co_varnames, c.co_argcount, c.co_kwonlyargcount, c.co_firstlineno, c.co_qualname)
    print(sorted({p[0] for p in c.co_positions() if p[0]}), c.co_consts[0])


code = compile(SOURCE, "first.py", "exec")
print(len(list(walk(code))), {c.co_filename for _, c in walk(code)})
space = {"__name__": "m"}
exec(code, space)
show(space)

# As bytes and back, called or not.
again = marshal.loads(marshal.dumps(code))
print(again == code, again.co_filename, [c.co_name for _, c in walk(again)][-4:])
space = {"__name__": "m"}
exec(again, space)
show(space)
own = space["f8"].__code__
print(marshal.loads(marshal.dumps(own)) == own)
renamed = code.replace(co_filename="second.py")
print(renamed.co_filename, {c.co_filename for _, c in walk(renamed)} == {"first.py", "second.py"})
print(marshal.loads(marshal.dumps(renamed)).co_filename)

# A compiled file that lies elsewhere: all its code is said to come from there, whenever it is read.
for early in False, True:
    code = marshal.loads(marshal.dumps(compile(SOURCE, "first.py", "exec")))
    if early:
        list(walk(code))
    _imp._fix_co_filename(code, "moved.py")
    print({c.co_filename for _, c in walk(code)}, {c.co_filename for _, c in walk(marshal.loads(marshal.dumps(code)))})
    space = {"__name__": "m"}
    exec(code, space)
    show(space)
    print(space["f9"].__code__.co_consts[1].co_filename)

# Many modules, so that not all of them stay as they were read.
spaces = []
for i in range(20):
    spaces.append({"__name__": f"m{i}"})
    exec(compile(SOURCE.replace("doc of", f"m{i}:"), f"m{i}.py", "exec"), spaces[-1])
for _ in range(2):
    for s in reversed(spaces):
        print(s["f50"].__doc__, s["f50"](1, 1)[3], s["C60"]().method(1)(2), s["f90"].__code__.co_filename, end=" ")
    print()
