//! Common subexpressions: a pure operation on the same operands gives the same value.

use super::*;

pub fn pass(o: &mut Opt, i: &mut Inst) -> Step {
    if !matches!(i.op.info().class, Class::Pure | Class::Checked) || i.op == Op::Nop {
        return Step::Next;
    }
    if i.op.commutes() && i.a > i.b {
        std::mem::swap(&mut i.a, &mut i.b);
    }
    let key = (i.op, i.a, i.b, i.imm);
    if let Some(&r) = o.cse.get(&key) {
        // The check that was made is needed even if the result is not.
        if i.op.info().class == Class::Checked {
            o.rely(r);
        }
        return Step::Is(r);
    }
    // This is the last pass: the instruction will be appended next.
    o.cse.insert(key, R::ins(o.out.insts.len()));
    Step::Next
}

#[cfg(test)]
mod tests {
    use super::super::tests::opt;

    #[test]
    fn shares() {
        let got = opt(
            &[super::pass],
            "%0 = entry 1\n%1 = entry 2\n%2 = fix_add %0 %1 @0\n%3 = fix_add %1 %0 @0\n%4 = fix_mul %2 %3 @0\nstore_reg 3 %4\nsnap 0 {}",
        );
        assert!(got.contains("%4 = fix_mul %2 %2") || got.contains("fix_mul %2 %2"), "{got}");
    }
}
