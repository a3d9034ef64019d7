//! `_thread._local`: attributes that each thread has for itself.
//!
//! The object holds a dict from the thread's key to the thread's namespace, so that cycles through it can be collected.
//! Each thread lists (weakly) the locals it has used, and takes its namespaces out of them at its end.
//!
//! # Invariants
//! `dicts`, `args` and `kwargs` are set when a local is made, before `__init__` runs, and never again. What threads
//! list are weak references made here, in a list that only the thread has.

use adder_vm::builtins::object::new_instance;
use adder_vm::builtins::{list, weakref};
use adder_vm::err::R;
use adder_vm::n;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::{SlotId, Slots};
use adder_vm::thread::{Th, ThreadSlot};
use adder_vm::value::*;

crate::native_layout! { pub(crate) Local { dicts, args: Tuple, kwargs: Dict; spare: u64 } }

pub static LOCAL: TypeCell = TypeCell::new(&NativeType {
    name: "_thread._local",
    kind: Kind::Native,
    size: Local::SIZE,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::WEAKREF | tflags::SHOWN_AS_HEAP,
    doc: "Thread-local data",
    slots: Slots { new: Some(local_new), getattro: Some(getattro), setattro: Some(setattro), ..Slots::NONE },
    trace: Some(Local::trace),
    text_signature: Some("()"),
    ..NativeType::DEFAULT
});

fn local_new(th: Th, t: Value, a: RawArgs) -> R<Value> {
    let ty: Gc<Type> = t.cast().unwrap();
    let object = adder_vm::builtins::object::OBJECT.get();
    if (!a.is_empty() || a.nkw() != 0) && ty.slots.raw(SlotId::init) == object.slots.raw(SlotId::init) {
        return Err(th.type_error("Initialization arguments are not supported"));
    }
    let dicts = Gc::<Dict>::new(th);
    let args = th.try_tuple(a.pos())?;
    let kw = Gc::<Dict>::new(th);
    for (k, v) in a.keywords() {
        kw.set(th, k, v)?;
    }
    let o = new_instance(th, ty)?;
    let l = Local::of(o);
    th.store(l, &l.dicts, dicts.value());
    th.store(l, &l.args, args.known());
    th.store(l, &l.kwargs, kw);
    // The creating thread's namespace exists; `type.__call__` calls `__init__` for it.
    make(th, o)?;
    Ok(o)
}

fn key(th: Th) -> Value {
    Value::fix((th.0.as_ptr() as usize >> 4) as i64)
}
fn dicts(o: Value) -> Gc<Dict> {
    unsafe { Local::of(o).dicts.gc() }
}

/// A namespace for this thread, and the note that it is there.
fn make(th: Th, o: Value) -> R<Gc<Dict>> {
    let d = Gc::<Dict>::new(th);
    let w = weakref::make(th, weakref::REF.get(), o, None)?;
    let slot = &th.slots[ThreadSlot::Locals as usize];
    let l: Gc<List> = match slot.get() {
        Some(l) => l.cast().unwrap(),
        None => {
            let l = list::new(th, &[])?;
            slot.init(Some(l.value()));
            l
        }
    };
    let n = l.len.load(std::sync::atomic::Ordering::Relaxed) as usize;
    if n >= 32 && n.is_power_of_two() {
        prune(th, l)?;
    }
    list::append(th, l, w)?;
    dicts(o).set(th, key(th), d.value())?;
    Ok(d)
}
/// Drops the notes of locals that are gone.
fn prune(th: Th, l: Gc<List>) -> R<()> {
    let all: Gc<Tuple> = list::snapshot(th, l)?.cast().unwrap();
    let fresh = list::new(th, &[])?;
    for w in all.items() {
        if weakref::target(weakref::weak(*w)).is_some() {
            list::append(th, fresh, *w)?;
        }
    }
    th.slots[ThreadSlot::Locals as usize].init(Some(fresh.value()));
    Ok(())
}

/// This thread's namespace; on first use in a thread `__init__` is called.
fn namespace(th: Th, o: Value) -> R<Gc<Dict>> {
    if let Some(d) = dicts(o).get(th, key(th))? {
        return Ok(d.cast().unwrap());
    }
    let d = make(th, o)?;
    let t = th.type_of(o);
    let object = adder_vm::builtins::object::OBJECT.get();
    if t.slots.raw(SlotId::init) != object.slots.raw(SlotId::init) {
        let init = th.getattr(t.value(), n!(__init__))?;
        let l = Local::of(o);
        let args: Gc<Tuple> = l.args.gc();
        let mut g = adder_vm::interp::call::Gather::new();
        g.push(th, o)?;
        g.extend(th, args.items())?;
        let all: Gc<Tuple> = th.try_tuple(g.as_slice())?.cast().unwrap();
        let r = th.call_ex(init, all, Some(l.kwargs.gc()));
        if let Err(e) = r {
            let x = th.take_exc();
            dicts(o).remove(th, key(th))?;
            th.set_exc(x);
            return Err(e);
        }
    }
    Ok(d)
}

fn getattro(th: Th, o: Value, name: Value) -> R<Value> {
    let d = namespace(th, o)?;
    let Some(s) = name.cast::<Str>() else {
        return Err(th.type_error(format!("attribute name must be string, not '{}'", th.type_name_of(name))));
    };
    let name = th.intern_value(s);
    if name.is(n!(__dict__)) {
        return Ok(d.value());
    }
    let t = th.type_of(o);
    let found = th.lookup(t, name);
    if let Some(f) = found
        && th.type_of(f).slots.descr_set.is_some()
    {
        return th.bind(f, Some(o), t);
    }
    if let Some(v) = d.get(th, name)? {
        return Ok(v);
    }
    match found {
        Some(f) => th.bind(f, Some(o), t),
        None => Err(th.no_attribute(o, name)),
    }
}
fn setattro(th: Th, o: Value, name: Value, v: Option<Value>) -> R<()> {
    let d = namespace(th, o)?;
    let Some(s) = name.cast::<Str>() else {
        return Err(th.type_error(format!("attribute name must be string, not '{}'", th.type_name_of(name))));
    };
    let name = th.intern_value(s);
    let t = th.type_of(o);
    if name.is(n!(__dict__)) {
        let msg = format!("'{}' object attribute '__dict__' is read-only", th.type_name(t));
        return Err(th.attribute_error(o, name, &msg));
    }
    if let Some(f) = th.lookup(t, name)
        && let Some(set) = th.type_of(f).slots.descr_set
    {
        return set(th, f, o, v);
    }
    match v {
        Some(v) => d.set(th, name, v),
        None => match d.remove(th, name)? {
            Some(_) => Ok(()),
            None => Err(th.no_attribute(o, name)),
        },
    }
}

/// Takes this thread's namespaces out of all locals.
pub fn thread_ends(th: Th) {
    let slot = &th.slots[ThreadSlot::Locals as usize];
    let Some(l) = slot.get() else { return };
    slot.init(None);
    if let Ok(all) = list::snapshot(th, l.cast().unwrap()) {
        // SAFETY: a slice on the stack keeps the tuple that it is of.
        for w in unsafe { &*(all.cast::<Tuple>().unwrap().items() as *const [Value]) } {
            if let Some(o) = weakref::target(weakref::weak(*w)) {
                let _ = dicts(o).remove(th, key(th));
            }
        }
    }
}
