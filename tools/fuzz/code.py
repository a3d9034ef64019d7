"""Random changes of code objects: whatever `code.replace`, the constructor and `marshal` accept must not crash.

    adder [-X jit=threshold=2] tools/fuzz/code.py [--seconds 20] [--seed 1] [--count N]

Runs under Adder itself. Each case is carried out in a child made by fork: it changes a code object of a pool, calls what
became of it, and may raise whatever it likes. A signal or an internal error is a bug; a loop without end is none.
"""
import marshal
import random
import sys
import types

import cases
from cases import judge

SOURCE = '''
def plain(a, b=2, *c, d=4, **e):
    x = a + b
    for i in range(3):
        x += i * d
    del i
    return x, c, e
def many(a, b):
    try:
        q = [i for i in range(a) if i % 2]
        r = {i: i * 2 for i in q}
        s = {*q, a, b}
        t = (*q, b)
        u, *v = t
        return q, r, s, t, u, v, {**r, "a": 1}, f"{a!r:>{5}} {b}", a[1:2] if a is None else None
    except* (ValueError, TypeError) as e:
        u = e.exceptions
    finally:
        w = a
def closure(a, b):
    n = 0
    def inner(y):
        nonlocal n
        n += y + a
        return n
    inner(b)
    class C:
        z = a
        def m(self):
            return __class__, super().__repr__()
    return inner(2), C().m(), [lambda: (a, i) for i in range(2)][0]()
def gen(a, b):
    got = yield a
    try:
        got = yield from [a, b, got]
    except ValueError as e:
        yield e
    finally:
        yield b
    return got
async def coro(a, b):
    async def ag():
        yield a
        yield b
    out = [x async for x in ag()]
    async for y in ag():
        out.append(y)
    return out
def with_(a, b):
    from contextlib import nullcontext
    with nullcontext(a) as x, nullcontext(b):
        if x:
            raise KeyError(x)
        return b
def match(a, b):
    match a:
        case {"k": v, **rest}:
            return v, rest
        case [x, y, *z] if x:
            return x, y, z
        case int(n) | float(n):
            return n
        case complex(real=r, imag=i):
            return r, i
        case _:
            return b
def call(a, b):
    def f(*p, **k):
        return p, k
    f(*[a, b], **{"x": a}, y=b)
    f(a, *[], k=1)
    return f(a=b, b=a), "%s %d" % (a, 1), a < b < 3, not a, -1 if a else +2
def glob(a, b):
    global G
    G = a
    import os.path as p, sys
    from math import floor, pi
    try:
        del H
    except NameError:
        pass
    assert a == a, b
    return G, p.join("a", "b"), sys.version_info > (3,), floor(pi)
def loops(a, b):
    i = s = 0
    while i < 30:
        i += 1
        if i == 7:
            continue
        for k in range(i):
            s += k ^ i
        else:
            s -= 1
        if s > 1000:
            break
    return s
def typed[T: int](a: T, b) -> T:
    type X[Y] = list[Y]
    k: int = 3
    return X, k, t"a{a}b"
'''
NAMES = {}
exec(compile(SOURCE, "<pool>", "exec"), NAMES)


def walk(c):
    yield c
    for k in c.co_consts:
        if isinstance(k, types.CodeType):
            yield from walk(k)


POOL = list(walk(compile(SOURCE, "<pool>", "exec")))
INTS = [0, 1, 2, 3, 4, 5, 7, 8, 16, 31, 64, 100, 255, 256, 1000, 65535, 65536, 1 << 20, (1 << 31) - 1, -1]
THINGS = [None, 1, -1, 2.5, "a", b"b", (), (1, 2), ("a", "b"), ..., True, 1 << 80, frozenset({1}), slice(1, 2), int, []]


class Case:
    def __init__(self, seed):
        self.r = random.Random(seed)

    def bytes(self, b):
        r = self.r
        b = bytearray(b)
        for _ in range(r.choice([1, 1, 1, 2, 3, 8])):
            k = r.randrange(9)
            n = len(b)
            # Instructions have eight bytes.
            at = r.randrange(n) if n else 0
            word = at // 8 * 8
            if k == 0 or not n:
                b.insert(at, r.randrange(256))
            elif k == 1:
                del b[at:at + r.choice([1, 2, 4, 8])]
            elif k == 2:
                b[at] ^= 1 << r.randrange(8)
            elif k == 3:
                b[at] = r.choice([0, 1, 2, 3, 4, 127, 128, 255, r.randrange(256)])
            elif k == 4:
                b[at] = (b[at] + r.choice([1, -1, 2, -2])) % 256
            elif k == 5:
                other = r.randrange(n) // 8 * 8
                b[word:word + 8] = b[other:other + 8]
            elif k == 6:
                del b[word:word + 8]
            elif k == 7:
                other = r.randrange(n) // 8 * 8
                b[word:word + 8], b[other:other + 8] = b[other:other + 8], b[word:word + 8]
            else:
                c = r.choice(POOL).co_code
                other = r.randrange(len(c)) // 8 * 8
                b[word:word + r.choice([0, 8])] = c[other:other + 8]
        return bytes(b)

    def instructions(self, b):
        """Other operands, mostly: registers, names, constants, distances near those that were there."""
        r = self.r
        b = bytearray(b)
        for _ in range(r.choice([1, 1, 1, 2, 4])):
            at = r.randrange(len(b) // 8) * 8
            k = r.randrange(6)
            if k < 3:
                i = at + r.choice([1, 3, 5, 7, 0, 2, 4, 6])
                b[i] = (b[i] + r.choice([1, -1, 2, -2, 3, -3])) % 256
            elif k == 3:
                # Another instruction with these operands.
                c = r.choice(POOL).co_code
                b[at] = c[r.randrange(len(c) // 8) * 8]
            elif k == 4:
                i, j = at + r.choice([1, 3, 5, 7]), at + r.choice([1, 3, 5, 7])
                b[i], b[j] = b[j], b[i]
            else:
                b[at + r.choice([1, 3, 5, 7])] = r.randrange(12)
        return bytes(b)

    def code(self):
        return self.r.choice(POOL)

    def tuple(self, t, names):
        r = self.r
        t = list(t)
        for _ in range(r.choice([1, 1, 2])):
            k = r.randrange(5)
            new = r.choice(["a", "b", "x", "self", "__class__", "", "é"]) if names and r.random() < 0.97 else r.choice(THINGS)
            if k == 0:
                t.insert(r.randint(0, len(t)), new)
            elif not t:
                pass
            elif k == 1:
                del t[r.randrange(len(t))]
            elif k == 2:
                t[r.randrange(len(t))] = new
            elif k == 3:
                r.shuffle(t)
            elif not names:
                t[r.randrange(len(t))] = self.code()
        return tuple(t)

    def replaced(self, c):
        r = self.r
        new = {}
        for _ in range(r.choice([1, 1, 1, 2, 3])):
            f = r.choice(["co_argcount", "co_posonlyargcount", "co_kwonlyargcount", "co_nlocals", "co_stacksize", "co_flags", "co_code", "co_code",
                          "co_code", "co_consts", "co_names", "co_varnames", "co_firstlineno", "co_linetable", "co_exceptiontable",
                          "co_exceptiontable", "co_freevars", "co_cellvars", "co_name", "co_filename"])
            v = getattr(c, f)
            if isinstance(v, int):
                v = v ^ 1 << r.randrange(28) if f == "co_flags" else r.choice([v + 1, v - 1, 0, r.choice(INTS)])
            elif isinstance(v, bytes):
                v = self.instructions(v) if f == "co_code" and r.random() < 0.8 else self.bytes(v)
            elif isinstance(v, tuple):
                v = self.tuple(v, f != "co_consts")
            else:
                v = r.choice(["", "a", "<module>", "\udc80", "a\0b"])
            new[f] = v
        if r.random() < 0.5 and {"co_argcount", "co_kwonlyargcount"} & new.keys():
            # So that the signature stays possible.
            new["co_argcount"] = r.randint(0, len(c.co_varnames))
            new["co_kwonlyargcount"] = r.randint(0, len(c.co_varnames) - new["co_argcount"])
            new["co_posonlyargcount"] = 0
            new["co_flags"] = c.co_flags & ~12
        return c.replace(**new)

    def marshalled(self, c):
        x = marshal.loads(self.bytes(marshal.dumps(c)))
        return x if isinstance(x, types.CodeType) else c

    def swapped(self, c):
        """The code of one with the tables of another."""
        o = self.code()
        fs = self.r.sample(["co_code", "co_exceptiontable", "co_consts", "co_names", "co_varnames", "co_linetable", "co_freevars", "co_cellvars", "co_flags"], 2)
        return c.replace(**{f: getattr(o, f) for f in fs})

    def run(self):
        r = self.r
        c = self.code()
        for _ in range(r.choice([1, 1, 2])):
            c = r.choice([self.replaced, self.replaced, self.replaced, self.marshalled, self.swapped])(c)
        self.look(c)
        args = [r.choice(THINGS[:8]) for _ in range(r.choice([c.co_argcount, c.co_argcount, 2, 0]) % 300)]
        for n in range(r.choice([1, 2, 6])):
            try:
                self.use(c, args, n)
            except Exception as e:
                judge(e)

    def look(self, c):
        for f in c.co_lines, c.co_positions, c.co_branches, lambda: [hash(c), c == self.code(), repr(c), marshal.dumps(c)]:
            try:
                list(f())
            except Exception as e:
                judge(e)

    def use(self, c, args, n):
        if not c.co_flags & 2 and not c.co_freevars and self.r.random() < 0.7:
            # `exec` with the globals of nobody.
            exec(c, dict(NAMES))
            return
        cells = tuple(types.CellType(*self.r.choice([(), (1,), ([],)])) for _ in c.co_freevars)
        f = types.FunctionType(c, dict(NAMES), "f", (1,) * self.r.randint(0, c.co_argcount % 100), cells)
        if n == 2:
            sys.settrace(lambda frame, event, arg: (frame.f_locals, frame.f_lineno, sys.settrace(None))[0] and None)
        v = f(*args)
        for _ in range(6):
            if hasattr(v, "send"):
                v.send(self.r.choice([None, None, 1]))
            elif hasattr(v, "asend"):
                v.asend(None).send(None)
        if hasattr(v, "throw"):
            v.throw(ValueError("x"))
        if hasattr(v, "close"):
            v.close()


def run(a, seed):
    sys.setrecursionlimit(200)
    Case(seed).run()


if __name__ == "__main__":
    sys.exit(cases.main(run, cases.options(limit=3).parse_args()))
