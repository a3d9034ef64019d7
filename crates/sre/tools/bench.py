#!/usr/bin/env python3.14
"""Times CPython's engine and writes the cases for the example program `bench`:

    python3.14 crates/sre/tools/bench.py DIR && cargo run --release --example bench DIR

In CPython, `findall` makes a string for every match and `search` a match object; the Rust side
makes neither. Cases marked with * have so few matches that this does not count.
"""

import os
import random
import re
import sys
import time

import fixture

rng = random.Random(42)


def words(count, alphabet="etaoinshrdlcumwfgypbvk", longest=9):
    return ["".join(rng.choices(alphabet, range(len(alphabet) + 3, 3, -1), k=rng.randint(1, longest)))
            for _ in range(count)]


def prose(count, **kw):
    out = []
    for n, word in enumerate(words(count, **kw)):
        out.append(word.capitalize() if n % 11 == 0 else word)
        out.append(rng.choice([" "] * 12 + [", ", ". ", ".\n", " - "]))
    return "".join(out)


DNA = "\n".join("".join(rng.choices("acgt", (30, 20, 20, 30), k=60)) for _ in range(8000))
TEXT = prose(40000)
CYRILLIC = prose(20000, alphabet="оеаинтсрвлкмдпуяызьбг")
CODE = "\n".join(
    f"    def {a}_{b}(self, {c}={rng.randint(0, 999)}):  # {a} {c}\n"
    f"        return self.{b}[{c} + 0x{rng.randint(0, 9999):x}] * 3.14e{rng.randint(0, 9)} + '{a}\\n{b}'"
    for a, b, c in zip(words(1500), words(1500), words(1500)))
LOG = "".join(
    f"10.{rng.randint(0, 255)}.0.{rng.randint(0, 255)} - - [{rng.randint(1, 28):02}/Oct/2024:13:55:{rng.randint(0, 59):02}"
    f" +0000] \"GET /{w}/{v}.html HTTP/1.1\" {rng.choice([200, 404])} {rng.randint(1, 99999)}\n"
    for w, v in zip(words(3000), words(3000)))
HTML = "".join(
    f"<div class=\"{a}\" id='{b}'><a href=\"http://{a}.com/{b}?q={c}#x\">{b} &amp; {c}</a></div>\n"
    for a, b, c in zip(words(2000), words(2000), words(2000)))
CSV = "\n".join(",".join([str(rng.randint(0, 9999)), *words(3), f'"{words(1)[0]}, ""x"""']) for _ in range(4000))
NEEDLE = "-" * 5000 + "Perl" + "-" * 4000 + "Python" + "-" * 1000
LIST = words(60, longest=7)
SENTENCES = TEXT.split("\n")[:500]
URLS = [f"http://www.{a}.com:80/{b}/{c}.html?x={a}&y#frag" for a, b, c in
        zip(words(300), words(300), words(300))]
TOKENS = (r"(?P<name>[A-Za-z_]\w*)|(?P<num>0[xX][0-9a-fA-F]+|\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)"
          r"|(?P<str>'[^'\\\n]*(?:\\.[^'\\\n]*)*')|(?P<op>[-+*/%=<>!&|^~]+|[()\[\]{},:.;])"
          r"|(?P<comment>#[^\n]*)|(?P<ws>\s+)|(?P<bad>.)")

# name, method, pattern, flags, subjects
CASES = [
    *((f"dna {p[:24]}", "findall", p, 0, DNA) for p in [
        "agggtaaa|tttaccct", "[cgt]gggtaaa|tttaccc[acg]", "a[act]ggtaaa|tttacc[agt]t",
        "ag[act]gtaaa|tttac[agt]ct", "agg[act]taaa|ttta[agt]cct", "aggg[acg]aaa|ttt[cgt]ccct",
        "agggt[cgt]aa|tt[acg]accct", "agggta[cgt]a|t[acg]taccct", "agggtaa[cgt]|[acg]ttaccct",
        "tHa[Nt]", "aND|caN|Ha[DS]|WaS", "a[NSt]|BY", r"\|[^|][^|]*\|", ">.*\n|\n"]),
    *((f"* needle {p}", "search", p, 0, NEEDLE) for p in [
        "Python|Perl", "Python", "Py|xx", "Python|Java", "(?:P)ython", ".*Python", "(.*)Python",
        ".*?Python", "(?:Python|Ruby)", "[A-Z]ython", r"\w+thon", "(?i)python", "(?i)ruby|java"]),
    *((f"* no {p}", "search", p, f, TEXT) for p, f in [
        ("zzz", 0), ("qu[ae]ck", 0), (r"\d+", 0), (r"\w+@\w+", 0), ("[0-9]{3}-[0-9]{4}", 0), ("zebra", re.I),
        (r"\bthe zoo\b", 0), ("(?:foo|bar|bazq)", 0), (r"(\w)\1\1\1\1", 0), (r"^\d", re.M), (r"\d$", re.M),
        (r"(?<=z)q", 0), (r"a.*?b.*?c.*?q", 0), ("[^\x00-\x7f]", 0), (r"\s{4}", 0), (r"[a-z]+9", 0),
        (r"(?:[a-z]+ )+9", 0), ("|".join(w + "z9" for w in LIST), 0), ("x*y*9", 0)]),
    *((f"text {p[:24]}", "findall", p, f, TEXT) for p, f in [
        (r"\w+", 0), (r"[a-z]+", 0), (r"\b\w", 0), (r"\s+", 0), (" ", 0), ("e", 0), ("[aeiou]", 0),
        (r"[A-Z]\w*", 0), (r"(\w+) (\w+)", 0), (r"\w+ing\b", 0), ("the", re.I), (r"[^.]*\.", 0), (".+", 0),
        (r"^.*$", re.M), (r"\w+?\s", 0), ("|".join(LIST), 0), (r"\b(?:" + "|".join(LIST) + r")\b", 0),
        (r"(?:\w+\s+){3}", 0), (r"(\w)\w*\1", 0), (r"\w(?=\s)", 0), (r"(?:a|e|i|o|u)+", 0), ("", 0)]),
    *((f"wide {p[:24]}", "findall", p, f, CYRILLIC) for p, f in [
        (r"\w+", 0), ("[а-я]+", 0), (r"\s+", 0), ("а", 0), (r"\b\w", 0), ("(?i)он", 0), (r"\w+но\b", 0),
        ("[^ ]+", 0), (".+", 0), ("[аеи]н", 0), (r"\W+", 0), ("(?i)[а-я]+", 0)]),
    *((f"* wide no {p}", "search", p, 0, CYRILLIC) for p in ["z", "ъъ", r"\d", "[ъэ]ъ", "(?i)ъъ"]),
    ("code tokens", "findall", TOKENS, 0, CODE),
    ("code names", "findall", r"[A-Za-z_]\w*", 0, CODE),
    ("code strings", "findall", r"'[^'\\\n]*(?:\\.[^'\\\n]*)*'", 0, CODE),
    ("code comment", "findall", "#.*$", re.M, CODE),
    ("code keyword", "findall", r"\b(?:def|return|self|class|import)\b", 0, CODE),
    ("log line", "findall", r'(\S+) (\S+) (\S+) \[([^\]]+)\] "(\w+) (\S+) [^"]*" (\d+) (\d+)', 0, LOG),
    ("log 404", "findall", r"^.*? 404 .*$", re.M, LOG),
    ("log ip", "findall", r"\d{1,3}(?:\.\d{1,3}){3}", 0, LOG),
    ("html tag", "findall", r"<(\w+)[^>]*>", 0, HTML),
    ("html attr", "findall", r"(\w+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", 0, HTML),
    ("html lazy", "findall", r"<a [^>]*>(.*?)</a>", 0, HTML),
    ("html amp", "findall", r"&(?:amp|lt|gt|quot);", 0, HTML),
    ("html any", "findall", "[<>&]", 0, HTML),
    ("csv", "findall", r'(?:"((?:[^"]|"")*)"|([^,\n]*))(?:,|\n)', 0, CSV),
    ("csv fields", "findall", r"[^,\n]+", 0, CSV),
    ("short match", "match", r"(\w+)\s+(\w+)", 0, SENTENCES),
    ("short search", "search", r"\b[A-Z]\w+\b", 0, SENTENCES),
    ("short trim", "match", r"\s*(.*?)\s*$", 0, SENTENCES),
    ("url", "match", r"(((\w+)://)([^/:]*)(:(\d+))?)?([^#?]*)(\?([^#]*))?(#(.*))?", 0, URLS),
    ("fullmatch", "fullmatch", r"[\w .,-]*", 0, SENTENCES),
    ("* nested", "search", "(a+)+b", 0, "a" * 22),
    ("* nested2", "search", "(?:a|aa)*$b?c", 0, "a" * 24),
    ("* star", "search", "(?:a|b)*c", 0, "ab" * 300),
    ("* loop", "match", "(?:ab|cd)*", 0, "abcd" * 20000),
    ("* group loop", "match", "(?:(a)|(b)|c)*", 0, "abc" * 20000),
    ("* lazy loop", "match", "(?:ab|cd)*?x", 0, "abcd" * 20000 + "x"),
    ("* counted", "match", "(?:[ab]{2}c){1000,}", 0, "abc" * 20000),
    ("* possessive", "match", "(?:ab|cd)*+", 0, "abcd" * 20000),
    ("* tempered", "search", r"(?:(?!</end>).)*</end>", 0, "<x>" * 3000 + "</end>"),
    ("* lookbehind", "search", r"(?<!a)b", 0, "ab" * 20000),
]


def measure(call):
    best = float("inf")
    end = time.perf_counter() + 0.15
    rounds = 0
    while rounds < 3 or (time.perf_counter() < end and rounds < 2000):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
        rounds += 1
    return best


def main():
    where = sys.argv[1]
    chosen = sys.argv[2] if len(sys.argv) > 2 else ""
    os.makedirs(where, exist_ok=True)
    with open(os.path.join(where, "cases"), "w", encoding="utf-8") as out:
        for number, (name, method, pattern, flags, subjects) in enumerate(CASES):
            if chosen not in name:
                continue
            compiled = re.compile(pattern, flags)
            codes, groups = fixture.codes_of(pattern, flags)
            bound = getattr(compiled, method)
            subjects = [subjects] if isinstance(subjects, str) else subjects

            def call():
                for subject in subjects:
                    bound(subject)

            best = measure(call)
            matches = 0
            for subject in subjects:
                if method == "findall":
                    matches += sum(1 for _ in compiled.finditer(subject))
                else:
                    matches += bound(subject) is not None
            with open(os.path.join(where, str(number)), "w", encoding="utf-8", newline="") as text:
                text.write("\0".join(subjects))
            label = name.replace("\n", "\\n").replace("\t", " ")
            out.write(f"{number}\t{label}\t{method}\t{fixture.hexed(codes)}\t{groups}\t{best * 1e9:.0f}"
                      f"\t{matches}\n")


main()
