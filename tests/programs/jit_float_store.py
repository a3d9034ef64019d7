# Floats stored right after they were computed, into old lists and objects: those that are objects of their own, too.
import gc


class Point:
    def __init__(self):
        self.x = 1.0
        self.y = 1.0


def items(a, n, big):
    for i in range(n):
        k = i & 7
        a[k] = a[k] * big[i & 3]
        a[3] -= 0.5
        if i & 255 == 255:
            for j in range(8):
                a[j] = j + 0.25
    return a


def attributes(p, n, big):
    for i in range(n):
        p.x = p.x * big[i & 3]
        p.y = -p.x
        if i & 127 == 127:
            junk = [[j] for j in range(50)]
            p.x = 1.5
    return p.x, p.y


a = [1.0] * 8
p = Point()
gc.collect()
gc.collect()
for big in [1.5, 0.5, 2.0, 0.25], [1e100, 1e-100, 1e120, 1e-120], [0.0, -1.0, 2.0, 1e-300], [1e308, 10.0, 0.0, 1.0]:
    for n in 100, 5000:
        print(items(a, n, big))
        print(attributes(p, n, big))
        gc.collect()
        print(a, p.x, p.y)
