"""Text processing: a synthetic corpus is tokenised, counted, and searched for collocations and keywords.

    word_frequencies.py [N]        N: thousands of words
"""
import re
import sys
from collections import Counter, defaultdict

STOPWORDS = set("the a of and to in is it was for on with as at by he she they an be this that".split())
SUFFIXES = [("ational", "ate"), ("iveness", "ive"), ("fulness", "ful"), ("ization", "ize"), ("ing", ""), ("edly", ""),
            ("ies", "y"), ("ness", ""), ("ment", ""), ("ed", ""), ("ly", ""), ("s", "")]
WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")


class Random:
    """A small generator, so that all versions see the same text."""

    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        self.state = (self.state * 1103515245 + 12345) & 0x7FFFFFFF
        return (self.state >> 8) % n


def make_vocabulary(rng, size):
    onsets = ["b", "br", "c", "ch", "d", "f", "g", "gr", "h", "l", "m", "n", "p", "pl", "r", "s", "st", "t", "tr", "w"]
    vowels = ["a", "e", "i", "o", "u", "ea", "oo"]
    endings = ["", "n", "r", "s", "t", "ing", "ed", "ness", "ment", "ly", "ies"]
    words = set()
    while len(words) < size:
        parts = [onsets[rng.below(len(onsets))] + vowels[rng.below(len(vowels))] for _ in range(1 + rng.below(3))]
        words.add("".join(parts) + endings[rng.below(len(endings))])
    return sorted(words)


def make_text(rng, vocabulary, count):
    common = sorted(STOPWORDS)
    sentence, sentences = [], []
    for _ in range(count):
        if rng.below(10) < 4:
            word = common[rng.below(len(common))]
        else:
            # Frequent words first: something like Zipf's law.
            word = vocabulary[rng.below(1 + rng.below(len(vocabulary)))]
        sentence.append(word)
        if len(sentence) > 6 and rng.below(8) == 0:
            text = " ".join(sentence)
            sentences.append(text[0].upper() + text[1:] + (". ", "! ", "? ", ", she said. ")[rng.below(4)])
            sentence = []
    return "".join(sentences)


def stem(word):
    for suffix, replacement in SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            return word[:-len(suffix)] + replacement
    return word


def paragraphs(text, size):
    start = 0
    while start < len(text):
        end = text.find(". ", start + size)
        if end < 0:
            end = len(text)
        yield text[start:end + 2].strip()
        start = end + 2


class Index:
    def __init__(self):
        self.postings = defaultdict(list)
        self.lengths = []
        self.frequencies = Counter()
        self.pairs = Counter()
        self.forms = defaultdict(set)

    def add(self, text):
        number = len(self.lengths)
        counts = Counter()
        previous = None
        total = 0
        for match in WORD.finditer(text.lower()):
            word = match.group()
            total += 1
            self.frequencies[word] += 1
            if word in STOPWORDS:
                previous = None
                continue
            root = stem(word)
            self.forms[root].add(word)
            counts[root] += 1
            if previous is not None:
                self.pairs[previous, root] += 1
            previous = root
        for root, n in counts.items():
            self.postings[root].append((number, n))
        self.lengths.append(total)

    def keywords(self, number, limit=5):
        documents = len(self.lengths)
        scored = []
        for root, posting in self.postings.items():
            for doc, n in posting:
                if doc == number:
                    scored.append((n * documents / len(posting), root))
                    break
        scored.sort(key=lambda item: (-item[0], item[1]))
        return [root for _, root in scored[:limit]]

    def search(self, query):
        scores = defaultdict(float)
        for word in query.split():
            posting = self.postings.get(stem(word), ())
            for doc, n in posting:
                scores[doc] += n / self.lengths[doc] / len(posting)
        return sorted(scores, key=lambda doc: (-scores[doc], doc))[:3]


def main(n):
    rng = Random(42)
    vocabulary = make_vocabulary(rng, 900)
    text = make_text(rng, vocabulary, n * 1000)
    index = Index()
    for paragraph in paragraphs(text, 1200):
        index.add(paragraph)
    print(len(text), "characters,", len(index.lengths), "paragraphs,", sum(index.lengths), "words")
    for word, count in sorted(index.frequencies.items(), key=lambda p: (-p[1], p[0]))[:10]:
        print(f"{word:>12} {count:7} {'#' * (count * 60 // max(1, sum(index.lengths)))}")
    for (a, b), count in sorted(index.pairs.items(), key=lambda p: (-p[1], p[0]))[:5]:
        print(f"{a} {b}: {count}")
    lengths = Counter(len(w) for w in index.frequencies.elements())
    print(" ".join(f"{k}:{lengths[k]}" for k in sorted(lengths)))
    varied = sorted(index.forms, key=lambda r: (-len(index.forms[r]), r))[:3]
    for root in varied:
        print(root, "=", ", ".join(sorted(index.forms[root])))
    for number in range(0, len(index.lengths), max(1, len(index.lengths) // 5)):
        print(number, index.keywords(number))
    for i in range(20):
        query = " ".join(vocabulary[(i * 37 + k * 11) % 200] for k in range(3))
        print(query, index.search(query))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
