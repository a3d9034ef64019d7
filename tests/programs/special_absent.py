# A special method whose descriptor raises AttributeError is absent for operations that can do without it.
import operator


def absent(self):
    raise AttributeError("absent")


def wrong(self):
    raise ValueError("wrong")


NAMES = ["add", "radd", "hash", "len", "bool", "iter", "contains", "getitem", "repr", "neg", "iadd", "index", "call", "enter",
         "exit", "next", "format", "setitem", "eq", "lt", "pow", "rpow", "str"]
Absent = type("Absent", (), {f"__{n}__": property(absent) for n in NAMES})
Wrong = type("Wrong", (), {f"__{n}__": property(wrong) for n in NAMES})


def enter(n):
    with n:
        pass


OPERATIONS = [
    lambda n: n + 1, lambda n: 1 + n, hash, len, bool, iter, lambda n: 1 in n, lambda n: n[0], lambda n: repr(n).partition(" at ")[0],
    lambda n: -n, lambda n: operator.iadd(n, 1), operator.index, lambda n: n(), next, format, lambda n: operator.setitem(n, 1, 2),
    lambda n: n == 1, lambda n: n == n, lambda n: n != n, lambda n: n < 1, lambda n: n ** 2, lambda n: 2 ** n, enter,
    lambda n: list(n), lambda n: [n].index(1), lambda n: {n: 1},
]
for C in Absent, Wrong:
    for i, f in enumerate(OPERATIONS):
        for _ in range(3):
            try:
                r = f(C())
            except Exception as e:
                r = f"{type(e).__name__}: {e}"
        print(C.__name__, i, r)
