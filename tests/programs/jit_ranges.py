# Exits in the first round of an inner loop: its iterator exists only in the trace, and some of what it holds is constant.
def inner(n, first):
    x = 0
    for i in range(n):
        for j in range(7, 9 + (i & 1)):
            if i & 3 == first:
                x += j
            else:
                x -= 1
    return x


def rows(n):
    x = 0
    for i in range(n):
        for j in range(8, 10):
            for k in range(15, 17 + j - 8):
                x += k if (i + j) % 3 else j
    return x


print([inner(4000, k) for k in range(4)])
print(rows(3000))
