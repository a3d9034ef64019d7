"""Dataclasses, enums and exceptions: a warehouse that handles a stream of commands, with undo and reports.

    inventory.py [N]        N: thousands of commands
"""
import sys
from dataclasses import dataclass, field, replace, asdict
from enum import Enum, auto
from functools import total_ordering


class Status(Enum):
    NEW = auto()
    RESERVED = auto()
    SHIPPED = auto()
    CANCELLED = auto()


class WarehouseError(Exception):
    pass


class OutOfStock(WarehouseError):
    def __init__(self, sku, wanted, available):
        super().__init__(f"{sku}: wanted {wanted}, have {available}")
        self.missing = wanted - available


@total_ordering
@dataclass(frozen=True)
class Money:
    cents: int = 0
    currency: str = "EUR"

    def __add__(self, other):
        if self.currency != other.currency:
            raise ValueError("currencies differ")
        return Money(self.cents + other.cents, self.currency)

    def __mul__(self, n):
        return Money(self.cents * n, self.currency)

    def __lt__(self, other):
        return self.cents < other.cents

    def __str__(self):
        return f"{self.cents // 100}.{self.cents % 100:02} {self.currency}"


@dataclass
class Item:
    sku: str
    name: str
    price: Money
    stock: int = 0
    reserved: int = 0
    history: list = field(default_factory=list, repr=False, compare=False)

    @property
    def available(self):
        return self.stock - self.reserved

    def note(self, what, n):
        self.history.append((what, n))
        if len(self.history) > 20:
            del self.history[:10]


@dataclass(slots=True)
class Line:
    sku: str
    count: int
    price: Money

    @property
    def total(self):
        return self.price * self.count


@dataclass
class Order:
    number: int
    customer: str
    lines: list[Line] = field(default_factory=list)
    status: Status = Status.NEW
    priority: int = 0

    def __post_init__(self):
        if self.priority < 0:
            raise ValueError("priority")

    @property
    def total(self):
        total = Money()
        for line in self.lines:
            total += line.total
        return total


@dataclass(order=True, frozen=True)
class Key:
    priority: int
    number: int


class Warehouse:
    def __init__(self):
        self.items = {}
        self.orders = {}
        self.undo = []
        self.failures = {}

    def execute(self, command):
        name, *args = command
        try:
            result = getattr(self, "do_" + name)(*args)
        except WarehouseError as e:
            kind = type(e).__name__
            self.failures[kind] = self.failures.get(kind, 0) + 1
            if isinstance(e, OutOfStock) and e.missing > 3:
                self.failures["large"] = self.failures.get("large", 0) + 1
            return None
        return result

    def item(self, sku):
        try:
            return self.items[sku]
        except KeyError:
            raise WarehouseError(f"no item {sku}") from None

    def order(self, number):
        order = self.orders.get(number)
        if order is None:
            raise WarehouseError(f"no order {number}")
        return order

    def do_add(self, sku, name, cents):
        self.items[sku] = Item(sku, name, Money(cents))

    def do_receive(self, sku, n):
        item = self.item(sku)
        item.stock += n
        item.note("in", n)
        self.undo.append(("receive", sku, -n))

    def do_order(self, number, customer, wanted, priority):
        order = Order(number, customer, priority=priority)
        for sku, n in wanted:
            item = self.item(sku)
            order.lines.append(Line(sku, n, item.price))
        self.orders[number] = order
        return order.total

    def do_reserve(self, number):
        order = self.order(number)
        if order.status is not Status.NEW:
            raise WarehouseError(f"order {number} is {order.status.name}")
        taken = []
        try:
            for line in order.lines:
                item = self.item(line.sku)
                if item.available < line.count:
                    raise OutOfStock(line.sku, line.count, item.available)
                item.reserved += line.count
                taken.append((item, line.count))
        except OutOfStock:
            for item, n in taken:
                item.reserved -= n
            raise
        self.orders[number] = replace(order, status=Status.RESERVED)

    def do_ship(self, number):
        order = self.order(number)
        if order.status is not Status.RESERVED:
            raise WarehouseError(f"order {number} is {order.status.name}")
        for line in order.lines:
            item = self.items[line.sku]
            item.stock -= line.count
            item.reserved -= line.count
            item.note("out", line.count)
        order.status = Status.SHIPPED

    def do_cancel(self, number):
        order = self.order(number)
        match order.status:
            case Status.RESERVED:
                for line in order.lines:
                    self.items[line.sku].reserved -= line.count
            case Status.SHIPPED:
                raise WarehouseError("shipped already")
        order.status = Status.CANCELLED


def commands(count):
    for i in range(60):
        yield "add", f"S{i:02}", f"Item {i}", 199 + i * 37
    state = 99
    for i in range(count):
        state = (state * 69069 + 1) & 0xFFFFFFFF
        a, b = (state >> 8) % 60, (state >> 16) % 60
        match (state >> 20) % 10:
            case 0 | 1:
                yield "receive", f"S{a:02}", 5 + b
            case 2 | 3 | 4:
                yield "order", i, f"customer {a}", [(f"S{(a + k) % 61:02}", 1 + (b + k) % 7) for k in range(1 + b % 4)], b % 5
            case 5 | 6 | 7:
                yield "reserve", i - 1 - a % 6
            case 8:
                yield "ship", i - 2 - a % 9
            case _:
                yield "cancel", i - 1 - a % 9


def main(n):
    warehouse = Warehouse()
    for command in commands(n * 1000):
        warehouse.execute(command)
    print(len(warehouse.orders), "orders", sorted(warehouse.failures.items()))
    by_status = {}
    for order in warehouse.orders.values():
        by_status.setdefault(order.status, []).append(order)
    for status in Status:
        orders = by_status.get(status, [])
        total = sum((o.total for o in orders), Money())
        print(f"{status.name:10} {len(orders):6} {total!s:>16}")
    ranked = sorted(by_status.get(Status.SHIPPED, []), key=lambda o: Key(-o.priority, o.number))
    for order in ranked[:2]:
        print(order.number, order.customer, order.total, asdict(order)["lines"][:1])
    print(max(o.total for o in warehouse.orders.values()), min(o.total for o in warehouse.orders.values()))
    print([(i.sku, i.stock, i.reserved, len(i.history)) for i in warehouse.items.values()][:4])
    print(warehouse.items["S05"], warehouse.items["S05"] == replace(warehouse.items["S05"], stock=-1))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
