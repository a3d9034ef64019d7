"""Whatever makes something large without memory for it raises MemoryError, and the program goes on.

    adder tests/memory.py

Where a Rust structure of unbounded size still has no way to fail, the child is aborted and the last lines say with how much.
The child has little address space and takes most of that first. What succeeds all the same is none of this test's business.
"""
import resource
import subprocess
import sys

CHILD = r'''
import array, ast, bz2, codecs, csv, decimal, encodings.idna, hashlib, io, itertools, json, lzma, marshal, mmap, os, pickle
import re, socket, struct, sys, threading, time, unicodedata, weakref, xml.etree.ElementTree as etree, zlib

sys.set_int_max_str_digits(0)
N = 3 * 10**6
wide, high, data, zeros = "\u0149" * N, "\xe9" * N, b"\x80" * N, b"\0" * N
strings = [str(i) + "x" * 1000 for i in range(5000)]
c = zlib.compressobj()
packed = b"".join(c.compress(bytes(10**6)) for i in range(100)) + c.flush()

def endless(f):
    def g():
        while True:
            f()
    return g

def named():
    class C:
        pass
    held = []
    for i in range(3000):
        c = C()
        setattr(c, f"a{len(held)}", 1)
        held.append(c)
def weak():
    class C:
        pass
    held = []
    for i in range(10**5):
        held.append(C())
        held.append(weakref.ref(held[-1], print))
def finalized():
    class C:
        def __del__(self):
            pass
    held = [C() for i in range(10**5)]
def interned():
    held = [sys.intern(f"a{i}") for i in range(10**8)]
def threads():
    for i in range(20):
        threading.Thread(target=time.sleep, args=(0.01,), daemon=True).start()
def file_lines():
    with open("/dev/zero", "rb") as f:
        f.readline()
def text_lines():
    with open("/dev/zero", encoding="latin-1") as f:
        f.readline()
def whole_file():
    with open("/dev/zero", "rb") as f:
        f.read()
def unbuffered():
    with open("/dev/zero", "rb", 0) as f:
        f.read()
def whole_text():
    with open("/dev/zero", encoding="latin-1") as f:
        f.read()
def read():
    with open("/dev/zero", "rb") as f:
        os.read(f.fileno(), 10**9)
def received():
    a, b = socket.socketpair()
    with a, b:
        a.recv(10**9)
def text_written():
    with open(os.devnull, "w", encoding="ascii", errors="xmlcharrefreplace") as f:
        f.write(high * 3)
def rows():
    with open(os.devnull, "w") as f:
        csv.writer(f).writerow(strings * 10)

tests = [named, weak, finalized, interned, threads, file_lines, text_lines, whole_file, unbuffered, whole_text, read, received,
         text_written, rows]
for f in str.upper, str.lower, str.title, str.swapcase, str.casefold, str.capitalize, repr, ascii, list:
    tests.append(lambda f=f: f(wide * 3))
for codec in "utf-8 utf-16 utf-32 utf-7 unicode_escape raw_unicode_escape latin-1 cp1252 cp437 gb18030 shift_jis".split():
    tests.append(lambda codec=codec: (high * 3).encode(codec))
for errors in "backslashreplace xmlcharrefreplace replace ignore".split():
    tests.append(lambda errors=errors: high.encode("ascii", errors))
for codec in "utf-16 utf-32 utf-7 unicode_escape latin-1 cp437 gb18030 shift_jis".split():
    tests.append(lambda codec=codec: (data * 3).decode(codec))
for errors in "surrogateescape replace ignore".split():
    tests.append(lambda errors=errors: data.decode("utf-8", errors))
for form in "NFD", "NFKD", "NFC", "NFKC":
    tests.append(lambda form=form: unicodedata.normalize(form, high))
    tests.append(lambda form=form: unicodedata.normalize(form, wide))
for f in bytes, bytearray, list, tuple:
    tests.append(lambda f=f: f(itertools.repeat(5)))
for protocol in range(6):
    tests.append(lambda protocol=protocol: pickle.dumps(strings * 20 + [high, data], protocol))
for n in range(3):
    tests.append(lambda n=n: marshal.dumps([high + str(n)] * 3 + [data] + strings * 20))
in_memory, texts, numbers, grown = io.BytesIO(), io.StringIO(), array.array("d", [1.0]), bytearray()
tests += [
    lambda: ("a" * 10**4).translate({97: "bcd" * 10**4}),
    lambda: codecs.escape_encode(zeros * 3),
    lambda: codecs.escape_decode(b"\\n" * N * 3),
    lambda: repr(zeros * 4),
    lambda: repr(bytearray(zeros * 4)),
    lambda: repr(strings * 100),
    lambda: str(dict(enumerate(strings * 50))),
    lambda: (zeros * 3).hex(":"),
    lambda: json.dumps(strings * 100),
    lambda: json.dumps(high * 3),
    lambda: json.dumps(high * 9, ensure_ascii=False),
    lambda: json.dumps([[1] * 1000] * 1000, indent=50),
    lambda: json.loads('"' + "\\u1234" * N + '"'),
    lambda: format(1 << 3 * 10**8, "_x"),
    lambda: 1 << 10**9,
    lambda: (1 << 10**8) * (1 << 10**8),
    lambda: int(decimal.Decimal("1e90000000")),
    lambda: int.from_bytes(zeros * 30, "big"),
    lambda: compile("a\n" * N, "", "exec"),
    lambda: ast.parse("a[1:2]\n" * N),
    lambda: "%.*f" % (10**9, 1.5),
    lambda: format(1.5, ".1000000000f"),
    lambda: format(decimal.Decimal(1), ".100000000f"),
    lambda: zlib.decompress(packed),
    lambda: zlib.decompressobj().decompress(packed),
    lambda: bz2.compress(high.encode() * 2),
    lambda: lzma.compress(high.encode() * 2),
    endless(lambda: in_memory.write(zeros)),
    endless(lambda: texts.write(wide)),
    endless(lambda: numbers.extend(numbers)),
    endless(lambda: grown.extend(zeros)),
    lambda: sorted(range(10**8), key=str),
    lambda: hashlib.shake_128(b"").digest(10**8),
    lambda: struct.pack("1000000000s", b""),
    lambda: re.sub("a", "b" * 1000, "a" * N),
    lambda: re.findall("a", "a" * N * 9),
    lambda: etree.tostring(etree.fromstring("<a>" + "&lt;" * N + "</a>")),
    lambda: os.urandom(10**9),
    lambda: "".join(itertools.repeat(high)),
    lambda: b"".join(itertools.repeat(data)),
    lambda: print(high * 9, wide * 9, file=sys.stderr),
]

held = []

def room(left):
    """Takes all memory but so much."""
    size = 1 << 26
    while size >= left:
        try:
            held.append(mmap.mmap(-1, size))
        except (MemoryError, OSError):
            size >>= 1

def clean():
    while held:
        held.pop().close()

def attempt(f, *args):
    try:
        f(*args)
    except (MemoryError, RuntimeError, OSError, ValueError, lzma.LZMAError):
        pass

def attempt_all(todo, left):
    """An error while one is handled leaves this: it is called again."""
    while todo:
        f = todo.pop()
        attempt(room, left)
        attempt(f)
        attempt(clean)

for left in 1 << 20, 1 << 24:
    todo = tests[:]
    while todo:
        attempt(attempt_all, todo, left)
        clean()
    print("went on", flush=True)
'''

limit = 400 << 20
done = subprocess.run([sys.executable, "-c", CHILD], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                      preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
print(done.stdout.decode(), end="")
print("status", done.returncode)
if done.returncode:
    sys.exit(done.stderr[-2000:].decode(errors="replace"))
