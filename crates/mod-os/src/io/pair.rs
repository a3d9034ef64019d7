//! `BufferedRWPair`: a reader and a writer as one stream. CPython's `Modules/_io/bufferedio.c`.

use super::base::BUFFEREDIOBASE;
use super::*;

crate::native_layout! { pub(crate) Pair { reader, writer; } }

pub static RWPAIR_TYPE: NativeType = NativeType {
    name: "_io.BufferedRWPair",
    kind: Kind::Native,
    size: Pair::SIZE,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP,
    doc: "A buffered reader and writer object together.\n\nA buffered reader object and buffered writer object put together to\nform a sequential IO object that can read and write. This is typically\nused with a socket or two-way pipe.\n\nreader and writer are RawIOBase objects that are readable and\nwriteable respectively. If the buffer_size is omitted it defaults to\nDEFAULT_BUFFER_SIZE.",
    base: Some(&BUFFEREDIOBASE),
    text_signature: Some("(reader, writer, buffer_size=DEFAULT_BUFFER_SIZE, /)"),
    slots: Slots { init: Some(init), ..Slots::NONE },
    methods: &[
        raw_method("read", "!($self, size=-1, /)", "", |th, a| forward(th, a, true, "read")),
        raw_method("peek", "!($self, size=0, /)", "", |th, a| forward(th, a, true, "peek")),
        raw_method("read1", "!($self, size=-1, /)", "", |th, a| forward(th, a, true, "read1")),
        raw_method("readinto", "!!($self, buffer, /)", "", |th, a| forward(th, a, true, "readinto")),
        raw_method("readinto1", "!!($self, buffer, /)", "", |th, a| forward(th, a, true, "readinto1")),
        raw_method("write", "!!($self, b, /)", "", |th, a| forward(th, a, false, "write")),
        raw_method("flush", "($self, /)", "", |th, a| forward(th, a, false, "flush")),
        raw_method("readable", "($self, /)", "", |th, a| forward(th, a, true, "readable")),
        raw_method("writable", "($self, /)", "", |th, a| forward(th, a, false, "writable")),
        method("close", "($self, /)", "", close),
        method("isatty", "($self, /)", "", isatty),
    ],
    getset: &[getter("closed", "", |th, o| match Pair::of(o).writer.get() {
        Some(w) => th.getattr(w, n!(closed)),
        None => Err(th.runtime_error("the BufferedRWPair object is being garbage-collected")),
    })],
    trace: Some(Pair::trace),
    ..NativeType::DEFAULT
};
pub static RWPAIR: TypeCell = TypeCell::new(&RWPAIR_TYPE);

static SIG: NativeDef = signature("BufferedRWPair", "(reader, writer, buffer_size=131072, /)");

fn init(th: Th, o: Value, a: RawArgs) -> R<()> {
    let [reader, writer, size] = bind::<3>(th, &SIG, a)?;
    let (reader, writer) = (reader.unwrap(), writer.unwrap());
    let size = match size {
        Some(v) => th.index_i64(v)?,
        None => DEFAULT_BUFFER_SIZE,
    };
    base::check_readable(th, reader)?;
    base::check_writable(th, writer)?;
    let p = Pair::of(o);
    let r = buffered::new(th, &buffered::READER, reader, size)?;
    let w = buffered::new(th, &buffered::WRITER, writer, size)?;
    th.store(p, &p.reader, r);
    th.store(p, &p.writer, w);
    Ok(())
}
fn part(th: Th, o: Value, reader: bool) -> R<Value> {
    let p = Pair::of(o);
    let s = if reader { p.reader.get() } else { p.writer.get() };
    s.ok_or_else(|| uninitialized(th))
}
fn forward(th: Th, a: RawArgs, reader: bool, name: &str) -> R<Value> {
    let o = part(th, a.pos()[0], reader)?;
    let f = th.getattr(o, th.intern(name))?;
    if a.nkw() != 0 {
        return Err(th.type_error(format!("BufferedRWPair.{name}() takes no keyword arguments")));
    }
    th.call_raw(f, a.skip(1))
}
fn close(th: Th, a: Args) -> R<Value> {
    let o = a[0].unwrap();
    let r = part(th, o, false).and_then(|w| th.call_method(w, n!(close), &[]));
    let first = r.is_err().then(|| th.take_exc());
    let r = part(th, o, true).and_then(|r| th.call_method(r, n!(close), &[]));
    chain(th, first, r)
}
fn isatty(th: Th, a: Args) -> R<Value> {
    let w = part(th, a[0].unwrap(), false)?;
    let r = th.call_method(w, n!(isatty), &[])?;
    if !r.is(FALSE()) {
        return Ok(r);
    }
    let rd = part(th, a[0].unwrap(), true)?;
    th.call_method(rd, n!(isatty), &[])
}
