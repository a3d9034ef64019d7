//! `Blob`: incremental input and output of a field.
//!
//! # Safety
//! A [`Handle`] belongs to its blob and to the connection, which closes it: whoever closes first takes the pointer out. It
//! is used while the connection is held, and asked for anew after Python code may have run. SQLite tests that what is read
//! or written lies in the field.

use super::connection::{Conn, Connection, Open};
use super::{docs, native_layout, none, programming};
use adder_text::room;
use adder_vm::builtins::{buffer, bytes, int, object};
use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::slots::Slots;
use adder_vm::thread::Th;
use adder_vm::value::*;
use libsqlite3_sys as ffi;
use std::ffi::{CStr, c_int, c_void};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicPtr, Ordering::*};

pub struct Handle(AtomicPtr<ffi::sqlite3_blob>);
impl Handle {
    pub fn close(&self) {
        let p = self.0.swap(std::ptr::null_mut(), AcqRel);
        if !p.is_null() {
            unsafe { ffi::sqlite3_blob_close(p) };
        }
    }
    fn get(&self) -> *mut ffi::sqlite3_blob {
        self.0.load(Acquire)
    }
}
native_layout! { pub Blob { connection; handle: AtomicPtr<Handle>, offset: AtomicI64 } }

pub static BLOB: TypeCell = TypeCell::new(&NativeType {
    name: "sqlite3.Blob",
    kind: Kind::Native,
    size: Blob::SIZE,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION | tflags::WEAKREF | tflags::SHOWN_AS_HEAP,
    slots: Slots {
        len: Some(|th, o| Ok(size(&open_handle(th, o)?) as usize)),
        getitem: Some(getitem),
        setitem: Some(setitem),
        iter: Some(|th, _| Err(th.type_error("'sqlite3.Blob' object is not iterable"))),
        contains: Some(|th, _, _| {
            Err(th.type_error("argument of type 'sqlite3.Blob' is not a container or iterable"))
        }),
        ..Slots::NONE
    },
    methods: &[
        method("close", "($self, /)", docs::blob("close"), |th, a| {
            let _open = conn(a[0].unwrap()).check(th)?;
            handle(a[0].unwrap()).close();
            none()
        }),
        method("read", "($self, length=-1, /)", docs::blob("read"), |th, a| {
            let o = a[0].unwrap();
            let n = match a[1] {
                Some(v) => th.index_i64(v)?,
                None => -1,
            };
            let h = open_handle(th, o)?;
            let at = Blob::of(o).offset.load(Relaxed);
            let max = size(&h) - at;
            let n = if n < 0 || n > max { max } else { n };
            let b = read(th, o, at, n)?;
            Blob::of(o).offset.store(at + n, Relaxed);
            Ok(bytes::new(th, &b)?.value())
        }),
        method("write", "($self, data, /)", docs::blob("write"), |th, a| {
            let o = a[0].unwrap();
            let b = buffer::Buffer::simple(th, a[1].unwrap())?;
            open_handle(th, o)?;
            let at = Blob::of(o).offset.load(Relaxed);
            write(th, o, at, b.bytes())?;
            Blob::of(o).offset.store(at + b.len() as i64, Relaxed);
            none()
        }),
        method("seek", "($self, offset, origin=0, /)", docs::blob("seek"), |th, a| {
            let o = a[0].unwrap();
            open_handle(th, o)?;
            let off = adder_vm::cint::int_arg(th, a[1].unwrap())? as i64;
            let origin = match a[2] {
                Some(v) => th.index_i64(v)?,
                None => 0,
            };
            let h = open_handle(th, o)?;
            let len = size(&h);
            let base = match origin {
                0 => 0,
                1 => Blob::of(o).offset.load(Relaxed),
                2 => len,
                _ => {
                    return Err(th.value_error("'origin' should be os.SEEK_SET, os.SEEK_CUR, or os.SEEK_END"));
                }
            };
            if base + off > i32::MAX as i64 {
                return Err(th.overflow_error("seek offset results in overflow"));
            }
            let at = base + off;
            if at < 0 || at > len {
                return Err(th.value_error("offset out of blob range"));
            }
            Blob::of(o).offset.store(at, Relaxed);
            none()
        }),
        method("tell", "($self, /)", docs::blob("tell"), |th, a| {
            open_handle(th, a[0].unwrap())?;
            Ok(th.int(Blob::of(a[0].unwrap()).offset.load(Relaxed)))
        }),
        method("__enter__", "($self, /)", docs::blob("__enter__"), |th, a| {
            open_handle(th, a[0].unwrap())?;
            Ok(a[0].unwrap())
        }),
        method("__exit__", "($self, type, val, tb, /)", docs::blob("__exit__"), |th, a| {
            open_handle(th, a[0].unwrap())?;
            handle(a[0].unwrap()).close();
            Ok(FALSE())
        }),
    ],
    trace: Some(Blob::trace),
    drop: Some(|o| unsafe {
        let p = (*(o.as_ptr() as *const Blob)).handle.swap(std::ptr::null_mut(), AcqRel);
        if !p.is_null() {
            super::dead::later(super::dead::Dead::Blob(Arc::from_raw(p as *const Handle)));
        }
    }),
    ..NativeType::DEFAULT
});

fn handle<'a>(o: Value) -> &'a Handle {
    // SAFETY: set when the object was made; it holds a share.
    unsafe { &*Blob::of(o).handle.load(Acquire) }
}
fn conn(o: Value) -> Gc<Connection> {
    Connection::of(Blob::of(o).connection.value())
}
/// An open blob; its connection is held. Whatever runs Python code may close it all the same.
struct Handled {
    ptr: *mut ffi::sqlite3_blob,
    _open: Open,
}
fn size(h: &Handled) -> i64 {
    // SAFETY: see `Handled`.
    unsafe { ffi::sqlite3_blob_bytes(h.ptr) as i64 }
}
fn open_handle(th: Th, o: Value) -> R<Handled> {
    let open = conn(o).check(th)?;
    let ptr = handle(o).get();
    if ptr.is_null() {
        return Err(programming(th, "Cannot operate on a closed blob."));
    }
    Ok(Handled { ptr, _open: open })
}
pub fn open(
    th: Th,
    c: Gc<Connection>,
    db: &CStr,
    table: &CStr,
    column: &CStr,
    id: i64,
    write: bool,
) -> R<Value> {
    let mut p = std::ptr::null_mut();
    let h = c.db();
    let rc = th.m.blocking(|| unsafe {
        ffi::sqlite3_blob_open(h, db.as_ptr(), table.as_ptr(), column.as_ptr(), id, write as c_int, &mut p)
    });
    if rc != ffi::SQLITE_OK {
        return Err(c.error(th, rc));
    }
    let o = object::new_instance(th, BLOB.get())?;
    let b = Blob::of(o);
    let h = Arc::new(Handle(AtomicPtr::new(p)));
    let st = c.state();
    st.blobs.retain(|b| !b.get().is_null());
    st.blobs.push(h.clone());
    b.handle.store(Arc::into_raw(h) as *mut Handle, Release);
    th.store(b, &b.connection, c.value());
    Ok(o)
}
fn fail(th: Th, o: Value, rc: c_int) -> adder_vm::err::Raised {
    if rc == ffi::SQLITE_ABORT {
        return th.raise_msg(&super::OPERATIONAL_ERROR, "Cannot operate on modified blob");
    }
    conn(o).error(th, rc)
}
fn read(th: Th, o: Value, at: i64, n: i64) -> R<Vec<u8>> {
    let h = open_handle(th, o)?;
    let mut v = room::zeros(n as usize);
    let p = v.as_mut_ptr();
    let rc =
        th.m.blocking(|| unsafe { ffi::sqlite3_blob_read(h.ptr, p as *mut c_void, n as c_int, at as c_int) });
    if rc != ffi::SQLITE_OK { Err(fail(th, o, rc)) } else { Ok(v) }
}
fn write(th: Th, o: Value, at: i64, b: &[u8]) -> R<()> {
    let h = open_handle(th, o)?;
    if b.len() as i64 > size(&h) - at {
        return Err(th.value_error("data longer than blob length"));
    }
    let v = room::copy(b);
    let rc = th.m.blocking(|| unsafe {
        ffi::sqlite3_blob_write(h.ptr, v.as_ptr() as *const c_void, v.len() as c_int, at as c_int)
    });
    if rc != ffi::SQLITE_OK { Err(fail(th, o, rc)) } else { Ok(()) }
}
fn index(th: Th, o: Value, k: Value) -> R<i64> {
    open_handle(th, o)?;
    let Some(mut i) = int::to_i64(th.index(k)?) else {
        let name = th.type_name_of(k);
        return Err(th.index_error(format!("cannot fit '{name}' into an index-sized integer")));
    };
    let n = size(&open_handle(th, o)?);
    if i < 0 {
        i += n;
    }
    if i < 0 || i >= n {
        return Err(th.index_error("Blob index out of range"));
    }
    Ok(i)
}
fn getitem(th: Th, o: Value, k: Value) -> R<Value> {
    let h = open_handle(th, o)?;
    if th.type_of(k).slots.index.is_some() {
        let i = index(th, o, k)?;
        return Ok(Value::fix(read(th, o, i, 1)?[0] as i64));
    }
    if !k.is_kind(Kind::Slice) {
        return Err(th.type_error("Blob indices must be integers"));
    }
    let (start, step, n) = slice(th, k, size(&h))?;
    if n == 0 {
        return Ok(bytes::new(th, b"")?.value());
    }
    negative_step(th, step)?;
    let (lo, hi) = (start, start + (n - 1) * step);
    let b = read(th, o, lo, hi - lo + 1)?;
    let out: Vec<u8> = (0..n).map(|i| b[(start + i * step - lo) as usize]).collect();
    Ok(bytes::new(th, &out)?.value())
}
fn negative_step(th: Th, step: i64) -> R<()> {
    if step < 0 {
        return Err(th.value_error("Blob doesn't support slices with a negative step"));
    }
    Ok(())
}
/// Start, step and number of items.
fn slice(th: Th, k: Value, len: i64) -> R<(i64, i64, i64)> {
    let t = th.call_method(k, th.intern("indices"), &[th.int(len)])?;
    let t: Gc<adder_vm::object::Tuple> = t.known();
    let (a, b, s) = (th.index_i64(t.items()[0])?, th.index_i64(t.items()[1])?, th.index_i64(t.items()[2])?);
    // What lies between, divided by how far it is from one to the next.
    let between = if s > 0 { b - a } else { a - b };
    let n = if between <= 0 { 0 } else { (between as u64 - 1) / s.unsigned_abs() + 1 };
    Ok((a, s, n as i64))
}
fn setitem(th: Th, o: Value, k: Value, v: Option<Value>) -> R<()> {
    let h = open_handle(th, o)?;
    let Some(v) = v else {
        return Err(th.type_error(if k.is_kind(Kind::Slice) {
            "Blob doesn't support slice deletion"
        } else {
            "Blob doesn't support item deletion"
        }));
    };
    if th.type_of(k).slots.index.is_some() {
        if !int::is_int(v) {
            return Err(
                th.type_error(format!("'{}' object cannot be interpreted as an integer", th.type_name_of(v)))
            );
        }
        let i = index(th, o, k)?;
        let n = match int::to_i64(v) {
            Some(n @ 0..=255) => n,
            _ => return Err(th.value_error("byte must be in range(0, 256)")),
        };
        return write(th, o, i, &[n as u8]);
    }
    if !k.is_kind(Kind::Slice) {
        return Err(th.type_error("Blob indices must be integers"));
    }
    let (start, step, n) = slice(th, k, size(&h))?;
    let b = buffer::Buffer::simple(th, v)?;
    if b.len() as i64 != n {
        return Err(th.index_error("Blob slice assignment is wrong size"));
    }
    if n == 0 {
        return Ok(());
    }
    if step == 1 {
        return write(th, o, start, b.bytes());
    }
    negative_step(th, step)?;
    let (lo, hi) = (start, start + (n - 1) * step);
    let mut all = read(th, o, lo, hi - lo + 1)?;
    for (i, x) in b.bytes().iter().enumerate() {
        all[(start + i as i64 * step - lo) as usize] = *x;
    }
    write(th, o, lo, &all)
}
