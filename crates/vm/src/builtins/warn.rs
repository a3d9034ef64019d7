//! Issuing warnings from native code: the way to `warnings.warn`.

use crate::err::R;
use crate::native::TypeCell;
use crate::thread::Th;
use crate::value::Value;

/// `warnings.warn(text, category, stacklevel)`; level 1 is the Python code that runs now. An error if the filters say so.
#[cold]
pub fn warn(th: Th, category: &'static TypeCell, text: &str, stacklevel: i64) -> R<()> {
    let m = crate::import::import_module(th, "warnings")?;
    let f = th.getattr(m, th.intern("warn"))?;
    let text = th.str(text);
    th.call(f, &[text, category.get().value(), Value::fix(stacklevel)])?;
    Ok(())
}

impl Th {
    #[cold]
    pub fn deprecation_warning(self, text: &str) -> R<()> {
        warn(self, &crate::builtins::exceptions::DEPRECATION_WARNING, text, 1)
    }
}
