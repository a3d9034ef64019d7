# Views that only temporaries held do not stand in the way of a resize.
import array
import os
import struct

fd = os.open("/dev/zero", os.O_RDONLY)


def drop_slice(b):
    len(memoryview(b)[2:])
    b.append(3)


def read_into(b):
    os.readv(fd, [memoryview(b)[2:]])
    b.resize(30)


def loop(b):
    for x in memoryview(b):
        pass
    b.resize(30)


def call(b):
    def f(m):
        m[1] = 5

    f(memoryview(b))
    b.resize(30)


def cast(b):
    memoryview(b).cast("b")[0] = 3
    del b[2:]


def to_bytes(b):
    bytes(memoryview(b)[3:])
    del b[2:]


def to_int(b):
    b[:] = b"0123456789"
    int(memoryview(b)[3:])
    b += b"x"


def unpack(b):
    [*memoryview(b)]
    struct.unpack_from("<I", memoryview(b)[2:])
    b += b"x"


def live(b):
    m = memoryview(b)[1:]
    try:
        b.append(1)
    except BufferError as e:
        print(e, len(m))
    m = None
    b.append(1)


def live_in_list(b):
    keep = [iter(memoryview(b))]
    try:
        b.clear()
    except BufferError as e:
        print(e, next(keep[0]))


for f in drop_slice, read_into, loop, call, cast, to_bytes, to_int, unpack:
    for n in range(3000):
        f(bytearray(10))
    print(f.__name__, "ok")
live(bytearray(10))
live_in_list(bytearray(b"abc"))

a = array.array("i", range(10))
for n in range(100):
    sum(memoryview(a)[3:])
    a.append(n)
print(len(a))
