# The result of an attribute's first load survives the collection that filling the cache may cause.
N = (16 << 20) + 1


class Wide:
    def __init__(self):
        for i in range(40):
            setattr(self, f"a{i}", i)

    def set(self):
        self.items = [1, 2, 3]

    def first(self):
        big = b"x" * N
        return self.items.copy(), len(big)

    def second(self):
        big = b"x" * N
        return len(self.items), self.items.copy(), len(big)


w = Wide()
w.set()
print(w.first())
w.set()
print(w.second())
