# How a class is named that cannot be hashed: with its module and the class that it is in.
import collections


class Outer:
    class Inner(list):
        pass


def made():
    class Local(dict):
        pass
    return Local


ways = [
    lambda x: {x},
    lambda x: {x: 1},
    lambda x: {}[x],
    lambda x: x in {},
    lambda x: x in set(),
    lambda x: set([x]),
    lambda x: {}.get(x),
    lambda x: hash(x),
    lambda x: dict([(x, 1)]),
    lambda x: {1, 2}.discard(x),
    lambda x: {}.setdefault(x),
]
for x in Outer.Inner(), made()(), [], collections.deque(), collections.UserList():
    for f in ways:
        try:
            f(x)
        except TypeError as e:
            print(e)
