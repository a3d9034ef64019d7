# Functions lose the defaults of their parameters between two runs of a loop that calls them without these arguments.


def positional(x, z=2):
    return x + z


def keyword(x, *, z=2):
    return x + z


def named(x, y, z=2):
    return x + y + z


def call_positional(n):
    total = 0
    for i in range(n):
        total += positional(1)
    return total


def call_keyword(n):
    total = 0
    for i in range(n):
        total += keyword(1)
    return total


def call_named(n):
    total = 0
    for i in range(n):
        total += named(y=1, x=2)
    return total


def set_positional(v):
    positional.__defaults__ = v and (v,)


def set_keyword(v):
    keyword.__kwdefaults__ = v and {"z": v}


def set_named(v):
    named.__defaults__ = v and (v,)


for loop, change in (
    (call_positional, set_positional),
    (call_keyword, set_keyword),
    (call_named, set_named),
):
    for v in 1, 2, 3, None, 4, None:
        change(v)
        try:
            print(loop(3000), end=" ")
        except TypeError as e:
            print(e)
