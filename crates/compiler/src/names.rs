//! Interned identifiers: a name is a number while compiling, so that scopes are searched by comparing integers.

use bumpalo::Bump;
use rustc_hash::FxHashMap;

/// An interned name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct Sym(pub u32);

pub struct Names<'a> {
    arena: &'a Bump,
    map: FxHashMap<&'a str, Sym>,
    list: Vec<&'a str>,
}

macro_rules! known {
    ($($id:ident = $s:literal),* $(,)?) => {
        /// Names that the compiler itself mentions; their numbers are fixed.
        #[allow(non_upper_case_globals, non_snake_case)]
        pub mod known {
            use super::Sym;
            #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
            #[repr(u32)]
            enum Index { $($id),* }
            $(pub const $id: Sym = Sym(Index::$id as u32);)*
            pub(super) const ALL_KNOWN: &[&str] = &[$($s),*];
        }
    };
}

known! {
    EMPTY = "",
    UNDERSCORE = "_",
    CLASS = "__class__",
    CLASSDICT = "__classdict__",
    CLASSCELL = "__classcell__",
    CLASSDICTCELL = "__classdictcell__",
    CONDITIONAL_ANNOTATIONS = "__conditional_annotations__",
    ANNOTATIONS = "__annotations__",
    ANNOTATE = "__annotate__",
    ANNOTATE_FUNC = "__annotate_func__",
    TYPE_PARAMS_DUNDER = "__type_params__",
    TYPE_PARAMS = ".type_params",
    GENERIC_BASE = ".generic_base",
    DEFAULTS = ".defaults",
    KWDEFAULTS = ".kwdefaults",
    FORMAT_ARG = ".format",
    FORMAT = "format",
    ITER0 = ".0",
    MODULE = "__module__",
    NAME = "__name__",
    QUALNAME = "__qualname__",
    FIRSTLINENO = "__firstlineno__",
    STATIC_ATTRIBUTES = "__static_attributes__",
    DOC = "__doc__",
    DEBUG = "__debug__",
    SUPER = "super",
    SELF = "self",
    FUTURE = "__future__",
    STAR = "*",
    LAMBDA = "<lambda>",
    GENEXPR = "<genexpr>",
    LISTCOMP = "<listcomp>",
    SETCOMP = "<setcomp>",
    DICTCOMP = "<dictcomp>",
    MODULE_NAME = "<module>",
    TOP = "top",
}

impl<'a> Names<'a> {
    pub fn new(arena: &'a Bump) -> Names<'a> {
        let mut n = Names { arena, map: FxHashMap::default(), list: Vec::with_capacity(128) };
        for s in known::ALL_KNOWN {
            let sym = Sym(n.list.len() as u32);
            n.list.push(s);
            n.map.insert(s, sym);
        }
        n
    }

    pub fn intern(&mut self, s: &str) -> Sym {
        if let Some(&sym) = self.map.get(s) {
            return sym;
        }
        let s: &'a str = self.arena.alloc_str(s);
        let sym = Sym(self.list.len() as u32);
        self.list.push(s);
        self.map.insert(s, sym);
        sym
    }

    #[inline]
    pub fn get(&self, s: Sym) -> &'a str {
        self.list[s.0 as usize]
    }
}
