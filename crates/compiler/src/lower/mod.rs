//! Parser tree → own tree ([`crate::ast`]): the only place that knows the parser's types.
//!
//! Errors are collected (the first one counts) instead of returned, so that slices can be filled in place in the arena.

mod expr;
mod stmt;
mod strings;

use bumpalo::Bump;
use ruff_python_ast as r;
use ruff_text_size::{Ranged, TextRange};

use crate::ast::*;
use crate::error::{Error, WarningCategory};
use crate::names::{Names, Sym};

/// How deep expressions and statements may nest before the compiler gives up with a `RecursionError`.
pub const MAX_DEPTH: u32 = 6_000;
/// From this depth on the native stack is checked and grown.
const CHECK_DEPTH: u32 = 48;

/// Runs `f` on a grown stack when `depth` says that the native one might run out.
#[inline]
pub fn with_stack<T>(depth: u32, f: impl FnOnce() -> T) -> T {
    if depth < CHECK_DEPTH { f() } else { stacker::maybe_grow(128 << 10, 4 << 20, f) }
}

/// Frees a parser's tree of a source of `len` bytes, however deep it is.
pub fn free_tree<T>(tree: T, len: usize) {
    stacker::grow((len * 1024).max(1 << 20), || drop(tree));
}

/// Which constants are folded while the tree is built.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fold {
    /// Nothing: `ast.parse` without optimisation.
    No,
    /// What CPython does on trees (`ast.parse(optimize=…)`).
    Tree,
    /// Everything: the tree is compiled.
    Full,
}

/// What every way of building a tree needs.
pub struct Builder<'a> {
    pub arena: &'a Bump,
    pub names: Names<'a>,
    pub scopes: u32,
    pub fold: Fold,
    pub optimize: u8,
    /// `kind='u'` of string constants is wanted.
    pub keep_u: bool,
    pub error: Option<Error>,
    /// Something (at this offset) that CPython's parser may refuse though ours did not: to be looked at again.
    pub suspect: Option<usize>,
    pub warnings: Vec<(WarningCategory, String, Span)>,
}

impl<'a> Builder<'a> {
    pub fn new(arena: &'a Bump, fold: Fold, optimize: u8) -> Builder<'a> {
        Builder {
            arena,
            names: Names::new(arena),
            scopes: SCOPES_PER_DEF,
            fold,
            optimize,
            keep_u: false,
            error: None,
            suspect: None,
            warnings: Vec::new(),
        }
    }

    pub fn fail(&mut self, e: Error) {
        if self.error.is_none() {
            self.error = Some(e);
        }
    }

    pub fn suspect(&mut self, at: u32) {
        self.suspect.get_or_insert(at as usize);
    }

    pub fn new_scope(&mut self, n: u32) -> ScopeId {
        let s = self.scopes;
        self.scopes += n;
        s
    }

    pub fn alloc<T: Copy>(&self, v: T) -> &'a T {
        self.arena.alloc(v)
    }
}

pub struct Lowerer<'a, 's> {
    pub b: Builder<'a>,
    pub src: &'s str,
    pub depth: u32,
    /// The tree is deep: it needs much stack to be freed.
    pub deep: bool,
    /// Nesting of blocks, of f-strings and of format specs.
    pub blocks: u32,
    pub fstrings: u32,
    pub specs: u32,
    /// Maximum number of decimal digits of an int literal; 0: no limit.
    pub max_digits: usize,
    /// `from __future__ import annotations`: annotations stay unfolded, to be turned into text.
    pub future_annotations: bool,
}

pub fn span(r: impl Ranged) -> Span {
    of_range(r.range())
}

pub fn of_range(r: TextRange) -> Span {
    Span { start: r.start().to_u32(), end: r.end().to_u32() }
}

impl<'a, 's> Lowerer<'a, 's> {
    pub fn module(&mut self, m: &r::Mod, interactive: bool) -> Module<'a> {
        let whole = Span { start: 0, end: self.src.len() as u32 };
        let kind = match m {
            r::Mod::Module(m) => {
                self.future_annotations |= imports_annotations(&m.body);
                let body = self.body(&m.body);
                if interactive { ModKind::Interactive(body) } else { ModKind::Module(body) }
            }
            r::Mod::Expression(e) => ModKind::Expression(self.expr(&e.body)),
        };
        Module { kind, scopes: self.b.scopes, span: whole }
    }

    pub fn sym(&mut self, id: &r::Identifier) -> Sym {
        self.b.names.intern(id.as_str())
    }

    /// Counts nesting; false (and an error is noted) when it is too deep.
    fn enter(&mut self) -> bool {
        self.depth += 1;
        self.deep |= self.depth > 100;
        if self.depth > MAX_DEPTH {
            self.b.fail(Error::recursion());
            return false;
        }
        true
    }

    fn slice_of<T: Copy, S>(&mut self, items: &[S], mut f: impl FnMut(&mut Self, &S) -> T) -> &'a [T] {
        let arena = self.b.arena;
        arena.alloc_slice_fill_iter(items.iter().map(|i| f(self, i)))
    }

    /// Skips white space, comments, line continuations and newlines from a byte offset.
    pub fn skip_trivia(&self, mut pos: usize) -> usize {
        let s = self.src.as_bytes();
        while pos < s.len() {
            match s[pos] {
                b' ' | b'\t' | b'\n' | b'\r' | 0x0c | b'\\' => pos += 1,
                b'#' => {
                    while pos < s.len() && s[pos] != b'\n' && s[pos] != b'\r' {
                        pos += 1;
                    }
                }
                _ => break,
            }
        }
        pos
    }
}

/// Does the head of a module say `from __future__ import annotations`? (Errors in it are found later.)
fn imports_annotations(body: &[r::Stmt]) -> bool {
    for (i, s) in body.iter().enumerate() {
        match s {
            r::Stmt::Expr(e) if i == 0 && e.value.is_string_literal_expr() => {}
            r::Stmt::ImportFrom(i)
                if i.level == 0 && i.module.as_ref().is_some_and(|m| m.as_str() == "__future__") =>
            {
                if i.names.iter().any(|n| n.name.as_str() == "annotations") {
                    return true;
                }
            }
            _ => return false,
        }
    }
    false
}

pub fn too_many_digits(limit: usize, digits: usize) -> String {
    format!(
        "Exceeds the limit ({limit} digits) for integer string conversion: value has {digits} digits; use \
         sys.set_int_max_str_digits() to increase the limit - Consider hexadecimal for huge integer literals to \
         avoid decimal conversion limits."
    )
}
