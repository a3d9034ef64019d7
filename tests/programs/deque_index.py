# What a deque says of an index that is none.
import collections
import operator


class Sub(collections.deque):
    pass


def put(d, k):
    d[k] = 1


def take(d, k):
    del d[k]


for d in collections.deque([1, 2]), Sub([3]):
    for k in "a", 1.5, None, slice(1, 2), True, 10**30, -(10**30), 5, -3:
        for f in operator.getitem, put, take:
            try:
                print(f(d, k), d)
            except Exception as e:
                print(type(e).__name__, e)
            d.append(7)
