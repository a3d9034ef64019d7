# str: all methods, Unicode, slicing, encodings, escapes, comparison, interning-independent behaviour.

s = "Hello, World"
print(s.upper(), s.lower(), s.swapcase(), s.title(), s.capitalize(), s.casefold(), "straße".upper(), "ǆ".title(), "İ".lower().encode())
print(s.find("o"), s.find("o", 5), s.rfind("o"), s.find("zz"), s.index("W"), s.count("l"), s.count(""), "aaaa".count("aa"))
print(s.startswith("He"), s.startswith(("x", "H")), s.endswith("ld", 3), s.startswith("l", 2, 3), "World" in s, "" in "")
print(s.replace("l", "L", 2), s.replace("", "-", 3), "aXbX".replace("X", ""), s.split(), s.split(", "), "a,b,,c".split(","), " a  b ".split())
print("a,b,c".split(",", 1), "a,b,c".rsplit(",", 1), " x y ".split(None, 1), "ab\ncd\r\nef\x0bg".splitlines(), "a\n".splitlines(True), "".split(), "".split(","))
print("k=v=w".partition("="), "k=v=w".rpartition("="), "kv".partition("="), "-".join(["a", "b"]), "".join([]), ",".join("abc"))
print("|" + "x".center(6) + "|", "x".ljust(3, "."), "x".rjust(3, "."), "42".zfill(5), "-42".zfill(6), "+".zfill(3), "abc".center(6, "*"), "a\tb\tc".expandtabs(4))
print("  x ".strip() + "|", "xxaxx".strip("x"), "abcba".lstrip("ab"), "abcba".rstrip("ab"), "prefix-x".removeprefix("prefix-"), "x.py".removesuffix(".py"))
for name in "isalnum isalpha isascii isdecimal isdigit isidentifier islower isnumeric isprintable isspace istitle isupper".split():
    print(name, [int(getattr(t, name)()) for t in ("abc", "ABC", "A1", "12", "½", "²", " \t", "", "Title Case", "é", "_x1", "1x", "\x00", "٣", "class")])
print("Hello"[1], "Hello"[-1], "Hello"[1:4], "Hello"[::-1], "Hello"[5:], "Hello"[-100:2], "Hello"[::2], "ab" * 3, 2 * "ab", "ab" * 0)
print("a" < "b", "a" < "B", "abc" < "abd", "Z" < "a", "é" > "z", "" < "a", "a" == "a", "a" != "A", "a" < "aa")

# Non-ASCII text: indexes are characters.
u = "naïve 🐍 日本語 e\u0301"
print(len(u), u[2], u[6], u[8:11], u.find("日"), u.index("語"), u[::-1][:3], u.upper(), list(u[-2:]) == ["e", "\u0301"], u.encode()[:8])
print(len("🐍" * 100), ("x" * 50 + "é" + "y" * 50)[50], ("é" * 1000)[777], "🐍".encode("utf-16-le"), "\U0001F40D" == "🐍", ord("🐍"), chr(0x1F40D))
print(ascii(u), repr("tab\t nl\n quote' \" back\\ \x00\x7f\x80\xa0\xad\u2028\ue000\U000e0001 é"), repr("it's"), repr('say "hi"'), repr("both ' \""))
print("\ud800".encode("utf-8", "surrogatepass"), repr("\udc80"), "\udcff".encode("utf-8", "surrogateescape"), b"\xff".decode("utf-8", "surrogateescape") == "\udcff")
print("é".encode("latin-1"), "é€".encode("cp1252"), "abc".encode("utf-16"), "é".encode("ascii", "replace"), "é€".encode("ascii", "xmlcharrefreplace"),
      "é".encode("ascii", "backslashreplace"), "é\udc80".encode("ascii", "namereplace"), "aé".encode("ascii", "ignore"), "ü".encode("idna"), "a-é".encode("punycode"))
print("ß".casefold() == "SS".casefold(), "ﬁ".upper(), "Σ".lower(), "ΑΣ".lower(), "ŉ".upper(), "ᾳ".title())
print("\x41\u0042\N{GREEK SMALL LETTER ALPHA}\103\
 continued", r"\n raw", "\0".encode(), "con" "cat", """triple "quoted" text""", '\'')
table = str.maketrans({"a": "1", "b": None, ord("c"): "see", "d": 0x44})
print("abcde".translate(table), "hello".translate(str.maketrans("el", "ip", "o")), str.maketrans("a", "b"))
print("{:>8}|{:<8}|{:^8}|{!r}|{{}}".format("a", "b", "c", "d"), "{0[1]}{1.imag}{k}".format([1, 2], 3j, k="v"), "{:{}}".format("x", 5) + "|", "{x}".format_map({"x": 1}))
print(str(b"abc", "ascii"), str(b"abc"), str(), str(object=5), "abc".__contains__("b"), hash("abc") == hash("ab" + "c"), "%s" % (1,), "%s" % [1])
big = ""
for i in range(2000):
    big += str(i % 10)
print(len(big), big[995:1005], big.count("9"), big.rfind("0"), len(big.replace("1", "one")))
view = big
big += "tail"
print(len(view), big[-5:], view[-1])
for bad in (lambda: "a" + 1, lambda: "abc"[5], lambda: "a".index("b"), lambda: "a".join([1]), lambda: "a" * "b", lambda: "a"["b"], lambda: "".split(""),
            lambda: "a".center("x"), lambda: "é".encode("ascii"), lambda: "a".encode("nope"), lambda: chr(0x110000), lambda: ord(""), lambda: "x".zfill(),
            lambda: "{}".format(), lambda: "{a}".format(), lambda: "{".format(), lambda: "%d" % "a", lambda: "%s %s" % 1, lambda: "%s" % (1, 2), lambda: "%q" % 1,
            lambda: "a" < 1, lambda: str(b"\xff", "ascii"), lambda: "a".replace("b"), lambda: "a".ljust(5, "xx"), lambda: "\ud800".encode(), lambda: "a" in 5, lambda: 5 in "a",
            lambda: "{:d}".format("x"), lambda: "{0}{}".format(1, 2), lambda: "abc".startswith(1), lambda: str.maketrans("a", "bc"), lambda: "a".translate({97: 0x110000})):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__, e)
class Str(str):
    def __str__(self): return "custom"
    def upper(self): return "UP"
t = Str("abc")
print(t, t.upper(), t + "d", type(t + "d").__name__, t == "abc", {t: 1}["abc"], t[0], type(t.lower()).__name__, f"{t}", "%s" % t, "".join([t]))
