# Objects that lose attributes in one thread while others read and write those that stay.
import sys
import threading

sys.setswitchinterval(1e-5)


class Job:
    done = False
    result = "of the class"

    def __init__(self, n):
        self.function = len
        self.args = (n,)
        self.result = n
        self.count = 0
        self.last = n


def lose(jobs, start):
    start.wait()
    for job in jobs:
        del job.function, job.args
        del job.last
        job.done = True


def look(jobs, start, wrong):
    start.wait()
    for n, job in enumerate(jobs):
        while True:
            done = job.done
            if job.result != n:
                wrong.append(("result", n, job.result))
            if vars(job).get("result") != n or getattr(job, "result") != n:
                wrong.append(("vars", n))
            last = getattr(job, "last", n)
            if last != n:
                wrong.append(("last", n, last))
            if done:
                break


wrong = []
for _ in range(6):
    jobs = [Job(n) for n in range(300)]
    start = threading.Barrier(3)
    threads = [
        threading.Thread(target=lose, args=(jobs, start)),
        threading.Thread(target=look, args=(jobs, start, wrong)),
        threading.Thread(target=look, args=(jobs, start, wrong)),
    ]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for n, job in enumerate(jobs):
        if vars(job) != {"result": n, "count": 0, "done": True}:
            wrong.append(("left", vars(job)))
print(wrong[:5], len(wrong))


class Moody:
    pass


def toggle(o, stop):
    for i in range(3000):
        o.a = "a"
        del o.a
        o.b = "b"
        del o.b
    stop.append(1)


o = Moody()
stop, seen = [], set()
t = threading.Thread(target=toggle, args=(o, stop))
t.start()
while True:
    seen.add(("a", getattr(o, "a", "a")))
    seen.add(("b", getattr(o, "b", "b")))
    if stop:
        break
t.join()
print(sorted(seen), vars(o))


class Counter:
    def __init__(self):
        self.a, self.b, self.count = 1, 2, 0


def count(counters, start):
    start.wait()
    for c in counters:
        for _ in range(30):
            c.count += 1


def forget(counters, start):
    start.wait()
    for c in counters:
        for _ in range(20):
            pass
        del c.a


lost = 0
for _ in range(5):
    counters = [Counter() for _ in range(1000)]
    start = threading.Barrier(2)
    threads = [threading.Thread(target=f, args=(counters, start)) for f in (count, forget)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    lost += sum(c.count != 30 for c in counters)
print(lost, "lost")
