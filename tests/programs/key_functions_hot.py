# Functions that native code calls and whose first instruction is their last: collections while they are compiled.
def make(n):
    # Each has code of its own, which is compiled when it is hot.
    exec(f"def f{n}(x): return x", names := {})
    return names[f"f{n}"]


l = list(range(300))
for n in range(400):
    f = make(n)
    for k in range(12):
        got = sorted(l, key=f)
    rest = [[i] for i in range(n % 50)]
    if got != l or len([*map(f, l)]) != 300 or max(l, key=f) != 299:
        print(n)
print("ok")
