//! A small PEG machine: rules as text ([`super::grammar`]), packrat memory, left recursion by growing a seed.
//!
//! It works as the parser that CPython generates from its grammar, so that it fails at the same token and asks the same
//! questions in the same order: lazily read tokens, rules with memory where CPython has it, a first pass without and a
//! second pass with the rules named `invalid_…`.
//!
//! # Notation
//! ```text
//! name: alt | alt            # `name*:` the rule remembers its results
//! 'kw' "soft" NAME rule      # tokens and rules
//! x? x* x+ sep.x+ (a | b)    # as usual; `[x]` is `x?`
//! &x !x ~ &&':'              # look ahead, cut, expect or fail
//! a=x                        # x is called a
//! -> Kind                    # the result is a node of that kind
//! => action                  # raise an error, see `actions`
//! ```
//! Without `->` and `=>` an alternative of one item yields that item's node, `-> =a` yields what is called a.

use std::collections::HashMap;

use rustc_hash::FxHashMap;

use super::tokens::Tok;

#[derive(Clone, Debug)]
pub enum Item {
    Tok(Tok),
    /// Operator or keyword.
    Lit(&'static str),
    /// Soft keyword.
    Soft(&'static str),
    AnySoft,
    Rule(usize),
    Opt(Box<Item>),
    Star(Box<Item>),
    Plus(Box<Item>),
    Gather(Box<Item>, Box<Item>),
    Group(Vec<Alt>),
    And(Box<Item>),
    Not(Box<Item>),
    Cut,
    Force(&'static str),
}

#[derive(Clone, Debug)]
pub struct Alt {
    /// Items and the names they are given.
    pub items: Vec<(Option<char>, Item)>,
    pub result: Outcome,
}

#[derive(Clone, Debug)]
pub enum Outcome {
    /// The only item, or a sequence.
    Default,
    Capture(char),
    Node(Kind),
    Action(&'static str),
}

#[derive(Clone, Debug)]
pub struct Rule {
    pub name: &'static str,
    pub alts: Vec<Alt>,
    pub memo: bool,
    pub left_recursive: bool,
    pub invalid: bool,
}

macro_rules! kinds {
    ($($k:ident),* $(,)?) => {
        /// What a node is, as far as messages tell it.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Kind { $($k),* }
        impl Kind {
            fn of(s: &str) -> Option<Kind> {
                match s { $(stringify!($k) => Some(Kind::$k),)* _ => None }
            }
        }
    };
}

kinds! {
    Token, Empty, Seq,
    Name, True, False, None, Ellipsis, Number, String, FString, TString,
    Attribute, Subscript, Call, Starred, List, Tuple, Set, Dict, ListComp, SetComp, DictComp, GeneratorExp,
    Lambda, IfExp, BoolOp, BinOp, UnaryOp, Compare, Await, Yield, NamedExpr,
    Pass, Keyword, DoubleStar, Clause, Slice, Pattern,
}

pub struct Grammar {
    pub rules: Vec<Rule>,
    pub names: HashMap<&'static str, usize>,
    pub keywords: Vec<&'static str>,
}

impl Grammar {
    pub fn parse(text: &'static str) -> Grammar {
        let mut chunks: Vec<(&'static str, bool, &'static str)> = Vec::new();
        let mut rest = text;
        // Rules begin in column 0.
        while let Some(start) = next_rule(rest) {
            rest = &rest[start..];
            let colon = rest.find(':').unwrap_or(0);
            let head = rest[..colon].trim();
            let body = &rest[colon + 1..];
            let end = next_rule(body).unwrap_or(body.len());
            let memo = head.ends_with('*');
            chunks.push((head.trim_end_matches('*'), memo, &body[..end]));
            rest = &body[end..];
        }
        let names: HashMap<&'static str, usize> = chunks.iter().enumerate().map(|(i, c)| (c.0, i)).collect();
        let mut g = Grammar { rules: Vec::new(), names, keywords: Vec::new() };
        for (name, memo, body) in chunks {
            let mut p = Reader { toks: lex(body), at: 0, g: &mut g, rule: name };
            let alts = p.alts();
            let left_recursive = alts
                .iter()
                .any(|a| matches!(a.items.first(), Some((_, Item::Rule(r))) if g.leads_to(*r, name)));
            let invalid = name.starts_with("invalid_");
            g.rules.push(Rule { name, alts, memo, left_recursive, invalid });
        }
        g
    }

    /// Only `name` itself and the pair attr/name_or_attr are left-recursive here.
    fn leads_to(&self, r: usize, name: &str) -> bool {
        self.names.get(name) == Some(&r) || (name == "attr" && self.names.get("name_or_attr") == Some(&r))
    }
}

fn next_rule(s: &str) -> Option<usize> {
    let mut at = 0;
    for line in s.split_inclusive('\n') {
        let b = line.as_bytes()[0];
        if b.is_ascii_lowercase() && line.contains(':') {
            return Some(at);
        }
        at += line.len();
    }
    None
}

/// Words of the notation.
fn lex(body: &'static str) -> Vec<&'static str> {
    let b = body.as_bytes();
    let mut out = Vec::new();
    let mut i = 0;
    while i < b.len() {
        let c = b[i];
        match c {
            b' ' | b'\n' => i += 1,
            b'#' => {
                while i < b.len() && b[i] != b'\n' {
                    i += 1;
                }
            }
            b'\'' | b'"' => {
                let mut j = i + 1;
                while b[j] != c {
                    j += 1;
                }
                out.push(&body[i..=j]);
                i = j + 1;
            }
            b'-' | b'=' if b.get(i + 1) == Some(&b'>') => {
                // To the end of the line.
                let end = body[i..].find('\n').map_or(body.len(), |e| i + e);
                out.push(&body[i..end]);
                i = end;
            }
            b'&' if b.get(i + 1) == Some(&b'&') => {
                out.push("&&");
                i += 2;
            }
            _ if c.is_ascii_alphanumeric() || c == b'_' => {
                let mut j = i;
                while j < b.len() && (b[j].is_ascii_alphanumeric() || b[j] == b'_') {
                    j += 1;
                }
                out.push(&body[i..j]);
                i = j;
            }
            _ => {
                out.push(&body[i..i + 1]);
                i += 1;
            }
        }
    }
    out
}

struct Reader<'g> {
    toks: Vec<&'static str>,
    at: usize,
    g: &'g mut Grammar,
    rule: &'static str,
}

impl Reader<'_> {
    fn peek(&self) -> &'static str {
        self.toks.get(self.at).copied().unwrap_or("")
    }

    fn bump(&mut self) -> &'static str {
        self.at += 1;
        self.toks[self.at - 1]
    }

    fn alts(&mut self) -> Vec<Alt> {
        let mut out = Vec::new();
        if self.peek() == "|" {
            self.at += 1;
        }
        loop {
            out.push(self.alt());
            if self.peek() != "|" {
                return out;
            }
            self.at += 1;
        }
    }

    fn alt(&mut self) -> Alt {
        let mut items = Vec::new();
        let mut result = Outcome::Default;
        loop {
            let w = self.peek();
            if w.is_empty() || w == "|" || w == ")" || w == "]" {
                break;
            }
            if let Some(kind) = w.strip_prefix("->") {
                let kind = kind.trim();
                result = match kind.strip_prefix('=') {
                    Some(n) => Outcome::Capture(n.chars().next().unwrap_or('a')),
                    None => Outcome::Node(
                        Kind::of(kind).unwrap_or_else(|| panic!("{}: no node kind {kind}", self.rule)),
                    ),
                };
                self.at += 1;
                continue;
            }
            if let Some(action) = w.strip_prefix("=>") {
                result = Outcome::Action(action.trim());
                self.at += 1;
                continue;
            }
            let name = if w.len() == 1 && self.toks.get(self.at + 1) == Some(&"=") {
                self.at += 2;
                w.chars().next()
            } else {
                None
            };
            items.push((name, self.item()));
        }
        Alt { items, result }
    }

    fn item(&mut self) -> Item {
        match self.peek() {
            "&" => {
                self.at += 1;
                return Item::And(Box::new(self.item()));
            }
            "!" => {
                self.at += 1;
                return Item::Not(Box::new(self.item()));
            }
            "&&" => {
                self.at += 1;
                let w = self.bump();
                return Item::Force(&w[1..w.len() - 1]);
            }
            "~" => {
                self.at += 1;
                return Item::Cut;
            }
            _ => {}
        }
        let mut base = self.atom();
        loop {
            match self.peek() {
                "?" => base = Item::Opt(Box::new(base)),
                "*" => base = Item::Star(Box::new(base)),
                "+" => base = Item::Plus(Box::new(base)),
                "." => {
                    self.at += 1;
                    let item = self.atom();
                    // The `+` of a gather.
                    self.at += 1;
                    base = Item::Gather(Box::new(base), Box::new(item));
                    continue;
                }
                _ => return base,
            }
            self.at += 1;
        }
    }

    fn atom(&mut self) -> Item {
        let w = self.bump();
        match w {
            "(" => {
                let alts = self.alts();
                self.at += 1;
                Item::Group(alts)
            }
            "[" => {
                let alts = self.alts();
                self.at += 1;
                Item::Opt(Box::new(Item::Group(alts)))
            }
            "NAME" => Item::Tok(Tok::Name),
            "NUMBER" => Item::Tok(Tok::Number),
            "STRING" => Item::Tok(Tok::String),
            "NEWLINE" => Item::Tok(Tok::Newline),
            "INDENT" => Item::Tok(Tok::Indent),
            "DEDENT" => Item::Tok(Tok::Dedent),
            "ENDMARKER" => Item::Tok(Tok::End),
            "FSTRING_START" => Item::Tok(Tok::FStart),
            "FSTRING_MIDDLE" => Item::Tok(Tok::FMiddle),
            "FSTRING_END" => Item::Tok(Tok::FEnd),
            "TSTRING_START" => Item::Tok(Tok::TStart),
            "TSTRING_MIDDLE" => Item::Tok(Tok::TMiddle),
            "TSTRING_END" => Item::Tok(Tok::TEnd),
            "SOFT_KEYWORD" => Item::AnySoft,
            _ if w.starts_with('\'') => {
                let lit = &w[1..w.len() - 1];
                if lit.as_bytes()[0].is_ascii_alphabetic() && !self.g.keywords.contains(&lit) {
                    self.g.keywords.push(lit);
                }
                Item::Lit(lit)
            }
            _ if w.starts_with('"') => {
                let lit = &w[1..w.len() - 1];
                if lit.as_bytes()[0].is_ascii_alphabetic() || lit == "_" {
                    Item::Soft(lit)
                } else {
                    Item::Lit(lit)
                }
            }
            _ => match self.g.names.get(w) {
                Some(&r) => Item::Rule(r),
                None => panic!("{}: no rule {w}", self.rule),
            },
        }
    }
}

pub type NodeId = u32;

/// A node of the tree: tokens `from..to`.
#[derive(Clone, Debug)]
pub struct Node {
    pub kind: Kind,
    pub from: u32,
    pub to: u32,
    pub children: Vec<NodeId>,
}

pub const EMPTY: NodeId = 0;

/// Results of rules: by rule, place and (for rules without memory in CPython) whether invalid rules count.
pub type Memo = FxHashMap<(u32, u32, u8), Option<(NodeId, u32)>>;
