import sys
def poke(k):
    if k % 50 == 49:
        sys._getframe(1).f_locals['x'] = k * 1000
    return len(str(k))
class E:
    def __eq__(self, o):
        f = sys._getframe(1)
        if self.n % 40 == 7: f.f_locals['y'] = -self.n
        return True
def run(n):
    x = 0; y = 0; e = E(); e.n = 0; s = 0
    for i in range(n):
        x += 1
        s += poke(i)
        e.n = i
        if e == 1: s += y
        y += 1
    return x, y, s
for n in (10, 100, 3000): print(run(n))
