//! Reading from buffered streams: counts, all, lines.
//!
//! # Safety
//! `pos` and `read_end` lie within the memory. A slice of it is used before anything is read again, and while the
//! lock is held.

use super::*;
use adder_text::room;

/// Reads once into the buffer behind what is valid. None: it would block. Under the lock.
fn fill(th: Th, b: Gc<Buffered>) -> R<Option<usize>> {
    let start = if valid_read(b) { b.read_end.get() as usize } else { 0 };
    let m = mem(th, &b)?;
    let got = raw_read(th, b, &mut m[start..])?;
    if let Some(n) = got
        && n > 0
    {
        b.read_end.set((start + n) as i64);
        b.raw_pos.set((start + n) as i64);
    }
    Ok(got)
}
/// What is in the buffer beyond the position. Under the lock.
pub(super) fn ahead(b: Gc<Buffered>) -> &'static [u8] {
    let n = readahead(b);
    if n <= 0 || b.mem.get().is_null() {
        return &[];
    }
    // SAFETY: within the memory, which stays as long as the lock is held.
    unsafe { std::slice::from_raw_parts(b.mem.get().add(b.pos.get() as usize), n as usize) }
}
fn advance(b: Gc<Buffered>, n: usize) {
    b.pos.set(b.pos.get() + n as i64);
}

pub(super) fn read(th: Th, a: Args) -> R<Value> {
    let b = this(a);
    check_ready(th, b)?;
    let n = opt_size(th, a[1])?;
    if n < -1 {
        return Err(th.value_error("read length must be non-negative or -1"));
    }
    check_closed(th, b, "read of closed file")?;
    let _held = enter(th, b)?;
    if n == -1 { read_all(th, b) } else { read_count(th, b, n as usize) }
}
fn read_all(th: Th, b: Gc<Buffered>) -> R<Value> {
    let have = ahead(b);
    let first: Option<Value> = if have.is_empty() { None } else { Some(new_bytes(th, have)?) };
    advance(b, have.len());
    if b.writable.get() {
        flush_and_rewind(th, b)?;
    }
    reset_read(b);
    let r = raw(th, b)?;
    let rest = if let Some(f) = as_file(th, b, r) {
        Some(file::readall(th, f)?)
    } else {
        match th.getattr_opt(r, n!(readall))? {
            Some(f) => {
                let v = th.call(f, &[])?;
                if !v.is_none() && !v.is_kind(Kind::Bytes) {
                    return Err(th.type_error("readall() should return bytes"));
                }
                Some(v)
            }
            None => None,
        }
    };
    if let Some(rest) = rest {
        if b.direct.get() && b.abs_pos.get() != -1 {
            let n = buffer::bytes_of(rest).map_or(0, |x| x.len());
            b.abs_pos.set(b.abs_pos.get() + n as i64);
        }
        let Some(first) = first else { return Ok(rest) };
        if rest.is_none() {
            return Ok(first);
        }
        let (x, y) = (buffer::bytes_of(first).unwrap(), buffer::bytes_of(rest).unwrap());
        let out = bytes::uninit(th, x.len() + y.len())?;
        bytes::fill(out)[..x.len()].copy_from_slice(x);
        bytes::fill(out)[x.len()..].copy_from_slice(y);
        return Ok(out.value());
    }
    let mut out = first.map_or(Vec::new(), |f| room::copy(buffer::bytes_of(f).unwrap()));
    loop {
        let v = th.call_method(r, n!(read), &[])?;
        if !v.is_none() && !v.is_kind(Kind::Bytes) {
            return Err(th.type_error("read() should return bytes"));
        }
        let x = buffer::bytes_of(v).unwrap_or(&[]);
        if x.is_empty() {
            return if out.is_empty() { Ok(v) } else { new_bytes(th, &out) };
        }
        room::append(&mut out, x);
        if b.abs_pos.get() != -1 {
            b.abs_pos.set(b.abs_pos.get() + x.len() as i64);
        }
    }
}
/// Up to `n` bytes: fewer at the end of the file or where it would block.
fn read_count(th: Th, b: Gc<Buffered>, n: usize) -> R<Value> {
    let have = ahead(b);
    if n <= have.len() {
        let v = new_bytes(th, &have[..n])?;
        advance(b, n);
        return Ok(v);
    }
    // Large requests may be far more than there is.
    let res = if n <= 1 { None } else { Some(bytes::uninit(th, n)?) };
    let mut small = [0u8; 1];
    let out: &mut [u8] = match res {
        Some(r) => bytes::fill(r),
        None => &mut small,
    };
    let mut written = have.len();
    out[..written].copy_from_slice(have);
    advance(b, written);
    if b.writable.get() {
        flush_and_rewind(th, b)?;
    }
    reset_read(b);
    let size = b.size.get() as usize;
    let finish = |out: &[u8]| -> R<Value> {
        match res {
            Some(r) if out.len() == n => Ok(r.value()),
            _ => new_bytes(th, out),
        }
    };
    // Whole blocks go right into the result.
    while n - written > 0 {
        let want = (n - written) / size * size;
        if want == 0 {
            break;
        }
        match raw_read(th, b, &mut out[written..written + want])? {
            Some(0) => return finish(&out[..written]),
            None if written > 0 => return finish(&out[..written]),
            None => return none(),
            Some(k) => written += k,
        }
    }
    b.pos.set(0);
    b.raw_pos.set(0);
    b.read_end.set(0);
    // No read more than needed: it could block for ever.
    while written < n && b.read_end.get() < size as i64 {
        match fill(th, b)? {
            Some(0) => return finish(&out[..written]),
            None if written > 0 => return finish(&out[..written]),
            None => return none(),
            Some(k) => {
                let k = k.min(n - written);
                out[written..written + k].copy_from_slice(&ahead(b)[..k]);
                advance(b, k);
                written += k;
            }
        }
    }
    finish(&out[..written])
}
pub(super) fn peek(th: Th, a: Args) -> R<Value> {
    let b = this(a);
    check_ready(th, b)?;
    if let Some(v) = a[1] {
        th.index_i64(v)?;
    }
    check_closed(th, b, "peek of closed file")?;
    let _held = enter(th, b)?;
    if b.writable.get() {
        flush_and_rewind(th, b)?;
    }
    if readahead(b) <= 0 {
        reset_read(b);
        let got = fill(th, b)?;
        b.pos.set(0);
        if got.unwrap_or(0) == 0 {
            return new_bytes(th, &[]);
        }
    }
    new_bytes(th, ahead(b))
}
pub(super) fn read1(th: Th, a: Args) -> R<Value> {
    let b = this(a);
    check_ready(th, b)?;
    let mut n = size_or_all(th, a[1])?;
    if n < 0 {
        n = b.size.get();
    }
    read_once(th, b, n as usize)
}
/// `read1(n)` of exactly a BufferedReader or BufferedRandom.
pub fn read_once(th: Th, b: Gc<Buffered>, n: usize) -> R<Value> {
    check_closed(th, b, "read of closed file")?;
    if n == 0 {
        return new_bytes(th, &[]);
    }
    let _held = enter(th, b)?;
    let have = ahead(b);
    if !have.is_empty() {
        let k = n.min(have.len());
        let v = new_bytes(th, &have[..k])?;
        advance(b, k);
        return Ok(v);
    }
    if b.writable.get() {
        flush_and_rewind(th, b)?;
    }
    reset_read(b);
    // What fits the buffer is read into it, so that little that came makes little garbage.
    if n <= b.size.get() as usize {
        let m = mem(th, &b)?;
        let got = raw_read(th, b, &mut m[..n])?.unwrap_or(0);
        return new_bytes(th, &m[..got]);
    }
    let res = bytes::uninit(th, n)?;
    match raw_read(th, b, bytes::fill(res))? {
        Some(k) if k == n => Ok(res.value()),
        k => new_bytes(th, &res.bytes()[..k.unwrap_or(0)]),
    }
}
/// As [`read_once`], into a vector: for the text layer.
pub fn read_once_into(th: Th, o: Value, n: usize, out: &mut Vec<u8>) -> R<usize> {
    let b = Buffered::of(o);
    check_closed(th, b, "read of closed file")?;
    let _held = enter(th, b)?;
    let have = ahead(b);
    if !have.is_empty() {
        let k = n.min(have.len());
        room::append(out, &have[..k]);
        advance(b, k);
        return Ok(k);
    }
    if b.writable.get() {
        flush_and_rewind(th, b)?;
    }
    reset_read(b);
    let m = mem(th, &b)?;
    let k = n.min(m.len());
    let got = raw_read(th, b, &mut m[..k])?.unwrap_or(0);
    room::append(out, &m[..got]);
    Ok(got)
}
/// All the rest into a vector, if this is exactly a reader of a FileIO that has nothing buffered. None: not so.
pub fn read_rest_into(th: Th, o: Value, out: &mut Vec<u8>) -> R<Option<()>> {
    let b = Buffered::of(o);
    check_closed(th, b, "read of closed file")?;
    if !b.direct.get() || b.writable.get() {
        return Ok(None);
    }
    let _held = enter(th, b)?;
    let Some(f) = as_file(th, b, raw(th, b)?) else { return Ok(None) };
    let have = ahead(b);
    room::append(out, have);
    advance(b, have.len());
    reset_read(b);
    let before = out.len();
    if !file::read_rest(th, f, out)? && out.is_empty() {
        return Err(th.raise_msg(&exc::BLOCKING_IO_ERROR, "Read returned None."));
    }
    if b.abs_pos.get() != -1 {
        b.abs_pos.set(b.abs_pos.get() + (out.len() - before) as i64);
    }
    Ok(Some(()))
}
pub(super) fn readinto(th: Th, a: Args, once: bool) -> R<Value> {
    let b = this(a);
    let w = rw_buffer(th, if once { "readinto1" } else { "readinto" }, "", a[1].unwrap())?;
    check_ready(th, b)?;
    check_closed(th, b, "readinto of closed file")?;
    let _held = enter(th, b)?;
    let out = w.bytes_mut();
    let have = ahead(b);
    let mut written = have.len().min(out.len());
    out[..written].copy_from_slice(&have[..written]);
    advance(b, written);
    if have.len() >= out.len() && !have.is_empty() {
        return Ok(th.int(written as i64));
    }
    if b.writable.get() {
        flush_and_rewind(th, b)?;
    }
    reset_read(b);
    b.pos.set(0);
    while written < out.len() {
        let left = out.len() - written;
        let got = if left as i64 > b.size.get() {
            raw_read(th, b, &mut out[written..])?
        } else if !(once && written > 0) {
            match fill(th, b)? {
                Some(k) if k > 0 => {
                    let k = k.min(left);
                    out[written..written + k].copy_from_slice(&ahead(b)[..k]);
                    advance(b, k);
                    written += k;
                    continue;
                }
                r => r,
            }
        } else {
            Some(0)
        };
        match got {
            Some(0) => break,
            None if written > 0 => break,
            None => return none(),
            Some(k) => written += k,
        }
        if once {
            break;
        }
    }
    Ok(th.int(written as i64))
}

// -- lines

pub(super) fn readline(th: Th, a: Args) -> R<Value> {
    let b = this(a);
    check_ready(th, b)?;
    let limit = opt_size(th, a[1])?;
    line(th, b, limit)
}
fn line(th: Th, b: Gc<Buffered>, limit: i64) -> R<Value> {
    check_closed(th, b, "readline of closed file")?;
    let _held = enter(th, b)?;
    let have = ahead(b);
    let seen = if limit >= 0 { &have[..have.len().min(limit as usize)] } else { have };
    if let Some(i) = find_lf(seen) {
        let v = new_bytes(th, &seen[..i + 1])?;
        advance(b, i + 1);
        return Ok(v);
    }
    if seen.len() as i64 == limit {
        let v = new_bytes(th, seen)?;
        advance(b, seen.len());
        return Ok(v);
    }
    let mut out = room::copy(seen);
    advance(b, seen.len());
    if b.writable.get() {
        flush_and_rewind(th, b)?;
    }
    loop {
        reset_read(b);
        let got = fill(th, b)?.unwrap_or(0);
        if got == 0 {
            break;
        }
        b.pos.set(0);
        let have = ahead(b);
        let seen = if limit >= 0 { &have[..have.len().min(limit as usize - out.len())] } else { have };
        let n = find_lf(seen).map_or(seen.len(), |i| i + 1);
        let done = seen[..n].ends_with(b"\n") || (limit >= 0 && (out.len() + n) as i64 == limit);
        if done && out.is_empty() {
            // Most lines: no copy in between.
            let v = new_bytes(th, &seen[..n])?;
            b.pos.set(n as i64);
            return Ok(v);
        }
        room::append(&mut out, &seen[..n]);
        b.pos.set(n as i64);
        if done {
            break;
        }
    }
    new_bytes(th, &out)
}
#[inline]
fn find_lf(b: &[u8]) -> Option<usize> {
    adder_text::search::find_byte(b, b'\n')
}
pub(super) fn next(th: Th, o: Value) -> R<Option<Value>> {
    let b = Buffered::of(o);
    check_ready(th, b)?;
    let v = if is_exactly_buffered(th, b) {
        line(th, b, -1)?
    } else {
        let v = th.call_method(o, n!(readline), &[])?;
        if !v.is_kind(Kind::Bytes) {
            let t = th.type_name_of(v);
            return Err(th.raise_msg(
                &exc::OS_ERROR,
                &format!("readline() should have returned a bytes object, not '{t}'"),
            ));
        }
        v
    };
    Ok(if buffer::bytes_of(v).is_some_and(|b| b.is_empty()) { None } else { Some(v) })
}
