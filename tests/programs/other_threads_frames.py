"""What other threads do, seen from outside: sys._current_frames, sys._current_exceptions, frames handed over."""
import sys
import threading
import time
import traceback


def watched(body):
    """Runs `body(ready, leave)` in a thread while it is looked at."""
    ready, leave = threading.Event(), threading.Event()
    seen = []

    def run():
        try:
            body(ready, leave, seen)
        finally:
            ready.set()

    t = threading.Thread(target=run)
    t.start()
    ready.wait()
    return t, leave, seen


def names(frame):
    return [f.name for f in traceback.extract_stack(frame)]


def outer(ready, leave, seen):
    inner(ready, leave, seen)


def inner(ready, leave, seen):
    seen.append(sys._getframe())
    ready.set()
    leave.wait()


t, leave, seen = watched(outer)
while "wait" not in names(sys._current_frames()[t.ident]):
    time.sleep(0.001)
frames = sys._current_frames()
print(t.ident in frames, threading.get_ident() in frames)
found = names(frames[t.ident])
print(found[found.index("outer"):][:3])
print(names(frames[threading.get_ident()]))
entry = traceback.extract_stack(frames[t.ident])[found.index("inner")]
print(entry.line, entry.lineno == inner.__code__.co_firstlineno + 3)
# A frame that its thread gave away, while it runs.
print(names(seen[0])[-3:])
print(seen[0].f_back.f_code.co_name, seen[0].f_back.f_back.f_code.co_name)
leave.set()
t.join()
print(t.ident in sys._current_frames())


def handling(ready, leave, seen):
    try:
        raise ValueError("in the thread")
    except ValueError:
        ready.set()
        leave.wait()


t, leave, seen = watched(handling)
print(repr(sys._current_exceptions()[t.ident]), sys._current_exceptions()[threading.get_ident()])
leave.set()
t.join()


# Threads that run all the time: any number of looks, nothing but their functions.
stop = False


def busy():
    n = 0
    while not stop:
        n = step(n)


def step(n):
    return n + len(str(n & 7))


ts = [threading.Thread(target=busy) for _ in range(2)]
for t in ts:
    t.start()
kinds = set()
for _ in range(200):
    for ident, f in sys._current_frames().items():
        if ident != threading.get_ident():
            while f is not None:
                if f.f_code.co_filename == __file__:
                    kinds.add(f.f_code.co_name)
                    assert f.f_lineno is None or f.f_lineno > 0
                f = f.f_back
stop = True
for t in ts:
    t.join()
print(kinds <= {"busy", "step"})
