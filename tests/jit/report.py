"""What -X jitreport, -X jitlog and the rest are tested with: loops, bridges, calls, recordings given up, <, > and & in text."""


class Pair:
    def __init__(self, a, b):
        self.a = a
        self.b = b

    def sum(self):
        return self.a + self.b


def objects(n):
    t = 0
    for i in range(n):
        t += Pair(i, 1 & i).sum()
    return t


def branchy(n, what="<&>\"'"):
    t = 0
    for i in range(n):
        if i % 3 == 0 and what > "":
            t += 1
        elif i % 5 < 2:
            t += 0.5
    return t


def returns_early(n):
    for i in range(n):
        while True:
            if i & 1 < 2:
                break
        for x in (i, "<b>"):
            if x == i:
                return i


print(objects(20_000), branchy(20_000))
for k in range(3000):
    returns_early(k)
