//! `Pickler`: its state, its output with frames, `dump`.
//!
//! # Safety
//! Who dumps or initialises has the state to itself: others, and Python code that is called meanwhile, are told that it is in
//! use (`busy`).

use super::memo::{self, Memo};
use super::{DEFAULT, HIGHEST, PICKLING_ERROR, docs, op, save};
use crate::common::*;
use crate::native_layout;
use adder_text::room;
use adder_vm::builtins::{bytes, int, object};
use adder_vm::err::{R, Raised};
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::Slots;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering::*};

const FRAME_SIZE_MIN: usize = 4;
pub const FRAME_SIZE_TARGET: usize = 64 * 1024;
const FRAME_HEADER_SIZE: usize = 9;

// `persistent_attr`: what was assigned to `persistent_id`; `persistent`, `reducer`: in force during a dump.
native_layout! { pub Pickler {
    write, objects: Array, persistent_attr, persistent, reducer, dispatch_table, buffer_callback;
    st: AtomicPtr<PState>, busy: AtomicBool
} }

/// What a pickler has in Rust memory.
pub struct PState {
    pub out: Vec<u8>,
    pub memo: Memo,
    /// How many slots of `objects` are in use.
    pub objects: usize,
    pub proto: i64,
    pub bin: i64,
    pub fast: i64,
    pub fix_imports: bool,
    pub framing: bool,
    /// Where the header of the current frame is in `out`.
    pub frame: Option<usize>,
    pub fast_nesting: i64,
    /// Addresses of containers being saved in deep fast mode.
    pub fast_open: Vec<u64>,
}

#[allow(clippy::mut_from_ref)]
#[inline(always)]
pub fn state<'a>(p: Gc<Pickler>) -> &'a mut PState {
    // SAFETY: made by `create`, freed with the object. The dumping thread has it to itself (`busy`); the memo is used
    // under the object's lock.
    unsafe { &mut *p.st.load(Relaxed) }
}

static INIT: NativeDef =
    signature("Pickler", "(file, protocol=None, fix_imports=True, buffer_callback=None)");

pub static PICKLER: TypeCell = TypeCell::new(&NativeType {
    name: "_pickle.Pickler",
    kind: Kind::Native,
    size: Pickler::SIZE,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP,
    doc: docs::PICKLER,
    text_signature: Some("(file, protocol=None, fix_imports=True, buffer_callback=None)"),
    slots: Slots {
        new: Some(|th, t, _| {
            let o = make(th, t)?;
            attach(Pickler::of(o));
            Ok(o)
        }),
        init: Some(|th, o, a| {
            let [file, proto, fix, callback] = bind::<4>(th, &INIT, a)?;
            let p = Pickler::of(o);
            if p.busy.load(Acquire) {
                return Err(in_use(th));
            }
            set_up(th, p, file.unwrap(), proto, fix, callback)
        }),
        getattro: Some(|th, o, name| {
            let p = Pickler::of(o);
            if let Some(v) = p.persistent_attr.get()
                && is_persistent_id(name)
            {
                return Ok(v);
            }
            adder_vm::attr::object_getattro(th, o, name)
        }),
        setattro: Some(|th, o, name, v| {
            if is_persistent_id(name) && !has_own_dict(th, o) {
                let p = Pickler::of(o);
                match v {
                    Some(v) => th.store(p, &p.persistent_attr, v),
                    None if p.persistent_attr.get().is_some() => p.persistent_attr.init(None),
                    None => return adder_vm::attr::object_setattro(th, o, name, v),
                }
                return Ok(());
            }
            adder_vm::attr::object_setattro(th, o, name, v)
        }),
        ..Slots::NONE
    },
    methods: &[
        PERSISTENT_ID,
        method("dump", "($self, obj, /)", docs::P_DUMP, |th, a| {
            let p = Pickler::of(arg(a, 0));
            initialized_class(th, p)?;
            dump(th, p, arg(a, 1))?;
            none()
        }),
        method("clear_memo", "($self, /)", docs::CLEAR_MEMO, |th, a| {
            memo::clear(th, Pickler::of(arg(a, 0)));
            none()
        }),
        method("__sizeof__", "($self, /)", "Returns size in memory, in bytes.", |th, a| {
            let st = state(Pickler::of(arg(a, 0)));
            Ok(th.int((Pickler::SIZE as usize + st.memo.bytes() + st.out.capacity()) as i64))
        }),
    ],
    getset: &[
        getset(
            "bin",
            "",
            |th, o| Ok(th.int(state(Pickler::of(o)).bin)),
            |th, o, v| {
                state(Pickler::of(o)).bin = int_member(th, v)?;
                Ok(())
            },
        ),
        getset(
            "fast",
            "",
            |th, o| Ok(th.int(state(Pickler::of(o)).fast)),
            |th, o, v| {
                state(Pickler::of(o)).fast = int_member(th, v)?;
                Ok(())
            },
        ),
        getset("memo", "", |th, o| memo::new_proxy(th, &memo::PICKLER_MEMO, o), memo::set_pickler_memo),
    ],
    members: &[MemberDef {
        name: "dispatch_table",
        doc: "",
        offset: std::mem::offset_of!(Pickler, dispatch_table) as u32,
        flags: 0,
    }],
    trace: Some(Pickler::trace),
    drop: Some(|o| unsafe {
        let p = (*(o.as_ptr() as *const Pickler)).st.swap(std::ptr::null_mut(), AcqRel);
        if !p.is_null() {
            drop(Box::from_raw(p));
        }
    }),
    ..NativeType::DEFAULT
});

const PERSISTENT_ID: NativeDef = method("persistent_id", "($self, obj, /)", "", |_, _| none());

fn is_persistent_id(name: Value) -> bool {
    name.cast::<Str>().is_some_and(|s| s.bytes() == b"persistent_id")
}
fn has_own_dict(_: Th, o: Value) -> bool {
    adder_vm::shape::shape(o.shape_id()).ext_at != 0
}
/// A C `int` member's new value.
fn int_member(th: Th, v: Option<Value>) -> R<i64> {
    let Some(v) = v else { return Err(th.type_error("can't delete numeric/char attribute")) };
    let i = th.index(v)?;
    let Some(n) = int::to_i64(i) else {
        return Err(th.overflow_error("Python int too large to convert to C long"));
    };
    if n as i32 as i64 != n {
        let cat = &adder_vm::builtins::exceptions::RUNTIME_WARNING;
        adder_vm::warn::warn(th, cat, "Truncation of value to int", 1)?;
    }
    Ok(n as i32 as i64)
}

/// Room that a pickle begins with.
const FIRST: usize = 256;

/// Gives a fresh object its state.
fn attach(p: Gc<Pickler>) {
    let st = PState {
        out: Vec::with_capacity(FIRST),
        memo: Memo::default(),
        objects: 0,
        proto: 0,
        bin: 0,
        fast: 0,
        fix_imports: false,
        framing: false,
        frame: None,
        fast_nesting: 0,
        fast_open: Vec::new(),
    };
    p.st.store(Box::into_raw(Box::new(st)), Release);
}
pub fn create(th: Th) -> R<Gc<Pickler>> {
    let o = object::new_instance(th, PICKLER.get())?;
    let p = Pickler::of(o);
    attach(p);
    Ok(p)
}

pub fn set_options(
    th: Th,
    p: Gc<Pickler>,
    proto: Option<Value>,
    fix: Option<Value>,
    callback: Option<Value>,
) -> R<()> {
    let mut n = match proto.and_then(|v| v.some()) {
        None => DEFAULT,
        Some(v) => {
            let v = th.index(v)?;
            match int::to_i64(v).filter(|n| i32::try_from(*n).is_ok()) {
                Some(n) => n,
                None if int::to_i64(v).is_none() => {
                    return Err(th.overflow_error("Python int too large to convert to C long"));
                }
                None => {
                    let how = if int::is_negative(v) { "less than minimum" } else { "greater than maximum" };
                    return Err(th.overflow_error(format!("signed integer is {how}")));
                }
            }
        }
    };
    if n < 0 {
        n = HIGHEST;
    }
    if n > HIGHEST {
        return Err(th.value_error(format!("pickle protocol must be <= {HIGHEST}")));
    }
    let fix = match fix {
        Some(v) => th.truth(v)?,
        None => true,
    };
    let callback = callback.and_then(|c| c.some());
    if callback.is_some() && n < 5 {
        return Err(th.value_error("buffer_callback needs protocol >= 5"));
    }
    let st = state(p);
    st.proto = n;
    st.bin = (n > 0) as i64;
    st.fix_imports = fix && n < 3;
    th.store_opt(p, &p.buffer_callback, callback);
    Ok(())
}
pub fn set_up(
    th: Th,
    p: Gc<Pickler>,
    file: Value,
    proto: Option<Value>,
    fix: Option<Value>,
    callback: Option<Value>,
) -> R<()> {
    set_options(th, p, proto, fix, callback)?;
    let Some(w) = th.getattr_opt(file, th.intern("write"))? else {
        return Err(th.type_error("file must have a 'write' attribute"));
    };
    {
        // Another thread may dump.
        let _busy = enter(th, p)?;
        th.store(p, &p.write, w);
        state(p).fast = 0;
        memo::clear(th, p);
    }
    if p.value().shape_id() != PICKLER.get().root_shape.load(Relaxed) {
        // A subclass may have a table of its own.
        if let Some(t) = th.getattr_opt(p.value(), th.intern("dispatch_table"))? {
            th.store(p, &p.dispatch_table, t);
        }
    }
    Ok(())
}

pub fn initialized(th: Th, p: Gc<Pickler>) -> R<()> {
    let _ = (th, p);
    Ok(())
}
fn initialized_class(th: Th, p: Gc<Pickler>) -> R<()> {
    if p.write.get().is_none() {
        let n = th.type_name_of(p.value());
        return Err(
            th.raise_msg(&PICKLING_ERROR, &format!("Pickler.__init__() was not called by {n}.__init__()"))
        );
    }
    Ok(())
}
#[cold]
fn in_use(th: Th) -> Raised {
    th.runtime_error("Pickler object is already used")
}

/// Writes the pickle of an object into `out`, and all of it to the file if there is one.
fn run(th: Th, p: Gc<Pickler>, o: Value) -> R<()> {
    let plain = p.value().shape_id() == PICKLER.get().root_shape.load(Relaxed);
    // Methods of a subclass.
    let persistent = match p.persistent_attr.get() {
        Some(v) => Some(v),
        None if plain => None,
        None => th.getattr_opt(p.value(), th.intern("persistent_id"))?.filter(|f| {
            f.exact::<NativeFunction>().is_none_or(|f| !std::ptr::fn_addr_eq(imp(f.def), imp(&PERSISTENT_ID)))
        }),
    };
    th.store_opt(p, &p.persistent, persistent);
    let reducer = if plain { None } else { th.getattr_opt(p.value(), th.intern("reducer_override"))? };
    th.store_opt(p, &p.reducer, reducer);
    let st = state(p);
    st.out.clear();
    st.frame = None;
    st.framing = false;
    if st.proto >= 2 {
        st.out.extend_from_slice(&[op::PROTO, st.proto as u8]);
        st.framing = st.proto >= 4;
    }
    save::save(th, p, o, false)?;
    st.put(&[op::STOP]);
    st.close_frame();
    Ok(())
}
fn imp(d: &NativeDef) -> NativeFn {
    match d.imp {
        Imp::Bound(f) => f,
        Imp::Raw(_) => |_, _| none(),
    }
}

struct Busy(Gc<Pickler>);
impl Drop for Busy {
    fn drop(&mut self) {
        let p = self.0;
        state(p).framing = false;
        state(p).fast_nesting = 0;
        state(p).fast_open.clear();
        p.persistent.init(None);
        p.reducer.init(None);
        p.busy.store(false, Release);
    }
}
fn enter(th: Th, p: Gc<Pickler>) -> R<Busy> {
    if p.busy.swap(true, AcqRel) { Err(in_use(th)) } else { Ok(Busy(p)) }
}

pub fn dump(th: Th, p: Gc<Pickler>, o: Value) -> R<()> {
    let _busy = enter(th, p)?;
    run(th, p, o)?;
    flush(th, p)
}
pub fn dumps(th: Th, p: Gc<Pickler>, o: Value) -> R<Value> {
    let _busy = enter(th, p)?;
    run(th, p, o)?;
    Ok(bytes::new(th, &state(p).out)?.value())
}

/// Gives what is in `out` to the file.
pub fn flush(th: Th, p: Gc<Pickler>) -> R<()> {
    if let Some(w) = p.write.get() {
        let st = state(p);
        let b = bytes::new(th, &st.out)?;
        st.out.clear();
        st.frame = None;
        th.call(w, &[b.value()])?;
    }
    Ok(())
}

impl PState {
    /// Appends, in a frame if there are frames.
    #[inline(always)]
    pub fn put(&mut self, b: &[u8]) {
        if self.framing && self.frame.is_none() {
            self.open_frame();
        }
        room::append(&mut self.out, b);
    }
    #[inline(always)]
    pub fn byte(&mut self, b: u8) {
        if self.framing && self.frame.is_none() {
            self.open_frame();
        }
        room::reserve(&mut self.out, 1);
        self.out.push(b);
    }
    #[inline(never)]
    fn open_frame(&mut self) {
        self.frame = Some(self.out.len());
        self.out.extend_from_slice(&[0; FRAME_HEADER_SIZE]);
    }
    pub fn close_frame(&mut self) {
        let Some(at) = self.frame.take() else { return };
        let n = self.out.len() - at - FRAME_HEADER_SIZE;
        if n >= FRAME_SIZE_MIN {
            self.out[at] = op::FRAME;
            self.out[at + 1..at + FRAME_HEADER_SIZE].copy_from_slice(&(n as u64).to_le_bytes());
        } else {
            self.out.drain(at..at + FRAME_HEADER_SIZE);
        }
    }
}

/// After each object: a frame that is long enough ends here.
#[inline(always)]
pub fn boundary(th: Th, p: Gc<Pickler>) -> R<()> {
    let st = state(p);
    if let Some(at) = st.frame
        && st.out.len() - at - FRAME_HEADER_SIZE >= FRAME_SIZE_TARGET
    {
        st.close_frame();
        return flush(th, p);
    }
    Ok(())
}

/// A header and much data: beyond the frame size they go to the file directly. `payload`: the object that has the data.
pub fn put_bytes(th: Th, p: Gc<Pickler>, header: &[u8], data: &[u8], payload: Option<Value>) -> R<()> {
    let st = state(p);
    if data.len() < FRAME_SIZE_TARGET {
        st.put(header);
        room::append(&mut st.out, data);
        return Ok(());
    }
    st.close_frame();
    let framing = std::mem::replace(&mut st.framing, false);
    let r = (|| {
        st.put(header);
        match p.write.get() {
            None => {
                room::append(&mut st.out, data);
                Ok(())
            }
            Some(w) => {
                flush(th, p)?;
                let v = match payload {
                    Some(v) => v,
                    None => bytes::new(th, data)?.value(),
                };
                th.call(w, &[v]).map(|_| ())
            }
        }
    })();
    state(p).framing = framing;
    r
}
