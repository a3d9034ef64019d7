//! Quiet operations on names: of modules, of enclosing functions, of base classes.
//!
//! # Invariants
//! The recorder's frame is the running one, so its code, function and registers are there; a cache's name is a string,
//! a function's closure null or a tuple of cells.

use super::calls::known;
use super::tables::READS;
use crate::builtins;
use crate::builtins::dict_attrs::ATTRS;
use crate::builtins::dict_table::CELLS;
use crate::interp::machine::*;
use crate::jit::machine::{Recorder, T};
use crate::jit::{helpers, watch};
use crate::n;
use crate::native::{DefKind, tflags};
use crate::object::*;
use crate::thread::{Frame, fflags};
use crate::value::*;
use adder_bytecode::{Ins, Special};
use adder_metatrace::ir::{Op, R as Ir};
use adder_metatrace::{Effects, Field, Machine};
use std::mem::offset_of;

/// The frame runs code of a module, whose names are its global variables.
pub(super) fn module_frame(m: Recorder) -> Option<()> {
    let f = unsafe { &*m.i.fp };
    if m.rec().frames.len() != 1 || !f.namespace()?.is(f.globals().value()) {
        return None;
    }
    let root = m.rec().core.op_imm(Op::Base, Ir::NONE, Ir::NONE, 1);
    let same = |at: usize, want: u64| {
        let x = m.rec().core.op_imm(Op::RawGet, root, Ir::NONE, at as i64);
        let k = m.rec().core.int(want as i64);
        let c = m.rec().core.op(Op::Eq, x, k);
        m.rec().guard(c, true);
    };
    same(offset_of!(Frame, flags), f.flags);
    if f.flags & fflags::LOCALS != 0 {
        let g = m.constant(f.namespace()?);
        same(offset_of!(Frame, locals), g.v.bits());
    }
    Some(())
}
/// A store to a global variable that exists.
pub(super) fn store_global(m: Recorder, i: Ins) -> Option<()> {
    let (th, f) = (m.i.th, unsafe { &*m.i.fp });
    // Of an inlined function: its own globals.
    let g = f.globals();
    let name = m.ic(i.c()).name.value();
    if !g.is_exact_dict() || !g.flag(CELLS) || g.flag(ATTRS) || g.get_str(th, name).ok()?.is_none() {
        return None;
    }
    let c = g.cell_for(th, unsafe { name.cast_unchecked() }).ok()?;
    watch::cell_changes(c);
    let (cell, v) = (m.constant(c.value()), m.reg(i.a()));
    let at = Field(offset_of!(DictCell, v) as u32);
    // An empty one may have been forgotten by its dict.
    let now = m.rec().core.op_imm(Op::Get, cell.r, Ir::NONE, at.0 as i64);
    let null = m.rec().core.word(0);
    let empty = m.rec().core.op(Op::Eq, now, null);
    m.rec().guard(empty, false);
    // It may have been deleted while this recorded the above.
    c.v.get()?;
    m.set(cell, at, v).ok()
}
/// `super().name(...)` where that is a plain function.
pub(super) fn super_method(m: Recorder, i: Ins) -> Option<()> {
    let (sup, cls, this) = (m.reg(i.b()), m.reg_or_null(i.b() + 1), m.reg_or_null(i.b() + 2));
    let (cls, this) = (T { v: cls.v?, r: cls.r }, T { v: this.v?, r: this.r });
    if !sup.v.is(builtins::super_::SUPER.get().value()) || !cls.v.is_exact(Kind::Type) || !this.v.is_obj() {
        return None;
    }
    let name = m.ic(i.c()).name.value();
    // Of a class: what builtin types have for it, `__new__`.
    if let Some(c) = this.v.exact::<Type>() {
        watch::watch_type(c, m.rec().tree);
        let found = builtins::super_::lookup(m.i.th, cls.v, this.v, name, true).ok()??;
        if !found.0.exact::<NativeFunction>().is_some_and(|f| std::ptr::eq(f.def, &builtins::type_::NEW_DEF))
        {
            return None;
        }
        m.promote(sup);
        m.promote(cls);
        m.promote(this);
        m.set_reg(i.a(), m.constant(found.0));
        m.clear_reg(i.a() + 1);
        return Some(());
    }
    let t = m.i.th.type_of(this.v);
    watch::watch_type(t, m.rec().tree);
    // What `object` has is called as a function of the instance.
    let of_object = || {
        let f = builtins::super_::find(m.i.th, unsafe { cls.v.cast_unchecked() }, t, name).ok()??;
        f.is_exact(Kind::WrapperDescriptor)
            .then_some(f)
            .filter(|f| super::super::enter::is_object_init(m.i.th, *f))
    };
    let f = match builtins::super_::lookup(m.i.th, cls.v, this.v, name, true) {
        Ok(Some((f, false))) => f,
        Ok(Some(_)) => of_object()?,
        _ => return None,
    };
    m.promote(sup);
    m.promote(cls);
    if !m.of_shape(this) {
        return None;
    }
    let f = m.constant(f);
    m.set_reg(i.a(), f);
    m.set_reg(i.a() + 1, this);
    Some(())
}
pub(super) fn copy_free(m: Recorder, i: Ins) -> Option<()> {
    let f = unsafe { (*m.i.fp).func };
    let t: Gc<Tuple> = f.closure.get()?;
    let func = T { v: f.value(), r: m.rec().frame_func() };
    if func.r.as_const().is_some() {
        for (k, v) in t.items().iter().enumerate() {
            m.set_reg(i.a() + k, m.constant(*v));
        }
        return Some(());
    }
    let closure = m.get(func, Field(offset_of!(Function, closure) as u32));
    for k in 0..t.len {
        let v = m.get(closure, Field((size_of::<Tuple>() + 8 * k) as u32));
        m.set_reg(i.a() + k, v);
    }
    Some(())
}

/// Methods of numbers that are no objects, and class methods of builtin types: those do not change.
pub(super) fn load_method(m: Recorder, i: Ins) -> Option<()> {
    let o = m.reg(i.b());
    let name = m.ic(i.c()).name.value();
    if let Some(t) = o.v.exact::<Type>() {
        if t.heap_type() || !t.has(tflags::IMMUTABLE) {
            return None;
        }
        let v = m.i.th.getattr(o.v, name).ok()?;
        if !v.exact::<NativeFunction>().is_some_and(|f| f.def.kind == DefKind::ClassMethod) {
            return None;
        }
        m.promote(o);
        m.set_reg(i.a(), m.constant(v));
        m.clear_reg(i.a() + 1);
        return Some(());
    }
    let t = m.i.th.type_of(o.v);
    let d = m.i.th.lookup(t, name)?;
    if o.v.is_obj() || !d.is_exact(Kind::MethodDescriptor) || !known(m, o) {
        return None;
    }
    m.set_reg(i.a(), m.constant(d));
    m.set_reg(i.a() + 1, o);
    Some(())
}

/// An attribute that no cache knows, of an object that needs no Python code for it.
pub(super) fn attribute(m: Recorder, i: Ins, o: T<Value>) -> Option<T<Value>> {
    let name = m.ic(i.c()).name.value();
    if let Some(t) = o.v.exact::<Type>()
        && name.is(n!(__name__))
        && o.r.as_const().is_some()
    {
        watch::watch_type(t, m.rec().tree);
        return Some(m.constant(t.name.value()));
    }
    if (o.v.is_obj() && running(o.v)) || !known(m, o) {
        return None;
    }
    // Of instances a dict may be made, which changes them.
    let makes = name.is(n!(__dict__)) && !o.v.is_kind(Kind::Type);
    let effects = if makes { READS.or(Effects::WRITES) } else { READS };
    m.quiet2("getattr", helpers::attribute, effects, o, m.constant(name))
}
/// What tells about the frames of the trace, which are not in memory.
fn running(o: Value) -> bool {
    [Kind::Frame, Kind::Generator, Kind::Coroutine, Kind::AsyncGenerator].iter().any(|k| o.is_kind(*k))
}
/// An object of a builtin type whose own attributes may be asked at any time.
pub(super) fn settled(m: Recorder, o: Value) -> bool {
    !m.i.th.type_of(o).heap_type() && !running(o)
}

/// `__enter__` and `__exit__` of a class.
pub(super) fn load_special(m: Recorder, i: Ins) -> Option<()> {
    let o = m.reg(i.b());
    let name = match Special::from_num(i.c()) {
        Special::Enter => n!(__enter__),
        Special::Exit => n!(__exit__),
        Special::AEnter => n!(__aenter__),
        Special::AExit => n!(__aexit__),
    };
    let t = m.i.th.type_of(o.v);
    let f = m.i.th.lookup_special(o.v, name)?;
    if !(f.is_exact(Kind::Function) || f.is_exact(Kind::MethodDescriptor)) || !o.v.is_obj() {
        return None;
    }
    watch::watch_type(t, m.rec().tree);
    if !m.of_shape(o) {
        return None;
    }
    m.set_reg(i.a(), m.constant(f));
    m.set_reg(i.a() + 1, o);
    Some(())
}
