"""Allocation-heavy work for a long time: memory must stay flat.

    adder tests/soak.py [MINUTES] [KIND...]

The kinds of work take turns. Resident memory is read after each round; once warm (a fifth of the time), its medians of
the first and of the last quarter may differ by a twentieth. Works on Linux.
"""
import asyncio
import gc
import json
import re
import statistics
import sys
import threading
import time
import types
import weakref


class Node:
    def __init__(self, left=None, right=None):
        self.left, self.right = left, right


class Closing:
    closed = 0

    def __del__(self):
        Closing.closed += 1


def trees():
    def make(depth):
        return Node(make(depth - 1), make(depth - 1)) if depth else Node()
    for _ in range(6):
        make(13)


def cycles():
    for _ in range(20000):
        a = Node()
        a.left = Node(a)
        a.right = [a, {"a": a}]


def strings():
    parts = []
    for i in range(40000):
        parts.append(f"{i:08d}-{i * i}")
        if len(parts) == 500:
            "".join(parts).upper().replace("-", "+").split("+")
            parts.clear()
    b"x" * 5_000_000
    bytearray(3_000_000)


def dicts():
    d = {}
    for i in range(60000):
        d[i % 3000, str(i % 100)] = [i]
        if i % 7 == 0:
            d.pop((i % 3000, str(i % 100)), None)


def names():
    for i in range(3000):
        n = types.SimpleNamespace()
        setattr(n, f"attribute_{i}_{time.monotonic_ns()}", i)


def exceptions():
    def deep(n):
        if n:
            return deep(n - 1)
        raise ValueError(bytes(1000))
    for _ in range(2000):
        try:
            deep(20)
        except ValueError as e:
            e.__traceback__.tb_frame.f_locals


def generators():
    def g():
        try:
            while True:
                yield bytearray(100)
        finally:
            pass
    for _ in range(20000):
        next(g())


def code():
    for i in range(150):
        space = {}
        exec(compile(f"def f(x):\n return [x + {i}, {{x: {i}}}]\nclass C:\n a = {i}\n def m(self): return self.a", "m", "exec"), space)
        space["f"](1)
        space["C"]().m()
        eval(f"{i} + len('{i}')")


def classes():
    for i in range(500):
        C = type(f"C{i}", (Node,), {"x": i, "m": lambda self: self.x})
        C().m()


def references():
    table = weakref.WeakValueDictionary()
    for i in range(10000):
        n = Node()
        table[i % 100] = n
        weakref.finalize(n, len, "")
        Closing()


def patterns():
    for i in range(60):
        re.compile(rf"(a|b{i})+\d{{{i % 7 + 1}}}").sub("", "ab" * 500)
        json.loads(json.dumps({str(k): [k, None, 1.5] for k in range(500)}))


def tasks():
    async def one(i):
        await asyncio.sleep(0)
        return [i]

    async def main():
        await asyncio.gather(*(one(i) for i in range(2000)))
    asyncio.run(main())


def threads():
    for _ in range(5):
        ts = [threading.Thread(target=dict.fromkeys, args=(range(20000),)) for _ in range(4)]
        for t in ts:
            t.start()
        for t in ts:
            t.join()


def numbers():
    x = 1
    for i in range(1, 1500):
        x *= i
    len(str(x))
    sum(float(i) ** 0.5 for i in range(30000))


KINDS = [trees, cycles, strings, dicts, names, exceptions, generators, code, classes, references, patterns, tasks, threads,
         numbers]


def resident():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * 4 // 1024


def main():
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 1
    kinds = [k for k in KINDS if k.__name__ in sys.argv[2:] or len(sys.argv) < 3]
    start, end = time.monotonic(), time.monotonic() + 60 * minutes
    seen, rounds, shown = [], 0, 0
    while time.monotonic() < end:
        for k in kinds:
            k()
        rounds += 1
        now = time.monotonic() - start
        if now > 12 * minutes:
            seen.append(resident())
        if now > shown:
            print(f"{now:6.0f} s  {rounds:5d} rounds  {resident()} MB", flush=True)
            shown += 6 * minutes
    quarter = max(len(seen) // 4, 1)
    first, last = statistics.median(seen[:quarter]), statistics.median(seen[-quarter:])
    print(f"resident: {first} MB ({min(seen[:quarter])} at least), at the end {last} MB ({min(seen[-quarter:])}), "
          f"at most {max(seen)} MB; {Closing.closed} finalizers")
    sys.exit(last > first * 1.05 + 1)


if __name__ == "__main__":
    main()
