"""Cuts a program down while a property holds: deletes statements in halves, puts bodies in the place of compound
statements and operands in the place of expressions.
"""
import ast
import time
import warnings

warnings.simplefilter("ignore")

BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


def minimise(source, holds, deadline):
    tree = ast.parse(source)
    current = ast.unparse(tree)
    if not holds(current):
        return source
    while time.monotonic() < deadline:
        before = current
        current = _statements(current, holds, deadline)
        current = _hoist(current, holds, deadline)
        current = _expressions(current, holds, deadline)
        if current == before:
            break
    return current


def _attempt(tree, holds, current):
    try:
        text = ast.unparse(ast.fix_missing_locations(tree))
        compile(text, "m", "exec")
    except (SyntaxError, ValueError, AttributeError):
        return None
    if len(text) < len(current) and holds(text):
        return text
    return None


def _lists(tree):
    """(node, field) of all lists of statements, outermost first."""
    for node in ast.walk(tree):
        for field in BLOCKS:
            block = getattr(node, field, None)
            if isinstance(block, list) and block:
                yield node, field


def _statements(current, holds, deadline):
    place = 0
    tree = ast.parse(current)
    while time.monotonic() < deadline:
        lists = list(_lists(tree))
        if place >= len(lists):
            return current
        size = len(getattr(*lists[place]))
        while size >= 1 and time.monotonic() < deadline:
            at = 0
            while time.monotonic() < deadline:
                node, field = list(_lists(tree))[place]
                block = getattr(node, field)
                if at >= len(block):
                    break
                kept = block[:at] + block[at + size:]
                if not kept and field == "body":
                    kept = [ast.Pass()]
                    if isinstance(block[0], ast.Pass):
                        break
                setattr(node, field, kept)
                text = _attempt(tree, holds, current)
                tree = ast.parse(text or current)
                if text:
                    current = text
                    if place >= len(list(_lists(tree))):
                        return current
                else:
                    at += size
            size //= 2
        place += 1
    return current


def _hoist(current, holds, deadline):
    """`if c: body` becomes `body`, for all compound statements."""
    place = 0
    while time.monotonic() < deadline:
        tree = ast.parse(current)
        spots = [(n, f, i) for n, f in _lists(tree) for i, s in enumerate(getattr(n, f))
                 if isinstance(s, (ast.If, ast.For, ast.While, ast.Try, ast.With, ast.Match))]
        if place >= len(spots):
            return current
        n, f, i = spots[place]
        block = getattr(n, f)
        inner = block[i].cases[0].body if isinstance(block[i], ast.Match) else block[i].body
        block[i:i + 1] = inner
        text = _attempt(tree, holds, current)
        if text:
            current = text
        else:
            place += 1
    return current


def _expressions(current, holds, deadline):
    place = 0
    while time.monotonic() < deadline:
        spots = _spots(ast.parse(current))
        if place >= len(spots):
            return current
        node, field, i = spots[place]
        old = getattr(node, field) if i is None else getattr(node, field)[i]
        inner = [c for c in ast.iter_child_nodes(old) if isinstance(c, ast.expr)]
        for new in inner + [ast.Constant(1), ast.Constant(None)]:
            tree = ast.parse(current)
            # The same place in a fresh tree.
            _put(*_spots(tree)[place], new)
            text = _attempt(tree, holds, current)
            if text:
                current = text
                break
        else:
            place += 1
    return current


def _spots(tree):
    """(node, field, index) of expressions."""
    spots = []
    for node in ast.walk(tree):
        for field, value in ast.iter_fields(node):
            if isinstance(value, ast.expr) and not isinstance(value, (ast.Name, ast.Constant)) and isinstance(getattr(value, "ctx", ast.Load()), ast.Load):
                spots.append((node, field, None))
            elif isinstance(value, list):
                spots += [(node, field, i) for i, v in enumerate(value)
                          if isinstance(v, ast.expr) and isinstance(getattr(v, "ctx", ast.Load()), ast.Load)]
    return spots


def _put(node, field, i, new):
    if i is None:
        setattr(node, field, new)
    else:
        getattr(node, field)[i] = new
