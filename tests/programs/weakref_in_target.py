# Weak references that their own targets refer to: callbacks are called as if reference counts freed them.
import weakref, gc
log=[]
class T:
    pass
def cb(tag): return lambda r: log.append((tag, r() is None))
def col():
    for _ in range(3): gc.collect()
# target refers to its own reference, through a container
t=T(); t.d={'x':[weakref.ref(t, cb('deep'))]}; del t; col(); print(log); log.clear()
# bound method of the target as callback: a cycle
class M:
    def __init__(self): self.r=weakref.ref(self, self.gone)
    def gone(self, r): log.append('method')
m=M(); p=weakref.ref(m); del m; col(); print(log, p()); log.clear()
# the reference is dropped before the target
t=T(); r=weakref.ref(t, cb('early')); del r; del t; col(); print(log); log.clear()
# callback's closure keeps something with references of its own
x=T(); t=T(); y=weakref.ref(x, cb('x'))
t.r=weakref.ref(t, lambda r, x=x: log.append(('t', y() is x)))
del x, t; col(); print(log); log.clear()
# a chain: each refers to the next one
a=T(); b=T(); a.b=b; a.w=weakref.ref(b, cb('b')); b.w=weakref.ref(b, cb('own')); del a, b; col(); print(sorted(log)); log.clear()
# proxies
t=T(); t.p=weakref.proxy(t, lambda p: log.append('proxy')); del t; col(); print(log); log.clear()
# old objects
t=T(); t.d={'x':[weakref.ref(t, cb('old'))]}; col(); del t; col(); print(log); log.clear()
# many
def many():
    for i in range(20000):
        t=T(); t.r=weakref.ref(t, log.append)
many(); col(); print(len(log) > 15000)
class KD(T): pass
d=weakref.WeakValueDictionary(); s=weakref.WeakSet()
def fill():
    for i in range(1000):
        o=KD(); d[i]=o; s.add(o); o.d=d
fill(); col(); print(len(d), len(s))
