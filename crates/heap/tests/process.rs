//! Things that need a process of their own: address space limits, checks that abort.

mod common;
use adder_heap::*;
use common::*;

/// Runs `f` in a child; its wait status.
fn in_child(f: impl FnOnce() -> bool) -> i32 {
    unsafe {
        let pid = libc::fork();
        if pid == 0 {
            let ok = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f));
            libc::_exit(if matches!(ok, Ok(true)) { 0 } else { 1 });
        }
        let mut status = 0;
        libc::waitpid(pid, &mut status, 0);
        status
    }
}
fn limit(what: libc::__rlimit_resource_t, bytes: u64) {
    let l = libc::rlimit { rlim_cur: bytes, rlim_max: bytes };
    assert_eq!(unsafe { libc::setrlimit(what, &l) }, 0);
}

#[test]
fn address_space_limit() {
    for mb in [100, 300] {
        let status = in_child(|| {
            let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
            let used = pages.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 4096;
            limit(libc::RLIMIT_AS, used + (mb << 20));
            with_heap(config(Mode::Generational), |th| {
                for _ in 0..3 {
                    let mut roots = RootedVec::new(&th.m);
                    let mut bytes = 0;
                    while let Ok(o) = array(&th.m, ARRAY, 20_000) {
                        roots.push(bits(o));
                        bytes += 160_000;
                    }
                    assert!(bytes > (mb << 20) / 4, "{bytes}");
                    while !th.m.take_memory_error() {
                        roots.push(bits(node(&th.m, 1)));
                    }
                    drop(roots);
                    scrub();
                    th.m.heap.collect(&th.m, true);
                }
                true
            })
        });
        assert_eq!(status, 0, "limit of {mb} MB");
    }
}

#[test]
fn stress_finds_missing_barriers() {
    let status = in_child(|| {
        unsafe { libc::close(2) };
        limit(libc::RLIMIT_CORE, 0);
        with_heap(config(Mode::Stress(10)), |th| {
            make_mistake(th);
            (0..1000).for_each(|i| {
                node(&th.m, i);
                scrub();
            });
            true
        })
    });
    assert!(libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGABRT, "{status}");
}

#[inline(never)]
fn make_mistake(th: &mut Th) {
    let mut pad = [0u64; 512];
    std::hint::black_box(&mut pad);
    let old = node(&th.m, 1);
    th.regs.push(bits(old));
    th.m.heap.collect(&th.m, false);
    let young = node(&th.m, 2);
    unsafe { *word(at(th.regs[0]), 2) = bits(young) };
    std::hint::black_box(&mut pad);
}
