"""Number theory with large integers: primes, RSA, factoring, digits of pi and e, continued fractions, elliptic curves.

    big_integers.py [N]
"""
import sys
from math import gcd, isqrt


class Random:
    def __init__(self, seed):
        self.state = seed

    def bits(self, n):
        result = 0
        for _ in range((n + 31) // 32):
            self.state = (self.state * 6364136223846793005 + 1442695040888963407) & (1 << 64) - 1
            result = result << 32 | self.state >> 32
        return result >> (-n % 32) | 1 << n - 1


SMALL = [p for p in range(2, 400) if all(p % d for d in range(2, isqrt(p) + 1))]


def is_prime(n, rounds=8):
    if n < 2:
        return False
    for p in SMALL:
        if n % p == 0:
            return n == p
    d, s = n - 1, 0
    while d % 2 == 0:
        d //= 2
        s += 1
    for a in SMALL[:rounds]:
        x = pow(a, d, n)
        if x in (1, n - 1):
            continue
        for _ in range(s - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


def next_prime(n):
    n |= 1
    while not is_prime(n):
        n += 2
    return n


def extended_gcd(a, b):
    x0, x1, y0, y1 = 1, 0, 0, 1
    while b:
        q, (a, b) = a // b, (b, a % b)
        x0, x1 = x1, x0 - q * x1
        y0, y1 = y1, y0 - q * y1
    return a, x0, y0


class RSA:
    def __init__(self, rng, bits):
        p, q = next_prime(rng.bits(bits // 2)), next_prime(rng.bits(bits // 2))
        self.n = p * q
        phi = (p - 1) * (q - 1)
        self.e = 65537
        g, d, _ = extended_gcd(self.e, phi)
        if g != 1:
            raise ValueError("bad primes")
        self.d = d % phi

    def encrypt(self, message):
        return pow(int.from_bytes(message, "big"), self.e, self.n)

    def decrypt(self, cipher):
        m = pow(cipher, self.d, self.n)
        return m.to_bytes((m.bit_length() + 7) // 8, "big")


def factor(n):
    """Pollard's rho."""
    if n == 1:
        return []
    for p in SMALL[:10]:
        if n % p == 0:
            return [p] + factor(n // p)
    if is_prime(n):
        return [n]
    for c in range(1, 20):
        x = y = 2
        d = 1
        while d == 1:
            x = (x * x + c) % n
            y = (y * y + c) % n
            y = (y * y + c) % n
            d = gcd(abs(x - y), n)
        if d != n:
            return sorted(factor(d) + factor(n // d))
    raise ArithmeticError(n)


def pi_digits(count):
    q, r, t, k, n, l = 1, 0, 1, 1, 3, 3
    digits = []
    while len(digits) < count:
        if 4 * q + r - t < n * t:
            digits.append(n)
            q, r, n = 10 * q, 10 * (r - n * t), 10 * (3 * q + r) // t - 10 * n
        else:
            q, r, t, k, n, l = q * k, (2 * q + r) * l, t * l, k + 1, (q * (7 * k + 2) + r * l) // (t * l), l + 2
    return "".join(map(str, digits))


def square_root_digits(n, digits):
    return isqrt(n * 10 ** (2 * digits))


def convergents(n, count):
    """Of the continued fraction of sqrt(n): solves Pell's equation."""
    root = isqrt(n)
    m, d, a = 0, 1, root
    p0, p1, q0, q1 = 1, a, 0, 1
    for _ in range(count):
        if p1 * p1 - n * q1 * q1 == 1:
            return p1, q1
        m = d * a - m
        d = (n - m * m) // d
        a = (root + m) // d
        p0, p1 = p1, a * p1 + p0
        q0, q1 = q1, a * q1 + q0
    return None


class Point:
    """On y² = x³ + ax + b over a field of p elements."""
    A, B, P = 2, 3, (1 << 127) - 1

    def __init__(self, x, y):
        self.x, self.y = x, y

    def __add__(self, other):
        p = self.P
        if self.x is None:
            return other
        if other.x is None:
            return self
        if self.x == other.x:
            if (self.y + other.y) % p == 0:
                return Point(None, None)
            slope = (3 * self.x * self.x + self.A) * pow(2 * self.y, -1, p) % p
        else:
            slope = (other.y - self.y) * pow(other.x - self.x, -1, p) % p
        x = (slope * slope - self.x - other.x) % p
        return Point(x, (slope * (self.x - x) - self.y) % p)

    def __mul__(self, n):
        result, base = Point(None, None), self
        while n:
            if n & 1:
                result = result + base
            base = base + base
            n >>= 1
        return result


def main(n):
    rng = Random(2024)
    for bits in (128, 256, 384):
        key = RSA(rng, bits)
        for i in range(n // 4):
            message = f"message {i}".encode()
            assert key.decrypt(key.encrypt(message)) == message
        print(bits, key.n % 1000003, key.d % 1000003)
    numbers = [rng.bits(40 + i % 12) for i in range(n // 2)]
    factors = [factor(x) for x in numbers]
    print(factors[:3], sum(map(len, factors)))
    digits = pi_digits(n * 12)
    print(digits[:30], digits[-10:])
    print(str(square_root_digits(2, min(4000, n * 20)))[-12:])
    fibonacci = [0, 1]
    while len(fibonacci) < n * 20:
        fibonacci.append(fibonacci[-1] + fibonacci[-2])
    print(sum(fibonacci) % (10 ** 12), fibonacci[-1].bit_length(), gcd(fibonacci[-1], fibonacci[-40]))
    pells = [convergents(d, 60) for d in range(2, 2 + n) if isqrt(d) ** 2 != d]
    print(max((p for p in pells if p), default=None))
    base = Point(5, 9)
    base.B = None
    total = Point(None, None)
    for i in range(1, n // 2):
        total = total + base * rng.bits(100)
    print(total.x % 10 ** 15)
    product = 1
    for k in range(1, n * 10):
        product = product * k % ((1 << 521) - 1)
    print(product % 10 ** 12, hex(product)[:20])


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 12)
