# A bytearray as a queue: taken from at the front, added to at the end.
import random

r = random.Random(1)
b, model = bytearray(), b""
for i in range(3000):
    new = bytes(r.randrange(256) for _ in range(r.randrange(40)))
    if r.random() < 0.3:
        b[3:3] = new
        model = model[:3] + new + model[3:]
    elif r.random() < 0.2:
        b[-2:-1] = new
        model = model[:-2] + new + model[-2:][1:] if len(model) > 1 else new + model
    else:
        b += new
        model += new
    n = r.randrange(45)
    del b[:n]
    model = model[n:]
    if bytes(b) != model:
        print("differs at", i)
        break
print(len(b), bytes(b[:5]))
b = bytearray(1000)
for i in range(5000):
    b += bytes([i & 255]) * 100
    assert b.startswith(b[:50])
    del b[:100]
print(len(b), set(b) <= set(range(256)), b[-1], b[0])
