"""Strings, dicts, sorting, formatting, bytes."""
import pyperf

TEXT = """It was a bright cold day in April, and the clocks were striking thirteen; a line
that everybody quotes, with commas, full stops, and hyphens - such as these.""" * 20


def word_count():
    counts = {}
    for line in TEXT.splitlines():
        for word in line.lower().split():
            word = word.strip(".,;-")
            if word:
                counts[word] = counts.get(word, 0) + 1
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def table(rows):
    out = []
    for word, n in rows:
        out.append(f"{word:<12}|{n:>6d}|{n / 7:8.3f}|{n:#06x}")
    return "\n".join(out)


def caesar(text, by):
    return "".join(chr((ord(c) - 97 + by) % 26 + 97) if "a" <= c <= "z" else c for c in text)


def checksum(data):
    a, b = 1, 0
    for byte in data:
        a = (a + byte) % 65521
        b = (b + a) % 65521
    return b << 16 | a


def work():
    rows = word_count()
    assert rows[0][0] == "a" or rows[0][1] >= rows[-1][1]
    report = table(rows)
    assert caesar(caesar(report, 3), 23) == report
    assert checksum(report.encode()) == checksum(bytearray(report, "ascii"))
    assert report.replace("|", "").isascii()


if __name__ == "__main__":
    pyperf.Runner().bench_func("small_texts", work)
