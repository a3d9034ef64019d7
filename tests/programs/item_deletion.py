# What an object says that has no items to delete or to set.
class C: pass
objects = [(1, 2, 3), "abc", range(3), frozenset(), b"x", 5, None, 1.5, C(), print, C, {1: 2}.keys(), iter([])]
for o in objects:
    for k in (0, True, slice(0, 1), "a", None, 1 << 70):
        for action in ("del o[k]", "o[k] = 1"):
            try:
                exec(action)
            except (TypeError, IndexError) as e:
                print(action, type(o).__name__, k, e)
