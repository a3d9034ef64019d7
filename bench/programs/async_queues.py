"""A pipeline of tasks with queues, events, a semaphore and timeouts: a crawler of a web that is a dictionary.

    async_queues.py [N]        N: hundreds of pages
"""
import asyncio
import hashlib
import sys


def make_site(count):
    site = {}
    for i in range(count):
        links = sorted({(i * 7 + k * k * 13 + 1) % count for k in range(1 + i % 6)} | {(i + 1) % count})
        words = [f"w{(i * k) % 97}" for k in range(1, 12)]
        site[f"/page/{i}"] = (" ".join(words), [f"/page/{j}" for j in links] + (["/missing"] if i % 40 == 0 else []))
    return site


class NotFound(Exception):
    pass


class Server:
    def __init__(self, site, limit):
        self.site = site
        self.gate = asyncio.Semaphore(limit)
        self.active = self.peak = self.served = 0

    async def get(self, path):
        async with self.gate:
            self.active += 1
            self.peak = max(self.peak, self.active)
            try:
                for _ in range(1 + len(path) % 3):
                    await asyncio.sleep(0)
                self.served += 1
                if path not in self.site:
                    raise NotFound(path)
                return self.site[path]
            finally:
                self.active -= 1


class Crawler:
    def __init__(self, server, workers):
        self.server = server
        self.workers = workers
        self.queue = asyncio.Queue()
        self.pages = asyncio.Queue(maxsize=20)
        self.seen = set()
        self.errors = []
        self.index = {}
        self.digest = hashlib.sha256()
        self.indexed = 0

    def enqueue(self, path, depth):
        if path not in self.seen:
            self.seen.add(path)
            self.queue.put_nowait((path, depth))

    async def worker(self, name):
        handled = 0
        while True:
            path, depth = await self.queue.get()
            try:
                text, links = await self.server.get(path)
            except NotFound as e:
                self.errors.append(str(e))
            else:
                handled += 1
                await self.pages.put((path, text, depth))
                for link in links:
                    self.enqueue(link, depth + 1)
            finally:
                self.queue.task_done()
            if handled % 50 == 0:
                await asyncio.sleep(0)

    async def indexer(self):
        while True:
            item = await self.pages.get()
            if item is None:
                return
            path, text, depth = item
            for word in text.split():
                self.index.setdefault(word, []).append(path)
            self.digest.update(path.encode())
            self.indexed += 1

    async def run(self, start):
        self.enqueue(start, 0)
        workers = [asyncio.create_task(self.worker(i)) for i in range(self.workers)]
        indexer = asyncio.create_task(self.indexer())
        await self.queue.join()
        for w in workers:
            w.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        await self.pages.put(None)
        await indexer


async def numbers(n):
    for i in range(n):
        if i % 10 == 0:
            await asyncio.sleep(0)
        yield i


async def squares(source):
    async for x in source:
        yield x * x


async def fan_out(n):
    """Subtasks whose results come together; some fail, some are cancelled."""
    async def part(i):
        await asyncio.sleep(0)
        if i % 17 == 5:
            raise ValueError(i)
        total = 0
        async for x in squares(numbers(i % 25)):
            total += x
        return total

    results = await asyncio.gather(*[part(i) for i in range(n)], return_exceptions=True)
    failed = [r for r in results if isinstance(r, Exception)]
    return sum(r for r in results if isinstance(r, int)), len(failed)


async def ping_pong(n):
    a, b = asyncio.Queue(1), asyncio.Queue(1)

    async def player(inbox, outbox):
        count = 0
        while (ball := await inbox.get()) > 0:
            count += 1
            await outbox.put(ball - 1)
        await outbox.put(0)
        return count

    async with asyncio.TaskGroup() as group:
        first = group.create_task(player(a, b))
        second = group.create_task(player(b, a))
        a.put_nowait(n)
    return first.result(), second.result()


async def main(n):
    server = Server(make_site(n * 100), 8)
    crawler = Crawler(server, 12)
    await crawler.run("/page/0")
    print(len(crawler.seen), "seen,", crawler.indexed, "indexed,", len(crawler.errors), "errors,", server.served, "served, peak", server.peak)
    top = sorted(crawler.index.items(), key=lambda p: (-len(p[1]), p[0]))[:5]
    print([(w, len(p)) for w, p in top], crawler.digest.hexdigest()[:16])
    print(await fan_out(n * 20))
    print(await ping_pong(n * 100))
    try:
        async with asyncio.timeout(0.01):
            await asyncio.Event().wait()
    except TimeoutError:
        print("timeout")
    lock, log = asyncio.Lock(), []

    async def append(i):
        async with lock:
            log.append(i)
            await asyncio.sleep(0)
            log.append(i)
    await asyncio.gather(*(append(i) for i in range(n * 10)))
    print(all(log[i] == log[i + 1] for i in range(0, len(log), 2)), len(log))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 2))
