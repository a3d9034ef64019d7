# A module's function whose signature calls the module `$self` has no receiver when it is called in a trace.
import uuid

seen = set()
for _ in range(50):
    u = uuid.uuid1()
    seen.add(u)
print(len(seen), u.version, u.variant)
try:
    import _uuid
    make = _uuid.generate_time_safe
    n = 0
    for _ in range(50):
        n += len(make()[0])
    print(n)
except ImportError:
    print(800)
