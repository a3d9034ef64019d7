# Coroutines driven by hand: await, async for, async with, async generators and comprehensions.

class Suspend:
    def __init__(self, value): self.value = value
    def __await__(self):
        got = yield self.value
        return got

def drive(coro, *answers):
    """Runs a coroutine; prints what it suspends with and sends the answers."""
    seen, answers = [], list(answers)
    try:
        seen.append(coro.send(None))
        while True:
            seen.append(coro.send(answers.pop(0) if answers else None))
    except StopIteration as e:
        return seen, e.value

async def add(a, b):
    x = await Suspend(("x", a))
    y = await Suspend(("y", b))
    return a + b + (x or 0) + (y or 0)
print(drive(add(1, 2)), drive(add(1, 2), 10, 20))

async def nested():
    return [await add(i, i) for i in range(2)], await add(5, 5)
print(drive(nested()))

class Manager:
    def __init__(self, name, swallow=False): self.name, self.swallow = name, swallow
    async def __aenter__(self):
        await Suspend(f"enter {self.name}")
        return self.name
    async def __aexit__(self, kind, value, tb):
        await Suspend(f"exit {self.name} {kind.__name__ if kind else None}")
        return self.swallow

async def managed():
    async with Manager("a") as a, Manager("b", True) as b:
        raise KeyError(a + b)
    return "after"
print(drive(managed()))

class Countdown:
    def __init__(self, n): self.n = n
    def __aiter__(self): return self
    async def __anext__(self):
        if not self.n:
            raise StopAsyncIteration
        await Suspend(self.n)
        self.n -= 1
        return self.n

async def loops():
    out = []
    async for i in Countdown(3):
        if i == 1:
            continue
        out.append(i)
    else:
        out.append("else")
    return out, [i async for i in Countdown(2)], {i: i async for i in Countdown(2) if i}
print(drive(loops()))

async def agen(n):
    try:
        for i in range(n):
            got = yield i
            if got:
                print("got", got)
            await Suspend(f"between {i}")
    finally:
        print("agen closed")

async def use_agen():
    out = [x async for x in agen(2)]
    g = agen(5)
    print(await g.asend(None), await g.asend("hi"))
    try:
        await g.athrow(ValueError("thrown"))
    except ValueError as e:
        print("threw", e)
    g2 = agen(3)
    await anext(g2)
    await g2.aclose()
    print(await anext(g2, "default"))
    return out
print(drive(use_agen()))

# async expressions mixed: conditional, await in arguments, await in f-strings, nested comprehension.
async def value(v): return v
async def mixed():
    total = sum([await value(i) for i in range(4) if await value(i % 2)])
    text = f"{await value('f'):>3}"
    pairs = [(a, b) for a in range(2) async for b in Countdown(2)]
    return total, text, pairs, (await value(len))("abc"), await value(1) if await value(0) else "else"
print(drive(mixed()))

# Exceptions cross awaits; finally runs on close and throw.
async def fails():
    try:
        await Suspend("waiting")
    finally:
        print("cleanup")
async def outer():
    try:
        await fails()
    except LookupError as e:
        return f"handled {e!r}"
c = outer()
print(c.send(None))
try:
    c.throw(LookupError("sent"))
except StopIteration as e:
    print(e.value)
c = outer()
c.send(None)
c.close()
print(c.cr_frame, c.cr_running, c.cr_code.co_name)
for attempt in ("await_int", "reuse", "iterate"):
    try:
        if attempt == "await_int":
            async def bad(): await 5
            drive(bad())
        elif attempt == "reuse":
            c.send(None)
        else:
            v = value(1)
            try:
                iter(v)
            finally:
                v.close()
    except (TypeError, RuntimeError) as e:
        print(type(e).__name__, e)

import types
@types.coroutine
def old_style():
    got = yield "old"
    return got
async def uses_old(): return await old_style()
print(drive(uses_old(), "answer"))
async def stop(): raise StopIteration("x")
try:
    drive(stop())
except RuntimeError as e:
    print(e)
