# Sums, differences, products and quotients of ints of many words, where carries run far and quotients lie at their bounds.
import hashlib

state = 2024


def rnd(n):
    global state
    state = (state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
    return (state >> 11) % n


def number(bits):
    kind = rnd(5)
    n = 1 << bits
    if kind == 0:
        n -= 1
    elif kind == 1:
        n += rnd(1000) - 500
    elif kind == 2:
        n -= 1 << rnd(bits)
    else:
        n = 0
        for _ in range(bits // 50 + 1):
            n = n << 50 | rnd(1 << 50)
    return -n if rnd(3) == 0 else n


digest = hashlib.sha256()
for i in range(3000):
    size = (100, 1600, 3000, 9000)[i % 4]
    a, b = number(size + rnd(300)), number(max(64, size - rnd(4) * rnd(400)))
    w = number(64 + rnd(64)) if i % 3 else rnd(1 << 60) + 1
    sums = a + b, a - b, b - a, a + -a + b, a * w, a * b
    assert a + b - b == a and (a - b) + b == a
    assert a * w // w == a and a * w % w == 0
    assert a * b // b == a and (a * b - 1) // b * b <= a * b
    for x, y in ((a, b), (a * 3 + 1, a), (a * w, a), (a * w - 1, a), (a * w + 1, a), (a * w, a + 1), (a * w, a - 1)):
        q, r = divmod(x, y)
        assert q * y + r == x and q == x // y and r == x % y
        assert 0 <= r < y or y < r <= 0
        sums += q, r
    digest.update(repr([hex(s) for s in sums]).encode())
print(digest.hexdigest())
x = 1 << 64 * 30
for n in (x - 1, x, x + 1, -x):
    print((n + 1).bit_length(), (n - 1).bit_length(), (n * 2 ** 64).bit_length(), (n * (2 ** 64 - 1)).bit_length(), n - n, n + -n, n * 0, n * 1 == n, (n + 1) - n)
