//! `open`, `open_code`, `text_encoding`. CPython's `Modules/_io/_iomodule.c`.
//!
//! # Invariants
//! The text of an argument is borrowed for as long as the caller has the argument.

use super::*;

fn text_arg<'a>(th: Th, name: &str, nullable: bool, v: Option<Value>) -> R<Option<&'a str>> {
    let Some(v) = v else { return Ok(None) };
    if nullable && v.is_none() {
        return Ok(None);
    }
    let Some(s) = v.cast::<Str>() else {
        return Err(th.type_error(format!(
            "open() argument '{name}' must be str{}, not {}",
            if nullable { " or None" } else { "" },
            th.arg_type_name(v)
        )));
    };
    let b: &'a [u8] = unsafe { &*(s.bytes() as *const [u8]) };
    if b.contains(&0) {
        return Err(th.value_error("embedded null character"));
    }
    match std::str::from_utf8(b) {
        Ok(s) => Ok(Some(s)),
        Err(_) => {
            adder_vm::builtins::codecs::encode(th, v, None, None)?;
            Ok(None)
        }
    }
}

pub fn open(th: Th, a: Args) -> R<Value> {
    let mode = text_arg(th, "mode", false, a[1])?.unwrap_or("r");
    let buffering = match a[2] {
        Some(v) => int_arg(th, v)? as i64,
        None => -1,
    };
    let encoding = text_arg(th, "encoding", true, a[3])?.and(a[3]);
    let errors = text_arg(th, "errors", true, a[4])?.and(a[4]);
    let newline = text_arg(th, "newline", true, a[5])?.and(a[5]);
    let closefd = bool_or(th, a[6], true)?;
    let file = a[0].unwrap();
    let is_number = {
        let s = &th.type_of(file).slots;
        s.index.is_some() || s.int.is_some() || s.float.is_some() || file.is_kind(Kind::Complex)
    };
    let file = if is_number { file } else { fspath(th, file)? };

    let (mut raw_mode, mut text, mut binary, mut updating) = (String::with_capacity(4), false, false, false);
    let (mut creating, mut reading, mut writing, mut appending) = (false, false, false, false);
    for (i, ch) in mode.char_indices() {
        match ch {
            'x' => creating = true,
            'r' => reading = true,
            'w' => writing = true,
            'a' => appending = true,
            '+' => updating = true,
            't' => text = true,
            'b' => binary = true,
            _ => return Err(th.value_error(format!("invalid mode: '{mode}'"))),
        }
        if mode[i + 1..].contains(ch) {
            return Err(th.value_error(format!("invalid mode: '{mode}'")));
        }
    }
    for (on, ch) in [(creating, 'x'), (reading, 'r'), (writing, 'w'), (appending, 'a'), (updating, '+')] {
        if on {
            raw_mode.push(ch);
        }
    }
    if text && binary {
        return Err(th.value_error("can't have text and binary mode at once"));
    }
    if creating as u32 + reading as u32 + writing as u32 + appending as u32 > 1 {
        return Err(th.value_error("must have exactly one of create/read/write/append mode"));
    }
    for (v, what) in [(encoding, "an encoding"), (errors, "an errors"), (newline, "a newline")] {
        if binary && v.is_some() {
            return Err(th.value_error(format!("binary mode doesn't take {what} argument")));
        }
    }
    if binary && buffering == 1 {
        adder_vm::warn::warn(
            th,
            &exc::RUNTIME_WARNING,
            "line buffering (buffering=1) isn't supported in binary mode, the default buffer size will be used",
            1,
        )?;
    }

    let raw = file::new(th, file, &raw_mode, closefd, given(a[7]))?;
    let mut result = raw;
    let r = layers(
        th,
        raw,
        &mut result,
        Plan {
            mode,
            buffering,
            encoding,
            errors,
            newline,
            binary,
            updating,
            reading,
            writing: creating || writing || appending,
        },
    );
    match r {
        Ok(()) => Ok(result),
        Err(_) => {
            let first = th.take_exc();
            let r = th.call_method(result, n!(close), &[]);
            chain(th, Some(first), r)
        }
    }
}

struct Plan<'a> {
    mode: &'a str,
    buffering: i64,
    encoding: Option<Value>,
    errors: Option<Value>,
    newline: Option<Value>,
    binary: bool,
    updating: bool,
    reading: bool,
    writing: bool,
}

/// Puts the layers onto a raw file; `result` is the uppermost so far.
fn layers(th: Th, raw: Value, result: &mut Value, p: Plan) -> R<()> {
    let f = file::FileIO::of(raw);
    let mut buffering = p.buffering;
    let tty = buffering < 0 && file::isatty_at_open(th, f)?;
    let line_buffering = buffering == 1 || tty;
    if line_buffering {
        buffering = -1;
    }
    if buffering < 0 {
        buffering = file::blksize(f).clamp(DEFAULT_BUFFER_SIZE, 8 << 20);
    }
    if buffering == 0 {
        if !p.binary {
            return Err(th.value_error("can't have unbuffered text I/O"));
        }
        return Ok(());
    }
    *result = if p.updating {
        buffered::new(th, &buffered::RANDOM, raw, buffering)?
    } else if p.writing {
        buffered::new(th, &buffered::WRITER, raw, buffering)?
    } else if p.reading {
        buffered::new(th, &buffered::READER, raw, buffering)?
    } else {
        return Err(th.value_error(format!("unknown mode: '{}'", p.mode)));
    };
    if p.binary {
        return Ok(());
    }
    *result = text::new(th, *result, p.encoding, p.errors, p.newline, line_buffering, false)?;
    th.setattr(*result, n!(mode), Some(th.intern(p.mode)))
}

pub fn text_encoding(th: Th, a: Args) -> R<Value> {
    let level = int_or(th, a[1], 2)?;
    match given(a[0]) {
        Some(e) => Ok(e),
        None => {
            let c = adder_vm::config::get();
            if c.warn_default_encoding {
                let m = "'encoding' argument not specified";
                adder_vm::warn::warn(th, &exc::ENCODING_WARNING, m, level as i64)?;
            }
            Ok(th.intern(if c.utf8_mode { "utf-8" } else { "locale" }))
        }
    }
}
pub fn open_code(th: Th, a: Args) -> R<Value> {
    let p = a[0].unwrap();
    if !p.is_kind(Kind::Str) {
        return Err(
            th.type_error(format!("open_code() argument 'path' must be str, not {}", th.arg_type_name(p)))
        );
    }
    open(th, &[Some(p), Some(th.intern("rb")), None, None, None, None, None, None])
}
