//! Loop peeling: the recorded iteration is optimised twice. The first copy, the preamble, checks and loads what does not
//! change; the second, the loop, begins with what the first knew at its end: phis with types for what changes (raw
//! doubles and integers without boxes and tags), the heap's contents, the facts of everything else.
//!
//! The end of the loop must keep what its header promised. Where it does not, the promise is dropped and the loop is
//! made anew; each attempt is short.

use super::*;

#[derive(Default)]
struct Plan {
    /// Registers that get an untyped phi.
    generic: FxSet<u32>,
    /// Registers that turned out not to change.
    invariant: FxSet<u32>,
    /// Fields whose content does not survive an iteration.
    dropped: FxSet<(R, i64)>,
    dropped_descs: FxSet<R>,
    no_elems: bool,
    /// No preamble: the recorded path cannot follow itself with what is known.
    plain: bool,
}

/// A promise of the header.
#[derive(Clone, Copy)]
struct Phi {
    r: R,
    init: R,
    /// Kind that the word (or, for raw ones, the value before unboxing) must have.
    kind: Kind,
    desc: Option<u32>,
}

enum Retry {
    Again,
    Fail(&'static str),
}

impl From<&'static str> for Retry {
    fn from(s: &'static str) -> Retry {
        Retry::Fail(s)
    }
}

/// Optimises a recorded trace: a loop if it has `end_slots` or is marked as one, else a straight line.
pub fn optimize(rec: &Trace, objects: &dyn Objects, is_loop: bool) -> Result<Trace, &'static str> {
    if !is_loop {
        let mut o = Opt::new(rec, objects);
        o.run()?;
        match &rec.end {
            End::Jump { target, .. } => jump::close(&mut o, *target)?,
            e => o.out.end = e.clone(),
        }
        o.out.carry = rec.carry.as_ref().map(|c| c.iter().map(|r| o.mapped(*r)).collect());
        let mut t = std::mem::take(&mut o.out);
        dce::run(&mut t);
        return Ok(t);
    }
    let mut plan = Plan::default();
    for _ in 0..24 {
        match attempt(rec, objects, &mut plan) {
            Ok(t) => return Ok(finish(t)),
            Err(Retry::Again) => {}
            Err(Retry::Fail("contradiction")) if !plan.plain => {
                plan = Plan { plain: true, ..Plan::default() }
            }
            Err(Retry::Fail(why)) => return Err(why),
        }
    }
    if !plan.plain {
        plan = Plan { plain: true, ..Plan::default() };
        for _ in 0..24 {
            match attempt(rec, objects, &mut plan) {
                Ok(t) => return Ok(finish(t)),
                Err(Retry::Again) => {}
                Err(Retry::Fail(why)) => return Err(why),
            }
        }
    }
    Err("no fixed point")
}

fn finish(mut t: Trace) -> Trace {
    dce::run(&mut t);
    jump::carry(&mut t);
    t
}

/// Fields that are stored to, of which recorded objects; whether elements are; whether calls may store.
fn stores_to(rec: &Trace) -> (FxMap<i64, Vec<R>>, bool, bool) {
    let mut fields: FxMap<i64, Vec<R>> = FxMap::default();
    let (mut elems, mut any) = (false, false);
    for i in &rec.insts {
        match i.op {
            Op::Set | Op::SetInt => {
                fields.entry(i.imm).or_default().push(i.a);
            }
            Op::SetElem => elems = true,
            op if op.is_call() => {
                let e = rec.calls[i.imm as usize].effects;
                any |= e.changes();
            }
            _ => {}
        }
    }
    (fields, elems, any)
}

/// Whether a store of the recorded iteration may change what lookups give. (Calls are another matter.)
fn stores_to_containers(o: &Opt) -> bool {
    o.rec.insts.iter().any(|i| {
        matches!(i.op, Op::Set | Op::SetInt | Op::SetShape | Op::SetElem | Op::SetItem | Op::SetFltItem) && {
            let obj = o.mapped(i.a);
            !o.virts.contains_key(&obj) && heap::seen_by_lookups(o, obj)
        }
    })
}

fn phi(o: &mut Opt, ty: Ty, init: R) -> R {
    o.out.push(Inst { ty, a: init, ..Inst::new(Op::Phi) })
}

/// How a value goes into a phi: (type, first value, kind, descriptor). Emits what is needed before the header.
fn prepare(o: &mut Opt, v: R, generic: bool) -> (Ty, R, Kind, Option<u32>) {
    let v = virtuals::force(o, v);
    let ty = o.out.ty(v);
    if ty != Ty::Ref {
        return (ty, v, Kind::Any, None);
    }
    if generic {
        return (Ty::Ref, v, Kind::Any, None);
    }
    let f = o.fact(v);
    match o.def(v).map(|d| d.op) {
        Some(Op::Tag) => return (Ty::Int, o.def(v).unwrap().a, Kind::Fix, None),
        Some(Op::Box) => return (Ty::Flt, o.def(v).unwrap().a, Kind::Flo, None),
        _ => {}
    }
    match f.kind {
        Kind::Flo => match unboxed(o, v) {
            Some(u) => (Ty::Flt, u, Kind::Flo, None),
            None => (Ty::Ref, v, Kind::Any, None),
        },
        Kind::Fix => (Ty::Ref, v, Kind::Fix, None),
        Kind::Ptr => (Ty::Ref, v, if f.desc.is_some() { Kind::Ptr } else { Kind::Any }, f.desc),
        Kind::Any => (Ty::Ref, v, Kind::Any, None),
    }
}

/// The double of a value known to be a float, if it can be had without a check.
pub(super) fn unboxed(o: &mut Opt, v: R) -> Option<R> {
    if let Some(c) = o.out.const_of(v) {
        return word::is_flo(c.bits).then(|| o.konst(Ty::Flt, word::flo_decode(c.bits).to_bits()));
    }
    match o.def(v)?.op {
        Op::Box => Some(o.def(v)?.a),
        _ => o.cse.get(&(Op::Unbox, v, R::NONE, 0)).copied(),
    }
}

/// A value for a phi at the loop's end. None: the promise is broken.
fn conform(o: &mut Opt, v: R, p: &Phi) -> Option<R> {
    let v = virtuals::force(o, v);
    let (have, want) = (o.out.ty(v), o.out.ty(p.r));
    match (have, want) {
        (Ty::Ref, Ty::Flt) => unboxed(o, v),
        (Ty::Ref, Ty::Int) => match o.def(v).map(|d| d.op) {
            _ if p.kind != Kind::Fix => Some(o.unary(Op::Bits, v)),
            Some(Op::Tag) => Some(o.def(v).unwrap().a),
            _ if o.fact(v).kind == Kind::Fix => Some(o.unary(Op::Untag, v)),
            _ => None,
        },
        (Ty::Int, Ty::Ref) if p.kind == Kind::Any => Some(o.unary(Op::Word, v)),
        (a, b) if a == b => {
            let f = o.fact(v);
            let ok = match p.kind {
                Kind::Any => true,
                Kind::Fix => a == Ty::Int || f.kind == Kind::Fix,
                Kind::Flo => true,
                Kind::Ptr => f.desc == p.desc,
            };
            ok.then_some(v)
        }
        _ => None,
    }
}

fn header_value(o: &mut Opt, ty: Ty, kind: Kind, desc: Option<u32>, init: R) -> (Phi, R) {
    let r = phi(o, ty, init);
    match (ty, kind) {
        (Ty::Ref, Kind::Fix) => {
            o.set_fact(r, FIX);
        }
        (Ty::Ref, Kind::Ptr) => {
            o.set_fact(r, Fact { kind, nonnull: true, desc, ..ANY });
        }
        (Ty::Int, Kind::Fix) => {
            o.set_fact(r, Fact { lo: word::FIX_MIN, hi: word::FIX_MAX, ..ANY });
        }
        _ => {}
    }
    (Phi { r, init, kind, desc }, r)
}

fn attempt(rec: &Trace, objects: &dyn Objects, plan: &mut Plan) -> Result<Trace, Retry> {
    let mut o = Opt::new(rec, objects);
    let mut slots: Vec<(u32, R, (Ty, R, Kind, Option<u32>))> = Vec::new();
    if plan.plain {
        for &(s, _) in &rec.end_slots {
            let r = o.emit(Inst { imm: s as i64, ..Inst::new(Op::Entry) });
            slots.push((s, r, (Ty::Ref, r, Kind::Any, None)));
        }
    } else {
        o.run()?;
        for &(s, r) in &rec.end_slots {
            let v = o.mapped(r);
            let p = prepare(&mut o, v, plan.generic.contains(&s));
            slots.push((s, v, p));
        }
        // Objects that only the heap cache knows as virtual are left alone: they are dead.
    }
    let (stored, elem_stores, calls) = stores_to(rec);
    // What the heap holds, in an order that does not depend on hashing.
    let mut fields: Vec<((R, i64), R)> = o.fields.iter().map(|(k, v)| (*k, *v)).collect();
    fields.sort_by_key(|f| f.0);
    let mut kept: Vec<((R, i64), R)> = Vec::new();
    let mut varying: Vec<((R, i64), (Ty, R, Kind, Option<u32>))> = Vec::new();
    for (key, v) in fields {
        if plan.dropped.contains(&key) {
            continue;
        }
        let v = o.resolve(v);
        if o.virts.contains_key(&v) || o.virts.contains_key(&o.resolve(key.0)) {
            continue;
        }
        if rec.shared && !o.fact(key.0).desc.is_some_and(|d| objects.private(d)) {
            continue;
        }
        // Stores to what is certainly another object leave it alone; so do those to what an iteration makes.
        let made = |r: R| r.as_ins().is_some_and(|i| rec.insts[i].op == Op::New);
        let touches = |r: R| {
            let obj = o.mapped(r);
            if made(r) { obj == key.0 } else { !heap::distinct(&o, key.0, obj) }
        };
        let changed = stored.get(&key.1).is_some_and(|objs| plan.plain || objs.iter().any(|r| touches(*r)));
        if changed {
            if varying.len() < 16 {
                let p = prepare(&mut o, v, false);
                varying.push((key, p));
            }
        } else {
            kept.push((key, v));
        }
    }
    let lasts = |d: &(&R, &u32)| !rec.shared && !plan.dropped_descs.contains(d.0);
    let descs: Vec<(R, u32)> = o.descs.iter().filter(lasts).map(|d| (*d.0, *d.1)).collect();
    let elems = if elem_stores || calls || plan.no_elems || rec.shared {
        Default::default()
    } else {
        o.elems.clone()
    };

    let lookups = if rec.shared || plan.plain || calls || stores_to_containers(&o) {
        Default::default()
    } else {
        std::mem::take(&mut o.lookups)
    };

    o.owned.clear();
    o.out.here = At(0);
    let begin = o.out.push(Inst::new(Op::Loop)).0;
    let mut slot_phis: Vec<(u32, Phi)> = Vec::new();
    let mut late: Vec<(u32, Op, R)> = Vec::new();
    for (s, v, (ty, init, kind, desc)) in &slots {
        if plan.invariant.contains(s) {
            let v = o.resolve(*v);
            o.header.insert(*s, v);
            continue;
        }
        let (p, r) = header_value(&mut o, *ty, *kind, *desc, *init);
        slot_phis.push((*s, p));
        match ty {
            Ty::Flt => late.push((*s, Op::Box, r)),
            Ty::Int if *kind == Kind::Fix => late.push((*s, Op::Tag, r)),
            Ty::Int => late.push((*s, Op::Word, r)),
            _ => {
                o.header.insert(*s, r);
            }
        }
    }
    let mut heap_phis: Vec<((R, i64), Phi)> = Vec::new();
    let mut heap_late: Vec<((R, i64), Op, R)> = Vec::new();
    let mut new_fields: Vec<((R, i64), R)> = Vec::new();
    for (key, (ty, init, kind, desc)) in varying {
        let (p, r) = header_value(&mut o, ty, kind, desc, init);
        heap_phis.push((key, p));
        match (ty, kind) {
            (Ty::Flt, _) => heap_late.push((key, Op::Box, r)),
            (Ty::Int, Kind::Fix) => heap_late.push((key, Op::Tag, r)),
            _ => {
                new_fields.push((key, r));
            }
        }
    }
    // After the phis come the words of raw ones; unused ones go.
    for (s, op, r) in late {
        let w = o.unary(op, r);
        o.header.insert(s, w);
    }
    for (key, op, r) in heap_late {
        let w = o.unary(op, r);
        new_fields.push((key, w));
    }
    new_fields.extend_from_slice(&kept);
    let told = o.out.story.len();
    o.forget_memory();
    new_fields.into_iter().for_each(|(k, v)| o.set_field(k, v));
    descs.iter().for_each(|d| o.set_desc(d.0, d.1));
    let told = told..o.out.story.len();
    o.elems = elems.clone();
    o.items.clear();
    o.lookups = lookups.into_iter().map(|(k, (r, _))| (k, (r, true))).collect();
    o.memory.clear();
    o.entries.retain(|s, _| !rec.end_slots.iter().any(|e| e.0 == *s));
    o.hits.clear();
    let entries: Vec<(u32, R)> = o.entries.iter().map(|e| (*e.0, *e.1)).collect();

    o.enter_loop(begin);
    o.run()?;

    // Does the end keep what the header promised?
    let mut again = false;
    let mut back = Vec::new();
    for (s, p) in &slot_phis {
        let end = rec.end_slots.iter().find(|e| e.0 == *s).unwrap().1;
        let v = o.mapped(end);
        match conform(&mut o, v, p) {
            Some(r) => {
                let r = o.resolve(r);
                if (r == p.r || r == p.init) && !plan.plain {
                    plan.invariant.insert(*s);
                    again = true;
                }
                back.push(r);
            }
            None => {
                plan.generic.insert(*s);
                again = true;
                back.push(R::NONE);
            }
        }
    }
    for (s, v, _) in &slots {
        if plan.invariant.contains(s) && !slot_phis.iter().any(|p| p.0 == *s) {
            let end = rec.end_slots.iter().find(|e| e.0 == *s).unwrap().1;
            let (now, then) = (o.mapped(end), o.resolve(*v));
            if now != then {
                // It changes after all (another attempt knows less): give it a phi for good.
                return Err(Retry::Fail("invariant register changes"));
            }
        }
    }
    for (key, p) in &heap_phis {
        let now = o.fields.get(key).copied();
        match now.and_then(|v| conform(&mut o, v, p)) {
            Some(r) => back.push(o.resolve(r)),
            None => {
                plan.dropped.insert(*key);
                again = true;
                back.push(R::NONE);
            }
        }
    }
    for (key, v) in &kept {
        let now = o.fields.get(key).map(|v| o.resolve(*v));
        if now != Some(o.resolve(*v)) {
            plan.dropped.insert(*key);
            again = true;
        }
    }
    for (r, d) in &descs {
        if o.descs.get(r) != Some(d) {
            plan.dropped_descs.insert(*r);
            again = true;
        }
    }
    if again {
        return Err(Retry::Again);
    }
    o.out.end = End::Loop(back);
    let var = |from: Result<(R, i64), u32>, p: &Phi| {
        (from, Var { from: Source::Slot(0), phi: p.r, ty: o.out.ty(p.r), kind: p.kind, desc: p.desc })
    };
    let of_slots = slot_phis.iter().map(|(s, p)| var(Err(*s), p));
    let vars: Vec<_> = of_slots.chain(heap_phis.iter().map(|(k, p)| var(Ok(*k), p))).collect();
    let mut same = entries;
    same.extend(slots.iter().filter(|s| plan.invariant.contains(&s.0)).map(|s| (s.0, o.resolve(s.1))));
    same.sort();
    // What the loop does not rely on need not be so where a bridge jumps to the header: it is not told either.
    let (fields, idle): (Vec<_>, Vec<_>) = kept.into_iter().partition(|k| o.hits.fields.contains(&k.0));
    let (descs, idle_descs): (Vec<_>, Vec<_>) = descs.into_iter().partition(|d| o.hits.descs.contains(&d.0));
    o.out.story.keep(told, |x| match *x {
        Told::Field(obj, at, _) => !idle.iter().any(|k| k.0 == (obj, at)),
        Told::Shape(obj, _) => !idle_descs.iter().any(|d| d.0 == obj),
        _ => true,
    });
    if !o.hits.lookups && !o.hits.elems.iter().any(|k| elems.contains_key(k)) {
        jump::header(&mut o, vars, same, fields, descs);
    }
    Ok(std::mem::take(&mut o.out))
}

#[cfg(test)]
mod tests {
    use super::super::tests::NoObjects;
    use super::*;

    fn peel(s: &str) -> String {
        peel_shared(s, false)
    }
    fn peel_shared(s: &str, shared: bool) -> String {
        let mut t = crate::text::parse(s).unwrap();
        t.shared = shared;
        crate::verify::verify(&t).unwrap();
        let o = optimize(&t, &NoObjects, true).unwrap();
        crate::verify::verify(&o).unwrap();
        crate::text::print(&o)
    }

    /// `while i < n: s = s + x; i += 1` with a float `s`: no type test, no box in the loop.
    #[test]
    fn float_sum() {
        let s = peel(
            "%0 = entry 0\n%1 = entry 1\n%2 = is_fix %0\nguard_true %2 @0\n%4 = is_fix %1\nguard_true %4 @0\n\
             %6 = lt %0 %1\nguard_true %6 @0\n%8 = entry 2\n%9 = unbox %8 @0\n%10 = entry 3\n%11 = unbox %10 @0\n\
             %12 = fadd %9 %11\n%13 = box %12\n%14 = fix_add %0 fix:1 @0\nguard_calm @1\nend 0=%14 2=%13\n\
             snap 0 {}\nsnap 1 {0=%14, 2=%13}",
        );
        let body = s.split("loop\n").nth(1).unwrap();
        assert!(body.contains("phi.flt") && !body.contains("unbox") && !body.contains("is_fix"), "{s}");
        assert!(!body.contains("= box"), "{s}");
        assert!(body.contains("2=box("), "{s}");
        assert!(body.contains("fix_add_w"), "{s}");
    }

    const FIELD: &str = "%0 = entry 0\n%1 = is_ptr %0\nguard_true %1 @0\n%3 = shape_is 9 %0\nguard_true %3 @0\n\
         %5 = get_int 16 %0\n%6 = add %5 i:1\nset_int 16 %0 %6\n%8 = get 24 %0\nset 32 %0 %8\nguard_calm @0\n\
         end 1=fix:0\nsnap 0 {1=fix:0}";

    /// A field that the loop changes is carried in a register, one that it does not change is read before.
    #[test]
    fn field_in_register() {
        let s = peel(FIELD);
        let body = s.split("loop\n").nth(1).unwrap();
        assert!(!body.contains("= get") && body.contains("set_int") && !body.contains("shape_is"), "{s}");
    }
    /// Objects of the same class that the loop makes leave the others alone, whether they escape or not.
    #[test]
    fn fields_of_new_objects() {
        let s = peel(
            "%0 = entry 0\n%1 = is_ptr %0\nguard_true %1 @0\n%3 = shape_is 9 %0\nguard_true %3 @0\n\
             %5 = get 24 %0\n%6 = new 0:40:9\nset 24 %6 fix:1\nset 32 %0 %6\n%9 = new 0:40:9\n\
             set 24 %9 fix:2\nguard_calm @0\nend 1=%5\nsnap 0 {}",
        );
        let body = s.split("loop\n").nth(1).unwrap();
        assert!(!body.contains("= get") && body.contains("= new"), "{s}");
    }
    /// An exit of the way in leads to the header if all is known there by then that the loop does not test again.
    #[test]
    fn way_in() {
        let from = |early: bool| {
            let test = |n: usize| format!("%{} = is_fix %2\nguard_true %{} @0\n", n, n);
            let (first, last) = if early { (test(6), String::new()) } else { (String::new(), test(8)) };
            let lt = if early { 8 } else { 6 };
            let t = crate::text::parse(&format!(
                "%0 = entry 0\n%1 = entry 1\n%2 = entry 2\n%3 = is_fix %0\nguard_true %3 @0\nnop\n{first}\
                 %{lt} = lt %0 fix:9\nguard_true %{lt} @0\n{last}%10 = fix_add %0 fix:1 @0\n\
                 store_reg 5 %2\nguard_calm @0\nend 0=%10\nsnap 0 {{}}"
            ))
            .unwrap();
            crate::verify::verify(&t).unwrap();
            let o = optimize(&t, &NoObjects, true).unwrap();
            let lt = o.insts.iter().position(|i| i.op == Op::Lt).unwrap();
            (o.header.unwrap().from as usize, lt + 1)
        };
        let ((a, guard_a), (b, guard_b)) = (from(true), from(false));
        assert!(a <= guard_a && b > guard_b, "{a} {guard_a} {b} {guard_b}");
    }
    /// Where other threads may write to the object, its fields are read in every round.
    #[test]
    fn shared_field() {
        let s = peel_shared(FIELD, true);
        let body = s.split("loop\n").nth(1).unwrap();
        assert!(body.contains("get_int 16") && body.contains("get 24"), "{s}");
    }
}
