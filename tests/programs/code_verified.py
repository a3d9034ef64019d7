# Code objects that do not fit together are refused before they run: CPython may crash with them.
import marshal
import sys
import types

CPYTHON = sys.implementation.name == "cpython"


def f(a, b=2):
    c = [a, b]
    for i in range(a):
        c.append(lambda: i)
    return c


def g(a):
    def h():
        nonlocal a
        a += 1
        return a
    return h


def refused(what, code, **changes):
    try:
        code.replace(**changes)
    except ValueError:
        print(what, "refused")
    else:
        print(what, "refused" if CPYTHON else "accepted")


def gen(a):
    yield a


F, G, Y = f.__code__, g.__code__, gen.__code__
refused("fewer parameters", F, co_argcount=1)
refused("no parameters", F, co_argcount=0)
refused("fewer locals", F, co_nlocals=1, co_varnames=("a",))
refused("no constants", G, co_consts=())
refused("other constants", G, co_consts=(None,) * len(G.co_consts))
refused("no names", F, co_names=())
refused("no generator", Y, co_flags=Y.co_flags & ~0x20)
refused("a generator", F, co_flags=F.co_flags | 0x20)
refused("other code", F, co_code=Y.co_code)
refused("half an instruction", F, co_code=F.co_code[:-3])
refused("no end", F, co_code=F.co_code[:-8])
refused("no free variables", [k for k in G.co_consts if isinstance(k, types.CodeType)][0], co_freevars=())

# What fits is still taken.
c = F.replace(co_name="other", co_firstlineno=7, co_consts=F.co_consts, co_code=F.co_code, co_names=F.co_names)
print(types.FunctionType(c, globals())(0, 1), c.co_name, c.co_firstlineno)
c = F.replace(co_flags=F.co_flags & ~0x10)
print(len(types.FunctionType(c, globals())(3, 1)))

# Damaged bytes are refused, or are code.
for c in F, G, Y:
    b = marshal.dumps(c)
    for i in range(0, len(b), 3):
        for bit in 1, 16, 128:
            m = bytearray(b)
            m[i] ^= bit
            if CPYTHON:
                continue
            try:
                marshal.loads(bytes(m))
            except (ValueError, EOFError, TypeError, MemoryError):
                pass
print("ok")
