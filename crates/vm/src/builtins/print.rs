//! `print` and `input`.
//!
//! # Invariants
//! Keywords are strings, as are the parts when they are written; `small_strs` holds the strings of one character below
//! 256.

use crate::builtins::exceptions as exc;
use crate::builtins::{int, scratch, sys_attr};
use crate::err::R;
use crate::n;
use crate::native::*;
use crate::object::*;
use crate::thread::{Root, Th};
use crate::value::*;
use std::io::Write;
use std::sync::OnceLock;

/// The native text stream and how text is written to exactly that: `print` needs no method calls there.
static TEXT_FILE: OnceLock<(&'static TypeCell, TextWriter)> = OnceLock::new();
pub type TextWriter = fn(Th, Value, &[u8]) -> R<()>;

pub fn set_text_file(cell: &'static TypeCell, f: TextWriter) {
    let _ = TEXT_FILE.set((cell, f));
}

/// `sep` and `end`.
fn text_arg(th: Th, v: Option<Value>, name: &str) -> R<Option<Value>> {
    match v.and_then(|v| v.some()) {
        Some(v) if !v.is_kind(Kind::Str) => {
            Err(th.type_error(format!("{name} must be None or a string, not {}", th.type_name_of(v))))
        }
        v => Ok(v),
    }
}

pub fn print(th: Th, a: RawArgs) -> R<Value> {
    let (mut sep, mut end, mut file, mut flush) = (None, None, None, None);
    for (k, v) in a.keywords() {
        match k.known::<Str>().bytes() {
            b"sep" => sep = Some(v),
            b"end" => end = Some(v),
            b"file" => file = v.some(),
            b"flush" => flush = Some(v),
            other => {
                let other = String::from_utf8_lossy(other);
                let hint = match crate::suggest::closest(&other, ["sep", "end", "file", "flush"].into_iter())
                {
                    Some(c) => format!(". Did you mean '{c}'?"),
                    None => String::new(),
                };
                return Err(
                    th.type_error(format!("print() got an unexpected keyword argument '{other}'{hint}"))
                );
            }
        }
    }
    let file = match file {
        Some(f) => Some(f),
        None if Root::importlib.get().is_none() => None,
        None => match sys_attr(th, n!(stdout))? {
            Some(f) if f.is_none() => return Ok(NONE()),
            Some(f) => Some(f),
            None => return Err(th.runtime_error("lost sys.stdout")),
        },
    };
    let (sep, end) = (text_arg(th, sep, "sep")?, text_arg(th, end, "end")?);
    let Some(f) = file else { return direct(th, a.pos(), sep, end) };
    if let Some((cell, writer)) = TEXT_FILE.get()
        && f.is_obj()
        && cell.try_get() == Some(th.type_of(f))
        && th.instance_attr(f, n!(write))?.is_none()
    {
        scratch::with(|out| gathered(th, f, *writer, a.pos(), sep, end, out))?;
        if let Some(x) = flush
            && th.truth(x)?
        {
            th.call_method(f, n!(flush), &[])?;
        }
        return Ok(NONE());
    }
    for (i, v) in a.pos().iter().enumerate() {
        if i > 0 {
            write(th, f, sep.unwrap_or_else(|| space(th)))?;
        }
        let s = th.to_str(*v)?;
        write(th, f, s)?;
    }
    write(th, f, end.unwrap_or_else(|| newline(th)))?;
    if let Some(x) = flush
        && th.truth(x)?
    {
        th.call_method(f, n!(flush), &[])?;
    }
    Ok(NONE())
}
/// To the native text stream, in one piece as far as no Python code runs in between and nothing can fail to be encoded.
fn gathered(
    th: Th,
    f: Value,
    writer: TextWriter,
    items: &[Value],
    sep: Option<Value>,
    end: Option<Value>,
    out: &mut Vec<u8>,
) -> R<()> {
    let put = |v: Value, out: &mut Vec<u8>| -> R<()> {
        let s: Gc<Str> = v.known();
        if s.is_ascii() {
            out.extend_from_slice(s.bytes());
            return Ok(());
        }
        send(th, f, writer, out)?;
        writer(th, f, s.bytes())
    };
    for (i, v) in items.iter().enumerate() {
        if i > 0 {
            match sep {
                None => out.push(b' '),
                Some(s) => put(s, out)?,
            }
        }
        if v.is_exact(Kind::Str) {
            put(*v, out)?;
        } else if let Some(n) = v.as_fix() {
            let mut buf = [0; 20];
            let n = int::digits_of(n, &mut buf);
            out.extend_from_slice(&buf[n..]);
        } else {
            if !(v.is_flo() || v.is_none() || v.is_exact(Kind::Bool) || v.is_exact(Kind::Float)) {
                // It may print itself.
                send(th, f, writer, out)?;
            }
            let s = th.to_str(*v)?;
            put(s, out)?;
        }
    }
    match end {
        None => out.push(b'\n'),
        Some(s) => put(s, out)?,
    }
    send(th, f, writer, out)
}
fn send(th: Th, f: Value, writer: TextWriter, out: &mut Vec<u8>) -> R<()> {
    if out.is_empty() {
        return Ok(());
    }
    let r = writer(th, f, out);
    out.clear();
    r
}
fn one_char(c: u8) -> Value {
    let t: Gc<Array> = Root::small_strs.value().known();
    t.slot(c as usize).value()
}
fn space(_: Th) -> Value {
    one_char(b' ')
}
fn newline(_: Th) -> Value {
    one_char(b'\n')
}
fn write(th: Th, f: Value, s: Value) -> R<()> {
    th.call_method(f, n!(write), &[s]).map(|_| ())
}
/// While there is no module `sys` (a runtime without standard streams): to the process's output.
fn direct(th: Th, items: &[Value], sep: Option<Value>, end: Option<Value>) -> R<Value> {
    let mut out = Vec::new();
    let text = |v: Value| v.known::<Str>();
    for (i, v) in items.iter().enumerate() {
        if i > 0 {
            out.extend_from_slice(sep.map_or(b" ", |s| unsafe { &*(text(s).bytes() as *const [u8]) }));
        }
        let s = th.to_str(*v)?;
        out.extend_from_slice(text(s).bytes());
    }
    out.extend_from_slice(end.map_or(b"\n", |s| unsafe { &*(text(s).bytes() as *const [u8]) }));
    std::io::stdout().write_all(&out).ok();
    Ok(NONE())
}

pub fn input(th: Th, a: &[Option<Value>]) -> R<Value> {
    let stream = |name: &str| -> R<Value> {
        match sys_attr(th, th.intern(name))? {
            Some(f) if !f.is_none() => Ok(f),
            _ => Err(th.runtime_error(format!("input(): lost sys.{name}"))),
        }
    };
    let (fin, fout, ferr) = (stream("stdin")?, stream("stdout")?, stream("stderr")?);
    crate::sys::audit::audit(th, "builtins.input", &[a[0].unwrap_or(NONE())])?;
    let r = th.call_method(ferr, n!(flush), &[]);
    if r.is_err() {
        th.take_exc();
    }
    let prompt = match a[0] {
        Some(p) => Some(th.to_str(p)?),
        None => None,
    };
    let terminal = is_terminal(th, fin, 0) && is_terminal(th, fout, 1);
    if terminal && let Some(line) = edited_line(th, fout, prompt)? {
        crate::sys::audit::audit(th, "builtins.input/result", &[line])?;
        return Ok(line);
    }
    if let Some(s) = prompt {
        write(th, fout, s)?;
    }
    let r = th.call_method(fout, n!(flush), &[]);
    if r.is_err() {
        th.take_exc();
    }
    let line = th.call_method(fin, n!(readline), &[])?;
    let Some(s) = line.cast::<Str>() else {
        return Err(th.type_error("object.readline() returned non-string"));
    };
    if s.is_empty() {
        return Err(th.raise_msg(&exc::EOF_ERROR, "EOF when reading a line"));
    }
    let line = match s.bytes().strip_suffix(b"\n") {
        Some(b) => {
            let b = b.to_vec();
            th.try_str(&b)?
        }
        None => line,
    };
    if terminal {
        crate::sys::audit::audit(th, "builtins.input/result", &[line])?;
    }
    Ok(line)
}
/// Whether the stream is that descriptor of the process, and a terminal.
fn is_terminal(th: Th, f: Value, fd: i64) -> bool {
    let r = th.call_method(f, th.intern("fileno"), &[]).and_then(|n| {
        let on = n.as_fix() == Some(fd);
        Ok(on && th.call_method(f, th.intern("isatty"), &[])?.is(TRUE()))
    });
    r.unwrap_or_else(|_| {
        th.take_exc();
        false
    })
}
/// A line by the line editor, if the module `readline` is imported and can be used.
fn edited_line(th: Th, fout: Value, prompt: Option<Value>) -> R<Option<Value>> {
    let Some(modules) = sys_attr(th, th.intern("modules"))?.and_then(|m| m.cast::<Dict>()) else {
        return Ok(None);
    };
    let Some(m) = modules.get_str(th, th.intern("readline"))? else { return Ok(None) };
    let Some(f) = th.getattr_opt(m, th.intern("_read_line"))? else { return Ok(None) };
    th.call_method(fout, n!(flush), &[])?;
    let line = th.call(f, &[prompt.unwrap_or_else(|| th.str(""))])?;
    Ok(line.is_kind(Kind::Str).then_some(line))
}
