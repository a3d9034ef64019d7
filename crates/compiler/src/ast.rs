//! The compiler's own syntax tree, shaped as `Python.asdl` of 3.14 and allocated in an arena.
//!
//! It stands between the parser (or an `ast` object handed in by Python code) and scopes and code generation, so that
//! nothing but `lower` knows the parser. Names are interned, literals decoded, constants may already be folded.
//! Every node is `Copy`: nothing is ever dropped one by one, so that deep trees cannot overflow the stack when freed.
//!
//! Contexts (`Load`, `Store`, `Del`) are not stored: they follow from where an expression stands.

use crate::names::Sym;

/// Source range. Byte offsets into the source, or (trees made from `ast` objects) indices into a table of positions:
/// see `crate::source::Locator`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    /// No position: what is made by the compiler.
    pub const NONE: Span = Span { start: u32::MAX, end: u32::MAX };
    pub fn new(start: u32, end: u32) -> Span {
        Span { start, end }
    }
    pub fn is_none(self) -> bool {
        self.start == u32::MAX
    }
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start, end: other.end }
    }
}

/// Number of a scope, given out when the tree is built; see [`crate::scope`].
pub type ScopeId = u32;
/// Scopes belonging to one definition: its body, its type parameters, its annotations.
pub const SCOPES_PER_DEF: u32 = 3;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lit<'a> {
    None,
    True,
    False,
    Ellipsis,
    Int(i64),
    /// Sign (true: negative), little-endian limbs.
    Big(bool, &'a [u64]),
    Float(f64),
    Complex(f64, f64),
    /// WTF-8.
    Str(&'a [u8]),
    Bytes(&'a [u8]),
    Tuple(&'a [Lit<'a>]),
    FrozenSet(&'a [Lit<'a>]),
    /// Made by folding only.
    Slice(&'a [Lit<'a>; 3]),
}

#[derive(Clone, Copy, Debug)]
pub struct Expr<'a> {
    pub span: Span,
    pub kind: ExprKind<'a>,
}

pub type ExprRef<'a> = &'a Expr<'a>;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BoolOp {
    And,
    Or,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BinOp {
    Add,
    Sub,
    Mul,
    MatMul,
    Div,
    Mod,
    Pow,
    LShift,
    RShift,
    BitOr,
    BitXor,
    BitAnd,
    FloorDiv,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UnaryOp {
    Invert,
    Not,
    UAdd,
    USub,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CmpOp {
    Eq,
    NotEq,
    Lt,
    LtE,
    Gt,
    GtE,
    Is,
    IsNot,
    In,
    NotIn,
}

#[derive(Clone, Copy, Debug)]
pub enum ExprKind<'a> {
    BoolOp(BoolOp, &'a [Expr<'a>]),
    Named(ExprRef<'a>, ExprRef<'a>),
    BinOp(ExprRef<'a>, BinOp, ExprRef<'a>),
    UnaryOp(UnaryOp, ExprRef<'a>),
    Lambda(&'a Lambda<'a>),
    IfExp(&'a IfExp<'a>),
    Dict(&'a [DictItem<'a>]),
    Set(&'a [Expr<'a>]),
    ListComp(&'a Comp<'a>),
    SetComp(&'a Comp<'a>),
    DictComp(&'a Comp<'a>),
    GeneratorExp(&'a Comp<'a>),
    Await(ExprRef<'a>),
    Yield(Option<ExprRef<'a>>),
    YieldFrom(ExprRef<'a>),
    Compare(ExprRef<'a>, &'a [(CmpOp, Expr<'a>)]),
    Call(&'a Call<'a>),
    /// `FormattedValue` nodes and string constants.
    JoinedStr(&'a [Expr<'a>]),
    FormattedValue(&'a Formatted<'a>),
    TemplateStr(&'a [Expr<'a>]),
    Interpolation(&'a Interpolation<'a>),
    Constant(Lit<'a>),
    /// A string with the prefix `u` (only `ast` cares).
    UStr(&'a [u8]),
    Attribute(ExprRef<'a>, Sym),
    Subscript(ExprRef<'a>, ExprRef<'a>),
    Starred(ExprRef<'a>),
    Name(Sym),
    List(&'a [Expr<'a>]),
    Tuple(&'a [Expr<'a>]),
    Slice(&'a Slice<'a>),
}

#[derive(Clone, Copy, Debug)]
pub struct Lambda<'a> {
    pub scope: ScopeId,
    pub args: Arguments<'a>,
    pub body: Expr<'a>,
}

#[derive(Clone, Copy, Debug)]
pub struct IfExp<'a> {
    pub test: Expr<'a>,
    pub body: Expr<'a>,
    pub orelse: Expr<'a>,
}

#[derive(Clone, Copy, Debug)]
pub struct DictItem<'a> {
    /// None: `**value`.
    pub key: Option<Expr<'a>>,
    pub value: Expr<'a>,
}

#[derive(Clone, Copy, Debug)]
pub struct Comp<'a> {
    pub scope: ScopeId,
    pub elt: Expr<'a>,
    /// Value of a dict comprehension (whose key is `elt`).
    pub value: Option<Expr<'a>>,
    pub generators: &'a [Comprehension<'a>],
}

#[derive(Clone, Copy, Debug)]
pub struct Comprehension<'a> {
    pub target: Expr<'a>,
    pub iter: Expr<'a>,
    pub ifs: &'a [Expr<'a>],
    pub is_async: bool,
}

#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    pub func: Expr<'a>,
    pub args: &'a [Expr<'a>],
    pub keywords: &'a [Keyword<'a>],
}

#[derive(Clone, Copy, Debug)]
pub struct Keyword<'a> {
    pub span: Span,
    /// None: `**value`.
    pub arg: Option<Sym>,
    pub value: Expr<'a>,
}

#[derive(Clone, Copy, Debug)]
pub struct Formatted<'a> {
    pub value: Expr<'a>,
    /// 0 or one of `s`, `r`, `a`.
    pub conversion: u8,
    pub spec: Option<ExprRef<'a>>,
}

#[derive(Clone, Copy, Debug)]
pub struct Interpolation<'a> {
    pub value: Expr<'a>,
    /// The text of the expression.
    pub text: Lit<'a>,
    pub conversion: u8,
    pub spec: Option<ExprRef<'a>>,
}

#[derive(Clone, Copy, Debug)]
pub struct Slice<'a> {
    pub lower: Option<Expr<'a>>,
    pub upper: Option<Expr<'a>>,
    pub step: Option<Expr<'a>>,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Arguments<'a> {
    pub posonly: &'a [Arg<'a>],
    pub args: &'a [Arg<'a>],
    pub vararg: Option<&'a Arg<'a>>,
    pub kwonly: &'a [Arg<'a>],
    /// As long as `kwonly`.
    pub kw_defaults: &'a [Option<Expr<'a>>],
    pub kwarg: Option<&'a Arg<'a>>,
    /// Of the last positional parameters.
    pub defaults: &'a [Expr<'a>],
}

#[derive(Clone, Copy, Debug)]
pub struct Arg<'a> {
    pub span: Span,
    pub name: Sym,
    pub annotation: Option<ExprRef<'a>>,
}

#[derive(Clone, Copy, Debug)]
pub struct Stmt<'a> {
    pub span: Span,
    pub kind: StmtKind<'a>,
}

pub type Body<'a> = &'a [Stmt<'a>];

#[derive(Clone, Copy, Debug)]
pub enum StmtKind<'a> {
    FunctionDef(&'a FunctionDef<'a>),
    ClassDef(&'a ClassDef<'a>),
    Return(Option<ExprRef<'a>>),
    Delete(&'a [Expr<'a>]),
    Assign(&'a [Expr<'a>], ExprRef<'a>),
    TypeAlias(&'a TypeAlias<'a>),
    AugAssign(ExprRef<'a>, BinOp, ExprRef<'a>),
    AnnAssign(&'a AnnAssign<'a>),
    For(&'a For<'a>),
    While(ExprRef<'a>, Body<'a>, Body<'a>),
    If(ExprRef<'a>, Body<'a>, Body<'a>),
    With(&'a With<'a>),
    Match(ExprRef<'a>, &'a [MatchCase<'a>]),
    Raise(Option<ExprRef<'a>>, Option<ExprRef<'a>>),
    Try(&'a Try<'a>),
    Assert(ExprRef<'a>, Option<ExprRef<'a>>),
    Import(&'a [Alias]),
    ImportFrom(&'a ImportFrom<'a>),
    Global(&'a [Sym]),
    Nonlocal(&'a [Sym]),
    Expr(ExprRef<'a>),
    Pass,
    Break,
    Continue,
}

#[derive(Clone, Copy, Debug)]
pub struct FunctionDef<'a> {
    pub scope: ScopeId,
    pub is_async: bool,
    pub name: Sym,
    pub args: Arguments<'a>,
    pub body: Body<'a>,
    pub decorators: &'a [Expr<'a>],
    pub returns: Option<ExprRef<'a>>,
    pub type_params: &'a [TypeParam<'a>],
}

#[derive(Clone, Copy, Debug)]
pub struct ClassDef<'a> {
    pub scope: ScopeId,
    pub name: Sym,
    pub bases: &'a [Expr<'a>],
    pub keywords: &'a [Keyword<'a>],
    pub body: Body<'a>,
    pub decorators: &'a [Expr<'a>],
    pub type_params: &'a [TypeParam<'a>],
}

#[derive(Clone, Copy, Debug)]
pub struct TypeAlias<'a> {
    /// Scope of the value.
    pub scope: ScopeId,
    pub name: Expr<'a>,
    pub type_params: &'a [TypeParam<'a>],
    pub value: Expr<'a>,
}

#[derive(Clone, Copy, Debug)]
pub struct AnnAssign<'a> {
    pub target: Expr<'a>,
    pub annotation: Expr<'a>,
    pub value: Option<Expr<'a>>,
    pub simple: bool,
}

#[derive(Clone, Copy, Debug)]
pub struct For<'a> {
    pub is_async: bool,
    pub target: Expr<'a>,
    pub iter: Expr<'a>,
    pub body: Body<'a>,
    pub orelse: Body<'a>,
}

#[derive(Clone, Copy, Debug)]
pub struct With<'a> {
    pub is_async: bool,
    pub items: &'a [WithItem<'a>],
    pub body: Body<'a>,
}

#[derive(Clone, Copy, Debug)]
pub struct WithItem<'a> {
    pub context: Expr<'a>,
    pub vars: Option<Expr<'a>>,
}

#[derive(Clone, Copy, Debug)]
pub struct MatchCase<'a> {
    pub pattern: Pattern<'a>,
    pub guard: Option<Expr<'a>>,
    pub body: Body<'a>,
}

#[derive(Clone, Copy, Debug)]
pub struct Pattern<'a> {
    pub span: Span,
    pub kind: PatternKind<'a>,
}

#[derive(Clone, Copy, Debug)]
pub enum PatternKind<'a> {
    Value(ExprRef<'a>),
    Singleton(Lit<'a>),
    Sequence(&'a [Pattern<'a>]),
    Mapping(&'a MappingPattern<'a>),
    Class(&'a ClassPattern<'a>),
    Star(Option<Sym>),
    As(Option<&'a Pattern<'a>>, Option<Sym>),
    Or(&'a [Pattern<'a>]),
}

#[derive(Clone, Copy, Debug)]
pub struct MappingPattern<'a> {
    pub keys: &'a [Expr<'a>],
    pub patterns: &'a [Pattern<'a>],
    pub rest: Option<Sym>,
}

#[derive(Clone, Copy, Debug)]
pub struct ClassPattern<'a> {
    pub cls: Expr<'a>,
    pub patterns: &'a [Pattern<'a>],
    pub kwd_attrs: &'a [Sym],
    pub kwd_patterns: &'a [Pattern<'a>],
    /// Where the keyword names stand (for errors).
    pub kwd_spans: &'a [Span],
}

#[derive(Clone, Copy, Debug)]
pub struct Try<'a> {
    pub body: Body<'a>,
    pub handlers: &'a [ExceptHandler<'a>],
    pub orelse: Body<'a>,
    pub finalbody: Body<'a>,
    pub is_star: bool,
}

#[derive(Clone, Copy, Debug)]
pub struct ExceptHandler<'a> {
    pub span: Span,
    pub typ: Option<ExprRef<'a>>,
    pub name: Option<Sym>,
    pub body: Body<'a>,
}

#[derive(Clone, Copy, Debug)]
pub struct Alias {
    pub span: Span,
    pub name: Sym,
    pub asname: Option<Sym>,
}

#[derive(Clone, Copy, Debug)]
pub struct ImportFrom<'a> {
    pub module: Option<Sym>,
    pub names: &'a [Alias],
    pub level: u32,
}

#[derive(Clone, Copy, Debug)]
pub enum TypeParamKind<'a> {
    TypeVar { bound: Option<ExprRef<'a>> },
    ParamSpec,
    TypeVarTuple,
}

#[derive(Clone, Copy, Debug)]
pub struct TypeParam<'a> {
    pub span: Span,
    pub name: Sym,
    pub kind: TypeParamKind<'a>,
    pub default: Option<ExprRef<'a>>,
    /// Scopes of the bound and (next) of the default.
    pub scope: ScopeId,
}

#[derive(Clone, Copy, Debug)]
pub enum ModKind<'a> {
    Module(Body<'a>),
    Interactive(Body<'a>),
    Expression(Expr<'a>),
    FunctionType(&'a [Expr<'a>], Expr<'a>),
}

#[derive(Clone, Copy, Debug)]
pub struct Module<'a> {
    pub kind: ModKind<'a>,
    /// How many scope numbers were given out; the module's own are the first [`SCOPES_PER_DEF`].
    pub scopes: u32,
    /// The whole source.
    pub span: Span,
}
