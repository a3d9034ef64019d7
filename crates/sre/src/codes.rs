//! The numbers of the opcode programs that `re._compiler` writes.
//!
//! Source: `Lib/re/_constants.py` of CPython 3.14. The order is the contract between that file and
//! `_sre`; `tests/fixture.rs` checks it against a dump from CPython.

/// Must equal `re._constants.MAGIC`.
pub const MAGIC: u32 = 20230612;
/// Bytes of one code word.
pub const CODESIZE: usize = 4;
/// "No upper limit" of a repeat.
pub const MAXREPEAT: u32 = u32::MAX;
/// The most groups that a program may have.
pub const MAXGROUPS: u32 = i32::MAX as u32 / 2;

pub const INFO_PREFIX: u32 = 1;
pub const INFO_LITERAL: u32 = 2;
pub const INFO_CHARSET: u32 = 4;

/// Declares a family of numbers counted from zero, and their names as a table.
macro_rules! numbers {
    ($(#[$doc:meta])* $module:ident: $($name:ident)*) => {
        $(#[$doc])*
        pub mod $module {
            #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
            #[repr(u32)]
            enum Number { $($name),* }
            $(pub const $name: u32 = Number::$name as u32;)*
            /// The names, indexed by number.
            pub const NAMES: &[&str] = &[$(stringify!($name)),*];
        }
    };
}

numbers! {
    /// Operations.
    op:
    FAILURE SUCCESS
    ANY ANY_ALL ASSERT ASSERT_NOT AT BRANCH CATEGORY CHARSET BIGCHARSET GROUPREF GROUPREF_EXISTS
    IN INFO JUMP LITERAL MARK MAX_UNTIL MIN_UNTIL NOT_LITERAL NEGATE RANGE REPEAT REPEAT_ONE
    SUBPATTERN MIN_REPEAT_ONE ATOMIC_GROUP POSSESSIVE_REPEAT POSSESSIVE_REPEAT_ONE
    GROUPREF_IGNORE IN_IGNORE LITERAL_IGNORE NOT_LITERAL_IGNORE
    GROUPREF_LOC_IGNORE IN_LOC_IGNORE LITERAL_LOC_IGNORE NOT_LITERAL_LOC_IGNORE
    GROUPREF_UNI_IGNORE IN_UNI_IGNORE LITERAL_UNI_IGNORE NOT_LITERAL_UNI_IGNORE RANGE_UNI_IGNORE
}

numbers! {
    /// Arguments of `AT`.
    at:
    BEGINNING BEGINNING_LINE BEGINNING_STRING BOUNDARY NON_BOUNDARY END END_LINE END_STRING
    LOC_BOUNDARY LOC_NON_BOUNDARY UNI_BOUNDARY UNI_NON_BOUNDARY
}

numbers! {
    /// Arguments of `CATEGORY`.
    category:
    DIGIT NOT_DIGIT SPACE NOT_SPACE WORD NOT_WORD LINEBREAK NOT_LINEBREAK
    LOC_WORD LOC_NOT_WORD
    UNI_DIGIT UNI_NOT_DIGIT UNI_SPACE UNI_NOT_SPACE UNI_WORD UNI_NOT_WORD
    UNI_LINEBREAK UNI_NOT_LINEBREAK
}
