# Dates, times, intervals and zones: arithmetic, text, pickles, errors.
import pickle
from datetime import date, datetime, time, timedelta, timezone, tzinfo

def show(f):
    try:
        print(repr(f()))
    except Exception as e:
        print(type(e).__name__, e)

class Zone(tzinfo):
    def __repr__(self):
        return "Zone()"
    def utcoffset(self, dt):
        return timedelta(hours=1 if dt is None or not dt.fold else 2)
    def dst(self, dt):
        return timedelta(0)
    def tzname(self, dt):
        return "100%"

class Day(date):
    pass

class Stamp(datetime):
    def __new__(cls, *args, **kw):
        self = super().__new__(cls, *args, **kw)
        self.note = "note"
        return self

z = Zone()
east = timezone(timedelta(hours=5, minutes=30), "IST")
d = datetime(2024, 2, 29, 23, 59, 59, 123456, z)
for f in (
    lambda: d + timedelta(days=366, microseconds=-1),
    lambda: d.astimezone(timezone.utc) == d,
    lambda: d.replace(fold=1) == d.replace(tzinfo=timezone.utc),
    lambda: d.astimezone(east).isoformat(" ", "milliseconds"),
    lambda: d.strftime("%Y %Z %z %:z %f %%z %"),
    lambda: datetime(33, 1, 2).strftime("%Y-%G-%C-%F"),
    lambda: d - datetime(2000, 1, 1, tzinfo=timezone.utc),
    lambda: d - datetime(2000, 1, 1),
    lambda: d < datetime(2000, 1, 1),
    lambda: d == datetime(2000, 1, 1),
    lambda: hash(d) == hash(d.astimezone(timezone.utc)),
    lambda: d.utctimetuple()[:6],
    lambda: Day(2024, 1, 31) + timedelta(1),
    lambda: Day.fromisoformat("2024-W09-4"),
    lambda: Day.fromordinal(738000).isocalendar(),
    lambda: (Stamp(2024, 1, 31, fold=1) + timedelta(1)).note,
    lambda: Stamp.combine(date(1, 2, 3), time(4, 5, tzinfo=z)),
    lambda: Stamp.fromtimestamp(0, timezone.utc),
    lambda: datetime.fromisoformat("20241231T24"),
    lambda: datetime.fromisoformat("2024-12-31T23:59:60"),
    lambda: datetime.fromisoformat("2024-02-30"),
    lambda: datetime.fromisoformat("2024-02"),
    lambda: time.fromisoformat("T123456.5-0130"),
    lambda: date.strptime("29/02/24", "%d/%m/%y"),
    lambda: time.strptime("1:02 PM", "%I:%M %p"),
    lambda: timedelta(0.1, 0.2, 0.3, weeks=-1),
    lambda: timedelta(hours=1) * 1.5 / timedelta(minutes=7),
    lambda: divmod(timedelta(days=-1, hours=5), timedelta(hours=7)),
    lambda: timedelta(microseconds=5) / 2,
    lambda: timedelta(1) // 0,
    lambda: timedelta(10**10),
    lambda: timedelta(10**30),
    lambda: date(2023, 2, 29),
    lambda: date.max + timedelta(1),
    lambda: time(25),
    lambda: time(1, tzinfo="x"),
    lambda: datetime(1),
    lambda: timezone(timedelta(days=1)),
    lambda: tzinfo().utcoffset(None),
    lambda: timezone.min,
    lambda: sorted([time(3), time(1, 2), time(2, fold=1)]),
):
    show(f)
for o in (date(1999, 12, 31), time(1, 2, 3, 4, east, fold=1), datetime(1999, 12, 31, 1, fold=1, tzinfo=timezone.utc),
          timedelta(1, 2, 3), timezone.utc, east, date(2024, 1, 1).isocalendar(), Stamp(1, 2, 3)):
    for p in range(6):
        copy = pickle.loads(pickle.dumps(o, p))
        assert copy == o and type(copy) is type(o) or type(copy) is tuple, o
    print(repr(copy), getattr(copy, "fold", None), o.__reduce_ex__(4)[1])
# Pickles of Python 2
print(pickle.loads(b"cdatetime\ndatetime\n(S'\\x07\\xdf\\x0b\\x1b\\x14;\\x01\\x00\\x10\\x00'\ntR.", encoding="latin1"))
