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


# Whether a hash of 64 bits is small or large is not asked.
def hashes(n):
    h = 14695981039346656037
    i = 0
    while i < n:  # loop: lt guard_true call_ref eq guard_false call_ref eq guard_false call_ref eq guard_false fix_add_w guard_calm
        h = ((h ^ i) * 1099511628211) & 0xFFFFFFFFFFFFFFFF
        i += 1
    return h


print(total(5000), in_range(5000), hashes(5000))
