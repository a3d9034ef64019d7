//! What `sys.stderr` is until the real streams are made: writes to the descriptor at once. CPython's `stderrprinter`.

use crate::err::R;
use crate::host::Outside;
use crate::native::*;
use crate::object::*;
use crate::slots::Slots;
use crate::thread::Th;
use crate::value::*;

pub static PRINTER_TYPE: NativeType = NativeType {
    name: "stderrprinter",
    kind: Kind::Object,
    size: 8,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION,
    slots: Slots {
        repr: Some(|th, o| Ok(th.str(&format!("<stderrprinter(fd=2) object at {:#x}>", o.bits())))),
        ..Slots::NONE
    },
    methods: &[
        method("close", "!($self, /)", "", |_, _| Ok(NONE())),
        method("flush", "!($self, /)", "", |_, _| Ok(NONE())),
        method("fileno", "!($self, /)", "", |_, _| Ok(Value::fix(2))),
        method("isatty", "!($self, /)", "", |_, _| Ok(Value::bool(crate::the_host().isatty(2)))),
        method("write", "!!($self, s, /)", "", |th, a| {
            let Some(s) = a[1].unwrap().cast::<Str>() else {
                return Err(th.type_error("write() argument 1 must be str"));
            };
            let b = s.lossy().into_owned();
            write(b.as_bytes());
            Ok(Value::fix(s.len() as i64))
        }),
    ],
    getset: &[
        getter("closed", "True if the file is closed", |_, _| Ok(FALSE())),
        getter("encoding", "Encoding of the file", |_, _| Ok(NONE())),
        getter("mode", "String giving the file mode", |th, _| Ok(th.intern("w"))),
    ],
    ..NativeType::DEFAULT
};
pub static PRINTER: TypeCell = TypeCell::new(&PRINTER_TYPE);

/// Writes to the process's error output.
pub fn write(mut b: &[u8]) {
    while !b.is_empty() {
        match Outside::region(|o| crate::the_host().write(o, 2, b)) {
            Ok(n) => b = &b[n..],
            Err(crate::host::Errno::EINTR) => {}
            Err(_) => return,
        }
    }
}

pub fn new(th: Th) -> R<Value> {
    let t = th.make_type(&PRINTER);
    crate::builtins::object::new_instance(th, t)
}
