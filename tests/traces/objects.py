# What remains of attribute reads and calls: nothing. The object is made once an iteration, at its end: the variable
# still holds it.
class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y


def norm(p):
    return p.x * p.x + p.y * p.y


def points(n):
    s = 0
    i = 0
    while i < n:  # loop: lt guard_true fix_mul fix_add fix_add guard_calm fix_add_w new set_new set_new set_new
        p = Point(i, 1)
        s = s + norm(p)
        i = i + 1
    return s


print(points(5000))
