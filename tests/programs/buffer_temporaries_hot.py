# Views that only temporaries held, in loops that are compiled: copies of registers that compiled code made around calls
# out of line do not keep them.
import _pyio
import gc
import os
import tempfile
import weakref

fd, name = tempfile.mkstemp()
os.close(fd)
for i in range(200):
    with _pyio.open(name, "w+", encoding="utf-8") as f:
        f.write("abc" * (i % 50))
        f.flush()
        f.seek(0)
        n = len(f.read())
        f.seek(0)
        m = len(f.buffer.read())
        f.buffer.raw.seek(0)
        k = len(f.buffer.raw.readall())
        if not n == m == k == i % 50 * 3:
            print(i, n, m, k)
os.remove(name)


class Item:
    pass


def drop(items):
    r = weakref.ref(items[-1])
    for i in range(3):
        if i == 1:
            items.pop()
            gc.collect()
    return r()


items = [Item() for i in range(40)]
print([drop(items) for i in range(40)].count(None))
