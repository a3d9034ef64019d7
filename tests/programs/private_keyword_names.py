class A:
    def f(self, *a):
        print(dict(__x=1))
        print(dict(*a, __x=1))
        print(dict(*a, __x=1, **{}))
        def g(*, __y=3): pass
        print(g.__kwdefaults__)
A().f()
