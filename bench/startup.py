#!/usr/bin/env python3
"""Time and memory of short programs: start-up, imports.

    bench/startup.py [--runs 20] NAME=COMMAND ...

Prints for each program the least and the median wall time over the runs and the largest
resident size of three, and the ratio to the first NAME.  The implementations take turns.
"""
import argparse
import os
import shlex
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from run import implementations, measured

# `-s -P` is `-I` without `-E`: tools/oracles' `py314` finds its library by PYTHONHOME.
PROGRAMS = [
    ["-s", "-P", "-c", "pass"],
    ["-s", "-P", "-S", "-c", "pass"],
    ["-c", "import asyncio, json, re, dataclasses, typing"],
]


def run(command):
    start = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ)
    _, status = os.waitpid(pid, 0)
    seconds = time.perf_counter() - start
    if status:
        raise SystemExit(f"FAILED: {shlex.join(command)}")
    return seconds


def main():
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("--runs", type=int, default=20)
    ap.add_argument("impl", nargs="+", metavar="NAME=COMMAND")
    args = ap.parse_args()
    impls = implementations(args.impl)
    for program in PROGRAMS:
        print(shlex.join(program))
        results = {name: [] for name, _ in impls}
        memory = {name: max(measured([*command, *program])[1] for _ in range(3)) for name, command in impls}
        for _ in range(args.runs):
            for name, command in impls:
                results[name].append(run([*command, *program]))
        base = None
        for name, samples in results.items():
            wall, least, rss = statistics.median(samples), min(samples), memory[name]
            base = base or (wall, rss)
            print(f"  {name:12s} least {least * 1e3:7.2f} ms, median {wall * 1e3:7.2f} ms (x{wall / base[0]:.2f}), "
                  + (f"{rss / 1024:6.1f} MB (x{rss / base[1]:.2f})" if rss else "memory: needs GNU time"))


if __name__ == "__main__":
    main()
