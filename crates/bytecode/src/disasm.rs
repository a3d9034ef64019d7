//! Text of code objects, for tests and for reading.

use std::fmt::Write;

use crate::{CodeData, Common, Const, Ins, Intrinsic1, Intrinsic2, Op, Operand, SetFunc, Special};

/// The code object and those inside it.
pub fn disassemble(code: &CodeData) -> String {
    let mut out = String::new();
    one(code, &mut out);
    for c in &code.consts {
        if let Const::Code(inner) = c {
            out.push('\n');
            out.push_str(&disassemble(inner));
        }
    }
    out
}

fn one(code: &CodeData, out: &mut String) {
    let _ = writeln!(
        out,
        "{}: {} args, {} locals, {} frees, {} registers",
        code.qualname,
        code.argcount + code.kwonly,
        code.nlocals,
        code.varnames.len() as u32 - code.nlocals,
        code.nregs
    );
    let mut line = 0;
    for (i, ins) in code.code.iter().enumerate() {
        let p = code.positions.get(i).copied().unwrap_or_default();
        let shown = if p.line != line { format!("{:4}", p.line) } else { "    ".to_string() };
        line = p.line;
        let _ = writeln!(out, "{shown} {i:4} {}", instruction(code, i, *ins));
    }
    for h in &code.handlers {
        let _ =
            writeln!(out, "     {}..{} -> {} {}", h.start, h.end, h.target, register(code, h.reg as usize));
    }
}

/// Instructions only, without line numbers: for tests.
pub fn instructions(code: &CodeData) -> String {
    let mut out = String::new();
    for (i, ins) in code.code.iter().enumerate() {
        let _ = writeln!(out, "{i} {}", instruction(code, i, *ins));
    }
    for h in &code.handlers {
        let _ = writeln!(out, "{}..{} -> {} {}", h.start, h.end, h.target, register(code, h.reg as usize));
    }
    out
}

fn register(code: &CodeData, r: usize) -> String {
    match code.varnames.get(r) {
        Some(n) => n.to_string(),
        None => format!("t{}", r as i64 - code.varnames.len() as i64),
    }
}

/// One instruction with its operands spelled out.
pub fn instruction(code: &CodeData, at: usize, ins: Ins) -> String {
    let op = ins.op();
    let info = op.info();
    let mut s = info.name.to_string();
    if info.x == Operand::Flag && (ins.x() != 0 || info.name.starts_with('J')) {
        let _ = write!(s, ".{}", ins.x());
    }
    let fields = [(info.x, 0), (info.a, 1), (info.b, 2), (info.c, 3)];
    for (kind, which) in fields {
        let raw = match which {
            0 => ins.x() as usize,
            1 => ins.a(),
            2 => ins.b(),
            _ => ins.c(),
        };
        let text = match kind {
            Operand::None | Operand::Wide | Operand::Flag => continue,
            Operand::Dst | Operand::Src | Operand::Mod | Operand::Base => register(code, raw),
            Operand::Num => number(op, which, raw),
            Operand::Int => (raw as u16 as i16).to_string(),
            Operand::Ic => code
                .ics
                .get(raw)
                .and_then(|&n| code.names.get(n as usize))
                .map_or_else(|| format!("ic{raw}"), |n| format!("'{n}'")),
            Operand::Name => code.names.get(raw).map_or_else(|| format!("name{raw}"), |n| format!("'{n}'")),
            Operand::Jump => format!("->{}", at as i64 + 1 + raw as u16 as i16 as i64),
            Operand::Jump32 => format!("->{}", at as i64 + 1 + ins.imm() as i64),
            Operand::Int32 => ins.imm().to_string(),
            Operand::Const32 => code.consts.get(ins.imm() as usize).map_or_else(|| "?".to_string(), constant),
        };
        s.push(' ');
        s.push_str(&text);
    }
    s
}

fn number(op: Op, which: usize, n: usize) -> String {
    match (op, which) {
        (Op::LoadCommon, 2) => Common::ALL.get(n).map_or_else(|| n.to_string(), |c| format!("{c:?}")),
        (Op::LoadSpecial, 3) => Special::ALL.get(n).map_or_else(|| n.to_string(), |c| format!("{c:?}")),
        (Op::SetFuncAttr, 0) => SetFunc::ALL.get(n).map_or_else(|| n.to_string(), |c| format!("{c:?}")),
        (Op::Intrinsic1, 0) => Intrinsic1::ALL.get(n).map_or_else(|| n.to_string(), |c| format!("{c:?}")),
        (Op::Intrinsic2, 0) => Intrinsic2::ALL.get(n).map_or_else(|| n.to_string(), |c| format!("{c:?}")),
        _ => format!("#{n}"),
    }
}

/// A constant as Python would show it, roughly.
pub fn constant(c: &Const) -> String {
    let list = |t: &[Const]| t.iter().map(constant).collect::<Vec<_>>().join(", ");
    match c {
        Const::None => "None".into(),
        Const::True => "True".into(),
        Const::False => "False".into(),
        Const::Ellipsis => "...".into(),
        Const::Int(v) => v.to_string(),
        Const::BigInt(neg, limbs) => {
            let mut s = if *neg { "-0x" } else { "0x" }.to_string();
            for (i, l) in limbs.iter().rev().enumerate() {
                let _ = if i == 0 { write!(s, "{l:x}") } else { write!(s, "{l:016x}") };
            }
            s
        }
        Const::Float(v) => format!("{v:?}"),
        Const::Complex(r, i) => format!("({r:?}+{i:?}j)"),
        Const::Str(s) => format!("{:?}", String::from_utf8_lossy(s)),
        Const::Bytes(s) => format!("b\"{}\"", s.escape_ascii()),
        Const::Tuple(t) => format!("({})", list(t)),
        Const::FrozenSet(t) => format!("{{{}}}", list(t)),
        Const::Slice(t) => format!("slice({})", list(&t[..])),
        Const::Code(c) => format!("<code {}>", c.name),
        Const::Lazy(c) => c.with_names(|name, _, _| format!("<code {name}>")),
    }
}
