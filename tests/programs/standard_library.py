# A walk through modules that programs use every day: json, re, datetime, decimal, collections, textwrap, struct...
import base64, collections, csv, datetime, decimal, difflib, fractions, hashlib, html, io, json, logging, operator, random, re, shlex, statistics, string, textwrap, unicodedata, urllib.parse, uuid, zlib

print(json.dumps({"b": [1, 2.5, None, True, "é\n\"", {"k": ()}], "a": float("inf")}, sort_keys=True), json.loads('{"x": [1, -2.5e3, null, "\\u00e9\\ud83d\\udc0d"], "y": {}}'), json.dumps([1, {"a": 2}], indent=2), json.dumps({1: 2, None: 3}, separators=(",", ":"), ensure_ascii=False))
for bad in ("[1,]", '{"a" 1}', "nul", '"\x01"', "[1] 2", '{"a": }', ""):
    try:
        json.loads(bad)
    except json.JSONDecodeError as e:
        print(e)
m = re.match(r"(?P<user>[\w.]+)@(?P<host>\w+)\.(com|org)", "joe.b@site.org tail")
print(m.groups(), m.groupdict(), m.span("host"), m.end(), m[1], m.expand(r"\g<host>/\1"), re.findall(r"\d+|[a-z]+", "a1b22ccc"), re.sub(r"(\w)(\w)", r"\2\1", "abcd"), re.sub("a", lambda m: m[0].upper(), "banana", count=2), re.split(r"[,;]\s*", "a, b;c"))
print(re.fullmatch(r"(?i)ÀB.*", "àbc\n", re.S), re.search(r"(?<=\$)\d+(?=\.)", "cost $42.50")[0], re.findall(r"(?m)^\w+$", "one\ntwo words\nthree"), re.match(r"(a+)+b", "a" * 20 + "b") is not None, [x.start() for x in re.finditer("aa", "aaaa")], re.escape("a.b*c"), re.compile(r"(?x) a  # comment\n b").pattern)
for bad in ("(", "[z-a]", "*a", "(?P<1>a)", r"\1", "a{3,1}", "(?<=a+)b"):
    try:
        re.compile(bad)
    except re.error as e:
        print(e)
d = datetime.datetime(2024, 2, 29, 23, 59, 59, 123456, tzinfo=datetime.timezone.utc)
print(d, d.isoformat(), d + datetime.timedelta(days=366, seconds=1), d.strftime("%d %b %Y %j %U %p"), d.weekday(), d.isocalendar(), d.timestamp(), d.date() - datetime.date(2000, 1, 1), datetime.datetime.fromisoformat("2024-01-02T03:04:05+05:30"), datetime.timedelta(hours=-1), datetime.datetime.strptime("3 Mar 2021", "%d %b %Y"), d.astimezone(datetime.timezone(datetime.timedelta(hours=-5))))
D = decimal.Decimal
print(D("0.1") + D("0.2"), D(1) / D(7), D("1E+3").normalize(), D("2.675").quantize(D("0.01")), D(2).sqrt(), D("NaN"), D("123.4500").as_tuple(), fractions.Fraction(3, 6) + fractions.Fraction("0.25"), fractions.Fraction(0.5), round(fractions.Fraction(7, 3), 1), fractions.Fraction.from_float(0.1).limit_denominator(100))
print(textwrap.fill("The quick brown fox jumps over the lazy dog", 20), textwrap.dedent("  a\n    b\n"), textwrap.shorten("many words in here", 12), textwrap.indent("x\ny", "> "), string.capwords("a bc"), string.Template("$a ${b} $$").substitute(a=1, b=2), string.ascii_letters[:3], string.Formatter().format("{0!r:>5}", "x"))
print(shlex.split("a 'b c' \"d e\" f\\ g"), html.escape("<a href='x'>"), html.unescape("&lt;&eacute;&#65;"), urllib.parse.urlsplit("http://u@h:80/p;x?q=1#f"), urllib.parse.quote("a b/é"), urllib.parse.parse_qs("a=1&a=2&b="), urllib.parse.urljoin("http://x/a/b", "../c"), urllib.parse.urlencode({"k": "v w"}))
print(base64.b64encode(b"\xff\x00data"), base64.b64decode("aGk="), base64.b32encode(b"a"), base64.b85encode(b"test"), zlib.crc32(b"abc"), zlib.decompress(zlib.compress(b"x" * 100)) == b"x" * 100, zlib.adler32(b"abc"), hashlib.md5(b"").hexdigest(), hashlib.sha256(b"abc").hexdigest()[:16], hashlib.sha1(b"a").hexdigest()[:8], hashlib.blake2b(b"x", digest_size=4).hexdigest(), hashlib.sha3_256(b"").hexdigest()[:8])
r = random.Random(42)
print(r.random(), r.randint(1, 100), r.choice("abc"), r.sample(range(50), 4), r.gauss(0, 1), r.getrandbits(70), r.uniform(1, 2), r.choices("xyz", [1, 2, 3], k=5), random.Random("seed").random(), random.Random(b"b").randrange(10 ** 20))
l = list(range(8)); r.shuffle(l)
print(l, statistics.mean([1, 2, 4]), statistics.median([3, 1, 2]), statistics.stdev([1, 2, 3, 4]), statistics.mode("aab"), statistics.quantiles([1, 2, 3, 4]), statistics.linear_regression([1, 2, 3], [2, 4, 6]))
out = io.StringIO()
w = csv.writer(out)
w.writerows([["a", "b,c", 'say "x"', None], [1, 2.5, "line\nbreak", ""]])
print(repr(out.getvalue()), list(csv.reader(io.StringIO('x,"y,z",""\n1,,\'q\n'))), list(csv.DictReader(["h1,h2", "1,2"])), csv.Sniffer().sniff("a;b\n1;2\n").delimiter)
print(unicodedata.name("é"), unicodedata.normalize("NFD", "é") == "e\u0301", unicodedata.category("A"), unicodedata.numeric("½"), unicodedata.lookup("SNOWMAN"), unicodedata.east_asian_width("日"), unicodedata.unidata_version, uuid.UUID(int=5), uuid.uuid5(uuid.NAMESPACE_DNS, "python.org"))
print("\n".join(difflib.unified_diff("a\nb\nc".split(), "a\nx\nc".split(), lineterm="")), difflib.get_close_matches("appel", ["ape", "apple", "peach"]), difflib.SequenceMatcher(None, "abcd", "bcde").ratio())
stream = io.StringIO()
logger = logging.getLogger("test")
handler = logging.StreamHandler(stream)
handler.setFormatter(logging.Formatter("%(levelname)s:%(name)s:%(funcName)s:%(message)s"))
logger.addHandler(handler); logger.setLevel(logging.INFO); logger.propagate = False
logger.info("hello %s %d", "x", 5); logger.debug("hidden"); logger.warning("warned")
try:
    1 / 0
except ZeroDivisionError:
    logger.exception("failed")
print(stream.getvalue().splitlines()[0], stream.getvalue().splitlines()[1], stream.getvalue().splitlines()[-1])
import argparse
p = argparse.ArgumentParser(prog="prog", color=False)
p.add_argument("file", nargs="+"); p.add_argument("-n", "--num", type=int, default=3); p.add_argument("-v", action="count"); p.add_argument("--mode", choices=["a", "b"])
print(p.parse_args(["x", "y", "-n5", "-vv", "--mode=b"]), p.format_usage().strip())
import heapq, bisect, graphlib, tomllib, configparser, pprint, types, contextlib, inspect, ast, dis, tokenize, enum, abc, numbers, array, calendar, locale, copy, glob, fnmatch, pathlib, secrets, time, struct, queue, sched, weakref, reprlib, keyword, timeit, cmath
print(list(graphlib.TopologicalSorter({"d": {"b", "c"}, "b": {"a"}, "c": {"b"}}).static_order()), tomllib.loads("a = 1\n[t]\nx = [1.5, 'y']"), pprint.pformat({"k" * 20: list(range(12)), "z": "w" * 30}), calendar.month(2024, 2).splitlines()[-1], fnmatch.filter(["a.py", "b.txt"], "*.py"), pathlib.PurePosixPath("/a/b/../c.tar.gz").suffixes, reprlib.repr(list(range(99))))
print(ast.unparse(ast.parse("x = [i**2 for i in range(3) if i]\ndef f(a, *, b=1): return a @ b")), ast.literal_eval("{'a': [1, (2,), None]}"), ast.dump(ast.parse("a+1", mode="eval")), inspect.signature(lambda a, /, b=2, *c, d, **e: 0), [t.string for t in tokenize.generate_tokens(io.StringIO("x+=1").readline)], inspect.getdoc(len)[:20], keyword.iskeyword("match"), time.strftime("%Y", time.gmtime(0)))
