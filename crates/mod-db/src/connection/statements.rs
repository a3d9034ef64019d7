//! Statements: compiled SQL, and the connection's cache of it.
//!
//! # Safety
//! A `Stmt` owns its `sqlite3_stmt`, which is finalized when the last user drops it; SQLite keeps the database until then.

use super::*;

pub struct Stmt {
    pub ptr: AtomicPtr<ffi::sqlite3_stmt>,
    pub dml: bool,
    pub in_use: AtomicBool,
}

impl Stmt {
    pub fn get(&self) -> *mut ffi::sqlite3_stmt {
        self.ptr.load(Acquire)
    }
    pub fn reset(&self) -> c_int {
        let p = self.get();
        if p.is_null() { 0 } else { unsafe { ffi::sqlite3_reset(p) } }
    }
}

impl Drop for Stmt {
    fn drop(&mut self) {
        let p = self.ptr.swap(std::ptr::null_mut(), AcqRel);
        if !p.is_null() {
            // SAFETY: the last user's. SQLite's mutex may be another thread's, in a callback of which the world is to stop:
            // it is waited for outside the running state.
            let finalize = || unsafe { ffi::sqlite3_finalize(p) };
            match Th::current() {
                Some(th) => th.m.blocking(finalize),
                None => finalize(),
            };
        }
    }
}

native_layout! { pub Statement { ; stmt: AtomicPtr<Stmt> } }

/// What calling a connection gives.
pub static STATEMENT: TypeCell = TypeCell::new(&NativeType {
    name: "sqlite3.Statement",
    kind: Kind::Native,
    size: Statement::SIZE,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION | tflags::SHOWN_AS_HEAP,
    trace: Some(Statement::trace),
    drop: Some(|o| unsafe {
        let p = (*(o.as_ptr() as *const Statement)).stmt.swap(std::ptr::null_mut(), AcqRel);
        if !p.is_null() {
            crate::dead::later(crate::dead::Dead::Statement(Arc::from_raw(p as *const Stmt)));
        }
    }),
    ..NativeType::DEFAULT
});

/// A statement of the cache or a new one.
pub fn statement(th: Th, c: Gc<Connection>, sql: Value) -> R<Arc<Stmt>> {
    let Some(s) = sql.cast::<Str>() else {
        return Err(th.type_error(format!("argument 1 must be str, not {}", th.type_name_of(sql))));
    };
    let st = c.state();
    let text = s.bytes().to_vec();
    if let Some(i) = st.cache.iter().position(|(k, v)| *k == text && !v.in_use.load(Relaxed)) {
        let e = st.cache.remove(i);
        let r = e.1.clone();
        st.cache.push(e);
        return Ok(r);
    }
    if s.as_str().is_none() {
        adder_vm::builtins::codecs::encode(th, sql, Some(th.str("utf-8")), None)?;
    }
    let db = c.live(th)?;
    let max = unsafe { ffi::sqlite3_limit(db, ffi::SQLITE_LIMIT_SQL_LENGTH, -1) };
    if text.len() > max as usize {
        return Err(th.raise_msg(&crate::DATA_ERROR, "query string is too large"));
    }
    let Ok(z) = CString::new(text.clone()) else {
        return Err(programming(th, "the query contains a null character"));
    };
    let (mut ptr, mut tail) = (std::ptr::null_mut(), std::ptr::null());
    let rc = th.m.blocking(|| unsafe {
        ffi::sqlite3_prepare_v2(db, z.as_ptr(), text.len() as c_int + 1, &mut ptr, &mut tail)
    });
    if rc != ffi::SQLITE_OK {
        return Err(c.error(th, rc));
    }
    // SAFETY: within `z`.
    let rest = unsafe { std::ffi::CStr::from_ptr(tail) }.to_bytes();
    if skip_comments(rest).is_some() {
        unsafe { ffi::sqlite3_finalize(ptr) };
        return Err(programming(th, "You can only execute one statement at a time."));
    }
    let head = skip_comments(&text).map_or(&b""[..], |i| &text[i..]);
    let dml = [&b"insert"[..], b"update", b"delete", b"replace"]
        .iter()
        .any(|k| head.len() >= k.len() && head[..k.len()].eq_ignore_ascii_case(k));
    let r = Arc::new(Stmt { ptr: AtomicPtr::new(ptr), dml, in_use: AtomicBool::new(false) });
    // The authorizer may have closed the connection.
    c.live(th)?;
    let st = c.state();
    if st.cache_size > 0 {
        if st.cache.len() >= st.cache_size {
            st.cache.remove(0);
        }
        st.cache.push((text, r.clone()));
    }
    Ok(r)
}

/// Where SQL begins; None: there is only space and comments.
fn skip_comments(s: &[u8]) -> Option<usize> {
    let mut i = 0;
    while i < s.len() {
        if s[i].is_ascii_whitespace() {
            i += 1;
        } else if s[i..].starts_with(b"--") {
            i += s[i..].iter().position(|c| *c == b'\n')?;
        } else if s[i..].starts_with(b"/*") {
            i += s[i + 2..].windows(2).position(|w| w == b"*/")? + 4;
        } else {
            return Some(i);
        }
    }
    None
}
