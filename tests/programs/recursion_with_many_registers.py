# Recursion that uses up the registers of a thread long before the recursion limit is an error at most.
import sys

sys.setrecursionlimit(10**6)
MANY = ", ".join(["d"] * 400)
exec(f"""
def deeper(d):
    if d == 0:
        raise ValueError
    return len({MANY}, deeper(d - 1))
""")
# Collections under stress look at all of the registers each time.
DEPTH = 900 if "gc" in sys._xoptions else 90000
try:
    deeper(DEPTH)
except (RecursionError, ValueError):
    print("left")
