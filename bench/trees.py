#!/usr/bin/env python3
"""Binary trees: what allocation and collection cost, in time and in memory.

    bench/trees.py [--depth 18] [--runs 1] NAME=COMMAND ...       compare implementations, the first NAME is the reference
    PYTHON bench/trees.py --form FORM [--depth 18]                one run

A stretch tree one level deeper, a tree that stays alive, and many short-lived ones of growing depth, as in the
Computer Language Benchmarks Game.  FORM is what a node is made of: tuples, lists, slots (a class with __slots__) or
objects (a class with attributes).
"""
import argparse
import sys
from pathlib import Path


class Slots:
    __slots__ = ("left", "right")

    def __init__(self, left, right):
        self.left = left
        self.right = right


class Object:
    def __init__(self, left, right):
        self.left = left
        self.right = right


def tuples(depth):
    return (tuples(depth - 1), tuples(depth - 1)) if depth else (None, None)


def lists(depth):
    return [lists(depth - 1), lists(depth - 1)] if depth else [None, None]


def slots(depth):
    return Slots(slots(depth - 1), slots(depth - 1)) if depth else Slots(None, None)


def objects(depth):
    return Object(objects(depth - 1), objects(depth - 1)) if depth else Object(None, None)


def count_items(tree):
    left, right = tree
    return 1 if left is None else 1 + count_items(left) + count_items(right)


def count_attributes(tree):
    return 1 if tree.left is None else 1 + count_attributes(tree.left) + count_attributes(tree.right)


FORMS = {"tuples": (tuples, count_items), "lists": (lists, count_items),
         "slots": (slots, count_attributes), "objects": (objects, count_attributes)}


def trees(form, most):
    make, count = FORMS[form]
    print(f"stretch tree of depth {most + 1}\t check: {count(make(most + 1))}")
    long_lived = make(most)
    for depth in range(4, most + 1, 4):
        n = 1 << (most - depth + 4)
        print(f"{n}\t trees of depth {depth}\t check: {sum(count(make(depth)) for _ in range(n))}")
    print(f"long lived tree of depth {most}\t check: {count(long_lived)}")


def compare(implementations, depth, runs):
    import time

    from run import measured

    print(" " * 10 + "".join(f"{name:>24}" for name, _ in implementations))
    for form in FORMS:
        reference, line = None, f"{form:10}"
        for _, command in implementations:
            best, peak = float("inf"), 0
            for _ in range(runs):
                start = time.perf_counter()
                done, kilobytes = measured([*command, __file__, "--form", form, "--depth", str(depth)])
                best, peak = min(best, time.perf_counter() - start), max(peak, kilobytes)
                if done.returncode:
                    sys.exit(f"{' '.join(command)} failed: {done.stderr.decode('utf-8', 'replace').strip()[-200:]}")
            reference = reference or (best, peak)
            line += f"{best:8.2f}s x{reference[0] / best:<5.2f}{peak / 1024:5.0f}M"
        print(line, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--form", choices=FORMS)
    parser.add_argument("--depth", type=int, default=18)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("implementations", nargs="*", metavar="NAME=COMMAND")
    options = parser.parse_args()
    if options.form:
        return trees(options.form, options.depth)
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    from run import implementations

    compare(implementations(options.implementations), options.depth, options.runs)


if __name__ == "__main__":
    main()
