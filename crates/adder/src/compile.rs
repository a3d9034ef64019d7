//! The compiler as the VM's hook.

use adder_bytecode::CodeData;
use adder_compiler as c;
use adder_vm::hooks::{CompileError, CompileOptions, ErrorClass, Mode, SourceCompiler};

pub struct Compiler;

impl SourceCompiler for Compiler {
    fn compile(
        &self,
        source: &str,
        o: &CompileOptions,
    ) -> (Result<CodeData, CompileError>, Vec<CompileError>) {
        let mode = match o.mode {
            Mode::Exec => c::Mode::Exec,
            Mode::Eval => c::Mode::Eval,
            Mode::Single => c::Mode::Single,
            Mode::FuncType => c::Mode::FuncType,
        };
        let mut opts = c::Options::new(o.filename, mode);
        opts.optimize = o.optimize;
        opts.flags = o.flags;
        opts.int_max_str_digits = o.int_max_str_digits;
        let (r, warnings) = c::compile_full(source, &opts);
        let r = r.map_err(error);
        let warnings = warnings
            .into_iter()
            .map(|w| CompileError {
                class: match w.category {
                    c::WarningCategory::SyntaxWarning => ErrorClass::SyntaxWarning,
                    c::WarningCategory::DeprecationWarning => ErrorClass::DeprecationWarning,
                },
                msg: w.msg,
                line: w.line,
                col: w.col as i32,
                end_line: w.end_line,
                end_col: w.end_col as i32,
                text: None,
            })
            .collect();
        (r, warnings)
    }
    fn decode(
        &self,
        source: &[u8],
        file: Option<&str>,
        codec: &mut dyn FnMut(&str, &[u8]) -> Option<Result<String, String>>,
    ) -> Result<String, CompileError> {
        c::decode_source_with(source, file, codec).map(|t| t.0).map_err(error)
    }
}

fn error(e: c::SyntaxError) -> CompileError {
    CompileError {
        class: match e.kind {
            c::ErrorKind::SyntaxError => ErrorClass::Syntax,
            c::ErrorKind::IndentationError => ErrorClass::Indentation,
            c::ErrorKind::TabError => ErrorClass::Tab,
            c::ErrorKind::IncompleteInput => ErrorClass::IncompleteInput,
            c::ErrorKind::RecursionError => ErrorClass::Recursion,
            c::ErrorKind::MemoryError => ErrorClass::Memory,
            c::ErrorKind::ValueError => ErrorClass::Value,
            c::ErrorKind::TypeError => ErrorClass::Type,
            c::ErrorKind::OverflowError => ErrorClass::Overflow,
            c::ErrorKind::UnicodeDecodeError | c::ErrorKind::SystemError => ErrorClass::System,
        },
        msg: e.msg,
        line: e.line,
        col: e.col,
        end_line: e.end_line,
        end_col: e.end_col,
        text: e.text,
    }
}
