# Free variables seen before the cells of the closure are copied: by functions that are told of calls, in code that is
# marshalled or made of other code.
import marshal, sys, types

def outer(a):
    b = [a]; c = {'k': a}
    def inner(x):
        y = x + 1
        return (a, b, c, x, y, (lambda: (x, a))())
    return inner

def gen(a):
    def inner(x):
        yield a
        yield (x, a)
    return inner

def noise(n):
    return n if n == 0 else [noise(n - 1), (n,)]

seen = []
def told(f, e, arg):
    if f.f_code.co_name == 'inner':
        seen.append((e, dict(f.f_locals), 'a' in f.f_locals, f.f_locals.get('b')))
    return told

functions = [outer(i) for i in range(3)]
def run():
    seen.clear()
    for f in functions:
        noise(7)
        f(1)
        list(gen(9)(2))
    for s in seen:
        print(s)

sys.settrace(told)
try: run()
finally: sys.settrace(None)
sys.setprofile(told)
try: run()
finally: sys.setprofile(None)

m = sys.monitoring
m.use_tool_id(1, 'test')
def start(code, offset):
    if code.co_name == 'inner':
        seen.append(dict(sys._getframe(1).f_locals))
m.register_callback(1, m.events.PY_START, start)
m.set_events(1, m.events.PY_START)
run()
m.set_events(1, 0)
m.free_tool_id(1)

# A variable that is set there.
def sets(f, e, arg):
    if f.f_code.co_name == 'inner' and e == 'call':
        f.f_locals['a'] = 'set'
sys.settrace(sets)
noise(7)
r = functions[2](1)
sys.settrace(None)
print(r, functions[2].__closure__[0].cell_contents)

# The call fails before it begins; its frame stays.
def fails(f, e, arg):
    if f.f_code.co_name == 'inner':
        raise ValueError(e)
sys.settrace(fails)
try:
    noise(7)
    functions[1](5)
except ValueError as e:
    sys.settrace(None)
    tb = e.__traceback__
    while tb:
        if tb.tb_frame.f_code.co_name == 'inner':
            print(sorted(tb.tb_frame.f_locals.items()))
        tb = tb.tb_next

f = functions[0]
code = marshal.loads(marshal.dumps(f.__code__))
print(types.FunctionType(code, globals(), 'f', None, f.__closure__)(1))
f.__code__ = f.__code__.replace(co_code=bytes(bytearray(f.__code__.co_code)))
print(f(2))
g = gen(3)
g.__code__ = marshal.loads(marshal.dumps(g.__code__.replace(co_consts=g.__code__.co_consts + (1,))))
print(list(g(4)))
