# Objects whose state lies outside the heap, or whose memory others look into, used by several threads at once.
import _asyncio
import _pickle
import array
import asyncio
import io
import threading
from xml.parsers import expat


def together(*functions):
    start = threading.Barrier(len(functions))

    def run(f):
        start.wait()
        f()

    threads = [threading.Thread(target=run, args=(f,)) for f in functions]
    for t in threads:
        t.start()
    for t in threads:
        t.join()


def until_done(work, *others):
    """Runs `work` once, the others again and again meanwhile."""
    done = False

    def once():
        nonlocal done
        try:
            work()
        finally:
            done = True

    def again(f):
        def run():
            while not done:
                f()
        return run

    together(once, *map(again, others))


# Who waits for a future: one, or a set of them.
loop = asyncio.new_event_loop()
waiters = [loop.create_future() for _ in range(4)]
for _ in range(10):
    futures = [loop.create_future() for _ in range(200)]

    def wait(w):
        for f in futures:
            _asyncio.future_add_to_awaited_by(f, w)
            _asyncio.future_discard_from_awaited_by(f, w)
            _asyncio.future_add_to_awaited_by(f, w)

    together(*[lambda w=w: wait(w) for w in waiters])
    for f in futures:
        assert f._asyncio_awaited_by is None or f._asyncio_awaited_by <= set(waiters)
loop.close()
print("futures")

# A view is of the memory that the array has then, and keeps it.
a = array.array("q", [1] * 8)


def grow():
    try:
        for _ in range(12):
            a.extend(a)
    except BufferError:
        pass
    try:
        del a[8:]
    except BufferError:
        pass


def look_once():
    with memoryview(a) as m:
        # Items are zero until they are written.
        assert len(m) >= 8 and m[-1] in (0, 1) and set(m[:64]) <= {0, 1}


def look():
    for _ in range(1000):
        look_once()


until_done(look, grow)
print("array")

# Nor does anybody write to bytes that `getvalue` gave out.
b = io.BytesIO(b"x" * 100)


def values():
    for _ in range(1000):
        v = b.getvalue()
        then = bytearray(v)
        look_once()
        assert v == then


def views():
    try:
        with b.getbuffer() as m:
            m[:] = (b"y" if m[0] == 120 else b"x") * 100
    except BufferError:
        pass


until_done(values, views)
print("BytesIO")

# What an expat parser has for itself.
parser = expat.ParserCreate()
parser.buffer_text = True


def bases(n):
    for _ in range(1000):
        try:
            parser.SetBase("b" * n)
            assert set(parser.GetBase()) == {"b"}
            parser.ExternalEntityParserCreate(None)
        except RuntimeError:
            # Another thread parses.
            pass


def text(s):
    context = parser.GetInputContext()
    assert context is None or type(context) is bytes


parser.CharacterDataHandler = text
parser.Parse("<a>")


def parse():
    for _ in range(200):
        try:
            parser.Parse("text<b/>" * 10)
        except RuntimeError:
            pass
        parser.GetInputContext()
        try:
            parser.buffer_size = 1000 + len(parser.GetBase() or "")
        except RuntimeError:
            pass


together(parse, lambda: bases(30), lambda: bases(400))
print("expat")

# Unpicklers and picklers.
u = _pickle.Unpickler(io.BytesIO(b""))


def set_up(n):
    f, s = io.BytesIO(b""), "e" * n
    for _ in range(2000):
        try:
            u.__init__(f, encoding=s, errors=s)
        except RuntimeError:
            pass


together(lambda: set_up(20), lambda: set_up(40), lambda: set_up(500))
p = _pickle.Pickler(io.BytesIO())


def dump():
    for _ in range(100):
        p.dump([[i] for i in range(50)])


def memo():
    for k, (n, o) in p.memo.copy().items():
        str(o)


until_done(dump, p.clear_memo, memo)
print("pickle")
