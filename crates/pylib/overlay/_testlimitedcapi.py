"""What CPython's own tests ask of its C API outside test_capi: the sequence and attribute functions.

There is no C API here; these do what its functions are documented to do, through the protocols of the objects.
"""

import operator as _operator


def _position(seq, i):
    i = _operator.index(i)
    return i + len(seq) if i < 0 else i


def sequence_check(seq):
    return not isinstance(seq, dict) and hasattr(type(seq), "__getitem__")


def sequence_size(seq):
    return len(seq)


sequence_length = sequence_size


def sequence_concat(a, b):
    return _operator.concat(a, b)


def sequence_repeat(seq, count):
    return seq * _operator.index(count)


def sequence_getitem(seq, i):
    i = _position(seq, i)
    if i < 0:
        raise IndexError("index out of range")
    return seq[i]


def sequence_setitem(seq, i, value):
    i = _position(seq, i)
    if i < 0:
        raise IndexError("assignment index out of range")
    seq[i] = value


def sequence_delitem(seq, i):
    i = _position(seq, i)
    if i < 0:
        raise IndexError("assignment index out of range")
    del seq[i]


def sequence_contains(seq, value):
    return int(value in seq)


def object_hasattrstring(obj, name):
    return int(hasattr(obj, name.decode()))


def object_getattrstring(obj, name):
    return getattr(obj, name.decode())


def object_setattrstring(obj, name, value):
    setattr(obj, name.decode(), value)


def _py_getbuiltwithassert():
    return 0
