//! Several mutators at once: shared graphs, blocking regions, stops, registration, fork.

mod common;
use adder_heap::*;
use common::*;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::*};
use std::sync::{Barrier, Mutex};

fn get(o: Obj, i: usize) -> u64 {
    unsafe { (*AtomicU64::from_ptr(word(o, i))).load(Relaxed) }
}
fn share(m: &Mutator, o: Obj, i: usize, v: u64) {
    unsafe { (*AtomicU64::from_ptr(word(o, i))).store(v, Release) };
    m.barrier(o, word(o, i));
}
fn poll(m: &Mutator) {
    if m.poll.load(Relaxed) != 0 {
        m.poll_slow();
    }
}

/// Threads exchange objects through one shared array, each object carrying a checksum of its children.
fn exchange(c: Config, threads: usize, steps: usize, slots: usize) -> Stats {
    let heap = Heap::new(&KINDS, HOOKS, c);
    let shared = AtomicU64::new(0);
    with_mutator(heap, |th| {
        let a = array(&th.m, ARRAY, slots).unwrap();
        th.regs.push(bits(a));
        th.m.pin(a);
        shared.store(bits(a), Relaxed);
        // The owner waits outside the heap; its registers keep the array alive.
        th.m.blocking(|| {
            std::thread::scope(|s| {
                for t in 0..threads {
                    let shared = &shared;
                    s.spawn(move || {
                        with_mutator(heap, |th| {
                            let a = at(shared.load(Relaxed));
                            let mut rng = Rng(t as u64 * 7919 + 13);
                            for step in 0..steps {
                                let m = &th.m;
                                // A node with two children from the array; its id is a function of theirs.
                                let (x, y) = (get(a, 2 + rng.below(slots)), get(a, 2 + rng.below(slots)));
                                let n = node(m, 0);
                                let id = |w: u64| if w == 0 { 1 } else { unsafe { *word(at(w), 1) >> 1 } };
                                // Depth is bounded by dropping the children of every fifth.
                                let (x, y) = if rng.below(5) == 0 { (0, 0) } else { (x, y) };
                                unsafe {
                                    *word(n, 1) = fix((id(x) * 3 + id(y) * 5) % 1_000_003);
                                    *word(n, 2) = x;
                                    *word(n, 3) = y;
                                }
                                share(m, a, 2 + rng.below(slots), bits(n));
                                let v = get(a, 2 + rng.below(slots));
                                if v != 0 {
                                    check(at(v), 4);
                                }
                                match step % 64 {
                                    7 => poll(m),
                                    30 if rng.below(20) == 0 => heap.collect(m, rng.below(2) == 0),
                                    50 if rng.below(4) == 0 => {
                                        // The node lives on this stack meanwhile.
                                        m.blocking(|| {
                                            std::thread::sleep(std::time::Duration::from_micros(20))
                                        });
                                        check(n, 3);
                                    }
                                    _ => {}
                                }
                            }
                        })
                    });
                }
            })
        });
        let a = at(th.regs[0]);
        (0..slots).map(|i| get(a, 2 + i)).filter(|w| *w != 0).for_each(|w| check(at(w), 6));
    });
    heap.stats()
}
fn check(o: Obj, depth: u32) {
    assert_eq!(unsafe { o.as_ref() }.kind, NODE);
    let (x, y) = (get(o, 2), get(o, 3));
    let id = |w: u64| if w == 0 { 1 } else { unsafe { *word(at(w), 1) >> 1 } };
    assert_eq!(unsafe { *word(o, 1) }, fix((id(x) * 3 + id(y) * 5) % 1_000_003));
    if depth > 0 {
        for w in [x, y] {
            if w != 0 {
                check(at(w), depth - 1);
            }
        }
    }
}

#[test]
fn exchange_generational() {
    let c = Config { nursery: 256 << 10, ..config(Mode::Generational) };
    let s = exchange(c, 4, 60_000, 300);
    assert!(s.minor > 20, "{s:?}");
}
#[test]
fn exchange_with_cards() {
    let c = Config { nursery: 256 << 10, ..config(Mode::Generational) };
    exchange(c, 3, 40_000, 5_000);
}
#[test]
fn exchange_non_moving() {
    let c = Config { nursery: 256 << 10, ..config(Mode::NonMoving) };
    exchange(c, 4, 40_000, 300);
}
#[test]
fn exchange_under_stress() {
    for n in [2, 13] {
        let s = exchange(config(Mode::Stress(n)), 3, 1_500, 100);
        assert!(s.minor > 100, "{s:?}");
    }
}

#[test]
fn threads_come_and_go() {
    let c = Config { nursery: 128 << 10, ..config(Mode::Generational) };
    let heap = Heap::new(&KINDS, HOOKS, c);
    with_mutator(heap, |th| {
        let a = array(&th.m, ARRAY, 100).unwrap();
        th.regs.push(bits(a));
        th.m.pin(a);
        let shared = bits(a);
        th.m.blocking(|| {
            std::thread::scope(|s| {
                for t in 0..3u64 {
                    s.spawn(move || {
                        for k in 0..60u64 {
                            // Each leaves an object behind that only the shared array refers to.
                            std::thread::scope(|s| {
                                s.spawn(|| {
                                    with_mutator(heap, |th| {
                                        let a = at(shared);
                                        for i in 0..500 {
                                            let n = node(&th.m, t * 1_000_000 + k * 1000 + i);
                                            share(&th.m, a, 2 + (t * 33 + i % 33) as usize, bits(n));
                                        }
                                    })
                                });
                            });
                        }
                    });
                }
            })
        });
        heap.collect(&th.m, true);
        let a = at(th.regs[0]);
        for t in 0..3 {
            for j in 0..33u64 {
                let n = at(get(a, 2 + (t * 33 + j) as usize));
                let last = if j < 5 { 495 + j } else { 462 + j };
                assert_eq!(get(n, 1), fix(t * 1_000_000 + 59_000 + last));
            }
        }
    });
}

#[test]
fn stop_world_is_exclusive() {
    let heap = Heap::new(&KINDS, HOOKS, config(Mode::Generational));
    let inside = AtomicUsize::new(0);
    let running = AtomicUsize::new(0);
    let done = AtomicBool::new(false);
    let start = Barrier::new(3);
    std::thread::scope(|s| {
        for t in 0..3 {
            let (inside, running, done, start) = (&inside, &running, &done, &start);
            s.spawn(move || {
                with_mutator(heap, |th| {
                    th.m.blocking(|| start.wait());
                    for _ in 0..300 {
                        if t == 0 {
                            heap.stop_world(&th.m, || {
                                assert_eq!(inside.fetch_add(1, SeqCst), 0);
                                assert_eq!(running.load(SeqCst), 0);
                                heap.stop_world(&th.m, || heap.collect(&th.m, false));
                                std::thread::yield_now();
                                inside.fetch_sub(1, SeqCst);
                            });
                            th.m.blocking(|| th.m.running(|| node(&th.m, 1)));
                        } else if !done.load(SeqCst) {
                            running.fetch_add(1, SeqCst);
                            assert_eq!(inside.load(SeqCst), 0);
                            running.fetch_sub(1, SeqCst);
                            poll(&th.m);
                            th.m.blocking(|| ());
                        }
                    }
                    if t == 0 {
                        done.store(true, SeqCst);
                    }
                })
            });
        }
    });
}

#[test]
fn weak_and_finalizers_from_many_threads() {
    let heap = Heap::new(&KINDS, HOOKS, Config { nursery: 128 << 10, ..config(Mode::Generational) });
    let queued = AtomicUsize::new(0);
    let seen = Mutex::new(vec![0u8; 4 * 2000]);
    std::thread::scope(|s| {
        for t in 0..4usize {
            let (queued, seen) = (&queued, &seen);
            s.spawn(move || {
                with_mutator(heap, |th| {
                    for i in 0..2000 {
                        let o = node(&th.m, (t * 2000 + i) as u64);
                        th.m.register_finalizer(o);
                        weak(&th.m, bits(o));
                        (0..20).for_each(|_| {
                            node(&th.m, 0);
                        });
                        if heap.has_pending() {
                            while let Some(o) = heap.pop_finalizable() {
                                seen.lock().unwrap()[(get(o, 1) >> 1) as usize] += 1;
                                queued.fetch_add(1, Relaxed);
                            }
                            while heap.pop_dead_weak().is_some() {}
                        }
                    }
                })
            });
        }
    });
    assert!(queued.load(Relaxed) > 7000, "{}", queued.load(Relaxed));
    assert!(seen.lock().unwrap().iter().all(|n| *n <= 1));
}

#[test]
fn fork_keeps_the_heap() {
    let heap = Heap::new(&KINDS, HOOKS, Config { nursery: 128 << 10, ..config(Mode::Generational) });
    let stop = AtomicBool::new(false);
    std::thread::scope(|s| {
        let stop = &stop;
        s.spawn(move || {
            with_mutator(heap, |th| {
                while !stop.load(Relaxed) {
                    node(&th.m, 1);
                    poll(&th.m);
                }
            })
        });
        with_mutator(heap, |th| {
            for i in 0..1000 {
                th.regs.push(bits(node(&th.m, i)));
            }
            let pid = heap.stop_world(&th.m, || {
                let pid = unsafe { libc::fork() };
                if pid == 0 {
                    unsafe { heap.after_fork_child(&th.m) };
                }
                pid
            });
            if pid == 0 {
                let ok = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    for k in 0..50_000 {
                        node(&th.m, k);
                    }
                    heap.collect(&th.m, true);
                    (0..1000).all(|i| get(at(th.regs[i]), 1) == fix(i as u64))
                }));
                unsafe { libc::_exit(if matches!(ok, Ok(true)) { 0 } else { 1 }) };
            }
            let mut status = 0;
            th.m.blocking(|| unsafe { libc::waitpid(pid, &mut status, 0) });
            assert_eq!(status, 0);
            stop.store(true, Relaxed);
        });
    });
}
