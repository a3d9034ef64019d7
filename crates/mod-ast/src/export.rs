//! Trees of the compiler → objects.

use crate::classes;
use adder_compiler::tree::{Node, Tree};
use adder_vm::builtins::{code, list, object};
use adder_vm::err::R;
use adder_vm::interp::call::Gather;
use adder_vm::thread::Th;
use adder_vm::value::*;

pub fn node(th: Th, n: &Node) -> R<Value> {
    th.check_stack(" during ast construction")?;
    // Operators and contexts are one object each.
    if let Some(v) = classes::singleton(th, n.class.index)? {
        return Ok(v);
    }
    let o = object::new_instance(th, classes::at(th, n.class.index)?)?;
    for (f, t) in n.class.fields.iter().zip(&n.fields) {
        let v = tree(th, t)?;
        th.set_instance_attr(o, th.intern(f.name), Some(v))?;
    }
    if n.class.positions {
        let p = &n.pos;
        let at = [p.line, p.col, p.end_line, p.end_col];
        for (name, x) in classes::POSITION.iter().zip(at) {
            th.set_instance_attr(o, th.intern(name), Some(Value::fix(x as i64)))?;
        }
    }
    Ok(o)
}

fn tree(th: Th, t: &Tree) -> R<Value> {
    Ok(match t {
        Tree::None => NONE(),
        Tree::Node(n) => node(th, n)?,
        Tree::List(items) => {
            let mut g = Gather::new();
            for t in items {
                let v = tree(th, t)?;
                g.push(th, v)?;
            }
            list::new(th, g.as_slice())?.value()
        }
        Tree::Ident(s) => th.intern(s),
        Tree::Str(s) => th.try_str(s)?,
        Tree::Int(n) => th.int(*n),
        Tree::Const(c) => code::constant(th, c)?,
    })
}
