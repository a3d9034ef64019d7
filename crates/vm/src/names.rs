//! Names that the VM itself uses, interned once: `n!(__init__)` is the Python string.
//!
//! # Safety
//! The table is filled once, before anybody asks ([`init`]), with interned strings: they do not move, and [`trace`] keeps
//! them alive.

use crate::value::Value;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

macro_rules! names {
    ($($n:ident)*) => {
        #[allow(non_camel_case_types)]
        #[derive(Clone, Copy)]
        #[repr(usize)]
        pub enum Name { $($n),* }
        pub const ALL: &[&str] = &[$(stringify!($n)),*];
    };
}

names! {
    __abs__ __add__ __aenter__ __aexit__ __aiter__ __all__ __and__ __anext__ __annotate__ __annotations__ __args__
    __annotate_func__ __annotations_cache__
    __await__ __bases__ __bool__ __buffer__ __build_class__ __builtins__ __bytes__ __call__ __cause__ __class__
    __class_getitem__ __classcell__ __classdict__ __classdictcell__ __closure__ __code__ __complex__ __contains__ __context__ __copy__
    __debug__ __deepcopy__ __defaults__ __del__ __delattr__ __delete__ __delitem__ __dict__ __dir__ __divmod__ __doc__
    __enter__ __eq__ __exit__ __file__ __firstlineno__ __float__ __floordiv__ __format__ __fspath__ __func__ __ge__
    __get__ __getattr__ __getattribute__ __getitem__ __getnewargs__ __getnewargs_ex__ __getstate__ __globals__
    __gt__ __hash__ __iadd__ __iand__ __ifloordiv__ __ilshift__ __imatmul__ __imod__ __import__ __imul__ __index__
    __init__ __init_subclass__ __instancecheck__ __int__ __invert__ __ior__ __ipow__ __irshift__ __isabstractmethod__
    __isub__ __iter__ __itruediv__ __ixor__ __kwdefaults__ __le__ __len__ __length_hint__ __loader__ __lshift__ __lt__
    __main__ __match_args__ __matmul__ __missing__ __mod__ __module__ __mro_entries__ __mul__ __name__ __ne__ __neg__
    __new__ __next__ __notes__ __objclass__ __or__ __orig_bases__ __orig_class__ __origin__ __package__
    __parameters__ __path__ __pos__ __pow__ __prepare__ __qualname__ __radd__ __rand__ __rdivmod__ __reduce__
    __reduce_ex__ __release_buffer__ __repr__ __reversed__ __rfloordiv__ __rlshift__ __rmatmul__ __rmod__ __rmul__
    __ror__ __round__ __rpow__ __rrshift__ __rshift__ __rsub__ __rtruediv__ __rxor__ __self__ __set__ __set_name__
    __setattr__ __setitem__ __setstate__ __sizeof__ __slots__ __slotnames__ __spec__ __static_attributes__ __str__ __sub__ __subclasscheck__
    __subclasses__ __subclasshook__ __suppress_context__ __text_signature__ __traceback__ __truediv__ __trunc__
    __type_params__ __typing_unpacked_tuple_args__ __typing_subst__ __typing_prepare_subst__ __typing_is_unpacked_typevartuple__
    __unpacked__ __weakref__ __weakrefoffset__ __wrapped__ __xor__ __ceil__ __floor__
    _abc_impl __abstractmethods__ _initializing _uninitialized_submodules _showwarnmsg _lock_unlock_module _find_and_load _handle_fromlist
    add append args builtins cause clear close copy decode encode end errno errors extend file filename filename2 flush
    format get getvalue indent index insert isatty items join key keys lineno locals metaclass mode msg name
    newline obj object offset path pop popitem print_file_and_line print read readline readinto reason remove replace return_ reverse
    send sep setdefault sort start stderr stdin stdout step stop strerror strict sys text throw update utf_8 value values write
    displayhook excepthook modules meta_path path_hooks path_importer_cache last_exc last_type last_value last_traceback
    unraisablehook audit origin submodule_search_locations has_location cached loader parent
    BaseException Exception ExceptionGroup fromkeys tb_frame real imag numerator denominator
    call_soon get_debug is_running context result done cancel add_done_callback _asyncio_future_blocking
    __conditional_annotations__ __exceptions__ compute_value _incompletesequence big little signed byteorder initial default
    seek tell closed truncate seekable readable writable fileno readall read1 peek reset getstate setstate _finalizing _dealloc_warn __IOBase_closed
}

static TABLE: [AtomicU64; ALL.len()] = [const { AtomicU64::new(0) }; ALL.len()];

/// The interned string of a name.
#[inline(always)]
pub fn get(n: Name) -> Value {
    unsafe { Value::from_bits(TABLE[n as usize].load(Relaxed)) }
}

/// Visits them (major collections).
pub fn trace(t: &mut adder_heap::Tracer) {
    // SAFETY: words that the collector does not change, as the strings do not move.
    unsafe { t.slots(TABLE.as_ptr() as *mut u64, TABLE.len()) };
}

/// Interns all; `f` makes an interned (hence old and immovable) string.
pub fn init(mut f: impl FnMut(&'static str) -> Value) {
    for (i, s) in ALL.iter().enumerate() {
        let s = if *s == "return_" { "return" } else { s };
        TABLE[i].store(f(s).bits(), Relaxed);
    }
}

#[macro_export]
macro_rules! n {
    ($name:ident) => {
        $crate::names::get($crate::names::Name::$name)
    };
}
