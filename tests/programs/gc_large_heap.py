# A heap that is large enough for several threads to mark it, also in the child of a fork and with threads of the program.
import gc
import os
import threading
import weakref


class Node:
    def __init__(self, left, right):
        self.left = left
        self.right = right


def tree(depth):
    return Node(tree(depth - 1), tree(depth - 1)) if depth else Node(None, None)


def count(node):
    todo, n = [node], 0
    while todo:
        n += 1
        x = todo.pop()
        if x.left is not None:
            todo += x.left, x.right
    return n


def chain(n):
    last = None
    for i in range(n):
        last = [i, last]
    return last


def length(c):
    n = 0
    while c is not None:
        n, c = n + 1, c[1]
    return n


def work(depth):
    """Makes and drops as much again as there is."""
    t, c = tree(depth), chain(5_000)
    d = {(i, str(i)): [i] for i in range(5_000)}
    gc.collect()
    return count(t), length(c), sum(v[0] for v in d.values())


kept = tree(12)
table = {str(i): (i, [i] * 100, {"i": i}) for i in range(10_000)}
gone = [weakref.ref(n) for n in (tree(3), tree(4))]
there = weakref.ref(kept)
print(work(11))
gc.collect()
print([r() for r in gone], there() is kept)

pid = os.fork()
if pid == 0:
    ok = work(11) == (4095, 5_000, 12_497_500) and count(kept) == 8191
    gc.collect()
    os._exit(0 if ok and len(table) == 10_000 else 1)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))

results = []
threads = [threading.Thread(target=lambda: results.append(work(9))) for _ in range(4)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(results)
print(count(kept), sum(len(v[1]) + v[2]["i"] - v[0] for v in table.values()))
