# What `help`, `inspect` and pydoc see of builtin and native modules: signatures, documentation, attributes of types.
import _bisect, _heapq, array, bisect, collections, csv, errno, fcntl, functools, grp, hashlib, inspect, io, itertools
import json, marshal, math, mmap, os, pickle, pwd, select, signal, socket, struct, sys, termios, threading, time, types
import zlib
import _locale, _posixshmem, _posixsubprocess, _queue, _signal, _socket, _stat, _thread, faulthandler


def shown(f):
    try:
        return str(inspect.signature(f))
    except (ValueError, TypeError) as e:
        return type(e).__name__


for m in (_locale, _posixshmem, _posixsubprocess, _queue, _signal, _socket, _stat, errno, faulthandler, fcntl, grp,
          itertools, marshal, pwd, select, struct, termios, time, _heapq):
    print(m.__name__, repr(m.__doc__))
for t in (itertools.accumulate, itertools.batched, itertools.chain, itertools.combinations, itertools.compress,
          itertools.count, itertools.cycle, itertools.dropwhile, itertools.filterfalse, itertools.groupby,
          itertools.islice, itertools.pairwise, itertools.permutations, itertools.product, itertools.repeat,
          itertools.starmap, itertools.takewhile, itertools.zip_longest, types.FunctionType, types.MethodType,
          types.TracebackType, types.CellType, types.NoneType, types.EllipsisType, types.NotImplementedType,
          functools.partial, select.epoll, threading.local, type(threading.RLock()), _queue.SimpleQueue, mmap.mmap):
    print(t.__module__, t.__qualname__, shown(t), repr(t.__text_signature__), repr(t.__doc__))
for f in (functools.reduce, struct.pack, struct.pack_into, struct.unpack_from, time.sleep, time.mktime, time.time,
          hashlib.scrypt, os.open, os.stat, os.posix_spawn, os.chmod, os.cpu_count, _thread.start_new_thread,
          _thread.stack_size, bisect.bisect_left, _heapq.heappop_max, _heapq.heapify, math.hypot, math.nextafter,
          marshal.dumps, csv.reader, pickle.dumps, json.encoder.c_make_encoder, signal.signal, socket.getaddrinfo,
          object.__init_subclass__, object.__subclasshook__, type.__prepare__, BaseException.add_note,
          BaseException.with_traceback, BaseException.__setstate__, property.setter, property.__set_name__,
          collections.deque.index, collections.deque.__class_getitem__, collections.defaultdict.copy,
          collections.defaultdict.__missing__, itertools.chain.__class_getitem__, sys.version_info.__replace__,
          faulthandler.enable):
    print(getattr(f, "__qualname__", f), shown(f), repr(getattr(f, "__text_signature__", None)), repr(f.__doc__))
import codecs
for name in ("strict", "ignore", "replace", "xmlcharrefreplace", "backslashreplace", "namereplace"):
    f = codecs.lookup_error(name)
    print(name, shown(f), f.__text_signature__)
print(types.BuiltinMethodType.__doc__ is not None, slice.__dict__["start"].__doc__, range.__dict__["stop"].__doc__)

HEAP, BASE, IMMUTABLE = 1 << 9, 1 << 10, 1 << 8
for t in (array.array, collections.deque, collections.defaultdict, functools.partial, itertools.count, struct.Struct,
          struct.error, csv.Error, zlib.error, pickle.PickleError, mmap.mmap, select.epoll, time.struct_time,
          os.stat_result, os.terminal_size, type(sys.flags), type(sys.version_info), io.BytesIO, re_type := type(
              __import__("re").compile("a")), _queue.Empty, type(csv.reader([])), threading.local, json.scanner.c_make_scanner):
    print(t, [bool(t.__flags__ & b) for b in (HEAP, BASE, IMMUTABLE)], t.__dict__.get("__module__"),
          "__weakref__" in t.__dict__)
print(type(iter(collections.deque())), hasattr(_bisect, "bisect"), hasattr(_bisect, "insort"))
print(os.TMP_MAX > 0, select.EPOLLET, zlib.__version__, itertools._tee_dataobject.__doc__)
print("UnraisableHookArgs" in dir(sys), "__new__" in type(sys.flags).__dict__)

# A class of a module can be changed, its special methods too.
struct.error.__str__ = lambda self: "changed"
print(struct.error("x"), str(struct.error("x")))
del struct.error.__str__
print(struct.error("x"))
time.struct_time.__module__ = "elsewhere"
print(time.struct_time)
time.struct_time.__module__ = "time"

# Subclasses of types that make no instances make none either.
Reader = type("Reader", (type(csv.reader([])),), {})
try:
    Reader()
except TypeError as e:
    print(e)

# Keyword-only arguments without a default.
for call in ("hashlib.scrypt()", "hashlib.scrypt(b'a')", "hashlib.scrypt(b'a', b'b')",
             "hashlib.scrypt(b'a', salt=b'b', n=2)", "len(hashlib.scrypt(b'a', salt=b'b', n=2, r=1, p=1))"):
    try:
        print(eval(call))
    except TypeError as e:
        print(e)

# __release_buffer__
b = bytearray(b"abc")
m = memoryview(b)
for call in ("b.__release_buffer__(3)", "b.__release_buffer__(memoryview(b'a'))", "b.__release_buffer__(m)", "m[0]",
             "b.__release_buffer__(m)", "b.append(1)", "m.__release_buffer__(m)", "b.__release_buffer__()",
             "array.array('b', b'a').__release_buffer__(memoryview(b''))"):
    try:
        print(call, eval(call))
    except Exception as e:
        print(call, type(e).__name__, e)


class Plain(bytearray):
    pass


with memoryview(Plain(b"ab")) as v:
    print(v.tobytes())

# OSError.characters_written
e = BlockingIOError(1, "a", 5)
for do in ("print(e.characters_written)", "e.characters_written = 'x'", "del e.characters_written",
           "del e.characters_written", "e.characters_written", "e.characters_written = 7",
           "print(e.characters_written, e.args)", "e.characters_written = 2**70", "OSError().characters_written"):
    try:
        exec(do)
    except Exception as x:
        print(do, type(x).__name__, x)

# _tee_dataobject
t = itertools._tee_dataobject
for call in ("t()", "t([1], [2], None)", "t([1], 3, None)", "t([1], [], 3)", "t([1], [1] * 57, t([1], [], None))",
             "t([1], [1] * 58, None)"):
    try:
        print(call, type(eval(call)))
    except Exception as x:
        print(call, type(x).__name__, x)
