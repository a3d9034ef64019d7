# PEP 695 and 696 type parameters, PEP 649/749 lazy annotations, generic aliases, unions, typing basics.
import annotationlib, typing
from typing import Generic, TypeVar, Protocol, NamedTuple, TypedDict, Literal, get_type_hints, runtime_checkable

def first[T](items: list[T], default: T | None = None) -> T | None:
    return items[0] if items else default
print(first([1]), first.__type_params__, first.__annotations__)
class Stack[T: (int, str), U, D = int, **P = [int]]:
    items: list[T]
    def push[U](self, item: U) -> "Stack[U]": return self
print(Stack.__type_params__, Stack.__type_params__[0].__constraints__, Stack.__type_params__[2].__default__, Stack.__type_params__[3].__default__, Stack.__orig_bases__, Stack.__parameters__)
class Variadic[*Ts, **Q]:
    def take(self, *args: *Ts) -> tuple[*Ts]: return args
print(Variadic.__parameters__, Variadic[int, str, [float]], Variadic().take(1), Variadic.take.__annotations__)
class Bounded[T: "Later"]: pass
try:
    Bounded.__type_params__[0].__bound__
except NameError as e:
    print(e)
class Later: pass
print(Bounded.__type_params__[0].__bound__ == "Later")
type Pair[A, B = A] = tuple[A, B]
type Recursive = list[Recursive] | int
type Broken = undefined_name
print(Pair, Pair.__value__, Pair[int, str], Recursive.__value__, Pair.__type_params__, Broken.__name__)
try:
    Broken.__value__
except NameError as e:
    print(e)

def annotated(a: Missing, b: int = 1, *args: "str", **kw: list[Missing]) -> Missing: pass
try:
    annotated.__annotations__
except NameError as e:
    print(e)
print(annotationlib.get_annotations(annotated, format=annotationlib.Format.STRING))
print(annotationlib.get_annotations(annotated, format=annotationlib.Format.FORWARDREF)["b"])
Missing = float
print(annotated.__annotations__)
class Annotated:
    x: int
    y: "str" = "default"
    if False:
        z: float
    w: [i for i in range(2)]
    def method(self) -> Annotated: return self
print(Annotated.__annotations__, Annotated.method.__annotations__["return"] is Annotated, Annotated.__annotate__(1)["x"], hasattr(Annotated, "x"), Annotated.y)
module_level: int = 5
only_declared: str
import sys
print(sys.modules[__name__].__annotations__, "only_declared" in globals())
def local_annotations():
    v: not_evaluated = 1
    u: also.not_evaluated
    return v
print(local_annotations(), local_annotations.__annotations__)

print(list[int], dict[str, list[int]], tuple[int, ...], type[int], list[int]() + [1], list[int].__origin__, list[int].__args__, isinstance([], list), list["fwd"], set[T1] if (T1 := TypeVar("T1")) else 0)
print(int | str, int | None, (int | str).__args__, int | str == str | int, isinstance(1, int | str), isinstance("x", int | float), None | int, list[int] | None, int | int, typing.Union[int, str] == int | str, typing.Optional[int])
print(dict[str, T1][int], list[T1][int], tuple[T1, T1][str], list[list[T1]][int], (T1 | None)[int])
for bad in (lambda: isinstance([], list[int]), lambda: isinstance(1, int | list[int]), lambda: int | 5, lambda: int[str], lambda: list[int][str], lambda: issubclass(int, list[int]), lambda: first[int], lambda: Stack[int], lambda: Pair[int, str, float]):
    try:
        print(bad())
    except TypeError as e:
        print(e)

class Box(Generic[T1]):
    def __init__(self, v): self.v = v
class IntBox(Box[int]): pass
print(Box[int], Box[int](5).v, Box[int](1).__orig_class__, IntBox.__orig_bases__, IntBox.__mro__[1:3] == (Box, Generic), Box.__parameters__, Box[int].__args__)
@runtime_checkable
class Closable(Protocol):
    def close(self) -> None: ...
class File:
    def close(self): pass
print(isinstance(File(), Closable), isinstance(5, Closable), issubclass(File, Closable))
class Emp(NamedTuple):
    name: str
    id: int = 3
class Movie(TypedDict, total=False):
    title: str
    year: int
print(Emp("a"), Emp._field_defaults, Emp.__annotations__, Movie(title="t", year=1), Movie.__optional_keys__ == {"title", "year"}, get_type_hints(Annotated))
print(Literal["a", 1], typing.Callable[[int], str], typing.Any, typing.ClassVar[int], typing.get_args(dict[int, str]), typing.get_origin(list[int]), typing.cast(int, "x"), typing.NewType("UserId", int)(5), typing.Annotated[int, "meta"].__metadata__)
def outer[T]():
    class Inner:
        attr: T
        def use(self) -> T: ...
    return Inner.__annotations__["attr"], T.__name__
print(outer())
class Shadow[T]:
    T = "class attribute"
    def get(self): return T
print(Shadow.T, Shadow().get())
@typing.overload
def over(x: int) -> int: ...
def over(x): return x
print(over(3), typing.get_overloads(over)[0].__name__, typing.no_type_check(over).__no_type_check__, typing.final(Later).__final__)
for source in ("def f[T, T](): pass", "type T[A] = (yield)", "class C[T = int, U]: pass", "def f[*Ts: int](): pass", "type X = (y := 1)", "def f[T](x: (yield)): pass", "class A[T](await x): pass"):
    try:
        compile(source, "s", "exec")
        print("fine", source)
    except SyntaxError as e:
        print(e.msg)
