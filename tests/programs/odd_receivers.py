"""What a program may do to objects that have less to them than their methods expect, and what then is an error."""
import _hashlib
import sqlite3
import threading
import time


def attempt(f, *args):
    try:
        print(f(*args))
    except Exception as e:
        print(type(e).__name__, e)


# Classes below those without instances.
class Hash(_hashlib.HASH):
    pass


class Extendable(_hashlib.HASHXOF):
    pass


for c in Hash, Extendable:
    attempt(c)
    attempt(c.__new__, c)
    attempt(object.__new__, c)

# Names of attributes that are no strings.
attempt(time.__getattribute__, 5)
attempt(object.__getattribute__, time, 5)
attempt(type.__getattribute__, int, 5)
attempt(super(int, 1).__getattribute__, b"a")

# Threads that there are not.
time.pthread_getcpuclockid(threading.get_ident())


class Path:
    def __init__(self, path):
        self.path = path

    def __fspath__(self):
        return self.path


for path in bytearray(b"a"), 5, None, "a\0b":
    attempt(sqlite3.connect, Path(path))
