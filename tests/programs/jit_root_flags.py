# One loop in the frames of a generator that a `for` loop runs and of one that a native function runs: what is compiled
# for the return of the first must not be used for the second.
def numbers(n):
    for i in range(n):
        for k in range(1, 143, 2):
            pass
        yield i

def returning(n):
    for k in range(1, 143, 2):
        pass
    return n

def main():
    total = 0
    for i in range(51):
        t = tuple(numbers(6))
        for x in numbers(8):
            total += x
        total += sum(t) + max(map(returning, t)) + returning(i)
    return total

print(main())
