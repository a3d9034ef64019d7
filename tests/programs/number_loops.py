from array import array
def f(a, n):
    s=0
    for i in range(n):
        s += a[i%len(a)]
        a[i%len(a)] = (i*7)%100
        a[-1] = a[-2]
    return s
for c in 'bBhHiIlLqQd':
    print(c, f(array(c,[1,2,3,4,5]),3000))
print(f(bytearray(b'hello'),3000))
def g(a,n):
    s=0
    for i in range(n): s = (s*31 + a[i%len(a)])&0xffffffff
    return s
print(g(b'hello \xff\x00',3000), g(array('q',[-2**62,2**62-1,2**63-1,-2**63,0]),3000),g(array('Q',[2**64-1,5,2**62]),3000))
def h(a,n,v):
    for i in range(n): a[i%len(a)]=v(i)
    return a
def tr(*a):
    try: print(h(*a))
    except Exception as e: print(type(e).__name__, e)
for c in 'bBhHiIlLqQd':
    tr(array(c,[0]*5),3000,lambda i:(i*i*i*i)>>20)
    tr(array(c,[0]*5),3000,lambda i:-i)
    tr(array(c,[0]*5),3000,lambda i:i if i!=2500 else 'x')
    tr(array(c,[0]*5),3000,lambda i:i%100 if i!=2500 else True)
    tr(array(c,[0]*5),3000,lambda i:i%100 if i!=2500 else 1.5)
    tr(array(c,[0]*5),3000,lambda i:i%100 if i!=2500 else 2**70)
tr(bytearray(5),3000,lambda i:i%256)
tr(bytearray(5),3000,lambda i:i%257)
def grow(a,n):
    for i in range(n):
        a.append(i%100); a[i] = a[i]+1
        if i%7==0: a.pop(0); a.append(3)
    return sum(a)
print(grow(array('i'),3000),grow(bytearray(),3000) if 0 else 0, grow(array('d'),3000))
ba=bytearray(b'abc')
def gb(ba,n):
    for i in range(n):
        ba.append(i%100); ba[i%len(ba)]=ba[-1]+1
        if i%3==0: del ba[0]
    return sum(ba)
print(gb(ba,3000))
def oob(a):
    i=0
    try:
        while True:
            a[i]; i+=1
    except IndexError as e: print(i,e)
    i=0
    try:
        while True:
            a[i]=1; i+=1
    except (IndexError,TypeError) as e: print(i,e)
oob(array('d',[0]*3000)); oob(bytearray(3000)); oob(bytes(3000))
