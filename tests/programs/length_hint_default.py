# The default of length_hint() may be negative: "nothing is known".
from itertools import chain, islice
from operator import length_hint


class Hint:
    def __init__(self, r):
        self.r = r

    def __length_hint__(self):
        return self.r


class Len:
    def __len__(self):
        raise TypeError("no length")


for d in -1, 0, 5:
    for x in (i for i in ()), iter([1, 2]), map(int, []), zip([1]), chain([1]), islice([1], 1), object(), [], Hint(3), Hint(NotImplemented), Len():
        print(d, type(x).__name__, length_hint(x, d))
for bad in -1, "x":
    try:
        length_hint(Hint(bad))
    except (TypeError, ValueError) as e:
        print(type(e).__name__, e)
