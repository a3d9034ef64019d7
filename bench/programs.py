#!/usr/bin/env python3
"""Compare Python implementations on the programs in bench/programs: whole processes, from start to exit.

    bench/programs.py [--only a,b] [--runs 3] [--scale 1.0] [--out FILE.json] NAME=COMMAND ...

The first NAME is the reference of every ratio.  Each program runs under every implementation in turn, --runs times;
the best wall time and the highest peak of resident memory count (which GNU time tells).  A program that prints something else than under the
reference has failed.  Last, geometric means.  --small runs the sizes of the tests, as a smoke test.
"""
import argparse
import hashlib
import json
import resource
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from run import geomean, implementations, measured

HERE = Path(__file__).resolve().parent / "programs"

# One to three seconds under CPython 3.14 on a machine of 2024.
SIZES = {
    "word_frequencies": 800, "json_service": 400, "little_language": 800, "simulation": 8000, "async_queues": 500, "analytics": 150,
    "inventory": 300, "log_report": 180, "sudoku": 400, "caches": 150, "matrices": 150, "templates": 30000, "big_integers": 420,
    "huffman": 1000, "algebra": 1200,
}


def run(command, timeout):
    """(seconds, peak in KB, digest of the output, what went wrong)."""
    start = time.perf_counter()
    # A program that does not end is ended by its own limit of processor time: GNU time stands between it and us.
    done, peak = measured(command, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (timeout, timeout)))
    seconds = time.perf_counter() - start
    error = None
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        error = f"exit {done.returncode}: {lines[-1][:120] if lines else ''}" if seconds < timeout else f"ran past {timeout} s"
    return seconds, peak, hashlib.sha256(done.stdout).hexdigest(), error


def main():
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("--only", help="comma-separated programs (default: all)")
    ap.add_argument("--runs", type=int, default=3)
    ap.add_argument("--scale", type=float, default=1.0, help="of the sizes")
    ap.add_argument("--small", action="store_true", help="the programs' default sizes")
    ap.add_argument("--timeout", type=int, default=120)
    ap.add_argument("--out", help="write the figures here as JSON")
    ap.add_argument("impl", nargs="+", metavar="NAME=COMMAND")
    args = ap.parse_args()
    impls = implementations(args.impl)
    programs = args.only.split(",") if args.only else list(SIZES)
    reference = impls[0][0]
    width = max(18, *(len(n) + 8 for n, _ in impls))
    print(f"{'':18}" + "".join(f"{n:>{width}}" for n, _ in impls))
    figures, failures = {}, []
    for program in programs:
        size = [] if args.small else [str(max(1, int(SIZES[program] * args.scale)))]
        best, digests = {}, {}
        for _ in range(args.runs):
            for name, command in impls:
                seconds, peak, digest, error = run([*command, str(HERE / f"{program}.py"), *size], args.timeout)
                digests[name] = digest
                if error or digest != digests.get(reference, digest):
                    failures.append((name, program, error or "prints something else"))
                    continue
                old = best.get(name, (seconds, peak))
                best[name] = min(seconds, old[0]), max(peak, old[1])
        figures[program] = best
        cells = []
        for name, _ in impls:
            if name not in best:
                cells.append("FAILED")
                continue
            seconds, peak = best[name]
            ratio = f" x{best[reference][0] / seconds:.2f}" if name != reference and reference in best else ""
            cells.append(f"{seconds:.2f}s{ratio} {peak // 1024}M")
        print(f"{program:18}" + "".join(f"{c:>{width}}" for c in cells), flush=True)
    print()
    for name, _ in impls:
        both = [f for f in figures.values() if name in f and reference in f]
        speed = geomean(f[reference][0] / f[name][0] for f in both)
        memory = geomean(f[name][1] / f[reference][1] for f in both)
        print(f"{name}: x{speed:.3f} as fast as {reference}, x{memory:.2f} of its memory (geometric means over {len(both)})")
    for name, program, error in sorted(set(failures)):
        print(f"    FAILED {name}: {program}: {error}")
    if args.out:
        Path(args.out).write_text(json.dumps(figures))
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
