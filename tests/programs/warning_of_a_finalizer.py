# A finalizer may run anywhere and warn there; that does not change the globals of the program that it interrupts.
import gc
import warnings

other = {"__name__": "other"}
exec(
    """
def unclosed():
    open("/dev/null")
""",
    other,
)
unclosed = other["unclosed"]


def collected():
    unclosed()
    gc.collect()


def iterate(make, rounds):
    seen = 0
    for _ in globals():
        make()
        seen += len([[i] * 40 for i in range(rounds)])
    return seen // rounds - len(globals())


print(iterate(collected, 1), iterate(unclosed, 20000))
print("__warningregistry__" in globals())

# The program's own warnings have the registry of their module.
warnings.warn("ignored", PendingDeprecationWarning)
print("__warningregistry__" in globals())
with warnings.catch_warnings(record=True) as w:
    warnings.simplefilter("always")
    unclosed()
    gc.collect()
    print([x.category.__name__ for x in w])
