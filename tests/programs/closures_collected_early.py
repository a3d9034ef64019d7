# A recursion of closures makes objects from its first instructions on, while collections run: the registers of free
# variables hold nothing yet when the cells of parameters are made, or when compiled code begins.
def towers(n):
    moves = []

    def move(n, a, b, c):
        if n == 0:
            return
        move(n - 1, a, c, b)
        moves.append((a, c))
        move(n - 1, b, a, c)

    move(n, "a", "b", "c")
    return moves


def numbered(n):
    seen = [None] * 3000
    k = 0

    def visit(n):
        nonlocal k
        if n == 0:
            return
        visit(n - 1)
        seen[k] = (n, k)
        k += 1
        visit(n - 1)

    visit(n)
    return seen[:k]


def kept(n):
    found = []

    def walk(n, path):
        def add(x):
            found.append([x, path, n])

        if n == 0:
            return
        walk(n - 1, (path, n))
        add(len(found))
        walk(n - 1, (n, path))

    walk(n, ())
    return found


for f, n, rounds in ((towers, 9, 120), (numbered, 9, 120), (kept, 8, 60)):
    first = f(n)
    for i in range(rounds):
        if f(n) != first:
            print(f.__name__, i, "is different")
            break
    print(f.__name__, len(first), first[:3], first[-1])
