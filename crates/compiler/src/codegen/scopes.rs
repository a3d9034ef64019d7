//! Units: registers of a code object, its prologue and end, closures.

use adder_bytecode::{CodeData, CodeFlags, Intrinsic1, Op, SetFunc};

use super::unit::{Label, Unit, UnitConst, UnitKind};
use super::{Gen, Reg};
use crate::ast::*;
use crate::error::{Error, ErrorKind, Res};
use crate::names::{Sym, known};
use crate::scope::{Place, ScopeKind, flag};

impl<'a> Gen<'a, '_> {
    /// Starts a code object for `scope`.
    pub fn enter_unit(&mut self, scope: ScopeId, kind: UnitKind, name: Sym, span: Span) -> Res {
        let mut u =
            Unit { kind, scope, name: Some(name), reachable: true, span: Span::NONE, ..Unit::default() };
        u.first_line = self.locator.line_of(span);
        u.class = self.u.class;
        u.qualname = self.qualname(name, kind);
        u.flags = self.flags_of(scope, kind);
        let s = &self.scopes[scope];
        let mut comps = Vec::new();
        let add = |u: &mut Unit, name: Sym, flags: u32, cell: bool| -> Reg {
            let r = u.varnames.len() as Reg;
            u.varnames.push(name);
            if cell {
                u.cells.push(r);
            } else {
                if flags & flag::DELETED != 0 {
                    u.deletable.set(r);
                }
                if flags & flag::WALRUS != 0 {
                    u.walrus.set(r);
                }
            }
            r
        };
        for &p in &s.params {
            let sym = s.symbols.get(p);
            let (flags, place) = sym.map_or((0, Place::Local), |x| (x.flags, x.place));
            let r = add(&mut u, p, flags, place == Place::Cell);
            u.regs.insert(p, r);
            u.bound.set(r);
        }
        if s.function_like() {
            for sym in s.symbols.iter() {
                if matches!(sym.place, Place::Local | Place::Cell) && sym.flags & flag::PARAM == 0 {
                    let r = add(&mut u, sym.name, sym.flags, sym.place == Place::Cell);
                    u.regs.insert(sym.name, r);
                }
            }
        } else if s.kind == ScopeKind::Class {
            let mut special = vec![];
            if s.needs_class_closure {
                special.push(known::CLASS);
            }
            if s.needs_classdict {
                special.push(known::CLASSDICT);
            }
            if s.has_conditional_annotations {
                special.push(known::CONDITIONAL_ANNOTATIONS);
            }
            for n in special {
                let r = add(&mut u, n, 0, true);
                u.regs.insert(n, r);
            }
        }
        self.comp_registers(scope, &mut u, &mut Vec::new(), &mut comps);
        let s = &self.scopes[scope];
        u.nlocals = u.varnames.len() as Reg;
        let mut frees: Vec<Sym> = s
            .symbols
            .iter()
            .filter(|x| {
                let passes = s.kind == ScopeKind::Class || s.can_see_class_scope;
                x.place == Place::Free || (x.flags & flag::FREE_CLASS != 0 && passes)
            })
            .map(|x| x.name)
            .collect();
        frees.sort_by_key(|n| self.names.get(*n));
        for n in frees {
            let r = u.varnames.len() as Reg;
            // A name bound in the class and free in its methods has its cell beside the namespace.
            u.varnames.push(n);
            u.regs.insert(n, r);
            u.nfrees += 1;
        }
        if u.varnames.len() > 50_000 {
            return Err(Error::of(ErrorKind::SystemError, "too many locals", span));
        }
        u.top = u.nlocals + u.nfrees;
        u.max_top = u.top;
        self.outer.push(std::mem::replace(&mut self.u, u));
        Ok(())
    }

    /// Registers for the variables of the comprehensions inlined in a scope; siblings share them by name.
    fn comp_registers(
        &self,
        scope: ScopeId,
        u: &mut Unit<'a>,
        active: &mut Vec<Reg>,
        pool: &mut Vec<(Sym, bool, Reg)>,
    ) {
        for &c in &self.scopes[scope].inlined {
            let mark = active.len();
            for s in self.scopes[c].symbols.iter() {
                if !matches!(s.place, Place::Local | Place::Cell) || s.flags & flag::PARAM != 0 {
                    continue;
                }
                let cell = s.place == Place::Cell;
                let found =
                    pool.iter().find(|p| p.0 == s.name && p.1 == cell && !active.contains(&p.2)).map(|p| p.2);
                let r = found.unwrap_or_else(|| {
                    let r = u.varnames.len() as Reg;
                    u.varnames.push(s.name);
                    if cell {
                        u.cells.push(r);
                    }
                    pool.push((s.name, cell, r));
                    r
                });
                // Unbound again when the comprehension is over.
                u.deletable.set(r);
                active.push(r);
                u.comp_regs.insert((c, s.name), r);
            }
            self.comp_registers(c, u, active, pool);
            active.truncate(mark);
        }
    }

    fn flags_of(&self, scope: ScopeId, kind: UnitKind) -> u32 {
        let s = &self.scopes[scope];
        let mut f = self.opts.future;
        if s.function_like() {
            f |= CodeFlags::NEWLOCALS | CodeFlags::OPTIMIZED;
            if s.nested {
                f |= CodeFlags::NESTED;
            }
            f |= match (s.generator, s.coroutine) {
                (true, true) => CodeFlags::ASYNC_GENERATOR,
                (true, false) => CodeFlags::GENERATOR,
                (false, true) => CodeFlags::COROUTINE,
                _ => 0,
            };
            if s.varargs {
                f |= CodeFlags::VARARGS;
            }
            if s.varkeywords {
                f |= CodeFlags::VARKEYWORDS;
            }
            if s.method {
                f |= CodeFlags::METHOD;
            }
        } else if kind == UnitKind::Module && s.coroutine && self.opts.top_level_await {
            f |= CodeFlags::COROUTINE;
        }
        f
    }

    fn qualname(&mut self, name: Sym, kind: UnitKind) -> String {
        let text = self.names.get(name);
        if kind == UnitKind::Module {
            return text.to_string();
        }
        // `self.u` is the parent; scopes around generics and annotations do not count.
        let mut parent = &self.u;
        if matches!(parent.kind, UnitKind::TypeParams | UnitKind::Annotation) {
            match self.outer.last() {
                Some(p) if p.name.is_some() => parent = p,
                _ => return text.to_string(),
            }
        }
        if parent.kind == UnitKind::Module {
            return text.to_string();
        }
        let named = matches!(kind, UnitKind::Function | UnitKind::AsyncFunction | UnitKind::Class);
        if named {
            let mangled = crate::scope::mangle(&mut self.names, parent.class, name);
            if self.scopes[parent.scope].symbols.place(mangled) == Place::GlobalExplicit {
                return text.to_string();
            }
        }
        match parent.kind {
            UnitKind::Function | UnitKind::AsyncFunction | UnitKind::Lambda => {
                format!("{}.<locals>.{text}", parent.qualname)
            }
            _ => format!("{}.{text}", parent.qualname),
        }
    }

    /// Cells, free variables, turning into a generator. Yields the handler around a generator's body.
    pub fn prologue(&mut self, span: Span) -> Option<(Label, Reg)> {
        self.u.span = Span::NONE;
        // Until they are copied the registers of free variables hold what earlier calls have left there.
        let top = std::mem::replace(&mut self.u.top, self.u.nlocals);
        for i in 0..self.u.cells.len() {
            let r = self.u.cells[i];
            // Cells of comprehensions are made where those begin.
            if self.u.comp_regs.values().any(|c| *c == r) {
                continue;
            }
            self.abc(Op::MakeCell, r, 0, 0);
        }
        if self.u.nfrees > 0 {
            let (base, n) = (self.u.nlocals, self.u.nfrees);
            self.abc(Op::CopyFree, base, n, 0);
        }
        self.u.top = top;
        let generator = CodeFlags::GENERATOR | CodeFlags::COROUTINE | CodeFlags::ASYNC_GENERATOR;
        if self.u.flags & generator == 0 {
            return None;
        }
        // The generator is made at the line of the definition.
        self.at(Span { start: span.start, end: span.start }, |g| g.abc(Op::MakeGenerator, 0, 0, 0));
        self.u.generator = true;
        let l = self.label();
        let reg = self.top();
        self.open_handler(l, reg);
        Some((l, reg))
    }

    /// Ends the unit: closes the generator's handler, assembles, returns to the unit around it.
    pub fn leave_unit(&mut self, generator: Option<(Label, Reg)>) -> Res<CodeData> {
        if let Some((l, t)) = generator {
            self.close_handler();
            if self.u.is_target(l) {
                self.u.reachable = false;
                self.u.place(l);
                self.set_top(t + 1);
                self.at(Span::NONE, |g| {
                    g.xabc(Op::Intrinsic1, Intrinsic1::StopIterationError as u8, t, t, 0);
                    g.reraise(t);
                });
                self.set_top(t);
            }
        }
        let outer = self.outer.pop().unwrap_or_default();
        let u = std::mem::replace(&mut self.u, outer);
        u.assemble(&self.names, self.opts.filename, self.locator)
    }

    /// The register in the current unit that holds the cell that an inner unit captures.
    fn captured(&self, name: Sym) -> Option<Reg> {
        for &c in self.u.inline.iter().rev() {
            if self.scopes[c].symbols.place(name) == Place::Cell {
                return self.u.comp_regs.get(&(c, name)).copied();
            }
        }
        self.u.regs.get(&name).copied()
    }

    /// A function of `code` in `dst`, with its closure; `attrs` are already in temporaries.
    pub fn make_function(&mut self, code: CodeData, attrs: &[(SetFunc, Reg)], dst: Reg) -> Res {
        if !self.u.reachable {
            return Ok(());
        }
        let frees: Vec<Sym> =
            code.varnames.iter().skip(code.nlocals as usize).map(|n| self.names.intern(n)).collect();
        let index = self.u.consts.len() as i32;
        self.u.consts.push(UnitConst::Code(Box::new(code)));
        let mark = self.top();
        // Nothing here fails, so that a local may be written early; a live temporary may be an attribute's.
        let f = if dst == mark || self.is_local(dst) || attrs.is_empty() { dst } else { mark };
        self.ai(Op::MakeFunction, f, index);
        if f == mark {
            self.set_top(mark + 1);
        }
        for &(attr, r) in attrs {
            self.xabc(Op::SetFuncAttr, attr as u8, f, r, 0);
        }
        if !frees.is_empty() {
            let base = self.top();
            for n in &frees {
                let Some(r) = self.captured(*n) else {
                    let msg = format!("no cell for '{}'", self.names.get(*n));
                    return Err(Error::of(ErrorKind::SystemError, msg, self.u.span));
                };
                let t = self.top();
                self.mov(t, r);
                self.set_top(t + 1);
            }
            self.abc(Op::BuildTuple, base, base, frees.len() as u16);
            self.set_top(base + 1);
            self.xabc(Op::SetFuncAttr, SetFunc::Closure as u8, f, base, 0);
        }
        self.set_top(mark);
        self.mov(dst, f);
        Ok(())
    }
}
