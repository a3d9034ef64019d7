# What traces know of containers: looks into dicts and sets that are done once, new dicts that nobody sees, classes as
# keys, attributes by name.
import sys
def f(a, *args, **kw):
    return g(a, *args, **kw)
def g(a, b=2, **kw):
    kw['x'] = a
    return len(kw) + b
class C:
    def __init__(self, **kw):
        self.kw = kw
def h(**kw): return kw
def main(n):
    t = 0; keep = []
    d = {'k': 1, 5: 7}
    for i in range(n):
        t += f(i) + f(i, 3) + f(i, b=4)
        c = C()
        keep.append(c.kw)
        keep.append(h())
        e = {}
        e[i] = i
        t += len(e)
        x = {}
        if i % 7 == 3: keep.append(x)
        t += d['k'] + d['k'] + d.get(5) + (5 in d) + ('z' in d)
        if i % 50 == 49:
            d['k'] += 1
            del keep[:-20]
    for k in keep[:10]: k['z'] = 1
    return t, d, len(keep), keep[:12]
class D: pass
def attrs(n):
    o = D(); o.a = 1
    dd = o.__dict__
    t = 0
    for i in range(n):
        t += dd['a']
        o.a = i
        t += dd['a']
        t += len(h(**dd))
        if i == n // 2: o.b = 3
    return t
def merge(ds):
    t = 0
    for d in ds:
        t += len(h(**d)) 
    return t
print(main(300)); print(attrs(300)); print(merge([{}]*100 + [{'a': 1}]*50 + [D().__dict__] + [{}]*50 + [attrs.__dict__]))
o = D(); o.q = 5
print(merge([{}]*150 + [o.__dict__]*20))

