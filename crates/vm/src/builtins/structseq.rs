//! Named tuples of native modules (`os.stat_result`, `time.struct_time`, `sys.flags`...): CPython's
//! `Objects/structseq.c`.
//!
//! An instance has the layout of a tuple whose `len` counts the fields seen as items; further fields follow as extra
//! words, whose number is in the object's flags ([`hidden`]). So every field is a member descriptor of a fixed offset.
//!
//! # Invariants
//! - The `aux` word of a type, or of its nearest native base, is the address of its static [`StructSeq`].
//! - An instance has as many words behind its header as its type has fields, so a field's number below that is a slot
//!   of it.

use crate::err::{R, Raised};
use crate::n;
use crate::native::*;
use crate::object::*;
use crate::shape::shape;
use crate::slots::Slots;
use crate::thread::Th;
use crate::value::*;
use std::sync::atomic::Ordering::*;

/// Name and documentation; an empty name: reachable by index only.
pub type Field = (&'static str, &'static str);

pub struct StructSeq {
    pub cell: TypeCell,
    pub fields: &'static [Field],
    /// How many fields are items.
    pub visible: usize,
}

/// Where the number of words after the items is kept in `Header::flags` (of tuples only).
const HIDDEN_SHIFT: u32 = 4;
const MAX_HIDDEN: usize = 15;
const MAX_FIELDS: usize = 40;

/// Words that follow a tuple's items.
#[inline(always)]
pub fn hidden(flags: u8) -> usize {
    (flags >> HIDDEN_SHIFT) as usize & MAX_HIDDEN
}

pub const SLOTS: Slots = Slots { new: Some(new), repr: Some(repr), ..Slots::NONE };
pub const METHODS: &[NativeDef] = &[method("__reduce__", "($self, /)", "", reduce), REPLACE];
pub const REPLACE: NativeDef = raw_method(
    "__replace__",
    "($self, /, **changes)",
    "Return a copy of the structure with new values for the specified fields.",
    replace,
);

/// Declares a struct sequence: its name, documentation, number of visible fields and fields.
#[macro_export]
macro_rules! structseq {
    ($(#[$m:meta])* $vis:vis $name:ident $pyname:literal $visible:literal $doc:literal $flags:expr ; [$($field:expr),* $(,)?]) => {
        $(#[$m])*
        $vis static $name: $crate::builtins::structseq::StructSeq = {
            static T: $crate::native::NativeType = $crate::native::NativeType {
                name: $pyname,
                kind: $crate::value::Kind::Tuple,
                size: 16,
                flags: $flags,
                doc: $doc,
                base: Some(&$crate::builtins::tuple::TUPLE),
                slots: $crate::builtins::structseq::SLOTS,
                methods: $crate::builtins::structseq::METHODS,
                init: Some(|th, t| $crate::builtins::structseq::finish(th, t, &$name)),
                ..$crate::native::NativeType::DEFAULT
            };
            $crate::builtins::structseq::StructSeq {
                cell: $crate::native::TypeCell::new(&T),
                fields: &[$($field),*],
                visible: $visible,
            }
        };
    };
}

/// Fills in the type object; called when it is made.
pub fn finish(th: Th, t: Gc<Type>, s: &'static StructSeq) -> R<()> {
    debug_assert!(s.fields.len() - s.visible <= MAX_HIDDEN && s.fields.len() <= MAX_FIELDS);
    // The declaration's address: statics are aligned, so it is no word that the collector follows.
    t.aux.init(Some(Value::fix(s as *const StructSeq as i64)));
    let d = t.dict_();
    let mut names = crate::interp::call::Gather::new();
    for (i, (name, doc)) in s.fields.iter().enumerate() {
        if name.is_empty() {
            continue;
        }
        let doc = if doc.is_empty() { None } else { Some(*doc) };
        let m = th.member_descriptor(t, name, (16 + 8 * i) as u32, member::READONLY, doc);
        d.set(th, th.intern(name), m)?;
        if i < s.visible {
            names.push(th, th.intern(name))?;
        }
    }
    let unnamed = s.fields.iter().filter(|f| f.0.is_empty()).count();
    for (k, n) in
        [("n_sequence_fields", s.visible), ("n_fields", s.fields.len()), ("n_unnamed_fields", unnamed)]
    {
        d.set(th, th.intern(k), Value::fix(n as i64))?;
    }
    let names = th.tuple(names.as_slice());
    d.set(th, n!(__match_args__), names)
}

fn of(t: Gc<Type>) -> &'static StructSeq {
    let mut t = t;
    loop {
        match t.aux.get().and_then(|v| v.as_fix()) {
            Some(p) => return unsafe { &*(p as *const StructSeq) },
            None => t = t.base_type().expect("a struct sequence type"),
        }
    }
}
fn tup(v: Value) -> Gc<Tuple> {
    v.known()
}
/// Field `i`, hidden ones included.
fn slot(o: Gc<Tuple>, i: usize) -> &'static Slot {
    unsafe { &*o.after::<Slot>().add(i) }
}

impl StructSeq {
    pub fn type_(&'static self, th: Th) -> Gc<Type> {
        th.make_type(&self.cell)
    }
    /// An instance of these values, one for each field.
    pub fn make(&'static self, th: Th, values: &[Value]) -> R<Value> {
        debug_assert_eq!(values.len(), self.fields.len());
        let t = self.type_(th);
        self.make_of(th, t, values, |_| None)
    }
    /// The same of type `t`, which may be a subclass.
    pub fn make_as(&'static self, th: Th, t: Gc<Type>, values: &[Value]) -> R<Value> {
        self.make_of(th, t, values, |_| None)
    }
    /// With `rest(i)` for the fields from `values.len()` on; None: null.
    fn make_of(
        &self,
        th: Th,
        t: Gc<Type>,
        values: &[Value],
        rest: impl Fn(usize) -> Option<Value>,
    ) -> R<Value> {
        let n = self.fields.len();
        let s = shape(t.root_shape.load(Acquire));
        // Everything that may allocate comes before the object.
        let mut all = [None; MAX_FIELDS];
        for (i, v) in all.iter_mut().enumerate().take(n) {
            *v = values.get(i).copied().or_else(|| rest(i));
        }
        unsafe {
            let Ok(o) = th.m.try_alloc(16 + 8 * n, t.inst_kind, s.id) else {
                return Err(th.memory_error());
            };
            let g = Gc::<Tuple>::from_obj(o);
            (*g.as_ptr()).len = self.visible;
            g.set_flag(((n - self.visible) as u8) << HIDDEN_SHIFT);
            for i in 0..n {
                slot(g, i).init(all[i]);
            }
            Ok(g.value())
        }
    }
}

fn size_error(th: Th, t: Gc<Type>, s: &StructSeq, n: usize) -> Raised {
    let name = th.type_name(t);
    let (min, max) = (s.visible, s.fields.len());
    th.type_error(if min == max {
        format!("{name}() takes a {min}-sequence ({n}-sequence given)")
    } else if n < min {
        format!("{name}() takes an at least {min}-sequence ({n}-sequence given)")
    } else {
        format!("{name}() takes an at most {max}-sequence ({n}-sequence given)")
    })
}

static NEW: NativeDef = function("structseq", "(sequence, dict={})", "", |th, _| Err(th.system_error("")));

fn new(th: Th, ty: Value, a: RawArgs) -> R<Value> {
    let t: Gc<Type> = ty.known();
    let s = of(t);
    let mut b = [None, None];
    // The function's name in messages is the type's.
    if a.nkw() == 0 && (1..=2).contains(&a.len()) {
        b[0] = Some(a.pos()[0]);
        b[1] = a.pos().get(1).copied();
    } else {
        crate::bind::bind(th, &NEW, a, &mut b)?;
    }
    let seq = b[0].unwrap();
    let items = if th.type_of(seq).slots.iter.is_none() && th.type_of(seq).slots.getitem.is_none() {
        return Err(th.type_error("constructor requires a sequence"));
    } else {
        tup(super::tuple::from_iterable(th, seq)?)
    };
    let dict = match b[1] {
        None => None,
        Some(v) => match v.cast::<Dict>() {
            Some(d) => Some(d),
            None => {
                return Err(
                    th.type_error(format!("{}() takes a dict as second arg, if any", th.type_name(t)))
                );
            }
        },
    };
    let k = items.len;
    if k < s.visible || k > s.fields.len() {
        return Err(size_error(th, t, s, k));
    }
    let mut found = 0;
    if let Some(d) = dict {
        for (i, (name, _)) in s.fields.iter().enumerate() {
            if !name.is_empty() && d.get_str(th, th.intern(name))?.is_some() && i >= k {
                found += 1;
            }
        }
        if found < d.len() {
            return Err(
                th.type_error(format!("{}() got duplicate or unexpected field name(s)", th.type_name(t)))
            );
        }
    }
    s.make_of(th, t, items.items(), |i| {
        let v = match dict {
            Some(d) if !s.fields[i].0.is_empty() => d.get_str(th, th.intern(s.fields[i].0)).ok().flatten(),
            _ => None,
        };
        Some(v.unwrap_or(NONE()))
    })
}

fn repr(th: Th, o: Value) -> R<Value> {
    let t = th.type_of(o);
    let s = of(t);
    let g = tup(o);
    let mut out: Vec<u8> = format!("{}(", th.type_name(t)).into_bytes();
    let named = s.fields.iter().filter(|f| !f.0.is_empty());
    for (i, (name, _)) in named.take(g.len).enumerate() {
        if i > 0 {
            out.extend_from_slice(b", ");
        }
        out.extend_from_slice(name.as_bytes());
        out.push(b'=');
        let r = th.repr(g.items()[i])?;
        out.extend_from_slice(r.known::<Str>().bytes());
    }
    out.push(b')');
    th.try_str(&out)
}

fn reduce(th: Th, a: &[Option<Value>]) -> R<Value> {
    let o = a[0].unwrap();
    let (t, g) = (th.type_of(o), tup(o));
    let s = of(t);
    let items = th.try_tuple(g.items())?;
    let d = Gc::<Dict>::new(th);
    for i in s.visible..s.fields.len() {
        if !s.fields[i].0.is_empty() {
            d.set(th, th.intern(s.fields[i].0), Value::opt_or_none(slot(g, i).get()))?;
        }
    }
    Ok(th.tuple(&[t.value(), th.tuple(&[items, d.value()])]))
}

fn replace(th: Th, a: RawArgs) -> R<Value> {
    let o = a.pos()[0];
    let (t, g) = (th.type_of(o), tup(o));
    let s = of(t);
    if a.len() > 1 {
        return Err(
            th.type_error(format!("__replace__() takes no positional arguments ({} given)", a.len() - 1))
        );
    }
    if s.fields.iter().any(|f| f.0.is_empty()) {
        return Err(th.type_error(format!(
            "__replace__() is not supported for {} because it has unnamed field(s)",
            th.type_name(t)
        )));
    }
    let mut unexpected = Vec::new();
    for (k, _) in a.keywords() {
        let name = th.text(k);
        if !s.fields.iter().any(|f| f.0 == name) {
            unexpected.push(th.text(th.repr(k)?));
        }
    }
    if !unexpected.is_empty() {
        return Err(th.type_error(format!("Got unexpected field name(s): [{}]", unexpected.join(", "))));
    }
    s.make_of(th, t, &[], |i| {
        a.keywords()
            .find(|(k, _)| k.cast::<Str>().is_some_and(|k| k.bytes() == s.fields[i].0.as_bytes()))
            .map(|x| x.1)
            .or_else(|| slot(g, i).get())
    })
}
