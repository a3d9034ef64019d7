"""Random Python programs for the comparison of implementations: deterministic for a seed, of a bounded run time,
without output that depends on addresses or hash seeds.

A program is a prelude and *units*: classes, functions and calls that no other unit refers to. Names have a kind
(int, float, str...) that expressions keep to most of the time; now and then they do not, so that loops meet other types
than those they were compiled for. All that can be wrong in a loop is caught, noted in `out`, and the loop goes on.
"""
import random
import warnings

import events
import more

warnings.simplefilter("ignore")

PRELUDE = '''\
import warnings
warnings.simplefilter('ignore')

class Err(Exception):
    pass

class Other(Err):
    def __init__(self, code, *rest):
        super().__init__(code, *rest)
        self.code = code

class CM:
    def __init__(self, out, eats):
        self.out = out
        self.eats = eats
    def __enter__(self):
        self.out.append('+')
        return self
    def __exit__(self, t, e, tb):
        self.out.append(t and t.__name__)
        return t is not None and issubclass(t, self.eats)

class Aw:
    def __init__(self, v):
        self.v = v
    def __await__(self):
        got = yield self.v
        return got

def drive(c):
    sent = None
    seen = []
    for i in range(60):
        try:
            y = c.send(sent)
        except StopIteration as e:
            return seen, e.value
        seen.append(y)
        sent = i
    c.close()
    return seen

def cl(x):
    if isinstance(x, int):
        if -(1 << 140) < x < (1 << 140):
            return x
        return x % 1000003
    if isinstance(x, str):
        return x[:24]
    if isinstance(x, (list, tuple)):
        return x[:12]
    return x

def show(x, d=0):
    if d > 4:
        return '~'
    if isinstance(x, (set, frozenset)):
        return type(x).__name__ + '{' + ', '.join(sorted(show(i, d + 1) for i in x)) + '}'
    if type(x) is list:
        return '[' + ', '.join(show(i, d + 1) for i in x) + ']'
    if type(x) is tuple:
        return '(' + ', '.join(show(i, d + 1) for i in x) + ')'
    if type(x) is dict:
        return '{' + ', '.join(show(k, d + 1) + ': ' + show(v, d + 1) for k, v in x.items()) + '}'
    if isinstance(x, (int, float, str, bytes, type(None))):
        return type(x).__name__[0] + repr(x)
    if isinstance(x, BaseException):
        return type(x).__name__ + ':' + str(x)
    if isinstance(x, type):
        return x.__name__
    s = type(x).__name__
    if getattr(x, '__dict__', None):
        s += show(dict(x.__dict__), d + 1)
    return s

def go(name, times, f, *args):
    for i in range(times):
        out = []
        try:
            r = f(out, *args)
        except Exception as e:
            text = 'raised ' + show(e)
        else:
            text = show(r)
        if i < 3 or i == times - 1:
            print(name, i, text, show(out[:60]), len(out))
'''

INTS = """0 1 2 3 5 7 -1 -2 -7 10 63 64 100 255 1000 -1000 65536 2147483647 -2147483648 4294967296 1152921504606846975
1152921504606846976 -1152921504606846976 -1152921504606846977 2305843009213693951 2305843009213693952 4611686018427387903
4611686018427387904 -4611686018427387904 -4611686018427387905 9223372036854775807 -9223372036854775808 9223372036854775808
18446744073709551615 18446744073709551616 70368744177663 70368744177664 -70368744177665 140737488355327 140737488355328
-140737488355328 281474976710656 1267650600228229401496703205376""".split()
FLOATS = """0.0 -0.0 1.0 -1.5 0.5 2.25 1e10 1e308 -1e308 5e-324 1e-10 3.0 float('nan') float('inf') float('-inf') 0.1 1e16
9007199254740993.0 4611686018427387904.0 123456.789""".split()
STRS = ["''", "'a'", "'b'", "'abc'", "'x y'", "'ab' * 3", "'é'", "'\\u4e2d\\u6587'", "'\\U0001f600z'", "'Hello'", "'12'", "'-3'",
        "'a,b,,c'", "' pad '", "'k1'", "'%s'"]
KINDS = ["int", "int", "int", "float", "str", "list", "dict", "bool", "tuple", "set"]
CATCH = ["Exception", "Exception", "(TypeError, ValueError)", "ZeroDivisionError", "KeyError", "LookupError", "Err", "ArithmeticError",
         "AttributeError", "(Err, LookupError, TypeError)"]


# What seldom raises.
CALM_INT = [0, 0, 0, 0, 0, 0, 8, 10, 11, 12, 13, 14, 17, 17, 18, 19, 26, 26, 28, 28, 28, 28, 29, 32, 33]
CALM_STMT = [0] * 12 + [12] * 7 + [17] * 3 + [19] * 3 + [23] * 5 + [28] * 4 + [34, 38, 40, 40] + [43, 46, 48] * 2 + [51] * 5 + [60, 61, 59]


class Gen(more.More, events.Events):
    """`calm` units keep to the kinds and seldom raise, but for rare events in long loops: what was compiled in good
    faith must notice them."""

    calm = False

    def __init__(self, seed):
        self.r = random.Random(seed)
        self.n = 0

    def pick(self, *options):
        return self.r.choice(options)

    def chance(self, p):
        return self.r.random() < p

    def name(self, prefix):
        self.n += 1
        return f"{prefix}{self.n}"

    def assigned(self, depth):
        """Targets and values of one assignment, alike in shape: what is a value may be a target before it is used."""
        ts, vs = [], []
        for _ in range(self.r.randint(2, 4)):
            if depth > 0 and self.chance(0.35):
                t, v = self.assigned(depth - 1)
                ts.append(self.pick(f"({t})", f"[{t}]"))
                vs.append(self.pick(f"({v})", f"[{v}]", f"iter([{v}])"))
            else:
                ts.append(self.target("int"))
                vs.append(self.expr("int", self.pick(0, 0, 1)))
        if depth == 2 and self.chance(0.2):
            k = self.r.randrange(len(ts))
            ts.insert(k, "*" + self.target("list"))
            vs[k:k] = [self.expr("int", 0) for _ in range(self.r.randint(0, 2))]
        return ", ".join(ts), ", ".join(vs)

    # -- expressions

    def var(self, kind):
        names = [n for n, k in self.env.items() if k == kind]
        return self.r.choice(names) if names else None

    def expr(self, kind, d=2):
        if not self.calm and self.chance(0.015):
            # Sets in the place of sequences would show the order of hashes.
            kind = self.r.choice(KINDS[:-1])
        if not self.calm and self.chance(0.02) and self.env:
            return self.anyvar()
        if d <= 0 or self.chance(0.3):
            v = self.var(kind)
            if v and self.chance(0.8):
                return v
            return self.const(kind)
        return "(" + getattr(self, "e_" + kind)(d - 1) + ")"

    def const(self, kind):
        r = self.r
        if kind == "int":
            return r.choice(INTS) if self.chance(0.08 if self.calm else 0.35) else str(r.randint(-3, 12))
        if kind == "float":
            return r.choice(FLOATS)
        if kind == "str":
            return r.choice(STRS)
        if kind == "bool":
            return self.pick("True", "False")
        if kind == "list":
            return "[" + ", ".join(self.const(self.pick("int", "int", "float", "str")) for _ in range(r.randint(0, 4))) + "]"
        if kind == "tuple":
            return "(" + "".join(self.const(self.pick("int", "str")) + ", " for _ in range(r.randint(0, 3))) + ")"
        if kind == "set":
            return "{" + ", ".join(self.const("int") for _ in range(r.randint(1, 4))) + "}"
        if kind == "dict":
            return "{" + ", ".join(self.const(self.pick("str", "int")) + ": " + self.const("int") for _ in range(r.randint(0, 3))) + "}"
        if kind == "obj":
            if self.classes:
                return self.new()
            return "None"
        return "None"

    def new(self):
        c = self.r.choice(self.classes)
        return f"{c}({self.expr('int', 0)})"

    def e_int(self, d):
        e, r = self.expr, self.r
        k = r.randint(0, 33)
        if self.calm:
            k = r.choice(CALM_INT)
            if k == 8:
                return f"{e('int', d)} {self.pick('//', '%')} ({e('int', d)} | 1)"
            if k == 18:
                return f"({e('list', 0)} or [3])[{self.pick('0', '-1')}]"
            if k == 28 and self.classes:
                o = self.var("obj") or self.const("obj")
                return self.pick(f"{o}.x", f"{o}.x", f"{o}.m({e('int', d)})", f"{self.new()}.x", f"{self.new()}.m({e('int', d)})", f"{o}.k")
            if k == 29:
                return f"({e('int', d)}, {e('int', d)})[{self.pick('0', '1', 'a & 1')}]"
            if k == 11:
                return f"{e('int', d)} >> {self.pick('1', '3', '40', '65')}"
        if k < 8:
            return f"{e('int', d)} {self.pick('+', '-', '+', '-', '*', '&', '|', '^')} {e('int', d)}"
        if k < 10:
            return f"{e('int', d)} {self.pick('//', '%')} {e('int', d)}"
        if k == 10:
            return f"{e('int', d)} << {self.pick('1', '3', '31', '40', '60', '61')}"
        if k == 11:
            return f"{e('int', d)} >> {self.pick('1', '2', '33', '63', '70', e('int', 0))}"
        if k == 12:
            return f"{self.pick('-', '~', '+', 'abs')}({e('int', d)})"
        if k == 13:
            return f"len({e(self.pick('list', 'str', 'dict', 'tuple', 'set'), d)})"
        if k == 14:
            return f"{self.pick('min', 'max')}({e('int', d)}, {e('int', d)})"
        if k == 15:
            return f"int({e(self.pick('float', 'str', 'bool', 'int'), d)})"
        if k == 16:
            return f"sum({e('int', 0)} for {self.fresh()} in range({r.randint(0, 5)}))"
        if k == 17:
            return f"{e('int', d)} if {self.cond(d)} else {e('int', d)}"
        if k == 18:
            return f"{e('list', 0)}[{e('int', 0)}]"
        if k == 19:
            return f"{e('dict', 0)}.get({e(self.pick('str', 'int'), 0)}, {e('int', 0)})"
        if k == 20:
            return f"{e('dict', 0)}[{e(self.pick('str', 'int'), 0)}]"
        if k == 21:
            return f"ord({e('str', 0)}[{self.pick('0', '-1', e('int', 0))}])"
        if k == 22:
            return f"{e('str', d)}.{self.pick('count', 'find', 'index')}({e('str', 0)})"
        if k == 23:
            return f"divmod({e('int', d)}, {e('int', d)})[{self.pick('0', '1')}]"
        if k == 24:
            return f"pow({e('int', 0)}, {self.pick('2', '3', '0', '5, 7', '-1, 5')})"
        if k == 25:
            return f"round({e('float', d)}{self.pick('', ', 2', ', -1')})"
        if k in (26, 27) and self.funcs:
            return self.call(d)
        if k in (28, 29, 30) and self.classes:
            return self.attr(d)
        if k == 31:
            return f"({e('int', d)}).{self.pick('bit_length()', 'bit_count()', 'real', 'numerator', '__index__()')}"
        if k == 32 and self.lambdas:
            return f"{r.choice(self.lambdas)}({e('int', d)})"
        if k == 33:
            return f"{self.fresh(True)} := {e('int', d)}"
        return f"{e('int', d)} + {e('bool', d)}"

    def fresh(self, bind=False):
        if bind:
            v = self.var("int")
            if v and not v.startswith("i_"):
                return v
        return "_c"

    def attr(self, d):
        o = self.var("obj") or self.const("obj")
        return self.pick(f"{o}.x", f"{o}.x", f"{o}.y", f"{o}.k", f"{o}.p", f"{o}.m({self.expr('int', d)})", f"{o}.m({self.expr('int', d)})",
                         f"{o}.n({self.expr('int', d)}, b={self.expr('int', 0)})", f"{o}.s({self.expr('int', 0)})", f"{o}.c({self.expr('int', 0)})",
                         f"{o}[{self.expr('int', 0)}]", f"len({o})", f"{o}({self.expr('int', 0)})", f"getattr({o}, {self.pick(chr(39) + 'x' + chr(39), chr(39) + 'zz' + chr(39))}, {self.expr('int', 0)})",
                         f"({o} + {self.expr('int', d)}).x", f"{o}.z")

    def call(self, d):
        f = self.r.choice(self.funcs)
        e = self.expr
        return self.pick(f"{f}({e('int', d)})", f"{f}({e('int', d)}, {e('int', 0)})", f"{f}({e('int', d)}, b={e('int', 0)})",
                         f"{f}(*{e('tuple', 0)})", f"{f}({e('int', 0)}, *{e('list', 0)})", f"{f}({e('int', 0)}, **{{'b': {e('int', 0)}}})",
                         f"{f}({e(self.pick('float', 'str'), 0)}, {e('int', 0)}, {e('int', 0)}, q={e('int', 0)})")

    def e_float(self, d):
        e = self.expr
        k = self.r.randint(0, 11)
        if k < 6:
            return f"{e('float', d)} {self.pick('+', '-', '*', '/', '//', '%')} {e(self.pick('float', 'float', 'int'), d)}"
        if k == 6:
            return f"{e('int', d)} / {e('int', d)}"
        if k == 7:
            return f"float({e(self.pick('int', 'str', 'bool'), d)})"
        if k == 8:
            return f"{self.pick('-', 'abs')}({e('float', d)})"
        if k == 9:
            return f"{e('float', d)} if {self.cond(d)} else {e('float', d)}"
        if k == 10:
            return f"{e('float', d)} ** {self.pick('2', '0.5', '-1', '3.0')}"
        return f"{self.pick('min', 'max')}({e('float', d)}, {e(self.pick('float', 'int'), d)})"

    def e_str(self, d):
        e = self.expr
        k = self.r.randint(0, 15)
        if k < 3:
            return f"cl({e('str', d)} + {e('str', d)})"
        if k < 5:
            return f"{e('str', d)}[{self.slice()}]"
        if k < 8:
            spec = self.pick("", "!r", ":>5", ":<4", "!s:^7")
            return f"f'{self.pick('', 'v=', '<')}{{{e(self.pick('int', 'float', 'str', 'bool'), 0).replace(chr(39), chr(34))}{spec}}}{self.pick('', '|', '}}')}'"
        if k == 8:
            return f"str({e(self.pick('int', 'float', 'bool', 'list'), d)})"
        if k == 9:
            return f"{e('str', d)}.{self.pick('upper()', 'strip()', 'title()', 'lower()', 'replace(chr(97), chr(98))', 'zfill(4)', 'swapcase()')}"
        if k == 10:
            return f"'{self.pick(',', '', '-')}'.join({self.pick('str(_c) for _c in ' + e('list', 0), 'map(str, ' + e('tuple', 0) + ')', e('str', 0) + '.split()')})"
        if k == 11:
            return f"'%{self.pick('d', 's', 'r', 'x', '05d')}' % {e('int', d)}"
        if k == 12:
            return f"{e('str', d)} * {self.pick('0', '1', '2', '-1')}"
        if k == 13:
            return f"chr(97 + {e('int', 0)} % 26)"
        if k == 14:
            return f"'{{}}-{{:>3}}'.format({e('int', 0)}, {e('str', 0)})"
        return f"{e('str', d)} if {self.cond(d)} else {e('str', d)}"

    def slice(self):
        part = lambda: self.pick("", "", "1", "2", "-1", "-2", "0", "5", self.expr("int", 0))
        s = f"{part()}:{part()}"
        return s + self.pick("", "", ":2", ":-1", ":")

    def e_list(self, d):
        e = self.expr
        k = self.r.randint(0, 10)
        if k < 2:
            return f"[{e('int', d)}, {e(self.pick('int', 'str', 'float'), d)}]"
        if k < 4:
            return f"[{self.pick('_c', '_c * 2', 'str(_c)', e('int', 0), '(_c, ' + e('int', 0) + ')')} for _c in {self.iterable()}{self.pick('', ' if ' + self.cond(0))}]"
        if k == 4:
            return f"{e('list', d)}[{self.slice()}]"
        if k == 5:
            return f"cl({e('list', d)} + {e('list', d)})"
        if k == 6:
            return f"sorted({e(self.pick('list', 'tuple', 'str'), d)}{self.pick('', ', key=str', ', key=lambda q: (str(q), ' + e('int', 0) + ')', ', reverse=True')})"
        if k == 7:
            return f"list({self.iterable()})"
        if k == 8:
            return f"[*{e('list', 0)}, {e('int', 0)}][:8]"
        if k == 9:
            return f"{e('str', 0)}.split({self.pick('', repr(','))})"
        return f"list({self.pick('map(str, ', 'reversed(', 'enumerate(')}{e('list', 0)}))"

    def e_tuple(self, d):
        e = self.expr
        return self.pick(f"{e('int', d)}, {e('int', d)}", f"{e('str', d)}, {e('int', d)}, {e('float', d)}", f"cl({e('tuple', d)} + ({e('int', 0)},))",
                         f"tuple({self.iterable()})", f"{e('tuple', d)}[{self.slice()}]", f"*{e('list', 0)}, {e('int', 0)}")

    def e_set(self, d):
        e = self.expr
        return self.pick(f"{{{e('int', d)}, {e('int', d)}}}", f"{e('set', d)} {self.pick('|', '&', '-', '^')} {e('set', d)}",
                         f"{{_c for _c in {self.iterable()}}}", f"set({e(self.pick('list', 'str', 'tuple'), d)})", f"frozenset({e('set', 0)})")

    def e_dict(self, d):
        e = self.expr
        return self.pick(f"{{{e('str', d)}: {e('int', d)}, {e('int', d)}: {e('int', 0)}}}", f"{{_c: {e('int', 0)} for _c in {self.iterable()}}}",
                         f"dict(a={e('int', d)}, k1={e('int', 0)})", f"{e('dict', d)} | {e('dict', d)}", f"{{**{e('dict', 0)}, {e('str', 0)}: {e('int', 0)}}}",
                         f"dict(zip({e('list', 0)}, {e('tuple', 0)}))")

    def e_obj(self, d):
        return self.const("obj")

    def e_bool(self, d):
        e = self.expr
        k = self.r.randint(0, 12)
        if k < 4:
            t = self.pick("int", "int", "float", "str")
            return f"{e(t, d)} {self.pick('<', '<=', '>', '>=', '==', '!=')} {e(t, d)}"
        if k == 4:
            return f"{e('int', d)} {self.pick('<', '<=', '!=')} {e('int', d)} {self.pick('<', '>=', '==')} {e(self.pick('int', 'float'), d)}"
        if k == 5:
            return f"not {e(self.pick('int', 'str', 'list', 'float', 'bool'), d)}"
        if k == 6:
            return f"{e('bool', d)} {self.pick('and', 'or')} {e('bool', d)}"
        if k == 7:
            return f"{e('int', 0)} {self.pick('in', 'not in')} {e(self.pick('list', 'set', 'tuple', 'dict'), d)}"
        if k == 8:
            return f"{e('str', 0)} in {e('str', d)}"
        if k == 9:
            return f"isinstance({self.anyvar()}, {self.pick('int', 'str', '(int, float)', 'float', 'list', '(str, list)', 'object', *(self.classes or ['bool']))})"
        if k == 10:
            return f"{self.anyvar()} is {self.pick('None', 'True', self.anyvar(), 'not None')}"
        if k == 11:
            return f"{self.pick('any', 'all')}(_c {self.pick('and 1', '== 2', '!= 0')} for _c in {self.iterable()})"
        return f"{e('list', 0)} {self.pick('==', '!=', '<')} {e('list', 0)}"

    def cond(self, d):
        return self.expr("bool", max(d, 1))

    def anyvar(self):
        names = [n for n, k in self.env.items() if k != "set"]
        return self.r.choice(names) if names else "None"

    def iterable(self):
        r = self.r
        k = r.randint(0, 9)
        if k < 4:
            return f"range({self.pick('', '', '', '1, ', '-2, ')}{r.randint(1, 7)}{''})"
        if k == 4 and self.gens:
            return f"{r.choice(self.gens)}({self.expr('int', 0)}, {r.randint(0, 6)})"
        return self.expr(self.pick("list", "list", "tuple", "str", "dict"), 1) + self.pick("", "[:6]" if k > 7 else "")

    # -- statements

    def block(self, ind, n, depth, loop):
        lines = []
        for _ in range(n):
            lines += self.stmt(ind, depth, loop)
        return lines or [ind + "pass"]

    def target(self, kind):
        """A variable to assign a value of the kind to; sometimes one of another kind."""
        if self.chance(0.04):
            names = [n for n in self.env if not n.startswith("i_")]
        else:
            names = [n for n, k in self.env.items() if k == kind and not n.startswith("i_")]
        if names and (self.chance(0.8) or self.frozen):
            return self.r.choice(names)
        if self.frozen:
            return "out_"
        n = self.name("v")
        self.pending[n] = kind
        return n

    def settle(self):
        self.env.update(self.pending)
        self.pending.clear()

    def stmt(self, ind, depth, loop):
        r, e = self.r, self.expr
        if self.chance(0.07 if self.calm else 0.2):
            lines = self.extra(ind, depth, loop)
            if lines:
                self.settle()
                return lines
        k = r.randint(0, 62)
        if self.calm:
            k = r.choice(CALM_STMT)
            if k == 43 and self.var("list"):
                t = self.var("list")
                lines = [ind + self.pick(f"{t}.append({e('int', 1)})", f"{t}.append({e('int', 1)})", f"{t}[-1:] = [{e('int', 1)}]"), f"{ind}if len({t}) > 20:", f"{ind}    {t}.pop()"]
                self.settle()
                return lines
            if k == 51 and self.var("obj"):
                o = self.var("obj")
                return [ind + self.pick(f"{o}.x = {e('int', 2)}", f"{o}.x += {e('int', 1)}", f"{o} = {self.new()}", f"{o} = {self.new()}", f"{o}.y = {e('float', 1)}")]
            if k == 46 and self.var("dict"):
                t = self.var("dict")
                return [f"{ind}{t}[{e('int', 1)} & 15] = {e('int', 1)}"]
        if k < 12:
            kind = self.pick(*KINDS, "obj" if self.classes else "int")
            value = e(kind, 3)
            t = self.target(kind)
            value = f"cl({value})" if kind in ("int", "str", "list", "tuple") else value
            lines = [f"{ind}{t} = {value}"]
        elif k < 17:
            t = self.target("int")
            lines = [f"{ind}{t} {self.pick('+=', '-=', '^=', '|=', '+=', '//=', '%=', '&=')} {e('int', 2)}"] if t in self.env else [f"{ind}{t} = {e('int', 1)}"]
        elif k < 19:
            t = self.target("float")
            lines = [f"{ind}{t} {self.pick('+=', '*=', '-=', '/=')} {e(self.pick('float', 'int'), 2)}"] if t in self.env else [f"{ind}{t} = {e('float', 1)}"]
        elif k < 23:
            lines = [f"{ind}out.append({e(self.pick(*KINDS), 2)})"]
        elif k < 28 and depth:
            lines = [f"{ind}if {self.cond(2)}:"] + self.sub(ind, depth, loop)
            if self.chance(0.3):
                lines += [f"{ind}elif {self.cond(2)}:"] + self.sub(ind, depth, loop)
            if self.chance(0.5):
                lines += [f"{ind}else:"] + self.sub(ind, depth, loop)
        elif k < 34 and depth:
            lines = self.loop(ind, depth)
        elif k < 38 and depth:
            lines = self.trying(ind, depth, loop)
        elif k == 38 and depth:
            lines = [f"{ind}with CM(out, {self.pick('ArithmeticError', 'Exception', '(Err, TypeError)')}){self.pick('', ' as cm')}:"] + self.sub(ind, depth, loop)
        elif k == 39:
            lines = [f"{ind}if {self.cond(1)}:", f"{ind}    raise {self.pick('Err', 'Other', 'ValueError', 'KeyError')}({e('int', 0)})"]
        elif k < 42 and loop:
            lines = [f"{ind}if {self.cond(1)}:", f"{ind}    {self.pick('break', 'continue', 'continue', 'break')}"]
        elif k == 42:
            lines = [f"{ind}if {self.cond(1)}:", f"{ind}    {self.leave()}"]
        elif k < 45:
            t = self.var("list")
            if not t:
                return self.stmt(ind, depth, loop)
            lines = [ind + self.pick(f"{t}.append({e('int', 1)})", f"{t}[{e('int', 0)}] = {e('int', 1)}", f"{t}.insert({e('int', 0)}, {e('str', 0)})",
                                     f"out.append({t}.pop({self.pick('', '0')}))", f"{t}[{self.slice()}] = {e('list', 0)}", f"del {t}[{self.pick('0', '-1', self.slice())}]",
                                     f"{t}.extend({e('tuple', 0)})", f"{t}.reverse()", f"{t}.sort(key=str)", f"{t} += {e('list', 0)}", f"{t}[{self.pick('0', '-1')}] += {e('int', 1)}"),
                     f"{ind}{t} = {t}[:16]"]
        elif k < 48:
            t = self.var("dict")
            if not t:
                return self.stmt(ind, depth, loop)
            key = e(self.pick("str", "int", "int", "tuple"), 1)
            lines = [ind + self.pick(f"{t}[{key}] = {e('int', 1)}", f"{t}[{key}] = {t}.get({key}, 0) + {e('int', 0)}", f"out.append({t}.pop({key}, {e('int', 0)}))",
                                     f"del {t}[{key}]", f"{t}.update({e('dict', 0)})", f"out.append({t}.setdefault({key}, {e('int', 0)}))", f"out.append(list({t}.{self.pick('items()', 'values()', 'keys()')}))"),
                     f"{ind}if len({t}) > 20:", f"{ind}    {t}.clear()"]
        elif k == 48:
            t = self.var("set")
            if not t:
                return self.stmt(ind, depth, loop)
            lines = [ind + self.pick(f"{t}.add({e('int', 1)})", f"{t}.discard({e('int', 0)})", f"{t} |= {e('set', 0)}", f"{t}.remove({e('int', 0)})")]
        elif k < 51 and self.chance(0.5):
            lines = [ind + " = ".join(self.assigned(2))]
        elif k < 51:
            a, b = self.target("int"), self.target("int")
            lines = [ind + self.pick(f"{a}, {b} = {e('int', 1)}, {e('int', 1)}", f"{a}, {b} = {e('tuple', 1)}", f"{a}, *{self.target('list')} = {e(self.pick('list', 'str'), 1)}",
                                     f"{a} = {b} = {e('int', 1)}", f"{a}, {b} = divmod({e('int', 1)}, {e('int', 1)})")]
        elif k < 56 and self.classes:
            o = self.var("obj")
            if not o:
                return self.stmt(ind, depth, loop)
            lines = [ind + self.pick(f"{o}.x = {e('int', 2)}", f"{o}.x += {e('int', 1)}", f"{o}.y = {e(self.pick('int', 'float', 'str'), 1)}", f"{o}.p = {e('int', 1)}",
                                     f"{o}.z = {e('int', 0)}", f"del {o}.{self.pick('z', 'y', 'x')}", f"out.append({self.attr(1)})", f"out.append({o} {self.pick('==', '<', '!=')} {e(self.pick('int', 'obj'), 0)})",
                                     f"{o} += {e('int', 0)}", f"{o}[{e('int', 0)}] = {e('int', 0)}", f"out.append(-{o})", f"out.append({e('int', 0)} in {o})")]
        elif k == 56 and self.classes:
            c = r.choice(self.classes)
            what = self.pick(f"{c}.k = {e('int', 0)}", f"{c}.k += 1", f"{c}.m = {self.pick('lambda self, a: a + 1', r.choice(self.classes) + '.m')}",
                             f"{c}.x = property(lambda self: 5)", f"del {c}.x", f"{c}.z = {e('int', 0)}", f"{c}.__len__ = lambda self: 3", f"{c}.__getattr__ = lambda self, n: len(n)",
                             f"{self.var('obj') or c}.__class__ = {r.choice(self.classes)}")
            lines = [f"{ind}if {self.cond(1)}:", f"{ind}    {what}"]
        elif k == 57:
            g = self.glob
            lines = [f"{ind}{g} {self.pick('=', '+=')} {e(self.pick('int', 'int', 'float'), 1)}"]
        elif k == 58:
            names = [n for n in self.env if not n.startswith("i_")]
            if not names:
                return self.stmt(ind, depth, loop)
            n = r.choice(names)
            lines = [f"{ind}if {self.cond(1)}:", f"{ind}    del {n}"]
        elif k == 59 and depth:
            lines = self.match(ind, depth, loop)
        elif k == 60 and not self.frozen:
            n = self.name("fn")
            lines = [f"{ind}{n} = lambda q{self.pick('', ', w=' + e('int', 0))}: {self.pick('q', 'cl')}({'q'} + {e('int', 1)})".replace("q(q", "(q")]
            lines = [lines[0]]
            self.settle()
            self.lambdas.append(n)
        elif k == 61 and self.gens:
            t = self.target("list")
            g = r.choice(self.gens)
            lines = [f"{ind}{t} = list({g}({e('int', 0)}, {r.randint(0, 8)}))"]
        elif k == 62 and self.coros:
            lines = [f"{ind}out.append(drive({r.choice(self.coros)}({e('int', 0)}, {r.randint(0, 5)})))"]
        else:
            lines = [f"{ind}out.append({e('int', 3)})"]
        self.settle()
        return lines

    def leave(self):
        return f"return {self.expr(self.pick('int', 'tuple'), 1)}"

    def sub(self, ind, depth, loop):
        return self.block(ind + "    ", self.r.randint(1, 3), depth - 1, loop)

    def loop(self, ind, depth):
        r = self.r
        k = r.randint(0, 9)
        inner = self.level
        self.level += 1
        most = (150, 8, 5, 3)[min(inner, 3)] if self.calm else (40, 12, 5, 3)[min(inner, 3)]
        lines = []
        kind_of = "str" if 5 <= k < 7 else "int"
        if k < 5:
            i = self.name("i_")
            n = r.randint(most // 3 + 1, most)
            lines.append(f"{ind}for {i} in range({self.pick(str(n), str(n), f'{n}, 0, -1', f'1, {n}, 2', f'{self.const(chr(105) + chr(110) + chr(116))} % {most}')}):")
            self.env[i] = "int"
        elif k < 7:
            i = self.name("i_")
            t = self.name("t")
            kind = self.pick("list", "tuple", "str")
            lines.append(f"{ind}{t} = {self.expr(kind, 1)} * {r.randint(1, max(1, most // 3))}")
            how = self.pick("", "", "enumerate", "zip", "reversed", "gen", "iter")
            if how == "enumerate":
                j = self.name("i_")
                lines.append(f"{ind}for {j}, {i} in enumerate({t}):")
                self.env[j] = "int"
            elif how == "zip":
                j = self.name("i_")
                lines.append(f"{ind}for {j}, {i} in zip(range({most}), {t}):")
                self.env[j] = "int"
            elif how == "gen" and self.gens:
                lines.append(f"{ind}for {i} in {r.choice(self.gens)}({self.expr('int', 0)}, {most}):")
            else:
                lines.append(f"{ind}for {i} in {how if how in ('reversed', 'iter') else ''}({t}):")
            self.env[i] = "str" if kind == "str" else "int"
        else:
            i = self.name("i_")
            n = r.randint(most // 3 + 1, most)
            lines.append(f"{ind}{i} = 0")
            lines.append(f"{ind}while {i} < {n}{self.pick('', '', ' and ' + self.cond(1))}:")
            lines.append(f"{ind}    {i} += {self.pick('1', '1', '2')}")
            self.env[i] = "int"
        body = self.block(ind + "    ", r.randint(2, 5), depth - 1, True)
        if self.calm and self.chance(0.8):
            self.calm, self.level = False, self.level + 1
            m = r.randint(2, most)
            event = [f"{ind}    if {i} {self.pick('==', '==', '>=')} {m}:" if self.chance(0.6) or kind_of == "str" else f"{ind}    if {i} % {m} == {m - 1}:"]
            event += self.block(ind + "        ", 1, 1, True)
            self.calm, self.level = True, self.level - 1
            body = event + body if self.chance(0.5) else body + event
        if self.chance(0.85 if self.level == 1 else 0.3):
            body = [ind + "    try:"] + ["    " + b for b in body] + [
                f"{ind}    except {r.choice(CATCH) if self.level > 1 or self.chance(0.1) else 'Exception'} as ex:", f"{ind}        out.append(show(ex))"]
        lines += body
        if self.chance(0.15):
            lines += [f"{ind}else:"] + self.sub(ind, min(depth, 1), False)
        self.level -= 1
        return lines

    def trying(self, ind, depth, loop):
        lines = [f"{ind}try:"] + self.sub(ind, depth, loop)
        n = self.r.choice([0, 1, 1, 1, 2])
        for _ in range(n):
            lines += [f"{ind}except {self.r.choice(CATCH)}{self.pick('', ' as ex', ' as ex')}:"]
            lines += self.block(ind + "    ", self.r.randint(1, 2), depth - 1, loop)
            if self.chance(0.15):
                lines += [f"{ind}    raise"]
        if n and self.chance(0.2):
            lines += [f"{ind}else:"] + self.sub(ind, depth, loop)
        if not n or self.chance(0.25):
            lines += [f"{ind}finally:"] + self.block(ind + "    ", self.r.randint(1, 2), depth - 1, False)
        return lines

    def match(self, ind, depth, loop):
        lines = [f"{ind}match {self.expr(self.pick('int', 'tuple', 'list', 'dict', 'str', 'obj'), 1)}:"]
        arms = ["0 | 1", "int(mv) if mv > 3", "[ma, mb]", "(ma, *mr)", "{'a': ma, **mk}", "str() as ms", "[]", "float()", "None", "'a' | 'abc'", "[int(ma), str(mb)]", "True"]
        if self.classes:
            arms += [self.r.choice(self.classes) + "(x=mx)", self.r.choice(self.classes) + "()"]
        for a in self.r.sample(arms, self.r.randint(1, 4)):
            lines += [f"{ind}    case {a}:"] + self.sub(ind + "    ", depth, loop)
        if self.chance(0.5):
            lines += [f"{ind}    case {self.pick('_', 'mo')}:"] + self.sub(ind + "    ", depth, loop)
        return lines

    # -- definitions

    def scope(self, env):
        self.env, self.pending, self.level, self.lambdas, self.frozen = dict(env), {}, 0, [], False

    def klass(self):
        r = self.r
        c = self.name("C")
        bases = [b for b in self.classes if self.chance(0.6)][:1]
        if not bases and self.chance(0.08):
            bases = [self.pick("list", "dict", "int")]
        builtin = bases in (["list"], ["dict"], ["int"])
        meta = ["metaclass=Meta"] if not bases and self.chance(0.12) else []
        L = [f"class {c}{'(' + ', '.join(bases + meta) + ')' if bases or meta else ''}:"]
        slots = not builtin and self.chance(0.25)
        if slots:
            L.append(f"    __slots__ = {self.pick(repr(('x', 'y')), repr(('x', 'y', 'z'))) if not bases else repr(('w',))}")
        else:
            L.append(f"    k = {self.const('int')}")
        if builtin:
            L += ["    def __new__(cls, x=0):", f"        return super().__new__(cls{', 7' if bases == ['int'] else ''})"]
        E = {"self.x": "int", "a": "int"}
        if not bases or builtin or self.chance(0.5):
            if bases and not builtin and self.chance(0.7):
                L += ["    def __init__(self, x=0):", f"        super().__init__(x{self.pick('', ' + 1')})"]
                if self.chance(0.5):
                    L += [f"        self.{'w' if slots else 'w'} = x"]
            else:
                L += ["    def __init__(self, x=0):", "        self.x = x"]
                if self.chance(0.7):
                    L += [f"        self.y = {self.const(self.pick('int', 'float'))}"]

        def body(env, ind="        "):
            saved = self.env, self.frozen
            self.env, self.frozen = env, True
            x = self.expr("int", 2)
            self.env, self.frozen = saved
            return x
        self.scope(E)
        own = lambda p: self.chance(p if not bases else p * 0.5)
        if own(0.9):
            L += ["    def m(self, a):"]
            if self.chance(0.4):
                L += [f"        self.x = cl({body(E)})"]
            if bases and not builtin and self.chance(0.4):
                L += [f"        return cl(super().m(a) + {body(E)})"]
            else:
                L += [f"        return cl({body(E)})"]
        if own(0.6):
            L += [f"    def n(self, a, *r, b={self.const('int')}, **kw):", f"        return cl({body(E | {'b': 'int', 'r': 'tuple'})})"]
        if own(0.5):
            L += ["    @property", "    def p(self):", f"        return {body({'self.x': 'int'})}"]
            if self.chance(0.6):
                L += ["    @p.setter", "    def p(self, a):", f"        self.x = cl({body(E)})"]
        if own(0.3):
            L += ["    @staticmethod", "    def s(a):", f"        return {body({'a': 'int'})}"]
        if own(0.3):
            L += ["    @classmethod", "    def c(cls, a):", f"        return {body({'a': 'int'})}"]
        if own(0.5):
            L += [f"    def {self.pick('__add__', '__add__', '__iadd__', '__radd__')}(self, a):", f"        return type(self)(cl({body(E)}))" if not builtin else "        return self"]
        if own(0.3) and not builtin:
            L += ["    def __eq__(self, o):", f"        return {self.pick('self.x == getattr(o, chr(120), o)', 'NotImplemented', 'True')}", "    def __hash__(self):", "        return 5"]
        if own(0.2):
            L += ["    def __lt__(self, o):", f"        return {self.pick('self.x < o', 'NotImplemented', 'self.x')}"]
        if own(0.25) and not builtin:
            L += ["    def __getitem__(self, a):", f"        return {body(E)}" if self.chance(0.6) else "        if a > 6:\n            raise IndexError(a)\n        return self.x"]
        if own(0.2) and not builtin:
            L += ["    def __setitem__(self, a, v):", "        self.x = v"]
        if own(0.2) and not builtin:
            L += ["    def __len__(self):", f"        return {self.pick('2', 'self.x', '0', '1')}"]
        if own(0.2):
            L += ["    def __call__(self, a=1):", f"        return {body(E)}"]
        if own(0.2):
            L += ["    def __neg__(self):", f"        return {body({'self.x': 'int'})}"]
        if own(0.15):
            L += ["    def __bool__(self):", f"        return {self.pick('True', 'False', 'self.x > 2', 'self.x')}"]
        if own(0.1):
            L += ["    def __getattr__(self, n):", f"        if n == 'z':", f"            return {self.const('int')}", "        raise AttributeError(n)"]
        if own(0.06) and not slots and not builtin:
            L += ["    def __setattr__(self, n, v):", "        super().__setattr__(n, v)"]
        if not builtin:
            L += self.members(body, E)
        self.classes.append(c)
        return L

    def leaf(self):
        """A function of ints."""
        f = self.name("f")
        kind = self.r.randint(0, 5)
        self.scope({"a": "int", "b": "int"})
        self.leave = lambda: f"return {self.expr('int', 1)}"
        L = [f"def {f}(a, b={self.const('int')}, *r, **kw):"]
        if self.chance(0.3):
            L.append(f"    global {self.glob}")
            self.env[self.glob] = "int"
        out = "    out = []\n" if True else ""
        L.append(out.rstrip("\n"))
        if kind == 0:
            L += ["    if not isinstance(a, int) or a <= 0 or a > 30:", "        return b", f"    return cl({f}(a - {self.pick('1', '2', '1, b + 1')}) {self.pick('+', '^', '*', '-')} {self.expr('int', 2)})"]
        elif kind == 1:
            L += self.block("    ", 2, 1, False)
            L += [f"    return cl({self.expr('int', 2)})"]
        elif kind == 2:
            L += self.loop("    ", 2)
            L += [f"    return cl({self.expr('int', 2)})"]
        elif kind == 3:
            self.scope({"a": "int", "b": "int", "q": "int"})
            L += ["    def inner(q):", f"        nonlocal {self.pick('a', 'b')}", f"        {self.pick('a', 'b')} = cl({self.expr('int', 1)})" if False else "        pass",
                  f"        return cl({self.expr('int', 2)})"]
            i = L.index("        pass") - 1
            v = L[i].split()[-1]
            L[i + 1] = f"        {v} = cl({self.expr('int', 1)})"
            del self.env["q"]
            self.lambdas = ["inner"]
            L += self.block("    ", 2, 1, False)
            L += [f"    return cl(inner({self.expr('int', 1)}) + {v})"]
        else:
            L += [f"    return cl({self.expr('int', 3)})"]
        del self.leave
        self.funcs.append(f)
        return L

    def genfn(self):
        g = self.name("g")
        self.scope({"a": "int", "n": "int"})
        L = [f"def {g}(a, n=3):", "    out = []"]
        if self.gens and self.chance(0.4):
            L += [f"    {self.pick('', 'w = ')}yield from {self.pick(*self.gens)}(a, {self.pick('n', '2')})"]
        L += ["    for i_ in range(n):"]
        self.env["i_"] = "int"
        saved = self.r.random() < 0.4
        if saved:
            L += ["        try:"]
        ind = "            " if saved else "        "
        L += self.block(ind, self.r.randint(0, 2), 1, True) if self.chance(0.7) else []
        L += [f"{ind}{self.pick('', '', 'a = cl(', 'got = (')}yield {self.expr(self.pick('int', 'int', 'tuple'), 2)}"]
        if "(yield" in L[-1]:
            L[-1] += ")"
            if "a = cl" in L[-1]:
                L[-1] += " or 0"
        if saved:
            L += [f"        {self.pick('finally', 'except ' + self.r.choice(CATCH))}:", f"            a = {self.expr('int', 1)}"]
        if self.chance(0.3):
            L += ["    return a"]
        self.gens.append(g)
        return L

    def coro(self):
        c = self.name("co")
        self.scope({"a": "int", "n": "int"})
        L = [f"async def {c}(a, n):", "    out = []", "    for i_ in range(n):"]
        self.env["i_"] = "int"
        L += [f"        a = cl({self.expr('int', 1)} + (await Aw({self.expr('int', 1)}) or 0))"]
        if self.coros and self.chance(0.5):
            L += [f"        out.append(await {self.r.choice(self.coros)}({self.expr('int', 0)}, 2))"]
        if self.chance(0.3):
            L += ["    async def ag():", "        for q in range(n):", "            await Aw(q)", f"            yield {self.expr('int', 1)}", "    async for q in ag():", "        out.append(q)"]
        L += ["    return cl(out), a"]
        self.coros.append(c)
        return L

    def unit(self, u):
        self.classes, self.funcs, self.gens, self.coros = [], [], [], []
        self.glob = f"G{u}"
        self.calm = self.chance(0.6)
        self.env, self.lambdas, self.pending, self.frozen, self.level = {}, [], {}, False, 0
        L = [f"{self.glob} = {self.const('int')}"]
        for _ in range(self.r.choice([0, 1, 2, 2, 3])):
            L += self.klass()
        for _ in range(self.r.choice([0, 1, 1, 2])):
            L += self.leaf()
        for _ in range(self.r.choice([0, 0, 1, 2])):
            L += self.genfn()
        if self.chance(0.15):
            L += self.coro()
        f = self.name("f")
        self.scope({"a": "int", "b": "int", "c": "float", "d": "list"})
        L.append(f"def {f}(out, a, b, c, d):")
        L.append(f"    global {self.glob}")
        self.env[self.glob] = "int"
        for kind in ("str", "dict", "tuple", "set", "obj"):
            n = self.name("v")
            L.append(f"    {n} = {self.const(kind)}")
            if kind != "obj" or self.classes:
                self.env[n] = kind
        n = self.name("v")
        L.append(f"    {n} = out_ = {self.const('int')}")
        self.env[n] = "int"
        for _ in range(self.r.choice([1, 1, 2])):
            L += self.loop("    ", 3)
        L += ["    try:"] + self.block("        ", 1, 1, False) + ["    except Exception as ex:", "        out.append(show(ex))"]
        L.append("    return sorted((i for i in locals().items() if i[0] not in ('out', '_c')), key=lambda i: i[0])")
        for _ in range(self.r.choice([1, 2, 3])):
            kinds = ("int", "int", "float", "list") if self.chance(0.8) else (self.pick("int", "float", "str"), "int", "float", self.pick("list", "tuple"))
            L.append(f"go('u{u}', {self.r.choice([2, 3, 6, 12, 25])}, {f}, {', '.join(self.const(k) for k in kinds)})")
        return L


def program(seed, units):
    g = Gen(seed)
    parts = [PRELUDE, more.PRELUDE, events.PRELUDE]
    for u in range(units):
        # What the grammar forbids (a walrus in a comprehension's iterable...) is left to the compiler to find.
        for _ in range(20):
            text = "\n".join(g.events(u) if g.chance(0.4) else g.unit(u)) + "\n"
            try:
                compile(text, "unit", "exec")
            except SyntaxError:
                continue
            parts.append(text)
            break
    return "\n".join(parts)


if __name__ == "__main__":
    import sys
    print(program(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 10))
