#!/usr/bin/env py314
"""Compare implementations on random programs.

    tools/fuzz/run.py [--seconds 20] [--seed N] [--units 20] [--store FOLDER] [--keep-going] [--no-minimise] [ADDER]

Each program runs under CPython 3.14 (which judges; without it the JIT is only compared with the interpreter) and under
Adder with the JIT off, on with a threshold of 2, and now and then with the default threshold, the checking executor of
traces, a second thread, Cranelift (where it is built in), or the collector under stress. Outputs and exit codes must be
the same. What differs is cut down to the few lines that matter and stored as FOLDER/SEED-MODE.py. Runs under CPython
3.14 or Adder itself; a seed says everything.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import generate
import minimise

ADDRESS = re.compile("at 0x[0-9a-f]+")

OFF = ("off", ["-X", "jit=off"], 1)
MODES = [
    # name, options, every how many programs
    OFF,
    ("jit2", ["-X", "jit=on", "-X", "jit=threshold=2"], 1),
    ("jit", ["-X", "jit=on"], 7),
    ("reference", ["-X", "jit=on", "-X", "jit=threshold=2", "-X", "jit-backend=reference"], 9),
    ("jit2-threads", ["-X", "jit=on", "-X", "jit=threshold=2"], 11),
    ("jit2-cranelift", ["-X", "jit=on", "-X", "jit=threshold=2", "-X", "jit-backend=cranelift"], 13),
    ("jit2-stress", ["-X", "jit=on", "-X", "jit=threshold=2", "-X", "gc=stress"], 40),
]


def run(command, path, limit, threads=False):
    """(exit code or "timeout", output, last line of the errors)."""
    env = dict(os.environ, PYTHONHASHSEED="0", PYTHONDONTWRITEBYTECODE="1")
    if threads:
        env["FUZZ_THREAD"] = "1"
    try:
        done = subprocess.run([*command, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=limit, env=env)
    except subprocess.TimeoutExpired:
        return "timeout", "", ""
    err = done.stderr.decode("utf-8", "replace").strip().splitlines()
    out = ADDRESS.sub("at 0x", done.stdout.decode("utf-8", "replace"))
    return done.returncode, out, err[-1] if err else ""


def first_difference(a, b):
    if a[0] == "timeout" or b[0] == "timeout" or (a[0] != b[0] and (a[0] < 0 or b[0] < 0)):
        return f"exit {a[0]} / {b[0]}"
    for x, y in zip(a[1].splitlines(), b[1].splitlines()):
        if x != y:
            n = next((i for i, (p, q) in enumerate(zip(x, y)) if p != q), min(len(x), len(y)))
            return f"{x[max(0, n - 60):n + 60]!r} / {y[max(0, n - 60):n + 60]!r}"
    return f"exit {a[0]} / {b[0]}, {len(a[1])} / {len(b[1])} characters; {a[2]} / {b[2]}"


def kind(a, b):
    """Differences of one kind are likely the same bug: a shorter program must differ in the same way."""
    if b[0] == "timeout":
        return "timeout"
    if b[0] < 0:
        return b[0]
    if b[0] != a[0]:
        return b[0], b[2][:12]
    return "output"


def main():
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("adder", nargs="?", default="target/quick/adder")
    ap.add_argument("--seconds", type=float, default=20)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--units", type=int, default=20)
    ap.add_argument("--limit", type=float, default=20, help="seconds for one run")
    ap.add_argument("--store", default="target/fuzz")
    ap.add_argument("--cpython", default="py314")
    ap.add_argument("--keep-going", action="store_true", help="do not stop at the first difference")
    ap.add_argument("--no-minimise", action="store_true")
    ap.add_argument("--modes", help="comma-separated (default: all)")
    args = ap.parse_args()
    adder = os.path.abspath(args.adder)
    cpython = shutil.which(args.cpython)
    if not cpython:
        print(f"no {args.cpython}: the JIT is compared with the interpreter only")
    modes = [m for m in MODES if not args.modes or m[0] in args.modes.split(",") or m is OFF]
    if subprocess.run([adder, "-X", "jit-backend=cranelift", "-c", "pass"], stderr=subprocess.DEVNULL).returncode:
        modes = [m for m in modes if "cranelift" not in m[0]]
    store = Path(args.store)
    start, seed, found, programs = time.monotonic(), args.seed, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "p.py")
        while time.monotonic() - start < args.seconds:
            source = generate.program(seed, args.units)
            Path(path).write_text(source)
            expected = run([cpython], path, args.limit) if cpython else None
            if expected and expected[0] == "timeout":
                seed += 1
                continue
            off = None
            for name, options, every in modes:
                if seed % every:
                    continue
                threads = "threads" in name
                got = run([adder, *options], path, args.limit * (20 if "stress" in name else 4), threads)
                # A difference of the interpreter is none of the JIT's.
                against, command = (off, [adder, *OFF[1]]) if name != "off" and off else (expected, [cpython])
                if name == "off":
                    off = got
                if against is None or got[:2] == against[:2]:
                    continue
                if name == "off" and got[0] == "timeout":
                    off = None
                found += 1
                print(f"seed {seed} {name}: {first_difference(against, got)}", flush=True)
                store.mkdir(parents=True, exist_ok=True)
                out = store / f"{seed}-{name}.py"
                out.write_text(source)
                if not args.no_minimise:
                    small = cut(source, command, [adder, *options], folder, args.limit, against, got, threads)
                    head = f"# seed {seed}, {name}: {first_difference(*(small[1:]))}\n".replace("\r", "")
                    out.write_text(head + small[0])
                    print(f"  {out}: {len(small[0].splitlines())} lines", flush=True)
            programs += 1
            seed += 1
            if programs % 25 == 0:
                print(f"{programs} programs, {found} differences, seed {seed}, {time.monotonic() - start:.0f} s", flush=True)
            if found and not args.keep_going:
                break
    print(f"fuzz: {programs} programs of {args.units} units, {found} differences")
    return int(found > 0)


def cut(source, reference, tested, folder, limit, a, b, threads=False):
    """A smaller program that still differs, and its two results."""
    path = os.path.join(folder, "m.py")
    wanted = kind(a, b)
    best = [source, a, b]
    limit = min(limit, 5)

    def differs(text):
        Path(path).write_text(text)
        x = run(reference, path, limit)
        if x[0] == "timeout" or x[0] < 0:
            return False
        y = run(tested, path, limit * (8 if "gc=stress" in tested else 1), threads)
        if x[:2] != y[:2] and kind(x, y) == wanted:
            best[:] = text, x, y
            return True
        return False

    minimise.minimise(source, differs, time.monotonic() + 90)
    return best


if __name__ == "__main__":
    sys.exit(main())
