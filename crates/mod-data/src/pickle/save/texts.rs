//! How strings, bytes and buffers are pickled.
//!
//! # Invariants
//! The bytes of a view are read while the view is held: it is an export, so its memory stays.

use super::*;
use adder_text::codecs::single::latin1_decode;
use adder_text::room;

pub(super) fn save_str(th: Th, p: Gc<Pickler>, o: Value) -> R<()> {
    let s: Gc<Str> = o.known();
    let st = state(p);
    let b = s.bytes();
    if st.bin != 0 {
        let n = b.len();
        if n <= 0xff && st.proto >= 4 {
            st.put(&[op::SHORT_BINUNICODE, n as u8]);
            room::append(&mut st.out, b);
        } else if n <= u32::MAX as usize {
            let l = (n as u32).to_le_bytes();
            put_bytes(th, p, &[op::BINUNICODE, l[0], l[1], l[2], l[3]], b, None)?;
        } else if st.proto >= 4 {
            let mut h = vec![op::BINUNICODE8];
            h.extend_from_slice(&(n as u64).to_le_bytes());
            put_bytes(th, p, &h, b, None)?;
        } else {
            return Err(th.overflow_error(
                "serializing a string larger than 4 GiB requires pickle protocol 4 or higher",
            ));
        }
    } else {
        // raw-unicode-escape, and escapes for what would end or spoil the line.
        let mut line = room::with_capacity(b.len() + 8);
        let mut i = 0;
        while i < b.len() {
            let c = b[i];
            let (w, lead) = match c {
                0..=0x7f => (1, c as u32),
                0x80..=0xdf => (2, c as u32 & 0x1f),
                0xe0..=0xef => (3, c as u32 & 0xf),
                _ => (4, c as u32 & 7),
            };
            let cp = b[i + 1..i + w].iter().fold(lead, |a, x| a << 6 | (*x as u32 & 0x3f));
            #[allow(clippy::match_overlapping_arm)]
            match cp {
                0 | 0x0a | 0x0d | 0x1a | 0x5c => room::append(&mut line, format!("\\u{cp:04x}").as_bytes()),
                1..=0xff => room::append(&mut line, &[cp as u8]),
                0x100..=0xffff => room::append(&mut line, format!("\\u{cp:04x}").as_bytes()),
                _ => room::append(&mut line, format!("\\U{cp:08x}").as_bytes()),
            }
            i += w;
        }
        st.byte(op::UNICODE);
        st.put(&line);
        st.byte(b'\n');
    }
    memoize(th, p, o)
}

fn put_bytes_data(th: Th, p: Gc<Pickler>, b: &[u8], payload: Option<Value>) -> R<()> {
    let n = b.len();
    if n <= 0xff {
        put_bytes(th, p, &[op::SHORT_BINBYTES, n as u8], b, payload)
    } else if n <= u32::MAX as usize {
        let l = (n as u32).to_le_bytes();
        put_bytes(th, p, &[op::BINBYTES, l[0], l[1], l[2], l[3]], b, payload)
    } else if state(p).proto >= 4 {
        let mut h = vec![op::BINBYTES8];
        h.extend_from_slice(&(n as u64).to_le_bytes());
        put_bytes(th, p, &h, b, payload)
    } else {
        Err(th.overflow_error(
            "serializing a bytes object larger than 4 GiB requires pickle protocol 4 or higher",
        ))
    }
}
pub(super) fn save_bytes(th: Th, p: Gc<Pickler>, o: Value) -> R<()> {
    let b = bytes_of(o).expect("bytes");
    if state(p).proto < 3 {
        // Python 2 has no bytes: `codecs.encode(text, 'latin1')`.
        let r = if b.is_empty() {
            th.tuple(&[bytes::BYTES.get().value(), th.tuple(&[])])
        } else {
            let text = latin1_str(th, b)?;
            let args = th.tuple(&[text, th.intern("latin1")]);
            th.tuple(&[State::CodecsEncode.get(), args])
        };
        return save_reduce(th, p, Some(o), r);
    }
    put_bytes_data(th, p, b, Some(o))?;
    memoize(th, p, o)
}
fn latin1_str(th: Th, b: &[u8]) -> R<Value> {
    let mut s = Vec::new();
    latin1_decode(b, &mut s);
    th.try_str(&s)
}
fn put_bytearray_data(th: Th, p: Gc<Pickler>, b: &[u8], payload: Option<Value>) -> R<()> {
    let mut h = [op::BYTEARRAY8; 9];
    h[1..].copy_from_slice(&(b.len() as u64).to_le_bytes());
    put_bytes(th, p, &h, b, payload)
}
pub(super) fn save_bytearray(th: Th, p: Gc<Pickler>, o: Value) -> R<()> {
    if state(p).proto < 5 {
        let b = bytes_of(o).expect("a bytearray");
        let args = if b.is_empty() { th.tuple(&[]) } else { th.tuple(&[bytes::new(th, b)?.value()]) };
        return save_reduce(th, p, Some(o), th.tuple(&[bytearray::BYTEARRAY.get().value(), args]));
    }
    let buf = adder_vm::builtins::buffer::Buffer::simple(th, o)?;
    put_bytearray_data(th, p, buf.bytes(), Some(o))?;
    memoize(th, p, o)
}
pub(super) fn save_picklebuffer(th: Th, p: Gc<Pickler>, o: Value) -> R<()> {
    if state(p).proto < 5 {
        return Err(pickling_error(th, "PickleBuffer can only be pickled with protocol >= 5"));
    }
    // A view of its own: the callback may release the buffer.
    buffer::view(th, o)?;
    let v = view_of(th, buffer::PickleBuffer::of(o).object.value(), flag::FULL_RO)?;
    let r = save_picklebuffer_view(th, p, o, v);
    release_quietly(th, v);
    r
}
fn save_picklebuffer_view(th: Th, p: Gc<Pickler>, o: Value, v: Gc<MemoryView>) -> R<()> {
    if !v.is_c_contiguous() && !v.is_f_contiguous() {
        return Err(pickling_error(
            th,
            "PickleBuffer can not be pickled when pointing to a non-contiguous buffer",
        ));
    }
    let in_band = match p.buffer_callback.get() {
        None => true,
        Some(f) => {
            let r = th.call(f, &[o])?;
            th.truth(r)?
        }
    };
    if !in_band {
        let st = state(p);
        st.byte(op::NEXT_BUFFER);
        if v.readonly() {
            st.byte(op::READONLY_BUFFER);
        }
        return Ok(());
    }
    // SAFETY: the view is the caller's own, so nobody has released it; that it is contiguous was asked before.
    let b: &[u8] = if v.nbytes == 0 { &[] } else { unsafe { std::slice::from_raw_parts(v.ptr, v.nbytes) } };
    if v.readonly() {
        put_bytes_data(th, p, b, None)?;
    } else {
        put_bytearray_data(th, p, b, None)?;
    }
    memoize(th, p, o)
}
