//! Large heaps, which several threads mark.

mod common;
use adder_heap::*;
use common::*;
use std::collections::HashSet;

/// What the registers reach, as the collector does not see it.
fn reachable(th: &Th) -> HashSet<u64> {
    let mut seen: HashSet<u64> = HashSet::new();
    let mut work: Vec<u64> = th.regs.clone();
    while let Some(w) = work.pop() {
        if w == 0 || w & 7 != 0 || !seen.insert(w) {
            continue;
        }
        let o = at(w);
        let slots = match unsafe { o.as_ref() }.kind {
            NODE => 2..5,
            ARRAY | TAIL | CUSTOM => 2..2 + unsafe { *word(o, 1) } as usize,
            _ => 0..0,
        };
        work.extend(slots.map(|i| unsafe { *word(o, i) }));
    }
    seen
}

/// Trees, chains, long arrays, and references across. Each round half of it is forgotten.
fn graph(mode: Mode, markers: usize) {
    with_heap(Config { markers, ..config(mode) }, |th| {
        th.regs.push(0);
        let mut rng = Rng(0x9e3779b97f4a7c15);
        for round in 0..4 {
            let long = array(&th.m, ARRAY, 100_000).unwrap();
            th.regs.push(bits(long));
            let at_long = th.regs.len() - 1;
            for i in 0..150_000 {
                let o = match rng.below(8) {
                    0 => array(&th.m, if i & 1 == 0 { TAIL } else { CUSTOM }, rng.below(9)).unwrap(),
                    _ => node(&th.m, i),
                };
                // Into an old object, or to one; some are only in the chain that begins in a register.
                let long = at(th.regs[at_long]);
                let before = unsafe { *word(long, 2 + rng.below(100_000)) };
                if unsafe { o.as_ref() }.kind == NODE {
                    store(&th.m, o, 2, before);
                    store(&th.m, o, 3, th.regs[0]);
                }
                if rng.below(3) == 0 {
                    th.regs[0] = bits(o);
                } else {
                    store(&th.m, long, 2 + rng.below(100_000), bits(o));
                }
            }
            scrub();
            let mut found = HashSet::new();
            th.m.heap.for_each_object(&th.m, &mut |o| {
                assert!(found.insert(bits(o)));
            });
            let expected = reachable(th);
            assert!(expected.len() > 50_000, "{}", expected.len());
            // Stale words on the stack may keep a few more.
            let missing = expected.difference(&found).count();
            assert_eq!(missing, 0, "round {round}");
            if mode == Mode::Generational {
                assert!(
                    found.len() < expected.len() + expected.len() / 4,
                    "{} {}",
                    found.len(),
                    expected.len()
                );
            }
            if round & 1 == 0 {
                th.regs.remove(at_long);
            }
        }
    });
}

#[test]
fn all_that_is_reachable_is_marked() {
    for mode in [Mode::Generational, Mode::NonMoving] {
        graph(mode, 1);
        graph(mode, usize::MAX);
    }
}
#[test]
fn and_under_stress() {
    graph(Mode::Stress(20_000), usize::MAX);
}
/// Words of these functions' frames are gone when they have returned.
#[inline(never)]
fn chain(th: &mut Th, n: usize) {
    for _ in 0..n {
        let o = node(&th.m, 1);
        store(&th.m, o, 2, th.regs[0]);
        th.regs[0] = bits(o);
    }
}
#[inline(never)]
fn watch(th: &mut Th) {
    let w = weak(&th.m, th.regs[0]);
    th.regs.push(bits(w));
}
#[inline(never)]
fn target_is(th: &Th, target: u64) -> bool {
    unsafe { *word(at(th.regs[1]), 1) == target }
}
/// What died and what did not is known in both cases, and how much there is.
#[test]
fn weak_references_and_drops() {
    with_heap(config(Mode::Generational), |th| {
        let kept = array(&th.m, ARRAY, 2).unwrap();
        th.regs.push(bits(kept));
        chain(th, 400_000);
        let before = DROPPED[7].load(std::sync::atomic::Ordering::SeqCst);
        let res = |th: &Th| {
            let r = th.m.alloc(16, RES, 0);
            unsafe { *word(r, 1) = 7 };
            th.m.register_drop(r);
            r
        };
        (0..1000).for_each(|_| _ = res(th));
        watch(th);
        scrub();
        th.m.heap.collect(&th.m, true);
        th.m.heap.collect(&th.m, true);
        assert!(target_is(th, th.regs[0]));
        let dropped = DROPPED[7].load(std::sync::atomic::Ordering::SeqCst) - before;
        assert!((980..=1000).contains(&dropped), "{dropped}");
        let live = th.m.heap.stats().live;
        assert!((16_000_000..17_000_000).contains(&live), "{live}");
        // The next object of the chain may still be seen somewhere.
        chain(th, 10);
        th.regs[0] = 0;
        scrub();
        th.m.heap.collect(&th.m, true);
        assert!(target_is(th, 0) || th.m.heap.stats().live > 16_000_000);
    });
}
