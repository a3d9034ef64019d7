# Constructors of native types say what they take.
import functools, inspect, itertools, types

for t in [getattr(itertools, n) for n in dir(itertools)] + [
    functools.partial, functools.reduce, types.FunctionType, types.MethodType, types.NoneType, types.CellType,
    types.EllipsisType, types.NotImplementedType, types.TracebackType,
]:
    if isinstance(t, type) and t.__name__ != "_tee_dataobject" or t is functools.reduce:
        try:
            print(t.__name__, inspect.signature(t))
        except ValueError as e:
            print(t.__name__, "none", t.__text_signature__)
for m in functools.partial.__reduce__, itertools.chain.__class_getitem__, type(...).__reduce__:
    print(m.__text_signature__)
