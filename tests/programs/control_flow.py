# Loops with else, try/finally against return, break, continue; chained comparisons; short circuits; walrus; del.

def find(items, wanted):
    for i, item in enumerate(items):
        if item == wanted:
            break
    else:
        return "not found"
    return i
print(find("abc", "c"), find("abc", "x"), find([], 1))

n = 0
while n < 3:
    n += 1
    if n == 2:
        continue
    print("while", n)
else:
    print("else after", n)

def finally_wins():
    try:
        return "try"
    finally:
        print("cleaning")

def finally_overrides():
    for i in range(3):
        try:
            if i == 1:
                continue
            print("body", i)
            if i == 2:
                break
        finally:
            print("finally", i)
    else:
        print("never")
    return i

def nested():
    log = []
    try:
        try:
            raise ValueError("a")
        except ValueError as e:
            log.append(f"caught {e}")
            raise KeyError("b")
        else:
            log.append("no")
        finally:
            log.append("inner finally")
    except KeyError as e:
        log.append(f"caught {e!r} from {e.__context__!r}")
    else:
        log.append("no")
    finally:
        log.append("outer finally")
    return log

print(finally_wins())
print(finally_overrides())
print(nested())

def try_else(x):
    try:
        y = 10 // x
    except ZeroDivisionError:
        return "division"
    else:
        return f"else {y}"
print(try_else(0), try_else(3))

# The exception's name is unbound after its handler.
e = "before"
try:
    raise RuntimeError
except RuntimeError as e:
    pass
try:
    e
except NameError as err:
    print(err)

# Comparisons evaluate each operand once and stop early.
def show(x):
    print("eval", x)
    return x
print(show(1) < show(3) < show(2) < show(9))
print(1 < 2 == 2 != 3 in [3] is not None)
print(show(0) and show(1), show(0) or show("") or show([]), not [] and "yes")

# Conditional expressions and the walrus.
values = [3, 1, 4, 1, 5, 9, 2, 6]
print([y for x in values if (y := x * x) > 10], y)
while (v := values.pop()) != 1:
    print(v, end=" ")
print("left", values)
print("big" if len(values) > 3 else "small" if values else "none")

# Deleting items while a loop runs over a copy; nested loops with flags.
d = {i: i * i for i in range(6)}
for k in list(d):
    if k % 2:
        del d[k]
print(d)
print([(i, j) for i in range(4) for j in range(i) if (i + j) % 2])

for i in range(3):
    for j in range(3):
        if j == 2:
            break
        if i == 1:
            continue
        print(i, j)
    else:
        print("inner ended")

def loop_variable_survives():
    for item in []:
        pass
    try:
        return item
    except UnboundLocalError as e:
        return str(e)
print(loop_variable_survives())
pass; print("semicolons"); x = y = z = 0; print(x, y, z)
assert True, "not shown"
try:
    assert 1 > 2, f"message {1 + 1}"
except AssertionError as e:
    print(repr(e))
