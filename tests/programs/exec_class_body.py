# The body of a class of a library module, run by itself: its code has not run before.
import importlib.util
import types

source = importlib.util.find_spec("shelve").loader.get_code("shelve")
bodies = [c for c in source.co_consts if isinstance(c, types.CodeType) and not c.co_flags & 1]
for body in bodies:
    space = {"__name__": "elsewhere"}
    try:
        exec(body, space)
    except TypeError as e:
        # It has a cell for `__class__`.
        print(body.co_name, e)
    else:
        print(body.co_name, space["__module__"], space["__qualname__"], "__init__" in space)
