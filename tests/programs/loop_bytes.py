# Bytes in loops: iterators, slices, sums, numbers made of them.
import base64, random
random.seed(3)
def its(b):
    t = 0
    for k in range(60):
        it = iter(b)
        for c in it: t += c
        t += len(list(it))
        for c in b[k:k+5]: t = t * 3 + c
        t %= 1 << 40
    return t
def red():
    out = []
    for k in range(40):
        it = iter(b'abc')
        for c in it:
            if c == 98 and k % 9 == 0: break
        out.append(it.__reduce__()[1])
    return out[:12]
def sl(s, l, t, b, ba):
    r = []
    n = None
    for k in range(80):
        a, z = (k % 7, k % 11) if k < 60 else (-k % 5, n)
        r.append((s[a:z], l[a:z], t[:z], b[a:], ba[a:z], b[:], s[:], s[-a:z]))
    return hash(str(r))
def fb():
    t = 0
    for k in range(60):
        t ^= int.from_bytes(bytes([k] * (k % 12))) + int.from_bytes(b'\xff' * (k % 10), 'little') + int.from_bytes(b'ab', 'big')
    return t
class B(bytes): pass
def cat():
    e = bytearray(); u = b''
    for k in range(60):
        x = b'ab' if k < 50 else B(b'q')
        e += x + b'' + b'c'
        u = u + x if k % 3 else x + u
    return bytes(e), u, type(b'' + B(b'x'))
import hashlib
d = random.randbytes(400)
for n in (1, 3, 5, 100, 400):
    for enc, dec in ((base64.b32encode, base64.b32decode), (base64.b85encode, base64.b85decode), (base64.a85encode, base64.a85decode)):
        assert dec(enc(d[:n])) == d[:n]
print(its(b'hello world'), red(), fb(), cat())
s = 'abcdefghi'; u = 'a\u00e9\u4e00b\U0001f600cdef'
import zlib
def sl2(*a):
    r = []
    n = None
    for k in range(80):
        x, z = (k % 7, k % 11) if k < 60 else (-k % 5, n)
        r.append([v[x:z] for v in a] + [v[:z] for v in a] + [v[x:] for v in a])
    return zlib.crc32(repr(r).encode())
print(sl2(s, u, list(s), tuple(u), b'bytesbytes', bytearray(b'helloworld'), range(20)))
