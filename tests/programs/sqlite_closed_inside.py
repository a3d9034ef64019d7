# A connection that is closed, or opened anew, while SQLite is at work with it: by what it calls, and by what is asked for
# arguments.
import sqlite3
import sys

CPYTHON = sys.implementation.name == "cpython"  # most of this crashes it


def connection():
    con = sqlite3.connect(":memory:")
    con.execute("create table t(a)")
    con.executemany("insert into t values (?)", [(i,) for i in range(50)])
    con.commit()
    return con


def each(action):
    """What may be called, and what calls it."""
    con = connection()
    con.create_function("f", 0, action(con))
    yield "script", con, lambda: con.executescript("select f(); select 1; select 2;")
    con2 = connection()
    con2.create_function("f", 1, action(con2))
    yield "function", con2, lambda: con2.execute("select f(a) from t").fetchall()
    con3 = connection()
    con3.set_authorizer(action(con3))
    yield "authorizer", con3, lambda: con3.execute("insert into t values (1)")
    con4 = connection()
    con4.execute("insert into t values (1)")
    con4.set_authorizer(action(con4))
    yield "commit", con4, con4.commit
    con5 = connection()
    con5.set_trace_callback(action(con5))
    yield "trace", con5, lambda: con5.execute("insert into t values (1)")
    con6 = connection()
    con6.set_progress_handler(action(con6), 1)
    yield "progress", con6, lambda: con6.execute("select a from t order by -a").fetchall()
    con7 = connection()
    con7.create_collation("c", action(con7))
    yield "collation", con7, lambda: con7.execute(
        "select a from t order by cast(a as text) collate c").fetchall()
    con8 = connection()

    class Sum:
        def step(self, x):
            action(con8)()

        finalize = action(con8)

    con8.create_aggregate("g", 1, Sum)
    yield "aggregate", con8, lambda: con8.execute("select g(a) from t").fetchall()
    con9 = connection()
    con9.set_authorizer(action(con9))
    yield "serialize", con9, con9.serialize
    con10 = connection()
    con10.set_authorizer(action(con10))
    yield "backup", con10, lambda: con10.backup(sqlite3.connect(":memory:"), pages=1, progress=action(con10))


def close(con):
    def f(*args):
        con.close()
        return 0
    return f


def anew(con):
    def f(*args):
        con.__init__(":memory:")
        return 0
    return f


for action in close, anew:
    if not CPYTHON:
        for name, con, run in each(action):
            try:
                run()
            except sqlite3.Error:
                pass
            if action is close:
                try:
                    con.execute("select 1")
                except sqlite3.ProgrammingError as e:
                    assert "closed" in str(e), e
                else:
                    raise AssertionError(name)
            else:
                con.set_progress_handler(None, 0)
                con.set_authorizer(None)
                assert con.execute("select 1").fetchone() == (1,), name
    print(action.__name__)


class Closing:
    """A number that closes the connection when it is asked for."""

    def __init__(self, con, n):
        self.con, self.n = con, n

    def __index__(self):
        self.con.close()
        return self.n


for call in (
        lambda c: c.setlimit(Closing(c, sqlite3.SQLITE_LIMIT_LENGTH), 5),
        lambda c: c.getlimit(Closing(c, sqlite3.SQLITE_LIMIT_LENGTH)),
        lambda c: c.getconfig(Closing(c, sqlite3.SQLITE_DBCONFIG_DEFENSIVE)),
        lambda c: c.create_function("f", Closing(c, 1), lambda x: x),
        lambda c: c.create_aggregate("f", Closing(c, 1), list),
        lambda c: c.create_window_function("f", Closing(c, 1), list)):
    con = connection()
    try:
        call(con)
    except sqlite3.ProgrammingError as e:
        print(e)

con = connection()
con.execute("insert into t values (x'00010203040506070809')")
row = con.execute("select max(rowid) from t").fetchone()[0]
with con.blobopen("t", "a", row) as blob:
    print(blob[0:10:sys.maxsize], blob[::3], blob[9:2:sys.maxsize], blob[3:9:4])
