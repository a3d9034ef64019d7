# Functions so large that places share inline caches: a global and an attribute of the same name are different things.
import sys


class C:
    pass


class D:
    pass


def large(n):
    lines = [" o.a"] * n
    lines += [" r.append(x); r.append(o.x); o.x = 3; r.append(x)"] * 3
    space = {"x": 0}
    exec("def f(o):\n r = []\n" + "\n".join(lines) + "\n return r", space)
    return space


space = large(40001)
f = space["f"]
for k in range(6):
    if k == 3:
        # As what the program itself makes of it.
        f = type(f)(f.__code__.replace(co_code=f.__code__.co_code), space)
    o = (C if k % 2 else D)()
    o.a = 1
    o.x = (2,)
    space["x"] = [k]
    assert f(o) == [[k], (2,), [k], [k], 3, [k], [k], 3, [k]]

# A view released while its index is looked for is not written to (CPython 3.14 does with format "c").
class Releases:
    def __index__(self):
        v.release()
        return 0


for form, value in ("B", 1), ("c", b"x"), ("?", True), ("d", 1.5):
    if form == "c" and sys.implementation.name == "cpython":
        print("c operation forbidden on released memoryview object")
        continue
    b = bytearray(16)
    v = memoryview(b).cast(form)
    try:
        v[Releases()] = value
    except ValueError as e:
        print(form, e)
    assert b == bytes(16)
