//! Template strings (PEP 750): `string.templatelib.Template` and `Interpolation`.
//!
//! # Invariants
//! Templates and interpolations are made here alone, complete: `strings` and `interpolations` are tuples, of strings
//! and of interpolations. They never change, so their items may be borrowed while the template is on the stack.

use super::list;
use crate::err::R;
use crate::interp::call::Gather;
use crate::native::*;
use crate::object::*;
use crate::slots::Slots;
use crate::thread::{Root, Th};
use crate::value::*;
use adder_heap::{Header, Size, Trace};
use std::mem::offset_of;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// `strings` has one item more than `interpolations`.
#[repr(C)]
pub struct Template {
    pub h: Header,
    pub strings: Slot,
    pub interpolations: Slot,
}
unsafe impl Layout for Template {
    const KIND: Kind = Kind::Template;
}
#[repr(C)]
pub struct Interpolation {
    pub h: Header,
    pub value: Slot,
    pub expression: Slot,
    pub conversion: Slot,
    pub format_spec: Slot,
}
unsafe impl Layout for Interpolation {
    const KIND: Kind = Kind::Interpolation;
}
#[repr(C)]
pub struct TemplateIter {
    pub h: Header,
    pub template: Slot,
    /// Even: the string `i / 2` is next, odd: the interpolation.
    pub i: AtomicU64,
}
unsafe impl Layout for TemplateIter {
    const KIND: Kind = Kind::TemplateIter;
}
pub fn layout(k: Kind) -> Option<(Size, Trace)> {
    let slots = |size: usize, n| Some((Size::Fixed(size as u32), Trace::Slots { at: 8, n }));
    match k {
        Kind::Template => slots(size_of::<Template>(), 2),
        Kind::Interpolation => slots(size_of::<Interpolation>(), 4),
        Kind::TemplateIter => slots(size_of::<TemplateIter>(), 1),
        _ => None,
    }
}

const fn ro(name: &'static str, doc: &'static str, offset: usize) -> MemberDef {
    MemberDef { name, doc, offset: offset as u32, flags: member::READONLY }
}

pub static TEMPLATE_TYPE: NativeType = NativeType {
    name: "string.templatelib.Template",
    kind: Kind::Template,
    size: size_of::<Template>() as u32,
    flags: tflags::IMMUTABLE | tflags::HAVE_GC,
    doc: "Template object",
    slots: Slots {
        new: Some(template_new),
        repr: Some(|th, o| {
            let t = tpl(o);
            let (s, i) = (th.text(th.repr(t.strings.value())?), th.text(th.repr(t.interpolations.value())?));
            Ok(th.str(&format!("{}(strings={s}, interpolations={i})", th.type_of(o).name_str())))
        }),
        iter: Some(|th, o| {
            Ok(th
                .object(TemplateIter {
                    h: TemplateIter::head(),
                    template: Slot::new(o),
                    i: AtomicU64::new(0),
                })
                .value())
        }),
        concat: Some(concat),
        ..Slots::NONE
    },
    methods: &[
        method("__reduce__", "($self, /)", "", |th, a| {
            let t = tpl(a[0].unwrap());
            let m = crate::import::import_module(th, "string.templatelib")?;
            let f = th.getattr(m, th.intern("_template_unpickle"))?;
            Ok(th.tuple(&[f, th.tuple(&[t.strings.value(), t.interpolations.value()])]))
        }),
        classmethod(
            "__class_getitem__",
            "($type, object, /)",
            "Template supports [] for generic usage",
            |th, a| super::typing::generic_alias(th, a[0].unwrap(), a[1].unwrap()),
        ),
    ],
    members: &[
        ro("strings", "Strings", offset_of!(Template, strings)),
        ro("interpolations", "Interpolations", offset_of!(Template, interpolations)),
    ],
    getset: &[getter("values", "Values of interpolations", |th, o| {
        let mut g = Gather::new();
        for i in tup(&tpl(o).interpolations) {
            g.push(th, i.known::<Interpolation>().value.value())?;
        }
        th.try_tuple(g.as_slice())
    })],
    ..NativeType::DEFAULT
};
pub static TEMPLATE: TypeCell = TypeCell::new(&TEMPLATE_TYPE);

pub static INTERPOLATION_TYPE: NativeType = NativeType {
    name: "string.templatelib.Interpolation",
    kind: Kind::Interpolation,
    size: size_of::<Interpolation>() as u32,
    flags: tflags::IMMUTABLE | tflags::HAVE_GC,
    doc: "Interpolation object",
    slots: Slots {
        new: Some(|th, _, a| th.call_def(&INTERPOLATION_NEW, None, None, a)),
        repr: Some(|th, o| {
            let i = itp(o);
            let r = |s: &Slot| -> R<String> { Ok(th.text(th.repr(s.value())?)) };
            Ok(th.str(&format!(
                "{}({}, {}, {}, {})",
                th.type_of(o).name_str(),
                r(&i.value)?,
                r(&i.expression)?,
                r(&i.conversion)?,
                r(&i.format_spec)?
            )))
        }),
        ..Slots::NONE
    },
    methods: &[
        method("__reduce__", "($self, /)", "__reduce__() -> (cls, state)", |th, a| {
            let o = a[0].unwrap();
            let i = itp(o);
            let state = [i.value.value(), i.expression.value(), i.conversion.value(), i.format_spec.value()];
            Ok(th.tuple(&[th.type_of(o).value(), th.tuple(&state)]))
        }),
        classmethod(
            "__class_getitem__",
            "($type, object, /)",
            "Interpolations are generic over the types of their values",
            |th, a| super::typing::generic_alias(th, a[0].unwrap(), a[1].unwrap()),
        ),
    ],
    members: &[
        ro("value", "Value", offset_of!(Interpolation, value)),
        ro("expression", "Expression", offset_of!(Interpolation, expression)),
        ro("conversion", "Conversion", offset_of!(Interpolation, conversion)),
        ro("format_spec", "Format specifier", offset_of!(Interpolation, format_spec)),
    ],
    init: Some(|th, t| {
        let names = ["value", "expression", "conversion", "format_spec"].map(|s| th.intern(s));
        let v = th.tuple(&names);
        t.dict_().set(th, crate::n!(__match_args__), v)
    }),
    ..NativeType::DEFAULT
};
pub static INTERPOLATION: TypeCell = TypeCell::new(&INTERPOLATION_TYPE);

pub static TEMPLATE_ITER_TYPE: NativeType = NativeType {
    name: "string.templatelib.TemplateIter",
    kind: Kind::TemplateIter,
    size: size_of::<TemplateIter>() as u32,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION | tflags::HAVE_GC,
    doc: "Template iterator object",
    slots: Slots { iter: Some(|_, o| Ok(o)), iternext: Some(iter_next), ..Slots::NONE },
    ..NativeType::DEFAULT
};
pub static TEMPLATE_ITER: TypeCell = TypeCell::new(&TEMPLATE_ITER_TYPE);

fn tpl(o: Value) -> Gc<Template> {
    unsafe { o.cast_unchecked() }
}
fn itp(o: Value) -> Gc<Interpolation> {
    unsafe { o.cast_unchecked() }
}
fn tup(s: &Slot) -> &'static [Value] {
    unsafe { &*(s.gc::<Tuple>().items() as *const [Value]) }
}

/// Strings first and between, empty ones left out.
fn iter_next(_: Th, o: Value) -> R<Option<Value>> {
    let it: Gc<TemplateIter> = unsafe { o.cast_unchecked() };
    let t = tpl(it.template.value());
    let (strings, items) = (tup(&t.strings), tup(&t.interpolations));
    loop {
        let i = it.i.fetch_add(1, Relaxed) as usize;
        let (k, is_string) = (i / 2, i % 2 == 0);
        if is_string {
            match strings.get(k) {
                Some(s) if s.known::<Str>().is_empty() => {}
                Some(s) => return Ok(Some(*s)),
                None => break,
            }
        } else {
            match items.get(k) {
                Some(v) => return Ok(Some(*v)),
                None => break,
            }
        }
    }
    it.i.fetch_sub(1, Relaxed);
    Ok(None)
}

/// `t"..."`: the value, its text, the number of the conversion (0 none, 1 `!s`, 2 `!r`, 3 `!a`) and the format.
pub fn interpolation(th: Th, v: Value, text: Value, conversion: u8, spec: Option<Value>) -> R<Value> {
    let c = match conversion {
        1 => th.intern("s"),
        2 => th.intern("r"),
        3 => th.intern("a"),
        _ => NONE(),
    };
    Ok(new_interpolation(th, v, text, c, spec.unwrap_or(Root::empty_str.value())))
}
fn new_interpolation(th: Th, v: Value, text: Value, conversion: Value, spec: Value) -> Value {
    th.object(Interpolation {
        h: Interpolation::head(),
        value: Slot::new(v),
        expression: Slot::new(text),
        conversion: Slot::new(conversion),
        format_spec: Slot::new(spec),
    })
    .value()
}
pub fn template(th: Th, strings: Value, interpolations: Value) -> R<Value> {
    Ok(th
        .object(Template {
            h: Template::head(),
            strings: Slot::new(strings),
            interpolations: Slot::new(interpolations),
        })
        .value())
}

static INTERPOLATION_NEW: NativeDef =
    function("Interpolation", "(value, expression='', conversion=None, format_spec='')", "", |th, a| {
        let text = |i: usize, name: &str| -> R<Option<Value>> {
            match a[i] {
                Some(v) if !v.is_kind(Kind::Str) => Err(th.type_error(format!(
                    "Interpolation() argument '{name}' must be str, not {}",
                    th.arg_type_name(v)
                ))),
                v => Ok(v),
            }
        };
        let empty = Root::empty_str.value();
        let expression = text(1, "expression")?.unwrap_or(empty);
        let conversion = match a[2].and_then(|c| c.some()) {
            None => NONE(),
            Some(c) if !c.is_kind(Kind::Str) => {
                return Err(th.type_error(format!(
                    "Interpolation() argument 'conversion' must be str, not {}",
                    th.arg_type_name(c)
                )));
            }
            Some(c) if matches!(&*th.text(c), "s" | "r" | "a") => c,
            Some(_) => {
                return Err(
                    th.value_error("Interpolation() argument 'conversion' must be one of 's', 'a' or 'r'")
                );
            }
        };
        let spec = text(3, "format_spec")?.unwrap_or(empty);
        Ok(new_interpolation(th, a[0].unwrap(), expression, conversion, spec))
    });

/// Adjacent strings are joined, adjacent interpolations get an empty string between them.
fn template_new(th: Th, _t: Value, a: RawArgs) -> R<Value> {
    if a.nkw() != 0 {
        return Err(th.type_error("Template.__new__ only accepts *args arguments"));
    }
    let (strings, items) = (list::new(th, &[])?, list::new(th, &[])?);
    let mut text: Option<Value> = None;
    let empty = Root::empty_str.value();
    for v in a.pos() {
        if v.is_kind(Kind::Str) {
            text = Some(match text {
                Some(t) => super::str_methods::concat_all(th, &[t, *v])?,
                None => *v,
            });
        } else if v.is_kind(Kind::Interpolation) {
            list::append(th, strings, text.take().unwrap_or(empty))?;
            list::append(th, items, *v)?;
        } else {
            return Err(th.type_error(format!(
                "Template.__new__ *args need to be of type 'str' or 'Interpolation', got {}",
                th.type_name_of(*v)
            )));
        }
    }
    list::append(th, strings, text.unwrap_or(empty))?;
    let (s, i) = (list::snapshot(th, strings)?, list::snapshot(th, items)?);
    template(th, s, i)
}

fn concat(th: Th, a: Value, b: Value) -> R<Value> {
    if !b.is_kind(Kind::Template) {
        return Err(th.type_error(format!(
            "can only concatenate string.templatelib.Template (not \"{}\") to string.templatelib.Template",
            th.type_name_of(b)
        )));
    }
    let (x, y) = (tpl(a), tpl(b));
    let (sx, sy) = (tup(&x.strings), tup(&y.strings));
    let mut g = Gather::new();
    g.extend(th, &sx[..sx.len() - 1])?;
    let joint = super::str_methods::concat_all(th, &[sx[sx.len() - 1], sy[0]])?;
    g.push(th, joint)?;
    g.extend(th, &sy[1..])?;
    let strings = th.try_tuple(g.as_slice())?;
    let mut g = Gather::new();
    g.extend(th, tup(&x.interpolations))?;
    g.extend(th, tup(&y.interpolations))?;
    let items = th.try_tuple(g.as_slice())?;
    template(th, strings, items)
}
