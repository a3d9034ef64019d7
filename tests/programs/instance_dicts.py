# `obj.__dict__`: a live view of the attributes through every dict operation, and what makes it an ordinary dict.
class C:
    def __init__(self): self.a = 1; self.b = 2
import copy, pickle, gc
def t():
    o = C(); d = o.__dict__
    print(d, len(d), type(d), d is o.__dict__, bool(d), 'a' in d, 'x' in d, 5 in d, d.get('a'), d['b'], list(d), list(d.items()), list(reversed(d)), d == {'a':1,'b':2}, {'b':2,'a':1} == d)
    o.c = 3; print(d, len(d), 'c' in d)
    d['e'] = 5; print(o.e, vars(o)); d.update(f=6); print(o.f)
    del d['f']; print(hasattr(o,'f'), d)
    o.g = 7; print(d); print(d.pop('g'), d.pop('zz', None), d.popitem(), o.__dict__)
    try: d['nope']
    except KeyError as e: print('KeyError', e)
    print(d.setdefault('a', 9), d.setdefault('h', 9), o.h)
    try:
        for k in d: o.new = 1
    except RuntimeError as e: print(e)
    try:
        for k in d: d[k + 'x'] = 1
    except RuntimeError as e: print(e)
    print(d, d.copy(), d | {'z':1}, {**d}, dict(d), dict(**d), sorted(d), max(d), copy.copy(o).__dict__, copy.deepcopy(o).__dict__)
    d.clear(); print(d, len(d), bool(d), hasattr(o, 'a'), list(d)); o.q = 1; print(d); d |= {'w': 2}; print(o.w, d)
    d[1] = 2; print(d, o.__dict__ is d, o.q, 1 in d, len(d)); o.r = 5; print(d, o.__dict__)
    o = C(); d = o.__dict__; o.__dict__ = {'x': 1}; print(d, o.x, hasattr(o,'a'), o.__dict__); d['y'] = 1; print(o.__dict__)
    o = C(); d = vars(o); del o.a; print(d, o.__dict__ is d, o.b); o.a = 4; print(d)
    o = C(); d = vars(o); del d['a']; print(d, o.__dict__ is d, o.b); o.a = 4; print(d); del o.b; print(d)
    o = C(); d = o.__dict__
    for i in range(300): setattr(o, f'x{i}', i)
    print(len(d), o.x5, d['x299'], d is o.__dict__, list(d)[:4])
    o = C(); d = o.__dict__
    class S(str):
        __hash__ = str.__hash__
        def __eq__(self, other): return str.__eq__(self, other)
    print(d.get(S('a')), S('b') in d); d[S('a')] = 10; print(o.a, d)
    o = C(); d = o.__dict__
    print(pickle.loads(pickle.dumps(d)), d.keys() & {'a'}, d.keys() - {'a'}, d.items() ^ {'a':1}.items(), d.values(), d.fromkeys(d), {}.fromkeys(d, 0))
    def f(**kw): return kw
    print(f(**d), '%(a)s' % d, '{a}'.format(**d), '{a}'.format_map(d))
    exec('zz = a + b', d); print(o.zz, o.a)
    o = C(); r = eval('a+b', {}, o.__dict__); print(r)
    class D(C): pass
    o = C(); d = o.__dict__; o.__class__ = D; print(d, o.a, o.__dict__ is d); o.n = 1; print(d)
    class E(Exception): pass
    e = E(1); d = e.__dict__; e.x = 1; print(d, vars(e)); 
    class I(int): pass
    i = I(5); d = i.__dict__; i.x = 3; print(d, i.__dict__ is d, i + 1); d['y'] = 4; print(i.y)
    class Sl:
        __slots__ = ('s', '__dict__')
    s = Sl(); s.s = 1; s.t = 2; d = s.__dict__; print(d); d['u'] = 3; print(s.u)
    o = C(); it = iter(o.__dict__.items()); print(next(it)); o.__dict__['a'] = 5; print(next(it), list(it))
    import json; print(json.dumps(o.__dict__))
    import marshal; print(marshal.loads(marshal.dumps(o.__dict__)))
    o = C(); d = o.__dict__; o2 = C(); o2.__dict__ = d; o2.z = 1; print(o.__dict__, o.z, o2.__dict__ is o.__dict__)
    o = C(); d = o.__dict__; del o; gc.collect(); print(d)
    o = C(); o.__dict__.update({'k%d' % i: i for i in range(5)}); print(o.k3, o.__dict__)
    match vars(o):
        case {'a': x, **rest}: print(x, rest)
    import types
    n = types.SimpleNamespace(a=1); d = n.__dict__; n.b = 2; print(d, n); d['c'] = 3; print(n)
    del o.__dict__; print(o.__dict__, vars(o)); o.z = 1; print(o.__dict__)
t()
import threading
o = C(); stop = False
def w():
    for i in range(3000):
        setattr(o, f'w{i%50}', i)
        if i % 7 == 0: o.__dict__.pop(f'w{i%50}', None)
def rd():
    for i in range(3000):
        d = o.__dict__
        try: list(d.items()); len(d); d.get('a'); dict(d)
        except RuntimeError: pass
        d['q%d' % (i % 20)] = 1
ts = [threading.Thread(target=f) for f in (w, rd, w, rd)]
[x.start() for x in ts]; [x.join() for x in ts]
print(o.a, o.b)
