"""A service of JSON requests without the network: parse, route, validate, change a store, answer.

    json_service.py [N]        N: hundreds of requests
"""
import json
import sys
import re
from datetime import date, timedelta

EMAIL = re.compile(r"^[\w.+-]+@[\w-]+\.[\w.]+$")


class ApiError(Exception):
    def __init__(self, status, message, **details):
        super().__init__(message)
        self.status = status
        self.message = message
        self.details = details


class Field:
    def __init__(self, kind, required=True, check=None, default=None, item=None):
        self.kind, self.required, self.check, self.default, self.item = kind, required, check, default, item

    def validate(self, path, value, errors):
        if self.kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not isinstance(value, self.kind) or (self.kind is int and isinstance(value, bool)):
            errors[path] = f"expected {self.kind.__name__}, got {type(value).__name__}"
            return value
        if self.item is not None:
            if isinstance(self.item, Schema):
                return [self.item.load(v, errors, f"{path}[{i}].") for i, v in enumerate(value)]
            return [self.item.validate(f"{path}[{i}]", v, errors) for i, v in enumerate(value)]
        if self.check is not None and not self.check(value):
            errors[path] = f"invalid value {value!r}"
        return value


class Schema:
    def __init__(self, **fields):
        self.fields = fields

    def load(self, data, errors, prefix=""):
        if not isinstance(data, dict):
            errors[prefix or "body"] = "expected an object"
            return {}
        result = {}
        for name, field in self.fields.items():
            if name in data:
                result[name] = field.validate(prefix + name, data[name], errors)
            elif field.required:
                errors[prefix + name] = "required"
            else:
                result[name] = field.default
        for name in data:
            if name not in self.fields:
                errors[prefix + name] = "unknown field"
        return result


USER = Schema(name=Field(str, check=lambda s: 0 < len(s) < 40), email=Field(str, check=lambda s: EMAIL.match(s) is not None),
              age=Field(int, required=False, check=lambda n: 0 <= n < 150), tags=Field(list, required=False, default=[], item=Field(str)))
LINE = Schema(sku=Field(str, check=str.isalnum), quantity=Field(int, check=lambda n: n > 0), price=Field(float, check=lambda p: p >= 0))
ORDER = Schema(user=Field(int), lines=Field(list, item=LINE, check=len), coupon=Field(str, required=False))


class Service:
    def __init__(self):
        self.users = {}
        self.orders = {}
        self.emails = {}
        self.routes = []
        self.today = date(2024, 1, 1)
        self.seen = {}
        for method, pattern, handler in [
            ("POST", "/users", self.create_user), ("GET", "/users/{id}", self.get_user), ("DELETE", "/users/{id}", self.delete_user),
            ("POST", "/orders", self.create_order), ("GET", "/orders/{id}", self.get_order), ("GET", "/users/{id}/orders", self.user_orders),
            ("GET", "/report", self.report),
        ]:
            self.routes.append((method, pattern.strip("/").split("/"), handler))

    def handle(self, raw):
        try:
            request = json.loads(raw)
            handler, parameters = self.route(request["method"], request["path"])
            status, body = handler(request.get("body"), **parameters)
        except ApiError as e:
            status, body = e.status, {"error": e.message, **e.details}
        except ValueError as e:
            status, body = 400, {"error": str(e)}
        except KeyError as e:
            status, body = 400, {"error": f"missing {e}"}
        self.seen[status] = self.seen.get(status, 0) + 1
        return json.dumps({"status": status, "body": body}, sort_keys=True)

    def route(self, method, path):
        parts = path.strip("/").split("/")
        allowed = []
        for wanted, pattern, handler in self.routes:
            if len(pattern) != len(parts):
                continue
            parameters = {}
            for expected, actual in zip(pattern, parts):
                if expected.startswith("{"):
                    parameters[expected[1:-1]] = actual
                elif expected != actual:
                    break
            else:
                if wanted == method:
                    return handler, parameters
                allowed.append(wanted)
        if allowed:
            raise ApiError(405, "method not allowed", allowed=allowed)
        raise ApiError(404, "no such path", path=path)

    def check(self, schema, body):
        errors = {}
        result = schema.load(body, errors)
        if errors:
            raise ApiError(422, "validation failed", fields=errors)
        return result

    def find(self, table, key):
        try:
            return table[int(key)]
        except KeyError:
            raise ApiError(404, f"no object {key}") from None

    def create_user(self, body):
        user = self.check(USER, body)
        if user["email"] in self.emails:
            raise ApiError(409, "email exists")
        user["id"] = len(self.users) + 1
        user["since"] = self.today.isoformat()
        self.today += timedelta(days=1)
        self.users[user["id"]] = user
        self.emails[user["email"]] = user["id"]
        return 201, user

    def get_user(self, body, id):
        return 200, self.find(self.users, id)

    def delete_user(self, body, id):
        user = self.find(self.users, id)
        self.emails.pop(user["email"], None)
        user["deleted"] = True
        return 204, None

    def create_order(self, body):
        order = self.check(ORDER, body)
        self.find(self.users, order["user"])
        total = sum(line["quantity"] * line["price"] for line in order["lines"])
        if order["coupon"] and order["coupon"].startswith("SAVE"):
            total *= 1 - int(order["coupon"][4:] or 0) / 100
        order["total"] = round(total, 2)
        order["id"] = len(self.orders) + 1
        self.orders[order["id"]] = order
        return 201, order

    def get_order(self, body, id):
        return 200, self.find(self.orders, id)

    def user_orders(self, body, id):
        user = self.find(self.users, id)
        mine = [o for o in self.orders.values() if o["user"] == user["id"]]
        return 200, {"count": len(mine), "total": round(sum(o["total"] for o in mine), 2), "last": mine[-3:]}

    def report(self, body):
        by_sku = {}
        for order in self.orders.values():
            for line in order["lines"]:
                by_sku[line["sku"]] = by_sku.get(line["sku"], 0) + line["quantity"]
        return 200, {"users": len(self.users), "top": sorted(by_sku.items(), key=lambda p: (-p[1], p[0]))[:5]}


def requests(count):
    for i in range(count):
        k = i * 7919 % 100
        if k < 12:
            yield "POST", "/users", {"name": f"User {i}", "email": f"user{i % 900}@example.com", "age": i % 160, "tags": ["a", f"t{i % 7}"]}
        elif k < 15:
            yield "POST", "/users", {"name": "", "email": "nobody", "tags": [1, 2], "extra": True}
        elif k < 45:
            lines = [{"sku": f"S{(i + j) % 50}", "quantity": 1 + (i + j) % 4, "price": 2.5 * (1 + (i * j) % 9)} for j in range(1 + i % 5)]
            yield "POST", "/orders", {"user": 1 + i % 60, "lines": lines, "coupon": "SAVE10"} if i % 3 else {"user": 1 + i % 60, "lines": lines}
        elif k < 48:
            yield "POST", "/orders", {"user": "x", "lines": [{"sku": "??", "quantity": 0}]}
        elif k < 70:
            yield "GET", f"/users/{1 + i % 80}", None
        elif k < 90:
            yield "GET", f"/orders/{1 + i % 300}", None
        elif k < 92:
            yield "GET", f"/users/{1 + i % 50}/orders", None
        elif k == 92:
            yield "DELETE", f"/users/{1 + i % 30}", None
        elif k == 93:
            yield "GET", "/report", None
        elif k == 94:
            yield "PUT", "/users/1", None
        else:
            yield "GET", f"/nothing/{i}/here", None


def main(n):
    service = Service()
    size = checksum = 0
    for number, (method, path, body) in enumerate(requests(n * 100)):
        raw = json.dumps({"method": method, "path": path, "body": body})
        if number % 97 == 0:
            raw = raw[:-1]
        answer = service.handle(raw)
        size += len(answer)
        for c in answer[:40]:
            checksum = (checksum * 31 + ord(c)) % 1000000007
        if number % (n * 10) == 0:
            print(answer[:150])
    print(sorted(service.seen.items()), size, checksum)
    print(service.handle('{"method": "GET", "path": "/report"}'))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
