# Loops over the characters of strings, and characters by index, in loops that are hot: of ASCII strings and others, of
# strings that grew (whose bytes lie in a buffer), of subclasses, to the end and beyond.


def count(s, what):
    n = 0
    for c in s:
        if c == what:
            n += 1
    return n


def indexed(s, what):
    n = 0
    for i in range(len(s)):
        if s[i] == what:
            n += 1
    return n


def backwards(s):
    out = ""
    i = -1
    while i >= -len(s):
        out += s[i]
        i -= 1
    return out


def pairs(s, t):
    n = 0
    for a, b in zip(s, t):
        if a == b:
            n += ord(a)
    return n


def numbered(s):
    n = 0
    for i, c in enumerate(s):
        n += i * ord(c)
    return n


def classes(s):
    d = w = u = 0
    for c in s:
        if c.isdigit():
            d += 1
        elif c.isspace():
            w += 1
        elif c in "aeiou":
            u += 1
    return d, w, u


class Text(str):
    def __getitem__(self, k):
        return "a"

    def __iter__(self):
        return iter("abca")


grown = "ab"
for k in range(3000):
    grown += "abcx"[k % 4]
other = "aé" * 500 + "\u20ac\U0001f600" * 50
texts = ["abcabc 12 x" * 300, grown, other, "", "a", "é", Text("zzz")]
for s in texts * 3:
    print(count(s, "a"), indexed(s, "a"), pairs(s, s[1:]), numbered(s), classes(s), backwards(s)[:5])
for s in texts:
    it = iter(s)
    print(list(it)[-2:], list(it), next(it, None))


def past(s, n):
    try:
        for i in range(n):
            s[i]
    except IndexError as e:
        return i, str(e)


for s in ("abc" * 1000, other, grown, ""):
    print(past(s, len(s) + 1), past(s, len(s)))


def same(s):
    """Each character is the only string of its text."""
    n = 0
    for c in s:
        n += c is "abcdefgh"[n % 8]
    return n


def state(s):
    """The iterator is where it should be when the loop is left."""
    it = iter(s)
    for c in it:
        if c == "#":
            break
    return next(it, None), it.__reduce__()[2:], it.__length_hint__()


print(same("abcdefgh" * 500), state("x" * 2000 + "#yz"), state("x" * 2000), state("x" * 2000 + "#"))
