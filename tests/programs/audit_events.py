"""Audit events of what a program may do unseen."""
import gc
import marshal
import os
import subprocess
import sys
import tempfile
import time

seen = []
on = False


def shown(x):
    return x if isinstance(x, (str, int, bytes, float, type(None))) else type(x).__name__


def hook(event, args):
    if on:
        seen.append((event, *map(shown, args)))


sys.addaudithook(hook)


def watch(f):
    global on
    seen.clear()
    on = True
    try:
        f()
    except Exception as e:
        seen.append(type(e).__name__)
    on = False
    print(seen)


class A:
    pass


class B:
    pass


def function():
    pass


a = A()
code = compile("1", "f", "eval")
new_code = function.__code__
watch(lambda: compile("1", "f", "eval"))
watch(lambda: compile(b"1", "f", "eval"))
watch(lambda: eval("1"))
watch(lambda: eval(code))
watch(lambda: exec("1"))
watch(lambda: (gc.get_objects(), gc.get_objects(generation=1), gc.get_referrers(a), gc.get_referents(a, 1)))
watch(lambda: time.sleep(0))
watch(lambda: time.sleep(-1))
data = marshal.dumps("x", 2)
watch(lambda: marshal.loads(data))
watch(lambda: setattr(A, "__name__", "X"))
watch(lambda: setattr(A, "__bases__", (B,)))
watch(lambda: setattr(a, "__class__", B))
watch(lambda: setattr(function, "__code__", new_code))
watch(lambda: setattr(function, "__defaults__", (1,)))
watch(lambda: delattr(function, "__kwdefaults__"))
with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    watch(lambda: os.close(os.open("x", os.O_CREAT | os.O_RDWR)))
    watch(lambda: os.truncate("x", 1))
    watch(lambda: os.chown("x", -1, -1))
    watch(lambda: os.listxattr("x"))
    os.chdir("/")
watch(lambda: os.putenv("a", "b"))
watch(lambda: os.unsetenv("a"))
watch(lambda: os.system("true"))
watch(lambda: os.execv("/nonexistent/program", ["x"]))
watch(lambda: subprocess.run(["true"]))
print(any(hook in o for o in gc.get_objects() if type(o) is list))


class Compared:
    def __init__(self, name):
        self.name = name

    def __eq__(self, other):
        print(self.name, "==", other.name)
        return True


# Whose method decides.
x, y = Compared("x"), Compared("y")
print([x] == [y], (x,) == (y,), {1: x} == {1: y}, {1: x} != {1: y})
