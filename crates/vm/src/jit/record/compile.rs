//! From the complete recording to machine code: verified, optimised, its constants given to the root code, compiled.
//!
//! # Invariants
//! - [`PyObjects`] promises the optimiser what holds for good of a shape; what can change is a guard of the trace.
//! - The constants are owned by the root code before machine code that names them exists.

use super::*;
use crate::jit;
use crate::sync::lock;
use adder_metatrace::scratch;

/// What leaving machine code for the interpreter costs, in operations that a trace gains.
const EXIT_COST: usize = 40;

/// What the optimiser may know of objects.
pub struct PyObjects;
impl Objects for PyObjects {
    /// Builtin types' shapes are their instances' for good, but for those whose `__class__` can be assigned.
    fn fixed(&self, desc: u32) -> bool {
        match desc < Kind::ALL.len() as u32 {
            true => desc != Kind::Object as u32 && desc != Kind::Module as u32,
            false => {
                let t = crate::shape::living_type(desc);
                t.is_some_and(|t| !t.heap_type() && t.native.numbers.is_some())
            }
        }
    }
    fn container(&self, desc: u32) -> bool {
        if desc >= Kind::ALL.len() as u32 {
            // Instances of classes, which may be derived from list.
            return crate::shape::living_type(desc).is_none_or(|t| t.native.kind != Kind::Object);
        }
        if desc == Kind::Object as u32 || desc == Kind::Module as u32 {
            return false;
        }
        const OTHERS: &[Kind] = &[
            Kind::Tuple,
            Kind::Range,
            Kind::Slice,
            Kind::Function,
            Kind::Method,
            Kind::NativeFunction,
            Kind::MethodDescriptor,
            Kind::Cell,
            Kind::RangeIter,
            Kind::ListIter,
            Kind::TupleIter,
            Kind::StrIter,
            Kind::StrAsciiIter,
            Kind::BytesIter,
            Kind::Generator,
            Kind::Coroutine,
            Kind::AsyncGenerator,
            Kind::GenRegs,
        ];
        !OTHERS.iter().any(|k| *k as u32 == desc)
    }
    fn private(&self, desc: u32) -> bool {
        desc < Kind::ALL.len() as u32
            && desc != Kind::Cell as u32
            && !self.container(desc)
            && self.fixed(desc)
    }
    fn is_float(&self, desc: u32) -> bool {
        desc == Kind::Float as u32
    }
    fn desc_of(&self, w: u64) -> u32 {
        match Value::from_word(w) {
            Some(v) if v.is_obj() => crate::shape::in_trace(v.shape_id()) as u32,
            _ => 0,
        }
    }
}

impl Rec {
    pub(super) fn compile(
        &mut self,
        jit: &'static Jit,
        parent: Option<&'static Exit>,
        is_loop: bool,
    ) -> Result<usize, &'static str> {
        // A collection finds alive what is so where the program goes on: before the first instruction nothing says what is.
        if !self.resume.is_null() {
            // SAFETY: the running frame, an instruction of its code.
            unsafe { (*self.th.fp.get()).pc = self.resume };
        }
        let start = std::time::Instant::now();
        if let Some((_, why)) = self.core.abort {
            return Err(why);
        }
        // Without a bridge the exit costs as much as many operations.
        let spared = if parent.is_some() { EXIT_COST } else { 0 };
        if self.loss > self.gain + spared && !jit::eager() {
            self.core.give_up(Counter::AbortWhole, "the interpreter is faster");
            return Err("the interpreter is faster");
        }
        if cfg!(debug_assertions) || log::traces() {
            if let Err(e) = verify::verify(&self.core.trace) {
                eprintln!("jit: recorded trace is wrong: {e}\n{}", text::print(&self.core.trace));
                return Err("verify");
            }
        }
        if log::traces() {
            eprintln!(
                "jit: {} recorded{}:\n{}",
                self.tree.name,
                parent.map_or(String::new(), |e| format!(" at exit {}", e.id())),
                text::print(&self.core.trace)
            );
        }
        let mut t = peel::optimize(&self.core.trace, &PyObjects, is_loop)?;
        if cfg!(debug_assertions) || log::traces() {
            if let Err(e) = verify::verify(&t) {
                eprintln!("jit: optimised trace is wrong: {e}\n{}", text::print(&t));
                return Err("verify");
            }
        }
        if log::traces() {
            eprintln!("jit: {} optimised:\n{}", self.tree.name, text::print(&t));
        }
        self.keep_constants()?;
        let kept = sight::before(self, jit, &mut t);
        let c = jit.backend.compile(&t, &jit.layout, parent, self.tree as *const Tree as usize)?;
        let nanos = start.elapsed().as_nanos() as u64;
        let (entry, bytes) = (c.entry, c.bytes);
        sight::compiled(self, jit, kept, &t, c, parent, nanos);
        Counter::CompileNanos.add(nanos);
        Counter::Bytes.add(bytes as u64);
        Counter::Insts.add(t.insts.len() as u64);
        if log::on() {
            eprintln!(
                "jit: {} {}: {} recorded, {} optimised, {} bytes, {} us, at {:x}",
                self.tree.name,
                parent.map_or("loop".to_string(), |e| format!("bridge {}", e.id())),
                self.core.trace.insts.len(),
                t.insts.iter().filter(|i| i.op != Op::Nop).count(),
                bytes,
                nanos / 1000,
                entry
            );
        }
        scratch::give(t);
        Ok(entry)
    }
    /// The root code keeps the constants alive.
    fn keep_constants(&mut self) -> Result<(), &'static str> {
        let th = self.th;
        let code: Gc<Code> = unsafe { Value::from_bits(self.tree.code).cast_unchecked() };
        let n = self.keep.len();
        let a = th.array(n + 1).map_err(|_| {
            th.exc.init(None);
            "no memory"
        })?;
        for k in 0..n {
            let v = unsafe { Value::from_bits(self.keep.as_slice()[k]) };
            th.store(a, a.slot(k), v);
        }
        let _g = lock(&crate::types::TYPE_LOCK);
        th.store_opt(a, a.slot(n), code.jit_refs.get());
        th.store(code, &code.jit_refs, a.value());
        Ok(())
    }
}
