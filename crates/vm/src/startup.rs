//! Making the runtime: heap, names, types, the first modules.

use crate::builtins;
use crate::err::R;
use crate::names;
use crate::object::*;
use crate::thread::{Root, Th};
use crate::value::*;

/// Makes the runtime of the process and attaches the calling thread.
pub fn init(config: adder_heap::Config, stack_base: usize, stack_size: usize) -> R<Th> {
    Th::init_heap(config);
    let th = Th::attach(stack_base, stack_size);
    names::init(|s| th.intern(s));
    builtins::str_::init_statics(th);
    builtins::bytes::init_statics(th);
    unsafe {
        let t = th.alloc_old::<Tuple>(16);
        (*t.as_ptr()).len = 0;
        Root::empty_tuple.set(Some(t.value()));
    }
    // Types refer to each other while they are made: their memory and shapes first.
    for c in builtins::TYPES {
        let t = crate::types::alloc_type(th, c.def, Kind::Type as u32, true);
        c.set(t);
        crate::shape::new_root(t, 0, Some(c.def.kind as u32));
    }
    for c in builtins::TYPES {
        th.make_type(c);
    }
    for c in builtins::exceptions::ALL {
        th.make_type(c);
    }
    for m in builtins::MODULES {
        crate::import::register(m);
    }
    let modules = Gc::<Dict>::new(th);
    Root::modules.set(Some(modules.value()));
    let b = builtins::module::make_native(th, &builtins::functions::MODULE)?;
    let d = b.ns();
    for c in builtins::PUBLIC.iter().chain(builtins::exceptions::ALL) {
        d.set(th, th.intern(c.def.short_name()), c.get().value())?;
    }
    builtins::exception_group::init_types(th, d)?;
    for (k, v) in [
        ("None", NONE()),
        ("True", TRUE()),
        ("False", FALSE()),
        ("Ellipsis", ELLIPSIS()),
        ("NotImplemented", NOT_IMPLEMENTED()),
        ("__debug__", TRUE()),
    ] {
        d.set(th, th.intern(k), v)?;
    }
    builtins::function::prepare_globals(th, d)?;
    Root::builtins_module.set(Some(b.value()));
    Root::builtins_dict.set(Some(d.value()));
    modules.set(th, th.intern("builtins"), b.value())?;
    Ok(th)
}
