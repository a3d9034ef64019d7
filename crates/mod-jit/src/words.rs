//! Guards in words: what an exit of a trace tests, for people who know Python and not the trace's IR.

use adder_metatrace::ir::*;
use adder_metatrace::sight::{Detail, Line, TraceInfo};
use adder_metatrace::word;
use adder_vm::value::Kind;

/// Name of the Python type whose instances have this shape.
pub fn type_of_shape(id: u32) -> String {
    if let Some(th) = adder_vm::thread::Th::current()
        && let Some(t) = adder_vm::shape::living_type(id)
    {
        return th.type_name(t);
    }
    Kind::NAMES.get(id as usize).map_or_else(|| format!("shape {id}"), |n| n.to_lowercase())
}

/// The variable that holds the value at some exit.
fn variable(d: &Detail, r: R) -> Option<&str> {
    let same = |v: &Val| matches!(*v, Val::Word(x) | Val::Int(x) | Val::Flt(x) if x == r);
    for s in d.trace.snaps.iter().filter(|s| !s.in_memory) {
        for (slot, _) in s.slots.iter().filter(|x| same(&x.1)) {
            let Some(f) = s.frames.iter().rev().find(|f| f.base <= *slot) else { continue };
            let names = d.codes.iter().find(|c| c.0 == f.code).map(|c| &c.1);
            if let Some(n) = names.and_then(|n| n.get((slot - f.base) as usize))
                && !n.is_empty()
                && !n.starts_with('.')
            {
                return Some(n);
            }
        }
    }
    None
}

/// A value of the trace, as near to the program's text as it can be said.
fn value(d: &Detail, r: R, depth: u32) -> String {
    let t = &d.trace;
    if let Some(c) = t.const_of(r) {
        return match c.ty {
            Ty::Ref if word::is_fix(c.bits) => word::unfix(c.bits).to_string(),
            Ty::Ref if c.bits == 0 => "nothing".into(),
            Ty::Ref if word::is_flo(c.bits) => format!("{:?}", word::flo_decode(c.bits)),
            Ty::Ref => "a constant object".into(),
            Ty::Flt => format!("{:?}", f64::from_bits(c.bits)),
            Ty::Bool => (c.bits != 0).to_string(),
            _ => (c.bits as i64).to_string(),
        };
    }
    let Some(i) = t.inst(r) else { return "a value".into() };
    let two = |op: &str| format!("{} {op} {}", value(d, i.a, depth + 1), value(d, i.b, depth + 1));
    let name = |slot: i64| {
        d.names.get(slot as usize).filter(|n| !n.is_empty() && !n.starts_with('.')).map(|n| format!("‘{n}’"))
    };
    if let Some(n) = variable(d, r) {
        return format!("‘{n}’");
    }
    let fallback = || match d.line_of(r.0 as usize) {
        Some(l) if l.line != 0 => format!("a value of line {}", l.line),
        _ => "a value".into(),
    };
    if depth > 2 {
        return fallback();
    }
    match i.op {
        Op::Entry | Op::LoadReg => name(i.imm).unwrap_or_else(fallback),
        Op::Phi
        | Op::Untag
        | Op::Tag
        | Op::Unbox
        | Op::Box
        | Op::Bits
        | Op::Word
        | Op::FixToFlt
        | Op::IntToFlt => value(d, i.a, depth),
        Op::FixAdd | Op::FixAddW | Op::Add | Op::FAdd => two("+"),
        Op::FixSub | Op::FixSubW | Op::Sub | Op::FSub => two("-"),
        Op::FixMul | Op::FMul => two("*"),
        Op::FDiv => two("/"),
        Op::FixDiv => two("//"),
        Op::FixMod => two("%"),
        Op::FixAnd => two("&"),
        Op::FixOr => two("|"),
        Op::FixXor => two("^"),
        Op::FixShl => two("<<"),
        Op::FixShr => two(">>"),
        Op::FNeg => format!("-{}", value(d, i.a, depth + 1)),
        Op::FAbs => format!("abs({})", value(d, i.a, depth + 1)),
        Op::FSqrt => format!("sqrt({})", value(d, i.a, depth + 1)),
        Op::Elem | Op::Item | Op::FltItem => "an item of a sequence".into(),
        Op::Get | Op::GetInt => format!("a field of {}", value(d, i.a, depth + 1)),
        op if op.is_call() => format!("the result of {}", t.calls[i.imm as usize].name),
        _ => fallback(),
    }
}

/// A condition that held when the trace was recorded (`want`) and the opposite.
fn condition(d: &Detail, r: R, want: bool) -> (String, String) {
    let Some(c) = d.trace.inst(r) else { return ("a condition holds".into(), "it does not".into()) };
    let a = || value(d, c.a, 0);
    let two = |yes: &str, no: &str| {
        let (mut x, mut y) = (value(d, c.a, 0), value(d, c.b, 0));
        let (mut yes, mut no) = (yes, no);
        if d.trace.const_of(c.a).is_some() && d.trace.const_of(c.b).is_none() {
            // What changes comes first.
            let flip = |op| match op {
                "<" => ">",
                "<=" => ">=",
                ">" => "<",
                ">=" => "<=",
                op => op,
            };
            if flip(yes) != yes || yes == "==" {
                std::mem::swap(&mut x, &mut y);
                (yes, no) = (flip(yes), flip(no));
            }
        }
        let (p, q) = (format!("{x} {yes} {y}"), format!("{x} {no} {y}"));
        if want { (p, q) } else { (q, p) }
    };
    let is = |what: &str| {
        let (p, q) = (format!("{} is {what}", a()), format!("it is not {what}"));
        if want { (p, q) } else { (format!("{} is not {what}", a()), format!("it is {what}")) }
    };
    match c.op {
        Op::IsFix => is("a small int"),
        Op::IsFlo => is("a float"),
        Op::IsPtr => is("an object (no small int, no float)"),
        Op::ShapeIs => {
            let t = type_of_shape(c.imm as u32);
            let article = if t.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
            if (c.imm as usize) < Kind::ALL.len() {
                is(&format!("{article} {t}"))
            } else if want {
                (
                    format!("{} is {article} {t} with the attributes seen before", a()),
                    "it has another type or other attributes".into(),
                )
            } else {
                (
                    format!("{} is no {t} with certain attributes", a()),
                    format!("it is {article} {t} with these attributes"),
                )
            }
        }
        Op::Eq if d.trace.const_of(c.b).is_some_and(|k| k.ty == Ty::Ref && k.bits == 0) => {
            if want {
                (format!("{} is absent", a()), "it is there".into())
            } else {
                (format!("{} is there", a()), "it is absent".into())
            }
        }
        Op::Eq if d.trace.const_of(c.b).is_some_and(|k| k.ty == Ty::Ref && word::is_ptr(k.bits)) => {
            if want {
                (format!("{} is the same object as before", a()), "it is another object".into())
            } else {
                (format!("{} is not a certain object", a()), "it is that object".into())
            }
        }
        Op::Eq | Op::FEq => two("==", "!="),
        Op::Lt | Op::FLt => two("<", ">="),
        Op::Le | Op::FLe => two("<=", ">"),
        Op::Ult => two("is within", "is not within"),
        Op::AddOvf | Op::SubOvf | Op::MulOvf => {
            let (p, q) =
                ("the result needs a big int".to_string(), "the result fits a small int".to_string());
            if want { (p, q) } else { (q, p) }
        }
        _ => ("a condition holds".into(), "it does not".into()),
    }
}

/// What the trace expects at an instruction that may leave it, and what else was the case when it was left.
pub fn guard(d: &Detail, inst: usize) -> (String, String) {
    let i = &d.trace.insts[inst];
    let op = d.line_of(inst).map_or("", |l| l.op);
    if op == "ForIter"
        && let Some(c) = d.trace.inst(i.a)
        && matches!(c.op, Op::Lt | Op::Le | Op::Ult | Op::Eq)
    {
        return ("the ‘for’ loop has another item".into(), "the loop was over".into());
    }
    let fits = |op: &str| {
        (
            format!("{} {op} {} fits a small int", value(d, i.a, 0), value(d, i.b, 0)),
            "the result needs a big int".to_string(),
        )
    };
    match i.op {
        Op::GuardT | Op::GuardF => {
            // The result of an operation that was carried out as a whole.
            if let Some(c) = d.trace.inst(i.a)
                && let Some(call) = d.trace.inst(c.a)
                && call.op.is_call()
                && i.snap != NO_SNAP
                && d.trace.snaps[i.snap as usize].in_memory
            {
                let name = d.trace.calls[call.imm as usize].name;
                return if d.trace.snaps[i.snap as usize].frames.is_empty() {
                    (
                        format!("{name} raises nothing"),
                        "it raised an exception, or the trace became invalid".into(),
                    )
                } else {
                    (
                        format!("{name} goes on as it did when recorded"),
                        "it called other code, or went on elsewhere".into(),
                    )
                };
            }
            condition(d, i.a, i.op == Op::GuardT)
        }
        Op::Calm => (
            "nobody wants this thread's attention".into(),
            "a signal, another thread or the collector did".into(),
        ),
        Op::FixAdd => fits("+"),
        Op::FixSub => fits("-"),
        Op::FixMul => fits("*"),
        Op::FixShl => fits("<<"),
        Op::Unbox => (format!("{} is a float", value(d, i.a, 0)), "it is not a float".into()),
        op => (format!("{} has a result", op.info().text), "it has none".into()),
    }
}

/// Exit `n` of a trace: what it expects, what else was the case. None: no details were kept.
pub fn exit(t: &TraceInfo, n: usize) -> Option<(String, String)> {
    let d = t.detail.as_ref()?;
    let i = t.exit_inst(n)?;
    (i < d.trace.insts.len()).then(|| guard(d, i))
}

/// Where exit `n` of a trace leaves it.
pub fn exit_line(t: &TraceInfo, n: usize) -> Option<&Line> {
    t.detail.as_ref()?.line_of(t.exit_inst(n)?)
}
