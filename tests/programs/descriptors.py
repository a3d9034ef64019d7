# Descriptors: data and non-data, lookup order, __getattr__ and friends, functions and methods as descriptors.

class Data:
    def __get__(self, obj, owner): return ("data get", obj is not None, owner.__name__)
    def __set__(self, obj, value): print("data set", value)
    def __delete__(self, obj): print("data delete")

class NonData:
    def __get__(self, obj, owner): return "non-data get"

class C:
    d = Data()
    n = NonData()
    plain = "class attribute"

c = C()
c.__dict__.update(d="instance d", n="instance n", plain="instance plain")
print(c.d, c.n, c.plain, C.d, C.n)
c.d = 5
del c.d
c.n = "stored"
print(c.__dict__["n"], c.__dict__["d"])

class Typed:
    def __init__(self, kind): self.kind = kind
    def __set_name__(self, owner, name): self.name = "_" + name
    def __get__(self, obj, owner):
        if obj is None:
            return self
        try:
            return getattr(obj, self.name)
        except AttributeError:
            raise AttributeError(f"{self.name[1:]} is not set") from None
    def __set__(self, obj, value):
        if not isinstance(value, self.kind):
            raise TypeError(f"expected {self.kind.__name__}, got {type(value).__name__}")
        setattr(obj, self.name, value)

class Person:
    name = Typed(str)
    age = Typed(int)
    def __init__(self, name, age): self.name, self.age = name, age
p = Person("Ann", 30)
print(p.name, p.age, vars(p))
for bad in (lambda: Person(1, 2), lambda: object.__getattribute__(Person.__new__(Person), "age")):
    try:
        bad()
    except (TypeError, AttributeError) as e:
        print(type(e).__name__, e)

class Logged:
    def __init__(self): self.log = []
    def __getattribute__(self, name):
        if not name.startswith("_") and name != "log":
            object.__getattribute__(self, "log").append(name)
        return object.__getattribute__(self, name)
    def __getattr__(self, name):
        if name.startswith("auto_"):
            return name[5:]
        raise AttributeError(f"no {name} here")
    def __setattr__(self, name, value):
        object.__setattr__(self, name, value if name == "log" else value * 2)
    def __delattr__(self, name):
        print("deleting", name)
        object.__delattr__(self, name)
    def __dir__(self): return ["b", "a"]
x = Logged()
x.v = 21
print(x.v, x.auto_thing, getattr(x, "missing", "default"), hasattr(x, "v"), x.log, dir(x))
del x.v
try:
    x.v
except AttributeError as e:
    print(e)

# Functions bind; other callables do not.
class Callable:
    def __call__(self, *args): return args
class F:
    method = lambda self: "bound"
    call = Callable()
    builtin = len
f = F()
print(f.method(), f.call(1), f.builtin([1, 2]), F.method.__get__(f, F)(), F.method.__get__(f).__self__ is f)
print(type(F.__dict__["method"]).__name__, type(f.method).__name__)

class LazyProperty:
    def __init__(self, fn): self.fn = fn
    def __set_name__(self, owner, name): self.name = name
    def __get__(self, obj, owner):
        value = obj.__dict__[self.name] = self.fn(obj)
        return value
class Circle:
    def __init__(self, r): self.r = r
    @LazyProperty
    def area(self):
        print("computing")
        return 3 * self.r ** 2
circle = Circle(2)
print(circle.area, circle.area)

# property subclassing and abstract pieces; classmethod and staticmethod as objects.
class P(property):
    def __get__(self, obj, owner=None): return ("wrapped", super().__get__(obj, owner))
class WithP:
    @P
    def v(self): return 7
print(WithP().v)
sm, cm = staticmethod(len), classmethod(lambda cls: cls)
print(sm("abc"), cm.__get__(None, int)(), sm.__func__ is len, sm.__wrapped__ is len)
try:
    cm()
except TypeError as e:
    print(e)

class Meta(type):
    attr = "from the metaclass"
    @property
    def prop(cls): return "meta property"
class K(metaclass=Meta): pass
print(K.attr, K.prop)
try:
    K().attr
except AttributeError as e:
    print(e)
try:
    WithP().v = 1
except AttributeError as e:
    print(e)
