import sys, traceback
from fractions import Fraction
def g(l):
    for x in l: yield x
def boom():
    yield 1
    raise KeyError(3)
inf=float('inf'); nan=float('nan')
L=[[],[1,2,3],[1,2.5,3],[0.1]*10,[1e100,1.0,-1e100,1],[2**62,2**62,2**62,1.5],[True,False,3],[Fraction(1,3),2],[1,Fraction(1,3),2.5],[1.5,2**70],[1.5,2**2000],[inf,1.0],[inf,-inf],[nan,1.0],[1.0,1+2j,3],["a","b"],[[1],[2]],[0,0.0,''],[1e308,1e308,-1e308],[3,1,2],["b","a"],[1.0,True,0.1,0.2]]
fs=[sum,any,all,list,tuple,set,frozenset,sorted,min,max,"".join,"-".join,lambda x:sum(x,5),lambda x:sum(x,0.5),lambda x:sum(x,[]),lambda x: sum(x,""), lambda x: max(x,default=7), lambda x: len(x), lambda x: sorted(x,reverse=True), lambda x: sorted(x,key=str), lambda x: "".join(str(y) for y in x), lambda x: str.join(",",(repr(y) for y in x)),lambda x: dict(x)]
def run():
    for l in L:
        for f in fs:
            try: r = f(g(l))
            except Exception as e:
                r = type(e).__name__, str(e), [t.name for t in traceback.extract_tb(e.__traceback__)]
            yield l, repr(r) if not isinstance(r,(set,frozenset)) else repr(sorted(r,key=str)), type(r).__name__
# -- native functions that use up a generator
a=[x for x in run()]
for k in range(40):
    b=[x for x in run()]
    assert repr(a)==repr(b)
for x in a: print(*x)
try: sum(boom())
except KeyError as e: print([(t.name, t.lineno) for t in traceback.extract_tb(e.__traceback__)])
def frames():
    yield sys._getframe().f_back.f_code.co_name
    yield sys._getframe(1).f_lineno > 0
print(list(frames()))
def outer(): return any(list(frames()) for i in range(3))
print(outer())
import dis
def deep(n):
    return 1 if n == 0 else sum(deep(n-1) for _ in range(1))
print(deep(100))
try: deep(100000)
except RecursionError as e: print("rec", e)


# -- with keywords
def keyed():
    out = []
    for l in [[], [3, 1, 2], ["bb", "a", "ccc"], [1.5, -2], [[1], []]]:
        for kw in [{}, {"key": None}, {"key": str}, {"default": 7}, {"default": frozenset()}, {"key": repr, "default": None}]:
            for f in min, max:
                try:
                    out.append(f((x for x in l), **kw))
                except Exception as e:
                    out.append((type(e).__name__, str(e)))
        try:
            out.append(min((x for x in l), key=lambda x: -len(str(x))))
            out.append(max((x for x in l), key=str, default=3))
        except Exception as e:
            out.append((type(e).__name__, str(e)))
        for call in (
            lambda: max((x for x in l), default=3),
            lambda: max((x for x in l), key=None),
            lambda: min((x for x in l), key=5),
            lambda: min((x for x in l), nokey=5),
            lambda: sorted((x for x in l), key=str),
            lambda: sorted((x for x in l), reverse=True),
            lambda: sorted((x for x in l), key=None, reverse=1),
            lambda: sorted((x for x in l), key=5),
            lambda: sorted((x for x in l), reverse="a"),
            lambda: sorted((x for x in l), what=1),
        ):
            try:
                out.append(call())
            except Exception as e:
                out.append((type(e).__name__, str(e)))
    return out


first = keyed()
for k in range(30):
    assert keyed() == first
for x in first:
    print(x)
