# Sums that begin with ints of up to 64 bits and go on with floats: these are added with their rounding errors.
def items(s):
    yield from s


floats = [1e100, 1.0, -1e100]
for n in (1, 60, 61, 62, 63, 64, 70):
    for k in ((1 << n) - 1, 1 << n, -(1 << n)):
        for s in ([k, *floats], [k, 1, *floats], [k if n > 62 else -k, *floats], [True, k, *floats], [0.5, k, *floats]):
            out = {repr(sum(s)), repr(sum(items(s))), repr(sum(s[1:], k)), repr(sum(x for x in s))}
            print(n, k, sorted(out))


def hot(s):
    return {repr(sum(items(s), 1 << 62)) for k in range(60)}


print(hot(floats), hot([1]), hot([1 << 62, *floats]), hot([1.5]))
