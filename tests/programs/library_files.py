# Files of the library are files, whether on disk or in the program: they can be copied, with all that is copied.
import errno
import json
import os
import shutil
import tempfile

folder = os.path.dirname(json.__file__)
file = os.path.join(folder, "decoder.py")
print(os.listxattr(file), os.statvfs(file).f_namemax > 0)
for f in lambda: os.getxattr(file, "user.x"), lambda: os.readlink(file):
    try:
        f()
    except OSError as e:
        print(errno.errorcode[e.errno], os.path.basename(e.filename))
with tempfile.TemporaryDirectory() as d:
    print(os.path.basename(shutil.copy2(file, d)), os.listdir(d))
    shutil.copytree(folder, d + "/json", ignore=shutil.ignore_patterns("__pycache__"))
    print(sorted(os.listdir(d + "/json")), open(d + "/json/decoder.py").read() == open(file).read())
