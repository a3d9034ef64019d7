"""Code that has nothing left to report to sys.monitoring is compiled; what tools want later must be reported again."""
import sys

M = sys.monitoring
E = M.events
TOOL = 3
M.use_tool_id(TOOL, "test")
seen = []


def line(code, n):
    if code.co_name in NAMES:
        seen.append((code.co_name, n - code.co_firstlineno))
    return M.DISABLE


def place(what):
    def f(code, *where):
        if code.co_name in NAMES:
            seen.append((what, code.co_name))
        return M.DISABLE
    return f


def keep(what):
    def f(code, *where):
        if code.co_name in NAMES:
            seen.append((what, code.co_name))
    return f


NAMES = {"hot", "helper", "numbers", "consume", "Point.move", "move", "catches"}


class Point:
    def __init__(self):
        self.x = 0

    def move(self, d):
        if d % 5 == 4:
            self.x -= 1
        else:
            self.x += d
        return self.x


def helper(i):
    return i * 2


def hot(n, p):
    t = 0
    for i in range(n):
        t += helper(i)
        if i == 2900:
            t += 1000
        p.move(i)
    return t


def numbers(n):
    for i in range(n):
        yield i


def consume(n):
    t = 0
    for i in numbers(n):
        t += i
    return t


def catches(n):
    t = 0
    for i in range(n):
        try:
            if i % 3 == 0:
                raise ValueError(i)
            t += 1
        except ValueError:
            t -= 1
    return t


def show(what, *results, counted=False):
    """How often a place is told that is disabled then depends on how many instructions it has."""
    counts = {}
    for s in seen:
        counts[s] = counts.get(s, 0) + 1 if counted else True
    print(what, results, *sorted(counts.items(), key=repr), sep="\n  ")
    seen.clear()


def everything(n=3000):
    return hot(n, Point()), consume(n), catches(n)


def main():
    show("before", everything())
    M.register_callback(TOOL, E.LINE, line)
    M.set_events(TOOL, E.LINE)
    show("lines", everything())
    show("again", everything())
    M.restart_events()
    show("restarted", everything())
    # In the middle of a running loop.
    t = 0
    for i in range(9000):
        t += helper(i)
        if i == 6000:
            M.restart_events()
    show("in the middle", t)
    for e, name in [(E.PY_START, "start"), (E.PY_RETURN, "return"), (E.PY_YIELD, "yield"), (E.PY_RESUME, "resume"),
                    (E.BRANCH_LEFT, "left"), (E.BRANCH_RIGHT, "right"), (E.CALL, "call")]:
        M.register_callback(TOOL, e, place(name))
    M.set_events(TOOL, E.PY_START | E.PY_RETURN | E.PY_YIELD | E.PY_RESUME)
    show("places", everything())
    show("places again", everything())
    M.set_events(TOOL, E.BRANCH_LEFT | E.BRANCH_RIGHT)
    show("branches", everything())
    M.set_events(TOOL, 0)
    show("nothing", everything())
    # One function only, which is compiled already.
    M.set_local_events(TOOL, helper.__code__, E.LINE | E.PY_START)
    M.restart_events()
    show("local", everything())
    M.set_local_events(TOOL, helper.__code__, 0)
    # Events that cannot be disabled.
    M.register_callback(TOOL, E.RAISE, keep("raise"))
    M.set_events(TOOL, E.RAISE)
    show("raise", everything(60), counted=True)
    M.register_callback(TOOL, E.RAISE, None)
    # Callbacks that are never satisfied.
    M.register_callback(TOOL, E.LINE, keep("line"))
    M.set_events(TOOL, E.LINE)
    show("kept", everything(1000), counted=True)
    M.set_events(TOOL, 0)

    # A trace function beside a tool.
    def trace(frame, event, arg):
        if frame.f_code.co_name in NAMES:
            seen.append((event, frame.f_code.co_name))
        return trace
    M.register_callback(TOOL, E.LINE, line)
    M.set_events(TOOL, E.LINE)
    show("quiet", everything())
    M.set_events(TOOL, 0)
    sys.settrace(trace)
    r = everything(100)
    sys.settrace(None)
    show("traced", r, counted=True)
    show("untraced", everything())
    M.free_tool_id(TOOL)
    show("freed", everything())


main()
