# A copy of a context that another thread is changing does not change with it, nor does the original with the copy.
import contextvars
import threading

v = contextvars.ContextVar("v")
w = contextvars.ContextVar("w")
shared = contextvars.Context()
stop = False
wrong = []


def owner():
    n = 0
    while not stop:
        n += 1
        v.set(n)
        w.set(n)
        if v.get() != n or w.get() != n:
            wrong.append("original")
        w.reset(w.set(0))


def copier():
    for i in range(3000):
        c = shared.copy()
        before = list(c.items())
        token = c.run(v.set, -1)
        c.run(v.reset, token)
        after = list(c.items())
        if before != after and before:
            wrong.append((before, after))
        list(shared.values())


o = threading.Thread(target=shared.run, args=(owner,))
o.start()
copiers = [threading.Thread(target=copier) for i in range(3)]
for t in copiers:
    t.start()
for t in copiers:
    t.join()
stop = True
o.join()
print("wrong", len(wrong))
