# Parent and child compile loops at the same time: neither may disturb the other's machine code.
import os


def work(seed):
    total = 0
    for k in range(40):
        ns = {}
        exec(f"def f(n):\n    t = {seed}\n    for i in range(n):\n        t = (t * {k + 3} + i) % {1009 + seed + k}\n    return t\n", ns)
        total = (total * 31 + ns["f"](1500)) % 1000003
    return total


def expected(seed):
    total = 0
    for k in range(40):
        t = seed
        for i in range(1500):
            t = (t * (k + 3) + i) % (1009 + seed + k)
        total = (total * 31 + t) % 1000003
    return total


warm = work(1) == expected(1)
children = []
for seed in range(2, 6):
    pid = os.fork()
    if pid == 0:
        os._exit(0 if work(seed) == expected(seed) else 1)
    children.append(pid)
print(warm, work(7) == expected(7))
print([os.waitstatus_to_exitcode(os.waitpid(p, 0)[1]) for p in children])
