# One code object in many namespaces: short-lived ones, lasting ones in turn, mappings, and ones that become modules' own.
import types

code = compile("x * 2 + len(name)", "<rule>", "eval")
print(sum(eval(code, {"x": i, "name": "n" * (i % 3)}) for i in range(500)))

spaces = [{"x": i, "name": "ab"} for i in range(20)]
total = 0
for turn in range(30):
    for s in spaces:
        s["x"] += 1
        total += eval(code, s)
print(total)

# Names that come, go, and hide builtins.
for i, s in enumerate(spaces):
    if i % 3 == 0:
        s["len"] = lambda v: 100
    if i % 5 == 0:
        del s["name"]
for s in spaces:
    try:
        print(eval(code, s), end=" ")
    except NameError as e:
        print(e, end=" ")
print()
for s in spaces:
    s.pop("len", None)
    s["name"] = "back"
print([eval(code, s) for s in spaces])

store = compile("y = x + 1\nz = [y, x]\ndel x", "<rule>", "exec")
last = None
for i in range(300):
    last = {"x": i}
    exec(store, last)
print(last["y"], last["z"], "x" in last)

# With locals of their own.
print(sum(eval(code, {"x": 1, "name": ""}, {"x": i}) for i in range(300)))


class Upper(dict):
    def __missing__(self, key):
        return len if key == "len" else 7


plus = compile("x + 1", "<rule>", "eval")
print(sum(eval(plus, {"name": "q"}, Upper()) for i in range(300)))

# Functions and comprehensions in the code.
maker = compile("[lambda: x + k for k in range(3)]", "<rule>", "eval")
fs = [eval(maker, {"x": i}) for i in range(100)]
print(sum(f() for l in fs for f in l))
inner = compile("sum(x for _ in range(4)) + max(x, 1)", "<rule>", "eval")
print(sum(eval(inner, {"x": i}) for i in range(100)))

# A namespace that the code runs in while it becomes one of functions.
outer = compile("(f(globals()), x, eval(again, globals()), x)", "<rule>", "eval")
again = compile("x + 1", "<rule>", "eval")


def f(g):
    exec("def late(): return x", g)
    g["x"] += 10
    return g["late"]()


print([eval(outer, {"x": i, "f": f, "again": again}) for i in range(60)][-2:])
ns = {"x": 5, "f": f, "again": again}
print([eval(outer, ns) for _ in range(3)])

# Builtins of the namespace.
print([eval(code, {"x": 1, "name": "n", "__builtins__": {"len": lambda s, b=b: b}}) for b in range(12)][-3:])
strict = {"__builtins__": {}}
try:
    eval(code, {"x": 1, "name": "n", **strict})
except NameError as e:
    print(e)

# Modules made from the same code.
body = compile("count = start\ndef bump():\n    global count\n    count += 1\n    return count", "<mod>", "exec")
mods = []
for i in range(15):
    m = types.ModuleType(f"m{i}")
    m.start = i * 100
    exec(body, m.__dict__)
    mods.append(m)
print([m.bump() + m.bump() for m in mods], mods[3].count)
fail = compile("1 / x", "<rule>", "eval")
errors = 0
for i in range(200):
    try:
        eval(fail, {"x": i % 2})
    except ZeroDivisionError as e:
        errors += e.__traceback__.tb_next.tb_frame.f_globals["x"] == 0
print(errors)
