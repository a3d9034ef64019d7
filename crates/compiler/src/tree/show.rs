//! Trees as text, in the way of `ast.dump(tree, include_attributes=…)`: for tests.

use super::{Node, Quant, Tree};
use crate::ast::Lit;
use crate::repr;
use adder_bytecode::Const;

impl Node {
    /// The text of `ast.dump`, which leaves out fields that are None or empty.
    pub fn dump(&self, attributes: bool) -> String {
        let mut out = String::new();
        node(&mut out, self, attributes);
        out
    }
}

fn node(out: &mut String, n: &Node, attributes: bool) {
    out.push_str(n.class.name);
    out.push('(');
    let mut first = true;
    for (f, v) in n.class.fields.iter().zip(&n.fields) {
        let empty = match v {
            // `Constant(value=None)` is shown.
            Tree::None => f.quant != Quant::One,
            Tree::List(l) => l.is_empty(),
            _ => false,
        };
        if empty {
            continue;
        }
        if !std::mem::take(&mut first) {
            out.push_str(", ");
        }
        out.push_str(f.name);
        out.push('=');
        tree(out, v, attributes);
    }
    if attributes && n.class.positions {
        let p = n.pos;
        for (name, v) in [
            ("lineno", p.line),
            ("col_offset", p.col),
            ("end_lineno", p.end_line),
            ("end_col_offset", p.end_col),
        ] {
            if !std::mem::take(&mut first) {
                out.push_str(", ");
            }
            out.push_str(&format!("{name}={v}"));
        }
    }
    out.push(')');
}

fn tree(out: &mut String, t: &Tree, attributes: bool) {
    match t {
        Tree::None => out.push_str("None"),
        Tree::Node(n) => node(out, n, attributes),
        Tree::List(l) => {
            out.push('[');
            for (i, t) in l.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                tree(out, t, attributes);
            }
            out.push(']');
        }
        Tree::Ident(s) => repr::string(out, s.as_bytes()),
        Tree::Str(s) => repr::string(out, s),
        Tree::Int(v) => out.push_str(&v.to_string()),
        Tree::Const(c) => constant(out, c),
    }
}

fn constant(out: &mut String, c: &Const) {
    let lit = match c {
        Const::None => Lit::None,
        Const::True => Lit::True,
        Const::False => Lit::False,
        Const::Ellipsis => Lit::Ellipsis,
        Const::Int(v) => Lit::Int(*v),
        Const::BigInt(n, l) => Lit::Big(*n, l),
        Const::Float(v) => Lit::Float(*v),
        Const::Complex(r, i) => Lit::Complex(*r, *i),
        Const::Str(s) => Lit::Str(s),
        Const::Bytes(s) => Lit::Bytes(s),
        Const::Tuple(t) | Const::FrozenSet(t) => {
            out.push('(');
            for (i, c) in t.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                constant(out, c);
            }
            out.push_str(if t.len() == 1 { ",)" } else { ")" });
            return;
        }
        Const::Slice(_) | Const::Code(_) | Const::Lazy(_) => return out.push_str("<constant>"),
    };
    repr::push_lit(out, &lit);
}
