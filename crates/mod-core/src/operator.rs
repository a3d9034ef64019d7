//! `_operator`: the operators as functions; itemgetter, attrgetter, methodcaller.
//!
//! # Invariants
//! - A `Getter`'s `items` is a tuple and `kw` null or a dict, set by the constructor and never again; so a slice of
//!   the items lives as long as the object, which the caller has on its stack.
//! - `compare_digest` reads two strings or buffers between which nothing is allocated.

use crate::itertools::make;
use crate::native_layout;
use adder_vm::builtins::ops;
use adder_vm::err::R;
use adder_vm::interp::call::Gather;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::Slots;
use adder_vm::thread::Th;
use adder_vm::value::*;

const fn f2(name: &'static str, doc: &'static str, f: NativeFn) -> NativeDef {
    function(name, "($module, a, b, /)", doc, f)
}
const fn f1(name: &'static str, doc: &'static str, f: NativeFn) -> NativeDef {
    function(name, "($module, a, /)", doc, f)
}

macro_rules! binary {
    ($f:ident) => {
        |th, a| ops::$f(th, a[0].unwrap(), a[1].unwrap())
    };
}
macro_rules! unary {
    ($f:ident) => {
        |th, a| ops::$f(th, a[0].unwrap())
    };
}

fn items_of(th: Th, v: Value) -> R<Value> {
    th.iter_or(v, || format!("argument of type '{}' is not iterable", th.type_name_of(v)))
}

pub static MODULE: NativeModule = NativeModule {
    name: "_operator",
    doc: "Operator interface.\n\nThis module exports a set of functions implemented in C corresponding\nto the intrinsic operators of Python.  For example, operator.add(x, y)\nis equivalent to the expression x+y.  The function names are those\nused for special methods; variants without leading and trailing\n'__' are also provided for convenience.",
    functions: &[
        f1("truth", "Return True if a is true, False otherwise.", unary!(truth_value)),
        f2("contains", "Same as b in a (note reversed operands).", |th, a| {
            Ok(Value::bool(th.contains(a[0].unwrap(), a[1].unwrap())?))
        }),
        f2("indexOf", "Return the first index of b in a.", |th, a| {
            let it = items_of(th, a[0].unwrap())?;
            let mut i = 0;
            while let Some(v) = th.next(it)? {
                if th.eq(v, a[1].unwrap())? {
                    return Ok(th.int(i));
                }
                i += 1;
            }
            Err(th.value_error("sequence.index(x): x not in sequence"))
        }),
        f2("countOf", "Return the number of items in a which are, or which equal, b.", |th, a| {
            let it = items_of(th, a[0].unwrap())?;
            let mut n = 0;
            while let Some(v) = th.next(it)? {
                if th.eq(v, a[1].unwrap())? {
                    n += 1;
                }
            }
            Ok(th.int(n))
        }),
        f2("is_", "Same as a is b.", |_, a| Ok(Value::bool(a[0].unwrap().is(a[1].unwrap())))),
        f2("is_not", "Same as a is not b.", |_, a| Ok(Value::bool(!a[0].unwrap().is(a[1].unwrap())))),
        f1("is_none", "Same as a is None.", |_, a| Ok(Value::bool(a[0].unwrap().is_none()))),
        f1("is_not_none", "Same as a is not None.", |_, a| Ok(Value::bool(!a[0].unwrap().is_none()))),
        f2("add", "Same as a + b.", binary!(add)),
        f2("sub", "Same as a - b.", binary!(sub)),
        f2("mul", "Same as a * b.", binary!(mul)),
        f2("matmul", "Same as a @ b.", binary!(matmul)),
        f2("floordiv", "Same as a // b.", binary!(floordiv)),
        f2("truediv", "Same as a / b.", binary!(truediv)),
        f2("mod", "Same as a % b.", binary!(rem)),
        f1("neg", "Same as -a.", unary!(neg)),
        f1("pos", "Same as +a.", unary!(pos)),
        f1("abs", "Same as abs(a).", unary!(abs)),
        f1("inv", "Same as ~a.", unary!(invert)),
        f1("invert", "Same as ~a.", unary!(invert)),
        f2("lshift", "Same as a << b.", binary!(lshift)),
        f2("rshift", "Same as a >> b.", binary!(rshift)),
        f1("not_", "Same as not a.", unary!(not)),
        f2("and_", "Same as a & b.", binary!(and)),
        f2("xor", "Same as a ^ b.", binary!(xor)),
        f2("or_", "Same as a | b.", binary!(or)),
        f2("pow", "Same as a ** b.", binary!(pow)),
        f2("iadd", "Same as a += b.", binary!(iadd)),
        f2("isub", "Same as a -= b.", binary!(isub)),
        f2("imul", "Same as a *= b.", binary!(imul)),
        f2("imatmul", "Same as a @= b.", binary!(imatmul)),
        f2("ifloordiv", "Same as a //= b.", binary!(ifloordiv)),
        f2("itruediv", "Same as a /= b.", binary!(itruediv)),
        f2("imod", "Same as a %= b.", binary!(irem)),
        f2("ilshift", "Same as a <<= b.", binary!(ilshift)),
        f2("irshift", "Same as a >>= b.", binary!(irshift)),
        f2("iand", "Same as a &= b.", binary!(iand)),
        f2("ixor", "Same as a ^= b.", binary!(ixor)),
        f2("ior", "Same as a |= b.", binary!(ior)),
        f2("ipow", "Same as a **= b.", binary!(ipow)),
        f2("concat", "Same as a + b, for a and b sequences.", |th, a| concat(th, a, false)),
        f2("iconcat", "Same as a += b, for a and b sequences.", |th, a| concat(th, a, true)),
        f2("getitem", "Same as a[b].", |th, a| th.getitem(a[0].unwrap(), a[1].unwrap())),
        function("setitem", "($module, a, b, c, /)", "Same as a[b] = c.", |th, a| {
            th.setitem(a[0].unwrap(), a[1].unwrap(), a[2])?;
            Ok(NONE())
        }),
        f2("delitem", "Same as del a[b].", |th, a| {
            th.setitem(a[0].unwrap(), a[1].unwrap(), None)?;
            Ok(NONE())
        }),
        f2("eq", "Same as a == b.", binary!(eq)),
        f2("ne", "Same as a != b.", binary!(ne)),
        f2("lt", "Same as a < b.", binary!(lt)),
        f2("le", "Same as a <= b.", binary!(le)),
        f2("gt", "Same as a > b.", binary!(gt)),
        f2("ge", "Same as a >= b.", binary!(ge)),
        f1("index", "Same as a.__index__()", |th, a| th.index(a[0].unwrap())).inlined(Inline::Index),
        function(
            "length_hint",
            "($module, obj, default=0, /)",
            "Return an estimate of the number of items in obj.\n\nThis is useful for presizing containers when building from an iterable.\n\nIf the object supports len(), the result will be exact.\nOtherwise, it may over- or under-estimate by an arbitrary amount.\nThe result will be an integer >= 0.",
            |th, a| {
                let d = match a[1] {
                    Some(d) => {
                        if !matches!(d.kind(), Kind::Int | Kind::Bool) {
                            return Err(th.type_error(format!(
                                "'{}' object cannot be interpreted as an integer",
                                th.type_name_of(d)
                            )));
                        }
                        th.index_i64(d)?
                    }
                    None => 0,
                };
                Ok(th.int(th.known_length_hint(a[0].unwrap())?.map_or(d, |n| n as i64)))
            },
        ),
        raw_function(
            "call",
            "($module, obj, /, *args, **kwargs)",
            "Same as obj(*args, **kwargs).",
            |th, a| match a.pos().first() {
                Some(f) => th.call_raw(*f, a.skip(1)),
                None => Err(th.type_error("call expected at least 1 argument, got 0")),
            },
        ),
        f2(
            "_compare_digest",
            "Return 'a == b'.\n\nThis function uses an approach designed to prevent\ntiming analysis, making it appropriate for cryptography.\n\na and b must both be of the same type: either str (ASCII only),\nor any bytes-like object.\n\nNote: If a and b are of different lengths, or if an error occurs,\na timing attack could theoretically reveal information about the\ntypes and lengths of a and b--but not their values.",
            compare_digest,
        ),
    ],
    types: &[&ITEMGETTER, &ATTRGETTER, &METHODCALLER],
    init: None,
};

fn concat(th: Th, a: &[Option<Value>], inplace: bool) -> R<Value> {
    let (x, y) = (a[0].unwrap(), a[1].unwrap());
    let s = &th.type_of(x).slots;
    let adds = s.add.is_some() || inplace && s.iadd.is_some();
    if s.concat.is_none() && (s.getitem.is_none() || !adds) {
        return Err(th.type_error(format!("'{}' object can't be concatenated", th.type_name_of(x))));
    }
    if inplace { ops::iadd(th, x, y) } else { ops::add(th, x, y) }
}

fn compare_digest(th: Th, a: &[Option<Value>]) -> R<Value> {
    let (x, y) = (a[0].unwrap(), a[1].unwrap());
    let (p, q): (&[u8], &[u8]) = match (x.cast::<Str>(), y.cast::<Str>()) {
        (Some(p), Some(q)) => {
            if !p.is_ascii() || !q.is_ascii() {
                return Err(th.type_error("comparing strings with non-ASCII characters is not supported"));
            }
            unsafe { (&*(p.bytes() as *const [u8]), &*(q.bytes() as *const [u8])) }
        }
        _ => match (adder_vm::builtins::buffer::bytes_of(x), adder_vm::builtins::buffer::bytes_of(y)) {
            (Some(p), Some(q)) => (p, q),
            _ => {
                return Err(th.type_error(format!(
                    "unsupported operand types(s) or combination of types: '{}' and '{}'",
                    th.type_name_of(x),
                    th.type_name_of(y)
                )));
            }
        },
    };
    // The time depends on the second operand's length alone.
    let mut diff = (p.len() != q.len()) as u8;
    for (i, c) in q.iter().enumerate() {
        diff |= c ^ p.get(i).copied().unwrap_or(*c);
    }
    Ok(Value::bool(std::hint::black_box(diff) == 0))
}

// -- getters: the items are a tuple

native_layout! { Getter { items: Tuple, kw: Dict; } }

fn new_getter(th: Th, t: Value, items: Value) -> R<Value> {
    let o = make(th, t)?;
    th.store(Getter::of(o), &Getter::of(o).items, items.known());
    Ok(o)
}
fn items(o: Value) -> &'static [Value] {
    unsafe { &*(Getter::of(o).items.gc().items() as *const [Value]) }
}
/// The one argument of a getter's call.
fn argument(th: Th, a: RawArgs, name: &str) -> R<Value> {
    if a.nkw() != 0 {
        return Err(th.type_error(format!("{name}() takes no keyword arguments")));
    }
    match a.pos() {
        [v] => Ok(*v),
        p => Err(th.type_error(format!("{name} expected 1 argument, got {}", p.len()))),
    }
}
fn getter_repr(th: Th, o: Value) -> R<Value> {
    if th.repr_enter(o) {
        return Ok(th.str(&format!("{}(...)", adder_vm::builtins::object::full_type_name(th, th.type_of(o)))));
    }
    let r = (|| -> R<String> {
        let mut parts = Vec::new();
        for v in items(o) {
            parts.push(th.text(th.repr(*v)?));
        }
        if let Some(kw) = Getter::of(o).kw.get() {
            let mut i = 0;
            while let Some((ni, k, v)) = kw.next_entry(i) {
                parts.push(format!("{}={}", th.text(k), th.text(th.repr(v)?)));
                i = ni;
            }
        }
        Ok(parts.join(", "))
    })();
    th.repr_leave(o);
    let tn = adder_vm::builtins::object::full_type_name(th, th.type_of(o));
    Ok(th.str(&format!("{tn}({})", r?)))
}
fn getter_reduce(th: Th, a: &[Option<Value>]) -> R<Value> {
    let o = a[0].unwrap();
    Ok(th.tuple(&[th.type_of(o).value(), Getter::of(o).items.value()]))
}

macro_rules! getter_type {
    ($t:ident $cell:ident $name:literal $new:ident $call:ident $reduce:ident $sig:literal $doc:literal) => {
        static $t: NativeType = NativeType {
            name: concat!("operator.", $name),
            kind: Kind::Native,
            size: Getter::SIZE,
            flags: tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP,
            doc: $doc,
            text_signature: Some($sig),
            getset: &[getter("__text_signature__", "", |th, _| Ok(th.str("(obj, /)")))],
            slots: Slots { new: Some($new), call: Some($call), repr: Some(getter_repr), ..Slots::NONE },
            methods: &[method("__reduce__", "!($self, /)", "Return state information for pickling", $reduce)],
            trace: Some(Getter::trace),
            ..NativeType::DEFAULT
        };
        static $cell: TypeCell = TypeCell::new(&$t);
    };
}
getter_type! { ITEMGETTER_TYPE ITEMGETTER "itemgetter" item_new item_call getter_reduce "(item, /, *items)"
"Return a callable object that fetches the given item(s) from its operand.\nAfter f = itemgetter(2), the call f(r) returns r[2].\nAfter g = itemgetter(2, 5, 3), the call g(r) returns (r[2], r[5], r[3])" }
getter_type! { ATTRGETTER_TYPE ATTRGETTER "attrgetter" attr_new attr_call getter_reduce "(attr, /, *attrs)"
"Return a callable object that fetches the given attribute(s) from its operand.\nAfter f = attrgetter('name'), the call f(r) returns r.name.\nAfter g = attrgetter('name', 'date'), the call g(r) returns (r.name, r.date).\nAfter h = attrgetter('name.first', 'name.last'), the call h(r) returns\n(r.name.first, r.name.last)." }
getter_type! { METHODCALLER_TYPE METHODCALLER "methodcaller" caller_new caller_call caller_reduce "(name, /, *args, **kwargs)"
"Return a callable object that calls the given method on its operand.\nAfter f = methodcaller('name'), the call f(r) returns r.name().\nAfter g = methodcaller('name', 'date', foo=1), the call g(r) returns\nr.name('date', foo=1)." }

fn item_new(th: Th, t: Value, a: RawArgs) -> R<Value> {
    if a.nkw() != 0 {
        return Err(th.type_error("itemgetter() takes no keyword arguments"));
    }
    if a.is_empty() {
        return Err(th.type_error("itemgetter expected at least 1 argument, got 0"));
    }
    let items = th.try_tuple(a.pos())?;
    new_getter(th, t, items)
}
fn item_call(th: Th, o: Value, a: RawArgs) -> R<Value> {
    let v = argument(th, a, "itemgetter")?;
    let k = items(o);
    if k.len() == 1 {
        return th.getitem(v, k[0]);
    }
    let mut g = Gather::new();
    for k in k {
        let x = th.getitem(v, *k)?;
        g.push(th, x)?;
    }
    th.try_tuple(g.as_slice())
}
fn attr_new(th: Th, t: Value, a: RawArgs) -> R<Value> {
    if a.nkw() != 0 {
        return Err(th.type_error("attrgetter() takes no keyword arguments"));
    }
    if a.is_empty() {
        return Err(th.type_error("attrgetter expected at least 1 argument, got 0"));
    }
    if a.pos().iter().any(|v| !v.is_kind(Kind::Str)) {
        return Err(th.type_error("attribute name must be a string"));
    }
    let items = th.try_tuple(a.pos())?;
    new_getter(th, t, items)
}
/// `v.a.b.c` of a dotted name.
fn dotted(th: Th, v: Value, name: Value) -> R<Value> {
    let s = name.known::<Str>();
    if !s.bytes().contains(&b'.') {
        return th.getattr(v, name);
    }
    let mut v = v;
    for part in s.bytes().split(|c| *c == b'.') {
        v = th.getattr(v, th.intern_bytes(part))?;
    }
    Ok(v)
}
fn attr_call(th: Th, o: Value, a: RawArgs) -> R<Value> {
    let v = argument(th, a, "attrgetter")?;
    let k = items(o);
    if k.len() == 1 {
        return dotted(th, v, k[0]);
    }
    let mut g = Gather::new();
    for k in k {
        let x = dotted(th, v, *k)?;
        g.push(th, x)?;
    }
    th.try_tuple(g.as_slice())
}
fn caller_new(th: Th, t: Value, a: RawArgs) -> R<Value> {
    match a.pos().first() {
        None => return Err(th.type_error("methodcaller needs at least one argument, the method name")),
        Some(n) if !n.is_kind(Kind::Str) => return Err(th.type_error("method name must be a string")),
        _ => {}
    }
    let items = th.try_tuple(a.pos())?;
    let o = new_getter(th, t, items)?;
    if a.nkw() > 0 {
        let d = Gc::<Dict>::new(th);
        for (k, v) in a.keywords() {
            d.set(th, k, v)?;
        }
        th.store(Getter::of(o), &Getter::of(o).kw, d);
    }
    Ok(o)
}
fn caller_call(th: Th, o: Value, a: RawArgs) -> R<Value> {
    let v = argument(th, a, "methodcaller")?;
    let k = items(o);
    match Getter::of(o).kw.get() {
        None => th.call_method(v, k[0], &k[1..]),
        Some(d) => {
            let f = th.getattr(v, k[0])?;
            let t = th.try_tuple(&k[1..])?;
            th.call_ex(f, t.known(), Some(d))
        }
    }
}
fn caller_reduce(th: Th, a: &[Option<Value>]) -> R<Value> {
    let o = a[0].unwrap();
    match Getter::of(o).kw.get() {
        None => getter_reduce(th, a),
        Some(d) => {
            let ft = adder_vm::import::import_module(th, "functools")?;
            let p = th.getattr(ft, th.intern("partial"))?;
            let head = th.tuple(&[th.type_of(o).value(), items(o)[0]]);
            let c = th.call_ex(p, head.known(), Some(d))?;
            Ok(th.tuple(&[c, th.try_tuple(&items(o)[1..])?]))
        }
    }
}
