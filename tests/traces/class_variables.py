# A counter of a class is a field of its cell: nothing is called, no class is looked at, no instance is made.
class Made:
    count = 0
    step = 2

    def __init__(self, x):
        Made.count += self.step
        self.x = x


Made.count = 1
Made.count = 0


def counts(n):
    s = 0
    for i in range(n):  # no: call new shape_is store_reg
        s += Made(i).x
    return s


print(counts(20000), Made.count)
