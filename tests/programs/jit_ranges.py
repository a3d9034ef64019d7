# Exits in the first round of an inner loop: its iterator exists only in the trace, and some of what it holds is constant.
def inner(n, first):
    x = 0
    for i in range(n):
        for j in range(7, 9 + (i & 1)):
            if i & 3 == first:
                x += j
            else:
                x -= 1
    return x


def rows(n):
    x = 0
    for i in range(n):
        for j in range(8, 10):
            for k in range(15, 17 + j - 8):
                x += k if (i + j) % 3 else j
    return x


print([inner(4000, k) for k in range(4)])
print(rows(3000))


# Ranges with a step, ranges that go down, empty ones, and those whose ends are no small ints.
def stepped(n, by):
    x = 0
    for i in range(n):
        for j in range(i, n, by):
            x += j
        for j in range(n, i, -by):
            x -= 2 * j
        for j in range(0, n - i - 40, by):
            x += 3 * j
    return x


def ways(n):
    seen = []
    for i in range(n):
        step = (i % 5 - 2) or 7
        r = range(i % 11, 20 - i % 13, step)
        x = 0
        for j in r:
            x = 31 * x + j
        seen.append((len(r), x, r.step))
    return hash(tuple(seen)), seen[-3:]


def far(n, end):
    x = []
    for i in range(n):
        for j in range(end - 3 * i, end, 1 + i % 3):
            x.append(j)
        for j in range(-end + 5, -end, -2):
            x.append(j)
    return len(x), sum(x), max(x), min(x)


def wrong(n):
    x = 0
    for i in range(n):
        try:
            for j in range(0, 10, 1 if i % 200 else 0):
                x += j
        except ValueError as e:
            x += len(str(e))
    return x


print([stepped(120, k) for k in (1, 2, 3, 7, 2**70)])
print(ways(3000))
for end in (10**6, 2**61, 2**62 - 1, 2**62, 2**62 + 1, 2**63 - 1, 2**63, 2**64):
    print(far(150, end))
print(wrong(3000))
