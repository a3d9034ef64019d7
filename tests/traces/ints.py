# What remains of loops over ints; see crates/testing/tests/traces.rs.
def total(n):
    s = 0
    i = 0
    while i < n:  # loop: lt guard_true fix_add fix_add_w guard_calm
        s = s + i
        i = i + 1
    return s


def in_range(n):
    s = 0
    for i in range(n):  # loop: le guard_false add set_int add set_int tag fix_add guard_calm
        s += i
    return s


print(total(5000), in_range(5000))
