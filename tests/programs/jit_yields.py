# Loops in generators and coroutines that native code resumes: traces of them end where they yield.
import asyncio
import itertools
import sys


def tokens(text):
    pos = line = 0
    n = len(text)
    while pos < n:
        c = text[pos]
        if c == "\n":
            line += 1
            pos += 1
        elif c.isspace():
            pos += 1
        elif c.isdigit():
            start = pos
            while pos < n and text[pos].isdigit():
                pos += 1
            yield "number", text[start:pos], line
        elif c.isalpha():
            start = pos
            while pos < n and text[pos].isalnum():
                pos += 1
            yield "name", text[start:pos], line
        else:
            pos += 1
            got = yield "other", c, line
            if got == "skip":
                pos += 1
    yield "end", "", line


text = "foo = bar12 + 42 * (x - 7)\n\n  return foo; # 9\n" * 150
print(len(list(tokens(text))), list(tokens(text))[-3:], sum(len(t[1]) for t in tokens(text)))
print(len(dict(zip(tokens(text), itertools.count()))), len(set(map(str, tokens(text)))), max(tokens(text)))


class Tokens:
    def __init__(self, text):
        self.text = text

    def __iter__(self):
        for kind, t, line in tokens(self.text):
            if kind == "name" and len(t) > 3 or kind == "number" and int(t) % 2:
                yield t * 2, line
            elif kind == "other":
                yield t, self.text.count(t, 0, 20)


print(len(list(Tokens(text))), tuple(Tokens(text))[:4], sorted(Tokens(text))[-1])


def sent(n):
    g = tokens(text)
    out = [next(g)]
    for i in range(n):
        out.append(g.send("skip" if i % 3 == 0 else None)[1])
    g.close()
    return out[-5:], next(g, "closed")


print(sent(400))


def careful(n):
    done = 0
    total = 0
    try:
        for i in range(n):
            a, b, c = i & 7, i >> 3, i % 5
            total += a * b - c
            if total > 1000:
                total -= 1000
            try:
                x = yield total + (a ^ b) + (c << 2)
                if x:
                    total += x
            except KeyError as e:
                total += len(e.args)
            finally:
                done += 1
    finally:
        print("left after", done, total, sys.exception())


def driven(n):
    g = careful(n)
    out = []
    it = map(lambda v: v, g)
    for k, v in zip(range(n // 2), it):
        out.append(v)
        if k % 50 == 49:
            out.append(g.throw(KeyError(k)))
        if k % 70 == 69:
            f = g.gi_frame
            out.append((f.f_locals["i"], f.f_locals["done"], g.gi_running, f.f_lineno - f.f_code.co_firstlineno))
    try:
        g.throw(ValueError("out"))
    except ValueError as e:
        tb = e.__traceback__
        while tb.tb_next:
            tb = tb.tb_next
        out.append((str(e), tb.tb_lineno - tb.tb_frame.f_code.co_firstlineno))
    return out[-6:], sum(x for x in out if isinstance(x, int))


print(driven(600))
g = careful(5000)
print(sum(itertools.islice(g, 4000)))
g.close()


def failing(n):
    for i in range(n):
        k = (i * 7 + 3) % 11
        m = k * k - i + (k << 3)
        yield 100 // (n - 3 - i) + m - m
    yield "never"


try:
    list(failing(2000))
except ZeroDivisionError as e:
    print(e, e.__traceback__.tb_next.tb_frame.f_locals["i"])


class Gate:
    def __init__(self):
        self.count = 0

    async def __aenter__(self):
        self.count += 1
        if self.count % 3 == 0:
            await asyncio.sleep(0)

    async def __aexit__(self, *exc):
        self.count += 1


async def worker(name, queue, gate, out):
    handled = odd = 0
    while True:
        item = await queue.get()
        try:
            async with gate:
                for _ in range(item % 3):
                    await asyncio.sleep(0)
                if item % 10 == 7:
                    raise KeyError(item)
                handled += 1
                out.append(item * 2)
        except KeyError as e:
            odd += e.args[0]
        finally:
            queue.task_done()
        if item < 0:
            return name, handled, odd


async def numbers(n):
    for i in range(n):
        if i % 10 == 0:
            await asyncio.sleep(0)
        yield i


async def main(n):
    queue, gate, out = asyncio.Queue(), Gate(), []
    tasks = [asyncio.create_task(worker(k, queue, gate, out)) for k in range(3)]
    for i in range(n):
        queue.put_nowait(i)
    await queue.join()
    for t in tasks:
        t.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    print(len(out), sum(out), gate.count, [type(r).__name__ for r in results])
    total = 0
    async for x in numbers(n):
        total += x
    print(total, sum([x async for x in numbers(n)]))

    async def ball(inbox, outbox):
        count = 0
        while (b := await inbox.get()) > 0:
            count += 1
            await outbox.put(b - 1)
        await outbox.put(0)
        return count

    a, b = asyncio.Queue(1), asyncio.Queue(1)
    a.put_nowait(n)
    print(await asyncio.gather(ball(a, b), ball(b, a)))


asyncio.run(main(3000))
