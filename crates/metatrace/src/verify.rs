//! Checks a trace's invariants: operands defined before use, types, snapshots present where they are needed.

use crate::ir::*;

fn want(op: Op, n: usize) -> Option<Ty> {
    use Op::*;
    Some(match (op, n) {
        (IsFix | IsFlo | IsPtr | ShapeIs | IsA | Untag | Bits | FixToFlt | Unbox, 0) => Ty::Ref,
        (AddOvf | SubOvf | MulOvf | FixAdd | FixSub | FixMul, _) => Ty::Ref,
        (FixAddW | FixSubW | FixAnd | FixOr | FixXor | FixDiv | FixMod, _) => Ty::Ref,
        (FixShl | FixShr, 0) => Ty::Ref,
        (FixShl | FixShr, 1) => Ty::Int,
        (Add | Sub, _) | (Tag | Word | IntToFlt, 0) => Ty::Int,
        (FEq | FLt | FLe | FAdd | FSub | FMul | FDiv | FNeg | FAbs | FSqrt | Box, _) => Ty::Flt,
        (GuardT | GuardF, 0) => Ty::Bool,
        (Get | GetInt | Elem | Set | SetInt | SetNew | SetShape | SetElem, 0) => Ty::Ref,
        (Elem | SetElem, 1) | (SetInt, 1) => Ty::Int,
        (Set, 1) | (SetElem, 2) | (StoreReg, 0) => Ty::Ref,
        (RawSet | RawGet | Rebase, 0) => Ty::Int,
        _ => return None,
    })
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
    for (i, x) in t.insts.iter().enumerate() {
        if x.op == Op::Nop {
            continue;
        }
        for (n, r) in x.operands().enumerate() {
            check(r, i, if x.op == Op::Phi { Some(x.ty) } else { want(x.op, n) })?;
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
