//! Functions made in a trace: `def` within a loop, generator expressions, lambdas.
//!
//! # Invariants
//! The recorder's frame is the running one, whose function has globals in cell mode; names of the runtime are strings.

use super::containers::new;
use crate::interp::machine::PyMachine;
use crate::interp::slow;
use crate::jit::machine::Recorder;
use crate::n;
use crate::object::*;
use crate::value::*;
use adder_bytecode::{Ins, SetFunc};
use adder_metatrace::{Field, Machine};
use std::mem::offset_of;
use std::sync::atomic::Ordering::Relaxed;

/// `MakeFunction`: a function of a constant code object. Code belongs to one namespace, so what else it begins with is
/// constant too, but for its module.
pub(super) fn make(m: Recorder, i: Ins) -> Option<()> {
    let th = m.i.th;
    let globals = unsafe { (*m.i.fp).func }.globals.value();
    slow::make_function(th, i).ok()?;
    let f: Gc<Function> = m.i.reg(i.a()).exact()?;
    let code: Gc<Code> = f.code.gc();
    if !f.globals.value().is(globals) || code.globals_id.load(Relaxed) == 0 {
        return None;
    }
    let globals: Gc<Dict> = globals.exact()?;
    let cell = globals.cell_for(th, unsafe { n!(__name__).cast_unchecked() }).ok()?;
    let module = m.global_cell(cell)?;
    if f.module.get().is_none_or(|v| !v.is(module.v)) {
        return None;
    }
    let mut fields = vec![(offset_of!(Function, module) as u32, module.r)];
    for (at, v) in [
        (offset_of!(Function, code), f.code.any()),
        (offset_of!(Function, globals), f.globals.any()),
        (offset_of!(Function, builtins), f.builtins.get()),
        (offset_of!(Function, name), f.name.get()),
        (offset_of!(Function, qualname), f.qualname.get()),
    ] {
        if let Some(v) = v {
            fields.push((at as u32, m.constant(v).r));
        }
    }
    let r = new(m, Kind::Function, f.value(), size_of::<Function>(), &fields);
    m.set_reg(i.a(), r);
    Some(())
}

/// `SetFuncAttr`: of a function just made.
pub(super) fn set(m: Recorder, i: Ins) -> Option<()> {
    let (f, v) = (m.reg(i.a()), m.reg(i.b()));
    if !f.v.is_exact(Kind::Function) || !m.shape_is(f, Kind::Function as u32) {
        return None;
    }
    let at = match SetFunc::from_num(i.x() as usize) {
        SetFunc::Defaults => offset_of!(Function, defaults),
        SetFunc::KwDefaults => offset_of!(Function, kwdefaults),
        SetFunc::Annotate => offset_of!(Function, annotate),
        SetFunc::Closure => offset_of!(Function, closure),
        SetFunc::TypeParams => offset_of!(Function, type_params),
        SetFunc::Doc => offset_of!(Function, doc),
    };
    m.set(f, Field(at as u32), v).ok()
}
