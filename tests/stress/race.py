"""Eight threads race on shared containers and attributes; their invariants must survive.

    adder -X gc=stress tests/stress/race.py [SECONDS]

Nothing here is locked: every single operation of a builtin container is atomic, whatever
the others do.  An exception that such a race may rightly raise (IndexError, KeyError,
RuntimeError for a changed size) is expected; anything else fails.
"""
import collections
import random
import sys
import threading
import time

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 5
THREADS = 8


class Node:
    pass


class Slotted:
    __slots__ = ("a", "b")


class Shared:
    def __init__(self):
        self.list, self.dict, self.set, self.deque = [], {}, set(), collections.deque()
        self.node, self.slotted, self.text = Node(), Slotted(), ""
        self.kept, self.counts = [], [0] * THREADS


def pair(n):
    """A value that can be checked wherever it turns up."""
    return (n, str(n))


def check(value):
    assert type(value) is tuple and len(value) == 2 and str(value[0]) == value[1], value


def on_list(s, rnd, n):
    match rnd.randrange(9):
        case 0 | 1: s.list.append(pair(n))
        case 2: check(s.list.pop())
        case 3: s.list.insert(rnd.randrange(10), pair(n))
        case 4: check(s.list[rnd.randrange(20)])
        case 5:
            for v in s.list: check(v)
        case 6: del s.list[rnd.randrange(10):rnd.randrange(40)]
        case 7: s.list[1:3] = [pair(n)] * rnd.randrange(4)
        case 8: assert sorted(s.list, key=str) is not s.list


def on_dict(s, rnd, n):
    key = f"k{n % 50}"
    match rnd.randrange(8):
        case 0 | 1: s.dict[key] = pair(n)
        case 2: del s.dict[key]
        case 3: check(s.dict[key])
        case 4: check(s.dict.setdefault(key, pair(n)))
        case 5:
            for k, v in s.dict.items():
                assert k[0] == "k"
                check(v)
        case 6: check(s.dict.popitem()[1])
        case 7: s.dict.update({f"k{i}": pair(i) for i in range(5)})


def on_set(s, rnd, n):
    match rnd.randrange(6):
        case 0 | 1: s.set.add(pair(n % 60))
        case 2: s.set.discard(pair(n % 60))
        case 3: check(s.set.pop())
        case 4:
            for v in s.set: check(v)
        case 5: assert len(s.set | {pair(1)}) >= 1


def on_deque(s, rnd, n):
    match rnd.randrange(7):
        case 0 | 1: s.deque.append(pair(n))
        case 2: s.deque.appendleft(pair(n))
        case 3: check(s.deque.pop())
        case 4: check(s.deque.popleft())
        case 5:
            for v in s.deque: check(v)
        case 6: s.deque.rotate(n % 5)


def on_objects(s, rnd, n):
    name = f"attr{n % 12}"
    match rnd.randrange(7):
        case 0 | 1: setattr(s.node, name, pair(n))
        case 2: check(getattr(s.node, name))
        case 3: delattr(s.node, name)
        case 4: s.slotted.a = pair(n); check(s.slotted.a)
        case 5: setattr(Node, name, pair(n))
        case 6:
            for v in list(s.node.__dict__.values()): check(v)


def on_texts(s, rnd, n):
    s.text = (s.text + str(n % 10))[-200:] if n % 7 else ""
    assert s.text == "" or s.text.isdigit()


SUBJECTS = [on_list, on_dict, on_set, on_deque, on_objects, on_texts]
EXPECTED = (IndexError, KeyError, AttributeError, RuntimeError)


def racer(s, number, stop, failures):
    rnd, n = random.Random(number), 0
    try:
        while not stop.is_set():
            n += 1
            try:
                SUBJECTS[rnd.randrange(len(SUBJECTS))](s, rnd, rnd.randrange(1000))
            except EXPECTED:
                pass
            # Appends of one thread keep their order and none is lost.
            if n % 100 == 0:
                s.kept.append((number, s.counts[number]))
                s.counts[number] += 1
    except BaseException as e:
        failures.append((number, repr(e)))
        stop.set()


def main():
    s, stop, failures = Shared(), threading.Event(), []
    threads = [threading.Thread(target=racer, args=(s, i, stop, failures)) for i in range(THREADS)]
    for t in threads:
        t.start()
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and not stop.is_set():
        time.sleep(0.05)
        # The list would grow without end.
        if len(s.list) > 2000:
            s.list.clear()
        if len(s.deque) > 2000:
            s.deque.clear()
    stop.set()
    for t in threads:
        t.join()
    for i in range(THREADS):
        mine = [n for k, n in s.kept if k == i]
        if mine != list(range(s.counts[i])):
            failures.append((i, "appends lost or out of order"))
    for failure in failures:
        print("FAILED", *failure)
    print("race:", "failed" if failures else "ok")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
