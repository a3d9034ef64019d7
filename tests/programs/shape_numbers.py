# shapes' numbers come again: caches must not confuse types
import gc
def get(o): return o.a
def put(o,v): o.b=v
def meth(o): return o.m()
for r in range(300):
    for i in range(60):
        if i%3==0:
            class A:
                def __init__(s): s.a=1; s.z=2
                def m(s): return 'A',s.a
        elif i%3==1:
            class A:
                def __init__(s): s.q=0; s.a=2
                def m(s): return 'B',s.a
        else:
            class A:
                a=3
                __slots__=('b',)
                def m(s): return 'C',s.a
        o=A(); w=get(o); put(o,i); x=meth(o)
        assert w==i%3+1 and o.b==i and x==('ABC'[i%3],w),(w,i,x)
    if r%10==0: gc.collect()
print('ok')
