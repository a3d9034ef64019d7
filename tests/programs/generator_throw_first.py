# An exception thrown into a generator that has not begun is raised in its first line.
def g(a):
    x = a
    yield x


async def co():
    return 1


async def ag():
    yield 1


def d():
    yield from g(2)


def where(f):
    try:
        f()
    except BaseException as e:
        t = e.__traceback__.tb_next
        r = []
        while t:
            r.append((t.tb_frame.f_code.co_name, t.tb_lineno))
            t = t.tb_next
        print(r, repr(e), repr(e.__context__))


def throw_into(x):
    x.throw(KeyError(2))


for i in range(4):
    where(lambda: throw_into(g(1)))
    where(lambda: throw_into(co()))
    where(lambda: throw_into(ag().asend(None)))
    where(lambda: throw_into(ag().athrow(ValueError)))
    where(lambda: ag().athrow(ValueError(3)).send(None))
    where(lambda: throw_into(i for i in [1]))
    where(lambda: throw_into(d()))
    h = d()
    next(h)
    where(lambda: throw_into(h))
    where(lambda: throw_into(h))
    h = g(1)
    h.close()
    where(lambda: throw_into(h))
    h = g(1)
    where(lambda: throw_into(h))
    print(h.gi_frame, h.gi_running, list(h))
    try:
        1 // 0
    except ZeroDivisionError:
        where(lambda: throw_into(g(1)))


class Held:
    def __del__(self):
        print("gone")


import gc

h = g(Held())
where(lambda: throw_into(h))
gc.collect()
print("end")
