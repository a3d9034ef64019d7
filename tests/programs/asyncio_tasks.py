# asyncio: tasks, gather, queues, events, locks, timeouts, cancellation, task groups, executors, streams.
import asyncio

log = []

async def worker(name, queue, results):
    while True:
        item = await queue.get()
        await asyncio.sleep(0)
        results.append((name, item * item))
        queue.task_done()

async def producers():
    queue, results = asyncio.Queue(maxsize=3), []
    tasks = [asyncio.create_task(worker(f"w{i}", queue, results)) for i in range(3)]
    for i in range(9):
        await queue.put(i)
    await queue.join()
    for t in tasks:
        t.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    return sorted(v for _, v in results), [type(e).__name__ for e in ended]

async def late(n, value):
    await asyncio.sleep(n / 100)
    return value

async def timeouts():
    try:
        async with asyncio.timeout(0.01):
            await asyncio.sleep(10)
    except TimeoutError as e:
        log.append(("timeout", repr(e)))
    try:
        await asyncio.wait_for(late(1000, 1), 0.01)
    except TimeoutError:
        log.append("wait_for")
    return await asyncio.wait_for(late(0, "in time"), 5)

async def groups():
    async def fail(n):
        await asyncio.sleep(0)
        raise ValueError(n)
    async def forever():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            log.append("cancelled sibling")
            raise
    try:
        async with asyncio.TaskGroup() as tg:
            tg.create_task(forever())
            tg.create_task(fail(1))
            tg.create_task(fail(2))
    except* ValueError as eg:
        log.append(sorted(e.args[0] for e in eg.exceptions))
    async with asyncio.TaskGroup() as tg:
        a, b = tg.create_task(late(1, "a")), tg.create_task(late(0, "b"))
    return a.result() + b.result()

async def synchronised():
    lock, event, order = asyncio.Lock(), asyncio.Event(), []
    async def critical(n):
        async with lock:
            order.append(n)
            await asyncio.sleep(0)
            order.append(n)
    async def waiter():
        await event.wait()
        order.append("event")
    w = asyncio.create_task(waiter())
    await asyncio.gather(*(critical(i) for i in range(3)))
    event.set()
    await w
    semaphore = asyncio.Semaphore(2)
    running = peak = 0
    async def limited():
        nonlocal running, peak
        async with semaphore:
            running += 1
            peak = max(peak, running)
            await asyncio.sleep(0)
            running -= 1
    await asyncio.gather(*(limited() for _ in range(6)))
    return order, peak

async def first_done():
    slow, fast = asyncio.create_task(late(500, "slow")), asyncio.create_task(late(0, "fast"))
    done, pending = await asyncio.wait({slow, fast}, return_when=asyncio.FIRST_COMPLETED)
    for t in pending:
        t.cancel()
    return [t.result() for t in done], len(pending)

async def echo_server():
    async def handle(reader, writer):
        while line := await reader.readline():
            writer.write(line.upper())
            await writer.drain()
        writer.close()
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    answers = []
    for word in (b"hello\n", b"world\n"):
        writer.write(word)
        answers.append(await reader.readline())
    writer.close()
    await writer.wait_closed()
    server.close()
    await server.wait_closed()
    return answers

async def main():
    print(await producers())
    print(await timeouts(), await groups())
    print(log)
    print(await synchronised(), await first_done())
    print([x async for x in squares()], await asyncio.gather(late(2, 1), late(1, 2), late(0, 3)))
    loop = asyncio.get_running_loop()
    print(await loop.run_in_executor(None, sum, range(100)), await asyncio.to_thread(len, "abc"))
    print(await echo_server())
    process = await asyncio.create_subprocess_exec("cat", stdin=-1, stdout=-1)
    print((await process.communicate(b"through cat"))[0], process.returncode)
    task = asyncio.create_task(late(100, None), name="named")
    task.cancel("reason")
    try:
        await task
    except asyncio.CancelledError as e:
        print(task.get_name(), e.args, task.cancelled())

async def squares():
    for i in range(4):
        await asyncio.sleep(0)
        yield i * i

asyncio.run(main())
