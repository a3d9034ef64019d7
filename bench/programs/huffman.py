"""Strings and bytes built piece by piece: Huffman codes, run lengths, LZ77, base 85, hex dumps, tables as text.

    huffman.py [N]        N: kilobytes
"""
import heapq
import sys
from collections import Counter


def make_data(size):
    words = [b"the ", b"quick ", b"brown ", b"fox", b"es ", b"jump", b"ed ", b"over\n", b"lazy ", b"dogs. ", b"0000", b"\x00\x01\xff"]
    state, out, length = 17, [], 0
    while length < size:
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        word = words[(state >> 12) % len(words)] * (1 + (state >> 5) % 3)
        out.append(word)
        length += len(word)
    return b"".join(out)[:size]


class Leaf:
    __slots__ = ("symbol", "weight")

    def __init__(self, symbol, weight):
        self.symbol, self.weight = symbol, weight

    def walk(self, prefix, table):
        table[self.symbol] = prefix or "0"


class Fork:
    __slots__ = ("left", "right", "weight")

    def __init__(self, left, right):
        self.left, self.right, self.weight = left, right, left.weight + right.weight

    def walk(self, prefix, table):
        self.left.walk(prefix + "0", table)
        self.right.walk(prefix + "1", table)


def huffman_tree(data):
    heap = [(weight, symbol, Leaf(symbol, weight)) for symbol, weight in Counter(data).items()]
    heapq.heapify(heap)
    number = 256
    while len(heap) > 1:
        a, b = heapq.heappop(heap)[2], heapq.heappop(heap)[2]
        fork = Fork(a, b)
        heapq.heappush(heap, (fork.weight, number, fork))
        number += 1
    return heap[0][2]


def encode(data, tree):
    table = {}
    tree.walk("", table)
    bits = "".join([table[byte] for byte in data])
    padding = -len(bits) % 8
    bits += "0" * padding
    out = bytearray()
    for i in range(0, len(bits), 8):
        out.append(int(bits[i:i + 8], 2))
    return bytes(out), padding


def decode(packed, padding, tree):
    out = bytearray()
    node = tree
    end = len(packed) * 8 - padding
    position = 0
    for byte in packed:
        for shift in range(7, -1, -1):
            if position == end:
                break
            position += 1
            node = node.right if byte >> shift & 1 else node.left
            if isinstance(node, Leaf):
                out.append(node.symbol)
                node = tree
    return bytes(out)


def run_lengths(data):
    out = bytearray()
    i = 0
    while i < len(data):
        j = i
        while j < len(data) and data[j] == data[i] and j - i < 255:
            j += 1
        out += bytes((j - i, data[i]))
        i = j
    return bytes(out)


def lz77(data, window=256):
    table, out, i = {}, [], 0
    while i < len(data):
        key = data[i:i + 3]
        start = table.get(key)
        table[key] = i
        if start is not None and i - start < window:
            length = 0
            while i + length < len(data) and length < 63 and data[start + length] == data[i + length]:
                length += 1
            if length >= 3:
                out.append((i - start, length))
                i += length
                continue
        out.append(data[i])
        i += 1
    return out


def unlz77(items):
    out = bytearray()
    for item in items:
        if isinstance(item, tuple):
            back, length = item
            for _ in range(length):
                out.append(out[-back])
        else:
            out.append(item)
    return bytes(out)


def base85(data):
    out = []
    for i in range(0, len(data), 4):
        value = int.from_bytes(data[i:i + 4].ljust(4, b"\0"), "big")
        digits = ""
        for _ in range(5):
            value, digit = divmod(value, 85)
            digits = chr(33 + digit) + digits
        out.append(digits)
    return "".join(out)


def hex_dump(data, width=16):
    text = ""
    for i in range(0, len(data), width):
        chunk = data[i:i + width]
        hexes = " ".join(f"{b:02x}" for b in chunk)
        shown = "".join(chr(b) if 32 <= b < 127 else "." for b in chunk)
        text += f"{i:08x}  {hexes:<{width * 3}} |{shown}|\n"
    return text


def table(rows, headers):
    widths = [max(len(str(r[i])) for r in [headers, *rows]) for i in range(len(headers))]
    lines = ["+".join(["-" * (w + 2) for w in widths])]
    for row in [headers, *rows]:
        cells = []
        for value, w in zip(row, widths):
            cells.append(f" {value:>{w}} " if isinstance(value, (int, float)) else f" {value:<{w}} ")
        lines.append("|".join(cells))
    return "\n".join(lines)


def caesar(text, key):
    out = ""
    for c in text:
        if "a" <= c <= "z":
            out += chr((ord(c) - 97 + key) % 26 + 97)
        elif "A" <= c <= "Z":
            out += chr((ord(c) - 65 + key) % 26 + 65)
        else:
            out += c
    return out


def main(n):
    data = make_data(n * 1000)
    tree = huffman_tree(data)
    packed, padding = encode(data, tree)
    assert decode(packed, padding, tree) == data
    items = lz77(data)
    assert unlz77(items) == data
    runs, coded = run_lengths(data), base85(data)
    dump = hex_dump(data)
    text = data.decode("latin-1").replace("\0", "").title()
    secret = caesar(text, 3)
    assert caesar(secret, -3) == text
    rows = [("huffman", len(packed), f"{len(packed) / len(data):.3f}"), ("runs", len(runs), f"{len(runs) / len(data):.3f}"),
            ("lz77", len(items), f"{sum(isinstance(i, tuple) for i in items)} refs"), ("base85", len(coded), coded[:10]), ("dump", len(dump), dump[10:20])]
    print(table(rows, ("method", "size", "remark")))
    print(dump[:79])
    print(secret[:60].split("\n")[0], secret.count("W"), sum(map(ord, secret)) % 65521)
    codes = {}
    tree.walk("", codes)
    for symbol in sorted(codes, key=lambda s: (len(codes[s]), s))[:5]:
        print(repr(chr(symbol)), codes[symbol])


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8)
