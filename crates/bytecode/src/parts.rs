//! Parts of code objects that are read when somebody asks: positions, which most functions never need, and names, which
//! are made objects of at once and wanted as text by few.
//!
//! Invariant: what cannot be read (bytes that were damaged) shows as no position, as an empty name; it is no panic.

use std::fmt;
use std::ops::{Deref, Index};
use std::sync::{Arc, OnceLock};

use crate::Position;
use crate::serial::{has_line, lines, positions};
use crate::unit::Unit;

/// The positions of a code object's instructions.
#[derive(Clone, Default)]
pub struct Positions {
    list: OnceLock<Vec<Position>>,
    later: Option<Later>,
    /// Somebody asked whether an instruction has a line; the answers for all of them, once that was asked again.
    asked: OnceLock<()>,
    lined: OnceLock<Box<[u64]>>,
}

/// Where positions lie.
#[derive(Clone)]
struct Later {
    unit: Arc<Unit>,
    from: usize,
    to: usize,
    /// How many; the line that the first one is relative to.
    count: usize,
    line: u32,
}

impl Positions {
    pub(crate) fn later(unit: Arc<Unit>, from: usize, to: usize, count: usize, line: u32) -> Positions {
        Positions { later: Some(Later { unit, from, to, count, line }), ..Positions::default() }
    }
}

impl Positions {
    /// Whether instruction `i` has a line; their positions are not read for that.
    pub fn has_line(&self, i: usize) -> bool {
        let l = match (self.list.get(), &self.later) {
            (None, Some(l)) if i < l.count => l,
            _ => return self.get(i).is_some_and(|p| p.line != 0),
        };
        // Most functions never raise, many do once; of some it is usual.
        if self.asked.set(()).is_ok() {
            return has_line(&l.unit.text(), l.from, l.to, i).unwrap_or(false);
        }
        let lined =
            self.lined.get_or_init(|| lines(&l.unit.text(), l.from, l.to, l.count).unwrap_or_default());
        lined.get(i / 64).is_some_and(|bits| bits >> (i % 64) & 1 != 0)
    }
}

impl Deref for Positions {
    type Target = [Position];
    fn deref(&self) -> &[Position] {
        self.list.get_or_init(|| match &self.later {
            Some(l) => positions(&l.unit.text(), l.from, l.to, l.count, l.line)
                .unwrap_or_else(|_| vec![Position::default(); l.count]),
            None => Vec::new(),
        })
    }
}

impl From<Vec<Position>> for Positions {
    fn from(list: Vec<Position>) -> Positions {
        Positions { list: list.into(), ..Positions::default() }
    }
}

impl PartialEq for Positions {
    fn eq(&self, other: &Positions) -> bool {
        self[..] == other[..]
    }
}

impl fmt::Debug for Positions {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self[..].fmt(f)
    }
}

/// Names of a code object.
#[derive(Clone, Default)]
pub struct Names {
    own: OnceLock<Box<[Box<str>]>>,
    /// Or strings of a unit, until somebody wants to see them.
    shared: Option<(Arc<Unit>, Box<[u32]>)>,
}

impl Names {
    pub(crate) fn shared(unit: Arc<Unit>, ids: Vec<u32>) -> Names {
        Names { own: OnceLock::new(), shared: Some((unit, ids.into())) }
    }
    fn own(&self) -> &[Box<str>] {
        self.own.get_or_init(|| match &self.shared {
            Some((unit, ids)) => {
                let text = unit.text();
                ids.iter().map(|i| text.str(*i).into()).collect()
            }
            None => [].into(),
        })
    }
    pub fn len(&self) -> usize {
        self.shared.as_ref().map_or_else(|| self.own().len(), |s| s.1.len())
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    pub fn get(&self, i: usize) -> Option<&str> {
        self.own().get(i).map(|s| &**s)
    }
    /// Calls `f` with the bytes of all names, which may not be UTF-8 if they were damaged.
    pub fn with_bytes<R>(&self, f: impl FnOnce(&mut dyn Iterator<Item = &[u8]>) -> R) -> R {
        match (self.own.get(), &self.shared) {
            (None, Some((unit, ids))) => {
                let text = unit.text();
                f(&mut ids.iter().map(|i| text.string(*i)))
            }
            _ => f(&mut self.own().iter().map(|s| s.as_bytes())),
        }
    }
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.own().iter().map(|s| &**s)
    }
    pub fn set(&mut self, i: usize, name: Box<str>) {
        let mut own = self.own().to_vec();
        own[i] = name;
        *self = own.into();
    }
}

impl Index<usize> for Names {
    type Output = str;
    fn index(&self, i: usize) -> &str {
        self.get(i).expect("index of a name")
    }
}

impl From<Vec<Box<str>>> for Names {
    fn from(own: Vec<Box<str>>) -> Names {
        Names { own: own.into_boxed_slice().into(), shared: None }
    }
}

impl FromIterator<Box<str>> for Names {
    fn from_iter<I: IntoIterator<Item = Box<str>>>(names: I) -> Names {
        names.into_iter().collect::<Vec<_>>().into()
    }
}

impl PartialEq for Names {
    fn eq(&self, other: &Names) -> bool {
        self.iter().eq(other.iter())
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
