//! The protocols of operators and of `len`, `iter`, `next`, `hash`, `repr`, `str`, `bool`, item access: what
//! `Objects/abstract.c` does.

use crate::builtins::exceptions as exc;
use crate::err::{R, Raised};
use crate::interp::fast::Bin;
use crate::n;
use crate::object::*;
use crate::slots::*;
use crate::thread::Th;
use crate::value::*;
use adder_bytecode::Special;

fn slot_of(s: &Slots, op: Bin) -> Option<Binary> {
    match op {
        Bin::Add => s.add,
        Bin::Sub => s.sub,
        Bin::Mul => s.mul,
        Bin::TrueDiv => s.truediv,
        Bin::FloorDiv => s.floordiv,
        Bin::Mod => s.rem,
        Bin::LShift => s.lshift,
        Bin::RShift => s.rshift,
        Bin::And => s.and,
        Bin::Or => s.or,
        Bin::Xor => s.xor,
        Bin::MatMul => s.matmul,
        Bin::Pow => None,
    }
}
fn inplace_slot(s: &Slots, op: Bin) -> Option<Binary> {
    match op {
        Bin::Add => s.iadd,
        Bin::Sub => s.isub,
        Bin::Mul => s.imul,
        Bin::TrueDiv => s.itruediv,
        Bin::FloorDiv => s.ifloordiv,
        Bin::Mod => s.irem,
        Bin::LShift => s.ilshift,
        Bin::RShift => s.irshift,
        Bin::And => s.iand,
        Bin::Or => s.ior,
        Bin::Xor => s.ixor,
        Bin::MatMul => s.imatmul,
        Bin::Pow => s.ipow,
    }
}
pub fn symbol(op: Bin) -> &'static str {
    match op {
        Bin::Add => "+",
        Bin::Sub => "-",
        Bin::Mul => "*",
        Bin::TrueDiv => "/",
        Bin::FloorDiv => "//",
        Bin::Mod => "%",
        Bin::LShift => "<<",
        Bin::RShift => ">>",
        Bin::And => "&",
        Bin::Or => "|",
        Bin::Xor => "^",
        Bin::MatMul => "@",
        Bin::Pow => "** or pow()",
    }
}

/// CPython's `binary_op1`: NotImplemented if neither operand knows.
fn binary1(th: Th, op: Bin, a: Value, b: Value) -> R<Value> {
    let (ta, tb) = (th.type_of(a), th.type_of(b));
    let fa = slot_of(&ta.slots, op);
    let mut fb = if ta == tb { None } else { slot_of(&tb.slots, op) };
    if let (Some(x), Some(y)) = (fa, fb)
        && std::ptr::fn_addr_eq(x, y)
    {
        fb = None;
    }
    if let Some(f) = fa {
        if let Some(g) = fb
            && th.is_subtype(tb, ta)
        {
            let r = g(th, a, b)?;
            if !r.is(NOT_IMPLEMENTED()) {
                return Ok(r);
            }
            fb = None;
        }
        let r = f(th, a, b)?;
        if !r.is(NOT_IMPLEMENTED()) {
            return Ok(r);
        }
    }
    match fb {
        Some(g) => g(th, a, b),
        None => Ok(NOT_IMPLEMENTED()),
    }
}

#[cold]
pub fn unsupported(th: Th, op: Bin, inplace: bool, a: Value, b: Value) -> Raised {
    let sym = match (op, inplace) {
        (Bin::Pow, true) => "**=".to_string(),
        (_, true) => format!("{}=", symbol(op)),
        _ => symbol(op).to_string(),
    };
    let hint = if op == Bin::RShift && a.exact::<NativeFunction>().is_some_and(|f| f.def.name == "print") {
        ". Did you mean \"print(<message>, file=<output_stream>)\"?"
    } else {
        ""
    };
    th.type_error(format!(
        "unsupported operand type(s) for {sym}: '{}' and '{}'{hint}",
        th.type_name_of(a),
        th.type_name_of(b)
    ))
}

/// Sequence concatenation and repetition, after the number protocol gave up.
fn sequence_op(th: Th, op: Bin, inplace: bool, a: Value, b: Value) -> R<Option<Value>> {
    let (sa, sb) = (&th.type_of(a).slots, &th.type_of(b).slots);
    match op {
        Bin::Add => {
            let f = if inplace { sa.iconcat.or(sa.concat) } else { sa.concat };
            f.map(|f| f(th, a, b)).transpose()
        }
        Bin::Mul => {
            let f = if inplace { sa.irepeat.or(sa.repeat) } else { sa.repeat };
            if let Some(f) = f {
                return f(th, a, th.repeat_count(b)?).map(Some);
            }
            match sb.repeat {
                Some(f) => f(th, b, th.repeat_count(a)?).map(Some),
                None => Ok(None),
            }
        }
        _ => Ok(None),
    }
}

pub fn binary(th: Th, op: Bin, a: Value, b: Value) -> R<Value> {
    if op == Bin::Pow {
        return pow3(th, a, b, NONE());
    }
    let r = binary1(th, op, a, b)?;
    if !r.is(NOT_IMPLEMENTED()) {
        return Ok(r);
    }
    match sequence_op(th, op, false, a, b)? {
        Some(v) => Ok(v),
        None => Err(unsupported(th, op, false, a, b)),
    }
}
pub fn inplace(th: Th, op: Bin, a: Value, b: Value) -> R<Value> {
    if let Some(f) = inplace_slot(&th.type_of(a).slots, op) {
        let r = f(th, a, b)?;
        if !r.is(NOT_IMPLEMENTED()) {
            return Ok(r);
        }
    }
    inplace_after_own(th, op, a, b)
}
pub fn has_inplace(t: Gc<Type>, op: Bin) -> bool {
    inplace_slot(&t.slots, op).is_some()
        || matches!(op, Bin::Add) && t.slots.iconcat.is_some()
        || matches!(op, Bin::Mul) && t.slots.irepeat.is_some()
}
/// The protocol after the left operand's own method of the operation in place gave NotImplemented.
pub fn inplace_after_own(th: Th, op: Bin, a: Value, b: Value) -> R<Value> {
    if op == Bin::Pow {
        let r = pow1(th, a, b, NONE())?;
        return if r.is(NOT_IMPLEMENTED()) { Err(unsupported(th, op, true, a, b)) } else { Ok(r) };
    }
    let r = binary1(th, op, a, b)?;
    if !r.is(NOT_IMPLEMENTED()) {
        return Ok(r);
    }
    match sequence_op(th, op, true, a, b)? {
        Some(v) => Ok(v),
        None => Err(unsupported(th, op, true, a, b)),
    }
}
pub fn inplace_name(op: Bin) -> Value {
    match op {
        Bin::Add => n!(__iadd__),
        Bin::Sub => n!(__isub__),
        Bin::Mul => n!(__imul__),
        Bin::TrueDiv => n!(__itruediv__),
        Bin::FloorDiv => n!(__ifloordiv__),
        Bin::Mod => n!(__imod__),
        Bin::LShift => n!(__ilshift__),
        Bin::RShift => n!(__irshift__),
        Bin::And => n!(__iand__),
        Bin::Or => n!(__ior__),
        Bin::Xor => n!(__ixor__),
        Bin::MatMul => n!(__imatmul__),
        Bin::Pow => n!(__ipow__),
    }
}
/// The protocol after the left operand's Python method gave NotImplemented.
pub fn binary_after_left(th: Th, op: Bin, inplace: bool, a: Value, b: Value) -> R<Value> {
    let (ta, tb) = (th.type_of(a), th.type_of(b));
    let r = if ta == tb {
        NOT_IMPLEMENTED()
    } else if op == Bin::Pow {
        match tb.slots.pow {
            Some(f) if ta.slots.pow.is_none_or(|g| !std::ptr::fn_addr_eq(f, g)) => f(th, a, b, NONE())?,
            Some(_) => th.call_maybe(b, n!(__rpow__), &[a])?,
            None => NOT_IMPLEMENTED(),
        }
    } else {
        match (slot_of(&ta.slots, op), slot_of(&tb.slots, op)) {
            (Some(f), Some(g)) if std::ptr::fn_addr_eq(f, g) => th.call_maybe(b, reflected(op), &[a])?,
            (_, Some(g)) => g(th, a, b)?,
            _ => NOT_IMPLEMENTED(),
        }
    };
    if !r.is(NOT_IMPLEMENTED()) {
        return Ok(r);
    }
    match sequence_op(th, op, inplace, a, b)? {
        Some(v) => Ok(v),
        None => Err(unsupported(th, op, inplace, a, b)),
    }
}
pub fn reflected(op: Bin) -> Value {
    match op {
        Bin::Add => n!(__radd__),
        Bin::Sub => n!(__rsub__),
        Bin::Mul => n!(__rmul__),
        Bin::TrueDiv => n!(__rtruediv__),
        Bin::FloorDiv => n!(__rfloordiv__),
        Bin::Mod => n!(__rmod__),
        Bin::LShift => n!(__rlshift__),
        Bin::RShift => n!(__rrshift__),
        Bin::And => n!(__rand__),
        Bin::Or => n!(__ror__),
        Bin::Xor => n!(__rxor__),
        Bin::MatMul => n!(__rmatmul__),
        Bin::Pow => n!(__rpow__),
    }
}

fn pow1(th: Th, a: Value, b: Value, m: Value) -> R<Value> {
    let (ta, tb) = (th.type_of(a), th.type_of(b));
    let fa = ta.slots.pow;
    let mut fb = if ta == tb { None } else { tb.slots.pow };
    if let (Some(x), Some(y)) = (fa, fb)
        && std::ptr::fn_addr_eq(x, y)
    {
        fb = None;
    }
    if let Some(f) = fa {
        if let Some(g) = fb
            && th.is_subtype(tb, ta)
        {
            let r = g(th, a, b, m)?;
            if !r.is(NOT_IMPLEMENTED()) {
                return Ok(r);
            }
            fb = None;
        }
        let r = f(th, a, b, m)?;
        if !r.is(NOT_IMPLEMENTED()) {
            return Ok(r);
        }
    }
    if let Some(g) = fb {
        let r = g(th, a, b, m)?;
        if !r.is(NOT_IMPLEMENTED()) {
            return Ok(r);
        }
    }
    if !m.is_none()
        && let Some(f) = th.type_of(m).slots.pow
        && fa.is_none_or(|x| !std::ptr::fn_addr_eq(x, f))
        && fb.is_none_or(|x| !std::ptr::fn_addr_eq(x, f))
    {
        return f(th, a, b, m);
    }
    Ok(NOT_IMPLEMENTED())
}
/// `pow(a, b, m)`.
pub fn pow3(th: Th, a: Value, b: Value, m: Value) -> R<Value> {
    let r = pow1(th, a, b, m)?;
    if !r.is(NOT_IMPLEMENTED()) {
        return Ok(r);
    }
    if m.is_none() {
        return Err(unsupported(th, Bin::Pow, false, a, b));
    }
    Err(th.type_error(format!(
        "unsupported operand type(s) for ** or pow(): '{}', '{}', '{}'",
        th.type_name_of(a),
        th.type_name_of(b),
        th.type_name_of(m)
    )))
}

macro_rules! operators {
    ($($f:ident $g:ident $op:ident)*) => { $(
        pub fn $f(th: Th, a: Value, b: Value) -> R<Value> { binary(th, Bin::$op, a, b) }
        pub fn $g(th: Th, a: Value, b: Value) -> R<Value> { inplace(th, Bin::$op, a, b) }
    )* };
}
operators! {
    add iadd Add  sub isub Sub  mul imul Mul  matmul imatmul MatMul  truediv itruediv TrueDiv
    floordiv ifloordiv FloorDiv  rem irem Mod  pow ipow Pow  lshift ilshift LShift  rshift irshift RShift
    and iand And  or ior Or  xor ixor Xor
}

pub fn divmod(th: Th, a: Value, b: Value) -> R<Value> {
    let (ta, tb) = (th.type_of(a), th.type_of(b));
    for f in [ta.slots.divmod, if ta == tb { None } else { tb.slots.divmod }].into_iter().flatten() {
        let r = f(th, a, b)?;
        if !r.is(NOT_IMPLEMENTED()) {
            return Ok(r);
        }
    }
    Err(th.type_error(format!(
        "unsupported operand type(s) for divmod(): '{}' and '{}'",
        th.type_name_of(a),
        th.type_name_of(b)
    )))
}

macro_rules! unary {
    ($($f:ident $slot:ident $sym:literal)*) => { $(
        pub fn $f(th: Th, a: Value) -> R<Value> {
            match th.type_of(a).slots.$slot {
                Some(f) => f(th, a),
                None => Err(th.type_error(format!(concat!("bad operand type for unary ", $sym, ": '{}'"), th.type_name_of(a)))),
            }
        }
    )* };
}
unary! { neg neg "-"  pos pos "+"  invert invert "~" }
pub fn abs(th: Th, a: Value) -> R<Value> {
    match th.type_of(a).slots.abs {
        Some(f) => f(th, a),
        None => Err(th.type_error(format!("bad operand type for abs(): '{}'", th.type_name_of(a)))),
    }
}

pub fn not(th: Th, a: Value) -> R<Value> {
    Ok(Value::bool(!th.truth(a)?))
}
pub fn truth_value(th: Th, a: Value) -> R<Value> {
    Ok(Value::bool(th.truth(a)?))
}
pub fn contains_value(th: Th, c: Value, k: Value) -> R<Value> {
    Ok(Value::bool(th.contains(c, k)?))
}
pub fn getitem(th: Th, o: Value, k: Value) -> R<Value> {
    th.getitem(o, k)
}
pub fn setitem_value(th: Th, o: Value, k: Value, v: Value) -> R<Value> {
    th.setitem(o, k, Some(v))?;
    Ok(NONE())
}

/// Checks what `__repr__` or `__str__` returned.
pub fn checked_text(th: Th, r: Value, method: &str) -> R<Value> {
    if r.is_kind(Kind::Str) {
        return Ok(r);
    }
    Err(th.type_error(format!("{method} returned non-string (type {})", th.type_name_of(r))))
}
/// Checks what `__iter__` returned.
pub fn checked_iter(th: Th, r: Value) -> R<Value> {
    if th.type_of(r).slots.iternext.is_some() {
        return Ok(r);
    }
    Err(th.type_error(format!("iter() returned non-iterator of type '{}'", th.type_name_of(r))))
}

// -- comparison

/// `a op b` as a value: CPython's `do_richcompare`.
pub fn compare_value(th: Th, a: Value, b: Value, op: CmpOp) -> R<Value> {
    th.check_stack(" in comparison")?;
    let (ta, tb) = (th.type_of(a), th.type_of(b));
    let mut reflected_done = false;
    if ta != tb
        && let Some(g) = tb.slots.richcompare
        && th.is_subtype(tb, ta)
    {
        reflected_done = true;
        let r = g(th, b, a, op.swapped())?;
        if !r.is(NOT_IMPLEMENTED()) {
            return Ok(r);
        }
    }
    if let Some(f) = ta.slots.richcompare {
        let r = f(th, a, b, op)?;
        if !r.is(NOT_IMPLEMENTED()) {
            return Ok(r);
        }
    }
    finish_compare(th, a, b, op, reflected_done)
}
fn finish_compare(th: Th, a: Value, b: Value, op: CmpOp, reflected_done: bool) -> R<Value> {
    if !reflected_done && let Some(g) = th.type_of(b).slots.richcompare {
        let r = g(th, b, a, op.swapped())?;
        if !r.is(NOT_IMPLEMENTED()) {
            return Ok(r);
        }
    }
    match op {
        CmpOp::Eq => Ok(Value::bool(a.is(b))),
        CmpOp::Ne => Ok(Value::bool(!a.is(b))),
        _ => Err(th.type_error(format!(
            "'{}' not supported between instances of '{}' and '{}'",
            op.symbol(),
            th.type_name_of(a),
            th.type_name_of(b)
        ))),
    }
}
/// The protocol after the left operand's Python method gave NotImplemented.
pub fn compare_after_left(th: Th, a: Value, b: Value, op: CmpOp) -> R<Value> {
    finish_compare(th, a, b, op, false)
}
macro_rules! comparisons {
    ($($f:ident $op:ident)*) => { $(
        pub fn $f(th: Th, a: Value, b: Value) -> R<Value> { compare_value(th, a, b, CmpOp::$op) }
    )* };
}
comparisons! { lt Lt le Le eq Eq ne Ne gt Gt ge Ge }

/// How error messages call a callable: `name()` with its module or class.
pub fn callable_name(th: Th, f: Value) -> String {
    if let Ok(Some(q)) = th.getattr_opt(f, n!(__qualname__)) {
        let q = th.text(q);
        if let Ok(Some(m)) = th.getattr_opt(f, n!(__module__))
            && m.is_kind(Kind::Str)
            && th.text(m) != "builtins"
        {
            return format!("{}.{q}()", th.text(m));
        }
        return format!("{q}()");
    }
    th.repr(f).map(|r| th.text(r)).unwrap_or_default()
}

#[cold]
pub fn no_context_manager(th: Th, o: Value, which: Special) -> Raised {
    let tn = th.type_name_of(o);
    let is_async = matches!(which, Special::AEnter | Special::AExit);
    let (proto, other) = if is_async {
        ("the asynchronous context manager", n!(__enter__))
    } else {
        ("the context manager", n!(__aenter__))
    };
    let missed = match which {
        Special::Enter => "__enter__",
        Special::Exit => "__exit__",
        Special::AEnter => "__aenter__",
        Special::AExit => "__aexit__",
    };
    let exit = if is_async { n!(__exit__) } else { n!(__aexit__) };
    let hint = if th.lookup_special(o, other).is_some() && th.lookup_special(o, exit).is_some() {
        if is_async {
            " but it supports the context manager protocol. Did you mean to use 'with'?"
        } else {
            " but it supports the asynchronous context manager protocol. Did you mean to use 'async with'?"
        }
    } else {
        ""
    };
    if hint.is_empty() {
        th.type_error(format!("'{tn}' object does not support {proto} protocol (missed {missed} method)"))
    } else {
        th.type_error(format!(
            "'{tn}' object does not support {proto} protocol (missed {missed} method){hint}"
        ))
    }
}

/// `format(o, spec)`.
pub fn format(th: Th, o: Value, spec: Value) -> R<Value> {
    if spec.cast::<Str>().is_some_and(|s| s.is_empty()) {
        if o.is_exact(Kind::Str) {
            return Ok(o);
        }
        if o.is_fix() {
            return th.to_str(o);
        }
    }
    // What the most common types do, which nobody can change.
    if let Some(s) = spec.exact::<Str>()
        && !s.is_empty()
    {
        if o.is_fix() {
            return super::int_methods::format_spec(th, o, s.bytes());
        }
        if o.is_flo() || o.is_exact(Kind::Float) {
            return super::float_methods::format_spec(th, o, s.bytes());
        }
        if let Some(x) = o.exact::<Str>() {
            return super::str_methods::format_spec(th, x, s.bytes());
        }
    }
    match th.lookup_special(o, n!(__format__)) {
        Some(f) => {
            let r = th.call_unbound(f, o, &[spec])?;
            if !r.is_kind(Kind::Str) {
                return Err(
                    th.type_error(format!("__format__ must return a str, not {}", th.type_name_of(r)))
                );
            }
            Ok(r)
        }
        None => Err(th.type_error(format!("Type {} doesn't define __format__", th.type_name_of(o)))),
    }
}

impl Th {
    /// `a == b` as a bool; identical objects are equal (as containers compare).
    #[inline(always)]
    pub fn eq(self, a: Value, b: Value) -> R<bool> {
        if a.is(b) {
            return Ok(true);
        }
        if a.is_fix() && b.is_fix() {
            return Ok(false);
        }
        self.eq_general(a, b)
    }
    #[inline(never)]
    fn eq_general(self, a: Value, b: Value) -> R<bool> {
        if let (Some(x), Some(y)) = (a.exact::<Str>(), b.exact::<Str>()) {
            return Ok(x.nbytes == y.nbytes && x.bytes() == y.bytes());
        }
        if let (Some(x), Some(y)) = (a.exact::<Tuple>(), b.exact::<Tuple>()) {
            if let Some(r) = crate::builtins::quick::tuples_equal(x, y) {
                return Ok(r);
            }
            // Nested ones mostly.
            self.check_stack(" in comparison")?;
            for (x, y) in x.items().iter().zip(y.items()) {
                if !self.eq(*x, *y)? {
                    return Ok(false);
                }
            }
            return Ok(x.len == y.len);
        }
        let v = compare_value(self, a, b, CmpOp::Eq)?;
        self.truth(v)
    }
    /// `a op b` as a bool, without the identity shortcut.
    #[inline(always)]
    pub fn compare(self, a: Value, b: Value, op: CmpOp) -> R<bool> {
        if a.is_fix() && b.is_fix() {
            return Ok(op.holds(a.as_fix().cmp(&b.as_fix())));
        }
        self.compare_general(a, b, op)
    }
    #[inline(never)]
    fn compare_general(self, a: Value, b: Value, op: CmpOp) -> R<bool> {
        use crate::builtins::quick;
        if let Some(r) = quick::compare(a, b, op).or_else(|| quick::compare_tuples(a, b, op)) {
            return Ok(r);
        }
        let v = compare_value(self, a, b, op)?;
        self.truth(v)
    }
    #[inline]
    pub fn truth(self, v: Value) -> R<bool> {
        if v.is(TRUE()) {
            return Ok(true);
        }
        if v.is(FALSE()) || v.is_none() {
            return Ok(false);
        }
        if let Some(n) = v.as_fix() {
            return Ok(n != 0);
        }
        let s = &self.type_of(v).slots;
        if let Some(f) = s.bool {
            return f(self, v);
        }
        if let Some(f) = s.len {
            return Ok(f(self, v)? != 0);
        }
        Ok(true)
    }
    pub fn hash(self, v: Value) -> R<i64> {
        if let Some(s) = v.exact::<Str>() {
            return Ok(s.hash());
        }
        if let Some(n) = v.as_fix() {
            return Ok(crate::builtins::util::hash_fix(n));
        }
        if !v.is_exact(Kind::Tuple) {
            self.check_stack(" while hashing an object")?;
        }
        match self.type_of(v).slots.hash {
            Some(f) => f(self, v),
            None => crate::slot_defs::hash_not_implemented(self, v),
        }
    }
    pub fn len(self, v: Value) -> R<usize> {
        match self.type_of(v).slots.len {
            Some(f) => f(self, v),
            None => Err(self.type_error(format!("object of type '{}' has no len()", self.type_name_of(v)))),
        }
    }
    /// `len()` or `__length_hint__`, else the default.
    pub fn length_hint(self, v: Value, default: usize) -> R<usize> {
        Ok(self.known_length_hint(v)?.unwrap_or(default))
    }
    /// `len()` or `__length_hint__`; None: the object says nothing.
    pub fn known_length_hint(self, v: Value) -> R<Option<usize>> {
        if self.type_of(v).slots.len.is_some() {
            let r = self.len(v);
            match self.catch(r, &exc::TYPE_ERROR)? {
                Some(n) => return Ok(Some(n)),
                None => {}
            }
        }
        let Some(f) = self.lookup_special(v, n!(__length_hint__)) else { return Ok(None) };
        let r = self.call_unbound(f, v, &[]);
        let Some(r) = self.catch(r, &exc::TYPE_ERROR)? else { return Ok(None) };
        if r.is(NOT_IMPLEMENTED()) {
            return Ok(None);
        }
        if !matches!(r.kind(), Kind::Int | Kind::Bool) {
            return Err(
                self.type_error(format!("__length_hint__ must be an integer, not {}", self.type_name_of(r)))
            );
        }
        let n = self.index_i64(r)?;
        if n < 0 {
            return Err(self.value_error("__length_hint__() should return >= 0"));
        }
        Ok(Some(n as usize))
    }
    /// Checks what a Python `__len__` returned.
    pub fn check_len_result(self, r: Value) -> R<usize> {
        let i = self.index(r)?;
        match crate::builtins::int::to_i64(i) {
            Some(n) if n >= 0 => Ok(n as usize),
            Some(_) => Err(self.value_error("__len__() should return >= 0")),
            None => {
                if crate::builtins::int::is_negative(i) {
                    return Err(self.value_error("__len__() should return >= 0"));
                }
                Err(self.overflow_error("cannot fit 'int' into an index-sized integer"))
            }
        }
    }
    /// As [`Th::iter`], with another message for what cannot be iterated over (and whatever else is a TypeError).
    pub fn iter_or(self, v: Value, message: impl FnOnce() -> String) -> R<Value> {
        self.iter(v).map_err(|e| match self.exc_is(&exc::TYPE_ERROR) {
            true => {
                self.take_exc();
                self.type_error(message())
            }
            false => e,
        })
    }
    pub fn iter(self, v: Value) -> R<Value> {
        let t = self.type_of(v);
        match t.slots.iter {
            Some(f) => {
                let r = f(self, v)?;
                checked_iter(self, r)
            }
            // Not by subscripts that mean something else.
            None if t.slots.getitem.is_some() && !matches!(v.kind(), Kind::Dict | Kind::Union) => {
                crate::builtins::iters::seq_iter(self, v)
            }
            None => Err(self.type_error(format!("'{}' object is not iterable", self.type_name(t)))),
        }
    }
    /// The next item; None at the end.
    #[inline]
    pub fn next(self, it: Value) -> R<Option<Value>> {
        match super::iter_fast::take(it) {
            Some(v) => Ok(Some(v)),
            None => self.next_of_any(it),
        }
    }
    fn next_of_any(self, it: Value) -> R<Option<Value>> {
        // Iterators may be made of iterators, to any depth.
        self.check_stack("")?;
        match self.type_of(it).slots.iternext {
            Some(f) => self.or_ended(f(self, it)),
            None => Err(self.type_error(format!("'{}' object is not an iterator", self.type_name_of(it)))),
        }
    }
    /// What the slot `iternext` gave, as everything but `next()` takes it: StopIteration is the end too, which a function
    /// raises that `map` calls, for instance.
    #[inline(always)]
    pub fn or_ended(self, r: R<Option<Value>>) -> R<Option<Value>> {
        match r {
            Ok(v) => Ok(v),
            Err(e) => self.stop_to_none(Err(e)),
        }
    }
    /// Calls `f` with each item.
    pub fn for_each(self, iterable: Value, mut f: impl FnMut(Value) -> R<()>) -> R<()> {
        if let Some(t) = iterable.exact::<Tuple>() {
            return t.items().iter().try_for_each(|v| f(*v));
        }
        if let Some(l) = iterable.exact::<List>() {
            // As its iterator does, which nobody would see.
            let mut i = 0;
            while let Some(v) = l.get(i) {
                f(v)?;
                i += 1;
            }
            return Ok(());
        }
        let it = self.iter(iterable)?;
        while let Some(v) = self.next(it)? {
            f(v)?;
        }
        Ok(())
    }
    /// Turns a StopIteration of a call into None; its value is kept for `pending_stop_value`.
    #[inline(never)]
    pub fn stop_to_none(self, r: R<Value>) -> R<Option<Value>> {
        match r {
            Ok(v) => Ok(Some(v)),
            Err(e) => {
                if self.exc_is(&exc::STOP_ITERATION) {
                    let x = self.take_exc();
                    if crate::interp::events::observed(self) {
                        self.slots[crate::thread::ThreadSlot::Swallowed as usize].init(Some(x));
                    }
                    let v = exc::stop_value(x);
                    self.slots[crate::thread::ThreadSlot::Spare1 as usize].init(if v.is_none() {
                        None
                    } else {
                        Some(v)
                    });
                    Ok(None)
                } else {
                    Err(e)
                }
            }
        }
    }
    /// An iterator that is about to answer None leaves the value here that its StopIteration would carry.
    #[inline]
    pub fn set_stop_value(self, v: Value) {
        let s = &self.slots[crate::thread::ThreadSlot::Spare1 as usize];
        s.init(if v.is_none() { None } else { Some(v) });
    }
    /// The value of the StopIteration that `stop_to_none` last dropped.
    pub fn pending_stop_value(self) -> Value {
        let s = &self.slots[crate::thread::ThreadSlot::Spare1 as usize];
        let v = s.get();
        s.init(None);
        Value::opt_or_none(v)
    }
    pub fn contains(self, c: Value, k: Value) -> R<bool> {
        match self.type_of(c).slots.contains {
            Some(f) => f(self, c, k),
            None => self.contains_by_iteration(c, k),
        }
    }
    pub fn contains_by_iteration(self, c: Value, k: Value) -> R<bool> {
        let it = match self.iter(c) {
            Ok(it) => it,
            Err(_) if self.exc_is(&exc::TYPE_ERROR) => {
                self.take_exc();
                return Err(self.type_error(format!(
                    "argument of type '{}' is not a container or iterable",
                    self.type_name_of(c)
                )));
            }
            Err(e) => return Err(e),
        };
        while let Some(v) = self.next(it)? {
            if self.eq(v, k)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
    pub fn getitem(self, o: Value, k: Value) -> R<Value> {
        let t = self.type_of(o);
        if let Some(f) = t.slots.getitem {
            return f(self, o, k);
        }
        if let Some(ty) = o.cast::<Type>() {
            return crate::builtins::type_::class_getitem(self, ty, k);
        }
        Err(self.type_error(format!("'{}' object is not subscriptable", self.type_name(t))))
    }
    /// None deletes.
    pub fn setitem(self, o: Value, k: Value, v: Option<Value>) -> R<()> {
        let t = self.type_of(o);
        match t.slots.setitem {
            Some(f) => f(self, o, k, v),
            None => {
                // CPython asks a sequence by its own function when the key is an index.
                let sequence = (t.heap_type() || t.slots.getitem.is_some() || t.slots.contains.is_some())
                    && (k.is_fix() || self.type_of(k).slots.index.is_some());
                if sequence {
                    crate::builtins::bytes::index_arg(self, k)?;
                }
                Err(self.type_error(format!(
                    "'{}' object does{}support item {}",
                    self.type_name_of(o),
                    if v.is_some() || !sequence { " not " } else { "n't " },
                    if v.is_some() { "assignment" } else { "deletion" }
                )))
            }
        }
    }
    pub fn repr(self, v: Value) -> R<Value> {
        self.check_stack(" while getting the repr of an object")?;
        match self.type_of(v).slots.repr {
            Some(f) => {
                let r = f(self, v)?;
                checked_text(self, r, "__repr__")
            }
            None => crate::builtins::object::object_repr(self, v),
        }
    }
    pub fn to_str(self, v: Value) -> R<Value> {
        if v.is_exact(Kind::Str) {
            return Ok(v);
        }
        self.check_stack(" while getting the str of an object")?;
        match self.type_of(v).slots.str {
            Some(f) => {
                let r = f(self, v)?;
                checked_text(self, r, "__str__")
            }
            None => self.repr(v),
        }
    }

    // -- indices
    /// `operator.index`: exactly an int.
    pub fn index(self, v: Value) -> R<Value> {
        if v.is_fix() || matches!(v.kind(), Kind::Int | Kind::Bool) {
            return if v.is_kind(Kind::Bool) {
                Ok(Value::fix(v.is(TRUE()) as i64))
            } else {
                super::int::to_exact(self, v)
            };
        }
        match self.type_of(v).slots.index {
            Some(f) => {
                let r = f(self, v)?;
                if !matches!(r.kind(), Kind::Int | Kind::Bool) {
                    return Err(self
                        .type_error(format!("__index__ returned non-int (type {})", self.type_name_of(r))));
                }
                if !r.is_fix() && !r.is_exact(Kind::Int) {
                    self.deprecation_warning(&format!(
                        "__index__ returned non-int (type {}).  The ability to return an instance of a strict subclass of \
                         int is deprecated, and may be removed in a future version of Python.",
                        self.type_name_of(r)
                    ))?;
                    return super::int::to_exact(self, r);
                }
                Ok(r)
            }
            None => Err(self.type_error(format!(
                "'{}' object cannot be interpreted as an integer",
                self.type_name_of(v)
            ))),
        }
    }
    /// Index as an i64; OverflowError "Python int too large to convert to C ssize_t" beyond.
    pub fn index_i64(self, v: Value) -> R<i64> {
        if let Some(n) = v.as_fix() {
            return Ok(n);
        }
        let i = self.index(v)?;
        match crate::builtins::int::to_i64(i) {
            Some(n) => Ok(n),
            None => Err(self.overflow_error("Python int too large to convert to C ssize_t")),
        }
    }
    /// Index clamped to the i64 range (for slices and counts that may be huge).
    pub fn index_clamped(self, v: Value) -> R<i64> {
        if let Some(n) = v.as_fix() {
            return Ok(n);
        }
        let i = self.index(v)?;
        Ok(crate::builtins::int::to_i64(i).unwrap_or(if crate::builtins::int::is_negative(i) {
            i64::MIN
        } else {
            i64::MAX
        }))
    }
    /// Count for repetition: OverflowError "cannot fit 'int' into an index-sized integer" beyond.
    pub fn index_usize_clamped(self, v: Value) -> R<i64> {
        let i = self.index(v)?;
        match crate::builtins::int::to_i64(i) {
            Some(n) => Ok(n),
            None => Err(self.overflow_error(format!(
                "cannot fit '{}' into an index-sized integer",
                self.type_name_of(v)
            ))),
        }
    }
    fn repeat_count(self, v: Value) -> R<i64> {
        if v.is_fix() || self.type_of(v).slots.index.is_some() {
            return self.index_usize_clamped(v);
        }
        Err(self.type_error(format!("can't multiply sequence by non-int of type '{}'", self.type_name_of(v))))
    }
    /// What a Python `__hash__` returned, as a hash.
    pub fn hash_of_int_result(self, v: Value) -> R<i64> {
        match crate::builtins::int::to_i64(v) {
            Some(-1) => Ok(-2),
            Some(n) => Ok(n),
            None => crate::builtins::int::hash(self, v),
        }
    }
}
