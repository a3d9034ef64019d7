# What `__builtins__` is: the module in `__main__`, the module's dict elsewhere.
import json
import types

print(type(__builtins__).__name__)
print(type(json.__builtins__).__name__, json.__builtins__ is vars(__builtins__))
d = {}
exec("def f(): return len\nx = 1", d)
print(type(d["__builtins__"]).__name__, d["f"].__builtins__ is d["__builtins__"])
m = types.ModuleType("m")
exec("def g(): return __builtins__['len']([1])\nimport os", m.__dict__)
print(type(m.__builtins__).__name__, m.g(), m.g.__builtins__ is d["__builtins__"])
print(eval("type(__builtins__).__name__", {}))
# A change is seen by everybody.
json.__builtins__["answer"] = 42
print(answer, eval("answer", {"__builtins__": __builtins__}))
del json.__builtins__["answer"]
# A restricted namespace is passed on to what is executed in it.
r = {"__builtins__": {"exec": exec, "globals": globals, "print": print}}
exec("d = {}; exec('print([*__builtins__])', d)", r)
