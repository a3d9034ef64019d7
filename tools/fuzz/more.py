"""What `generate` adds to its expressions and statements: methods and functions of builtin types with all kinds of
arguments, protocols driven by hand, frames looked at while they run, definitions that change while they are hot."""

PRELUDE = '''\
import array, collections, functools, itertools, math, operator, os, struct, sys

if 'FUZZ_THREAD' in os.environ:
    # A second thread, which only makes garbage: traces are those for several threads.
    import gc, threading, time

    def churn():
        while True:
            [[i] for i in range(50)]
            gc.collect()
            time.sleep(0.002)
    threading.Thread(target=churn, daemon=True).start()

def lines(e):
    """Where an exception was raised, and while handling which."""
    seen = []
    while e is not None and len(seen) < 30:
        t = e.__traceback__
        while t is not None:
            seen.append((t.tb_frame.f_code.co_name, t.tb_lineno))
            t = t.tb_next
        seen.append(type(e).__name__)
        e = e.__cause__ or e.__context__
    return seen[:40]

def stack():
    f = sys._getframe(1)
    seen = []
    while f is not None and len(seen) < 12:
        seen.append((f.f_code.co_name, f.f_lineno))
        f = f.f_back
    return seen

def names(d):
    return sorted((k, show(v)) for k, v in d.items() if k not in ('out', '_c'))[:20]

class Desc:
    def __init__(self, v):
        self.v = v
    def __set_name__(self, owner, name):
        self.name = '_' + name
    def __get__(self, o, t=None):
        if o is None:
            return self.v
        return o.__dict__.get(self.name, self.v)
    def __set__(self, o, v):
        if isinstance(v, str):
            raise TypeError('str')
        o.__dict__[self.name] = v
    def __delete__(self, o):
        del o.__dict__[self.name]

class Late:
    """No data descriptor: the instance's own attribute hides it."""
    def __init__(self, f):
        self.f = f
        self.__name__ = f.__name__
    def __get__(self, o, t=None):
        if o is None:
            return self
        v = o.__dict__[self.__name__] = self.f(o)
        return v

class Meta(type):
    made = 0
    def __call__(cls, *a, **k):
        Meta.made += 1
        return super().__call__(*a, **k)
    def __getattr__(cls, n):
        if n == 'mz':
            return 11
        raise AttributeError(n)
    def __len__(cls):
        return 4
    @property
    def mp(cls):
        return cls.__name__

Point = collections.namedtuple('Point', 'x y', defaults=(3,))

class Once:
    """An iterator, not a generator."""
    def __init__(self, n, v):
        self.n = n
        self.v = v
    def __iter__(self):
        return self
    def __next__(self):
        if self.n <= 0:
            raise StopIteration(self.v)
        self.n -= 1
        return self.n

class ACM:
    def __init__(self, out, eats):
        self.out = out
        self.eats = eats
    async def __aenter__(self):
        await Aw(1)
        return self
    async def __aexit__(self, t, e, tb):
        self.out.append(t and t.__name__)
        await Aw(2)
        return t is not None and issubclass(t, self.eats)

class AIt:
    def __init__(self, n):
        self.n = n
    def __aiter__(self):
        return self
    async def __anext__(self):
        if self.n <= 0:
            raise StopAsyncIteration
        self.n -= 1
        return await Aw(self.n) or self.n

'''

# I, F, S, L, T, D, E (a set), Y (bytes), Q (a small number), A (anything).
CALLS = """
S.capitalize() S.casefold() S.center(Q) S.center(Q,'x') S.encode() S.encode('ascii','ignore') S.endswith(S) S.startswith((S,S),Q)
S.startswith(S,I,I) S.expandtabs(Q) S.find(S,I) S.find(S,Q,I) S.rfind(S) S.index(S) S.rindex(S) S.count(S,Q) S.isalnum()
S.isalpha() S.isascii() S.isdecimal() S.isdigit() S.isidentifier() S.islower() S.isspace() S.istitle() S.isupper() S.isprintable()
S.join(L) S.join((S,S)) S.join(S) S.ljust(Q,'-') S.rjust(Q) S.lstrip(S) S.rstrip() S.strip(S) S.partition(S) S.rpartition(',')
S.removeprefix(S) S.removesuffix(S) S.replace(S,S) S.replace(S,S,Q) S.rsplit(S,Q) S.rsplit(None,1) S.split(S,I) S.splitlines()
S.swapcase() S.title() S.translate(D) S.translate({97:'q'}) S.zfill(Q) S.format(A,A) S.format_map(D) (S)%A (S)%T (S)[I] (S)in(S)
(S)<(S) ord(S) chr(I) ascii(S) repr(S) len(S) min(S) max(S) hash(S)==hash(S) str.upper(S) S.__contains__(A) S.__add__(A) S.__mul__(Q)
S.encode('utf-8').decode('latin-1') S.encode('utf-16-le') str(Y,'utf-8','replace') int(S) int(S,16) float(S) f'{I:{Q}}' f'{S:>{Q}}' f'{F:.3f}'
f'{F:e}' f'{F:10.2g}' f'{I:x}' f'{I:08b}' f'{I:+,}' f'{I:_}' f'{S!a}' f'{A!r:.8}' format(I,S) format(A,'') format(F,'.2%')
L.count(A) L.index(A) L.index(A,Q) L.copy() L.pop() L.__contains__(A) (L)*(Q%4) (L)+(A) (L)[I] (L)[Q:I] A(in)(L) (L)==(A) (L)<(L) sum(L)
sum(L,I) sum(T,F) min(L) max(L,default=I) max(L,key=str) min(T,key=repr) sorted(L) sorted(T,reverse=I) list(reversed(L)) list(enumerate(L,I))
list(zip(L,S)) list(zip(L,T,strict=True)) list(map(str,L)) list(filter(None,L)) any(L) all(T) len(L) tuple(L) set(L) dict(L) dict.fromkeys(L,I)
dict.fromkeys(S) list(S) bytes(L) bytearray(L) L.__getitem__(A) L.__len__() list.append([],A) [].extend(A) [*A] (*A,) {**A} [].sort()
T.count(A) T.index(A) (T)[I] (T)+(T) (T)*(Q%4) (T)<(T) (T)==(A) hash(T)==hash(T) tuple(A) T.__contains__(A) slice(I,I).indices(Q) divmod(I,I) divmod(F,I)
D.get(A) D.get(A,I) D.copy() D.keys() list(D.items()) list(D.values()) D.setdefault(A,I) D.pop(A,I) D.pop(A) (A)in(D) D|{A:I} dict(D,a=I) dict(**D)
list(D) list(reversed(D)) len(D) D==A D.popitem() D.keys()&D.keys() D.items()-D.items() D.update(A) D.update(k=I) D.__contains__(A) D.__getitem__(A) (D)[A]
E.copy() E.union(L,T) E.difference(L) E.intersection(A) E.symmetric_difference(T) E.issubset(L) E.issuperset(T) E.isdisjoint(L) (A)in(E) (E)<=(E) (E)-(E)
E|{I} frozenset(A) len(E) sorted(E) E.__contains__(A) E.discard(A) E.remove(A) E.add(A) E.update(A) sum(E)
(I).bit_length() (I).bit_count() (I).to_bytes(16,'big',signed=True) (I).to_bytes(Q,'little') int.from_bytes(Y,'little') int.from_bytes(Y,'big',signed=True)
(I).as_integer_ratio() (I).is_integer() (I).conjugate() hex(I) oct(I) bin(I) pow(I,Q%9,I) pow(I,Q%5) (I)**(Q%7) (I)<<(Q) (I)>>(Q) (I)//(I) (I)%(I) (I)/(I) -(I) ~(I)
abs(I) round(I,-2) float(I) complex(I,F) (I)&(I) (I)^(I) int(F) bool(A) str(I) repr(F) hash(I)==hash(float(I)) isinstance(A,(int,str)) issubclass(type(A),int) type(A).__name__
(F).hex() (F).is_integer() (F).as_integer_ratio() float.fromhex((F).hex()) (F)//(F) (F)%(F) (F)**2 round(F) round(F,2) round(F,I) int(F) -(F) abs(F) (F)<(I) (F)==(I) (I)>=(F)
math.floor(F) math.ceil(F) math.trunc(F) math.sqrt(F) math.fmod(F,F) math.copysign(F,F) math.isnan(F) math.isinf(F) math.isfinite(F) math.frexp(F) math.ldexp(F,Q) math.modf(F) math.fabs(F)
math.gcd(I,I) math.lcm(I,I) math.isqrt(I) math.comb(Q,Q) math.factorial(Q) math.prod(L) math.fsum(L) math.isclose(F,F) math.nextafter(F,F) math.ulp(F) math.hypot(Q,Q) math.dist(T,T)
Y.decode() Y.decode('latin-1') Y.decode('ascii','replace') Y.hex() Y.hex('-') Y.find(Y) Y.find(I) Y.count(Y) Y.index(Y) Y.split(Y) Y.split() Y.strip() Y.replace(Y,Y) Y.upper() Y.title()
Y.startswith(Y) Y.endswith((Y,Y)) Y.join([Y,Y]) Y.partition(Y) Y.zfill(Q) Y.ljust(Q) Y.center(Q,Y) Y.isalpha() Y.isdigit() Y.translate(None,Y) Y.rsplit(Y,Q) Y.splitlines() (Y)[I] (Y)[Q:I] (Y)+(Y) (Y)*(Q%4)
(I)in(Y) (Y)in(Y) (Y)<(Y) (Y)==(A) (Y)%(I,) bytes(Q) list(Y) bytes.fromhex(S) Y.removeprefix(Y) Y.lower() hash(Y)==hash(Y) memoryview(Y)[I] memoryview(Y)[Q:I].tobytes() memoryview(Y).tolist()
bytearray(Y).pop() bytearray(Y).append(I) bytearray(Y).extend(A) bytearray(Y).insert(I,Q) bytearray(Y).reverse() bytearray(Y).find(Y) bytearray(Y)[I] bytearray(Y)+(Y) bytearray(Y).remove(Q)
array.array('q',L) array.array('d',L).tolist() array.array('B',Y).pop() array.array('i',T).count(A) array.array('h',[Q,Q]).tobytes() list(array.array('l',[Q,I])) array.array('f',[F,Q]).tolist()
struct.pack('<i',I) struct.pack('>hB',Q,I) struct.unpack('<H',Y) struct.calcsize('iqd') struct.pack('d',F) struct.unpack_from('<B',Y,Q)
list(collections.deque(L,Q)) collections.deque(L).pop() collections.deque(T).popleft() collections.deque(L).rotate(I) collections.deque(L)[I] collections.deque(L).index(A) list(reversed(collections.deque(L)))
list(collections.Counter(S).items()) collections.Counter(L).most_common(2) collections.Counter(S)[S] list(collections.OrderedDict(D).items()) collections.defaultdict(int,D)[A] collections.ChainMap(D,D).get(A)
list(itertools.chain(L,S)) list(itertools.accumulate(L)) list(itertools.islice(L,Q)) list(itertools.zip_longest(L,S)) list(itertools.product(L,S))[:9] list(itertools.permutations(T,2))[:9]
list(itertools.combinations(L,2))[:9] list(itertools.takewhile(bool,L)) list(itertools.dropwhile(bool,T)) list(itertools.compress(L,T)) list(itertools.starmap(divmod,[(I,I)])) list(itertools.repeat(A,Q%5))
[(k,list(g))for(k,g)in(itertools.groupby(S))] list(itertools.pairwise(L)) list(itertools.batched(L,2)) list(itertools.filterfalse(None,L)) list(zip(itertools.count(I),S)) next(iter(L),I) next(iter(T))
functools.reduce(operator.add,L) functools.reduce(lambda(q,w):q,T,I) functools.partial(divmod,I)(I) functools.partial(int,base=16)(S) operator.itemgetter(0)(A) operator.itemgetter(I,Q)(L) operator.attrgetter('real')(A)
operator.methodcaller('count',A)(L) operator.index(A) operator.length_hint(A) operator.contains(A,A) operator.concat(L,L) operator.truth(A) operator.countOf(L,A)
Point(I,A).x Point(I)[1] Point(I,A)._replace(y=I) Point(I)._asdict() Point(*A) (Point(I,Q)==(I,Q)) len(Point(I)) Point(x=I) list(Once(Q%6,I)) sum(Once(Q%6,I)) max(Once(Q%6,I)) list(Once(Q%6,I)for(_)in(S))[:0] [*Once(Q%6,I)]
dict(zip(S,L)) sorted(D,key=str) sorted(D.items(),key=repr) sorted(L,key=lambda(q):(str(q),I)) max(D,key=D.get) min(D.values()) sum(D.values()) list(map(D.get,L)) list(map(lambda(q,w):(q,w),L,T)) list(filter(lambda(q):q!=I,L))
getattr(A,'real') getattr(A,'nope',I) hasattr(A,'x') callable(A) vars(A) dir(A)[:0] type(A)() type(A)(A) copy(A) iter(A) len(A) repr(A) str(A) int(A) float(A) list(A) bool(A) abs(A) not(A) -(A) ~(A) +(A) (A)+(A) (A)-(A) (A)//(A) (A)%(A)
(A)<(A) (A)==(A) (A)in(A) (A)[A] (A)[Q] (A)(A) (A)@(A) (A)and(A) (A)or(A) (A)is(A) print(A,file=None) complex(A) complex(I,I)*(F) round(A) divmod(A,A) pow(A,Q%4) hash(A)==hash(A) sum(A) min(A) max(A) sorted(A) any(A) all(A) tuple(A) enumerate(A) reversed(A)
""".split()

BYTES = ["b''", "b'a'", "b'abc'", "b'12'", "b'\\xff\\x00'", "b'x y z'", "b'A,b,,C'", "bytes(3)"]


class More:
    def spaced(self, t):
        # Templates hold no spaces; words that need one are written with parentheses, lambdas apart.
        return t.replace("lambda(q,w):", "lambda q, w: ").replace("lambda(q):", "lambda q: ").replace("for(k,g)in(", "for k, g in (").replace("for(_)in(", "for _ in (")

    def rich(self):
        """A call of something builtin."""
        e = self.expr
        t = self.r.choice(CALLS)
        made, i = "", 0
        while i < len(t):
            c = t[i]
            alone = not (i and (t[i - 1].isalnum() or t[i - 1] in "_'")) and not (i + 1 < len(t) and (t[i + 1].isalnum() or t[i + 1] in "_'"))
            if alone and c in "IFSLTDEYQA" and t[i + 1:i + 2] != ")(" or alone and c in "IFSLTDEYQA":
                made += {"I": lambda: e("int", 0), "F": lambda: e("float", 0), "S": lambda: e("str", 0), "L": lambda: e("list", 0), "T": lambda: e("tuple", 0),
                         "D": lambda: e("dict", 0), "E": lambda: e("set", 0), "Y": lambda: self.pick(*BYTES), "Q": lambda: str(self.r.randint(0, 12)),
                         "A": lambda: self.anyvar() if self.chance(0.8) and self.env else e(self.pick("int", "str", "list", "float", "dict", "tuple", "bool"), 0)}[c]()
            else:
                made += c
            i += 1
        return self.spaced(made).replace("(in)", " in ").replace(")in(", ") in (").replace("not(", "not (")

    def extra(self, ind, depth, loop):
        """A statement; None where it does not fit."""
        r, e = self.r, self.expr
        k = r.randint(0, 31)
        locs = [n for n in self.env if n.isidentifier() and n != self.glob and not n.startswith("i_")]
        if k < 7:
            return [f"{ind}out.append({self.rich()})"]
        if k == 7:
            t = self.target("int")
            return [f"{ind}{t} = cl({self.rich()})"]
        if k == 8 and self.gens:
            g = self.name("v")
            steps = []
            for _ in range(r.randint(1, 5)):
                steps.append(self.pick(f"out.append(next({g}))", f"out.append(next({g}, {e('int', 0)}))", f"out.append({g}.send({self.pick('None', e('int', 0))}))", f"out.append({g}.throw({self.pick('Err(1)', 'ValueError', 'KeyError(2)', 'GeneratorExit')}))",
                                       f"{g}.close()", f"out.append(list({g}))", f"for _i in {g}: break", f"out.append({g}.gi_frame and {g}.gi_frame.f_lineno)", f"out.append({g}.gi_suspended)"))
            L = [f"{ind}{g} = {r.choice(self.gens)}({e('int', 0)}, {r.randint(0, 4)})", f"{ind}try:"] + [f"{ind}    {s}" for s in steps]
            return L + [f"{ind}except {self.pick('BaseException', '(Exception, StopIteration)', 'Exception')} as ex:", f"{ind}    out.append({self.pick('show(ex)', 'lines(ex)')})", f"{ind}finally:", f"{ind}    {g}.close()"]
        if k == 9:
            d = self.var(self.pick("dict", "list"))
            if not d:
                return None
            q = self.name("i_")
            what = self.pick(f"{d}[{e('int', 0)}] = {e('int', 0)}", f"{d}.pop({e('int', 0)}, None)", f"{d}.clear()", f"{d}.append({q})", f"del {d}[{q}]", f"{d}.update(a=1)", f"{d}.insert(0, 1)", f"{d}.popitem()")
            L = [f"{ind}try:", f"{ind}    for {q} in {self.pick(d, d, 'list(' + d + ')', d + '.items()', 'enumerate(' + d + ')', 'reversed(' + d + ')')}:", f"{ind}        if len({d}) > 9: break"]
            return L + [f"{ind}        if {self.cond(1)}: {what}", f"{ind}except Exception as ex:", f"{ind}    out.append({self.pick('show(ex)', 'lines(ex)')})"]
        if k in (10, 11) and depth:
            q = self.name("i_")
            n = r.randint(2, 5)
            L = [f"{ind}for {q} in range({n}):", f"{ind}    try:", f"{ind}        {self.pick('try:', 'with CM(out, KeyError):')}"]
            nested = "try:" in L[-1]
            self.env[q] = "int"
            L += self.block(ind + "            ", 1, depth - 1, True)
            L += [f"{ind}            if {q} == {r.randint(0, n)}: {self.pick('continue', 'break', self.leave(), 'raise KeyError(' + q + ')', '1 // 0')}"]
            if nested:
                L += [f"{ind}        {self.pick('finally', 'except KeyError')}:"] + self.block(ind + "            ", 1, 0, False)
            L += [f"{ind}    {self.pick('finally', 'finally', 'except Exception as ex')}:", f"{ind}        out.append({q})"]
            if self.chance(0.3):
                L += [f"{ind}        if {self.cond(1)}: {self.pick('break', 'continue', 'pass')}"]
            if self.chance(0.3):
                L += [f"{ind}else:", f"{ind}    out.append('else')"]
            return L
        if k in (12, 13):
            return [f"{ind}try:", f"{ind}    {self.pick('out.append(', 'cl(')}{self.pick(self.rich(), e('int', 3), e('int', 3))})", f"{ind}except {self.pick('Exception', 'Exception', '(TypeError, ArithmeticError)')} as ex:", f"{ind}    out.append(lines(ex))"]
        if k == 14:
            return [ind + self.pick("out.append(stack())", "out.append(names(locals()))", "out.append(sys._getframe().f_lineno)", "out.append(names(sys._getframe().f_locals))", "out.append(sys._getframe(1).f_code.co_name)",
                                    "out.append(show(sys.exception()))", "out.append(sys._getframe().f_code.co_name)")]
        if k == 15 and locs and not self.frozen:
            n = r.choice(locs)
            return [ind + self.pick(f"sys._getframe().f_locals['{n}'] = {e(self.env[n] if self.env[n] in ('int', 'float', 'str') else 'int', 0)}", f"locals()['{n}'] = 1", f"exec('{n} = 1')", f"out.append(eval('{n}'))",
                                    f"out.append(eval('{n}', globals(), {{'{n}': {e('int', 0)}}}))")]
        if k in (16, 17) and locs and not self.frozen and ind == "    " * (len(ind) // 4):
            n, v = self.name("fn"), r.choice(locs)
            sig = self.pick("q", "q, w=2", "q, /, w=2", "q, *r", "q, *, w=3", "q, *r, w=4, **kk", "*r, **kk")
            saved, self.env, self.frozen, calm = dict(self.env), dict(self.env), True, self.calm
            if "q" in sig:
                self.env["q"] = "int"
            body = e("int", 1)
            more = []
            if self.chance(0.3):
                more = [f"{ind}    try:", f"{ind}        out.append({e('int', 2)})", f"{ind}    {self.pick('finally', 'except Exception')}:", f"{ind}        {v} = {v}"]
            self.env, self.frozen, self.calm = saved, False, calm
            L = [f"{ind}def {n}({sig}):", f"{ind}    nonlocal {v}"] + more
            L += [f"{ind}    {self.pick(v + ' = cl(' + body + ')', v + ' = ' + v, 'del ' + v + '; ' + v + ' = 1')}" if self.chance(0.6) else f"{ind}    pass"]
            L += [f"{ind}    return cl({body})"]
            if sig.startswith("q"):
                self.lambdas.append(n)
            call = self.pick(f"{n}({e('int', 0)})", f"{n}(*{e('list', 0)})", f"{n}({e('int', 0)}, **{e('dict', 0)})", f"{n}({e('int', 0)}, w={e('int', 0)})", f"{n}()")
            return L + [f"{ind}out.append({call})"]
        if k == 18:
            return [f"{ind}try:", f"{ind}    raise ExceptionGroup('g', [Err({e('int', 0)}), {self.pick('ValueError(1)', 'KeyError(2)', 'Other(3)', 'ExceptionGroup(chr(104), [TypeError(4)])')}])",
                    f"{ind}except* {self.pick('Err', 'ValueError', 'TypeError')} as ex:", f"{ind}    out.append(len(ex.exceptions))"] + self.block(ind + "    ", 1, 0, False) + [f"{ind}except* Exception as ex:", f"{ind}    out.append(str(ex))"]
        if k == 19 and self.funcs:
            f, g = r.choice(self.funcs), r.choice(self.funcs)
            what = self.pick(f"{f}.__defaults__ = ({e('int', 0)},)", f"{f}.__code__ = {g}.__code__", f"globals()['{f}'] = {g}", f"globals()['{self.glob}'] = {e(self.pick('int', 'float', 'str'), 0)}", f"{f}.at = {e('int', 0)}",
                             f"{f}.__kwdefaults__ = None", f"globals()['{f}'] = lambda *q, **w: {e('int', 0)}", f"del {self.glob}")
            return [f"{ind}if {self.cond(1)}:", f"{ind}    {what}"]
        if k == 20:
            v = self.target("int")
            how = self.pick(f"{v} = {v} << 61", f"{v} = float({v})", f"{v} = {v} * {v}", f"{v} = None", f"{v} = -{v}", f"{v} = {v} + 0.5", f"{v} = bool({v})", f"{v} = str({v})", f"{v} = [{v}]", f"{v} = {v} ** 3")
            if v in self.pending:
                return [f"{ind}{v} = {e('int', 1)}"]
            return [f"{ind}if {self.cond(1)}:", f"{ind}    {how}", f"{ind}    {v} = cl({v})"]
        if k == 21:
            i = self.pick(f"[[_d {self.pick('+', '*')} 2 for _d in range({self.pick('_c', '3')})] for _c in {self.iterable()}]", f"{{_c: [_d for _d in range(2)] for _c in {self.iterable()}}}", f"[_d for _c in {e('list', 0)} for _d in (_c, {e('int', 0)}) if {self.cond(0)}]",
                          f"list((_c, _d) for _c in {self.iterable()} for _d in {e('list', 0)})[:9]", f"[(lambda: _c)() for _c in {self.iterable()}]", f"[f() for f in [lambda: _c for _c in {self.iterable()}]]", f"sum(sum(_d for _d in range(_c)) for _c in range({r.randint(0, 6)}))",
                          f"sorted([*{e('list', 0)}, *{e('tuple', 0)}], key=lambda q: (type(q).__name__, str(q)))", f"[_d for _c in {self.iterable()} if (_d := _c)]", f"dict(sorted({e('dict', 0)}.items(), key=str))", f"[*map(lambda q: (q, {e('int', 0)}), {self.iterable()})]")
            if "_d :=" in i and (self.frozen or ind == ""):
                return None
            return [f"{ind}out.append({i})"]
        if k == 22 and not self.frozen:
            n, q = self.name("fn"), self.pick("", "at[0] += 1; ")
            return [f"{ind}at = [0]", f"{ind}def {n}(d):", f"{ind}    {q}return {n}(d + 1) + 1", f"{ind}if {self.pick('a', 'b')} == {e('int', 0)}:", f"{ind}    try:", f"{ind}        {n}(0)", f"{ind}    except RecursionError as ex:", f"{ind}        out.append(str(ex)[:30])"]
        if k == 23 and self.classes:
            o = self.var("obj")
            if not o:
                return None
            return [ind + self.pick(f"{o}.__dict__['x'] = {e('int', 0)}", f"out.append(names(vars({o})))", f"setattr({o}, 'x', {e('int', 0)})", f"delattr({o}, 'x')", f"{o}.__dict__ = {{'x': {e('int', 0)}}}", f"out.append(type({o}).__mro__[0].__name__)", f"{o}.__dict__.update(y=2)", f"{o}.__dict__.clear()",
                                    f"out.append({o}.ds)", f"{o}.ds = {e('int', 0)}", f"del {o}.ds", f"out.append({o}.lz)", f"out.append(type({o}).mz)", f"out.append(len(type({o})))", f"out.append(list({o}))", f"out.append(type({o}).mp)", f"out.append({o}.g)", f"out.append({e('int', 0)} in {o})",
                                    f"with {o} as cm: out.append({e('int', 1)})", f"out.append([10, 20, 30][{o}])", f"out.append(f'{{{o}:5}}')", f"for _i in {o}: out.append(_i)", f"out.append({o}.x)", f"out.append({o}.m(1))", f"out.append(super(type({o}), {o}).m(2))")]
        if k == 24:
            w = self.var("list")
            if not w:
                return None
            return [f"{ind}{self.pick('*_x, _y', '_x, *_y, _z', '(_x, _y), _z', '_x, _y, _z', '[_x, *_y]')} = {self.pick(w, e('tuple', 0), e('str', 0), 'Once(3, 1)', '[(1, 2), 3]')}", f"{ind}out.append(_x)"]
        if k == 25 and depth:
            return [f"{ind}with CM(out, {self.pick('Err', 'Exception')}) as _x, CM(out, {self.pick('KeyError', 'TypeError')}):"] + self.sub(ind, depth, loop)
        if k == 26:
            return [f"{ind}assert {self.cond(1)}, {e('int', 0)}"] if self.chance(0.3) else [f"{ind}try:", f"{ind}    assert {self.cond(1)}, {e('str', 0)}", f"{ind}except AssertionError as ex:", f"{ind}    out.append(str(ex))"]
        if k == 27 and depth and not self.frozen:
            c = self.name("co")
            L = [f"{ind}async def {c}(n):", f"{ind}    t = 0"]
            L += [f"{ind}    async with ACM(out, {self.pick('Err', 'ZeroDivisionError', 'Exception')}):", f"{ind}        async for q in AIt(n):", f"{ind}            t += q", f"{ind}            {self.pick('pass', 'if q == 1: 1 // 0', 'if q == 2: break', 'if q == 1: raise Err(q)', 'if q == 1: return t')}",
                  f"{ind}        else:", f"{ind}            t += 100", f"{ind}    return t, [q async for q in AIt(n) if q], {{q: await Aw(q) async for q in AIt(2)}}"]
            return L + [f"{ind}out.append(drive({c}({r.randint(0, 5)})))"]
        if k == 28:
            return [f"{ind}try:", f"{ind}    try:", f"{ind}        {self.pick('raise Err(1)', '1 // 0', '[][1]', e('int', 2))}", f"{ind}    except {self.pick('Exception', 'Err', 'LookupError')} as ex:",
                    f"{ind}        {self.pick('raise', 'raise KeyError(2) from ex', 'raise KeyError(3)', 'raise ex', 'raise Err from None', 'out.append(show(sys.exception()))', 'out.append(lines(ex))')}", f"{ind}except Exception as ex:", f"{ind}    out.append(lines(ex))"]
        if k == 29:
            return [f"{ind}class K{self.n}:", f"{ind}    q = {e('int', 0)}", f"{ind}    def f(self, w): return w, self.q", f"{ind}out.append(K{self.n}().f({e('int', 0)}))"]
        if k == 30:
            s = self.target("str")
            return [f"{ind}{s} = cl({s} + {e('str', 1)})" if s in self.env else f"{ind}{s} = {e('str', 1)}"]
        return [f"{ind}print({self.pick(e('int', 1), e('str', 0), '*' + e('list', 0))}, end={self.pick(repr(''), repr(' '))})" if self.chance(0.3) else f"{ind}out.append([{e('int', 1)}, {e('float', 1)}, {e('str', 1)}])"]

    def members(self, body, E):
        """More of a class: what only `extra` uses."""
        L = []
        if self.chance(0.3):
            L += [f"    ds = Desc({self.const('int')})"]
        if self.chance(0.2):
            L += ["    @Late", "    def lz(self):", f"        return {body({'self.x': 'int'})}"]
        if self.chance(0.25):
            L += ["    def __iter__(self):"] + self.pick([f"        yield {body({'self.x': 'int'})}", f"        yield {body({'self.x': 'int'})}"], [f"        return iter([{body({'self.x': 'int'})}, 2])"], ["        return Once(3, self.x)"])
        if self.chance(0.15):
            L += ["    def __contains__(self, a):", f"        return {body(E)}"]
        if self.chance(0.15):
            L += ["    def __enter__(self):", f"        return {body({'self.x': 'int'})}", "    def __exit__(self, *a):", f"        return {self.pick('True', 'False', 'self.x')}"]
        if self.chance(0.15):
            L += ["    def __index__(self):", f"        return {self.pick('self.x', '1', '0')}"]
        if self.chance(0.1):
            L += ["    def __format__(self, s):", "        return s + str(self.x)"]
        if self.chance(0.08):
            L += ["    def __getattribute__(self, n):", "        return super().__getattribute__(n)"]
        if self.chance(0.1):
            L += ["    def __init_subclass__(cls, **kw):", "        cls.sub = 1", "        super().__init_subclass__(**kw)"]
        if self.chance(0.1):
            L += ["    @functools.cached_property", "    def g(self):", f"        return {body({'self.x': 'int'})}"]
        return L
