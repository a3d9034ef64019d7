//! Tracebacks without Python code: what is printed when the module `traceback` cannot be had (early in start-up, late in
//! shutdown, a broken library). Same text as CPython's: chained causes and contexts, notes, source lines with carets.
//!
//! # Invariants
//! A traceback's `frame` is a frame object, whose `code` is loaded, as it ran.

use crate::builtins::exceptions as exc;
use crate::builtins::frame::FrameObj;
use crate::interp::call::Gather;
use crate::n;
use crate::object::*;
use crate::thread::Th;
use crate::value::*;
use std::collections::HashMap;
use std::sync::atomic::Ordering::Relaxed;

const CAUSE: &str = "\nThe above exception was the direct cause of the following exception:\n\n";
const CONTEXT: &str = "\nDuring handling of the above exception, another exception occurred:\n\n";
/// Equal entries in a row that are shown before the rest is counted.
const REPEATS: usize = 3;

/// The whole text for an exception.
pub fn render(th: Th, e: Value) -> String {
    let mut out = String::new();
    let mut files = HashMap::new();
    chain(th, e, &mut files, &mut out);
    out
}

/// The text for a traceback alone.
pub fn render_traceback(th: Th, tb: Value) -> String {
    let mut out = String::from("Traceback (most recent call last):\n");
    if let Some(tb) = tb.cast::<Traceback>() {
        entries(th, tb, &mut HashMap::new(), &mut out);
    }
    out
}

fn chain(th: Th, e: Value, files: &mut Files, out: &mut String) {
    // Innermost first; the walk is a loop, as chains can be long. Telling about an exception may run Python code, so they
    // are gathered where the collector sees them.
    let mut all = Gather::new();
    let mut texts: Vec<&'static str> = Vec::new();
    let mut at = e;
    while all.push(th, at).is_ok() {
        let Some(x) = at.cast::<BaseException>() else { break };
        let (next, text) = match (x.cause.get(), x.context.get()) {
            (Some(c), _) => (c, CAUSE),
            (None, Some(c)) if x.suppress.load(Relaxed) == 0 => (c, CONTEXT),
            _ => break,
        };
        if all.as_slice().iter().any(|seen| seen.is(next)) {
            break;
        }
        texts.push(text);
        at = next;
    }
    for i in (0..all.len()).rev() {
        // The text stands after the inner one.
        if i + 1 < all.len() {
            out.push_str(texts[i]);
        }
        one(th, all.as_slice()[i], files, out);
    }
}

fn one(th: Th, e: Value, files: &mut Files, out: &mut String) {
    let Some(x) = e.cast::<BaseException>() else { return };
    if let Some(tb) = x.traceback.get() {
        out.push_str("Traceback (most recent call last):\n");
        entries(th, tb, files, out);
    }
    let ty = th.type_of(e);
    if th.isinstance_exact(e, exc::SYNTAX_ERROR.get()) {
        syntax_error_place(th, x, files, out);
        let name = crate::builtins::object::full_type_name(th, ty);
        let msg = x.f[0].get().map(|m| safe_str(th, m)).unwrap_or_else(|| "<no detail available>".into());
        out.push_str(&format!("{name}: {msg}\n"));
    } else {
        out.push_str(&crate::unraisable::exception_line(th, ty.value(), e));
    }
    notes(th, e, out);
}

fn safe_str(th: Th, v: Value) -> String {
    match th.to_str(v) {
        Ok(s) => th.text(s),
        Err(_) => {
            th.take_exc();
            "<exception str() failed>".into()
        }
    }
}

fn notes(th: Th, e: Value, out: &mut String) {
    let notes = match th.getattr_opt(e, n!(__notes__)) {
        Ok(Some(n)) => n,
        Ok(None) => return,
        Err(_) => {
            th.take_exc();
            return;
        }
    };
    if !matches!(notes.kind(), Kind::List | Kind::Tuple) {
        let r = th.repr(notes).map(|r| th.text(r)).unwrap_or_else(|_| {
            th.take_exc();
            "<__notes__ repr() failed>".into()
        });
        out.push_str(&format!("{r}\n"));
        return;
    }
    let Ok(t) = crate::builtins::tuple::from_iterable(th, notes) else {
        th.take_exc();
        return;
    };
    let t: Gc<Tuple> = t.known();
    for v in t.items() {
        let s = match th.to_str(*v) {
            Ok(s) => th.text(s),
            Err(_) => {
                th.take_exc();
                "<note str() failed>".into()
            }
        };
        for l in s.split('\n') {
            out.push_str(l);
            out.push('\n');
        }
    }
}

type Files = HashMap<String, Option<String>>;

/// A line of a file on the disk, with its end.
pub fn source_line(file: &str, line: u32) -> Option<String> {
    let mut files = Files::new();
    let text = source(&mut files, file)?;
    text.split_inclusive('\n').nth((line as usize).checked_sub(1)?).map(str::to_string)
}

/// Source text of a file: of the embedded library, or from the disk.
fn source<'a>(files: &'a mut Files, file: &str) -> Option<&'a str> {
    files
        .entry(file.to_string())
        .or_insert_with(|| {
            let bytes = if let Some(name) = file.strip_prefix("<frozen ").and_then(|f| f.strip_suffix('>')) {
                let l = crate::hooks::library()?;
                let path = name.replace('.', "/");
                l.file(&format!("{path}.py")).or_else(|| l.file(&format!("{path}/__init__.py")))?.into_owned()
            } else if let Some(d) = crate::import::frozen::data(file.as_bytes()) {
                d.into_owned()
            } else {
                crate::stdio::read_file(file).ok()?
            };
            Some(String::from_utf8_lossy(&bytes).into_owned())
        })
        .as_deref()
}

fn entries(th: Th, mut tb: Gc<Traceback>, files: &mut Files, out: &mut String) {
    let mut last: Option<(String, u32, String)> = None;
    let mut count = 0usize;
    let repeated = |count: usize, out: &mut String| {
        if count > REPEATS {
            let n = count - REPEATS;
            out.push_str(&format!(
                "  [Previous line repeated {n} more time{}]\n",
                if n == 1 { "" } else { "s" }
            ));
        }
    };
    loop {
        let f: Gc<FrameObj> = tb.frame.gc();
        let code: Gc<Code> = f.code.gc();
        let key = (th.text(code.filename.value()), tb.lineno(), th.text(code.name.value()));
        if last.as_ref() == Some(&key) {
            count += 1;
        } else {
            repeated(count, out);
            count = 1;
        }
        if count <= REPEATS {
            out.push_str(&format!("  File \"{}\", line {}, in {}\n", key.0, key.1, key.2));
            if let Some(text) = source(files, &key.0) {
                let p = unsafe { &(*code.data).positions }.get(tb.lasti as usize).copied();
                show_line(text, key.1, p, out);
            }
        }
        last = Some(key);
        match tb.next.get() {
            Some(n) => tb = n,
            None => break,
        }
    }
    repeated(count, out);
}

/// The source line, and carets under the part that failed unless that is the whole line.
fn show_line(text: &str, line: u32, p: Option<adder_bytecode::Position>, out: &mut String) {
    let Some(l) = text.lines().nth((line as usize).wrapping_sub(1)) else { return };
    let stripped = l.trim_matches([' ', '\t', '\x0c']);
    if stripped.is_empty() {
        return;
    }
    out.push_str(&format!("    {stripped}\n"));
    let p = p.filter(|_| !crate::config::get().no_debug_ranges);
    let Some(p) = p.filter(|p| p.line == line && p.col != crate::builtins::code_replace::NO_COLUMN) else {
        return;
    };
    let indent = l.len() - l.trim_start_matches([' ', '\t', '\x0c']).len();
    let start = (p.col as usize).max(indent);
    let end = if p.end_line == p.line { p.end_col as usize } else { l.trim_end().len() };
    if end <= start || end > l.len() || (start == indent && end >= l.trim_end().len()) {
        return;
    }
    let width = |s: &str| s.chars().map(char_width).sum::<usize>();
    let (Some(before), Some(mark)) = (l.get(indent..start), l.get(start..end)) else { return };
    out.push_str(&format!("    {}{}\n", " ".repeat(width(before)), "^".repeat(width(mark).max(1))));
}
/// Columns that a character takes: two for East Asian wide ones.
fn char_width(c: char) -> usize {
    match c as u32 {
        0x1100..=0x115f
        | 0x2e80..=0x303e
        | 0x3041..=0x33ff
        | 0x3400..=0x4dbf
        | 0x4e00..=0x9fff
        | 0xa000..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1f64f
        | 0x1f900..=0x1f9ff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

fn syntax_error_place(th: Th, x: Gc<BaseException>, files: &mut Files, out: &mut String) {
    let num = |i: usize| x.f[i].get().and_then(|v| v.as_fix());
    let Some(line) = num(2) else { return };
    let file = match x.f[1].get() {
        Some(v) if v.is_kind(Kind::Str) => th.text(v),
        _ => "<string>".into(),
    };
    out.push_str(&format!("  File \"{file}\", line {line}\n"));
    let text = match x.f[4].get() {
        Some(v) if v.is_kind(Kind::Str) => th.text(v),
        _ => match source(files, &file).and_then(|s| s.lines().nth((line as usize).wrapping_sub(1))) {
            Some(l) => l.to_string(),
            None => return,
        },
    };
    let l = text.lines().next().unwrap_or("").trim_end();
    let stripped = l.trim_start_matches([' ', '\t', '\x0c']);
    out.push_str(&format!("    {stripped}\n"));
    let Some(offset) = num(3).filter(|o| *o >= 1) else { return };
    let indent = (l.chars().count() - stripped.chars().count()) as i64;
    let end = match (num(5), num(6)) {
        (Some(el), Some(ec)) if el == line && ec > 0 => ec,
        (Some(el), _) if el > line => l.chars().count() as i64 + 1,
        _ => offset,
    };
    let end = if end <= offset { offset + 1 } else { end };
    let col = offset - 1 - indent;
    if col < 0 {
        return;
    }
    let pad: String =
        stripped.chars().take(col as usize).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
    let missing = (col as usize).saturating_sub(stripped.chars().count());
    out.push_str(&format!("    {pad}{}{}\n", " ".repeat(missing), "^".repeat((end - offset) as usize)));
}
