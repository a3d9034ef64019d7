class A:
    def __init__(s): s.d={}
    def __setitem__(s,k,v):
        if v==1500: raise ValueError(v)
        s.d[k]=v
        return 5
class B(A):
    def __setitem__(s,k,v=3,*,z=7): s.d[k]=v+z
def f(a,n):
    c=0
    for i in range(n):
        try: a[i%10]=i
        except ValueError as e: c+=e.args[0]
        a[i%10,2]=i*2.5 if i!=600 else 1
    return sorted(a.d.items(),key=str),c
print(f(A(),3000)); print(f(B(),3000))
def g(a,n):
    for i in range(n):
        a[i]=i
        if i==2000: A.__setitem__=lambda s,k,v: s.d.__setitem__(k,-v)
    return sum(a.d.values())
print(g(B(),3000))
class M(dict):
    def __setitem__(s,k,v): super().__setitem__(k,v+1)
m=M()
for i in range(3000): m[i%5]=i
print(m)
