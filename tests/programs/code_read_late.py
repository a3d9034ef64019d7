# Code of the library is read when it is first called: what it is called is known before, and stays right in copies.
import marshal
import textwrap
import types

f = textwrap.shorten
c = f.__code__
print(c.co_name, c.co_qualname, c.co_filename.endswith("textwrap.py"))
d = c.replace(co_firstlineno=7)
print(d.co_name, d.co_qualname, d.co_filename == c.co_filename, d.co_firstlineno)
print(c == c.replace(), c == c.replace(co_name="other"), c == d, hash(c) == hash(c.replace()))
m = marshal.loads(marshal.dumps(c))
print(m == c, m.co_name, m.co_qualname, m.co_filename == c.co_filename)
print(m.co_exceptiontable == c.co_exceptiontable, c.replace().co_exceptiontable == c.co_exceptiontable)

# Methods, nested functions, a copy that is called.
w = textwrap.TextWrapper._split_chunks.__code__
print(w.co_name, w.co_qualname)
other = w.replace(co_name="split", co_qualname="X.split")
print(other.co_name, other.co_qualname, w == other)
g = types.FunctionType(c.replace(co_name="g"), f.__globals__)
print(g("a  b   c", 80), g.__code__.co_name, g.__name__)
try:
    g("a", 80, unknown=1)
except TypeError as e:
    print(e)
t = textwrap.dedent
print(t.__code__.co_varnames[:1], t("  a\n  b"), t.__code__.co_name, t.__code__.replace().co_name)
