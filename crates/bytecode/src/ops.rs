//! The op table: every operation of the virtual machine, once.
//!
//! A row is `Name x a b c "meaning"`, operands as [`Operand`] says. Names: `Load*`/`Store*`/`Del*` move values between
//! registers and other places; `J*` are conditional jumps; `*I` take a small integer immediate instead of a register;
//! `Build*` make containers. For example
//!
//! ```text
//! AddI   flag  dst  src  int   "dst = src + int"
//! ```
//! declares that `AddI` reads register `b`, writes register `a`, has the signed 16-bit number `c`, and that `x` is a flag.

/// What an instruction field means; disassembler, verifier and liveness read it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operand {
    /// Not used (0).
    None,
    /// Register written.
    Dst,
    /// Register read.
    Src,
    /// Register read and written.
    Mod,
    /// First register of a group whose extent the op defines.
    Base,
    /// Count, index or flags: a plain number.
    Num,
    /// Signed 16-bit number.
    Int,
    /// Index into `CodeData::ics` (an inline cache with its name).
    Ic,
    /// Index into `CodeData::names`.
    Name,
    /// Signed 16-bit jump distance from the next instruction.
    Jump,
    /// `b` and `c` together: index into `CodeData::consts`.
    Const32,
    /// `b` and `c` together: signed number.
    Int32,
    /// `b` and `c` together: jump distance from the next instruction.
    Jump32,
    /// Second half of a 32-bit operand.
    Wide,
    /// Flag bits, see the op.
    Flag,
}

#[derive(Clone, Copy, Debug)]
pub struct OpInfo {
    pub name: &'static str,
    pub x: Operand,
    pub a: Operand,
    pub b: Operand,
    pub c: Operand,
    pub doc: &'static str,
}

/// Calls `$mac! { Name x a b c "doc"; ... }` with every op.
#[macro_export]
macro_rules! for_each_op {
    ($mac:ident) => { $mac! {
        // -- moves, constants, locals
        Nop            None None None None     "nothing";
        Move           None Dst  Src  None     "a = b";
        LoadConst      None Dst  Const32 Wide  "a = consts[bc]";
        LoadInt        None Dst  Int32 Wide    "a = bc as int";
        LoadNone       None Dst  None None     "a = None";
        LoadCommon     None Dst  Num  None     "a = the common object b (see Common)";
        Clear          None Dst  None None     "a = null";
        CheckLocal     None Src  None None     "raise UnboundLocalError (NameError for a cell's name) if a is null";
        DelLocal       None Mod  None None     "check a, then a = null";
        // -- cells
        MakeCell       None Mod  None None     "a = new cell holding a (which may be null)";
        CopyFree       None Base Num  None     "a.. = the b cells of the running function's closure";
        LoadDeref      None Dst  Src  None     "a = content of cell b; NameError/UnboundLocalError if empty";
        StoreDeref     None Src  Src  None     "content of cell a = b";
        DelDeref       None Src  None None     "empty cell a; error if it is empty";
        LoadClassDeref None Dst  Src  Ic       "a = class namespace (LoadLocals) or cell b by the name of ic c";
        // -- names
        LoadGlobal     None Dst  None Ic       "a = globals or builtins[ic c]";
        StoreGlobal    None Src  None Ic       "globals[ic c] = a";
        DelGlobal      None None None Ic       "del globals[ic c]";
        LoadName       None Dst  None Ic       "a = frame namespace, globals or builtins[ic c]";
        StoreName      None Src  None Ic       "frame namespace[ic c] = a";
        DelName        None None None Ic       "del frame namespace[ic c]";
        LoadFromDictOrGlobals None Dst Src Ic  "a = mapping b, globals or builtins[ic c]";
        LoadFromDictOrDeref None Mod Src Ic    "a = mapping a [ic c], else content of cell b";
        LoadLocals     None Dst  None None     "a = the frame's namespace mapping";
        // -- attributes
        LoadAttr       None Dst  Src  Ic       "a = b.name";
        StoreAttr      None Src  Src  Ic       "a.name = b";
        DelAttr        None Src  None Ic       "del a.name";
        LoadMethod     None Base Src  Ic       "window a of method form for b.name: a = function, a+1 = self or null";
        LoadSuperAttr  Flag Base Base Ic       "b..b+3 = super, class, self: a = super(class, self).name; x&1: as LoadMethod into window a; x&2: the arguments are written";
        // -- items
        GetItem        None Dst  Src  Src      "a = b[c]";
        GetItemI       None Dst  Src  Int      "a = b[int c]";
        SetItem        None Src  Src  Src      "a[b] = c";
        DelItem        None Src  Src  None     "del a[b]";
        BuildSlice     Num  Dst  Base None     "a = slice(b, b+1[, b+2]); x = 2 or 3";
        // -- unary
        Neg            None Dst  Src  None     "a = -b";
        Pos            None Dst  Src  None     "a = +b";
        Invert         None Dst  Src  None     "a = ~b";
        Not            None Dst  Src  None     "a = not b";
        // -- binary; x=1: in-place form
        Add            Flag Dst  Src  Src      "a = b + c";
        Sub            Flag Dst  Src  Src      "a = b - c";
        Mul            Flag Dst  Src  Src      "a = b * c";
        MatMul         Flag Dst  Src  Src      "a = b @ c";
        TrueDiv        Flag Dst  Src  Src      "a = b / c";
        FloorDiv       Flag Dst  Src  Src      "a = b // c";
        Mod            Flag Dst  Src  Src      "a = b % c";
        Pow            Flag Dst  Src  Src      "a = b ** c";
        LShift         Flag Dst  Src  Src      "a = b << c";
        RShift         Flag Dst  Src  Src      "a = b >> c";
        And            Flag Dst  Src  Src      "a = b & c";
        Or             Flag Dst  Src  Src      "a = b | c";
        Xor            Flag Dst  Src  Src      "a = b ^ c";
        AddI           Flag Dst  Src  Int      "a = b + int";
        SubI           Flag Dst  Src  Int      "a = b - int";
        MulI           Flag Dst  Src  Int      "a = b * int";
        FloorDivI      Flag Dst  Src  Int      "a = b // int";
        ModI           Flag Dst  Src  Int      "a = b % int";
        LShiftI        Flag Dst  Src  Int      "a = b << int";
        RShiftI        Flag Dst  Src  Int      "a = b >> int";
        AndI           Flag Dst  Src  Int      "a = b & int";
        // -- comparison
        Lt             None Dst  Src  Src      "a = b < c";
        Le             None Dst  Src  Src      "a = b <= c";
        Gt             None Dst  Src  Src      "a = b > c";
        Ge             None Dst  Src  Src      "a = b >= c";
        Eq             None Dst  Src  Src      "a = b == c";
        Ne             None Dst  Src  Src      "a = b != c";
        Is             Flag Dst  Src  Src      "a = b is c; x=1: is not";
        In             Flag Dst  Src  Src      "a = b in c; x=1: not in";
        // -- jumps; for J*: jump if the outcome equals the flag x
        Jump           None None Jump32 Wide   "always";
        JumpBack       None Num  Jump32 Wide   "backwards; safepoint; a = index of the loop's counter";
        JTrue          None Src  Jump32 Wide   "if a is true";
        JFalse         None Src  Jump32 Wide   "if a is false";
        JNone          Flag Src  Jump32 Wide   "(a is None) == x";
        JLt            Flag Src  Src  Jump     "(a < b) == x";
        JLe            Flag Src  Src  Jump     "(a <= b) == x";
        JGt            Flag Src  Src  Jump     "(a > b) == x";
        JGe            Flag Src  Src  Jump     "(a >= b) == x";
        JEq            Flag Src  Src  Jump     "(a == b) == x";
        JNe            Flag Src  Src  Jump     "(a != b) == x";
        JLtI           Flag Src  Int  Jump     "(a < int) == x";
        JLeI           Flag Src  Int  Jump     "(a <= int) == x";
        JGtI           Flag Src  Int  Jump     "(a > int) == x";
        JGeI           Flag Src  Int  Jump     "(a >= int) == x";
        JEqI           Flag Src  Int  Jump     "(a == int) == x";
        JNeI           Flag Src  Int  Jump     "(a != int) == x";
        JIs            Flag Src  Src  Jump     "(a is b) == x";
        JIn            Flag Src  Src  Jump     "(a in b) == x";
        // -- calls: a = window, b = number of argument registers, c = result register
        Call           None Base Num  Dst      "c = a(args)";
        CallMethod     None Base Num  Dst      "method form: b counts the self slot";
        CallKw         Flag Base Num  Dst      "as Call; a+1+b holds the tuple of the names of the last arguments, given by keyword; x=1: method form";
        CallEx         Flag Base None Dst      "c = a(*tuple in a+1, x=1: **dict in a+2)";
        Return         None Src  None None     "return a";
        ReturnNone     None None None None     "return None";
        // -- generators: the op after Send and ForIter is the Jump taken at exhaustion
        MakeGenerator  None None None None     "return a generator/coroutine/async generator owning this frame, which resumes at the next op";
        Yield          None Dst  Src  None     "yield b; a = what is sent";
        YieldFrom      None Dst  Src  Src      "yield b, obtained from the delegate c by Send; a = what is sent";
        Send           None Mod  Src  None     "a = b.send(a); exhausted: a = its value, next op, else skip it";
        GetYieldFromIter None Dst Src None     "a = iterator that `yield from b` delegates to";
        GetAwaitable   Num  Dst  Src  None     "a = iterator of awaitable b; x: 0 await, 1 __aenter__, 2 __aexit__ (for the message)";
        GetAIter       None Dst  Src  None     "a = aiter(b)";
        GetANext       None Dst  Src  None     "a = awaitable of b.__anext__()";
        EndAsyncFor    None Src  None None     "a = exception: return silently if StopAsyncIteration, else re-raise it";
        // -- iteration, unpacking
        GetIter        None Dst  Src  None     "a = iter(b)";
        ForIter        None Src  Dst  None     "b = next(a), skip next op; exhausted: next op";
        UnpackSeq      None Base Src  Num      "a..a+c = b, exactly; a may be a local: nothing is written on failure";
        UnpackEx       Num  Base Src  Num      "a.. = b: c items, a list of the rest, x items; writes as UnpackSeq";
        // -- exceptions
        Raise          Num  Src  Src  None     "x=0: re-raise the handled one; 1: raise a; 2: raise a from b";
        Reraise        None Src  None None     "raise a again, its traceback kept as it is";
        PushExc        None Dst  Src  None     "a = the handled exception or null; b becomes handled";
        PopExc         None Src  None None     "a becomes the handled exception";
        JNotExc        None Src  Src  Jump     "jump unless exception a matches b (checks b)";
        CheckEgMatch   None Base Src  None     "a = exception (group), b = type: a = rest or None, a+1 = matched or None";
        LoadSpecial    Num  Base Src  Num      "window a of method form for special method c (see Special) of b";
        WithExit       None Dst  Base Src      "a = b(type(c), c, c.__traceback__), b a window of method form loaded by LoadSpecial";
        // -- containers
        BuildTuple     None Dst  Base Num      "a = tuple of the c registers from b";
        BuildList      None Dst  Base Num      "a = list";
        BuildSet       None Dst  Base Num      "a = set";
        BuildDict      None Dst  Base Num      "a = dict of c key/value pairs";
        BuildString    None Dst  Base Num      "a = concatenation of c strings";
        ListAppend     None Src  Src  None     "a.append(b)";
        ListExtend     None Src  Src  None     "a.extend(b), for displays: TypeError text of `*b`";
        ListToTuple    None Dst  Src  None     "a = tuple(list b)";
        SetAdd         None Src  Src  None     "a.add(b)";
        SetUpdate      None Src  Src  None     "a.update(b)";
        DictSet        None Src  Src  Src      "a[b] = c on an exact dict";
        DictUpdate     None Src  Src  None     "a.update(b) for `{**b}`";
        DictMerge      None Src  Src  Src      "as DictUpdate for `f(**b)`; duplicate keys are errors naming callable c";
        // -- formatting
        Convert        Num  Dst  Src  None     "a = str/repr/ascii(b) for x = 1/2/3";
        Format         None Dst  Src  None     "a = format(b, '')";
        FormatSpec     None Dst  Src  Src      "a = format(b, c)";
        BuildInterpolation Num Dst Base None   "a = Interpolation(value b, text b+1, spec b+2 (may be null)); x as Convert";
        BuildTemplate  None Dst  Src  Src      "a = Template(strings tuple b, interpolations tuple c)";
        // -- functions, classes, imports
        MakeFunction   None Dst  Const32 Wide  "a = function of code consts[bc] with this frame's globals";
        SetFuncAttr    Num  Src  Src  None     "function a: attribute x (see SetFunc) = b";
        LoadBuildClass None Dst  None None     "a = __build_class__";
        ImportName     None Dst  Base Name     "b = level, b+1 = fromlist: a = __import__(name c, ...)";
        ImportFrom     None Dst  Src  Name     "a = attribute c of module b";
        SetupAnnotations None None None None   "ensure __annotations__ in the namespace";
        // -- pattern matching
        MatchMapping   None Dst  Src  None     "a = b is a mapping";
        MatchSequence  None Dst  Src  None     "a = b is a sequence";
        MatchKeys      None Dst  Src  Src      "a = tuple of the values of b at keys c, or None";
        MatchClass     Num  Dst  Base None     "b = subject, b+1 = class, b+2 = keyword names tuple, x positional: a = tuple or None";
        GetLen         None Dst  Src  None     "a = len(b)";
        // -- rare things
        Intrinsic1     Num  Dst  Src  None     "a = intrinsic x of b (see Intrinsic1)";
        Intrinsic2     Num  Dst  Src  Src      "a = intrinsic x of b, c (see Intrinsic2)";
    } };
}

macro_rules! define_ops {
    ($($name:ident $x:ident $a:ident $b:ident $c:ident $doc:literal;)*) => {
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u8)]
        pub enum Op { $(#[doc = concat!("`", $doc, "`")] $name),* }

        impl Op {
            pub const COUNT: usize = [$(Op::$name),*].len();
            const ALL: [Op; Op::COUNT] = [$(Op::$name),*];
            const INFO: [OpInfo; Op::COUNT] = [$(OpInfo {
                name: stringify!($name), doc: $doc,
                x: Operand::$x, a: Operand::$a, b: Operand::$b, c: Operand::$c,
            }),*];
            pub fn info(self) -> &'static OpInfo { &Self::INFO[self as usize] }
            pub fn all() -> &'static [Op] { &Self::ALL }
            /// The op of a valid instruction's first byte.
            #[inline]
            pub fn from_byte(b: u8) -> Op { Self::ALL[b as usize] }
            pub fn try_from_byte(b: u8) -> Option<Op> { Self::ALL.get(b as usize).copied() }
        }
    };
}
for_each_op!(define_ops);

macro_rules! numbered {
    ($(#[$m:meta])* $t:ident { $($n:ident $(#[$d:meta])*),* $(,)? }) => {
        $(#[$m])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u8)]
        pub enum $t { $($(#[$d])* $n),* }
        impl $t {
            pub const ALL: &'static [$t] = &[$($t::$n),*];
            pub fn from_num(n: usize) -> $t { Self::ALL[n] }
        }
    };
}

numbered! {
    /// Operand of `LoadCommon`.
    Common { AssertionError, NotImplementedError, True, False, Ellipsis, EmptyTuple, BuiltinAll, BuiltinAny, TupleType, ListType, SetType }
}
numbered! {
    /// Operand of `LoadSpecial`: which method, and whose error text when it is missing.
    Special { Enter, Exit, AEnter, AExit }
}
numbered! {
    /// Operand of `SetFuncAttr`.
    SetFunc { Defaults, KwDefaults, Annotate, Closure, TypeParams, Doc }
}
numbered! {
    /// Operand of `Intrinsic1`. Names as in CPython's `pycore_intrinsics.h`.
    Intrinsic1 { Print, ImportStar, StopIterationError, AsyncGenWrap, TypeVar, ParamSpec, TypeVarTuple, SubscriptGeneric, TypeAlias, AnextAwaitable }
}
numbered! {
    /// Operand of `Intrinsic2`. `TypeAlias` takes (name, type params, compute function) as a tuple through `Intrinsic1`.
    Intrinsic2 { PrepReraiseStar, TypeVarWithBound, TypeVarWithConstraints, SetFunctionTypeParams, SetTypeParamDefault }
}
