//! Checks that a list of codes is a well-formed program.
//!
//! `_sre.compile` takes codes from anybody, and everything behind this file trusts them: skips
//! land on operations, regions nest, numbers of groups exist. The rules are those of CPython's
//! `_validate`, with one addition: the body of a single-character repeat must be one operation that
//! matches one character (CPython accepts any body there; its compiler writes no other).
//!
//! Nothing here recurses: the nesting of hostile codes may be any depth.

use crate::charset::next_item;
use crate::codes::*;

/// The codes do not form a program: `RuntimeError("invalid SRE code")`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidCode;

impl std::fmt::Display for InvalidCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("invalid SRE code")
    }
}

impl std::error::Error for InvalidCode {}

/// What validation learns on its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// One more than the highest mark that the program sets.
    pub marks: u32,
    /// Whether it can be told from outside that CPython does not always restore groups when it
    /// goes back (see `lower.rs`): then the program runs in exactly CPython's way.
    pub exact: bool,
}

/// A stretch of code that must end at `end`, and what has to follow it there.
struct Region {
    end: usize,
    kind: Kind,
    /// Groups open when it was entered.
    open: usize,
}

enum Kind {
    Program,
    /// An alternative of a branch; where the alternatives before it jump to.
    Alternative(Option<usize>),
    Repeat,
    /// Ends with `SUCCESS`.
    Closed,
    /// The "yes" part of a conditional; the same up to the `JUMP` around the "no" part.
    Yes,
    No,
}

pub(crate) fn validate(codes: &[u32], groups: u32) -> Result<Facts, InvalidCode> {
    if groups > MAXGROUPS || codes.last() != Some(&op::SUCCESS) {
        return Err(InvalidCode);
    }
    let mut v = Validator {
        codes,
        groups,
        at: 0,
        regions: vec![Region { end: codes.len() - 1, kind: Kind::Program, open: 0 }],
        facts: Facts::default(),
        opened: 0,
        open: Vec::new(),
    };
    while v.step()? {}
    Ok(v.facts)
}

struct Validator<'a> {
    codes: &'a [u32],
    groups: u32,
    at: usize,
    regions: Vec<Region>,
    facts: Facts,
    /// Groups opened so far, and those of them not yet closed.
    opened: u32,
    open: Vec<u32>,
}

impl Validator<'_> {
    fn top(&mut self) -> &mut Region {
        self.regions.last_mut().expect("the program is never popped before the end")
    }

    fn arg(&mut self) -> Result<u32, InvalidCode> {
        if self.at >= self.top().end {
            return Err(InvalidCode);
        }
        self.at += 1;
        Ok(self.codes[self.at - 1])
    }

    /// A skip relative to its own place; gives the target, which may exceed the region by `slack`.
    fn skip(&mut self, slack: usize) -> Result<(usize, usize), InvalidCode> {
        let place = self.at;
        let skip = self.arg()? as usize;
        if skip > self.top().end - place + slack {
            return Err(InvalidCode);
        }
        Ok((skip, place + skip))
    }

    fn expect(&mut self, code: u32) -> Result<(), InvalidCode> {
        if self.arg()? == code { Ok(()) } else { Err(InvalidCode) }
    }

    fn enter(&mut self, end: usize, kind: Kind) -> Result<(), InvalidCode> {
        if end < self.at {
            return Err(InvalidCode);
        }
        let open = self.open.len();
        self.regions.push(Region { end, kind, open });
        Ok(())
    }

    /// One operation, or the end of a region. False at the end of the program.
    fn step(&mut self) -> Result<bool, InvalidCode> {
        let (at, end) = (self.at, self.top().end);
        if at < end {
            self.operation()?;
            return Ok(true);
        }
        if at > end {
            return Err(InvalidCode);
        }
        if self.top().open != self.open.len() {
            self.facts.exact = true;
        }
        let region = self.regions.pop().expect("checked above");
        match region.kind {
            Kind::Program => return Ok(false),
            Kind::Alternative(target) => {
                self.expect(op::JUMP)?;
                let jump = self.skip(0)?.1;
                if target.is_some_and(|target| target != jump) {
                    return Err(InvalidCode);
                }
                self.alternative(Some(jump))?;
            }
            Kind::Repeat => {
                let until = self.arg()?;
                if until != op::MAX_UNTIL && until != op::MIN_UNTIL {
                    return Err(InvalidCode);
                }
            }
            Kind::Closed => self.expect(op::SUCCESS)?,
            Kind::Yes | Kind::No => {}
        }
        Ok(true)
    }

    /// At the skip of an alternative, or at the zero behind the last one.
    fn alternative(&mut self, target: Option<usize>) -> Result<(), InvalidCode> {
        let (skip, next) = self.skip(0)?;
        if skip == 0 {
            return if target == Some(self.at) { Ok(()) } else { Err(InvalidCode) };
        }
        self.enter(next.checked_sub(2).ok_or(InvalidCode)?, Kind::Alternative(target))
    }

    fn mark(&mut self, mark: u32) -> Result<(), InvalidCode> {
        if mark / 2 >= self.groups {
            return Err(InvalidCode);
        }
        self.facts.marks = self.facts.marks.max(mark + 1);
        let floor = self.top().open;
        let in_order = if mark & 1 == 0 {
            self.open.push(mark / 2);
            self.opened += 1;
            mark / 2 == self.opened - 1
        } else {
            self.open.len() > floor && self.open.pop() == Some(mark / 2)
        };
        self.facts.exact |= !in_order;
        Ok(())
    }

    fn group(&mut self) -> Result<(), InvalidCode> {
        let group = self.arg()?;
        if group >= self.groups {
            return Err(InvalidCode);
        }
        self.facts.exact |= self.open.contains(&group);
        Ok(())
    }

    /// `<min> <max>` of a repeat.
    fn limits(&mut self) -> Result<(), InvalidCode> {
        let (min, max) = (self.arg()?, self.arg()?);
        if min <= max { Ok(()) } else { Err(InvalidCode) }
    }

    fn operation(&mut self) -> Result<(), InvalidCode> {
        let code = self.arg()?;
        match code {
            op::MARK => {
                let mark = self.arg()?;
                self.mark(mark)?;
            }
            op::LITERAL
            | op::NOT_LITERAL
            | op::LITERAL_IGNORE
            | op::NOT_LITERAL_IGNORE
            | op::LITERAL_UNI_IGNORE
            | op::NOT_LITERAL_UNI_IGNORE
            | op::LITERAL_LOC_IGNORE
            | op::NOT_LITERAL_LOC_IGNORE => {
                self.arg()?;
            }
            op::SUCCESS | op::FAILURE | op::ANY | op::ANY_ALL => {}
            op::AT => {
                if self.arg()? > at::UNI_NON_BOUNDARY {
                    return Err(InvalidCode);
                }
            }
            op::IN | op::IN_IGNORE | op::IN_UNI_IGNORE | op::IN_LOC_IGNORE => {
                let end = self.skip(0)?.1;
                self.charset(end)?;
            }
            op::INFO => self.info()?,
            op::BRANCH => self.alternative(None)?,
            op::REPEAT_ONE | op::MIN_REPEAT_ONE | op::POSSESSIVE_REPEAT_ONE => {
                let end = self.skip(0)?.1;
                self.limits()?;
                self.single(end)?;
            }
            op::REPEAT | op::POSSESSIVE_REPEAT => {
                let end = self.skip(0)?.1;
                self.limits()?;
                let kind = if code == op::REPEAT { Kind::Repeat } else { Kind::Closed };
                self.enter(end, kind)?;
            }
            op::ATOMIC_GROUP => {
                let end = self.skip(0)?.1;
                self.enter(end.checked_sub(1).ok_or(InvalidCode)?, Kind::Closed)?;
            }
            op::GROUPREF | op::GROUPREF_IGNORE | op::GROUPREF_UNI_IGNORE | op::GROUPREF_LOC_IGNORE => {
                self.group()?
            }
            op::GROUPREF_EXISTS => {
                self.group()?;
                // Relative to the group's number, one before the skip.
                let end = self.skip(1)?.1;
                self.enter(end.checked_sub(1).ok_or(InvalidCode)?, Kind::Yes)?;
            }
            op::ASSERT | op::ASSERT_NOT => {
                let end = self.skip(0)?.1;
                self.arg()?;
                self.enter(end.checked_sub(1).ok_or(InvalidCode)?, Kind::Closed)?;
            }
            op::JUMP => {
                // Only as the last operation of a "yes": around the "no".
                let region = self.regions.pop().ok_or(InvalidCode)?;
                if !matches!(region.kind, Kind::Yes) || self.at + 1 != region.end {
                    return Err(InvalidCode);
                }
                self.facts.exact |= region.open != self.open.len();
                let end = self.skip(0)?.1;
                self.enter(end, Kind::No)?;
            }
            _ => return Err(InvalidCode),
        }
        Ok(())
    }

    /// The operations of a set, of which the last before `end` is `FAILURE`.
    fn charset(&mut self, end: usize) -> Result<(), InvalidCode> {
        if end <= self.at || self.codes[end - 1] != op::FAILURE {
            return Err(InvalidCode);
        }
        let mut rest = &self.codes[self.at..end - 1];
        while !rest.is_empty() {
            rest = next_item(rest).ok_or(InvalidCode)?.1;
        }
        self.at = end;
        Ok(())
    }

    fn info(&mut self) -> Result<(), InvalidCode> {
        let end = self.skip(0)?.1;
        let flags = self.arg()?;
        self.arg()?;
        self.arg()?;
        let (prefix, charset) = (flags & INFO_PREFIX != 0, flags & INFO_CHARSET != 0);
        if flags & !(INFO_PREFIX | INFO_LITERAL | INFO_CHARSET) != 0
            || (prefix && charset)
            || (flags & INFO_LITERAL != 0 && !prefix)
        {
            return Err(InvalidCode);
        }
        if prefix {
            let len = self.arg()? as usize;
            self.arg()?;
            if end < self.at || len > (end - self.at) / 2 {
                return Err(InvalidCode);
            }
            let overlap = &self.codes[self.at + len..self.at + 2 * len];
            if overlap.iter().any(|&value| value as usize >= len) {
                return Err(InvalidCode);
            }
            self.at += 2 * len;
        }
        if charset {
            self.charset(end)?;
        }
        if self.at == end { Ok(()) } else { Err(InvalidCode) }
    }

    /// The body of a single-character repeat and its `SUCCESS`.
    fn single(&mut self, end: usize) -> Result<(), InvalidCode> {
        let body = end.checked_sub(1).filter(|&body| body > self.at).ok_or(InvalidCode)?;
        match self.codes[self.at] {
            op::ANY
            | op::ANY_ALL
            | op::FAILURE
            | op::LITERAL
            | op::NOT_LITERAL
            | op::LITERAL_IGNORE
            | op::NOT_LITERAL_IGNORE
            | op::LITERAL_UNI_IGNORE
            | op::NOT_LITERAL_UNI_IGNORE
            | op::LITERAL_LOC_IGNORE
            | op::NOT_LITERAL_LOC_IGNORE
            | op::IN
            | op::IN_IGNORE
            | op::IN_UNI_IGNORE
            | op::IN_LOC_IGNORE => self.operation()?,
            _ => return Err(InvalidCode),
        }
        if self.at != body {
            return Err(InvalidCode);
        }
        self.expect(op::SUCCESS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts() {
        use op::*;
        let ok = Ok(Facts::default());
        assert_eq!(validate(&[SUCCESS], 0), ok);
        assert_eq!(validate(&[LITERAL, 97, SUCCESS], 0), ok);
        assert_eq!(validate(&[MARK, 0, MARK, 1, SUCCESS], 1), Ok(Facts { marks: 2, exact: false }));
        let branch = [BRANCH, 5, LITERAL, 1, JUMP, 7, 5, LITERAL, 2, JUMP, 2, FAILURE, SUCCESS];
        assert_eq!(validate(&branch, 0), ok);
        assert_eq!(validate(&[REPEAT_ONE, 5, 0, MAXREPEAT, ANY, SUCCESS, SUCCESS], 0), ok);
    }

    #[test]
    fn refuses() {
        use op::*;
        for (codes, groups) in [
            (&[][..], 0),
            (&[LITERAL, 97], 0),
            (&[MARK, 2, SUCCESS], 1),
            (&[LITERAL, SUCCESS], 0),
            (&[IN, 0, SUCCESS], 0),
            (&[IN, 1, SUCCESS], 0),
            (&[IN, 3, LITERAL, FAILURE, SUCCESS], 0),
            (&[JUMP, 1, SUCCESS], 0),
            (&[BRANCH, 0, SUCCESS], 0),
            (&[REPEAT, 3, 2, 1, MAX_UNTIL, SUCCESS], 0),
            (&[REPEAT_ONE, 5, 0, 1, MARK, 0, SUCCESS, SUCCESS], 1),
            (&[GROUPREF, 0, SUCCESS], 0),
            (&[INFO, 4, 8, 0, 0, SUCCESS], 0),
            (&[INFO, u32::MAX, 0, 0, 0, SUCCESS], 0),
            (&[CATEGORY, 0, SUCCESS], 0),
            (&[AT, 12, SUCCESS], 0),
            (&[SUCCESS], MAXGROUPS + 1),
        ] {
            assert_eq!(validate(codes, groups), Err(InvalidCode), "{codes:?}");
        }
    }

    #[test]
    fn deep_nesting_needs_no_native_stack() {
        use op::*;
        let depth = 100_000;
        let mut codes = vec![];
        for level in 0..depth {
            codes.extend([ATOMIC_GROUP, 3 * (depth - level) - 1]);
        }
        codes.extend(vec![SUCCESS; depth as usize + 1]);
        assert_eq!(validate(&codes, 0), Ok(Facts::default()));
    }

    #[test]
    fn unusual_groups_run_exactly() {
        use op::*;
        assert!(validate(&[MARK, 1, MARK, 0, SUCCESS], 1).unwrap().exact);
        assert!(validate(&[MARK, 0, GROUPREF_EXISTS, 0, 3, ANY, MARK, 1, SUCCESS], 1).unwrap().exact);
        assert!(validate(&[MARK, 0, SUCCESS], 1).unwrap().exact);
    }
}
