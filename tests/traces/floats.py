# What remains of loops over floats: no boxes.
def decay(n):
    x = 1.0
    i = 0
    while i < n:  # loop: lt guard_true fmul fadd fix_add_w guard_calm
        x = x * 0.5 + 1.5
        i = i + 1
    return x


print(decay(5000))
