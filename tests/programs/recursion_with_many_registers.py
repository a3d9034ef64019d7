# Recursion that uses up the registers of a thread long before the recursion limit is an error at most.
import sys

sys.setrecursionlimit(10**6)
MANY = ", ".join(["d"] * 200)
exec(f"""
def deeper(d):
    if d == 0:
        raise ValueError
    return len({MANY}, deeper(d - 1))
""")
for _ in range(2):
    try:
        deeper(180000)
    except (RecursionError, ValueError):
        print("left")
