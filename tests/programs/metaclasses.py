# Metaclasses: __prepare__, __new__, __init__, __call__, instancecheck, conflicts, class keywords, __set_name__.

class Ordered(type):
    @classmethod
    def __prepare__(mcls, name, bases, **kwargs):
        print("prepare", name, [b.__name__ for b in bases], kwargs)
        return {"prepared": True}

    def __new__(mcls, name, bases, ns, **kwargs):
        cls = super().__new__(mcls, name, bases, ns)
        cls.order = [k for k in ns if not k.startswith("__")]
        return cls

    def __init__(cls, name, bases, ns, **kwargs):
        super().__init__(name, bases, ns)
        cls.options = kwargs

    def __call__(cls, *args, **kwargs):
        print("call", cls.__name__, args)
        return super().__call__(*args, **kwargs)

    def __len__(cls):
        return len(cls.order)

    def __iter__(cls):
        return iter(cls.order)

    def __contains__(cls, name):
        return name in cls.order

    def __getitem__(cls, i):
        return cls.order[i]

    def __repr__(cls):
        return f"<{type(cls).__name__} {cls.__name__}>"

    @property
    def shouted(cls):
        return cls.__name__.upper()

class A(metaclass=Ordered, flag=1):
    z = 1
    def m(self): pass
    a = 2

class B(A, flag=2):
    extra = None

print(A.order, A.options, B.options, len(B), list(B), "extra" in B, B[0], A, A.shouted)
a = A()
print(type(a) is A, hasattr(a, "shouted"), isinstance(A, Ordered), type(B))

class Singleton(type):
    def __call__(cls, *args):
        if "instance" not in cls.__dict__:
            cls.instance = super().__call__(*args)
        return cls.instance
class One(metaclass=Singleton):
    def __init__(self, n=0): self.n = n
print(One(5) is One(6), One().n)

class Duck(type):
    def __instancecheck__(cls, obj): return hasattr(obj, "quack")
    def __subclasscheck__(cls, sub): return "quack" in vars(sub)
class Quacker(metaclass=Duck): pass
class Robot:
    def quack(self): return "beep"
print(isinstance(Robot(), Quacker), issubclass(Robot, Quacker), isinstance(3, Quacker), issubclass(int, Quacker))

class M1(type): pass
class M2(type): pass
class X(metaclass=M1): pass
class Y(metaclass=M2): pass
try:
    class Z(X, Y): pass
except TypeError as e:
    print(e)
class M3(M1, M2): pass
class Z(X, Y, metaclass=M3): pass
print(type(Z).__name__)

class Field:
    def __set_name__(self, owner, name):
        print("set_name", owner.__name__, name)
        self.name = name
    def __get__(self, obj, owner=None):
        return self if obj is None else obj.__dict__.get(self.name, "unset")
class Model:
    first = Field()
    second = Field()
m = Model()
m.__dict__["first"] = 1
print(m.first, m.second, Model.first.name)

class Broken:
    def __set_name__(self, owner, name): raise RuntimeError("no")
try:
    class Holder:
        attr = Broken()
except RuntimeError as e:
    print(e, e.__notes__)

# A function as metaclass; mro() override; __mro_entries__; __class_getitem__.
def function_meta(name, bases, ns):
    return (name, sorted(k for k in ns if not k.startswith("__")))
class NotAClass(metaclass=function_meta):
    q = 1
print(NotAClass)

class Reversed(type):
    def mro(cls):
        first, *rest, last = super().mro()
        return [first, *reversed(rest), last]
class P: who = "P"
class Q: who = "Q"
class R(P, Q, metaclass=Reversed): pass
print(R.who, [c.__name__ for c in R.__mro__])

class Entry:
    def __mro_entries__(self, bases): return (P, Q)
class S(Entry()): pass
print(S.__bases__ == (P, Q), type(S.__orig_bases__[0]).__name__)

class Box:
    def __class_getitem__(cls, item): return f"{cls.__name__}[{item}]"
print(Box[int.__name__], Box[1, 2])
try:
    class Bad(metaclass=Ordered): __slots__ = ("a",); a = 1
except ValueError as e:
    print(e)
try:
    type("a", 1, {})
except TypeError as e:
    print(e)
try:
    class Sub(bool): pass
except TypeError as e:
    print(e)
