"""The module adderjit; run with -X jit=threshold=30,budget=0,keep_ir=1. Says "ok" at the end."""
import adderjit
import inspect

assert adderjit.enabled() and adderjit.available()
assert adderjit.get_param("threshold") == 30
assert adderjit.params()["threshold"].default == 700

told = []
assert adderjit.set_compile_hook(told.append) is None


def branchy(n):
    a = 0
    b = 0.5
    for i in range(n):
        if i % 3 == 0:
            a += i
        else:
            b -= 1.5
    return a, b


assert branchy(10_000) == (16668333, -9998.5)
mine = [t for t in adderjit.traces() if t.function == "branchy"]
# Bridges may begin in the first round, which is compiled by itself, and in the others.
loop, bridge = mine[0], max(mine[1:], key=lambda t: t.runs)
assert loop.kind == "loop" and bridge.kind == "bridge", mine
assert bridge.parent == loop.id and bridge.parent_exit in [e.id for e in loop.exits]
assert loop.filename == __file__ and loop.valid
assert loop.lineno == branchy.__code__.co_firstlineno + 3, loop
assert loop.runs > 1000 and bridge.runs > 1000
assert loop.code_size > 0 and loop.ops > 0 and loop.recorded_ops > 0
exit = next(e for e in loop.exits if e.bridge == bridge.id)
assert exit.taken == 30, exit
# Which way was recorded first depends on where the counter ran out.
words = ["‘i’ % 3 == 0", "‘i’ % 3 != 0"]
assert sorted([exit.expects, exit.otherwise]) == sorted(words), exit
assert "loop\n" in loop.ir and "fix_mod" in loop.ir and "guard_true" in loop.recorded_ir
assert "if i" not in loop.ir and "branchy (ForIter)" in adderjit.annotated_ir(loop)
code = adderjit.machine_code(loop)
assert type(code) is bytes and len(code) == loop.code_size
assert len(adderjit.disassemble(loop.id).splitlines()) > 10
ids = [t.id for t in told]
assert loop.id in ids and bridge.id in ids and ids == sorted(set(ids)), ids
assert adderjit.set_compile_hook(None) is not None


def bad_hook(trace):
    raise ValueError("bad hook")


import sys
unraisable = []
sys.unraisablehook = lambda u: unraisable.append((u.exc_value, u.err_msg))
adderjit.set_compile_hook(bad_hook)


def another(n):
    t = 0
    while t < n:
        t += 1
    return t


assert another(5000) == 5000
adderjit.set_compile_hook(None)
assert unraisable and type(unraisable[0][0]) is ValueError and "compile hook" in unraisable[0][1], unraisable

s = adderjit.stats()
assert s.loops >= 2 and s.bridges >= 1 and s.enabled and s.code_size > 0 and s.compile_time > 0
assert s.backend == "native", s


# -- functions that traces keep away from

@adderjit.never
def excluded(n):
    t = 0
    for i in range(n):
        t += i
    return t


def calls_excluded(n):
    t = 0
    for i in range(n):
        t += excluded(2)
    return t


assert adderjit.is_excluded(excluded) and not adderjit.is_excluded(branchy)
assert excluded(5000) == 12497500
assert calls_excluded(3000) == 3000
names = [t.function for t in adderjit.traces()]
assert "excluded" not in names and "calls_excluded" not in names, names
a = next(a for a in adderjit.aborts() if a.reason == "excluded")
assert a.loop_function == "calls_excluded" and "dont_look_inside" in a.advice and a.times >= 1
assert adderjit.stats().aborts["excluded"] >= 1
assert set(adderjit.stats().aborts) <= set(adderjit.abort_reasons())


@adderjit.dont_look_inside
def opaque(n, *, step=1):
    "Adds up."
    t = 0
    for i in range(0, n, step):
        t += i
    return t


def calls_opaque(n):
    t = 0
    for i in range(n):
        t += opaque(4, step=2)
    return t


assert calls_opaque(3000) == 6000
t = next(t for t in adderjit.traces() if t.function == "calls_opaque")
assert "opaque" not in adderjit.annotated_ir(t).replace("calls_opaque", "")
assert opaque.__name__ == "opaque" and opaque.__doc__ == "Adds up." and opaque.__wrapped__(3) == 3
assert repr(opaque).startswith("<opaque <function opaque at")


class C:
    @adderjit.dont_look_inside
    def method(self, x):
        return self, x


c = C()
assert c.method(3) == (c, 3) and C.method(c, 4) == (c, 4)

# -- off and on

adderjit.disable()
assert not adderjit.enabled()
n = len(adderjit.traces())


def later(n):
    t = 0
    for i in range(n):
        t += 2
    return t


assert later(10_000) == 20_000 and len(adderjit.traces()) == n
adderjit.enable()
assert later(10_000) == 20_000 and len(adderjit.traces()) > n

adderjit.reset()
s = adderjit.stats()
assert s.loops == 0 and s.aborts == {} and adderjit.aborts() == []
assert all(t.runs == 0 for t in adderjit.traces())

# -- errors

for f, args, error, text in [
    (adderjit.set_param, ("x", 1), ValueError, "there is no parameter \"x\"; params() has all"),
    (adderjit.set_param, ("threshold", 1), ValueError, "threshold=1 is not within 2..1000000000"),
    (adderjit.set_param, (1, 1), TypeError, "the parameter's name must be str, not int"),
    (adderjit.set_param, ("threshold", "1"), TypeError, "'str' object cannot be interpreted as an integer"),
    (adderjit.never, (1,), TypeError, "a Python function is required, not int"),
    (adderjit.dont_look_inside, (1,), TypeError, "'int' object is not callable"),
    (adderjit.set_compile_hook, (1,), TypeError, "the hook must be callable or None"),
    (adderjit.disassemble, (10**6,), ValueError, "there is no trace 1000000"),
]:
    try:
        f(*args)
    except error as e:
        assert str(e) == text, e
    else:
        assert False, (f, args)

for name in dir(adderjit):
    x = getattr(adderjit, name)
    if callable(x) and not isinstance(x, type):
        assert x.__doc__, name
        inspect.signature(x)
print("ok")
