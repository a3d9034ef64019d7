# t-strings (PEP 750): structure, processing, concatenation, nesting, laziness of formatting.
from string.templatelib import Template, Interpolation, convert

name, n = "World", 42
t = t"Hello {name!r:>10} and {n + 1:{n}d}!"
print(type(t).__name__, t.strings, t.values)
for part in t:
    if isinstance(part, str):
        print("text", repr(part))
    else:
        print("value", part.value, part.expression, part.conversion, part.format_spec)
print(repr(t))
print(t"".strings, t"".interpolations, t"{n}".strings, t"{n}{n}".strings)
print((t"a{1}" + t"b{2}").strings, (t"x" t"y{n}").strings, t"{n=}".strings, t"{n=}".interpolations[0].conversion)

def render(template):
    out = []
    for part in template:
        match part:
            case str(text): out.append(text)
            case Interpolation(Template() as inner): out.append(render(inner))
            case Interpolation(value, _, conversion, spec): out.append(format(convert(value, conversion), spec))
    return "".join(out)
print(render(t), render(t"[{t'inner {n}'}]"), render(t"{'x':*^5}{3.14159:.2f}"))

def html(template):
    def escape(s): return str(s).replace("&", "&amp;").replace("<", "&lt;")
    return "".join(p if isinstance(p, str) else escape(p.value) for p in template)
evil = "<script>"
print(html(t"<p>{evil} & {1 < 2}</p>"))

made = Template("a", Interpolation(5, "five", "r", "03"), "b", "c", Interpolation(6, "six"))
print(made.strings, [i.expression for i in made.interpolations], made.values)
i = Interpolation(1, "e", None, "spec")
print(i, Interpolation.__match_args__)
print(rt"\n{n}".strings, t"{{}}{n}".strings, t'''multi
{n
}'''.strings)

order = []
def note(x):
    order.append(x)
    return x
late = t"{note(1)} {note(2):{note(3)}}"
print(order, late.interpolations[1].format_spec)
class Loud:
    def __format__(self, spec):
        print("formatting")
        return "loud"
print(len(t"{Loud()}".values), render(t"{Loud()}"))

for bad in (lambda: t"a" + "b", lambda: "a" + t"b", lambda: t"a" * 2, lambda: Template(1), lambda: Interpolation(1, "x", "q"),
            lambda: str(t"a") and hash(t"{[]}") and None):
    try:
        print(bad())
    except (TypeError, ValueError) as e:
        print(type(e).__name__, e)
for source in ("t'{}'", "t'{a'", "t'a' 'b'", "t'a' f'b'", "bt'a'", "t'{a!z}'"):
    try:
        eval(source)
        print("fine")
    except SyntaxError as e:
        print(e.msg)
try:
    t.strings = ()
except AttributeError as e:
    print(e)
try:
    class Sub(Template): pass
except TypeError as e:
    print(e)
