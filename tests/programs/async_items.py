import sys, traceback
class Wait:
    def __await__(self):
        r = yield "w"
        return r
async def agen(n):
    for i in range(n):
        r = await Wait()
        got = yield (i, r)
        if got: yield ("got", got)
async def fails():
    yield 1
    await Wait()
    yield 2
    raise KeyError("x")
async def ret():
    yield 1
    return
async def outer():
    async for x in agen(2):
        yield x
    async for x in ret():
        yield x
async def main():
    out = []
    async for x in outer():
        out.append(x)
    a = agen(3)
    out.append(await a.asend(None))
    out.append(await a.asend("hi"))
    out.append(await a.__anext__())
    try:
        async for x in fails(): out.append(x)
    except KeyError as e:
        out.append([f.name for f in traceback.extract_tb(e.__traceback__)])
    s = a.asend(None)
    await s
    try:
        await s
    except RuntimeError as e: out.append(str(e))
    try:
        await a.asend(None)
        await a.asend(None)
    except StopAsyncIteration as e:
        out.append(repr(e))
    b = agen(2)
    s = b.asend(None)
    s2 = b.asend(None)
    out.append(b.ag_running)
    it = s.__await__()
    it.send(None)
    out.append(b.ag_running)
    try: await s2
    except RuntimeError as e: out.append(str(e))
    try: await b.aclose()
    except RuntimeError as e: out.append(str(e))
    c = agen(1)
    try: await c.asend(1)
    except TypeError as e: out.append(str(e))
    async def names():
        f = sys._getframe(); l=[]
        while f: l.append(f.f_code.co_name); f=f.f_back
        yield l
    async def n2():
        async for x in names(): yield x
    async for l in n2(): out.append(l)
    async def thrown():
        try:
            yield 1
            await Wait()
        except ValueError as e:
            yield "caught"
            yield "more"
    async for x in thrown(): out.append(x)
    async def handled():
        try: raise KeyError("h")
        except KeyError:
            yield sys.exception()
            yield sys.exception()
        yield sys.exception()
    async for x in handled(): out.append((repr(x), sys.exception()))
    try: 1/0
    except ZeroDivisionError:
        async for x in handled(): out.append((repr(x), repr(sys.exception())))
    return out
def drive(c, throw_at=-1):
    n = 0
    try:
        v = c.send(None)
        while True:
            n += 1
            if n == throw_at: v = c.throw(ValueError("t"))
            else: v = c.send(n)
    except StopIteration as e:
        return e.value
for i in range(3):
    for x in drive(main()): print(x)
for t in range(1, 12):
    try: print(len(drive(main(), t)))
    except ValueError as e: print(e, [f.name for f in traceback.extract_tb(e.__traceback__)])
