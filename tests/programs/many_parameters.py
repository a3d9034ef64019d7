# Functions of more parameters than anybody writes by hand; programs that make functions have them.
import gc


def many(n, kind):
    names = ["a%d" % i for i in range(n)]
    text = {
        "positional": ", ".join(names),
        "keyword-only": "*, " + ", ".join(names),
        "defaults": ", ".join("%s=[%d]" % (x, i) for i, x in enumerate(names)),
        "all": "x, /, %s, *rest, %s=[0], **more" % (", ".join(names[::2]), "=[0], ".join(names[1::2])),
    }[kind]
    scope = {}
    exec("def f(%s): return locals()" % text, scope)
    return scope["f"], names


def tried(f, *args, **kw):
    try:
        r = f(*args, **kw)
    except TypeError as e:
        print(str(e)[:70], "...", str(e)[-70:])
    else:
        items = list(r.items())
        print(len(r), items[:3], str(items[-3:])[-70:])


for kind in "positional", "keyword-only", "defaults", "all":
    for n in 20, 30, 300, 5000:
        f, names = many(n, kind)
        print(kind, n, f.__code__.co_argcount, f.__code__.co_kwonlyargcount)
        by_name = {x: [x] for x in reversed(names)}
        tried(f)
        tried(f, **by_name)
        tried(f, *range(n))
        tried(f, *range(n + 1))
        tried(f, *range(n // 2), **dict(list(by_name.items())[: n // 2]))
        tried(f, 1, **by_name)
        tried(f, 1, 2, **by_name)
        tried(f, 1, other=2, **by_name)


# Names that are not the same strings, and collections in between.
f, names = many(200, "defaults")
for _ in range(30):
    given = {"".join(list(x)): [x] * 50 for x in names[::2]}
    gc.collect()
    r = f(**given)
    assert all(r[x] == [x] * 50 for x in names[::2]) and all(r[x] == [i] for i, x in enumerate(names) if i % 2), r
print("ok")
