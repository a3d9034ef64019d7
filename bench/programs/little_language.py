"""An interpreter for a little language with functions and closures: lexer, Pratt parser, evaluation of the tree.

    little_language.py [N]
"""
import sys

SOURCE = """
let fib = fn(n) { if n < 2 { n } else { fib(n - 1) + fib(n - 2) } };
let make_counter = fn(step) { let count = 0; fn() { count = count + step; count } };
let map = fn(f, xs) { let i = 0; let out = []; while i < len(xs) { push(out, f(xs[i])); i = i + 1; } out };
let fold = fn(f, acc, xs) { let i = 0; while i < len(xs) { acc = f(acc, xs[i]); i = i + 1; } acc };
let sieve = fn(n) {
    let flags = []; let i = 0; while i <= n { push(flags, true); i = i + 1; }
    let primes = []; let p = 2;
    while p <= n {
        if flags[p] { push(primes, p); let q = p * p; while q <= n { set(flags, q, false); q = q + p; } }
        p = p + 1;
    }
    primes
};
let gcd = fn(a, b) { if b == 0 { a } else { gcd(b, a % b) } };
let collatz = fn(n) { let steps = 0; while n != 1 { if n % 2 == 0 { n = n / 2; } else { n = 3 * n + 1; } steps = steps + 1; } steps };
let compose = fn(f, g) { fn(x) { f(g(x)) } };
let c = make_counter(3);
c(); c();
print("counter", c());
print("fib", fib(DEPTH));
print("primes", len(sieve(SIZE * 60)));
print("sum", fold(fn(a, b) { a + b }, 0, map(fn(x) { x * x }, sieve(SIZE * 20))));
let longest = 0; let at = 0; let n = 1;
while n < SIZE * 12 { let s = collatz(n); if s > longest { longest = s; at = n; } n = n + 1; }
print("collatz", at, longest);
print("gcds", fold(fn(a, x) { a + gcd(x, 360) }, 0, sieve(SIZE * 30)));
print("composed", compose(fn(x) { x + 1 }, fn(x) { x * 10 })(4));
let text = ""; let k = 0; while k < SIZE { text = text + "<" + str(k) + ">"; k = k + 1; }
print(len(text), text == text, !(1 > 2 || 3 <= 2) && true);
undefined_name;
"""


class LangError(Exception):
    pass


def tokens(source):
    i, n, line = 0, len(source), 1
    while i < n:
        c = source[i]
        if c.isspace():
            line += c == "\n"
            i += 1
        elif c.isalpha() or c == "_":
            j = i
            while j < n and (source[j].isalnum() or source[j] == "_"):
                j += 1
            word = source[i:j]
            yield ("kw" if word in ("let", "fn", "if", "else", "while", "true", "false", "return") else "name", word, line)
            i = j
        elif c.isdigit():
            j = i
            while j < n and source[j].isdigit():
                j += 1
            yield ("int", int(source[i:j]), line)
            i = j
        elif c == '"':
            j = source.index('"', i + 1)
            yield ("str", source[i + 1:j], line)
            i = j + 1
        else:
            two = source[i:i + 2]
            if two in ("==", "!=", "<=", ">=", "&&", "||"):
                yield ("op", two, line)
                i += 2
            else:
                yield ("op", c, line)
                i += 1
    yield ("end", "", line)


class Parser:
    POWERS = {"||": 1, "&&": 2, "==": 3, "!=": 3, "<": 4, ">": 4, "<=": 4, ">=": 4, "+": 5, "-": 5, "*": 6, "/": 6, "%": 6, "(": 8, "[": 8}

    def __init__(self, source):
        self.tokens = list(tokens(source))
        self.at = 0

    def next(self):
        self.at += 1
        return self.tokens[self.at - 1]

    def peek(self):
        return self.tokens[self.at][1]

    def accept(self, text):
        if self.peek() == text and self.tokens[self.at][0] != "str":
            self.at += 1
            return True
        return False

    def expect(self, text):
        if not self.accept(text):
            raise LangError(f"line {self.tokens[self.at][2]}: expected {text!r}, got {self.peek()!r}")

    def program(self):
        body = []
        while self.tokens[self.at][0] != "end":
            body.append(self.statement())
        return Block(body)

    def block(self):
        self.expect("{")
        body = []
        while not self.accept("}"):
            body.append(self.statement())
        return Block(body)

    def statement(self):
        if self.accept("let"):
            name = self.next()[1]
            self.expect("=")
            node = Let(name, self.expression())
        elif self.accept("while"):
            node = While(self.expression(), self.block())
        else:
            node = self.expression()
            if isinstance(node, Name) and self.accept("="):
                node = Assign(node.name, self.expression())
        self.accept(";")
        return node

    def expression(self, power=0):
        left = self.prefix()
        while True:
            op = self.peek() if self.tokens[self.at][0] == "op" else None
            strength = self.POWERS.get(op, 0)
            if strength <= power:
                return left
            self.at += 1
            if op == "(":
                left = Call(left, self.arguments(")"))
            elif op == "[":
                left = Index(left, self.expression())
                self.expect("]")
            else:
                left = Binary(op, left, self.expression(strength))

    def arguments(self, end):
        result = []
        while not self.accept(end):
            result.append(self.expression())
            if not self.accept(","):
                self.expect(end)
                break
        return result

    def prefix(self):
        kind, value, line = self.next()
        if kind in ("int", "str"):
            return Constant(value)
        if kind == "name":
            return Name(value)
        match value:
            case "true" | "false":
                return Constant(value == "true")
            case "fn":
                self.expect("(")
                return Function([n.name for n in self.arguments(")")], self.block())
            case "if":
                condition, then = self.expression(), self.block()
                return If(condition, then, self.block() if self.accept("else") else Block([]))
            case "(":
                inner = self.expression()
                self.expect(")")
                return inner
            case "[":
                return List(self.arguments("]"))
            case "-" | "!":
                return Unary(value, self.expression(7))
        raise LangError(f"line {line}: unexpected {value!r}")


class Scope:
    __slots__ = ("values", "parent")

    def __init__(self, parent=None):
        self.values = {}
        self.parent = parent

    def find(self, name):
        scope = self
        while scope is not None:
            if name in scope.values:
                return scope.values
            scope = scope.parent
        raise LangError(f"unknown name {name}")


class Closure:
    def __init__(self, names, body, scope):
        self.names, self.body, self.scope = names, body, scope

    def __call__(self, *args):
        if len(args) != len(self.names):
            raise LangError(f"expected {len(self.names)} arguments")
        scope = Scope(self.scope)
        scope.values.update(zip(self.names, args))
        return self.body.eval(scope)


class Node:
    def __init__(self, *fields):
        for name, value in zip(self.fields, fields):
            setattr(self, name, value)

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(repr(getattr(self, f)) for f in self.fields)})"


class Constant(Node):
    fields = ("value",)

    def eval(self, scope):
        return self.value


class Name(Node):
    fields = ("name",)

    def eval(self, scope):
        return scope.find(self.name)[self.name]


class Let(Node):
    fields = ("name", "value")

    def eval(self, scope):
        scope.values[self.name] = self.value.eval(scope)


class Assign(Let):
    def eval(self, scope):
        scope.find(self.name)[self.name] = self.value.eval(scope)


class Block(Node):
    fields = ("body",)

    def eval(self, scope):
        result = None
        for node in self.body:
            result = node.eval(scope)
        return result


class While(Node):
    fields = ("condition", "body")

    def eval(self, scope):
        while self.condition.eval(scope):
            self.body.eval(Scope(scope))


class If(Node):
    fields = ("condition", "then", "otherwise")

    def eval(self, scope):
        return (self.then if self.condition.eval(scope) else self.otherwise).eval(Scope(scope))


class Function(Node):
    fields = ("names", "body")

    def eval(self, scope):
        return Closure(self.names, self.body, scope)


class List(Node):
    fields = ("items",)

    def eval(self, scope):
        return [item.eval(scope) for item in self.items]


class Call(Node):
    fields = ("function", "arguments")

    def eval(self, scope):
        function = self.function.eval(scope)
        return function(*[a.eval(scope) for a in self.arguments])


class Index(Node):
    fields = ("value", "index")

    def eval(self, scope):
        return self.value.eval(scope)[self.index.eval(scope)]


class Unary(Node):
    fields = ("op", "value")

    def eval(self, scope):
        value = self.value.eval(scope)
        return -value if self.op == "-" else not value


class Binary(Node):
    fields = ("op", "left", "right")
    OPERATIONS = {
        "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": lambda a, b: a // b, "%": lambda a, b: a % b,
        "<": lambda a, b: a < b, ">": lambda a, b: a > b, "<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b,
        "==": lambda a, b: a == b, "!=": lambda a, b: a != b,
    }

    def eval(self, scope):
        if self.op == "&&":
            return self.left.eval(scope) and self.right.eval(scope)
        if self.op == "||":
            return self.left.eval(scope) or self.right.eval(scope)
        return self.OPERATIONS[self.op](self.left.eval(scope), self.right.eval(scope))


def main(n):
    program = Parser(SOURCE.replace("SIZE", str(n)).replace("DEPTH", str(min(20, 8 + n // 20)))).program()
    builtins = Scope()
    builtins.values.update(len=len, str=str, print=print, push=lambda xs, x: xs.append(x), set=lambda xs, i, x: xs.__setitem__(i, x))
    try:
        program.eval(Scope(builtins))
    except LangError as e:
        print("error:", e)
    print(Parser("1 + 2 * -x[3](4, 5) == !y").program())
    for wrong in ("let 5", "fn(a { }", "(1 + 2"):
        try:
            print(Parser(wrong).program())
        except LangError as e:
            print("error:", e)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
