# A tool that disables each line it has seen hears of no line twice because of a jump within that line.
import sys

M = sys.monitoring
LINE = M.events.LINE


def conditional(n):
    t = 0
    for i in range(n):
        t += i * i % 7
        if i % 13 == 0: t ^= i
    return t


def short_circuit(n):
    out = []
    for i in range(n):
        out.append(i if i % 2 else -i if i % 3 else i and n or 0)
        x = i > 3 and i < 9 or i == 12; assert x or not x
        while i > 5 and i % 5: i -= 1
    return out


seen = []


def line(code, line):
    seen.append(line - code.co_firstlineno)
    return M.DISABLE


M.use_tool_id(4, "once")
M.register_callback(4, LINE, line)
for f in conditional, short_circuit:
    for round in range(4):
        M.set_local_events(4, f.__code__, LINE)
        f(20), f(40)
        print(f.__name__, seen)
        seen.clear()
        M.set_local_events(4, f.__code__, 0)
        M.restart_events()
M.register_callback(4, LINE, lambda code, line: seen.append(line - code.co_firstlineno))
for f in conditional, short_circuit:
    M.set_local_events(4, f.__code__, LINE)
    f(14)
    print(f.__name__, seen)
    seen.clear()
    M.set_local_events(4, f.__code__, 0)
M.free_tool_id(4)
