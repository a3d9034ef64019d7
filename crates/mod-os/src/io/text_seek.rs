//! `seek` and `tell` of `TextIOWrapper`: positions as opaque numbers.
//!
//! A position is a point of the file where the decoder held nothing back, its flags there, and how many bytes to feed and
//! characters to skip from there; all packed into one int (CPython's layout).

use super::text::*;
use super::text_codec::{self as codec, Input};
use super::*;

#[derive(Default, Clone, Copy)]
struct Cookie {
    start: i64,
    flags: i32,
    feed: i32,
    skip: i32,
    need_eof: bool,
}

const LEN: usize = 8 + 3 * 4 + 1;

impl Cookie {
    fn pack(&self, th: Th) -> R<Value> {
        let rest_zero = self.flags == 0 && self.feed == 0 && self.skip == 0 && !self.need_eof;
        if rest_zero && self.start >= 0 {
            return Ok(th.int(self.start));
        }
        let mut limbs = [0u64; 3];
        limbs[0] = self.start as u64;
        limbs[1] = self.flags as u32 as u64 | (self.feed as u32 as u64) << 32;
        limbs[2] = self.skip as u32 as u64 | (self.need_eof as u64) << 32;
        Ok(int::from_limbs(th, false, &limbs))
    }
    fn unpack(th: Th, v: Value) -> R<Cookie> {
        let f = th.type_of(v).slots.int.or(th.type_of(v).slots.index);
        let Some(f) = f else {
            return Err(th.type_error(format!(
                "int() argument must be a string, a bytes-like object or a real number, not '{}'",
                th.type_name_of(v)
            )));
        };
        let i = f(th, v)?;
        let mut c = Cookie::default();
        if let Some(n) = int::to_i64(i).filter(|n| *n >= 0) {
            c.start = n;
            return Ok(c);
        }
        let b = th.call_method(i, th.intern("to_bytes"), &[Value::fix(LEN as i64), n!(little)])?;
        let b = buffer::bytes_of(b).expect("to_bytes gives bytes");
        let word = |at: usize| i32::from_le_bytes(b[at..at + 4].try_into().expect("four bytes"));
        c.start = i64::from_le_bytes(b[..8].try_into().expect("eight bytes"));
        c.flags = word(8);
        c.feed = word(12);
        c.skip = word(16);
        c.need_eof = b[20] != 0;
        Ok(c)
    }
    /// The decoder as it was at the start point.
    fn restore_decoder(&self, th: Th, t: Gc<Text>) -> R<()> {
        if self.start == 0 && self.flags == 0 {
            return codec::reset_decoder(th, t);
        }
        codec::set_decoder_state(th, t, new_bytes(th, &[])?, Value::fix(self.flags as i64))
    }
}

fn this(a: Args) -> Gc<Text> {
    Text::of(a[0].unwrap())
}

pub fn seek(th: Th, a: Args) -> R<Value> {
    let t = this(a);
    let whence = int_or(th, a[2], 0)?;
    let mut cookie = a[1].unwrap();
    buffer_of(th, t)?;
    check_closed(th, t)?;
    if !t.seekable.get() {
        return Err(unsupported(th, "underlying stream is not seekable"));
    }
    match whence {
        0 => {}
        1 => {
            if !th.eq(cookie, Value::fix(0))? {
                return Err(unsupported(th, "can't do nonzero cur-relative seeks"));
            }
            // The buffer below is brought to this position.
            cookie = th.call_method(t.value(), n!(tell), &[])?;
        }
        2 => {
            if !th.eq(cookie, Value::fix(0))? {
                return Err(unsupported(th, "can't do nonzero end-relative seeks"));
            }
            th.call_method(t.value(), n!(flush), &[])?;
            let _held = enter(th, t)?;
            set_decoded(th, t, None);
            t.snapshot.init(None);
            codec::reset_decoder(th, t)?;
            let b = buffer_of(th, t)?;
            let r = th.call_method(b, n!(seek), &[Value::fix(0), Value::fix(2)])?;
            if t.encodes.get() {
                codec::reset_encoder(th, t, th.eq(r, Value::fix(0))?)?;
            }
            return Ok(r);
        }
        _ => return Err(th.value_error(format!("invalid whence ({whence}, should be 0, 1 or 2)"))),
    }
    if th.compare(cookie, Value::fix(0), adder_vm::slots::CmpOp::Lt)? {
        let r = th.repr(cookie)?;
        return Err(th.value_error(format!("negative seek position {}", th.text(r))));
    }
    th.call_method(t.value(), n!(flush), &[])?;
    let c = Cookie::unpack(th, cookie)?;
    let _held = enter(th, t)?;
    let b = buffer_of(th, t)?;
    th.call_method(b, n!(seek), &[th.int(c.start)])?;
    set_decoded(th, t, None);
    t.snapshot.init(None);
    if t.decodes.get() {
        c.restore_decoder(th, t)?;
    }
    let flags = Value::fix(c.flags as i64);
    if c.skip != 0 {
        // As when it was read: feed the decoder, and note where.
        let input = th.call_method(b, n!(read), &[Value::fix(c.feed as i64)])?;
        if !input.is_kind(Kind::Bytes) {
            return Err(th.type_error(format!(
                "underlying read() should have returned a bytes object, not '{}'",
                th.type_name_of(input)
            )));
        }
        let snap = th.tuple(&[flags, input]);
        th.store(t, &t.snapshot, snap);
        let s = codec::decode(th, t, Input::Object(input), c.need_eof)?;
        set_decoded(th, t, Some(s.value()));
        if (s.len() as i64) < c.skip as i64 {
            return Err(th.raise_msg(&exc::OS_ERROR, "can't restore logical file position"));
        }
        t.used.set(c.skip as usize);
        t.at.set(adder_vm::builtins::str_::offset(th, s, c.skip as usize));
    } else {
        let snap = th.tuple(&[flags, new_bytes(th, &[])?]);
        th.store(t, &t.snapshot, snap);
    }
    if t.encodes.get() {
        codec::reset_encoder(th, t, c.start == 0 && c.flags == 0)?;
    }
    Ok(cookie)
}

pub fn tell(th: Th, a: Args) -> R<Value> {
    let t = this(a);
    buffer_of(th, t)?;
    check_closed(th, t)?;
    if !t.seekable.get() {
        return Err(unsupported(th, "underlying stream is not seekable"));
    }
    if !t.telling.get() {
        return Err(th.raise_msg(&exc::OS_ERROR, "telling position disabled by next() call"));
    }
    write_pending(th, t)?;
    th.call_method(t.value(), n!(flush), &[])?;
    let _held = enter(th, t)?;
    let b = buffer_of(th, t)?;
    let pos = th.call_method(b, n!(tell), &[])?;
    let Some(snap) = t.snapshot.get().filter(|_| t.decodes.get()) else { return Ok(pos) };
    let snap: Gc<Tuple> = snap.cast().expect("a pair");
    let (flags, next) = (snap.items()[0], snap.items()[1]);
    let input = buffer::bytes_of(next).expect("bytes");
    let mut c = Cookie {
        start: th.index_i64(pos)? - input.len() as i64,
        flags: int_arg(th, flags)?,
        ..Cookie::default()
    };
    // Not moved since the snapshot.
    let used = t.used.get();
    if used == 0 {
        return c.pack(th);
    }
    let (held, held_flags) = codec::decoder_state(th, t)?;
    let seen = t.newlines.get().seen;
    let r = find(th, t, &mut c, input, used);
    let first = r.is_err().then(|| th.take_exc());
    let s = codec::set_decoder_state(th, t, held, held_flags);
    if t.coding.get() != codec::Coding::Object {
        let mut n = t.newlines.get();
        n.seen = seen;
        t.newlines.set(n);
    }
    chain(th, first, s)?;
    c.pack(th)
}
/// How many characters come of the bytes.
fn feed(th: Th, t: Gc<Text>, b: &[u8], is_final: bool) -> R<usize> {
    let o = new_bytes(th, b)?;
    Ok(codec::decode(th, t, Input::Object(o), is_final)?.len())
}
/// How many bytes the decoder holds back, and its flags.
fn held(th: Th, t: Gc<Text>) -> R<(usize, i32)> {
    let (b, f) = codec::decoder_state(th, t)?;
    Ok((buffer::bytes_of(b).map_or(0, |b| b.len()), int_arg(th, f)?))
}
/// Finds the last safe start point before the position that is `used` characters behind the snapshot.
fn find(th: Th, t: Gc<Text>, c: &mut Cookie, input: &[u8], used: usize) -> R<()> {
    let mut to_skip = used;
    // A guess near the position, then back until the decoder holds nothing there.
    let mut skip_bytes = ((t.ratio.get() * used as f64) as i64).min(input.len() as i64);
    let mut back = 1;
    while skip_bytes > 0 {
        c.restore_decoder(th, t)?;
        let n = feed(th, t, &input[..skip_bytes as usize], false)?;
        if n <= to_skip {
            let (len, flags) = held(th, t)?;
            if len == 0 {
                c.flags = flags;
                to_skip -= n;
                break;
            }
            skip_bytes -= len as i64;
            back = 1;
        } else {
            skip_bytes -= back;
            back *= 2;
        }
    }
    if skip_bytes <= 0 {
        skip_bytes = 0;
        c.restore_decoder(th, t)?;
    }
    c.start += skip_bytes;
    c.skip = to_skip as i32;
    if to_skip == 0 {
        return Ok(());
    }
    // Byte by byte; each point where the decoder holds nothing is a better start.
    let mut chars = 0;
    let rest = &input[skip_bytes as usize..];
    let mut reached = false;
    for b in rest {
        chars += feed(th, t, std::slice::from_ref(b), false)?;
        c.feed += 1;
        let (len, flags) = held(th, t)?;
        if len == 0 && chars <= to_skip {
            c.start += c.feed as i64;
            to_skip -= chars;
            c.flags = flags;
            c.feed = 0;
            chars = 0;
        }
        if chars >= to_skip {
            reached = true;
            break;
        }
    }
    if !reached {
        // The end of the file brings more.
        chars += feed(th, t, &[], true)?;
        c.need_eof = true;
        if chars < to_skip {
            return Err(th.raise_msg(&exc::OS_ERROR, "can't reconstruct logical file position"));
        }
    }
    c.skip = to_skip as i32;
    Ok(())
}
