# array: type codes and their limits, slices, growth, buffers, comparison, pickling.
from array import array, typecodes
import pickle

def show(f, *args):
    try:
        print(repr(f(*args)))
    except Exception as e:
        print(type(e).__name__, e)

for code in typecodes:
    if code in "uw":
        continue
    for v in (-1, 0, 127, 255, 2**15, 2**31, 2**63, 2**64, "x", None, 1.5):
        show(array, code, [v])
show(array, "w", "héllo\U0001f600")
show(array, "w", ["a", "bc"])
show(array, "i", "abc")
show(array, "i", b"12345")
show(array, "z")
a = array("i", range(10))
print(a[2:5], a[::-3], a[-1], len(a), 3 in a, a.index(4), a.count(4), a.itemsize, a.typecode)
a[2:4] = array("i", [7, 8, 9])
del a[::2]
print(a, a + a, a * 2, a == array("l", a), a < array("i", [1]), a[:0] == array("d"))
for bad in (lambda: a[99], lambda: a["x"], lambda: a + [1], lambda: a.pop(99), lambda: a.remove(99), lambda: a.append("x")):
    show(bad)
with memoryview(a) as m:
    print(m.format, m.tolist(), m.itemsize)
    m[0] = 42
    show(a.append, 1)
a.append(1)
a.byteswap()
a.reverse()
print(a, a.tobytes(), array("i", a.tobytes()) == a)
for code in "bHifdw":
    for protocol in (0, 2, 5):
        x = array(code, "ab" if code == "w" else [1, 2])
        print(pickle.loads(pickle.dumps(x, protocol)) == x, end=" ")
print()
it = iter(array("h", [1, 2, 3]))
next(it)
print(it.__reduce__(), list(it), it.__reduce__())
print(array("d", [float("nan")]) == array("d", [float("nan")]), array("f", [0.1]), array("Q", [2**64 - 1]))
class Sub(array):
    pass
s = Sub("i", [1, 2])
s.x = 3
print(s, s[:1], s + s, s.__reduce_ex__(3)[2])
