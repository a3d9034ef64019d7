//! The classes of the `ast` module: names, fields, types. Everything else about them follows from this table.

use std::collections::HashMap;
use std::sync::OnceLock;

/// How often a field's value stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Quant {
    One,
    /// `?`
    Optional,
    /// `*`: a list.
    Many,
    /// `?*`: a list whose items may be None.
    ManyOptional,
}

#[derive(Clone, Debug)]
pub struct FieldDef {
    pub name: &'static str,
    /// A class, or one of `identifier`, `int`, `string`, `constant`.
    pub typ: &'static str,
    pub quant: Quant,
}

#[derive(Clone, Debug)]
pub struct Class {
    pub name: &'static str,
    /// `AST` for the abstract ones and for products.
    pub base: &'static str,
    pub fields: Vec<FieldDef>,
    /// Has it `lineno` and the like?
    pub positions: bool,
    /// A class with subclasses, never instantiated by the compiler.
    pub is_sum: bool,
    pub doc: String,
    /// Position in [`classes`].
    pub index: usize,
}

impl Class {
    pub fn field(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|f| f.name == name)
    }
}

/// `name = …` introduces a sum, `name(…)` alone a product; `@` marks those with positions.
const TABLE: &str = "\
mod = Module(stmt* body, type_ignore* type_ignores)
    | Interactive(stmt* body)
    | Expression(expr body)
    | FunctionType(expr* argtypes, expr returns)
@stmt = FunctionDef(identifier name, arguments args, stmt* body, expr* decorator_list, expr? returns, string? type_comment, type_param* type_params)
    | AsyncFunctionDef(identifier name, arguments args, stmt* body, expr* decorator_list, expr? returns, string? type_comment, type_param* type_params)
    | ClassDef(identifier name, expr* bases, keyword* keywords, stmt* body, expr* decorator_list, type_param* type_params)
    | Return(expr? value)
    | Delete(expr* targets)
    | Assign(expr* targets, expr value, string? type_comment)
    | TypeAlias(expr name, type_param* type_params, expr value)
    | AugAssign(expr target, operator op, expr value)
    | AnnAssign(expr target, expr annotation, expr? value, int simple)
    | For(expr target, expr iter, stmt* body, stmt* orelse, string? type_comment)
    | AsyncFor(expr target, expr iter, stmt* body, stmt* orelse, string? type_comment)
    | While(expr test, stmt* body, stmt* orelse)
    | If(expr test, stmt* body, stmt* orelse)
    | With(withitem* items, stmt* body, string? type_comment)
    | AsyncWith(withitem* items, stmt* body, string? type_comment)
    | Match(expr subject, match_case* cases)
    | Raise(expr? exc, expr? cause)
    | Try(stmt* body, excepthandler* handlers, stmt* orelse, stmt* finalbody)
    | TryStar(stmt* body, excepthandler* handlers, stmt* orelse, stmt* finalbody)
    | Assert(expr test, expr? msg)
    | Import(alias* names)
    | ImportFrom(identifier? module, alias* names, int? level)
    | Global(identifier* names)
    | Nonlocal(identifier* names)
    | Expr(expr value)
    | Pass
    | Break
    | Continue
@expr = BoolOp(boolop op, expr* values)
    | NamedExpr(expr target, expr value)
    | BinOp(expr left, operator op, expr right)
    | UnaryOp(unaryop op, expr operand)
    | Lambda(arguments args, expr body)
    | IfExp(expr test, expr body, expr orelse)
    | Dict(expr?* keys, expr* values)
    | Set(expr* elts)
    | ListComp(expr elt, comprehension* generators)
    | SetComp(expr elt, comprehension* generators)
    | DictComp(expr key, expr value, comprehension* generators)
    | GeneratorExp(expr elt, comprehension* generators)
    | Await(expr value)
    | Yield(expr? value)
    | YieldFrom(expr value)
    | Compare(expr left, cmpop* ops, expr* comparators)
    | Call(expr func, expr* args, keyword* keywords)
    | FormattedValue(expr value, int conversion, expr? format_spec)
    | Interpolation(expr value, constant str, int conversion, expr? format_spec)
    | JoinedStr(expr* values)
    | TemplateStr(expr* values)
    | Constant(constant value, string? kind)
    | Attribute(expr value, identifier attr, expr_context ctx)
    | Subscript(expr value, expr slice, expr_context ctx)
    | Starred(expr value, expr_context ctx)
    | Name(identifier id, expr_context ctx)
    | List(expr* elts, expr_context ctx)
    | Tuple(expr* elts, expr_context ctx)
    | Slice(expr? lower, expr? upper, expr? step)
expr_context = Load | Store | Del
boolop = And | Or
operator = Add | Sub | Mult | MatMult | Div | Mod | Pow | LShift | RShift | BitOr | BitXor | BitAnd | FloorDiv
unaryop = Invert | Not | UAdd | USub
cmpop = Eq | NotEq | Lt | LtE | Gt | GtE | Is | IsNot | In | NotIn
comprehension(expr target, expr iter, expr* ifs, int is_async)
@excepthandler = ExceptHandler(expr? type, identifier? name, stmt* body)
arguments(arg* posonlyargs, arg* args, arg? vararg, arg* kwonlyargs, expr?* kw_defaults, arg? kwarg, expr* defaults)
@arg(identifier arg, expr? annotation, string? type_comment)
@keyword(identifier? arg, expr value)
@alias(identifier name, identifier? asname)
withitem(expr context_expr, expr? optional_vars)
match_case(pattern pattern, expr? guard, stmt* body)
@pattern = MatchValue(expr value)
    | MatchSingleton(constant value)
    | MatchSequence(pattern* patterns)
    | MatchMapping(expr* keys, pattern* patterns, identifier? rest)
    | MatchClass(expr cls, pattern* patterns, identifier* kwd_attrs, pattern* kwd_patterns)
    | MatchStar(identifier? name)
    | MatchAs(pattern? pattern, identifier? name)
    | MatchOr(pattern* patterns)
type_ignore = TypeIgnore(int lineno, string tag)
@type_param = TypeVar(identifier name, expr? bound, expr? default_value)
    | ParamSpec(identifier name, expr? default_value)
    | TypeVarTuple(identifier name, expr? default_value)
";

struct Table {
    list: Vec<Class>,
    by_name: HashMap<&'static str, usize>,
}

static CLASSES: OnceLock<Table> = OnceLock::new();

fn table() -> &'static Table {
    CLASSES.get_or_init(|| {
        let mut list = Vec::new();
        // Definitions begin in column 0.
        let mut defs: Vec<Vec<&'static str>> = Vec::new();
        for line in TABLE.lines() {
            match line.strip_prefix("    | ") {
                Some(more) => {
                    if let Some(d) = defs.last_mut() {
                        d.push(more);
                    }
                }
                None => defs.push(vec![line]),
            }
        }
        for d in defs {
            define(&d, &mut list);
        }
        let by_name = list.iter().map(|c| (c.name, c.index)).collect();
        Table { list, by_name }
    })
}

fn define(def: &[&'static str], list: &mut Vec<Class>) {
    let (positions, first) = match def[0].strip_prefix('@') {
        Some(rest) => (true, rest),
        None => (false, def[0]),
    };
    let mut add = |name, base, fields, is_sum, doc| {
        let index = list.len();
        list.push(Class { name, base, fields, positions, is_sum, doc, index });
    };
    let Some((name, head)) = first.split_once(" = ") else {
        let (name, fields) = constructor(first);
        add(name, "AST", fields, false, first.to_string());
        return;
    };
    let mut alts: Vec<&'static str> = Vec::new();
    if head.contains('(') {
        alts.push(head);
        alts.extend(&def[1..]);
    } else if def.len() == 1 {
        alts.extend(head.split(" | "));
    } else {
        alts.push(head);
        alts.extend(&def[1..]);
    }
    let simple = alts.iter().all(|a| !a.contains('('));
    let pad = format!("\n{}| ", " ".repeat(name.len() + 1));
    let doc = format!("{name} = {}", alts.join(if simple { " | " } else { &pad }));
    add(name, "AST", Vec::new(), true, doc);
    for a in alts {
        let (c, fields) = constructor(a);
        add(c, name, fields, false, a.to_string());
    }
}

fn constructor(s: &'static str) -> (&'static str, Vec<FieldDef>) {
    let Some((name, rest)) = s.split_once('(') else { return (s, Vec::new()) };
    let fields = rest
        .trim_end_matches(')')
        .split(", ")
        .filter_map(|f| f.split_once(' '))
        .map(|(typ, name)| {
            let quant = if typ.ends_with("?*") {
                Quant::ManyOptional
            } else if typ.ends_with('*') {
                Quant::Many
            } else if typ.ends_with('?') {
                Quant::Optional
            } else {
                Quant::One
            };
            FieldDef { name, typ: typ.trim_end_matches(['*', '?']), quant }
        })
        .collect();
    (name, fields)
}

/// All classes, bases before what derives from them.
pub fn classes() -> &'static [Class] {
    &table().list
}

pub fn class(name: &str) -> Option<&'static Class> {
    let t = table();
    t.by_name.get(name).map(|&i| &t.list[i])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read() {
        let c = class("arguments").expect("arguments");
        assert_eq!(c.fields[4].quant, Quant::ManyOptional);
        assert_eq!((c.base, c.positions), ("AST", false));
        let c = class("Pass").expect("Pass");
        assert_eq!((c.base, c.positions, c.doc.as_str()), ("stmt", true, "Pass"));
        assert_eq!(class("unaryop").expect("unaryop").doc, "unaryop = Invert | Not | UAdd | USub");
        let doc = &class("mod").expect("mod").doc;
        assert!(
            doc.starts_with("mod = Module(stmt* body, type_ignore* type_ignores)\n    | Interactive("),
            "{doc}"
        );
        assert_eq!(classes().len(), 125);
    }
}
