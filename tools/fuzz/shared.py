"""Threads that use the same objects of the library as programs do, without any lock: nothing may crash or hang.

    adder [-X gc=stress] tools/fuzz/shared.py [--seconds 20] [--seed 1] [--threads 5]

Runs under Adder itself. Each case, in a child made by fork, makes objects of a few kinds; threads carry out operations on
them that are picked at random. What they raise does not matter. tests/race.py has the builtin containers, with invariants.
"""
import random
import sys
import threading

import cases

# How an object of the kind is made; what is done with `o` (`p` is another one, `i` a small number, `s` a str, `b` bytes).
KINDS = '''
memoryview(bytearray(range(64)))
    o[i]; o[i] = i; o[i:].tobytes(); o.cast("b")[0]; o.release(); o.hex(); list(o); o == p; hash(o); o.tolist(); o[::2]; bytes(o); o.obj.append(1); o.obj.clear()
bytearray(b"abc" * 9)
    o.append(i); o.extend(b); o.pop(); del o[:i]; o[i:i] = b; memoryview(o)[0]; o.find(b); o.split(b"a"); o += b; o.clear(); o.replace(b"a", b); o.translate(None, b); o.join([o, b]); bytes(o); o.resize(i); o.decode("latin-1"); o[:] = p; int(o); o % ()
array.array("i", range(40))
    o.append(i); o.pop(); o.extend(p); o[i]; o[i] = i; del o[i:]; o.tobytes(); o.byteswap(); o.frombytes(bytes(8)); o.index(3); o.remove(2); o.reverse(); memoryview(o)[0]; list(o); o * 2; o.buffer_info(); o.fromlist([i, 2]); sorted(o); copy.copy(o)
functools.lru_cache(maxsize=4)(lambda n: [n])
    o(i); o(i % 3); o.cache_clear(); o.cache_info(); o(s); o([]); copy.copy(o); pickle.dumps(o)
functools.partial(max, 1)
    o(i); o(2, key=str); o.__setstate__((max, (i,), {}, None)); o.__setstate__((len, (), {"a": 1}, {"z": 2})); repr(o); o.keywords.update(key=None); o.keywords.clear(); copy.copy(o); functools.partial(o, i)(2); o.x = 1; vars(o)
functools.singledispatch(lambda a: a)
    o(i); o(s); o.register(int, lambda a: -1); o.dispatch(str); o.register(float)(lambda a: 2)
itertools.tee(iter(range(300)))[0]
    next(o); copy.copy(o); list(itertools.islice(o, 3)); itertools.tee(o, 2); next(copy.copy(o))
itertools.groupby(itertools.cycle("aabbc"))
    next(o); list(itertools.islice(next(o)[1], 3)); next(next(o)[1])
itertools.chain([1, 2], iter(range(99)), "abc")
    next(o); list(itertools.islice(o, 4))
itertools.cycle([1, 2, 3])
    next(o); [x for x, _ in zip(o, range(i))]
itertools.product(range(9), repeat=3)
    next(o); sum(1 for x in itertools.islice(o, i)); copy.copy(o) if 0 else 1
itertools.permutations(range(7), 3)
    next(o); list(itertools.islice(o, i))
itertools.combinations(range(20), 3)
    next(o); list(itertools.islice(o, i))
itertools.combinations_with_replacement(range(9), 3)
    next(o); list(itertools.islice(o, i))
itertools.accumulate(itertools.count())
    next(o); list(itertools.islice(o, i))
itertools.zip_longest(range(500), "ab" * 90)
    next(o); list(itertools.islice(o, i))
itertools.batched(range(2000), 3)
    next(o); list(itertools.islice(o, i))
itertools.islice(itertools.count(), 5000)
    next(o); list(itertools.islice(o, i))
itertools.pairwise(range(3000))
    next(o); list(itertools.islice(o, i))
itertools.starmap(divmod, zip(range(2000), itertools.repeat(3)))
    next(o); list(itertools.islice(o, i))
itertools.count(1 << 62)
    next(o); repr(o)
itertools.repeat(1, 500)
    next(o); operator.length_hint(o); repr(o)
enumerate("ab" * 900)
    next(o); list(itertools.islice(o, i)); o.__reduce__()
zip(range(4000), range(4000))
    next(o); list(itertools.islice(o, i)); o.__reduce__()
map(lambda a, b: a + b, range(4000), range(4000))
    next(o); list(itertools.islice(o, i))
filter(None, range(4000))
    next(o); list(itertools.islice(o, i))
reversed(list(range(4000)))
    next(o); operator.length_hint(o); o.__reduce__(); o.__setstate__(i)
iter(list(range(3000)))
    next(o); operator.length_hint(o); o.__reduce__(); o.__setstate__(i)
iter({i: i for i in range(2000)}.items())
    next(o); operator.length_hint(o); o.__reduce__()
iter("é" * 3000)
    next(o); operator.length_hint(o); o.__setstate__(i)
iter(itertools.count().__next__, 5000)
    next(o); o.__reduce__(); list(itertools.islice(o, i))
gen(3000)
    next(o); o.send(i); o.throw(KeyError("x")); o.close(); o.gi_frame.f_locals; o.gi_frame.f_lineno; o.gi_frame.clear(); repr(o); o.gi_yieldfrom; o.gi_running
agen(500)
    o.asend(None).send(None); o.__anext__().send(None); o.athrow(KeyError).send(None); o.aclose().send(None); o.ag_frame
coro()
    o.send(None); o.throw(KeyError("x")); o.close(); o.cr_frame; o.cr_await; next(o.__await__())
contextvars.ContextVar("v", default=1)
    o.set(i); o.get(); o.reset(o.set(s)); contextvars.copy_context().run(o.set, i); contextvars.copy_context()[o]; list(contextvars.copy_context().items())
contextvars.copy_context()
    o.run(len, s); list(o); o.copy(); o.get(VAR); o.run(VAR.set, i); len(o); VAR in o; o == p
re.compile("(a+)(b)?|x(?P<n>.)")
    o.findall(s * 3); o.sub("-", s); o.match(s); o.search("zzaab").groups(); o.scanner(s).search(); o.split(s); o.sub(lambda m: m[0] * 2, "aabxy"); re.purge(); re.compile(s + str(i)); repr(o); o.fullmatch("aab"); copy.copy(o)
re.compile("a.").finditer("ab" * 900)
    next(o); next(o).span(); list(itertools.islice(o, i))
re.compile("a.").scanner("ab" * 900)
    o.match(); o.search()
io.BytesIO(b"abc\\n" * 50)
    o.read(i); o.write(b); o.seek(i); o.tell(); o.truncate(i); o.getvalue(); o.readline(); o.getbuffer()[0]; list(o); o.readinto(bytearray(9)); o.read1(3); o.__getstate__(); o.close(); o.writelines([b, b]); next(o)
io.StringIO("abc\\n" * 50)
    o.read(i); o.write(s); o.seek(i); o.tell(); o.truncate(i); o.getvalue(); o.readline(); list(o); o.__getstate__(); next(o); o.close()
io.BufferedReader(io.BytesIO(b"abc\\n" * 5000), 64)
    o.read(i); o.peek(3); o.readline(); o.seek(i); o.read1(4); o.readinto(bytearray(100)); o.tell(); next(o); o.close(); o.detach(); o.raw
io.BufferedWriter(io.BytesIO(), 64)
    o.write(b); o.write(b * 30); o.flush(); o.seek(i); o.tell(); o.truncate(i); o.close(); o.detach()
io.BufferedRandom(io.BytesIO(b"abc\\n" * 500), 64)
    o.write(b); o.read(i); o.flush(); o.seek(i); o.tell(); o.readline(); o.truncate(i); o.peek()
io.TextIOWrapper(io.BytesIO("aé\\n".encode() * 500), "utf-8", write_through=False)
    o.read(i); o.write(s); o.readline(); o.seek(0); o.tell(); o.flush(); next(o); o.reconfigure(line_buffering=True); o.truncate(i); o.close(); o.detach(); o.buffer; o.newlines; list(o)
io.IncrementalNewlineDecoder(None, True)
    o.decode(s + "\\r"); o.newlines; o.getstate(); o.setstate((b"", i)); o.reset()
json.JSONEncoder()
    o.encode(DATA); json.dumps(DATA, indent=1, sort_keys=False); json.loads('{"a": [1, 2.5, "x", null]}'); list(o.iterencode(DATA)); DATA.append(i); DATA.append({s: [i]}); DATA.clear(); DATA.pop()
pickle.Pickler(io.BytesIO())
    o.dump(DATA); o.dump(i); o.clear_memo(); o.memo; pickle.loads(pickle.dumps(DATA)); DATA.append((s, b, i)); DATA.append(DATA); DATA.clear(); copy.deepcopy(DATA)
pickle.Unpickler(io.BytesIO(pickle.dumps([1, "a", (2.5, None)]) * 500))
    o.load(); o.memo; o.persistent_load
random.Random(1)
    o.random(); o.randrange(1 + i); o.getrandbits(i); o.seed(i); o.setstate(p.getstate()); o.shuffle(DATA); o.sample(range(30), 3); o.gauss(0, 1); pickle.dumps(o); o.choice(s)
zlib.compressobj()
    o.compress(b * 30); o.flush(zlib.Z_SYNC_FLUSH); o.copy(); o.flush()
zlib.decompressobj()
    o.decompress(zlib.compress(b * 9)); o.decompress(b, i); o.flush(); o.copy(); o.unused_data; o.unconsumed_tail; o.eof
bz2.BZ2Compressor()
    o.compress(b * 30); o.flush()
lzma.LZMACompressor()
    o.compress(b * 30); o.flush()
bz2.BZ2Decompressor()
    o.decompress(bz2.compress(b)); o.eof; o.unused_data; o.needs_input; o.decompress(b, i)
hashlib.sha256(b"x")
    o.update(b * 99); o.hexdigest(); o.copy().update(b); o.digest(); o.update(bytes(5000))
hashlib.blake2b(b"x")
    o.update(b * 99); o.hexdigest(); o.copy().update(b); o.digest(); o.update(bytes(5000))
hmac.new(b"k", b"x", "sha256")
    o.update(b * 99); o.hexdigest(); o.copy().update(b)
csv.reader(iter(["a,b,c\\n", '"x\\n', 'y",z\\n'] * 600))
    next(o); list(itertools.islice(o, i)); o.line_num; o.dialect
csv.writer(io.StringIO())
    o.writerow([s, i, None]); o.writerows([[1, 2], [s]]); o.dialect
decimal.Context(prec=9)
    o.add(decimal.Decimal(i), 3); o.sqrt(2); o.divide(1, 0); o.clear_flags(); o.flags[decimal.Inexact]; o.copy(); o.prec = 1 + i; o.traps[decimal.DivisionByZero] = i % 2; repr(o); o.create_decimal(s); decimal.setcontext(o); +decimal.Decimal("1.23456789")
ET.Element("a", {"x": "1"})
    o.append(ET.Element("b")); o.insert(i, ET.Element("z")); o.clear(); o.find("b"); list(o.iter()); o.set(s, s); o.get("x"); del o[:]; o[i]; o.attrib.clear(); ET.tostring(ET.Element("q")); o.remove(o[0]); o.text = s; copy.deepcopy(ET.Element("r")); o.findall("*"); o.extend([ET.Element("c")]); list(o.itertext()); o.__getstate__(); len(o)
ET.XMLParser()
    o.feed("<a>"); o.feed("x"); o.close(); o.flush()
pyexpat.ParserCreate()
    o.Parse("<a>"); o.Parse("<b/>x"); setattr(o, "StartElementHandler", lambda *a: None); setattr(o, "CharacterDataHandler", lambda *a: DATA.append(a)); o.StartElementHandler; o.CurrentLineNumber; o.Parse("</a>", True); o.buffer_text
sqlite3.connect(":memory:", check_same_thread=False)
    o.execute("create table if not exists t(a, b)"); o.execute("insert into t values(?, ?)", (i, s)); o.execute("select * from t").fetchall(); o.commit(); o.rollback(); o.cursor().execute("select 1").fetchone(); o.total_changes; o.create_function("f", 1, lambda q: q); o.execute("select f(a) from t").fetchall(); o.close(); o.interrupt(); list(o.iterdump()); o.set_trace_callback(None); o.row_factory = sqlite3.Row
struct.Struct("<iqd4s")
    o.pack(i, 2, 0.5, b); o.unpack(bytes(o.size)); list(o.iter_unpack(bytes(o.size * 3))); o.__init__("<h"); o.pack_into(BUF, 0, i, 2, 0.5, b); struct.pack(s, i)
collections.Counter("abcab")
    o.update(s); o.most_common(2); o + p; o.subtract(s); o[s] += 1; o.elements(); o.total(); del o["a"]; o.clear(); o |= p; repr(o)
collections.defaultdict(list)
    o[i].append(s); o.pop(i, 0); o.setdefault(s, i); o | p; repr(o); list(o.items()); copy.copy(o); o.default_factory = set; o.clear(); pickle.dumps(o)
collections.ChainMap({1: 2}, {3: 4})
    o[i]; o[i] = s; o.new_child(); list(o); o.pop(i); o.popitem(); o.maps.append(p); len(o); o.parents
collections.OrderedDict((i, i) for i in range(9))
    o.move_to_end(i); o.popitem(last=i % 2); o[i] = s; list(o); list(reversed(o)); o == p; del o[i]; o.clear(); o.update(p); o.pop(i, 0); copy.copy(o); repr(o); o | {i: 1}; next(iter(o.items())); o.setdefault(i)
collections.deque(range(30), 50)
    o.append(i); o.appendleft(i); o.pop(); o.popleft(); o.rotate(i); o[i]; o[i] = s; del o[i]; list(o); o.insert(i, s); o.extend(p); o.remove(i); o.index(i); copy.copy(o); o == p; o.reverse(); o.clear(); repr(o); o.count(i); o *= 2; list(reversed(o))
types.MappingProxyType({1: 2})
    o[i]; list(o); o | {1: 3}; o == p; repr(o); len(o)
types.SimpleNamespace(a=1)
    o.a = i; o.b = s; del o.a; repr(o); o == p; vars(o).clear(); copy.copy(o); o.__dict__ = {"a": 1}
weakref.WeakValueDictionary()
    o[i] = Thing(); o.get(i); list(o.items()); o.pop(i); len(o); copy.copy(o); o.setdefault(i, Thing()); list(o.valuerefs())
weakref.WeakKeyDictionary()
    o[Thing()] = i; list(o.items()); len(o); o.clear(); o.popitem(); KEEP.append(Thing()); o[KEEP[-1]] = s; KEEP.pop()
weakref.WeakSet()
    o.add(Thing()); len(o); list(o); KEEP.append(Thing()); o.add(KEEP[-1]); KEEP.pop(); o | p; o.pop()
Thing()
    weakref.ref(o)(); weakref.ref(o, lambda r: KEEP.append(1)); weakref.proxy(o).x; weakref.getweakrefs(o); o.x = i; del o.x; o.__dict__; o.__class__ = Other; o.__class__ = Thing; weakref.finalize(Thing(), len, s)(); vars(o).update({s: i}); copy.copy(o); o.m(); o.__dict__ = {}; pickle.dumps(vars(o))
type("K", (Thing,), {"a": 1})
    o().a; o.a = i; del o.a; setattr(o, s, i); o.__bases__ = (Other,); o.__bases__ = (Thing,); o.__subclasses__(); type("L", (o,), {}); o.__mro__; o.m = lambda self: 1; o().m(); del o.m; dir(o); o.__name__ = s; o.__doc__ = s; o.__abstractmethods__ = {s}; o.__call__ = lambda self: 1; o()(); isinstance(o(), p); issubclass(o, p); o.__annotations__; o.__eq__ = lambda *a: True; o() == o()
type("A", (abc.ABC,), {})
    o.register(type("N", (), {})); issubclass(int, o); isinstance(i, o); abc.get_cache_token(); o.register(int); o._abc_registry_clear(); o._abc_caches_clear()
(lambda a, b=1, *, c=2: (a, b, c))
    o(i); o.__defaults__ = (i,); o.__kwdefaults__ = {"c": i}; o.__kwdefaults__.clear(); o.__code__ = (lambda a, b=1, *, c=2: 7).__code__; o.__dict__; o.x = 1; inspect.signature(o); o.__annotations__; o.__name__ = s; o.__kwdefaults__ = None; o.__closure__; o(*[i], **{"b": 2}); o.__code__.replace(co_name=s)
ValueError("v")
    o.args = (i, s); o.add_note(s); o.__notes__.clear(); repr(o); o.with_traceback(None); o.__traceback__; o.__cause__ = KeyError(); o.__context__ = p; str(o); traceback.format_exception(o); o.__setstate__({"q": 1}); o.__suppress_context__ = True; throw(o); o.__traceback__.tb_next; pickle.dumps(o)
ExceptionGroup("g", [ValueError(1), KeyError(2)])
    o.split(ValueError); o.subgroup(KeyError); o.derive([ValueError()]); repr(o); o.exceptions; traceback.format_exception(o); throw(o)
sys._getframe()
    o.f_locals; o.f_lineno; o.f_back; o.f_globals; o.f_code; o.f_trace; o.clear(); o.f_locals["q"] = i; repr(o); list(o.f_locals.items()); sys._current_frames(); traceback.extract_stack(o)
datetime.timezone(datetime.timedelta(hours=1))
    datetime.datetime.now(o).isoformat(); repr(o); datetime.datetime.strptime("2000-01-01", "%Y-%m-%d"); copy.copy(o); hash(o); time.strftime("%Y"); datetime.datetime(2000, 1, 1, tzinfo=o) - datetime.timedelta(i)
threading.Lock()
    o.acquire(False); o.release(); o.locked(); o.acquire(timeout=0.001); repr(o)
threading.RLock()
    o.acquire(False); o.release(); o.acquire(timeout=0.001); repr(o); o._is_owned(); o._release_save(); o._recursion_count()
threading.local()
    o.x = i; o.x; del o.x; vars(o); o.__dict__.clear(); setattr(o, s, i)
queue.SimpleQueue()
    o.put(i); o.get(False); o.get(timeout=0.001); o.qsize(); o.empty(); o.put_nowait(s)
queue.Queue(5)
    o.put(i, False); o.get(False); o.qsize(); o.task_done(); o.shutdown() if i > 7 else 0
codecs.getincrementaldecoder("utf-8")()
    o.decode(b); o.decode(b"\\xc3"); o.getstate(); o.setstate((b"", 0)); o.reset()
codecs.getincrementalencoder("shift_jis")()
    o.encode(s); o.reset(); o.getstate(); o.setstate(0)
codecs.getincrementaldecoder("euc_jp")()
    o.decode(b"\\xa4"); o.decode(b"\\xa4\\xa2"); o.reset(); o.getstate()
select.poll()
    o.register(0, 1); o.unregister(0); o.modify(0, 4); o.poll(0)
select.epoll()
    o.register(R0, 1); o.unregister(R0); o.modify(R0, 4); o.poll(0); o.close(); o.fileno()
socket.socketpair()[0]
    o.send(b); o.setblocking(False); o.settimeout(0.01); o.fileno(); repr(o); o.getsockopt(1, 3); o.recv(9, 64); o.close() if i == 9 else 0; o.detach() if i == 8 else 0
unicodedata.ucd_3_2_0
    o.name("a"); o.normalize("NFC", s); unicodedata.lookup("DIGIT ONE")
enum.Enum("E", "A B C")
    o(1 + i % 3); o["A"]; list(o); o.A.x = i; o.A.name; o.__members__; pickle.dumps(o.A) if 0 else 1; o.A == p.A; hash(o.B); o.A._value_ = i
dataclasses.make_dataclass("P", ["a", ("b", int, 2)])
    o(i); o(i) == o(2); repr(o(s)); dataclasses.replace(o(1), a=i); dataclasses.asdict(o([i])); dataclasses.fields(o); o.__match_args__
gc
    o.collect(0); o.get_count(); o.is_tracked(DATA); o.freeze(); o.unfreeze(); o.collect(); o.get_stats(); o.disable(); o.enable()
sys
    o.settrace(lambda *a: None); o.settrace(None); o.setprofile(lambda *a: None); o.setprofile(None); o.intern(s + str(i)); o._current_frames(); o.getrefcount(DATA); o.setswitchinterval(1e-5); o.modules.pop("fractions", None); __import__("fractions"); o._current_exceptions(); o.setrecursionlimit(900 + i); o.monitoring.use_tool_id(3, "x"); o.monitoring.set_events(3, 32); o.monitoring.set_events(3, 0); o.monitoring.free_tool_id(3)
warnings
    o.warn(s); o.simplefilter("ignore"); o.catch_warnings().__enter__(); o.filterwarnings("ignore", s); o.resetwarnings(); o.warn_explicit(s, UserWarning, "f", i)
string.Template("$a ${b}")
    o.substitute(a=1, b=2); o.safe_substitute(); o.get_identifiers()
operator.itemgetter(1, 2)
    o([1, 2, 3]); repr(o); copy.copy(o); o(s)
property(lambda o: 1)
    o.getter(len); o.__get__(Thing()); o.__doc__ = s; o.setter(len); o.__init__(len); o.__set_name__(Thing, s); o.__name__ = s; o.fget
asyncio.Future(loop=LOOP)
    o.set_result(i); o.result(); o.add_done_callback(len); o.cancel(); o.done(); o.exception(); repr(o); o.remove_done_callback(len); o.set_exception(KeyError()); next(iter(o)); o._callbacks
asyncio.Queue()
    o.put_nowait(i); o.get_nowait(); o.qsize(); repr(o)
contextlib.ExitStack()
    o.callback(len, s); o.pop_all(); o.close(); o.enter_context(contextlib.nullcontext(1)); o.push(lambda *a: True)
heap
    heapq.heappush(o, i); heapq.heappop(o); heapq.heapify(o); heapq.heapreplace(o, i); heapq.heappushpop(o, i); bisect.insort(o, i); bisect.bisect(o, i); o.sort(); o.sort(key=lambda q: -q); o.clear(); o.extend(range(9)); sum(o); max(o); sorted(o, key=str); heapq.nsmallest(3, o); o[:] = p; o.reverse(); [*o]; o * 2; o == p; statistics.mean(o)
{1: 2, "a": 3}
    o[i] = s; o.pop(i, 0); o | p; o.update(p); list(o.items()); {**o}; o.keys() & p.keys(); o.items() ^ p.items(); o.keys() - {i}; o == p; o.clear(); o.popitem(); list(reversed(o)); o.setdefault(s, i); f(**o); dict.fromkeys(o); o.copy(); json.dumps(o); o.values() == p.values(); sorted(o, key=str); o |= p; next(iter(o)); repr(o); match(o)
{1, "a", 2}
    o.add(i); o.discard(i); o | p; o & p; o - p; o ^ p; o <= p; o == p; o.update(p); o.intersection_update(p); o.difference_update(p); o.symmetric_difference_update(p); o.pop(); list(o); frozenset(o); o.clear(); o.isdisjoint(p); sorted(o, key=str); copy.copy(o); pickle.dumps(o); {o: 1} if 0 else hash(frozenset(o)); o in {frozenset([1])}
'''


def prepare():
    import abc, array, asyncio, bisect, bz2, codecs, collections, contextlib, contextvars, copy, csv, dataclasses, datetime, decimal, enum, functools
    import gc, hashlib, heapq, hmac, inspect, io, itertools, json, lzma, operator, os, pickle, pyexpat, queue, re, select, socket, sqlite3, statistics, string, struct
    import time, traceback, types, unicodedata, warnings, weakref, zlib
    import xml.etree.ElementTree as ET
    warnings.simplefilter("ignore")
    d = dict(globals(), **locals())
    exec('''
class Thing:
    x = 1
    def m(self):
        return self.x
class Other(Thing):
    def __del__(self):
        KEEP.append(1)
        del KEEP[20:]
def gen(n):
    for i in range(n):
        try:
            yield i
        except KeyError:
            pass
async def agen(n):
    for i in range(n):
        yield i
async def coro():
    class A:
        def __await__(self):
            for i in range(500):
                try:
                    yield i
                except KeyError:
                    pass
    return await A()
def throw(e):
    try:
        raise e
    except BaseException:
        pass
def f(**k):
    return k
def match(o):
    match o:
        case {"a": x, **rest}:
            return rest
DATA, KEEP, BUF, VAR = [1, "a", {"k": [2.5]}], [], bytearray(64), contextvars.ContextVar("VAR")
LOOP, R0, heap = asyncio.new_event_loop(), os.pipe()[0], list(range(20))
''', d)
    return d


def kinds():
    lines = KINDS.strip("\n").splitlines()
    return [(lines[n], [t.strip() for t in lines[n + 1].split("; ")]) for n in range(0, len(lines), 2)]


ALL = kinds()


def case(a, seed):
    r = random.Random(seed)
    d = prepare()
    names = [ALL[int(i)] for i in a.kinds.split(",")] if a.kinds else r.sample(ALL, r.choice([1, 1, 2, 3]))
    pool = []
    for made, ops in names:
        codes = [compile(t, t, "exec") for t in ops]
        objects = [eval(made, d) for _ in range(2)]
        pool += [(o, objects[n - 1], codes) for n, o in enumerate(objects)]
    if a.one:
        print([n[0] for n in names], file=sys.stderr)
    sys.setswitchinterval(1e-5)
    ready = threading.Barrier(a.threads)

    def work(n):
        q = random.Random(seed * 31 + n)
        ready.wait()
        for _ in range(250):
            o, p, codes = q.choice(pool)
            try:
                exec(q.choice(codes), d, {"o": o, "p": p, "i": q.randrange(10), "s": q.choice(["a", "ab", "é", "xyz"]), "b": q.choice([b"a", b"abcd", b"\xff\0"])})
            except Exception as e:
                cases.judge(e)
            except BaseException:
                pass

    ts = [threading.Thread(target=work, args=(n,)) for n in range(a.threads)]
    for t in ts:
        t.start()
    for t in ts:
        t.join()


def main():
    p = cases.options(limit=40)
    p.add_argument("--threads", type=int, default=5)
    p.add_argument("--kinds", help="numbers of kinds, with commas")
    a = p.parse_args()
    return cases.main(case, a, slow_is_bad=True)


if __name__ == "__main__":
    sys.exit(main())
