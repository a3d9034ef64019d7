//! Code objects: made from the compiler's data; bound to a namespace when a function is made of them.
//!
//! # Invariants
//! - What the slots of a code object hold has the kind that `Code` says, so that it is read without a test.
//! - `data` and `ins` are set once, under the object's lock ([`load`]); whoever reads them has loaded the code. They live as
//!   long as the canonical object: its clones refer to it (`Code::canonical`) and free only their own caches.
//! - Dead code is freed by the collector with the world stopped ([`drop_code`]).

use super::code_replace::{self, NO_COLUMN, UNITS};
use crate::err::R;
use crate::native::*;
use crate::object::*;
use crate::slots::Slots;
use crate::thread::Th;
use crate::value::*;
use adder_bytecode::{CodeData, CodeFlags, Const, LazyCode};
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
        getter("co_posonlyargcount", "", |th, o| Ok(Value::fix(data(th, o)?.posonly as i64))),
        getter("co_kwonlyargcount", "", |_, o| Ok(Value::fix(code(o).kwonly as i64))),
        getter("co_nlocals", "", |th, o| Ok(Value::fix(nlocals(data(th, o)?) as i64))),
        getter("co_stacksize", "", |_, o| Ok(Value::fix(code(o).nregs as i64))),
        getter("co_flags", "", |_, o| Ok(Value::fix(code(o).flags as i64))),
        getter("co_firstlineno", "", |th, o| Ok(Value::fix(data(th, o)?.first_line as i64))),
        getter("co_names", "", |th, o| Ok(loaded(th, o)?.names.value())),
        getter("co_varnames", "", |th, o| names_where(th, o, |i, d| i < d.nlocals && !only_cell(d, i))),
        getter("co_cellvars", "", |th, o| names_where(th, o, |i, d| d.cells.contains(&i))),
        getter("co_freevars", "", |th, o| names_where(th, o, |i, d| i >= d.nlocals)),
        getter("co_code", "", |th, o| code_replace::co_code(th, loaded(th, o)?)),
        getter("_co_code_adaptive", "", |th, o| code_replace::co_code(th, loaded(th, o)?)),
        getter("co_exceptiontable", "", |th, o| code_replace::co_exceptiontable(th, loaded(th, o)?)),
        getter("co_linetable", "", |th, o| code_replace::co_linetable(th, loaded(th, o)?)),
        getter("co_lnotab", "", |th, o| code_replace::co_lnotab(th, loaded(th, o)?)),
        getter("co_consts", "", |th, o| {
            let a = loaded(th, o)?.consts.gc();
            // SAFETY: all constants of loaded code are values.
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
        method("__sizeof__", "($self, /)", "", sizeof),
    ],
    ..NativeType::DEFAULT
};
pub static CODE: TypeCell = TypeCell::new(&CODE_TYPE);

fn code(o: Value) -> Gc<Code> {
    o.known()
}
/// A code object that has all its parts.
fn loaded(th: Th, o: Value) -> R<Gc<Code>> {
    load(th, code(o))?;
    Ok(code(o))
}
fn data(th: Th, o: Value) -> R<&'static CodeData> {
    // SAFETY: `data` never changes once it is set, and lives as long as the code object, which the caller has on the stack.
    Ok(unsafe { &*loaded(th, o)?.data })
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
fn names_where(th: Th, o: Value, f: impl Fn(u32, &CodeData) -> bool) -> R<Value> {
    let d = data(th, o)?;
    let names = code(o).varnames.gc();
    let chosen = (0..names.len).filter(|i| f(*i as u32, d));
    let v: Vec<Value> = chosen.map(|i| names.items()[i]).collect(); // gc-safe: the code has them
    Ok(th.tuple(&v))
}
fn repr(th: Th, o: Value) -> R<Value> {
    let c = code(o);
    Ok(th.str(&format!(
        "<code object {} at {:#x}, file \"{}\", line {}>",
        th.text(c.name.value()),
        crate::builtins::object::id(th, o),
        th.text(c.filename.value()),
        data(th, o)?.first_line
    )))
}
fn opt(n: u32) -> Value {
    if n == 0 { NONE() } else { Value::fix(n as i64) }
}
fn positions(th: Th, a: &[Option<Value>]) -> R<Value> {
    let d = data(th, a[0].unwrap())?;
    let l = crate::builtins::list::new(th, &[])?;
    let line = code_replace::start_line(d);
    let lines_only = crate::config::get().no_debug_ranges;
    let (zero, end) = (Value::fix(0), Value::fix(line.max(1) as i64));
    let t = if lines_only {
        th.tuple(&[Value::fix(line as i64), NONE(), NONE(), NONE()])
    } else {
        th.tuple(&[Value::fix(line as i64), end, zero, zero])
    };
    for _ in 0..UNITS {
        crate::builtins::list::append(th, l, t)?;
    }
    for p in d.positions.iter() {
        let col = |n: u32| if n == NO_COLUMN { NONE() } else { Value::fix(n as i64) };
        let t = if p.line == 0 {
            th.tuple(&[NONE(), NONE(), NONE(), NONE()])
        } else if lines_only {
            th.tuple(&[opt(p.line), NONE(), NONE(), NONE()])
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
    let names = loaded(th, a[0].unwrap())?.varnames.gc();
    let i = th.index_i64(a[1].unwrap())?;
    match usize::try_from(i).ok().and_then(|i| names.items().get(i)) {
        Some(n) => Ok(*n),
        None => Err(th.index_error("tuple index out of range")),
    }
}
fn sizeof(th: Th, a: &[Option<Value>]) -> R<Value> {
    let (d, c) = (data(th, a[0].unwrap())?, code(a[0].unwrap()));
    Ok(Value::fix((size_of::<Code>() + data_size(d) + ics_size(c.nics)) as i64))
}
fn ics_size(n: u32) -> usize {
    n as usize * size_of::<Ic>()
}
/// Memory outside the heap, about.
fn data_size(d: &CodeData) -> usize {
    size_of::<CodeData>() + d.code.len() * (8 + 2 + size_of::<adder_bytecode::Position>())
}
fn lines(th: Th, a: &[Option<Value>]) -> R<Value> {
    let d = data(th, a[0].unwrap())?;
    let l = crate::builtins::list::new(th, &[])?;
    // The place before the first instruction may be of line 0.
    let mut line = Some(code_replace::start_line(d));
    let mut start = 0;
    for i in 0..=d.positions.len() {
        let here = d.positions.get(i).map(|p| Some(p.line).filter(|l| *l != 0));
        if here == Some(line) {
            continue;
        }
        let end = code_replace::offset(i);
        let shown = line.map_or(NONE(), |l| Value::fix(l as i64));
        let t = th.tuple(&[Value::fix(start), Value::fix(end), shown]);
        crate::builtins::list::append(th, l, t)?;
        (start, line) = (end, here.flatten());
    }
    th.iter(l.value())
}

impl Code {
    /// Source line of an instruction; 0: none.
    pub fn line_at(&self, i: usize) -> u32 {
        // SAFETY: code that has instructions to ask for is loaded.
        let d = unsafe { &*self.data };
        let mut i = i.min(d.positions.len().saturating_sub(1));
        loop {
            match d.positions.get(i) {
                Some(p) if p.line != 0 => return p.line,
                // Code whose table of lines was taken away has none.
                _ if i == 0 => return if d.positions.iter().any(|p| p.line != 0) { d.first_line } else { 0 },
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
        Const::Lazy(l) => new_lazy(th, l.clone()).value(),
    })
}

/// The object of compiled code. Takes the data over.
pub fn new(th: Th, d: CodeData) -> R<Gc<Code>> {
    // SAFETY: nobody else has seen the object; until it is registered as one to drop, what it owns is leaked at worst.
    unsafe {
        let c = alloc(th, &d.name, &d.qualname, &d.filename);
        let p = c.as_ptr();
        set_head(p, d.argcount, d.kwonly, d.nlocals, d.nregs, d.varnames.len() as u32, d.flags);
        let b = Body::new(th, d)?;
        b.put(c);
        (*p).simple_args = simple_args(d_flags(p), (*p).argcount, (*p).kwonly);
        th.m.barrier_all(c.obj());
        th.m.register_drop(c.obj());
        Ok(c)
    }
}
/// The object of code that is yet to be read.
fn new_lazy(th: Th, l: Box<LazyCode>) -> Gc<Code> {
    // SAFETY: as in `new`.
    unsafe {
        let c = l.with_names(|name, qualname, filename| alloc(th, name, qualname, filename));
        let p = c.as_ptr();
        set_head(p, l.argcount, l.kwonly, l.nlocals, l.nregs, l.nvarnames, l.flags);
        // Calls take the slow way until it is loaded.
        (*p).simple_args = u32::MAX;
        (*p).lazy = Box::into_raw(l);
        th.m.barrier_all(c.obj());
        th.m.register_drop(c.obj());
        c
    }
}
/// Makes sure that a code object has all its parts. To be called before anything but its head is used; code that runs or
/// has run is loaded.
#[inline(always)]
pub fn load(th: Th, c: Gc<Code>) -> R<()> {
    if c.ins.is_null() { load_slow(th, c) } else { Ok(()) }
}
#[cold]
#[inline(never)]
fn load_slow(th: Th, c: Gc<Code>) -> R<()> {
    // SAFETY: code without instructions was made by `new_lazy`, whose `lazy` lives as long as the object.
    let d = match unsafe { &*c.lazy }.load() {
        Ok(d) => d,
        Err(e) => return Err(th.value_error(format!("bad code of {}: {e}", th.text(c.qualname.value())))),
    };
    let b = Body::new(th, d)?;
    // Another thread may have been faster.
    // SAFETY: every object begins with its header.
    let _g = th.lock(unsafe { c.value().cast_unchecked::<adder_heap::Header>() });
    if c.ins.is_null() {
        // SAFETY: under the lock, once. Others read these fields after they have found `ins` set, or `simple_args`, which
        // are written last.
        unsafe {
            // `_fix_co_filename` does not load what it finds.
            let new = c.filename.value();
            if !(*c.lazy).is_from(new.known::<Str>().bytes()) {
                (*c.lazy).with_names(|_, _, old| rename_nested(th, b.consts, old, new));
            }
            let p = c.as_ptr();
            b.put(c);
            th.m.barrier_all(c.obj());
            std::sync::atomic::fence(Release);
            (*p).simple_args = simple_args(d_flags(p), (*p).argcount, (*p).kwonly);
        }
    } else {
        b.free();
    }
    Ok(())
}

/// Code among the constants, not loaded yet, is said to come from file `new` if it was from `old`.
fn rename_nested(th: Th, consts: Value, old: &str, new: Value) {
    for s in consts.known::<Array>().slots() {
        if let Some(k) = s.get().and_then(|v| v.exact::<Code>())
            && th.text(k.filename.value()) == old
        {
            th.store(k, &k.filename, new.known());
        }
    }
}

/// A code object without its body: all words behind the names are zero.
///
/// # Safety
/// The caller gives it a head.
unsafe fn alloc(th: Th, name: &str, qualname: &str, filename: &str) -> Gc<Code> {
    unsafe {
        let (name, qualname, filename) = (th.intern(name), th.intern(qualname), th.intern(filename));
        let c = th.alloc_old::<Code>(size_of::<Code>());
        let p = c.as_ptr();
        for i in 1..size_of::<Code>() / 8 {
            *(p as *mut u64).add(i) = 0;
        }
        c.name.init(Some(name.known()));
        c.qualname.init(Some(qualname.known()));
        c.filename.init(Some(filename.known()));
        c
    }
}
/// # Safety
/// `p` is a code object that nobody else has seen.
unsafe fn set_head(
    p: *mut Code,
    argcount: u32,
    kwonly: u32,
    nlocals: u32,
    nregs: u32,
    nvarnames: u32,
    flags: CodeFlags,
) {
    unsafe {
        (*p).argcount = argcount;
        (*p).kwonly = kwonly;
        (*p).nlocals = nlocals;
        (*p).nregs = nregs.max(nvarnames) + 1;
        (*p).nfrees = nvarnames - nlocals;
        (*p).flags = flags.0;
        (*p).globals_id = AtomicU64::new(0);
    }
}
/// # Safety
/// `p` is a code object with a head.
unsafe fn d_flags(p: *mut Code) -> CodeFlags {
    CodeFlags(unsafe { (*p).flags })
}
fn simple_args(flags: CodeFlags, argcount: u32, kwonly: u32) -> u32 {
    let simple = kwonly == 0 && !flags.has(CodeFlags::VARARGS) && !flags.has(CodeFlags::VARKEYWORDS);
    if simple { argcount } else { u32::MAX }
}

/// What a code object lacks until it is loaded.
struct Body {
    consts: Value,
    names: Value,
    varnames: Value,
    ics: *mut Ic,
    nics: u32,
    data: *mut CodeData,
}

impl Body {
    fn new(th: Th, mut d: CodeData) -> R<Body> {
        let consts = std::mem::take(&mut d.consts);
        // SAFETY: the size of so many slots, all of which are written.
        let arr = unsafe {
            let arr = th.alloc_old::<Array>(16 + 8 * consts.len());
            (*arr.as_ptr()).cap = consts.len();
            std::ptr::write_bytes(arr.after::<u64>(), 0, consts.len());
            arr
        };
        for (i, c) in consts.into_iter().enumerate() {
            // Nested code is moved, not cloned.
            let v = match c {
                Const::Code(c) => new(th, *c)?.value(),
                Const::Lazy(l) => new_lazy(th, l).value(),
                c => constant(th, &c)?,
            };
            th.store(arr, arr.slot(i), v);
        }
        let names = |th: Th, v: &adder_bytecode::Names| -> R<Value> {
            let mut g = crate::interp::call::Gather::new();
            v.with_bytes(|texts| th.intern_each(texts, |s| g.push(th, s)))?;
            th.try_tuple(g.as_slice())
        };
        let (names, varnames) = (names(th, &d.names)?, names(th, &d.varnames)?);
        let nics = d.ics.len() as u32;
        let ics = new_ics(th, names, &d);
        Ok(Body { consts: arr.value(), names, varnames, ics, nics, data: Box::into_raw(Box::new(d)) })
    }
    /// Makes the parts those of `c`: the instructions last.
    ///
    /// # Safety
    /// `c` has no body; it is locked, or nobody else has seen it.
    unsafe fn put(self, c: Gc<Code>) {
        unsafe {
            let p = c.as_ptr();
            c.consts.init(Some(self.consts.known()));
            c.names.init(Some(self.names.known()));
            c.varnames.init(Some(self.varnames.known()));
            (*p).ics = self.ics;
            (*p).nics = self.nics;
            (*p).data = self.data;
            (*p).nloops = (*self.data).loops;
            (*p).counters = new_counters((*self.data).loops);
            *(*p).calls.get_mut() = crate::jit::function::start_count((*self.data).flags);
            *(*p).start.get_mut() = (*self.data).code.as_ptr() as *mut _;
            std::sync::atomic::fence(Release);
            (*p).ins = (*self.data).code.as_ptr();
            crate::thread::external((data_size(&*self.data) + ics_size(self.nics)) as isize);
        }
    }
    fn free(self) {
        // SAFETY: both were made by `new`, and no code object has them.
        unsafe {
            drop(Box::from_raw(std::ptr::slice_from_raw_parts_mut(self.ics, self.nics as usize)));
            drop(Box::from_raw(self.data));
        }
    }
}

fn new_counters(n: u32) -> *mut u32 {
    Box::into_raw(vec![crate::jit::start_count(); n as usize].into_boxed_slice()) as *mut u32
}

fn new_ics(_th: Th, names: Value, d: &CodeData) -> *mut Ic {
    let names: Gc<Tuple> = names.known();
    let v: Vec<Ic> = d
        .ics
        .iter()
        .map(|&i| Ic {
            w0: AtomicU64::new(0),
            misses: AtomicU32::new(0),
            last_miss: AtomicU32::new(0),
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
        crate::jit::drop_code(c);
        let mut freed = ics_size(c.nics);
        if c.nics > 0 {
            crate::interp::ic::bury(c.ics, c.nics as usize);
        }
        crate::interp::instrument::free(c.monitor.load(Relaxed));
        if c.canonical.get().is_none() {
            if !c.data.is_null() {
                freed += data_size(&*c.data);
                drop(Box::from_raw(c.data));
            }
            if !c.lazy.is_null() {
                drop(Box::from_raw(c.lazy));
            }
        }
        crate::thread::external(-(freed as isize));
    }
}

/// Another code object of the same code, with caches and counters of its own.
pub fn copy(th: Th, canon: Gc<Code>, id: u64) -> R<Gc<Code>> {
    load(th, canon)?;
    // SAFETY: nobody else has seen the copy. Before anything is allocated in the heap it has lost all that is the other's
    // own; what remains is the canonical object's, which it refers to.
    unsafe {
        let n = th.alloc_old::<Code>(size_of::<Code>());
        let (p, q) = (n.as_ptr(), canon.as_ptr());
        for i in 1..size_of::<Code>() / 8 {
            *(p as *mut u64).add(i) = *(q as *const u64).add(i);
        }
        (*p).globals_id = AtomicU64::new(id);
        (*p).monitor = AtomicPtr::new(std::ptr::null_mut());
        n.canonical.init(Some(canon));
        n.clones.init(None);
        n.jit_refs.init(None);
        n.drains.init(None);
        (*p).jit = AtomicPtr::new(std::ptr::null_mut());
        (*p).counters = new_counters((*p).nloops);
        (*p).calls = AtomicU32::new(crate::jit::function::start_count((*(*p).data).flags));
        (*p).start = AtomicPtr::new((*p).ins as *mut _);
        (*p).ics = new_ics(th, n.names.value(), &*n.data);
        crate::thread::external(ics_size(n.nics) as isize);
        th.m.barrier_all(n.obj());
        th.m.register_drop(n.obj());
        Ok(n)
    }
}

/// The code object with caches for the namespace `globals` (in cell mode).
pub fn bind(th: Th, c: Gc<Code>, globals: Gc<Dict>) -> R<Gc<Code>> {
    let id = globals.owner.get().map_or(0, |v| v.bits());
    let canon: Gc<Code> = c.canonical.get().unwrap_or(c);
    for x in [c, canon] {
        if x.globals_id.load(Acquire) == id {
            return Ok(x);
        }
        if x.globals_id.compare_exchange(0, id, AcqRel, Acquire).is_ok() {
            return Ok(x);
        }
    }
    if let Some(l) = canon.clones.get() {
        for s in l.slots() {
            // SAFETY: `bind` stores nothing else there.
            if let Some(x) = unsafe { s.gc_opt::<Code>() }
                && x.globals_id.load(Acquire) == id
            {
                return Ok(x);
            }
        }
    }
    let n = copy(th, canon, id)?;
    // A ring of a few clones: code that runs in ever new namespaces does not pile up.
    let l = match canon.clones.get() {
        Some(l) => l,
        None => {
            let l = th.array(CLONES + 1)?;
            th.store(canon, &canon.clones, l);
            l
        }
    };
    let of_namespaces = &l.slots()[..CLONES];
    let i = of_namespaces.iter().position(|s| s.get().is_none()).unwrap_or((id >> 1) as usize % CLONES);
    th.store(l, l.slot(i), n.value());
    Ok(n)
}
/// So many clones are kept; behind them is one that belongs to no namespace.
const CLONES: usize = 8;

/// For code that runs in ever new namespaces, a rule or a formula: a clone that belongs to none, whose caches know no
/// global variables. Making one for each would take longer than looking names up. None: it has not been in so many yet, or
/// there may be more to it.
pub fn unbound(th: Th, c: Gc<Code>, globals: Gc<Dict>) -> R<Option<Gc<Code>>> {
    let canon: Gc<Code> = c.canonical.get().unwrap_or(c);
    let Some(l) = canon.clones.get() else { return Ok(None) };
    if canon.nloops != 0 || l.slots()[..CLONES].iter().any(|s| s.get().is_none()) {
        return Ok(None);
    }
    let id = globals.owner.get().map_or(0, |v| v.bits());
    // SAFETY: `bind` and this store nothing else there.
    let of = |s: &Slot| unsafe { s.gc_opt::<Code>() };
    let bound = |x: Gc<Code>| id != 0 && x.globals_id.load(Acquire) == id;
    if bound(canon) || l.slots()[..CLONES].iter().filter_map(of).any(bound) {
        return Ok(None);
    }
    if let Some(x) = of(l.slot(CLONES)) {
        return Ok(Some(x));
    }
    // Functions that it makes would belong to the namespace.
    if canon.consts.gc().slots().iter().any(|k| k.get().is_some_and(|k| k.is_exact(Kind::Code))) {
        return Ok(None);
    }
    let n = copy(th, canon, 0)?;
    th.store(l, l.slot(CLONES), n.value());
    Ok(Some(n))
}
