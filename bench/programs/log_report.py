"""Web server logs: regular expressions take lines apart, sessions are followed, attacks found, a report printed.

    log_report.py [N]        N: thousands of lines
"""
import re
import sys
from collections import Counter, defaultdict
from datetime import datetime

LINE = re.compile(r'(?P<ip>\d+\.\d+\.\d+\.\d+) - (?P<user>\S+) \[(?P<time>[^\]]+)\] "(?P<method>[A-Z]+) (?P<path>\S+) HTTP/[\d.]+" '
                  r'(?P<status>\d{3}) (?P<size>\d+|-) "(?P<referrer>[^"]*)" "(?P<agent>[^"]*)"')
ATTACK = re.compile(r"(?i)(\.\./|union\s+select|<script|%3cscript|/etc/passwd|cmd\.exe)")
BROWSERS = [("Edge", re.compile(r"Edg/(\d+)")), ("Chrome", re.compile(r"Chrome/(\d+)")), ("Firefox", re.compile(r"Firefox/(\d+)")),
            ("Safari", re.compile(r"Version/(\d+).*Safari")), ("bot", re.compile(r"(?i)bot|crawler|spider"))]
IDENTIFIER = re.compile(r"/\d+(?=/|$)")
QUERY = re.compile(r"[?&](\w+)=([^&]*)")
AGENTS = ["Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0",
          "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Safari/537.36",
          "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/118.0.0.0 Safari/537.36 Edg/118.0",
          "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Safari/605.1.15", "ExampleBot/2.1 (+http://example.com/bot)", "curl/8.4.0"]
PATHS = ["/", "/index.html", "/products/{n}", "/products/{n}/reviews?page={m}&sort=date", "/cart", "/search?q=item{m}", "/static/app.js",
         "/login", "/api/v1/users/{n}", "/../../etc/passwd", "/search?q=<script>alert(1)</script>"]
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def make_lines(count):
    state = 7
    for i in range(count):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        a, b, c = state >> 4, state >> 9, state >> 13
        path = PATHS[(a % 40) % len(PATHS) if a % 40 < 31 else a % 7].format(n=b % 300, m=c % 20)
        status = (200, 200, 200, 304, 404, 500, 301)[c % 7] if b % 3 else 200
        minute = i // 40
        stamp = f"{1 + minute // 1440 % 28:02}/{MONTHS[minute // 40320 % 12]}/2024:{minute // 60 % 24:02}:{minute % 60:02}:{i % 40:02} +0000"
        if i % 501 == 500:
            yield f"corrupt line {i}"
            continue
        yield (f'10.{a % 3}.{b % 7}.{c % 50} - {"-" if a % 4 else "user" + str(b % 20)} [{stamp}] "{"POST" if c % 11 == 0 else "GET"} {path.replace(" ", "+")} '
               f'HTTP/1.1" {status} {"-" if status == 304 else 200 + a % 9000} "-" "{AGENTS[b % len(AGENTS)]}"')


def parse_time(text):
    day, month, rest = text.split("/")
    year, hour, minute, second = rest[:-6].split(":")
    return datetime(int(year), MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second))


def browser(agent, cache={}):
    if agent not in cache:
        for name, pattern in BROWSERS:
            if match := pattern.search(agent):
                cache[agent] = f"{name} {match.group(1)}" if match.groups() else name
                break
        else:
            cache[agent] = "other"
    return cache[agent]


class Session:
    def __init__(self, start):
        self.start = self.last = start
        self.pages = []

    def add(self, time, page):
        self.last = time
        self.pages.append(page)


class Report:
    def __init__(self):
        self.status = Counter()
        self.pages = Counter()
        self.browsers = Counter()
        self.hours = Counter()
        self.bytes = defaultdict(int)
        self.parameters = defaultdict(Counter)
        self.attacks = []
        self.bad = 0
        self.open = {}
        self.sessions = []

    def feed(self, line):
        match = LINE.match(line)
        if match is None:
            self.bad += 1
            return
        fields = match.groupdict()
        time = parse_time(fields["time"])
        path = fields["path"]
        if ATTACK.search(path):
            self.attacks.append((fields["ip"], path))
            return
        page, _, query = path.partition("?")
        page = IDENTIFIER.sub("/{id}", page)
        for key, value in QUERY.findall("?" + query if query else ""):
            self.parameters[key][value] += 1
        self.pages[fields["method"], page] += 1
        self.status[int(fields["status"]) // 100] += 1
        self.browsers[browser(fields["agent"])] += 1
        self.hours[time.hour] += 1
        if fields["size"] != "-":
            self.bytes[fields["ip"].rsplit(".", 1)[0]] += int(fields["size"])
        session = self.open.get(fields["ip"])
        if session is None or (time - session.last).total_seconds() > 1800:
            session = self.open[fields["ip"]] = Session(time)
            self.sessions.append(session)
        session.add(time, page)

    def print(self):
        print(self.bad, "corrupt,", len(self.attacks), "attacks,", len(self.sessions), "sessions")
        print(sorted(self.status.items()))
        for (method, page), n in sorted(self.pages.items(), key=lambda p: (-p[1], p[0]))[:8]:
            print(f"{n:6} {method:4} {page}")
        print(self.browsers.most_common(3), sum(self.hours.values()))
        print(sorted(self.bytes.items(), key=lambda p: (-p[1], p[0]))[:3])
        for key in sorted(self.parameters):
            print(key, sorted(self.parameters[key].items(), key=lambda p: (-p[1], p[0]))[:3])
        longest = max(self.sessions, key=lambda s: (len(s.pages), s.start))
        print(longest.start.isoformat(), len(longest.pages), (longest.last - longest.start))
        print(Counter(ip for ip, _ in self.attacks).most_common(1)[0][1])


def main(n):
    report = Report()
    for line in make_lines(n * 1000):
        report.feed(line)
    report.print()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
