//! The bytes of modules whose code is read when it is needed.
//!
//! Much of a program's code never runs, and most of the rest is read soon after its module. So bytes that can be had
//! again, or made smaller, are kept as they are only while they are among those that were used last.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use crate::serial::{Read, front};

/// How bytes are made smaller for the time in which nobody reads them.
#[derive(Debug)]
pub struct Pack {
    /// Makes them smaller.
    pub pack: fn(&[u8]) -> Vec<u8>,
    /// Makes of them what they were, of which the length is given.
    pub unpack: fn(&[u8], usize) -> Option<Vec<u8>>,
}

/// The bytes that [`crate::read_lazily`] is given.
#[derive(Debug)]
pub struct Stored {
    /// As [`crate::serialize`] wrote them.
    pub bytes: Cow<'static, [u8]>,
    /// The same, packed, if somebody has that.
    pub packed: Option<&'static [u8]>,
    /// Without it they stay as they are.
    pub pack: Option<&'static Pack>,
}

impl From<Vec<u8>> for Stored {
    fn from(bytes: Vec<u8>) -> Stored {
        Stored { bytes: bytes.into(), packed: None, pack: None }
    }
}

/// Bytes as they are, and where the strings are in them: start and end.
#[derive(Debug)]
pub(crate) struct Text<'d> {
    bytes: Cow<'d, [u8]>,
    strings: Box<[(u32, u32)]>,
    /// Where the outermost code begins.
    pub body: usize,
}

impl<'d> Text<'d> {
    pub fn new(bytes: Cow<'d, [u8]>) -> Read<Text<'d>> {
        let (strings, body) = front(&bytes)?;
        Ok(Text { bytes, strings, body })
    }
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
    pub fn len(&self) -> usize {
        self.bytes.len()
    }
    pub fn strings(&self) -> &[(u32, u32)] {
        &self.strings
    }
    /// A string that is known to be there.
    pub fn string(&self, i: u32) -> &[u8] {
        let found = self.strings.get(i as usize).map(|&(from, to)| &self.bytes[from as usize..to as usize]);
        found.unwrap_or_default()
    }
    /// The same, where it should be UTF-8.
    pub fn str(&self, i: u32) -> &str {
        std::str::from_utf8(self.string(i)).unwrap_or_default()
    }
}

/// The bytes of a module: what its code objects share.
#[derive(Debug)]
pub struct Unit {
    state: Mutex<State>,
    /// Since somebody looked whether it is still needed.
    used: AtomicBool,
    pack: Option<&'static Pack>,
    len: usize,
    /// What the code is said to come from, if that is not what it says.
    pub(crate) filename: Option<Box<str>>,
}

#[derive(Debug)]
struct State {
    /// One of the two is there.
    text: Option<Arc<Text<'static>>>,
    packed: Option<Cow<'static, [u8]>>,
}

/// So many bytes stay unpacked.
const RECENT: usize = 512 << 10;
/// Shorter ones are not worth a look.
const LEAST: usize = 4 << 10;

/// What can be packed and is not, the first one next, and how many bytes these are.
static QUEUE: Mutex<(VecDeque<Weak<Unit>>, usize)> = Mutex::new((VecDeque::new(), 0));

fn lock<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(|e| e.into_inner())
}

impl Unit {
    pub(crate) fn new(stored: Stored, filename: Option<&str>) -> Read<Arc<Unit>> {
        let len = stored.bytes.len();
        let owned = matches!(stored.bytes, Cow::Owned(_));
        let text = Arc::new(Text::new(stored.bytes)?);
        let unit = Arc::new(Unit {
            state: Mutex::new(State { text: Some(text), packed: stored.packed.map(Cow::Borrowed) }),
            used: AtomicBool::new(true),
            pack: stored.pack.filter(|_| owned && len >= LEAST),
            len,
            filename: filename.map(Into::into),
        });
        unit.unpacked();
        Ok(unit)
    }
    pub(crate) fn text(self: &Arc<Unit>) -> Arc<Text<'static>> {
        self.used.store(true, Relaxed);
        let mut state = lock(&self.state);
        if let Some(t) = &state.text {
            return t.clone();
        }
        let bytes = match (&state.packed, self.pack) {
            (Some(packed), Some(p)) => (p.unpack)(packed, self.len).unwrap_or_default(),
            _ => Vec::new(),
        };
        let nothing = || Text { bytes: Cow::Borrowed(&[]), strings: [].into(), body: 0 };
        let text = Arc::new(Text::new(bytes.into()).unwrap_or_else(|_| nothing()));
        state.text = Some(text.clone());
        drop(state);
        self.unpacked();
        text
    }
    /// Notes that the bytes are as they are now; others that were not used for a while are not any more.
    fn unpacked(self: &Arc<Unit>) {
        if self.pack.is_none() {
            return;
        }
        // The last references to some may be these: they are dropped, which needs the queue, when it is free again.
        let mut looked_at = Vec::new();
        let mut queue = lock(&QUEUE);
        queue.0.push_back(Arc::downgrade(self));
        queue.1 += self.len;
        if queue.0.len() >= 32 && queue.0.len().is_power_of_two() {
            queue.0.retain(|u| u.strong_count() > 0);
        }
        // Each is asked once whether it was used since the last time.
        for _ in 1..queue.0.len() * 2 {
            if queue.1 <= RECENT {
                break;
            }
            let Some(first) = queue.0.pop_front() else { break };
            let Some(unit) = first.upgrade() else { continue };
            if Arc::ptr_eq(&unit, self) || unit.used.swap(false, Relaxed) {
                queue.0.push_back(first);
            } else {
                queue.1 -= unit.len;
                unit.put_away();
            }
            looked_at.push(unit);
        }
    }
    fn put_away(&self) {
        let mut state = lock(&self.state);
        if state.packed.is_none()
            && let (Some(text), Some(p)) = (&state.text, self.pack)
        {
            state.packed = Some((p.pack)(text.bytes()).into());
        }
        state.text = None;
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        if self.pack.is_some() && lock(&self.state).text.is_some() {
            // Its entry in the queue is skipped.
            lock(&QUEUE).1 -= self.len;
        }
    }
}

impl PartialEq for Unit {
    fn eq(&self, other: &Unit) -> bool {
        std::ptr::eq(self, other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CodeData, Const, read_lazily, serialize};

    fn pack(b: &[u8]) -> Vec<u8> {
        b.iter().rev().copied().collect()
    }
    fn unpack(b: &[u8], len: usize) -> Option<Vec<u8>> {
        (b.len() == len).then(|| pack(b))
    }
    static REVERSED: Pack = Pack { pack, unpack };

    #[test]
    fn what_was_put_away_is_read_again() {
        let module = |i: usize| {
            let inner = CodeData { name: format!("f{i}").into(), ..CodeData::default() };
            let text = Const::Bytes(vec![i as u8; 100_000].into());
            CodeData { consts: vec![Const::Code(Box::new(inner)), text], ..CodeData::default() }
        };
        let read = |i: usize| {
            let bytes = serialize(&module(i));
            read_lazily(Stored { bytes: bytes.into(), packed: None, pack: Some(&REVERSED) }, None).unwrap()
        };
        let all: Vec<CodeData> = (0..20).map(read).collect();
        for _ in 0..3 {
            for (i, c) in all.iter().enumerate() {
                let Const::Lazy(l) = &c.consts[0] else { panic!("not lazy") };
                l.with_names(|name, _, _| assert_eq!(name, format!("f{i}")));
                assert_eq!(c.unit.bytes().unwrap(), serialize(&module(i)));
            }
            let n = lock(&QUEUE).1;
            assert!(n <= RECENT + 101_000, "{n}");
        }
        drop(all);
        assert_eq!(lock(&QUEUE).1, 0);
    }
}
