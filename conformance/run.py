#!/usr/bin/env python3
"""Run CPython 3.14's own test suite on an implementation and count.

    conformance/run.py --impl "COMMAND" [--only test_a,test_b | --fast] [-j 2]
                       [--expect FILE [--write-expect]] [--out FILE.json] [--ci]

The suite is the `test` package of CPython 3.14, as tools/oracles installs it
($ORACLES/suite, default ~/.cache/py-oracles/suite; or --suite DIR).  Every module
runs in a process of its own; a crash or a time-out costs the test it happened in,
and the rest of the module is run again without that test.

The score is: tests that pass here / tests that pass on CPython 3.14 on the same kind
of machine, leaving out those that skip themselves here as CPython implementation
details.  reference-3.14.json beside this file is that list, {module: [test ids]}.

--expect FILE compares with the known non-passes (tests of the reference that do not
pass here).  A test that neither passes nor stands in the file is a regression: its
module is run once more, alone, and if it still fails it is named and the exit status
is 1.  --write-expect brings the file up to date for the modules that were run.

--fast runs FAST, modules on the core of the language that finish in some three
minutes.  --ci: where the suite is not installed, say SKIPPED and exit with 0.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
MAX_RESTARTS = 25

# Modules that drive a display, a network or the C build itself.
LEFT_OUT = {
    "test_tkinter", "test_ttk", "test_ttk_textonly", "test_idle", "test_turtle", "test_tcl",
    "test_winreg", "test_winsound", "test_winapi", "test_wmi", "test_msvcrt", "test_startfile",
    "test_android", "test_ios", "test_launcher", "test_peg_generator", "test_c_globals",
    "test_clinic", "test_freeze", "test_embed", "test_gdb", "test_tools", "test_regrtest",
    "test_perf_profiler", "test_perfmaps", "test_capi", "test_cext", "test_cppext",
    "test_generated_cases", "test_external_inspection", "test_apple", "test_build_details",
}

# Quick ones that together touch every part of the language and its builtins.
FAST = """
test_abc test_abstract_numbers test_array test_augassign test_baseexception test_binop test_bisect
test_bool test_bufio test_builtin test_bytes test_call test_class test_cmath test_codeccallbacks
test_codeop test_collections test_compare test_complex test_contains test_contextlib
test_contextlib_async test_copy test_copyreg test_coroutines test_dataclasses test_decorators
test_defaultdict test_deque test_descr test_descrtut test_dict test_dictcomps test_dictviews
test_dynamic test_dynamicclassattribute test_enum test_enumerate test_eof test_except_star
test_exception_group test_exception_hierarchy test_exceptions test_extcall test_float
test_flufl test_fractions test_fstring test_functools test_future_stmt test_generator_stop
test_generators test_genericalias test_genericclass test_genexps test_getopt test_global test_grammar
test_hash test_heapq test_index test_int test_int_literal test_isinstance test_iter test_iterlen
test_itertools test_json test_keyword test_keywordonlyarg test_list
test_listcomps test_math test_memoryview test_metaclass test_named_expressions
test_numeric_tower test_opcodes test_operator test_ordered_dict test_patma test_pep646_syntax
test_positional_only_arg test_pow test_print test_property test_raise test_range test_reprlib
test_richcmp test_scope test_set test_setcomps test_slice test_sort test_strftime
test_string_literals test_struct test_structseq test_subclassinit test_super test_syntax
test_textwrap test_tstring test_tuple test_type_aliases test_type_annotations test_type_params
test_typechecks test_unary test_unpack test_unpack_ex test_userdict test_userlist test_utf8source
test_weakref test_weakset test_with test_yield_from test_str test_re test_typing test_random
test_string test_format test_threading_local test_thread test_unittest
""".split()


def modules(suite):
    names = []
    for p in sorted((suite / "test").iterdir()):
        name = p.name[:-3] if p.name.endswith(".py") else p.name
        if name.startswith("test_") and name not in LEFT_OUT and (p.suffix == ".py" or (p / "__init__.py").exists()):
            names.append(name)
    return names


def parse(path):
    started, results, notes, ended = None, {}, [], False
    if path.exists():
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            kind, *rest = line.split("\t")
            if kind == "T":
                started = rest[0]
            elif kind == "R" and rest[0] not in results:
                results[rest[0]] = (rest[1], rest[2] if len(rest) > 2 else "")
                started = None if rest[0] == started else started
            elif kind == "M":
                notes.append(rest[0] if rest else "")
            elif kind == "E":
                ended = True
    return started, results, notes, ended


def run_process(command, timeout, log, **options):
    """Exit status, or None when nothing was written to the log for so long. What the process started and left behind
    ends with it."""
    proc = subprocess.Popen(command, start_new_session=True, **options)
    size, until = -1, 0
    try:
        while True:
            now = log.stat().st_size if log.exists() else 0
            if now != size:
                size, until = now, time.monotonic() + timeout
            try:
                return proc.wait(0.2)
            except subprocess.TimeoutExpired:
                if time.monotonic() > until:
                    return None
    finally:
        try:
            os.killpg(proc.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        proc.wait()


def run_module(module, impl, suite, timeout):
    """Outcomes of one module: {test id: (outcome, detail)}, notes, seconds."""
    results, notes, began = {}, [], time.monotonic()
    with tempfile.TemporaryDirectory(prefix="conf-", ignore_cleanup_errors=True) if sys.version_info >= (3, 10) \
            else tempfile.TemporaryDirectory(prefix="conf-") as tmp:
        tmp = Path(tmp)
        for attempt in range(MAX_RESTARTS):
            log = tmp / f"log{attempt}"
            skip = tmp / "skip"
            skip.write_text("\n".join(results), encoding="utf-8")
            cwd = tmp / f"cwd{attempt}"
            cwd.mkdir()
            env = dict(os.environ, CONFORMANCE_LOG=str(log), PYTHONPATH=str(suite), TMPDIR=str(cwd))
            with open(tmp / "out", "wb") as out:
                status = run_process([*impl, str(HERE / "one.py"), f"test.{module}", str(skip)], timeout, log,
                                     env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out,
                                     stderr=subprocess.STDOUT)
            died = "time-out" if status is None else f"exit {status}"
            started, got, said, ended = parse(log)
            results.update(got)
            notes += [n for n in said if n not in notes]
            if ended:
                break
            if started is None or started in results:
                tail = (tmp / "out").read_bytes()[-200:].decode("utf-8", "replace").replace("\n", " | ")
                notes.append(f"{died} outside a test: {tail}")
                break
            results[started] = ("crash" if status is not None else "timeout", died)
            shutil.rmtree(cwd, ignore_errors=True)
        else:
            notes.append("gave up after too many crashes")
    return module, results, notes, time.monotonic() - began


def non_passes(want, results):
    """The tests of the reference that count and do not pass."""
    return [t for t in want if results.get(t, ("",))[0] != "pass" and not is_detail(results.get(t))]


def is_detail(result):
    return bool(result) and result[0] == "skip" and "implementation detail" in result[1]


# ---- the file of known non-passes ----
#
#     test_dict
#       DictTest: test_a test_b
#       OtherTest: *
#     test_dbm *
#
# `*` stands for all tests of the reference in that class or module.

def split_id(module, test):
    """Class and method; the module's own name is left out."""
    prefix = f"test.{module}."
    short = test[len(prefix):] if test.startswith(prefix) else "=" + test
    head, _, tail = short.rpartition(".")
    return head or "=", tail.replace(" ", "%20")


def by_class(module, tests):
    classes = collections.defaultdict(list)
    for test in tests:
        head, tail = split_id(module, test)
        classes[head].append((tail, test))
    return classes


def read_expect(path, reference):
    """{module: set of test ids}."""
    known, module = {}, None
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if not line.startswith(" "):
            module, *star = line.split()
            known[module] = set(reference.get(module, [])) if star else set()
            continue
        head, _, names = line.strip().partition(": ")
        there = dict(by_class(module, reference.get(module, [])).get(head, []))
        names = names.split()
        known[module].update(there.values() if names == ["*"] else (there[n] for n in names if n in there))
    return known


def write_expect(path, known, reference):
    lines = ["# Tests that CPython 3.14 passes and Adder does not (yet), by module and class.",
             "# Written by conformance/run.py --write-expect; `*` stands for all."]
    for module in sorted(known):
        bad, want = known[module], reference.get(module, [])
        if not bad:
            continue
        if len(bad) == len(want):
            lines.append(f"{module} *")
            continue
        lines.append(module)
        all_of = by_class(module, want)
        for head, tests in sorted(by_class(module, [t for t in want if t in bad]).items()):
            names = "*" if len(tests) == len(all_of[head]) else " ".join(sorted(n for n, _ in tests))
            lines.append(f"  {head}: {names}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


class Score:
    def __init__(self):
        self.want = self.good = self.whole = self.modules = 0

    def add(self, want, results):
        count = sum(not is_detail(results.get(t)) for t in want)
        good = sum(results.get(t, ("",))[0] == "pass" for t in want)
        self.want += count
        self.good += good
        self.whole += good == count and bool(want)
        self.modules += bool(want)
        return f"{good:5d}/{count:<5d}"

    def __str__(self):
        return (f"{self.good} of {self.want} tests that CPython 3.14 passes "
                f"({100 * self.good / max(1, self.want):.2f} %); "
                f"{self.whole} of {self.modules} modules whole")


def show(module, results, notes, seconds, score, failures):
    count = collections.Counter(o for o, _ in results.values())
    print(f"{score} {module:32s} " + " ".join(f"{k} {v}" for k, v in sorted(count.items()))
          + f"  {seconds:.1f} s" + (f"  [{notes[0][:110]}]" if notes else ""), flush=True)
    bad = [(t, o, d) for t, (o, d) in results.items() if o in ("fail", "error", "crash", "timeout")]
    # Crashes and hangs are always named: no count is worth as much.
    worst = [b for b in bad if b[1] in ("crash", "timeout")]
    for t, o, d in worst + [b for b in bad if b not in worst][:max(0, failures - len(worst))]:
        prefix = f"test.{module}."
        print(f"        {o}: {t[len(prefix):] if t.startswith(prefix) else t}: {d[:160]}")


def arguments():
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    oracles = Path(os.environ.get("ORACLES", Path.home() / ".cache" / "py-oracles"))
    ap.add_argument("--suite", type=Path, default=oracles / "suite")
    ap.add_argument("--impl", required=True)
    ap.add_argument("--only")
    ap.add_argument("--fast", action="store_true", help="only the modules in FAST")
    ap.add_argument("--reference", type=Path, default=HERE / "reference-3.14.json")
    ap.add_argument("--expect", type=Path)
    ap.add_argument("--write-expect", action="store_true")
    ap.add_argument("--out", type=Path, help="every outcome with its message")
    ap.add_argument("--timeout", type=float, default=180, help="seconds for one test; large modules may take longer")
    ap.add_argument("--failures", type=int, default=0, help="show this many failures of each module")
    ap.add_argument("--ci", action="store_true", help="SKIPPED and status 0 where the suite is absent")
    ap.add_argument("-j", type=int, default=2)
    return ap.parse_args()


def main():
    # Shells start background jobs with SIGINT ignored, which the tests would inherit: some of them wait for it for ever.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    args = arguments()
    impl = shlex.split(args.impl)
    absent = None
    if not (args.suite / "test" / "support").exists():
        absent = f"CPython's test suite is not in {args.suite} (tools/oracles installs it)"
    elif not shutil.which(impl[0]):
        absent = f"no command {impl[0]}"
    if absent:
        print(f"SKIPPED conformance: {absent}")
        return 0 if args.ci else 2
    impl[0] = str(Path(shutil.which(impl[0])).resolve()) if os.sep in impl[0] else impl[0]
    reference = json.loads(args.reference.read_text())
    here = modules(args.suite)
    names = args.only.split(",") if args.only else [m for m in here if m in FAST] if args.fast else here
    record, score = {}, Score()
    with concurrent.futures.ThreadPoolExecutor(args.j) as pool:
        jobs = [pool.submit(run_module, n, impl, args.suite, args.timeout) for n in names]
        for job in concurrent.futures.as_completed(jobs):
            module, results, notes, seconds = job.result()
            record[module] = {"results": results, "notes": notes, "seconds": round(seconds, 2)}
            show(module, results, notes, seconds, score.add(reference.get(module, []), results), args.failures)
    if args.out:
        args.out.write_text(json.dumps(record))
    print(f"\n{score}")
    return judge(args, impl, names, reference, record) if args.expect else 0


def judge(args, impl, names, reference, record):
    known = read_expect(args.expect, reference) if args.expect.exists() else {}
    worse, better = {}, 0
    for module in names:
        want = reference.get(module, [])
        bad = set(non_passes(want, record[module]["results"]))
        new = bad - known.get(module, set())
        if new and not args.write_expect:
            # Once more, alone: a busy machine fails tests about time.
            again = run_module(module, impl, args.suite, args.timeout)[1]
            new &= set(non_passes(want, again))
            if new:
                worse[module] = (new, again)
        better += len(known.get(module, set()) - bad)
        if args.write_expect:
            known[module] = bad
    if args.write_expect:
        write_expect(args.expect, known, reference)
        print(f"{sum(map(len, known.values()))} known non-passes written to {args.expect}")
        return 0
    if better:
        print(f"{better} tests pass that {args.expect} does not expect to: --write-expect")
    for module, (tests, again) in sorted(worse.items()):
        for test in sorted(tests):
            outcome, detail = again.get(test, ("did not run", "; ".join(record[module]["notes"])[:200]))
            print(f"REGRESSION {test}: {outcome}: {detail[:200]}")
    if worse:
        print(f"{sum(len(t) for t, _ in worse.values())} regressions in {len(worse)} modules")
        return 1
    print(f"no regression against {args.expect}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
