//! Random graphs against a model in Rust's own memory.

mod common;
use adder_heap::*;
use common::*;
use std::collections::HashMap;

/// What the model knows of an object: its kind and slots. A slot is the id of another object, or none.
struct Shadow {
    kind: u8,
    slots: Vec<Option<u32>>,
    /// Address at the last check, to count moves.
    seen: u64,
    fixed: bool,
}

struct Model {
    objects: HashMap<u32, Shadow>,
    next: u32,
    rng: Rng,
    roots: Vec<Option<u32>>,
    moved: usize,
}

fn id_of(o: Obj) -> u32 {
    unsafe { (*word(o, first_slot(o.as_ref().kind) - 1) >> 1) as u32 }
}
/// The word before it is the id; of counted kinds it belongs to what is counted.
fn first_slot(kind: u8) -> usize {
    debug_assert!(kind != WEAK);
    if kind == NODE { 2 } else { 3 }
}

impl Model {
    fn slots_of(&mut self, kind: u8) -> usize {
        match kind {
            NODE => 3,
            BYTES => 0,
            _ => match self.rng.below(200) {
                0 => 3000 + self.rng.below(9000),
                1..=4 => 200 + self.rng.below(1900),
                5..=20 => 30 + self.rng.below(100),
                _ => self.rng.below(10),
            },
        }
    }
    /// Makes an object that refers to random roots.
    fn make(&mut self, th: &Th, roots: &mut RootedVec) -> (u32, Obj) {
        let kind = [NODE, NODE, NODE, ARRAY, BYTES, CUSTOM, TAIL][self.rng.below(7)];
        let id = self.next;
        self.next += 1;
        let n = self.slots_of(kind);
        let old = self.rng.below(20) == 0;
        let bytes = if kind == BYTES {
            1 + self.rng.below(if id.is_multiple_of(50) { 20000 } else { 100 })
        } else {
            0
        };
        let size = match kind {
            NODE => 40,
            BYTES => 24 + bytes.next_multiple_of(8),
            _ => 24 + 8 * n,
        };
        let o = if old {
            th.m.alloc_old(size, kind, id % 64).unwrap()
        } else if size <= 8192 && self.rng.below(2) == 0 {
            th.m.alloc(size, kind, id % 64)
        } else {
            th.m.try_alloc(size, kind, id % 64).unwrap()
        };
        let mut slots = vec![None; n];
        unsafe {
            match kind {
                NODE => {}
                BYTES => *word(o, 1) = bytes as u64 + 8,
                _ => *word(o, 1) = n as u64 + 1,
            }
            *word(o, first_slot(kind) - 1) = fix(id as u64);
            if kind == BYTES {
                std::slice::from_raw_parts_mut(word(o, 3).cast::<u8>(), bytes).fill(id as u8);
            }
            for (i, slot) in slots.iter_mut().enumerate() {
                let r = self.rng.below(self.roots.len());
                let here = self.rng.below(n.max(8)) < 4;
                *slot = if here { self.roots[r] } else { None };
                *word(o, first_slot(kind) + i) =
                    if slot.is_some() { roots.as_slice()[r] } else { fix(i as u64) };
            }
        }
        self.objects.insert(id, Shadow { kind, slots, seen: 0, fixed: old });
        (id, o)
    }
    /// In a frame of its own: what it leaves in registers and on the stack would keep the object in place.
    #[inline(never)]
    fn make_root(&mut self, th: &Th, roots: &mut RootedVec) {
        let (id, o) = self.make(th, roots);
        let r = self.rng.below(self.roots.len());
        self.roots[r] = Some(id);
        roots.as_mut_slice()[r] = bits(o);
    }
    /// Walks from a random root a few steps.
    fn pick(&mut self, roots: &RootedVec) -> Option<(u32, Obj)> {
        let r = self.rng.below(self.roots.len());
        let (mut id, mut o) = (self.roots[r]?, at(roots.as_slice()[r]));
        for _ in 0..self.rng.below(6) {
            let s = &self.objects[&id];
            if s.slots.is_empty() {
                break;
            }
            let i = self.rng.below(s.slots.len());
            let Some(n) = s.slots[i] else { continue };
            o = at(unsafe { *word(o, first_slot(s.kind) + i) });
            id = n;
        }
        Some((id, o))
    }
    fn check(&mut self, roots: &RootedVec) {
        let mut seen: HashMap<u32, u64> = HashMap::new();
        let mut todo = Vec::new();
        for (r, w) in self.roots.iter().zip(roots.as_slice()) {
            if let Some(id) = r {
                todo.push((*id, *w));
            } else {
                assert_eq!(*w, 0);
            }
        }
        while let Some((id, w)) = todo.pop() {
            if let Some(prev) = seen.insert(id, w) {
                assert_eq!(prev, w, "one object at two addresses");
                continue;
            }
            let o = at(w);
            let s = self.objects.get_mut(&id).expect("known");
            unsafe {
                assert_eq!(o.as_ref().kind, s.kind);
                assert_eq!(o.as_ref().desc.load(std::sync::atomic::Ordering::Relaxed), id % 64);
            }
            assert_eq!(id_of(o), id);
            if s.seen != 0 && s.seen != w {
                assert!(!s.fixed, "a fixed object moved");
                self.moved += 1;
            }
            s.seen = w;
            if s.kind == BYTES {
                let n = unsafe { *word(o, 1) } as usize - 8;
                let b = unsafe { std::slice::from_raw_parts(word(o, 3).cast::<u8>(), n) };
                assert!(b.iter().all(|b| *b == id as u8));
            }
            for (i, slot) in s.slots.iter().enumerate() {
                let v = unsafe { *word(o, first_slot(s.kind) + i) };
                match slot {
                    None => assert_eq!(v, fix(i as u64)),
                    Some(t) => todo.push((*t, v)),
                }
            }
        }
        self.objects.retain(|id, _| seen.contains_key(id));
    }
}

fn churn(c: Config, seed: u64, steps: usize, check_every: usize) -> (usize, Stats) {
    with_heap(c, |th| {
        const ROOTS: usize = 40;
        let mut model =
            Model { objects: HashMap::new(), next: 1, rng: Rng(seed), roots: vec![None; ROOTS], moved: 0 };
        let mut roots = RootedVec::new(&th.m);
        (0..ROOTS).for_each(|_| roots.push(0));
        for step in 0..steps {
            match model.rng.below(10) {
                0..=5 => {
                    model.make_root(th, &mut roots);
                    scrub();
                }
                6..=7 => {
                    let r = model.rng.below(ROOTS);
                    let target = model.roots[r];
                    if let Some((id, o)) = model.pick(&roots) {
                        let s = model.objects.get_mut(&id).unwrap();
                        if !s.slots.is_empty() {
                            let i = model.rng.below(s.slots.len());
                            s.slots[i] = target;
                            let v = if target.is_some() { roots.as_slice()[r] } else { fix(i as u64) };
                            if i.is_multiple_of(3) {
                                unsafe { *word(o, first_slot(s.kind) + i) = v };
                                th.m.barrier_all(o);
                            } else {
                                store(&th.m, o, first_slot(s.kind) + i, v);
                            }
                        }
                    }
                }
                8 => {
                    if model.rng.below(4) == 0 {
                        let r = model.rng.below(ROOTS);
                        model.roots[r] = None;
                        roots.as_mut_slice()[r] = 0;
                    } else if let Some((id, o)) = model.pick(&roots)
                        && model.rng.below(4) == 0
                    {
                        th.m.pin(o);
                        let s = model.objects.get_mut(&id).unwrap();
                        s.fixed = true;
                        s.seen = bits(o);
                    }
                }
                _ => {
                    if model.rng.below(300) == 0 {
                        let major = model.rng.below(2) == 0;
                        th.m.heap.collect(&th.m, major);
                    }
                }
            }
            if step % check_every == 0 {
                scrub();
                model.check(&roots);
            }
        }
        th.m.heap.collect(&th.m, true);
        model.check(&roots);
        (model.moved, th.m.heap.stats())
    })
}

#[test]
fn generational() {
    let c = Config { nursery: 256 << 10, ..config(Mode::Generational) };
    for seed in 1..4 {
        let (moved, s) = churn(c, seed * 7919, 60_000, 500);
        assert!(s.minor > 20, "{s:?}");
        assert!(moved > 500, "{moved}");
    }
}
#[test]
fn full() {
    let c = Config { nursery: 512 << 10, ..config(Mode::Full) };
    let (moved, s) = churn(c, 77, 40_000, 500);
    assert!(s.major > 10 && moved > 100, "{moved} {s:?}");
}
#[test]
fn non_moving() {
    let c = Config { nursery: 256 << 10, ..config(Mode::NonMoving) };
    let (moved, s) = churn(c, 99, 60_000, 500);
    assert!(s.minor > 20, "{s:?}");
    assert_eq!(moved, 0);
}
#[test]
fn stress() {
    for (n, seed) in [(1, 11), (3, 22), (17, 33)] {
        let (moved, s) = churn(config(Mode::Stress(n)), seed, 6_000, 20);
        assert!(s.minor > 100, "{s:?}");
        assert!(moved > 100, "{moved}");
    }
}
/// `cargo test -p adder-heap --profile quick --test graph -- --ignored`
#[test]
#[ignore = "runs for a minute"]
fn soak() {
    let start = std::time::Instant::now();
    let mut seed = 1_000_003u64;
    while start.elapsed().as_secs() < 60 {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1);
        let mode = match seed >> 33 & 7 {
            0 => Mode::NonMoving,
            1 => Mode::Full,
            2 | 3 => Mode::Stress(1 + (seed >> 40 & 31) as u32),
            _ => Mode::Generational,
        };
        let c = Config { nursery: 32 << 10 << (seed >> 50 & 7), ..config(mode) };
        eprintln!("seed {seed} {c:?}");
        churn(c, seed | 1, if matches!(mode, Mode::Stress(_)) { 5_000 } else { 60_000 }, 1000);
    }
}
