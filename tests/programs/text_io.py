# Files and streams: text and binary, newlines, encodings, seeking, buffering, StringIO, BytesIO, errors, print.
import io, os, sys, tempfile

folder = tempfile.mkdtemp()
path = os.path.join(folder, "f.txt")
with open(path, "w", encoding="utf-8", newline="") as f:
    print(f.write("line 1\nline é2\r\nline 3\rlast"), f.tell(), f.writable(), f.readable(), f.closed, f.mode, os.path.basename(f.name))
    print("printed", 1, 2.5, sep="-", end="!\n", file=f)
with open(path, encoding="utf-8") as f:
    print(f.readline(), f.readlines(), f.read(), f.newlines, f.encoding)
for newline in (None, "", "\n", "\r", "\r\n"):
    with open(path, encoding="utf-8", newline=newline) as f:
        print(newline, list(f))
with open(path, "rb") as f:
    print(f.read(4), f.seek(-6, 2), f.read(), f.tell(), f.seek(0), f.readline(3), next(f), f.readinto(b := bytearray(3)), b, f.peek(1)[:1])
with open(path, "r+b") as f:
    f.seek(2); f.write(b"XX"); f.seek(0)
    print(f.read(6), f.truncate(4), f.seek(0), f.read())
with open(path, "a+", encoding="utf-8") as f:
    f.write("ap\n"); f.seek(0)
    print(f.read())
with open(path, "x" if not os.path.exists(path) else "w", encoding="utf-16") as f:
    f.write("é🐍")
print(open(path, "rb").read()[:2] in (b"\xff\xfe", b"\xfe\xff"), open(path, encoding="utf-16").read(), os.path.getsize(path))
with open(path, "wb", buffering=0) as f:
    print(f.write(b"\xff\xfeabc\n"), type(f).__name__)
for errors in ("replace", "ignore", "surrogateescape", "backslashreplace"):
    print(errors, ascii(open(path, encoding="utf-8", errors=errors).read()))
with open(path, "w+", encoding="utf-8") as f:
    f.write("0123456789\n" * 1000)
    f.seek(0)
    f.readline()
    mark = f.tell()
    f.read(5)
    f.seek(mark)
    print(f.read(3), f.seek(0, 2), f.read(), f.truncate(11), f.seek(0), f.read())
with open(path, "w", encoding="utf-8", buffering=1) as f:
    f.write("buffered\n")
    print(os.path.getsize(path))
open(path, "w").write("data never lost")
import gc; gc.collect()
print(open(path).read())

s = io.StringIO("a\nb\r\nc", newline=None)
print(s.readlines(), s.seek(0), s.read(1), s.getvalue(), s.write("ZZ"), s.getvalue(), s.tell(), s.truncate(2), s.getvalue())
b = io.BytesIO(b"hello")
print(b.read(2), b.seek(10), b.write(b"!"), b.getvalue(), b.getbuffer()[:2].tobytes(), b.readinto(bytearray(1)), b.seek(0), list(io.BytesIO(b"1\n2")))
t = io.TextIOWrapper(io.BytesIO(), encoding="latin-1", newline="\r\n", write_through=True)
t.write("é\nx")
print(t.buffer.getvalue(), t.detach().getvalue(), io.TextIOWrapper(io.BytesIO(b"a\r\nb"), newline="").read())
r = io.BufferedReader(io.BytesIO(b"0123456789"), 4)
print(r.peek()[:2], r.read(3), r.read1(9), r.read(), r.readable(), io.BufferedRandom(io.BytesIO(b"abc")).read(2))
class Raw(io.RawIOBase):
    def __init__(self): self.chunks = [b"first\nse", b"cond\n", b""]
    def readable(self): return True
    def readinto(self, buf):
        c = self.chunks.pop(0)
        buf[:len(c)] = c
        return len(c)
print(io.TextIOWrapper(io.BufferedReader(Raw()), "ascii").readlines())
rd, wr = os.pipe()
with open(rd, "rb") as r, open(wr, "wb") as w:
    w.write(b"through a pipe\n"); w.flush()
    print(r.readline(), r.seekable())

def closed():
    f = open(path); f.close(); f.read()
for bad in (lambda: open("/no/such/dir/file"), lambda: open(folder), lambda: open(path, "q"), lambda: open(path, "rw"), lambda: open(path, "rb", encoding="x"), lambda: open(path, encoding="no-such"), closed, lambda: open(path).write("x"), lambda: open(path, "rb").write(b""),
            lambda: open(path, "w").read(), lambda: io.StringIO(b"x"), lambda: io.BytesIO("x"), lambda: open(path, "wb").write("x"), lambda: open(path).seek(-1), lambda: open(path).seek(1, 1), lambda: print(1, sep=2), lambda: print(1, file=5), lambda: open(path, "x"),
            lambda: io.StringIO().seek(-1), lambda: io.BytesIO().detach(), lambda: open(-1), lambda: open(path, newline="x"), lambda: open(path, "rb", buffering=1).read(None) and open(path, buffering=0), lambda: os.stat("no file"), lambda: os.listdir("/no/dir"), lambda: os.mkdir(folder), lambda: open("a\0b")):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__, str(e).replace(folder, "FOLDER"))
class Collect:
    def __init__(self): self.out = []
    def write(self, s): self.out.append(s)
    def flush(self): self.out.append("<flush>")
c = Collect()
print("a", "b", sep=", ", file=c, flush=True)
print(file=c)
print(c.out, print() is None)
old, sys.stdout = sys.stdout, io.StringIO()
print("captured")
captured, sys.stdout = sys.stdout.getvalue(), old
print(repr(captured))
for root, dirs, files in os.walk(folder):
    for name in files: os.remove(os.path.join(root, name))
os.rmdir(folder)
print(os.path.exists(folder), sys.stdout.fileno(), sys.stdout.encoding, sys.stdin is not None)
