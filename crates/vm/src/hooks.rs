//! What the VM gets from outside: the compiler, the trees of `ast`, the library that the program carries. (Native modules
//! are registered with `import`, code generators with `jit`.)

use crate::builtins::exceptions as exc;
use crate::err::{R, Raised};
use crate::object::*;
use crate::thread::Th;
use crate::value::*;
use adder_bytecode::{CodeData, Pack, Stored, made_lazy};
use std::borrow::Cow;
use std::sync::OnceLock;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    Exec,
    Eval,
    Single,
    FuncType,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorClass {
    Syntax,
    Indentation,
    Tab,
    IncompleteInput,
    Recursion,
    Memory,
    Value,
    Type,
    Overflow,
    System,
    SyntaxWarning,
    DeprecationWarning,
}

pub struct CompileOptions<'a> {
    pub filename: &'a str,
    pub mode: Mode,
    pub optimize: u8,
    /// Future and `PyCF_*` flags.
    pub flags: u32,
    pub int_max_str_digits: u32,
}

/// An error or a warning. Lines and columns from 1; `line == 0`: no position; `end_line == 0`: no end. Columns may also
/// be 0 or -1, as CPython gives them.
#[derive(Clone, Debug)]
pub struct CompileError {
    pub class: ErrorClass,
    pub msg: String,
    pub line: u32,
    pub col: i32,
    pub end_line: u32,
    pub end_col: i32,
    pub text: Option<String>,
    /// `SyntaxError._metadata`: where the last compound statement begins that was right, and the whole source.
    pub parsed: Option<(u32, u32, String)>,
}

pub trait SourceCompiler: Sync {
    /// Another number for every compiler that may make other code.
    fn version(&self) -> u64 {
        0
    }
    /// Compiles; the warnings are to be issued in either case.
    fn compile(
        &self,
        source: &str,
        o: &CompileOptions,
    ) -> (Result<CodeData, CompileError>, Vec<CompileError>);
    /// Text of a source given as bytes: byte order mark, coding cookie. `file`: its name if it is a file. `codec` decodes
    /// with an encoding that is not built in.
    #[allow(clippy::type_complexity)]
    fn decode(
        &self,
        source: &[u8],
        file: Option<&str>,
        codec: &mut dyn FnMut(&str, &[u8]) -> Option<Result<String, String>>,
    ) -> Result<String, CompileError>;
}

/// Syntax trees as Python objects: module `_ast`, when there is one.
pub trait AstHook: Sync {
    fn is_ast(&self, th: Th, v: Value) -> R<bool>;
    /// `feature_version`: the minor version of Python 3 whose syntax is wanted, where that is known to differ; -1: all.
    #[allow(clippy::too_many_arguments)]
    fn parse(
        &self,
        th: Th,
        source: &str,
        filename: &str,
        mode: Mode,
        flags: u32,
        optimize: i32,
        feature_version: i64,
    ) -> R<Value>;
    fn compile_ast(
        &self,
        th: Th,
        tree: Value,
        filename: &str,
        mode: Mode,
        flags: u32,
        optimize: i32,
    ) -> R<Value>;
}

static AST: OnceLock<&'static dyn AstHook> = OnceLock::new();

pub fn set_ast(h: &'static dyn AstHook) {
    let _ = AST.set(h);
}
pub fn ast() -> Option<&'static dyn AstHook> {
    AST.get().copied()
}

/// Source text of bytes, as `compile()` and `exec()` read them.
pub fn decode(th: Th, source: &[u8], filename: &str) -> R<String> {
    if source.contains(&0) {
        return Err(th.raise_msg(&exc::SYNTAX_ERROR, "source code string cannot contain null bytes"));
    }
    decode_as(th, source, filename, None)
}

/// Source text of the bytes of a program's file; what is wrong with it is said in other words.
pub fn decode_file(th: Th, source: &[u8], filename: &str) -> R<String> {
    decode_as(th, source, filename, Some(filename))
}

fn decode_as(th: Th, source: &[u8], filename: &str, file: Option<&str>) -> R<String> {
    let Some(c) = COMPILER.get() else { return Err(th.system_error("this runtime has no compiler")) };
    memory_to_parse(th, source.len())?;
    let mut codec = |name: &str, b: &[u8]| -> Option<Result<String, String>> {
        let m = crate::import::import_module(th, "_codecs").ok()?;
        let f = th.getattr(m, th.intern("decode")).ok()?;
        let b = crate::builtins::bytes::new(th, b).ok()?;
        match th.call(f, &[b.value(), th.str(name)]) {
            Ok(v) => Some(Ok(th.text(v))),
            Err(_) => {
                let e = th.take_exc();
                if th.isinstance_exact(e, exc::LOOKUP_ERROR.get()) {
                    return None;
                }
                Some(Err(th.to_str(e).map(|s| th.text(s)).unwrap_or_default()))
            }
        }
    };
    c.decode(source, file, &mut codec).map_err(|e| raise(th, e, filename))
}

static COMPILER: OnceLock<&'static dyn SourceCompiler> = OnceLock::new();

/// The version of the compiler, 0 if there is none.
pub fn compiler_version() -> u64 {
    COMPILER.get().map_or(0, |c| c.version())
}
pub fn set_compiler(c: &'static dyn SourceCompiler) {
    let _ = COMPILER.set(c);
}

/// `-O` level of the process.
pub static OPTIMIZE: std::sync::atomic::AtomicU8 = std::sync::atomic::AtomicU8::new(0);

/// What the parser and the compiler take at most for a byte of source text (`a`, line end, again and again: 150; functions
/// without content: 170).
const MEMORY_PER_BYTE: usize = 192;
/// To be called before source text of this length is parsed: nothing in there can do without memory.
pub fn memory_to_parse(th: Th, source: usize) -> R<()> {
    th.memory_for(source.saturating_mul(MEMORY_PER_BYTE))
}

/// Compiles source text to a code object. `optimize` -1: the process's level.
pub fn compile(th: Th, source: &str, filename: &str, mode: Mode, flags: u32, optimize: i32) -> R<Gc<Code>> {
    let Some(c) = COMPILER.get() else { return Err(th.system_error("this runtime has no compiler")) };
    let optimize =
        if optimize < 0 { OPTIMIZE.load(std::sync::atomic::Ordering::Relaxed) } else { optimize as u8 };
    let o = CompileOptions {
        filename,
        mode,
        optimize,
        flags,
        int_max_str_digits: crate::builtins::int::max_str_digits() as u32,
    };
    memory_to_parse(th, source.len())?;
    let (r, warnings) = c.compile(source, &o);
    report(th, warnings, filename)?;
    match r {
        Ok(d) => crate::builtins::code::new(th, if mode == Mode::Exec { made_lazy(d, pack()) } else { d }),
        Err(e) => Err(raise(th, e, filename)),
    }
}

/// Issues the warnings of a compilation.
pub fn report(th: Th, warnings: Vec<CompileError>, filename: &str) -> R<()> {
    for w in warnings {
        let cat = if w.class == ErrorClass::DeprecationWarning {
            &exc::DEPRECATION_WARNING
        } else {
            &exc::SYNTAX_WARNING
        };
        if let Err(e) = crate::warn::warn_explicit(th, cat, &w.msg, filename, w.line) {
            // A filter made an error of it: a SyntaxError, with its place.
            if th.exc_is(&exc::SYNTAX_WARNING) {
                th.take_exc();
                // An error needs no announcement of one.
                let msg = w.msg.replace(" Such sequences will not work in the future.", "");
                return Err(raise(th, CompileError { class: ErrorClass::Syntax, msg, ..w }, filename));
            }
            return Err(e);
        }
    }
    Ok(())
}

/// The exception of an error.
pub fn raise(th: Th, e: CompileError, filename: &str) -> Raised {
    let cell = match e.class {
        ErrorClass::Indentation => &exc::INDENTATION_ERROR,
        ErrorClass::Tab => &exc::TAB_ERROR,
        ErrorClass::IncompleteInput => &exc::INCOMPLETE_INPUT_ERROR,
        ErrorClass::Recursion => return th.recursion_error(e.msg),
        ErrorClass::Memory => return th.memory_error_msg(e.msg),
        ErrorClass::Value => return th.value_error(e.msg),
        ErrorClass::Type => return th.type_error(e.msg),
        ErrorClass::Overflow => return th.overflow_error(e.msg),
        ErrorClass::System => return th.system_error(e.msg),
        _ => &exc::SYNTAX_ERROR,
    };
    if e.line == 0 && e.text.is_none() && e.col == 0 {
        // Nothing is known of where.
        let msg = th.str(&e.msg);
        return th.raise_args(cell, &[msg]);
    }
    let num = |n: i64| Value::fix(n);
    let line = match e.text {
        Some(_) => None,
        None => crate::sys::traceback::source_line(filename, e.line),
    };
    let text = e.text.as_deref().or(line.as_deref()).map_or(NONE(), |t| th.str(t));
    let file = th.str(filename);
    let info = if e.end_line == 0 {
        th.tuple(&[file, num(e.line as i64), num(e.col as i64), text])
    } else {
        th.tuple(&[
            file,
            num(e.line as i64),
            num(e.col as i64),
            text,
            num(e.end_line as i64),
            num(e.end_col as i64),
        ])
    };
    let msg = th.str(&e.msg);
    let r = th.raise_args(cell, &[msg, info]);
    if let Some((line, col, source)) = e.parsed
        && th.exc_is(&exc::SYNTAX_ERROR)
        && let Some(x) = th.pending().and_then(|x| x.cast::<BaseException>())
    {
        let data = th.tuple(&[num(line as i64), num(col as i64), th.str(&source)]);
        th.store(x, &x.f[exc::SYNTAX_METADATA], data);
    }
    r
}

/// The standard library that is embedded in the program. Paths are below the library folder, with forward slashes.
pub trait Library: Sync {
    /// Bytecode of a module's file in `adder_bytecode`'s serial form.
    fn code(&self, path: &str) -> Option<Stored>;
    /// How code that is not needed at the moment is made smaller.
    fn pack(&self) -> Option<&'static Pack>;
    fn file(&self, path: &str) -> Option<Cow<'static, [u8]>>;
    /// Size of a file in bytes.
    fn size(&self, path: &str) -> Option<usize>;
    /// Names in a folder (`"json/"`, `""` for the top), sorted.
    fn list(&self, folder: &str) -> Vec<&'static str>;
    /// Whether `list` would name anything.
    fn has_folder(&self, folder: &str) -> bool;
}

static LIBRARY: OnceLock<&'static dyn Library> = OnceLock::new();

pub fn set_library(l: &'static dyn Library) {
    let _ = LIBRARY.set(l);
}
pub fn library() -> Option<&'static dyn Library> {
    LIBRARY.get().copied()
}
/// [`Library::pack`]
pub fn pack() -> Option<&'static Pack> {
    library().and_then(|l| l.pack())
}
