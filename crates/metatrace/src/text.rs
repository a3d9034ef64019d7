//! The textual form of traces: printer and parser. Tests of passes are written in it, logs show it.
//!
//! ```text
//! %0 = entry 3
//! %1 = is_fix %0
//! guard_true %1 @0
//! %3 = fix_add %0 fix:1 @0
//! store_reg 3 %3
//! snap 0 {3=%0}
//! ```
//! Constants: `fix:N` (tagged), `w:HEX` (word), `i:N` (raw), `f:X`. The immediate, if any, precedes the operands.

use crate::ir::*;
use crate::word;
use std::fmt::Write;

fn operand(t: &Trace, r: R) -> String {
    match t.const_of(r) {
        None => format!("{r:?}"),
        Some(c) => match c.ty {
            Ty::Ref if word::is_fix(c.bits) => format!("fix:{}", word::unfix(c.bits)),
            Ty::Ref => format!("w:{:x}", c.bits),
            Ty::Flt => format!("f:{:?}", f64::from_bits(c.bits)),
            _ => format!("i:{}", c.bits as i64),
        },
    }
}

fn has_imm(op: Op) -> bool {
    use Op::*;
    matches!(
        op,
        Entry
            | LoadReg
            | In
            | Base
            | ShapeIs
            | IsA
            | Get
            | GetInt
            | Elem
            | New
            | Set
            | SetInt
            | SetNew
            | SetShape
            | SetElem
            | StoreReg
            | Sync
            | RawSet
            | RawGet
            | Rebase
    )
}

fn val(t: &Trace, v: &Val) -> String {
    match *v {
        Val::Const(w) if word::is_fix(w) => format!("fix:{}", word::unfix(w)),
        Val::Const(w) => format!("w:{w:x}"),
        Val::Word(r) => operand(t, r),
        Val::Int(r) => format!("tag({})", operand(t, r)),
        Val::Flt(r) => format!("box({})", operand(t, r)),
        Val::Virt(n) => format!("new#{n}"),
    }
}

fn snap(t: &Trace, s: &Snap) -> String {
    let mut o = String::new();
    if s.in_memory {
        return "memory".into();
    }
    for f in s.frames.iter().skip(1) {
        let _ = write!(o, "+{}{} ", f.base, if f.real { "!" } else { "" });
    }
    o.push('{');
    for (n, (k, v)) in s.slots.iter().enumerate() {
        let _ = write!(o, "{}{k}={}", if n > 0 { ", " } else { "" }, val(t, v));
    }
    o.push('}');
    for v in &s.virts {
        let _ = write!(o, " <{:x}", v.what);
        for (at, x) in &v.fields {
            let _ = write!(o, " {at}={}", val(t, x));
        }
        o.push('>');
    }
    o
}

/// One instruction.
pub fn inst(t: &Trace, i: usize) -> String {
    let x = &t.insts[i];
    let mut o = String::new();
    if x.ty != Ty::Void {
        let _ = write!(o, "%{i} = ");
    }
    o.push_str(x.op.info().text);
    if x.op.info().ty.is_none() {
        let _ = write!(o, ".{}", format!("{:?}", x.ty).to_lowercase());
    }
    if has_imm(x.op) {
        let _ = write!(o, " {}", x.imm);
    }
    if x.op.is_call() {
        let _ = write!(o, " {}", t.calls[x.imm as usize].name);
        for a in t.call_args(x) {
            let _ = write!(o, " {}", operand(t, *a));
        }
    } else {
        for r in x.operands() {
            let _ = write!(o, " {}", operand(t, r));
        }
    }
    if x.snap != NO_SNAP {
        let _ = write!(o, " @{}", x.snap);
    }
    o
}

/// The whole trace.
pub fn print(t: &Trace) -> String {
    let mut o = String::new();
    for (i, x) in t.insts.iter().enumerate() {
        if x.op != Op::Nop {
            let _ = writeln!(o, "{}", inst(t, i));
        }
    }
    match &t.end {
        End::Open => {}
        End::Loop(a) => {
            o.push_str("jump");
            for r in a {
                let _ = write!(o, " {}", operand(t, *r));
            }
            o.push('\n');
        }
        End::Link { cell, frames, regs } => {
            let _ = writeln!(o, "link {cell:x} {frames} {regs}");
        }
    }
    if !t.end_slots.is_empty() {
        o.push_str("end");
        for (s, r) in &t.end_slots {
            let _ = write!(o, " {s}={}", operand(t, *r));
        }
        o.push('\n');
    }
    for (i, s) in t.snaps.iter().enumerate() {
        let _ = writeln!(o, "snap {i} {}", snap(t, s));
    }
    o
}

struct Parser {
    t: Trace,
    names: crate::fxhash::FxMap<u32, R>,
}

impl Parser {
    fn operand(&mut self, s: &str, want: Ty) -> Result<R, String> {
        let bad = || format!("operand {s:?}");
        if let Some(n) = s.strip_prefix('%') {
            let n: u32 = n.parse().map_err(|_| bad())?;
            return self.names.get(&n).copied().ok_or_else(|| format!("%{n} is not defined"));
        }
        let (k, v) = s.split_once(':').ok_or_else(bad)?;
        let _ = want;
        Ok(match k {
            "fix" => self.t.konst(Ty::Ref, word::fix(v.parse().map_err(|_| bad())?)),
            "w" => self.t.konst(Ty::Ref, u64::from_str_radix(v, 16).map_err(|_| bad())?),
            "i" => self.t.konst(Ty::Int, v.parse::<i64>().map_err(|_| bad())? as u64),
            "f" => self.t.konst(Ty::Flt, v.parse::<f64>().map_err(|_| bad())?.to_bits()),
            _ => return Err(bad()),
        })
    }
    fn val(&mut self, s: &str) -> Result<Val, String> {
        if let Some(x) = s.strip_prefix("box(").and_then(|x| x.strip_suffix(')')) {
            return Ok(Val::Flt(self.operand(x, Ty::Flt)?));
        }
        if let Some(x) = s.strip_prefix("tag(").and_then(|x| x.strip_suffix(')')) {
            return Ok(Val::Int(self.operand(x, Ty::Int)?));
        }
        let r = self.operand(s, Ty::Ref)?;
        Ok(match self.t.const_of(r) {
            Some(c) => Val::Const(c.bits),
            None => Val::Word(r),
        })
    }
    fn line(&mut self, line: &str) -> Result<(), String> {
        let mut w = line.split_whitespace().peekable();
        let first = w.next().unwrap_or("");
        match first {
            "snap" => {
                let rest = line.split_once('{').ok_or("snap without {")?.1;
                let rest = rest.split_once('}').ok_or("snap without }")?.0;
                let mut s = Snap::default();
                s.frames.push(FrameSnap {
                    pc: 0,
                    code: 0,
                    base: 0,
                    flags: 0,
                    real: true,
                    func: Val::Const(0),
                    extra: None,
                });
                for e in rest.split(',').map(str::trim).filter(|e| !e.is_empty()) {
                    let (k, v) = e.split_once('=').ok_or("snap entry")?;
                    let v = self.val(v)?;
                    s.slots.push((k.parse().map_err(|_| "slot")?, v));
                }
                self.t.snaps.push(s);
                return Ok(());
            }
            "end" => {
                for e in w {
                    let (k, v) = e.split_once('=').ok_or("end entry")?;
                    let r = self.operand(v, Ty::Ref)?;
                    self.t.end_slots.push((k.parse().map_err(|_| "slot")?, r));
                }
                return Ok(());
            }
            "jump" => {
                let a: Result<Vec<R>, String> = w.map(|x| self.operand(x, Ty::Ref)).collect();
                self.t.end = End::Loop(a?);
                return Ok(());
            }
            _ => {}
        }
        let (name, op) = if let Some(number) = first.strip_prefix('%') {
            if w.next() != Some("=") {
                return Err(format!("no = in {line:?}"));
            }
            (number.parse::<u32>().ok(), w.next().ok_or("no op")?)
        } else {
            (None, first)
        };
        let (text, ty) = op.split_once('.').unwrap_or((op, ""));
        let op = *Op::ALL.iter().find(|o| o.info().text == text).ok_or_else(|| format!("op {text:?}"))?;
        let mut i = Inst::new(op);
        match ty {
            "ref" => i.ty = Ty::Ref,
            "int" => i.ty = Ty::Int,
            "flt" => i.ty = Ty::Flt,
            _ => {}
        }
        if has_imm(op) {
            i.imm = w.next().and_then(|x| x.parse().ok()).ok_or("no immediate")?;
        }
        if op == Op::In {
            self.t.inputs.push(i.ty);
        }
        let mut rs = Vec::new();
        for x in w {
            if let Some(s) = x.strip_prefix('@') {
                i.snap = s.parse().map_err(|_| "snapshot")?;
            } else {
                rs.push(self.operand(x, Ty::Ref)?);
            }
        }
        if rs.len() != op.info().operands as usize {
            return Err(format!("{} operands in {line:?}", rs.len()));
        }
        for (n, r) in rs.into_iter().enumerate() {
            *[&mut i.a, &mut i.b, &mut i.c][n] = r;
        }
        let r = self.t.push(i);
        if let Some(n) = name {
            self.names.insert(n, r);
        }
        Ok(())
    }
}

/// Reads what [`print`] writes (calls and virtual objects excepted). Empty lines and `#` comments are skipped.
pub fn parse(s: &str) -> Result<Trace, String> {
    let mut p = Parser { t: Trace::new(), names: Default::default() };
    for l in s.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
        p.line(l)?;
    }
    Ok(p.t)
}

#[cfg(test)]
mod tests {
    #[test]
    fn prints_what_it_reads() {
        let s = "%0 = entry 3\n%1 = is_fix %0\nguard_true %1 @0\n%3 = fix_add %0 fix:1 @0\n%4 = fix_to_flt %3\n\
                 %5 = fadd %4 f:0.5\nstore_reg 3 %3\nend 3=%3\nsnap 0 {3=%0, 4=box(%5)}\n";
        assert_eq!(super::print(&super::parse(s).unwrap()), s);
    }
}
