//! Calls: binding of arguments, entering Python functions, calling anything from native code.
//!
//! # Invariants
//! - Windows of registers above the running frame's are free: arguments are written there before the frame is pushed, and
//!   a frame is pushed only where `Thread`'s limits allow it.
//! - [`RawArgs`] are borrowed from registers or the native stack and are not kept.

use super::entered::Entered;
use super::entry_frame;
use super::run;
use crate::builtins::exceptions as exc;
use crate::err::{R, Raised};
use crate::n;
use crate::native::*;
use crate::object::*;
use crate::thread::{Cont, Frame, Th, fflags};
use crate::value::*;
use adder_bytecode::CodeFlags;

/// Most arguments that native code gathers on its stack.
pub const STACK_ARGS: usize = 24;

/// A list of values on the native stack (scanned conservatively), spilling to an array object.
pub struct Gather {
    n: usize,
    buf: [Option<Value>; STACK_ARGS],
    big: Option<Gc<Array>>,
}

impl Gather {
    pub fn new() -> Gather {
        Gather { n: 0, buf: [None; STACK_ARGS], big: None }
    }
    pub fn push(&mut self, th: Th, v: Value) -> R<()> {
        if self.n < STACK_ARGS && self.big.is_none() {
            self.buf[self.n] = Some(v);
        } else {
            let cap = self.big.map_or(0, |b| b.cap);
            if self.n >= cap {
                let nb = th.array((self.n + 1) * 2)?;
                for i in 0..self.n {
                    let old = if cap == 0 { self.buf[i].unwrap() } else { self.big.unwrap().slot(i).value() };
                    th.store(nb, nb.slot(i), old);
                }
                self.big = Some(nb);
            }
            let b = self.big.unwrap();
            th.store(b, b.slot(self.n), v);
        }
        self.n += 1;
        Ok(())
    }
    pub fn extend(&mut self, th: Th, v: &[Value]) -> R<()> {
        v.iter().try_for_each(|x| self.push(th, *x))
    }
    pub fn as_slice(&self) -> &[Value] {
        // SAFETY: the first `n` were pushed, here or there; a slot and an option that hold a value have its bits.
        unsafe {
            match self.big {
                Some(b) => std::slice::from_raw_parts(b.slots().as_ptr() as *const Value, self.n),
                None => std::slice::from_raw_parts(self.buf.as_ptr() as *const Value, self.n),
            }
        }
    }
    pub fn len(&self) -> usize {
        self.n
    }
}

impl Th {
    // -- calling from native code
    /// `f(*args)`.
    #[inline]
    pub fn call(self, f: Value, args: &[Value]) -> R<Value> {
        self.call_raw(f, RawArgs::positional(args))
    }
    /// `f(x)`, as `map` and its like call a function with each item.
    #[inline]
    pub fn call1(self, f: Value, x: Value) -> R<Value> {
        if let Some(nf) = f.exact::<NativeFunction>() {
            let s = &nf.def.sig;
            if let Imp::Bound(g) = nf.def.imp
                && s.plain
                && (1..=3).contains(&s.npos)
                && s.required <= 1
                && nf.def.kind != DefKind::ClassMethod
            {
                let (mut b, n) = ([None; 4], s.receiver as usize);
                b[0] = nf.this.get();
                b[n] = Some(x);
                return g(self, &b[..s.bound()]);
            }
        } else if let Some(t) = f.exact::<Type>()
            && !t.heap_type()
            && let Some(g) = t.native.new1
        {
            return g(self, x);
        }
        self.call(f, &[x])
    }
    pub fn call_raw(self, f: Value, a: RawArgs) -> R<Value> {
        if let Some(func) = f.exact::<Function>() {
            return self.call_function(func, None, a);
        }
        if let Some(nf) = f.exact::<NativeFunction>() {
            return self.call_native(nf, a);
        }
        match self.type_of(f).slots.call {
            Some(c) => {
                self.check_stack(" while calling a Python object")?;
                let r = c(self, f, a);
                // No sibling call: objects that call each other without end must use up the stack.
                std::hint::black_box(&r);
                r
            }
            None => Err(self.type_error(format!("'{}' object is not callable", self.type_name_of(f)))),
        }
    }
    /// `f(first, *args, **kwargs)`.
    pub fn call_prepend(self, f: Value, first: Value, a: RawArgs) -> R<Value> {
        if let Some(func) = f.exact::<Function>() {
            return self.call_function(func, Some(first), a);
        }
        let mut g = Gather::new();
        g.push(self, first)?;
        g.extend(self, a.all())?;
        self.call_raw(f, RawArgs::with_kw(g.as_slice(), a.kwnames()))
    }
    /// `f(*args, **{name: value})`.
    pub fn call_kw(self, f: Value, args: &[Value], kw: &[(&str, Value)]) -> R<Value> {
        let mut g = Gather::new();
        g.extend(self, args)?;
        let mut names = Gather::new();
        for (k, v) in kw {
            g.push(self, *v)?;
            names.push(self, self.intern(k))?;
        }
        // SAFETY: `tuple` gives one.
        let names: Gc<Tuple> = unsafe { self.tuple(names.as_slice()).cast_unchecked() };
        self.call_raw(f, RawArgs::with_kw(g.as_slice(), if kw.is_empty() { None } else { Some(names) }))
    }
    /// `f(*args, **kwargs)` with a tuple and a dict.
    pub fn call_ex(self, f: Value, args: Gc<Tuple>, kw: Option<Gc<Dict>>) -> R<Value> {
        match kw {
            Some(d) if d.len() > 0 => {
                let mut g = Gather::new();
                g.extend(self, args.items())?;
                let mut names = Gather::new();
                let mut i = 0;
                while let Some((ni, k, v)) = d.next_entry(i) {
                    if !k.is_kind(Kind::Str) {
                        return Err(self.type_error("keywords must be strings"));
                    }
                    g.push(self, v)?;
                    names.push(self, k)?;
                    i = ni;
                }
                // SAFETY: as in `call_kw`.
                let names: Gc<Tuple> = unsafe { self.tuple(names.as_slice()).cast_unchecked() };
                self.call_raw(f, RawArgs::with_kw(g.as_slice(), Some(names)))
            }
            _ => self.call_raw(f, RawArgs::positional(args.items())),
        }
    }
    /// Calls what `lookup_special` found, with `o` as self.
    pub fn call_unbound(self, f: Value, o: Value, args: &[Value]) -> R<Value> {
        self.call_unbound_raw(f, o, RawArgs::positional(args))
    }
    pub fn call_unbound_raw(self, f: Value, o: Value, a: RawArgs) -> R<Value> {
        if let Some(func) = f.exact::<Function>() {
            return self.call_function(func, Some(o), a);
        }
        // A class may hold the descriptor of an unrelated type under any name.
        if let Some(w) = f.exact::<WrapperDescriptor>() {
            if !self.isinstance_exact(o, w.owner.gc()) {
                return Err(crate::builtins::descr::wrong_receiver(self, w, o));
            }
            return (w.def.wrap)(self, w.func, o, a);
        }
        if let Some(m) = f.exact::<MethodDescriptor>() {
            crate::builtins::descr::check_receiver(self, m.owner.gc(), m.def.name, o)?;
            return self.call_def(m.def, Some(o), None, a);
        }
        let t = self.type_of(o);
        let b = self.bind(f, Some(o), t)?;
        self.call_raw(b, a)
    }
    /// The special method must exist: AttributeError-like TypeErrors are the caller's business.
    pub fn call_special(self, o: Value, name: Value, args: &[Value]) -> R<Value> {
        match self.lookup_special(o, name) {
            Some(f) => self.call_unbound(f, o, args),
            None => Err(self.no_attribute(o, name)),
        }
    }
    pub fn call_special_attr(self, o: Value, name: Value, args: &[Value]) -> R<Value> {
        match self.lookup_special(o, name) {
            Some(f) => self.call_unbound(f, o, args),
            None => Err(self.attribute_error(o, name, &self.text(name))),
        }
    }
    /// NotImplemented if there is no such method.
    pub fn call_maybe(self, o: Value, name: Value, args: &[Value]) -> R<Value> {
        Ok(self.call_if_any(o, name, args)?.unwrap_or(NOT_IMPLEMENTED()))
    }
    /// None if there is no such method, or only a descriptor that says so with an AttributeError (CPython's
    /// `lookup_maybe_method`).
    pub fn call_if_any(self, o: Value, name: Value, args: &[Value]) -> R<Option<Value>> {
        match self.lookup_special(o, name) {
            Some(f) => self.call_if_bound(f, o, args),
            None => Ok(None),
        }
    }
    /// The same for what `lookup_special` found.
    pub fn call_if_bound(self, f: Value, o: Value, args: &[Value]) -> R<Option<Value>> {
        if matches!(f.kind(), Kind::Function | Kind::WrapperDescriptor | Kind::MethodDescriptor) {
            return self.call_unbound(f, o, args).map(Some);
        }
        match self.bind(f, Some(o), self.type_of(o)) {
            Ok(b) => self.call_raw(b, RawArgs::positional(args)).map(Some),
            Err(_) if self.exc_is(&crate::builtins::exceptions::ATTRIBUTE_ERROR) => {
                self.take_exc();
                Ok(None)
            }
            Err(e) => Err(e),
        }
    }
    /// `o.name(*args)`.
    pub fn call_method(self, o: Value, name: Value, args: &[Value]) -> R<Value> {
        let t = self.type_of(o);
        if t.has(tflags::PLAIN_GETATTR)
            && let Some(f) = self.lookup(t, name)
            && (f.is_exact(Kind::Function) || f.is_exact(Kind::MethodDescriptor))
            && self.instance_attr(o, name)?.is_none()
        {
            return self.call_unbound(f, o, args);
        }
        let f = self.getattr(o, name)?;
        self.call(f, args)
    }

    // -- native functions
    pub fn call_native(self, f: Gc<NativeFunction>, a: RawArgs) -> R<Value> {
        if std::ptr::eq(f.def, &crate::builtins::type_::NEW_DEF) {
            // SAFETY: every `__new__` is made with its type, and that never changes.
            return crate::builtins::type_::call_new_wrapper(self, unsafe { f.this.gc() }, a);
        }
        let recv = if f.def.sig.receiver || f.def.kind == DefKind::ClassMethod { f.this.get() } else { None };
        self.call_def(f.def, recv, f.this.get().or(f.module.get()), a)
    }
    /// Calls a declared function. `recv`: the receiver, if the signature has one and it is not among the arguments.
    pub fn call_def(
        self,
        d: &'static NativeDef,
        recv: Option<Value>,
        owner: Option<Value>,
        a: RawArgs,
    ) -> R<Value> {
        match d.imp {
            Imp::Raw(f) => match recv {
                Some(r) => {
                    let mut g = Gather::new();
                    g.push(self, r)?;
                    g.extend(self, a.all())?;
                    f(self, RawArgs::with_kw(g.as_slice(), a.kwnames()))
                }
                None => f(self, a),
            },
            Imp::Bound(f) => {
                let s = &d.sig;
                let n = s.receiver as usize;
                // The usual case: just the positional parameters.
                if a.nkw() == 0
                    && s.kwrequired == 0
                    && !s.varargs
                    && !s.varkw
                    && a.len() >= s.required as usize
                    && a.len() <= s.npos as usize
                {
                    if s.kwonly == 0 && recv.is_none() && n == 0 && a.len() == s.npos as usize {
                        let p = a.pos();
                        // SAFETY: a value has the bits of an option that holds it.
                        return f(self, unsafe {
                            std::slice::from_raw_parts(p.as_ptr() as *const Option<Value>, p.len())
                        });
                    }
                    if s.bound() <= 8 {
                        let mut b = [None; 8];
                        if n == 1 {
                            b[0] = recv;
                        }
                        for (i, v) in a.pos().iter().enumerate() {
                            b[n + i] = Some(*v);
                        }
                        return f(self, &b[..s.bound()]);
                    }
                }
                // `f(*args)`.
                if a.nkw() == 0 && s.varargs && !s.varkw && s.npos == 0 && s.kwonly == 0 {
                    let rest = Some(self.try_tuple(a.pos())?);
                    return if n == 1 { f(self, &[recv, rest]) } else { f(self, &[rest]) };
                }
                let mut b = [None; STACK_ARGS];
                if n == 1 {
                    b[0] = recv;
                }
                crate::bind::bind_with(self, d, recv.or(owner), a, &mut b[n..s.bound()])?;
                f(self, &b[..s.bound()])
            }
        }
    }

    // -- Python functions
    /// Calls a Python function from native code: a nested run of the interpreter.
    pub fn call_function(self, f: Gc<Function>, first: Option<Value>, a: RawArgs) -> R<Value> {
        self.check_stack("")?;
        self.may_run_python()?;
        // Above everything that the current frame uses.
        let regs = self.free_regs();
        // SAFETY: all above them is free.
        unsafe { self.push_frame(f, regs, first, a, fflags::ENTRY) }?;
        self.run_entry()
    }
    /// Runs what is not called by the interpreter: a panic inside is an exception, as it is there.
    pub fn guarded<T>(self, f: impl FnOnce() -> R<T>) -> R<T> {
        let fp = self.fp.get();
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(f))
            .unwrap_or_else(|panic| Err(super::internal_error(self, fp, &*panic)))
    }
    /// Runs an operation that must not run Python code: machine code has frames that are not in memory. None: it would
    /// have, or it failed; nothing of the kind has happened, no exception is set.
    pub fn quietly(self, f: impl FnOnce() -> R<Value>) -> Option<Value> {
        let was = self.quiet.replace(1);
        let r = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f));
        let refused = self.quiet.replace(was) == 2;
        match r {
            Ok(Ok(v)) if !refused => Some(v),
            _ => {
                self.exc.init(None);
                None
            }
        }
    }
    /// Within [`Self::quietly`]: what fails will be done again.
    pub fn is_quiet(self) -> bool {
        self.quiet.get() != 0
    }
    /// An error inside [`Self::quietly`]. To be asked by all that runs Python code natively, before anything else.
    #[inline(always)]
    pub fn may_run_python(self) -> R<()> {
        if self.quiet.get() != 0 { Err(self.refuse()) } else { Ok(()) }
    }
    /// An error inside [`Self::quietly`] if a call of `f`, a key function or a factory, may do more than compute: a trace
    /// would not know what it writes, and what fails is done again.
    #[inline(always)]
    pub fn may_call(self, f: Value) -> R<()> {
        if self.quiet.get() != 0 && !crate::jit::quiet::only_computes(self, f) {
            return Err(self.refuse());
        }
        Ok(())
    }
    /// An error inside [`Self::quietly`] if going over `v`, an item of what was given, takes something from it.
    #[inline(always)]
    pub fn may_take(self, v: Value) -> R<()> {
        if self.quiet.get() != 0 && !crate::jit::helpers::lasting(self, v) {
            return Err(self.refuse());
        }
        Ok(())
    }
    #[cold]
    fn refuse(self) -> Raised {
        self.quiet.set(2);
        // Nobody catches it; whoever drops it is found out by the flag.
        self.raise_msg(&crate::builtins::exceptions::BASE_EXCEPTION, "Python code in a quiet operation")
    }
    /// Runs the frame just pushed until it leaves.
    pub fn run_entry(self) -> R<Value> {
        let mut entered = Entered::NONE;
        let _mark = entered.mark(self);
        if super::events::observed(self) {
            super::events::started(self)?;
        }
        if !super::events::closely(self) {
            if let Some(r) = crate::jit::function::run(self) {
                return r;
            }
            crate::jit::function::called(self);
        }
        self.run_marked()
    }
    /// The same for a frame whose start was reported.
    pub fn run_on(self) -> R<Value> {
        let mut entered = Entered::NONE;
        let _mark = entered.mark(self);
        self.run_marked()
    }
    #[inline(always)]
    fn run_marked(self) -> R<Value> {
        // A generator that delegates is resumed with the frames that it delegates to above its own.
        // SAFETY: the bottom frame is never run, so there is one below an entry frame.
        let below = || unsafe { super::chain::below(entry_frame(self.fp.get())) };
        let base = if cfg!(debug_assertions) { below() } else { std::ptr::null_mut() };
        let r = run(self);
        debug_assert!(base.is_null() || self.fp.get() == base);
        r
    }
    /// Pushes a frame for `f` with its arguments bound; `pc` is before the first instruction.
    ///
    /// # Safety
    /// `regs` are registers of this thread that are free from there on, but for the arguments.
    pub unsafe fn push_frame(
        self,
        f: Gc<Function>,
        regs: *mut u64,
        first: Option<Value>,
        a: RawArgs,
        flags: u64,
    ) -> R<&'static mut Frame> {
        // SAFETY: `room_for` has seen that record and registers fit. Python code may run after it (`__eq__` of a keyword), in
        // frames that are gone again; it may give the function other code, but `code` is what was bound.
        unsafe {
            let code: Gc<Code> = f.code.gc_unchecked();
            crate::builtins::code::load(self, code)?;
            self.room_for(regs, code)?;
            bind_python(self, f, code, regs, first, a)?;
            let nf = &mut *self.fp.get().add(1);
            nf.regs = regs;
            nf.func = f;
            nf.code = code;
            nf.flags = flags;
            nf.pc = code.ins.wrapping_sub(1);
            self.fp.set(nf);
            Ok(nf)
        }
    }
    /// Whether another frame fits: recursion limit, register space; and attends to whoever waits for this thread.
    pub fn room_for(self, regs: *mut u64, code: Gc<Code>) -> R<()> {
        let nf = self.fp.get().wrapping_add(1);
        if self.wanted() {
            self.attend()?;
        }
        if nf >= self.frame_limit.get() {
            return Err(self.too_deep());
        }
        if regs.wrapping_add(code.nregs as usize) >= self.regs_end.get() {
            return Err(self.too_deep());
        }
        Ok(())
    }
    #[cold]
    fn too_deep(self) -> Raised {
        let old = self.frame_limit.get();
        // SAFETY: the stack of frames goes on to its end, which `frames_end` leaves a few frames before.
        self.frame_limit.set(unsafe { old.add(50).min(self.frames_end.get()) });
        let e = self.recursion_error("maximum recursion depth exceeded");
        self.frame_limit.set(old);
        e
    }
}

/// The register that a call's result goes to is `c` of the caller's instruction.
pub fn flags_for(cont: Cont, arg: u16) -> u64 {
    (cont as u64) << fflags::CONT_SHIFT | (arg as u64) << fflags::ARG_SHIFT
}

fn fname(th: Th, f: Gc<Function>) -> String {
    th.text(f.qualname.value())
}

/// Binds arguments to the parameters of a Python function and writes the registers `regs`, which may overlap the
/// arguments. Messages as in CPython's `initialize_locals`.
///
/// # Safety
/// There is room for the code's locals from `regs` on.
pub unsafe fn bind_python(
    th: Th,
    f: Gc<Function>,
    code: Gc<Code>,
    regs: *mut u64,
    first: Option<Value>,
    a: RawArgs,
) -> R<()> {
    let npos = code.argcount as usize;
    let nkwonly = code.kwonly as usize;
    let flags = CodeFlags(code.flags);
    let (varargs, varkw) = (flags.has(CodeFlags::VARARGS), flags.has(CodeFlags::VARKEYWORDS));
    let nfirst = first.is_some() as usize;
    let given = a.len() + nfirst;
    let total = npos + nkwonly;
    let nparams = total + varargs as usize + varkw as usize;

    // The simple case, without allocation.
    if a.nkw() == 0 && !varargs && !varkw && given == npos && nkwonly == 0 {
        unsafe {
            std::ptr::copy(a.pos().as_ptr() as *const u64, regs.add(nfirst), a.len());
            if let Some(v) = first {
                *regs = v.bits();
            }
            for i in npos..code.nlocals as usize {
                *regs.add(i) = 0;
            }
        }
        return Ok(());
    }

    // The rest from the defaults.
    if a.nkw() == 0
        && !varargs
        && !varkw
        && nkwonly == 0
        && given < npos
        && let Some(d) = f.defaults.get()
        && given + d.len >= npos
    {
        unsafe {
            std::ptr::copy(a.pos().as_ptr() as *const u64, regs.add(nfirst), a.len());
            if let Some(v) = first {
                *regs = v.bits();
            }
            for i in given..npos {
                *regs.add(i) = d.items()[d.len + i - npos].bits();
            }
            for i in npos..code.nlocals as usize {
                *regs.add(i) = 0;
            }
        }
        return Ok(());
    }

    if nparams <= STACK_ARGS {
        bind_general::<[Option<Value>; STACK_ARGS]>(th, f, code, regs, first, a)
    } else {
        bind_general::<Gc<Array>>(th, f, code, regs, first, a)
    }
}

/// Where parameters gather before they go to the registers: on the native stack, where the collector sees them, or, if
/// there are many, in an array object.
trait Params: Sized {
    /// Room for `n`, none of them bound.
    fn room(th: Th, n: usize) -> R<Self>;
    fn set(&mut self, th: Th, i: usize, v: Value);
    /// What is bound so far; there may be more room than was asked for.
    fn all(&self) -> &[Option<Value>];
}

impl Params for [Option<Value>; STACK_ARGS] {
    #[inline(always)]
    fn room(_: Th, _: usize) -> R<Self> {
        Ok([None; STACK_ARGS])
    }
    #[inline(always)]
    fn set(&mut self, _: Th, i: usize, v: Value) {
        self[i] = Some(v);
    }
    #[inline(always)]
    fn all(&self) -> &[Option<Value>] {
        self
    }
}

impl Params for Gc<Array> {
    fn room(th: Th, n: usize) -> R<Self> {
        th.array(n)
    }
    fn set(&mut self, th: Th, i: usize, v: Value) {
        th.store(*self, self.slot(i), v);
    }
    fn all(&self) -> &[Option<Value>] {
        let slots = self.slots();
        // SAFETY: a slot has the bits of what it holds, as an option does; only this thread knows the array, whom the
        // reference keeps in its place.
        unsafe { std::slice::from_raw_parts(slots.as_ptr() as *const Option<Value>, slots.len()) }
    }
}

#[inline(never)]
fn bind_general<P: Params>(
    th: Th,
    f: Gc<Function>,
    code: Gc<Code>,
    regs: *mut u64,
    first: Option<Value>,
    a: RawArgs,
) -> R<()> {
    let npos = code.argcount as usize;
    let nkwonly = code.kwonly as usize;
    let flags = CodeFlags(code.flags);
    let (varargs, varkw) = (flags.has(CodeFlags::VARARGS), flags.has(CodeFlags::VARKEYWORDS));
    let nfirst = first.is_some() as usize;
    let given = a.len() + nfirst;
    let total = npos + nkwonly;
    let nparams = total + varargs as usize + varkw as usize;
    // Everything that allocates comes first.
    let mut vals = P::room(th, nparams)?;
    let pos = |i: usize| if i < nfirst { first.unwrap() } else { a.pos()[i - nfirst] };
    for i in 0..npos.min(given) {
        vals.set(th, i, pos(i));
    }
    if varargs {
        let t = if given > npos {
            if npos >= nfirst {
                th.try_tuple(&a.pos()[npos - nfirst..])?
            } else {
                let mut g = Gather::new();
                for i in npos..given {
                    g.push(th, pos(i))?;
                }
                th.try_tuple(g.as_slice())?
            }
        } else {
            crate::thread::Root::empty_tuple.value()
        };
        vals.set(th, total, t);
    }
    let kwdict = if varkw {
        let d = Gc::<Dict>::with_capacity(th, a.nkw());
        vals.set(th, total + varargs as usize, d.value());
        Some(d)
    } else {
        None
    };
    if a.nkw() != 0 {
        let names = code.varnames.gc();
        // SAFETY: `push_frame` has loaded the code.
        let posonly = unsafe { (*code.data).posonly as usize };
        for (k, v) in a.keywords() {
            let Some(ks) = k.cast::<Str>() else {
                return Err(th.type_error(format!("{}() keywords must be strings", fname(th, f))));
            };
            let params = &names.items()[..total];
            let hit = params[posonly..].iter().position(|p| p.is(k)).or_else(|| {
                params[posonly..]
                    .iter()
                    // SAFETY: names of variables are strings.
                    .position(|p| unsafe { p.cast_unchecked::<Str>() }.bytes() == ks.bytes())
            });
            if let Some(i) = hit {
                let i = i + posonly;
                if vals.all()[i].is_some() {
                    return Err(th.type_error(format!(
                        "{}() got multiple values for argument '{}'",
                        fname(th, f),
                        ks.lossy()
                    )));
                }
                vals.set(th, i, v);
            } else if let Some(d) = kwdict {
                d.set(th, k, v)?;
            } else {
                return Err(unexpected_keyword(th, f, code, posonly, a, k));
            }
        }
    }
    if given > npos && !varargs {
        return Err(too_many(th, f, code, given, vals.all()));
    }
    if given < npos {
        let defs = f.defaults.get();
        let nd = defs.map_or(0, |d| d.len);
        let need = npos.saturating_sub(nd);
        if vals.all()[given.min(need)..need].iter().any(|v| v.is_none()) {
            return Err(missing(th, f, code, vals.all(), 0..need, "positional"));
        }
        for i in given.max(need)..npos {
            if vals.all()[i].is_none() {
                vals.set(th, i, defs.unwrap().items()[i + nd - npos]);
            }
        }
    }
    if nkwonly > 0 {
        let kwd = f.kwdefaults.get();
        let mut lacking = false;
        for i in npos..total {
            if vals.all()[i].is_none() {
                let default = match kwd {
                    Some(d) => d.get_str(th, code.varnames.gc().items()[i])?,
                    None => None,
                };
                match default {
                    Some(v) => vals.set(th, i, v),
                    None => lacking = true,
                }
            }
        }
        if lacking {
            return Err(missing(th, f, code, vals.all(), npos..total, "keyword-only"));
        }
    }
    unsafe {
        for (i, v) in vals.all()[..nparams].iter().enumerate() {
            *regs.add(i) = v.map_or(0, Value::bits);
        }
        for i in nparams..code.nlocals as usize {
            *regs.add(i) = 0;
        }
    }
    Ok(())
}

#[cold]
fn unexpected_keyword(
    th: Th,
    f: Gc<Function>,
    code: Gc<Code>,
    posonly: usize,
    a: RawArgs,
    k: Value,
) -> Raised {
    let names = code.varnames.gc();
    // Positional-only parameters that were given by name.
    let bad: Vec<String> = names.items()[..posonly]
        .iter()
        .filter(|p| a.keywords().any(|(k, _)| th.text(k) == th.text(**p)))
        .map(|p| th.text(*p))
        .collect();
    if !bad.is_empty() {
        return th.type_error(format!(
            "{}() got some positional-only arguments passed as keyword arguments: '{}'",
            fname(th, f),
            bad.join(", ")
        ));
    }
    let total = (code.argcount + code.kwonly) as usize;
    let given = th.text(k);
    let candidates: Vec<String> = names.items()[posonly..total].iter().map(|p| th.text(*p)).collect();
    match crate::suggest::closest(&given, candidates.iter().map(|s| s.as_str())) {
        Some(s) => th.type_error(format!(
            "{}() got an unexpected keyword argument '{given}'. Did you mean '{s}'?",
            fname(th, f)
        )),
        None => th.type_error(format!("{}() got an unexpected keyword argument '{given}'", fname(th, f))),
    }
}

#[cold]
fn too_many(th: Th, f: Gc<Function>, code: Gc<Code>, given: usize, vals: &[Option<Value>]) -> Raised {
    let npos = code.argcount as usize;
    let nd = f.defaults.get().map_or(0, |d| d.len);
    let kwonly_given = vals[npos..npos + code.kwonly as usize].iter().filter(|v| v.is_some()).count();
    let (sig, plural) =
        if nd > 0 { (format!("from {} to {npos}", npos - nd), true) } else { (format!("{npos}"), npos != 1) };
    let kw = if kwonly_given > 0 {
        format!(
            " positional argument{} (and {kwonly_given} keyword-only argument{})",
            if given != 1 { "s" } else { "" },
            if kwonly_given != 1 { "s" } else { "" }
        )
    } else {
        String::new()
    };
    th.type_error(format!(
        "{}() takes {sig} positional argument{} but {given}{kw} {} given",
        fname(th, f),
        if plural { "s" } else { "" },
        if given == 1 && kwonly_given == 0 { "was" } else { "were" }
    ))
}

#[cold]
fn missing(
    th: Th,
    f: Gc<Function>,
    code: Gc<Code>,
    vals: &[Option<Value>],
    range: std::ops::Range<usize>,
    kind: &str,
) -> Raised {
    let names = code.varnames.gc();
    let lack: Vec<String> =
        range.filter(|i| vals[*i].is_none()).map(|i| format!("'{}'", th.text(names.items()[i]))).collect();
    let list = match lack.len() {
        1 => lack[0].clone(),
        2 => format!("{} and {}", lack[0], lack[1]),
        n => format!("{}, and {}", lack[..n - 1].join(", "), lack[n - 1]),
    };
    th.type_error(format!(
        "{}() missing {} required {kind} argument{}: {list}",
        fname(th, f),
        lack.len(),
        if lack.len() == 1 { "" } else { "s" }
    ))
}

#[allow(unused)]
fn _names() -> (Value, &'static TypeCell) {
    (n!(__call__), &exc::TYPE_ERROR)
}
