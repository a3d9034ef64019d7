//! Imports.

use adder_bytecode::Op;

use super::{Gen, Reg};
use crate::ast::*;
use crate::error::Res;
use crate::names::{Sym, known};

impl<'a> Gen<'a, '_> {
    fn import_name(&mut self, name: Sym, level: u32, from: Lit<'a>, dst: Reg) {
        let b = self.top();
        self.load_const(Lit::Int(level as i64), b);
        self.set_top(b + 1);
        self.load_const(from, b + 1);
        self.set_top(b + 2);
        if self.u.reachable {
            let n = self.u.name_index(name) as u16;
            self.abc(Op::ImportName, dst, b, n);
        }
        self.set_top(b);
    }

    /// An error about a name is shown at the name.
    fn at_name(&mut self, span: Span, name: Sym) -> Res {
        self.at(span, |g| g.forbid_debug(name, "assign to"))
    }

    pub fn import(&mut self, names: &'a [Alias]) -> Res {
        for a in names {
            let mark = self.top();
            let text = self.names.get(a.name);
            let first = text.split('.').next().unwrap_or(text);
            match a.asname {
                Some(asname) if text.contains('.') => {
                    // The submodule itself, reached from the top one.
                    self.import_name(a.name, 0, Lit::None, mark);
                    self.set_top(mark + 1);
                    for part in text.split('.').skip(1) {
                        let part = self.names.intern(part);
                        if self.u.reachable {
                            let n = self.u.name_index(part) as u16;
                            self.abc(Op::ImportFrom, mark, mark, n);
                        }
                    }
                    self.at_name(a.span, asname)?;
                    self.store_name(asname, mark)?;
                }
                _ => {
                    let target = match a.asname {
                        Some(n) => n,
                        None => self.names.intern(first),
                    };
                    let local = self.name_local(target);
                    self.import_name(a.name, 0, Lit::None, local.unwrap_or(mark));
                    self.set_top(mark + 1);
                    self.at_name(a.span, target)?;
                    self.store_name(target, local.unwrap_or(mark))?;
                }
            }
            self.set_top(mark);
        }
        Ok(())
    }

    pub fn import_from(&mut self, i: &'a ImportFrom<'a>, span: Span) -> Res {
        if i.module == Some(known::FUTURE)
            && i.level == 0
            && self.opts.last_future.is_none_or(|l| span.start > l)
        {
            return self.error("from __future__ imports must occur at the beginning of the file", span);
        }
        let mark = self.top();
        let from: Vec<Lit<'a>> = i.names.iter().map(|a| self.sym_lit(a.name)).collect();
        let from = Lit::Tuple(self.arena.alloc_slice_copy(&from));
        let module = i.module.unwrap_or(known::EMPTY);
        self.import_name(module, i.level, from, mark);
        self.set_top(mark + 1);
        for (k, a) in i.names.iter().enumerate() {
            if a.name == known::STAR && k == 0 {
                self.xabc(Op::Intrinsic1, adder_bytecode::Intrinsic1::ImportStar as u8, mark, mark, 0);
                break;
            }
            let target = a.asname.unwrap_or(a.name);
            self.at_name(a.span, target)?;
            let dst = self.name_local(target).unwrap_or(mark + 1);
            if self.u.reachable {
                let n = self.u.name_index(a.name) as u16;
                self.abc(Op::ImportFrom, dst, mark, n);
            }
            self.set_top(mark + 2);
            self.store_name(target, dst)?;
            self.set_top(mark + 1);
        }
        self.set_top(mark);
        Ok(())
    }
}
