# Values are read before the first target is stored, also if a target is a tuple of its own.

def pair(): return 5, 6
def f():
    r1 = 1
    (lc, r1), r0 = pair(), r1
    return lc, r1, r0
def g():
    r1 = 1
    r0, (lc, r1) = r1, pair()
    return lc, r1, r0
def h():
    a = 1; b = 2
    [a, *c], b = pair(), a
    return a, b, c
def k():
    x = [0]; i = 0
    (i, j), x[i] = pair() and (0, 9), i
    return x, i, j
def l():
    a = 1
    (a, b), (c, d) = pair(), (a, a)
    return a, b, c, d
print(f(), g(), h(), k(), l())
