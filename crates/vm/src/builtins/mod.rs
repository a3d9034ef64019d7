//! The builtin types and functions.
//!
//! # Safety
//! `object` and `declare` have the rules for layouts; each type says what else it relies on. Slots and roots that are read
//! with `gc` or cast here hold dicts from the time when they are set.

pub mod annotations;
pub mod async_gen;
pub mod bool_;
pub mod buffer;
pub mod bytearray;
pub mod bytes;
pub mod bytes_methods;
pub mod bytes_tables;
pub mod call_iter;
pub mod class_build;
pub mod class_vars;
pub mod code;
pub mod code_data;
pub mod code_replace;
pub mod codecs;
pub mod codecs_registry;
pub mod complex;
pub mod descr;
pub mod dict;
pub mod dict_attrs;
pub mod dict_order;
pub mod dict_table;
pub mod dict_views;
pub mod eval_;
pub mod exception_group;
pub mod exceptions;
pub mod float;
pub mod float_methods;
pub mod fold;
pub mod frame;
pub mod frame_jump;
pub mod frame_locals;
pub mod function;
pub mod functions;
pub mod generator;
pub mod generic_alias;
pub mod int;
pub mod int_methods;
pub mod int_new;
pub mod isinstance;
pub mod iter_fast;
pub mod iters;
pub mod list;
pub mod mapping_proxy;
pub mod memory_items;
pub mod memoryview;
pub mod memoryview_methods;
pub mod module;
pub mod namespace;
pub mod object;
pub mod ops;
pub mod patterns;
pub mod percent;
pub mod print;
pub mod quick;
pub mod range;
pub mod reduce;
pub mod scratch;
pub mod set;
pub mod set_table;
pub mod singletons;
pub mod slice;
pub mod slicing;
pub mod sort;
pub mod str_;
pub mod str_format;
pub mod str_methods;
pub mod str_type;
pub mod structseq;
pub mod super_;
pub mod template;
pub mod tuple;
pub mod tuple_hash;
pub mod type_;
mod type_attrs;
pub mod type_bases;
mod type_new;
pub mod typing;
pub mod typing_docs;
pub mod union;
pub mod util;
pub mod var_sized;
pub mod weakproxy;
pub mod weakref;
pub mod zip_map;

use crate::err::R;
use crate::native::TypeCell;
use crate::object::*;
use crate::thread::{Root, Th};
use crate::value::*;
use adder_heap::{Obj, Size, Trace};

/// All builtin types that are made at start, bases before derived ones.
pub static TYPES: &[&TypeCell] = &[
    &object::OBJECT,
    &type_::TYPE,
    &int::INT,
    &bool_::BOOL,
    &float::FLOAT,
    &complex::COMPLEX,
    &str_type::STR,
    &bytes::BYTES,
    &bytearray::BYTEARRAY,
    &memoryview::MEMORYVIEW,
    &tuple::TUPLE,
    &list::LIST,
    &dict::DICT,
    &set::SET,
    &slice::SLICE,
    &range::RANGE,
    &range::RANGE_ITER,
    &dict_views::KEYS,
    &dict_views::VALUES,
    &dict_views::ITEMS,
    &mapping_proxy::MAPPING_PROXY,
    &set::FROZENSET,
    &set::SET_ITER,
    &range::LONG_RANGE_ITER,
    &iters::LIST_ITER,
    &iters::LIST_REV_ITER,
    &iters::TUPLE_ITER,
    &iters::STR_ITER,
    &iters::STR_ASCII_ITER,
    &iters::BYTES_ITER,
    &iters::BYTEARRAY_ITER,
    &iters::SEQ_ITER,
    &iters::REVERSED,
    &dict_views::KEY_ITER,
    &dict_views::VALUE_ITER,
    &dict_views::ITEM_ITER,
    &dict_views::REV_KEY_ITER,
    &dict_views::REV_VALUE_ITER,
    &dict_views::REV_ITEM_ITER,
    &zip_map::ENUMERATE,
    &zip_map::ZIP,
    &zip_map::MAP,
    &zip_map::FILTER,
    &singletons::NONE_TYPE,
    &singletons::ELLIPSIS_TYPE,
    &singletons::NOT_IMPLEMENTED_TYPE,
    &code::CODE,
    &function::FUNCTION,
    &frame::FRAME,
    &frame::TRACEBACK,
    &generator::GENERATOR,
    &generator::COROUTINE,
    &generator::WRAPPER,
    &async_gen::ASYNC_GENERATOR,
    &async_gen::ASEND,
    &async_gen::ATHROW,
    &async_gen::WRAPPED,
    &async_gen::ANEXT,
    &call_iter::CALL_ITER,
    &namespace::NAMESPACE,
    &generic_alias::ALIAS,
    &generic_alias::ALIAS_ITER,
    &union::UNION,
    &typing::TYPEVAR,
    &typing::PARAMSPEC,
    &typing::PARAMSPEC_ARGS,
    &typing::PARAMSPEC_KWARGS,
    &typing::TYPEVARTUPLE,
    &typing::TYPEALIAS,
    &typing::GENERIC,
    &typing::CONST_EVALUATOR,
    &typing::NO_DEFAULT,
    &template::TEMPLATE,
    &template::INTERPOLATION,
    &template::TEMPLATE_ITER,
    &weakref::REF,
    &weakproxy::PROXY,
    &weakproxy::CALLABLE_PROXY,
    &module::MODULE,
    &descr::METHOD,
    &descr::NATIVE_FUNCTION,
    &descr::METHOD_DESCRIPTOR,
    &descr::CLASSMETHOD_DESCRIPTOR,
    &descr::WRAPPER_DESCRIPTOR,
    &descr::METHOD_WRAPPER,
    &descr::GETSET_DESCRIPTOR,
    &descr::MEMBER_DESCRIPTOR,
    &singletons::CELL,
    &singletons::CLASS_METHOD,
    &singletons::STATIC_METHOD,
    &singletons::PROPERTY,
    &super_::SUPER,
    &exceptions::BASE_EXCEPTION,
];

/// Types that are visible in `builtins` under their names.
pub static PUBLIC: &[&TypeCell] = &[
    &object::OBJECT,
    &type_::TYPE,
    &int::INT,
    &bool_::BOOL,
    &float::FLOAT,
    &complex::COMPLEX,
    &str_type::STR,
    &bytes::BYTES,
    &bytearray::BYTEARRAY,
    &memoryview::MEMORYVIEW,
    &tuple::TUPLE,
    &list::LIST,
    &dict::DICT,
    &set::SET,
    &set::FROZENSET,
    &slice::SLICE,
    &range::RANGE,
    &iters::REVERSED,
    &zip_map::ENUMERATE,
    &zip_map::ZIP,
    &zip_map::MAP,
    &zip_map::FILTER,
    &singletons::CLASS_METHOD,
    &singletons::STATIC_METHOD,
    &singletons::PROPERTY,
    &super_::SUPER,
    &exceptions::BASE_EXCEPTION,
];

/// Native modules of the core, registered at start.
pub static MODULES: &[&crate::native::NativeModule] = &[
    &weakref::MODULE,
    &typing::MODULE,
    &crate::contextvars::MODULE,
    &crate::gc_module::MODULE,
    &str_format::STRING_MODULE,
];

/// Size and slots of layouts that are declared beside their types (the rest is in [`crate::kinds`]).
pub fn layout(k: Kind) -> (Size, Trace) {
    use std::mem::offset_of;
    fn fixed<T>(at: usize, n: u32) -> (Size, Trace) {
        (Size::Fixed(((size_of::<T>() + 7) & !7) as u32), Trace::Slots { at: at as u32, n })
    }
    match k {
        Kind::Generator | Kind::Coroutine | Kind::AsyncGenerator => {
            use crate::interp::generator::Generator;
            fixed::<Generator>(offset_of!(Generator, func), 11)
        }
        Kind::CallIter => fixed::<call_iter::CallIter>(offset_of!(call_iter::CallIter, call), 2),
        Kind::WeakRef | Kind::WeakProxy => {
            fixed::<weakref::WeakRef>(offset_of!(weakref::WeakRef, callback), 1)
        }
        Kind::ByteArray => fixed::<bytearray::ByteArray>(offset_of!(bytearray::ByteArray, buf), 1),
        Kind::MemoryView => fixed::<memoryview::MemoryView>(offset_of!(memoryview::MemoryView, obj), 4),
        Kind::Frame => fixed::<frame::FrameObj>(offset_of!(frame::FrameObj, func), 8),
        k => async_gen::layout(k)
            .or_else(|| template::layout(k))
            .or_else(|| typing::layout(k))
            .or_else(|| generic_alias::layout(k))
            .or_else(|| union::layout(k))
            .or_else(|| iters::layout(k))
            .unwrap_or((Size::Fixed(16), Trace::None)),
    }
}

/// Frees what an object that was given to `register_drop` owns outside the heap.
///
/// # Safety
/// Called by the collector, once for each dead object.
pub unsafe fn drop_object(k: Kind, o: Obj) {
    unsafe {
        match k {
            Kind::Type => crate::types::drop_type(o),
            Kind::Code => code::drop_code(o),
            Kind::WeakRef | Kind::WeakProxy => weakref::drop_ref(o),
            Kind::ByteArray => (*(o.as_ptr() as *const bytearray::ByteArray)).exports.free(),
            Kind::MemoryView => memoryview::drop_view(&*(o.as_ptr() as *const memoryview::MemoryView)),
            _ => {}
        }
    }
}

/// Whether instances of this native layout never have attributes of their own.
pub fn no_instance_attrs(k: Kind) -> bool {
    !matches!(k, Kind::Module | Kind::Function | Kind::Type | Kind::ClassMethod | Kind::StaticMethod)
}

/// The `__dict__` of kinds that keep one in a field of their own.
pub fn extra_dict(th: Th, o: Value, create: bool) -> R<Option<Gc<Dict>>> {
    let slot = match o.kind() {
        Kind::ClassMethod | Kind::StaticMethod => &unsafe { o.cast_unchecked::<ClassMethod>() }.dict,
        _ => return Ok(None),
    };
    let slot: &'static Slot = unsafe { &*(slot as *const Slot) };
    if slot.get().is_none() && create {
        let d = Gc::<Dict>::new(th);
        th.store(unsafe { o.cast_unchecked::<ClassMethod>() }, slot, d.value());
    }
    Ok(unsafe { slot.gc_opt() })
}

/// A name of the `builtins` module.
pub fn builtin(th: Th, name: &str) -> R<Value> {
    let k = th.intern(name);
    match Root::builtins_dict.dict().get_str(th, k)? {
        Some(v) => Ok(v),
        None => Err(th.name_error_msg(format!("name '{name}' is not defined"))),
    }
}

/// An attribute of `sys`.
pub fn sys_attr(th: Th, name: Value) -> R<Option<Value>> {
    match Root::sys_dict.get() {
        Some(d) => d.known::<Dict>().get_str(th, name),
        None => Ok(None),
    }
}
