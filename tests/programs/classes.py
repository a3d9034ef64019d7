# Classes: attributes, inheritance, super, MRO, class and static methods, properties, slots, hooks.

class Animal:
    kinds = []
    sound = "..."

    def __init_subclass__(cls, /, loud=False, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.loud = loud
        Animal.kinds.append(cls.__name__)

    def __init__(self, name):
        self.name = name

    def speak(self):
        return self.sound.upper() if self.loud else self.sound

    def __repr__(self):
        return f"{type(self).__name__}({self.name!r})"

class Dog(Animal, loud=True):
    sound = "woof"

    def speak(self):
        return super().speak() + "!"

class Puppy(Dog):
    sound = "yip"

    def __init__(self, name, age):
        super().__init__(name)
        self.age = age

print(Animal.kinds, Dog("Rex").speak(), Puppy("Bo", 1).speak(), Puppy("Bo", 1))
print([c.__name__ for c in Puppy.__mro__], Puppy.__base__.__name__, Animal.__subclasses__())

# Cooperative diamond.
class Base:
    def greet(self): return ["Base"]
class Left(Base):
    def greet(self): return ["Left"] + super().greet()
class Right(Base):
    def greet(self): return ["Right"] + super().greet()
class Both(Left, Right):
    def greet(self): return ["Both"] + super().greet()
print(Both().greet(), super(Left, Both()).greet())
try:
    class Bad(Base, Left):
        pass
except TypeError as e:
    print(e)

class Temperature:
    count = 0

    def __init__(self, celsius=0.0):
        self._c = celsius
        type(self).count += 1

    @property
    def celsius(self):
        "Degrees."
        return self._c

    @celsius.setter
    def celsius(self, value):
        if value < -273.15:
            raise ValueError("below absolute zero")
        self._c = value

    @celsius.deleter
    def celsius(self):
        self._c = 0.0

    @property
    def fahrenheit(self):
        return self._c * 9 / 5 + 32

    @classmethod
    def from_fahrenheit(cls, f):
        return cls((f - 32) * 5 / 9)

    @staticmethod
    def valid(c):
        return c >= -273.15

t = Temperature.from_fahrenheit(212)
print(t.celsius, t.fahrenheit, Temperature.count, Temperature.valid(-300), Temperature.celsius.__doc__)
t.celsius = 20
del t.celsius
print(t.celsius)
for action in (lambda: setattr(t, "celsius", -300), lambda: setattr(t, "fahrenheit", 1)):
    try:
        action()
    except (ValueError, AttributeError) as e:
        print(type(e).__name__, e)

class Point:
    __slots__ = ("x", "y")
    def __init__(self, x, y):
        self.x, self.y = x, y
class Point3(Point):
    __slots__ = "z",
p = Point3(1, 2)
p.z = 3
print(p.x, p.y, p.z, hasattr(p, "__dict__"), Point3.__slots__)
for attempt in (lambda: setattr(p, "w", 4), lambda: Point(1, 2).__dict__):
    try:
        attempt()
    except AttributeError as e:
        print(e)
del p.x
try:
    p.x
except AttributeError as e:
    print(e)

# Private names, class dictionaries, dynamic changes, bound methods.
class Secret:
    __hidden = 42
    def reveal(self): return self.__hidden
print(Secret().reveal(), Secret._Secret__hidden, "__hidden" in vars(Secret))
Secret.extra = lambda self, n: n + self.reveal()
print(Secret().extra(8))
bound = Dog("A").speak
print(bound.__self__, bound.__func__ is Dog.speak, bound == bound.__self__.speak, bound.__name__)
obj = Secret()
obj.reveal = lambda: "instance wins"
print(obj.reveal(), obj.__dict__.keys())
obj.__class__ = type("Other", (), {"reveal": lambda self: "class of another", "extra": 1})
print(type(obj).__name__, obj.reveal())

Made = type("Made", (Animal,), {"sound": "made", "__module__": "somewhere"})
print(Made("x").speak(), Made.__qualname__, Made)

class WithNew:
    cache = {}
    def __new__(cls, key):
        if key not in cls.cache:
            cls.cache[key] = super().__new__(cls)
        return cls.cache[key]
    def __init__(self, key):
        self.key = key
print(WithNew("a") is WithNew("a"), WithNew("a") is WithNew("b"))
try:
    object.__new__(int)
except TypeError as e:
    print(e)
try:
    Animal()
except TypeError as e:
    print(e)
try:
    object(1)
except TypeError as e:
    print(e)
