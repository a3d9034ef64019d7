//! Second pass over scopes: resolves every name, finds cells and free variables, decides what is inlined.

use rustc_hash::FxHashSet;

use super::{CompKind, Place, Scope, ScopeKind, Scopes, flag};
use crate::ast::{ScopeId, Span};
use crate::error::{Error, Res};
use crate::lower::with_stack;
use crate::names::{Names, Sym, known};

type Set = FxHashSet<Sym>;

pub(crate) fn analyze(scopes: &mut Scopes, names: &Names) -> Res {
    let mut a = Analyzer { scopes, names };
    a.block(0, None, 0)?;
    Ok(())
}

struct Analyzer<'s, 'a> {
    scopes: &'s mut Scopes,
    names: &'s Names<'a>,
}

/// What an enclosing scope says of a name.
enum Outer {
    Bound { type_param: bool },
    No,
}

impl Analyzer<'_, '_> {
    /// Analyses a block and those inside it; yields the names free in it.
    fn block(&mut self, id: ScopeId, class_entry: Option<ScopeId>, depth: u32) -> Res<Set> {
        let mut own = Set::default();
        for i in 0..self.scopes[id].symbols.len() {
            let s = self.scopes[id].symbols.at(i);
            let place = self.resolve(id, s.name, s.flags, class_entry, &mut own)?;
            self.scopes[id].symbols.at_mut(i).place = place;
        }
        // Free in blocks inside.
        let mut free = Set::default();
        let children = std::mem::take(&mut self.scopes[id].children);
        let is_class = self.scopes[id].kind == ScopeKind::Class;
        let mut spliced = Vec::with_capacity(children.len());
        for &c in &children {
            let child = &self.scopes[c];
            let entry = match child.can_see_class_scope {
                true if is_class => Some(id),
                true => class_entry,
                false => None,
            };
            let inline = matches!(child.comprehension, Some(k) if k != CompKind::Generator)
                && !self.scopes[id].can_see_class_scope;
            let mut child_free = with_stack(depth, || self.block(c, entry, depth + 1))?;
            if inline {
                self.inline(id, c, &mut child_free);
                spliced.extend_from_slice(&self.scopes[c].children);
            } else {
                spliced.push(c);
            }
            free.extend(child_free);
        }
        self.scopes[id].children = spliced;
        let scope = &mut self.scopes[id];
        if scope.function_like() {
            for i in 0..scope.symbols.len() {
                let s = scope.symbols.at_mut(i);
                if s.place == Place::Local && free.remove(&s.name) {
                    s.place = Place::Cell;
                }
            }
        } else if is_class {
            scope.needs_class_closure |= free.remove(&known::CLASS);
            scope.needs_classdict |= free.remove(&known::CLASSDICT);
            scope.has_conditional_annotations |= free.remove(&known::CONDITIONAL_ANNOTATIONS);
        }
        self.note_free(id, &free);
        free.extend(own);
        Ok(free)
    }

    /// Names that only pass through a block on their way to inner ones are free in it too.
    fn note_free(&mut self, id: ScopeId, free: &Set) {
        let scope = &mut self.scopes[id];
        if scope.kind == ScopeKind::Module {
            return;
        }
        let class_like = scope.kind == ScopeKind::Class || scope.can_see_class_scope;
        let mut sorted: Vec<Sym> = free.iter().copied().collect();
        sorted.sort_unstable();
        for name in sorted {
            match scope.symbols.position(name) {
                Some(i) => {
                    let s = scope.symbols.at_mut(i);
                    if class_like {
                        s.flags |= flag::FREE_CLASS;
                    }
                }
                None => scope.symbols.entry(name).place = Place::Free,
            }
        }
    }

    /// Comprehension `c` runs inside `id`: what is local to `id` is no longer free in `c`.
    fn inline(&mut self, id: ScopeId, c: ScopeId, child_free: &mut Set) {
        let is_class = self.scopes[id].kind == ScopeKind::Class;
        for i in 0..self.scopes[c].symbols.len() {
            let s = self.scopes[c].symbols.at(i);
            let needed = || {
                self.scopes[c].children.iter().any(|&g| self.scopes[g].symbols.place(s.name) == Place::Free)
            };
            if s.place == Place::Free && s.name == known::CLASS && is_class {
                if !needed() {
                    child_free.remove(&known::CLASS);
                }
                self.scopes[c].symbols.at_mut(i).place = Place::GlobalImplicit;
                continue;
            }
            let outer = self.scopes[id].symbols.flags(s.name);
            if outer & flag::BOUND != 0 && !is_class && s.place == Place::Free && !needed() {
                child_free.remove(&s.name);
            }
        }
        self.scopes[c].comp_inlined = true;
        self.scopes[id].inlined.push(c);
    }

    fn resolve(
        &mut self,
        id: ScopeId,
        name: Sym,
        flags: u32,
        class_entry: Option<ScopeId>,
        free: &mut Set,
    ) -> Res<Place> {
        if flags & flag::GLOBAL != 0 {
            if flags & flag::NONLOCAL != 0 {
                return Err(self.at_directive(
                    id,
                    name,
                    format!("name '{}' is nonlocal and global", self.text(name)),
                ));
            }
            return Ok(Place::GlobalExplicit);
        }
        if flags & flag::NONLOCAL != 0 {
            if self.scopes[id].kind == ScopeKind::Module {
                return Err(self.at_directive(
                    id,
                    name,
                    "nonlocal declaration not allowed at module level".into(),
                ));
            }
            match self.outer(id, name) {
                Outer::No => {
                    let msg = format!("no binding for nonlocal '{}' found", self.text(name));
                    return Err(self.at_directive(id, name, msg));
                }
                Outer::Bound { type_param: true } => {
                    let msg =
                        format!("nonlocal binding not allowed for type parameter '{}'", self.text(name));
                    return Err(self.at_directive(id, name, msg));
                }
                Outer::Bound { .. } => {}
            }
            free.insert(name);
            return Ok(Place::Free);
        }
        if flags & flag::BOUND != 0 {
            return Ok(Place::Local);
        }
        if let Some(class) = class_entry {
            // Bound by the class around an annotation scope: look it up there, then among globals, never in functions
            // further out.
            let f = self.scopes[class].symbols.flags(name);
            if f & flag::GLOBAL != 0 {
                return Ok(Place::GlobalExplicit);
            }
            if f & flag::BOUND != 0 && f & flag::NONLOCAL == 0 {
                return Ok(Place::GlobalImplicit);
            }
        }
        if let Outer::Bound { .. } = self.outer(id, name) {
            free.insert(name);
            return Ok(Place::Free);
        }
        Ok(Place::GlobalImplicit)
    }

    /// Do the scopes around `id` bind `name` in a way that functions inside see?
    fn outer(&self, id: ScopeId, name: Sym) -> Outer {
        let mut at = self.scopes[id].parent;
        while let Some(p) = at {
            let s: &Scope = &self.scopes[p];
            match s.kind {
                ScopeKind::Module => return Outer::No,
                ScopeKind::Class => {
                    if matches!(name, known::CLASS | known::CLASSDICT | known::CONDITIONAL_ANNOTATIONS) {
                        return Outer::Bound { type_param: false };
                    }
                }
                _ => {
                    let f = s.symbols.flags(name);
                    if f & flag::GLOBAL != 0 {
                        return Outer::No;
                    }
                    if f & flag::BOUND != 0 && f & flag::NONLOCAL == 0 {
                        return Outer::Bound { type_param: f & flag::TYPE_PARAM != 0 };
                    }
                }
            }
            at = s.parent;
        }
        Outer::No
    }

    fn text(&self, s: Sym) -> &str {
        self.names.get(s)
    }

    fn at_directive(&self, id: ScopeId, name: Sym, msg: String) -> Error {
        let span = self.scopes[id].directives.iter().find(|d| d.0 == name).map_or(Span::NONE, |d| d.1);
        Error::new(msg, span)
    }
}
