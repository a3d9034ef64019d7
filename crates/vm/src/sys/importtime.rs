//! `-X importtime`.

use crate::err::R;
use crate::sync::lock;
use crate::thread::Th;
use crate::value::*;
use std::sync::Mutex;
use std::time::{Duration, Instant};

struct State {
    header: bool,
    level: usize,
    /// Time spent in nested imports so far.
    nested: Duration,
}
static STATE: Mutex<State> = Mutex::new(State { header: true, level: 0, nested: Duration::ZERO });

fn header(s: &mut State) {
    if std::mem::replace(&mut s.header, false) {
        eprintln!("import time: self [us] | cumulative | imported package");
    }
}

/// Runs an import and reports its time, and that without the imports it made itself.
pub fn timed(th: Th, name: Value, f: impl FnOnce() -> R<Value>) -> R<Value> {
    let outer = {
        let mut s = lock(&STATE);
        header(&mut s);
        s.level += 1;
        std::mem::take(&mut s.nested)
    };
    let start = Instant::now();
    let r = f();
    let total = start.elapsed();
    let mut s = lock(&STATE);
    s.level -= 1;
    let own = total.saturating_sub(s.nested);
    s.nested = outer + total;
    eprintln!(
        "import time: {:9} | {:10} | {:width$}{}",
        own.as_micros(),
        total.as_micros(),
        "",
        th.text(name),
        width = s.level * 2
    );
    r
}

/// `-X importtime=2`: the module was there already.
pub fn cached(th: Th, name: Value) {
    let mut s = lock(&STATE);
    header(&mut s);
    eprintln!("import time: cached    | cached     | {:width$}{}", "", th.text(name), width = s.level * 2);
}
