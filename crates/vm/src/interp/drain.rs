//! Native functions that use up an iterable (`sum`, `any`, `list`, `"".join`...), called with a generator, or with an
//! instance of a class whose `__iter__` is a generator function: instead of running the generator from native code, item
//! by item in a run of the interpreter of its own, the interpreter runs a function of a few lines that does the same with
//! a `for` loop. So the loop and the generator's body can be one trace.
//!
//! Interpreted, the native functions are faster. So the others are used in what a trace is recorded of, and once the
//! generator's loop has been found hot, and that a trace of it alone comes to nothing ([`hot`]); no more when a trace of
//! their own loop has come to nothing as often as it is tried.
//!
//! The functions (`SOURCE`) are compiled when the first one is needed. Each generator's code has copies of its own
//! ([`Code::drains`]), so that their caches and traces serve one kind of generator.
//!
//! # Invariants
//! - Nobody sees the functions: their frames are `HIDDEN`, what they call are values of their own globals.
//! - They are not used while somebody traces, who would miss the events of the native function, nor without the JIT.

use super::generator::Generator;
use crate::err::R;
use crate::hooks::{self, Mode};
use crate::n;
use crate::native::{Inline, NativeDef, RawArgs, TypeCell, function};
use crate::object::*;
use crate::thread::{Root, Th};
use crate::value::*;
use adder_bytecode::CodeFlags;
use std::sync::atomic::{AtomicBool, Ordering::*};

const SOURCE: &str = "\
def all(it):
    for x in it:
        if not x:
            return False
    return True

def any(it):
    for x in it:
        if x:
            return True
    return False

def list(it):
    return [x for x in it]

def tuple(it):
    return TUPLE([x for x in it])

def set(it):
    return {x for x in it}

def frozenset(it):
    return FROZENSET({x for x in it})

def join(text, it):
    return JOIN(text, [x for x in it])

def sorted(it):
    l = [x for x in it]
    SORT(l)
    return l

def min(it):
    for m in it:
        break
    else:
        return MIN(())
    for x in it:
        if x < m:
            m = x
    return m

def max(it):
    for m in it:
        break
    else:
        return MAX(())
    for x in it:
        if x > m:
            m = x
    return m

def min_kw(it, key, default):
    for m in it:
        break
    else:
        if default is MISSING:
            return MIN(())
        return default
    if key is None:
        for x in it:
            if x < m:
                m = x
        return m
    k = key(m)
    for x in it:
        y = key(x)
        if y < k:
            m = x
            k = y
    return m

def max_kw(it, key, default):
    for m in it:
        break
    else:
        if default is MISSING:
            return MAX(())
        return default
    if key is None:
        for x in it:
            if x > m:
                m = x
        return m
    k = key(m)
    for x in it:
        y = key(x)
        if y > k:
            m = x
            k = y
    return m

def sorted_kw(it, key, reverse):
    l = [x for x in it]
    SORT(l, key=key, reverse=reverse)
    return l

def sum(it, s):
    if TYPE(s) is INT:
        for x in it:
            if TYPE(x) is INT or TYPE(x) is BOOL:
                s = s + x
            elif TYPE(x) is FLOAT and -0x8000000000000000 <= s <= 0x7fffffffffffffff:
                s = s + x
                break
            else:
                return MORE(it, s, 0.0, x)
        else:
            return s
    c = 0.0
    for x in it:
        if TYPE(x) is not FLOAT:
            if (TYPE(x) is INT or TYPE(x) is BOOL) and -0x8000000000000000 <= x <= 0x7fffffffffffffff:
                x = x + 0.0
            else:
                return MORE(it, s, c, x)
        t = s + x
        if ABS(s) >= ABS(x):
            c = c + ((s - t) + x)
        else:
            c = c + ((x - t) + s)
        s = t
    if c != 0.0 and c - c == 0.0:
        return s + c
    return s
";

/// What there are functions for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Use {
    All,
    Any,
    List,
    Tuple,
    Set,
    Frozenset,
    Join,
    Sorted,
    Min,
    Max,
    Sum,
    MinKw,
    MaxKw,
    SortedKw,
}
/// The functions' names, in the order of [`Use`].
const NAMES: &[&str] = &[
    "all",
    "any",
    "list",
    "tuple",
    "set",
    "frozenset",
    "join",
    "sorted",
    "min",
    "max",
    "sum",
    "min_kw",
    "max_kw",
    "sorted_kw",
];

static MORE: NativeDef =
    function("sum", "($module, iterable, start, lost, item, /)", "", crate::builtins::fold::sum_more);

/// The functions could not be made: there is no compiler.
static WITHOUT: AtomicBool = AtomicBool::new(false);

/// The code of the generator that is used up with this argument.
fn source(th: Th, v: Value) -> Option<Gc<Code>> {
    if let Some(g) = v.exact::<Generator>() {
        return Some(g.code.gc());
    }
    if !v.is_obj() || v.kind() != Kind::Object || !th.type_of(v).heap_type() {
        return None;
    }
    let code: Gc<Code> = th.lookup(th.type_of(v), n!(__iter__))?.exact::<Function>()?.code.gc();
    CodeFlags(code.flags).has(CodeFlags::GENERATOR).then_some(code)
}
/// Whether somebody would see that it is not asked for its length.
fn has_length(th: Th, v: Value) -> bool {
    let t = th.type_of(v);
    !v.is_exact(Kind::Generator)
        && (th.lookup(t, n!(__len__)).is_some() || th.lookup(t, n!(__length_hint__)).is_some())
}

/// Which function does what this callable does, and the index of the generator among its arguments.
fn which(th: Th, f: Value, args: &[Value]) -> Option<(Use, usize)> {
    use_of(th, f, args).filter(|&(k, at)| {
        let asks = matches!(k, Use::List | Use::Join | Use::Sorted);
        !(asks && has_length(th, args[at]))
    })
}
fn use_of(th: Th, f: Value, args: &[Value]) -> Option<(Use, usize)> {
    let generator = |k: usize| args.get(k).is_some_and(|a| source(th, *a).is_some());
    if let Some(d) = f.exact::<MethodDescriptor>() {
        let Inline::Drain(k) = d.def.inline else { return None };
        return (args.len() == 2 && args[0].is_exact(Kind::Str) && generator(1)).then_some((k, 1));
    }
    if let Some(nf) = f.exact::<NativeFunction>() {
        let Inline::Drain(k) = nf.def.inline else { return None };
        if nf.def.sig.receiver || !generator(0) {
            return None;
        }
        let start = |v: Value| v.is_fix() || v.is_flo();
        return (args.len() == 1 || (k == Use::Sum && args.len() == 2 && start(args[1]))).then_some((k, 0));
    }
    if f.is_exact(Kind::Type) && args.len() == 1 && generator(0) {
        let own = |c: &'static TypeCell| f.is(c.get().value());
        let k = if own(&crate::builtins::list::LIST) {
            Use::List
        } else if own(&crate::builtins::tuple::TUPLE) {
            Use::Tuple
        } else if own(&crate::builtins::set::SET) {
            Use::Set
        } else if own(&crate::builtins::set::FROZENSET) {
            Use::Frozenset
        } else {
            return None;
        };
        return Some((k, 0));
    }
    None
}

/// A call that is done by a function of this module.
pub struct Drain {
    pub func: Gc<Function>,
    /// Which of the arguments is the generator.
    pub at: usize,
    /// A start of 0 is to be added to the arguments.
    pub zero: bool,
}

/// The same of `min`, `max` and `sorted` of a generator with keywords: the function and its arguments.
pub fn with_keywords(th: Th, f: Value, a: RawArgs) -> Option<(Gc<Function>, [Value; 3])> {
    let nf = f.exact::<NativeFunction>()?;
    let (names, all) = (a.kwnames()?, a.all());
    let Inline::Drain(k) = nf.def.inline else { return None };
    if nf.def.sig.receiver || a.pos().len() != 1 || !usable(th) {
        return None;
    }
    let k = match k {
        Use::Min => Use::MinKw,
        Use::Max => Use::MaxKw,
        Use::Sorted => Use::SortedKw,
        _ => return None,
    };
    let sorted = k == Use::SortedKw;
    if sorted && has_length(th, all[0]) {
        return None;
    }
    let func = function_of(th, all[0], k, false)?;
    let missing = Root::prelude.value().known::<Array>().slot(NAMES.len()).value();
    let mut args = [all[0], NONE(), if sorted { FALSE() } else { missing }];
    for (n, v) in names.items().iter().zip(&all[1..]) {
        match &*th.text(*n) {
            "key" => args[1] = *v,
            "default" if !sorted => args[2] = *v,
            "reverse" if sorted => args[2] = *v,
            _ => return None,
        }
    }
    Some((func, args))
}
/// Not in an import: what modules run when they begin is short, and the functions would first have to be made.
fn usable(th: Th) -> bool {
    crate::jit::enabled() && !th.importing.get() && !super::events::observed(th)
}

/// Header flag of generators' code: its loop is hot.
const HOT: u8 = crate::value::flags::K0;
/// The first value of the functions' loop counters then.
const SOON: u32 = 48;

/// Loops of this code are hot: a recording would begin in one that native code runs, or one was given up. True: it is a
/// generator of which that was not known.
pub fn hot(code: Gc<Code>) -> bool {
    let new = CodeFlags(code.flags).has(CodeFlags::GENERATOR) && !code.flag(HOT);
    if new {
        code.set_flag(HOT);
    }
    new
}

/// What does this call of a native function or type instead. None: the call is as it is. `now`: it is recorded.
pub fn of(th: Th, f: Value, args: &[Value], now: bool) -> Option<Drain> {
    if !usable(th) {
        return None;
    }
    let (k, at) = which(th, f, args)?;
    let func = function_of(th, args[at], k, now)?;
    Some(Drain { func, at, zero: k == Use::Sum && args.len() == 1 })
}
/// Whether [`of`] may have a function for this generator: native code is faster before its loop is hot.
#[inline]
pub fn wanted(g: Gc<Generator>) -> bool {
    wanted_of(g.code.gc())
}
/// The same of an instance.
#[inline(never)]
pub fn wanted_by(th: Th, v: Value) -> bool {
    source(th, v).is_some_and(wanted_of)
}
#[inline]
fn wanted_of(code: Gc<Code>) -> bool {
    code.flag(HOT) || code.drains.get().is_some() || crate::jit::eager()
}
/// Function `k` for this generator.
fn function_of(th: Th, g: Value, k: Use, now: bool) -> Option<Gc<Function>> {
    let code = source(th, g)?;
    if !(now || wanted_of(code)) {
        return None;
    }
    let known = code.drains.get().and_then(|a| a.slot(k as usize).get());
    Some(match known {
        Some(f) => {
            // SAFETY: `drains` holds functions.
            let f: Gc<Function> = unsafe { f.cast_unchecked() };
            if !now && crate::jit::given_up(f.code.gc()) {
                return None;
            }
            f
        }
        None => {
            if WITHOUT.load(Relaxed) || !(now || code.flag(HOT) || crate::jit::eager()) {
                return None;
            }
            match make(th, code, k) {
                Ok(f) => f,
                Err(_) => {
                    th.exc.init(None);
                    return None;
                }
            }
        }
    })
}

/// A copy of function `k` for the generators of this code.
#[cold]
fn make(th: Th, code: Gc<Code>, k: Use) -> R<Gc<Function>> {
    let k = k as usize;
    let all: Gc<Array> = match Root::prelude.get() {
        Some(a) => unsafe { a.cast_unchecked() },
        None => prepare(th).inspect_err(|_| WITHOUT.store(true, Relaxed))?,
    };
    let model: Gc<Function> = unsafe { all.slot(k).gc() };
    let canon: Gc<Code> = model.code.gc();
    crate::builtins::code::load(th, canon)?;
    let copy = crate::builtins::code::copy(th, canon, canon.globals_id.load(Relaxed))?;
    if code.flag(HOT) {
        for i in 0..copy.nloops as usize {
            let c = crate::jit::counter(copy, i);
            c.store(c.load(Relaxed).min(SOON), Relaxed);
        }
    }
    let f = crate::builtins::function::new(th, canon, model.globals.gc())?;
    th.store(f, &f.code, copy);
    let a = match code.drains.get() {
        Some(a) => a,
        None => {
            let a = th.array(NAMES.len())?;
            th.store(code, &code.drains, a);
            a
        }
    };
    th.store(a, a.slot(k), f.value());
    Ok(f)
}

/// Compiles the functions.
fn prepare(th: Th) -> R<Gc<Array>> {
    let module = hooks::compile(th, SOURCE, "<builtins>", Mode::Exec, 0, 0)?;
    let globals = Gc::<Dict>::new(th);
    let of = |t: Value, name: &str| th.getattr(t, th.intern(name));
    let (list, text) =
        (crate::builtins::list::LIST.get().value(), crate::builtins::str_type::STR.get().value());
    let more = th.native_function(&MORE, None, None);
    let def = |name: &str| {
        let all = crate::builtins::functions::MODULE.functions;
        let d = all.iter().find(|d| d.name == name).expect("a builtin function");
        th.native_function(d, None, None)
    };
    for (name, v) in [
        ("TUPLE", crate::builtins::tuple::TUPLE.get().value()),
        ("FROZENSET", crate::builtins::set::FROZENSET.get().value()),
        ("JOIN", of(text, "join")?),
        ("SORT", of(list, "sort")?),
        ("MIN", def("min")),
        ("MAX", def("max")),
        ("ABS", def("abs")),
        ("TYPE", crate::builtins::type_::TYPE.get().value()),
        ("INT", crate::builtins::int::INT.get().value()),
        ("BOOL", crate::builtins::bool_::BOOL.get().value()),
        ("FLOAT", crate::builtins::float::FLOAT.get().value()),
        // Nobody can pass it for a default.
        ("MISSING", more),
        ("MORE", more),
    ] {
        globals.set(th, th.intern(name), v)?;
    }
    let all = th.array(NAMES.len() + 1)?;
    let missing = globals.get_str(th, th.intern("MISSING"))?;
    th.store_opt(all, all.slot(NAMES.len()), missing);
    let consts: Gc<Array> = module.consts.gc();
    for s in consts.slots() {
        let Some(c) = s.get().and_then(|c| c.exact::<Code>()) else { continue };
        let name = th.text(c.name.value());
        let Some(k) = NAMES.iter().position(|n| *n == name) else { continue };
        let f = crate::builtins::function::new(th, c, globals)?;
        th.store(all, all.slot(k), f.value());
    }
    if all.slots().iter().any(|s| s.get().is_none()) {
        return Err(th.system_error("functions of the prelude are missing"));
    }
    Root::prelude.set(Some(all.value()));
    Ok(all)
}
