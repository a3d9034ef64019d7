//! Code quality: what is written for small functions, instruction by instruction.

use adder_bytecode::{CodeData, Const, instructions, verify};

use crate::{Mode, Options, compile};

/// The first function of a module.
fn function(source: &str) -> CodeData {
    let code = compile(source, &Options::new("<test>", Mode::Exec)).unwrap_or_else(|e| panic!("{e}"));
    verify(&code).unwrap_or_else(|e| panic!("{e}"));
    code.consts
        .into_iter()
        .find_map(|c| match c {
            Const::Code(c) => Some(*c),
            _ => None,
        })
        .expect("a function")
}

#[track_caller]
fn check(source: &str, expect: &str) {
    let got = instructions(&function(source));
    let clean =
        |s: &str| s.lines().map(|l| l.trim()).filter(|l| !l.is_empty()).collect::<Vec<_>>().join("\n");
    assert_eq!(clean(&got), clean(expect), "got:\n{got}");
}

#[test]
fn recursion_uses_immediates_and_windows_in_place() {
    check(
        "def fib(n):\n if n < 2: return n\n return fib(n-1) + fib(n-2)",
        "0 JLtI.0 n 2 ->2
        1 Return n
        2 LoadGlobal t0 'fib'
        3 SubI t1 n 1
        4 Call t0 #1 t0
        5 LoadGlobal t1 'fib'
        6 SubI t2 n 2
        7 Call t1 #1 t1
        8 Add t0 t0 t1
        9 Return t0",
    );
}

#[test]
fn loops_write_to_their_locals() {
    check(
        "def f(n):\n s = 0\n for i in n:\n  s += i * 2\n while s > n: s //= 2\n return s",
        "0 LoadInt s 0
        1 GetIter t0 n
        2 ForIter t0 i
        3 Jump ->7
        4 MulI t0+1 i 2
        5 Add.1 s s t0+1
        6 JumpBack #0 ->2
        7 JGt.0 s n ->10
        8 FloorDivI.1 s s 2
        9 JumpBack #1 ->7
        10 Return s"
            .replace("t0+1", "t1")
            .as_str(),
    );
}

#[test]
fn cells_of_free_variables_count_from_where_they_are_copied() {
    let outer = function("def f(x):\n def g(a):\n  def h(): return a + x\n  return h\n return g");
    let g = outer.consts.iter().find_map(|c| if let Const::Code(c) = c { Some(c) } else { None }).unwrap();
    assert_eq!((g.nlocals, g.varnames.len()), (2, 3));
    // The cell of `a` is made, that of `x` copied: a collection meanwhile must not look at the register of `x`.
    assert_eq!(g.depths[..3], [2, 2, 3]);
}

#[test]
fn swaps_need_one_temporary() {
    check(
        "def f(a, b):\n while a < b:\n  a, b = b, a + b\n for i, x in a: pass",
        "0 JLt.0 a b ->5
        1 Move t0 b
        2 Add b a b
        3 Move a t0
        4 JumpBack #0 ->0
        5 GetIter t0 a
        6 ForIter t0 t1
        7 Jump ->10
        8 UnpackSeq i t1 #2
        9 JumpBack #1 ->6
        10 ReturnNone",
    );
}

#[test]
fn locals_are_checked_only_where_they_may_be_unbound() {
    check(
        "def f(a):\n if a: x = 1\n print(x, x)\n del x\n return x",
        "0 JFalse a ->2
        1 LoadInt x 1
        2 LoadGlobal t0 'print'
        3 CheckLocal x
        4 Move t1 x
        5 Move t2 x
        6 Call t0 #2 t0
        7 DelLocal x
        8 CheckLocal x
        9 Return x",
    );
}

#[test]
fn conditions_become_jumps() {
    check(
        "def f(a, b, c):\n if not (a is None or b in c and a == 3): return 1\n return a or b",
        "0 JNone.1 a ->5
        1 JIn.0 b c ->3
        2 JEqI.1 a 3 ->5
        3 LoadInt t0 1
        4 Return t0
        5 JTrue a ->8
        6 Move t0 b
        7 Jump ->9
        8 Move t0 a
        9 Return t0",
    );
}

#[test]
fn results_of_expressions_that_may_fail_midway_do_not_touch_the_target() {
    check(
        "def f(x):\n x = [x, x.a]\n x = x.b(x)\n x = x and x.c\n return x",
        "0 Move t0 x
        1 LoadAttr t1 x 'a'
        2 BuildList x t0 #2
        3 LoadMethod t0 x 'b'
        4 Move t2 x
        5 CallMethod t0 #2 x
        6 JFalse x ->8
        7 LoadAttr x x 'c'
        8 Return x",
    );
}

#[test]
fn handlers_restore_the_handled_exception() {
    check(
        "def f(g):\n try:\n  g()\n except E as e:\n  return e",
        "0 Nop
        1 Move t0 g
        2 Call t0 #0 t0
        3 Jump ->17
        4 PushExc t1 t0
        5 LoadGlobal t2 'E'
        6 JNotExc t0 t2 ->14
        7 Move e t0
        8 Move t2 e
        9 PopExc t1
        10 Clear e
        11 Return t2
        12 Clear e
        13 Reraise t2
        14 Reraise t0
        15 PopExc t1
        16 Reraise t2
        17 ReturnNone
        0..3 -> 4 t0
        8..9 -> 12 t2
        5..9 -> 15 t2
        12..15 -> 15 t2",
    );
}
