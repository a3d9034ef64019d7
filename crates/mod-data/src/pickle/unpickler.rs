//! `Unpickler`: its state, its input, `find_class`; the machine is in [`super::load`].
//!
//! # Safety
//! Who loads or initialises has the state to itself: others, and Python code that is called meanwhile, are told that it is in
//! use (`busy`). `memo` holds an array, `far` a dict, or nothing; both may be replaced by other threads, so each access
//! takes them once.

use super::load::Machine;
use super::memo::{self, UNPICKLER_MEMO};
use super::{State, docs, save, unpickling_error};
use crate::common::*;
use crate::native_layout;
use adder_vm::builtins::buffer::Buffer;
use adder_vm::builtins::codecs::still_bytes;
use adder_vm::builtins::{int, object};
use adder_vm::err::{R, Raised};
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::Slots;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering::*};

// `memo`: an array by number; `far`: a dict for numbers far beyond its end.
native_layout! { pub Unpickler {
    read, readline, peek, persistent_attr, persistent, memo: Array, far: Dict, buffers;
    st: AtomicPtr<UState>, busy: AtomicBool, count: AtomicUsize
} }

/// What an unpickler has in Rust memory.
pub struct UState {
    pub encoding: String,
    pub errors: String,
    pub fix_imports: bool,
    pub proto: i64,
    pub initialized: bool,
}

#[allow(clippy::mut_from_ref)]
#[inline(always)]
pub fn state<'a>(u: Gc<Unpickler>) -> &'a mut UState {
    // SAFETY: made by `create`, freed with the object; used by the loading thread (`busy`) and by `__init__`.
    unsafe { &mut *u.st.load(Relaxed) }
}

static INIT: NativeDef =
    signature("Unpickler", "(file, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=())");

pub static UNPICKLER: TypeCell = TypeCell::new(&NativeType {
    name: "_pickle.Unpickler",
    kind: Kind::Native,
    size: Unpickler::SIZE,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP,
    doc: docs::UNPICKLER,
    text_signature: Some(
        "(file, *, fix_imports=True, encoding='ASCII', errors='strict',\n          buffers=())",
    ),
    slots: Slots {
        new: Some(|th, t, _| {
            let o = make(th, t)?;
            attach(Unpickler::of(o));
            Ok(o)
        }),
        init: Some(|th, o, a| {
            let [file, fix, enc, err, buffers] = bind::<5>(th, &INIT, a)?;
            let u = Unpickler::of(o);
            if u.busy.load(Acquire) {
                return Err(in_use(th));
            }
            set_up(th, u, "Unpickler", file, fix, enc, err, buffers)
        }),
        getattro: Some(|th, o, name| {
            let u = Unpickler::of(o);
            if let Some(v) = u.persistent_attr.get()
                && is_persistent_load(name)
            {
                return Ok(v);
            }
            adder_vm::attr::object_getattro(th, o, name)
        }),
        setattro: Some(|th, o, name, v| {
            if is_persistent_load(name) && adder_vm::shape::shape(o.shape_id()).ext_at == 0 {
                let u = Unpickler::of(o);
                match v {
                    Some(v) => th.store(u, &u.persistent_attr, v),
                    None if u.persistent_attr.get().is_some() => u.persistent_attr.init(None),
                    None => return adder_vm::attr::object_setattro(th, o, name, v),
                }
                return Ok(());
            }
            adder_vm::attr::object_setattro(th, o, name, v)
        }),
        ..Slots::NONE
    },
    methods: &[
        PERSISTENT_LOAD,
        method("load", "($self, /)", docs::U_LOAD, |th, a| {
            let u = Unpickler::of(arg(a, 0));
            if u.read.get().is_none() {
                let n = th.type_name_of(u.value());
                return Err(unpickling_error(
                    th,
                    format!("Unpickler.__init__() was not called by {n}.__init__()"),
                ));
            }
            load(th, u)
        }),
        FIND_CLASS,
        method("__sizeof__", "($self, /)", "Returns size in memory, in bytes.", |th, a| {
            let u = Unpickler::of(arg(a, 0));
            let memo = u.memo.get().map_or(0, |m| m.cap * 8);
            Ok(th.int((Unpickler::SIZE as usize + memo) as i64))
        }),
    ],
    getset: &[getset("memo", "", |th, o| memo::new_proxy(th, &UNPICKLER_MEMO, o), set_memo)],
    trace: Some(Unpickler::trace),
    drop: Some(|o| unsafe {
        let p = (*(o.as_ptr() as *const Unpickler)).st.swap(std::ptr::null_mut(), AcqRel);
        if !p.is_null() {
            drop(Box::from_raw(p));
        }
    }),
    ..NativeType::DEFAULT
});

const PERSISTENT_LOAD: NativeDef =
    method("persistent_load", "($self, pid, /)", "", |th, _| Err(no_persistent(th)));
const FIND_CLASS: NativeDef =
    method("find_class", "($self, module_name, global_name, /)", docs::FIND_CLASS, |th, a| {
        find_class(th, Unpickler::of(arg(a, 0)), arg(a, 1), arg(a, 2))
    });

#[cold]
pub fn no_persistent(th: Th) -> Raised {
    unpickling_error(
        th,
        "A load persistent id instruction was encountered, but no persistent_load function was specified.",
    )
}
#[cold]
fn in_use(th: Th) -> Raised {
    th.runtime_error("Unpickler object is already used")
}
fn is_persistent_load(name: Value) -> bool {
    name.cast::<Str>().is_some_and(|s| s.bytes() == b"persistent_load")
}

fn attach(u: Gc<Unpickler>) {
    let st = UState {
        encoding: "ASCII".into(),
        errors: "strict".into(),
        fix_imports: true,
        proto: 0,
        initialized: false,
    };
    u.st.store(Box::into_raw(Box::new(st)), Release);
}
pub fn create(th: Th) -> R<Gc<Unpickler>> {
    let o = object::new_instance(th, UNPICKLER.get())?;
    let u = Unpickler::of(o);
    attach(u);
    Ok(u)
}

pub fn set_up(
    th: Th,
    u: Gc<Unpickler>,
    func: &str,
    file: Option<Value>,
    fix: Option<Value>,
    encoding: Option<Value>,
    errors: Option<Value>,
    buffers: Option<Value>,
) -> R<()> {
    let text = |v: Option<Value>, name: &str| -> R<Option<String>> {
        match v {
            None => Ok(None),
            Some(v) => match v.cast::<Str>() {
                Some(_) => Ok(Some(th.text(v))),
                None => Err(th.type_error(format!(
                    "{func}() argument '{name}' must be str, not {}",
                    if v.is_none() { "None".into() } else { th.arg_type_name(v) }
                ))),
            },
        }
    };
    let (encoding, errors) = (text(encoding, "encoding")?, text(errors, "errors")?);
    let fix = match fix {
        Some(v) => th.truth(v)?,
        None => true,
    };
    if let Some(f) = file {
        let peek = th.getattr_opt(f, th.intern("peek"))?;
        let (r, l) = (th.getattr_opt(f, n_read(th))?, th.getattr_opt(f, th.intern("readline"))?);
        let (Some(r), Some(l)) = (r, l) else {
            return Err(th.type_error("file must have 'read' and 'readline' attributes"));
        };
        th.store_opt(u, &u.peek, peek);
        th.store(u, &u.read, r);
        th.store(u, &u.readline, l);
    }
    let buffers = match buffers.and_then(|b| b.some()) {
        Some(b) => Some(th.iter(b)?),
        None => None,
    };
    // Python code is over. Another thread may load, or do the same.
    if u.busy.swap(true, AcqRel) {
        return Err(in_use(th));
    }
    let _busy = Busy(u);
    th.store_opt(u, &u.buffers, buffers);
    let st = state(u);
    if let Some(e) = encoding {
        st.encoding = e;
    }
    if let Some(e) = errors {
        st.errors = e;
    }
    st.fix_imports = fix;
    st.initialized = true;
    st.proto = 0;
    memo_clear(th, u);
    Ok(())
}
fn n_read(_: Th) -> Value {
    adder_vm::n!(read)
}

struct Busy(Gc<Unpickler>);
impl Drop for Busy {
    fn drop(&mut self) {
        self.0.persistent.init(None);
        self.0.busy.store(false, Release);
    }
}

fn run(th: Th, u: Gc<Unpickler>, data: Option<&[u8]>) -> R<Value> {
    if u.busy.swap(true, AcqRel) {
        return Err(in_use(th));
    }
    let _busy = Busy(u);
    let plain = is_plain(u);
    let persistent = match u.persistent_attr.get() {
        Some(v) => Some(v),
        None if plain => None,
        None => th.getattr_opt(u.value(), th.intern("persistent_load"))?.filter(|f| {
            f.exact::<NativeFunction>()
                .is_none_or(|f| f.def.doc.len() != 0 || f.def.name != "persistent_load")
        }),
    };
    th.store_opt(u, &u.persistent, persistent);
    let own = if plain {
        None
    } else {
        let f = th.getattr(u.value(), th.intern("find_class"))?;
        let native = f.exact::<NativeFunction>().is_some_and(|f| f.def.doc == docs::FIND_CLASS);
        (!native).then_some(f)
    };
    state(u).proto = 0;
    Machine::new(th, u, data, own).run()
}
pub fn is_plain(u: Gc<Unpickler>) -> bool {
    u.value().shape_id() == UNPICKLER.get().root_shape.load(Relaxed)
}
pub fn load(th: Th, u: Gc<Unpickler>) -> R<Value> {
    run(th, u, None)
}
pub fn loads(th: Th, u: Gc<Unpickler>, data: Value) -> R<Value> {
    let b = Buffer::simple(th, data)?;
    let mut copy = Vec::new();
    // Texts are checked, then copied.
    let bytes = still_bytes(th, &b, &mut copy);
    let r = run(th, u, Some(bytes));
    drop(b);
    r
}

/// `Unpickler.find_class`.
pub fn find_class(th: Th, u: Gc<Unpickler>, module: Value, name: Value) -> R<Value> {
    adder_vm::sys::audit::audit(th, "pickle.find_class", &[module, name])?;
    let st = state(u);
    let (mut m, mut n) = (module, name);
    if st.proto < 3 && st.fix_imports {
        let key = th.tuple(&[m, n]);
        if let Some(v) = State::NameMapping.dict().get(th, key)? {
            let Some(t) = v.cast::<Tuple>().filter(|t| t.len == 2) else {
                return Err(th.runtime_error(format!(
                    "_compat_pickle.NAME_MAPPING values should be 2-tuples, not {}",
                    th.type_name_of(v)
                )));
            };
            (m, n) = (t.items()[0], t.items()[1]);
            if !m.is_kind(Kind::Str) || !n.is_kind(Kind::Str) {
                return Err(th.runtime_error(format!(
                    "_compat_pickle.NAME_MAPPING values should be pairs of str, not ({}, {})",
                    th.type_name_of(m),
                    th.type_name_of(n)
                )));
            }
        } else if let Some(v) = State::ImportMapping.dict().get(th, m)? {
            if !v.is_kind(Kind::Str) {
                return Err(th.runtime_error(format!(
                    "_compat_pickle.IMPORT_MAPPING values should be strings, not {}",
                    th.type_name_of(v)
                )));
            }
            m = v;
        }
    }
    let module = save::import(th, m)?;
    if !n.is_kind(Kind::Str) {
        return Err(th.type_error(format!("attribute name must be string, not '{}'", th.type_name_of(n))));
    }
    if st.proto < 4 {
        return th.getattr(module, n);
    }
    let Some(s) = n.cast::<Str>() else { return th.getattr(module, n) };
    if !s.bytes().contains(&b'.') {
        return th.getattr(module, n);
    }
    let path: Vec<&[u8]> = s.bytes().split(|c| *c == b'.').collect();
    match save::get_path(th, module, &path) {
        Err(_) if th.exc_is(&adder_vm::builtins::exceptions::ATTRIBUTE_ERROR) => {
            let cause = th.take_exc();
            let shown = |v: Value| th.repr(v).map(|s| th.text(s));
            let r =
                th.attribute_error_msg(format!("Can't resolve path {} on module {}", shown(n)?, shown(m)?));
            if let Some(e) = th.pending().and_then(|e| e.cast::<BaseException>()) {
                th.store(e, &e.context, cause);
            }
            Err(r)
        }
        r => r,
    }
}

// -- memo

pub fn memo_clear(th: Th, u: Gc<Unpickler>) {
    let _g = th.lock(u);
    u.memo.init(None);
    u.far.init(None);
    u.count.store(0, Release);
}
pub fn memo_get(th: Th, u: Gc<Unpickler>, i: usize) -> R<Option<Value>> {
    if let Some(a) = u.memo.get()
        && i < a.cap
    {
        return Ok(a.slot(i).get());
    }
    match u.far.get() {
        Some(d) => d.get(th, th.int(i as i64)),
        None => Ok(None),
    }
}
/// Numbers beyond the array that grow it rather than go to the dict.
const NEAR: usize = 1 << 16;

pub fn memo_put(th: Th, u: Gc<Unpickler>, i: usize, v: Value) -> R<()> {
    loop {
        let a = u.memo.get();
        let cap = a.map_or(0, |a| a.cap);
        if i < cap {
            let a = a.unwrap();
            let _g = th.lock(u);
            if a.slot(i).get().is_none() {
                u.count.fetch_add(1, Relaxed);
            }
            th.store(a, a.slot(i), v);
            return Ok(());
        }
        if i > cap * 2 + NEAR {
            let d = match u.far.get() {
                Some(d) => d,
                None => {
                    let d = Gc::<Dict>::new(th);
                    th.store(u, &u.far, d);
                    d
                }
            };
            let k = th.int(i as i64);
            if d.get(th, k)?.is_none() {
                u.count.fetch_add(1, Relaxed);
            }
            return d.set(th, k, v);
        }
        let b = th.array((i + 1).max(cap * 2).max(32))?;
        let _g = th.lock(u);
        if let Some(a) = a {
            for k in 0..cap {
                b.slot(k).init(a.slot(k).get());
            }
            th.m.barrier_all(b.obj());
        }
        // Numbers that were far and are not any more stay where they are looked up: in both places.
        if let Some(d) = u.far.get() {
            for k in cap..b.cap {
                if let Some(v) = d.get(th, Value::fix(k as i64))? {
                    th.store(b, b.slot(k), v);
                }
            }
        }
        th.store(u, &u.memo, b);
    }
}
pub fn memo_copy(th: Th, u: Gc<Unpickler>) -> R<Value> {
    let d = Gc::<Dict>::new(th);
    if let Some(a) = u.memo.get() {
        for i in 0..a.cap {
            if let Some(v) = a.slot(i).get() {
                d.set(th, th.int(i as i64), v)?;
            }
        }
    }
    if let Some(f) = u.far.get() {
        let mut i = 0;
        while let Some((ni, k, v)) = f.next_entry(i) {
            i = ni;
            d.set(th, k, v)?;
        }
    }
    Ok(d.value())
}
fn set_memo(th: Th, o: Value, v: Option<Value>) -> R<()> {
    let Some(v) = v else { return Err(th.type_error("attribute deletion is not supported")) };
    let u = Unpickler::of(o);
    let d = match memo::owner_of(th, &UNPICKLER_MEMO, v) {
        Some(other) => memo_copy(th, Unpickler::of(other))?,
        None => v,
    };
    let Some(d) = d.cast::<Dict>() else {
        return Err(th.type_error(format!(
            "'memo' attribute must be an UnpicklerMemoProxy object or dict, not {}",
            th.type_name_of(v)
        )));
    };
    let mut i = 0;
    while let Some((ni, k, _)) = d.next_entry(i) {
        i = ni;
        if !int::is_int(k) {
            return Err(th.type_error("memo key must be integers"));
        }
        if th.index_i64(k)? < 0 {
            return Err(th.value_error("memo key must be positive integers."));
        }
    }
    memo_clear(th, u);
    i = 0;
    while let Some((ni, k, v)) = d.next_entry(i) {
        i = ni;
        if let Some(n) = int::to_i64(k) {
            memo_put(th, u, n as usize, v)?;
        }
    }
    Ok(())
}
