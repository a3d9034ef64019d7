# Attributes deleted while there are several threads: order, copies, other classes, many times over.
import copy
import pickle
import threading


class C:
    def __init__(self):
        self.a, self.b, self.c, self.d = "abcd"


class D(C):
    pass


class E(Exception):
    pass


def work():
    o = C()
    del o.b
    print(vars(o), list(vars(o)), len(vars(o)), "b" in vars(o), hasattr(o, "b"))
    try:
        del o.b
    except AttributeError as e:
        print(e)
    o.b = "again"
    print(vars(o), [*reversed(vars(o))])
    del o.d, o.b
    o.e = "e"
    print(vars(o), vars(o) == {"a": "a", "c": "c", "e": "e"})
    print(vars(copy.copy(o)), vars(pickle.loads(pickle.dumps(o))), vars(copy.deepcopy(o)))
    o.__class__ = D
    print(type(o).__name__, vars(o))
    o.f = 1
    del o.a
    print(vars(o), o.__dict__.pop("c"), o.__dict__.popitem(), vars(o))

    for i in range(300):
        o = C()
        for k in range(i % 23):
            o.x = k
            del o.a
            o.a = k
            del o.x
            o.b = i
        if i % 60 == 5:
            print(vars(o))

    o = C()
    del o.a, o.b, o.c, o.d
    print(vars(o), o.__reduce_ex__(2)[2:3], o.__getstate__(), bool(vars(o)))
    o.z = 1
    print(vars(o), o.z)
    e = E("x")
    e.note, e.other = 1, 2
    del e.note
    print(vars(e), vars(copy.copy(e)), e.__reduce__())
    del e.other
    print(vars(e))

    class Local(C):
        pass

    o = Local()
    view = vars(o)
    del o.b
    print(view, list(view.items()))
    view["b"] = 2
    del view["a"]
    print(view, o.b)
    view[1] = 2
    print(view, hasattr(o, "a"), o.c)
    names = [f"n{i}" for i in range(40)]
    o = Local()
    for n in names:
        setattr(o, n, n)
    for n in names[::3]:
        delattr(o, n)
    print(len(vars(o)), [n for n in names if getattr(o, n, None) != n] == names[::3])


t = threading.Thread(target=work)
t.start()
t.join()
