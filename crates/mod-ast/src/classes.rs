//! Module `_ast`: `AST` and the classes of nodes, made from the compiler's table of the grammar.
//!
//! `AST` is native; the others are ordinary classes made by `type()`, so that attributes live in instances as everywhere.
//! They are kept in `Root::ast_types` with the instances of operators and contexts that all trees share, independent of
//! what Python code does to the module. Constructors and `__replace__`: as in CPython 3.14 (`Parser/asdl_c.py`).
//!
//! # Invariants
//! `Root::ast_types` holds one tuple: the classes in the order of `asdl::classes()`, then the shared instances. No
//! Python code has a hand on it, so an index below the number of classes gives a class.

use adder_compiler::pycf;
use adder_compiler::tree::{Class, Quant, asdl};
use adder_vm::builtins::{self, exceptions as exc, list, set};
use adder_vm::err::R;
use adder_vm::interp::call::Gather;
use adder_vm::n;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::Slots;
use adder_vm::thread::{Root, Th};
use adder_vm::value::*;
use adder_vm::warn;

pub static MODULE: NativeModule = NativeModule {
    name: "_ast",
    doc: "",
    functions: &[],
    types: &[&AST],
    init: Some(|th, m| {
        for (name, v) in [
            ("PyCF_ALLOW_TOP_LEVEL_AWAIT", pycf::ALLOW_TOP_LEVEL_AWAIT),
            ("PyCF_ONLY_AST", pycf::ONLY_AST),
            ("PyCF_TYPE_COMMENTS", pycf::TYPE_COMMENTS),
            ("PyCF_OPTIMIZED_AST", pycf::OPTIMIZED_AST),
        ] {
            m.put(th, name, Value::fix(v as i64))?;
        }
        for c in asdl::classes() {
            m.put(th, c.name, at(th, c.index)?.value())?;
        }
        Ok(())
    }),
};

/// The attributes that tell where a node stands.
pub const POSITION: [&str; 4] = ["lineno", "col_offset", "end_lineno", "end_col_offset"];

static AST_TYPE: NativeType = NativeType {
    name: "ast.AST",
    kind: Kind::Native,
    size: 8,
    flags: tflags::BASETYPE | tflags::HAS_DICT | tflags::SHOWN_AS_HEAP,
    slots: Slots { init: Some(init), repr: Some(|th, o| repr(th, o, 3)), ..Slots::NONE },
    methods: &[
        method("__reduce__", "($self, /)", "", reduce),
        raw_method(
            "__replace__",
            "($self, /, **fields)",
            "Return a copy of the AST node with new values for the specified fields.",
            replace,
        ),
    ],
    getset: &[getset(
        "__dict__",
        "",
        |th, o| Ok(th.instance_dict(o)?.map_or(NONE(), |d| d.value())),
        builtins::descr::set_dict,
    )],
    init: Some(|th, t| {
        let none = th.tuple(&[]);
        for k in ["_fields", "__match_args__", "_attributes"] {
            t.dict_().set(th, th.intern(k), none)?;
        }
        Ok(())
    }),
    ..NativeType::DEFAULT
};
pub static AST: TypeCell = TypeCell::new(&AST_TYPE);

/// Types by number of class, then the shared instances.
fn table(th: Th) -> R<Gc<Tuple>> {
    if let Some(t) = Root::ast_types.get() {
        return Ok(t.known());
    }
    let classes = asdl::classes();
    let base = th.make_type(&AST);
    let mut types = Gather::new();
    for c in classes {
        let t = make(th, base, c, types.as_slice())?;
        types.push(th, t)?;
    }
    for c in classes {
        let t: Gc<Type> = types.as_slice()[c.index].known();
        let shared = !c.is_sum
            && c.fields.is_empty()
            && matches!(c.base, "expr_context" | "boolop" | "operator" | "unaryop" | "cmpop");
        let v = if shared { builtins::object::new_instance(th, t)? } else { NONE() };
        types.push(th, v)?;
    }
    let t = th.try_tuple(types.as_slice())?;
    Root::ast_types.set(Some(t));
    for c in classes.iter().filter(|c| !c.is_sum) {
        let (types, t) = (field_types(th, c)?, at(th, c.index)?.value());
        th.setattr(t, th.intern("_field_types"), Some(types))?;
        th.setattr(t, n!(__annotations__), Some(types))?;
    }
    Ok(t.known())
}

/// The type of class number `i`.
pub fn at(th: Th, i: usize) -> R<Gc<Type>> {
    Ok(table(th)?.items()[i].known())
}
pub fn class(th: Th, name: &str) -> R<Gc<Type>> {
    at(th, asdl::class(name).expect("a class of the grammar").index)
}
/// The instance that stands for all of a class without fields.
pub fn singleton(th: Th, i: usize) -> R<Option<Value>> {
    Ok(Some(table(th)?.items()[asdl::classes().len() + i]).filter(|v| !v.is(NONE())))
}

fn strings(th: Th, names: &[&str]) -> Value {
    let mut g = Gather::new();
    for s in names {
        g.push(th, th.intern(s)).expect("a few names");
    }
    th.tuple(g.as_slice())
}

fn make(th: Th, ast: Gc<Type>, c: &Class, made: &[Value]) -> R<Value> {
    let base = match asdl::class(c.base) {
        Some(b) => made[b.index],
        None => ast.value(),
    };
    let d = Gc::<Dict>::with_capacity(th, 12);
    let put = |k: &str, v: Value| d.set(th, th.intern(k), v);
    let names: Vec<&str> = c.fields.iter().map(|f| f.name).collect();
    let fields = strings(th, &names);
    put("_fields", fields)?;
    put("__match_args__", fields)?;
    d.set(th, n!(__module__), th.intern("ast"))?;
    d.set(th, n!(__doc__), th.str(&c.doc))?;
    for f in c.fields.iter().filter(|f| f.quant == Quant::Optional) {
        put(f.name, NONE())?;
    }
    // Attributes are the matter of sums and products.
    if c.base == "AST" {
        put("_attributes", if c.positions { strings(th, &POSITION) } else { th.tuple(&[]) })?;
        if c.positions && !matches!(c.name, "pattern" | "type_param") {
            put("end_lineno", NONE())?;
            put("end_col_offset", NONE())?;
        }
    }
    let args = [th.str(c.name), th.tuple(&[base]), d.value()];
    let t = th.call(builtins::type_::TYPE.get().value(), &args)?;
    Ok(t)
}

/// `_field_types`: made once all classes exist.
fn field_types(th: Th, c: &Class) -> R<Value> {
    let types = Gc::<Dict>::new(th);
    for f in &c.fields {
        let t = match f.typ {
            "identifier" | "string" => builtins::str_type::STR.get().value(),
            "int" => builtins::int::INT.get().value(),
            "constant" => builtins::object::OBJECT.get().value(),
            name => class(th, name)?.value(),
        };
        let t = match f.quant {
            Quant::One => t,
            Quant::Optional => builtins::typing::union_or(th, t, NONE())?,
            Quant::Many | Quant::ManyOptional => {
                builtins::generic_alias::make(th, list::LIST.get().value(), th.tuple(&[t]))?
            }
        };
        types.set(th, th.intern(f.name), t)?;
    }
    Ok(types.value())
}

fn plural(n: usize) -> &'static str {
    if n == 1 { "" } else { "s" }
}

fn deprecated(th: Th, msg: String) -> R<()> {
    warn::warn(th, &exc::DEPRECATION_WARNING, &msg, 1)
}

/// The name that C code prints: dotted for native types.
fn full_name(t: Gc<Type>) -> String {
    if t == AST.get() { "ast.AST".into() } else { t.name_str().to_string() }
}

fn init(th: Th, o: Value, a: RawArgs) -> R<()> {
    let t = th.type_of(o);
    let fields = th.getattr(t.value(), th.intern("_fields"))?;
    let nfields = th.len(fields)?;
    let left = set::new(th)?;
    set::update(th, left, fields)?;
    if nfields < a.len() {
        return Err(th.type_error(format!(
            "{} constructor takes at most {nfields} positional argument{}",
            t.name_str(),
            plural(nfields)
        )));
    }
    for (i, v) in a.pos().iter().enumerate() {
        let name = th.getitem(fields, Value::fix(i as i64))?;
        th.setattr(o, name, Some(*v))?;
        th.call_method(left.value(), th.intern("discard"), &[name])?;
    }
    for (k, v) in a.keywords() {
        let known = th.contains(fields, k)?;
        if known {
            if !th.contains(left.value(), k)? {
                return Err(th.type_error(format!(
                    "{} got multiple values for argument {}",
                    full_name(t),
                    th.text(th.repr(k)?)
                )));
            }
            th.call_method(left.value(), th.intern("discard"), &[k])?;
        } else {
            let attributes = th.getattr(t.value(), th.intern("_attributes"))?;
            if !th.contains(attributes, k)? {
                deprecated(
                    th,
                    format!(
                        "{}.__init__ got an unexpected keyword argument {}. Support for arbitrary keyword \
                         arguments is deprecated and will be removed in Python 3.15.",
                        full_name(t),
                        th.text(th.repr(k)?)
                    ),
                )?;
            }
        }
        th.setattr(o, k, Some(v))?;
    }
    let Some(types) = th.getattr_opt(t.value(), th.intern("_field_types"))? else { return Ok(()) };
    // In the order of the fields (CPython's is that of a set).
    let context = class(th, "expr_context")?.value();
    th.for_each(fields, |name| {
        if !th.contains(left.value(), name)? {
            return Ok(());
        }
        let ft = match types.cast::<Dict>() {
            Some(d) => d.get(th, name)?,
            None => None,
        };
        let Some(ft) = ft else {
            return deprecated(
                th,
                format!(
                    "Field {} is missing from {}._field_types. This will become an error in Python 3.15.",
                    th.text(th.repr(name)?),
                    full_name(t)
                ),
            );
        };
        if th.type_of(ft) == builtins::union::UNION.get() {
            // Optional: the class has None.
            return Ok(());
        }
        if ft.is_kind(Kind::GenericAlias) {
            let l = list::new(th, &[])?;
            return th.setattr(o, name, Some(l.value()));
        }
        if ft.is(context) {
            let load = asdl::class("Load").expect("a context").index;
            return th.setattr(o, name, singleton(th, load)?);
        }
        deprecated(
            th,
            format!(
                "{}.__init__ missing 1 required positional argument: {}. This will become an error in Python 3.15.",
                full_name(t),
                th.text(th.repr(name)?)
            ),
        )
    })
}

/// Class, as many Nones as there are leading fields, and the attributes.
fn reduce(th: Th, a: &[Option<Value>]) -> R<Value> {
    let o = a[0].unwrap();
    let t = th.type_of(o).value();
    let empty = th.tuple(&[]);
    let Some(d) = th.getattr_opt(o, n!(__dict__))? else { return Ok(th.tuple(&[t, empty])) };
    let mut args = Gather::new();
    if let Some(fields) = th.getattr_opt(t, th.intern("_fields"))? {
        let mut open = true;
        th.for_each(fields, |name| {
            open = open && th.contains(d, name)?;
            if open { args.push(th, NONE()) } else { Ok(()) }
        })?;
    }
    let args = th.tuple(args.as_slice());
    Ok(th.tuple(&[t, args, d]))
}

fn replace(th: Th, a: RawArgs) -> R<Value> {
    let o = a.pos()[0];
    if a.len() > 1 {
        return Err(th.type_error("__replace__() takes no positional arguments"));
    }
    let t = th.type_of(o);
    let d = match th.getattr_opt(o, n!(__dict__))? {
        Some(d) => d,
        None => Gc::<Dict>::new(th).value(),
    };
    let expected = set::new(th)?;
    let fields = th.getattr_opt(t.value(), th.intern("_fields"))?;
    let attributes = th.getattr_opt(t.value(), th.intern("_attributes"))?;
    for names in [fields, attributes].into_iter().flatten() {
        set::update(th, expected, names)?;
    }
    let discard = th.intern("discard");
    for (k, _) in a.keywords() {
        if !th.contains(expected.value(), k)? {
            return Err(th.type_error(format!(
                "{}.__replace__ got an unexpected keyword argument {}.",
                full_name(t),
                th.text(th.repr(k)?)
            )));
        }
        th.call_method(expected.value(), discard, &[k])?;
    }
    // What the old node has, the attributes and what is optional need not be given.
    let mut missing = Gather::new();
    if let Some(f) = fields {
        let types = th.getattr_opt(t.value(), th.intern("_field_types"))?.and_then(|t| t.cast::<Dict>());
        th.for_each(f, |name| {
            if !th.contains(expected.value(), name)? || th.contains(d, name)? {
                return Ok(());
            }
            let ft = match types {
                Some(t) => t.get(th, name)?,
                None => None,
            };
            if ft.is_some_and(|t| th.type_of(t) == builtins::union::UNION.get()) {
                return Ok(());
            }
            missing.push(th, name)
        })?;
    }
    if missing.len() > 0 {
        let mut names = Vec::new();
        for v in missing.as_slice() {
            names.push(th.text(th.repr(*v)?));
        }
        names.sort();
        return Err(th.type_error(format!(
            "{}.__replace__ missing {} keyword argument{}: {}.",
            full_name(t),
            names.len(),
            plural(names.len()),
            names.join(", ")
        )));
    }
    let kw = Gc::<Dict>::new(th);
    builtins::dict::update_from(th, kw, d)?;
    for (k, v) in a.keywords() {
        kw.set(th, k, v)?;
    }
    let none: Gc<Tuple> = th.tuple(&[]).known();
    th.call_ex(t.value(), none, Some(kw))
}

fn repr(th: Th, o: Value, depth: u32) -> R<Value> {
    let t = th.type_of(o);
    let name = full_name(t);
    if depth == 0 {
        return Ok(th.str(&format!("{name}(...)")));
    }
    if th.repr_enter(o) {
        return Ok(th.str(&format!("{name}(...)")));
    }
    let out = fields_repr(th, o, t, &name, depth);
    th.repr_leave(o);
    out
}

fn fields_repr(th: Th, o: Value, t: Gc<Type>, name: &str, depth: u32) -> R<Value> {
    let mut out: Vec<u8> = name.as_bytes().to_vec();
    out.push(b'(');
    if let Some(fields) = th.getattr_opt(t.value(), th.intern("_fields"))? {
        let mut first = true;
        th.for_each(fields, |f| {
            let v = th.getattr(o, f)?;
            let text = value_repr(th, v, depth - 1)?;
            if !std::mem::take(&mut first) {
                out.extend_from_slice(b", ");
            }
            out.extend_from_slice(th.text(f).as_bytes());
            out.push(b'=');
            out.extend_from_slice(text.known::<Str>().bytes());
            Ok(())
        })?;
    }
    out.push(b')');
    th.try_str(&out)
}

/// Lists and tuples by their ends; nodes one level less deep.
fn value_repr(th: Th, v: Value, depth: u32) -> R<Value> {
    let node = |v: Value| th.is_subtype(th.type_of(v), AST.get());
    if node(v) {
        return repr(th, v, depth);
    }
    let (items, open, close) = match (v.cast::<List>(), v.cast::<Tuple>()) {
        (Some(l), _) => (list::snapshot(th, l)?, '[', ']'),
        (_, Some(_)) => (v, '(', ')'),
        _ => return th.repr(v),
    };
    let items: Gc<Tuple> = items.known();
    let mut out = vec![open as u8];
    for (i, x) in items.items().iter().enumerate() {
        if i > 0 && i + 1 < items.len {
            continue;
        }
        if i > 0 {
            out.extend_from_slice(if items.len > 2 { b", ..., " } else { b", " });
        }
        let text = if node(*x) { repr(th, *x, depth)? } else { th.repr(*x)? };
        out.extend_from_slice(text.known::<Str>().bytes());
    }
    out.push(close as u8);
    th.try_str(&out)
}
