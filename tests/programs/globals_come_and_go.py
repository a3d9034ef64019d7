# A namespace does not grow when names are deleted and come back, and keeps the order of a dict.
import builtins
import sys

space = {"a": 0, "b": 0, "c": 0}
exec("def get(): return a, b, c", space)
get = space["get"]
print(get())

sizes = set()
for i in range(3000):
    del space["b"]
    if i % 7 == 0:
        try:
            get()
        except NameError as e:
            assert str(e) == "name 'b' is not defined", e
    space["b"] = i
    assert get() == (0, i, 0)
    space.setdefault("d", i)
    space.pop("d")
    if i % 100 == 99:
        for name in "acb":
            space[name] = space.pop(name)
        sizes.add(sys.getsizeof(space))
print(max(sizes) < 4000, [n for n in space if not n.startswith("__")], get())

for i in range(200):
    space["x%d" % i] = i
for i in range(0, 200, 3):
    del space["x%d" % i]
space.update(("x%d" % i, -i) for i in range(199, 0, -2))
print([v for n, v in space.items() if n.startswith("x")])
print(max(sizes) < sys.getsizeof(space) < 60000)


class C:
    x = 0


def read():
    return C.x


for i in range(3000):
    C.x = i
    assert read() == i
    del C.x
    C.x = -i
    assert read() == -i
print(sys.getsizeof(C.__dict__.copy()) < 4000)

sizes = set()
for i in range(3000):
    builtins.come_and_go = i
    assert come_and_go == i
    del builtins.come_and_go
    if i >= 1000:
        sizes.add(sys.getsizeof(vars(builtins)))
print(len(sizes))
