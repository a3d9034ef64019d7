//! Names: where they live, loading, storing, unbinding.

use adder_bytecode::Op;

use super::unit::UnitKind;
use super::{Gen, Reg};
use crate::ast::*;
use crate::error::{Error, Res};
use crate::names::{Sym, known};
use crate::scope::{self, Place};

/// How a name is reached from the current point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Var {
    Local(Reg),
    /// A register that holds a cell.
    Deref(Reg),
    /// In a class body: the namespace first, then the cell.
    ClassDeref(Reg),
    /// In an annotation scope of a class: `__classdict__` (in that register's cell), then the cell.
    DictDeref(Reg, Reg),
    /// ... `__classdict__`, then globals.
    DictGlobal(Reg),
    Global,
    Name,
}

impl<'a> Gen<'a, '_> {
    pub fn mangle(&mut self, name: Sym) -> Sym {
        if self.u.class.is_none() {
            return name;
        }
        scope::mangle(&mut self.names, self.u.class, name)
    }

    /// As `mangle`, but in the type parameter scope of a class only its parameters are mangled.
    pub fn mangle_name(&mut self, name: Sym) -> Sym {
        if self.u.class.is_none() {
            return name;
        }
        if let Some(only) = &self.scopes[self.u.scope].mangled_names
            && !only.contains(&name)
        {
            return name;
        }
        scope::mangle(&mut self.names, self.u.class, name)
    }

    pub fn var(&mut self, name: Sym) -> Var {
        let name = self.mangle_name(name);
        self.var_of(name)
    }

    /// Where the (mangled) name lives.
    pub fn var_of(&self, name: Sym) -> Var {
        let u = &self.u;
        let in_comp = !u.inline.is_empty();
        let mut from_comp = None;
        for &c in u.inline.iter().rev() {
            match self.scopes[c].symbols.place(name) {
                Place::Local => return Var::Local(u.comp_regs[&(c, name)]),
                Place::Cell => return Var::Deref(u.comp_regs[&(c, name)]),
                Place::GlobalExplicit => return Var::Global,
                Place::GlobalImplicit => {
                    from_comp = Some(Place::GlobalImplicit);
                    break;
                }
                // In a comprehension in a class: the function's variable, whatever the class calls so.
                Place::Free if u.kind == UnitKind::Class => from_comp = Some(Place::Free),
                Place::Free | Place::Unresolved => {}
            }
        }
        let s = &self.scopes[u.scope];
        let is_class = u.kind == UnitKind::Class;
        let place = from_comp.unwrap_or_else(|| s.symbols.place(name));
        match place {
            Place::Local if s.function_like() => match u.regs.get(&name) {
                Some(&r) => Var::Local(r),
                None => Var::Name,
            },
            Place::Local | Place::Unresolved => Var::Name,
            Place::Cell | Place::Free => {
                let Some(&r) = u.regs.get(&name) else { return Var::Global };
                if is_class && !in_comp && place == Place::Free {
                    Var::ClassDeref(r)
                } else if s.can_see_class_scope
                    && name != known::CLASSDICT
                    && place == Place::Free
                    && let Some(&d) = u.regs.get(&known::CLASSDICT)
                {
                    Var::DictDeref(d, r)
                } else {
                    Var::Deref(r)
                }
            }
            Place::GlobalExplicit => Var::Global,
            Place::GlobalImplicit => {
                if is_class && in_comp {
                    Var::Global
                } else if !s.function_like() {
                    Var::Name
                } else if s.can_see_class_scope
                    && let Some(&d) = u.regs.get(&known::CLASSDICT)
                {
                    Var::DictGlobal(d)
                } else {
                    Var::Global
                }
            }
        }
    }

    /// Makes sure that a local is bound.
    pub fn check_local(&mut self, r: Reg) {
        if self.u.reachable && !self.u.bound.get(r) {
            self.abc(Op::CheckLocal, r, 0, 0);
            self.u.bound.set(r);
        }
    }

    pub fn load_name(&mut self, name: Sym, dst: Reg) {
        let name = self.mangle_name(name);
        match self.var_of(name) {
            Var::Local(r) => {
                self.check_local(r);
                self.mov(dst, r);
            }
            Var::Deref(r) => self.abc(Op::LoadDeref, dst, r, 0),
            Var::ClassDeref(r) => self.with_ic(Op::LoadClassDeref, 0, dst, r, name),
            Var::DictDeref(d, r) => {
                let t = self.work_reg(dst);
                self.abc(Op::LoadDeref, t, d, 0);
                let was = self.top();
                if t == was {
                    self.set_top(t + 1);
                }
                self.with_ic(Op::LoadFromDictOrDeref, 0, t, r, name);
                self.set_top(was);
                self.mov(dst, t);
            }
            Var::DictGlobal(d) => {
                let t = self.top();
                self.abc(Op::LoadDeref, t, d, 0);
                self.set_top(t + 1);
                self.with_ic(Op::LoadFromDictOrGlobals, 0, dst, t, name);
                self.set_top(t);
            }
            Var::Global => self.with_ic(Op::LoadGlobal, 0, dst, 0, name),
            Var::Name => self.with_ic(Op::LoadName, 0, dst, 0, name),
        }
    }

    /// Stores register `src` in a name.
    pub fn store_name(&mut self, name: Sym, src: Reg) -> Res {
        self.forbid_debug(name, "assign to")?;
        let name = self.mangle_name(name);
        match self.var_of(name) {
            Var::Local(r) => {
                self.mov(r, src);
                self.u.bound.set(r);
            }
            Var::Deref(r) | Var::ClassDeref(r) | Var::DictDeref(_, r) => self.abc(Op::StoreDeref, r, src, 0),
            Var::Global => self.with_ic(Op::StoreGlobal, 0, src, 0, name),
            Var::DictGlobal(_) | Var::Name => self.with_ic(Op::StoreName, 0, src, 0, name),
        }
        Ok(())
    }

    pub fn del_name(&mut self, name: Sym) -> Res {
        self.forbid_debug(name, "delete")?;
        let name = self.mangle_name(name);
        match self.var_of(name) {
            Var::Local(r) => {
                self.abc(Op::DelLocal, r, 0, 0);
                self.u.bound.clear(r);
            }
            Var::Deref(r) | Var::ClassDeref(r) | Var::DictDeref(_, r) => self.abc(Op::DelDeref, r, 0, 0),
            Var::Global => self.with_ic(Op::DelGlobal, 0, 0, 0, name),
            Var::DictGlobal(_) | Var::Name => self.with_ic(Op::DelName, 0, 0, 0, name),
        }
        Ok(())
    }

    /// `name = None; del name`, at the end of `except … as name`.
    pub fn unbind_name(&mut self, name: Sym) -> Res {
        let name = self.mangle_name(name);
        if let Var::Local(r) = self.var_of(name) {
            if self.u.reachable {
                self.abc(Op::Clear, r, 0, 0);
                self.u.bound.clear(r);
            }
            return Ok(());
        }
        let t = self.top();
        self.abc(Op::LoadNone, t, 0, 0);
        self.set_top(t + 1);
        self.store_name(name, t)?;
        self.set_top(t);
        self.del_name(name)
    }

    /// The register of a name that is a plain local here, for results to be computed straight into it.
    pub fn local_target(&mut self, e: &Expr<'a>) -> Option<Reg> {
        match e.kind {
            ExprKind::Name(n) => match self.var(n) {
                Var::Local(r) => Some(r),
                _ => None,
            },
            _ => None,
        }
    }

    pub fn forbid_debug(&self, name: Sym, what: &str) -> Res {
        if name == known::DEBUG {
            return Err(Error::new(format!("cannot {what} __debug__"), self.u.span));
        }
        Ok(())
    }
}
