# A namespace with a key whose comparison runs Python code, which looks up names itself.
import gc


class Odd(str):
    __hash__ = str.__hash__

    def __eq__(self, other):
        calls.append(str(other))
        gc.collect()
        abs(-1), sorted([1])
        return False


calls = []
globals()[Odd("len")] = 1


def f():
    return len([1, 2])


print(f(), f(), f())
print(set(calls))
calls.clear()
globals()["len"] = lambda x: "mine"
print(f())
del globals()["len"]
print(f())
