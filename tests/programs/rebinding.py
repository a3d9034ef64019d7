# Locals that are bound again while an expression or an assignment that has read them is under way.
class O: pass
def f(a, b, *c, **k): return a, b, c, k
def t():
    d = {}; o = O()
    v = 'old'; d[(v := 1)] = v; print(d, v)
    v = 'old'; (w := d)[(v := 1)] = v; print(d, v)
    v = 'old'; ((v := o)).x = v; print(type(o.x), v is o)
    v = 'old'; d[2], d[(v := 3)] = v, 7; print(d, v)
    v = 'old'; d[4] = d[(v := 5)] = v; print(d, v)
    v = 'old'; d[(v := 6):] if 0 else None
    l = [1, 2, 3]; v = [9]; l[(v := 1):] = v; print(l, v)
    l = [1, 2, 3]; v = 1; l[v:(v := 2)] = [v]; print(l)
    v = 1; print(v + (v := 2), v)
    v = 1; print(f(v, (v := 2)), [v, (v := 3)], (v, (v := 4)), {v: (v := 5)}, {v, (v := 6)})
    v = 1; print(f(v, *[(v := 2)], b=3) if 0 else f(*[v], b=(v := 2)), v)
    v = 1; v += (v := 5); print(v)
    k = 1; l = [1, 2, 3]; l[k] += (k := 0) + 10; print(l, k)
    k = [1, 2]; k[0] += len(k := [5, 6, 7]); print(k)
    v = 1; print(v < (v := 2) < v, v)
    v = 1; print(f"{v}{(v := 2)}{v}")
    v = l; print(v[(v := 0)])
    v = o; v.y = 3; print(v.y + (v := 2))
    v = 'a'; print(v.join([(v := 'b'), 'c']))
    v = 5; print((lambda x, y: (x, y))(v, (v := 1)))
    v = d; del v[(v := 4)]; print(d, v)
    v = d; v[(v := 9)] = v; print(d)
    v = 3; x, y = v, (v := 4); print(x, y)
    v = 3; a, *b = v, (v := 4), v; print(a, b)
    v = f; print(v((v := 1), v))
    v = 2; print([v := 3, v] , v if (v := 0) else v)
    v = 1; print(v in [(v := 2), 1], v)
    v = 1; print(slice(v, (v := 3)), l[v - 3:(v := 2)])
    v = 1; x = v, [(v := j) for j in range(3)], v; print(x)
    v = 'e'
    try: raise ValueError(v, (v := 'f')) from None
    except ValueError as e: print(e)
    v = 1; assert v == 1, (v := 2)
    v = 1
    v = 1; v = v if (v := 2) else 3; print(v)
    match (v, (v := 8)):
        case (q, r): print(q, r, v)
def t2():
    d = {}
    for i in range(3):
        try: d[i] = (i := 7)
        finally: pass
    print(d)
    v = 1
    try: d[(v := 2)] = v
    finally: print(d)
    o = O(); v = o
    o.a = 1; v = o; v.a += (v := 1); print(o.__dict__)
    v = (1, 2); a, v = x = v; print(a, v, x)
    v = (1, 2); x = a, v = d[0] = v; print(a, v, x, d)
    v = [1, 2]; [a, v], y = v, v; print(a, v, y)
    v = {0: 1}; w = v; v[0] += (v := 1); print(w)
    v = [1, 2]; v[0], v = (v := [5, 6]), 3; print(v)
    s = 1; print(s if s == (s := 2) else s)
    yy = 3; yy = yy * (yy := 4) - yy; print(yy)
    ll = [yy, *[(yy := 1)], yy]; print(ll)
    dd = {**{yy: 1}, (yy := 2): yy}; print(dd)
    print(yy, end=(yy := '\n'))
    print(yy.__class__, f(yy, b=(yy := 2), c=yy))
t(); t2()
async def co(v):
    async def g(): return 5
    print([v, (v := await g()), v]); d = {}; d[(v := await g())] = v; print(d)
try: co(1).send(None)
except StopIteration: pass
def gen(v):
    d = {}
    d[(yield v)] = v; d[(v := (yield v))] = v; print(d); print(v, (yield), v)
it = gen(1); next(it); it.send(2); it.send(3)
try: it.send(4)
except StopIteration: pass
