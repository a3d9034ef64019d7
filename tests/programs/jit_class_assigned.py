# `__class__` of an object is assigned after loops that use it are compiled: of a number that is a constant of the
# trace, of what a class has, which becomes a descriptor by that.


def hot(f, change):
    before = [f(i) for i in range(3000)]
    change()
    after = [f(i) for i in range(3000)]
    print(before[-1], set(map(str, before[:1] + before[-1:])), "->", sorted(set(map(str, after))))


class I(int):
    pass


class J(int):
    def __add__(self, o):
        return "J+"

    def __radd__(self, o):
        return "+J"

    def __lt__(self, o):
        return "J<"

    def __eq__(self, o):
        return "J="

    def __bool__(self):
        return False

    __hash__ = int.__hash__


number = I(3)


def become_j():
    number.__class__ = J


for f in (
    lambda i: number + 1,
    lambda i: 1 + number,
    lambda i: number < 5,
    lambda i: number == 3,
    lambda i: 1 if number else 2,
    lambda i: not number,
):
    number = I(3)
    hot(f, become_j)


class Plain:
    def __call__(self, *args):
        return "called"

    def __str__(self):
        return "plain"


class Get(Plain):
    def __get__(self, o, t):
        return "got" if o is None else "got of one"


class Both(Get):
    def __set__(self, o, v):
        o.__dict__["elsewhere"] = v


class OnlySet(Plain):
    def __set__(self, o, v):
        o.__dict__["elsewhere"] = v


def made():
    global H, h

    class H:
        a = Plain()
        b = Plain()

        def __init__(self):
            self.b = 1

    h = H()


def store(i):
    h.b = 5
    return h.__dict__.get("b"), h.__dict__.get("elsewhere")


def create(i):
    o = H()
    return o.__dict__.get("b"), o.__dict__.get("elsewhere")


def by_object(i):
    o = H.__new__(H)
    object.__setattr__(o, "b", 7)
    return o.__dict__.get("b"), o.__dict__.get("elsewhere")


for cls in Get, Both, OnlySet:

    def change():
        H.__dict__["a"].__class__ = cls
        H.__dict__["b"].__class__ = cls

    print(cls.__name__)
    for f in (
        lambda i: str(h.a),
        lambda i: str(H.a),
        lambda i: h.b,
        lambda i: str(getattr(h, "a")),
        lambda i: getattr(h, "b"),
        lambda i: str(getattr(H, "a")),
        lambda i: str(h.a()) if type(H.__dict__["a"]) is Plain else "",
        store,
        create,
        by_object,
    ):
        made()
        hot(f, change)
# And back: no descriptor any more.
made()
change = lambda: setattr(H.__dict__["a"], "__class__", Plain)
H.__dict__["a"].__class__ = Both
hot(lambda i: str(h.a), change)
