# An `__init__` that takes its instance as the first item of `*args`.
calls = []


def track(f):
    def tracked(*args, **kwargs):
        calls.append((f.__name__, len(args), sorted(kwargs)))
        return f(*args, **kwargs)
    return tracked


class Plain:
    def __init__(*args):
        self, *rest = args
        self.rest = rest


class Keywords:
    def __init__(*args, scale=1, **more):
        self, *rest = args
        self.all = [scale * r for r in rest], more


class Tracked:
    @track
    def __init__(self, *args, **kwargs):
        self.args = args, kwargs


def make(n):
    a, b = Plain(), Plain(n, n + 1)
    c = Keywords(n, scale=2)
    d = Keywords(1, n, other=n)
    e, f = Tracked(), Tracked(n, key=n)
    return a.rest, b.rest, c.all, d.all, e.args, f.args


def missing(n):
    try:
        Plain.__init__()
    except ValueError as e:
        return str(e)


for n in range(40):
    got = make(n)
    assert got == ([], [n, n + 1], ([2 * n], {}), ([1, n], {"other": n}), ((), {}), ((n,), {"key": n})), got
    text = missing(n)
print(got, text)
print(len(calls), calls[-2:])
