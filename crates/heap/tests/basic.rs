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
