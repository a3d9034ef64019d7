"""A template engine: templates are parsed into nodes with inheritance, loops, conditions, filters and escaping, and
rendered with nested contexts into pages.

    templates.py [N]        N: pages
"""
import html
import re
import sys

TOKEN = re.compile(r"(\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\})", re.S)
EXPRESSION = re.compile(r"""\s*(?:(?P<str>"[^"]*")|(?P<num>\d+)|(?P<name>[\w.]+)|(?P<op>==|!=|<|>|\||,|\(|\)))""")

TEMPLATES = {
    "base": """<html><head><title>{% block title %}Shop{% endblock %}</title></head>
<body>{# a comment #}{% include "menu" %}
{% block content %}nothing{% endblock %}
<footer>{{ site.name|upper }} - page {{ number }}</footer></body></html>""",
    "menu": """<ul>{% for entry in site.menu %}<li{% if entry.url == current %} class="active"{% endif %}>{{ entry.title }}</li>{% endfor %}</ul>""",
    "list": """{% extends "base" %}{% block title %}{{ title|title }} ({{ products|length }}){% endblock %}
{% block content %}<table>
{% for p in products %}<tr class="{% if loop.even %}even{% else %}odd{% endif %}"><td>{{ loop.index }}</td><td>{{ p.name }}</td>
<td>{{ p.price|money }}</td><td>{% if p.stock > 10 %}plenty{% elif p.stock > 0 %}only {{ p.stock }}{% else %}<b>sold out</b>{% endif %}</td>
<td>{{ p.tags|join(", ") }}</td></tr>
{% endfor %}</table>{% if not products %}<p>empty</p>{% endif %}{% endblock %}""",
    "detail": """{% extends "base" %}{% block title %}{{ product.name }}{% endblock %}
{% block content %}<h1>{{ product.name }}</h1><p>{{ product.text|truncate(60)|default("no text") }}</p>
{% for review in product.reviews %}<blockquote>{{ review.text }} &mdash; {{ review.author.name|upper }}{% for s in review.stars %}*{% endfor %}</blockquote>
{% endfor %}{{ product.missing.value|default("-") }}{% endblock %}""",
}


class TemplateError(Exception):
    pass


FILTERS = {
    "upper": lambda v: str(v).upper(),
    "title": lambda v: str(v).title(),
    "length": len,
    "money": lambda v: f"{v / 100:,.2f} €",
    "join": lambda v, s: s.join(map(str, v)),
    "truncate": lambda v, n: v if v is None or len(v) <= n else v[:n].rsplit(" ", 1)[0] + "...",
    "default": lambda v, d: d if v is None or v == "" else v,
}


class Context:
    def __init__(self, values):
        self.scopes = [values]

    def lookup(self, parts):
        for scope in reversed(self.scopes):
            if parts[0] in scope:
                value = scope[parts[0]]
                break
        else:
            return None
        for part in parts[1:]:
            if value is None:
                return None
            if isinstance(value, dict):
                value = value.get(part)
            else:
                value = getattr(value, part, None)
        return value


class Expression:
    def __init__(self, text):
        self.tokens = [(m.lastgroup, m.group(m.lastgroup)) for m in EXPRESSION.finditer(text)]
        self.at = 0
        self.negated = self.accept("not")
        self.left = self.filtered()
        self.op = self.right = None
        if self.at < len(self.tokens):
            self.op = self.tokens[self.at][1]
            self.at += 1
            self.right = self.filtered()

    def accept(self, text):
        if self.at < len(self.tokens) and self.tokens[self.at][1] == text:
            self.at += 1
            return True
        return False

    def operand(self):
        if self.at >= len(self.tokens):
            raise TemplateError("expression expected")
        kind, text = self.tokens[self.at]
        self.at += 1
        if kind == "str":
            return "constant", text[1:-1]
        if kind == "num":
            return "constant", int(text)
        return "name", tuple(text.split("."))

    def filtered(self):
        operand, filters = self.operand(), []
        while self.accept("|"):
            name, args = self.tokens[self.at][1], []
            self.at += 1
            if name not in FILTERS:
                raise TemplateError(f"no filter {name}")
            if self.accept("("):
                while not self.accept(")"):
                    args.append(self.operand()[1])
                    self.accept(",")
            filters.append((FILTERS[name], args))
        return operand, filters

    def value(self, part, context):
        (kind, value), filters = part
        if kind == "name":
            value = context.lookup(value)
        for function, args in filters:
            value = function(value, *args)
        return value

    def eval(self, context):
        left = self.value(self.left, context)
        if self.op is not None:
            right = self.value(self.right, context)
            match self.op:
                case "==":
                    left = left == right
                case "!=":
                    left = left != right
                case "<":
                    left = left < right
                case ">":
                    left = left > right
        return not left if self.negated else left


class Text:
    def __init__(self, text):
        self.text = text

    def render(self, context, out, blocks):
        out.append(self.text)


class Output(Expression):
    def render(self, context, out, blocks):
        value = self.eval(context)
        if value is not None:
            out.append(html.escape(str(value)))


class For:
    def __init__(self, name, expression, body):
        self.name, self.expression, self.body = name, expression, body

    def render(self, context, out, blocks):
        scope = {}
        context.scopes.append(scope)
        for i, item in enumerate(self.expression.eval(context) or ()):
            scope[self.name] = item
            scope["loop"] = {"index": i + 1, "even": i % 2 == 1, "first": i == 0}
            for node in self.body:
                node.render(context, out, blocks)
        context.scopes.pop()


class If:
    def __init__(self):
        self.arms = []

    def render(self, context, out, blocks):
        for condition, body in self.arms:
            if condition is None or condition.eval(context):
                for node in body:
                    node.render(context, out, blocks)
                return


class Block:
    def __init__(self, name, body):
        self.name, self.body = name, body

    def render(self, context, out, blocks):
        for node in blocks.get(self.name, self).body:
            node.render(context, out, blocks)


class Include:
    def __init__(self, engine, name):
        self.engine, self.name = engine, name

    def render(self, context, out, blocks):
        for node in self.engine.get(self.name).nodes:
            node.render(context, out, blocks)


class Template:
    def __init__(self, engine, source):
        self.engine = engine
        self.parent = None
        self.blocks = {}
        self.tokens = iter([t for t in TOKEN.split(source) if t])
        self.nodes, _ = self.parse()

    def parse(self, *ends):
        nodes = []
        for token in self.tokens:
            if token.startswith("{{"):
                nodes.append(Output(token[2:-2]))
            elif token.startswith("{#"):
                continue
            elif not token.startswith("{%"):
                nodes.append(Text(token))
            else:
                word, _, rest = token[2:-2].strip().partition(" ")
                if word in ends:
                    return nodes, (word, rest)
                nodes.append(self.tag(word, rest))
        if ends:
            raise TemplateError(f"missing {ends[-1]}")
        return nodes, None

    def tag(self, word, rest):
        if word == "for":
            name, _, expression = rest.partition(" in ")
            return For(name.strip(), Expression(expression), self.parse("endfor")[0])
        if word == "if":
            node, condition = If(), Expression(rest)
            while True:
                body, (end, rest) = self.parse("elif", "else", "endif")
                node.arms.append((condition, body))
                if end == "endif":
                    return node
                condition = Expression(rest) if end == "elif" else None
        if word == "block":
            block = self.blocks[rest] = Block(rest, self.parse("endblock")[0])
            return block
        if word == "include":
            return Include(self.engine, rest.strip('"'))
        if word == "extends":
            self.parent = rest.strip('"')
            return Text("")
        raise TemplateError(f"unknown tag {word}")

    def render(self, values):
        template, blocks = self, dict(self.blocks)
        while template.parent:
            template = self.engine.get(template.parent)
            blocks = {**template.blocks, **blocks}
        out, context = [], Context(values)
        for node in template.nodes:
            node.render(context, out, blocks)
        return "".join(out)


class Engine:
    def __init__(self, sources):
        self.sources, self.cache = sources, {}

    def get(self, name):
        if name not in self.cache:
            self.cache[name] = Template(self, self.sources[name])
        return self.cache[name]


class Product:
    def __init__(self, i):
        self.name = f"Thing <{i}> & co"
        self.price, self.stock = 995 + i * 137 % 9000, i * 7 % 25 - 3
        self.tags = ["new", "sale", "rare"][:i % 4]
        self.text = None if i % 5 == 0 else f"The thing with number {i} " * (i % 7)
        self.reviews = [{"text": f"I {'like' if k % 2 else 'hate'} it \"{k}\"", "author": {"name": f"user{k}"}, "stars": range(k % 6)} for k in range(i % 5)]


def main(n):
    engine = Engine(TEMPLATES)
    site = {"name": "The shop", "menu": [{"url": u, "title": u.strip("/").title() or "Home"} for u in ("/", "/list", "/about", "/contact")]}
    products = [Product(i) for i in range(60)]
    size = checksum = 0
    for i in range(n):
        if i % 3 == 0:
            values = {"site": site, "number": i, "current": "/list", "title": "all things", "products": products[i % 40:i % 40 + i % 25]}
            page = engine.get("list").render(values)
        else:
            page = engine.get("detail").render({"site": site, "number": i, "current": "/", "product": products[i % 60]})
        size += len(page)
        checksum = (checksum * 31 + page.count("e") + 7 * page.count("<")) % 1000000007
        if i == 7:
            print(page)
    print(size, checksum)
    for wrong in ("{% for x in y %}", "{{ }}", "{{ x|nothing }}", "{% frob %}"):
        try:
            Template(engine, wrong)
        except TemplateError as e:
            print(type(e).__name__, e)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 12)
