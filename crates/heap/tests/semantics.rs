//! Weak references, finalizers, drops, pinning, cards, old objects, descriptors, memory limits.

mod common;
use adder_heap::*;
use common::*;
use std::sync::atomic::Ordering::SeqCst;

const MODES: [Mode; 4] = [Mode::Generational, Mode::NonMoving, Mode::Full, Mode::Stress(5)];

fn get(o: Obj, i: usize) -> u64 {
    unsafe { *word(o, i) }
}
/// Makes objects where no stale copy of their addresses stays on the caller's stack.
#[inline(never)]
fn away<R>(f: impl FnOnce() -> R) -> R {
    let mut pad = [0u64; 512];
    std::hint::black_box(&mut pad);
    let r = f();
    std::hint::black_box(&mut pad);
    r
}
fn collect(th: &Th, major: bool) {
    scrub();
    th.m.heap.collect(&th.m, major);
}

#[test]
fn native_stack_pins() {
    for mode in MODES {
        with_heap(config(mode), |th| {
            // Only interior pointers, only on the native stack.
            let inner: [*mut u64; 50] = std::array::from_fn(|i| word(node(&th.m, i as u64), 1));
            for k in 0..20 {
                collect(th, k % 5 == 4);
                (0..500).for_each(|i| {
                    node(&th.m, 1000 + i);
                });
                for (i, p) in inner.iter().enumerate() {
                    assert_eq!(unsafe { **p }, fix(i as u64));
                }
            }
        });
    }
}

#[test]
fn precise_roots_move_and_ambiguous_ones_pin() {
    with_heap(config(Mode::Generational), |th| {
        away(|| th.regs = (0..200).map(|i| bits(node(&th.m, i))).collect());
        let before = th.regs.clone().into_iter().map(|w| !w).collect::<Vec<_>>();
        // Odd ones also as ambiguous words, pointing inside.
        th.ambiguous = th.regs.iter().skip(1).step_by(2).map(|w| w + 21).collect();
        collect(th, false);
        let moved = |i: usize| th.regs[i] != !before[i];
        assert!((0..200).step_by(2).filter(|i| moved(*i)).count() > 90);
        assert!((1..200).step_by(2).all(|i| !moved(i)));
        for (i, w) in th.regs.iter().enumerate() {
            assert_eq!(get(at(*w), 1), fix(i as u64));
        }
        let after = th.regs.clone();
        collect(th, true);
        assert_eq!(th.regs, after, "old objects do not move");
    });
}

#[test]
fn pin_keeps_the_address() {
    with_heap(config(Mode::Generational), |th| {
        away(|| {
            th.regs = (0..100).map(|i| bits(node(&th.m, i))).collect();
            th.regs.iter().for_each(|w| th.m.pin(at(*w)));
        });
        let before: Vec<u64> = th.regs.iter().map(|w| !w).collect();
        collect(th, false);
        assert!(th.regs.iter().zip(before).all(|(a, b)| *a == !b));
    });
}

#[test]
fn old_objects_refer_to_young_ones() {
    for mode in MODES {
        with_heap(config(mode), |th| {
            let keep = th.m.alloc_old(40, NODE, 0).unwrap();
            unsafe { (1..5).for_each(|i| *word(keep, i) = fix(i as u64)) };
            assert!(th.m.is_old(keep));
            for round in 0..50u64 {
                // The referents are allocated first, so the old object's first stores have no barrier.
                away(|| {
                    let y = node(&th.m, round);
                    th.regs = vec![bits(y)];
                    let o = th.m.alloc_old(40, NODE, 0).unwrap();
                    unsafe {
                        *word(o, 1) = fix(77);
                        *word(o, 2) = th.regs[0];
                        *word(o, 3) = fix(0);
                        *word(o, 4) = get(keep, 3);
                    }
                    store(&th.m, keep, 3, bits(o));
                    th.regs.clear();
                });
                collect(th, round % 10 == 9);
                let mut o = at(get(keep, 3));
                for k in (0..=round).rev() {
                    assert_eq!(get(at(get(o, 2)), 1), fix(k));
                    if k > 0 {
                        o = at(get(o, 4));
                    }
                }
            }
        });
    }
}

#[test]
fn large_arrays_use_cards() {
    for mode in MODES {
        with_heap(config(mode), |th| {
            const N: usize = 20_000;
            let a = array(&th.m, ARRAY, N).unwrap();
            collect(th, false);
            let mut rng = Rng(5);
            let mut expected = vec![None; N];
            for round in 0..300u64 {
                for _ in 0..20 {
                    let i = rng.below(N);
                    away(|| {
                        let y = node(&th.m, round);
                        store(&th.m, a, 2 + i, bits(y));
                    });
                    expected[i] = Some(round);
                }
                if round % 20 == 0 {
                    collect(th, round % 60 == 0);
                }
                if round % 50 == 49 {
                    for (i, e) in expected.iter().enumerate() {
                        match e {
                            None => assert_eq!(get(a, 2 + i), 0),
                            Some(id) => assert_eq!(get(at(get(a, 2 + i)), 1), fix(*id)),
                        }
                    }
                }
            }
        });
    }
}

#[test]
fn weak_references() {
    for mode in MODES {
        with_heap(config(mode), |th| {
            // regs: weak references, then the targets that live on.
            away(|| {
                for i in 0..60 {
                    let t = node(&th.m, i);
                    let i = th.regs.len();
                    th.regs.push(bits(t));
                    let w = weak(&th.m, th.regs[i]);
                    th.regs.push(bits(w));
                }
            });
            // Pairs: target, weak. Drop every second target; keep some weak references only by others.
            for k in 0..60 {
                if k % 2 == 0 {
                    th.regs[2 * k] = 0;
                }
                if k % 10 == 4 {
                    th.regs[2 * k + 1] = 0;
                }
            }
            collect(th, false);
            let major_too = mode != Mode::Generational;
            if major_too {
                collect(th, true);
            }
            let mut dead = 0;
            for k in 0..60u64 {
                let (t, w) = (th.regs[2 * k as usize], th.regs[2 * k as usize + 1]);
                if w == 0 {
                    continue;
                }
                if k % 2 == 0 {
                    dead += (get(at(w), 1) == 0) as usize;
                } else {
                    assert_eq!(get(at(w), 1), t, "follows its target");
                    assert_eq!(get(at(t), 1), fix(k));
                }
            }
            // A stale word on the stack may keep one or two.
            assert!(dead >= 22, "{mode:?} {dead}");
            let mut queued = 0;
            while let Some(w) = th.m.heap.pop_dead_weak() {
                assert_eq!(get(w, 1), 0);
                queued += 1;
            }
            assert_eq!(queued, dead);
            assert!(!th.m.heap.has_pending());
            // Targets that became old die in a full collection.
            th.regs.chunks_mut(2).for_each(|p| p[0] = 0);
            collect(th, true);
            assert!(th.regs.chunks(2).filter(|p| p[1] != 0 && get(at(p[1]), 1) == 0).count() >= 50);
        });
    }
}

#[test]
fn finalizers_resurrect_once() {
    for mode in MODES {
        for age in [false, true] {
            with_heap(config(mode), |th| {
                // f -> child; a weak reference to f and one to the child.
                away(|| {
                    // The address of the first object is the heap's own, which may stay on the stack.
                    node(&th.m, 0);
                    let c = node(&th.m, 2);
                    th.regs.push(bits(c));
                    let f = node(&th.m, 1);
                    th.regs.push(bits(f));
                    let (c, f) = (th.regs[0], th.regs[1]);
                    store(&th.m, at(f), 2, c);
                    th.m.register_finalizer(at(f));
                    let w = weak(&th.m, th.regs[1]);
                    th.regs.push(bits(w));
                    let w = weak(&th.m, th.regs[0]);
                    th.regs.push(bits(w));
                });
                if age {
                    collect(th, true);
                }
                (th.regs[0], th.regs[1]) = (0, 0);
                collect(th, age || mode == Mode::Stress(5));
                assert!(th.m.heap.has_pending());
                assert_eq!(
                    (get(at(th.regs[2]), 1), get(at(th.regs[3]), 1)),
                    (0, 0),
                    "cleared before {mode:?} {age}"
                );
                // Alive while queued.
                collect(th, true);
                away(|| {
                    let f = th.m.heap.pop_finalizable().unwrap();
                    assert_eq!(get(f, 1), fix(1));
                    assert_eq!(get(at(get(f, 2)), 1), fix(2));
                    th.regs.push(bits(f));
                });
                assert!(th.m.heap.pop_finalizable().is_none());
                let w = away(|| bits(weak(&th.m, *th.regs.last().unwrap())));
                *th.regs.last_mut().unwrap() = w;
                while th.m.heap.pop_dead_weak().is_some() {}
                collect(th, true);
                assert_eq!(get(at(*th.regs.last().unwrap()), 1), 0, "{mode:?}: it dies for good");
                assert!(th.m.heap.pop_finalizable().is_none());
            });
        }
    }
}

#[test]
fn what_has_come_to_its_end_is_not_finalized() {
    for mode in MODES {
        with_heap(config(mode), |th| {
            let end = |th: &Th, n: usize| {
                let o = at(th.regs[n]);
                unsafe { o.as_ref() }.flags.fetch_or(FINALIZED, SeqCst);
                th.m.finalized(o);
            };
            away(|| {
                for n in 0..4 {
                    let o = node(&th.m, n);
                    th.regs.push(bits(o));
                    th.m.register_finalizer(at(th.regs[n as usize]));
                }
                // The last one, one that is not the last any more, and the one before it.
                [3, 0, 2].iter().for_each(|n| end(th, *n));
            });
            th.regs.clear();
            collect(th, true);
            let found = away(|| th.m.heap.pop_finalizable().map(|o| get(o, 1)));
            assert_eq!(found, Some(fix(1)), "{mode:?}");
            assert!(th.m.heap.pop_finalizable().is_none(), "{mode:?}");
        });
    }
}

#[test]
fn weak_reference_resurrected_with_its_target() {
    with_heap(config(Mode::Generational), |th| {
        // f refers to a weak reference to itself.
        away(|| {
            let f = node(&th.m, 1);
            th.regs.push(bits(f));
            let w = weak(&th.m, th.regs[0]);
            store(&th.m, at(th.regs[0]), 2, bits(w));
            th.m.register_finalizer(at(th.regs[0]));
        });
        th.regs.clear();
        collect(th, false);
        let f = th.m.heap.pop_finalizable().unwrap();
        assert_eq!(get(at(get(f, 2)), 1), 0);
        assert!(th.m.heap.pop_dead_weak().is_none(), "nobody could have seen its callback");
    });
}

#[test]
fn drops_run_once() {
    for (k, mode) in MODES.into_iter().enumerate() {
        with_heap(config(mode), |th| {
            let base = k * 200;
            away(|| {
                for i in 0..100 {
                    let r = th.m.alloc(16, RES, 0);
                    unsafe { *word(r, 1) = (base + i) as u64 };
                    th.m.register_drop(r);
                    th.regs.push(bits(r));
                }
            });
            let dropped = || (0..100).filter(|i| DROPPED[base + i].load(SeqCst) > 0).count();
            th.regs.truncate(60);
            collect(th, mode == Mode::Stress(5));
            assert!((38..=40).contains(&dropped()), "{}", dropped());
            th.regs.truncate(30);
            collect(th, true);
            assert!((68..=70).contains(&dropped()), "{}", dropped());
            collect(th, true);
            assert!((0..200).all(|i| DROPPED[base + i].load(SeqCst) <= 1));
            assert!((0..30).all(|i| DROPPED[base + i].load(SeqCst) == 0));
        });
    }
}

#[test]
fn descriptors_live_while_used() {
    with_heap(config(Mode::Generational), |th| {
        DESC_REFS.set(vec![0; 200]);
        away(|| {
            // The address of the first old object is the heap's own, which may stay on the stack.
            let first = th.m.alloc_old(40, NODE, 1).unwrap();
            unsafe { (1..5).for_each(|i| *word(first, i) = 0) };
            // Descriptor 10's referent has descriptor 20, whose referent has descriptor 30.
            let c = th.m.alloc_old(40, NODE, 30).unwrap();
            unsafe { (1..5).for_each(|i| *word(c, i) = 0) };
            let b = th.m.alloc_old(40, NODE, 20).unwrap();
            unsafe { (1..5).for_each(|i| *word(b, i) = 0) };
            DESC_REFS.with_borrow_mut(|d| (d[10], d[20]) = (bits(b), bits(c)));
            let a = th.m.alloc(40, NODE, 10);
            unsafe { (1..5).for_each(|i| *word(a, i) = 0) };
            th.regs.push(bits(a));
        });
        collect(th, true);
        let dead = DEAD_DESCS.take();
        assert!([10, 20, 30].iter().all(|d| !dead.contains(d)));
        assert!(dead.contains(&11) && dead.contains(&199));
        away(|| assert!(DESC_REFS.with_borrow(|d| th.m.is_old(at(d[20])))));
        th.regs.clear();
        collect(th, true);
        let dead = DEAD_DESCS.take();
        assert!([10, 20, 30].iter().all(|d| dead.contains(d)), "{dead:?}");
        DESC_REFS.take();
    });
}

#[test]
fn limit_gives_errors_and_memory_comes_back() {
    with_heap(Config { limit: 16 << 20, ..config(Mode::Generational) }, |th| {
        for _ in 0..3 {
            let mut roots = RootedVec::new(&th.m);
            let full = loop {
                match array(&th.m, ARRAY, 20_000) {
                    Ok(o) => roots.push(bits(o)),
                    Err(e) => break e,
                }
            };
            assert_eq!(full, OutOfMemory);
            assert!((60..=102).contains(&roots.len()), "{}", roots.len());
            assert!(!th.m.take_memory_error());
            assert!(array(&th.m, ARRAY, 20_000).is_err());
            // Small objects come from the reserve, with a flag.
            let mut n = 0;
            while !th.m.take_memory_error() {
                roots.push(bits(node(&th.m, 1)));
                n += 1;
                assert!(n < 1_000_000);
            }
            assert!(th.m.alloc_old(1 << 20, BYTES, 0).is_err());
            drop(roots);
            scrub();
            assert!(array(&th.m, ARRAY, 100_000).is_ok());
        }
        assert!(th.m.try_alloc(1 << 50, BYTES, 0).is_err());
        // Small ones only.
        for _ in 0..2 {
            let mut roots = RootedVec::new(&th.m);
            while !th.m.take_memory_error() {
                for _ in 0..1000 {
                    roots.push(bits(node(&th.m, 1)));
                }
            }
            let bytes = roots.len() * 40;
            assert!((8 << 20..17 << 20).contains(&bytes), "{bytes}");
        }
    });
}

#[test]
fn external_memory_triggers_collections() {
    with_heap(config(Mode::Generational), |th| {
        let before = th.m.heap.stats();
        for _ in 0..100 {
            th.m.heap.external(4 << 20);
            if th.m.poll.load(SeqCst) != 0 {
                th.m.poll_slow();
            }
        }
        let after = th.m.heap.stats();
        assert!(after.minor > before.minor && after.major > before.major, "{after:?}");
    });
}

#[test]
fn every_live_object_is_seen() {
    for mode in MODES {
        with_heap(config(mode), |th| {
            away(|| (0..500).for_each(|i| th.regs.push(bits(node(&th.m, i)))));
            let big = array(&th.m, ARRAY, 50_000).unwrap();
            th.regs.push(bits(big));
            th.regs.drain(0..250);
            let (mut nodes, mut arrays) = (0, 0);
            scrub();
            th.m.heap.for_each_object(&th.m, &mut |o| match unsafe { o.as_ref() }.kind {
                NODE => nodes += 1,
                _ => arrays += 1,
            });
            assert!((250..260).contains(&nodes), "{nodes}");
            assert_eq!(arrays, 1);
        });
    }
}

#[test]
fn further_stacks_are_scanned() {
    with_heap(config(Mode::Stress(3)), |th| {
        // Stands for the native stack of a greenlet that is switched out.
        let stack: Box<[u64; 64]> = away(|| {
            let mut s = Box::new([0u64; 64]);
            (0..64).step_by(2).for_each(|i| s[i] = bits(node(&th.m, i as u64)));
            let lo = s.as_ptr() as usize;
            // Registered too late for some if a collection came between; so keep them in registers until here.
            unsafe { th.m.add_stack(lo, lo + 512) };
            (0..64).step_by(2).for_each(|i| s[i] = bits(node(&th.m, i as u64)));
            s
        });
        (0..100).for_each(|i| {
            node(&th.m, i);
        });
        collect(th, true);
        for i in (0..64).step_by(2) {
            assert_eq!(get(at(stack[i]), 1), fix(i as u64));
        }
    });
}

#[test]
fn freed_memory_is_reused_and_returned() {
    with_heap(config(Mode::Generational), |th| {
        for _ in 0..10 {
            let mut roots = RootedVec::new(&th.m);
            for i in 0..200_000 {
                roots.push(bits(node(&th.m, i)));
            }
            for _ in 0..40 {
                roots.push(bits(array(&th.m, ARRAY, 30_000).unwrap()));
            }
            drop(roots);
            th.m.heap.collect(&th.m, true);
            assert!(th.m.heap.stats().reserved < 4 << 20, "{:?}", th.m.heap.stats());
        }
    });
}

#[test]
fn large_objects_grow_in_place() {
    for mode in MODES {
        if mode == Mode::Stress(5) {
            continue;
        }
        with_heap(config(mode), |th| {
            // Until the nursery has its blocks it takes those behind the array.
            (0..200_000).for_each(|i| {
                node(&th.m, i);
            });
            let a = array(&th.m, ARRAY, 5_000).unwrap();
            th.regs.push(bits(a));
            assert!(!th.m.try_grow(node(&th.m, 1), 1 << 20));
            let mut n = 5_000;
            let mut grown = 0;
            for round in 0..40 {
                let more = n + n / 8;
                if th.m.try_grow(a, 16 + 8 * more) {
                    grown += 1;
                    (n..more).for_each(|i| unsafe { *word(a, 2 + i) = 0 });
                    unsafe { *word(a, 1) = more as u64 };
                    let y = node(&th.m, more as u64);
                    store(&th.m, a, 1 + more, bits(y));
                    n = more;
                }
                collect(th, round % 5 == 0);
                assert_eq!(get(at(get(a, 1 + n)), 1), fix(n as u64));
            }
            assert!(mode != Mode::Generational || grown > 30, "{grown}");
        });
    }
}

#[test]
fn slots_are_shown() {
    with_heap(config(Mode::Generational), |th| {
        let c = array(&th.m, CUSTOM, 3).unwrap();
        (2..5).for_each(|i| store(&th.m, c, i, fix(i as u64)));
        let mut seen = Vec::new();
        th.m.heap.each_slot(&th.m, c, &mut |w| seen.push(w));
        assert_eq!(seen, [fix(4), fix(3), fix(2)]);
    });
}

/// Only a thread's register refers to a text: it becomes old in the second collection, or dies in it.
#[test]
fn what_only_threads_keep_is_young_once() {
    for size in [600, 3000, 12_000, 100_000] {
        with_heap(config(Mode::Generational), |th| {
            away(|| th.regs = vec![bits(text(&th.m, size, 7))]);
            let before = !th.regs[0];
            for old in [false, true, true] {
                collect(th, false);
                assert_eq!(th.regs[0], !before, "it stays where it is");
                assert_eq!(th.m.is_old(at(th.regs[0])), old);
                assert_eq!(sum(at(th.regs[0])), 7 * size as u64);
            }
            // Each of these is seen by one collection.
            let live = th.m.heap.stats().live;
            for i in 0..200 {
                away(|| th.regs[0] = bits(text(&th.m, size, i as u8)));
                collect(th, false);
                assert_eq!(sum(at(th.regs[0])), (i as u64 & 255) * size as u64);
            }
            th.regs[0] = 0;
            collect(th, false);
            assert!(th.m.heap.stats().live < live + (64 << 10) + 10 * size as u64);
        });
    }
}
#[test]
fn what_others_keep_too_is_old_at_once() {
    with_heap(config(Mode::Generational), |th| {
        let w = away(|| {
            let t = text(&th.m, 5000, 1);
            th.regs = vec![bits(t), 0, 0];
            let n = node(&th.m, 0);
            th.regs[1] = bits(n);
            store(&th.m, n, 2, th.regs[0]);
            // And one that a weak reference knows.
            th.regs[2] = bits(text(&th.m, 5000, 2));
            !bits(weak(&th.m, th.regs[2]))
        });
        th.regs.push(!w);
        collect(th, false);
        away(|| {
            assert!(th.m.is_old(at(th.regs[0])) && th.m.is_old(at(th.regs[2])));
            assert_eq!(get(at(th.regs[3]), 1), th.regs[2]);
            th.regs[2] = 0;
        });
        collect(th, true);
        assert_eq!(get(at(th.regs[3]), 1), 0);
        assert_eq!(sum(at(get(at(th.regs[1]), 2))), 5000);
    });
}
/// A text that is young for the second time gets referred to by an old object, or a major collection comes.
#[test]
fn held_objects_are_kept_by_what_they_are_stored_in() {
    for major in [false, true] {
        with_heap(config(Mode::Generational), |th| {
            let n = node(&th.m, 0);
            let mut all = RootedVec::new(&th.m);
            all.push(bits(n));
            collect(th, true);
            for i in 0..100u8 {
                away(|| th.regs = (0..4).map(|k| bits(text(&th.m, 600 + 900 * k, i))).collect());
                collect(th, major);
                store(&th.m, at(all.as_mut_slice()[0]), 3, th.regs[i as usize % 4]);
                let size = 600 + 900 * (i as usize % 4);
                th.regs.clear();
                collect(th, false);
                away(|| (0..50).for_each(|_| _ = text(&th.m, 1000, 255)));
                assert_eq!(sum(at(get(at(all.as_mut_slice()[0]), 3))), i as u64 * size as u64);
            }
        });
    }
}
fn text(m: &Mutator, size: usize, byte: u8) -> Obj {
    let o = m.try_alloc(16 + size.next_multiple_of(8), BYTES, 0).unwrap();
    unsafe {
        *word(o, 1) = size as u64;
        word(o, 2).cast::<u8>().write_bytes(byte, size);
    }
    o
}
fn sum(o: Obj) -> u64 {
    unsafe { std::slice::from_raw_parts(word(o, 2).cast::<u8>(), get(o, 1) as usize) }
        .iter()
        .map(|b| *b as u64)
        .sum()
}
