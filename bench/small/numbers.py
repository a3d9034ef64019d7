"""Loops over ints and floats: a Mandelbrot count, a sieve, digits of e by a spigot."""
import pyperf


def mandelbrot(n):
    inside = 0
    for row in range(n):
        for col in range(n):
            cr, ci = 3.0 * col / n - 2.0, 2.0 * row / n - 1.0
            zr = zi = 0.0
            for _ in range(40):
                zr, zi = zr * zr - zi * zi + cr, 2.0 * zr * zi + ci
                if zr * zr + zi * zi > 4.0:
                    break
            else:
                inside += 1
    return inside


def sieve(n):
    is_prime = [True] * (n + 1)
    for i in range(2, int(n ** 0.5) + 1):
        if is_prime[i]:
            for j in range(i * i, n + 1, i):
                is_prime[j] = False
    return sum(is_prime) - 2


def spigot(n):
    digits, terms = [], [1] * (n + 12)
    for _ in range(n):
        carry = 0
        for i in range(len(terms) - 1, 0, -1):
            carry, terms[i] = divmod(terms[i] * 10 + carry, i + 1)
        digits.append(carry)
    return digits


def work():
    assert mandelbrot(60) == 965, mandelbrot(60)
    assert sieve(20_000) == 2262
    assert spigot(60)[:8] == [7, 1, 8, 2, 8, 1, 8, 2], spigot(60)


if __name__ == "__main__":
    pyperf.Runner().bench_func("small_numbers", work)
