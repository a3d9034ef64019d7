//! Code objects: made from the compiler's data; bound to a namespace when a function is made of them.

use super::code_replace::{self, BYTES, NO_COLUMN, UNITS};
use crate::err::R;
use crate::native::*;
use crate::object::*;
use crate::slots::Slots;
use crate::thread::{Root, Th};
use crate::value::*;
use adder_bytecode::{CodeData, CodeFlags, Const};
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering::*};

pub static CODE_TYPE: NativeType = NativeType {
    name: "code",
    kind: Kind::Code,
    size: size_of::<Code>() as u32,
    flags: tflags::IMMUTABLE | tflags::WEAKREF,
    doc: "Create a code object.  Not for the faint of heart.",
    slots: Slots {
        repr: Some(repr),
        new: Some(code_replace::code_new),
        richcompare: Some(code_replace::richcompare),
        hash: Some(code_replace::hash),
        ..Slots::NONE
    },
    text_signature: Some(
        "(argcount, posonlyargcount, kwonlyargcount, nlocals, stacksize,\n     flags, codestring, constants, names, varnames, filename, name,\n     qualname, firstlineno, linetable, exceptiontable, freevars=(),\n     cellvars=(), /)",
    ),
    getset: &[
        getter("co_name", "", |_, o| Ok(code(o).name.value())),
        getter("co_qualname", "", |_, o| Ok(code(o).qualname.value())),
        getter("co_filename", "", |_, o| Ok(code(o).filename.value())),
        getter("co_argcount", "", |_, o| Ok(Value::fix(code(o).argcount as i64))),
        getter("co_posonlyargcount", "", |_, o| Ok(Value::fix(data(o).posonly as i64))),
        getter("co_kwonlyargcount", "", |_, o| Ok(Value::fix(code(o).kwonly as i64))),
        getter("co_nlocals", "", |_, o| Ok(Value::fix(nlocals(data(o)) as i64))),
        getter("co_stacksize", "", |_, o| Ok(Value::fix(code(o).nregs as i64))),
        getter("co_flags", "", |_, o| Ok(Value::fix(code(o).flags as i64))),
        getter("co_firstlineno", "", |_, o| Ok(Value::fix(data(o).first_line as i64))),
        getter("co_names", "", |_, o| Ok(code(o).names.value())),
        getter("co_varnames", "", |th, o| Ok(names_where(th, o, |i, d| i < d.nlocals && !only_cell(d, i)))),
        getter("co_cellvars", "", |th, o| Ok(names_where(th, o, |i, d| d.cells.contains(&i)))),
        getter("co_freevars", "", |th, o| Ok(names_where(th, o, |i, d| i >= d.nlocals))),
        getter("co_code", "", |th, o| code_replace::co_code(th, code(o))),
        getter("_co_code_adaptive", "", |th, o| code_replace::co_code(th, code(o))),
        getter("co_exceptiontable", "", |th, o| code_replace::co_exceptiontable(th, code(o))),
        getter("co_linetable", "", |th, o| code_replace::co_linetable(th, code(o))),
        getter("co_lnotab", "", |th, o| code_replace::co_lnotab(th, code(o))),
        getter("co_consts", "", |th, o| {
            let a = unsafe { code(o).consts.gc::<Array>() };
            let v = unsafe { std::slice::from_raw_parts(a.slots().as_ptr() as *const Value, a.cap) };
            th.try_tuple(v)
        }),
    ],
    methods: &[
        method("co_positions", "($self, /)", "", positions),
        method("co_lines", "($self, /)", "", lines),
        method("co_branches", "($self, /)", "", code_replace::co_branches),
        raw_method(
            "replace",
            "($self, /, **changes)",
            "Return a copy of the code object with new values for the specified fields.",
            code_replace::replace,
        ),
        raw_method("__replace__", "($self, /, **changes)", "The same as replace().", code_replace::replace),
        method(
            "_varname_from_oparg",
            "($self, /, oparg)",
            "(internal-only) Return the local variable name for the given oparg.\n\nWARNING: this method is for internal use only and may change or go\naway.",
            varname,
        ),
        method("__sizeof__", "($self, /)", "Size of object in memory, in bytes.", sizeof),
    ],
    ..NativeType::DEFAULT
};
pub static CODE: TypeCell = TypeCell::new(&CODE_TYPE);

fn code(o: Value) -> Gc<Code> {
    unsafe { o.cast_unchecked() }
}
fn data(o: Value) -> &'static CodeData {
    unsafe { &*code(o).data }
}
/// A local that is only a cell (not a parameter) is not in `co_varnames`.
pub(super) fn only_cell(d: &CodeData, i: u32) -> bool {
    let params = d.argcount
        + d.kwonly
        + d.flags.has(CodeFlags::VARARGS) as u32
        + d.flags.has(CodeFlags::VARKEYWORDS) as u32;
    i >= params && d.cells.contains(&i)
}
fn nlocals(d: &CodeData) -> usize {
    (0..d.nlocals).filter(|i| !only_cell(d, *i)).count()
}
fn names_where(th: Th, o: Value, f: impl Fn(u32, &CodeData) -> bool) -> Value {
    let d = data(o);
    let names = unsafe { code(o).varnames.gc::<Tuple>() };
    // gc-safe: interned strings
    let v: Vec<Value> = (0..names.len).filter(|i| f(*i as u32, d)).map(|i| names.items()[i]).collect();
    th.tuple(&v)
}
fn repr(th: Th, o: Value) -> R<Value> {
    let c = code(o);
    Ok(th.str(&format!(
        "<code object {} at {:#x}, file \"{}\", line {}>",
        th.text(c.name.value()),
        crate::builtins::object::id(th, o),
        th.text(c.filename.value()),
        data(o).first_line
    )))
}
fn opt(n: u32) -> Value {
    if n == 0 { NONE() } else { Value::fix(n as i64) }
}
fn positions(th: Th, a: &[Option<Value>]) -> R<Value> {
    let d = data(a[0].unwrap());
    let l = crate::builtins::list::new(th, &[])?;
    for p in &d.positions {
        let col = |n: u32| if n == NO_COLUMN { NONE() } else { Value::fix(n as i64) };
        let t = if p.line == 0 {
            th.tuple(&[NONE(), NONE(), NONE(), NONE()])
        } else {
            th.tuple(&[opt(p.line), opt(p.end_line), col(p.col), col(p.end_col)])
        };
        for _ in 0..UNITS {
            crate::builtins::list::append(th, l, t)?;
        }
    }
    th.iter(l.value())
}
fn varname(th: Th, a: &[Option<Value>]) -> R<Value> {
    let names = unsafe { code(a[0].unwrap()).varnames.gc::<Tuple>() };
    let i = th.index_i64(a[1].unwrap())?;
    match usize::try_from(i).ok().and_then(|i| names.items().get(i)) {
        Some(n) => Ok(*n),
        None => Err(th.index_error("tuple index out of range")),
    }
}
fn sizeof(_: Th, a: &[Option<Value>]) -> R<Value> {
    let (c, d) = (code(a[0].unwrap()), data(a[0].unwrap()));
    let n = size_of::<Code>()
        + size_of::<CodeData>()
        + d.code.len() * (8 + 2 + size_of::<adder_bytecode::Position>())
        + c.nics as usize * size_of::<Ic>();
    Ok(Value::fix(n as i64))
}
fn lines(th: Th, a: &[Option<Value>]) -> R<Value> {
    let d = data(a[0].unwrap());
    let l = crate::builtins::list::new(th, &[])?;
    let mut i = 0;
    while i < d.positions.len() {
        let line = d.positions[i].line;
        let start = i;
        while i < d.positions.len() && d.positions[i].line == line {
            i += 1;
        }
        let t = th.tuple(&[Value::fix((start * BYTES) as i64), Value::fix((i * BYTES) as i64), opt(line)]);
        crate::builtins::list::append(th, l, t)?;
    }
    th.iter(l.value())
}

impl Code {
    /// Source line of an instruction; 0: none.
    pub fn line_at(&self, i: usize) -> u32 {
        let d = unsafe { &*self.data };
        let mut i = i.min(d.positions.len().saturating_sub(1));
        loop {
            match d.positions.get(i) {
                Some(p) if p.line != 0 => return p.line,
                _ if i == 0 => return d.first_line,
                _ => i -= 1,
            }
        }
    }
}

/// The object of a constant.
pub fn constant(th: Th, c: &Const) -> R<Value> {
    Ok(match c {
        Const::None => NONE(),
        Const::True => TRUE(),
        Const::False => FALSE(),
        Const::Ellipsis => ELLIPSIS(),
        Const::Int(n) => th.int(*n),
        Const::BigInt(neg, limbs) => crate::builtins::int::from_limbs(th, *neg, limbs),
        Const::Float(f) => th.float(*f),
        Const::Complex(re, im) => crate::builtins::complex::new(th, *re, *im),
        Const::Str(b) => {
            // Names are interned, as CPython does.
            if b.len() <= 64 && b.iter().all(|c| c.is_ascii_alphanumeric() || *c == b'_') {
                th.intern_bytes(b)
            } else {
                th.try_str(b)?
            }
        }
        Const::Bytes(b) => crate::builtins::bytes::new(th, b)?.value(),
        Const::Tuple(t) => {
            let mut g = crate::interp::call::Gather::new();
            for c in t.iter() {
                g.push(th, constant(th, c)?)?;
            }
            th.try_tuple(g.as_slice())?
        }
        Const::FrozenSet(t) => {
            let mut g = crate::interp::call::Gather::new();
            for c in t.iter() {
                g.push(th, constant(th, c)?)?;
            }
            crate::builtins::set::frozen_from_slice(th, g.as_slice())?
        }
        Const::Slice(s) => {
            let (a, b, c) = (constant(th, &s[0])?, constant(th, &s[1])?, constant(th, &s[2])?);
            crate::builtins::slice::new(th, a, b, c)
        }
        Const::Code(c) => new(th, (**c).clone())?.value(),
    })
}

/// The object of compiled code. Takes the data over.
pub fn new(th: Th, mut d: CodeData) -> R<Gc<Code>> {
    let consts = std::mem::take(&mut d.consts);
    unsafe {
        let arr = th.alloc_old::<Array>(16 + 8 * consts.len());
        (*arr.as_ptr()).cap = consts.len();
        std::ptr::write_bytes(arr.as_ptr().add(1) as *mut u64, 0, consts.len());
        for (i, c) in consts.into_iter().enumerate() {
            // Nested code is moved, not cloned.
            let v = match c {
                Const::Code(c) => new(th, *c)?.value(),
                c => constant(th, &c)?,
            };
            th.store(arr, arr.slot(i), v);
        }
        let names = |th: Th, v: &[Box<str>]| -> Value {
            let v: Vec<Value> = v.iter().map(|s| th.intern(s)).collect(); // gc-safe: interned strings
            th.tuple(&v)
        };
        let names_t = names(th, &d.names);
        let varnames = names(th, &d.varnames);
        let (name, qualname) = (th.intern(&d.name), th.intern(&d.qualname));
        let filename = th.intern(&d.filename);
        let c = th.alloc_old::<Code>(size_of::<Code>());
        let p = c.as_ptr();
        for i in 1..size_of::<Code>() / 8 {
            *(p as *mut u64).add(i) = 0;
        }
        c.name.init(Some(name));
        c.qualname.init(Some(qualname));
        c.filename.init(Some(filename));
        c.consts.init(Some(arr.value()));
        c.names.init(Some(names_t));
        c.varnames.init(Some(varnames));
        let simple =
            d.kwonly == 0 && !d.flags.has(CodeFlags::VARARGS) && !d.flags.has(CodeFlags::VARKEYWORDS);
        (*p).argcount = d.argcount;
        (*p).kwonly = d.kwonly;
        (*p).nlocals = d.nlocals;
        (*p).nregs = d.nregs.max(d.varnames.len() as u32) + 1;
        (*p).nfrees = d.varnames.len() as u32 - d.nlocals;
        (*p).flags = d.flags.0;
        (*p).simple_args = if simple { d.argcount } else { u32::MAX };
        (*p).globals_id = AtomicU64::new(0);
        let data = Box::new(d);
        (*p).ins = data.code.as_ptr();
        (*p).ics = new_ics(th, names_t, &data);
        (*p).nics = data.ics.len() as u32;
        (*p).data = Box::into_raw(data);
        th.m.barrier_all(c.obj());
        th.m.register_drop(c.obj());
        Ok(c)
    }
}

fn new_ics(_th: Th, names: Value, d: &CodeData) -> *mut Ic {
    let names: Gc<Tuple> = unsafe { names.cast_unchecked() };
    let v: Vec<Ic> = d
        .ics
        .iter()
        .map(|&i| Ic {
            w0: AtomicU64::new(0),
            misses: AtomicU32::new(0),
            entry: AtomicPtr::new(std::ptr::null_mut()),
            name: Slot::new(names.items()[i as usize]),
        })
        .collect();
    Box::into_raw(v.into_boxed_slice()) as *mut Ic
}

/// A code object was found dead: frees its caches, and its data unless it is a clone's.
///
/// # Safety
/// Called by the collector with the world stopped.
pub unsafe fn drop_code(o: adder_heap::Obj) {
    unsafe {
        let c = &*(o.as_ptr() as *const Code);
        if c.nics > 0 {
            let (from, n) = (c.ics as usize, c.nics as usize);
            let to = from + n * size_of::<Ic>();
            crate::types::forget_caches(from, to);
            crate::interp::ic::forget_caches(from, to);
            drop(Box::from_raw(std::ptr::slice_from_raw_parts_mut(c.ics, n)));
        }
        if c.canonical.get().is_none() && !c.data.is_null() {
            drop(Box::from_raw(c.data));
        }
    }
}

/// The code object with caches for the namespace `globals` (in cell mode).
pub fn bind(th: Th, c: Gc<Code>, globals: Gc<Dict>) -> R<Gc<Code>> {
    let id = globals.owner.get().map_or(0, |v| v.bits());
    let canon: Gc<Code> = unsafe { c.canonical.gc_opt() }.unwrap_or(c);
    for x in [c, canon] {
        if x.globals_id.load(Acquire) == id {
            return Ok(x);
        }
        if x.globals_id.compare_exchange(0, id, AcqRel, Acquire).is_ok() {
            return Ok(x);
        }
    }
    if let Some(l) = unsafe { canon.clones.gc_opt::<Array>() } {
        for s in l.slots() {
            if let Some(x) = unsafe { s.gc_opt::<Code>() }
                && x.globals_id.load(Acquire) == id
            {
                return Ok(x);
            }
        }
    }
    unsafe {
        let n = th.alloc_old::<Code>(size_of::<Code>());
        let (p, q) = (n.as_ptr(), canon.as_ptr());
        for i in 1..size_of::<Code>() / 8 {
            *(p as *mut u64).add(i) = *(q as *const u64).add(i);
        }
        (*p).globals_id = AtomicU64::new(id);
        n.canonical.init(Some(canon.value()));
        n.clones.init(None);
        (*p).ics = new_ics(th, n.names.value(), &*n.data);
        th.m.barrier_all(n.obj());
        th.m.register_drop(n.obj());
        // A ring of a few clones: code that runs in ever new namespaces does not pile up.
        let l = match canon.clones.gc_opt::<Array>() {
            Some(l) => l,
            None => {
                let l = th.array(8)?;
                th.store(canon, &canon.clones, l.value());
                l
            }
        };
        let i = l.slots().iter().position(|s| s.get().is_none()).unwrap_or((id >> 1) as usize % l.cap);
        th.store(l, l.slot(i), n.value());
        Ok(n)
    }
}

#[allow(unused)]
fn _u() {
    let _ = Root::empty_tuple;
}
