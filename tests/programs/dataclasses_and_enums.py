# dataclasses and enum: the two heavy users of class machinery.
from dataclasses import dataclass, field, fields, asdict, astuple, replace, make_dataclass, FrozenInstanceError, KW_ONLY, InitVar
import enum

@dataclass(order=True)
class Item:
    name: str
    price: float = 1.5
    tags: list = field(default_factory=list, compare=False)
    secret: int = field(default=0, repr=False)
    def total(self, n=1): return self.price * n
a, b = Item("a"), Item("a", 2.0, ["x"])
print(a, b, a == Item("a"), a < b, sorted([b, a])[0] is a, a.tags is b.tags, b.total(2))
print([f.name for f in fields(Item)], asdict(b), astuple(b), replace(b, name="c"), Item.__match_args__)
for bad in (lambda: Item(), lambda: a < 5, lambda: hash(a), lambda: Item(1, 2, 3, 4, 5)):
    try:
        print(bad())
    except TypeError as e:
        print(e)

@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int = 0
    def __post_init__(self): object.__setattr__(self, "y", self.y + 1)
p = Point(1, 2)
print(p, hash(p) == hash(Point(1, 2)), {p: 1}[Point(1, 2)], hasattr(p, "__dict__"))
for action in (lambda: setattr(p, "x", 5), lambda: delattr(p, "x")):
    try:
        action()
    except FrozenInstanceError as e:
        print(type(e).__name__, e)

@dataclass
class Base:
    a: int
    _: KW_ONLY
    k: int = 1
@dataclass
class Derived(Base):
    b: int = 2
    scale: InitVar[int] = 1
    computed: int = field(init=False)
    def __post_init__(self, scale): self.computed = self.a * scale
print(Derived(3, 4, 5, k=6), Derived(1))
Made = make_dataclass("Made", [("x", int), "y", ("z", int, 3)], namespace={"sum": lambda self: self.x + self.z})
print(Made(1, 2), Made(1, 2).sum())
try:
    @dataclass
    class Wrong:
        a: int = 1
        b: str
except TypeError as e:
    print(e)
try:
    @dataclass
    class Mutable:
        a: list = []
except ValueError as e:
    print(e)
@dataclass
class Tree:
    value: int
    children: list["Tree"] = field(default_factory=list)
t = Tree(1, [Tree(2), Tree(3, [Tree(4)])])
print(t, asdict(t))
t.children.append(t)
print(repr(t)[-60:])

class Color(enum.Enum):
    RED = 1
    GREEN = 2
    CRIMSON = 1
    def pretty(self): return self.name.title()
    @classmethod
    def default(cls): return cls.RED
print(Color.RED, repr(Color.GREEN), Color(2), Color["RED"], Color.CRIMSON is Color.RED, list(Color), len(Color), Color.RED.pretty(), Color.default(), Color.RED.value)
print(Color.RED in Color, 1 in Color, 5 in Color, Color.__members__.keys(), Color.RED == 1, {Color.RED: "r"}[Color(1)], isinstance(Color.RED, Color), Color.RED.GREEN)
for bad in (lambda: Color(9), lambda: Color["NOPE"], lambda: Color.RED < Color.GREEN, lambda: setattr(Color, "RED", 3), lambda: type("Sub", (Color,), {}), lambda: Color.BLUE):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__, e)
class Perm(enum.Flag):
    R = enum.auto()
    W = enum.auto()
    X = enum.auto()
    RW = R | W
print(Perm.R | Perm.X, Perm.RW, ~Perm.R, Perm.RW & Perm.W, list(Perm.RW), Perm(5), Perm.R in Perm.RW, bool(Perm(0)), Perm(0), Perm.RW ^ Perm.W, Perm.X.value)
class Num(enum.IntEnum):
    ONE = 1
    TWO = enum.auto()
print(Num.ONE + 1, Num.TWO > 1, Num.TWO, f"{Num.TWO}", [10, 20, 30][Num.TWO], sorted([Num.TWO, Num.ONE]), repr(Num(1)), Num.ONE == 1, int(Num.TWO))
class S(enum.StrEnum):
    A = enum.auto()
    B = "bee"
print(S.A, S.B.upper(), S("bee"), f"{S.A:>3}", S.A == "a", repr(S.B))
class Planet(enum.Enum):
    EARTH = (5.97e24, 6.37e6)
    MARS = (6.42e23, 3.39e6)
    def __init__(self, mass, radius): self.mass, self.radius = mass, radius
    @property
    def gravity(self): return round(6.67e-11 * self.mass / self.radius ** 2, 2)
print([(p.name, p.gravity) for p in Planet])
Func = enum.Enum("Func", "A B C")
print(list(Func), Func.B.value)
@enum.unique
class U(enum.Enum):
    A = 1
    @classmethod
    def _missing_(cls, value): return cls.A if value == "fallback" else None
print(U("fallback"))
try:
    @enum.unique
    class Dup(enum.Enum):
        A = 1
        B = 1
except ValueError as e:
    print(e)
match Color.GREEN:
    case Color.RED: print("red")
    case Color.GREEN: print("green matched")
class IF(enum.IntFlag):
    A = 1
    B = 2
print(IF.A | 8, IF(3), int(IF.A | IF.B), IF.A | IF.B == 3, repr(IF(0)))
