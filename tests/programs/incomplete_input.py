# What the interactive loops take for a statement that may go on.
import codeop
import signal
import subprocess
import sys

for s in [
    "a b", "x = (", "if 1:", "'''a", "1+", "def f():\n  return 3", "def f():\n  return 3\n", "while 1: pass",
    "while 1: pass\n", "@x", "for", "class A", "try:\n  pass", "x = \\", "# c", "", "if 1:\n  x\nelse:", "lambda",
    "x = [1, 2)", "  x", "def f():\n# c",
    # Blocks in blocks.
    "class A:\n  def f(self):", "class A:\n  def f(self):\n", "if 1:\n if 1:\n  pass\n else:", "if 1:\n if 1:\n  pass\n else:\n\n",
    "def f():\n  try:\n    pass\n  except:", "if 1:\n  match x:\n    case 1:", "if 1:\n  for x in y:\n\n\nz", "if 1:\n  x y\n",
]:
    try:
        print(repr(s), codeop.compile_command(s, "<i>", "single") is not None)
    except SyntaxError as e:
        print(repr(s), type(e).__name__, e)

# The process this runs in may have been started with the signal ignored.
subprocess.run(
    [sys.executable, "-c", "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"],
    preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL), check=True,
)
