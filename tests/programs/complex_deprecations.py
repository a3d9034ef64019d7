# Complex numbers given as parts: one warning each, which names the argument that was given.
import warnings


class Complex(complex):
    pass


class Has:
    def __complex__(self):
        return 1 + 2j


class Both(Has):
    def __float__(self):
        return 3.0


for args in [(1, 1j), (1j, 1), (1j, 1j), (Complex(1j), 2), (1, Complex(2j)), (Has(), 2), (Both(), 2), (Has(),), (1j,)]:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        print(complex(*args), [str(w.message) for w in seen])
for kw in [{"real": 1j}, {"imag": 1j}, {"real": Has(), "imag": 1.5}]:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        print(complex(**kw), [str(w.message) for w in seen])
