//! Expressions back to text, for `from __future__ import annotations` (the layout of `Python/ast_unparse.c`).

use crate::ast::*;
use crate::names::Names;

pub(crate) fn unparse(_names: &Names, _e: &Expr) -> Vec<u8> {
    Vec::new()
}
