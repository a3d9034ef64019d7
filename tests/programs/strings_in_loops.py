"""Comparisons, lengths, truth and membership of strings and tables of strings in loops that are compiled."""


def compare(words, n):
    eq = lt = le = 0
    for i in range(n):
        a, b = words[i % len(words)], words[(i * 7 + 1) % len(words)]
        eq += (a == b) - (a != b)
        lt += (a < b) - (a > b)
        le += (a <= b) + (a >= b)
        if a == "a" + "b"[:1]:
            eq += 100
        if not a < b:
            lt += 1
    return eq, lt, le


def sizes(words, n):
    total = empty = 0
    for i in range(n):
        w = words[i % len(words)]
        total += len(w)
        if not w:
            empty += 1
        if w and len(w) == 1:
            total += 1000
    return total, empty


def truths(things, n):
    yes = 0
    for i in range(n):
        x = things[i % len(things)]
        if x:
            yes += 1
        yes += 2 * (not x)
    return yes


class Key(str):
    def __eq__(self, other):
        return str.__eq__(self, other) or other == "odd"

    __hash__ = str.__hash__


def members(words, n):
    d, s, f, found = {}, set(), frozenset(words[:3]), 0
    for i in range(n):
        w = words[i % len(words)]
        found += (w in d) + 2 * (w in s) + 4 * (w in f) + 8 * (w not in f)
        if w in "ab\u00e9\U0001f600ab":
            found += 16
        if i in d or i * 2 in s or 1.0 in s:
            found += 32
        if i % 5 == 2:
            d[w] = i
            s.add(i)
        if i % 31 == 30:
            d.clear()
        if i == n // 2:
            d[Key("x")] = 1
            s.add((1, 2))
        if i > n // 2 and "odd" in d:
            found += 64
    return found


words = ["", "a", "ab", "b", "\u00e9", "abc" * 9, "ab\U0001f600", "\ud800", "z", "A"]
for _ in range(2):
    print(compare(words, 4000), sizes(words, 4000), members(words, 4000))
    print(truths(["", "x", (), (0,), {}, {1: 2}, [], [0], 0, 1.5, 0.0, None, "\u00e9", set(), {0}, b"", b"x", frozenset(), range(0), range(3)], 4000))
    print(compare([Key("a"), "a", Key("odd"), "odd", "b"], 4000), sizes([Key("aa"), "", b"abc", (1,), {}], 3000))
    try:
        compare(["a", 1], 3000)
    except TypeError as e:
        print(e)


class Empty:
    pass


def own_dict(n):
    total = 0
    for i in range(n):
        o = Empty()
        d = o.__dict__
        total += len(d) + bool(d)
        if i % 3:
            o.x, o.y = i, 2
        total += len(d)
        if not o.__dict__:
            total += 1000
    return total


print(own_dict(3000))
