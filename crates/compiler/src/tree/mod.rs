//! Trees of the `ast` module as plain data: what `compile(…, PyCF_ONLY_AST)` yields and what `compile()` takes back.
//!
//! A [`Node`] has a class of [`asdl`] and its fields in the order of that table. The VM makes Python objects of them and
//! back; it alone knows Python values, so the checks of types (`expected some sort of expr, but got …`) are its own, with
//! the table's help. The checks of sense (`from`) are made here.

pub mod asdl;
pub(crate) mod comments;
mod from;
mod show;
mod to;

use adder_bytecode::{Const, Position};

pub use asdl::{Class, FieldDef, Quant};
pub(crate) use from::module_from_tree;
pub(crate) use to::tree_of;

#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    None,
    Node(Box<Node>),
    List(Vec<Tree>),
    /// `identifier`.
    Ident(Box<str>),
    /// `string`: WTF-8.
    Str(Box<[u8]>),
    Int(i64),
    /// `constant`.
    Const(Const),
}

#[derive(Clone, Debug)]
pub struct Node {
    pub class: &'static Class,
    pub fields: Vec<Tree>,
    /// Lines from 1, columns in bytes from 0; for classes with positions.
    pub pos: Position,
}

impl PartialEq for Node {
    fn eq(&self, o: &Node) -> bool {
        self.class.index == o.class.index && self.fields == o.fields && self.pos == o.pos
    }
}

impl Node {
    pub fn new(class: &str, fields: Vec<Tree>) -> Node {
        let class = asdl::class(class).unwrap_or(&asdl::classes()[0]);
        Node { class, fields, pos: Position::default() }
    }

    pub fn get(&self, name: &str) -> &Tree {
        self.class.field(name).and_then(|i| self.fields.get(i)).unwrap_or(&Tree::None)
    }

    /// One column to the left on the first line.
    pub(crate) fn shift_first_line(&mut self) {
        let p = &mut self.pos;
        if p.line == 1 {
            p.col = p.col.saturating_sub(1);
        }
        if p.end_line == 1 {
            p.end_col = p.end_col.saturating_sub(1);
        }
        for f in &mut self.fields {
            match f {
                Tree::Node(n) => n.shift_first_line(),
                Tree::List(items) => {
                    for i in items {
                        if let Tree::Node(n) = i {
                            n.shift_first_line();
                        }
                    }
                }
                _ => {}
            }
        }
    }
}
