//! The module `sys._jit`: what a program may ask about the JIT.

use crate::native::*;
use crate::value::Value;

pub static MODULE: NativeModule = NativeModule {
    name: "sys._jit",
    doc: "Utilities for observing just-in-time compilation.",
    functions: &[
        function(
            "is_available",
            "($module, /)",
            "Return True if the current Python executable supports JIT compilation, and False otherwise.",
            |_, _| Ok(Value::bool(crate::jit::available())),
        ),
        function(
            "is_enabled",
            "($module, /)",
            "Return True if JIT compilation is enabled for the current Python process (implies sys._jit.is_available()), and False otherwise.",
            |_, _| Ok(Value::bool(crate::jit::enabled())),
        ),
        // Whoever asks has left machine code: the call of this function is not part of a trace.
        function(
            "is_active",
            "($module, /)",
            "Return True if the topmost Python frame is currently executing JIT code (implies sys._jit.is_enabled()), and False otherwise.",
            |_, _| Ok(Value::bool(false)),
        ),
    ],
    types: &[],
    init: None,
};
