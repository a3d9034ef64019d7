# A key that is neither a string nor a small int is compared with keys that another thread deletes and adds again.
import threading
import time

d = {i: i for i in range(64)}
end = time.monotonic() + 0.5
failed, ended = [], []


def change():
    while time.monotonic() < end:
        for i in range(64):
            d.pop(i, None)
            d[i] = i
    ended.append(1)


def look():
    try:
        while time.monotonic() < end:
            for i in range(64):
                if d.get(float(i), i) != i:
                    failed.append("another key's value")
        ended.append(1)
    except BaseException as e:
        failed.append(repr(e))


threads = [threading.Thread(target=f) for f in (change, look, look)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(failed[:3], len(ended))
