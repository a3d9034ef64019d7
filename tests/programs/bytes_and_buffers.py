# bytes, bytearray, memoryview, array, struct: methods, slices, buffer protocol, exports, errors.
import array, struct

b = b"Hello\x00World"
print(b, len(b), b[0], b[-1:], b[1:5], b[::-1], list(b[:3]), 72 in b, b"World" in b, b.find(b"o"), b.find(111, 5), b.count(b"l"), b.split(b"\0"))
print(bytes(3), bytes([1, 2, 255]), bytes(b"x"), bytes("é", "utf-8"), bytes.fromhex("de ad BE ef"), b"\xde\xad".hex(), b"\x01\x02\x03\x04".hex("-", 2), b"a" * 3, b"a" + b"b")
print(b"Hello".upper(), b"a,b".split(b","), b" x ".strip(), b"abc".replace(b"b", b"--"), b"x".center(5, b"."), b"%s=%d %x %r" % (b"k", 5, 255, "z"), b",".join([b"a", bytearray(b"b")]))
print(b"abc" < b"abd", b"a" == "a", b"a" == bytearray(b"a"), hash(b"a") == hash(bytes([97])), repr(b"it's \\ \n \x7f\xff\""), b"abc".isalpha(), b"A1".isalnum(), b"ab".translate(bytes(range(256)), b"a"))
print(b"a\tb".expandtabs(4), b"ab\ncd".splitlines(), b"k=v".partition(b"="), b"pre-x".removeprefix(b"pre-"), b"abc".startswith((b"x", b"ab")), b"\xc3\xa9".decode(), b"42".zfill(5), b"aXb".swapcase())

a = bytearray(b"abc")
a.append(100); a.extend(b"ef"); a.insert(0, 64); a += b"g"; a[1:3] = b"XYZ"; a[0] = 33; del a[-1]
print(a, a.pop(), a.pop(0), a, a.index(b"Z"), a[::2], a * 2, a.reverse(), a, bytes(a), a.copy() == a, a.remove(90), a)
a.clear()
a.extend(range(5)); a.resize(7)
print(a, bytearray(2), bytearray("é", "latin-1"), bytearray(b"x").join([b"1", b"2"]), a.hex(), type(a[1:3]).__name__)

m = memoryview(bytearray(b"0123456789"))
print(m[0], m[2:5].tobytes(), m[::-2].tolist(), m.nbytes, m.itemsize, m.format, m.shape, m.strides, m.readonly, m.contiguous, m.obj)
m[0] = 65
m[1:3] = b"BC"
print(m.obj, m[1:3] == b"BC", bytes(m[5:]), m.tobytes()[:3], memoryview(b"ab") == b"ab", hash(memoryview(b"x")) == hash(b"x"))
words = memoryview(array.array("I", [1, 2, 3, 4]))
print(words.cast("B")[0:4].tolist(), words.cast("B").cast("I", [2, 2]).tolist(), words.format, words[2], words.itemsize)
ba = bytearray(b"abc")
with memoryview(ba) as view:
    try:
        ba.append(1)
    except BufferError as e:
        print(e)
    sub = view[1:]
    ba[1] = 88
    print(sub.tobytes())
    sub.release()
ba.append(100)
try:
    view[0]
except ValueError as e:
    print(e, ba)

arr = array.array("d", [1.5, 2.5])
arr.append(3); arr.extend([4]); arr.insert(0, -1)
print(arr, arr[1:3], arr.index(3), arr.pop(), sum(arr), arr.typecode, arr.itemsize, array.array("h", b"\x01\x00\xff\xff"), array.array("w", "héé"), arr.tobytes()[:8])
print(array.array("i", [1, 2]) + array.array("i", [3]), array.array("B", [1]) * 3, array.array("i", [1, 2]) < array.array("i", [1, 3]), array.array("b", range(3)).tolist())
print(struct.pack("<ihb?f3s", 1, -2, 3, True, 1.5, b"abcd"), struct.unpack("<ihb?f3s", struct.pack("<ihb?f3s", 1, -2, 3, True, 1.5, b"ab")), struct.calcsize("@bi"), struct.calcsize("=bi"))
print(struct.pack(">Q", 2 ** 63), struct.unpack_from("!H", b"\0\1\2\3", 1), list(struct.iter_unpack("<H", b"\1\0\2\0")), struct.pack("5p", b"ab"), struct.pack(">e", 1.5), struct.pack("2x"))
buf = bytearray(8)
struct.pack_into(">I", buf, 2, 0xDEADBEEF)
print(buf, int.from_bytes(buf, "big"), (1000).to_bytes(3, "little"), (-2).to_bytes(2, signed=True), int.from_bytes(b"\xff\xfe", "little", signed=True))

class Buffer:
    def __init__(self): self.data = bytearray(b"python buffer")
    def __buffer__(self, flags): return memoryview(self.data)
    def __release_buffer__(self, view): print("released"); view.release()
print(bytes(Buffer()), b"".join([b"a", b"b"]))
for bad in (lambda: bytes([256]), lambda: bytes("x"), lambda: b"a" + "b", lambda: b"a"[1], lambda: bytes(-1), lambda: b"ab".index(b"z"), lambda: bytearray(b"a").append(300), lambda: bytes.fromhex("0g"),
            lambda: b"\xff".decode(), lambda: b"\xc3".decode(), lambda: b"x".decode("ascii" if 0 else "rot13"), lambda: memoryview("x"), lambda: memoryview(b"ab").__setitem__(0, 1), lambda: b"%d" % "x",
            lambda: struct.pack("b", 200), lambda: struct.unpack("i", b"abc"), lambda: struct.pack("z", 1), lambda: array.array("i", [1.5]), lambda: array.array("q"), lambda: array.array("y"), lambda: b"a" < "a",
            lambda: b",".join(["a"]), lambda: b"abc".split(b""), lambda: bytearray(b"a").remove(98), lambda: memoryview(b"abcd").cast("I")[1], lambda: b"a" * 2.0, lambda: bytes(1, "ascii"), lambda: bytearray().pop()):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__, e)
