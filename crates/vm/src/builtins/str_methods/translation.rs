//! `translate` and `maketrans`.

use super::*;
use crate::builtins::int;

pub(super) fn translate(th: Th, a: Args) -> R<Value> {
    let (s, table) = (this(a), a[1].unwrap());
    if s.is_empty() {
        return th.exact_str(s);
    }
    scratch::with(|out| {
        search::translate(s.bytes(), out, |c| translated(th, table, c))?;
        th.try_str(out)
    })
}

/// What a translation table says of a character.
fn translated(th: Th, table: Value, c: u32) -> R<Translated> {
    let key = Value::fix(c as i64);
    let found = match table.exact::<Dict>() {
        Some(d) => d.get(th, key)?,
        None => {
            let r = th.getitem(table, key);
            th.catch(r, &exc::LOOKUP_ERROR)?
        }
    };
    let Some(v) = found else { return Ok(Translated::Same) };
    if v.is_none() {
        return Ok(Translated::Delete);
    }
    if int::is_int(v) {
        return match int::to_i64(v) {
            Some(n @ 0..=0x10ffff) => Ok(Translated::Char(n as u32)),
            _ => Err(th.value_error("character mapping must be in range(0x110000)")),
        };
    }
    match v.cast::<Str>() {
        Some(s) => Ok(Translated::Text(s.bytes().to_vec())),
        None => Err(th.type_error("character mapping must return integer, None or str")),
    }
}

pub(super) fn maketrans(th: Th, a: Args) -> R<Value> {
    let x = a[0].unwrap();
    let d = Gc::<Dict>::new(th);
    let code = |c: u32| Value::fix(c as i64);
    let Some(y) = a[1] else {
        let Some(src) = x.exact::<Dict>() else {
            return Err(th.type_error("if you give only one argument to maketrans it must be a dict"));
        };
        let mut i = 0;
        while let Some((ni, k, v)) = src.next_entry(i) {
            i = ni;
            let key = match k.cast::<Str>() {
                Some(s) if s.len() == 1 => code(char_at(s, 0)),
                Some(_) => return Err(th.value_error("string keys in translatetable must be of length 1")),
                None if int::is_int(k) => k,
                None => return Err(th.type_error("keys in translate table mustbe strings or integers")),
            };
            d.set(th, key, v)?;
        }
        return Ok(d.value());
    };
    let y = str_arg(th, Some(y), "maketrans() argument 2")?;
    let z = match a[2] {
        Some(z) => Some(str_arg(th, Some(z), "maketrans() argument 3")?),
        None => None,
    };
    let Some(x) = x.cast::<Str>() else {
        return Err(th.type_error("first maketrans argument must be a string if there is a second argument"));
    };
    if x.len() != y.len() {
        return Err(th.value_error("the first two maketrans arguments must have equal length"));
    }
    for (p, q) in wtf8::chars(x.bytes()).zip(wtf8::chars(y.bytes())) {
        d.set(th, code(p), code(q))?;
    }
    if let Some(z) = z {
        for c in wtf8::chars(z.bytes()) {
            d.set(th, code(c), NONE())?;
        }
    }
    Ok(d.value())
}
