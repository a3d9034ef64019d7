//! `_random`: the Mersenne Twister.
//!
//! # Invariants
//! `Random::mt` is null or the object's own state outside the heap; it is touched only under the object's lock ([`with`])
//! and freed when the object is found dead.

use crate::itertools::make;
use crate::native_layout;
use adder_num::random::MersenneTwister;
use adder_vm::builtins::int::{self, IntRef};
use adder_vm::err::R;
use adder_vm::interp::call::Gather;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::Slots;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::cell::Cell as Plain;

pub static MODULE: NativeModule = NativeModule {
    name: "_random",
    doc: "Module implements the Mersenne Twister random number generator.",
    functions: &[],
    types: &[&RANDOM],
    init: None,
};

native_layout! { Random { spare; mt: Plain<*mut MersenneTwister> } }

static RANDOM_TYPE: NativeType = NativeType {
    name: "_random.Random",
    kind: Kind::Native,
    size: Random::SIZE,
    doc: "Random() -> create a random number generator with its own internal state.",
    slots: Slots {
        new: Some(|th, t, _| make(th, t)),
        init: Some(|th, o, a| {
            if a.nkw() != 0 && th.type_of(o) == RANDOM.get() {
                return Err(th.type_error("Random() takes no keyword arguments"));
            }
            if a.len() > 1 {
                return Err(th.type_error(format!("Random() requires 0 or 1 argument, {} given", a.len())));
            }
            seed(th, o, a.pos().first().copied())
        }),
        ..Slots::NONE
    },
    methods: &[
        method("random", "($self, /)", "random() -> x in the interval [0, 1).", |th, a| {
            let x = with(th, a[0].unwrap(), |m| m.random());
            Ok(th.float(x))
        }),
        method(
            "seed",
            "($self, n=None, /)",
            "seed([n]) -> None.\n\nDefaults to use urandom and falls back to a combination\nof the current time and the process identifier.",
            |th, a| {
                seed(th, a[0].unwrap(), a[1])?;
                Ok(NONE())
            },
        ),
        method(
            "getrandbits",
            "($self, k, /)",
            "getrandbits(k) -> x.  Generates an int with k random bits.",
            |th, a| {
                let o = a[0].unwrap();
                let k = match a[1].unwrap().as_fix() {
                    Some(k) => k,
                    None => {
                        let k = th.index(a[1].unwrap())?;
                        if adder_vm::builtins::int::is_negative(k) {
                            -1
                        } else {
                            match adder_vm::builtins::int::to_i64(k) {
                                Some(k) => k,
                                None => {
                                    return Err(th.overflow_error("Python int too large for C uint64_t"));
                                }
                            }
                        }
                    }
                };
                match k {
                    k if k < 0 => Err(th.value_error("Cannot convert negative int")),
                    0 => Ok(Value::fix(0)),
                    1..=64 => {
                        let n = with(th, o, |m| m.bits_u64(k as u32));
                        Ok(th.uint(n))
                    }
                    k => {
                        // The numbers are made outside the heap.
                        if Vec::<u64>::new().try_reserve_exact((k / 64 + 1) as usize).is_err() {
                            return Err(th.memory_error());
                        }
                        let n = with(th, o, |m| m.bits(k as u64));
                        th.big(n)
                    }
                }
            },
        ),
        method("getstate", "($self, /)", "getstate() -> tuple containing the current state.", |th, a| {
            let (words, index) = with(th, a[0].unwrap(), |m| {
                let (w, i) = m.state();
                (w.to_vec(), i)
            });
            let mut g = Gather::new();
            for w in words {
                g.push(th, Value::fix(w as i64))?;
            }
            g.push(th, Value::fix(index as i64))?;
            th.try_tuple(g.as_slice())
        }),
        method(
            "setstate",
            "($self, state, /)",
            "setstate(state) -> None.  Restores generator state.",
            |th, a| {
                let Some(t) = a[1].unwrap().cast::<Tuple>() else {
                    return Err(th.type_error("state vector must be a tuple"));
                };
                if t.len != 625 {
                    return Err(th.value_error("state vector is the wrong size"));
                }
                let mut st = [0u32; 624];
                for (i, w) in st.iter_mut().enumerate() {
                    let v = th.index(t.items()[i])?;
                    *w = int::to_u64(v).ok_or_else(|| th.value_error("state vector is invalid"))? as u32;
                }
                let i = th.index_i64(t.items()[624])?;
                match usize::try_from(i).ok().and_then(|i| MersenneTwister::from_state(st, i)) {
                    Some(m) => {
                        with(th, a[0].unwrap(), |state| *state = m);
                        Ok(NONE())
                    }
                    None => Err(th.value_error("invalid state")),
                }
            },
        ),
    ],
    trace: Some(Random::trace),
    drop: Some(|o| unsafe {
        let p = (*(o.as_ptr() as *const Random)).mt.get();
        if !p.is_null() {
            drop(Box::from_raw(p));
        }
    }),
    ..NativeType::DEFAULT
};
static RANDOM: TypeCell = TypeCell::new(&RANDOM_TYPE);

/// Runs `f` on the generator's state under the object's lock. `f` runs no Python code and allocates no object.
#[inline(always)]
fn with<T>(th: Th, o: Value, f: impl FnOnce(&mut MersenneTwister) -> T) -> T {
    let r = Random::of(o);
    let _g = th.lock(r);
    // If `__init__` never ran.
    if r.mt.get().is_null() {
        r.mt.set(Box::into_raw(Box::new(MersenneTwister::from_key(&[0]))));
    }
    // SAFETY: it is the object's own, and the lock is held.
    f(unsafe { &mut *r.mt.get() })
}

fn seed(th: Th, o: Value, v: Option<Value>) -> R<()> {
    let m = match v.and_then(|v| v.some()) {
        None => {
            let mut key = [0u32; 624];
            // As much as the system gives at once.
            for part in key.chunks_mut(64) {
                let mut bytes = [0; 256];
                if adder_vm::the_host().random_seed(&mut bytes).is_ok() {
                    for (k, b) in part.iter_mut().zip(bytes.as_chunks().0) {
                        *k = u32::from_ne_bytes(*b);
                    }
                }
            }
            MersenneTwister::from_key(&key)
        }
        Some(v) if int::is_int(v) => {
            let r = IntRef::new(v).expect("an int");
            let mut n = r.view();
            n.neg = false;
            MersenneTwister::from_int(n)
        }
        Some(v) => {
            let h = th.hash(v)?;
            let u = th.uint(h as u64);
            MersenneTwister::from_int(IntRef::new(u).expect("an int").view())
        }
    };
    with(th, o, |state| *state = m);
    Ok(())
}
