# What would be too large is refused at once, before anything is made for it.
import itertools

for f in [
    lambda: itertools.product([], [1], repeat=1 << 38),
    lambda: itertools.product("ab", repeat=1 << 38),
    lambda: itertools.tee([1], 1 << 40),
    lambda: itertools.tee([1], 1 << 60),
    lambda: list(itertools.product("ab", repeat=3))[-1],
    lambda: list(itertools.product(repeat=5)),
    lambda: list(itertools.product([1], repeat=0)),
    lambda: list(itertools.product("ab", [1], repeat=2)),
    lambda: len(next(itertools.product([1], repeat=100))),
    lambda: [list(i) for i in itertools.tee([1, 2], 3)],
    lambda: [len(list(i)) for i in itertools.tee(range(200), 30)],
    lambda: itertools.tee([1], 0),
]:
    try:
        print(f())
    except (MemoryError, OverflowError) as e:
        print(type(e).__name__)

# What a format says may be larger than any buffer.
import struct

for fmt, *values in [("9223372036854775807x",), ("4611686018427387904s", b"a"), ("4611686018427387904x",), ("12x",), ("3xb", 7)]:
    for offset in (0, 3, -2, -11, 11):
        buffer = bytearray(10)
        try:
            struct.pack_into(fmt, buffer, offset, *values)
            print(fmt, offset, bytes(buffer))
        except struct.error as e:
            print(fmt, offset, e)
