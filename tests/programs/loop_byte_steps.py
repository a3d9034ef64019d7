# Steps over bytes: plain, in zip and enumerate, iterators that are used up or set back.
class B(bytes): pass
def g(n):
    out=[]
    data=[b"hello world", b"", b"x", bytes(range(256)), B(b"sub")]
    for i in range(n):
        d=data[i//7%5]
        s=0
        for c in d: s=s*31+c & 0xffffff
        for a,b in zip(d, range(i%5+3)): s^=a*b
        for a,b in zip(range(i%5+3), d): s^=a*b+1
        for k,c in enumerate(d): s+=k*c
        it=iter(d)
        t=0
        for c in it:
            t+=c
            if c==111: break
        r=list(it); t+=len(r)
        for c in it: t+=1000
        for p in zip(it,d): t+=5000
        it=iter(d)
        try:
            while True: t+=next(it)
        except StopIteration: pass
        s+=sum(x^y for x,y in zip(d,d[1:]))
        e=[p^q for p,q in zip(d,[1]*20)]
        out.append((s,t,len(e),sum(e)))
        try: it.__setstate__(1); out.append(list(it))
        except Exception as x: out.append(str(x))
        it=iter(d); it.__setstate__(2)
        for c in it: s+=c
        out.append(s)
        del out[:-20]
    return out
print(g(900))
