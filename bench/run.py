#!/usr/bin/env python3
"""Compare Python implementations on the `pyperformance` benchmarks, side by side.

    bench/run.py [--only a,b] [--small] [--apps] [--seconds 5] [--runs 1] [--below R] [--out FILE.json] NAME=COMMAND ...

The first NAME is the reference of every ratio.  Each benchmark runs under every
implementation in turn before the next one starts, so that a slow spell of the
machine hits all of them.  Printed for each: the first sample (cold), the median
of the last half of the samples (warm), and the warm and cold speed-ups over the
reference; last, geometric means over the benchmarks that both completed, and how
many failed.  A benchmark that fails counts as failed and is named: it is never
left out silently.  A process gives one first sample only: of several --runs the medians
of the cold and of the warm samples count.  --below names the rows that are under a ratio.

--small runs the few programs in bench/small instead, which need nothing from outside:
a smoke test of the runner and of the speed.  A command that is not there is SKIPPED.

The others need `pip` once, to fetch the benchmark files; runs on any CPython >= 3.9.
"""
import argparse
import json
import math
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
VERSION = "1.14.0"

# Benchmarks that need nothing but the standard library.
PURE = """
argparse async_generators async_tree barnes_hut base64 bpe_tokeniser chaos comprehensions
coroutines crypto_pyaes decimal_factorial decimal_pi deepcopy deltablue fannkuch
float gc_collect gc_traversal generators go hexiom json_dumps json_loads logging
mdp meteor_contest nbody nqueens pathlib pickle pidigits pprint pyflate raytrace
regex_compile regex_dna regex_effbot regex_v8 richards richards_super scimark
spectral_norm sqlite_synth telco tomli_loads typing_runtime_protocols
unpack_sequence xml_etree
""".split()

# Benchmarks of real applications on packages from PyPI.
APPS = """
chameleon django_template docutils dulwich_log genshi html5lib mako networkx
sphinx sqlalchemy_declarative sqlalchemy_imperative sqlglot_v2 sympy tornado_http
xdsl yaml
""".split()

# What the benchmarks import, for every implementation alike: compiled parts are
# removed after the installation, so that all run the same Python code.
PACKAGES = """
pyaes==1.6.1 tomli==2.0.1 chameleon==4.6.0 django==5.2.8 asgiref==3.8.1 sqlparse==0.5.3
docutils==0.18.1 dulwich==0.20.23 certifi urllib3==1.26.5 genshi==0.7.7 six==1.16.0
html5lib==1.1 webencodings==0.5.1 mako==1.1.4 markupsafe==2.0.1 networkx==3.4.2
sphinx==7.3.7 python-docs-theme==2024.6 sqlalchemy==1.4.19 sqlglot==4.6.0 sympy==1.13.3
mpmath==1.3.0 tornado==6.5.2 xdsl==0.54.3 pyyaml==6.0.1
""".split()

# Of the pure ones, those that import a package.
WITH_PACKAGES = {"crypto_pyaes", "tomli_loads"} | set(APPS)

# Options that some of the files want on their command line.
ARGV = {
    "async_tree": ["none"],
    "argparse": ["many_optionals"],
    "pickle": ["pickle", "--pure-python"],
    "sqlglot_v2": ["parse"],
    "networkx": ["shortest_path"],
}


def benchmark_folder():
    cache = Path(os.environ.get("BENCH_CACHE", Path.home() / ".cache" / "py-bench"))
    root = cache / f"pyperformance-{VERSION}"
    if not root.exists():
        cache.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps",
                        "-d", str(cache), f"pyperformance=={VERSION}"], check=True)
        wheel = next(cache.glob(f"pyperformance-{VERSION}-*.whl"))
        zipfile.ZipFile(wheel).extractall(root)
    return root / "pyperformance" / "data-files" / "benchmarks"


def package_folder():
    folder = Path(os.environ.get("BENCH_CACHE", Path.home() / ".cache" / "py-bench")) / "site"
    if not folder.exists():
        print("installing the packages that benchmarks import, once ...", file=sys.stderr)
        part = folder.with_name("site.part")
        for package in PACKAGES:
            subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-warn-conflicts",
                            "--target", str(part), "--upgrade", package],
                           check=True, stderr=subprocess.DEVNULL)
        for compiled in part.rglob("*.so"):
            compiled.unlink()
        part.rename(folder)
    return str(folder)


def run_one(folder, bench, command, args, extra_path):
    env = dict(os.environ, BENCH_SECONDS=str(args.seconds),
               PYTHONPATH=os.pathsep.join([str(HERE / "shim"), *extra_path]))
    script = folder / f"bm_{bench}" / "run_benchmark.py"
    if not script.exists():
        script = Path(bench).resolve()
    try:
        done = subprocess.run([*command, str(script), *ARGV.get(bench, [])], env=env,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=args.timeout, cwd=str(script.parent))
    except subprocess.TimeoutExpired:
        return {}, f"ran past {args.timeout} s"
    rows = {}
    for line in done.stdout.splitlines():
        if line.startswith("BENCH\t"):
            row = json.loads(line[6:])
            rows[row["name"]] = row["times"]
    if done.returncode != 0 or not rows:
        tail = done.stderr.strip().splitlines()[-1:] or ["no output"]
        return rows, f"exit {done.returncode}: {tail[0][:150]}"
    return rows, None


def cold_of(runs):
    """The median of the first samples of several processes, in seconds."""
    return statistics.median(times[0] for times in runs)


def warm_of(runs):
    """The median of the medians of the last halves, in seconds."""
    return statistics.median(statistics.median(times[len(times) // 2:]) for times in runs)


def geomean(values):
    values = list(values)
    return math.exp(sum(map(math.log, values)) / len(values)) if values else float("nan")


def implementations(texts):
    """Names and commands of NAME=COMMAND; a command that is not there is SKIPPED."""
    found = []
    for name, _, command in (t.partition("=") for t in texts):
        words = shlex.split(command)
        if not shutil.which(words[0]):
            print(f"SKIPPED {name}: no command {words[0]}")
            continue
        # Benchmarks run in their own folders.
        found.append((name, [os.path.abspath(words[0]) if os.sep in words[0] else words[0], *words[1:]]))
    return found


def measured(command, **kwargs):
    """`command` run to its end: its outcome as of subprocess.run and its peak of resident memory in kilobytes.

    The peak is told by GNU time: a child of this process would count what this process had when the child began.
    It is 0 if there is no GNU time.
    """
    if not shutil.which("time"):
        return subprocess.run(command, capture_output=True, **kwargs), 0
    with tempfile.NamedTemporaryFile("r") as told:
        done = subprocess.run(["time", "-q", "-f", "%M", "-o", told.name, *command], capture_output=True, **kwargs)
        return done, int(told.read() or 0)


def main():
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("--only", help="comma-separated benchmarks (default: all pure ones)")
    ap.add_argument("--small", action="store_true", help="the programs in bench/small")
    ap.add_argument("--apps", action="store_true", help="the application benchmarks as well")
    ap.add_argument("--seconds", type=float, default=5)
    ap.add_argument("--runs", type=int, default=1, help="processes of each implementation, in turn (default 1)")
    ap.add_argument("--below", type=float, default=0, metavar="R", help="name the rows under this ratio at the end")
    ap.add_argument("--timeout", type=float, default=120)
    ap.add_argument("--out", help="write every sample of every run here as JSON")
    ap.add_argument("impl", nargs="+", metavar="NAME=COMMAND")
    args = ap.parse_args()
    impls = implementations(args.impl)
    if not impls:
        return
    benches = PURE + (APPS if args.apps else [])
    if args.only:
        benches = args.only.split(",")
    elif args.small:
        benches = sorted(str(p) for p in (HERE / "small").glob("*.py"))
    # Named by path, they need nothing to be fetched.
    fetched = [b for b in benches if os.sep not in b]
    folder = benchmark_folder() if fetched else HERE
    args.site = [package_folder()] if WITH_PACKAGES.intersection(fetched) else []
    reference = impls[0][0]
    samples, failures = {}, {}
    for bench in benches:
        for _ in range(args.runs):
            for name, command in impls:
                rows, error = run_one(folder, bench, command, args, args.site)
                for row, times in rows.items():
                    samples.setdefault(row, {}).setdefault(name, []).append(times)
                if error:
                    failures.setdefault(name, {})[bench] = error
        for row in [r for r in samples if not samples[r].get("_shown")]:
            by = samples[row]
            cells = []
            for name, _ in impls:
                if name not in by:
                    cells.append(f"{name}: FAILED")
                    continue
                cell = f"{name}: warm {warm_of(by[name]) * 1e3:.4g} ms, cold {cold_of(by[name]) * 1e3:.4g} ms"
                if name != reference and reference in by:
                    warm, cold = (of(by[reference]) / of(by[name]) for of in (warm_of, cold_of))
                    cell += f" (x{warm:.2f} warm, x{cold:.2f} cold)"
                cells.append(cell)
            by["_shown"] = True
            print(f"{row:28s} " + " | ".join(cells), flush=True)
    for by in samples.values():
        by.pop("_shown", None)
    print()
    for name, _ in impls:
        both = [by for by in samples.values() if name in by and reference in by]
        warm, cold = (geomean(of(by[reference]) / of(by[name]) for by in both) for of in (warm_of, cold_of))
        failed = failures.get(name, {})
        print(f"{name}: x{warm:.3f} warm, x{cold:.3f} cold over {reference} "
              f"(geometric means over {len(both)}), {len(failed)} failed")
        for bench, error in failed.items():
            print(f"    {bench}: {error}")
        for row, by in samples.items():
            if name in by and reference in by:
                warm, cold = (of(by[reference]) / of(by[name]) for of in (warm_of, cold_of))
                if min(warm, cold) < args.below:
                    print(f"    below {args.below}: {row} x{warm:.2f} warm, x{cold:.2f} cold")
    if args.out:
        Path(args.out).write_text(json.dumps({"samples": samples, "failures": failures}))
    # As a smoke test it must be able to fail.
    return int(args.small and bool(failures))


if __name__ == "__main__":
    sys.exit(main())
