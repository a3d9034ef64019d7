# `__new__` of builtin types in other classes: only that of the base makes instances.
class C(object):
    __new__ = list.__new__
try: print(type(C()).__name__)
except TypeError as e: print(e)
class C(list):
    __new__ = object.__new__
try: print(type(C()).__name__)
except TypeError as e: print(e)
try: object.__new__(list)
except TypeError as e: print(e)


class Plain:
    def __new__(cls, *args):
        return object.__new__(cls)


class Back(Plain):
    __new__ = object.__new__


print(type(Back()).__name__)
try:
    Back(1)
except TypeError as e:
    print(e)


class Number(int):
    __new__ = str.__new__


print(type(Number(5)).__name__, Number(5) + 1)
try:
    str.__new__(Number)
except TypeError as e:
    print(e)


class Later:
    pass


Later.__new__ = dict.__new__
print(isinstance(Later(), dict), type(Later()).__name__)
