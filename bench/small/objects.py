"""Objects with methods and attributes, a binary tree, closures, generators, exceptions."""
import pyperf


class Node:
    __slots__ = ("left", "right", "key")

    def __init__(self, key):
        self.key = key
        self.left = self.right = None

    def insert(self, key):
        if key < self.key:
            if self.left is None:
                self.left = Node(key)
            else:
                self.left.insert(key)
        elif self.right is None:
            self.right = Node(key)
        else:
            self.right.insert(key)

    def __iter__(self):
        if self.left is not None:
            yield from self.left
        yield self.key
        if self.right is not None:
            yield from self.right


class Account:
    def __init__(self, name):
        self.name = name
        self.balance = 0

    @property
    def rich(self):
        return self.balance > 1000

    def add(self, amount):
        if self.balance + amount < 0:
            raise ValueError("overdrawn")
        self.balance += amount


class Saver(Account):
    def add(self, amount):
        super().add(amount + 1)


def numbers(n, seed=42):
    for _ in range(n):
        seed = (seed * 1103515245 + 12345) % 2147483648
        yield seed


def bank(n):
    accounts = [Saver(str(i)) if i % 2 else Account(str(i)) for i in range(20)]
    refused = 0
    for i, x in enumerate(numbers(n)):
        try:
            accounts[i % 20].add(x % 200 - 90)
        except ValueError:
            refused += 1
    return refused, sum(a.rich for a in accounts)


def tree(n):
    keys = list(numbers(n, 7))
    root = Node(keys[0])
    for key in keys[1:]:
        root.insert(key)
    assert list(root) == sorted(keys)


def counters(n):
    def make(step):
        total = 0

        def count(by=1):
            nonlocal total
            total += by * step
            return total
        return count
    a, b = make(2), make(3)
    for i in range(n):
        a(b(i) % 5)
    return a(0), b(0)


def work():
    assert bank(6000) == bank(6000)
    tree(800)
    assert counters(6000) == (24000, 53991000), counters(6000)


if __name__ == "__main__":
    pyperf.Runner().bench_func("small_objects", work)
