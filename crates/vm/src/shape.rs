//! Shapes (hidden classes): a 32-bit id in the object header that stands for the type *and* the attribute layout.
//!
//! A type has a root shape for each in-object capacity it has used; adding attribute `k` follows the transition `k`.
//! Attribute `i` of a shape lies in the object at `attrs_at + 8 i` if `i < cap`, else in the object's
//! [`AttrExt`](crate::object::AttrExt) at `i - cap`.
//!
//! # Invariants
//! - Shapes are immutable but for their transition table; an id is never reused while an object carries it.
//! - While there are several threads an attribute keeps its place, and the place of one that was deleted stays a *hole*: a
//!   thread that has just looked at the shape may still read and write there. A hole's key is [`HOLE`]; what is found in its
//!   place is nobody's.
//! - A shape in *dict mode* has no attributes of its own: they are in the dict that `AttrExt::dict` holds.
//! - Keys are interned strings, which never move. The type keeps those of all its shapes alive, whether objects have the
//!   shapes or not; so there is a bound on the number of shapes.

use crate::object::Type;
use crate::sync::lock;
use crate::value::{Gc, Value};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering::*};

/// More attributes than this and an instance goes over to dict mode.
pub const MAX_ATTRS: usize = 128;
const MAX_SHAPES: usize = 1 << 22;

pub struct Shape {
    pub id: u32,
    /// Bytes of an instance (for variable-sized layouts: of the fixed part).
    pub size: u32,
    /// Byte offset of the first in-object attribute.
    pub attrs_at: u32,
    /// In-object attributes.
    pub cap: u32,
    /// Byte offset of the `AttrExt` word; 0: instances have no attributes. `VAR`: at the end of a variable-sized object.
    pub ext_at: u32,
    pub dict_mode: bool,
    pub type_: Gc<Type>,
    pub root: u32,
    pub parent: u32,
    /// Of a root: how many shapes come from it.
    family: AtomicU32,
    /// A trace knows it by its number: see `in_trace`.
    traced: AtomicBool,
    /// Its type has died: see `sweep`.
    died: AtomicBool,
    keys: Box<[Value]>, // gc-safe: each is in `steps` of a shape on the way from the root
    steps: Mutex<Vec<Step>>,
}

/// A transition that was made already.
struct Step {
    name: Value, // gc-safe: an interned string, traced by `trace_names` of the shape that adds it
    change: Change,
    to: u32,
}
#[derive(Clone, Copy, PartialEq)]
enum Change {
    /// The attribute comes behind the others. With `None` for a name: all go into a dict.
    Added,
    /// One that was not the last is away, and those behind it have other places.
    Removed,
    /// It is away and its place is a hole.
    Holed,
}
impl Shape {
    fn step(steps: &[Step], name: Value, change: Change) -> Option<&'static Shape> {
        steps.iter().find(|s| s.name.is(name) && s.change == change).map(|s| shape(s.to))
    }
}

/// The key of a hole.
const HOLE: Value = Value::fix(0);
/// With more holes an instance goes over to dict mode.
const MOST_HOLES: usize = 8;

type Names = Box<[Value]>; // gc-safe: each is in `steps` of a shape on the way from the root

/// `Shape::ext_at` of variable-sized layouts.
pub const EXT_VAR: u32 = u32::MAX;

static SHAPES: [AtomicPtr<Shape>; MAX_SHAPES] = [const { AtomicPtr::new(std::ptr::null_mut()) }; MAX_SHAPES];
static NEXT: AtomicU32 = AtomicU32::new(crate::value::Kind::ALL.len() as u32);

/// The shape of an id found in a header.
#[inline(always)]
pub fn shape(id: u32) -> &'static Shape {
    // SAFETY: a header has the number of a shape, and that stays while some header has it.
    unsafe { &*SHAPES.get_unchecked(id as usize).load(Acquire) }
}

pub fn try_shape(id: u32) -> Option<&'static Shape> {
    unsafe { SHAPES.get(id as usize)?.load(Acquire).as_ref() }
}

/// The number of a shape for a trace: machine code may compare with it for ever, so it is never given out again.
pub fn in_trace(id: u32) -> i64 {
    if let Some(s) = try_shape(id) {
        s.traced.store(true, Relaxed);
    }
    id as i64
}

/// How many numbers of shapes were given out; those of freed shapes come again.
pub fn count() -> usize {
    NEXT.load(Relaxed) as usize
}

/// Where an attribute of an object is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// Byte offset in the object.
    Inline(u32),
    /// Index in the `AttrExt`.
    Ext(u32),
}

/// Roots whose shape for dict mode is yet to be made. Each has a number set aside: going over to dict mode never fails.
static OWED: AtomicU32 = AtomicU32::new(0);
/// Numbers that stay for native types and for threads that looked at `room` at the same time.
const MARGIN: usize = 4096;

/// Numbers of shapes that are left.
fn room() -> usize {
    let fresh = MAX_SHAPES.saturating_sub(NEXT.load(Relaxed) as usize);
    (fresh + lock(&FREE).len()).saturating_sub(OWED.load(Relaxed) as usize)
}

fn publish(mut s: Shape, id: Option<u32>) -> &'static Shape {
    let id = id.or_else(|| lock(&FREE).pop()).unwrap_or_else(|| NEXT.fetch_add(1, Relaxed));
    assert!((id as usize) < MAX_SHAPES, "too many shapes");
    s.id = id;
    if s.root == 0 {
        s.root = id;
    }
    let p = Box::into_raw(Box::new(s));
    SHAPES[id as usize].store(p, Release);
    unsafe { &*p }
}

/// As [`new_root`]. None: there are too many shapes, which counts as being out of memory.
pub fn try_new_root(type_: Gc<Type>, cap: u32) -> Option<&'static Shape> {
    (room() > MARGIN).then(|| new_root(type_, cap, None))
}

/// A new root shape of `type_`. `id`: given for builtin types (their kind).
pub fn new_root(type_: Gc<Type>, cap: u32, id: Option<u32>) -> &'static Shape {
    let (attrs_at, ext_at) = if !type_.has_ext {
        (type_.fixed_size, 0)
    } else if type_.ext_at == EXT_VAR {
        (type_.fixed_size, EXT_VAR)
    } else {
        // `__slots__` below a class with a dict lie behind the word, before the attributes.
        ((type_.ext_at + 8).max(type_.fixed_size), type_.ext_at)
    };
    let cap = if ext_at == 0 || ext_at == EXT_VAR { 0 } else { cap };
    let s = publish(
        Shape {
            id: 0,
            size: (attrs_at + 8 * cap).max(16),
            attrs_at,
            cap,
            ext_at,
            dict_mode: false,
            type_,
            root: 0,
            parent: 0,
            family: AtomicU32::new(0),
            traced: AtomicBool::new(false),
            died: AtomicBool::new(false),
            keys: Box::new([]),
            steps: Mutex::default(),
        },
        id,
    );
    OWED.fetch_add(1, Relaxed);
    let mut roots = lock(&unsafe { &*type_.data }.roots);
    if !roots.contains(&s.id) {
        roots.push(s.id);
    }
    s
}

/// A root shape of `type_` for objects that are laid out as those of shape `like`, of another type. None: too many shapes.
pub fn root_like(type_: Gc<Type>, like: &Shape) -> Option<&'static Shape> {
    let known = {
        let roots = lock(&unsafe { &*type_.data }.roots);
        roots.iter().map(|id| shape(*id)).find(|s| s.cap == like.cap && s.size == like.size)
    };
    known.or_else(|| try_new_root(type_, like.cap))
}

impl Shape {
    /// How many places of attributes there are, holes included.
    #[inline]
    pub fn places(&self) -> usize {
        self.keys.len()
    }
    /// The name of an attribute by its number; None: a hole.
    #[inline]
    pub fn key(&self, i: usize) -> Option<Value> {
        Some(self.keys[i]).filter(|k| !k.is(HOLE))
    }
    /// Numbers and names of the attributes, in their order.
    pub fn attributes(&self) -> impl DoubleEndedIterator<Item = (usize, Value)> {
        (0..self.keys.len()).filter_map(|i| Some((i, self.key(i)?)))
    }
    pub fn no_attributes(&self) -> bool {
        self.keys.len() == self.holes()
    }
    pub fn holes(&self) -> usize {
        self.keys.iter().filter(|k| k.is(HOLE)).count()
    }
    /// Where attribute `name` (interned) is.
    pub fn find(&self, name: Value) -> Option<Place> {
        self.keys.iter().position(|&k| k.is(name)).map(|i| self.place(i))
    }
    #[inline]
    pub fn place(&self, i: usize) -> Place {
        let i = i as u32;
        if i < self.cap { Place::Inline(self.attrs_at + 8 * i) } else { Place::Ext(i - self.cap) }
    }
    /// Whether an attribute of objects of this shape lies at this byte of them.
    pub fn has_attribute_at(&self, byte: u32) -> bool {
        let n = self.cap.min(self.keys.len() as u32);
        byte >= self.attrs_at && byte < self.attrs_at + 8 * n
    }
    /// The shape after adding `name` (interned, not yet there). None: it is time for dict mode.
    pub fn with(&'static self, name: Value) -> Option<&'static Shape> {
        if self.dict_mode || self.keys.len() >= MAX_ATTRS {
            return None;
        }
        let mut steps = lock(&self.steps);
        let known = Shape::step(&steps, name, Change::Added);
        if known.is_some() {
            return known;
        }
        // Names that never come again would fill the memory with shapes that nobody uses.
        const MOST: usize = 256;
        const MOST_IN_ALL: u32 = 4096;
        let root = shape(self.root);
        if steps.len() >= MOST || root.family.load(Relaxed) >= MOST_IN_ALL || room() <= 2 * MARGIN {
            return None;
        }
        root.family.fetch_add(1, Relaxed);
        // gc-safe: copied into the new shape before any allocation in the heap
        let mut keys = Vec::with_capacity(self.keys.len() + 1);
        keys.extend_from_slice(&self.keys);
        keys.push(name);
        let s = self.derive(self.id, keys.into_boxed_slice(), false);
        steps.push(Step { name, change: Change::Added, to: s.id });
        drop(steps);
        if self.keys.len() as u32 == self.cap && self.ext_at != EXT_VAR && self.holes() == 0 {
            self.grow_root();
        }
        Some(s)
    }
    /// The same layout with attributes in a dict.
    pub fn to_dict_mode(&'static self) -> &'static Shape {
        let root = shape(self.root);
        let mut steps = lock(&root.steps);
        if let Some(s) = Shape::step(&steps, crate::value::NONE(), Change::Added) {
            return s;
        }
        OWED.fetch_sub(1, Relaxed);
        let s = root.derive(root.id, Box::new([]), true);
        steps.push(Step { name: crate::value::NONE(), change: Change::Added, to: s.id });
        s
    }
    // gc-safe: the keys are interned strings, which never move; `trace` visits them.
    fn derive(&self, parent: u32, keys: Names, dict_mode: bool) -> &'static Shape {
        publish(
            Shape {
                id: 0,
                size: self.size,
                attrs_at: self.attrs_at,
                cap: self.cap,
                ext_at: self.ext_at,
                dict_mode,
                type_: self.type_,
                root: self.root,
                parent,
                family: AtomicU32::new(0),
                traced: AtomicBool::new(false),
                died: AtomicBool::new(false),
                keys,
                steps: Mutex::default(),
            },
            None,
        )
    }
    /// An instance outgrew the in-object capacity: later instances of the type get more.
    fn grow_root(&self) {
        let t = self.type_;
        if self.cap < 24 && shape(t.root_shape.load(Acquire)).cap == self.cap {
            let cap = (self.cap + 2).max(self.cap * 3 / 2);
            if let Some(s) = try_new_root(t, cap) {
                t.root_shape.store(s.id, Release);
            }
        }
    }
    /// The shape without an attribute that is not the last; there are no holes. None: so many such shapes exist that objects of the type seem to
    /// be used as dicts.
    pub fn without(&self, name: Value) -> Option<&'static Shape> {
        const MOST: usize = 16;
        if self.keys.len() > MOST {
            return None;
        }
        let known = Shape::step(&lock(&self.steps), name, Change::Removed);
        if known.is_some() {
            return known;
        }
        let mut s = shape(self.root);
        for k in self.keys.iter().filter(|k| !k.is(name)) {
            if lock(&s.steps).len() > MOST {
                return None;
            }
            s = s.with(*k)?;
        }
        lock(&self.steps).push(Step { name, change: Change::Removed, to: s.id });
        Some(s)
    }
    /// The shape with a hole in the place of an attribute. None: it is time for dict mode.
    pub fn with_hole(&self, name: Value) -> Option<&'static Shape> {
        let mut steps = lock(&self.steps);
        let known = Shape::step(&steps, name, Change::Holed);
        if known.is_some() {
            return known;
        }
        if self.holes() >= MOST_HOLES || room() <= 2 * MARGIN {
            return None;
        }
        // gc-safe: as in `with`
        let keys = self.keys.iter().map(|k| if k.is(name) { HOLE } else { *k }).collect();
        // It does not come of adding its last attribute to this one.
        let s = self.derive(0, keys, false);
        steps.push(Step { name, change: Change::Holed, to: s.id });
        Some(s)
    }
    /// The shape with the last attribute removed, if `name` is the last.
    pub fn without_last(&self, name: Value) -> Option<&'static Shape> {
        if self.keys.last().is_some_and(|k| k.is(name)) && self.parent != 0 {
            Some(shape(self.parent))
        } else {
            None
        }
    }
}

/// Types that died in the collection that is going on, by address.
static DEAD_TYPES: Mutex<Vec<usize>> = Mutex::new(Vec::new());
/// Numbers of freed shapes.
static FREE: Mutex<Vec<u32>> = Mutex::new(Vec::new());
/// Shapes to be freed at the next full collection.
static CONDEMNED: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// The type of a shape, if there still is one: a trace may know shapes of types that have died.
pub fn living_type(id: u32) -> Option<Gc<Type>> {
    let s = try_shape(id)?;
    let died = s.died.load(Relaxed) || lock(&DEAD_TYPES).contains(&(s.type_.value().bits() as usize));
    (!died).then_some(s.type_)
}

/// # Safety
/// To be called by the collector with the world stopped.
pub unsafe fn type_died(addr: usize) {
    lock(&DEAD_TYPES).push(addr);
}

/// At the end of a full collection: the shapes of types that died have no objects any more. They are freed a full
/// collection later, because native code may still hold a reference to one whose last object it has just let go. Their
/// numbers are given out again if no trace knows them: the caches that knew the type were emptied when it died.
///
/// # Safety
/// To be called by the collector with the world stopped.
pub unsafe fn sweep(live: &dyn Fn(u32) -> bool) {
    let mut condemned = lock(&CONDEMNED);
    for id in condemned.drain(..) {
        let p = SHAPES[id as usize].swap(std::ptr::null_mut(), AcqRel);
        // SAFETY: its type died a full collection ago; native code has let go of it since.
        let s = unsafe { Box::from_raw(p) };
        if s.root == id && !lock(&s.steps).iter().any(|x| x.name.is(crate::value::NONE())) {
            OWED.fetch_sub(1, Relaxed);
        }
        if !s.traced.load(Relaxed) {
            lock(&FREE).push(id);
        }
    }
    let mut dead = std::mem::take(&mut *lock(&DEAD_TYPES));
    if dead.is_empty() {
        return;
    }
    dead.sort_unstable();
    for id in crate::value::Kind::ALL.len() as u32..NEXT.load(Acquire) {
        let Some(s) = try_shape(id) else { continue };
        if !live(id) && dead.binary_search(&(s.type_.value().bits() as usize)).is_ok() {
            s.died.store(true, Relaxed);
            condemned.push(id);
        }
    }
}

/// Visits what a live shape refers to.
///
/// # Safety
/// To be called by the collector with the world stopped.
pub unsafe fn trace(id: u32, t: &mut adder_heap::Tracer) {
    let Some(s) = try_shape(id) else { return };
    let mut w = s.type_.value().bits();
    t.slot(&mut w);
}

/// Visits the names of all attributes in the shapes of a type (in a full collection).
///
/// # Safety
/// To be called by the collector with the world stopped.
pub unsafe fn trace_names(type_: &Type, t: &mut adder_heap::Tracer) {
    let Some(d) = (unsafe { type_.data.as_ref() }) else { return };
    // One buffer for all types.
    static TODO: Mutex<Vec<u32>> = Mutex::new(Vec::new());
    let mut todo = lock(&TODO);
    todo.extend_from_slice(&lock(&d.roots));
    while let Some(id) = todo.pop() {
        let Some(s) = try_shape(id) else { continue };
        for step in lock(&s.steps).iter() {
            // To those with an attribute less another way leads.
            if step.change != Change::Removed {
                let mut w = step.name.bits();
                t.slot(&mut w);
                todo.push(step.to);
            }
        }
    }
}
