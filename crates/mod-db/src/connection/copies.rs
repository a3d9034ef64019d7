//! The database as a whole: backup, serialize, deserialize.
//!
//! # Invariants
//! - A database handle is used while its connection is held (`check` gives a hold, `open` the receiver's), so that no
//!   other thread closes it; a backup ends, whatever happened, before its function does.
//! - Memory that `serialize` gives is freed here, memory given to `deserialize` belongs to the library from then on,
//!   failed or not (`FREEONCLOSE`).

use super::*;

pub(super) fn backup(th: Th, a: Args) -> R<Value> {
    let t = a[1].unwrap();
    if !th.isinstance_exact(t, CONNECTION.get()) {
        return Err(th.type_error(format!(
            "backup() argument 1 must be sqlite3.Connection, not {}",
            th.type_name_of(t)
        )));
    }
    let pages = match a[2] {
        Some(v) => int32(th, v)?,
        None => -1,
    };
    let progress = a[3].and_then(|v| v.some());
    let name = match a[4] {
        Some(v) => text(th, v, "backup", "'name'")?,
        None => c"main".to_owned(),
    };
    let sleep = match a[5] {
        Some(v) => (adder_vm::builtins::float::to_f64(th, v)? * 1000.0) as c_int,
        None => 250,
    };
    let c = *open(th, a)?;
    let target = Connection::of(t);
    drop(target.check(th)?);
    if target == c {
        return Err(th.value_error("target cannot be the same connection instance"));
    }
    if let Some(p) = progress
        && th.type_of(p).slots.call.is_none()
    {
        return Err(th.type_error("progress argument must be a callable"));
    }
    // In one order, or two connections that copy each other would wait for each other.
    let id = |c: Gc<Connection>| adder_vm::builtins::object::id(th, c.value());
    let (first, second) = if id(c) < id(target) { (c, target) } else { (target, c) };
    let hold = || -> R<(Open, Open)> { Ok((first.check(th)?, second.check(th)?)) };
    let mut held = Some(hold()?);
    let pages = if pages == 0 { -1 } else { pages };
    let bck = unsafe { ffi::sqlite3_backup_init(target.db(), c"main".as_ptr(), c.db(), name.as_ptr()) };
    if bck.is_null() {
        return Err(target.error(th, 1));
    }
    let mut rc;
    loop {
        rc = th.m.blocking(|| unsafe { ffi::sqlite3_backup_step(bck, pages) });
        if let Some(p) = progress {
            let (rest, total) =
                unsafe { (ffi::sqlite3_backup_remaining(bck), ffi::sqlite3_backup_pagecount(bck)) };
            if let Err(e) = th.call(p, &[th.int(rc as i64), th.int(rest as i64), th.int(total as i64)]) {
                unsafe { ffi::sqlite3_backup_finish(bck) };
                return Err(e);
            }
        }
        if rc == ffi::SQLITE_BUSY || rc == ffi::SQLITE_LOCKED {
            // Who is to end the transaction needs the connections.
            held.take();
            th.m.blocking(|| unsafe { ffi::sqlite3_sleep(sleep) });
            match hold() {
                Ok(h) => held = Some(h),
                Err(e) => {
                    unsafe { ffi::sqlite3_backup_finish(bck) };
                    return Err(e);
                }
            }
        } else if rc != ffi::SQLITE_OK {
            break;
        }
    }
    let rc = th.m.blocking(|| unsafe { ffi::sqlite3_backup_finish(bck) });
    if rc != ffi::SQLITE_OK {
        return Err(target.error(th, rc));
    }
    none()
}
pub(super) fn serialize(th: Th, a: Args) -> R<Value> {
    let c = open(th, a)?;
    let name = match a[1] {
        Some(v) => text(th, v, "serialize", "'name'")?,
        None => c"main".to_owned(),
    };
    unsafe {
        let mut n = 0i64;
        let db = c.db();
        let p = th.m.blocking(|| ffi::sqlite3_serialize(db, name.as_ptr(), &mut n, 0));
        if p.is_null() {
            return Err(th.raise_msg(
                &super::super::OPERATIONAL_ERROR,
                &format!("unable to serialize '{}'", name.to_string_lossy()),
            ));
        }
        let r = bytes::new(th, std::slice::from_raw_parts(p, n as usize));
        ffi::sqlite3_free(p as *mut c_void);
        Ok(r?.value())
    }
}
pub(super) fn deserialize(th: Th, a: Args) -> R<Value> {
    let c = open(th, a)?;
    let v = a[1].unwrap();
    let data: Vec<u8> = match v.cast::<Str>() {
        Some(s) => s.bytes().to_vec(),
        None => buffer::Buffer::simple(th, v)?.bytes().to_vec(),
    };
    let name = match a[2] {
        Some(v) => text(th, v, "deserialize", "'name'")?,
        None => c"main".to_owned(),
    };
    unsafe {
        let p = ffi::sqlite3_malloc64(data.len().max(1) as u64) as *mut u8;
        if p.is_null() {
            return Err(th.memory_error());
        }
        std::ptr::copy_nonoverlapping(data.as_ptr(), p, data.len());
        let flags = ffi::SQLITE_DESERIALIZE_FREEONCLOSE | ffi::SQLITE_DESERIALIZE_RESIZEABLE;
        let n = data.len() as i64;
        let db = c.db();
        let rc = th.m.blocking(|| ffi::sqlite3_deserialize(db, name.as_ptr(), p, n, n, flags));
        if rc != ffi::SQLITE_OK {
            return Err(c.error(th, rc));
        }
    }
    none()
}
