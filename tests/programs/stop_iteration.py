# StopIteration that functions raise within iterators ends what iterates, as everywhere but in next().
def f(x):
    if x==2: raise StopIteration
    return x
print(list(map(f,[1,2,3])))
print(list(filter(lambda x: f(x) or 1,[1,2,3])))
import itertools
print(list(itertools.starmap(f,[(1,),(2,),(3,)])))
print(tuple(map(f,[1,2,3])), set(map(f,[1,2,3])), sum(map(f,[1,2,3])), dict(map(lambda x:(f(x),1),[1,2,3])))
for i in map(f,[1,2,3]): print(i)
print([i for i in map(f,[1,2,3])], sorted(map(f,[1,2,3])), ",".join(map(lambda x: str(f(x)),[1,2,3])))
a,=map(f,[1,2,3]); print(a, *map(f,[1,2,3]))
def g(x):
    raise StopIteration
print(list(itertools.takewhile(g,[1])), list(itertools.dropwhile(g,[1])),list(itertools.groupby([1,2],g)),list(itertools.accumulate([1,2,3],lambda a,b:f(b))), list(zip([1,2],map(f,[1,2]))), list(enumerate(map(f,[1,2]))))
class I:
    def __iter__(s): return s
    def __next__(s): return f(2)
print(list(I()), list(map(lambda x:x, I())), list(itertools.chain(I(),[1])), max(I(),default=3), any(I()), list(iter(lambda: f(2), 9)))
class G:
    def __getitem__(s,i):
        if i: raise StopIteration
        return i
print(list(G()), list(reversed([1])))
def h():
    try: yield from map(f,[1,2])
    except RuntimeError as e: print(repr(e))
print(list(h()))
class J:
    n=0
    def __iter__(s): return s
    def __next__(s):
        s.n+=1
        try:
            return [1,2][s.n]
        except IndexError:
            raise StopIteration
print(list(J()))
def getter(i):
    def g(o):
        try: return o[i]
        except IndexError: raise StopIteration
    return g
for _ in range(300): r=list(map(getter(1),[(1,2),(3,4),(5,)]))
print(r)
it = map(f, [2, 3])
try:
    next(it)
except StopIteration as e:
    print("stop", e.value)
print(next(it), next(map(f, [2]), "default"))
