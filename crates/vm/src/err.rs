//! Errors: the thread holds the exception, `Raised` says that there is one.

use crate::builtins::exceptions as exc;
use crate::native::TypeCell;
use crate::thread::Th;
use crate::value::Value;

/// "An exception is set in the thread." Zero-sized: `R<Value>` is one word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Raised;

pub type R<T> = Result<T, Raised>;

macro_rules! raisers {
    ($($f:ident $cell:ident;)*) => {
        impl Th { $(
            #[cold]
            pub fn $f(self, msg: impl AsRef<str>) -> Raised { self.raise_msg(&exc::$cell, msg.as_ref()) }
        )* }
    };
}

raisers! {
    type_error TYPE_ERROR; value_error VALUE_ERROR; index_error INDEX_ERROR; runtime_error RUNTIME_ERROR;
    overflow_error OVERFLOW_ERROR; zero_division ZERO_DIVISION_ERROR; system_error SYSTEM_ERROR;
    recursion_error RECURSION_ERROR; buffer_error BUFFER_ERROR; import_error_msg IMPORT_ERROR; lookup_error LOOKUP_ERROR;
    assertion_error ASSERTION_ERROR; not_implemented_error NOT_IMPLEMENTED_ERROR; eof_error EOF_ERROR; memory_error_msg MEMORY_ERROR;
    attribute_error_msg ATTRIBUTE_ERROR; name_error_msg NAME_ERROR;
}

impl Th {
    /// Raises `type(msg)`.
    #[cold]
    pub fn raise_msg(self, cell: &'static TypeCell, msg: &str) -> Raised {
        let s = self.str(msg);
        self.raise_args(cell, &[s])
    }
    /// Raises `type(*args)`.
    #[cold]
    pub fn raise_args(self, cell: &'static TypeCell, args: &[Value]) -> Raised {
        match exc::make(self, cell.get(), args) {
            Ok(e) => self.raise(e),
            Err(r) => r,
        }
    }
    /// `KeyError(key)`.
    #[cold]
    pub fn key_error(self, key: Value) -> Raised {
        self.raise_args(&exc::KEY_ERROR, &[key])
    }
    #[cold]
    /// MemoryError if there is not so much outside the heap: for work that cannot do without once it has begun.
    pub fn memory_for(self, bytes: usize) -> R<()> {
        if adder_heap::would_fit(bytes) { Ok(()) } else { Err(self.memory_error()) }
    }
    pub fn memory_error(self) -> Raised {
        let r = self.raise_args(&exc::MEMORY_ERROR, &[]);
        // If that took the last memory it need not be said again.
        self.m.take_memory_error();
        r
    }
    /// StopIteration with a value (None: without).
    #[cold]
    pub fn stop_iteration(self, value: Option<Value>) -> Raised {
        match value {
            Some(v) => self.raise_args(&exc::STOP_ITERATION, &[v]),
            None => self.raise_args(&exc::STOP_ITERATION, &[]),
        }
    }
    /// The pending exception, taken.
    pub fn take_exc(self) -> Value {
        let e = self.exc.get().expect("no exception is set");
        self.exc.init(None);
        e
    }
    pub fn pending(self) -> Option<Value> {
        self.exc.get()
    }
    /// Sets the pending exception as it is (no context, no traceback change).
    pub fn set_exc(self, e: Value) -> Raised {
        self.exc.init(Some(e));
        Raised
    }
    /// If the error is an instance of `cell`, drops it and gives Ok.
    pub fn catch<T>(self, r: R<T>, cell: &'static TypeCell) -> R<Option<T>> {
        match r {
            Ok(v) => Ok(Some(v)),
            Err(e) => {
                if self.exc_is(cell) {
                    self.exc.init(None);
                    Ok(None)
                } else {
                    Err(e)
                }
            }
        }
    }
    /// Whether the pending exception is an instance of this class.
    pub fn exc_is(self, cell: &'static TypeCell) -> bool {
        self.exc.get().is_some_and(|e| self.isinstance_exact(e, cell.get()))
    }
}
