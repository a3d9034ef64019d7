//! The compiler as the VM's hook.

use adder_bytecode::CodeData;
use adder_compiler as c;
use adder_mod_ast::convert;
use adder_vm::hooks::{CompileError, CompileOptions, SourceCompiler};

pub struct Compiler;

impl SourceCompiler for Compiler {
    fn compile(
        &self,
        source: &str,
        o: &CompileOptions,
    ) -> (Result<CodeData, CompileError>, Vec<CompileError>) {
        let mut opts = c::Options::new(o.filename, convert::mode(o.mode));
        opts.optimize = o.optimize;
        opts.flags = o.flags;
        opts.int_max_str_digits = o.int_max_str_digits;
        let (r, warnings) = c::compile_full(source, &opts);
        (r.map_err(convert::error), convert::warnings(warnings))
    }
    fn version(&self) -> u64 {
        c::version()
    }
    fn decode(
        &self,
        source: &[u8],
        file: Option<&str>,
        codec: &mut dyn FnMut(&str, &[u8]) -> Option<Result<String, String>>,
    ) -> Result<String, CompileError> {
        c::decode_source_with(source, file, codec).map(|t| t.0).map_err(convert::error)
    }
}
