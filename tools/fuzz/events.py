"""Units of a program for `generate`: loops that do many things to a few objects, in which at a few chosen passes something
happens that what was compiled in good faith must notice: classes, functions, builtins, cells and types of variables change,
tracing begins, special methods start to raise, generators are closed."""

PRELUDE = '''\
import abc, builtins, contextlib, dataclasses, enum, gc, re, weakref

ADDRESS = re.compile(' at 0x[0-9a-f]+')

class Boom(Exception):
    pass

def digest(h, v):
    return (h * 31 + KEPT['sum'](KEPT['map'](ord, ADDRESS.sub('', show(v))[:40]))) % 1000003

@contextlib.contextmanager
def managed(out, v):
    try:
        yield v
    except Boom as ex:
        out.append('managed')
    finally:
        v and out.append(1)

def counted(frame, event, arg):
    counted.n += 1
    return counted

def restore():
    sys.settrace(None)
    sys.setprofile(None)
    for n, v in KEPT.items():
        setattr(builtins, n, v)

KEPT = {n: getattr(builtins, n) for n in 'len abs min max sum range sorted isinstance getattr enumerate zip str int list print map'.split()}
'''

# What a pass does: expressions over the objects that `Events.unit` makes.
USES = """
c.x
c.x + i
c.m(i)
c.p
c.k
c.m(i) + c.k
s.x
s.y
s.step(i)
d.m(i)
d.own(i)
D.cm(i)
D.st(i)
f(i)
f(i, 2)
f(a=i)
f(*[i], **kw)
rec(i % 7)
cl(i)
cl(i) + get()
nxt(g)
next(g, None)
g.send(i % 3)
[*gen(i % 4)]
sum(gen(i % 5))
lst[i % len(lst)]
lst[i % 5]
dct.get(i % 7, 'none')
dct[i % 5]
st in txt
txt[i % 9]
txt.find(st)
f'{txt}{i}{c.x!r:>4}'
'%s-%d' % (txt[:2], i)
txt.upper().replace('A', st)
'-'.join(map(str, lst[:3]))
G + i
G
len(lst)
abs(i - 10)
min(i, 7)
max(lst[:3] or [0])
sum(lst[:4])
sorted(lst[:5], key=lambda q: (str(q), i))
isinstance(c, D)
isinstance(i, int)
getattr(c, 'x', 0)
getattr(c, 'zz', 0)
hasattr(c, 'zz')
big * i % 1000007
big >> (i % 70)
big + i - 1
i / 3
i // (i % 3)
x + i
x * 2
[q * i for q in range(3)]
{q: c.x for q in 'ab'}
{q % 3 for q in lst if type(q) is int}
any(q == i for q in lst)
c == d
c < d
c + i
c[i % 3]
len(c)
bool(c)
hash(c) == hash(c)
c(i)
i in c
-c
[*c]
str(c)
{c: 1}[c]
sorted([d, c])[0] is c
wk() is not None
dc.a + dc.b
dc == dc2
dataclasses.replace(dc, a=i).a
Col.RED.value
Col(1 + i % 3).name
Col.RED is Col(1)
pt.x + pt.y
pt._replace(x=i)
meth(i)
prt(i)
ba[i % 4]
bytes(ba[:2])
mv[i % 4]
tup[i % 3]
(i, *tup)[1]
[*lst, i][-1]
(lambda q, w=i: q + w)(c.x)
type(c).__name__
super(D, d).m(i)
c.__dict__.get('x')
vars(c).get('x')
next(iter(lst))
divmod(i, 3)
int(str(i))
float(i) + x
i << (i % 64)
ord(txt[0])
chr(97 + i % 26)
f'{i:{w}}'
match_(lst)
match_(i)
match_(c)
with_(i)
try_(i)
deep(i)
drive(co(i))
local(i)
array.array('i', [i, 2])[0]
dq[0]
dq.append(i) or len(dq)
cached(i % 5)
c.prop
c.slow
c.log(i)
slot.v
slot.v + i
mod.v
mod.f(i)
lst.append(i) or lst.pop()
ch.m(i)
ch.x
""".strip().splitlines()

STATEMENTS = """
c.x = i
c.x += 1
c.y = i * 0.5
s.x = i
s.y = (i,)
d.x = c.x
G = G + 1
x = x + 1
x = i
lst.append(i); del lst[9:]
lst[0] = i
dct[i % 5] = i
dct['k'] = dct.get('k', 0) + 1
txt = (txt + st)[-9:]
big = big * 3 % (1 << 90)
for q in lst: x = q
for q in gen(3): big += q
for k, v in dct.items(): x = v
for n, q in enumerate(txt): n += i
c.p = i
setattr(c, 'x', i)
ba[i % 4] = i % 256
mv[1] = i % 256
a, b, *r = lst
[a, b] = i, c.x
cl(i)
slot.v = i
del c.y
del s.y
c.new = i; del c.new
st = chr(97 + i % 26)
tup = (i, *tup[:2])
dc.a = i
mod.v = i
dq.appendleft(i)
if x: x = -x
while x and i % 2: x = 0
dct.pop(i % 5, None)
c.prop = i
assert i >= 0, i
h ^= i
""".strip().splitlines()

# What happens at a pass; each may raise.
EVENTS = """
C.m = lambda self, a: a * 2
C.m = f
del C.m
C.x = 7
C.x = property(lambda self: 11)
C.x = Desc(3)
C.k = 'k'
del C.k
D.m = C.m
D.k = 5
D.__bases__ = (E,)
D.__bases__ = (C,)
c.__class__ = D
c.__class__ = E
d.__class__ = C
c.m = lambda a: -a
c.k = 3.5
del c.x
c.__dict__ = {'x': 8}
c.__dict__['x'] = 'dict'
c.__dict__.clear()
c.__dict__[1] = 2
for q in range(140): setattr(c, f'q{q}', q)
C.__getattr__ = lambda self, n: n
C.__getattribute__ = lambda self, n: object.__getattribute__(self, n)
C.__setattr__ = lambda self, n, v: object.__setattr__(self, n, 99)
del C.__setattr__
C.__eq__ = lambda self, o: True
C.__eq__ = None
C.__lt__ = boom
C.__hash__ = boom
C.__hash__ = None
C.__len__ = lambda self: 0
C.__len__ = lambda self: -1
C.__len__ = boom
C.__bool__ = boom
C.__bool__ = lambda self: False
C.__iter__ = boom
C.__iter__ = lambda self: iter([4, 5])
C.__iter__ = gen_method
C.__getitem__ = boom
C.__getitem__ = lambda self, q: q
C.__contains__ = boom
C.__call__ = boom
C.__call__ = lambda self, *q: len(q)
C.__add__ = boom
C.__add__ = lambda self, o: NotImplemented
C.__neg__ = lambda self: 1
C.__str__ = lambda self: 1
C.__str__ = lambda self: 'str'
C.__index__ = lambda self: 2
C.p = 4
C.prop = 4
C.__init__ = lambda self, *q: None
C.__new__ = lambda cls, *q: object.__new__(cls)
D.cm = classmethod(lambda cls, q: cls.__name__)
D.st = staticmethod(len)
S.step = lambda self, q: self.x
S.z = 3
del S.y
f = lambda *q, **w: len(q)
f.__code__ = rec.__code__
f.__code__ = f2.__code__
f.__defaults__ = (9,)
f.__defaults__ = None
f.__kwdefaults__ = {'z': 4}
f = C
f = len
f = prt
rec = f
globals()['G'] = 2.5
globals()['G'] = 'g'
globals()['G'] = 1 << 70
del globals()['G']
globals()['len'] = lambda q: 77
globals().pop('len', None)
globals()['isinstance'] = lambda q, w: 'no'
globals().pop('isinstance', None)
builtins.len = lambda q: 42
builtins.abs = boom
builtins.min = lambda *q: 'min'
builtins.sum = lambda q: [*q]
builtins.range = lambda *q: [1, 2]
builtins.sorted = lambda q, key=None: [*q]
builtins.isinstance = lambda q, w: None
builtins.getattr = lambda *q: q[1]
restore()
cl.__closure__[0].cell_contents = 100
cl.__closure__[0].cell_contents = 'cell'
del cl.__closure__[0].cell_contents
g = gen(50)
g.close()
g.throw(Boom)
g = iter([1, 2, 3])
gen = lambda n: [n] * 2
lst = (1, 2, 3)
lst = [1.5, 'a', None, 2]
lst.clear()
lst.extend('abc')
lst[:] = range(20)
lst = 'string'
dct = {}
dct.clear()
dct.update(dict.fromkeys(range(50), 1))
dct = collections.defaultdict(list)
dct = collections.OrderedDict(a=1)
dct[Odd()] = 1
txt = 'é' * 5
txt = '\\U0001f600abc'
txt = b'bytes'
txt = ''
st = 'é'
x = 1 << 62
x = -(1 << 63)
x = 0.5
x = 'x'
x = None
x = True
x = [1]
x = c
big = 1 << 500
big = 3
big = -big
big = 0.1
i = 'i'
i = 1 << 64
i = -1
i = 2.5
c = C(1)
c = D(2)
c = E(3)
c = s
c = None
c = 5
d = c
s = S(4)
del x
del c
kw = {'b': 3}
kw = {'nope': 3}
kw = {1: 2}
sys.settrace(counted)
sys.settrace(None)
sys.setprofile(counted)
sys.setprofile(None)
sys._getframe().f_trace = counted; sys.settrace(counted)
sys._getframe().f_locals['x'] = 'locals'
sys._getframe().f_locals['i'] = 0
gc.collect()
wk = weakref.ref(C(0)); gc.collect()
raise Boom(i)
1 // 0
raise KeyError(i)
exec('x = 1')
Point.x = property(lambda self: 5)
pt = Point(1.5, 'y')
pt = (1, 2)
Col = {1: 2}
dc = DC(1, 'b')
DC.__eq__ = lambda self, o: 'eq'
meth = d.m
meth = C.m
prt = functools.partial(f, 1)
ba = bytearray(b'zz')
ba.clear()
mv.release()
mv = memoryview(b'abcd')
tup = ()
tup = [1, 2, 3]
w = 40
w = 'x'
dq.clear()
dq = [1]
dq = collections.deque([1], 1)
cached.cache_clear()
cached = lambda q: q
co = lambda q: Aw(q)
Slot.v = 3
slot = S(1)
mod.f = boom
del mod.v
mod = c
mod.__getattr__ = lambda n: n
CH.m = C.m
CH.__bases__ = (E, C)
match_ = f
deep = boom
sys.setrecursionlimit(300)
float('x')
int('9' * 30) + i
abc.ABC.register(C)
AB.register(C)
""".strip().splitlines()


class Events:
    def events(self, u):
        """A unit."""
        r = self.r
        f = self.name("ev")
        n = r.choice([12, 30, 30, 60, 150])
        uses = r.sample(USES, r.randint(2, 7))
        L = ['''
@functools.lru_cache(maxsize=3)
def cached(q):
    return q * 2
class C:
    k = 2
    def __init__(self, x=0):
        self.x = x
        self.y = 0.5
    def m(self, a):
        return self.x + a if isinstance(self.x, int) else a
    @property
    def p(self):
        return self.x
    @p.setter
    def p(self, v):
        self.x = v
    prop = Desc(1)
    @Late
    def slow(self):
        return 3
    def log(self, q, *r, **kk):
        return q, r, sorted(kk)
    def __getitem__(self, q):
        if q > 5:
            raise IndexError(q)
        return q * 2
    def __len__(self):
        return 2
    def __call__(self, q):
        return q + 1
    def __add__(self, o):
        return C(o)
    def __neg__(self):
        return self.k
    def __lt__(self, o):
        return self.k < o.k
class D(C):
    def m(self, a):
        return super().m(a) + 1
    def own(self, a):
        self.z = a
        return self.z
    @classmethod
    def cm(cls, a):
        return cls.k, a
    @staticmethod
    def st(a):
        return a
class E(C):
    def m(self, a):
        return 'E'
class CH(D, E):
    def m(self, a):
        return super().m(a)
class S:
    __slots__ = ('x', 'y')
    def __init__(self, x):
        self.x = x
    def step(self, a):
        self.y = self.x
        return a
class Slot(S):
    v = 1
class AB(abc.ABC):
    pass
class Odd:
    def __hash__(self):
        return 1
    def __eq__(self, o):
        raise Boom('eq')
class Col(enum.Enum):
    RED = 1
    BLUE = 2
    OTHER = 3
@dataclasses.dataclass
class DC:
    a: int
    b: int = 2
class Point(collections.namedtuple('Point', 'x y')):
    pass
def boom(*a, **k):
    raise Boom('boom')
def gen_method(self):
    yield 1
    yield self.x
def f(a, b=1, *r, z=0):
    return a + b + z
def f2(a, *b, **k):
    return a, len(b)
def rec(n):
    return n if n < 2 else rec(n - 1) + rec(n - 2)
def gen(n):
    try:
        for q in range(n):
            got = yield q
            if got:
                yield got
    except Boom:
        yield 'thrown'
def match_(v):
    match v:
        case [1, *rest] | [*rest, 2]:
            return len(rest)
        case int(n) if n > 5:
            return n
        case C(x=y):
            return y
        case {'a': 1}:
            return 'm'
        case _:
            return None
def with_(q):
    with managed([], q % 2) as v, CM([], Boom):
        if q % 3 == 1:
            raise Boom(q)
        return v
def try_(q):
    try:
        try:
            return [1, 2, 3][q % 5]
        finally:
            q += 1
    except IndexError as ex:
        return str(ex), q
def deep(q):
    try:
        return inner(q)
    except* Boom as eg:
        q = len(eg.exceptions)
    return q
def inner(q):
    if q % 4 == 0:
        raise ExceptionGroup('g', [Boom(q), Boom(1)])
    return q
async def co(q):
    async with ACM([], Boom):
        t = [v async for v in AIt(q % 3)]
        if q % 5 == 0:
            raise Boom
        return await Aw(q), t
    return 'eaten'
def nxt(it):
    return next(it)''']
        L += [f"G = {self.pick('0', '5', '1.5', '1 << 61')}", f"def {f}(out, start):", "    global G, C, D, S, f, rec, gen, match_, deep, co, cached, Col, Point",
              "    counted.n = 0", "    h = 0",
              f"    c, d, s, x = {self.pick('C(1)', 'D(1)', 'C(0.5)')}, D(2), S(3), {self.pick('0', '1', '0.5', '(1 << 60)')}",
              "    g, lst, dct, kw, tup, big, txt, st, w, ch = gen(10 ** 9), [1, 2, 3, 4, 5], {q: q for q in range(5)}, {'b': 2}, (1, 2, 3), 1 << 66, 'abcabcabc', 'b', 4, CH(1)",
              "    dc, dc2, pt, meth, prt, ba, dq, slot, mod = DC(1), DC(1), Point(1, 2), c.m, functools.partial(f, b=3), bytearray(b'abcd'), collections.deque([1, 2], 6), Slot(1), type(sys)('mod')",
              "    mv, wk, mod.v, mod.f = memoryview(bytearray(b'wxyz')), weakref.ref(c), 1, lambda q: q + 1",
              "    def make(n):",
              "        def cl(q):", "            nonlocal n", f"            n = {self.pick('n + q', 'q', 'n + 1')}", "            return n", "        return cl, lambda: n",
              "    cl, get = make(start)",
              "    def local(q):", "        nonlocal x", f"        x = {self.pick('q', 'x', 'x + 1')}", "        return x"]
        i = self.pick("for i in range(%d):" % n, "for i in range(%d):" % n, "for i, j in enumerate(range(%d)):" % n, "for i in map(int, range(%d)):" % n)
        L += [f"    {i}", "        try:"]
        body = []
        for _ in range(r.randint(1, 3)):
            at = self.pick(r.randint(2, n - 1), r.randint(2, n - 1), n // 2)
            cond = self.pick(f"i == {at}", f"i == {at}", f"i == {at}", f"i % {at} == {at - 1}", f"i > {at}")
            event = r.choice(EVENTS)
            body += [f"if {cond}: {event}" if not event.startswith(("for ", "with ")) else f"if {cond}:\n                {event}"]
        for use in uses:
            body += [self.pick(f"h = digest(h, {use})", f"h = digest(h, {use})", f"out.append({use}) if len(out) < 30 else None", f"({use})")]
        body += r.sample(STATEMENTS, r.randint(0, 4))
        r.shuffle(body)
        L += ["            " + b for b in body]
        L += [f"        except {self.pick('Exception', 'Exception', 'Exception', '(Boom, ArithmeticError, LookupError, AttributeError)')} as ex:", "            out.append(show(ex)[:60])"]
        if self.chance(0.2):
            L += ["        finally:", f"            {r.choice(STATEMENTS).replace('; ', chr(10) + ' ' * 12)}" if self.chance(0.5) else "            h += 1"]
        L += ["    restore()", f"    return h, counted.n > 0{self.pick('', '', ', show(x), show(c)')}"]
        L += ["try:", f"    go('e{u}', {r.choice([1, 2, 3, 8])}, {f}, {self.pick('0', '1', '0.5')})", "finally:", "    restore()", "    globals().pop('len', None)", "    globals().pop('isinstance', None)"]
        return L
