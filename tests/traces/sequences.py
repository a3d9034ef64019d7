# Lists and tuples: no iterator, no tuple is made, nothing is called.
def indexing(l, n):
    s = 0
    i = 0
    while i < n:  # no: call new box shape_is raw_set unbox store_reg
        s = s + l[i]
        i = i + 1
    return s


def iterating(l):
    s = 0
    for x in l:  # no: call new box shape_is raw_set unbox store_reg
        s += x
    return s


def storing(l, n):
    for i in range(n):  # no: call new box shape_is raw_set unbox store_reg
        l[i] = i
    return l[n - 1]


def unpacking(n):
    a, b = 0, 1
    for i in range(n):  # no: call new box shape_is raw_set unbox store_reg
        a, b = b, (a + b) & 1023
    return a


def pairs(p, n):
    s = 0
    for i in range(n):  # no: call new box shape_is raw_set unbox store_reg
        x, y = p
        s += x * y + i
    return s


def lengths(l, n):
    s = 0
    for i in range(n):  # no: call new box shape_is raw_set unbox store_reg
        s += len(l)
    return s


l = list(range(5000))
print(indexing(l, 5000), iterating(l), storing(l, 5000), unpacking(5000), pairs((3, 4), 5000), lengths(l, 5000))
