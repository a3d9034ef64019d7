"""Test module for testing multi-phase initialization.

In CPython an extension module; there are none here. It has what that one has, for tests that only import it.
"""

int_const = 1969
str_const = "something different"


class error(Exception):
    pass


class Example:
    """The Example type"""

    def demo(self, obj=None, /):
        """demo() -> None"""
        return obj if isinstance(obj, str) else None


class Str(str):
    pass


def foo(i, j, /):
    """foo(i,j)

    Return the sum of i and j."""
    if type(i) is not int or type(j) is not int:
        raise TypeError("an integer is required")
    return i + j


def call_state_registration_func(which, /):
    """register_state(0): call PyState_FindModule()
register_state(1): call PyState_AddModule()
register_state(2): call PyState_RemoveModule()"""
    if not 0 <= which <= 2:
        return None
    raise SystemError("modules have no state that is registered")
