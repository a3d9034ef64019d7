# Imports: packages, relative imports, reload, cycles, hooks, namespace packages, zip files, __main__, errors.
import importlib.resources, importlib.util, os, sys, tempfile, types, zipfile

folder = tempfile.mkdtemp()
sys.path.insert(0, folder)
sys.dont_write_bytecode = True
def write(path, text):
    full = os.path.join(folder, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w", encoding="utf-8") as f: f.write(text)
    importlib.invalidate_caches()

write("simple.py", "'''Doc.'''\nprint('running', __name__)\nvalue = 1\n_private = 2\ndef f(): return value\n")
import simple, simple as again
print(simple.value, simple is again, simple.__name__, simple.__doc__, os.path.basename(simple.__file__), simple.__spec__.name, simple.__package__ == "", "simple" in sys.modules, simple.f())
from simple import value as v, f
print(v, f())
write("simple.py", "print('reloaded')\nvalue = 'two, longer'\n")
print(importlib.reload(simple) is simple, simple.value, simple._private, f())

write("pkg/__init__.py", "print('init', __name__, __path__ is not None)\n__all__ = ['sub', 'name']\nname = 'pkg name'\nhidden = 1\n")
write("pkg/sub.py", "from . import name\nfrom .deep import leaf\nfrom .deep.leaf import who\nfrom .. import nothing\n" if False else "from . import name\nfrom .deep import leaf\nfrom .deep.leaf import who\n")
write("pkg/deep/__init__.py", "")
write("pkg/deep/leaf.py", "from ..  import name as up\nfrom ... import x\n" if False else "from .. import name as up\ndef who(): return __name__, up, __package__\n")
import pkg.deep.leaf
print(pkg.deep.leaf.who(), pkg.__name__, "pkg.sub" in sys.modules)
from pkg import *
print(name, sub.who is pkg.deep.leaf.who, "hidden" in globals())
import pkg.sub as s
print(s.__name__, pkg.sub is s, importlib.import_module(".deep", "pkg") is pkg.deep, __import__("pkg.sub") is pkg, __import__("pkg.sub", fromlist=["x"]) is s)

write("cyc_a.py", "import cyc_b\nx = 1\ndef get(): return cyc_b.y\n")
write("cyc_b.py", "import cyc_a\ntry:\n    cyc_a.x\nexcept AttributeError as e:\n    print(str(e).split(' from ')[0], str(e).split(' has ')[1].split(' (')[0])\ny = 2\n")
import cyc_a
print(cyc_a.get())
write("ns_part/inner.py", "where = 'namespace'\n")
import ns_part.inner
print(ns_part.inner.where, type(ns_part.__path__).__name__, getattr(ns_part, "__file__", None))
write("broken.py", "x = = 1\n")
write("raising.py", "y = 1\nraise ValueError('while importing')\n")
write("getattr_mod.py", "def __getattr__(name):\n    if name == 'lazy': return 'made'\n    raise AttributeError(f'no {name}')\ndef __dir__(): return ['lazy']\n")
import getattr_mod
print(getattr_mod.lazy, dir(getattr_mod))
for statement in ("import no_such_module", "import pkg.missing", "from pkg import missing", "from simple import nope", "import simple.sub", "from . import x", "import broken", "import raising", "from .. import y", "from getattr_mod import other", "import_module('.x')", "from __future__ import braces", "from no_such import *", "import pkg.deep.leaf.more"):
    try:
        exec(statement, {"__name__": "__main__", "import_module": importlib.import_module})
    except (ImportError, SyntaxError, ValueError, TypeError, AttributeError) as e:
        text = e.msg if isinstance(e, SyntaxError) else str(e)
        print(type(e).__name__, text.replace(folder, "FOLDER"), getattr(e, "name", None))
print("raising" in sys.modules, "broken" in sys.modules)

sys.modules["blocked"] = None
try:
    import blocked
except ModuleNotFoundError as e:
    print(e)
made = types.ModuleType("made", "its doc")
made.attr = 5
sys.modules["made"] = made
from made import attr
print(attr, made, repr(types.ModuleType("m")))
class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.startswith("virtual"):
            return importlib.util.spec_from_loader(name, Loader(), is_package=name == "virtual")
class Loader:
    def create_module(self, spec): return None
    def exec_module(self, module): module.made_by = "hook " + module.__name__
sys.meta_path.insert(0, Finder)
import virtual.child
print(virtual.made_by, virtual.child.made_by, virtual.__spec__.loader.__class__.__name__)
sys.meta_path.remove(Finder)

archive = os.path.join(folder, "lib.zip")
with zipfile.ZipFile(archive, "w") as z:
    z.writestr("zipped/__init__.py", "from .part import n\n")
    z.writestr("zipped/part.py", "n = 'from the zip'\n")
    z.writestr("zipped/data.txt", "resource")
    z.writestr("__main__.py", "import zipped; print('main of the zip', zipped.n, __name__)")
    z.writestr("tool/__main__.py", "import os, sys; print('main of a folder in the zip', os.path.basename(sys.path[0]))")
sys.path.append(archive)
import zipped
print(zipped.n, type(zipped.__loader__).__name__, importlib.resources.files("zipped").joinpath("data.txt").read_text())
import runpy
runpy.run_path(archive, run_name="__main__")
write("prog/__main__.py", "import sys\nprint('package main', __name__, __package__, len(sys.argv))\n")
write("prog/__init__.py", "")
runpy.run_module("prog", run_name="__main__", alter_sys=True)
print(runpy.run_path(os.path.join(folder, "getattr_mod.py"))["__name__"])
code = "import sys; print(__name__, sys.argv[1:], sys.path[0] == '')"
import subprocess
print(subprocess.run([sys.executable, "-c", code, "a"], capture_output=True, text=True).stdout, end="")
print(subprocess.run([sys.executable, "-m", "prog", "x"], cwd=folder, capture_output=True, text=True).stdout, end="")
print(subprocess.run([sys.executable, archive], capture_output=True, text=True).stdout, end="")
print(subprocess.run([sys.executable, archive + "/tool"], capture_output=True, text=True).stdout, end="")
none = subprocess.run([sys.executable, archive + "/no"], capture_output=True, text=True)
print(none.returncode, none.stderr.rsplit("/")[-1], end="")
print(sys.modules["__main__"].__name__, importlib.util.find_spec("simple").name, importlib.util.find_spec("no_such"), sys.builtin_module_names.count("sys"), "os" in sys.stdlib_module_names)
import shutil
sys.path.remove(archive); sys.path.remove(folder)
shutil.rmtree(folder)
