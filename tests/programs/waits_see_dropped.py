# A connection that nobody refers to is closed while all threads wait in system calls.
import select, socket, threading, gc
def drop():
    a, b = socket.socketpair()
    return b
def wait_select(b): return select.select([b], [], [], 30)[0] == [b]
def wait_poll(b):
    p = select.poll(); p.register(b, select.POLLIN); return len(p.poll(30000)) == 1
def wait_epoll(b):
    p = select.epoll(); p.register(b, select.EPOLLIN); return len(p.poll(30)) == 1
def wait_timeout(b):
    b.settimeout(30); return b.recv(1) == b""
import warnings; warnings.simplefilter("ignore", ResourceWarning)
for f in wait_select, wait_poll, wait_epoll, wait_timeout:
    b = drop()
    print(f.__name__, f(b))
    b.close()
import time
t = time.monotonic()
for f in lambda: select.select([], [], [], 0.12), lambda: select.poll().poll(120), lambda: select.epoll().poll(0.12):
    f()
print(0.36 <= time.monotonic() - t < 3)
