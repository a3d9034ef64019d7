//! `PickleBuffer`: a buffer that may be pickled out-of-band (PEP 574).

use super::docs;
use crate::common::*;
use crate::native_layout;
use adder_vm::builtins::buffer::{self, Export, flag};
use adder_vm::builtins::memoryview::{self, MemoryView};
use adder_vm::err::{R, Raised};
use adder_vm::native::*;
use adder_vm::slots::Slots;
use adder_vm::thread::Th;
use adder_vm::value::*;

// `view`: the view taken of the object, None once released.
native_layout! { pub PickleBuffer { view, object, weak; } }

pub static PICKLE_BUFFER: TypeCell = TypeCell::new(&NativeType {
    name: "pickle.PickleBuffer",
    kind: Kind::Native,
    size: PickleBuffer::SIZE,
    flags: tflags::IMMUTABLE | tflags::WEAKREF,
    doc: docs::BUFFER,
    slots: Slots {
        new: Some(|th, t, a| {
            if a.nkw() != 0 {
                return Err(th.type_error("PickleBuffer() takes no keyword arguments"));
            }
            if a.len() != 1 {
                return Err(th.type_error(format!(
                    "PickleBuffer() takes exactly 1 positional argument ({} given)",
                    a.len()
                )));
            }
            let o = a.pos()[0];
            let v = buffer::view_of(th, o, flag::FULL_RO)?;
            let b = make(th, t)?;
            let p = PickleBuffer::of(b);
            th.store(p, &p.object, o);
            th.store(p, &p.view, v.value());
            Ok(b)
        }),
        release_buffer: Some(adder_vm::builtins::memoryview::release_of),
        get_buffer: Some(|th, o, flags| {
            view(th, o)?;
            // What is asked for is asked of the object itself.
            let Some(of) = PickleBuffer::of(o).object.get() else { return Err(released(th)) };
            buffer::view_of(th, of, flags).map(|m| m.value())
        }),
        ..Slots::NONE
    },
    methods: &[
        method("raw", "($self, /)", docs::RAW, |th, a| {
            let m: Gc<MemoryView> = view(th, arg(a, 0))?.cast().expect("a view");
            let Some(o) = PickleBuffer::of(arg(a, 0)).object.get() else { return Err(released(th)) };
            if !m.is_c_contiguous() && !m.is_f_contiguous() {
                return Err(th.buffer_error("cannot extract raw buffer from non-contiguous buffer"));
            }
            let mut e = Export::simple(m.ptr, m.nbytes, m.readonly());
            e.keep = Some(m.value());
            let readonly = m.readonly();
            e.counter = m.export(th)?;
            buffer::export(th, o, e, if readonly { flag::SIMPLE } else { flag::WRITABLE })
        }),
        method("release", "($self, /)", docs::RELEASE, |th, a| {
            let p = PickleBuffer::of(arg(a, 0));
            if let Some(v) = p.view.get() {
                p.view.init(None);
                p.object.init(None);
                memoryview::release_quietly(th, v.cast().expect("a view"));
            }
            none()
        }),
    ],
    trace: Some(PickleBuffer::trace),
    ..NativeType::DEFAULT
});

/// The memoryview of what the buffer wraps.
pub fn view(th: Th, o: Value) -> R<Value> {
    match PickleBuffer::of(o).view.get() {
        Some(v) => Ok(v),
        None => Err(released(th)),
    }
}
#[cold]
fn released(th: Th) -> Raised {
    th.value_error("operation forbidden on released PickleBuffer object")
}
