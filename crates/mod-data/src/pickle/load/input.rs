//! The bytes that the machine reads: all of `loads`' argument, or what was read of a file so far.
//!
//! # Invariants
//! - `pos <= limit <= data.len()`; a frame ends at `limit`, and nothing is read across its end.
//! - With `peeked` set, `own` was only peeked at: what was used of it is read for good before more is asked for, and when
//!   the machine stops.
//!
//! # Safety
//! `data` of a file is `own`, which is replaced only by `set_input`; no slice of it is kept across a read.

use super::*;

/// How much is looked at ahead in files that can be peeked into.
const PREFETCH: usize = 128 * 1024;

impl<'a> Machine<'a> {
    /// The next `n` bytes. The slice is valid until the next read.
    #[inline(always)]
    pub(super) fn read(&mut self, n: usize) -> R<&'a [u8]> {
        if n <= self.limit - self.pos {
            let s = &self.data[self.pos..self.pos + n];
            self.pos += n;
            return Ok(s);
        }
        if self.in_frame {
            self.leave_frame()?;
            return self.read(n);
        }
        self.read_more(n)
    }
    #[cold]
    fn truncated(&self) -> Raised {
        unpickling_error(self.th, "pickle data was truncated")
    }
    /// At the end of a frame reading goes on after it.
    #[cold]
    pub(super) fn leave_frame(&mut self) -> R<()> {
        if self.pos != self.limit {
            return Err(unpickling_error(self.th, "pickle exhausted before end of frame"));
        }
        self.in_frame = false;
        self.limit = self.data.len();
        Ok(())
    }
    /// Makes `own` the current input.
    fn set_input(&mut self, v: Vec<u8>) {
        self.own = v;
        // SAFETY: `data` is replaced whenever `own` is; slices given out are used before the next read.
        self.data = unsafe { std::slice::from_raw_parts(self.own.as_ptr(), self.own.len()) };
        self.pos = 0;
        self.limit = self.own.len();
    }
    /// What was peeked at and used is read for good.
    pub(super) fn skip_consumed(&mut self) -> R<()> {
        if self.peeked > 0 {
            let used = self.pos;
            self.peeked = 0;
            if used > 0 {
                self.th.call(self.u.read.value(), &[self.th.int(used as i64)])?;
            }
        }
        Ok(())
    }
    fn call_bytes(&mut self, f: Value, args: &[Value]) -> R<Vec<u8>> {
        let r = self.th.call(f, args)?;
        let b = adder_vm::builtins::buffer::Buffer::simple(self.th, r)?;
        Ok(b.bytes().to_vec())
    }
    #[inline(never)]
    fn read_more(&mut self, n: usize) -> R<&'a [u8]> {
        if !self.from_file {
            return Err(self.truncated());
        }
        if n > isize::MAX as usize - self.pos {
            return Err(unpickling_error(self.th, "read would overflow (invalid bytecode)"));
        }
        let rest = if self.peeked > 0 { Vec::new() } else { self.data[self.pos..].to_vec() };
        self.skip_consumed()?;
        if rest.is_empty()
            && n < PREFETCH
            && let Some(peek) = self.u.peek.get()
        {
            match self.call_bytes(peek, &[self.th.int(PREFETCH as i64)]) {
                Ok(b) if b.len() >= n => {
                    self.peeked = b.len();
                    self.set_input(b);
                    return self.read(n);
                }
                Ok(_) => {}
                Err(e) => {
                    if !self.th.exc_is(&exc::NOT_IMPLEMENTED_ERROR) {
                        return Err(e);
                    }
                    self.th.take_exc();
                    self.u.peek.init(None);
                }
            }
        }
        let want = n - rest.len();
        let b = self.call_bytes(self.u.read.value(), &[self.th.int(want as i64)])?;
        let all = if rest.is_empty() { b } else { [rest, b].concat() };
        let short = all.len() < n;
        self.set_input(all);
        if short {
            return Err(self.truncated());
        }
        self.read(n)
    }
    /// A line with its end.
    pub(super) fn readline(&mut self) -> R<&'a [u8]> {
        if self.in_frame && self.pos == self.limit {
            self.leave_frame()?;
        }
        let rest = &self.data[self.pos..self.limit];
        if let Some(i) = rest.iter().position(|c| *c == b'\n') {
            self.pos += i + 1;
            return Ok(&rest[..i + 1]);
        }
        if self.in_frame {
            return Err(unpickling_error(self.th, "pickle exhausted before end of frame"));
        }
        if !self.from_file {
            return Err(self.truncated());
        }
        let rest = if self.peeked > 0 { Vec::new() } else { rest.to_vec() };
        self.skip_consumed()?;
        let b = self.call_bytes(self.u.readline.value(), &[])?;
        let all = [rest, b].concat();
        if all.last() != Some(&b'\n') {
            return Err(self.truncated());
        }
        let n = all.len();
        self.set_input(all);
        self.read(n)
    }
    /// A line that is not empty.
    pub(super) fn full_line(&mut self) -> R<&'a [u8]> {
        let l = self.readline()?;
        if l.len() < 2 { Err(self.truncated()) } else { Ok(l) }
    }
    #[inline(always)]
    pub(super) fn u8(&mut self) -> R<usize> {
        Ok(self.read(1)?[0] as usize)
    }
    #[inline(always)]
    pub(super) fn u16(&mut self) -> R<usize> {
        let b = self.read(2)?;
        Ok(u16::from_le_bytes([b[0], b[1]]) as usize)
    }
    #[inline(always)]
    pub(super) fn i32(&mut self) -> R<i32> {
        let b = self.read(4)?;
        Ok(i32::from_le_bytes([b[0], b[1], b[2], b[3]]))
    }
    /// A length of eight bytes.
    pub(super) fn size8(&mut self, what: &str) -> R<usize> {
        let n = u64::from_le_bytes(self.read(8)?.try_into().unwrap());
        if n > i64::MAX as u64 {
            return Err(self
                .th
                .overflow_error(format!("{what} exceeds system's maximum size of {} bytes", i64::MAX)));
        }
        Ok(n as usize)
    }
}
