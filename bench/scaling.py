#!/usr/bin/env python3
"""How pure Python work scales over two threads. Runs under the implementation to measure:

    adder bench/scaling.py [N [ROUNDS [KIND ...]]]      N: how often a unit of work loops; by default so many that
                                                        starting a thread is nothing beside them

Prints for each kind of work the least time of two units on one thread, the least time of one
unit on each of two threads, and their ratio (0.5 is perfect); beside it the same of two
processes, which shows what the machine itself gives. All are measured ROUNDS times (3 by
default) in turn: on a disturbed machine more and shorter rounds find its quiet moments.
Last the time of two units before the process had a second thread.
"""
import statistics
import subprocess
import sys
import threading
import time

TABLE = {i: str(i) for i in range(1000)}
ITEMS = list(range(1000))


class Config:
    factor = 3
    offset = 1

    def scale(self, x):
        return x * self.factor + self.offset


CONFIG = Config()


def independent(n):
    a, b, total = 0, 1, 0
    for i in range(n):
        a, b = b, (a + b) % 1000003
        total += a if i & 1 else -b
    return total


def allocating(n):
    kept = []
    for i in range(n // 4):
        kept.append((i, [i, str(i)]))
        if len(kept) > 100:
            kept.clear()
    return len(kept)


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y


def counting(n):
    yield from range(n)


def containers(n):
    counts, recent, found = {}, [], set()
    for i in counting(n // 8):
        k = i & 1023
        counts[k] = counts.get(k, 0) + 1
        recent.append(k)
        if len(recent) > 100:
            recent[0] = recent.pop()
            recent = [x for x in recent if x & 1]
        found.add(k)
        p = Point(i, k)
        p.x += p.y
    return len(counts) + len(found)


def shared_reads(n):
    total = 0
    for i in range(n // 2):
        k = i % 1000
        total += ITEMS[k] + len(TABLE[k]) + CONFIG.scale(k)
    return total


def timed(action):
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def both(work, n):
    threads = [threading.Thread(target=work, args=(n,)) for _ in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()


class Twins:
    """Two processes that do the work of the two threads: what the machine itself gives."""

    def __init__(self, work, n):
        command = [sys.executable, *subprocess._args_from_interpreter_flags(), __file__, "--unit", work.__name__, str(n)]
        self.children = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)
        ]
        for child in self.children:
            child.stdout.readline()

    def run(self):
        for child in self.children:
            print("go", file=child.stdin, flush=True)
        for child in self.children:
            child.stdout.readline()

    def close(self):
        for child in self.children:
            child.communicate()


def unit(work, n):
    """A twin: does the unit once for every line that it reads."""
    work(n // 10)
    print("ready", flush=True)
    for _ in sys.stdin:
        work(n)
        print("done", flush=True)


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    kinds = [globals()[name] for name in sys.argv[3:]] or (independent, allocating, containers, shared_reads)
    before = {}
    for work in kinds:
        work(n // 10)
        before[work] = min(timed(lambda: (work(n), work(n))) for _ in range(rounds))
    for work in kinds:
        twins = Twins(work, n)
        times = []
        # In turn, so that a slow moment of the machine meets all three.
        for _ in range(rounds):
            times.append((timed(lambda: (work(n), work(n))), timed(lambda: both(work, n)), timed(twins.run)))
        twins.close()
        one, threads, processes = map(min, zip(*times))
        print(
            f"{work.__name__:14s} one thread {one:.3f} s, two threads {threads:.3f} s, ratio {threads / one:.3f}"
            f" (two processes {processes / one:.3f}; medians of the rounds"
            f" {statistics.median(t / o for o, t, _ in times):.3f}, {statistics.median(p / o for o, _, p in times):.3f};"
            f" before another thread {before[work]:.3f} s)"
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--unit"]:
        unit(globals()[sys.argv[2]], int(sys.argv[3]))
    else:
        main()
