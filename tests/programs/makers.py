"""What makes instances of native types, and code that puts something else in their way."""
import builtins
import collections
import types

for t in (
    types.BuiltinFunctionType, types.FrameType, types.GetSetDescriptorType, types.MethodDescriptorType,
    types.MethodWrapperType, types.WrapperDescriptorType, types.MemberDescriptorType,
    types.ClassMethodDescriptorType, types.GeneratorType, type(iter([])), type({}.keys()),
):
    for make in (t, lambda: object.__new__(t)):
        try:
            make()
            print(t.__name__, "made")
        except TypeError as e:
            print(e)


class Odd(collections.defaultdict):
    def __new__(cls, *args):
        return super().__new__(cls) if not args else 5


try:
    Odd() | {1: 2}
except SystemError as e:
    print("SystemError")

real = builtins.dict
builtins.dict = lambda *a: 5
print(types.SimpleNamespace([("a", 1)]), types.SimpleNamespace({"b": 2}))
builtins.dict = real


class Base:
    pass


def classes(n):
    return [type(f"C{i}", (Base,), {}) for i in range(n)]


for _ in range(5):
    classes(20)
    names = sorted(c.__name__ for c in Base.__subclasses__())
    assert names[0] == "C0" and len(names) >= 20
    Base.x = 1
kept = classes(3)
Base.x = 2
print([c.x for c in kept])
