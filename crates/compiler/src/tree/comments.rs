//! Type comments (PEP 484) of a source, as `ast.parse(…, type_comments=True)` finds them: `# type: int` behind
//! assignments, heads of `for` and `with`, parameters and functions goes into the nodes' `type_comment`, `# type: ignore`
//! into the module's `type_ignores`. Anywhere else a type comment is an error, as it is to CPython's grammar.

use ruff_python_ast::statement_visitor::{StatementVisitor, walk_stmt};
use ruff_python_ast::token::{Token, TokenKind as K};
use ruff_python_ast::{self as r, Stmt};
use ruff_text_size::Ranged;
use rustc_hash::FxHashMap;

use super::{Node, Tree};
use crate::ast::Span;
use crate::error::Error;

/// Adds the type comments of `source` to its tree. `parsed` is the whole of the parser's result.
pub(crate) fn attach(root: &mut Node, source: &str, module: &r::Mod, tokens: &[Token]) -> Result<(), Error> {
    let mut c = Comments { source, tokens, free: Vec::new(), found: FxHashMap::default(), error: None };
    let mut ignores = Vec::new();
    for (i, t) in tokens.iter().enumerate().filter(|(_, t)| t.kind() == K::Comment) {
        match kind(&source[t.range()]) {
            Some(Comment::Ignore(tag)) => {
                let line = c.position(t.start().to_usize()).0;
                // Alone on its line it takes the line's end with it.
                let before = source[..t.start().to_usize()].trim_end_matches([' ', '\t', '\x0c']);
                let alone = before.is_empty() || before.ends_with('\n');
                let tag = if alone { format!("{tag}\n") } else { tag.to_string() };
                let fields = vec![Tree::Int(line as i64), Tree::Str(tag.as_bytes().into())];
                ignores.push(Tree::Node(Box::new(Node::new("TypeIgnore", fields))));
            }
            Some(Comment::Type(_)) => c.free.push(i),
            None => {}
        }
    }
    if let r::Mod::Module(m) = module {
        for s in &m.body {
            c.visit_stmt(s);
        }
    }
    if let Some(e) = c.error {
        return Err(e);
    }
    if let Some(&i) = c.free.first() {
        // CPython's token is the type alone.
        let (t, text) = (&tokens[i], kind(&source[tokens[i].range()]));
        let len = if let Some(Comment::Type(text)) = text { text.len() as u32 } else { 0 };
        return Err(Error::new("invalid syntax", Span::new(t.end().to_u32() - len, t.end().to_u32())));
    }
    let found = c.found;
    if !found.is_empty() {
        put(root, &found);
    }
    if root.class.name == "Module" {
        root.fields[1] = Tree::List(ignores);
    }
    Ok(())
}

fn put(n: &mut Node, found: &FxHashMap<(u32, u32), String>) {
    if let Some(i) = n.class.field("type_comment")
        && let Some(text) = found.get(&(n.pos.line, n.pos.col))
    {
        n.fields[i] = Tree::Str(text.as_bytes().into());
    }
    let mut work: Vec<&mut Tree> = n.fields.iter_mut().collect();
    while let Some(t) = work.pop() {
        match t {
            Tree::Node(n) => put(n, found),
            Tree::List(l) => work.extend(l),
            _ => {}
        }
    }
}

enum Comment<'s> {
    Ignore(&'s str),
    Type(&'s str),
}

/// What CPython's tokenizer makes of a comment.
fn kind(text: &str) -> Option<Comment<'_>> {
    let rest = text.strip_prefix('#')?.trim_start_matches([' ', '\t']);
    let rest = rest.strip_prefix("type:")?.trim_start_matches([' ', '\t']);
    if let Some(tag) = rest.strip_prefix("ignore")
        && !tag.as_bytes().first().is_some_and(|b| *b >= 128 || b.is_ascii_alphanumeric())
    {
        return Some(Comment::Ignore(tag));
    }
    Some(Comment::Type(rest))
}

fn span(t: &Token) -> Span {
    Span::new(t.start().to_u32(), t.end().to_u32())
}

struct Comments<'s> {
    source: &'s str,
    tokens: &'s [Token],
    /// Indices of the type comments that belong to nothing yet, ascending.
    free: Vec<usize>,
    /// By the position of the node.
    found: FxHashMap<(u32, u32), String>,
    error: Option<Error>,
}

impl Comments<'_> {
    /// Line from 1 and column in bytes.
    fn position(&self, at: usize) -> (u32, u32) {
        let before = &self.source[..at];
        let line = before.bytes().filter(|b| *b == b'\n').count() as u32 + 1;
        (line, (at - before.rfind('\n').map_or(0, |n| n + 1)) as u32)
    }

    /// The first token at or after an offset.
    fn token_at(&self, at: usize) -> usize {
        self.tokens.partition_point(|t| t.start().to_usize() < at)
    }

    /// The next token from the `i`th on that the grammar sees: comments that mean nothing and line ends in brackets are
    /// none.
    fn significant(&self, mut i: usize) -> usize {
        while let Some(t) = self.tokens.get(i) {
            match t.kind() {
                K::NonLogicalNewline => {}
                K::Comment if !self.free.contains(&i) => {}
                _ => break,
            }
            i += 1;
        }
        i
    }

    /// Gives the node at `owner` the type comment that the `i`th token is, if it is one.
    fn take(&mut self, i: usize, owner: usize) -> bool {
        let i = self.significant(i);
        let Some(at) = self.free.iter().position(|f| *f == i) else { return false };
        self.free.remove(at);
        if let Some(Comment::Type(text)) = kind(&self.source[self.tokens[i].range()]) {
            let position = self.position(owner);
            self.found.insert(position, text.to_string());
        }
        true
    }

    /// The token behind the colon that ends the head of a statement, whose last expression ends at `end`.
    fn behind_colon(&self, end: usize) -> usize {
        let mut i = self.token_at(end);
        while self.tokens.get(i).is_some_and(|t| t.kind() != K::Colon) {
            i += 1;
        }
        i + 1
    }

    fn function(&mut self, f: &r::StmtFunctionDef) {
        self.parameters(&f.parameters);
        // `def`, behind the decorators.
        let mut def = self.token_at(
            f.decorator_list.last().map_or(f.range.start().to_usize(), |d| d.range.end().to_usize()),
        );
        while !matches!(self.tokens[def].kind(), K::Def | K::Async) {
            def += 1;
        }
        let owner = self.tokens[def].start().to_usize();
        let head = f.returns.as_ref().map_or(f.parameters.range.end(), |r| r.range().end());
        let body = self.behind_colon(head.to_usize());
        let same_line = self.take(body, owner);
        // Or on a line of its own before the body.
        let newline = self.significant(body + same_line as usize);
        if self.tokens.get(newline).is_some_and(|t| t.kind() == K::Newline) {
            let own = self.significant(newline + 1);
            let then = self.significant(own + 1);
            if self.free.contains(&own) && self.tokens.get(then).is_some_and(|t| t.kind() == K::Indent) {
                if same_line {
                    // Where the body begins.
                    let end = self.tokens[then].end().to_u32();
                    let at = Span::new(end - 1, end);
                    self.error.get_or_insert(Error::new("Cannot have two type comments on def", at));
                }
                self.take(own, owner);
            }
        }
    }

    fn parameters(&mut self, p: &r::Parameters) {
        // A comment stands behind the comma of its parameter, or behind the last one.
        let mut last = p.range.start().to_usize();
        for x in p.iter() {
            let (param, end) = match x {
                r::AnyParameterRef::NonVariadic(d) => (&d.parameter, d.range.end()),
                r::AnyParameterRef::Variadic(v) => (v, v.range.end()),
            };
            last = end.to_usize();
            // Parentheses around a default.
            let mut i = self.significant(self.token_at(last));
            let mut open = self.tokens[self.token_at(p.range.start().to_usize())..i]
                .iter()
                .fold(0i32, |n, t| n + (t.kind() == K::Lpar) as i32 - (t.kind() == K::Rpar) as i32);
            while open > 1 && self.tokens.get(i).is_some_and(|t| t.kind() == K::Rpar) {
                (i, open) = (self.significant(i + 1), open - 1);
            }
            if self.tokens.get(i).is_some_and(|t| t.kind() == K::Comma) {
                i += 1;
            }
            self.take(i, param.name.range.start().to_usize());
        }
        // `*` alone.
        if p.vararg.is_none() && !p.kwonlyargs.is_empty() {
            let from = self.token_at(p.range.start().to_usize());
            let to = self.token_at(last);
            for i in from..to {
                let (star, comma) = (&self.tokens[i], self.significant(i + 1));
                let alone = star.kind() == K::Star
                    && self.tokens.get(comma).is_some_and(|t| t.kind() == K::Comma)
                    && self.free.contains(&self.significant(comma + 1));
                if alone {
                    let at = span(star);
                    self.error.get_or_insert(Error::new("bare * has associated type comment", at));
                }
            }
        }
    }
}

impl<'a> StatementVisitor<'a> for Comments<'_> {
    fn visit_stmt(&mut self, s: &'a Stmt) {
        let (start, end) = (s.range().start().to_usize(), s.range().end().to_usize());
        match s {
            Stmt::FunctionDef(f) => self.function(f),
            Stmt::Assign(_) => {
                self.take(self.token_at(end), start);
            }
            Stmt::For(f) => {
                let i = self.behind_colon(f.iter.range().end().to_usize());
                self.take(i, start);
            }
            Stmt::With(w) => {
                let last = w.items.last().map_or(start, |i| i.range.end().to_usize());
                let i = self.behind_colon(last);
                self.take(i, start);
            }
            _ => {}
        }
        walk_stmt(self, s);
    }
}
