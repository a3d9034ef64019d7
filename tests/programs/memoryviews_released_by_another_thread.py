# Memory that one thread gives back while others look at it through views.
import mmap
import threading

SIZE = 4096
shown = None
done = False
wrong = []


def uses(v):
    yield lambda: v[5]
    yield lambda: v.__setitem__(7, 1)
    yield lambda: v[3:9].tolist()
    yield lambda: bytes(v)
    yield lambda: v == b"x" * SIZE
    yield lambda: v.hex()
    yield lambda: memoryview(v).nbytes
    yield lambda: v.cast("I")[3]
    yield lambda: next(iter(v))


def reader():
    while not done:
        v = shown
        if v is None:
            continue
        for use in uses(v):
            try:
                use()
            except ValueError as e:
                if str(e) != "operation forbidden on released memoryview object":
                    wrong.append(e)


def patiently(action):
    """Until nobody uses what is given back."""
    while True:
        try:
            return action()
        except BufferError:
            pass


readers = [threading.Thread(target=reader) for _ in range(2)]
for t in readers:
    t.start()
for i in range(60):
    m = mmap.mmap(-1, SIZE)
    v = memoryview(m)
    shown = v
    for _ in range(20):
        v[0] = i
    patiently(v.release)
    patiently(m.close)
    assert m.closed
done = True
for t in readers:
    t.join()
print(wrong)
try:
    m[0]
except ValueError as e:
    print(e)
