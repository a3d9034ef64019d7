//! Functions of the runtime that the bytecode calls as a whole; in traces they are calls of machine code. What is hot and
//! simple has an instruction instead.
//!
//! All have the C calling convention with three words, used or not, and do not unwind. 0 means: nothing has happened but
//! that the thread has an error to report.
//!
//! # Safety
//! Words that are passed are values; what an object has its descriptor says.

use crate::value::*;
use crate::vm::Vm;
use adder_metatrace::{Effects, word};

pub type Fn3 = extern "C" fn(&mut Vm, u64, u64, u64) -> u64;

pub struct Prim {
    pub name: &'static str,
    pub args: usize,
    pub call: Fn3,
    pub effects: Effects,
}

/// Makes an object or a text, can fail.
const NEW: Effects = Effects::READS.or(Effects::RAISES);
const PURE: Effects = Effects::RAISES;
const OUT: Effects = Effects::WRITES.or(Effects::READS);

/// A C function of at most two words.
macro_rules! c {
    (|$v:pat_param, $a:pat_param, $b:pat_param| $e:expr) => {{
        extern "C" fn f($v: &mut Vm, $a: u64, $b: u64, _: u64) -> u64 {
            $e
        }
        f
    }};
}

const fn prim(name: &'static str, args: usize, effects: Effects, call: Fn3) -> Prim {
    Prim { name, args, call, effects }
}

pub static PRIMS: &[Prim] = &[
    prim("make-vector", 2, NEW, make_vector),
    prim("string-append", 2, NEW, string_append),
    prim("number->string", 1, NEW, number_to_string),
    prim("string->symbol", 1, NEW, string_to_symbol),
    prim("symbol->string", 1, NEW, symbol_to_string),
    prim("string-length", 1, PURE, string_length),
    prim("string=?", 2, PURE, string_equal),
    prim("string?", 1, PURE, c!(|_, a, _| truth(desc(a) == STRING))),
    prim("symbol?", 1, PURE, c!(|_, a, _| truth(desc(a) == SYMBOL))),
    prim(
        "integer?",
        1,
        PURE,
        c!(|_, a, _| truth(word::is_fix(a) || float(a).is_some_and(|f| f.fract() == 0.0))),
    ),
    prim("eqv?", 2, PURE, c!(|_, a, b| truth(eqv(a, b)))),
    prim("equal?", 2, NEW, c!(|_, a, b| truth(equal(a, b)))),
    prim("exact", 1, PURE, exact),
    prim("floor", 1, PURE, c!(|v, a, _| rounded(v, a, f64::floor))),
    prim("round", 1, PURE, c!(|v, a, _| rounded(v, a, f64::round_ties_even))),
    prim("truncate", 1, PURE, c!(|v, a, _| rounded(v, a, f64::trunc))),
    prim("exp", 1, PURE, c!(|v, a, _| function(v, a, f64::exp))),
    prim("log", 1, PURE, c!(|v, a, _| function(v, a, f64::ln))),
    prim("sin", 1, PURE, c!(|v, a, _| function(v, a, f64::sin))),
    prim("cos", 1, PURE, c!(|v, a, _| function(v, a, f64::cos))),
    prim("atan", 1, PURE, c!(|v, a, _| function(v, a, f64::atan))),
    prim("display", 1, OUT, c!(|v, a, _| print(v, a, false))),
    prim("write", 1, OUT, c!(|v, a, _| print(v, a, true))),
    prim(
        "newline",
        0,
        OUT,
        c!(|v, _, _| {
            v.out.push('\n');
            unspecified()
        }),
    ),
    prim("error", 3, OUT.or(Effects::RAISES), error),
    prim("runtime", 0, OUT, c!(|v, _, _| v.float(v.start.elapsed().as_secs_f64()))),
];

/// Sums, differences and products that are no small integers: what `Arith` does where its quick ways end.
pub static ADD: Prim = prim("+", 2, PURE, c!(|v, a, b| arith(v, a, b, i64::checked_add, |x, y| x + y)));
pub static SUB: Prim = prim("-", 2, PURE, c!(|v, a, b| arith(v, a, b, i64::checked_sub, |x, y| x - y)));
pub static MUL: Prim = prim("*", 2, PURE, c!(|v, a, b| arith(v, a, b, i64::checked_mul, |x, y| x * y)));
/// Exact where it comes out even.
pub static DIV: Prim = prim(
    "/",
    2,
    PURE,
    c!(|v, a, b| {
        let exact = |x: i64, y: i64| if y != 0 && x % y == 0 { Some(x / y) } else { None };
        if word::both_fix(a, b) && b == word::fix(0) {
            return v.fail("division by zero", &[]);
        }
        arith(v, a, b, exact, |x, y| x / y)
    }),
);

fn number(a: u64) -> Option<f64> {
    if word::is_fix(a) { Some(word::unfix(a) as f64) } else { float(a) }
}
fn arith(v: &mut Vm, a: u64, b: u64, exact: fn(i64, i64) -> Option<i64>, real: fn(f64, f64) -> f64) -> u64 {
    if word::both_fix(a, b)
        && let Some(n) = exact(word::unfix(a), word::unfix(b)).filter(|n| word::fits_fix(*n))
    {
        return word::fix(n);
    }
    match (number(a), number(b)) {
        (Some(x), Some(y)) => v.float(real(x, y)),
        (None, _) => v.fail("not a number:", &[a]),
        _ => v.fail("not a number:", &[b]),
    }
}
fn function(v: &mut Vm, a: u64, f: fn(f64) -> f64) -> u64 {
    match number(a) {
        Some(x) => v.float(f(x)),
        None => v.fail("not a number:", &[a]),
    }
}
fn rounded(v: &mut Vm, a: u64, f: fn(f64) -> f64) -> u64 {
    if word::is_fix(a) { a } else { function(v, a, f) }
}
extern "C" fn exact(v: &mut Vm, a: u64, _: u64, _: u64) -> u64 {
    match float(a) {
        Some(f) if f.fract() == 0.0 && f.abs() < 4e18 => word::fix(f as i64),
        None if word::is_fix(a) => a,
        _ => v.fail("no exact integer:", &[a]),
    }
}
extern "C" fn make_vector(v: &mut Vm, n: u64, fill: u64, _: u64) -> u64 {
    if !word::is_fix(n) || !(0..1 << 20).contains(&word::unfix(n)) {
        return v.fail("no length of a vector:", &[n]);
    }
    let n = word::unfix(n) as usize;
    let o = v.alloc(what(VECTOR, 2 + n));
    // SAFETY: the object just made.
    unsafe {
        put(o, LENGTH, n as u64);
        (0..n).for_each(|k| put(o, ELEMENTS + 8 * k as u32, fill));
    }
    o
}
fn strings(v: &mut Vm, all: &[u64]) -> bool {
    match all.iter().find(|a| desc(**a) != STRING) {
        Some(a) => {
            v.fail("not a string:", &[*a]);
            false
        }
        None => true,
    }
}
extern "C" fn string_append(v: &mut Vm, a: u64, b: u64, _: u64) -> u64 {
    if !strings(v, &[a, b]) {
        return 0;
    }
    v.string(&format!("{}{}", text(a), text(b)))
}
extern "C" fn string_length(v: &mut Vm, a: u64, _: u64, _: u64) -> u64 {
    if strings(v, &[a]) { word::fix(text(a).chars().count() as i64) } else { 0 }
}
extern "C" fn string_equal(v: &mut Vm, a: u64, b: u64, _: u64) -> u64 {
    if strings(v, &[a, b]) { truth(text(a) == text(b)) } else { 0 }
}
extern "C" fn number_to_string(v: &mut Vm, a: u64, _: u64, _: u64) -> u64 {
    if number(a).is_none() {
        return v.fail("not a number:", &[a]);
    }
    let mut s = String::new();
    show(a, false, &mut s);
    v.string(&s)
}
extern "C" fn string_to_symbol(v: &mut Vm, a: u64, _: u64, _: u64) -> u64 {
    if strings(v, &[a]) { v.symbol(text(a)) } else { 0 }
}
extern "C" fn symbol_to_string(v: &mut Vm, a: u64, _: u64, _: u64) -> u64 {
    if desc(a) == SYMBOL { v.string(text(a)) } else { v.fail("not a symbol:", &[a]) }
}
fn print(v: &mut Vm, a: u64, quoted: bool) -> u64 {
    show(a, quoted, &mut v.out);
    unspecified()
}
extern "C" fn error(v: &mut Vm, a: u64, b: u64, c: u64) -> u64 {
    let mut s = String::new();
    show(a, false, &mut s);
    let rest: Vec<u64> = [b, c].into_iter().filter(|w| *w != unspecified()).collect();
    v.fail(&s, &rest)
}
fn eqv(a: u64, b: u64) -> bool {
    a == b || matches!((float(a), float(b)), (Some(x), Some(y)) if x == y)
}
fn equal(a: u64, b: u64) -> bool {
    let (mut a, mut b) = (a, b);
    loop {
        if eqv(a, b) {
            return true;
        }
        if desc(a) != desc(b) {
            return false;
        }
        // SAFETY: reads the fields that objects of these descriptors have.
        unsafe {
            match desc(a) {
                STRING => return text(a) == text(b),
                PAIR => {
                    if !equal(at(a, CAR), at(b, CAR)) {
                        return false;
                    }
                    (a, b) = (at(a, CDR), at(b, CDR));
                }
                VECTOR => {
                    let n = at(a, LENGTH);
                    let same = |k: u64| equal(at(a, ELEMENTS + 8 * k as u32), at(b, ELEMENTS + 8 * k as u32));
                    return n == at(b, LENGTH) && (0..n).all(same);
                }
                _ => return false,
            }
        }
    }
}
