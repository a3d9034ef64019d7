# Threads: locks, conditions, queues, events, thread-local data, pools, exceptions, barriers, atomicity of builtins.
import threading, queue, time, contextvars
from concurrent.futures import ThreadPoolExecutor, as_completed, wait

counter, lock = 0, threading.Lock()
def add(n):
    global counter
    for _ in range(n):
        with lock:
            counter += 1
threads = [threading.Thread(target=add, args=(2000,), name=f"adder-{i}") for i in range(4)]
for t in threads: t.start()
for t in threads: t.join()
print(counter, [t.name for t in threads], any(t.is_alive() for t in threads))

# Single operations on builtins are atomic: nothing gets lost.
shared_list, shared_dict, shared_set = [], {}, set()
def fill(k):
    for i in range(1000):
        shared_list.append((k, i))
        shared_dict[k, i] = i
        shared_set.add(i * 10 + k)
threads = [threading.Thread(target=fill, args=(k,)) for k in range(4)]
for t in threads: t.start()
for t in threads: t.join()
print(len(shared_list), len(shared_dict), len(shared_set), all([i for k, i in shared_list if k == j] == list(range(1000)) for j in range(4)))

q, results = queue.Queue(maxsize=2), []
def consumer():
    while (item := q.get()) is not None:
        results.append(item * item)
        q.task_done()
    q.task_done()
c = threading.Thread(target=consumer)
c.start()
for i in range(10): q.put(i)
q.put(None)
q.join(); c.join()
print(results, q.empty())
try:
    q.get(timeout=0.01)
except queue.Empty as e:
    print(type(e).__name__)
pq = queue.PriorityQueue()
for v in (3, 1, 2): pq.put(v)
print([pq.get() for _ in range(3)], queue.SimpleQueue().qsize())

cond, items = threading.Condition(), []
def producer():
    for i in range(3):
        with cond:
            items.append(i)
            cond.notify()
p = threading.Thread(target=producer)
with cond:
    p.start()
    cond.wait_for(lambda: len(items) == 3, timeout=10)
p.join()
print(items)

event, local, seen = threading.Event(), threading.local(), {}
local.value = "main"
def wait_for_event(n):
    local.value = n
    event.wait()
    seen[n] = local.value
ts = [threading.Thread(target=wait_for_event, args=(n,)) for n in range(3)]
for t in ts: t.start()
event.set()
for t in ts: t.join()
print(sorted(seen.items()), local.value, event.is_set())

barrier, passed = threading.Barrier(3), []
def meet():
    barrier.wait()
    passed.append(1)
ts = [threading.Thread(target=meet) for _ in range(3)]
for t in ts: t.start()
for t in ts: t.join()
print(len(passed), barrier.broken)
r = threading.RLock()
with r, r:
    print("reentrant")
sem = threading.BoundedSemaphore(1)
sem.acquire()
print(sem.acquire(blocking=False), lock.acquire(timeout=0.01), lock.locked())
sem.release(); lock.release()
for bad in (lock.release, sem.release, r.release):
    try:
        bad()
    except (RuntimeError, ValueError) as e:
        print(type(e).__name__, e)

with ThreadPoolExecutor(3) as pool:
    print(list(pool.map(lambda x: x * x, range(6))), pool.submit(pow, 2, 10).result())
    failing = pool.submit(lambda: 1 / 0)
    print(repr(failing.exception()), failing.done())
    print(sorted(f.result() for f in as_completed([pool.submit(len, "x" * i) for i in range(4)])))
    done, pending = wait([pool.submit(time.sleep, 0)])
    print(len(done), len(pending))
hooked = []
threading.excepthook = lambda args: hooked.append((args.exc_type.__name__, str(args.exc_value), args.thread.name))
def boom(): raise ValueError("in thread")
t = threading.Thread(target=boom, name="boomer")
t.start(); t.join()
print(hooked)
var = contextvars.ContextVar("var", default="unset")
var.set("main")
out = []
t = threading.Thread(target=lambda: out.append(var.get()))
t.start(); t.join()
ctx = contextvars.copy_context()
print(out, ctx.run(lambda: (var.set("inside"), var.get())[1]), var.get(), ctx[var])
timer_ran = threading.Event()
threading.Timer(0.001, timer_ran.set).start()
print(timer_ran.wait(10), threading.current_thread() is threading.main_thread(), threading.current_thread().name)
try:
    t.start()
except RuntimeError as e:
    print(e)
d = threading.Thread(target=time.sleep, args=(60,), daemon=True)
d.start()
print(d.daemon, d.is_alive())
class Mine(threading.Thread):
    def run(self): self.result = sum(range(100))
m = Mine(); m.start(); m.join()
print(m.result)
def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
with ThreadPoolExecutor(4) as pool:
    print(list(pool.map(fib, [15] * 4)))
