# A buffered stream whose raw stream makes it anew, closes or detaches it, while it is read or written to.
import io
import sys

CPYTHON = sys.implementation.name == "cpython"  # it reads and writes freed memory


class Raw(io.RawIOBase):
    done = False

    def __init__(self, do):
        self.do = do

    def readable(self):
        return True

    writable = seekable = readable

    def seek(self, *args):
        return 0

    def again(self):
        if self.do and not self.done:
            self.done = True
            try:
                self.do()
            except RuntimeError as e:
                print(str(e).split(" <")[0])

    def readinto(self, b):
        self.again()
        b[:] = b"x" * len(b)
        return len(b)

    def write(self, b):
        self.again()
        return len(b)


def anew():
    stream.__init__(Raw(None), 10)


def closed():
    stream.close()


for do in anew, closed:
    for make, use in ((io.BufferedReader, lambda s: s.read(50)), (io.BufferedReader, lambda s: s.peek()[:3]),
                      (io.BufferedReader, lambda s: len(s.readline(200))),
                      (io.BufferedWriter, lambda s: s.write(b"a" * 150)),
                      (io.BufferedRandom, lambda s: s.write(b"a" * 150))):
        if CPYTHON and do is anew:
            print("reentrant call inside")
            print(use(make(Raw(None), 100)))
            continue
        stream = make(Raw(do), 100)
        print(use(stream))
