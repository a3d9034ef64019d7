# A bytearray is decoded while another thread writes to it: what comes out is a text, or bytes that are none.
import threading
import time

N = 60000
data = bytearray(b"a" * N)
end = time.monotonic() + 0.7
wrong, ended = [], []


def write():
    while time.monotonic() < end:
        data[:] = b"\xc3\xa9" * (N // 2)
        data[:] = b"a" * N
        data[:] = b"a\xc3\xa9" * (N // 3)
    ended.append(1)


def read():
    while time.monotonic() < end:
        for codec in "utf-8", "ascii":
            try:
                s = data.decode(codec)
            except UnicodeDecodeError:
                continue
            if s.encode().decode() != s or not set(s) <= {"a", "\xe9"}:
                wrong.append(codec)
    ended.append(1)


threads = [threading.Thread(target=f) for f in (write, read)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(wrong[:3], len(ended))
