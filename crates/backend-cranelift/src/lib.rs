//! Machine code from optimised traces by Cranelift: the portable backend, and the one that the native backend is compared
//! with (`-X jit-backend=cranelift`). It compiles far more slowly.
//!
//! # Conventions of compiled code
//! - A trace is a function `(state, exit) -> exit` with Cranelift's `tail` convention. Exits, bridges and links are tail
//!   calls, so none of them needs native stack.
//! - An exit stores its values into the state's spill slots (then registers); a bridge takes them from there and clears
//!   what would keep objects alive.
//! - Code memory is Cranelift's: pages are written, then made executable, and never written again. Bridges and
//!   invalidations are stores to data (exits' targets, links' cells).
//! - References are in registers, on the native stack or in the state, where the collector looks. So are dead ones in
//!   spill slots that Cranelift has not used again: objects may live longer than with the native backend.
//!
//! # Safety
//! Code is called with the type that it was compiled for: `enter` by that of the function made in `new`, traces by it
//! and by each other alone. Exits, cells and code are never freed. What belongs to compiling is used under the lock.

mod guards;
mod ops;
mod translate;

use adder_metatrace::backend::*;
use adder_metatrace::ir::*;
use cranelift_codegen::Context;
use cranelift_codegen::ir::{AbiParam, InstBuilder, Signature, types::I64};
use cranelift_codegen::isa::CallConv;
use cranelift_codegen::settings::{self, Configurable};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{Module, default_libcall_names};
use std::sync::{Mutex, OnceLock};

pub struct Cranelift {
    tools: Mutex<Tools>,
    enter: unsafe extern "C" fn(usize, *mut State) -> *const Exit,
    leave: usize,
    bail: usize,
}

/// What compiling needs.
struct Tools {
    module: JITModule,
    context: Context,
    builder: FunctionBuilderContext,
    native: CallConv,
}

// SAFETY: nothing in it belongs to a thread; a lock is around it.
unsafe impl Send for Tools {}

/// Of traces.
pub(crate) fn trace_signature() -> Signature {
    let mut s = Signature::new(CallConv::Tail);
    s.params.extend([AbiParam::new(I64), AbiParam::new(I64)]);
    s.returns.push(AbiParam::new(I64));
    s
}

static CRANELIFT: OnceLock<Option<Cranelift>> = OnceLock::new();

/// The code generator; None where Cranelift knows no such machine.
pub fn cranelift() -> Option<&'static dyn Backend> {
    CRANELIFT.get_or_init(Cranelift::new).as_ref().map(|n| n as &dyn Backend)
}

fn exit(m: &mut ExitMaker, snap: &Snap, leaves: &[(R, Loc, Ty)], target: usize) -> &'static Exit {
    let number = &|r, _| leaves.iter().position(|l| l.0 == r).expect("a leaf") as u32;
    let info = ExitInfo { snap: Some(snap), number, leaves, carry: &[], at: None, early: false };
    // Headers are no functions: bridges link to entries.
    m.exit(info, None, target as u64, false)
}

impl Tools {
    fn new() -> Option<Tools> {
        let mut flags = settings::builder();
        flags.set("opt_level", "speed").ok()?;
        // Tail calls rely on it.
        flags.set("preserve_frame_pointers", "true").ok()?;
        // What memory holds is the passes' business: other threads write to it.
        flags.set("enable_alias_analysis", "false").ok()?;
        flags.set("use_colocated_libcalls", "false").ok()?;
        flags.set("is_pic", "false").ok()?;
        if !cfg!(debug_assertions) {
            flags.set("enable_verifier", "false").ok()?;
        }
        let isa = cranelift_native::builder().ok()?.finish(settings::Flags::new(flags)).ok()?;
        let module = JITModule::new(JITBuilder::with_isa(isa, default_libcall_names()));
        let native = module.isa().default_call_conv();
        Some(Tools { context: module.make_context(), module, builder: FunctionBuilderContext::new(), native })
    }
    /// Compiles a function: its address and size.
    fn function(
        &mut self,
        signature: Signature,
        build: impl FnOnce(&mut FunctionBuilder, CallConv) -> Result<(), &'static str>,
    ) -> Result<(usize, usize), &'static str> {
        self.module.clear_context(&mut self.context);
        self.context.func.signature = signature;
        let config = self.module.target_config();
        let mut b = FunctionBuilder::new(&mut self.context.func, &mut self.builder);
        if let Err(why) = build(&mut b, self.native) {
            // The builder wants to be left in order.
            self.builder = FunctionBuilderContext::new();
            return Err(why);
        }
        b.seal_all_blocks();
        b.finalize(config);
        let f = self.module.declare_anonymous_function(&self.context.func.signature);
        let f = f.map_err(|_| "cranelift: a declaration")?;
        if let Err(e) = self.module.define_function(f, &mut self.context) {
            if adder_metatrace::log::on() {
                eprintln!("jit: cranelift: {e:?}");
            }
            return Err("cranelift: a function");
        }
        let bytes = self.context.compiled_code().map_or(0, |c| c.code_info().total_size as usize);
        self.module.finalize_definitions().map_err(|_| "cranelift: code memory")?;
        Ok((self.module.get_finalized_function(f) as usize, bytes))
    }
}

impl Cranelift {
    fn new() -> Option<Cranelift> {
        let mut t = Tools::new()?;
        let mut enter = Signature::new(t.native);
        enter.params.extend([AbiParam::new(I64), AbiParam::new(I64)]);
        enter.returns.push(AbiParam::new(I64));
        let begin = |b: &mut FunctionBuilder| {
            let block = b.create_block();
            b.append_block_params_for_function_params(block);
            b.switch_to_block(block);
            (b.block_params(block)[0], b.block_params(block)[1])
        };
        let (enter, _) = t
            .function(enter, |b, _| {
                let (code, state) = begin(b);
                let sig = b.import_signature(trace_signature());
                let none = b.ins().iconst(I64, 0);
                let call = b.ins().call_indirect(sig, code, &[state, none]);
                let e = b.inst_results(call)[0];
                b.ins().return_(&[e]);
                Ok(())
            })
            .ok()?;
        let (leave, _) = t
            .function(trace_signature(), |b, _| {
                let (_, e) = begin(b);
                b.ins().return_(&[e]);
                Ok(())
            })
            .ok()?;
        let mut maker = ExitMaker::new(None, 0);
        let e = exit(&mut maker, &Snap { in_memory: true, ..Snap::default() }, &[], leave);
        maker.finish(None);
        let (bail, _) = t
            .function(trace_signature(), |b, _| {
                begin(b);
                let e = b.ins().iconst(I64, e as *const Exit as i64);
                b.ins().return_(&[e]);
                Ok(())
            })
            .ok()?;
        // SAFETY: the code above has this type.
        let enter = unsafe {
            std::mem::transmute::<usize, unsafe extern "C" fn(usize, *mut State) -> *const Exit>(enter)
        };
        Some(Cranelift { tools: Mutex::new(t), enter, leave, bail })
    }
}

impl Backend for Cranelift {
    fn name(&self) -> &'static str {
        "cranelift"
    }
    fn compile(
        &self,
        t: &Trace,
        layout: &Layout,
        parent: Option<&'static Exit>,
        owner: usize,
    ) -> Result<Compiled, &'static str> {
        let mut maker = ExitMaker::new(parent, owner);
        let mut make = |snap: &_, leaves: &[_]| exit(&mut maker, snap, leaves, self.leave);
        let mut tools = self.tools.lock().map_err(|_| "the code generator is broken")?;
        let (entry, bytes) = tools.function(trace_signature(), |b, native| {
            translate::Translate::new(t, layout, parent, b, native).run(&mut make)
        })?;
        let exits = maker.finish(None);
        Ok(Compiled { entry, exits, bytes })
    }
    unsafe fn enter(&self, entry: usize, state: &mut State) -> &'static Exit {
        // SAFETY: the caller's promise.
        unsafe { &*(self.enter)(entry, state) }
    }
    fn bail(&self) -> usize {
        self.bail
    }
    fn arch(&self) -> Option<&'static str> {
        Some(std::env::consts::ARCH)
    }
}
