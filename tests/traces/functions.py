# Calls of functions, closures, defaults, keywords: no frame is made.
def square(x):
    return x * x


def scale(x, k=3):
    return x * k


def calls(n):
    s = 0
    for i in range(n):  # no: call new box get shape_is raw_set unbox store_reg
        s += square(i)
    return s


def defaults(n):
    s = 0
    for i in range(n):  # no: call new box shape_is raw_set unbox store_reg
        s += scale(i)
    return s


def nested(n):
    s = 0
    for i in range(n):  # no: call new box get shape_is raw_set unbox store_reg
        s += square(scale(i, 2))
    return s


def closures(n):
    k = 5

    def inner(x):
        return x + k

    s = 0
    for i in range(n):  # no: call new box get shape_is raw_set unbox store_reg
        s += inner(i)
    return s


print(calls(5000), defaults(5000), nested(5000), closures(5000))
