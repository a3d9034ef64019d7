class P:
    __slots__=('_s','a')
    def __init__(self,a): self.a=a
    def fmt(self, a): return "x"+str(a)
    def __str__(self):
        try:
            return self._s
        except AttributeError:
            self._s=self.fmt(self.a)
            return self._s
def f(n):
    k=0
    for i in range(n):
        p=P(i)
        s=str(p); k+=len(s)
        s=str(p); k+=len(str(p))
    return k
print(f(3000))
L=[P(i) for i in range(3000)]
print(sum(len(s) for s in map(str,L)), sum(len(s) for s in map(str,L)))
L=[P(i) for i in range(3000)]
print(len("".join(map(str,L))), len(sorted(L+L,key=str)))


class Q:
    __slots__ = ("x", "y")


def deleted(n):
    q, missing = Q(), 0
    for i in range(n):
        if i % 3 == 0:
            q.x = i
        elif i % 3 == 1:
            del q.x
        try:
            missing += q.x
        except AttributeError:
            missing += 1
    return missing


print(deleted(4000))
