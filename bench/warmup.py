#!/usr/bin/env python3
"""How soon programs are fast: benchmarks from a cold start.

    bench/warmup.py [--only richards,deltablue,chaos,raytrace] [--seconds 5] [--runs 3] NAME=COMMAND ...

For each benchmark and implementation: the steady time of a sample (median of the last half), the time from the first
sample's start until samples reach 90 % of that speed (the median of seven in a row does), and the share of a run of one
second that went into recording and compiling, where the implementation tells (Adder by ADDER_LOG=jitsum, PyPy by
PYPYLOG=jit-summary: its tracing and its backend).  Of several runs the median counts.  The benchmarks are those of
bench/run.py.
"""
import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from run import HERE, benchmark_folder, implementations

STEADY = 0.9
WINDOW = 7


def samples(script, command, seconds, env):
    env = dict(os.environ, BENCH_SECONDS=str(seconds), PYTHONPATH=str(HERE / "shim"), **env)
    done = subprocess.run([*command, str(script)], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=60 + 10 * seconds, cwd=str(script.parent))
    for line in done.stdout.splitlines():
        if line.startswith("BENCH\t"):
            row = json.loads(line[6:])
            return list(zip(row["times"], row["spans"])), done.stderr
    tail = done.stderr.strip().splitlines()[-1:] or ["no output"]
    raise RuntimeError(f"exit {done.returncode}: {tail[0][:120]}")


def warm_after(times):
    """(steady time of a sample, seconds until samples reach it: from then on the median of WINDOW of them is so fast).

    Not until all keep to it: on a machine that does other things, too, some never do."""
    times, spans = zip(*times)
    steady = statistics.median(times[len(times) // 2:])
    medians = (statistics.median(times[i:i + WINDOW]) for i in range(len(times)))
    first = next(i for i, t in enumerate(medians) if t <= steady / STEADY)
    return steady, sum(spans[:first])


def compiling(script, command):
    """Seconds spent compiling in a run of about one second, and all that it took; None if it does not tell."""
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "log")
        times, errors = samples(script, command, 1, {"ADDER_LOG": "jitsum", "PYPYLOG": f"jit-summary:{log}"})
        if found := re.findall(r"^jit: took .* all so far (\d+) us$", errors, re.M):
            return int(found[-1]) / 1e6, sum(t[1] for t in times)
        if os.path.exists(log):
            text = Path(log).read_text()
            parts = re.findall(r"^(?:Tracing|Backend):\s+\d+\s+([\d.]+)", text, re.M)
            if parts:
                return sum(map(float, parts)), sum(t[1] for t in times)
    return None


def main():
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("--only", default="richards,deltablue,chaos,raytrace")
    ap.add_argument("--seconds", type=float, default=5)
    ap.add_argument("--runs", type=int, default=3)
    ap.add_argument("--out", help="write every sample here as JSON")
    ap.add_argument("impl", nargs="+", metavar="NAME=COMMAND")
    args = ap.parse_args()
    impls = implementations(args.impl)
    folder = benchmark_folder()
    everything, failed = {}, False
    print(f"{'':12}{'':10}{'first':>10}{'steady':>10}{'90 % after':>12}{'compiling':>12}")
    for bench in args.only.split(","):
        script = folder / f"bm_{bench}" / "run_benchmark.py"
        for name, command in impls:
            try:
                runs = [samples(script, command, args.seconds, {})[0] for _ in range(args.runs)]
                share = compiling(script, command)
            except (RuntimeError, subprocess.TimeoutExpired) as e:
                print(f"{bench:12}{name:10} FAILED {e}")
                failed = True
                continue
            everything.setdefault(bench, {})[name] = runs
            steady, after = (statistics.median(x) for x in zip(*map(warm_after, runs)))
            first = statistics.median(r[0][0] for r in runs)
            compiled = f"{share[0] / max(share[1], 1e-9):.1%}" if share else "-"
            print(f"{bench:12}{name:10}{first * 1e3:8.2f}ms{steady * 1e3:8.2f}ms{after:11.3f}s{compiled:>12}", flush=True)
    if args.out:
        Path(args.out).write_text(json.dumps(everything))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
