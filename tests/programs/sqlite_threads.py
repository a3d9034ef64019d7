# A connection that several threads share: statements, functions, handlers, cursors, closing while others use it.
import sqlite3
import sys
import threading


def together(n, work):
    if sys.implementation.name == "cpython":  # it crashes and hangs now and then
        for k in range(n):
            work(k)
        return
    threads = [threading.Thread(target=work, args=(k,)) for k in range(n)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()


con = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
con.execute("create table t(thread, n)")


def insert(k):
    for n in range(300):
        con.execute(f"insert into t values (?, {n})", (k,))
        if n % 50 == 0:
            con.create_function(f"f{k}_{n}", 1, lambda x: x + 1)
            con.set_trace_callback(lambda s: None)
            con.set_trace_callback(None)
            assert con.execute(f"select f{k}_{n}(?)", (n,)).fetchone() == (n + 1,)


together(4, insert)
print(con.execute("select thread, count(*), sum(n) from t group by thread order by thread").fetchall())

# One cursor for all: who comes while it is in use waits or is told so.
cursor = con.cursor()


def read(k):
    for _ in range(200):
        try:
            cursor.execute("select * from t where thread = ?", (k,))
            cursor.fetchmany(3)
            cursor.fetchone()
        except sqlite3.Error:
            pass


together(4, read)
print(cursor.execute("select count(*) from t").fetchone())


# Statements outlive the connection's closing.
def close(k):
    try:
        for n in range(200):
            con.execute(f"select {n} + {k} from t").fetchmany(2)
            if k == 3 and n == 150:
                con.close()
    except sqlite3.Error:
        pass


together(4, close)
try:
    con.execute("select 1")
except sqlite3.ProgrammingError as e:
    print(e)

