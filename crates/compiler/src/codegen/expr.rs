//! Expressions.

use adder_bytecode::{Common, Op};

use super::{Gen, Reg};
use crate::ast::*;
use crate::error::Res;
use crate::fold::truth;
use crate::lower::with_stack;
use crate::names::Sym;

/// A small int that fits an immediate operand.
pub(crate) fn small_int(e: &Expr) -> Option<i16> {
    match e.kind {
        ExprKind::Constant(Lit::Int(v)) => i16::try_from(v).ok(),
        _ => None,
    }
}

impl<'a> Gen<'a, '_> {
    /// Evaluates `e` into `dst`.
    pub fn expr(&mut self, e: &'a Expr<'a>, dst: Reg) -> Res {
        let was = std::mem::replace(&mut self.u.span, e.span);
        let out = match &e.kind {
            ExprKind::Name(n) => {
                self.load_name(*n, dst);
                Ok(())
            }
            ExprKind::Constant(l) => {
                self.load_const(*l, dst);
                Ok(())
            }
            _ => {
                self.depth += 1;
                let out = with_stack(self.depth, || self.expr_kind(e, dst));
                self.depth -= 1;
                out
            }
        };
        self.u.span = was;
        out
    }

    /// Evaluates `e` into the next temporary, which becomes live.
    pub fn expr_push(&mut self, e: &'a Expr<'a>) -> Res<Reg> {
        let t = self.top();
        self.expr(e, t)?;
        self.set_top(t + 1);
        Ok(t)
    }

    /// A register that holds the value of `e`: its own if it is a local, else the next temporary.
    pub fn operand(&mut self, e: &'a Expr<'a>) -> Res<Reg> {
        if let Some(r) = self.local_target(e) {
            self.at(e.span, |g| g.check_local(r));
            return Ok(r);
        }
        self.expr_push(e)
    }

    /// As `operand`, for a value that must survive the evaluation of `later`.
    pub fn operand_before(&mut self, e: &'a Expr<'a>, later: &Expr<'a>) -> Res<Reg> {
        if let Some(r) = self.local_target(e)
            && self.u.walrus.get(r)
            && !matches!(later.kind, ExprKind::Name(_) | ExprKind::Constant(_))
        {
            return self.expr_push(e);
        }
        self.operand(e)
    }

    /// Evaluates `e` for its effect.
    pub fn effect(&mut self, e: &'a Expr<'a>) -> Res {
        let t = self.top();
        match &e.kind {
            ExprKind::Constant(_) => return Ok(()),
            ExprKind::Name(_) => {
                self.operand(e)?;
            }
            _ => self.expr(e, t)?,
        }
        self.set_top(t);
        Ok(())
    }

    pub fn load_const(&mut self, l: Lit<'a>, dst: Reg) {
        if !self.u.reachable {
            return;
        }
        match l {
            Lit::None => self.abc(Op::LoadNone, dst, 0, 0),
            Lit::True => self.abc(Op::LoadCommon, dst, Common::True as u16, 0),
            Lit::False => self.abc(Op::LoadCommon, dst, Common::False as u16, 0),
            Lit::Ellipsis => self.abc(Op::LoadCommon, dst, Common::Ellipsis as u16, 0),
            Lit::Tuple([]) => self.abc(Op::LoadCommon, dst, Common::EmptyTuple as u16, 0),
            Lit::Int(v) if i32::try_from(v).is_ok() => self.ai(Op::LoadInt, dst, v as i32),
            _ => {
                let i = self.u.const_index(l);
                self.ai(Op::LoadConst, dst, i as i32);
            }
        }
    }

    pub fn load_str(&mut self, s: &str, dst: Reg) {
        let s = self.arena.alloc_str(s);
        self.load_const(Lit::Str(s.as_bytes()), dst);
    }

    pub fn sym_lit(&self, s: Sym) -> Lit<'a> {
        Lit::Str(self.names.get(s).as_bytes())
    }

    fn expr_kind(&mut self, e: &'a Expr<'a>, dst: Reg) -> Res {
        use ExprKind as K;
        let mark = self.top();
        match &e.kind {
            K::Name(n) => self.load_name(*n, dst),
            K::Constant(l) => self.load_const(*l, dst),
            K::UStr(s) => self.load_const(Lit::Str(s), dst),
            K::BinOp(l, op, r) => self.binary(l, *op, r, false, dst)?,
            K::UnaryOp(UnaryOp::Not, v) => self.not(v, e, dst)?,
            K::UnaryOp(op, v) => {
                let r = self.operand(v)?;
                let op = match op {
                    UnaryOp::USub => Op::Neg,
                    UnaryOp::UAdd => Op::Pos,
                    UnaryOp::Invert => Op::Invert,
                    UnaryOp::Not => Op::Not,
                };
                self.abc(op, dst, r, 0);
            }
            K::BoolOp(op, es) => self.bool_op(*op, es, dst)?,
            K::Compare(l, rest) => self.compare(l, rest, e, dst)?,
            K::Named(t, v) => {
                // The value goes to the name first: a local is its own copy.
                if let Some(r) = self.local_target(t) {
                    self.expr(v, r)?;
                    self.u.bound.set(r);
                    self.mov(dst, r);
                } else {
                    self.expr(v, mark)?;
                    self.set_top(mark + 1);
                    self.assign(t, mark)?;
                    self.set_top(mark);
                    self.mov(dst, mark);
                }
            }
            K::Lambda(l) => self.lambda(l, e.span, dst)?,
            K::IfExp(i) => {
                let (other, end) = (self.label(), self.label());
                self.cond_jump(&i.test, other, false)?;
                self.expr(&i.body, dst)?;
                self.jump(end);
                self.place(other);
                self.expr(&i.orelse, dst)?;
                self.place(end);
            }
            K::Dict(items) => self.dict(items, dst)?,
            K::Set(es) => self.set_display(es, dst)?,
            K::List(es) => self.list_display(es, dst)?,
            K::Tuple(es) => self.tuple_display(es, dst)?,
            K::ListComp(_) | K::SetComp(_) | K::DictComp(_) | K::GeneratorExp(_) => {
                self.comprehension_expr(e, dst)?
            }
            K::Await(v) => {
                let t = self.work_reg(dst);
                self.await_expr(v, t)?;
                self.mov(dst, t);
            }
            K::Yield(v) => self.yield_expr(*v, e, dst)?,
            K::YieldFrom(v) => self.yield_from(v, e, dst)?,
            K::Call(c) => self.call(c, e, dst)?,
            K::JoinedStr(parts) => self.joined_str(parts, dst)?,
            K::FormattedValue(f) => self.formatted(f, dst)?,
            K::TemplateStr(parts) => self.template_str(parts, dst)?,
            K::Interpolation(i) => self.interpolation(i, dst)?,
            K::Attribute(v, attr) => {
                if !self.super_attr(e, dst)? {
                    let r = self.operand(v)?;
                    let name = self.mangle(*attr);
                    let at = self.attribute_span(e.span, *attr);
                    self.at(at, |g| g.with_ic(Op::LoadAttr, 0, dst, r, name));
                }
            }
            K::Subscript(v, i) => self.get_item(v, i, dst)?,
            K::Starred(_) => {
                return self.error("can't use starred expression here", e.span);
            }
            K::Slice(s) => self.slice(s, dst)?,
        }
        self.set_top(mark);
        Ok(())
    }

    pub fn binary(&mut self, l: &'a Expr<'a>, op: BinOp, r: &'a Expr<'a>, in_place: bool, dst: Reg) -> Res {
        let x = in_place as u8;
        if let (Some(imm), Some(iop)) = (small_int(r), immediate_op(op)) {
            let a = self.operand(l)?;
            self.xabc(iop, x, dst, a, imm as u16);
            return Ok(());
        }
        let a = self.operand_before(l, r)?;
        let b = self.operand(r)?;
        self.xabc(binary_op(op), x, dst, a, b);
        Ok(())
    }

    /// `a and b and c` into `dst`.
    fn bool_op(&mut self, op: BoolOp, es: &'a [Expr<'a>], dst: Reg) -> Res {
        let mark = self.top();
        let end = self.label();
        let jump = if op == BoolOp::And { Op::JFalse } else { Op::JTrue };
        let Some((last, init)) = es.split_last() else { return Ok(()) };
        // Operands that are locals elsewhere are copied only when they turn out to be the result.
        let mut copies = Vec::new();
        for e in init {
            if let ExprKind::Constant(c) = e.kind
                && let Some(t) = truth(c)
            {
                if t == (op == BoolOp::Or) {
                    self.expr(e, dst)?;
                    self.jump(end);
                }
                continue;
            }
            let direct = !self.is_local(dst) && self.local_target(e).is_none();
            if direct {
                self.expr(e, dst)?;
                if dst == mark {
                    self.set_top(mark + 1);
                }
                self.at(e.span, |g| g.jump_on(jump, 0, dst, end));
                self.set_top(mark);
            } else {
                let r = self.operand(e)?;
                if r == dst {
                    self.at(e.span, |g| g.jump_on(jump, 0, r, end));
                } else {
                    let copy = self.label();
                    self.at(e.span, |g| g.jump_on(jump, 0, r, copy));
                    copies.push((copy, r));
                }
                self.set_top(mark);
            }
        }
        self.expr(last, dst)?;
        if !copies.is_empty() {
            self.jump(end);
            for (i, (l, r)) in copies.iter().enumerate() {
                self.place(*l);
                if *r >= mark {
                    self.set_top(r + 1);
                }
                self.mov(dst, *r);
                self.set_top(mark);
                if i + 1 < copies.len() {
                    self.jump(end);
                }
            }
        }
        self.place(end);
        Ok(())
    }

    pub fn get_item(&mut self, v: &'a Expr<'a>, i: &'a Expr<'a>, dst: Reg) -> Res {
        self.check_subscripter(v, v.span);
        self.check_index(v, i, v.span);
        let a = self.operand_before(v, i)?;
        if let Some(n) = small_int(i) {
            self.abc(Op::GetItemI, dst, a, n as u16);
        } else {
            let b = self.operand(i)?;
            self.abc(Op::GetItem, dst, a, b);
        }
        Ok(())
    }

    fn slice(&mut self, s: &'a Slice<'a>, dst: Reg) -> Res {
        if let Some(l) = self.const_slice(s) {
            self.load_const(l, dst);
            return Ok(());
        }
        let base = self.top();
        for e in [&s.lower, &s.upper] {
            match e {
                Some(e) => self.expr_push(e)?,
                None => {
                    self.abc(Op::LoadNone, base.max(self.top()), 0, 0);
                    self.push()
                }
            };
        }
        let n = match &s.step {
            Some(e) => {
                self.expr_push(e)?;
                3
            }
            None => 2,
        };
        self.xabc(Op::BuildSlice, n, dst, base, 0);
        self.set_top(base);
        Ok(())
    }

    fn const_slice(&self, s: &Slice<'a>) -> Option<Lit<'a>> {
        let part = |e: &Option<Expr<'a>>| match e {
            None => Some(Lit::None),
            Some(Expr { kind: ExprKind::Constant(c), .. }) => Some(*c),
            _ => None,
        };
        let parts = [part(&s.lower)?, part(&s.upper)?, part(&s.step)?];
        Some(Lit::Slice(self.arena.alloc(parts)))
    }

    // -- displays

    /// Items evaluated side by side at most; longer displays are built step by step, so that frames stay small.
    const MAX_WINDOW: usize = 64;

    pub fn has_star(es: &[Expr]) -> bool {
        es.iter().any(|e| matches!(e.kind, ExprKind::Starred(_)))
    }

    pub fn tuple_display(&mut self, es: &'a [Expr<'a>], dst: Reg) -> Res {
        if es.is_empty() {
            self.load_const(Lit::Tuple(&[]), dst);
            return Ok(());
        }
        let base = self.top();
        if !Self::has_star(es) && es.len() <= Self::MAX_WINDOW * 4 {
            for e in es {
                self.expr_push(e)?;
            }
            self.abc(Op::BuildTuple, dst, base, es.len() as u16);
        } else {
            self.list_steps(es, base)?;
            self.set_top(base + 1);
            self.abc(Op::ListToTuple, dst, base, 0);
        }
        self.set_top(base);
        Ok(())
    }

    /// A display of constants: an empty list or set is made and extended by the tuple or frozenset of all.
    fn constants(
        &mut self,
        es: &'a [Expr<'a>],
        dst: Reg,
        ops: (Op, Op),
        all: fn(&'a [Lit<'a>]) -> Lit<'a>,
    ) -> bool {
        if es.len() < 3 {
            return false;
        }
        let Some(items) = crate::fold::const_items(self.arena, es) else { return false };
        let base = self.top();
        let t = self.work_reg(dst);
        self.abc(ops.0, t, base, 0);
        if t == base {
            self.set_top(base + 1);
        }
        let c = self.top();
        self.load_const(all(items), c);
        self.set_top(c + 1);
        self.abc(ops.1, t, c, 0);
        self.set_top(base);
        self.mov(dst, t);
        true
    }

    pub fn list_display(&mut self, es: &'a [Expr<'a>], dst: Reg) -> Res {
        let base = self.top();
        if self.constants(es, dst, (Op::BuildList, Op::ListExtend), Lit::Tuple) {
            return Ok(());
        }
        if !Self::has_star(es) && es.len() <= Self::MAX_WINDOW {
            for e in es {
                self.expr_push(e)?;
            }
            self.abc(Op::BuildList, dst, base, es.len() as u16);
            self.set_top(base);
            return Ok(());
        }
        let t = self.work_reg(dst);
        self.list_steps(es, t)?;
        self.mov(dst, t);
        Ok(())
    }

    /// Builds a list in `t` item by item.
    pub fn list_steps(&mut self, es: &'a [Expr<'a>], t: Reg) -> Res {
        let mark = self.top();
        // As many leading items as may be side by side go in at once.
        let lead = es
            .iter()
            .position(|e| matches!(e.kind, ExprKind::Starred(_)))
            .unwrap_or(es.len())
            .min(Self::MAX_WINDOW);
        let base = self.top();
        for e in &es[..lead] {
            self.expr_push(e)?;
        }
        self.abc(Op::BuildList, t, base, lead as u16);
        self.set_top(if t == mark { mark + 1 } else { mark });
        for e in &es[lead..] {
            let m = self.top();
            if let ExprKind::Starred(v) = e.kind {
                let r = self.operand(v)?;
                self.at(v.span, |g| g.abc(Op::ListExtend, t, r, 0));
            } else {
                let r = self.operand(e)?;
                self.abc(Op::ListAppend, t, r, 0);
            }
            self.set_top(m);
        }
        self.set_top(mark);
        Ok(())
    }

    pub fn set_display(&mut self, es: &'a [Expr<'a>], dst: Reg) -> Res {
        let base = self.top();
        if self.constants(es, dst, (Op::BuildSet, Op::SetUpdate), Lit::FrozenSet) {
            return Ok(());
        }
        if !Self::has_star(es) && es.len() <= Self::MAX_WINDOW {
            for e in es {
                self.expr_push(e)?;
            }
            self.abc(Op::BuildSet, dst, base, es.len() as u16);
            self.set_top(base);
            return Ok(());
        }
        let t = self.work_reg(dst);
        self.abc(Op::BuildSet, t, base, 0);
        if t == base {
            self.set_top(base + 1);
        }
        for e in es {
            let m = self.top();
            if let ExprKind::Starred(v) = e.kind {
                let r = self.operand(v)?;
                self.abc(Op::SetUpdate, t, r, 0);
            } else {
                let r = self.operand(e)?;
                self.abc(Op::SetAdd, t, r, 0);
            }
            self.set_top(m);
        }
        self.set_top(base);
        self.mov(dst, t);
        Ok(())
    }

    pub fn dict(&mut self, items: &'a [DictItem<'a>], dst: Reg) -> Res {
        let base = self.top();
        let plain = items.iter().all(|i| i.key.is_some());
        if plain && items.len() * 2 <= Self::MAX_WINDOW {
            for i in items {
                if let Some(k) = &i.key {
                    self.expr_push(k)?;
                }
                self.expr_push(&i.value)?;
            }
            self.abc(Op::BuildDict, dst, base, items.len() as u16);
            self.set_top(base);
            return Ok(());
        }
        let t = self.work_reg(dst);
        self.abc(Op::BuildDict, t, base, 0);
        if t == base {
            self.set_top(base + 1);
        }
        for i in items {
            let m = self.top();
            match &i.key {
                Some(k) => {
                    let k = self.operand_before(k, &i.value)?;
                    let v = self.operand(&i.value)?;
                    self.abc(Op::DictSet, t, k, v);
                }
                None => {
                    let v = self.operand(&i.value)?;
                    self.abc(Op::DictUpdate, t, v, 0);
                }
            }
            self.set_top(m);
        }
        self.set_top(base);
        self.mov(dst, t);
        Ok(())
    }

    // -- literal misuse warnings

    fn check_subscripter(&mut self, v: &Expr<'a>, span: Span) {
        let bad = match &v.kind {
            ExprKind::Constant(c) => matches!(
                c,
                Lit::None
                    | Lit::Ellipsis
                    | Lit::True
                    | Lit::False
                    | Lit::Int(_)
                    | Lit::Big(..)
                    | Lit::Float(_)
                    | Lit::Complex(..)
                    | Lit::FrozenSet(_)
            ),
            ExprKind::Set(_) | ExprKind::SetComp(_) | ExprKind::GeneratorExp(_) | ExprKind::Lambda(_) => true,
            ExprKind::TemplateStr(_) | ExprKind::Interpolation(_) => true,
            _ => false,
        };
        if bad {
            let name = type_name(v);
            self.warn(format!("'{name}' object is not subscriptable; perhaps you missed a comma?"), span);
        }
    }

    fn check_index(&mut self, v: &Expr<'a>, i: &Expr<'a>, span: Span) {
        let index = type_name(i);
        if index.is_empty() || matches!(index, "int" | "bool") || matches!(i.kind, ExprKind::Slice(_)) {
            return;
        }
        let sequence = match &v.kind {
            ExprKind::Constant(c) => matches!(c, Lit::Str(_) | Lit::Bytes(_) | Lit::Tuple(_)),
            ExprKind::Tuple(_) | ExprKind::List(_) | ExprKind::ListComp(_) | ExprKind::JoinedStr(_) => true,
            ExprKind::FormattedValue(_) => true,
            _ => false,
        };
        if sequence {
            let name = type_name(v);
            self.warn(
                format!(
                    "{name} indices must be integers or slices, not {index}; perhaps you missed a comma?"
                ),
                span,
            );
        }
    }
}

/// Name of the type that an expression surely has; empty: not known.
pub(crate) fn type_name(e: &Expr) -> &'static str {
    match &e.kind {
        ExprKind::Constant(c) => match c {
            Lit::None => "NoneType",
            Lit::True | Lit::False => "bool",
            Lit::Ellipsis => "ellipsis",
            Lit::Int(_) | Lit::Big(..) => "int",
            Lit::Float(_) => "float",
            Lit::Complex(..) => "complex",
            Lit::Str(_) => "str",
            Lit::Bytes(_) => "bytes",
            Lit::Tuple(_) => "tuple",
            Lit::FrozenSet(_) => "frozenset",
            Lit::Slice(_) => "slice",
        },
        ExprKind::Tuple(_) => "tuple",
        ExprKind::List(_) | ExprKind::ListComp(_) => "list",
        ExprKind::Dict(_) | ExprKind::DictComp(_) => "dict",
        ExprKind::Set(_) | ExprKind::SetComp(_) => "set",
        ExprKind::GeneratorExp(_) => "generator",
        ExprKind::Lambda(_) => "function",
        ExprKind::TemplateStr(_) => "string.templatelib.Template",
        ExprKind::Interpolation(_) => "string.templatelib.Interpolation",
        ExprKind::JoinedStr(_) | ExprKind::FormattedValue(_) | ExprKind::UStr(_) => "str",
        _ => "",
    }
}

pub(crate) fn binary_op(op: BinOp) -> Op {
    match op {
        BinOp::Add => Op::Add,
        BinOp::Sub => Op::Sub,
        BinOp::Mul => Op::Mul,
        BinOp::MatMul => Op::MatMul,
        BinOp::Div => Op::TrueDiv,
        BinOp::Mod => Op::Mod,
        BinOp::Pow => Op::Pow,
        BinOp::LShift => Op::LShift,
        BinOp::RShift => Op::RShift,
        BinOp::BitOr => Op::Or,
        BinOp::BitXor => Op::Xor,
        BinOp::BitAnd => Op::And,
        BinOp::FloorDiv => Op::FloorDiv,
    }
}

pub(crate) fn immediate_op(op: BinOp) -> Option<Op> {
    Some(match op {
        BinOp::Add => Op::AddI,
        BinOp::Sub => Op::SubI,
        BinOp::Mul => Op::MulI,
        BinOp::FloorDiv => Op::FloorDivI,
        BinOp::Mod => Op::ModI,
        BinOp::LShift => Op::LShiftI,
        BinOp::RShift => Op::RShiftI,
        BinOp::BitAnd => Op::AndI,
        _ => return None,
    })
}
