"""Integers of one and of two machine words, and loops that meet both small and large ones."""


class Random:
    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        return self.state >> 11

    def uniform(self):
        return self.next() / (1 << 53)


def simulate(n):
    rng = Random(1)
    inside = total = flips = 0
    for i in range(n):
        x = rng.uniform()
        y = rng.uniform()
        if x * x + y * y < 1:
            inside += 1
        total ^= rng.state
        if rng.state & 1:
            flips += rng.state % 1000
    return inside, total, flips


print(simulate(6000))


def hashes(data):
    h = 14695981039346656037
    out = []
    for c in data:
        h = ((h ^ c) * 1099511628211) & 0xFFFFFFFFFFFFFFFF
        out.append(h >> 60)
    return h, sum(out)


print(hashes(b"what is hashed here " * 300))


def xorshift(n):
    s, acc = 88172645463325252, 0
    for _ in range(n):
        s ^= s << 13 & 0xFFFFFFFFFFFFFFFF
        s ^= s >> 7
        s ^= s << 17 & 0xFFFFFFFFFFFFFFFF
        acc = (acc + s) % 998244353
    return s, acc


print(xorshift(6000))


# What else then comes to an instruction that met both.
class Odd(int):
    def __add__(self, other):
        return "odd"


def add(a, b):
    return a + b


def mul(a, b):
    return a * b


def mod(a, b):
    return a % b


def shift(a, b):
    return a >> b, a << b


def both(n):
    t = 0
    for i in range(n):
        k = 1 << (55 + i * 7 % 16)
        t = add(t, k) % 1000003
        t = mod(mul(t + k, 3), 1 << 61)
        t = t ^ shift(k, 3)[0]
    return t


print(both(5000))
for f, args in [(add, (1.5, 2)), (add, ("a", "b")), (add, (Odd(1), 2)), (add, (True, 1 << 70)), (mul, ([1], 3)), (mul, ("ab", 2)), (mod, (5, 0)),
                (mod, (1 << 80, 0)), (mod, ("%d", 3)), (mod, (-7, 1 << 64)), (shift, (1 << 70, -1)), (shift, (1 << 70, 200)), (add, (1, None)),
                (mul, (1 << 64, 1.5))]:
    try:
        print(f.__name__, f(*args))
    except Exception as e:
        print(f.__name__, type(e).__name__, e)
print(both(5000))

# All operators around the ends of words, of all signs.
numbers = sorted({s * (x + d) for x in (0, 1 << 31, 1 << 61, 1 << 62, 1 << 63, 1 << 64, 1 << 65, 1 << 95, 1 << 126, 1 << 127, 1 << 128, 3 << 129)
                  for d in (-1, 0, 1) for s in (1, -1)})
digest = 0
for a in numbers:
    for b in numbers:
        for r in (a + b, a - b, a * b, a & b, a | b, a ^ b, a << (b & 127), a >> (b & 127)):
            digest = (digest * 31 + r) % 1000000007
            digest = (digest * 31 + hash(r)) % 1000000007
        if b:
            q, r = a // b, a % b
            assert q * b + r == a and (0 <= r < b or b < r <= 0), (a, b, q, r)
            assert (q, r) == divmod(a, b)
            digest = (digest * 31 + q * 7 + r) % 1000000007
        assert (a + b) - b == a and (a ^ b) ^ b == a and (a & b) + (a | b) == a + b
        assert -(-(a + b)) == a + b and type(a + b) is int
print(len(numbers), digest)
