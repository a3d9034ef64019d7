//! Scopes: which names a block binds and uses, and where each name lives (the rules of `Python/symtable.c`).
//!
//! Two passes: `build` walks the tree and notes bindings and uses; `analyze` resolves every name to a local, a cell, a
//! free variable or a global. Scopes are numbered when the tree is built ([`crate::ast::ScopeId`]), so that the code
//! generator finds the scope of a node without a table of addresses.

mod analyze;
mod build;

pub(crate) use analyze::analyze;
pub(crate) use build::{BuildOptions, build};

use rustc_hash::FxHashMap;

use crate::ast::{ScopeId, Span};
use crate::names::{Names, Sym};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ScopeKind {
    Module,
    Class,
    Function,
    /// `__annotate__`.
    Annotation,
    TypeAlias,
    /// Around a generic definition.
    TypeParams,
    /// Bound, constraints or default of a type parameter.
    TypeVariable,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CompKind {
    List,
    Set,
    Dict,
    Generator,
}

/// Where a name lives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    Unresolved,
    Local,
    GlobalExplicit,
    GlobalImplicit,
    Free,
    Cell,
}

/// What a block does with a name; values as CPython's `DEF_*`, which the `symtable` module shows.
pub mod flag {
    pub const GLOBAL: u32 = 1;
    pub const LOCAL: u32 = 2;
    pub const PARAM: u32 = 4;
    pub const NONLOCAL: u32 = 8;
    pub const USE: u32 = 16;
    pub const FREE_CLASS: u32 = 64;
    pub const IMPORT: u32 = 128;
    pub const ANNOT: u32 = 256;
    pub const COMP_ITER: u32 = 512;
    pub const TYPE_PARAM: u32 = 1024;
    pub const BOUND: u32 = LOCAL | PARAM | IMPORT | TYPE_PARAM;
    /// Not CPython's: unbound by `del` or at the end of an `except … as` clause.
    pub const DELETED: u32 = 1 << 16;
    /// Not CPython's: target of an assignment expression.
    pub const WALRUS: u32 = 1 << 17;
}

#[derive(Clone, Copy, Debug)]
pub struct Symbol {
    pub name: Sym,
    pub flags: u32,
    pub place: Place,
}

/// Insertion-ordered map of symbols; small ones are searched linearly.
#[derive(Clone, Debug, Default)]
pub struct Symbols {
    items: Vec<Symbol>,
    index: FxHashMap<Sym, u32>,
}

const LINEAR: usize = 10;

impl Symbols {
    pub fn position(&self, name: Sym) -> Option<usize> {
        if self.items.len() <= LINEAR {
            self.items.iter().position(|s| s.name == name)
        } else {
            self.index.get(&name).map(|&i| i as usize)
        }
    }
    pub fn get(&self, name: Sym) -> Option<&Symbol> {
        self.position(name).map(|i| &self.items[i])
    }
    pub fn flags(&self, name: Sym) -> u32 {
        self.get(name).map_or(0, |s| s.flags)
    }
    pub fn place(&self, name: Sym) -> Place {
        self.get(name).map_or(Place::Unresolved, |s| s.place)
    }
    pub fn entry(&mut self, name: Sym) -> &mut Symbol {
        let i = match self.position(name) {
            Some(i) => i,
            None => {
                self.items.push(Symbol { name, flags: 0, place: Place::Unresolved });
                let n = self.items.len();
                if n == LINEAR + 1 {
                    self.index = self.items.iter().enumerate().map(|(i, s)| (s.name, i as u32)).collect();
                } else if n > LINEAR {
                    self.index.insert(name, n as u32 - 1);
                }
                n - 1
            }
        };
        &mut self.items[i]
    }
    pub fn iter(&self) -> impl Iterator<Item = &Symbol> {
        self.items.iter()
    }
    pub fn len(&self) -> usize {
        self.items.len()
    }
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
    pub fn at_mut(&mut self, i: usize) -> &mut Symbol {
        &mut self.items[i]
    }
    pub fn at(&self, i: usize) -> Symbol {
        self.items[i]
    }
}

#[derive(Clone, Debug)]
pub struct Scope {
    pub kind: ScopeKind,
    pub name: Sym,
    pub span: Span,
    pub parent: Option<ScopeId>,
    pub symbols: Symbols,
    /// Parameters, in order.
    pub params: Vec<Sym>,
    pub children: Vec<ScopeId>,
    /// Comprehensions that run in this block's frame.
    pub inlined: Vec<ScopeId>,
    /// `global`/`nonlocal` declarations, for errors found later.
    pub directives: Vec<(Sym, Span)>,
    pub comprehension: Option<CompKind>,
    /// Used: the block exists in this compilation.
    pub used: bool,
    pub nested: bool,
    pub generator: bool,
    pub coroutine: bool,
    pub is_async_def: bool,
    pub is_lambda: bool,
    pub varargs: bool,
    pub varkeywords: bool,
    /// A function directly in a class.
    pub method: bool,
    pub needs_class_closure: bool,
    pub needs_classdict: bool,
    pub can_see_class_scope: bool,
    pub has_conditional_annotations: bool,
    /// Has the block an annotation that is kept (module, class)?
    pub has_annotations: bool,
    pub comp_inlined: bool,
    /// Words for an annotation-like block in error messages.
    pub scope_info: &'static str,
    // State of the walk.
    pub comp_iter_target: bool,
    pub comp_iter_expr: u32,
    pub in_conditional_block: bool,
    pub in_unevaluated_annotation: bool,
    pub annotation_block: Option<ScopeId>,
    /// Names to be mangled in the type parameter scope of a class.
    pub mangled_names: Option<std::rc::Rc<Vec<Sym>>>,
}

impl Scope {
    pub fn new(kind: ScopeKind, name: Sym, span: Span) -> Scope {
        Scope {
            kind,
            name,
            span,
            parent: None,
            symbols: Symbols::default(),
            params: Vec::new(),
            children: Vec::new(),
            inlined: Vec::new(),
            directives: Vec::new(),
            comprehension: None,
            used: false,
            nested: false,
            generator: false,
            coroutine: false,
            is_async_def: false,
            is_lambda: false,
            varargs: false,
            varkeywords: false,
            method: false,
            needs_class_closure: false,
            needs_classdict: false,
            can_see_class_scope: false,
            has_conditional_annotations: false,
            has_annotations: false,
            comp_inlined: false,
            scope_info: "",
            comp_iter_target: false,
            comp_iter_expr: 0,
            in_conditional_block: false,
            in_unevaluated_annotation: false,
            annotation_block: None,
            mangled_names: None,
        }
    }

    /// Blocks that become functions.
    pub fn function_like(&self) -> bool {
        !matches!(self.kind, ScopeKind::Module | ScopeKind::Class)
    }

    /// Annotation scopes in the wide sense, where `yield`, `await` and `:=` are forbidden.
    pub fn annotation_like(&self) -> bool {
        matches!(
            self.kind,
            ScopeKind::Annotation | ScopeKind::TypeAlias | ScopeKind::TypeParams | ScopeKind::TypeVariable
        )
    }
}

/// All scopes of a compilation, by [`ScopeId`].
pub struct Scopes {
    pub list: Vec<Scope>,
}

impl std::ops::Index<ScopeId> for Scopes {
    type Output = Scope;
    fn index(&self, i: ScopeId) -> &Scope {
        &self.list[i as usize]
    }
}

impl std::ops::IndexMut<ScopeId> for Scopes {
    fn index_mut(&mut self, i: ScopeId) -> &mut Scope {
        &mut self.list[i as usize]
    }
}

/// Does `name` have the form of a private name (`__x`)?
pub fn is_private(name: &str) -> bool {
    name.starts_with("__") && !name.ends_with("__") && !name.contains('.')
}

/// Private name mangling: `__x` in class `C` is `_C__x`.
pub fn mangle(names: &mut Names, class: Option<Sym>, name: Sym) -> Sym {
    let Some(class) = class else { return name };
    let s = names.get(name);
    if !is_private(s) {
        return name;
    }
    let class = names.get(class).trim_start_matches('_');
    if class.is_empty() {
        return name;
    }
    names.intern(&format!("_{class}{s}"))
}
