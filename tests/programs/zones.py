# zoneinfo: zones from files made here, rules after the last transition, folds, errors, caches.
import io, pickle, struct, zoneinfo
from datetime import datetime, time, timedelta, timezone

def tzif(transitions, kinds, rule=b""):
    """A version 2 file: transitions [(utc, kind)], kinds [(offset, isdst, name)]."""
    names, at = b"", []
    for _, _, name in kinds:
        at.append(len(names))
        names += name + b"\0"
    head = lambda v, *n: b"TZif" + v + b"\0" * 15 + struct.pack(">6l", *n)
    body = struct.pack(f">{len(transitions)}q", *[t for t, _ in transitions])
    body += bytes(k for _, k in transitions)
    for (off, dst, _), i in zip(kinds, at):
        body += struct.pack(">lbb", off, dst, i)
    return io.BytesIO(head(b"2", 0, 0, 0, 0, 1, 1) + b"\0" * 7
                      + head(b"2", 0, 0, 0, len(transitions), len(kinds), len(names)) + body + names + b"\n" + rule + b"\n")

def show(f):
    try:
        print(f())
    except Exception as e:
        print(type(e).__name__, e)

kinds = [(3600, 0, b"STD"), (7200, 1, b"DST")]
z = zoneinfo.ZoneInfo.from_file(tzif([(0, 1), (10_000_000, 0)], kinds, b"STD-1DST,M3.5.0,M10.5.0/3"), key="made")
print(repr(z), str(z), z.key, z.utcoffset(None), time(1, tzinfo=z).tzname())
for y, m, d, h in [(1960, 1, 1, 0), (1970, 1, 1, 1), (1970, 1, 1, 3), (1970, 4, 26, 18), (1970, 4, 26, 19), (2024, 3, 31, 2), (2024, 10, 27, 2), (2024, 7, 1, 0)]:
    for fold in (0, 1):
        t = datetime(y, m, d, h, 30, fold=fold, tzinfo=z)
        back = t.astimezone(timezone.utc).astimezone(z)
        print(t, t.tzname(), t.dst(), back, back.fold)
for rule in [b"AAA3BBB,J60/0,J300/-1:30", b"<-03>3<-02>,0/0,J365/25", b"UTC0", b"XXX-23:00"]:
    z = zoneinfo.ZoneInfo.from_file(tzif([], [(0, 0, b"UTC")], rule))
    print([str(datetime(2024, m, 29, 23, 30, tzinfo=z)) for m in (1, 2, 3, 10, 12)], z.utcoffset(None))
for bad in [b"A B", b"AAA", b"AAA25", b"AAA3BBB", b"AAA3BBB,J0,J1", b"AAA3BBB,M1.1.1,M13.1.1", b"AAA3BBB,J1,J2,J3", b"AAA3,J1,J2"]:
    try:
        zoneinfo.ZoneInfo.from_file(tzif([], kinds, bad))
        print("accepted", bad)
    except ValueError:
        print("ValueError", bad)
show(lambda: zoneinfo.ZoneInfo.from_file(io.BytesIO(b"nonsense")))
show(lambda: zoneinfo.ZoneInfo("No/Such/Zone"))
show(lambda: zoneinfo.ZoneInfo("../etc/passwd"))
show(lambda: pickle.dumps(z))
show(lambda: z.fromutc(3))
show(lambda: z.fromutc(datetime(1, 1, 1)))
show(lambda: zoneinfo.ZoneInfo())

class Sub(zoneinfo.ZoneInfo):
    pass

s = Sub.from_file(tzif([], kinds, b"STD-1"), key="sub")
print(repr(s), zoneinfo.ZoneInfo._weak_cache is Sub._weak_cache if hasattr(zoneinfo.ZoneInfo, "_weak_cache") else len(Sub._weak_cache))
