#!/usr/bin/env python3.14
"""Random patterns and subjects with CPython's results, for the example program `check`:

    python3.14 crates/sre/tools/fuzz.py SEED COUNT | cargo run -p adder-sre --example check

With a third argument "codes", random changes to the codes of such patterns: are they still valid?
(Apart from the bodies of single-character repeats, of which CPython accepts more.)
"""

import io
import random
import re
import signal
import sys
import warnings

import fixture

warnings.simplefilter("ignore")
# Exponential patterns are not the point: CPython gives up on them by a signal.
TIME = 0.5

STR = ["a", "b", "c", "A", "B", "k", "K", "\u212a", "é", "É", "ß", "ſ", "s", "1", "_", " ", "\n",
       "-", "д", "Д", "中", "\U00010400", "\U00010428", "\ud800", "İ", "i", "µ", "٣", "\x85"]
BYTES = [bytes([c]) for c in b"abcABkK1_ \n-\xe9\xc9\xb5"]


class Generator:
    def __init__(self, rng, is_bytes):
        self.rng = rng
        self.is_bytes = is_bytes
        pool = BYTES if is_bytes else STR
        # Few characters make for many coincidences.
        self.chars = [c.decode("latin-1") if is_bytes else c
                      for c in rng.sample(pool, rng.choice([2, 3, 4, 8]))]
        self.groups = 0
        self.closed = []

    def char(self):
        return self.rng.choice(self.chars)

    def literal(self):
        return re.escape(self.char())

    def charset(self):
        rng = self.rng
        parts = []
        for _ in range(rng.randint(1, 3)):
            kind = rng.randrange(6)
            if kind < 3:
                parts.append(re.escape(self.char()))
            elif kind == 3:
                parts.append(rng.choice([r"\w", r"\d", r"\s", r"\W", r"\D", r"\S"]))
            else:
                low, high = sorted([self.char(), self.char()])
                parts.append(re.escape(low) + "-" + re.escape(high))
        return "[" + rng.choice(["", "", "^"]) + "".join(parts) + "]"

    def single(self):
        kind = self.rng.randrange(10)
        if kind < 5:
            return self.literal()
        if kind < 7:
            return self.charset()
        if kind == 7:
            return "."
        return self.rng.choice([r"\w", r"\d", r"\s", r"\W", r"\D", r"\S"])

    def quantifier(self):
        rng = self.rng
        base = rng.choice(["*", "+", "?", "{2}", "{1,2}", "{0,3}", "{2,}", "{,1}", "{1,3}", "{0}"])
        return base + rng.choice(["", "", "", "?", "+"])

    def group(self, depth):
        self.groups += 1
        number = self.groups
        inner = self.alternation(depth - 1)
        self.closed.append(number)
        return "(" + inner + ")"

    def atom(self, depth):
        rng = self.rng
        kind = rng.randrange(24)
        if depth <= 0 or kind < 9:
            return self.single()
        if kind < 13:
            return self.group(depth)
        if kind < 16:
            return "(?:" + self.alternation(depth - 1) + ")"
        if kind == 16:
            return rng.choice(["(?=", "(?!"]) + self.alternation(depth - 1) + ")"
        if kind == 17:
            return rng.choice(["(?<=", "(?<!"]) + self.fixed(rng.randint(1, 2)) + ")"
        if kind == 18:
            return "(?>" + self.alternation(depth - 1) + ")"
        if kind == 19 and self.closed:
            return "\\%d" % rng.choice(self.closed) + "(?:)"
        if kind == 20 and self.groups:
            number = rng.randint(1, self.groups)
            no = "|" + self.sequence(depth - 1) if rng.random() < 0.5 else ""
            return "(?(%d)" % number + self.sequence(depth - 1) + no + ")"
        if kind == 21:
            flags = rng.choice(["i", "s", "m", "-i", "is", "i-s"])
            if not self.is_bytes:
                flags = rng.choice([flags, "a", "u", "ai"])
            return "(?" + flags + ":" + self.alternation(depth - 1) + ")"
        if kind == 22:
            return rng.choice(["^", "$", r"\A", r"\Z", r"\b", r"\B", r"\z"])
        return self.single()

    def fixed(self, width):
        if self.rng.random() < 0.2 and width > 1:
            return "(?:" + self.fixed(width) + "|" + self.fixed(width) + ")"
        return "".join(self.single() for _ in range(width))

    def sequence(self, depth):
        out = ""
        for _ in range(self.rng.choice([0, 1, 1, 1, 2, 2, 2, 3, 4])):
            out += self.atom(depth)
            if self.rng.random() < 0.4:
                out += self.quantifier()
        return out

    def alternation(self, depth):
        count = self.rng.choice([1, 1, 1, 2, 2, 3])
        return "|".join(self.sequence(depth) for _ in range(count))

    def subject(self):
        pool = self.chars * 3 + (
            [c.decode("latin-1") for c in BYTES] if self.is_bytes else STR)
        if self.rng.random() < 0.3:
            pool = [c for c in pool if ord(c) < 128] or ["a"]
        length = self.rng.choice([0, 1, 2, 3, 5, 8, 12, 20, 60])
        text = "".join(self.rng.choice(pool) for _ in range(length))
        return text.encode("latin-1") if self.is_bytes else text


def mutated(rng, codes):
    # CPython can crash on a broken INFO block.
    codes = codes[1 + codes[1] :]
    for _ in range(rng.randint(1, 2)):
        at = rng.randrange(len(codes))
        kind = rng.randrange(4)
        if kind == 0:
            codes[at] = rng.choice([0, 1, 2, 3, codes[at] + 1, max(codes[at] - 1, 0), 2**32 - 1])
            codes[at] &= 0xFFFFFFFF
        elif kind == 1:
            codes[at] = rng.randrange(45)
        elif kind == 2:
            del codes[at]
        else:
            codes.insert(at, rng.randrange(45))
        codes = codes or [1]
    return codes


def main():


    def give_up(*_):
        raise TimeoutError

    signal.signal(signal.SIGALRM, give_up)
    seed, count = int(sys.argv[1]), int(sys.argv[2])
    rng = random.Random(seed)
    out = sys.stdout
    mutate = sys.argv[3:] == ["codes"]
    while count:
        generator = Generator(rng, rng.random() < 0.25)
        pattern = generator.alternation(rng.choice([1, 2, 3, 4]))
        flags = 0
        for flag in (re.I, re.M, re.S):
            flags |= flag if rng.random() < 0.25 else 0
        if generator.is_bytes:
            pattern = pattern.encode("latin-1")
            if rng.random() < 0.15:
                flags |= re.L
        elif rng.random() < 0.15:
            flags |= re.A
        if mutate:
            try:
                codes, groups = fixture.codes_of(pattern, flags)
            except (re.error, RecursionError):
                continue
            for _ in range(10):
                fixture.write_validity(out, mutated(rng, codes), groups)
            count -= 1
            continue
        buffer = io.StringIO()
        try:
            signal.setitimer(signal.ITIMER_REAL, TIME)
            compiled = fixture.write_pattern(buffer, pattern, flags)
            for _ in range(5):
                subject = generator.subject()
                pos = rng.randint(0, len(subject))
                end = rng.randint(pos, len(subject))
                fixture.write_subject(buffer, compiled, subject, [(pos, end)])
        except (re.error, TimeoutError, RecursionError, OverflowError):
            continue
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        out.write(buffer.getvalue())
        count -= 1


main()
