# f-strings: conversions, format specs, nesting, =, quotes, multi-line, debug text, evaluation order.
import datetime, decimal

name, n, pi, width = "World", 42, 3.14159265, 12
print(f"Hello {name}! {n:05d} {pi:.3f} {n:#x} {n:,} {-n:+} {n!r:>6} {name!s:*^11} {name!a}")
print(f"{name:>{width}}|{pi:{width}.{2 + 1}}|{n:{'0' + str(8)}b}|{name[0]:<3}|")
print(f"{n=} {n = } {name=!s} {pi=:.2f} {n + 1=} {  name  =}")
print(f"{{literal}} {{{n}}} {'{'} {"nested " + f"{n + 1}"} {"quotes" 'inside'}")
print(f'{name!r} {"\n".join(["a", "b"])!r} {chr(10)!r}')
print(f"{(lambda x: x * 2)(21)} {[i for i in range(3)]} { {1: 2}[1] } {n if n > 1 else 0} {(y := 5)} {y}")
print(f"""multi
line {
    n
    + 1  # a comment
} end""")
print("a" f"{1}" "b" rf"\d{2}" f"\t|\x41\N{BULLET}\u00e9")
print(f"{n:>{width}}" f"{'é':é>4}" f"{True:d} {True} {None!s:>6}")
print(f"{1e10} {1e-5} {1e16} {123456789.123456789:.10g} {0.1 + 0.2} {1/3:%} {12345.678:,.2f} {1234567:_}")
print(f"{255:x} {255:X} {255:o} {255:b} {255:#b} {65:c} {-255:#010x} {3:+d} {3: d} {12:<5}| {12:^5}| {12:=+6}|")
print(f"{'text':10}|{'text':>10}|{'text':^10}|{'text':.2}|{'text':-^10.3}|")
print(f"{1+2j} {1.5-2j:.2f} {float('nan')} {float('inf'):>6} {-0.0} {1e300 * 1e10:F}")
when = datetime.datetime(2024, 2, 29, 13, 5, 9)
print(f"{when:%Y-%m-%d %H:%M} {when!s} {when:%A|%j} {datetime.date(1999, 1, 2)}")
print(f"{decimal.Decimal('1.10')} {decimal.Decimal('1234.5'):,.3f}")

class Custom:
    def __format__(self, spec): return f"<{spec}>"
    def __str__(self): return "str"
    def __repr__(self): return "repr"
c = Custom()
print(f"{c} {c:spec} {c!s} {c!r:>6} {c:{n}:{name}}")

order = []
def note(x):
    order.append(x)
    return x
print(f"{note(1)} {note(2):{note(3)}} {note(4)}", order)

for source in ("f'{'", "f'}'", "f'{}'", "f'{a!x}'", "f'{a b}'", "f'{a:{b:{c:{d}}}}'", "f'{!r}'", "f'{lambda x: 1}'",
               "f'{a!r:}'", "f'{*a}'", "f'{a=!}'", "f'{a:=5}'", "rf'{a}\\{b}'", "f'''{\n1\n}'''", "f'{a['x']}'"):
    try:
        print(eval(source, {"a": "A", "b": 2, "c": 3, "d": 4}))
    except (SyntaxError, NameError, TypeError, ValueError) as e:
        print(type(e).__name__, e.msg if isinstance(e, SyntaxError) else e)
for spec, value in (("d", "x"), ("s", 1), ("q", 1), ("c", -1), (",s", "x"), (".3d", 5), ("=10", "x"), ("z", "s"), ("z.1f", -0.01)):
    try:
        print(format(value, spec))
    except (ValueError, OverflowError) as e:
        print(type(e).__name__, e)
print(f"{'a' 'b'}{''}{'' or 'x'}", f"{n}{n}{n}" * 2, len(f"{'x' * 1000}"))
def deep(k): return f"({deep(k - 1)})" if k else ""
print(deep(12))
print("{} {1}".format if False else "{0} {1} {0} {a[k]} {b.real:.1f} {2!r:>5}".format("x", "y", "z", a={"k": "v"}, b=2))
print("%s %d %5.2f %-6s| %+d %x %o %e %g %c %% %r %05d %(k)s" % {"k": 1} if False else
      "%s %d %5.2f %-6s| %+d %x %o %e %g %c %% %r %05d %*d" % ("s", 42.9, 3.14159, "ab", 5, 255, 8, 12345.678, 1e-7, "c", "r", 42, 6, 7))
print("%(a)s and %(b)03d" % {"a": "A", "b": 7})
