"""Code of a large module that was never called, called by hot code while a tool observes."""
import sys

source = "".join(f"def f{i}(x):\n    return x + {i}\n" for i in range(6000))
source += "".join(f"class C{i}:\n    def __init__(self):\n        self.a = {i}\n    def m(self):\n        return self.a\n" for i in range(300))
source += "".join(f"def g{i}(n):\n    yield n\n    yield {i}\n" for i in range(300))
space = {}
exec(compile(source, "large", "exec"), space)

monitoring = sys.monitoring
monitoring.use_tool_id(1, "test")
for event in (monitoring.events.BRANCH_LEFT, monitoring.events.BRANCH_RIGHT, monitoring.events.LINE, monitoring.events.CALL):
    monitoring.register_callback(1, event, lambda *a: monitoring.DISABLE)
wanted = (
    monitoring.events.BRANCH_LEFT | monitoring.events.BRANCH_RIGHT,
    monitoring.events.LINE,
    monitoring.events.CALL,
    0,
)


def call(functions):
    total = 0
    for f in functions:
        total += f(1)
    return total


def make(classes):
    total = 0
    for c in classes:
        total += c().m()
    return total


def iterate(generators):
    total = 0
    for g in generators:
        for x in g(1):
            total += x
    return total


for part in range(40):
    monitoring.set_events(1, wanted[part % 4])
    print(
        call([space[f"f{i}"] for i in range(part * 100, part * 100 + 100)]),
        make([space[f"C{i}"] for i in range(part * 7, part * 7 + 7)]),
        iterate([space[f"g{i}"] for i in range(part * 7, part * 7 + 7)]),
    )
monitoring.set_events(1, 0)


# `super().name` is a call of `super`, too.
class Base:
    def m(self):
        return 1


class Derived(Base):
    def m(self):
        return super().m()


class Failing(Base):
    def m(self):
        return super(1, self).m()


seen = []
E = monitoring.events
for event in (E.CALL, E.C_RETURN, E.C_RAISE):
    monitoring.register_callback(
        1, event, lambda code, offset, f, arg, event=event: seen.append((event, f.__name__, arg is monitoring.MISSING))
    )
monitoring.set_events(1, E.CALL | E.C_RETURN | E.C_RAISE)
d = Derived().m()
try:
    Failing().m()
except TypeError as e:
    error = str(e)
monitoring.set_events(1, 0)
print(d, error, *seen, sep="\n")
