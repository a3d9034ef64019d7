//! The textual form of traces: printer and parser. Tests of passes are written in it, logs show it.
//!
//! ```text
//! fn hash 5f30c0 r                          a callee: address, effects (r reads, w writes, f fills, x raises, c calls,
//!                                            e the same again)
//! %0 = entry 3
//! %1 = is_fix %0
//! guard_true %1 @0
//! %3 = fix_add %0 fix:1 @0
//! %4 = new 7:16:40                          kind:size:descriptor
//! %5 = call_int hash %4
//! store_reg 3 %3
//! snap 0 [pc=40] [+12 pc=8 code=9 flags=1 func=%4 extra=%0 real] {3=%0, 4=box(%6), 5=new#0} <7:16:40 8=tag(%9)>
//! snap 1 memory [pc=48]
//! ```
//! Constants: `fix:N` (tagged), `w:HEX` (word), `i:N` (raw), `f:X`, `true`, `false`. The immediate, if any, precedes the
//! operands. Of a snapshot's frames each `[...]` is one, the root frame may be left out if there is nothing to
//! say about it; parts that are zero are left out.

use crate::ir::*;
use crate::machine::Effects;
use crate::word;
use std::fmt::Write;

fn operand(t: &Trace, r: R) -> String {
    match t.const_of(r) {
        None => format!("{r:?}"),
        Some(c) => match c.ty {
            Ty::Ref if word::is_fix(c.bits) => format!("fix:{}", word::unfix(c.bits)),
            Ty::Ref => format!("w:{:x}", c.bits),
            Ty::Flt => {
                let f = f64::from_bits(c.bits);
                if f.is_nan() { format!("f:nan:{:x}", c.bits) } else { format!("f:{f:?}") }
            }
            Ty::Bool => (c.bits != 0).to_string(),
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
            | Item
            | FltItem
            | SetItem
            | SetFltItem
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
        Val::Raw(w) => format!("i:{}", w as i64),
        Val::Word(r) => operand(t, r),
        Val::Int(r) => format!("tag({})", operand(t, r)),
        Val::Flt(r) => format!("box({})", operand(t, r)),
        Val::Virt(n) => format!("new#{n}"),
    }
}

/// kind:size:descriptor
fn what(w: i64) -> String {
    format!("{}:{}:{}", w as u64 >> 56, w as u64 >> 32 & 0xff_ffff, w as u32)
}

fn frame(t: &Trace, f: &FrameSnap, root: bool) -> String {
    let mut o = Vec::new();
    if !root {
        o.push(format!("+{}", f.base));
    }
    for (name, n) in [("pc", f.pc), ("code", f.code), ("flags", f.flags)] {
        if n != 0 {
            o.push(format!("{name}={n:x}"));
        }
    }
    if f.func != Val::Const(0) {
        o.push(format!("func={}", val(t, &f.func)));
    }
    if let Some(e) = &f.extra {
        o.push(format!("extra={}", val(t, e)));
    }
    if f.real != root {
        o.push(if root { "unreal".into() } else { "real".into() });
    }
    format!("[{}]", o.join(" "))
}

fn snap(t: &Trace, s: &Snap) -> String {
    let mut o: Vec<String> = Vec::new();
    if s.in_memory {
        o.push("memory".into());
    }
    for (k, f) in s.frames.iter().enumerate() {
        let text = frame(t, f, k == 0);
        if k > 0 || s.frames.len() > 1 || text != "[]" {
            o.push(text);
        }
    }
    if s.frames.is_empty() && !s.in_memory {
        o.push("dead".into());
    }
    if !s.in_memory && !s.frames.is_empty() {
        let slots: Vec<String> = s.slots.iter().map(|(k, v)| format!("{k}={}", val(t, v))).collect();
        o.push(format!("{{{}}}", slots.join(", ")));
    }
    for v in &s.virts {
        let mut x = format!("<{}", what(v.what));
        for (at, f) in &v.fields {
            let _ = write!(x, " {at}={}", val(t, f));
        }
        o.push(x + ">");
    }
    o.join(" ")
}

fn effects(e: Effects) -> String {
    let mut o = String::new();
    for (c, bit) in EFFECTS {
        if e.has(bit) {
            o.push(c);
        }
    }
    if o.is_empty() { "pure".into() } else { o }
}
const EFFECTS: [(char, Effects); 7] = [
    ('r', Effects::READS),
    ('w', Effects::WRITES),
    ('x', Effects::RAISES),
    ('c', Effects::CALLS),
    ('f', Effects::FILLS),
    ('s', Effects::STEPS),
    ('e', Effects::SAME),
];

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
    if x.op == Op::New {
        let _ = write!(o, " {}", what(x.imm));
    } else if has_imm(x.op) {
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
    for c in &t.calls {
        let _ = writeln!(o, "fn {} {:x} {}", c.name, c.addr, effects(c.effects));
    }
    for (i, x) in t.insts.iter().enumerate() {
        if x.op != Op::Nop {
            let _ = writeln!(o, "{}", inst(t, i));
        }
    }
    o + &end(t) + &snaps(t)
}

/// What follows the last instruction.
pub fn end(t: &Trace) -> String {
    let mut o = String::new();
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
        End::Jump { target, args } => {
            let _ = write!(o, "goto {target:x}");
            for r in args {
                let _ = write!(o, " {}", operand(t, *r));
            }
            o.push('\n');
        }
    }
    if !t.end_slots.is_empty() {
        o.push_str("end");
        for (s, r) in &t.end_slots {
            let _ = write!(o, " {s}={}", operand(t, *r));
        }
        o.push('\n');
    }
    if let Some(c) = &t.carry {
        o.push_str("carry");
        for r in c {
            let _ = write!(o, " {}", operand(t, *r));
        }
        o.push('\n');
    }
    o
}

/// The snapshots.
pub fn snaps(t: &Trace) -> String {
    let mut o = String::new();
    for (i, s) in t.snaps.iter().enumerate() {
        let text = snap(t, s);
        if text != "dead" {
            let _ = writeln!(o, "snap {i} {text}");
        }
    }
    o
}

struct Parser {
    t: Trace,
    names: crate::fxhash::FxMap<u32, R>,
}

fn hex(s: &str) -> Result<u64, String> {
    u64::from_str_radix(s, 16).map_err(|_| format!("hexadecimal number {s:?}"))
}
fn number<T: std::str::FromStr>(s: &str) -> Result<T, String> {
    s.parse().map_err(|_| format!("number {s:?}"))
}
fn parse_what(s: &str) -> Result<i64, String> {
    let parts: Vec<&str> = s.split(':').collect();
    let [kind, size, desc] = parts[..] else { return Err(format!("{s:?} is no kind:size:descriptor")) };
    let (kind, size, desc): (u8, u32, u32) = (number(kind)?, number(size)?, number(desc)?);
    if size >= 1 << 24 || size % 8 != 0 || size < 8 {
        return Err(format!("size {size}"));
    }
    Ok((kind as i64) << 56 | (size as i64) << 32 | desc as i64)
}

impl Parser {
    fn operand(&mut self, s: &str) -> Result<R, String> {
        let bad = || format!("operand {s:?}");
        if let Some(n) = s.strip_prefix('%') {
            let n: u32 = n.parse().map_err(|_| bad())?;
            return self.names.get(&n).copied().ok_or_else(|| format!("%{n} is not defined"));
        }
        if s == "true" || s == "false" {
            return Ok(self.t.konst(Ty::Bool, (s == "true") as u64));
        }
        let (k, v) = s.split_once(':').ok_or_else(bad)?;
        Ok(match k {
            "fix" => {
                let n: i64 = number(v)?;
                if !word::fits_fix(n) {
                    return Err(format!("{n} does not fit"));
                }
                self.t.konst(Ty::Ref, word::fix(n))
            }
            "w" => self.t.konst(Ty::Ref, hex(v)?),
            "i" => self.t.konst(Ty::Int, number::<i64>(v)? as u64),
            "f" => match v.strip_prefix("nan:") {
                Some(bits) => self.t.konst(Ty::Flt, hex(bits)?),
                None => self.t.konst(Ty::Flt, number::<f64>(v)?.to_bits()),
            },
            _ => return Err(bad()),
        })
    }
    fn val(&mut self, s: &str) -> Result<Val, String> {
        if let Some(x) = s.strip_prefix("box(").and_then(|x| x.strip_suffix(')')) {
            return Ok(Val::Flt(self.operand(x)?));
        }
        if let Some(x) = s.strip_prefix("tag(").and_then(|x| x.strip_suffix(')')) {
            return Ok(Val::Int(self.operand(x)?));
        }
        if let Some(n) = s.strip_prefix("new#") {
            return Ok(Val::Virt(number(n)?));
        }
        let r = self.operand(s)?;
        Ok(match self.t.const_of(r) {
            Some(c) if c.ty == Ty::Int => Val::Raw(c.bits),
            Some(c) => Val::Const(c.bits),
            None => Val::Word(r),
        })
    }
    fn frame(&mut self, text: &str, root: bool) -> Result<FrameSnap, String> {
        let mut f =
            FrameSnap { pc: 0, code: 0, base: 0, flags: 0, real: root, func: Val::Const(0), extra: None };
        for w in text.split_whitespace() {
            match w.split_once('=') {
                Some(("pc", v)) => f.pc = hex(v)?,
                Some(("code", v)) => f.code = hex(v)?,
                Some(("flags", v)) => f.flags = hex(v)?,
                Some(("func", v)) => f.func = self.val(v)?,
                Some(("extra", v)) => f.extra = Some(self.val(v)?),
                None if w == "real" => f.real = true,
                None if w == "unreal" => f.real = false,
                _ => match w.strip_prefix('+') {
                    Some(n) => f.base = number(n)?,
                    None => return Err(format!("frame: {w:?}")),
                },
            }
        }
        Ok(f)
    }
    fn pair(&mut self, e: &str) -> Result<(u32, Val), String> {
        let (k, v) = e.split_once('=').ok_or_else(|| format!("{e:?}: no ="))?;
        Ok((number(k)?, self.val(v)?))
    }
    /// The rest of a `snap` line, after the number.
    fn snap(&mut self, text: &str) -> Result<Snap, String> {
        let mut s = Snap::default();
        let mut rest = text.trim();
        while !rest.is_empty() {
            if let Some(r) = rest.strip_prefix("memory") {
                s.in_memory = true;
                rest = r.trim_start();
                continue;
            }
            let close = match rest.as_bytes()[0] {
                b'[' => ']',
                b'{' => '}',
                b'<' => '>',
                _ => return Err(format!("snapshot: {rest:?}")),
            };
            let (inner, r) = rest[1..].split_once(close).ok_or_else(|| format!("no {close:?}"))?;
            match close {
                ']' => {
                    let f = self.frame(inner, s.frames.is_empty())?;
                    s.frames.push(f);
                }
                '}' => {
                    for e in inner.split(',').map(str::trim).filter(|e| !e.is_empty()) {
                        let p = self.pair(e)?;
                        s.slots.push(p);
                    }
                }
                _ => {
                    let mut w = inner.split_whitespace();
                    let mut o =
                        VirtSnap { what: parse_what(w.next().ok_or("an empty object")?)?, fields: vec![] };
                    for e in w {
                        let p = self.pair(e)?;
                        o.fields.push(p);
                    }
                    s.virts.push(o);
                }
            }
            rest = r.trim_start();
        }
        if s.frames.is_empty() && !s.in_memory {
            let root = self.frame("", true)?;
            s.frames.push(root);
        }
        Ok(s)
    }
    fn line(&mut self, line: &str) -> Result<(), String> {
        let mut w = line.split_whitespace().peekable();
        let first = w.next().unwrap_or("");
        match first {
            "fn" => {
                let mut part = || w.next().ok_or("fn NAME ADDRESS EFFECTS");
                let (name, addr, letters) = (part()?, hex(part()?)?, part()?);
                let mut effects = Effects::PURE;
                for c in letters.chars().filter(|_| letters != "pure") {
                    let e = EFFECTS.iter().find(|e| e.0 == c).ok_or_else(|| format!("effect {c:?}"))?;
                    effects = effects.or(e.1);
                }
                // Few, of tests and tools.
                let name: &'static str = name.to_string().leak();
                self.t.calls.push(Callee { name, addr: addr as usize, effects });
                return Ok(());
            }
            "snap" => {
                let n: usize = number(w.next().ok_or("snap without a number")?)?;
                let text = line.split_once("snap").unwrap().1.trim_start();
                let s = self.snap(text.split_once(' ').map_or("", |x| x.1))?;
                while self.t.snaps.len() <= n {
                    self.t.snaps.push(Snap::default());
                }
                self.t.snaps[n] = s;
                return Ok(());
            }
            "end" => {
                for e in w {
                    let (k, v) = e.split_once('=').ok_or("end entry")?;
                    let r = self.operand(v)?;
                    self.t.end_slots.push((number(k)?, r));
                }
                return Ok(());
            }
            "jump" => {
                let a: Result<Vec<R>, String> = w.map(|x| self.operand(x)).collect();
                self.t.end = End::Loop(a?);
                return Ok(());
            }
            "carry" => {
                let a: Result<Vec<R>, String> = w.map(|x| self.operand(x)).collect();
                self.t.carry = Some(a?);
                return Ok(());
            }
            "goto" => {
                let target = hex(w.next().ok_or("goto TARGET VALUES")?)? as usize;
                let a: Result<Vec<R>, String> = w.map(|x| self.operand(x)).collect();
                self.t.end = End::Jump { target, args: a? };
                return Ok(());
            }
            "link" => {
                let mut part = || w.next().ok_or("link CELL FRAMES REGISTERS");
                let (cell, frames, regs) = (hex(part()?)?, number(part()?)?, number(part()?)?);
                self.t.end = End::Link { cell, frames, regs };
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
        match (op.info().ty, ty) {
            (None, "ref") => i.ty = Ty::Ref,
            (None, "int") => i.ty = Ty::Int,
            (None, "flt") => i.ty = Ty::Flt,
            (None, "bool") => i.ty = Ty::Bool,
            (Some(_), "") => {}
            _ => return Err(format!("type of {line:?}")),
        }
        if op == Op::New {
            i.imm = parse_what(w.next().ok_or("no immediate")?)?;
        } else if has_imm(op) {
            i.imm = number(w.next().ok_or("no immediate")?)?;
        }
        if op.is_call() {
            let f = w.next().ok_or("no callee")?;
            let n = self.t.calls.iter().position(|c| c.name == f).ok_or_else(|| format!("no fn {f}"))?;
            i.imm = n as i64;
        }
        if op == Op::In {
            let n = i.imm as usize + 1;
            if n > self.t.inputs.len() {
                self.t.inputs.resize(n, Ty::Void);
            }
            self.t.inputs[n - 1] = i.ty;
        }
        let mut rs = Vec::new();
        for x in w {
            if let Some(s) = x.strip_prefix('@') {
                i.snap = number(s)?;
            } else {
                rs.push(self.operand(x)?);
            }
        }
        if op.is_call() {
            (i.a, i.b) = (R(self.t.args.len() as u32), R(rs.len() as u32));
            self.t.args.extend(rs);
        } else {
            if rs.len() != op.info().operands as usize {
                return Err(format!("{} operands in {line:?}", rs.len()));
            }
            for (n, r) in rs.into_iter().enumerate() {
                *[&mut i.a, &mut i.b, &mut i.c][n] = r;
            }
        }
        let r = self.t.push(i);
        if let Some(n) = name {
            self.names.insert(n, r);
        }
        Ok(())
    }
}

/// Reads what [`print()`] writes. Empty lines and `#` comments are skipped.
pub fn parse(s: &str) -> Result<Trace, String> {
    let mut p = Parser { t: Trace::new(), names: Default::default() };
    for (n, l) in s.lines().enumerate().map(|(n, l)| (n, l.trim())) {
        if !l.is_empty() && !l.starts_with('#') {
            p.line(l).map_err(|e| format!("line {}: {e}", n + 1))?;
        }
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
    #[test]
    fn all_there_is() {
        let s = "fn peek 0 r\nfn log 5f rwxc\nfn twice 0 pure\n%0 = entry 3\n%1 = new 7:24:300\nset_new 8 %1 %0\n\
                 %3 = call_int peek %1 i:-4\n%4 = call_flt twice f:1.5\ncall log %3 %4 w:8\n%6 = is_ptr %1\n\
                 guard_false %6 @0\nguard_calm @1\n%9 = base 1\nraw_set 16 %9 %3\nrebase -64 %9\nloop\n\
                 %13 = phi.int %3\n%14 = phi.flt f:nan:7ff8000000000001\n%15 = phi.ref w:10\njump %13 %14 %15\n\
                 snap 0 [pc=40] [+12 pc=8 code=9 flags=1 func=%1 extra=new#1 real] {3=%0, 4=box(%4), 5=new#0, 6=fix:-3} \
                 <7:24:300 8=tag(%3) 16=new#1> <1:16:4 8=new#0>\nsnap 1 memory [pc=48]\n";
        assert_eq!(super::print(&super::parse(s).unwrap()), s);
        for s in ["link 7f00 64 128\n", "%0 = in.flt 2\n%1 = in.int 0\n", "%0 = entry 1\nend 1=%0 2=fix:0\n"]
        {
            assert_eq!(super::print(&super::parse(s).unwrap()), s);
        }
    }
    #[test]
    fn says_what_is_wrong() {
        let bad = |s: &str| super::parse(s).unwrap_err();
        assert_eq!(bad("\n%0 = entry 1\n%1 = fix_add %0 %5 @0"), "line 3: %5 is not defined");
        assert!(bad("%0 = entry").contains("no immediate"));
        assert!(bad("%0 = nothing 1").contains("op \"nothing\""));
        assert!(bad("%0 = phi fix:1").contains("type"));
        assert!(bad("%0 = entry.int 1").contains("type"));
        assert!(bad("call f").contains("no fn f"));
        assert!(bad("%0 = fix_add fix:1 @0").contains("1 operands"));
        assert!(bad("%0 = tag fix:4611686018427387904").contains("does not fit"));
        assert!(bad("snap 0 {1}").contains("no ="));
        assert!(bad("%0 = new 1:12:3").contains("size 12"));
    }
}
