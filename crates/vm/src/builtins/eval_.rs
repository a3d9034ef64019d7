//! `compile`, `eval`, `exec`, and the namespaces of the running frame: `globals`, `locals`, `vars`, `dir`.

use crate::builtins::exceptions as exc;
use crate::err::{R, Raised};
use crate::hooks::{self, Mode};
use crate::n;
use crate::native::*;
use crate::object::*;
use crate::sys::audit::audit;
use crate::thread::{Th, fflags};
use crate::value::*;
use adder_bytecode::CodeFlags;

/// Flags of `compile()`, with CPython's values.
pub mod pycf {
    pub const DONT_IMPLY_DEDENT: u32 = 0x200;
    pub const ONLY_AST: u32 = 0x400;
    pub const TYPE_COMMENTS: u32 = 0x1000;
    pub const ALLOW_TOP_LEVEL_AWAIT: u32 = 0x2000;
    pub const ALLOW_INCOMPLETE_INPUT: u32 = 0x4000;
    pub const OPTIMIZED_AST: u32 = 0x8000 | ONLY_AST;
    /// All that `compile()` knows beside the future flags; 0x10 once was `CO_NESTED`.
    pub const KNOWN: u32 = OPTIMIZED_AST
        | TYPE_COMMENTS
        | ALLOW_TOP_LEVEL_AWAIT
        | DONT_IMPLY_DEDENT
        | ALLOW_INCOMPLETE_INPUT
        | 0x10;
}

/// The `CO_FUTURE_*` flags.
pub const FUTURE_MASK: u32 = CodeFlags::FUTURE_DIVISION
    | CodeFlags::FUTURE_ABSOLUTE_IMPORT
    | CodeFlags::FUTURE_WITH_STATEMENT
    | CodeFlags::FUTURE_PRINT_FUNCTION
    | CodeFlags::FUTURE_UNICODE_LITERALS
    | CodeFlags::FUTURE_BARRY_AS_BDFL
    | CodeFlags::FUTURE_GENERATOR_STOP
    | CodeFlags::FUTURE_ANNOTATIONS;

/// Future flags of the code that is running: what it compiles inherits them.
fn inherited_flags(th: Th) -> u32 {
    th.frame().map_or(0, |f| f.code.flags & FUTURE_MASK)
}

/// The innermost frame that Python code sees.
pub fn visible_frame(th: Th) -> Option<&'static mut crate::thread::Frame> {
    let f = th.frame()?;
    if f.flags & fflags::HIDDEN == 0 { Some(f) } else { crate::builtins::frame::caller(th, f) }
}

/// UnicodeEncodeError for the first lone surrogate of `s`.
#[cold]
pub fn surrogates_not_allowed(th: Th, s: Gc<Str>) -> Raised {
    let b = s.bytes();
    // Surrogates are ED A0..BF xx in WTF-8.
    let at = b.windows(2).position(|w| w[0] == 0xed && w[1] >= 0xa0).unwrap_or(0);
    let mut end = at;
    while end + 2 < b.len() && b[end] == 0xed && b[end + 1] >= 0xa0 {
        end += 3;
    }
    let start = adder_text::wtf8::count(&b[..at]) as i64;
    let n = ((end - at) / 3).max(1) as i64;
    let (enc, why) = (th.str("utf-8"), th.str("surrogates not allowed"));
    th.raise_args(
        &exc::UNICODE_ENCODE_ERROR,
        &[enc, s.value(), Value::fix(start), Value::fix(start + n), why],
    )
}

/// Source text of a str or of an object with a buffer. `what` names the function and its argument for the TypeError.
pub fn source_text(th: Th, v: Value, filename: &str, what: &str) -> R<String> {
    if let Some(s) = v.cast::<Str>() {
        let Some(t) = s.as_str() else { return Err(surrogates_not_allowed(th, s)) };
        if t.contains('\0') {
            return Err(th.raise_msg(&exc::SYNTAX_ERROR, "source code string cannot contain null bytes"));
        }
        hooks::memory_to_parse(th, t.len())?;
        return Ok(t.to_string());
    }
    let bytes = crate::builtins::buffer::Buffer::simple(th, v)
        .map(|b| hooks::memory_to_parse(th, b.bytes().len()).map(|()| b.bytes().to_vec()));
    match bytes {
        Ok(b) => hooks::decode(th, &b?, filename),
        Err(_) => {
            th.take_exc();
            Err(th.type_error(format!(
                "{what} must be a string{} {}",
                if what.starts_with('s') { " or" } else { ", bytes or" },
                match &what[..1] {
                    "c" => "AST object",
                    "s" => "bytes object",
                    _ => "code object",
                }
            )))
        }
    }
}

/// A file name as `PyUnicode_FSDecoder` takes it: str, bytes or path-like. The text is for the compiler.
pub fn filename_text(th: Th, v: Value) -> R<String> {
    let v = if v.is_kind(Kind::Str) || v.is_kind(Kind::Bytes) {
        v
    } else {
        match th.lookup_special(v, n!(__fspath__)) {
            Some(f) => th.call_unbound(f, v, &[])?,
            None => {
                return Err(th.type_error(format!(
                    "expected str, bytes or os.PathLike object, not {}",
                    th.type_name_of(v)
                )));
            }
        }
    };
    let s = match v.cast::<Str>() {
        Some(s) => s.lossy().into_owned(),
        None => match crate::builtins::buffer::bytes_of(v) {
            Some(b) => String::from_utf8_lossy(b).into_owned(),
            None => {
                return Err(th.type_error(format!(
                    "expected {}.__fspath__() to return str or bytes, not {}",
                    th.type_name_of(v),
                    th.type_name_of(v)
                )));
            }
        },
    };
    if s.contains('\0') {
        return Err(th.value_error("embedded null character"));
    }
    Ok(s)
}

pub fn compile(th: Th, a: &[Option<Value>]) -> R<Value> {
    let (source, filename, mode) = (a[0].unwrap(), a[1].unwrap(), a[2].unwrap());
    let filename = filename_text(th, filename)?;
    let Some(m) = mode.cast::<Str>() else {
        return Err(
            th.type_error(format!("compile() argument 'mode' must be str, not {}", th.arg_type_name(mode)))
        );
    };
    let int = |i: usize, d: i64| a[i].map_or(Ok(d), |v| th.index_i64(v));
    let flags = int(3, 0)?;
    let dont_inherit = match a[4] {
        Some(v) => th.truth(v)?,
        None => false,
    };
    let optimize = int(5, -1)?;
    if flags & !((FUTURE_MASK | pycf::KNOWN) as i64) != 0 {
        return Err(th.value_error("compile(): unrecognised flags"));
    }
    if !(-1..=2).contains(&optimize) {
        return Err(th.value_error("compile(): invalid optimize value"));
    }
    let mut flags = flags as u32;
    if !dont_inherit {
        flags |= inherited_flags(th);
    }
    let only_ast = flags & pycf::ONLY_AST != 0;
    let mode = match &*m.lossy() {
        "exec" => Mode::Exec,
        "eval" => Mode::Eval,
        "single" => Mode::Single,
        "func_type" if only_ast => Mode::FuncType,
        "func_type" => {
            return Err(th.value_error("compile() mode 'func_type' requires flag PyCF_ONLY_AST"));
        }
        _ if only_ast => {
            return Err(th.value_error("compile() mode must be 'exec', 'eval', 'single' or 'func_type'"));
        }
        _ => return Err(th.value_error("compile() mode must be 'exec', 'eval' or 'single'")),
    };
    if let Some(h) = hooks::ast()
        && h.is_ast(th, source)?
    {
        return h.compile_ast(th, source, &filename, mode, flags, optimize as i32);
    }
    let text = source_text(th, source, &filename, "compile() arg 1")?;
    audit_compile(th, source, &text, filename_value(th, a[1].unwrap(), &filename))?;
    if only_ast {
        return match hooks::ast() {
            Some(h) => h.parse(th, &text, &filename, mode, flags, optimize as i32, int(6, -1)?),
            None => Err(th.not_implemented_error("compile() to an AST")),
        };
    }
    Ok(hooks::compile(th, &text, &filename, mode, flags, optimize as i32)?.value())
}

/// The event of text that is compiled; it shows bytes.
fn audit_compile(th: Th, source: Value, text: &str, filename: Value) -> R<()> {
    if !crate::sys::audit::enabled() {
        return Ok(());
    }
    let shown =
        if source.is_kind(Kind::Bytes) { source } else { super::bytes::new(th, text.as_bytes())?.value() };
    audit(th, "compile", &[shown, filename])
}
fn filename_value(th: Th, given: Value, text: &str) -> Value {
    if given.is_kind(Kind::Str) { given } else { th.str(text) }
}

/// `globals` and `locals` of `eval` and `exec`: where they are left out, the caller's.
fn namespaces(th: Th, globals: Option<Value>, locals: Option<Value>) -> R<(Value, Value)> {
    if let Some(g) = globals {
        return Ok((g, locals.unwrap_or(g)));
    }
    let Some(f) = visible_frame(th) else {
        return Err(th.system_error("globals and locals cannot be NULL"));
    };
    let g = f.globals().value();
    Ok((g, locals.map_or_else(|| frame_locals(th, f), Ok)?))
}

/// The namespace gets `__builtins__` unless it has one.
fn add_builtins(th: Th, g: Gc<Dict>) -> R<()> {
    if g.get_str(th, n!(__builtins__))?.is_none() {
        // The caller's builtins, which may be restricted.
        let b = visible_frame(th)
            .and_then(|f| f.func.builtins.get())
            .unwrap_or_else(|| crate::thread::Root::builtins_dict.value());
        g.set(th, n!(__builtins__), b)?;
    }
    Ok(())
}

fn is_mapping(th: Th, v: Value) -> bool {
    th.type_of(v).slots.getitem.is_some()
}

pub fn eval(th: Th, a: &[Option<Value>]) -> R<Value> {
    let source = a[0].unwrap();
    let (globals, locals) = (a[1].and_then(|v| v.some()), a[2].and_then(|v| v.some()));
    if locals.is_some_and(|l| !is_mapping(th, l)) {
        return Err(th.type_error("locals must be a mapping"));
    }
    if let Some(g) = globals
        && !g.is_kind(Kind::Dict)
    {
        return Err(th.type_error(if is_mapping(th, g) {
            "globals must be a real dict; try eval(expr, {}, mapping)"
        } else {
            "globals must be a dict"
        }));
    }
    let (g, l) = namespaces(th, globals, locals)?;
    let g: Gc<Dict> = g.known();
    add_builtins(th, g)?;
    if let Some(c) = source.exact::<Code>() {
        if c.nfrees > 0 {
            return Err(th.type_error("code object passed to eval() may not contain free variables"));
        }
        return run(th, c, g, l, None);
    }
    let text = source_text(th, source, "<string>", "eval() arg 1")?;
    audit_compile(th, source, &text, th.intern("<string>"))?;
    let text = text.trim_start_matches([' ', '\t']);
    let c = hooks::compile(th, text, "<string>", Mode::Eval, inherited_flags(th), -1)?;
    run(th, c, g, l, None)
}

pub fn exec(th: Th, a: &[Option<Value>]) -> R<Value> {
    let source = a[0].unwrap();
    let opt = |i: usize| a[i].and_then(|v| v.some());
    let (globals, locals, closure) = (opt(1), opt(2), opt(3));
    if let Some(g) = globals
        && !g.is_kind(Kind::Dict)
    {
        return Err(th.type_error(format!("exec() globals must be a dict, not {}", th.type_name_of(g))));
    }
    if let Some(l) = locals
        && !is_mapping(th, l)
    {
        return Err(th.type_error(format!("locals must be a mapping or None, not {}", th.type_name_of(l))));
    }
    let (g, l) = namespaces(th, globals, locals)?;
    let g: Gc<Dict> = g.known();
    add_builtins(th, g)?;
    if let Some(c) = source.exact::<Code>() {
        let n = c.nfrees as usize;
        if n == 0 {
            if closure.is_some() {
                return Err(th.type_error("cannot use a closure with this code object"));
            }
        } else {
            let ok = closure
                .and_then(|c| c.exact::<Tuple>())
                .is_some_and(|t| t.len == n && t.items().iter().all(|x| x.is_exact(Kind::Cell)));
            if !ok {
                return Err(th.type_error(format!("code object requires a closure of exactly length {n}")));
            }
        }
        run(th, c, g, l, closure)?;
        return Ok(NONE());
    }
    if closure.is_some() {
        return Err(th.type_error("closure can only be used when source is a code object"));
    }
    let text = source_text(th, source, "<string>", "exec() arg 1")?;
    audit_compile(th, source, &text, th.intern("<string>"))?;
    let c = hooks::compile(th, &text, "<string>", Mode::Exec, inherited_flags(th), -1)?;
    run(th, c, g, l, None)?;
    Ok(NONE())
}

/// Runs code in namespaces. Code of a function gets its own locals, as with CPython.
fn run(th: Th, c: Gc<Code>, g: Gc<Dict>, l: Value, closure: Option<Value>) -> R<Value> {
    audit(th, "exec", &[crate::builtins::function::canonical(c).value()])?;
    if c.flags & CodeFlags::NEWLOCALS != 0 && c.flags & CodeFlags::OPTIMIZED != 0 {
        let f = crate::builtins::function::new(th, c, g)?;
        th.store_opt(f, &f.closure, closure.map(Value::known));
        return th.call_function(f, None, RawArgs::EMPTY);
    }
    crate::builtins::function::run_code(th, c, g, l, closure)
}

/// `locals()` of a frame: the namespace itself, or a snapshot for a function and within a comprehension.
pub fn frame_locals(th: Th, f: &mut crate::thread::Frame) -> R<Value> {
    if f.code.flags & CodeFlags::OPTIMIZED == 0
        && let Some(m) = f.namespace()
        && !crate::builtins::frame::in_comprehension(f)
    {
        return Ok(m);
    }
    crate::builtins::frame::snapshot(th, f)
}

pub fn globals(th: Th, _a: &[Option<Value>]) -> R<Value> {
    Ok(visible_frame(th).map_or(NONE(), |f| f.globals().value()))
}
pub fn locals(th: Th, _a: &[Option<Value>]) -> R<Value> {
    match visible_frame(th) {
        Some(f) => frame_locals(th, f),
        None => Err(th.system_error("frame does not exist")),
    }
}
pub fn vars(th: Th, a: &[Option<Value>]) -> R<Value> {
    match a[0] {
        None => locals(th, a),
        Some(o) => match th.getattr_opt(o, n!(__dict__))? {
            Some(d) => Ok(d),
            None => Err(th.type_error("vars() argument must have __dict__ attribute")),
        },
    }
}
pub fn dir(th: Th, a: &[Option<Value>]) -> R<Value> {
    let names = match a[0] {
        Some(o) => match th.lookup_special(o, n!(__dir__)) {
            Some(f) => th.call_unbound(f, o, &[])?,
            None => return Err(th.type_error("object does not provide __dir__")),
        },
        None => {
            let l = locals(th, a)?;
            let keys = th.call_method(l, th.intern("keys"), &[])?;
            if th.type_of(keys).slots.iter.is_none() {
                return Err(th.type_error(format!(
                    "dir(): expected keys() of locals to be a list, not '{}'",
                    th.type_name_of(keys)
                )));
            }
            keys
        }
    };
    sorted_list(th, names)
}
fn sorted_list(th: Th, v: Value) -> R<Value> {
    let l = crate::builtins::list::from_iterable(th, v)?;
    th.call_method(l.value(), n!(sort), &[])?;
    Ok(l.value())
}
