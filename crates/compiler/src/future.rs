//! `from __future__ import …` (the rules of `Python/future.c`).

use adder_bytecode::CodeFlags;

use crate::ast::*;
use crate::error::{Error, Res};
use crate::names::{Names, known};

/// What the head of a module asks for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Future {
    pub flags: u32,
    /// Where the last such import begins; later ones are errors.
    pub last: Option<u32>,
}

/// Whether the text may import from `__future__`: what only its parse tells for certain.
pub(crate) fn maybe(source: &str) -> bool {
    source.contains("__future__")
}

pub(crate) fn scan(m: &Module, names: &Names) -> Res<Future> {
    let mut out = Future::default();
    let (ModKind::Module(body) | ModKind::Interactive(body)) = m.kind else { return Ok(out) };
    for (i, s) in body.iter().enumerate() {
        match s.kind {
            StmtKind::ImportFrom(i) if i.module == Some(known::FUTURE) && i.level == 0 => {
                for a in i.names {
                    out.flags |= feature(names.get(a.name), a.span)?;
                }
                out.last = Some(s.span.start);
            }
            // Only a docstring may precede.
            StmtKind::Expr(e)
                if i == 0 && matches!(e.kind, ExprKind::Constant(Lit::Str(_)) | ExprKind::UStr(_)) => {}
            _ => break,
        }
    }
    Ok(out)
}

fn feature(name: &str, span: Span) -> Res<u32> {
    Ok(match name {
        "nested_scopes" | "generators" | "division" | "absolute_import" | "with_statement"
        | "print_function" | "unicode_literals" | "generator_stop" => 0,
        "barry_as_FLUFL" => CodeFlags::FUTURE_BARRY_AS_BDFL,
        "annotations" => CodeFlags::FUTURE_ANNOTATIONS,
        "braces" => return Err(Error::new("not a chance", span)),
        _ => return Err(Error::new(format!("future feature {name:.100} is not defined"), span)),
    })
}
