"""Objects that one thread changes in hot loops and another one wants now and then; objects that go from hand to hand; more
threads than can own anything."""
import queue
import threading


class Box:
    def __init__(self, n):
        self.n = n


def with_other(work, other):
    """Runs `work` again and again until the other thread is through with `other`."""
    done = []

    def run():
        other()
        done.append(1)

    t = threading.Thread(target=run)
    t.start()
    while not done:
        work()
    t.join()


def lists():
    l, n = list(range(300)), 300

    def work():
        nonlocal n
        for i in range(200):
            l.append(n)
            n += 1

    with_other(work, lambda: [l.append(-1 - k) for k in range(50)])
    assert [x for x in l if x >= 0] == list(range(n))
    assert [-1 - x for x in l if x < 0] == list(range(50))


def pops():
    l, got = list(range(1000)), []

    def work():
        for i in range(100):
            try:
                x = l.pop()
            except IndexError:
                return
            l.append(x)

    def other():
        for k in range(100):
            try:
                got.append(l.pop())
            except IndexError:
                pass

    with_other(work, other)
    assert sorted(l + got) == list(range(1000))


def numbers():
    i = 0
    while True:
        yield i
        i += 1


def generators():
    g, mine, theirs = numbers(), [], []

    def work():
        n = 0
        try:
            for x in g:
                mine.append(x)
                n += 1
                if n > 300:
                    break
        except ValueError as e:
            assert str(e) == "generator already executing"

    def other():
        for k in range(60):
            try:
                theirs.append(next(g))
            except ValueError as e:
                assert str(e) == "generator already executing"

    with_other(work, other)
    assert sorted(mine + theirs) == list(range(len(mine) + len(theirs)))


def dicts():
    d, n = {}, 0

    def work():
        nonlocal n
        for i in range(100):
            d[n] = n
            n += 1

    def other():
        for k in range(60):
            d[-1 - k] = k
        for k in range(30):
            del d[-1 - k]

    with_other(work, other)
    assert len(d) == n + 30 and all(d[i] == i for i in range(n)) and all(d[-1 - k] == k for k in range(30, 60))


def sets():
    s, n = set(), 0

    def work():
        nonlocal n
        for i in range(100):
            s.add(n)
            n += 1

    def other():
        for k in range(60):
            s.add(-1 - k)
        for k in range(30):
            s.remove(-1 - k)

    with_other(work, other)
    assert s == set(range(n)) | {-1 - k for k in range(30, 60)}


def attributes():
    boxes = [Box(0) for _ in range(400)]

    def first():
        for o in boxes:
            o.a = 1
            o.c = 3

    def second():
        for o in reversed(boxes):
            o.b = 2
            o.d = 4

    ts = [threading.Thread(target=f) for f in (first, second)]
    for t in ts:
        t.start()
    for t in ts:
        t.join()
    assert all((o.a, o.b, o.c, o.d) == (1, 2, 3, 4) for o in boxes)


def items():
    a, l, n = bytearray(100), [0] * 100, 0

    def work():
        nonlocal n
        n += 1
        for i in range(100):
            a[i] = n & 255
            l[i] = n

    def other():
        for k in range(50):
            a.append(7)
            l.append(7)

    with_other(work, other)
    assert a[:100] == bytes([n & 255] * 100) and l[:100] == [n] * 100
    assert a[100:] == bytes([7] * 50) and l[100:] == [7] * 50


def from_hand_to_hand():
    def stage(inp, out, f):
        while (x := inp.get()) is not None:
            f(*x)
            out.put(x)
        out.put(None)

    def a(l, d, s, o, g):
        l.append(1)
        d["a"] = 1
        s.add("a")
        o.a = 1

    def b(l, d, s, o, g):
        l.append(2)
        d["b"] = 2
        s.add("b")
        o.b = 2

    def c(l, d, s, o, g):
        l.append(next(g))
        d["c"] = 3
        s.discard("a")
        o.n += 1

    queues = [queue.SimpleQueue() for _ in range(4)]
    ts = [threading.Thread(target=stage, args=(queues[i], queues[i + 1], f)) for i, f in enumerate((a, b, c))]
    for t in ts:
        t.start()
    for i in range(500):
        g = numbers()
        next(g)
        queues[0].put(([0], {}, set(), Box(i), g))
    queues[0].put(None)
    n = 0
    while (x := queues[3].get()) is not None:
        l, d, s, o, g = x
        assert l == [0, 1, 2, 1] and d == {"a": 1, "b": 2, "c": 3} and s == {"b"}
        assert (o.n, o.a, o.b) == (n + 1, 1, 2) and next(g) == 2
        n += 1
    for t in ts:
        t.join()
    assert n == 500


def tables():
    table = [[i] for i in range(2000)]

    def work(k):
        for l in table[k::4]:
            l.append(k)

    ts = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for t in ts:
        t.start()
    for t in ts:
        t.join()
    assert table == [[i, i % 4] for i in range(2000)]


def many_threads():
    go, out = threading.Event(), []

    def work():
        l = []
        go.wait()
        for i in range(50):
            l.append(i)
        out.append(len(l))

    ts = [threading.Thread(target=work) for _ in range(150)]
    for t in ts:
        t.start()
    go.set()
    for t in ts:
        t.join()
    assert out == [50] * 150


for f in (lists, pops, generators, dicts, sets, attributes, items, from_hand_to_hand, tables, many_threads):
    for _ in range(3):
        f()
    print(f.__name__)
