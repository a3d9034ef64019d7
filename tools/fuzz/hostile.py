"""Every callable of every builtin module with odd arguments: whatever is raised, the process must live.

    adder [-X jit=threshold=2] tools/fuzz/hostile.py [--seconds 20] [--seed 1] [--only NAME,...] [--threads N]

Runs under Adder itself, in the manner of fusil: each case, in a child made by fork, takes some callables of a module or the
methods of some objects, and calls them with arguments of all types, objects that misbehave among them. With `--threads N`
so many threads call methods of the same few objects, with these objects for arguments. A signal or an
internal error is a bug. A seed says everything but what else the machine does.
"""
import importlib
import io
import os
import random
import resource
import signal
import sys
import tempfile
import types

import cases
from cases import judge

# What ends, waits or reaches beyond the process does what it should.
SKIP = set("""_exit abort kill killpg fork forkpty vfork posix_spawn posix_spawnp execv execve system popen pause sleep wait wait3 wait4
waitid waitpid raise_signal pthread_kill sigwait sigwaitinfo sigtimedwait set_wakeup_fd alarm setitimer reboot chroot chdir fchdir chmod
chown fchmod fchown lchown lchmod unlink remove rmdir rename renames replace removedirs link symlink truncate ftruncate mkfifo mknod mkdir
makedirs setuid setgid seteuid setegid setreuid setregid setresuid setresgid setgroups initgroups setpgid setsid setpriority sched_setaffinity
sched_setscheduler sched_setparam nice closerange close dup2 setrlimit prlimit unshare setns ptrace interrupt_main breakpoint input exit quit
_sigsegv _sigabrt _sigfpe _read_null _stack_overflow _fatal_error _fatal_error_c_thread dump_traceback_later _crash daemon_threads_allowed
start_new_thread start_joinable_thread fork_exec set_trace settrace select poll accept recv recvfrom lockf flock tcsetattr tcsetpgrp tcflow
posix_openpt login_tty openpty sendfile splice copy_file_range read readv pread preadv getrandom lock_acquire acquire put get __import__
utime setxattr removexattr umask pidfd_send_signal pidfd_open remote_exec _debugmallocstats crash_no_current_thread exec_module ioctl
sync fsync fdatasync set_blocking eventfd_read timerfd_create _enablelegacywindowsfsencoding _dump_tracelets create_dynamic exec_dynamic
opendir _run_script getpass set_int_max_str_digits_ register_at_fork _setmode gethostbyname gethostbyaddr getaddrinfo gethostbyname_ex getnameinfo
__pow__ __rpow__ __ipow__ pow ipow __lshift__ __rlshift__ lshift factorial perm comb connect connect_ex join lock allocate_lock acquire_lock __enter__ sethostname settimeofday clock_settime clock_settime_ns mount""".split())
MODULES = sorted(set(sys.builtin_module_names) - {"antigravity", "this", "_testcapi", "idlelib"})


class Odd:
    """Misbehaves in a way that its seed says."""
    def __init__(self, r):
        self.r = r

    def answer(self):
        k = self.r.randrange(14)
        if k == 0:
            raise ValueError("odd")
        if k == 1:
            return self
        if k == 2:
            for t in TARGETS[-3:]:
                mutate(self.r, t)
        return VALUES[self.r.randrange(len(VALUES))]()


for name in """eq ne lt le gt ge len bool hash index int float complex iter next getitem setitem delitem contains call add radd sub mul rmul mod
    truediv floordiv pow divmod lshift rshift and or xor neg pos abs invert str repr bytes format fspath enter exit get set delete length_hint
    reversed missing round trunc floor ceil buffer release_buffer await aiter anext instancecheck subclasscheck set_name mro_entries
    class_getitem copy deepcopy reduce_ex getstate setstate getnewargs sizeof dir iadd""".split():
    setattr(Odd, f"__{name}__", lambda self, *a, **k: self.answer())


class List(list):
    def __getitem__(self, i):
        self.clear()
        return super().__getitem__(i)

    def __eq__(self, other):
        self[:] = []
        return True

    __hash__ = None


class Str(str):
    def __eq__(self, other):
        return 1 / 0

    def __hash__(self):
        return 7


class Int(int):
    def __index__(self):
        return "no"

    def __hash__(self):
        return -1


class Raw(io.RawIOBase):
    def readable(self):
        return True

    def writable(self):
        return True

    def seekable(self):
        return True

    def readinto(self, b):
        return len(b) + 5

    def write(self, b):
        return len(b) + 9

    def seek(self, *a):
        return -5

    def tell(self):
        return 1 << 70


def gen():
    x = yield 1
    try:
        yield x
    finally:
        yield 2


async def coro():
    return 1


async def agen():
    yield 1


TARGETS = []
R = random.Random(1)


def mutate(r, t):
    try:
        k = r.randrange(4)
        if k == 0:
            t.clear()
        elif k == 1:
            t.append(1)
        elif k == 2:
            t.extend(t)
        else:
            t.close()
    except BaseException:
        pass


VALUES = [
    lambda: None, lambda: 0, lambda: 1, lambda: -1, lambda: 2, lambda: 255, lambda: 256, lambda: 1 << 40, lambda: -(1 << 31) - 1, lambda: (1 << 62),
    lambda: (1 << 63) - 1, lambda: 1 << 63, lambda: -(1 << 63), lambda: 1 << 64, lambda: 1 << 200, lambda: True, lambda: 0.5, lambda: float("nan"),
    lambda: float("inf"), lambda: -1e308, lambda: 1j, lambda: "", lambda: "a", lambda: "abc", lambda: "\0", lambda: "\udcff", lambda: "é" * 3, lambda: "\U0001f600",
    lambda: "x" * 5000, lambda: "utf-8", lambda: "%s%d%(a)s", lambda: "{0.a[1]!r:>{1}}", lambda: "(?P<a>x)*+[", lambda: "rb", lambda: "/nonexistent/x", lambda: "os",
    lambda: b"", lambda: b"abc", lambda: b"\0\xff" * 9, lambda: bytearray(b"xyz"), lambda: memoryview(bytearray(b"12345678")),
    lambda: memoryview(b"12345678").cast("i"), lambda: memoryview(bytes(24)).cast("b", (2, 3, 4)), lambda: memoryview(b"abcdef")[::-2], lambda: [], lambda: [1, 2, 3],
    lambda: ["a", None, 2.5], lambda: [[]] * 3, lambda: (), lambda: (1,), lambda: ("a", 2), lambda: ((1, 2), (3, 4)), lambda: {}, lambda: {"a": 1}, lambda: {1: [], None: 2},
    lambda: set(), lambda: {1, "a"}, lambda: frozenset([3]), lambda: range(5), lambda: range(1 << 65, (1 << 65) + 5), lambda: slice(None), lambda: slice(-1, 1 << 70, -3), lambda: ...,
    lambda: NotImplemented, lambda: int, lambda: type, lambda: object, lambda: object(), lambda: Exception, lambda: ValueError("v"), lambda: ExceptionGroup("g", [OSError(2, "x")]),
    lambda: len, lambda: lambda *a, **k: a, lambda: (lambda: 1), lambda: [].append, lambda: str.upper, lambda: sys, lambda: types.ModuleType("m"), lambda: gen(), lambda: gen, lambda: iter([1, 2]),
    lambda: iter({1: 2}), lambda: iter("ab"), lambda: zip([1], [2]), lambda: map(str, [1]), lambda: enumerate("ab"), lambda: reversed([1]), lambda: {1: 2}.items(), lambda: {1: 2}.keys(),
    lambda: types.SimpleNamespace(a=1), lambda: types.MappingProxyType({}), lambda: types.CellType(1), lambda: types.CellType(), lambda: gen.__code__, lambda: sys._getframe(), lambda: property(len),
    lambda: staticmethod(len), lambda: classmethod(len), lambda: super(List, List()), lambda: io.BytesIO(b"abc\ndef"), lambda: io.StringIO("abc\ndef"), lambda: Raw(),
    lambda: io.BufferedReader(Raw()), lambda: io.TextIOWrapper(io.BytesIO(b"abc\xff")), lambda: List([1, 2]), lambda: Str("abc"), lambda: Int(3), lambda: Odd(R), lambda: Odd(R), lambda: Odd,
    lambda: list[int], lambda: int | str, lambda: __import__("array").array("d", [1, 2]), lambda: __import__("collections").deque([1, 2], 5), lambda: __import__("collections").OrderedDict(a=1),
    lambda: __import__("re").compile("a(b)*"), lambda: __import__("re").match("a(b)*", "abb"), lambda: __import__("weakref").ref(List), lambda: __import__("datetime").date(2000, 1, 1),
    lambda: __import__("functools").partial(len), lambda: __import__("functools").lru_cache(len), lambda: __import__("itertools").islice(__import__("itertools").count(), 3), lambda: __import__("contextvars").Context(),
    lambda: __import__("decimal").Decimal("1e5"), lambda: __import__("struct").Struct("<iq"), lambda: __import__("random").Random(1), lambda: __import__("threading").Lock(),
    lambda: -3, lambda: 3, lambda: 8, lambda: 64, lambda: 1000, lambda: R.choice(TARGETS) if TARGETS else 1, lambda: R.choice(TARGETS) if TARGETS else "",
]


def value(r):
    v = VALUES[r.randrange(len(VALUES))]()
    TARGETS.append(v)
    return v


class Case:
    def __init__(self, seed, only, log):
        global R
        R = self.r = random.Random(seed)
        self.only = only
        self.log = log
        TARGETS.clear()

    def call(self, f, name):
        r = self.r
        args = [value(r) for _ in range(r.choice([0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 6]))]
        kw = {}
        if r.random() < 0.15:
            text = getattr(f, "__text_signature__", None) or "key,default,start,encoding"
            words = [w for w in "".join(c if c.isalnum() or c == "_" else " " for c in text).split() if w.isidentifier()]
            if words:
                kw = {r.choice(words): value(r)}
        if self.log:
            print(name, *(type(a).__name__ + (":" + repr(a)[:40] if isinstance(a, (int, str, bytes, float, tuple)) else "") for a in args), list(kw), file=sys.stderr, flush=True)
        try:
            v = f(*args, **kw)
        except Exception as e:
            judge(e)
            return
        except (KeyboardInterrupt, SystemExit, GeneratorExit, BaseExceptionGroup):
            return
        self.use(v, name)

    def use(self, v, name):
        r = self.r
        TARGETS.append(v)
        if v is None or isinstance(v, (bool, types.ModuleType)) or v is sys.stdout:
            return
        for g in (lambda: repr(v)[:50], lambda: hash(v), lambda: v == value(r), lambda: bool(v), lambda: [x for x, _ in zip(v, range(20))], lambda: len(v)):
            if r.random() < 0.4:
                try:
                    g()
                except Exception as e:
                    judge(e)
        if r.random() < 0.6:
            self.methods(v, 3, name + "()")

    def methods(self, o, n, what):
        r = self.r
        try:
            names = [n for n in dir(o) if n not in SKIP]
        except Exception:
            return
        for _ in range(n):
            if not names:
                return
            m = r.choice(names)
            try:
                f = getattr(o, m)
            except Exception as e:
                judge(e)
                continue
            if callable(f):
                self.call(f, f"{what}.{m}")
            elif r.random() < 0.3 and not isinstance(o, (types.ModuleType, type)):
                try:
                    setattr(o, m, value(r)) if r.random() < 0.7 else delattr(o, m)
                except Exception as e:
                    judge(e)

    def run(self):
        r = self.r
        for _ in range(30):
            if r.random() < 0.7:
                name = r.choice(self.only or MODULES)
                try:
                    m = importlib.import_module(name)
                except Exception:
                    continue
                names = [n for n in dir(m) if n not in SKIP]
                for _ in range(3):
                    n = r.choice(names)
                    f = getattr(m, n, None)
                    if callable(f):
                        self.call(f, f"{name}.{n}")
                        if isinstance(f, type):
                            self.methods(f, 1, f"{name}.{n}")
            elif not self.only:
                v = value(r)
                self.methods(v, 4, type(v).__name__)


class Shared(Case):
    """One of the threads. What they call on each other's objects is up to chance, and so is when."""

    def __init__(self, seed, pool):
        self.r = random.Random(seed)
        self.log = False
        self.pool = pool

    def value(self):
        r = self.r
        return r.choice(self.pool) if r.random() < 0.6 else VALUES[r.randrange(len(VALUES))]()

    def call(self, f, name):
        r = self.r
        args = [self.value() for _ in range(r.choice([0, 0, 1, 1, 1, 2, 2, 3]))]
        try:
            v = f(*args)
            if r.random() < 0.3:
                [x for x, _ in zip(v, range(50))]
            if r.random() < 0.1:
                self.pool[r.randrange(len(self.pool))] = v
        except Exception as e:
            judge(e)
        except BaseException:
            pass

    def run(self):
        r = self.r
        for _ in range(120):
            o = r.choice(self.pool)
            if r.random() < 0.8:
                self.methods(o, 3, "")
                continue
            f = r.choice(FUNCTIONS)
            self.call(f, "")


def functions():
    import builtins, collections, copy, functools, heapq, itertools, json, math, operator, pickle, re, struct
    kinds = [int, float, str, bytes, bytearray, list, tuple, dict, set, frozenset, sorted, sum, min, max, map, zip, filter, enumerate, reversed, iter, next,
             len, repr, hash, any, all, isinstance, getattr, setattr, hasattr, memoryview, range, format]
    modules = [itertools, operator, collections, heapq, copy, functools, json, pickle, re, math, struct]
    return kinds + [f for m in modules for n in dir(m) if n[0] != "_" and n not in SKIP and callable(f := getattr(m, n))]


def shared(seed, n):
    global R, FUNCTIONS
    import threading
    r = R = random.Random(seed)
    FUNCTIONS = functions()
    sys.setswitchinterval(1e-5)
    pool = [r.choice(VALUES)() for _ in range(r.choice([3, 8, 20]))]
    # Others change them at any time.
    TARGETS.extend(pool)
    ts = [threading.Thread(target=Shared(seed * 100 + i, pool).run) for i in range(n)]
    for t in ts:
        t.start()
    for t in ts:
        t.join()


def run(a, seed):
    # What is larger than that is to fail at once.
    resource.setrlimit(resource.RLIMIT_AS, (200 << 30, 200 << 30))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    if a.threads:
        return shared(seed, a.threads)
    Case(seed, a.only and a.only.split(","), a.one).run()


def main():
    p = cases.options(limit=3)
    p.add_argument("--threads", type=int, default=0, help="that call methods of the same objects")
    p.add_argument("--only", help="modules, with commas")
    a = p.parse_args()
    os.chdir(tempfile.mkdtemp())
    return cases.main(run, a)


if __name__ == "__main__":
    sys.exit(main())
