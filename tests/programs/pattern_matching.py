# match: literals, captures, sequences, mappings, classes, or-patterns, guards, values, nesting.
from dataclasses import dataclass
import enum

class Color(enum.Enum):
    RED = 1
    GREEN = 2

@dataclass
class Point:
    x: int
    y: int

class Pair:
    __match_args__ = ("left", "right")
    def __init__(self, left, right): self.left, self.right = left, right

def describe(value):
    match value:
        case None: return "none"
        case True | False: return f"bool {value}"
        case 0: return "zero"
        case -1 | 1.5 | 2 + 3j: return f"number {value}"
        case "" | b"": return "empty text"
        case str(s) if len(s) > 5: return f"long {s}"
        case str(): return "short"
        case Color.RED: return "red"
        case Color(): return "some colour"
        case []: return "empty sequence"
        case [x]: return f"one {x}"
        case [1, 2, *rest]: return f"1, 2 and {rest}"
        case [first, *_, last] if first == last: return f"ends alike {first}"
        case (a, b): return f"pair {a} {b}"
        case [_, [inner, *_], *_]: return f"nested {inner}"
        case {"kind": "circle", "r": r}: return f"circle {r}"
        case {"kind": kind, **rest}: return f"{kind} with {rest}"
        case {}: return f"mapping {len(value)}"
        case Point(x=0, y=0): return "origin"
        case Point(x, y) as p if x == y: return f"diagonal {p}"
        case Point(y=0): return "on the x axis"
        case Pair(Pair(a, b), c): return f"pairs {a}{b}{c}"
        case Pair(left=int() | float() as n): return f"numeric left {n}"
        case int(n) | float(n): return f"other number {n}"
        case object(__class__=c): return f"something {c.__name__}"

for v in (None, True, 0, -1, 1.5, 2 + 3j, "", b"", "abc", "abcdef", Color.RED, Color.GREEN, [], (7,), [1, 2], [1, 2, 3, 4],
          [5, 6, 5], [1, 3], [9, [8, 7], 6], {"kind": "circle", "r": 2}, {"kind": "square", "a": 1, "b": 2}, {1: 2}, {},
          Point(0, 0), Point(3, 3), Point(4, 0), Point(1, 2), Pair(Pair(1, 2), 3), Pair(4, 5), Pair("a", 1), 42, 2.5, {1},
          range(1), bytearray(b"xy"), "é"):
    print(describe(v))

def commands(line):
    match line.split():
        case ["go", ("north" | "south") as direction]: return f"go {direction}"
        case ["drop" | "leave", *items] if items: return f"drop {len(items)}"
        case ["say", *words]: return " ".join(words).upper()
        case [command] | [command, _]: return f"unknown {command}"
        case _: return "?"
for line in ("go north", "go up", "drop a b", "leave", "say hello you", "x", "a b c", ""):
    print(commands(line))

# Names bound before a guard fails stay; the subject is evaluated once; no case matches.
def subject():
    print("subject")
    return 3, 4
match subject():
    case (a, b) if a > b: print("no")
    case (c, d): print(a, b, c, d)
match 5:
    case 6: print("no")
print("fell through")

class Bad:
    __match_args__ = ("a", "a")
    a = 1
class Short:
    __match_args__ = ()
for subject, source in ((Bad(), "Bad(1, 1)"), (Short(), "Short(1)"), (1, "int(1, 2)")):
    try:
        exec(f"match s:\n    case {source}: pass", {"s": subject, "Bad": Bad, "Short": Short})
    except TypeError as e:
        print(e)
for source in ("case a: pass\n    case b: pass", "case a | b: pass", "case [a, a]: pass", "case {**_}: pass",
               "case {'a': 1, 'a': 2}: pass", "case 1 + 1: pass", "case f'{x}': pass"):
    try:
        exec(f"match s:\n    {source}", {"s": 1})
    except SyntaxError as e:
        print(e.msg)
match, case, _ = 1, 2, 3
print(match, case, _)
match (1, 2):
    case (1, x) | (x, 1): print("or binds", x)

def json_size(node):
    match node:
        case {**members}: return 1 + sum(map(json_size, members.values()))
        case [*items]: return 1 + sum(map(json_size, items))
        case str() | int() | float() | None: return 1
print(json_size({"a": [1, 2, {"b": None}], "c": "x"}))
