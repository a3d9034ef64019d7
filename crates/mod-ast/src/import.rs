//! Objects → trees of the compiler, with CPython's checks of types (`Python/Python-ast.c`). Attributes are read as Python
//! would read them: nodes may be of subclasses, with properties.

use crate::classes::{self, POSITION};
use adder_bytecode::{Const, Position};
use adder_compiler::tree::{Class, FieldDef, Node, Quant, Tree, asdl};
use adder_vm::builtins::int::{self, IntRef};
use adder_vm::err::R;
use adder_vm::object::*;
use adder_vm::thread::Th;
use adder_vm::value::*;

/// The tree of a module node, known to be of (a subclass of) `class`.
pub fn root(th: Th, v: Value, class: &str) -> R<Node> {
    fields(th, v, asdl::class(class).expect("a class"), Position::default())
}

fn repr(th: Th, v: Value) -> R<String> {
    Ok(th.text(th.repr(v)?))
}

/// A value where the grammar says `typ`, the name of a sum or a product.
fn node(th: Th, v: Value, typ: &'static str) -> R<Tree> {
    let sum = asdl::class(typ).expect("a class of the grammar");
    // The grammar's simple sums (operators, contexts) do not take None.
    let simple = sum.is_sum && !sum.positions && typ != "mod" && typ != "type_ignore";
    if v.is(NONE()) && sum.is_sum && !simple {
        return Ok(Tree::None);
    }
    th.check_stack(traversing(typ))?;
    let mut pos = Position::default();
    if sum.positions {
        pos = position(th, v, sum)?;
    }
    if !sum.is_sum {
        return Ok(Tree::Node(Box::new(fields(th, v, sum, pos)?)));
    }
    let t = th.type_of(v);
    for c in asdl::classes().iter().filter(|c| c.base == typ) {
        if th.is_subtype(t, classes::at(th, c.index)?) {
            return Ok(Tree::Node(Box::new(fields(th, v, c, pos)?)));
        }
    }
    Err(th.type_error(format!("expected some sort of {typ}, but got {}", repr(th, v)?)))
}

fn traversing(typ: &str) -> &'static str {
    match typ {
        "expr" => " while traversing 'expr' node",
        "stmt" => " while traversing 'stmt' node",
        "pattern" => " while traversing 'pattern' node",
        _ => " during ast construction",
    }
}

fn c_int(th: Th, v: Value) -> R<i64> {
    if !int::is_int(v) && !v.is_kind(Kind::Bool) {
        return Err(th.value_error(format!("invalid integer value: {}", repr(th, v)?)));
    }
    let n = th.index_i64(v).ok().filter(|n| i32::try_from(*n).is_ok());
    n.ok_or_else(|| {
        th.pending().map(|_| th.take_exc());
        th.overflow_error("Python int too large to convert to C int")
    })
}

/// Where the node stands. Negative numbers do not get through: the compiler's positions have none.
fn position(th: Th, v: Value, sum: &Class) -> R<Position> {
    let mut at = [0i64; 4];
    for (i, name) in POSITION.iter().enumerate() {
        let x = th.getattr_opt(v, th.intern(name))?;
        let optional = i >= 2 && !matches!(sum.name, "pattern" | "type_param");
        at[i] = match x {
            None if optional => at[i - 2],
            Some(x) if optional && x.is(NONE()) => at[i - 2],
            None => {
                return Err(th.type_error(format!("required field \"{name}\" missing from {}", sum.name)));
            }
            Some(x) => c_int(th, x)?,
        };
    }
    let [line, col, end_line, end_col] = at;
    if line > end_line {
        return Err(th.value_error(format!("AST node line range ({line}, {end_line}) is not valid")));
    }
    if (line < 0 && end_line != line) || (col < 0 && end_col != col) {
        return Err(th.value_error(format!(
            "AST node column range ({col}, {end_col}) for line range ({line}, {end_line}) is not valid"
        )));
    }
    if line == end_line && col > end_col {
        return Err(th.value_error(format!("line {line}, column {col}-{end_col} is not a valid range")));
    }
    let u = |n: i64| n.max(0) as u32;
    Ok(Position { line: u(line), col: u(col), end_line: u(end_line), end_col: u(end_col) })
}

fn fields(th: Th, v: Value, class: &'static Class, pos: Position) -> R<Node> {
    let mut out = Vec::with_capacity(class.fields.len());
    for f in &class.fields {
        out.push(field(th, v, class, f)?);
    }
    Ok(Node { class, fields: out, pos })
}

fn field(th: Th, v: Value, class: &Class, f: &FieldDef) -> R<Tree> {
    let x = th.getattr_opt(v, th.intern(f.name))?;
    match f.quant {
        Quant::One => match x {
            Some(x) => one(th, x, f.typ),
            None => Err(th.type_error(format!("required field \"{}\" missing from {}", f.name, class.name))),
        },
        Quant::Optional => match x.filter(|x| !x.is(NONE())) {
            Some(x) => one(th, x, f.typ),
            None => Ok(Tree::None),
        },
        Quant::Many | Quant::ManyOptional => {
            let Some(x) = x else { return Ok(Tree::List(Vec::new())) };
            let Some(l) = x.cast::<List>() else {
                return Err(th.type_error(format!(
                    "{} field \"{}\" must be a list, not a {}",
                    class.name,
                    f.name,
                    th.type_name_of(x)
                )));
            };
            let n = l.len();
            let mut out = Vec::with_capacity(n);
            for i in 0..n {
                let Some(item) = l.get(i) else { break };
                let none = f.quant == Quant::ManyOptional && item.is(NONE());
                out.push(if none { Tree::None } else { one(th, item, f.typ)? });
                if l.len() != n {
                    return Err(th.runtime_error(format!(
                        "{} field \"{}\" changed size during iteration",
                        class.name, f.name
                    )));
                }
            }
            Ok(Tree::List(out))
        }
    }
}

fn one(th: Th, v: Value, typ: &'static str) -> R<Tree> {
    match typ {
        "identifier" => match v.exact::<Str>() {
            _ if v.is(NONE()) => Ok(Tree::None),
            Some(s) => Ok(Tree::Ident(s.lossy().into())),
            None => Err(th.type_error("AST identifier must be of type str")),
        },
        "string" => match v.exact::<Str>() {
            Some(s) => Ok(Tree::Str(s.bytes().into())),
            None => match v.exact::<Bytes>() {
                Some(b) => Ok(Tree::Str(b.bytes().into())),
                None => Err(th.type_error("AST string must be of type str")),
            },
        },
        "int" => Ok(Tree::Int(c_int(th, v)?)),
        "constant" => Ok(Tree::Const(constant(th, v)?)),
        _ => node(th, v, typ),
    }
}

fn constant(th: Th, v: Value) -> R<Const> {
    th.check_stack(" during compilation")?;
    if v.is(NONE()) {
        return Ok(Const::None);
    }
    if v.is(TRUE()) || v.is(FALSE()) {
        return Ok(if v.is(TRUE()) { Const::True } else { Const::False });
    }
    if v.is(ELLIPSIS()) {
        return Ok(Const::Ellipsis);
    }
    if int::is_exact(v) {
        if let Some(n) = int::to_i64(v) {
            return Ok(Const::Int(n));
        }
        let r = IntRef::new(v).expect("an int");
        let n = r.view();
        return Ok(Const::BigInt(n.neg, n.mag.into()));
    }
    let t = th.type_of(v);
    let is = |c: &adder_vm::native::TypeCell| t == c.get();
    if is(&adder_vm::builtins::float::FLOAT) {
        return Ok(Const::Float(adder_vm::builtins::float::get(v)));
    }
    if let Some(c) = v.exact::<Complex>() {
        return Ok(Const::Complex(c.re, c.im));
    }
    if let Some(s) = v.exact::<Str>() {
        return Ok(Const::Str(s.bytes().into()));
    }
    if let Some(b) = v.exact::<Bytes>() {
        return Ok(Const::Bytes(b.bytes().into()));
    }
    if let Some(x) = v.exact::<Tuple>() {
        return Ok(Const::Tuple(constants(th, x)?));
    }
    if is(&adder_vm::builtins::set::FROZENSET) {
        let x = adder_vm::builtins::tuple::from_iterable(th, v)?;
        return Ok(Const::FrozenSet(constants(th, x.known())?));
    }
    Err(th.type_error(format!("got an invalid type in Constant: {}", th.type_name_of(v))))
}

fn constants(th: Th, t: Gc<Tuple>) -> R<Box<[Const]>> {
    t.items().iter().map(|x| constant(th, *x)).collect()
}
