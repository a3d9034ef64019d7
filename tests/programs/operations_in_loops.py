"""Operations of builtin types in loops: caches of functions, exceptions, displays, new instances, items in order."""
from functools import lru_cache
calls=[]
@lru_cache(maxsize=3)
def f(x, y=0):
    calls.append((x,y)); return x+y
for k in [1,2,3,1,4,2,1,5,(1,2),1,4]:
    try: f(k)
    except TypeError as e: print(e)
print(calls, f.cache_info()); f.cache_clear(); print(f.cache_info()); f(1); f(1); print(f.cache_info())
@lru_cache(maxsize=2)
def fib(n): return n if n<2 else fib(n-1)+fib(n-2)
print(fib(20), fib.cache_info())
class D:
    def __get__(s,o,t): return (s is not None, type(o).__name__, t.__name__)
class K:
    x=D()
    def __getattribute__(self,n):
        if n=='boom': raise AttributeError('boom!')
        return object.__getattribute__(self,n)
k=K()
for i in range(3): print(k.x, K.x)
try: k.boom
except AttributeError as e: print(e)
class K2(K):
    def __getattr__(self,n): return 'hook '+n
print(K2().boom, K2().x)
import math
print(math.gcd(), math.gcd(-12,18), math.gcd(2**70,2**65*3), math.gcd(True,5), math.gcd(-2**60,0))
for c in b'ab': print(c, end=' ')
it=iter(b'xyz'); next(it); print(list(it), list(it))
print([1,2,3]<[1,2,4],[1,2]==[1,2.0],(1,'a')==(1,'a'),(1,)<(1,2),(1,'b')<(1,'a'))
from bisect import *
print(bisect([1,2,3],2),bisect_left('abc','b'),bisect_right(['a','b'],'b'),bisect([1.5,2],1.7))
def loop(n):
    r=0
    for i in range(n):
        r+= i.bit_length()+int.from_bytes(b'ab','big')+(5).__add__(i)
        r+= len(i.to_bytes(4,'little',signed=True))
    return r
print(loop(3000))
import sys
from fractions import Fraction
from collections import namedtuple, Counter
P=namedtuple('P','x y')
class E(Exception):
    def __init__(s,x): s.x=x
class CM:
    def __enter__(s): return s
    def __exit__(s,t,v,tb): return t is KeyError
def exc(n):
    r=0; d={}
    for i in range(n):
        try:
            try:
                if i%3==0: raise ValueError(i)
                d[i]
            except KeyError as e:
                r+=1
                try: raise E(i)
                except E as f: r+=f.x; assert f.__context__ is e
        except ValueError as e:
            r+=e.args[0]; assert sys.exception() is e
        assert sys.exception() is None
        with CM() as c:
            if i%5==0: raise KeyError(1)
            r+=2
    return r
print(exc(3000))
def kw(**k): return k
def other(n):
    c=Counter(); out=[]
    b=bytearray()
    for i in range(n):
        p=P(i,str(i)); c[i%7]+=1
        q=p._replace(x=i+1)
        d={'a':i,'b':p.x,'c':q.x}; d2={**d,'z':1}
        s={i,1,2}
        k=kw(**d)
        b+=b'xy'
        f=Fraction(i,3)+1
        out.append((q.x,len(d2),len(s),k['a'],len(b),f.numerator,f"{p!r:>5}",f"{[i]}",'%s'%d))
        o=type('x',(),{}) if 0 else c
        ap=out.append
    return out[-1],out[5],sorted(c.items()),len(out)
print(other(2500))
class O:
    def __init__(s): s.v=1
def dd(n):
    t=0
    for i in range(n):
        o=O(); o.__dict__['w']=i; t+=o.w+o.v
        o.v+=1; t+=o.__dict__['v']
    return t
print(dd(3000))
class N:
    def __new__(cls,*a):
        s=super().__new__(cls); s.a=a; return s
class T(tuple):
    def __new__(cls,*a): return super().__new__(cls,a)
def nn(n):
    r=0
    for i in range(n):
        r+=len(N(i,2).a)+len(T(1,2,i))
    return r
print(nn(3000))
def bad(n):
    for i in range(n):
        try:
            if i==n-1: kw(**{1:2})
            if i==n-2: kw(a=1,**{'a':2})
            d={'a':i,[]:1} if i>n-3 else {}
        except TypeError as e: print(e)
bad(2000)
