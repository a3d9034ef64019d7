# Comprehensions in classes, the cell of a class in `mro`, flags for patterns, buffers held while Python code runs.
import collections.abc

def outer():
    y = 1
    class C:
        y = 2
        values = [(x, y) for x in range(2)]
        nested = [[y for _ in range(x)] for x in range(3)]
        lazy = list((x, y) for x in range(2))
    return C.values, C.nested, C.lazy
print(outer())

class M(collections.UserDict, list):
    pass
match M():
    case [*_]:
        print("sequence")
    case {}:
        print("mapping")

class Meta(type):
    def mro(cls):
        cls.__dict__["seen"]()
        return super().mro()
class A(metaclass=Meta):
    def seen():
        print(__class__.__name__)

class MySuper:
    msg = "mine"
class B:
    def method(self):
        return super().msg
globals()["super"] = MySuper
print(B().method())
del globals()["super"]

class Evil:
    def __init__(self, b):
        self.b = b
    def __index__(self):
        self.b.clear()
        return 65
class Sep(bytes):
    def __len__(self):
        data.clear()
        return 1
for call in (lambda b: b.find(Evil(b)), lambda b: b.count(Evil(b))):
    try:
        print(call(bytearray(b"AAA")))
    except BufferError as e:
        print(e)
data = bytearray(b"abc")
for f in (data.hex, memoryview(data).hex):
    try:
        print(f(Sep(b":")))
    except BufferError as e:
        print(e)
b = bytearray(range(10))
b[1:-1:2] = b""
print(b)
