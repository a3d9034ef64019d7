"""Writes what CPython 3.14 does with a pattern as lines that `tests/common/mod.rs` reads.

    P <codes> <groups> <pattern, for the reader>     a program; codes in hexadecimal
    S b|u <hex>                                      a subject: bytes, or str as WTF-8
    r <pos> <endpos> <search>;<match>;<fullmatch>    their results; "=": the one before again
    i|I <spans>                                      all spans of finditer / of scanner.match
    X <codes> <groups>                               codes that are refused
    V <codes> <groups>                               codes that are accepted

Positions count characters. A result is "-" (no match), "E" (SystemError for a group that ends
before it starts) or "start,end,lastindex" and " start,end" for each group.
"""

import contextlib
import io
import re
from re import _compiler, _constants, _parser

import _sre


def codes_of(pattern, flags):
    tree = _parser.parse(pattern, flags)
    return [int(c) for c in _compiler._code(tree, flags)], tree.state.groups - 1


def hexed(codes):
    return ",".join(f"{c:x}" for c in codes)


def result(call):
    try:
        match = call()
    except SystemError:
        return "E"
    if match is None:
        return "-"
    spans = [f"{a},{b}" for a, b in match.regs]
    spans[0] += f",{match.lastindex or 0}"
    return " ".join(spans)


def spans(matches):
    try:
        return " ".join(f"{m.start()},{m.end()}" for m in matches)
    except SystemError:
        return "E"


def write_pattern(out, pattern, flags=0):
    """Returns the compiled pattern; raises re.error (and others) if there is none."""
    compiled = re.compile(pattern, flags)
    codes, groups = codes_of(pattern, flags)
    out.write(f"P {hexed(codes)} {groups} {ascii(pattern)} {flags:d}\n")
    return compiled


def write_subject(out, compiled, subject, slices=()):
    if isinstance(subject, str):
        out.write(f"S u {subject.encode('utf-8', 'surrogatepass').hex()}\n")
    else:
        out.write(f"S b {subject.hex()}\n")
    for pos, end in ((0, len(subject)), *slices):
        results = []
        for method in (compiled.search, compiled.match, compiled.fullmatch):
            now = result(lambda: method(subject, pos, end))
            results.append("=" if results and now == last else now)
            last = now
        out.write(f"r {pos} {end} {';'.join(results)}\n")
    out.write(f"i {spans(compiled.finditer(subject))}\n")
    scanner = compiled.scanner(subject)
    out.write(f"I {spans(iter(scanner.match, None))}\n")


def write_validity(out, codes, groups):
    try:
        _sre.compile(None, 0, codes, groups, {}, (None,) * (groups + 1))
    except RuntimeError:
        out.write(f"X {hexed(codes)} {groups}\n")
    else:
        out.write(f"V {hexed(codes)} {groups}\n")


def operations(pattern, flags):
    """The names of the operations in the program of a pattern."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        _compiler.dis(_compiler._code(_parser.parse(pattern, flags), flags))
    names = {op.name for op in _constants.OPCODES}
    return {word for word in re.findall(r"[A-Z_]+", text.getvalue()) if word in names}
