def e1(u,n,start=0):
    s=0
    for r in range(n):
        for j,x in enumerate(u,start): s+=j*x
    return s
print(e1([1,2,3.5],1500), e1((1,2,3),1500,-5), e1(range(5),1500), e1([],1500), e1([1]*2000,3,2**61), e1([1,2],1500,2**62-2))
def z(n,*a,strict=False):
    s=0;t=None
    for r in range(n):
        for x in zip(*a,strict=strict): s+=x[0]*x[-1]; t=x
    return s,t
print(z(1500,[1,2,3],(4,5,6)), z(1500,[1,2,3],range(2)), z(1500,range(2),[1,2,3],(1,2,3)), z(1500,[1,2,3],(4,5),range(9),[1,2,3]), z(1500,[1],[2],[3],[4],[5]))
try: print(z(1500,[1,2,3],(4,5,6),strict=True))
except ValueError as e: print(e)
try: print(z(1500,[1,2,3],(4,5),strict=True))
except ValueError as e: print(e)
def left(n):
    o=[]
    for r in range(n):
        a=iter([1,2,3,4]); b=iter((5,6)); c=[]
        for x,y in zip(a,b): c.append(x+y)
        o.append((c,list(a),list(b)))
    return o[0],o[-1],len(set(map(repr,o)))
print(left(1500))
def same(n):
    o=0
    for r in range(n):
        a=iter(range(10))
        b=a if r>700 else iter(range(10))
        for x,y in zip(a,b): o+=x*y
    return o
print(same(1500))
def grow(n):
    l=[1]; k=0
    for i,x in enumerate(l):
        if i<n: l.append(i+x)
        k+=x
    l2=[1,2,3]; e=enumerate(l2); t=list(e); l2.append(4)
    return k,t,list(e)
print(grow(3000))
def keep(n):
    out=[]
    for r in range(n):
        for p in enumerate("ab" if r>1000 else [r,2]): out.append(p)
    return len(out),out[-3:],out[5]
print(keep(1500))
def div(n):
    s=0.0
    for i in range(1,n): s+=1/i + i/3 + (i*10**15)/(i+1) + (-i)/(2*i-1)
    return s
print(div(3000))
try:
    def dz(n):
        s=0
        for i in range(n,-5,-1): s+=7/i
    dz(3000)
except ZeroDivisionError as e: print(e)
def big(n):
    s=0
    for i in range(n): s=max(s,(2**53-1500+i)/3); s=min(s, (2**55+i*3)/(2**54+1+i))
    return s
print(big(3000))
class F(float): pass
class I(int): pass
def conv(n):
    r=[];v=[1,2.5,True,F(3.5),I(7),1e300,'4',-0.0,10**30]
    for i in range(n): 
        x=v[i%9] if i>1500 else i
        r.append(float(x))
        try: r.append(int(x))
        except Exception as e: r.append(str(e))
    return r[-18:],r[100],set(type(x) for x in r)=={float,int}
print(conv(3000))
def conv2(n):
    f=1.5; s=0
    for i in range(n): s+=float(f)+float(i)+int(i); f=f*1.01 if i<2500 else F(f)
    return s,type(float(f))
print(conv2(3000))
def left2(n):
    o=[]
    for r in range(n):
        a=iter('abcd'); b=iter('xy'); c=[]
        for x,y in zip(a,b): c.append(x+y)
        o.append((c,list(a),list(b)))
    return o[0],o[-1],len(set(map(repr,o)))
print(left2(1500))
def left3(n):
    o=[]
    for r in range(n):
        a=iter({1:2,3:4,5:6}.items()); b=iter([1,2]); c=[]
        for x,y in zip(a,b): c.append((x,y))
        o.append((c,list(a),list(b)))
    return o[0],o[-1],len(set(map(repr,o)))
print(left3(1500))
