//! `match` (PEP 634).
//!
//! Sub-subjects lie in temporaries that stay live until the pattern has matched as a whole; only then are names bound,
//! before the guard. A failing pattern jumps to the next case, where all of them are dead.

use adder_bytecode::Op;

use super::expr::small_int;
use super::{Gen, Label, Reg};
use crate::ast::*;
use crate::error::{Error, Res};
use crate::names::Sym;

/// Captures so far: name and where its value lies.
type Captures = Vec<(Sym, Reg)>;

fn is_wildcard(p: &Pattern) -> bool {
    matches!(p.kind, PatternKind::As(None, None))
}

fn is_star_wildcard(p: &Pattern) -> bool {
    matches!(p.kind, PatternKind::Star(None))
}

impl<'a> Gen<'a, '_> {
    pub fn match_stmt(&mut self, subject: &'a Expr<'a>, cases: &'a [MatchCase<'a>]) -> Res {
        let mark = self.top();
        let before = self.u.code.len();
        let mut subj = self.operand(subject)?;
        if self.u.code.len() == before {
            self.note_line(subject.span);
        }
        if self.is_local(subj) {
            let mut names = Vec::new();
            cases.iter().for_each(|c| bound_names(&c.pattern, &mut names));
            let rebound = names.iter().any(|n| self.name_local(*n) == Some(subj));
            if rebound || self.u.walrus.get(subj) {
                let t = self.top();
                self.mov(t, subj);
                subj = self.push();
            }
        }
        let end = self.label();
        let base = self.top();
        for (i, c) in cases.iter().enumerate() {
            let last = i + 1 == cases.len();
            if !last && c.guard.is_none() {
                self.check_refutable(&c.pattern)?;
            }
            let next = self.label();
            let mut captures = Captures::new();
            if last && c.guard.is_none() && matches!(c.pattern.kind, PatternKind::As(None, None)) {
                self.note_line(c.pattern.span);
            }
            self.pattern(&c.pattern, subj, next, &mut captures)?;
            for (name, r) in captures {
                self.at(c.pattern.span, |g| g.store_name(name, r))?;
            }
            self.set_top(base);
            if let Some(g) = &c.guard {
                self.cond_jump(g, next, false)?;
            }
            self.conditional(c.body)?;
            self.jump(end);
            self.set_top(base);
            self.place(next);
        }
        self.set_top(mark);
        self.place(end);
        Ok(())
    }

    fn check_refutable(&self, p: &Pattern<'a>) -> Res {
        match p.kind {
            PatternKind::As(None, None) => {
                self.error("wildcard makes remaining patterns unreachable", p.span)
            }
            PatternKind::As(None, Some(n)) => {
                let msg =
                    format!("name capture '{}' makes remaining patterns unreachable", self.names.get(n));
                self.error(msg, p.span)
            }
            PatternKind::As(Some(inner), _) => self.check_refutable(inner),
            PatternKind::Or(ps) => ps.last().map_or(Ok(()), |p| self.check_refutable(p)),
            _ => Ok(()),
        }
    }

    fn pattern(&mut self, p: &'a Pattern<'a>, subj: Reg, fail: Label, caps: &mut Captures) -> Res {
        self.depth += 1;
        let out = crate::lower::with_stack(self.depth, || {
            self.at(p.span, |g| g.pattern_inner(p, subj, fail, caps))
        });
        self.depth -= 1;
        out
    }

    fn pattern_inner(&mut self, p: &'a Pattern<'a>, subj: Reg, fail: Label, caps: &mut Captures) -> Res {
        match &p.kind {
            PatternKind::Value(e) => self.value_pattern(e, subj, fail),
            PatternKind::Singleton(l) => {
                if *l == Lit::None {
                    self.jump_on(Op::JNone, 0, subj, fail);
                } else {
                    let t = self.top();
                    self.load_const(*l, t);
                    self.set_top(t + 1);
                    self.jump_cmp(Op::JIs, 0, subj, t, fail);
                    self.set_top(t);
                }
                Ok(())
            }
            PatternKind::Sequence(ps) => self.sequence_pattern(ps, subj, fail, caps, p.span),
            PatternKind::Mapping(m) => self.mapping_pattern(m, subj, fail, caps, p.span),
            PatternKind::Class(c) => self.class_pattern(c, subj, fail, caps),
            PatternKind::Star(n) => {
                if let Some(n) = n {
                    self.capture(*n, subj, caps)?;
                }
                Ok(())
            }
            PatternKind::As(inner, name) => {
                if let Some(i) = inner {
                    self.pattern(i, subj, fail, caps)?;
                }
                match name {
                    Some(n) => self.capture(*n, subj, caps),
                    None => Ok(()),
                }
            }
            PatternKind::Or(ps) => self.or_pattern(ps, subj, fail, caps, p.span),
        }
    }

    fn capture(&mut self, name: Sym, r: Reg, caps: &mut Captures) -> Res {
        self.forbid_debug(name, "assign to")?;
        if caps.iter().any(|c| c.0 == name) {
            let msg = format!("multiple assignments to name '{}' in pattern", self.names.get(name));
            return self.error(msg, self.u.span);
        }
        caps.push((name, r));
        Ok(())
    }

    fn value_pattern(&mut self, e: &'a Expr<'a>, subj: Reg, fail: Label) -> Res {
        if !matches!(e.kind, ExprKind::Constant(_) | ExprKind::UStr(_) | ExprKind::Attribute(..)) {
            return self.error("patterns may only match literals and attribute lookups", self.u.span);
        }
        let mark = self.top();
        if let Some(n) = small_int(e) {
            self.jump_cmp(Op::JEqI, 0, subj, n as u16, fail);
            return Ok(());
        }
        let v = self.operand(e)?;
        self.jump_cmp(Op::JEq, 0, subj, v, fail);
        self.set_top(mark);
        Ok(())
    }

    fn sequence_pattern(
        &mut self,
        ps: &'a [Pattern<'a>],
        subj: Reg,
        fail: Label,
        caps: &mut Captures,
        span: Span,
    ) -> Res {
        let star = ps.iter().position(|p| matches!(p.kind, PatternKind::Star(_)));
        if let Some(s) = star
            && ps[s + 1..].iter().any(|p| matches!(p.kind, PatternKind::Star(_)))
        {
            return self.error("multiple starred names in sequence pattern", span);
        }
        let only_wildcards = ps.iter().all(|p| is_wildcard(p) || is_star_wildcard(p));
        let t = self.top();
        self.abc(Op::MatchSequence, t, subj, 0);
        self.set_top(t + 1);
        self.jump_on(Op::JFalse, 0, t, fail);
        self.set_top(t);
        let n = ps.len();
        let min = n - star.is_some() as usize;
        if star.is_none() || min > 0 {
            self.abc(Op::GetLen, t, subj, 0);
            self.set_top(t + 1);
            let op = if star.is_some() { Op::JGeI } else { Op::JEqI };
            self.jump_cmp(op, 0, t, min.min(i16::MAX as usize) as u16, fail);
            self.set_top(t);
        }
        if only_wildcards {
            return Ok(());
        }
        if let Some(s) = star
            && is_star_wildcard(&ps[s])
        {
            // Single items by index: the rest is not wanted.
            for (i, p) in ps.iter().enumerate() {
                if i == s || is_wildcard(p) {
                    continue;
                }
                let r = self.top();
                if i < s {
                    self.abc(Op::GetItemI, r, subj, i as u16);
                } else {
                    self.abc(Op::GetLen, r, subj, 0);
                    self.set_top(r + 1);
                    self.abc(Op::SubI, r, r, (n - i) as u16);
                    self.abc(Op::GetItem, r, subj, r);
                }
                self.set_top(r + 1);
                self.pattern(p, r, fail, caps)?;
            }
            return Ok(());
        }
        if star.is_some_and(|s| s >= 256 || n - s > 256) || n > 30_000 {
            return self.error("too many expressions in star-unpacking sequence pattern", span);
        }
        let base = self.top();
        match star {
            None => self.abc(Op::UnpackSeq, base, subj, n as u16),
            Some(s) => self.xabc(Op::UnpackEx, (n - s - 1) as u8, base, subj, s as u16),
        }
        self.set_top(base + n as Reg);
        for (i, p) in ps.iter().enumerate() {
            if !is_wildcard(p) {
                self.pattern(p, base + i as Reg, fail, caps)?;
            }
        }
        Ok(())
    }

    fn mapping_pattern(
        &mut self,
        m: &'a MappingPattern<'a>,
        subj: Reg,
        fail: Label,
        caps: &mut Captures,
        span: Span,
    ) -> Res {
        let n = m.keys.len();
        let t = self.top();
        self.abc(Op::MatchMapping, t, subj, 0);
        self.set_top(t + 1);
        self.jump_on(Op::JFalse, 0, t, fail);
        self.set_top(t);
        if n == 0 && m.rest.is_none() {
            return Ok(());
        }
        if n > 0 {
            self.abc(Op::GetLen, t, subj, 0);
            self.set_top(t + 1);
            self.jump_cmp(Op::JGeI, 0, t, n.min(i16::MAX as usize) as u16, fail);
            self.set_top(t);
        }
        let mut seen = Vec::new();
        for k in m.keys {
            match &k.kind {
                ExprKind::Constant(l) => {
                    if seen.iter().any(|s| equal(s, l)) {
                        let msg = format!("mapping pattern checks duplicate key ({})", crate::repr::lit(l));
                        return self.error(msg, span);
                    }
                    seen.push(*l);
                }
                ExprKind::Attribute(..) | ExprKind::UStr(_) => {}
                _ => {
                    let msg = "mapping pattern keys may only match literals and attribute lookups";
                    return self.error(msg, span);
                }
            }
        }
        let keys = self.top();
        for k in m.keys {
            self.expr_push(k)?;
        }
        let tuple = self.top();
        self.abc(Op::BuildTuple, tuple, keys, n as u16);
        self.set_top(tuple + 1);
        self.abc(Op::MatchKeys, tuple, subj, tuple);
        self.jump_on(Op::JNone, 1, tuple, fail);
        let base = self.top();
        self.abc(Op::UnpackSeq, base, tuple, n as u16);
        self.set_top(base + n as Reg);
        for (i, p) in m.patterns.iter().enumerate() {
            if !is_wildcard(p) {
                self.pattern(p, base + i as Reg, fail, caps)?;
            }
        }
        if let Some(rest) = m.rest {
            let d = self.top();
            self.abc(Op::BuildDict, d, d, 0);
            self.set_top(d + 1);
            self.abc(Op::DictUpdate, d, subj, 0);
            for i in 0..n {
                self.abc(Op::DelItem, d, keys + i as Reg, 0);
            }
            self.capture(rest, d, caps)?;
        }
        Ok(())
    }

    fn class_pattern(&mut self, c: &'a ClassPattern<'a>, subj: Reg, fail: Label, caps: &mut Captures) -> Res {
        let n = c.patterns.len() + c.kwd_attrs.len();
        if c.patterns.len() > 255 || n > 30_000 {
            return self.error("too many sub-patterns in class pattern", self.u.span);
        }
        for (i, a) in c.kwd_attrs.iter().enumerate() {
            let span = c.kwd_patterns.get(i).map_or(self.u.span, |p| p.span);
            self.at(span, |g| g.forbid_debug(*a, "assign to"))?;
            if let Some(j) = c.kwd_attrs[i + 1..].iter().position(|b| b == a) {
                let msg = format!("attribute name repeated in class pattern: {}", self.names.get(*a));
                let span = c.kwd_patterns.get(i + 1 + j).map_or(span, |p| p.span);
                return Err(Error::new(msg, span));
            }
        }
        let base = self.top();
        self.mov(base, subj);
        self.set_top(base + 1);
        self.expr_push(&c.cls)?;
        let names: Vec<Lit<'a>> = c.kwd_attrs.iter().map(|a| self.sym_lit(*a)).collect();
        let names = Lit::Tuple(self.arena.alloc_slice_copy(&names));
        self.load_const(names, base + 2);
        self.set_top(base + 3);
        self.xabc(Op::MatchClass, c.patterns.len() as u8, base, base, 0);
        self.set_top(base + 1);
        self.jump_on(Op::JNone, 1, base, fail);
        let items = self.top();
        self.abc(Op::UnpackSeq, items, base, n as u16);
        self.set_top(items + n as Reg);
        for (i, p) in c.patterns.iter().chain(c.kwd_patterns).enumerate() {
            if !is_wildcard(p) {
                self.pattern(p, items + i as Reg, fail, caps)?;
            }
        }
        Ok(())
    }

    fn or_pattern(
        &mut self,
        ps: &'a [Pattern<'a>],
        subj: Reg,
        fail: Label,
        caps: &mut Captures,
        span: Span,
    ) -> Res {
        for p in &ps[..ps.len().saturating_sub(1)] {
            self.check_refutable(p)?;
        }
        let mut names = Vec::new();
        if let Some(first) = ps.first() {
            bound_names(first, &mut names);
        }
        // Every alternative leaves its captures in the same registers.
        let home = self.top();
        for i in 0..names.len() as Reg {
            self.abc(Op::Clear, home + i, 0, 0);
            self.set_top(home + i + 1);
        }
        let base = self.top();
        let done = self.label();
        for (i, p) in ps.iter().enumerate() {
            let last = i + 1 == ps.len();
            let next = if last { fail } else { self.label() };
            let mut own = Captures::new();
            self.pattern(p, subj, next, &mut own)?;
            if own.len() != names.len() || own.iter().any(|c| !names.contains(&c.0)) {
                return self.error("alternative patterns bind different names", span);
            }
            for (k, n) in names.iter().enumerate() {
                if let Some(c) = own.iter().find(|c| c.0 == *n) {
                    self.mov(home + k as Reg, c.1);
                }
            }
            self.set_top(base);
            self.jump(done);
            if !last {
                self.place(next);
            }
        }
        self.place(done);
        for (k, n) in names.iter().enumerate() {
            self.capture(*n, home + k as Reg, caps)?;
        }
        Ok(())
    }
}

/// The names that a pattern binds, in order.
fn bound_names(p: &Pattern, out: &mut Vec<Sym>) {
    let mut add = |n: &Option<Sym>| {
        if let Some(n) = n
            && !out.contains(n)
        {
            out.push(*n);
        }
    };
    match &p.kind {
        PatternKind::Value(_) | PatternKind::Singleton(_) => {}
        PatternKind::Star(n) => add(n),
        PatternKind::As(inner, n) => {
            add(n);
            if let Some(i) = inner {
                bound_names(i, out);
            }
        }
        PatternKind::Sequence(ps) => ps.iter().for_each(|p| bound_names(p, out)),
        // All alternatives bind the same.
        PatternKind::Or(ps) => ps.iter().take(1).for_each(|p| bound_names(p, out)),
        PatternKind::Mapping(m) => {
            add(&m.rest);
            m.patterns.iter().for_each(|p| bound_names(p, out));
        }
        PatternKind::Class(c) => c.patterns.iter().chain(c.kwd_patterns).for_each(|p| bound_names(p, out)),
    }
}

/// Are two keys equal to a dict?
fn equal(a: &Lit, b: &Lit) -> bool {
    let complex = |l: &Lit| match *l {
        Lit::True => Some((1.0, 0.0)),
        Lit::False => Some((0.0, 0.0)),
        // Exact for what is written in patterns; larger ints are compared as such.
        Lit::Int(v) if v.unsigned_abs() < 1 << 53 => Some((v as f64, 0.0)),
        Lit::Float(v) => Some((v, 0.0)),
        Lit::Complex(r, i) => Some((r, i)),
        _ => None,
    };
    match (complex(a), complex(b)) {
        (Some(x), Some(y)) => x == y,
        _ => a == b,
    }
}
