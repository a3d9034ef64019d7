# A variable of an enclosing function is deleted and bound again by one thread while others read it.
import threading
import time

end = time.monotonic() + 0.6
ended = []


def shared():
    x = (1,)

    def read():
        n = 0
        while time.monotonic() < end:
            for i in range(2000):
                try:
                    n += x[0]
                except NameError:
                    pass
        ended.append(n > 0)

    def toggle():
        nonlocal x
        while time.monotonic() < end:
            for i in range(2000):
                del x
                x = (1,)
        ended.append(True)

    return read, toggle


read, toggle = shared()
threads = [threading.Thread(target=f) for f in (read, toggle, read)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(ended)
