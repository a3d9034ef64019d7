# Text streams: newlines, positions, codecs, reconfigure, threads.
import io, os, tempfile, threading

d = tempfile.mkdtemp()
p = os.path.join(d, 'f.txt')

data = 'a\nb\r\nc\rd é€😀\n\nlast'
with open(p, 'w', encoding='utf-8', newline='') as f:
    print(f.write(data))
for nl in (None, '', '\n', '\r', '\r\n'):
    with open(p, encoding='utf-8', newline=nl) as f:
        print(repr(nl), list(f), f.newlines)
    with open(p, encoding='utf-8', newline=nl) as f:
        print([f.readline(2) for _ in range(8)], f.read(3), f.read())
    with open(p + '2', 'w', encoding='utf-8', newline=nl) as f:
        f.write('x\ny\r\n')
    print(open(p + '2', 'rb').read())

for enc in ('utf-8', 'utf-16', 'utf-8-sig', 'latin-1', 'utf-7', 'shift_jis', 'cp1252'):
    text = 'one\ntwo é\nthree\n' if enc not in ('shift_jis',) else 'one\nニ\nthree\n'
    with open(p, 'w', encoding=enc) as f:
        f.write(text)
    with open(p, encoding=enc) as f:
        marks = []
        while True:
            marks.append(f.tell())
            line = f.readline()
            if not line:
                break
        back = []
        for m in reversed(marks):
            f.seek(m)
            back.append(f.read(2))
        print(enc, marks, back)
    with open(p, 'a', encoding=enc) as f:
        f.write('more\n')
    print(os.path.getsize(p), open(p, encoding=enc).read() == text + 'more\n')

with open(p, 'w+', encoding='ascii', errors='backslashreplace') as f:
    f.write('é\n')
    f.seek(0)
    print(f.read(), f.tell(), f.seek(0, 2), f.seek(0, 1))
    f.reconfigure(line_buffering=True, errors='strict') if False else None
t = io.TextIOWrapper(io.BytesIO(), encoding='ascii', newline='\n')
t.write('abc\n')
t.reconfigure(encoding='utf-16', newline='\r\n')
t.write('x\n')
t.flush()
print(t.buffer.getvalue(), t.encoding, t.errors)

b = io.BytesIO(b'\xff\xfeab\xe2\x82')
for e in ('strict', 'ignore', 'replace', 'surrogateescape', 'backslashreplace'):
    b.seek(0)
    t = io.TextIOWrapper(b, encoding='utf-8', errors=e)
    try:
        print(ascii(t.read()))
    except UnicodeDecodeError as x:
        print(x)
    t.detach()

f = open(p, 'w', encoding='utf-8')
def work():
    for i in range(300):
        f.write('0123456789\n')
ts = [threading.Thread(target=work) for _ in range(4)]
for x in ts: x.start()
for x in ts: x.join()
f.close()
lines = open(p, encoding='utf-8').readlines()
print(len(lines), set(lines))

class Loud(io.StringIO):
    def write(self, s):
        print('write', repr(s))
        return super().write(s)
out = Loud()
print('a', 1, 2.5, None, [3], sep='-', end='!\n', file=out)
print(repr(out.getvalue()))

class P:
    def __str__(self):
        print('inner')
        return 'outer'
print('first', P(), 'é', 'last')
