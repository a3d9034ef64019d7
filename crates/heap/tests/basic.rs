mod common;
use adder_heap::*;
use common::*;

#[test]
fn keeps_rooted_nodes() {
    with_heap(config(Mode::NonMoving), |th| {
        let mut roots = RootedVec::new(&th.m);
        for i in 0..1000 {
            roots.push(bits(node(&th.m, i)));
        }
        for k in 0..5 {
            th.m.heap.collect(&th.m, k % 2 == 1);
            for i in 0..20000 {
                node(&th.m, i);
            }
            for i in 0..1000 {
                assert_eq!(unsafe { *word(at(roots.as_slice()[i]), 1) }, fix(i as u64), "round {k} {i}");
            }
        }
    });
}

/// Objects of medium size that live a while go where others of theirs died, not to ever more blocks.
#[test]
fn medium_objects_use_holes() {
    with_heap(config(Mode::Generational), |th| {
        const N: usize = 4000;
        let mut roots = RootedVec::new(&th.m);
        (0..N).for_each(|_| roots.push(fix(0)));
        let mut rng = 88172645463325252u64;
        let mut most = 0;
        for step in 0..40 * N {
            rng ^= rng << 13;
            rng ^= rng >> 7;
            rng ^= rng << 17;
            // From 600 bytes to 4 KB.
            let o = array(&th.m, TAIL, 75 + (rng >> 20) as usize % 430).unwrap();
            roots.as_mut_slice()[(rng >> 40) as usize % N] = bits(o);
            if step > 10 * N {
                most = most.max(th.m.heap.stats().reserved);
            }
        }
        // About 9 MB are alive, and as much again may be dead when a full collection begins.
        assert!(most < 32 << 20, "{most}");
    });
}
