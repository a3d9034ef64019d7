//! Special methods in Python that decide a condition (`__contains__`, `__bool__`, `__len__`) or answer for a builtin function
//! of one argument (`len`, `abs`, `repr`, `str`, `bool`, `next`) or for `iter` of a loop. They get frames with a
//! continuation, as those of operators do, so that nothing recurses natively and traces go into them; what the builtin
//! function would have checked is checked when they return.
//!
//! # Invariants
//! The operands of the instruction are in the running frame's registers, and the callee of a call is what it was tested
//! to be when the method returns.

use super::*;

/// What a special method's result means: operand of [`Cont::Special`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Means {
    /// It is the operation's.
    Itself,
    /// `__contains__`: its truth is.
    Truth,
    /// `__bool__`: must be a bool.
    Bool,
    /// `__len__` where a condition is asked for: whether it is not 0.
    Filled,
    /// `__len__`: must be an index.
    Len,
    /// `__repr__`, `__str__`: must be a string.
    Repr,
    Str,
    /// `__iter__`: must be an iterator.
    Iter,
}
impl Means {
    pub fn of(flags: u64) -> Means {
        // SAFETY: what `asked` answers is what comes back.
        unsafe { std::mem::transmute((flags >> fflags::ARG_SHIFT) as u8) }
    }
    /// The result is a bool.
    pub fn condition(self) -> bool {
        matches!(self, Means::Truth | Means::Bool | Means::Filled)
    }
}

/// A function that answers for the running instruction, and the registers of its arguments.
pub struct Asked {
    pub f: Value,
    pub means: Means,
    pub regs: [usize; 2],
    pub n: usize,
}

/// The class, if it is one that a program made.
fn class_of(th: Th, o: Value) -> Option<Gc<Type>> {
    if !o.is_obj() {
        return None;
    }
    Some(th.type_of(o)).filter(|t| t.heap_type())
}
fn python(th: Th, t: Gc<Type>, name: Value) -> Option<Value> {
    th.lookup(t, name).filter(|f| f.is_exact(Kind::Function))
}
/// What is asked for the truth of a value: a Python function, if there is one.
fn truth(th: Th, o: Value) -> Option<(Value, Means)> {
    let t = class_of(th, o)?;
    match th.lookup(t, n!(__bool__)) {
        Some(f) => f.is_exact(Kind::Function).then_some((f, Means::Bool)),
        None => python(th, t, n!(__len__)).map(|f| (f, Means::Filled)),
    }
}
/// What `str()` asks.
fn text(th: Th, o: Value) -> Option<(Value, Means)> {
    let t = class_of(th, o)?;
    let of_object = th.lookup(builtins::object::OBJECT.get(), n!(__str__));
    let f = th.lookup(t, n!(__str__))?;
    if f.is_exact(Kind::Function) {
        return Some((f, Means::Str));
    }
    // `object`'s own asks for `__repr__`.
    of_object.filter(|g| g.is(f)).and_then(|_| python(th, t, n!(__repr__))).map(|f| (f, Means::Str))
}
/// What a builtin function asks its only argument.
fn by_call(th: Th, f: Value, o: Value) -> Option<(Value, Means)> {
    let t = class_of(th, o)?;
    if let Some(nf) = f.exact::<NativeFunction>() {
        if nf.def.sig.receiver {
            return None;
        }
        let (name, means) = match nf.def.inline {
            Inline::Len => (n!(__len__), Means::Len),
            Inline::Abs => (n!(__abs__), Means::Itself),
            Inline::Repr => (n!(__repr__), Means::Repr),
            Inline::Resume => (n!(__next__), Means::Itself),
            _ => return None,
        };
        return python(th, t, name).map(|f| (f, means));
    }
    if f.is(builtins::str_type::STR.get().value()) {
        text(th, o)
    } else if f.is(builtins::bool_::BOOL.get().value()) {
        truth(th, o)
    } else {
        None
    }
}

/// The Python function that the instruction begins and ends with, by its operands' classes.
#[inline(never)]
pub fn asked(th: Th, i: Ins) -> Option<Asked> {
    let one = |(f, means): (Value, Means), r: usize| Some(Asked { f, means, regs: [r, 0], n: 1 });
    match i.op() {
        Op::JTrue | Op::JFalse => one(truth(th, reg(th, i.a()))?, i.a()),
        Op::Not => one(truth(th, reg(th, i.b()))?, i.b()),
        Op::In | Op::JIn => {
            let (c, k) = if i.op() == Op::In { (i.c(), i.b()) } else { (i.b(), i.a()) };
            let t = class_of(th, reg(th, c))?;
            let f = python(th, t, n!(__contains__))?;
            Some(Asked { f, means: Means::Truth, regs: [c, k], n: 2 })
        }
        Op::GetIter => {
            let t = class_of(th, reg(th, i.b()))?;
            one((python(th, t, n!(__iter__))?, Means::Iter), i.b())
        }
        Op::Convert if i.x() == 1 => one(text(th, reg(th, i.b()))?, i.b()),
        Op::Convert if i.x() == 2 => {
            let t = class_of(th, reg(th, i.b()))?;
            one((python(th, t, n!(__repr__))?, Means::Repr), i.b())
        }
        Op::Call | Op::CallMethod => {
            let plain = i.op() == Op::CallMethod && reg_opt(th, i.a() + 1).is_none();
            let (at, n) = (i.a() + 1 + plain as usize, i.b() - plain as usize);
            if n != 1 || (i.op() == Op::CallMethod && !plain) {
                return None;
            }
            one(by_call(th, reg(th, i.a()), reg(th, at))?, at)
        }
        _ => None,
    }
}

/// Pushes the frame of what the instruction asks. False: it is carried out natively.
#[inline]
pub(super) fn ask(th: Th, i: Ins) -> R<bool> {
    // Observers of branches and calls hear of them when they are over.
    if super::super::events::observed(th) {
        return Ok(false);
    }
    let Some(a) = asked(th, i) else { return Ok(false) };
    let args = [reg(th, a.regs[0]), reg(th, a.regs[a.n - 1])];
    push_python_to(th, a.f, &args[..a.n], flags_for(Cont::Special, a.means as u16), None)
}

/// A special method has returned `v` to the instruction.
pub(super) fn answered(th: Th, i: Ins, flags: u64, v: Value) -> Res {
    let means = Means::of(flags);
    let v = match means {
        Means::Itself => v,
        Means::Truth => Value::bool(th.truth(v)?),
        Means::Bool => crate::slot_defs::checked_bool(th, v)?,
        Means::Filled => Value::bool(th.check_len_result(v)? != 0),
        Means::Len => th.int(th.check_len_result(v)? as i64),
        Means::Repr => ops::checked_text(th, v, "__repr__")?,
        Means::Str => ops::checked_text(th, v, "__str__")?,
        Means::Iter => ops::checked_iter(th, v)?,
    };
    let jump_if = |b: bool, to: isize| {
        if v.is(Value::bool(b)) {
            skip(th, to);
        }
        NEXT
    };
    match i.op() {
        Op::JTrue => jump_if(true, i.imm() as isize),
        Op::JFalse => jump_if(false, i.imm() as isize),
        Op::JIn => jump_if(i.x() != 0, i.ci() as isize),
        Op::In => ret_a(th, i, Value::bool(v.is(TRUE()) != (i.x() != 0))),
        Op::Not => ret_a(th, i, Value::bool(v.is(FALSE()))),
        Op::Call | Op::CallMethod => {
            set(th, i.c(), v);
            NEXT
        }
        _ => ret_a(th, i, v),
    }
}
