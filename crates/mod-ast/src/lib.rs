//! Native modules that know the compiler: `_ast`, and `compile()` from and to syntax trees; `_symtable`, `_tokenize`.
//!
//! `classes` makes the classes of nodes, `export` turns the compiler's trees into objects, `import` objects into
//! trees. [`convert`] is the border of errors and options, shared with the hook that compiles source text.
//!
//! # Invariants
//! - Trees that Python hands in are checked before the compiler sees them: wrong ones are a `TypeError` or `ValueError`.
//! - Types are native tables; the trees exist either as objects or as the compiler's, never mixed.

mod classes;
pub mod convert;
mod export;
mod import;
mod symtable;
mod tokenize;

use adder_compiler as c;
use adder_vm::err::R;
use adder_vm::hooks::{AstHook, Mode};
use adder_vm::native::NativeModule;
use adder_vm::thread::Th;
use adder_vm::value::Value;

pub static MODULES: &[&NativeModule] = &[&classes::MODULE, &symtable::MODULE, &tokenize::MODULE];

/// What `compile()` asks.
pub struct Ast;

/// The class that a tree for this mode must have.
fn root_class(mode: Mode) -> &'static str {
    match mode {
        Mode::Exec => "Module",
        Mode::Eval => "Expression",
        Mode::Single => "Interactive",
        Mode::FuncType => "FunctionType",
    }
}

impl AstHook for Ast {
    fn is_ast(&self, th: Th, v: Value) -> R<bool> {
        Ok(classes::AST.try_get().is_some_and(|t| th.is_subtype(th.type_of(v), t)))
    }

    fn parse(
        &self,
        th: Th,
        source: &str,
        filename: &str,
        mode: Mode,
        flags: u32,
        optimize: i32,
        feature_version: i64,
    ) -> R<Value> {
        let mut opts = convert::options(filename, mode, flags, optimize);
        opts.feature_version = u8::try_from(feature_version).ok();
        adder_vm::hooks::memory_to_parse(th, source.len())?;
        let (r, warnings) = c::parse_tree(source, &opts);
        adder_vm::hooks::report(th, convert::warnings(warnings), filename)?;
        match r {
            Ok(n) => export::node(th, &n),
            Err(e) => Err(adder_vm::hooks::raise(th, convert::error(e), filename)),
        }
    }

    fn compile_ast(
        &self,
        th: Th,
        tree: Value,
        filename: &str,
        mode: Mode,
        flags: u32,
        optimize: i32,
    ) -> R<Value> {
        let only_ast = flags & c::pycf::ONLY_AST != 0;
        let optimized = flags & c::pycf::OPTIMIZED_AST == c::pycf::OPTIMIZED_AST;
        let want = root_class(mode);
        if !th.is_subtype(th.type_of(tree), classes::class(th, want)?) {
            return Err(th.type_error(format!("expected {want} node, got {}", th.type_of(tree).name_str())));
        }
        if only_ast && !optimized {
            return Ok(tree);
        }
        let node = import::root(th, tree, want)?;
        let opts = convert::options(filename, mode, flags, optimize);
        if only_ast {
            return match c::optimize_tree(&node, &opts) {
                Ok(n) => export::node(th, &n),
                Err(e) => Err(adder_vm::hooks::raise(th, convert::error(e), filename)),
            };
        }
        let (r, warnings) = c::compile_tree(&node, &opts);
        adder_vm::hooks::report(th, convert::warnings(warnings), filename)?;
        match r {
            Ok(d) if mode == Mode::Exec => {
                let d = adder_bytecode::made_lazy(d, adder_vm::hooks::pack());
                Ok(adder_vm::builtins::code::new(th, d)?.value())
            }
            Ok(d) => Ok(adder_vm::builtins::code::new(th, d)?.value()),
            Err(e) => Err(adder_vm::hooks::raise(th, convert::error(e), filename)),
        }
    }
}
