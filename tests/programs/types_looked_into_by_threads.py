# The namespace of a builtin type is made when somebody first looks into it. Threads that do so at once see the same.
import threading

def types_below(t, seen):
    for s in type.__subclasses__(t):
        if s not in seen and s.__flags__ & (1 << 9) == 0:
            seen[s] = None
            types_below(s, seen)

found = {}
types_below(object, found)
types = list(found)
THREADS = 6
start = threading.Barrier(THREADS)
seen = [None] * THREADS

def look(me):
    mine = []
    start.wait()
    for t in types if me % 2 else types[::-1]:
        names = vars(t)
        mine.append((t.__name__, [(k, id(v)) for k, v in sorted(names.items())]))
    seen[me] = mine if me % 2 else mine[::-1]

threads = [threading.Thread(target=look, args=(i,)) for i in range(THREADS)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(len(types) > 100, all(s == seen[0] for s in seen))

# Attributes found through a subclass, before and after somebody looked into the base.
class Names(tuple):
    def index(self, x):
        return -super().index(x)

print(Names("abc").index("c"), Names("abc").count("a"), "index" in vars(tuple), tuple.__dict__["index"] is tuple.index)
print(type(iter([])).__dict__["__next__"].__name__, zip.__doc__.splitlines()[0][:20])
print([k for k in ("__doc__", "__new__", "__class__") if k in vars(BlockingIOError)])
