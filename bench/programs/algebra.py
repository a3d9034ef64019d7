"""Symbolic algebra: a recursive descent parser, simplification, differentiation, evaluation and printing of formulas.

    algebra.py [N]
"""
import math
import re
import sys

TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d+)?)|([a-z]\w*)|(.))")


class FormulaError(ValueError):
    pass


class Expr:
    precedence = 9

    def __add__(self, other):
        return Add(self, other)

    def __mul__(self, other):
        return Mul(self, other)

    def __pow__(self, other):
        return Pow(self, other)

    def __repr__(self):
        return str(self)

    def inside(self, child, strict=False):
        text = str(child)
        if child.precedence < self.precedence or strict and child.precedence == self.precedence:
            return f"({text})"
        return text


class Num(Expr):
    def __init__(self, value):
        self.value = value

    def __str__(self):
        return f"{self.value:g}" if isinstance(self.value, float) else str(self.value)

    def key(self):
        return ("num", self.value)

    def diff(self, name):
        return ZERO

    def simplify(self):
        return self

    def eval(self, env):
        return self.value


ZERO, ONE = Num(0), Num(1)


class Var(Expr):
    def __init__(self, name):
        self.name = name

    def __str__(self):
        return self.name

    def key(self):
        return ("var", self.name)

    def diff(self, name):
        return ONE if name == self.name else ZERO

    def simplify(self):
        return self

    def eval(self, env):
        try:
            return env[self.name]
        except KeyError:
            raise FormulaError(f"no value for {self.name}") from None


class Binary(Expr):
    def __init__(self, left, right):
        self.left, self.right = left, right

    def key(self):
        return (type(self).__name__, self.left.key(), self.right.key())

    def simplify(self):
        left, right = self.left.simplify(), self.right.simplify()
        if isinstance(left, Num) and isinstance(right, Num):
            try:
                return Num(self.apply(left.value, right.value))
            except ArithmeticError:
                return type(self)(left, right)
        return self.reduce(left, right)

    def eval(self, env):
        return self.apply(self.left.eval(env), self.right.eval(env))


class Add(Binary):
    precedence = 1

    def __str__(self):
        right = self.inside(self.right)
        return f"{self.inside(self.left)} - {right[1:]}" if right.startswith("-") else f"{self.inside(self.left)} + {right}"

    def apply(self, a, b):
        return a + b

    def reduce(self, left, right):
        if left.key() == ZERO.key():
            return right
        if right.key() == ZERO.key():
            return left
        if left.key() == right.key():
            return Mul(Num(2), left).simplify()
        if isinstance(right, Num) or (isinstance(left, Mul) and isinstance(right, Var)):
            left, right = right, left
        if isinstance(left, Num) and isinstance(right, Add) and isinstance(right.left, Num):
            return Add(Num(left.value + right.left.value), right.right).simplify()
        return Add(left, right)

    def diff(self, name):
        return Add(self.left.diff(name), self.right.diff(name))


class Mul(Binary):
    precedence = 2

    def __str__(self):
        if self.left.key() == ("num", -1):
            return "-" + self.inside(self.right)
        return f"{self.inside(self.left)}*{self.inside(self.right)}"

    def apply(self, a, b):
        return a * b

    def reduce(self, left, right):
        if ZERO.key() in (left.key(), right.key()):
            return ZERO
        if left.key() == ONE.key():
            return right
        if right.key() == ONE.key():
            return left
        if left.key() == right.key():
            return Pow(left, Num(2))
        if isinstance(right, Num):
            left, right = right, left
        if isinstance(left, Num) and isinstance(right, Mul) and isinstance(right.left, Num):
            return Mul(Num(left.value * right.left.value), right.right).simplify()
        if isinstance(right, Pow) and right.left.key() == left.key() and isinstance(right.right, Num):
            return Pow(left, Num(right.right.value + 1))
        return Mul(left, right)

    def diff(self, name):
        return Add(Mul(self.left.diff(name), self.right), Mul(self.left, self.right.diff(name)))


class Pow(Binary):
    precedence = 3

    def __str__(self):
        return f"{self.inside(self.left, True)}^{self.inside(self.right)}"

    def apply(self, a, b):
        if b < 0:
            return float(a) ** b
        return a ** b

    def reduce(self, left, right):
        if right.key() == ZERO.key():
            return ONE
        if right.key() == ONE.key():
            return left
        if isinstance(left, Pow) and isinstance(left.right, Num) and isinstance(right, Num):
            return Pow(left.left, Num(left.right.value * right.value)).simplify()
        return Pow(left, right)

    def diff(self, name):
        if isinstance(self.right, Num):
            return Mul(Mul(self.right, Pow(self.left, Num(self.right.value - 1))), self.left.diff(name))
        return Mul(self, Add(Mul(self.right.diff(name), Call("log", self.left)), Mul(self.right, Mul(self.left.diff(name), Pow(self.left, Num(-1))))))


class Call(Expr):
    FUNCTIONS = {"sin": math.sin, "cos": math.cos, "exp": math.exp, "log": math.log, "sqrt": math.sqrt}

    def __init__(self, name, argument):
        if name not in self.FUNCTIONS:
            raise FormulaError(f"unknown function {name}")
        self.name, self.argument = name, argument

    def __str__(self):
        return f"{self.name}({self.argument})"

    def key(self):
        return (self.name, self.argument.key())

    def simplify(self):
        argument = self.argument.simplify()
        match self.name, argument:
            case "log", Call(name="exp", argument=inner):
                return inner
            case "sin", Num(value=0):
                return ZERO
            case ("exp" | "cos"), Num(value=0):
                return ONE
        return Call(self.name, argument)

    def eval(self, env):
        return self.FUNCTIONS[self.name](self.argument.eval(env))

    def diff(self, name):
        a = self.argument
        outer = {"sin": lambda: Call("cos", a), "cos": lambda: Mul(Num(-1), Call("sin", a)), "exp": lambda: self,
                 "log": lambda: Pow(a, Num(-1)), "sqrt": lambda: Mul(Num(0.5), Pow(self, Num(-1)))}[self.name]()
        return Mul(outer, a.diff(name))


class Parser:
    def __init__(self, text):
        self.tokens = [m.groups() for m in TOKEN.finditer(text) if m.group().strip()]
        self.at = 0

    def peek(self):
        return self.tokens[self.at][2] if self.at < len(self.tokens) else None

    def accept(self, *texts):
        if self.peek() in texts and self.peek() is not None:
            self.at += 1
            return self.tokens[self.at - 1][2]
        return None

    def parse(self):
        result = self.sum()
        if self.at < len(self.tokens):
            raise FormulaError(f"unexpected {next(filter(None, self.tokens[self.at]))!r}")
        return result

    def sum(self):
        left = self.product()
        while op := self.accept("+", "-"):
            right = self.product()
            left = left + (right if op == "+" else Num(-1) * right)
        return left

    def product(self):
        left = self.unary()
        while op := self.accept("*", "/"):
            right = self.unary()
            left = left * (right if op == "*" else right ** Num(-1))
        return left

    def unary(self):
        if self.accept("-"):
            return Num(-1) * self.unary()
        base = self.atom()
        if self.accept("^"):
            return base ** self.unary()
        return base

    def atom(self):
        if self.accept("("):
            inner = self.sum()
            if not self.accept(")"):
                raise FormulaError("missing )")
            return inner
        if self.at >= len(self.tokens):
            raise FormulaError("unexpected end")
        number, name, other = self.tokens[self.at]
        self.at += 1
        if number:
            return Num(float(number) if "." in number else int(number))
        if name:
            if self.accept("("):
                call = Call(name, self.sum())
                if not self.accept(")"):
                    raise FormulaError("missing )")
                return call
            return Var(name)
        raise FormulaError(f"unexpected {other!r}")


FORMULAS = ["x^2 + 3*x - 5", "sin(x)*cos(x)", "exp(2*x)/(1 + x^2)", "log(exp(x^3))", "(x + 1)*(x + 2)*(x + 3)", "sqrt(x^2 + y^2)", "x^y + y^x",
            "sin(cos(x*y))^3", "1/(1 + exp(-x))", "((x))*1 + 0*y", "2*3 + 4^2 - x + x", "-x^2 - -x"]


def newton(f, start):
    derivative = f.diff("x").simplify()
    x = start
    for steps in range(1, 60):
        slope = derivative.eval({"x": x})
        if slope == 0:
            return None
        new = x - f.eval({"x": x}) / slope
        if abs(new - x) < 1e-12:
            return new, steps
        x = new
    return None


def integrate(f, low, high, parts):
    step = (high - low) / parts
    total = f.eval({"x": low, "y": 1.5}) + f.eval({"x": high, "y": 1.5})
    for i in range(1, parts):
        total += f.eval({"x": low + i * step, "y": 1.5}) * (4 if i % 2 else 2)
    return total * step / 3


def main(n):
    for round in range(n):
        for text in FORMULAS:
            f = Parser(text).parse().simplify()
            first = f.diff("x").simplify()
            second = first.diff("x").simplify()
            area = integrate(f, 1.0, 2.0, 20 + round % 10 * 2)
            env = {"x": 1.25 + round % 7, "y": 0.5}
            if round == 0:
                print(f"{text}  =>  {f}\n    {first}\n    {len(str(second))} {area:.6f} {second.eval(env):.6g}")
        if round % 10 == 0:
            for text, start in (("x^2 - 2", 1.0 + round / 50), ("x^3 - x - 1", 1.0), ("cos(x) - x", 0.5)):
                root = newton(Parser(text).parse().simplify(), start)
                if round == 0:
                    print(text, root)
    for wrong in ("1 +", "(x", "f(x)", "x y", "2 $ 3"):
        try:
            print(Parser(wrong).parse())
        except FormulaError as e:
            print(f"{wrong!r}: {e}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
