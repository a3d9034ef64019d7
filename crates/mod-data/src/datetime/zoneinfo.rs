//! `_zoneinfo`: the zones of the IANA database (PEP 615), as CPython's `Modules/_zoneinfo.c`.
//!
//! Files are found and read by the Python part (`zoneinfo._tzpath`, `zoneinfo._common`); here are the transitions, the
//! rule after the last one ([`rule`]) and the caches. An object's numbers are in Rust-owned [`Data`], its timedeltas and
//! abbreviations in the array `infos`, three for each kind of local time. The type's `aux` array keeps the caches: the
//! zones used last, most recent first, in a tuple that is replaced as a whole, and the weak dictionary.
//!
//! [`rule`]: super::rule
//!
//! # Safety
//! A zone's `data` and `infos` are set once, when it is loaded, before the program sees it; `read` makes sure that
//! numbers of kinds in the one are those of entries in the other. `aux` holds the array of the caches from the import
//! on, with a tuple as the strong one. The [`Data`] lives as long as the object, which who uses it has on the stack.

use super::rule::{self, Rule};
use super::*;
use adder_vm::builtins::tuple;
use adder_vm::err::Raised;
use adder_vm::import::{import_attr, import_module};
use adder_vm::slots::Slots;
use std::cell::Cell;

pub static MODULE: NativeModule = NativeModule {
    name: "_zoneinfo",
    doc: "C implementation of the zoneinfo module",
    functions: &[],
    types: &[],
    init: Some(|th, m| {
        import_module(th, "_datetime")?;
        let t = th.make_type(&ZONEINFO);
        if t.aux.get().is_none() {
            let a = th.array(2)?;
            th.store(a, a.slot(STRONG), th.tuple(&[]));
            let weak = th.call(import_attr(th, "weakref", "WeakValueDictionary")?, &[])?;
            th.store(a, a.slot(WEAK), weak);
            th.store(t, &t.aux, a.value());
        }
        m.put(th, "ZoneInfo", t.value())
    }),
};
const STRONG: usize = 0;
const WEAK: usize = 1;
/// Zones that are kept alive.
const STRONG_SIZE: usize = 8;

/// Where an object came from.
const NOCACHE: u8 = 0;
const CACHE: u8 = 1;
const FILE: u8 = 2;

crate::native_layout! { pub ZoneInfo { key, file_repr, infos: Array; data: Cell<*mut Data>, source: Cell<u8> } }

/// Numbers of local times refer to `infos` (three values each) and `offsets`.
pub struct Data {
    /// Transitions: in UTC, and on the wall clock for either fold.
    utc: Vec<i64>,
    wall: [Vec<i64>; 2],
    /// The local time that begins with each.
    kinds: Vec<usize>,
    /// UTC offset of each local time in seconds.
    offsets: Vec<i64>,
    /// Before the first transition.
    before: usize,
    after: After,
    /// The same at all times.
    fixed: bool,
}
enum After {
    Always(usize),
    Rule { std: usize, dst: usize, rule: Rule },
}

pub static ZONEINFO_TYPE: NativeType = NativeType {
    name: "zoneinfo.ZoneInfo",
    kind: Kind::Native,
    size: ZoneInfo::SIZE,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::HAVE_GC | tflags::WEAKREF | tflags::SHOWN_AS_HEAP,
    doc: "",
    base: Some(&zone::TZINFO),
    slots: Slots {
        new: Some(|th, t, a| {
            let mut key = NONE();
            parse(th, &PARAMS, a, |_, v| {
                key = v;
                Ok(())
            })?;
            cached(th, t, key)
        }),
        repr: Some(repr),
        str: Some(|th, o| match ZoneInfo::of(o).key.get().and_then(|k| k.some()) {
            Some(k) => th.to_str(k),
            None => th.repr(o),
        }),
        ..Slots::NONE
    },
    methods: &[
        classmethod("clear_cache", "($type, /, *, only_keys=None)", "Clear the ZoneInfo cache.", clear_cache),
        classmethod(
            "no_cache",
            "($type, /, key)",
            "Get a new instance of ZoneInfo, bypassing the cache.",
            |th, a| load(th, me(a), a[1].unwrap(), NOCACHE),
        ),
        classmethod(
            "from_file",
            "($type, file_obj, /, key=None)",
            "Create a ZoneInfo file from a file object.",
            |th, a| {
                let file = a[1].unwrap();
                let o = crate::common::make(th, me(a))?;
                let z = ZoneInfo::of(o);
                th.store(z, &z.file_repr, th.repr(file)?);
                th.store(z, &z.key, Value::opt_or_none(a[2]));
                z.source.set(FILE);
                read(th, o, file)?;
                Ok(o)
            },
        ),
        method(
            "utcoffset",
            "($self, dt, /)",
            "Retrieve a timedelta representing the UTC offset in a zone at the given datetime.",
            |th, a| info(th, me(a), a[1].unwrap(), 0),
        ),
        method(
            "dst",
            "($self, dt, /)",
            "Retrieve a timedelta representing the amount of DST applied in a zone at the given datetime.",
            |th, a| info(th, me(a), a[1].unwrap(), 1),
        ),
        method(
            "tzname",
            "($self, dt, /)",
            "Retrieve a string containing the abbreviation for the time zone that applies in a zone at a given datetime.",
            |th, a| info(th, me(a), a[1].unwrap(), 2),
        ),
        method(
            "fromutc",
            "($self, object, /)",
            "Given a datetime with local time in UTC, retrieve an adjusted datetime in local time.",
            fromutc,
        ),
        method(
            "__reduce__",
            "($self, /)",
            "Function for serialization with the pickle protocol.",
            |th, a| {
                let z = ZoneInfo::of(me(a));
                if z.source.get() == FILE {
                    let e = import_attr(th, "pickle", "PicklingError")?;
                    let text = th.str("Cannot pickle a ZoneInfo file from a file stream.");
                    let e = th.call(e, &[text])?;
                    return Err(th.raise(e));
                }
                let f = th.getattr(th.type_of(me(a)).value(), th.intern("_unpickle"))?;
                let from_cache = Value::fix((z.source.get() == CACHE) as i64);
                Ok(th.tuple(&[f, th.tuple(&[z.key.value(), from_cache])]))
            },
        ),
        classmethod(
            "_unpickle",
            "($type, key, from_cache, /)",
            "Private method used in unpickling.",
            |th, a| {
                if th.truth(a[2].unwrap())? {
                    return th.call(me(a), &[a[1].unwrap()]);
                }
                load(th, me(a), a[1].unwrap(), NOCACHE)
            },
        ),
        NativeDef::new(
            "__init_subclass__",
            "!($type, /, *args, **kwargs)",
            "Function to initialize subclasses.",
            Imp::Bound(|th, a| {
                let weak = th.call(import_attr(th, "weakref", "WeakValueDictionary")?, &[])?;
                th.setattr(me(a), th.intern("_weak_cache"), Some(weak))?;
                Ok(NONE())
            }),
            DefKind::ClassMethod,
        ),
    ],
    members: &[MemberDef {
        name: "key",
        doc: "",
        offset: std::mem::offset_of!(ZoneInfo, key) as u32,
        flags: member::READONLY | member::NONE_IF_NULL,
    }],
    trace: Some(ZoneInfo::trace),
    drop: Some(|o| unsafe {
        let p = (*(o.as_ptr() as *const ZoneInfo)).data.replace(std::ptr::null_mut());
        if !p.is_null() {
            drop(Box::from_raw(p));
        }
    }),
    ..NativeType::DEFAULT
};
pub static ZONEINFO: TypeCell = TypeCell::new(&ZONEINFO_TYPE);
const PARAMS: Params = Params { name: Some("ZoneInfo()"), names: &["key"], required: 1, positional: 1 };

fn repr(th: Th, o: Value) -> R<Value> {
    let z = ZoneInfo::of(o);
    let name = th.type_name_of(o);
    Ok(match z.key.get().and_then(|k| k.some()) {
        Some(k) => th.str(&format!("{name}(key={})", th.text(th.repr(k)?))),
        None => {
            let file = z.file_repr.get().map_or(String::new(), |v| th.text(v));
            th.str(&format!("{name}.from_file({file})"))
        }
    })
}

// -- caches

fn caches() -> Gc<Array> {
    unsafe { ZONEINFO.get().aux.gc() }
}
fn weak_cache(th: Th, class: Value) -> R<Value> {
    if class.is(ZONEINFO.get().value()) {
        return Ok(caches().slot(WEAK).value());
    }
    th.getattr(class, th.intern("_weak_cache"))
}
fn strong() -> Gc<Tuple> {
    unsafe { caches().slot(STRONG).gc() }
}
/// Where the key is among the strong ones (which hold key, zone, key, zone...).
fn find_strong(th: Th, t: Gc<Tuple>, key: Value) -> R<Option<usize>> {
    for i in (0..t.items().len()).step_by(2) {
        let k = t.items()[i];
        if k.is(key) || th.eq(k, key)? {
            return Ok(Some(i));
        }
    }
    Ok(None)
}
/// `t` with a zone in front, and without the entry at `gone`.
fn set_strong(th: Th, t: Gc<Tuple>, front: Option<(Value, Value)>, gone: Option<usize>) -> R<()> {
    let mut v = [NONE(); 2 * STRONG_SIZE];
    let mut n = 0;
    if let Some((k, z)) = front {
        (v[0], v[1]) = (k, z);
        n = 2;
    }
    for i in (0..t.items().len()).step_by(2) {
        if Some(i) != gone && n < v.len() {
            (v[n], v[n + 1]) = (t.items()[i], t.items()[i + 1]);
            n += 2;
        }
    }
    let t = th.try_tuple(&v[..n])?;
    th.store(caches(), caches().slot(STRONG), t);
    Ok(())
}
fn cached(th: Th, class: Value, key: Value) -> R<Value> {
    let base = class.is(ZONEINFO.get().value());
    if base {
        let t = strong();
        if let Some(i) = find_strong(th, t, key)? {
            let (k, z) = (t.items()[i], t.items()[i + 1]);
            if i > 0 {
                set_strong(th, t, Some((k, z)), Some(i))?;
            }
            return Ok(z);
        }
    }
    let weak = weak_cache(th, class)?;
    let mut z = th.call_method(weak, adder_vm::n!(get), &[key, NONE()])?;
    if z.is_none() {
        let new = load(th, class, key, CACHE)?;
        z = th.call_method(weak, adder_vm::n!(setdefault), &[key, new])?;
    }
    if !is_a(th, z, &ZONEINFO) {
        let name = class.known::<Type>().name_str().to_string();
        let k = th.text(th.repr(key)?);
        return Err(th.runtime_error(format!(
            "Unexpected instance of {} in {name} weak cache for key {k}",
            th.type_name_of(z)
        )));
    }
    if base {
        let t = strong();
        let i = find_strong(th, t, key)?;
        set_strong(th, t, Some((key, z)), i)?;
    }
    Ok(z)
}
fn clear_cache(th: Th, a: &[Option<Value>]) -> R<Value> {
    let class = me(a);
    let weak = weak_cache(th, class)?;
    let base = class.is(ZONEINFO.get().value());
    let Some(keys) = a[1].and_then(|v| v.some()) else {
        th.call_method(weak, th.intern("clear"), &[])?;
        if base {
            th.store(caches(), caches().slot(STRONG), th.tuple(&[]));
        }
        return Ok(NONE());
    };
    th.for_each(keys, |k| {
        if base {
            let t = strong();
            if let Some(i) = find_strong(th, t, k)? {
                set_strong(th, t, None, Some(i))?;
            }
        }
        th.call_method(weak, adder_vm::n!(pop), &[k, NONE()])?;
        Ok(())
    })?;
    Ok(NONE())
}

// -- loading

fn load(th: Th, class: Value, key: Value, source: u8) -> R<Value> {
    let path = th.call(import_attr(th, "zoneinfo._tzpath", "find_tzfile")?, &[key])?;
    let file = if path.is_none() {
        th.call(import_attr(th, "zoneinfo._common", "load_tzdata")?, &[key])?
    } else {
        th.call(import_attr(th, "io", "open")?, &[path, th.str("rb")])?
    };
    let made: R<Value> = (|| {
        let o = crate::common::make(th, class)?;
        let z = ZoneInfo::of(o);
        th.store(z, &z.key, key);
        z.source.set(source);
        read(th, o, file)?;
        Ok(o)
    })();
    match made {
        Ok(o) => {
            th.call_method(file, adder_vm::n!(close), &[])?;
            Ok(o)
        }
        Err(_) => {
            let e = th.take_exc();
            if th.call_method(file, adder_vm::n!(close), &[]).is_err() {
                th.take_exc();
            }
            Err(th.set_exc(e))
        }
    }
}
fn numbers(th: Th, v: Value) -> R<Vec<i64>> {
    let t = tuple::from_iterable(th, v)?;
    let t: Gc<Tuple> = t.known();
    t.items().iter().map(|v| th.index_i64(*v)).collect()
}
fn read(th: Th, o: Value, file: Value) -> R<()> {
    let r = th.call(import_attr(th, "zoneinfo._common", "load_data")?, &[file])?;
    let bad = || th.type_error("load_data must return a tuple of six items");
    let Some(r) = r.cast::<Tuple>() else { return Err(bad()) };
    let &[idx, utc, off, dst, abbr, rule_text] = r.items() else { return Err(bad()) };
    let (idx, utc) = (numbers(th, idx)?, numbers(th, utc)?);
    let (mut offsets, isdst) = (numbers(th, off)?, numbers(th, dst)?);
    let names = tuple::from_iterable(th, abbr)?;
    let names: Gc<Tuple> = names.known();
    let n = offsets.len();
    if isdst.len() != n || names.items().len() != n || idx.len() != utc.len() {
        return Err(th.value_error("Inconsistent time zone information found."));
    }
    let mut kinds = Vec::with_capacity(idx.len());
    for i in idx {
        match usize::try_from(i) {
            Ok(k) if k < n => kinds.push(k),
            _ => {
                return Err(th.value_error(format!("Invalid transition index found while reading TZif: {i}")));
            }
        }
    }
    let dstoff = rule::dst_offsets(&kinds, &offsets, &isdst);
    let wall = rule::wall_times(&kinds, &utc, &offsets);
    let mut parsed = None;
    if let Some(s) = rule_text.some()
        && let Some(b) = s.cast::<Bytes>()
        && !b.bytes().is_empty()
    {
        match rule::parse(b.bytes()) {
            Ok(p) => parsed = Some(p),
            Err(why) => {
                let s = th.text(th.repr(s)?);
                return Err(th.value_error(format!("{why} {s}")));
            }
        }
    }
    let infos = th.array((3 * (n + 2)).max(1))?;
    let put = |k: usize, off: i64, dst: i64, name: Value| -> R<()> {
        th.store(infos, infos.slot(3 * k), delta::new(th, 0, off, 0)?);
        th.store(infos, infos.slot(3 * k + 1), delta::new(th, 0, dst, 0)?);
        th.store(infos, infos.slot(3 * k + 2), name);
        Ok(())
    };
    for k in 0..n {
        put(k, offsets[k], dstoff[k], names.items()[k])?;
    }
    let before = isdst.iter().position(|d| *d == 0).or(kinds.first().copied()).unwrap_or(0);
    let mut fixed = n <= 1;
    let after = match parsed {
        Some(p) => {
            put(n, p.std_offset, 0, th.str(&p.std))?;
            offsets.push(p.std_offset);
            match p.dst {
                Some((name, offset, rule)) => {
                    put(n + 1, offset, offset - p.std_offset, th.str(&name))?;
                    offsets.push(offset);
                    fixed = false;
                    After::Rule { std: n, dst: n + 1, rule }
                }
                None => {
                    fixed &= n == 0
                        || offsets[0] == offsets[1]
                            && dstoff[0] == 0
                            && th.eq(infos.slot(2).value(), infos.slot(5).value())?;
                    After::Always(n)
                }
            }
        }
        None => match kinds.last() {
            Some(k) => After::Always(*k),
            None if n > 0 => After::Always(n - 1),
            None => return Err(th.value_error("No time zone information found.")),
        },
    };
    let z = ZoneInfo::of(o);
    th.store(z, &z.infos, infos);
    let d = Box::new(Data { utc, wall, kinds, offsets, before, after, fixed });
    z.data.set(Box::into_raw(d));
    Ok(())
}
/// The numbers of a zone that has been loaded.
fn data(th: Th, o: Value) -> R<&'static Data> {
    let p = ZoneInfo::of(o).data.get();
    if p.is_null() {
        return Err(th.value_error("the zone has not been loaded"));
    }
    // SAFETY: set once, freed with the object, which the caller has on its stack.
    Ok(unsafe { &*p })
}

// -- questions

/// Seconds on the wall clock since 1970, year and fold of a datetime or something like it.
fn wall_clock(th: Th, dt: Value) -> R<(i64, i32, usize)> {
    if datetime::is_dt(th, dt) {
        let f = datetime::of(dt).fields();
        return Ok((
            f.ordinal() as i64 * 86_400 + f.second_of_day() as i64 - local::EPOCH,
            f.y,
            f.fold as usize,
        ));
    }
    let n = |name: &str| -> R<i64> { th.index_i64(th.getattr(dt, th.intern(name))?) };
    let day = th.call_method(dt, th.intern("toordinal"), &[])?;
    let day = th.index_i64(day)?;
    let ts = (day - calendar::EPOCH_ORDINAL) * 86_400 + n("hour")? * 3600 + n("minute")? * 60 + n("second")?;
    Ok((ts, n("year")?.clamp(1, 9999) as i32, (n("fold")? != 0) as usize))
}
/// The local time at a datetime; none for None in a zone that changes.
fn find(th: Th, o: Value, dt: Value) -> R<Option<usize>> {
    let d = data(th, o)?;
    if dt.is_none() {
        return Ok(match d.after {
            After::Always(k) if d.fixed => Some(k),
            _ => None,
        });
    }
    let (ts, year, fold) = wall_clock(th, dt)?;
    let w = &d.wall[fold];
    if w.first().is_some_and(|t| ts < *t) {
        return Ok(Some(d.before));
    }
    if w.last().is_none_or(|t| ts > *t) {
        return Ok(Some(match &d.after {
            After::Always(k) => *k,
            After::Rule { std, dst, rule } => {
                if rule.is_dst(ts, year, fold != 0) {
                    *dst
                } else {
                    *std
                }
            }
        }));
    }
    Ok(Some(d.kinds[w.partition_point(|t| *t <= ts) - 1]))
}
fn info(th: Th, o: Value, dt: Value, which: usize) -> R<Value> {
    let Some(k) = find(th, o, dt)? else { return Ok(NONE()) };
    let infos: Gc<Array> = ZoneInfo::of(o).infos.gc();
    Ok(infos.slot(3 * k + which).value())
}
#[cold]
fn no_datetime(th: Th) -> Raised {
    th.type_error("fromutc: argument must be a datetime")
}
fn fromutc(th: Th, a: &[Option<Value>]) -> R<Value> {
    let (o, dt) = (me(a), a[1].unwrap());
    if !datetime::is_dt(th, dt) {
        return Err(no_datetime(th));
    }
    if !datetime::of(dt).tz.get().is_some_and(|t| t.is(o)) {
        return Err(th.value_error("fromutc: dt.tzinfo is not self"));
    }
    let d = data(th, o)?;
    let (ts, year, _) = wall_clock(th, dt)?;
    let n = d.utc.len();
    let (kind, fold) = if n > 0 && ts < d.utc[0] {
        (d.before, false)
    } else if n == 0 || ts > d.utc[n - 1] {
        match &d.after {
            After::Rule { std, dst, rule } => {
                let (is_dst, fold) = rule.at_utc(ts, year);
                (if is_dst { *dst } else { *std }, fold)
            }
            After::Always(k) if n == 0 => (*k, false),
            After::Always(k) => {
                let prev = if n > 1 { d.kinds[n - 2] } else { d.before };
                (*k, d.offsets[prev] - d.offsets[*k] > ts - d.utc[n - 1])
            }
        }
    } else {
        let i = d.utc.partition_point(|t| *t <= ts);
        let prev = if i > 1 { d.kinds[i - 2] } else { d.before };
        let k = d.kinds[i - 1];
        (k, d.offsets[prev] - d.offsets[k] > ts - d.utc[i - 1])
    };
    let infos: Gc<Array> = ZoneInfo::of(o).infos.gc();
    let r = datetime::shift(th, dt, delta::of(infos.slot(3 * kind).value()), 1)?;
    if !fold {
        return Ok(r);
    }
    let replace = th.getattr(r, adder_vm::n!(replace))?;
    th.call_kw(replace, &[], &[("fold", Value::fix(1))])
}
