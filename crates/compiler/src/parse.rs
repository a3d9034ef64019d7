//! The public way in: source and options → code.

use adder_bytecode::{CodeData, CodeFlags};
use bumpalo::Bump;
use ruff_text_size::Ranged;

use crate::ast::*;
use crate::codegen::{GenOptions, generate};
use crate::diag::{Pos, Start};
use crate::error::{Error, SyntaxError, Warning, WarningCategory};
use crate::lower::{Builder, Fold, Lowerer, free_tree};
use crate::names::Names;
use crate::scope;
use crate::source::Locator;
use crate::tree::{self, Node};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    Exec,
    Eval,
    Single,
    FuncType,
}

/// Flags of `compile()`, with CPython's values.
pub mod pycf {
    pub const DONT_IMPLY_DEDENT: u32 = 0x200;
    pub const ONLY_AST: u32 = 0x400;
    pub const IGNORE_COOKIE: u32 = 0x800;
    pub const TYPE_COMMENTS: u32 = 0x1000;
    pub const ALLOW_TOP_LEVEL_AWAIT: u32 = 0x2000;
    pub const ALLOW_INCOMPLETE_INPUT: u32 = 0x4000;
    pub const OPTIMIZED_AST: u32 = 0x8000 | ONLY_AST;
}

#[derive(Clone, Debug)]
pub struct Options {
    pub filename: String,
    pub mode: Mode,
    /// 0, 1 (`-O`) or 2 (`-OO`).
    pub optimize: u8,
    /// Future flags (`CO_FUTURE_*`) inherited from the caller and [`pycf`] flags.
    pub flags: u32,
    /// Limit of decimal digits in an int literal; 0: none.
    pub int_max_str_digits: u32,
    /// `feature_version` of `ast.parse`: syntax that is younger than this version of Python 3 is an error.
    pub feature_version: Option<u8>,
}

impl Options {
    pub fn new(filename: impl Into<String>, mode: Mode) -> Options {
        Options {
            filename: filename.into(),
            mode,
            optimize: 0,
            flags: 0,
            int_max_str_digits: 4300,
            feature_version: None,
        }
    }
}

/// Compiles source text.
pub fn compile(source: &str, opts: &Options) -> Result<CodeData, SyntaxError> {
    compile_full(source, opts).0
}

/// As [`compile`], with the warnings of a compilation that succeeds or fails.
pub fn compile_full(source: &str, opts: &Options) -> (Result<CodeData, SyntaxError>, Vec<Warning>) {
    with_source(source, opts, |arena, source, locator, warnings| {
        let (module, names) = front(arena, source, locator, opts, Fold::Full, warnings)?;
        back(module, names, arena, locator, opts, warnings).map_err(Failure::Late)
    })
}

/// The tree of a source, as `ast.parse` wants it; `opts.flags` with [`pycf::OPTIMIZED_AST`]: constants are folded as far
/// as CPython folds them in trees.
pub fn parse_tree(source: &str, opts: &Options) -> (Result<Node, SyntaxError>, Vec<Warning>) {
    if opts.mode == Mode::FuncType {
        return (func_type(source, opts), Vec::new());
    }
    let optimized = opts.flags & pycf::OPTIMIZED_AST == pycf::OPTIMIZED_AST;
    let fold = if optimized { Fold::Tree } else { Fold::No };
    with_source(source, opts, |arena, source, locator, warnings| {
        let (module, names) = front(arena, source, locator, opts, fold, warnings)?;
        if let Some(e) = opts.feature_version.and_then(|v| too_young(source, opts.mode, v)) {
            return Err(e.into());
        }
        let mut root = tree::tree_of(&module, &names, locator);
        if opts.flags & pycf::TYPE_COMMENTS != 0 && source.contains("type:") {
            let parsed = parse_again(source, opts.mode, ruff_python_ast::PythonVersion::PY314);
            tree::comments::attach(&mut root, source, parsed.syntax(), parsed.tokens())?;
        }
        Ok(root)
    })
}

fn parse_again(
    source: &str,
    mode: Mode,
    version: ruff_python_ast::PythonVersion,
) -> ruff_python_parser::Parsed<ruff_python_ast::Mod> {
    use ruff_python_parser as p;
    let mode = match mode {
        Mode::Eval => p::Mode::Expression,
        _ => p::Mode::Module,
    };
    p::parse_unchecked(source, p::ParseOptions::from(mode).with_target_version(version))
}

/// The first piece of syntax that Python 3.`minor` does not have, of those that CPython's parser knows the version of.
fn too_young(source: &str, mode: Mode, minor: u8) -> Option<Error> {
    use ruff_python_parser::UnsupportedSyntaxErrorKind as K;
    if minor >= 14 {
        return None;
    }
    let parsed = parse_again(source, mode, ruff_python_ast::PythonVersion { major: 3, minor });
    let found = parsed.unsupported_syntax_errors().iter().filter_map(|e| {
        let (what, since) = match e.kind {
            K::Match => ("Pattern matching is", 10),
            K::Walrus => ("Assignment expressions are", 8),
            K::ExceptStar => ("Exception groups are", 11),
            K::PositionalOnlyParameter => ("Positional-only parameters are", 8),
            K::TypeParameterList => ("Type parameter lists are", 12),
            K::TypeAliasStatement => ("Type statement is", 12),
            K::TypeParamDefault => ("Type parameter defaults are", 13),
            K::ParenthesizedContextManager => ("Parenthesized context managers are", 9),
            K::UnparenthesizedExceptionTypes => ("except expressions without parentheses are", 14),
            K::TemplateStrings => ("t-strings are", 14),
            _ => return None,
        };
        let msg = format!("{what} only supported in Python 3.{since} and greater");
        let (start, end) = (e.range.start().to_u32(), e.range.end().to_u32());
        Some((start, Error::new(msg, Span::new(start, end))))
    });
    found.min_by_key(|f| f.0).map(|f| f.1)
}

/// `(int, *str, **bytes) -> float`: read as the expression `f(int, *str, **bytes) , float`, whose first line is one
/// column to the right.
fn func_type(source: &str, opts: &Options) -> Result<Node, SyntaxError> {
    let text = source.trim();
    let error = || SyntaxError {
        kind: crate::error::ErrorKind::SyntaxError,
        msg: "invalid syntax".into(),
        line: 1,
        col: 1,
        end_line: 1,
        end_col: 1,
        text: source.lines().next().map(str::to_string),
        parsed: None,
        warnings: Vec::new(),
    };
    let Some(arrow) = text.rfind("->").filter(|_| text.starts_with('(')) else { return Err(error()) };
    let call = format!("f{}, {}", &text[..arrow], &text[arrow + 2..]);
    let opts = Options { mode: Mode::Eval, flags: opts.flags & !pycf::OPTIMIZED_AST, ..opts.clone() };
    let (out, _) = with_source(&call, &opts, |arena, source, locator, warnings| {
        let (module, names) = front(arena, source, locator, &opts, Fold::No, warnings)?;
        if let ModKind::Expression(Expr { kind: ExprKind::Tuple([f, returns]), .. }) = module.kind
            && let ExprKind::Call(c) = f.kind
        {
            // Stars are for the eye only.
            let plain = c.args.iter().map(|a| if let ExprKind::Starred(v) = a.kind { *v } else { *a });
            let args: Vec<Expr> = plain.chain(c.keywords.iter().map(|k| k.value)).collect();
            let kind = ModKind::FunctionType(arena.alloc_slice_copy(&args), *returns);
            let mut node = tree::tree_of(&Module { kind, ..module }, &names, locator);
            node.shift_first_line();
            return Ok(node);
        }
        Err(Error::new("invalid syntax", module.span).into())
    });
    out.map_err(|_| error())
}

/// Compiles a tree.
pub fn compile_tree(root: &Node, opts: &Options) -> (Result<CodeData, SyntaxError>, Vec<Warning>) {
    let arena = Bump::new();
    let builder = Builder::new(&arena, Fold::Full, opts.optimize);
    let mut positions = Vec::new();
    let (b, module) = tree::module_from_tree(root, builder, &mut positions);
    let locator = Locator::Table(positions);
    let mut raw = b.warnings;
    let out = module.and_then(|m| back(m, b.names, &arena, &locator, opts, &mut raw));
    finish(out.map_err(Failure::from), raw, &locator)
}

/// Checks a tree and folds it as `ast.parse(tree, optimize=…)` does.
pub fn optimize_tree(root: &Node, opts: &Options) -> Result<Node, SyntaxError> {
    let arena = Bump::new();
    let builder = Builder::new(&arena, Fold::Tree, opts.optimize);
    let mut positions = Vec::new();
    let (b, module) = tree::module_from_tree(root, builder, &mut positions);
    let locator = Locator::Table(positions);
    let out = module.map(|m| tree::tree_of(&m, &b.names, &locator)).map_err(Failure::from);
    finish(out, Vec::new(), &locator).0
}

fn finish<T>(
    out: Result<T, Failure>,
    raw: RawWarnings,
    locator: &Locator,
) -> (Result<T, SyntaxError>, Vec<Warning>) {
    let warnings: Vec<Warning> = raw.into_iter().map(|(c, m, s)| warning(locator, c, m, s)).collect();
    let out = out.map_err(|e| {
        let mut e = match e {
            Failure::Public(e) => e,
            Failure::Spanned(e) => public_error(locator, e),
            // Unlike the parser, the compiler does not have the source: its line comes from the file, if there is one.
            Failure::Late(e) => SyntaxError { text: None, ..public_error(locator, e) },
        };
        e.warnings = warnings.clone();
        e
    });
    (out, warnings)
}

fn with_source<T>(
    source: &str,
    opts: &Options,
    f: impl FnOnce(&Bump, &str, &Locator, &mut RawWarnings) -> Result<T, Failure>,
) -> (Result<T, SyntaxError>, Vec<Warning>) {
    let translated;
    let source = if source.contains('\r') {
        translated = source.replace("\r\n", "\n").replace('\r', "\n");
        &translated
    } else {
        source
    };
    let replaced;
    let barry = opts.flags & CodeFlags::FUTURE_BARRY_AS_BDFL != 0;
    let source = if barry || source.contains("barry_as_FLUFL") {
        match crate::diag::barry(source, barry) {
            Ok(s) => replaced = s,
            Err(e) => return (Err(e), Vec::new()),
        }
        &replaced
    } else {
        source
    };
    let arena = Bump::with_capacity(source.len() * 8 + 1024);
    let locator = Locator::of_source(source);
    let mut raw = Vec::new();
    let out = f(&arena, source, &locator, &mut raw);
    finish(out, raw, &locator)
}

/// An error with a span, or one whose place is worked out.
enum Failure {
    Spanned(Error),
    /// Found after parsing.
    Late(Error),
    Public(SyntaxError),
}

impl From<Error> for Failure {
    fn from(e: Error) -> Failure {
        Failure::Spanned(e)
    }
}

/// Complaints of the parser that CPython does not share, or makes later; the tree is whole nevertheless.
fn may_be_ignored(e: &ruff_python_parser::ParseErrorType) -> bool {
    use ruff_python_parser::ParseErrorType as T;
    matches!(
        e,
        T::OtherError(_)
            | T::InvalidStarredExpressionUsage
            | T::InvalidStarPatternUsage
            | T::InvalidMatchPatternTarget
            | T::InvalidAssignmentTarget
            | T::InvalidNamedAssignmentTarget
            | T::InvalidAnnotatedAssignmentTarget
            | T::InvalidAugmentedAssignmentTarget
            | T::InvalidDeleteTarget
            | T::InvalidYieldExpressionUsage
    )
}

/// CPython's complaint about a source that the parser refuses at offset `at`.
fn diagnosis(source: &str, at: usize, tree: &ruff_python_ast::Mod, opts: &Options) -> Option<SyntaxError> {
    let start = match opts.mode {
        Mode::Exec => Start::File,
        Mode::Single => Start::Interactive,
        Mode::Eval => Start::Eval,
        Mode::FuncType => Start::FuncType,
    };
    // Begin two statements before the error: what precedes is right.
    let mut from = 0;
    if let (ruff_python_ast::Mod::Module(m), Start::File) = (tree, start) {
        let starts: Vec<usize> = m
            .body
            .iter()
            .map(|s| s.range().start().to_usize())
            .take_while(|s| *s <= at)
            .filter(|s| *s == 0 || source.as_bytes()[s - 1] == b'\n')
            .collect();
        if starts.len() > 2 {
            from = starts[starts.len() - 3];
        }
    }
    let digits = opts.int_max_str_digits as usize;
    let before = match tree {
        ruff_python_ast::Mod::Module(m) if from > 0 => last_compound(source, m, from),
        _ => Pos::default(),
    };
    let found = crate::diag::diagnose(source, from, before, start, digits, opts.flags);
    found.or_else(|| match from {
        0 => None,
        _ => crate::diag::diagnose(source, 0, Pos::default(), start, digits, opts.flags),
    })
}

/// Where the last compound statement before offset `from` begins.
fn last_compound(source: &str, m: &ruff_python_ast::ModModule, from: usize) -> Pos {
    use ruff_python_ast::Stmt;
    use ruff_python_ast::statement_visitor::{StatementVisitor, walk_stmt};
    struct Last(Option<usize>);
    impl StatementVisitor<'_> for Last {
        fn visit_stmt(&mut self, s: &Stmt) {
            if matches!(
                s,
                Stmt::FunctionDef(_)
                    | Stmt::ClassDef(_)
                    | Stmt::For(_)
                    | Stmt::While(_)
                    | Stmt::If(_)
                    | Stmt::With(_)
                    | Stmt::Match(_)
                    | Stmt::Try(_)
            ) {
                self.0 = Some(s.range().start().to_usize());
            }
            walk_stmt(self, s);
        }
    }
    let mut last = Last(None);
    let whole = m.body.iter().rev().filter(|s| s.range().start().to_usize() < from);
    for s in whole {
        last.visit_stmt(s);
        if last.0.is_some() {
            break;
        }
    }
    last.0.map_or(Pos::default(), |at| {
        let line = source[..at].bytes().filter(|b| *b == b'\n').count() as u32 + 1;
        Pos { line, col: (at - source[..at].rfind('\n').map_or(0, |n| n + 1)) as u32 }
    })
}

type RawWarnings = Vec<(WarningCategory, String, Span)>;

/// Source → tree.
fn front<'a>(
    arena: &'a Bump,
    source: &str,
    locator: &Locator,
    opts: &Options,
    fold: Fold,
    warnings: &mut RawWarnings,
) -> Result<(Module<'a>, Names<'a>), Failure> {
    use ruff_python_parser as p;
    let mode = match opts.mode {
        Mode::Eval => p::Mode::Expression,
        _ => p::Mode::Module,
    };
    let options = p::ParseOptions::from(mode).with_target_version(ruff_python_ast::PythonVersion::PY314);
    let parsed = p::parse_unchecked(source, options);
    let bad = parsed
        .errors()
        .iter()
        .map(|e| e.location.start().to_usize())
        .chain(parsed.unsupported_syntax_errors().iter().map(|e| e.range.start().to_usize()))
        .min();
    let deep = matches!(locator, Locator::Source { deep: true, .. });
    // Single statements are short, and what may follow them only the grammar knows.
    let look = bad.or((deep || opts.mode == Mode::Single).then_some(0));
    if let Some(at) = look
        && let Some(e) = diagnosis(source, at, parsed.syntax(), opts)
    {
        free_tree(parsed, source.len());
        return Err(Failure::Public(e));
    }
    if let Some(at) = bad
        && !parsed.errors().iter().all(|e| may_be_ignored(&e.error))
    {
        free_tree(parsed, source.len());
        return Err(Error::new("invalid syntax", Span::new(at as u32, at as u32 + 1)).into());
    }
    let mut builder = Builder::new(arena, fold, opts.optimize);
    // Trees show the prefix, and so do annotations that become text.
    let textual = opts.flags & CodeFlags::FUTURE_ANNOTATIONS != 0 || crate::future::maybe(source);
    builder.keep_u = fold != Fold::Full || textual;
    let mut lowerer = Lowerer {
        b: builder,
        src: source,
        depth: 0,
        deep: false,
        blocks: 0,
        fstrings: 0,
        specs: 0,
        max_digits: opts.int_max_str_digits as usize,
        future_annotations: opts.flags & CodeFlags::FUTURE_ANNOTATIONS != 0,
    };
    let module = lowerer.module(parsed.syntax(), opts.mode == Mode::Single);
    let found = lowerer.b.suspect.and_then(|at| diagnosis(source, at, parsed.syntax(), opts));
    if lowerer.deep {
        free_tree(parsed, source.len());
    } else {
        drop(parsed);
    }
    if let Some(e) = found {
        return Err(Failure::Public(e));
    }
    let mut b = lowerer.b;
    warnings.append(&mut b.warnings);
    if let Some(e) = b.error {
        return Err(e.into());
    }
    Ok((module, b.names))
}

/// Tree → code.
fn back<'a>(
    module: Module<'a>,
    mut names: Names<'a>,
    arena: &'a Bump,
    locator: &Locator,
    opts: &Options,
    warnings: &mut RawWarnings,
) -> Result<CodeData, Error> {
    let module: &Module = arena.alloc(module);
    let (scopes, head) = scopes_of(module, &mut names, opts, warnings, false)?;
    let future = opts.flags & FUTURE_MASK | head.flags;
    let top_level_await = opts.flags & pycf::ALLOW_TOP_LEVEL_AWAIT != 0;
    let gen_opts = GenOptions {
        filename: &opts.filename,
        optimize: opts.optimize,
        future,
        top_level_await,
        last_future: head.last,
    };
    generate(module, arena, names, scopes, locator, gen_opts, warnings)
}

/// The scopes of a tree, every name resolved.
fn scopes_of<'a>(
    module: &'a Module<'a>,
    names: &mut Names<'a>,
    opts: &Options,
    warnings: &mut RawWarnings,
    keep_empty: bool,
) -> Result<(scope::Scopes, crate::future::Future), Error> {
    let head = crate::future::scan(module, names)?;
    let future = opts.flags & FUTURE_MASK | head.flags;
    let top_level_await = opts.flags & pycf::ALLOW_TOP_LEVEL_AWAIT != 0;
    let future_annotations = future & CodeFlags::FUTURE_ANNOTATIONS != 0;
    let build_opts = scope::BuildOptions { future_annotations, top_level_await, keep_empty };
    let mut scopes = scope::build(module, names, &build_opts, warnings)?;
    scope::analyze(&mut scopes, names)?;
    Ok((scopes, head))
}

/// Gives the scopes of a source to `f`.
pub(crate) fn with_scopes<T>(
    source: &str,
    opts: &Options,
    f: impl FnOnce(scope::Scopes, &Names, &Locator) -> T,
) -> (Result<T, SyntaxError>, Vec<Warning>) {
    with_source(source, opts, |arena, source, locator, warnings| {
        let (module, mut names) = front(arena, source, locator, opts, Fold::No, warnings)?;
        let module: &Module = arena.alloc(module);
        let (scopes, _) = scopes_of(module, &mut names, opts, warnings, true)?;
        Ok(f(scopes, &names, locator))
    })
}

const FUTURE_MASK: u32 = 0x1FE_0000;

fn warning(l: &Locator, category: WarningCategory, msg: String, span: Span) -> Warning {
    let (line, col, end_line, end_col) = columns(l, span);
    Warning { category, msg, line, col, end_line, end_col }
}

fn columns(l: &Locator, span: Span) -> (u32, u32, u32, u32) {
    if span.is_none() {
        return (0, 0, 0, 0);
    }
    // The compiler proper (unlike the parser) counts bytes.
    let p = l.position(span, &mut 0);
    (p.line, p.col + 1, p.end_line, p.end_col + 1)
}

fn public_error(l: &Locator, e: Error) -> SyntaxError {
    let (line, col, end_line, end_col) = columns(l, e.span);
    let text = if line == 0 { None } else { l.line_text(line).map(str::to_string) };
    let (col, end_col) = (col as i32, end_col as i32);
    SyntaxError {
        kind: e.kind,
        msg: e.msg,
        line,
        col,
        end_line,
        end_col,
        text,
        parsed: None,
        warnings: Vec::new(),
    }
}
