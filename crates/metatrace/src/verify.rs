//! Checks a trace's invariants: operands defined before use, types, snapshots present where they are needed and whole,
//! phis at the header.

use crate::ir::*;

fn want(op: Op, n: usize) -> Option<Ty> {
    use Op::*;
    Some(match (op, n) {
        (IsFix | IsFlo | IsPtr | ShapeIs | Owned | IsA | Untag | Bits | FixToFlt | Unbox, 0) => Ty::Ref,
        (AddOvf | SubOvf | MulOvf | FixAdd | FixSub | FixMul, _) => Ty::Ref,
        (FixAddW | FixSubW | FixAnd | FixOr | FixXor | FixDiv | FixMod, _) => Ty::Ref,
        (FixShl | FixShr, 0) => Ty::Ref,
        (FixShl | FixShr, 1) => Ty::Int,
        (Add | Sub, _) | (Tag | Word | IntToFlt, 0) => Ty::Int,
        (FEq | FLt | FLe | FAdd | FSub | FMul | FDiv | FNeg | FAbs | FSqrt | Box, _) => Ty::Flt,
        (GuardT | GuardF, 0) => Ty::Bool,
        (Get | GetInt | Elem | Set | SetInt | SetNew | SetShape | SetElem, 0) => Ty::Ref,
        (Item | FltItem | SetItem | SetFltItem, 0) => Ty::Ref,
        (Item | FltItem | SetItem | SetFltItem, 1) | (SetItem, 2) => Ty::Int,
        (SetFltItem, 2) => Ty::Flt,
        (Elem | SetElem, 1) | (SetInt, 1) => Ty::Int,
        (Set, 1) | (SetElem, 2) | (StoreReg, 0) => Ty::Ref,
        (RawSet | RawGet | Rebase, 0) => Ty::Int,
        _ => return None,
    })
}

/// What is wrong with the description of a state, but for its operands.
fn shape_of(s: &Snap) -> Option<String> {
    if s.in_memory {
        return (!s.slots.is_empty()).then(|| "registers of a state in memory".into());
    }
    if s.frames.is_empty() {
        return Some("no frame".into());
    }
    for (k, (slot, _)) in s.slots.iter().enumerate() {
        if s.slots[..k].iter().any(|x| x.0 == *slot) {
            return Some(format!("register {slot} twice"));
        }
    }
    let missing = |v: &Val| matches!(*v, Val::Virt(n) if n as usize >= s.virts.len());
    let raw = |v: &Val| matches!(v, Val::Raw(_));
    for (_, v) in &s.slots {
        if missing(v) {
            return Some("an object that is not described".into());
        }
        if raw(v) {
            return Some("a raw integer for a word".into());
        }
    }
    for f in &s.frames {
        if raw(&f.func) || f.extra.as_ref().is_some_and(raw) {
            return Some("a raw integer for a word".into());
        }
        if missing(&f.func) || f.extra.as_ref().is_some_and(missing) {
            return Some("an object that is not described".into());
        }
    }
    for o in &s.virts {
        let size = new_size(o.what) as u32;
        for (at, v) in &o.fields {
            if *at < 8 || at % 8 != 0 || *at >= size {
                return Some(format!("a field at {at} of {size} bytes"));
            }
            if missing(v) {
                return Some("an object that is not described".into());
            }
        }
    }
    None
}

/// The first thing that is wrong.
pub fn verify(t: &Trace) -> Result<(), String> {
    let check = |r: R, at: usize, want: Option<Ty>| -> Result<(), String> {
        let err =
            |what: &str| Err(format!("{what}: {r:?} in {}", crate::text::inst(t, at.min(t.insts.len() - 1))));
        if r.is_none() {
            return err("no operand");
        }
        match r.as_const() {
            Some(c) if c >= t.consts.len() => return err("no such constant"),
            None if r.0 as usize >= at => return err("used before its definition"),
            _ => {}
        }
        match want {
            Some(w) if t.ty(r) != w => err("wrong type"),
            _ if t.ty(r) == Ty::Void => err("has no value"),
            _ => Ok(()),
        }
    };
    let header = t.loop_at();
    for (i, x) in t.insts.iter().enumerate() {
        if x.op == Op::Nop {
            continue;
        }
        let here = || crate::text::inst(t, i);
        if x.op == Op::Phi {
            // What dead code has become does not count.
            let first = header.map_or(usize::MAX, |l| l + 1);
            if i < first || t.insts[first..i].iter().any(|p| !matches!(p.op, Op::Phi | Op::Nop)) {
                return Err(format!("a phi outside of the header: {}", here()));
            }
        }
        if matches!(x.op, Op::Get | Op::GetInt | Op::Set | Op::SetInt | Op::SetNew) && x.imm < 8 {
            return Err(format!("a field in the header: {}", here()));
        }
        if x.op.is_call() && x.imm as usize >= t.calls.len() {
            return Err("no such callee".into());
        }
        for (n, r) in x.operands().enumerate() {
            check(r, i, if x.op == Op::Phi { Some(x.ty) } else { want(x.op, n) })?;
        }
        if matches!(x.op, Op::Eq | Op::Lt | Op::Le | Op::Ult) {
            let (a, b) = (t.ty(x.a), t.ty(x.b));
            if a != b || !matches!(a, Ty::Ref | Ty::Int) {
                return Err(format!("a comparison of {a:?} with {b:?}: {}", here()));
            }
        }
        for r in t.call_args(x) {
            check(*r, i, None)?;
        }
        let needs = matches!(x.op.info().class, Class::Guard | Class::Checked) || x.op == Op::Sync;
        if needs != (x.snap != NO_SNAP) {
            return Err(format!("snapshot of {}", crate::text::inst(t, i)));
        }
        if needs {
            let s = t.snaps.get(x.snap as usize).ok_or("no such snapshot")?;
            if let Some(e) = shape_of(s) {
                return Err(format!("snapshot {}: {e}", x.snap));
            }
            let mut r = Ok(());
            // Raw fields of virtual objects are words, too.
            s.each(|v, ty| {
                let ty = if ty == Ty::Ref
                    && v.as_const().is_none()
                    && t.insts.get(v.0 as usize).is_some_and(|i| i.ty == Ty::Int)
                {
                    Ty::Int
                } else {
                    ty
                };
                r = r.clone().and(check(v, i, Some(ty)))
            });
            r.map_err(|e| format!("snapshot {}: {e}", x.snap))?;
        }
    }
    if let End::Loop(a) = &t.end {
        let Some(l) = t.loop_at() else { return Err("a jump without a loop".into()) };
        let phis: Vec<&Inst> = t.insts[l + 1..].iter().filter(|i| i.op == Op::Phi).collect();
        if phis.len() != a.len() {
            return Err(format!("{} phis, {} arguments", phis.len(), a.len()));
        }
        for (p, r) in phis.iter().zip(a) {
            check(*r, t.insts.len(), Some(p.ty))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::text::parse;

    #[test]
    fn finds_faults() {
        let bad = |s: &str| super::verify(&parse(s).unwrap()).unwrap_err();
        assert!(bad("%0 = load_reg 1\n%1 = fneg %0").contains("wrong type"));
        assert!(bad("%0 = load_reg 1\n%1 = is_fix %0\nguard_true %1").contains("snapshot"));
    }
}
