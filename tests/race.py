"""Eight threads race on shared objects of every kind; nothing may crash, hang or break an invariant.

    adder [-X gc=stress] tests/race.py [SECONDS [SUBJECT...]]

Nothing here is locked unless it says so: every single operation of a builtin container is atomic, whatever the others
do.  An exception that such a race may rightly raise (IndexError, KeyError, RuntimeError for a changed size, ...) is
expected; anything else fails.  Values are pairs that can be checked wherever they turn up: a torn, stale or
half-initialised one shows.
"""
import collections
import heapq
import io
import itertools
import queue
import random
import sys
import threading
import time
import traceback
import weakref

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 5
THREADS = 8
EXPECTED = (IndexError, KeyError, AttributeError, RuntimeError)


def pair(n):
    return (n, str(n))


def check(value):
    assert type(value) is tuple and len(value) == 2 and str(value[0]) == value[1], value


class Node:
    def method(self):
        return self


class Slotted:
    __slots__ = ("a", "b")


class Counted:
    """Weakly referable, with what a dead one would have lost."""
    def __init__(self, n):
        self.pair = pair(n)


class Meta(type):
    pass


class Base(metaclass=Meta):
    value = pair(0)

    def method(self):
        return pair(1)


class Derived(Base):
    pass


def cells():
    """A closure's cell that everybody reads and writes."""
    value = pair(0)

    def get():
        return value

    def put(n):
        nonlocal value
        value = pair(n)

    def drop():
        nonlocal value
        del value
        value = pair(1)
    return get, put, drop


def endless():
    n = 0
    while True:
        got = yield pair(n)
        n = n + 1 if got is None else got


class Shared:
    def __init__(self):
        self.list, self.dict, self.set, self.deque = [], {}, set(), collections.deque()
        self.ordered, self.default = collections.OrderedDict(), collections.defaultdict(list)
        self.keyed, self.ordered_lock = {}, threading.Lock()
        self.counter, self.bytes, self.numbers = collections.Counter(), bytearray(), [0]
        self.node, self.slotted, self.text = Node(), Slotted(), ""
        self.get, self.put, self.drop = cells()
        self.generator, self.iterator, self.count = endless(), iter(()), itertools.count()
        self.queue, self.simple, self.lifo = queue.Queue(50), queue.SimpleQueue(), queue.LifoQueue()
        self.weak, self.weak_keys, self.weak_set = (weakref.WeakValueDictionary(), weakref.WeakKeyDictionary(),
                                                    weakref.WeakSet())
        self.strong, self.local, self.buffer = [None] * 20, threading.local(), io.BytesIO()
        self.bounded = collections.deque(maxlen=10)
        self.heap, self.heap_lock = [], threading.Lock()
        self.lock, self.locked = threading.RLock(), [0, 0]


def on_list(s, rnd, n):
    match rnd.randrange(16):
        case 0 | 1 | 2: s.list.append(pair(n))
        case 3: check(s.list.pop())
        case 4: s.list.insert(rnd.randrange(10), pair(n))
        case 5: check(s.list[rnd.randrange(20)])
        case 6:
            for v in s.list: check(v)
        case 7: del s.list[rnd.randrange(10):rnd.randrange(40)]
        case 8: s.list[1:3] = [pair(n)] * rnd.randrange(4)
        case 9:
            for v in sorted(s.list, key=str): check(v)
        case 10: s.list.extend(pair(i) for i in range(n % 5))
        case 11: s.list += [pair(n), pair(n + 1)]
        case 12:
            for v in s.list[rnd.randrange(5)::2]: check(v)
        case 13: s.list.reverse()
        case 14: s.list[rnd.randrange(10)] = pair(n)
        case 15:
            for v in [*s.list, *s.list.copy(), *(s.list + s.list)]: check(v)
    if len(s.list) > 500:
        s.list.clear()


def on_sort(s, rnd, n):
    """A list that is being sorted looks empty to the others; their changes are an error of the sort."""
    match rnd.randrange(6):
        case 0 | 1: s.numbers.append(n)
        case 2:
            try:
                s.numbers.sort(key=lambda v: -v)
            except ValueError as e:
                assert str(e) == "list modified during sort", e
        case 3:
            try:
                s.numbers.sort()
            except ValueError as e:
                assert str(e) == "list modified during sort", e
        case 4: assert all(type(v) is int for v in s.numbers)
        case 5:
            try:
                s.numbers.remove(n)
                s.numbers.index(n)
            except ValueError:
                pass
    if len(s.numbers) > 200:
        del s.numbers[:]


def on_dict(s, rnd, n):
    key = f"k{n % 50}"
    match rnd.randrange(14):
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
        case 8:
            for v in list(s.dict.values()): check(v)
        case 9: check(s.dict.pop(key))
        case 10:
            for v in (s.dict | {"kx": pair(n)}).values(): check(v)
        case 11:
            for v in {**s.dict}.values(): check(v)
            for v in s.dict.copy().values(): check(v)
        case 12:
            if rnd.randrange(20) == 0: s.dict.clear()
        case 13: check(s.dict.get(key, pair(n)))


def on_dict_mixed(s, rnd, n):
    """Keys that are no strings, and keys whose __eq__ runs Python code."""
    class Key:
        def __init__(self, n): self.n = n
        def __hash__(self): return self.n % 3
        def __eq__(self, other): return type(other) is Key and self.n == other.n
    d = s.default
    match rnd.randrange(8):
        case 0: d[n % 10].append(pair(n))
        case 1:
            for v in d[n % 10]: check(v)
        case 2: d.pop(n % 10)
        case 3: s.keyed[Key(n % 5)] = pair(n); check(s.keyed.pop(Key(n % 5)))
        case 4: s.counter[n % 7] += 1; s.counter.update([n, n % 3]); s.counter.most_common(3)
        case 5: assert all(type(k) in (int, str, float) for k in list(d))
        case 6: d[str(n % 9)] = d[n % 9 + 0.5] = [pair(n)]; check(d[str(n % 9)][-1])
        case 7: del d[str(n % 9)], d[n % 9 + 0.5]


def on_set(s, rnd, n):
    match rnd.randrange(12):
        case 0 | 1: s.set.add(pair(n % 60))
        case 2: s.set.discard(pair(n % 60))
        case 3: check(s.set.pop())
        case 4:
            for v in s.set: check(v)
        case 5: assert len(s.set | {pair(1)}) >= 1
        case 6: s.set.update({pair(1), pair(2)}, [pair(n % 60)])
        case 7: s.set -= {pair(n % 60), pair(3)}
        case 8:
            for v in s.set & {pair(i) for i in range(20)}: check(v)
        case 9: assert s.set ^ {pair(5)} is not s.set; frozenset(s.set)
        case 10: s.set.symmetric_difference_update({pair(n % 60)})
        case 11: s.set.issuperset({pair(1)}); s.set.isdisjoint(s.set.copy())


def on_deque(s, rnd, n):
    match rnd.randrange(13):
        case 0 | 1: s.deque.append(pair(n))
        case 2: s.deque.appendleft(pair(n))
        case 3: check(s.deque.pop())
        case 4: check(s.deque.popleft())
        case 5:
            for v in s.deque: check(v)
        case 6: s.deque.rotate(n % 5)
        case 7: s.deque.extend([pair(n)] * 3)
        case 8: s.deque.insert(n % 3, pair(n))
        case 9: check(s.deque[n % 7]); s.deque[n % 7] = pair(n); del s.deque[n % 7]
        case 10:
            for v in s.deque.copy(): check(v)
            s.deque.reverse()
        case 11: s.bounded.append(pair(n)); s.bounded.extendleft([pair(n)] * 4)
        case 12:
            assert len(s.bounded) <= 10
            for v in list(s.bounded): check(v)
    if len(s.deque) > 300:
        s.deque.clear()


def on_ordered(s, rnd, n):
    """Under a lock: Adder's OrderedDict is Python code, a list of links beside a dict."""
    with s.ordered_lock:
        ordered(s, rnd, n)


def ordered(s, rnd, n):
    key = f"k{n % 20}"
    match rnd.randrange(9):
        case 0 | 1: s.ordered[key] = pair(n)
        case 2: check(s.ordered.popitem(last=n % 2 == 0)[1])
        case 3: s.ordered.move_to_end(key, last=n % 2 == 0)
        case 4:
            for v in s.ordered.values(): check(v)
        case 5: del s.ordered[key]
        case 6: check(s.ordered.setdefault(key, pair(n)))
        case 7:
            for k in reversed(s.ordered): hash(k)
            s.ordered.copy() == s.ordered
        case 8:
            if rnd.randrange(20) == 0: s.ordered.clear()


def on_bytearray(s, rnd, n):
    b = s.bytes
    try:
        match rnd.randrange(11):
            case 0 | 1: b.append(65 + n % 20)
            case 2: b.extend(b"ABC" * (n % 5))
            case 3: del b[:n % 9]
            case 4: b[2:4] = b"XYZ"[:n % 4]
            case 5: assert all(65 <= c < 91 for c in bytes(b)), bytes(b)
            case 6: assert 65 <= b.pop() < 91
            case 7: b.insert(n % 4, 66); b.reverse()
            case 8:
                with memoryview(b) as v:
                    assert all(65 <= c < 91 for c in v), bytes(v)
            case 9:
                for c in b: assert 65 <= c < 91, c
                b.find(b"AB"), b.split(b"A"), b + b"A", b.upper(), b.replace(b"A", b"BB"), b.decode()
            case 10: b[n % 5] = 70; b += b"AA"; b *= 1 + n % 2
    except (BufferError, ValueError):
        pass
    if len(b) > 1000:
        try:
            b.clear()
        except BufferError:
            pass


def on_objects(s, rnd, n):
    name = f"attr{n % 12}"
    match rnd.randrange(12):
        case 0 | 1: setattr(s.node, name, pair(n))
        case 2: check(getattr(s.node, name))
        case 3: delattr(s.node, name)
        case 4: s.slotted.a = pair(n); check(s.slotted.a)
        case 5: del s.slotted.a
        case 6:
            for v in list(s.node.__dict__.values()): check(v)
        case 7: s.node.attr1 = pair(n); check(s.node.attr1)
        case 8:
            if rnd.randrange(10) == 0: s.node = Node()
            assert type(s.node.method()) is Node
        case 9: s.node.__dict__[name] = pair(n)
        case 10: s.node.__dict__ = {name: pair(n), "attr1": pair(1)}
        case 11:
            if rnd.randrange(10) == 0: s.node.__dict__.clear()
            vars(s.node).pop(name, None)


def on_classes(s, rnd, n):
    name = f"attr{n % 12}"
    match rnd.randrange(10):
        case 0: setattr(Base, name, pair(n))
        case 1: check(getattr(Derived, name))
        case 2: delattr(Base, name)
        case 3: Base.value = pair(n); check(Derived().value); check(Derived.value)
        case 4: Base.method = lambda self, n=n: pair(n)
        case 5: check(Derived().method())
        case 6: Derived.value = pair(n); del Derived.value
        case 7: Base.__len__ = lambda self, n=n: n; assert len(Derived()) >= 0
        case 8:
            C = type("C", (Derived,), {"value": pair(n), "__slots__": ("x",)} if n % 2 else {"y": pair(n)})
            check(C().value)
            assert Base in C.__mro__ and len(Base.__subclasses__()) >= 1
        case 9: Meta.extra = property(lambda cls, n=n: pair(n)); check(Derived.extra)


def on_functions(s, rnd, n):
    match rnd.randrange(8):
        case 0 | 1:
            try: check(s.get())
            except NameError: pass  # between the two statements of drop()
        case 2: s.put(n)
        case 3:
            try: s.drop()
            except NameError: pass
        case 4:
            try: check(s.get.__closure__[0].cell_contents)
            except ValueError: pass
        case 5:
            def f(a, b=pair(n), *c, **d): return b
            f.__defaults__ = (pair(n),); f.note = pair(n); check(f(1))
        case 6:
            global shared_global
            shared_global = pair(n); check(shared_global)
        case 7:
            names = {"n": n}
            exec("def g(x):\n  return (x, str(x))\nr = g(n)", names)
            check(names["r"])


def on_generators(s, rnd, n):
    try:
        match rnd.randrange(8):
            case 0 | 1: check(next(s.generator))
            case 2: check(s.generator.send(n))
            case 3: s.generator.close(); s.generator = endless()
            case 4: s.generator = endless()
            case 5: check(next(s.iterator))
            case 6:
                s.iterator = (iter([pair(1), pair(2)] * 20), iter([pair(1)] * 9), filter(None, [pair(3)] * 9),
                              itertools.chain([pair(1)] * 5, [pair(2)] * 5), itertools.islice(s.generator, 5),
                              itertools.cycle([pair(1)]), reversed([pair(4)] * 5), iter({pair(1): 1, pair(2): 2}),
                              iter({pair(1), pair(2)}), map(pair, range(9)), itertools.repeat(pair(1), 5),
                              iter((pair(1),) * 5), (pair(i) for i in range(10)),
                              itertools.tee([pair(7)] * 9)[0])[n % 14]
            case 7: assert next(s.count) >= 0
    except StopIteration:
        s.generator = endless()
    except ValueError as e:
        assert str(e) in ("generator already executing",), e
    except TypeError as e:
        assert str(e) == "can't send non-None value to a just-started generator", e


def on_queues(s, rnd, n):
    try:
        match rnd.randrange(8):
            case 0: s.queue.put(pair(n), timeout=0.001)
            case 1: check(s.queue.get(timeout=0.001))
            case 2: check(s.queue.get_nowait())
            case 3 | 4: s.simple.put(pair(n))
            case 5: check(s.simple.get_nowait())
            case 6: s.lifo.put(pair(n)); check(s.lifo.get(timeout=1))
            case 7: s.queue.qsize(); s.simple.empty(); s.simple.qsize(); check(s.simple.get(timeout=0.001))
    except (queue.Full, queue.Empty):
        pass


def on_weak(s, rnd, n):
    match rnd.randrange(12):
        case 0 | 1 | 2:
            o = s.strong[n % 20] = Counted(n)
            s.weak[n % 30] = o; s.weak_keys[o] = pair(n); s.weak_set.add(o)
        case 3: s.strong[n % 20] = None
        case 4: check(s.weak[n % 30].pair)
        case 5:
            for k, o in s.weak.items(): check(o.pair)
        case 6:
            for o, v in s.weak_keys.items(): check(o.pair); check(v)
        case 7:
            for o in s.weak_set: check(o.pair)
        case 8:
            o = s.strong[n % 20]
            if o is not None:
                r = weakref.ref(o, lambda r: None)
                check(r().pair)
                assert weakref.ref(o)() is o and weakref.getweakrefcount(o) >= 1
                check(weakref.proxy(o).pair)
        case 9: s.weak.pop(n % 30, None); len(s.weak), len(s.weak_set), len(s.weak_keys)
        case 10: weakref.finalize(Counted(n), check, pair(n))
        case 11: s.weak.setdefault(n % 30, Counted(n)); list(s.weak.valuerefs())


def on_texts(s, rnd, n):
    match rnd.randrange(5):
        case 0 | 1:
            s.text = (s.text + str(n % 10))[-200:] if n % 7 else ""
            text = s.text
            assert text == "" or text.isdigit(), text
        case 2:
            # Hashes and interning of strings that several threads see.
            d = {s.text: pair(n), sys.intern("x" + s.text): pair(n)}
            for v in d.values(): check(v)
        case 3: s.text += "1"
        case 4: assert "".join([s.text, "1", "é"])[-1] == "é"; s.text.encode(), hash(s.text), int(s.text or "0")


def on_locals(s, rnd, n):
    s.local.value = pair(n)
    s.local.me = threading.get_ident()
    check(s.local.value)
    assert s.local.me == threading.get_ident()
    if n % 5 == 0: s.local = threading.local()


def on_files(s, rnd, n):
    try:
        match rnd.randrange(4):
            case 0: s.buffer.write(b"ABCD" * (n % 9))
            case 1: assert all(65 <= c < 69 or c == 0 for c in s.buffer.getvalue())
            case 2: s.buffer.seek(n % 50); s.buffer.read(n % 20); s.buffer.readline()
            case 3: s.buffer.truncate(n % 100)
    except BufferError:
        pass


def on_locks(s, rnd, n):
    """What a lock guards is exact."""
    match rnd.randrange(3):
        case 0:
            with s.lock:
                with s.lock:
                    a, b = s.locked
                    assert a == b, (a, b)
                    s.locked[0] = a + 1
                    s.locked[1] = b + 1
        case 1:
            with s.heap_lock:
                heapq.heappush(s.heap, pair(n))
                if len(s.heap) > 50:
                    last = pair(-1)
                    check(heapq.heappop(s.heap))
        case 2:
            if s.heap_lock.acquire(timeout=0.001):
                try:
                    if s.heap: check(s.heap[0]); check(heapq.heapreplace(s.heap, pair(n)))
                finally:
                    s.heap_lock.release()


def on_threads(s, rnd, n):
    """Threads start and end all the time."""
    if rnd.randrange(20):
        return
    out = []
    t = threading.Thread(target=lambda: out.append(pair(n)))
    t.start()
    t.join()
    check(out[0])


def on_exceptions(s, rnd, n):
    def deep(k):
        if k == 0:
            raise LookupError(pair(n))
        try:
            deep(k - 1)
        finally:
            k = None
    try:
        deep(n % 20)
    except LookupError as e:
        check(e.args[0])
        s.strong[n % 20] = None
        assert len(traceback.extract_tb(e.__traceback__)) == n % 20 + 2


SUBJECTS = [on_list, on_sort, on_dict, on_dict_mixed, on_set, on_deque, on_ordered, on_bytearray, on_objects, on_classes,
            on_functions, on_generators, on_queues, on_weak, on_texts, on_locals, on_files, on_locks, on_threads,
            on_exceptions]


class Run:
    def __init__(self, subjects):
        self.shared, self.subjects = Shared(), subjects
        self.kept, self.counts = [], [0] * THREADS
        self.ended = []
        self.stop, self.failures = threading.Event(), []


def racer(run, number):
    rnd, n = random.Random(number), 0
    while not run.stop.is_set():
        n += 1
        subject = run.subjects[rnd.randrange(len(run.subjects))]
        try:
            # Several in a row: the threads meet in one place.
            for _ in range(5):
                subject(run.shared, rnd, rnd.randrange(1000))
        except EXPECTED:
            pass
        except BaseException:
            run.failures.append(f"thread {number}, {subject.__name__}:\n{traceback.format_exc()}")
            run.stop.set()
        # Appends of one thread keep their order and none is lost.
        if n % 20 == 0:
            run.kept.append((number, run.counts[number]))
            run.counts[number] += 1
    run.ended.append(number)


def main():
    named = ["on_" + name for name in sys.argv[2:]]
    run = Run([s for s in SUBJECTS if not named or s.__name__ in named])
    threads = [threading.Thread(target=racer, args=(run, i)) for i in range(THREADS)]
    for t in threads:
        t.start()
    run.stop.wait(SECONDS)
    run.stop.set()
    for t in threads:
        t.join(60)
        if t.is_alive():
            run.failures.append(f"{t.name} hangs")
            import faulthandler
            faulthandler.dump_traceback(all_threads=True)
    if len(run.ended) != THREADS:
        run.failures.append(f"only threads {sorted(run.ended)} came to their end")
    for i in range(THREADS):
        if [n for k, n in run.kept if k == i] != list(range(run.counts[i])):
            run.failures.append(f"thread {i}: appends lost or out of order")
    for failure in run.failures:
        print("FAILED", failure)
    print("race:", "failed" if run.failures else "ok", file=sys.stderr)
    sys.stdout.flush()
    if run.failures:
        import os
        os._exit(1)


if __name__ == "__main__":
    main()
