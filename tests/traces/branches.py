# Loops with several ways through them: each way is free of calls and boxes.
def ways(n):
    a = b = c = i = 0
    while i < n:  # no: call new box get shape_is raw_set unbox store_reg
        if i & 1:
            a = a + i
        elif i % 3 == 0:
            b = b + 1
        else:
            c = c - i
        i = i + 1
    return a, b, c


def conditions(n):
    s = 0
    for i in range(n):  # no: call new box get shape_is raw_set unbox store_reg
        if i > 10 and i < 4000 or i == 5:
            s += 1
    return s


def early(n):
    s = 0
    for i in range(n):  # no: call new box get shape_is raw_set unbox store_reg
        if i % 7 == 0:
            continue
        s += i
        if s > 10**9:
            break
    return s


print(ways(5000), conditions(5000), early(5000))
