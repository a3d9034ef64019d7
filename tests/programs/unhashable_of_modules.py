# What cannot be a key is named with its module.
from collections import UserList, deque


class Own:
    __hash__ = None


for o in (UserList(), deque(), Own(), [], {1}):
    for f in (lambda: {o: 1}, lambda: {o}, lambda: {}[o], lambda: o in {}, lambda: set().add(o), lambda: {}.setdefault(o)):
        try:
            f()
        except TypeError as e:
            print(e)
