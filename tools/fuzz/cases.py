"""Random cases, each in a child made by fork: what `code`, `hostile` and `shared` have in common.

A case may raise what it likes. A signal, or an error that says that Adder is wrong inside, is a bug; a case that takes too
long is one only where the caller says so. A seed says everything but what else the machine does.
"""
import argparse
import os
import signal
import sys
import time

INTERNAL = 99


def judge(e):
    """Ends the process if an exception, or one in whose handling it was raised, says that Adder is wrong inside."""
    for _ in range(20):
        if e is None:
            return
        if isinstance(e, SystemError) and "internal error" in str(e):
            os.write(2, f"{e}\n".encode())
            os._exit(INTERNAL)
        e = e.__context__


def options(limit):
    p = argparse.ArgumentParser()
    p.add_argument("--seconds", type=float, default=20, help="begin cases for so long")
    p.add_argument("--seed", type=int, default=1, help="of the first case; each further one has the next")
    p.add_argument("--count", type=int, default=sys.maxsize, help="of cases, at most")
    p.add_argument("--limit", type=float, default=limit, help="seconds of one case")
    p.add_argument("--one", action="store_true", help="this case alone, in this process, and what it does is written down")
    return p


def child(case, a, seed):
    os.setsid()
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, a.limit)
    null = os.open(os.devnull, os.O_RDWR)
    for fd in 0, 1, 2:
        os.dup2(null, fd)
    try:
        case(a, seed)
    except BaseException as e:
        judge(e)
    finally:
        os._exit(0)


def main(case, a, slow_is_bad=False):
    """Carries out `case(a, seed)` for seeds from `a.seed` on. The status of the process: were there bad ones?"""
    if a.one:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, a.limit)
        try:
            case(a, a.seed)
        except Exception as e:
            judge(e)
            raise
        os._exit(0)
    start, seed, bad, slow = time.monotonic(), a.seed, 0, []
    while time.monotonic() - start < a.seconds and seed - a.seed < a.count:
        pid = os.fork()
        if pid == 0:
            child(case, a, seed)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if code == -signal.SIGALRM and not slow_is_bad:
            # Most have just much to do.
            slow.append(seed)
        elif code:
            bad += 1
            what = {INTERNAL: "internal error", -signal.SIGALRM: "does not end"}.get(code, code)
            print(f"seed {seed}: {what}", flush=True)
        seed += 1
    print(f"{seed - a.seed} cases, {bad} bad" + (f"; did not end in time: {slow}" if slow else ""))
    return int(bad > 0)
