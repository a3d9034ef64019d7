#!/usr/bin/env python3
"""How pure Python work scales over two threads. Runs under the implementation to measure:

    adder bench/scaling.py [N]        N: rounds of a unit; by default so many that starting a thread is nothing beside them

Prints for each kind of work the time of two units on one thread, of one unit on each of
two threads, and their ratio (0.5 is perfect).
"""
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


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000_000
    for work in (independent, allocating, shared_reads):
        work(n // 10)
        one = min(timed(lambda: (work(n), work(n))) for _ in range(3))
        two = min(timed(lambda: both(work, n)) for _ in range(3))
        print(f"{work.__name__:14s} one thread {one:.3f} s, two threads {two:.3f} s, ratio {two / one:.3f}")


if __name__ == "__main__":
    main()
