"""Linear algebra on lists of lists: products, LU decomposition, inverses, eigenvalues, least squares, exact fractions.

    matrices.py [N]
"""
import math
import sys
from fractions import Fraction


class Matrix:
    def __init__(self, rows):
        self.rows = [list(r) for r in rows]
        self.height, self.width = len(self.rows), len(self.rows[0])

    @classmethod
    def identity(cls, n):
        return cls([[1.0 if i == j else 0.0 for j in range(n)] for i in range(n)])

    @classmethod
    def build(cls, n, m, function):
        return cls([[function(i, j) for j in range(m)] for i in range(n)])

    def __getitem__(self, position):
        i, j = position
        return self.rows[i][j]

    def __setitem__(self, position, value):
        i, j = position
        self.rows[i][j] = value

    def __add__(self, other):
        return Matrix([[a + b for a, b in zip(r, s)] for r, s in zip(self.rows, other.rows)])

    def __sub__(self, other):
        return Matrix([[a - b for a, b in zip(r, s)] for r, s in zip(self.rows, other.rows)])

    def __matmul__(self, other):
        if self.width != other.height:
            raise ValueError(f"shapes {self.height}x{self.width} and {other.height}x{other.width}")
        columns = list(zip(*other.rows))
        return Matrix([[sum(a * b for a, b in zip(row, column)) for column in columns] for row in self.rows])

    def __mul__(self, factor):
        return Matrix([[a * factor for a in row] for row in self.rows])

    def transposed(self):
        return Matrix(zip(*self.rows))

    def norm(self):
        return math.sqrt(sum(a * a for row in self.rows for a in row))

    def power(self, n):
        result, base = Matrix.identity(self.height), self
        while n:
            if n & 1:
                result = result @ base
            base = base @ base
            n >>= 1
        return result


def multiply_by_index(a, b):
    """The product with three loops, as people first write it."""
    n, m, k = len(a), len(b[0]), len(b)
    c = [[0.0] * m for _ in range(n)]
    for i in range(n):
        for j in range(m):
            s = 0.0
            for p in range(k):
                s += a[i][p] * b[p][j]
            c[i][j] = s
    return c


def lu(matrix):
    a = [row[:] for row in matrix.rows]
    n = len(a)
    order = list(range(n))
    sign = 1
    for k in range(n):
        pivot = max(range(k, n), key=lambda i: abs(a[i][k]))
        if abs(a[pivot][k]) < 1e-12:
            raise ZeroDivisionError("singular matrix")
        if pivot != k:
            a[k], a[pivot] = a[pivot], a[k]
            order[k], order[pivot] = order[pivot], order[k]
            sign = -sign
        for i in range(k + 1, n):
            factor = a[i][k] / a[k][k]
            a[i][k] = factor
            for j in range(k + 1, n):
                a[i][j] -= factor * a[k][j]
    return a, order, sign


def solve(decomposed, vector):
    a, order, _ = decomposed
    n = len(a)
    x = [vector[i] for i in order]
    for i in range(n):
        x[i] -= sum(a[i][j] * x[j] for j in range(i))
    for i in range(n - 1, -1, -1):
        x[i] = (x[i] - sum(a[i][j] * x[j] for j in range(i + 1, n))) / a[i][i]
    return x


def determinant(matrix):
    a, _, sign = lu(matrix)
    result = float(sign)
    for i in range(len(a)):
        result *= a[i][i]
    return result


def inverse(matrix):
    decomposed = lu(matrix)
    n = matrix.height
    return Matrix([solve(decomposed, [float(i == j) for i in range(n)]) for j in range(n)]).transposed()


def jacobi(matrix, sweeps=6):
    """Eigenvalues of a symmetric matrix by rotations."""
    a = [row[:] for row in matrix.rows]
    n = len(a)
    for _ in range(sweeps):
        for p in range(n - 1):
            for q in range(p + 1, n):
                if abs(a[p][q]) < 1e-14:
                    continue
                theta = (a[q][q] - a[p][p]) / (2 * a[p][q])
                t = math.copysign(1, theta) / (abs(theta) + math.sqrt(theta * theta + 1))
                c = 1 / math.sqrt(t * t + 1)
                s = t * c
                for k in range(n):
                    akp, akq = a[k][p], a[k][q]
                    a[k][p], a[k][q] = c * akp - s * akq, s * akp + c * akq
                for k in range(n):
                    apk, aqk = a[p][k], a[q][k]
                    a[p][k], a[q][k] = c * apk - s * aqk, s * apk + c * aqk
    return sorted(a[i][i] for i in range(n))


def exact_determinant(rows):
    a = [[Fraction(x) for x in row] for row in rows]
    result = Fraction(1)
    for k in range(len(a)):
        pivot = next((i for i in range(k, len(a)) if a[i][k]), None)
        if pivot is None:
            return Fraction(0)
        if pivot != k:
            a[k], a[pivot] = a[pivot], a[k]
            result = -result
        result *= a[k][k]
        for i in range(k + 1, len(a)):
            factor = a[i][k] / a[k][k]
            for j in range(k, len(a)):
                a[i][j] -= factor * a[k][j]
    return result


def fit(points, degree):
    a = Matrix([[x ** k for k in range(degree + 1)] for x, _ in points])
    at = a.transposed()
    right = [sum(r * y for r, (_, y) in zip(row, points)) for row in at.rows]
    return solve(lu(at @ a), right)


def main(n):
    a = Matrix.build(n, n, lambda i, j: ((i * 31 + j * 17) % 23 - 11) / 7.0 + (5.0 if i == j else 0.0))
    b = Matrix.build(n, n, lambda i, j: 1.0 / (i + j + 1))
    c = a @ b
    d = multiply_by_index(a.rows, b.rows)
    print(f"{c.norm():.6f} {(c - Matrix(d)).norm():.1f}")
    print(f"{(a @ inverse(a) - Matrix.identity(n)).norm() < 1e-8} {math.log(abs(determinant(a))):.6f}")
    symmetric = (a + a.transposed()) * 0.5
    values = jacobi(symmetric)
    print(f"{values[0]:.5f} {values[-1]:.5f} {sum(values):.5f} {sum(symmetric[i, i] for i in range(n)):.5f}")
    walk = Matrix.build(n // 2, n // 2, lambda i, j: (1 + (i * j) % 5) / (n * 3.0)).power(20)
    print(f"{walk.norm():.8e}")
    m = 4 + n // 6
    print(exact_determinant([[Fraction(1, i + j + 1) for j in range(m)] for i in range(m)]).denominator % 1000000007)
    coefficients = fit([(x / 10, 2 - 0.5 * (x / 10) + 0.25 * (x / 10) ** 2) for x in range(n * 2)], 2)
    print([f"{x:.4f}" for x in coefficients])
    try:
        lu(Matrix([[1.0, 2.0], [2.0, 4.0]]))
    except ZeroDivisionError as e:
        print(e)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
