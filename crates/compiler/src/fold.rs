//! Constant folding while the tree is built, within CPython's limits (`Python/flowgraph.c`, `Python/ast_preprocess.c`).
//!
//! A fold never hides an error: what would raise stays as it is. Ints are folded in 128 bits, which is CPython's limit
//! for products, powers and shifts; sums of larger literals are simply left to run time.

use crate::ast::*;
use crate::lower::{Builder, Fold};
use crate::names::{Sym, known};

const MAX_STR: usize = 4096;
const MAX_COLLECTION: usize = 256;
const MAX_TOTAL_ITEMS: i64 = 1024;

impl<'a> Builder<'a> {
    pub fn name(&mut self, id: Sym, store: bool) -> ExprKind<'a> {
        if id == known::DEBUG && !store && self.fold != Fold::No {
            return ExprKind::Constant(if self.optimize == 0 { Lit::True } else { Lit::False });
        }
        ExprKind::Name(id)
    }

    pub fn binop(&mut self, l: ExprRef<'a>, op: BinOp, r: ExprRef<'a>) -> ExprKind<'a> {
        if self.fold == Fold::Full
            && let (ExprKind::Constant(a), ExprKind::Constant(b)) = (l.kind, r.kind)
            && let Some(v) = self.fold_binop(a, op, b)
        {
            return ExprKind::Constant(v);
        }
        if self.fold != Fold::No
            && op == BinOp::Mod
            && let (ExprKind::Constant(Lit::Str(fmt)), ExprKind::Tuple(args)) = (l.kind, r.kind)
            && let Some(parts) = self.percent_format(fmt, args, l.span)
        {
            return ExprKind::JoinedStr(parts);
        }
        ExprKind::BinOp(l, op, r)
    }

    /// `'…%s…' % (a, …)` with conversions `s`, `r`, `a` only is an f-string.
    fn percent_format(&self, fmt: &'a [u8], args: &'a [Expr<'a>], span: Span) -> Option<&'a [Expr<'a>]> {
        if args.iter().any(|a| matches!(a.kind, ExprKind::Starred(_))) {
            return None;
        }
        let str_const = |text: &[u8], span| {
            let text = self.arena.alloc_slice_copy(text);
            Expr { span, kind: ExprKind::Constant(Lit::Str(text)) }
        };
        let mut out: Vec<Expr<'a>> = Vec::new();
        let mut text: Vec<u8> = Vec::new();
        let mut args = args.iter();
        let mut i = 0;
        while i < fmt.len() {
            if fmt[i] != b'%' {
                text.push(fmt[i]);
                i += 1;
                continue;
            }
            i += 1;
            if fmt.get(i) == Some(&b'%') {
                text.push(b'%');
                i += 1;
                continue;
            }
            let mut left = false;
            while let Some(c @ (b'-' | b'+' | b' ' | b'#' | b'0')) = fmt.get(i) {
                left |= *c == b'-';
                i += 1;
            }
            let digits = |i: &mut usize| {
                let start = *i;
                while fmt.get(*i).is_some_and(u8::is_ascii_digit) {
                    *i += 1;
                }
                &fmt[start..*i]
            };
            let width = digits(&mut i);
            let precision = if fmt.get(i) == Some(&b'.') {
                i += 1;
                Some(digits(&mut i))
            } else {
                None
            };
            if width.len() > 3 || precision.is_some_and(|p| p.len() > 2) {
                return None;
            }
            let conversion = match fmt.get(i) {
                Some(c @ (b's' | b'r' | b'a')) => *c,
                _ => return None,
            };
            i += 1;
            let value = *args.next()?;
            if !text.is_empty() {
                out.push(str_const(&text, span));
                text.clear();
            }
            let mut spec = Vec::new();
            if !width.is_empty() {
                if !left {
                    spec.push(b'>');
                }
                spec.extend_from_slice(width);
            }
            if let Some(p) = precision {
                spec.push(b'.');
                if p.is_empty() {
                    spec.push(b'0');
                }
                spec.extend_from_slice(p);
            }
            let spec = if spec.is_empty() {
                None
            } else {
                let parts = self.arena.alloc_slice_copy(&[str_const(&spec, value.span)]);
                Some(self.alloc(Expr { span: value.span, kind: ExprKind::JoinedStr(parts) }))
            };
            let kind = ExprKind::FormattedValue(self.alloc(Formatted { value, conversion, spec }));
            out.push(Expr { span: value.span, kind });
        }
        if args.next().is_some() {
            return None;
        }
        if !text.is_empty() {
            out.push(str_const(&text, span));
        }
        Some(self.arena.alloc_slice_copy(&out))
    }

    pub fn unary(&mut self, op: UnaryOp, v: ExprRef<'a>) -> ExprKind<'a> {
        if self.fold == Fold::Full
            && let ExprKind::Constant(c) = v.kind
            && let Some(v) = self.fold_unary(op, c)
        {
            return ExprKind::Constant(v);
        }
        ExprKind::UnaryOp(op, v)
    }

    pub fn compare(&mut self, l: ExprRef<'a>, rest: &'a [(CmpOp, Expr<'a>)]) -> ExprKind<'a> {
        ExprKind::Compare(l, rest)
    }

    pub fn tuple(&mut self, items: &'a [Expr<'a>], store: bool) -> ExprKind<'a> {
        if self.fold == Fold::Full
            && !store
            && let Some(t) = self.const_items(items)
        {
            return ExprKind::Constant(Lit::Tuple(t));
        }
        ExprKind::Tuple(items)
    }

    /// The items as constants, if all of them are.
    pub fn const_items(&self, items: &[Expr<'a>]) -> Option<&'a [Lit<'a>]> {
        const_items(self.arena, items)
    }

    pub fn subscript(&mut self, v: ExprRef<'a>, i: ExprRef<'a>, store: bool) -> ExprKind<'a> {
        if self.fold == Fold::Full
            && !store
            && let (ExprKind::Constant(c), ExprKind::Constant(Lit::Int(n))) = (v.kind, i.kind)
        {
            let at = |len: usize| {
                let n = if n < 0 { n + len as i64 } else { n };
                (0..len as i64).contains(&n).then_some(n as usize)
            };
            let out = match c {
                Lit::Tuple(t) => at(t.len()).map(|i| t[i]),
                Lit::Bytes(b) => at(b.len()).map(|i| Lit::Int(b[i] as i64)),
                Lit::Str(s) if s.is_ascii() => at(s.len()).map(|i| Lit::Str(&s[i..i + 1])),
                _ => None,
            };
            if let Some(out) = out {
                return ExprKind::Constant(out);
            }
        }
        ExprKind::Subscript(v, i)
    }

    /// Values in patterns (`-1`, `1+2j`) are always folded, but for trees wanted as they are.
    pub fn pattern_value(&mut self, e: Expr<'a>) -> Expr<'a> {
        if self.fold == Fold::No {
            return e;
        }
        let kind = match e.kind {
            ExprKind::UnaryOp(UnaryOp::USub, v) => match v.kind {
                ExprKind::Constant(c) => self.fold_unary(UnaryOp::USub, c).map(ExprKind::Constant),
                _ => None,
            },
            ExprKind::BinOp(l, op @ (BinOp::Add | BinOp::Sub), r) => {
                let l = self.pattern_value(*l);
                match (l.kind, r.kind) {
                    (ExprKind::Constant(a), ExprKind::Constant(b)) => {
                        self.fold_binop(a, op, b).map(ExprKind::Constant)
                    }
                    _ => None,
                }
            }
            _ => None,
        };
        Expr { span: e.span, kind: kind.unwrap_or(e.kind) }
    }

    fn int(&self, v: i128) -> Lit<'a> {
        if let Ok(v) = i64::try_from(v) {
            return Lit::Int(v);
        }
        let m = v.unsigned_abs();
        let limbs: &[u64] = if m >> 64 == 0 { &[m as u64] } else { &[m as u64, (m >> 64) as u64] };
        Lit::Big(v < 0, self.arena.alloc_slice_copy(limbs))
    }

    fn fold_unary(&self, op: UnaryOp, c: Lit<'a>) -> Option<Lit<'a>> {
        if op == UnaryOp::Not {
            return truth(c).map(|t| if t { Lit::False } else { Lit::True });
        }
        if matches!(c, Lit::True | Lit::False) && op == UnaryOp::Invert {
            return None;
        }
        match (num(c)?, op) {
            (Num::Int(v), UnaryOp::USub) => Some(self.int(v.checked_neg()?)),
            (Num::Int(v), UnaryOp::UAdd) => Some(self.int(v)),
            (Num::Int(v), UnaryOp::Invert) => Some(self.int(!v)),
            (Num::Float(v), UnaryOp::USub) => Some(Lit::Float(-v)),
            (Num::Float(v), UnaryOp::UAdd) => Some(Lit::Float(v)),
            (Num::Complex(r, i), UnaryOp::USub) => Some(Lit::Complex(-r, -i)),
            (Num::Complex(r, i), UnaryOp::UAdd) => Some(Lit::Complex(r, i)),
            _ => None,
        }
    }

    fn fold_binop(&self, a: Lit<'a>, op: BinOp, b: Lit<'a>) -> Option<Lit<'a>> {
        match (num(a), num(b)) {
            (Some(x), Some(y)) => match (x, y) {
                (Num::Int(x), Num::Int(y)) => self.fold_ints(x, op, y, a, b),
                (Num::Complex(..), _) | (_, Num::Complex(..)) => fold_complex(x, op, y),
                _ => fold_floats(to_float(x)?, op, to_float(y)?),
            },
            (None, None) => self.fold_concat(a, op, b),
            (None, Some(Num::Int(n))) if op == BinOp::Mul => self.fold_repeat(a, n),
            (Some(Num::Int(n)), None) if op == BinOp::Mul => self.fold_repeat(b, n),
            _ => None,
        }
    }

    fn fold_ints(&self, x: i128, op: BinOp, y: i128, a: Lit<'a>, b: Lit<'a>) -> Option<Lit<'a>> {
        let bits = |v: i128| 128 - v.unsigned_abs().leading_zeros();
        let bools = matches!(a, Lit::True | Lit::False) && matches!(b, Lit::True | Lit::False);
        let v = match op {
            BinOp::Add => x.checked_add(y)?,
            BinOp::Sub => x.checked_sub(y)?,
            BinOp::Mul => {
                if x != 0 && y != 0 && bits(x) + bits(y) > 128 {
                    return None;
                }
                x.checked_mul(y)?
            }
            BinOp::Div => {
                // Exact only where both are exact as doubles.
                if y == 0 || bits(x) > 53 || bits(y) > 53 {
                    return None;
                }
                return Some(Lit::Float(x as f64 / y as f64));
            }
            BinOp::FloorDiv | BinOp::Mod => {
                if y == 0 {
                    return None;
                }
                let (q, r) = (x.checked_div(y)?, x.checked_rem(y)?);
                let adjust = r != 0 && (r < 0) != (y < 0);
                if op == BinOp::Mod {
                    if adjust { r + y } else { r }
                } else if adjust {
                    q - 1
                } else {
                    q
                }
            }
            BinOp::Pow => {
                if y < 0 {
                    if x == 0 || bits(x) > 53 {
                        return None;
                    }
                    return Some(Lit::Float((x as f64).powf(y as f64)));
                }
                if bits(x) as i128 * y > 128 {
                    return None;
                }
                x.checked_pow(u32::try_from(y).ok()?)?
            }
            BinOp::LShift => {
                if !(0..128).contains(&y) || (x != 0 && bits(x) as i128 + y > 127) {
                    return None;
                }
                x << y
            }
            BinOp::RShift => {
                if y < 0 {
                    return None;
                }
                x >> y.min(127)
            }
            BinOp::BitOr => x | y,
            BinOp::BitXor => x ^ y,
            BinOp::BitAnd => x & y,
            BinOp::MatMul => return None,
        };
        if bools && matches!(op, BinOp::BitOr | BinOp::BitXor | BinOp::BitAnd) {
            return Some(if v != 0 { Lit::True } else { Lit::False });
        }
        Some(self.int(v))
    }

    fn fold_concat(&self, a: Lit<'a>, op: BinOp, b: Lit<'a>) -> Option<Lit<'a>> {
        if op != BinOp::Add {
            return None;
        }
        match (a, b) {
            (Lit::Str(x), Lit::Str(y)) => Some(Lit::Str(self.join(x, y)?)),
            (Lit::Bytes(x), Lit::Bytes(y)) => Some(Lit::Bytes(self.join(x, y)?)),
            (Lit::Tuple(x), Lit::Tuple(y)) => {
                let v: Vec<Lit<'a>> = x.iter().chain(y).copied().collect();
                Some(Lit::Tuple(self.arena.alloc_slice_copy(&v)))
            }
            _ => None,
        }
    }

    fn join(&self, x: &[u8], y: &[u8]) -> Option<&'a [u8]> {
        // Unbounded as in CPython, but a chain of sums must not become quadratic.
        if x.len() + y.len() > 1 << 20 {
            return None;
        }
        let mut v = Vec::with_capacity(x.len() + y.len());
        v.extend_from_slice(x);
        v.extend_from_slice(y);
        Some(self.arena.alloc_slice_copy(&v))
    }

    fn fold_repeat(&self, a: Lit<'a>, n: i128) -> Option<Lit<'a>> {
        let n = usize::try_from(n.max(0)).ok()?;
        let fits = |len: usize, max: usize| len.checked_mul(n).is_some_and(|t| t <= max);
        match a {
            Lit::Str(s) if fits(s.len(), MAX_STR) => {
                Some(Lit::Str(self.arena.alloc_slice_copy(&s.repeat(n))))
            }
            Lit::Bytes(s) if fits(s.len(), MAX_STR) => {
                Some(Lit::Bytes(self.arena.alloc_slice_copy(&s.repeat(n))))
            }
            Lit::Tuple(t) if fits(t.len(), MAX_COLLECTION) => {
                if n != 0 && total_items(a, MAX_TOTAL_ITEMS / n as i64) < 0 {
                    return None;
                }
                let v: Vec<Lit<'a>> = std::iter::repeat_n(t, n).flatten().copied().collect();
                Some(Lit::Tuple(self.arena.alloc_slice_copy(&v)))
            }
            _ => None,
        }
    }
}

pub fn const_items<'a>(arena: &'a bumpalo::Bump, items: &[Expr<'a>]) -> Option<&'a [Lit<'a>]> {
    if items.iter().all(|e| matches!(e.kind, ExprKind::Constant(_))) {
        Some(arena.alloc_slice_fill_iter(items.iter().map(|e| match e.kind {
            ExprKind::Constant(c) => c,
            _ => Lit::None,
        })))
    } else {
        None
    }
}

fn total_items(c: Lit, mut limit: i64) -> i64 {
    if let Lit::Tuple(t) = c {
        limit -= t.len() as i64;
        for i in t {
            if limit < 0 {
                break;
            }
            limit = total_items(*i, limit);
        }
    }
    limit
}

/// Truth value of a constant.
pub fn truth(c: Lit) -> Option<bool> {
    Some(match c {
        Lit::None | Lit::False => false,
        Lit::True | Lit::Ellipsis | Lit::Big(..) | Lit::Slice(_) => true,
        Lit::Int(v) => v != 0,
        Lit::Float(v) => v != 0.0,
        Lit::Complex(r, i) => r != 0.0 || i != 0.0,
        Lit::Str(s) | Lit::Bytes(s) => !s.is_empty(),
        Lit::Tuple(t) | Lit::FrozenSet(t) => !t.is_empty(),
    })
}

#[derive(Clone, Copy)]
enum Num {
    Int(i128),
    Float(f64),
    Complex(f64, f64),
}

fn num(c: Lit) -> Option<Num> {
    Some(match c {
        Lit::Int(v) => Num::Int(v as i128),
        Lit::True => Num::Int(1),
        Lit::False => Num::Int(0),
        Lit::Big(neg, limbs) => {
            let m = match *limbs {
                [lo] => lo as u128,
                [lo, hi] => lo as u128 | (hi as u128) << 64,
                _ => return None,
            };
            let v = i128::try_from(m).ok()?;
            Num::Int(if neg { -v } else { v })
        }
        Lit::Float(v) => Num::Float(v),
        Lit::Complex(r, i) => Num::Complex(r, i),
        _ => return None,
    })
}

fn to_float(n: Num) -> Option<f64> {
    match n {
        Num::Int(v) => Some(v as f64),
        Num::Float(v) => Some(v),
        Num::Complex(..) => None,
    }
}

fn fold_floats<'a>(x: f64, op: BinOp, y: f64) -> Option<Lit<'a>> {
    let v = match op {
        BinOp::Add => x + y,
        BinOp::Sub => x - y,
        BinOp::Mul => x * y,
        BinOp::Div if y != 0.0 => x / y,
        BinOp::Pow => {
            let v = x.powf(y);
            if (x < 0.0 && y.fract() != 0.0) || (x == 0.0 && y < 0.0) || (v.is_infinite() && x.is_finite()) {
                return None;
            }
            v
        }
        _ => return None,
    };
    Some(Lit::Float(v))
}

fn fold_complex<'a>(x: Num, op: BinOp, y: Num) -> Option<Lit<'a>> {
    // Mixed arithmetic does not turn the real operand into a complex one (3.14).
    let (r, i) = match (x, op, y) {
        (Num::Complex(a, b), BinOp::Add, Num::Complex(c, d)) => (a + c, b + d),
        (Num::Complex(a, b), BinOp::Sub, Num::Complex(c, d)) => (a - c, b - d),
        (Num::Complex(a, b), BinOp::Mul, Num::Complex(c, d)) => (a * c - b * d, a * d + b * c),
        (Num::Complex(a, b), BinOp::Add, y) => (a + to_float(y)?, b),
        (Num::Complex(a, b), BinOp::Sub, y) => (a - to_float(y)?, b),
        (Num::Complex(a, b), BinOp::Mul, y) => {
            let y = to_float(y)?;
            (a * y, b * y)
        }
        (x, BinOp::Add, Num::Complex(c, d)) => (to_float(x)? + c, d),
        (x, BinOp::Sub, Num::Complex(c, d)) => (to_float(x)? - c, -d),
        (x, BinOp::Mul, Num::Complex(c, d)) => {
            let x = to_float(x)?;
            (x * c, x * d)
        }
        _ => return None,
    };
    Some(Lit::Complex(r, i))
}
