# Binary streams: buffers over files and over streams written in Python.
import io, os, tempfile

d = tempfile.mkdtemp()
p = os.path.join(d, 'f.bin')

class Raw(io.RawIOBase):
    def __init__(self, chunks, room=5):
        self.chunks, self.room, self.out = list(chunks), room, []
    def readable(self): return True
    def writable(self): return True
    def readinto(self, b):
        if not self.chunks:
            return 0
        c = self.chunks[0]
        if c is None:
            self.chunks.pop(0)
            return None
        n = min(len(b), len(c))
        b[:n] = c[:n]
        if n == len(c):
            self.chunks.pop(0)
        else:
            self.chunks[0] = c[n:]
        return n
    def write(self, b):
        if not self.room:
            return None
        n = min(self.room, len(b))
        self.out.append(bytes(b[:n]))
        return n

r = io.BufferedReader(Raw([b'abc', b'def\ngh', None, b'ijkl\nm']), 4)
print(r.peek(), r.read(2), r.read1(10), r.readline(), r.read(3), r.read(), r.read())
r = io.BufferedReader(Raw([b'one\ntwo\n', b'three']))
print(list(r))
b = bytearray(6)
r = io.BufferedReader(Raw([b'abcd', b'efgh']), 3)
print(r.readinto(b), b, r.readinto1(b), b)
w = io.BufferedWriter(Raw([]), 8)
for x in (b'abc', b'defgh', b'i', b'0123456789abc'):
    w.write(x)
print(w.raw.out)
w.flush()
print(w.raw.out)
w.raw.room = 0
w.write(b'xyz')
try:
    w.write(b'0123456789')
except BlockingIOError as e:
    print(e.errno, e.characters_written)
w.raw.room = 100
w.close()
print(w.raw.out[-1], w.closed)

with open(p, 'w+b') as f:
    print(type(f).__name__, f.write(b'0123456789' * 3), f.seek(5), f.read(4), f.write(b'XY'), f.tell(), f.read(3))
    print(f.seek(-4, 2), f.read1(), f.truncate(7), f.seek(0), f.read())
    f.seek(2); f.write(b'--'); f.seek(0); print(f.readline(), f.peek(1))
with open(p, 'ab') as f:
    print(f.tell(), f.write(b'end'), f.tell())
with open(p, 'rb', 0) as f:
    print(type(f).__name__, f.read(3), f.readall(), f.read(), f.mode, f.seekable(), f.isatty())
fd = os.open(p, os.O_RDONLY)
f = open(fd, 'rb', closefd=False)
f.read(2); f.close()
print(os.lseek(fd, 0, 1) > 0); os.close(fd)
try:
    open(p, 'xb')
except FileExistsError as e:
    print(e.errno)
f = open(p, 'rb')
g = f.detach()
try:
    f.read()
except ValueError as e:
    print(e)
print(g.read(2)); g.close()

m = io.BytesIO(b'hello')
v = m.getbuffer(); v[0] = 72
print(m.getvalue(), m.read(2), m.seek(1, 1), m.write(b'__!'), m.getvalue()) if not v.release() else 0
m.seek(10); m.write(b'z'); print(m.getvalue(), m.truncate(3), m.getvalue(), list(io.BytesIO(b'a\nb\n\nc')))
s = io.StringIO('aé\nb€\n'); print(s.read(2), s.tell(), s.readline(), s.write('XX'), s.seek(1), s.write('00'), s.getvalue(), s.seek(9), s.write('!'), ascii(s.getvalue()))
for nl in (None, '', '\n', '\r', '\r\n'):
    s = io.StringIO('a\nb\r\nc\rd', nl); s.seek(0, 2); s.write('\ne'); s.seek(0); print(repr(nl), list(s), s.newlines)
open(os.path.join(d, 'lost'), 'w').write('data' * 5000)
import gc; gc.collect(); gc.collect()
print(os.path.getsize(os.path.join(d, 'lost')))
