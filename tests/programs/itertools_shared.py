# Iterators of itertools that several threads use at the same time: every tuple is one of those there are, and none is given
# twice.
import itertools
import sys
import threading

sys.setswitchinterval(1e-5)
MADE = [
    ("permutations", lambda: itertools.permutations(range(6), 4)),
    ("combinations", lambda: itertools.combinations(range(12), 3)),
    ("with replacement", lambda: itertools.combinations_with_replacement(range(9), 3)),
    ("product", lambda: itertools.product(range(5), "ab", range(30))),
    ("long", lambda: itertools.islice(itertools.combinations(range(40), 30), 200)),
]
for name, make in MADE:
    for n in range(20):
        it = make()
        got = [[] for i in range(4)]
        start = threading.Barrier(4)

        def work(mine):
            start.wait()
            for x in it:
                mine.append(x)

        threads = [threading.Thread(target=work, args=(g,)) for g in got]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        if sorted(itertools.chain(*got)) != sorted(make()) and name != "long":
            print(name, "differ")
    print(name)
