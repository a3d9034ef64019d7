# Source text with null bytes, as bytes of any encoding and as a program's file.
import os
import subprocess
import sys
import tempfile

for b in b"\xff\xfea\0b\0", b"a\0", b"\xff\0", b"# coding: latin-1\n\xe9\0", b"\xef\xbb\xbf\0":
    for f in compile, lambda *a: exec(b), lambda *a: eval(b):
        try:
            f(b, "f", "exec")
        except SyntaxError as e:
            print(repr(e))
try:
    compile(b"\xef\xbb\xbf# coding: Latin1\n", "f", "exec")
except SyntaxError as e:
    print(e.msg)
with tempfile.TemporaryDirectory() as d:
    os.chdir(d)
    for b in b"x = 1\ny = 2\nz = 'a\0b'\n", b"x = 1\n\ny = '\xff'\n", b"# coding: Latin1\n\nx = '\0'", b"# coding: utf-8\ny = '\xff'\n":
        with open("p.py", "wb") as f:
            f.write(b)
        print(subprocess.run([sys.executable, "p.py"], capture_output=True, text=True).stderr.replace(d, ""))
