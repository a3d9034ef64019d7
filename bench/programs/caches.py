"""Caches: an LRU cache as a linked list of nodes, one on an OrderedDict, an LFU cache and functools.lru_cache, under
requests of several patterns; then memoised dynamic programming.

    caches.py [N]        N: thousands of requests
"""
import sys
from collections import OrderedDict, defaultdict
from functools import lru_cache


class Node:
    __slots__ = ("key", "value", "before", "after")

    def __init__(self, key=None, value=None):
        self.key = key
        self.value = value
        self.before = self.after = self


class Cache:
    def __init__(self, capacity):
        self.capacity = capacity
        self.hits = self.misses = 0

    def fetch(self, key, load):
        try:
            value = self.get(key)
            self.hits += 1
        except KeyError:
            self.misses += 1
            value = load(key)
            self.put(key, value)
        return value

    @property
    def ratio(self):
        return self.hits / max(1, self.hits + self.misses)


class LinkedLRU(Cache):
    def __init__(self, capacity):
        super().__init__(capacity)
        self.nodes = {}
        self.root = Node()

    def unlink(self, node):
        node.before.after = node.after
        node.after.before = node.before

    def push(self, node):
        last = self.root.before
        last.after = self.root.before = node
        node.before, node.after = last, self.root

    def get(self, key):
        node = self.nodes[key]
        self.unlink(node)
        self.push(node)
        return node.value

    def put(self, key, value):
        if key in self.nodes:
            node = self.nodes[key]
            node.value = value
            self.unlink(node)
        else:
            if len(self.nodes) >= self.capacity:
                oldest = self.root.after
                self.unlink(oldest)
                del self.nodes[oldest.key]
            node = self.nodes[key] = Node(key, value)
        self.push(node)

    def __iter__(self):
        node = self.root.after
        while node is not self.root:
            yield node.key
            node = node.after


class OrderedLRU(Cache):
    def __init__(self, capacity):
        super().__init__(capacity)
        self.data = OrderedDict()

    def get(self, key):
        value = self.data[key]
        self.data.move_to_end(key)
        return value

    def put(self, key, value):
        self.data[key] = value
        self.data.move_to_end(key)
        if len(self.data) > self.capacity:
            self.data.popitem(last=False)

    def __iter__(self):
        return iter(self.data)


class LFU(Cache):
    def __init__(self, capacity):
        super().__init__(capacity)
        self.values = {}
        self.counts = {}
        self.buckets = defaultdict(dict)
        self.least = 0

    def touch(self, key):
        count = self.counts[key]
        bucket = self.buckets[count]
        del bucket[key]
        if not bucket:
            del self.buckets[count]
            if self.least == count:
                self.least += 1
        self.counts[key] = count + 1
        self.buckets[count + 1][key] = None

    def get(self, key):
        value = self.values[key]
        self.touch(key)
        return value

    def put(self, key, value):
        if key in self.values:
            self.values[key] = value
            self.touch(key)
            return
        if len(self.values) >= self.capacity:
            bucket = self.buckets[self.least]
            victim = next(iter(bucket))
            del bucket[victim], self.values[victim], self.counts[victim]
            if not bucket:
                del self.buckets[self.least]
        self.values[key] = value
        self.counts[key] = 1
        self.buckets[1][key] = None
        self.least = 1

    def __iter__(self):
        return iter(self.values)


def patterns(n):
    def random(seed, span):
        state = seed
        for _ in range(n):
            state = (state * 1103515245 + 12345) & 0x7FFFFFFF
            yield (state >> 10) % span

    def skewed():
        for a, b in zip(random(3, 400), random(4, 400)):
            yield a * b // 400

    def loops():
        for i in range(n):
            yield i % 130 if i // 1000 % 2 else i % 70

    return {"random": random(1, 250), "skewed": skewed(), "loops": loops(), "names": (f"key{x}" for x in random(9, 150))}


def load(key):
    return (key, len(str(key)))


@lru_cache(maxsize=128)
def slow(key):
    total = 0
    for c in str(key):
        total = total * 31 + ord(c)
    return total


@lru_cache(maxsize=None)
def edit_distance(a, b):
    if not a or not b:
        return len(a) + len(b)
    if a[0] == b[0]:
        return edit_distance(a[1:], b[1:])
    return 1 + min(edit_distance(a[1:], b), edit_distance(a, b[1:]), edit_distance(a[1:], b[1:]))


def memoised(function):
    memory = {}

    def wrapper(*args):
        if args not in memory:
            memory[args] = function(*args)
        return memory[args]
    wrapper.memory = memory
    return wrapper


@memoised
def coins(amount, kinds):
    if amount == 0:
        return 1
    if amount < 0 or not kinds:
        return 0
    return coins(amount - kinds[0], kinds) + coins(amount, kinds[1:])


def main(n):
    for kind in (LinkedLRU, OrderedLRU, LFU):
        for name, keys in patterns(n * 1000).items():
            cache = kind(100)
            checksum = 0
            for key in keys:
                value = cache.fetch(key, load)
                checksum = (checksum * 31 + value[1]) % 1000003
            print(f"{kind.__name__:10} {name:7} hits {cache.ratio:.4f} {checksum} {list(cache)[:4]}")
    total = 0
    for name, keys in patterns(n * 1000).items():
        for key in keys:
            total = (total + slow(key)) % 1000000007
    info = slow.cache_info()
    print(total, info.hits, info.misses)
    words = ["kitten", "sitting", "saturday", "sunday", "intention", "execution", "algorithm", "altruistic"]
    print([edit_distance(a, b) for a, b in zip(words, words[1:])], edit_distance.cache_info().currsize)
    for amount in range(50, 50 + 20 * n, 50):
        ways = coins(amount, (50, 20, 10, 5, 2, 1))
    print(ways, len(coins.memory))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
