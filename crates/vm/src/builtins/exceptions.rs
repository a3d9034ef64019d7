//! The exception hierarchy. One layout ([`BaseException`]) serves all: fields of subclasses are `f[0..8]`.
//!
//! # Invariants
//! `ex` is given exceptions only. `args` is a tuple from `__new__` on: the setter makes one of what it gets.

use crate::err::{R, Raised};
use crate::n;
use crate::native::*;
use crate::object::*;
use crate::slots::Slots;
use crate::thread::{Root, Th};
use crate::value::*;
use std::mem::offset_of;
use std::sync::atomic::Ordering::Relaxed;

const SIZE: u32 = size_of::<BaseException>() as u32;
const FLAGS: u64 = tflags::BASETYPE | tflags::BASE_EXC_SUBCLASS | tflags::HAS_DICT | tflags::IMMUTABLE;

const fn f(i: usize) -> u32 {
    (offset_of!(BaseException, f) + 8 * i) as u32
}
const fn m(name: &'static str, i: usize, doc: &'static str) -> MemberDef {
    MemberDef { name, doc, offset: f(i), flags: member::NONE_IF_NULL }
}

/// Field of `SyntaxError._metadata`.
pub const SYNTAX_METADATA: usize = 8;

pub static BASE_EXCEPTION_TYPE: NativeType = NativeType {
    name: "BaseException",
    kind: Kind::BaseException,
    size: SIZE,
    flags: FLAGS,
    doc: "Common base class for all exceptions",
    slots: Slots {
        new: Some(exc_new),
        init: Some(exc_init),
        repr: Some(exc_repr),
        str: Some(exc_str),
        ..Slots::NONE
    },
    methods: &[
        method("__reduce__", "($self, /)", "", exc_reduce),
        method("__setstate__", "($self, state, /)", "", exc_setstate),
        method(
            "with_traceback",
            "($self, tb, /)",
            "Set self.__traceback__ to tb and return self.",
            exc_with_traceback,
        ),
        method("add_note", "($self, note, /)", "Add a note to the exception", exc_add_note),
    ],
    getset: &[
        getset("args", "", get_args, set_args),
        getset("__traceback__", "", get_tb, set_tb),
        getset("__context__", "", get_context, set_context),
        getset("__cause__", "", get_cause, set_cause_attr),
        getset("__suppress_context__", "", get_suppress, set_suppress),
    ],
    ..NativeType::DEFAULT
};
pub static BASE_EXCEPTION: TypeCell = TypeCell::new(&BASE_EXCEPTION_TYPE);

macro_rules! exceptions {
    ($($cell:ident $name:literal $base:ident $doc:literal [$($fields:tt)*] { $($slot:ident: $fun:expr),* } $($getset:expr)?;)*) => {
        $(
            pub static $cell: TypeCell = TypeCell::new({
                const T: &NativeType = &NativeType {
                    name: $name, kind: Kind::BaseException, size: SIZE, flags: FLAGS, doc: $doc, base: Some(&$base),
                    slots: Slots { $($slot: Some($fun),)* ..Slots::NONE },
                    members: &[$($fields)*],
                    $(getset: $getset,)?
                    ..NativeType::DEFAULT
                };
                T
            });
        )*
        /// All but BaseException, bases first.
        pub static ALL: &[&TypeCell] = &[$(&$cell),*];
    };
}

const OS_ERROR_GETSET: &[GetSetDef] =
    &[getset("characters_written", "", characters_written, set_characters_written)];
fn characters_written(th: Th, o: Value) -> R<Value> {
    ex(o).f[4].get().ok_or_else(|| th.attribute_error_msg("characters_written"))
}
fn set_characters_written(th: Th, o: Value, v: Option<Value>) -> R<()> {
    let Some(v) = v else {
        characters_written(th, o)?;
        ex(o).f[4].init(None);
        return Ok(());
    };
    let n = match v.kind() {
        Kind::Int | Kind::Bool => match th.index_i64(v) {
            Ok(n) => n,
            Err(_) => {
                th.take_exc();
                return Err(th.value_error("cannot fit 'int' into an index-sized integer"));
            }
        },
        _ => th.index_i64(v)?,
    };
    let n = th.int(n);
    th.store(ex(o), &ex(o).f[4], n);
    Ok(())
}

exceptions! {
    EXCEPTION "Exception" BASE_EXCEPTION "Common base class for all non-exit exceptions." [] {};
    GENERATOR_EXIT "GeneratorExit" BASE_EXCEPTION "Request that a generator exit." [] {};
    KEYBOARD_INTERRUPT "KeyboardInterrupt" BASE_EXCEPTION "Program interrupted by user." [] {};
    SYSTEM_EXIT "SystemExit" BASE_EXCEPTION "Request to exit from the interpreter." [m("code", 0, "exception code")] { init: system_exit_init };
    STOP_ITERATION "StopIteration" EXCEPTION "Signal the end from iterator.__next__()." [m("value", 0, "generator return value")] { init: stop_iteration_init };
    STOP_ASYNC_ITERATION "StopAsyncIteration" EXCEPTION "Signal the end from iterator.__anext__()." [] {};
    ARITHMETIC_ERROR "ArithmeticError" EXCEPTION "Base class for arithmetic errors." [] {};
    FLOATING_POINT_ERROR "FloatingPointError" ARITHMETIC_ERROR "Floating-point operation failed." [] {};
    OVERFLOW_ERROR "OverflowError" ARITHMETIC_ERROR "Result too large to be represented." [] {};
    ZERO_DIVISION_ERROR "ZeroDivisionError" ARITHMETIC_ERROR "Second argument to a division or modulo operation was zero." [] {};
    ASSERTION_ERROR "AssertionError" EXCEPTION "Assertion failed." [] {};
    ATTRIBUTE_ERROR "AttributeError" EXCEPTION "Attribute not found." [m("name", 0, "attribute name"), m("obj", 1, "object")] { init: attribute_error_init };
    BUFFER_ERROR "BufferError" EXCEPTION "Buffer error." [] {};
    EOF_ERROR "EOFError" EXCEPTION "Read beyond end of file." [] {};
    IMPORT_ERROR "ImportError" EXCEPTION "Import can't find module, or can't find name in module." [m("msg", 0, "exception message"), m("name", 1, "module name"), m("path", 2, "module path"), m("name_from", 3, "name imported from module")] { init: import_error_init, str: import_error_str };
    MODULE_NOT_FOUND_ERROR "ModuleNotFoundError" IMPORT_ERROR "Module not found." [] {};
    LOOKUP_ERROR "LookupError" EXCEPTION "Base class for lookup errors." [] {};
    INDEX_ERROR "IndexError" LOOKUP_ERROR "Sequence index out of range." [] {};
    KEY_ERROR "KeyError" LOOKUP_ERROR "Mapping key not found." [] { str: key_error_str };
    MEMORY_ERROR "MemoryError" EXCEPTION "Out of memory." [] {};
    NAME_ERROR "NameError" EXCEPTION "Name not found globally." [m("name", 0, "name")] { init: name_error_init };
    UNBOUND_LOCAL_ERROR "UnboundLocalError" NAME_ERROR "Local name referenced but not bound to a value." [] {};
    OS_ERROR "OSError" EXCEPTION "Base class for I/O related errors." [m("errno", 0, "POSIX exception code"), m("strerror", 1, "exception strerror"), m("filename", 2, "exception filename"), m("filename2", 3, "second exception filename")] { new: os_error_new, init: os_error_init, str: os_error_str } OS_ERROR_GETSET;
    BLOCKING_IO_ERROR "BlockingIOError" OS_ERROR "I/O operation would block." [] {};
    CHILD_PROCESS_ERROR "ChildProcessError" OS_ERROR "Child process error." [] {};
    CONNECTION_ERROR "ConnectionError" OS_ERROR "Connection error." [] {};
    BROKEN_PIPE_ERROR "BrokenPipeError" CONNECTION_ERROR "Broken pipe." [] {};
    CONNECTION_ABORTED_ERROR "ConnectionAbortedError" CONNECTION_ERROR "Connection aborted." [] {};
    CONNECTION_REFUSED_ERROR "ConnectionRefusedError" CONNECTION_ERROR "Connection refused." [] {};
    CONNECTION_RESET_ERROR "ConnectionResetError" CONNECTION_ERROR "Connection reset." [] {};
    FILE_EXISTS_ERROR "FileExistsError" OS_ERROR "File already exists." [] {};
    FILE_NOT_FOUND_ERROR "FileNotFoundError" OS_ERROR "File not found." [] {};
    INTERRUPTED_ERROR "InterruptedError" OS_ERROR "Interrupted by signal." [] {};
    IS_A_DIRECTORY_ERROR "IsADirectoryError" OS_ERROR "Operation doesn't work on directories." [] {};
    NOT_A_DIRECTORY_ERROR "NotADirectoryError" OS_ERROR "Operation only works on directories." [] {};
    PERMISSION_ERROR "PermissionError" OS_ERROR "Not enough permissions." [] {};
    PROCESS_LOOKUP_ERROR "ProcessLookupError" OS_ERROR "Process not found." [] {};
    TIMEOUT_ERROR "TimeoutError" OS_ERROR "Timeout expired." [] {};
    REFERENCE_ERROR "ReferenceError" EXCEPTION "Weak ref proxy used after referent went away." [] {};
    RUNTIME_ERROR "RuntimeError" EXCEPTION "Unspecified run-time error." [] {};
    NOT_IMPLEMENTED_ERROR "NotImplementedError" RUNTIME_ERROR "Method or function hasn't been implemented yet." [] {};
    RECURSION_ERROR "RecursionError" RUNTIME_ERROR "Recursion limit exceeded." [] {};
    PYTHON_FINALIZATION_ERROR "PythonFinalizationError" RUNTIME_ERROR "Operation blocked during Python finalization." [] {};
    SYNTAX_ERROR "SyntaxError" EXCEPTION "Invalid syntax." [m("msg", 0, "exception msg"), m("filename", 1, "exception filename"), m("lineno", 2, "exception lineno"), m("offset", 3, "exception offset"), m("text", 4, "exception text"), m("end_lineno", 5, "exception end lineno"), m("end_offset", 6, "exception end offset"), m("print_file_and_line", 7, "exception print_file_and_line"), m("_metadata", SYNTAX_METADATA, "exception private metadata")] { init: syntax_error_init, str: syntax_error_str };
    INCOMPLETE_INPUT_ERROR "_IncompleteInputError" SYNTAX_ERROR "incomplete input." [] {};
    INDENTATION_ERROR "IndentationError" SYNTAX_ERROR "Improper indentation." [] {};
    TAB_ERROR "TabError" INDENTATION_ERROR "Improper mixture of spaces and tabs." [] {};
    SYSTEM_ERROR "SystemError" EXCEPTION "Internal error in the Python interpreter.\n\nPlease report this to the Python maintainer, along with the traceback,\nthe Python version, and the hardware/OS platform and version." [] {};
    TYPE_ERROR "TypeError" EXCEPTION "Inappropriate argument type." [] {};
    VALUE_ERROR "ValueError" EXCEPTION "Inappropriate argument value (of correct type)." [] {};
    UNICODE_ERROR "UnicodeError" VALUE_ERROR "Unicode related error." [] {};
    UNICODE_ENCODE_ERROR "UnicodeEncodeError" UNICODE_ERROR "Unicode encoding error." [m("encoding", 0, "exception encoding"), m("object", 1, "exception object"), m("start", 2, "exception start"), m("end", 3, "exception end"), m("reason", 4, "exception reason")] { init: unicode_error_init, str: unicode_error_str };
    UNICODE_DECODE_ERROR "UnicodeDecodeError" UNICODE_ERROR "Unicode decoding error." [m("encoding", 0, "exception encoding"), m("object", 1, "exception object"), m("start", 2, "exception start"), m("end", 3, "exception end"), m("reason", 4, "exception reason")] { init: unicode_error_init, str: unicode_error_str };
    UNICODE_TRANSLATE_ERROR "UnicodeTranslateError" UNICODE_ERROR "Unicode translation error." [m("encoding", 0, "exception encoding"), m("object", 1, "exception object"), m("start", 2, "exception start"), m("end", 3, "exception end"), m("reason", 4, "exception reason")] { init: unicode_error_init, str: unicode_error_str };
    WARNING "Warning" EXCEPTION "Base class for warning categories." [] {};
    BYTES_WARNING "BytesWarning" WARNING "Base class for warnings about bytes and buffer related problems, mostly\nrelated to conversion from str or comparing to str." [] {};
    DEPRECATION_WARNING "DeprecationWarning" WARNING "Base class for warnings about deprecated features." [] {};
    ENCODING_WARNING "EncodingWarning" WARNING "Base class for warnings about encodings." [] {};
    FUTURE_WARNING "FutureWarning" WARNING "Base class for warnings about constructs that will change semantically\nin the future." [] {};
    IMPORT_WARNING "ImportWarning" WARNING "Base class for warnings about probable mistakes in module imports" [] {};
    PENDING_DEPRECATION_WARNING "PendingDeprecationWarning" WARNING "Base class for warnings about features which will be deprecated\nin the future." [] {};
    RESOURCE_WARNING "ResourceWarning" WARNING "Base class for warnings about resource usage." [] {};
    RUNTIME_WARNING "RuntimeWarning" WARNING "Base class for warnings about dubious runtime behavior." [] {};
    SYNTAX_WARNING "SyntaxWarning" WARNING "Base class for warnings about dubious syntax." [] {};
    UNICODE_WARNING "UnicodeWarning" WARNING "Base class for warnings about Unicode related problems, mostly\nrelated to conversion problems." [] {};
    USER_WARNING "UserWarning" WARNING "Base class for warnings generated by user code." [] {};
}

fn ex(v: Value) -> Gc<BaseException> {
    unsafe { v.cast_unchecked() }
}

fn exc_new(th: Th, ty: Value, a: RawArgs) -> R<Value> {
    let t: Gc<Type> = ty.known();
    let args = th.try_tuple(a.pos())?;
    let o = crate::builtins::object::new_instance(th, t)?;
    ex(o).args.init(Some(args.known()));
    th.m.barrier(o.obj().unwrap(), ex(o).args.as_ptr());
    Ok(o)
}
fn no_keywords(th: Th, o: Value, a: RawArgs) -> R<()> {
    if a.nkw() != 0 {
        return Err(th.type_error(format!("{}() takes no keyword arguments", th.type_of(o).name_str())));
    }
    Ok(())
}
/// An instance of a builtin class, `t(*args)`, for an error of the runtime.
pub fn make(th: Th, t: Gc<Type>, args: &[Value]) -> R<Value> {
    let is = |f: crate::slots::InitFn| t.slots.init.is_some_and(|g| std::ptr::fn_addr_eq(f, g));
    let keeps = t.slots.new.is_some_and(|f| std::ptr::fn_addr_eq(f, exc_new as crate::slots::NewFn));
    // Given no keywords these do what making it has done.
    if keeps && (is(exc_init) || is(attribute_error_init) || is(name_error_init)) {
        return exc_new(th, t.value(), RawArgs::positional(args));
    }
    th.call(t.value(), args)
}
fn exc_init(th: Th, o: Value, a: RawArgs) -> R<()> {
    no_keywords(th, o, a)?;
    // Mostly it was just made from them.
    let same = |t: Gc<Tuple>| t.len == a.len() && t.items().iter().zip(a.pos()).all(|(x, y)| x.is(*y));
    if ex(o).args.get().is_some_and(same) {
        return Ok(());
    }
    let args = th.try_tuple(a.pos())?;
    th.store(ex(o), &ex(o).args, args.known());
    Ok(())
}
fn base_init(th: Th, o: Value, a: RawArgs) -> R<()> {
    exc_init(th, o, RawArgs::positional(a.pos()))
}
fn system_exit_init(th: Th, o: Value, a: RawArgs) -> R<()> {
    exc_init(th, o, a)?;
    let v = match a.len() {
        0 => return Ok(()),
        1 => a.pos()[0],
        _ => ex(o).args.value(),
    };
    th.store(ex(o), &ex(o).f[0], v);
    Ok(())
}
fn stop_iteration_init(th: Th, o: Value, a: RawArgs) -> R<()> {
    exc_init(th, o, a)?;
    th.store(ex(o), &ex(o).f[0], a.pos().first().copied().unwrap_or(NONE()));
    Ok(())
}
/// Keyword-only fields of AttributeError, NameError, ImportError.
fn kw_fields(th: Th, o: Value, a: RawArgs, names: &[(&str, usize)]) -> R<()> {
    for (k, v) in a.keywords() {
        let ks = th.text(k);
        match names.iter().find(|(n, _)| *n == ks) {
            Some((_, i)) => th.store(ex(o), &ex(o).f[*i], v),
            None => {
                return Err(th.type_error(format!(
                    "{}() got an unexpected keyword argument '{ks}'",
                    th.type_of(o).native.short_name()
                )));
            }
        }
    }
    Ok(())
}
fn attribute_error_init(th: Th, o: Value, a: RawArgs) -> R<()> {
    base_init(th, o, a)?;
    kw_fields(th, o, a, &[("name", 0), ("obj", 1)])
}
fn name_error_init(th: Th, o: Value, a: RawArgs) -> R<()> {
    base_init(th, o, a)?;
    kw_fields(th, o, a, &[("name", 0)])
}
fn import_error_init(th: Th, o: Value, a: RawArgs) -> R<()> {
    base_init(th, o, a)?;
    for f in &ex(o).f[..4] {
        f.init(None);
    }
    kw_fields(th, o, a, &[("name", 1), ("path", 2), ("name_from", 3)])?;
    if a.len() == 1 {
        th.store(ex(o), &ex(o).f[0], a.pos()[0]);
    }
    Ok(())
}
fn import_error_str(th: Th, o: Value) -> R<Value> {
    match ex(o).f[0].get() {
        Some(v) if v.is_exact(Kind::Str) => Ok(v),
        _ => exc_str(th, o),
    }
}
fn key_error_str(th: Th, o: Value) -> R<Value> {
    let args: Gc<Tuple> = ex(o).args.gc();
    if args.len == 1 { th.repr(args.items()[0]) } else { exc_str(th, o) }
}
fn syntax_error_init(th: Th, o: Value, a: RawArgs) -> R<()> {
    exc_init(th, o, a)?;
    if !a.is_empty() {
        th.store(ex(o), &ex(o).f[0], a.pos()[0]);
    }
    if a.len() == 2 {
        let info: Gc<Tuple> =
            unsafe { crate::builtins::tuple::from_iterable(th, a.pos()[1])?.cast_unchecked() };
        if info.len != 4 && info.len != 6 && info.len != 7 {
            return Err(th.type_error(if info.len < 4 {
                format!(
                    "function missing required argument '{}' (pos {})",
                    ["filename", "lineno", "offset", "text"][info.len],
                    info.len + 1
                )
            } else if info.len == 5 {
                "end_offset must be provided when end_lineno is provided".to_string()
            } else {
                format!("function takes at most 7 arguments ({} given)", info.len)
            }));
        }
        for (i, v) in info.items().iter().enumerate() {
            let at = if i == 6 { SYNTAX_METADATA } else { 1 + i };
            th.store(ex(o), &ex(o).f[at], *v);
        }
    }
    Ok(())
}
fn syntax_error_str(th: Th, o: Value) -> R<Value> {
    let e = ex(o);
    let msg = match e.f[0].get() {
        Some(m) => th.text(th.to_str(m)?),
        None => "None".to_string(),
    };
    let file = e.f[1].get().filter(|f| f.is_kind(Kind::Str)).map(|f| th.text(f));
    let file = file.map(|f| f.rsplit('/').next().unwrap_or("").to_string());
    let line = e.f[2].get().and_then(|l| l.as_fix());
    let s = match (file, line) {
        (Some(f), Some(l)) => format!("{msg} ({f}, line {l})"),
        (Some(f), None) => format!("{msg} ({f})"),
        (None, Some(l)) => format!("{msg} (line {l})"),
        _ => return e.f[0].get().map_or(Ok(th.str("None")), |m| th.to_str(m)),
    };
    Ok(th.str(&s))
}
fn unicode_error_init(th: Th, o: Value, a: RawArgs) -> R<()> {
    exc_init(th, o, a)?;
    let p = a.pos();
    let translate = th.isinstance_exact(o, UNICODE_TRANSLATE_ERROR.get());
    let n = if translate { 4 } else { 5 };
    if p.len() != n {
        return Err(th.type_error(format!("function takes exactly {n} arguments ({} given)", p.len())));
    }
    let base = if translate { 1 } else { 0 };
    let decode = th.isinstance_exact(o, UNICODE_DECODE_ERROR.get());
    for (i, v) in p.iter().enumerate() {
        let mut v = *v;
        match base + i {
            1 if decode => {
                if !v.is_kind(Kind::Bytes) {
                    v = crate::builtins::bytes::new(
                        th,
                        crate::builtins::buffer::Buffer::simple(th, v)?.bytes(),
                    )?
                    .value();
                }
            }
            2 | 3 => {
                v = Value::fix(th.index_i64(v)?);
            }
            _ if !v.is_kind(Kind::Str) => {
                return Err(th.type_error(format!(
                    "argument {} must be str, not {}",
                    i + 1,
                    th.type_name_of(v)
                )));
            }
            _ => {}
        }
        th.store(ex(o), &ex(o).f[base + i], v);
    }
    Ok(())
}
fn unicode_error_str(th: Th, o: Value) -> R<Value> {
    let e = ex(o);
    if e.f[1].get().is_none() {
        return Ok(Root::empty_str.value());
    }
    let num = |i: usize| e.f[i].get().and_then(|v| v.as_fix()).unwrap_or(0);
    let (start, end) = (num(2), num(3));
    let reason = match e.f[4].get() {
        Some(v) => th.text(th.to_str(v)?),
        None => String::new(),
    };
    let enc = match e.f[0].get() {
        Some(v) => th.text(th.to_str(v)?),
        None => String::new(),
    };
    // The texts may have run code that changed it.
    let obj = e.f[1].get().unwrap_or(NONE());
    if !matches!(obj.kind(), Kind::Str | Kind::Bytes) {
        let want = if th.isinstance_exact(o, UNICODE_DECODE_ERROR.get()) { "bytes" } else { "string" };
        let t = th.type_name_of(o);
        return Err(th.type_error(format!("{t} 'object' attribute must be a {want}")));
    }
    let s = if let Some(st) = obj.cast::<Str>() {
        let verb = if th.isinstance_exact(o, UNICODE_TRANSLATE_ERROR.get()) {
            "can't translate".to_string()
        } else {
            format!("'{enc}' codec can't encode")
        };
        if end == start + 1 && start >= 0 && (start as usize) < st.len() {
            let c = crate::builtins::str_methods::char_at(st, start as usize);
            let c = match c {
                0..=0xff => format!("\\x{c:02x}"),
                0x100..=0xffff => format!("\\u{c:04x}"),
                _ => format!("\\U{c:08x}"),
            };
            format!("{verb} character '{c}' in position {start}: {reason}")
        } else {
            format!("{verb} characters in position {start}-{}: {reason}", end - 1)
        }
    } else {
        let b = crate::builtins::buffer::bytes_of(obj).unwrap_or(&[]);
        if end == start + 1 && start >= 0 && (start as usize) < b.len() {
            format!(
                "'{enc}' codec can't decode byte 0x{:02x} in position {start}: {reason}",
                b[start as usize]
            )
        } else {
            format!("'{enc}' codec can't decode bytes in position {start}-{}: {reason}", end - 1)
        }
    };
    Ok(th.str(&s))
}

/// OSError's subclass for an errno.
fn errno_class(e: i64) -> Option<&'static TypeCell> {
    Some(match e as i32 {
        libc::EAGAIN | libc::EALREADY | libc::EINPROGRESS => &BLOCKING_IO_ERROR,
        libc::EPIPE | libc::ESHUTDOWN => &BROKEN_PIPE_ERROR,
        libc::ECHILD => &CHILD_PROCESS_ERROR,
        libc::ECONNABORTED => &CONNECTION_ABORTED_ERROR,
        libc::ECONNREFUSED => &CONNECTION_REFUSED_ERROR,
        libc::ECONNRESET => &CONNECTION_RESET_ERROR,
        libc::EEXIST => &FILE_EXISTS_ERROR,
        libc::ENOENT => &FILE_NOT_FOUND_ERROR,
        libc::EISDIR => &IS_A_DIRECTORY_ERROR,
        libc::ENOTDIR => &NOT_A_DIRECTORY_ERROR,
        libc::EINTR => &INTERRUPTED_ERROR,
        libc::EACCES | libc::EPERM => &PERMISSION_ERROR,
        libc::ESRCH => &PROCESS_LOOKUP_ERROR,
        libc::ETIMEDOUT => &TIMEOUT_ERROR,
        _ => return None,
    })
}
/// Whether `__new__` does the work: unless only `__init__` is overridden (CPython's oserror_use_init).
fn os_use_init(t: Gc<Type>) -> bool {
    let o = OS_ERROR.get();
    t.slots.init.map(|f| f as usize) != o.slots.init.map(|f| f as usize)
        && t.slots.new.map(|f| f as usize) == o.slots.new.map(|f| f as usize)
}
fn os_error_new(th: Th, ty: Value, a: RawArgs) -> R<Value> {
    let mut t: Gc<Type> = ty.known();
    if !os_use_init(t) {
        if a.nkw() != 0 && t == OS_ERROR.get() {
            return Err(th.type_error("OSError() takes no keyword arguments"));
        }
        if t == OS_ERROR.get()
            && (2..=5).contains(&a.len())
            && let Some(c) = a.pos()[0].as_fix().and_then(errno_class)
        {
            t = c.get();
        }
    }
    let o = exc_new(th, t.value(), RawArgs::positional(a.pos()))?;
    if !os_use_init(t) {
        os_fill(th, o, a.pos())?;
    }
    Ok(o)
}
fn os_error_init(th: Th, o: Value, a: RawArgs) -> R<()> {
    if os_use_init(th.type_of(o)) {
        no_keywords(th, o, a)?;
        let args = th.try_tuple(a.pos())?;
        th.store(ex(o), &ex(o).args, args.known());
        os_fill(th, o, a.pos())?;
    }
    Ok(())
}
fn os_fill(th: Th, o: Value, p: &[Value]) -> R<()> {
    let e = ex(o);
    if (2..=5).contains(&p.len()) {
        th.store(e, &e.f[0], p[0]);
        th.store(e, &e.f[1], p[1]);
        if p.len() >= 3 && !p[2].is_none() {
            if th.isinstance_exact(o, BLOCKING_IO_ERROR.get()) && p[2].is_fix() {
                th.store(e, &e.f[4], p[2]);
            } else {
                th.store(e, &e.f[2], p[2]);
                if p.len() == 5 && !p[4].is_none() {
                    th.store(e, &e.f[3], p[4]);
                }
                let args = th.try_tuple(&p[..2])?;
                th.store(e, &e.args, args.known());
            }
        }
    }
    Ok(())
}
fn os_error_str(th: Th, o: Value) -> R<Value> {
    let e = ex(o);
    let st = |s: &Slot| -> R<String> { Ok(th.text(th.to_str(Value::opt_or_none(s.get()))?)) };
    let rp = |v: Value| -> R<String> { Ok(th.text(th.repr(v)?)) };
    let s = match (e.f[2].get(), e.f[3].get()) {
        (Some(a), Some(b)) => format!("[Errno {}] {}: {} -> {}", st(&e.f[0])?, st(&e.f[1])?, rp(a)?, rp(b)?),
        (Some(a), None) => format!("[Errno {}] {}: {}", st(&e.f[0])?, st(&e.f[1])?, rp(a)?),
        _ if e.f[0].get().is_some() && e.f[1].get().is_some() => {
            format!("[Errno {}] {}", st(&e.f[0])?, st(&e.f[1])?)
        }
        _ => return exc_str(th, o),
    };
    Ok(th.str(&s))
}

fn exc_str(th: Th, o: Value) -> R<Value> {
    let args: Gc<Tuple> = ex(o).args.gc();
    match args.len {
        0 => Ok(Root::empty_str.value()),
        1 => th.to_str(args.items()[0]),
        _ => th.to_str(args.value()),
    }
}
fn exc_repr(th: Th, o: Value) -> R<Value> {
    let args: Gc<Tuple> = ex(o).args.gc();
    let name = th.type_of(o).name_str().to_string();
    let inner = match args.len {
        1 => format!("({})", th.text(th.repr(args.items()[0])?)),
        _ => th.text(th.repr(args.value())?),
    };
    Ok(th.str(&format!("{name}{inner}")))
}
fn exc_reduce(th: Th, a: &[Option<Value>]) -> R<Value> {
    let o = a[0].unwrap();
    let t = th.type_of(o).value();
    let mut args = ex(o).args.value();
    if th.isinstance_exact(o, OS_ERROR.get())
        && let Some(f) = ex(o).f[2].get()
        && args.known::<Tuple>().len == 2
    {
        let p = args.known::<Tuple>();
        args = match ex(o).f[3].get() {
            Some(f2) => th.tuple(&[p.items()[0], p.items()[1], f, NONE(), f2]),
            None => th.tuple(&[p.items()[0], p.items()[1], f]),
        };
    }
    if th.isinstance_exact(o, ATTRIBUTE_ERROR.get()) {
        // Without `obj`, which may be anything.
        let d = match exception_dict(th, o)? {
            Some(d) => d.copy(th)?,
            None => Gc::<Dict>::new(th),
        };
        if let Some(v) = ex(o).f[0].get() {
            d.set(th, th.intern("name"), v)?;
        }
        d.set(th, n!(args), args)?;
        return Ok(th.tuple(&[t, args, d.value()]));
    }
    if th.isinstance_exact(o, IMPORT_ERROR.get()) {
        let d = match exception_dict(th, o)? {
            Some(d) => d.copy(th)?,
            None => Gc::<Dict>::new(th),
        };
        for (name, i) in [("name", 1), ("path", 2), ("name_from", 3)] {
            if let Some(v) = ex(o).f[i].get() {
                d.set(th, th.intern(name), v)?;
            }
        }
        return Ok(if d.len() > 0 { th.tuple(&[t, args, d.value()]) } else { th.tuple(&[t, args]) });
    }
    match exception_dict(th, o)? {
        Some(d) if d.len() > 0 => Ok(th.tuple(&[t, args, d.copy(th)?.value()])),
        _ => Ok(th.tuple(&[t, args])),
    }
}
/// Instance attributes as a dict, without making the object irregular when it has none.
fn exception_dict(th: Th, o: Value) -> R<Option<Gc<Dict>>> {
    let s = crate::shape::shape(o.shape_id());
    if s.ext_at == 0 || (!s.dict_mode && s.no_attributes()) {
        return Ok(None);
    }
    th.instance_dict(o)
}
fn exc_setstate(th: Th, a: &[Option<Value>]) -> R<Value> {
    let (o, st) = (a[0].unwrap(), a[1].unwrap());
    if st.is_none() {
        return Ok(NONE());
    }
    let Some(d) = st.cast::<Dict>() else { return Err(th.type_error("state is not a dictionary")) };
    let mut i = 0;
    while let Some((ni, k, v)) = d.next_entry(i) {
        th.setattr(o, k, Some(v))?;
        i = ni;
    }
    Ok(NONE())
}
fn exc_with_traceback(th: Th, a: &[Option<Value>]) -> R<Value> {
    set_tb(th, a[0].unwrap(), a[1])?;
    Ok(a[0].unwrap())
}
fn exc_add_note(th: Th, a: &[Option<Value>]) -> R<Value> {
    let (o, note) = (a[0].unwrap(), a[1].unwrap());
    if !note.is_kind(Kind::Str) {
        return Err(th.type_error(format!("add_note() argument must be str, not {}", th.arg_type_name(note))));
    }
    let notes = match th.getattr_opt(o, n!(__notes__))? {
        Some(n) => n,
        None => {
            let l = crate::builtins::list::new(th, &[])?.value();
            th.setattr(o, n!(__notes__), Some(l))?;
            l
        }
    };
    let Some(l) = notes.cast::<List>() else {
        return Err(th.type_error("Cannot add note: __notes__ is not a list"));
    };
    crate::builtins::list::append(th, l, note)?;
    Ok(NONE())
}
fn get_args(_: Th, o: Value) -> R<Value> {
    Ok(Value::opt_or_none(ex(o).args.any()))
}
fn set_args(th: Th, o: Value, v: Option<Value>) -> R<()> {
    let Some(v) = v else { return Err(th.type_error("args may not be deleted")) };
    let t = crate::builtins::tuple::from_iterable(th, v)?;
    th.store(ex(o), &ex(o).args, t.known());
    Ok(())
}
fn get_tb(_: Th, o: Value) -> R<Value> {
    Ok(Value::opt_or_none(ex(o).traceback.any()))
}
fn set_tb(th: Th, o: Value, v: Option<Value>) -> R<()> {
    let Some(v) = v else { return Err(th.type_error("__traceback__ may not be deleted")) };
    if v.is_none() {
        ex(o).traceback.init(None);
    } else if v.is_kind(Kind::Traceback) {
        th.store(ex(o), &ex(o).traceback, v.known());
    } else {
        return Err(th.type_error("__traceback__ must be a traceback or None"));
    }
    Ok(())
}
fn set_link(th: Th, o: Value, slot: &Slot, v: Option<Value>, what: &str) -> R<()> {
    let Some(v) = v else { return Err(th.type_error(format!("{what} may not be deleted"))) };
    if v.is_none() {
        slot.init(None);
    } else if th.is_exception(v) {
        th.store(ex(o), slot, v);
    } else {
        return Err(th.type_error(format!(
            "exception {} must be None or derive from BaseException",
            what.trim_matches('_')
        )));
    }
    Ok(())
}
fn get_context(_: Th, o: Value) -> R<Value> {
    Ok(Value::opt_or_none(ex(o).context.get()))
}
fn set_context(th: Th, o: Value, v: Option<Value>) -> R<()> {
    set_link(th, o, &ex(o).context, v, "__context__")
}
fn get_cause(_: Th, o: Value) -> R<Value> {
    Ok(Value::opt_or_none(ex(o).cause.get()))
}
fn set_cause_attr(th: Th, o: Value, v: Option<Value>) -> R<()> {
    set_link(th, o, &ex(o).cause, v, "__cause__")?;
    ex(o).suppress.store(1, Relaxed);
    Ok(())
}
fn get_suppress(_: Th, o: Value) -> R<Value> {
    Ok(Value::bool(ex(o).suppress.load(Relaxed) != 0))
}
fn set_suppress(th: Th, o: Value, v: Option<Value>) -> R<()> {
    let Some(v) = v else { return Err(th.type_error("can't delete numeric/char attribute")) };
    if !v.is_kind(Kind::Bool) {
        return Err(th.type_error("attribute value type must be bool"));
    }
    ex(o).suppress.store(v.is(TRUE()) as u64, Relaxed);
    Ok(())
}

/// `e.__cause__ = cause` on the pending exception.
pub fn set_cause(th: Th, cause: Value) {
    if let Some(e) = th.pending() {
        let e = ex(e);
        th.store(e, &e.cause, cause);
        th.store(e, &e.context, cause);
        e.suppress.store(1, Relaxed);
    }
}
/// `StopIteration.value`.
pub fn stop_value(e: Value) -> Value {
    Value::opt_or_none(ex(e).f[0].get())
}

/// `except type:`: whether `e` matches, with the check of what may stand there.
pub fn matches(th: Th, e: Value, ty: Value) -> R<bool> {
    let bad = "catching classes that do not inherit from BaseException is not allowed";
    if let Some(t) = ty.cast::<Type>() {
        if !t.has(tflags::BASE_EXC_SUBCLASS) {
            return Err(th.type_error(bad));
        }
        return Ok(th.isinstance_exact(e, t));
    }
    if let Some(t) = ty.cast::<Tuple>() {
        for x in t.items() {
            if !th.is_exception_class(*x) {
                return Err(th.type_error(bad));
            }
        }
        for x in t.items() {
            if matches(th, e, *x)? {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    Err(th.type_error(bad))
}

pub use super::exception_group::{group_match, prep_reraise_star};

/// OSError of an errno, with file names.
#[cold]
pub fn os_error(
    th: Th,
    errno: i32,
    strerror: &str,
    filename: Option<Value>,
    filename2: Option<Value>,
) -> Raised {
    let mut args = [Value::fix(errno as i64), th.str(strerror), NONE(), NONE(), NONE()];
    let mut n = 2;
    if let Some(f) = filename {
        args[2] = f;
        n = 3;
        if let Some(f2) = filename2 {
            args[4] = f2;
            n = 5;
        }
    }
    th.raise_args(&OS_ERROR, &args[..n])
}
