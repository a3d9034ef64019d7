//! Writing to buffered streams: flushing, position, truncation.

use super::*;

/// Writes what waits. Under the lock.
fn flush_writes(th: Th, b: Gc<Buffered>) -> R<()> {
    if valid_write(b) && b.write_pos.get() != b.write_end.get() {
        let rewind = raw_offset(b) + (b.pos.get() - b.write_pos.get());
        if rewind != 0 {
            raw_seek(th, b, -rewind, 1)?;
            b.raw_pos.set(b.raw_pos.get() - rewind);
        }
        while b.write_pos.get() < b.write_end.get() {
            let m = mem(th, &b)?;
            let (from, to) = (b.write_pos.get() as usize, b.write_end.get() as usize);
            match raw_write(th, b, &m[from..to])? {
                None => return Err(would_block(th, b, 0)),
                Some(n) => {
                    b.write_pos.set(b.write_pos.get() + n as i64);
                    b.raw_pos.set(b.write_pos.get());
                }
            }
            // A signal may have cut the write short: its handler runs before the next, which may block.
            if b.write_pos.get() < b.write_end.get() {
                check_signals(th)?;
            }
        }
    }
    reset_write(b);
    Ok(())
}
pub(super) fn flush_and_rewind(th: Th, b: Gc<Buffered>) -> R<()> {
    flush_writes(th, b)?;
    if b.readable.get() {
        let r = raw_seek(th, b, -raw_offset(b), 1);
        reset_read(b);
        r?;
    }
    Ok(())
}
pub(super) fn flush(th: Th, a: Args) -> R<Value> {
    flush_object(th, this(a))?;
    none()
}
fn flush_object(th: Th, b: Gc<Buffered>) -> R<()> {
    check_closed(th, b, "flush of closed file")?;
    let _held = enter(th, b)?;
    flush_and_rewind(th, b)
}
/// `flush()` of exactly a BufferedWriter.
pub fn flush_writer(th: Th, o: Value) -> R<()> {
    flush_object(th, Buffered::of(o))
}

// -- position

pub(super) fn tell(th: Th, a: Args) -> R<Value> {
    let b = this(a);
    check_ready(th, b)?;
    let _held = enter(th, b)?;
    let p = raw_tell(th, b)? - raw_offset(b);
    // Python code may have moved the raw stream.
    Ok(th.int(p.max(0)))
}
pub(super) fn seek(th: Th, a: Args) -> R<Value> {
    let b = this(a);
    let whence = int_or(th, a[2], 0)?;
    check_ready(th, b)?;
    // 3 and 4: SEEK_DATA, SEEK_HOLE.
    if !(0..=4).contains(&whence) {
        return Err(th.value_error(format!("whence value {whence} unsupported")));
    }
    check_closed(th, b, "seek of closed file")?;
    let r = raw(th, b)?;
    if !as_file(th, b, r).map_or(Ok(false), |f| file::can_seek(th, f))? {
        base::check_seekable(th, r)?;
    }
    let mut target = as_offset(th, a[1].unwrap())?;
    let _held = enter(th, b)?;
    // Within what is buffered nothing needs to be read again.
    if whence <= 1 && b.readable.get() {
        let avail = readahead(b);
        if avail > 0 {
            let current = if b.abs_pos.get() != -1 { b.abs_pos.get() } else { raw_tell(th, b)? };
            let offset = if whence == 0 { target - (current - raw_offset(b)) } else { target };
            if offset >= -b.pos.get() && offset <= avail {
                b.pos.set(b.pos.get() + offset);
                return Ok(th.int((current - avail + offset).max(0)));
            }
        }
    }
    if b.writable.get() {
        flush_writes(th, b)?;
    }
    if whence == 1 {
        target -= raw_offset(b);
    }
    let n = raw_seek(th, b, target, whence)?;
    b.raw_pos.set(-1);
    if b.readable.get() {
        reset_read(b);
    }
    Ok(th.int(n))
}
pub(super) fn truncate(th: Th, a: Args) -> R<Value> {
    let b = this(a);
    check_ready(th, b)?;
    check_closed(th, b, "truncate of closed file")?;
    if !b.writable.get() {
        return Err(unsupported(th, "truncate"));
    }
    let _held = enter(th, b)?;
    flush_and_rewind(th, b)?;
    let r = raw(th, b)?;
    let v = th.call_method(r, n!(truncate), &[Value::opt_or_none(a[1])])?;
    if raw_tell(th, b).is_err() {
        th.take_exc();
    }
    Ok(v)
}

// -- writing

pub(super) fn write(th: Th, a: Args) -> R<Value> {
    let b = this(a);
    let src = Buffer::simple(th, a[1].unwrap())?;
    check_ready(th, b)?;
    Ok(th.int(write_bytes(th, b, src.bytes())? as i64))
}
/// `write` of exactly a BufferedWriter.
pub fn write_to(th: Th, o: Value, src: &[u8]) -> R<()> {
    let b = Buffered::of(o);
    check_ready(th, b)?;
    write_bytes(th, b, src).map(|_| ())
}
fn write_bytes(th: Th, b: Gc<Buffered>, src: &[u8]) -> R<usize> {
    let _held = enter(th, b)?;
    // Another thread may have closed it while this one waited for the lock.
    let closed = if let Some(f) = as_file(th, b, raw(th, b)?)
        && is_exactly_buffered(th, b)
    {
        file::is_closed(f)
    } else {
        let c = th.getattr(b.value(), n!(closed))?;
        th.truth(c)?
    };
    if closed {
        return Err(th.value_error("write to closed file"));
    }
    if !valid_read(b) && !valid_write(b) {
        b.pos.set(0);
        b.raw_pos.set(0);
    }
    let size = b.size.get() as usize;
    let at = b.pos.get() as usize;
    if src.len() <= size.saturating_sub(at) {
        mem(th, &b)?[at..at + src.len()].copy_from_slice(src);
        if !valid_write(b) || b.write_pos.get() > b.pos.get() {
            b.write_pos.set(b.pos.get());
        }
        set_pos(b, (at + src.len()) as i64);
        if b.pos.get() > b.write_end.get() {
            b.write_end.set(b.pos.get());
        }
        return Ok(src.len());
    }
    if let Err(e) = flush_writes(th, b) {
        if !th.exc_is(&exc::BLOCKING_IO_ERROR) {
            return Err(e);
        }
        if b.readable.get() {
            reset_read(b);
        }
        // What could not be written moves to the front, to make room.
        let m = mem(th, &b)?;
        let (from, to) = (b.write_pos.get(), b.write_end.get());
        m.copy_within(from as usize..to as usize, 0);
        b.write_end.set(to - from);
        b.raw_pos.set(b.raw_pos.get() - from);
        b.pos.set(b.pos.get() - from);
        b.write_pos.set(0);
        let end = b.write_end.get() as usize;
        let n = src.len().min(size - end);
        m[end..end + n].copy_from_slice(&src[..n]);
        b.write_end.set((end + n) as i64);
        b.pos.set(b.pos.get() + n as i64);
        th.take_exc();
        if n == src.len() {
            return Ok(n);
        }
        return Err(would_block(th, b, n as i64));
    }
    // What was read ahead but not changed leaves the raw stream beyond the logical position.
    let offset = raw_offset(b);
    if offset != 0 {
        raw_seek(th, b, -offset, 1)?;
        b.raw_pos.set(b.raw_pos.get() - offset);
    }
    let mut written = 0;
    while src.len() - written >= size {
        match raw_write(th, b, &src[written..])? {
            Some(n) => {
                written += n;
                if src.len() - written >= size {
                    check_signals(th)?;
                }
            }
            None if src.len() - written == size => break,
            None => {
                mem(th, &b)?[..size].copy_from_slice(&src[written..written + size]);
                b.raw_pos.set(0);
                b.write_pos.set(0);
                set_pos(b, size as i64);
                b.write_end.set(size as i64);
                return Err(would_block(th, b, (written + size) as i64));
            }
        }
    }
    if b.readable.get() {
        reset_read(b);
    }
    let rest = &src[written..];
    if !rest.is_empty() {
        mem(th, &b)?[..rest.len()].copy_from_slice(rest);
    }
    b.write_pos.set(0);
    b.write_end.set(rest.len() as i64);
    set_pos(b, rest.len() as i64);
    b.raw_pos.set(0);
    Ok(src.len())
}
