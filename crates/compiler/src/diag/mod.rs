//! What is wrong with a program that does not parse: CPython's own complaint, with its text and place.
//!
//! The parser that compiles programs is fast and recovers from errors, but words them differently. So when it finds one,
//! the program is read once more, from the last statements that were right, by a tokenizer ([`tokens`]) and a grammar
//! ([`grammar`]) that work as CPython's do.

mod actions;
mod grammar;
mod literals;
mod peg;
mod tokens;

use std::sync::OnceLock;

use crate::error::{ErrorKind, Parsed, SyntaxError};
use crate::lower::with_stack;
use crate::parse::pycf;
use crate::source::Locator;
use peg::{Alt, EMPTY, Grammar, Item, Kind, Memo, Node, NodeId, Outcome};
pub use tokens::Pos;
use tokens::{Diag, End, Tok, Token, Tokenizer};

static GRAMMAR: OnceLock<Grammar> = OnceLock::new();

/// CPython's limit of nested rules, roughly.
const MAX_STACK: u32 = 4000;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Start {
    File,
    Interactive,
    Eval,
    FuncType,
}

/// Diagnoses `source`, whose statements before offset `from` (the beginning of a line) are right, the last compound one of
/// them beginning at `before`. None: it is right.
pub fn diagnose(
    source: &str,
    from: usize,
    before: Pos,
    start: Start,
    max_digits: usize,
    flags: u32,
) -> Option<SyntaxError> {
    let padded;
    let text = if source.ends_with('\n') || source.is_empty() || start != Start::File {
        source
    } else {
        padded = format!("{source}\n");
        &padded
    };
    let grammar = GRAMMAR.get_or_init(|| Grammar::parse(grammar::GRAMMAR));
    let line = text[..from].bytes().filter(|b| *b == b'\n').count() as u32 + !text.is_empty() as u32;
    let mut p = Parser::new(grammar, text, from, line, max_digits);
    p.interactive = start == Start::Interactive;
    p.imply_dedent = flags & pycf::DONT_IMPLY_DEDENT == 0;
    let rule = match start {
        Start::File => "file",
        Start::Interactive => "interactive",
        Start::Eval => "eval",
        Start::FuncType => "func_type",
    };
    p.compound = before;
    let parsed = |p: &Parser| {
        Box::new(Parsed { line: p.compound.line, col: p.compound.col, source: text.to_string() })
    };
    let Some(mut d) = p.run(rule) else {
        let d = p.after_single(start)?;
        return Some(SyntaxError { parsed: Some(parsed(&p)), ..public(text, d) });
    };
    if flags & pycf::ALLOW_INCOMPLETE_INPUT != 0 && (d.incomplete || p.at_end()) {
        d.kind = ErrorKind::IncompleteInput;
        d.msg = "incomplete input".into();
    }
    Some(SyntaxError { parsed: Some(parsed(&p)), ..public(text, d) })
}

/// Columns from 1, in characters.
fn public(text: &str, d: Diag) -> SyntaxError {
    let locator = Locator::of_source(text);
    let col = |p: Pos| locator.char_col(p.line, p.col) as i32;
    let (end_line, end_col) = match d.end {
        End::At(p) => (p.line, if d.col_zero { 0 } else { col(p) }),
        End::Zero => (d.start.line, 0),
        End::Minus => (d.start.line, -1),
    };
    // CPython counts the end's characters in the first line.
    let end_col = match d.end {
        End::At(p) if p.line != d.start.line && !d.col_zero => {
            let first = locator.line_text(d.start.line).unwrap_or("");
            let chars = first.trim_end_matches('\n').chars().count() as i32 + 1;
            if p.col as usize > first.len() { chars } else { end_col.min(chars) }
        }
        _ => end_col,
    };
    SyntaxError {
        kind: d.kind,
        msg: d.msg,
        line: d.start.line,
        col: if d.col_zero { 0 } else { col(d.start) },
        end_line,
        end_col,
        text: locator.line_text(d.start.line).map(str::to_string),
        parsed: None,
        warnings: Vec::new(),
    }
}

/// `from __future__ import barry_as_FLUFL`: from there on `<>` means `!=`, and `!=` is an error. Yields the source with
/// every `<>` replaced.
pub fn barry(source: &str, from_start: bool) -> Result<String, SyntaxError> {
    let mut out = source.as_bytes().to_vec();
    let mut tk = Tokenizer::new(source, 0, 1);
    let mut on = from_start;
    // How much of `from __future__ import` was just read.
    let mut head = 0;
    while let Ok(t) = tk.next_token() {
        let text = &source[t.from..t.to];
        head = match (head, text) {
            (_, "from") => 1,
            (1, "__future__") => 2,
            (2, "import") => 3,
            (3, _) if t.kind != Tok::Newline && text != ";" => 3,
            _ => 0,
        };
        match text {
            "barry_as_FLUFL" if head == 3 => on = true,
            "<>" if on => out[t.from..t.to].copy_from_slice(b"!="),
            "!=" if on => {
                let (Some(s), Some(e)) = (t.start, t.end) else { continue };
                let msg = "with Barry as BDFL, use '<>' instead of '!='";
                return Err(public(source, Diag::new(msg, s, End::At(e))));
            }
            _ => {}
        }
        if t.kind == Tok::End {
            break;
        }
    }
    Ok(String::from_utf8(out).unwrap_or_default())
}

struct Parser<'g, 's> {
    g: &'g Grammar,
    text: &'s str,
    tk: Tokenizer<'s>,
    toks: Vec<Token>,
    tok_nodes: Vec<NodeId>,
    nodes: Vec<Node>,
    memo: Memo,
    pos: usize,
    /// The rules for errors count.
    invalid: bool,
    error: Option<Diag>,
    depth: u32,
    max_digits: usize,
    /// The tokenizer reported the error.
    tok_failed: bool,
    interactive: bool,
    imply_dedent: bool,
    /// Tokens were read since a newline was made up at the end (interactive).
    started: bool,
    /// What an action that checks targets looks at.
    captured_target: NodeId,
    /// Where the last compound statement that was read begins.
    compound: Pos,
}

impl<'g, 's> Parser<'g, 's> {
    fn new(g: &'g Grammar, text: &'s str, from: usize, line: u32, max_digits: usize) -> Self {
        Parser {
            g,
            text,
            tk: Tokenizer::new(text, from, line),
            toks: Vec::new(),
            tok_nodes: Vec::new(),
            nodes: vec![Node { kind: Kind::Empty, from: 0, to: 0, children: Vec::new() }],
            memo: Memo::default(),
            pos: 0,
            invalid: false,
            error: None,
            depth: 0,
            max_digits,
            tok_failed: false,
            interactive: false,
            imply_dedent: true,
            started: false,
            captured_target: EMPTY,
            compound: Pos::default(),
        }
    }

    fn run(&mut self, rule: &str) -> Option<Diag> {
        let start = self.g.names[rule];
        if self.rule(start).is_some() {
            return None;
        }
        if self.error.is_some() {
            return self.with_later_errors();
        }
        let last = *self.toks.last()?;
        // Once more, asking what exactly is wrong.
        self.memo.clear();
        self.pos = 0;
        self.invalid = true;
        self.rule(start);
        if self.error.is_some() {
            return self.with_later_errors();
        }
        if matches!(last.kind, Tok::Indent | Tok::Dedent) {
            let msg = if last.kind == Tok::Indent { "unexpected indent" } else { "unexpected unindent" };
            let mut d = self.at_token(last, msg);
            d.kind = ErrorKind::IndentationError;
            return Some(d);
        }
        let text = &self.text[last.from..last.to];
        let msg = if text == "<>" {
            "invalid syntax.  Maybe you meant '!=' instead of '<>'?"
        } else {
            "invalid syntax"
        };
        self.error = Some(self.known(msg, last, last));
        self.with_later_errors()
    }

    /// Errors of the tokenizer further on come first, if the parser (not the tokenizer) found the error at hand.
    fn with_later_errors(&mut self) -> Option<Diag> {
        let found = self.error.take();
        if self.tok_failed || found.as_ref().is_some_and(|d| d.kind != ErrorKind::SyntaxError) {
            return found;
        }
        let current = self.toks.last().map_or(1, |t| t.line);
        loop {
            match self.tk.next_token() {
                Ok(t) if t.kind == Tok::End => return found,
                Ok(_) => {}
                Err(d) => {
                    // In an f-string, the complaint about its expression is the better one.
                    if self.tk.in_string() {
                        return found;
                    }
                    // An open bracket counts only if it was opened before the error's line.
                    if d.msg.ends_with("was never closed")
                        && self.tk.open_line().is_some_and(|l| current <= l)
                    {
                        return found;
                    }
                    return Some(d);
                }
            }
        }
    }

    /// Behind a single statement nothing but comments may follow.
    fn after_single(&mut self, start: Start) -> Option<Diag> {
        if start != Start::Interactive {
            return None;
        }
        let rest = &self.text[self.tk.cur..];
        let more = rest.lines().any(|l| {
            let l = l.trim_matches([' ', '\t', '\x0c']);
            !l.is_empty() && !l.starts_with('#')
        });
        let last = *self.toks.last()?;
        more.then(|| self.at_token(last, "multiple statements found while compiling a single statement"))
    }

    /// Has everything been read?
    fn at_end(&self) -> bool {
        self.toks.last().is_some_and(|t| {
            matches!(t.kind, Tok::End)
                // The end of the source in the place of a newline.
                || (t.kind == Tok::Newline && t.to >= self.text.len() && t.from == t.to)
                || (t.kind == Tok::Dedent && self.tk.done)
        })
    }

    // -- tokens

    fn fill(&mut self) -> Option<Token> {
        if self.pos < self.toks.len() {
            return Some(self.toks[self.pos]);
        }
        if self.error.is_some() {
            return None;
        }
        match self.tk.next_token() {
            Ok(mut t) => {
                if self.interactive && t.kind == Tok::End && self.started {
                    // The end of the input ends the line, too, and open blocks.
                    t.kind = Tok::Newline;
                    self.started = false;
                    if self.imply_dedent {
                        self.tk.close_blocks();
                    }
                } else {
                    self.started = true;
                }
                self.toks.push(t);
                self.tok_nodes.push(EMPTY);
                Some(t)
            }
            Err(d) => {
                self.tok_failed = true;
                self.error = Some(d);
                None
            }
        }
    }

    fn tok_text(&self, t: Token) -> &'s str {
        &self.text[t.from..t.to]
    }

    fn take(&mut self) -> Option<NodeId> {
        let i = self.pos;
        self.pos += 1;
        if self.tok_nodes[i] == EMPTY {
            self.tok_nodes[i] = self.node(Kind::Token, i, Vec::new());
        }
        Some(self.tok_nodes[i])
    }

    fn node(&mut self, kind: Kind, from: usize, children: Vec<NodeId>) -> NodeId {
        let to = self.pos as u32;
        self.nodes.push(Node { kind, from: from as u32, to, children });
        self.nodes.len() as NodeId - 1
    }

    fn is_keyword(&self, s: &str) -> bool {
        self.g.keywords.contains(&s)
    }

    // -- rules

    fn rule(&mut self, r: usize) -> Option<NodeId> {
        if self.error.is_some() {
            return None;
        }
        let rule = &self.g.rules[r];
        if rule.invalid && !self.invalid {
            return None;
        }
        let start = self.pos;
        let flag = if rule.memo || rule.left_recursive { 2 } else { self.invalid as u8 };
        let key = (r as u32, start as u32, flag);
        let remembers = rule.name != "name_or_attr";
        if remembers && let Some(m) = self.memo.get(&key) {
            let (node, end) = (*m)?;
            self.pos = end as usize;
            return Some(node);
        }
        self.depth += 1;
        if self.depth > MAX_STACK {
            self.error = Some(Diag {
                kind: ErrorKind::MemoryError,
                ..Diag::new(
                    "Parser stack overflowed - Python source too complex to parse",
                    Pos::default(),
                    End::Zero,
                )
            });
            return None;
        }
        let g = self.g;
        let rule = &g.rules[r];
        let was_invalid = self.invalid;
        if rule.name == "expression_without_invalid" {
            self.invalid = false;
        }
        let out = with_stack(self.depth, || {
            if rule.left_recursive { self.grow(&rule.alts, key) } else { self.alts(&rule.alts) }
        });
        self.invalid = was_invalid;
        self.depth -= 1;
        if out.is_some()
            && rule.name == "compound_stmt"
            && let Some(begin) = self.toks[start].start
            && begin.line >= self.compound.line
        {
            self.compound = begin;
        }
        if remembers && self.error.is_none() {
            self.memo.insert(key, out.map(|n| (n, self.pos as u32)));
        }
        out
    }

    fn grow(&mut self, alts: &'g [Alt], key: (u32, u32, u8)) -> Option<NodeId> {
        let start = self.pos;
        self.memo.insert(key, None);
        let mut best: Option<(NodeId, usize)> = None;
        loop {
            self.pos = start;
            let Some(n) = self.alts(alts) else { break };
            if best.is_some_and(|b| self.pos <= b.1) {
                break;
            }
            best = Some((n, self.pos));
            self.memo.insert(key, Some((n, self.pos as u32)));
        }
        let (n, end) = best?;
        self.pos = end;
        Some(n)
    }

    fn alts(&mut self, alts: &'g [Alt]) -> Option<NodeId> {
        let start = self.pos;
        for a in alts {
            self.pos = start;
            let mut cut = false;
            if let Some(n) = self.alt(a, &mut cut) {
                return Some(n);
            }
            if self.error.is_some() || cut {
                break;
            }
        }
        self.pos = start;
        None
    }

    fn alt(&mut self, a: &'g Alt, cut: &mut bool) -> Option<NodeId> {
        let start = self.pos;
        let mut children = Vec::new();
        let mut env: [(char, NodeId); 4] = [(' ', EMPTY); 4];
        let mut named = 0;
        for (name, item) in &a.items {
            if matches!(item, Item::Cut) {
                *cut = true;
                continue;
            }
            let n = self.item(item)?;
            if let Some(c) = name
                && named < env.len()
            {
                env[named] = (*c, n);
                named += 1;
            }
            if !matches!(item, Item::And(_) | Item::Not(_)) {
                children.push(n);
            }
        }
        let get = |c: char| env.iter().rev().find(|e| e.0 == c).map_or(EMPTY, |e| e.1);
        match a.result {
            Outcome::Default => match children[..] {
                [one] => Some(one),
                _ => Some(self.node(Kind::Seq, start, children)),
            },
            Outcome::Capture(c) => Some(get(c)),
            Outcome::Node(kind) => Some(self.node(kind, start, children)),
            Outcome::Action(text) => {
                self.captured_target = get('a');
                self.action(text, get('a'), get('b'))
            }
        }
    }

    fn item(&mut self, item: &'g Item) -> Option<NodeId> {
        if self.error.is_some() {
            return None;
        }
        match item {
            Item::Tok(kind) => {
                let t = self.fill()?;
                if t.kind != *kind || (t.kind == Tok::Name && self.is_keyword(self.tok_text(t))) {
                    return None;
                }
                self.take()
            }
            Item::Lit(s) => {
                let t = self.fill()?;
                if !matches!(t.kind, Tok::Op | Tok::Name) || self.tok_text(t) != *s {
                    return None;
                }
                self.take()
            }
            Item::Soft(s) => {
                let t = self.fill()?;
                if t.kind != Tok::Name || self.tok_text(t) != *s {
                    return None;
                }
                self.take()
            }
            Item::AnySoft => {
                let t = self.fill()?;
                if t.kind != Tok::Name || !matches!(self.tok_text(t), "_" | "case" | "match" | "type") {
                    return None;
                }
                self.take()
            }
            Item::Rule(r) => self.rule(*r),
            Item::Opt(i) => {
                let start = self.pos;
                match self.item(i) {
                    Some(n) => Some(n),
                    None if self.error.is_some() => None,
                    None => {
                        self.pos = start;
                        Some(EMPTY)
                    }
                }
            }
            Item::Star(i) => self.many(i, None, 0),
            Item::Plus(i) => self.many(i, None, 1),
            Item::Gather(sep, i) => self.many(i, Some(sep), 1),
            Item::Group(alts) => self.alts(alts),
            Item::And(i) => {
                let start = self.pos;
                let out = self.item(i);
                self.pos = start;
                out.map(|_| EMPTY)
            }
            Item::Not(i) => {
                let start = self.pos;
                let out = self.item(i);
                self.pos = start;
                if out.is_some() || self.error.is_some() { None } else { Some(EMPTY) }
            }
            Item::Cut => Some(EMPTY),
            Item::Force(s) => {
                let t = self.fill()?;
                if self.tok_text(t) != *s {
                    self.error = Some(self.known(&format!("expected '{s}'"), t, t));
                    return None;
                }
                self.take()
            }
        }
    }

    fn many(&mut self, item: &'g Item, sep: Option<&'g Item>, min: usize) -> Option<NodeId> {
        let start = self.pos;
        let mut children = Vec::new();
        loop {
            let before = self.pos;
            if let Some(s) = sep
                && !children.is_empty()
                && self.item(s).is_none()
            {
                self.pos = before;
                break;
            }
            match self.item(item) {
                Some(n) => children.push(n),
                None => {
                    self.pos = before;
                    break;
                }
            }
            if self.pos == before {
                break;
            }
        }
        if self.error.is_some() {
            return None;
        }
        if children.len() < min {
            self.pos = start;
            return None;
        }
        Some(self.node(Kind::Seq, start, children))
    }

    // -- places

    /// An error at a token, with CPython's way of giving its end.
    fn at_token(&self, t: Token, msg: &str) -> Diag {
        match (t.start, t.end) {
            (Some(s), Some(e)) => Diag::new(msg, s, End::At(e)),
            _ => {
                // A token without extent: where reading stands.
                let here = self.tk.here();
                let mut d = Diag::new(msg, Pos { line: t.line, col: here.col.saturating_sub(1) }, End::Minus);
                d.col_zero = here.col == 0;
                d
            }
        }
    }

    /// An error from the beginning of one token to the end of another.
    fn known(&self, msg: &str, a: Token, b: Token) -> Diag {
        match (a.start, b.end) {
            (Some(s), Some(e)) => Diag::new(msg, s, End::At(e)),
            _ => {
                let mut d = Diag::new(msg, Pos { line: a.line, col: 0 }, End::Zero);
                d.col_zero = true;
                d
            }
        }
    }
}
