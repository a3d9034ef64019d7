# A child of a fork does not wait for threads that it does not have: whatever they were doing.
import io
import os
import signal
import sys
import threading
import warnings
import zlib

warnings.simplefilter("ignore")

r, w = os.pipe()
pipe = open(w, "wb", buffering=16)
text = open(os.devnull, "w")
shared_dict, shared_list, shared_set = {}, [], set()
compressor = zlib.compressobj()
stop = False


def writes_to_full_pipe():
    try:
        while not stop:
            pipe.write(b"x" * 100)
    except OSError:
        pass


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


def prints():
    while not stop:
        print("some text", file=text)
        warnings.warn("nothing")
        warnings.simplefilter("ignore", append=True)


def compresses():
    while not stop:
        compressor.compress(b"abc" * 1000)


def starts():
    while not stop:
        t = threading.Thread(target=int)
        t.start()
        t.join()


threads = [threading.Thread(target=f) for f in (changes, changes, prints, prints, compresses, starts)]
threads.append(threading.Thread(target=writes_to_full_pipe, daemon=True))
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
        print("child", file=text)
        text.flush()
        warnings.warn("child")
        compressor.compress(b"child" * 1000)
        t = threading.Thread(target=print, args=("thread",), kwargs={"file": text})
        t.start()
        t.join()
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    bad += status != 0
stop = True
os.close(r)
for t in threads[:-1]:
    t.join()
print("bad", bad)
os._exit(0)
