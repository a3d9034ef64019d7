//! Programs under collector stress: a collection at nearly every allocation, freed memory poisoned.

use adder_lang::vm::builtins::{function, module};
use adder_lang::vm::{hooks, n};
use adder_lang::{Gc, Settings, init};

const PROGRAMS: &[&str] = &[
    // calls, recursion, closures
    "def fib(n):\n    return n if n < 2 else fib(n-1) + fib(n-2)\nassert fib(12) == 144\n\
     def mk(x):\n    def f(y=1, *a, k=2, **kw):\n        return x + y + k + len(a) + len(kw)\n    return f\n\
     assert mk(1)(2, 3, 4, k=5, z=6) == 1 + 2 + 5 + 2 + 1\n",
    // classes, attributes beyond the in-object capacity, dict mode, properties, super
    "class A:\n    k = 1\n    def __init__(self, x):\n        self.x = x\n    def m(self):\n        return self.x + self.k\n\
     class B(A):\n    def __init__(self, x):\n        super().__init__(x)\n        self.y = x\n\
     \x20   @property\n    def p(self):\n        return self.y\n    def __add__(self, o):\n        return B(self.x + o.x)\n\
     b = B(1)\ni = 0\nwhile i < 50:\n    b = b + B(i)\n    b.extra = i\n    b.more = b.p\n    i += 1\n\
     assert b.m() == 1 + 49 * 25 + 1, b.m()\n\
     o = A(0)\ni = 0\nwhile i < 40:\n    setattr(o, 'n' + str(i), i)\n    i += 1\nassert o.n39 == 39\ndel o.n5\nassert o.n6 == 6\n",
    // generators, exceptions with tracebacks and contexts
    "def g(n):\n    i = 0\n    while i < n:\n        try:\n            yield i\n        finally:\n            i += 1\n\
     def h(n):\n    x = yield from g(n)\n    yield x\n\
     s = 0\nfor v in g(30):\n    s += v\nassert s == 435\n\
     n = 0\nfor v in h(10):\n    n += 1\nassert n == 11\n\
     def f(d):\n    if d == 0:\n        raise ValueError('x')\n    try:\n        f(d - 1)\n    except Exception as e:\n        raise KeyError(d) from e\n\
     try:\n    f(8)\nexcept KeyError as e:\n    n = 0\n    while e is not None:\n        n += 1\n        assert e.__traceback__ is not None\n        e = e.__cause__\n    assert n == 9, n\n",
    // dicts that grow, shrink, change kind
    "d = {}\ni = 0\nwhile i < 300:\n    d[i] = 'v' + str(i)\n    d['k' + str(i)] = i\n    i += 1\nassert len(d) == 600\n\
     i = 0\nwhile i < 300:\n    assert d.pop(i) == 'v' + str(i)\n    i += 2\nassert len(d) == 450 and d['k299'] == 299\n",
];

#[test]
fn programs() {
    let handle = std::thread::Builder::new()
        .stack_size(64 << 20)
        .spawn(|| {
            let base = 0u8;
            let mut settings = Settings::default();
            settings.heap.mode = Gc::Stress(3);
            let th = init(settings, &raw const base as usize, 60 << 20).expect("start");
            for (i, p) in PROGRAMS.iter().enumerate() {
                let ran = (|| {
                    let main = module::new(th, n!(__main__), adder_lang::vm::value::NONE())?;
                    let code = hooks::compile(th, p, "<stress>", hooks::Mode::Exec, 0, -1)?;
                    function::run_code(th, code, main.ns(), main.ns().value(), None)
                })();
                if ran.is_err() {
                    let e = th.take_exc();
                    let s = th.to_str(e).map(|s| th.text(s)).unwrap_or_default();
                    panic!("program {i}: {}: {s}", th.type_name_of(e));
                }
            }
        })
        .unwrap();
    handle.join().unwrap();
}
