# Cursors, statements, blobs and connections that die while SQLite is in use.
import gc
import sqlite3
import sys
import threading


class Total:
    def __init__(self):
        self.n = 0

    def step(self, x):
        self.n += x

    def inverse(self, x):
        self.n -= x

    def value(self):
        return self.n

    def finalize(self):
        return self.n


def connect():
    c = sqlite3.connect(":memory:", check_same_thread=False)
    c.execute("create table t(x, b)")
    c.executemany("insert into t values (?, ?)", [(i, b"blob") for i in range(300)])
    c.create_window_function("total", 1, Total)
    return c


def unfinished(c):
    """A cursor in the midst of its rows, with a running aggregate."""
    k = c.execute("select total(x) over (order by x rows between 1 preceding and 1 following) from t")
    return [k.fetchone()[0] for _ in range(3)]


c = connect()
print(unfinished(c))
gc.collect()
# What the dead cursor held is free.
c.execute("create table u(x)")
c.execute("drop table u")
c.commit()
c.execute("drop table t")
print("dropped")

# The connection dies with it.
for _ in range(20):
    c = connect()
    unfinished(c)
    c.blobopen("t", "b", 1).read(2)
    c("select 1")
    c.close()
    c = None
gc.collect()
print("collected")

# Callbacks allocate, so collections happen in them; other cursors of the connection die meanwhile.
c = connect()
c.create_function("busy", 1, lambda x: len([[i] for i in range(200)]) + x)
stop = threading.Event()


def garbage():
    while not stop.is_set():
        for _ in range(50):
            try:
                c.execute("select x from t").fetchone()
                unfinished(c)
            except sqlite3.Error as e:
                print(e)
        [[i] for i in range(20000)]


# CPython crashes.
threads = [threading.Thread(target=garbage) for _ in range(0 if sys.implementation.name == "cpython" else 2)]
for t in threads:
    t.start()
for _ in range(30):
    assert c.execute("select sum(busy(x)) from t").fetchone()[0] == 300 * 200 + 299 * 150
stop.set()
for t in threads:
    t.join()
print("done")
