//! Times the collector: `cargo run --profile quick -p adder-heap --example workloads -- [w1|w2|w3|w4|start|threads|micro] [n]`.
//!
//! w1: binary trees of depth 17. w2: 2 million live nodes in one array, mutated among garbage. w3: garbage only.
//! w4: garbage under a deep native stack. start: creation of the heap and first allocation. threads: w1 on n
//! threads at once. `MODE=nonmoving|full` selects the mode, `FULL=n` adds n full collections to w2,
//! `NURSERY_KB` sets the nursery (w1's time depends much on where in a tree the minor collections fall: vary it).

use adder_heap::*;
use std::hint::black_box;
use std::time::Instant;

// Sizes as in the design's prototype: 32, 24 and 48 bytes, and arrays with a three-word header.
static KINDS: [KindInfo; 4] = [
    KindInfo {
        name: "node",
        size: Size::Fixed(32),
        trace: Trace::Slots { at: 16, n: 2 },
        drop: None,
        near: 0,
    },
    KindInfo {
        name: "obj24",
        size: Size::Fixed(24),
        trace: Trace::Slots { at: 16, n: 1 },
        drop: None,
        near: 0,
    },
    KindInfo {
        name: "obj48",
        size: Size::Fixed(48),
        trace: Trace::Slots { at: 16, n: 4 },
        drop: None,
        near: 0,
    },
    KindInfo {
        name: "array",
        size: Size::Counted { at: 8, base: 24, unit: 8 },
        trace: Trace::Counted { count_at: 8, at: 24 },
        drop: None,
        near: 0,
    },
];
const NODE: u8 = 0;
const OBJ24: u8 = 1;
const OBJ48: u8 = 2;
const ARRAY: u8 = 3;

unsafe fn no_roots(_: &mut Tracer) {}
unsafe fn no_mutator(_: *mut Mutator, _: &mut Tracer) {}
unsafe fn no_desc(_: u32, _: &mut Tracer) {}
unsafe fn no_sweep(_: &dyn Fn(u32) -> bool) {}
unsafe fn no_weak(_: &Tracer) {}
const HOOKS: Hooks = Hooks {
    trace_roots: no_roots,
    trace_mutator: no_mutator,
    trace_desc: no_desc,
    settle: |_, _| {},
    sweep_descs: no_sweep,
    sweep_weak: no_weak,
};

#[inline(always)]
fn at(o: Obj, i: usize) -> *mut u64 {
    unsafe { o.as_ptr().cast::<u64>().add(i) }
}
#[inline(always)]
fn get(o: Obj, i: usize) -> u64 {
    unsafe { *at(o, i) }
}
#[inline(always)]
fn obj(w: u64) -> Obj {
    Obj::new(w as *mut Header).unwrap()
}
#[inline(always)]
fn bits(o: Obj) -> u64 {
    o.as_ptr() as u64
}
fn fix(n: u64) -> u64 {
    n << 1 | 1
}
#[inline(always)]
fn store(m: &Mutator, o: Obj, i: usize, v: u64) {
    unsafe { *at(o, i) = v };
    m.barrier(o, at(o, i));
}
#[inline(always)]
fn node(m: &Mutator, l: u64, r: u64) -> Obj {
    let o = m.alloc(32, NODE, 0);
    unsafe {
        *at(o, 1) = 0;
        *at(o, 2) = l;
        *at(o, 3) = r;
    }
    o
}
#[inline(never)]
fn make(m: &Mutator, d: u32) -> Obj {
    if d == 0 {
        return node(m, 0, 0);
    }
    let l = make(m, d - 1);
    let r = make(m, d - 1);
    node(m, bits(l), bits(r))
}
fn check(o: Obj) -> u64 {
    if get(o, 2) == 0 { 1 } else { 1 + check(obj(get(o, 2))) + check(obj(get(o, 3))) }
}
fn w1(m: &Mutator, n: u32) -> u64 {
    let mut objs = check(make(m, n + 1));
    let long = make(m, n);
    for d in (4..=n).step_by(2) {
        let times = 1u64 << (n - d + 4);
        let c: u64 = (0..times).map(|_| check(make(m, d))).sum();
        assert_eq!(c, times * ((1u64 << (d + 1)) - 1));
        objs += c;
    }
    let c = check(long);
    assert_eq!(c, (1u64 << (n + 1)) - 1);
    objs + c
}
fn rng(s: &mut u64) -> u64 {
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    *s
}
fn w2(m: &Mutator, live: usize, total: u64) -> u64 {
    let arr = m.try_alloc(24 + 8 * live, ARRAY, 0).unwrap();
    unsafe {
        *at(arr, 1) = live as u64;
        *at(arr, 2) = 0;
        std::ptr::write_bytes(at(arr, 3), 0, live);
    }
    for i in 0..live {
        let o = node(m, fix(i as u64), 0);
        store(m, arr, 3 + i, bits(o));
    }
    let mut s = 88172645463325252u64;
    let (mut objs, mut k) = (live as u64, 0);
    while k < total {
        for _ in 0..16 {
            let a = m.alloc(24, OBJ24, 0);
            unsafe { *at(a, 2) = fix(k) };
            let b = m.alloc(48, OBJ48, 0);
            unsafe {
                *at(b, 2) = bits(a);
                *at(b, 3) = fix(1);
                *at(b, 4) = fix(2);
                *at(b, 5) = 0;
            }
            black_box(b);
        }
        k += 32;
        objs += 33;
        let r = rng(&mut s);
        let i = (r >> 8) as usize % live;
        if r & 3 == 0 {
            let o = node(m, fix(i as u64), 0);
            store(m, arr, 3 + i, bits(o));
        } else {
            let o = m.alloc(24, OBJ24, 0);
            unsafe { *at(o, 2) = fix(i as u64) };
            store(m, obj(get(arr, 3 + i)), 3, bits(o));
        }
    }
    for _ in 0..env("FULL") {
        m.heap.collect(m, true);
    }
    for i in 0..live {
        let n = obj(get(arr, 3 + i));
        assert_eq!(get(n, 2), fix(i as u64));
        if get(n, 3) != 0 {
            assert_eq!(get(obj(get(n, 3)), 2), fix(i as u64));
        }
    }
    objs
}
fn w3(m: &Mutator, total: u64) -> u64 {
    let mut k = 0;
    while k < total {
        let a = m.alloc(24, OBJ24, 0);
        unsafe { *at(a, 2) = fix(k) };
        black_box(a);
        let b = m.alloc(48, OBJ48, 0);
        unsafe {
            *at(b, 2) = 0;
            *at(b, 3) = fix(1);
            *at(b, 4) = fix(2);
            *at(b, 5) = 0;
        }
        black_box(b);
        k += 2;
    }
    total
}
#[inline(never)]
fn w4(m: &Mutator, depth: u64, total: u64) -> u64 {
    let o = node(m, fix(depth), 0);
    let pad = black_box([bits(o); 8]);
    let r = if depth == 0 { w3(m, total) } else { w4(m, depth - 1, total) };
    assert_eq!(get(o, 2), fix(depth));
    black_box(pad);
    r
}

/// Nanoseconds of single operations.
fn micro(m: &Mutator) {
    let time = |name: &str, n: u64, f: &mut dyn FnMut()| {
        let t = Instant::now();
        (0..n).for_each(|_| f());
        println!("{name} {:.1} ns", t.elapsed().as_nanos() as f64 / n as f64);
    };
    time("blocking region", 10_000_000, &mut || m.blocking(|| ()));
    time("root vector", 10_000_000, &mut || drop(black_box(RootedVec::new(m))));
    time("alloc and register a finalizer", 1_000_000, &mut || m.register_finalizer(node(m, 0, 0)));
    while m.heap.pop_finalizable().is_some() {}
    time("alloc_old", 1_000_000, &mut || {
        let o = m.alloc_old(24, OBJ24, 0).unwrap();
        unsafe { *at(o, 2) = 0 };
    });
    time("100 KB object", 100_000, &mut || {
        let o = m.try_alloc(24 + 100_000, ARRAY, 0).unwrap();
        unsafe { std::ptr::write_bytes(at(o, 1), 0, 12_502) };
        unsafe { *at(o, 1) = 12_500 };
    });
    time("4 KB object", 1_000_000, &mut || {
        let o = m.try_alloc(24 + 4_000, ARRAY, 0).unwrap();
        unsafe { std::ptr::write_bytes(at(o, 1), 0, 502) };
        unsafe { *at(o, 1) = 500 };
    });
    time("minor collection of nothing", 10_000, &mut || m.heap.collect(m, false));
}

fn env(name: &str) -> u64 {
    std::env::var(name).ok().and_then(|s| s.parse().ok()).unwrap_or(0)
}
fn rss_mb(what: &str) -> f64 {
    let s = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = s.lines().find(|l| l.starts_with(what)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
}
#[inline(never)]
fn with<R>(heap: &'static Heap, f: impl FnOnce(&Mutator) -> R) -> R {
    let m = Mutator::new(heap);
    let base = 0u64;
    unsafe { m.register(black_box(&base) as *const u64 as usize + 64) };
    let r = call(&m, f);
    unsafe { m.unregister() };
    r
}
#[inline(never)]
fn call<R>(m: &Mutator, f: impl FnOnce(&Mutator) -> R) -> R {
    f(m)
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let what = args.get(1).map_or("start", |s| s.as_str());
    let n: u64 = args.get(2).map_or(0, |s| s.parse().unwrap());
    let or = |d: u64| if n == 0 { d } else { n };
    let mode = match std::env::var("MODE").as_deref() {
        Ok("nonmoving") => Mode::NonMoving,
        Ok("full") => Mode::Full,
        _ => Mode::Generational,
    };
    let before = (rss_mb("VmRSS"), Instant::now());
    let mut config = Config { mode, ..Config::default() };
    if env("NURSERY_KB") > 0 {
        config.nursery = (env("NURSERY_KB") as usize) << 10;
    }
    let heap = Heap::new(&KINDS, HOOKS, config);
    let start = with(heap, |m| {
        node(m, 0, 0);
        before.1.elapsed()
    });
    if what == "start" {
        let rss = rss_mb("VmRSS") - before.0;
        return println!("start-up {:.1} us, {:.0} KB resident", start.as_secs_f64() * 1e6, rss * 1024.0);
    }
    let t = Instant::now();
    let objs = match what {
        "threads" => std::thread::scope(|s| {
            let threads: Vec<_> = (0..or(2)).map(|_| s.spawn(|| with(heap, |m| w1(m, 15)))).collect();
            threads.into_iter().map(|t| t.join().unwrap()).sum()
        }),
        _ => with(heap, |m| match what {
            "w1" => w1(m, or(17) as u32),
            "w2" => w2(m, 2_000_000, or(60_000_000)),
            "w3" => w3(m, or(300_000_000)),
            "micro" => {
                micro(m);
                1
            }
            "w4" => w4(m, or(20_000), 50_000_000),
            _ => panic!("no such workload"),
        }),
    };
    let dt = t.elapsed().as_secs_f64();
    let s = heap.stats();
    let mean = |ns: u64, n: u64| if n == 0 { 0.0 } else { ns as f64 / n as f64 / 1e6 };
    println!(
        "{what} {dt:.3} s {:.1} M objects/s | minor {} x {:.3} ms | major {} x {:.2} ms | gc {:.0} % | peak {:.0} MB",
        objs as f64 / dt / 1e6,
        s.minor,
        mean(s.minor_ns, s.minor),
        s.major,
        mean(s.major_ns, s.major),
        (s.minor_ns + s.major_ns) as f64 / 1e7 / dt,
        rss_mb("VmHWM")
    );
}
