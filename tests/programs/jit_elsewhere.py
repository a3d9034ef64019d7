"""An operation that raised when a loop was recorded does not raise later: it writes a register of which the loop knows
that nothing writes it, and the way back into the loop must notice."""


def remainders(b, out):
    for i in range(35):
        try:
            b %= i // b
            out.append((i, b))
        except ZeroDivisionError:
            pass


def keys(table, k, out):
    n = 0
    for i in range(60):
        try:
            k = table[i % 7 + k]
            n += 1
            out.append(k)
        except KeyError:
            n -= 1
    return n, k


def several(a, b, out):
    for i in range(40):
        try:
            a, b = a // (i % 5 - 2) + 1, b % (a - 2)
        except ZeroDivisionError:
            if i % 3 == 0:
                a += 1
        out.append((a, b))


for _ in range(12):
    out = []
    remainders(5, out)
    print(out)
for _ in range(12):
    out = []
    print(keys({5: 1, 9: 0, 3: 4, 40: 2}, 0, out), out)
for _ in range(6):
    out = []
    several(7, 11, out)
    print(out)
