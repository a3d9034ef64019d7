# A larger program: lexer, parser, compiler and stack machine for a little language; plus a few classic algorithms.
import re
from collections import namedtuple, deque

Token = namedtuple("Token", "kind text line")
SPEC = [("num", r"\d+(?:\.\d+)?"), ("name", r"[A-Za-z_]\w*"), ("op", r"==|!=|<=|>=|[-+*/%<>=(){},;]"), ("nl", r"\n"), ("skip", r"[ \t]+|#.*"), ("bad", r".")]
PATTERN = re.compile("|".join(f"(?P<{k}>{p})" for k, p in SPEC))
KEYWORDS = {"if", "else", "while", "func", "return", "print", "and", "or", "not"}

class LangError(Exception): pass

def lex(source):
    line = 1
    for m in PATTERN.finditer(source):
        kind, text = m.lastgroup, m.group()
        match kind:
            case "nl": line += 1
            case "skip": pass
            case "bad": raise LangError(f"line {line}: unexpected {text!r}")
            case "name" if text in KEYWORDS: yield Token("kw", text, line)
            case _: yield Token(kind, text, line)
    yield Token("end", "", line)

class Parser:
    LEVELS = [["or"], ["and"], ["==", "!="], ["<", ">", "<=", ">="], ["+", "-"], ["*", "/", "%"]]
    def __init__(self, source): self.tokens = deque(lex(source))
    @property
    def peek(self): return self.tokens[0]
    def accept(self, *texts):
        if self.peek.text in texts and self.peek.kind in ("op", "kw"): return self.tokens.popleft()
    def expect(self, text):
        if not (t := self.accept(text)):
            raise LangError(f"line {self.peek.line}: expected {text!r}, found {self.peek.text!r}")
        return t
    def program(self):
        body = []
        while self.peek.kind != "end": body.append(self.statement())
        return body
    def block(self):
        self.expect("{")
        body = []
        while not self.accept("}"): body.append(self.statement())
        return body
    def statement(self):
        if self.accept("if"):
            cond, then = self.expr(), self.block()
            other = ([self.statement()] if self.peek.text == "if" else self.block()) if self.accept("else") else []
            return ("if", cond, then, other)
        if self.accept("while"): return ("while", self.expr(), self.block())
        if self.accept("func"):
            name = self.tokens.popleft().text
            self.expect("(")
            params = []
            while not self.accept(")"):
                params.append(self.tokens.popleft().text)
                self.accept(",")
            return ("func", name, params, self.block())
        if self.accept("return"): node = ("return", self.expr())
        elif self.accept("print"): node = ("print", self.expr())
        elif self.peek.kind == "name" and self.tokens[1].text == "=":
            name = self.tokens.popleft().text
            self.tokens.popleft()
            node = ("set", name, self.expr())
        else: node = ("drop", self.expr())
        self.expect(";")
        return node
    def expr(self, level=0):
        if level == len(self.LEVELS): return self.unary()
        left = self.expr(level + 1)
        while op := self.accept(*self.LEVELS[level]): left = ("bin", op.text, left, self.expr(level + 1))
        return left
    def unary(self):
        if op := self.accept("-", "not"): return ("un", op.text, self.unary())
        token = self.tokens.popleft()
        match token:
            case Token(kind="num", text=t): return ("const", float(t) if "." in t else int(t))
            case Token(text="("):
                inner = self.expr()
                self.expect(")")
                return inner
            case Token(kind="name", text=name):
                if not self.accept("("): return ("get", name)
                args = []
                while not self.accept(")"):
                    args.append(self.expr())
                    self.accept(",")
                return ("call", name, args)
        raise LangError(f"line {token.line}: unexpected {token.text or 'end'!r}")

class Function:
    def __init__(self, name, params): self.name, self.params, self.code = name, params, []
    def emit(self, *ins):
        self.code.append(ins)
        return len(self.code) - 1

def compile_body(fn, body, functions):
    for node in body: Compiler(fn, functions).visit(node)
    return fn
class Compiler:
    def __init__(self, fn, functions): self.fn, self.functions = fn, functions
    def visit(self, node): return getattr(self, "do_" + node[0])(*node[1:])
    def do_const(self, v): self.fn.emit("push", v)
    def do_get(self, n): self.fn.emit("load", n)
    def do_set(self, n, e): self.visit(e); self.fn.emit("store", n)
    def do_drop(self, e): self.visit(e); self.fn.emit("pop")
    def do_print(self, e): self.visit(e); self.fn.emit("print")
    def do_return(self, e): self.visit(e); self.fn.emit("return")
    def do_un(self, op, e): self.visit(e); self.fn.emit("unary", op)
    def do_call(self, n, args):
        for a in args: self.visit(a)
        self.fn.emit("call", n, len(args))
    def do_bin(self, op, a, b):
        self.visit(a)
        if op in ("and", "or"):
            at = self.fn.emit("keep_if", op == "or", None)
            self.visit(b)
            self.fn.code[at] = ("keep_if", op == "or", len(self.fn.code))
        else:
            self.visit(b)
            self.fn.emit("binary", op)
    def do_if(self, c, then, other):
        self.visit(c)
        jump = self.fn.emit("jump_false", None)
        for n in then: self.visit(n)
        end = self.fn.emit("jump", None)
        self.fn.code[jump] = ("jump_false", len(self.fn.code))
        for n in other: self.visit(n)
        self.fn.code[end] = ("jump", len(self.fn.code))
    def do_while(self, c, body):
        top = len(self.fn.code)
        self.visit(c)
        jump = self.fn.emit("jump_false", None)
        for n in body: self.visit(n)
        self.fn.emit("jump", top)
        self.fn.code[jump] = ("jump_false", len(self.fn.code))
    def do_func(self, name, params, body):
        self.functions[name] = compile_body(Function(name, params), body, self.functions)

BINARY = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": lambda a, b: a / b, "%": lambda a, b: a % b, "==": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b, ">": lambda a, b: a > b, "<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b}

class Machine:
    def __init__(self): self.functions, self.globals, self.steps, self.out = {}, {}, 0, []
    def run(self, source):
        main = compile_body(Function("main", []), Parser(source).program(), self.functions)
        self.execute(main, self.globals)
        return self.out
    def execute(self, fn, env):
        pc, stack = 0, []
        code = fn.code
        while pc < len(code):
            op, *args = code[pc]
            pc += 1
            self.steps += 1
            if op == "push": stack.append(args[0])
            elif op == "load":
                try:
                    stack.append(env[args[0]] if args[0] in env else self.globals[args[0]])
                except KeyError as e:
                    raise LangError(f"unknown name {e}") from None
            elif op == "store": env[args[0]] = stack.pop()
            elif op == "binary":
                b = stack.pop()
                stack.append(BINARY[args[0]](stack.pop(), b))
            elif op == "jump_false":
                if not stack.pop(): pc = args[0]
            elif op == "jump": pc = args[0]
            elif op == "keep_if":
                if bool(stack[-1]) == args[0]: pc = args[1]
                else: stack.pop()
            elif op == "call":
                name, count = args
                callee = self.functions.get(name)
                if callee is None or len(callee.params) != count: raise LangError(f"cannot call {name} with {count}")
                values = [stack.pop() for _ in range(count)][::-1]
                stack.append(self.execute(callee, dict(zip(callee.params, values))))
            elif op == "print": self.out.append(stack.pop())
            elif op == "unary": stack.append(-stack.pop() if args[0] == "-" else not stack.pop())
            elif op == "pop": stack.pop()
            elif op == "return": return stack.pop()
            else: raise AssertionError(op)

m = Machine()
print(m.run("""
func fib(n) { if n < 2 { return n; } return fib(n - 1) + fib(n - 2); }
func gcd(a, b) { while b != 0 { t = a % b; a = b; b = t; } return a; }
func collatz(n) { steps = 0; while n != 1 { if n % 2 == 0 { n = n / 2; } else { n = 3 * n + 1; } steps = steps + 1; } return steps; }
print fib(16); print gcd(1071, 462); print collatz(27);
x = 10; total = 0.5;   # globals
while x > 0 { total = total + x * 1.5; x = x - 1; }
print total; print not (1 < 2 and 3 > 4) or 0; print 0 or 7; print -(2 + 3) * 4;
if x == 1 { print 1; } else if x == 0 { print 100; } else { print 2; }
"""), m.steps)
for bad in ("print 1 +;", "x = $;", "f(1);", "print y;", "while 1 { print 2;", "func f(a) { return a; } print f();", "print 1 / 0;"):
    try:
        print(Machine().run(bad))
    except (LangError, ZeroDivisionError) as e:
        print(type(e).__name__, e)

def queens(n, row=0, cols=0, left=0, right=0):
    if row == n: return 1
    free, total = ~(cols | left | right) & (1 << n) - 1, 0
    while free:
        bit = free & -free
        free ^= bit
        total += queens(n, row + 1, cols | bit, (left | bit) << 1, (right | bit) >> 1)
    return total
def life(cells, generations):
    for _ in range(generations):
        counts = {}
        for x, y in cells:
            for dx in (-1, 0, 1):
                for dy in (-1, 0, 1):
                    if dx or dy: counts[x + dx, y + dy] = counts.get((x + dx, y + dy), 0) + 1
        cells = {c for c, n in counts.items() if n == 3 or n == 2 and c in cells}
    return sorted(cells)
def dijkstra(graph, start):
    import heapq
    dist, heap = {}, [(0, start)]
    while heap:
        d, node = heapq.heappop(heap)
        if node not in dist:
            dist[node] = d
            for to, w in graph[node].items(): heapq.heappush(heap, (d + w, to))
    return dist
def edit_distance(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        previous, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (x != y))
    return row[-1]
print(queens(6), queens(7), life({(1, 0), (2, 1), (0, 2), (1, 2), (2, 2)}, 40), dijkstra({"a": {"b": 7, "c": 3}, "b": {"d": 1}, "c": {"b": 1, "d": 8}, "d": {}}, "a"), edit_distance("kitten sitting", "sitting kitten"))
