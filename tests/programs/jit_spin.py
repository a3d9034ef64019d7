"""Loops that wait for what another thread, or a signal handler, writes."""
import signal
import threading


class Box:
    pass


def lists():
    started, go_on, interrupted = [False], [True], [False]

    def worker():
        n = 2_000_000_000
        started[0] = True
        while go_on[0]:
            if n:
                n -= 1
            else:
                return
        interrupted[0] = True

    t = threading.Thread(target=worker)
    t.start()
    while not started[0]:
        pass
    go_on[0] = False
    t.join()
    print(interrupted)


def others():
    box, d, cell, ready = Box(), {"k": 0}, 0, bytearray(1)
    box.x = 0
    turn = threading.Event()

    def worker():
        nonlocal cell
        for write in (lambda: setattr(box, "x", 1), lambda: d.update(k=1), lambda: ready.__setitem__(0, 1)):
            turn.wait()
            turn.clear()
            write()
        turn.wait()
        cell = 1

    t = threading.Thread(target=worker)
    t.start()
    n = 0
    while box.x == 0:
        n += 1
        if n == 30_000:
            turn.set()
    n = 0
    while d["k"] == 0:
        n += 1
        if n == 30_000:
            turn.set()
    n = 0
    while not ready[0]:
        n += 1
        if n == 30_000:
            turn.set()
    n = 0
    while cell == 0:
        n += 1
        if n == 30_000:
            turn.set()
    t.join()
    print(box.x, d, ready, cell)


flag = 0


def names():
    def worker():
        global flag
        for i in range(1, 4):
            turn.wait()
            turn.clear()
            flag = i

    turn = threading.Event()
    t = threading.Thread(target=worker)
    t.start()
    for i in range(3):
        n = 0
        while flag == i:
            n += 1
            if n == 30_000:
                turn.set()
    t.join()
    print(flag)


def signals():
    hit = []
    signal.signal(signal.SIGALRM, lambda *a: hit.append(1))
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    while not hit:
        pass
    print(hit)


lists()
others()
names()
signals()
