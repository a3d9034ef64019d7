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


def forwarding(f):
    def w(*a, **k):
        return f(*a, **k)

    return w


@forwarding
@forwarding
def scaled(x, k=3, plus=0):
    return x * k + plus


def forwarded(n):
    s = 0
    for i in range(n):  # no: call new box raw_set unbox store_reg
        s += scaled(i) + scaled(i, k=2) + scaled(i, 4, plus=1)
    return s


def named(**k):
    return k["a"] + k.get("b", 0)


def names(n):
    s = 0
    for i in range(n):  # no: call new box get shape_is raw_set unbox store_reg
        s += named(a=i, b=1)
    return s


def rest(x, *a):
    return square(x) + a[0]


def starred(x, *a):
    return rest(x, *a, *(1, 2))


def stars(n):
    s = 0
    for i in range(n):  # no: call new box get shape_is raw_set unbox store_reg
        s += starred(i, i) + starred(i)
    return s


print(calls(5000), defaults(5000), nested(5000), closures(5000), forwarded(5000), names(5000), stars(5000))
