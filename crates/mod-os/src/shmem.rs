//! `_posixshmem`: named shared memory.

use crate::util::*;
use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::ffi::CString;

pub static MODULE: NativeModule = NativeModule {
    name: "_posixshmem",
    doc: "POSIX shared memory module",
    functions: &[
        function(
            "shm_open",
            "($module, /, path, flags, mode=511)",
            "Open a shared memory object.  Returns a file descriptor (integer).",
            |th, a| {
                let v = a[0].unwrap();
                let name = name_arg(th, "shm_open", " 1", v)?;
                let (flags, mode) = (int_arg(th, a[1].unwrap())?, int_or(th, a[2], 0o777)?);
                let fd = retry(th, |h, o| h.shm_open(o, &name, flags, mode as u32))?;
                Ok(th.int(fd.map_err(|e| os_error_file(th, e, v))? as i64))
            },
        ),
        function(
            "shm_unlink",
            "($module, path, /)",
            "Remove a shared memory object (similar to unlink()).\n\nRemove a shared memory object name, and, once all processes have\nunmapped the object, de-allocates and destroys the contents of the\nassociated memory region.",
            |th, a| {
                let v = a[0].unwrap();
                let name = name_arg(th, "shm_unlink", "", v)?;
                retry(th, |h, o| h.shm_unlink(o, &name))?.map_err(|e| os_error_file(th, e, v))?;
                none()
            },
        ),
    ],
    types: &[],
    init: None,
};

fn name_arg(th: Th, func: &str, n: &str, v: Value) -> R<CString> {
    if !v.is_kind(Kind::Str) {
        return Err(th.type_error(format!("{func}() argument{n} must be str, not {}", th.arg_type_name(v))));
    }
    CString::new(fs_encode(th, v)?).map_err(|_| th.value_error("embedded null character"))
}
