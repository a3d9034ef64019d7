"""Class variables that change while code that reads them is hot: counters, registries, descriptors that come and go."""
import threading


class Counted:
    made = 0
    names = ()

    def __init__(self, x):
        Counted.made += 1
        self.x = x

    def serial(self):
        return self.made

    @classmethod
    def reset(cls):
        cls.made = 0


class Child(Counted):
    pass


class Own(Counted):
    made = 1000


def count(n):
    total = 0
    for i in range(n):
        total += Counted(i).serial()
    return total


print(count(300), Counted.made, Child.made, Own.made, Child(1).serial(), Own(1).serial())
Counted.reset()
print(Counted.made, Child.made, Child(2).serial())
# A subclass gets one of its own.
Child.made = "child's"
print(Child.made, Counted.made, Child(3).serial(), Counted.made)
for i in range(50):
    Child.made = i
print(Child.made, Counted.made)
del Child.made
print(Child.made, Child(4).serial(), list(vars(Child)))
# Instances shadow it.
c = Counted(5)
c.made = "mine"
print(c.serial(), Counted.made, vars(c))
print(list(vars(Counted)))


def reads(obj, n):
    out = []
    for i in range(n):
        out.append((obj.made, getattr(obj, "made"), getattr(Counted, "made"), hasattr(Counted, "made"), Counted.made))
        Counted.made = i * 1.5 if i % 3 else str(i)
    return out


for row in reads(Child(6), 60)[-4:]:
    print(row)


class Descriptor:
    def __get__(self, obj, cls):
        return "got by", obj is None, cls.__name__

    def __set__(self, obj, value):
        print("set", value)


def ways(n, at, value):
    """Reads and writes; at one turn it becomes something else."""
    seen = []
    obj = Child.__new__(Child)
    for i in range(n):
        if i == at:
            Counted.made = value
        elif i < at:
            Counted.made = i
        seen.append((Counted.made, obj.made, Child.made))
    return seen[at - 1], seen[at], seen[-1]


for value in (Descriptor(), property(lambda self: "a property of " + type(self).__name__), classmethod(lambda cls: cls),
              staticmethod(len), lambda self: self, 7):
    a, b, c = ways(80, 40, value)
    if isinstance(value, property):
        b, c = b[1], c[1]
    elif not isinstance(value, (Descriptor, int)):
        b, c = [type(x).__name__ for x in b], [type(x).__name__ for x in c]
    print(a, b, c)
del Counted.made
for f in (lambda: Counted.made, lambda: Child.made, lambda: Counted.__new__(Counted).made):
    try:
        print(f())
    except AttributeError as e:
        print(e)
try:
    del Counted.made
except AttributeError as e:
    print(e)
Counted.made = 3
print(Counted.made, Child.made)


class Late:
    pass


class Holder:
    value = Late()


def late(n):
    out = []
    for i in range(n):
        if i == n - 10:
            Late.__get__ = lambda self, obj, cls: "late"
        out.append(Holder.value if isinstance(Holder.value, str) else i)
    return out[-12:]


print(late(60))


class Meta(type):
    def __setattr__(cls, name, value):
        if name == "guarded":
            value = value * 2
        super().__setattr__(name, value)

    @property
    def ruled(cls):
        return "by the metaclass"

    @ruled.setter
    def ruled(cls, value):
        cls.log.append(value)


class Ruled(metaclass=Meta):
    guarded = 1
    ruled = 0
    log = []
    seen = 0


for i in range(60):
    Ruled.guarded = i
    Ruled.ruled = i
    Ruled.seen += 1
print(Ruled.guarded, Ruled.ruled, len(Ruled.log), Ruled.seen, Ruled.__dict__["ruled"])


class Registry:
    next_id = 0
    instances = {}
    last = None

    def __new__(cls, *args):
        self = super().__new__(cls)
        self.id = cls.next_id
        cls.next_id += 1
        cls.last = self
        return self

    def __init__(self, name):
        self.name = name
        Registry.instances[name] = self


class Special(Registry):
    next_id = 500


def register(n):
    for i in range(n):
        Registry(f"a{i}")
        Special(f"b{i}")
    return Registry.next_id, Special.next_id, Registry.last.name, Special.last.name, len(Registry.instances)


print(register(150))
print(sorted(k for k in vars(Special) if not k.startswith("__")))


class Frozen:
    __slots__ = ()
    flag = False


def slots(n):
    f, out = Frozen(), 0
    for i in range(n):
        Frozen.flag = not Frozen.flag
        out += f.flag
    try:
        f.flag = 1
    except AttributeError as e:
        print(e)
    return out


print(slots(101))


class Shared:
    total = 0
    lock = threading.Lock()
    kind = "value"


def work(n):
    for i in range(n):
        with Shared.lock:
            Shared.total += 1


def flip(n):
    for i in range(n):
        Shared.kind = "value" if i % 2 else property(lambda self: "property")


def look(n, bad):
    s = Shared()
    for i in range(n):
        kind = s.kind
        if kind not in ("value", "property"):
            bad.append(kind)


bad = []
ts = [threading.Thread(target=work, args=(2000,)) for _ in range(3)]
ts += [threading.Thread(target=flip, args=(1000,)), threading.Thread(target=look, args=(3000, bad))]
for t in ts:
    t.start()
for t in ts:
    t.join()
print(Shared.total, bad, Shared().kind)
