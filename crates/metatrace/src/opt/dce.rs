//! Dead code: what no effect, no guard and no exit needs goes; phis that only feed themselves, too.

use crate::ir::*;

/// Turns dead instructions into `Nop`s.
pub fn run(t: &mut Trace) {
    let n = t.insts.len();
    let mut live = vec![false; n];
    let mut work: Vec<u32> = Vec::with_capacity(n);
    let first_phi = t.loop_at().map_or(0, |l| l + 1);
    let back: Vec<R> = match &t.end {
        End::Loop(a) => a.clone(),
        _ => Vec::new(),
    };
    let mark = |r: R, live: &mut Vec<bool>, work: &mut Vec<u32>| {
        if let Some(i) = r.as_ins()
            && !live[i]
        {
            live[i] = true;
            work.push(i as u32);
        }
    };
    let mut seen_snaps = vec![false; t.snaps.len()];
    for (i, x) in t.insts.iter().enumerate() {
        // A call without effects may go as well.
        let needed = match x.op.info().class {
            Class::Guard | Class::Effect => true,
            Class::Control => x.op == Op::Loop,
            // What it checked was relied on.
            Class::Checked => x.op == Op::Unbox,
            _ => false,
        };
        if needed && !live[i] && !idle_call(t, x) {
            live[i] = true;
            work.push(i as u32);
        }
    }
    if let End::Jump { args, .. } = &t.end {
        args.iter().for_each(|r| mark(*r, &mut live, &mut work));
    }
    if let Some(c) = &t.carry {
        c.iter().for_each(|r| mark(*r, &mut live, &mut work));
    }
    while let Some(i) = work.pop() {
        let x = t.insts[i as usize];
        for r in x.operands() {
            mark(r, &mut live, &mut work);
        }
        for k in 0..t.call_args(&x).len() {
            let r = t.call_args(&x)[k];
            mark(r, &mut live, &mut work);
        }
        if x.op == Op::Phi
            && let Some(&r) = back.get(i as usize - first_phi)
        {
            mark(r, &mut live, &mut work);
        }
        if x.snap != NO_SNAP && !std::mem::replace(&mut seen_snaps[x.snap as usize], true) {
            let s = std::mem::take(&mut t.snaps[x.snap as usize]);
            s.each(|r, _| mark(r, &mut live, &mut work));
            t.snaps[x.snap as usize] = s;
        }
    }
    // A new object that is live only through the stores that fill it is dead; left for the virtuals to avoid.
    if let End::Loop(a) = &mut t.end {
        let mut k = 0;
        a.retain(|_| {
            k += 1;
            live[first_phi + k - 1]
        });
    }
    for (i, x) in t.insts.iter_mut().enumerate() {
        if !live[i] {
            *x = Inst::new(Op::Nop);
        }
    }
    for (k, s) in t.snaps.iter_mut().enumerate() {
        if !seen_snaps[k] {
            *s = Snap::default();
        }
    }
}

/// A call that may be dropped.
fn idle_call(t: &Trace, x: &Inst) -> bool {
    x.op.is_call() && {
        let e = t.calls[x.imm as usize].effects;
        !e.changes() && !e.has(crate::machine::Effects::RAISES)
    }
}

#[cfg(test)]
mod tests {
    use crate::text::*;

    #[test]
    fn removes() {
        let mut t =
            parse("%0 = entry 1\n%1 = entry 2\n%2 = fadd f:1.0 f:2.0\n%3 = box %2\nstore_reg 1 %0").unwrap();
        super::run(&mut t);
        assert_eq!(print(&t), "%0 = entry 1\nstore_reg 1 %0\n");
    }
    #[test]
    fn idle_phis() {
        let mut t = parse(
            "%0 = entry 1\nloop\n%2 = phi.ref %0\n%3 = phi.ref %0\n%4 = fix_add %3 fix:1 @0\nguard_calm @0\njump %2 %4\nsnap 0 {1=%3}",
        )
        .unwrap();
        super::run(&mut t);
        let s = print(&t);
        assert!(s.contains("jump %4") && !s.contains("%2 = phi"), "{s}");
    }
}
