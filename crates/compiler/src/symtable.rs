//! What the scopes of a source look like to the module `symtable`: CPython's tables after its analysis, comprehensions
//! merged into the blocks that they run in.

use crate::error::{SyntaxError, Warning};
use crate::names::Names;
use crate::parse::Options;
use crate::scope::{Place, Scope, ScopeKind, Scopes, flag};
use crate::source::Locator;

/// A block. The first one is the module.
#[derive(Clone, Debug)]
pub struct Table {
    pub kind: ScopeKind,
    pub name: String,
    pub line: u32,
    pub nested: bool,
    /// Names with their flags and, from bit [`SCOPE_OFF`] on, their scopes.
    pub symbols: Vec<(String, u32)>,
    /// Parameters.
    pub varnames: Vec<String>,
    /// Indices of the blocks inside.
    pub children: Vec<usize>,
}

pub const SCOPE_OFF: u32 = 12;
pub const SCOPE_MASK: u32 = 0xF;
/// `DEF_COMP_CELL`: a cell of a comprehension that runs in this block.
pub const COMP_CELL: u32 = 1 << 11;

fn number(p: Place) -> u32 {
    match p {
        Place::Unresolved => 0,
        Place::Local => 1,
        Place::GlobalExplicit => 2,
        Place::GlobalImplicit => 3,
        Place::Free => 4,
        Place::Cell => 5,
    }
}

/// The tables of a source.
pub fn symtable(source: &str, opts: &Options) -> (Result<Vec<Table>, SyntaxError>, Vec<Warning>) {
    crate::parse::with_scopes(source, opts, |scopes, names, locator| {
        let mut out = Vec::new();
        table(&scopes, names, locator, 0, &mut out);
        out
    })
}

fn symbols(scopes: &Scopes, s: &Scope) -> Vec<(crate::names::Sym, u32, Place)> {
    let mut list: Vec<_> = s.symbols.iter().map(|x| (x.name, x.flags & 0xFFF, x.place)).collect();
    for c in &s.inlined {
        for (name, flags, place) in symbols(scopes, &scopes[*c]) {
            if flags & flag::PARAM != 0 {
                continue;
            }
            let cell = place == Place::Cell || flags & COMP_CELL != 0;
            let i = match list.iter().position(|x| x.0 == name) {
                Some(i) => {
                    if place == Place::Free && s.kind != ScopeKind::Class {
                        list[i].1 |= flags & flag::USE;
                    }
                    i
                }
                None => {
                    list.push((name, flags & !COMP_CELL, place));
                    list.len() - 1
                }
            };
            if cell {
                list[i].1 |= COMP_CELL;
                if list[i].2 == Place::Local {
                    list[i].2 = Place::Cell;
                }
            }
        }
    }
    list
}

fn table(scopes: &Scopes, names: &Names, locator: &Locator, id: u32, out: &mut Vec<Table>) -> usize {
    let s = &scopes[id];
    let text = |n| names.get(n).to_string();
    let line = if id == 0 || s.span.is_none() { 0 } else { locator.position(s.span, &mut 0).line };
    let at = out.len();
    out.push(Table {
        kind: s.kind,
        name: names.get(s.name).trim_matches(['<', '>']).to_string(),
        line,
        nested: s.nested,
        symbols: symbols(scopes, s)
            .into_iter()
            .map(|(n, f, p)| (text(n), f | number(p) << SCOPE_OFF))
            .collect(),
        varnames: s.params.iter().map(|n| text(*n)).collect(),
        children: Vec::new(),
    });
    for c in &s.children {
        let i = table(scopes, names, locator, *c, out);
        out[at].children.push(i);
    }
    at
}
