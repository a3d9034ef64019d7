"""Analytics on dictionaries: CSV rows, filters, a hash join, group by, pivot, rolling averages, percentiles.

    analytics.py [N]        N: thousands of sales
"""
import csv
import io
import sys
from collections import defaultdict
from operator import itemgetter

REGIONS = ["north", "south", "east", "west"]
CATEGORIES = ["books", "games", "music", "tools", "toys", "garden"]


def make_sales(count):
    state = 12345
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["id", "day", "customer", "product", "quantity", "price", "discount"])
    for i in range(count):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        writer.writerow([i, state % 365, f"C{(state >> 5) % 800:04}", f"P{(state >> 9) % 150:03}", 1 + (state >> 3) % 9,
                         f"{((state >> 7) % 9000) / 100 + 0.99:.2f}", "" if state % 5 else f"0.{(state >> 4) % 40:02}"])
    return out.getvalue()


def make_products():
    return [{"product": f"P{i:03}", "category": CATEGORIES[i * 7 % len(CATEGORIES)], "cost": 1.5 + i % 23} for i in range(140)]


def make_customers():
    return [{"customer": f"C{i:04}", "region": REGIONS[(i * i) % 4], "segment": "ABC"[i % 3]} for i in range(800)]


def read(text):
    converters = {"id": int, "day": int, "quantity": int, "price": float, "discount": lambda s: float(s) if s else 0.0}
    for row in csv.DictReader(io.StringIO(text)):
        yield {name: converters[name](value) if name in converters else value for name, value in row.items()}


def join(left, right, key, how="inner"):
    table = {row[key]: row for row in right}
    for row in left:
        other = table.get(row[key])
        if other is not None:
            yield {**row, **other}
        elif how == "left":
            yield dict(row)


def group(rows, *keys, **aggregates):
    """aggregates: name=(column, function of a list)."""
    groups = defaultdict(list)
    getter = itemgetter(*keys)
    for row in rows:
        groups[getter(row)].append(row)
    result = []
    for key in sorted(groups):
        members = groups[key]
        out = dict(zip(keys, key if len(keys) > 1 else (key,)))
        for name, (column, function) in aggregates.items():
            out[name] = function([m[column] for m in members])
        result.append(out)
    return result


def mean(values):
    return sum(values) / len(values)


def percentile(p):
    def compute(values):
        ordered = sorted(values)
        position = (len(ordered) - 1) * p / 100
        low = int(position)
        high = min(low + 1, len(ordered) - 1)
        return ordered[low] + (ordered[high] - ordered[low]) * (position - low)
    return compute


def pivot(rows, index, columns, value):
    table = {}
    names = set()
    for row in rows:
        line = table.setdefault(row[index], {})
        line[row[columns]] = line.get(row[columns], 0.0) + row[value]
        names.add(row[columns])
    return sorted(names), table


def rolling(series, width):
    total, out = 0.0, []
    for i, x in enumerate(series):
        total += x
        if i >= width:
            total -= series[i - width]
        out.append(total / min(i + 1, width))
    return out


def show(rows, limit=6):
    for row in rows[:limit]:
        print("  ".join(f"{k}={v:.2f}" if isinstance(v, float) else f"{k}={v}" for k, v in row.items()))


def main(n):
    text = make_sales(n * 1000)
    sales = list(read(text))
    for row in sales:
        row["revenue"] = row["quantity"] * row["price"] * (1 - row["discount"])
    print(len(text), len(sales), f"{sum(r['revenue'] for r in sales):.2f}")
    joined = list(join(join(sales, make_products(), "product"), make_customers(), "customer"))
    for row in joined:
        row["margin"] = row["revenue"] - row["cost"] * row["quantity"]
    print(len(joined), len(list(join(sales, make_products(), "product", how="left"))))
    show(group(joined, "category", count=("id", len), revenue=("revenue", sum), average=("revenue", mean), p90=("revenue", percentile(90))))
    show(group(joined, "region", "segment", margin=("margin", sum), best=("margin", max), customers=("customer", lambda v: len(set(v)))), 12)
    names, table = pivot(joined, "category", "region", "margin")
    for category in sorted(table):
        print(f"{category:8}", *(f"{name}={table[category].get(name, 0):10.2f}" for name in names))
    by_day = defaultdict(float)
    for row in joined:
        by_day[row["day"]] += row["revenue"]
    series = [by_day[d] for d in range(365)]
    smooth = rolling(series, 7)
    peak = max(range(365), key=smooth.__getitem__)
    print(peak, f"{smooth[peak]:.2f}", f"{min(smooth):.2f}")
    top = sorted(group(joined, "customer", spent=("revenue", sum), orders=("id", len)), key=lambda r: (-r["spent"], r["customer"]))
    show(top)
    loyal = {r["customer"] for r in top[:50]}
    basket = defaultdict(int)
    for row in joined:
        if row["customer"] in loyal and row["quantity"] >= 5:
            basket[row["category"], row["segment"]] += 1
    print(sorted(basket.items(), key=lambda p: (-p[1], p[0]))[:5])


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
