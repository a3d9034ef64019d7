//! The program as the engine runs it: made from the codes by `lower.rs`, once for each encoding
//! of the subject, and sharpened by `analyze.rs`.
//!
//! Characters are gone: literals are bytes, sets are bits in tables of 256 bytes that eight sets
//! share. An operation that succeeds goes on with the next one unless it names another; one that
//! fails goes back to what the backtrack stack holds.

use crate::charset::{ByteSet, CharTest, Fold};
use crate::prefilter::Prefilter;

/// Index of an operation.
pub(crate) type Pc = u32;

/// No multi-byte character is a member.
pub(crate) const ABOVE_NONE: u32 = u32::MAX;
/// Every multi-byte character is a member; the table then has all bytes from 0x80 on.
pub(crate) const ABOVE_ALL: u32 = u32::MAX - 1;

/// What one character must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    Never,
    Byte(u8),
    /// Any character but this one of a single byte (for `Wtf8`: an ASCII one).
    NotByte(u8),
    AnyAll,
    /// Bit `mask` in `table`; `above` says what to ask about characters that are not ASCII.
    Set {
        mask: u8,
        table: u16,
        /// For multi-byte encodings: a number in `Ir::tests`, or one of the constants above.
        above: u32,
    },
    /// Ask for each character: sets that depend on the locale.
    Test(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Fail,
    /// The end of the whole program.
    Success,
    Nop,
    Byte(u8),
    /// As `Item::Set`, and so are the others: one step less for the engine.
    Set {
        mask: u8,
        table: u16,
        above: u32,
    },
    Item(Item),
    /// A literal of up to eight bytes, the first lowest.
    Text {
        len: u8,
        text: u64,
    },
    /// A stretch of `Ir::literals`.
    Literal {
        at: u32,
        len: u32,
    },
    At(u8),
    /// Sets a mark and remembers the old one on the backtrack stack.
    Mark(u32),
    /// Sets a mark as CPython does, with `lastmark`; only in exact programs.
    MarkExact(u32),
    /// Exact programs: remembers `lastmark`, `lastindex` and, if asked, the marks.
    Save {
        marks: bool,
    },
    Jump(Pc),
    Branch(u32),
    /// Two ways on, in order of preference, and at which next bytes each can match at all.
    Split {
        /// Bit 0: the first can match at the end of the subject; bit 1: the second; and `SURE`,
        /// `SURE_END`.
        at_end: u8,
        first_mask: u8,
        second_mask: u8,
        table: u16,
        first: Pc,
        second: Pc,
    },
    /// A greedy or possessive repeat of one character: `Ir::loops`.
    Run(u32),
    /// A lazy one.
    RunLazy(u32),
    /// Enters a repeat of a group: `Ir::repeats`.
    RepeatEnter(u32),
    RepeatMax(u32),
    RepeatMin(u32),
    PossessiveEnter(u32),
    PossessiveEnd(u32),
    /// An assertion about one item: `Ir::looks`. The two operations behind it are not run.
    Look(u32),
    Assert {
        back: u32,
        after: Pc,
    },
    AssertEnd {
        marks: bool,
    },
    AssertNot {
        back: u32,
        after: Pc,
    },
    AssertNotEnd,
    Atomic {
        after: Pc,
    },
    /// `early`: not the last operation of the group (in code that no compiler makes).
    AtomicEnd {
        marks: bool,
        early: bool,
    },
    GroupRef {
        group: u32,
        fold: Fold,
    },
    GroupExists {
        group: u32,
        no: Pc,
    },
}

/// `Split`: the second way cannot fail, and undoes nothing: all frames before it are done with.
pub(crate) const SURE: u8 = 8;
/// `Split`: the same, but only if any end of the match is as good as another.
pub(crate) const SURE_END: u8 = 16;

/// What a simple assertion looks for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Looked {
    Item(Item),
    Literal { at: u32, len: u32 },
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub back: u32,
    pub what: Looked,
    pub negated: bool,
}

/// Programs of one operation need no engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    General,
    /// So many bytes, all found by the prefilter.
    Literal(usize),
    Item(Item),
    /// At least one character, as many as there are.
    Run(u32),
}

/// Most ways of a `Branch`: one bit of a word for each.
pub(crate) const WAYS: usize = usize::BITS as usize;

/// One way of an alternation: a literal of up to eight bytes (perhaps none), and where it goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    /// Behind what `len` bytes have matched.
    pub pc: Pc,
    pub len: u32,
    /// What must be there, which may be more than `len` bytes; the first byte lowest.
    pub text: u64,
    pub mask: u64,
}

/// An alternation.
#[derive(Clone, Debug)]
pub(crate) struct Branch {
    pub ways: Vec<Way>,
    /// Which kind of byte comes next…
    pub kinds: Box<[u8; 256]>,
    /// With up to eight ways, the kind itself has the bits.
    pub direct: bool,
    /// …which ways can match at that kind (one bit each)…
    pub viable: Vec<usize>,
    /// …and at the end of the subject.
    pub viable_at_end: usize,
}

impl Branch {
    /// Any way may match anywhere, until more is known.
    pub fn new(ways: Vec<Pc>) -> Branch {
        let every = usize::MAX >> (WAYS - ways.len());
        let ways = ways.iter().map(|&pc| Way { pc, text: 0, mask: 0, len: 0 }).collect();
        Branch { ways, kinds: Box::new([0; 256]), direct: false, viable: vec![every], viable_at_end: every }
    }
}

/// Where what follows a repeat can match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    None,
    /// Next must be this byte.
    Byte(u8),
    /// Next must be one of these, or `at_end`, the end of the subject.
    Set {
        table: u16,
        mask: u8,
        at_end: bool,
    },
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Loop {
    pub item: Item,
    pub min: u32,
    /// `MAXREPEAT`: no limit.
    pub max: u32,
    pub possessive: bool,
    pub filter: Filter,
    /// Lazy and without limit: the bytes at which there is more to do than to go on.
    pub skip: Option<(u16, u8)>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Repeat {
    pub min: u32,
    pub max: u32,
    pub body: Pc,
    pub tail: Pc,
    /// Exact programs: CPython keeps the marks at this repeat's choice.
    pub exact: bool,
    /// Exact programs: the same for what follows a lazy repeat.
    pub exact_tail: bool,
    /// The body sets marks.
    pub marks: bool,
}

pub(crate) struct Ir {
    pub ops: Vec<Op>,
    pub literals: Vec<u8>,
    pub tables: Vec<[u8; 256]>,
    pub tests: Vec<CharTest>,
    pub branches: Vec<Branch>,
    pub loops: Vec<Loop>,
    pub repeats: Vec<Repeat>,
    pub looks: Vec<Look>,
    pub shape: Shape,
    /// What every match starts with as many of as there are, if after a failed attempt there is no
    /// use in starting further on in the same run.
    pub leading: Option<Item>,
    pub prefilter: Prefilter,
    /// A search looks only at places where this fits.
    pub start: Option<Item>,
    /// Bytes that every match has at least.
    pub min_len: usize,
    pub exact: bool,
    /// The sets in the order of their places (eight to a table), for sharing.
    sets: Vec<(ByteSet, u16, u8)>,
}

impl Ir {
    pub fn new(exact: bool) -> Ir {
        Ir {
            ops: Vec::new(),
            literals: Vec::new(),
            tables: Vec::new(),
            tests: Vec::new(),
            branches: Vec::new(),
            loops: Vec::new(),
            repeats: Vec::new(),
            looks: Vec::new(),
            shape: Shape::General,
            leading: None,
            prefilter: Prefilter::None,
            start: None,
            min_len: 0,
            exact,
            sets: Vec::new(),
        }
    }

    /// The place of a set of bytes; `None` if there are too many sets.
    pub fn table(&mut self, set: ByteSet) -> Option<(u16, u8)> {
        if let Some(&(_, table, mask)) = self.known(set).next() {
            return Some((table, mask));
        }
        self.place(set)
    }

    /// Two sets side by side in one table.
    pub fn table_pair(&mut self, first: ByteSet, second: ByteSet) -> Option<(u16, u8, u8)> {
        for (_, table, mask) in self.known(first) {
            if let Some((.., second)) = self.known(second).find(|other| other.1 == *table) {
                return Some((*table, *mask, *second));
            }
        }
        if self.sets.len() % 8 == 7 {
            // The pair would be torn apart: leave the last bit of the table unused.
            self.sets.push((ByteSet::EMPTY, u16::MAX, 0));
        }
        let (table, first) = self.place(first)?;
        let (_, second) = self.place(second)?;
        Some((table, first, second))
    }

    /// Where the set is, among those made lately.
    fn known(&self, set: ByteSet) -> impl Iterator<Item = &(ByteSet, u16, u8)> {
        let late = self.sets.len().saturating_sub(64);
        self.sets[late..].iter().filter(move |known| known.0 == set && known.2 != 0)
    }

    fn place(&mut self, set: ByteSet) -> Option<(u16, u8)> {
        let bit = self.sets.len() % 8;
        if bit == 0 {
            self.tables.push([0; 256]);
        }
        let table = u16::try_from(self.tables.len() - 1).ok().filter(|&table| table != u16::MAX)?;
        for byte in set.iter() {
            self.tables[table as usize][byte as usize] |= 1 << bit;
        }
        self.sets.push((set, table, 1 << bit));
        Some((table, 1 << bit))
    }

    pub fn set(&self, table: u16, mask: u8) -> ByteSet {
        self.sets[table as usize * 8 + mask.trailing_zeros() as usize].0
    }

    /// The literal bytes of an operation, if it is one.
    pub fn literal(&self, at: u32, len: u32) -> &[u8] {
        &self.literals[at as usize..(at + len) as usize]
    }
}

/// Operations are copied by the engine at every step.
const _: () = assert!(std::mem::size_of::<Op>() <= 16);
const _: () = assert!(std::mem::size_of::<Item>() == 8);
