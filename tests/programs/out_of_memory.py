"""Without memory there is a MemoryError, whoever notices, and the program goes on when it has let go of what it held.

The child has little address space, so that it happens soon.
"""
import resource
import subprocess
import sys

CHILD = r'''
import sys

def small():
    # Nothing asks for much at once.
    l = [None] * 10**7
    for i in range(10**7):
        l[i] = (i,)

def floats():
    l, x = [], 0.0
    while True:
        x += 1.5
        l.append(x)

def tabs():
    ("\t" * 1000).expandtabs(2**31 - 1)

def byte_tabs():
    (b"\t" * 1000).expandtabs(2**31 - 1)

def replaced():
    ("a" * 10**5).replace("a", "b" * 10**7)

def replaced_bytes():
    (b"a" * 10**5).replace(b"a", b"b" * 10**7)

def padded():
    b"x".rjust(2**31)

def zeros():
    bytearray(b"x").zfill(2**31)

def joined():
    b",".join([b"x" * 10**7] * 10**5)

def formatted():
    ("{0}" * 10**5).format("x" * 10**7)

def percent():
    ("%s" * 1000) % (("x" * 10**7,) * 1000)

def substituted():
    import re
    re.sub("a", "b" * 10**7, "a" * 10**5)

def unpacked():
    import zlib
    c = zlib.compressobj(1)
    zlib.decompress(b"".join([c.compress(bytes(1 << 20)) for i in range(500)] + [c.flush()]))

def line():
    with open("/dev/zero") as f:
        f.readline()

def byte_line():
    with open("/dev/zero", "rb") as f:
        f.readline()

def key():
    import hashlib
    hashlib.pbkdf2_hmac("sha256", b"a", b"b", 1, 2**31 - 1)

def quoted():
    import binascii
    binascii.b2a_qp(bytes(10**8), istext=False)

def escaped():
    repr(b"\0" * 10**8)

def translated():
    ("a" * 10**7).translate({97: "b" * 100})

def decimals():
    "%.*f" % (2**30, 1.0)

def events():
    import select
    with select.epoll() as e:
        e.poll(0, 2**31 - 2)

for f in (unpacked, line, byte_line, key, quoted, escaped, translated, decimals, events, small, floats, tabs, byte_tabs, replaced,
          replaced_bytes, padded, zeros, joined, formatted, percent, substituted):
    for again in range(2):
        try:
            f()
        except MemoryError:
            print(f.__name__, "MemoryError", flush=True)
'''

limit = 400 << 20
done = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True,
                      preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
print(done.stdout, end="")
print("status", done.returncode)
if done.returncode:
    print(done.stderr[-2000:])
