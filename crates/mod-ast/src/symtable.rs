//! `_symtable`: the compiler's scopes as objects.
//!
//! # Invariants
//! `Entry::of` is given receivers of `Entry`'s own methods and what [`ENTRY`] made here; Python cannot make one, so
//! its slots are filled. `trace` is called by the heap for an `Entry`, as the type says.

use crate::convert;
use adder_compiler::scope::{ScopeKind, flag};
use adder_compiler::symtable::{COMP_CELL, SCOPE_MASK, SCOPE_OFF, Table};
use adder_vm::builtins::object::{id, new_instance};
use adder_vm::builtins::{eval_, list};
use adder_vm::err::R;
use adder_vm::heap::{Header, Obj, Tracer};
use adder_vm::hooks::Mode;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::Slots;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::mem::offset_of;

pub static MODULE: NativeModule = NativeModule {
    name: "_symtable",
    doc: "",
    functions: &[function(
        "symtable",
        "($module, source, filename, startstr, /)",
        "Return symbol and scope dictionaries used internally by compiler.",
        symtable,
    )],
    types: &[],
    init: Some(|th, m| {
        // Not in the module's namespace, as in CPython.
        if ENTRY.try_get().is_none() {
            th.make_type(&ENTRY);
        }
        let constants: [(&str, u32); 26] = [
            ("USE", flag::USE),
            ("DEF_GLOBAL", flag::GLOBAL),
            ("DEF_NONLOCAL", flag::NONLOCAL),
            ("DEF_LOCAL", flag::LOCAL),
            ("DEF_PARAM", flag::PARAM),
            ("DEF_TYPE_PARAM", flag::TYPE_PARAM),
            ("DEF_FREE_CLASS", flag::FREE_CLASS),
            ("DEF_IMPORT", flag::IMPORT),
            ("DEF_BOUND", flag::LOCAL | flag::PARAM | flag::IMPORT),
            ("DEF_ANNOT", flag::ANNOT),
            ("DEF_COMP_ITER", flag::COMP_ITER),
            ("DEF_COMP_CELL", COMP_CELL),
            ("TYPE_FUNCTION", 0),
            ("TYPE_CLASS", 1),
            ("TYPE_MODULE", 2),
            ("TYPE_ANNOTATION", 3),
            ("TYPE_TYPE_ALIAS", 4),
            ("TYPE_TYPE_PARAMETERS", 5),
            ("TYPE_TYPE_VARIABLE", 6),
            ("LOCAL", 1),
            ("GLOBAL_EXPLICIT", 2),
            ("GLOBAL_IMPLICIT", 3),
            ("FREE", 4),
            ("CELL", 5),
            ("SCOPE_OFF", SCOPE_OFF),
            ("SCOPE_MASK", SCOPE_MASK),
        ];
        for (k, v) in constants {
            m.put(th, k, Value::fix(v as i64))?;
        }
        Ok(())
    }),
};

#[repr(C)]
struct Entry {
    h: Header,
    name: Slot,
    symbols: Slot,
    varnames: Slot,
    children: Slot,
    nested: Slot,
    kind: Slot,
    lineno: Slot,
}

impl Entry {
    unsafe fn trace(o: Obj, t: &mut Tracer) {
        let x = unsafe { &*(o.as_ptr() as *const Entry) };
        for s in [&x.name, &x.symbols, &x.varnames, &x.children, &x.nested, &x.kind, &x.lineno] {
            t.slot(s.as_ptr());
        }
    }
    fn of(v: Value) -> Gc<Entry> {
        unsafe { v.cast_unchecked() }
    }
}

const fn field(name: &'static str, offset: usize) -> MemberDef {
    MemberDef { name, doc: "", offset: offset as u32, flags: member::READONLY }
}

static ENTRY: TypeCell = TypeCell::new(&NativeType {
    name: "symtable entry",
    kind: Kind::Native,
    size: size_of::<Entry>() as u32,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION,
    slots: Slots {
        repr: Some(|th, o| {
            let e = Entry::of(o);
            let line = th.text(th.repr(e.lineno.value())?);
            let name = th.text(e.name.value());
            Ok(th.str(&format!("<symtable entry {name}({}), line {line}>", id(th, o))))
        }),
        ..Slots::NONE
    },
    getset: &[getter("id", "", |th, o| Ok(th.int(id(th, o) as i64)))],
    members: &[
        field("name", offset_of!(Entry, name)),
        field("symbols", offset_of!(Entry, symbols)),
        field("varnames", offset_of!(Entry, varnames)),
        field("children", offset_of!(Entry, children)),
        field("nested", offset_of!(Entry, nested)),
        field("type", offset_of!(Entry, kind)),
        field("lineno", offset_of!(Entry, lineno)),
    ],
    trace: Some(Entry::trace),
    ..NativeType::DEFAULT
});

fn symtable(th: Th, a: &[Option<Value>]) -> R<Value> {
    let (source, filename, start) = (a[0].unwrap(), a[1].unwrap(), a[2].unwrap());
    let filename = eval_::filename_text(th, filename)?;
    let Some(start) = start.cast::<Str>() else {
        let got = th.type_name_of(start);
        return Err(th.type_error(format!("symtable() argument 3 must be str, not {got}")));
    };
    let text = eval_::source_text(th, source, &filename, "symtable() arg 1")?;
    let mode = match &*start.lossy() {
        "exec" => Mode::Exec,
        "eval" => Mode::Eval,
        "single" => Mode::Single,
        _ => {
            return Err(th.value_error("symtable() arg 3 must be 'exec' or 'eval' or 'single'"));
        }
    };
    let opts = convert::options(&filename, mode, 0, -1);
    adder_vm::hooks::memory_to_parse(th, text.len())?;
    let (r, warnings) = adder_compiler::symtable::symtable(&text, &opts);
    adder_vm::hooks::report(th, convert::warnings(warnings), &filename)?;
    match r {
        Ok(t) => entry(th, &t, 0),
        Err(e) => Err(adder_vm::hooks::raise(th, convert::error(e), &filename)),
    }
}

fn entry(th: Th, all: &[Table], i: usize) -> R<Value> {
    th.check_stack(" while making symbol tables")?;
    let t = &all[i];
    let o = new_instance(th, ENTRY.get())?;
    let e = Entry::of(o);
    th.store(e, &e.name, th.intern(&t.name));
    let symbols = Gc::<Dict>::new(th);
    for (name, flags) in &t.symbols {
        symbols.set(th, th.intern(name), Value::fix(*flags as i64))?;
    }
    th.store(e, &e.symbols, symbols.value());
    let varnames = list::new(th, &[])?;
    for n in &t.varnames {
        list::append(th, varnames, th.intern(n))?;
    }
    th.store(e, &e.varnames, varnames.value());
    let children = list::new(th, &[])?;
    for c in &t.children {
        list::append(th, children, entry(th, all, *c)?)?;
    }
    th.store(e, &e.children, children.value());
    let kind = match t.kind {
        ScopeKind::Function => 0,
        ScopeKind::Class => 1,
        ScopeKind::Module => 2,
        ScopeKind::Annotation => 3,
        ScopeKind::TypeAlias => 4,
        ScopeKind::TypeParams => 5,
        ScopeKind::TypeVariable => 6,
    };
    th.store(e, &e.nested, Value::fix(t.nested as i64));
    th.store(e, &e.kind, Value::fix(kind));
    th.store(e, &e.lineno, Value::fix(t.line as i64));
    Ok(o)
}
