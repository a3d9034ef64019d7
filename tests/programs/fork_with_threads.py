# A child of a fork does not wait for threads that it does not have: whatever they were doing.
import os
import signal
import threading
import warnings

warnings.simplefilter("ignore")

shared_dict, shared_list, shared_set = {}, [], set()
stop = False


def changes():
    n = 0
    while not stop:
        n += 1
        shared_dict[n % 3000] = n
        shared_list.append(n)
        shared_set.add(n % 3000)
        if n % 1000 == 0:
            shared_dict.clear()
            shared_list.clear()
            shared_set.clear()


def starts():
    while not stop:
        t = threading.Thread(target=int)
        t.start()
        t.join()


threads = [threading.Thread(target=f) for f in (changes, changes, starts)]
for t in threads:
    t.start()

bad = 0
for i in range(30):
    pid = os.fork()
    if pid == 0:
        signal.alarm(10)
        shared_dict["child"] = 1
        shared_list.append(1)
        shared_set.add("child")
        t = threading.Thread(target=int)
        t.start()
        t.join()
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    bad += status != 0
stop = True
for t in threads:
    t.join()
print("bad", bad)
