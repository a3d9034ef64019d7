//! Quiet calls: of native functions and methods, of builtin classes, of what is known from shapes.

use super::tables::*;
use crate::builtins;
use crate::jit::machine::{Recorder, T};
use crate::jit::{helpers, watch};
use crate::n;
use crate::native::{Imp, Inline, NativeDef, tflags};
use crate::object::*;
use crate::value::*;
use adder_bytecode::Ins;
use adder_metatrace::{Cmp, Field, Machine};
use std::mem::offset_of;

/// Most arguments of a native function, the receiver among them.
pub(super) const MOST: usize = 4;
pub(super) fn call(m: Recorder, i: Ins, at: usize, n: usize, to: usize) -> Option<()> {
    let f = m.reg(i.a());
    if f.v.is_exact(Kind::Type) {
        let r = construct(m, f, at, n)?;
        m.set_reg(to, r);
        return Some(());
    }
    let (def, (args, count)): (&'static NativeDef, Args) = if let Some(nf) = f.v.exact::<NativeFunction>() {
        let name = nf.module.get().and_then(|v| v.exact::<Str>());
        if nf.def.inline == Inline::IsSubclass {
            let r = issubclass(m, f, nf.def, at, n)?;
            m.set_reg(to, r);
            return Some(());
        }
        if nf.def.inline == Inline::IsInstance {
            let r = isinstance(m, f, at, n)?;
            m.set_reg(to, r);
            return Some(());
        }
        if nf.def.sig.receiver {
            // A bound method.
            if !function(m, f, nf.def) {
                return None;
            }
            let this = m.get(f, Field(offset_of!(NativeFunction, this) as u32));
            let r = method(m, nf.def, m.i.th.type_of(this.v), this, at, n)?;
            m.set_reg(to, r);
            return Some(());
        }
        let row = row(FUNCTIONS, &m.i.th.text(name?.value()), nf.def.name)?;
        if !function(m, f, nf.def) {
            return None;
        }
        let (args, count) = arguments(m, None, at, n)?;
        let r = native(m, nf.def, row, &args[..count], 0)?;
        m.set_reg(to, r);
        return Some(());
    } else {
        let d = f.v.exact::<MethodDescriptor>()?;
        if n == 0 || !function(m, f, d.def) {
            return None;
        }
        (d.def, arguments(m, None, at, n)?)
    };
    debug_assert!(count > 0);
    let this = args[0];
    let r = method(m, def, m.i.th.type_of(this.v), this, at + 1, n - 1)?;
    m.set_reg(to, r);
    Some(())
}

/// Which function it is, not which object: a bound method is another one each time.
pub fn function(m: Recorder, f: T<Value>, def: &'static NativeDef) -> bool {
    if f.r.as_const().is_some() {
        return true;
    }
    let at = if f.v.is_exact(Kind::NativeFunction) {
        offset_of!(NativeFunction, def)
    } else {
        offset_of!(MethodDescriptor, def)
    };
    m.of_shape(f)
        && m.test(m.int_cmp(
            Cmp::Eq,
            m.get_int(f, Field(at as u32)),
            m.int_const(def as *const NativeDef as i64),
        ))
}

pub(super) fn method(
    m: Recorder,
    def: &'static NativeDef,
    t: Gc<Type>,
    this: T<Value>,
    at: usize,
    n: usize,
) -> Option<T<Value>> {
    let owner = t.native.name;
    let row = row(METHODS, owner, def.name)?;
    if def.name.starts_with("__") && row.0 == "*" {
        return None;
    }
    if t.heap_type() && owner != "_random.Random" {
        return None;
    }
    if !(if this.v.is_obj() { m.of_shape(this) } else { m.immediate(this) }) {
        return None;
    }
    let (args, count) = arguments(m, Some(this), at, n)?;
    native(m, def, row, &args[..count], 1)
}

/// Arguments on the native stack, where the collector sees them, and how many.
pub(super) type Args = ([T<Value>; MOST], usize);
pub(super) fn arguments(m: Recorder, this: Option<T<Value>>, at: usize, n: usize) -> Option<Args> {
    let first = this.is_some() as usize;
    if first + n > MOST {
        return None;
    }
    let mut all = [this.unwrap_or(m.fixnum(0)); MOST];
    for k in 0..n {
        all[first + k] = m.reg(at + k);
    }
    Some((all, first + n))
}
/// Calls a native function with these arguments, of which the first `own` need no test.
pub(super) fn native(
    m: Recorder,
    def: &'static NativeDef,
    row: &Row,
    args: &[T<Value>],
    own: usize,
) -> Option<T<Value>> {
    let d = &def.direct;
    // Those that take what comes: of plain values more than one, which are no containers.
    let raw = matches!(def.imp, Imp::Raw(_)) && own == 0 && (args.len() >= 2 || row.1 == "A");
    let direct = d.least != 255 && args.len() >= d.least as usize && args.len() <= d.most as usize;
    if !(raw || direct) || (direct && d.most as usize > MOST) || args.len() > MOST {
        return None;
    }
    let letters = row.1.as_bytes();
    let mut key = false;
    for (k, a) in args[own..].iter().enumerate() {
        let ok = match *letters.get(k).or(letters.last())? {
            b'P' => plain_value(a.v) && m.plain(*a),
            b'A' => true,
            b'K' => {
                key = true;
                true
            }
            b'C' => a.v.is_obj() && container(a.v.shape_id()) && m.of_shape(*a),
            b'S' => (a.v.is_exact(Kind::List) || a.v.is_exact(Kind::Tuple)) && m.of_shape(*a),
            _ => false,
        };
        if !ok {
            return None;
        }
    }
    let mut bits = [0; MOST];
    let mut ir = [m.rec().core.word(0); MOST];
    for (k, a) in args.iter().enumerate() {
        (bits[k], ir[k]) = (a.v.bits(), a.r);
    }
    let text = args.first().is_some_and(|a| a.v.is_exact(Kind::Str));
    let helper = match (raw, key) {
        (true, _) => helpers::native_raw,
        (_, true) => helpers::native_keyed,
        _ => helpers::native,
    };
    let v = Value::from_word(unsafe { helper(m.i.th, def, bits[0], bits[1], bits[2], bits[3]) })?;
    let def_at = m.address(def as *const NativeDef as usize);
    let r = m.quiet(def.name, helper as *const () as usize, row.2, &[def_at, ir[0], ir[1], ir[2], ir[3]], v);
    Some(if text && v.is_exact(Kind::Str) { m.is_a(r, Kind::Str) } else { r })
}

/// Instances of builtin types from plain values and builtin containers.
pub(super) fn construct(m: Recorder, f: T<Value>, at: usize, n: usize) -> Option<T<Value>> {
    let t: Gc<Type> = f.v.exact()?;
    if n > 1 || t.heap_type() {
        return None;
    }
    let arg = (n == 1).then(|| m.reg(at));
    let name = t.native.name;
    let ok = match (name, arg) {
        ("list" | "tuple" | "dict" | "set" | "str" | "int" | "float" | "bool", None) => true,
        ("object", None) => true,
        ("int" | "float" | "str" | "bool" | "complex", Some(a)) => plain_value(a.v) && m.plain(a),
        ("list" | "tuple" | "reversed" | "enumerate" | "zip", Some(a)) => {
            a.v.is_obj() && container(a.v.shape_id()) && m.of_shape(a)
        }
        ("type", Some(a)) => return class_of(m, f, a),
        _ => false,
    };
    if !ok {
        return None;
    }
    m.promote(f);
    let r = match arg {
        None => m.quiet1(name, helpers::construct0, READS, f)?,
        Some(a) => m.quiet2(name, helpers::construct1, READS, f, a)?,
    };
    Some(match Kind::ALL.iter().find(|k| r.v.is_exact(**k)) {
        Some(&k) if r.v.is_obj() && !matches!(k, Kind::Int | Kind::Float | Kind::Object) => m.is_a(r, k),
        _ => r,
    })
}

/// Records what shape, or which kind of immediate, a value has.
pub fn known(m: Recorder, a: T<Value>) -> bool {
    if a.v.is_obj() { m.of_shape(a) } else { m.immediate(a) }
}
/// Records of which class a value is: None if nothing was.
pub(super) fn known_class(m: Recorder, a: T<Value>) -> Option<Gc<Type>> {
    let t = m.i.th.type_of(a.v);
    // A float is the same in both its forms.
    known(m, a).then_some(t)
}
pub(super) fn class_of(m: Recorder, f: T<Value>, a: T<Value>) -> Option<T<Value>> {
    m.promote(f);
    let t = known_class(m, a)?;
    Some(m.constant(t.value()))
}

/// `issubclass` of two classes whose metaclass is `type`.
pub(super) fn issubclass(
    m: Recorder,
    f: T<Value>,
    def: &'static NativeDef,
    at: usize,
    n: usize,
) -> Option<T<Value>> {
    let (a, b) = if n == 2 { (m.reg(at), m.reg(at + 1)) } else { return None };
    let (t, c): (Gc<Type>, Gc<Type>) = (a.v.exact()?, b.v.exact()?);
    if !function(m, f, def) {
        return None;
    }
    m.promote(a);
    m.promote(b);
    watch::watch_type(t, m.rec().tree);
    Some(m.constant(Value::bool(m.i.th.is_subtype(t, c))))
}

/// `isinstance` of classes whose metaclass is `type`: known from the shape.
pub(super) fn isinstance(m: Recorder, f: T<Value>, at: usize, n: usize) -> Option<T<Value>> {
    let def = f.v.exact::<NativeFunction>()?.def;
    if n != 2 || !function(m, f, def) {
        return None;
    }
    let (o, c) = (m.reg(at), m.reg(at + 1));
    let plain_class = |c: Value| c.is_exact(Kind::Type).then(|| unsafe { c.cast_unchecked::<Type>() });
    let mut classes = Vec::new();
    let tuple = c.v.exact::<Tuple>();
    match tuple {
        Some(t) => {
            for x in t.items() {
                classes.push(plain_class(*x)?);
            }
        }
        None => classes.push(plain_class(c.v)?),
    }
    let t = m.i.th.type_of(o.v);
    let yes = classes.iter().any(|c| m.i.th.is_subtype(t, *c));
    // An object may claim another class by its `__class__`.
    let class = |t| m.i.th.lookup(t, n!(__class__)).map(Value::bits);
    if !yes && (!t.has(tflags::PLAIN_GETATTR) || class(t) != class(builtins::object::OBJECT.get())) {
        return None;
    }
    match tuple {
        Some(t) => {
            let len = m.of_shape(c).then(|| m.get_int(c, Field(offset_of!(Tuple, len) as u32)))?;
            m.test(m.int_cmp(Cmp::Eq, len, m.int_const(t.len as i64)));
            for k in 0..t.len {
                m.promote(m.get(c, Field((size_of::<Tuple>() + 8 * k) as u32)));
            }
        }
        None => {
            m.promote(c);
        }
    }
    watch::watch_type(t, m.rec().tree);
    known_class(m, o)?;
    Some(m.constant(Value::bool(yes)))
}
