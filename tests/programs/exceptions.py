# Exceptions: chaining, groups, except*, notes, custom classes, tracebacks' shape, cleanup order.
import sys

class AppError(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code = code
    def __str__(self):
        return f"[{self.code}] {super().__str__()}"

try:
    try:
        int("x")
    except ValueError as e:
        raise AppError(7, "bad input") from e
except AppError as e:
    print(e, repr(e), e.code, e.args, repr(e.__cause__), e.__suppress_context__)

def context_chain():
    try:
        {}["missing"]
    except KeyError:
        1 / 0
try:
    context_chain()
except ZeroDivisionError as e:
    print(e, "| during", repr(e.__context__), e.__cause__)
try:
    try:
        raise OSError(2, "No such thing", "file.txt")
    except OSError as e:
        print(type(e).__name__, e.errno, e.strerror, e.filename, e)
        raise RuntimeError("hidden") from None
except RuntimeError as e:
    print(e.__cause__, e.__suppress_context__, type(e.__context__).__name__)

# Which handler, tuple of classes, bare raise, else and finally.
def classify(exc):
    try:
        try:
            raise exc
        except (KeyError, IndexError) as e:
            return f"lookup {e}"
        except ArithmeticError:
            raise
        except Exception as e:
            return f"other {type(e).__name__}"
    except ArithmeticError as e:
        return f"re-raised {type(e).__name__}"
print([classify(e) for e in (KeyError("k"), IndexError(1), ZeroDivisionError(), TypeError(), OverflowError())])
try:
    raise
except RuntimeError as e:
    print(e)
for wrong in (lambda: (_ for _ in ()).throw(5), lambda: exec("raise 5"), lambda: exec("raise int from ValueError")):
    try:
        wrong()
    except TypeError as e:
        print(e)
try:
    try:
        raise ValueError
    except "not a class":
        pass
except TypeError as e:
    print(e)

# Groups.
eg = ExceptionGroup("many", [ValueError(1), TypeError("t"), ExceptionGroup("inner", [ValueError(2), OSError(3)])])
print(eg, len(eg.exceptions), eg.subgroup(ValueError), eg.split(OSError)[0])
def handle(group):
    out = []
    try:
        raise group
    except* ValueError as e:
        out.append(("V", [str(x) for x in e.exceptions]))
    except* (TypeError, OSError) as e:
        out.append(("TO", len(e.exceptions)))
    return out
print(handle(eg), handle(ExceptionGroup("g", [OSError("x")])))
try:
    try:
        raise ExceptionGroup("g", [ValueError("a"), KeyError("b")])
    except* ValueError:
        raise RuntimeError("from handler")
except ExceptionGroup as e:
    print(repr(e))
try:
    try:
        raise ValueError("naked")
    except* ValueError as e:
        print(type(e).__name__, e.exceptions, e.args, repr(e))
    ExceptionGroup("bad", [])
except ValueError as e:
    print(e)
print(BaseExceptionGroup("b", [KeyboardInterrupt()]), type(BaseExceptionGroup("b", [ValueError()])).__name__)

# Notes, with_traceback, traceback frames.
e = ValueError("v")
e.add_note("first"); e.add_note("second")
print(e.__notes__)
try:
    e.add_note(1)
except TypeError as t:
    print(t)
def f(): g()
def g(): h()
def h(): raise e
try:
    f()
except ValueError as caught:
    tb, names = caught.__traceback__, []
    while tb:
        names.append((tb.tb_frame.f_code.co_name, tb.tb_lineno - tb.tb_frame.f_code.co_firstlineno))
        tb = tb.tb_next
    print(names[1:], caught is e, sys.exc_info()[1] is e)
print(sys.exc_info(), sys.exception())

# Cleanup order with nested handlers; exceptions in finally.
def order():
    try:
        try:
            raise ValueError("one")
        finally:
            print("inner finally", sys.exception())
            raise TypeError("two")
    except TypeError as e:
        return repr(e), repr(e.__context__)
print(order())

messages = [
    lambda: None.attr, lambda: "a" + 1, lambda: 1 + "a", lambda: [1, 2][5], lambda: {}["k"], lambda: undefined_name,
    lambda: len(5), lambda: "abc"(), lambda: int("12x"), lambda: float("z"), lambda: [].pop(), lambda: {1}.remove(2),
    lambda: next(iter([])), lambda: (1, 2).append, lambda: 1 < "a", lambda: -"a", lambda: [][1.5], lambda: "a".foo,
    lambda: chr(-1), lambda: ord("ab"), lambda: range(1, 2, 0), lambda: "%d" % "x", lambda: {}[[]], lambda: 1 % 0,
    lambda: 1.0 // 0, lambda: 2 ** -1 ** 0.5 if 0 else 0 ** -1, lambda: bytes([256]), lambda: "é".encode("ascii"),
    lambda: b"\xff".decode(), lambda: __import__("no_such_module"), lambda: max([]), lambda: dict([1]),
    lambda: isinstance(1, 1), lambda: object() < object(), lambda: [] @ [], lambda: iter(1), lambda: hash([]),
]
for m in messages:
    try:
        print("no error", m())
    except Exception as e:
        print(f"{type(e).__name__}: {e}")
