//! From data to bytecode in one pass. Local variables are registers; those that are assigned somewhere, or used before they
//! have their value, are boxed; closures copy what they capture. A function that mentions its own name means the
//! closure in register 0. `do` is a loop within its function.

use crate::code::*;
use crate::prims::PRIMS;
use crate::read::Datum;
use crate::vm::Vm;
use adder_metatrace::driver::Header;
use adder_metatrace::{Cmp, FloatOp, word};
use std::collections::HashSet;
use std::rc::Rc;

type Res<T> = Result<T, String>;
type Name = Rc<str>;

/// Where a variable is.
#[derive(Clone, Copy)]
enum Place {
    Reg(Reg, bool),
    Capture(u16, bool),
    Global,
}

/// A function that is being compiled.
#[derive(Default)]
struct Fun {
    name: Name2,
    ins: Vec<Ins>,
    depths: Vec<u16>,
    consts: Vec<u64>,
    children: Vec<&'static Code>,
    headers: Vec<&'static Header>,
    vars: Vec<(Name, Reg, bool)>,
    captures: Vec<(Name, bool)>,
    /// Registers in use.
    top: Reg,
}
type Name2 = Option<Name>;

pub struct Compiler<'a> {
    vm: &'a mut Vm,
    funs: Vec<Fun>,
    /// Names that are assigned somewhere in the form.
    assigned: HashSet<Name>,
}

/// A form at top level.
pub fn compile(vm: &mut Vm, form: &Datum) -> Res<&'static Code> {
    let mut assigned = HashSet::new();
    find_assigned(form, &mut assigned);
    let mut c = Compiler { vm, funs: vec![Fun { top: 1, ..Fun::default() }], assigned };
    c.expr(form, 1, true)?;
    Ok(c.finish(0))
}

fn find_assigned(d: &Datum, out: &mut HashSet<Name>) {
    if let Datum::List(l) = d {
        if let [Datum::Symbol(set), Datum::Symbol(name), ..] = &**l
            && &**set == "set!"
        {
            out.insert(name.clone());
        }
        l.iter().for_each(|x| find_assigned(x, out));
    }
}
fn mentions(d: &Datum, name: &str) -> bool {
    match d {
        Datum::Symbol(s) => &**s == name,
        Datum::List(l) => l.iter().any(|x| mentions(x, name)),
        _ => false,
    }
}
fn is_form(d: &Datum, head: &str) -> bool {
    d.as_list().and_then(|l| l.first()).and_then(Datum::as_symbol) == Some(head)
}
fn sym(s: &str) -> Datum {
    Datum::symbol(s)
}
/// `(name value)` of a binding.
fn binding(d: &Datum) -> Res<(Name, Datum)> {
    match d.as_list() {
        Some([Datum::Symbol(n), v]) => Ok((n.clone(), v.clone())),
        _ => Err(format!("{d:?} is no binding")),
    }
}
/// Name and value of a definition.
fn definition(l: &[Datum]) -> Res<(Name, Datum)> {
    match l {
        [_, Datum::Symbol(n), v] => Ok((n.clone(), v.clone())),
        [_, Datum::List(head), body @ ..] if !head.is_empty() => {
            let Datum::Symbol(n) = &head[0] else { return Err("define of no name".into()) };
            let mut f = vec![sym("lambda"), Datum::list(head[1..].to_vec())];
            f.extend_from_slice(body);
            Ok((n.clone(), Datum::list(f)))
        }
        _ => Err("define takes a name and a value".into()),
    }
}

impl Compiler<'_> {
    fn f(&mut self) -> &mut Fun {
        self.funs.last_mut().expect("a function")
    }
    fn finish(&mut self, params: usize) -> &'static Code {
        let f = self.funs.pop().expect("a function");
        Box::leak(Box::new(Code {
            name: f.name.as_deref().unwrap_or("(top)").trim().to_string(),
            ins: f.ins.into(),
            depths: f.depths.into(),
            consts: f.consts.into(),
            children: f.children.into(),
            headers: f.headers.into(),
            params,
        }))
    }
    fn emit(&mut self, i: Ins) -> usize {
        let f = self.f();
        f.ins.push(i);
        f.depths.push(f.top);
        f.ins.len() - 1
    }
    /// A jump emitted at `at` comes here.
    fn here(&mut self, at: usize) {
        let n = (self.f().ins.len() - at - 1) as i16;
        self.land(at, n);
    }
    fn land(&mut self, at: usize, n: i16) {
        match &mut self.f().ins[at] {
            Ins::Unless { to, .. }
            | Ins::UnlessIs { to, .. }
            | Ins::JumpFalse { to, .. }
            | Ins::Jump { to } => *to = n,
            i => unreachable!("{i:?} is no jump"),
        }
    }
    fn temp(&mut self) -> Reg {
        let f = self.f();
        f.top += 1;
        f.top - 1
    }
    fn konst(&mut self, w: u64) -> u16 {
        let f = self.f();
        let n = f.consts.iter().position(|c| *c == w).unwrap_or_else(|| {
            f.consts.push(w);
            f.consts.len() - 1
        });
        n as u16
    }
    fn header(&mut self) -> u16 {
        let f = self.f();
        let name = format!("{}:{}", f.name.as_deref().unwrap_or("(top)").trim(), f.headers.len());
        let h: &'static Header = Box::leak(Box::new(Header::new(name, self.vm.driver())));
        let f = self.f();
        f.headers.push(h);
        (f.headers.len() - 1) as u16
    }

    // -- variables

    fn resolve(&mut self, name: &Name, level: usize) -> Place {
        let f = &self.funs[level];
        if let Some(v) = f.vars.iter().rev().find(|v| v.0 == *name) {
            return Place::Reg(v.1, v.2);
        }
        if f.name.as_ref() == Some(name) && level > 0 {
            return Place::Reg(0, false);
        }
        if let Some(k) = f.captures.iter().position(|c| c.0 == *name) {
            return Place::Capture(k as u16, f.captures[k].1);
        }
        if level == 0 {
            return Place::Global;
        }
        let boxed = match self.resolve(name, level - 1) {
            Place::Global => return Place::Global,
            Place::Reg(_, b) | Place::Capture(_, b) => b,
        };
        let f = &mut self.funs[level];
        f.captures.push((name.clone(), boxed));
        Place::Capture((f.captures.len() - 1) as u16, boxed)
    }
    fn place(&mut self, name: &Name) -> Place {
        self.resolve(name, self.funs.len() - 1)
    }
    fn is_global(&mut self, name: &Name) -> bool {
        matches!(self.place(name), Place::Global)
    }
    /// The word of a variable: the box, if it has one.
    fn raw(&mut self, name: &Name, d: Reg) {
        match self.place(name) {
            Place::Reg(s, _) if s != d => {
                self.emit(Ins::Move { d, s });
            }
            Place::Reg(..) => {}
            Place::Capture(k, _) => {
                self.emit(Ins::Capture { d, k });
            }
            Place::Global => unreachable!("captures are local"),
        }
    }
    fn variable(&mut self, name: &Name, d: Reg) -> Res<()> {
        match self.place(name) {
            Place::Global => {
                let g = self.vm.global(name);
                if !self.vm.is_defined(g)
                    && let Some(n) = inline(name).or(PRIMS.iter().find(|p| *p.name == **name).map(|p| p.args))
                {
                    // A primitive as a value: a function that calls it.
                    let params: Vec<Datum> = ["a", "b", "c"][..n].iter().map(|s| sym(s)).collect();
                    let mut call = vec![Datum::Symbol(name.clone())];
                    call.extend(params.iter().cloned());
                    return self.lambda(Datum::list(params), &[Datum::list(call)], None, d);
                }
                let k = self.konst(g);
                self.emit(Ins::Global { d, k });
            }
            Place::Reg(s, true) => {
                self.emit(Ins::BoxGet { d, s });
            }
            Place::Capture(k, true) => {
                self.emit(Ins::Capture { d, k });
                self.emit(Ins::BoxGet { d, s: d });
            }
            _ => self.raw(name, d),
        }
        Ok(())
    }
    /// A new variable whose value is in register `r`; boxes it if need be.
    fn bind(&mut self, name: Name, r: Reg, boxed: bool) {
        if boxed {
            self.emit(Ins::MakeBox { d: r, s: r });
        }
        self.f().vars.push((name, r, boxed));
    }

    // -- expressions

    /// A register that holds the value: a variable's own, or a new one.
    fn operand(&mut self, e: &Datum) -> Res<Reg> {
        if let Datum::Symbol(n) = e
            && let Place::Reg(r, false) = self.place(n)
        {
            return Ok(r);
        }
        let r = self.temp();
        self.expr(e, r, false)?;
        Ok(r)
    }
    /// The value goes to `d`, or is what the function returns.
    fn expr(&mut self, e: &Datum, d: Reg, tail: bool) -> Res<()> {
        let top = self.f().top;
        let d = if tail && d >= top { self.temp() } else { d };
        let mut done = false;
        match e {
            Datum::Symbol(n) => self.variable(n, d)?,
            Datum::List(l) => done = self.form(l, d, tail)?,
            _ => {
                let w = self.vm.datum(e);
                let k = self.konst(w);
                self.emit(Ins::Const { d, k });
            }
        }
        if tail && !done {
            self.emit(Ins::Return { s: d });
        }
        self.f().top = top;
        Ok(())
    }
    fn body(&mut self, body: &[Datum], d: Reg, tail: bool) -> Res<()> {
        let n = body.iter().take_while(|b| is_form(b, "define")).count();
        if n > 0 && self.funs.len() > 1 {
            let defs: Res<Vec<(Name, Datum)>> =
                body[..n].iter().map(|b| definition(b.as_list().unwrap_or(&[]))).collect();
            return self.letrec(defs?, &body[n..], d, tail);
        }
        match body.split_last() {
            None => self.expr(&Datum::list(vec![sym("unspecified")]), d, tail),
            Some((last, before)) => {
                for b in before {
                    let t = self.temp();
                    self.expr(b, t, false)?;
                    self.f().top -= 1;
                }
                self.expr(last, d, tail)
            }
        }
    }
    fn letrec(&mut self, defs: Vec<(Name, Datum)>, body: &[Datum], d: Reg, tail: bool) -> Res<()> {
        let (vars, top) = (self.f().vars.len(), self.f().top);
        let boxed: Vec<bool> = defs
            .iter()
            .enumerate()
            .map(|(k, (n, init))| {
                self.assigned.contains(n)
                    || defs[..k].iter().any(|(_, e)| mentions(e, n))
                    || (!is_form(init, "lambda") && mentions(init, n))
            })
            .collect();
        let regs: Vec<Reg> = defs.iter().map(|_| self.temp()).collect();
        for (k, (n, _)) in defs.iter().enumerate() {
            if boxed[k] {
                let w = self.konst(crate::value::unbound());
                self.emit(Ins::Const { d: regs[k], k: w });
                self.bind(n.clone(), regs[k], true);
            }
        }
        for (k, (n, init)) in defs.iter().enumerate() {
            if boxed[k] {
                let t = self.temp();
                self.expr(init, t, false)?;
                self.emit(Ins::BoxSet { b: regs[k], s: t });
                self.f().top -= 1;
                continue;
            }
            match init.as_list() {
                Some([head, params, b @ ..]) if head.as_symbol() == Some("lambda") => {
                    self.lambda(params.clone(), b, Some(n.clone()), regs[k])?
                }
                _ => self.expr(init, regs[k], false)?,
            }
            self.bind(n.clone(), regs[k], false);
        }
        self.body(body, d, tail)?;
        let f = self.f();
        f.vars.truncate(vars);
        f.top = top;
        Ok(())
    }
    fn lambda(&mut self, params: Datum, body: &[Datum], name: Name2, d: Reg) -> Res<()> {
        let Some(params) = params.as_list() else { return Err("rest parameters are not supported".into()) };
        self.funs.push(Fun { name, top: 1 + params.len() as Reg, ..Fun::default() });
        let h = self.header();
        self.emit(Ins::Header(h));
        for (k, p) in params.iter().enumerate() {
            let Datum::Symbol(p) = p else { return Err(format!("{p:?} is no parameter")) };
            let boxed = self.assigned.contains(p);
            self.bind(p.clone(), 1 + k as Reg, boxed);
        }
        let r = self.temp();
        self.body(body, r, true)?;
        let captures = self.f().captures.clone();
        let code = self.finish(params.len());
        let from = self.f().top;
        for (n, _) in &captures {
            let r = self.temp();
            self.raw(n, r);
        }
        let f = self.f();
        f.children.push(code);
        let child = (f.children.len() - 1) as u16;
        self.emit(Ins::Closure { d, child, from, n: captures.len() as u16 });
        self.f().top = from;
        Ok(())
    }
    /// Jumps, to be landed, that are taken if the condition does not hold.
    fn unless(&mut self, e: &Datum) -> Res<usize> {
        let top = self.f().top;
        let mut at = None;
        if let Some([Datum::Symbol(op), args @ ..]) = e.as_list()
            && self.is_global(op)
        {
            match (comparison(op), predicate(op), args) {
                (Some(op), _, [a, b]) => {
                    let (a, b) = (self.operand(a)?, self.operand(b)?);
                    at = Some(self.emit(Ins::Unless { op, a, b, to: 0 }));
                }
                (_, Some(is), [a]) => {
                    let a = self.operand(a)?;
                    at = Some(self.emit(Ins::UnlessIs { is, a, to: 0 }));
                }
                _ => {}
            }
        }
        let at = match at {
            Some(at) => at,
            None => {
                let a = self.operand(e)?;
                self.emit(Ins::JumpFalse { a, to: 0 })
            }
        };
        self.f().top = top;
        Ok(at)
    }
    fn cond(&mut self, test: &Datum, yes: &[Datum], no: &[Datum], d: Reg, tail: bool) -> Res<()> {
        let at = self.unless(test)?;
        self.body(yes, d, tail)?;
        let end = if tail { None } else { Some(self.emit(Ins::Jump { to: 0 })) };
        self.here(at);
        self.body(no, d, tail)?;
        if let Some(e) = end {
            self.here(e);
        }
        Ok(())
    }

    /// True: the value has been returned.
    fn form(&mut self, l: &[Datum], d: Reg, tail: bool) -> Res<bool> {
        let Some((head, args)) = l.split_first() else { return Err("() is no expression".into()) };
        let name = match head {
            Datum::Symbol(n) if self.is_global(n) => &**n,
            _ => "",
        };
        match (name, args) {
            ("quote", [x]) => {
                let w = self.vm.datum(x);
                let k = self.konst(w);
                self.emit(Ins::Const { d, k });
            }
            ("unspecified", []) => {
                let k = self.konst(crate::value::unspecified());
                self.emit(Ins::Const { d, k });
            }
            ("if", [c, y]) => {
                self.cond(c, std::slice::from_ref(y), &[], d, tail)?;
                return Ok(tail);
            }
            ("if", [c, y, n]) => {
                self.cond(c, std::slice::from_ref(y), std::slice::from_ref(n), d, tail)?;
                return Ok(tail);
            }
            ("when", [c, body @ ..]) => {
                self.cond(c, body, &[], d, tail)?;
                return Ok(tail);
            }
            ("unless", [c, body @ ..]) => {
                self.cond(c, &[], body, d, tail)?;
                return Ok(tail);
            }
            ("begin", body) if self.funs.len() == 1 && body.iter().any(|b| is_form(b, "define")) => {
                let (last, before) = body.split_last().expect("there is a define");
                for b in before {
                    self.expr(b, d, false)?;
                }
                self.expr(last, d, tail)?;
                return Ok(tail);
            }
            ("begin", body) => {
                self.body(body, d, tail)?;
                return Ok(tail);
            }
            ("cond", clauses) => {
                let Some((first, rest)) = clauses.split_first() else {
                    return self.form(&[sym("unspecified")], d, tail);
                };
                let Some([test, body @ ..]) = first.as_list() else { return Err("cond clause".into()) };
                if test.as_symbol() == Some("else") {
                    self.body(body, d, tail)?;
                } else {
                    let mut more = vec![sym("cond")];
                    more.extend_from_slice(rest);
                    let more = [Datum::list(more)];
                    if body.is_empty() {
                        return self.form(&[sym("or"), test.clone(), more[0].clone()], d, tail);
                    }
                    self.cond(test, body, &more, d, tail)?;
                }
                return Ok(tail);
            }
            ("case", [key, clauses @ ..]) => {
                let mut out = vec![sym("cond")];
                for c in clauses {
                    let Some([data, body @ ..]) = c.as_list() else { return Err("case clause".into()) };
                    let test = match data.as_list() {
                        None => data.clone(),
                        Some(data) => {
                            let one = |x: &Datum| {
                                let q = Datum::list(vec![sym("quote"), x.clone()]);
                                Datum::list(vec![sym("eqv?"), sym("%key"), q])
                            };
                            let mut or = vec![sym("or")];
                            or.extend(data.iter().map(one));
                            Datum::list(or)
                        }
                    };
                    let mut clause = vec![test];
                    clause.extend_from_slice(body);
                    out.push(Datum::list(clause));
                }
                let bind = Datum::list(vec![Datum::list(vec![sym("%key"), key.clone()])]);
                return self.form(&[sym("let"), bind, Datum::list(out)], d, tail);
            }
            ("and" | "or", []) => {
                let k = self.konst(crate::value::truth(name == "and"));
                self.emit(Ins::Const { d, k });
            }
            ("and", [one]) | ("or", [one]) => {
                self.expr(one, d, tail)?;
                return Ok(tail);
            }
            ("and", [first, rest @ ..]) => {
                let mut more = vec![sym("and")];
                more.extend_from_slice(rest);
                self.cond(first, &[Datum::list(more)], &[Datum::Bool(false)], d, tail)?;
                return Ok(tail);
            }
            ("or", [first, rest @ ..]) => {
                self.expr(first, d, false)?;
                let at = self.emit(Ins::JumpFalse { a: d, to: 0 });
                let end = if tail {
                    self.emit(Ins::Return { s: d });
                    None
                } else {
                    Some(self.emit(Ins::Jump { to: 0 }))
                };
                self.here(at);
                let mut more = vec![sym("or")];
                more.extend_from_slice(rest);
                self.expr(&Datum::list(more), d, tail)?;
                if let Some(e) = end {
                    self.here(e);
                }
                return Ok(tail);
            }
            ("define", _) => {
                if self.funs.len() > 1 {
                    return Err("define is only allowed at the beginning of a body".into());
                }
                let (n, v) = definition(l)?;
                // The name means the new value from here on, not the primitive.
                let g = self.vm.define(&n);
                match v.as_list() {
                    Some([h, params, body @ ..]) if h.as_symbol() == Some("lambda") => {
                        self.lambda_of_global(params.clone(), body, n, d)?
                    }
                    _ => self.expr(&v, d, false)?,
                }
                let k = self.konst(g);
                self.emit(Ins::SetGlobal { k, s: d, define: true });
                let k = self.konst(crate::value::unspecified());
                self.emit(Ins::Const { d, k });
            }
            ("set!", [Datum::Symbol(n), v]) => {
                let t = self.temp();
                self.expr(v, t, false)?;
                match self.place(n) {
                    Place::Global => {
                        let g = self.vm.global(n);
                        let k = self.konst(g);
                        self.emit(Ins::SetGlobal { k, s: t, define: false });
                    }
                    Place::Reg(b, true) => {
                        self.emit(Ins::BoxSet { b, s: t });
                    }
                    Place::Capture(k, true) => {
                        let b = self.temp();
                        self.emit(Ins::Capture { d: b, k });
                        self.emit(Ins::BoxSet { b, s: t });
                    }
                    // The function's own name.
                    _ => return Err(format!("{n} cannot be assigned")),
                }
                let k = self.konst(crate::value::unspecified());
                self.emit(Ins::Const { d, k });
            }
            ("lambda", [params, body @ ..]) => self.lambda(params.clone(), body, None, d)?,
            ("let", [Datum::Symbol(name), Datum::List(bs), body @ ..]) => {
                let bs: Res<Vec<(Name, Datum)>> = bs.iter().map(binding).collect();
                let bs = bs?;
                let params = Datum::list(bs.iter().map(|b| Datum::Symbol(b.0.clone())).collect());
                let mut f = vec![sym("lambda"), params];
                f.extend_from_slice(body);
                let mut call = vec![Datum::Symbol(name.clone())];
                call.extend(bs.into_iter().map(|b| b.1));
                self.letrec(vec![(name.clone(), Datum::list(f))], &[Datum::list(call)], d, tail)?;
                return Ok(tail);
            }
            ("let", [Datum::List(bs), body @ ..]) => {
                let vars = self.f().vars.len();
                let mut new = Vec::new();
                for b in bs.iter() {
                    let (n, v) = binding(b)?;
                    let r = self.temp();
                    self.expr(&v, r, false)?;
                    new.push((n, r));
                }
                for (n, r) in new {
                    let boxed = self.assigned.contains(&n);
                    self.bind(n, r, boxed);
                }
                self.body(body, d, tail)?;
                self.f().vars.truncate(vars);
                return Ok(tail);
            }
            ("let*", [Datum::List(bs), body @ ..]) => {
                let vars = self.f().vars.len();
                for b in bs.iter() {
                    let (n, v) = binding(b)?;
                    let r = self.temp();
                    self.expr(&v, r, false)?;
                    let boxed = self.assigned.contains(&n);
                    self.bind(n, r, boxed);
                }
                self.body(body, d, tail)?;
                self.f().vars.truncate(vars);
                return Ok(tail);
            }
            ("letrec" | "letrec*", [Datum::List(bs), body @ ..]) => {
                let bs: Res<Vec<(Name, Datum)>> = bs.iter().map(binding).collect();
                self.letrec(bs?, body, d, tail)?;
                return Ok(tail);
            }
            ("do", [Datum::List(bs), Datum::List(end), body @ ..]) if !end.is_empty() => {
                self.do_loop(bs, end, body, d, tail)?;
                return Ok(tail);
            }
            _ => return self.application(name, head, args, d, tail),
        }
        Ok(false)
    }

    /// A function whose name is global: it refers to itself by the global variable, which may get another value.
    fn lambda_of_global(&mut self, params: Datum, body: &[Datum], name: Name, d: Reg) -> Res<()> {
        let shown: Name = format!("{name} ").into();
        self.lambda(params, body, Some(shown), d)
    }

    fn do_loop(&mut self, bs: &[Datum], end: &[Datum], body: &[Datum], d: Reg, tail: bool) -> Res<()> {
        let vars = self.f().vars.len();
        let mut steps = Vec::new();
        let mut new = Vec::new();
        for b in bs {
            let (n, init, step) = match b.as_list() {
                Some([Datum::Symbol(n), i]) => (n.clone(), i, None),
                Some([Datum::Symbol(n), i, s]) => (n.clone(), i, Some(s.clone())),
                _ => return Err("do takes (name init step)".into()),
            };
            let r = self.temp();
            self.expr(init, r, false)?;
            new.push((n.clone(), r));
            steps.push((n, r, step));
        }
        for (n, r) in new {
            let boxed = self.assigned.contains(&n);
            self.bind(n, r, boxed);
        }
        let h = self.header();
        let head = self.emit(Ins::Header(h));
        // Out of the loop if the test holds.
        let more = self.unless(&end[0])?;
        let out = self.emit(Ins::Jump { to: 0 });
        self.here(more);
        for b in body {
            let t = self.temp();
            self.expr(b, t, false)?;
            self.f().top -= 1;
        }
        let top = self.f().top;
        let mut moves = Vec::new();
        for (n, r, step) in &steps {
            if let Some(s) = step {
                let t = self.temp();
                self.expr(s, t, false)?;
                moves.push((n.clone(), *r, t));
            }
        }
        for (n, r, t) in moves {
            if self.assigned.contains(&n) {
                self.emit(Ins::MakeBox { d: r, s: t });
            } else {
                self.emit(Ins::Move { d: r, s: t });
            }
        }
        self.f().top = top;
        let back = self.emit(Ins::Jump { to: 0 });
        self.land(back, head as i16 - back as i16 - 1);
        self.here(out);
        self.body(&end[1..], d, tail)?;
        self.f().vars.truncate(vars);
        Ok(())
    }

    /// A primitive operation or a call.
    fn application(&mut self, name: &str, head: &Datum, args: &[Datum], d: Reg, tail: bool) -> Res<bool> {
        let primitive = !name.is_empty() && {
            let g = self.vm.global(name);
            !self.vm.is_defined(g)
        };
        if primitive && self.primitive(name, args, d)? {
            return Ok(false);
        }
        let base = self.temp();
        self.expr(head, base, false)?;
        for a in args {
            let r = self.temp();
            self.expr(a, r, false)?;
        }
        let n = args.len() as u16;
        if tail {
            self.emit(Ins::TailCall { base, n });
            return Ok(true);
        }
        self.emit(Ins::Call { base, n });
        self.emit(Ins::Move { d, s: base });
        Ok(false)
    }
    fn primitive(&mut self, name: &str, args: &[Datum], d: Reg) -> Res<bool> {
        let arith = match name {
            "+" => Some((FloatOp::Add, Some(0))),
            "-" => Some((FloatOp::Sub, None)),
            "*" => Some((FloatOp::Mul, Some(1))),
            "/" => Some((FloatOp::Div, None)),
            _ => None,
        };
        if let Some((op, unit)) = arith {
            match args {
                [] => {
                    let Some(n) = unit else { return Err(format!("{name} takes arguments")) };
                    let k = self.konst(word::fix(n));
                    self.emit(Ins::Const { d, k });
                }
                [one] => {
                    let a = self.temp();
                    let k = self.konst(word::fix(unit.unwrap_or((op == FloatOp::Div) as i64)));
                    self.emit(Ins::Const { d: a, k });
                    let b = self.operand(one)?;
                    self.emit(Ins::Arith { op, d, a, b });
                }
                [first, rest @ ..] => {
                    let mut a = self.operand(first)?;
                    for (k, x) in rest.iter().enumerate() {
                        let b = self.operand(x)?;
                        let to = if k + 1 == rest.len() { d } else { self.temp() };
                        self.emit(Ins::Arith { op, d: to, a, b });
                        a = to;
                    }
                }
            }
            return Ok(true);
        }
        if let (Some(op), [a, b]) = (comparison(name), args) {
            let (a, b) = (self.operand(a)?, self.operand(b)?);
            self.emit(Ins::Compare { op, d, a, b });
            return Ok(true);
        }
        if let (Some(is), [a]) = (predicate(name), args) {
            let a = self.operand(a)?;
            self.emit(Ins::Test { is, d, a });
            return Ok(true);
        }
        match (name, args) {
            ("list", []) => {
                let k = self.konst(crate::value::nil());
                self.emit(Ins::Const { d, k });
                return Ok(true);
            }
            ("list", [first, rest @ ..]) => {
                let a = self.operand(first)?;
                let b = self.temp();
                self.primitive("list", rest, b)?;
                self.emit(Ins::Cons { d, a, b });
                return Ok(true);
            }
            ("vector", all) => {
                let mut make = vec![sym("make-vector"), Datum::Int(all.len() as i64)];
                make.push(Datum::Int(0));
                let v = self.temp();
                self.expr(&Datum::list(make), v, false)?;
                for (k, x) in all.iter().enumerate() {
                    let s = self.operand(x)?;
                    let i = self.operand(&Datum::Int(k as i64))?;
                    self.emit(Ins::VectorSet { a: v, i, s });
                }
                self.emit(Ins::Move { d, s: v });
                return Ok(true);
            }
            ("make-vector", [n]) => {
                return self.primitive("make-vector", &[n.clone(), Datum::Int(0)], d);
            }
            ("string-append", [first, second, third, rest @ ..]) => {
                let two = Datum::list(vec![sym("string-append"), first.clone(), second.clone()]);
                let mut all = vec![two, third.clone()];
                all.extend_from_slice(rest);
                return self.primitive(name, &all, d);
            }
            ("error", all) if all.len() < 3 && !all.is_empty() => {
                let mut all = all.to_vec();
                all.resize(3, Datum::list(vec![sym("unspecified")]));
                return self.primitive(name, &all, d);
            }
            _ => {}
        }
        let ins: Option<fn(Reg, &[Reg]) -> Ins> = match (name, args.len()) {
            ("quotient", 2) => Some(|d, r| Ins::Quotient { d, a: r[0], b: r[1] }),
            ("remainder", 2) => Some(|d, r| Ins::Remainder { d, a: r[0], b: r[1] }),
            ("modulo", 2) => Some(|d, r| Ins::Modulo { d, a: r[0], b: r[1] }),
            ("sqrt", 1) => Some(|d, r| Ins::Sqrt { d, a: r[0] }),
            ("exact->inexact", 1) => Some(|d, r| Ins::ToFloat { d, a: r[0] }),
            ("eq?", 2) => Some(|d, r| Ins::Eq { d, a: r[0], b: r[1] }),
            ("cons", 2) => Some(|d, r| Ins::Cons { d, a: r[0], b: r[1] }),
            ("car", 1) => Some(|d, r| Ins::Car { d, a: r[0] }),
            ("cdr", 1) => Some(|d, r| Ins::Cdr { d, a: r[0] }),
            ("set-car!", 2) => Some(|_, r| Ins::SetCar { a: r[0], s: r[1] }),
            ("set-cdr!", 2) => Some(|_, r| Ins::SetCdr { a: r[0], s: r[1] }),
            ("vector-ref", 2) => Some(|d, r| Ins::VectorRef { d, a: r[0], i: r[1] }),
            ("vector-set!", 3) => Some(|_, r| Ins::VectorSet { a: r[0], i: r[1], s: r[2] }),
            ("vector-length", 1) => Some(|d, r| Ins::VectorLength { d, a: r[0] }),
            _ => None,
        };
        if let Some(make) = ins {
            let mut regs = Vec::new();
            for a in args {
                regs.push(self.operand(a)?);
            }
            let i = make(d, &regs);
            self.emit(i);
            if matches!(i, Ins::SetCar { .. } | Ins::SetCdr { .. } | Ins::VectorSet { .. }) {
                let k = self.konst(crate::value::unspecified());
                self.emit(Ins::Const { d, k });
            }
            return Ok(true);
        }
        let Some(p) = PRIMS.iter().position(|p| p.name == name) else { return Ok(false) };
        if PRIMS[p].args != args.len() {
            return Err(format!("{name} takes {} arguments, not {}", PRIMS[p].args, args.len()));
        }
        let from = self.f().top;
        for a in args {
            let r = self.temp();
            self.expr(a, r, false)?;
        }
        self.emit(Ins::Prim { p: p as u16, d, from });
        Ok(true)
    }
}

/// Arguments of a primitive that has an instruction of its own.
fn inline(name: &str) -> Option<usize> {
    if comparison(name).is_some() || matches!(name, "+" | "-" | "*" | "/") {
        return Some(2);
    }
    if predicate(name).is_some() {
        return Some(1);
    }
    Some(match name {
        "car" | "cdr" | "vector-length" | "sqrt" | "exact->inexact" => 1,
        "cons" | "eq?" | "set-car!" | "set-cdr!" | "vector-ref" => 2,
        "quotient" | "remainder" | "modulo" => 2,
        "vector-set!" => 3,
        _ => return None,
    })
}
fn comparison(name: &str) -> Option<Cmp> {
    Some(match name {
        "<" => Cmp::Lt,
        "<=" => Cmp::Le,
        "=" => Cmp::Eq,
        ">" => Cmp::Gt,
        ">=" => Cmp::Ge,
        _ => return None,
    })
}
fn predicate(name: &str) -> Option<Is> {
    Some(match name {
        "null?" => Is::Null,
        "pair?" => Is::Pair,
        "vector?" => Is::Vector,
        "procedure?" => Is::Procedure,
        "exact?" => Is::Fixnum,
        "number?" => Is::Number,
        "not" => Is::False,
        "zero?" => Is::Zero,
        _ => return None,
    })
}
